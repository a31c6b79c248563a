//! From CEL text to a parsed tree, within limits. The only file that names `cel`.
//!
//! The `cel` crate parses; nothing of it runs beside a belt (`node.rs` says why). A condition is refused here for being
//! too long, too large or too dear; `lower.rs` refuses it for its types and names. Macros are left unexpanded by the
//! parser, so a comprehension is seen as it was written.

use std::collections::BTreeSet;

use super::Tables;
use super::lower::Lowering;
use super::node::Node;
use super::schema::{Field, Type};
use crate::judge::{DetectionClass, Source};

/// CEL's syntax tree, for `lower.rs`.
pub(super) mod syntax {
    pub(in super::super) use cel::common::ast::operators;
    pub(in super::super) use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
}
use syntax::{Expr, IdedExpr};

pub(super) const SOURCE_BYTES_MAX: usize = 1024;
pub(super) const NODES_MAX: usize = 200;
/// What one rule may cost: the nodes visited at worst.
pub(super) const COST_MAX: u64 = 2_000;
/// Brackets within brackets. The parser descends sixteen functions for each, 150 KiB of stack in an unoptimised build:
/// this is what keeps it on the stack of an ordinary thread.
pub(super) const NESTING_MAX: usize = 6;
/// Choices `? :`, each of which the parser descends into as well.
pub(super) const CHOICES_MAX: usize = 2;
/// The same for the parser itself, whose recovery from an error descends where no bracket does.
const PARSER_DEPTH_MAX: u16 = (NESTING_MAX + CHOICES_MAX + 1) as u16;
/// Operators within operators: what the type check and the evaluation descend into.
pub(super) const DEPTH_MAX: usize = 32;

/// A condition or a placeholder, ready to be judged.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) node: Node,
    pub(super) kind: Type,
    /// Nodes visited at worst: a comprehension is its list's bound times its body.
    pub(super) cost: u64,
    pub(super) reads: Reads,
}

/// What an expression looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// Fields whose value matters.
    pub(super) fields: BTreeSet<Field>,
    /// Fields asked for with `has` only.
    pub(super) presence: BTreeSet<Field>,
    /// Tables, by their place in the pack.
    pub(super) tables: BTreeSet<usize>,
    /// Detection classes named.
    pub(super) classes: BTreeSet<DetectionClass>,
}

/// Compiles one expression. `each` is what `declared` stands for.
pub(super) fn compile(source: &str, tables: &Tables, each: Option<Source>) -> Result<Compiled, String> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(format!(
            "the condition is {} bytes long; at most {SOURCE_BYTES_MAX} are allowed: split it into two rules",
            source.len()
        ));
    }
    check_nesting(source)?;
    let parser = cel::Env::default().parser().max_recursion_depth(PARSER_DEPTH_MAX).error_recovery_limit(0);
    let parsed = parser.parse(source).map_err(|errors| {
        let first = errors.errors.first().map_or_else(|| "cannot be read".to_owned(), |error| error.msg.clone());
        format!("the condition is not CEL: {}", first.replace('\n', " "))
    })?;
    let nodes = count(&parsed);
    if nodes > NODES_MAX {
        return Err(format!(
            "the condition has {nodes} nodes; at most {NODES_MAX} are allowed: split it into two rules"
        ));
    }
    let depth = depth(&parsed);
    if depth > DEPTH_MAX {
        return Err(format!("the condition is {depth} operators deep; at most {DEPTH_MAX} are allowed: split it"));
    }
    let mut lowering = Lowering::new(tables, each);
    let typed = lowering.lower(&parsed)?;
    if typed.cost > COST_MAX {
        return Err(format!(
            "the condition costs {} at worst; at most {COST_MAX} is allowed: look at a shorter list, or split it",
            typed.cost
        ));
    }
    Ok(Compiled { node: typed.node, kind: typed.kind, cost: typed.cost, reads: lowering.into_reads() })
}

/// Refuses, before parsing, what would take the parser too deep. Strings are skipped.
fn check_nesting(source: &str) -> Result<(), String> {
    let (mut depth, mut choices, mut quote, mut escaped) = (0usize, 0usize, None, false);
    for byte in source.bytes() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'?') => choices += 1,
            (None, _) => {}
        }
        if depth > NESTING_MAX {
            return Err(format!("brackets stand more than {NESTING_MAX} deep: make two rules"));
        }
        if choices > CHOICES_MAX {
            return Err(format!("there are more than {CHOICES_MAX} choices `? :`: make two rules"));
        }
    }
    Ok(())
}

/// The nodes of a parsed expression.
fn count(expression: &IdedExpr) -> usize {
    1 + parts(expression).map(count).sum::<usize>()
}

/// How far a parsed expression goes down.
fn depth(expression: &IdedExpr) -> usize {
    1 + parts(expression).map(depth).max().unwrap_or(0)
}

/// What an expression is made of. Forms that `lower.rs` refuses have no parts: their size does not matter.
fn parts(expression: &IdedExpr) -> impl Iterator<Item = &IdedExpr> {
    let (one, many) = match &expression.expr {
        Expr::Call(call) => (call.target.as_deref(), call.args.as_slice()),
        Expr::List(list) => (None, list.elements.as_slice()),
        Expr::Select(select) => (Some(&*select.operand), [].as_slice()),
        _ => (None, [].as_slice()),
    };
    one.into_iter().chain(many)
}

#[cfg(test)]
mod tests {
    use cel::{Context, Program, Value as CelValue};
    use proptest::prelude::*;

    use super::super::node::Scope;
    use super::*;
    use crate::judge::{Purpose, example};

    const NONE: Tables = Tables { names: Vec::new(), tables: Vec::new() };

    fn ours(source: &str) -> Option<bool> {
        let inputs = example::clean(crate::pass::PassKey::parse("A/1/1").unwrap());
        let compiled = compile(source, &NONE, None).unwrap_or_else(|problem| panic!("{source}: {problem}"));
        Scope { inputs: &inputs, tables: &[], purpose: Purpose::Safety }.holds(&compiled.node).ok()
    }

    fn theirs(source: &str) -> Option<bool> {
        let mut context = Context::default();
        // Declared by its whole name, which CEL looks for first: no map, whose order would be random.
        context.add_variable_from_value("weight.grams", 520i64);
        context.add_variable_from_value("today", 20_261_122i64);
        match Program::compile(source).unwrap_or_else(|error| panic!("{source}: {error}")).execute(&context) {
            Ok(CelValue::Bool(truth)) => Some(truth),
            _ => None,
        }
    }

    fn number() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            (0i64..600).prop_map(|n| n.to_string()),
            Just("weight.grams".to_owned()),
            Just("today".to_owned()),
            Just("9223372036854775807".to_owned()),
            Just("(1 / 0)".to_owned()),
        ];
        leaf.prop_recursive(3, 12, 2, |inner| {
            let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
            (inner.clone(), operator, inner).prop_map(|(a, sign, b)| format!("({a} {sign} {b})"))
        })
    }

    fn condition() -> impl Strategy<Value = String> {
        let order = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
        let leaf = prop_oneof![
            (number(), order, number()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            number().prop_map(|a| format!("({a} in [1, 520, 20261122])")),
            number().prop_map(|a| format!("[1, 2, 700].exists(x, x > {a})")),
            number().prop_map(|a| format!("[1, 2, 700].all(x, x / 2 < {a})")),
            number().prop_map(|a| format!("[1, 2, 700].exists_one(x, x > {a})")),
            number().prop_map(|a| format!("([1, 2, 700].filter(x, x > {a}).size() == 1)")),
            any::<bool>().prop_map(|truth| truth.to_string()),
        ];
        leaf.prop_recursive(3, 10, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
                (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
                inner.prop_map(|a| format!("!{a}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What a condition means is what CEL says it means: the crate's own interpreter is asked the same.
        #[test]
        fn conditions_mean_what_cel_means(source in condition()) {
            prop_assume!(source.len() <= SOURCE_BYTES_MAX);
            prop_assume!(compile(&source, &NONE, None).is_ok());
            prop_assert_eq!(ours(&source), theirs(&source), "{}", source);
        }

        /// A pack comes from outside: nothing in a condition makes the station fall over.
        #[test]
        fn no_text_panics(source in "[a-z .\"'()\\[\\]{}<>=!&|?:+*/%0-9,-]{0,60}") {
            let _ = compile(&source, &NONE, None);
        }
    }

    /// Whatever a pack of the permitted length holds, the parser stays on the stack of an ordinary thread.
    #[test]
    fn nothing_within_the_limits_overflows_the_stack() {
        let repeated = |part: &str| part.repeat(SOURCE_BYTES_MAX / part.len());
        for part in [
            "(", "[", "{", "!", "-", "- ", "1+", "1?", "1?1:", "a.", "a[0].", "a()", ".f()", "!(", "-(", "a(", "1<",
            "1&&", "1||", "[0]", "{a:", "'(", "1 in ", "has(", "a.b(", "()", "?", ":", "\"", "\\", "r'", "\"\"\"(",
        ] {
            for source in [repeated(part), format!("{}1", repeated(part).get(..SOURCE_BYTES_MAX - 1).unwrap_or("1"))] {
                // `---1` is a number; none of them is a condition.
                assert!(compile(&source, &NONE, None).map_or(true, |made| made.kind != Type::Bool), "{source}");
            }
        }
        let deepest = format!("{}today > 1{}", "(".repeat(NESTING_MAX), ")".repeat(NESTING_MAX));
        assert!(compile(&deepest, &NONE, None).is_ok());
        let deeper = format!("({deepest})");
        assert_eq!(compile(&deeper, &NONE, None).unwrap_err(), "brackets stand more than 6 deep: make two rules");
        let chosen = format!("{}true", "true ? false : ".repeat(CHOICES_MAX));
        assert!(compile(&chosen, &NONE, None).is_ok());
        let longest = format!("{}today > 1", "today > 1 && ".repeat(48));
        assert!(compile(&longest, &NONE, None).is_ok());
        let steep = format!("{}1 > 1", "1 + ".repeat(40));
        assert_eq!(
            compile(&steep, &NONE, None).unwrap_err(),
            "the condition is 42 operators deep; at most 32 are allowed: split it"
        );
        assert!(compile(&format!("{}1 > 1", "1 + ".repeat(30)), &NONE, None).is_ok());
    }

    #[test]
    fn arithmetic_faults_are_faults_in_both() {
        for source in ["1 / 0 > 1", "9223372036854775807 + 1 > 0", "5 % 0 == 0", "-9223372036854775807 - 2 < 0"] {
            assert_eq!((ours(source), theirs(source)), (None, None), "{source}");
        }
    }
}

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
const DEPTH_MAX: u16 = 32;

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
    let parser = cel::Env::default().parser().max_recursion_depth(DEPTH_MAX);
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

/// The nodes of a parsed expression.
fn count(expression: &IdedExpr) -> usize {
    1 + match &expression.expr {
        Expr::Call(call) => call.target.iter().map(|target| count(target)).chain(call.args.iter().map(count)).sum(),
        Expr::List(list) => list.elements.iter().map(count).sum(),
        Expr::Select(select) => count(&select.operand),
        // Refused by `lower`; the size of what is refused does not matter.
        _ => 0,
    }
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

    #[test]
    fn arithmetic_faults_are_faults_in_both() {
        for source in ["1 / 0 > 1", "9223372036854775807 + 1 > 0", "5 % 0 == 0", "-9223372036854775807 - 2 < 0"] {
            assert_eq!((ours(source), theirs(source)), (None, None), "{source}");
        }
    }
}

//! From CEL's syntax tree to a typed one.
//!
//! Apart from the parsing so that only `compile.rs` names the crate. Everything a rule can get wrong about types and
//! names is refused here, with the nearest thing that exists; what remains to go wrong beside the belt is an unknown
//! field and arithmetic. A comprehension costs its list's bound times its body, which is why none may stand in another.

use super::Tables;
use super::compile::Reads;
use super::compile::syntax::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};
use super::error::did_you_mean;
use super::node::{Match, Node, Operator, Order, Quantifier};
use super::schema::{Element, Field, INT, Member, Record, Scalar, TEXT, Type};
use super::table::{Table, TableKey};
use crate::judge::{Country, DetectionClass, Source};

pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) kind: Type,
    pub(super) cost: u64,
}

pub(super) struct Lowering<'a> {
    tables: &'a Tables,
    each: Option<Source>,
    /// The comprehension's variable and what it stands for.
    element: Option<(String, Element)>,
    reads: Reads,
}

type Lowered = Result<Typed, String>;

impl<'a> Lowering<'a> {
    pub(super) fn new(tables: &'a Tables, each: Option<Source>) -> Self {
        Self { tables, each, element: None, reads: Reads::default() }
    }
    pub(super) fn into_reads(self) -> Reads {
        self.reads
    }

    pub(super) fn lower(&mut self, expression: &IdedExpr) -> Lowered {
        match &expression.expr {
            Expr::Literal(literal) => lower_literal(literal),
            Expr::Ident(_) | Expr::Select(_) => self.name(expression),
            Expr::List(list) => self.list(&list.elements),
            Expr::Call(call) => self.call(call),
            Expr::Map(_) => Err("maps are not allowed: their order is not certain".to_owned()),
            Expr::Struct(_) => Err("types cannot be made here".to_owned()),
            Expr::Comprehension(_) | Expr::Unspecified => Err("this form is not allowed".to_owned()),
        }
    }

    /// A field, an element or one of its members.
    fn name(&mut self, expression: &IdedExpr) -> Lowered {
        let segments = segments(expression)?;
        if let Some((variable, element)) = &self.element
            && segments[0] == variable
        {
            return element_or_member(*element, &segments[1..]);
        }
        let field = self.field(&segments)?;
        self.reads.fields.insert(field);
        if let Field::Seen(class) = field {
            self.reads.classes.insert(class);
        }
        let kind = field.kind();
        let cost = if let Type::List(_, bound) = kind { 1 + bound as u64 } else { 1 };
        Ok(Typed { node: Node::Field(field), kind, cost })
    }

    fn field(&self, segments: &[&str]) -> Result<Field, String> {
        let written = segments.join(".");
        let name = match (segments, self.each) {
            (["declared", rest @ ..], Some(source)) => format!("{source}.{}", rest.join(".")),
            (["declared", ..], None) => {
                return Err(format!(
                    "`{written}` needs `each = [\"entry\", …]`, which says whose declaration is meant"
                ));
            }
            _ => written.clone(),
        };
        Field::find(&name).ok_or_else(|| {
            let all: Vec<String> = Field::all().into_iter().map(Field::name).collect();
            format!("there is no field `{name}`{}", did_you_mean(&name, all.iter().map(String::as_str)))
        })
    }

    fn list(&mut self, elements: &[IdedExpr]) -> Lowered {
        let mut lowered = Vec::new();
        for element in elements {
            let typed = self.lower(element)?;
            if !matches!(typed.node, Node::Int(_) | Node::Text(_)) {
                return Err("a list written out may hold numbers and texts only".to_owned());
            }
            lowered.push(typed);
        }
        let first = lowered.first().map_or(INT, |typed| typed.kind);
        let (Type::Scalar(scalar), true) = (first, lowered.iter().all(|typed| typed.kind == first)) else {
            return Err("a list mixes numbers and texts".to_owned());
        };
        let bound = lowered.len();
        let nodes = lowered.into_iter().map(|typed| typed.node).collect();
        Ok(Typed { node: Node::List(nodes), kind: Type::List(Element::Scalar(scalar), bound), cost: 1 + bound as u64 })
    }

    fn call(&mut self, call: &CallExpr) -> Lowered {
        let name = call.func_name.as_str();
        match (call.target.as_deref(), call.args.as_slice()) {
            (None, [inner]) if name == op::LOGICAL_NOT => {
                let inner = self.expect(inner, Type::Bool, "`!`")?;
                Ok(made(Node::Not(Box::new(inner.node)), Type::Bool, inner.cost))
            }
            (None, [inner]) if name == op::NEGATE => {
                let inner = self.expect(inner, INT, "`-`")?;
                Ok(made(Node::Negate(Box::new(inner.node)), INT, inner.cost))
            }
            (None, [inner]) if name == op::HAS => self.has(inner),
            (None, [inner]) if name == "size" => self.size(inner),
            (Some(target), []) if name == "size" => self.size(target),
            (None, [left, right]) if name == "table" => self.table(left, right),
            (None, [left, right]) => self.binary(name, left, right),
            (None, [condition, then, otherwise]) if name == op::CONDITIONAL => self.choice(condition, then, otherwise),
            (Some(target), [part]) if string_match(name).is_some() => self.string_match(name, target, part),
            (Some(target), [variable, body]) => self.each(name, target, variable, body),
            _ => Err(unknown_function(name)),
        }
    }

    fn expect(&mut self, expression: &IdedExpr, wanted: Type, by: &str) -> Lowered {
        let typed = self.lower(expression)?;
        if typed.kind == wanted {
            return Ok(typed);
        }
        Err(format!("{by} needs {}, but stands before {}", wanted.describe(), typed.kind.describe()))
    }

    fn binary(&mut self, name: &str, left: &IdedExpr, right: &IdedExpr) -> Lowered {
        let both = |wanted: Type, this: &mut Self| -> Result<(Box<Node>, Box<Node>, u64), String> {
            let sign = name.trim_matches('_');
            let (left, right) = (this.lower(left)?, this.lower(right)?);
            if left.kind != wanted || right.kind != wanted {
                let (left, right) = (left.kind.describe(), right.kind.describe());
                return Err(format!("`{sign}` needs {} on both sides, but has {left} and {right}", wanted.describe()));
            }
            Ok((Box::new(left.node), Box::new(right.node), left.cost + right.cost))
        };
        let order = match name {
            op::LESS => Some(Order::Less),
            op::LESS_EQUALS => Some(Order::LessOrEqual),
            op::GREATER => Some(Order::Greater),
            op::GREATER_EQUALS => Some(Order::GreaterOrEqual),
            _ => None,
        };
        let operator = match name {
            op::ADD => Some(Operator::Add),
            op::SUBSTRACT => Some(Operator::Subtract),
            op::MULTIPLY => Some(Operator::Multiply),
            op::DIVIDE => Some(Operator::Divide),
            op::MODULO => Some(Operator::Remainder),
            _ => None,
        };
        if let Some(order) = order {
            let (left, right, cost) = both(INT, self)?;
            return Ok(made(Node::Compare(order, left, right), Type::Bool, cost));
        }
        if let Some(operator) = operator {
            let (left, right, cost) = both(INT, self)?;
            return Ok(made(Node::Compute(operator, left, right), INT, cost));
        }
        match name {
            op::LOGICAL_AND => both(Type::Bool, self).map(|(l, r, cost)| made(Node::And(l, r), Type::Bool, cost)),
            op::LOGICAL_OR => both(Type::Bool, self).map(|(l, r, cost)| made(Node::Or(l, r), Type::Bool, cost)),
            op::EQUALS | op::NOT_EQUALS => self.equality(name == op::NOT_EQUALS, left, right),
            op::IN => self.membership(left, right),
            _ => Err(unknown_function(name)),
        }
    }

    fn equality(&mut self, negated: bool, left: &IdedExpr, right: &IdedExpr) -> Lowered {
        let (left, right) = (self.lower(left)?, self.lower(right)?);
        match (left.kind, right.kind) {
            (Type::Bool, Type::Bool) => {}
            (Type::Scalar(a), Type::Scalar(b)) => self.agree(a, &left.node, b, &right.node)?,
            (a, b) => return Err(format!("cannot compare {} with {}", a.describe(), b.describe())),
        }
        let equal = Node::Equal(Box::new(left.node), Box::new(right.node));
        let node = if negated { Node::Not(Box::new(equal)) } else { equal };
        Ok(made(node, Type::Bool, left.cost + right.cost))
    }

    fn membership(&mut self, needle: &IdedExpr, list: &IdedExpr) -> Lowered {
        let (needle, list) = (self.lower(needle)?, self.lower(list)?);
        let (Type::Scalar(scalar), Type::List(Element::Scalar(of), bound)) = (needle.kind, list.kind) else {
            let (needle, list) = (needle.kind.describe(), list.kind.describe());
            return Err(format!("`in` needs a value and a list of such values, but has {needle} and {list}"));
        };
        match &list.node {
            Node::List(elements) => {
                elements.iter().try_for_each(|element| self.agree(scalar, &needle.node, of, element))?;
            }
            list => self.agree(scalar, &needle.node, of, list)?,
        }
        let cost = needle.cost + list.cost + bound as u64;
        Ok(made(Node::In(Box::new(needle.node), Box::new(list.node)), Type::Bool, cost))
    }

    /// Whether two scalars can be compared; a literal takes the type of the other side and must be one of its words.
    fn agree(&mut self, a: Scalar, left: &Node, b: Scalar, right: &Node) -> Result<(), String> {
        match (a, left, b, right) {
            (Scalar::Word(words), _, Scalar::Text, Node::Text(text))
            | (Scalar::Text, Node::Text(text), Scalar::Word(words), _) => {
                if !words.contains(&text.as_ref()) {
                    return Err(format!("there is no word `{text}` here{}", did_you_mean(text, words.iter().copied())));
                }
                if words == DetectionClass::NAMES {
                    self.reads.classes.extend(DetectionClass::parse(text));
                }
                Ok(())
            }
            (Scalar::Country, _, Scalar::Text, Node::Text(text))
            | (Scalar::Text, Node::Text(text), Scalar::Country, _) => match Country::new(text) {
                Some(_) => Ok(()),
                None => Err(format!("`{text}` is not a country: two capital letters, as CN")),
            },
            _ if a == b => Ok(()),
            _ => {
                let (a, b) = (Type::Scalar(a).describe(), Type::Scalar(b).describe());
                Err(format!("cannot compare {a} with {b}"))
            }
        }
    }

    fn has(&mut self, inner: &IdedExpr) -> Lowered {
        let segments = segments(inner)?;
        if let Some((variable, element)) = &self.element
            && segments[0] == variable
        {
            let typed = element_or_member(*element, &segments[1..])?;
            let Node::Member(member) = typed.node else {
                return Err("`has` asks for a member, as has(line.origin)".to_owned());
            };
            return Ok(made(Node::HasMember(member), Type::Bool, 0));
        }
        let field = self.field(&segments)?;
        self.reads.presence.insert(field);
        Ok(made(Node::Has(field), Type::Bool, 0))
    }

    fn size(&mut self, inner: &IdedExpr) -> Lowered {
        let list = self.lower(inner)?;
        match list.kind {
            Type::List(..) => Ok(made(Node::Size(Box::new(list.node)), INT, list.cost)),
            other => Err(format!("`size` needs a list, but has {}", other.describe())),
        }
    }

    fn table(&mut self, name: &IdedExpr, key: &IdedExpr) -> Lowered {
        let Node::Text(name) = self.lower(name)?.node else {
            return Err(
                "the name of a table must be written out, as table('de_minimis_cents', entry.origin)".to_owned()
            );
        };
        let Some(place) = self.tables.names.iter().position(|known| **known == *name) else {
            let known = self.tables.names.iter().map(String::as_str);
            return Err(format!("there is no table `{name}`{}", did_you_mean(&name, known)));
        };
        let table: &Table = &self.tables.tables[place];
        let key = self.lower(key)?;
        let fits = match table.key {
            TableKey::Int => key.kind == INT,
            TableKey::Country => key.kind == Type::Scalar(Scalar::Country),
        };
        if !fits {
            let wanted = if table.key == TableKey::Int { "a whole number" } else { "a country" };
            return Err(format!("table `{name}` is asked by {wanted}, but here by {}", key.kind.describe()));
        }
        self.reads.tables.insert(place);
        Ok(made(Node::Table(place, Box::new(key.node)), INT, key.cost + table.cost()))
    }

    fn choice(&mut self, condition: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> Lowered {
        let condition = self.expect(condition, Type::Bool, "`? :`")?;
        let (then, otherwise) = (self.lower(then)?, self.lower(otherwise)?);
        if then.kind != otherwise.kind {
            let (then, otherwise) = (then.kind.describe(), otherwise.kind.describe());
            return Err(format!("`? :` must give one type, but gives {then} or {otherwise}"));
        }
        let cost = condition.cost + then.cost + otherwise.cost;
        let node = Node::If(Box::new(condition.node), Box::new(then.node), Box::new(otherwise.node));
        Ok(made(node, then.kind, cost))
    }

    fn string_match(&mut self, name: &str, target: &IdedExpr, part: &IdedExpr) -> Lowered {
        let kind = string_match(name).ok_or_else(|| unknown_function(name))?;
        let (text, part) = (self.lower(target)?, self.lower(part)?);
        if text.kind != TEXT || part.kind != TEXT {
            let (text, part) = (text.kind.describe(), part.kind.describe());
            return Err(format!("`{name}` needs two texts, but has {text} and {part}"));
        }
        let cost = text.cost + part.cost + 8;
        Ok(made(Node::Match(kind, Box::new(text.node), Box::new(part.node)), Type::Bool, cost))
    }

    fn each(&mut self, name: &str, list: &IdedExpr, variable: &IdedExpr, body: &IdedExpr) -> Lowered {
        let quantifier = match name {
            op::EXISTS => Quantifier::Exists,
            op::EXISTS_ONE => Quantifier::ExistsOne,
            op::ALL => Quantifier::All,
            op::FILTER => Quantifier::Filter,
            op::MAP => return Err("`map` is not allowed: compare with `exists` or `all`".to_owned()),
            _ => return Err(unknown_function(name)),
        };
        if self.element.is_some() {
            return Err(format!(
                "`{name}` stands inside another comprehension, which costs without limit: make two rules"
            ));
        }
        let Expr::Ident(variable) = &variable.expr else {
            return Err(format!("`{name}` needs a name for the element, as lines.{name}(line, line.quantity > 9)"));
        };
        let list = self.lower(list)?;
        let Type::List(element, bound) = list.kind else {
            return Err(format!("`{name}` needs a list, but stands behind {}", list.kind.describe()));
        };
        self.element = Some((variable.clone(), element));
        let body = self.expect(body, Type::Bool, &format!("`{name}`"));
        self.element = None;
        let body = body?;
        let kind = if quantifier == Quantifier::Filter { list.kind } else { Type::Bool };
        let cost = list.cost + body.cost.saturating_mul(bound as u64);
        Ok(made(Node::Each(quantifier, Box::new(list.node), Box::new(body.node)), kind, cost))
    }
}

fn made(node: Node, kind: Type, below: u64) -> Typed {
    Typed { node, kind, cost: below.saturating_add(1) }
}

fn lower_literal(literal: &LiteralValue) -> Lowered {
    let (node, kind) = match literal {
        LiteralValue::Boolean(truth) => (Node::Bool(*truth.inner()), Type::Bool),
        LiteralValue::Int(number) => (Node::Int(*number.inner()), INT),
        LiteralValue::String(text) => (Node::Text(text.inner().into()), TEXT),
        LiteralValue::Double(_) => {
            return Err("numbers with a point are not allowed: write cents, grams, millimetres".to_owned());
        }
        LiteralValue::UInt(_) => return Err("write 5, not 5u".to_owned()),
        LiteralValue::Bytes(_) | LiteralValue::Null => return Err("bytes and null are not allowed".to_owned()),
    };
    Ok(Typed { node, kind, cost: 1 })
}

/// The dotted name an expression spells.
fn segments(expression: &IdedExpr) -> Result<Vec<&str>, String> {
    let (mut names, mut at) = (Vec::new(), expression);
    loop {
        match &at.expr {
            Expr::Select(select) if !select.test => {
                names.push(select.field.as_str());
                at = &select.operand;
            }
            Expr::Ident(name) => {
                names.push(name.as_str());
                names.reverse();
                return Ok(names);
            }
            _ => return Err("only a field has members, as entry.value_cents".to_owned()),
        }
    }
}

fn element_or_member(element: Element, members: &[&str]) -> Lowered {
    match (element, members) {
        (Element::Scalar(scalar), []) => Ok(Typed { node: Node::Element, kind: Type::Scalar(scalar), cost: 1 }),
        (Element::Record(record), []) => Ok(Typed { node: Node::Element, kind: Type::Record(record), cost: 1 }),
        (Element::Record(record), [name]) => member(record, name),
        _ => Err(format!("there is no member `{}` here", members.join("."))),
    }
}

fn member(record: Record, name: &str) -> Lowered {
    let Some((member, kind)) = Member::find(record, name) else {
        return Err(format!("there is no member `{name}`{}", did_you_mean(name, Member::names(record))));
    };
    Ok(Typed { node: Node::Member(member), kind, cost: 1 })
}

fn string_match(name: &str) -> Option<Match> {
    match name {
        "startsWith" => Some(Match::StartsWith),
        "endsWith" => Some(Match::EndsWith),
        "contains" => Some(Match::Contains),
        _ => None,
    }
}

fn unknown_function(name: &str) -> String {
    let known = ["has", "size", "table", "exists", "exists_one", "all", "filter", "startsWith", "endsWith", "contains"];
    match name {
        "matches" => {
            "`matches` is not allowed: a regular expression has no cost limit; use startsWith or contains".to_owned()
        }
        "timestamp" | "duration" | "now" | "getFullYear" | "getDate" => {
            format!("`{name}` is not allowed: the only date is `today`, a number as 20250829")
        }
        _ if name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            format!("there is no function `{name}`{}", did_you_mean(name, known))
        }
        _ => format!("`{}` is not allowed here", name.trim_matches('_')),
    }
}

//! A rule's condition as a typed tree, and its evaluation.
//!
//! CEL's own grammar is parsed by the `cel` crate (`compile.rs`); what it means is settled there at load, type by type,
//! and done here, because an interpreter without a cost limit must not stand before a diverter. Evaluation neither
//! allocates without limit nor fails silently: what is not known is a [`Fault`], and every fault is exam. `&&` and `||`
//! follow CEL: `false && unknown` is false, on either side.

use super::schema::{Field, Member, Value};
use super::table::Table;
use crate::judge::{Inputs, Purpose};

#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Text(Box<str>),
    List(Vec<Node>),
    Field(Field),
    Has(Field),
    /// The element of the comprehension around this.
    Element,
    Member(Member),
    HasMember(Member),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Equal(Box<Node>, Box<Node>),
    Compare(Order, Box<Node>, Box<Node>),
    Compute(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    In(Box<Node>, Box<Node>),
    Size(Box<Node>),
    Match(Match, Box<Node>, Box<Node>),
    Each(Quantifier, Box<Node>, Box<Node>),
    /// The place of the table in the pack, and the key.
    Table(usize, Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Exists,
    ExistsOne,
    All,
    Filter,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A field that is not known of this parcel.
    Unknown(Field),
    /// A member that this record does not have.
    NoMember(&'static str),
    /// No row of a table answers: its place in the pack.
    NoRow(usize),
    /// A number too large, or a division by zero.
    Arithmetic,
    /// What the type check at load excludes.
    Type,
}

/// What an expression is evaluated over.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) tables: &'a [Table],
    pub(super) purpose: Purpose,
}

impl<'a> Scope<'a> {
    pub(super) fn holds(&self, node: &'a Node) -> Result<bool, Fault> {
        self.truth(node, None)
    }
    pub(super) fn value(&self, node: &'a Node) -> Result<Value<'a>, Fault> {
        self.eval(node, None)
    }

    fn truth(&self, node: &'a Node, element: Option<&Value<'a>>) -> Result<bool, Fault> {
        match self.eval(node, element)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Fault::Type),
        }
    }
    fn int(&self, node: &'a Node, element: Option<&Value<'a>>) -> Result<i64, Fault> {
        match self.eval(node, element)? {
            Value::Int(number) => Ok(number),
            _ => Err(Fault::Type),
        }
    }
    fn text(&self, node: &'a Node, element: Option<&Value<'a>>) -> Result<&'a str, Fault> {
        match self.eval(node, element)? {
            Value::Text(text) => Ok(text),
            _ => Err(Fault::Type),
        }
    }
    fn list(&self, node: &'a Node, element: Option<&Value<'a>>) -> Result<Vec<Value<'a>>, Fault> {
        match self.eval(node, element)? {
            Value::List(values) => Ok(values),
            _ => Err(Fault::Type),
        }
    }

    fn eval(&self, node: &'a Node, element: Option<&Value<'a>>) -> Result<Value<'a>, Fault> {
        Ok(match node {
            Node::Bool(truth) => Value::Bool(*truth),
            Node::Int(number) => Value::Int(*number),
            Node::Text(text) => Value::Text(text),
            Node::List(nodes) => {
                Value::List(nodes.iter().map(|node| self.eval(node, element)).collect::<Result<_, _>>()?)
            }
            Node::Field(field) => field.read(self.inputs, self.purpose).ok_or(Fault::Unknown(*field))?,
            Node::Has(field) => Value::Bool(field.read(self.inputs, self.purpose).is_some()),
            Node::Element => element.ok_or(Fault::Type)?.clone(),
            Node::Member(member) => member.read(element.ok_or(Fault::Type)?).ok_or(Fault::NoMember(member.name()))?,
            Node::HasMember(member) => Value::Bool(member.read(element.ok_or(Fault::Type)?).is_some()),
            Node::Not(inner) => Value::Bool(!self.truth(inner, element)?),
            Node::And(left, right) => Value::Bool(self.either(false, left, right, element)?),
            Node::Or(left, right) => Value::Bool(self.either(true, left, right, element)?),
            Node::If(condition, then, otherwise) => {
                let chosen = if self.truth(condition, element)? { then } else { otherwise };
                self.eval(chosen, element)?
            }
            Node::Equal(left, right) => Value::Bool(self.eval(left, element)? == self.eval(right, element)?),
            Node::Compare(order, left, right) => {
                Value::Bool(order.holds(self.int(left, element)?, self.int(right, element)?))
            }
            Node::Compute(operator, left, right) => {
                let computed = operator.compute(self.int(left, element)?, self.int(right, element)?);
                Value::Int(computed.ok_or(Fault::Arithmetic)?)
            }
            Node::Negate(inner) => Value::Int(self.int(inner, element)?.checked_neg().ok_or(Fault::Arithmetic)?),
            Node::In(needle, list) => {
                let needle = self.eval(needle, element)?;
                Value::Bool(self.list(list, element)?.contains(&needle))
            }
            Node::Size(list) => Value::Int(self.list(list, element)?.len() as i64),
            Node::Match(kind, text, part) => {
                Value::Bool(kind.holds(self.text(text, element)?, self.text(part, element)?))
            }
            Node::Each(quantifier, list, body) => self.each(*quantifier, list, body)?,
            Node::Table(place, key) => self.look_up(*place, self.eval(key, element)?)?,
        })
    }

    /// `||` when `decisive` is true, `&&` when it is false: the decisive value wins even beside a fault.
    fn either(
        &self,
        decisive: bool,
        left: &'a Node,
        right: &'a Node,
        element: Option<&Value<'a>>,
    ) -> Result<bool, Fault> {
        match self.truth(left, element) {
            Ok(truth) if truth == decisive => Ok(decisive),
            Ok(_) => self.truth(right, element),
            Err(fault) => match self.truth(right, element) {
                Ok(truth) if truth == decisive => Ok(decisive),
                _ => Err(fault),
            },
        }
    }

    fn each(&self, quantifier: Quantifier, list: &'a Node, body: &'a Node) -> Result<Value<'a>, Fault> {
        let values = self.list(list, None)?;
        let (mut holding, mut fault) = (Vec::new(), None);
        let count = values.len();
        for value in values {
            match self.truth(body, Some(&value)) {
                Ok(true) if quantifier == Quantifier::Exists => return Ok(Value::Bool(true)),
                Ok(true) => holding.push(value),
                Ok(false) if quantifier == Quantifier::All => return Ok(Value::Bool(false)),
                Ok(false) => {}
                Err(found) => fault = fault.or(Some(found)),
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        Ok(match quantifier {
            Quantifier::Exists => Value::Bool(false),
            Quantifier::ExistsOne => Value::Bool(holding.len() == 1),
            Quantifier::All => Value::Bool(holding.len() == count),
            Quantifier::Filter => Value::List(holding),
        })
    }

    fn look_up(&self, place: usize, key: Value<'_>) -> Result<Value<'a>, Fault> {
        let today = self.inputs.today.ok_or(Fault::Unknown(Field::Today))?;
        let table = self.tables.get(place).ok_or(Fault::NoRow(place))?;
        table.look_up(today, &key).map(Value::Int).ok_or(Fault::NoRow(place))
    }
}

impl Order {
    fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Order::Less => left < right,
            Order::LessOrEqual => left <= right,
            Order::Greater => left > right,
            Order::GreaterOrEqual => left >= right,
        }
    }
}

impl Operator {
    fn compute(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
            Operator::Remainder => left.checked_rem(right),
        }
    }
}

impl Match {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Match::StartsWith => text.starts_with(part),
            Match::EndsWith => text.ends_with(part),
            Match::Contains => text.contains(part),
        }
    }
}

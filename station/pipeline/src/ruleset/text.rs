//! The sentence of a rule, with placeholders: `Declared {entry.value_cents|usd}, which needs a formal entry.`
//!
//! A placeholder is an expression, compiled and type-checked like the condition, so that a sentence can neither fail nor
//! read what the rule's purpose does not allow. What is not known is written *unknown*.

use super::Tables;
use super::compile::{Reads, compile};
use super::node::{Node, Scope};
use super::schema::{INT, Type, Value};
use crate::judge::{Sentence, Source};

const LENGTH_MAX: usize = 200;
const PLACEHOLDERS_MAX: usize = 4;

#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Literal(String),
    Shown(Node, Format),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Plain,
    /// Cents as dollars.
    Usd,
    /// 1/10,000 as percent.
    Percent,
    /// A number yyyymmdd as a date.
    Day,
}

impl Template {
    /// Reads a sentence; gives back what its placeholders read and cost.
    pub(super) fn read(text: &str, tables: &Tables, each: Option<Source>) -> Result<(Self, Reads, u64), String> {
        if text.is_empty() || text.len() > LENGTH_MAX || text.contains(char::is_control) {
            return Err(format!("the text must be one line of 1 to {LENGTH_MAX} bytes"));
        }
        let (mut pieces, mut reads, mut cost, mut rest) = (Vec::new(), Reads::default(), 0, text);
        while let Some((literal, behind)) = rest.split_once('{') {
            let (inside, after) = behind.split_once('}').ok_or("the text has `{` without `}`")?;
            let (source, format) = match inside.rsplit_once('|') {
                Some((source, format)) => (source, Format::read(format)?),
                None => (inside, Format::Plain),
            };
            let compiled = compile(source, tables, each).map_err(|problem| format!("in the text: {problem}"))?;
            if !matches!(compiled.kind, Type::Scalar(_)) || (format != Format::Plain && compiled.kind != INT) {
                return Err(format!("the text cannot show `{inside}`: it is {}", compiled.kind.describe()));
            }
            reads.fields.extend(compiled.reads.fields);
            reads.presence.extend(compiled.reads.presence);
            reads.tables.extend(compiled.reads.tables);
            cost += compiled.cost;
            pieces.push(Piece::Literal(literal.to_owned()));
            pieces.push(Piece::Shown(compiled.node, format));
            rest = after;
        }
        if pieces.len() > 2 * PLACEHOLDERS_MAX {
            return Err(format!("the text has more than {PLACEHOLDERS_MAX} placeholders"));
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Ok((Self { pieces }, reads, cost))
    }

    pub(super) fn show<'a>(&'a self, scope: Scope<'a>) -> Sentence {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Shown(node, format) => match scope.value(node) {
                    Ok(value) => text.push_str(&format.show(&value)),
                    Err(_) => text.push_str("unknown"),
                },
            }
        }
        Sentence::clipped(&text)
    }
}

impl Format {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "usd" => Ok(Self::Usd),
            "percent" => Ok(Self::Percent),
            "day" => Ok(Self::Day),
            _ => Err(format!("the text has no format `{text}`; there are usd, percent, day")),
        }
    }

    fn show(self, value: &Value<'_>) -> String {
        match (self, value) {
            (Self::Usd, Value::Int(cents)) => {
                let sign = if *cents < 0 { "-" } else { "" };
                format!("{sign}${}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
            }
            (Self::Percent, Value::Int(score)) => format!("{} %", score / 100),
            (Self::Day, Value::Int(day)) => format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100),
            (_, Value::Int(number)) => number.to_string(),
            (_, Value::Text(text)) => (*text).to_owned(),
            _ => String::new(),
        }
    }
}

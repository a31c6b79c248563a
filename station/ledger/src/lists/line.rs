//! One line of a list: a hold, a declaration, or the end of a hold.
//!
//! JSON, one object a line; holds also as columns between tabs, named by the first line. A line that cannot be read is an
//! error with its remedy: a list is taken whole or not at all, because half a hold list looks like a whole one.

use gatepost_pipeline::judge::{Aed, Declared, Hold, MailClass, Outcome, Token};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::sealed::Sealed;

/// What a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    Holds,
    Declarations,
}

/// A hold on an item id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldLine {
    pub item: Token,
    pub hold: Hold,
    /// Milliseconds since 1970-01-01T00:00:00Z after which it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// The end of a hold; in a delta only, and only of the issuer's own holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    pub item: Token,
    pub remove: Token,
}

/// What was declared about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclarationLine {
    pub item: Token,
    pub aed: Aed,
    #[serde(default)]
    pub declared: Declared,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_class: Option<MailClass>,
    #[serde(default)]
    pub trusted_shipper: bool,
    /// Names, addresses, words: opened when the item comes and handed to the personal store, never to a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Hold(Box<HoldLine>),
    Removal(Removal),
    Declaration(Box<DeclarationLine>),
}

impl Line {
    pub fn item(&self) -> &str {
        match self {
            Self::Hold(line) => line.item.as_str(),
            Self::Removal(line) => line.item.as_str(),
            Self::Declaration(line) => line.item.as_str(),
        }
    }
}

/// Why a line cannot be read, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct LineError {
    pub what: String,
    pub remedy: String,
}

impl LineError {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

const COLUMNS: [&str; 10] =
    ["item", "id", "kind", "issue", "purpose", "severity", "outcome", "authority", "audience", "until"];

/// Reads the lines of one list in order.
#[derive(Debug)]
pub struct LineParser {
    kind: ListKind,
    removals: bool,
    /// For a list in columns: which of [`COLUMNS`] stands where.
    columns: Option<Vec<usize>>,
    started: bool,
}

impl LineParser {
    /// `removals`: whether the list may end holds (a delta).
    pub fn new(kind: ListKind, removals: bool) -> Self {
        Self { kind, removals, columns: None, started: false }
    }

    /// Whether it has read more than comments: from here on a line needs no other to be understood.
    pub(super) fn has_begun(&self) -> bool {
        self.started
    }

    /// The next line without its line end; nothing for an empty line, a comment or the names of columns.
    ///
    /// # Errors
    /// [`LineError`].
    pub fn parse(&mut self, bytes: &[u8]) -> Result<Option<Line>, LineError> {
        if bytes.len() > limits::LIST_LINE_BYTES_MAX {
            let what = format!("the line is longer than {} bytes", limits::LIST_LINE_BYTES_MAX);
            return Err(LineError::new(what, "split it, or look for a missing line end"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| LineError::new("the line is not UTF-8 text", "save the file as UTF-8"))?;
        let text = text.trim_end_matches('\r');
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let first = !std::mem::replace(&mut self.started, true);
        if text.starts_with('{') {
            return self.json(text).map(Some);
        }
        if first && self.kind == ListKind::Holds && text.split('\t').any(|name| name == "item") {
            self.columns = Some(columns(text)?);
            return Ok(None);
        }
        match self.columns.take() {
            Some(columns) => {
                let line = row(text, &columns);
                self.columns = Some(columns);
                line.map(Some)
            }
            None => Err(LineError::new(
                "the line is neither a JSON object nor in columns",
                "write one JSON object a line, or begin the file with the names of the columns (item, id, …) between tabs",
            )),
        }
    }

    fn json(&self, text: &str) -> Result<Line, LineError> {
        let wrong = |error: serde_json::Error| {
            LineError::new(format!("column {}: {error}", error.column()), "correct the line, or take it out")
        };
        match self.kind {
            ListKind::Declarations => {
                serde_json::from_str(text).map(|line| Line::Declaration(Box::new(line))).map_err(wrong)
            }
            ListKind::Holds if removes(text) => {
                let removal = serde_json::from_str(text).map_err(wrong)?;
                if self.removals {
                    return Ok(Line::Removal(removal));
                }
                Err(LineError::new("a whole list cannot remove a hold", "leave the hold out, or send a delta"))
            }
            ListKind::Holds => {
                let line: HoldLine = serde_json::from_str(text).map_err(wrong)?;
                escalates(&line)?;
                Ok(Line::Hold(Box::new(line)))
            }
        }
    }
}

/// Whether a line ends a hold, whatever else it says; a text of a hold may well be "remove".
fn removes(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Key {
        #[serde(rename = "remove")]
        _remove: IgnoredAny,
    }
    text.contains("\"remove\"") && serde_json::from_str::<Key>(text).is_ok()
}

/// A hold can only stop a parcel.
fn escalates(line: &HoldLine) -> Result<(), LineError> {
    if line.hold.outcome == Outcome::Release {
        return Err(LineError::new("a hold cannot say \"release\"", "write \"exam\" or \"stop-in-place\""));
    }
    Ok(())
}

fn columns(text: &str) -> Result<Vec<usize>, LineError> {
    let mut columns = Vec::new();
    for name in text.split('\t') {
        let Some(at) = COLUMNS.iter().position(|known| *known == name) else {
            return Err(LineError::new(
                format!("there is no column {name:?}"),
                format!("the columns are {}", COLUMNS.join(", ")),
            ));
        };
        if columns.contains(&at) {
            return Err(LineError::new(format!("the column {name:?} stands there twice"), "take one out"));
        }
        columns.push(at);
    }
    Ok(columns)
}

fn row(text: &str, columns: &[usize]) -> Result<Line, LineError> {
    use serde_json::{Map, Value, json};
    let cells: Vec<&str> = text.split('\t').collect();
    if cells.len() != columns.len() {
        let what = format!("the line has {} columns, the first line {}", cells.len(), columns.len());
        return Err(LineError::new(what, "fill in or take out columns; a text must not hold a tab"));
    }
    let (mut hold, mut line) = (Map::new(), Map::new());
    hold.insert("outcome".to_owned(), json!("exam"));
    hold.insert("audience".to_owned(), json!("all"));
    for (&column, &cell) in columns.iter().zip(&cells) {
        let name = COLUMNS[column];
        let value = match name {
            "until" if cell.is_empty() => continue,
            "until" => json!(cell.parse::<i64>().map_err(|_| {
                LineError::new(format!("until {cell:?} is no number"), "write milliseconds since 1970-01-01 UTC")
            })?),
            "audience" => audience(cell),
            _ => Value::from(cell),
        };
        let into = if matches!(name, "item" | "until") { &mut line } else { &mut hold };
        into.insert(name.to_owned(), value);
    }
    line.insert("hold".to_owned(), Value::Object(hold));
    let line: HoldLine = serde_json::from_value(Value::Object(line))
        .map_err(|error| LineError::new(error.to_string(), "correct the line, or take it out"))?;
    escalates(&line)?;
    Ok(Line::Hold(Box::new(line)))
}

/// `all`, `officer`, or `group:cover text` for a restricted one.
fn audience(cell: &str) -> serde_json::Value {
    match cell.split_once(':') {
        Some((group, cover)) => serde_json::json!({"restricted": {"group": group, "cover": cover}}),
        None => serde_json::Value::from(cell),
    }
}

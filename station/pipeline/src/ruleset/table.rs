//! Dated tables: thresholds and rates as data, so that a change of law is a change of a pack and never of code.
//!
//! A row holds for days and, if it names any, for keys. Two rows that could both answer are refused at load; no row that
//! answers is *unknown*, which is exam.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{LoadError, line_of};
use super::schema::Value;
use crate::judge::{Country, Date};

pub(super) const ROWS_MAX: usize = 128;
const KEYS_MAX: usize = 300;

/// A table as written in a pack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableText {
    pub(super) name: toml::Spanned<String>,
    rows: Vec<RowText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    from: Option<toml::value::Datetime>,
    to: Option<toml::value::Datetime>,
    countries: Option<Vec<String>>,
    at_least: Option<i64>,
    value: i64,
}

/// What a table is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableKey {
    Country,
    Int,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) key: TableKey,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    days: Days,
    /// Empty: every country that no other row names.
    countries: Vec<Country>,
    at_least: i64,
    value: i64,
}

/// From a first day to a last, both included; open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

impl Days {
    pub(super) fn include(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
    fn meet(self, other: Days) -> bool {
        let before = |a: Days, b: Days| matches!((a.to, b.from), (Some(to), Some(from)) if to < from);
        !before(self, other) && !before(other, self)
    }

    /// Reads the two dates of a rule or a row.
    pub(super) fn read(from: Option<toml::value::Datetime>, to: Option<toml::value::Datetime>) -> Result<Self, String> {
        let days = Self { from: from.map(day).transpose()?, to: to.map(day).transpose()? };
        match (days.from, days.to) {
            (Some(from), Some(to)) if to < from => Err(format!("ends on {to}, before it begins on {from}")),
            _ => Ok(days),
        }
    }
}

/// A civil day out of TOML's date; a time of day is refused.
pub(super) fn day(written: toml::value::Datetime) -> Result<Date, String> {
    let date = written.date.filter(|_| written.time.is_none() && written.offset.is_none());
    date.and_then(|date| Date::new(u32::from(date.year) * 10_000 + u32::from(date.month) * 100 + u32::from(date.day)))
        .ok_or_else(|| format!("`{written}` is not a day; write it as 2025-08-29"))
}

impl Table {
    fn read(text: TableText) -> Result<Self, String> {
        if text.rows.is_empty() || text.rows.len() > ROWS_MAX {
            return Err(format!("has {} rows; 1 to {ROWS_MAX} are allowed", text.rows.len()));
        }
        let stepped = text.rows.iter().any(|row| row.at_least.is_some());
        let by_country = text.rows.iter().any(|row| row.countries.is_some());
        if stepped && by_country {
            return Err("mixes `at_least` and `countries`: make two tables".to_owned());
        }
        let rows = text.rows.into_iter().map(|row| Row::read(row, stepped)).collect::<Result<Vec<_>, _>>()?;
        for (place, row) in rows.iter().enumerate() {
            if let Some(other) = rows[..place].iter().position(|other| row.competes(other)) {
                return Err(format!("rows {} and {} both answer on some day: end one of them", other + 1, place + 1));
            }
        }
        Ok(Self { key: if stepped { TableKey::Int } else { TableKey::Country }, rows })
    }

    /// The value in force on a day for a key, or nothing.
    pub(super) fn look_up(&self, today: Date, key: &Value<'_>) -> Option<i64> {
        let rows = self.rows.iter().filter(|row| row.days.include(today));
        match (self.key, key) {
            (TableKey::Int, Value::Int(key)) => {
                rows.filter(|row| row.at_least <= *key).max_by_key(|row| row.at_least).map(|row| row.value)
            }
            (TableKey::Country, Value::Text(key)) => {
                let named = rows.clone().find(|row| row.countries.iter().any(|country| country.as_str() == *key));
                named.or_else(|| rows.clone().find(|row| row.countries.is_empty())).map(|row| row.value)
            }
            _ => None,
        }
    }

    /// What one look-up costs, in nodes.
    pub(super) fn cost(&self) -> u64 {
        self.rows.len() as u64
    }
}

impl Row {
    fn read(text: RowText, stepped: bool) -> Result<Self, String> {
        if stepped != text.at_least.is_some() {
            return Err("has rows with and without `at_least`: every row needs one, or none".to_owned());
        }
        let countries = text.countries.unwrap_or_default();
        if countries.len() > KEYS_MAX {
            return Err(format!("names {} countries in one row; at most {KEYS_MAX} are allowed", countries.len()));
        }
        let countries = countries
            .iter()
            .map(|name| {
                Country::new(name).ok_or_else(|| format!("`{name}` is not a country: two capital letters, as CN"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            days: Days::read(text.from, text.to)?,
            countries,
            at_least: text.at_least.unwrap_or(0),
            value: text.value,
        })
    }

    /// Whether both rows would answer the same question on some day.
    fn competes(&self, other: &Row) -> bool {
        let same = match (self.countries.is_empty(), other.countries.is_empty()) {
            (true, true) => self.at_least == other.at_least,
            (false, false) => self.countries.iter().any(|country| other.countries.contains(country)),
            _ => false,
        };
        same && self.days.meet(other.days)
    }
}

/// The tables of a pack by name.
pub(super) fn read_all(file: &str, pack: &str, texts: Vec<TableText>) -> Result<BTreeMap<String, Table>, LoadError> {
    let mut tables = BTreeMap::new();
    for text in texts {
        let (name, line) = (text.name.get_ref().clone(), line_of(pack, text.name.span().start));
        let refuse = |problem: String| LoadError {
            file: file.to_owned(),
            line,
            rule: None,
            problem: format!("table `{name}` {problem}"),
        };
        let table = Table::read(text).map_err(refuse)?;
        if tables.insert(name.clone(), table).is_some() {
            return Err(refuse("stands there twice".to_owned()));
        }
    }
    Ok(tables)
}

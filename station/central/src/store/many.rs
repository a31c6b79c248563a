//! Many rows in one statement: as numbered places (SQLite), or as one array for each column (PostgreSQL, which would plan
//! fifteen thousand places anew for every batch, and takes fifteen arrays as fast as it reads them).

use std::borrow::Cow;
use std::fmt::Write;

use data_encoding::HEXLOWER;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, SqlSafeStr};

use super::connect::Kind;

pub(super) type AnyQuery<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

/// Rows of one statement; with 16 values each they stay below every database's limit (SQLite takes 32,766).
const ROWS_MAX: usize = 1_024;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Text,
    Number,
    Bytes,
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    /// Nothing, whatever the column holds.
    NoText,
    Number(i64),
    Bytes(&'a [u8]),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Cell::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Cell::Text(Cow::Owned(text))
    }
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Cell::NoText, Cell::from)
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Cell::Number(number)
    }
}

/// Cuts rows into chunks of one statement each. SQLite plans a statement once for each number of rows, so there the lengths
/// are powers of two.
pub(super) fn in_chunks<T>(kind: Kind, rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let most = left.len().min(ROWS_MAX);
        let length = match kind {
            Kind::Sqlite => 1 << most.checked_ilog2()?,
            Kind::Postgres => most,
        };
        let (chunk, rest) = left.split_at(length);
        left = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// A statement over rows: `sql` is given what stands for them (`VALUES …`, or a `SELECT` of the same columns), and the values
/// are bound.
pub(super) fn over<'q, T, const N: usize>(
    kind: Kind,
    columns: [Column; N],
    rows: &'q [T],
    sql: impl FnOnce(&str) -> String,
    cells: impl Fn(&'q T) -> [Cell<'q>; N],
) -> AnyQuery<'q> {
    over_any(kind, &columns, rows, sql, cells)
}

/// The same for columns that are known only when it runs: every row gives as many values.
pub(super) fn over_any<'q, T, C: IntoIterator<Item = Cell<'q>>>(
    kind: Kind,
    columns: &[Column],
    rows: &'q [T],
    sql: impl FnOnce(&str) -> String,
    cells: impl Fn(&'q T) -> C,
) -> AnyQuery<'q> {
    // Made of constants and numbered places only; whatever came from outside is bound.
    let query = |source: &str| sqlx::query(AssertSqlSafe(sql(source)).into_sql_str());
    match kind {
        Kind::Sqlite => {
            rows.iter().flat_map(cells).fold(query(&places(rows.len(), columns.len())), |query, cell| match cell {
                Cell::Text(text) => query.bind(text.into_owned()),
                Cell::NoText => query.bind(None::<String>),
                Cell::Number(number) => query.bind(number),
                Cell::Bytes(bytes) => query.bind(bytes.to_vec()),
            })
        }
        Kind::Postgres => {
            let mut arrays = vec![String::new(); columns.len()];
            for row in rows {
                for (array, cell) in arrays.iter_mut().zip(cells(row)) {
                    array.push(if array.is_empty() { '{' } else { ',' });
                    push(array, &cell);
                }
            }
            arrays.into_iter().fold(query(&unnested(columns)), |query, array| query.bind(array + "}"))
        }
    }
}

/// `VALUES ($1,$2),($3,$4)`: so many rows of so many values.
fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", numbers.join(","))
    };
    format!("VALUES {}", (0..rows).map(row).collect::<Vec<_>>().join(","))
}

/// `SELECT * FROM unnest($1::text::text[], $2::text::bigint[])`: each array comes as its own text.
fn unnested(columns: &[Column]) -> String {
    let array = |(at, column): (usize, &Column)| {
        let kind = match column {
            Column::Text => "text",
            Column::Number => "bigint",
            Column::Bytes => "bytea",
        };
        format!("${}::text::{kind}[]", at + 1)
    };
    format!("SELECT * FROM unnest({})", columns.iter().enumerate().map(array).collect::<Vec<_>>().join(", "))
}

/// One element in PostgreSQL's words for an array (its manual, "Array Input and Output Syntax"): texts always in quotes, with
/// quotes and backslashes behind a backslash.
fn push(array: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::NoText => array.push_str("NULL"),
        // A string takes whatever is written to it.
        Cell::Number(number) => drop(write!(array, "{number}")),
        // As `\x00ff`, the backslash behind a backslash.
        Cell::Bytes(bytes) => {
            array.push_str("\"\\\\x");
            HEXLOWER.encode_append(bytes, array);
            array.push('"');
        }
        Cell::Text(text) => {
            array.push('"');
            let mut left = text.as_ref();
            while let Some(at) = left.find(['"', '\\']) {
                let (plain, rest) = left.split_at(at);
                array.push_str(plain);
                array.push('\\');
                array.push_str(&rest[..1]);
                left = &rest[1..];
            }
            array.push_str(left);
            array.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_every_row_once_and_sqlites_have_few_lengths() {
        for count in [0, 1, 2, 3, 7, 1_023, 1_024, 1_025, 5_000] {
            let rows: Vec<usize> = (0..count).collect();
            for kind in [Kind::Sqlite, Kind::Postgres] {
                let chunks: Vec<&[usize]> = in_chunks(kind, &rows).collect();
                assert!(chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= ROWS_MAX));
                assert!(kind == Kind::Postgres || chunks.iter().all(|chunk| chunk.len().is_power_of_two()));
                assert_eq!(chunks.concat(), rows);
            }
        }
    }

    #[test]
    fn rows_stand_as_places_or_as_arrays() {
        assert_eq!(places(2, 3), "VALUES ($1,$2,$3),($4,$5,$6)");
        let columns = [Column::Text, Column::Number];
        assert_eq!(unnested(&columns), "SELECT * FROM unnest($1::text::text[], $2::text::bigint[])");
    }

    #[test]
    fn an_element_keeps_what_an_array_gives_meaning_to() {
        let said = |cell: Cell<'_>| {
            let mut array = String::new();
            push(&mut array, &cell);
            array
        };
        assert_eq!(said(Cell::from(-7)), "-7");
        assert_eq!(said(Cell::NoText), "NULL");
        assert_eq!(said(Cell::Bytes(&[0, 255])), "\"\\\\x00ff\"");
        assert_eq!(said(Cell::from("NULL")), "\"NULL\"");
        assert_eq!(said(Cell::from("")), "\"\"");
        assert_eq!(said(Cell::from("{a,\"b\\c\"} é")), "\"{a,\\\"b\\\\c\\\"} é\"");
    }
}

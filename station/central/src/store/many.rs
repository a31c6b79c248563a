//! Many rows in one statement, in few shapes: a database plans a statement once for each shape.

use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, SqlSafeStr};

pub(super) type AnyQuery<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

/// Rows of one statement; with 16 values each they stay below every database's limit (SQLite takes 32,766).
const ROWS_MAX: usize = 1_024;

/// Cuts rows into chunks whose lengths are powers of two.
pub(super) fn in_chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let most = left.len().min(ROWS_MAX);
        let length = most.checked_ilog2().map(|power| 1 << power)?;
        let (chunk, rest) = left.split_at(length);
        left = rest;
        Some(chunk)
    })
}

/// `($1,$2),($3,$4)`: so many rows of so many values.
pub(super) fn values(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", numbers.join(","))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(",")
}

/// The statement with every row's values bound, in order.
pub(super) fn bind_all<'q, T>(
    sql: &str,
    rows: &'q [T],
    bind: impl Fn(AnyQuery<'q>, &'q T) -> AnyQuery<'q>,
) -> AnyQuery<'q> {
    // Made of constants and numbered places only; whatever came from outside is bound.
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()).into_sql_str());
    rows.iter().fold(query, bind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_every_row_once_in_lengths_of_powers_of_two() {
        for count in [0, 1, 2, 3, 7, 1_023, 1_024, 1_025, 5_000] {
            let rows: Vec<usize> = (0..count).collect();
            let chunks: Vec<&[usize]> = in_chunks(&rows).collect();
            assert!(chunks.iter().all(|chunk| chunk.len().is_power_of_two() && chunk.len() <= ROWS_MAX));
            assert_eq!(chunks.concat(), rows);
        }
    }

    #[test]
    fn places_are_numbered_through() {
        assert_eq!(values(2, 3), "($1,$2,$3),($4,$5,$6)");
    }
}

//! Every row of a central's database, read by plain questions to the database itself, and something strange in every column:
//! what a backup must bring back, told without the backup's own code.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Column, Row, SqlSafeStr};

use super::ground::Ground;

/// A column as the database describes it.
pub struct Described {
    pub name: String,
    /// In capitals: BIGINT, TEXT, BLOB or BYTEA.
    pub kind: String,
    pub nullable: bool,
}

fn own(sql: String) -> sqlx::SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// The tables that are really there, with their columns.
pub async fn tables(ground: &Ground, connection: &mut AnyConnection) -> BTreeMap<String, Vec<Described>> {
    let on_server = ground.url().is_some();
    let names = match on_server {
        true => "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public'",
        false => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let columns = match on_server {
        true => {
            "SELECT CAST(column_name AS TEXT) AS name, upper(CAST(data_type AS TEXT)) AS type,
             CAST(CASE WHEN is_nullable = 'YES' THEN 1 ELSE 0 END AS BIGINT) AS nullable
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position"
        }
        false => r#"SELECT name, upper(type) AS type, 1 - "notnull" AS nullable FROM pragma_table_info($1) ORDER BY cid"#,
    };
    let mut found = BTreeMap::new();
    for row in sqlx::query(names).fetch_all(&mut *connection).await.expect("tables") {
        let table: String = row.try_get("name").expect("a name");
        if table == "_sqlx_migrations" {
            continue;
        }
        let described = sqlx::query(columns).bind(&table).fetch_all(&mut *connection).await.expect("columns");
        let described = described.iter().map(|row| Described {
            name: row.try_get("name").expect("a name"),
            kind: row.try_get("type").expect("a type"),
            nullable: row.try_get::<i64, _>("nullable").expect("a number") == 1,
        });
        found.insert(table.clone(), described.collect());
    }
    found
}

/// Every row of every table, in words, in no order.
pub async fn rows(ground: &Ground) -> BTreeMap<String, Vec<String>> {
    let mut connection = ground.connect().await;
    let mut all = BTreeMap::new();
    for table in tables(ground, &mut connection).await.into_keys() {
        let select = own(format!("SELECT * FROM {table}"));
        let found = sqlx::query(select).fetch_all(&mut connection).await.expect("rows");
        let mut said: Vec<String> = found.iter().map(in_words).collect();
        said.sort();
        all.insert(table, said);
    }
    all
}

fn in_words(row: &AnyRow) -> String {
    let one = |at: usize| {
        let value = row
            .try_get::<Option<i64>, _>(at)
            .map(|number| format!("{number:?}"))
            .or_else(|_| row.try_get::<Option<String>, _>(at).map(|text| format!("{text:?}")))
            .or_else(|_| row.try_get::<Option<Vec<u8>>, _>(at).map(|bytes| format!("{bytes:?}")));
        format!("{}={}", row.column(at).name(), value.expect("a number, a text or bytes"))
    };
    (0..row.len()).map(one).collect::<Vec<_>>().join(" ")
}

/// Three rows of what is strange in every column of every table: nothing where that may be, numbers that no floating point
/// holds, text that other languages give a meaning to, all bytes.
pub async fn strange_rows(ground: &Ground) {
    let mut connection = ground.connect().await;
    for (table, columns) in tables(ground, &mut connection).await {
        for n in 0..3_i64 {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
            let insert = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
            let mut query = sqlx::query(own(insert));
            for (at, column) in (0_i64..).zip(&columns) {
                let nothing = column.nullable && n == 1;
                query = match column.kind.as_str() {
                    "BIGINT" => query.bind((!nothing).then_some([-1, 0, 9_007_199_254_740_993 + at][n as usize])),
                    "TEXT" => query.bind((!nothing).then(|| format!("{n} \"\\'{{}}[,]\n\t\u{1f4e6}\u{e9}\u{1} NULL"))),
                    _ => query.bind((!nothing).then(|| if n == 0 { Vec::new() } else { (0..=255).collect() })),
                };
            }
            query.execute(&mut connection).await.unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
}

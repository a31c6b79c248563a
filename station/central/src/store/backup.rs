//! All rows of the database, out of one moment of it and back into an empty one.
//!
//! Which tables there are is asked of the migrations themselves, carried out in memory: a table that a new one makes is in the
//! next backup without anybody having to think of it. What else lies in the database is not central's, and is left there.

mod give;
mod take;

pub use give::{Expected, Given};

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, SqlSafeStr};

use super::connect::{self, Kind};
use super::{Store, StoreError};
use crate::backup::form::{Holds, Table};
use crate::backup::read::ReadError;

/// The newest schema that this program knows.
pub const SCHEMA: i64 = connect::SCHEMA;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the backup cannot be written: {0}; is there room on that disk?")]
    Write(std::io::Error),
    #[error("there is no central's database yet, so there is nothing to back up; see [store] in the configuration")]
    NoDatabase,
    #[error(
        "the last migration of this database did not end; start gatepost-central run once, and look at what it says"
    )]
    HalfMigrated,
    #[error(
        "this is of schema {0}, this gatepost-central knows {SCHEMA}; use the newer gatepost-central that wrote it"
    )]
    Newer(i64),
    #[error(
        "{0} holds {1} tables already, and a restore goes into an empty database only; move the file (and what stands beside \
         it as -wal and -shm) away, or name an empty database in store.database"
    )]
    NotEmpty(String, i64),
    #[error("the backup does not hold what schema {schema} is made of: {what}; take another copy")]
    NotTheSchema { schema: i64, what: String },
    #[error("the folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
}

impl From<sqlx::Error> for RowsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The tables that the migrations up to this one make, with their columns, by name.
///
/// # Errors
/// When there is no memory for it.
pub async fn made_by(schema: i64) -> Result<Vec<Table>, StoreError> {
    install_default_drivers();
    let mut connection = AnyConnection::connect("sqlite::memory:").await?;
    connect::migrator(Kind::Sqlite, schema).run(&mut connection).await?;
    let names = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
         AND name <> '_sqlx_migrations' ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut tables = Vec::with_capacity(names.len());
    for row in names {
        let table: String = row.try_get("name")?;
        let described = sqlx::query("SELECT name, type FROM pragma_table_info($1) ORDER BY cid")
            .bind(&table)
            .fetch_all(&mut connection)
            .await?;
        let columns = described.iter().map(|row| {
            let kind: String = row.try_get("type")?;
            Ok((row.try_get("name")?, holds(&kind)?))
        });
        let columns = columns.collect::<Result<_, sqlx::Error>>()?;
        tables.push(Table { table, columns });
    }
    connection.close().await?;
    Ok(tables)
}

impl Store {
    /// How many pieces of evidence are whole by the database and not in this folder.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn evidence_missing(&self, folder: &Path) -> Result<u64, StoreError> {
        let mut missing = 0;
        let mut rows =
            sqlx::query("SELECT station, digest FROM evidence WHERE complete_ms IS NOT NULL").fetch(&self.readers);
        while let Some(row) = rows.try_next().await? {
            let (station, digest): (&str, &str) = (row.try_get("station")?, row.try_get("digest")?);
            missing += u64::from(!folder.join(station).join(digest).exists());
        }
        Ok(missing)
    }
}

/// Migrations use three types and no other.
fn holds(kind: &str) -> Result<Holds, sqlx::Error> {
    match kind {
        "BIGINT" => Ok(Holds::Number),
        "TEXT" => Ok(Holds::Text),
        "BLOB" => Ok(Holds::Bytes),
        other => Err(sqlx::Error::Configuration(format!("a column of type {other} is not backed up").into())),
    }
}

/// Made of what migrations name, and of numbered places.
fn trusted(sql: String) -> sqlx::SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

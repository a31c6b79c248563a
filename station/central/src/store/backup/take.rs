//! Out of the database: every row as it was at one moment, while others go on writing.

use std::io::Write;

use futures_util::TryStreamExt;
use sqlx::any::{AnyRow, install_default_drivers};
use sqlx::{AnyConnection, Row};

use super::{RowsError, SCHEMA, made_by, names, trusted};
use crate::backup::form::{Cell, Header, Holds, Key, Manifest, Table, Writer};
use crate::store::connect::Database;

impl Database {
    /// Writes every row of every table, as all of them were at one moment. `header` is given the schema. Memory: one row.
    ///
    /// # Errors
    /// [`RowsError`]; what was written until then is no backup.
    pub async fn take<W: Write>(
        &self,
        header: impl FnOnce(i64) -> Header,
        keys: &[Key],
        out: W,
    ) -> Result<(W, Manifest), RowsError> {
        if matches!(self, Database::File(file) if !file.metadata().is_ok_and(|found| found.len() > 0)) {
            return Err(RowsError::NoDatabase);
        }
        install_default_drivers();
        let kind = self.kind();
        let pool = self.reading().await?;
        let mut connection = pool.acquire().await?;
        sqlx::raw_sql(kind.one_moment()).execute(&mut *connection).await?;
        let schema = schema_of(&mut connection).await?;
        let mut writer = Writer::begin(out, &header(schema)).map_err(RowsError::Write)?;
        for table in made_by(schema).await? {
            writer.table(&table).map_err(RowsError::Write)?;
            let select = trusted(format!("SELECT {} FROM {}", names(&table), table.table));
            let mut rows = sqlx::query(select).fetch(&mut *connection);
            while let Some(row) = rows.try_next().await? {
                writer.row(&cells(&row, &table)?).map_err(RowsError::Write)?;
            }
        }
        let evidence = sqlx::query(
            "SELECT COUNT(*) AS files, CAST(COALESCE(SUM(total_bytes), 0) AS BIGINT) AS bytes FROM evidence
             WHERE complete_ms IS NOT NULL",
        )
        .fetch_one(&mut *connection)
        .await?;
        for key in keys {
            writer.key(key).map_err(RowsError::Write)?;
        }
        let (files, bytes) = (evidence.try_get("files")?, evidence.try_get("bytes")?);
        let written = writer.end(files, bytes).map_err(RowsError::Write)?;
        sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
        drop(connection);
        pool.close().await;
        Ok(written)
    }
}

/// The newest migration that this database has seen.
async fn schema_of(connection: &mut AnyConnection) -> Result<i64, RowsError> {
    let row = sqlx::query(
        "SELECT COALESCE(MAX(version), 0) AS newest,
         CAST(COALESCE(MIN(CASE WHEN success THEN 1 ELSE 0 END), 1) AS BIGINT) AS whole FROM _sqlx_migrations",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| if error.as_database_error().is_some() { RowsError::NoDatabase } else { error.into() })?;
    let newest: i64 = row.try_get("newest")?;
    let whole: i64 = row.try_get("whole")?;
    match newest {
        0 => Err(RowsError::NoDatabase),
        _ if whole == 0 => Err(RowsError::HalfMigrated),
        newest if newest > SCHEMA => Err(RowsError::Newer(newest)),
        newest => Ok(newest),
    }
}

fn cells(row: &AnyRow, table: &Table) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |(at, (_, holds)): (usize, &(String, Holds))| {
        Ok(match holds {
            Holds::Number => row.try_get::<Option<i64>, _>(at)?.map(Cell::Number),
            Holds::Text => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
            Holds::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cell::Bytes),
        }
        .unwrap_or(Cell::Nothing))
    };
    table.columns.iter().enumerate().map(cell).collect()
}

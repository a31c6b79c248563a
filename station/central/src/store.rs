//! The database: plain SQL, no trait over it. Nothing here decides what a record means.
//!
//! SQLite, embedded: write-ahead log, `synchronous = FULL`, so what a commit returned for survives a power cut. One
//! connection writes; a few read. Statements keep to what PostgreSQL also takes.

pub mod holds;
pub mod ingest;
pub mod read;

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{QueryBuilder, Row, SqlSafeStr, Sqlite};

use gatepost_sync::chain::FIRST;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::topics::{Address, Down};

use crate::audit::Finding;

const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "records", include_str!("../migrations/0001_records.sql")),
    (2, "holds", include_str!("../migrations/0002_holds.sql")),
];

/// How long a writer waits for the file's lock; only another program can hold it.
const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Kept of what a finding says.
const DETAIL_CHARS_MAX: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database {0}: {1}; is the disk full or read-only?")]
    Open(String, sqlx::Error),
    #[error(
        "the database cannot be brought up to date: {0}; it was written by a newer gatepost-central, or is damaged"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database refused: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened, or is newer than this program.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let failed = |error| StoreError::Open(file.display().to_string(), error);
        let pool = |connections| SqlitePoolOptions::new().max_connections(connections);
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
        let migrations = MIGRATIONS.map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        Migrator::with_migrations(migrations.to_vec()).run(&writer).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(failed)?;
        Ok(Self { writer, readers })
    }

    /// Waits until everything under way is done.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Remembers the newest document for a station, so that it can be said again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_document(
        &self,
        address: &Address,
        kind: Down,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO document (facility, station, kind, sent_ms, bytes) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (facility, station, kind) DO UPDATE SET sent_ms = excluded.sent_ms, bytes = excluded.bytes",
        )
        .bind(address.facility.as_str())
        .bind(address.station.as_str())
        .bind(kind.as_str())
        .bind(now_ms)
        .bind(bytes)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The documents to say again: of one station, or of all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn documents(&self, station: Option<&Address>) -> Result<Vec<(Address, Down, Vec<u8>)>, StoreError> {
        let rows = sqlx::query("SELECT facility, station, kind, bytes FROM document ORDER BY facility, station, kind")
            .fetch_all(&self.readers)
            .await?;
        let mut documents = Vec::new();
        for row in rows {
            let (facility, name, kind): (String, String, String) =
                (row.try_get("facility")?, row.try_get("station")?, row.try_get("kind")?);
            let kind = Down::ALL.into_iter().find(|down| down.as_str() == kind);
            if let (Some(address), Some(kind)) = (Address::new(&facility, &name), kind)
                && station.is_none_or(|station| *station == address)
            {
                documents.push((address, kind, row.try_get("bytes")?));
            }
        }
        Ok(documents)
    }

    /// Keeps what the audit found, and where it goes on.
    ///
    /// # Errors
    /// When the database refuses; nothing of it is kept then.
    pub async fn keep_findings(
        &self,
        station: &str,
        findings: &[(i64, Finding)],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let Some(last) = findings.iter().map(|(seq, _)| *seq).max() else { return Ok(()) };
        let mut transaction = self.writer.begin().await?;
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO audit (station, seq, audited_ms, result, detail) ");
        insert.push_values(findings, |mut row, (seq, finding)| {
            row.push_bind(station.to_owned())
                .push_bind(*seq)
                .push_bind(now_ms)
                .push_bind(finding.name())
                .push_bind(finding.detail().chars().take(DETAIL_CHARS_MAX).collect::<String>());
        });
        insert.push(" ON CONFLICT (station, seq) DO UPDATE SET result = excluded.result, detail = excluded.detail");
        insert.build().execute(&mut *transaction).await?;
        sqlx::query("UPDATE station SET audited_to = $1 WHERE station = $2")
            .bind(last)
            .bind(station)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// How much of one piece of evidence is on disk.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn evidence_have(
        &self,
        station: &str,
        digest: &str,
        total: u64,
        have: u64,
        complete_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO evidence (station, digest, total_bytes, have_bytes, complete_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (station, digest) DO UPDATE SET have_bytes = excluded.have_bytes,
             complete_ms = COALESCE(evidence.complete_ms, excluded.complete_ms)",
        )
        .bind(station)
        .bind(digest)
        .bind(number(total))
        .bind(number(have))
        .bind(complete_ms)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

/// SQL's numbers are signed; ours are checked to fit where they come in.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The other way; 0 stands for "none yet", records begin with [`FIRST`].
pub(crate) fn sequence(value: i64) -> Option<u64> {
    u64::try_from(value).ok().filter(|seq| *seq >= FIRST)
}

/// Everything up to the last verified record.
pub(crate) fn verified(verified_to: i64) -> RangeSet {
    sequence(verified_to).map_or_else(RangeSet::new, |last| (FIRST..=last).collect())
}

#[cfg(test)]
mod tests;

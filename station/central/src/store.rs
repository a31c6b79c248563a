//! The database: plain SQL, no trait over it. Nothing here decides what a record means.
//!
//! SQLite, embedded, is the default: write-ahead log, `synchronous = FULL`, so what a commit returned for survives a power
//! cut; one connection writes, a few read. PostgreSQL by URL is for several centrals at once: a commit locks its stations'
//! rows, in the order of their names. Every statement is one that both take; `Kind` holds the little that differs.

mod connect;
pub mod backup;
pub mod access;
pub mod enrol;
pub mod holds;
pub mod ingest;
pub mod follow;
pub mod funnel;
mod many;
pub mod onward;
pub mod packages;
pub mod read;
pub mod rollouts;
pub mod commands;
pub mod post;

pub use connect::Database;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use connect::Kind;
use sqlx::{AnyConnection, AnyPool, Row};

use gatepost_sync::chain::FIRST;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::topics::{Address, Down};

use crate::audit::Finding;
use many::{Cell, Column, in_chunks, over};

/// Kept of what a finding says.
const DETAIL_CHARS_MAX: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Store {
    writer: AnyPool,
    readers: AnyPool,
    kind: Kind,
    /// Tokens whose last use is being written.
    used: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database {0}: {1}; {2}")]
    Open(String, sqlx::Error, &'static str),
    #[error(
        "the database cannot be brought up to date: {0}; it was written by a newer gatepost-central, or is damaged"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database refused: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Store {
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
        keep_document(&mut *self.writer.acquire().await?, address, kind, bytes, now_ms).await
    }

    /// The documents to say again, by station.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn documents(&self) -> Result<BTreeMap<Address, Vec<(Down, Vec<u8>)>>, StoreError> {
        let rows = sqlx::query("SELECT facility, station, kind, bytes FROM document ORDER BY facility, station, kind")
            .fetch_all(&self.readers)
            .await?;
        let mut documents: BTreeMap<Address, Vec<(Down, Vec<u8>)>> = BTreeMap::new();
        for row in rows {
            let (facility, name, kind): (String, String, String) =
                (row.try_get("facility")?, row.try_get("station")?, row.try_get("kind")?);
            let kind = Down::ALL.into_iter().find(|down| down.as_str() == kind);
            if let (Some(address), Some(kind)) = (Address::new(&facility, &name), kind) {
                documents.entry(address).or_default().push((kind, row.try_get("bytes")?));
            }
        }
        for (address, message) in self.commands_under_way().await? {
            documents.entry(address).or_default().push((Down::Command, message));
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
        for rows in in_chunks(self.kind, findings) {
            let sql = |source: &str| {
                format!(
                    "INSERT INTO audit (station, seq, audited_ms, result, detail) {source}
                     ON CONFLICT (station, seq) DO UPDATE SET result = excluded.result, detail = excluded.detail"
                )
            };
            const COLUMNS: [Column; 5] = [Column::Text, Column::Number, Column::Number, Column::Text, Column::Text];
            let insert = over(self.kind, COLUMNS, rows, sql, |(seq, finding)| {
                let detail = crate::alert::plain(finding.detail(), DETAIL_CHARS_MAX);
                [Cell::from(station), (*seq).into(), now_ms.into(), finding.name().into(), detail.into()]
            });
            insert.execute(&mut *transaction).await?;
        }
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

async fn keep_document(
    connection: &mut AnyConnection,
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
    .execute(connection)
    .await?;
    Ok(())
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

//! Holds and the lists signed from them.

use gatepost_pipeline::judge::Outcome;
use gatepost_pipeline::record::Audience;
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::AddressedTo;
use gatepost_sync::parts::TooLarge;
use gatepost_sync::topics::Down;
use sqlx::{AnyConnection, Row};

use super::onward::{self, Numbered};
use super::packages::{self, PackageError};
use super::{Store, StoreError, number, sequence};
use crate::holds::{HoldLine, Signatory};

/// The longest line that a station reads (`gatepost_ledger::limits::LIST_LINE_BYTES_MAX`).
const LINE_BYTES_MAX: usize = 4_096;

/// Why a hold was not placed or lifted.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("a hold with the id {0} was placed before; ids are used once")]
    Known(String),
    #[error("no hold with the id {0} is in force")]
    Unknown(String),
    #[error("{0}: {1}")]
    Unusable(String, String),
    #[error("the list cannot go out: {0}: lift holds, or let them end")]
    TooLarge(TooLarge),
    #[error("central has no key to sign with; set holds.key in its configuration")]
    NoKey,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for HoldError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<PackageError> for HoldError {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::TooLarge(error) => Self::TooLarge(error),
            PackageError::Store(error) => Self::Store(error),
        }
    }
}

/// What happens to a hold.
#[derive(Clone, Debug)]
pub enum HoldChange {
    Place(Box<HoldLine>),
    /// By its id.
    Lift(String),
}

/// A list as it goes to stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedList {
    pub version: u64,
    /// The list itself, or the offer of it where it goes in parts.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Changes one hold and signs the list anew, in one transaction. Gives the list to be sent.
    ///
    /// # Errors
    /// [`HoldError`]; nothing is changed then.
    pub async fn change_hold(
        &self,
        change: &HoldChange,
        by: &str,
        signatory: &Signatory,
        now_ms: i64,
    ) -> Result<SignedList, HoldError> {
        self.change_holds(std::slice::from_ref(change), by, signatory, now_ms).await
    }

    /// Changes several holds at once, all or none.
    ///
    /// # Errors
    /// [`HoldError`]; nothing is changed then.
    pub async fn change_holds(
        &self,
        changes: &[HoldChange],
        by: &str,
        signatory: &Signatory,
        now_ms: i64,
    ) -> Result<SignedList, HoldError> {
        let mut transaction = self.writer.begin().await?;
        if let Some(alone) = self.kind.alone_with_holds() {
            sqlx::query(alone).execute(&mut *transaction).await?;
        }
        let last = onward::newest(&mut transaction, Numbered::HoldList).await?;
        let version = sequence(last).unwrap_or(0) + 1;
        for change in changes {
            write_change(&mut transaction, change, by, version, now_ms).await?;
        }
        let rows = sqlx::query("SELECT line FROM hold WHERE lifted_ms IS NULL ORDER BY placed_ms, id")
            .fetch_all(&mut *transaction)
            .await?;
        let mut holds: Vec<HoldLine> = Vec::with_capacity(rows.len());
        for row in rows {
            let line: String = row.try_get("line")?;
            holds.push(serde_json::from_str(&line).map_err(|error| sqlx::Error::Decode(error.into()))?);
        }
        holds.retain(|hold| hold.until.is_none_or(|until| until > now_ms));
        let package = signatory.package(version, &holds, now_ms);
        let digest = Digest::of(&package);
        let draft = signatory.draft(Down::Holds, AddressedTo::Everyone, version, now_ms);
        let bytes = packages::going(&mut transaction, &draft, &package, signatory).await?;
        packages::forget_old(&mut transaction, Down::Holds, version).await?;
        // Which holds an earlier list carried is known from the holds themselves; its bytes would only fill the disk.
        sqlx::query("UPDATE hold_list SET bytes = $1 WHERE version < $2 AND bytes <> $1")
            .bind(&[][..])
            .bind(number(version))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO hold_list (version, signed_ms, bytes, digest) VALUES ($1, $2, $3, $4)")
            .bind(number(version))
            .bind(now_ms)
            .bind(&bytes)
            .bind(digest.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(SignedList { version, bytes })
    }

    /// The list in force, if there is one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold_list(&self) -> Result<Option<SignedList>, StoreError> {
        let row = sqlx::query("SELECT version, bytes FROM hold_list ORDER BY version DESC LIMIT 1")
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let version = sequence(row.try_get("version")?).unwrap_or(0);
        Ok(Some(SignedList { version, bytes: row.try_get("bytes")? }))
    }

    /// Holds whose time is over are lifted by themselves.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_holds(&self, now_ms: i64) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE hold SET lifted_ms = until_ms, lifted_by = 'its own end' WHERE lifted_ms IS NULL AND until_ms <= $1",
        )
        .bind(now_ms)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Fills in what holds and lists of an older version do not say in columns of their own.
    pub(super) async fn complete_holds(&self) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT id, line FROM hold WHERE until_ms IS NULL AND line LIKE '%\"until\"%'")
            .fetch_all(&self.writer)
            .await?;
        for row in rows {
            let line: Result<HoldLine, _> = serde_json::from_str(row.try_get("line")?);
            let Some(until) = line.ok().and_then(|line| line.until) else { continue };
            sqlx::query("UPDATE hold SET until_ms = $1 WHERE id = $2")
                .bind(until)
                .bind(row.try_get::<String, _>("id")?)
                .execute(&self.writer)
                .await?;
        }
        let rows =
            sqlx::query("SELECT version, bytes FROM hold_list WHERE digest = ''").fetch_all(&self.writer).await?;
        for row in rows {
            let bytes: Vec<u8> = row.try_get("bytes")?;
            sqlx::query("UPDATE hold_list SET digest = $1 WHERE version = $2")
                .bind(Digest::of(&bytes).to_string())
                .bind(row.try_get::<i64, _>("version")?)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    /// The version of the list in force, 0 before the first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold_version(&self) -> Result<u64, StoreError> {
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM hold_list").fetch_one(&self.readers).await?;
        Ok(sequence(last).unwrap_or(0))
    }
}

/// The hold as a list has it. A station takes a list whole or not at all: one line that it refuses would keep all of them out.
fn written(line: &HoldLine) -> Result<String, HoldError> {
    let refused = |why: &str| HoldError::Unusable(line.hold.id.as_str().to_owned(), why.to_owned());
    if line.hold.outcome == Outcome::Release {
        return Err(refused("a hold raises to exam or stop-in-place; release holds nothing"));
    }
    let written = serde_json::to_string(line).map_err(|error| refused(&error.to_string()))?;
    if written.len() > LINE_BYTES_MAX {
        return Err(refused("it is longer than stations read; shorten group and cover"));
    }
    Ok(written)
}

/// One change, as part of the list of that version.
async fn write_change(
    connection: &mut AnyConnection,
    change: &HoldChange,
    by: &str,
    version: u64,
    now_ms: i64,
) -> Result<(), HoldError> {
    let changed = match change {
        HoldChange::Place(line) => {
            let written = written(line)?;
            let restricted = line.hold.audience != Audience::All;
            sqlx::query(
                "INSERT INTO hold (id, item, line, placed_ms, placed_by, version, restricted, until_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
            )
            .bind(line.hold.id.as_str())
            .bind(line.item.as_str())
            .bind(written)
            .bind(now_ms)
            .bind(by)
            .bind(number(version))
            .bind(i64::from(restricted))
            .bind(line.until)
            .execute(connection)
            .await?
        }
        HoldChange::Lift(id) => {
            sqlx::query("UPDATE hold SET lifted_ms = $1, lifted_by = $2 WHERE id = $3 AND lifted_ms IS NULL")
                .bind(now_ms)
                .bind(by)
                .bind(id)
                .execute(connection)
                .await?
        }
    };
    match change {
        _ if changed.rows_affected() > 0 => Ok(()),
        HoldChange::Place(line) => Err(HoldError::Known(line.hold.id.as_str().to_owned())),
        HoldChange::Lift(id) => Err(HoldError::Unknown(id.clone())),
    }
}

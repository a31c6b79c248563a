//! Holds and the lists signed from them.

use gatepost_pipeline::record::Audience;
use gatepost_sync::chain::Digest;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, number, sequence};
use crate::holds::{HoldLine, Signatory};

/// Why a hold was not placed or lifted.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("a hold with the id {0} was placed before; ids are used once")]
    Known(String),
    #[error("no hold with the id {0} is in force")]
    Unknown(String),
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
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM hold_list").fetch_one(&mut *transaction).await?;
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
        let bytes = signatory.package(version, &holds, now_ms);
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
            .bind(Digest::of(&bytes).to_string())
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
            let restricted = matches!(line.hold.audience, Audience::Restricted { .. });
            sqlx::query(
                "INSERT INTO hold (id, item, line, placed_ms, placed_by, version, restricted)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            )
            .bind(line.hold.id.as_str())
            .bind(line.item.as_str())
            .bind(serde_json::to_string(line).unwrap_or_default())
            .bind(now_ms)
            .bind(by)
            .bind(number(version))
            .bind(i64::from(restricted))
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

//! Holds and the lists signed from them.

use sqlx::Row;

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

impl Store {
    /// Changes one hold and signs the list anew, in one transaction. Gives the package to be sent.
    ///
    /// # Errors
    /// [`HoldError`]; nothing is changed then.
    pub async fn change_hold(
        &self,
        change: &HoldChange,
        by: &str,
        signatory: &Signatory,
        now_ms: i64,
    ) -> Result<Vec<u8>, HoldError> {
        let mut transaction = self.writer.begin().await?;
        if let Some(alone) = self.kind.alone_with_holds() {
            sqlx::query(alone).execute(&mut *transaction).await?;
        }
        let changed = match change {
            HoldChange::Place(line) => {
                sqlx::query(
                    "INSERT INTO hold (id, item, line, placed_ms, placed_by) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (id) DO NOTHING",
                )
                .bind(line.hold.id.as_str())
                .bind(line.item.as_str())
                .bind(serde_json::to_string(line).unwrap_or_default())
                .bind(now_ms)
                .bind(by)
                .execute(&mut *transaction)
                .await?
            }
            HoldChange::Lift(id) => {
                sqlx::query("UPDATE hold SET lifted_ms = $1, lifted_by = $2 WHERE id = $3 AND lifted_ms IS NULL")
                    .bind(now_ms)
                    .bind(by)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?
            }
        };
        if changed.rows_affected() == 0 {
            return Err(match change {
                HoldChange::Place(line) => HoldError::Known(line.hold.id.as_str().to_owned()),
                HoldChange::Lift(id) => HoldError::Unknown(id.clone()),
            });
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
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM hold_list").fetch_one(&mut *transaction).await?;
        let version = sequence(last).unwrap_or(0) + 1;
        let package = signatory.package(version, &holds, now_ms);
        sqlx::query("INSERT INTO hold_list (version, signed_ms, bytes) VALUES ($1, $2, $3)")
            .bind(number(version))
            .bind(now_ms)
            .bind(&package)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(package)
    }

    /// The list in force, if there is one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold_list(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar("SELECT bytes FROM hold_list ORDER BY version DESC LIMIT 1")
            .fetch_optional(&self.readers)
            .await?)
    }
}

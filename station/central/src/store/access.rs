//! Tokens, sessions, and who was refused.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use gatepost_sync::chain::Digest;
use gatepost_sync::topics::Name;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};
use crate::access::{Scopes, Token};
use crate::alert::plain;

/// Tokens that ever were.
const TOKENS_MAX: i64 = 10_000;
/// Browsers signed in with one token.
const SESSIONS_MAX: i64 = 50;
/// Refusals kept, and of one address; beyond, they are counted in the row of all others.
pub const REFUSALS_MAX: i64 = 2_000;
pub const REFUSALS_OF_ADDRESS_MAX: i64 = 100;
/// When there are too many, those as old as this go first.
const REFUSAL_KEPT_MS: i64 = 30 * 86_400_000;
const PATH_CHARS_MAX: usize = 100;
const WHO_CHARS_MAX: usize = 80;
/// Stands for every address that has no row of its own.
pub const OTHERS: &str = "others";
/// How finely the last use of a token is known: each step is a write.
const USED_EVERY_MS: i64 = 60_000;

/// Why no token was made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("a token {0} was made before; names are used once, so that what it did stays its own: choose another")]
    Known(String),
    #[error("no token {0} is in use; `gatepost-central token list` says which are")]
    Unknown(String),
    #[error("there are {} tokens already; that many are never needed: look who makes them", TOKENS_MAX)]
    Many,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for TokenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Somebody who was told no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalView {
    pub address: String,
    pub who: String,
    pub reason: String,
    pub path: String,
    pub first_ms: i64,
    pub last_ms: i64,
    pub times: i64,
}

/// One refusal, or several of the same.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    pub address: &'a str,
    pub who: &'a str,
    pub reason: &'static str,
    pub path: &'a str,
    pub times: i64,
}

impl Store {
    /// Keeps a new token; of the secret only its digest.
    ///
    /// # Errors
    /// [`TokenError`]; nothing is changed then.
    pub async fn make_token(
        &self,
        name: &Name,
        digest: Digest,
        scopes: &Scopes,
        by: &str,
        (now_ms, ends_ms): (i64, i64),
    ) -> Result<(), TokenError> {
        let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM token").fetch_one(&self.readers).await?;
        if known >= TOKENS_MAX {
            return Err(TokenError::Many);
        }
        let made = sqlx::query(
            "INSERT INTO token (name, digest, scopes, made_ms, made_by, ends_ms) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(name.as_str())
        .bind(digest.to_string())
        .bind(scopes.to_string())
        .bind(now_ms)
        .bind(plain(by, WHO_CHARS_MAX))
        .bind(ends_ms)
        .execute(&self.writer)
        .await?;
        match made.rows_affected() {
            0 => Err(TokenError::Known(name.to_string())),
            _ => Ok(()),
        }
    }

    /// Takes a token back, and every session that began with it: from the next question on.
    ///
    /// # Errors
    /// [`TokenError`]; nothing is changed then.
    pub async fn revoke_token(&self, name: &str, by: &str, now_ms: i64) -> Result<(), TokenError> {
        let revoked =
            sqlx::query("UPDATE token SET revoked_ms = $1, revoked_by = $2 WHERE name = $3 AND revoked_ms IS NULL")
                .bind(now_ms)
                .bind(plain(by, WHO_CHARS_MAX))
                .bind(name)
                .execute(&self.writer)
                .await?;
        match revoked.rows_affected() {
            0 => Err(TokenError::Unknown(plain(name, WHO_CHARS_MAX))),
            _ => Ok(()),
        }
    }

    /// Every token, those in use first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM token ORDER BY COALESCE(revoked_ms, 0), name").fetch_all(&self.readers).await?;
        rows.iter().map(token).collect()
    }

    /// The token of that digest; that it is used now is written down beside.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn token(&self, digest: Digest, now_ms: i64) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query("SELECT * FROM token WHERE digest = $1")
            .bind(digest.to_string())
            .fetch_optional(&self.readers)
            .await?;
        let found = row.as_ref().map(token).transpose()?;
        found.iter().for_each(|token| self.used(token, now_ms));
        Ok(found)
    }

    /// Writes down that a token is used, beside the answer: a database that is full or busy closes no page.
    fn used(&self, token: &Token, now_ms: i64) {
        let name = token.name.clone();
        if token.used_ms + USED_EVERY_MS > now_ms || !self.writing_used().insert(name.clone()) {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            let written = sqlx::query("UPDATE token SET used_ms = $1 WHERE name = $2")
                .bind(now_ms)
                .bind(&name)
                .execute(&store.writer)
                .await;
            store.writing_used().remove(&name);
            match written {
                Ok(_) | Err(sqlx::Error::PoolClosed) => {}
                Err(error) => {
                    tracing::error!(token = %name, "pages: its last use could not be written down: {error}; is the disk full?");
                }
            }
        });
    }

    fn writing_used(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; of one token the oldest end where there are too many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn begin_session(
        &self,
        digest: Digest,
        token: &str,
        (now_ms, ends_ms): (i64, i64),
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query("DELETE FROM session WHERE ends_ms <= $1").bind(now_ms).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO session (digest, token, began_ms, ends_ms) VALUES ($1, $2, $3, $4)")
            .bind(digest.to_string())
            .bind(token)
            .bind(now_ms)
            .bind(ends_ms)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "DELETE FROM session WHERE token = $1 AND digest NOT IN
             (SELECT digest FROM session WHERE token = $1 ORDER BY began_ms DESC, digest LIMIT $2)",
        )
        .bind(token)
        .bind(SESSIONS_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The token with which the session of that digest began, while it lasts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn session(&self, digest: Digest, now_ms: i64) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query(
            "SELECT token.* FROM session JOIN token ON token.name = session.token
             WHERE session.digest = $1 AND session.ends_ms > $2",
        )
        .bind(digest.to_string())
        .bind(now_ms)
        .fetch_optional(&self.readers)
        .await?;
        let found = row.as_ref().map(token).transpose()?;
        found.iter().for_each(|token| self.used(token, now_ms));
        Ok(found)
    }

    /// # Errors
    /// When the database refuses.
    pub async fn end_session(&self, digest: Digest) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM session WHERE digest = $1").bind(digest.to_string()).execute(&self.writer).await?;
        Ok(())
    }

    /// Writes down that somebody was told no.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn refused(&self, refusal: Refusal<'_>, now_ms: i64) -> Result<(), StoreError> {
        if self.count_refusal(refusal, REFUSALS_MAX, now_ms).await? {
            return Ok(());
        }
        sqlx::query("DELETE FROM refusal WHERE last_ms < $1")
            .bind(now_ms - REFUSAL_KEPT_MS)
            .execute(&self.writer)
            .await?;
        let other = Refusal { address: OTHERS, who: "", path: "", ..refusal };
        if !self.count_refusal(refusal, REFUSALS_MAX, now_ms).await? {
            // One row for each reason: there is always room for them.
            self.count_refusal(other, i64::MAX, now_ms).await?;
        }
        Ok(())
    }

    /// Says whether there was room for it.
    async fn count_refusal(&self, refusal: Refusal<'_>, rows_max: i64, now_ms: i64) -> Result<bool, StoreError> {
        let counted = sqlx::query(
            "INSERT INTO refusal (address, who, reason, path, first_ms, last_ms, times)
             SELECT $1, $2, $3, $4, $5, $5, $6
             WHERE ((SELECT COUNT(*) FROM refusal) < $7 AND (SELECT COUNT(*) FROM refusal WHERE address = $1) < $8)
                OR EXISTS (SELECT 1 FROM refusal WHERE address = $1 AND who = $2 AND reason = $3 AND path = $4)
             ON CONFLICT (address, who, reason, path)
             DO UPDATE SET last_ms = excluded.last_ms, times = refusal.times + excluded.times",
        )
        .bind(refusal.address)
        .bind(plain(refusal.who, WHO_CHARS_MAX))
        .bind(refusal.reason)
        .bind(plain(refusal.path, PATH_CHARS_MAX))
        .bind(now_ms)
        .bind(refusal.times)
        .bind(rows_max)
        .bind(REFUSALS_OF_ADDRESS_MAX)
        .execute(&self.writer)
        .await?;
        Ok(counted.rows_affected() > 0)
    }

    /// Who was refused, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn refusals(&self, limit: u32) -> Result<Vec<RefusalView>, StoreError> {
        let rows = sqlx::query("SELECT * FROM refusal ORDER BY last_ms DESC, address, who, reason, path LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        let view = |row: &AnyRow| -> Result<RefusalView, sqlx::Error> {
            Ok(RefusalView {
                address: row.try_get("address")?,
                who: row.try_get("who")?,
                reason: row.try_get("reason")?,
                path: row.try_get("path")?,
                first_ms: row.try_get("first_ms")?,
                last_ms: row.try_get("last_ms")?,
                times: row.try_get("times")?,
            })
        };
        Ok(rows.iter().map(view).collect::<Result<_, _>>()?)
    }
}

fn token(row: &AnyRow) -> Result<Token, StoreError> {
    Ok(Token {
        name: row.try_get("name")?,
        scopes: Scopes::read(row.try_get("scopes")?),
        made_ms: row.try_get("made_ms")?,
        made_by: row.try_get("made_by")?,
        ends_ms: row.try_get("ends_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
        used_ms: row.try_get("used_ms")?,
    })
}

//! Commands as rows: what was ordered, what is under way, what stations answered. What a command is, `sync::command` says.

use gatepost_sync::chain::Digest;
use gatepost_sync::command::{Command, NotACommand};
use gatepost_sync::envelope::{AddressedTo, Draft};
use gatepost_sync::limits::COMMAND_MS_MAX;
use gatepost_sync::topics::{Address, Down};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::onward::{self, Numbered};
use super::{Store, StoreError, sequence};
use crate::alert::plain;
use crate::holds::Signatory;

/// Records read at once.
const AT_ONCE: i64 = 2_000;
/// Records that another central stored a moment ago may show only now.
const OVERLAP_MS: i64 = 60_000;
const SHOWN_MAX: i64 = 500;
const SAYS_CHARS_MAX: usize = 500;
const BY_CHARS_MAX: usize = 64;

/// Whom a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Station(String),
    Facility(String),
    All,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{0}")]
    Command(#[from] NotACommand),
    #[error("everything can be sent to exam for one minute to 24 hours; say --until 2h or --until 90m")]
    Until,
    #[error(
        "no such station has ever spoken to central, or it was taken out; `gatepost-central station list` shows them"
    )]
    Nobody,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A command as operations see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandView {
    pub number: i64,
    pub facility: String,
    pub station: String,
    pub verb: String,
    /// Empty: every lane.
    pub lane: String,
    pub until_ms: Option<i64>,
    pub why: String,
    pub ordered_ms: i64,
    pub ordered_by: String,
    /// waiting, sent, taken, done, refused, expired.
    pub state: String,
    pub sent_ms: Option<i64>,
    /// When the station took or refused it, by its own clock.
    pub answered_ms: Option<i64>,
    /// What the station said of it last.
    pub says: String,
}

/// A record of a station about a command.
#[derive(Deserialize)]
struct Envelope {
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    event: String,
    message: String,
    state: String,
    says: String,
}

impl Store {
    /// Orders a command for each of these stations; the running central sends it. Gives their numbers.
    ///
    /// # Errors
    /// [`CommandError`]; nobody is commanded then.
    pub async fn order_command(
        &self,
        whom: &Whom,
        command: &Command,
        by: &str,
        now_ms: i64,
    ) -> Result<Vec<(Address, i64)>, CommandError> {
        let command = command.clone().checked()?;
        let expires_ms = command.until_ms().unwrap_or(now_ms + COMMAND_MS_MAX);
        if !(60_000..=COMMAND_MS_MAX).contains(&(expires_ms - now_ms)) {
            return Err(CommandError::Until);
        }
        let mut transaction = self.writer.begin().await?;
        self.alone_with_orders(&mut transaction).await?;
        let rows = sqlx::query(
            "SELECT facility, station FROM station
             WHERE station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)
             ORDER BY facility, station",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut version = onward::newest(&mut transaction, Numbered::Command).await?;
        let mut ordered = Vec::new();
        for row in rows {
            let Some(address) = address(&row)? else { continue };
            let is_meant = match whom {
                Whom::Station(name) => address.station.as_str() == name,
                Whom::Facility(name) => address.facility.as_str() == name,
                Whom::All => true,
            };
            if !is_meant {
                continue;
            }
            version += 1;
            sqlx::query(
                "INSERT INTO command (version, facility, station, verb, lane, until_ms, why, content, ordered_ms, ordered_by,
                 expires_ms, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting')",
            )
            .bind(version)
            .bind(address.facility.as_str())
            .bind(address.station.as_str())
            .bind(command.verb())
            .bind(command.lane().map_or("", |lane| lane.as_str()))
            .bind(command.until_ms())
            .bind(plain(command.why(), SAYS_CHARS_MAX))
            .bind(command.to_bytes())
            .bind(now_ms)
            .bind(plain(by, BY_CHARS_MAX))
            .bind(expires_ms)
            .execute(&mut *transaction)
            .await?;
            ordered.push((address, version));
        }
        if ordered.is_empty() {
            return Err(CommandError::Nobody);
        }
        transaction.commit().await?;
        Ok(ordered)
    }

    /// What nobody took in its time is over.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_commands(&self, now_ms: i64) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE command SET state = 'expired', says = 'no answer came before its time was over'
             WHERE state IN ('waiting', 'sent') AND expires_ms <= $1",
        )
        .bind(now_ms)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Signs the next command of every station that has none under way; gives what is to be sent. Whoever comes second of two
    /// centrals finds nothing to do.
    ///
    /// # Errors
    /// When the database refuses; nothing is sent then.
    pub async fn sign_commands(
        &self,
        signatory: &Signatory,
        now_ms: i64,
    ) -> Result<Vec<(Address, Vec<u8>)>, StoreError> {
        let waiting: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM command WHERE state = 'waiting'").fetch_one(&self.readers).await?;
        if waiting == 0 {
            return Ok(Vec::new());
        }
        let mut transaction = self.writer.begin().await?;
        self.alone_with_orders(&mut transaction).await?;
        let rows = sqlx::query(
            "SELECT c.version, c.facility, c.station, c.content, c.expires_ms FROM command AS c
             WHERE c.state = 'waiting' AND c.version =
             (SELECT MIN(o.version) FROM command AS o WHERE o.station = c.station AND o.state IN ('waiting', 'sent'))
             AND c.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(address) = address(&row)? else { continue };
            let (version, expires_ms): (i64, i64) = (row.try_get("version")?, row.try_get("expires_ms")?);
            let content: Vec<u8> = row.try_get("content")?;
            let audience = AddressedTo::Station(address.clone());
            let draft = signatory.draft(Down::Command, audience, sequence(version).unwrap_or(1), now_ms);
            let message = signatory.seal(&Draft { expires_ms, ..draft }, &content);
            sqlx::query(
                "UPDATE command SET state = 'sent', message = $1, digest = $2, sent_ms = $3 WHERE version = $4",
            )
            .bind(&message)
            .bind(Digest::of(&message).to_string())
            .bind(now_ms)
            .bind(version)
            .execute(&mut *transaction)
            .await?;
            due.push((address, message));
        }
        transaction.commit().await?;
        Ok(due)
    }

    /// What is under way, by station: said again to who comes back.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn commands_under_way(&self) -> Result<Vec<(Address, Vec<u8>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT facility, station, message FROM command
             WHERE state = 'sent' AND station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)
             ORDER BY version",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut under_way = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(address) = address(&row)? else { continue };
            under_way.push((address, row.try_get("message")?));
        }
        Ok(under_way)
    }

    /// Reads what stations answered since then, and says from when on to read next.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_answers(&self, since_ms: i64) -> Result<i64, StoreError> {
        let mut since = since_ms;
        loop {
            let rows = sqlx::query(
                "SELECT station, at_ms, received_ms, envelope FROM record
                 WHERE kind = 'config' AND received_ms >= $1 AND envelope LIKE '%\"event\":\"command\"%'
                 ORDER BY received_ms, station, seq LIMIT $2",
            )
            .bind(since)
            .bind(AT_ONCE)
            .fetch_all(&self.readers)
            .await?;
            if !rows.is_empty() {
                let mut transaction = self.writer.begin().await?;
                for row in &rows {
                    let Ok(Envelope { body }) = serde_json::from_str::<Envelope>(row.try_get("envelope")?) else {
                        continue;
                    };
                    if body.event == "command" {
                        answered(&mut transaction, row.try_get("station")?, row.try_get("at_ms")?, &body).await?;
                    }
                }
                transaction.commit().await?;
            }
            let Some(last) = rows.last() else { return Ok(since) };
            let last: i64 = last.try_get("received_ms")?;
            if (rows.len() as i64) < AT_ONCE {
                return Ok(last.saturating_sub(OVERLAP_MS).max(since_ms));
            }
            // More than were read at once in one millisecond are not.
            since = if last > since { last } else { since + 1 };
        }
    }

    /// Commands, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn commands(&self) -> Result<Vec<CommandView>, StoreError> {
        let rows = sqlx::query("SELECT * FROM command ORDER BY version DESC LIMIT $1")
            .bind(SHOWN_MAX)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(view).collect::<Result<_, _>>()?)
    }

    async fn alone_with_orders(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if let Some(alone) = self.kind.alone_with_commands() {
            sqlx::query(alone).execute(connection).await?;
        }
        Ok(())
    }
}

/// A station answers for itself alone, and names the message: also where it did not get so far as to believe its number. What came last of a command stands: a walk is taken, then done. Records are read again and again, in any order.
async fn answered(connection: &mut AnyConnection, station: &str, at_ms: i64, body: &Body) -> Result<(), sqlx::Error> {
    let sql = match body.state.as_str() {
        "taken" | "refused" => {
            "UPDATE command SET state = $1, says = $2, answered_ms = COALESCE(answered_ms, $3)
             WHERE station = $4 AND digest = $5 AND state IN ('sent', 'expired')"
        }
        "done" => {
            "UPDATE command SET state = $1, says = $2, answered_ms = COALESCE(answered_ms, $3)
             WHERE station = $4 AND digest = $5 AND state IN ('sent', 'expired', 'taken')"
        }
        _ => return Ok(()),
    };
    sqlx::query(sql)
        .bind(&body.state)
        .bind(plain(&body.says, SAYS_CHARS_MAX))
        .bind(at_ms)
        .bind(station)
        .bind(&body.message)
        .execute(connection)
        .await?;
    Ok(())
}

fn address(row: &AnyRow) -> Result<Option<Address>, sqlx::Error> {
    let (facility, station): (String, String) = (row.try_get("facility")?, row.try_get("station")?);
    Ok(Address::new(&facility, &station))
}

fn view(row: &AnyRow) -> Result<CommandView, sqlx::Error> {
    Ok(CommandView {
        number: row.try_get("version")?,
        facility: row.try_get("facility")?,
        station: row.try_get("station")?,
        verb: row.try_get("verb")?,
        lane: row.try_get("lane")?,
        until_ms: row.try_get("until_ms")?,
        why: row.try_get("why")?,
        ordered_ms: row.try_get("ordered_ms")?,
        ordered_by: row.try_get("ordered_by")?,
        state: row.try_get("state")?,
        sent_ms: row.try_get("sent_ms")?,
        answered_ms: row.try_get("answered_ms")?,
        says: row.try_get("says")?,
    })
}

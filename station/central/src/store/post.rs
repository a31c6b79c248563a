//! What the post is told, as rows: which central tells it at present, what is due, what came of it.
//!
//! A message has its number before it is sent, and its text from the first attempt on: whoever sends it again after a death in
//! between sends the same. Of one item nothing goes before what came earlier has gone.

mod make;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::read::{AlertView, CENTRAL};
use super::{Store, StoreError};
use crate::alert::plain;
use crate::post::codes::{Codes, Found};
use crate::post::sink::Sent;
use crate::post::{Answer, Kind, Message, SAYS_CHARS_MAX, State, Verdict};

/// How long a central that says nothing keeps the desk from others; longer than any batch takes.
const DESK_MS: i64 = 60_000;
/// Messages begun together.
const AT_ONCE: i64 = 64;
/// Of one message: pauses grow from the first to the last.
const PAUSE_MS_MIN: i64 = 5_000;
const PAUSE_MS_MAX: i64 = 600_000;
/// Longest that a message without an answer is left alone where it is asked for again.
const AGAIN_MS_MAX: i64 = 86_400_000;
const LISTED_MAX: i64 = 100_000;

/// How many messages stand where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostCount {
    pub state: State,
    pub messages: i64,
}

impl Store {
    /// Makes the desk on the first call ever: what stations recorded before is not told.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_post(&self, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        let opened = sqlx::query(
            "INSERT INTO post_desk (desk, since_ms, holder, until_ms) VALUES (1, $1, '', 0) ON CONFLICT (desk) DO NOTHING",
        )
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        if opened.rows_affected() > 0 {
            sqlx::query("INSERT INTO post_read (station, seq) SELECT station, verified_to FROM station")
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the desk, or keeps it: of several centrals one tells the post.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold_desk(&self, holder: &str, now_ms: i64) -> Result<bool, StoreError> {
        // Nobody has it for longer than that, unless his clock was wrong.
        let taken = sqlx::query(
            "UPDATE post_desk SET holder = $1, until_ms = $2 WHERE holder = $1 OR until_ms <= $3 OR until_ms > $4",
        )
        .bind(holder)
        .bind(now_ms + DESK_MS)
        .bind(now_ms)
        .bind(now_ms + 2 * DESK_MS)
        .execute(&self.writer)
        .await?;
        Ok(taken.rows_affected() > 0)
    }

    /// Lets another central have it at once.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn leave_desk(&self, holder: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE post_desk SET until_ms = 0 WHERE holder = $1").bind(holder).execute(&self.writer).await?;
        Ok(())
    }

    /// Begins what is due, at most one message of an item, in the order of their numbers: each has its text now. Nothing when
    /// another central has the desk.
    ///
    /// # Errors
    /// When the database refuses; nothing is begun then.
    pub async fn begin_post(
        &self,
        holder: &str,
        codes: &Codes,
        now_ms: i64,
    ) -> Result<Vec<(Message, String)>, StoreError> {
        let mut due = Vec::new();
        for which in [
            // Of an item what was made before goes before. Looked for by item, and below by time: a state
            // would be walked from its beginning.
            "SELECT m.* FROM post_message AS m
             WHERE m.state = 'waiting' AND m.next_ms <= $1 AND NOT EXISTS (SELECT 1 FROM post_message AS e
                   WHERE e.item = m.item AND e.number < m.number AND (e.state || '') = 'waiting')
             ORDER BY m.number LIMIT $2",
            // What was never answered only after everything that is new.
            "SELECT m.* FROM post_message AS m WHERE m.next_ms > 0 AND m.next_ms <= $1 AND (m.state || '') = 'sent'
             ORDER BY m.next_ms LIMIT $2",
        ] {
            let room = AT_ONCE - i64::try_from(due.len()).unwrap_or(AT_ONCE);
            due.extend(sqlx::query(which).bind(now_ms).bind(room).fetch_all(&self.readers).await?);
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.writer.begin().await?;
        if !still_ours(&mut transaction, holder, now_ms).await? {
            return Ok(Vec::new());
        }
        let mut begun = Vec::with_capacity(due.len());
        for row in &due {
            let Some(message) = message(row)? else { continue };
            let wire = match (&message.wire, codes.find(message.kind, &message.word, false)) {
                (Some(wire), _) => wire.clone(),
                (None, Found::Tell(code)) => message.to_wire(code),
                (None, Found::Silent) => {
                    sqlx::query("DELETE FROM post_message WHERE number = $1")
                        .bind(message.number)
                        .execute(&mut *transaction)
                        .await?;
                    continue;
                }
                (None, Found::Unknown) => {
                    set_aside(&mut transaction, message.number, &no_code(&message.word)).await?;
                    continue;
                }
            };
            sqlx::query("UPDATE post_message SET wire = $1 WHERE number = $2")
                .bind(&wire)
                .bind(message.number)
                .execute(&mut *transaction)
                .await?;
            begun.push((message, wire));
        }
        transaction.commit().await?;
        Ok(begun)
    }

    /// Keeps what came of sending. `again_ms`: after so long without an answer it is sent again; nothing: never.
    ///
    /// # Errors
    /// When the database refuses; then all of it is sent again.
    pub async fn settle_post(
        &self,
        results: &[(Message, Sent)],
        again_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        for (message, sent) in results {
            sqlx::query("UPDATE post_message SET attempts = attempts + 1 WHERE number = $1")
                .bind(message.number)
                .execute(&mut *transaction)
                .await?;
            let grown = |first_ms: i64, max_ms: i64| {
                let doublings = u32::try_from(message.attempts.clamp(0, 20)).unwrap_or(0);
                now_ms + first_ms.saturating_mul(1 << doublings).min(max_ms)
            };
            match sent {
                Sent::Taken(answer) => {
                    sqlx::query(
                        "UPDATE post_message SET state = 'sent', sent_ms = COALESCE(sent_ms, $1), says = '', next_ms = $2
                         WHERE number = $3 AND state IN ('waiting', 'sent')",
                    )
                    .bind(now_ms)
                    .bind(again_ms.map_or(0, |again| grown(again, AGAIN_MS_MAX.max(again))))
                    .bind(message.number)
                    .execute(&mut *transaction)
                    .await?;
                    if let Some(verdict) = answer {
                        answered(&mut transaction, message.number, verdict, now_ms).await?;
                    }
                }
                Sent::Refused(why) => {
                    answered(&mut transaction, message.number, &Verdict::Refused(why.clone()), now_ms).await?;
                }
                Sent::Later(why) | Sent::Unreachable(why) => {
                    // Where nothing gets through it may be this one that the other side chokes on: the others go first then.
                    sqlx::query(
                        "UPDATE post_message SET says = $1, next_ms = $2
                         WHERE number = $3 AND state IN ('waiting', 'sent')",
                    )
                    .bind(plain(why, SAYS_CHARS_MAX))
                    .bind(grown(PAUSE_MS_MIN, PAUSE_MS_MAX))
                    .bind(message.number)
                    .execute(&mut *transaction)
                    .await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps what the post answered. Says how many of them are about a message that was sent.
    ///
    /// # Errors
    /// When the database refuses; nothing of it is kept then.
    pub async fn take_post_answers(&self, answers: &[Answer], now_ms: i64) -> Result<usize, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let mut known = 0;
        for answer in answers {
            known += usize::from(answered(&mut transaction, answer.number, &answer.verdict, now_ms).await?);
        }
        transaction.commit().await?;
        Ok(known)
    }

    /// Looks again at what had no code: a new table may have one. What was overtaken by a later message of its item stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn look_up_again(&self, codes: &Codes) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        // A write first: a file's transaction that begins with a question can lose its place to another program.
        sqlx::query("UPDATE post_desk SET until_ms = until_ms WHERE desk = 1").execute(&mut *transaction).await?;
        let rows = sqlx::query("SELECT * FROM post_message WHERE state = 'no-code' ORDER BY number LIMIT $1")
            .bind(LISTED_MAX)
            .fetch_all(&mut *transaction)
            .await?;
        for row in &rows {
            let Some(message) = message(row)? else { continue };
            let sql = match codes.find(message.kind, &message.word, false) {
                _ if message.item.chars().count() > crate::post::ITEM_CHARS_MAX => continue,
                Found::Unknown => continue,
                // It is told now that nothing is to be told of it.
                Found::Silent => "DELETE FROM post_message WHERE number = $1",
                Found::Tell(_) => {
                    "UPDATE post_message SET state = 'waiting', says = '' WHERE number = $1 AND NOT EXISTS
                     (SELECT 1 FROM post_message AS l WHERE l.item = post_message.item
                      AND l.number > post_message.number AND l.wire IS NOT NULL)"
                }
            };
            sqlx::query(sql).bind(message.number).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Messages in these states, the newest first; at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn post_messages(&self, states: &[State], limit: u32) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::new();
        for state in states {
            let rows = sqlx::query("SELECT * FROM post_message WHERE state = $1 ORDER BY number DESC LIMIT $2")
                .bind(state.name())
                .bind(i64::from(limit).min(LISTED_MAX))
                .fetch_all(&self.readers)
                .await?;
            for row in &rows {
                messages.extend(message(row)?);
            }
        }
        messages.sort_by_key(|message| std::cmp::Reverse(message.number));
        messages.truncate(limit as usize);
        Ok(messages)
    }

    /// What a person must look at: messages without a code, and refused ones; by the time of what they are about.
    pub(super) async fn post_alerts(&self, before_ms: Option<i64>, limit: u32) -> Result<Vec<AlertView>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM post_message WHERE state IN ('no-code', 'refused') AND at_ms < $1
             ORDER BY at_ms DESC, number DESC LIMIT $2",
        )
        .bind(before_ms.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let mut alerts = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(message) = message(row)? else { continue };
            let (number, what) = (message.number, message.in_words());
            let reason = match message.state {
                State::Refused => format!("The post refused message {number}, {what}: {}", message.says),
                _ => format!("Message {number} to the post, {what}, is {}", message.says),
            };
            alerts.push(AlertView {
                station: CENTRAL.to_owned(),
                facility: message.facility,
                seq: number,
                at_ms: message.at_ms,
                received_ms: row.try_get("made_ms")?,
                fresh: true,
                lane: String::new(),
                kind: "post".to_owned(),
                pass: None,
                item: Some(message.item),
                reason,
                group: None,
            });
        }
        Ok(alerts)
    }

    /// How many messages there are in each state; those without any are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn post_counts(&self) -> Result<Vec<PostCount>, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS messages FROM post_message GROUP BY state ORDER BY state")
            .fetch_all(&self.readers)
            .await?;
        let mut counts = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(state) = State::of(row.try_get("state")?) else { continue };
            counts.push(PostCount { state, messages: row.try_get("messages")? });
        }
        Ok(counts)
    }
}

/// Locks the desk until the commit, if it still is ours.
async fn still_ours(connection: &mut AnyConnection, holder: &str, now_ms: i64) -> Result<bool, sqlx::Error> {
    let ours = sqlx::query("UPDATE post_desk SET until_ms = $1 WHERE holder = $2")
        .bind(now_ms + DESK_MS)
        .bind(holder)
        .execute(connection)
        .await?;
    Ok(ours.rows_affected() > 0)
}

/// Why a message waits for a person.
fn no_code(word: &str) -> String {
    format!("not sent: no code for \"{}\"; give post.codes one, or silent = true", word.escape_debug())
}

async fn set_aside(connection: &mut AnyConnection, number: i64, says: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE post_message SET state = 'no-code', says = $1 WHERE number = $2 AND state = 'waiting'")
        .bind(plain(says, SAYS_CHARS_MAX))
        .bind(number)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether it was about a message that was tried at least once; whoever answers another is not believed. What was refused may
/// be taken after all; what was acknowledged stays so.
async fn answered(
    connection: &mut AnyConnection,
    number: i64,
    verdict: &Verdict,
    now_ms: i64,
) -> Result<bool, sqlx::Error> {
    let (state, says) = match verdict {
        Verdict::Acknowledged => (State::Acknowledged, String::new()),
        Verdict::Refused(why) => (State::Refused, plain(why, SAYS_CHARS_MAX)),
    };
    let kept = sqlx::query(
        "UPDATE post_message SET state = $1, says = $2, answered_ms = $3, sent_ms = COALESCE(sent_ms, $3), next_ms = 0
         WHERE number = $4 AND wire IS NOT NULL AND state IN ('waiting', 'sent', 'refused')",
    )
    .bind(state.name())
    .bind(says)
    .bind(now_ms)
    .bind(number)
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Nothing of a kind or state that a newer program wrote.
fn message(row: &AnyRow) -> Result<Option<Message>, sqlx::Error> {
    let (Some(kind), Some(state)) = (Kind::of(row.try_get("kind")?), State::of(row.try_get("state")?)) else {
        return Ok(None);
    };
    Ok(Some(Message {
        number: row.try_get("number")?,
        kind,
        word: row.try_get("word")?,
        item: row.try_get("item")?,
        facility: row.try_get("facility")?,
        at_ms: row.try_get("at_ms")?,
        hold: row.try_get("hold")?,
        until_ms: row.try_get("until_ms")?,
        of_number: row.try_get("of_number")?,
        still_held: row.try_get::<i64, _>("still_held")? != 0,
        state,
        attempts: row.try_get("attempts")?,
        sent_ms: row.try_get("sent_ms")?,
        answered_ms: row.try_get("answered_ms")?,
        says: row.try_get("says")?,
        wire: row.try_get("wire")?,
    }))
}

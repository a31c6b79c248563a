//! Numbers that only grow, and how they go on after a restore.
//!
//! Hold lists, orders about rules and commands carry numbers, and a station takes nothing with a number below the newest it took;
//! messages to the post carry numbers by which it answers.
//! Central counts on from its newest; after a restore that may be one it gave away once more, for something else. How many it
//! had given nobody knows, so numbers leap far ahead ([`LEAP`]), and the database remembers from where.
//!
//! What was true when the backup was made need not be any more. Where going on as if it were could harm, a restore stops it: a
//! rollout that may have been taken back since waits for a person, codes that may have been used are good no more, and nobody
//! stays signed in.

use sqlx::{AnyConnection, Row};

/// By how much numbers leap. Nobody gives away a thousand million numbers between two backups; and what carries them, 63 bits,
/// has room for nine thousand million restores.
pub const LEAP: i64 = 1_000_000_000;

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    HoldList,
    RulesOrder,
    Command,
    PostMessage,
}

/// What a restore changed beside putting rows back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Onward {
    /// Numbers of rollouts that were running and are halted.
    pub halted: Vec<i64>,
    pub invitations_closed: u64,
    pub sessions_ended: u64,
}

impl Numbered {
    const fn newest(self) -> &'static str {
        match self {
            Self::HoldList => {
                "SELECT MAX(n) FROM (SELECT COALESCE(MAX(version), 0) AS n FROM hold_list
                 UNION ALL SELECT COALESCE(MAX(hold_list), 0) AS n FROM restored) AS numbers"
            }
            Self::RulesOrder => {
                "SELECT MAX(n) FROM (SELECT COALESCE(MAX(version), 0) AS n FROM rules_order
                 UNION ALL SELECT COALESCE(MAX(rules_order), 0) AS n FROM restored) AS numbers"
            }
            Self::Command => {
                "SELECT MAX(n) FROM (SELECT COALESCE(MAX(version), 0) AS n FROM command
                 UNION ALL SELECT COALESCE(MAX(command), 0) AS n FROM restored) AS numbers"
            }
            Self::PostMessage => {
                "SELECT MAX(n) FROM (SELECT COALESCE(MAX(number), 0) AS n FROM post_message
                 UNION ALL SELECT COALESCE(MAX(post_message), 0) AS n FROM restored) AS numbers"
            }
        }
    }
}

/// The newest number that may have been given; the next is above it.
///
/// # Errors
/// When the database refuses.
pub(super) async fn newest(connection: &mut AnyConnection, of: Numbered) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(of.newest()).fetch_one(connection).await
}

/// What must not be as it was in the backup; part of the restore's transaction.
///
/// # Errors
/// When the database refuses.
pub(super) async fn after_restore(
    connection: &mut AnyConnection,
    backup_ms: i64,
    now_ms: i64,
) -> Result<Onward, sqlx::Error> {
    let mut above = [0; 4];
    let numbered = [Numbered::HoldList, Numbered::RulesOrder, Numbered::Command, Numbered::PostMessage];
    for (above, of) in above.iter_mut().zip(numbered) {
        *above = newest(connection, of).await?.saturating_add(LEAP);
    }
    sqlx::query(
        "INSERT INTO restored (number, restored_ms, backup_ms, hold_list, rules_order, command, post_message)
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6 FROM restored",
    )
    .bind(now_ms)
    .bind(backup_ms)
    .bind(above[0])
    .bind(above[1])
    .bind(above[2])
    .bind(above[3])
    .execute(&mut *connection)
    .await?;
    let halted = halt(connection, backup_ms, now_ms).await?;
    let closed = sqlx::query("UPDATE invitation SET ends_ms = $1 WHERE used_ms IS NULL AND ends_ms > $1")
        .bind(backup_ms.min(now_ms))
        .execute(&mut *connection)
        .await?;
    let ended = sqlx::query("DELETE FROM session").execute(&mut *connection).await?;
    Ok(Onward { halted, invitations_closed: closed.rows_affected(), sessions_ended: ended.rows_affected() })
}

/// A rollout may have been taken back after the backup was made, for an error that is not known here any more.
async fn halt(connection: &mut AnyConnection, backup_ms: i64, now_ms: i64) -> Result<Vec<i64>, sqlx::Error> {
    let running = sqlx::query("SELECT rollout FROM rollout WHERE state = 'running' ORDER BY rollout")
        .fetch_all(&mut *connection)
        .await?;
    let mut halted = Vec::with_capacity(running.len());
    for row in running {
        let rollout: i64 = row.try_get("rollout")?;
        sqlx::query("UPDATE rollout SET state = 'halted', changed_ms = $1 WHERE rollout = $2")
            .bind(now_ms)
            .bind(rollout)
            .execute(&mut *connection)
            .await?;
        let says = format!(
            "Rule rollout {rollout} was halted: central was restored from a backup of {}, and it may have been taken back \
             since. Look at what the stations have in force, then resume it or take it back.",
            crate::backup::day(backup_ms)
        );
        super::rollouts::note(&mut *connection, rollout, now_ms, true, &says).await?;
        halted.push(rollout);
    }
    Ok(halted)
}

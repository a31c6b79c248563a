//! What stations said of their rules, and how their decisions went: read from records, in whatever order they came.

use serde::Deserialize;
use sqlx::{AnyConnection, Row};

use crate::alert::plain;
use crate::rollout::{Counted, DECISIONS_MAX, judged};
use crate::store::{Store, StoreError, number};

/// Records read at once.
const AT_ONCE: i64 = 2_000;
/// Decisions looked at before a pack came: so many of the newest.
const BEFORE_MAX: i64 = 2_000;
/// Records that another central stored a moment ago may show only now.
const OVERLAP_MS: i64 = 60_000;
const ERROR_CHARS_MAX: usize = 500;

/// A record of a station about its rules.
#[derive(Deserialize)]
struct Envelope {
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    event: String,
    order: u64,
    digest: String,
    in_force: bool,
    since: Option<i64>,
    says: String,
}

impl Store {
    /// Reads what was stored since then, and says from when on to read next.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_rules(&self, since_ms: i64) -> Result<i64, StoreError> {
        let mut since = since_ms;
        loop {
            let rows = sqlx::query(
                "SELECT station, seq, at_ms, received_ms, envelope FROM record
                 WHERE kind = 'config' AND received_ms >= $1 AND envelope LIKE '%\"event\":\"rules\"%'
                 ORDER BY received_ms, station, seq LIMIT $2",
            )
            .bind(since)
            .bind(AT_ONCE)
            .fetch_all(&self.readers)
            .await?;
            let mut transaction = self.writer.begin().await?;
            for row in &rows {
                let Ok(Envelope { body }) = serde_json::from_str::<Envelope>(row.try_get("envelope")?) else {
                    continue;
                };
                if body.event != "rules" {
                    continue;
                }
                let station: String = row.try_get("station")?;
                let at = (row.try_get("seq")?, row.try_get("at_ms")?);
                match body.in_force {
                    true => in_force(&mut transaction, &station, at, &body).await?,
                    false => refused(&mut transaction, &station, &body).await?,
                }
            }
            transaction.commit().await?;
            let Some(last) = rows.last() else { return Ok(since) };
            let last: i64 = last.try_get("received_ms")?;
            if (rows.len() as i64) < AT_ONCE {
                return Ok(last.saturating_sub(OVERLAP_MS).max(since_ms));
            }
            // More than were read at once in one millisecond are not.
            since = if last > since { last } else { since + 1 };
        }
    }

    /// Counts the decisions of a rollout's stations that have the pack: once those before, and those since, as they come.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_decisions(&self, rollout: i64) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT r.station, r.before, r.counted_to, r.decisions_after, o.digest FROM rollout_station AS r
             JOIN rollout AS o ON o.rollout = r.rollout
             WHERE r.rollout = $1 AND r.applied_ms IS NOT NULL AND r.order_back IS NULL",
        )
        .bind(rollout)
        .fetch_all(&self.readers)
        .await?;
        for row in rows {
            let (station, digest): (String, String) = (row.try_get("station")?, row.try_get("digest")?);
            let (counted_to, after): (i64, i64) = (row.try_get("counted_to")?, row.try_get("decisions_after")?);
            if after < number(DECISIONS_MAX) {
                self.count_after(rollout, &station, counted_to, &digest).await?;
            }
        }
        Ok(())
    }

    async fn count_after(&self, rollout: i64, station: &str, counted_to: i64, digest: &str) -> Result<(), StoreError> {
        // Only what is verified: behind that no decision is missing any more.
        let rows = sqlx::query(
            "SELECT r.seq, r.envelope FROM record AS r JOIN station AS s ON s.station = r.station
             WHERE r.station = $1 AND r.kind = 'decision' AND r.seq > $2 AND r.seq <= s.verified_to
             ORDER BY r.seq LIMIT $3",
        )
        .bind(station)
        .bind(counted_to)
        .bind(AT_ONCE)
        .fetch_all(&self.readers)
        .await?;
        let (mut counted, mut failed, mut last) = (Counted::default(), false, counted_to);
        for row in &rows {
            last = row.try_get("seq")?;
            if let Some(one) = judged(row.try_get("envelope")?).filter(|one| one.rules == digest) {
                counted.add(Counted { decisions: 1, flagged: u64::from(one.flagged) });
                failed |= one.failed;
            }
        }
        if last == counted_to {
            return Ok(());
        }
        // Whoever of two centrals comes second has counted the same and changes nothing.
        sqlx::query(
            "UPDATE rollout_station SET counted_to = $1, decisions_after = decisions_after + $2,
             flagged_after = flagged_after + $3, error = COALESCE(error, $4)
             WHERE rollout = $5 AND station = $6 AND counted_to = $7",
        )
        .bind(last)
        .bind(number(counted.decisions))
        .bind(number(counted.flagged))
        .bind(failed.then_some("a rule of the pack failed on a parcel, which went to exam for it"))
        .bind(rollout)
        .bind(station)
        .bind(counted_to)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

async fn in_force(
    connection: &mut AnyConnection,
    station: &str,
    (seq, at_ms): (i64, i64),
    body: &Body,
) -> Result<(), StoreError> {
    let (order, says) = (number(body.order), plain(&body.says, ERROR_CHARS_MAX));
    sqlx::query(
        "INSERT INTO station_rules (station, order_version, digest, since_ms, says, seq) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (station) DO UPDATE SET order_version = excluded.order_version, digest = excluded.digest,
         since_ms = CASE WHEN excluded.digest = station_rules.digest AND excluded.order_version = 0
                    THEN station_rules.since_ms ELSE excluded.since_ms END,
         says = excluded.says, seq = excluded.seq WHERE excluded.seq > station_rules.seq",
    )
    .bind(station)
    .bind(order)
    .bind(plain(&body.digest, 64))
    .bind(body.since.unwrap_or(at_ms))
    .bind(&says)
    .bind(seq)
    .execute(&mut *connection)
    .await?;
    let taken = sqlx::query(
        "SELECT r.rollout, r.before FROM rollout_station AS r JOIN rollout AS o ON o.rollout = r.rollout
         WHERE r.station = $1 AND r.order_out = $2 AND o.digest = $3 AND r.applied_ms IS NULL",
    )
    .bind(station)
    .bind(order)
    .bind(&body.digest)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(taken) = taken {
        let (rollout, before): (i64, String) = (taken.try_get("rollout")?, taken.try_get("before")?);
        let counted = before_of(connection, station, seq, &before).await?;
        sqlx::query(
            "UPDATE rollout_station SET applied_ms = $1, counted_to = $2, decisions_before = $3, flagged_before = $4
             WHERE rollout = $5 AND station = $6 AND applied_ms IS NULL",
        )
        .bind(body.since.unwrap_or(at_ms))
        .bind(seq)
        .bind(number(counted.decisions))
        .bind(number(counted.flagged))
        .bind(rollout)
        .bind(station)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("UPDATE rollout_station SET back_ms = $1 WHERE station = $2 AND order_back = $3 AND back_ms IS NULL")
        .bind(body.since.unwrap_or(at_ms))
        .bind(station)
        .bind(order)
        .execute(&mut *connection)
        .await?;
    if order == 0 {
        // It had the pack and has lost it.
        sqlx::query(
            "UPDATE rollout_station SET error = $1 WHERE station = $2 AND error IS NULL AND applied_ms < $3
             AND order_back IS NULL AND rollout IN (SELECT rollout FROM rollout WHERE state IN ('running', 'halted'))",
        )
        .bind(format!("the station's own rules are in force again: {says}"))
        .bind(station)
        .bind(at_ms)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A refusal names the order, or the message where it did not get so far as to believe its number.
async fn refused(connection: &mut AnyConnection, station: &str, body: &Body) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE rollout_station SET error = $1 WHERE station = $2 AND error IS NULL AND EXISTS
         (SELECT 1 FROM rules_order AS o WHERE o.station = $2 AND (o.version = $3 OR o.message = $4) AND
          ((o.version = rollout_station.order_out AND applied_ms IS NULL)
           OR (o.version = rollout_station.order_back AND back_ms IS NULL)))",
    )
    .bind(plain(&body.says, ERROR_CHARS_MAX))
    .bind(station)
    .bind(number(body.order))
    .bind(&body.digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest decisions by the pack before, up to the record with which the new one came.
async fn before_of(
    connection: &mut AnyConnection,
    station: &str,
    seq: i64,
    digest: &str,
) -> Result<Counted, StoreError> {
    let envelopes: Vec<String> = sqlx::query_scalar(
        "SELECT envelope FROM record WHERE station = $1 AND kind = 'decision' AND seq < $2 ORDER BY seq DESC LIMIT $3",
    )
    .bind(station)
    .bind(seq)
    .bind(BEFORE_MAX)
    .fetch_all(connection)
    .await?;
    let mut counted = Counted::default();
    for one in envelopes.iter().filter_map(|envelope| judged(envelope)).filter(|one| one.rules == digest) {
        counted.add(Counted { decisions: 1, flagged: u64::from(one.flagged) });
    }
    Ok(counted)
}

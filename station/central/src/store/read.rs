//! What pages, counts and the audit ask. Reads only.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::{AssertSqlSafe, Row};

use gatepost_sync::chain::Received;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::topics::Address;

use super::ingest::Committed;
use super::{Store, StoreError, sequence, verified};
use crate::alert::told_to;

/// Gaps named one by one; beyond, a page says "and more".
pub const GAPS_MAX: i64 = 200;

/// In the place of a station's name, where central speaks for itself; no station can be called so.
pub(super) const CENTRAL: &str = "(central)";

/// A station as operations see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StationView {
    pub facility: String,
    pub station: String,
    pub online: bool,
    pub online_since_ms: i64,
    pub last_heard_ms: i64,
    pub software: String,
    /// Good record messages that arrived, repetitions included.
    pub received: i64,
    pub repeated: i64,
    /// Records stored, each once.
    pub durable: i64,
    pub quarantined: i64,
    pub chain_verified_to: Option<u64>,
    pub high: Option<u64>,
    /// Missing below the highest record here, at most [`GAPS_MAX`] ranges.
    pub gaps: RangeSet,
    /// Recorded at the station by its own word and not here yet; under way, or lost with the station's disk.
    pub awaited: RangeSet,
    /// Records the station keeps because central has not verified them; its own word.
    pub backlog: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertView {
    pub station: String,
    pub facility: String,
    pub seq: i64,
    pub at_ms: i64,
    pub received_ms: i64,
    pub fresh: bool,
    pub lane: String,
    pub kind: String,
    pub pass: Option<String>,
    pub item: Option<String>,
    pub reason: String,
    /// The restricted group that alone may know of it.
    pub group: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoubtView {
    pub station: String,
    pub facility: String,
    pub seq: Option<i64>,
    pub reason: String,
    pub detail: String,
    pub first_ms: i64,
    pub last_ms: i64,
    pub times: i64,
}

/// The sums, for a glance and for scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub stations: i64,
    pub online: i64,
    pub received: i64,
    pub repeated: i64,
    pub durable: i64,
    pub verified: i64,
    /// Records missing below the highest of their station.
    pub missing: i64,
    pub quarantined: i64,
    pub alerts: i64,
    pub audited_same: i64,
    pub audited_differs: i64,
    pub audited_unjudged: i64,
}

/// A decision to be judged again.
#[derive(Clone, Debug)]
pub struct Decision {
    pub seq: i64,
    pub envelope: String,
}

impl Store {
    /// # Errors
    /// When the database refuses.
    pub async fn stations(&self) -> Result<Vec<StationView>, StoreError> {
        let rows = sqlx::query("SELECT * FROM station ORDER BY facility, station").fetch_all(&self.readers).await?;
        let mut stations = Vec::with_capacity(rows.len());
        for row in rows {
            let station: String = row.try_get("station")?;
            let verified_to: i64 = row.try_get("verified_to")?;
            let (high, claimed): (i64, i64) = (row.try_get("high")?, row.try_get("claimed_high")?);
            let mut awaited = RangeSet::new();
            if let (Some(first), Some(last)) = (sequence(high + 1), sequence(claimed)) {
                awaited.insert(first, last);
            }
            stations.push(StationView {
                gaps: self.gaps(&station, verified_to).await?,
                awaited,
                facility: row.try_get("facility")?,
                online: row.try_get::<i64, _>("online")? != 0,
                online_since_ms: row.try_get("online_since_ms")?,
                last_heard_ms: row.try_get("last_heard_ms")?,
                software: row.try_get("software")?,
                received: row.try_get("received")?,
                repeated: row.try_get("repeated")?,
                durable: row.try_get("durable")?,
                quarantined: row.try_get("quarantined")?,
                chain_verified_to: sequence(verified_to),
                high: sequence(high),
                backlog: row.try_get("backlog")?,
                station,
            });
        }
        Ok(stations)
    }

    /// What is missing between the verified beginning and the highest record.
    async fn gaps(&self, station: &str, verified_to: i64) -> Result<RangeSet, StoreError> {
        let rows = sqlx::query(
            "SELECT before_seq + 1 AS first_missing, seq - 1 AS last_missing FROM
             (SELECT seq, LAG(seq, 1, $2) OVER (ORDER BY seq) AS before_seq FROM record
              WHERE station = $1 AND seq > $2) AS steps
             WHERE seq - before_seq > 1 ORDER BY seq LIMIT $3",
        )
        .bind(station)
        .bind(verified_to)
        .bind(GAPS_MAX)
        .fetch_all(&self.readers)
        .await?;
        let mut gaps = RangeSet::new();
        for row in rows {
            let (first, last): (i64, i64) = (row.try_get("first_missing")?, row.try_get("last_missing")?);
            if let (Some(first), Some(last)) = (sequence(first), sequence(last)) {
                gaps.insert(first, last);
            }
        }
        Ok(gaps)
    }

    /// What every known station may be told, for a central that begins anew; none that was taken out of service.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn committed(&self) -> Result<Vec<Committed>, StoreError> {
        let rows = sqlx::query(
            "SELECT facility, station, verified_to, high FROM station
             WHERE station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL) ORDER BY station",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let (facility, station): (String, String) = (row.try_get("facility")?, row.try_get("station")?);
            let (verified_to, high): (i64, i64) = (row.try_get("verified_to")?, row.try_get("high")?);
            let Some(address) = Address::new(&facility, &station) else { continue };
            all.push(Committed {
                address,
                verified: verified(verified_to),
                received: RangeSet::new(),
                high: sequence(high),
            });
        }
        Ok(all)
    }

    /// The newest alerts that everybody may see, or those before a time; at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn alerts(&self, before_ms: Option<i64>, limit: u32) -> Result<Vec<AlertView>, StoreError> {
        self.alerts_for(&BTreeSet::new(), before_ms, limit).await
    }

    /// And with them those that only these restricted groups may see.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn alerts_for(
        &self,
        groups: &BTreeSet<String>,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AlertView>, StoreError> {
        let theirs: String =
            (0..groups.len()).map(|at| format!(" OR r.envelope LIKE ${} ESCAPE '!'", at + 3)).collect();
        let (envelope, join) = match groups.is_empty() {
            true => ("''", ""),
            false => ("r.envelope", "JOIN record AS r ON r.station = a.station AND r.seq = a.seq"),
        };
        let sql = format!(
            "SELECT a.*, s.facility, {envelope} AS envelope FROM alert AS a JOIN station AS s ON s.station = a.station {join}
             WHERE a.at_ms < $1 AND (a.restricted = 0{theirs}) ORDER BY a.at_ms DESC, a.station, a.seq DESC LIMIT $2"
        );
        let asked = sqlx::query(AssertSqlSafe(sql)).bind(before_ms.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let rows = groups.iter().fold(asked, |asked, group| asked.bind(naming(group))).fetch_all(&self.readers).await?;
        let told = |row: &sqlx::any::AnyRow| -> Result<Option<(String, String)>, sqlx::Error> {
            let received = Received::read(row.try_get::<&str, _>("envelope")?.as_bytes());
            Ok(received.ok().and_then(|received| told_to(groups, &received.envelope)))
        };
        let view = |row: &sqlx::any::AnyRow| -> Result<AlertView, sqlx::Error> {
            let (group, reason) =
                told(row)?.map_or((None, row.try_get("reason")?), |(group, reason)| (Some(group), reason));
            Ok(AlertView {
                station: row.try_get("station")?,
                facility: row.try_get("facility")?,
                seq: row.try_get("seq")?,
                at_ms: row.try_get("at_ms")?,
                received_ms: row.try_get("received_ms")?,
                fresh: row.try_get::<i64, _>("fresh")? != 0,
                lane: row.try_get("lane")?,
                kind: row.try_get("kind")?,
                pass: row.try_get("pass")?,
                item: row.try_get("item")?,
                reason,
                group,
            })
        };
        let mut alerts: Vec<AlertView> = rows.iter().map(view).collect::<Result<_, _>>()?;
        alerts.extend(self.own_alerts(before_ms, limit).await?);
        alerts.sort_by(|one, other| (other.at_ms, &one.station, other.seq).cmp(&(one.at_ms, &other.station, one.seq)));
        alerts.truncate(limit as usize);
        Ok(alerts)
    }

    /// What central itself raised: about a rollout, or about what the post could not be told or refused.
    async fn own_alerts(&self, before_ms: Option<i64>, limit: u32) -> Result<Vec<AlertView>, StoreError> {
        let rows = sqlx::query(
            "SELECT rollout, at_ms, says FROM rollout_event WHERE alarm = 1 AND at_ms < $1 ORDER BY at_ms DESC LIMIT $2",
        )
        .bind(before_ms.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let view = |row: &sqlx::any::AnyRow| -> Result<AlertView, sqlx::Error> {
            let at_ms = row.try_get("at_ms")?;
            Ok(AlertView {
                station: CENTRAL.to_owned(),
                facility: String::new(),
                seq: row.try_get("rollout")?,
                at_ms,
                received_ms: at_ms,
                fresh: true,
                lane: String::new(),
                kind: "rollout".to_owned(),
                pass: None,
                item: None,
                reason: row.try_get("says")?,
                group: None,
            })
        };
        let mut own: Vec<AlertView> = rows.iter().map(view).collect::<Result<_, _>>()?;
        own.extend(self.post_alerts(before_ms, limit).await?);
        Ok(own)
    }

    /// What was put aside, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn quarantined(&self, limit: u32) -> Result<Vec<DoubtView>, StoreError> {
        let rows = sqlx::query("SELECT * FROM quarantine ORDER BY last_ms DESC, station, digest LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        let view = |row: &sqlx::any::AnyRow| -> Result<DoubtView, sqlx::Error> {
            Ok(DoubtView {
                station: row.try_get("station")?,
                facility: row.try_get("facility")?,
                seq: row.try_get("seq")?,
                reason: row.try_get("reason")?,
                detail: row.try_get("detail")?,
                first_ms: row.try_get("first_ms")?,
                last_ms: row.try_get("last_ms")?,
                times: row.try_get("times")?,
            })
        };
        Ok(rows.iter().map(view).collect::<Result<_, _>>()?)
    }

    /// # Errors
    /// When the database refuses.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS stations, CAST(COALESCE(SUM(online), 0) AS BIGINT) AS online, CAST(COALESCE(SUM(received), 0) AS BIGINT) AS received,
             CAST(COALESCE(SUM(repeated), 0) AS BIGINT) AS repeated, CAST(COALESCE(SUM(durable), 0) AS BIGINT) AS durable,
             CAST(COALESCE(SUM(verified_to), 0) AS BIGINT) AS verified, CAST(COALESCE(SUM(high - durable), 0) AS BIGINT) AS missing,
             CAST(COALESCE(SUM(quarantined), 0) AS BIGINT) AS quarantined, (SELECT COUNT(*) FROM alert WHERE restricted = 0) AS alerts,
             (SELECT COUNT(*) FROM audit WHERE result = 'same') AS audited_same,
             (SELECT COUNT(*) FROM audit WHERE result = 'differs') AS audited_differs,
             (SELECT COUNT(*) FROM audit WHERE result = 'unjudged') AS audited_unjudged FROM station",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(Counts {
            stations: row.try_get("stations")?,
            online: row.try_get("online")?,
            received: row.try_get("received")?,
            repeated: row.try_get("repeated")?,
            durable: row.try_get("durable")?,
            verified: row.try_get("verified")?,
            missing: row.try_get("missing")?,
            quarantined: row.try_get("quarantined")?,
            alerts: row.try_get("alerts")?,
            audited_same: row.try_get("audited_same")?,
            audited_differs: row.try_get("audited_differs")?,
            audited_unjudged: row.try_get("audited_unjudged")?,
        })
    }

    /// Verified decisions of one station of that time, in order, from behind `after` on; at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn decisions(
        &self,
        station: &str,
        after: i64,
        from_ms: i64,
        until_ms: i64,
        limit: u32,
    ) -> Result<Vec<Decision>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.seq, r.envelope FROM record AS r JOIN station AS s ON s.station = r.station
             WHERE r.station = $1 AND r.kind = 'decision' AND r.seq > $2 AND r.seq <= s.verified_to
             AND r.at_ms >= $3 AND r.at_ms < $4 ORDER BY r.seq LIMIT $5",
        )
        .bind(station)
        .bind(after)
        .bind(from_ms)
        .bind(until_ms)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(decision).collect::<Result<_, _>>()?)
    }

    /// Verified decisions of one station that nobody has judged again, in order; at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn unaudited(&self, station: &str, limit: u32) -> Result<Vec<Decision>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.seq, r.envelope FROM record AS r JOIN station AS s ON s.station = r.station
             WHERE r.station = $1 AND r.kind = 'decision' AND r.seq > s.audited_to AND r.seq <= s.verified_to
             ORDER BY r.seq LIMIT $2",
        )
        .bind(station)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(decision).collect::<Result<_, _>>()?)
    }
}

/// What stands in an envelope that names this group, as a pattern: in its audience, or in that of a reason.
fn naming(group: &str) -> String {
    let name = serde_json::Value::from(group).to_string();
    let escaped: String = name
        .chars()
        .flat_map(|char| matches!(char, '!' | '%' | '_').then_some('!').into_iter().chain([char]))
        .collect();
    format!("%{{\"restricted\":{{\"group\":{escaped}%")
}

fn decision(row: &sqlx::any::AnyRow) -> Result<Decision, sqlx::Error> {
    Ok(Decision { seq: row.try_get("seq")?, envelope: row.try_get("envelope")? })
}

//! The independent count: what the database holds, held against what the stations recorded. Knows nothing of central but its
//! tables.

use std::collections::BTreeMap;

use gatepost_pipeline::record::Class;
use gatepost_sync::outbox::Outgoing;
use gatepost_world::central::Ground;
use serde::Serialize;

/// What a station recorded: of each record, in order from 1, the digest of its bytes, and whether it was an alert.
#[derive(Default)]
pub struct Recorded {
    records: Vec<(blake3::Hash, bool)>,
    /// It was away: its alerts are history.
    pub history: bool,
}

impl Recorded {
    pub fn note(&mut self, record: &Outgoing) {
        self.records.push((blake3::hash(&record.bytes), record.class == Class::Alert));
    }

    pub fn high(&self) -> u64 {
        self.records.len() as u64
    }
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub records: u64,
    pub lost: u64,
    /// Rows that are nobody's record, or another than the station's.
    pub foreign: u64,
    pub duplicates_in_effect: u64,
    pub alerts: u64,
    pub alerts_lost: u64,
    /// Alerts of a station that was away, raised as if they were fresh.
    pub false_alarms: u64,
    /// Stations whose chain central has not verified to its end.
    pub unproven: u64,
    pub quarantined: u64,
}

impl Count {
    pub fn is_whole(&self) -> bool {
        let Self { lost, foreign, duplicates_in_effect, alerts_lost, false_alarms, unproven, quarantined, .. } = self;
        [lost, foreign, duplicates_in_effect, alerts_lost, false_alarms, unproven, quarantined].iter().all(|n| **n == 0)
    }
}

/// # Errors
/// When the database cannot be read.
pub async fn count(ground: &Ground, recorded: &BTreeMap<String, Recorded>) -> Result<Count, sqlx::Error> {
    let mut connection = ground.connect().await;
    let mut count = Count::default();
    for (station, recorded) in recorded {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, envelope FROM record WHERE station = $1 ORDER BY seq")
                .bind(station)
                .fetch_all(&mut connection)
                .await?;
        let mut seen = vec![0u32; recorded.records.len()];
        for (seq, envelope) in &rows {
            let at = usize::try_from(seq - 1).unwrap_or(usize::MAX);
            match recorded.records.get(at) {
                Some((digest, _)) if *digest == blake3::hash(envelope.as_bytes()) => seen[at] += 1,
                _ => count.foreign += 1,
            }
        }
        count.records += rows.len() as u64;
        count.lost += seen.iter().filter(|times| **times == 0).count() as u64;
        count.duplicates_in_effect += seen.iter().map(|times| u64::from(times.saturating_sub(1))).sum::<u64>();

        let alerts: Vec<(i64, i64)> = sqlx::query_as("SELECT seq, fresh FROM alert WHERE station = $1 ORDER BY seq")
            .bind(station)
            .fetch_all(&mut connection)
            .await?;
        let told: BTreeMap<i64, i64> = alerts.iter().copied().collect();
        count.alerts += told.len() as u64;
        count.duplicates_in_effect += (alerts.len() - told.len()) as u64;
        let expected: Vec<i64> =
            (1..).zip(&recorded.records).filter(|(_, (_, alert))| *alert).map(|(seq, _)| seq).collect();
        count.alerts_lost += expected.iter().filter(|seq| !told.contains_key(seq)).count() as u64;
        count.foreign += told.keys().filter(|seq| expected.binary_search(seq).is_err()).count() as u64;
        if recorded.history {
            count.false_alarms += told.values().filter(|fresh| **fresh == 1).count() as u64;
        }

        let stands: Option<(i64, i64, i64)> =
            sqlx::query_as("SELECT verified_to, durable, quarantined FROM station WHERE station = $1")
                .bind(station)
                .fetch_optional(&mut connection)
                .await?;
        let (verified, durable, quarantined) = stands.unwrap_or_default();
        count.unproven += u64::from(verified as u64 != recorded.high() || durable as u64 != recorded.high());
        count.quarantined += quarantined as u64;
    }
    let (all,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM record").fetch_one(&mut connection).await?;
    count.foreign += (all as u64).saturating_sub(count.records);
    Ok(count)
}

//! Promise 7 between station and central: every record, once, and nothing that the station never wrote.
//!
//! Reads a list of numbers and digests that the caller took from central's tables.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Findings, Promise};
use super::frames;
use super::journal::Journal;
use super::report::Uplink;

/// What central's tables hold of one station.
#[derive(Clone, Debug, Default)]
pub struct CentralTables {
    pub records: Vec<CentralRecord>,
    /// Record messages that arrived, repetitions included.
    pub received: u64,
    /// The last record whose chain central has verified and acknowledged.
    pub acknowledged_to: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct CentralRecord {
    pub seq: u64,
    /// BLAKE3 of the record, 64 hexadecimal digits.
    pub digest: String,
}

/// The figures of one lane (`Some`) or of the station, gaps and duplicates included.
pub fn figures(journal: &Journal, central: Option<&CentralTables>, lane: Option<&str>) -> Uplink {
    let ours = |seq: u64| lane.is_none_or(|lane| journal.record(seq).is_some_and(|record| record.lane == lane));
    let recorded = journal.records.iter().filter(|record| ours(record.seq)).count() as u64;
    let recorded = recorded + if lane.is_none() { journal.dropped_to } else { 0 };
    let Some(central) = central else { return Uplink { recorded, ..Uplink::default() } };
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for record in &central.records {
        *times.entry(record.seq).or_default() += 1;
    }
    let held: BTreeSet<u64> = times.keys().copied().filter(|&seq| ours(seq)).collect();
    let high = times.last_key_value().map_or(0, |(&seq, _)| seq);
    let missing = |seq: &u64| !times.contains_key(seq) && ours(*seq);
    let acknowledged = central.acknowledged_to.unwrap_or(0);
    Uplink {
        recorded,
        published: if lane.is_none() { central.received } else { held.len() as u64 },
        acked_by_central: held.range(..=acknowledged).count() as u64,
        duplicates_in_effect: times.iter().filter(|(seq, _)| ours(**seq)).map(|(_, times)| times - 1).sum(),
        gaps: (1..=high).filter(missing).count() as u64,
    }
}

pub fn check(station: &str, journal: &Journal, central: &CentralTables, findings: &mut Findings) {
    let mut wrong = |seq: u64, says: &str| {
        findings.add(Promise::NothingLost, format!("{station} record {seq}"), says);
    };
    let mut seen = BTreeSet::new();
    for record in &central.records {
        if !seen.insert(record.seq) {
            wrong(record.seq, "central holds it twice");
        }
        match journal.record(record.seq) {
            Some(ours) if frames::hex(&ours.digest) != record.digest => {
                wrong(record.seq, "central holds another record under this number");
            }
            None if record.seq > journal.last_seq() => wrong(record.seq, "central holds it, the journal lost it"),
            Some(_) | None => {}
        }
    }
    let high = seen.last().copied().unwrap_or(0);
    for seq in (1..=high).filter(|seq| !seen.contains(seq)).take(super::findings::FINDINGS_MAX) {
        wrong(seq, "central holds later records and not this one");
    }
    if let Some(acknowledged) = central.acknowledged_to {
        if acknowledged > high {
            wrong(acknowledged, "central acknowledged it and does not hold it");
        }
        if acknowledged > journal.last_seq() {
            wrong(acknowledged, "it was acknowledged, and the journal lost it");
        }
    }
}

//! The independent checker: what the station promised, held against what really happened.
//!
//! It reads three things and no more: the virtual lane's truth, the bytes of the journal's files, and rows of central's
//! tables. It uses no function of daemon, central, pipeline or of the ledger's readers, so that a mistake there cannot
//! excuse itself here; and it is tested by mutants of its own evidence (`tests/suite/checker.rs`). It computes the
//! document of `--report`, and says every broken promise as a sentence that names pass and record.

pub mod truth;
pub mod from_virtual;
pub mod files;
mod frames;
pub mod record;
pub mod journal;
pub mod passes;
pub mod bench;
pub mod findings;
mod conservation;
mod routing;
mod doubts;
mod weights;
pub mod dead_man;
pub mod predicted;
pub mod faults;
pub mod promised;
pub mod cells;
pub mod uplink;
pub mod acknowledged;
pub mod report;

use std::collections::BTreeMap;

pub use files::JournalFiles;
use findings::{Findings, Promise};
use passes::Lane;
use report::{LaneReport, Report, Tally};
use truth::Truth;
pub use uplink::{CentralRecord, CentralTables};

/// Everything there is about one station.
#[derive(Debug)]
pub struct Station {
    /// As it stands in the envelopes.
    pub name: String,
    pub files: JournalFiles,
    /// Its public key, where the caller has it from elsewhere than the journal.
    pub key: Option<[u8; 32]>,
    pub lanes: Vec<Truth>,
    /// Nothing: central was not part of this run.
    pub central: Option<CentralTables>,
    /// By record: wall milliseconds at which its sync returned, by the word of whoever is the disk. May be empty.
    pub durable_ms: BTreeMap<u64, i64>,
}

/// What came out.
#[derive(Debug)]
pub struct Checked {
    pub report: Report,
    pub findings: Findings,
}

/// Checks every station by itself and counts them together.
pub fn check(stations: &[Station]) -> Checked {
    let mut findings = Findings::default();
    let mut totals = Tally::default();
    let mut lanes = Vec::new();
    for station in stations {
        totals.add(&check_station(station, &mut lanes, &mut findings));
    }
    let totals = totals.figures();
    totals.faults.check_shares(&mut findings);
    Checked { report: Report { totals, lanes }, findings }
}

fn check_station(station: &Station, lanes: &mut Vec<LaneReport>, findings: &mut Findings) -> Tally {
    let journal = journal::read(&station.name, &station.files, station.key, findings);
    if let Some(central) = &station.central {
        uplink::check(&station.name, &journal, central, findings);
    }
    let mut total = Tally::default();
    for truth in &station.lanes {
        let named = bench::named(truth, &journal);
        let lane = Lane::new(named.as_ref().unwrap_or(truth), &journal);
        let mut found = Findings::default();
        conservation::check(&lane, &mut found);
        let broken = found.any(Promise::Conservation);
        routing::check(&lane, &station.durable_ms, &mut found);
        doubts::check(&lane, &journal, &mut found);
        weights::check(&lane, &mut found);
        let dead_man = dead_man::check(&lane, &mut found);
        let faults = faults::check(&lane, &mut found);
        found
            .kept
            .into_iter()
            .for_each(|kept| findings.add(kept.promise, format!("{} {}", station.name, kept.place), kept.says));
        findings.more += found.more;
        let uplink = uplink::figures(&journal, station.central.as_ref(), Some(&truth.lane));
        let tally = Tally::of(&lane, &station.durable_ms, uplink, broken, faults, dead_man);
        lanes.push(LaneReport { station: station.name.clone(), lane: truth.lane.clone(), figures: tally.figures() });
        total.add(&tally);
    }
    total.set_uplink(uplink::figures(&journal, station.central.as_ref(), None));
    total
}

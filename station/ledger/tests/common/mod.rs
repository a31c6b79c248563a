//! What the ledger's tests share: small journals, numbered records, a memory disk.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Journal, OpenError, Opening, Setup, View};
use gatepost_ledger::key::StationKey;
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency, WallMs};

pub const NOW: WallMs = WallMs(1_790_000_000_000);

#[derive(serde::Serialize)]
struct Body {
    number: u64,
    text: String,
}

/// A record whose body names `number`.
pub fn record(number: u64) -> Pending {
    of(Kind::Device, Urgency::default(), number, 8)
}

pub fn alert(number: u64) -> Pending {
    of(Kind::Audit, Urgency { tampering: true, ..Urgency::default() }, number, 8)
}

pub fn long(number: u64, bytes: usize) -> Pending {
    of(Kind::Exam, Urgency::default(), number, bytes)
}

fn of(kind: Kind, urgency: Urgency, number: u64, bytes: usize) -> Pending {
    let body = Body { number, text: "x".repeat(bytes) };
    Pending::entry(kind, urgency, Audience::All, "A", NOW, &body).expect("a body without floats")
}

pub fn key() -> StationKey {
    StationKey::from_bytes(&[7; 32])
}

/// Segments of a few records, a checkpoint every five.
pub fn small() -> Bounds {
    Bounds { segment_bytes: 2_000, reserve_bytes: 8_000, checkpoint_records: 5, ..Bounds::default() }
}

pub fn shared(disk: &MemoryDisk) -> SharedDisk {
    Arc::new(disk.clone())
}

pub fn open(disk: &MemoryDisk, bounds: Bounds) -> Result<(Journal, Opening), OpenError> {
    Journal::open(shared(disk), "journal", Setup { station: "st-01".to_owned(), key: key(), bounds })
}

/// Appends and commits one group; the numbers of the bodies that are durable, with their `seq`.
pub fn commit(journal: &mut Journal, group: Vec<(u64, Pending)>) -> Vec<(u64, u64)> {
    let mut numbers = Vec::new();
    for (number, pending) in group {
        journal.append(pending).expect("room in the group");
        numbers.push(number);
    }
    let results = journal.commit(NOW).results;
    assert_eq!(results.len(), numbers.len());
    let recorded = numbers.into_iter().zip(results);
    recorded.filter_map(|(number, result)| Some((number, result.ok()?.seq()))).collect()
}

pub fn group(numbers: std::ops::Range<u64>) -> Vec<(u64, Pending)> {
    numbers.map(|number| (number, record(number))).collect()
}

#[derive(serde::Deserialize)]
struct Read {
    number: u64,
}

/// `seq` and the body's number of everything a journal holds.
pub fn contents(view: &View) -> Vec<(u64, u64)> {
    let records = Records::from(view, 0).map(|record| record.expect("a sound journal"));
    records
        .map(|record| {
            let envelope = Envelope::parse(&record.bytes).expect("an envelope");
            assert_eq!((envelope.seq, envelope.prev), (record.seq, record.prev));
            let body: Read = serde_json::from_str(envelope.body.get()).expect("a numbered body");
            (record.seq, body.number)
        })
        .collect()
}

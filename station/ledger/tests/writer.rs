//! The writer's thread: groups what waits, answers after the sync, hands back what it could not write.

mod common;

use std::sync::mpsc;

use common::*;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::journal::writer::{Surroundings, Writer};
use gatepost_ledger::journal::{Bounds, Health};
use gatepost_ledger::verify;

fn surroundings() -> (Surroundings, mpsc::Receiver<Health>) {
    let (told, health) = mpsc::sync_channel(16);
    let on_health = Box::new(move |health: &Health| drop(told.try_send(health.clone())));
    (Surroundings { now: Box::new(|| NOW), on_health }, health)
}

#[test]
fn records_are_answered_after_their_sync_in_order() {
    let disk = MemoryDisk::new();
    let (journal, _) = open(&disk, Bounds::default()).unwrap();
    let view = journal.view();
    let (surroundings, _health) = surroundings();
    let (writer, thread) = Writer::start(journal, surroundings).unwrap();
    let (sender, answers) = mpsc::sync_channel(1_000);
    for number in 0..500 {
        let (sender, view) = (sender.clone(), view.clone());
        let done = move |result: Result<gatepost_pipeline::record::Recorded, _>| {
            let seq = result.map(|recorded| recorded.seq()).map_err(|_| ());
            let _ = sender.send((number, seq, view.last_seq()));
        };
        writer.record_waiting(record(number), Box::new(done)).unwrap();
    }
    writer.close();
    thread.join().unwrap();
    drop(sender);
    let answers: Vec<_> = answers.iter().collect();
    assert_eq!(answers.len(), 500);
    for (at, (number, seq, durable)) in answers.into_iter().enumerate() {
        assert_eq!((number, seq), (at as u64, Ok(at as u64 + 1)));
        assert!(durable > at as u64, "answered before it was durable");
    }
    let counts = disk.counts();
    assert!(counts.syncs < 500, "records that wait share a sync: {counts:?}");
    let report = verify::journal(&shared(&disk), "journal", None).unwrap();
    assert_eq!((report.whole, report.records, report.signed_to), (true, 500, 500));
    assert!(writer.record(record(1), Box::new(|_| ())).unwrap_err().stopped);
}

#[test]
fn what_cannot_be_written_is_handed_back_and_said() {
    let disk = MemoryDisk::new();
    let (journal, _) = open(&disk, small()).unwrap();
    let (surroundings, health) = surroundings();
    let (writer, thread) = Writer::start(journal, surroundings).unwrap();
    disk.power_off();
    let (sender, answers) = mpsc::sync_channel(1);
    let done = move |result: Result<gatepost_pipeline::record::Recorded, _>| {
        let _ = sender.send(result.map(|_| ()).map_err(|back: gatepost_ledger::journal::writer::NotRecorded| back));
    };
    writer.record_waiting(record(7), Box::new(done)).unwrap();
    let back = answers.recv().unwrap().unwrap_err();
    assert!(back.pending.body().starts_with(br#"{"number":7"#));
    assert!(matches!(back.health, Health::Broken(_)));
    assert!(matches!(health.recv().unwrap(), Health::Broken(_)));
    writer.close();
    thread.join().unwrap();
}

#[test]
fn a_visit_runs_between_groups_on_the_journal() {
    let disk = MemoryDisk::new();
    let (journal, _) = open(&disk, small()).unwrap();
    let (surroundings, _health) = surroundings();
    let (writer, thread) = Writer::start(journal, surroundings).unwrap();
    writer.record_waiting(record(1), Box::new(|_| ())).unwrap();
    let (sender, seen) = mpsc::sync_channel(1);
    assert!(writer.visit(Box::new(move |journal| sender.send((journal.last_seq(), journal.waiting())).unwrap())));
    assert_eq!(seen.recv().unwrap(), (1, 0), "what was queued before the visit is durable");
    writer.close();
    thread.join().unwrap();
}

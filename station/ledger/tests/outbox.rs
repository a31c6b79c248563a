//! The outbox sends every record until central has it, alerts first; retention drops only what central has.

mod common;

use common::*;
use gatepost_ledger::disk::Disk;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::outbox::{Outbox, Ranges};
use gatepost_ledger::retain::Keep;
use gatepost_ledger::verify;
use gatepost_pipeline::record::Class;
use proptest::prelude::*;

fn seqs(outbox: &mut Outbox) -> Vec<u64> {
    std::iter::from_fn(|| outbox.next().unwrap().map(|shipment| shipment.record.seq)).collect()
}

#[test]
fn alerts_overtake_and_nothing_is_given_twice() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    let mut outbox = Outbox::open(journal.view()).unwrap();
    assert_eq!(outbox.next().unwrap(), None);
    commit(&mut journal, group(0..10));
    commit(&mut journal, vec![(10, alert(10))]);
    commit(&mut journal, group(11..20));
    commit(&mut journal, vec![(20, alert(20))]);
    let first = outbox.next().unwrap().unwrap();
    assert_eq!((first.class, first.record.seq), (Class::Alert, 11));
    assert_eq!(outbox.next().unwrap().unwrap().record.seq, 21);
    assert_eq!(outbox.next().unwrap().unwrap().record.seq, 1);
    commit(&mut journal, vec![(21, alert(21))]);
    assert_eq!(outbox.next().unwrap().unwrap().record.seq, 22, "an alert that came later overtakes too");
    let rest = seqs(&mut outbox);
    assert_eq!(rest, (2..=10).chain(12..=20).collect::<Vec<_>>());
    assert_eq!(outbox.backlog(), 22);
    outbox.rewind();
    let mut again = seqs(&mut outbox);
    assert_eq!(again[..3], [11, 21, 22]);
    again.sort_unstable();
    assert_eq!(again, (1..=22).collect::<Vec<_>>());
}

/// A central that was restored from a backup.
#[test]
fn what_central_has_no_longer_is_given_again_and_what_is_dropped_is_not() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..20));
    commit(&mut journal, vec![(20, alert(20))]);
    commit(&mut journal, group(21..30));
    let mut outbox = Outbox::open(journal.view()).unwrap();
    outbox.acknowledge(&[(1, 25)]);
    assert_eq!(seqs(&mut outbox), (26..=30).collect::<Vec<_>>());
    assert_eq!(outbox.withdraw_all_but(&[(1, 25)]), 0, "it has lost nothing");
    assert_eq!(outbox.withdraw_all_but(&[(1, 40)]), 0, "it says more than it was ever given");
    assert_eq!((outbox.next().unwrap(), outbox.backlog()), (None, 5), "nothing is given twice for that");
    assert_eq!(outbox.withdraw_all_but(&[(1, 12)]), 13);
    assert_eq!(outbox.backlog(), 18);
    assert_eq!(seqs(&mut outbox), [21].into_iter().chain(13..=20).chain(22..=30).collect::<Vec<_>>());
    outbox.save().unwrap();
    let mut outbox = Outbox::open(journal.view()).unwrap();
    assert_eq!(outbox.backlog(), 18, "it is remembered");
    assert_eq!(outbox.withdraw_all_but(&[]), 12, "one that has nothing at all is sent everything");
    assert_eq!(seqs(&mut outbox).len(), 30);
}

#[test]
fn acknowledgements_survive_a_restart_and_bound_what_is_sent() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..30));
    let mut outbox = Outbox::open(journal.view()).unwrap();
    assert_eq!(outbox.acknowledge(&[(1, 10), (12, 14), (29, 400)]), 0);
    assert_eq!(outbox.backlog(), 15, "numbers beyond the end are not believed");
    outbox.save().unwrap();
    drop((journal, outbox));
    disk.power_off();
    disk.power_on(gatepost_ledger::disk::memory::Crash::Nothing);
    let (journal, _) = open(&disk, small()).unwrap();
    let mut outbox = Outbox::open(journal.view()).unwrap();
    assert_eq!(seqs(&mut outbox), [11].into_iter().chain(15..=28).collect::<Vec<_>>());
}

#[test]
fn a_journal_shorter_than_central_knows_is_damage() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..4));
    let mut outbox = Outbox::open(journal.view()).unwrap();
    outbox.acknowledge(&[(1, 4)]);
    outbox.save().unwrap();
    drop(journal);
    // The last record goes, cleanly at a frame's end: only the acknowledgement can tell.
    let mut ends = Vec::new();
    disk.damage("journal/00000001.seg", |bytes| {
        let mut at = 0;
        while at < bytes.len() {
            at += 20 + u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]) as usize;
            ends.push(at);
        }
        bytes.truncate(ends[ends.len() - 2]);
    });
    let before = disk.fork();
    let error = open(&disk, small()).unwrap_err().to_string();
    assert!(error.contains("record 3") && error.contains("record 4") && error.contains("central"), "{error}");
    let report = verify::journal(&shared(&disk), "journal", None).unwrap();
    assert!(!report.whole && report.problems[0].what.contains("central has acknowledged record 4"), "{report:?}");
    assert_eq!(disk.list("journal").unwrap(), before.list("journal").unwrap(), "it stays as it was found");
}

#[test]
fn retention_drops_from_the_front_and_the_chain_stays_verifiable() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    for number in 0..60 {
        commit(&mut journal, group(number..number + 1));
    }
    let whole = verify::journal(&shared(&disk), "journal", None).unwrap();
    let mut outbox = Outbox::open(journal.view()).unwrap();
    let segments = journal.view().durable().segments;
    assert!(segments.len() > 6);
    outbox.acknowledge(&[(1, 40)]);
    let open_pass = segments[3].first_seq + 1;
    let acknowledged = |first, last| outbox.acknowledged().covers(first, last);
    let needed = |first: u64, last: u64| (first..=last).contains(&open_pass);
    let gone = journal.retain(&Keep { bytes: 0, acknowledged: &acknowledged, needed: &needed }).unwrap();
    assert_eq!(gone.len(), 3, "the fourth has an open pass");
    let none = |_, _| false;
    let gone = journal.retain(&Keep { bytes: 0, acknowledged: &acknowledged, needed: &none }).unwrap();
    assert!(gone.iter().all(|dropped| dropped.last_seq <= 40) && !gone.is_empty());
    let first = journal.view().first_seq();
    assert!(first > 30 && first <= 41, "{first}");
    let keep = journal.view().bytes();
    let all = |_, _| true;
    assert!(journal.retain(&Keep { bytes: keep, acknowledged: &all, needed: &none }).unwrap().is_empty());
    let _ = journal.close(NOW);
    let report = verify::journal(&shared(&disk), "journal", None).unwrap();
    assert!(report.whole, "{report:?}");
    assert_eq!((report.first_seq, report.last_seq, report.head), (first, 60, whole.head));
    // The lines are part of the chain: another head in them shows.
    disk.damage("journal/dropped", |bytes| {
        let at =
            bytes.windows(13).rposition(|part| part == b"\"last_head\":\"0" || part.starts_with(b"\"last_head\":"));
        let at = at.unwrap() + 14;
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    });
    assert!(!verify::journal(&shared(&disk), "journal", None).unwrap().whole);
    assert!(open(&disk, small()).is_err());
}

#[test]
fn retention_interrupted_anywhere_leaves_a_whole_journal() {
    let prepare = || {
        let disk = MemoryDisk::new();
        let (mut journal, _) = open(&disk, small()).unwrap();
        for number in 0..30 {
            commit(&mut journal, group(number..number + 1));
        }
        (disk, journal)
    };
    let all = |_, _| true;
    let none = |_, _| false;
    let keep = Keep { bytes: 0, acknowledged: &all, needed: &none };
    let (disk, mut journal) = prepare();
    let before = disk.counts().changes;
    assert!(journal.retain(&keep).unwrap().len() > 2);
    let changes = disk.counts().changes - before;
    for at in 1..=changes {
        for seed in 0..4 {
            let (disk, mut journal) = prepare();
            disk.power_off_in(at);
            assert!(journal.retain(&keep).is_err());
            disk.power_on(gatepost_ledger::disk::memory::Crash::Seeded(seed));
            let (mut journal, _) = open(&disk, small()).unwrap_or_else(|error| panic!("change {at}: {error}"));
            assert_eq!(journal.last_seq(), 30);
            commit(&mut journal, group(30..31));
            let _ = journal.close(NOW);
            let report = verify::journal(&shared(&disk), "journal", None).unwrap();
            assert!(report.whole, "change {at}, seed {seed}: {report:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_a_set(parts in prop::collection::vec((1_u64..60, 0_u64..8), 0..20)) {
        let mut ranges = Ranges::default();
        let mut set = std::collections::BTreeSet::new();
        for (first, length) in parts {
            prop_assert!(ranges.add(first, first + length));
            set.extend(first..=first + length);
        }
        for seq in 0..80 {
            prop_assert_eq!(ranges.contains(seq), set.contains(&seq));
            let gap = (seq..).find(|seq| !set.contains(seq)).unwrap();
            prop_assert_eq!(ranges.next_gap(seq), gap);
            prop_assert_eq!(ranges.count(seq, 70), set.range(seq..=70.max(seq)).filter(|s| **s <= 70).count() as u64);
        }
        prop_assert_eq!(ranges.highest(), set.last().copied().unwrap_or(0));
        let parts: Vec<_> = ranges.iter().collect();
        prop_assert!(parts.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ranges neither touch nor overlap");
    }
}

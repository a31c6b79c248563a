//! The journal keeps what it acknowledged: across sessions, crashes, full and failing disks, and damage.

mod common;

use common::*;
use gatepost_ledger::chain::{Digest, GENESIS};
use gatepost_ledger::disk::memory::{Crash, MemoryDisk};
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Health, OpenError};
use gatepost_ledger::verify;
use gatepost_pipeline::record::{Class, WallMs};

/// Everything acknowledged is in the journal, at the `seq` that was acknowledged.
fn assert_holds(acknowledged: &[(u64, u64)], view: &gatepost_ledger::journal::View, story: &str) {
    let contents = contents(view);
    for (number, seq) in acknowledged {
        assert!(
            contents.contains(&(*seq, *number)),
            "{story}: record {seq} (body {number}) was acknowledged and is gone"
        );
    }
    let gapless = contents.iter().zip(view.first_seq()..).all(|((seq, _), wanted)| *seq == wanted);
    assert!(gapless, "{story}: numbers with gaps");
}

#[test]
fn three_sessions_make_one_chain() {
    let disk = MemoryDisk::new();
    let mut acknowledged = Vec::new();
    for session in 0..3 {
        let (mut journal, opening) = open(&disk, small()).unwrap();
        assert_eq!((opening.last_seq, opening.torn), (session * 12, None));
        for first in [0, 3, 4] {
            let from = session * 12 + first;
            let size = if first == 4 { 8 } else { 3 - first / 3 * 2 };
            acknowledged.extend(commit(&mut journal, group(from..from + size)));
        }
        assert_holds(&acknowledged, &journal.view(), "open");
        assert!(journal.close(NOW).results.is_empty());
    }
    let (journal, _) = open(&disk, small()).unwrap();
    assert_holds(&acknowledged, &journal.view(), "reopened");
    let mut head = GENESIS;
    for record in Records::from(&journal.view(), 1) {
        let record = record.unwrap();
        assert_eq!((record.prev, record.d), (head, Digest::of(&record.bytes)));
        head = head.then(record.d);
    }
    assert_eq!(head, journal.head());
    let report = verify::journal(&shared(&disk), "journal", Some(key().public())).unwrap();
    assert!(report.whole, "{report:?}");
    assert_eq!((report.records, report.first_seq, report.last_seq, report.head), (36, 1, 36, head));
    assert_eq!(report.signed_to, 36);
    assert!(report.segments > 3 && report.checkpoints >= 6, "{report:?}");
    assert_eq!(report.key, Some(key().public().to_string()));
}

#[test]
fn an_envelope_is_its_fields_in_order_around_the_body_verbatim() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, Bounds::default()).unwrap();
    commit(&mut journal, vec![(1, alert(1))]);
    let record = Records::from(&journal.view(), 1).next().unwrap().unwrap();
    let expected = format!(
        concat!(
            r#"{{"seq":1,"prev":"{}","station":"st-01","lane":"A","at":1790000000000,"kind":"audit","class":"alert","#,
            r#""audience":"all","body":{{"number":1,"text":"xxxxxxxx"}}}}"#
        ),
        "0".repeat(64)
    );
    assert_eq!(String::from_utf8(record.bytes).unwrap(), expected);
}

#[test]
fn one_group_is_one_sync() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, Bounds::default()).unwrap();
    for size in [1, 16, 64] {
        // The first group after an opening begins a segment where there is none: not counted here.
        commit(&mut journal, group(0..1));
        let before = disk.counts();
        assert_eq!(commit(&mut journal, group(0..size)).len() as u64, size);
        assert_eq!(disk.counts().syncs - before.syncs, 1);
    }
}

/// Two sessions' worth of work; stops at the first error. Gives back what was acknowledged.
fn work(disk: &MemoryDisk) -> Vec<(u64, u64)> {
    let mut acknowledged = Vec::new();
    let Ok((mut journal, _)) = open(disk, small()) else { return acknowledged };
    let mut number = 0;
    for size in [1, 3, 1, 6, 2, 1, 4] {
        acknowledged.extend(commit(&mut journal, group(number..number + size)));
        number += size;
        if disk.is_off() {
            return acknowledged;
        }
    }
    let _ = journal.close(NOW);
    acknowledged
}

#[test]
fn a_crash_at_every_change_loses_nothing_acknowledged() {
    let whole = MemoryDisk::new();
    work(&whole);
    let changes = whole.counts().changes;
    assert!(changes > 30);
    let crashes = (0..6).map(Crash::Seeded).chain([Crash::Nothing, Crash::Everything]);
    let torn = [1, 19, 20, 60, 330, 512, 1_000];
    let crashes: Vec<Crash> = crashes.chain(torn.map(|bytes| Crash::Torn { bytes })).collect();
    for at in 1..=changes {
        for crash in &crashes {
            let disk = MemoryDisk::new();
            disk.power_off_in(at);
            let mut acknowledged = work(&disk);
            disk.power_on(*crash);
            let story = format!("power off in change {at}, {crash:?}");
            let (mut journal, opening) = open(&disk, small()).unwrap_or_else(|error| panic!("{story}: {error}"));
            assert_holds(&acknowledged, &journal.view(), &story);
            acknowledged.extend(commit(&mut journal, group(100..103)));
            assert_eq!(acknowledged.last().map(|last| last.0), Some(102), "{story}: goes on afterwards");
            let _ = journal.close(NOW);
            let report = verify::journal(&shared(&disk), "journal", None).unwrap();
            assert!(report.whole, "{story}: {report:?} {opening:?}");
            let (journal, opening) = open(&disk, small()).unwrap_or_else(|error| panic!("{story}, again: {error}"));
            assert_eq!(opening.torn, None, "{story}: a second start finds nothing torn");
            assert_holds(&acknowledged, &journal.view(), &story);
        }
    }
}

#[test]
fn a_torn_group_at_every_length_keeps_what_was_acknowledged() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, Bounds::default()).unwrap();
    let acknowledged = commit(&mut journal, group(0..4));
    for bytes in (0..40).chain((40..900).step_by(13)) {
        let disk = disk.fork();
        let (mut journal, _) = open(&disk, Bounds::default()).unwrap();
        disk.power_off_in(2);
        assert!(commit(&mut journal, group(4..7)).is_empty(), "the power went in the sync");
        disk.power_on(Crash::Torn { bytes });
        let (journal, opening) = open(&disk, Bounds::default()).unwrap();
        assert_holds(&acknowledged, &journal.view(), &format!("torn after {bytes} bytes"));
        let frames_whole = opening.torn.is_none();
        assert_eq!(frames_whole, contents(&journal.view()).len() as u64 == opening.last_seq && opening.torn.is_none());
        if let Some(torn) = opening.torn {
            assert!(torn.bytes <= bytes && torn.kept_as.is_some(), "{torn:?}");
        }
    }
}

#[test]
fn every_damaged_byte_of_a_stopped_journal_is_detected_and_located() {
    // Three segments of two or three records, so that every offset can be tried in a few seconds.
    let bounds = Bounds { segment_bytes: 900, checkpoint_records: 3, ..small() };
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, bounds).unwrap();
    let mut acknowledged = Vec::new();
    for (number, size) in [(0, 1), (1, 2), (3, 1), (4, 1), (5, 2)] {
        acknowledged.extend(commit(&mut journal, group(number..number + size)));
    }
    let _ = journal.close(NOW);
    let paths = ["journal/00000001.seg", "journal/00000002.seg", "journal/00000003.seg"];
    let lengths = paths.map(|path| {
        let mut length = 0;
        disk.fork().damage(path, |bytes| length = bytes.len());
        length
    });
    assert!(lengths.iter().all(|length| *length > 200), "{lengths:?}");
    for (path, length) in paths.into_iter().zip(lengths) {
        for at in 0..length {
            for cut in [false, true] {
                let disk = disk.fork();
                disk.damage(path, |bytes| if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << (at % 8) });
                let story = format!("{path}, byte {at}, {}", if cut { "cut" } else { "flipped" });
                let report = verify::journal(&shared(&disk), "journal", None).unwrap();
                assert!(!report.whole, "{story}: not detected");
                let problem = &report.problems[0];
                assert!(path.ends_with(&problem.file), "{story}: found in {problem:?}");
                assert!(problem.at <= at as u64 && at as u64 - problem.at < 700, "{story}: found at {problem:?}");
                // Opening reads only the heads of older segments: there, some offsets stand for all.
                if path != paths[2] && at % 7 != 0 {
                    continue;
                }
                // Opening either refuses, or everything acknowledged can still be read or is said to be damaged.
                match open(&disk, bounds) {
                    Err(OpenError::Damaged { .. } | OpenError::Short { .. }) => {}
                    Err(error) => panic!("{story}: {error}"),
                    Ok((journal, opening)) => {
                        assert_eq!(opening.torn, None, "{story}: nothing acknowledged was cut off");
                        let read: Vec<_> = Records::from(&journal.view(), 0).collect();
                        let lost = read.iter().filter(|record| record.is_ok()).count() < acknowledged.len();
                        assert!(lost == read.iter().any(Result::is_err), "{story}: lost without an error");
                    }
                }
            }
        }
    }
}

#[test]
fn segments_that_vanish_are_missed() {
    let disk = MemoryDisk::new();
    work(&disk);
    for name in ["00000001.seg", "00000002.seg", "00000003.seg"] {
        use gatepost_ledger::disk::Disk;
        let disk = disk.fork();
        disk.remove(&format!("journal/{name}")).unwrap();
        let report = verify::journal(&shared(&disk), "journal", None).unwrap();
        assert!(!report.whole, "{name}: {report:?}");
        assert!(open(&disk, small()).is_err(), "{name}");
    }
}

#[test]
fn a_disk_full_at_every_budget_keeps_alarms_and_recovers() {
    let bounds = small();
    let whole = MemoryDisk::new();
    work(&whole);
    let most = whole.used() + bounds.reserve_bytes;
    for budget in (0..most).step_by(97) {
        let disk = MemoryDisk::new();
        disk.set_budget(Some(budget));
        let story = format!("budget {budget}");
        let mut acknowledged = Vec::new();
        if let Ok((mut journal, opening)) = open(&disk, bounds) {
            let mut was_full = opening.full;
            for number in 0..18 {
                acknowledged.extend(commit(&mut journal, group(number..number + 1)));
                was_full |= *journal.health() == Health::Full;
            }
            let health = journal.health().clone();
            if acknowledged.len() < 18 {
                assert!(was_full && health != Health::Good, "{story}: refused without saying why: {health:?}");
            }
            if !opening.full {
                let alarm = commit(&mut journal, vec![(99, alert(99))]);
                assert_eq!(alarm.len(), 1, "{story}: no room for an alarm in the reserve");
                acknowledged.extend(alarm);
            }
            disk.set_budget(None);
            journal.tend(WallMs(NOW.0 + 2_000));
            assert_eq!(*journal.health(), Health::Good, "{story}: recovers by itself");
            acknowledged.extend(commit(&mut journal, group(200..203)));
            assert_eq!(acknowledged.last().map(|last| last.0), Some(202), "{story}");
            assert_holds(&acknowledged, &journal.view(), &story);
            let _ = journal.close(NOW);
        }
        disk.set_budget(None);
        let (journal, _) = open(&disk, bounds).unwrap_or_else(|error| panic!("{story}: {error}"));
        assert_holds(&acknowledged, &journal.view(), &story);
        let report = verify::journal(&shared(&disk), "journal", None).unwrap();
        assert!(report.whole, "{story}: {report:?}");
    }
}

#[test]
fn the_second_half_of_the_reserve_is_for_alerts() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..1));
    disk.set_budget(Some(disk.used()));
    let mut taken = 0;
    while !commit(&mut journal, group(taken..taken + 1)).is_empty() {
        taken += 1;
        assert!(taken < 100);
    }
    assert!(taken > 5, "ordinary records used the first half: {taken}");
    // A restart with the ballast gone and the disk still full opens, says so, and goes on when there is room.
    let (again, opening) = open(&disk.fork(), small()).unwrap();
    assert_eq!((opening.full, again.health()), (false, &Health::Good), "this copy has no budget");
    let mixed = commit(&mut journal, vec![(500, record(500)), (501, alert(501)), (502, record(502))]);
    assert_eq!(mixed.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [501]);
    assert_eq!(*journal.health(), Health::Full);
}

#[test]
fn a_failed_sync_or_write_costs_a_segment_and_no_record() {
    for failing in 1..=12 {
        for sync in [false, true] {
            let disk = MemoryDisk::new();
            let (mut journal, _) = open(&disk, small()).unwrap();
            let mut acknowledged = commit(&mut journal, group(0..3));
            if sync {
                disk.fail_sync_in(failing)
            } else {
                disk.fail_write_in(failing)
            }
            for number in 3..20 {
                acknowledged.extend(commit(&mut journal, group(number..number + 1)));
            }
            let story = format!("failure {failing}, sync {sync}");
            assert_eq!(acknowledged.len(), 20, "{story}: written again in a new segment");
            assert_eq!(*journal.health(), Health::Good, "{story}");
            assert!(journal.take_trouble().is_some(), "{story}: and said");
            drop(journal);
            // What the failed sync left in the page cache is not on the disk.
            disk.power_off();
            disk.power_on(Crash::Nothing);
            let (journal, _) = open(&disk, small()).unwrap_or_else(|error| panic!("{story}: {error}"));
            assert_holds(&acknowledged, &journal.view(), &story);
            let report = verify::journal(&shared(&disk), "journal", None).unwrap();
            assert!(report.whole, "{story}: {report:?}");
        }
    }
}

#[test]
fn refused_records_come_back_in_order() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..1));
    disk.power_off();
    for number in 1..4 {
        journal.append(record(number)).unwrap();
    }
    let commit = journal.commit(NOW);
    assert!(matches!(commit.health, Health::Broken(_)));
    let handed_back: Vec<_> = commit.results.into_iter().map(|result| result.unwrap_err()).collect();
    assert_eq!(handed_back.len(), 3);
    assert!(handed_back[0].body().starts_with(br#"{"number":1"#) && handed_back[0].class() == Class::Health);
    assert_eq!(journal.last_seq(), 1);
}

#[test]
fn checkpoints_come_by_count_by_time_and_at_a_stop() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    let checkpoints = || verify::journal(&shared(&disk), "journal", None).unwrap().checkpoints;
    commit(&mut journal, group(0..4));
    assert_eq!(checkpoints(), 0);
    commit(&mut journal, group(4..5));
    assert_eq!(checkpoints(), 1, "by count");
    journal.tend(WallMs(NOW.0 + 90_000));
    assert_eq!(checkpoints(), 1, "nothing new to sign");
    commit(&mut journal, group(5..6));
    journal.tend(WallMs(NOW.0 + 30_000));
    assert_eq!(checkpoints(), 1, "not yet");
    journal.tend(WallMs(NOW.0 + 60_000));
    assert_eq!(checkpoints(), 2, "by time");
    commit(&mut journal, group(6..7));
    let _ = journal.close(WallMs(NOW.0 + 61_000));
    assert_eq!(checkpoints(), 3, "at the stop");
    let other = gatepost_ledger::key::StationKey::from_bytes(&[8; 32]).public();
    let report = verify::journal(&shared(&disk), "journal", Some(other)).unwrap();
    assert!(!report.whole && report.problems[0].what.contains("not signed with the station's key"), "{report:?}");
}

#[test]
fn a_ballast_that_is_there_is_kept_at_a_start_with_little_room() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, small()).unwrap();
    commit(&mut journal, group(0..3));
    drop(journal);
    disk.set_budget(Some(disk.used() + 500));
    let (journal, opening) = open(&disk, small()).unwrap();
    assert_eq!((opening.full, journal.health()), (false, &Health::Good));
}

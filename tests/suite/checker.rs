//! The checker checked: a clean morning is clean and counted right, and every lie about it is found.
//!
//! Each mutant changes the evidence in one way that a defect of the station could, and names the promise by which it
//! must be found. A checker that finds nothing here would find nothing anywhere.

mod faults;
mod forge;
mod story;
mod weights;

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency, WallMs};
use gatepost_world::checker::dead_man::DeadMan;
use gatepost_world::checker::findings::{Findings, Promise};
use gatepost_world::checker::truth::{Chute, LaneEvent};
use gatepost_world::checker::{Checked, JournalFiles, Station, check, files, journal};
use story::{Story, entry};

fn checked(station: Station) -> Checked {
    check(std::slice::from_ref(&station))
}

/// A story changed in one way is found by this promise.
fn found(promise: Promise, change: impl FnOnce(&mut Story)) {
    let mut story = Story::told();
    change(&mut story);
    let findings = checked(story.station()).findings;
    assert!(findings.any(promise), "{promise:?} did not find it; found were:\n{findings}");
}

/// The same, where not the story but the bytes were changed.
fn found_in_bytes(promise: Promise, change: impl FnOnce(&mut Station)) {
    let mut station = Story::told().station();
    change(&mut station);
    let findings = checked(station).findings;
    assert!(findings.any(promise), "{promise:?} did not find it; found were:\n{findings}");
}

#[test]
fn a_true_story_is_clean_and_counted_right() {
    let Checked { report, findings } = checked(Story::told().station());
    assert!(findings.is_clean(), "{findings}");
    let got = serde_json::to_value(&report).expect("a report");
    let expected = serde_json::json!({
        "parcels": {"entered": 9, "decided": 9, "released": 3, "exam": 5, "stopped": 1, "removed": 0,
            "unaccounted": 1, "undecided": 0, "misrouted": 0},
        "association": {"correct": 8, "contested": 0, "wrong": 0, "no_read": 1},
        "truth": {"targets": 2, "caught": 2, "missed": 0, "clean": 7, "false_alarms": 0, "clean_eligible": 3,
            "clean_released": 1},
        "holds": {"present": 2, "stopped": 1},
        "latency_ms": {"image_to_decision": {"p50": 500, "p99": 500}, "decision_to_durable": {"p50": 3, "p99": 3}},
        "uplink": {"recorded": 24, "published": 26, "acked_by_central": 24, "duplicates_in_effect": 0, "gaps": 0},
        "conservation": {"ok": true},
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&got[name], value, "{name}");
    }
    assert_eq!(got["lanes"][0]["lane"], "north");
    assert_eq!(got["lanes"][0]["parcels"], expected["parcels"]);
}

#[test]
fn a_stop_in_place_excuses_what_it_keeps_only_where_it_was_right() {
    let counted = |story: Story| {
        let truth = serde_json::to_value(checked(story.station()).report).expect("a report")["truth"].clone();
        [&truth["clean_eligible"], &truth["clean_released"]].map(|count| count.as_u64().expect("a count"))
    };
    // Parcel 8 lay on the belts when 9 was stopped.
    assert_eq!(counted(Story::told()), [3, 1]);
    let mut mistaken = Story::told();
    mistaken.parcel(9).target = None;
    assert_eq!(counted(mistaken), [5, 2], "9 itself is kept wrongly, and 8 has no excuse");
}

/// The hand-written bytes are the ledger's own, so what the checker learns from them holds for real journals.
#[test]
fn the_forge_writes_what_the_ledger_writes() {
    let mut entries = Story::told().entries;
    entries.retain(|entry| matches!(entry.kind, "sighting" | "device"));
    entries.iter_mut().for_each(|entry| entry.class = if entry.kind == "device" { "alert" } else { "decision" });
    let last = WallMs(entries.last().expect("an entry").at);
    let disk = MemoryDisk::new();
    let setup =
        Setup { station: forge::STATION.to_owned(), key: StationKey::from_bytes(&[7; 32]), bounds: Bounds::default() };
    let (mut journal, _) = Journal::open(Arc::new(disk.clone()), "journal", setup).expect("a new journal");
    for entry in &entries {
        let kind = if entry.kind == "device" { Kind::Device } else { Kind::Sighting };
        let urgency = Urgency { alert: kind == Kind::Device, ..Urgency::default() };
        let body = ordered(&entry.body);
        let pending = Pending::entry(kind, urgency, Audience::All, &entry.lane, WallMs(entry.at), &body);
        journal.append(pending.expect("a body")).expect("room in the group");
        assert!(journal.commit(last).results.iter().all(Result::is_ok));
    }
    drop(journal.close(last));
    let real = files::of_disk(&disk, "journal").expect("a disk that reads");
    let forged = forge::journal(&entries, &forge::key());
    assert_eq!(real["00000001.seg"], forged["00000001.seg"]);

    let mut findings = Findings::default();
    let read = journal::read(forge::STATION, &real, None, &mut findings);
    assert!(findings.is_clean(), "{findings}");
    assert_eq!(read.records.len(), entries.len());
}

/// A body that serialises to exactly this text.
fn ordered(text: &str) -> impl serde::Serialize + use<> {
    struct Verbatim(Vec<(String, serde_json::Value)>);
    impl serde::Serialize for Verbatim {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }
    let fields: serde_json::Value = serde_json::from_str(text).expect("a body");
    let fields = fields.as_object().expect("an object");
    let mut fields: Vec<_> = fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    fields.sort_by_key(|(key, _)| text.find(&format!("\"{key}\":")));
    Verbatim(fields)
}

/// A journal of the real ledger with small segments: whole as it is; with a file missing or a byte damaged never.
#[test]
fn a_real_journal_of_many_segments_is_read_whole() {
    let disk = MemoryDisk::new();
    let bounds = Bounds { segment_bytes: 1_500, reserve_bytes: 8_000, checkpoint_records: 5, ..Bounds::default() };
    let setup = Setup { station: "many".to_owned(), key: StationKey::from_bytes(&[9; 32]), bounds };
    let (mut journal, _) = Journal::open(Arc::new(disk.clone()), "journal", setup).expect("a new journal");
    for number in 0..30i64 {
        let body = ordered(&format!("{{\"number\":{number}}}"));
        let pending = Pending::entry(Kind::Audit, Urgency::default(), Audience::All, "a", WallMs(number), &body);
        journal.append(pending.expect("a body")).expect("room");
        if number % 3 == 2 {
            assert!(journal.commit(WallMs(number)).results.iter().all(Result::is_ok));
        }
    }
    drop(journal.close(WallMs(30)));
    let real = files::of_disk(&disk, "journal").expect("a disk that reads");
    assert!(real.len() > 4, "several segments and a mark: {:?}", real.keys());
    let findings_of = |files: &JournalFiles| {
        let mut findings = Findings::default();
        let read = journal::read("many", files, None, &mut findings);
        (read.records.len(), findings)
    };
    let (records, findings) = findings_of(&real);
    assert!(findings.is_clean() && records == 30, "{records} records\n{findings}");
    for missing in real.keys() {
        let mut less = real.clone();
        less.remove(missing);
        assert!(missing == "mark" || !findings_of(&less).1.is_clean(), "{missing} is missing");
    }
    for name in real.keys().filter(|name| name.ends_with(".seg")) {
        for at in (0..real[name].len()).step_by(61) {
            let mut damaged = real.clone();
            damaged.get_mut(name).expect("a segment")[at] ^= 0x10;
            assert!(!findings_of(&damaged).1.is_clean(), "{name} byte {at}");
        }
    }
}

#[test]
fn a_record_cut_out_is_found() {
    for index in 1..25 {
        found_in_bytes(Promise::Chain, |station| {
            let segment = station.files.get_mut("00000001.seg").expect("a segment");
            let frame = forge::frames(segment)[index].clone();
            if index < 24 {
                segment.drain(frame);
            } else {
                // The last record goes with the checkpoint after it: only its link can show that, in a new segment.
                segment[frame.start + 12] ^= 1;
            }
        });
    }
}

#[test]
fn a_tail_cut_off_is_found_by_the_mark() {
    found_in_bytes(Promise::Checkpoint, |station| {
        let segment = station.files.get_mut("00000001.seg").expect("a segment");
        let frames = forge::frames(segment);
        segment.truncate(frames[frames.len() - 3].start);
    });
}

#[test]
fn a_record_rewritten_is_found() {
    found_in_bytes(Promise::Chain, |station| {
        let segment = station.files.get_mut("00000001.seg").expect("a segment");
        let frame = forge::frames(segment)[4].clone();
        let payload = String::from_utf8(segment[frame.start + 20..frame.end].to_vec()).expect("text");
        let changed = payload.replacen("customs", "nobody!", 1);
        assert_ne!(payload, changed);
        segment.splice(frame, forge::frame(b'R', 0, changed.as_bytes()));
    });
}

#[test]
fn a_forged_checkpoint_is_found() {
    let stranger = SigningKey::from_bytes(&[8; 32]);
    let resigned = |station: &mut Station, payload: &str| {
        let segment = station.files.get_mut("00000001.seg").expect("a segment");
        let last = forge::frames(segment).pop().expect("a checkpoint");
        segment.splice(last, forge::frame(b'C', 0, payload.as_bytes()));
        station.files.remove("mark");
    };
    // By another key; over another head; with a signature of something else.
    found_in_bytes(Promise::Checkpoint, |station| {
        station.files = forge::journal(&Story::told().entries, &stranger);
    });
    found_in_bytes(Promise::Checkpoint, |station| {
        resigned(station, &forge::checkpoint(&forge::key(), 24, &[1; 32], story::ZERO));
    });
    found_in_bytes(Promise::Checkpoint, |station| {
        let other = forge::checkpoint(&forge::key(), 23, &[0; 32], story::ZERO);
        let own = forge::checkpoint(&forge::key(), 24, &[0; 32], story::ZERO);
        let (claim, _) = own.split_once(",\"signature\"").expect("a signature");
        let (_, signature) = other.split_once(",\"signature\"").expect("a signature");
        resigned(station, &format!("{claim},\"signature\"{signature}"));
    });
}

#[test]
fn a_decision_that_is_missing_or_doubled_is_found() {
    found(Promise::Conservation, |story| {
        let seq = story.decision(2);
        story.entries.remove(seq as usize - 1);
    });
    found(Promise::Conservation, |story| {
        let twice = story.entry(story.decision(8)).clone();
        story.entries.push(twice);
    });
    // The second one forgets which it replaces.
    found(Promise::Conservation, |story| {
        let first = story.decision(7);
        let second = story.seq(|entry| entry.body.contains(&format!("\"supersedes\":{first},")));
        let entry = story.entry(second);
        entry.body = entry.body.replace(&format!("\"supersedes\":{first},"), "\"supersedes\":null,");
    });
}

#[test]
fn an_end_that_is_missing_doubled_or_untrue_is_found() {
    let end_of = |story: &Story, id: u32| {
        story.seq(|entry| entry.kind == "sighting" && entry.body.contains(&format!("\"north/1/{id}\"")))
    };
    found(Promise::Conservation, |story| {
        let seq = end_of(story, 1);
        story.entries.remove(seq as usize - 1);
    });
    found(Promise::Conservation, |story| {
        let twice = story.entry(end_of(story, 1)).clone();
        story.entries.push(twice);
    });
    for (id, truly, said) in [(1, "release", "exam"), (2, "exam", "release"), (2, "exam", "unaccounted")] {
        found(Promise::Conservation, |story| {
            let entry = story.entry(end_of(story, id));
            entry.body = entry.body.replace(&format!("\"end\":\"{truly}\""), &format!("\"end\":\"{said}\""));
        });
    }
    found(Promise::Alarm, |story| {
        story.entries.pop();
    });
    found(Promise::Conservation, |story| story.entries.push(story::sighting("\"north/1/77\"", "exam", None, 0)));
}

#[test]
fn what_came_in_from_the_side_must_be_said_and_must_go_to_exam() {
    found(Promise::Alarm, |story| {
        let seq = story.seq(|entry| entry.body.contains("\"inserted\""));
        story.entries.remove(seq as usize - 1);
        // What else may be strange is not about it.
        story.entries.pop();
    });
    found(Promise::Doubt, |story| {
        let parcel = story.parcel(10);
        parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    });
}

#[test]
fn readings_swapped_between_two_parcels_are_found() {
    // Item ids: pass 8 is taken for parcel 1 and the other way round.
    found(Promise::Ownership, |story| {
        for (id, other) in [(1, 8), (8, 1)] {
            let entry = story.entry(story.decision(id));
            entry.body = entry.body.replace(&story::item(id), &story::item(other));
        }
    });
    // Images only.
    found(Promise::Ownership, |story| {
        let shown = story.truth.images.values().cloned().collect::<Vec<_>>();
        for (image, parcels) in story.truth.images.values_mut().zip(shown.into_iter().rev()) {
            *image = parcels;
        }
    });
    // Weights only.
    found(Promise::Ownership, |story| {
        for (id, other) in [(1, 8), (8, 1)] {
            story.parcel(id).weighed_g = vec![500 + other];
        }
    });
}

#[test]
fn a_permit_before_its_record_is_found() {
    // The chute opened before the decision was made; before it was durable; without any.
    found(Promise::RecordBeforeAct, |story| story.entry(story.decision(1)).at += 6_000);
    found_in_bytes(Promise::RecordBeforeAct, |station| {
        station.durable_ms.values_mut().for_each(|durable| *durable += 6_000);
    });
    found(Promise::RecordBeforeAct, |story| {
        let parcel = story.parcel(5);
        parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    });
}

#[test]
fn a_parcel_in_the_wrong_chute_is_found() {
    for (id, chute) in [(2, Chute::Release), (1, Chute::Exam)] {
        found(Promise::Routing, |story| {
            let end = if chute == Chute::Release { "release" } else { "exam" };
            let parcel = story.parcel(id);
            parcel.left = parcel.left.map(|(at, _)| (at, chute));
            parcel.diverted = parcel.diverted.map(|(at, _)| (at, chute));
            let name = format!("\"north/1/{id}\"");
            let seq = story.seq(|entry| entry.kind == "sighting" && entry.body.contains(&name));
            let entry = story.entry(seq);
            entry.body =
                entry.body.replace("\"end\":\"release\"", "\"end\":\"?\"").replace("\"end\":\"exam\"", "\"end\":\"?\"");
            entry.body = entry.body.replace("\"end\":\"?\"", &format!("\"end\":\"{end}\""));
        });
    }
    let mut story = Story::told();
    let parcel = story.parcel(2);
    parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    assert_eq!(checked(story.station()).report.totals.parcels.misrouted, 1);
}

#[test]
fn a_hold_that_left_by_release_is_found() {
    found(Promise::Hold, |story| {
        let parcel = story.parcel(3);
        parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    });
    // The list was there, the station did not look.
    found(Promise::Hold, |story| story.parcel(1).held_since_us = Some(0));
    found(Promise::Hold, |story| change_verdict(story, 3));
}

/// Turns a decision into a release, whatever its inputs say.
fn change_verdict(story: &mut Story, id: u32) {
    let entry = story.entry(story.decision(id));
    let (inputs, verdict) = entry.body.split_once("\"verdict\":").expect("a verdict");
    entry.body =
        format!("{inputs}\"verdict\":{}", verdict.replacen("\"outcome\":\"exam\"", "\"outcome\":\"release\"", 1));
}

#[test]
fn blind_doubtful_or_lowered_releases_are_found() {
    found(Promise::Blind, |story| change_verdict(story, 5));
    found(Promise::Doubt, |story| change_verdict(story, 4));
    found(Promise::Escalation, |story| change_verdict(story, 2));
    let replaced = |from: &'static str, to: &'static str| {
        move |story: &mut Story| {
            let entry = story.entry(story.decision(1));
            let changed = entry.body.replacen(from, to, 1);
            assert_ne!(changed, entry.body);
            entry.body = changed;
        }
    };
    found(Promise::Ownership, replaced("{\"state\":\"owned\"}", "{\"state\":\"contested\",\"causes\":[\"abreast\"]}"));
    found(Promise::Doubt, replaced("\"restart\":false", "\"restart\":true"));
    found(Promise::Doubt, replaced("\"duplicate\":false", "\"duplicate\":true"));
    found(Promise::Doubt, replaced("{\"state\":\"fresh\"", "{\"state\":\"stale\""));
    found(Promise::Escalation, replaced("\"cleared_by\":null", "\"cleared_by\":1"));
    found(Promise::Body, replaced("\"verdict\":", "\"judgement\":"));
}

#[test]
fn a_revocation_that_was_in_time_or_unsaid_is_found() {
    let alarm = |story: &Story| story.seq(|entry| entry.body.contains("revoked-too-late"));
    found(Promise::Revocation, |story| {
        let seq = alarm(story);
        story.entries.remove(seq as usize - 1);
    });
    found(Promise::Revocation, |story| {
        let entry = story.entry(alarm(story));
        entry.body = entry.body.replace("release chute", "wrong way");
    });
    found(Promise::Revocation, |story| {
        let second = story.seq(|entry| entry.body.contains("\"revision\":2,"));
        story.entry(second).at -= 3_000;
    });
}

#[test]
fn what_must_stay_where_it_is_and_does_not_is_found() {
    found(Promise::StopInPlace, |story| {
        let (_, stopped) = story.truth.events.split_at(3);
        let reset = stopped.iter().position(|(_, event)| *event == LaneEvent::Reset).expect("a reset");
        story.truth.events.remove(3 + reset);
    });
    found(Promise::StopInPlace, |story| {
        let seq = story.seq(|entry| entry.body.contains("stopped-in-place"));
        story.entries.remove(seq as usize - 1);
    });
    found(Promise::Motion, |story| {
        story.truth.events.retain(|(_, event)| *event != LaneEvent::Reset);
    });
}

/// A station dies for three seconds while the belts run and the gate stands at release: what the two pins do is all that
/// counts.
#[test]
fn a_pin_that_outlives_a_silent_station_is_found() {
    let died = entry(3);
    let with = |belts_us: Option<u64>, gate_us: Option<u64>| {
        let mut story = Story::told();
        story.truth.down.push((died, died + 3_000_000));
        let events = &mut story.truth.events;
        events.push((died - 100_000, LaneEvent::GateRelease));
        events.extend(belts_us.map(|after| (died + after, LaneEvent::BeltsStop)));
        events.extend(gate_us.map(|after| (died + after, LaneEvent::GateExam)));
        events.sort_by_key(|(at, _)| *at);
        let checked = checked(story.station());
        (checked.findings.any(Promise::DeadMan), checked.report.totals.dead_man)
    };
    let (found, figures) = with(Some(480_000), Some(590_000));
    let expected = DeadMan { silences: 1, running: 1, belts_us_max: 480_000, open: 1, gate_us_max: 590_000 };
    assert_eq!((found, figures), (false, expected));
    assert!(with(Some(480_000), Some(610_000)).0, "the gate is late");
    assert!(with(Some(480_000), None).0, "the gate stays open");
    assert!(with(Some(610_000), Some(480_000)).0, "the belts are late");
    assert!(with(None, Some(480_000)).0, "the belts run on");
}

#[test]
fn central_with_a_gap_a_double_or_a_stranger_is_found() {
    let central = |change: fn(&mut gatepost_world::checker::CentralTables)| {
        let mut station = Story::told().station();
        change(station.central.as_mut().expect("central's tables"));
        let Checked { report, findings } = checked(station);
        assert!(findings.any(Promise::NothingLost), "{findings}");
        report.totals.uplink
    };
    assert_eq!(central(|tables| drop(tables.records.remove(4))).gaps, 1);
    assert_eq!(central(|tables| tables.records.push(tables.records[4].clone())).duplicates_in_effect, 1);
    central(|tables| tables.records[4].digest = "00".repeat(32));
    central(|tables| tables.acknowledged_to = Some(99));
    assert_eq!(central(|tables| tables.records.push(tables.records[3].clone())).acked_by_central, 24);
}

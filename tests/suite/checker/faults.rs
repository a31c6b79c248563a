//! The fault table held: a morning with faults is clean and counted right, and every lie about what they did is found.

use gatepost_virtual::faults::Fault;
use gatepost_world::checker::faults::{FaultFigures, Faults, Share};
use gatepost_world::checker::findings::{Findings, Promise};
use gatepost_world::checker::truth::{Chute, Touch, Window};
use gatepost_world::checker::{Checked, acknowledged, journal, predicted};

use super::forge;
use super::story::{Story, entry};

/// Parcel 4 was not read, 5 has no image, 6 was taken off, 10 was put on.
const TOUCHED: [(u32, &str); 4] = [(4, "no-read"), (5, "image-missing"), (6, "lost"), (10, "inserted")];

fn touch(story: &mut Story, id: u32, fault: &str) {
    story.parcel(id).touched.push(Touch { fault: fault.to_owned(), direct: true });
}

/// The morning as it was, with the faults that made it so, each for two seconds from its parcel's entry.
fn morning() -> Story {
    let mut story = Story::told();
    for (id, fault) in TOUCHED {
        touch(&mut story, id, fault);
        let (from_us, until_us) = (entry(id), entry(id) + 2_000_000);
        story.truth.windows.push(Window { fault: fault.to_owned(), from_us, until_us });
    }
    story
}

fn checked(change: impl FnOnce(&mut Story)) -> Checked {
    let mut story = morning();
    change(&mut story);
    super::checked(story.station())
}

fn found(change: impl FnOnce(&mut Story)) {
    let findings = checked(change).findings;
    assert!(findings.any(Promise::FaultTable), "the fault table did not find it; found were:\n{findings}");
}

#[test]
fn the_table_has_a_line_for_every_fault() {
    let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    let lines: Vec<&str> = predicted::TABLE.iter().map(|row| row.fault).collect();
    assert_eq!(lines, names);
}

#[test]
fn a_morning_with_faults_is_clean_and_counted_right() {
    let Checked { report, findings } = checked(|_| {});
    assert!(findings.is_clean(), "{findings}");
    let faults = &report.totals.faults;
    let once = FaultFigures { windows: 1, touched: 1, predicted: 1, ..FaultFigures::default() };
    let one = Share { eligible: 1, released: 1 };
    // Beside the touched ones only parcels 1 and 8 are clean: 1 was on the belts until 12 s, 8 came at 16 s and was on
    // them when something was put beside it.
    assert_eq!(faults.get("no-read"), Some(&FaultFigures { exam: 1, during: one, ..once }));
    assert_eq!(faults.get("image-missing"), Some(&FaultFigures { exam: 1, during: one, ..once }));
    assert_eq!(faults.get("lost").map(|lost| (lost.missed, lost.predicted)), Some((1, 1)));
    assert_eq!(faults.get("inserted").map(|inserted| (inserted.exam, inserted.predicted)), Some((1, 1)));
    assert_eq!(faults.get("lost").map(|lost| (lost.during, lost.after)), Some((Share::default(), Share::default())));
    assert_eq!(faults.get("inserted").map(|inserted| inserted.during), Some(one));
    let calm = checked(|story| story.truth.windows.truncate(1)).report.totals.faults;
    assert_eq!(calm.get("no-read").map(|figures| figures.after), Some(one));
    let json = serde_json::to_value(&report).expect("a report");
    assert_eq!(json["faults"]["no-read"]["during"]["eligible"], 1);
}

#[test]
fn an_end_or_a_reason_that_the_table_does_not_predict_is_found() {
    // It was released; it was kept for another reason; what was taken off is said to have been seen; what was put on
    // left by release.
    found(|story| touch(story, 1, "no-read"));
    found(|story| {
        let entry = story.entry(story.decision(5));
        entry.body = entry.body.replace("built-in.blind", "built-in.unjudged.seen");
    });
    found(|story| {
        let seq = story.seq(|entry| entry.body.contains("\"code\":\"unaccounted\""));
        story.entries.remove(seq as usize - 1);
    });
    found(|story| {
        let parcel = story.parcel(10);
        parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    });
}

#[test]
fn who_was_kept_for_something_else_is_counted_apart() {
    // A firearm was seen: its unreadable label need not have been the reason, and a cut cable need not have mattered.
    for fault in ["no-read", "cable-cut"] {
        let Checked { report, findings } = checked(|story| touch(story, 2, fault));
        assert!(findings.is_clean(), "{findings}");
        assert_eq!(report.totals.faults.get(fault).map(|figures| figures.other), Some(1), "{fault}");
    }
}

#[test]
fn where_two_things_had_a_hand_in_it_nothing_is_predicted() {
    let Checked { report, findings } = checked(|story| {
        touch(story, 1, "no-read");
        touch(story, 1, "cable-cut");
    });
    assert!(!findings.any(Promise::FaultTable), "{findings}");
    assert_eq!(report.totals.faults.get("cable-cut").map(|cut| (cut.touched, cut.shared)), Some((1, 1)));
    let died = entry(1) + 1_000_000;
    let findings = checked(|story| {
        touch(story, 1, "no-read");
        story.truth.down.push((died, died + 1_000_000));
    });
    assert!(!findings.findings.any(Promise::FaultTable), "{}", findings.findings);
}

#[test]
fn a_share_below_its_bar_is_found_where_enough_parcels_stand_behind_it() {
    let found = |during: (u64, u64), after: (u64, u64)| {
        let share = |(released, eligible)| Share { eligible, released };
        let figures = FaultFigures { during: share(during), after: share(after), ..FaultFigures::default() };
        let mut findings = Findings::default();
        Faults::from_iter([("no-read".to_owned(), figures)]).check_shares(&mut findings);
        findings.any(Promise::Facilitation)
    };
    assert!(!found((90, 100), (97, 100)), "at the bars");
    assert!(found((89, 100), (100, 100)) && found((100, 100), (96, 100)), "below either");
    assert!(!found((0, 99), (0, 99)), "too few to say");
}

#[test]
fn what_was_acknowledged_and_is_gone_or_another_is_found() {
    let files = Story::told().station().files;
    let read = journal::read(forge::STATION, &files, None, &mut Findings::default());
    let given: Vec<(u64, [u8; 32])> =
        (1..=read.last_seq()).map(|seq| (seq, read.head(seq).expect("its head"))).collect();
    let lost = |given: Vec<(u64, [u8; 32])>| acknowledged::check(forge::STATION, &files, given);
    assert!(lost(given.clone()).is_clean());
    let last = given.last().copied().expect("a record");
    assert!(lost(vec![(last.0 + 1, last.1)]).any(Promise::NothingLost));
    assert!(lost(vec![(last.0, [0; 32])]).any(Promise::NothingLost));
}

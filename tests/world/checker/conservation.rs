//! Promise 1: every pass has exactly one effective decision and one accounted end, and the end is what happened.
//!
//! Strict where nothing disturbed the parcel. After an outage or beside a fault a station may say *unaccounted* of a
//! parcel that did leave; it may never say *release* or *exam* of one that went the other way.

use super::findings::{Findings, Promise};
use super::passes::{Lane, Pass};
use super::record::End;
use super::truth::Parcel;

const PROMISE: Promise = Promise::Conservation;

pub fn check(lane: &Lane<'_>, findings: &mut Findings) {
    for pass in &lane.passes {
        if pass.parcels.is_empty() {
            if !pass.nobody && (!pass.decisions.is_empty() || !pass.ends.is_empty()) {
                findings.add(PROMISE, &pass.key, "the journal speaks of a pass that never was");
            }
            continue;
        }
        decisions(pass, findings);
        ends(pass, lane.truth.settled, findings);
    }
    strangers(lane, findings);
}

/// At least one, each naming the one that it replaces.
fn decisions(pass: &Pass<'_>, findings: &mut Findings) {
    if pass.decisions.is_empty() && pass.is_gone() {
        findings.add(PROMISE, &pass.key, "it left the belt and was never decided");
    }
    let mut before: Option<(u64, u32)> = None;
    for decision in &pass.decisions {
        let (seq, what) = (decision.seq, decision.what);
        let place = format!("{} record {seq}", pass.key);
        if what.inputs.pass != what.pass {
            findings.add(PROMISE, &place, format!("it was judged from what is known of {}", what.inputs.pass));
        }
        if before.is_some_and(|(_, revision)| what.revision <= revision) {
            let says = format!("revision {} stands after revision {}", what.revision, before.map_or(0, |(_, r)| r));
            findings.add(PROMISE, &place, says);
        }
        if what.supersedes != before.map(|(seq, _)| seq) {
            let named = what.supersedes.map_or("none".to_owned(), |seq| format!("record {seq}"));
            let last = before.map_or("none".to_owned(), |(seq, _)| format!("record {seq}"));
            findings.add(PROMISE, &place, format!("it replaces {named}, the decision before it is {last}"));
        }
        before = Some((seq, what.revision));
    }
}

fn ends(pass: &Pass<'_>, settled: bool, findings: &mut Findings) {
    let [end] = pass.ends.as_slice() else {
        match pass.ends.len() {
            0 if pass.is_gone() => findings.add(PROMISE, &pass.key, "it left the belt and has no accounted end"),
            0 if settled => findings.add(PROMISE, &pass.key, "it lies on the belt and nothing accounts for it"),
            0 => {}
            ends => findings.add(PROMISE, &pass.key, format!("it ended {ends} times")),
        }
        return;
    };
    let place = format!("{} record {}", pass.key, end.seq);
    if let Some(named) = end.what.decision {
        let before = pass.decisions.iter().rev().find(|decision| decision.seq < end.seq);
        if before.map(|decision| decision.seq) != Some(named) {
            findings.add(PROMISE, &place, format!("its end names record {named}, which was not its decision then"));
        }
    }
    if !pass.parcels.iter().any(|parcel| fits(end.what.end, parcel, pass.disturbed)) {
        findings.add(PROMISE, &place, format!("its end is said to be {:?}, but {}", end.what.end, really(pass)));
    }
    if matches!(end.what.end, End::Removed | End::Unaccounted) {
        let code = if end.what.end == End::Removed { "removed" } else { "unaccounted" };
        if pass.alarm(code).is_none() {
            findings.add(Promise::Alarm, &place, format!("it is {code} and no alarm says so"));
        }
    }
}

/// Whether this end may be said of a parcel.
fn fits(end: End, parcel: &Parcel, disturbed: bool) -> bool {
    let (released, left) = (parcel.released(), parcel.left.is_some());
    match end {
        End::Release => released,
        End::Exam => left && !released || disturbed && parcel.removed_us.is_some(),
        End::Removed => parcel.removed_us.is_some(),
        // On the belt still, taken off, or lost from sight.
        End::Unaccounted => !left || disturbed,
    }
}

fn really(pass: &Pass<'_>) -> String {
    let what = |parcel: &&Parcel| match (parcel.left, parcel.removed_us) {
        (Some((_, chute)), _) => format!("parcel {} left by {chute:?}", parcel.id),
        (None, Some(_)) => format!("parcel {} was taken off", parcel.id),
        (None, None) => format!("parcel {} lies on the belt", parcel.id),
    };
    pass.parcels.iter().map(what).collect::<Vec<_>>().join(", ")
}

/// What came in from the side goes to exam, and an alarm says that it came.
fn strangers(lane: &Lane<'_>, findings: &mut Findings) {
    for parcel in &lane.strangers {
        let place = format!("{} parcel {}", lane.truth.lane, parcel.id);
        if parcel.released() {
            findings.add(Promise::Doubt, &place, "it did not come through the entry eye and left by release");
        }
        let (Some(from), Some(until)) = (parcel.inserted_us.or(parcel.entered_us), parcel.gone_us()) else { continue };
        let said = said(lane, from, until);
        if !said {
            let says = "it did not come through the entry eye, and neither an alarm nor a sighting says so";
            findings.add(Promise::Alarm, &place, says);
        }
    }
}

/// Alarms by which a station says that what lies on its belt is not what came in.
const STRANGE: [&str; 5] = ["inserted", "track-lost", "controller-reset", "unaccounted", "released-without-permit"];

fn said(lane: &Lane<'_>, from: u64, until: u64) -> bool {
    const LATER_MS: i64 = 10_000;
    let clock = &lane.truth.clock;
    let (from, until) = (clock.wall_ms(from) - 1_000, clock.wall_ms(until) + LATER_MS);
    let then = |at: i64| !clock.trusted || (from..=until).contains(&at);
    let of_passes = lane.passes.iter().flat_map(|pass| &pass.alarms);
    let mut alarms = lane.alarms.iter().chain(of_passes).filter(|alarm| STRANGE.contains(&alarm.what.code.as_str()));
    // Contested by its neighbour's reading, it is in exam with a reason of its own.
    let contested = |pass: &Pass<'_>| {
        let association =
            |decision: &super::record::Decision| decision.inputs.association == super::record::Association::Contested;
        pass.decisions.iter().any(|decision| then(decision.at) && association(decision.what))
    };
    lane.ends.iter().any(|end| then(end.at)) || alarms.any(|alarm| then(alarm.at)) || lane.passes.iter().any(contested)
}

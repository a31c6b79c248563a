//! Promises 3, 5, 6 and 8, read off the decisions themselves: what was in doubt, blind, held or another parcel's.
//!
//! A release is checked whatever became of the parcel: a wrong decision is wrong before the gate moves.

use super::findings::{Findings, Promise};
use super::journal::Journal;
use super::passes::{At, Lane, Pass};
use super::record::{Association, Body, Decision, Image, Item, Outcome, Weight};

pub fn check(lane: &Lane<'_>, journal: &Journal, findings: &mut Findings) {
    for pass in &lane.passes {
        for decision in &pass.decisions {
            let place = format!("{} record {}", pass.key, decision.seq);
            escalation(decision, journal, &place, findings);
            if decision.what.verdict.outcome == Outcome::Release {
                certain(decision.what, &place, findings);
                owned(lane, pass, decision.what, &place, findings);
            }
        }
        if is_wrong(pass) {
            let read = pass.effective().and_then(|decision| decision.what.inputs.read()).unwrap_or("?");
            let theirs: Vec<&str> = pass.parcels.iter().map(|parcel| parcel.item.as_str()).collect();
            let says = format!("it is taken for {read}; it is {}", theirs.join(", "));
            findings.add(Promise::Ownership, &pass.key, says);
        }
    }
}

/// The item id in effect is no parcel's of this pass, and nobody doubted it.
pub fn is_wrong(pass: &Pass<'_>) -> bool {
    let Some(decision) = pass.effective().filter(|_| !pass.parcels.is_empty()) else { return false };
    let inputs = &decision.what.inputs;
    // An id that was there twice is doubted on both.
    let twice = matches!(inputs.item, Item::Read { duplicate: true, .. });
    let read = inputs.read().filter(|_| inputs.association != Association::Contested && !twice);
    read.is_some_and(|read| pass.parcels.iter().all(|parcel| parcel.item != read))
}

/// The verdict is at least what its strongest reason asks for; less only by a person's record.
fn escalation(decision: &At<'_, Decision>, journal: &Journal, place: &str, findings: &mut Findings) {
    let verdict = &decision.what.verdict;
    let asked = verdict.reasons.iter().map(|reason| reason.outcome).max().unwrap_or(Outcome::Release);
    let Some(cleared) = verdict.cleared_by else {
        if verdict.outcome < asked {
            let says = format!("its reasons ask for {asked:?}, the verdict is {:?}", verdict.outcome);
            findings.add(Promise::Escalation, place, says);
        }
        return;
    };
    if asked == Outcome::StopInPlace || !decision.what.inputs.holds.is_empty() {
        findings.add(Promise::Escalation, place, "what must stop, or is held, was cleared on the screen");
    }
    if decision.what.inputs.clearance.as_ref().map(|clearance| clearance.disposition_seq) != Some(cleared) {
        findings.add(Promise::Escalation, place, "it is cleared by another record than its inputs name");
    }
    let by = journal.record(cleared).filter(|record| record.seq < decision.seq).map(|record| &record.body);
    let person = match by {
        Some(Body::Disposition(by)) => by.pass.as_ref() == Some(&decision.what.pass) && by.officer.is_some(),
        _ => false,
    };
    if !person {
        let says =
            format!("record {cleared}, which is to have cleared it, is no officer's disposition of it before it");
        findings.add(Promise::Escalation, place, says);
    }
}

/// Whatever is not certain is exam.
fn certain(decision: &Decision, place: &str, findings: &mut Findings) {
    let inputs = &decision.inputs;
    let mut wrong = |promise, says: &str| findings.add(promise, place, format!("released {says}"));
    match &inputs.image {
        Image::Assessed => {}
        Image::NotYet => wrong(Promise::Blind, "without an image"),
        Image::Blind { cause } => wrong(Promise::Blind, &format!("blind ({cause})")),
    }
    match &inputs.item {
        Item::Read { duplicate: false, .. } => {}
        Item::Read { duplicate: true, .. } => wrong(Promise::Doubt, "though its id was there twice"),
        Item::NotYet | Item::NoRead => wrong(Promise::Doubt, "without an item id"),
    }
    if inputs.association != Association::Owned {
        wrong(Promise::Ownership, "though its readings may be another parcel's");
    }
    if inputs.weight == Weight::Unknown {
        wrong(Promise::Doubt, "without a certain weight");
    }
    if !inputs.holds.is_empty() {
        wrong(Promise::Hold, &format!("though {} holds it", inputs.holds[0].id));
    }
    if inputs.lane.restart {
        wrong(Promise::Doubt, "though the station restarted while it was on the belt");
    }
    if !inputs.overflow.is_empty() {
        wrong(Promise::Doubt, "though something ran full");
    }
    for (name, list) in [("holds", &inputs.lists.holds), ("declarations", &inputs.lists.declarations)] {
        if list.state != "fresh" {
            wrong(Promise::Doubt, &format!("with a list of {name} that is {}", list.state));
        }
    }
}

/// What a release rests on was taken from this very parcel.
fn owned(lane: &Lane<'_>, pass: &Pass<'_>, decision: &Decision, place: &str, findings: &mut Findings) {
    if pass.parcels.len() > 1 {
        let says = format!("{} parcels crossed as one, and are released as one", pass.parcels.len());
        return findings.add(Promise::Ownership, place, says);
    }
    let Some(parcel) = pass.only() else { return };
    if let Weight::Known { grams } = decision.inputs.weight {
        let range = parcel.weighed_g.iter().min().zip(parcel.weighed_g.iter().max());
        if !range.is_some_and(|(least, most)| (least - 1..=most + 1).contains(&grams)) {
            let says = format!("{grams} g was never weighed with parcel {} alone on the scale", parcel.id);
            findings.add(Promise::Ownership, place, says);
        }
    }
    if lane.truth.images.is_empty() {
        return;
    }
    let shown = decision.image.as_ref().and_then(|image| lane.truth.images.get(image));
    if shown.map(Vec::as_slice) != Some(&[parcel.id]) {
        let who = shown.map_or("nothing that is known".to_owned(), |shown| format!("{shown:?}"));
        findings.add(Promise::Ownership, place, format!("its image shows {who}, it is parcel {}", parcel.id));
    }
}

//! Promises 2 and 4, holds and revocation: nothing leaves by release but on a durable release that was in effect.
//!
//! *Misrouted*: left by release while the decision in effect at the gate was another and no *revoked-too-late* alarm
//! names the pass; or left by exam while the last decision is release and no alarm names the pass.

use super::findings::{Findings, Promise};
use super::passes::{At, Lane, Pass};
use super::record::{Decision, Outcome};
use super::truth::{Chute, Clock, LaneEvent, Parcel};
use std::collections::BTreeMap;

/// A revocation recorded this long before the gate must stop the parcel: a slow cable, the swing of the gate and the
/// way on which it is already commanded. Milliseconds of the lane's own time.
const REVOKE_MS: u64 = 1_500;
/// A belt that is stopped in place coasts; what had already reached the exit may still leave. Milliseconds.
const COAST_MS: u64 = 1_500;
/// A gate under which the belts stand may stay open so long at least, microseconds: a lane's longest stop.
const STOOD_US: u64 = 8_000_000;

pub fn check(lane: &Lane<'_>, durable_ms: &BTreeMap<u64, i64>, findings: &mut Findings) {
    for pass in lane.passes.iter().filter(|pass| !pass.parcels.is_empty()) {
        for parcel in &pass.parcels {
            if parcel.released() {
                released(pass, parcel, &lane.truth.clock, durable_ms, findings);
            }
            hold(pass, parcel, findings);
            if let Some(at) = parcel.moved_under_us.filter(|&at| !pass.disturbed && !has_stood(lane, at)) {
                let says = format!("the gate moved under parcel {} at {} ms", parcel.id, at / 1_000);
                findings.add(Promise::Routing, &pass.key, says);
            }
        }
        if is_misrouted(pass, &lane.truth.clock) {
            let chute = if pass.released() { "release" } else { "exam" };
            let says = format!("it left by {chute}, which was not its decision, and no alarm names it");
            findings.add(Promise::Routing, &pass.key, says);
        }
        in_place(pass, lane, findings);
    }
    motion(lane, findings);
}

/// Whether the belts had stood then for so long that an open gate had to close, whatever lay under it.
fn has_stood(lane: &Lane<'_>, at: u64) -> bool {
    let before = lane.truth.events.iter().take_while(|&&(when, _)| when <= at);
    let last = before.filter(|(_, event)| matches!(event, LaneEvent::BeltsRun | LaneEvent::BeltsStop)).last();
    last.is_some_and(|&(since, event)| event == LaneEvent::BeltsStop && at - since >= STOOD_US)
}

pub fn is_misrouted(pass: &Pass<'_>, clock: &Clock) -> bool {
    if !pass.released() {
        let outcome = pass.effective().map(|decision| decision.what.verdict.outcome);
        let exam = pass.parcels.iter().any(|parcel| parcel.left.is_some());
        return exam && outcome == Some(Outcome::Release) && pass.alarms.is_empty();
    }
    // What was decided after the gate stood open for it could change nothing; an alarm must say so, see `revoked`.
    let gate_us = pass.parcels.iter().filter_map(|parcel| parcel.diverted_us()).min().unwrap_or(u64::MAX);
    let in_effect = |decision: &&At<'_, Decision>| !clock.trusted || decision.at <= clock.wall_ms(gate_us);
    let decision = pass.decisions.iter().rev().find(in_effect);
    decision.map(|decision| decision.what.verdict.outcome) != Some(Outcome::Release)
        && pass.alarm("revoked-too-late").is_none()
}

/// A parcel left by release: which decision let it, and was that on disk?
fn released(pass: &Pass<'_>, parcel: &Parcel, clock: &Clock, durable_ms: &BTreeMap<u64, i64>, findings: &mut Findings) {
    let Some(diverted) = parcel.diverted_us() else { return };
    let is_release = |decision: &&At<'_, Decision>| decision.what.verdict.outcome == Outcome::Release;
    let Some(first) = pass.decisions.iter().find(is_release) else {
        let says = format!("parcel {} left by release, no durable decision says so", parcel.id);
        return findings.add(Promise::RecordBeforeAct, &pass.key, says);
    };
    if clock.trusted {
        let gate_ms = clock.wall_ms(diverted);
        let place = format!("{} record {}", pass.key, first.seq);
        // `at` is the station's last pulse before the record was made: never later than it really was.
        if first.at > gate_ms {
            let says = format!("it was decided {} ms after the gate stood open for it", first.at - gate_ms);
            findings.add(Promise::RecordBeforeAct, &place, says);
        } else if let Some(durable) = durable_ms.get(&first.seq).filter(|&&durable| durable > gate_ms) {
            let says = format!("it was durable {} ms after the gate stood open for it", durable - gate_ms);
            findings.add(Promise::RecordBeforeAct, &place, says);
        }
    }
    revoked(pass, parcel, clock, diverted, findings);
}

/// A decision against release that was recorded in good time must have stopped it.
fn revoked(pass: &Pass<'_>, parcel: &Parcel, clock: &Clock, diverted: u64, findings: &mut Findings) {
    let Some(last) = pass.effective().filter(|last| last.what.verdict.outcome != Outcome::Release) else { return };
    let place = format!("{} record {}", pass.key, last.seq);
    let in_time = clock.wall_ms(diverted.saturating_sub(REVOKE_MS * 1_000));
    if clock.trusted && last.at < in_time {
        let says = format!("it revoked the release {} ms before the point of no return", in_time - last.at);
        findings.add(Promise::Revocation, &place, says);
    }
    // A station that was away when the gate opened cannot know by which chute it went: it must miss the parcel.
    let missed = pass.disturbed && pass.alarm("unaccounted").is_some();
    match pass.alarm("revoked-too-late") {
        None if missed && last.at > clock.wall_ms(diverted) => {}
        None => findings.add(Promise::Revocation, &place, "it came too late and no alarm says so"),
        Some(alarm) => {
            let says = &alarm.what.says;
            if !(says.contains(&pass.key.to_string()) || says.contains(&parcel.item)) || !says.contains("release") {
                let says = format!("the alarm does not name parcel and chute: \"{says}\"");
                findings.add(Promise::Revocation, format!("{} record {}", pass.key, alarm.seq), says);
            }
        }
    }
}

/// A listed hold with a readable label does not leave by release, unless an alarm says that it came too late.
fn hold(pass: &Pass<'_>, parcel: &Parcel, findings: &mut Findings) {
    if is_hold_present(parcel) && parcel.released() && pass.alarm("revoked-too-late").is_none() {
        let says = format!("parcel {} ({}) is on the hold list and left by release", parcel.id, parcel.item);
        findings.add(Promise::Hold, &pass.key, says);
    }
}

/// Whether a hold of this parcel was there while it could still be stopped.
pub fn is_hold_present(parcel: &Parcel) -> bool {
    let gone = parcel.gone_us().unwrap_or(u64::MAX);
    parcel.readable && parcel.held_since_us.is_some_and(|since| since < gone)
}

/// Stop in place outranks exam: the parcel stays where it is until the reset at the lane.
fn in_place(pass: &Pass<'_>, lane: &Lane<'_>, findings: &mut Findings) {
    let stop = |decision: &&At<'_, Decision>| decision.what.verdict.outcome == Outcome::StopInPlace;
    let Some(decision) = pass.decisions.iter().find(stop) else { return };
    let place = format!("{} record {}", pass.key, decision.seq);
    if pass.alarm("stopped-in-place").is_none() {
        findings.add(Promise::StopInPlace, &place, "no alarm says that it must stay where it is");
    }
    let clock = &lane.truth.clock;
    let pace = u64::from(clock.pace.max(1));
    for parcel in &pass.parcels {
        let Some((left, chute)) = parcel.left else { continue };
        let said_us = u64::try_from(decision.at - clock.wall_at_zero_ms).unwrap_or(0) * 1_000 * pace;
        let late = clock.trusted && left > said_us + COAST_MS * 1_000 * pace;
        let reset = |&(at, event): &(u64, LaneEvent)| event == LaneEvent::Reset && (said_us..=left).contains(&at);
        if chute == Chute::Release && late {
            findings.add(Promise::StopInPlace, &place, format!("parcel {} left by release all the same", parcel.id));
        } else if late && !lane.truth.events.iter().any(reset) {
            findings.add(Promise::StopInPlace, &place, format!("parcel {} moved on without a reset", parcel.id));
        }
    }
}

/// Belts that were stopped run again only after the reset at the lane was pressed.
fn motion(lane: &Lane<'_>, findings: &mut Findings) {
    let mut reset = false;
    let mut runs = false;
    for &(at, event) in &lane.truth.events {
        match event {
            LaneEvent::Reset => reset = true,
            LaneEvent::BeltsStop | LaneEvent::ControllerBoot => (runs, reset) = (false, false),
            LaneEvent::BeltsRun if !runs && !reset => {
                let says = format!("the belts began to run at {} ms and nobody had pressed reset", at / 1_000);
                findings.add(Promise::Motion, &lane.truth.lane, says);
                runs = true;
            }
            LaneEvent::BeltsRun => runs = true,
            LaneEvent::CableCut | LaneEvent::CableMended | LaneEvent::GateRelease | LaneEvent::GateExam => {}
        }
    }
}

//! Promise 11 at the pins: a controller that hears nobody takes the belts' permit off and turns the gate to exam in time.
//!
//! A *silence* is a death of the station or a cut of the cable that outlasts the controller's own limit. What the
//! station or the controller say of it is not read: only the two pins, as the lane saw them. Whether they were *right* to
//! be on before is for other checks.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use super::findings::{Findings, Promise};
use super::passes::Lane;
use super::truth::{LaneEvent, Truth};

/// Beyond the limit: a pulse of the station that was on its way, and a machine that lets an emulator wait.
/// Microseconds of the wall clock.
const MARGIN_US: u64 = 100_000;

/// The silences of a run, and how long a pin outlived the last word at most, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeadMan {
    pub silences: u64,
    /// Of them: the belts ran when they began.
    pub running: u64,
    pub belts_us_max: u64,
    /// Of them: the gate stood at release.
    pub open: u64,
    pub gate_us_max: u64,
}

impl AddAssign for DeadMan {
    fn add_assign(&mut self, other: Self) {
        self.silences += other.silences;
        self.running += other.running;
        self.belts_us_max = self.belts_us_max.max(other.belts_us_max);
        self.open += other.open;
        self.gate_us_max = self.gate_us_max.max(other.gate_us_max);
    }
}

impl fmt::Display for DeadMan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { silences, running, belts_us_max, open, gate_us_max } = *self;
        let (belts_ms, gate_ms) = (belts_us_max / 1_000, gate_us_max / 1_000);
        write!(
            f,
            "station silent or cable cut {silences} times, long enough for the controller's limit: belts ran {running} "
        )?;
        write!(f, "times, off after {belts_ms} ms at most; gate open {open} times, at exam after {gate_ms} ms at most")
    }
}

/// One of the two pins.
#[derive(Clone, Copy)]
struct Pin {
    name: &'static str,
    on: LaneEvent,
    off: LaneEvent,
}

const BELTS: Pin = Pin { name: "belts' permit", on: LaneEvent::BeltsRun, off: LaneEvent::BeltsStop };
const GATE: Pin = Pin { name: "gate", on: LaneEvent::GateRelease, off: LaneEvent::GateExam };

pub fn check(lane: &Lane<'_>, findings: &mut Findings) -> DeadMan {
    let truth = lane.truth;
    let mut figures = DeadMan::default();
    let Some(limit) = truth.silence_us_max.map(|limit| limit + MARGIN_US * u64::from(truth.clock.pace.max(1))) else {
        return figures;
    };
    for (from, until) in silences(truth).into_iter().filter(|(from, until)| until.saturating_sub(*from) > limit) {
        figures.silences += 1;
        for (pin, count, longest) in [
            (BELTS, &mut figures.running, &mut figures.belts_us_max),
            (GATE, &mut figures.open, &mut figures.gate_us_max),
        ] {
            let Some(last) = last_on(&truth.events, pin, from, until) else { continue };
            *count += 1;
            *longest = (*longest).max(last - from);
            if last > from + limit {
                let (name, ms, allowed) = (pin.name, (last - from) / 1_000, limit / 1_000);
                let says =
                    format!("the {name} was on {ms} ms into the silence at {} ms; it may {allowed}", from / 1_000);
                findings.add(Promise::DeadMan, &truth.lane, says);
            }
        }
    }
    figures
}

/// A cable that is dead one way only: the station hears nothing, and is heard.
const HEARD: &str = "cable:stuck";

/// When nobody spoke to the controller, in order; overlapping ones are one.
fn silences(truth: &Truth) -> Vec<(u64, u64)> {
    let heard = |&(from, until): &(u64, u64)| {
        truth.windows.iter().any(|window| window.fault == HEARD && from < window.until_us && window.from_us < until)
    };
    let cuts = truth.cuts().into_iter().filter(|cut| !heard(cut));
    let mut all: Vec<(u64, u64)> = truth.down.iter().copied().chain(cuts).collect();
    all.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, until) in all {
        match joined.last_mut().filter(|(_, end)| from <= *end) {
            Some((_, end)) => *end = (*end).max(until),
            None => joined.push((from, until)),
        }
    }
    joined
}

/// The last moment of a silence in which the pin was on; nothing when it never was.
fn last_on(events: &[(u64, LaneEvent)], pin: Pin, from: u64, until: u64) -> Option<u64> {
    let (mut on, mut last) = (false, None);
    for &(at, event) in events.iter().take_while(|&&(at, _)| at < until) {
        if on && at > from {
            last = Some(at);
        }
        on = event == pin.on || (on && event != pin.off);
    }
    if on { Some(until) } else { last }
}

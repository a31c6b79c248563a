//! The document of `--report FILE` (DESIGN §5), counted from the same passes that the checks saw.
//!
//! Field names and their order are a contract. *Released*, *exam*, *removed* and *unaccounted* are recorded ends,
//! *stopped* are passes that were ever to be stopped in place (they have an end as well), *targets* and *clean* are
//! parcels that crossed the entry eye, *caught* are those that did not leave by release.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use super::dead_man::DeadMan;
use super::doubts::is_wrong;
use super::faults::Faults;
use super::passes::{Lane, Pass};
use super::record::{Association, Decision, End, Image, Outcome};
use super::routing::{is_hold_present, is_misrouted};
use super::truth::{Clock, Parcel};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub totals: Figures,
    pub lanes: Vec<LaneReport>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LaneReport {
    pub station: String,
    pub lane: String,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub parcels: Parcels,
    pub association: AssociationFigures,
    pub truth: TruthFigures,
    pub holds: Holds,
    pub latency_ms: Latency,
    pub uplink: Uplink,
    pub conservation: Conservation,
    /// By the fault's name; empty when there were none.
    pub faults: Faults,
    /// What a silent station left on at the pins.
    pub dead_man: DeadMan,
}

macro_rules! counts {
    ($(#[$doc:meta])* $name:ident { $($field:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct $name { $(pub $field: u64),+ }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)+
            }
        }
    };
}

counts!(
    /// Passes.
    Parcels { entered, decided, released, exam, stopped, removed, unaccounted, undecided, misrouted }
);
counts!(
    /// Decided passes by whose item id their decision in effect holds.
    AssociationFigures { correct, contested, wrong, no_read }
);
counts!(
    /// Parcels.
    TruthFigures { targets, caught, missed, clean, false_alarms, clean_eligible, clean_released }
);
counts!(
    /// Parcels that were on the hold list with a readable label; those of them that did not leave by release.
    Holds { present, stopped }
);
counts!(
    /// Records.
    Uplink { recorded, published, acked_by_central, duplicates_in_effect, gaps }
);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conservation {
    pub ok: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    pub image_to_decision: Percentiles,
    pub decision_to_durable: Percentiles,
}

/// Nothing where nobody measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    pub p50: Option<i64>,
    pub p99: Option<i64>,
}

/// What is counted while the passes are looked at, before percentiles are taken.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    parcels: Parcels,
    association: AssociationFigures,
    truth: TruthFigures,
    holds: Holds,
    uplink: Uplink,
    image_to_decision: Vec<i64>,
    decision_to_durable: Vec<i64>,
    broken: bool,
    faults: Faults,
    dead_man: DeadMan,
}

impl Tally {
    pub fn of(
        lane: &Lane<'_>,
        durable_ms: &BTreeMap<u64, i64>,
        uplink: Uplink,
        broken: bool,
        faults: Faults,
        dead_man: DeadMan,
    ) -> Self {
        let mut tally = Self { uplink, broken, faults, dead_man, ..Self::default() };
        let clock = &lane.truth.clock;
        let stops = threatened(lane);
        for pass in lane.passes.iter().filter(|pass| !pass.parcels.is_empty()) {
            tally.pass(pass, clock);
            for parcel in &pass.parcels {
                tally.parcel(pass, parcel, stops.iter().any(|&at| was_on_belts(parcel, at, clock)));
            }
            tally.latencies(pass, clock, durable_ms);
        }
        // A crossing whose epoch nobody was told cannot be in any journal.
        let nameless = lane.truth.crossings.iter().filter(|crossing| crossing.epoch.is_none()).count() as u64;
        tally.parcels.entered += nameless;
        tally.parcels.undecided = tally.parcels.entered - tally.parcels.decided;
        tally
    }

    pub fn add(&mut self, other: &Tally) {
        self.parcels += other.parcels;
        self.association += other.association;
        self.truth += other.truth;
        self.holds += other.holds;
        self.uplink += other.uplink;
        self.image_to_decision.extend(&other.image_to_decision);
        self.decision_to_durable.extend(&other.decision_to_durable);
        self.broken |= other.broken;
        self.faults += &other.faults;
        self.dead_man += other.dead_man;
    }

    /// The station's own figures in place of its lanes' sum: records that belong to no lane count here.
    pub fn set_uplink(&mut self, uplink: Uplink) {
        self.uplink = uplink;
    }

    pub fn figures(&self) -> Figures {
        Figures {
            parcels: self.parcels,
            association: self.association,
            truth: self.truth,
            holds: self.holds,
            latency_ms: Latency {
                image_to_decision: percentiles(&self.image_to_decision),
                decision_to_durable: percentiles(&self.decision_to_durable),
            },
            uplink: self.uplink,
            conservation: Conservation { ok: !self.broken && self.parcels.undecided == 0 },
            faults: self.faults.clone(),
            dead_man: self.dead_man,
        }
    }

    fn pass(&mut self, pass: &Pass<'_>, clock: &Clock) {
        let count = &mut self.parcels;
        count.entered += 1;
        count.misrouted += u64::from(is_misrouted(pass, clock));
        match pass.end() {
            Some(End::Release) => count.released += 1,
            Some(End::Exam) => count.exam += 1,
            Some(End::Removed) => count.removed += 1,
            Some(End::Unaccounted) => count.unaccounted += 1,
            None => {}
        }
        let stop = |outcome| outcome == Outcome::StopInPlace;
        count.stopped += u64::from(pass.decisions.iter().any(|decision| stop(decision.what.verdict.outcome)));
        let Some(decision) = pass.effective() else { return };
        count.decided += 1;
        let inputs = &decision.what.inputs;
        let of = &mut self.association;
        match inputs.read() {
            _ if inputs.association == Association::Contested => of.contested += 1,
            Some(_) if is_wrong(pass) => of.wrong += 1,
            Some(_) => of.correct += 1,
            None => of.no_read += 1,
        }
    }

    fn parcel(&mut self, pass: &Pass<'_>, parcel: &Parcel, threatened: bool) {
        if is_hold_present(parcel) {
            self.holds.present += 1;
            self.holds.stopped += u64::from(!parcel.released());
        }
        let count = &mut self.truth;
        if parcel.target.is_some() {
            count.targets += 1;
            count.caught += u64::from(!parcel.released());
            count.missed += u64::from(parcel.released());
            return;
        }
        count.clean += 1;
        count.false_alarms += u64::from(pass.effective().is_some_and(|decision| is_accused(decision.what)));
        if is_eligible(pass, parcel) && !threatened {
            count.clean_eligible += 1;
            count.clean_released += u64::from(parcel.released());
        }
    }

    fn latencies(&mut self, pass: &Pass<'_>, clock: &Clock, durable_ms: &BTreeMap<u64, i64>) {
        let Some(first) = pass.decisions.first() else { return };
        self.decision_to_durable.extend(durable_ms.get(&first.seq).map(|durable| durable - first.at));
        let imaged = pass.only().and_then(|parcel| parcel.imaged_us).map(|at| clock.wall_ms(at));
        // A decision that did not wait for its image says nothing about how long images take.
        let seen = first.what.inputs.image == Image::Assessed && clock.trusted;
        self.image_to_decision.extend(imaged.filter(|_| seen).map(|imaged| (first.at - imaged).max(0)));
    }
}

/// When the lane was stopped in place for a parcel that truly held a target, milliseconds since 1970: who lay on the belts
/// beside it was kept rightly. A stop for a clean parcel is the station's own fault, and excuses nothing.
fn threatened(lane: &Lane<'_>) -> Vec<i64> {
    let true_alarms = lane.passes.iter().filter(|pass| pass.parcels.iter().any(|parcel| parcel.target.is_some()));
    let decisions = true_alarms.flat_map(|pass| &pass.decisions);
    decisions.filter(|decision| decision.what.verdict.outcome == Outcome::StopInPlace).map(|stop| stop.at).collect()
}

fn was_on_belts(parcel: &Parcel, at_ms: i64, clock: &Clock) -> bool {
    let ms = |us| clock.wall_ms(us);
    parcel.entered_us.is_some_and(|us| ms(us) <= at_ms) && parcel.gone_us().is_none_or(|us| at_ms <= ms(us))
}

/// A clean parcel that should be released: no target, no hold, readable, declared, not sampled, untouched by a fault.
pub fn is_eligible(pass: &Pass<'_>, parcel: &Parcel) -> bool {
    is_plain(pass, parcel) && parcel.touched.is_empty() && pass.parcels.len() == 1
}

/// Nothing about the parcel itself speaks against it, and chance did not pick it.
pub fn is_plain(pass: &Pass<'_>, parcel: &Parcel) -> bool {
    let sampled = pass.decisions.iter().any(|decision| decision.what.inputs.sampled());
    let clean = parcel.target.is_none() && parcel.held_since_us.is_none();
    clean && parcel.readable && parcel.declared && !sampled
}

/// Sent to exam because of something the model reported.
fn is_accused(decision: &Decision) -> bool {
    let seen = |reason: &super::record::Reason| reason.evidence.iter().any(|evidence| evidence.detection.is_some());
    decision.verdict.outcome > Outcome::Release
        && decision.verdict.reasons.iter().any(|reason| reason.outcome > Outcome::Release && seen(reason))
}

/// The smallest value that at least 50 (99) in 100 do not exceed.
fn percentiles(values: &[i64]) -> Percentiles {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Percentiles { p50: at(50), p99: at(99) }
}

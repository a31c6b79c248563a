//! The bench that does not exist: one item at a time under a scanner, on a scale, in an X-ray cabinet, and an officer.
//!
//! Apart from the belt lane because nothing moves but hands: an officer lays an item down, the devices see it one after
//! another, the officer looks at the lamp and does as it says. The station counts here, so the log names no pass. A bench
//! knows a decision only as what its lamp shows ([`VirtualBench::show`]).

mod devices;
mod officer;

use std::collections::BTreeSet;

use super::truth::{Happened, Truth};
use crate::ailments::{AilingWindow, Ailment, Cell, Device};
use crate::device::Emission;
use crate::faults::{Fault, FaultSchedule};
use crate::parcel::{Generator, ParcelTruth, Plan};
use crate::xray::random::{Random, mix};
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::Micros;

/// Longest step of the inside.
const STEP_US: u64 = 10_000;
/// From lifting one to laying the next.
const PAUSE: Micros = Micros(1_000_000);
/// An officer who is not called for the next item waits so long for it, and then lays it down all the same.
const CALLED_WITHIN: Micros = Micros(4_000_000);

/// What the station shows the officer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lamp {
    #[default]
    Dark,
    Release,
    Exam,
    /// Do not touch it.
    Stop,
}

/// What can ail a bench's device.
const SCALE_OFF: Cell = Cell { device: Device::Scale, ailment: Ailment::Off };

/// What the page shows of the bench. A page that shows nothing at all is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The bench is empty, and the next item may be laid down.
    pub calls: bool,
    pub lamp: Lamp,
    /// The pass that the lamp stands beside, and its item id as it is written there; nothing where none is shown.
    pub pass: Option<String>,
    pub item: Option<String>,
}

/// What lies on the bench.
#[derive(Clone, Debug)]
struct Lying {
    parcel: ParcelTruth,
    laid: Micros,
    /// What the scale says of it alone.
    grams: i64,
    marks: Vec<Fault>,
    scanned: bool,
    weighed: bool,
    pictured: bool,
}

pub struct VirtualBench {
    map: LaneMap,
    plan: Plan,
    faults: FaultSchedule,
    random: Random,
    generator: Generator,
    now: Micros,
    /// Durations of hands and devices are divided by it.
    pace: f64,
    feeding: bool,
    parcels: Vec<ParcelTruth>,
    /// First laid first; more than one only by a fault.
    lying: Vec<Lying>,
    next_at: Micros,
    /// The page calls for the next item.
    called: bool,
    /// As far as it is of what lies here.
    lamp: (Lamp, Micros),
    /// The pass that was shown last, and the one that was when this item was laid down: that one is not its own.
    pass_seen: Option<String>,
    pass_before: Option<String>,
    /// How long the officer takes to act on the lamp this time.
    reaction: Micros,
    /// Counts items that a fault could pick; it picks every second one.
    picks: u32,
    /// The plate was touched last, and the scale spoke last.
    disturbed: Micros,
    scale_said: Micros,
    scale_sent: Micros,
    images: u32,
    out: Vec<Emission>,
    truth: Vec<Truth>,
    touched: BTreeSet<(u32, Fault)>,
    ailing: Vec<AilingWindow>,
    ailed: BTreeSet<u32>,
}

impl VirtualBench {
    pub fn new(map: LaneMap, seed: u64, plan: Plan, faults: FaultSchedule) -> Self {
        Self {
            random: Random::new(mix(seed)),
            generator: Generator::new(&map, seed),
            now: Micros::ZERO,
            pace: 1.0,
            feeding: true,
            parcels: Vec::new(),
            lying: Vec::new(),
            next_at: PAUSE,
            called: false,
            lamp: (Lamp::Dark, Micros::ZERO),
            pass_seen: None,
            pass_before: None,
            reaction: PAUSE,
            picks: 0,
            disturbed: Micros::ZERO,
            scale_said: Micros::ZERO,
            scale_sent: Micros::ZERO,
            images: 0,
            out: Vec::new(),
            truth: Vec::new(),
            touched: BTreeSet::new(),
            ailing: Vec::new(),
            ailed: BTreeSet::new(),
            map,
            plan,
            faults,
        }
    }

    /// Hands and devices so many times as fast; latencies are the lane file's.
    #[must_use]
    pub fn at_pace(self, pace: f64) -> Self {
        Self { pace, ..self }
    }

    /// Lets the scale's cable be loose in these windows: then it says nothing. A bench has nothing else that ails.
    ///
    /// # Errors
    /// A sentence, when something else is to ail.
    pub fn ail(&mut self, windows: Vec<AilingWindow>) -> Result<(), String> {
        let other = windows.iter().find(|window| window.cell != SCALE_OFF);
        if let Some(window) = other {
            return Err(format!("{} does not happen at this bench, only {SCALE_OFF}", window.cell));
        }
        self.ailing = windows;
        Ok(())
    }
    pub fn ailing(&self) -> &[AilingWindow] {
        &self.ailing
    }

    /// The world's clock.
    pub const fn now(&self) -> Micros {
        self.now
    }
    pub const fn map(&self) -> &LaneMap {
        &self.map
    }
    pub fn truth(&self) -> &[Truth] {
        &self.truth
    }
    /// Every item that was ever laid down.
    pub fn parcels(&self) -> &[ParcelTruth] {
        &self.parcels
    }
    pub const fn faults(&self) -> &FaultSchedule {
        &self.faults
    }
    /// Whether the officer has more to lay down.
    pub fn feed(&mut self, on: bool) {
        self.feeding = on;
    }
    /// Every planned item was on the bench and is gone.
    pub fn finished(&self) -> bool {
        self.planned_are_laid() && self.lying.is_empty()
    }
    /// Items on the bench, first laid first.
    pub fn lying(&self) -> Vec<u32> {
        self.lying.iter().map(|lying| lying.parcel.id).collect()
    }

    /// What the officer sees from now on. A lamp beside another item than the one in front of him is none to him.
    pub fn show(&mut self, seen: &Seen) {
        self.called = seen.calls;
        if seen.pass.is_some() {
            self.pass_seen.clone_from(&seen.pass);
        }
        let lamp = if self.is_of_this_item(seen) { seen.lamp } else { Lamp::Dark };
        if self.lamp.0 != lamp {
            self.lamp = (lamp, self.now);
            self.draw_reaction();
        }
    }

    /// What has reached the station by now, in order.
    pub fn emitted(&mut self) -> Vec<Emission> {
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.out).into_iter().partition(|emission| emission.at <= self.now);
        self.out = later;
        due.sort_by_key(|emission| emission.at);
        due
    }

    pub fn advance(&mut self, us: u64) {
        let until = self.now.0.saturating_add(us);
        while self.now.0 < until {
            self.now = self.now + Micros((until - self.now.0).min(STEP_US));
            self.hands_act();
            self.devices_look();
        }
    }

    fn planned_are_laid(&self) -> bool {
        self.parcels.len() as u64 >= u64::from(self.plan.parcels)
    }

    /// A duration at this bench's pace.
    fn paced(&self, usual: Micros) -> Micros {
        Micros((usual.0 as f64 / self.pace) as u64)
    }

    /// Every second item that a fault could pick.
    fn picked(&mut self, fault: Fault, parcel: u32) -> bool {
        if !self.faults.active(fault, self.now) {
            return false;
        }
        self.picks += 1;
        let picked = self.picks % 2 == 1;
        if picked {
            self.touch(parcel, fault);
        }
        picked
    }

    fn touch(&mut self, parcel: u32, fault: Fault) {
        if self.touched.insert((parcel, fault)) {
            self.tell(Happened::Touched { parcel, fault, direct: true });
        }
    }

    fn tell(&mut self, what: Happened) {
        self.truth.push(Truth { at: self.now, what });
    }
}

#[cfg(test)]
mod tests;

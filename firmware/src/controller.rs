//! The whole controller: puts edges, ticks, inputs and commands together and says what happened.
//!
//! Every entry point ends in [`Controller::settle`], so that no order of calls leaves an output behind what is known.
//! It keeps no rule of its own about the gate ([`crate::guard`]) or about motion ([`crate::lane`]).

use crate::belt::Belt;
use crate::bounded;
use crate::eyes::{Debounce, Flicker, Ticks};
use crate::guard::{GatePosition, Guard};
use crate::kept::Kept;
use crate::lane::{Lamp, Lane, lamp};
use crate::log::Log;
use crate::passes::Passes;
use crate::schedule::{Ended, Schedule};
use crate::zone::Zone;
use core::ops::DerefMut;
use gatepost_hardware::lane::{EYES_MAX, LaneMap, SEGMENTS_MAX, Segment};
use gatepost_hardware::link::{BootCause, Fact, GateState, Happening, Input, LaneState, Motion, Report, VoidCause};
use gatepost_hardware::units::{Micros, Tick};
use heapless::Vec;

mod birth;
mod said;
mod seen;
mod settle;
#[cfg(test)]
mod everything;

pub(crate) use birth::DoesNotFit;

/// How often the controller says that it lives.
pub const BEAT: Micros = Micros(50_000);
/// How often it introduces itself until it is configured.
const HELLO: Micros = Micros(1_000_000);
/// What the pins must show, after every call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The motors may run.
    pub belt_permit: bool,
    /// The gate stands, or swings, to release. Off is exam.
    pub gate_release: bool,
    pub lamp: Lamp,
    /// The start warning, or latched: a supervisor must come.
    pub buzzer: bool,
}

/// `K` holds what outlives a reset: a reference to a board's own memory, or a box.
#[derive(Clone, Debug)]
pub struct Controller<K> {
    kept: K,
    map: LaneMap,
    crc: u32,
    boot: BootCause,
    now: Micros,
    belts: Vec<Belt, SEGMENTS_MAX>,
    eyes: Vec<Debounce, EYES_MAX>,
    /// Where each eye that is blocked began to be so.
    blocked_since: Vec<Tick, EYES_MAX>,
    flicker: Vec<Flicker, EYES_MAX>,
    lane: Lane,
    state: LaneState,
    epoch: Option<u32>,
    /// Since when: what an eye saw before came in an earlier life of this controller.
    configured: Micros,
    heard: Micros,
    passes: Passes,
    zone: Zone,
    schedule: Schedule,
    guard: Option<Guard>,
    /// The segment with the diverter eye.
    diverter: Option<u8>,
    gate_state: GateState,
    stopped: Micros,
    log: Log,
    beat_due: Micros,
    hello_due: Micros,
    inventory_owed: bool,
    /// Number of the next action.
    taken: u32,
    /// Actions that were not the next.
    ignored: u32,
}

impl<K: DerefMut<Target = Kept>> Controller<K> {
    /// What outlives it.
    pub fn into_kept(self) -> K {
        self.kept
    }

    pub(crate) fn kept_mut(&mut self) -> &mut Kept {
        &mut self.kept
    }

    pub const fn map(&self) -> &LaneMap {
        &self.map
    }

    pub const fn state(&self) -> LaneState {
        self.state
    }

    /// Nobody has configured it: it may be given another lane.
    pub const fn is_free(&self) -> bool {
        self.epoch.is_none()
    }

    /// Actions that were not the next, and facts that fell out of memory before they were said.
    pub const fn lost(&self) -> (u32, u32) {
        (self.ignored, self.log.lost)
    }

    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub const fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    pub fn outputs(&self) -> Outputs {
        Outputs {
            belt_permit: self.powered(),
            gate_release: self.guard.as_ref().is_some_and(Guard::release),
            lamp: lamp(self.state),
            buzzer: matches!(self.state, LaneState::Latched(_) | LaneState::Starting),
        }
    }

    /// The next thing to say to the station: answers, then facts in order, then, when every fact was said, what is only
    /// true with them.
    pub fn report(&mut self) -> Option<Report> {
        let said = self.log.pop(&self.kept);
        if said.is_some() {
            return said;
        }
        if core::mem::take(&mut self.inventory_owed) {
            let (passes, complete) = self.passes.inventory();
            return Some(Report::Inventory { passes, complete });
        }
        if self.now < self.beat_due {
            return None;
        }
        self.beat_due = self.now + BEAT;
        let ticks = bounded(self.belts.iter().map(Belt::tick));
        Some(Report::Beat { time: self.now, ticks, next: self.log.next(), taken: self.taken })
    }

    /// The level of an eye, changed or not. Unknown eyes are ignored.
    pub fn raw_edge(&mut self, eye: u8, blocked: bool, now: Micros) {
        self.pass_time(now);
        let index = usize::from(eye);
        let Some(segment) = self.map.eyes.get(index).map(|eye| eye.segment) else {
            return;
        };
        let before = segment.checked_sub(1).and_then(|before| self.tick_of(before));
        let Some(at) = self.tick_of(segment).map(|here| Ticks { here, before }) else {
            return;
        };
        let hold = Micros(u64::from(self.map.timing.debounce_us));
        let edge = self.eyes.get_mut(index).and_then(|eye| eye.level(blocked, at, self.now, hold));
        if let Some(edge) = edge {
            self.edge(index, edge);
            self.settle();
        }
    }

    /// A segment's encoder counted `delta_ticks`, negative backward, since the last call. Ignored where none is wired.
    pub fn encoder(&mut self, segment: u8, delta_ticks: i32, now: Micros) {
        self.pass_time(now);
        let powered = self.powered();
        let Some(belt) = self.belts.get_mut(usize::from(segment)) else {
            return;
        };
        let forward = !belt.backward();
        let motion = belt.count(i64::from(delta_ticks), powered, self.now);
        // Whatever it is said to do, off speed or not: it has turned.
        let turned = forward && belt.backward();
        if let Some(motion) = motion {
            self.belt(segment, motion);
        }
        if turned || motion == Some(Motion::Reversed) {
            self.reversed(segment);
        }
        self.settle();
    }

    /// The level of an input, changed or not.
    pub fn input(&mut self, input: Input, active: bool, now: Micros) {
        self.pass_time(now);
        // Causes first: a reset must not start what a cable loss of this very moment stops.
        self.settle();
        if self.lane.input(input, active, self.now) {
            let time = self.now;
            self.say(Fact::Input { input, active, time }, Happening::Input { input, active });
        }
        self.settle();
    }

    /// The gate's position feedback. Ignored where none is wired.
    pub fn gate_feedback(&mut self, position: GatePosition, now: Micros) {
        self.pass_time(now);
        if let Some(guard) = &mut self.guard {
            guard.feedback(position, self.now);
        }
        self.settle();
    }

    /// Lets time pass. To be called at least every few milliseconds.
    pub fn step(&mut self, now: Micros) {
        self.pass_time(now);
        self.settle();
    }

    /// The pins lost `count` edges: nothing that was measured with them holds.
    pub fn edges_lost(&mut self, count: u32, now: Micros) {
        self.pass_time(now);
        self.trace(Happening::EdgesLost { count });
        self.void_all(VoidCause::EdgesLost);
        if let Some(tick) = self.diverter.and_then(|segment| self.tick_of(segment)) {
            self.zone.forget(tick);
        }
        self.settle();
    }
}

/// Small words.
impl<K: DerefMut<Target = Kept>> Controller<K> {
    fn powered(&self) -> bool {
        self.state == LaneState::Running
    }

    fn long_stop(&self) -> bool {
        let stopped = self.now.saturating_sub(self.stopped);
        !self.powered() && stopped > Micros::from_ms(u64::from(self.map.timing.stop_ms_max))
    }

    fn tick_of(&self, segment: u8) -> Option<Tick> {
        self.belts.get(usize::from(segment)).map(Belt::tick)
    }

    fn diverter_belt(&self) -> Option<(&Segment, &Belt)> {
        let index = usize::from(self.diverter?);
        Some((self.map.segments.get(index)?, self.belts.get(index)?))
    }

    fn permit_fate_maybe(&mut self, ended: Option<Ended>) {
        if let Some(ended) = ended {
            self.permit_fate(ended);
        }
    }

    fn permit_fate(&mut self, ended: Ended) {
        let (Ended { permit, pass, fate }, time) = (ended, self.now);
        self.say(Fact::Permit { permit, pass, fate, time }, Happening::Permit { permit, fate });
    }

    fn say(&mut self, fact: Fact, happening: Happening) {
        self.trace(happening);
        self.log.note(&mut self.kept, &fact);
    }

    fn trace(&mut self, what: Happening) {
        self.log.trace(&mut self.kept, self.now, &what);
    }
}

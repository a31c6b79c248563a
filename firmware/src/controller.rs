//! The whole controller: puts edges, ticks, inputs and commands together and says what happened.
//!
//! Every entry point ends in [`Controller::settle`], so that no order of calls leaves an output behind what is known.
//! It keeps no rule of its own about the gate ([`crate::guard`]) or about motion ([`crate::lane`]).

use crate::belt::Belt;
use crate::eyes::{Debounce, Ticks};
use crate::guard::{Closing, Denial, Figures, GatePosition, Guard, Scene};
use crate::lane::{Lamp, Lane, lamp};
use crate::log::Log;
use crate::passes::Passes;
use crate::schedule::{Ended, Schedule};
use crate::trace::{Happening, Trace};
use crate::zone::Zone;
use gatepost_hardware::lane::{EYES_MAX, EyeRole, LaneMap, SEGMENTS_MAX, Segment};
use gatepost_hardware::link::{
    BootCause, Command, Fact, GateState, Input, LaneState, PermitFate, Report, StopCause, VoidCause,
};
use gatepost_hardware::units::{Micros, Millimetres, Tick};
use heapless::Vec;

mod said;
mod seen;

/// How often the controller says that it lives.
pub const BEAT: Micros = Micros(50_000);
/// How often it introduces itself until it is configured.
const HELLO: Micros = Micros(1_000_000);
/// How far behind a window a permit is still not missed: an edge is known later than it happened.
const MISSED_AFTER: Millimetres = Millimetres(20);

/// What the pins must show, after every call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The motors may run.
    pub belt_permit: bool,
    /// The gate stands, or swings, to release. Off is exam.
    pub gate_release: bool,
    pub lamp: Lamp,
    /// Latched: a supervisor must come.
    pub buzzer: bool,
}

#[derive(Debug)]
pub struct Controller {
    map: LaneMap,
    crc: u32,
    boot: BootCause,
    now: Micros,
    belts: Vec<Belt, SEGMENTS_MAX>,
    eyes: Vec<Debounce, EYES_MAX>,
    /// Where each eye that is blocked began to be so.
    blocked_since: Vec<Tick, EYES_MAX>,
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
    trace: Trace,
}

impl Controller {
    /// A controller that has just booted: gate at exam, belts off, nothing known of what lies on them. The owner of the
    /// pins passes every level once before it lets time pass.
    pub fn new(map: LaneMap, boot: BootCause) -> Self {
        let entry = map.eye(EyeRole::Entry).and_then(|(_, eye)| map.segments.get(usize::from(eye.segment)));
        let slide = Millimetres(map.items.window_mm.0.min(map.items.length_mm_min.0 / 2));
        let mut controller = Self {
            crc: map.crc(),
            boot,
            now: Micros::ZERO,
            belts: map.segments.iter().map(Belt::new).collect(),
            eyes: map.eyes.iter().map(|_| Debounce::default()).collect(),
            blocked_since: map.eyes.iter().map(|_| Tick::ZERO).collect(),
            lane: Lane::default(),
            state: LaneState::Setup,
            epoch: None,
            configured: Micros::ZERO,
            heard: Micros::ZERO,
            passes: Passes::new(entry.map_or(Tick::ZERO, |segment| segment.ticks(slide))),
            zone: Zone::default(),
            schedule: Schedule::default(),
            guard: Figures::of(&map).map(Guard::new),
            diverter: map.eye(EyeRole::Diverter).map(|(_, eye)| eye.segment),
            gate_state: GateState::Exam,
            stopped: Micros::ZERO,
            log: Log::default(),
            beat_due: Micros::ZERO,
            hello_due: HELLO,
            inventory_owed: false,
            trace: Trace::default(),
            map,
        };
        controller.trace.note(Micros::ZERO, Happening::Boot);
        controller.say_hello();
        controller
    }

    pub const fn map(&self) -> &LaneMap {
        &self.map
    }

    pub const fn state(&self) -> LaneState {
        self.state
    }

    pub const fn trace(&self) -> &Trace {
        &self.trace
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
            buzzer: matches!(self.state, LaneState::Latched(_)),
        }
    }

    /// The next thing to say to the station: answers, then facts in order, then, when every fact was said, what is only
    /// true with them.
    pub fn report(&mut self) -> Option<Report> {
        let said = self.log.pop();
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
        let ticks = self.belts.iter().map(Belt::tick).collect();
        Some(Report::Beat { time: self.now, ticks, next: self.log.next() })
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
        let edge = self.eyes[index].level(blocked, at, self.now, Micros(u64::from(self.map.timing.debounce_us)));
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
        if let Some(motion) = belt.count(i64::from(delta_ticks), powered, self.now) {
            self.belt(segment, motion);
        }
        self.settle();
    }

    /// The level of an input, changed or not.
    pub fn input(&mut self, input: Input, active: bool, now: Micros) {
        self.pass_time(now);
        // Causes first: a reset must not start what a cable loss of this very moment stops.
        self.settle();
        if self.lane.input(input, active) {
            let time = self.now;
            self.say(Fact::Input { input, active, time }, Happening::Input { input, active });
        }
        self.settle();
    }

    /// The gate's position feedback. Ignored where none is wired.
    pub fn gate_feedback(&mut self, position: GatePosition, now: Micros) {
        self.pass_time(now);
        if let Some(guard) = &mut self.guard {
            guard.feedback(position);
        }
        self.settle();
    }

    /// Lets time pass. To be called at least every few milliseconds.
    pub fn step(&mut self, now: Micros) {
        self.pass_time(now);
        self.settle();
    }

    /// Something the station said.
    pub fn command(&mut self, command: Command, now: Micros) {
        self.pass_time(now);
        self.settle(); // a silence that was too long is not healed by what ends it
        self.heard = self.now;
        match command {
            Command::Hello { version } => self.hello(version),
            Command::Configure { crc, epoch } => self.configure(crc, epoch),
            Command::Inventory => self.inventory_owed = true,
            Command::Resend { from } => self.log.say_again(from),
            Command::Beat => {}
            Command::TimeSync { host } => self.log.answer(Report::Time { host, time: self.now }),
            Command::Permit(permit) => self.permit(permit),
            Command::Revoke { permit } => self.revoke(permit),
            Command::Stop => {
                self.trace.note(self.now, Happening::StopCommand);
                self.lane.stop();
            }
            Command::StopInPlace { pass } => {
                self.trace.note(self.now, Happening::StopInPlace { pass });
                self.lane.latch(StopCause::StopInPlace);
            }
            Command::Forget { pass } => {
                self.trace.note(self.now, Happening::Forget { pass });
                self.passes.forget(pass);
            }
        }
        self.settle();
    }
}

/// What time and belt bring about.
impl Controller {
    fn pass_time(&mut self, now: Micros) {
        self.now = self.now.max(now);
        let powered = self.powered();
        for index in 0..self.belts.len() {
            if let Some(motion) = self.belts[index].pass_time(powered, self.now) {
                self.belt(index as u8, motion);
            }
        }
        let hold = Micros(u64::from(self.map.timing.debounce_us));
        for index in 0..self.eyes.len() {
            if let Some(edge) = self.eyes[index].settle(self.now, hold) {
                self.edge(index, edge);
            }
        }
    }

    /// Brings everything that depends on something else up to date: causes, permits, gate, state, beat.
    fn settle(&mut self) {
        self.settle_gate();
        let silence = self.now.saturating_sub(self.heard);
        self.lane.heartbeat_lost =
            self.lane.configured && silence > Micros::from_ms(u64::from(self.map.timing.heartbeat_ms_max));
        self.lane.jam = self.jammed(); // a jam ends when its eye is free again
        let state = self.lane.settle();
        if state != self.state {
            if self.state == LaneState::Running {
                self.stopped = self.now;
            }
            self.state = state;
            let time = self.now;
            self.say(Fact::Lane { state, time }, Happening::Lane { state });
        }
        if let Some(cause) = self.void_cause() {
            self.void_all(cause);
        }
        self.settle_permits();
        if self.epoch.is_none() && self.now >= self.hello_due {
            self.say_hello();
        }
    }

    /// What ends every permit there is.
    fn void_cause(&self) -> Option<VoidCause> {
        let causes = [
            (self.lane.latched(), VoidCause::Latched),
            (self.lane.hands_in(), VoidCause::Guard),
            (self.lane.gate_fault, VoidCause::GateFault),
            (self.lane.heartbeat_lost, VoidCause::Heartbeat),
            (self.long_stop(), VoidCause::LongStop),
        ];
        causes.into_iter().find(|(active, _)| *active).map(|(_, cause)| cause)
    }

    fn settle_gate(&mut self) {
        let powered = self.powered();
        let tick = self.diverter.and_then(|segment| self.tick_of(segment)).unwrap_or_default();
        let Some(guard) = &mut self.guard else {
            return;
        };
        let found = guard.state(self.now);
        let ended = guard.step(self.now, tick, powered);
        // A gate that never left exam is a fault too, though the fault's own remedy puts it right again.
        let gate = if found == GateState::Stuck { found } else { guard.state(self.now) };
        if let Some((opening, closing)) = ended {
            let fate = match closing {
                Closing::Passed => PermitFate::Closed,
                Closing::Void(cause) => PermitFate::Void(cause),
            };
            self.permit_fate(Ended { permit: opening.permit, pass: opening.pass, fate });
        }
        self.lane.gate_fault = gate == GateState::Stuck;
        self.say_gate(gate);
    }

    fn say_gate(&mut self, state: GateState) {
        if core::mem::replace(&mut self.gate_state, state) != state {
            let time = self.now;
            self.say(Fact::Gate { state, time }, Happening::Gate { state });
        }
    }

    /// Ends what is overdue, and lets the first parcel in front of the gate claim it.
    fn settle_permits(&mut self) {
        let (Some((segment, belt)), Some(figures)) = (self.diverter_belt(), self.guard.as_ref().map(Guard::figures))
        else {
            return;
        };
        let (tick, slack, backward) = (belt.tick(), segment.ticks(MISSED_AFTER), belt.backward());
        self.zone.drop_before(tick - figures.room - figures.longest);
        if self.schedule.slots().is_empty() {
            return;
        }
        while let Some(ended) = self.schedule.overdue(self.now, tick, slack, figures.room - figures.open_before) {
            self.permit_fate(ended);
        }
        let scene = Scene {
            now: self.now,
            tick,
            epoch: self.epoch.filter(|_| self.lane.configured),
            running: self.state == LaneState::Running,
            heartbeat: !self.lane.heartbeat_lost,
            latched: self.lane.latched(),
            hands_in: self.lane.hands_in(),
            backward,
            long_stop: self.long_stop(),
        };
        while let Some(ended) = self.claim(&scene) {
            self.schedule.remove(ended.permit);
            self.permit_fate(ended);
            if ended.fate == PermitFate::Opened {
                self.say_gate(GateState::Release);
            }
        }
    }

    /// Lets the foremost measured parcel claim the gate. Returns its permit when that is decided.
    fn claim(&mut self, scene: &Scene) -> Option<Ended> {
        let claim = self.schedule.claim(scene.tick, &self.zone)?;
        let fate = match self.guard.as_mut()?.open(&claim, scene) {
            Ok(()) => PermitFate::Opened,
            Err(Denial::NotYet) => return None,
            Err(Denial::TooLate) => PermitFate::Missed,
            Err(Denial::Void(cause)) => PermitFate::Void(cause),
        };
        Some(Ended { permit: claim.permit, pass: claim.pass, fate })
    }

    fn void_all(&mut self, cause: VoidCause) {
        while let Some(ended) = self.schedule.void_one(cause) {
            self.permit_fate(ended);
        }
    }
}

/// Small words.
impl Controller {
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
        self.trace.note(self.now, happening);
        self.log.note(fact);
    }
}

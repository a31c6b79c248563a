//! The smallest lane that still has everything: one belt that moves tick by tick, three places, bodies of one to two ticks.
//!
//! All physics is here and exact: a body lies on the belt where it was laid and goes where the belt goes. The controller
//! is the shipped one, driven through its entry points only.

use super::ghost::{Ghost, Kind};
use crate::{Controller, GatePosition, Kept};
use gatepost_hardware::lane::{EyeRole, LaneMap, file};
use gatepost_hardware::link::{Action, BootCause, Command, Fact, Input, Permit, Report};
use gatepost_hardware::units::{Micros, Millimetres, Tick};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// A tick is 50 mm and takes 50 ms. From the diverter eye to the gate: five ticks.
const LANE: &str = r#"
name = "small"
kind = "conveyor"
items = { length_mm_min = 50, length_mm_max = 100, gap_mm_min = 100, length_tolerance_mm = 20, window_mm = 25 }
timing = { debounce_us = 0, heartbeat_ms_max = 120, permit_ms_max = 20000, stop_ms_max = 300, start_warning_ms = 0, start_ms = 400 }
gate = { at_mm = 550, swing_ms = 20, feedback = true, exit_ms_max = 4000 }
segment = [{ name = "belt", length_mm = 1000, tick_um = 50000, encoder = true, speed_mm_s = 1000 }]
eye = [
    { name = "entry", segment = "belt", at_mm = 200, role = "entry" },
    { name = "diverter", segment = "belt", at_mm = 300, role = "diverter" },
    { name = "release", segment = "belt", at_mm = 700, role = "release-exit" },
    { name = "exam", segment = "belt", at_mm = 700, role = "exam-exit" },
]
"#;
pub const TICK_MM: i32 = 50;
pub const STEP: Micros = Micros(50_000);
/// Ticks from the diverter eye to the gate.
pub const ROOM: i64 = 5;
/// Ticks between bodies that the gate can tell apart.
pub const GAP: i64 = 2;
const EPOCH: u32 = 3;

/// One small thing that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A step of time in which the belt moves as its motor does.
    Step,
    /// A step of time in which the belt stands though its motor may run, and as long as no permit survives.
    Slip,
    Stall,
    /// A step of time in which the belt is pushed back by one tick, and two of them.
    Back,
    Reverse,
    /// A permit for a body, or one that something is wrong with.
    Permit(usize, Kind),
    /// The newest permit, sent again.
    Again,
    /// The newest permit, taken back.
    Revoke,
    Input(Input),
    Cable,
    /// The gate stops following its command, or follows again.
    Gate,
    Stop,
    StopInPlace,
    /// A station with another lane map speaks; one with this lane's does.
    OtherMap,
    OurMap,
    Reset,
}

/// A body, in ticks of the belt: it covers the diverter eye while the belt is at `lead..trail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    pub lead: i64,
    pub trail: i64,
    /// Set when its nose met the gate: whether that stood at release.
    pub went: Option<bool>,
}

/// Lane, controller and ghost.
#[derive(Clone)]
pub struct Small {
    pub controller: Controller<Memory>,
    crc: u32,
    /// Numbers of the next action, and of the next fact.
    acted: u32,
    told: u32,
    pub lane: Lane,
    pub ghost: Ghost,
}

/// The controller's memory of facts, shared by all who have not written in it since.
#[derive(Clone, Default)]
pub struct Memory(Rc<Kept>);

impl Deref for Memory {
    type Target = Kept;
    fn deref(&self) -> &Kept {
        &self.0
    }
}
impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut Kept {
        Rc::make_mut(&mut self.0)
    }
}

/// What is true of the lane, whatever the controller believes.
#[derive(Clone, Debug)]
pub struct Lane {
    pub now: Micros,
    pub belt: i64,
    pub bodies: Vec<Body>,
    pub cable: bool,
    pub e_stop: bool,
    pub guard: bool,
    pub radiation: bool,
    pub gate_follows: bool,
    /// Where the gate stands.
    pub gate_release: bool,
    /// The pins.
    pub release: bool,
    pub powered: bool,
    levels: [bool; 4],
    /// The button is held; and was, since the belts ran last.
    pressed: bool,
    button: bool,
    /// The newest permit.
    permit: Option<Permit>,
}

impl Small {
    /// Configured, started, two ticks of empty belt seen; the first body's nose is one tick before the diverter eye.
    /// `bodies`: the gap before each and its length, in ticks.
    pub fn running(bodies: &[(i64, i64)]) -> Self {
        let map: LaneMap = file::parse("small.toml", LANE).unwrap();
        let crc = map.crc();
        let lane = Lane {
            now: Micros::ZERO,
            belt: 0,
            bodies: Vec::new(),
            cable: true,
            e_stop: false,
            guard: false,
            radiation: false,
            gate_follows: true,
            gate_release: false,
            release: false,
            powered: false,
            levels: [false; 4],
            pressed: false,
            button: false,
            permit: None,
        };
        let mut small = Self {
            controller: Controller::new(map, BootCause::PowerOn, Memory::default(), Micros::ZERO),
            crc,
            acted: 0,
            told: 0,
            lane,
            ghost: Ghost::default(),
        };
        small.controller.gate_feedback(GatePosition::Exam, Micros::ZERO);
        small.controller.input(Input::Reset, false, Micros::ZERO);
        small.controller.command(Command::Configure { crc, epoch: EPOCH }, Micros::ZERO);
        small.act(Act::Reset);
        (0..3).for_each(|_| small.act(Act::Step));
        for (gap, length) in bodies {
            let behind = small.lane.bodies.last().map_or(small.lane.belt + 1, |body| body.trail + gap);
            small.lane.bodies.push(Body { lead: behind, trail: behind + length, went: None });
        }
        small
    }

    /// Whether an act means anything here.
    pub fn can(&self, act: Act) -> bool {
        match act {
            Act::Reset => !self.lane.powered && !self.lane.pressed && self.lane.cable && self.lane.is_free(),
            Act::Permit(body, _) => self.lane.cable && body < self.lane.bodies.len(),
            Act::Again | Act::Revoke => self.lane.cable && self.lane.permit.is_some(),
            Act::Stop | Act::StopInPlace | Act::OtherMap | Act::OurMap => self.lane.cable,
            Act::Slip => self.lane.powered,
            Act::Step | Act::Stall | Act::Back | Act::Reverse | Act::Input(_) | Act::Cable | Act::Gate => true,
        }
    }

    /// Whether an act ends a disturbance.
    pub fn undoes(&self, act: Act) -> bool {
        match act {
            Act::Cable => !self.lane.cable,
            Act::Gate => !self.lane.gate_follows,
            Act::Input(Input::EStop) => self.lane.e_stop,
            Act::Input(Input::Guard) => self.lane.guard,
            Act::Input(_) => self.lane.radiation,
            _ => false,
        }
    }

    /// Does it, then lets the ghost look.
    pub fn act(&mut self, act: Act) {
        match act {
            Act::Step => self.step(i64::from(self.lane.powered)),
            Act::Slip => self.step(0),
            Act::Stall => (0..7).for_each(|_| self.step(0)),
            Act::Back => self.step(-1),
            Act::Reverse => (0..2).for_each(|_| self.step(-1)),
            Act::Permit(body, kind) => self.permit(body, kind),
            Act::Again => {
                let again = self.lane.permit.clone().map(Action::Permit);
                again.into_iter().for_each(|again| self.order(again));
            }
            Act::Revoke => {
                let permit = self.lane.permit.as_ref().map_or(0, |permit| permit.id);
                self.order(Action::Revoke { permit });
            }
            Act::Input(input) => self.input(input),
            Act::Cable => self.lane.cable = !self.lane.cable,
            Act::Gate => self.lane.gate_follows = !self.lane.gate_follows,
            Act::Stop => self.order(Action::Stop),
            Act::StopInPlace => self.order(Action::StopInPlace { pass: 1 }),
            Act::OtherMap => self.say(Command::Configure { crc: 0, epoch: EPOCH }),
            Act::OurMap => self.say(Command::Configure { crc: self.crc, epoch: EPOCH }),
            Act::Reset => {
                (self.lane.pressed, self.lane.button) = (true, true);
                self.controller.input(Input::Reset, true, self.lane.now);
            }
        }
        self.look();
    }

    /// The station says something, and the ghost knows of it.
    pub fn say(&mut self, command: Command) {
        match &command {
            Command::Configure { crc, .. } if *crc != self.crc => self.ghost.forsaken(),
            Command::Configure { epoch, .. } if *epoch != 0 => self.ghost.attended(),
            Command::Action { number, action } if *number == self.acted => {
                self.acted += 1;
                match action {
                    Action::Permit(permit) => self.ghost.given(permit, EPOCH),
                    Action::Revoke { permit } => self.ghost.revoked(*permit),
                    Action::StopInPlace { .. } => self.ghost.all_dead(),
                    Action::Stop | Action::Forget { .. } => {}
                }
            }
            _ => {}
        }
        self.controller.command(command, self.lane.now);
        self.look();
    }

    /// Something to be done, as the next action.
    pub fn order(&mut self, action: Action) {
        self.say(Command::Action { number: self.acted, action });
    }

    fn step(&mut self, ticks: i64) {
        self.lane.now = self.lane.now + STEP;
        self.lane.belt += ticks;
        self.lane.divert();
        let now = self.lane.now;
        self.controller.encoder(0, ticks as i32, now);
        for index in 0..self.lane.levels.len() {
            let blocked = self.lane.blocked(index);
            if core::mem::replace(&mut self.lane.levels[index], blocked) != blocked {
                self.controller.raw_edge(index as u8, blocked, now);
            }
        }
        self.controller.step(now);
        if core::mem::take(&mut self.lane.pressed) {
            self.controller.input(Input::Reset, false, now);
        }
        if self.lane.cable {
            self.controller.command(Command::Beat, now);
        }
        self.ghost.time_passed(&self.lane);
        self.look();
    }

    fn permit(&mut self, body: usize, kind: Kind) {
        let id = self.lane.permit.as_ref().map_or(1, |permit| permit.id + 1);
        let Some(body) = self.lane.bodies.get(body) else { return };
        let length = Millimetres((body.trail - body.lead) as i32 * TICK_MM);
        let mut permit = Permit {
            id,
            epoch: EPOCH,
            // Of nobody: what the controller knows of passes must not be needed here.
            pass: id + 90,
            window_lo: Tick(body.lead),
            window_hi: Tick(body.lead),
            length_mm_min: length - Millimetres(20),
            length_mm_max: length + Millimetres(20),
            expires: self.lane.now + Micros::from_ms(10_000),
        };
        match kind {
            Kind::Good => {}
            Kind::Wide => permit.window_hi = Tick(body.lead + 3),
            Kind::Elsewhere => (permit.window_lo, permit.window_hi) = (Tick(body.lead + 1), Tick(body.lead + 2)),
            Kind::Soon => permit.expires = self.lane.now + Micros::from_ms(230),
            Kind::OtherEpoch => permit.epoch = EPOCH - 1,
            Kind::OtherLength => permit.length_mm_min = permit.length_mm_max,
        }
        self.lane.permit = Some(permit.clone());
        self.order(Action::Permit(permit));
    }

    fn input(&mut self, input: Input) {
        let level = match input {
            Input::EStop => &mut self.lane.e_stop,
            Input::Guard => &mut self.lane.guard,
            _ => &mut self.lane.radiation,
        };
        *level = !*level;
        let active = *level;
        if active {
            self.ghost.all_dead();
        }
        self.controller.input(input, active, self.lane.now);
    }

    /// Reads the pins and what was said, moves the gate, and lets the ghost judge.
    fn look(&mut self) {
        let outputs = self.controller.outputs();
        let powered = self.lane.powered;
        (self.lane.release, self.lane.powered) = (outputs.gate_release, outputs.belt_permit);
        assert!(!self.lane.powered || powered || self.lane.button, "the belt moves and nobody pressed the button");
        self.lane.button &= !self.lane.powered;
        assert!(!self.lane.powered || self.lane.is_free(), "the belt moves against an input that stops it");
        while let Some(report) = self.controller.report() {
            let Report::Fact { number, fact } = report else { continue };
            if number < self.told {
                continue; // somebody asked for it again
            }
            self.told = number + 1;
            if let Fact::Permit { permit, fate, .. } = fact {
                self.ghost.said(permit, fate, &self.lane);
            }
        }
        self.ghost.judge(&self.lane);
        if self.lane.gate_follows && self.lane.gate_release != self.lane.release {
            self.lane.gate_release = self.lane.release;
            let position = if self.lane.release { GatePosition::Release } else { GatePosition::Exam };
            self.controller.gate_feedback(position, self.lane.now);
        }
    }
}

impl Lane {
    /// No input stops it.
    fn is_free(&self) -> bool {
        !self.e_stop && !self.guard && !self.radiation
    }

    /// Whether an eye is dark: entry, diverter, release exit, exam exit. What went down a chute does not come back.
    fn blocked(&self, index: usize) -> bool {
        let (way, went) = [(-2, None), (0, None), (8, Some(true)), (8, Some(false))][index];
        self.bodies.iter().any(|body| body.went == went && (body.lead..body.trail).contains(&(self.belt - way)))
    }

    fn divert(&mut self) {
        let (gate, release) = (self.belt - ROOM, self.gate_release);
        for body in self.bodies.iter_mut().filter(|body| body.lead <= gate) {
            body.went.get_or_insert(release);
        }
    }
}

impl core::fmt::Debug for Small {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}\n{:?}\n{:?} {:?}", self.lane, self.ghost, self.controller.guard(), self.controller.schedule())
    }
}

#[test]
fn the_smallest_lane_has_the_figures_that_the_ghost_goes_by() {
    let map = file::parse("small.toml", LANE).unwrap();
    let figures = crate::guard::Figures::of(&map).unwrap();
    assert_eq!((figures.room, figures.gap_min, figures.longest), (Tick(ROOM), Tick(GAP), Tick(2)));
    assert_eq!((figures.open_before, figures.swing, figures.close_after), (Tick(1), Tick(0), Tick(0)));
    assert!(map.eye(EyeRole::Diverter).is_some());
}

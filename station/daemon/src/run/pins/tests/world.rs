//! A lane whose every wire ends in a test: belts that run when they may, parcels, a diverter with a leaf that swings,
//! encoders that step, and lines that break.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin, PinState};
use gatepost_hardware::lane::{EyeRole, LaneMap};
use gatepost_hardware::link::Input;
use gatepost_hardware::pin::Polarity;
use gatepost_hardware::units::Micros;

use super::super::board::{Board, Edge, Plan, Trouble};
use crate::config::pins::{OutputRole, Role};

/// What board, outputs and test share.
#[derive(Default)]
pub struct Wiring {
    pub now: Micros,
    pub levels: Vec<Option<bool>>,
    queue: Vec<Edge>,
    pub outputs: Vec<bool>,
    pub writes: Vec<u32>,
    pub broken_outputs: Vec<bool>,
    /// Said once, in place of edges.
    pub trouble: Option<Trouble>,
    /// How long the reading of edges takes: the thread is taken off the processor in its middle.
    pub nap: Micros,
}

#[derive(Clone)]
pub struct FakeBoard(pub Rc<RefCell<Wiring>>);

pub struct FakeOutput {
    wiring: Rc<RefCell<Wiring>>,
    index: usize,
}

impl Board for FakeBoard {
    fn now(&self) -> Micros {
        self.0.borrow().now
    }
    fn wait(&mut self, _longest: Duration) -> Result<(), Trouble> {
        Ok(())
    }
    fn edges(&mut self, until: Micros, edges: &mut Vec<Edge>) -> Result<(), Trouble> {
        let mut wiring = self.0.borrow_mut();
        if let Some(trouble) = wiring.trouble.take() {
            return Err(trouble);
        }
        let due = wiring.queue.partition_point(|edge| edge.at <= until);
        edges.extend(wiring.queue.drain(..due));
        let nap = core::mem::take(&mut wiring.nap);
        wiring.now = wiring.now + nap;
        Ok(())
    }
    fn levels(&mut self, levels: &mut [Option<bool>]) {
        levels.copy_from_slice(&self.0.borrow().levels);
    }
}

impl ErrorType for FakeOutput {
    type Error = ErrorKind;
}
impl OutputPin for FakeOutput {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        self.set_state(PinState::Low)
    }
    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.set_state(PinState::High)
    }
    fn set_state(&mut self, state: PinState) -> Result<(), ErrorKind> {
        let mut wiring = self.wiring.borrow_mut();
        if wiring.broken_outputs[self.index] {
            return Err(ErrorKind::Other);
        }
        wiring.outputs[self.index] = state == PinState::High;
        wiring.writes[self.index] += 1;
        Ok(())
    }
}

/// A parcel: where its nose was when the belts had not yet moved, on the lane's whole length.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub from_mm: i64,
    pub length_mm: i64,
    /// Which way it left, once its nose met the gate: true is release.
    pub released: Option<bool>,
}

pub struct World {
    pub map: LaneMap,
    pub plan: Plan,
    pub wiring: Rc<RefCell<Wiring>>,
    pub parcels: Vec<Parcel>,
    pub active: BTreeMap<Input, bool>,
    /// How far the belts ran, micrometres.
    pub ran_um: i64,
    /// How far the leaf has swung towards release, microseconds of its swing.
    leaf_us: i64,
    /// The feedback's switches stick at exam.
    pub stuck: bool,
    /// By line: what it shows.
    kinds: Vec<Kind>,
    swing_us: i64,
}

/// What a line shows, worked out once.
#[derive(Clone, Copy)]
enum Kind {
    Eye { role: EyeRole, at_um: i64 },
    Encoder { tick_um: i64, channel: i64 },
    Input(Input),
    FeedbackExam,
    FeedbackRelease,
}

impl World {
    pub fn new(map: LaneMap, plan: Plan) -> Self {
        let outputs = plan.outputs.len();
        let wiring = Wiring {
            now: Micros::from_ms(5_000_000),
            levels: vec![None; plan.inputs.len()],
            outputs: vec![true; outputs],
            writes: vec![0; outputs],
            broken_outputs: vec![false; outputs],
            ..Wiring::default()
        };
        let mut world = Self {
            map,
            plan,
            wiring: Rc::new(RefCell::new(wiring)),
            parcels: Vec::new(),
            active: BTreeMap::new(),
            ran_um: 0,
            leaf_us: 0,
            stuck: false,
            kinds: Vec::new(),
            swing_us: 0,
        };
        world.kinds = world.plan.inputs.iter().map(|(role, _)| world.kind(role)).collect();
        world.swing_us = i64::from(world.map.gate.as_ref().unwrap().swing_ms) * 1_000;
        for line in 0..world.plan.inputs.len() {
            let level = world.level(line);
            world.wiring.borrow_mut().levels[line] = Some(level);
        }
        world
    }

    pub fn pins(&self) -> Vec<FakeOutput> {
        let output = |index| FakeOutput { wiring: Rc::clone(&self.wiring), index };
        (0..self.plan.outputs.len()).map(output).collect()
    }

    /// Whether an output's device is switched on, by the level of its line.
    pub fn on(&self, wanted: OutputRole) -> bool {
        let index = self.output(wanted);
        let high = self.wiring.borrow().outputs[index];
        self.plan.outputs[index].1.polarity.active(high)
    }

    pub fn output(&self, wanted: OutputRole) -> usize {
        self.plan.outputs.iter().position(|(role, _)| *role == Role::Output(wanted)).unwrap()
    }

    pub fn input(&self, wanted: &Role) -> usize {
        self.plan.inputs.iter().position(|(role, _)| role == wanted).unwrap()
    }

    /// Lets a millisecond pass outside: belts, parcels, leaf, and the edges that follow.
    pub fn pass(&mut self) {
        let from = self.wiring.borrow().now;
        let speed = i64::from(self.map.segments[0].speed_mm_s);
        let before = self.ran_um;
        let um = if self.on(OutputRole::Belt) { speed } else { 0 };
        // In steps shorter than a tick, so that no encoder steps twice at once.
        for step in 1..=2 {
            self.ran_um = before + um * step / 2;
            self.wiring.borrow_mut().now = from + Micros(step.unsigned_abs() * 500);
            self.lines();
        }
        let towards = if self.on(OutputRole::Gate) { 1_000 } else { -1_000 };
        self.leaf_us = (self.leaf_us + towards).clamp(0, self.swing_us);
        let gate =
            self.global(self.map.eye(EyeRole::Diverter).unwrap().1.segment, self.map.gate.as_ref().unwrap().at_mm.0);
        let (leaf, ran_um) = (self.leaf_us == self.swing_us, self.ran_um);
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.released.is_none()) {
            if parcel.from_mm * 1_000 + ran_um >= gate {
                parcel.released = Some(leaf);
            }
        }
        self.lines();
    }

    /// Brings every line to what the world is like now; each change is an edge.
    pub fn lines(&mut self) {
        for line in 0..self.plan.inputs.len() {
            let high = self.level(line);
            let mut wiring = self.wiring.borrow_mut();
            if wiring.levels[line].is_some_and(|level| level != high) {
                wiring.levels[line] = Some(high);
                let at = wiring.now;
                wiring.queue.push(Edge { at, input: line, high, missed: 0 });
            }
        }
    }

    /// Breaks a line: from now on it cannot be read, and gives no edges.
    pub fn cut(&self, role: &Role) {
        let line = self.input(role);
        self.wiring.borrow_mut().levels[line] = None;
    }

    /// An edge of this line comes after two that did not.
    pub fn miss(&self, role: &Role) {
        let input = self.input(role);
        let mut wiring = self.wiring.borrow_mut();
        let (at, high) = (wiring.now, wiring.levels[input].unwrap());
        wiring.queue.push(Edge { at, input, high, missed: 2 });
    }

    /// Forgets the edges that wait.
    pub fn forget_edges(&self) {
        self.wiring.borrow_mut().queue.clear();
    }

    fn global(&self, segment: u8, at_mm: i32) -> i64 {
        let before: i32 = self.map.segments.iter().take(usize::from(segment)).map(|belt| belt.length_mm.0).sum();
        i64::from(before + at_mm) * 1_000
    }

    fn kind(&self, role: &Role) -> Kind {
        let tick_um = |name: &str| {
            let belt = self.map.segments.iter().find(|belt| belt.name == name).unwrap();
            i64::from(belt.tick_um)
        };
        match role {
            Role::Eye(name) => {
                let eye = self.map.eyes.iter().find(|eye| eye.name == name.as_str()).unwrap();
                Kind::Eye { role: eye.role, at_um: self.global(eye.segment, eye.at_mm.0) }
            }
            Role::EncoderA(name) => Kind::Encoder { tick_um: tick_um(name), channel: 0 },
            Role::EncoderB(name) => Kind::Encoder { tick_um: tick_um(name), channel: 1 },
            Role::Input(input) => Kind::Input(*input),
            Role::FeedbackExam => Kind::FeedbackExam,
            Role::FeedbackRelease => Kind::FeedbackRelease,
            Role::Output(_) => unreachable!("outputs are not read"),
        }
    }

    fn level(&self, line: usize) -> bool {
        let active = match self.kinds[line] {
            Kind::Eye { role, at_um } => self.blocked(role, at_um),
            // A is high in the first and second of four steps, B in the second and third.
            Kind::Encoder { tick_um, channel } => (self.ran_um / tick_um + 3 - channel).rem_euclid(4) < 2,
            Kind::Input(input) => self.active.get(&input).copied().unwrap_or(false),
            Kind::FeedbackExam => self.stuck || self.leaf_us == 0,
            Kind::FeedbackRelease => !self.stuck && self.leaf_us == self.swing_us,
        };
        active == (self.plan.inputs[line].1.polarity == Polarity::ActiveHigh)
    }

    fn blocked(&self, role: EyeRole, at_um: i64) -> bool {
        self.parcels.iter().any(|parcel| {
            let nose = parcel.from_mm * 1_000 + self.ran_um;
            let this_way = match role {
                EyeRole::ReleaseExit => parcel.released == Some(true),
                EyeRole::ExamExit => parcel.released == Some(false),
                _ => true,
            };
            this_way && nose >= at_um && nose - parcel.length_mm * 1_000 < at_um
        })
    }
}

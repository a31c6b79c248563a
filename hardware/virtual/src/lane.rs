//! The lane that does not exist: belts, parcels with a truth, eyes, a gate, chutes, devices, people, faults.
//!
//! One thread, its own clock, everything from one seed: the world harness runs it as fast as it can, the demonstration
//! at the pace of the wall clock. The controller inside is the firmware library, and everything that crosses to the
//! station is bytes (images excepted: they are files, made by whoever draws them). It refuses to know a decision: a
//! parcel goes where the gate stands.

pub mod any;
mod ailing;
pub mod bench;
mod body;
mod cable;
mod camera;
mod look;
pub mod outside;
mod people;
mod permits;
mod pins;
mod truth;

pub use truth::{Chute, Happened, Truth};

use crate::belt::{Belt, belts};
use crate::device::{Emission, Emitted};
use crate::faults::{Fault, FaultSchedule};
use crate::parcel::{Generator, ParcelTruth, Plan};
use crate::xray::random::{Random, mix};
use ailing::Ailing;
use body::Body;
use cable::Cabled;
use gatepost_firmware::{Controller, GatePosition, Kept, Outputs};
use gatepost_hardware::lane::{EyeRole, LaneMap, file};
use gatepost_hardware::units::{Micros, Millimetres};
use look::Looks;
use people::People;
use std::collections::{BTreeSet, VecDeque};

/// Longest step of the inside.
const STEP_US: u64 = 5_000;

/// A parcel that is somewhere on the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnBelt {
    pub parcel: u32,
    /// On the lane's axis: segment after segment, then the chutes.
    pub nose_mm: i32,
    pub tail_mm: i32,
    /// Once it met the gate.
    pub chute: Option<Chute>,
}

/// The gate's leaf between exam (0) and release.
#[derive(Clone, Debug)]
struct Leaf {
    at: i64,
    full_us: i64,
    us: i64,
    moved: bool,
}

pub struct VirtualLane {
    map: LaneMap,
    plan: Plan,
    faults: FaultSchedule,
    random: Random,
    generator: Generator,
    now: Micros,
    belts: Vec<Belt>,
    /// Front of the lane first.
    bodies: Vec<Body>,
    parcels: Vec<ParcelTruth>,
    laid: u32,
    feeding: bool,
    /// Tail of the last body laid, carried on with the first belt.
    feeder: i64,
    /// A parcel drawn and not laid yet.
    next: Option<ParcelTruth>,
    /// Places of the eyes on the axis, and their levels.
    eyes: Vec<i64>,
    levels: Vec<bool>,
    order: u32,
    entry_pass: Option<u32>,
    leaf: Option<Leaf>,
    cabled: Cabled,
    powered: bool,
    /// What the gate's pin said last.
    opened: bool,
    looks: Looks,
    people: People,
    exam: VecDeque<u32>,
    out: Vec<Emission>,
    truth: Vec<Truth>,
    touched: BTreeSet<(u32, Fault, bool)>,
    ailing: Ailing,
}

/// A lane file that comes with Gatepost: `north`, `south`, `west` or `bench`.
///
/// # Panics
/// For another name: it is meant for tests and demonstrations, which know what they ask for.
pub fn shipped(name: &str) -> LaneMap {
    let text = match name {
        "north" => include_str!("../../lanes/north.toml"),
        "south" => include_str!("../../lanes/south.toml"),
        "west" => include_str!("../../lanes/west.toml"),
        _ => include_str!("../../lanes/bench.toml"),
    };
    file::parse(name, text).unwrap_or_else(|error| panic!("{error}"))
}

impl VirtualLane {
    pub fn new(map: LaneMap, seed: u64, plan: Plan, faults: FaultSchedule) -> Self {
        let belts = belts(&map);
        let base = |segment: u8| belts.get(usize::from(segment)).map_or(0, |belt| belt.from_nm);
        let nm = |mm: Millimetres| i64::from(mm.0) * 1_000_000;
        let eyes: Vec<i64> = map.eyes.iter().map(|eye| base(eye.segment) + nm(eye.at_mm)).collect();
        let leaf = map.gate.as_ref().zip(map.eye(EyeRole::Diverter)).map(|(gate, (_, eye))| Leaf {
            at: base(eye.segment) + nm(gate.at_mm),
            full_us: i64::from(gate.swing_ms) * 850,
            us: 0,
            moved: false,
        });
        let mut lane = Self {
            random: Random::new(mix(seed)),
            generator: Generator::new(&map, seed),
            looks: Looks::new(&map, &belts),
            people: People::default(),
            levels: vec![false; eyes.len()],
            cabled: Cabled::new(),
            now: Micros::ZERO,
            bodies: Vec::new(),
            parcels: Vec::new(),
            laid: 0,
            feeding: true,
            feeder: 0,
            next: None,
            order: 0,
            entry_pass: None,
            powered: false,
            opened: false,
            exam: VecDeque::new(),
            out: Vec::new(),
            truth: Vec::new(),
            touched: BTreeSet::new(),
            ailing: Ailing::new(&map, seed),
            map,
            plan,
            faults,
            belts,
            eyes,
            leaf,
        };
        lane.tell(Happened::ControllerBoot { boot: 1 });
        lane
    }

    /// The same lane with a controller that is somewhere else. To be called before time passes.
    pub fn controlled_by(mut self, controller: Box<dyn outside::Outside>) -> Self {
        self.cabled = Cabled::outside(controller);
        self
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

    /// Every parcel that was ever laid, by feeder or by hand.
    pub fn parcels(&self) -> &[ParcelTruth] {
        &self.parcels
    }

    pub const fn faults(&self) -> &FaultSchedule {
        &self.faults
    }

    /// For pages and the black box; a checker reads the truth. Nothing before the controller knows its lane.
    pub const fn controller(&self) -> Option<&Controller<Box<Kept>>> {
        self.cabled.controller()
    }

    pub fn outputs(&self) -> Outputs {
        self.ailing.outputs(self.cabled.session.outputs()).unwrap_or_default()
    }

    /// Every planned parcel was laid, and none is on a belt any more.
    pub fn finished(&self) -> bool {
        self.laid >= self.plan.parcels && self.bodies.is_empty()
    }

    pub fn on_belt(&self) -> Vec<OnBelt> {
        let mm = |nm: i64| (nm / 1_000_000) as i32;
        let place = |body: &Body| OnBelt {
            parcel: body.id,
            nose_mm: mm(body.nose),
            tail_mm: mm(body.tail()),
            chute: body.chute,
        };
        self.bodies.iter().map(place).collect()
    }

    /// Parcels in the exam chute, first in first.
    pub fn exam_chute(&self) -> Vec<u32> {
        self.exam.iter().copied().collect()
    }

    /// Bytes from the station to the controller; lost while the cable is cut.
    pub fn send(&mut self, bytes: &[u8]) {
        self.carry_down(bytes);
        self.hear();
    }

    /// What has reached the station by now, in order.
    pub fn emitted(&mut self) -> Vec<Emission> {
        self.send_frames();
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.out).into_iter().partition(|emission| emission.at <= self.now);
        self.out = later;
        due.sort_by_key(|emission| emission.at);
        due
    }

    /// Lets the world go on. Any length; the inside takes steps of milliseconds.
    pub fn advance(&mut self, us: u64) {
        let until = self.now.0.saturating_add(us);
        while self.now.0 < until {
            self.step((until - self.now.0).min(STEP_US));
        }
    }

    fn send_frames(&mut self) {
        let bytes = self.carry_up();
        if !bytes.is_empty() {
            self.out.push(Emission { at: self.now, what: Emitted::Controller(bytes) });
        }
    }

    fn tell(&mut self, what: Happened) {
        self.truth.push(Truth { at: self.now, what });
    }

    /// Says that a fault had to do with a parcel, once.
    fn touch(&mut self, parcel: u32, fault: Fault, direct: bool) {
        if self.touched.insert((parcel, fault, direct)) {
            self.tell(Happened::Touched { parcel, fault, direct });
        }
    }
}

/// One step.
impl VirtualLane {
    fn step(&mut self, us: u64) {
        let began = self.now;
        self.now = began + Micros(us);
        self.carry_out_faults(began);
        if self.cabled.has_booted(self.now) {
            self.entry_pass = None;
            self.ailing.booted();
            self.tell(Happened::ControllerBoot { boot: self.cabled.boot });
        }
        self.ail_begin(began);
        let ran: Vec<i64> = self.belts.iter().map(|belt| belt.run_nm).collect();
        let ways = self.run_belts(us as i64);
        for body in &mut self.bodies {
            body.carry(&self.belts, &ways, us as i64);
        }
        self.keep_apart();
        self.feeder += ways.first().copied().unwrap_or(0);
        self.lay();
        self.enter();
        self.swing(us as i64);
        self.tell_controller(began, us, &ran, &ways);
        self.divert();
        self.look(&ways);
        self.leave();
        self.people_act();
        self.send_frames();
    }

    fn run_belts(&mut self, us: i64) -> Vec<i64> {
        let powered = self.outputs().belt_permit;
        if powered != self.powered {
            self.powered = powered;
            self.tell(Happened::Belts { run: powered });
            if !powered {
                // One coast for all: the drives of a line are matched.
                let draw = self.random.clone();
                self.random.bits();
                self.belts.iter_mut().for_each(|belt| belt.stop(&mut draw.clone()));
            }
        }
        let reverse = self.faults.active(Fault::Reversed, self.now);
        let random = &mut self.random;
        let run = |belt: &mut Belt| {
            let forced = reverse.then(|| -belt.speed() / 3);
            belt.advance(us, powered, forced, random)
        };
        self.belts.iter_mut().map(run).collect()
    }

    /// Nothing slides through what lies before it.
    fn keep_apart(&mut self) {
        for index in 1..self.bodies.len() {
            let tail = self.bodies[index - 1].tail();
            let body = &mut self.bodies[index];
            if !body.abreast && body.chute.is_none() && body.nose > tail && body.before <= tail {
                body.nose = tail;
            }
        }
    }

    /// Who met the entry eye for the first time.
    fn enter(&mut self) {
        let Some((entry, _)) = self.map.eye(EyeRole::Entry) else {
            return;
        };
        let at = self.eyes[usize::from(entry)];
        for index in 0..self.bodies.len() {
            let body = &mut self.bodies[index];
            if body.entered || body.nose < at {
                continue;
            }
            body.entered = true;
            self.order += 1;
            let (parcel, order) = (self.bodies[index].id, self.order);
            self.tell(Happened::Entered { parcel, order });
            if self.ailing.shown(usize::from(entry)) {
                self.name_pass(index, self.entry_pass);
            }
        }
    }

    fn divert(&mut self) {
        let Some(leaf) = self.leaf.clone() else {
            return;
        };
        for index in 0..self.bodies.len() {
            let body = &mut self.bodies[index];
            if body.nose < leaf.at {
                body.chute = None; // a reverse may take it out again
                continue;
            }
            let (parcel, met) = (body.id, body.chute.is_none());
            let release = leaf.us * 10 >= leaf.full_us * 9;
            let between = !release && leaf.us * 10 > leaf.full_us;
            let disturbed = !body.moved_under && ((met && between) || (leaf.moved && body.tail() < leaf.at && !met));
            body.moved_under |= disturbed;
            if met {
                let chute = if release { Chute::Release } else { Chute::Exam };
                body.chute = Some(chute);
                self.tell(Happened::Diverted { parcel, chute });
            }
            if disturbed {
                self.tell(Happened::MovedUnder { parcel });
            }
        }
    }

    fn leave(&mut self) {
        let exit = |chute| if chute == Chute::Release { EyeRole::ReleaseExit } else { EyeRole::ExamExit };
        let mut index = 0;
        while index < self.bodies.len() {
            let body = &self.bodies[index];
            let at = body.chute.and_then(|chute| self.map.eye(exit(chute))).map(|(eye, _)| self.eyes[usize::from(eye)]);
            // 60 mm on, so that the eye has seen its tail for longer than it debounces.
            if at.is_none_or(|at| body.tail() < at + 60_000_000) {
                index += 1;
                continue;
            }
            let body = self.bodies.remove(index);
            let (parcel, chute) = (body.id, body.chute.unwrap_or(Chute::Exam));
            self.tell(Happened::Left { parcel, chute });
            if chute == Chute::Exam {
                self.exam.push_back(parcel);
            }
        }
    }
}

impl Leaf {
    fn position(&self) -> GatePosition {
        match self.us {
            0 => GatePosition::Exam,
            us if us == self.full_us => GatePosition::Release,
            _ => GatePosition::Between,
        }
    }
}

#[cfg(test)]
mod tests;

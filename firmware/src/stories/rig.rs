//! A lane that is just physical enough: belts that move when they may, bodies on them, eyes, a gate with a swing.

use crate::{Controller, GatePosition, Kept};
use gatepost_hardware::lane::{EYES_MAX, EyeRole, LaneMap, file};
use gatepost_hardware::link::{Action, BootCause, Command, Fact, Input, Permit, PermitFate, Report};
use gatepost_hardware::units::{Micros, Millimetres, Tick};

pub const NORTH: &str = include_str!("../../../hardware/lanes/north.toml");
pub const INFEED: usize = 0;
pub const SORTER: usize = 2;
pub const EPOCH: u32 = 9;

/// A thing on one segment's belt.
#[derive(Clone, Debug)]
pub struct Body {
    pub segment: usize,
    /// Where its nose lies on the belt: micrometres along the segment when the belt was at its start.
    nose_um: i64,
    pub length_mm: i32,
    /// Set when its nose met the gate: whether the gate stood at release.
    pub released: Option<bool>,
    /// The tick at which its nose met the diverter eye.
    pub met_at: Option<Tick>,
}

pub struct Rig {
    pub controller: Controller<Box<Kept>>,
    pub map: LaneMap,
    pub now: Micros,
    belt_um: [i64; 3],
    pub bodies: Vec<Body>,
    pub facts: Vec<Fact>,
    /// What was said beside facts.
    pub reports: Vec<Report>,
    /// The station says something every 100 ms.
    pub beating: bool,
    /// Overrides the motors: millimetres a second, whatever the belt permit says.
    pub forced_mm_s: Option<i64>,
    pub gate_works: bool,
    /// Number of the next action.
    acted: u32,
    swing_us: i64,
    /// From one side to the other.
    pub swing_full_us: i64,
    levels: [bool; EYES_MAX],
    pub gate_at_release: bool,
}

/// North, without its start warning: that is a story of its own.
pub fn north() -> LaneMap {
    let mut map = file::parse("north.toml", NORTH).unwrap();
    map.timing.start_warning_ms = 0;
    map
}

impl Rig {
    /// A configured lane whose belts run.
    pub fn running() -> Self {
        Self::running_on(north())
    }

    pub fn running_on(map: LaneMap) -> Self {
        let mut rig = Self::booted_on(map);
        rig.command(Command::Hello { lowest: 1, highest: 1 });
        let crc = rig.map.crc();
        rig.command(Command::Configure { crc, epoch: EPOCH });
        rig.press_reset();
        rig.run_ms(20);
        rig
    }

    pub fn booted() -> Self {
        Self::booted_on(north())
    }

    pub fn booted_on(map: LaneMap) -> Self {
        let mut controller = Controller::new(map.clone(), BootCause::PowerOn, Box::default(), Micros(0));
        controller.gate_feedback(GatePosition::Exam, Micros(0));
        controller.input(Input::Reset, false, Micros(0));
        Self {
            controller,
            map,
            now: Micros(0),
            belt_um: [0; 3],
            bodies: Vec::new(),
            facts: Vec::new(),
            reports: Vec::new(),
            beating: true,
            forced_mm_s: None,
            gate_works: true,
            acted: 0,
            swing_us: 0,
            swing_full_us: 110_000,
            levels: [false; EYES_MAX],
            gate_at_release: false,
        }
    }

    pub fn command(&mut self, command: Command) {
        self.controller.command(command, self.now);
        self.collect();
    }

    pub fn act(&mut self, action: Action) {
        let number = self.acted;
        self.acted += 1;
        self.command(Command::Action { number, action });
    }

    pub fn input(&mut self, input: Input, active: bool) {
        self.controller.input(input, active, self.now);
        self.collect();
    }

    pub fn press_reset(&mut self) {
        self.input(Input::Reset, true);
        self.run_ms(60);
        self.input(Input::Reset, false);
    }

    /// Lays a body with its nose at `nose_mm` of a segment and returns its index.
    pub fn lay(&mut self, segment: usize, nose_mm: i32, length_mm: i32) -> usize {
        let nose_um = i64::from(nose_mm) * 1_000 - self.belt_um[segment];
        self.bodies.push(Body { segment, nose_um, length_mm, released: None, met_at: None });
        self.bodies.len() - 1
    }

    pub fn nose_mm(&self, body: usize) -> i64 {
        let body = &self.bodies[body];
        (body.nose_um + self.belt_um[body.segment]) / 1_000
    }

    fn eye_mm(&self, role: EyeRole) -> i64 {
        i64::from(self.map.eye(role).unwrap().1.at_mm.0)
    }

    /// The permit an honest station would give.
    pub fn permit_for(&self, body: usize, id: u32) -> Permit {
        let way_mm = self.eye_mm(EyeRole::Diverter) - self.nose_mm(body);
        let at = (self.belt_um[SORTER] + way_mm * 1_000) / 500;
        let length = self.bodies[body].length_mm;
        Permit {
            id,
            epoch: EPOCH,
            pass: body as u32 + 1,
            window_lo: Tick(at - 120),
            window_hi: Tick(at + 120),
            length_mm_min: Millimetres(length - 20),
            length_mm_max: Millimetres(length + 20),
            expires: Micros(u64::MAX),
        }
    }

    pub fn permit(&mut self, body: usize, id: u32) {
        let permit = self.permit_for(body, id);
        self.act(Action::Permit(permit));
    }

    pub fn run_ms(&mut self, count: u32) {
        for _ in 0..count {
            self.millisecond();
        }
    }

    fn millisecond(&mut self) {
        self.now = self.now + Micros(1_000);
        if self.beating && self.now.as_ms().is_multiple_of(100) {
            self.controller.command(Command::Beat, self.now);
        }
        let motor = if self.controller.outputs().belt_permit { 500 } else { 0 };
        let way_um = self.forced_mm_s.unwrap_or(motor);
        for segment in [INFEED, SORTER] {
            let before = self.belt_um[segment].div_euclid(500);
            self.belt_um[segment] += way_um;
            let ticks = self.belt_um[segment].div_euclid(500) - before;
            self.controller.encoder(segment as u8, ticks as i32, self.now);
        }
        self.see();
        self.swing();
        self.controller.step(self.now);
        self.divert();
        self.collect();
    }

    fn see(&mut self) {
        for (index, eye) in self.map.eyes.iter().enumerate() {
            let at_um = i64::from(eye.at_mm.0) * 1_000;
            let mut blocked = false;
            for body in self.bodies.iter_mut().filter(|body| body.segment == usize::from(eye.segment)) {
                let nose = body.nose_um + self.belt_um[body.segment];
                let goes_by = match (eye.role, body.released) {
                    (EyeRole::ReleaseExit, released) => released == Some(true),
                    (EyeRole::ExamExit, released) => released == Some(false),
                    _ => true,
                };
                let here = goes_by && nose >= at_um && nose - i64::from(body.length_mm) * 1_000 < at_um;
                if here && eye.role == EyeRole::Diverter && body.met_at.is_none() {
                    body.met_at = Some(Tick(self.belt_um[SORTER].div_euclid(500)));
                }
                blocked |= here;
            }
            if core::mem::replace(&mut self.levels[index], blocked) != blocked {
                self.controller.raw_edge(index as u8, blocked, self.now);
            }
        }
    }

    fn swing(&mut self) {
        let release = self.controller.outputs().gate_release && self.gate_works;
        let full = self.swing_full_us;
        let before = self.swing_us;
        self.swing_us = (self.swing_us + if release { 1_000 } else { -1_000 }).clamp(0, full);
        if before == self.swing_us {
            return;
        }
        let position = match self.swing_us {
            0 => GatePosition::Exam,
            us if us == full => GatePosition::Release,
            _ => GatePosition::Between,
        };
        self.gate_at_release = position == GatePosition::Release;
        self.controller.gate_feedback(position, self.now);
    }

    fn divert(&mut self) {
        let gate_um = i64::from(self.map.gate.as_ref().unwrap().at_mm.0) * 1_000;
        let (belt_um, at_release) = (self.belt_um[SORTER], self.gate_at_release);
        for body in self.bodies.iter_mut().filter(|body| body.segment == SORTER) {
            if body.nose_um + belt_um >= gate_um {
                body.released.get_or_insert(at_release);
            }
        }
    }

    fn collect(&mut self) {
        while let Some(report) = self.controller.report() {
            match report {
                Report::Fact { number, fact } => {
                    assert_eq!(number as usize, self.facts.len(), "facts are numbered without gaps");
                    self.facts.push(fact);
                }
                report => self.reports.push(report),
            }
        }
    }

    /// What was said about one permit, in order.
    pub fn fates(&self, id: u32) -> Vec<PermitFate> {
        let fate = |fact: &Fact| match fact {
            Fact::Permit { permit, fate, .. } if *permit == id => Some(*fate),
            _ => None,
        };
        self.facts.iter().filter_map(fate).collect()
    }
}

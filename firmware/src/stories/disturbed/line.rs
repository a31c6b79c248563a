//! Five parcels in a row on one belt, a station that permits them, and somebody who presses the button.
//!
//! The belt moves a tick (5 mm) in a step (10 ms). The station goes by what the controller says and by nothing else; the
//! bodies go where the belt goes. What was sent, said and seen is kept for the judge.

use crate::{Controller, GatePosition, Kept};
use gatepost_hardware::lane::{EyeRole, LaneMap, file};
use gatepost_hardware::link::{Action, BootCause, Command, Fact, Input, Permit, Report};
use gatepost_hardware::units::{Micros, Millimetres, Tick};

const LANE: &str = r#"
name = "five"
kind = "conveyor"
items = { length_mm_min = 100, length_mm_max = 600, gap_mm_min = 250, length_tolerance_mm = 40, window_mm = 60 }
timing = { debounce_us = 1500, heartbeat_ms_max = 500, permit_ms_max = 20000, stop_ms_max = 2000, start_warning_ms = 0, start_ms = 200 }
gate = { at_mm = 2300, swing_ms = 120, feedback = true, exit_ms_max = 4000 }
segment = [{ name = "belt", length_mm = 3000, tick_um = 5000, encoder = true, speed_mm_s = 500 }]
eye = [
    { name = "entry", segment = "belt", at_mm = 100, role = "entry" },
    { name = "diverter", segment = "belt", at_mm = 1300, role = "diverter" },
    { name = "release", segment = "belt", at_mm = 2700, role = "release-exit" },
    { name = "exam", segment = "belt", at_mm = 2700, role = "exam-exit" },
]
"#;
const STEP: Micros = Micros(10_000);
/// From the entry eye, in ticks: each eye, and the gate.
const EYES: [i64; 4] = [0, 240, 520, 520];
const GATE: i64 = 440;
/// Steps that the gate swings.
const SWING: i32 = 11;
/// Gap before and length of each, in ticks; the third has no permit.
const ROW: [(i64, i64); 5] = [(10, 60), (52, 30), (60, 90), (51, 44), (70, 20)];
pub const WITHOUT_PERMIT: usize = 2;

#[derive(Clone, Debug)]
pub struct Body {
    /// Ticks of the belt at which its nose and its tail are at the entry eye.
    pub lead: i64,
    pub trail: i64,
    /// Where it went when its nose met the gate.
    pub went: Option<GatePosition>,
}

#[derive(Clone)]
pub struct Line {
    controller: Controller<Box<Kept>>,
    map: LaneMap,
    /// Number of the next action.
    acted: u32,
    epoch: u32,
    pub now: Micros,
    pub belt: i64,
    pub bodies: Vec<Body>,
    levels: [bool; 4],
    /// Steps swung towards release.
    swung: i32,
    gate: GatePosition,
    pub powered: bool,
    /// The station is there: it hears, and says something in every step.
    pub beats: bool,
    /// Every permit that was sent: the boot in which it was, and the body it was meant for.
    pub sent: Vec<(u32, Permit)>,
    /// Everything that was said, with the boot in which it was.
    pub facts: Vec<(u32, Fact)>,
    heard: usize,
}

impl Line {
    pub fn running() -> Self {
        let map = file::parse("five.toml", LANE).unwrap();
        let mut lead = 0;
        let bodies = ROW.map(|(gap, length)| {
            lead += gap;
            let body = Body { lead, trail: lead + length, went: None };
            lead += length;
            body
        });
        let mut line = Self {
            controller: Controller::new(map.clone(), BootCause::PowerOn, Box::default(), Micros::ZERO),
            map,
            acted: 0,
            epoch: 0,
            now: Micros::ZERO,
            belt: 0,
            bodies: bodies.to_vec(),
            levels: [false; 4],
            swung: 0,
            gate: GatePosition::Exam,
            powered: false,
            beats: true,
            sent: Vec::new(),
            facts: Vec::new(),
            heard: 0,
        };
        line.greet();
        line
    }

    fn greet(&mut self) {
        self.epoch += 1;
        let (crc, epoch, now) = (self.map.crc(), self.epoch, self.now);
        self.controller.gate_feedback(self.gate, now);
        for (index, level) in self.levels.into_iter().enumerate() {
            self.controller.raw_edge(index as u8, level, now);
        }
        self.controller.command(Command::Configure { crc, epoch }, now);
        self.press();
    }

    /// The controller boots: what it counted is gone, what lies on the belt is not, nor what it has said.
    pub fn reboot(&mut self) {
        self.acted = 0;
        let kept = self.controller.clone().into_kept();
        self.controller = Controller::new(self.map.clone(), BootCause::Watchdog, kept, self.now);
        self.greet();
    }

    pub fn stop(&mut self) {
        self.act(Action::Stop);
    }

    fn act(&mut self, action: Action) {
        let number = self.acted;
        self.acted += 1;
        self.controller.command(Command::Action { number, action }, self.now);
        self.listen();
    }

    /// Held for as long as it takes to count.
    pub fn press(&mut self) {
        self.controller.input(Input::Reset, false, self.now); // at rest before it is pressed
        self.controller.input(Input::Reset, true, self.now);
        (0..5).for_each(|_| self.step(0));
        self.controller.input(Input::Reset, false, self.now);
        self.listen();
    }

    /// Everything that was ever sent, once more.
    pub fn insist(&mut self) {
        for (_, permit) in self.sent.clone() {
            self.act(Action::Permit(permit));
        }
    }

    /// A step in which the belt does what its motor does.
    pub fn run(&mut self) {
        self.step(i64::from(self.powered));
    }

    pub fn step(&mut self, ticks: i64) {
        self.now = self.now + STEP;
        self.belt += ticks;
        self.controller.encoder(0, ticks as i32, self.now);
        for (index, way) in EYES.into_iter().enumerate() {
            let blocked = self.bodies.iter().any(|body| body.is_seen_by(index, self.belt - way));
            if core::mem::replace(&mut self.levels[index], blocked) != blocked {
                self.controller.raw_edge(index as u8, blocked, self.now);
            }
        }
        // An eye has to hold for longer than a step shows.
        self.controller.step(self.now + Micros(2_000));
        if self.beats {
            self.controller.command(Command::Beat, self.now);
        }
        self.listen();
        self.swing();
    }

    fn swing(&mut self) {
        let release = self.controller.outputs().gate_release;
        self.swung = (self.swung + if release { 1 } else { -1 }).clamp(0, SWING);
        let position = match self.swung {
            0 => GatePosition::Exam,
            SWING => GatePosition::Release,
            _ => GatePosition::Between,
        };
        if core::mem::replace(&mut self.gate, position) != position {
            self.controller.gate_feedback(position, self.now);
            self.listen();
        }
        for body in self.bodies.iter_mut().filter(|body| body.lead + GATE <= self.belt) {
            body.went.get_or_insert(self.gate);
        }
    }

    pub fn gate_release(&self) -> bool {
        self.controller.outputs().gate_release
    }

    /// Whether the last one is in its chute and seen there.
    pub fn is_over(&self) -> bool {
        self.bodies.iter().all(|body| body.went.is_some() && body.trail + EYES[3] < self.belt)
    }

    /// The station: a permit for each parcel as soon as the entry eye has measured it, once.
    fn listen(&mut self) {
        self.powered = self.controller.outputs().belt_permit;
        if !self.beats {
            return; // its facts wait
        }
        while let Some(report) = self.controller.report() {
            if let Report::Fact { fact, .. } = report {
                self.facts.push((self.epoch, fact));
            }
        }
        let news: Vec<(u32, Fact)> = self.facts[self.heard..].to_vec();
        self.heard = self.facts.len();
        for (epoch, fact) in news {
            if let Fact::Edge { eye: 0, blocked: false, tick, pass: Some(pass), .. } = fact {
                self.permit(epoch, pass, tick);
            }
        }
    }

    fn permit(&mut self, epoch: u32, pass: u32, trail: Tick) {
        let nose = self.facts.iter().rev().find_map(|&(boot, fact)| match fact {
            Fact::Edge { eye: 0, blocked: true, tick, pass: Some(of), .. } if (boot, of) == (epoch, pass) => Some(tick),
            _ => None,
        });
        // Whose pass it is: the station has read its label, here it is looked up by where it lies.
        let here = |body: &&Body| (body.trail - self.belt).abs() <= 3;
        let (Some(nose), Some(body)) = (nose, self.bodies.iter().position(|body| here(&body))) else { return };
        let given = self.sent.iter().any(|(boot, permit)| (*boot, permit.pass) == (epoch, pass));
        if body == WITHOUT_PERMIT || given || trail <= nose {
            return;
        }
        let length = Millimetres((trail - nose).0 as i32 * 5);
        let permit = Permit {
            id: self.sent.len() as u32 + 1,
            epoch,
            pass,
            window_lo: nose + Tick(EYES[1] - 17),
            window_hi: nose + Tick(EYES[1] + 17),
            length_mm_min: length - Millimetres(40),
            length_mm_max: length + Millimetres(40),
            expires: Micros(u64::MAX),
        };
        self.sent.push((epoch, permit.clone()));
        self.act(Action::Permit(permit));
    }
}

impl Body {
    /// What went down a chute is seen only there, and does not come back.
    fn is_seen_by(&self, eye: usize, here: i64) -> bool {
        let chute = self.went.map(|went| if went == GatePosition::Release { 2 } else { 3 });
        chute.unwrap_or(eye.min(1)) == eye && (self.lead..self.trail).contains(&here)
    }
}

#[test]
fn the_distances_are_those_of_the_lane() {
    let map = file::parse("five.toml", LANE).unwrap();
    let entry = map.eyes[0].at_mm;
    for (eye, way) in map.eyes.iter().zip(EYES) {
        assert_eq!((eye.at_mm - entry).0, way as i32 * 5);
    }
    assert_eq!((map.gate.as_ref().unwrap().at_mm - entry).0, GATE as i32 * 5);
    assert!(map.eye(EyeRole::Diverter).is_some_and(|(index, _)| index == 1));
}

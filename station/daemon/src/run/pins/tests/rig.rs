//! The world of wires, the controller on it, and a station at the other end of the channel that does the least a station
//! does: configures, beats, and permits what it is told to.

use std::collections::VecDeque;

use gatepost_hardware::lane::{EyeRole, LaneMap, file};
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{
    Action, BootCause, Command, Fact, Greeting, Input, LaneState, Permit, PermitFate, Report, VERSIONS, map,
};
use gatepost_hardware::units::{Micros, Millimetres, Tick};

use super::super::board::{Plan, Trouble};
use super::super::controller::{Controller, Setup};
use super::super::wires::Wires;
use super::super::{Kept, OnPins, about, limits};
use super::world::{FakeBoard, FakeOutput, World};
use crate::config::pins::{OutputRole, PinsConfig};

pub const SOUTH: &str = include_str!("../../../../../../hardware/lanes/south.toml");

/// Lane south on pins; eyes and one output active low.
pub const PINS: &str = "driver = \"gpiocdev\"\nchip = \"/dev/gpiochip0\"\n\
    [eye]\nentry = { line = 0, active_low = true }\ntunnel-out = { line = 1, active_low = true }\n\
    tunnel-end = { line = 2, active_low = true }\nsorter-in = { line = 3, active_low = true }\n\
    diverter = { line = 4, active_low = true }\nrelease = { line = 5, active_low = true }\n\
    exam = { line = 6, active_low = true }\n\
    [encoder]\ntunnel = { a = 10, b = 11 }\nsorter = { a = 12, b = 13 }\n\
    [input]\ne-stop = { line = 14, active_low = true }\nreset = 15\nexam-chute-full = 16\nguard = 17\n\
    [feedback]\nexam = 18\nrelease = 19\n\
    [output]\nbelt = { line = 20, active_low = true }\ngate = 21\nalive = 22\nred = 23\namber = 24\ngreen = 25\nbuzzer = 26\n";

pub struct Rig {
    pub world: World,
    pub controller: Option<Controller<FakeBoard, FakeOutput>>,
    pub station: Station,
    to_controller: VecDeque<Vec<u8>>,
}

#[derive(Default)]
pub struct Station {
    end: StationEnd,
    map: Option<LaneMap>,
    /// Every fact from the first on: one that is missing is asked for before any later one is taken.
    pub facts: Vec<Fact>,
    pub boots: Vec<BootCause>,
    pub epoch: u32,
    beaten: Micros,
    pub silent: bool,
    /// The controller's time and the ticks of each segment, as last said.
    pub time: Micros,
    pub ticks: Vec<Tick>,
}

impl Rig {
    /// Lane south, belts off, nothing on them.
    pub fn new() -> Self {
        Self::with(SOUTH)
    }

    pub fn with(lane: &str) -> Self {
        let map = file::parse("lane", lane).unwrap();
        let pins: PinsConfig = toml::from_str(PINS).unwrap();
        let plan = Plan::of(&pins);
        let station = Station { map: Some(map.clone()), ..Station::default() };
        let mut rig = Self { world: World::new(map, plan), controller: None, station, to_controller: VecDeque::new() };
        rig.open(Box::new(Kept::new()), BootCause::PowerOn).unwrap();
        rig
    }

    /// Opens the board; the controller boots.
    pub fn open(&mut self, kept: Box<Kept>, boot: BootCause) -> Result<(), Trouble> {
        let on = OnPins { pins: toml::from_str(PINS).unwrap(), map: self.world.map.clone() };
        let wires = Wires::new(&self.world.plan, self.world.pins(), &on.map)?;
        let setup = Setup { kept, boot, about: about(&on), kind: on.map.kind, limits: limits(&on.pins) };
        self.controller = Some(Controller::new(FakeBoard(self.world.wiring.clone()), wires, setup)?);
        Ok(())
    }

    /// Lets milliseconds pass outside and inside.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.world.pass();
            self.turn().unwrap();
        }
    }

    /// Lets milliseconds pass outside while the loop stands.
    pub fn stall(&mut self, ms: u64) {
        (0..ms).for_each(|_| self.world.pass());
    }

    pub fn turn(&mut self) -> Result<(), Trouble> {
        let now = self.world.wiring.borrow().now;
        self.station.beat(now, &mut self.to_controller);
        let Self { controller, station, to_controller, .. } = self;
        let mut answers = VecDeque::new();
        let controller = controller.as_mut().expect("the board is open");
        let said =
            controller.turn(&mut || to_controller.pop_front(), &mut |bytes| station.hear(bytes, now, &mut answers));
        to_controller.append(&mut answers);
        said
    }

    pub fn set(&mut self, input: Input, active: bool) {
        self.world.active.insert(input, active);
        self.world.lines();
        self.run(100);
    }

    /// Presses the reset button until the belts run.
    pub fn start(&mut self) {
        self.run(200);
        self.set(Input::Reset, true);
        self.set(Input::Reset, false);
        self.run(3_000);
        assert_eq!(self.state(), Some(LaneState::Running));
    }

    /// The lane's states as the station was told.
    pub fn states(&self) -> Vec<LaneState> {
        let states = self.station.facts.iter().filter_map(|fact| match fact {
            Fact::Lane { state, .. } => Some(*state),
            _ => None,
        });
        states.collect()
    }

    /// The last of them.
    pub fn state(&self) -> Option<LaneState> {
        self.states().last().copied()
    }

    pub fn fates(&self) -> Vec<PermitFate> {
        let fates = self.station.facts.iter().filter_map(|fact| match fact {
            Fact::Permit { fate, .. } => Some(*fate),
            _ => None,
        });
        fates.collect()
    }

    /// Puts a parcel before the entry; returns its place among the world's.
    pub fn parcel(&mut self, length_mm: i64) -> usize {
        let from_mm = -(self.world.ran_um / 1_000) - 50;
        let parcel = super::world::Parcel { from_mm, length_mm, released: None };
        self.world.parcels.push(parcel);
        self.world.parcels.len() - 1
    }

    /// Runs until the parcel's nose is so far before the diverter eye.
    pub fn until_before_diverter(&mut self, parcel: usize, mm: i64) {
        let at = self.diverter_mm();
        while self.world.parcels[parcel].from_mm + self.world.ran_um / 1_000 < at - mm {
            self.run(1);
        }
    }

    /// Runs until the parcel has left and a second longer; whether it left by release. Nothing when the belts stop before.
    pub fn until_left(&mut self, parcel: usize) -> Option<bool> {
        for _ in 0..40 {
            if self.world.parcels[parcel].released.is_some() || !self.world.on(OutputRole::Belt) {
                break;
            }
            self.run(1_000);
        }
        self.run(1_500);
        self.world.parcels[parcel].released
    }

    fn diverter_mm(&self) -> i64 {
        let map = &self.world.map;
        let (_, eye) = map.eye(EyeRole::Diverter).unwrap();
        let before: i32 = map.segments.iter().take(usize::from(eye.segment)).map(|belt| belt.length_mm.0).sum();
        i64::from(before + eye.at_mm.0)
    }

    /// Permits the parcel, `pass` as the controller numbered it, for where it must be at the diverter eye.
    pub fn permit(&mut self, parcel: usize, pass: u32) {
        let (map, station) = (&self.world.map, &self.station);
        let (_, eye) = map.eye(EyeRole::Diverter).unwrap();
        let segment = &map.segments[usize::from(eye.segment)];
        let here = self.world.parcels[parcel].from_mm + self.world.ran_um / 1_000;
        let left = Millimetres(i32::try_from(self.diverter_mm() - here).unwrap());
        let at = station.ticks[usize::from(eye.segment)] + segment.ticks(left);
        let window = segment.ticks(map.items.window_mm);
        let length = i32::try_from(self.world.parcels[parcel].length_mm).unwrap();
        let permit = Permit {
            id: pass,
            epoch: station.epoch,
            pass,
            window_lo: at - window,
            window_hi: at + window,
            length_mm_min: Millimetres(length - 35),
            length_mm_max: Millimetres(length + 35),
            expires: station.time + Micros::from_ms(20_000),
        };
        let Self { station, to_controller, world, .. } = self;
        let now = world.wiring.borrow().now;
        station.end.say(Word::Act(Action::Permit(permit)), now, |frame| to_controller.push_back(frame.to_vec()));
    }
}

impl Station {
    fn next(&self) -> u32 {
        self.facts.len() as u32
    }

    fn ask(&mut self, command: Command, say: &mut VecDeque<Vec<u8>>) {
        self.end.say(Word::Ask(command), Micros::ZERO, |frame| say.push_back(frame.to_vec()));
    }

    fn beat(&mut self, now: Micros, say: &mut VecDeque<Vec<u8>>) {
        if !self.silent && now.saturating_sub(self.beaten) >= Micros::from_ms(100) {
            self.beaten = now;
            self.ask(Command::Beat, say);
            self.end.tick(now, |frame| say.push_back(frame.to_vec()));
        }
    }

    fn hear(&mut self, bytes: &[u8], now: Micros, say: &mut VecDeque<Vec<u8>>) {
        for &byte in bytes {
            let Some(report) = self.end.hear(byte, now) else { continue };
            let map = self.map.as_ref().unwrap();
            match report {
                Report::Hello(Greeting { crc: 0, .. }) => {
                    let part = map::part(map, 0).unwrap();
                    self.ask(part, say);
                }
                Report::MapWanted { offset } => {
                    let part = map::part(map, offset);
                    let hello = Command::Hello { lowest: VERSIONS.0, highest: VERSIONS.1 };
                    self.ask(part.unwrap_or(hello), say);
                }
                Report::Hello(Greeting { crc, epoch: 0, .. }) => {
                    assert_eq!(crc, map.crc());
                    // The controller keeps the first that it is given, and says which.
                    self.ask(Command::Configure { crc, epoch: self.epoch + 1 }, say);
                }
                Report::Hello(Greeting { epoch, .. }) => self.epoch = epoch,
                Report::Fact { number, .. } if number > self.next() => {
                    self.ask(Command::Resend { from: self.next() }, say);
                }
                Report::Fact { number, fact } if number == self.next() => {
                    if let Fact::Boot { cause, .. } = fact {
                        self.boots.push(cause);
                    }
                    self.facts.push(fact);
                }
                Report::Beat { time, ticks, .. } => {
                    (self.time, self.ticks) = (time, ticks.to_vec());
                }
                _ => {}
            }
        }
    }
}

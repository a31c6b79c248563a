//! A virtual lane in real time at an emulated controller, and a station that permits every parcel: for tests that measure
//! at the pins. The decisions of the real station have no part in it; who wants them plays the demonstration.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gatepost_hardware::lane::{LaneMap, file};
use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::link::{Action, Command, Fact, Greeting, Permit, Report, Statistics, map};
use gatepost_hardware::units::{Micros, Millimetres, Tick};
use gatepost_virtual::device::Emitted;
use gatepost_virtual::faults::FaultSchedule;
use gatepost_virtual::lane::{Happened, VirtualLane};
use gatepost_virtual::parcel::Plan;
use gatepost_world::emulator::coarse::coarse;
use gatepost_world::emulator::controller::Emulated;
use gatepost_world::emulator::{Image, Outputs};

const NORTH: &str = include_str!("../../hardware/lanes/north.toml");
const STEP_US: u64 = 2_000;
const BEAT_US: u64 = 100_000;

pub fn north() -> LaneMap {
    file::parse("north.toml", &coarse(NORTH)).unwrap_or_else(|error| panic!("{error}"))
}

pub struct RealTime {
    pub lane: VirtualLane,
    pub board: Emulated,
    start: Instant,
    end: StationEnd,
    pub epoch: u32,
    /// Numbers and facts, each once, in order.
    pub facts: Vec<(u32, Fact)>,
    pub greetings: Vec<Greeting>,
    pub reports: Vec<Report>,
    pub statistics: Option<Statistics>,
    /// Parcels by the permit they were given.
    pub permits: BTreeMap<u32, u32>,
    /// Whether the station is there at all.
    pub talks: bool,
    beat_due: u64,
}

impl RealTime {
    /// # Panics
    /// Where the emulator or the firmware is missing, with what to do.
    pub fn start(image: Image, seed: u64, parcels: u32) -> Self {
        let board = Emulated::start(image).unwrap_or_else(|why| panic!("{why}"));
        let plan = Plan { parcels, officer_ms: Some(1_500), operator_ms: Some(300), ..Plan::default() };
        let lane = VirtualLane::new(north(), seed, plan, FaultSchedule::none()).controlled_by(Box::new(board.clone()));
        Self {
            lane,
            board,
            start: Instant::now(),
            end: StationEnd::default(),
            epoch: 0,
            facts: Vec::new(),
            greetings: Vec::new(),
            reports: Vec::new(),
            statistics: None,
            permits: BTreeMap::new(),
            talks: true,
            beat_due: 0,
        }
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    pub fn outputs(&self) -> Outputs {
        self.board.wired().emulator.outputs().unwrap_or_else(|why| panic!("{why}"))
    }

    pub fn say(&mut self, word: Word) {
        let (now, mut bytes) = (self.now(), Vec::new());
        if self.talks {
            self.end.say(word, now, |frame| bytes.extend_from_slice(frame));
            self.lane.send(&bytes);
        }
    }

    /// Lets the lane catch up with the clock, and the station speak.
    pub fn turn(&mut self) {
        let now = self.now();
        while self.lane.now() < now {
            self.lane.advance((now.0 - self.lane.now().0).min(STEP_US));
        }
        for emission in self.lane.emitted() {
            if let Emitted::Controller(bytes) = &emission.what {
                bytes.iter().for_each(|byte| self.hear(*byte));
            }
        }
        if now.0 >= self.beat_due {
            self.beat_due = now.0 + BEAT_US;
            self.say(Word::Ask(Command::Beat));
        }
        let mut bytes = Vec::new();
        self.end.tick(now, |frame| bytes.extend_from_slice(frame));
        if self.talks {
            self.lane.send(&bytes);
        }
    }

    /// Turns until something holds. With `false` it did not in this time.
    pub fn until(&mut self, seconds: u64, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(seconds) {
            self.turn();
            if holds(self) {
                return true;
            }
            std::thread::park_timeout(Duration::from_micros(500));
        }
        false
    }

    pub fn pass(&mut self, ms: u64) {
        let until = Instant::now() + Duration::from_millis(ms);
        self.until(ms / 1_000 + 5, |_| Instant::now() >= until);
    }

    fn hear(&mut self, byte: u8) {
        let Some(report) = self.end.hear(byte, self.now()) else { return };
        let mine = self.lane.map().crc();
        match &report {
            Report::Hello(greeting) => {
                self.greetings.push(*greeting);
                match *greeting {
                    // Two greetings before our answer arrives want one epoch: the second answer is refused.
                    Greeting { epoch: 0, crc, .. } if crc == mine => {
                        self.say(Word::Ask(Command::Configure { crc, epoch: self.epoch + 1 }));
                    }
                    Greeting { epoch: 0, .. } => self.say_part(0),
                    _ => {}
                }
            }
            Report::MapWanted { offset } => self.say_part(*offset),
            Report::Fact { number, fact } => {
                let next = self.facts.last().map_or(*number, |(last, _)| last + 1);
                if *number == next {
                    if let Fact::Configured { epoch, .. } = fact {
                        self.epoch = *epoch;
                    }
                    self.facts.push((*number, *fact));
                } else if *number > next {
                    self.say(Word::Ask(Command::Resend { from: next }));
                }
            }
            Report::Beat { ticks, .. } => {
                if let Some(tick) = ticks.last() {
                    self.permit(*tick);
                }
            }
            Report::Statistics(statistics) => self.statistics = Some(*statistics),
            _ => {}
        }
        self.reports.push(report);
    }

    fn say_part(&mut self, offset: u16) {
        if let Some(part) = map::part(self.lane.map(), offset) {
            self.say(Word::Ask(part));
        }
    }

    /// A permit for each parcel that came onto the last belt. `tick`: of it, a moment ago.
    fn permit(&mut self, tick: Tick) {
        let now = self.reports.iter().rev().find_map(|report| match report {
            Report::Beat { time, .. } => Some(*time),
            _ => None,
        });
        let expires = now.unwrap_or_default() + Micros::from_ms(15_000);
        for permit in self.lane.permits(tick, Millimetres(40)) {
            if !self.permits.values().any(|parcel| *parcel == permit.pass) {
                let id = self.permits.len() as u32 + 1;
                self.permits.insert(id, permit.pass);
                self.say(Word::Act(Action::Permit(Permit { id, epoch: self.epoch, expires, ..permit })));
            }
        }
    }

    /// What was heard last: for whoever reads a failure.
    pub fn lately(&self) -> String {
        let facts = &self.facts[self.facts.len().saturating_sub(12)..];
        let reports = &self.reports[self.reports.len().saturating_sub(3)..];
        let (greeting, permits) = (self.greetings.last(), self.permits.len());
        let (bites, epoch) = (self.board.wired().bites.len(), self.epoch);
        format!(
            "epoch {epoch}, {permits} permits, {bites} watchdog bites, greeting {greeting:?}\n{facts:?}\n{reports:?}"
        )
    }

    /// Parcels that went to release, and those of them that nobody had permitted.
    pub fn released(&self) -> (usize, usize) {
        let released = self.lane.truth().iter().filter_map(|truth| match truth.what {
            Happened::Diverted { parcel, chute: gatepost_virtual::lane::Chute::Release } => Some(parcel),
            _ => None,
        });
        let released: Vec<u32> = released.collect();
        let strange = released.iter().filter(|parcel| !self.permits.values().any(|known| known == *parcel)).count();
        (released.len(), strange)
    }
}

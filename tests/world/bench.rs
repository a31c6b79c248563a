//! A bench's days in virtual time: an officer, one station, faults and deaths from one seed, until every item is gone.
//!
//! Apart from the belt's world because nothing moves here but hands: the officer sees what the station shows, and does as
//! it says. Judged by the same checker.

use std::collections::BTreeMap;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::{Micros, Millimetres};
use gatepost_ledger::disk::memory::{Crash, MemoryDisk};
use gatepost_pipeline::drive::LaneView;
use gatepost_pipeline::event::{Event, ImageFile};
use gatepost_pipeline::judge::{BlindCause, Detection, DetectionClass, Fault as Broken, Image, Inputs, Outcome, Token};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::pass::life::State;
use gatepost_pipeline::ruleset::BUILT_IN;
use gatepost_virtual::ailments::AilingWindow;
use gatepost_virtual::device::{Emission, Emitted, ImageEvent};
use gatepost_virtual::faults::Fault;
use gatepost_virtual::lane::bench::{Lamp, Seen, VirtualBench};

use crate::checker::bench::LOOK_BACK_US;
use crate::checker::truth::Clock;
use crate::checker::{self, Checked, check, from_virtual};
use crate::crash::{Crashes, Dice};
use crate::dialect::Dialect;
use crate::lists::Lists;
use crate::station::{Acknowledged, Died, STATION, Station, WALL_START, Weather};
use crate::world::{Setup, files_of, objects_in};

/// Length of one step of the world.
const STEP_US: u64 = 5_000;
/// The officer's eye.
const LOOK_US: u64 = 50_000;
/// Microseconds a model takes.
const INFER_US: (u64, u64) = (20_000, 90_000);
/// What was lifted is put down, and everything recorded, by then.
const RESTS_US: u64 = 5_000_000;
/// Longest time that one item may take: an officer's patience, and a station that comes back.
const ITEM_US: u64 = 60_000_000;

/// What a page shows of what lies on the bench.
pub fn seen(view: &LaneView) -> Seen {
    let Some(here) = view.parcels.iter().rev().find(|parcel| parcel.state.is_on_belt()) else {
        return Seen { calls: true, ..Seen::default() };
    };
    let lamp = match (here.state, here.outcome) {
        (State::Permitted, _) => Lamp::Release,
        (State::Decided, Some(Outcome::Exam)) => Lamp::Exam,
        (State::Decided, Some(Outcome::StopInPlace)) => Lamp::Stop,
        _ => Lamp::Dark,
    };
    let item = here.item.as_ref().map(|item| item.as_str().to_owned());
    Seen { calls: false, lamp, pass: Some(here.pass.to_string()), item }
}

pub struct BenchWorld {
    pub bench: VirtualBench,
    pub disk: MemoryDisk,
    pub lists: Lists,
    pub crashes: Crashes,
    map: LaneMap,
    station: Option<Station>,
    /// When the station comes back.
    back_at: u64,
    images: u32,
    assess: Vec<(u64, u32, Image)>,
    answers: Vec<(u64, PassKey, Option<Token>)>,
    late_holds: Vec<(u64, u32)>,
    dice: Dice,
    sampling_rate: u16,
    dialect: Dialect,
    disk_full: bool,
    parcels: u32,
    pub acknowledged: Vec<Acknowledged>,
    /// By digest of an image: the items that it shows.
    images_shown: BTreeMap<String, Vec<u32>>,
    /// Stretches in which the station was dead, microseconds.
    down: Vec<(u64, u64)>,
    /// What went wrong that no checker needs to find.
    pub broken: Vec<String>,
    pub lives: u32,
}

impl BenchWorld {
    pub fn new(setup: Setup) -> Self {
        Self {
            parcels: setup.plan.parcels,
            bench: VirtualBench::new(setup.map.clone(), setup.seed, setup.plan, setup.faults),
            disk: MemoryDisk::new(),
            lists: Lists::default(),
            crashes: Crashes::new(setup.seed, setup.crash_every_s * 1_000_000),
            map: setup.map,
            station: None,
            back_at: 0,
            images: 0,
            assess: Vec::new(),
            answers: Vec::new(),
            late_holds: setup.late_holds,
            dice: Dice::new(setup.seed ^ 0x5EED),
            sampling_rate: setup.sampling_rate,
            dialect: setup.dialect,
            disk_full: false,
            acknowledged: Vec::new(),
            images_shown: BTreeMap::new(),
            down: Vec::new(),
            broken: Vec::new(),
            lives: 0,
        }
    }

    /// Lets the scale's cable be loose in these windows.
    ///
    /// # Errors
    /// A sentence, when something else is to ail.
    pub fn ail(&mut self, windows: Vec<AilingWindow>) -> Result<(), String> {
        self.bench.ail(windows)
    }

    /// Until every item is gone and the station has nothing left to finish; then a clean stop.
    pub fn run(&mut self) {
        let patience = u64::from(self.parcels + 2) * ITEM_US;
        let mut idle_since = None;
        while self.broken.is_empty() {
            self.step();
            let now = self.now();
            let rests = || self.station.as_ref().is_some_and(|station| station.view().parcels.is_empty());
            let done = self.bench.finished() && !self.disk_full && rests();
            idle_since = if done { idle_since.or(Some(now)) } else { None };
            if idle_since.is_some_and(|since| now >= since + RESTS_US) {
                break;
            }
            if now > patience {
                let left = self.station.as_ref().map_or(Vec::new(), |station| station.view().parcels);
                let left: Vec<_> = left.iter().map(|parcel| format!("{} {:?}", parcel.pass, parcel.state)).collect();
                self.broken.push(format!("the bench did not come to rest; still open: {left:?}"));
            }
        }
        let now = self.now();
        if let Some(station) = self.station.take() {
            self.acknowledged.extend(station.acknowledged.iter().cloned());
            station.stop(now);
        }
    }

    pub fn now(&self) -> u64 {
        self.bench.now().0
    }
    pub fn station(&self) -> Option<&Station> {
        self.station.as_ref()
    }

    /// One step of everything.
    pub fn step(&mut self) {
        self.bench.advance(STEP_US);
        let now = self.now();
        self.outside(now);
        if self.station.is_none() && now >= self.back_at {
            self.lives += 1;
            match Station::start(&self.map, &self.disk, self.sampling_rate, &self.dialect, BUILT_IN) {
                Ok(station) => self.station = Some(station),
                Err(error) => return self.broken.push(format!("at {now} us the station could not start: {error}")),
            }
        }
        self.lists.learn(self.bench.parcels());
        let emissions = self.bench.emitted();
        let Some(mut station) = self.station.take() else { return };
        match self.live(now, &mut station, emissions) {
            Ok(()) => {
                if now.is_multiple_of(LOOK_US) {
                    self.bench.show(&seen(&station.view()));
                }
                self.station = Some(station);
            }
            Err(Died) => self.bury(now, station),
        }
    }

    fn live(&mut self, now: u64, station: &mut Station, emissions: Vec<Emission>) -> Result<(), Died> {
        for emission in emissions {
            let at = emission.at.0;
            match emission.what {
                Emitted::Controller(_) => {}
                Emitted::Scanner { device, bytes } => {
                    station.scanner(at, device, &self.dialect.scan(&bytes), &mut self.crashes)?;
                }
                Emitted::Scale { device, bytes } => {
                    station.scale(at, device, &self.dialect.weigh(&bytes), &mut self.crashes)?;
                }
                Emitted::Image { device, image } => self.image(at, station, device, &image)?,
                Emitted::Picture { .. } => {} // no virtual bench has a camera
            }
        }
        for (_, image, assessed) in due(&mut self.assess, now, |(at, ..)| *at) {
            station.handle(now, Event::Assessed { image, assessed }, &mut self.crashes)?;
        }
        for (_, pass, item) in due(&mut self.answers, now, |(at, ..)| *at) {
            let answer = Box::new(self.lists.look_up(item.as_ref()));
            station.handle(now, Event::Matched { pass, answer }, &mut self.crashes)?;
        }
        for (_, parcel) in due(&mut self.late_holds, now, |(at, _)| *at) {
            let item = self.bench.parcels().iter().find(|truth| truth.id == parcel).map(|truth| truth.item.clone());
            item.iter().for_each(|item| self.lists.hold(item));
            station.handle(now, Event::ListsChanged, &mut self.crashes)?;
        }
        let failed = self.bench.faults().active(Fault::ModelFailed, Micros(now));
        station.handle(now, Event::Part { fault: Broken::Model, failed }, &mut self.crashes)?;
        station.tick(now, Weather::default(), &mut self.crashes)?;
        for (pass, item) in station.asked() {
            let at = now + self.dice.between(500, 4_000);
            self.answers.push((at, pass, item));
        }
        Ok(())
    }

    fn image(&mut self, now: u64, station: &mut Station, device: u8, image: &ImageEvent) -> Result<(), Died> {
        self.images += 1;
        let id = self.images;
        let digest = Token::clipped(blake3::hash(&id.to_le_bytes()).to_hex().as_str());
        self.images_shown.insert(digest.as_str().to_owned(), image.parcels.clone());
        let (number, length_mm) = (Some(image.number), Millimetres(image.length_mm as i32));
        let file = ImageFile { id, digest, number, length_mm, objects: objects_in(image, self.bench.parcels()) };
        station.handle(now, Event::Image { mono: Micros(now), device, image: file }, &mut self.crashes)?;
        let blind = self.bench.faults().active(Fault::ModelFailed, Micros(now));
        let assessed = if blind { Image::Blind { cause: BlindCause::Engine } } else { self.assessed(image) };
        self.assess.push((now + self.dice.between(INFER_US.0, INFER_US.1), id, assessed));
        Ok(())
    }

    /// What a perfect model would say: the world tests the station, not the model.
    fn assessed(&self, image: &ImageEvent) -> Image {
        let targets = image.parcels.iter().filter_map(|&id| {
            let truth = self.bench.parcels().iter().find(|truth| truth.id == id)?;
            DetectionClass::parse(truth.target.as_deref()?)
        });
        let detections = targets.map(|class| Detection { class, score: 9_000, bounds: [10, 10, 60, 60] }).collect();
        let Some(mut inputs) = PassKey::parse("world/0/0").map(Inputs::blank) else { return Image::NotYet };
        inputs.set_assessed(detections, None, 9_000);
        inputs.image
    }

    fn outside(&mut self, now: u64) {
        let full = self.bench.faults().active(Fault::DiskFull, Micros(now));
        if full != self.disk_full {
            self.disk_full = full;
            self.disk.set_budget(full.then(|| self.disk.used() + 2_000));
        }
    }

    /// The station died: what it had not synced is lost, and its screen is dark.
    fn bury(&mut self, now: u64, station: Station) {
        self.acknowledged.extend(station.acknowledged.iter().cloned());
        drop(station);
        self.bench.show(&Seen::default());
        self.disk.power_off();
        let seed = self.crashes.dice().draw();
        let crash = if seed.is_multiple_of(2) { Crash::Everything } else { Crash::Seeded(seed) };
        self.disk.power_on(crash);
        if self.disk_full {
            self.disk.set_budget(Some(self.disk.used() + 2_000));
        }
        self.back_at = now + self.crashes.dice().between(200_000, 3_000_000);
        self.down.push((now.saturating_sub(LOOK_BACK_US), self.back_at));
        self.assess.clear();
        self.answers.clear();
    }

    /// The checker's word on this run.
    pub fn checked(&self) -> Checked {
        let log = from_virtual::Log {
            lane: self.map.name.as_str(),
            parcels: self.bench.parcels(),
            log: self.bench.truth(),
            faults: self.bench.faults(),
            epochs: &BTreeMap::new(),
            silence_us_max: None,
            on_the_wire: &|words| self.dialect.weigh(words),
        };
        let mut truth = from_virtual::truth(&log, Clock { wall_at_zero_ms: WALL_START, pace: 1, trusted: true });
        truth.images = self.images_shown.clone();
        truth.down = self.down.clone();
        truth.settled = self.broken.is_empty();
        truth.windows.extend(self.bench.ailing().iter().map(from_virtual::ailing));
        check(&[checker::Station {
            name: STATION.to_owned(),
            files: files_of(&self.disk),
            key: None,
            lanes: vec![truth],
            central: None,
            durable_ms: BTreeMap::new(),
        }])
    }
}

/// Takes what is due, in the order it was put.
fn due<T>(list: &mut Vec<T>, now: u64, at: impl Fn(&T) -> u64) -> Vec<T> {
    let (ready, later) = std::mem::take(list).into_iter().partition(|entry| at(entry) <= now);
    *list = later;
    ready
}

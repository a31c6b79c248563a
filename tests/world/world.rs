//! A run: one virtual lane, one station, faults and crashes from one seed, until every parcel is accounted.

use std::collections::BTreeMap;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::{Micros, Millimetres};
use gatepost_ledger::disk::memory::{Crash, MemoryDisk};
use gatepost_pipeline::event::{Event, ImageFile};
use gatepost_pipeline::judge::{BlindCause, Detection, DetectionClass, Fault as Broken, Image, Inputs, Token};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::ruleset::BUILT_IN;
use gatepost_virtual::ailments::{AilingWindow, Ailment, Device};
use gatepost_virtual::device::{Emission, Emitted, ImageEvent, LabelEvent, Part};
use gatepost_virtual::faults::{Fault, FaultSchedule};
use gatepost_virtual::lane::VirtualLane;
use gatepost_virtual::parcel::{ParcelTruth, Plan};

use crate::checker::truth::Clock;
use crate::checker::{self, Checked, check, from_virtual};
use crate::crash::{Crashes, Dice};
use crate::dialect::Dialect;
use crate::label;
use crate::lists::Lists;
use crate::station::{Acknowledged, Died, STATION, Station, WALL_START, Weather};

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    pub map: LaneMap,
    pub seed: u64,
    pub plan: Plan,
    pub faults: FaultSchedule,
    /// Mean seconds between deaths of the station; 0 for none.
    pub crash_every_s: u64,
    /// In 1/10,000.
    pub sampling_rate: u16,
    /// What its scanners and scales speak.
    pub dialect: Dialect,
    /// Holds that arrive while the lane runs: at which microsecond, for which parcel (laying order).
    pub late_holds: Vec<(u64, u32)>,
}

/// Length of one step of the world.
const STEP_US: u64 = 5_000;
/// Who feeds the lane looks at its page this often.
const READ_US: u64 = 1_000_000;
/// Parcels in a row that pushed against each other overlap by no more than this.
const OVERLAP_MM: u32 = 40;
/// Microseconds a model takes.
const INFER_US: (u64, u64) = (20_000, 90_000);
/// Microseconds that reading the picture of a label takes.
const READ_LABEL_US: (u64, u64) = (40_000, 300_000);
/// A world that does not come to its end within so much more than its parcels need is stuck.
const PATIENCE_US: u64 = 900_000_000;

pub struct World {
    pub lane: VirtualLane,
    pub disk: MemoryDisk,
    pub lists: Lists,
    pub crashes: Crashes,
    map: LaneMap,
    station: Option<Station>,
    /// When the station comes back.
    back_at: u64,
    attentive: bool,
    images: u32,
    assess: Vec<(u64, u32, Image)>,
    /// Pictures of labels that are being read: until when, when each file was finished, by which device.
    labels: Vec<(u64, u64, u8, LabelEvent)>,
    answers: Vec<(u64, PassKey, Option<Token>)>,
    late_holds: Vec<(u64, u32)>,
    dice: Dice,
    sampling_rate: u16,
    dialect: Dialect,
    /// Instead of the built-in rules.
    rules: Option<String>,
    disk_full: bool,
    /// Everything any life of the station acknowledged.
    pub acknowledged: Vec<Acknowledged>,
    /// By digest of an image: the parcels that it shows whole.
    pub images_shown: BTreeMap<String, Vec<u32>>,
    /// Stretches in which the station was dead, microseconds.
    pub down: Vec<(u64, u64)>,
    /// What went wrong that no checker needs to find.
    pub broken: Vec<String>,
    pub lives: u32,
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let lane = VirtualLane::new(setup.map.clone(), setup.seed, setup.plan, setup.faults);
        Self {
            lists: Lists::default(),
            lane,
            disk: MemoryDisk::new(),
            crashes: Crashes::new(setup.seed, setup.crash_every_s * 1_000_000),
            map: setup.map,
            station: None,
            back_at: 0,
            attentive: false,
            images: 0,
            assess: Vec::new(),
            labels: Vec::new(),
            answers: Vec::new(),
            late_holds: setup.late_holds,
            dice: Dice::new(setup.seed ^ 0x5EED),
            sampling_rate: setup.sampling_rate,
            dialect: setup.dialect,
            rules: None,
            disk_full: false,
            acknowledged: Vec::new(),
            images_shown: BTreeMap::new(),
            down: Vec::new(),
            broken: Vec::new(),
            lives: 0,
        }
    }

    /// Lets devices of the lane be sick in these windows. Who feeds it reads what the station says, and leaves a gap when it
    /// asks for one.
    pub fn ail(&mut self, windows: Vec<AilingWindow>) {
        self.attentive = true;
        self.lane.ail(windows);
    }

    /// Lets the station judge by this pack.
    pub fn judge_by(&mut self, pack: &str) {
        self.rules = Some(pack.to_owned());
    }

    pub fn station_name(&self) -> &'static str {
        STATION
    }
    pub fn station(&self) -> Option<&Station> {
        self.station.as_ref()
    }

    /// Until every parcel laid has left and the station has nothing left to finish; then a clean stop.
    pub fn run(&mut self) {
        let mut idle_since = None;
        let mut patience = PATIENCE_US + self.lane.parcels().len() as u64 * 20_000_000;
        while self.broken.is_empty() && patience > 0 {
            patience = patience.saturating_sub(STEP_US);
            self.step();
            let now = self.now();
            let done = self.lane.finished()
                && self.station.as_ref().is_some_and(|station| station.view().parcels.is_empty())
                && !self.disk_full;
            idle_since = if done { idle_since.or(Some(now)) } else { None };
            if idle_since.is_some_and(|since| now >= since + 2_000_000) {
                break;
            }
        }
        if patience == 0 {
            let left = self.station.as_ref().map_or(Vec::new(), |station| station.view().parcels);
            let left: Vec<String> = left.iter().map(|parcel| format!("{} {:?}", parcel.pass, parcel.state)).collect();
            self.broken.push(format!(
                "the world did not come to rest; still open: {left:?}; on belt {:?}",
                self.lane.on_belt()
            ));
        }
        let now = self.now();
        if let Some(station) = self.station.take() {
            self.acknowledged.extend(station.acknowledged.iter().cloned());
            station.stop(now);
        }
    }

    fn now(&self) -> u64 {
        self.lane.now().0
    }

    /// One step of everything.
    pub fn step(&mut self) {
        self.lane.advance(STEP_US);
        let now = self.now();
        self.outside(now);
        if self.station.is_none() && now >= self.back_at {
            self.lives += 1;
            let rules = self.rules.as_deref().unwrap_or(BUILT_IN);
            match Station::start(&self.map, &self.disk, self.sampling_rate, &self.dialect, rules) {
                Ok(station) => self.station = Some(station),
                Err(error) => return self.broken.push(format!("at {now} us the station could not start: {error}")),
            }
        }
        self.lists.learn(self.lane.parcels());
        let emissions = self.lane.emitted();
        let Some(mut station) = self.station.take() else { return };
        let result = self.live(now, &mut station, emissions);
        if self.attentive && now.is_multiple_of(READ_US) {
            self.lane.feed(!station.view().images_out_of_step);
        }
        let said = station.said();
        if !said.is_empty() {
            self.lane.send(&said);
        }
        match result {
            Ok(()) => self.station = Some(station),
            Err(Died) => self.bury(now, station),
        }
    }

    fn live(&mut self, now: u64, station: &mut Station, emissions: Vec<Emission>) -> Result<(), Died> {
        for emission in emissions {
            let at = emission.at.0;
            match emission.what {
                Emitted::Controller(bytes) => station.controller(at, &bytes, &mut self.crashes)?,
                Emitted::Scanner { device, bytes } => {
                    station.scanner(at, device, &self.dialect.scan(&bytes), &mut self.crashes)?;
                }
                Emitted::Scale { device, bytes } => {
                    station.scale(at, device, &self.dialect.weigh(&bytes), &mut self.crashes)?;
                }
                Emitted::Image { device, image } => self.image(at, station, device, &image)?,
                Emitted::Picture { device, picture } => {
                    let due = at + self.dice.between(READ_LABEL_US.0, READ_LABEL_US.1);
                    self.labels.push((due, at, device, picture));
                }
            }
        }
        for (_, at, device, picture) in take_due(&mut self.labels, now, |(due, ..)| *due) {
            let event = Event::Picture { mono: Micros(at), device, picture: label::read(&picture) };
            station.handle(now, event, &mut self.crashes)?;
        }
        for (_, image, assessed) in take_due(&mut self.assess, now, |(due, ..)| *due) {
            station.handle(now, Event::Assessed { image, assessed }, &mut self.crashes)?;
        }
        for (_, pass, item) in take_due(&mut self.answers, now, |(due, ..)| *due) {
            let answer = Box::new(self.lists.look_up(item.as_ref()));
            station.handle(now, Event::Matched { pass, answer }, &mut self.crashes)?;
        }
        let late = take_due(&mut self.late_holds, now, |(due, _)| *due);
        if !late.is_empty() {
            for (_, parcel) in late {
                let item = self.lane.parcels().iter().find(|truth| truth.id == parcel).map(|truth| truth.item.clone());
                item.iter().for_each(|item| self.lists.hold(item));
            }
            station.handle(now, Event::ListsChanged, &mut self.crashes)?;
        }
        let failed = self.lane.faults().active(Fault::ModelFailed, Micros(now));
        station.handle(now, Event::Part { fault: Broken::Model, failed }, &mut self.crashes)?;
        let off = self.lane.faults().active(Fault::ClockJump, Micros(now));
        station.tick(now, Weather { clock_off_ms: if off { 5_400_000 } else { 0 } }, &mut self.crashes)?;
        for (pass, item) in station.asked() {
            let due = now + self.dice.between(500, 4_000);
            self.answers.push((due, pass, item));
        }
        Ok(())
    }

    /// An image file was closed: its length is known at once, what is in it a little later.
    fn image(&mut self, now: u64, station: &mut Station, device: u8, image: &ImageEvent) -> Result<(), Died> {
        self.images += 1;
        let id = self.images;
        // A file is what it shows: written twice, it has one digest.
        let shows = [image.number.to_le_bytes(), (image.part as u32).to_le_bytes()].concat();
        let digest = Token::clipped(blake3::hash(&shows).to_hex().as_str());
        let whole = if image.part == Part::Whole { image.parcels.clone() } else { Vec::new() };
        self.images_shown.insert(digest.as_str().to_owned(), whole);
        let (number, length_mm) = (Some(image.number), Millimetres(image.length_mm as i32));
        let file = ImageFile { id, digest, number, length_mm, objects: objects_in(image, self.lane.parcels()) };
        let event = Event::Image { mono: Micros(now), device, image: file };
        station.handle(now, event, &mut self.crashes)?;
        let blind = self.lane.faults().active(Fault::ModelFailed, Micros(now));
        let assessed = match self.is_noise(image) {
            _ if blind => Image::Blind { cause: BlindCause::Engine },
            true => Image::Blind { cause: BlindCause::Quality },
            false => self.assessed(image),
        };
        let due = now + self.dice.between(INFER_US.0, INFER_US.1);
        self.assess.push((due, id, assessed));
        Ok(())
    }

    /// Whether the X-ray machine was so sick that the picture shows nothing.
    fn is_noise(&self, image: &ImageEvent) -> bool {
        let then = |window: &&AilingWindow| window.from <= image.ended && image.ended < window.until;
        let mut cells = self.lane.ailing().iter().filter(then).map(|window| window.cell);
        cells.any(|cell| cell.device == Device::Xray && cell.ailment == Ailment::Garbage)
    }

    /// What a perfect model would say: the world tests the station, not the model.
    fn assessed(&self, image: &ImageEvent) -> Image {
        let targets = image.parcels.iter().filter_map(|&id| {
            let truth = self.lane.parcels().iter().find(|truth| truth.id == id)?;
            DetectionClass::parse(truth.target.as_deref()?)
        });
        let detections =
            targets.map(|class| Detection { class, score: 9_000, bounds: [10, 10, 60, 60] }).collect::<Vec<_>>();
        let mut inputs = PassKey::parse("world/0/0").map(Inputs::blank);
        if let Some(inputs) = &mut inputs {
            inputs.set_assessed(detections, None, 9_000);
        }
        inputs.map_or(Image::NotYet, |inputs| inputs.image)
    }

    /// Faults outside the lane.
    fn outside(&mut self, now: u64) {
        let full = self.lane.faults().active(Fault::DiskFull, Micros(now));
        if full != self.disk_full {
            self.disk_full = full;
            self.disk.set_budget(full.then(|| self.disk.used() + 2_000));
        }
    }

    /// The station died: what it had not synced is lost as a kill or a power cut loses it.
    fn bury(&mut self, now: u64, station: Station) {
        self.acknowledged.extend(station.acknowledged.iter().cloned());
        drop(station);
        self.disk.power_off();
        let seed = self.crashes.dice().draw();
        let crash = if seed.is_multiple_of(2) { Crash::Everything } else { Crash::Seeded(seed) };
        self.disk.power_on(crash);
        if self.disk_full {
            self.disk.set_budget(Some(self.disk.used() + 2_000));
        }
        self.back_at = now + self.crashes.dice().between(200_000, 3_000_000);
        self.down.push((now, self.back_at));
        self.assess.clear();
        self.labels.clear();
        self.answers.clear();
    }

    /// The checker's word on this run.
    pub fn checked(&self) -> Checked {
        check(&[self.evidence()])
    }

    /// Everything that a checker may read of this run.
    pub fn evidence(&self) -> checker::Station {
        let log = from_virtual::Log {
            lane: self.map.name.as_str(),
            parcels: self.lane.parcels(),
            log: self.lane.truth(),
            faults: self.lane.faults(),
            epochs: &BTreeMap::new(),
            silence_us_max: Some(u64::from(self.map.timing.heartbeat_ms_max) * 1_000),
            on_the_wire: &|words| self.dialect.weigh(words),
        };
        let jumped = self.lane.faults().windows.iter().any(|window| window.fault == Fault::ClockJump);
        let clock = Clock { wall_at_zero_ms: WALL_START, pace: 1, trusted: !jumped };
        let mut truth = from_virtual::truth(&log, clock);
        truth.images = self.images_shown.clone();
        truth.down = self.down.clone();
        truth.settled = self.broken.is_empty();
        truth.windows.extend(self.lane.ailing().iter().map(from_virtual::ailing));
        checker::Station {
            name: STATION.to_owned(),
            files: self.journal_files(),
            key: None,
            lanes: vec![truth],
            central: None,
            durable_ms: BTreeMap::new(),
        }
    }

    /// The journal's files, for the checker.
    pub fn journal_files(&self) -> BTreeMap<String, Vec<u8>> {
        files_of(&self.disk)
    }
}

/// What the picture tells: two parcels that take up less belt together than one behind the other lie side by side.
/// Of more than two, or of a piece of a picture, nothing is claimed.
pub(crate) fn objects_in(image: &ImageEvent, parcels: &[ParcelTruth]) -> u8 {
    if image.part != Part::Whole || image.parcels.len() != 2 {
        return 1;
    }
    let lengths = image.parcels.iter().filter_map(|&id| parcels.iter().rev().find(|truth| truth.id == id));
    let in_a_row: u32 = lengths.map(|truth| truth.length_mm).chain(image.gap_mm.iter().copied()).sum();
    if in_a_row > image.length_mm + OVERLAP_MM { 2 } else { 1 }
}

/// The files of the journal on a disk.
pub fn files_of(disk: &MemoryDisk) -> BTreeMap<String, Vec<u8>> {
    use gatepost_ledger::disk::{Disk, How};
    let names = disk.list("journal").unwrap_or_default();
    let read = |name: &str| {
        let file = disk.open(&format!("journal/{name}"), How::Read).ok()?;
        let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
        let used = file.read_at(0, &mut bytes).ok()?;
        bytes.truncate(used);
        Some(bytes)
    };
    names.iter().filter_map(|entry| Some((entry.name.clone(), read(&entry.name)?))).collect()
}

/// Takes what is due, in the order it was put.
fn take_due<T>(list: &mut Vec<T>, now: u64, due: impl Fn(&T) -> u64) -> Vec<T> {
    let (ready, later) = std::mem::take(list).into_iter().partition(|entry| due(entry) <= now);
    *list = later;
    ready
}

//! One virtual lane in real time: its world on a thread, its devices on pseudo-terminals, its images in a folder.
//!
//! The lane's clock is the wall clock since it started; what a busy machine kept it from doing in time it does at once
//! afterwards. It knows no decision: bytes in, bytes out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::link::frame::Receiver;
use gatepost_hardware::link::{Fact, Report};
use gatepost_virtual::device::{Emitted, scan};
use gatepost_virtual::lane::any::AnyLane;
use gatepost_virtual::lane::bench::Seen;
use gatepost_virtual::lane::{Chute, Happened};
use gatepost_virtual::parcel::ParcelTruth;

use crate::labels::Photographer;
use crate::people::People;
use crate::port::{Cable, Port};
use crate::screen::Screen;
use crate::tunnel::{Filed, Tunnel};

/// Longest pause between two looks at the world.
const STEP: Duration = Duration::from_millis(4);
/// The world goes on by at most this much between two looks at its devices.
const STEP_US: u64 = 5_000;
/// Parcels among which the label that was read is looked for: more than lie on a lane.
const LABELS_NEAR: usize = 96;
/// Time between two copies for whoever watches.
const SHOW_US: u64 = 100_000;

/// What a lane is made of.
pub struct Setup {
    pub lane: AnyLane,
    pub controller: Port,
    /// By index into the lane's devices.
    pub devices: BTreeMap<u8, Port>,
    /// Where the X-ray machine puts its images.
    pub images: PathBuf,
    /// Where its camera puts its pictures.
    pub labels: PathBuf,
    /// What an officer at a bench looks at.
    pub screen: Option<Screen>,
    /// Whether the station's process runs; bytes to one that does not are lost.
    pub station_runs: Arc<AtomicBool>,
}

/// For whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub laid: u32,
    pub on_belt: u32,
    pub released: u32,
    pub exam: u32,
    pub removed: u32,
    pub finished: bool,
}

#[derive(Default)]
struct Shared {
    feed: AtomicBool,
    stop: AtomicBool,
    shown: Mutex<Shown>,
}

/// A lane that runs.
pub struct Lane {
    shared: Arc<Shared>,
    thread: JoinHandle<End>,
    cables: Arc<Vec<Cable>>,
    pub start: Instant,
    pub map: LaneMap,
}

/// What is left of a lane that was stopped.
pub struct End {
    pub lane: AnyLane,
    /// By boot of the controller: the epoch it was given.
    pub epochs: BTreeMap<u32, u32>,
    pub filed: Filed,
    /// Wall clock at the lane's time 0, milliseconds since 1970.
    pub wall_at_zero_ms: i64,
}

impl Lane {
    /// Starts without parcels.
    ///
    /// # Errors
    /// A sentence: what the operating system did not give.
    pub fn start(mut setup: Setup) -> Result<Self, String> {
        let name = setup.lane.map().name.as_str().to_owned();
        let failed = |error: &dyn std::fmt::Display| format!("lane {name}: {error}");
        let ports = setup.devices.values().chain(std::iter::once(&setup.controller));
        let cables = ports.map(Port::cable).collect::<Result<Vec<Cable>, String>>().map_err(|error| failed(&error))?;
        // The generator draws scenes up to this length.
        let scene_mm_max = setup.lane.map().items.length_mm_max.0.unsigned_abs().saturating_sub(30);
        let tunnel = Tunnel::start(&name, setup.images.clone(), scene_mm_max).map_err(|error| failed(&error))?;
        let camera = setup.lane.map().device(DeviceKind::Camera).is_some();
        let camera = camera.then(|| Photographer::start(&name, setup.labels.clone()));
        let camera = camera.transpose().map_err(|error| failed(&error))?;
        setup.lane.feed(false);
        let map = setup.lane.map().clone();
        let shared = Arc::new(Shared::default());
        let start = Instant::now();
        let wall_at_zero_ms = wall_ms();
        let running = Running {
            setup,
            tunnel,
            camera,
            shared: Arc::clone(&shared),
            start,
            wall_at_zero_ms,
            reports: Receiver::default(),
            epochs: BTreeMap::new(),
            boot: 0,
            told: 0,
            drawn: 0,
            shown: Shown::default(),
            showed_us: 0,
            seen: Seen::default(),
        };
        let thread = std::thread::Builder::new()
            .name(name.clone())
            .spawn(move || running.run())
            .map_err(|error| failed(&error))?;
        Ok(Self { shared, thread, cables: Arc::new(cables), start, map })
    }

    /// Parcels may come.
    pub fn feed(&self) {
        self.shared.feed.store(true, Ordering::Relaxed);
    }

    pub fn shown(&self) -> Shown {
        self.shared.shown.lock().map(|shown| *shown).unwrap_or_default()
    }

    /// The station's ends, for whoever pulls them and puts them in again.
    pub fn cables(&self) -> Arc<Vec<Cable>> {
        Arc::clone(&self.cables)
    }

    /// # Errors
    /// When the lane's thread had a fault.
    pub fn stop(self) -> Result<End, String> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "a virtual lane stopped after a fault".to_owned())
    }
}

/// Milliseconds since 1970.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

struct Running {
    setup: Setup,
    tunnel: Tunnel,
    camera: Option<Photographer>,
    shared: Arc<Shared>,
    start: Instant,
    wall_at_zero_ms: i64,
    reports: Receiver,
    epochs: BTreeMap<u32, u32>,
    boot: u32,
    /// Entries of the lane's log that were read, and parcels that were sent to be drawn.
    told: usize,
    drawn: usize,
    shown: Shown,
    showed_us: u64,
    /// The page, as the officer saw it last.
    seen: Seen,
}

impl Running {
    fn run(mut self) -> End {
        while !self.shared.stop.load(Ordering::Relaxed) {
            if self.shared.feed.load(Ordering::Relaxed) {
                self.setup.lane.feed(true);
            }
            let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
            let seen = self.setup.screen.as_ref().map(Screen::seen);
            // What is not shown any more is not acted on, however late this machine is.
            if seen.as_ref().is_some_and(|seen| *seen != self.seen) {
                self.setup.lane.show(&Seen::default());
            }
            while self.setup.lane.now().0 < now {
                let rest = now - self.setup.lane.now().0;
                self.setup.lane.advance(rest.min(STEP_US));
                self.follow();
                self.emit();
            }
            // Only now: nobody must hear a word, or see a lamp, at an earlier time than it was there.
            self.hear();
            if let Some(seen) = seen {
                self.setup.lane.show(&seen);
                self.seen = seen;
            }
            self.emit();
            if now >= self.showed_us + SHOW_US {
                self.showed_us = now;
                self.show();
            }
            std::thread::park_timeout(STEP);
        }
        self.setup.screen.iter().for_each(Screen::close);
        let mut filed = self.tunnel.finish();
        filed.trouble.extend(self.camera.map(Photographer::finish).unwrap_or_default());
        End { lane: self.setup.lane, epochs: self.epochs, filed, wall_at_zero_ms: self.wall_at_zero_ms }
    }

    /// What the station sends to the controller.
    fn hear(&mut self) {
        let mut buffer = [0; 4_096];
        let bytes = self.setup.controller.read(&mut buffer);
        if !bytes.is_empty() {
            self.setup.lane.send(bytes);
        }
    }

    fn emit(&mut self) {
        let up = self.setup.station_runs.load(Ordering::Relaxed);
        for emission in self.setup.lane.emitted() {
            match emission.what {
                Emitted::Controller(bytes) => {
                    self.note_epochs(&bytes);
                    if up {
                        self.setup.controller.write(&bytes);
                    }
                }
                Emitted::Scanner { device, bytes } | Emitted::Scale { device, bytes } => {
                    if let Some(port) = self.setup.devices.get(&device).filter(|_| up) {
                        port.write(&bytes);
                        self.label_beside(&bytes).iter().for_each(|label| port.write(label));
                    }
                }
                Emitted::Picture { picture, .. } => {
                    self.camera.iter().for_each(|camera| camera.hand(picture.number));
                }
                Emitted::Image { image, .. } => {
                    self.tunnel.hand(image.number, self.start + Duration::from_micros(emission.at.0));
                }
            }
        }
    }

    /// Who read a label's number has read the two-dimensional code beside it too, names and all.
    fn label_beside(&self, read: &[u8]) -> Option<Vec<u8>> {
        let said = |parcel: &&ParcelTruth| read.windows(parcel.item.len()).any(|part| part == parcel.item.as_bytes());
        let parcel = self.setup.lane.parcels().iter().rev().take(LABELS_NEAR).find(said)?;
        Some(scan(*b"L0", &People::of(parcel).label(&parcel.item)))
    }

    /// The epoch that a boot was given stands on the cable and nowhere else.
    fn note_epochs(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let received = self.reports.push::<Report>(byte).map(|received| received.message);
            if let Some(Report::Fact { fact: Fact::Configured { epoch, .. }, .. }) = received {
                self.epochs.entry(self.boot).or_insert(epoch);
            }
        }
    }

    /// Reads the lane's log on: images under way, and figures for whoever watches.
    fn follow(&mut self) {
        for parcel in &self.setup.lane.parcels()[self.drawn..] {
            self.tunnel.laid(parcel);
        }
        self.drawn = self.setup.lane.parcels().len();
        for told in &self.setup.lane.truth()[self.told..] {
            match &told.what {
                Happened::Imaged { image, sent: true } => self.tunnel.complete(image),
                Happened::Pictured { picture } => {
                    let parcel = self.setup.lane.parcels().iter().rev().find(|parcel| parcel.id == picture.parcel);
                    for (camera, parcel) in self.camera.iter().zip(parcel) {
                        camera.taken(picture, parcel);
                    }
                }
                Happened::ControllerBoot { boot } => self.boot = *boot,
                Happened::Left { chute: Chute::Release, .. } => self.shown.released += 1,
                Happened::Left { chute: Chute::Exam, .. } => self.shown.exam += 1,
                Happened::Removed { .. } => self.shown.removed += 1,
                _ => {}
            }
        }
        self.told = self.setup.lane.truth().len();
    }

    fn show(&mut self) {
        self.shown.laid = u32::try_from(self.drawn).unwrap_or(u32::MAX);
        self.shown.on_belt = u32::try_from(self.setup.lane.lying()).unwrap_or(u32::MAX);
        self.shown.finished = self.setup.lane.finished();
        if let Ok(mut shown) = self.shared.shown.lock() {
            *shown = self.shown;
        }
    }
}

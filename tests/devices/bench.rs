//! The thread that the virtual devices live on: real time, a look at every line each few milliseconds.
//!
//! A character is handed on when its last bit would have come, at the talker's speed. Settings are looked at when a
//! message begins: who changes them in the middle of one hears the rest of it under the old ones.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_hardware::units::Micros;

use super::actor::{Actor, Say};
use super::port::Port;
use super::wire::{self, Parity, Settings};

/// Between two looks.
const STEP: Duration = Duration::from_millis(2);
/// Messages a device may have waiting; a device that says more than its line carries loses the rest.
const WAITING_MAX: usize = 64;

/// A device on its line.
pub struct Device {
    port: Port,
    settings: Settings,
    actor: Box<dyn Actor>,
    /// What is to be said, and when.
    waiting: VecDeque<(Micros, Vec<u8>)>,
    /// Characters on their way to the station.
    coming: VecDeque<(Micros, u8)>,
    /// When the device's transmitter is free.
    free: Micros,
    adapter: Option<Adapter>,
}

/// A USB adapter that took a message off the line under the station's settings before, and hands it on under the new ones.
struct Adapter {
    holds: Vec<u8>,
    late: Micros,
    before: Option<Settings>,
}

impl Adapter {
    /// What comes late, and when; each time that the station leaves the talker's own settings.
    fn late(&mut self, now: Micros, station: Settings, talker: Settings) -> Option<(Micros, &[u8])> {
        let before = self.before.replace(station);
        (before == Some(talker) && station != talker).then_some((now + self.late, self.holds.as_slice()))
    }
}

impl Device {
    /// # Panics
    /// When the system gives no pseudo-terminal.
    pub fn new(settings: &str, actor: impl Actor + 'static) -> Self {
        let port = Port::open(None).expect("a pseudo-terminal");
        let (waiting, coming) = (VecDeque::new(), VecDeque::new());
        let actor = Box::new(actor);
        Self { port, settings: Settings::of(settings), actor, waiting, coming, free: Micros::ZERO, adapter: None }
    }

    /// The same behind an adapter that still hands on `holds` so late after the station's settings have changed.
    #[must_use]
    pub fn behind_adapter(self, holds: &[u8], late: Micros) -> Self {
        Self { adapter: Some(Adapter { holds: holds.to_vec(), late, before: None }), ..self }
    }

    /// The station's end.
    pub fn path(&self) -> &Path {
        self.port.path()
    }

    fn step(&mut self, now: Micros) {
        let Ok(station) = self.port.settings() else { return };
        let mut say = Say::default();
        let mut buffer = [0; 512];
        let sent = self.port.read(&mut buffer);
        for received in wire::heard(sent, station, self.settings) {
            if let Some(byte) = wire::as_a_device_reads(received) {
                self.actor.hear(now + Micros(received.at_ns / 1_000), byte, &mut say);
            }
        }
        self.actor.tick(now, &mut say);
        self.waiting.extend(say.0);
        self.waiting.truncate(WAITING_MAX);
        self.begin(now, station);
        if let Some((at, held)) = self.adapter.as_mut().and_then(|one| one.late(now, station, self.settings)) {
            self.coming.extend(held.iter().map(|&byte| (at, byte)));
        }
        let mut due = Vec::new();
        while let Some(&(at, byte)) = self.coming.front().filter(|(at, _)| *at <= now) {
            let _handed_on = (at, due.push(byte), self.coming.pop_front());
        }
        if !due.is_empty() {
            self.port.write(&due);
        }
    }

    /// Puts messages on the line whose time has come.
    fn begin(&mut self, now: Micros, station: Settings) {
        while let Some((at, bytes)) = self.waiting.front() {
            let start = (*at).max(self.free);
            if start > now {
                return;
            }
            let checking = station.parity != Parity::None;
            for received in wire::heard(bytes, self.settings, station) {
                let byte = wire::as_linux_reads(received, checking);
                self.coming.push_back((start + Micros(received.at_ns / 1_000), byte));
            }
            self.free = start + Micros(self.settings.time_ns(bytes.len()) / 1_000);
            self.waiting.pop_front();
        }
    }
}

/// Devices that live until this is dropped.
pub struct Bench {
    devices: Arc<Mutex<Vec<Device>>>,
    paths: Vec<PathBuf>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bench {
    /// # Panics
    /// When the system gives no thread.
    pub fn start(devices: Vec<Device>) -> Self {
        let paths = devices.iter().map(|device| device.path().to_owned()).collect();
        let (devices, stop) = (Arc::new(Mutex::new(devices)), Arc::new(AtomicBool::new(false)));
        let (living, stopped) = (Arc::clone(&devices), Arc::clone(&stop));
        let live = move || {
            let start = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let now = Micros(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
                living.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(|device| device.step(now));
                std::thread::park_timeout(STEP);
            }
        };
        let thread = std::thread::Builder::new().name("devices".to_owned()).spawn(live).expect("a thread");
        Self { devices, paths, stop, thread: Some(thread) }
    }

    /// The station's ends, in the order of the devices.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// What each device was told that changed something on it.
    ///
    /// # Panics
    /// When a device had a fault of its own: then nothing that was heard counts.
    pub fn changed(&self) -> Vec<Vec<String>> {
        assert!(self.thread.as_ref().is_some_and(|thread| !thread.is_finished()), "a virtual device had a fault");
        let devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        devices.iter().map(|device| device.actor.changed().to_vec()).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A device that panicked has said so already.
            let _ended = thread.join();
        }
    }
}

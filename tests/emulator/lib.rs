//! The lane controller's own firmware, running on its board in an emulator: pins from outside, bytes on its cable.
//!
//! `qemu-system-arm` is a process of ours; three sockets in a folder of ours lead to it (no ports): the board's serial
//! line, the test channel that sets input pins and hears output pins, and the monitor that finds the ports and holds the
//! machine while a reset lasts. It knows pins and bytes and nothing of lanes, but for the table of [`wires`]. What is
//! not emulated: baud rates, line errors, what floats at a pin.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub mod coarse;
pub mod controller;
mod monitor;
mod pins;
mod serial;
pub mod wires;

use monitor::Monitor;
pub use monitor::Stopped;
pub use pins::Outputs;
use pins::TestChannel;
use serial::Serial;

const QEMU: &str = "qemu-system-arm";
/// A machine that is busy with other things takes its time to start a process.
const START_MAX: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(2);

/// Which image of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// What a board is given.
    Product,
    /// The same with two pins that make it hang; for tests of what happens then.
    Hanging,
}

impl Image {
    /// Where the build command puts it, or what to do.
    ///
    /// # Errors
    /// A sentence that names the command.
    pub fn path(self) -> Result<PathBuf, String> {
        let (variable, name) = match self {
            Self::Product => ("GATEPOST_FIRMWARE", "gatepost-lm3s6965.elf"),
            Self::Hanging => ("GATEPOST_FIRMWARE_HANGING", "gatepost-lm3s6965-hanging.elf"),
        };
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/board/target").join(name);
        let path = std::env::var_os(variable).map_or(built, PathBuf::from);
        match path.is_file() {
            true => Ok(path),
            false => Err(format!("{}: no firmware there; `cargo firmware` builds it", path.display())),
        }
    }

    /// The same, built when it is not there yet.
    ///
    /// # Errors
    /// A sentence; the build's own words are on standard error.
    pub fn built(self) -> Result<PathBuf, String> {
        self.path().or_else(|why| {
            let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/board/build/Cargo.toml");
            println!("the firmware is not built yet: this takes a minute");
            let built = Command::new("cargo")
                .args(["run", "--quiet", "--manifest-path"])
                .arg(build)
                .args(["--", "lm3s6965"])
                .status();
            if built.is_ok_and(|status| status.success()) { self.path() } else { Err(why) }
        })
    }
}

/// A board that runs.
pub struct Emulator {
    child: Child,
    pins: TestChannel,
    monitor: Monitor,
    serial: Serial,
    /// Levels that stand at the board's inputs, whatever it does.
    levels: [u8; wires::PORTS.len()],
    _folder: tempfile::TempDir,
}

impl Emulator {
    /// Powers a board on, with these levels at its inputs (a bit a pin, a byte a port from A on).
    ///
    /// # Errors
    /// A sentence: the package that is missing, or what the emulator said.
    pub fn start(image: &Path, levels: [u8; wires::PORTS.len()]) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the emulator's folder: {error}");
        let folder = tempfile::Builder::new().prefix("gatepost-board-").tempdir().map_err(failed)?;
        let at = |name: &str| folder.path().join(name);
        let listen = |name: &str| UnixListener::bind(at(name)).map_err(failed);
        let (serial, test, monitor) = (listen("serial")?, listen("test")?, listen("monitor")?);
        let socket = |name: &str| format!("unix:{}", at(name).display());
        let mut child = Command::new(QEMU)
            .args(["-M", "lm3s6965evb", "-accel", "tcg", "-display", "none", "-monitor", "none", "-S"])
            // A reset by the watchdog holds the machine until its inputs stand again: real ones never went away.
            .args(["-action", "watchdog=pause", "-qtest-log", "/dev/null"])
            .args(["-serial", &socket("serial"), "-qtest", &socket("test"), "-qmp", &socket("monitor")])
            .arg("-kernel")
            .arg(image)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{QEMU} does not start ({error}): install the package qemu-system-arm"))?;
        let mut connected = |listener: &UnixListener| accept(listener, &mut child);
        let (serial, test, monitor) = (connected(&serial)?, connected(&test)?, connected(&monitor)?);
        let mut monitor = Monitor::new(monitor)?;
        let ports = monitor.ports()?;
        let pins = TestChannel::new(test, ports)?;
        let serial = Serial::new(serial)?;
        let mut emulator = Self { child, pins, monitor, serial, levels, _folder: folder };
        emulator.lay_levels()?;
        emulator.monitor.resume()?;
        Ok(emulator)
    }

    /// Sets one input pin. Edges that interrupt are never faster than the processor takes them.
    ///
    /// # Errors
    /// A sentence: the emulator is gone, or its firmware does not take interrupts.
    pub fn set(&mut self, pin: wires::Pin, high: bool) -> Result<(), String> {
        let levels = &mut self.levels[pin.port];
        let before = *levels;
        *levels = if high { before | 1 << pin.bit } else { before & !(1 << pin.bit) };
        if before == *levels {
            return Ok(());
        }
        match pin.stamped {
            true => self.pins.set_stamped(pin.port, pin.bit, high),
            false => self.pins.set(pin.port, pin.bit, high),
        }
    }

    /// What the output pins show, and since when.
    ///
    /// # Errors
    /// A sentence: the emulator is gone.
    pub fn outputs(&mut self) -> Result<Outputs, String> {
        self.pins.outputs()
    }

    /// Bytes to the board.
    pub fn send(&mut self, bytes: &[u8]) {
        self.serial.send(bytes);
    }

    /// What the board has said by now.
    pub fn heard(&mut self) -> Vec<u8> {
        self.serial.heard()
    }

    /// What stopped the machine since the last question; a watchdog's bite among it.
    ///
    /// # Errors
    /// A sentence: the emulator is gone.
    pub fn stopped(&mut self) -> Result<Option<Stopped>, String> {
        self.monitor.stopped()
    }

    /// The reset that a watchdog asked for, or that somebody gives: the processor and its registers begin anew, its
    /// memory and what hangs on its inputs stay.
    ///
    /// # Errors
    /// A sentence: the emulator is gone.
    pub fn reset(&mut self) -> Result<(), String> {
        self.monitor.hold()?;
        self.monitor.reset()?;
        self.pins.was_reset();
        self.lay_levels()?;
        self.monitor.resume()
    }

    fn lay_levels(&mut self) -> Result<(), String> {
        for (port, levels) in self.levels.into_iter().enumerate() {
            for bit in (0..8).filter(|bit| wires::INPUTS[port] >> bit & 1 == 1) {
                self.pins.set(port, bit, levels >> bit & 1 == 1)?;
            }
        }
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The emulator's end of a socket.
fn accept(listener: &UnixListener, child: &mut Child) -> Result<UnixStream, String> {
    let failed = |error: std::io::Error| format!("a socket to the emulator: {error}");
    listener.set_nonblocking(true).map_err(failed)?;
    let started = Instant::now();
    while started.elapsed() < START_MAX {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).map_err(failed)?;
            return Ok(stream);
        }
        if let Ok(Some(status)) = child.try_wait() {
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _read = std::io::Read::read_to_string(&mut stderr, &mut said);
            }
            return Err(format!("{QEMU} ended at once ({status}): {}", said.trim()));
        }
        std::thread::park_timeout(LOOK);
    }
    Err(format!("{QEMU} did not come up in {} s", START_MAX.as_secs()))
}

//! The test channel (qtest): input pins set, output pins heard, registers read.
//!
//! An edge's interrupt is waited for before the next edge (about 0.1 ms): two changes within that time would be one to a
//! processor, and a busy machine must not make a lane that no belt could be.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::wires::{OUTPUTS, PORTS};

const ANSWER_MAX: Duration = Duration::from_secs(20);
/// A processor that is alive takes an interrupt in this time, on a machine however busy.
const TAKEN_MAX: Duration = Duration::from_millis(250);
const ASK_AGAIN: Duration = Duration::from_micros(60);
/// Offsets of a port's registers: direction, and interrupts that wait.
const DIRECTION: u32 = 0x400;
const WAITING: u32 = 0x418;
const DATA: u32 = 0x3FC;

/// The output port's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    pub levels: u8,
    /// When each pin was heard to change last.
    pub since: [Instant; 8],
}

pub struct TestChannel {
    stream: UnixStream,
    ports: [String; PORTS.len()],
    buffer: Vec<u8>,
    outputs: Outputs,
    /// The port of the last edge.
    last: Option<usize>,
    /// The processor took no interrupt when it was last waited for.
    deaf: bool,
    /// After a reset the emulator no longer says what it believes was said already: registers are asked.
    asks: bool,
}

fn failed(error: &dyn std::fmt::Display) -> String {
    format!("the emulator's test channel: {error}")
}

impl TestChannel {
    pub fn new(stream: UnixStream, ports: [String; PORTS.len()]) -> Result<Self, String> {
        let outputs = Outputs { levels: 0, since: [Instant::now(); 8] };
        let mut channel = Self { stream, ports, buffer: Vec::new(), outputs, last: None, deaf: false, asks: false };
        let intercept = format!("irq_intercept_out {}\n", channel.ports[OUTPUTS]);
        channel.ask(&intercept)?;
        Ok(channel)
    }

    pub fn set(&mut self, port: usize, bit: u8, high: bool) -> Result<(), String> {
        let command = format!("set_irq_in {} unnamed-gpio-in {bit} {}\n", self.ports[port], u8::from(high));
        self.ask(&command).map(drop)
    }

    /// As [`Self::set`], for a pin whose edges interrupt: first waits until the last of them was taken.
    pub fn set_stamped(&mut self, port: usize, bit: u8, high: bool) -> Result<(), String> {
        if let Some(last) = self.last.replace(port) {
            self.await_taken(last)?;
        }
        self.set(port, bit, high)
    }

    fn await_taken(&mut self, port: usize) -> Result<(), String> {
        let (started, mut asked) = (Instant::now(), 0);
        loop {
            let waits = self.register(PORTS[port] + WAITING)? != 0;
            // A processor that hangs, or stands before its reset, takes none: the pins go on without it.
            let given_up = self.deaf || started.elapsed() > TAKEN_MAX;
            if !waits || given_up {
                self.deaf = waits;
                return Ok(());
            }
            // Asking takes the machine's lock, and the processor needs it to answer.
            asked += 1;
            if asked > 2 {
                std::thread::park_timeout(ASK_AGAIN);
            }
        }
    }

    pub fn outputs(&mut self) -> Result<Outputs, String> {
        self.fill(Duration::ZERO)?;
        while let Some(line) = self.line() {
            self.hear(&line);
        }
        if self.asks {
            // What is not driven is pulled down outside.
            let driven = self.register(PORTS[OUTPUTS] + DIRECTION)?;
            let levels = (self.register(PORTS[OUTPUTS] + DATA)? & driven) as u8;
            (0..8).for_each(|bit| self.show(bit, levels >> bit & 1 == 1));
        }
        Ok(self.outputs)
    }

    /// After a reset nothing drives a pin until the firmware does.
    pub fn was_reset(&mut self) {
        self.asks = true;
        self.last = None;
        self.deaf = false;
        (0..8).for_each(|bit| self.show(bit, false));
    }

    fn register(&mut self, address: u32) -> Result<u32, String> {
        let said = self.ask(&format!("readl {address:#x}\n"))?;
        let value = said.trim_start_matches("OK 0x");
        u64::from_str_radix(value.trim(), 16).map(|value| value as u32).map_err(|_| failed(&said))
    }

    fn ask(&mut self, command: &str) -> Result<String, String> {
        self.stream.write_all(command.as_bytes()).map_err(|error| failed(&error))?;
        let started = Instant::now();
        loop {
            while let Some(line) = self.line() {
                if line.starts_with("OK") {
                    return Ok(line);
                }
                if line.starts_with("FAIL") || line.starts_with("ERR") {
                    return Err(failed(&format!("{}: {line}", command.trim())));
                }
                self.hear(&line);
            }
            if started.elapsed() > ANSWER_MAX {
                return Err(failed(&format!("no answer to {}", command.trim())));
            }
            self.fill(ANSWER_MAX)?;
        }
    }

    /// `IRQ raise 3`, `IRQ lower 3`.
    fn hear(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some("IRQ"), Some(how), Some(Ok(bit))) = (words.next(), words.next(), words.next().map(str::parse::<u8>))
        else {
            return;
        };
        self.show(bit, how == "raise");
    }

    fn show(&mut self, bit: u8, high: bool) {
        let Some(since) = self.outputs.since.get_mut(usize::from(bit)) else { return };
        let (before, mask) = (self.outputs.levels, 1 << bit);
        self.outputs.levels = if high { before | mask } else { before & !mask };
        if before != self.outputs.levels {
            *since = Instant::now();
        }
    }

    fn line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..=end);
        Some(line)
    }

    fn fill(&mut self, within: Duration) -> Result<(), String> {
        let mut bytes = [0; 1_024];
        self.stream.set_nonblocking(within.is_zero()).map_err(|error| failed(&error))?;
        if !within.is_zero() {
            self.stream.set_read_timeout(Some(within)).map_err(|error| failed(&error))?;
        }
        let read = self.stream.read(&mut bytes);
        self.stream.set_nonblocking(false).map_err(|error| failed(&error))?;
        match read {
            Ok(0) => Err(failed(&"it is gone")),
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }
}

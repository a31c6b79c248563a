//! The emulator's monitor (QMP): which device is which port; hold, reset, go on.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::wires::PORTS;

/// Answers come in milliseconds; a busy machine takes longer.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// The machine's watchdog bit, and the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// When we heard of it.
    pub at: Instant,
}

pub struct Monitor {
    stream: BufReader<UnixStream>,
    line: Vec<u8>,
    bitten: Option<Stopped>,
    held: bool,
    was_reset: bool,
}

fn failed(error: &dyn std::fmt::Display) -> String {
    format!("the emulator's monitor: {error}")
}

impl Monitor {
    pub fn new(stream: UnixStream) -> Result<Self, String> {
        let mut monitor =
            Self { stream: BufReader::new(stream), line: Vec::new(), bitten: None, held: true, was_reset: false };
        monitor.read(Duration::from_secs(20))?;
        monitor.ask("qmp_capabilities", &json!({}))?;
        Ok(monitor)
    }

    /// Paths of the GPIO ports, from A on.
    pub fn ports(&mut self) -> Result<[String; PORTS.len()], String> {
        let list = self.ask("qom-list", &json!({ "path": "/machine/unattached" }))?;
        let mut found: Vec<u32> = Vec::new();
        for device in list.as_array().into_iter().flatten() {
            if device["type"] == "child<pl061_luminary>" {
                let name = device["name"].as_str().unwrap_or_default();
                let number = name.trim_start_matches("device[").trim_end_matches(']').parse();
                found.push(number.map_err(|_| failed(&format!("a port called {name}")))?);
            }
        }
        found.sort_unstable(); // made in the order of their letters
        let paths: Vec<String> = found.iter().map(|number| format!("/machine/unattached/device[{number}]")).collect();
        paths.try_into().map_err(|paths: Vec<String>| failed(&format!("{} ports instead of 7", paths.len())))
    }

    pub fn hold(&mut self) -> Result<(), String> {
        if !std::mem::replace(&mut self.held, true) {
            self.ask("stop", &json!({}))?;
        }
        Ok(())
    }

    pub fn resume(&mut self) -> Result<(), String> {
        self.held = false;
        self.ask("cont", &json!({})).map(drop)
    }

    /// Of a machine that is held; it stays so.
    pub fn reset(&mut self) -> Result<(), String> {
        self.was_reset = false;
        self.ask("system_reset", &json!({}))?;
        // Asked for is not done: it was done when the machine says so.
        let started = Instant::now();
        while !self.was_reset && started.elapsed() < ANSWER_MAX {
            if let Some(said) = self.read(ANSWER_MAX)? {
                self.note(&said);
            }
        }
        self.bitten = None;
        if self.was_reset { Ok(()) } else { Err(failed(&"no reset")) }
    }

    pub fn stopped(&mut self) -> Result<Option<Stopped>, String> {
        while let Some(said) = self.read(Duration::ZERO)? {
            self.note(&said);
        }
        self.held |= self.bitten.is_some();
        Ok(self.bitten.take())
    }

    fn ask(&mut self, command: &str, arguments: &Value) -> Result<Value, String> {
        let line = format!("{}\n", json!({ "execute": command, "arguments": arguments }));
        self.stream.get_mut().write_all(line.as_bytes()).map_err(|error| failed(&error))?;
        let started = Instant::now();
        while started.elapsed() < ANSWER_MAX {
            let Some(mut said) = self.read(ANSWER_MAX)? else { continue };
            if said.get("return").is_some() {
                return Ok(said["return"].take());
            }
            if let Some(error) = said.get("error") {
                return Err(failed(&format!("{command}: {error}")));
            }
            self.note(&said);
        }
        Err(failed(&format!("no answer to {command}")))
    }

    fn note(&mut self, said: &Value) {
        match said["event"].as_str() {
            // Nobody else stops a machine that we do not hold. (The event of that name comes once a second at most.)
            Some("STOP") if !self.held => self.bitten = Some(Stopped { at: Instant::now() }),
            Some("RESET") => self.was_reset = true,
            _ => {}
        }
    }

    /// The next thing said, when it comes in this time.
    fn read(&mut self, within: Duration) -> Result<Option<Value>, String> {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(within.is_zero()).map_err(|error| failed(&error))?;
        if !within.is_zero() {
            stream.set_read_timeout(Some(within)).map_err(|error| failed(&error))?;
        }
        let read = self.stream.read_until(b'\n', &mut self.line);
        self.stream.get_ref().set_nonblocking(false).map_err(|error| failed(&error))?;
        match read {
            Ok(0) => Err(failed(&"it is gone")),
            Ok(_) if self.line.ends_with(b"\n") => {
                let said = serde_json::from_slice(&self.line).map_err(|error| failed(&error))?;
                self.line.clear();
                Ok(Some(said))
            }
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }
}

//! A scanner or a scale, listened to and asked: what is there, and if its bytes mean nothing as configured, what they
//! sound like.
//!
//! Apart from the doctor's other parts, because here the recogniser of `setup devices` is at hand. It asks for a weight
//! and a name only, and it doesn't make a reader read.

use std::time::Duration;

use gatepost_hardware::scale::{Request, ScaleCodec, ScaleProtocol};
use gatepost_hardware::scanner::{Ask, ScannerCodec, ScannerProtocol};
use gatepost_hardware::units::Micros;
use tokio::time::Instant;

use super::{Finding, HEARD_MAX, LISTEN};
use crate::commands::probe::hear::{Ear, Hears};
use crate::config::devices::LineConfig;
use crate::config::{Config, LaneConfig, ScaleDevice, ScannerDevice, SerialConfig, Transport};
use crate::recognise::explain;
use crate::recognise::finding::{self, Shown, Verdict};
use crate::recognise::meaning::hex;
use crate::recognise::score::Burst;
use crate::recognise::search::{Patience, search};
use crate::run::line::{Connection, IDLE};
use crate::run::lock;

/// Bytes of one device that are kept.
const BYTES_MAX: usize = 4_096;
/// Bytes that are shown.
const SHOWN_MAX: usize = 24;

/// What was heard of one device.
#[derive(Default)]
pub(super) struct Heard {
    pub bursts: Vec<Burst>,
    pub said: Vec<String>,
}

impl Heard {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bursts.iter().flat_map(|burst| burst.bytes.iter().copied()).collect()
    }
    pub(super) fn shown(&self) -> String {
        let bytes = self.bytes();
        hex(&bytes[..bytes.len().min(SHOWN_MAX)])
    }
}

/// Every scanner and scale of a lane.
pub(super) async fn devices(config: &Config, lane_name: &str, lane: &LaneConfig, findings: &mut Vec<Finding>) {
    for (name, device) in &lane.scanners {
        findings.push(scanner(&format!("{lane_name} {name}"), config, device).await);
    }
    for (name, device) in &lane.scales {
        findings.push(scale(&format!("{lane_name} {name}"), config, device).await);
    }
}

async fn scanner(part: &str, config: &Config, device: &ScannerDevice) -> Finding {
    let wrong = |says: &str| Finding::bad(part, says, "the configuration", "correct [lane.scanner] and run check");
    let (ear, codec) = match (Ear::scanner(&device.protocol), ScannerCodec::new(&device.protocol)) {
        (Ok(ear), Ok(codec)) => (ear, codec),
        (Err(says), _) | (_, Err(says)) => return wrong(says),
    };
    match device.transport() {
        Ok(on) => listen(part, config, on, ear, codec.request(Ask::Identity)).await,
        Err(says) => wrong(&says),
    }
}

async fn scale(part: &str, config: &Config, device: &ScaleDevice) -> Finding {
    let wrong = |says: &str| Finding::bad(part, says, "the configuration", "correct [lane.scale] and run check");
    let (ear, codec) = match (Ear::scale(&device.protocol), ScaleCodec::new(&device.protocol)) {
        (Ok(ear), Ok(codec)) => (ear, codec),
        (Err(says), _) | (_, Err(says)) => return wrong(says),
    };
    match device.transport() {
        Ok(on) => listen(part, config, on, ear, codec.request(Request::ImmediateWeight)).await,
        Err(says) => wrong(&says),
    }
}

/// Opens a device; on failure the finding says why it could not be.
pub(super) async fn open(part: &str, config: &Config, on: &Transport) -> Result<Connection, Box<Finding>> {
    if let Some(missing) = on.path().filter(|path| !path.exists()) {
        let what = format!("{} does not exist", missing.display());
        let next = "plug it in, look for it with `gatepost setup devices`, `ls -lR /dev/gatepost` (hardware/wiring) or \
                    `ls -l /dev/serial/by-id`, then correct the port";
        return Err(Box::new(Finding::bad(part, what, "unplugged, without power, or under another name", next)));
    }
    Connection::open(on).await.map_err(|why| {
        // The words of the port's own lock, of the kernel's, and what a running station is likely to have done.
        let busy = why.contains("lock") || why.contains("busy") || lock::is_held(&config.data());
        let (cause, next) = match (on, busy, why.contains("ermission")) {
            (Transport::Tcp(_), ..) => {
                ("no network, no power, or another program is connected to it", "ping it, then look at its own setup")
            }
            (_, true, _) => {
                ("the running station, or another program, has it open", "look at the station's page, or stop it first")
            }
            (_, _, true) => {
                ("this user may not use such devices", "run as the station's user, or add it to group dialout or input")
            }
            _ => ("it is no such device, or its adapter hangs", "unplug it, wait ten seconds, plug it in again"),
        };
        Box::new(Finding::bad(part, format!("{on} cannot be opened ({why})"), cause, next))
    })
}

/// Everything heard within [`LISTEN`], at most [`HEARD_MAX`] things.
pub(super) async fn heard(port: &mut Connection, ear: &mut dyn Hears, question: Option<&[u8]>) -> Heard {
    let (begun, mut heard) = (Instant::now(), Heard::default());
    if let Some(question) = question {
        // A scale that talks by itself ignores it; one that waits for it answers. A keyboard is told nothing.
        let _asked = port.write_all(question).await;
    }
    let mut buffer = [0; 512];
    while heard.said.len() < HEARD_MAX && begun.elapsed() < LISTEN {
        match tokio::time::timeout(IDLE, port.read(&mut buffer)).await {
            Err(_) => ear.quiet(&mut |one| heard.said.push(one)),
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(used)) => {
                if heard.bytes().len() < BYTES_MAX {
                    let at = Micros(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
                    heard.bursts.push(Burst { at, bytes: buffer[..used].to_vec() });
                }
                ear.hear(&buffer[..used], &mut |one| heard.said.push(one));
                let owed = ear.owed();
                if !owed.is_empty() {
                    let _acknowledged = port.write_all(&owed).await;
                }
            }
        }
    }
    heard.said.truncate(HEARD_MAX);
    heard
}

async fn listen(part: &str, config: &Config, on: Transport, mut ear: Ear, question: Option<&[u8]>) -> Finding {
    let on = on.within(&config.folder);
    let mut port = match open(part, config, &on).await {
        Ok(port) => port,
        Err(finding) => return *finding,
    };
    let heard = heard(&mut port, &mut ear, question).await;
    drop(port);
    let at = match &on {
        Transport::Serial(SerialConfig { baud, line, .. }) => format!("{on} at {baud} {}", line.name()),
        _ => on.to_string(),
    };
    if let Some(first) = heard.said.iter().find(|one| !one.starts_with("fault")) {
        return Finding::good(part, format!("{at} answers: {} = {first}", heard.shown()));
    }
    let silent = heard.bursts.is_empty();
    if silent && !ear.talks_alone() {
        return Finding::good(
            part,
            format!("{at} is open; quiet, as a scanner without a code is: scan one to be sure"),
        );
    }
    if let Transport::Serial(serial) = &on
        && let Some(finding) = sounds_like(part, &at, serial, &heard).await
    {
        return finding;
    }
    if silent {
        let next = "check power and cable (transmit and receive may be crossed), then watch it with `gatepost probe`";
        return Finding::bad(part, format!("{at} is open, nothing heard in 2 s"), "no power, or no cable", next);
    }
    let what = format!("{at}: {} bytes that mean nothing: {}", heard.bytes().len(), heard.shown());
    let cause = "another speed, line setting or protocol than configured, and none that this software knows";
    Finding::bad(part, what, cause, "compare serial.baud, serial.line and protocol with the device's own setup")
}

/// What the bytes are, if not what is configured: first those that were heard, then the port under other settings.
async fn sounds_like(part: &str, at: &str, serial: &SerialConfig, heard: &Heard) -> Option<Finding> {
    let explanations = match serial.line {
        LineConfig::EightNoneOne => explain(&heard.bursts, serial.line),
        // Under another line the parity was taken off already; only the search sees it.
        _ => Vec::new(),
    };
    let found = if explanations.is_empty() {
        search(&serial.port, Patience::usual(Duration::ZERO), &|_| {}).await
    } else {
        finding::Finding::of(&serial.port, Verdict::Named { baud: serial.baud, explanations })
    };
    let Shown { what, explanations, next, .. } = found.shown();
    let first = explanations.first()?;
    let heard = match heard.bursts.is_empty() {
        true => "nothing heard as it is configured".to_owned(),
        false => format!("{} bytes that mean nothing as it is configured: {}", heard.bytes().len(), heard.shown()),
    };
    let example = first.examples.first().map(|one| format!(": {} = {}", one.bytes, one.means)).unwrap_or_default();
    let lines: Vec<&str> = first.proposal.lines().skip(1).collect();
    Some(Finding::bad(
        part,
        format!("{at}: {heard}"),
        &format!("this sounds like {what}{example}"),
        &format!("write {}; {next}", lines.join(", ")),
    ))
}

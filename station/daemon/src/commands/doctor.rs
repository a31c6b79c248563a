//! `gatepost doctor`: talks to every device and says what is there, what is likely wrong and what to do next.
//!
//! It listens and asks; it never moves anything, changes no setting and stores nothing. Ports that the running station
//! holds cannot be tried: then the station's own page is the place to look.

use std::path::Path;
use std::time::Duration;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::link::VERSIONS;
use gatepost_hardware::scale::{Request, ScaleCodec, ScaleProtocol};
use gatepost_models::session::Inspector;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::probe::hear::{Ear, Hears, hex};
use super::{Ending, Failure, Outcome, document, inspect, say};
use crate::config::{Config, LaneConfig, SerialConfig};
use crate::run::lock;
use crate::run::serial;

mod pins;

/// How long a device is listened to.
const LISTEN: Duration = Duration::from_secs(2);
const HEARD_MAX: usize = 4;

/// One device, tried.
#[derive(Serialize)]
struct Finding {
    part: String,
    works: bool,
    /// What was seen.
    what: String,
    likely_cause: Option<String>,
    next_action: Option<String>,
}

impl Finding {
    fn good(part: &str, what: impl Into<String>) -> Self {
        Self { part: part.to_owned(), works: true, what: what.into(), likely_cause: None, next_action: None }
    }
    fn bad(part: &str, what: impl Into<String>, cause: &str, next: &str) -> Self {
        let (likely_cause, next_action) = (Some(cause.to_owned()), Some(next.to_owned()));
        Self { part: part.to_owned(), works: false, what: what.into(), likely_cause, next_action }
    }
}

pub(super) fn doctor(file: &Path, json: bool) -> Outcome {
    let config = Config::read(file)?;
    let maps = config.lane_maps()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Problem(format!("the operating system gives no event loop: {error}")))?;
    let mut findings = runtime.block_on(devices(&config, &maps));
    findings.push(model(&config));
    if let Some(uplink) = &config.uplink {
        findings.push(runtime.block_on(broker(&uplink.host, uplink.port, uplink.tls.is_some())));
    }
    let good = findings.iter().all(|finding| finding.works);
    if json {
        document(&findings)?;
        return Ok(Ending::of(good));
    }
    if lock::is_held(&config.data()) {
        say("the station is running and holds its ports: devices below may be busy for that reason alone");
    }
    for Finding { part, works, what, likely_cause, next_action } in &findings {
        say(format!("{} {part}: {what}", if *works { "good" } else { "BAD " }));
        likely_cause.iter().for_each(|cause| say(format!("       likely: {cause}")));
        next_action.iter().for_each(|next| say(format!("       do:     {next}")));
    }
    Ok(Ending::of(good))
}

async fn devices(config: &Config, maps: &[LaneMap]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (map, lane) in maps.iter().zip(&config.lanes) {
        let name = map.name.as_str();
        if let Some(serial) = &lane.controller {
            findings.push(controller(&format!("{name} controller"), config, serial, map).await);
        }
        if let Some(pins) = &lane.pins {
            findings.extend(pins::try_out(&format!("{name} controller"), pins, map));
        }
        serial_devices(config, name, lane, &mut findings).await;
        for (device, xray) in &lane.xrays {
            findings.push(xray_folder(&format!("{name} {device}"), &config.path(&xray.folder)));
        }
    }
    findings
}

async fn serial_devices(config: &Config, lane_name: &str, lane: &LaneConfig, findings: &mut Vec<Finding>) {
    for (device, scanner) in &lane.scanners {
        let part = format!("{lane_name} {device}");
        findings.push(match Ear::scanner(&scanner.protocol) {
            Ok(ear) => listen(&part, config, &scanner.serial, ear, None).await,
            Err(says) => Finding::bad(&part, says, "the configuration", "correct [lane.scanner] and run check"),
        });
    }
    for (device, scale) in &lane.scales {
        let part = format!("{lane_name} {device}");
        let question = ScaleCodec::new(&scale.protocol).ok().and_then(|codec| codec.request(Request::ImmediateWeight));
        findings.push(match Ear::scale(&scale.protocol) {
            Ok(ear) => listen(&part, config, &scale.serial, ear, question).await,
            Err(says) => Finding::bad(&part, says, "the configuration", "correct [lane.scale] and run check"),
        });
    }
}

/// Opens a port; on failure the finding says why it could not be.
fn open(part: &str, config: &Config, serial: &SerialConfig) -> Result<tokio_serial::SerialStream, Box<Finding>> {
    let mut serial = serial.clone();
    serial.port = config.path(&serial.port);
    let port = serial.port.display().to_string();
    if !serial.port.exists() {
        let what = format!("{port} does not exist");
        let next = "plug it in, look for it with `ls -lR /dev/gatepost` (hardware/wiring) or `ls -l /dev/serial/by-id`, then correct the port";
        return Err(Box::new(Finding::bad(part, what, "unplugged, without power, or under another name", next)));
    }
    serial::open(&serial).map_err(|why| {
        let busy = why.contains("busy") || lock::is_held(&config.data());
        let (cause, next) = match (busy, why.contains("ermission")) {
            (true, _) => {
                ("the running station, or another program, has it open", "look at the station's page, or stop it first")
            }
            (_, true) => {
                ("this user may not use serial ports", "run as the station's user, or add it to group dialout")
            }
            _ => ("it is no serial port, or its adapter hangs", "unplug it, wait ten seconds, plug it in again"),
        };
        Box::new(Finding::bad(part, format!("{port} cannot be opened ({why})"), cause, next))
    })
}

/// Everything heard within [`LISTEN`], at most [`HEARD_MAX`] things and one buffer of bytes.
async fn heard(
    port: &mut tokio_serial::SerialStream,
    ear: &mut dyn Hears,
    question: Option<&[u8]>,
) -> (Vec<u8>, Vec<String>) {
    let (mut bytes, mut said) = (Vec::new(), Vec::new());
    let listening = async {
        if let Some(question) = question {
            // A scale that talks by itself ignores it; one that waits for it answers.
            let _asked = port.write_all(question).await;
        }
        let mut buffer = [0; 512];
        while said.len() < HEARD_MAX {
            match port.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(used) => {
                    bytes.extend_from_slice(&buffer[..used.min(4_096_usize.saturating_sub(bytes.len()))]);
                    ear.hear(&buffer[..used], &mut |one| said.push(one));
                }
            }
        }
    };
    let _quiet = tokio::time::timeout(LISTEN, listening).await;
    ear.quiet(&mut |one| said.push(one));
    said.truncate(HEARD_MAX);
    (bytes, said)
}

async fn listen(part: &str, config: &Config, serial: &SerialConfig, mut ear: Ear, question: Option<&[u8]>) -> Finding {
    let mut port = match open(part, config, serial) {
        Ok(port) => port,
        Err(finding) => return *finding,
    };
    let (bytes, said) = heard(&mut port, &mut ear, question).await;
    let shown = serial.port.display();
    match (bytes.is_empty(), said.iter().find(|one| !one.starts_with("fault"))) {
        (_, Some(first)) => Finding::good(part, format!("{shown} answers: {first}")),
        (true, None) if ear.talks_alone() => {
            let next =
                "check power and cable (transmit and receive may be crossed), then watch it with `gatepost probe`";
            Finding::bad(part, format!("{shown} is open, nothing heard in 2 s"), "no power, or no cable", next)
        }
        (true, None) => {
            Finding::good(part, format!("{shown} is open; quiet, as a scanner without a code is: scan one to be sure"))
        }
        (false, None) => {
            let what =
                format!("{shown}: {} bytes that mean nothing: {}", bytes.len(), hex(&bytes[..bytes.len().min(24)]));
            let cause = "another speed, line setting or protocol than configured";
            Finding::bad(part, what, cause, "compare serial.baud, serial.line and protocol with the device's own setup")
        }
    }
}

async fn controller(part: &str, config: &Config, serial: &SerialConfig, map: &LaneMap) -> Finding {
    let mut port = match open(part, config, serial) {
        Ok(port) => port,
        Err(finding) => return *finding,
    };
    let mut ear = Ear::controller();
    let (bytes, said) = heard(&mut port, &mut ear, Some(&super::probe::hear::hello())).await;
    let mine = map.crc();
    match ear.introduced() {
        Some((version, _)) if !(VERSIONS.0..=VERSIONS.1).contains(&version) => {
            let what = format!("speaks version {version} of the cable, this software {} to {}", VERSIONS.0, VERSIONS.1);
            Finding::bad(part, what, "firmware and software were not updated together", "update the one that is older")
        }
        Some((version, 0)) => Finding::good(
            part,
            format!("answers: version {version}, no lane map yet; the station gives it this one when it runs"),
        ),
        Some((_, crc)) if crc != mine => Finding::bad(
            part,
            format!("holds another lane's map ({crc:08x}, here {mine:08x})"),
            "its cable belongs to another lane, or the lane file is new",
            "look where the cable goes; if it is right, cut the controller's power for a moment and it takes the new map",
        ),
        Some((version, crc)) => Finding::good(part, format!("answers: version {version}, lane map {crc:08x}")),
        None if !said.is_empty() => {
            Finding::good(part, format!("speaks, without having introduced itself: {}", said[0]))
        }
        None if bytes.is_empty() => {
            let next =
                "check its power and the cable; its light must blink, then watch it with `gatepost probe controller`";
            Finding::bad(part, "is silent for 2 s", "no power, no cable, or no firmware", next)
        }
        None => {
            let what = format!("{} bytes that are no frames: {}", bytes.len(), hex(&bytes[..bytes.len().min(24)]));
            Finding::bad(
                part,
                what,
                "another device on this port, or another speed",
                "check which port is which, and serial.baud",
            )
        }
    }
}

fn xray_folder(part: &str, folder: &Path) -> Finding {
    let shown = folder.display();
    let Ok(entries) = std::fs::read_dir(folder) else {
        let next = "make the folder, or mount the scanner's share, then run doctor again";
        return Finding::bad(part, format!("{shown} is not there or not readable"), "the share is not mounted", next);
    };
    let waiting = entries.filter(Result::is_ok).count();
    let probe = folder.join(format!(".gatepost-doctor-{}.part", std::process::id()));
    if let Err(error) = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        let next = "give the station's user write permission: it takes images away once they are stored";
        return Finding::bad(part, format!("{shown} cannot be written ({error})"), "permissions of the share", next);
    }
    Finding::good(part, format!("{shown} is there and writable; {waiting} files wait in it"))
}

fn model(config: &Config) -> Finding {
    let inspector = Inspector::open(&inspect::of(config));
    match (inspector.trouble(), inspector.versions()) {
        (None, Some(versions)) => Finding::good("model", format!("{} looks", versions.model)),
        (blind, _) => {
            let detail = blind.map_or("it does not look", |blind| blind.detail.as_str());
            let next = "`gatepost runtime fetch`, then check model.package; until then every parcel goes to exam";
            Finding::bad("model", detail, "no runtime library or no model package on this machine", next)
        }
    }
}

async fn broker(host: &str, port: u16, tls: bool) -> Finding {
    let what = format!("{host}:{port}");
    let connecting = tokio::net::TcpStream::connect((host, port));
    let next = "check network and uplink.host; the station goes on without, and sends everything later";
    match tokio::time::timeout(LISTEN, connecting).await {
        Ok(Ok(_)) => {
            Finding::good("broker", format!("{what} takes connections{}", if tls { " (TLS not tried)" } else { "" }))
        }
        Ok(Err(error)) => Finding::bad("broker", format!("{what}: {error}"), "no network, or the broker is down", next),
        Err(_) => Finding::bad("broker", format!("{what}: no answer in 2 s"), "a firewall, or no route", next),
    }
}

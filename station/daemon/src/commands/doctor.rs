//! `gatepost doctor`: talks to every device and says what is there, what is likely wrong and what to do next.
//!
//! It listens and asks; it never moves anything, changes no setting and stores nothing. Ports that the running station
//! holds cannot be tried: then the station's own page is the place to look.

use std::path::Path;
use std::time::Duration;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::link::VERSIONS;
use gatepost_models::session::Inspector;
use serde::Serialize;

use super::probe::hear::Ear;
use super::{Ending, Failure, Outcome, document, inspect, say};
use crate::config::{Config, SerialConfig, Transport};
use crate::run::lock;

mod listen;
mod pins;

/// How long a device is listened to.
const LISTEN: Duration = Duration::from_secs(2);
const HEARD_MAX: usize = 4;

/// One device, tried.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub part: String,
    pub works: bool,
    /// What was seen.
    pub what: String,
    pub likely_cause: Option<String>,
    pub next_action: Option<String>,
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

/// Tries every device of every lane.
pub async fn devices(config: &Config, maps: &[LaneMap]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (map, lane) in maps.iter().zip(&config.lanes) {
        let name = map.name.as_str();
        if let Some(serial) = &lane.controller {
            findings.push(controller(&format!("{name} controller"), config, serial, map).await);
        }
        if let Some(pins) = &lane.pins {
            findings.extend(pins::try_out(&format!("{name} controller"), pins, map));
        }
        listen::devices(config, name, lane, &mut findings).await;
        for (device, xray) in &lane.xrays {
            findings.push(folder_of(&format!("{name} {device}"), &config.path(&xray.folder)));
        }
        for (device, camera) in &lane.cameras {
            findings.push(folder_of(&format!("{name} {device}"), &config.path(&camera.folder)));
        }
    }
    findings
}

async fn controller(part: &str, config: &Config, serial: &SerialConfig, map: &LaneMap) -> Finding {
    let mut port = match listen::open(part, config, &Transport::Serial(serial.clone()).within(&config.folder)).await {
        Ok(port) => port,
        Err(finding) => return *finding,
    };
    let mut ear = Ear::controller();
    let heard = listen::heard(&mut port, &mut ear, Some(&super::probe::hear::hello())).await;
    let (bytes, said) = (heard.bytes(), &heard.said);
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
            let what = format!("{} bytes that are no frames: {}", bytes.len(), heard.shown());
            Finding::bad(
                part,
                what,
                "another device on this port, or another speed",
                "check which port is which, and serial.baud",
            )
        }
    }
}

/// The folder of an X-ray, or of a camera.
fn folder_of(part: &str, folder: &Path) -> Finding {
    let shown = folder.display();
    let Ok(entries) = std::fs::read_dir(folder) else {
        let next = "make the folder, or mount the machine's share, then run doctor again";
        return Finding::bad(part, format!("{shown} is not there or not readable"), "the share is not mounted", next);
    };
    let waiting = entries.filter(Result::is_ok).count();
    let probe = folder.join(format!(".gatepost-doctor-{}.part", std::process::id()));
    if let Err(error) = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        let next = "give the station's user write permission: it takes files away once they are stored";
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

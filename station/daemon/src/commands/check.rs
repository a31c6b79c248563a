//! `gatepost check`: is it right, without touching a device: configuration, lanes and their timing, rules, model, lists,
//! disk, keys. Everything that is wrong is said in one run, each with its remedy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::Bounds;
use gatepost_models::session::Inspector;
use serde::Serialize;

use super::{Ending, Outcome, document, inspect, say, verify};
use crate::config::Config;
use crate::config::pins::fit::{Cost, cost};
use crate::run::enrolment::{self, ask};
use crate::run::lock;
use timing::{Timing, camera_too_wide, scale_too_fast, timings};

pub mod timing;

/// Less free space than this and the station would be full within the hour.
const FREE_BYTES_MIN: u64 = 256 << 20;
/// Counted for an inference that could not be measured here.
const INFERENCE_USUAL_MS: u64 = 100;
/// Decoding and preparing a picture cost at most half as much as the inference itself (`bench pipeline`).
const PICTURE_PERCENT: u64 = 150;
/// What a technician must know of a lane without a microcontroller.
const NOT_REAL_TIME: &str = "its controller is a Linux thread on this board's pins: no hard real time; measure jitter_ms with \
                             `gatepost doctor` under load, and try the relay at output.alive by killing the station";

#[derive(Default, Serialize)]
struct Checked {
    good: bool,
    config: PathBuf,
    station: Option<String>,
    /// What a person compares when the station is enrolled; nothing before the first start.
    key: Option<String>,
    fingerprint: Option<String>,
    lanes: Vec<Lane>,
    rules: Option<Rules>,
    model: Option<Model>,
    lists: Vec<String>,
    free_bytes: Option<u64>,
    /// One sentence each: what, where, what to do.
    problems: Vec<String>,
    /// Worth knowing, and no reason not to start.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Lane {
    lane: String,
    crc: String,
    timings: Vec<Timing>,
    slack_ms: Option<i64>,
    /// Of a controller on this board's own pins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pins: Option<Cost>,
}

#[derive(Serialize)]
struct Rules {
    version: u64,
    digest: String,
    rules: usize,
}

#[derive(Serialize)]
struct Model {
    model: String,
    digest: String,
    engine_pinned: bool,
    inference_ms: u64,
}

pub(super) fn check(file: &Path, json: bool) -> Outcome {
    let mut checked = Checked { config: file.to_owned(), ..Checked::default() };
    match Config::read(file) {
        Ok(config) => checked.all(&config),
        Err(error) => checked.problems.push(error.0),
    }
    checked.good = checked.problems.is_empty();
    if json {
        document(&checked)?;
    } else {
        checked.show();
    }
    Ok(Ending::of(checked.good))
}

impl Checked {
    fn all(&mut self, config: &Config) {
        self.station = Some(config.station.name.clone());
        self.rules(config);
        let inference_ms = self.model(config);
        match config.lane_maps() {
            Ok(maps) => maps.iter().enumerate().for_each(|(at, map)| self.lane(config, at, map, inference_ms)),
            // One line for each thing that is wrong.
            Err(error) => self.problems.extend(error.0.lines().map(str::to_owned)),
        }
        self.disk(config);
        self.lists(config);
        self.keys(config);
    }

    fn rules(&mut self, config: &Config) {
        let packs = match crate::run::grounds::packs(config, WallMs::ZERO) {
            Ok(packs) => packs,
            Err(error) => return self.problems.push(error.0),
        };
        self.problems.extend(packs.trouble().map(str::to_owned));
        match packs.in_force() {
            Ok(rules) => {
                self.rules =
                    Some(Rules { version: rules.version(), digest: rules.digest_hex(), rules: rules.explain().len() });
            }
            Err(error) => self.problems.push(error),
        }
        self.problems.extend(crate::run::grounds::issuers("rules.trusted", &config.rules.trusted).err());
        self.problems.extend(crate::run::grounds::issuers("commands.trusted", &config.commands.trusted).err());
    }

    /// Loads the model and runs its golden pictures; gives the milliseconds that a picture takes.
    fn model(&mut self, config: &Config) -> u64 {
        let mut inspector = Inspector::open(&inspect::of(config));
        if let Some(blind) = inspector.trouble() {
            let says = format!("the model cannot look, so every parcel goes to exam: {}", blind.detail);
            let asked_for = config.model.package.is_some() || config.model.runtime.is_some();
            if asked_for { &mut self.problems } else { &mut self.notes }.push(says);
            return INFERENCE_USUAL_MS;
        }
        let Some(versions) = inspector.versions().cloned() else { return INFERENCE_USUAL_MS };
        let measured = inspector.model().and_then(|model| model.bare_inference_us().ok());
        let inference_ms = measured.map_or(INFERENCE_USUAL_MS, |us| (us * PICTURE_PERCENT / 100).div_ceil(1_000));
        if !versions.engine_pinned {
            self.notes
                .push("ONNX Runtime's library is not the pinned one: `gatepost runtime fetch` gets that".to_owned());
        }
        self.model = Some(Model {
            model: versions.model,
            digest: versions.model_digest,
            engine_pinned: versions.engine_pinned,
            inference_ms,
        });
        inference_ms
    }

    fn lane(&mut self, config: &Config, at: usize, map: &LaneMap, inference_ms: u64) {
        let name = map.name.as_str();
        let timings = timings(map, inference_ms);
        for late in timings.iter().filter(|one| one.slack_ms < 0) {
            self.problems.push(format!(
                "lane {name}: what \"{}\" says comes {} ms too late for the diverter; move the device upstream, slow the \
                 belt or lower its latency_ms_max",
                late.device, -late.slack_ms
            ));
        }
        let Some(devices) = config.lanes.get(at) else { return };
        for device in &map.devices {
            let poll_ms = devices.scales.get(device.name.as_str()).map_or(0, |scale| scale.poll_ms);
            self.problems.extend(scale_too_fast(map, device, poll_ms).map(|says| format!("lane {name}: {says}")));
        }
        let scanners = devices.scanners.iter().map(|(device, scanner)| (device, scanner.protocol.validate()));
        let scales = devices.scales.iter().map(|(device, scale)| (device, scale.protocol.validate()));
        for (device, valid) in scanners.chain(scales) {
            self.problems.extend(valid.err().map(|says| format!("lane {name}, device \"{device}\": {says}")));
        }
        for (device, camera) in &devices.cameras {
            self.problems.extend(camera.problem().map(|says| format!("lane {name}, device \"{device}\": {says}")));
        }
        self.notes.extend(map.devices.iter().filter_map(|device| camera_too_wide(map, device)));
        for (device, xray) in &devices.xrays {
            if xray.pitch_um == 0 || xray.belt_step_um == 0 {
                self.problems
                    .push(format!("lane {name}, device \"{device}\": pitch_um and belt_step_um must be above 0"));
            }
        }
        let slack_ms = timings.iter().map(|one| one.slack_ms).min();
        let pins = devices.pins.as_ref().map(|pins| cost(pins, map));
        if pins.is_some() {
            self.notes.push(format!("lane {name}: {NOT_REAL_TIME}"));
        }
        self.lanes.push(Lane { lane: name.to_owned(), crc: format!("{:08x}", map.crc()), timings, slack_ms, pins });
    }

    fn disk(&mut self, config: &Config) {
        let data = config.data();
        let shown = data.display().to_string();
        // Before the first start the folder's place counts.
        let there = data.ancestors().find(|path| path.is_dir()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        if there != data {
            self.notes.push(format!("{shown}: not there yet; it is made at the first start"));
        }
        let probe = there.join(format!(".gatepost-check-{}", std::process::id()));
        let written = std::fs::write(&probe, b"written").and_then(|()| std::fs::remove_file(&probe));
        if let Err(error) = written {
            self.problems.push(format!(
                "{}: cannot be written ({error}); give it to the station's user, or change station.data",
                there.display()
            ));
            return;
        }
        match rustix::fs::statvfs(&there) {
            Ok(disk) => {
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                self.free_bytes = Some(free);
                if free < FREE_BYTES_MIN {
                    self.problems.push(format!(
                        "{shown}: {} MiB free; the station needs {} MiB to start well: remove what is not the station's",
                        free >> 20,
                        FREE_BYTES_MIN >> 20
                    ));
                }
                let configured = config.ledger.journal_bytes_max;
                let least = 16 * Bounds::default().segment_bytes + Bounds::default().reserve_bytes;
                if configured > 0 && configured < least {
                    self.problems.push(format!(
                        "ledger.journal_bytes_max = {configured}: give at least {least}, or retention has nothing to drop"
                    ));
                }
            }
            Err(error) => {
                self.problems.push(format!("{shown}: its file system cannot be asked ({error}); check the mount"))
            }
        }
        if lock::is_held(&data) {
            self.notes.push(format!("{shown}: the station is running"));
        }
    }

    fn lists(&mut self, config: &Config) {
        for text in &config.lists.trusted {
            let known = text.split_once('=').is_some_and(|(issuer, key)| {
                !issuer.is_empty() && gatepost_ledger::key::PublicKey::parse(key).is_some()
            });
            if !known {
                self.problems.push(format!(
                    "lists.trusted = \"{text}\": write issuer=key, as \"central=9f…\" with the key's 64 hexadecimal digits"
                ));
            }
        }
        let data = config.data();
        if !data.join("lists").is_dir() {
            self.notes.push("no lists yet: without hold list and declarations every parcel goes to exam".to_owned());
            return;
        }
        let opened = RealDisk::new(&data).map_err(|error| error.to_string()).and_then(|disk| {
            let disk: SharedDisk = Arc::new(disk);
            super::hold::in_force(&disk).map_err(|error| error.to_string())
        });
        match opened {
            Ok(claims) => {
                self.lists = claims
                    .iter()
                    .map(|one| format!("{:?} of {} version {}, {} lines", one.kind, one.issuer, one.version, one.lines))
                    .collect();
            }
            Err(error) => self.problems.push(format!("{}: the lists cannot be read: {error}", data.display())),
        }
    }

    fn keys(&mut self, config: &Config) {
        let data = config.data();
        match verify::own_key(&data) {
            Some(key) => {
                self.key = Some(key.to_string());
                self.fingerprint = Some(key.fingerprint());
            }
            None if data.join("station.key").exists() => self.problems.push(format!(
                "{}: not readable, or not 32 bytes; run as the station's user, or restore it from its backup",
                data.join("station.key").display()
            )),
            None => self
                .notes
                .push("no station key yet: it is made at the first start, then enrol its fingerprint".to_owned()),
        }
        if config.sampling.rate == 0 || config.sampling.rate_trusted == 0 {
            let says = "sampling.rate or rate_trusted is 0: where nothing is drawn at random, a draw is no cover for a \
                        restricted hold";
            self.notes.push(says.to_owned());
        }
        if let Some(path) = &config.sampling.key {
            let path = config.path(path);
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let digits = text.trim();
            if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                self.problems
                    .push(format!("{}: sampling.key must be a readable file of 64 hexadecimal digits", path.display()));
            }
        }
        self.uplink(config);
    }

    fn uplink(&mut self, config: &Config) {
        let Some(uplink) = &config.uplink else { return };
        if uplink.tls.is_some() {
            self.problems.extend(crate::run::link::tls(config).err().map(|error| error.0));
        }
        let Some(central) = &uplink.renew else { return };
        self.problems.extend(ask::address(central).err().map(|error| format!("uplink.renew: {error}")));
        let fetched = config.data().join(enrolment::CERTIFICATE);
        if uplink.tls.as_ref().is_none_or(|tls| config.path(&tls.certificate) != fetched) {
            self.problems.push(format!(
                "uplink.renew: what the station fetches is {}, and uplink.tls.certificate is not; name it there, or leave \
                 renew out",
                fetched.display()
            ));
        }
    }

    fn show(&self) {
        let station = self.station.as_deref().unwrap_or("?");
        say(format!("{}: station {station}: {}", self.config.display(), if self.good { "good" } else { "NOT good" }));
        if let (Some(key), Some(fingerprint)) = (&self.key, &self.fingerprint) {
            say(format!("  key {key} (fingerprint {fingerprint})"));
        }
        if let Some(rules) = &self.rules {
            say(format!("  rules version {}, {} rules, digest {}", rules.version, rules.rules, rules.digest));
        }
        if let Some(model) = &self.model {
            say(format!("  model {}, {} ms a picture, digest {}", model.model, model.inference_ms, model.digest));
        }
        for lane in &self.lanes {
            say(format!("  lane {} (map {})", lane.lane, lane.crc));
            for one in &lane.timings {
                say(format!(
                    "    {:<12} {:>6} ms of belt - {} device - {} looking - {} record and permit = {} ms to spare",
                    one.device,
                    one.way_ms,
                    one.device_ms,
                    one.inference_ms + one.label_ms,
                    one.record_and_permit_ms,
                    one.slack_ms
                ));
            }
            if let Some(Cost { jitter_um, edges_per_s }) = &lane.pins {
                let mm = *jitter_um as f64 / 1_000.0;
                say(format!("    pins         {mm} mm of belt within jitter_ms, {edges_per_s} encoder edges a second"));
            }
        }
        self.lists.iter().for_each(|list| say(format!("  list {list}")));
        if let Some(free) = self.free_bytes {
            say(format!("  {} MiB free", free >> 20));
        }
        self.notes.iter().for_each(|one| say(format!("  note: {one}")));
        self.problems.iter().for_each(|one| say(format!("  problem: {one}")));
    }
}

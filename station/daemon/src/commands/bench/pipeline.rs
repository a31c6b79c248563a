//! `bench pipeline`: from an image's finished file to its durable decision, beside the bare inference of the same picture.
//!
//! What the station does between the scanner's rename and the permit, with the station's own parts: read, decode, evidence
//! written and synced beside the inference, judged by the built-in rules over whole inputs, the body encoded, appended and
//! synced by the ledger's writer. Left out: the lane's bookkeeping (microseconds) and waiting for the belt. One picture after
//! the other, or ([`steady`]) as a belt brings them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use gatepost_hardware::units::{Grams, WallMs};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::evidence::Evidence;
use gatepost_ledger::journal::writer::{Surroundings, Writer};
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_models::formats::{self, Geometry};
use gatepost_models::session::{Assessment, Model};
use gatepost_pipeline::drive::{DecisionBody, Versions};
use gatepost_pipeline::judge::{Detection, DetectionClass, Inputs, Token, example, judge};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency};
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing;
use serde::Serialize;

use super::percentile;
use crate::commands::{Failure, problem};
use crate::run::clock::wall_now;

mod steady;

pub(super) use steady::measure as measure_steady;

#[derive(Serialize)]
pub(super) struct Figures {
    /// p50 of image on disk → durable ÷ p50 of the bare inference.
    ratio_p50_to_inference: f64,
    p50_us: u64,
    p99_us: u64,
    bare_inference_p50_us: u64,
    /// Where the median goes.
    read_and_decode_p50_us: u64,
    look_and_evidence_p50_us: u64,
    judge_and_encode_p50_us: u64,
    durable_p50_us: u64,
    pictures: usize,
    threads: usize,
    model: String,
}

/// Microseconds of one picture, stage by stage.
#[derive(Clone, Copy)]
struct Stages {
    decode: u64,
    look: u64,
    judge: u64,
    durable: u64,
}

impl Stages {
    fn total(&self) -> u64 {
        self.decode + self.look + self.judge + self.durable
    }
}

/// Of the images, acknowledged as soon as they are decided.
const EVIDENCE_BYTES_MAX: u64 = 1 << 30;

/// Different pictures; each comes again and again.
const PICTURES: usize = 8;

pub(super) fn measure(folder: &Path, pictures: usize, threads: usize) -> Result<Figures, Failure> {
    let (files, mut station) = warm(folder, threads)?;
    let (mut all, mut bare) = (Vec::new(), Vec::new());
    for (file, number) in files.iter().cycle().zip(PICTURES..PICTURES + pictures) {
        all.push(station.one(file, number as u32)?);
        bare.push(station.model.bare_inference_us().map_err(|error| problem(file.display(), error))?);
    }
    let p = |percent, part: fn(&Stages) -> u64| percentile_of(all.iter().map(part).collect(), percent);
    let (p50_us, bare) = (p(50, Stages::total), percentile_of(bare, 50));
    Ok(Figures {
        ratio_p50_to_inference: p50_us as f64 / bare.max(1) as f64,
        p50_us,
        p99_us: p(99, Stages::total),
        bare_inference_p50_us: bare,
        read_and_decode_p50_us: p(50, |one| one.decode),
        look_and_evidence_p50_us: p(50, |one| one.look),
        judge_and_encode_p50_us: p(50, |one| one.judge),
        durable_p50_us: p(50, |one| one.durable),
        pictures: all.len(),
        threads,
        model: station.name(),
    })
}

/// A station through which every picture has gone once, so that caches are warm, and the pictures.
fn warm(folder: &Path, threads: usize) -> Result<(Vec<PathBuf>, Station), Failure> {
    let (_engine, model) = super::load(None, threads)?;
    let files = gatepost_models::inspect::bench_pictures(&folder.join("pictures"), PICTURES)
        .map_err(|error| problem("bench pipeline", error))?;
    let mut station = Station::open(folder, model)?;
    for (number, file) in files.iter().enumerate() {
        station.one(file, number as u32)?;
    }
    Ok((files, station))
}

fn percentile_of(mut values: Vec<u64>, percent: usize) -> u64 {
    values.sort_unstable();
    percentile(&values, percent)
}

/// The parts of a station that a picture passes.
struct Station {
    model: Model,
    geometry: Geometry,
    evidence: Evidence,
    rules: Ruleset,
    ledger: Writer,
}

impl Station {
    fn open(folder: &Path, model: Model) -> Result<Self, Failure> {
        let said = |error: &dyn std::fmt::Display| problem("bench pipeline", error);
        let disk: SharedDisk = Arc::new(RealDisk::new(folder).map_err(|error| said(&error))?);
        let key = StationKey::generate().map_err(|error| said(&error))?;
        // The ballast is built before the first parcel comes; here it would only be written and removed.
        let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
        let setup = Setup { station: "bench".to_owned(), key, bounds };
        let (journal, _) = Journal::open(disk.clone(), "journal", setup).map_err(|error| said(&error))?;
        let around = Surroundings { now: Box::new(wall_now), on_health: Box::new(|_| {}) };
        let (ledger, _thread) = Writer::start(journal, around).map_err(|error| said(&error))?;
        let evidence = Evidence::open(disk, "evidence", EVIDENCE_BYTES_MAX).map_err(|error| said(&error))?;
        let rules = Ruleset::built_in().map_err(|error| said(&error))?;
        let geometry = model.default_geometry();
        Ok(Self { model, geometry, evidence, rules, ledger })
    }

    fn name(&self) -> String {
        format!("{} {}", self.model.manifest().name, self.model.manifest().version)
    }

    fn one(&mut self, file: &Path, number: u32) -> Result<Stages, Failure> {
        let said = |error: &dyn std::fmt::Display| problem(file.display(), error);
        let start = Instant::now();
        let image = formats::read(file).map_err(|error| said(&error))?;
        let mut bytes = Vec::new();
        for part in formats::pair_of(file).map_or_else(|| vec![file.to_owned()], |(low, high)| vec![low, high]) {
            bytes.extend(std::fs::read(part).map_err(|error| said(&error))?);
        }
        // Two parcels never give the same picture: else the evidence store would have it already.
        bytes.extend(number.to_le_bytes());
        let decoded = Instant::now();
        let (model, evidence, geometry) = (&mut self.model, &mut self.evidence, &self.geometry);
        let (seen, stored) = std::thread::scope(|scope| {
            let store = scope.spawn(|| evidence.put(&bytes).map_err(|error| error.to_string()));
            let seen = model.detect(&image, geometry);
            (seen, store.join().unwrap_or_else(|_| Err("the evidence store stopped".to_owned())))
        });
        let digest = stored.map_err(|error| said(&error))?;
        let looked = Instant::now();
        let body = self.decide(number, &seen, &digest.to_string()).ok_or_else(|| said(&"no pass"))?;
        let pending = Pending::entry(Kind::Sighting, Urgency::default(), Audience::All, "bench", wall_now(), &body)
            .map_err(|error| said(&error))?;
        let judged = Instant::now();
        let (answer, answered) = sync_channel(1);
        let done = Box::new(move |result: Result<_, _>| {
            let _asked = answer.send(result.is_ok());
        });
        self.ledger.record(pending, done).map_err(|_| said(&"the ledger's queue is full"))?;
        if answered.recv() != Ok(true) {
            return Err(said(&"the record is not durable; check the disk"));
        }
        let durable = Instant::now();
        // As if central had it: the store may make room when it is full, as in a station whose uplink works.
        self.evidence.acknowledge(digest).map_err(|error| said(&error))?;
        let us = |from: Instant, to: Instant| u64::try_from((to - from).as_micros()).unwrap_or(u64::MAX);
        Ok(Stages {
            decode: us(start, decoded),
            look: us(decoded, looked),
            judge: us(looked, judged),
            durable: us(judged, durable),
        })
    }

    /// The same body as a decision's, of a parcel about which everything is known.
    fn decide(&self, number: u32, seen: &Assessment, digest: &str) -> Option<DecisionBody> {
        let pass = PassKey::parse(&format!("bench/1/{number}"))?;
        let mut inputs: Inputs = example::clean(pass);
        let detections = seen.detections().iter().filter_map(|one| {
            let bounds = one.bounds.map(|edge| i32::try_from(edge).unwrap_or(i32::MAX));
            Some(Detection { class: DetectionClass::parse(one.class.as_str())?, score: one.score_e4, bounds })
        });
        inputs.set_assessed(detections.collect(), None, seen.quality().map_or(0, |quality| quality.score_e4));
        let verdict = judge(&inputs, &self.rules);
        let token = Token::clipped("bench");
        let rules = Token::clipped(&self.rules.digest_hex());
        let versions =
            Versions { software: token.clone(), rules, model: token.clone(), engine: token.clone(), lists: token };
        let image = Token::new(digest);
        let weights = weighing::example("scale", Grams(1_234), WallMs(i64::from(number)));
        let labels = Vec::new();
        Some(DecisionBody { pass, revision: 1, supersedes: None, image, labels, weights, inputs, verdict, versions })
    }
}

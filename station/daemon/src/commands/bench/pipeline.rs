//! `bench pipeline`: from an image's finished file to its durable decision, beside the bare inference of the same picture.
//!
//! What the station does between the scanner's rename and the permit, with the station's own parts: read, decode, evidence
//! written and synced beside the inference, judged by the built-in rules over whole inputs, the body encoded, appended and
//! synced by the ledger's writer. Left out: the lane's bookkeeping (microseconds) and waiting for the belt.

use std::path::Path;
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
    bare: u64,
}

/// Different pictures; each comes again and again.
const PICTURES: usize = 8;

pub(super) fn measure(folder: &Path, pictures: usize, threads: usize) -> Result<Figures, Failure> {
    let said = |error: &dyn std::fmt::Display| problem("bench pipeline", error);
    let (_engine, model) = super::load(None, threads)?;
    let name = format!("{} {}", model.manifest().name, model.manifest().version);
    let files =
        gatepost_models::inspect::bench_pictures(&folder.join("pictures"), PICTURES).map_err(|error| said(&error))?;
    let mut station = Station::open(folder, model)?;
    let mut all = Vec::new();
    // One round through the pictures warms caches and is not counted.
    for (number, file) in files.iter().cycle().take(pictures + PICTURES).enumerate() {
        let stages = station.one(file, number as u32)?;
        if number >= PICTURES {
            all.push(stages);
        }
    }
    let p = |percent, part: fn(&Stages) -> u64| {
        let mut values: Vec<u64> = all.iter().map(part).collect();
        values.sort_unstable();
        percentile(&values, percent)
    };
    let total = |one: &Stages| one.decode + one.look + one.judge + one.durable;
    let (p50_us, bare) = (p(50, total), p(50, |one| one.bare));
    Ok(Figures {
        ratio_p50_to_inference: p50_us as f64 / bare.max(1) as f64,
        p50_us,
        p99_us: p(99, total),
        bare_inference_p50_us: bare,
        read_and_decode_p50_us: p(50, |one| one.decode),
        look_and_evidence_p50_us: p(50, |one| one.look),
        judge_and_encode_p50_us: p(50, |one| one.judge),
        durable_p50_us: p(50, |one| one.durable),
        pictures: all.len(),
        threads,
        model: name,
    })
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
        let evidence = Evidence::open(disk, "evidence", 8 << 30).map_err(|error| said(&error))?;
        let rules = Ruleset::built_in().map_err(|error| said(&error))?;
        let geometry = model.default_geometry();
        Ok(Self { model, geometry, evidence, rules, ledger })
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
        let bare = self.model.bare_inference_us().map_err(|error| said(&error))?;
        let us = |from: Instant, to: Instant| u64::try_from((to - from).as_micros()).unwrap_or(u64::MAX);
        Ok(Stages {
            decode: us(start, decoded),
            look: us(decoded, looked),
            judge: us(looked, judged),
            durable: us(judged, durable),
            bare,
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

//! `gatepost replay`: yesterday's black box through today's software, and where they differ.
//!
//! The lane's mind begins as the first line says, hears every event again, and is given the ledger's answers that it was
//! given then. Nothing is recorded, no device is touched, no model runs: what the model said was heard too, and decisions
//! name the versions of then, so that only what would be decided differently differs. A black box that was turned over
//! begins in the middle of a life, and says so: then the first differences are those of what it had forgotten.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use gatepost_hardware::units::{Grams, WallMs};
use gatepost_pipeline::drive::{DriveConfig, SamplingKey};
use gatepost_pipeline::event::Effect;
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::ruleset::Ruleset;
use serde::Serialize;

use super::{Ending, Failure, Outcome, document, problem, say};
use crate::blackbox::{Begin, Difference, Heard, Replayed, fingerprint};
use crate::config::Config;

/// Differences kept and printed; more of them say nothing new.
const DIFFERENCES_MAX: usize = 50;
/// Bytes of one line: the largest event is a look-up's answer.
const LINE_BYTES_MAX: u64 = 4 << 20;

#[derive(Args)]
pub(super) struct Arguments {
    /// The black box (DATA/blackbox/LANE/blackbox-N.jsonl)
    file: PathBuf,
    /// The station's configuration, for its lane map, rules and keys
    #[arg(long, value_name = "F")]
    config: PathBuf,
}

#[derive(Serialize)]
struct Answer {
    same: bool,
    /// Whether the file begins where the lane's life did; otherwise differences may be those of what came before it.
    from_the_start: bool,
    lane: String,
    /// Software and rules that wrote the black box, and those of today.
    was: String,
    now: String,
    lines: usize,
    events: usize,
    differences_found: usize,
    differences: Vec<Difference>,
}

pub(super) fn replay(arguments: &Arguments, json: bool) -> Outcome {
    let config = Config::read(&arguments.config)?;
    let shown = arguments.file.display().to_string();
    let file = File::open(&arguments.file)
        .map_err(|error| problem(&shown, format!("cannot be read ({error}); check the name")))?;
    let mut lines = Lines { reader: BufReader::with_capacity(1 << 20, file), shown, number: 0 };
    let Some(Heard::Begin(begun)) = lines.next()? else {
        return Err(problem(&lines.shown, "does not begin as a black box does; name one of DATA/blackbox/LANE"));
    };
    // The pack that was in force then, where it is still here; else the one in force now.
    let packs = crate::run::grounds::packs(&config, WallMs::ZERO)?;
    let rules = packs.named(begun.versions.rules.as_str()).map_or_else(|| packs.in_force(), Ok);
    let rules = rules.map_err(Failure::Problem)?;
    let now = format!("{} with rules {}", env!("CARGO_PKG_VERSION"), Token::clipped(&rules.digest_hex()));
    let was = format!("{} with rules {}", begun.versions.software, begun.versions.rules);
    let (lane, part) = (begun.lane.clone(), begun.part);
    let mind = begin(&config, &arguments.config, begun, rules)?;
    let mut life =
        Life { mind, replayed: Replayed::default(), did: None, events: 0, found: 0, differences: Vec::new() };
    while let Some(heard) = lines.next()? {
        life.hear(lines.number, heard);
    }
    life.settle(lines.number);
    let answer = Answer {
        same: life.found == 0,
        from_the_start: part == 0,
        lane,
        was,
        now,
        lines: lines.number,
        events: life.events,
        differences_found: life.found,
        differences: life.differences,
    };
    if json {
        document(&answer)?;
    } else {
        for one in &answer.differences {
            say(format!("{}:{}: was {}, now {}", lines.shown, one.line, one.was, one.now));
        }
        if !answer.from_the_start {
            say(format!(
                "{}: begins in the middle of the lane's life (part {}): what was on the belt by then is not in it",
                lines.shown,
                part + 1
            ));
        }
        if answer.was != answer.now {
            say(format!("was {}; now {}", answer.was, answer.now));
        }
        let Answer { events, differences_found, .. } = &answer;
        say(format!("lane {}: {events} events, {differences_found} differences", answer.lane));
    }
    Ok(Ending::of(answer.same))
}

/// The lane's mind as it was then, but for today's software and rules.
fn begin(config: &Config, file: &Path, begin: Begin, rules: Ruleset) -> Result<Mind, Failure> {
    let maps = config.lane_maps()?;
    let found = maps.into_iter().zip(&config.lanes).find(|(map, _)| map.name.as_str() == begin.lane);
    let Some((map, devices)) = found else {
        let says =
            format!("has no lane \"{}\", which the black box is of; use that station's configuration", begin.lane);
        return Err(problem(file.display(), says));
    };
    let drive = DriveConfig {
        station: begin.station,
        map,
        epoch_next: begin.epoch_next,
        open: begin.open,
        closed: begin.closed,
        highest: begin.highest,
        accounted: begin.accounted,
        sampling: sampling(config)?,
        weight_tolerance_g: Grams(devices.weight_tolerance_g),
        radiation_fitted: devices.radiation_fitted,
        smoke_fitted: devices.smoke_fitted,
        utc_offset_min: config.station.utc_offset_min,
        contingency: config.contingency.plans(),
        protocols: begin.protocols,
        versions: begin.versions,
    };
    Mind::new(drive, rules).map_err(Failure::Problem)
}

/// The key of the random draw, where it is; a replay makes none.
fn sampling(config: &Config) -> Result<Option<SamplingKey>, Failure> {
    let there = config.sampling.key.is_some() || config.data().join("sampling.key").exists();
    if !there {
        super::warn("gatepost: this configuration has no sampling key: random draws will differ");
        return Ok(None);
    }
    Ok(Some(crate::run::sampling_key(config)?))
}

struct Lines {
    reader: BufReader<File>,
    shown: String,
    number: usize,
}

impl Lines {
    /// The next line; the last one may be cut off where the power went.
    fn next(&mut self) -> Result<Option<Heard>, Failure> {
        let mut line = Vec::new();
        let read = std::io::Read::take(&mut self.reader, LINE_BYTES_MAX).read_until(b'\n', &mut line);
        read.map_err(|error| problem(&self.shown, format!("cannot be read ({error})")))?;
        if line.last() != Some(&b'\n') {
            if line.len() as u64 == LINE_BYTES_MAX {
                return Err(problem(
                    format!("{}:{}", self.shown, self.number + 1),
                    "the line is too long for a black box",
                ));
            }
            return Ok(None);
        }
        self.number += 1;
        serde_json::from_slice(&line).map(Some).map_err(|error| {
            let place = format!("{}:{}", self.shown, self.number);
            problem(place, format!("is no line of a black box ({error}); it is damaged, or of other software"))
        })
    }
}

/// The life being lived again.
struct Life {
    mind: Mind,
    replayed: Replayed,
    /// What today's software did and the black box has not confirmed yet.
    did: Option<Heard>,
    events: usize,
    found: usize,
    differences: Vec<Difference>,
}

impl Life {
    fn hear(&mut self, line: usize, heard: Heard) {
        if let Heard::Did { .. } = &heard {
            let now = self.did.take();
            if now.as_ref().map(digest) != Some(digest(&heard)) {
                self.differ(line, said(Some(&heard)), said(now.as_ref()));
            }
            return;
        }
        self.settle(line);
        let event = match heard {
            Heard::Begin(_) => return self.differ(line, "began again".to_owned(), "one life only".to_owned()),
            Heard::Recorded { seq, head } => {
                let head = data_encoding::HEXLOWER.decode(head.as_bytes()).ok().and_then(|head| head.try_into().ok());
                head.and_then(|head| self.replayed.recorded(seq, head))
            }
            Heard::Unrecorded { body } => self.replayed.unrecorded(&body),
            other => other.event(),
        };
        let Some(event) = event else {
            return self.differ(line, "a record was answered".to_owned(), "no record was asked for".to_owned());
        };
        self.events += 1;
        let effects: Vec<Effect> = self.mind.handle(event);
        if !effects.is_empty() {
            self.did = Some(fingerprint(&effects));
            self.replayed.keep(effects);
        }
    }

    /// What was done now must have been done then.
    fn settle(&mut self, line: usize) {
        if let Some(now) = self.did.take() {
            self.differ(line, said(None), said(Some(&now)));
        }
    }

    fn differ(&mut self, line: usize, was: String, now: String) {
        self.found += 1;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(Difference { line, was, now });
        }
    }
}

fn digest(did: &Heard) -> String {
    serde_json::to_string(did).unwrap_or_default()
}

fn said(did: Option<&Heard>) -> String {
    match did {
        Some(Heard::Did { effects, digest }) => format!("{effects} effects {digest}"),
        _ => "nothing".to_owned(),
    }
}

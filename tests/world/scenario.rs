//! Stories as text: what happens to a lane, and what came of it, as an officer could read it.
//!
//! Above the line `---` the setting, one sentence a line; below it what came of it, one pass a line. `UPDATE=1` writes the
//! lower part anew. The checker's word is always the last line: a story whose checker is not clean is no story.
//!
//! ```text
//! lane north
//! seed 3
//! parcels 5
//! held 2                       parcel 2 stands on the hold list from the start
//! hold 4 at 9.5 s              a hold for parcel 4 arrives while the lane runs
//! fault no-read 10 s to 20 s
//! sick encoder:off 15 s to 27 s    one device ails (the cells of hardware/FAULTS.md); the feeder reads the station's page.
//!                              At a bench: scale:off
//! speaks scale nci = {}        what its scales, or scanners, speak, as in a configuration; else MT-SICS and plain text
//! crash every 15 s
//! ---
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use gatepost_hardware::lane::LaneKind;
use gatepost_hardware::units::Micros;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_ledger::journal::read::{ReadError, Record, Records};
use gatepost_ledger::journal::{Bounds, Journal, Setup as JournalSetup};
use gatepost_virtual::ailments::AilingWindow;
use gatepost_virtual::faults::{FaultSchedule, FaultWindow};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use serde_json::Value;
use std::sync::Arc;

use crate::bench::BenchWorld;
use crate::checker::Checked;
use crate::dialect::Dialect;
use crate::station::STATION;
use crate::world::{Setup, World};

/// A story's setting, read.
pub struct Story {
    setup: Setup,
    held: Vec<u32>,
    sick: Vec<AilingWindow>,
}

impl Story {
    /// Reads the part above `---`.
    ///
    /// # Errors
    /// A sentence with the line that is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let plan = Plan { parcels: 5, target_permille: 0, held_permille: 0, undeclared_permille: 0, ..Plan::default() };
        let setup = Setup {
            map: shipped("north"),
            seed: 1,
            plan: Plan { unreadable_permille: 0, ..plan },
            faults: FaultSchedule::none(),
            crash_every_s: 0,
            sampling_rate: 0,
            dialect: Dialect::default(),
            late_holds: Vec::new(),
        };
        let mut story = Self { setup, held: Vec::new(), sick: Vec::new() };
        for (index, line) in text.lines().enumerate().take_while(|(_, line)| *line != "---") {
            story.sentence(line).map_err(|why| format!("line {}: \"{line}\": {why}", index + 1))?;
        }
        Ok(story)
    }

    fn sentence(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let number = |word: &str| word.parse::<u32>().map_err(|_| format!("{word} is no number"));
        match words.as_slice() {
            [] => {}
            ["lane", name] => self.setup.map = shipped(name),
            ["seed", seed] => self.setup.seed = u64::from(number(seed)?),
            ["parcels", count] => self.setup.plan.parcels = number(count)?,
            ["targets", permille] => self.setup.plan.target_permille = number(permille)? as u16,
            ["unreadable", permille] => self.setup.plan.unreadable_permille = number(permille)? as u16,
            ["held", parcel] => self.held.push(number(parcel)?),
            ["hold", parcel, "at", at, "s"] => self.setup.late_holds.push((micros(at)?, number(parcel)?)),
            ["crash", "every", seconds, "s"] => self.setup.crash_every_s = u64::from(number(seconds)?),
            ["fault", name, from, "s", "to", until, "s"] => {
                let fault = name.parse().map_err(|error| format!("{error}"))?;
                let window = FaultWindow { fault, from: Micros(micros(from)?), until: Micros(micros(until)?) };
                self.setup.faults.windows.push(window);
            }
            ["speaks", "scanner", ..] => self.setup.dialect.scanner = protocol(line)?,
            ["speaks", "scale", ..] => self.setup.dialect.scale = protocol(line)?,
            ["sick", cell, from, "s", "to", until, "s"] => {
                let cell = cell.parse().map_err(|error| format!("{error}"))?;
                self.sick.push(AilingWindow { cell, from: Micros(micros(from)?), until: Micros(micros(until)?) });
            }
            _ => return Err("no such sentence (see tests/world/scenario.rs)".to_owned()),
        }
        Ok(())
    }

    /// Lives it, on a belt or a bench: the envelopes of its journal, and the checker's word.
    ///
    /// # Errors
    /// What went wrong that no checker needs to find.
    pub fn come_out(self) -> Result<(Vec<Value>, Checked), String> {
        let broken = |broken: &[String]| if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) };
        if self.setup.map.kind == LaneKind::Bench {
            let mut world = BenchWorld::new(self.setup);
            world.ail(self.sick)?;
            world.run();
            broken(&world.broken)?;
            return Ok((records_on(&world.disk)?, world.checked()));
        }
        let world = self.live();
        broken(&world.broken)?;
        Ok((records(&world)?, world.checked()))
    }

    /// Lives it on a belt.
    pub fn live(self) -> World {
        let mut world = World::new(self.setup);
        if !self.sick.is_empty() {
            world.ail(self.sick);
        }
        for parcel in self.held {
            let item = world.lane.parcels().iter().find(|truth| truth.id == parcel).map(|truth| truth.item.clone());
            item.iter().for_each(|item| world.lists.hold(item));
        }
        world.run();
        world
    }
}

/// `speaks scale NAME = { … }`, as in a configuration.
fn protocol<Config: serde::de::DeserializeOwned>(line: &str) -> Result<Config, String> {
    let text = line.splitn(3, ' ').nth(2).unwrap_or_default();
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

fn micros(seconds: &str) -> Result<u64, String> {
    let seconds: f64 = seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?;
    Ok((seconds * 1e6) as u64)
}

/// The envelopes in the journal of a run that has stopped, in order.
///
/// # Errors
/// What the journal says when it cannot be read whole.
pub fn records(world: &World) -> Result<Vec<Value>, String> {
    records_on(&world.disk)
}

/// The same, byte for byte.
///
/// # Errors
/// What the journal says.
pub fn record_bytes(world: &World) -> Result<Vec<Vec<u8>>, String> {
    record_bytes_on(&world.disk)
}

fn records_on(disk: &MemoryDisk) -> Result<Vec<Value>, String> {
    record_bytes_on(disk)?
        .iter()
        .map(|bytes| serde_json::from_slice(bytes).map_err(|error| error.to_string()))
        .collect()
}

/// The same, from the disk of any world.
///
/// # Errors
/// What the journal says.
pub fn record_bytes_on(disk: &MemoryDisk) -> Result<Vec<Vec<u8>>, String> {
    let disk: SharedDisk = Arc::new(disk.clone());
    let setup = JournalSetup { station: STATION.to_owned(), key: crate::station::key(), bounds: Bounds::default() };
    let (journal, _) = Journal::open(disk, "journal", setup).map_err(|error| error.to_string())?;
    let bytes = |record: Result<Record, ReadError>| Ok(record.map_err(|error| error.to_string())?.bytes);
    Records::from(&journal.view(), 1).map(bytes).collect()
}

/// What came of a run, from its journal's records (envelopes, in order): a line a pass, then the alarms.
pub fn told(records: &[Value]) -> String {
    let mut passes: BTreeMap<String, Pass> = BTreeMap::new();
    let mut alarms: BTreeMap<String, u32> = BTreeMap::new();
    for record in records {
        let body = &record["body"];
        let pass = body["pass"].as_str().unwrap_or("a stranger").to_owned();
        match record["kind"].as_str() {
            Some("decision") => passes.entry(pass).or_default().decided(body),
            Some("sighting") => passes.entry(pass).or_default().end = body["end"].as_str().unwrap_or("?").to_owned(),
            Some("device") => body["code"].as_str().into_iter().for_each(|code| {
                *alarms.entry(code.to_owned()).or_default() += 1;
            }),
            _ => {}
        }
    }
    let mut text = String::new();
    for (key, pass) in &passes {
        let decisions = pass.decisions.join(", then ");
        let _ = writeln!(text, "{key} {}: {decisions}; left by {}", pass.item, pass.end);
    }
    for (code, count) in &alarms {
        let _ = writeln!(text, "alarm {code} × {count}");
    }
    text
}

#[derive(Default)]
struct Pass {
    item: String,
    decisions: Vec<String>,
    end: String,
}

impl Pass {
    fn decided(&mut self, body: &Value) {
        let item = &body["inputs"]["item"];
        self.item = match (item["id"].as_str(), item["cause"].as_str()) {
            (Some(id), _) => id.to_owned(),
            (None, None | Some("no-label" | "late")) => "without id".to_owned(),
            (None, Some(cause)) => format!("without id ({cause})"),
        };
        let reasons = body["verdict"]["reasons"].as_array().map_or(&[][..], Vec::as_slice);
        let rules: Vec<&str> = reasons.iter().filter_map(|reason| reason["rule"].as_str()).take(4).collect();
        let outcome = body["verdict"]["outcome"].as_str().unwrap_or("?");
        self.decisions.push(match rules.is_empty() {
            true => outcome.to_owned(),
            false => format!("{outcome} ({})", rules.join(" ")),
        });
    }
}

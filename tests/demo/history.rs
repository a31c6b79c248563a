//! Earlier runs on the same `--data`: the truth of each is kept, because the journal goes on and the checker reads all of it.
//!
//! A file for each run and station, written when the run ends. It judges nothing; it moves one run's truth behind
//! another's, on one clock and with parcels counted on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatepost_virtual::faults::FaultSchedule;
use gatepost_virtual::lane::Truth as Happening;
use gatepost_virtual::parcel::ParcelTruth;
use gatepost_world::checker::from_virtual::{self, Log};
use gatepost_world::checker::truth::{Clock, LaneEvent, Line, Truth};
use serde::{Deserialize, Serialize};

/// One lane's truth of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaneRun {
    pub lane: String,
    pub parcels: Vec<ParcelTruth>,
    pub log: Vec<Happening>,
    pub faults: FaultSchedule,
    pub epochs: BTreeMap<u32, u32>,
    /// The controller's limit for a silent station; nothing on a bench.
    #[serde(default)]
    pub silence_us_max: Option<u64>,
    pub images: BTreeMap<String, Vec<u32>>,
    /// Microseconds of the lane's clock.
    pub down: Vec<(u64, u64)>,
    pub settled: bool,
    pub wall_at_zero_ms: i64,
}

/// How many runs began in a station's folder; notes that another one does.
///
/// # Errors
/// When the folder cannot be used.
pub fn begin(station: &Path) -> Result<u32, String> {
    let folder = station.join("truth");
    let failed = |error: std::io::Error| format!("{}: {error}; check --data", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let begun = (0..u32::MAX).find(|run| !begun(&folder, *run).exists()).unwrap_or(0);
    std::fs::write(self::begun(&folder, begun), []).map_err(failed)?;
    Ok(begun)
}

fn begun(folder: &Path, run: u32) -> PathBuf {
    folder.join(format!("run-{run:04}.begun"))
}

fn ended(folder: &Path, run: u32) -> PathBuf {
    folder.join(format!("run-{run:04}.json"))
}

/// Keeps this run's truth and gives that of all runs by lane; and how many runs left none, because they were killed.
///
/// # Errors
/// When the folder cannot be used.
pub fn end(station: &Path, lanes: Vec<LaneRun>) -> Result<(Vec<Truth>, u32), String> {
    let folder = station.join("truth");
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}; check --data", folder.display());
    let runs = (0..u32::MAX).find(|run| !begun(&folder, *run).exists()).unwrap_or(0);
    let text = serde_json::to_vec(&lanes).map_err(|error| failed(&error))?;
    std::fs::write(ended(&folder, runs.saturating_sub(1)), text).map_err(|error| failed(&error))?;
    let (mut all, mut missing): (BTreeMap<String, Truth>, u32) = (BTreeMap::new(), 0);
    for run in 0..runs {
        let Ok(text) = std::fs::read(ended(&folder, run)) else {
            missing += 1;
            continue;
        };
        let lanes: Vec<LaneRun> = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        for lane in &lanes {
            let truth = lane.truth();
            match all.get_mut(&lane.lane) {
                Some(before) => go_on(before, truth),
                None => drop(all.insert(lane.lane.clone(), truth)),
            }
        }
    }
    Ok((all.into_values().collect(), missing))
}

impl LaneRun {
    fn truth(&self) -> Truth {
        let log = Log {
            lane: &self.lane,
            parcels: &self.parcels,
            log: &self.log,
            faults: &self.faults,
            epochs: &self.epochs,
            silence_us_max: self.silence_us_max,
            on_the_wire: &<[u8]>::to_vec,
        };
        // The pace is in the lane's own figures: its clock is the wall clock.
        let clock = Clock { wall_at_zero_ms: self.wall_at_zero_ms, pace: 1, trusted: true };
        let mut truth = from_virtual::truth(&log, clock);
        truth.images.clone_from(&self.images);
        truth.down.clone_from(&self.down);
        truth.settled = self.settled;
        truth
    }
}

/// Puts a later run behind the earlier ones.
fn go_on(before: &mut Truth, later: Truth) {
    let ms = later.clock.wall_at_zero_ms - before.clock.wall_at_zero_ms;
    let shift = u64::try_from(ms).unwrap_or(0) * 1_000;
    let first = before.parcels.last().map_or(0, |parcel| parcel.id);
    for mut parcel in later.parcels {
        parcel.id += first;
        let times = [
            &mut parcel.held_since_us,
            &mut parcel.entered_us,
            &mut parcel.inserted_us,
            &mut parcel.removed_us,
            &mut parcel.moved_under_us,
            &mut parcel.imaged_us,
        ];
        times.into_iter().flatten().for_each(|at| *at += shift);
        [&mut parcel.diverted, &mut parcel.left].into_iter().flatten().for_each(|(at, _)| *at += shift);
        before.parcels.push(parcel);
    }
    before.crossings.extend(later.crossings.into_iter().map(|mut crossing| {
        crossing.at_us += shift;
        crossing.parcel += first;
        crossing
    }));
    // Between the runs nobody looked.
    let last = before.events.last().map_or(0, |&(at, _)| at);
    before.down.push((last, shift));
    before.down.extend(later.down.into_iter().map(|(from, until)| (from + shift, until + shift)));
    // The lane stood too.
    before.events.extend([(last, LaneEvent::BeltsStop), (last, LaneEvent::GateExam)]);
    before.events.extend(later.events.into_iter().map(|(at, event)| (at + shift, event)));
    let moved = |(digest, parcels): (String, Vec<u32>)| (digest, parcels.into_iter().map(|id| id + first).collect());
    before.lines.extend(later.lines.into_iter().map(|line| Line { at_us: line.at_us + shift, ..line }));
    before.images.extend(later.images.into_iter().map(moved));
    // Only the last run may have come to rest; what an earlier one left on its belts stays without an end.
    before.settled &= later.settled;
}

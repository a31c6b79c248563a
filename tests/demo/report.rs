//! The end of a run: evidence to the independent checker, figures to people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gatepost_hardware::lane::LaneKind;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::verify;
use gatepost_world::checker::bench::LOOK_BACK_US;
use gatepost_world::checker::report::Report;
use gatepost_world::checker::{CentralTables, Checked, Station, check, files};

use crate::arguments::Arguments;
use crate::disk::SmallDisk;
use crate::history::{self, LaneRun};
use crate::lane::End;

/// What is left of a station.
pub struct Remains {
    pub name: String,
    pub folder: PathBuf,
    pub lanes: Vec<(Instant, End)>,
    /// Its own disk, to be taken away when everything was read.
    pub disk: Option<SmallDisk>,
    /// When its process did not run.
    pub down: Vec<(Instant, Instant)>,
    pub central: Option<CentralTables>,
    /// Whether the belts were empty at the end.
    pub settled: bool,
}

/// What a run found.
pub struct Outcome {
    pub good: bool,
}

/// Checks, says what was found, and writes the report.
///
/// # Errors
/// When a journal cannot be read or the report not written.
pub fn conclude(arguments: &Arguments, remains: &[Remains], cut_off: bool) -> Result<Outcome, String> {
    let checked = tokio::task::block_in_place(|| checked(remains))?;
    if cut_off {
        println!("\nCut off while parcels lay on the belts; so far:");
    }
    print!("\n{}", summary(&checked.report));
    for (_, end) in remains.iter().flat_map(|station| &station.lanes) {
        let filed = &end.filed;
        if filed.late > 0 {
            println!(
                "note         {} images came late, the worst by {} ms: this machine is too slow",
                filed.late, filed.worst_ms
            );
        }
        filed.trouble.iter().for_each(|trouble| println!("note         {trouble}"));
    }
    if let Some(file) = &arguments.report {
        write(&checked.report, file)?;
        println!("report       {}", file.display());
    }
    if cut_off {
        return Ok(Outcome { good: true });
    }
    if !checked.findings.is_clean() {
        println!("\nThe checker found:\n{}", checked.findings);
    }
    Ok(Outcome { good: checked.findings.is_clean() })
}

/// Holds everything against everything.
///
/// # Errors
/// When a journal cannot be read.
fn checked(remains: &[Remains]) -> Result<Checked, String> {
    let mut stations = Vec::new();
    for station in remains {
        let folder = station.folder.join("journal");
        let files = files::of_folder(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let runs = station.lanes.iter().map(|(start, end)| run(*start, end, station)).collect();
        let (lanes, missing) = history::end(&station.folder, runs)?;
        if missing > 0 {
            println!(
                "{}: {missing} earlier runs here were killed; the checker knows nothing of their parcels.",
                station.name
            );
        }
        stations.push(Station {
            name: station.name.clone(),
            files,
            key: None,
            lanes,
            central: station.central.clone(),
            // Only the disk could tell, and this one is the machine's own.
            durable_ms: BTreeMap::new(),
        });
    }
    Ok(check(&stations))
}

fn run(start: Instant, end: &End, station: &Remains) -> LaneRun {
    let us = |at: Instant| u64::try_from(at.saturating_duration_since(start).as_micros()).unwrap_or(u64::MAX);
    // On a bench the station alone knows where an item went, and may die before it is written.
    let is_bench = end.lane.map().kind == LaneKind::Bench;
    let before = if is_bench { LOOK_BACK_US } else { 0 };
    LaneRun {
        lane: end.lane.map().name.as_str().to_owned(),
        parcels: end.lane.parcels().to_vec(),
        log: end.lane.truth().to_vec(),
        faults: end.lane.faults().clone(),
        epochs: end.epochs.clone(),
        silence_us_max: (!is_bench).then(|| u64::from(end.lane.map().timing.heartbeat_ms_max) * 1_000),
        images: end.filed.images.clone(),
        down: station.down.iter().map(|&(from, until)| (us(from).saturating_sub(before), us(until))).collect(),
        settled: station.settled,
        wall_at_zero_ms: end.wall_at_zero_ms,
    }
}

/// The highest record in a station's journal.
///
/// # Errors
/// When the journal cannot be read.
pub fn last_seq(station: &Path) -> Result<u64, String> {
    let disk = RealDisk::new(station).map_err(|error| error.to_string())?;
    let disk: SharedDisk = Arc::new(disk);
    verify::journal(&disk, "journal", None).map(|report| report.last_seq).map_err(|error| error.to_string())
}

/// # Errors
/// When the file cannot be written.
fn write(report: &Report, file: &Path) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("--report {}: {error}", file.display());
    let mut text = serde_json::to_string_pretty(report).map_err(|error| failed(&error))?;
    text.push('\n');
    std::fs::write(file, text).map_err(|error| failed(&error))
}

/// A few lines for a person.
fn summary(report: &Report) -> String {
    let mut text = String::new();
    let all = &report.totals;
    let (parcels, association, truth) = (&all.parcels, &all.association, &all.truth);
    let mut line = |says: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{says}");
    };
    line(format_args!(
        "parcels      {} entered: {} released, {} to exam, {} removed, {} unaccounted; {} undecided, {} misrouted",
        parcels.entered,
        parcels.released,
        parcels.exam,
        parcels.removed,
        parcels.unaccounted,
        parcels.undecided,
        parcels.misrouted
    ));
    line(format_args!(
        "identity     {} right, {} contested, {} wrong, {} not read",
        association.correct, association.contested, association.wrong, association.no_read
    ));
    line(format_args!(
        "facilitation {} of {} clean and undisturbed parcels released",
        truth.clean_released, truth.clean_eligible
    ));
    line(format_args!(
        "enforcement  {} of {} targets stopped, {} of {} holds stopped, {} clean parcels accused by the model",
        truth.caught, truth.targets, all.holds.stopped, all.holds.present, truth.false_alarms
    ));
    let seconds = |value: Option<i64>| value.map_or("not measured".to_owned(), |ms| format!("{ms} ms"));
    let image = &all.latency_ms.image_to_decision;
    line(format_args!(
        "latency      image to decision: median {}, 99 of 100 within {}",
        seconds(image.p50),
        seconds(image.p99)
    ));
    let uplink = &all.uplink;
    line(format_args!(
        "central      {} recorded, {} acknowledged, {} gaps, {} duplicates",
        uplink.recorded, uplink.acked_by_central, uplink.gaps, uplink.duplicates_in_effect
    ));
    line(format_args!("conservation {}", if all.conservation.ok { "holds" } else { "BROKEN" }));
    text
}

//! `gatepost bench ledger`: what the journal costs over writing the same bytes without it.
//!
//! Ledger and raw rounds alternate in one run, so that a busy disk slows both. The raw side appends the very bytes the
//! ledger wrote, group by group, with one `fdatasync` each. Bodies are made before the clock starts: the pipeline pays
//! for them, not the ledger.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepost_pipeline::record::{Audience, Kind, Pending, Urgency, WallMs};
use serde::Serialize;

use crate::disk::real::RealDisk;
use crate::disk::{Cause, DiskError, How, SharedDisk};
use crate::journal::{Bounds, Journal, OpenError, Setup, segment};
use crate::key::StationKey;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Alternating rounds per group size; the median counts. Many short ones: a busy machine then slows both sides.
    pub rounds: usize,
    /// Groups in a round; at least 256, so that every round pays for a checkpoint.
    pub groups: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { rounds: 31, groups: 512 }
    }
}

/// The figures, the one the ledger is judged by first.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The worse of the two below.
    pub ratio_to_raw: f64,
    pub groups: Vec<GroupFigures>,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupFigures {
    pub group: usize,
    /// Median over the rounds of ledger's rate ÷ raw rate.
    pub ratio_to_raw: f64,
    pub records_per_s: f64,
    pub raw_records_per_s: f64,
    /// Bytes the kernel was given to write per record (`/proc/self/io`), and on the raw side.
    pub bytes_per_record: f64,
    pub raw_bytes_per_record: f64,
    /// Bytes of a record's frame.
    pub frame_bytes: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the ledger refused a record: {0}")]
    Refused(String),
}

#[derive(Clone, Copy)]
struct Run {
    took: Duration,
    written: u64,
}

/// Measures in `folder`, which should be on the disk that the station will use; leaves nothing behind.
///
/// # Errors
/// When the disk fails or is full.
pub fn run(folder: &Path, plan: Plan) -> Result<Figures, BenchError> {
    let mut groups = Vec::new();
    for group in [1, 16] {
        groups.push(measure(folder, plan, group)?);
    }
    let ratio_to_raw = groups.iter().map(|figures| figures.ratio_to_raw).fold(f64::INFINITY, f64::min);
    Ok(Figures { ratio_to_raw, groups })
}

fn measure(folder: &Path, plan: Plan, group: usize) -> Result<GroupFigures, BenchError> {
    let disk: SharedDisk = Arc::new(RealDisk::new(folder)?);
    let setup = || Setup {
        station: "bench-01".to_owned(),
        key: StationKey::from_bytes(&[1; 32]),
        // The ballast is built before the clock starts in a station; here it would only be written and removed.
        bounds: Bounds { reserve_bytes: 0, ..Bounds::default() },
    };
    let (mut ledger, mut raw, mut frames) = (Vec::new(), Vec::new(), 0);
    for round in 0..=plan.rounds {
        let name = format!("bench-ledger-{group}-{round}");
        let (mut journal, _) = Journal::open(disk.clone(), &name, setup())?;
        // The first group begins the first segment; it is not counted.
        write(&mut journal, bodies(1, 1)?)?;
        let (begin, pending) = (journal.view().durable(), bodies(plan.groups, group)?);
        let run = timed(|| write(&mut journal, pending))?;
        let bytes = written(&disk, &name, &begin.segments.last().map_or((1, 0), |last| (last.number, last.bytes)))?;
        drop(journal);
        remove_all(folder, &name)?;
        let again = raw_round(&disk, &bytes, plan.groups)?;
        // The first round warms up.
        if round > 0 {
            ledger.push(run);
            raw.push(again);
            frames += bytes.len();
        }
    }
    let records = (plan.groups * group) as f64;
    let rate = |run: &Run| records / run.took.as_secs_f64();
    let per_record = |runs: &[Run]| median(runs.iter().map(|run| run.written as f64 / records).collect());
    Ok(GroupFigures {
        group,
        ratio_to_raw: median(ledger.iter().zip(&raw).map(|(ledger, raw)| rate(ledger) / rate(raw)).collect()),
        records_per_s: median(ledger.iter().map(rate).collect()),
        raw_records_per_s: median(raw.iter().map(rate).collect()),
        bytes_per_record: per_record(&ledger),
        raw_bytes_per_record: per_record(&raw),
        frame_bytes: frames as f64 / (records * ledger.len() as f64),
    })
}

#[derive(Serialize)]
struct Body {
    n: usize,
    text: String,
}

/// Groups of records with 1 KiB bodies.
fn bodies(groups: usize, group: usize) -> Result<Vec<Vec<Pending>>, BenchError> {
    let one = |n: usize| {
        let number = n.to_string().len();
        let body = Body { n, text: "b".repeat(1024 - 17 - number + 1) };
        Pending::entry(Kind::Device, Urgency::default(), Audience::All, "A", WallMs(1_790_000_000_000), &body)
            .map_err(|error| BenchError::Refused(error.to_string()))
    };
    (0..groups).map(|at| (0..group).map(|of| one(at * group + of)).collect()).collect()
}

fn write(journal: &mut Journal, groups: Vec<Vec<Pending>>) -> Result<(), BenchError> {
    for group in groups {
        for pending in group {
            journal.append(pending).map_err(|refused| BenchError::Refused(refused.to_string()))?;
        }
        let commit = journal.commit(WallMs(1_790_000_000_000));
        if commit.results.iter().any(Result::is_err) {
            return Err(BenchError::Refused(format!("{:?}", commit.health)));
        }
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), BenchError>) -> Result<Run, BenchError> {
    let (before, start) = (written_bytes(), Instant::now());
    work()?;
    Ok(Run { took: start.elapsed(), written: written_bytes().saturating_sub(before) })
}

/// What the ledger wrote after a place, as bytes.
fn written(disk: &SharedDisk, folder: &str, from: &(u32, u64)) -> Result<Vec<u8>, BenchError> {
    let mut bytes = Vec::new();
    for entry in disk.list(folder)? {
        let Some(number) = segment::number(&entry.name).filter(|number| *number >= from.0) else { continue };
        let skipped = if number == from.0 { from.1 } else { 0 };
        let file = disk.open(&format!("{folder}/{}", entry.name), How::Read)?;
        let mut part = vec![0; (entry.length - skipped) as usize];
        file.read_at(skipped, &mut part)?;
        bytes.extend(part);
    }
    Ok(bytes)
}

fn raw_round(disk: &SharedDisk, bytes: &[u8], groups: usize) -> Result<Run, BenchError> {
    let name = "bench-raw";
    let mut file = disk.open(name, How::Create)?;
    file.write_at(0, &bytes[..bytes.len().min(1_000)])?;
    file.sync()?;
    disk.sync_dir("")?;
    let mut at = bytes.len().min(1_000) as u64;
    let piece = bytes.len().div_ceil(groups);
    let run = timed(|| {
        for part in bytes.chunks(piece) {
            file.write_at(at, part)?;
            file.sync()?;
            at += part.len() as u64;
        }
        Ok(())
    })?;
    disk.remove(name)?;
    Ok(run)
}

fn remove_all(root: &Path, name: &str) -> Result<(), BenchError> {
    std::fs::remove_dir_all(root.join(name))
        .map_err(|error| DiskError::new(name, Cause::Failed(error.to_string())).into())
}

/// Bytes this process has caused to be written; 0 where the kernel does not count them.
fn written_bytes() -> u64 {
    let mut text = String::new();
    let read = File::open("/proc/self/io").and_then(|mut file| file.read_to_string(&mut text));
    let line = read.ok().and_then(|_| text.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()));
    line.unwrap_or(0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

//! `bench lists`: a large hold list and more declarations, as the lane asks them: through the lists, over the index on disk.
//! A delta comes while the lane runs, and at last the index is lost and built again from the files.

mod package;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::cache::{Cache, CacheSetup};
use gatepost_ledger::lists::{Ages, Form, IndexState, ListKind, Lists, Trust};
use gatepost_pipeline::judge::{ListState, Token};
use serde::Serialize;

use super::percentile;
use crate::commands::{Failure, problem};
use crate::run::clock::wall_now;
use crate::run::memory::INDEX_BYTES;
use package::{DAY_MS, ISSUER, Lines, item};

#[derive(Serialize)]
pub(super) struct Figures {
    lookup_us_p99: u64,
    lookup_us_p50: u64,
    lookup_us_max: u64,
    holds: u64,
    declarations: u64,
    lookups: usize,
    /// Look-ups of listed items; every one found its hold, and its declaration where there is one.
    found: usize,
    /// From the packages to an index that answers.
    load_s: f64,
    /// A hold list of one line more, whole: until the lane may ask again. The declarations are not read again.
    next_list_s: f64,
    delta: u64,
    /// Until the delta's last hold is found, with the lane asking all the time.
    delta_s: f64,
    /// What the lane's look-ups took meanwhile.
    lookup_during_delta_us_p99: u64,
    lookup_during_delta_us_max: u64,
    /// The index lost, and built from the files.
    rebuild_s: f64,
    /// Of this whole process, at its most; nothing where the system does not say.
    memory_mib_max: Option<u64>,
}

pub(super) struct Plan {
    pub(super) holds: u64,
    pub(super) declarations: u64,
    pub(super) lookups: usize,
}

/// A build that takes longer is given up, as the station would.
const BUILD: Duration = Duration::from_secs(3_600);
/// Holds of the delta.
const DELTA: u64 = 10_000;
/// Between two parcels of a fast lane.
const PARCEL: Duration = Duration::from_millis(10);

pub(super) fn measure(folder: &Path, plan: &Plan) -> Result<Figures, Failure> {
    let bench = Bench::new(folder)?;
    let Plan { holds, declarations, lookups } = *plan;
    let start = Instant::now();
    let lists = bench.open()?;
    bench.wait_until_ready(&lists)?;
    if declarations > 0 {
        bench.install(&lists, (ListKind::Declarations, Form::Snapshot, 1), 0..declarations)?;
    }
    bench.install(&lists, (ListKind::Holds, Form::Snapshot, 1), 0..holds)?;
    bench.wait_until_found(&lists, holds - 1)?;
    let loaded = start.elapsed();
    let (mut times, found) = bench.ask(&lists, plan)?;
    times.sort_unstable();

    let again = Instant::now();
    bench.install(&lists, (ListKind::Holds, Form::Snapshot, 2), 0..holds + 1)?;
    bench.wait_until_found(&lists, holds)?;
    let next_list = again.elapsed();
    let (delta, mut meanwhile) = bench.delta(&lists, holds + 1..holds + 1 + DELTA)?;
    meanwhile.sort_unstable();

    drop(lists);
    let again = Instant::now();
    std::fs::remove_dir_all(folder.join("index")).map_err(|error| said(&error))?;
    let lists = bench.open()?;
    bench.wait_until_ready(&lists)?;
    bench.wait_until_found(&lists, holds + DELTA)?;
    Ok(Figures {
        lookup_us_p99: percentile(&times, 99),
        lookup_us_p50: percentile(&times, 50),
        lookup_us_max: times.last().copied().unwrap_or(0),
        holds,
        declarations,
        lookups,
        found,
        load_s: loaded.as_secs_f64(),
        next_list_s: next_list.as_secs_f64(),
        delta: DELTA,
        delta_s: delta.as_secs_f64(),
        lookup_during_delta_us_p99: percentile(&meanwhile, 99),
        lookup_during_delta_us_max: meanwhile.last().copied().unwrap_or(0),
        rebuild_s: again.elapsed().as_secs_f64(),
        memory_mib_max: memory_mib_max(),
    })
}

fn said(error: &dyn std::fmt::Display) -> Failure {
    problem("bench lists", error)
}

struct Bench<'f> {
    folder: &'f Path,
    disk: SharedDisk,
    key: StationKey,
    lines: Lines,
    now: WallMs,
}

impl<'f> Bench<'f> {
    fn new(folder: &'f Path) -> Result<Self, Failure> {
        let disk: SharedDisk = Arc::new(RealDisk::new(folder).map_err(|error| said(&error))?);
        let key = StationKey::generate().map_err(|error| said(&error))?;
        Ok(Self { folder, disk, key, lines: Lines::new().map_err(|error| said(&error))?, now: wall_now() })
    }

    fn open(&self) -> Result<Lists, Failure> {
        let trust = Trust {
            station: "bench".to_owned(),
            keys: vec![(ISSUER.to_owned(), self.key.public())],
            ages: Ages { holds_ms: DAY_MS, declarations_ms: DAY_MS },
        };
        let setup = CacheSetup {
            folder: self.folder.join("index"),
            memory_bytes: INDEX_BYTES,
            answer: Duration::from_secs(1),
            build: BUILD,
            pause: BUILD,
        };
        Lists::open(self.disk.clone(), "lists", trust, None, |source| Ok(Box::new(Cache::start(setup, source)?)))
            .map_err(|error| said(&error))
    }

    fn install(&self, lists: &Lists, what: (ListKind, Form, u64), items: std::ops::Range<u64>) -> Result<(), Failure> {
        self.write("incoming.list", what, items)?;
        lists.install("incoming.list", Some(self.now)).map(drop).map_err(|error| said(&error))
    }

    fn write(&self, file: &str, what: (ListKind, Form, u64), items: std::ops::Range<u64>) -> Result<(), Failure> {
        let path = self.folder.join(file);
        self.lines.write(&path, &self.key, what, items, self.now).map_err(|error| said(&error))
    }

    fn wait_until_ready(&self, lists: &Lists) -> Result<(), Failure> {
        let start = Instant::now();
        loop {
            match lists.index_state() {
                IndexState::Ready => return Ok(()),
                IndexState::Rebuilding if start.elapsed() < BUILD => {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                _ => {
                    return Err(Failure::Problem(
                        "bench lists: the index could not be built; check the disk's room".to_owned(),
                    ));
                }
            }
        }
    }

    /// The last line of a list is in the index when the list is.
    fn wait_until_found(&self, lists: &Lists, last: u64) -> Result<(), Failure> {
        let last = Token::clipped(&item(last));
        while lists.look_up(Some(&last), Some(self.now)).holds.is_empty() {
            self.wait_until_ready(lists)?;
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Half of them listed, spread over the whole list. How long each took, and how many were found.
    fn ask(&self, lists: &Lists, plan: &Plan) -> Result<(Vec<u64>, usize), Failure> {
        let (mut times, mut found) = (Vec::with_capacity(plan.lookups), 0);
        for number in 0..plan.lookups as u64 {
            let at = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % plan.holds.max(plan.declarations);
            let listed = number % 2 == 0;
            let item = Token::clipped(&if listed { item(at) } else { format!("ZZ{number:09}XX") });
            let asked = Instant::now();
            let matched = lists.look_up(Some(&item), Some(self.now));
            times.push(micros(asked));
            let (held, declared) = (listed && at < plan.holds, listed && at < plan.declarations);
            let right = matched.holds.is_empty() != held
                && matched.declared.aed.is_some() == declared
                && matches!(matched.lists.holds, ListState::Fresh { .. });
            if !right {
                return Err(said(&format!("the look-up of {} went wrong: {matched:?}", item.as_str())));
            }
            found += usize::from(listed);
        }
        Ok((times, found))
    }

    /// A delta comes while the lane runs: how long until its last hold was found, and what the lane's own look-ups took
    /// meanwhile.
    fn delta(&self, lists: &Lists, items: std::ops::Range<u64>) -> Result<(Duration, Vec<u64>), Failure> {
        let last = items.end - 1;
        self.write("delta.list", (ListKind::Holds, Form::Delta, 3), items)?;
        let over = AtomicBool::new(false);
        let (took, times) = std::thread::scope(|scope| {
            let lane = scope.spawn(|| {
                let (mut times, wanted) = (Vec::new(), Token::clipped(&item(0)));
                while !over.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let matched = lists.look_up(Some(&wanted), Some(self.now));
                    times.push(if matched.holds.is_empty() { u64::MAX } else { micros(asked) });
                    std::thread::park_timeout(PARCEL);
                }
                times
            });
            let begun = Instant::now();
            let installed = lists.install("delta.list", Some(self.now));
            let wanted = Token::clipped(&item(last));
            while installed.is_ok() && lists.look_up(Some(&wanted), Some(self.now)).holds.is_empty() {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            let took = begun.elapsed();
            over.store(true, Ordering::Relaxed);
            let times = lane.join().map_err(|_| said(&"the lane stopped after a fault"))?;
            installed.map(|_| (took, times)).map_err(|error| said(&error))
        })?;
        if times.contains(&u64::MAX) {
            return Err(said(&"the lane found no hold while the delta came"));
        }
        Ok((took, times))
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Linux says it of each process (`VmHWM` in proc(5)).
fn memory_mib_max() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1_024)
}

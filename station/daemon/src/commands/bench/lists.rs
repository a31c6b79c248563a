//! `bench lists`: look-ups in a large hold list, as the lane asks them: through the lists, over the index on disk.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::cache::{Cache, CacheSetup};
use gatepost_ledger::lists::{Ages, Claims, Form, IndexState, ListKind, Lists, Trust, file};
use gatepost_pipeline::judge::{ListState, Token};
use serde::Serialize;

use super::percentile;
use crate::commands::{Failure, problem};
use crate::run::clock::wall_now;

#[derive(Serialize)]
pub(super) struct Figures {
    lookup_us_p99: u64,
    lookup_us_p50: u64,
    lookup_us_max: u64,
    entries: u64,
    lookups: usize,
    /// Look-ups of listed items; every one found its hold.
    found: usize,
    install_s: f64,
    index_s: f64,
}

const DAY_MS: i64 = 86_400_000;
/// A build that takes longer is given up, as the station would.
const BUILD: Duration = Duration::from_secs(3_600);

pub(super) fn measure(folder: &Path, entries: u64, lookups: usize) -> Result<Figures, Failure> {
    let said = |error: &dyn std::fmt::Display| problem("bench lists", error);
    let disk: SharedDisk = Arc::new(RealDisk::new(folder).map_err(|error| said(&error))?);
    let key = StationKey::generate().map_err(|error| said(&error))?;
    let now = wall_now();
    let package = folder.join("holds.list");
    write_package(&package, &key, entries, now).map_err(|error| said(&error))?;
    let trust = Trust {
        station: "bench".to_owned(),
        keys: vec![("central".to_owned(), key.public())],
        ages: Ages { holds_ms: DAY_MS, declarations_ms: DAY_MS },
    };
    let setup = CacheSetup {
        folder: folder.join("index"),
        memory_bytes: 128 << 20,
        answer: Duration::from_secs(1),
        build: BUILD,
        pause: BUILD,
    };
    let start = Instant::now();
    let mut lists = Lists::open(disk, "lists", trust, None, |source| Ok(Box::new(Cache::start(setup, source)?)))
        .map_err(|error| said(&error))?;
    wait_until_ready(&lists)?;
    lists.install("holds.list", Some(now)).map_err(|error| said(&error))?;
    let installed = Instant::now();
    wait_until_found(&lists, entries, now)?;
    let indexed = Instant::now();
    let (mut times, mut found) = (Vec::with_capacity(lookups), 0);
    for number in 0..lookups as u64 {
        // Half of them listed, spread over the whole list.
        let listed = number % 2 == 0 && entries > 0;
        let at = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % entries.max(1);
        let item = Token::clipped(&if listed { item(at) } else { format!("ZZ{number:09}XX") });
        let asked = Instant::now();
        let matched = lists.look_up(Some(&item), Some(now));
        times.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
        if !matches!(matched.lists.holds, ListState::Fresh { .. }) || matched.holds.is_empty() == listed {
            return Err(said(&format!("the look-up of {} went wrong: {:?}", item.as_str(), matched.lists.holds)));
        }
        found += usize::from(listed);
    }
    times.sort_unstable();
    Ok(Figures {
        lookup_us_p99: percentile(&times, 99),
        lookup_us_p50: percentile(&times, 50),
        lookup_us_max: times.last().copied().unwrap_or(0),
        entries,
        lookups,
        found,
        install_s: (installed - start).as_secs_f64(),
        index_s: (indexed - installed).as_secs_f64(),
    })
}

fn wait_until_ready(lists: &Lists) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        match lists.index_state() {
            IndexState::Ready => return Ok(()),
            IndexState::Rebuilding if start.elapsed() < BUILD => std::thread::park_timeout(Duration::from_millis(5)),
            _ => {
                return Err(Failure::Problem(
                    "bench lists: the index could not be built; check the disk's room".to_owned(),
                ));
            }
        }
    }
}

/// The old index answers until the new one is built; the last line of the list is in it when it is.
fn wait_until_found(lists: &Lists, entries: u64, now: WallMs) -> Result<(), Failure> {
    let last = Token::clipped(&item(entries.saturating_sub(1)));
    while entries > 0 && lists.look_up(Some(&last), Some(now)).holds.is_empty() {
        wait_until_ready(lists)?;
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}

fn item(at: u64) -> String {
    format!("RR{at:09}GB")
}

/// A signed list of `entries` holds; written in one pass, its first line at the end of the work.
fn write_package(path: &Path, key: &StationKey, entries: u64, now: WallMs) -> std::io::Result<()> {
    let line = |at: u64| {
        format!(
            "{{\"item\":\"{}\",\"hold\":{{\"id\":\"H{at}\",\"kind\":\"entity\",\"issue\":\"targeting\",\"purpose\":\"security\",\
             \"severity\":\"alert\",\"outcome\":\"exam\",\"authority\":\"bench\",\"audience\":\"all\"}}}}\n",
            item(at)
        )
    };
    let mut hasher = blake3::Hasher::new();
    for at in 0..entries {
        hasher.update(line(at).as_bytes());
    }
    let claims = Claims {
        kind: ListKind::Holds,
        form: Form::Snapshot,
        issuer: "central".to_owned(),
        audience: vec!["*".to_owned()],
        version: 1,
        not_before: now.0,
        expires: now.0 + DAY_MS,
        lines: entries,
        digest: gatepost_ledger::chain::Digest(*hasher.finalize().as_bytes()),
    };
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    file.write_all(&file::first_line(key, &claims))?;
    (0..entries).try_for_each(|at| file.write_all(line(at).as_bytes()))?;
    file.flush()
}

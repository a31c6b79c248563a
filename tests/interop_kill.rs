//! The real station killed (SIGKILL) in the middle of its work, again and again, with central running.
//!
//! Pseudo-terminals, broker and central are the demonstration's; moments come from the seed, which is printed. Proved
//! from the files alone: what the ledger had acknowledged to a lane before a death stands in the journal afterwards, the
//! journal is whole, central has every record of it once and without a gap, and every parcel that crossed the entry eye
//! is named there with a decision and an end. Ends that differ from where the parcel went are counted apart.
//!
//! `GATEPOST_KILLS=20 cargo test -p gatepost-tests --test interop_kill -- --nocapture`; 3 deaths where nothing is said.

#[path = "interop/played.rs"]
#[expect(dead_code, reason = "shared with the other tests on the demonstration's files")]
mod played;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::verify;
use played::{Kept, Played, STATION, files, passes};
use serde_json::Value;

/// Parcels of each lane for every death: enough that belts are never empty when one comes.
const PARCELS_PER_KILL: u32 = 8;

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_killed_at_any_moment_loses_nothing_it_acknowledged_and_names_every_parcel() {
    let (kills, seed) = (number("GATEPOST_KILLS", 3), number("GATEPOST_SEED", 41));
    let parcels = (2 * PARCELS_PER_KILL * kills).max(24).to_string();
    println!("seed {seed}, {kills} deaths, {parcels} parcels");
    let (seed, count) = (seed.to_string(), kills.to_string());
    let played = Played::with(&["--parcels", &parcels, "--seed", &seed, "--pace", "2", "--kills", &count]);
    let died = played.said.matches("kill -9 of the station").count();
    assert_eq!(died, kills as usize, "every death was died");

    let disk: SharedDisk = Arc::new(RealDisk::new(&played.station()).expect("the station's folder"));
    let report = verify::journal(&disk, "journal", None).expect("a journal");
    assert!(report.whole, "{:?}", report.problems);
    let journal = played.journal();
    assert_eq!(report.last_seq, journal.len() as u64);
    let promised = promised(&played, &journal);
    central_has_all(&played, &journal).await;
    let ends = named(&played, &journal);
    let others: Vec<&str> = played.findings().into_iter().filter(|line| !is_about_ends(line)).collect();
    println!(
        "{kills} deaths: {} records, {promised} acknowledged to a lane before a death, 0 lost; whole, and at central \
         without a gap; {} of {} parcels named, {} ends differ from the truth; the checker's other findings: {}",
        journal.len(),
        ends.parcels - ends.unnamed.len(),
        ends.parcels,
        ends.differ.len(),
        others.len()
    );
    ends.differ.iter().for_each(|line| println!("  end: {line}"));
    assert!(ends.unnamed.is_empty(), "{} parcels are not named:\n{}", ends.unnamed.len(), ends.unnamed.join("\n"));
    assert!(others.is_empty(), "beyond ends, the checker found:\n{}", others.join("\n"));
}

/// What black boxes of the dead say was durable is in the journal, under the same number and head. How many.
fn promised(played: &Played, journal: &[Kept]) -> usize {
    let heads: BTreeMap<u64, &str> = journal.iter().map(|record| (record.seq, record.head.as_str())).collect();
    let mut promised = BTreeSet::new();
    for file in files(&played.station().join("deaths")) {
        for line in std::fs::read_to_string(&file).expect("a black box").lines() {
            // The last line was being written when death came.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let Some(seq) = line["recorded"]["seq"].as_u64() else { continue };
            let head = line["recorded"]["head"].as_str().expect("a head");
            assert_eq!(
                heads.get(&seq),
                Some(&head),
                "record {seq} was acknowledged and is not there: {}",
                file.display()
            );
            promised.insert(seq);
        }
    }
    assert!(!promised.is_empty(), "the black boxes of the dead say nothing");
    promised.len()
}

/// Central has each record of the journal once, as it was written, and says so.
async fn central_has_all(played: &Played, journal: &[Kept]) {
    let pool = played.central().await;
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, digest FROM record WHERE station = $1 ORDER BY seq")
        .bind(STATION)
        .fetch_all(&pool)
        .await
        .expect("central's records");
    let ours: Vec<(i64, String)> = journal.iter().map(|record| (record.seq as i64, record.digest.clone())).collect();
    assert!(rows == ours, "central has {} records, the journal {}", rows.len(), ours.len());
    let (verified, quarantined): (i64, i64) =
        sqlx::query_as("SELECT verified_to, quarantined FROM station WHERE station = $1")
            .bind(STATION)
            .fetch_one(&pool)
            .await
            .expect("the station's row");
    assert_eq!((verified, quarantined), (ours.len() as i64, 0));
    pool.close().await;
}

struct Ends {
    parcels: usize,
    /// Without a decision or without an end.
    unnamed: Vec<String>,
    differ: Vec<String>,
}

/// Each crossing of the entry eye has its pass in the journal, with a decision and an end.
fn named(played: &Played, journal: &[Kept]) -> Ends {
    let passes = passes(journal);
    let mut ends = Ends { parcels: 0, unnamed: Vec::new(), differ: Vec::new() };
    for lane in played.truth() {
        let name = lane["lane"].as_str().expect("a lane");
        let mut epochs: BTreeMap<u64, u64> = BTreeMap::new();
        for (boot, epoch) in lane["epochs"].as_object().expect("epochs") {
            epochs.insert(boot.parse().expect("a boot"), epoch.as_u64().expect("an epoch"));
        }
        let log: Vec<&Value> = lane["log"].as_array().expect("a log").iter().map(|said| &said["what"]).collect();
        for said in &log {
            if let (Some(boot), Some(epoch)) =
                (said["configured"]["boot"].as_u64(), said["configured"]["epoch"].as_u64())
            {
                epochs.insert(boot, epoch);
            }
        }
        let mut went: BTreeMap<u64, &str> = BTreeMap::new();
        for said in &log {
            if let Some(parcel) = said["left"]["parcel"].as_u64() {
                went.insert(parcel, said["left"]["chute"].as_str().expect("a chute"));
            } else if let Some(parcel) = said["removed"]["parcel"].as_u64() {
                went.insert(parcel, "removed");
            }
        }
        for said in log.iter().map(|said| &said["passed"]).filter(|said| said.is_object()) {
            let (parcel, boot) = (said["parcel"].as_u64().expect("a parcel"), said["boot"].as_u64().expect("a boot"));
            let pass = format!("{name}/{}/{}", epochs[&boot], said["pass"]);
            ends.parcels += 1;
            let named = passes.get(&pass).filter(|(decisions, _)| !decisions.is_empty());
            let Some(end) = named.and_then(|(_, end)| end.as_deref()) else {
                ends.unnamed.push(format!("{pass} (parcel {parcel}): {named:?}"));
                continue;
            };
            let truth = went.get(&parcel).copied().unwrap_or("nowhere");
            if end != truth {
                ends.differ.push(format!("{pass} (parcel {parcel}) went to {truth}, the journal says {end}"));
            }
        }
    }
    ends
}

/// Whether a finding says only that a parcel's end is not the one in the journal.
fn is_about_ends(line: &str) -> bool {
    (line.starts_with("conservation:") || line.starts_with("routing:") || line.starts_with("alarm:"))
        && ["end", "left", "unaccounted", "exit"].iter().any(|word| line.contains(word))
}

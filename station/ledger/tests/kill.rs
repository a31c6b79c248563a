//! A real process, really killed: what it acknowledged on its standard output is in the journal afterwards.
//!
//! The child is this very test binary. More rounds: `GATEPOST_KILL_ROUNDS=200 cargo test -p gatepost-ledger --test kill`.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{NOW, commit, contents, group, key};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::verify;

const CHILD: &str = "GATEPOST_KILL_CHILD";

fn bounds() -> Bounds {
    Bounds { segment_bytes: 30_000, reserve_bytes: 65_536, checkpoint_records: 16, ..Bounds::default() }
}

fn open_real(folder: &Path) -> (SharedDisk, Journal) {
    let disk: SharedDisk = Arc::new(RealDisk::new(folder).unwrap());
    let setup = Setup { station: "st-01".to_owned(), key: key(), bounds: bounds() };
    let (journal, _) = Journal::open(disk.clone(), "journal", setup).unwrap();
    (disk, journal)
}

/// The child: appends groups without end and says what was acknowledged. Does nothing when it is not the child.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let (_, mut journal) = open_real(Path::new(&folder));
    let mut out = std::io::stdout();
    let first = journal.last_seq();
    for round in 0.. {
        let from = first + round * 3;
        for (number, seq) in commit(&mut journal, group(from..from + 3)) {
            // The parent is gone when this fails: so should the child be.
            if writeln!(out, "ack {seq} {number}").and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    }
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let rounds = std::env::var("GATEPOST_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let kill_after = 1 + (seed >> 40) % 120;
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        let mut hear = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let Some((_, ack)) = line.split_once("ack ") else { return 0 };
            let (seq, number) = ack.split_once(' ').unwrap();
            acknowledged.push((seq.parse::<u64>().unwrap(), number.parse::<u64>().unwrap()));
            1
        };
        for line in output.by_ref() {
            heard += hear(line);
            if heard >= kill_after {
                break;
            }
        }
        child.kill().unwrap();
        // What it still said before it died was acknowledged too; the last line may be cut.
        let rest: Vec<_> = output.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            hear(Ok(line.clone()));
        }
        child.wait().unwrap();
        assert_eq!(acknowledged.iter().filter(|(seq, _)| *seq > 0).count(), acknowledged.len());
        let (disk, journal) = open_real(folder.path());
        let contents = contents(&journal.view());
        for ack in &acknowledged {
            assert_eq!(contents.get(ack.0 as usize - 1), Some(ack), "round {round}: acknowledged and gone");
        }
        let _ = journal.close(NOW);
        let report = verify::journal(&disk, "journal", Some(key().public())).unwrap();
        assert!(report.whole, "round {round}: {report:?}");
    }
    println!("{rounds} rounds, {} records acknowledged, 0 lost", acknowledged.len());
}

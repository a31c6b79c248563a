//! A run of the demonstration as its own program, and what it left behind: for tests that look at the files afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// The one station of a run.
pub const STATION: &str = "st-01";

/// A run that has ended.
pub struct Played {
    pub data: PathBuf,
    /// What it said, standard output only.
    pub said: String,
    /// 0 nothing found, 1 something.
    pub code: i32,
    _kept: tempfile::TempDir,
}

impl Played {
    /// Plays with `--headless`, a data folder of its own and these words. Fails when the run itself could not.
    pub fn with(words: &[&str]) -> Self {
        let kept = tempfile::Builder::new().prefix("gatepost-interop-").tempdir().expect("a folder");
        let data = kept.path().join("data");
        let done = Command::new(env!("CARGO_BIN_EXE_gatepost-demo"))
            .args(["--headless", "--data"])
            .arg(&data)
            .args(words.iter().map(|word| word.replace("DATA", &kept.path().display().to_string())))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("the demonstration starts");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        println!("{said}");
        let code = done.status.code().unwrap_or(-1);
        assert!(matches!(code, 0 | 1) && said.contains("conservation"), "the run did not come to its end ({code})");
        Self { data: data.canonicalize().expect("the data folder"), said, code, _kept: kept }
    }

    pub fn station(&self) -> PathBuf {
        self.data.join(STATION)
    }

    /// A folder beside the data that a word `DATA/name` named.
    pub fn beside(&self, name: &str) -> PathBuf {
        self._kept.path().join(name)
    }

    /// What the checker found, a line each.
    pub fn findings(&self) -> Vec<&str> {
        let found = self.said.split_once("The checker found:").map_or("", |(_, found)| found);
        found.lines().filter(|line| !line.trim().is_empty()).collect()
    }

    /// The envelopes of the journal, in order, with each one's digest and the head after it.
    pub fn journal(&self) -> Vec<Kept> {
        let copy = tempfile::tempdir().expect("a folder");
        copy_folder(&self.station().join("journal"), &copy.path().join("journal"));
        let disk: SharedDisk = Arc::new(RealDisk::new(copy.path()).expect("the copy"));
        let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
        let key = StationKey::from_bytes(&[1; 32]);
        let setup = Setup { station: STATION.to_owned(), key, bounds };
        let (journal, _) = Journal::open(disk, "journal", setup).expect("a whole journal");
        let mut head = Digest::default();
        let kept = |record: Result<gatepost_ledger::journal::read::Record, _>| {
            let record = record.expect("a record");
            let digest = Digest::of(&record.bytes);
            head = head.then(digest);
            let envelope = serde_json::from_slice(&record.bytes).expect("an envelope");
            Kept { seq: record.seq, envelope, digest: digest.to_string(), head: head.to_string() }
        };
        Records::from(&journal.view(), 1).map(kept).collect()
    }

    /// Rows of central's database.
    pub async fn central(&self) -> SqlitePool {
        let file = self.data.join("central/central.sqlite");
        let options = SqliteConnectOptions::new().filename(&file).read_only(true);
        SqlitePool::connect_with(options).await.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The truth of each lane, as the demonstration kept it.
    pub fn truth(&self) -> Vec<Value> {
        let file = self.station().join("truth/run-0000.json");
        let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_json::from_slice(&text).expect("the truth")
    }
}

/// A record of the journal.
pub struct Kept {
    pub seq: u64,
    pub envelope: Value,
    /// BLAKE3 of its envelope, in hex, and the chain's head after it.
    pub digest: String,
    pub head: String,
}

/// The decisions (outcomes, in order) and the end of each pass of the journal.
pub fn passes(journal: &[Kept]) -> BTreeMap<String, (Vec<String>, Option<String>)> {
    let mut passes: BTreeMap<String, (Vec<String>, Option<String>)> = BTreeMap::new();
    for record in journal {
        let body = &record.envelope["body"];
        let (Some(pass), kind) = (body["pass"].as_str(), record.envelope["kind"].as_str()) else { continue };
        match kind {
            Some("decision") => {
                let outcome = body["verdict"]["outcome"].as_str().unwrap_or("?").to_owned();
                passes.entry(pass.to_owned()).or_default().0.push(outcome);
            }
            Some("sighting") => {
                if let Some(end) = body["end"].as_str() {
                    passes.entry(pass.to_owned()).or_default().1 = Some(end.to_owned());
                }
            }
            _ => {}
        }
    }
    passes
}

/// Every file of a folder and of those in it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("its kind");
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

pub fn copy_folder(from: &Path, to: &Path) {
    for file in files(from) {
        let into = to.join(file.strip_prefix(from).expect("inside"));
        std::fs::create_dir_all(into.parent().expect("a folder")).expect("a folder");
        std::fs::copy(&file, &into).expect("a copy");
    }
}

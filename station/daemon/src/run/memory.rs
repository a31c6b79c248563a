//! Opens everything the station remembers, in the order in which it can be trusted: journal, then what is built on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::evidence::Evidence;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::{Bounds, Journal, Opening, Setup, View};
use gatepost_ledger::key::{PublicKey, StationKey};
use gatepost_ledger::lists::cache::{Cache, CacheSetup};
use gatepost_ledger::lists::{Ages, History, Lists, Trust, local_issuer};
use gatepost_ledger::personal::system_entropy;
use gatepost_pipeline::drive::Recovery;

use crate::config::{Config, ConfigError};
use crate::run::grounds::issuers;
use crate::run::labels::LabelStore;
use crate::run::personal::PersonalKeeper;
use crate::run::uplink::SharedEvidence;
use crate::run::visits::{self, Visits};

const EVIDENCE_BYTES_USUAL: u64 = 20 << 30;
/// Memory for pages of the look-up index.
pub const INDEX_BYTES: u64 = 128 << 20;

/// The station's memory, open.
pub struct Memory {
    pub disk: SharedDisk,
    pub journal: Journal,
    pub opening: Opening,
    pub public: PublicKey,
    /// Signs what is entered at the station.
    pub key: StationKey,
    pub personal: PersonalKeeper,
    pub labels: Arc<Mutex<LabelStore>>,
    pub evidence: SharedEvidence,
    pub lists: Lists,
    /// What each lane left behind, by lane name.
    pub recovered: BTreeMap<String, Recovery>,
    /// Passes whose visit has not ended, and the visits that ended last.
    pub visits: Visits,
    /// Wall time of the last record.
    pub last_record: WallMs,
}

impl Memory {
    /// # Errors
    /// A sentence: what is wrong with which part of the data folder, and what to do.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        let data = config.data();
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            ConfigError(format!("{}: {what}: {error}; `gatepost verify {}` says more", data.display(), data.display()))
        };
        let disk: SharedDisk = Arc::new(RealDisk::new(&data).map_err(|error| failed("the data folder", &error))?);
        let load = || StationKey::load_or_create(disk.as_ref(), "station.key");
        let key = load().map_err(|error| failed("the station's key", &error))?;
        let public = key.public();
        let mut bounds = Bounds::default();
        if config.ledger.journal_bytes_max > 0 {
            bounds.journal_bytes_max = config.ledger.journal_bytes_max;
        }
        // Made before the journal's own reserve is: a first start on a small disk.
        let personal = PersonalKeeper::open(&disk).map_err(|error| failed("the personal store", &error))?;
        let labels = LabelStore::open(disk.clone(), config.ledger.label_bytes_max, system_entropy())
            .map_err(|error| failed("the label pictures", &error))?;
        let labels = Arc::new(Mutex::new(labels));
        let setup = Setup { station: config.station.name.clone(), key, bounds };
        let (journal, opening) =
            Journal::open(disk.clone(), "journal", setup).map_err(|error| failed("the journal", &error))?;
        let (recovered, visits, last_record) = recover(&journal).map_err(|error| failed("the journal", &error))?;
        let bytes_max =
            Some(config.ledger.evidence_bytes_max).filter(|&bytes| bytes > 0).unwrap_or(EVIDENCE_BYTES_USUAL);
        let evidence =
            Evidence::open(disk.clone(), "evidence", bytes_max).map_err(|error| failed("the evidence", &error))?;
        let view = journal.view();
        let lists = open_lists(config, &disk, &public, &data, view).map_err(|error| failed("the lists", &error))?;
        let evidence = Arc::new(Mutex::new(evidence));
        let key = load().map_err(|error| failed("the station's key", &error))?;
        Ok(Self {
            disk,
            journal,
            opening,
            public,
            key,
            personal,
            labels,
            evidence,
            lists,
            recovered,
            visits,
            last_record,
        })
    }
}

/// Reads the journal once: which passes are open, which epochs were used, who was here.
fn recover(journal: &Journal) -> Result<(BTreeMap<String, Recovery>, Visits, WallMs), String> {
    let mut lanes: BTreeMap<String, Recovery> = BTreeMap::new();
    let mut visits = Visits::default();
    let mut last = WallMs::ZERO;
    let view = journal.view();
    for record in Records::from(&view, view.first_seq()) {
        let record = record.map_err(|error| error.to_string())?;
        let envelope = Envelope::parse(&record.bytes).map_err(|error| error.to_string())?;
        last = last.max(WallMs(envelope.at));
        visits.recover(&envelope);
        lanes.entry(envelope.lane).or_default().read(envelope.seq, envelope.kind, envelope.body.get().as_bytes());
    }
    Ok((lanes, visits, last))
}

fn open_lists(
    config: &Config,
    disk: &SharedDisk,
    public: &PublicKey,
    data: &Path,
    view: View,
) -> Result<Lists, String> {
    let mut keys = vec![(local_issuer(&config.station.name), *public)];
    keys.extend(issuers("lists.trusted", &config.lists.trusted)?);
    let age_ms = i64::from(config.lists.age_h_max) * 3_600_000;
    let trust =
        Trust { station: config.station.name.clone(), keys, ages: Ages { holds_ms: age_ms, declarations_ms: age_ms } };
    let setup = CacheSetup {
        folder: data.join("index"),
        memory_bytes: INDEX_BYTES,
        // An index that is abandoned costs minutes of exam: a disk that is busy for a moment must not be taken for a dead one.
        answer: Duration::from_secs(1),
        build: Duration::from_secs(600),
        pause: Duration::from_secs(5),
    };
    let history: History = Arc::new(move |each| visits::history(&view, each));
    Lists::open(disk.clone(), "lists", trust, Some(history), |source| Ok(Box::new(Cache::start(setup, source)?)))
        .map_err(|error| error.to_string())
}

//! A station's lists as its commands open them: the files alone, without the index, which the running station keeps.

use std::fs::File;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::key::{PublicKey, StationKey};
use gatepost_ledger::lists::index::{Found, Reload};
use gatepost_ledger::lists::{
    Ages, Claims, FilesSource, Form, Index, IndexError, IndexState, ListError, Lists, Trust, local_issuer,
};
use gatepost_ledger::sealed::Sealed;
use gatepost_pipeline::judge::Outcome as Decided;

use crate::commands::{ConfigFile, Failure, problem};
use crate::config::Config;
use crate::run::clock::wall_now;
use crate::run::lock;

/// The lists of a station.
pub(super) struct Opened {
    pub(super) lists: Lists,
    pub(super) source: Arc<FilesSource>,
    key: StationKey,
    pub(super) data: PathBuf,
    pub(super) issuer: String,
    /// Nothing: the station runs, and they are only looked at.
    _held: Option<File>,
}

impl Opened {
    /// To change them: the station does not run.
    pub(super) fn open(file: &ConfigFile) -> Result<Self, Failure> {
        let config = Config::read(&file.config)?;
        let held = lock::hold(&config.data())?;
        Self::with(&config, Some(held))
    }

    /// To look at them, whoever holds them.
    pub(super) fn look(file: &ConfigFile) -> Result<Self, Failure> {
        let config = Config::read(&file.config)?;
        if lock::is_held(&config.data()) { Self::with(&config, None) } else { Self::open(file) }
    }

    fn with(config: &Config, held: Option<File>) -> Result<Self, Failure> {
        let data = config.data();
        let about = data.display().to_string();
        let disk: SharedDisk = Arc::new(RealDisk::new(&data).map_err(|error| problem(&about, error))?);
        let key = StationKey::load_or_create(disk.as_ref(), "station.key").map_err(|error| problem(&about, error))?;
        let station = config.station.name.clone();
        let issuer = local_issuer(&station);
        let mut keys = vec![(issuer.clone(), key.public())];
        for text in &config.lists.trusted {
            let parsed = text.split_once('=').and_then(|(name, hex)| Some((name.to_owned(), PublicKey::parse(hex)?)));
            keys.push(parsed.ok_or_else(|| {
                Failure::Problem(format!(
                    "lists.trusted = \"{text}\": write issuer=key, as \"central=9f…\" with 64 hex digits"
                ))
            })?);
        }
        let age_ms = i64::from(config.lists.age_h_max) * 3_600_000;
        let trust = Trust { station, keys, ages: Ages { holds_ms: age_ms, declarations_ms: age_ms } };
        let (lists, source) = without_index(&disk, trust).map_err(|error| problem(&about, error))?;
        Ok(Self { lists, source, key, data, issuer, _held: held })
    }

    /// Takes lines as this station's own holds.
    pub(super) fn take(
        &mut self,
        lines: &mut (impl BufRead + std::io::Seek),
        name: &str,
        form: Form,
    ) -> Result<Claims, Failure> {
        let taken = self.lists.import_local(&self.key, lines, name, form, wall_now());
        taken.map_err(|error| Failure::Problem(error.to_string()))
    }
}

/// What is in force on a disk, without trusting or changing anything.
pub(in crate::commands) fn in_force(disk: &SharedDisk) -> Result<Vec<Claims>, ListError> {
    let trust = Trust { station: String::new(), keys: Vec::new(), ages: Ages { holds_ms: 0, declarations_ms: 0 } };
    without_index(disk, trust).map(|(lists, _)| lists.in_force())
}

/// Opens the files alone: the running station builds its index from them at its next start.
fn without_index(disk: &SharedDisk, trust: Trust) -> Result<(Lists, Arc<FilesSource>), ListError> {
    let mut kept = None;
    let lists = Lists::open(disk.clone(), "lists", trust, None, |source| {
        kept = Some(source);
        Ok(Box::new(NoIndex))
    })?;
    kept.map(|source| (lists, source)).ok_or(ListError::Index(IndexError::Lost))
}

struct NoIndex;

impl Index for NoIndex {
    fn state(&self) -> IndexState {
        IndexState::Rebuilding
    }
    fn find(&self, _: &str) -> Result<Found, IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn personal(&self, _: &str) -> Result<Option<Sealed>, IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn remember(&self, _: &str, _: Decided, _: i64) -> Result<(), IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn reload(&self, _: Reload) -> Result<(), IndexError> {
        Ok(())
    }
}

//! Which packages are in force, and reading them for an index.

use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex, MutexGuard};

use gatepost_pipeline::judge::Outcome;
use serde::{Deserialize, Serialize};

use super::file::{Claims, Form, Stream, read_lines};
use super::index::{Feed, Part, Source};
use super::line::{LineParser, ListKind};
use super::{ListError, Place};
use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, SharedDisk};
use crate::limits;

const NAME: &str = "in-force";
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deltas upon one snapshot.
pub(super) const DELTAS_MAX: usize = 512;

/// A package in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) claims: Claims,
    /// The file's name in the lists' folder.
    pub(super) file: String,
}

impl Entry {
    pub(super) fn new(claims: Claims) -> Self {
        let kind = match claims.kind {
            ListKind::Holds => "holds",
            ListKind::Declarations => "declarations",
        };
        // The digest alone would make one file of two packages with the same lines.
        let named = serde_json::to_vec(&claims).unwrap_or_default();
        Self { file: format!("{kind}-{}.list", Digest::of(&named)), claims }
    }
    pub(super) fn same_list(&self, other: &Self) -> bool {
        self.claims.kind == other.claims.kind && self.claims.issuer == other.claims.issuer
    }
}

/// Shared by the lists and the index's source.
#[derive(Debug)]
pub(super) struct InForce {
    entries: Mutex<Vec<Entry>>,
}

impl InForce {
    pub(super) fn load(disk: &SharedDisk, folder: &str) -> Result<Self, DiskError> {
        let path = disk::join(folder, NAME);
        let entries = match disk::read(disk.as_ref(), &path, FILE_BYTES_MAX)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let what = format!("{error}; remove the file and have central send its lists again");
                DiskError::new(&path, Cause::Failed(what))
            })?,
            None => Vec::new(),
        };
        Ok(Self { entries: Mutex::new(entries) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Only whole assignments happen under the lock.
        self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    pub(super) fn version(&self, kind: ListKind, issuer: &str) -> Option<u64> {
        let entries = self.lock();
        let same = entries.iter().filter(|entry| entry.claims.kind == kind && entry.claims.issuer == issuer);
        same.map(|entry| entry.claims.version).max()
    }

    pub(super) fn may_follow(&self, claims: &Claims) -> Result<(), ListError> {
        let in_force = self.version(claims.kind, &claims.issuer);
        let found = claims.version;
        match (claims.form, in_force) {
            (_, Some(in_force)) if found <= in_force => Err(ListError::Older { found, in_force }),
            (Form::Snapshot, _) => Ok(()),
            (Form::Delta, Some(in_force)) if found == in_force + 1 => {
                let entries = self.lock();
                let same = entries
                    .iter()
                    .filter(|entry| entry.claims.kind == claims.kind && entry.claims.issuer == claims.issuer);
                if same.count() > DELTAS_MAX { Err(ListError::TooManyDeltas) } else { Ok(()) }
            }
            (Form::Delta, in_force) => Err(ListError::Gap { found, in_force: in_force.unwrap_or(0) }),
        }
    }

    /// Names a package as in force, durably; a snapshot replaces what its issuer had.
    pub(super) fn add(&self, disk: &SharedDisk, folder: &str, entry: Entry) -> Result<(), DiskError> {
        let mut entries = self.entries();
        let mut replaced = Vec::new();
        if entry.claims.form == Form::Snapshot {
            (replaced, entries) = entries.into_iter().partition(|other| other.same_list(&entry));
        }
        entries.push(entry);
        let path = disk::join(folder, NAME);
        let text =
            serde_json::to_vec(&entries).map_err(|error| DiskError::new(&path, Cause::Failed(error.to_string())))?;
        disk::replace(disk.as_ref(), &path, &text)?;
        *self.lock() = entries;
        for old in replaced {
            disk::remove_if_there(disk.as_ref(), &disk::join(folder, &old.file))?;
        }
        Ok(())
    }
}

/// Tells an index of past decisions: item, outcome, wall time in ms. Reads them from the journal.
pub type History = Arc<dyn Fn(&mut dyn FnMut(&str, Outcome, i64)) + Send + Sync>;

/// The list files in force, as an index reads them.
pub struct FilesSource {
    disk: SharedDisk,
    folder: String,
    force: Arc<InForce>,
    history: Option<History>,
}

impl FilesSource {
    pub(super) fn new(disk: &SharedDisk, folder: &str, force: &Arc<InForce>, history: Option<History>) -> Self {
        Self { disk: disk.clone(), folder: folder.to_owned(), force: force.clone(), history }
    }

    /// In the order in which they came into force: a delta after its snapshot.
    fn of_kind(&self, kind: ListKind) -> Vec<Entry> {
        let mut entries = self.force.entries();
        entries.retain(|entry| entry.claims.kind == kind);
        entries
    }

    fn feed_file(&self, entry: &Entry, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), ListError> {
        let path = disk::join(&self.folder, &entry.file);
        let mut stream = BufReader::new(Stream::open(&self.disk, &path)?);
        let place = Place { file: entry.file.clone(), line: 1 };
        let most = limits::LIST_HEADER_BYTES_MAX as u64;
        std::io::Read::take(&mut stream, most)
            .read_until(b'\n', &mut Vec::new())
            .map_err(|error| ListError::Read { place: place.clone(), what: error.to_string() })?;
        let claims = &entry.claims;
        let mut parser = LineParser::new(claims.kind, claims.form == Form::Delta);
        let body = read_lines(&mut stream, &entry.file, 2, &mut parser, &mut |_, line| {
            let Some(line) = line else { return Ok(()) };
            each(Feed::Line { issuer: claims.issuer.clone(), line })
                .map_err(|what| ListError::Read { place: place.clone(), what })
        })?;
        if body.digest == claims.digest { Ok(()) } else { Err(ListError::Body) }
    }
}

impl Source for FilesSource {
    fn feed(&self, part: Part, each: &mut dyn FnMut(Feed) -> Result<(), String>) -> Result<(), String> {
        if let Part::List(kind) = part {
            let entries = self.of_kind(kind);
            return entries.iter().try_for_each(|entry| self.feed_file(entry, each).map_err(|error| error.to_string()));
        }
        let mut result = Ok(());
        if let Some(history) = &self.history {
            history(&mut |item, outcome, at| {
                if result.is_ok() {
                    result = each(Feed::Past { item: item.to_owned(), outcome, at });
                }
            });
        }
        result
    }

    fn feed_since(
        &self,
        kind: ListKind,
        name: &str,
        each: &mut dyn FnMut(Feed) -> Result<(), String>,
    ) -> Result<Option<String>, String> {
        let entries = self.of_kind(kind);
        let Some(known) = (0..=entries.len()).rev().find(|&known| named(&entries[..known]) == name) else {
            return Ok(None);
        };
        for entry in &entries[known..] {
            self.feed_file(entry, each).map_err(|error| error.to_string())?;
        }
        Ok(Some(named(&entries)))
    }

    fn name(&self, kind: ListKind) -> String {
        named(&self.of_kind(kind))
    }
}

fn named(entries: &[Entry]) -> String {
    Digest::of(&serde_json::to_vec(entries).unwrap_or_default()).to_string()
}

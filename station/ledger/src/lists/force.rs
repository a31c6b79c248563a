//! Which packages are in force, and reading them for an index.

use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex, MutexGuard};

use gatepost_pipeline::judge::Outcome;

use super::file::{Claims, Form, Stream, read_lines};
use super::index::{EachLine, Package, Source};
use super::line::{LineParser, ListKind};
use super::{ListError, Place};
use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, File, How, SharedDisk};
use crate::limits;

const NAME: &str = "in-force";
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Read at once: a list of millions is read by the gigabyte.
const READ_BYTES: usize = 256 * 1024;
/// Deltas upon one snapshot.
pub(super) const DELTAS_MAX: usize = 512;

impl Package {
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
    packages: Mutex<Vec<Package>>,
}

impl InForce {
    pub(super) fn load(disk: &SharedDisk, folder: &str) -> Result<Self, DiskError> {
        let path = disk::join(folder, NAME);
        let packages = match disk::read(disk.as_ref(), &path, FILE_BYTES_MAX)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let what = format!("{error}; remove the file and have central send its lists again");
                DiskError::new(&path, Cause::Failed(what))
            })?,
            None => Vec::new(),
        };
        Ok(Self { packages: Mutex::new(packages) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Package>> {
        // Only whole assignments happen under the lock.
        self.packages.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn packages(&self) -> Vec<Package> {
        self.lock().clone()
    }

    pub(super) fn version(&self, kind: ListKind, issuer: &str) -> Option<u64> {
        let packages = self.lock();
        let same = packages.iter().filter(|package| package.claims.kind == kind && package.claims.issuer == issuer);
        same.map(|package| package.claims.version).max()
    }

    pub(super) fn may_follow(&self, claims: &Claims) -> Result<(), ListError> {
        let in_force = self.version(claims.kind, &claims.issuer);
        let found = claims.version;
        match (claims.form, in_force) {
            (_, Some(in_force)) if found <= in_force => Err(ListError::Older { found, in_force }),
            (Form::Snapshot, _) => Ok(()),
            (Form::Delta, Some(in_force)) if found == in_force + 1 => {
                let packages = self.lock();
                let same = packages
                    .iter()
                    .filter(|package| package.claims.kind == claims.kind && package.claims.issuer == claims.issuer);
                if same.count() > DELTAS_MAX { Err(ListError::TooManyDeltas) } else { Ok(()) }
            }
            (Form::Delta, in_force) => Err(ListError::Gap { found, in_force: in_force.unwrap_or(0) }),
        }
    }

    /// Names a package as in force, durably; a snapshot replaces what its issuer had.
    pub(super) fn add(&self, disk: &SharedDisk, folder: &str, package: Package) -> Result<(), DiskError> {
        let mut packages = self.packages();
        if package.claims.form == Form::Snapshot {
            packages.retain(|other| !other.same_list(&package));
        }
        packages.push(package);
        let path = disk::join(folder, NAME);
        let text =
            serde_json::to_vec(&packages).map_err(|error| DiskError::new(&path, Cause::Failed(error.to_string())))?;
        disk::replace(disk.as_ref(), &path, &text)?;
        *self.lock() = packages;
        // From here on it is in force, whatever happens: an error would leave the index with the list before. What stays takes
        // room until the next list comes.
        let _ = self.remove_others(disk, folder);
        Ok(())
    }

    /// Removes lists that were replaced, and those that a death of the station left there before they were in force.
    fn remove_others(&self, disk: &SharedDisk, folder: &str) -> Result<(), DiskError> {
        let packages = self.packages();
        for entry in disk.list(folder)?.into_iter().filter(|entry| entry.name.ends_with(".list")) {
            if !packages.iter().any(|package| package.file == entry.name) {
                disk::remove_if_there(disk.as_ref(), &disk::join(folder, &entry.name))?;
            }
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

    fn read_package(&self, package: &Package, each: EachLine<'_>) -> Result<(), ListError> {
        let path = disk::join(&self.folder, &package.file);
        let mut stream = BufReader::with_capacity(READ_BYTES, Stream::open(&self.disk, &path)?);
        let place = Place { file: package.file.clone(), line: 1 };
        let most = limits::LIST_HEADER_BYTES_MAX as u64;
        let header = std::io::Read::take(&mut stream, most)
            .read_until(b'\n', &mut Vec::new())
            .map_err(|error| ListError::Read { place: place.clone(), what: error.to_string() })?;
        let claims = &package.claims;
        let mut parser = LineParser::new(claims.kind, claims.form == Form::Delta);
        let mut next = header as u64;
        let body = read_lines(&mut stream, &package.file, 2, &mut parser, &mut |bytes, line| {
            let at = next;
            next += bytes.len() as u64;
            let Some(line) = line else { return Ok(()) };
            each(at, bytes, line).map_err(|what| ListError::Read { place: place.clone(), what })
        })?;
        if body.digest == claims.digest { Ok(()) } else { Err(ListError::Body) }
    }
}

impl Source for FilesSource {
    fn packages(&self, kind: ListKind) -> Vec<Package> {
        let mut packages = self.force.packages();
        packages.retain(|package| package.claims.kind == kind);
        packages
    }

    fn read(&self, package: &Package, each: EachLine<'_>) -> Result<(), String> {
        self.read_package(package, each).map_err(|error| error.to_string())
    }

    fn open(&self, package: &Package) -> Result<Box<dyn File>, String> {
        let path = disk::join(&self.folder, &package.file);
        self.disk.open(&path, How::Read).map_err(|error| error.to_string())
    }

    fn history(&self, each: &mut dyn FnMut(&str, Outcome, i64) -> Result<(), String>) -> Result<(), String> {
        let mut result = Ok(());
        if let Some(history) = &self.history {
            history(&mut |item, outcome, at| {
                if result.is_ok() {
                    result = each(item, outcome, at);
                }
            });
        }
        result
    }
}

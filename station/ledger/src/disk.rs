//! The only way the ledger touches a disk: files in folders, written, synced, and lost in known ways.
//!
//! Stands alone so that the same ledger runs over a real file system ([`real`]) and over one that tears, fills and
//! loses power by a seed ([`memory`]). Paths are relative, with `/` between parts. Nothing is durable until said: bytes
//! need [`File::sync`], a new, renamed or removed name needs [`Disk::sync_dir`] of its folder.

pub mod memory;
pub mod real;

use std::fmt;
use std::sync::Arc;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Read,
    /// An existing file, to be read and written.
    Write,
    /// A new, empty file, readable by its owner only; [`Cause::Exists`] when the name is taken.
    Create,
}

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub name: String,
    /// Bytes; 0 for a folder.
    pub length: u64,
    pub folder: bool,
}

pub trait Disk: Send + Sync + fmt::Debug {
    fn open(&self, path: &str, how: How) -> Result<Box<dyn File>, DiskError>;
    /// Sorted by name; empty when there is no such folder.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, DiskError>;
    /// Makes the folder and its parents, durably; no error when it is there.
    fn create_dir(&self, folder: &str) -> Result<(), DiskError>;
    /// Renames a file or a folder, over what was there in the case of files.
    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError>;
    fn remove(&self, path: &str) -> Result<(), DiskError>;
    /// Returns when the folder's names are durable.
    fn sync_dir(&self, folder: &str) -> Result<(), DiskError>;
}

pub trait File: Send + fmt::Debug {
    fn length(&self) -> Result<u64, DiskError>;
    /// Fills as much of `into` as the file has from `offset` on; fewer bytes only at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<usize, DiskError>;
    /// All of `bytes`; after an error any part of them may have been written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;
    /// Returns when all bytes written, and the length, are durable. After an error nothing is known of what was
    /// written since the last sync, and a later success does not mend it: open the file again.
    fn sync(&mut self) -> Result<(), DiskError>;
    fn truncate(&mut self, length: u64) -> Result<(), DiskError>;
    /// Takes `length` bytes of the disk for this file now, so that they are there later.
    fn allocate(&mut self, length: u64) -> Result<(), DiskError>;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct DiskError {
    /// Relative to the station's data folder.
    pub path: String,
    pub cause: Cause,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("not found")]
    NotFound,
    #[error("already there")]
    Exists,
    #[error("the disk is full")]
    Full,
    /// Larger than the bound given.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// The power is gone (simulated disks only).
    #[error("the power is off")]
    Off,
    #[error("{0}")]
    Failed(String),
}

impl DiskError {
    pub fn new(path: &str, cause: Cause) -> Self {
        Self { path: path.to_owned(), cause }
    }
    pub fn full(&self) -> bool {
        self.cause == Cause::Full
    }
}

/// `folder/name`; the name alone when the folder is empty.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folder a path is in and the last part of it.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The whole file, or nothing when there is none.
///
/// # Errors
/// [`Cause::TooLarge`] when it holds more than `bytes_max`.
pub fn read(disk: &dyn Disk, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, DiskError> {
    let file = match disk.open(path, How::Read) {
        Err(error) if error.cause == Cause::NotFound => return Ok(None),
        other => other?,
    };
    let length = usize::try_from(file.length()?).unwrap_or(usize::MAX);
    if length > bytes_max {
        return Err(DiskError::new(path, Cause::TooLarge(bytes_max)));
    }
    let mut bytes = vec![0; length];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Puts `bytes` at `path` whole or not at all: written beside it, synced, renamed, and the folder synced.
pub fn replace(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
    let beside = format!("{path}.new");
    match disk.remove(&beside) {
        Err(error) if error.cause != Cause::NotFound => return Err(error),
        _ => {}
    }
    let written = write_whole(disk, &beside, bytes).and_then(|()| disk.rename(&beside, path));
    if let Err(error) = written {
        // The half-written file would hold bytes that a full disk needs; failing to remove it changes nothing.
        let _ = disk.remove(&beside);
        return Err(error);
    }
    disk.sync_dir(split(path).0)
}

fn write_whole(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = disk.open(path, How::Create)?;
    file.write_at(0, bytes)?;
    file.sync()
}

/// Removes a file; no error when there is none.
pub fn remove_if_there(disk: &dyn Disk, path: &str) -> Result<(), DiskError> {
    match disk.remove(path) {
        Err(error) if error.cause == Cause::NotFound => Ok(()),
        other => other,
    }
}

/// A disk shared by the parts of one ledger.
pub type SharedDisk = Arc<dyn Disk>;

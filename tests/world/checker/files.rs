//! How the bytes of a journal reach the checker: from a folder, or from a disk that exists only in memory.
//!
//! It copies bytes and interprets none.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use gatepost_ledger::disk::{Disk, DiskError, How};

/// The files of a `journal/` folder by name, without its sub-folders.
pub type JournalFiles = BTreeMap<String, Vec<u8>>;

/// Holds nothing but room; never evidence.
const BALLAST: &str = "ballast";

/// # Errors
/// When the folder or a file in it cannot be read.
pub fn of_folder(folder: &Path) -> io::Result<JournalFiles> {
    let mut files = JournalFiles::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != BALLAST {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// # Errors
/// When the disk cannot be read.
pub fn of_disk(disk: &dyn Disk, folder: &str) -> Result<JournalFiles, DiskError> {
    let mut files = JournalFiles::new();
    for entry in disk.list(folder)?.into_iter().filter(|entry| !entry.folder && entry.name != BALLAST) {
        let file = disk.open(&format!("{folder}/{}", entry.name), How::Read)?;
        let mut bytes = vec![0; usize::try_from(entry.length).unwrap_or(usize::MAX)];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        files.insert(entry.name, bytes);
    }
    Ok(files)
}

//! A folder of a real file system. Syncs with `fdatasync`; makes everything readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Cause, Disk, DiskError, Entry, File, How};

#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

#[derive(Debug)]
struct RealFile {
    path: String,
    file: fs::File,
}

impl RealDisk {
    /// Everything below `root`, which is made when it is not there.
    ///
    /// # Errors
    /// When `root` cannot be made or is no folder.
    pub fn new(root: &Path) -> Result<Self, DiskError> {
        let shown = root.display().to_string();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(|error| named(&shown, &error))?;
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

fn named(path: &str, error: &io::Error) -> DiskError {
    let cause = match error.kind() {
        io::ErrorKind::NotFound => Cause::NotFound,
        io::ErrorKind::AlreadyExists => Cause::Exists,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Cause::Full,
        _ => Cause::Failed(error.to_string()),
    };
    DiskError::new(path, cause)
}

impl Disk for RealDisk {
    fn open(&self, path: &str, how: How) -> Result<Box<dyn File>, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true).write(how != How::Read).create_new(how == How::Create).mode(0o600);
        let file = options.open(self.at(path)).map_err(|error| named(path, &error))?;
        Ok(Box::new(RealFile { path: path.to_owned(), file }))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, DiskError> {
        let found = match fs::read_dir(self.at(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| named(folder, &error))?,
        };
        let mut entries = Vec::new();
        for entry in found {
            let entry = entry.map_err(|error| named(folder, &error))?;
            let about = entry.metadata().map_err(|error| named(folder, &error))?;
            let length = if about.is_dir() { 0 } else { about.len() };
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push(Entry { name, length, folder: about.is_dir() });
        }
        entries.sort();
        Ok(entries)
    }

    fn create_dir(&self, folder: &str) -> Result<(), DiskError> {
        let mut made = String::new();
        for part in folder.split('/') {
            let parent = made.clone();
            made = super::join(&made, part);
            match fs::DirBuilder::new().mode(0o700).create(self.at(&made)) {
                Ok(()) => self.sync_dir(&parent)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(named(&made, &error)),
            }
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        fs::rename(self.at(from), self.at(to)).map_err(|error| named(from, &error))
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        fs::remove_file(self.at(path)).map_err(|error| named(path, &error))
    }

    fn sync_dir(&self, folder: &str) -> Result<(), DiskError> {
        let opened = fs::File::open(self.at(folder)).map_err(|error| named(folder, &error))?;
        opened.sync_all().map_err(|error| named(folder, &error))
    }
}

impl File for RealFile {
    fn length(&self) -> Result<u64, DiskError> {
        self.file.metadata().map(|about| about.len()).map_err(|error| named(&self.path, &error))
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<usize, DiskError> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read_at(&mut into[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(named(&self.path, &error)),
            }
        }
        Ok(filled)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all_at(bytes, offset).map_err(|error| named(&self.path, &error))
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|error| named(&self.path, &error))
    }

    fn truncate(&mut self, length: u64) -> Result<(), DiskError> {
        self.file.set_len(length).map_err(|error| named(&self.path, &error))
    }

    fn allocate(&mut self, length: u64) -> Result<(), DiskError> {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(&self.file, FallocateFlags::empty(), 0, length) {
            Ok(()) => Ok(()),
            // A file system that cannot take blocks ahead (FAT, some network ones) is filled by hand.
            Err(rustix::io::Errno::OPNOTSUPP) => self.fill(length),
            Err(errno) => Err(named(&self.path, &io::Error::from(errno))),
        }
    }
}

impl RealFile {
    fn fill(&mut self, length: u64) -> Result<(), DiskError> {
        let block = [0x5A; 64 * 1024];
        let mut at = self.length()?;
        while at < length {
            let part = usize::try_from(length - at).map_or(block.len(), |left| left.min(block.len()));
            self.write_at(at, &block[..part])?;
            at += part as u64;
        }
        Ok(())
    }
}

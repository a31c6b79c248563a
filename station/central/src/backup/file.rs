//! A file that is whole under its name, or not there: written under another name, synced, renamed. What a full disk or a death
//! leaves behind ends in `.part`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub struct Growing {
    part: PathBuf,
    path: PathBuf,
    done: bool,
}

impl Growing {
    /// Beside `path`, for its owner only; what an earlier attempt left there is written over.
    ///
    /// # Errors
    /// When it cannot be made; so of everything else here.
    pub fn create(path: &Path) -> io::Result<(Self, BufWriter<File>)> {
        if path.exists() {
            let said = "it is there already, and no backup is written over another";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, said));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        fs::remove_file(&part).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        Ok((Self { part, path: path.to_owned(), done: false }, BufWriter::with_capacity(1 << 20, file)))
    }

    /// All of it was written: from here on it has its name, also after a power cut.
    ///
    /// # Errors
    /// When the disk fails; then there is nothing under its name.
    pub fn whole(mut self, written: BufWriter<File>) -> io::Result<()> {
        let file = written.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.part, &self.path)?;
        self.done = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if !self.done {
            // It takes room and looks like a backup to nobody.
            let _ = fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn there_is_nothing_under_the_name_before_all_of_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("central.backup");
        let (growing, mut out) = Growing::create(&path).unwrap();
        out.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop((out, growing));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of half a backup");
        let (growing, mut out) = Growing::create(&path).unwrap();
        out.write_all(b"all of it").unwrap();
        growing.whole(out).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all of it");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Growing::create(&path).is_err(), "it is not written over");
    }
}

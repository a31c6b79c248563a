//! A folder for the length of one command, removed whatever happens.

use std::path::{Path, PathBuf};

use super::{Failure, problem};

pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder in `within`, or in the system's own place for such folders.
    pub(super) fn new(within: Option<&Path>) -> Result<Self, Failure> {
        let within = within.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let path = within.join(format!("gatepost-{}.tmp", std::process::id()));
        std::fs::create_dir_all(&path)
            .map_err(|error| problem(path.display(), format!("cannot be made ({error}); name another folder")))?;
        Ok(Self(path))
    }
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in a folder for temporary things.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

//! The ballast: a file that only takes room, given up when the disk is full so that alarms and deletes still work.

use crate::disk::{self, DiskError, How, SharedDisk};

const NAME: &str = "ballast";

#[derive(Debug)]
pub(crate) struct Reserve {
    disk: SharedDisk,
    path: String,
    folder: String,
    bytes: u64,
    /// The file is there.
    held: bool,
    /// Bytes of records written since the ballast was given up.
    pub(crate) spent: u64,
    /// When it was last tried to build it again, ms.
    tried_at: Option<i64>,
}

impl Reserve {
    pub(crate) fn new(disk: &SharedDisk, folder: &str, bytes: u64) -> Self {
        let (path, folder) = (disk::join(folder, NAME), folder.to_owned());
        Self { disk: disk.clone(), path, folder, bytes, held: false, spent: 0, tried_at: None }
    }

    /// Finds the ballast or builds it; false when there is no room.
    pub(crate) fn ensure(&mut self) -> Result<bool, DiskError> {
        if self.held || self.bytes == 0 {
            return Ok(true);
        }
        match self.build() {
            Ok(()) => {
                (self.held, self.spent) = (true, 0);
                Ok(true)
            }
            Err(error) => {
                disk::remove_if_there(self.disk.as_ref(), &self.path)?;
                if error.full() { Ok(false) } else { Err(error) }
            }
        }
    }

    /// Builds twice the ballast and gives half back: a disk with room for one reserve and nothing else would be full
    /// again with the next record.
    fn build(&self) -> Result<(), DiskError> {
        disk::remove_if_there(self.disk.as_ref(), &self.path)?;
        let mut file = self.disk.open(&self.path, How::Create)?;
        file.allocate(self.bytes.saturating_mul(2))?;
        file.truncate(0)?;
        file.allocate(self.bytes)?;
        file.sync()?;
        self.disk.sync_dir(&self.folder)
    }

    /// Gives the room up; false when it was given up already.
    pub(crate) fn release(&mut self) -> bool {
        let held = std::mem::replace(&mut self.held, false);
        let removed = disk::remove_if_there(self.disk.as_ref(), &self.path);
        // The folder's sync makes the file system hand the blocks back; without it they may come a moment later.
        let _ = removed.and_then(|()| self.disk.sync_dir(&self.folder));
        held
    }

    /// Whether ordinary records may still use the reserve; the second half is for alerts.
    pub(crate) fn open_to_all(&self) -> bool {
        self.spent < self.bytes / 2
    }

    /// Whether it is time to try to build it again.
    pub(crate) fn due(&mut self, now: i64, every: i64) -> bool {
        let due = self.tried_at.is_none_or(|tried| (now - tried).abs() >= every);
        if due {
            self.tried_at = Some(now);
        }
        due
    }

    pub(crate) fn held(&self) -> bool {
        self.held || self.bytes == 0
    }
}

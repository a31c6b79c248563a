//! The ballast: a file that only takes room, given up when the disk is full so that alarms and deletes still work.

use gatepost_pipeline::record::Class;

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

    /// At a start: takes the ballast that is there, or builds one; false when there is no room.
    pub(crate) fn find(&mut self) -> Result<bool, DiskError> {
        let found = match self.disk.open(&self.path, How::Write) {
            // Costs nothing where the room is taken already; a ballast cut short is filled up.
            Ok(mut file) => file.allocate(self.bytes).and_then(|()| file.sync()),
            Err(error) => Err(error),
        };
        self.held = found.is_ok();
        if self.held { Ok(true) } else { self.ensure(1) }
    }

    /// After a full disk: builds the ballast again where there is room for two, or the next record would fill the disk
    /// again.
    pub(crate) fn rebuild(&mut self) -> Result<bool, DiskError> {
        self.ensure(2)
    }

    fn ensure(&mut self, times: u64) -> Result<bool, DiskError> {
        if self.held() {
            return Ok(true);
        }
        match self.build(times) {
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

    fn build(&self, times: u64) -> Result<(), DiskError> {
        disk::remove_if_there(self.disk.as_ref(), &self.path)?;
        let mut file = self.disk.open(&self.path, How::Create)?;
        file.allocate(self.bytes.saturating_mul(times))?;
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

    /// What may still use the reserve: everything for the first half, then alerts, the last eighth deletes alone.
    pub(crate) fn open_to(&self, class: Class) -> bool {
        let part = if class == Class::Alert { self.bytes - self.bytes / 8 } else { self.bytes / 2 };
        self.spent < part
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

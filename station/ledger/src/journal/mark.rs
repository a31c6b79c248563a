//! The mark: the newest checkpoint, kept outside the segments, so that a journal cut short at a frame's end shows.
//!
//! One small file of three slots written in place (a full disk cannot stop it): slot 0 without a sync after every
//! checkpoint, slots 1 and 2 in turn with one, so that a torn write never takes the last synced mark with it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::disk::{self, Cause, DiskError, File, How, SharedDisk};
use crate::journal::checkpoint::{self, Claim};
use crate::journal::frame::{self, FrameKind};

const NAME: &str = "mark";
const SLOT_BYTES: usize = 4096;
const SLOTS: usize = 3;

/// The payload of a slot, canonical JSON in this field order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot<'a> {
    segment: u32,
    bytes: u64,
    #[serde(borrow)]
    signed: &'a RawValue,
}

/// How far the journal must reach at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub claim: Claim,
    /// The segment the checkpoint is in, and the bytes that segment has at least.
    pub segment: u32,
    pub bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Mark {
    file: Option<Box<dyn File>>,
    disk: SharedDisk,
    path: String,
    synced_slot: usize,
}

impl Mark {
    pub(crate) fn new(disk: &SharedDisk, folder: &str) -> Self {
        Self { file: None, disk: disk.clone(), path: disk::join(folder, NAME), synced_slot: 1 }
    }

    /// Takes the file's room before it is needed.
    pub(crate) fn prepare(&mut self) -> Result<(), DiskError> {
        self.file = Some(open(&self.disk, &self.path)?);
        Ok(())
    }

    /// Notes a checkpoint that is durable in the journal already; its segment has at least `bytes`.
    pub(crate) fn write(&mut self, signed: &[u8], segment: u32, bytes: u64, sync: bool) -> Result<(), DiskError> {
        let failed = |error: serde_json::Error| DiskError::new(&self.path, Cause::Failed(error.to_string()));
        let signed = serde_json::from_slice(signed).map_err(failed)?;
        let payload = serde_json::to_vec(&Slot { segment, bytes, signed }).map_err(failed)?;
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        frame::write(&mut slot, FrameKind::Checkpoint, 0, &payload);
        slot.resize(SLOT_BYTES, 0);
        let at = if sync { self.synced_slot } else { 0 };
        let result = self.put(at, &slot, sync);
        if result.is_err() {
            self.file = None;
        } else if sync {
            self.synced_slot = 3 - self.synced_slot;
        }
        result
    }

    fn put(&mut self, at: usize, slot: &[u8], sync: bool) -> Result<(), DiskError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(open(&self.disk, &self.path)?),
        };
        file.write_at((at * SLOT_BYTES) as u64, slot)?;
        if sync { file.sync() } else { Ok(()) }
    }
}

fn open(disk: &SharedDisk, path: &str) -> Result<Box<dyn File>, DiskError> {
    match disk.open(path, How::Write) {
        Err(error) if error.cause == Cause::NotFound => {
            disk::replace(disk.as_ref(), path, &[0; SLOT_BYTES * SLOTS])?;
            disk.open(path, How::Write)
        }
        other => other,
    }
}

/// The newest sound mark.
///
/// # Errors
/// When the disk cannot be read; a damaged slot is passed over.
pub fn read(disk: &SharedDisk, folder: &str) -> Result<Option<Known>, DiskError> {
    let bytes = disk::read(disk.as_ref(), &disk::join(folder, NAME), SLOT_BYTES * SLOTS)?.unwrap_or_default();
    let sound = bytes.chunks(SLOT_BYTES).filter_map(|slot| {
        let frame = frame::read(slot).ok().filter(|frame| frame.kind == FrameKind::Checkpoint)?;
        let slot: Slot<'_> = serde_json::from_slice(frame.payload).ok()?;
        let claim = checkpoint::check(slot.signed.get().as_bytes(), None).ok()?;
        Some(Known { claim, segment: slot.segment, bytes: slot.bytes })
    });
    Ok(sound.max_by_key(|known| (known.claim.seq, known.segment, known.bytes)))
}

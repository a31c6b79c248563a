//! Where a group goes: the segment being written, and the next one when it is full or can no longer be trusted.
//!
//! After a failed sync the kernel may show bytes that never reached the disk and will call the next sync a success. So
//! a segment is left for good at the first failure: its durable part is read again, and the next segment's head says
//! how many of its bytes count.

use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, File, How, SharedDisk};
use crate::journal::frame::{self, FrameKind};
use crate::journal::read::Records;
use crate::journal::segment::{self, Segment, SegmentHead, View};
use crate::journal::{Group, Setup};

#[derive(Debug)]
pub(crate) struct Store {
    disk: SharedDisk,
    folder: String,
    active: Option<Active>,
    /// The last segment was begun by this store and nothing was written to it since.
    fresh: bool,
    /// The last segment had a failed write or sync: its tail is read again before the journal goes on.
    doubtful: bool,
}

#[derive(Debug)]
struct Active {
    file: Box<dyn File>,
    end: u64,
}

impl Store {
    /// Goes on at `end` of the last segment, whose file is `file`; without one, a segment is begun with the next group.
    pub(crate) fn new(disk: &SharedDisk, folder: &str, last: Option<(Box<dyn File>, u64)>) -> Self {
        let active = last.map(|(file, end)| Active { file, end });
        Self { disk: disk.clone(), folder: folder.to_owned(), active, fresh: false, doubtful: false }
    }

    /// Makes `bytes` durable and moves the view on.
    ///
    /// # Errors
    /// Nothing of the group counts then; the next write goes to a new segment where this one is in doubt.
    pub(crate) fn write(&mut self, view: &View, setup: &Setup, bytes: &[u8], group: &Group) -> Result<(), DiskError> {
        if self.active.as_ref().is_none_or(|active| active.end >= setup.bounds.segment_bytes) {
            self.begin(view, &setup.station)?;
        }
        let Some(active) = &mut self.active else {
            return Err(DiskError::new(&self.folder, Cause::Failed("no segment to write to".to_owned())));
        };
        if let Err(error) = active.file.write_at(active.end, bytes) {
            // No room: what was written is cut off, and nothing was synced that did not reach the disk.
            if !error.full() || active.file.truncate(active.end).is_err() {
                self.leave();
            }
            return Err(error);
        }
        if let Err(error) = active.file.sync() {
            self.leave();
            return Err(error);
        }
        active.end += bytes.len() as u64;
        self.fresh = false;
        view.change(|durable| {
            (durable.last_seq, durable.head) = (group.last_seq, group.head);
            durable.bytes += bytes.len() as u64;
            if let Some(last) = durable.segments.last_mut() {
                last.bytes += bytes.len() as u64;
                if let Some(classes) = &mut last.classes {
                    classes.iter_mut().zip(group.classes).for_each(|(count, more)| *count += more);
                }
            }
        });
        Ok(())
    }

    fn leave(&mut self) {
        self.active = None;
        self.doubtful = true;
    }

    /// Begins the next segment. Once this was tried the old segment is never written again, whatever came of it: the
    /// new head may be durable already and says where the old one ends.
    pub(crate) fn begin(&mut self, view: &View, station: &str) -> Result<(), DiskError> {
        self.active = None;
        let durable = view.durable();
        if self.doubtful {
            self.read_again(view, &durable.head)?;
        }
        // A last segment with nothing but its head is replaced: failing again and again must not fill the folder.
        let kept = durable.segments.len() - usize::from(self.fresh && !durable.segments.is_empty());
        let before = kept.checked_sub(1).and_then(|at| durable.segments.get(at));
        let head = SegmentHead {
            station: station.to_owned(),
            segment: match (before, durable.segments.get(kept)) {
                (_, Some(replaced)) => replaced.number,
                (Some(before), None) => before.number + 1,
                (None, None) => durable.next_segment.max(1),
            },
            first_seq: durable.last_seq + 1,
            prev: durable.head,
            before_bytes: before.map_or(0, |segment| segment.bytes),
        };
        let (file, end) = create(&self.disk, &self.folder, &head)?;
        view.change(|durable| {
            let dropped: u64 = durable.segments.drain(kept..).map(|segment| segment.bytes).sum();
            durable.bytes = durable.bytes + end - dropped;
            durable.segments.push(Segment {
                number: head.segment,
                first_seq: head.first_seq,
                prev: head.prev,
                bytes: end,
                classes: Some([0; 4]),
            });
        });
        self.active = Some(Active { file, end });
        (self.fresh, self.doubtful) = (true, false);
        Ok(())
    }

    /// Reads the durable part of the last segment from the disk again and follows its chain.
    fn read_again(&self, view: &View, head: &Digest) -> Result<(), DiskError> {
        let (last, first) = (view.last_seq(), view.first_seq());
        if last < first {
            return Ok(());
        }
        let wrong = |what: String| DiskError::new(&self.folder, Cause::Failed(what));
        let mut found = None;
        for record in Records::from(view, last) {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            found = Some(record.prev.then(record.d));
        }
        if found == Some(*head) { Ok(()) } else { Err(wrong(format!("record {last} does not read back as written"))) }
    }
}

/// A new segment file with its head, durable by name and content.
pub(crate) fn create(disk: &SharedDisk, folder: &str, head: &SegmentHead) -> Result<(Box<dyn File>, u64), DiskError> {
    let path = disk::join(folder, &segment::name(head.segment));
    let payload = serde_json::to_vec(head).map_err(|error| DiskError::new(&path, Cause::Failed(error.to_string())))?;
    let mut bytes = Vec::with_capacity(payload.len() + frame::HEAD_BYTES);
    frame::write(&mut bytes, FrameKind::Segment, 0, &payload);
    disk::remove_if_there(disk.as_ref(), &path)?;
    let mut file = disk.open(&path, How::Create)?;
    file.write_at(0, &bytes)?;
    file.sync()?;
    disk.sync_dir(folder)?;
    Ok((file, bytes.len() as u64))
}

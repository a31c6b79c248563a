//! Segments: the journal's files, what their first frame says, and which bytes of them count.

use std::sync::{Arc, RwLock, RwLockReadGuard};

use gatepost_pipeline::record::Class;
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::disk::{self, SharedDisk};

/// The payload of a segment's first frame, canonical JSON in this field order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentHead {
    pub station: String,
    pub segment: u32,
    /// The first record this segment may hold.
    pub first_seq: u64,
    /// The head before that record.
    pub prev: Digest,
    /// Bytes of the segment before this one that count; what lies beyond them was never acknowledged (a sync failed).
    pub before_bytes: u64,
}

/// What is known of a segment in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub number: u32,
    pub first_seq: u64,
    pub prev: Digest,
    /// Bytes that are durable and count.
    pub bytes: u64,
    /// Records by class (alert, disposition, decision, health); unknown for a segment not read since the start.
    pub classes: Option<[u32; 4]>,
}

impl Segment {
    pub fn name(&self) -> String {
        name(self.number)
    }
}

pub fn class_index(class: Class) -> usize {
    match class {
        Class::Alert => 0,
        Class::Disposition => 1,
        Class::Decision => 2,
        Class::Health => 3,
    }
}

/// The file name of a segment.
pub fn name(number: u32) -> String {
    format!("{number:08}.seg")
}

/// The number in a segment's file name.
pub fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".seg").filter(|digits| digits.len() == 8)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The durable part of a journal, as its readers see it: the outbox, the evidence package, a page. Cloning shares it;
/// the writer moves it on after each sync.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) disk: SharedDisk,
    pub(crate) folder: String,
    shared: Arc<RwLock<Durable>>,
}

/// Everything that is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// 0 before the first record.
    pub last_seq: u64,
    pub head: Digest,
    /// Oldest first; the last one is being written.
    pub segments: Vec<Segment>,
    /// Bytes of all segments.
    pub bytes: u64,
    /// The number of the next segment where there is none before it.
    pub next_segment: u32,
}

impl View {
    pub(crate) fn new(disk: &SharedDisk, folder: &str, durable: Durable) -> Self {
        Self { disk: disk.clone(), folder: folder.to_owned(), shared: Arc::new(RwLock::new(durable)) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Durable> {
        // Only plain assignments happen under the lock; a poisoned one still holds a whole value.
        self.shared.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, with: impl FnOnce(&mut Durable) -> T) -> T {
        with(&mut self.shared.write().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub fn durable(&self) -> Durable {
        self.read().clone()
    }
    pub fn last_seq(&self) -> u64 {
        self.read().last_seq
    }
    pub fn head(&self) -> Digest {
        self.read().head
    }
    /// The oldest record still here; one more than `last_seq` when there is none.
    pub fn first_seq(&self) -> u64 {
        self.read().segments.first().map_or(1, |segment| segment.first_seq)
    }
    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.read().bytes
    }
    /// The last segment and its bytes.
    pub(crate) fn end(&self) -> (u32, u64) {
        self.read().segments.last().map_or((0, 0), |segment| (segment.number, segment.bytes))
    }
    /// The segment a record is in, and the record after that segment's last one.
    pub(crate) fn segment_of(&self, seq: u64) -> Option<(Segment, u64)> {
        let durable = self.read();
        let after = durable.segments.partition_point(|segment| segment.first_seq <= seq);
        // Of several segments that begin with the same record, only the last one holds it.
        let segment = durable.segments.get(after.checked_sub(1)?)?.clone();
        let end = durable.segments.get(after).map_or(durable.last_seq + 1, |next| next.first_seq);
        (seq < end).then_some((segment, end))
    }
    /// Notes what a reader found in a segment.
    pub(crate) fn learn(&self, number: u32, classes: [u32; 4]) {
        self.change(|durable| {
            let found = durable.segments.iter_mut().find(|segment| segment.number == number);
            if let Some(segment) = found.filter(|segment| segment.classes.is_none()) {
                segment.classes = Some(classes);
            }
        });
    }
    pub(crate) fn path(&self, number: u32) -> String {
        disk::join(&self.folder, &name(number))
    }
}

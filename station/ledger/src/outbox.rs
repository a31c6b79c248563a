//! The outbox: a cursor over the journal, alerts first, and what central has.
//!
//! It holds no records: ranges of numbers and a place to read on from. Acknowledgements come from central, not from
//! the broker; they need not be durable at once, for losing one only sends a record again.

use std::collections::BTreeMap;

use gatepost_pipeline::record::{Class, Kind};
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, SharedDisk};
use crate::journal::envelope::Envelope;
use crate::journal::read::{ReadError, Record, Records};
use crate::journal::segment::{View, class_index};
use crate::limits;

const NAME: &str = "acked";
const FILE_BYTES_MAX: usize = limits::ACKNOWLEDGED_RANGES_MAX * 48 + 4096;

/// Numbers of acknowledged records as ranges that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// First to last, both included.
    ranges: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds `first..=last`; false when that would be one range too many.
    pub fn add(&mut self, first: u64, last: u64) -> bool {
        if first > last {
            return true;
        }
        let (mut first, mut last) = (first, last);
        let touching: Vec<u64> = self
            .ranges
            .range(..=last.saturating_add(1))
            .rev()
            .take_while(|(_, end)| end.saturating_add(1) >= first)
            .map(|(&begin, _)| begin)
            .collect();
        if touching.is_empty() && self.ranges.len() >= limits::ACKNOWLEDGED_RANGES_MAX {
            return false;
        }
        for begin in touching {
            first = first.min(begin);
            last = last.max(self.ranges.remove(&begin).unwrap_or(last));
        }
        self.ranges.insert(first, last);
        true
    }

    pub fn contains(&self, seq: u64) -> bool {
        self.covers(seq, seq)
    }

    /// Whether every number from `first` to `last` is in it.
    pub fn covers(&self, first: u64, last: u64) -> bool {
        first > last || self.ranges.range(..=first).next_back().is_some_and(|(_, &end)| end >= last)
    }

    /// The first number from `seq` on that is not in it.
    pub fn next_gap(&self, seq: u64) -> u64 {
        self.ranges.range(..=seq).next_back().filter(|(_, end)| **end >= seq).map_or(seq, |(_, &end)| end + 1)
    }

    /// The highest number in it, 0 when empty.
    pub fn highest(&self) -> u64 {
        self.ranges.values().next_back().copied().unwrap_or(0)
    }

    /// How many numbers from `first` to `last` are in it.
    pub fn count(&self, first: u64, last: u64) -> u64 {
        let before = self.ranges.range(..first).next_back().into_iter();
        let parts = before.chain(self.ranges.range(first..));
        let within = parts.take_while(|(begin, _)| **begin <= last);
        within.map(|(&begin, &end)| (end.min(last) + 1).saturating_sub(begin.max(first))).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().map(|(&first, &last)| (first, last))
    }
}

/// A record on its way to central.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    pub class: Class,
    pub kind: Kind,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    pub record: Record,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("record {seq} is not an envelope: {what}; run `gatepost verify` on the data folder")]
    Envelope { seq: u64, what: String },
}

/// What is on disk in `acked`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    ranges: Vec<(u64, u64)>,
    check: Digest,
}

#[derive(Debug)]
pub struct Outbox {
    view: View,
    acknowledged: Ranges,
    unsaved: bool,
    /// Reads alerts only; ahead of `rest`.
    alerts: Cursor,
    /// Reads everything.
    rest: Cursor,
}

#[derive(Debug)]
struct Cursor {
    records: Records,
    /// Classes seen in the segment being read, to be learnt when it was read from its first record to its last.
    seen: [u32; 4],
    seen_from: u64,
}

impl Cursor {
    fn at(view: &View, seq: u64) -> Self {
        Self { records: Records::from(view, seq), seen: [0; 4], seen_from: seq }
    }
}

impl Outbox {
    /// # Errors
    /// When the disk cannot be read. A damaged `acked` file counts as empty: everything is sent again.
    pub fn open(view: View) -> Result<Self, DiskError> {
        let acknowledged = load(&view.disk, &view.folder)?;
        let from = acknowledged.next_gap(view.first_seq());
        let (alerts, rest) = (Cursor::at(&view, from), Cursor::at(&view, from));
        Ok(Self { view, acknowledged, unsaved: false, alerts, rest })
    }

    /// The next record to send: an unacknowledged alert if there is one not given yet, else the oldest record not
    /// given yet. Nothing when all durable records were given.
    ///
    /// # Errors
    /// When the journal cannot be read; the cursor then stays where it is.
    #[expect(clippy::should_implement_trait, reason = "no iterator: it gives nothing now and more later")]
    pub fn next(&mut self) -> Result<Option<Shipment>, OutboxError> {
        if let Some(alert) = self.next_alert()? {
            return Ok(Some(alert));
        }
        loop {
            let from = self.acknowledged.next_gap(self.rest.records.next_seq());
            if from > self.rest.records.next_seq() {
                self.rest.records = Records::from(&self.view, from);
            }
            let Some(record) = read(&mut self.rest, &self.view)? else { return Ok(None) };
            let shipment = shipment(record)?;
            let given = shipment.class == Class::Alert && shipment.record.seq < self.alerts.records.next_seq();
            if !given && !self.acknowledged.contains(shipment.record.seq) {
                return Ok(Some(shipment));
            }
        }
    }

    fn next_alert(&mut self) -> Result<Option<Shipment>, OutboxError> {
        loop {
            self.skip_without_alerts();
            let Some(record) = read(&mut self.alerts, &self.view)? else { return Ok(None) };
            let shipment = shipment(record)?;
            self.count(&shipment);
            if shipment.class == Class::Alert && !self.acknowledged.contains(shipment.record.seq) {
                return Ok(Some(shipment));
            }
        }
    }

    /// Passes over segments known to hold no alert, or acknowledged whole.
    fn skip_without_alerts(&mut self) {
        loop {
            let next = self.alerts.records.next_seq();
            let Some((segment, end)) = self.view.segment_of(next) else { return };
            let at_end = end == self.view.last_seq() + 1;
            let none = segment.classes.is_some_and(|classes| classes[class_index(Class::Alert)] == 0);
            if (none && !at_end) || self.acknowledged.covers(next, end - 1) {
                self.alerts = Cursor::at(&self.view, end);
                if at_end {
                    return;
                }
            } else {
                return;
            }
        }
    }

    /// Learns the classes of a segment read from its first record to its last.
    fn count(&mut self, shipment: &Shipment) {
        let seq = shipment.record.seq;
        let Some((segment, end)) = self.view.segment_of(seq) else { return };
        if seq == segment.first_seq {
            (self.alerts.seen, self.alerts.seen_from) = ([0; 4], seq);
        }
        self.alerts.seen[class_index(shipment.class)] += 1;
        if seq + 1 == end && self.alerts.seen_from == segment.first_seq && end <= self.view.last_seq() {
            self.view.learn(segment.number, self.alerts.seen);
        }
    }

    /// Sends everything unacknowledged again: after each new connection.
    pub fn rewind(&mut self) {
        let from = self.acknowledged.next_gap(self.view.first_seq());
        (self.alerts, self.rest) = (Cursor::at(&self.view, from), Cursor::at(&self.view, from));
    }

    /// Notes what central has committed; numbers beyond the journal's end are left out. Gives back how many of the
    /// ranges could not be noted (they are sent again).
    pub fn acknowledge(&mut self, ranges: &[(u64, u64)]) -> usize {
        let last = self.view.last_seq();
        let mut left_out = 0;
        for &(first, end) in ranges {
            let (first, end) = (first.max(1), end.min(last));
            let noted = self.acknowledged.add(first, end);
            left_out += usize::from(!noted);
            self.unsaved |= noted;
        }
        left_out
    }

    /// Central has these and no more of what it had acknowledged: the others are given again, as far as they are here. Gives
    /// back how many those are.
    pub fn withdraw_all_but(&mut self, ranges: &[(u64, u64)]) -> u64 {
        let (first, last) = (self.view.first_seq(), self.view.last_seq());
        let mut kept = Ranges::default();
        for (begin, end) in self.acknowledged.iter() {
            for &(from, to) in ranges {
                kept.add(begin.max(from), end.min(to));
            }
        }
        let withdrawn = self.acknowledged.count(first, last) - kept.count(first, last);
        if kept != self.acknowledged {
            (self.acknowledged, self.unsaved) = (kept, true);
            self.rewind();
        }
        withdrawn
    }

    /// Makes the acknowledgements durable when there are new ones; to be called about every second and at a stop.
    ///
    /// # Errors
    /// When the disk fails; they stay in memory.
    pub fn save(&mut self) -> Result<(), DiskError> {
        if self.unsaved {
            let ranges: Vec<(u64, u64)> = self.acknowledged.iter().collect();
            let check = check(&ranges);
            let path = disk::join(&self.view.folder, NAME);
            let text = serde_json::to_vec(&Saved { ranges, check })
                .map_err(|error| DiskError::new(&path, Cause::Failed(error.to_string())))?;
            disk::replace(self.view.disk.as_ref(), &path, &text)?;
            self.unsaved = false;
        }
        Ok(())
    }

    pub fn acknowledged(&self) -> &Ranges {
        &self.acknowledged
    }

    /// Durable records central does not have.
    pub fn backlog(&self) -> u64 {
        let (first, last) = (self.view.first_seq(), self.view.last_seq());
        (last + 1).saturating_sub(first) - self.acknowledged.count(first, last)
    }
}

fn read(cursor: &mut Cursor, view: &View) -> Result<Option<Record>, ReadError> {
    match cursor.records.next().transpose() {
        Ok(record) => Ok(record),
        Err(error) => {
            cursor.records = Records::from(view, cursor.records.next_seq());
            Err(error)
        }
    }
}

fn shipment(record: Record) -> Result<Shipment, OutboxError> {
    let seq = record.seq;
    let envelope =
        Envelope::parse(&record.bytes).map_err(|error| OutboxError::Envelope { seq, what: error.to_string() })?;
    let (class, kind, at) = (envelope.class, envelope.kind, envelope.at);
    Ok(Shipment { class, kind, at, record })
}

fn check(ranges: &[(u64, u64)]) -> Digest {
    let bytes: Vec<u8> =
        ranges.iter().flat_map(|(first, last)| [first.to_le_bytes(), last.to_le_bytes()]).flatten().collect();
    Digest::of(&bytes)
}

fn load(disk: &SharedDisk, folder: &str) -> Result<Ranges, DiskError> {
    let bytes = disk::read(disk.as_ref(), &disk::join(folder, NAME), FILE_BYTES_MAX)?.unwrap_or_default();
    let saved: Saved = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut ranges = Ranges::default();
    if check(&saved.ranges) == saved.check {
        for (first, last) in saved.ranges {
            ranges.add(first, last);
        }
    }
    Ok(ranges)
}

/// The highest record central has acknowledged, as far as it was noted; 0 for none.
///
/// # Errors
/// When the disk cannot be read.
pub fn high_water(disk: &SharedDisk, folder: &str) -> Result<u64, DiskError> {
    Ok(load(disk, folder)?.highest())
}

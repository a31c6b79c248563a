//! The journal: records, one after another, durable before anyone hears of them.
//!
//! A synchronous core: [`Journal::append`] takes what the lane wants recorded, [`Journal::commit`] writes all of it as
//! one group behind one sync and only then says [`Pending::durable`]. It knows no clock (the caller gives the time), no
//! thread ([`writer`] is one around it), and never acknowledges what is not on disk: a failed write is cut off or left
//! behind in a closed segment, its records are handed back, and [`Health`] says why.

pub mod frame;
pub mod envelope;
pub mod checkpoint;
pub(crate) mod mark;
mod reserve;
pub mod segment;
mod open;
mod store;
pub mod read;
pub mod writer;

use gatepost_pipeline::record::{Class, Pending, Recorded, WallMs};

pub use open::{OpenError, Opening, Torn};
pub use segment::{Durable, Segment, View};

use crate::chain::Digest;
use crate::disk::DiskError;
use crate::key::StationKey;
use crate::limits;
use frame::FrameKind;
use mark::Mark;
use reserve::Reserve;
use store::Store;

/// What a journal is told when it is opened.
#[derive(Debug)]
pub struct Setup {
    /// The station's name, in every envelope.
    pub station: String,
    pub key: StationKey,
    pub bounds: Bounds,
}

/// Bounds that tests make small; the defaults are those of [`limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub segment_bytes: u64,
    pub journal_bytes_max: u64,
    pub reserve_bytes: u64,
    pub checkpoint_records: u64,
    pub checkpoint_ms: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            segment_bytes: limits::SEGMENT_BYTES,
            journal_bytes_max: limits::JOURNAL_BYTES_MAX,
            reserve_bytes: limits::RESERVE_BYTES,
            checkpoint_records: limits::CHECKPOINT_RECORDS,
            checkpoint_ms: limits::CHECKPOINT_MS,
        }
    }
}

/// Whether the lane may rely on the journal. Anything but `Good` latches it to exam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    /// No room but the reserve. Records are still taken: all of them for its first half, then alerts only.
    Full,
    /// The disk failed; nothing is taken until a new segment can be begun. Each commit and tend tries again.
    Broken(DiskError),
}

/// What became of one commit.
#[derive(Debug)]
#[must_use = "refused records were not written"]
pub struct Commit {
    /// In the order of the appends: on disk, or handed back.
    pub results: Vec<Result<Recorded, Pending>>,
    pub health: Health,
}

/// A record that was not taken, with the reason.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Refused {
    pub pending: Pending,
    pub cause: RefusedCause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedCause {
    #[error("the group is full; commit first")]
    GroupFull,
    #[error("the record is larger than {} bytes", limits::BODY_BYTES_MAX)]
    TooLarge,
}

#[derive(Debug)]
pub struct Journal {
    setup: Setup,
    view: View,
    store: Store,
    reserve: Reserve,
    mark: Mark,
    health: Health,
    waiting: Vec<Pending>,
    waiting_bytes: usize,
    /// The group as it will be on disk; kept to be used again.
    buffer: Vec<u8>,
    /// What the newest checkpoint covers.
    checkpointed: u64,
    checkpointed_at: Option<i64>,
    trouble: Option<DiskError>,
}

impl Journal {
    /// What is durable, for readers on other threads.
    pub fn view(&self) -> View {
        self.view.clone()
    }
    pub fn health(&self) -> &Health {
        &self.health
    }
    pub fn last_seq(&self) -> u64 {
        self.view.last_seq()
    }
    pub fn head(&self) -> Digest {
        self.view.head()
    }
    pub fn station(&self) -> &str {
        &self.setup.station
    }
    /// The newest failure of the disk since this was last asked, mended or not: for a device record.
    pub fn take_trouble(&mut self) -> Option<DiskError> {
        self.trouble.take()
    }
    /// Records appended and not yet committed.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a record into the next group.
    ///
    /// # Errors
    /// [`Refused`] hands it back when the group is full or the record is too large.
    pub fn append(&mut self, pending: Pending) -> Result<(), Box<Refused>> {
        let bytes = pending.body().len();
        let cause = if bytes > limits::BODY_BYTES_MAX || self.names_bytes(&pending) > limits::ENVELOPE_BYTES_MAX / 2 {
            RefusedCause::TooLarge
        } else if self.waiting.len() >= limits::GROUP_RECORDS_MAX
            || self.waiting_bytes + bytes + limits::ENVELOPE_BYTES_MAX > limits::GROUP_BYTES_MAX
        {
            RefusedCause::GroupFull
        } else {
            self.waiting_bytes += bytes + limits::ENVELOPE_BYTES_MAX;
            self.waiting.push(pending);
            return Ok(());
        };
        Err(Box::new(Refused { pending, cause }))
    }

    /// Bytes of the texts in an envelope; each may double when it is escaped.
    fn names_bytes(&self, pending: &Pending) -> usize {
        use gatepost_pipeline::record::Audience;
        let audience = match pending.audience() {
            Audience::Restricted { group, cover } => group.len() + cover.len(),
            Audience::All | Audience::Officer => 0,
        };
        (self.setup.station.len() + pending.lane().len() + audience) * 3
    }

    /// Writes everything appended as one group, syncs once, and says what is durable. `now` is wall time, for
    /// checkpoints.
    pub fn commit(&mut self, now: WallMs) -> Commit {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        self.watch_bound();
        let reserved = self.health == Health::Full;
        let open = [Class::Alert, Class::Disposition].map(|class| !reserved || self.reserve.open_to(class));
        let taken = |pending: &Pending| open[usize::from(pending.class() != Class::Alert)];
        let written = self.write_records(waiting.iter().filter(|pending| taken(pending)), now);
        let mut durable = written.into_iter();
        let mut results = Vec::with_capacity(waiting.len());
        for pending in waiting {
            results.push(match taken(&pending).then(|| durable.next()).flatten() {
                // The only place a pending record becomes a recorded one: its group's sync has returned.
                Some((seq, head)) => Ok(pending.durable(seq, head.0)),
                None => Err(pending),
            });
        }
        Commit { results, health: self.health.clone() }
    }

    /// To be called about every second: signs a checkpoint when one is due, rebuilds the reserve, tries to mend.
    pub fn tend(&mut self, now: WallMs) -> &Health {
        if matches!(self.health, Health::Broken(_)) {
            match self.store.begin(&self.view, &self.setup.station) {
                Ok(()) => self.health = self.mended(),
                Err(error) => self.trouble = Some(error),
            }
        }
        if self.health == Health::Full && self.reserve.due(now.0, limits::RESERVE_RETRY_MS) {
            self.leave_full();
        }
        let late = self.checkpointed_at.is_none_or(|at| (now.0 - at).abs() >= self.setup.bounds.checkpoint_ms);
        if late && self.view.last_seq() > self.checkpointed {
            self.checkpoint(now);
        }
        &self.health
    }

    /// Signs the head now, when it is not signed yet: before an evidence package is made.
    pub fn sign_now(&mut self, now: WallMs) -> &Health {
        if self.view.last_seq() > self.checkpointed {
            self.checkpoint(now);
        }
        &self.health
    }

    /// A clean stop: the last group is committed, the head signed and marked.
    pub fn close(mut self, now: WallMs) -> Commit {
        let commit = self.commit(now);
        if self.view.last_seq() > 0 {
            self.checkpoint(now);
        }
        commit
    }

    /// Sequence numbers and heads of the records, all durable; or none of them.
    fn write_records<'a>(&mut self, records: impl Iterator<Item = &'a Pending>, now: WallMs) -> Vec<(u64, Digest)> {
        self.buffer.clear();
        let mut encoded = Vec::with_capacity(limits::GROUP_RECORDS_MAX);
        let mut classes = [0; 4];
        let (mut seq, mut head) = (self.view.last_seq(), self.view.head());
        for pending in records {
            seq += 1;
            let at = self.buffer.len();
            self.buffer.resize(at + frame::HEAD_BYTES, 0);
            envelope::write(&mut self.buffer, seq, head, &self.setup.station, pending);
            head = head.then(frame::seal(&mut self.buffer, at, FrameKind::Record, at as u32));
            classes[segment::class_index(pending.class())] += 1;
            encoded.push((seq, head));
        }
        if encoded.is_empty() {
            return encoded;
        }
        let due = seq - self.checkpointed >= self.setup.bounds.checkpoint_records;
        let signed = due.then(|| self.sign(seq, head, now));
        if !self.write_group(&Group { last_seq: seq, head, classes }) {
            return Vec::new();
        }
        if let Some(payload) = signed {
            self.note_checkpoint(seq, now, &payload, false);
        }
        encoded
    }

    /// Adds a checkpoint frame to the buffer; gives back its payload.
    fn sign(&mut self, seq: u64, head: Digest, now: WallMs) -> Vec<u8> {
        let payload = checkpoint::sign(&self.setup.key, &self.setup.station, seq, head, now.0);
        let back = self.buffer.len() as u32;
        frame::write(&mut self.buffer, FrameKind::Checkpoint, back, &payload);
        payload
    }

    fn checkpoint(&mut self, now: WallMs) {
        let (seq, head) = (self.view.last_seq(), self.view.head());
        self.buffer.clear();
        let payload = self.sign(seq, head, now);
        if self.write_group(&Group { last_seq: seq, head, classes: [0; 4] }) {
            self.note_checkpoint(seq, now, &payload, true);
        }
    }

    fn note_checkpoint(&mut self, seq: u64, now: WallMs, payload: &[u8], sync: bool) {
        (self.checkpointed, self.checkpointed_at) = (seq, Some(now.0));
        let (segment, bytes) = self.view.end();
        if let Err(error) = self.mark.write(payload, segment, bytes, sync) {
            self.trouble = Some(error);
        }
    }

    /// Writes and syncs the buffer; tries again in a new segment after a failure, and with the reserve when there is
    /// no room. False: nothing of it is, or ever will be, part of the journal.
    fn write_group(&mut self, group: &Group) -> bool {
        let mut begun_anew = false;
        loop {
            let Err(error) = self.store.write(&self.view, &self.setup, &self.buffer, group) else {
                if self.health == Health::Full {
                    self.reserve.spent += self.buffer.len() as u64;
                }
                if matches!(self.health, Health::Broken(_)) {
                    self.health = self.mended();
                }
                return true;
            };
            self.trouble = Some(error.clone());
            if error.full() {
                self.health = Health::Full;
                if !self.reserve.release() {
                    return false;
                }
            } else if std::mem::replace(&mut begun_anew, true) {
                self.health = Health::Broken(error);
                return false;
            }
        }
    }

    fn mended(&self) -> Health {
        if self.reserve.held() { Health::Good } else { Health::Full }
    }

    /// The journal's own bound is a full disk of its own making; its reserve is then counted, not given up.
    fn watch_bound(&mut self) {
        if self.health == Health::Good && self.view.bytes() > self.setup.bounds.journal_bytes_max {
            self.health = Health::Full;
        }
    }

    fn leave_full(&mut self) {
        if self.view.bytes() > self.setup.bounds.journal_bytes_max {
            return;
        }
        match self.reserve.rebuild() {
            Ok(true) => {
                self.reserve.spent = 0;
                self.health = Health::Good;
            }
            Ok(false) => {}
            Err(error) => self.trouble = Some(error),
        }
    }
}

/// What a group in the buffer makes of the journal once it is durable.
#[derive(Debug)]
struct Group {
    last_seq: u64,
    head: Digest,
    classes: [u32; 4],
}

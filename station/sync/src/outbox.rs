//! The station's memory, as the uplink sees it: one trait. Whether it is a journal on a disk or a vector is not known
//! here.

use std::collections::BTreeMap;

use gatepost_pipeline::record::{Class, Kind};

use crate::acks::EvidenceAck;
use crate::evidence::Chunk;
use crate::limits::CHUNK_BYTES_MAX;
use crate::ranges::RangeSet;

/// A record that central has not acknowledged, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub seq: u64,
    pub class: Class,
    pub kind: Kind,
    /// When it was recorded, milliseconds since 1970 on the station's clock.
    pub at_ms: i64,
    /// The whole envelope, byte for byte as it was hashed.
    pub bytes: Vec<u8>,
}

/// What is waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// The highest sequence number recorded; nothing before the first record.
    pub high: Option<u64>,
    /// Records that central has not acknowledged.
    pub unacknowledged: u64,
}

/// The memory could not be read or written just now; the uplink says so and tries again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutboxError(pub String);

pub trait Outbox: Send {
    /// Records that are durable, not acknowledged and not in `skip`: alerts first, then by rising sequence number; at
    /// most `records_max`, and no more than `bytes_max` unless the first alone is larger. Empty when there are none.
    ///
    /// It may keep a cursor: what it has given once it need not give again before [`Outbox::again`].
    ///
    /// # Errors
    /// When the memory cannot be read.
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError>;

    /// Some of what was given must be given again (a new connection, no answer from central): begin with the oldest
    /// unacknowledged record. A memory without a cursor has nothing to do.
    fn again(&mut self) {}

    /// Central has these and verified their chain: they need not be kept for its sake. Says nothing new mostly; numbers
    /// that were never recorded are not believed.
    ///
    /// # Errors
    /// When it cannot be remembered; it will be said again.
    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError>;

    /// Central began anew and has verified these and no more: one that was restored from a backup has lost what came after
    /// it. What it had acknowledged beyond and is still here is to be given again. Mostly it has lost nothing. A memory that
    /// keeps nothing of what was acknowledged has nothing to do.
    ///
    /// # Errors
    /// When it cannot be remembered; it is said again when central begins anew once more.
    fn has_only(&mut self, _verified: &RangeSet) -> Result<(), OutboxError> {
        Ok(())
    }

    fn backlog(&self) -> Backlog;

    /// The next piece (at most [`CHUNK_BYTES_MAX`]) of the evidence that should go up, from where central's last
    /// acknowledgement ended. The same piece until that moves.
    ///
    /// # Errors
    /// When the memory cannot be read.
    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError>;

    /// # Errors
    /// When it cannot be remembered; it will be said again.
    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError>;
}

/// An outbox without a disk, for simulated fleets and tests.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    alerts: BTreeMap<u64, Outgoing>,
    others: BTreeMap<u64, Outgoing>,
    acknowledged: RangeSet,
    high: Option<u64>,
    evidence: Vec<Vec<u8>>,
    evidence_had: u64,
}

impl Memory {
    pub fn push(&mut self, record: Outgoing) {
        self.high = self.high.max(Some(record.seq));
        match record.class {
            Class::Alert => self.alerts.insert(record.seq, record),
            _ => self.others.insert(record.seq, record),
        };
    }
    pub fn push_evidence(&mut self, whole: Vec<u8>) {
        self.evidence.push(whole);
    }
    /// Everything central has verified so far.
    pub fn everything_acknowledged(&self) -> &RangeSet {
        &self.acknowledged
    }
}

impl Outbox for Memory {
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let waiting = self.alerts.values().chain(self.others.values());
        for record in waiting.filter(|record| !skip.contains(record.seq)).take(records_max) {
            bytes += record.bytes.len();
            if bytes > bytes_max && !taken.is_empty() {
                break;
            }
            taken.push(record.clone());
        }
        Ok(taken)
    }

    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError> {
        self.acknowledged.insert_all(ranges);
        for range in ranges.iter() {
            for records in [&mut self.alerts, &mut self.others] {
                let forgotten: Vec<u64> = records.range(range.clone()).map(|(&seq, _)| seq).collect();
                for seq in forgotten {
                    records.remove(&seq);
                }
            }
        }
        Ok(())
    }

    fn backlog(&self) -> Backlog {
        Backlog { high: self.high, unacknowledged: (self.alerts.len() + self.others.len()) as u64 }
    }

    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
        Ok(self.evidence.first().map(|whole| {
            let begin = (self.evidence_had as usize).min(whole.len().saturating_sub(1));
            let end = whole.len().min(begin + CHUNK_BYTES_MAX);
            Chunk {
                digest: crate::chain::Digest::of(whole),
                offset: begin as u64,
                total: whole.len() as u64,
                bytes: whole[begin..end].to_vec(),
            }
        }))
    }

    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError> {
        if self.evidence.first().is_some_and(|whole| crate::chain::Digest::of(whole) == ack.digest) {
            self.evidence_had = ack.have;
            if ack.complete {
                self.evidence.remove(0);
                self.evidence_had = 0;
            }
        }
        Ok(())
    }
}

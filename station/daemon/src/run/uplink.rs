//! The journal and the evidence as the uplink sees them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatepost_ledger::chain::Digest;
use gatepost_ledger::evidence::Evidence;
use gatepost_ledger::journal::View;
use gatepost_ledger::outbox::Outbox as Cursor;
use gatepost_sync::acks::EvidenceAck;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::CHUNK_BYTES_MAX;
use gatepost_sync::outbox::{Backlog, Outbox, OutboxError, Outgoing};
use gatepost_sync::ranges::RangeSet;

/// A lane's images are stored by its image thread and sent by the uplink.
pub type SharedEvidence = Arc<Mutex<Evidence>>;

/// The station's memory behind the uplink's one trait.
pub struct Memory {
    view: View,
    cursor: Cursor,
    evidence: SharedEvidence,
    /// Where central is in the image being sent.
    sending: Option<(Digest, u64)>,
    saved: Instant,
}

/// Acknowledgements are made durable at most this often: losing some only sends records again.
const SAVE: Duration = Duration::from_secs(1);

impl Memory {
    /// # Errors
    /// When the disk cannot be read.
    pub fn open(view: View, evidence: SharedEvidence) -> Result<Self, String> {
        let cursor = Cursor::open(view.clone()).map_err(|error| error.to_string())?;
        Ok(Self { view, cursor, evidence, sending: None, saved: Instant::now() })
    }

    /// Records not given yet and not in `skip`, from where the cursor stands.
    fn take(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < records_max && (bytes < bytes_max || taken.is_empty()) {
            let Some(shipment) = self.cursor.next().map_err(said)? else { break };
            if skip.contains(shipment.record.seq) {
                continue;
            }
            bytes += shipment.record.bytes.len();
            taken.push(Outgoing {
                seq: shipment.record.seq,
                class: shipment.class,
                kind: shipment.kind,
                at_ms: shipment.at,
                bytes: shipment.record.bytes,
            });
        }
        Ok(taken)
    }

    fn save_when_due(&mut self) {
        if self.saved.elapsed() >= SAVE {
            self.saved = Instant::now();
            // A full disk must not keep an alert from central: they stay in memory, and are saved when there is room.
            if let Err(error) = self.cursor.save() {
                tracing::debug!("acknowledgements are not saved yet: {error}");
            }
        }
    }

    fn evidence(&self) -> Result<std::sync::MutexGuard<'_, Evidence>, OutboxError> {
        self.evidence.lock().map_err(|_| OutboxError("the evidence store stopped after a fault".to_owned()))
    }
}

impl Outbox for Memory {
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        self.save_when_due();
        let taken = self.take(skip, records_max, bytes_max)?;
        if !taken.is_empty() || self.cursor.backlog() <= skip.count() {
            return Ok(taken);
        }
        // Given before and not under way any more: the connection was lost in between.
        self.cursor.rewind();
        self.take(skip, records_max, bytes_max)
    }

    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError> {
        let ranges: Vec<(u64, u64)> = ranges.iter().map(|range| (*range.start(), *range.end())).collect();
        self.cursor.acknowledge(&ranges);
        self.save_when_due();
        Ok(())
    }

    fn has_only(&mut self, verified: &RangeSet) -> Result<(), OutboxError> {
        let ranges: Vec<(u64, u64)> = verified.iter().map(|range| (*range.start(), *range.end())).collect();
        let withdrawn = self.cursor.withdraw_all_but(&ranges);
        if withdrawn > 0 {
            tracing::warn!("central has lost {withdrawn} records that it had; they are sent again");
            self.cursor.save().map_err(said)?;
        }
        Ok(())
    }

    fn backlog(&self) -> Backlog {
        let last = self.view.last_seq();
        Backlog { high: (last > 0).then_some(last), unacknowledged: self.cursor.backlog() }
    }

    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
        let evidence = Self::evidence(self)?;
        let sending = self.sending.filter(|(digest, _)| evidence.length(*digest).is_some());
        let Some((digest, offset)) = sending.or_else(|| evidence.unacknowledged().next().map(|digest| (digest, 0)))
        else {
            return Ok(None);
        };
        let total = evidence.length(digest).unwrap_or(0);
        let mut bytes = evidence.chunk(digest, offset).map_err(said)?;
        bytes.truncate(CHUNK_BYTES_MAX);
        drop(evidence);
        self.sending = Some((digest, offset));
        Ok(Some(Chunk { digest, offset, total, bytes }))
    }

    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError> {
        let Some((digest, _)) = self.sending.filter(|(digest, _)| *digest == ack.digest) else {
            return Ok(());
        };
        if ack.complete {
            self.sending = None;
            return Self::evidence(self)?.acknowledge(digest).map_err(said);
        }
        self.sending = Some((digest, ack.have));
        Ok(())
    }
}

impl Drop for Memory {
    /// At a clean stop nothing that central has is sent again.
    fn drop(&mut self) {
        let _sent_again = self.cursor.save();
    }
}

fn said(error: impl std::fmt::Display) -> OutboxError {
    OutboxError(error.to_string())
}

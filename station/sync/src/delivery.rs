//! What to send next, and when again: the exactly-once half of the uplink that is pure. No clock, no socket, no disk.
//!
//! A record is *sent* until central confirms it, *held* once central has it without having verified its chain, and gone
//! when central acknowledges it. What is sent and stays unconfirmed is sent again; the window of unconfirmed records
//! grows while confirmations come and halves when they don't, so a broker whose queue overflows, or a central that is
//! away for a week, meets a patient station. Repetition is harmless: central counts (station, seq) once.

use std::collections::{BTreeMap, VecDeque};

use crate::acks::Ack;
use crate::chain::Digest;
use crate::evidence::Chunk;
use crate::limits::{
    BATCH_BYTES, BATCH_RECORDS, CONSUMERS_MAX, HELD_RANGES_MAX, HISTORY_AFTER_MS, LISTEN_FIRST_MS, RESEND_AFTER_MS,
    RESEND_AFTER_MS_MAX, WINDOW_MAX, WINDOW_MIN, WINDOW_START,
};
use crate::outbox::{Outbox, OutboxError, Outgoing};
use crate::ranges::RangeSet;
use crate::runs;

/// Milliseconds that only ever grow; the caller's clock.
pub type MonoMs = u64;

#[derive(Debug)]
pub struct Delivery {
    /// Fetched and not yet sent.
    ready: VecDeque<Outgoing>,
    /// The outbox had nothing more when last asked.
    drained: bool,
    /// Numbers left `skip`: the outbox must begin again before it is asked.
    again: bool,
    /// Sent and not confirmed, with the time of sending.
    sent: BTreeMap<u64, MonoMs>,
    /// The same in order of time; holds stale entries, which `sent` tells.
    sent_order: VecDeque<(MonoMs, u64)>,
    /// Central has them and could not verify them yet: not to be sent, to be kept.
    held: RangeSet,
    /// The broker will not take them on this connection.
    refused: RangeSet,
    /// All of these together: what the outbox must not give.
    skip: RangeSet,
    window: usize,
    resend_after_ms: u64,
    /// Of each consumer at central, the session it last spoke in.
    central_sessions: BTreeMap<u32, u64>,
    /// On a new connection: until when central is listened to before anything is sent.
    listening_until: Option<MonoMs>,
    runs: Runs,
    evidence_waiting: Option<(Digest, u64, MonoMs)>,
}

/// Whether history may go in runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Runs {
    /// Central has not said that it takes them.
    #[default]
    Unasked,
    Taken,
    /// The broker refused one on this connection.
    Refused,
}

/// What an acknowledgement changed, for whoever watches the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records of ours that it confirmed.
    pub confirmed: usize,
    /// Central began anew; everything unconfirmed will be sent again.
    pub new_session: bool,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            drained: false,
            again: false,
            sent: BTreeMap::new(),
            sent_order: VecDeque::new(),
            held: RangeSet::new(),
            refused: RangeSet::new(),
            skip: RangeSet::new(),
            window: WINDOW_START,
            resend_after_ms: RESEND_AFTER_MS,
            central_sessions: BTreeMap::new(),
            listening_until: None,
            runs: Runs::Unasked,
            evidence_waiting: None,
        }
    }
}

impl Delivery {
    /// A new connection: whatever the last one carried may be lost, so nothing counts as sent. Central is listened to
    /// first, for a moment: its retained acknowledgement says what it has.
    pub fn connected(&mut self, now: MonoMs) {
        self.forget_sent();
        self.refused = RangeSet::new();
        self.skip = self.held.clone();
        self.resend_after_ms = RESEND_AFTER_MS;
        self.listening_until = Some(now + LISTEN_FIRST_MS);
        self.runs = Runs::Unasked;
    }

    /// The outbox has something new. Alerts among it overtake everything but the few records fetched already.
    pub fn woken(&mut self) {
        self.drained = false;
    }

    /// The next record to send, if the window has room. It counts as sent from now on.
    ///
    /// # Errors
    /// When the outbox cannot be read; ask again after [`Delivery::woken`] or [`Delivery::tick`].
    pub fn next<O: Outbox + ?Sized>(&mut self, outbox: &mut O, now: MonoMs) -> Result<Option<Outgoing>, OutboxError> {
        if self.sent.len() >= self.window || self.listening(now) {
            return Ok(None);
        }
        if self.ready.is_empty() && !self.drained {
            if std::mem::take(&mut self.again) {
                outbox.again();
            }
            let fetched = match outbox.next(&self.skip, BATCH_RECORDS, BATCH_BYTES) {
                Ok(fetched) => fetched,
                Err(error) => {
                    (self.drained, self.again) = (true, true);
                    return Err(error);
                }
            };
            self.drained = fetched.is_empty();
            for record in fetched {
                // A memory that repeats itself must not make us count one record twice.
                if !self.skip.contains(record.seq) {
                    self.skip.insert_one(record.seq);
                    self.ready.push_back(record);
                }
            }
        }
        Ok(self.send(now))
    }

    /// As [`Delivery::next`]; where central takes runs, `history` that lies ready behind `history` comes with it.
    ///
    /// # Errors
    /// As [`Delivery::next`].
    pub fn next_run<O: Outbox + ?Sized>(
        &mut self,
        outbox: &mut O,
        now: MonoMs,
        history: impl Fn(&Outgoing) -> bool,
    ) -> Result<Vec<Outgoing>, OutboxError> {
        let mut run = Vec::from_iter(self.next(outbox, now)?);
        let may =
            self.runs == Runs::Taken && run.first().is_some_and(|first| history(first) && runs::fits(&[], 0, first));
        let mut bytes: usize = run.iter().map(|record| record.bytes.len()).sum();
        while may
            && self.sent.len() < self.window
            && self.ready.front().is_some_and(|next| history(next) && runs::fits(&run, bytes, next))
            && let Some(next) = self.send(now)
        {
            bytes += next.bytes.len();
            run.push(next);
        }
        Ok(run)
    }

    /// The record that lies ready counts as sent.
    fn send(&mut self, now: MonoMs) -> Option<Outgoing> {
        let record = self.ready.pop_front()?;
        self.sent.insert(record.seq, now);
        self.sent_order.push_back((now, record.seq));
        Some(record)
    }

    /// The next piece of evidence; only when no record waits, and one at a time.
    ///
    /// # Errors
    /// When the outbox cannot be read.
    pub fn next_evidence<O: Outbox + ?Sized>(
        &mut self,
        outbox: &mut O,
        now: MonoMs,
    ) -> Result<Option<Chunk>, OutboxError> {
        if self.evidence_waiting.is_some() || !self.ready.is_empty() || !self.drained {
            return Ok(None);
        }
        let chunk = outbox.evidence()?;
        if let Some(chunk) = &chunk {
            self.evidence_waiting = Some((chunk.digest, chunk.offset, now));
        }
        Ok(chunk)
    }

    /// The broker would not take this record (its size, its topic, a quota). Kept, not offered again before the next
    /// connection: the same packet would be refused the same way.
    pub fn refused(&mut self, seq: u64) {
        if self.sent.remove(&seq).is_some() {
            self.refused.insert_one(seq);
        }
    }

    /// The broker would not take these together: from now on, on this connection, each goes alone.
    pub fn run_refused(&mut self, run: &[u64]) {
        self.runs = Runs::Refused;
        for seq in run {
            if self.sent.remove(seq).is_some() {
                self.skip.remove(*seq, *seq);
                (self.again, self.drained) = (true, false);
            }
        }
    }

    /// # Errors
    /// When the outbox could not remember it; nothing is lost, central will say it again.
    pub fn acknowledged<O: Outbox + ?Sized>(&mut self, ack: &Ack, outbox: &mut O) -> Result<Progress, OutboxError> {
        self.listening_until = None;
        self.runs = match (self.runs, ack.runs) {
            (Runs::Refused, _) => Runs::Refused,
            (_, true) => Runs::Taken,
            (_, false) => Runs::Unasked,
        };
        let new_session = self.meet(ack.consumer, ack.session);
        let before = self.sent.len();
        self.confirm(&ack.ranges);
        self.confirm(&ack.received);
        let confirmed = before - self.sent.len();
        if new_session {
            // A central that begins anew may have been restored from yesterday's backup: what it said to hold is not
            // believed any longer.
            self.forget_sent();
            self.held = RangeSet::new();
            self.skip = self.refused.clone();
            outbox.has_only(&ack.ranges)?;
        }
        self.held.insert_all(&ack.received);
        self.skip.insert_all(&ack.received);
        // What is acknowledged is the outbox's business to leave out; remembering it here would only cost.
        for range in ack.ranges.iter() {
            self.held.remove(*range.start(), *range.end());
            self.skip.remove(*range.start(), *range.end());
        }
        self.ready.retain(|record| !ack.ranges.contains(record.seq) && !ack.received.contains(record.seq));
        if self.held.range_count() > HELD_RANGES_MAX {
            self.held.keep_lowest(HELD_RANGES_MAX);
            self.rebuild_skip();
        }
        if confirmed > 0 {
            self.window = (self.window + confirmed).min(WINDOW_MAX);
            self.resend_after_ms = RESEND_AFTER_MS;
        }
        outbox.acknowledged(&ack.ranges)?;
        for piece in &ack.evidence {
            if self.evidence_waiting.is_some_and(|(digest, offset, _)| digest == piece.digest && piece.have != offset) {
                self.evidence_waiting = None;
            }
            outbox.evidence_acknowledged(piece)?;
        }
        Ok(Progress { confirmed, new_session })
    }

    /// Time has passed: what was not confirmed in time will be offered again. Says how many.
    pub fn tick(&mut self, now: MonoMs) -> usize {
        let mut expired = 0;
        while let Some(&(at, seq)) = self.sent_order.front() {
            let current = self.sent.get(&seq) == Some(&at);
            if current && now.saturating_sub(at) < self.resend_after_ms {
                break;
            }
            self.sent_order.pop_front();
            if current {
                self.sent.remove(&seq);
                self.skip.remove(seq, seq);
                expired += 1;
            }
        }
        if self.evidence_waiting.is_some_and(|(_, _, at)| now.saturating_sub(at) >= self.resend_after_ms) {
            self.evidence_waiting = None;
        }
        if expired > 0 {
            self.again = true;
            self.window = (self.window / 2).max(WINDOW_MIN);
            self.resend_after_ms = (self.resend_after_ms * 2).min(RESEND_AFTER_MS_MAX);
        }
        // Also the way back from an outbox that could not be read.
        self.drained = false;
        expired
    }

    pub fn in_flight(&self) -> usize {
        self.sent.len()
    }
    pub fn window(&self) -> usize {
        self.window
    }

    /// Whether what is under way may have gone to a session that is over. A consumer that joins the others has none.
    fn meet(&mut self, consumer: u32, session: u64) -> bool {
        let alone = self.central_sessions.is_empty();
        let before = self.central_sessions.insert(consumer, session);
        if self.central_sessions.len() > CONSUMERS_MAX
            && let Some((&oldest, _)) = self.central_sessions.iter().min_by_key(|(_, session)| **session)
        {
            self.central_sessions.remove(&oldest);
        }
        before.map_or(alone, |before| before != session)
    }

    fn confirm(&mut self, ranges: &RangeSet) {
        for range in ranges.iter() {
            let confirmed: Vec<u64> = self.sent.range(range).map(|(&seq, _)| seq).collect();
            for seq in confirmed {
                self.sent.remove(&seq);
            }
        }
    }

    fn rebuild_skip(&mut self) {
        self.skip = self.held.clone();
        self.skip.insert_all(&self.refused);
        for &seq in self.sent.keys().chain(self.ready.iter().map(|record| &record.seq)) {
            self.skip.insert_one(seq);
        }
    }

    fn listening(&self, now: MonoMs) -> bool {
        self.listening_until.is_some_and(|until| now < until)
    }

    /// Nothing is under way any more. The caller sets `skip` anew.
    fn forget_sent(&mut self) {
        self.sent.clear();
        self.sent_order.clear();
        self.ready.clear();
        (self.drained, self.again) = (false, true);
        self.evidence_waiting = None;
    }
}

/// Whether a record sent now is marked history: central lists it without raising a fresh alarm.
pub fn is_history(recorded_at_ms: i64, now_ms: i64) -> bool {
    now_ms.saturating_sub(recorded_at_ms) > HISTORY_AFTER_MS
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;

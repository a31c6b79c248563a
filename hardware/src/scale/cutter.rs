//! Cuts replies out of bytes, for protocols whose replies begin with a byte of their own and whose grammar says when
//! one is whole.
//!
//! Apart from the grammars, because losing the thread and finding it again is the same for all of them. Guaranteed, for
//! a grammar that has no reply inside another: every reply is reported, whatever stands before it; nothing else is; two
//! bytes further apart than the gap are never one reply; bytes of no reply are said once and counted.
//!
//! It refuses to repair: bytes that cannot be a reply are given up at the first one that says so, and what follows is
//! searched for another start.

use super::{REPLY_BYTES_MAX, Raw, ScaleCounters, ScaleFault, ScaleReport, raw, strip_parity};
use crate::units::Micros;

/// What bytes are, from a start byte on, bit 7 taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<R> {
    /// The beginning of a reply.
    Part,
    Whole(R),
    /// No reply, however it goes on.
    Not(ScaleFault),
}

/// What was cut.
pub(crate) enum Cut<R> {
    Reply {
        at: Micros,
        reply: R,
        raw: Raw,
    },
    /// Always a [`ScaleReport::Fault`].
    Fault(ScaleReport),
}

/// The bytes held, and what became of those before.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    start: u8,
    gap: Micros,
    /// A reply so far, if it begins with the start byte; else bytes of no reply.
    held: Raw,
    /// When each of `held` arrived.
    times: heapless::Vec<Micros, REPLY_BYTES_MAX>,
    /// Bytes of no reply were said, and what is held without a start belongs to the same damage.
    said: bool,
    pub counters: ScaleCounters,
}

impl Cutter {
    pub const fn new(start: u8, gap_ms_max: u16) -> Self {
        Self {
            start,
            gap: Micros(gap_ms_max as u64 * 1_000),
            held: Raw::new(),
            times: heapless::Vec::new(),
            said: false,
            counters: ScaleCounters { replies: 0, checksum_errors: 0, faults: 0, skipped_bytes: 0 },
        }
    }

    /// Takes a byte; `read` judges what is held, from a start byte on.
    pub fn push<R>(&mut self, time: Micros, byte: u8, read: impl Fn(&[u8]) -> Shape<R>) -> Option<Cut<R>> {
        let late = self.idle(time).map(Cut::Fault);
        let found = self.accept(time, byte, read);
        // After a gap nothing was held, and one byte is no reply: never two.
        late.or(found)
    }

    /// Gives up what is held when the line was quiet for longer than the gap.
    pub fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        let quiet = self.times.last().is_some_and(|&last| now - last > self.gap);
        if !quiet {
            return None;
        }
        let kind = if self.in_reply() { ScaleFault::Truncated } else { ScaleFault::Garbled };
        let report = self.give_up(kind);
        self.said = false;
        report
    }

    fn accept<R>(&mut self, time: Micros, byte: u8, read: impl Fn(&[u8]) -> Shape<R>) -> Option<Cut<R>> {
        if self.in_reply() {
            // A start byte alone says nothing: some scales send one after each reply.
            if self.held.len() == 1 && self.is_start(byte) {
                self.drop_first(1);
            }
            self.hold(time, byte);
            return self.judge(read);
        }
        if self.is_start(byte) {
            let report = self.give_up(ScaleFault::Garbled);
            self.said = false;
            self.hold(time, byte);
            return report.map(Cut::Fault);
        }
        if self.held.is_empty() && matches!(byte & 0x7F, b'\r' | b'\n' | 0x03 | 0x00) {
            self.counters.skipped_bytes += 1; // ends of lines between replies
            return None;
        }
        self.hold(time, byte);
        if self.held.is_full() {
            self.said = false;
            let report = self.give_up(ScaleFault::Unrecognized);
            self.said = true;
            return report.map(Cut::Fault);
        }
        None
    }

    fn judge<R>(&mut self, read: impl Fn(&[u8]) -> Shape<R>) -> Option<Cut<R>> {
        let mut report = None;
        while self.in_reply() {
            let mut text = self.held.clone();
            let shape = if strip_parity(&mut text) { read(&text) } else { Shape::Not(ScaleFault::Garbled) };
            match shape {
                Shape::Part if self.held.is_full() => report = report.or(self.restart(ScaleFault::TooLong)),
                Shape::Part => break,
                // The end of what was just refused: part of the same damage.
                Shape::Whole(_) if report.is_some() => self.drop_first(self.held.len()),
                Shape::Whole(reply) => {
                    let at = self.times.first().copied().unwrap_or_default();
                    let raw = raw(&self.held);
                    self.counters.replies += 1;
                    self.clear();
                    return Some(Cut::Reply { at, reply, raw });
                }
                Shape::Not(kind) => report = report.or(self.restart(kind)),
            }
        }
        report.map(Cut::Fault)
    }

    /// Says that what is held is no reply, and drops it up to the next start byte in it.
    fn restart(&mut self, kind: ScaleFault) -> Option<ScaleReport> {
        let report = self.fault(kind);
        let next = self.held.iter().skip(1).position(|&byte| self.is_start(byte));
        self.drop_first(next.map_or(self.held.len(), |index| index + 1));
        self.said = true;
        report
    }

    /// Drops everything held and says so, unless it was said or is a start byte alone.
    fn give_up(&mut self, kind: ScaleFault) -> Option<ScaleReport> {
        let nothing = self.held.is_empty() || self.in_reply() && self.held.len() == 1;
        let silent = nothing || self.said && !self.in_reply();
        let report = if silent { None } else { self.fault(kind) };
        self.drop_first(self.held.len());
        report
    }

    fn fault(&mut self, kind: ScaleFault) -> Option<ScaleReport> {
        match kind {
            ScaleFault::Checksum => self.counters.checksum_errors += 1,
            _ => self.counters.faults += 1,
        }
        let at = self.times.first().copied().unwrap_or_default();
        Some(ScaleReport::Fault { at, kind, raw: raw(&self.held) })
    }

    fn hold(&mut self, time: Micros, byte: u8) {
        let _ = (self.held.push(byte), self.times.push(time)); // never full: given up when it becomes so
    }

    fn drop_first(&mut self, count: usize) {
        let count = count.min(self.held.len());
        let left = self.held.len() - count;
        self.held.rotate_left(count);
        self.times.rotate_left(count);
        self.counters.skipped_bytes += count as u64;
        self.held.truncate(left);
        self.times.truncate(left);
    }

    fn clear(&mut self) {
        self.held.clear();
        self.times.clear();
        self.said = false;
    }

    fn in_reply(&self) -> bool {
        self.held.first().is_some_and(|&first| self.is_start(first))
    }

    /// The start byte as 7 bits, or with even parity in bit 7.
    const fn is_start(&self, byte: u8) -> bool {
        byte & 0x7F == self.start && (byte == self.start || byte.count_ones().is_multiple_of(2))
    }
}

//! MT-SICS, levels 0 and 1: Mettler Toledo's command set. Lines of text, CR LF both ways, usually 9600 8N1.
//!
//! Guaranteed: every complete reply that starts at a clean boundary is reported, whatever came before it. A boundary is
//! the start of the line, a CR, an LF, any byte that cannot stand in a reply, or a gap longer than `gap_ms_max`.
//!
//! Not guaranteed, because MT-SICS has no checksum: a byte lost *inside* a number may leave a shorter number.
//! `number_width`, `decimals` and `unit` in the configuration close that hole for scales with a fixed format: any other is
//! a fault, not a weight. What is left is a digit in place of a digit: where a line is noisy, decide on two equal replies.
//!
//! It refuses to track what it was not told: `net` is true only after a tare other than zero was reported on this line, and
//! until it is cleared, the scale is zeroed or restarts.

pub mod reply;

pub use reply::{Refusal, SicsReply};

use super::{
    Measure, NoWeight, REPLY_BYTES_MAX, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, State,
    Unit, raw, strip_parity,
};
use crate::units::Micros;
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MtSicsConfig {
    /// Longest pause inside a reply; after it the reply is given up.
    pub gap_ms_max: u16,
    /// Characters of the number field, 10 by the manual. Left out: any width is accepted.
    pub number_width: Option<u8>,
    /// Digits after the point, where this scale never changes them: a point that became a digit is found. Left out: any.
    pub decimals: Option<u8>,
    /// The unit this scale is set to. Left out: any unit is accepted as sent.
    pub unit: Option<Unit>,
}

impl Default for MtSicsConfig {
    fn default() -> Self {
        Self { gap_ms_max: 500, number_width: None, decimals: None, unit: None }
    }
}

impl MtSicsConfig {
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no reply would ever be whole; give milliseconds, such as 500");
        }
        if self.number_width.is_some_and(|width| !(1..=20).contains(&width)) {
            return Err("number_width must be 1 to 20 characters; the manual says 10");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: mg, g, kg, t, oz or lb");
        }
        Ok(())
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct MtSics {
    config: MtSicsConfig,
    line: heapless::Vec<u8, REPLY_BYTES_MAX>,
    /// When the first byte of `line` arrived, and the last.
    first: Micros,
    last: Micros,
    /// The line was too long; everything up to the next boundary belongs to it.
    discarding: bool,
    tare: Option<Measure>,
    counters: ScaleCounters,
}

impl MtSics {
    pub const fn new(config: MtSicsConfig) -> Self {
        Self {
            config,
            line: heapless::Vec::new(),
            first: Micros::ZERO,
            last: Micros::ZERO,
            discarding: false,
            tare: None,
            counters: ScaleCounters { replies: 0, checksum_errors: 0, faults: 0, skipped_bytes: 0 },
        }
    }

    fn gap_over(&self, now: Micros) -> bool {
        now - self.last > Micros::from_ms(u64::from(self.config.gap_ms_max))
    }

    fn store(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        if self.discarding {
            self.counters.skipped_bytes += 1;
            return None;
        }
        if self.line.is_empty() {
            self.first = time;
        }
        if self.line.push(byte).is_err() {
            let report = self.give_up(ScaleFault::TooLong);
            self.discarding = true;
            self.counters.skipped_bytes += 1;
            return report;
        }
        None
    }

    /// Drops the line so far and says so, if there was any.
    fn give_up(&mut self, kind: ScaleFault) -> Option<ScaleReport> {
        self.discarding = false;
        if self.line.is_empty() {
            return None;
        }
        let report = ScaleReport::Fault { at: self.first, kind, raw: raw(&self.line) };
        self.counters.faults += 1;
        self.counters.skipped_bytes += self.line.len() as u64;
        self.line.clear();
        Some(report)
    }

    fn end_line(&mut self) -> Option<ScaleReport> {
        if self.line.is_empty() {
            self.discarding = false;
            return None;
        }
        let mut text = self.line.clone();
        if !strip_parity(&mut text) {
            return self.give_up(ScaleFault::Garbled);
        }
        let Some(reply) = core::str::from_utf8(&text).ok().and_then(SicsReply::parse) else {
            return self.give_up(ScaleFault::Malformed);
        };
        if let Some(kind) = self.unexpected(&text, &reply) {
            return self.give_up(kind);
        }
        let report = self.report(reply);
        self.counters.replies += 1;
        self.line.clear();
        Some(report)
    }

    /// What the configuration says this scale never sends.
    fn unexpected(&self, text: &[u8], reply: &SicsReply) -> Option<ScaleFault> {
        let (SicsReply::Weight { measure, .. } | SicsReply::Tared { measure, .. } | SicsReply::TareIs(measure)) = reply
        else {
            return None;
        };
        if self.config.unit.is_some_and(|unit| unit != measure.unit) {
            return Some(ScaleFault::UnitUnexpected);
        }
        let decimals = measure.value.decimals();
        if self.config.decimals.is_some_and(|expected| expected != decimals) {
            return Some(ScaleFault::WidthUnexpected);
        }
        let width = number_width(text)?;
        if self.config.number_width.is_some_and(|expected| usize::from(expected) != width) {
            return Some(ScaleFault::WidthUnexpected);
        }
        None
    }

    fn report(&mut self, reply: SicsReply) -> ScaleReport {
        let at = self.first;
        match reply {
            SicsReply::Weight { stable, measure } => {
                self.reading(Ok(measure), State { stable, motion: !stable, ..State::default() })
            }
            SicsReply::NoWeight(why) => {
                let (over, under) = (why == Refusal::Over, why == Refusal::Under);
                self.reading(Err(why.into()), State { over, under, ..State::default() })
            }
            SicsReply::SyntaxError => self.reading(Err(NoWeight::SyntaxError), State::default()),
            SicsReply::TransmissionError => self.reading(Err(NoWeight::TransmissionError), State::default()),
            SicsReply::LogicalError => self.reading(Err(NoWeight::LogicalError), State::default()),
            // Zeroing clears the scale's tare memory.
            SicsReply::Zeroed | SicsReply::ZeroedNow { .. } => {
                self.tare = None;
                ScaleReport::Zero { at, done: Ok(()) }
            }
            SicsReply::NotZeroed { why, .. } => ScaleReport::Zero { at, done: Err(why.into()) },
            SicsReply::Tared { measure, .. } | SicsReply::TareIs(measure) => {
                self.tare = (measure.value.mantissa != 0).then_some(measure);
                ScaleReport::Tare { at, done: Ok(measure) }
            }
            SicsReply::NotTared { why, .. } => ScaleReport::Tare { at, done: Err(why.into()) },
            SicsReply::TareUnknown => ScaleReport::Tare { at, done: Err(NoWeight::NotReady) },
            SicsReply::TareCleared => {
                self.tare = None;
                ScaleReport::TareCleared { at, done: Ok(()) }
            }
            SicsReply::TareNotCleared => ScaleReport::TareCleared { at, done: Err(NoWeight::NotReady) },
            // Nobody here asks for it: the scale was switched on or reset, and its tare with it.
            SicsReply::Identity(serial) => {
                self.tare = None;
                ScaleReport::Identity { at, serial: serial.chars().take(REPLY_BYTES_MAX).collect() }
            }
            SicsReply::IdentityUnknown => self.reading(Err(NoWeight::NotReady), State::default()),
        }
    }

    fn reading(&self, shown: Result<Measure, NoWeight>, state: State) -> ScaleReport {
        let tare = if shown.is_ok() { self.tare } else { None };
        let state = State { net: tare.is_some(), ..state };
        ScaleReport::Reading(Reading { at: self.first, shown, tare, state, raw: raw(&self.line) })
    }
}

/// Characters between the space after the status and the space before the unit.
fn number_width(text: &[u8]) -> Option<usize> {
    let mut spaces = text.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(index, _)| index);
    let after_status = spaces.nth(1)?;
    let before_unit = spaces.next_back()?;
    Some(before_unit - after_status - 1)
}

impl From<Refusal> for NoWeight {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotNow => Self::NotReady,
            Refusal::Over => Self::OverRange,
            Refusal::Under => Self::UnderRange,
        }
    }
}

impl ScaleProtocol for MtSics {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let late = if self.gap_over(time) { self.give_up(ScaleFault::Truncated) } else { None };
        self.last = time;
        let found = match byte & 0x7F {
            b'\r' | b'\n' => self.end_line(),
            b' '..=b'~' => self.store(time, byte),
            _ => {
                self.counters.skipped_bytes += 1;
                self.give_up(ScaleFault::Garbled)
            }
        };
        // After a gap the line was empty, so this byte could only begin one: never two reports.
        late.or(found)
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        if self.gap_over(now) { self.give_up(ScaleFault::Truncated) } else { None }
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        Some(match request {
            Request::StableWeight => b"S\r\n",
            Request::ImmediateWeight => b"SI\r\n",
            Request::RepeatedWeight => b"SIR\r\n",
            Request::Zero => b"Z\r\n",
            Request::ZeroNow => b"ZI\r\n",
            Request::Tare => b"T\r\n",
            Request::TareNow => b"TI\r\n",
            Request::ReadTare => b"TA\r\n",
            Request::ClearTare => b"TAC\r\n",
            Request::Reset => b"@\r\n",
        })
    }

    fn counters(&self) -> ScaleCounters {
        self.counters
    }
}

#[cfg(test)]
mod tests;

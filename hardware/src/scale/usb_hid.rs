//! USB scales of the HID class (usage page 0x8D): reports of six bytes, sent by themselves.
//!
//! The operating system delivers one report in one read, checked by USB's own CRC. The codec does not lean on that: it
//! takes bytes, and only a *burst* of whole, valid reports between two pauses counts; the newest of it is reported once
//! the pause has come. Guaranteed: a burst with a byte lost, added or out of place gives no weight but a fault, and the
//! next burst after a pause is read whatever came before. Without the pause a report that lost a byte would borrow one
//! from the next and be a weight.
//!
//! Not guaranteed, where bytes do not come straight from USB: a changed magnitude byte is another weight.
//!
//! It refuses layouts of its own: where a report descriptor says otherwise, this is another protocol.

pub mod report;

pub use report::{HidReport, HidStatus};

use super::{REPLY_BYTES_MAX, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, Unit, raw};
use crate::units::Micros;
use report::REPORT_BYTES;
use serde::{Deserialize, Serialize};

/// A burst longer than this is judged without waiting for its pause: a scale that never pauses.
const BURST_BYTES: usize = REPLY_BYTES_MAX / REPORT_BYTES * REPORT_BYTES;

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsbHidConfig {
    /// The unit this scale is set to. Left out: any unit is accepted as sent.
    pub unit: Option<Unit>,
    /// A pause longer than this ends a burst. Shorter than the scale's own interval between reports.
    pub gap_ms: u16,
}

impl Default for UsbHidConfig {
    fn default() -> Self {
        Self { unit: None, gap_ms: 15 }
    }
}

impl UsbHidConfig {
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms == 0 {
            return Err("gap_ms is 0, so no burst would ever be whole; give milliseconds, such as 15");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: kg, g, lb or oz");
        }
        Ok(())
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct UsbHid {
    config: UsbHidConfig,
    burst: heapless::Vec<u8, BURST_BYTES>,
    /// When each of `burst` arrived.
    times: heapless::Vec<Micros, BURST_BYTES>,
    last: Micros,
    /// The burst was refused; what comes before the next pause belongs to it.
    refused: bool,
    counters: ScaleCounters,
}

impl UsbHid {
    pub const fn new(config: UsbHidConfig) -> Self {
        Self {
            config,
            burst: heapless::Vec::new(),
            times: heapless::Vec::new(),
            last: Micros::ZERO,
            refused: false,
            counters: ScaleCounters { replies: 0, checksum_errors: 0, faults: 0, skipped_bytes: 0 },
        }
    }

    /// The burst is over: the newest of its reports, if all are whole and valid.
    fn end(&mut self) -> Option<ScaleReport> {
        let reports = self.burst.chunks(REPORT_BYTES);
        let mut newest = None;
        let mut wrong = (!self.burst.len().is_multiple_of(REPORT_BYTES)).then_some(ScaleFault::Truncated);
        for bytes in reports {
            newest = HidReport::decode(bytes);
            wrong = wrong.or(match newest {
                None => Some(ScaleFault::Malformed),
                Some(report) if report.weighs() && self.config.unit.is_some_and(|unit| unit != report.unit()) => {
                    Some(ScaleFault::UnitUnexpected)
                }
                Some(_) => None,
            });
        }
        let report = match (wrong, newest) {
            (Some(kind), _) => {
                self.counters.faults += 1;
                self.counters.skipped_bytes += self.burst.len() as u64;
                self.refused = true;
                let at = self.times.first().copied().unwrap_or_default();
                ScaleReport::Fault { at, kind, raw: raw(&self.burst) }
            }
            (None, Some(report)) => {
                self.counters.replies += (self.burst.len() / REPORT_BYTES) as u64;
                let first = self.burst.len() - REPORT_BYTES;
                let at = self.times.get(first).copied().unwrap_or_default();
                let (shown, state) = report.told();
                ScaleReport::Reading(Reading { at, shown, tare: None, state, raw: raw(&self.burst[first..]) })
            }
            (None, None) => return None,
        };
        self.burst.clear();
        self.times.clear();
        Some(report)
    }
}

impl ScaleProtocol for UsbHid {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let ended = self.idle(time);
        self.last = time;
        if self.refused {
            self.counters.skipped_bytes += 1;
            return ended;
        }
        let _ = (self.burst.push(byte), self.times.push(time)); // never full: judged when it becomes so
        // After a pause nothing was held, so one byte fills no burst: never two reports.
        if self.burst.is_full() { self.end() } else { ended }
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        if now - self.last <= Micros::from_ms(u64::from(self.config.gap_ms)) {
            return None;
        }
        let report = self.end();
        self.refused = false;
        report
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        // The control report, known from one implementation only: id 2, enforce zero.
        (request == Request::Zero).then_some(b"\x02\x02")
    }

    fn counters(&self) -> ScaleCounters {
        self.counters
    }
}

#[cfg(test)]
mod tests;

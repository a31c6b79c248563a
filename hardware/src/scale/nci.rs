//! NCI, also Weigh-Tronix: SCP-01 and its till variant SCP-02, asked by a letter and CR. 9600, 7E1 or 8N1 by setup.
//!
//! Guaranteed: every reply that starts at a clean boundary is reported, whatever came before it. A boundary is the start
//! of the line, an ETX, any byte that cannot stand where it stands, or a gap longer than `gap_ms_max`. Nothing else is a
//! weight; a status alone clears the weight, whatever it says.
//!
//! A weight and its status are two lines of one reply. If the first reply's second line is lost and the second reply's
//! first, the rest looks like one reply: the gap between them is what tells, so ask no faster than twice `gap_ms_max`.
//! A number beside "at zero" is never believed.
//!
//! Not guaranteed, because there is no checksum: a byte lost or changed inside a number may leave another number, and a
//! changed status bit another status. `number_width`, `decimals` and `unit` close the hole but for a digit in place of a
//! digit. Parity finds every single flipped bit where the port checks it (7E1) or passes it on (8N1 read here). Where a
//! line is noisy, decide on two equal replies.
//!
//! It refuses a status of one byte unless told that this scale sends so few: the other may have said "in motion".

pub mod reply;

pub use reply::{NciReply, NciStatus};

use super::cutter::{Cut, Cutter, Shape};
use super::{NoWeight, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, State, Unit};
use crate::units::Micros;
use reply::{LF, STATUS_BYTES_MAX};
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NciConfig {
    /// Characters before the unit: 7 for SCP-01, 6 for SCP-02. Left out: any width is accepted.
    pub number_width: Option<u8>,
    /// Digits after the point, where this scale never changes them: a point that became a digit is found. Left out: any.
    pub decimals: Option<u8>,
    /// The unit this scale is set to; `oz` for pounds and ounces. Left out: any unit is accepted as sent.
    pub unit: Option<Unit>,
    /// Fewer status bytes are a status that lost some.
    pub status_bytes_min: u8,
    /// Put even parity into bit 7 of what is sent: for a port that can only do 8N1, at a scale set to 7E1.
    pub send_even_parity: bool,
    /// Longest pause inside a reply; after it the reply is given up.
    pub gap_ms_max: u16,
}

impl Default for NciConfig {
    fn default() -> Self {
        Self {
            number_width: None,
            decimals: None,
            unit: None,
            status_bytes_min: 2,
            send_even_parity: false,
            gap_ms_max: 100,
        }
    }
}

impl NciConfig {
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no reply would ever be whole; give milliseconds, such as 100");
        }
        if self.number_width.is_some_and(|width| !(1..=20).contains(&width)) {
            return Err("number_width must be 1 to 20 characters; 7 for SCP-01, 6 for SCP-02");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: lb, kg, oz or g");
        }
        if !(1..=STATUS_BYTES_MAX as u8).contains(&self.status_bytes_min) {
            return Err("status_bytes_min must be 1 to 4; the manuals say 2 or more");
        }
        Ok(())
    }

    fn read(&self, bytes: &[u8]) -> Shape<NciReply> {
        let shape = NciReply::read(bytes, self.status_bytes_min);
        let Shape::Whole(NciReply::Weight { measure, number_width, .. }) = shape else { return shape };
        if self.unit.is_some_and(|unit| unit != measure.unit) {
            return Shape::Not(ScaleFault::UnitUnexpected);
        }
        let decimals = measure.value.decimals();
        if self.number_width.is_some_and(|expected| expected != number_width)
            || self.decimals.is_some_and(|expected| expected != decimals)
        {
            return Shape::Not(ScaleFault::WidthUnexpected);
        }
        shape
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct Nci {
    config: NciConfig,
    cutter: Cutter,
}

impl Nci {
    pub const fn new(config: NciConfig) -> Self {
        let cutter = Cutter::new(LF, config.gap_ms_max);
        Self { config, cutter }
    }
}

impl ScaleProtocol for Nci {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let config = &self.config;
        match self.cutter.push(time, byte, |bytes| config.read(bytes))? {
            Cut::Fault(report) => Some(report),
            Cut::Reply { at, reply, raw } => {
                let (shown, state) = match reply {
                    NciReply::Weight { measure, status, .. } => (Ok(measure), status.state()),
                    // "Stable" is said of a weight, and there is none.
                    NciReply::Status(status) => (Err(status.why()), State { stable: false, ..status.state() }),
                    NciReply::Unknown => (Err(NoWeight::SyntaxError), State::default()),
                };
                Some(ScaleReport::Reading(Reading { at, shown, tare: None, state, raw }))
            }
        }
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        self.cutter.idle(now)
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        let even = self.config.send_even_parity;
        Some(match request {
            Request::ImmediateWeight if even => b"\xD7\x8D",
            Request::ImmediateWeight => b"W\r",
            Request::Zero if even => b"Z\x8D",
            Request::Zero => b"Z\r",
            _ => return None,
        })
    }

    fn counters(&self) -> ScaleCounters {
        self.cutter.counters
    }
}

#[cfg(test)]
mod tests;

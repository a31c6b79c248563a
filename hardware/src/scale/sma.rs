//! SMA SCP-0499, the scale makers' common protocol, levels 1 and 2. Commands are LF, letter, CR; usually 9600 8N1.
//!
//! Guaranteed: every reply is reported, whatever stands before it, unless the pause between two of its bytes exceeds
//! `gap_ms_max`. Nothing else is a weight. Replies have one length, fields have their letters and must agree (errors come
//! with dashes, the centre of zero with zero), so a byte lost or added is always found.
//!
//! Not guaranteed, because there is no checksum: a digit that becomes another digit, or a space in front (or a space there
//! a digit), is a weight. `unit` and `decimals` make another unit, or a point that became a digit, a fault. On 8N1 nothing
//! else protects a digit: where a line is noisy, decide on two equal replies.
//!
//! It refuses what it does not need: diagnostics, names and free text are `Malformed` when another asks for them.

pub mod reply;

pub use reply::{SmaKind, SmaReply, SmaStatus, SmaWeight};

use super::cutter::{Cut, Cutter, Shape};
use super::{NoWeight, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, State, Unit};
use crate::units::Micros;
use reply::LF;
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmaConfig {
    /// The unit this scale is set to. Left out: any unit is accepted as sent.
    pub unit: Option<Unit>,
    /// Digits after the point, where this scale never changes them: a point that became a digit is found. Left out: any.
    pub decimals: Option<u8>,
    /// Longest pause inside a reply; after it the reply is given up.
    pub gap_ms_max: u16,
}

impl Default for SmaConfig {
    fn default() -> Self {
        Self { unit: None, decimals: None, gap_ms_max: 200 }
    }
}

impl SmaConfig {
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no reply would ever be whole; give milliseconds, such as 200");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: kg, g, lb or oz");
        }
        Ok(())
    }

    fn read(&self, bytes: &[u8]) -> Shape<SmaReply> {
        let shape = SmaReply::read(bytes);
        match shape {
            Shape::Whole(SmaReply::Weight(weight)) if self.unit.is_some_and(|unit| unit != weight.unit) => {
                Shape::Not(ScaleFault::UnitUnexpected)
            }
            Shape::Whole(SmaReply::Weight(SmaWeight { value: Some(value), high_resolution: false, .. }))
                if self.decimals.is_some_and(|decimals| decimals != value.decimals()) =>
            {
                Shape::Not(ScaleFault::WidthUnexpected)
            }
            _ => shape,
        }
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct Sma {
    config: SmaConfig,
    cutter: Cutter,
}

impl Sma {
    pub const fn new(config: SmaConfig) -> Self {
        let cutter = Cutter::new(LF, config.gap_ms_max);
        Self { config, cutter }
    }
}

impl ScaleProtocol for Sma {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let config = &self.config;
        let (at, reply, raw) = match self.cutter.push(time, byte, |bytes| config.read(bytes))? {
            Cut::Fault(report) => return Some(report),
            Cut::Reply { at, reply, raw } => (at, reply, raw),
        };
        let (shown, state) = match reply {
            SmaReply::Weight(weight) if weight.kind == SmaKind::Tare => {
                return Some(ScaleReport::Tare { at, done: weight.told().0 });
            }
            SmaReply::Weight(weight) => weight.told(),
            SmaReply::Unknown => (Err(NoWeight::SyntaxError), State::default()),
            SmaReply::Damaged => (Err(NoWeight::TransmissionError), State::default()),
        };
        Some(ScaleReport::Reading(Reading { at, shown, tare: None, state, raw }))
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        self.cutter.idle(now)
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        Some(match request {
            Request::StableWeight => b"\nP\r",
            Request::ImmediateWeight => b"\nW\r",
            Request::RepeatedWeight => b"\nR\r",
            Request::Zero => b"\nZ\r",
            Request::Tare => b"\nT\r",
            Request::ReadTare => b"\nM\r",
            Request::ClearTare => b"\nC\r",
            Request::ZeroNow | Request::TareNow | Request::Reset => return None,
        })
    }

    fn counters(&self) -> ScaleCounters {
        self.cutter.counters
    }
}

#[cfg(test)]
mod tests;

//! Toledo extended continuous output: as Toledo continuous, with a number that has its point and sign. It talks all the
//! time and takes no question.
//!
//! Guaranteed: every frame is reported, whatever stands before it, unless the pause between two of its bytes exceeds
//! `gap_ms_max`, or its SOH stood in for a lost checksum before it and fitted (once in 128). Nothing else is a weight, and
//! a frame lost is said, so that the weight before it falls. With the checksum one damaged byte is always found. Without
//! it a digit, a sign, a point, a unit or a status bit damaged on the way stays what it became: switch it on; else `unit` and
//! `decimals` make those that this scale never sends a fault, and two equal frames are worth more than one.
//!
//! The meaning of the status bits is known from *one* implementation (the IND245's): compare the first weights, motion and
//! overload with the terminal's display before this is relied on.
//!
//! It refuses to be asked: this protocol has no requests. Use only the newest reading.

pub mod frame;

pub use frame::ExtendedFrame;

use super::cutter::{Cut, Cutter, Shape};
use super::{Decimal, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, Unit};
use crate::units::Micros;
use frame::SOH;
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToledoExtendedConfig {
    /// The frame ends with a checksum byte (25 bytes, not 24). Never guessed; see the terminal's setup.
    pub checksum: bool,
    /// The unit this scale is set to. Left out: any unit is accepted as sent.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Digits after the point, where this scale never changes them. Left out: any.
    #[serde(default)]
    pub decimals: Option<u8>,
    /// Longest pause inside a frame; bytes further apart are never one frame.
    #[serde(default = "gap_ms_max")]
    pub gap_ms_max: u16,
}

const fn gap_ms_max() -> u16 {
    100
}

impl ToledoExtendedConfig {
    pub const fn new(checksum: bool) -> Self {
        Self { checksum, unit: None, decimals: None, gap_ms_max: gap_ms_max() }
    }

    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no frame would ever be whole; give milliseconds, such as 100");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: kg, lb, g, t or oz");
        }
        Ok(())
    }

    fn read(&self, bytes: &[u8]) -> Shape<ExtendedFrame> {
        let shape = ExtendedFrame::read(bytes, self.checksum);
        let Shape::Whole(frame) = shape else { return shape };
        if self.unit.is_some_and(|unit| unit != frame.unit()) {
            return Shape::Not(ScaleFault::UnitUnexpected);
        }
        let decimals = frame.weight.map(Decimal::decimals);
        if self.decimals.zip(decimals).is_some_and(|(expected, decimals)| expected != decimals) {
            return Shape::Not(ScaleFault::WidthUnexpected);
        }
        shape
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct ToledoExtended {
    config: ToledoExtendedConfig,
    cutter: Cutter,
}

impl ToledoExtended {
    pub const fn new(config: ToledoExtendedConfig) -> Self {
        Self { config, cutter: Cutter::new(SOH, config.gap_ms_max) }
    }
}

impl ScaleProtocol for ToledoExtended {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let config = self.config;
        match self.cutter.push(time, byte, |bytes| config.read(bytes))? {
            Cut::Fault(report) => Some(report),
            Cut::Reply { at, reply, raw } => {
                let (shown, state) = reply.told();
                Some(ScaleReport::Reading(Reading { at, shown, tare: reply.tare(), state, raw }))
            }
        }
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        self.cutter.idle(now)
    }

    fn request(&self, _: Request) -> Option<&'static [u8]> {
        None
    }

    fn counters(&self) -> ScaleCounters {
        self.cutter.counters
    }
}

#[cfg(test)]
mod tests;

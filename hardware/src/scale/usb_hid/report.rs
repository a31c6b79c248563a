//! The weight report of USB HID scales, both ways: the station reads it, the virtual scale writes it.
//!
//! Apart from the codec, because six bytes are a report or not, whatever came before.
//!
//! ```text
//! id (3 or 4) | status | unit | exponent, signed | magnitude, 16 bits, low byte first
//! ```
//! The magnitude has no sign: below zero is the status. Source: the HID point-of-sale usage tables, page 0x8D, and what
//! open drivers assume of the scales of DYMO, Mettler Toledo and Fairbanks; a report descriptor may say otherwise.

use crate::scale::{Decimal, Measure, NoWeight, State, Unit};

/// Bytes of a report.
pub const REPORT_BYTES: usize = 6;
/// Powers of ten that scales send; others are damage.
const EXPONENTS: core::ops::RangeInclusive<i8> = -6..=4;

/// The scale's status, byte 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HidStatus {
    Fault,
    StableAtZero,
    InMotion,
    Stable,
    UnderZero,
    OverLimit,
    NeedsCalibration,
    NeedsRezero,
}

/// One report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HidReport {
    /// 3; some devices 4.
    pub id: u8,
    pub status: HidStatus,
    /// 0 for none, else as in [`HidReport::unit`].
    pub unit_code: u8,
    pub exponent: i8,
    pub magnitude: u16,
}

const STATUSES: [HidStatus; 8] = [
    HidStatus::Fault,
    HidStatus::StableAtZero,
    HidStatus::InMotion,
    HidStatus::Stable,
    HidStatus::UnderZero,
    HidStatus::OverLimit,
    HidStatus::NeedsCalibration,
    HidStatus::NeedsRezero,
];

impl HidReport {
    /// Reads six bytes. `None` if they are no weight report, or say what no scale says: a weight without a unit, an
    /// impossible exponent, "at zero" beside another number.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let &[id @ (3 | 4), status, unit_code @ 0..=12, exponent, low, high] = bytes else { return None };
        let status = *STATUSES.get(usize::from(status).checked_sub(1)?)?;
        let report = Self {
            id,
            status,
            unit_code,
            exponent: i8::from_le_bytes([exponent]),
            magnitude: u16::from_le_bytes([low, high]),
        };
        let convincing = !report.weighs() || unit_code != 0 && EXPONENTS.contains(&report.exponent);
        let agrees = status != HidStatus::StableAtZero || report.magnitude == 0;
        (convincing && agrees).then_some(report)
    }

    /// The report as a scale sends it. `None` if it could not be read back.
    pub fn encode(&self) -> Option<[u8; REPORT_BYTES]> {
        let status = STATUSES.iter().position(|status| *status == self.status)? as u8 + 1;
        let [low, high] = self.magnitude.to_le_bytes();
        let bytes = [self.id, status, self.unit_code, self.exponent.to_le_bytes()[0], low, high];
        (Self::decode(&bytes) == Some(*self)).then_some(bytes)
    }

    /// Whether the number is a weight at all.
    pub const fn weighs(&self) -> bool {
        use HidStatus::{InMotion, Stable, StableAtZero, UnderZero};
        matches!(self.status, StableAtZero | InMotion | Stable | UnderZero)
    }

    /// The unit the report names. The tael has a size for each country and the ton two: carried by name, not converted.
    pub const fn unit(&self) -> Unit {
        match self.unit_code {
            1 => Unit::Milligram,
            2 => Unit::Gram,
            3 => Unit::Kilogram,
            4 => Unit::Carat,
            5 => Unit::Other(*b"tael "),
            6 => Unit::Grain,
            7 => Unit::Pennyweight,
            8 => Unit::Tonne,
            9 => Unit::Other(*b"ton  "),
            10 => Unit::TroyOunce,
            11 => Unit::Ounce,
            12 => Unit::Pound,
            _ => Unit::NotSent,
        }
    }

    /// What the scale says of itself, and the value or why there is none.
    pub fn told(&self) -> (Result<Measure, NoWeight>, State) {
        let magnitude = i64::from(self.magnitude);
        let mantissa = if self.status == HidStatus::UnderZero { -magnitude } else { magnitude };
        let measure = Ok(Measure { value: Decimal::new(mantissa, self.exponent), unit: self.unit() });
        let state = State::default();
        match self.status {
            HidStatus::Fault | HidStatus::NeedsCalibration => {
                (Err(NoWeight::ScaleFault), State { fault: true, ..state })
            }
            HidStatus::StableAtZero => (measure, State { stable: true, zero: true, ..state }),
            HidStatus::InMotion => (measure, State { motion: true, ..state }),
            HidStatus::Stable => (measure, State { stable: true, ..state }),
            HidStatus::UnderZero => (measure, State { under: true, ..state }),
            HidStatus::OverLimit => (Err(NoWeight::OverRange), State { over: true, ..state }),
            HidStatus::NeedsRezero => (Err(NoWeight::ZeroNotCaptured), State { unzeroed: true, ..state }),
        }
    }
}

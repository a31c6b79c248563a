//! One frame of Toledo's extended continuous output, both ways: the station reads it, the virtual scale writes it.
//!
//! Apart from the codec, because 24 or 25 bytes are a frame or not, whatever surrounds them.
//!
//! ```text
//! SOH address | 4 status | 9 weight | 8 tare | CR [CHK]
//! ```
//! The numbers have their point and sign, aligned to the right. CHK makes the low 7 bits of the sum of all 25 zero.
//! Source: the IND245's `ContOut.c`, one implementation. Unit codes it leaves out are carried by number, not converted.

use core::fmt::Write;

use crate::scale::cutter::Shape;
use crate::scale::{Decimal, Measure, NoWeight, ScaleFault, State, Unit};

pub(super) const SOH: u8 = 0x01;
const CR: u8 = b'\r';
/// Bytes of a frame without its checksum.
pub const FRAME_BYTES: usize = 24;
/// Bytes of a frame with its checksum.
pub const FRAME_BYTES_MAX: usize = 25;
const STATUS_AT: usize = 2;
const WEIGHT_AT: usize = 6;
const TARE_AT: usize = 15;
const CR_AT: usize = 23;

/// Everything a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedFrame {
    /// Which terminal, where several share a line; `1` by default.
    pub address: u8,
    /// 1 lb, 2 kg, 3 g, 4 metric t, 5 ton, 8 oz; others not known.
    pub unit_code: u8,
    pub centre_of_zero: bool,
    pub motion: bool,
    pub net: bool,
    /// Where the tare came from, and the range: bits 1–4 of the second status byte, not looked at.
    pub tare_source_and_range: u8,
    /// Shown with one digit more; the number has its own point.
    pub expanded: bool,
    /// There is no weight now: starting, or in its setup.
    pub invalid: bool,
    pub under_zero: bool,
    pub over_capacity: bool,
    /// No zero captured since power-up.
    pub unzeroed: bool,
    pub print_request: bool,
    /// `None` is a blank display.
    pub weight: Option<Decimal>,
    pub tare: Option<Decimal>,
}

impl ExtendedFrame {
    /// Reads bytes from an SOH on, bit 7 taken off.
    pub fn read(bytes: &[u8], checksum: bool) -> Shape<Self> {
        let shaped = bytes.iter().enumerate().all(|(index, &byte)| match index {
            0 => byte == SOH,
            1 => byte.is_ascii_graphic(),
            STATUS_AT..WEIGHT_AT => byte & 0x20 != 0,
            WEIGHT_AT..CR_AT => matches!(byte, b'0'..=b'9' | b'.' | b'-' | b' '),
            CR_AT => byte == CR,
            _ => true,
        });
        let length = if checksum { FRAME_BYTES_MAX } else { FRAME_BYTES };
        if !shaped {
            return Shape::Not(ScaleFault::Garbled);
        }
        if bytes.len() < length {
            return Shape::Part;
        }
        if checksum && sum(bytes) != 0 {
            return Shape::Not(ScaleFault::Checksum);
        }
        Self::fields(bytes).map_or(Shape::Not(ScaleFault::Malformed), Shape::Whole)
    }

    fn fields(bytes: &[u8]) -> Option<Self> {
        let set = |byte: usize, bit: u8| bytes.get(STATUS_AT + byte - 1).is_some_and(|status| status & bit != 0);
        Some(Self {
            address: *bytes.get(1)?,
            unit_code: bytes.get(STATUS_AT)? & 0x0F,
            centre_of_zero: set(1, 0x10),
            motion: set(1, 0x40),
            net: set(2, 0x01),
            tare_source_and_range: bytes.get(STATUS_AT + 1)? & 0x1E,
            expanded: set(2, 0x40),
            invalid: set(3, 0x01),
            under_zero: set(3, 0x02),
            over_capacity: set(3, 0x04),
            unzeroed: set(3, 0x08),
            print_request: set(3, 0x10),
            weight: number(bytes.get(WEIGHT_AT..TARE_AT)?)?,
            tare: number(bytes.get(TARE_AT..CR_AT)?)?,
        })
    }

    /// Writes the frame. `None` if it could not be read back: a number too long, a code of more than its bits.
    pub fn encode(&self, checksum: bool) -> Option<heapless::Vec<u8, FRAME_BYTES_MAX>> {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let first = 0x20 | self.unit_code & 0x0F | flag(self.centre_of_zero, 0x10) | flag(self.motion, 0x40);
        let second = 0x20 | flag(self.net, 0x01) | self.tare_source_and_range & 0x1E | flag(self.expanded, 0x40);
        let third = 0x20
            | flag(self.invalid, 0x01)
            | flag(self.under_zero, 0x02)
            | flag(self.over_capacity, 0x04)
            | flag(self.unzeroed, 0x08)
            | flag(self.print_request, 0x10);
        let mut text = heapless::String::<40>::new();
        match self.weight {
            Some(weight) => write!(text, "{weight:>9}").ok()?,
            None => write!(text, "{:>9}", "").ok()?,
        }
        match self.tare {
            Some(tare) => write!(text, "{tare:>8}").ok()?,
            None => write!(text, "{:>8}", "").ok()?,
        }
        let mut bytes = heapless::Vec::new();
        bytes.extend_from_slice(&[SOH, self.address, first, second, third, 0x20]).ok()?;
        bytes.extend_from_slice(text.as_bytes()).ok()?;
        bytes.push(CR).ok()?;
        if checksum {
            let check = sum(&bytes).wrapping_neg() & 0x7F;
            bytes.push(check).ok()?;
        }
        (Self::read(&bytes, checksum) == Shape::Whole(*self)).then_some(bytes)
    }

    pub const fn unit(&self) -> Unit {
        match self.unit_code {
            1 => Unit::Pound,
            2 => Unit::Kilogram,
            3 => Unit::Gram,
            4 => Unit::Tonne,
            5 => Unit::Other(*b"ton  "),
            8 => Unit::Ounce,
            code => Unit::Other([b'#', b'0' + code / 10, b'0' + code % 10, b' ', b' ']),
        }
    }

    pub fn tare(&self) -> Option<Measure> {
        Some(Measure { value: self.tare?, unit: self.unit() })
    }

    /// What the scale says of itself, and the value or why there is none.
    pub fn told(&self) -> (Result<Measure, NoWeight>, State) {
        let state = State {
            stable: !self.motion,
            motion: self.motion,
            zero: self.centre_of_zero,
            under: self.under_zero,
            over: self.over_capacity,
            net: self.net,
            unzeroed: self.unzeroed,
            ..State::default()
        };
        let shown = match self.weight {
            _ if self.invalid => Err(NoWeight::NotReady),
            _ if self.over_capacity => Err(NoWeight::OverRange),
            None => Err(NoWeight::Blank),
            Some(value) => Ok(Measure { value, unit: self.unit() }),
        };
        (shown, state)
    }
}

/// A number aligned to the right, or spaces.
#[expect(clippy::option_option, reason = "no field, a blank field and a number are three things")]
fn number(field: &[u8]) -> Option<Option<Decimal>> {
    match field.trim_ascii_start() {
        [] => Some(None),
        text => Some(Some(Decimal::parse(text)?)),
    }
}

/// The low 7 bits of the sum.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)) & 0x7F
}

//! One Toledo continuous frame, both ways: the station reads it, the virtual scale writes it.
//!
//! Apart from the codec, because 17 or 18 bytes are a frame or not, whatever surrounds them.
//!
//! ```text
//! STX SWA SWB SWC | 6 weight | 6 tare | CR [CHK]
//! ```
//! No point, no sign, leading spaces (one variant: leading zeros). CHK makes the low 7 bits of the sum of all 18 zero.
//! Source: Mettler Toledo's terminal manuals and the IND245's `ContOut.c`.

use crate::scale::{Decimal, Measure, Unit, strip_parity};

pub const STX: u8 = 0x02;
const CR: u8 = 0x0D;
/// Bytes of a frame without its checksum.
pub const FRAME_BYTES: usize = 17;
/// Bytes of a frame with its checksum.
pub const FRAME_BYTES_MAX: usize = 18;

/// Everything a frame says, bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToledoFrame {
    /// SWA bits 0–2: 0 `XXXXX00`, 1 `XXXXX0`, 2 `XXXXXX`, 3 `XXXXX.X` … 7 `X.XXXXX`.
    pub decimal_code: u8,
    /// SWA bits 3–4: 1 = ×1, 2 = ×2, 3 = ×5.
    pub increment: u8,
    pub net: bool,
    pub negative: bool,
    /// Over or under range.
    pub out_of_range: bool,
    pub motion: bool,
    /// Counts only where `unit_code` is 0; else pounds.
    pub kilograms: bool,
    /// No zero captured since power-up.
    pub unzeroed: bool,
    /// SWC bits 0–2: 0 by `kilograms`, 1 g, 2 metric t, 3 oz, 4 troy oz, 5 dwt, 6 ton, 7 custom.
    pub unit_code: u8,
    pub print_request: bool,
    /// Shown with one digit more.
    pub expanded: bool,
    pub keypad_tare: bool,
    /// The digits shown; `None` is a blank display. At most 999,999.
    pub weight: Option<u32>,
    pub tare: Option<u32>,
}

/// What keeps bytes from being a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Not STX, status bytes, six and six digits, CR.
    Shape,
    /// All that, but the checksum.
    Checksum,
}

impl ToledoFrame {
    /// Reads 17 bytes, or 18 with a checksum, as received (7-bit, or 7-bit with even parity).
    pub fn decode(received: &[u8]) -> Result<Self, FrameError> {
        let mut bytes = [0; FRAME_BYTES_MAX];
        let bytes = bytes.get_mut(..received.len()).ok_or(FrameError::Shape)?;
        bytes.copy_from_slice(received);
        if bytes.len() < FRAME_BYTES || !strip_parity(bytes) {
            return Err(FrameError::Shape);
        }
        let (swa, swb, swc) = (bytes[1], bytes[2], bytes[3]);
        // The bits the format fixes: without them, half of all noise would pass as status.
        let shaped = bytes[0] == STX && bytes[16] == CR && swa & 0x60 == 0x20 && swb & 0x20 != 0 && swc & 0x20 != 0;
        let (Some(weight), Some(tare), true) = (digits(&bytes[4..10]), digits(&bytes[10..16]), shaped) else {
            return Err(FrameError::Shape);
        };
        if bytes.len() == FRAME_BYTES_MAX && sum(bytes) != 0 {
            return Err(FrameError::Checksum);
        }
        Ok(Self {
            decimal_code: swa & 7,
            increment: swa >> 3 & 3,
            net: swb & 0x01 != 0,
            negative: swb & 0x02 != 0,
            out_of_range: swb & 0x04 != 0,
            motion: swb & 0x08 != 0,
            kilograms: swb & 0x10 != 0,
            unzeroed: swb & 0x40 != 0,
            unit_code: swc & 7,
            print_request: swc & 0x08 != 0,
            expanded: swc & 0x10 != 0,
            keypad_tare: swc & 0x40 != 0,
            weight,
            tare,
        })
    }

    /// Writes the frame with leading spaces. `None` if a number has more than six digits or a code more than its bits.
    pub fn encode(&self, checksum: bool) -> Option<heapless::Vec<u8, FRAME_BYTES_MAX>> {
        if self.decimal_code > 7 || self.increment > 3 || self.unit_code > 7 {
            return None;
        }
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let swa = 0x20 | self.increment << 3 | self.decimal_code;
        let swb = 0x20
            | flag(self.net, 0x01)
            | flag(self.negative, 0x02)
            | flag(self.out_of_range, 0x04)
            | flag(self.motion, 0x08)
            | flag(self.kilograms, 0x10)
            | flag(self.unzeroed, 0x40);
        let swc = 0x20
            | self.unit_code
            | flag(self.print_request, 0x08)
            | flag(self.expanded, 0x10)
            | flag(self.keypad_tare, 0x40);
        let mut bytes = heapless::Vec::new();
        bytes.extend_from_slice(&[STX, swa, swb, swc]).ok()?;
        bytes.extend_from_slice(&field(self.weight)?).ok()?;
        bytes.extend_from_slice(&field(self.tare)?).ok()?;
        bytes.push(CR).ok()?;
        if checksum {
            let check = sum(&bytes).wrapping_neg() & 0x7F;
            bytes.push(check).ok()?;
        }
        Some(bytes)
    }

    /// The unit the frame names. Only four convert; the rest are carried by name, their codes being known from one
    /// implementation only.
    pub const fn unit(&self) -> Unit {
        match self.unit_code {
            0 if self.kilograms => Unit::Kilogram,
            0 => Unit::Pound,
            1 => Unit::Gram,
            2 => Unit::Tonne,
            3 => Unit::Ounce,
            4 => Unit::Other(*b"ozt? "),
            5 => Unit::Other(*b"dwt? "),
            6 => Unit::Other(*b"ton  "),
            _ => Unit::Other(*b"other"),
        }
    }

    /// The weight shown, with its sign, or `None` if the display is blank.
    pub fn shown(&self) -> Option<Measure> {
        let magnitude = i64::from(self.weight?);
        let exponent = self.exponent() - i8::from(self.expanded);
        let mantissa = if self.negative { -magnitude } else { magnitude };
        Some(Measure { value: Decimal::new(mantissa, exponent), unit: self.unit() })
    }

    /// The tare, or `None` if blank; also if expanded, as no source says whether that moves the tare's point too.
    pub fn tare(&self) -> Option<Measure> {
        let mantissa = i64::from(self.tare.filter(|_| !self.expanded)?);
        Some(Measure { value: Decimal::new(mantissa, self.exponent()), unit: self.unit() })
    }

    const fn exponent(&self) -> i8 {
        2 - (self.decimal_code & 7) as i8
    }
}

/// Six characters: spaces, then digits to the end. `Some(None)` is blank.
#[expect(clippy::option_option, reason = "no field, a blank field and a number are three things")]
fn digits(field: &[u8]) -> Option<Option<u32>> {
    let start = field.iter().position(|&byte| byte != b' ');
    let Some(start) = start else { return Some(None) };
    let mut number = 0u32;
    for byte in &field[start..] {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    Some(Some(number))
}

fn field(number: Option<u32>) -> Option<[u8; 6]> {
    let mut field = [b' '; 6];
    let Some(mut number) = number else { return Some(field) };
    if number > 999_999 {
        return None;
    }
    for place in field.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    Some(field)
}

/// The low 7 bits of the sum.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)) & 0x7F
}

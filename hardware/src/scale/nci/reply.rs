//! The replies of NCI scales, both ways: the station reads them, the virtual scale writes them.
//!
//! Apart from the codec, because bytes are a reply or not here; cutting them out of a stream is the codec's work.
//!
//! ```text
//! LF weight unit CR LF status CR ETX     a weight and the state it was taken in
//! LF status CR ETX                       no weight: asked for status, or (SCP-02) there is none to give
//! LF ? CR ETX                            unknown command
//! ```
//! A status is two bytes or more: 0x30 and four bits each; from the second on, bit 6 says that another follows. SCP-02
//! puts `S` before it. Bits of a fourth byte differ by maker and are not looked at.
//! Source: the manuals of the Brecknell SBI-521 and 3700LP, the Weigh-Tronix 7821 and the Ohaus Aviator 7000.

use core::fmt::Write;

use crate::scale::cutter::Shape;
use crate::scale::{Decimal, Measure, NoWeight, Raw, ScaleFault, State, Unit};

pub(super) const LF: u8 = b'\n';
const CR: u8 = b'\r';
const ETX: u8 = 0x03;
/// Status bytes that are looked at; a scale with more is another protocol.
pub(super) const STATUS_BYTES_MAX: usize = 4;
/// The longest weight, or status, between LF and CR.
const LINE_BYTES_MAX: usize = 24;
const OUNCES_PER_POUND: i64 = 16;

/// One reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NciReply {
    /// `number_width` is the characters before the unit, as received.
    Weight {
        measure: Measure,
        number_width: u8,
        status: NciStatus,
    },
    Status(NciStatus),
    /// `?`: command not understood.
    Unknown,
}

/// The status bytes, four bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NciStatus {
    /// Bits 0–3 of each byte; those past `count` are 0.
    pub bits: [u8; STATUS_BYTES_MAX],
    pub count: u8,
    /// `S` before the status, as SCP-02 sends it.
    pub marked: bool,
}

impl NciStatus {
    /// Two bytes, as most scales send.
    pub const fn two(first: u8, second: u8) -> Self {
        Self { bits: [first, second, 0, 0], count: 2, marked: false }
    }

    /// Reads what stands between LF and CR.
    fn read(text: &[u8], count_min: u8) -> Option<Self> {
        let (marked, text) = text.strip_prefix(b"S").map_or((false, text), |rest| (true, rest));
        let count = u8::try_from(text.len()).ok()?;
        if !(count_min..=STATUS_BYTES_MAX as u8).contains(&count) {
            return None;
        }
        let mut status = Self { count, marked, ..Self::default() };
        for (index, (&byte, bits)) in text.iter().zip(&mut status.bits).enumerate() {
            // The first never says that another follows; from the second on it must be true.
            let another = index > 0 && index + 1 < text.len();
            if byte & 0xF0 != if another { 0x70 } else { 0x30 } {
                return None;
            }
            *bits = byte & 0x0F;
        }
        Some(status)
    }

    fn write(&self, bytes: &mut Raw) -> Option<()> {
        let count = usize::from(self.count);
        if self.marked {
            bytes.push(b'S').ok()?;
        }
        for (index, bits) in self.bits.iter().take(count).enumerate() {
            let another = index > 0 && index + 1 < count;
            bytes.push(if another { 0x70 } else { 0x30 } | bits & 0x0F).ok()?;
        }
        Some(())
    }

    /// What the scale says of itself. Weight and state are one reply, so standing still is not being in motion.
    pub fn state(&self) -> State {
        let set = |byte: usize, bit: u8| self.bits[byte] & bit != 0;
        State {
            stable: !set(0, 1),
            motion: set(0, 1),
            zero: set(0, 2),
            // RAM, EEPROM, ROM, calibration.
            fault: set(0, 4) || set(0, 8) || set(1, 4) || set(1, 8),
            under: set(1, 1),
            over: set(1, 2),
            net: set(2, 4),
            unzeroed: set(2, 8),
            out_of_range: false,
        }
    }

    /// Why a status comes alone. Bit by bit; if none explains it, the scale has nothing to give now.
    pub fn why(&self) -> NoWeight {
        let state = self.state();
        let causes = [
            (state.fault, NoWeight::ScaleFault),
            (state.over, NoWeight::OverRange),
            (state.under, NoWeight::UnderRange),
            (state.unzeroed, NoWeight::ZeroNotCaptured),
            (state.motion, NoWeight::InMotion),
        ];
        causes.iter().find(|(set, _)| *set).map_or(NoWeight::NotReady, |(_, why)| *why)
    }
}

impl NciReply {
    /// Reads bytes from an LF on, bit 7 taken off. `status_bytes_min`: fewer are a status that lost some.
    pub fn read(bytes: &[u8], status_bytes_min: u8) -> Shape<Self> {
        let [LF, rest @ ..] = bytes else { return Shape::Not(ScaleFault::Malformed) };
        let Some((first, rest)) = line(rest) else { return part(rest) };
        match rest {
            [] => Shape::Part,
            [ETX] if first == b"?" => Shape::Whole(Self::Unknown),
            [ETX] => whole(NciStatus::read(first, status_bytes_min).map(Self::Status)),
            [LF, rest @ ..] => {
                let Some((measure, number_width)) = weight(first) else { return Shape::Not(ScaleFault::Malformed) };
                let Some((second, rest)) = line(rest) else { return part(rest) };
                let status = NciStatus::read(second, status_bytes_min);
                match rest {
                    [] => Shape::Part,
                    [ETX] => whole(status.filter(|status| consistent(&measure, status)).map(|status| Self::Weight {
                        measure,
                        number_width,
                        status,
                    })),
                    _ => Shape::Not(ScaleFault::Malformed),
                }
            }
            _ => Shape::Not(ScaleFault::Malformed),
        }
    }

    /// The reply as a scale sends it, the number in `number_width` characters with leading zeros, the unit in capitals,
    /// ounces of sixteen and more as ounces. `None` if it could not be read back.
    pub fn encode(&self) -> Option<Raw> {
        let mut bytes = Raw::from_slice(&[LF]).ok()?;
        match self {
            Self::Weight { measure, number_width, status } => {
                let mut number = heapless::String::<LINE_BYTES_MAX>::new();
                write!(number, "{}", measure.value).ok()?;
                let zeros = usize::from(*number_width).checked_sub(number.len())?;
                let (sign, digits) = number.strip_prefix('-').map_or(("", &number[..]), |digits| ("-", digits));
                bytes.extend_from_slice(sign.as_bytes()).ok()?;
                (0..zeros).try_for_each(|_| bytes.push(b'0')).ok()?;
                bytes.extend_from_slice(digits.as_bytes()).ok()?;
                bytes.extend(measure.unit.name().bytes().map(|byte| byte.to_ascii_uppercase()));
                bytes.extend_from_slice(&[CR, LF]).ok()?;
                status.write(&mut bytes)?;
            }
            Self::Status(status) => status.write(&mut bytes)?,
            Self::Unknown => bytes.push(b'?').ok()?,
        }
        bytes.extend_from_slice(&[CR, ETX]).ok()?;
        (Self::read(&bytes, 1) == Shape::Whole(*self)).then_some(bytes)
    }
}

/// What stands before the first CR, and what after it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == CR)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// A line that has no CR yet.
fn part(text: &[u8]) -> Shape<NciReply> {
    match text {
        [.., LF] => Shape::Not(ScaleFault::Truncated),
        _ if text.len() > LINE_BYTES_MAX => Shape::Not(ScaleFault::TooLong),
        _ if text.iter().all(|byte| (b' '..=0x7F).contains(byte)) => Shape::Part,
        _ => Shape::Not(ScaleFault::Malformed),
    }
}

fn whole(reply: Option<NciReply>) -> Shape<NciReply> {
    reply.map_or(Shape::Not(ScaleFault::Malformed), Shape::Whole)
}

/// An empty scale weighs nothing: a number beside "at zero" was damaged, or joined from two replies.
fn consistent(measure: &Measure, status: &NciStatus) -> bool {
    let state = status.state();
    !state.zero || state.net || measure.value.mantissa == 0
}

/// `0012.34LB`, ` 1234g `, `02lb 03.4oz`: the weight and the characters before its unit.
fn weight(text: &[u8]) -> Option<(Measure, u8)> {
    let text = text.strip_suffix(b" ").unwrap_or(text);
    let letters = text.iter().rev().take_while(|byte| !matches!(byte, b' ' | b'.' | b'0'..=b'9')).count();
    let (number, name) = text.split_at_checked(text.len().checked_sub(letters)?)?;
    let width = u8::try_from(number.len()).ok()?;
    let number = number.strip_suffix(b" ").unwrap_or(number).trim_ascii_start();
    let unit = unit(name)?;
    let pounds = number.iter().position(u8::is_ascii_alphabetic);
    let Some(pounds) = pounds else { return Some((Measure { value: Decimal::parse(number)?, unit }, width)) };
    let (pounds, ounces) = number.split_at(pounds);
    let ounces = ounces.get(..2).filter(|name| self::unit(name) == Some(Unit::Pound)).map(|_| &ounces[2..])?;
    let ounces = Decimal::parse(ounces.trim_ascii_start()).filter(|_| unit == Unit::Ounce)?;
    Some((Measure { value: together(Decimal::parse(pounds)?, ounces)?, unit }, width))
}

/// Whole pounds and less than sixteen ounces, as ounces.
fn together(pounds: Decimal, ounces: Decimal) -> Option<Decimal> {
    let ten = 10i64.checked_pow(u32::from(ounces.exponent.unsigned_abs()))?;
    let sixteen = OUNCES_PER_POUND.checked_mul(ten)?;
    if pounds.exponent != 0 || pounds.mantissa < 0 || !(0..sixteen).contains(&ounces.mantissa) {
        return None;
    }
    let mantissa = pounds.mantissa.checked_mul(sixteen)?.checked_add(ounces.mantissa)?;
    Some(Decimal::new(mantissa, ounces.exponent))
}

/// The units of the manuals, in capitals or not, but not mixed.
fn unit(name: &[u8]) -> Option<Unit> {
    match name {
        b"LB" => Some(Unit::Pound),
        b"KG" => Some(Unit::Kilogram),
        b"OZ" => Some(Unit::Ounce),
        b"G" => Some(Unit::Gram),
        _ => Unit::parse(name),
    }
}

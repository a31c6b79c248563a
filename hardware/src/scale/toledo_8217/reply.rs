//! The replies of the Toledo 8217 and 8213, both ways: the station reads them, the virtual scale writes them.
//!
//! Apart from the codec, because bytes are a reply or not here; cutting them out of a stream is the codec's work.
//!
//! ```text
//! STX digits [N] CR      a weight, N for net; stable by definition, unit not sent
//! STX ? status CR        no weight, and why
//! STX c CR               after the confidence test; c = @ is passed
//! STX E CR, STX F CR     echo begins, ends
//! ```
//! The status is *any* byte: with bit 6 clear, as some send it, it may be CR or STX, so it is told by its place.
//! Source: Mettler Toledo's service manuals of the 8217 and DIVA; Transcell's and Brecknell's manuals of the 8213 form.

use crate::scale::cutter::Shape;
use crate::scale::{Decimal, NoWeight, Raw, ScaleFault, State};

pub(super) const STX: u8 = 0x02;
const CR: u8 = b'\r';
/// Bit 6 and the parity bit say nothing: always 1 by the manual, 0 or "bad command" by others.
const STATUS_BITS: u8 = 0x3F;
/// Digits and point of the longest weight that is looked at.
pub(super) const NUMBER_BYTES_MAX: usize = 8;

/// One reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PosReply {
    /// In the unit of the configuration. The scale sends one only when it stands still, in range, not below zero.
    Weight {
        value: Decimal,
        net: bool,
    },
    /// Bits 0–5 of the status byte: [`status`].
    Status(u8),
    /// The outcome of the scale's test of itself: `@` is passed.
    Confidence(u8),
    EchoBegins,
    EchoEnds,
}

/// The bits of a status byte.
pub mod status {
    pub const MOTION: u8 = 0x01;
    pub const OVER: u8 = 0x02;
    pub const UNDER_ZERO: u8 = 0x04;
    pub const OUTSIDE_ZERO_RANGE: u8 = 0x08;
    pub const CENTRE_OF_ZERO: u8 = 0x10;
    pub const NET: u8 = 0x20;
}

impl PosReply {
    /// Reads bytes from an STX on, bit 7 taken off. `picture` is what a number must look like, a `0` for each digit.
    pub fn read(bytes: &[u8], picture: &str) -> Shape<Self> {
        match bytes {
            [STX] | [STX, b'?'] | [STX, b'?', _] => Shape::Part,
            [STX, b'?', status, CR] => Shape::Whole(Self::Status(status & STATUS_BITS)),
            [STX, b'?', ..] => Shape::Not(ScaleFault::Malformed),
            [STX, 0x40..=0x7F] => Shape::Part,
            [STX, b'E', CR] => Shape::Whole(Self::EchoBegins),
            [STX, b'F', CR] => Shape::Whole(Self::EchoEnds),
            [STX, outcome @ 0x40..=0x7F, CR] => Shape::Whole(Self::Confidence(*outcome)),
            [STX, number @ .., b'N', CR] => weight(number, true, picture),
            [STX, number @ .., CR] => weight(number, false, picture),
            [STX, .., STX] => Shape::Not(ScaleFault::Truncated),
            [STX, number @ .., b'N'] if may_be_number(number) => Shape::Part,
            [STX, number @ ..] if may_be_number(number) => Shape::Part,
            _ => Shape::Not(ScaleFault::Malformed),
        }
    }

    /// The reply as a scale sends it, seven bits, bit 6 of a status set. `None` if the number is not of this picture.
    pub fn encode(&self, picture: &str) -> Option<Raw> {
        let mut bytes = Raw::new();
        bytes.push(STX).ok()?;
        match self {
            Self::Weight { value, net } => {
                bytes.extend_from_slice(&digits(*value, picture)?).ok()?;
                bytes.extend_from_slice(if *net { b"N" } else { b"" }).ok()?;
            }
            Self::Status(bits) => bytes.extend_from_slice(&[b'?', 0x40 | bits & STATUS_BITS]).ok()?,
            Self::Confidence(outcome) => bytes.push(*outcome).ok()?,
            Self::EchoBegins => bytes.push(b'E').ok()?,
            Self::EchoEnds => bytes.push(b'F').ok()?,
        }
        bytes.push(CR).ok()?;
        (Self::read(&bytes, picture) == Shape::Whole(*self)).then_some(bytes)
    }
}

/// What a status byte says, and so why there is no weight.
pub(super) fn told(bits: u8) -> (NoWeight, State) {
    let set = |bit: u8| bits & bit != 0;
    let state = State {
        motion: set(status::MOTION),
        over: set(status::OVER),
        under: set(status::UNDER_ZERO),
        unzeroed: set(status::OUTSIDE_ZERO_RANGE),
        zero: set(status::CENTRE_OF_ZERO),
        net: set(status::NET),
        ..State::default()
    };
    let causes = [
        (state.over, NoWeight::OverRange),
        (state.under, NoWeight::UnderRange),
        (state.unzeroed, NoWeight::ZeroNotCaptured),
        (state.motion, NoWeight::InMotion),
    ];
    let why = causes.iter().find(|(set, _)| *set).map_or(NoWeight::NotReady, |(_, why)| *why);
    (why, state)
}

/// The form of a weight in kilograms, by the manual.
pub(super) const KILOGRAMS: &str = "00.000";
/// The form of a weight in pounds: the 8217's `0WW.WW`, and what 8213 are seen to send.
pub(super) const POUNDS: &str = "000.00";

fn weight(number: &[u8], net: bool, picture: &str) -> Shape<PosReply> {
    if let Some(value) = pictured(number, picture) {
        return Shape::Whole(PosReply::Weight { value, net });
    }
    if !may_be_number(number) {
        return Shape::Not(ScaleFault::Malformed);
    }
    // The other unit's form is more than lost bytes: the scale is set to another unit than the configuration says.
    let other = [KILOGRAMS, POUNDS].into_iter().any(|other| other != picture && pictured(number, other).is_some());
    Shape::Not(if other { ScaleFault::UnitUnexpected } else { ScaleFault::WidthUnexpected })
}

fn may_be_number(text: &[u8]) -> bool {
    text.len() <= NUMBER_BYTES_MAX && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' '))
}

/// The number, if it is of this picture; leading zeros may be spaces.
fn pictured(text: &[u8], picture: &str) -> Option<Decimal> {
    if text.len() != picture.len() {
        return None;
    }
    let mut digits = heapless::Vec::<u8, NUMBER_BYTES_MAX>::new();
    let mut begun = false;
    for (&byte, place) in text.iter().zip(picture.bytes()) {
        begun |= byte != b' ';
        let fits = if place == b'.' { byte == b'.' } else { byte.is_ascii_digit() || !begun };
        let byte = if begun { byte } else { b'0' };
        digits.push(byte).ok().filter(|()| fits)?;
    }
    // Spaces up to the point are zeros, but a number has a digit before it.
    let ones = picture.find('.').unwrap_or(picture.len()).checked_sub(1)?;
    text.get(ones).filter(|byte| byte.is_ascii_digit())?;
    Decimal::parse(&digits)
}

/// A number in the digits of the picture.
fn digits(value: Decimal, picture: &str) -> Option<heapless::Vec<u8, NUMBER_BYTES_MAX>> {
    let places = picture.find('.').map_or(0, |point| picture.len() - point - 1);
    let mut left = u64::try_from(value.mantissa).ok()?;
    if usize::from(value.exponent.unsigned_abs()) != places || value.exponent > 0 {
        return None;
    }
    let mut text = heapless::Vec::from_slice(picture.as_bytes()).ok()?;
    for place in text.iter_mut().rev().filter(|place| **place == b'0') {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
    (left == 0).then_some(text)
}

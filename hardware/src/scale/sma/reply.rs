//! The replies of SMA SCP-0499, both ways: the station reads them, the virtual scale writes them.
//!
//! Apart from the codec, because bytes are a reply or not here; cutting them out of a stream is the codec's work.
//!
//! ```text
//! LF s r n m f wwwwwwwwww uuu CR     20 bytes
//! LF ? CR, LF ! CR                   unknown command, damaged command
//! ```
//! The unit is padded with spaces, or with the `_` that the documents write for a space, on either side.
//! Source: the SMA chapters of the manuals of the Sartorius PR 5210/5220 and the Fairbanks FB2550 (revision 2005).

use core::fmt::Write;

use crate::scale::cutter::Shape;
use crate::scale::{Decimal, Measure, NoWeight, Raw, ScaleFault, State, Unit};

pub(super) const LF: u8 = b'\n';
const CR: u8 = b'\r';
/// Bytes of a reply with a weight field.
pub(super) const REPLY_BYTES: usize = 20;
const NUMBER_BYTES: usize = 10;

/// The scale's status, `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmaStatus {
    #[default]
    Normal,
    CentreOfZero,
    Over,
    Under,
    /// The scale cannot find its zero; stays until it can.
    ZeroError,
    /// No zero found at power-up.
    InitialZeroError,
    /// The tare command just given was not carried out.
    TareError,
}

/// What the number is, `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmaKind {
    #[default]
    Gross,
    Net,
    /// Not a weight: the tare in force.
    Tare,
}

/// A reply with its weight field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmaWeight {
    pub status: SmaStatus,
    /// `1`–`9`: which of its ranges a scale with several is in.
    pub range: u8,
    pub kind: SmaKind,
    /// Asked for with more digits than are displayed: `g`, `n`, `t`.
    pub high_resolution: bool,
    pub motion: bool,
    /// `None`: dashes.
    pub value: Option<Decimal>,
    pub unit: Unit,
}

/// One reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmaReply {
    Weight(SmaWeight),
    /// `?`: command not understood.
    Unknown,
    /// `!`: the scale heard damaged bytes.
    Damaged,
}

impl SmaReply {
    /// Reads bytes from an LF on, bit 7 taken off.
    pub fn read(bytes: &[u8]) -> Shape<Self> {
        match bytes {
            [LF] | [LF, b'?' | b'!'] => Shape::Part,
            [LF, b'?', CR] => Shape::Whole(Self::Unknown),
            [LF, b'!', CR] => Shape::Whole(Self::Damaged),
            [LF, .., LF] => Shape::Not(ScaleFault::Truncated),
            [LF, fields @ .., CR] if bytes.len() == REPLY_BYTES => SmaWeight::read(fields)
                .map_or(Shape::Not(ScaleFault::Malformed), |weight| Shape::Whole(Self::Weight(weight))),
            [LF, .., CR] => Shape::Not(ScaleFault::WidthUnexpected),
            _ if bytes.len() >= REPLY_BYTES => Shape::Not(ScaleFault::TooLong),
            [LF, text @ ..] if text.iter().all(|byte| (b' '..=b'~').contains(byte)) => Shape::Part,
            _ => Shape::Not(ScaleFault::Malformed),
        }
    }

    /// The reply as a scale sends it, the unit padded on the right with `pad` (a space or `_`). `None` if it could not be
    /// read back.
    pub fn encode(&self, pad: u8) -> Option<Raw> {
        let mut bytes = Raw::from_slice(&[LF]).ok()?;
        match self {
            Self::Weight(weight) => weight.write(&mut bytes, pad)?,
            Self::Unknown => bytes.push(b'?').ok()?,
            Self::Damaged => bytes.push(b'!').ok()?,
        }
        bytes.push(CR).ok()?;
        (Self::read(&bytes) == Shape::Whole(*self)).then_some(bytes)
    }
}

impl SmaWeight {
    /// Reads the 18 characters between LF and CR.
    fn read(fields: &[u8]) -> Option<Self> {
        let (&[status, range, kind, motion, future], rest) = fields.split_first_chunk::<5>()?;
        let (number, unit) = rest.split_at_checked(NUMBER_BYTES)?;
        let status = status_of(status)?;
        let dashes = number.iter().all(|&byte| byte == b'-');
        let value = if dashes { None } else { Some(Decimal::parse(number.trim_ascii_start())?) };
        let motion = match motion {
            b'M' => true,
            b' ' => false,
            _ => return None,
        };
        let high_resolution = kind.is_ascii_lowercase();
        let kind = match kind.to_ascii_uppercase() {
            b'G' => SmaKind::Gross,
            b'N' => SmaKind::Net,
            b'T' => SmaKind::Tare,
            _ => return None,
        };
        let unit = Some(trimmed(unit)).filter(|unit| unit.iter().all(u8::is_ascii_alphabetic)).and_then(Unit::parse)?;
        if !(b' '..=b'~').contains(&future) || !matches!(range, b'1'..=b'9') {
            return None;
        }
        let weight = Self { status, range, kind, high_resolution, motion, value, unit };
        weight.consistent().then_some(weight)
    }

    /// Whether the fields say one thing; if not, one of them was damaged. Errors come with dashes and nothing else does,
    /// but that makers send dashes over and under the range too; the centre of zero is zero.
    fn consistent(&self) -> bool {
        let dashed = self.value.is_none();
        match self.status {
            SmaStatus::ZeroError | SmaStatus::InitialZeroError | SmaStatus::TareError => dashed,
            SmaStatus::Over | SmaStatus::Under => true,
            SmaStatus::Normal => !dashed,
            SmaStatus::CentreOfZero => {
                let displayed = self.kind == SmaKind::Gross && !self.high_resolution;
                self.value.is_some_and(|value| value.mantissa == 0 || !displayed)
            }
        }
    }

    fn write(&self, bytes: &mut Raw, pad: u8) -> Option<()> {
        let kind = match self.kind {
            SmaKind::Gross => b'G',
            SmaKind::Net => b'N',
            SmaKind::Tare => b'T',
        };
        let kind = if self.high_resolution { kind.to_ascii_lowercase() } else { kind };
        let motion = if self.motion { b'M' } else { b' ' };
        bytes.extend_from_slice(&[letter(self.status), self.range, kind, motion, b' ']).ok()?;
        let mut number = heapless::String::<48>::new();
        match self.value {
            Some(value) => write!(number, "{value:>NUMBER_BYTES$}").ok()?,
            None => number.push_str("----------").ok()?,
        }
        bytes.extend_from_slice(number.as_bytes()).ok()?;
        let unit = self.unit.name().as_bytes();
        bytes.extend_from_slice(unit).ok()?;
        (unit.len()..3).try_for_each(|_| bytes.push(pad)).ok()
    }

    /// What the scale says of itself, and the value or why there is none.
    pub fn told(&self) -> (Result<Measure, NoWeight>, State) {
        let state = State {
            stable: !self.motion,
            motion: self.motion,
            zero: self.status == SmaStatus::CentreOfZero,
            under: self.status == SmaStatus::Under,
            over: self.status == SmaStatus::Over,
            net: self.kind == SmaKind::Net,
            unzeroed: matches!(self.status, SmaStatus::ZeroError | SmaStatus::InitialZeroError),
            ..State::default()
        };
        let why = match self.status {
            SmaStatus::Over => NoWeight::OverRange,
            SmaStatus::Under => NoWeight::UnderRange,
            SmaStatus::TareError => NoWeight::LogicalError,
            SmaStatus::ZeroError | SmaStatus::InitialZeroError => NoWeight::ZeroNotCaptured,
            SmaStatus::Normal | SmaStatus::CentreOfZero => NoWeight::Blank,
        };
        (self.value.map(|value| Measure { value, unit: self.unit }).ok_or(why), state)
    }
}

const LETTERS: [(u8, SmaStatus); 7] = [
    (b' ', SmaStatus::Normal),
    (b'Z', SmaStatus::CentreOfZero),
    (b'O', SmaStatus::Over),
    (b'U', SmaStatus::Under),
    (b'E', SmaStatus::ZeroError),
    (b'I', SmaStatus::InitialZeroError),
    (b'T', SmaStatus::TareError),
];

fn status_of(byte: u8) -> Option<SmaStatus> {
    LETTERS.iter().find(|(letter, _)| *letter == byte).map(|(_, status)| *status)
}

fn letter(status: SmaStatus) -> u8 {
    LETTERS.iter().find(|(_, other)| *other == status).map_or(b' ', |(letter, _)| *letter)
}

/// The unit without what pads it.
fn trimmed(mut unit: &[u8]) -> &[u8] {
    while let [b' ' | b'_', rest @ ..] | [rest @ .., b' ' | b'_'] = unit {
        unit = rest;
    }
    unit
}

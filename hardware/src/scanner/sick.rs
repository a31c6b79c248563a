//! SICK readers: Lector and CLV6xx with CoLa A telegrams, and older CLV with a status digit.
//!
//! Results are strings as set up at the reader, STX … ETX as delivered; on the same line a station opens and closes the
//! reading gate with telegrams and is answered by telegrams, always STX … ETX, so results may be framed by terminators
//! or silence beside them. Guaranteed: what [`plain`](super::plain) guarantees of its framings; a telegram is never
//! data; a status digit other than *good* and *match* never lets a code through.
//!
//! It refuses CoLa B and telegrams nobody asked for ([`ScanFault::Malformed`]). A label that spells a telegram is taken
//! for one, and not read: the parcel has no code then, and goes to exam.
//!
//! Source: SICK's telegram listings (CoLa A) and the CLV41x and CLV45x manuals.

use super::frame::{Beside, Buffer, Cut, ETX, STX};
use super::plain::{Framing, PlainConfig};
use super::results::{Dialogue, Results, Said, results_table};
use super::{Ask, ScanFault};
use serde::{Deserialize, Serialize};

/// Where a status digit stands in a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    #[default]
    Absent,
    First,
    Last,
}

/// The texts in use; sites change them.
const NO_READ: [&str; 5] = ["NoRead", "no code!", "no read", "NR", "?"];

results_table! {
    /// A SICK reader.
    pub struct SickConfig(framing = Framing::StxEtx, terminators = "\r\n", no_read = NO_READ) {
        /// Where the CLV's status digit stands in a result: 0 good, 2 no read, 9 match, others no data.
        pub status: Status = Status::Absent,
    }
}

impl SickConfig {
    /// The first thing wrong, in words for whoever wrote it.
    pub fn validate(&self) -> Result<(), &'static str> {
        self.results().validate()
    }
}

/// The codec. Bytes of one reader, in order.
pub type Sick = Results<Telegrams>;

impl Sick {
    /// Expects a validated configuration; see [`SickConfig::validate`].
    pub fn new(config: &SickConfig) -> Self {
        Self::with(config.results(), Telegrams { status: config.status })
    }
}

/// What a SICK reader says and hears besides results.
#[derive(Clone, Copy, Debug)]
pub struct Telegrams {
    status: Status,
}

impl Dialogue for Telegrams {
    const BESIDE: Beside = Beside::StxEtx;

    fn hear(&self, config: &PlainConfig, frame: &[u8], cut: &Cut, text: &mut Buffer) -> Said {
        let may_be_telegram = cut.beside || config.framing == Framing::StxEtx;
        if may_be_telegram && let Some(said) = telegram(frame, text) {
            return said;
        }
        if cut.beside {
            return Said::Fault(ScanFault::Malformed);
        }
        self.result(config, frame)
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        Some(match ask {
            Ask::Start => b"\x02sMN mTCgateon\x03",
            Ask::Stop => b"\x02sMN mTCgateoff\x03",
            Ask::Identity => b"\x02sRN DeviceIdent\x03",
        })
    }
}

impl Telegrams {
    fn result(self, config: &PlainConfig, frame: &[u8]) -> Said {
        let last = frame.len().saturating_sub(1);
        let (status, from, to) = match self.status {
            Status::Absent => return Said::Result(0, frame.len()),
            // A reader may send the no-read text alone.
            _ if config.no_read(frame).is_some() => return Said::Result(0, frame.len()),
            Status::First => (frame.first(), 1, frame.len()),
            Status::Last => (frame.last(), 0, last),
        };
        match status {
            Some(b'0' | b'9') => Said::Result(from, to),
            Some(b'2') => Said::NoRead("status 2"),
            // Wrong check digit, system error, several codes, slave count, auxiliary, data loss, too many codes.
            Some(b'1' | b'3' | b'5'..=b'8' | b'A') => Said::Fault(ScanFault::Reader),
            Some(_) => Said::Fault(ScanFault::Malformed),
            None => Said::Result(0, 0),
        }
    }
}

/// What a telegram says; `None` if the frame is none.
fn telegram(frame: &[u8], text: &mut Buffer) -> Option<Said> {
    let (kind, rest) = frame.split_at_checked(3)?;
    let [b's', b'A'..=b'Z', b'A'..=b'Z'] = kind else { return None };
    if kind != b"sFA" && !rest.starts_with(b" ") {
        return None;
    }
    let mut words = rest.trim_ascii().splitn(2, |byte| *byte == b' ');
    let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Some(match (kind, name, value) {
        (b"sAN", b"mTCgateon" | b"mTCgateoff", b"1") => Said::Answer(true),
        (b"sAN", b"mTCgateon" | b"mTCgateoff", b"0") | (b"sFA", ..) => Said::Answer(false),
        // Taken, and its answer follows.
        (b"sMA", ..) => Said::Nothing,
        (b"sRA", b"DeviceIdent", value) if !value.is_empty() => {
            identity(value, text);
            Said::Identity
        }
        _ => Said::Fault(ScanFault::Malformed),
    })
}

/// Name and version out of `length name length version`, the lengths hexadecimal; else everything, as it came.
fn identity(value: &[u8], text: &mut Buffer) {
    let Some(((name, rest), version)) =
        field(value).and_then(|taken| Some((taken, field(taken.1.strip_prefix(b" ")?)?)))
    else {
        let _ = text.extend_from_slice(value); // never longer than a frame
        return;
    };
    let (version, rest) = if rest.is_empty() { (&b""[..], rest) } else { version };
    for part in [name, b" ", version, rest] {
        let _ = text.extend_from_slice(part); // never longer than a frame
    }
}

/// A text with its length before it, and what follows.
fn field(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (length, text) = value.split_at(space);
    let length = usize::from_str_radix(core::str::from_utf8(length).ok()?, 16).ok()?;
    text.get(1..)?.split_at_checked(length)
}

/// A telegram as either side sends it, for virtual readers. `None` if it is too long, or holds what would end it.
pub fn encode(text: &str) -> Option<Buffer> {
    let mut frame = Buffer::new();
    frame.push(STX).ok()?;
    frame.extend_from_slice(text.as_bytes()).ok()?;
    frame.push(ETX).ok()?;
    (!text.contains(['\x02', '\x03'])).then_some(frame)
}

#[cfg(test)]
mod tests;

//! Barcode readers: bytes in, scans out. One file per protocol; this page is what they share.
//!
//! Apart from the scales, because a scan is an event and a weight is a state. No codec opens a port, waits, looks at a
//! clock, or classifies an identifier: it says what was read, that nothing was read, or that bytes were lost, and when
//! the first byte came. The text of a no-read is never data.

mod frame;
mod payload;
pub mod plain;
mod results;
pub mod sick;
pub mod cognex;
pub mod keyence;
pub mod ssi;
pub mod keyboard;
#[cfg(test)]
mod testing;

use crate::symbology::Aim;
use crate::units::Micros;
use serde::{Deserialize, Serialize};

/// The most bytes of one frame any codec holds. The largest QR code carries 7,089 digits.
pub const FRAME_BYTES_MAX: usize = 8_192;

/// What a reader sent. Borrows from the codec: take what is needed before the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan<'a> {
    /// A code was read.
    Read {
        /// The label's data: framing, prefix, suffix and AIM identifier off, GS as 0x1D.
        payload: &'a [u8],
        /// The symbology, where the reader says it.
        aim: Option<Aim>,
        /// When the first byte of the frame arrived, on the clock of the caller.
        at: Micros,
        /// The frame as received, without its terminator.
        raw: &'a [u8],
    },
    /// The reader says that it read nothing.
    NoRead {
        /// Which configured text said so.
        which: &'a str,
        at: Micros,
        raw: &'a [u8],
    },
    /// What the reader says of itself, asked or not: make, model, revision. Not data.
    Identity { text: &'a [u8], at: Micros, raw: &'a [u8] },
    /// The answer to a command, as a trigger: carried out, or refused. Not data.
    Answer { done: bool, at: Micros, raw: &'a [u8] },
    /// Bytes that are no scan. Never silent, never data.
    Fault { kind: ScanFault, at: Micros, raw: &'a [u8] },
}

impl<'a> Scan<'a> {
    /// When the first byte arrived.
    pub const fn at(&self) -> Micros {
        match self {
            Self::Read { at, .. }
            | Self::NoRead { at, .. }
            | Self::Identity { at, .. }
            | Self::Answer { at, .. }
            | Self::Fault { at, .. } => *at,
        }
    }

    /// The frame as received.
    pub const fn raw(&self) -> &'a [u8] {
        match self {
            Self::Read { raw, .. }
            | Self::NoRead { raw, .. }
            | Self::Identity { raw, .. }
            | Self::Answer { raw, .. }
            | Self::Fault { raw, .. } => raw,
        }
    }

    /// The payload as text, if it is ASCII; others keep their bytes and are for a parser of that symbology.
    pub fn text(&self) -> Option<&'a str> {
        match self {
            Self::Read { payload, .. } if payload.is_ascii() => core::str::from_utf8(payload).ok(),
            _ => None,
        }
    }
}

/// What was wrong with bytes that gave no scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanFault {
    /// Longer than `frame_bytes_max`; the rest up to the next boundary is dropped too.
    TooLong,
    /// The frame's end did not come before the line went quiet, or before the next frame's start.
    Unterminated,
    /// Bytes outside STX and ETX.
    OutsideFrame,
    PrefixMissing,
    SuffixMissing,
    /// An AIM identifier is required and there is none.
    AimMissing,
    /// Framing and no data.
    Empty,
    /// A whole packet but for its checksum.
    Checksum,
    /// A packet that is none of this protocol's.
    Malformed,
    /// A whole scan, but sent again, and its first sending was not heard: when the label was before the reader is not
    /// known, so neither is whose it is.
    Late,
    /// A message of many packets of which one may be missing.
    PartMissing,
    /// The reader says that what it read is not to be used: a wrong check digit, several codes, a fault of its own.
    Reader,
    /// Keys that are no text of the layout: a keypad, another layout, a key held with Alt, or keys that were missed.
    Keys,
}

/// What the station can ask of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Read from now on.
    Start,
    /// Read no more.
    Stop,
    /// Who are you?
    Identity,
}

/// One reader protocol. `time` is when the byte arrived and never decreases; a byte completes at most one scan.
pub trait ScannerProtocol {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>>;

    /// Call when the line is quiet: ends a frame that ends by silence, gives up one that should not have.
    fn idle(&mut self, now: Micros) -> Option<Scan<'_>>;

    /// Bytes that the reader is owed for what it sent, as an acknowledgement, and must get at once, even when what it
    /// sent gave no scan. Ask after every [`push`](Self::push) and [`idle`](Self::idle); whoever only listens never
    /// asks. Given once.
    fn owed(&mut self) -> Option<&[u8]> {
        None
    }

    /// The bytes that ask, or `None` where this protocol has no such command, or a wire does it.
    fn request(&self, _ask: Ask) -> Option<&[u8]> {
        None
    }

    /// [`push`](Self::push) for bytes that arrived together.
    fn feed(&mut self, time: Micros, bytes: &[u8], scan: &mut impl FnMut(Scan<'_>))
    where
        Self: Sized,
    {
        for &byte in bytes {
            if let Some(found) = self.push(time, byte) {
                scan(found);
            }
        }
    }
}

/// Which protocol, and how it is set up; a table of the lane file: `plain = { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScannerConfig {
    Plain(plain::PlainConfig),
    Ssi(ssi::SsiConfig),
    Sick(sick::SickConfig),
    Cognex(cognex::CognexConfig),
    Keyence(keyence::KeyenceConfig),
    Keyboard(keyboard::KeyboardConfig),
}

/// The codec a configuration asks for. Some 30 KiB: keep it in one place.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "all hold a frame of the longest kind three times; no boxes without an allocator"
)]
pub enum ScannerCodec {
    Plain(plain::Plain),
    Ssi(ssi::Ssi),
    Sick(sick::Sick),
    Cognex(cognex::Cognex),
    Keyence(keyence::Keyence),
    Keyboard(keyboard::Keyboard),
}

/// Calls the chosen protocol, of a configuration or a codec; the one place that lists them all.
macro_rules! chosen {
    ($kind:ident, $chosen:expr, $inner:ident => $call:expr) => {
        match $chosen {
            $kind::Plain($inner) => $call,
            $kind::Ssi($inner) => $call,
            $kind::Sick($inner) => $call,
            $kind::Cognex($inner) => $call,
            $kind::Keyence($inner) => $call,
            $kind::Keyboard($inner) => $call,
        }
    };
}

impl ScannerConfig {
    /// The first thing wrong, in words for whoever wrote the configuration.
    pub fn validate(&self) -> Result<(), &'static str> {
        chosen!(Self, self, config => config.validate())
    }
}

impl ScannerCodec {
    pub fn new(config: &ScannerConfig) -> Result<Self, &'static str> {
        config.validate()?;
        Ok(match config {
            ScannerConfig::Plain(config) => Self::Plain(plain::Plain::new(config.clone())),
            ScannerConfig::Ssi(config) => Self::Ssi(ssi::Ssi::new(config)),
            ScannerConfig::Sick(config) => Self::Sick(sick::Sick::new(config)),
            ScannerConfig::Cognex(config) => Self::Cognex(cognex::Cognex::new(config)),
            ScannerConfig::Keyence(config) => Self::Keyence(keyence::Keyence::new(config)),
            ScannerConfig::Keyboard(config) => Self::Keyboard(keyboard::Keyboard::new(config)),
        })
    }
}

impl ScannerProtocol for ScannerCodec {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        chosen!(Self, self, codec => codec.push(time, byte))
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        chosen!(Self, self, codec => codec.idle(now))
    }

    fn owed(&mut self) -> Option<&[u8]> {
        chosen!(Self, self, codec => codec.owed())
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        chosen!(Self, self, codec => codec.request(ask))
    }
}

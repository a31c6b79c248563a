//! Barcode readers: bytes in, scans out. One file per protocol; this page is what they share.
//!
//! Apart from the scales, because a scan is an event and a weight is a state. No codec opens a port, waits, looks at a
//! clock, or classifies an identifier: it says what was read, that nothing was read, or that bytes were lost, and when
//! the first byte came. The text of a no-read is never data.

pub mod plain;

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
    /// Bytes that are no scan. Never silent, never data.
    Fault { kind: ScanFault, at: Micros, raw: &'a [u8] },
}

impl<'a> Scan<'a> {
    /// When the first byte arrived.
    pub const fn at(&self) -> Micros {
        match self {
            Self::Read { at, .. } | Self::NoRead { at, .. } | Self::Fault { at, .. } => *at,
        }
    }

    /// The frame as received.
    pub const fn raw(&self) -> &'a [u8] {
        match self {
            Self::Read { raw, .. } | Self::NoRead { raw, .. } | Self::Fault { raw, .. } => raw,
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
}

/// One reader protocol. `time` is when the byte arrived and never decreases; a byte completes at most one scan.
pub trait ScannerProtocol {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>>;

    /// Call when the line is quiet: ends a frame that ends by silence, gives up one that should not have.
    fn idle(&mut self, now: Micros) -> Option<Scan<'_>>;

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
}

impl ScannerConfig {
    /// The first thing wrong, in words for whoever wrote the configuration.
    pub fn validate(&self) -> Result<(), &'static str> {
        match self {
            Self::Plain(config) => config.validate(),
        }
    }
}

/// The codec a configuration asks for. Some 25 KiB: keep it in one place.
#[derive(Clone, Debug)]
pub enum ScannerCodec {
    Plain(plain::Plain),
}

impl ScannerCodec {
    pub fn new(config: &ScannerConfig) -> Result<Self, &'static str> {
        config.validate()?;
        Ok(match config {
            ScannerConfig::Plain(config) => Self::Plain(plain::Plain::new(config.clone())),
        })
    }
}

impl ScannerProtocol for ScannerCodec {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        match self {
            Self::Plain(codec) => codec.push(time, byte),
        }
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        match self {
            Self::Plain(codec) => codec.idle(now),
        }
    }
}

//! What a whole frame says: data, or that nothing was read, or what is missing.
//!
//! Apart from the framing, because SSI packets and keystrokes carry the same data: prefix and suffix as configured at
//! the reader, an AIM identifier, GS or something in its place, and no-read texts, which are matched before anything
//! else looks.

use super::frame::Buffer;
use super::plain::{AimPolicy, PlainConfig};
use super::{Scan, ScanFault};
use crate::symbology::{Aim, Symbology};
use crate::units::Micros;

pub(super) const GS: u8 = 0x1D;

/// A scan by its place in the codec's buffers, so that the codec can be changed while one is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The payload is in its buffer.
    Read {
        aim: Option<Aim>,
    },
    /// By the configuration's text with this index.
    NoRead(usize),
    /// By a text of the protocol's own.
    NoReadBy(&'static str),
    /// The text is in the payload's buffer.
    Identity,
    Answer(bool),
    Fault(ScanFault),
}

impl Found {
    pub fn scan<'a>(self, config: &'a PlainConfig, at: Micros, raw: &'a [u8], payload: &'a [u8]) -> Scan<'a> {
        match self {
            Self::Read { aim } => Scan::Read { payload, aim, at, raw },
            Self::NoRead(which) => {
                Scan::NoRead { which: config.no_read.get(which).map_or("", |text| text.as_str()), at, raw }
            }
            Self::NoReadBy(which) => Scan::NoRead { which, at, raw },
            Self::Identity => Scan::Identity { text: payload, at, raw },
            Self::Answer(done) => Scan::Answer { done, at, raw },
            Self::Fault(kind) => Scan::Fault { kind, at, raw },
        }
    }
}

/// Takes the wrapping off a whole frame, matches the no-reads, then asks for what must be there. `None`: an empty frame
/// that no text calls a no-read, like a lone CR. Where the reader names the symbology beside the data, `symbology`, an
/// identifier of another one is data.
pub(super) fn judge(
    config: &PlainConfig,
    symbology: Option<Symbology>,
    frame: &[u8],
    payload: &mut Buffer,
) -> Option<Found> {
    payload.clear();
    let without_prefix = frame.strip_prefix(config.prefix.as_bytes());
    let inner = without_prefix.unwrap_or(frame);
    let without_suffix = inner.strip_suffix(config.suffix.as_bytes());
    let inner = without_suffix.unwrap_or(inner);
    let (aim, data) = Aim::split(inner);
    if let Some(which) = config.no_read(inner).or_else(|| config.no_read(data)) {
        return Some(Found::NoRead(which));
    }
    let foreign = aim.is_some_and(|aim| symbology.is_some_and(|symbology| symbology != aim.symbology()));
    let (aim, data) = if foreign || config.aim == AimPolicy::Absent { (None, inner) } else { (aim, data) };
    let fault = match () {
        () if frame.is_empty() => return None,
        () if without_prefix.is_none() => Some(ScanFault::PrefixMissing),
        () if without_suffix.is_none() => Some(ScanFault::SuffixMissing),
        () if config.aim == AimPolicy::Required && aim.is_none() => Some(ScanFault::AimMissing),
        () if data.is_empty() => Some(ScanFault::Empty),
        () => None,
    };
    if let Some(kind) = fault {
        return Some(Found::Fault(kind));
    }
    let mut rest = data;
    while let [byte, after @ ..] = rest {
        let substitute = config.gs_substitute(rest);
        let _ = payload.push(if substitute.is_some() { GS } else { *byte }); // never longer than the frame
        rest = substitute.map_or(after, |length| &rest[length..]);
    }
    Some(Found::Read { aim })
}

/// Appends what stands around data before framing: prefix, AIM identifier, data with GS substituted, suffix. `None` if
/// it does not fit.
pub(super) fn wrap(config: &PlainConfig, aim: Option<Aim>, data: &[u8], frame: &mut Buffer) -> Option<()> {
    frame.extend_from_slice(config.prefix.as_bytes()).ok()?;
    if let Some(aim) = aim {
        frame.extend_from_slice(&aim.bytes()).ok()?;
    }
    for &byte in data {
        match (byte, config.gs_substitutes.first()) {
            (GS, Some(substitute)) => frame.extend_from_slice(substitute.as_bytes()).ok()?,
            _ => frame.push(byte).ok()?,
        }
    }
    frame.extend_from_slice(config.suffix.as_bytes()).ok()
}

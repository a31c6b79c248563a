//! The plain reader: data, perhaps with a prefix and a suffix, perhaps with an AIM identifier, and some kind of end.
//!
//! Most hand-held and fixed readers on RS-232, USB-CDC and TCP, as they come or as set up. Guaranteed, by framing:
//!
//! | framing | delivered, whatever came before |
//! |---|---|
//! | `terminated` | every frame that begins after a terminator or a quiet gap and ends with a terminator |
//! | `idle-gap` | every run of bytes between quiet gaps (or terminators, where configured) |
//! | `stx-etx` | every STX … ETX with neither inside |
//!
//! Nothing that lacks its end is ever data: half a label may be a whole label of another kind. The no-read texts are
//! matched before anything looks at the payload, on the whole of it, with or without an AIM identifier: `]A0NR` says
//! that nothing was read.
//!
//! It refuses vendor code identifiers of one letter (an S10 item may begin with it): set the reader to AIM.
//! Source: the serial interface chapters of the Zebra, Honeywell, SICK, Keyence, Datalogic and Cognex manuals.

pub mod config;

pub use config::{AimPolicy, Framing, PlainConfig, Text};

use super::{FRAME_BYTES_MAX, Scan, ScanFault, ScannerProtocol};
use crate::symbology::Aim;
use crate::units::Micros;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const GS: u8 = 0x1D;

type Buffer = heapless::Vec<u8, FRAME_BYTES_MAX>;

/// Where in the stream the codec stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between STX and ETX, or anywhere under the other framings.
    Inside,
    /// Outside STX and ETX.
    Outside,
    /// In a frame already reported as too long.
    Discarding,
}

/// What made a frame end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Its terminator or ETX.
    Proper,
    /// The line went quiet.
    Quiet,
    /// The next STX.
    NextStart,
}

/// The codec. Bytes of one reader, in order.
#[derive(Clone, Debug)]
pub struct Plain {
    config: PlainConfig,
    place: Place,
    frame: Buffer,
    /// When the first byte of `frame` arrived; under STX/ETX, the STX.
    first: Micros,
    last: Micros,
    /// The last frame delivered, which a [`Scan`] borrows.
    raw: Buffer,
    payload: Buffer,
}

/// A scan by its place in `raw` and `payload`, so that the codec can be changed while one is being made.
enum Found {
    Read {
        aim: Option<Aim>,
    },
    /// By the configuration's text with this index.
    NoRead(usize),
    Fault(ScanFault),
}

impl Plain {
    /// Expects a validated configuration; see [`PlainConfig::validate`].
    pub const fn new(config: PlainConfig) -> Self {
        let place = match config.framing {
            Framing::StxEtx => Place::Outside,
            Framing::Terminated | Framing::IdleGap => Place::Inside,
        };
        Self {
            config,
            place,
            frame: Buffer::new(),
            first: Micros::ZERO,
            last: Micros::ZERO,
            raw: Buffer::new(),
            payload: Buffer::new(),
        }
    }

    fn accept(&mut self, time: Micros, byte: u8) -> Option<(Found, Micros)> {
        let quiet = self.end_if_quiet(time);
        self.last = time;
        let found = match self.config.framing {
            Framing::StxEtx => self.accept_framed(time, byte),
            Framing::Terminated | Framing::IdleGap if self.config.terminators.as_bytes().contains(&byte) => {
                self.end(End::Proper)
            }
            Framing::Terminated | Framing::IdleGap => self.store(time, byte),
        };
        // After a quiet gap nothing was held, so this byte could only begin something: never two scans.
        quiet.or(found)
    }

    fn accept_framed(&mut self, time: Micros, byte: u8) -> Option<(Found, Micros)> {
        match (byte, self.place) {
            (STX, _) => {
                let cut = self.end(End::NextStart);
                self.place = Place::Inside;
                self.first = time;
                cut
            }
            (ETX, Place::Inside) => self.end(End::Proper),
            (ETX, Place::Discarding) => {
                self.place = Place::Outside;
                None
            }
            (b'\r' | b'\n', Place::Outside) => None,
            _ => self.store(time, byte),
        }
    }

    fn store(&mut self, time: Micros, byte: u8) -> Option<(Found, Micros)> {
        if self.place == Place::Discarding {
            return None;
        }
        if self.frame.is_empty() && !(self.config.framing == Framing::StxEtx && self.place == Place::Inside) {
            self.first = time;
        }
        if self.frame.len() >= usize::from(self.config.frame_bytes_max) || self.frame.push(byte).is_err() {
            let fault = self.fault(ScanFault::TooLong);
            self.place = Place::Discarding;
            return fault;
        }
        None
    }

    fn end_if_quiet(&mut self, now: Micros) -> Option<(Found, Micros)> {
        if now - self.last < self.config.idle_gap() {
            return None;
        }
        self.end(End::Quiet)
    }

    /// The frame so far is over, one way or another; the next byte begins anew.
    fn end(&mut self, end: End) -> Option<(Found, Micros)> {
        let stx_etx = self.config.framing == Framing::StxEtx;
        let place = self.place;
        self.place = if stx_etx { Place::Outside } else { Place::Inside };
        match (place, end) {
            (Place::Discarding, _) => None,
            (Place::Outside, _) if self.frame.is_empty() => None,
            (Place::Outside, _) => self.fault(ScanFault::OutsideFrame),
            (Place::Inside, _) if self.frame.is_empty() && !stx_etx => None,
            (Place::Inside, End::Proper) => self.judge(),
            (Place::Inside, End::Quiet) if self.config.framing == Framing::IdleGap => self.judge(),
            (Place::Inside, End::Quiet | End::NextStart) => self.fault(ScanFault::Unterminated),
        }
    }

    fn fault(&mut self, kind: ScanFault) -> Option<(Found, Micros)> {
        core::mem::swap(&mut self.raw, &mut self.frame);
        self.frame.clear();
        Some((Found::Fault(kind), self.first))
    }

    /// A whole frame: take the wrapping off, match the no-reads, then ask for what must be there.
    fn judge(&mut self) -> Option<(Found, Micros)> {
        core::mem::swap(&mut self.raw, &mut self.frame);
        self.frame.clear();
        self.payload.clear();
        let config = &self.config;
        let without_prefix = self.raw.strip_prefix(config.prefix.as_bytes());
        let inner = without_prefix.unwrap_or(&self.raw);
        let without_suffix = inner.strip_suffix(config.suffix.as_bytes());
        let inner = without_suffix.unwrap_or(inner);
        let (aim, data) = Aim::split(inner);
        if let Some(which) = config.no_read(inner).or_else(|| config.no_read(data)) {
            return Some((Found::NoRead(which), self.first));
        }
        let (aim, data) = if config.aim == AimPolicy::Absent { (None, inner) } else { (aim, data) };
        let fault = match () {
            // STX ETX, and no text says that this is a no-read: like a lone CR, no frame.
            () if self.raw.is_empty() => return None,
            () if without_prefix.is_none() => Some(ScanFault::PrefixMissing),
            () if without_suffix.is_none() => Some(ScanFault::SuffixMissing),
            () if config.aim == AimPolicy::Required && aim.is_none() => Some(ScanFault::AimMissing),
            () if data.is_empty() => Some(ScanFault::Empty),
            () => None,
        };
        if let Some(kind) = fault {
            return Some((Found::Fault(kind), self.first));
        }
        let mut rest = data;
        while let [byte, after @ ..] = rest {
            let substitute = config.gs_substitute(rest);
            let _ = self.payload.push(if substitute.is_some() { GS } else { *byte }); // never longer than `raw`
            rest = substitute.map_or(after, |length| &rest[length..]);
        }
        Some((Found::Read { aim }, self.first))
    }

    fn scan(&self, (found, at): (Found, Micros)) -> Scan<'_> {
        let raw = &self.raw[..];
        match found {
            Found::Read { aim } => Scan::Read { payload: &self.payload, aim, at, raw },
            Found::NoRead(which) => {
                Scan::NoRead { which: self.config.no_read.get(which).map_or("", |text| text.as_str()), at, raw }
            }
            Found::Fault(kind) => Scan::Fault { kind, at, raw },
        }
    }
}

impl ScannerProtocol for Plain {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        let found = self.accept(time, byte)?;
        Some(self.scan(found))
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        let found = self.end_if_quiet(now)?;
        Some(self.scan(found))
    }
}

/// One frame as a reader set up like this sends it, for virtual readers: prefix, AIM identifier, data with GS
/// substituted, suffix, all terminators or STX and ETX. `None` if it is too long, or `data` hold what would end it.
pub fn encode(config: &PlainConfig, aim: Option<Aim>, data: &[u8]) -> Option<heapless::Vec<u8, FRAME_BYTES_MAX>> {
    let stx_etx = config.framing == Framing::StxEtx;
    let mut frame = Buffer::new();
    if stx_etx {
        frame.push(STX).ok()?;
    }
    frame.extend_from_slice(config.prefix.as_bytes()).ok()?;
    if let Some(aim) = aim {
        frame.extend_from_slice(&aim.bytes()).ok()?;
    }
    for &byte in data {
        let ends = if stx_etx { matches!(byte, STX | ETX) } else { config.terminators.as_bytes().contains(&byte) };
        match (byte, config.gs_substitutes.first()) {
            _ if ends => return None,
            (GS, Some(substitute)) => frame.extend_from_slice(substitute.as_bytes()).ok()?,
            _ => frame.push(byte).ok()?,
        }
    }
    frame.extend_from_slice(config.suffix.as_bytes()).ok()?;
    if frame.len() > usize::from(config.frame_bytes_max) + usize::from(stx_etx) {
        return None;
    }
    if stx_etx {
        frame.push(ETX).ok()?;
    } else {
        frame.extend_from_slice(config.terminators.as_bytes()).ok()?;
    }
    Some(frame)
}

#[cfg(test)]
mod tests;

//! Where a frame of a text reader begins and ends: at a terminator, at silence, between STX and ETX.
//!
//! Apart from the protocols, so that bytes are cut into frames in one place, whatever a make calls its results. What a
//! frame says is not known here, and nothing without its end is ever a whole frame.

use super::plain::{Framing, PlainConfig};
use super::{FRAME_BYTES_MAX, ScanFault};
use crate::units::Micros;

pub(super) const STX: u8 = 0x02;
pub(super) const ETX: u8 = 0x03;

/// Bytes of one frame.
pub type Buffer = heapless::Vec<u8, FRAME_BYTES_MAX>;

/// Frames of another framing that a make sends on the same line, as answers to commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Nothing,
    /// STX … ETX, where results are framed otherwise.
    StxEtx,
    /// Lines that begin with `|`, where results are between STX and ETX.
    Lines,
}

/// A frame, whole or not; its bytes are [`Cutter::raw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Why it is no frame.
    pub fault: Option<ScanFault>,
    /// When its first byte arrived; under STX/ETX, the STX.
    pub at: Micros,
    /// The byte that ended it, where a byte did.
    pub ended_by: Option<u8>,
    /// Framed as what the make sends beside its results, and only that.
    pub beside: bool,
}

/// Where in the stream the cutter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between STX and ETX, or anywhere under the other framings.
    Inside,
    /// Outside STX and ETX.
    Outside,
    /// In a frame already reported.
    Discarding,
}

/// What made a frame end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Its terminator or ETX.
    Proper(u8),
    /// The line went quiet.
    Quiet,
    /// The next STX.
    NextStart,
}

/// Cuts the bytes of one reader into frames, in order.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    usual: Framing,
    /// Differs from `usual` inside a frame of [`Beside`].
    now: Framing,
    place: Place,
    frame: Buffer,
    first: Micros,
    last: Micros,
    /// The byte before this one, if it came without a gap.
    before: Option<u8>,
    /// What ended the last frame may have been its last byte: an end that follows at once is still that frame's.
    ends_again: bool,
    /// Why the frame is none, whatever ends it.
    spoilt: Option<ScanFault>,
    raw: Buffer,
}

impl Cutter {
    pub const fn new(framing: Framing) -> Self {
        Self {
            usual: framing,
            now: framing,
            place: Self::rest(framing),
            frame: Buffer::new(),
            first: Micros::ZERO,
            last: Micros::ZERO,
            before: None,
            ends_again: false,
            spoilt: None,
            raw: Buffer::new(),
        }
    }

    const fn rest(framing: Framing) -> Place {
        match framing {
            Framing::StxEtx => Place::Outside,
            Framing::Terminated | Framing::IdleGap => Place::Inside,
        }
    }

    /// The bytes of the last frame cut, without terminator, STX and ETX.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub fn push(&mut self, config: &PlainConfig, beside: Beside, time: Micros, byte: u8) -> Option<Cut> {
        let quiet = self.idle(config, time);
        self.last = time;
        self.begin_beside(beside, byte);
        let ends = match self.now {
            Framing::StxEtx => false,
            _ if self.now != self.usual => matches!(byte, b'\r' | b'\n'),
            _ => config.terminators.as_bytes().contains(&byte),
        };
        let cut = match self.now {
            Framing::StxEtx => self.accept_framed(config, time, byte),
            _ if ends => self.end(End::Proper(byte)),
            _ => self.store(config, time, byte),
        };
        self.before = Some(byte);
        // After a quiet gap nothing was held, so this byte could only begin something: never two cuts.
        quiet.or(cut)
    }

    /// Ends a frame that ends by silence, gives up one that should not have.
    pub fn idle(&mut self, config: &PlainConfig, now: Micros) -> Option<Cut> {
        if now - self.last < config.idle_gap() {
            return None;
        }
        self.before = None;
        self.ends_again = false;
        self.end(End::Quiet)
    }

    /// The byte that ended the last frame may have been its last, and its end is still to come.
    pub const fn ends_again(&mut self) {
        self.ends_again = true;
    }

    /// Something came that cannot be read as bytes: the frame it is in will be this fault.
    pub fn spoil(&mut self, config: &PlainConfig, time: Micros, kind: ScanFault) -> Option<Cut> {
        let quiet = self.idle(config, time);
        self.last = time;
        if self.frame.is_empty() && self.spoilt.is_none() && self.place != Place::Discarding {
            self.first = time;
        }
        self.spoilt = Some(kind);
        quiet
    }

    fn begin_beside(&mut self, beside: Beside, byte: u8) {
        if !self.frame.is_empty() || self.now != self.usual || self.place != Self::rest(self.usual) {
            return;
        }
        self.now = match (beside, self.usual, byte) {
            (Beside::StxEtx, Framing::Terminated | Framing::IdleGap, STX) => Framing::StxEtx,
            (Beside::Lines, Framing::StxEtx, b'|') => Framing::Terminated,
            _ => return,
        };
        self.place = Self::rest(self.now);
    }

    fn accept_framed(&mut self, config: &PlainConfig, time: Micros, byte: u8) -> Option<Cut> {
        match (byte, self.place) {
            (STX, _) => {
                let now = self.now;
                let cut = self.end(End::NextStart);
                (self.now, self.place, self.first) = (now, Place::Inside, time);
                cut
            }
            (ETX, Place::Inside | Place::Discarding) => self.end(End::Proper(ETX)),
            (b'\r' | b'\n', Place::Outside) => None,
            _ => self.store(config, time, byte),
        }
    }

    fn store(&mut self, config: &PlainConfig, time: Micros, byte: u8) -> Option<Cut> {
        self.ends_again = false;
        if self.place == Place::Discarding {
            return None;
        }
        let inside = self.now == Framing::StxEtx && self.place == Place::Inside;
        if self.frame.is_empty() && !inside && self.spoilt.is_none() {
            self.first = time;
        }
        if self.frame.len() >= usize::from(config.frame_bytes_max) || self.frame.push(byte).is_err() {
            self.place = Place::Discarding;
            return Some(self.cut(Some(ScanFault::TooLong), None));
        }
        None
    }

    /// The frame so far is over, one way or another; the next byte begins anew.
    fn end(&mut self, end: End) -> Option<Cut> {
        let (now, place, spoilt) = (self.now, self.place, self.spoilt.take());
        self.place = Self::rest(self.usual);
        let nothing = self.frame.is_empty() && spoilt.is_none();
        let again = core::mem::take(&mut self.ends_again);
        let cut = match (place, end, now) {
            (Place::Discarding, ..) => None,
            (Place::Outside, ..) if nothing => None,
            (Place::Outside, ..) => Some(self.cut(spoilt.or(Some(ScanFault::OutsideFrame)), None)),
            (Place::Inside, End::Proper(byte), Framing::StxEtx) => Some(self.cut(spoilt, Some(byte))),
            (Place::Inside, End::Proper(_), Framing::Terminated) if nothing && again => None,
            // The LF of CR LF ends nothing. Any other empty frame may be the answer of a reader that read nothing.
            (Place::Inside, End::Proper(b'\n'), _) if nothing && self.before == Some(b'\r') => None,
            (Place::Inside, End::Proper(byte), _) => {
                if nothing {
                    self.first = self.last;
                }
                Some(self.cut(spoilt, Some(byte)))
            }
            (Place::Inside, ..) if nothing && now != Framing::StxEtx => None,
            (Place::Inside, End::Quiet, Framing::IdleGap) => Some(self.cut(spoilt, None)),
            (Place::Inside, ..) => Some(self.cut(spoilt.or(Some(ScanFault::Unterminated)), None)),
        };
        self.now = self.usual;
        cut
    }

    fn cut(&mut self, fault: Option<ScanFault>, ended_by: Option<u8>) -> Cut {
        core::mem::swap(&mut self.raw, &mut self.frame);
        self.frame.clear();
        Cut { fault, at: self.first, ended_by, beside: self.now != self.usual }
    }
}

//! Finds packets among bytes: SSI has no start byte, only a length and a checksum.
//!
//! Apart from the codec, because a damaged length makes a window that is not there, and what lies in it must be looked
//! at again. Every whole packet between two pauses is found, whatever stands around it, at the latest when the line is
//! quiet; but for one case: a packet that begins inside another whole packet is part of that one.

use super::packet::{DECODER, PACKET_BYTES_MAX, Packet, checksum};
use crate::scanner::ScanFault;
use crate::units::Micros;

/// What was found; its bytes are [`Window::taken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Packet,
    Fault(ScanFault),
}

/// What the bytes from here on look like.
enum Shape {
    /// The beginning of a packet.
    Begun,
    /// No packet begins here.
    Not,
    /// As long as its length says, but for the checksum.
    Damaged(usize),
    Whole(usize),
}

fn shape(bytes: &[u8]) -> Shape {
    let Some(&length) = bytes.first() else { return Shape::Begun };
    let whole = usize::from(length) + 2;
    if length < 4 || bytes.get(2).is_some_and(|source| *source != DECODER) {
        return Shape::Not;
    }
    match bytes.get(..whole).and_then(<[u8]>::split_last_chunk::<2>) {
        None => Shape::Begun,
        Some((packet, sent)) if checksum(packet) == *sent => Shape::Whole(whole),
        Some(_) => Shape::Damaged(whole),
    }
}

#[derive(Clone, Debug)]
pub(super) struct Window {
    /// From where a packet may begin, and when each byte came.
    held: heapless::Vec<u8, PACKET_BYTES_MAX>,
    times: heapless::Vec<Micros, PACKET_BYTES_MAX>,
    /// How many of `held` belong to a fault already given.
    said: usize,
    /// Bytes before `held` that are no packet and not said yet.
    lost: Packet,
    lost_at: Micros,
    /// There were too many of them; said, and no more kept.
    lost_too_many: bool,
    taken: Packet,
    taken_at: Micros,
}

impl Window {
    pub const fn new() -> Self {
        Self {
            held: heapless::Vec::new(),
            times: heapless::Vec::new(),
            said: 0,
            lost: Packet::new(),
            lost_at: Micros::ZERO,
            lost_too_many: false,
            taken: Packet::new(),
            taken_at: Micros::ZERO,
        }
    }

    /// The bytes of the last piece, and when the first of them came.
    pub fn taken(&self) -> (&[u8], Micros) {
        (&self.taken, self.taken_at)
    }

    /// One byte more; then ask [`next`](Self::next).
    pub fn push(&mut self, time: Micros, byte: u8) {
        if self.held.is_full() {
            self.skip(); // not reached: a window of this length is a packet or damage
        }
        let _ = self.held.push(byte);
        let _ = self.times.push(time);
    }

    /// The next piece, while more bytes may come.
    pub fn next(&mut self) -> Option<Piece> {
        loop {
            match shape(&self.held) {
                Shape::Begun => return None,
                Shape::Not => self.skip(),
                Shape::Whole(whole) => return Some(self.take(whole)),
                Shape::Damaged(_) if self.said > 0 => self.skip(),
                Shape::Damaged(whole) => return Some(self.damaged(whole)),
            }
            if self.lost.is_full() && !self.lost_too_many {
                self.lost_too_many = true;
                return Some(self.lose(ScanFault::OutsideFrame));
            }
        }
    }

    /// The next piece, when no more bytes come: what is begun has no end. Ask again until there is none.
    pub fn quiet(&mut self) -> Option<Piece> {
        let begun = self.held.len() > 2 && self.said == 0 && self.lost.is_empty();
        loop {
            if let Some(piece) = self.next() {
                return Some(piece);
            }
            if self.held.is_empty() {
                break;
            }
            self.skip();
        }
        let quietly = self.lost.is_empty() || self.lost_too_many;
        self.lost_too_many = false;
        if quietly {
            self.lost.clear();
            return None;
        }
        Some(self.lose(if begun { ScanFault::Unterminated } else { ScanFault::OutsideFrame }))
    }

    /// Nothing of what is held belongs to what comes.
    pub fn part(&mut self) {
        while !self.held.is_empty() {
            self.skip();
        }
    }

    /// The first byte begins no packet.
    fn skip(&mut self) {
        if self.said > 0 {
            self.said -= 1;
        } else if let (Some(byte), Some(time)) = (self.held.first(), self.times.first()) {
            if self.lost.is_empty() {
                self.lost_at = *time;
            }
            let _ = self.lost.push(*byte); // full: said, and the rest is more of the same
        }
        self.drop_first(1);
    }

    fn take(&mut self, whole: usize) -> Piece {
        self.keep(whole);
        self.drop_first(whole);
        self.said = self.said.saturating_sub(whole);
        Piece::Packet
    }

    /// Says that a packet is damaged, and goes on to look inside it.
    fn damaged(&mut self, whole: usize) -> Piece {
        self.keep(whole);
        self.drop_first(1);
        self.said = whole - 1;
        Piece::Fault(ScanFault::Checksum)
    }

    fn lose(&mut self, kind: ScanFault) -> Piece {
        self.taken = core::mem::take(&mut self.lost);
        self.taken_at = self.lost_at;
        Piece::Fault(kind)
    }

    fn keep(&mut self, whole: usize) {
        self.taken = self.held.iter().take(whole).copied().collect();
        self.taken_at = self.times.first().copied().unwrap_or_default();
    }

    fn drop_first(&mut self, count: usize) {
        let count = count.min(self.held.len());
        let rest = self.held.len() - count;
        self.held.copy_within(count.., 0);
        self.times.copy_within(count.., 0);
        self.held.truncate(rest);
        self.times.truncate(rest);
    }
}

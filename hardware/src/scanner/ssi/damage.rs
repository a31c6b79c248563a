//! What was heard damaged, so that a packet sent again can be given the time of its first sending.
//!
//! Apart from the codec, because it is the one place that compares bytes that cannot be trusted, and it only ever
//! answers *when*: the data are those of the packet sent again. Where the damaged bytes do not say clearly that they
//! were this very packet, sent for the first time, the answer is that nobody knows.

use super::packet::{Packet, resent};
use crate::units::Micros;

/// Damaged sendings remembered: a decoder tries three times.
const DAMAGED_MAX: usize = 4;

#[derive(Clone, Debug)]
struct Damaged {
    at: Micros,
    bytes: Packet,
}

/// What was heard damaged since the last whole packet of a label, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    heard: heapless::Vec<Damaged, DAMAGED_MAX>,
}

impl Damage {
    pub const fn new() -> Self {
        Self { heard: heapless::Vec::new() }
    }

    pub fn hear(&mut self, at: Micros, bytes: &[u8]) {
        if self.heard.is_full() {
            self.heard.remove(0);
        }
        let _ = self.heard.push(Damaged { at, bytes: bytes.iter().copied().take(257).collect() });
    }

    pub fn forget(&mut self) {
        self.heard.clear();
    }

    pub fn forget_before(&mut self, time: Micros) {
        self.heard.retain(|damaged| damaged.at >= time);
    }

    /// Anything as long as `bytes` or longer?
    pub fn is_any_of(&self, bytes: usize) -> bool {
        self.heard.iter().any(|damaged| damaged.bytes.len() >= bytes)
    }

    /// When `packet`, whose resent bit is set, was sent for the first time, if that was heard: seven bytes of eight in
    /// their place, and more like a first sending than like another one.
    pub fn first_sending(&self, packet: &[u8]) -> Option<Micros> {
        let first = resent(packet, false)?;
        let is_first = |damaged: &&Damaged| {
            let likeness = likeness(&damaged.bytes, &first);
            likeness * 8 >= first.len() * 7 && likeness > self::likeness(&damaged.bytes, packet)
        };
        self.heard.iter().find(is_first).map(|damaged| damaged.at)
    }
}

/// How many bytes stand where they should. Where bytes were lost or came in between: counted from both ends.
fn likeness(heard: &[u8], sent: &[u8]) -> usize {
    let same = |(heard, sent): &(&u8, &u8)| heard == sent;
    if heard.len() == sent.len() {
        return heard.iter().zip(sent).filter(same).count();
    }
    let front = heard.iter().zip(sent).take_while(same).count();
    let back = heard.iter().rev().zip(sent.iter().rev()).take_while(same).count();
    (front + back).min(heard.len()).min(sent.len())
}

//! Keyboard wedges: hand scanners at the bench that type what they read.
//!
//! Set the scanner to US layout, caps lock off, AIM identifiers on, control characters sent as Ctrl and a key, and a
//! suffix of Enter or Tab. Whoever reads the keyboard must hold it alone (grab it), or labels are typed into whatever
//! page is open, and hands over key events as bytes: [`event`], three each, in order.
//!
//! Guaranteed: what [`plain`](super::plain) guarantees of its framings, on the text typed; a key that is no text of this
//! layout makes its whole frame [`ScanFault::Keys`] and never another text: keypad, function keys, AltGr, a key that
//! other layouts have. Alt with digits of the keypad is the character with that number where all tables agree, 1 to
//! 127. Repeats of a held key are nothing. A shift whose release was lost is let go by silence.
//!
//! GS (0x1D), on which GS1 labels depend, arrives where the scanner types it: as Ctrl and `]`, as Alt and 029, or as a
//! text in `gs_substitutes`. A scanner that drops it, or types another layout's `]`, loses it, and nothing here can tell:
//! read a GS1 label with a variable field at installation. A serial line has none of this.
//!
//! `raw` of a scan is the text typed, since keys are no bytes of the label. Source: the key codes of Linux'
//! `input-event-codes.h`; the US layout; the keyboard chapters of Zebra's and Honeywell's guides.

pub mod layout;

use super::frame::Buffer;
use super::plain::config::NO_READ;
use super::plain::{self, Framing, Plain};
use super::results::results_table;
use super::{Ask, Scan, ScanFault, ScannerProtocol};
use crate::symbology::Aim;
use crate::units::Micros;
use layout::{Keys, Stroke};

results_table! {
    /// A hand scanner that types.
    pub struct KeyboardConfig(framing = Framing::Terminated, terminators = "\r\n\t", no_read = NO_READ) {}
}

impl KeyboardConfig {
    /// The first thing wrong, in words for whoever wrote it.
    pub fn validate(&self) -> Result<(), &'static str> {
        let typed = |text: &plain::Text| text.bytes().all(|byte| layout::strokes(byte).is_some());
        if ![&self.terminators, &self.prefix, &self.suffix].into_iter().all(typed) {
            return Err("terminators, prefix and suffix must be characters that a US keyboard types");
        }
        self.results().validate()
    }
}

/// One key event as this codec reads it: the key's Linux code, low byte first, and 0 for up, 1 for down, 2 for repeat.
pub const fn event(code: u16, value: u8) -> [u8; 3] {
    let [low, high] = code.to_le_bytes();
    [low, high, value]
}

/// Stands for events that were missed, as when the kernel says that its queue ran over.
pub const MISSED: [u8; 3] = event(0, 0xFF);

/// The codec. Events of one keyboard, in order.
#[derive(Clone, Debug)]
pub struct Keyboard {
    text: Plain,
    gap: Micros,
    keys: Keys,
    event: heapless::Vec<u8, 3>,
    last: Micros,
}

impl Keyboard {
    /// Expects a validated configuration; see [`KeyboardConfig::validate`].
    pub fn new(config: &KeyboardConfig) -> Self {
        let results = config.results();
        let gap = results.idle_gap();
        Self { text: Plain::new(results), gap, keys: Keys::default(), event: heapless::Vec::new(), last: Micros::ZERO }
    }

    /// After silence no key is held. Half an event is none; whoever sent it goes on with a whole one.
    fn let_go(&mut self, now: Micros) {
        if now - self.last >= self.gap {
            self.keys = Keys::default();
            self.event.clear();
        }
    }
}

impl ScannerProtocol for Keyboard {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        self.let_go(time);
        self.last = time;
        let _ = self.event.push(byte); // emptied when full
        let [low, high, value] = self.event[..] else { return None };
        self.event.clear();
        match self.keys.take(u16::from_le_bytes([low, high]), value) {
            Stroke::Nothing => None,
            Stroke::Character(character) => self.text.push(time, character),
            Stroke::Refused => self.text.spoil(time, ScanFault::Keys),
        }
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        self.let_go(now);
        self.text.idle(now)
    }

    fn request(&self, _: Ask) -> Option<&[u8]> {
        None
    }
}

/// The events of one label as a scanner set up like this types it, for virtual scanners. `None` if it is too long, or
/// holds what cannot be typed or would end it.
pub fn encode(config: &KeyboardConfig, aim: Option<Aim>, data: &[u8]) -> Option<Buffer> {
    let mut events = Buffer::new();
    for character in plain::encode(&config.results(), aim, data)? {
        for stroke in layout::strokes(character)? {
            events.extend_from_slice(&stroke).ok()?;
        }
    }
    Some(events)
}

#[cfg(test)]
mod tests;

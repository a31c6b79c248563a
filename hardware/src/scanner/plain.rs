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
//! `trigger` holds the bytes that start and stop a reading where the serial line does that, as Honeywell's SYN T CR.
//!
//! It refuses vendor code identifiers of one letter (an S10 item may begin with it): set the reader to AIM.
//! Source: the serial interface chapters of the Zebra, Honeywell, SICK, Keyence, Datalogic and Cognex manuals.

pub mod config;

pub use config::{AimPolicy, Framing, PlainConfig, Text, Trigger};

use super::frame::{Buffer, Cut, ETX, STX};
use super::payload::wrap;
use super::results::{Dialogue, Results, Said};
use super::{Ask, FRAME_BYTES_MAX};
use crate::symbology::Aim;

/// The codec. Bytes of one reader, in order.
pub type Plain = Results<Option<Trigger>>;

impl Plain {
    /// Expects a validated configuration; see [`PlainConfig::validate`].
    pub fn new(config: PlainConfig) -> Self {
        let trigger = config.trigger.clone();
        Self::with(config, trigger)
    }
}

/// Every frame is a result; a trigger is not answered.
impl Dialogue for Option<Trigger> {
    fn hear(&self, _: &PlainConfig, frame: &[u8], _: &Cut, _: &mut Buffer) -> Said {
        Said::Result(0, frame.len())
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        let trigger = self.as_ref()?;
        match ask {
            Ask::Start => Some(trigger.start.as_bytes()),
            Ask::Stop => Some(trigger.stop.as_bytes()),
            Ask::Identity => None,
        }
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
    let ends =
        |byte: &u8| if stx_etx { matches!(*byte, STX | ETX) } else { config.terminators.as_bytes().contains(byte) };
    if data.iter().any(ends) {
        return None;
    }
    wrap(config, aim, data, &mut frame)?;
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

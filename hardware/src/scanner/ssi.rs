//! Zebra SSI, the Simple Serial Interface: packets with a length and a checksum, acknowledged both ways.
//!
//! Set the reader to *packeted* decode data with ACK/NAK handshaking, multipacket option 1 and AIM identifiers, usually
//! 9600 8N1. Guaranteed:
//!
//! - A packet with a wrong checksum, or without its end, is never delivered; it is said, and a NAK is owed for it.
//! - Every DECODE_DATA and EVENT packet is owed an ACK, those sent again too; [`owed`](ScannerProtocol::owed) has it.
//! - A packet sent again after it was delivered is not delivered twice. The same label read a second time is: it comes
//!   without the resent bit. So does one whose first sending was damaged.
//! - A scan has the time of its *first* sending, even when only a later one could be read: a parcel moves on. Where
//!   the first one was not heard, or too damaged to be known, the scan is [`ScanFault::Late`] and no data.
//! - A message of many packets is whole or a fault. After a packet of it that was acknowledged twice the decoder may
//!   have taken the second one for the next packet: [`ScanFault::PartMissing`].
//! - Every whole packet between two quiet gaps is found, whatever noise stands around it.
//!
//! Not guaranteed: a decoder that resends without saying so reads twice. Refused: raw ASCII data (use `plain`), images,
//! multipacket options 2 and 3, whose lost parts a host cannot ask for.
//!
//! Source: the SSI chapters of Zebra's and Symbol's product guides (DS9908, SE955, SE923), 72E-40451.

mod damage;
pub mod packet;
mod window;

use self::damage::Damage;
use self::packet::Packet;
use self::window::{Piece, Window};
use super::frame::Buffer;
use super::payload::{Found, judge};
use super::plain::config::text;
use super::plain::{AimPolicy, Framing, PlainConfig, Text};
use super::{Ask, FRAME_BYTES_MAX, Scan, ScanFault, ScannerProtocol};
use crate::units::Micros;
use serde::{Deserialize, Serialize};

/// Damaged bytes as many as this were more than a label: what follows may be the rest of a message.
const LONG_BYTES: usize = 128;
/// Damaged bytes as many as this may have been one packet of the message they came into; fewer are noise.
const PART_BYTES: usize = 32;

/// A reader that speaks SSI. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SsiConfig {
    /// The reader waits for ACK and NAK, as delivered.
    pub handshake: bool,
    /// Longest pause inside a packet.
    pub idle_gap_ms: u16,
    /// How long after a first sending the reader may still send it again: three times its *host response timeout*, of
    /// 2 s as delivered. A message of many packets is given up after a pause as long.
    pub resend_ms_max: u16,
    /// Sent by the reader before the AIM identifier and the data, as configured there; taken off.
    pub prefix: Text,
    /// Sent after the data; taken off.
    pub suffix: Text,
    pub aim: AimPolicy,
    /// Whole payloads that mean nothing was read, compared without case; `#` stands for any digit.
    pub no_read: heapless::Vec<Text, 32>,
    /// What the reader sends in place of GS (0x1D); the longest match is mapped back.
    pub gs_substitutes: heapless::Vec<Text, 4>,
    /// Longer messages are a fault. At least 4,096 where 2D codes are read.
    pub frame_bytes_max: u16,
}

impl Default for SsiConfig {
    fn default() -> Self {
        Self {
            handshake: true,
            idle_gap_ms: 200,
            resend_ms_max: 6_500,
            prefix: Text::new(),
            suffix: Text::new(),
            aim: AimPolicy::default(),
            no_read: core::iter::once(text("NR")).collect(),
            gs_substitutes: heapless::Vec::new(),
            frame_bytes_max: FRAME_BYTES_MAX as u16,
        }
    }
}

impl SsiConfig {
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.idle_gap_ms == 0 {
            return Err("idle_gap_ms is 0, so no packet would ever be whole; give milliseconds, such as 200");
        }
        if self.resend_ms_max < self.idle_gap_ms {
            return Err(
                "resend_ms_max is shorter than idle_gap_ms; give three times the reader's host response timeout",
            );
        }
        self.payload().validate()
    }

    /// What stands around the data, as a plain reader's; its framing is not used.
    fn payload(&self) -> PlainConfig {
        PlainConfig {
            framing: Framing::StxEtx,
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            aim: self.aim,
            no_read: self.no_read.clone(),
            gs_substitutes: self.gs_substitutes.clone(),
            frame_bytes_max: self.frame_bytes_max,
            ..PlainConfig::default()
        }
    }
}

/// A message that has begun, of one packet or many.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: u8,
    at: Micros,
    /// When the last packet of it came.
    last: Micros,
    /// Why it is no data, whatever comes.
    spoilt: Option<ScanFault>,
}

/// The codec. Bytes of one decoder, in order.
#[derive(Clone, Debug)]
pub struct Ssi {
    payload_config: PlainConfig,
    handshake: bool,
    gap: Micros,
    resend: Micros,
    window: Window,
    last: Micros,
    /// The last DECODE_DATA packet accepted, without its resent bit, and when.
    accepted: Packet,
    accepted_at: Micros,
    damage: Damage,
    message: Option<Message>,
    /// The packets of the message, and the data in them.
    raw: Buffer,
    text: Buffer,
    payload: Buffer,
    owed: Option<&'static [u8]>,
}

impl Ssi {
    /// Expects a validated configuration; see [`SsiConfig::validate`].
    pub fn new(config: &SsiConfig) -> Self {
        Self {
            payload_config: config.payload(),
            handshake: config.handshake,
            gap: Micros::from_ms(u64::from(config.idle_gap_ms)),
            resend: Micros::from_ms(u64::from(config.resend_ms_max)),
            window: Window::new(),
            last: Micros::ZERO,
            accepted: Packet::new(),
            accepted_at: Micros::ZERO,
            damage: Damage::new(),
            message: None,
            raw: Buffer::new(),
            text: Buffer::new(),
            payload: Buffer::new(),
            owed: None,
        }
    }

    /// Looks at pieces until one is worth saying.
    fn pieces(&mut self, mut piece: impl FnMut(&mut Window) -> Option<Piece>) -> Option<(Found, Micros)> {
        loop {
            let found = match piece(&mut self.window)? {
                Piece::Packet => self.packet(),
                Piece::Fault(kind) => Some(self.damaged(kind)),
            };
            if found.is_some() {
                return found;
            }
        }
    }

    /// The line was quiet: gives up what has no end, a packet or a message.
    fn quiet(&mut self, now: Micros) -> Option<(Found, Micros)> {
        if let Some(found) = self.pieces(Window::quiet) {
            return Some(found);
        }
        let message = self.message.filter(|message| now - message.last >= self.resend)?;
        self.message = None;
        Some((Found::Fault(message.spoilt.unwrap_or(ScanFault::Unterminated)), message.at))
    }

    fn damaged(&mut self, kind: ScanFault) -> (Found, Micros) {
        let (bytes, at) = self.window.taken();
        self.damage.hear(at, bytes);
        if self.message.is_none() {
            self.raw.clear();
            let _ = self.raw.extend_from_slice(bytes); // a packet's length at most
        }
        // Noise is owed nothing; what was a packet is asked for again.
        if kind != ScanFault::OutsideFrame {
            self.owe(packet::HOST_NAK_RESEND);
        }
        (Found::Fault(kind), at)
    }

    fn owe(&mut self, answer: &'static [u8]) {
        self.owed = self.handshake.then_some(answer);
    }

    fn packet(&mut self) -> Option<(Found, Micros)> {
        let (bytes, at) = self.window.taken();
        let [_, operation, _, _, data @ .., _, _] = bytes else { return None };
        let found = match *operation {
            packet::DECODE_DATA => return self.decode_data(),
            packet::ACK => Found::Answer(true),
            packet::NAK => Found::Answer(false),
            // Data in response to a command are not acknowledged.
            packet::REVISION_REPLY | packet::PARAMETER_SEND => {
                self.payload.clear();
                let _ = self.payload.extend_from_slice(data); // a packet's length at most
                Found::Identity
            }
            packet::EVENT => {
                self.owe(packet::HOST_ACK);
                return None;
            }
            _ => {
                self.owe(packet::HOST_NAK_CONTEXT);
                Found::Fault(ScanFault::Malformed)
            }
        };
        self.say(found, at)
    }

    /// A report of one packet, which leaves a message that has begun alone.
    fn say(&mut self, found: Found, at: Micros) -> Option<(Found, Micros)> {
        if self.message.is_none() {
            self.raw.clear();
            let _ = self.raw.extend_from_slice(self.window.taken().0); // a packet's length at most
        }
        Some((found, at))
    }

    fn decode_data(&mut self) -> Option<(Found, Micros)> {
        self.owe(packet::HOST_ACK);
        let (bytes, now) = self.window.taken();
        let [_, _, _, status, data @ .., _, _] = bytes else { return None };
        let Some(&kind) = data.first() else { return self.say(Found::Fault(ScanFault::Malformed), now) };
        let (resent, more) = (status & packet::RESENT != 0, status & packet::MORE != 0);
        self.damage.forget_before(now - self.resend);
        let first = packet::resent(bytes, false)?;
        let heard = if resent { self.damage.first_sending(bytes) } else { Some(now) };
        let same = first == self.accepted && now - self.accepted_at <= self.resend;
        if heard.is_none() && same {
            // Delivered already: the ACK did not arrive, or not yet. In a message the decoder may hear both.
            if let Some(message) = &mut self.message {
                message.spoilt = Some(ScanFault::PartMissing);
            }
            return None;
        }
        let missing = !resent && self.part_missing(more, now);
        (self.accepted, self.accepted_at) = (first, now);
        self.damage.forget();
        if self.message.is_none() {
            self.raw.clear();
            self.text.clear();
            let late = heard.is_none().then_some(ScanFault::Late);
            self.message = Some(Message { kind, at: heard.unwrap_or(now), last: now, spoilt: late });
        }
        self.append(missing, kind, now);
        if more { None } else { self.finish() }
    }

    /// Damaged bytes that were not sent again may have been a packet of the message this one belongs to.
    fn part_missing(&self, more: bool, now: Micros) -> bool {
        let stale = self.message.is_some_and(|message| now - message.last >= self.resend);
        let part = if more || self.message.is_some() { PART_BYTES } else { LONG_BYTES };
        stale || self.damage.is_any_of(part)
    }

    /// Adds the packet taken to the message.
    fn append(&mut self, missing: bool, kind: u8, now: Micros) {
        let Some(message) = &mut self.message else { return };
        message.last = now;
        let (bytes, _) = self.window.taken();
        let data = bytes.get(5..bytes.len() - 2).unwrap_or_default();
        let room = usize::from(self.payload_config.frame_bytes_max);
        let fits = self.text.len() + data.len() <= room
            && self.text.extend_from_slice(data).is_ok()
            && self.raw.extend_from_slice(bytes).is_ok();
        if missing || message.kind != kind {
            message.spoilt = Some(ScanFault::PartMissing);
        } else if !fits {
            message.spoilt = message.spoilt.or(Some(ScanFault::TooLong));
        }
    }

    /// The message is over; says what it was.
    fn finish(&mut self) -> Option<(Found, Micros)> {
        let message = self.message.take()?;
        if let Some(spoilt) = message.spoilt {
            return Some((Found::Fault(spoilt), message.at));
        }
        let symbology = packet::symbology(message.kind);
        let found = judge(&self.payload_config, symbology, &self.text, &mut self.payload);
        let found = match found.unwrap_or(Found::Fault(ScanFault::Empty)) {
            Found::Read { aim } => Found::Read { aim: aim.or(packet::aim(message.kind)) },
            other => other,
        };
        Some((found, message.at))
    }

    fn scan(&self, (found, at): (Found, Micros)) -> Scan<'_> {
        let raw = if self.message.is_some() { self.window.taken().0 } else { &self.raw[..] };
        found.scan(&self.payload_config, at, raw, &self.payload)
    }
}

impl ScannerProtocol for Ssi {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        let mut found = None;
        if time - self.last >= self.gap {
            found = self.quiet(time);
            self.window.part();
        }
        self.last = time;
        self.window.push(time, byte);
        // After a gap nothing is held, so this byte could only begin something: never two reports.
        if found.is_none() {
            found = self.pieces(Window::next);
        }
        Some(self.scan(found?))
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        let quiet = now - self.last >= self.gap;
        let found = if quiet { self.quiet(now) } else { self.pieces(Window::next) }?;
        Some(self.scan(found))
    }

    fn owed(&mut self) -> Option<&[u8]> {
        self.owed.take()
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        Some(match ask {
            Ask::Start => packet::HOST_START,
            Ask::Stop => packet::HOST_STOP,
            Ask::Identity => packet::HOST_REVISION,
        })
    }
}

#[cfg(test)]
mod tests;

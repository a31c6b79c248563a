//! SSI packets, both ways: the station reads a decoder's and owes it answers, a virtual decoder writes them.
//!
//! Apart from the codec, because a packet is whole or nothing here; finding packets among bytes is the window's work,
//! and which of them are sent again is the codec's.
//!
//! `length operation source status data… checksum checksum`: the length counts itself and everything up to the checksum,
//! which makes the sum of all bytes, itself taken as one number of 16 bits, zero.

use crate::symbology::{Aim, Symbology};

/// The longest packet: 255 bytes that its length counts, and the checksum.
pub const PACKET_BYTES_MAX: usize = 257;
/// The most of a label's data that one packet carries.
pub const DATA_BYTES_MAX: usize = 250;

/// The bytes of one packet.
pub type Packet = heapless::Vec<u8, PACKET_BYTES_MAX>;

pub const DECODER: u8 = 0x00;
pub const HOST: u8 = 0x04;

/// Sent before, and not acknowledged.
pub const RESENT: u8 = 0x01;
/// More packets of the same message follow.
pub const MORE: u8 = 0x02;

pub const REVISION_REQUEST: u8 = 0xA3;
pub const REVISION_REPLY: u8 = 0xA4;
pub const PARAMETER_SEND: u8 = 0xC6;
pub const ACK: u8 = 0xD0;
pub const NAK: u8 = 0xD1;
pub const START_SESSION: u8 = 0xE4;
pub const STOP_SESSION: u8 = 0xE5;
pub const SCAN_ENABLE: u8 = 0xE9;
pub const SCAN_DISABLE: u8 = 0xEA;
pub const DECODE_DATA: u8 = 0xF3;
pub const EVENT: u8 = 0xF6;

/// What a host says of its own, as constants: it is owed at once.
pub const HOST_ACK: &[u8] = &[0x04, ACK, HOST, 0x00, 0xFF, 0x28];
/// The checksum was wrong: send it again.
pub const HOST_NAK_RESEND: &[u8] = &[0x05, NAK, HOST, 0x00, 0x01, 0xFF, 0x25];
/// The operation is not known here: do not send it again.
pub const HOST_NAK_CONTEXT: &[u8] = &[0x05, NAK, HOST, 0x00, 0x02, 0xFF, 0x24];
pub const HOST_START: &[u8] = &[0x04, START_SESSION, HOST, 0x00, 0xFF, 0x14];
pub const HOST_STOP: &[u8] = &[0x04, STOP_SESSION, HOST, 0x00, 0xFF, 0x13];
pub const HOST_REVISION: &[u8] = &[0x04, REVISION_REQUEST, HOST, 0x00, 0xFF, 0x55];

/// The checksum of a packet's bytes without it.
pub fn checksum(bytes: &[u8]) -> [u8; 2] {
    bytes.iter().fold(0u16, |sum, byte| sum.wrapping_sub(u16::from(*byte))).to_be_bytes()
}

/// A packet as sent. `None` if `data` are longer than a packet.
pub fn encode(operation: u8, source: u8, status: u8, data: &[u8]) -> Option<Packet> {
    let length = u8::try_from(data.len() + 4).ok()?;
    let mut packet = Packet::new();
    packet.extend_from_slice(&[length, operation, source, status]).ok()?;
    packet.extend_from_slice(data).ok()?;
    let checksum = checksum(&packet);
    packet.extend_from_slice(&checksum).ok()?;
    Some(packet)
}

/// The packets in which a decoder sends one label: as many as it takes, all but the last with more to follow.
pub fn decode_data(kind: u8, data: &[u8]) -> impl Iterator<Item = Packet> {
    let parts = data.chunks(DATA_BYTES_MAX).chain(data.is_empty().then_some(data)); // one packet, even for nothing
    let last = data.len().saturating_sub(1) / DATA_BYTES_MAX;
    parts.enumerate().filter_map(move |(index, part)| {
        let mut text = heapless::Vec::<u8, PACKET_BYTES_MAX>::from_slice(&[kind]).ok()?;
        text.extend_from_slice(part).ok()?;
        encode(DECODE_DATA, DECODER, if index < last { MORE } else { 0 }, &text)
    })
}

/// The same packet with the resent bit set, or taken off.
pub fn resent(packet: &[u8], resent: bool) -> Option<Packet> {
    let [_, operation, source, status, data @ .., _, _] = packet else { return None };
    let status = if resent { status | RESENT } else { status & !RESENT };
    encode(*operation, *source, status, data)
}

/// The identifier of what a decode type byte names; `None` where the byte is not in the table. A byte that names a
/// symbology without saying whether it carries GS1 gets the identifier that promises nothing.
pub fn aim(kind: u8) -> Option<Aim> {
    let id: &[u8; 2] = match kind {
        0x01 | 0x13 => b"A0",
        0x02 => b"F0",
        0x03 => b"C0",
        0x06 => b"I0",
        0x07 => b"G0",
        0x08..=0x09 | 0x0B | 0x10 => b"E0",
        0x0A => b"E4",
        0x0F => b"C1",
        0x11 => b"L2",
        0x1B => b"d1",
        0x1C => b"Q1",
        0x25 => b"U0",
        0x2D => b"z0",
        0x30..=0x32 => b"e0",
        _ => return None,
    };
    Aim::new(id[0], id[1])
}

/// The symbology that a decode type byte names.
pub fn symbology(kind: u8) -> Option<Symbology> {
    aim(kind).map(Aim::symbology)
}

//! The envelope: who, when and after what, around a body's bytes verbatim.
//!
//! Written by hand because the body's bytes go in exactly as the pipeline made them; read back with serde. Field order
//! is part of the format: `seq prev station lane at kind class audience body`.

use gatepost_pipeline::record::{Audience, Pending};
use serde_json::value::RawValue;

use crate::chain::Digest;

/// Appends the envelope of `pending` as record `seq` after a chain that ends in `prev`.
pub(crate) fn write(into: &mut Vec<u8>, seq: u64, prev: Digest, station: &str, pending: &Pending) {
    into.extend_from_slice(b"{\"seq\":");
    number(into, seq);
    into.extend_from_slice(b",\"prev\":\"");
    prev.write_hex(into);
    into.extend_from_slice(b"\",\"station\":");
    string(into, station);
    into.extend_from_slice(b",\"lane\":");
    string(into, pending.lane());
    into.extend_from_slice(b",\"at\":");
    if pending.at().0 < 0 {
        into.push(b'-');
    }
    number(into, pending.at().0.unsigned_abs());
    into.extend_from_slice(b",\"kind\":\"");
    into.extend_from_slice(pending.kind().name().as_bytes());
    into.extend_from_slice(b"\",\"class\":\"");
    into.extend_from_slice(pending.class().name().as_bytes());
    into.extend_from_slice(b"\",\"audience\":");
    audience(into, pending.audience());
    into.extend_from_slice(b",\"body\":");
    into.extend_from_slice(pending.body());
    into.push(b'}');
}

fn number(into: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}

fn string(into: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        into.push(b'"');
        into.extend_from_slice(text.as_bytes());
        into.push(b'"');
    } else {
        into.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

fn audience(into: &mut Vec<u8>, audience: &Audience) {
    match audience {
        Audience::All => into.extend_from_slice(b"\"all\""),
        Audience::Officer => into.extend_from_slice(b"\"officer\""),
        Audience::Restricted { group, cover } => {
            into.extend_from_slice(b"{\"restricted\":{\"group\":");
            string(into, group);
            into.extend_from_slice(b",\"cover\":");
            string(into, cover);
            into.extend_from_slice(b"}}");
        }
    }
}

/// An envelope read back; the body stays as it was written.
pub type Envelope<'a> = gatepost_pipeline::record::envelope::Envelope<&'a RawValue>;

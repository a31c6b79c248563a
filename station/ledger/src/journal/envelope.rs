//! The envelope: who, when and after what, around a body's bytes verbatim.
//!
//! Written by hand because the body's bytes go in exactly as the pipeline made them; read back with serde. Field order
//! is part of the format: `seq prev station lane at kind class audience body`.

use gatepost_pipeline::record::{Audience, Class, Kind, Pending};
use serde::Deserialize;
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
    into.extend_from_slice(kind_name(pending.kind()).as_bytes());
    into.extend_from_slice(b"\",\"class\":\"");
    into.extend_from_slice(class_name(pending.class()).as_bytes());
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

pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Decision => "decision",
        Kind::Disposition => "disposition",
        Kind::Exam => "exam",
        Kind::Sighting => "sighting",
        Kind::Presentation => "presentation",
        Kind::Custody => "custody",
        Kind::Device => "device",
        Kind::Config => "config",
        Kind::List => "list",
        Kind::Audit => "audit",
    }
}

pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Alert => "alert",
        Class::Disposition => "disposition",
        Class::Decision => "decision",
        Class::Health => "health",
    }
}

/// An envelope read back; the body stays as it was written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope<'a> {
    pub seq: u64,
    pub prev: Digest,
    pub station: std::borrow::Cow<'a, str>,
    pub lane: std::borrow::Cow<'a, str>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    pub kind: Kind,
    pub class: Class,
    pub audience: Audience,
    #[serde(borrow)]
    pub body: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// # Errors
    /// When the bytes are not one envelope.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

//! The envelope as it is read: who, when and after what, around a body. The ledger writes it; every reader reads this.
//!
//! Field order is part of the format: `seq prev station lane at kind class audience body`.

use serde::Deserialize;

use super::chain::Digest;
use super::{Audience, Class, Kind};

/// An envelope; `B` is how its reader wants the body: a `RawValue` as it was written, or an object taken apart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope<B> {
    pub seq: u64,
    pub prev: Digest,
    pub station: String,
    pub lane: String,
    /// Milliseconds since 1970-01-01T00:00:00Z on the station's clock.
    pub at: i64,
    pub kind: Kind,
    pub class: Class,
    pub audience: Audience,
    pub body: B,
}

impl<'a, B: Deserialize<'a>> Envelope<B> {
    /// # Errors
    /// When the bytes are not one envelope.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

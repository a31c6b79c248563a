//! A record as the checker reads it: the envelope's words, and of the body what a promise speaks of.
//!
//! A parser of its own: the field names are those of the design and of the bodies on disk, not types of the pipeline.
//! Fields it does not know it passes over; a field it needs and does not find makes the body unreadable.

use serde::Deserialize;
use std::fmt;

/// Names a pass: lane, the controller's epoch, the count within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub lane: String,
    pub epoch: u32,
    pub pass: u32,
}

impl Key {
    /// Reads `lane/epoch/pass`.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, pass) = text.rsplit_once('/')?;
        let (lane, epoch) = rest.rsplit_once('/')?;
        Some(Self { lane: lane.to_owned(), epoch: epoch.parse().ok()?, pass: pass.parse().ok()? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.lane, self.epoch, self.pass)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" names no pass")))
    }
}

/// Ordered: a reason raises it, never lowers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Release,
    Exam,
    StopInPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Release,
    Exam,
    Removed,
    Unaccounted,
}

/// The words around a body.
#[derive(Clone, Debug, Deserialize)]
pub struct Envelope {
    pub seq: u64,
    pub prev: String,
    pub station: String,
    pub lane: String,
    /// Milliseconds since 1970.
    pub at: i64,
    pub kind: String,
    pub class: String,
}

/// One record of a journal.
#[derive(Clone, Debug)]
pub struct Record {
    pub seq: u64,
    pub at: i64,
    pub lane: String,
    pub class: String,
    /// BLAKE3 of the record's bytes.
    pub digest: [u8; 32],
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Decision(Box<Decision>),
    Sighting(Sighting),
    /// A pass began.
    Began(Began),
    Alarm(Alarm),
    Disposition(Disposition),
    Presentation(Presentation),
    /// A kind or form that no promise checked here speaks of.
    Other,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Decision {
    pub pass: Key,
    pub revision: u32,
    pub supersedes: Option<u64>,
    pub image: Option<String>,
    #[serde(default)]
    pub weights: Vec<Alibi>,
    pub inputs: Inputs,
    pub verdict: Verdict,
}

/// A weight that the decision saw.
#[derive(Clone, Debug, Deserialize)]
pub struct Alibi {
    /// Milliseconds since 1970.
    pub at: i64,
    pub stands: String,
    pub grams: Option<i64>,
    pub shown: Shown,
    /// Pairs of hexadecimal digits.
    pub raw: String,
}

/// Nothing where the scale showed no value.
#[derive(Clone, Debug, Deserialize)]
pub struct Shown {
    pub measure: Option<Measure>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Measure {
    pub value: Decimal,
    pub unit: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Decimal {
    pub mantissa: i64,
    pub exponent: i8,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Inputs {
    pub pass: Key,
    pub lane: Lane,
    pub association: Association,
    pub item: Item,
    pub weight: Weight,
    pub image: Image,
    pub holds: Vec<Hold>,
    pub lists: Lists,
    pub sampling: Option<Sampling>,
    pub trusted_shipper: bool,
    pub overflow: Vec<String>,
    pub clearance: Option<Clearance>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Lane {
    pub restart: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Association {
    Unknown,
    Owned,
    Contested,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Item {
    NotYet,
    Read { id: String, duplicate: bool },
    NoRead,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Weight {
    Unknown,
    Known { grams: i64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Image {
    NotYet,
    Blind { cause: String },
    Assessed,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Hold {
    pub id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Lists {
    pub holds: ListState,
    pub declarations: ListState,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ListState {
    pub state: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Sampling {
    pub draw: u32,
    pub rate: u32,
    pub rate_trusted: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Clearance {
    pub disposition_seq: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    pub outcome: Outcome,
    pub reasons: Vec<Reason>,
    pub cleared_by: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    pub rule: String,
    pub outcome: Outcome,
    pub evidence: Vec<Evidence>,
}

/// Only one of them is there.
#[derive(Clone, Debug, Deserialize)]
pub struct Evidence {
    pub detection: Option<u32>,
}

/// The accounted end of a pass, or of something that never came through the entry eye.
#[derive(Clone, Debug, Deserialize)]
pub struct Sighting {
    pub pass: Option<Key>,
    pub end: End,
    pub decision: Option<u64>,
}

/// A pass was seen at the entry eye.
#[derive(Clone, Debug, Deserialize)]
pub struct Began {
    pub pass: Key,
    #[serde(rename = "seen")]
    pub _seen: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Alarm {
    pub code: String,
    pub pass: Option<Key>,
    pub says: String,
}

/// An item is on a bench.
#[derive(Clone, Debug, Deserialize)]
pub struct Presentation {
    pub pass: Key,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Disposition {
    pub pass: Option<Key>,
    pub disposition: Option<String>,
    pub officer: Option<String>,
}

impl Inputs {
    /// Whether the keyed draw picked this pass.
    pub fn sampled(&self) -> bool {
        self.sampling.as_ref().is_some_and(|sampling| {
            let trusted = if self.trusted_shipper { sampling.rate_trusted } else { u32::MAX };
            sampling.draw < sampling.rate.min(trusted)
        })
    }
    pub fn read(&self) -> Option<&str> {
        match &self.item {
            Item::Read { id, .. } => Some(id),
            Item::NotYet | Item::NoRead => None,
        }
    }
}

/// Divides a record's bytes into the envelope's words and the body's bytes. A quote inside a text is written `\"`, so
/// the first `,"body":` is the envelope's own.
pub fn split(bytes: &[u8]) -> Option<(Envelope, &[u8])> {
    const MARK: &[u8] = b",\"body\":";
    let at = bytes.windows(MARK.len()).position(|window| window == MARK)?;
    let body = bytes[at + MARK.len()..].strip_suffix(b"}")?;
    let words = [&bytes[..at], b"}"].concat();
    Some((serde_json::from_slice(&words).ok()?, body))
}

/// Reads a body by its kind.
///
/// # Errors
/// What is wrong with it.
pub fn body(kind: &str, bytes: &[u8]) -> Result<Body, String> {
    let wrong = |error: serde_json::Error| format!("the body of this {kind} cannot be read: {error}");
    Ok(match kind {
        "decision" => Body::Decision(serde_json::from_slice(bytes).map_err(wrong)?),
        "sighting" => match serde_json::from_slice(bytes) {
            Ok(began) => Body::Began(began),
            Err(_) => Body::Sighting(serde_json::from_slice(bytes).map_err(wrong)?),
        },
        "disposition" => Body::Disposition(serde_json::from_slice(bytes).map_err(wrong)?),
        "presentation" => Body::Presentation(serde_json::from_slice(bytes).map_err(wrong)?),
        "device" => serde_json::from_slice(bytes).map_or(Body::Other, Body::Alarm),
        "exam" | "custody" | "config" | "list" | "audit" => Body::Other,
        _ => return Err(format!("there is no kind \"{kind}\"")),
    })
}

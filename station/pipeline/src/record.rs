//! The record: the proof of what the station did, and the only way to a permit.
//!
//! A body is encoded here once, as canonical JSON; the ledger puts its envelope around those bytes verbatim. `Pending`
//! and `Recorded` cannot be copied, built or read from outside: a `Recorded` exists only because the ledger synced that
//! very body, and a permit needs one (promise 2). This module does not know what a journal looks like.

pub mod chain;
pub mod envelope;

pub use gatepost_hardware::units::WallMs;
use serde::{Deserialize, Serialize};

use crate::judge::Outcome;
use crate::pass::PassKey;

/// What a record is about. The name in lower case is the envelope's `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Decision,
    Disposition,
    Exam,
    Sighting,
    Presentation,
    Custody,
    Device,
    Config,
    List,
    Audit,
}

/// On which topic a record leaves the station; alerts overtake everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    Alert,
    Disposition,
    Decision,
    Health,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Decision,
        Kind::Disposition,
        Kind::Exam,
        Kind::Sighting,
        Kind::Presentation,
        Kind::Custody,
        Kind::Device,
        Kind::Config,
        Kind::List,
        Kind::Audit,
    ];

    /// As it stands in the envelope.
    pub const fn name(self) -> &'static str {
        match self {
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
}

impl Class {
    pub const ALL: [Class; 4] = [Class::Alert, Class::Disposition, Class::Decision, Class::Health];

    /// As it stands in the envelope and in the topic.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Alert => "alert",
            Class::Disposition => "disposition",
            Class::Decision => "decision",
            Class::Health => "health",
        }
    }
}

/// What in a record makes operations look up from their work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Urgency {
    /// Any reason of severity *alert* that everybody may know of, or an alarm that names a parcel.
    pub alert: bool,
    pub denied: bool,
    pub tampering: bool,
    pub late_hold: bool,
}

/// The class of a record, from its kind and what is urgent in it (DESIGN §6). Pure, and the only place that decides it.
pub const fn class(kind: Kind, urgency: Urgency) -> Class {
    if urgency.alert || urgency.denied || urgency.tampering || urgency.late_hold {
        return Class::Alert;
    }
    match kind {
        Kind::Disposition | Kind::Exam | Kind::Presentation | Kind::Custody => Class::Disposition,
        Kind::Decision | Kind::Sighting => Class::Decision,
        Kind::Device | Kind::Config | Kind::List | Kind::Audit => Class::Health,
    }
}

/// Who may see a record. A restricted record carries what everyone else is shown in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    #[default]
    All,
    Officer,
    Restricted {
        group: String,
        cover: String,
    },
}

/// A record that is not yet durable. Made by the pipeline (decisions) or by [`Pending::entry`] (everything else);
/// turned into a [`Recorded`] only by the ledger, after its sync returned.
#[derive(Debug)]
pub struct Pending {
    kind: Kind,
    class: Class,
    audience: Audience,
    lane: String,
    at: WallMs,
    body: Vec<u8>,
    /// Set for decisions only: what a permit may be made from.
    decided: Option<Decided>,
}

/// The part of a decision that a permit depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) pass: PassKey,
    /// Counts the decisions of one pass: a permit made from an older one is worthless.
    pub(crate) revision: u32,
    pub(crate) outcome: Outcome,
}

/// A record that is on disk: `seq` and `head` are the proof.
#[derive(Debug)]
pub struct Recorded {
    kind: Kind,
    decided: Option<Decided>,
    seq: u64,
    head: [u8; 32],
}

impl Pending {
    /// A record of any kind but a decision; those come from the judge alone. `body` must serialise to one JSON object
    /// without floats.
    ///
    /// # Errors
    /// [`BodyError`] when the kind is `Decision`, the body is not an object, or it holds a float.
    pub fn entry<B: Serialize>(
        kind: Kind,
        urgency: Urgency,
        audience: Audience,
        lane: &str,
        at: WallMs,
        body: &B,
    ) -> Result<Self, BodyError> {
        if kind == Kind::Decision {
            return Err(BodyError::DecisionByHand);
        }
        Ok(Self {
            kind,
            class: class(kind, urgency),
            audience,
            lane: lane.to_owned(),
            at,
            body: canonical(body)?,
            decided: None,
        })
    }

    pub(crate) fn decision<B: Serialize>(
        decided: Decided,
        urgency: Urgency,
        audience: Audience,
        at: WallMs,
        body: &B,
    ) -> Result<Self, BodyError> {
        Ok(Self {
            kind: Kind::Decision,
            class: class(Kind::Decision, urgency),
            audience,
            lane: decided.pass.lane.as_str().to_owned(),
            at,
            body: canonical(body)?,
            decided: Some(decided),
        })
    }

    /// An officer's clearance on the screen: a disposition whose durability the lane waits for.
    pub(crate) fn clearance<B: Serialize>(pass: PassKey, at: WallMs, body: &B) -> Result<Self, BodyError> {
        Ok(Self {
            kind: Kind::Disposition,
            class: class(Kind::Disposition, Urgency::default()),
            audience: Audience::All,
            lane: pass.lane.as_str().to_owned(),
            at,
            body: canonical(body)?,
            decided: Some(Decided { pass, revision: 0, outcome: Outcome::Exam }),
        })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }
    pub fn class(&self) -> Class {
        self.class
    }
    pub fn audience(&self) -> &Audience {
        &self.audience
    }
    pub fn lane(&self) -> &str {
        &self.lane
    }
    pub fn at(&self) -> WallMs {
        self.at
    }
    /// Canonical JSON of the body, one object: goes into the envelope byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
    /// The pass a decision or clearance is about; nothing for other kinds.
    pub fn pass(&self) -> Option<PassKey> {
        self.decided.map(|decided| decided.pass)
    }

    /// States that this record is on disk. Called by the ledger's writer after its sync returned, and by `replay` for a
    /// record it read back; a test in tests/suite/tidy.rs holds that no one else does.
    #[must_use]
    pub fn durable(self, seq: u64, head: [u8; 32]) -> Recorded {
        Recorded { kind: self.kind, decided: self.decided, seq, head }
    }
}

impl Recorded {
    pub fn kind(&self) -> Kind {
        self.kind
    }
    pub fn seq(&self) -> u64 {
        self.seq
    }
    pub fn head(&self) -> [u8; 32] {
        self.head
    }
    pub fn pass(&self) -> Option<PassKey> {
        self.decided.map(|decided| decided.pass)
    }
    /// Which decision of its pass this is; nothing for other kinds.
    pub fn revision(&self) -> Option<u32> {
        self.decided().map(|decided| decided.revision)
    }
    pub(crate) fn decided(&self) -> Option<Decided> {
        self.decided.filter(|_| self.kind == Kind::Decision)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("a decision is recorded by the judge only")]
    DecisionByHand,
    #[error("a record's body must be one JSON object")]
    NotAnObject,
    #[error("a record's body holds a float at {0}; use scaled integers (floats do not print the same everywhere)")]
    Float(String),
    #[error("a record's body could not be written as JSON: {0}")]
    Json(String),
}

/// Canonical JSON: serde's field order, no spaces, no floats.
fn canonical<B: Serialize>(body: &B) -> Result<Vec<u8>, BodyError> {
    let bytes = serde_json::to_vec(body).map_err(|error| BodyError::Json(error.to_string()))?;
    if bytes.first() != Some(&b'{') {
        return Err(BodyError::NotAnObject);
    }
    match find_float(&bytes) {
        Some(at) => Err(BodyError::Float(format!("byte {at}"))),
        None => Ok(bytes),
    }
}

/// The first number with a point or an exponent, outside strings. Works on bytes serde_json wrote, so escapes are
/// well formed.
fn find_float(json: &[u8]) -> Option<usize> {
    let (mut in_string, mut escaped, mut number) = (false, false, None);
    for (at, &byte) in json.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'-' | b'0'..=b'9' => number = number.or(Some(at)),
            b'.' | b'e' | b'E' if number.is_some() => return number,
            _ => number = None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Body<T: Serialize> {
        text: &'static str,
        value: T,
    }

    fn entry<T: Serialize>(value: T) -> Result<Pending, BodyError> {
        let body = Body { text: "1.5e3 \"9.9\" true", value };
        Pending::entry(Kind::Device, Urgency::default(), Audience::All, "A", WallMs(0), &body)
    }

    #[test]
    fn bodies_keep_their_field_order_and_refuse_floats() {
        assert_eq!(entry(7).unwrap().body(), br#"{"text":"1.5e3 \"9.9\" true","value":7}"#);
        assert!(matches!(entry(0.5), Err(BodyError::Float(_))));
        assert!(matches!(entry(1e30), Err(BodyError::Float(_))));
        assert!(entry(true).is_ok() && entry(Some(-3)).is_ok() && entry([1, 2]).is_ok());
    }

    #[test]
    fn names_are_those_that_serde_writes() {
        let written = |value: &str| format!("\"{value}\"");
        Kind::ALL.iter().for_each(|kind| assert_eq!(serde_json::to_string(kind).unwrap(), written(kind.name())));
        Class::ALL.iter().for_each(|class| assert_eq!(serde_json::to_string(class).unwrap(), written(class.name())));
    }

    #[test]
    fn a_decision_cannot_be_written_by_hand() {
        let made = Pending::entry(
            Kind::Decision,
            Urgency::default(),
            Audience::All,
            "A",
            WallMs(0),
            &Body { text: "", value: 1 },
        );
        assert_eq!(made.err(), Some(BodyError::DecisionByHand));
    }

    #[test]
    fn anything_urgent_is_an_alert_whatever_its_kind() {
        for kind in Kind::ALL {
            assert_ne!(class(kind, Urgency::default()), Class::Alert);
            for urgent in [
                Urgency { alert: true, ..Urgency::default() },
                Urgency { denied: true, ..Urgency::default() },
                Urgency { tampering: true, ..Urgency::default() },
                Urgency { late_hold: true, ..Urgency::default() },
            ] {
                assert_eq!(class(kind, urgent), Class::Alert);
            }
        }
    }
}

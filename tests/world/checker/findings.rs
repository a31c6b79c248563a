//! What the checker found wrong: sentences that name promise, place and record, bounded.
//!
//! Apart from the checks because every one of them speaks through it. It weighs nothing: a finding is a finding.

use std::fmt;

/// Findings kept; more are counted.
pub const FINDINGS_MAX: usize = 200;

/// Which promise of the design a finding breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Frames, chain, sequence, segment heads.
    Chain,
    Checkpoint,
    /// A record whose body cannot be read as what it says it is.
    Body,
    /// One effective decision and one accounted end for every pass.
    Conservation,
    /// Nothing is released before its decision is durable.
    RecordBeforeAct,
    /// Where it went is where its decision sent it.
    Routing,
    /// A revocation stops the parcel, or says that it came too late.
    Revocation,
    /// What is in doubt is never released.
    Doubt,
    /// A blind image is never released.
    Blind,
    StopInPlace,
    /// A reading belongs to the parcel it was taken from.
    Ownership,
    /// Every weight in a decision is one that the scale really said, and can be shown again.
    Alibi,
    /// Reasons only escalate; clearing needs a person's record.
    Escalation,
    Hold,
    /// Belts start only after the local reset.
    Motion,
    /// Without a station, belts and gate go off in time.
    DeadMan,
    /// What is missing, or came in from the side, is said.
    Alarm,
    /// What a fault touched ended otherwise than the fault table says.
    FaultTable,
    /// Too much clean mail was kept, though no fault touched it.
    Facilitation,
    /// Central has every record, once; and the journal has what it acknowledged.
    NothingLost,
}

impl Promise {
    pub const ALL: [Self; 20] = [
        Self::Chain,
        Self::Checkpoint,
        Self::Body,
        Self::Conservation,
        Self::RecordBeforeAct,
        Self::Routing,
        Self::Revocation,
        Self::Doubt,
        Self::Blind,
        Self::StopInPlace,
        Self::Ownership,
        Self::Alibi,
        Self::Escalation,
        Self::Hold,
        Self::Motion,
        Self::DeadMan,
        Self::Alarm,
        Self::FaultTable,
        Self::Facilitation,
        Self::NothingLost,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Promise::Chain => "chain",
            Promise::Checkpoint => "checkpoint",
            Promise::Body => "body",
            Promise::Conservation => "conservation",
            Promise::RecordBeforeAct => "record before act",
            Promise::Routing => "routing",
            Promise::Revocation => "revocation",
            Promise::Doubt => "doubt goes to exam",
            Promise::Blind => "blind is exam",
            Promise::StopInPlace => "stop in place",
            Promise::Ownership => "ownership",
            Promise::Alibi => "every weight can be shown again",
            Promise::Escalation => "rules only escalate",
            Promise::Hold => "hold",
            Promise::Motion => "motion",
            Promise::DeadMan => "dead man",
            Promise::Alarm => "alarm",
            Promise::FaultTable => "fault table",
            Promise::Facilitation => "facilitation",
            Promise::NothingLost => "nothing acknowledged is lost",
        }
    }
}

/// One thing that is not as promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub promise: Promise,
    /// Station, pass and record, as far as they are known.
    pub place: String,
    pub says: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.promise.name(), self.place, self.says)
    }
}

/// All findings of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub kept: Vec<Finding>,
    /// Found beyond [`FINDINGS_MAX`].
    pub more: u64,
}

impl Findings {
    pub fn add(&mut self, promise: Promise, place: impl fmt::Display, says: impl Into<String>) {
        if self.kept.len() == FINDINGS_MAX {
            self.more += 1;
            return;
        }
        self.kept.push(Finding { promise, place: place.to_string(), says: says.into() });
    }

    pub fn is_clean(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether anything was found against this promise.
    pub fn any(&self, promise: Promise) -> bool {
        self.kept.iter().any(|finding| finding.promise == promise)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.kept {
            writeln!(f, "{finding}")?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        Ok(())
    }
}

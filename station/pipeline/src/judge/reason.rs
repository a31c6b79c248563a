//! One reason against letting a parcel pass.
//!
//! A reason can ask for more and never for less: there is no reason *for* release. Apart from the verdict because rules
//! and doubts make reasons, and neither of them may weigh them.

use core::cmp::Reverse;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::bounded::{Few, Sentence, Token};
use super::words::{Action, Ground, IssueCode, Purpose, Severity};
use crate::record::Audience;

/// Evidence kept with one reason; more is cut off, the inputs hold it all.
pub const EVIDENCE_MAX: usize = 8;

/// The rule id that a draw has, and that a hidden reason borrows.
pub(super) const SAMPLING_RULE: &str = "built-in.sampling";

/// What a draw says of itself, and so the only cover that cannot be told from one.
pub(super) const DRAWN: &str = "Selected at random.";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The rule's id in its pack, or `built-in.` and the doubt's name.
    pub rule: Token,
    pub issue: IssueCode,
    pub severity: Severity,
    pub purpose: Purpose,
    pub ground: Ground,
    /// What this reason asks for; the maximum of all reasons decides.
    pub outcome: Outcome,
    /// The cheapest thing that would settle it.
    pub action: Action,
    /// The deepest exam step it permits, before the law of the mail class.
    pub deepest_step: Action,
    /// Whether an officer may clear it on the image.
    pub clearable: bool,
    /// Its share of the risk, 0 to 10,000.
    pub points: u16,
    pub audience: Audience,
    /// What in the inputs it rests on.
    pub evidence: Few<Evidence, EVIDENCE_MAX>,
    /// One sentence an officer reads.
    pub text: Sentence,
}

/// Points at a part of the inputs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Evidence {
    /// A field, by the name rules know it by.
    Field(Token),
    /// A detection, by its place in the image's list.
    Detection(u16),
    /// A hold, by its id.
    Hold(Token),
}

impl Reason {
    /// A doubt: exam, by whatever external means settle it; not to be cleared on the image.
    pub(crate) fn doubt(name: &str, issue: IssueCode, text: &str) -> Self {
        Self {
            rule: Token::clipped(&format!("built-in.{name}")),
            issue,
            severity: Severity::Notice,
            purpose: Purpose::Operations,
            ground: Ground::Doubt,
            outcome: Outcome::Exam,
            action: Action::External,
            deepest_step: Action::Open,
            clearable: false,
            points: 50,
            audience: Audience::All,
            evidence: Few::default(),
            text: Sentence::clipped(text),
        }
    }

    /// A draw; also what a hidden reason looks like to those who may not know of it. Not to be cleared on the image:
    /// a sample is there to be examined, and what cannot be cleared must look the same whatever is behind it.
    pub(super) fn drawn(text: &str) -> Self {
        Self {
            rule: Token::clipped(SAMPLING_RULE),
            issue: IssueCode::Sampling,
            severity: Severity::Info,
            purpose: Purpose::Operations,
            ground: Ground::Chance,
            outcome: Outcome::Exam,
            action: Action::External,
            deepest_step: Action::Open,
            clearable: false,
            points: 0,
            audience: Audience::All,
            evidence: Few::default(),
            text: Sentence::clipped(text),
        }
    }

    pub(crate) fn with_evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        let evidence: Vec<Evidence> = evidence.into_iter().take(EVIDENCE_MAX).collect();
        self.evidence = Few::new(evidence).unwrap_or_default();
        self
    }

    /// The order reasons stand in: the strongest first, then by rule. Total, so that the order in which reasons were
    /// found leaves no trace.
    pub(super) fn rank(&self) -> impl Ord + '_ {
        (
            Reverse((self.outcome, self.severity, self.points, self.action, self.deepest_step)),
            (&self.rule, &self.text, self.issue, self.purpose, self.ground),
            (self.clearable, &self.audience, self.evidence.as_slice()),
        )
    }
}

//! The weighing of reasons: outcome, action, permitted depth, risk. The maximum decides.
//!
//! Apart from the judge because the same weighing makes what each audience is shown. It adds no reason of its own but
//! one: that there were too many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Outcome;
use super::bounded::{Few, Token};
use super::reason::{DRAWN, Reason, SAMPLING_RULE};
use super::words::{Action, Ground, IssueCode, MailClass, RiskLevel, Severity};
use crate::record::Audience;

/// Reasons kept with one verdict. More than this is a reason itself; the weakest are not kept.
pub const REASONS_MAX: usize = 48;

/// What was decided about a pass, and why. Made only by [`judge`](super::judge); read back from a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub outcome: Outcome,
    /// The cheapest sufficient intervention, within what the mail class permits.
    pub action: Action,
    /// The deepest exam step permitted to anyone on these grounds, within what the mail class permits.
    pub deepest_step: Action,
    pub risk: Risk,
    /// The strongest first.
    pub reasons: Few<Reason, REASONS_MAX>,
    /// The `seq` of the disposition by which an officer cleared all of this on the image, if one did.
    pub cleared_by: Option<u64>,
    /// The image showed a fictional threat. Not for the officer's page.
    pub projected_threat: bool,
}

/// How much speaks against a parcel, and what that consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    pub level: RiskLevel,
    /// Points by issue; only issues that add some.
    pub contributions: BTreeMap<IssueCode, u32>,
}

/// Why a verdict may not be cleared on the image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotClearable {
    #[error("nothing speaks against this parcel: there is nothing to clear")]
    NothingToClear,
    #[error("a parcel that must stop in place is never cleared on the image: call the supervisor")]
    StopInPlace,
    #[error("this parcel cannot be cleared on the image: send it to the exam bench")]
    Reason { rule: Token },
    #[error("the image held a test threat: the parcel has not been seen as it is")]
    ProjectedThreat,
}

/// Who looks at a verdict.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub officer: bool,
    /// The restricted groups the viewer belongs to.
    pub groups: &'a [&'a str],
}

impl Viewer<'_> {
    fn may_see(&self, audience: &Audience) -> bool {
        match audience {
            Audience::All => true,
            Audience::Officer => self.officer,
            Audience::Restricted { group, .. } => self.groups.contains(&group.as_str()),
        }
    }
}

/// Whether an officer who has seen every view may clear this on the image (DESIGN §4.7): only if every reason says so.
///
/// # Errors
/// [`NotClearable`], for the officer to read.
pub fn clearable(verdict: &Verdict) -> Result<(), NotClearable> {
    if verdict.outcome == Outcome::Release {
        return Err(NotClearable::NothingToClear);
    }
    if verdict.outcome == Outcome::StopInPlace {
        return Err(NotClearable::StopInPlace);
    }
    if let Some(reason) = verdict.reasons.iter().find(|reason| !reason.clearable && reason.outcome > Outcome::Release) {
        return Err(NotClearable::Reason { rule: reason.rule.clone() });
    }
    if verdict.projected_threat { Err(NotClearable::ProjectedThreat) } else { Ok(()) }
}

impl Verdict {
    /// Weighs reasons. Their order and repetition make no difference.
    pub(super) fn weigh(mut reasons: Vec<Reason>, mail_class: MailClass, projected_threat: bool) -> Self {
        reasons.sort_by(|a, b| a.rank().cmp(&b.rank()));
        reasons.dedup();
        let outcome = reasons.iter().map(|reason| reason.outcome).max().unwrap_or_default();
        let asking = || reasons.iter().filter(|reason| reason.outcome > Outcome::Release);
        let deepest_step = asking().map(|reason| permitted(reason, mail_class)).max().unwrap_or(Action::None);
        let action = asking().map(|reason| reason.action).max().unwrap_or(Action::None).min(deepest_step);
        let risk = Risk::of(&reasons);
        if reasons.len() > REASONS_MAX {
            reasons.truncate(REASONS_MAX - 1);
            reasons.push(Reason::doubt(
                "too-many-reasons",
                IssueCode::Capacity,
                "There are more reasons than can be kept; the strongest are shown.",
            ));
            reasons.sort_by(|a, b| a.rank().cmp(&b.rank()));
        }
        let outcome = reasons.iter().map(|reason| reason.outcome).fold(outcome, Outcome::max);
        let reasons = Few::new(reasons).unwrap_or_default();
        Self { outcome, action, deepest_step, risk, reasons, cleared_by: None, projected_threat }
    }

    /// Names this verdict: what an officer's clearance refers to. 64 hexadecimal digits.
    pub fn digest(&self) -> Token {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Token::clipped(&blake3::hash(&bytes).to_hex())
    }

    /// Whether any reason speaks at severity *alert*: the record's urgency, and with it the topic that it leaves by. A
    /// restricted reason does not: its cover is a draw, and a draw is no alert. Central finds it in the record.
    pub fn is_alert(&self) -> bool {
        let known = |reason: &&Reason| !matches!(reason.audience, Audience::Restricted { .. });
        self.reasons.iter().filter(known).any(|reason| reason.severity == Severity::Alert)
    }

    /// Who may see the record of this verdict: the narrowest audience of its reasons. Two restricted groups cannot both
    /// be named; then the first by name, and the other's reason stays hidden from it by [`Verdict::seen_by`].
    pub fn audience(&self) -> Audience {
        self.reasons.iter().map(|reason| &reason.audience).fold(Audience::All, |narrowest, audience| {
            match (&narrowest, audience) {
                (Audience::Restricted { .. }, Audience::Restricted { .. }) => narrowest.min(audience.clone()),
                _ => narrowest.max(audience.clone()),
            }
        })
    }

    /// This verdict as `viewer` may see it. What is not theirs to know looks like one random sample, with the words of the
    /// strongest hidden reason's cover, down to the points: a parcel is drawn once, so several hidden reasons are one,
    /// and beside a real draw they are nothing. The outcome stays, because the belt shows it to everyone.
    pub fn seen_by(&self, viewer: Viewer<'_>, mail_class: MailClass) -> Self {
        let (mut shown, hidden): (Vec<Reason>, Vec<Reason>) =
            self.reasons.iter().cloned().partition(|reason| viewer.may_see(&reason.audience));
        let asking = hidden.iter().find(|reason| reason.outcome > Outcome::Release);
        if let Some(hidden) = asking.filter(|_| shown.iter().all(|reason| reason.rule.as_str() != SAMPLING_RULE)) {
            shown.push(match &hidden.audience {
                Audience::Restricted { cover, .. } => Reason::drawn(cover),
                Audience::All | Audience::Officer => Reason::drawn(DRAWN),
            });
        }
        let shown = Self::weigh(shown, mail_class, false);
        Self { outcome: self.outcome, cleared_by: self.cleared_by, ..shown }
    }

    /// Whether this verdict says to everybody that chance chose: because it did, or to cover something.
    pub fn is_drawn(&self) -> bool {
        let nobody = Viewer { officer: false, groups: &[] };
        self.reasons.iter().any(|reason| reason.rule.as_str() == SAMPLING_RULE || !nobody.may_see(&reason.audience))
    }
}

/// The deepest step one reason permits: doubt and chance never open a sealed letter (19 CFR 145.3).
fn permitted(reason: &Reason, mail_class: MailClass) -> Action {
    match reason.ground {
        Ground::Doubt | Ground::Chance if mail_class.is_sealed_letter() => reason.deepest_step.min(Action::External),
        _ => reason.deepest_step,
    }
}

impl Risk {
    fn of(reasons: &[Reason]) -> Self {
        let mut contributions = BTreeMap::new();
        for reason in reasons.iter().filter(|reason| reason.points > 0) {
            *contributions.entry(reason.issue).or_insert(0u32) += u32::from(reason.points);
        }
        let level = match contributions.values().sum::<u32>() {
            _ if reasons.iter().any(|reason| reason.outcome == Outcome::StopInPlace) => RiskLevel::Critical,
            0 => RiskLevel::None,
            1..100 => RiskLevel::Low,
            100..500 => RiskLevel::Elevated,
            500..2_000 => RiskLevel::High,
            _ => RiskLevel::Critical,
        };
        Self { level, contributions }
    }
}

//! From inputs to a verdict: `judge(&Inputs, &Ruleset) -> Verdict`, and no other argument.
//!
//! Apart from the rules because doubt is judged here, in code, and never depends on a rule pack (promise 3); a pack can
//! add reasons and nothing else (promise 6). The judge asks no clock, draws no number, looks nothing up: what it may
//! read is [`Inputs`], which the record holds whole, so central comes to the same verdict from the record alone.

pub mod words;
pub mod bounded;
pub mod inputs;
pub mod example;
pub mod sampling;
mod doubt;
mod reason;
mod verdict;

use serde::{Deserialize, Serialize};

pub use bounded::{Country, Date, Few, Sentence, Token};
pub use inputs::*;
pub use reason::{EVIDENCE_MAX, Evidence, Reason};
pub use verdict::{NotClearable, REASONS_MAX, Risk, Verdict, Viewer, clearable};
pub use words::*;

use crate::ruleset::Ruleset;

/// Where a pass may go. Ordered: the maximum of all reasons decides, so a reason can only escalate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    #[default]
    Release,
    Exam,
    StopInPlace,
}

/// Decides about one pass. Never fails: what cannot be judged is a reason, and exam.
///
/// The same inputs and rules give the same verdict, byte for byte, on every machine.
pub fn judge(inputs: &Inputs, rules: &Ruleset) -> Verdict {
    let mut reasons = doubt::doubts(inputs);
    reasons.extend(rules.reasons(inputs));
    let verdict = Verdict::weigh(reasons, inputs.mail_class, inputs.projected_threat);
    match &inputs.clearance {
        None => verdict,
        Some(clearance) => apply_clearance(verdict, clearance, inputs),
    }
}

/// The one place where a person's word lowers an outcome (DESIGN §4.7). It must be about this very verdict, given after
/// every view was seen, and every reason must be clearable; otherwise it is itself a doubt.
fn apply_clearance(verdict: Verdict, clearance: &Clearance, inputs: &Inputs) -> Verdict {
    let about_this = clearance.verdict == verdict.digest() && clearance.every_view_seen;
    if about_this && clearable(&verdict).is_ok() {
        return Verdict { outcome: Outcome::Release, cleared_by: Some(clearance.disposition_seq), ..verdict };
    }
    let text = "An officer's clearance does not hold: it was given for something else.";
    let mut reasons = verdict.reasons.as_slice().to_vec();
    reasons.push(Reason::doubt("clearance", IssueCode::Data, text));
    Verdict::weigh(reasons, inputs.mail_class, inputs.projected_threat)
}

#[cfg(test)]
mod tests;

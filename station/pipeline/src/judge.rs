//! From inputs to a verdict; monotone.
use serde::{Deserialize, Serialize};

/// Where a pass may go. Ordered: the maximum of all reasons decides, so a reason can only escalate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    #[default]
    Release,
    Exam,
    StopInPlace,
}

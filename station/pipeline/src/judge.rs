//! From inputs to a verdict: `judge(&Inputs, &Ruleset) -> Verdict`, and no other argument.
//!
//! Apart from the rules because doubt is judged here, in code, and never depends on a rule pack (promise 3); a pack can
//! add reasons and nothing else (promise 6). The judge asks no clock, draws no number, looks nothing up: what it may
//! read is [`Inputs`], which the record holds whole, so central comes to the same verdict from the record alone.

pub mod words;
pub mod bounded;
pub mod inputs;
pub mod sampling;

use serde::{Deserialize, Serialize};

pub use bounded::{Country, Date, Few, Token};
pub use inputs::*;
pub use words::*;

/// Where a pass may go. Ordered: the maximum of all reasons decides, so a reason can only escalate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    #[default]
    Release,
    Exam,
    StopInPlace,
}

//! Whether a scanner still sees as it did when the model was put in charge of it.
//!
//! Stands alone because no single picture shows drift: a tube that ages, an amplifier that wanders and a voltage that was
//! turned down each stay within what one picture may be. Every picture gives its [`Vitals`]; a reference is learnt from the
//! first [`LEARNING`] of them and kept by whoever keeps the guard; from then on cumulative sums (Page 1954, *Continuous
//! inspection schemes*) hear small changes that stay. It decides nothing: who is told raises the sampling and says so.

mod sums;
mod vitals;

use std::fmt;

use serde::{Deserialize, Serialize};

use sums::{Level, Share};
pub use vitals::{Air, Vitals, vitals};

/// Pictures that make a reference.
pub const LEARNING: u32 = 256;

/// What is watched of a scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Counts in air, low energy.
    AirLow,
    /// Counts in air, high energy.
    AirHigh,
    /// How much neighbouring counts in air differ, low energy.
    GrainLow,
    /// The same, high energy.
    GrainHigh,
    /// How much more the low energy is weakened than the high one, by what is in every parcel.
    Energies,
    /// The share of pictures with a finding.
    Findings,
    /// The share of pictures that could not be judged.
    Blind,
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AirLow => "the light of the low energy has changed: calibrate the scanner, then look at its tube",
            Self::AirHigh => "the light of the high energy has changed: calibrate the scanner, then look at its tube",
            Self::GrainLow => "the grain of the low energy has changed: look at tube current and detector",
            Self::GrainHigh => "the grain of the high energy has changed: look at tube current and detector",
            Self::Energies => "what the two energies show of parcels has changed: look at the tube's voltage",
            Self::Findings => "the model finds more than it did: look at the last pictures, or the mail has changed",
            Self::Blind => "more pictures cannot be judged than before: look at the last pictures",
        })
    }
}

/// What a scanner is held against: how it saw when it was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// How many pictures it was made from.
    pub pictures: u32,
    /// Of the five measured signs, in the order of [`Sign`].
    pub levels: [Spread; LEVELS],
    /// Pictures with a finding, and pictures that could not be judged.
    pub found: u32,
    pub blind: u32,
}

/// Mean and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub mean: f64,
    pub deviation: f64,
}

/// How many signs are measured; the others are counted.
const LEVELS: usize = 5;
/// Of a sign's mean: no smaller change than this is one deviation. Air wanders by a part in three hundred between
/// calibrations; grain is an estimate from few lines.
const LEAST_DEVIATION: [f64; LEVELS] = [0.003, 0.003, 0.03, 0.03, 0.003];

impl Reference {
    /// Whether it can be one: finite, positive, counts within pictures.
    pub fn is_sane(&self) -> bool {
        let fine = |spread: &Spread| spread.mean.is_finite() && spread.mean > 0.0 && spread.deviation.is_finite();
        self.levels.iter().all(fine) && self.pictures > 0 && self.found.max(self.blind) <= self.pictures
    }
}

/// Watches one scanner.
#[derive(Clone, Debug)]
pub struct Guard {
    state: State,
    drifting: Vec<Sign>,
}

#[derive(Clone, Debug)]
enum State {
    Learning(Learning),
    Watching(Box<Watching>),
}

#[derive(Clone, Debug)]
struct Watching {
    reference: Reference,
    levels: [Level; LEVELS],
    shares: [Share; 2],
}

#[derive(Clone, Debug, Default)]
struct Learning {
    /// Of pictures that could be measured.
    measured: Vec<[f64; LEVELS]>,
    pictures: u32,
    found: u32,
    blind: u32,
}

impl Default for Guard {
    /// One that has yet to learn.
    fn default() -> Self {
        Self { state: State::Learning(Learning::default()), drifting: Vec::new() }
    }
}

impl Guard {
    /// One that holds its scanner against an earlier reference.
    pub fn with(reference: Reference) -> Self {
        let level = |at: usize| {
            let Spread { mean, deviation } = reference.levels[at];
            Level::new(mean, deviation.max(LEAST_DEVIATION[at] * mean))
        };
        let levels = std::array::from_fn(level);
        let shares = [reference.found, reference.blind].map(|count| Share::new(count, reference.pictures));
        let watching = Box::new(Watching { levels, shares, reference });
        Self { state: State::Watching(watching), drifting: Vec::new() }
    }

    /// What it holds its scanner against; nothing while it learns.
    pub fn reference(&self) -> Option<&Reference> {
        match &self.state {
            State::Learning(_) => None,
            State::Watching(watching) => Some(&watching.reference),
        }
    }

    /// Signs that have drifted, in their order.
    pub fn drifting(&self) -> &[Sign] {
        &self.drifting
    }

    /// One more picture. Whether a reference was made, or the drifting signs changed.
    pub fn hear(&mut self, vitals: &Vitals) -> bool {
        match &mut self.state {
            State::Learning(learning) => {
                let Some(reference) = learning.hear(vitals) else { return false };
                *self = Self::with(reference);
                true
            }
            State::Watching(watching) => {
                let Watching { levels, shares, .. } = watching.as_mut();
                for (level, value) in levels.iter_mut().zip(vitals.levels().into_iter().flatten()) {
                    level.hear(value);
                }
                shares[0].hear(vitals.found);
                shares[1].hear(vitals.blind);
                let measured = SIGNS.iter().zip(levels.iter().map(Level::drifts));
                let counted = SIGNS[LEVELS..].iter().zip(shares.iter().map(Share::drifts));
                let now: Vec<Sign> =
                    measured.chain(counted).filter(|(_, drifts)| *drifts).map(|(sign, _)| *sign).collect();
                let changed = now != self.drifting;
                self.drifting = now;
                changed
            }
        }
    }
}

const SIGNS: [Sign; LEVELS + 2] =
    [Sign::AirLow, Sign::AirHigh, Sign::GrainLow, Sign::GrainHigh, Sign::Energies, Sign::Findings, Sign::Blind];

impl Learning {
    /// The reference, once enough was heard. A scanner of which nothing can be measured is learnt for ever: its pictures
    /// are blind, and say so themselves.
    fn hear(&mut self, vitals: &Vitals) -> Option<Reference> {
        self.measured.extend(vitals.levels());
        self.pictures = self.pictures.saturating_add(1);
        self.found = self.found.saturating_add(u32::from(vitals.found));
        self.blind = self.blind.saturating_add(u32::from(vitals.blind));
        if self.measured.len() < LEARNING as usize {
            return None;
        }
        let levels = std::array::from_fn(|at| spread(self.measured.iter().map(|levels| levels[at])));
        Some(Reference { pictures: self.pictures, levels, found: self.found, blind: self.blind })
    }
}

/// Mean and deviation of what lies within the middle nine tenths: one odd parcel makes no reference.
fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 20;
    let middle = &sorted[cut..sorted.len() - cut];
    let count = middle.len().max(1) as f64;
    let mean = middle.iter().sum::<f64>() / count;
    let variance = middle.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    // The middle nine tenths of a bell curve deviate by 0.79 of the whole.
    Spread { mean, deviation: variance.sqrt() / 0.79 }
}

#[cfg(test)]
mod tests;

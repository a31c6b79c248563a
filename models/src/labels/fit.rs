//! Code 128 fitted whole: the symbol whose blurred picture is nearest to what was seen.
//!
//! A decoder that looks for edges fails when narrow bars melt together. But a blurred symbol is the sum of its blurred
//! characters, each touching its neighbours only: the nearest sequence of characters is found exactly, for each length and
//! blur that could be (Viterbi). It reads nothing by itself: a fit counts when its characters stand out against every other
//! (`margin`), the whole explains what was seen (`explained`), no character explains it much worse than the others do
//! (`worst`), other bands of the bars say the same ([`Fitted::agrees`]), and the symbol's check character is right.
//!
//! The whole says nothing of one character of many: a stain over two of them costs a tenth of what is explained, and what
//! is put in their place passes the check once in 103 times. So each character is asked for itself.

mod looks;
mod placed;

use looks::{Looks, nearest};
use placed::{Ends, Placed};

/// Samples to a module.
const PER: usize = 4;
/// Modules of a character; of the stop.
const MODULES: usize = 11;
const STOP_MODULES: usize = 13;
/// Modules that a character's blur reaches beyond it.
const SPILL: usize = 3;
/// Samples of a character with its spill.
const WINDOW: usize = (MODULES + 2 * SPILL) * PER;
const STOP_WINDOW: usize = (STOP_MODULES + 2 * SPILL) * PER;
/// Samples shared by neighbours.
const SHARED: usize = 2 * SPILL * PER;
/// Values that can stand between the start and the stop.
const VALUES: usize = 103;
/// With the three starts.
const SYMBOLS: usize = 106;
/// Characters before the stop: start, at least three more, check. The most: 30 digits' worth and some.
const CHARACTERS: std::ops::RangeInclusive<usize> = 5..=32;
/// Pixels of a module.
const MODULE_MIN: f32 = 1.1;
const MODULE_MAX: f32 = 16.0;

/// Share of what was seen that a fit must explain, and by how much its least certain character must stand out.
const EXPLAINED_MIN: f32 = 0.9;
const MARGIN_MIN: f32 = 20.0;
/// How much worse than the middle one of them its worst character may be explained.
const WORST_MAX: f32 = 2.5;

/// A symbol fitted to a profile.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    /// From the start character to the check character.
    pub(super) values: Vec<u8>,
    /// Where its first and last bar end, in samples of the profile.
    pub(super) from: f32,
    pub(super) to: f32,
    /// Share of the profile's variance that it explains.
    pub(super) explained: f32,
    /// By how much the least certain character beats its next best, in variances of what is unexplained.
    pub(super) margin: f32,
    /// What is unexplained of the worst explained character, in parts of what is of the middle one.
    pub(super) worst: f32,
    placed: Placed,
    /// Index of its looks.
    blur: usize,
    /// It was read against the profile's direction.
    turned: bool,
}

impl Fitted {
    /// Whether the profile it was fitted to bears it.
    pub(super) fn stands(&self) -> bool {
        self.explained >= EXPLAINED_MIN && self.margin >= MARGIN_MIN && self.worst <= WORST_MAX
    }

    /// Whether another band of the same bars, fitted at the same place for itself, says the same.
    pub(super) fn agrees(&self, band: &[f32]) -> bool {
        const ROUNDS: usize = 2;
        let turned: Vec<f32>;
        let band = if self.turned {
            turned = band.iter().rev().copied().collect();
            &turned
        } else {
            band
        };
        let looks = &Looks::all()[self.blur];
        let mut placed = self.placed.clone();
        (0..ROUNDS).any(|_| {
            let seen = placed.seen(band);
            let Some((values, model)) = nearest(&seen, placed.characters, looks) else { return false };
            placed = placed.moved(&seen, &model);
            values == self.values
        })
    }
}

/// The symbol nearest to a profile (dark is low), read either way. `step` is pixels to a sample.
pub(super) fn fit(profile: &[f32], step: f32) -> Option<Fitted> {
    let turned: Vec<f32> = profile.iter().rev().copied().collect();
    let ahead = fit_one_way(profile, step);
    let back = fit_one_way(&turned, step).map(|found| {
        let last = profile.len() as f32 - 1.0;
        Fitted { from: last - found.from, to: last - found.to, turned: true, ..found }
    });
    match (ahead, back) {
        (Some(a), Some(b)) => Some(if a.explained >= b.explained { a } else { b }),
        (a, b) => a.or(b),
    }
}

fn fit_one_way(profile: &[f32], step: f32) -> Option<Fitted> {
    let ends = Ends::find(profile)?;
    let looks = Looks::all();
    // Which lengths could be: by how the start and the stop look, at a middling blur.
    let mut lengths: Vec<(f32, Placed)> = Vec::new();
    for characters in CHARACTERS {
        let modules = (MODULES * characters + STOP_MODULES) as f32;
        let module = (ends.to - ends.from) / modules;
        if (MODULE_MIN..=MODULE_MAX).contains(&(module * step)) {
            lengths.extend(Placed::best(profile, &ends, characters, &looks[1]));
        }
    }
    lengths.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Option<Fitted> = None;
    for (_, placed) in lengths.into_iter().take(3) {
        consider(&mut best, profile, placed, 1, 2);
    }
    let placed = best.as_ref()?.placed.clone();
    for blur in [0, 2, 3] {
        consider(&mut best, profile, placed.clone(), blur, 2);
    }
    let (placed, blur) = best.as_ref().map(|found| (found.placed.clone(), found.blur))?;
    consider(&mut best, profile, placed, blur, 4);
    best
}

/// Fits at one place and blur, moving the place to where the fit says; keeps the better.
fn consider(best: &mut Option<Fitted>, profile: &[f32], mut placed: Placed, blur: usize, rounds: usize) {
    let looks = &Looks::all()[blur];
    for _ in 0..rounds {
        let seen = placed.seen(profile);
        let Some((values, model)) = nearest(&seen, placed.characters, looks) else { return };
        let found = placed.judge(&seen, &values, &model, blur);
        placed = placed.moved(&seen, &model);
        if best.as_ref().is_none_or(|known| found.explained > known.explained) {
            *best = Some(found);
        }
    }
}

#[cfg(test)]
mod tests;

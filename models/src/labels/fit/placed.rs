//! Where a symbol lies in a profile, and where a fitted one would lie better.

use super::looks::{Looks, margins};
use super::{Fitted, MODULES, PER, SHARED, SPILL, STOP_MODULES, STOP_WINDOW, SYMBOLS, WINDOW};

/// Where a code's first bar begins and its last ends, in samples, with the paper's level at both.
pub(super) struct Ends {
    pub(super) from: f32,
    pub(super) to: f32,
    paper: (f32, f32),
    ink: f32,
}

impl Ends {
    /// From the middle outwards to the first stretch of paper that is longer than any within.
    pub(super) fn find(profile: &[f32]) -> Option<Self> {
        let length = profile.len();
        let inner = &profile[length / 4..length - length / 4];
        let mut sorted = inner.to_vec();
        if sorted.len() < 40 {
            return None;
        }
        sorted.sort_unstable_by(f32::total_cmp);
        let (ink, paper) = (sorted[sorted.len() / 25], sorted[sorted.len() - 1 - sorted.len() / 25]);
        if paper - ink < 3.0 {
            return None;
        }
        let line = paper - 0.35 * (paper - ink);
        let is_dark = |at: usize| profile[at] < line;
        let mut longest = 0;
        let mut run = 0;
        for at in length / 4..length - length / 4 {
            run = if is_dark(at) { 0 } else { run + 1 };
            longest = longest.max(run);
        }
        let quiet = longest + longest / 3 + 4;
        let end = |mut places: Box<dyn Iterator<Item = usize>>| {
            let (mut last_dark, mut run) = (None, 0);
            places.find(|&at| {
                if is_dark(at) {
                    (last_dark, run) = (Some(at), 0);
                } else {
                    run += 1;
                }
                run >= quiet
            });
            last_dark
        };
        let from = end(Box::new((0..length / 2).rev()))?;
        let to = end(Box::new(length / 2..length))?;
        let level = |places: std::ops::Range<usize>| {
            let count = places.len().max(1) as f32;
            let sum: f32 = profile[places].iter().sum();
            if count < 2.0 { paper } else { sum / count }
        };
        let aside = quiet / 3;
        let left = level(from.saturating_sub(quiet)..from.saturating_sub(aside)).max(line);
        let right = level((to + aside).min(length)..(to + quiet).min(length)).max(line);
        Some(Self { from: from as f32, to: to as f32, paper: (left, right), ink })
    }
}

/// Where the symbol is thought to lie: modules to samples, and grey to ink.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) characters: usize,
    from: f32,
    module: f32,
    /// Samples by which the middle lies off the straight line.
    bow: f32,
    paper: (f32, f32),
    ink: f32,
}

impl Placed {
    fn modules(&self) -> f32 {
        (MODULES * self.characters + STOP_MODULES) as f32
    }

    /// The place of a module's edge in samples of the profile.
    fn place(&self, module: f32) -> f32 {
        let along = module / self.modules();
        self.from + module * self.module + self.bow * 4.0 * along * (1.0 - along)
    }

    /// Ink at [`PER`] samples a module, from [`SPILL`] modules before the first bar to as many after the last.
    pub(super) fn seen(&self, profile: &[f32]) -> Vec<f32> {
        let samples = (self.modules() as usize + 2 * SPILL) * PER;
        let last = profile.len() as f32 - 1.001;
        (0..samples)
            .map(|sample| {
                let module = (sample as f32 + 0.5) / PER as f32 - SPILL as f32;
                let at = self.place(module).clamp(0.0, last);
                let left = at as usize;
                let grey = profile[left] + (profile[left + 1] - profile[left]) * (at - left as f32);
                let along = (module / self.modules()).clamp(0.0, 1.0);
                let paper = self.paper.0 + (self.paper.1 - self.paper.0) * along;
                (paper - grey) / (paper - self.ink).max(1.0)
            })
            .collect()
    }

    /// The place, of those near the ends, where start and stop look best; with how badly they do.
    pub(super) fn best(profile: &[f32], ends: &Ends, characters: usize, looks: &Looks) -> Option<(f32, Self)> {
        let modules = (MODULES * characters + STOP_MODULES) as f32;
        let module = (ends.to - ends.from) / modules;
        let mut best: Option<(f32, Self)> = None;
        let shifts = [-0.6f32, -0.3, 0.0, 0.3, 0.6];
        for left in shifts {
            for right in shifts {
                let from = ends.from + left * module;
                let to = ends.to + right * module;
                let (paper, ink) = (ends.paper, ends.ink);
                let placed = Self { characters, from, module: (to - from) / modules, bow: 0.0, paper, ink };
                let seen = placed.seen(profile);
                // A start's last space and the stop's first bar touch what is not known yet: left out.
                let start = (103..SYMBOLS).map(|value| apart(&seen[..WINDOW - SHARED], &looks.symbols[value]));
                let tail = &seen[seen.len() - STOP_WINDOW + SHARED..];
                let cost = start.fold(f32::MAX, f32::min) + apart(tail, &looks.stop[SHARED..]);
                if best.as_ref().is_none_or(|(known, _)| cost < *known) {
                    best = Some((cost, placed));
                }
            }
        }
        best
    }

    /// Moved to where a fitted symbol would lie better, with better levels of paper and ink.
    pub(super) fn moved(&self, seen: &[f32], model: &[f32]) -> Self {
        // How far each character lies off, by how the misfit goes with the slope.
        let mut sums = [[0.0f64; 3]; 3];
        let mut sides = [0.0f64; 3];
        let (mut ink, mut both) = (0.0, 0.0);
        for at in 1..seen.len() - 1 {
            let slope = f64::from(model[at + 1] - model[at - 1]) * 0.5 * PER as f64;
            let misfit = f64::from(seen[at] - model[at]);
            let along = (at as f64 / PER as f64 - SPILL as f64) / f64::from(self.modules());
            let parts = [1.0, along, 4.0 * along * (1.0 - along)];
            for row in 0..3 {
                sides[row] += misfit * slope * parts[row];
                for column in 0..3 {
                    sums[row][column] += slope * slope * parts[row] * parts[column];
                }
            }
            ink += seen[at] * model[at];
            both += model[at] * model[at];
        }
        // Seen(x) = model(x + d): the symbol lies d modules further left than thought.
        let [offset, stretch, bow] = solve(sums, sides).map(|value| (value as f32).clamp(-0.5, 0.5));
        let gain = (ink / both.max(1e-6)).clamp(0.6, 1.6);
        let paper = 0.5 * (self.paper.0 + self.paper.1);
        Self {
            from: self.from - offset * self.module,
            module: self.module * (1.0 - stretch / self.modules()),
            bow: self.bow - bow * self.module,
            ink: paper - (paper - self.ink) * gain,
            ..self.clone()
        }
    }

    /// How well these characters, which would look like `model` through this blur, explain what was seen.
    pub(super) fn judge(&self, seen: &[f32], values: &[u8], model: &[f32], blur: usize) -> Fitted {
        let inside = &seen[SPILL * PER..seen.len() - SPILL * PER];
        let mean = inside.iter().sum::<f32>() / inside.len() as f32;
        let all: f32 = inside.iter().map(|ink| (ink - mean).powi(2)).sum();
        let left: f32 = seen.iter().zip(model).map(|(seen, model)| (seen - model).powi(2)).sum();
        let unexplained = left / seen.len() as f32;
        let margin = margins(seen, values, &Looks::all()[blur]).fold(f32::MAX, f32::min) / unexplained.max(1e-6);
        Fitted {
            values: values.to_vec(),
            from: self.place(0.0),
            to: self.place(self.modules()),
            explained: 1.0 - left / all.max(1e-6),
            margin,
            worst: worst(seen, model, values.len()),
            placed: self.clone(),
            blur,
            turned: false,
        }
    }
}

/// The misfit of the character that fits worst, in parts of the middle one's.
fn worst(seen: &[f32], model: &[f32], characters: usize) -> f32 {
    let misfit = |place: usize| {
        let own = (SPILL + place * MODULES) * PER..(SPILL + (place + 1) * MODULES) * PER;
        apart(&seen[own.clone()], &model[own])
    };
    let mut misfits: Vec<f32> = (0..characters).map(misfit).collect();
    misfits.sort_unstable_by(f32::total_cmp);
    misfits[characters - 1] / misfits[characters / 2].max(1e-6)
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Three unknowns; none where the equations do not say.
fn solve(mut rows: [[f64; 3]; 3], mut sides: [f64; 3]) -> [f64; 3] {
    // A little of nothing on the diagonal: what is not seen does not move.
    rows.iter_mut().enumerate().for_each(|(step, row)| row[step] += 1e-3);
    for step in 0..3 {
        for row in 0..3 {
            if row != step {
                let factor = rows[row][step] / rows[step][step];
                let pivot = rows[step];
                rows[row].iter_mut().zip(pivot).for_each(|(value, other)| *value -= factor * other);
                sides[row] -= factor * sides[step];
            }
        }
    }
    std::array::from_fn(|row| sides[row] / rows[row][row])
}

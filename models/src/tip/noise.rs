//! Grain, redrawn: what is left of a count when something takes a share of its light.
//!
//! A count scaled by r keeps r² of its variance, but light that is less by r has r of it: the difference, g·c·r·(1 −
//! r), is drawn and added (g: counts for one photon). Where photons are few each one is asked on its own whether it
//! came through, which is the same in the mean and never less than no light. Without this, a projected item lies there
//! suspiciously smooth.

use super::library::Scanner;
use crate::random_graph::SplitMix;

#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    /// Counts for one detected photon.
    counts_per_photon: f32,
    /// Electronic noise, in counts.
    electronic: f32,
    quantum: f32,
}

/// Up to so many photons are asked one by one; a mean below this is drawn as rare events.
const PHOTONS_ASKED_MAX: f32 = 256.0;
const RARE: f32 = 24.0;

impl Noise {
    pub(super) fn of(scanner: &Scanner, air: f32, quantum: u16) -> Self {
        let counts_per_photon = air / scanner.photons.max(1) as f32;
        let electronic = scanner.electronic_e3 as f32 / 1_000.0 * counts_per_photon;
        Self { counts_per_photon, electronic, quantum: f32::from(quantum) }
    }

    /// Variance of a count around its mean, counts², rounding included.
    pub(super) fn variance(&self, count: f32) -> f32 {
        self.counts_per_photon * count + self.electronic * self.electronic + self.quantum * self.quantum / 12.0
    }

    /// What must be added to the variance of a count that was scaled by `share`.
    pub(super) fn missing(&self, count: f32, share: f32) -> f32 {
        self.counts_per_photon * count * share * (1.0 - share)
            + self.electronic * self.electronic * (1.0 - share * share)
    }

    /// Less light than this is none: one photon.
    pub(super) fn least_light(&self) -> f32 {
        self.counts_per_photon.max(1.0)
    }

    /// The count that is read when `share` (0 to 1) of a count's light comes through: before it is rounded.
    pub(super) fn through(&self, count: f32, share: f32, random: &mut SplitMix) -> f32 {
        let photons = count / self.counts_per_photon;
        let mean = photons * share;
        let electronic = self.electronic * (1.0 - share * share).max(0.0).sqrt() * random.normal();
        let passed = if photons <= PHOTONS_ASKED_MAX {
            let whole = photons.floor();
            let asked = (0..whole as u32).filter(|_| unit(random) < share).count();
            asked as f32 + (photons - whole) * share
        } else if mean < RARE {
            rare(mean, random)
        } else {
            mean + (mean * (1.0 - share)).sqrt() * random.normal()
        };
        (passed * self.counts_per_photon + electronic).max(0.0)
    }
}

/// Uniform from 0 to less than 1.
pub(super) fn unit(random: &mut SplitMix) -> f32 {
    (random.next() >> 40) as f32 / (1u32 << 24) as f32
}

/// A Poisson draw by products.
fn rare(mean: f32, random: &mut SplitMix) -> f32 {
    const MOST: u32 = 200;
    let limit = (-mean).exp();
    let mut product = unit(random);
    let mut count = 0;
    while product > limit && count < MOST {
        product *= unit(random);
        count += 1;
    }
    count as f32
}

//! How fast two clocks drift apart: an interval, from proofs that lie far apart.
//!
//! Two proofs bound the mean rate between them: no faster than from the lowest the offset can have been to the highest
//! it can be, no slower than the other way round. The quickest answer of every few seconds is kept for two minutes; the
//! others, with their longer round trips, could bound it no better and are passed over. A rate is never extrapolated
//! without allowing for crystals that wander.

use std::collections::VecDeque;

use super::{Known, Span};
use crate::limits::{CLOCK_DRIFT_PPM, CLOCK_WANDER_PPM};

/// How long a proof bears on the rate, microseconds.
pub const WINDOW: i64 = 128_000_000;
/// Of each such stretch the quickest answer is kept.
const STRETCH: i64 = 4_000_000;
/// Without a proof for longer than this, nothing is known of the rate any more.
const SILENCE: i64 = 16_000_000;
const PROOFS_MAX: usize = (WINDOW / STRETCH) as usize + 1;

/// Microseconds that the offset gains in a thousand seconds (parts per billion), least and most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    lo: i64,
    hi: i64,
}

const PPM: i64 = 1_000;
const SECOND_THOUSAND_US: i64 = 1_000_000_000;

impl Rate {
    /// All that is known of any two crystals.
    pub const WORST: Self = Self { lo: -CLOCK_DRIFT_PPM * PPM, hi: CLOCK_DRIFT_PPM * PPM };

    /// What the offset gains over `way` microseconds, which may be negative. Rounded outward.
    pub fn over(self, way: i64) -> Span {
        let gain = |rate: i64| i128::from(rate) * i128::from(way);
        let (a, b) = (gain(self.lo), gain(self.hi));
        let unit = i128::from(SECOND_THOUSAND_US);
        Span { lo: a.min(b).div_euclid(unit) as i64, hi: -(-a.max(b)).div_euclid(unit) as i64 }
    }

    fn meet(self, other: Self) -> Self {
        Self { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }

    /// The mean rate between two proofs, `before` the earlier one.
    fn between(before: &Known, after: &Known) -> Self {
        let way = after.at - before.at;
        let rate = |gain: i64| i128::from(gain) * i128::from(SECOND_THOUSAND_US);
        let way = i128::from(way.max(1));
        let narrow = |rate: i128| i64::try_from(rate).unwrap_or(if rate < 0 { i64::MIN / 4 } else { i64::MAX / 4 });
        Self {
            lo: narrow(rate(after.offset.lo - before.offset.hi).div_euclid(way)),
            hi: narrow(-(-rate(after.offset.hi - before.offset.lo)).div_euclid(way)),
        }
    }
}

/// The proofs that bear on the rate, oldest first, and what they say of it together.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    proofs: VecDeque<Known>,
    /// Nothing until two proofs are there.
    measured: Option<Rate>,
}

impl Rates {
    /// Takes a proof; keeps it when it is the quickest of its stretch.
    pub fn add(&mut self, fresh: Known) {
        let width = |known: &Known| known.offset.hi - known.offset.lo;
        while self.proofs.front().is_some_and(|oldest| fresh.at - oldest.at > WINDOW) || self.proofs.len() == PROOFS_MAX
        {
            self.proofs.pop_front();
        }
        let stretch = |known: &Known| known.at.div_euclid(STRETCH);
        match self.proofs.back_mut() {
            Some(last) if stretch(last) == stretch(&fresh) => {
                if width(&fresh) > width(last) {
                    return;
                }
                *last = fresh;
            }
            _ => self.proofs.push_back(fresh),
        }
        let pairs = self.proofs.iter().enumerate();
        let rates = pairs.flat_map(|(index, after)| self.proofs.iter().take(index).map(|b| Rate::between(b, after)));
        self.measured = rates.reduce(Rate::meet);
    }

    /// Whether no one rate explains the proofs, wander included.
    pub fn contradict(&self) -> bool {
        self.measured.is_some_and(|rate| rate.lo - rate.hi > CLOCK_WANDER_PPM * PPM)
    }

    /// The rate around a moment of station time: pairs bound means over stretches of their own, so it may lie outside
    /// what they agree on by as much as a crystal wanders.
    pub fn rate(&self, at: i64) -> Rate {
        let near = self.proofs.back().is_some_and(|newest| (newest.at - at).abs() <= SILENCE);
        let Some(measured) = self.measured.filter(|_| near) else {
            return Rate::WORST;
        };
        let wander = CLOCK_WANDER_PPM * PPM;
        let around = Rate { lo: measured.lo - wander, hi: measured.hi + wander };
        let rate = around.meet(Rate::WORST);
        if rate.lo <= rate.hi { rate } else { Rate::WORST }
    }
}

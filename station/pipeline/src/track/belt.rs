//! Where each segment's belt was, when: the controller's beats and edges, kept for a few seconds.
//!
//! Answers are intervals. A time that is not covered yet has no answer; it will have one at the next beat.

use std::collections::VecDeque;

use super::clock::Span;
use crate::limits::BELT_SAMPLES_MAX;
use gatepost_hardware::units::{Micros, Tick};

#[derive(Clone, Copy, Debug)]
struct Sample {
    time: i64,
    tick: i64,
}

/// Positions of one segment.
#[derive(Clone, Debug, Default)]
pub struct Belt {
    samples: VecDeque<Sample>,
    /// The furthest the belt has been: what lies behind is being seen again (the belt reversed).
    furthest: Option<Tick>,
}

/// Why a time has no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPosition {
    /// Later than the last beat: ask again.
    NotYet,
    /// Older than what is kept, or from before the controller booted.
    TooOld,
}

impl Belt {
    pub fn push(&mut self, time: Micros, tick: Tick) {
        let sample = Sample { time: i64::try_from(time.0).unwrap_or(i64::MAX / 4), tick: tick.0 };
        self.furthest = self.furthest.max(Some(tick));
        if self.samples.back().is_some_and(|last| last.time >= sample.time) {
            return; // an edge told after a later beat adds nothing
        }
        if self.samples.len() == BELT_SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub fn now(&self) -> Option<Tick> {
        self.samples.back().map(|sample| Tick(sample.tick))
    }
    /// Controller time of the last position.
    pub fn time(&self) -> Option<i64> {
        self.samples.back().map(|sample| sample.time)
    }
    pub fn furthest(&self) -> Option<Tick> {
        self.furthest
    }

    /// The lowest and highest tick during a span of controller time.
    ///
    /// # Errors
    /// [`NoPosition`].
    pub fn during(&self, span: Span) -> Result<(Tick, Tick), NoPosition> {
        let (first, last) = self.samples.front().zip(self.samples.back()).ok_or(NoPosition::NotYet)?;
        if span.hi > last.time {
            return Err(NoPosition::NotYet);
        }
        if span.lo < first.time {
            return Err(NoPosition::TooOld);
        }
        let inside = self.samples.iter().filter(|sample| span.lo <= sample.time && sample.time <= span.hi);
        let ends = [self.at(span.lo), self.at(span.hi)];
        let ticks = inside.map(|sample| sample.tick).chain(ends);
        let (lo, hi) = ticks.fold((i64::MAX, i64::MIN), |(lo, hi), tick| (lo.min(tick), hi.max(tick)));
        Ok((Tick(lo), Tick(hi)))
    }

    /// The tick at a time that is covered, between its two samples.
    fn at(&self, time: i64) -> i64 {
        let after = self.samples.partition_point(|sample| sample.time < time);
        let later = self.samples[after.min(self.samples.len() - 1)];
        let earlier = self.samples[after.saturating_sub(1)];
        interpolate((earlier.time, earlier.tick), (later.time, later.tick), time)
    }

    /// When the belt was last at `tick`, as it ran forward. Nothing if that is older than what is kept, or yet to come.
    pub fn when(&self, tick: Tick) -> Option<i64> {
        let pairs = self.samples.iter().zip(self.samples.iter().skip(1));
        pairs
            .rev()
            .find(|(a, b)| a.tick <= tick.0 && tick.0 <= b.tick && a.tick < b.tick)
            .map(|(a, b)| interpolate((a.tick, a.time), (b.tick, b.time), tick.0))
    }

    /// The tick at a controller time, when it is covered.
    pub fn tick_at(&self, time: i64) -> Option<Tick> {
        let covered = self.samples.front()?.time <= time && time <= self.samples.back()?.time;
        covered.then(|| Tick(self.at(time)))
    }
}

fn interpolate(a: (i64, i64), b: (i64, i64), at: i64) -> i64 {
    if b.0 == a.0 {
        return b.1;
    }
    // i128: a product of two microsecond counts of a long stop does not fit 64 bits.
    a.1 + (i128::from(b.1 - a.1) * i128::from(at - a.0) / i128::from(b.0 - a.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belt(samples: &[(u64, i64)]) -> Belt {
        let mut belt = Belt::default();
        samples.iter().for_each(|&(time, tick)| belt.push(Micros(time), Tick(tick)));
        belt
    }

    #[test]
    fn positions_are_intervals_and_the_future_has_none() {
        let belt = belt(&[(0, 0), (100, 50), (200, 50), (300, 20), (400, 120)]);
        assert_eq!(belt.during(Span { lo: 50, hi: 60 }), Ok((Tick(25), Tick(30))));
        assert_eq!(belt.during(Span { lo: 150, hi: 350 }), Ok((Tick(20), Tick(70))));
        assert_eq!(belt.during(Span { lo: 390, hi: 401 }), Err(NoPosition::NotYet));
        assert_eq!(belt.during(Span { lo: -1, hi: 1 }), Err(NoPosition::TooOld));
        assert_eq!(belt.furthest(), Some(Tick(120)));
    }

    #[test]
    fn after_a_reverse_the_last_crossing_counts() {
        let belt = belt(&[(0, 0), (100, 50), (200, 0), (300, 100)]);
        assert_eq!(belt.when(Tick(25)), Some(225));
        assert_eq!(belt.when(Tick(200)), None);
    }
}

//! Where each segment's belt was, when: the controller's beats and edges, kept for a few seconds.
//!
//! Answers are intervals. The controller says time and tick of the same moment, so a sample is exact to a tick and a line
//! through many could only be worse. Between two samples a belt may have started or stopped, and a line would be a
//! guess: what is sure is that it was between the two ticks, and ran no faster than a quarter over its nominal speed.
//! That is the bound; at nominal speed it is a few millimetres wide. A time that is not covered yet has no answer; it
//! will have one at the next beat.

use std::collections::VecDeque;

use super::clock::Span;
use crate::limits::BELT_SAMPLES_MAX;
use gatepost_hardware::lane::Segment;
use gatepost_hardware::units::{Micros, Tick};

#[derive(Clone, Copy, Debug)]
struct Sample {
    time: i64,
    tick: i64,
}

/// Positions of one segment.
#[derive(Clone, Debug)]
pub struct Belt {
    /// Ticks in a thousand seconds, at most.
    fastest: i64,
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
    pub fn new(segment: &Segment) -> Self {
        let nominal = i64::from(segment.speed_mm_s) * 1_000_000 / i64::from(segment.tick_um.max(1));
        Self { fastest: nominal + nominal / 4, samples: VecDeque::new(), furthest: None }
    }

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
        let ends = [self.around(span.lo), self.around(span.hi)].into_iter().flat_map(|(lo, hi)| [lo, hi]);
        let ticks = inside.map(|sample| sample.tick).chain(ends);
        let (lo, hi) = ticks.fold((i64::MAX, i64::MIN), |(lo, hi), tick| (lo.min(tick), hi.max(tick)));
        Ok((Tick(lo), Tick(hi)))
    }

    /// The samples before and after a time that is covered.
    fn beside(&self, time: i64) -> (Sample, Sample) {
        let after = self.samples.partition_point(|sample| sample.time < time);
        (self.samples[after.saturating_sub(1)], self.samples[after.min(self.samples.len() - 1)])
    }

    /// The tick at a time that is covered, as if the belt had run evenly between its two samples.
    fn at(&self, time: i64) -> i64 {
        let (earlier, later) = self.beside(time);
        interpolate((earlier.time, earlier.tick), (later.time, later.tick), time)
    }

    /// The lowest and highest tick there can have been at a time that is covered.
    fn around(&self, time: i64) -> (i64, i64) {
        let (earlier, later) = self.beside(time);
        if time == later.time {
            return (later.tick, later.tick);
        }
        let run = |us: i64| i64::try_from(i128::from(us) * i128::from(self.fastest) / 1_000_000_000 + 1);
        let (since, until) = (run(time - earlier.time).unwrap_or(i64::MAX), run(later.time - time).unwrap_or(i64::MAX));
        let between = (earlier.tick.min(later.tick), earlier.tick.max(later.tick));
        let (lo, hi) = (later.tick.saturating_sub(until), earlier.tick.saturating_add(since));
        // Backward, or faster than it can: only the samples are sure.
        if earlier.tick > later.tick || lo > hi { between } else { (lo.max(between.0), hi.min(between.1)) }
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
    use gatepost_hardware::lane::Name;
    use gatepost_hardware::units::Millimetres;
    use proptest::prelude::*;

    /// Half a millimetre a tick.
    fn segment(speed_mm_s: u32) -> Segment {
        let (length_mm, slip_permille) = (Millimetres(4_000), 20);
        Segment { name: Name::new(), length_mm, tick_um: 500, encoder: true, speed_mm_s, slip_permille }
    }

    fn belt(samples: &[(u64, i64)]) -> Belt {
        let mut belt = Belt::new(&segment(500));
        samples.iter().for_each(|&(time, tick)| belt.push(Micros(time), Tick(tick)));
        belt
    }

    #[test]
    fn positions_are_intervals_and_the_future_has_none() {
        let belt = belt(&[(0, 0), (100_000, 100), (200_000, 100), (300_000, 60), (400_000, 160)]);
        assert_eq!(belt.during(Span { lo: 50_000, hi: 60_000 }), Ok((Tick(37), Tick(76))), "a line says 50 to 60");
        assert_eq!(belt.during(Span { lo: 150_000, hi: 350_000 }), Ok((Tick(60), Tick(123))));
        assert_eq!(belt.during(Span { lo: 100_000, hi: 100_000 }), Ok((Tick(100), Tick(100))));
        assert_eq!(belt.during(Span { lo: 390_000, hi: 400_001 }), Err(NoPosition::NotYet));
        assert_eq!(belt.during(Span { lo: -1, hi: 1 }), Err(NoPosition::TooOld));
        assert_eq!(belt.furthest(), Some(Tick(160)));
    }

    #[test]
    fn after_a_reverse_the_last_crossing_counts() {
        let belt = belt(&[(0, 0), (100, 50), (200, 0), (300, 100)]);
        assert_eq!(belt.when(Tick(25)), Some(225));
        assert_eq!(belt.when(Tick(200)), None);
    }

    #[test]
    fn at_nominal_speed_the_bound_between_beats_is_a_few_millimetres_wide() {
        let samples: Vec<(u64, i64)> = (0..20).map(|beat| (beat * 50_000, beat as i64 * 50)).collect();
        let belt = belt(&samples);
        let widths = (0..900_000).step_by(1_000).map(|time| {
            let (lo, hi) = belt.during(Span { lo: time, hi: time }).unwrap();
            (hi - lo).0
        });
        assert_eq!(widths.max(), Some(14), "ticks of half a millimetre");
    }

    proptest! {
        /// However the belt starts, runs and stops below its fastest: where it was lies in the interval.
        #[test]
        fn the_interval_holds_where_the_belt_was(
            speeds in prop::collection::vec(0u64..=625, 2..60), beat_ms in 20u64..120, at in 0.0f64..1.0, long in 0u64..80_000,
        ) {
            // Micrometres after every millisecond of 30 ms stretches of one speed each.
            let ways = speeds.iter().flat_map(|speed| std::iter::repeat_n(*speed, 30));
            let places: Vec<u64> = std::iter::once(0).chain(ways.scan(0, |um, speed| { *um += speed; Some(*um) })).collect();
            let mut belt = Belt::new(&segment(500));
            for ms in (0..places.len() as u64).step_by(beat_ms as usize) {
                belt.push(Micros(ms * 1_000), Tick((places[ms as usize] / 500) as i64));
            }
            let last = belt.time().unwrap();
            let lo = (last as f64 * at) as i64;
            let hi = (lo + long as i64).min(last);
            let (low, high) = belt.during(Span { lo, hi }).unwrap();
            for ms in (lo + 999) / 1_000..=hi / 1_000 {
                let tick = (places[ms as usize] / 500) as i64;
                prop_assert!(low.0 <= tick && tick <= high.0, "{tick} at {ms} ms, not in {low:?} to {high:?}");
            }
        }
    }
}

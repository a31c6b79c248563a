//! The one file that maps the station's monotonic clock to the controller's.
//!
//! Every time-sync answer proves that the controller read its clock between the station's question and the answer's
//! arrival. Intersecting these proofs, widened by what two crystals may drift, gives an offset that is an interval: its
//! width is a bound on the error, not an estimate of it, and ownership uses it as such.

use crate::limits::CLOCK_DRIFT_PPM;
use gatepost_hardware::units::Micros;

/// An interval of controller time, microseconds. Signed: a device may report what happened before the controller booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub lo: i64,
    pub hi: i64,
}

/// Station clock minus controller clock, as an interval.
#[derive(Clone, Debug, Default)]
pub struct ClockMap {
    offset: Option<Span>,
    /// Station time of the last proof.
    proved: Micros,
}

/// What a proof did to the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    First,
    Agrees,
    /// The proofs exclude each other: one of the clocks jumped. The map starts anew from this proof.
    Jumped,
}

impl ClockMap {
    /// The controller read `time` between the station's `asked` and `heard`.
    pub fn prove(&mut self, asked: Micros, heard: Micros, time: Micros) -> Proof {
        let fresh = Span { lo: signed(asked) - signed(time), hi: signed(heard) - signed(time) };
        let known = self.widened(heard);
        self.proved = heard;
        let Some(known) = known else {
            self.offset = Some(fresh);
            return Proof::First;
        };
        let both = Span { lo: known.lo.max(fresh.lo), hi: known.hi.min(fresh.hi) };
        if both.lo > both.hi {
            self.offset = Some(fresh);
            return Proof::Jumped;
        }
        self.offset = Some(both);
        Proof::Agrees
    }

    /// Forgets everything: the controller booted, its clock began again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The controller times between which something happened that the station heard of at `mono`, `latency` microseconds
    /// (smallest, largest) after the fact. Nothing before the first proof.
    pub fn happened(&self, mono: Micros, latency: (u64, u64)) -> Option<Span> {
        let offset = self.widened(mono)?;
        let (soonest, latest) = (signed(Micros(latency.0)), signed(Micros(latency.1)));
        Some(Span { lo: signed(mono) - latest - offset.hi, hi: signed(mono) - soonest - offset.lo })
    }

    /// Largest error of a mapped time, either way.
    pub fn error_us(&self, mono: Micros) -> Option<u64> {
        self.widened(mono).map(|offset| (offset.hi - offset.lo).unsigned_abs())
    }

    fn widened(&self, at: Micros) -> Option<Span> {
        let drift = signed(at.abs_diff(self.proved)) * CLOCK_DRIFT_PPM / 1_000_000 + 1;
        self.offset.map(|offset| Span { lo: offset.lo - drift, hi: offset.hi + drift })
    }
}

fn signed(time: Micros) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_jump_is_told_from_a_slow_cable() {
        let mut map = ClockMap::default();
        assert_eq!(map.prove(Micros(1_000), Micros(1_400), Micros(200)), Proof::First);
        assert_eq!(map.prove(Micros(501_000), Micros(560_000), Micros(500_300)), Proof::Agrees);
        assert!(map.error_us(Micros(560_000)).unwrap() < 700);
        assert_eq!(map.prove(Micros(1_001_000), Micros(1_001_400), Micros(9_000)), Proof::Jumped);
    }

    proptest! {
        /// Whatever the delays and the drift within its bound, the true time lies in the interval.
        #[test]
        fn the_interval_always_holds_the_truth(
            offset in 0i64..1_000_000_000, ppm in -99i64..99,
            delays in prop::collection::vec((0u64..30_000, 0u64..30_000), 1..40), late in 0u64..2_000_000,
        ) {
            let controller = |mono: u64| Micros(((mono as i64 - offset) * (1_000_000 + ppm) / 1_000_000) as u64);
            let mut map = ClockMap::default();
            let mut mono = 2_000_000_000u64;
            for (there, back) in delays {
                let proof = map.prove(Micros(mono), Micros(mono + there + back), controller(mono + there));
                prop_assert!(proof != Proof::Jumped);
                mono += 500_000;
            }
            let truth = controller(mono).0 as i64;
            let span = map.happened(Micros(mono + late), (late, late)).unwrap();
            prop_assert!(span.lo <= truth && truth <= span.hi, "{truth} not in {span:?}");
        }
    }
}

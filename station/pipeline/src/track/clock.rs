//! The one file that maps the station's monotonic clock to the controller's.
//!
//! Every time-sync answer proves that the controller read its clock between the station's question and the answer's
//! arrival: station clock minus controller clock, the *offset*, lies in an interval as wide as the round trip. Nothing
//! here is a guess. Two crystals drift apart by [`CLOCK_DRIFT_PPM`](crate::limits::CLOCK_DRIFT_PPM) at most, which alone carries a proof forward
//! (*sure*). How fast these two do drift is measured ([`rate`]), as an interval again, and carries it far more closely
//! (*close*): proofs of quick answers stay worth something for minutes, slow answers are wide and narrow nothing.
//!
//! **The bound.** The true offset lies in the answer's interval as long as the crystals keep their data sheets and no
//! crystal changes its rate by more than [`CLOCK_WANDER_PPM`](crate::limits::CLOCK_WANDER_PPM) within [`rate::WINDOW`]; a change that is larger shows
//! as a contradiction, and everything but *sure* is then forgotten. Ownership uses the interval, never a middle of it.

use gatepost_hardware::units::Micros;
use rate::{Rate, Rates};

mod rate;

/// An interval of controller time, microseconds. Signed: a device may report what happened before the controller booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub lo: i64,
    pub hi: i64,
}

/// An offset at one moment of station time.
#[derive(Clone, Copy, Debug)]
struct Known {
    at: i64,
    offset: Span,
}

/// Station clock minus controller clock, as an interval.
#[derive(Clone, Debug, Default)]
pub struct ClockMap {
    sure: Option<Known>,
    close: Option<Known>,
    rates: Rates,
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
        let (at, asked, time) = (signed(heard), signed(asked), signed(time));
        // The answer is whole microseconds, and drift went on while it travelled.
        let travelled = Rate::WORST.over(at - asked).hi;
        let fresh = Known { at, offset: Span { lo: asked - time - travelled - 1, hi: at - time } };
        let Some(known) = self.sure else {
            self.begin(fresh);
            return Proof::First;
        };
        let Some(sure) = known.moved(at, Rate::WORST).meet(fresh) else {
            self.begin(fresh);
            return Proof::Jumped;
        };
        self.sure = Some(sure);
        self.rates.add(fresh);
        let close = self.close.unwrap_or(known).moved(at, self.rates.rate(at)).meet(sure);
        self.close = close.filter(|_| !self.rates.contradict());
        if self.close.is_none() {
            self.close = Some(sure);
            self.rates = Rates::default();
            self.rates.add(fresh);
        }
        Proof::Agrees
    }

    fn begin(&mut self, fresh: Known) {
        *self = Self { sure: Some(fresh), close: Some(fresh), rates: Rates::default() };
        self.rates.add(fresh);
    }

    /// Forgets everything: the controller booted, its clock began again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The controller times between which something happened that the station heard of at `mono`, `latency` microseconds
    /// (smallest, largest) after the fact. Nothing before the first proof.
    pub fn happened(&self, mono: Micros, latency: (u64, u64)) -> Option<Span> {
        let (latest, soonest) = (signed(mono) - signed(Micros(latency.1)), signed(mono) - signed(Micros(latency.0)));
        Some(Span { lo: latest - self.offset(latest)?.hi, hi: soonest - self.offset(soonest)?.lo })
    }

    /// Largest error of a mapped time, either way.
    pub fn error_us(&self, mono: Micros) -> Option<u64> {
        self.offset(signed(mono)).map(|offset| (offset.hi - offset.lo).unsigned_abs())
    }

    fn offset(&self, at: i64) -> Option<Span> {
        let sure = self.sure?.moved(at, Rate::WORST);
        let close = self.close?.moved(at, self.rates.rate(at));
        // What is close was met with what is sure; were they ever apart, the sure one counts.
        Some(close.meet(sure).unwrap_or(sure).offset)
    }
}

impl Known {
    /// The same at another moment, earlier or later.
    fn moved(self, at: i64, rate: Rate) -> Self {
        let drift = rate.over(at - self.at);
        Self { at, offset: Span { lo: self.offset.lo + drift.lo, hi: self.offset.hi + drift.hi } }
    }

    /// What both say of the same moment.
    fn meet(self, other: Self) -> Option<Self> {
        let (lo, hi) = (self.offset.lo.max(other.offset.lo), self.offset.hi.min(other.offset.hi));
        (lo <= hi).then_some(Self { at: other.at, offset: Span { lo, hi } })
    }
}

fn signed(time: Micros) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests;

//! Cumulative sums of small evidence: of a level that moves, and of a share that grows.
//!
//! Both are held within zero and their limit, so that what has drifted is good again after as much evidence for the good.

/// A change of half a deviation is no evidence (the usual choice for a change of one).
const SLACK: f64 = 0.5;
/// With it a quiet level is called drifting once in some seven million pictures (Siegmund's approximation of the run
/// length, (e^b - b - 1) / 2k² with b = 2k (LIMIT + 1.166), k = SLACK).
const LIMIT: f64 = 14.0;
/// One odd picture counts no more than this.
const DEVIATIONS_MAX: f64 = 3.0;

/// A measured level: how far it has moved up and down, in deviations.
#[derive(Clone, Debug)]
pub(super) struct Level {
    mean: f64,
    deviation: f64,
    up: f64,
    down: f64,
    drifts: bool,
}

impl Level {
    pub fn new(mean: f64, deviation: f64) -> Self {
        Self { mean, deviation: deviation.max(f64::MIN_POSITIVE), up: 0.0, down: 0.0, drifts: false }
    }

    pub fn hear(&mut self, value: f64) {
        let off = ((value - self.mean) / self.deviation).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX);
        // A value that is no number says nothing.
        let off = if off.is_nan() { 0.0 } else { off };
        self.up = (self.up + off - SLACK).clamp(0.0, LIMIT);
        self.down = (self.down - off - SLACK).clamp(0.0, LIMIT);
        self.drifts = held(self.drifts, self.up.max(self.down), LIMIT);
    }

    pub fn drifts(&self) -> bool {
        self.drifts
    }
}

/// Evidence enough that a share has grown: once in some hundred thousand pictures where it has not.
const SHARE_LIMIT: f64 = 12.0;

/// A counted share: the evidence that it is twice what it was, and five of a hundred more at least.
#[derive(Clone, Debug)]
pub(super) struct Share {
    hit: f64,
    miss: f64,
    sum: f64,
    drifts: bool,
}

impl Share {
    /// `count` of `of` pictures are usual. What is usual is only known as well as so few show it: the upper end of its
    /// 99 % interval (Wilson 1927) is taken for it.
    pub fn new(count: u32, of: u32) -> Self {
        let usual = wilson_upper(count, of).clamp(0.002, 0.7);
        let grown = (2.0 * usual).max(usual + 0.05).min(0.95);
        Self { hit: (grown / usual).ln(), miss: ((1.0 - grown) / (1.0 - usual)).ln(), sum: 0.0, drifts: false }
    }

    pub fn hear(&mut self, hit: bool) {
        self.sum = (self.sum + if hit { self.hit } else { self.miss }).clamp(0.0, SHARE_LIMIT);
        self.drifts = held(self.drifts, self.sum, SHARE_LIMIT);
    }

    pub fn drifts(&self) -> bool {
        self.drifts
    }
}

/// From the limit on, until nothing is left.
fn held(before: bool, sum: f64, limit: f64) -> bool {
    if before { sum > 0.0 } else { sum >= limit }
}

fn wilson_upper(count: u32, of: u32) -> f64 {
    const Z: f64 = 2.576;
    let of = f64::from(of.max(1));
    let share = f64::from(count) / of;
    let middle = share + Z * Z / (2.0 * of);
    let half = Z * (share * (1.0 - share) / of + Z * Z / (4.0 * of * of)).sqrt();
    (middle + half) / (1.0 + Z * Z / of)
}

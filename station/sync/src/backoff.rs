//! How long to wait before the next attempt to connect. Pure: chance comes in from outside.

use std::time::Duration;

const FIRST_MS: u64 = 250;
const MAX_MS: u64 = 30_000;

/// Doubles with each failure up to 30 s. Half of the wait is chance, so that a thousand stations that lost the same
/// broker do not come back in the same second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure; `chance` is any number, evenly drawn.
    pub fn failed(&mut self, chance: u32) -> Duration {
        let whole_ms = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(MAX_MS);
        self.failures = self.failures.saturating_add(1);
        let half_ms = whole_ms / 2;
        Duration::from_millis(half_ms + u64::from(chance) % (half_ms + 1))
    }

    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_start_again() {
        let mut backoff = Backoff::default();
        let longest: Vec<u64> = (0..12).map(|_| backoff.failed(u32::MAX).as_millis() as u64).collect();
        assert!(longest.iter().all(|&ms| ms <= MAX_MS) && longest[0] <= FIRST_MS);
        assert!(backoff.failed(0).as_millis() as u64 == MAX_MS / 2);
        backoff.succeeded();
        assert!(backoff.failed(u32::MAX).as_millis() as u64 <= FIRST_MS);
    }

    #[test]
    fn chance_spreads_half_of_the_wait() {
        let wait = |chance| Backoff { failures: 7 }.failed(chance).as_millis() as u64;
        assert_eq!((wait(0), wait(15_000), wait(15_001)), (15_000, 30_000, 15_000));
    }
}

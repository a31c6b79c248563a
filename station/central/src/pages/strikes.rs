//! How often an address was told no lately, and how long it has to wait. Pure: it is told the time.
//!
//! Who waits is answered at once, and nothing is written down for him. Whoever shows a token is looked up all the same, one
//! reading by its digest: a good token is never made to wait, whoever else asks from the same address (a token cannot be
//! guessed, so a neighbour's mistakes cost only the neighbour). Whoever shows none, as a station that asks to be let in, is not
//! looked up while his address waits; that is a minute at most.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// So many are answered as they come.
const FREE: u32 = 8;
/// Then each doubles the wait, from a second on.
const WAIT_MS_MAX: i64 = 60_000;
/// Forgotten after so long.
const REMEMBERED_MS: i64 = 600_000;
/// Addresses remembered; the one that was refused longest ago is forgotten first.
const ADDRESSES_MAX: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Strikes(BTreeMap<IpAddr, Strike>);

#[derive(Clone, Copy, Debug, Default)]
struct Strike {
    times: u32,
    last_ms: i64,
    waits_until_ms: i64,
    /// Refused while waiting, and written down nowhere yet.
    untold: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Struck {
    /// To be written down as so many.
    Told(i64),
    /// Too many: to ask again after so many seconds.
    Waits(i64),
}

impl Strikes {
    /// How many seconds whoever asks from there has still to wait; counted, as one more that was told no.
    pub(super) fn waits(&mut self, address: IpAddr, now_ms: i64) -> Option<i64> {
        let strike = self.0.get_mut(&address).filter(|strike| now_ms < strike.waits_until_ms)?;
        strike.untold += 1;
        Some((strike.waits_until_ms - now_ms).div_euclid(1_000) + 1)
    }

    pub(super) fn strike(&mut self, address: IpAddr, now_ms: i64) -> Struck {
        if let Some(seconds) = self.waits(address, now_ms) {
            return Struck::Waits(seconds);
        }
        if !self.0.contains_key(&address) && self.0.len() >= ADDRESSES_MAX {
            self.forget_one();
        }
        let strike = self.0.entry(address).or_default();
        if strike.last_ms + REMEMBERED_MS < now_ms {
            strike.times = 0;
        }
        strike.times = strike.times.saturating_add(1);
        strike.last_ms = now_ms;
        if let Some(beyond) = strike.times.checked_sub(FREE) {
            strike.waits_until_ms = now_ms + (1_000_i64 << beyond.min(10)).min(WAIT_MS_MAX);
        }
        Struck::Told(1 + std::mem::take(&mut strike.untold))
    }

    fn forget_one(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, strike)| strike.last_ms).map(|(address, _)| *address);
        if let Some(oldest) = oldest {
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn the_ninth_waits_longer_each_time_and_nobody_is_left_uncounted() {
        let mut strikes = Strikes::default();
        let (mut now_ms, mut told, mut waits) = (1_000_000, 0, Vec::new());
        for _ in 0..28 {
            match strikes.strike(from(1), now_ms) {
                Struck::Told(times) => told += times,
                Struck::Waits(seconds) => {
                    waits.push(seconds - 1);
                    now_ms += seconds * 1_000;
                }
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(told, 28, "who waited is told with the next");
        assert_eq!(strikes.strike(from(2), now_ms), Struck::Told(1), "a neighbour is not made to wait");
        assert_eq!(strikes.waits(from(2), now_ms), None);
        assert_eq!(strikes.waits(from(1), now_ms), Some(61), "the last of them waits still");
        let now_ms = now_ms + 60_000;
        assert_eq!(strikes.waits(from(1), now_ms), None, "its wait is over");
        assert_eq!(strikes.strike(from(1), now_ms), Struck::Told(2), "who only asked is told with the next too");
        let later = now_ms + REMEMBERED_MS + 1;
        assert_eq!(strikes.strike(from(1), later), Struck::Told(1));
        assert_eq!(strikes.strike(from(1), later), Struck::Told(1), "forgotten after a while");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut strikes = Strikes::default();
        for n in 0..2 * ADDRESSES_MAX as u32 {
            strikes.strike(from(n), i64::from(n));
        }
        assert_eq!(strikes.0.len(), ADDRESSES_MAX);
        assert!(strikes.0.contains_key(&from(2 * ADDRESSES_MAX as u32 - 1)) && !strikes.0.contains_key(&from(0)));
    }
}

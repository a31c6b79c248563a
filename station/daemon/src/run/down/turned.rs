//! What was turned away: recorded once each, and tried again where the fault was here or passes.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use gatepost_sync::chain::Digest;
use gatepost_sync::topics::Down;

/// Refused messages remembered, so that one which comes with each connection is recorded once.
const KEPT: usize = 32;
/// Refusals of unsigned messages recorded in a minute: whoever can write at the broker must not fill the journal.
const RUBBISH_MAX: u32 = 30;
const MINUTE: Duration = Duration::from_secs(60);
/// Looks, one a minute, without a part of what is under way while something newer waits: central has let go of it.
const STALLED_LOOKS: u32 = 5;

/// When the same bytes may be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// A full disk, a wrong clock: soon, and without being said again.
    Soon,
    /// Something was wrong with them here or on their way: when central says them again.
    WhenSaid,
    /// They are wrong in themselves.
    Never,
}

#[derive(Debug, Default)]
pub struct Turned {
    refused: VecDeque<(Digest, Again)>,
    rubbish: Rubbish,
    /// Lists in force and commands answered, as far as this run has recorded them.
    recorded: VecDeque<Digest>,
    /// Of each kind the newest message that is tried again soon.
    soon: BTreeMap<Down, Vec<u8>>,
    /// Of each kind the newest offer that came while another is under way: a list that changes faster than it is fetched
    /// would else never be whole.
    next: BTreeMap<Down, Vec<u8>>,
    /// How much of what is under way was here at the last look, and for how many looks.
    looks: BTreeMap<Down, (u64, u32)>,
}

/// What nobody we believe has signed.
#[derive(Debug, Default)]
struct Rubbish {
    /// Since when is counted, and how many were recorded since.
    minute: Option<(Instant, u32)>,
    /// Refused and not recorded.
    untold: u64,
}

impl Rubbish {
    fn may_be_recorded(&mut self, now: Instant) -> bool {
        let (_, recorded) = match &mut self.minute {
            Some(minute) if now.duration_since(minute.0) < MINUTE => minute,
            minute => minute.insert((now, 0)),
        };
        *recorded += 1;
        let may = *recorded <= RUBBISH_MAX;
        self.untold += u64::from(!may);
        may
    }
}

impl Turned {
    /// Whether to record that it is refused, and how many before it were not: one that is known is not recorded again, and of
    /// what nobody we believe has signed only so much a minute is.
    pub fn refuse(&mut self, message: Digest, again: Again, (signed, now): (bool, Instant)) -> Option<u64> {
        if self.refused.iter().any(|(known, _)| *known == message) {
            return None;
        }
        if self.refused.len() >= KEPT {
            self.refused.pop_front();
        }
        self.refused.push_back((message, again));
        if !signed && !self.rubbish.may_be_recorded(now) {
            return None;
        }
        Some(std::mem::take(&mut self.rubbish.untold))
    }

    /// Whether this run has not recorded yet that this list is in force, or what it answered to this command.
    pub fn is_news(&mut self, message: Digest) -> bool {
        if self.recorded.contains(&message) {
            return false;
        }
        if self.recorded.len() >= KEPT {
            self.recorded.pop_front();
        }
        self.recorded.push_back(message);
        true
    }

    /// Whether it need not be fetched: it would be refused as before.
    pub fn is_refused_for_good(&self, message: Digest) -> bool {
        self.refused.contains(&(message, Again::Never))
    }

    pub fn try_soon(&mut self, kind: Down, message: Vec<u8>) {
        self.soon.insert(kind, message);
    }

    /// Something of this kind was taken; what waited of it is old.
    pub fn taken(&mut self, kind: Down) {
        self.soon.remove(&kind);
    }

    /// What is to be tried now.
    pub fn soon(&mut self) -> BTreeMap<Down, Vec<u8>> {
        std::mem::take(&mut self.soon)
    }

    pub fn wait(&mut self, kind: Down, offer: &[u8]) {
        self.next.insert(kind, offer.to_vec());
    }

    /// What comes after the package that has ended.
    pub fn next(&mut self, kind: Down) -> Option<Vec<u8>> {
        self.looks.remove(&kind);
        self.next.remove(&kind)
    }

    /// One look at a package under way, of which so many bytes are here: whether to give it up for what waits.
    pub fn is_stalled(&mut self, kind: Down, have: u64) -> bool {
        if !self.next.contains_key(&kind) {
            return false;
        }
        let (before, looks) = self.looks.entry(kind).or_insert((have, 0));
        *looks = if *before == have { *looks + 1 } else { 0 };
        *before = have;
        *looks > STALLED_LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_recorded_so_often_and_then_counted_and_what_is_signed_always() {
        let (mut turned, begin) = (Turned::default(), Instant::now());
        let message = |n: u32| Digest::of(&n.to_le_bytes());
        let mut refuse = |n, signed, after_s| {
            turned.refuse(message(n), Again::Never, (signed, begin + Duration::from_secs(after_s)))
        };
        assert_eq!((refuse(0, false, 0), refuse(0, false, 0)), (Some(0), None), "each once");
        let recorded = (1..1_000).filter_map(|n| refuse(n, false, 59)).count();
        assert_eq!(recorded as u32, RUBBISH_MAX - 1);
        assert_eq!(refuse(1_000, true, 59), Some(970), "and the record says how many were not");
        assert_eq!(refuse(1_001, true, 59), Some(0));
        assert_eq!(refuse(1_002, false, 60), Some(0), "another minute");
    }
}

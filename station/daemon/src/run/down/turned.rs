//! What was turned away: recorded once each, and tried again where the fault was here or passes.

use std::collections::{BTreeMap, VecDeque};

use gatepost_sync::chain::Digest;
use gatepost_sync::topics::Down;

/// Refused messages remembered, so that one which comes with each connection is recorded once.
const KEPT: usize = 32;
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
    /// Lists that this run has recorded as in force.
    in_force: VecDeque<Digest>,
    /// Of each kind the newest message that is tried again soon.
    soon: BTreeMap<Down, Vec<u8>>,
    /// Of each kind the newest offer that came while another is under way: a list that changes faster than it is fetched
    /// would else never be whole.
    next: BTreeMap<Down, Vec<u8>>,
    /// How much of what is under way was here at the last look, and for how many looks.
    looks: BTreeMap<Down, (u64, u32)>,
}

impl Turned {
    /// Whether this is the first time that it is refused.
    pub fn refuse(&mut self, message: Digest, again: Again) -> bool {
        if self.refused.iter().any(|(known, _)| *known == message) {
            return false;
        }
        if self.refused.len() >= KEPT {
            self.refused.pop_front();
        }
        self.refused.push_back((message, again));
        true
    }

    /// Whether this run has not recorded yet that this list is in force.
    pub fn is_news(&mut self, list: Digest) -> bool {
        if self.in_force.contains(&list) {
            return false;
        }
        if self.in_force.len() >= KEPT {
            self.in_force.pop_front();
        }
        self.in_force.push_back(list);
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

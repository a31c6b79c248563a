//! How an index stands, told by its own thread and by whoever brings a list.
//!
//! Both write it, so neither may undo what the other said: a list that came a moment before the index called itself ready
//! is not in it yet, and an index that has failed is not being built because a list came. Each outdating has a number, and
//! what was found out before it counts for nothing after it.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Building,
    Ready,
    /// Its thread has ended; for good.
    Failed,
}

/// The number of the last outdating in the upper bits, the state in the lowest two.
#[derive(Default)]
pub(super) struct Standing(AtomicU64);

const READY: u64 = 1;
const FAILED: u64 = 2;
const STATE: u64 = 3;
const OUTDATING: u64 = 4;

/// What was outdated when the index began to look whether it is current.
#[derive(Clone, Copy)]
pub(super) struct Seen(u64);

impl Standing {
    pub(super) fn state(&self) -> State {
        match self.0.load(Ordering::Acquire) & STATE {
            READY => State::Ready,
            FAILED => State::Failed,
            _ => State::Building,
        }
    }

    /// Something came that is not in the index: it is not ready until it has been built after this.
    pub(super) fn outdated(&self) {
        self.change(|now| (now & !STATE) + OUTDATING);
    }

    /// To be asked before looking whether the index is current, and given to [`Standing::ready`] after.
    pub(super) fn seen(&self) -> Seen {
        Seen(self.0.load(Ordering::Acquire) & !STATE)
    }

    /// The index holds everything there was at `seen`; without effect when something came since.
    pub(super) fn ready(&self, seen: Seen) {
        self.change(|now| if now & !STATE == seen.0 { seen.0 | READY } else { now });
    }

    pub(super) fn building(&self) {
        self.change(|now| now & !STATE);
    }

    pub(super) fn fail(&self) {
        self.change(|now| (now & !STATE) | FAILED);
    }

    fn change(&self, to: impl Fn(u64) -> u64) {
        let failed = |now: u64| now & STATE == FAILED;
        // Failed is for good: the closure's refusal leaves it.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (!failed(now)).then(|| to(now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_comes_while_the_index_looks_whether_it_is_current_keeps_it_from_being_ready() {
        let standing = Standing::default();
        let seen = standing.seen();
        standing.outdated();
        standing.ready(seen);
        assert_eq!(standing.state(), State::Building);
        standing.ready(standing.seen());
        assert_eq!(standing.state(), State::Ready);
        standing.building();
        assert_eq!(standing.state(), State::Building);
    }

    #[test]
    fn a_failed_index_stays_failed_whatever_comes() {
        let standing = Standing::default();
        standing.fail();
        standing.outdated();
        standing.building();
        standing.ready(standing.seen());
        assert_eq!(standing.state(), State::Failed);
    }
}

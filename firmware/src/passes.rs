//! Passes: numbered at the entry eye, taken off when the station has accounted for them.
//!
//! A parcel that the belt carries back over the entry eye and then forward again keeps its number: the belt that was
//! seen once is remembered, and only belt never seen before, or a stretch of it that was empty, makes a new pass. The
//! controller does not track parcels, the station does: what left is what the station says has left.

use crate::bounded;
use crate::eyes::Edge;
use gatepost_hardware::link::INVENTORY_MAX;
use gatepost_hardware::units::Tick;
use heapless::{Deque, Vec};

/// Parcels behind the entry eye that a reverse may bring back over it.
const NEAR_MAX: usize = 8;

/// One pass as it lies on the entry belt.
#[derive(Clone, Copy, Debug)]
struct Near {
    pass: u32,
    lead: Tick,
    trail: Option<Tick>,
}

#[derive(Clone, Debug)]
pub struct Passes {
    last: u32,
    near: Deque<Near, NEAR_MAX>,
    inside: Deque<u32, INVENTORY_MAX>,
    complete: bool,
    tolerance: Tick,
}

impl Passes {
    /// `tolerance`: how far a parcel may slide on its belt while that reverses and comes again.
    pub fn new(tolerance: Tick) -> Self {
        Self { last: 0, near: Deque::new(), inside: Deque::new(), complete: true, tolerance }
    }

    /// From the first number on, in place: as [`Self::new`].
    pub fn anew(&mut self, tolerance: Tick) {
        let Self { last, near, inside, complete, tolerance: present } = self;
        (*last, *complete, *present) = (0, true, tolerance);
        near.clear();
        inside.clear();
    }

    /// An edge at the entry eye. Returns whose it is, and whether the pass is new.
    pub fn entry(&mut self, edge: &Edge, backward: bool) -> (Option<u32>, bool) {
        // Over a reversing eye a parcel begins with its tail and ends with its nose.
        let nose = edge.blocked != backward;
        if let Some(near) = self.known(edge.tick, nose) {
            return (Some(near.pass), false);
        }
        // A belt that turns is known to go backward only after its play: a tail that comes again at its own tick is no nose.
        let tail =
            |near: &&Near| near.trail.is_some_and(|trail| edge.blocked && edge.tick <= trail && near.lead < edge.tick);
        if let Some(near) = self.near.iter().find(tail) {
            return (Some(near.pass), false);
        }
        if backward {
            return (None, false); // something was put on belt that had passed empty
        }
        if edge.blocked {
            return (Some(self.begin(edge.tick)), true);
        }
        // A strap or a hole may end a parcel twice; the last end counts.
        let Some(near) = self.near.iter_mut().filter(|near| near.lead <= edge.tick).max_by_key(|near| near.lead) else {
            return (None, false);
        };
        near.trail = Some(edge.tick);
        (Some(near.pass), false)
    }

    fn begin(&mut self, lead: Tick) -> u32 {
        self.last = self.last.wrapping_add(1);
        if self.near.is_full() {
            self.near.pop_front();
        }
        let _ = self.near.push_back(Near { pass: self.last, lead, trail: None }); // room was just made
        if self.inside.is_full() {
            self.inside.pop_front();
            self.complete = false;
        }
        let _ = self.inside.push_back(self.last);
        self.last
    }

    /// The pass whose nose or tail lies here already.
    fn known(&self, tick: Tick, nose: bool) -> Option<Near> {
        let place = |near: &Near| if nose { Some(near.lead) } else { near.trail };
        let distance = |near: &Near| place(near).map_or(i64::MAX, |place| place.abs_diff(tick).0);
        let nearest = self.near.iter().min_by_key(|near| distance(near))?;
        (distance(nearest) <= self.tolerance.0).then_some(*nearest)
    }

    /// The station has accounted for this pass.
    pub fn forget(&mut self, pass: u32) {
        for _ in 0..self.inside.len() {
            if let Some(inside) = self.inside.pop_front().filter(|inside| *inside != pass) {
                let _ = self.inside.push_back(inside); // from where it was just taken
            }
        }
    }

    /// The passes not accounted for, oldest first, and whether they are all.
    pub fn inventory(&self) -> (Vec<u32, INVENTORY_MAX>, bool) {
        (bounded(self.inside.iter().copied()), self.complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::units::Micros;

    fn edge(blocked: bool, tick: i64) -> Edge {
        Edge { blocked, tick: Tick(tick), before: None, time: Micros(0) }
    }

    fn inside(passes: &Passes) -> (std::vec::Vec<u32>, bool) {
        let (inside, complete) = passes.inventory();
        (inside.to_vec(), complete)
    }

    #[test]
    fn a_parcel_that_backs_over_the_entry_eye_and_comes_again_is_the_same_pass() {
        let mut passes = Passes::new(Tick(20));
        assert_eq!(passes.entry(&edge(true, 100), false), (Some(1), true));
        assert_eq!(passes.entry(&edge(false, 400), false), (Some(1), false));
        // Back: tail first, then nose; then both again.
        assert_eq!(passes.entry(&edge(true, 395), true), (Some(1), false));
        assert_eq!(passes.entry(&edge(false, 98), true), (Some(1), false));
        assert_eq!(passes.entry(&edge(true, 104), false), (Some(1), false));
        assert_eq!(passes.entry(&edge(false, 409), false), (Some(1), false));
        assert_eq!(passes.entry(&edge(true, 700), false), (Some(2), true));
        assert_eq!(inside(&passes), (vec![1, 2], true));
    }

    #[test]
    fn a_tail_that_comes_again_before_the_belt_is_known_to_go_backward_is_no_new_pass() {
        let mut passes = Passes::new(Tick(20));
        passes.entry(&edge(true, 100), false);
        passes.entry(&edge(false, 400), false);
        assert_eq!(passes.entry(&edge(true, 400), false), (Some(1), false));
        assert_eq!(passes.entry(&edge(false, 98), true), (Some(1), false));
        assert_eq!(passes.entry(&edge(true, 460), false), (Some(2), true));
    }

    #[test]
    fn what_was_laid_on_belt_that_had_passed_empty_is_new() {
        let mut passes = Passes::new(Tick(20));
        passes.entry(&edge(true, 1_000), false);
        passes.entry(&edge(false, 1_300), false);
        assert_eq!(passes.entry(&edge(true, 600), true), (None, false), "it moves backward: not a pass yet");
        assert_eq!(passes.entry(&edge(true, 500), false), (Some(2), true));
    }

    #[test]
    fn what_the_station_accounted_for_is_no_longer_inside() {
        let mut passes = Passes::new(Tick(20));
        for tick in [100, 1_000, 2_000] {
            passes.entry(&edge(true, tick), false);
            passes.entry(&edge(false, tick + 300), false);
        }
        passes.forget(2);
        passes.forget(7);
        assert_eq!(inside(&passes), (vec![1, 3], true));
    }

    #[test]
    fn the_inventory_is_bounded_and_says_when_it_is_not_whole() {
        let mut passes = Passes::new(Tick(5));
        for number in 0..60 {
            passes.entry(&edge(true, number * 100), false);
            passes.entry(&edge(false, number * 100 + 50), false);
        }
        let (inside, complete) = inside(&passes);
        assert_eq!((inside.len(), inside[0], complete), (INVENTORY_MAX, 13, false));
    }
}

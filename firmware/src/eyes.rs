//! Photo-eyes: from a bouncing level to one edge.
//!
//! An edge is believed when its level held for the debounce time, and is then reported with the tick and the time at
//! which the level changed: the parcel's position must not depend on how long the eye took to convince us.

use gatepost_hardware::units::{Micros, Tick};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The beam was interrupted (a parcel begins) or freed (it ends, on a belt that runs forward).
    pub blocked: bool,
    /// Of the eye's segment, when the level changed.
    pub tick: Tick,
    /// Of the segment before it, at the same moment.
    pub before: Option<Tick>,
    /// Controller time when the level changed.
    pub time: Micros,
}

/// Where the belts are that an eye looks at: its own and the one before it.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    pub here: Tick,
    pub before: Option<Tick>,
}

#[derive(Clone, Debug, Default)]
pub struct Debounce {
    blocked: bool,
    pending: Option<Edge>,
}

impl Debounce {
    /// The believed level.
    pub const fn blocked(&self) -> bool {
        self.blocked
    }

    /// The eye's level as read at `now`, changed or not. Returns the edge that became believable by now.
    pub fn level(&mut self, blocked: bool, at: Ticks, now: Micros, hold: Micros) -> Option<Edge> {
        let edge = self.settle(now, hold);
        match self.pending {
            Some(pending) if pending.blocked != blocked => self.pending = None, // it bounced back
            None if blocked != self.blocked => {
                self.pending = Some(Edge { blocked, tick: at.here, before: at.before, time: now });
            }
            _ => {}
        }
        edge.or_else(|| self.settle(now, hold))
    }

    /// Lets time pass: returns the edge that has held long enough.
    pub fn settle(&mut self, now: Micros, hold: Micros) -> Option<Edge> {
        let pending = self.pending.filter(|edge| now.saturating_sub(edge.time) >= hold)?;
        self.pending = None;
        self.blocked = pending.blocked;
        Some(pending)
    }
}

/// More edges than this within the shortest item and its gap are no parcels: those make two, a strap or a hole two more.
const EDGES_MAX: u8 = 12;
/// An eye that was quiet so long does not flicker any more.
const QUIET: Micros = Micros(1_000_000);

/// Whether an eye changes more often than parcels can.
#[derive(Clone, Debug, Default)]
pub struct Flicker {
    count: u8,
    from: Tick,
    /// The last edge that was not told.
    held: Option<Edge>,
}

impl Flicker {
    /// Counts an edge; `span`: ticks of the shortest item and its gap. True: it flickers, and this edge tells nothing.
    pub fn edge(&mut self, edge: &Edge, span: Tick) -> bool {
        if self.held.is_none() && edge.tick.abs_diff(self.from) > span {
            (self.count, self.from) = (0, edge.tick);
        }
        self.count = self.count.saturating_add(1);
        let flickers = self.held.is_some() || self.count > EDGES_MAX;
        self.held = flickers.then_some(*edge);
        flickers
    }

    /// The level to tell, once it has been quiet.
    pub fn quiet(&mut self, now: Micros) -> Option<Edge> {
        let edge = self.held.filter(|edge| now.saturating_sub(edge.time) >= QUIET)?;
        *self = Self { from: edge.tick, ..Self::default() };
        Some(edge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tick: i64) -> Ticks {
        Ticks { here: Tick(tick), before: None }
    }

    const HOLD: Micros = Micros(1_500);

    #[test]
    fn an_edge_keeps_the_place_and_time_at_which_it_happened() {
        let mut eye = Debounce::default();
        assert_eq!(eye.level(true, at(10), Micros(1_000), HOLD), None);
        assert_eq!(eye.settle(Micros(2_499), HOLD), None);
        let edge = Edge { blocked: true, tick: Tick(10), before: None, time: Micros(1_000) };
        assert_eq!(eye.settle(Micros(2_500), HOLD), Some(edge));
        assert!(eye.blocked());
    }

    #[test]
    fn a_bounce_shorter_than_the_hold_is_no_edge() {
        let mut eye = Debounce::default();
        eye.level(true, at(1), Micros(0), HOLD);
        eye.level(false, at(2), Micros(900), HOLD);
        assert_eq!(eye.settle(Micros(9_000), HOLD), None);
        eye.level(true, at(3), Micros(10_000), HOLD);
        eye.level(false, at(3), Micros(10_200), HOLD);
        eye.level(true, at(4), Micros(10_400), HOLD);
        assert_eq!(eye.settle(Micros(20_000), HOLD).map(|edge| edge.tick), Some(Tick(4)));
    }

    #[test]
    fn an_edge_that_held_is_not_lost_when_the_next_one_comes_before_a_step() {
        let mut eye = Debounce::default();
        eye.level(true, at(1), Micros(0), HOLD);
        let edge = eye.level(false, at(50), Micros(50_000), HOLD);
        assert_eq!(edge.map(|edge| (edge.blocked, edge.tick)), Some((true, Tick(1))));
        let edge = eye.settle(Micros(60_000), HOLD);
        assert_eq!(edge.map(|edge| (edge.blocked, edge.tick)), Some((false, Tick(50))));
    }

    #[test]
    fn without_a_hold_every_level_is_an_edge() {
        let mut eye = Debounce::default();
        assert!(eye.level(true, at(1), Micros(5), Micros::ZERO).is_some());
        assert!(eye.level(true, at(1), Micros(5), Micros::ZERO).is_none());
        assert!(eye.level(false, at(1), Micros(5), Micros::ZERO).is_some());
    }

    #[test]
    fn an_eye_that_flickers_is_silent_until_it_was_quiet() {
        let mut flicker = Flicker::default();
        let edge =
            |number: u64| Edge { blocked: number % 2 == 1, tick: Tick(0), before: None, time: Micros(number * 4_000) };
        let told = (1..=100).filter(|&number| !flicker.edge(&edge(number), Tick(700))).count();
        assert_eq!(told, usize::from(EDGES_MAX));
        assert_eq!(flicker.quiet(Micros(1_399_999)), None);
        assert_eq!(flicker.quiet(Micros(1_400_000)), Some(edge(100)));
        assert!(!flicker.edge(&edge(401), Tick(700)));
    }

    #[test]
    fn parcels_however_close_do_not_flicker() {
        let mut flicker = Flicker::default();
        for number in 0..100 {
            for (blocked, tick) in [(true, number * 350), (false, number * 350 + 100)] {
                let edge = Edge { blocked, tick: Tick(tick), before: None, time: Micros(0) };
                assert!(!flicker.edge(&edge, Tick(350)));
            }
        }
    }
}

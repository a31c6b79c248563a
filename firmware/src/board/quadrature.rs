//! An incremental encoder's two pins: which way the belt went, and whether a step was missed.
//!
//! Every edge of either pin is a tick: four to a period. One step forward is 00 01 11 10 of (A, B), so that a belt that
//! trembles on an edge counts to and fro and not forward. Two pins that changed at once say nothing about the way:
//! that is counted, and no tick.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quadrature {
    /// `None`: not looked at yet.
    pins: Option<u8>,
    skipped: u32,
}

impl Quadrature {
    pub const fn new() -> Self {
        Self { pins: None, skipped: 0 }
    }

    /// The levels of both pins, changed or not; returns ticks forward or back.
    pub fn turn(&mut self, a: bool, b: bool) -> i8 {
        let pins = u8::from(a) << 1 | u8::from(b);
        let Some(before) = self.pins.replace(pins) else {
            return 0;
        };
        match (before, pins) {
            (0b00, 0b01) | (0b01, 0b11) | (0b11, 0b10) | (0b10, 0b00) => 1,
            (0b01, 0b00) | (0b11, 0b01) | (0b10, 0b11) | (0b00, 0b10) => -1,
            (before, pins) => {
                self.skipped = self.skipped.saturating_add(u32::from(before != pins));
                0
            }
        }
    }

    /// How often both pins changed at once, since boot: a broken wire, or faster than the board.
    pub const fn skipped(&self) -> u32 {
        self.skipped
    }
}

/// What an encoder's pins show after so many ticks: for whoever drives them.
pub const fn pins_at(ticks: i64) -> (bool, bool) {
    match ticks.rem_euclid(4) {
        0 => (false, false),
        1 => (false, true),
        2 => (true, true),
        _ => (true, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_is_a_tick_forward_and_back() {
        let mut quadrature = Quadrature::new();
        let mut at = |tick| {
            let (a, b) = pins_at(tick);
            quadrature.turn(a, b)
        };
        assert_eq!(at(-1), 0, "the first look says only where it stands");
        let forward: i32 = (0..1_000).map(|tick| i32::from(at(tick))).sum();
        let back: i32 = (-1_000..999).rev().map(|tick| i32::from(at(tick))).sum();
        assert_eq!((forward, back), (1_000, -1_999));
    }

    #[test]
    fn a_belt_that_trembles_stays_where_it_is() {
        let mut quadrature = Quadrature::new();
        let levels = [(false, false), (false, true)];
        let sum: i32 = (0..=100).map(|turn| levels[turn % 2]).map(|(a, b)| i32::from(quadrature.turn(a, b))).sum();
        assert_eq!((sum, quadrature.skipped()), (0, 0));
    }

    #[test]
    fn a_missed_step_is_counted_and_guessed_nowhere() {
        let mut quadrature = Quadrature::new();
        for (a, b) in [(false, false), (true, true), (true, true), (false, false)] {
            assert_eq!(quadrature.turn(a, b), 0);
        }
        assert_eq!(quadrature.skipped(), 2);
    }
}

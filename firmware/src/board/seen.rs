//! What a board's edge interrupts have seen: eyes one by one, encoders as ticks, all in the order of their times.
//!
//! It knows levels as the lane means them; which pin is which is the board's.

use super::edges::{Edge, Edges};
use super::quadrature::Quadrature;
use gatepost_hardware::lane::SEGMENTS_MAX;
use gatepost_hardware::units::Micros;

#[derive(Debug)]
pub struct Seen {
    edges: Edges,
    encoders: [Quadrature; SEGMENTS_MAX],
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

impl Seen {
    pub const fn new() -> Self {
        Self { edges: Edges::new(), encoders: [const { Quadrature::new() }; SEGMENTS_MAX] }
    }

    pub fn eye(&mut self, eye: u8, blocked: bool, at: Micros) {
        self.edges.eye(eye, blocked, at);
    }

    /// The levels of both pins of each encoder, changed or not. First of all at boot: where they stand.
    pub fn turned(&mut self, pins: impl Iterator<Item = (bool, bool)>, at: Micros) {
        for (segment, (encoder, (a, b))) in self.encoders.iter_mut().zip(pins).enumerate() {
            let ticks = encoder.turn(a, b);
            self.edges.turned(segment as u8, ticks, at);
        }
    }

    /// Takes the oldest.
    pub fn take(&mut self) -> Option<Edge> {
        self.edges.take()
    }

    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Edges that found no room, and encoder steps that were missed, since boot.
    pub fn lost(&self) -> u32 {
        let skipped = self.encoders.iter().fold(0, |sum: u32, encoder| sum.saturating_add(encoder.skipped()));
        self.edges.lost().saturating_add(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::super::edges::What;
    use super::*;
    use crate::board::quadrature::pins_at;

    #[test]
    fn encoders_count_from_where_they_stood_and_a_missed_step_is_lost() {
        let mut seen = Seen::new();
        let mut turned = |ticks: [i64; 2], at| seen.turned(ticks.into_iter().map(pins_at), Micros(at));
        turned([2, 1], 0);
        turned([3, 1], 10);
        turned([4, 0], 20);
        turned([6, 0], 30); // two at once
        seen.eye(4, true, Micros(40));
        let told: std::vec::Vec<_> = core::iter::from_fn(|| seen.take()).map(|edge| (edge.at.0, edge.what)).collect();
        let expected = [
            (20, What::Turned { segment: 0, ticks: 2 }),
            (20, What::Turned { segment: 1, ticks: -1 }),
            (40, What::Eye { eye: 4, blocked: true }),
        ];
        assert_eq!(told, expected);
        assert_eq!((seen.lost(), seen.is_empty()), (1, true));
    }
}

//! Edges between an interrupt and the main loop: stamped, in order, bounded.
//!
//! What an eye saw stands one by one. Encoder counts are added up until an eye's edge comes between: where a belt was at
//! that edge stays exact, and a fast encoder cannot fill the queue. What does not fit is counted, never silent; an eye's
//! level is looked at again by polling.

use gatepost_hardware::lane::SEGMENTS_MAX;
use gatepost_hardware::units::Micros;
use heapless::Deque;

/// All eyes of a lane flickering for some milliseconds while the main loop is busy.
pub const EDGES_MAX: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Eye { eye: u8, blocked: bool },
    Turned { segment: u8, ticks: i16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub at: Micros,
    pub what: What,
}

#[derive(Debug)]
pub struct Edges {
    waiting: Deque<Edge, EDGES_MAX>,
    lost: u32,
}

impl Default for Edges {
    fn default() -> Self {
        Self::new()
    }
}

impl Edges {
    pub const fn new() -> Self {
        Self { waiting: Deque::new(), lost: 0 }
    }

    pub fn eye(&mut self, eye: u8, blocked: bool, at: Micros) {
        self.push(Edge { at, what: What::Eye { eye, blocked } });
    }

    pub fn turned(&mut self, segment: u8, turned: i8, at: Micros) {
        if turned == 0 {
            return;
        }
        for edge in self.waiting.iter_mut().rev().take(SEGMENTS_MAX) {
            match &mut edge.what {
                What::Eye { .. } => break,
                What::Turned { segment: same, ticks } if *same == segment => {
                    *ticks = ticks.saturating_add(i16::from(turned));
                    edge.at = at;
                    return;
                }
                What::Turned { .. } => {}
            }
        }
        self.push(Edge { at, what: What::Turned { segment, ticks: i16::from(turned) } });
    }

    /// Takes the oldest.
    pub fn take(&mut self) -> Option<Edge> {
        self.waiting.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many edges found no room, since boot.
    pub const fn lost(&self) -> u32 {
        self.lost
    }

    fn push(&mut self, edge: Edge) {
        if self.waiting.push_back(edge).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(edges: &mut Edges) -> std::vec::Vec<(u64, What)> {
        core::iter::from_fn(|| edges.take()).map(|edge| (edge.at.0, edge.what)).collect()
    }

    #[test]
    fn counts_are_added_up_to_the_next_eye_and_not_beyond() {
        let mut edges = Edges::new();
        edges.turned(0, 1, Micros(1));
        edges.turned(2, -1, Micros(2));
        edges.turned(0, 1, Micros(3));
        edges.turned(0, 0, Micros(4));
        edges.eye(3, true, Micros(5));
        edges.turned(0, 1, Micros(6));
        let expected = [
            (3, What::Turned { segment: 0, ticks: 2 }),
            (2, What::Turned { segment: 2, ticks: -1 }),
            (5, What::Eye { eye: 3, blocked: true }),
            (6, What::Turned { segment: 0, ticks: 1 }),
        ];
        assert_eq!(all(&mut edges), expected);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut edges = Edges::new();
        for at in 0..EDGES_MAX as u64 + 3 {
            edges.eye(0, at % 2 == 0, Micros(at));
        }
        assert_eq!(edges.lost(), 3);
        assert_eq!(all(&mut edges).len(), EDGES_MAX);
        for at in 0..100_000 {
            edges.turned(1, 1, Micros(at));
        }
        assert_eq!(edges.lost(), 3, "counts alone never fill the queue");
    }
}

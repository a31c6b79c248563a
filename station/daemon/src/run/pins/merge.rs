//! Edges of several lines in the order in which they happened, and which of an encoder's are missing.
//!
//! The kernel stamps an edge in its interrupt, and a thread of each line's own tells it, with the level that the line has
//! *then*. So the edge of one line can be told before an older one of another, and two edges that follow quickly are told
//! as one (both were seen on the kernel's simulated chip). For a contact neither matters: its level is right in the end,
//! and the firmware debounces. An encoder that lost one edge can seem to stand, or to run backward. So edges are held back
//! for [`HOLD`] and told by their time, and where an encoder's are missing the next one says so.

use gatepost_hardware::units::Micros;

use super::board::Edge;

/// How much longer than another's the way of an edge may be. The firmware lives this much in the past, which is part of
/// `jitter_ms`, and less than the cable's own doubt about time.
pub const HOLD: Micros = Micros(500);

/// An edge as the kernel told it.
#[derive(Clone, Copy, Debug)]
struct Held {
    edge: Edge,
    /// The queue of an encoder, and the edge's number in it; a contact's edges are not numbered.
    number: Option<(usize, u32)>,
}

#[derive(Clone, Debug, Default)]
pub struct Merge {
    held: Vec<Held>,
    /// By input: the level last told, for encoders' lines.
    levels: Vec<Option<bool>>,
    /// By queue: the number last told.
    numbers: Vec<u32>,
}

impl Merge {
    pub fn new(inputs: usize, queues: usize) -> Self {
        Self { held: Vec::new(), levels: vec![None; inputs], numbers: vec![0; queues] }
    }

    /// Takes the edge of a contact.
    pub fn contact(&mut self, edge: Edge) {
        self.held.push(Held { edge, number: None });
    }

    /// Takes the edge of an encoder, with its number in its queue. Numbers count from 1.
    pub fn encoder(&mut self, edge: Edge, queue: usize, number: u32) {
        self.held.push(Held { edge, number: Some((queue, number)) });
    }

    /// Whether something waits for its time.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Moves what happened until then, oldest first.
    pub fn tell(&mut self, until: Micros, edges: &mut Vec<Edge>) {
        self.held.sort_by_key(|held| held.edge.at);
        let due = self.held.partition_point(|held| held.edge.at <= until);
        for Held { mut edge, number } in self.held.drain(..due) {
            if let Some((queue, number)) = number {
                let last = core::mem::replace(&mut self.numbers[queue], number);
                let gap = number.wrapping_sub(last).wrapping_sub(1);
                let level = self.levels[edge.input].replace(edge.high);
                // A number from before the last one: that one was told out of order. The same level twice: two edges in
                // between were told as none.
                edge.missed = if gap > u32::MAX / 2 { 1 } else { gap.max(u32::from(level == Some(edge.high))) };
            }
            edges.push(edge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(at: u64, input: usize, high: bool) -> Edge {
        Edge { at: Micros(at), input, high, missed: 0 }
    }

    fn told(merge: &mut Merge, until: u64) -> Vec<(u64, u32)> {
        let mut edges = Vec::new();
        merge.tell(Micros(until), &mut edges);
        edges.into_iter().map(|edge| (edge.at.0, edge.missed)).collect()
    }

    #[test]
    fn the_edge_of_a_slower_line_takes_its_place() {
        let mut merge = Merge::new(3, 1);
        merge.encoder(edge(5_000, 1, true), 0, 2);
        assert_eq!(told(&mut merge, 4_500), []);
        merge.encoder(edge(4_900, 0, true), 0, 1);
        merge.contact(edge(4_950, 2, true));
        assert_eq!(told(&mut merge, 4_900), [(4_900, 0)]);
        assert_eq!(told(&mut merge, 5_400), [(4_950, 0), (5_000, 0)]);
        assert!(!merge.holds());
    }

    #[test]
    fn what_is_missing_of_an_encoder_is_said_with_the_next_edge() {
        let mut merge = Merge::new(2, 1);
        merge.encoder(edge(1_000, 0, true), 0, 1);
        merge.encoder(edge(2_000, 1, true), 0, 5);
        merge.encoder(edge(3_000, 0, true), 0, 6);
        assert_eq!(told(&mut merge, 9_000), [(1_000, 0), (2_000, 3), (3_000, 1)], "a gap; the same level twice");
        merge.encoder(edge(8_000, 1, false), 0, 8);
        assert_eq!(told(&mut merge, 9_000), [(8_000, 1)]);
        merge.encoder(edge(7_900, 0, false), 0, 7);
        assert_eq!(told(&mut merge, 9_000), [(7_900, 1)], "it belongs before what was told");
    }

    #[test]
    fn a_contact_that_bounces_misses_nothing() {
        let mut merge = Merge::new(1, 0);
        for at in 1..50 {
            merge.contact(edge(at, 0, true));
        }
        assert!(told(&mut merge, 99).iter().all(|(_, missed)| *missed == 0));
    }

    #[test]
    fn numbers_go_round() {
        let mut merge = Merge::new(1, 1);
        merge.numbers[0] = u32::MAX;
        merge.encoder(edge(1, 0, true), 0, 0);
        assert_eq!(told(&mut merge, 9), [(1, 0)]);
    }
}

//! What goes back to stations: acknowledgements and documents, as far as the broker has room.
//!
//! Of one station's acknowledgements only one waits: the next is added to it. So however slow the broker, nobody waits behind
//! more of them than there are stations.

use std::collections::{BTreeMap, VecDeque};

use gatepost_sync::acks::{Ack, EvidenceAck};
use gatepost_sync::cloudevents;
use gatepost_sync::limits::ACK_RANGES_MAX;
use gatepost_sync::mqtt::{Connection, Message};
use gatepost_sync::topics::{Address, Down};

use crate::store::ingest::Committed;

/// Messages waiting to be published. Beyond, acknowledgements are left out: the station asks again by sending again.
const OUT_MAX: usize = 8_192;

/// Messages on their way to stations.
pub(super) struct Out {
    session: u64,
    consumer: u32,
    waiting: VecDeque<Waiting>,
    /// Those whose turn is in `waiting`.
    acks: BTreeMap<Address, Ack>,
}

enum Waiting {
    Ack(Address),
    Document(Message),
}

impl Out {
    /// Acknowledgements carry the number of the connection's session, and of the consumer where several share the work.
    pub(super) fn new(session: u64, consumer: u32) -> Self {
        Self { session, consumer, waiting: VecDeque::new(), acks: BTreeMap::new() }
    }

    pub(super) fn ack(&mut self, committed: Committed, evidence: Vec<EvidenceAck>) {
        let ack = Ack {
            station: committed.address.station.clone(),
            session: self.session,
            consumer: self.consumer,
            ranges: committed.verified,
            received: committed.received,
            high: committed.high,
            evidence,
        };
        match self.acks.get_mut(&committed.address) {
            Some(waiting) => add(waiting, ack),
            None => {
                if self.push(Waiting::Ack(committed.address.clone())) {
                    self.acks.insert(committed.address, ack);
                }
            }
        }
    }

    pub(super) fn document(&mut self, address: &Address, kind: Down, bytes: Vec<u8>) {
        self.push(Waiting::Document(Message {
            topic: address.down(kind),
            payload: bytes,
            retain: kind.retained(),
            content_type: Some("application/octet-stream".to_owned()),
            // A command that nobody heard for a minute is stale.
            expiry_s: (!kind.retained()).then_some(60),
            ..Message::default()
        }));
    }

    fn push(&mut self, waiting: Waiting) -> bool {
        let has_room = self.waiting.len() < OUT_MAX;
        if has_room {
            self.waiting.push_back(waiting);
        } else {
            tracing::warn!("intake: too much waits for the broker, a message is left out");
        }
        has_room
    }

    fn pop(&mut self) -> Option<Message> {
        match self.waiting.pop_front()? {
            Waiting::Document(message) => Some(message),
            Waiting::Ack(address) => {
                let ack = self.acks.remove(&address)?;
                Some(Message {
                    topic: address.down(Down::Ack),
                    payload: ack.to_bytes(),
                    retain: Down::Ack.retained(),
                    content_type: Some(cloudevents::JSON.to_owned()),
                    ..Message::default()
                })
            }
        }
    }

    /// Each publish has a token, so that its end wakes us and makes room for the next.
    pub(super) fn flush(&mut self, connection: &mut Connection) {
        for _ in 0..connection.room() {
            let Some(message) = self.pop() else { return };
            if let Err(error) = connection.publish(Some(0), message) {
                tracing::warn!("intake: not published: {error}");
            }
        }
    }
}

/// What the next commit says, in the same words. Where its numbers are too scattered the highest are left out: the station
/// sends them again.
fn add(waiting: &mut Ack, next: Ack) {
    waiting.ranges.insert_all(&next.ranges);
    waiting.received.insert_all(&next.received);
    waiting.received.keep_lowest(ACK_RANGES_MAX / 2);
    waiting.high = waiting.high.max(next.high);
    waiting.evidence.retain(|piece| next.evidence.iter().all(|newer| newer.digest != piece.digest));
    waiting.evidence.extend(next.evidence);
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_sync::chain::Digest;
    use gatepost_sync::ranges::RangeSet;

    fn committed(station: &str, verified: u64, received: RangeSet) -> Committed {
        let address = Address::new("JFK", station).expect("an address");
        Committed { address, verified: (1..=verified).collect(), received, high: Some(verified) }
    }

    #[test]
    fn one_acknowledgement_of_a_station_waits_and_says_all_of_them() {
        let mut out = Out::new(7, 0);
        let piece = |have| EvidenceAck { digest: Digest::of(b"picture"), have, complete: false };
        out.ack(committed("st-01", 5, (1..=5).collect()), vec![piece(10)]);
        out.ack(committed("st-02", 1, (1..=1).collect()), Vec::new());
        out.ack(committed("st-01", 9, (8..=9).collect()), vec![piece(20)]);
        let first = out.pop().expect("waits");
        let ack = Ack::read(&first.payload, &committed("st-01", 1, RangeSet::new()).address.station).expect("an ack");
        assert_eq!((ack.ranges, ack.high), ((1..=9).collect(), Some(9)));
        assert_eq!(ack.received, [1..=5, 8..=9].into_iter().collect());
        assert_eq!(ack.evidence, [piece(20)]);
        assert!(out.pop().is_some_and(|second| second.topic.contains("st-02")));
        assert!(out.pop().is_none() && out.acks.is_empty());
    }

    #[test]
    fn what_waits_is_bounded_and_scattered_numbers_too() {
        let mut out = Out::new(7, 0);
        for n in 0..OUT_MAX + 10 {
            out.ack(committed(&format!("st-{n}"), 1, RangeSet::new()), Vec::new());
        }
        assert_eq!((out.waiting.len(), out.acks.len()), (OUT_MAX, OUT_MAX));
        for n in 0..3 * ACK_RANGES_MAX as u64 {
            out.ack(committed("st-0", 1, (2 * n..=2 * n).collect()), Vec::new());
        }
        let address = committed("st-0", 1, RangeSet::new()).address;
        assert!(Ack::read(&out.pop().expect("waits").payload, &address.station).is_ok());
    }
}

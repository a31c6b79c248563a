//! What goes back to stations: acknowledgements and documents, as far as the broker has room.
//!
//! Of one station's acknowledgements only one waits: the next is added to it. So however slow the broker, nobody waits behind
//! more of them than there are stations.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use gatepost_sync::acks::{Ack, EvidenceAck};
use gatepost_sync::cloudevents;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::{ACK_RANGES_MAX, PUBLISH_WINDOW};
use gatepost_sync::mqtt::{Connection, Message};
use gatepost_sync::parts::Want;
use gatepost_sync::topics::{Address, Down};

use super::gather::WANTS_MAX;
use crate::store::ingest::Committed;
use crate::store::{Store, StoreError};

/// Messages waiting to be published. Beyond, acknowledgements are left out: the station asks again by sending again.
const OUT_MAX: usize = 8_192;
/// Parts of packages handed to the broker and not yet taken by it: they are the only large messages.
const PARTS_UNDER_WAY: usize = 32;

/// A command that nobody heard for a minute is stale, and a part is asked for again.
const NOT_RETAINED_S: u32 = 60;

/// Messages on their way to stations.
pub(super) struct Out {
    session: u64,
    consumer: u32,
    waiting: VecDeque<Waiting>,
    /// Those whose turn is in `waiting`.
    acks: BTreeMap<Address, Ack>,
    /// What stations lack of packages; the next part is fetched when there is room for it.
    wants: BTreeMap<Address, Want>,
    /// Whose turn was last.
    served: Option<Address>,
}

enum Waiting {
    Ack(Address),
    Document(Message),
}

impl Out {
    /// Acknowledgements carry the number of the connection's session, and of the consumer where several share the work.
    pub(super) fn new(session: u64, consumer: u32) -> Self {
        Self {
            session,
            consumer,
            waiting: VecDeque::new(),
            acks: BTreeMap::new(),
            wants: BTreeMap::new(),
            served: None,
        }
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
            runs: true,
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
            expiry_s: (!kind.retained()).then_some(NOT_RETAINED_S),
            ..Message::default()
        }));
    }

    /// The newest question of a station replaces what it asked before.
    pub(super) fn wanted(&mut self, wants: BTreeMap<Address, Want>) {
        self.wants.extend(wants);
        while self.wants.len() > WANTS_MAX {
            self.wants.pop_last(); // it asks again
        }
    }

    /// Hands over parts while the broker has room for them, one of each station in turn.
    pub(super) async fn hand_out(&mut self, store: &Store, connection: &Connection) -> Result<(), StoreError> {
        let under_way = PUBLISH_WINDOW.saturating_sub(connection.room()) + self.waiting.len();
        for _ in under_way..PARTS_UNDER_WAY {
            let Some((address, want)) = self.next_want() else { return Ok(()) };
            match store.piece(&address, &want).await? {
                Some(piece) => self.part(address, want, piece),
                None => {
                    tracing::debug!(%address.station, digest = %want.digest, "intake: nothing for it to be had there")
                }
            }
        }
        Ok(())
    }

    fn next_want(&mut self) -> Option<(Address, Want)> {
        let behind = self.served.as_ref().and_then(|last| {
            self.wants.range((Bound::Excluded(last), Bound::Unbounded)).next().map(|(address, _)| address.clone())
        });
        let address = behind.or_else(|| self.wants.keys().next().cloned())?;
        let want = self.wants.remove(&address)?;
        self.served = Some(address.clone());
        Some((address, want))
    }

    fn part(&mut self, address: Address, mut want: Want, piece: Chunk) {
        want.from += piece.bytes.len() as u64;
        let message = Message {
            topic: address.down(Down::Part),
            properties: piece.properties(),
            payload: piece.bytes,
            retain: Down::Part.retained(),
            content_type: Some("application/octet-stream".to_owned()),
            expiry_s: Some(NOT_RETAINED_S),
        };
        if self.push(Waiting::Document(message)) && want.from < want.until && want.from < piece.total {
            self.wants.insert(address, want);
        }
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
    fn stations_get_their_parts_in_turn_and_a_newer_question_replaces_the_older() {
        let mut out = Out::new(7, 0);
        let want = |address: &Address, from, until| {
            BTreeMap::from([(
                address.clone(),
                Want { station: address.station.clone(), digest: Digest::ZERO, from, until },
            )])
        };
        let [one, two] = ["st-01", "st-02"].map(|station| committed(station, 1, RangeSet::new()).address);
        out.wanted(want(&one, 0, 9));
        out.wanted(want(&one, 2, 4));
        out.wanted(want(&two, 0, 2));
        let mut given = Vec::new();
        while let Some((address, want)) = out.next_want() {
            given.push((address.station.to_string(), want.from));
            let piece = Chunk { digest: want.digest, offset: want.from, total: 9, bytes: vec![7] };
            out.part(address, want, piece);
        }
        let given: Vec<_> = given.iter().map(|(station, from)| (station.as_str(), *from)).collect();
        assert_eq!(given, [("st-01", 2), ("st-02", 0), ("st-01", 3), ("st-02", 1)]);
        assert_eq!(out.waiting.len(), 4);
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

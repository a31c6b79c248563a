//! What goes back to stations: acknowledgements and documents, as far as the broker has room.

use std::collections::VecDeque;

use gatepost_sync::acks::{Ack, EvidenceAck};
use gatepost_sync::cloudevents;
use gatepost_sync::mqtt::{Connection, Message};
use gatepost_sync::topics::{Address, Down};

use crate::store::ingest::Committed;

/// Messages waiting to be published. Beyond, acknowledgements are left out: the station asks again by sending again.
const OUT_MAX: usize = 8_192;

/// Messages on their way to stations.
pub(super) struct Out {
    session: u64,
    consumer: u32,
    waiting: VecDeque<Message>,
}

impl Out {
    /// Acknowledgements carry the number of the connection's session, and of the consumer where several share the work.
    pub(super) fn new(session: u64, consumer: u32) -> Self {
        Self { session, consumer, waiting: VecDeque::new() }
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
        self.push(Message {
            topic: committed.address.down(Down::Ack),
            payload: ack.to_bytes(),
            retain: Down::Ack.retained(),
            content_type: Some(cloudevents::JSON.to_owned()),
            ..Message::default()
        });
    }

    pub(super) fn document(&mut self, address: &Address, kind: Down, bytes: Vec<u8>) {
        self.push(Message {
            topic: address.down(kind),
            payload: bytes,
            retain: kind.retained(),
            content_type: Some("application/octet-stream".to_owned()),
            // A command that nobody heard for a minute is stale.
            expiry_s: (!kind.retained()).then_some(60),
            ..Message::default()
        });
    }

    fn push(&mut self, message: Message) {
        if self.waiting.len() < OUT_MAX {
            self.waiting.push_back(message);
        } else {
            tracing::warn!(topic = message.topic, "intake: too much waits for the broker, a message is left out");
        }
    }

    /// Each publish has a token, so that its end wakes us and makes room for the next.
    pub(super) fn flush(&mut self, connection: &mut Connection) {
        for _ in 0..connection.room() {
            let Some(message) = self.waiting.pop_front() else { return };
            if let Err(error) = connection.publish(Some(0), message) {
                tracing::warn!("intake: not published: {error}");
            }
        }
    }
}

//! From the broker into the store, and acknowledgements back: one task, one connection at a time.
//!
//! What has arrived when the last commit returned is the next batch; there is no timer. Nothing is acknowledged before
//! its commit, and what a failed commit held is simply not acknowledged: its station sends it again. Whenever the
//! connection begins anew every station is told what central has under a new session, so that it sends what was under
//! way, and its documents are said again, so that a broker that forgets costs nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepost_pipeline::record::Class;
use gatepost_sync::acks::{Ack, EvidenceAck};
use gatepost_sync::backoff::Backoff;
use gatepost_sync::cloudevents::{self, Event as CloudEvent};
use gatepost_sync::evidence::Chunk;
use gatepost_sync::mqtt::{Broker, Connection, Ended, Event, Message};
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Down, Name, Topic, Up, everything_up, everything_up_shared};
use tokio::sync::{mpsc, watch};

use crate::evidence::EvidenceStore;
use crate::place::{self, Doubt};
use crate::store::ingest::{Arrived, Batch, Committed, Doubtful};
use crate::store::{Store, StoreError};

/// Messages of one commit.
const BATCH_MAX: usize = 1_024;
/// Messages waiting to be published. Beyond, acknowledgements are left out: the station asks again by sending again.
const OUT_MAX: usize = 8_192;
/// How long a database that refuses is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How long a goodbye may take.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);

/// A document to be published to a station, kept as its newest and said again whenever it comes back.
#[derive(Clone, Debug)]
pub struct Document {
    pub address: Address,
    pub kind: Down,
    pub bytes: Vec<u8>,
}

/// What the rest of central asks of the intake.
#[derive(Clone, Debug)]
pub enum Request {
    Document(Document),
    /// A new hold list is in the store: every station gets it.
    HoldList(Vec<u8>),
}

/// How the intake stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeState {
    pub connected: bool,
    pub trouble: Option<String>,
    pub commits: u64,
    pub stored: u64,
    pub fresh_alerts: u64,
    /// Pieces of evidence that are whole.
    pub evidence: u64,
}

pub struct Intake {
    pub broker: Broker,
    pub share_group: Option<Name>,
    /// Empty: every station.
    pub only: Vec<String>,
    pub store: Store,
    pub evidence: EvidenceStore,
    pub requests: mpsc::Receiver<Request>,
    pub state: watch::Sender<IntakeState>,
}

impl Intake {
    /// Runs until stopped; connects again by itself for ever.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        let mut session = 0;
        while !*stop.borrow() {
            let opened = tokio::select! {
                opened = Connection::open(&self.broker, None) => opened,
                () = stopped(&mut stop) => return,
            };
            let ended = match opened {
                Ok(connection) => {
                    backoff.succeeded();
                    session = next_session(session);
                    self.connected(connection, session, &mut stop).await
                }
                Err(ended) => ended,
            };
            tracing::info!(reason = %ended, "intake: not connected");
            self.state.send_modify(|state| {
                (state.connected, state.trouble) = (false, Some(ended.to_string()));
            });
            tokio::select! {
                () = tokio::time::sleep(backoff.failed(getrandom::u32().unwrap_or(0))) => {}
                () = stopped(&mut stop) => return,
            }
        }
    }

    async fn connected(&mut self, mut connection: Connection, session: u64, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut out = Out { session, waiting: VecDeque::new() };
        let filter = self.share_group.as_ref().map_or_else(everything_up, everything_up_shared);
        if connection.subscribe(&filter).is_err() {
            return Ended::ByUs;
        }
        if let Err(error) = self.begin(&mut out).await {
            return Ended::Broken("the database".to_owned(), error.to_string());
        }
        self.state.send_modify(|state| (state.connected, state.trouble) = (true, None));
        loop {
            out.flush(&mut connection);
            let event = tokio::select! {
                event = connection.next() => event,
                Some(request) = self.requests.recv() => {
                    self.serve(request, &mut out).await;
                    continue;
                }
                () = stopped(stop) => return goodbye(&mut connection).await,
            };
            let mut messages = Vec::new();
            let mut next = Some(event);
            while let Some(event) = next {
                match event {
                    Event::Message(message) => messages.push(message),
                    Event::Published { refused: Some(reason), .. } => {
                        self.trouble(format!("the broker does not take our acknowledgements: {reason}"));
                    }
                    Event::Published { .. } => {}
                    Event::SubscriptionRefused(reason) => {
                        self.trouble(format!("the broker does not let us listen ({reason}); check its permissions"));
                    }
                    Event::Closed(ended) => return ended,
                }
                next = if messages.len() < BATCH_MAX { connection.try_next() } else { None };
            }
            if !messages.is_empty()
                && let Err(error) = self.take(messages, &mut out).await
            {
                self.trouble(error.to_string());
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }

    /// What every station is told when central begins anew.
    async fn begin(&self, out: &mut Out) -> Result<(), StoreError> {
        for committed in self.store.committed().await? {
            out.ack(committed, Vec::new());
        }
        for (address, kind, bytes) in self.store.documents(None).await? {
            out.document(&address, kind, bytes);
        }
        if let Some(list) = self.store.hold_list().await? {
            self.send_list(&list, out).await?;
        }
        Ok(())
    }

    async fn take(&mut self, messages: Vec<Message>, out: &mut Out) -> Result<(), StoreError> {
        let (mut batch, mut evidence, mut greeted) = (Batch::default(), Vec::new(), Vec::new());
        for message in messages {
            let Some(Topic::Up(address, up)) = Topic::parse(&message.topic) else { continue };
            match up {
                _ if !self.listed(&address) => {
                    batch.doubtful.push(Doubtful {
                        address,
                        seq: None,
                        doubt: Doubt::NotListed,
                        bytes: message.payload,
                    });
                }
                Up::Record(class) => sort_record(&mut batch, address, class, message),
                Up::Status => match Status::read(&message.payload, &address.station) {
                    Some(status) => {
                        // A retained status only repeats what is known; a live one is a station that just came.
                        if status.online && !message.retain {
                            greeted.push(address.clone());
                        }
                        batch.statuses.push((address, status));
                    }
                    None => {
                        let doubt = Doubt::Unreadable("not a status of this station".to_owned());
                        batch.doubtful.push(Doubtful { address, seq: None, doubt, bytes: message.payload });
                    }
                },
                Up::Evidence => match Chunk::read(&message.properties, message.payload) {
                    Ok(chunk) => evidence.push((address, chunk)),
                    Err(error) => tracing::warn!(%address.station, "intake: evidence refused: {error}"),
                },
            }
        }
        let had = self.take_evidence(evidence).await?;
        self.commit(batch, had, greeted, out).await
    }

    async fn commit(
        &mut self,
        batch: Batch,
        mut evidence: BTreeMap<Address, Vec<EvidenceAck>>,
        greeted: Vec<Address>,
        out: &mut Out,
    ) -> Result<(), StoreError> {
        if !batch.is_empty() {
            let outcome = self.store.commit(batch, wall_ms()).await?;
            tracing::debug!(outcome.stored, outcome.repeated, outcome.quarantined, "intake: committed");
            if outcome.quarantined > 0 {
                tracing::warn!(outcome.quarantined, "intake: messages put aside; see the page of doubtful records");
            }
            self.state.send_modify(|state| {
                state.commits += 1;
                state.stored += outcome.stored as u64;
                state.fresh_alerts += outcome.fresh_alerts as u64;
            });
            for committed in outcome.stations {
                let pieces = evidence.remove(&committed.address).unwrap_or_default();
                out.ack(committed, pieces);
            }
        }
        if greeted.is_empty() && evidence.is_empty() {
            return Ok(());
        }
        let known = self.store.committed().await?;
        for committed in known {
            if let Some(pieces) = evidence.remove(&committed.address) {
                out.ack(committed, pieces);
            } else if greeted.contains(&committed.address) {
                let address = committed.address.clone();
                out.ack(committed, Vec::new());
                for (address, kind, bytes) in self.store.documents(Some(&address)).await? {
                    out.document(&address, kind, bytes);
                }
                if let Some(list) = self.store.hold_list().await? {
                    out.document(&address, Down::Holds, list);
                }
            }
        }
        Ok(())
    }

    /// Files first, rows after: a row never promises bytes that are not on disk.
    async fn take_evidence(
        &self,
        chunks: Vec<(Address, Chunk)>,
    ) -> Result<BTreeMap<Address, Vec<EvidenceAck>>, StoreError> {
        let mut had: BTreeMap<Address, Vec<EvidenceAck>> = BTreeMap::new();
        for (address, chunk) in chunks {
            let (files, station, total) = (self.evidence.clone(), address.station.clone(), chunk.total);
            let taken = tokio::task::spawn_blocking(move || files.take(&station, &chunk)).await;
            let ack = match taken {
                Ok(Ok(ack)) => ack,
                Ok(Err(error)) => {
                    self.trouble(error.to_string());
                    continue;
                }
                Err(error) => {
                    self.trouble(format!("storing evidence broke off: {error}"));
                    continue;
                }
            };
            let complete_ms = ack.complete.then(wall_ms);
            self.state.send_modify(|state| state.evidence += u64::from(ack.complete));
            let digest = ack.digest.to_string();
            self.store.evidence_have(address.station.as_str(), &digest, total, ack.have, complete_ms).await?;
            had.entry(address).or_default().push(ack);
        }
        Ok(had)
    }

    async fn send_list(&self, list: &[u8], out: &mut Out) -> Result<(), StoreError> {
        for committed in self.store.committed().await? {
            out.document(&committed.address, Down::Holds, list.to_vec());
        }
        Ok(())
    }

    async fn serve(&self, request: Request, out: &mut Out) {
        let Document { address, kind, bytes } = match request {
            Request::Document(document) => document,
            Request::HoldList(list) => {
                if let Err(error) = self.send_list(&list, out).await {
                    self.trouble(format!(
                        "the hold list could not be sent: {error}; it goes out at the next connection"
                    ));
                }
                return;
            }
        };
        if kind.retained()
            && let Err(error) = self.store.keep_document(&address, kind, &bytes, wall_ms()).await
        {
            self.trouble(format!("a document for {} could not be kept: {error}", address.station));
        }
        out.document(&address, kind, bytes);
    }

    fn listed(&self, address: &Address) -> bool {
        self.only.is_empty() || self.only.contains(&format!("{}/{}", address.facility, address.station))
    }

    fn trouble(&self, text: String) {
        tracing::warn!("intake: {text}");
        self.state.send_modify(|state| state.trouble = Some(text));
    }
}

/// Returns when told to stop, or when nobody is left who could tell.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What was handed over goes out before the goodbye, if the broker takes it in time.
async fn goodbye(connection: &mut Connection) -> Ended {
    connection.disconnect();
    let closed = async {
        loop {
            if let Event::Closed(ended) = connection.next().await {
                return ended;
            }
        }
    };
    tokio::time::timeout(GOODBYE_PATIENCE, closed).await.unwrap_or(Ended::ByUs)
}

/// Puts one record message where it belongs in the batch.
fn sort_record(batch: &mut Batch, address: Address, class: Class, message: Message) {
    let read = match place::read(&address, class, &message.payload) {
        Ok(received) => String::from_utf8(message.payload)
            .map(|envelope| (received, envelope))
            .map_err(|error| (Doubt::Unreadable("not UTF-8".to_owned()), error.into_bytes())),
        Err(doubt) => Err((doubt, message.payload)),
    };
    match read {
        Ok((received, envelope)) => {
            // Without good attributes a record is still a record; only its history is not believed.
            let event = CloudEvent::read(message.content_type.as_deref(), &message.properties);
            let history = event.is_ok_and(|event| event.history);
            let arrived = Arrived { facility: address.facility, received, envelope, history };
            batch.records.entry(address.station).or_default().push(arrived);
        }
        Err((doubt, bytes)) => batch.doubtful.push(Doubtful { address, seq: None, doubt, bytes }),
    }
}

/// Messages on their way to stations.
struct Out {
    session: u64,
    waiting: VecDeque<Message>,
}

impl Out {
    fn ack(&mut self, committed: Committed, evidence: Vec<EvidenceAck>) {
        let ack = Ack {
            station: committed.address.station.clone(),
            session: self.session,
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

    fn document(&mut self, address: &Address, kind: Down, bytes: Vec<u8>) {
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
    fn flush(&mut self, connection: &mut Connection) {
        for _ in 0..connection.room() {
            let Some(message) = self.waiting.pop_front() else { return };
            if let Err(error) = connection.publish(Some(0), message) {
                tracing::warn!("intake: not published: {error}");
            }
        }
    }
}

/// Changes with each connection, also when two begin in the same millisecond or the clock went back.
fn next_session(last: u64) -> u64 {
    u64::try_from(wall_ms()).unwrap_or_default().max(last.saturating_add(1))
}

pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

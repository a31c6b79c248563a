//! The uplink: one task that keeps one connection, sends what [`crate::delivery`] says and tells the station what came.
//!
//! It decides nothing about records and opens no document: acknowledgements go to the outbox, every other document goes
//! unopened to the station, which knows its keys and versions.

mod handle;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::acks::Ack;
use crate::backoff::Backoff;
use crate::cloudevents::{self, Event as CloudEvent};
use crate::delivery::{Delivery, is_history};
use crate::mqtt::{Broker, Connection, Ended, Event, Message, NotPublished};
use crate::outbox::{Outbox, Outgoing};
use crate::parts::{Asking, Want};
use crate::runs;
use crate::status::Status;
use crate::topics::{Address, Down, Topic, Up};

pub use handle::{Control, Uplink};

/// How often time-outs are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often the status is said again: its `high` lets central see a gap at the end.
const STATUS_EVERY: Duration = Duration::from_secs(15);
/// How long the station may take to accept a document before the connection is given up; a retained one comes again.
const INBOUND_PATIENCE: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub struct Config {
    pub address: Address,
    pub broker: Broker,
    /// The station's software version, for central's list of stations.
    pub software: String,
}

/// A document from central, as it came: unopened and unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    pub document: Down,
    pub bytes: Vec<u8>,
    /// What stood beside it: of a part, which one it is.
    pub properties: Vec<(String, String)>,
}

/// How the link stands; for pages, `doctor` and alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkState {
    pub connected: bool,
    /// When the present connection, or the present silence, began; milliseconds since 1970.
    pub since_ms: i64,
    pub failed_attempts: u32,
    /// In words, for a person: what last went wrong, what to look at. Stays until the next success.
    pub trouble: Option<String>,
    /// Messages with records handed to the broker since the start, repetitions included.
    pub published: u64,
    /// Records the broker would not take on this connection.
    pub refused: u64,
    /// Records sent and not confirmed by central.
    pub in_flight: usize,
    /// Records that central has not acknowledged.
    pub backlog: u64,
    /// When central last said anything; milliseconds since 1970.
    pub central_heard_ms: Option<i64>,
    /// The highest record central has stored of this station. Above the station's own last record: its tail is lost.
    pub central_high: Option<u64>,
    /// The chain is verified at central up to and with this record.
    pub verified_to: Option<u64>,
}

/// Runs until stopped; connects again by itself for ever.
pub async fn run<O: Outbox>(
    config: Config,
    outbox: O,
    inbound: mpsc::Sender<Inbound>,
    control: Control,
    state: watch::Sender<LinkState>,
) {
    let started = Instant::now();
    let (delivery, runs) = (Delivery::default(), BTreeMap::new());
    let mut session = Session { config, outbox, inbound, state, delivery, runs, started };
    let mut backoff = Backoff::default();
    let mut stop = control.stop.clone();
    session.state.send_modify(|state| state.since_ms = wall_ms());
    while !*stop.borrow() {
        if let Some(tls) = control.tls.borrow().clone() {
            session.config.broker.tls = Some(tls);
        }
        let since_ms = wall_ms();
        let status = session.status(since_ms);
        let will = session.status_message(&status.last_will());
        let opened = tokio::select! {
            opened = Connection::open(&session.config.broker, Some(will)) => opened,
            () = stopped(&mut stop) => return,
        };
        let ended = match opened {
            Ok(connection) => {
                backoff.succeeded();
                session.connected(connection, &control, status).await
            }
            Err(ended) => ended,
        };
        let pause = backoff.failed(chance());
        tracing::info!(reason = %ended, pause_ms = pause.as_millis() as u64, "uplink: not connected");
        session.disconnected(&ended, backoff.failures());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

/// Returns when told to stop, or when nobody is left who could tell.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

struct Session<O> {
    config: Config,
    outbox: O,
    inbound: mpsc::Sender<Inbound>,
    state: watch::Sender<LinkState>,
    delivery: Delivery,
    /// Runs that the broker has not taken yet, by their first record.
    runs: BTreeMap<u64, Vec<u64>>,
    started: Instant,
}

impl<O: Outbox> Session<O> {
    /// One connection, from its welcome to its end.
    async fn connected(&mut self, mut connection: Connection, control: &Control, status: Status) -> Ended {
        self.delivery.connected(self.now());
        self.runs.clear();
        self.state.send_modify(|state| {
            *state = LinkState {
                connected: true,
                since_ms: status.since_ms,
                published: state.published,
                central_high: state.central_high,
                verified_to: state.verified_to,
                central_heard_ms: state.central_heard_ms,
                backlog: status.backlog,
                ..LinkState::default()
            }
        });
        let (mut wanted, mut asking) = (control.want.subscribe(), Asking::default());
        let hello = self.status_message(&status);
        if connection.subscribe(&self.config.address.everything_down()).is_err()
            || connection.publish(None, hello).is_err()
        {
            return self.last_words(&mut connection).await;
        }
        let mut stop = control.stop.clone();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut status_said = Instant::now();
        loop {
            self.fill(&mut connection);
            self.ask(wanted.borrow_and_update().as_ref(), &mut asking, &mut connection);
            let event = tokio::select! {
                event = connection.next() => Some(event),
                Ok(()) = wanted.changed() => None,
                () = control.wake.notified() => { self.delivery.woken(); None }
                _ = tick.tick() => {
                    self.delivery.tick(self.now());
                    if status_said.elapsed() >= STATUS_EVERY && connection.room() > 0 {
                        status_said = Instant::now();
                        let again = self.status_message(&self.status(status.since_ms));
                        let _ = connection.publish(None, again);
                    }
                    self.report();
                    None
                }
                () = stopped(&mut stop) => {
                    let bye = self.status_message(&self.status(status.since_ms).last_will());
                    let _ = connection.publish(None, bye);
                    connection.disconnect();
                    return tokio::time::timeout(GOODBYE_PATIENCE, self.last_words(&mut connection))
                        .await
                        .unwrap_or(Ended::ByUs);
                }
            };
            let mut next = event;
            while let Some(event) = next {
                if let Some(ended) = self.handle(event).await {
                    return ended;
                }
                next = connection.try_next();
            }
        }
    }

    /// Hands over as much as window and broker have room for.
    fn fill(&mut self, connection: &mut Connection) {
        let (now, wall) = (self.now(), wall_ms());
        let mut published = 0;
        for _ in 0..connection.room() {
            match self.delivery.next_run(&mut self.outbox, now, |record| is_history(record.at_ms, wall)) {
                Ok(records) => {
                    let Some(first) = records.first().map(|record| record.seq) else { break };
                    if records.len() > 1 {
                        self.runs.insert(first, records.iter().map(|record| record.seq).collect());
                    }
                    match connection.publish(Some(first), self.records_message(records, wall)) {
                        Ok(()) => published += 1,
                        Err(NotPublished::TooLarge) => self.refused(first, "larger than the broker takes"),
                        // It will be sent again: on the next connection, or when its time is up.
                        Err(NotPublished::Full | NotPublished::Over) => break,
                    }
                }
                Err(error) => {
                    self.trouble(format!("the outbox cannot be read: {error}"));
                    break;
                }
            }
        }
        if published > 0 {
            self.state.send_modify(|state| state.published += published);
        }
        if connection.room() > 0 {
            match self.delivery.next_evidence(&mut self.outbox, now) {
                Ok(Some(chunk)) => {
                    let message = Message {
                        topic: self.config.address.up(Up::Evidence),
                        properties: chunk.properties(),
                        payload: chunk.bytes,
                        content_type: Some("application/octet-stream".to_owned()),
                        ..Message::default()
                    };
                    // Not handed over: it is offered again when its time is up.
                    let _ = connection.publish(None, message);
                }
                Ok(None) => {}
                Err(error) => self.trouble(format!("the evidence cannot be read: {error}")),
            }
        }
    }

    /// Says which parts of a package are wanted, when it is time to.
    fn ask(&self, want: Option<&Want>, asking: &mut Asking, connection: &mut Connection) {
        if connection.room() > 0
            && let Some(want) = asking.due(want, self.now())
        {
            let (topic, content_type) = (self.config.address.up(Up::Want), Some(cloudevents::JSON.to_owned()));
            // Not handed over: it is asked again.
            let _ = connection
                .publish(None, Message { topic, content_type, payload: want.to_bytes(), ..Message::default() });
        }
    }

    /// Says how the connection ended, if it did.
    async fn handle(&mut self, event: Event) -> Option<Ended> {
        match event {
            Event::Published { token, refused: Some(reason) } => self.refused(token, &reason),
            Event::Published { token, refused: None } => drop(self.runs.remove(&token)),
            Event::SubscriptionRefused(reason) => {
                self.trouble(format!("the broker does not let us listen to central ({reason}); check its permissions"));
            }
            Event::Message(message) => return self.message(message).await,
            Event::Closed(ended) => return Some(ended),
        }
        None
    }

    async fn message(&mut self, message: Message) -> Option<Ended> {
        let document = match Topic::parse(&message.topic) {
            Some(Topic::Down(address, document)) if address == self.config.address => document,
            _ => {
                tracing::warn!(topic = message.topic, "uplink: a message for somebody else");
                return None;
            }
        };
        if document == Down::Ack {
            self.acknowledged(&message.payload);
            return None;
        }
        let inbound = Inbound { document, bytes: message.payload, properties: message.properties };
        let handed_over = self.inbound.send_timeout(inbound, INBOUND_PATIENCE);
        match handed_over.await {
            Ok(()) => None,
            Err(_) => Some(Ended::Broken(
                self.config.broker.host.clone(),
                "the station does not take its documents; connecting anew, the retained ones come again".to_owned(),
            )),
        }
    }

    fn acknowledged(&mut self, bytes: &[u8]) {
        let ack = match Ack::read(bytes, &self.config.address.station) {
            Ok(ack) => ack,
            Err(error) => return self.trouble(format!("central's acknowledgement is refused: {error}")),
        };
        if let Err(error) = self.delivery.acknowledged(&ack, &mut self.outbox) {
            self.trouble(format!("central's acknowledgement could not be stored: {error}"));
        }
        self.state.send_modify(|state| {
            state.central_heard_ms = Some(wall_ms());
            state.central_high = ack.high;
            state.verified_to = ack.verified_to();
        });
        self.report();
    }

    fn refused(&mut self, seq: u64, reason: &str) {
        if let Some(run) = self.runs.remove(&seq) {
            self.delivery.run_refused(&run);
            return self.trouble(format!("the broker does not take history in runs: {reason}; each record goes alone"));
        }
        self.delivery.refused(seq);
        self.state.send_modify(|state| state.refused += 1);
        self.trouble(format!("the broker does not take record {seq}: {reason}"));
    }

    fn trouble(&self, text: String) {
        tracing::warn!("uplink: {text}");
        self.state.send_modify(|state| state.trouble = Some(text));
    }

    fn disconnected(&self, ended: &Ended, failed_attempts: u32) {
        self.state.send_modify(|state| {
            if state.connected {
                (state.connected, state.since_ms) = (false, wall_ms());
            }
            state.failed_attempts = failed_attempts;
            state.trouble = Some(ended.to_string());
            state.backlog = self.outbox.backlog().unacknowledged;
        });
    }

    fn report(&self) {
        let (in_flight, backlog) = (self.delivery.in_flight(), self.outbox.backlog().unacknowledged);
        self.state.send_if_modified(|state| {
            let changed = (state.in_flight, state.backlog) != (in_flight, backlog);
            (state.in_flight, state.backlog) = (in_flight, backlog);
            changed
        });
    }

    /// What still comes until the connection is over.
    async fn last_words(&mut self, connection: &mut Connection) -> Ended {
        loop {
            if let Event::Closed(ended) = connection.next().await {
                return ended;
            }
        }
    }

    fn status(&self, since_ms: i64) -> Status {
        let backlog = self.outbox.backlog();
        Status {
            station: self.config.address.station.clone(),
            online: true,
            since_ms,
            high: backlog.high,
            backlog: backlog.unacknowledged,
            software: self.config.software.clone(),
        }
    }

    fn status_message(&self, status: &Status) -> Message {
        Message {
            topic: self.config.address.up(Up::Status),
            payload: status.to_bytes(),
            retain: true,
            content_type: Some(cloudevents::JSON.to_owned()),
            ..Message::default()
        }
    }

    /// One record on the topic of its class, or several as history.
    fn records_message(&self, mut records: Vec<Outgoing>, now_ms: i64) -> Message {
        if let [record] = records.as_mut_slice() {
            let history = is_history(record.at_ms, now_ms);
            let event = CloudEvent::of_record(&self.config.address, record.seq, record.kind, record.at_ms, history);
            return Message {
                topic: self.config.address.up(Up::Record(record.class)),
                payload: std::mem::take(&mut record.bytes),
                content_type: Some(cloudevents::JSON.to_owned()),
                properties: event.properties(),
                ..Message::default()
            };
        }
        Message {
            topic: self.config.address.up(Up::History),
            payload: runs::write(&records),
            content_type: Some(runs::LINES.to_owned()),
            ..Message::default()
        }
    }

    /// Milliseconds since this uplink began.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An evenly drawn number; a machine without randomness only loses the spread between stations.
fn chance() -> u32 {
    getrandom::u32().unwrap_or(0)
}

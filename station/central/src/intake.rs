//! From the broker into the store, and acknowledgements back: one commit at a time.
//!
//! What has arrived when a commit returns is the next batch; there is no timer. While it is under way the messages behind it
//! are read and checked, as many as one more batch holds; beyond, the broker keeps them. Nothing is acknowledged before its
//! commit, and what a failed commit held is simply not acknowledged: its station sends it again. Whenever the connection
//! begins anew every station is told what central has under a new session, so that it sends what was under way, and its
//! documents are said again, so that a broker that forgets costs nothing.

mod gather;
mod lines;
mod out;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepost_sync::acks::EvidenceAck;
use gatepost_sync::backoff::Backoff;
use gatepost_sync::chain::Digest;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::mqtt::{Broker, Connection, Ended, Event};
use gatepost_sync::session::stopped;
use gatepost_sync::topics::{Address, Down, Name};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::evidence::EvidenceStore;
use crate::follow::task::{News, Teller};
use crate::store::holds::SignedList;
use crate::store::ingest::Outcome;
use crate::store::{Store, StoreError};
use gather::Gathered;
use lines::Lines;
use out::Out;

pub use gather::sort_record;

/// How long a database that refuses is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(1);

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
    HoldList(SignedList),
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
    pub teller: Teller,
    pub state: watch::Sender<IntakeState>,
    /// A database that refused is left alone until then.
    pub(crate) rests_until: Option<Instant>,
}

/// A commit that is over, and who is to be told.
struct Done {
    outcome: Outcome,
    evidence: BTreeMap<Address, Vec<EvidenceAck>>,
    greeted: BTreeSet<Address>,
}

impl Intake {
    /// Runs until stopped; connects again by itself for ever.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        let mut session = 0;
        while !*stop.borrow() {
            let opened = tokio::select! {
                opened = Lines::open(&self.broker) => opened,
                () = stopped(&mut stop) => return,
            };
            let ended = match opened {
                Ok(lines) => {
                    backoff.succeeded();
                    session = next_session(session);
                    self.connected(lines, session, &mut stop).await
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

    async fn connected(&mut self, mut lines: Lines, session: u64, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut out = Out::new(session, self.consumer());
        if let Err(ended) = lines.subscribe(self.share_group.as_ref()) {
            return ended;
        }
        if let Err(error) = self.begin(&mut out).await {
            return Ended::Broken("the database".to_owned(), error.to_string());
        }
        self.state.send_modify(|state| (state.connected, state.trouble) = (true, None));
        let (mut gathered, mut under_way) = (Gathered::default(), None);
        let ended = loop {
            out.wanted(std::mem::take(&mut gathered.wants));
            if let Err(error) = out.hand_out(&self.store, &lines.others).await {
                self.trouble(format!("a package could not be read: {error}; stations ask for it again"));
            }
            out.flush(&mut lines.others);
            if under_way.is_none() && !gathered.is_empty() {
                under_way = Some(self.commit(std::mem::take(&mut gathered)));
            }
            let heard = tokio::select! {
                biased;
                event = lines.alerts.next(), if gathered.takes_alerts() => {
                    self.hear(event, &mut lines.alerts, &mut gathered, Gathered::takes_alerts)
                }
                done = finished(&mut under_way) => {
                    self.committed(done, &mut out).await;
                    None
                }
                Some(request) = self.requests.recv() => {
                    self.serve(request, &mut out).await;
                    None
                }
                () = stopped(stop) => {
                    if under_way.is_some() {
                        let done = finished(&mut under_way).await;
                        self.committed(done, &mut out).await;
                        out.flush(&mut lines.others);
                    }
                    return lines.goodbye().await;
                }
                event = lines.others.next(), if gathered.takes_others() => {
                    self.hear(event, &mut lines.others, &mut gathered, Gathered::takes_others)
                }
            };
            if let Some(ended) = heard {
                break ended;
            }
        };
        // What it held is acknowledged when the next connection begins.
        if under_way.is_some() {
            let _ = finished(&mut under_way).await;
        }
        ended
    }

    /// Takes what a connection has brought, this event first, while there is room for it; says whether it has ended.
    fn hear(
        &self,
        event: Event,
        line: &mut Connection,
        gathered: &mut Gathered,
        has_room: fn(&Gathered) -> bool,
    ) -> Option<Ended> {
        let mut next = Some(event);
        while let Some(event) = next {
            match event {
                Event::Message(message) => gathered.take(message, |address| self.listed(address)),
                Event::Published { refused: Some(reason), .. } => {
                    self.trouble(format!("the broker does not take our acknowledgements: {reason}"));
                }
                Event::Published { .. } => {}
                Event::SubscriptionRefused(reason) => {
                    self.trouble(format!("the broker does not let us listen ({reason}); check its permissions"));
                }
                Event::Closed(ended) => return Some(ended),
            }
            next = if has_room(gathered) { line.try_next() } else { None };
        }
        None
    }

    /// What every station is told when central begins anew.
    async fn begin(&self, out: &mut Out) -> Result<(), StoreError> {
        for committed in self.store.committed().await? {
            out.ack(committed, Vec::new());
        }
        for (address, documents) in self.store.documents().await? {
            documents.into_iter().for_each(|(kind, bytes)| out.document(&address, kind, bytes));
        }
        if let Some(list) = self.store.hold_list().await? {
            self.send_list(&list, out).await?;
        }
        Ok(())
    }

    /// Begins to make `gathered` durable, on a task of its own.
    fn commit(&self, gathered: Gathered) -> JoinHandle<Result<Done, StoreError>> {
        let Gathered { batch, evidence, greeted, .. } = gathered;
        let (store, files, state) = (self.store.clone(), self.evidence.clone(), self.state.clone());
        let rests_until = self.rests_until;
        tokio::spawn(async move {
            if let Some(until) = rests_until {
                tokio::time::sleep_until(until).await;
            }
            let evidence = take_evidence(&store, &files, &state, evidence).await?;
            let outcome = if batch.is_empty() { Outcome::default() } else { store.commit(batch, wall_ms()).await? };
            Ok(Done { outcome, evidence, greeted: greeted.into_iter().collect() })
        })
    }

    /// What is durable now may be acknowledged.
    async fn committed(&mut self, done: Result<Done, String>, out: &mut Out) {
        self.rests_until = None;
        let told = match done {
            Ok(done) => self.tell(done, out).await.map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            self.trouble(error);
            self.rests_until = Some(Instant::now() + STORE_PAUSE);
        }
    }

    async fn tell(&self, done: Done, out: &mut Out) -> Result<(), StoreError> {
        let Done { outcome, mut evidence, greeted } = done;
        tracing::debug!(outcome.stored, outcome.repeated, outcome.quarantined, "intake: committed");
        if outcome.quarantined > 0 {
            tracing::warn!(outcome.quarantined, "intake: messages put aside; see the page of doubtful records");
        }
        self.state.send_modify(|state| {
            state.commits += 1;
            state.stored += outcome.stored as u64;
            state.fresh_alerts += outcome.fresh_alerts as u64;
        });
        self.teller.tell(News::Touched(outcome.touched));
        for committed in outcome.stations {
            let pieces = evidence.remove(&committed.address).unwrap_or_default();
            out.ack(committed, pieces);
        }
        if greeted.is_empty() && evidence.is_empty() {
            return Ok(());
        }
        let (list, mut documents) = match greeted.is_empty() {
            true => (None, BTreeMap::new()),
            false => (self.store.hold_list().await?, self.store.documents().await?),
        };
        for committed in self.store.committed().await? {
            let (address, pieces) = (committed.address.clone(), evidence.remove(&committed.address));
            if pieces.is_none() && !greeted.contains(&address) {
                continue;
            }
            out.ack(committed, pieces.unwrap_or_default());
            if greeted.contains(&address) {
                let kept = documents.remove(&address).unwrap_or_default();
                kept.into_iter().for_each(|(kind, bytes)| out.document(&address, kind, bytes));
                if let Some(list) = &list {
                    out.document(&address, Down::Holds, list.bytes.clone());
                    let facility = [address.facility.as_str()].into();
                    self.store.list_sent(list.version, &facility, wall_ms()).await?;
                }
            }
        }
        Ok(())
    }

    async fn send_list(&self, list: &SignedList, out: &mut Out) -> Result<(), StoreError> {
        let known = self.store.committed().await?;
        for committed in &known {
            out.document(&committed.address, Down::Holds, list.bytes.clone());
        }
        let facilities = known.iter().map(|committed| committed.address.facility.as_str()).collect();
        self.store.list_sent(list.version, &facilities, wall_ms()).await
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

    /// Which of several this one is, by its name at the broker, where two of one name do not bear each other.
    fn consumer(&self) -> u32 {
        let [a, b, c, d, ..] = Digest::of(self.broker.client_id.as_bytes()).0;
        if self.share_group.is_some() { u32::from_le_bytes([a, b, c, d]).max(1) } else { 0 }
    }

    fn listed(&self, address: &Address) -> bool {
        self.only.is_empty() || self.only.contains(&format!("{}/{}", address.facility, address.station))
    }

    fn trouble(&self, text: String) {
        trouble(&self.state, text);
    }
}

fn trouble(state: &watch::Sender<IntakeState>, text: String) {
    tracing::warn!("intake: {text}");
    state.send_modify(|state| state.trouble = Some(text));
}

/// Files first, rows after: a row never promises bytes that are not on disk.
async fn take_evidence(
    store: &Store,
    files: &EvidenceStore,
    state: &watch::Sender<IntakeState>,
    chunks: Vec<(Address, Chunk)>,
) -> Result<BTreeMap<Address, Vec<EvidenceAck>>, StoreError> {
    let mut had: BTreeMap<Address, Vec<EvidenceAck>> = BTreeMap::new();
    for (address, chunk) in chunks {
        let (files, station, total) = (files.clone(), address.station.clone(), chunk.total);
        let taken = tokio::task::spawn_blocking(move || files.take(&station, &chunk)).await;
        let ack = match taken {
            Ok(Ok(ack)) => ack,
            Ok(Err(error)) => {
                trouble(state, error.to_string());
                continue;
            }
            Err(error) => {
                trouble(state, format!("storing evidence broke off: {error}"));
                continue;
            }
        };
        let complete_ms = ack.complete.then(wall_ms);
        state.send_modify(|state| state.evidence += u64::from(ack.complete));
        let digest = ack.digest.to_string();
        store.evidence_have(address.station.as_str(), &digest, total, ack.have, complete_ms).await?;
        had.entry(address).or_default().push(ack);
    }
    Ok(had)
}

/// The end of the commit under way; never, where there is none.
async fn finished(under_way: &mut Option<JoinHandle<Result<Done, StoreError>>>) -> Result<Done, String> {
    let Some(task) = under_way else { return std::future::pending().await };
    let done = task.await;
    *under_way = None;
    match done {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(error) => Err(format!("a commit broke off: {error}")),
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

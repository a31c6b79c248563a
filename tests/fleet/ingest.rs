//! `gatepost-fleet ingest`: what central's ingest costs over PostgreSQL's own `COPY` of the same rows.
//!
//! Rounds of both alternate in one run at one server, so that a busy machine slows both. The raw side copies finished text
//! rows, batch by batch, each its own durable transaction, into a table made like central's with the same keys; our side
//! begins with the messages as the broker hands them over: read, hashed, checked, placed in their chains, alerts told.

use std::time::{Duration, Instant};

use gatepost_central::alert;
use gatepost_central::intake::sort_record;
use gatepost_central::store::Store;
use gatepost_central::store::ingest::Batch;
use gatepost_sync::chain::Received;
use gatepost_sync::cloudevents::{self, Event};
use gatepost_sync::mqtt::Message;
use gatepost_sync::outbox::Outgoing;
use gatepost_sync::topics::{Address, Up};
use gatepost_world::central::Ground;
use serde::Serialize;
use sqlx::{Connection, Executor, PgConnection};
use tokio::task::JoinHandle;

use crate::records::{Bodies, Chain, NOON_MS};

#[derive(Serialize)]
pub struct Figures {
    /// Median over the rounds of ingest's rate ÷ `COPY`'s.
    ratio_to_copy: f64,
    records_per_s: f64,
    copied_per_s: f64,
    records: usize,
    batch: usize,
    stations: usize,
    rounds: usize,
    bytes_per_record: usize,
}

/// Records of one station that arrive one behind the other.
const RUN: usize = 12;

pub struct Plan {
    pub records: usize,
    pub batch: usize,
    pub stations: usize,
    pub rounds: usize,
}

/// # Errors
/// What the server or the rules say.
pub async fn measure(plan: &Plan) -> Result<Figures, String> {
    let ground = Ground::postgres().await;
    let store = ground.open().await;
    let Some(url) = ground.url() else { return Err("no server".to_owned()) };
    let mut raw = PgConnection::connect(&url).await.map_err(said)?;
    raw.execute("SET synchronous_commit = on; CREATE TABLE raw (LIKE record INCLUDING ALL)").await.map_err(said)?;
    let bodies = Bodies::new()?;
    let mut chains: Vec<_> =
        (0..plan.stations).map(|n| (address(n), Chain::new(&format!("st-{n:04}"), &bodies))).collect();
    let (mut ours, mut theirs, mut bytes, mut sent) = (Vec::new(), Vec::new(), 0, 0);
    for round in 0..=plan.rounds {
        let messages = arriving(&mut chains, plan.records / plan.rounds);
        sent += messages.len();
        bytes = messages.iter().map(|(_, record)| record.bytes.len()).sum::<usize>() / messages.len();
        let rows: Vec<Vec<u8>> = messages.chunks(plan.batch).map(copied).collect::<Result<_, _>>()?;
        let batches: Vec<_> = messages.chunks(plan.batch).map(published).collect();
        let copied = copy(&mut raw, rows).await.map_err(said)?;
        let taken = take(&store, batches).await?;
        // The first round warms up both.
        if round > 0 {
            ours.push(messages.len() as f64 / taken.as_secs_f64());
            theirs.push(messages.len() as f64 / copied.as_secs_f64());
        }
    }
    let counts = store.counts().await.map_err(said)?;
    if (counts.durable, counts.verified, counts.quarantined) != (sent as i64, sent as i64, 0) {
        return Err(format!("{sent} records were sent, and central counts {counts:?}"));
    }
    Ok(Figures {
        ratio_to_copy: median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect()),
        records_per_s: median(ours),
        copied_per_s: median(theirs),
        records: plan.records,
        batch: plan.batch,
        stations: plan.stations,
        rounds: plan.rounds,
        bytes_per_record: bytes,
    })
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn address(number: usize) -> Address {
    Address::new("JFK", &format!("st-{number:04}")).expect("a good name")
}

/// As they come from many stations at once: a few of one, then of the next.
fn arriving(chains: &mut [(Address, Chain<'_>)], count: usize) -> Vec<(Address, Outgoing)> {
    let mut arriving = Vec::with_capacity(count);
    for turn in (0..chains.len()).cycle() {
        let (address, chain) = &mut chains[turn];
        for _ in 0..RUN / 3 {
            arriving.extend(chain.parcel(NOON_MS).map(|record| (address.clone(), record)));
        }
        if arriving.len() >= count {
            break;
        }
    }
    arriving
}

fn published(records: &[(Address, Outgoing)]) -> Vec<(Address, Message, Outgoing)> {
    let message = |(address, record): &(Address, Outgoing)| {
        let event = Event::of_record(address, record.seq, record.kind, record.at_ms, false);
        let message = Message {
            topic: address.up(Up::Record(record.class)),
            payload: record.bytes.clone(),
            content_type: Some(cloudevents::JSON.to_owned()),
            properties: event.properties(),
            ..Message::default()
        };
        (address.clone(), message, record.clone())
    };
    records.iter().map(message).collect()
}

/// As central's intake does it: the next batch is read and checked while the one before is being committed.
async fn take(store: &Store, batches: Vec<Vec<(Address, Message, Outgoing)>>) -> Result<Duration, String> {
    let begun = Instant::now();
    let mut under_way: Option<JoinHandle<Result<_, _>>> = None;
    for messages in batches {
        let mut batch = Batch::default();
        for (address, message, record) in messages {
            sort_record(&mut batch, address, record.class, message);
        }
        if let Some(commit) = under_way.take() {
            commit.await.map_err(said)?.map_err(said)?;
        }
        let store = store.clone();
        under_way = Some(tokio::spawn(async move { store.commit(batch, NOON_MS).await }));
    }
    if let Some(commit) = under_way {
        commit.await.map_err(said)?.map_err(said)?;
    }
    Ok(begun.elapsed())
}

async fn copy(raw: &mut PgConnection, batches: Vec<Vec<u8>>) -> Result<Duration, sqlx::Error> {
    let begun = Instant::now();
    for rows in batches {
        let mut copy = raw.copy_in_raw("COPY raw FROM STDIN").await?;
        copy.send(rows).await?;
        copy.finish().await?;
    }
    Ok(begun.elapsed())
}

/// The rows that central writes of these records, as `COPY`'s text.
fn copied(records: &[(Address, Outgoing)]) -> Result<Vec<u8>, String> {
    let mut text = String::new();
    for (address, record) in records {
        let received = Received::read(&record.bytes).map_err(said)?;
        let envelope = &received.envelope;
        let named = alert::named(&envelope.body);
        let or_null = |value: Option<String>| value.unwrap_or_else(|| "\\N".to_owned());
        let columns = [
            address.station.to_string(),
            record.seq.to_string(),
            envelope.prev.to_string(),
            received.digest.to_string(),
            received.head.to_string(),
            record.at_ms.to_string(),
            NOON_MS.to_string(),
            "0".to_owned(),
            envelope.lane.clone(),
            record.kind.name().to_owned(),
            record.class.name().to_owned(),
            or_null(named.pass),
            or_null(named.item),
            or_null(named.outcome),
            String::from_utf8_lossy(&record.bytes).replace('\\', "\\\\"),
        ];
        text.push_str(&columns.join("\t"));
        text.push('\n');
    }
    Ok(text.into_bytes())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

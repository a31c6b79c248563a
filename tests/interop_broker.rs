//! Stations and central over a real Mosquitto, on SQLite and on a real PostgreSQL: a broker killed in the middle, a central
//! that vanishes in the middle, and an independent count of what central's database holds afterwards.
//!
//! Starts its own broker on a free port, its own PostgreSQL and its own central; touches no service of the machine. Not part of a plain
//! `cargo test`: `cargo test -p gatepost-tests --test interop_broker -- --nocapture`.

#[path = "interop/backup.rs"]
mod backup;
#[path = "interop/commands.rs"]
mod commands;
#[path = "interop/down.rs"]
mod down;
#[path = "interop/post.rs"]
mod post;
#[path = "interop/rollout.rs"]
mod rollout;

use std::time::{Duration, Instant};

use gatepost_central::Central;
use gatepost_central::holds::HoldLine;
use gatepost_central::store::holds::HoldChange;
use gatepost_ledger::key::PublicKey;
use gatepost_ledger::lists::file::{read_first_line, read_lines};
use gatepost_ledger::lists::line::{Line, LineParser};
use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::{self, AddressedTo, Draft, TrustedKey, Versions};
use gatepost_sync::mqtt::{Broker, Connection, Event, Message};
use gatepost_sync::outbox::{Memory, Outgoing};
use gatepost_sync::session::{Config, Inbound, Uplink};
use gatepost_sync::topics::{Address, Down, Name, Up};
use gatepost_world::central::{Ground, Mosquitto, stories};
use tokio::sync::{mpsc, watch};

use backup::a_restored_central_is_sent_again_what_its_backup_does_not_hold;
use commands::a_command_reaches_a_station_is_judged_by_again_at_central_and_outlives_its_death;
use post::the_post_hears_and_answers_over_the_deaths_of_central_and_broker;
use rollout::a_rollout_halts_and_goes_back_by_itself_on_an_error_and_on_a_jump_of_flags;

use down::a_list_too_large_for_any_message_arrives_over_a_broken_connection_and_restarts;

const RECORDS: u64 = 20_000;
/// Nothing here may take longer; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A station's journal in memory: a true chain of records of about 1 KiB, each fiftieth an alert.
fn records(station: &str, count: u64) -> Vec<Outgoing> {
    let (mut prev, padding) = (Digest::ZERO, "x".repeat(700));
    (1..=count)
        .map(|seq| {
            let (class, name) = if seq % 50 == 0 { (Class::Alert, "alert") } else { (Class::Decision, "decision") };
            let text = format!(
                r#"{{"seq":{seq},"prev":"{prev}","station":"{station}","lane":"A","at":{seq},"kind":"decision","class":"{name}","audience":"all","body":{{"pass":"A/1/{seq}","item":"RB{seq:09}US","text":"Reason {seq}.","padding":"{padding}"}}}}"#
            );
            let bytes = text.into_bytes();
            prev = prev.then(Digest::of(&bytes));
            Outgoing { seq, class, kind: Kind::Decision, at_ms: seq as i64, bytes }
        })
        .collect()
}

fn start_uplink(station: &str, port: u16, records: &[Outgoing]) -> (Uplink, mpsc::Receiver<Inbound>) {
    start_uplink_with(station, port, records, Vec::new())
}

fn start_uplink_with(
    station: &str,
    port: u16,
    records: &[Outgoing],
    evidence: Vec<Vec<u8>>,
) -> (Uplink, mpsc::Receiver<Inbound>) {
    let mut outbox = Memory::default();
    for record in records {
        outbox.push(record.clone());
    }
    for whole in evidence {
        outbox.push_evidence(whole);
    }
    let (sender, inbound) = mpsc::channel(64);
    let config = Config {
        address: Address::new("JFK", station).expect("an address"),
        broker: Broker::new("127.0.0.1", port, &format!("gatepost-JFK-{station}")),
        software: "0.1.0".to_owned(),
    };
    (Uplink::start(config, outbox, sender).expect("the uplink starts"), inbound)
}

/// Waits until a state is as wished; fails loudly with the state when it takes too long.
async fn until<T: std::fmt::Debug>(what: &str, state: &mut watch::Receiver<T>, wished: impl FnMut(&T) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, state.wait_for(wished)).await.map(|found| found.map(drop));
    if !matches!(waited, Ok(Ok(()))) {
        panic!("waited {PATIENCE:?} for {what}; it stands at {:?}", state.borrow());
    }
}

/// Counts with nothing of ours but the database: every record once, byte for byte, and no other.
async fn count_independently(ground: &Ground, station: &str, sent: &[Outgoing]) {
    let mut connection = ground.connect().await;
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, envelope FROM record WHERE station = $1 ORDER BY seq")
        .bind(station)
        .fetch_all(&mut connection)
        .await
        .expect("the records");
    let there: std::collections::BTreeSet<u64> = rows.iter().map(|row| row.0 as u64).collect();
    let lost: Vec<u64> = sent.iter().map(|record| record.seq).filter(|seq| !there.contains(seq)).take(5).collect();
    assert_eq!(lost, Vec::<u64>::new(), "lost");
    assert_eq!(rows.len(), sent.len(), "duplicated in effect");
    for (row, record) in rows.iter().zip(sent) {
        assert_eq!((row.0 as u64, row.1.as_bytes()), (record.seq, record.bytes.as_slice()));
    }
    let alerts: Vec<(i64,)> = sqlx::query_as("SELECT seq FROM alert WHERE station = $1 ORDER BY seq")
        .bind(station)
        .fetch_all(&mut connection)
        .await
        .expect("the alerts");
    let expected: Vec<i64> =
        sent.iter().filter(|record| record.class == Class::Alert).map(|record| record.seq as i64).collect();
    assert_eq!(alerts.into_iter().map(|alert| alert.0).collect::<Vec<_>>(), expected);
}

async fn nothing_is_lost_when_broker_and_central_die_in_the_middle(ground: Ground) {
    let mut broker = Mosquitto::new(ground.path());
    let sent = records("st-01", RECORDS);
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (uplink, _inbound) = start_uplink("st-01", broker.port, &sent);
    let (mut intake, mut link) = (central.intake(), uplink.state());

    until("a quarter stored", &mut intake, |state| state.stored >= RECORDS / 4).await;
    broker.kill();
    until("the station to notice", &mut link, |state| !state.connected).await;
    assert!(broker.start(), "the broker listens again");

    until("half stored", &mut intake, |state| state.stored >= RECORDS / 2).await;
    // Vanishes as a killed process does: no goodbye, whatever was under way is gone.
    drop(central);
    let central = Central::start(ground.config(broker.port)).await.expect("central starts again");

    until("everything verified", &mut link, |state| state.verified_to == Some(RECORDS) && state.backlog == 0).await;
    let counts = central.store().counts().await.expect("counts");
    assert_eq!((counts.durable, counts.verified, counts.missing), (RECORDS as i64, RECORDS as i64, 0));
    assert_eq!(counts.quarantined, 0);
    let stations = central.store().stations().await.expect("stations");
    assert!(stations[0].gaps.is_empty() && stations[0].awaited.is_empty());
    println!(
        "{RECORDS} records, broker killed, central killed: {} lost, {} repeated on the way, {} published",
        RECORDS as i64 - counts.durable,
        counts.repeated,
        link.borrow().published
    );
    uplink.stop();
    central.stop().await;
    count_independently(&ground, "st-01", &sent).await;
}

async fn a_backlog_drains_quickly_and_alerts_arrive_first(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let sent = records("st-01", RECORDS);
    let alerts = sent.iter().filter(|record| record.class == Class::Alert).count();
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let mut intake = central.intake();
    until("central to listen", &mut intake, |state| state.connected).await;
    let begun = Instant::now();
    let (uplink, _inbound) = start_uplink("st-01", broker.port, &sent);
    until("as many stored as there are alerts", &mut intake, |state| state.stored >= alerts as u64).await;
    let counts = central.store().counts().await.expect("counts");
    let seen = central.store().alerts(None, 1_000).await.expect("alerts");
    assert_eq!(seen.len(), alerts, "of {} stored, {} are alerts", counts.durable, seen.len());
    assert!(seen.iter().all(|alert| !alert.fresh), "a backlog raises no fresh alarm");
    until("everything verified", &mut uplink.state(), |state| state.verified_to == Some(RECORDS)).await;
    let rate = RECORDS as f64 / begun.elapsed().as_secs_f64();
    let counts = central.store().counts().await.expect("counts");
    println!(
        "drained {RECORDS} records of 1 KiB at {rate:.0} records/s in {} commits, {} repeated",
        intake.borrow().commits,
        counts.repeated
    );
    uplink.stop();
    central.stop().await;
    count_independently(&ground, "st-01", &sent).await;
}

async fn documents_reach_a_station_that_was_away_and_a_broker_that_forgot(ground: Ground) {
    let mut broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (address, key) = (Address::new("JFK", "st-01").expect("an address"), signing_key());
    let draft = Draft {
        document: Down::Rules,
        issuer: Name::new("central").expect("a name"),
        audience: AddressedTo::Station(address.clone()),
        version: 1,
        not_before_ms: 0,
        expires_ms: i64::MAX,
    };
    let sealed = envelope::seal(&draft, b"rules = []", &key);
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    central.send_document(address.clone(), Down::Rules, sealed.clone()).await.expect("sent");
    let (uplink, mut inbound) = start_uplink("st-01", broker.port, &records("st-01", 3));
    let trusted = [TrustedKey { issuer: draft.issuer.clone(), key: key.verifying_key(), documents: vec![Down::Rules] }];
    let mut versions = Versions::default();
    let first = receive(&mut inbound).await;
    let opened = envelope::open(&first.bytes, first.document, &address, &trusted, &versions, 1).expect("opens");
    assert_eq!((opened.payload, opened.already_taken), (&b"rules = []"[..], false));
    versions.take(&opened.header);

    broker.kill();
    until("the station to notice", &mut uplink.state(), |state| !state.connected).await;
    assert!(broker.start());
    until("the station to come back", &mut uplink.state(), |state| state.connected).await;
    // The broker forgot what it retained; central says it again. It may have been said more than once before.
    loop {
        let again = receive(&mut inbound).await;
        assert_eq!(again.bytes, sealed);
        let opened = envelope::open(&again.bytes, again.document, &address, &trusted, &versions, 1).expect("opens");
        if opened.already_taken {
            break;
        }
    }
    uplink.stop();
    central.stop().await;
}

async fn a_forger_on_the_same_broker_gets_nowhere(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let sent = records("st-01", 40);
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (uplink, _inbound) = start_uplink("st-01", broker.port, &sent[..20]);
    until("the first records", &mut uplink.state(), |state| state.verified_to == Some(20)).await;

    let forged = String::from_utf8(records("st-01", 21)[20].bytes.clone()).expect("text");
    let forged = forged.replacen("\"prev\":\"", "\"prev\":\"0", 1).replacen("0\",\"station\"", "\",\"station\"", 1);
    let address = Address::new("JFK", "st-01").expect("an address");
    let topic = address.up(Up::Record(Class::Decision));
    let altered =
        |of: &Outgoing| of.bytes.iter().map(|byte| if *byte == b'x' { b'y' } else { *byte }).collect::<Vec<_>>();
    // Of a run each record is judged by itself: one is known, one is another's, one is altered, one is none.
    let others = String::from_utf8(sent[8].bytes.clone()).expect("text").replace("st-01", "st-77").into_bytes();
    let run = [sent[7].bytes.clone(), others, altered(&sent[9]), b"{}".to_vec(), Vec::new()].join(&b'\n');
    let strange = [
        (address.up(Up::History), run.clone(), "a run"),
        (address.up(Up::History), run[..run.len() - 1].to_vec(), "a run that was cut off"),
        (topic.clone(), sent[5].bytes.clone(), "the same again is no harm"),
        (topic.clone(), altered(&sent[5]), "altered"),
        (topic.clone(), forged.into_bytes(), "forged"),
        (topic.replace("st-01", "st-66"), sent[6].bytes.clone(), "another's record"),
        (topic, b"\xff\xfe{\"seq\":".to_vec(), "nonsense"),
    ];
    let mut forger = Connection::open(&Broker::new("127.0.0.1", broker.port, "forger"), None).await.expect("connects");
    for (token, (topic, payload, _)) in strange.iter().enumerate() {
        let message = Message { topic: topic.clone(), payload: payload.clone(), ..Message::default() };
        forger.publish(Some(token as u64), message).expect("published");
    }
    let mut taken = 0;
    while taken < strange.len() {
        if let Event::Published { .. } = forger.next().await {
            taken += 1;
        }
    }
    // The true station goes on: what comes after the forger's messages proves that central has read them.
    uplink.stop();
    let (uplink, _inbound) = start_uplink("st-01", broker.port, &sent);
    until("the true records", &mut uplink.state(), |state| state.verified_to == Some(40)).await;
    let doubts = central.store().quarantined(10).await.expect("doubts");
    let mut reasons: Vec<&str> = doubts.iter().map(|doubt| doubt.reason.as_str()).collect();
    reasons.sort_unstable();
    let times = |names: &[&str]| reasons.iter().filter(|reason| names.contains(reason)).count();
    assert_eq!((times(&["differs"]), times(&["other-station"])), (2, 2), "{doubts:?}");
    assert_eq!(times(&["unreadable", "broken-before"]), 4, "{doubts:?}");
    uplink.stop();
    central.stop().await;
    count_independently(&ground, "st-01", &sent).await;
}

async fn evidence_goes_up_in_pieces_and_arrives_whole(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let images: Vec<Vec<u8>> =
        [700_000_u32, 131_072, 1].map(|bytes| (0..bytes).map(|n| (n % 251) as u8).collect()).to_vec();
    let (uplink, _inbound) = start_uplink_with("st-01", broker.port, &records("st-01", 2), images.clone());
    until("all three", &mut central.intake(), |state| state.evidence == 3).await;
    for image in &images {
        let file = ground.path().join("evidence/st-01").join(Digest::of(image).to_string());
        assert!(std::fs::read(&file).expect("the file") == *image, "{} differs", file.display());
    }
    uplink.stop();
    central.stop().await;
}

async fn a_hold_placed_at_central_reaches_the_station_as_a_list_its_ledger_reads(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let line: HoldLine = serde_json::from_str(
        r#"{"item":"RB123456785US","hold":{"id":"h1","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"exam","authority":"CBP","audience":"all"}}"#,
    )
    .expect("a hold");
    // Placed before the station has ever spoken: it gets the list when it comes.
    central.change_hold(&HoldChange::Place(Box::new(line)), "the test").await.expect("placed");
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    let (uplink, mut inbound) = start_uplink("st-01", broker.port, &records("st-01", 2));
    let document = receive(&mut inbound).await;
    assert_eq!(document.document, Down::Holds);
    let (issuer, key) = central.signatory().expect("central signs");
    let trusted = [(issuer.to_owned(), PublicKey::parse(&key).expect("a key"))];
    let end = document.bytes.iter().position(|byte| *byte == b'\n').expect("a first line") + 1;
    let claims = read_first_line(&document.bytes[..end], &trusted).expect("the ledger trusts it");
    let (mut body, mut found) = (&document.bytes[end..], Vec::new());
    let read = read_lines(&mut body, "holds", 2, &mut LineParser::new(claims.kind, false), &mut |_, line| {
        found.extend(line);
        Ok(())
    })
    .expect("the ledger reads it");
    assert_eq!((read.lines, read.digest, claims.version), (claims.lines, claims.digest, 1));
    let [Line::Hold(hold)] = found.as_slice() else { panic!("one hold, not {found:?}") };
    assert_eq!(hold.item.as_str(), "RB123456785US");
    uplink.stop();
    central.stop().await;
}

async fn receive(inbound: &mut mpsc::Receiver<Inbound>) -> Inbound {
    tokio::time::timeout(PATIENCE, inbound.recv()).await.expect("a document in time").expect("the uplink runs")
}

fn signing_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

/// A test of each story, on each ground.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            use super::Ground;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(Ground::file()).await;
            })+
        }
        mod on_postgres {
            use super::Ground;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(Ground::postgres().await).await;
            })+
        }
    };
}
on_both!(
    nothing_is_lost_when_broker_and_central_die_in_the_middle,
    a_backlog_drains_quickly_and_alerts_arrive_first,
    documents_reach_a_station_that_was_away_and_a_broker_that_forgot,
    a_forger_on_the_same_broker_gets_nowhere,
    evidence_goes_up_in_pieces_and_arrives_whole,
    a_hold_placed_at_central_reaches_the_station_as_a_list_its_ledger_reads,
    a_list_too_large_for_any_message_arrives_over_a_broken_connection_and_restarts,
    a_rollout_halts_and_goes_back_by_itself_on_an_error_and_on_a_jump_of_flags,
    a_command_reaches_a_station_is_judged_by_again_at_central_and_outlives_its_death,
    a_restored_central_is_sent_again_what_its_backup_does_not_hold,
    the_post_hears_and_answers_over_the_deaths_of_central_and_broker
);

gatepost_world::central_stories!(store_on_postgres, Ground::postgres().await);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_centrals_at_one_postgresql_store_everything_once() {
    stories::two_centrals_at_once_store_everything_once(Ground::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_of_several_centrals_at_one_postgresql_are_all_in_force() {
    stories::holds_of_two_centrals_at_once_are_all_in_the_last_list(Ground::postgres().await).await;
}

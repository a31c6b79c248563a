//! The sample broker configuration and its permissions, in a real Mosquitto with real certificates: a station speaks for itself
//! and for nobody else, and a certificate that is missing, foreign, too old or taken back opens nothing.
//!
//! Not part of a plain `cargo test` (packages `mosquitto`, `openssl`): `cargo test -p gatepost-tests --test interop_tls`.

use std::path::Path;
use std::time::{Duration, Instant};

use gatepost_central::Central;
use gatepost_central::config::TlsConfig;
use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Digest;
use gatepost_sync::mqtt::{Broker, Connection, Ended, Event, Message};
use gatepost_sync::outbox::{Memory, Outgoing};
use gatepost_sync::session::{Config, Inbound, Uplink};
use gatepost_sync::topics::{Address, Down, Name, Up};
use gatepost_world::central::{Authority, EXPIRED, Ground, Mosquitto};
use tokio::sync::mpsc;

const SAMPLE: &str = include_str!("../station/central/broker/mosquitto.conf");
const ACL: &str = include_str!("../station/central/broker/acl");
const PATIENCE: Duration = Duration::from_secs(60);

/// The sample's broker, and certificates for everybody.
struct Site {
    ground: Ground,
    authority: Authority,
    broker: Mosquitto,
}

impl Site {
    fn new() -> Self {
        let ground = Ground::file();
        let folder = ground.path().join("gatepost");
        let authority = Authority::new(&folder);
        for (file, name) in [
            ("broker", "broker"),
            ("central", "central.gatepost"),
            ("second", "second.gatepost"),
            ("st-01", "st-01"),
            ("st-02", "st-02"),
            ("lost", "st-03"),
        ] {
            authority.sign(file, name);
        }
        authority.sign_for("old", "st-04", EXPIRED);
        authority.revoke("lost");
        let second = ACL.lines().skip_while(|line| !line.starts_with("user ")).collect::<Vec<_>>().join("\n");
        let acl = format!("{ACL}\n{}\n", second.replace("central.gatepost", "second.gatepost"));
        std::fs::write(folder.join("acl"), acl).expect("the permissions");
        let broker = Mosquitto::sample(ground.path(), |port| sample(&folder, port));
        Self { ground, authority, broker }
    }

    fn client(&self, id: &str, file: Option<&str>) -> Broker {
        let tls = Some(self.authority.tls(file));
        Broker { tls, ..Broker::new("127.0.0.1", self.broker.port, id) }
    }

    async fn central(&self, file: &str, share_group: Option<&str>) -> Central {
        let mut config = self.ground.config(self.broker.port);
        let path = |name: &str| self.authority.path(name);
        config.broker.tls = Some(TlsConfig {
            authorities: path("ca.pem"),
            certificate: Some(path(&format!("{file}.pem"))),
            key: Some(path(&format!("{file}.key"))),
        });
        config.broker.share_group = share_group.and_then(Name::new);
        let central = Central::start(config).await.expect("central starts");
        let mut intake = central.intake();
        let listens = tokio::time::timeout(PATIENCE, intake.wait_for(|state| state.connected)).await;
        assert!(matches!(listens, Ok(Ok(_))), "{:?}", central.intake().borrow());
        central
    }

    fn uplink(&self, station: &str, sent: &[Outgoing]) -> (Uplink, mpsc::Receiver<Inbound>) {
        let mut outbox = Memory::default();
        sent.iter().for_each(|record| outbox.push(record.clone()));
        let (sender, inbound) = mpsc::channel(64);
        let broker = self.client(&format!("gatepost-JFK-{station}"), Some(station));
        let config = Config { address: address(station), broker, software: "0.1.0".to_owned() };
        (Uplink::start(config, outbox, sender).expect("the uplink starts"), inbound)
    }
}

/// As it is shipped, but for folders, port and, where root runs this, the user that Mosquitto becomes.
fn sample(folder: &Path, port: u16) -> String {
    let text = SAMPLE.replace("/etc/mosquitto/gatepost", &folder.display().to_string());
    let text = text.replace("listener 8883", &format!("listener {port} 127.0.0.1"));
    let text = text.replace("/var/lib/mosquitto/", &format!("{}/", folder.display()));
    assert!(!text.contains("/etc/") && !text.contains("/var/") && text.contains(&format!("listener {port}")), "{text}");
    format!("user root\nlog_type error\n{text}")
}

fn address(station: &str) -> Address {
    Address::new("JFK", station).expect("an address")
}

fn records(station: &str, count: u64) -> Vec<Outgoing> {
    let mut prev = Digest::ZERO;
    (1..=count)
        .map(|seq| {
            let text = format!(
                r#"{{"seq":{seq},"prev":"{prev}","station":"{station}","lane":"A","at":{seq},"kind":"decision","class":"decision","audience":"all","body":{{"pass":"A/1/{seq}"}}}}"#
            );
            let bytes = text.into_bytes();
            prev = prev.then(Digest::of(&bytes));
            Outgoing { seq, class: Class::Decision, kind: Kind::Decision, at_ms: seq as i64, bytes }
        })
        .collect()
}

fn message(topic: String, payload: &[u8]) -> Message {
    Message { topic, payload: payload.to_vec(), ..Message::default() }
}

/// Whether the broker refused it.
async fn is_refused(connection: &mut Connection, message: Message) -> bool {
    connection.publish(Some(1), message).expect("room");
    loop {
        match tokio::time::timeout(PATIENCE, connection.next()).await.expect("an answer") {
            Event::Published { refused, .. } => return refused.is_some(),
            Event::Closed(ended) => panic!("{ended}"),
            _ => {}
        }
    }
}

async fn verified(uplink: &Uplink, seq: u64) {
    let mut state = uplink.state();
    let waited = tokio::time::timeout(PATIENCE, state.wait_for(|state| state.verified_to == Some(seq))).await;
    assert!(matches!(waited, Ok(Ok(_))), "{:?}", uplink.state().borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_speaks_for_itself_and_for_nobody_else() {
    let site = Site::new();
    let central = site.central("central", None).await;
    let (uplink, mut inbound) = site.uplink("st-01", &records("st-01", 20));
    verified(&uplink, 20).await;

    let mut other = Connection::open(&site.client("somebody", Some("st-02")), None).await.expect("let in");
    let own = message(address("st-02").up(Up::Record(Class::Decision)), b"{}");
    assert!(!is_refused(&mut other, own).await, "its own it may say");
    let forged = &records("st-01", 21)[20];
    for topic in [
        address("st-01").up(Up::Record(Class::Decision)),
        address("st-01").up(Up::Evidence),
        address("st-01").up(Up::Status),
        address("st-01").down(Down::Command),
        address("st-02").down(Down::Holds),
        "gatepost/1/JFK/st-01".to_owned(),
        "anything".to_owned(),
    ] {
        assert!(is_refused(&mut other, message(topic.clone(), &forged.bytes)).await, "{topic}");
    }

    // It may ask for everything; it gets what is its own.
    for filter in ["#", "gatepost/1/JFK/st-01/down/+", "gatepost/1/+/+/up/#", "gatepost/1/JFK/st-02/down/+"] {
        other.subscribe(filter).expect("asked");
    }
    for (station, bytes) in [("st-01", b"for the first"), ("st-02", b"for the other")] {
        central.send_document(address(station), Down::Rules, bytes.to_vec()).await.expect("sent");
    }
    let first = tokio::time::timeout(PATIENCE, inbound.recv()).await.expect("in time").expect("a document");
    assert_eq!(first.bytes, b"for the first");
    loop {
        match tokio::time::timeout(PATIENCE, other.next()).await.expect("in time") {
            Event::Message(message) => {
                assert!(message.topic.starts_with("gatepost/1/JFK/st-02/down/"), "{}", message.topic);
                if message.payload == b"for the other" {
                    break;
                }
            }
            Event::Closed(ended) => panic!("{ended}"),
            _ => {}
        }
    }
    let store = site.ground.open().await;
    let known = store.stations().await.expect("asked");
    let known: Vec<_> = known.iter().map(|of| (of.station.as_str(), of.durable, of.quarantined)).collect();
    assert_eq!(known, [("st-01", 20, 0)]);
    let begun = Instant::now();
    let aside = loop {
        let aside = store.quarantined(10).await.expect("asked");
        if !aside.is_empty() || begun.elapsed() > PATIENCE {
            break aside;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let aside: Vec<_> = aside.iter().map(|doubt| (doubt.station.as_str(), doubt.times)).collect();
    assert_eq!(aside, [("st-02", 1)], "what it said in its own name, and nothing else");
    uplink.stop();
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_missing_foreign_old_or_taken_back_opens_nothing() {
    let site = Site::new();
    let stranger = Authority::new(&site.ground.path().join("stranger"));
    stranger.sign("st-01", "st-01");
    let foreign = {
        // Trusts the right broker, and shows a certificate of somebody else.
        let read = |file: std::path::PathBuf| std::fs::read(file).expect("a file");
        let (chain, key) = (read(stranger.path("st-01.pem")), read(stranger.path("st-01.key")));
        let trusted = read(site.authority.path("ca.pem"));
        gatepost_sync::tls::Tls::new(&trusted, Some((&chain, &key))).expect("certificates")
    };
    for (what, tls) in [
        ("none", site.authority.tls(None)),
        ("foreign", foreign),
        ("expired", site.authority.tls(Some("old"))),
        ("taken back", site.authority.tls(Some("lost"))),
    ] {
        let broker = Broker { tls: Some(tls), ..Broker::new("127.0.0.1", site.broker.port, "gatepost-JFK-st-01") };
        let ended = Connection::open(&broker, None).await.err().unwrap_or_else(|| panic!("{what}: it was let in"));
        assert!(matches!(ended, Ended::Certificate(..)), "{what}: {ended:?}");
    }
    // Nor does a station speak to a broker that its authority has not signed.
    let broker = Broker { tls: Some(stranger.tls(Some("st-01"))), ..Broker::new("127.0.0.1", site.broker.port, "x") };
    let ended = Connection::open(&broker, None).await.err().expect("refused");
    assert!(matches!(ended, Ended::Tls(..)), "{ended:?}");
    let plain = Connection::open(&Broker::new("127.0.0.1", site.broker.port, "x"), None).await.err();
    assert!(plain.is_some(), "without TLS nobody is heard");
    let good = Connection::open(&site.client("gatepost-JFK-st-01", Some("st-01")), None).await;
    assert!(good.is_ok(), "the right one is let in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn centrals_that_share_the_work_may_do_so_under_these_permissions() {
    let site = Site::new();
    let central = site.central("second", Some("ops")).await;
    let (uplink, _inbound) = site.uplink("st-02", &records("st-02", 40));
    verified(&uplink, 40).await;
    uplink.stop();
    central.stop().await;
}

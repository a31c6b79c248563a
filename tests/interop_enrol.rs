//! A station from its invitation to its end, through the programs that people type, at a real Mosquitto with the sample
//! configuration: enrolled by a code, heard, renewed by its own key, taken out, refused. What goes wrong on the way says so, and
//! is written down.
//!
//! Not part of a plain `cargo test` (packages `mosquitto`, `openssl`): `cargo test -p gatepost-tests --test interop_enrol`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use gatepost_central::{Central, Config as CentralConfig};
use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Digest;
use gatepost_sync::enrol::Code;
use gatepost_sync::mqtt::{Broker, Connection, Ended, Event, Message};
use gatepost_sync::outbox::{Memory, Outgoing};
use gatepost_sync::session::{Config, Uplink};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::{Address, Up};
use gatepost_world::central::{Authority, Ground, Mosquitto};
use tokio::sync::mpsc;

const SAMPLE: &str = include_str!("../station/central/broker/mosquitto.conf");
const ACL: &str = include_str!("../station/central/broker/acl");
/// Of a lane that is not there; none is asked for anything.
const LANE: &str = concat!(
    "[[lane]]\nfile = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/../hardware/lanes/north.toml\"\ncontroller = { port = \"none\" }\n[lane.scanner.scanner]\n\
     serial = { port = \"none\", baud = 9600 }\nprotocol = { plain = {} }\n[lane.scale.scale]\n\
     serial = { port = \"none\", baud = 9600, line = \"7E1\" }\nprotocol = { mt-sics = {} }\n[lane.xray.xray]\n\
     folder = \"xray\"\npitch_um = 1500\nbelt_step_um = 1000\n"
);
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn is(self, code: i32, parts: &[&str]) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{all}");
        for part in parts {
            assert!(all.contains(part), "{part:?} in {all}");
        }
        self
    }
}

/// The programs as they are built from here.
fn programs() -> PathBuf {
    let packages = ["build", "--quiet", "--locked", "-p", "gatepost-daemon", "-p", "gatepost-central"];
    let built = Command::new(env!("CARGO")).args(packages).status().expect("cargo");
    assert!(built.success(), "the programs do not build");
    let own = std::env::current_exe().expect("this test");
    own.ancestors().nth(2).expect("target/debug").to_owned()
}

/// A central, its broker, and a station's folder.
struct Site {
    ground: Ground,
    authority: Authority,
    broker: Mosquitto,
    programs: PathBuf,
}

impl Site {
    fn new() -> Self {
        let ground = Ground::file();
        let folder = ground.path().join("gatepost");
        let authority = Authority::new(&folder);
        authority.sign("broker", "broker");
        authority.sign("central", "central.gatepost");
        std::fs::write(folder.join("acl"), ACL).expect("the permissions");
        let broker = Mosquitto::sample(ground.path(), |port| sample(&folder, port));
        let site = Self { ground, authority, broker, programs: programs() };
        let central = format!(
            "[broker]\nhost = \"127.0.0.1\"\nport = {port}\n[broker.tls]\nauthorities = \"{folder}/ca.pem\"\n\
             certificate = \"{folder}/central.pem\"\nkey = \"{folder}/central.key\"\n[store]\ndirectory = \"{data}\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\ntokens = true\n[holds]\nkey = \"{data}/central.key\"\n[enrolment]\n\
             authority = \"{folder}/ca.pem\"\nauthority_key = \"{folder}/ca.key\"\ncrl = \"{folder}/crl.pem\"\n",
            port = site.broker.port,
            folder = folder.display(),
            data = site.ground.path().display()
        );
        std::fs::write(site.path("central.toml"), central).expect("central's configuration");
        site.write_station("");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.ground.path().join(name)
    }

    fn write_station(&self, more: &str) {
        let text = format!("[station]\nname = \"st-01\"\nfacility = \"JFK\"\ndata = \"st-01\"\n{LANE}\n{more}");
        std::fs::write(self.path("station.toml"), text).expect("the station's configuration");
    }

    async fn run(&self, program: &str, words: &[&str]) -> Said {
        let mut command = Command::new(self.programs.join(program));
        command.args(words).current_dir(self.ground.path());
        let done = tokio::task::spawn_blocking(move || command.output()).await.expect("run").expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }

    async fn central(&self, words: &[&str]) -> Said {
        self.run("gatepost-central", &[words, &["--config", "central.toml"]].concat()).await
    }

    async fn station(&self, central: &Central, words: &[&str]) -> Said {
        let at = format!("http://{}", central.http());
        self.run("gatepost", &[words, &["--config", "station.toml", "--central", &at]].concat()).await
    }

    /// With what the station was given, as it stands in its folder.
    fn client(&self) -> Broker {
        let read = |name: &str| std::fs::read(self.path("st-01/tls").join(name)).expect("a file of the station");
        let both = read("station.pem");
        let tls = Tls::new(&read("authority.pem"), Some((&both, &both))).expect("usable");
        Broker { tls: Some(tls), ..Broker::new("127.0.0.1", self.broker.port, "gatepost-JFK-st-01") }
    }

    /// Records up to that number are sent and proven.
    async fn is_heard(&self, central: &Central, records: &[Outgoing]) {
        let mut outbox = Memory::default();
        records.iter().for_each(|record| outbox.push(record.clone()));
        let (sender, _inbound) = mpsc::channel(64);
        let config = Config { address: address(), broker: self.client(), software: "0.1.0".to_owned() };
        let uplink = Uplink::start(config, outbox, sender).expect("the uplink starts");
        let (mut state, last) = (uplink.state(), records.len() as u64);
        let waited = tokio::time::timeout(PATIENCE, state.wait_for(|state| state.verified_to == Some(last))).await;
        let waited = waited.map(|found| found.is_ok());
        assert!(waited == Ok(true), "{:?}, {:?}", uplink.state().borrow(), central.intake().borrow());
        uplink.stop();
    }
}

fn sample(folder: &Path, port: u16) -> String {
    let text = SAMPLE.replace("/etc/mosquitto/gatepost", &folder.display().to_string());
    let text = text.replace("listener 8883", &format!("listener {port} 127.0.0.1"));
    format!("user root\nlog_type error\n{}", text.replace("/var/lib/mosquitto/", &format!("{}/", folder.display())))
}

fn address() -> Address {
    Address::new("JFK", "st-01").expect("an address")
}

fn records(count: u64) -> Vec<Outgoing> {
    let mut prev = Digest::ZERO;
    (1..=count)
        .map(|seq| {
            let text = format!(
                r#"{{"seq":{seq},"prev":"{prev}","station":"st-01","lane":"A","at":{seq},"kind":"decision","class":"decision","audience":"all","body":{{"pass":"A/1/{seq}"}}}}"#
            );
            let bytes = text.into_bytes();
            prev = prev.then(Digest::of(&bytes));
            Outgoing { seq, class: Class::Decision, kind: Kind::Decision, at_ms: seq as i64, bytes }
        })
        .collect()
}

/// One character of a code that somebody else would have typed.
fn mistyped(code: &str) -> String {
    let last = code.chars().last().expect("a code");
    format!("{}{}", &code[..code.len() - 1], if last == '7' { '8' } else { '7' })
}

/// Mistyped, another's, too old, replaced by a newer one: each with its sentence.
async fn wrong_codes_open_nothing(site: &Site, central: &Central) {
    let invited = site.central(&["station", "invite", "JFK/st-01"]).await.is(0, &["good once"]);
    let code = invited.out.trim().to_owned();
    let others = site.central(&["station", "invite", "JFK/st-02"]).await.is(0, &[]).out.trim().to_owned();
    site.station(central, &["enrol", "--code", &mistyped(&code)]).await.is(2, &["group 8 of the code", "mistyped"]);
    site.station(central, &["enrol", "--code", &others]).await.is(1, &["not the one that JFK/st-01 was invited with"]);
    let old = Code::make().expect("random bytes");
    central.store().invite(&address(), &old.verifier(), "ann", (1, 2)).await.expect("invited");
    site.station(central, &["enrol", "--code", &old.to_string()]).await.is(1, &["The code is too old"]);
    site.station(central, &["enrol", "--code", &code]).await.is(1, &["not the one"]);
    assert!(!site.path("st-01/tls").exists(), "nothing was written meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_is_enrolled_heard_renewed_and_taken_out() {
    let site = Site::new();
    let central = Central::start(CentralConfig::read(&site.path("central.toml")).expect("usable")).await;
    let central = central.expect("central starts");
    let mut intake = central.intake();
    // What is found is let go at once: it keeps the intake from saying more.
    let listens =
        tokio::time::timeout(PATIENCE, intake.wait_for(|state| state.connected)).await.map(|found| found.is_ok());
    assert!(listens == Ok(true), "{:?}", central.intake().borrow());
    let store = central.store().clone();

    wrong_codes_open_nothing(&site, &central).await;
    let code = site.central(&["station", "invite", "JFK/st-01"]).await.is(0, &[]).out.trim().to_owned();
    let told =
        site.station(&central, &["enrol", "--json", "--code", &code]).await.is(0, &["\"station\": \"JFK/st-01\""]);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    let lines = told["lines"].as_str().expect("lines");
    site.write_station(lines);
    site.station(&central, &["enrol", "--code", &code]).await.is(1, &["used already"]);
    let key = std::fs::metadata(site.path("st-01/tls/station.pem")).expect("written");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    for section in ["lists", "rules", "commands"] {
        assert!(lines.contains(&format!("[{section}]\ntrusted = [\"central=")), "{section} are believed: {lines}");
    }
    site.run("gatepost", &["check", "--config", "station.toml"]).await.is(0, &["station.toml"]);
    let records = records(22);
    site.is_heard(&central, &records[..20]).await;
    let enrolled = store.all_enrolled().await.expect("asked");
    assert_eq!(told["key"], enrolled[0].key, "central knows it by the key that it has");

    let before = std::fs::read(site.path("st-01/tls/station.pem")).expect("a certificate");
    site.station(&central, &["renew"]).await.is(0, &["[uplink.tls]"]);
    assert_ne!(std::fs::read(site.path("st-01/tls/station.pem")).expect("a certificate"), before);
    site.is_heard(&central, &records[..21]).await;

    // Taken out while it is connected: that connection is heard no more, and no new one begins.
    let mut open = Connection::open(&site.client(), None).await.expect("let in");
    let revoke = ["station", "revoke", "JFK/st-01", "--why", "stolen from the lorry"];
    site.central(&revoke).await.is(0, &["taken out", "crl.pem"]);
    site.central(&revoke).await.is(1, &["is not enrolled, or was taken out before"]);
    let (topic, payload) = (address().up(Up::Record(Class::Decision)), records[21].bytes.clone());
    open.publish(Some(1), Message { topic, payload, ..Message::default() }).expect("room");
    while !matches!(open.next().await, Event::Published { .. }) {}
    let aside = until("it is put aside", async || store.quarantined(10).await.expect("asked").pop()).await;
    assert_eq!((aside.station.as_str(), aside.reason.as_str(), aside.seq), ("st-01", "revoked", Some(22)));
    assert_eq!(store.counts().await.expect("asked").durable, 21);
    drop(open);
    site.broker.hang_up();
    let ended = until("the broker refuses it", async || Connection::open(&site.client(), None).await.err()).await;
    assert!(matches!(ended, Ended::Certificate(..)), "{ended:?}");
    site.station(&central, &["renew"]).await.is(1, &["taken out of service"]);
    site.central(&["station", "list"]).await.is(0, &["JFK/st-01", &enrolled[0].key, "stolen from the lorry"]);

    let refused = store.refusals(100).await.expect("asked");
    for reason in ["other-code", "expired-code", "used-code", "revoked-station"] {
        let found = refused.iter().find(|one| one.reason == reason);
        let found = found.unwrap_or_else(|| panic!("{reason} in {refused:?}"));
        assert_eq!((found.who.as_str(), found.address.as_str()), ("JFK/st-01", "127.0.0.1"));
    }
    // Central and whoever else is not taken back is let in by the same list.
    let central_again =
        Broker { tls: Some(site.authority.tls(Some("central"))), ..Broker::new("127.0.0.1", site.broker.port, "x") };
    assert!(Connection::open(&central_again, None).await.is_ok());
    central.stop().await;
}

/// Dropping it ends it.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever ended by himself is not there any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it shows the broker is worth nothing there; the one that it fetches by itself, because its time is nearly over, is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_station_fetches_its_next_certificate_by_itself() {
    let site = Site::new();
    let central = Central::start(CentralConfig::read(&site.path("central.toml")).expect("usable")).await;
    let central = central.expect("central starts");
    let store = central.store().clone();
    let code = site.central(&["station", "invite", "JFK/st-01"]).await.is(0, &[]).out.trim().to_owned();
    let told = site.station(&central, &["enrol", "--json", "--code", &code]).await.is(0, &[]);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    let lines = told["lines"].as_str().expect("lines");
    let at = format!("renew = \"http://{}\"", central.http());
    assert!(lines.contains(&at), "{lines}");
    site.write_station(&lines.replace(&at, "renew = \"https://central\""));
    site.run("gatepost", &["check", "--config", "station.toml"]).await.is(1, &["uplink.renew", "http://HOST:PORT"]);
    site.write_station(&format!("{lines}\n[console]\nhttp = \"127.0.0.1:0\"\n"));
    site.run("gatepost", &["check", "--config", "station.toml"]).await.is(0, &[]);

    let elsewhere = Authority::new(&site.path("elsewhere"));
    elsewhere.sign("st-01", "JFK-st-01");
    let of = |end: &str| std::fs::read(site.path("elsewhere").join(format!("st-01.{end}"))).expect("signed");
    let foreign = [of("pem"), of("key")].concat();
    let certificate = site.path("st-01/tls/station.pem");
    std::fs::write(&certificate, &foreign).expect("written");
    let ends_ms = gatepost_daemon::run::clock::wall_now().0 + 86_400_000;
    let dates = format!(r#"{{"given_ms":1,"ends_ms":{ends_ms}}}"#);
    std::fs::write(site.path("st-01/tls/dates.json"), dates).expect("written");

    let mut command = Command::new(site.programs.join("gatepost"));
    let log = std::fs::File::create(site.path("station.log")).expect("a log");
    command.args(["run", "--config", "station.toml"]).current_dir(site.ground.path()).stderr(log);
    let station = Running(command.spawn().expect("the station starts"));
    until("it is heard", async || (store.counts().await.expect("asked").durable > 0).then_some(())).await;
    assert_ne!(std::fs::read(&certificate).expect("a certificate"), foreign);
    let ends = std::fs::read_to_string(site.path("st-01/tls/dates.json")).expect("dates");
    let ends: serde_json::Value = serde_json::from_str(&ends).expect("JSON");
    assert!(ends["ends_ms"].as_i64().is_some_and(|ends| ends > ends_ms), "{ends}");
    drop(station);
    central.stop().await;
}

/// Asks until there is an answer.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

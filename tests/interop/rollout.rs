//! A rule pack rolled out to three stations over the real broker: their real sessions, journals, rule files and minds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatepost_central::Central;
use gatepost_central::rollout::{assigned, stages};
use gatepost_central::store::rollouts::{NewRollout, RolloutView, State};
use gatepost_daemon::run::uplink;
use gatepost_hardware::lane::file;
use gatepost_hardware::units::{Grams, Micros, Millimetres, WallMs};
use gatepost_ledger::evidence::Evidence;
use gatepost_pipeline::drive::{DriveConfig, Versions};
use gatepost_pipeline::event::{ClockState, Effect, Event, ImageFile, Matched, Weighed};
use gatepost_pipeline::identify::CodeRead;
use gatepost_pipeline::judge::{Aed, BlindCause, Declared, Image, ListState, Lists, Previous, Token};
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::ruleset::{BUILT_IN, Ruleset};
use gatepost_sync::mqtt::Broker;
use gatepost_sync::session::{Config, Uplink};
use gatepost_sync::topics::Address;
use gatepost_world::central::{Ground, Memory, Mosquitto, Taking};
use tokio::sync::mpsc;

use super::{PATIENCE, until};

/// More than are needed to compare two rates.
const ITEMS: usize = 110;
const EVIDENCE_BYTES_MAX: u64 = 1 << 20;

/// The built-in pack with another head, and a rule more where there is one.
fn pack(version: u64, audience: &str, rule: &str) -> String {
    let line = |begin: &str| BUILT_IN.lines().find(|line| line.starts_with(begin)).expect("a line").to_owned();
    let text = BUILT_IN.replacen(&line("version = "), &format!("version = {version}"), 1);
    text.replacen(&line("audience = "), &format!("audience = \"{audience}\""), 1) + rule
}

fn digest(pack: &str) -> String {
    Ruleset::load("pack", pack).expect("a pack").digest_hex()
}

const EVERYTHING: &str = r#"
[[rule]]
id = "test.everything"
issue = "targeting"
severity = "notice"
purpose = "security"
outcome = "exam"
action = "image-review"
when = "true"
text = "Everything."
"#;

/// A bench at work: what it is told, by rules or by devices, and what it decides goes into its station's journal.
pub(super) struct Bench {
    mind: Mind,
    now: u64,
    image: u32,
}

impl Bench {
    fn new(station: &str) -> Self {
        let map = file::parse("bench.toml", include_str!("../../hardware/lanes/bench.toml")).expect("a lane");
        let (rules, word) = (Ruleset::built_in().expect("rules"), Token::clipped("test"));
        let versions = Versions {
            software: word.clone(),
            rules: Token::clipped(&rules.digest_hex()),
            model: word.clone(),
            engine: word.clone(),
            lists: word,
        };
        let config = DriveConfig {
            station: station.to_owned(),
            map,
            epoch_next: 1,
            open: Vec::new(),
            closed: Vec::new(),
            highest: BTreeMap::new(),
            accounted: None,
            sampling: None,
            weight_tolerance_g: Grams(30),
            radiation_fitted: false,
            smoke_fitted: false,
            utc_offset_min: 0,
            contingency: BTreeMap::new(),
            protocols: BTreeMap::new(),
            versions,
        };
        Self { mind: Mind::new(config, rules).expect("a mind"), now: 1_000_000, image: 0 }
    }

    pub(super) fn hear(&mut self, memory: &Memory, event: Event) {
        for effect in self.mind.handle(event) {
            match effect {
                Effect::Record(pending) => {
                    let recorded = memory.record(pending);
                    self.hear(memory, Event::Recorded(recorded));
                }
                Effect::Lookup { pass, .. } => {
                    let answer = Matched {
                        holds: Vec::new(),
                        aed: Aed::Missing,
                        declared: Declared::default(),
                        mail_class: None,
                        trusted_shipper: false,
                        previous: Previous::None,
                        lists: Lists { holds: ListState::Missing, declarations: ListState::Missing },
                    };
                    self.hear(memory, Event::Matched { pass, answer: Box::new(answer) });
                }
                Effect::Permit(_) | Effect::Order(_) => {}
            }
        }
    }

    fn wait(&mut self, memory: &Memory, ms: u64) {
        for _ in 0..=ms / 100 {
            self.now += 100_000;
            let wall = WallMs(1_795_305_600_000 + (self.now / 1_000) as i64);
            self.hear(memory, Event::Pulse { mono: Micros(self.now), wall, clock: ClockState::Trusted });
        }
    }

    fn weigh(&mut self, memory: &Memory, weighed: Weighed) {
        self.hear(memory, Event::Weight { mono: Micros(self.now), device: 1, weighed, said: None });
    }

    /// Items laid down, decided and taken away again.
    fn items(&mut self, memory: &Memory, count: usize) {
        for _ in 0..count {
            let mono = Micros(self.now);
            self.hear(memory, Event::Code { mono, device: 0, code: CodeRead::text("RR473124829GB") });
            self.weigh(memory, Weighed::Stable(Grams(800)));
            self.image += 1;
            let (id, digest, length_mm) = (self.image, Token::clipped("00"), Millimetres(300));
            let image = ImageFile { id, digest, number: None, length_mm, objects: 1 };
            self.hear(memory, Event::Image { mono, device: 2, image });
            self.hear(memory, Event::Assessed { image: id, assessed: Image::Blind { cause: BlindCause::Quality } });
            self.wait(memory, 2_000);
            self.weigh(memory, Weighed::Empty);
            self.wait(memory, 5_000);
        }
    }
}

/// A station that runs: what comes down is taken in on a task of its own.
pub(super) struct Station {
    address: Address,
    pub(super) uplink: Uplink,
    pub(super) memory: Memory,
    pub(super) bench: Bench,
    /// The digests of the packs that its lane was told of, in order.
    told: Vec<String>,
}

impl Station {
    pub(super) fn start(ground: &Ground, port: u16, issuer: (&str, &str), address: Address) -> Self {
        let folder = ground.path().join(address.station.as_str());
        std::fs::create_dir_all(&folder).expect("a folder");
        let (sender, inbound) = mpsc::channel(64);
        let mut started = None;
        let connect = |view: &_, disk: &Arc<_>| {
            let evidence = Evidence::open(Arc::clone(disk), "evidence", EVIDENCE_BYTES_MAX).expect("evidence");
            let outbox =
                uplink::Memory::open(gatepost_ledger::journal::View::clone(view), Arc::new(Mutex::new(evidence)));
            let broker = Broker::new("127.0.0.1", port, &format!("gatepost-{}-{}", address.facility, address.station));
            let config = Config { address: address.clone(), broker, software: "0.1.0".to_owned() };
            let uplink = Uplink::start(config, outbox.expect("an outbox"), sender).expect("the uplink starts");
            started.insert(uplink).control()
        };
        let Taking { taker, memory } = tokio::task::block_in_place(|| Taking::open(&folder, &address, issuer, connect));
        tokio::spawn(taker.take_all(inbound));
        let bench = Bench::new(address.station.as_str());
        Self { bench, address, uplink: started.expect("an uplink"), memory, told: Vec::new() }
    }

    /// Waits until the lane is told of a rule pack, and gives it to its mind.
    fn rules(&mut self) -> String {
        tokio::task::block_in_place(|| {
            loop {
                match self.memory.fed.next(PATIENCE) {
                    Ok(Some(Event::Rules(rules))) => {
                        self.told.push(rules.digest_hex());
                        let event = Event::Rules(rules);
                        self.bench.hear(&self.memory, event);
                        return self.told.last().cloned().expect("told");
                    }
                    Ok(Some(_)) => {}
                    other => panic!("{}: no rules in {PATIENCE:?}: {other:?}", self.address.station),
                }
            }
        })
    }

    /// Lets so many items be decided.
    pub(super) fn work(&mut self, items: usize) {
        tokio::task::block_in_place(|| self.bench.items(&self.memory, items));
        self.uplink.wake();
    }
}

/// Looks at the newest rollout until it is as wished.
async fn rollout(central: &Central, what: &str, wished: impl Fn(&RolloutView) -> bool) -> RolloutView {
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let looked = tokio::time::timeout(PATIENCE, async {
        loop {
            look.tick().await;
            let newest = central.store().rollouts().await.expect("rollouts").into_iter().next();
            if let Some(newest) = newest.filter(&wished) {
                return newest;
            }
        }
    });
    match looked.await {
        Ok(found) => found,
        Err(_) => panic!("waited {PATIENCE:?} for {what}: {:?}", central.store().rollouts().await),
    }
}

async fn begin(central: &Central, pack: &str, staged: &[&str]) {
    let stages = stages(staged.iter().copied()).expect("stages");
    let new = NewRollout { pack: pack.to_owned(), cases: None, stages, soak_ms: 0, jump_points: 5 };
    central.store().start_rollout(&new, "the test", gatepost_daemon::run::clock::wall_now().0).await.expect("started");
}

pub async fn a_rollout_halts_and_goes_back_by_itself_on_an_error_and_on_a_jump_of_flags(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (issuer, key) = central.signatory().map(|(issuer, key)| (issuer.to_owned(), key)).expect("central signs");
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    let addresses = [("JFK", "st-01"), ("JFK", "st-02"), ("ORD", "st-03")]
        .map(|(facility, name)| Address::new(facility, name).expect("an address"));
    let mut stations = addresses.clone().map(|address| Station::start(&ground, broker.port, (&issuer, &key), address));
    until("all three to be heard", &mut central.intake(), |state| state.stored >= 3).await;

    // Good for everybody: two stages, each by itself.
    let good = pack(7, "*", "");
    begin(&central, &good, &["34%", "100%"]).await;
    for station in &mut stations {
        assert_eq!(station.rules(), digest(&good));
    }
    rollout(&central, "the end", |one| one.state == State::Done).await;

    // Not for ORD: its station refuses, and the others go back to the one before.
    let for_jfk = pack(8, "JFK", "");
    begin(&central, &for_jfk, &["100%"]).await;
    for station in &mut stations[..2] {
        assert_eq!((station.rules(), station.rules()), (digest(&for_jfk), digest(&good)));
    }
    let back =
        rollout(&central, "its halt", |one| one.stations.iter().filter(|one| one.back_ms.is_some()).count() >= 2).await;
    assert_eq!(back.state, State::Back);
    assert!(back.says.contains("ORD/st-03 reports an error: the pack is for JFK"), "{}", back.says);
    assert_eq!(stations[2].rules(), digest(&good), "ordered back too, to what it never left");

    // Everything to exam: the first station shows it, nobody else ever hears of the pack.
    let loud = pack(9, "*", EVERYTHING);
    let staged = ["34%", "100%"];
    let who = assigned(3, &addresses, &stages(staged).expect("stages"));
    let first = stations.iter_mut().position(|one| who[&one.address] == 0).expect("a first one");
    assert_eq!(who.values().filter(|stage| **stage == 0).count(), 2, "two of three are 34 of a hundred, rounded up");
    stations.iter_mut().for_each(|station| station.work(ITEMS));
    let quiet = stations.iter().position(|one| who[&one.address] == 1).expect("a last one");
    let told = stations[quiet].told.len();
    begin(&central, &loud, &staged).await;
    assert_eq!(stations[first].rules(), digest(&loud));
    stations[first].work(ITEMS);
    assert_eq!(stations[first].rules(), digest(&good));
    let back = rollout(&central, "the way back", |one| {
        one.state == State::Back && one.stations.iter().any(|one| one.back_ms.is_some())
    })
    .await;
    assert!(back.says.contains("the rules flag 100.00 % of"), "{}", back.says);
    let it = back.stations.iter().find(|one| one.station == stations[first].address.station.as_str()).expect("it");
    assert!(it.decisions_before >= 100 && it.flagged_before == 0 && it.decisions_after >= 100, "{it:?}");
    assert_eq!(stations[quiet].told.len(), told, "nobody else heard of it");
    let alerts = central.store().alerts(None, 1_000).await.expect("alerts");
    assert_eq!(alerts.iter().filter(|alert| alert.kind == "rollout").count(), 2, "two halts, two alerts");
    println!("halted: {}", back.says);
    for station in stations {
        tokio::task::block_in_place(|| station.uplink.stop());
    }
    central.stop().await;
}

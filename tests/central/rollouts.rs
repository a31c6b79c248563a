//! Rule packs rolled out, on a real database: stages, errors, jumps, people.

use std::collections::BTreeMap;

use gatepost_central::holds::Signatory;
use gatepost_central::rollout::{stages, task};
use gatepost_central::store::Store;
use gatepost_central::store::enrol::{Certified, TakenOut};
use gatepost_central::store::ingest::Batch;
use gatepost_central::store::rollouts::{NewRollout, RolloutError, RolloutView, State};
use gatepost_pipeline::record::{Class, Kind};
use gatepost_pipeline::ruleset::{BUILT_IN, Ruleset};
use gatepost_sync::enrol::Code;
use gatepost_sync::envelope::{self, Header, TrustedKey, Versions};
use gatepost_sync::rules::RulesOrder;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Down, Name};

use super::ground::Ground;
use super::holds::{Station, commit};
use super::stories::NOW_MS;

const SOAK_MS: i64 = 60_000;
const NAMES: [&str; 4] = ["st-01", "st-02", "st-03", "st-04"];

/// The built-in pack under another version: another digest.
fn pack(version: u64) -> String {
    let old = BUILT_IN.lines().find(|line| line.starts_with("version = ")).expect("a version");
    BUILT_IN.replacen(old, &format!("version = {version}"), 1)
}

fn digest(version: u64) -> String {
    Ruleset::load("pack", &pack(version)).expect("a pack").digest_hex()
}

fn new(version: u64, staged: &[&str]) -> NewRollout {
    let stages = stages(staged.iter().copied()).expect("stages");
    NewRollout { pack: pack(version), cases: None, stages, soak_ms: SOAK_MS, jump_points: 5 }
}

/// What a station records of its rules.
pub fn rules_body(order: u64, digest: &str, in_force: bool, says: &str) -> String {
    format!(r#"{{"event":"rules","order":{order},"digest":"{digest}","in_force":{in_force},"says":"{says}"}}"#)
}

fn decision(pass: usize, rules: &str, flagged: bool) -> String {
    let (outcome, reasons) = match flagged {
        true => ("exam", r#"[{"rule":"dangerous-goods.battery","ground":"cause","text":"A battery."}]"#),
        false => ("release", "[]"),
    };
    format!(
        r#"{{"pass":"A/1/{pass}","revision":1,"supersedes":null,"inputs":{{"item":{{"state":"none"}}}},"verdict":{{"outcome":"{outcome}","reasons":{reasons}}},"versions":{{"rules":"{rules}"}}}}"#
    )
}

/// A fleet, its central, and what it was ordered.
struct Fleet {
    store: Store,
    signatory: Signatory,
    stations: BTreeMap<&'static str, Station>,
    versions: BTreeMap<String, Versions>,
    now_ms: i64,
    passes: usize,
}

impl Fleet {
    async fn new(ground: &Ground) -> Self {
        let store = ground.open().await;
        let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
        let stations = NAMES.into_iter().map(|name| (name, Station::new("JFK", name))).collect();
        let mut fleet = Self { store, signatory, stations, versions: BTreeMap::new(), now_ms: NOW_MS, passes: 0 };
        for name in NAMES {
            fleet.status(name, true).await;
            fleet.says(name, 0, "own", true, "in force").await;
        }
        fleet
    }

    async fn status(&mut self, name: &'static str, online: bool) {
        self.now_ms += 1;
        let address = Address::new("JFK", name).expect("an address");
        let (station, since_ms) = (address.station.clone(), self.now_ms);
        let status = Status { station, online, since_ms, high: None, backlog: 0, software: "0.1.0".to_owned() };
        let statuses = match online {
            true => vec![(address, status)],
            // The last will of the connection that began here.
            false => vec![(address.clone(), Status { online: true, ..status.clone() }), (address, status)],
        };
        for one in statuses {
            let batch = Batch { statuses: vec![one], ..Batch::default() };
            self.store.commit(batch, self.now_ms).await.expect("committed");
        }
    }

    /// A station records what it has in force, or refused.
    async fn says(&mut self, name: &'static str, order: u64, digest: &str, in_force: bool, says: &str) {
        let class = if in_force { Class::Health } else { Class::Alert };
        let body = rules_body(order, digest, in_force, says);
        let station = self.stations.get_mut(name).expect("a station");
        let record = station.record_as(class, Kind::Config, self.now_ms, &body);
        commit(&self.store, vec![record]).await;
    }

    async fn decides(&mut self, name: &'static str, rules: &str, count: usize, flagged: usize) {
        let mut records = Vec::new();
        for n in 0..count {
            self.passes += 1;
            let body = decision(self.passes, rules, n < flagged);
            let station = self.stations.get_mut(name).expect("a station");
            records.push(station.record(Kind::Decision, self.now_ms, &body));
        }
        commit(&self.store, records).await;
    }

    /// One look of central, after so long; the orders it gave: to whom, as which version, what.
    async fn round(&mut self, after_ms: i64) -> Vec<(String, u64, RulesOrder)> {
        self.now_ms += after_ms;
        let done = task::round(&self.store, Some(&self.signatory), 0, self.now_ms).await.expect("a round");
        done.0.into_iter().map(|document| self.opened(&document.address, &document.bytes)).collect()
    }

    /// As a station opens it: signed, for it, and newer than all before.
    fn opened(&mut self, address: &Address, bytes: &[u8]) -> (String, u64, RulesOrder) {
        let hex = self.signatory.public_key();
        let key: [u8; 32] =
            data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("a key").try_into().expect("32 bytes");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a key");
        let trusted = [TrustedKey { issuer: Name::new("central").expect("a name"), key, documents: vec![Down::Rules] }];
        let versions = self.versions.entry(address.station.to_string()).or_default();
        let opened = envelope::open(bytes, Down::Rules, address, &trusted, versions, self.now_ms).expect("opens");
        let header: Header = opened.header.clone();
        versions.take(&header);
        (address.station.to_string(), header.version, RulesOrder::read(opened.payload).expect("an order"))
    }

    /// The stations take what they were ordered.
    async fn take(&mut self, orders: &[(String, u64, RulesOrder)]) {
        for (station, version, order) in orders {
            let name = NAMES.into_iter().find(|name| name == station).expect("a station of ours");
            let digest = match order {
                RulesOrder::Own => "own".to_owned(),
                RulesOrder::Pack(pack) => Ruleset::load("pack", &pack.pack).expect("a pack").digest_hex(),
            };
            self.says(name, *version, &digest, true, "in force").await;
        }
    }

    async fn view(&self) -> RolloutView {
        self.store.rollouts().await.expect("rollouts").remove(0)
    }

    /// Until it is done: everybody takes what he is ordered.
    async fn finish(&mut self) {
        for _ in 0..20 {
            let orders = self.round(SOAK_MS).await;
            self.take(&orders).await;
        }
        assert_eq!(self.view().await.state, State::Done);
    }
}

pub async fn a_rollout_goes_stage_by_stage_and_orders_everybody_once(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    fleet.store.start_rollout(&new(7, &["25%", "75%", "100%"]), "ann", fleet.now_ms).await.expect("started");
    let first = fleet.round(0).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(fleet.round(0).await.is_empty(), "ordered once");
    assert_eq!((fleet.view().await.stage, fleet.view().await.soaks_since_ms), (1, None), "nobody has it yet");
    fleet.take(&first).await;
    assert!(fleet.round(0).await.is_empty());
    assert_eq!(fleet.view().await.soaks_since_ms, Some(fleet.now_ms));
    assert!(fleet.round(SOAK_MS - 1).await.is_empty(), "the soak has not passed");
    let second = fleet.round(1).await;
    assert_eq!(second.len(), 2, "two more of four");
    // One of them is slow: the stage waits for it.
    fleet.take(&second[..1]).await;
    assert!(fleet.round(9 * SOAK_MS).await.is_empty());
    assert_eq!((fleet.view().await.stage, fleet.view().await.soaks_since_ms), (2, None));
    fleet.take(&second[1..]).await;
    fleet.round(0).await;
    let third = fleet.round(SOAK_MS).await;
    assert_eq!(third.len(), 1);
    fleet.take(&third).await;
    fleet.round(0).await;
    fleet.round(SOAK_MS).await;
    let view = fleet.view().await;
    assert_eq!((view.state, view.stage, view.says.as_str()), (State::Done, 3, "done: 4 stations have it"));
    let mut versions: Vec<u64> = [first, second, third].concat().iter().map(|(_, version, _)| *version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4], "each order has a number of its own");
    let rules = fleet.store.station_rules().await.expect("asked");
    assert!(rules.len() == 4 && rules.iter().all(|one| one.digest == digest(7) && one.order > 0), "{rules:?}");
    assert!(fleet.store.alerts(None, 10).await.expect("alerts").is_empty());
    // Two centrals look at once; a third, started anew, has nothing to say.
    let kept = fleet.store.documents().await.expect("documents");
    assert!(
        kept.len() == 4 && kept.values().all(|documents| documents[0].0 == Down::Rules),
        "said again whenever one comes"
    );
}

pub async fn an_error_of_one_station_takes_all_back_and_is_an_alert(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    for (how, error) in [
        (0, "order 9, rule x: unknown field `wieght`"),
        (1, "no key is trusted to sign rules for central"),
        (2, "the pack was changed, or damaged"),
        (3, "a rule of the pack failed"),
    ] {
        let version = 10 + how;
        fleet.store.start_rollout(&new(version, &["50%", "100%"]), "ann", fleet.now_ms).await.expect("started");
        let orders = fleet.round(0).await;
        assert_eq!(orders.len(), 2);
        let (good, bad) = (&orders[0], &orders[1]);
        let name = NAMES.into_iter().find(|name| *name == bad.0).expect("a station");
        fleet.take(std::slice::from_ref(good)).await;
        match how {
            // It names the order, or the message, where it did not believe its number.
            0 => fleet.says(name, bad.1, "aa", false, error).await,
            1 => {
                let sent = fleet.store.documents().await.expect("documents");
                let address = Address::new("JFK", name).expect("an address");
                let message = gatepost_sync::chain::Digest::of(&sent[&address][0].1).to_string();
                fleet.says(name, 0, &message, false, error).await;
            }
            2 => {
                fleet.take(std::slice::from_ref(bad)).await;
                fleet.round(0).await;
                fleet.now_ms += 5;
                fleet.says(name, 0, "own", true, error).await;
            }
            _ => {
                fleet.take(std::slice::from_ref(bad)).await;
                fleet.round(0).await;
                let failed = decision(1, &digest(version), false)
                    .replace("[]", r#"[{"rule":"built-in.rule-failed","ground":"doubt","text":"x"}]"#);
                let record =
                    fleet.stations.get_mut(name).expect("a station").record(Kind::Decision, fleet.now_ms, &failed);
                commit(&fleet.store, vec![record]).await;
            }
        }
        let back = fleet.round(0).await;
        let view = fleet.view().await;
        assert_eq!((view.state, view.stage), (State::Back, 1), "{error}: {}", view.says);
        assert!(view.says.contains(error) && view.says.contains(name), "{}", view.says);
        assert_eq!(back.len(), 2, "whoever was ordered goes back, the others were never touched");
        assert!(back.iter().all(|(_, version, order)| *order == RulesOrder::Own && *version > bad.1), "{back:?}");
        let alerts = fleet.store.alerts(None, 1).await.expect("alerts");
        assert!(alerts[0].kind == "rollout" && alerts[0].reason == view.says, "{alerts:?}");
        fleet.take(&back).await;
        assert!(fleet.round(9 * SOAK_MS).await.is_empty(), "and that is all");
        assert!(fleet.view().await.stations.iter().all(|one| one.ordered == one.back_ms.is_some()));
        fleet.now_ms += 10;
    }
}

pub async fn a_pack_that_flags_another_share_of_parcels_goes_back_to_the_one_before(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    fleet.store.start_rollout(&new(7, &["100%"]), "ann", fleet.now_ms).await.expect("started");
    fleet.finish().await;
    for name in NAMES {
        fleet.decides(name, &digest(7), 300, 15).await;
    }
    fleet.store.start_rollout(&new(8, &["25%", "100%"]), "bob", fleet.now_ms).await.expect("started");
    let orders = fleet.round(0).await;
    let name = NAMES.into_iter().find(|name| *name == orders[0].0).expect("a station");
    fleet.take(&orders).await;
    // What it had decided by the pack before and only now records is not the new pack's.
    fleet.decides(name, &digest(7), 300, 300).await;
    fleet.decides(name, &digest(8), 99, 99).await;
    fleet.round(0).await;
    assert_eq!(fleet.view().await.state, State::Running, "99 decisions say nothing");
    fleet.decides(name, &digest(8), 201, 0).await;
    let back = fleet.round(0).await;
    let view = fleet.view().await;
    assert_eq!(view.state, State::Back, "{}", view.says);
    assert!(view.says.contains("33.00 % of 300 parcels, before it were 5.00 % of 300"), "{}", view.says);
    let station = view.stations.iter().find(|one| one.station == name).expect("it");
    assert_eq!((station.decisions_before, station.flagged_before), (300, 15));
    assert_eq!((station.decisions_after, station.flagged_after), (300, 99));
    let RulesOrder::Pack(before) = &back[0].2 else { panic!("its own, and not the pack before: {back:?}") };
    assert_eq!((back.len(), before.pack == pack(7)), (1, true));
    fleet.take(&back).await;
    fleet.round(0).await;
    let rules = fleet.store.station_rules().await.expect("asked");
    assert!(rules.iter().all(|one| one.digest == digest(7)), "{rules:?}");

    // The same share is none of its business, however many decisions there are.
    fleet.store.start_rollout(&new(9, &["25%"]), "bob", fleet.now_ms).await.expect("started");
    let orders = fleet.round(0).await;
    let name = NAMES.into_iter().find(|name| *name == orders[0].0).expect("a station");
    fleet.take(&orders).await;
    fleet.decides(name, &digest(9), 2_500, 125).await;
    for _ in 0..3 {
        fleet.round(SOAK_MS).await;
    }
    let view = fleet.view().await;
    assert_eq!((view.state, view.stations.len()), (State::Done, 1), "{}", view.says);
    assert_eq!(view.stations[0].decisions_after, 2_500);
}

pub async fn a_person_halts_resumes_and_goes_back_and_a_second_rollout_waits_for_the_first(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    let store = fleet.store.clone();
    assert!(matches!(store.start_rollout(&new(7, &["LAX"]), "ann", NOW_MS).await, Err(RolloutError::Nobody(_))));
    let broken = NewRollout { pack: "nonsense".to_owned(), ..new(7, &["5%"]) };
    assert!(matches!(store.start_rollout(&broken, "ann", NOW_MS).await, Err(RolloutError::Pack(_))));
    let rollout = store.start_rollout(&new(7, &["50%", "100%"]), "ann", NOW_MS).await.expect("started");
    let refused = store.start_rollout(&new(8, &["100%"]), "bob", NOW_MS).await;
    assert!(matches!(refused, Err(RolloutError::UnderWay(one, "running")) if one == rollout));
    let change = async |to| store.change_rollout(rollout, to, "ann", NOW_MS).await;
    assert!(change(State::Running).await.is_err() && change(State::Done).await.is_err());
    change(State::Halted).await.expect("halted");
    assert!(fleet.round(0).await.is_empty(), "nobody is ordered while it is halted");
    change(State::Running).await.expect("resumed");
    let orders = fleet.round(0).await;
    fleet.take(&orders).await;
    change(State::Halted).await.expect("halted");
    assert!(fleet.round(9 * SOAK_MS).await.is_empty());
    assert!(matches!(store.start_rollout(&new(8, &["100%"]), "bob", NOW_MS).await, Err(RolloutError::UnderWay(..))));
    change(State::Back).await.expect("back");
    assert!(change(State::Back).await.is_err() && change(State::Running).await.is_err());
    let back = fleet.round(0).await;
    assert_eq!((orders.len(), back.len()), (2, 2));
    fleet.take(&back).await;
    let second = store.start_rollout(&new(8, &["100%"]), "bob", NOW_MS).await.expect("started");
    fleet.finish().await;
    let old = store.change_rollout(rollout, State::Back, "ann", NOW_MS).await;
    assert!(matches!(old, Err(RolloutError::NotNow(..))), "only the newest goes back");
    store.change_rollout(second, State::Back, "ann", NOW_MS).await.expect("back, although it was done");
    assert_eq!(fleet.round(0).await.len(), 4);
    assert!(matches!(store.change_rollout(99, State::Back, "ann", NOW_MS).await, Err(RolloutError::Unknown(99))));
    let events = store.rollout_events(rollout).await.expect("events");
    assert_eq!(events.last().map(|(_, says)| says.as_str()), Some("back by ann"));
}

pub async fn stations_that_are_away_or_new_are_not_forgotten(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    for name in NAMES {
        fleet.status(name, false).await;
    }
    fleet.store.start_rollout(&new(7, &["50%", "100%"]), "ann", fleet.now_ms).await.expect("started");
    let orders = fleet.round(0).await;
    assert_eq!(orders.len(), 2, "it waits for them at the broker");
    assert!(fleet.round(9 * SOAK_MS).await.is_empty(), "a stage that nobody has tried proves nothing");
    let name = NAMES.into_iter().find(|name| *name == orders[0].0).expect("a station");
    fleet.status(name, true).await;
    fleet.take(&orders[..1]).await;
    fleet.round(0).await;
    // The other one of the stage is still away; it comes during the soak, and the soak begins anew.
    let other = NAMES.into_iter().find(|name| *name == orders[1].0).expect("a station");
    fleet.status(other, true).await;
    assert!(fleet.round(SOAK_MS).await.is_empty());
    assert_eq!(fleet.view().await.soaks_since_ms, None);
    fleet.take(&orders[1..]).await;
    fleet.round(0).await;
    // A station that nobody knew when it began comes with the last stage.
    let mut late = Station::new("JFK", "st-99");
    commit(&fleet.store, vec![late.record(Kind::Config, fleet.now_ms, &rules_body(0, "own", true, "in force"))]).await;
    let last = fleet.round(SOAK_MS).await;
    let names: Vec<&str> = last.iter().map(|(name, ..)| name.as_str()).collect();
    assert!(names.len() == 3 && names.contains(&"st-99"), "{names:?}");
    // A refusal of an order that is long over changes nothing.
    fleet.says(name, orders[0].1, "aa", false, "version 1 is older than version 2, which is in force").await;
    fleet.round(0).await;
    assert_eq!(fleet.view().await.state, State::Running);
}

pub async fn a_station_taken_out_is_in_no_rollout_and_holds_none_up(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    for name in NAMES {
        let_in(&fleet.store, name, fleet.now_ms).await;
    }
    let address = |name: &str| Address::new("JFK", name).expect("an address");
    let out = async |store: &Store, name: &str, now_ms| {
        let taken = store.revoke_station(&address(name), ("ann", "stolen"), now_ms).await.expect("asked");
        assert_eq!(taken, TakenOut::Station, "{name}");
    };
    out(&fleet.store, "st-04", fleet.now_ms).await;
    fleet.store.start_rollout(&new(7, &["67%", "100%"]), "ann", fleet.now_ms).await.expect("started");
    let first = fleet.round(0).await;
    assert_eq!((first.len(), fleet.view().await.stations.len()), (3, 3), "all three that are there, the fourth is not");
    // One of the stage is taken out before it has the pack, although it was online; the others take it.
    let gone = NAMES.into_iter().find(|name| *name == first[0].0).expect("a station");
    fleet.take(&first[1..]).await;
    assert!(fleet.round(9 * SOAK_MS).await.is_empty());
    assert_eq!(fleet.view().await.soaks_since_ms, None, "it is waited for");
    // What it said last is nobody's error any more.
    fleet.says(gone, first[0].1, "aa", false, "the pack was changed, or damaged").await;
    out(&fleet.store, gone, fleet.now_ms).await;
    fleet.round(0).await;
    assert_eq!((fleet.view().await.state, fleet.view().await.soaks_since_ms), (State::Running, Some(fleet.now_ms)));
    fleet.finish().await;

    // It goes back with nobody; let in again, it does.
    fleet.store.change_rollout(1, State::Back, "ann", fleet.now_ms).await.expect("back");
    let back = fleet.round(0).await;
    assert_eq!(back.iter().filter(|(name, ..)| name == gone || name == "st-04").count(), 0, "{back:?}");
    assert_eq!(back.len(), 2);
    let_in(&fleet.store, gone, fleet.now_ms).await;
    let back = fleet.round(0).await;
    assert_eq!(back.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), [gone]);
}

pub async fn what_a_station_was_ordered_back_from_is_not_what_the_next_rollout_goes_back_to(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    let address = |name: &str| Address::new("JFK", name).expect("an address");
    for name in &NAMES[1..] {
        let_in(&fleet.store, name, fleet.now_ms).await;
        fleet.store.revoke_station(&address(name), ("ann", "one is enough here"), fleet.now_ms).await.expect("asked");
    }
    fleet.store.start_rollout(&new(6, &["100%"]), "ann", fleet.now_ms).await.expect("started");
    fleet.finish().await;
    for (number, version) in [(2, 7), (3, 8)] {
        fleet.store.start_rollout(&new(version, &["100%"]), "ann", fleet.now_ms).await.expect("started");
        let out = fleet.round(0).await;
        fleet.take(&out).await;
        fleet.round(0).await;
        fleet.store.change_rollout(number, State::Back, "ann", fleet.now_ms).await.expect("back");
        // The next begins before the station has said that it went back.
        let back = fleet.round(0).await;
        let [(_, _, RulesOrder::Pack(to))] = &back[..] else { panic!("one pack: {back:?}") };
        assert_eq!(to.pack, pack(6), "not the pack that rollout {} was taken back for", number - 1);
    }
}

pub async fn a_station_that_has_not_said_yet_what_it_took_goes_back_to_what_it_was_ordered_last(ground: Ground) {
    let mut fleet = Fleet::new(&ground).await;
    fleet.store.start_rollout(&new(7, &["100%"]), "ann", fleet.now_ms).await.expect("started");
    let first = fleet.round(0).await;
    let (away, there) = first.split_last().expect("four orders");
    let name = NAMES.into_iter().find(|name| *name == away.0).expect("a station of ours");
    fleet.take(there).await;
    fleet.status(name, false).await;
    for _ in 0..3 {
        fleet.round(SOAK_MS).await;
    }
    assert_eq!(fleet.view().await.state, State::Done, "without the one that is away: {}", fleet.view().await.says);
    // It comes back, and is ordered the next pack before it has said that it took the last.
    fleet.status(name, true).await;
    fleet.store.start_rollout(&new(8, &["100%"]), "ann", fleet.now_ms).await.expect("started");
    let out = fleet.round(0).await;
    assert_eq!(out.len(), 4);
    fleet.store.change_rollout(2, State::Back, "ann", fleet.now_ms).await.expect("back");
    for (station, _, order) in fleet.round(0).await {
        let RulesOrder::Pack(to) = order else { panic!("{station}: its own rules") };
        assert_eq!(to.pack, pack(7), "{station} as all others");
    }
}

/// Lets a station in, as if it had enrolled.
pub(super) async fn let_in(store: &Store, name: &str, now_ms: i64) {
    let (code, address) = (Code::make().expect("random bytes"), Address::new("JFK", name).expect("an address"));
    store.invite(&address, &code.verifier(), "ann", (now_ms, now_ms + 60_000)).await.expect("invited");
    let serial = format!("{name}-{now_ms}");
    let certified =
        Certified { address: &address, key: "aa", asked_ms: now_ms, serial: &serial, ends_ms: now_ms + 60_000 };
    assert!(store.enrol(certified, &code.verifier(), now_ms).await.expect("asked"), "{name} is in");
}

/// A rollout with a station that was ordered: for the tests of what central answers.
pub async fn one_rollout(store: &Store, signatory: &Signatory) {
    store.start_rollout(&new(7, &["100%"]), "ann", NOW_MS).await.expect("started");
    task::round(store, Some(signatory), 0, NOW_MS).await.expect("a round");
}

//! Holds followed to their end, on a real database.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_central::follow::{Patience, Step, Told};
use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::place::{self, Doubt};
use gatepost_central::store::Store;
use gatepost_central::store::access::Refusal;
use gatepost_central::store::funnel::Funnel;
use gatepost_central::store::holds::{HoldChange, HoldError};
use gatepost_central::store::ingest::{Arrived, Batch, Doubtful, Outcome};
use gatepost_pipeline::record::{Class, Kind, Urgency, class};
use gatepost_sync::chain::{Digest, Received};
use gatepost_sync::topics::{Address, Name};

use super::ground::Ground;
use super::stories::NOW_MS;

pub fn hold_on(item: &str, id: &str, audience: &str) -> HoldChange {
    let text = format!(
        r#"{{"item":"{item}","hold":{{"id":"{id}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"exam","authority":"CBP","audience":{audience}}}}}"#
    );
    HoldChange::Place(Box::new(serde_json::from_str::<HoldLine>(&text).expect("a hold")))
}

/// A station that records what it is told to.
pub(super) struct Station {
    pub(super) facility: &'static str,
    pub(super) name: &'static str,
    prev: Digest,
    seq: u64,
}

impl Station {
    pub(super) fn new(facility: &'static str, name: &'static str) -> Self {
        Self { facility, name, prev: Digest::ZERO, seq: 0 }
    }

    pub(super) fn record(&mut self, kind: Kind, at_ms: i64, body: &str) -> (Name, Arrived) {
        self.record_as(class(kind, Urgency::default()), kind, at_ms, body)
    }

    pub(super) fn record_as(&mut self, class: Class, kind: Kind, at_ms: i64, body: &str) -> (Name, Arrived) {
        self.record_of(class, "\"all\"", kind, at_ms, body)
    }

    pub(super) fn record_for(&mut self, audience: &str, kind: Kind, at_ms: i64, body: &str) -> (Name, Arrived) {
        self.record_of(class(kind, Urgency::default()), audience, kind, at_ms, body)
    }

    fn record_of(&mut self, class: Class, audience: &str, kind: Kind, at_ms: i64, body: &str) -> (Name, Arrived) {
        self.seq += 1;
        let (seq, prev, name, kind, said) = (self.seq, self.prev, self.name, kind.name(), class.name());
        let text = format!(
            r#"{{"seq":{seq},"prev":"{prev}","station":"{name}","lane":"A","at":{at_ms},"kind":"{kind}","class":"{said}","audience":{audience},"body":{body}}}"#
        );
        let address = Address::new(self.facility, name).expect("an address");
        let received: Received = place::read(&address, Some(class), text.as_bytes()).expect("a record");
        self.prev = received.head;
        (address.station, Arrived::new(address.facility, &received, text, false))
    }

    /// Entry, decision and end of a pass.
    pub(super) fn pass(&mut self, pass: u32, item: &str, end: &str, at_ms: i64) -> Vec<(Name, Arrived)> {
        let decision = format!(
            r#"{{"pass":"A/1/{pass}","inputs":{{"item":{{"state":"read","id":"{item}"}}}},"verdict":{{"outcome":"exam","reasons":[]}}}}"#
        );
        vec![
            self.record(Kind::Sighting, at_ms - 20, &format!(r#"{{"pass":"A/1/{pass}","seen":"entry"}}"#)),
            self.record(Kind::Decision, at_ms - 10, &decision),
            self.record(Kind::Sighting, at_ms, &format!(r#"{{"pass":"A/1/{pass}","item":null,"end":"{end}"}}"#)),
        ]
    }

    fn takes(&mut self, list: &[u8], at_ms: i64) -> (Name, Arrived) {
        let digest = Digest::of(list);
        let body = format!(r#"{{"document":"holds","digest":"{digest}","in_force":true,"says":"in force"}}"#);
        self.record(Kind::List, at_ms, &body)
    }
}

/// Commits these together, and follows what they touched as the running central does.
pub(super) async fn commit(store: &Store, records: Vec<(Name, Arrived)>) -> Outcome {
    let mut batch = Batch::default();
    for (station, arrived) in records {
        batch.records.entry(station).or_default().push(arrived);
    }
    let outcome = store.commit(batch, NOW_MS).await.expect("committed");
    store.take_lists(&outcome.touched.lists).await.expect("taken");
    let holds: Vec<String> = store.holds_touched(&outcome.touched).await.expect("asked").into_iter().collect();
    store.follow(&holds, NOW_MS).await.expect("followed");
    outcome
}

async fn funnel_at(store: &Store, facility: &str, now_ms: i64) -> Funnel {
    let all = store.funnel(&Patience::default(), now_ms).await.expect("a funnel");
    all.into_iter().find(|of| of.facility == facility).expect("a facility")
}

fn counts(of: &BTreeMap<Step, i64>) -> Vec<(&'static str, i64)> {
    of.iter().filter(|(_, number)| **number > 0).map(|(step, number)| (step.name(), *number)).collect()
}

pub async fn a_hold_is_followed_to_its_end_in_whatever_order_records_come(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let (mut jfk, mut late, mut ord) =
        (Station::new("JFK", "st-01"), Station::new("JFK", "st-02"), Station::new("ORD", "st-03"));
    let begin = [&mut jfk, &mut late, &mut ord].map(|station| station.record(Kind::Config, NOW_MS - 50, "{}"));
    commit(&store, begin.into()).await;
    let changes = ["h1", "h2", "h3"].map(|id| hold_on(&format!("RB{id}US"), id, "\"all\""));
    let list = store.change_holds(&changes, "officer 7", &signatory, NOW_MS).await.expect("placed");
    assert_eq!(counts(&funnel_at(&store, "JFK", NOW_MS).await.missing), [("distributed", 3)]);
    store.list_sent(list.version, &BTreeSet::from(["JFK", "ORD"]), NOW_MS + 5).await.expect("noted");
    commit(&store, vec![jfk.takes(&list.bytes, NOW_MS + 10)]).await;
    // Not before the slowest has it.
    assert_eq!(counts(&funnel_at(&store, "JFK", NOW_MS + 20).await.missing), [("applied", 3)]);
    assert_eq!(counts(&funnel_at(&store, "JFK", NOW_MS + 3_600_000).await.stalled), [("applied", 3)]);
    commit(&store, vec![late.takes(&list.bytes, NOW_MS + 30)]).await;
    assert_eq!(counts(&funnel_at(&store, "JFK", NOW_MS + 3_600_000).await.missing), [("seen", 3)]);
    assert_eq!(counts(&funnel_at(&store, "JFK", NOW_MS + 3_600_000).await.stalled), []);

    let mut pass = jfk.pass(1, "RBh1US", "exam", NOW_MS + 100);
    pass.push(late.record(Kind::Presentation, NOW_MS + 200, r#"{"item":"RBh1US"}"#));
    pass.push(late.record(Kind::Exam, NOW_MS + 300, r#"{"item":"RBh1US","steps":["open"]}"#));
    pass.push(late.record(Kind::Disposition, NOW_MS + 400, r#"{"item":"RBh1US","disposition":"seize"}"#));
    pass.extend(jfk.pass(2, "RBh2US", "exam", NOW_MS + 500));
    // One by one and backwards: the exit before the decision that says whose it was.
    for record in pass.into_iter().rev() {
        commit(&store, vec![record]).await;
    }
    let jfk_now = funnel_at(&store, "JFK", NOW_MS + 2 * 86_400_000).await;
    let reached = [
        ("distributed", 3),
        ("applied", 3),
        ("seen", 2),
        ("diverted", 2),
        ("presented", 1),
        ("examined", 1),
        ("outcome", 1),
    ];
    assert_eq!(counts(&jfk_now.reached), reached);
    assert_eq!(counts(&jfk_now.missing), [("seen", 1), ("presented", 1)]);
    assert_eq!(counts(&jfk_now.stalled), [("presented", 1)]);
    assert_eq!(counts(&funnel_at(&store, "ORD", NOW_MS).await.missing), [("applied", 3)]);
    let ways = store.ways(&Patience::default(), NOW_MS + 2 * 86_400_000).await.expect("ways");
    let said: Vec<_> =
        ways.iter().map(|way| (way.hold.as_str(), way.missing, way.stalled, way.since_ms - NOW_MS)).collect();
    assert_eq!(said, [("h2", Some(Step::Presented), true, 500), ("h1", None, false, 400)]);
    assert!(store.recoveries(10).await.expect("asked").is_empty());
    let marks = store.marks_of("RBh1US").await.expect("asked");
    assert_eq!(marks.len(), 6, "the pass whole, though its entry and exit name no item: {marks:?}");
}

pub async fn a_late_hold_finds_its_item_and_an_item_that_came_back_is_found(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let (mut jfk, mut ord) = (Station::new("JFK", "st-01"), Station::new("ORD", "st-03"));
    let mut before = jfk.pass(1, "RBh1US", "release", NOW_MS - 5_000);
    before.extend(jfk.pass(2, "RBh2US", "exam", NOW_MS - 4_000));
    commit(&store, before).await;
    let changes = ["h1", "h2", "h3"].map(|id| hold_on(&format!("RB{id}US"), id, "\"all\""));
    store.change_holds(&changes, "officer 7", &signatory, NOW_MS).await.expect("placed");
    let raised = store.follow(&["h1", "h2", "h3"].map(str::to_owned), NOW_MS).await.expect("followed");
    assert_eq!(raised.iter().map(|(hold, _)| hold.as_str()).collect::<Vec<_>>(), ["h1"]);
    assert!(store.follow(&["h1".to_owned()], NOW_MS + 1).await.expect("followed").is_empty(), "raised once");
    let open = store.recoveries(10).await.expect("asked");
    let [one] = open.as_slice() else { panic!("one, not {open:?}") };
    assert_eq!(
        (one.hold.as_str(), one.went.as_str(), one.station.as_str(), one.at_ms),
        ("h1", "release", "st-01", NOW_MS - 5_000)
    );
    let ways = store.ways(&Patience::default(), NOW_MS).await.expect("ways");
    assert_eq!(
        ways.iter().map(|way| (way.hold.as_str(), way.reached.len())).collect::<Vec<_>>(),
        [("h2", 2)],
        "it lies in exam"
    );

    // A station that was offline: its parcel left before the hold was placed, and it says so afterwards.
    commit(&store, ord.pass(1, "RBh3US", "release", NOW_MS - 1_000)).await;
    assert_eq!(store.recoveries(10).await.expect("asked").len(), 2);
    commit(&store, ord.pass(2, "RBh1US", "exam", NOW_MS + 9_000)).await;
    let all = store.recoveries(10).await.expect("asked");
    let found: Vec<_> = all.iter().map(|one| (one.hold.as_str(), one.found_ms)).collect();
    assert_eq!(found, [("h3", None), ("h1", Some(NOW_MS + 9_000))]);
    // Lost again is open again.
    commit(&store, ord.pass(3, "RBh1US", "unaccounted", NOW_MS + 19_000)).await;
    let open = store.recoveries(10).await.expect("asked");
    assert_eq!(open.iter().filter(|one| one.found_ms.is_none()).count(), 2, "{open:?}");
    // A hold that came between decision and exit; the exit names its pass only.
    let mut pass = jfk.pass(7, "RBh4US", "release", NOW_MS + 30_000);
    let exit = pass.split_off(2);
    commit(&store, pass).await;
    let late = hold_on("RBh4US", "h4", "\"all\"");
    store.change_hold(&late, "officer 7", &signatory, NOW_MS + 29_995).await.expect("placed");
    store.follow(&["h4".to_owned()], NOW_MS + 29_995).await.expect("followed");
    commit(&store, exit).await;
    let open = store.recoveries(10).await.expect("asked");
    assert_eq!(open.iter().filter(|one| one.found_ms.is_none()).count(), 3, "{open:?}");
    store.change_hold(&HoldChange::Lift("h1".to_owned()), "officer 7", &signatory, NOW_MS).await.expect("lifted");
    assert_eq!(store.recoveries(10).await.expect("asked").len(), 2);
}

pub async fn what_is_restricted_stands_on_no_page_of_holds(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let mut jfk = Station::new("JFK", "st-01");
    let group = r#"{"restricted":{"group":"narcotics","cover":"Selected at random."}}"#;
    let changes =
        [hold_on("RBh1US", "h1", group), hold_on("RBh2US", "h2", "\"all\""), hold_on("RBh3US", "h3", "\"officer\"")];
    store.change_holds(&changes, "officer 7", &signatory, NOW_MS).await.expect("placed");
    let mut passes = jfk.pass(1, "RBh1US", "release", NOW_MS + 100);
    passes.extend(jfk.pass(2, "RBh2US", "release", NOW_MS + 200));
    passes.extend(jfk.pass(3, "RBh3US", "release", NOW_MS + 300));
    passes.push(jfk.record_for(group, Kind::Disposition, NOW_MS + 400, r#"{"item":"RBh2US","disposition":"seize"}"#));
    commit(&store, passes).await;
    let marks = store.marks_of("RBh2US").await.expect("asked");
    assert!(marks.len() == 4 && !marks.iter().any(|mark| matches!(mark.told, Told::Disposed(_))), "{marks:?}");
    let (funnel, ways) =
        (funnel_at(&store, "JFK", NOW_MS).await, store.ways(&Patience::default(), NOW_MS).await.expect("ways"));
    assert_eq!((funnel.placed, ways.len()), (1, 1), "{ways:?}");
    // A decision on such a hold tells what a draw tells, and is an alert for the group, and for no pattern of its name.
    let reason = format!(r#"{{"severity":"alert","audience":{group},"text":"CBP asks for it."}}"#);
    let decision = format!(r#"{{"pass":"A/1/9","item":"RBh9US","verdict":{{"outcome":"exam","reasons":[{reason}]}}}}"#);
    commit(&store, vec![jfk.record_for(group, Kind::Decision, NOW_MS + 500, &decision)]).await;
    let marks = store.marks_of("RBh9US").await.expect("asked");
    assert!(matches!(&marks[..], [mark] if mark.told == Told::Decided("exam".to_owned())), "{marks:?}");
    assert_eq!(
        (store.counts().await.expect("counted").alerts, store.alerts(None, 10).await.expect("asked").len()),
        (0, 0)
    );
    for (groups, found) in
        [(vec!["narcotics"], 1), (vec!["%", "narcotic_", "fentanyl"], 0), (vec!["a", "narcotics"], 1)]
    {
        let groups = groups.into_iter().map(str::to_owned).collect();
        let alerts = store.alerts_for(&groups, None, 10).await.expect("asked");
        assert_eq!(alerts.len(), found, "{groups:?}: {alerts:?}");
        assert!(alerts.iter().all(|alert| alert.reason == "CBP asks for it." && alert.group.is_some()), "{alerts:?}");
    }
    let open = store.recoveries(10).await.expect("asked");
    assert!(open.is_empty(), "one is done with, the others are nobody's here: {open:?}");
}

pub async fn a_hold_that_no_station_would_take_is_refused_and_one_whose_time_is_over_is_not_followed(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let placed = async |text: String| {
        let change = HoldChange::Place(Box::new(serde_json::from_str(&text).expect("a hold")));
        store.change_hold(&change, "officer 7", &signatory, NOW_MS).await
    };
    let text = |id: &str, outcome: &str, audience: &str, until: i64| {
        format!(
            r#"{{"item":"RBh1US","hold":{{"id":"{id}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"{outcome}","authority":"CBP","audience":{audience}}},"until":{until}}}"#
        )
    };
    let cover = format!(r#"{{"restricted":{{"group":"g","cover":"{}"}}}}"#, "x".repeat(5_000));
    for bad in [text("h1", "release", "\"all\"", NOW_MS + 1), text("h2", "exam", &cover, NOW_MS + 1)] {
        assert!(matches!(placed(bad).await, Err(HoldError::Unusable(..))));
    }
    placed(text("h3", "exam", "\"all\"", NOW_MS + 1_000)).await.expect("placed");
    let mut jfk = Station::new("JFK", "st-01");
    commit(&store, jfk.pass(1, "RBh1US", "exam", NOW_MS + 500)).await;
    assert_eq!(funnel_at(&store, "JFK", NOW_MS).await.placed, 1);
    store.end_holds(NOW_MS + 1_000).await.expect("ended");
    commit(&store, jfk.pass(2, "RBh1US", "release", NOW_MS + 2_000)).await;
    assert_eq!(funnel_at(&store, "JFK", NOW_MS).await.placed, 0);
    assert!(store.recoveries(10).await.expect("asked").is_empty(), "rightly released");
}

/// A station, an alert, something put aside, a hold on its way and one to be fetched back: at least one row of everything.
pub async fn something_of_everything(ground: &Ground, store: &Store) {
    let refusal = Refusal { address: "192.0.2.1", who: "", reason: "unknown-token", path: "/", times: 1 };
    store.refused(refusal, NOW_MS).await.expect("counted");
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let mut jfk = Station::new("JFK", "st-01");
    let changes = ["RBH1US", "RBH2US"].map(|item| hold_on(item, &format!("h-{item}"), "\"all\""));
    let list = store.change_holds(&changes, "officer 7", &signatory, NOW_MS).await.expect("placed");
    store.list_sent(list.version, &BTreeSet::from(["JFK"]), NOW_MS + 1).await.expect("noted");
    let mut records = vec![jfk.takes(&list.bytes, NOW_MS + 2)];
    records.extend(jfk.pass(1, "RBH1US", "exam", NOW_MS + 100));
    records.extend(jfk.pass(2, "RBH2US", "release", NOW_MS + 200));
    records.push(jfk.record_as(Class::Alert, Kind::Device, NOW_MS + 300, r#"{"says":"A scanner is silent."}"#));
    records.push(jfk.record(Kind::Config, NOW_MS + 400, &super::rollouts::rules_body(0, "00", true, "in force")));
    commit(store, records).await;
    super::rollouts::one_rollout(store, &signatory).await;
    super::commands::one_command(store).await;
    let doubt = Doubtful {
        address: Address::new("JFK", "st-01").expect("an address"),
        seq: Some(99),
        doubt: Doubt::NotListed,
        bytes: b"?".to_vec(),
    };
    store.commit(Batch { doubtful: vec![doubt], ..Batch::default() }, NOW_MS).await.expect("put aside");
}

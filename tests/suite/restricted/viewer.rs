//! Who looks at pages: the station's own, and central's with a token for everything but a group.

use gatepost_central::access::{Scope, Scopes, Secret};
use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::store::holds::HoldChange;
use gatepost_central::store::ingest::{Arrived, Batch};
use gatepost_central::{Central, audit, place};
use gatepost_sync::chain::Envelope;
use gatepost_sync::topics::{Address, Name};
use gatepost_world::central::{Asked, Ground, ask};
use gatepost_world::station::STATION;
use serde_json::json;

use super::{Day, GROUP, Scene, Stopped, alike, day, restricted};

const PATHS: [&str; 15] = [
    "/",
    "/alerts",
    "/doubtful",
    "/holds",
    "/rules",
    "/refused",
    "/api/stations",
    "/api/alerts",
    "/api/counts",
    "/api/doubtful",
    "/api/refusals",
    "/api/holds",
    "/api/rules",
    "/metrics",
    "/items",
];

#[test]
fn on_the_stations_page_a_restricted_hold_is_a_draw() {
    alike(|day| {
        assert!(day.looks.iter().any(|look| look.contains("Selected at random.")), "it is on the page at all");
        day.looks.iter().enumerate().map(|(number, look)| (format!("look {number}"), look.clone())).collect()
    });
}

#[test]
fn on_centrals_pages_a_restricted_hold_is_a_draw() {
    alike(|day| {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(asked(day, &Scopes::from_iter(Scope::ALL)))
    });
}

#[tokio::test]
async fn who_has_the_group_finds_the_alert_and_no_other_group_does() {
    let held = day(Stopped::Held, Scene::Belt);
    let with = async |group: &str| {
        let scopes = Scopes::from_iter(Scope::ALL).with_groups([group.to_owned()]).expect("a group");
        asked(held, &scopes).await.into_iter().find(|(path, _)| path == "/api/alerts").expect("alerts").1
    };
    let theirs = with(GROUP).await;
    assert!(theirs.contains(&held.item) && theirs.contains(GROUP) && theirs.contains("to be presented"), "{theirs}");
    assert_eq!(with("task-force-8").await, "[]");
    // What is a pattern to a database is a letter to a group.
    assert_eq!(with("task-force-_").await, "[]");
}

/// Everything that central answers to whoever has such a token.
async fn asked(day: &Day, scopes: &Scopes) -> Vec<(String, String)> {
    let ground = Ground::file();
    let mut config = ground.config(9);
    config.http.tokens = true;
    let central = Central::start(config).await.expect("central starts");
    let store = central.store().clone();
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    // The list is as long on every day.
    let line = json!({"item": day.listed, "hold": restricted()});
    let hold: HoldLine = serde_json::from_value(line).expect("a hold");
    let hold = HoldChange::Place(Box::new(hold));
    store.change_hold(&hold, "ann", &signatory, 0).await.expect("placed");
    let mut batch = Batch::default();
    for bytes in &day.records {
        let class = serde_json::from_slice::<Envelope>(bytes).expect("an envelope").class;
        let address = Address::new("JFK", STATION).expect("an address");
        let received = place::read(&address, Some(class), bytes).expect("a record");
        let text = String::from_utf8(bytes.clone()).expect("text");
        let arrived = Arrived::new(Name::new("JFK").expect("a name"), &received, text, false);
        batch.records.entry(address.station).or_default().push(arrived);
    }
    store.commit(batch, 0).await.expect("committed");
    store.follow(&["operation-7".to_owned()], 0).await.expect("followed");
    let rules = audit::Rules::new(Vec::new()).expect("the rules");
    audit::round(&store, &rules).await.expect("judged again");
    let (secret, name) = (Secret::make().expect("random bytes"), Name::new("watcher").expect("a name"));
    store.make_token(&name, secret.digest(), scopes, "ann", (0, i64::MAX)).await.expect("made");
    let mut answers = Vec::new();
    let of_item = [format!("/items?number={}", day.item), format!("/api/items/{}", day.item)];
    for path in PATHS.into_iter().map(str::to_owned).chain(of_item) {
        let answer = ask(&central, &path, Asked::with(secret.text())).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answers.push((path, answer.body));
    }
    central.stop().await;
    answers
}

//! What the post is told, on a real database: made once, sent in the order of each item, the same after a death, and nothing of a
//! restricted operation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use gatepost_central::follow::{Patience, Step};
use gatepost_central::holds::Signatory;
use gatepost_central::post::codes::Codes;
use gatepost_central::post::sink::{Sent, Sink, Soon};
use gatepost_central::post::task::Teller;
use gatepost_central::post::{Answer, Message, State, Verdict};
use gatepost_central::store::Store;
use gatepost_central::store::holds::HoldChange;
use gatepost_pipeline::record::Kind;
use serde_json::{Value, json};

use super::ground::Ground;
use super::holds::{Station, commit, hold_on};
use super::stories::NOW_MS;

const GROUP: &str = r#"{"restricted":{"group":"narcotics","cover":"Selected at random."}}"#;
const CODES: &str = r#"hold = { event = "EME", reason = "35" }"#;

/// The other side: takes everything, unless told to do otherwise with the next ones.
#[derive(Clone, Default)]
struct Post {
    heard: Arc<Mutex<Vec<(i64, String)>>>,
    next: Arc<Mutex<VecDeque<Sent>>>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Sink for Post {
    fn send<'s>(&'s mut self, number: i64, wire: &'s str) -> Soon<'s, Sent> {
        self.heard.lock().expect("heard").push((number, wire.to_owned()));
        let sent = self.next.lock().expect("next").pop_front().unwrap_or(Sent::Taken(None));
        Box::pin(async { sent })
    }

    fn answers(&mut self) -> Soon<'_, Result<Vec<Answer>, String>> {
        let answers = self.answers.lock().expect("answers").clone();
        Box::pin(async { Ok(answers) })
    }

    fn kept(&mut self) -> Soon<'_, ()> {
        self.answers.lock().expect("answers").clear();
        Box::pin(async {})
    }
}

impl Post {
    fn says(&self, number: i64, verdict: Verdict) {
        self.answers.lock().expect("answers").push(Answer { number, verdict });
    }

    fn does(&self, sent: Sent) {
        self.next.lock().expect("next").push_back(sent);
    }

    /// What it heard since the last time, as `17 presented RB1US EDB`.
    fn heard(&self) -> Vec<String> {
        self.taken()
            .iter()
            .map(|(number, wire)| {
                let wire: Value = serde_json::from_str(wire).expect("JSON");
                assert_eq!(wire["number"], *number);
                let words = [&wire["kind"], &wire["item"], &wire["event"], &wire["reason"]];
                let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
                format!("{number} {}", words.join(" "))
            })
            .collect()
    }

    fn taken(&self) -> Vec<(i64, String)> {
        std::mem::take(&mut *self.heard.lock().expect("heard"))
    }

    /// A central that has just started; the one before it was killed, and its time at the desk is over.
    async fn teller(&self, ground: &Ground, store: &Store, codes: &str) -> Teller {
        free_desk(ground).await;
        let codes: BTreeMap<_, _> = toml::from_str(codes).expect("codes");
        Teller::new(store.clone(), Codes::new(&codes).expect("codes"), Box::new(self.clone()), None)
    }
}

async fn free_desk(ground: &Ground) {
    sqlx::query("UPDATE post_desk SET until_ms = 0").execute(&mut ground.connect().await).await.expect("free");
}

async fn open(ground: &Ground) -> (Store, Signatory) {
    let store = ground.open().await;
    // The stories happen then.
    store.open_post(NOW_MS - 60_000).await.expect("opened");
    (store, Signatory::load_or_create("central", &ground.path().join("key")).expect("a key"))
}

async fn change(store: &Store, signatory: &Signatory, changes: &[HoldChange]) {
    store.change_holds(changes, "officer 7", signatory, NOW_MS).await.expect("changed");
}

fn lift(id: &str) -> HoldChange {
    HoldChange::Lift(id.to_owned())
}

async fn messages(store: &Store) -> Vec<Message> {
    let mut all = store.post_messages(&State::ALL, 1_000).await.expect("asked");
    all.reverse();
    all
}

/// As `1 acknowledged`.
async fn states(store: &Store) -> Vec<String> {
    messages(store).await.iter().map(|one| format!("{} {}", one.number, one.state.name())).collect()
}

fn disposition(item: &str, word: &str) -> String {
    json!({"item": item, "disposition": word}).to_string()
}

pub async fn the_post_is_asked_for_an_item_answers_and_is_told_when_the_hold_ends(ground: Ground) {
    let (store, signatory) = open(&ground).await;
    let post = Post::default();
    let mut teller = post.teller(&ground, &store, "").await;
    let secret = hold_on("RBh9US", "h9", GROUP);
    change(&store, &signatory, &[hold_on("RBh1US", "h1", "\"all\""), hold_on("RBh1US", "h2", "\"all\""), secret]).await;
    for _ in 0..3 {
        teller.round().await.expect("a round");
    }
    assert_eq!(post.heard(), ["1 hold-request RBh1US", "2 hold-request RBh1US"], "each once, in order");
    post.says(1, Verdict::Acknowledged);
    post.says(7, Verdict::Acknowledged);
    teller.round().await.expect("a round");
    assert_eq!(states(&store).await, ["1 acknowledged", "2 sent"], "and what was never sent is answered by nobody");
    // The first ends, and its item is still asked for by another.
    change(&store, &signatory, &[lift("h1")]).await;
    teller.round().await.expect("a round");
    let ended: Vec<Value> = post.taken().iter().map(|(_, wire)| serde_json::from_str(wire).expect("JSON")).collect();
    assert_eq!(ended.len(), 1);
    assert_eq!((&ended[0]["ends"], &ended[0]["still_held"]), (&json!(1), &json!(true)));
    post.says(2, Verdict::Refused("not our office".to_owned()));
    change(&store, &signatory, &[lift("h2")]).await;
    teller.round().await.expect("a round");
    let (_, wire) = post.taken().pop().expect("one");
    let ended: Value = serde_json::from_str(&wire).expect("JSON");
    assert_eq!((&ended["ends"], &ended["still_held"]), (&json!(2), &json!(false)));
    assert_eq!(states(&store).await, ["1 acknowledged", "2 refused", "3 sent", "4 sent"]);
    let alerts = store.alerts(None, 10).await.expect("asked");
    let [alert] = alerts.as_slice() else { panic!("one, not {alerts:?}") };
    assert_eq!(alert.reason, "The post refused message 2, hold-request: not our office");
    // A hold that was over before anybody could be asked is nothing to tell.
    change(&store, &signatory, &[hold_on("RBh3US", "h3", "\"all\"")]).await;
    change(&store, &signatory, &[lift("h3")]).await;
    teller.round().await.expect("a round");
    assert_eq!(post.heard(), Vec::<String>::new());
}

pub async fn what_became_of_an_item_is_told_by_the_table_and_never_guessed(ground: Ground) {
    let (store, _) = open(&ground).await;
    let post = Post::default();
    let mut jfk = Station::new("JFK", "st-01");
    let before = jfk.record(Kind::Presentation, NOW_MS - 90_000, r#"{"item":"RB0US"}"#);
    let mut records = vec![before];
    for (n, word) in ["hold", "release", "seize", "exclude", "controlled-delivery"].into_iter().enumerate() {
        let (item, at_ms) = (format!("RB{}US", n + 1), NOW_MS + n as i64 * 1_000);
        records.push(jfk.record(Kind::Presentation, at_ms, &json!({"item": item}).to_string()));
        records.push(jfk.record(Kind::Exam, at_ms + 1, &json!({"item": item, "steps": ["open"]}).to_string()));
        records.push(jfk.record(Kind::Disposition, at_ms + 2, &disposition(&item, word)));
    }
    // Cleared on the screen: nobody but the belt hears of it.
    records.push(jfk.record(Kind::Disposition, NOW_MS + 9_000, r#"{"item":"RB6US","cleared":true}"#));
    commit(&store, records).await;
    let mut teller = post.teller(&ground, &store, "").await;
    teller.round().await.expect("a round");
    let told = [
        "1 presented RB1US EDB",
        "3 presented RB2US EDB",
        "5 presented RB3US EDB",
        "7 presented RB4US EDB",
        "9 presented RB5US EDB",
        "4 released RB2US EDC",
        "6 terminated RB3US EDX",
    ];
    assert_eq!(post.heard(), told);
    let kept: Vec<Message> = messages(&store).await.into_iter().filter(|one| one.state == State::NoCode).collect();
    assert_eq!(kept.iter().map(|one| one.word.as_str()).collect::<Vec<_>>(), ["hold", "exclude"]);
    assert_eq!(kept[0].says, "not sent: no code for \"hold\"; give post.codes one, or silent = true");
    let alerts = store.alerts(None, 10).await.expect("asked");
    assert!(alerts.len() == 2 && alerts.iter().all(|alert| alert.kind == "post"), "{alerts:?}");
    assert_eq!(alerts[1].reason, format!("Message 2 to the post, held (hold), is {}", kept[0].says));
    // The contract has come, and with it the table; what stands there that is not to be told is gone.
    let mut teller = post.teller(&ground, &store, &format!("{CODES}\nexclude = {{ silent = true }}")).await;
    teller.round().await.expect("a round");
    assert_eq!(post.heard(), ["2 held RB1US EME 35"]);
    assert!(store.alerts(None, 10).await.expect("asked").is_empty());
}

pub async fn a_bench_tells_what_it_presented_as_soon_as_it_is_known(ground: Ground) {
    let (store, _) = open(&ground).await;
    let (post, mut jfk) = (Post::default(), Station::new("JFK", "st-01"));
    let mut teller = post.teller(&ground, &store, "").await;
    let presented =
        |pass: u32| json!({"pass": format!("B/1/{pass}"), "begun_by": "scale", "restart": false}).to_string();
    let decided = |pass: u32, item: &str| {
        json!({"pass": format!("B/1/{pass}"), "item": item, "verdict": {"outcome": "exam"}}).to_string()
    };
    let ended = |pass: u32, end: &str| json!({"pass": format!("B/1/{pass}"), "item": null, "end": end}).to_string();
    commit(&store, vec![jfk.record(Kind::Presentation, NOW_MS, &presented(1))]).await;
    teller.round().await.expect("a round");
    assert!(post.heard().is_empty(), "nobody knows yet what lies there");
    let first = jfk.record(Kind::Config, NOW_MS + 5, "{}");
    let more = vec![
        jfk.record(Kind::Decision, NOW_MS + 10, &decided(1, "RB1US")),
        jfk.record(Kind::Sighting, NOW_MS + 20, &ended(1, "exam")),
        jfk.record(Kind::Presentation, NOW_MS + 30, &presented(2)),
        jfk.record(Kind::Decision, NOW_MS + 40, &decided(2, "RB2US")),
        jfk.record(Kind::Sighting, NOW_MS + 50, &ended(2, "release")),
        // Whose it is was never settled.
        jfk.record(Kind::Presentation, NOW_MS + 60, &presented(3)),
        jfk.record(Kind::Decision, NOW_MS + 70, &decided(3, "RB3US")),
        jfk.record(Kind::Decision, NOW_MS + 80, &decided(3, "RB4US")),
        // The disposition names the pass only.
        jfk.record(Kind::Disposition, NOW_MS + 90, r#"{"pass":"B/1/1","disposition":"seize"}"#),
    ];
    let mut all = more.into_iter();
    // The chain has a gap: nothing behind it is told before it is closed.
    let gap = all.next().expect("one");
    // Before the gap there is something new, behind it everything else.
    let mut later: Vec<_> = all.collect();
    later.insert(0, first);
    commit(&store, later).await;
    teller.round().await.expect("a round");
    assert!(post.heard().is_empty());
    commit(&store, vec![gap]).await;
    teller.round().await.expect("a round");
    assert_eq!(
        post.heard(),
        ["1 presented RB1US EDB", "2 presented RB2US EDB", "3 released RB2US EDC", "4 terminated RB1US EDX"]
    );
    // Parcels of a belt are no presentations.
    let mut passes = jfk.pass(7, "RB7US", "exam", NOW_MS + 1_000);
    passes.extend(jfk.pass(8, "RB8US", "release", NOW_MS + 2_000));
    commit(&store, passes).await;
    teller.round().await.expect("a round");
    assert!(post.heard().is_empty());
}

/// Everything that the post hears of one item, with the item's own number in place of its, and without times.
async fn heard_of(ground: &Ground, store: &Store, signatory: &Signatory, secret: bool) -> Vec<String> {
    let (item, station, hold) = if secret { ("RBx1US", "st-01", "hx") } else { ("RBx2US", "st-02", "") };
    let audience = if secret { GROUP } else { "\"all\"" };
    if secret {
        change(store, signatory, &[hold_on(item, hold, GROUP), hold_on(item, "hy", "\"officer\"")]).await;
    }
    let (post, mut jfk) = (Post::default(), Station::new("JFK", station));
    let mut teller = post.teller(ground, store, CODES).await;
    teller.round().await.expect("a round");
    let decision = json!({"pass": "B/1/1", "item": item, "verdict": {"outcome": "exam"}}).to_string();
    let records = vec![
        jfk.record(Kind::Presentation, NOW_MS, r#"{"pass":"B/1/1"}"#),
        jfk.record_for(audience, Kind::Decision, NOW_MS + 10, &decision),
        jfk.record(Kind::Sighting, NOW_MS + 20, r#"{"pass":"B/1/1","end":"exam"}"#),
        jfk.record_for(audience, Kind::Exam, NOW_MS + 30, &json!({"item": item}).to_string()),
        jfk.record_for(audience, Kind::Disposition, NOW_MS + 40, &disposition(item, "hold")),
        jfk.record_for(audience, Kind::Disposition, NOW_MS + 50, &disposition(item, "release")),
        jfk.record_for(audience, Kind::Disposition, NOW_MS + 60, &disposition(item, "controlled-delivery")),
    ];
    for record in records {
        commit(store, vec![record]).await;
        teller.round().await.expect("a round");
    }
    if secret {
        change(store, signatory, &[lift(hold), lift("hy")]).await;
        let operation = jfk.record_for(GROUP, Kind::Disposition, NOW_MS + 70, &disposition(item, "seize"));
        let unheard =
            jfk.record_for(GROUP, Kind::Disposition, NOW_MS + 80, &disposition(item, "a word of the operation"));
        commit(store, vec![operation, unheard]).await;
    }
    teller.round().await.expect("a round");
    assert!(store.alerts(None, 10).await.expect("asked").is_empty());
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM post_message")
        .fetch_one(&mut ground.connect().await)
        .await
        .expect("counted");
    let heard = post.taken();
    assert_eq!(
        kept,
        if secret { heard.len() as i64 * 2 } else { heard.len() as i64 },
        "nor is anything kept that was not told"
    );
    let first = heard.first().map_or(0, |(number, _)| *number);
    heard
        .into_iter()
        .map(|(number, wire)| {
            wire.replace(item, "ITEM")
                .replace(&format!("\"number\":{number}"), &format!("\"number\":{}", number - first))
        })
        .collect()
}

pub async fn a_restricted_operation_looks_to_the_post_like_a_draw(ground: Ground) {
    let (store, signatory) = open(&ground).await;
    let drawn = heard_of(&ground, &store, &signatory, false).await;
    let secret = heard_of(&ground, &store, &signatory, true).await;
    assert_eq!(drawn, secret);
    let events: Vec<bool> =
        ["EDB", "EME", "EDC"].iter().zip(&drawn).map(|(event, wire)| wire.contains(event)).collect();
    assert_eq!((events, drawn.len()), (vec![true; 3], 3), "{drawn:?}");
}

pub async fn what_may_have_arrived_is_sent_again_the_same_and_no_item_overtakes_itself(ground: Ground) {
    let (store, signatory) = open(&ground).await;
    let post = Post::default();
    change(&store, &signatory, &[hold_on("RB1US", "h1", "\"all\""), hold_on("RB2US", "h2", "\"all\"")]).await;
    // Begun, handed over, and killed before it could be kept.
    let codes = Codes::new(&BTreeMap::new()).expect("codes");
    assert!(store.hold_desk("the dead one", NOW_MS).await.expect("asked"));
    while store.make_post("the dead one", &codes, NOW_MS).await.expect("made") {}
    let begun = store.begin_post("the dead one", &codes, NOW_MS).await.expect("begun");
    assert_eq!(begun.len(), 2);
    change(&store, &signatory, &[lift("h1")]).await;
    // The table has changed since; what was begun has not.
    let mut teller = post.teller(&ground, &store, r#"hold-request = { event = "AED" }"#).await;
    post.does(Sent::Later("busy".to_owned()));
    // Whoever answers what was never sent is not believed.
    post.says(3, Verdict::Acknowledged);
    teller.round().await.expect("a round");
    let heard = post.taken();
    assert_eq!(heard, begun.iter().map(|(message, wire)| (message.number, wire.clone())).collect::<Vec<_>>());
    assert_eq!(states(&store).await, ["1 waiting", "2 sent", "3 waiting"], "the end waits for its request");
    assert_eq!(messages(&store).await[0].says, "busy");
    // Nothing gets through: all of them rest, and nothing is lost.
    sqlx::query("UPDATE post_message SET next_ms = 0").execute(&mut ground.connect().await).await.expect("now");
    post.does(Sent::Unreachable("no line".to_owned()));
    teller.round().await.expect("a round");
    teller.round().await.expect("a round");
    assert_eq!(post.heard(), ["1 hold-request RB1US"]);
    // If it is this one that the other side chokes on, it keeps no other back.
    change(&store, &signatory, &[hold_on("RB4US", "h4", "\"all\"")]).await;
    let mut teller = post.teller(&ground, &store, "").await;
    teller.round().await.expect("a round");
    assert_eq!(post.heard(), ["4 hold-request RB4US"]);
    let tried: Vec<i64> = messages(&store).await.iter().map(|message| message.attempts).collect();
    assert_eq!(tried, [2, 1, 0, 1], "as often as it was handed over");
    // It is refused for good, and holds nothing up.
    sqlx::query("UPDATE post_message SET next_ms = 0").execute(&mut ground.connect().await).await.expect("now");
    let mut teller = post.teller(&ground, &store, "").await;
    post.does(Sent::Refused("no such item".to_owned()));
    teller.round().await.expect("a round");
    teller.round().await.expect("a round");
    assert_eq!(post.heard(), ["1 hold-request RB1US", "3 hold-lifted RB1US"]);
    assert_eq!(states(&store).await, ["1 refused", "2 sent", "3 sent", "4 sent"]);

    // What the contract keeps silent is no message, and no alert.
    let silent = "hold-request = { silent = true }\nhold-lifted = { silent = true }";
    let mut teller = post.teller(&ground, &store, silent).await;
    change(&store, &signatory, &[hold_on("RB5US", "h5", "\"all\"")]).await;
    change(&store, &signatory, &[lift("h5"), lift("h2")]).await;
    teller.round().await.expect("a round");
    assert_eq!((post.heard().len(), messages(&store).await.len()), (0, 4));
    assert!(store.alerts(None, 10).await.expect("alerts").iter().all(|alert| alert.seq == 1), "the refusal alone");
}

pub async fn two_centrals_tell_the_post_everything_once(ground: Ground) {
    let (store, signatory) = open(&ground).await;
    let other = ground.open().await;
    let post = Post::default();
    let mut tasks = Vec::new();
    let mut tellers = vec![post.teller(&ground, &store, "").await, post.teller(&ground, &other, "").await];
    let mut jfk = Station::new("JFK", "st-01");
    for round in 0..10 {
        let changes: Vec<HoldChange> =
            (0..10).map(|n| hold_on(&format!("RB{round}x{n}US"), &format!("h{round}-{n}"), "\"all\"")).collect();
        change(&store, &signatory, &changes).await;
        let body = json!({"item": format!("RB{round}x0US")}).to_string();
        commit(&store, vec![jfk.record(Kind::Presentation, NOW_MS + round, &body)]).await;
        free_desk(&ground).await;
        for mut teller in tellers.drain(..) {
            tasks.push(tokio::spawn(async move {
                // A file lets one write at a time; who comes too late tries again.
                while teller.round().await.is_err() {}
                teller
            }));
        }
        for task in tasks.drain(..) {
            tellers.push(task.await.expect("done"));
        }
    }
    let mut numbers: Vec<i64> = post.taken().iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=110).collect::<Vec<_>>());
}

pub async fn hostile_words_are_words_to_the_post_too(ground: Ground) {
    let (store, _) = open(&ground).await;
    let (post, mut jfk) = (Post::default(), Station::new("JFK", "st-01"));
    let mut teller = post.teller(&ground, &store, CODES).await;
    let items = ["\"},{\"number\":1,\"item\":\"", "'; DROP TABLE post_message; --", "a\r\nb\u{0}\u{1b}[2J"];
    let mut records: Vec<_> =
        items.iter().map(|item| jfk.record(Kind::Presentation, NOW_MS, &json!({"item": item}).to_string())).collect();
    records.push(jfk.record(Kind::Presentation, NOW_MS + 1, &json!({"item": "R".repeat(65)}).to_string()));
    records.push(jfk.record(Kind::Disposition, NOW_MS + 2, &disposition("RB1US", &"hold\"\u{7}".repeat(40))));
    commit(&store, records).await;
    teller.round().await.expect("a round");
    let heard: Vec<Value> = post.taken().iter().map(|(_, wire)| serde_json::from_str(wire).expect("JSON")).collect();
    let said: Vec<&str> = heard.iter().filter_map(|wire| wire["item"].as_str()).collect();
    assert_eq!(said, [items[0], items[1], "a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}[2J"]);
    let kept = messages(&store).await;
    assert_eq!(kept[3].says, "not sent: an item's number has at most 64 characters, this one more");
    assert!(kept[4].state == State::NoCode && kept[4].word.chars().count() == 64, "{:?}", kept[4]);
    assert!(kept[4].says.chars().count() < 500 && !kept[4].says.contains('\u{7}'), "{:?}", kept[4]);
    // A new table makes no number of it either.
    post.teller(&ground, &store, "").await.round().await.expect("a round");
    assert!(post.heard().is_empty());
}

pub async fn how_far_the_post_knows_of_the_holds_is_counted_beside_their_way(ground: Ground) {
    let (store, signatory) = open(&ground).await;
    let (post, mut jfk) = (Post::default(), Station::new("JFK", "st-01"));
    let mut teller = post.teller(&ground, &store, "").await;
    let mut changes: Vec<HoldChange> =
        (1..=5).map(|n| hold_on(&format!("RB{n}US"), &format!("h{n}"), "\"all\"")).collect();
    changes.push(hold_on("RB6US", "h6", GROUP));
    change(&store, &signatory, &changes).await;
    commit(&store, jfk.pass(1, "RB2US", "exam", NOW_MS + 100)).await;
    let patience = Patience::default();
    let with_post = patience.with_post(true);
    let counts = async |now_ms: i64| {
        let funnel = store.funnel(&with_post, now_ms).await.expect("a funnel");
        Step::POST.map(|step| [&funnel[0].reached, &funnel[0].missing, &funnel[0].stalled].map(|of| of[&step]))
    };
    assert_eq!(counts(NOW_MS).await, [[0, 5, 0], [0, 0, 0]]);
    assert_eq!(counts(NOW_MS + 3_600_000).await, [[0, 5, 5], [0, 0, 0]]);
    // 1 and 2 are taken, 3 is not, 4 is refused, 5 is taken; 1 is acknowledged.
    for sent in [
        Sent::Taken(Some(Verdict::Acknowledged)),
        Sent::Taken(None),
        Sent::Later("busy".to_owned()),
        Sent::Refused("no".to_owned()),
    ] {
        post.does(sent);
    }
    teller.round().await.expect("a round");
    let sent_ms = messages(&store).await[1].sent_ms.expect("sent");
    assert_eq!(counts(sent_ms).await, [[4, 1, 1], [1, 3, 0]]);
    assert_eq!(counts(sent_ms + 2 * 86_400_000).await, [[4, 1, 1], [1, 3, 3]]);
    let ways = store.ways(&with_post, NOW_MS).await.expect("ways");
    let [way] = ways.as_slice() else { panic!("one, not {ways:?}") };
    assert!(way.reached.contains_key(&Step::SentToPost) && !way.reached.contains_key(&Step::AcknowledgedByPost));
    assert_eq!((way.missing, way.since_ms), (Some(Step::Distributed), NOW_MS + 100), "its way waits for no post");
    // Where the outcome is recorded nobody waits for the post any more.
    commit(&store, vec![jfk.record(Kind::Disposition, NOW_MS + 200, &disposition("RB3US", "seize"))]).await;
    commit(&store, vec![jfk.record(Kind::Disposition, NOW_MS + 300, &disposition("RB2US", "seize"))]).await;
    assert_eq!(counts(sent_ms).await, [[4, 0, 0], [1, 2, 0]]);
    // Without a post there are no such steps.
    let funnel = store.funnel(&patience, NOW_MS + 86_400_000).await.expect("a funnel");
    let said = serde_json::to_string(&(&funnel, store.ways(&patience, NOW_MS).await.expect("ways"))).expect("JSON");
    assert!(!said.contains("post"), "{said}");
}

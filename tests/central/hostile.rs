//! Whoever means harm, line by line. What is told here: a station that records in another's name, and hostile text through every
//! field that reaches central. What is told elsewhere:
//!
//! | who | where |
//! |---|---|
//! | a forged, altered or foreign record | `stories.rs` (altered, forged, foreign), `interop_broker` (a forger on the same broker) |
//! | a station at another's topic | `interop_tls` (speaks for itself) |
//! | a certificate that is missing, foreign, expired, taken back | `interop_tls`, `interop_enrol` |
//! | an older or replayed list, rule pack, command | `station/ledger` (`lists`: an older version), `station/sync/src/envelope.rs` |
//! | a stolen token, a fixed session, a form of another page | `access.rs` |
//! | a code used twice, too old, another's; a replayed renewal; another key; a station taken out | `enrol.rs`, `interop_enrol` |

use std::collections::BTreeMap;

use gatepost_central::access::{Scope, Secret};
use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::intake::sort_record;
use gatepost_central::place::Doubt;
use gatepost_central::store::Store;
use gatepost_central::store::access::Refusal;
use gatepost_central::store::enrol::TakenOut;
use gatepost_central::store::holds::HoldChange;
use gatepost_central::store::ingest::{Batch, Doubtful};
use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::{Digest, Received};
use gatepost_sync::enrol::Code;
use gatepost_sync::mqtt::Message;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Name};
use serde_json::{Value, json};

use super::access::{closed, token};
use super::ground::Ground;
use super::stories::NOW_MS;
use super::web::{Answer, Asked, ask};

/// Markup in text and attributes, SQL, a spreadsheet's formula, a template, control characters and the end of a line of a head
/// or of metrics; in capitals too, as items are looked for.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><IMG SRC=X ONERROR=ALERT(1)>",
    "' onmouseover='alert(1)",
    "</title></textarea><svg/onload=alert(1)>",
    "'; DROP TABLE record; --",
    "') OR 1=1 --",
    "=HYPERLINK(\"http://evil.example\",\"open\")",
    "a\r\nSet-Cookie: gatepost_session=mine\u{0}\u{1b}[2J\u{7}\u{85}",
    "{{7*7}}${7*7}\n# HELP gatepost_central_up lies\ngatepost_central_up 1",
];
/// Elements that our pages are made of.
const OURS: [&str; 41] = [
    "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "nav", "a", "main", "p", "div",
    "b", "span", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "br", "time", "form", "label", "input",
    "button", "section", "ul", "li", "small", "em", "ol", "dl", "dt", "dd", "caption",
];
/// What the audit finds it writes by itself.
const TABLES: [&str; 16] = [
    "station",
    "record",
    "alert",
    "quarantine",
    "evidence",
    "document",
    "hold",
    "hold_list",
    "station_list",
    "list_reached",
    "hold_step",
    "recovery",
    "token",
    "invitation",
    "enrolment",
    "certificate",
];

/// One record of a chain, whatever stands in it.
struct Chain {
    station: &'static str,
    prev: Digest,
    seq: u64,
}

impl Chain {
    fn new(station: &'static str) -> Self {
        Self { station, prev: Digest::ZERO, seq: 0 }
    }

    fn record(&mut self, kind: Kind, class: Class, lane: &str, audience: &Value, body: &Value) -> Message {
        self.seq += 1;
        // The envelope's order of fields, whatever `json!` makes of them.
        let text = format!(
            r#"{{"seq":{},"prev":"{}","station":"{}","lane":{},"at":{NOW_MS},"kind":"{}","class":"{}","audience":{audience},"body":{body}}}"#,
            self.seq,
            self.prev,
            self.station,
            json!(lane),
            kind.name(),
            class.name()
        );
        self.prev = Received::read(text.as_bytes()).expect("a record").head;
        Message { payload: text.into_bytes(), ..Message::default() }
    }
}

fn address(station: &str) -> Address {
    Address::new("JFK", station).expect("an address")
}

pub async fn a_station_that_records_in_anothers_name_is_put_aside(ground: Ground) {
    let store = ground.open().await;
    let mut own = Chain::new("st-01");
    let mut batch = Batch::default();
    let say =
        |chain: &mut Chain| chain.record(Kind::Decision, Class::Decision, "A", &json!("all"), &json!({"pass":"A/1/1"}));
    sort_record(&mut batch, address("st-01"), Class::Decision, say(&mut own));
    store.commit(batch, NOW_MS).await.expect("committed");
    // st-02, on its own topic, with a record that continues the chain of st-01; then as itself, on the topic of st-01.
    let mut batch = Batch::default();
    sort_record(&mut batch, address("st-02"), Class::Decision, say(&mut own));
    let (mut second, mut forged) =
        (Chain::new("st-02"), Chain { station: "st-01", prev: Digest::of(b"made up"), seq: 1 });
    sort_record(&mut batch, address("st-01"), Class::Decision, say(&mut second));
    sort_record(&mut batch, address("st-01"), Class::Decision, say(&mut forged));
    let outcome = store.commit(batch, NOW_MS).await.expect("committed");
    assert_eq!((outcome.stored, outcome.quarantined), (0, 3));
    assert!(outcome.stations.iter().all(|told| told.received.is_empty()), "nothing of it is acknowledged");
    let mut aside: Vec<_> =
        store.quarantined(10).await.expect("asked").into_iter().map(|doubt| (doubt.station, doubt.reason)).collect();
    aside.sort();
    let expected = [("st-01", "broken-before"), ("st-01", "other-station"), ("st-02", "other-station")];
    assert_eq!(aside, expected.map(|(station, reason)| (station.to_owned(), reason.to_owned())));
}

/// Hostile text in everything that a station, a list, a shell or a browser can say.
async fn say_everything(ground: &Ground, store: &Store, text: &str, n: usize) {
    let mut chain = Chain {
        station: ["st-0", "st-1", "st-2", "st-3", "st-4", "st-5", "st-6", "st-7", "st-8", "st-9"][n],
        ..Chain::new("")
    };
    let (mut batch, all) = (Batch::default(), json!("all"));
    let covered = json!({"restricted": {"group": text, "cover": text}});
    let decision = json!({"pass": text, "item": text, "inputs": {"item": {"id": text}},
        "verdict": {"outcome": text, "reasons": [{"rule": text, "text": text}]}, "versions": {"rules": text}});
    let said = json!({"pass": text, "item": text, "says": text, "end": text, "disposition": text, "steps": [text], "document": text, "digest": text});
    for kind in Kind::ALL {
        for class in [Class::Alert, Class::Decision] {
            let body = if kind == Kind::Decision { &decision } else { &said };
            for audience in [&all, &covered] {
                let message = chain.record(kind, class, text, audience, body);
                sort_record(&mut batch, address(chain.station), class, message);
            }
        }
    }
    // Another station's name inside, no record at all, and far too much of one.
    let foreign = json!({"seq": 1, "prev": Digest::ZERO.to_string(), "station": text, "lane": "A", "at": 1, "kind": "decision",
        "class": "decision", "audience": "all", "body": {}});
    for payload in [foreign.to_string().into_bytes(), text.as_bytes().to_vec(), vec![b'['; 5 << 20]] {
        sort_record(&mut batch, address(chain.station), Class::Decision, Message { payload, ..Message::default() });
    }
    let doubt = Doubt::OtherStation { claimed: text.to_owned(), topic: text.to_owned() };
    batch.doubtful.push(Doubtful {
        address: address(chain.station),
        seq: None,
        doubt,
        bytes: text.as_bytes().to_vec(),
    });
    let (station, software) = (address(chain.station).station, text.to_owned());
    let status = Status { station, online: true, since_ms: NOW_MS, high: None, backlog: 0, software };
    batch.statuses.push((address(chain.station), status));
    let outcome = store.commit(batch, NOW_MS).await.expect("nothing of it keeps a batch out");
    store.take_lists(&outcome.touched.lists).await.expect("taken");

    let signatory = Signatory::load_or_create("central", &ground.path().join("central.key")).expect("a key");
    let line = json!({"item": text, "hold": {"id": format!("h{n}{text}"), "kind": "presentation", "issue": "narcotics",
        "purpose": "narcotics", "severity": "alert", "outcome": "exam", "authority": text, "audience": "all"}});
    // What is too long or no token is refused, and that is well too.
    if let Ok(line) = serde_json::from_value::<HoldLine>(line) {
        let _ = store.change_hold(&HoldChange::Place(Box::new(line)), text, &signatory, NOW_MS - 1).await;
    }
    let holds: Vec<String> = store.holds_touched(&outcome.touched).await.expect("asked").into_iter().collect();
    store.follow(&holds, NOW_MS).await.expect("followed");
    let refusal = Refusal { address: "192.0.2.1", who: text, reason: "other-code", path: text, times: 1 };
    store.refused(refusal, NOW_MS).await.expect("counted");
    assert!(Name::new(text).is_none() && Address::new("JFK", text).is_none(), "no name of a token or station");
    let (name, secret) = (Name::new(&format!("t{n}")).expect("a name"), Secret::make().expect("random bytes"));
    store.make_token(&name, secret.digest(), &[Scope::Read].into_iter().collect(), text, (1, 2)).await.expect("made");
    store.revoke_token(&format!("t{n}"), text, NOW_MS).await.expect("taken back");
    assert!(store.revoke_token(text, text, NOW_MS).await.is_err());
    let code = Code::make().expect("random bytes");
    store.invite(&address(chain.station), &code.verifier(), text, (1, 2)).await.expect("invited");
    let taken = store.revoke_station(&address(chain.station), (text, text), NOW_MS).await.expect("asked");
    assert_eq!(taken, TakenOut::Nothing);
}

/// Nothing but our own elements, with attributes of our own.
fn is_our_markup(what: &str, page: &str) {
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("{what}: {part:.80}"));
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        assert!(OURS.contains(&name), "{what}: <{name}> in {tag:.80}");
        let attributes = tag.split('"').step_by(2).collect::<String>().to_lowercase();
        assert!(
            !attributes.contains("on") || !attributes.contains("=x") && !attributes.contains("alert"),
            "{what}: {tag:.120}"
        );
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whatever was asked: it is ours from the first byte to the last.
fn is_clean(what: &str, answer: &Answer) {
    assert!(!answer.head.to_lowercase().contains("gatepost_session=mine"), "{what}: {}", answer.head);
    let lines = |char: char| char.is_control() && char != '\n';
    assert!(!answer.body.chars().any(lines), "{what}: a control character");
    match answer.line("content-type").unwrap_or_default() {
        kind if kind.starts_with("text/html") => {
            is_our_markup(what, &answer.body);
            assert!(
                answer.line("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")),
                "{what}"
            );
        }
        "application/json" => {
            drop(serde_json::from_str::<Value>(&answer.body).unwrap_or_else(|error| panic!("{what}: {error}")))
        }
        kind => assert!(kind.starts_with("text/plain"), "{what}: {kind}"),
    }
    assert_eq!(answer.line("x-content-type-options"), Some("nosniff"), "{what}");
}

async fn rows(ground: &Ground) -> BTreeMap<&'static str, i64> {
    let mut connection = ground.connect().await;
    let mut rows = BTreeMap::new();
    for table in TABLES {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count = sqlx::query_scalar(sqlx::SqlSafeStr::into_sql_str(sql)).fetch_one(&mut connection).await;
        rows.insert(table, count.unwrap_or_else(|error| panic!("{table}: {error}")));
    }
    rows
}

pub async fn hostile_text_in_every_field_is_text_and_changes_nothing(ground: Ground) {
    let store = ground.open().await;
    for (n, text) in HOSTILE.iter().enumerate() {
        say_everything(&ground, &store, text, n).await;
    }
    say_everything(&ground, &store, &"<b>\u{0}\u{202e}".repeat(300), HOSTILE.len()).await;
    let stations = HOSTILE.len() + 1;
    let per_station = 4 * Kind::ALL.len();
    let counts = store.counts().await.expect("asked");
    assert_eq!(
        (counts.stations, counts.durable),
        (stations as i64, (stations * per_station) as i64),
        "each kept, once"
    );
    assert_eq!((counts.verified, counts.quarantined), (counts.durable, 4 * stations as i64));
    let secret = token(&store, "reader", &Scope::ALL, i64::MAX).await;
    store.close().await;

    let central = closed(&ground).await;
    let before = rows(&ground).await;
    let with = Asked::with(secret.text());
    let mut shown = 0;
    let pages = ["/", "/alerts", "/doubtful", "/holds", "/refused", "/sign-in", "/metrics", "/health"];
    let answers =
        ["/api/stations", "/api/alerts?limit=1000", "/api/counts", "/api/doubtful", "/api/refusals", "/api/holds"];
    for path in pages.into_iter().chain(answers) {
        let answer = ask(&central, path, with).await;
        assert!([200, 503].contains(&answer.status), "{path}: {answer:?}");
        is_clean(path, &answer);
        shown += usize::from(answer.body.contains("DROP TABLE record"));
    }
    assert!(shown >= 6, "the test would see it: {shown} pages and answers show the text");
    let metrics = ask(&central, "/metrics", with).await.body;
    assert!(metrics.lines().all(|line| line.starts_with("# ") || line.starts_with("gatepost_central_")));
    assert!(!metrics.contains("lies") && !metrics.contains("DROP"), "{metrics}");
    for text in HOSTILE {
        let text = encoded(text);
        for path in [
            format!("/items?number={text}"),
            format!("/api/items/{text}"),
            format!("/alerts?before={text}"),
            format!("/api/alerts?limit={text}&before={text}"),
            format!("/{text}"),
            format!("/?{text}={text}"),
        ] {
            is_clean(&path, &ask(&central, &path, with).await);
        }
        let form = format!("token={text}");
        is_clean("sign-in", &ask(&central, "/sign-in", Asked { form: Some(&form), ..Asked::default() }).await);
        is_clean(
            "cookie",
            &ask(
                &central,
                "/api/counts",
                Asked { cookie: Some(&format!("gatepost_session={text}")), ..Asked::default() },
            )
            .await,
        );
        is_clean("bearer", &ask(&central, &format!("/{text}"), Asked::with(&text)).await);
    }
    let long = "A".repeat(7_000);
    is_clean("long", &ask(&central, &format!("/items?number={long}"), with).await);
    assert_eq!(rows(&ground).await, before, "asking changes nothing but who was refused");
    is_clean("refused", &ask(&central, "/refused", with).await);
    central.stop().await;
}

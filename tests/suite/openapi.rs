//! What central's document for programs says is what a running central answers: every path, every key, every kind of value.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_central::Central;
use gatepost_central::access::{Scopes, Secret};
use gatepost_central::post::settings::{FileConfig, PostConfig, SinkConfig};
use gatepost_central::store::Store;
use gatepost_sync::topics::Name;
use gatepost_world::central::{Asked, Ground, ask as web_ask, stories};
use serde_json::Value;

const SOURCE: &str = include_str!("../../station/central/src/pages.rs");

/// The status and body of an answer to somebody without a token.
async fn ask(central: &Central, path: &str) -> (u16, String) {
    let answer = web_ask(central, path, Asked::default()).await;
    (answer.status, answer.body)
}

/// Where `value` is not what `schema` says; nothing when it is.
fn unlike(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let named = document.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
        return unlike(document, named, value, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.contains(&is) {
        return vec![format!("{at}: is {is}, described as {types:?}")];
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return vec![format!("{at}: {value} is not described")];
    }
    match value {
        Value::Array(items) => items.iter().flat_map(|item| unlike(document, &schema["items"], item, at)).collect(),
        Value::Object(found) => match schema["properties"].as_object() {
            Some(described) => {
                let keys: BTreeSet<&String> = found.keys().chain(described.keys()).collect();
                let unlike_of = |key: &String| match (found.get(key), described.get(key)) {
                    (Some(value), Some(schema)) => unlike(document, schema, value, &format!("{at}.{key}")),
                    (found, _) => {
                        vec![format!("{at}.{key}: {}", if found.is_some() { "not described" } else { "missing" })]
                    }
                };
                keys.into_iter().flat_map(unlike_of).collect()
            }
            // A map: every value is of one kind.
            None if schema["additionalProperties"].is_object() => {
                found.values().flat_map(|value| unlike(document, &schema["additionalProperties"], value, at)).collect()
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// How many objects of each described kind an answer holds; a document that nothing was held against proves nothing.
fn seen(document: &Value, schema: &Value, value: &Value, counts: &mut BTreeMap<String, usize>) {
    if let Some(name) = schema["$ref"].as_str() {
        *counts.entry(name.to_owned()).or_default() += 1;
        let named = document.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
        return seen(document, named, value, counts);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| seen(document, &schema["items"], item, counts)),
        Value::Object(found) => {
            found.iter().for_each(|(key, value)| seen(document, &schema["properties"][key], value, counts));
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_document_describes_every_answer_and_every_answer_is_described() {
    let ground = Ground::file();
    let store: Store = ground.open().await;
    stories::something_of_everything(&ground, &store).await;
    // No broker listens there; the pages are served all the same.
    let mut config = ground.config(9);
    let (folder, answers) = (ground.path().join("out"), ground.path().join("in"));
    let sink = SinkConfig::File(FileConfig { folder, answers });
    config.post = Some(PostConfig { sink, codes: BTreeMap::new(), again_s: None });
    let central = Central::start(config).await.expect("central starts");
    let (status, text) = ask(&central, "/api/openapi.json").await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).expect("a document");
    assert_eq!(document["openapi"], "3.1.0");

    let described: BTreeSet<&str> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    let routes = SOURCE.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")?.split('"').next());
    let coded: BTreeSet<&str> =
        routes.filter(|path| path.starts_with("/api/") && *path != "/api/openapi.json").collect();
    assert_eq!(described, coded);

    let mut counts = BTreeMap::new();
    for path in described {
        let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let (status, text) = ask(&central, &path.replace("{number}", "rb%20h1%20us")).await;
        assert_eq!(status, 200, "{path}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(unlike(&document, schema, &answer, path), Vec::<String>::new());
        seen(&document, schema, &answer, &mut counts);
    }
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(
            counts.contains_key(&format!("#/components/schemas/{name}")),
            "no {name} among the answers: {counts:?}"
        );
    }
    assert_eq!(ask(&central, "/api/nothing").await.0, 404);
    let (status, text) = ask(&central, "/commands").await;
    assert!(status == 200 && text.contains("exam-all") && text.contains("a parcel bomb at another airport"), "{text}");
    let (_, text) = ask(&central, "/holds").await;
    assert!(text.contains("Acknowledged by it"), "{text}");
    // It says that it is not well, and its numbers all the same.
    let (status, text) = ask(&central, "/health").await;
    let health: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &health["good"], &health["broker"]), (503, &Value::Bool(false), &Value::Bool(false)));
    assert_eq!(health["database"], true);
    let (status, text) = ask(&central, "/metrics").await;
    assert!(status == 200 && text.contains("\ngatepost_central_recoveries_open 1\n"), "{text}");
    central.stop().await;
}

/// Each path is open to a token of the scope that the document names, to no other, and to nobody without.
#[tokio::test]
async fn the_document_says_what_each_path_asks_of_a_token() {
    let ground = Ground::file();
    let mut config = ground.config(9);
    config.http.tokens = true;
    let central = Central::start(config).await.expect("central starts");
    let scopes = ["read", "holds", "metrics"];
    let mut tokens = BTreeMap::new();
    for scope in scopes {
        let secret = Secret::make().expect("random bytes");
        let (name, only) = (Name::new(scope).expect("a name"), Scopes::read(scope));
        central.store().make_token(&name, secret.digest(), &only, "the test", (0, i64::MAX)).await.expect("made");
        tokens.insert(scope, secret);
    }
    let answer = web_ask(&central, "/api/openapi.json", Asked::with(tokens["read"].text())).await;
    let document: Value = serde_json::from_str(&answer.body).expect("a document");
    let mut refused = 0;
    for (path, described) in document["paths"].as_object().expect("paths") {
        let needed = described["get"]["security"][0]["token"][0].as_str().expect("a scope");
        assert!(described["get"]["security"][1]["session"].is_array(), "{path}");
        for scope in scopes {
            let answer = web_ask(&central, &path.replace("{number}", "RB1"), Asked::with(tokens[scope].text())).await;
            let statuses: &[u16] = if scope == needed { &[200] } else { &[403, 429] };
            assert!(statuses.contains(&answer.status), "{path} with {scope}: {answer:?}");
            refused += usize::from(answer.status == 403);
        }
    }
    assert!(refused >= 8, "{refused}");
    for (name, kind) in [("token", "http"), ("session", "apiKey")] {
        assert_eq!(document["components"]["securitySchemes"][name]["type"], kind);
    }
    central.stop().await;
}

#[test]
fn an_answer_that_is_not_as_described_is_noticed() {
    let schema: Value = serde_json::from_str(
        r#"{"type":"object","properties":{"n":{"type":"integer"},"s":{"type":["string","null"],"enum":["a",null]}}}"#,
    )
    .expect("a schema");
    let unlike = |value: &str| unlike(&Value::Null, &schema, &serde_json::from_str(value).expect("JSON"), "").len();
    assert_eq!(unlike(r#"{"n":1,"s":null}"#), 0);
    for wrong in [r#"{"n":1}"#, r#"{"n":"1","s":"a"}"#, r#"{"n":1,"s":"b"}"#, r#"{"n":1,"s":"a","more":1}"#, "[]"] {
        assert_eq!(unlike(wrong), 1, "{wrong}");
    }
}

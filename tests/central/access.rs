//! Who may ask a running central, on a real database: tokens, sessions, and those who were told no.

use std::time::SystemTime;

use gatepost_central::Central;
use gatepost_central::access::{Scope, Scopes, Secret};

use gatepost_central::store::Store;
use gatepost_central::store::access::{OTHERS, REFUSALS_MAX, REFUSALS_OF_ADDRESS_MAX, Refusal, TokenError};
use gatepost_sync::topics::Name;

use super::ground::Ground;
use super::web::{Asked, ask};

const HOUR_MS: i64 = 3_600_000;
/// A page and an answer of each scope.
const PATHS: [(&str, &[&str]); 3] = [
    (
        "read",
        &[
            "/",
            "/alerts",
            "/doubtful",
            "/refused",
            "/api/stations",
            "/api/alerts",
            "/api/counts",
            "/api/doubtful",
            "/api/refusals",
            "/api/openapi.json",
        ],
    ),
    ("holds", &["/holds", "/items", "/items?number=RB1", "/api/holds", "/api/items/RB1"]),
    ("metrics", &["/metrics"]),
];

fn wall_ms() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_millis() as i64
}

/// A central that asks everybody for a token; no broker listens there, the pages are served all the same.
pub(super) async fn closed(ground: &Ground) -> Central {
    let mut config = ground.config(9);
    config.http.tokens = true;
    Central::start(config).await.expect("central starts")
}

pub(super) async fn token(store: &Store, name: &str, scopes: &[Scope], ends_ms: i64) -> Secret {
    let (secret, scopes) = (Secret::make().expect("random bytes"), scopes.iter().copied().collect::<Scopes>());
    let name = Name::new(name).expect("a name");
    store.make_token(&name, secret.digest(), &scopes, "ann", (wall_ms(), ends_ms)).await.expect("made");
    secret
}

fn reasons(of: &[gatepost_central::store::access::RefusalView]) -> Vec<(&str, &str, &str, i64)> {
    let mut found: Vec<_> =
        of.iter().map(|one| (one.reason.as_str(), one.who.as_str(), one.path.as_str(), one.times)).collect();
    found.sort_unstable();
    found
}

pub async fn every_question_needs_a_token_for_it_and_a_stolen_one_is_stopped_at_once(ground: Ground) {
    let central = closed(&ground).await;
    let (store, later) = (central.store().clone(), wall_ms() + HOUR_MS);
    let mut each = Vec::new();
    for scope in Scope::ALL {
        each.push((scope.name(), token(&store, scope.name(), &[scope], later).await));
    }
    let (name, none) = (Name::new("read").expect("a name"), Scopes::default());
    let again = store.make_token(&name, each[0].1.digest(), &none, "eve", (0, later));
    assert!(matches!(again.await, Err(TokenError::Known(_))), "a name is used once");
    for (needed, paths) in PATHS {
        for path in paths {
            for (scope, secret) in each.iter().filter(|(scope, _)| *scope == needed) {
                let answer = ask(&central, path, Asked::with(secret.text())).await;
                assert_eq!(answer.status, 200, "{path} with {scope}: {}", answer.body);
            }
        }
    }
    // Too narrow, none, unknown, over.
    let (read, over) = (&each[0].1, token(&store, "over", &Scope::ALL, 1).await);
    let told = ask(&central, "/api/holds", Asked::with(read.text())).await;
    assert!(told.status == 403 && told.body.contains("needs the scope holds"), "{told:?}");
    let told = ask(&central, "/metrics", Asked::default()).await;
    assert!(
        told.status == 401 && told.body.starts_with("This needs a token") && told.line("www-authenticate").is_some()
    );
    let told = ask(&central, "/nothing", Asked::with(Secret::make().unwrap().text())).await;
    assert!(told.status == 401 && told.body.contains("not known here"), "{told:?}");
    let told = ask(&central, "/api/stations", Asked::with(over.text())).await;
    assert!(told.status == 401 && told.body.starts_with("The token over is over"), "{told:?}");
    // A person is shown the way in; whether it is up everybody may know, and nothing else.
    let told = ask(&central, "/holds", Asked::default()).await;
    assert_eq!((told.status, told.line("location")), (303, Some("/sign-in")));
    let told = ask(&central, "/health", Asked::default()).await;
    assert_eq!((told.status, told.body.as_str()), (503, r#"{"good":false}"#));
    // Stolen, and taken back: from the next question on.
    store.revoke_token("read", "ann", wall_ms()).await.expect("taken back");
    let told = ask(&central, "/api/stations", Asked::with(read.text())).await;
    assert!(told.status == 401 && told.body.contains("was taken back"), "{told:?}");
    assert!(matches!(store.revoke_token("read", "ann", 5).await, Err(TokenError::Unknown(_))));
    let found = store.refusals(100).await.expect("asked");
    let expected = [
        ("expired", "over", "/api/stations", 1),
        ("no-token", "", "/metrics", 1),
        ("revoked", "read", "/api/stations", 1),
        ("too-narrow", "read", "/api/holds", 1),
        ("unknown-token", "", "/nothing", 1),
    ];
    assert_eq!(reasons(&found), expected);
    assert!(found.iter().all(|one| one.address == "127.0.0.1"));
    let wide = token(&store, "wide", &Scope::ALL, later).await;
    for path in ["/refused", "/api/refusals"] {
        let shown = ask(&central, path, Asked::with(wide.text())).await.body;
        assert!(expected.iter().all(|(reason, _, path, _)| shown.contains(reason) && shown.contains(path)), "{shown}");
        assert!(
            [read, &over, &wide].into_iter().all(|secret| !shown.contains(secret.text())),
            "no token stands anywhere"
        );
    }
    central.stop().await;
}

pub async fn a_session_begins_with_a_token_and_ends_with_it(ground: Ground) {
    let central = closed(&ground).await;
    let (store, later) = (central.store().clone(), wall_ms() + HOUR_MS);
    let secret = token(&store, "ann", &[Scope::Read], later).await;
    let form = format!("token={}", secret.text());
    let signed_in = ask(&central, "/sign-in", Asked { form: Some(&form), ..Asked::default() }).await;
    assert_eq!((signed_in.status, signed_in.line("location")), (303, Some("/")));
    let set = signed_in.line("set-cookie").expect("a cookie").to_owned();
    assert!(
        ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=3"].iter().all(|part| set.contains(part)),
        "{set}"
    );
    let cookie = set.split(';').next().expect("its value");
    assert!(!set.contains(secret.text()), "a session is no token");
    let with = Asked { cookie: Some(cookie), ..Asked::default() };
    assert_eq!(ask(&central, "/", with).await.status, 200);
    assert!(ask(&central, "/sign-in", with).await.body.contains("<strong>ann</strong>"));
    assert_eq!(ask(&central, "/api/holds", with).await.status, 403, "no more than its token");
    // A fixed or made-up session is none, and a form from elsewhere begins and ends nothing.
    let fixed = Asked { cookie: Some("gatepost_session=gatepost_mine"), ..Asked::default() };
    assert_eq!(ask(&central, "/api/stations", fixed).await.status, 401);
    let elsewhere = Asked { form: Some(&form), head: "Origin: http://evil.example\r\n", ..with };
    assert_eq!(ask(&central, "/sign-in", elsewhere).await.status, 403);
    ask(&central, "/sign-out", elsewhere).await;
    assert_eq!(ask(&central, "/", with).await.status, 200);
    let wrong = ask(&central, "/sign-in", Asked { form: Some("token=hunter2"), ..Asked::default() }).await;
    assert!(wrong.status == 403 && wrong.body.contains("This token is not known here"), "{wrong:?}");
    let long = format!("token={}", "x".repeat(9_000));
    assert_eq!(ask(&central, "/sign-in", Asked { form: Some(&long), ..Asked::default() }).await.status, 403);
    // It ends by signing out, and with its token.
    let out = ask(&central, "/sign-out", Asked { form: Some(""), ..with }).await;
    assert!(out.line("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
    assert_eq!(ask(&central, "/", with).await.status, 303);
    let second = ask(&central, "/sign-in", Asked { form: Some(&form), ..Asked::default() }).await;
    let cookie = second.line("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
    let with = Asked { cookie: Some(&cookie), ..Asked::default() };
    assert_eq!(ask(&central, "/", with).await.status, 200);
    store.revoke_token("ann", "boss", wall_ms()).await.expect("taken back");
    assert_eq!(ask(&central, "/", with).await.status, 401, "a revoked token's session is over too");
    let found = store.refusals(100).await.expect("asked");
    for reason in ["too-narrow", "session-over", "other-page", "unknown-token", "revoked"] {
        assert!(found.iter().any(|one| one.reason == reason), "{reason} in {found:?}");
    }
    central.stop().await;
    // And by its time, whoever still has the cookie.
    let (digest, now_ms) = (Secret::make().unwrap().digest(), wall_ms());
    let store = ground.open().await;
    let _ = token(&store, "bob", &[Scope::Read], later).await;
    store.begin_session(digest, "bob", (now_ms, now_ms + 10)).await.expect("begun");
    assert!(store.session(digest, now_ms + 9).await.expect("asked").is_some());
    assert!(store.session(digest, now_ms + 10).await.expect("asked").is_none());
    for _ in 0..60 {
        let digest = Secret::make().unwrap().digest();
        store.begin_session(digest, "bob", (now_ms + 1, later)).await.expect("begun");
    }
    let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM session WHERE token = 'bob'")
        .fetch_one(&mut ground.connect().await)
        .await
        .unwrap();
    assert_eq!(open, 50, "the oldest end");
}

pub async fn who_is_refused_often_waits_and_fills_no_disk(ground: Ground) {
    let central = closed(&ground).await;
    let store = central.store().clone();
    let good = token(&store, "good", &[Scope::Read], wall_ms() + HOUR_MS).await;
    let mut statuses = Vec::new();
    for n in 0..40 {
        statuses.push(ask(&central, &format!("/api/guess-{n}"), Asked::with("gatepost_guess")).await.status);
    }
    assert_eq!(statuses[..8], [401; 8]);
    let waits = statuses.iter().filter(|status| **status == 429).count();
    assert!(waits >= 25, "{statuses:?}");
    let told = ask(&central, "/api/stations", Asked::default()).await;
    assert!(told.status == 429 && told.line("retry-after").is_some() && told.body.contains("ask again in"), "{told:?}");
    assert_eq!(ask(&central, "/api/stations", Asked::with(good.text())).await.status, 200, "a neighbour is let in");
    central.stop().await;

    let store = ground.open().await;
    let other = |n: i64| format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
    let mut told = 0;
    for n in 0..REFUSALS_MAX + 200 {
        // Some from one address with ever new paths, the rest from ever new addresses.
        let (address, path) =
            if n < 200 { ("192.0.2.1".to_owned(), format!("/p{n}")) } else { (other(n), "/".to_owned()) };
        let refusal = Refusal { address: &address, who: "", reason: "unknown-token", path: &path, times: 1 };
        store.refused(refusal, 1_000_000 + n).await.expect("counted");
        told += 1;
    }
    let found = store.refusals(10_000).await.expect("asked");
    let of_tests: Vec<_> = found.iter().filter(|one| one.address != "127.0.0.1").collect();
    assert!(found.len() as i64 <= REFUSALS_MAX + 1, "{}", found.len());
    assert_eq!(of_tests.iter().filter(|one| one.address == "192.0.2.1").count() as i64, REFUSALS_OF_ADDRESS_MAX);
    assert_eq!(of_tests.iter().map(|one| one.times).sum::<i64>(), told, "none is uncounted");
    assert!(of_tests.iter().any(|one| one.address == OTHERS));
    // The same again is counted in its row, however full it is; what is old makes room.
    let refusal = Refusal { address: "192.0.2.1", who: "", reason: "unknown-token", path: "/p3", times: 5 };
    store.refused(refusal, 2_000_000).await.expect("counted");
    let all = store.refusals(10_000).await.expect("asked");
    assert!(all.iter().any(|one| (one.path.as_str(), one.times) == ("/p3", 6)));
    let month_later = 2_000_001 + 31 * 86_400_000;
    let refusal = Refusal { address: "192.0.2.9", who: "x", reason: "revoked", path: "/", times: 1 };
    store.refused(refusal, month_later).await.expect("counted");
    assert!(store.refusals(10_000).await.expect("asked").iter().any(|one| one.address == "192.0.2.9"));
}

/// A disk that is full takes nobody's pages away: that a token was used is not what it is shown for.
pub async fn a_database_that_takes_nothing_more_shows_its_pages_all_the_same(ground: Ground) {
    let central = closed(&ground).await;
    let (store, later) = (central.store().clone(), wall_ms() + HOUR_MS);
    let secret = token(&store, "ann", &[Scope::Read], later).await;
    let session = Secret::make().expect("random bytes");
    store.begin_session(session.digest(), "ann", (wall_ms(), later)).await.expect("begun");
    let (full, free) = match ground.url() {
        None => (
            "CREATE TRIGGER is_full BEFORE UPDATE ON token BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
            "DROP TRIGGER is_full",
        ),
        Some(_) => (
            "ALTER TABLE token ADD CONSTRAINT is_full CHECK (used_ms = 0)",
            "ALTER TABLE token DROP CONSTRAINT is_full",
        ),
    };
    let mut beside = ground.connect().await;
    sqlx::query(full).execute(&mut beside).await.expect("full");
    let cookie = format!("gatepost_session={}", session.text());
    let signed_in = Asked { cookie: Some(&cookie), ..Asked::default() };
    for _ in 0..3 {
        for asked in [Asked::with(secret.text()), signed_in] {
            let told = ask(&central, "/api/stations", asked).await;
            assert_eq!(told.status, 200, "{}", told.body);
        }
    }
    sqlx::query(free).execute(&mut beside).await.expect("room again");
    // From then on its last use is known again.
    while store.tokens().await.expect("asked")[0].used_ms == 0 {
        assert_eq!(ask(&central, "/api/stations", Asked::with(secret.text())).await.status, 200);
    }
    central.stop().await;
}

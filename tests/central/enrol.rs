//! Stations let in, renewed and taken out, on a real database: what central decides, without a broker.

use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};
use gatepost_central::Central;
use gatepost_central::config::{Config, EnrolmentConfig};
use gatepost_central::enrol::{EnrolError, Registrar};
use gatepost_central::store::Store;
use gatepost_central::store::enrol::TakenOut;
use gatepost_sync::enrol::{BY_STATION, Code, ENROL_PATH, Request, Sealed};
use gatepost_sync::topics::Address;

use super::ground::Ground;
use super::stories::{arrived, batch, batch_of, chain};
use super::web::{Asked, ask};

const DAY_MS: i64 = 86_400_000;

/// A machine with keys of its own that says it is a station.
struct Machine {
    key: SigningKey,
    address: Address,
}

impl Machine {
    fn new(secret: u8, station: &str) -> Self {
        let address = Address::new("JFK", station).expect("an address");
        Self { key: SigningKey::from_bytes(&[secret; 32]), address }
    }

    fn asks(&self, code: Option<&Code>, at_ms: i64) -> Sealed {
        let pair = rcgen::KeyPair::generate().expect("a key");
        // It may ask for any name; it is given its own.
        let mut params = rcgen::CertificateParams::new(vec!["central.gatepost".to_owned()]).expect("a name");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let csr = params.serialize_request(&pair).and_then(|csr| csr.pem()).expect("a request");
        let key = HEXLOWER.encode(self.key.verifying_key().as_bytes());
        let request = Request { address: self.address.clone(), key, csr, at_ms };
        Sealed::request(&request, code, |bytes| self.key.sign(&[BY_STATION, bytes].concat()).to_bytes())
    }
}

async fn registrar(ground: &Ground, store: &Store) -> Registrar {
    let config = Config { enrolment: Some(EnrolmentConfig::usual()), ..ground.config(9) };
    Registrar::open(&config, store.clone(), now_ms()).await.expect("it enrols")
}

fn now_ms() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_millis() as i64
}

async fn invite(store: &Store, station: &str, ends_ms: i64) -> Code {
    let (code, address) = (Code::make().expect("random bytes"), Address::new("JFK", station).expect("an address"));
    store.invite(&address, &code.verifier(), "ann", (1, ends_ms)).await.expect("invited");
    code
}

fn why<T: std::fmt::Debug>(ended: Result<T, EnrolError>) -> &'static str {
    match ended {
        Err(EnrolError::Refused(refusal)) => refusal.reason(),
        other => panic!("{other:?}"),
    }
}

/// How many certificates the broker's list takes back.
fn taken_back(ground: &Ground) -> usize {
    let file = ground.path().join("crl.pem");
    let told = std::process::Command::new("openssl").args(["crl", "-noout", "-text", "-in"]).arg(file).output();
    let told = told.expect("this test needs OpenSSL: install the package `openssl`").stdout;
    String::from_utf8_lossy(&told).matches("Serial Number:").count()
}

pub async fn a_code_lets_one_station_in_once(ground: Ground) {
    let store = ground.open().await;
    let (registrar, now) = (registrar(&ground, &store).await, now_ms());
    let (st1, other) = (Machine::new(1, "st-01"), Machine::new(2, "st-01"));
    assert_eq!(why(registrar.enrol(&st1.asks(Some(&Code::make().unwrap()), now), now).await), "other-code");
    let code = invite(&store, "st-01", now + DAY_MS).await;
    let asked = st1.asks(Some(&code), now);
    assert_eq!(why(registrar.enrol(&asked, now + DAY_MS).await), "expired-code");
    // A clock that is wrong is told now, and uses no code up: with it, no renewal would be taken later.
    for wrong in [now + DAY_MS, now - DAY_MS] {
        assert_eq!(why(registrar.enrol(&st1.asks(Some(&code), wrong), now).await), "old-request");
    }
    // The invitation of one is none for another, and a request that was changed is nobody's.
    assert_eq!(why(registrar.enrol(&Machine::new(1, "st-02").asks(Some(&code), now), now).await), "other-code");
    let changed = Sealed { body: asked.body.replace("st-01", "st-02"), ..asked.clone() };
    assert_eq!(why(registrar.enrol(&changed, now).await), "unreadable-request");
    // Two machines with the same code at once: one is in.
    let rival = other.asks(Some(&code), now);
    let (first, second) = tokio::join!(registrar.enrol(&asked, now), registrar.enrol(&rival, now));
    let (told, winner) = match (first, second) {
        (Ok(told), Err(_)) => (told, asked),
        (Err(_), Ok(told)) => (told, rival),
        both => panic!("{both:?}"),
    };
    let answer = told.open_answer(&winner, &code).expect("believed");
    let enrolled = store.all_enrolled().await.expect("asked");
    assert_eq!(enrolled.len(), 1);
    assert!(winner.body.contains(&enrolled[0].key), "the key of the one that is in");
    assert!(answer.authorities.contains("BEGIN CERTIFICATE") && answer.ends_ms > now + 300 * DAY_MS);
    assert_eq!(why(registrar.enrol(&winner, now).await), "used-code");
    // However many wrong codes were tried meanwhile, the right one is good.
    let code = invite(&store, "st-03", now + DAY_MS).await;
    let st3 = Machine::new(3, "st-03");
    for _ in 0..20 {
        assert_eq!(why(registrar.enrol(&st3.asks(Some(&Code::make().unwrap()), now), now).await), "other-code");
    }
    assert!(registrar.enrol(&st3.asks(Some(&code), now), now).await.is_ok());
}

/// Whoever reaches the port, and has no code, closes no invitation, and while he waits costs the database nothing.
pub async fn whoever_tries_codes_waits_and_closes_no_invitation(ground: Ground) {
    let config = Config { enrolment: Some(EnrolmentConfig::usual()), ..ground.config(9) };
    let central = Central::start(config).await.expect("central starts");
    let store = central.store().clone();
    let code = invite(&store, "st-01", now_ms() + DAY_MS).await;
    let machine = Machine::new(1, "st-01");
    let say = async |code: &Code| {
        let json = serde_json::to_string(&machine.asks(Some(code), now_ms())).expect("JSON");
        ask(&central, ENROL_PATH, Asked { json: Some(&json), ..Asked::default() }).await
    };
    for _ in 0..5 {
        assert_eq!(say(&Code::make().unwrap()).await.status, 403);
    }
    // Then answered without a look at the invitations: they cannot be read just now.
    let mut aside = ground.connect().await;
    sqlx::query("ALTER TABLE invitation RENAME TO invitation_aside").execute(&mut aside).await.expect("renamed");
    for _ in 0..3 {
        assert_eq!(ask(&central, ENROL_PATH, Asked { json: Some("{}"), ..Asked::default() }).await.status, 403);
    }
    let waits = say(&code).await;
    assert!(waits.status == 429 && waits.line("retry-after").is_some(), "{waits:?}");
    sqlx::query("ALTER TABLE invitation_aside RENAME TO invitation").execute(&mut aside).await.expect("renamed");
    let told = loop {
        match say(&code).await {
            told if told.status == 429 => tokio::time::sleep(Duration::from_millis(50)).await,
            told => break told,
        }
    };
    assert_eq!(told.status, 200, "the right code is good after them all: {told:?}");
    let refused = store.refusals(10).await.expect("asked");
    let times = |reason| refused.iter().filter(|one| one.reason == reason).map(|one| one.times).sum::<i64>();
    assert_eq!((times("other-code"), times("unreadable-request"), refused.len()), (5, 3, 2));
    central.stop().await;
}

pub async fn an_enrolled_key_renews_another_is_refused_and_one_taken_out_is_believed_no_more(ground: Ground) {
    let store = ground.open().await;
    let (registrar, now) = (registrar(&ground, &store).await, now_ms());
    let (st1, other) = (Machine::new(1, "st-01"), Machine::new(2, "st-01"));
    assert_eq!(why(registrar.renew(&st1.asks(None, now), now).await), "not-enrolled");
    let code = invite(&store, "st-01", now + DAY_MS).await;
    registrar.enrol(&st1.asks(Some(&code), now), now).await.expect("in");
    let asked = st1.asks(None, now + 1);
    let told = registrar.renew(&asked, now).await.expect("renewed");
    let list_key = gatepost_central::holds::Signatory::load_or_create("central", &ground.path().join("central.key"));
    let list_key = list_key.expect("central's key").public_key();
    assert!(told.open_signed_answer(&asked, std::slice::from_ref(&list_key)).is_ok());
    assert_eq!(why(registrar.renew(&asked, now).await), "old-request", "said again by somebody else");
    assert_eq!(why(registrar.renew(&st1.asks(None, now + DAY_MS), now).await), "old-request", "a clock that is wrong");
    assert_eq!(why(registrar.renew(&other.asks(None, now + 2), now).await), "other-key");
    assert_eq!(taken_back(&ground), 0);

    // A new machine in its place: what the old one holds is taken back.
    let code = invite(&store, "st-01", now + DAY_MS).await;
    registrar.enrol(&other.asks(Some(&code), now + 3), now).await.expect("in");
    assert_eq!(taken_back(&ground), 2);
    assert_eq!(why(registrar.renew(&st1.asks(None, now + 4), now).await), "other-key");

    let chain = chain("st-01", 4);
    let first = store.commit(batch_of([arrived("JFK", "st-01", &chain[0]), arrived("JFK", "st-01", &chain[1])]), now);
    assert_eq!(first.await.expect("committed").stored, 2);
    let taken = registrar.revoke(&other.address, ("ann", "stolen from the lorry"), now).await.expect("asked");
    assert_eq!((taken, registrar.crl()), (TakenOut::Station, ground.path().join("crl.pem").as_path()));
    assert_eq!(taken_back(&ground), 3);
    assert_eq!(registrar.revoke(&other.address, ("ann", "again"), now).await.expect("asked"), TakenOut::Nothing);
    assert_eq!(why(registrar.renew(&other.asks(None, now + 5), now).await), "revoked-station");
    // What it says is put aside and acknowledged by nothing; what it had said stands.
    let later = store.commit(batch_of([arrived("JFK", "st-01", &chain[1]), arrived("JFK", "st-01", &chain[2])]), now);
    let later = later.await.expect("committed");
    assert_eq!((later.stored, later.repeated, later.quarantined, later.stations.len()), (0, 0, 2, 0));
    assert!(store.quarantined(10).await.expect("asked").iter().all(|doubt| doubt.reason == "revoked"));
    assert!(store.committed().await.expect("asked").is_empty(), "it is told nothing, and sent no list");
    assert_eq!(store.counts().await.expect("asked").durable, 2);
    // Let in again, it goes on where it was.
    let code = invite(&store, "st-01", now + DAY_MS).await;
    registrar.enrol(&st1.asks(Some(&code), now + 6), now).await.expect("in");
    let again = store.commit(batch_of([arrived("JFK", "st-01", &chain[2]), arrived("JFK", "st-01", &chain[3])]), now);
    assert_eq!(again.await.expect("committed").stations[0].verified, (1..=4).collect());
}

pub async fn a_mistyped_facility_takes_nobody_out_and_an_open_invitation_can_be_closed(ground: Ground) {
    let store = ground.open().await;
    let (registrar, now) = (registrar(&ground, &store).await, now_ms());
    let (st1, code) = (Machine::new(1, "st-01"), invite(&store, "st-01", now + DAY_MS).await);
    registrar.enrol(&st1.asks(Some(&code), now), now).await.expect("in");
    // One more is heard, and did not enrol here.
    store.commit(batch("st-02", &chain("st-02", 1)), now).await.expect("committed");
    for station in ["st-01", "st-02"] {
        let elsewhere = Address::new("LHR", station).expect("an address");
        let told = store.invite(&elsewhere, &code.verifier(), "ann", (now, now + DAY_MS)).await.expect_err("refused");
        assert!(told.to_string().starts_with(&format!("{station} is known at JFK already")), "{told}");
        assert_eq!(registrar.revoke(&elsewhere, ("ann", "mistyped"), now).await.expect("asked"), TakenOut::Nothing);
    }
    assert!(registrar.renew(&st1.asks(None, now + 1), now).await.is_ok(), "it works on");
    // A name that nobody has yet is invited again as it should have been; the first code is worth nothing then.
    let (mistyped, st3) = (Address::new("LHR", "st-03").expect("an address"), Machine::new(3, "st-03"));
    store.invite(&mistyped, &code.verifier(), "ann", (now, now + DAY_MS)).await.expect("invited");
    let lost = invite(&store, "st-03", now + DAY_MS).await;
    assert_eq!(registrar.revoke(&mistyped, ("ann", "not this one"), now).await.expect("asked"), TakenOut::Nothing);
    let taken = registrar.revoke(&st3.address, ("ann", "the letter was lost"), now).await;
    assert_eq!(taken.expect("asked"), TakenOut::Invitation);
    assert_eq!(why(registrar.enrol(&st3.asks(Some(&lost), now), now).await), "used-code");
    assert_eq!(registrar.revoke(&st3.address, ("ann", "again"), now).await.expect("asked"), TakenOut::Nothing);
}

/// A command and a running central take stations out at once: the broker's list names them all, whoever wrote last.
pub async fn several_that_take_stations_out_at_once_leave_the_whole_list(ground: Ground) {
    const STATIONS: u8 = 12;
    let (store, now) = (ground.open().await, now_ms());
    let first = registrar(&ground, &store).await;
    let second = registrar(&ground, &ground.open().await).await;
    let mut taken = tokio::task::JoinSet::new();
    for n in 1..=STATIONS {
        let machine = Machine::new(n, &format!("st-{n:02}"));
        let code = invite(&store, machine.address.station.as_str(), now + DAY_MS).await;
        first.enrol(&machine.asks(Some(&code), now), now).await.expect("in");
        let registrar = if n % 2 == 0 { first.clone() } else { second.clone() };
        taken.spawn(async move { registrar.revoke(&machine.address, ("ann", "stolen"), now).await.expect("asked") });
    }
    assert!(taken.join_all().await.into_iter().all(|taken| taken == TakenOut::Station));
    assert_eq!(taken_back(&ground), usize::from(STATIONS));
}

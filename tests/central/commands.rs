//! Commands to stations, on a real database: numbered once, one under way at a time, answered by records.

use gatepost_central::command::round;
use gatepost_central::holds::Signatory;
use gatepost_central::store::Store;
use gatepost_central::store::commands::{CommandError, CommandView, Whom};
use gatepost_central::store::enrol::TakenOut;
use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Digest;
use gatepost_sync::command::Command;
use gatepost_sync::envelope::{self, TrustedKey, Versions};
use gatepost_sync::topics::{Address, Down, Name};

use super::ground::Ground;
use super::holds::{Station, commit};
use super::rollouts::let_in;
use super::stories::NOW_MS;

const HOUR_MS: i64 = 3_600_000;

fn exam_all(for_ms: i64) -> Command {
    Command::ExamAll { lane: None, until_ms: NOW_MS + for_ms, why: "a parcel bomb at another airport".to_owned() }
}

fn verify() -> Command {
    Command::Verify { why: "its disk was exchanged".to_owned() }
}

fn at(name: &str) -> Whom {
    Whom::Station(name.to_owned())
}

/// What a station records of a command.
fn answer(order: u64, message: &[u8], state: &str, says: &str) -> String {
    let message = Digest::of(message);
    format!(r#"{{"event":"command","order":{order},"message":"{message}","state":"{state}","says":"{says}"}}"#)
}

/// What goes to whom now, as the station opens it.
async fn due(store: &Store, signatory: &Signatory, now_ms: i64) -> Vec<(String, u64, Vec<u8>)> {
    let (documents, _) = round(store, Some(signatory), 0, now_ms).await.expect("a round");
    let opened = documents.into_iter().map(|document| {
        let key = data_encoding::HEXLOWER.decode(signatory.public_key().as_bytes()).expect("a key");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key.try_into().expect("32 bytes")).expect("a key");
        let issuer = Name::new("central").expect("a name");
        let trusted = [TrustedKey { issuer, key, documents: vec![Down::Command] }];
        let versions = Versions::default();
        let opened = envelope::open(&document.bytes, Down::Command, &document.address, &trusted, &versions, now_ms)
            .expect("opens");
        assert!(opened.header.expires_ms <= NOW_MS + 24 * HOUR_MS, "for a day at most");
        (document.address.station.to_string(), opened.header.version, document.bytes.clone())
    });
    opened.collect()
}

async fn states(store: &Store) -> Vec<(i64, String)> {
    let mut commands = store.commands().await.expect("commands");
    commands.reverse();
    commands.into_iter().map(|one| (one.number, one.state)).collect()
}

async fn one(store: &Store, number: i64) -> CommandView {
    let all = store.commands().await.expect("commands");
    all.into_iter().find(|one| one.number == number).expect("a command")
}

pub async fn a_command_is_numbered_once_sent_one_at_a_time_and_stands_as_the_station_answers(ground: Ground) {
    let store = ground.open().await;
    let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
    let stations = [("JFK", "st-01"), ("JFK", "st-02"), ("ORD", "st-03")];
    let [mut first, mut out, mut ord] = stations.map(|(facility, name)| Station::new(facility, name));
    let begin = [&mut first, &mut out, &mut ord].map(|station| station.record(Kind::Config, NOW_MS, "{}"));
    commit(&store, begin.into()).await;
    let_in(&store, "st-02", NOW_MS).await;
    let address = |facility, name| Address::new(facility, name).expect("an address");
    let taken = store.revoke_station(&address("JFK", "st-02"), ("ann", "stolen"), NOW_MS).await.expect("asked");
    assert_eq!(taken, TakenOut::Station);

    what_no_station_would_take_is_refused_here(&store).await;
    let order = async |whom: Whom, command: Command| store.order_command(&whom, &command, "ann", NOW_MS).await;
    let ordered = order(Whom::All, exam_all(HOUR_MS)).await.expect("ordered");
    assert_eq!(
        ordered.iter().map(|(address, number)| (address.station.as_str(), *number)).collect::<Vec<_>>(),
        [("st-01", 1), ("st-03", 2)]
    );
    order(at("st-01"), verify()).await.expect("ordered");
    order(at("st-01"), Command::ExamAllEnd { lane: Name::new("A"), why: "a toy".to_owned() }).await.expect("ordered");

    // One of a station is under way; the next waits for its answer.
    let sent = due(&store, &signatory, NOW_MS).await;
    assert_eq!(
        sent.iter().map(|(name, number, _)| (name.as_str(), *number)).collect::<Vec<_>>(),
        [("st-01", 1), ("st-03", 2)]
    );
    assert!(due(&store, &signatory, NOW_MS).await.is_empty(), "sent once; a second central finds nothing to do");
    let kept = store.documents().await.expect("documents");
    assert_eq!(kept[&address("JFK", "st-01")], [(Down::Command, sent[0].2.clone())], "said again to who comes back");
    // Nobody answers for another.
    let words = answer(2, &sent[1].2, "taken", "in force");
    commit(&store, vec![first.record(Kind::Config, NOW_MS, &words)]).await;
    let words = answer(1, &sent[0].2, "taken", "in force");
    commit(&store, vec![first.record(Kind::Config, NOW_MS + 7, &words)]).await;
    let sent = [sent, due(&store, &signatory, NOW_MS).await].concat();
    assert_eq!((sent.len(), sent[2].1), (3, 3));
    assert_eq!(
        states(&store).await.iter().map(|(_, state)| state.as_str()).collect::<Vec<_>>(),
        ["taken", "sent", "sent", "waiting"]
    );
    let taken = one(&store, 1).await;
    assert_eq!((taken.answered_ms, taken.says.as_str(), taken.sent_ms), (Some(NOW_MS + 7), "in force", Some(NOW_MS)));

    // A walk is taken and then done, in whatever order that is read; a refusal names the message alone.
    let done = first.record(Kind::Config, NOW_MS + 9, &answer(3, &sent[2].2, "done", "the journal is whole"));
    let taken = first.record(Kind::Config, NOW_MS + 8, &answer(3, &sent[2].2, "taken", "it is being walked"));
    commit(&store, vec![done, taken]).await;
    let fourth = due(&store, &signatory, NOW_MS).await;
    let words = answer(0, &fourth[0].2, "refused", "this station has no lane A; it has bench");
    commit(&store, vec![first.record_as(Class::Alert, Kind::Config, NOW_MS + 20, &words)]).await;
    due(&store, &signatory, NOW_MS).await;
    let (walked, refused) = (one(&store, 3).await, one(&store, 4).await);
    assert_eq!((walked.state.as_str(), walked.says.as_str()), ("done", "the journal is whole"));
    assert_eq!((refused.state.as_str(), refused.lane.as_str()), ("refused", "A"));
    let alerts = store.alerts(None, 10).await.expect("alerts");
    assert_eq!(alerts[0].reason, "this station has no lane A; it has bench");

    // What nobody took in its time is said no more; who took it and could not say so in time says it late.
    assert!(due(&store, &signatory, NOW_MS + HOUR_MS).await.is_empty());
    assert_eq!(one(&store, 2).await.state, "expired");
    assert!(store.documents().await.expect("documents").values().flatten().all(|(kind, _)| *kind != Down::Command));
    commit(&store, vec![ord.record(Kind::Config, NOW_MS + 30, &answer(2, &sent[1].2, "taken", "in force"))]).await;
    due(&store, &signatory, NOW_MS + HOUR_MS).await;
    assert_eq!(one(&store, 2).await.state, "taken");
}

/// st-02 was taken out, and nobody is in LAX.
async fn what_no_station_would_take_is_refused_here(store: &Store) {
    let order = async |whom: Whom, command: Command| store.order_command(&whom, &command, "ann", NOW_MS).await;
    assert!(matches!(order(Whom::All, exam_all(25 * HOUR_MS)).await, Err(CommandError::Until)));
    assert!(matches!(order(Whom::All, exam_all(-1)).await, Err(CommandError::Until)));
    assert!(matches!(order(Whom::All, Command::Verify { why: " ".to_owned() }).await, Err(CommandError::Command(_))));
    assert!(matches!(order(at("st-02"), verify()).await, Err(CommandError::Nobody)), "it was taken out");
    assert!(matches!(order(Whom::Facility("LAX".to_owned()), verify()).await, Err(CommandError::Nobody)));
}

/// A command, for the tests of what central answers.
pub async fn one_command(store: &Store) {
    store.order_command(&Whom::All, &exam_all(HOUR_MS), "ann", NOW_MS).await.expect("ordered");
}

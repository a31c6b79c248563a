//! What central commands, at the station's end: durable before it acts, ended by its time or by central, and everything that is
//! no command for here and now refused, recorded once, and without effect.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use gatepost_central::holds::Signatory;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::record::Kind;
use gatepost_sync::command::Command;
use gatepost_sync::envelope::{AddressedTo, Draft};
use gatepost_sync::parts::Offer;
use gatepost_sync::topics::{Address, Down, Name};
use gatepost_world::central::Taking;
use serde_json::Value;

use super::Rig;

const HOUR_MS: i64 = 3_600_000;

fn now_ms() -> i64 {
    gatepost_daemon::run::clock::wall_now().0
}

fn exam_all(lane: Option<&str>, for_ms: i64) -> Command {
    let why = "a parcel bomb at another airport".to_owned();
    Command::ExamAll { lane: lane.and_then(Name::new), until_ms: now_ms() + for_ms, why }
}

fn exam_all_end() -> Command {
    Command::ExamAllEnd { lane: None, why: "it was a toy".to_owned() }
}

fn verify() -> Command {
    Command::Verify { why: "its disk was exchanged".to_owned() }
}

impl Rig {
    fn to_us(&self, version: u64) -> Draft {
        self.signatory.draft(Down::Command, AddressedTo::Station(self.address.clone()), version, now_ms())
    }

    fn command(&self, version: u64, command: &Command) -> Vec<u8> {
        self.signatory.seal(&self.to_us(version), &command.to_bytes())
    }
}

fn answers(station: &Taking) -> Vec<Value> {
    station.memory.recorded(Kind::Config).into_iter().filter(|body| body["event"] == "command").collect()
}

/// What the lane was told since it was last asked: the numbers of the commands that are in force, 0 for none.
fn told(station: &Taking) -> Vec<u64> {
    let mut told = Vec::new();
    while let Ok(Some(event)) = station.memory.fed.next(Duration::ZERO) {
        if let Event::ExamAll(ordered) = event {
            told.push(ordered.map_or(0, |ordered| ordered.order));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exam_for_all_outlives_a_restart_and_is_taken_back_by_a_newer_word_alone() {
    let rig = Rig::new().await;
    let mut station = rig.station();
    assert!(told(&station).is_empty(), "nothing was commanded yet");
    let first = rig.command(1, &exam_all(None, HOUR_MS));
    station.hear(Down::Command, &first);
    assert_eq!(told(&station), [1]);
    let answer = answers(&station).pop().expect("recorded");
    assert_eq!((&answer["order"], &answer["state"], &answer["verb"]), (&1.into(), &"taken".into(), &"exam-all".into()));
    assert_eq!((&answer["why"], &answer["says"]), (&"a parcel bomb at another airport".into(), &"in force".into()));
    // Central says it again to whoever comes back, before and after a restart.
    station.hear(Down::Command, &first);
    drop(station);
    let mut station = rig.station();
    station.hear(Down::Command, &first);
    station.hear(Down::Command, &first);
    assert_eq!(told(&station), [1], "in force from the start, and no news");
    let again = answers(&station);
    assert_eq!(again.len(), 2, "answered once more: the first answer may have been lost with the power");
    assert_eq!((&again[1]["message"], &again[1]["state"]), (&again[0]["message"], &"taken".into()));

    station.hear(Down::Command, &rig.command(2, &exam_all(Some("bench"), 2 * HOUR_MS)));
    let end = rig.command(3, &exam_all_end());
    station.hear(Down::Command, &end);
    assert_eq!(told(&station), [2, 0]);
    assert_eq!(answers(&station).pop().expect("recorded")["says"], "taken back");
    // What a listener kept of the first is of no use to him, before and after a restart; nor is the end, used twice.
    for _ in 0..2 {
        station.hear(Down::Command, &end);
        station.hear(Down::Command, &first);
        assert!(told(&station).is_empty());
        let answer = answers(&station).pop().expect("recorded");
        assert_eq!(
            (&answer["state"], &answer["says"]),
            (&"refused".into(), &"version 1 is older than version 3, which is in force".into())
        );
        drop(station);
        station = rig.station();
    }
    // An end with nothing to end is good, and a facility's command counts with the station's own.
    let facility = AddressedTo::Facility(rig.address.facility.clone());
    let draft = Draft { audience: facility, ..rig.to_us(4) };
    station.hear(Down::Command, &rig.signatory.seal(&draft, &exam_all_end().to_bytes()));
    assert_eq!(answers(&station).pop().expect("recorded")["says"], "nothing of the kind was in force");
}

/// No order but an end makes an exam-all shorter, whichever lane it names and in whatever order they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_order_ends_no_longer_one() {
    let lane = Some("bench");
    for (first, second, longest) in [
        ((None, 8), (None, 1), 1),
        ((None, 8), (lane, 1), 1),
        ((lane, 8), (None, 1), 1),
        ((lane, 8), (lane, 1), 1),
        ((lane, 1), (None, 8), 2),
        ((None, 1), (lane, 8), 2),
    ] {
        let rig = Rig::new().await;
        let mut station = rig.station();
        for (version, (lane, hours)) in [(1, first), (2, second)] {
            station.hear(Down::Command, &rig.command(version, &exam_all(lane, hours * HOUR_MS)));
        }
        assert_eq!(told(&station).pop(), Some(longest), "{first:?}, then {second:?}");
        drop(station);
        let mut station = rig.station();
        assert_eq!(told(&station), [longest], "{first:?}, then {second:?}, and a restart");
        let end = Command::ExamAllEnd { lane: lane.and_then(Name::new), why: "it was a toy".to_owned() };
        station.hear(Down::Command, &rig.command(3, &end));
        assert_eq!(told(&station), [0]);
    }
}

/// The power goes, or the disk is full, and what was commanded is not lost for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_the_disk_refused_is_taken_when_there_is_room() {
    let rig = Rig::new().await;
    let mut station = rig.station();
    let folder = rig.ground.path().join("station/commands");
    // A file where the folder belongs: nothing can be kept there.
    std::fs::write(&folder, "in the way").expect("written");
    let command = rig.command(1, &exam_all(None, HOUR_MS));
    station.hear(Down::Command, &command);
    let answer = answers(&station).pop().expect("recorded");
    assert!(answer["state"] == "waits" && told(&station).is_empty(), "{answer}");
    station.taker.try_again();
    assert_eq!(answers(&station).len(), 1, "recorded once");
    std::fs::remove_file(&folder).expect("removed");
    station.taker.try_again();
    assert_eq!(
        (told(&station), answers(&station).pop().expect("recorded")["state"].clone()),
        (vec![1], "taken".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_command_for_here_and_now_is_refused_once_and_does_nothing() {
    let rig = Rig::new().await;
    let mut station = rig.station();
    station.hear(Down::Command, &rig.command(10, &exam_all(None, HOUR_MS)));
    assert_eq!(told(&station), [10]);
    let foreign = Signatory::load_or_create("central", &rig.ground.path().join("another")).expect("a key");
    let stranger = Signatory::load_or_create("mallory", &rig.ground.path().join("third")).expect("a key");
    let end = exam_all_end().to_bytes();
    let mut version = 10;
    let mut sealed = |payload: &[u8]| {
        version += 1;
        rig.signatory.seal(&rig.to_us(version), payload)
    };
    let other = AddressedTo::Station(Address::new("JFK", "st-02").expect("an address"));
    let with = |change: fn(Draft) -> Draft| rig.signatory.seal(&change(rig.to_us(99)), &end);
    let mut damaged = rig.command(99, &exam_all_end());
    *damaged.last_mut().expect("bytes") ^= 1;
    let strange: Vec<(Vec<u8>, &str)> = vec![
        (sealed(br#"{"verb":"release","why":"let it go"}"#), "not a command that this station knows: unknown variant"),
        (sealed(br#"{"verb":"start-belt","lane":"bench","why":"go"}"#), "not a command that this station knows"),
        (sealed(br#"{"verb":"exam-all-end","why":""}"#), "the reason must be one sentence"),
        (sealed(b"restart"), "not a command that this station knows"),
        (sealed(&exam_all(Some("north"), HOUR_MS).to_bytes()), "this station has no lane north; it has bench"),
        (sealed(&exam_all(None, -1).to_bytes()), "its time is over already"),
        (sealed(&exam_all(None, 25 * HOUR_MS).to_bytes()), "more than 24 hours ahead"),
        (foreign.seal(&rig.to_us(99), &end), "forged or damaged"),
        (
            stranger.seal(&Draft { issuer: Name::new("mallory").expect("a name"), ..rig.to_us(99) }, &end),
            "no key is trusted",
        ),
        (damaged, "damaged on its way"),
        (rig.signatory.seal(&Draft { audience: other, ..rig.to_us(99) }, &end), "meant for other stations"),
        (with(|draft| Draft { expires_ms: draft.not_before_ms + 1, ..draft }), "expired at"),
        (with(|draft| Draft { not_before_ms: draft.expires_ms - 1, ..draft }), "not in force before"),
        (with(|draft| Draft { document: Down::Rules, ..draft }), "a rules document on the topic of command documents"),
        (rig.signatory.offer(&rig.to_us(99), &Offer::of(&end).0), "does not take such documents"),
        (rig.command(9, &exam_all_end()), "version 9 is older than version"),
        (b"exam-all".to_vec(), "not a signed document"),
    ];
    for (bytes, why) in &strange {
        station.hear(Down::Command, bytes);
        station.hear(Down::Command, bytes);
        let answer = answers(&station).pop().expect("recorded");
        let says = answer["says"].as_str().expect("a sentence");
        // What a clock may have to do with stays open at central, and is looked at again.
        let state = if why.starts_with("expired") || why.starts_with("not in force") { "waits" } else { "refused" };
        assert!(answer["state"] == state && says.contains(why), "{why}: {says}");
    }
    assert_eq!(answers(&station).len(), 1 + strange.len(), "each once");
    assert!(told(&station).is_empty(), "and the lane heard of none");
    drop(station);
    assert_eq!(told(&rig.station()), [10], "what was in force is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_commanded_and_cannot_be_read_any_more_is_exam_for_a_day() {
    let rig = Rig::new().await;
    let mut station = rig.station();
    let first = rig.command(1, &exam_all_end());
    station.hear(Down::Command, &first);
    drop(station);
    let file = rig.ground.path().join("station/commands/standing.json");
    std::fs::write(&file, "{\"taken\":{}").expect("written");
    let mut station = rig.station();
    let Ok(Some(Event::ExamAll(Some(ordered)))) = station.memory.fed.next(Duration::ZERO) else { panic!("nothing") };
    assert!((23 * HOUR_MS..=24 * HOUR_MS).contains(&(ordered.until.0 - now_ms())), "{ordered:?}");
    let answer = answers(&station).pop().expect("recorded");
    assert!(answer["state"] == "lost" && answer["says"].as_str().is_some_and(|says| says.contains("is damaged")));
    station.hear(Down::Command, &first);
    assert!(told(&station).is_empty() && answers(&station).len() == 2, "an old word is not good again for that");
    station.hear(Down::Command, &rig.command(2, &exam_all_end()));
    assert_eq!(
        (told(&station), answers(&station).pop().expect("recorded")["says"].clone()),
        (vec![0], "taken back".into())
    );
}

/// The answer to a walk; waits for it.
fn walked(station: &Taking) -> Value {
    let began = Instant::now();
    loop {
        if let Some(found) = answers(station).into_iter().rev().find(|answer| answer["state"] == "done") {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no walk was recorded: {:?}", answers(station));
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_walks_its_own_journal_and_says_how_far_it_is_whole() {
    let rig = Rig::new().await;
    let mut station = rig.station();
    station.hear(Down::Command, &rig.command(1, &verify()));
    let found = tokio::task::block_in_place(|| walked(&station));
    assert_eq!((&found["order"], &found["walked"]["whole"]), (&1.into(), &true.into()));
    assert!(found["says"].as_str().is_some_and(|says| says.starts_with("the journal is whole: records 1 to ")));
    drop(station);

    // One byte of an old record changes under the running station.
    let mut station = rig.station();
    let segment = rig.ground.path().join("station/journal/00000001.seg");
    let bytes = std::fs::read(&segment).expect("a segment");
    let at = bytes.windows(13).position(|bytes| bytes == b"\"order\":1,\"me").expect("the record") + 8;
    let change = |byte: u8| {
        let mut file = std::fs::OpenOptions::new().write(true).open(&segment).expect("a segment");
        file.seek(SeekFrom::Start(at as u64)).expect("there");
        file.write_all(&[byte]).expect("written");
    };
    change(b'7');
    station.hear(Down::Command, &rig.command(2, &verify()));
    station.hear(Down::Command, &rig.command(3, &verify()));
    let began = Instant::now();
    while station.taker.walks() {
        assert!(began.elapsed() < Duration::from_secs(60), "it still walks");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    change(b'1');
    let found = answers(&station);
    let says = |order: u64, state: &str| {
        let is = |one: &&Value| one["order"] == order && one["state"] == state;
        found.iter().find(is).unwrap_or_else(|| panic!("{order} {state}: {found:?}"))["says"].as_str().expect("text")
    };
    assert!(says(2, "done").starts_with("the journal is NOT whole: 00000001.seg, byte "), "{}", says(2, "done"));
    assert_eq!(says(3, "refused"), "command 2 has the journal walked and is not done");
}

//! Commands over the real broker: to a station's real session, journal and mind, over its death, and judged again at central.

use gatepost_central::Central;
use gatepost_central::store::commands::{CommandView, Whom};
use gatepost_pipeline::event::Event;
use gatepost_pipeline::record::Kind;
use gatepost_sync::command::Command;
use gatepost_sync::topics::Address;
use gatepost_world::central::{Ground, Mosquitto};

use super::rollout::Station;
use super::{PATIENCE, until};

const HOUR_MS: i64 = 3_600_000;
/// Laid down; the first finds a bench that has no clock yet.
const ITEMS: usize = 4;

/// Waits until a command stands so.
async fn stands(central: &Central, number: i64, state: &str) -> CommandView {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
    let looked = tokio::time::timeout(PATIENCE, async {
        loop {
            look.tick().await;
            let all = central.store().commands().await.expect("commands");
            if let Some(one) = all.into_iter().find(|one| one.number == number && one.state == state) {
                return one;
            }
        }
    });
    match looked.await {
        Ok(found) => found,
        Err(_) => panic!("waited {PATIENCE:?} for {number} {state}: {:?}", central.store().commands().await),
    }
}

async fn order(central: &Central, command: Command) -> i64 {
    let whom = Whom::Station("st-01".to_owned());
    let now_ms = gatepost_daemon::run::clock::wall_now().0;
    central.store().order_command(&whom, &command, "the test", now_ms).await.expect("ordered")[0].1
}

/// Waits until the lane is told what central wants of it, and gives it to its mind; the number of the command, or nothing.
fn told(station: &mut Station) -> Option<u64> {
    tokio::task::block_in_place(|| {
        loop {
            match station.memory.fed.next(PATIENCE) {
                Ok(Some(Event::ExamAll(ordered))) => {
                    let number = ordered.as_ref().map(|ordered| ordered.order);
                    station.bench.hear(&station.memory, Event::ExamAll(ordered));
                    return number;
                }
                Ok(Some(_)) => {}
                other => panic!("no word of central in {PATIENCE:?}: {other:?}"),
            }
        }
    })
}

/// Of each decision so far, whether it says that central sends everything to exam.
fn by_order(station: &Station) -> Vec<bool> {
    let says = |body: &serde_json::Value| {
        let reasons = body["verdict"]["reasons"].as_array().expect("reasons");
        assert_eq!(body["verdict"]["outcome"], "exam");
        reasons.iter().any(|reason| reason["rule"] == "built-in.exam-all")
    };
    station.memory.recorded(Kind::Decision).iter().map(says).collect()
}

pub async fn a_command_reaches_a_station_is_judged_by_again_at_central_and_outlives_its_death(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (issuer, key) = central.signatory().map(|(issuer, key)| (issuer.to_owned(), key)).expect("central signs");
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    let address = Address::new("JFK", "st-01").expect("an address");
    let mut station = Station::start(&ground, broker.port, (&issuer, &key), address.clone());
    until("it to be heard", &mut central.intake(), |state| state.stored >= 1).await;

    let why = "a parcel bomb at another airport".to_owned();
    let until_ms = gatepost_daemon::run::clock::wall_now().0 + HOUR_MS;
    let first = order(&central, Command::ExamAll { lane: None, until_ms, why }).await;
    assert_eq!(told(&mut station), Some(first as u64));
    stands(&central, first, "taken").await;
    station.work(ITEMS);
    let under_it = by_order(&station);
    assert!(under_it.len() >= ITEMS - 1 && under_it.iter().all(|by_order| *by_order), "{under_it:?}");
    let walk = order(&central, Command::Verify { why: "its disk was exchanged".to_owned() }).await;
    let walked = stands(&central, walk, "done").await;
    assert!(walked.says.starts_with("the journal is whole: records 1 to "), "{}", walked.says);

    // It dies; meanwhile central takes its word back. What it knew is in force until it hears that.
    let Station { uplink, memory, bench, .. } = station;
    tokio::task::block_in_place(|| uplink.stop());
    drop(memory);
    let end = order(&central, Command::ExamAllEnd { lane: None, why: "it was a toy".to_owned() }).await;
    stands(&central, end, "sent").await;
    let mut station = Station::start(&ground, broker.port, (&issuer, &key), address);
    station.bench = bench;
    assert_eq!((told(&mut station), told(&mut station)), (Some(first as u64), None));
    assert_eq!(stands(&central, end, "taken").await.says, "taken back");
    station.work(ITEMS);
    let all = by_order(&station);
    let since = &all[under_it.len()..];
    assert!(since.len() >= ITEMS - 1 && since.iter().all(|by_order| !by_order), "{since:?}");

    // Central judged every one of them again from its record, and came to the same.
    let mut connection = ground.connect().await;
    let mut results: Vec<String> = Vec::new();
    let began = std::time::Instant::now();
    while results.len() < all.len() {
        assert!(began.elapsed() < PATIENCE, "{results:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        results = sqlx::query_scalar("SELECT result FROM audit").fetch_all(&mut connection).await.expect("the audit");
    }
    assert!(results.iter().all(|result| result == "same"), "{results:?}");
    tokio::task::block_in_place(|| station.uplink.stop());
    central.stop().await;
}

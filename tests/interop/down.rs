//! What central sends down, over the real broker, to a station's real session, lists and journal.

use gatepost_central::Central;
use gatepost_central::holds::HoldLine;
use gatepost_central::store::holds::HoldChange;
use gatepost_pipeline::record::Kind;
use gatepost_sync::session::{Inbound, Uplink};
use gatepost_sync::topics::{Address, Down};
use gatepost_world::central::{Ground, Mosquitto, Taking};
use tokio::sync::mpsc;

use super::{receive, records, start_uplink, until};

/// Holds with a long cover text: their list is larger than a broker's message may be.
const HOLDS: usize = 5_000;
const COVER_CHARS: usize = 3_500;
const LIST_BYTES_MIN: u64 = 16 << 20;

fn long_holds() -> Vec<HoldChange> {
    let cover = "x".repeat(COVER_CHARS);
    let one = |n: usize| {
        let text = format!(
            r#"{{"item":"RB{n:09}US","hold":{{"id":"h{n}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"exam","authority":"CBP","audience":{{"restricted":{{"group":"g","cover":"{cover}"}}}}}}}}"#
        );
        HoldChange::Place(Box::new(serde_json::from_str::<HoldLine>(&text).expect("a hold")))
    };
    (0..HOLDS).map(one).collect()
}

/// A station that runs: its session and what takes in what comes.
struct Station {
    uplink: Uplink,
    inbound: mpsc::Receiver<Inbound>,
    taking: Taking,
}

impl Station {
    fn start(ground: &Ground, port: u16, issuer: (&str, &str)) -> Self {
        let folder = ground.path().join("station");
        std::fs::create_dir_all(&folder).expect("a folder");
        let (uplink, inbound) = start_uplink("st-01", port, &records("st-01", 3));
        let address = Address::new("JFK", "st-01").expect("an address");
        let taking = tokio::task::block_in_place(|| Taking::open(&folder, &address, issuer, |_, _| uplink.control()));
        Self { uplink, inbound, taking }
    }

    /// Takes in what comes, until so many parts have.
    async fn parts(&mut self, mut count: usize) {
        while count > 0 {
            let inbound = receive(&mut self.inbound).await;
            count -= usize::from(inbound.document == Down::Part);
            tokio::task::block_in_place(|| self.taking.taker.take(inbound));
        }
    }

    fn have(&self) -> u64 {
        let files = self.taking.memory.under_way();
        files.iter().find(|(name, _)| name == "holds.parts").map_or(0, |(_, bytes)| *bytes)
    }
}

pub async fn a_list_too_large_for_any_message_arrives_over_a_broken_connection_and_restarts(ground: Ground) {
    let mut broker = Mosquitto::new(ground.path());
    let central = Central::start(ground.config(broker.port)).await.expect("central starts");
    let (issuer, key) = central.signatory().map(|(issuer, key)| (issuer.to_owned(), key)).expect("central signs");
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    central.change_holds(&long_holds(), "the test").await.expect("placed");

    let mut station = Station::start(&ground, broker.port, (&issuer, &key));
    station.parts(20).await;
    broker.kill();
    until("the station to notice", &mut station.uplink.state(), |state| !state.connected).await;
    assert!(broker.start(), "the broker listens again");
    station.parts(20).await;
    let before = station.have();
    // The station goes, and so does central; nothing of the list is in force.
    assert!(before > 0 && !station.taking.memory.holds("RB000000007US"));
    let Station { uplink, taking, .. } = station;
    tokio::task::block_in_place(|| uplink.stop());
    drop(taking);
    drop(central);
    let central = Central::start(ground.config(broker.port)).await.expect("central starts again");

    let mut station = Station::start(&ground, broker.port, (&issuer, &key));
    assert_eq!(station.have(), before, "what was here is here");
    let mut parts = 0;
    while !station.taking.memory.holds("RB000000007US") {
        station.parts(1).await;
        parts += 1;
    }
    let list = station.taking.memory.recorded(Kind::List);
    assert_eq!(list.iter().map(|body| body["in_force"].clone()).collect::<Vec<_>>(), [true], "{list:?}");
    assert!(station.taking.memory.holds(&format!("RB{:09}US", HOLDS - 1)));
    let (total,): (i64,) = sqlx::query_as("SELECT total_bytes FROM package")
        .fetch_one(&mut ground.connect().await)
        .await
        .expect("the package");
    assert!(total as u64 > LIST_BYTES_MIN, "{total} bytes");
    println!("{total} bytes in parts; {before} bytes were here before the restart, {parts} parts came after it");
    let most = (total as u64 - before).div_ceil(128 << 10) + 2 * 16;
    assert!(parts <= most, "{parts} parts after the restart, {most} would have done");
    tokio::task::block_in_place(|| station.uplink.stop());
    central.stop().await;
}

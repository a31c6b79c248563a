//! Central lost with its database, and brought back from a backup, over the real broker: with a station's real session and
//! journal, that had been told its records are safe.

use gatepost_central::backup;
use gatepost_central::{Central, Config};
use gatepost_daemon::run::clock::wall_now;
use gatepost_sync::command::Command;
use gatepost_sync::session::LinkState;
use gatepost_sync::topics::Address;
use gatepost_world::central::{Ground, Mosquitto};

use super::rollout::Station;
use super::until;

/// Waits until the station was told that everything it recorded is at central and verified; gives how much that is.
async fn all_is_safe(station: &Station, at_least: u64) -> u64 {
    let safe = |state: &LinkState| state.backlog == 0 && state.verified_to.is_some_and(|verified| verified >= at_least);
    let mut state = station.uplink.state();
    until("everything to be safe at central", &mut state, safe).await;
    let verified = state.borrow().verified_to;
    verified.expect("verified")
}

/// What the journal and central's database hold of it, read past everything of ours.
async fn every_record_is_there(ground: &Ground, verified: u64) {
    let mut connection = ground.connect().await;
    let seqs: Vec<i64> = sqlx::query_scalar("SELECT seq FROM record WHERE station = 'st-01' ORDER BY seq")
        .fetch_all(&mut connection)
        .await
        .expect("records");
    assert_eq!(seqs, (1..=verified as i64).collect::<Vec<_>>());
}

pub async fn a_restored_central_is_sent_again_what_its_backup_does_not_hold(ground: Ground) {
    let broker = Mosquitto::new(ground.path());
    let config = ground.config(broker.port);
    let central = Central::start(config.clone()).await.expect("central starts");
    let (issuer, key) = central.signatory().map(|(issuer, key)| (issuer.to_owned(), key)).expect("central signs");
    until("central to listen", &mut central.intake(), |state| state.connected).await;
    let address = Address::new("JFK", "st-01").expect("an address");
    let mut station = Station::start(&ground, broker.port, (&issuer, &key), address);
    station.work(5);
    let before = all_is_safe(&station, 5).await;
    let out = ground.path().join("central.backup");
    let made = backup::make(&config, &out, false, wall_now().0).await.expect("a backup of a running central");
    assert!(made.manifest.rows() > before);
    station.work(5);
    let after = all_is_safe(&station, before + 5).await;

    // The database is lost; its key is not.
    central.stop().await;
    let there = ground.another().await;
    let mut restored: Config = there.config(broker.port);
    restored.holds = config.holds;
    backup::restore(&restored, &out, wall_now().0).await.expect("restored");
    let central = Central::start(restored).await.expect("central starts again");
    until("what is missing", &mut central.intake(), |state| state.stored >= after - before).await;
    station.work(1);
    let all = all_is_safe(&station, after + 1).await;
    every_record_is_there(&there, all).await;
    let counts = central.store().counts().await.expect("counts");
    assert_eq!((counts.durable, counts.verified, counts.missing, counts.quarantined), (all as i64, all as i64, 0, 0));

    // And what it commands is taken, though the station took commands of a central that knew more.
    let command = Command::Verify { why: "central was restored".to_owned() };
    let whom = gatepost_central::store::commands::Whom::All;
    central.store().order_command(&whom, &command, "the test", wall_now().0).await.expect("ordered");
    let mut look = tokio::time::interval(std::time::Duration::from_millis(100));
    let done = async {
        while !central.store().commands().await.expect("commands").iter().any(|one| one.state == "done") {
            look.tick().await;
        }
    };
    tokio::time::timeout(super::PATIENCE, done).await.expect("the command is done");
    tokio::task::block_in_place(|| station.uplink.stop());
    central.stop().await;
}

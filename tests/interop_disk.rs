//! The station on a file system that is really full, and has room again.
//!
//! A small tmpfs holds the station's whole data folder; somebody else fills it to the last byte while parcels are on the
//! belts. The station stays up, sends what it cannot record to exam, stores the alarm from its reserve, and recovers by
//! itself. Needs the machine's administrator (mount, in a namespace of its own): without, this fails and says so.
//!
//! `cargo test -p gatepost-tests --test interop_disk -- --nocapture`

#[path = "interop/played.rs"]
#[expect(dead_code, reason = "shared with the other tests on the demonstration's files")]
mod played;

use std::sync::Arc;

use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::verify;
use played::{Played, STATION};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_sends_parcels_to_exam_is_said_and_passes_by_itself() {
    let played = Played::with(&["--lane", "north", "--parcels", "40", "--seed", "5", "--faults", "disk-full"]);
    assert!(
        !played.said.contains("NOT RUN disk-full"),
        "a file system could not be mounted: run this as root, with util-linux (unshare, mount) installed"
    );
    let lane = &played.truth()[0];
    let window = lane["faults"]["windows"].as_array().expect("windows").iter();
    let window = window.clone().find(|window| window["fault"] == "disk-full").expect("the disk was full once");
    let zero = lane["wall_at_zero_ms"].as_i64().expect("a time");
    let at = |edge: &str| zero + window[edge].as_i64().expect("microseconds") / 1_000;
    let (from, until) = (at("from"), at("until"));
    println!("the disk was full for {} ms", until - from);

    let disk: SharedDisk = Arc::new(RealDisk::new(&played.station()).expect("the station's folder"));
    let report = verify::journal(&disk, "journal", None).expect("a journal");
    assert!(report.whole, "{:?}", report.problems);
    let log = std::fs::read_to_string(played.station().join("station.log")).expect("the station's log");
    assert_eq!(log.matches(" starts").count(), 1, "it stayed up: one start");

    let journal = played.journal();
    let of = |kind: &str, from: i64, until: i64| {
        let kind = kind.to_owned();
        let within = move |envelope: &&Value| {
            envelope["kind"] == kind.as_str() && (from..until).contains(&envelope["at"].as_i64().unwrap_or(0))
        };
        journal.iter().map(|record| &record.envelope).filter(within).collect::<Vec<_>>()
    };
    let released = |envelope: &&&Value| envelope["body"]["verdict"]["outcome"] == "release";
    let alarms = of("device", from, until);
    let loud = |alarm: &&&Value| alarm["class"] == "alert" && alarm["body"].to_string().contains("disk");
    let says_disk = alarms.iter().find(loud).copied();
    let alarm = says_disk.unwrap_or_else(|| panic!("no alarm about the disk was stored: {alarms:?}"));
    let alarmed_ms = alarm["at"].as_i64().expect("a time") - from;
    // What had been decided before the disk was full may still be under way for a moment.
    let meanwhile = of("decision", from + 1_000, until);
    assert_eq!(meanwhile.iter().filter(released).count(), 0, "nothing is released while nothing can be recorded");
    let after = of("decision", until, i64::MAX);
    let grounds =
        || after.iter().map(|decision| decision["body"]["verdict"]["reasons"].to_string()).collect::<Vec<_>>();
    let first =
        after.iter().find(released).unwrap_or_else(|| panic!("nothing was released afterwards: {:#?}", grounds()));
    let recovered_ms = first["at"].as_i64().expect("a time") - until;

    let pool = played.central().await;
    let (verified,): (i64,) = sqlx::query_as("SELECT verified_to FROM station WHERE station = $1")
        .bind(STATION)
        .fetch_one(&pool)
        .await
        .expect("the station's row");
    assert_eq!(verified, journal.len() as i64, "central has every record");
    println!(
        "alarm stored {alarmed_ms} ms after the disk was full, {} decisions meanwhile, all exam; first release {recovered_ms} ms \
         after there was room; {} records whole and at central; the checker found {}",
        meanwhile.len(),
        journal.len(),
        played.findings().len()
    );
    // A decision that was owed while nothing could be stored is made afterwards, and may say release of a parcel that lies in
    // exam by then: said apart, because nothing was released that should not be.
    let (owed, others): (Vec<&str>, Vec<&str>) = played
        .findings()
        .into_iter()
        .partition(|line| line.starts_with("routing:") && line.contains("it left by exam, which was not its decision"));
    owed.iter().for_each(|line| println!("  owed: {line}"));
    assert!(others.is_empty(), "the checker found:\n{}", others.join("\n"));
}

//! `gatepost-fleet bridge`: a station's backlog drained to central through Mosquitto, beside Mosquitto's own bridge draining the
//! same bytes; then both again while the broker is killed.
//!
//! Our side ends when central has committed and verified everything and the station knows it. The bridge's side ends when a
//! subscriber at the far broker has the last message: nothing is stored there, which is to its advantage. Each is timed from the
//! first message that arrives, so that waiting for a connection counts for neither.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use gatepost_sync::mqtt::{Broker, Connection, Event, Message};
use gatepost_sync::outbox::Outgoing;
use gatepost_sync::topics::{Address, Up, from_everywhere};
use gatepost_world::central::Mosquitto;
use serde::Serialize;

use crate::count::{Recorded, count};
use crate::ground::{BROKER, Site};
use crate::records::{Bodies, Chain, NOON_MS};
use crate::station::{Shared, Station};

pub struct Plan {
    pub records: u64,
    pub kills: u64,
    pub postgres: bool,
}

#[derive(Serialize)]
pub struct Figures {
    /// The bridge as Mosquitto comes, but for the queue, which would throw most of it away.
    ratio_to_bridge: f64,
    /// With fifty times as much under way, and without waiting to fill packets.
    ratio_to_tuned_bridge: f64,
    records_per_s: f64,
    bridged_per_s: f64,
    tuned_bridged_per_s: f64,
    records: u64,
    bytes_per_record: usize,
    /// How often the broker was killed in the second run of each.
    kills: u64,
    lost_under_kills: u64,
    bridge_lost_under_kills: u64,
}

impl Figures {
    pub fn is_good(&self) -> bool {
        self.lost_under_kills == 0
    }
}

/// Longest that a drain may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// A bridge that brings nothing for so long brings nothing more.
const SILENCE: Duration = Duration::from_secs(20);
/// A broker that died is there again after this.
const DEAD: Duration = Duration::from_millis(500);
/// For all that waits; Mosquitto's own thousand would throw the rest away.
const ROOM: &str = "max_queued_messages 2000000\n";
/// Mosquitto's bridge comes back after this, seconds.
const RETRY_S: u32 = 2;

/// # Errors
/// What could not be started, or did not end in time.
pub async fn run(plan: &Plan) -> Result<Figures, String> {
    let bodies: &'static Bodies = Box::leak(Box::new(Bodies::new()?));
    let address = Address::new("JFK", "st-0001").ok_or("no address")?;
    let mut chain = Chain::new(address.station.as_str(), bodies);
    let mut records = Vec::new();
    while (records.len() as u64) < plan.records {
        records.extend(chain.parcel(NOON_MS));
    }
    records.truncate(usize::try_from(plan.records).unwrap_or(usize::MAX));
    let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    let (took, _) = ours(plan, &address, &records, 0).await?;
    let rate = |took: Duration| plan.records as f64 / took.as_secs_f64();
    let mut bridges = Vec::new();
    for settings in ["", BROKER] {
        let (took, arrived) = bridged(&address, &records, settings, 0).await?;
        if arrived != plan.records {
            return Err(format!("the bridge brought {arrived} of {} undisturbed", plan.records));
        }
        bridges.push(rate(took));
    }
    let (_, lost) = ours(plan, &address, &records, plan.kills).await?;
    let (_, arrived) = bridged(&address, &records, BROKER, plan.kills).await?;
    Ok(Figures {
        ratio_to_bridge: rate(took) / bridges[0],
        ratio_to_tuned_bridge: rate(took) / bridges[1],
        records_per_s: rate(took),
        bridged_per_s: bridges[0],
        tuned_bridged_per_s: bridges[1],
        records: plan.records,
        bytes_per_record: bytes / records.len().max(1),
        kills: plan.kills,
        lost_under_kills: lost,
        bridge_lost_under_kills: plan.records - arrived,
    })
}

/// How long, and how many were lost by an independent count.
async fn ours(plan: &Plan, address: &Address, records: &[Outgoing], kills: u64) -> Result<(Duration, u64), String> {
    let mut site = Site::new(plan.postgres).await;
    let _central = site.central(1, false)?;
    let (outbox, mut recorded) = (Shared::default(), Recorded::default());
    recorded.history = true;
    for record in records {
        recorded.note(record);
        outbox.push(record.clone());
    }
    let station = Station::start(address, site.broker.port, outbox);
    let mut link = station.link.clone();
    let reached = async |share: u64, link: &mut tokio::sync::watch::Receiver<_>| {
        let wanted = share.max(1);
        let state = |state: &gatepost_sync::session::LinkState| state.verified_to.is_some_and(|to| to >= wanted);
        tokio::time::timeout(PATIENCE, link.wait_for(state))
            .await
            .map(drop)
            .map_err(|_| format!("stuck before {wanted}"))
    };
    reached(1, &mut link).await?;
    let begun = Instant::now();
    for kill in 1..=kills {
        reached(plan.records * kill / (kills + 1), &mut link).await?;
        site.broker.kill();
        tokio::time::sleep(DEAD).await;
        again(&mut site.broker)?;
    }
    reached(plan.records, &mut link).await?;
    let took = begun.elapsed();
    station.stop().await;
    let counted = count(&site.ground, &[(address.station.to_string(), recorded)].into()).await;
    Ok((took, counted.map_err(|error| error.to_string())?.lost))
}

fn again(broker: &mut Mosquitto) -> Result<(), String> {
    if broker.start() { Ok(()) } else { Err("the broker did not start again".to_owned()) }
}

/// How long, and how many different ones arrived.
async fn bridged(
    address: &Address,
    records: &[Outgoing],
    settings: &str,
    kills: u64,
) -> Result<(Duration, u64), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let settings = format!("{settings}{ROOM}");
    let mut far = broker(&folder.path().join("far"), &settings)?;
    far.kill();
    let bridge = format!(
        "{settings}connection far\naddress 127.0.0.1:{}\ntopic gatepost/# out 1\nbridge_protocol_version mqttv50\n\
         cleansession false\nnotifications false\nrestart_timeout {RETRY_S}\n",
        far.port
    );
    let near = broker(&folder.path().join("near"), &bridge)?;
    fill(near.port, address, records).await?;
    again(&mut far)?;
    let mut subscriber = subscribe(far.port).await?;
    let (mut arrived, mut first, mut last) = (BTreeSet::new(), None, Instant::now());
    let (all, mut killed) = (records.len() as u64, 0);
    while (arrived.len() as u64) < all {
        match tokio::time::timeout(SILENCE, subscriber.next()).await {
            Ok(Event::Message(message)) => {
                last = Instant::now();
                first.get_or_insert(last);
                arrived.insert(*blake3::hash(&message.payload).as_bytes());
            }
            Ok(Event::Closed(_)) => subscriber = subscribe(far.port).await?,
            Ok(_) => {}
            Err(_) => break,
        }
        if killed < kills && arrived.len() as u64 >= all * (killed + 1) / (kills + 1) {
            killed += 1;
            far.kill();
            tokio::time::sleep(DEAD).await;
            again(&mut far)?;
            subscriber = subscribe(far.port).await?;
        }
    }
    Ok((first.map_or(Duration::ZERO, |first| last - first), arrived.len() as u64))
}

fn broker(folder: &Path, settings: &str) -> Result<Mosquitto, String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    Ok(Mosquitto::with(folder, settings))
}

/// Everything to the near broker, which keeps it for the far one.
async fn fill(port: u16, address: &Address, records: &[Outgoing]) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let mut near = connect("filler", port).await?;
    let (mut left, mut waiting) = (records.iter(), 0usize);
    loop {
        for record in left.by_ref().take(near.room()) {
            let (topic, payload) = (address.up(Up::Record(record.class)), record.bytes.clone());
            near.publish(Some(record.seq), Message { topic, payload, ..Message::default() })
                .map_err(|error| said(&error))?;
            waiting += 1;
        }
        if waiting == 0 {
            return Ok(());
        }
        match tokio::time::timeout(PATIENCE, near.next()).await {
            Ok(Event::Published { refused: None, .. }) => waiting -= 1,
            Ok(Event::Published { refused: Some(why), .. }) => return Err(format!("the near broker refused: {why}")),
            Ok(Event::Closed(ended)) => return Err(ended.to_string()),
            Ok(_) => {}
            Err(_) => return Err("the near broker takes nothing more".to_owned()),
        }
    }
}

async fn connect(name: &str, port: u16) -> Result<Connection, String> {
    Connection::open(&Broker::new("127.0.0.1", port, name), None).await.map_err(|error| error.to_string())
}

async fn subscribe(port: u16) -> Result<Connection, String> {
    let mut subscriber = connect("subscriber", port).await?;
    for up in Up::ALL {
        subscriber.subscribe(&from_everywhere(up, None)).map_err(|error| error.to_string())?;
    }
    Ok(subscriber)
}

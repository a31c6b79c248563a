//! `gatepost-fleet day`: many stations, a third of them away for most of it, central killed again and again; then the count.
//!
//! The day's pace is compressed, its records are not. Half of those that were away come back while central is still being
//! killed, half in the quiet stretch at the end, in which a few live stations raise alerts at real pace: their way to central
//! and back is measured beside the draining backlog.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gatepost_sync::topics::Address;
use gatepost_world::central::Ground;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::count::{Count, Recorded, count};
use crate::ground::{Consumer, Site};
use crate::records::{Bodies, Chain, now_ms};
use crate::station::{Shared, Station};

pub struct Plan {
    pub stations: u64,
    /// Of each station; three records each.
    pub parcels: u64,
    pub kills: u64,
    /// How long the stations that are not away go on recording.
    pub seconds: u64,
    pub postgres: bool,
}

#[derive(Serialize)]
pub struct Figures {
    whole: bool,
    count: Count,
    stations: u64,
    away: u64,
    records: u64,
    kills: u64,
    seconds: f64,
    records_per_s: f64,
    /// Of records sent, those that central had already.
    repeated: i64,
    live_alerts: usize,
    /// From recorded to central, where its commit begins, in the quiet stretch while the backlog drains.
    live_alert_at_central_ms_p50: u64,
    live_alert_at_central_ms_p99: u64,
    /// And until its station heard of it.
    live_alert_and_back_ms_p50: u64,
    live_alert_and_back_ms_p99: u64,
}

/// Live stations beside the fleet, and how often each raises an alert.
const LIVE: u64 = 20;
const LIVE_EVERY: Duration = Duration::from_millis(500);
/// How long those that were away have been away.
const AWAY_MS: i64 = 8 * 3_600_000;
/// A central that died is started again after this.
const DEAD: Duration = Duration::from_secs(1);
/// Longest that anything may take after the day.
const PATIENCE: Duration = Duration::from_secs(900);

impl Figures {
    pub fn is_good(&self) -> bool {
        self.whole
    }
}

/// # Errors
/// What could not be started, or did not end in time.
pub async fn run(plan: &Plan) -> Result<Figures, String> {
    let bodies: &'static Bodies = Box::leak(Box::new(Bodies::new()?));
    let site = Site::new(plan.postgres).await;
    let port = site.broker.port;
    let mut central = site.central(1, false)?;
    let (away, begun) = (plan.stations / 3, Instant::now());
    let at = |share: f64| begun + Duration::from_secs_f64(plan.seconds as f64 * share);
    let mut tasks: JoinSet<(String, Recorded)> = JoinSet::new();
    for number in 0..plan.stations {
        // Those that come back early spread over the time of deaths, the others come at its end all at once.
        let back = if number % 2 == 0 { at(0.2 + 0.5 * number as f64 / away.max(1) as f64) } else { at(QUIET) };
        let own = Own { number, port, parcels: plan.parcels, begun, ends: at(1.0) };
        if number < away {
            tasks.spawn(was_away(own, back, bodies))
        } else {
            tasks.spawn(worked(own, bodies))
        };
    }
    kill(&mut central, plan, at).await?;
    tokio::time::sleep_until(at(QUIET).into()).await;
    let (alerting, drained) = tokio::sync::watch::channel(false);
    let mut live = JoinSet::new();
    for number in 0..LIVE {
        live.spawn(alerts(number, port, bodies, drained.clone()));
    }
    let mut recorded = BTreeMap::new();
    let all = async {
        while let Some(done) = tasks.join_next().await {
            let (station, of) = done.map_err(|error| error.to_string())?;
            recorded.insert(station, of);
        }
        Ok::<(), String>(())
    };
    let ended = tokio::time::timeout(PATIENCE, all).await;
    let seconds = begun.elapsed().as_secs_f64();
    // The receivers end with their stations.
    let _ = alerting.send(true);
    let mut took = Vec::new();
    while let Some(done) = live.join_next().await {
        let (station, of, times) = done.map_err(|error| error.to_string())?;
        recorded.insert(station, of);
        took.extend(times);
    }
    ended.map_err(|_| format!("not everything was acknowledged {PATIENCE:?} after the day"))??;
    figures(plan, &site.ground, &recorded, seconds, took).await.map_err(|error| error.to_string())
}

/// Again and again, until the quiet stretch.
async fn kill(central: &mut Consumer, plan: &Plan, at: impl Fn(f64) -> Instant) -> Result<(), String> {
    for death in 0..plan.kills {
        let share = QUIET * (death as f64 + 0.5) / plan.kills.max(1) as f64;
        tokio::time::sleep_until(at(share).into()).await;
        central.kill();
        tokio::time::sleep(DEAD).await;
        central.start()?;
    }
    Ok(())
}

async fn figures(
    plan: &Plan,
    ground: &Ground,
    recorded: &BTreeMap<String, Recorded>,
    seconds: f64,
    mut took: Vec<u64>,
) -> Result<Figures, Box<dyn std::error::Error>> {
    took.sort_unstable();
    let mut came = at_central(ground).await?;
    came.sort_unstable();
    let counted = count(ground, recorded).await?;
    let repeated = ground.open().await.counts().await?.repeated;
    let records: u64 = recorded.values().map(Recorded::high).sum();
    Ok(Figures {
        whole: counted.is_whole(),
        records,
        count: counted,
        stations: plan.stations,
        away: plan.stations / 3,
        kills: plan.kills,
        seconds,
        records_per_s: records as f64 / seconds,
        repeated,
        live_alerts: took.len(),
        live_alert_at_central_ms_p50: percentile(&came, 50),
        live_alert_at_central_ms_p99: percentile(&came, 99),
        live_alert_and_back_ms_p50: percentile(&took, 50),
        live_alert_and_back_ms_p99: percentile(&took, 99),
    })
}

fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
}

/// How old each live alert was when central wrote it down, milliseconds.
async fn at_central(ground: &Ground) -> Result<Vec<u64>, sqlx::Error> {
    let ages: Vec<(i64,)> = sqlx::query_as("SELECT received_ms - at_ms FROM alert WHERE station LIKE 'live-%'")
        .fetch_all(&mut ground.connect().await)
        .await?;
    Ok(ages.into_iter().map(|(age,)| u64::try_from(age).unwrap_or(0)).collect())
}

/// From here on nobody is killed.
const QUIET: f64 = 0.8;

struct Own {
    number: u64,
    port: u16,
    parcels: u64,
    begun: Instant,
    ends: Instant,
}

fn named(prefix: &str, number: u64) -> (String, Address) {
    let name = format!("{prefix}-{number:04}");
    let address = Address::new("JFK", &name).expect("a good name");
    (name, address)
}

/// It recorded everything without a network, and comes back.
async fn was_away(own: Own, back: Instant, bodies: &'static Bodies) -> (String, Recorded) {
    let (name, address) = named("st", own.number);
    let (mut chain, mut recorded, outbox) = (Chain::new(&name, bodies), Recorded::default(), Shared::default());
    recorded.history = true;
    for _ in 0..own.parcels {
        for record in chain.parcel(now_ms() - AWAY_MS) {
            recorded.note(&record);
            outbox.push(record);
        }
        tokio::task::yield_now().await;
    }
    tokio::time::sleep_until(back.into()).await;
    let station = Station::start(&address, own.port, outbox);
    station.verified(recorded.high()).await;
    station.stop().await;
    (name, recorded)
}

/// It works all day, parcel by parcel.
async fn worked(own: Own, bodies: &'static Bodies) -> (String, Recorded) {
    let (name, address) = named("st", own.number);
    let (mut chain, mut recorded) = (Chain::new(&name, bodies), Recorded::default());
    let station = Station::start(&address, own.port, Shared::default());
    let day = own.ends - own.begun;
    for parcel in 0..own.parcels {
        // Stations do not beat in time.
        let share = (parcel as f64 + (own.number % 97) as f64 / 97.0) / own.parcels as f64;
        tokio::time::sleep_until((own.begun + day.mul_f64(share)).into()).await;
        let records = chain.parcel(now_ms());
        records.iter().for_each(|record| recorded.note(record));
        station.push(records);
    }
    station.verified(recorded.high()).await;
    station.stop().await;
    (name, recorded)
}

/// Alerts one after the other until told to stop; how long each took to central and back, in milliseconds.
async fn alerts(
    number: u64,
    port: u16,
    bodies: &'static Bodies,
    mut drained: tokio::sync::watch::Receiver<bool>,
) -> (String, Recorded, Vec<u64>) {
    let (name, address) = named("live", number);
    let (mut chain, mut recorded, mut took) = (Chain::new(&name, bodies), Recorded::default(), Vec::new());
    let station = Station::start(&address, port, Shared::default());
    let mut link = station.link.clone();
    let _ = link.wait_for(|state| state.connected && state.central_heard_ms.is_some()).await;
    let mut beat = tokio::time::interval(LIVE_EVERY);
    while !*drained.borrow() {
        tokio::select! {
            _ = beat.tick() => {}
            _ = drained.changed() => break,
        }
        let (record, pushed) = (chain.alert(now_ms()), Instant::now());
        recorded.note(&record);
        station.push([record]);
        station.verified(recorded.high()).await;
        took.push(u64::try_from(pushed.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    station.stop().await;
    (name, recorded, took)
}

//! `gatepost-fleet consumers`: one consumer, then three that share the stations' messages, one of them killed on the way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gatepost_sync::topics::Address;
use serde::Serialize;

use crate::count::{Count, Recorded, count};
use crate::ground::{Consumer, Site};
use crate::records::{Bodies, Chain, NOON_MS};
use crate::station::{Shared, Station};

pub struct Plan {
    pub stations: u64,
    /// Of each station; three records each.
    pub parcels: u64,
    /// Milliseconds to the database and back.
    pub distance_ms: u64,
}

#[derive(Serialize)]
pub struct Figures {
    /// Rate of three consumers ÷ rate of one, in one run.
    ratio_three_to_one: f64,
    one_per_s: f64,
    three_per_s: f64,
    /// Three of which one is killed half-way.
    killed_per_s: f64,
    whole: bool,
    counts: Vec<Count>,
    records: u64,
    distance_ms: u64,
}

const PATIENCE: Duration = Duration::from_secs(300);

impl Figures {
    pub fn is_good(&self) -> bool {
        self.whole
    }
}

/// # Errors
/// What could not be started, or did not end in time.
pub async fn run(plan: &Plan) -> Result<Figures, String> {
    let bodies = Bodies::new()?;
    let mut counts = Vec::new();
    let mut rates = Vec::new();
    for (consumers, kill) in [(1, false), (3, false), (3, true)] {
        let (rate, count) = drain(plan, &bodies, consumers, kill).await?;
        rates.push(rate);
        counts.push(count);
    }
    Ok(Figures {
        ratio_three_to_one: rates[1] / rates[0],
        one_per_s: rates[0],
        three_per_s: rates[1],
        killed_per_s: rates[2],
        whole: counts.iter().all(Count::is_whole),
        counts,
        records: plan.stations * plan.parcels * 3,
        distance_ms: plan.distance_ms,
    })
}

/// Backlogs of all stations at once, into a new database; records a second, and the count.
async fn drain(plan: &Plan, bodies: &Bodies, consumers: usize, kill: bool) -> Result<(f64, Count), String> {
    let site = match plan.distance_ms {
        0 => Site::new(true).await,
        there_and_back => Site::at_a_distance(Duration::from_micros(there_and_back * 500)).await?,
    };
    let mut recorded = BTreeMap::new();
    let mut outboxes = Vec::new();
    for number in 0..plan.stations {
        let name = format!("st-{number:04}");
        let (mut chain, mut of, outbox) = (Chain::new(&name, bodies), Recorded::default(), Shared::default());
        for _ in 0..plan.parcels {
            for record in chain.parcel(NOON_MS) {
                of.note(&record);
                outbox.push(record);
            }
        }
        of.history = true;
        outboxes.push((Address::new("JFK", &name).ok_or("no name")?, outbox, of.high()));
        recorded.insert(name, of);
    }
    let started: Result<Vec<Consumer>, String> = (1..=consumers).map(|n| site.central(n, consumers > 1)).collect();
    let mut centrals = started?;
    let begun = Instant::now();
    let stations: Vec<(Station, u64)> = outboxes
        .into_iter()
        .map(|(address, outbox, high)| (Station::start(&address, site.broker.port, outbox), high))
        .collect();
    let half = stations.len() / 2;
    let all = async {
        for (number, (station, high)) in stations.iter().enumerate() {
            if kill && number == half {
                centrals[0].kill();
            }
            station.verified(if kill && number < half { high / 2 } else { *high }).await;
        }
        for (station, high) in &stations {
            station.verified(*high).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.map_err(|_| format!("not drained within {PATIENCE:?}"))?;
    let rate = (plan.stations * plan.parcels * 3) as f64 / begun.elapsed().as_secs_f64();
    for (station, _) in stations {
        station.stop().await;
    }
    let counted = count(&site.ground, &recorded).await.map_err(|error| error.to_string())?;
    Ok((rate, counted))
}

//! One batch of messages into the database, in one transaction; what may be acknowledged comes out after its commit.
//!
//! A batch holds a few records of many stations as often as many of a few, so every question is asked once for all of
//! them. The stations' rows are locked first, in the order of their names: two centrals at one database wait for each
//! other and never for ever, and what one has seen of a chain stays so until it has written.

mod arrived;
mod chain;
mod rows;

pub use arrived::Arrived;

use std::collections::{BTreeMap, BTreeSet};

use gatepost_sync::chain::Digest;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Name};
use sqlx::{AnyConnection, Row};

use super::connect::Kind;
use super::many::Column::{Number, Text};
use super::many::{Cell, in_chunks, over};
use super::{Store, StoreError, number, sequence, verified};
use crate::alert::plain;
use crate::place::{Doubt, Placed};
use chain::Hood;

/// A message that is put aside.
#[derive(Clone, Debug)]
pub struct Doubtful {
    pub address: Address,
    pub seq: Option<u64>,
    pub doubt: Doubt,
    pub bytes: Vec<u8>,
}

/// What arrived together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub records: BTreeMap<Name, Vec<Arrived>>,
    pub doubtful: Vec<Doubtful>,
    pub statuses: Vec<(Address, Status)>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.doubtful.is_empty() && self.statuses.is_empty()
    }
}

/// What one station may be told after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub address: Address,
    pub verified: RangeSet,
    pub received: RangeSet,
    pub high: Option<u64>,
}

/// What a commit did, for the log and for fresh alarms.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub stations: Vec<Committed>,
    pub stored: usize,
    pub repeated: usize,
    pub quarantined: usize,
    pub fresh_alerts: usize,
}

/// Kept of a message that is put aside.
const QUARANTINE_BYTES_MAX: usize = 4 << 10;
/// Different messages put aside per station; beyond, they are only counted.
const QUARANTINE_ROWS_MAX: i64 = 1_000;
/// And of all stations together, whatever they call themselves.
const QUARANTINE_ALL_ROWS_MAX: i64 = 20_000;
/// Kept of why.
const DETAIL_CHARS_MAX: usize = 500;
/// Kept of what a station calls its software.
const SOFTWARE_CHARS_MAX: usize = 64;

/// A station as it stands in the database, its row locked.
#[derive(Clone, Debug)]
struct Standing {
    facility: Name,
    verified_to: i64,
    head: Digest,
    high: i64,
}

/// What a batch brings of one station.
struct Brought {
    station: Name,
    fresh: Vec<Arrived>,
    repeated: usize,
    /// Fresh and repeated ones, by number.
    confirmed: RangeSet,
}

impl Store {
    /// # Errors
    /// When the database refuses; then nothing of the batch is stored, and nothing may be acknowledged.
    pub async fn commit(&self, batch: Batch, now_ms: i64) -> Result<Outcome, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let connection: &mut AnyConnection = &mut transaction;
        let mut stations = lock(connection, self.kind, &batch, now_ms).await?;
        let (mut outcome, mut doubtful) = (Outcome::default(), batch.doubtful);
        let mut hoods = chain::hoods(connection, self.kind, &batch.records).await?;
        let mut brought = Vec::with_capacity(batch.records.len());
        for (name, records) in batch.records {
            let (Some(standing), Some(hood)) = (stations.get(&name), hoods.get_mut(&name)) else { continue };
            brought.push(sort(name, records, standing, hood, &mut doubtful));
        }
        let fresh: Vec<(&Name, &Arrived)> =
            brought.iter().flat_map(|of| of.fresh.iter().map(|arrived| (&of.station, arrived))).collect();
        rows::insert_records(connection, self.kind, &fresh, now_ms).await?;
        outcome.fresh_alerts = rows::insert_alerts(connection, self.kind, &fresh, now_ms).await?;
        chain::advance(connection, self.kind, &mut stations, &hoods, &brought).await?;
        count(connection, self.kind, &mut stations, &brought, now_ms).await?;
        for (address, status) in &batch.statuses {
            keep_status(connection, address, status, now_ms).await?;
        }
        for doubt in &doubtful {
            quarantine(connection, doubt, now_ms).await?;
        }
        transaction.commit().await?;
        outcome.quarantined = doubtful.len();
        for Brought { station, fresh, repeated, confirmed } in brought {
            let Some(standing) = stations.remove(&station) else { continue };
            outcome.stored += fresh.len();
            outcome.repeated += repeated;
            outcome.stations.push(Committed {
                address: Address { facility: standing.facility, station },
                verified: verified(standing.verified_to),
                received: confirmed,
                high: sequence(standing.high),
            });
        }
        Ok(outcome)
    }
}

/// The batch's stations, made where they are new, and how they stand. The first message decides on the facility.
async fn lock(
    connection: &mut AnyConnection,
    kind: Kind,
    batch: &Batch,
    now_ms: i64,
) -> Result<BTreeMap<Name, Standing>, StoreError> {
    let mut claimed: BTreeMap<&Name, &Name> = BTreeMap::new();
    for (address, _) in &batch.statuses {
        claimed.insert(&address.station, &address.facility);
    }
    for (station, records) in &batch.records {
        if let Some(first) = records.first() {
            claimed.insert(station, &first.facility);
        }
    }
    let rows: Vec<(&Name, &Name)> = claimed.iter().map(|(station, facility)| (*station, *facility)).collect();
    for rows in in_chunks(kind, &rows) {
        let sql = |source: &str| {
            format!(
                "INSERT INTO station (station, facility, first_heard_ms, last_heard_ms) {source}
                 ON CONFLICT (station) DO NOTHING"
            )
        };
        let insert = over(kind, [Text, Text, Number, Number], rows, sql, |(station, facility)| {
            [Cell::from(station.as_str()), facility.as_str().into(), now_ms.into(), now_ms.into()]
        });
        insert.execute(&mut *connection).await?;
    }
    let doubtful = batch.doubtful.iter().map(|doubtful| &doubtful.address.station);
    let wanted: Vec<&Name> = claimed.into_keys().chain(doubtful).collect::<BTreeSet<_>>().into_iter().collect();
    let mut stations = BTreeMap::new();
    for names in in_chunks(kind, &wanted) {
        let locking = kind.locking();
        let sql = |source: &str| {
            format!(
                "SELECT station, facility, verified_to, verified_head, high FROM station
                 WHERE station IN ({source}) ORDER BY station{locking}"
            )
        };
        let select = over(kind, [Text], names, sql, |name| [Cell::from(name.as_str())]);
        for row in select.fetch_all(&mut *connection).await? {
            let (station, facility): (&str, &str) = (row.try_get("station")?, row.try_get("facility")?);
            let (Some(station), Some(facility)) = (Name::new(station), Name::new(facility)) else { continue };
            let head: &str = row.try_get("verified_head")?;
            let standing = Standing {
                facility,
                verified_to: row.try_get("verified_to")?,
                head: Digest::parse(head).unwrap_or_default(),
                high: row.try_get("high")?,
            };
            stations.insert(station, standing);
        }
    }
    Ok(stations)
}

/// What is new of one station's records, what is here already, and what is put aside.
fn sort(
    station: Name,
    records: Vec<Arrived>,
    standing: &Standing,
    hood: &mut Hood,
    doubtful: &mut Vec<Doubtful>,
) -> Brought {
    let mut brought = Brought { station, fresh: Vec::new(), repeated: 0, confirmed: RangeSet::new() };
    for arrived in records {
        let seq = arrived.seq;
        let placed = match arrived.facility == standing.facility {
            true => hood.known.place(seq, arrived.link),
            false => Placed::Refused(Doubt::OtherFacility {
                known: standing.facility.to_string(),
                topic: arrived.facility.to_string(),
            }),
        };
        match placed {
            Placed::New => {
                brought.confirmed.insert_one(seq);
                brought.fresh.push(arrived);
            }
            Placed::Repeated => {
                brought.confirmed.insert_one(seq);
                brought.repeated += 1;
            }
            Placed::Refused(doubt) => doubtful.push(Doubtful {
                address: Address { facility: arrived.facility, station: brought.station.clone() },
                seq: Some(seq),
                doubt,
                bytes: arrived.envelope.into_bytes(),
            }),
        }
    }
    brought
}

/// Writes down how the stations stand now.
async fn count(
    connection: &mut AnyConnection,
    kind: Kind,
    stations: &mut BTreeMap<Name, Standing>,
    brought: &[Brought],
    now_ms: i64,
) -> Result<(), StoreError> {
    for of in brought {
        let highest = of.fresh.iter().map(|arrived| number(arrived.seq)).max();
        if let Some(standing) = stations.get_mut(&of.station) {
            standing.high = standing.high.max(highest.unwrap_or(0));
        }
    }
    for rows in in_chunks(kind, brought) {
        let sql = |source: &str| {
            format!(
                "WITH heard (station, stored, repeated, high, verified_to, verified_head, now_ms) AS ({source})
                 UPDATE station SET received = received + heard.stored + heard.repeated,
                 repeated = station.repeated + heard.repeated, durable = durable + heard.stored, high = heard.high,
                 verified_to = heard.verified_to, verified_head = heard.verified_head, last_heard_ms = heard.now_ms
                 FROM heard WHERE station.station = heard.station"
            )
        };
        let update = over(kind, [Text, Number, Number, Number, Number, Text, Number], rows, sql, |of| {
            let standing = stations.get(&of.station);
            let (high, verified_to) = standing.map_or((0, 0), |standing| (standing.high, standing.verified_to));
            let head = standing.map_or(Digest::ZERO, |standing| standing.head);
            [
                Cell::from(of.station.as_str()),
                (of.fresh.len() as i64).into(),
                (of.repeated as i64).into(),
                high.into(),
                verified_to.into(),
                head.to_string().into(),
                now_ms.into(),
            ]
        });
        update.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An older status (a last will of a connection that has been replaced) changes nothing.
async fn keep_status(
    connection: &mut AnyConnection,
    address: &Address,
    status: &Status,
    now_ms: i64,
) -> Result<(), StoreError> {
    let claimed = status.high.map_or(0, number);
    sqlx::query(
        "UPDATE station SET online = $1, online_since_ms = $2, claimed_high = CASE WHEN claimed_high < $3 THEN $3 ELSE claimed_high END,
         backlog = $4, software = $5, last_heard_ms = $6
         WHERE station = $7 AND facility = $8 AND online_since_ms <= $2",
    )
    .bind(i64::from(status.online))
    .bind(status.since_ms)
    .bind(claimed)
    .bind(number(status.backlog))
    .bind(plain(&status.software, SOFTWARE_CHARS_MAX))
    .bind(now_ms)
    .bind(address.station.as_str())
    .bind(address.facility.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn quarantine(connection: &mut AnyConnection, doubtful: &Doubtful, now_ms: i64) -> Result<(), StoreError> {
    let station = doubtful.address.station.as_str();
    sqlx::query("UPDATE station SET quarantined = quarantined + 1 WHERE station = $1")
        .bind(station)
        .execute(&mut *connection)
        .await?;
    let shown = &doubtful.bytes[..doubtful.bytes.len().min(QUARANTINE_BYTES_MAX)];
    sqlx::query(
        "INSERT INTO quarantine (station, digest, facility, seq, reason, detail, first_ms, last_ms, times, bytes)
         SELECT $1, $2, $3, $4, $5, $6, $7, $7, 1, $8
         WHERE ((SELECT COUNT(*) FROM quarantine WHERE station = $1) < $9
                AND (SELECT COUNT(*) FROM quarantine) < $10)
            OR EXISTS (SELECT 1 FROM quarantine WHERE station = $1 AND digest = $2 AND reason = $5)
         ON CONFLICT (station, digest, reason) DO UPDATE SET last_ms = excluded.last_ms, times = quarantine.times + 1",
    )
    .bind(station)
    .bind(Digest::of(&doubtful.bytes).to_string())
    .bind(doubtful.address.facility.as_str())
    .bind(doubtful.seq.map(number))
    .bind(doubtful.doubt.name())
    .bind(plain(&doubtful.doubt.to_string(), DETAIL_CHARS_MAX))
    .bind(now_ms)
    .bind(plain(&String::from_utf8_lossy(shown), QUARANTINE_BYTES_MAX))
    .bind(QUARANTINE_ROWS_MAX)
    .bind(QUARANTINE_ALL_ROWS_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

//! One batch of messages into the database, in one transaction; what may be acknowledged comes out after its commit.
//!
//! A batch holds a few records of many stations as often as many of a few, so every question is asked once for all of
//! them. Several centrals at one database write their records side by side; only what is said of the stations afterwards
//! (how far each chain holds) is written by one at a time, the stations' rows locked in the order of their names. Who meets
//! a record that another has just written begins the batch again, and finds it there.

mod arrived;
mod chain;
mod rows;

pub use arrived::Arrived;

use std::collections::{BTreeMap, BTreeSet};

use gatepost_pipeline::record::Kind as RecordKind;
use gatepost_sync::chain::Digest;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Name};
use sqlx::{AnyConnection, Row};

use super::connect::Kind;
use super::follow::Touched;
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
    pub touched: Touched,
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
    /// It was taken out of service.
    revoked: bool,
}

/// What a batch brings of one station.
struct Brought<'b> {
    station: &'b Name,
    fresh: Vec<&'b Arrived>,
    repeated: usize,
    /// Fresh and repeated ones, by number.
    confirmed: RangeSet,
}

/// Of the station of this row: 1 when it was taken out of service.
pub(super) const REVOKED: &str = "(SELECT COUNT(*) FROM enrolment
     WHERE enrolment.station = station.station AND enrolment.revoked_ms IS NOT NULL)";

/// How often a batch that met another central's is begun again.
const ATTEMPTS: usize = 10;

impl Store {
    /// # Errors
    /// When the database refuses; then nothing of the batch is stored, and nothing may be acknowledged.
    pub async fn commit(&self, batch: Batch, now_ms: i64) -> Result<Outcome, StoreError> {
        for _ in 1..ATTEMPTS {
            match self.attempt(&batch, now_ms).await {
                Err(StoreError::Sql(error)) if self.kind.met_another(&error) => {}
                ended => return ended,
            }
        }
        self.attempt(&batch, now_ms).await
    }

    async fn attempt(&self, batch: &Batch, now_ms: i64) -> Result<Outcome, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let (connection, kind): (&mut AnyConnection, Kind) = (&mut transaction, self.kind);
        let names = make_known(connection, kind, batch, now_ms).await?;
        let known = standings(connection, kind, &names, "").await?;
        let mut refused = Vec::new();
        let mut hoods = chain::hoods(connection, kind, &batch.records).await?;
        let mut brought = Vec::with_capacity(batch.records.len());
        for (name, records) in &batch.records {
            let (Some(standing), Some(hood)) = (known.get(name), hoods.get_mut(name)) else { continue };
            brought.push(sort(name, records, standing, hood, &mut refused));
        }
        let fresh: Vec<(&Name, &Arrived)> =
            brought.iter().flat_map(|of| of.fresh.iter().map(|&arrived| (of.station, arrived))).collect();
        rows::insert_records(connection, kind, &fresh, now_ms).await?;
        let fresh_alerts = rows::insert_alerts(connection, kind, &fresh, now_ms).await?;
        let mut stations = match kind.locking() {
            Some(locking) => standings(connection, kind, &names, locking).await?,
            None => known,
        };
        chain::advance(connection, kind, &mut stations, &hoods, &brought).await?;
        count(connection, kind, &mut stations, &brought, now_ms).await?;
        keep_statuses(connection, kind, &batch.statuses, now_ms).await?;
        for doubt in batch.doubtful.iter().chain(&refused) {
            quarantine(connection, doubt, now_ms).await?;
        }
        transaction.commit().await?;
        let quarantined = batch.doubtful.len() + refused.len();
        let touched = touched(&fresh);
        let mut outcome = Outcome { quarantined, fresh_alerts, touched, ..Outcome::default() };
        for Brought { station, fresh, repeated, confirmed } in brought {
            // Who was taken out is told nothing any more.
            let Some(standing) = stations.remove(station).filter(|standing| !standing.revoked) else { continue };
            outcome.stored += fresh.len();
            outcome.repeated += repeated;
            outcome.stations.push(Committed {
                address: Address { facility: standing.facility, station: station.clone() },
                verified: verified(standing.verified_to),
                received: confirmed,
                high: sequence(standing.high),
            });
        }
        Ok(outcome)
    }
}

/// What holds may be waiting for.
fn touched(fresh: &[(&Name, &Arrived)]) -> Touched {
    let mut touched = Touched::default();
    for (station, arrived) in fresh {
        let told = &arrived.row;
        match (&told.named.item, &told.named.pass) {
            (Some(item), _) => drop(touched.items.insert(item.clone())),
            // A pass that only begins is nobody's yet.
            (None, Some(pass)) if told.kind != RecordKind::Sighting || told.named.outcome.is_some() => {
                touched.passes.insert((station.to_string(), pass.clone()));
            }
            _ => {}
        }
        if told.kind == RecordKind::List {
            touched.lists.insert(station.to_string());
        }
    }
    touched
}

/// Makes the batch's stations where they are new, and names all of them, in order. The first message decides on the facility.
async fn make_known<'b>(
    connection: &mut AnyConnection,
    kind: Kind,
    batch: &'b Batch,
    now_ms: i64,
) -> Result<Vec<&'b Name>, StoreError> {
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
    Ok(claimed.into_keys().chain(doubtful).collect::<BTreeSet<_>>().into_iter().collect())
}

/// How these stations stand; `locking` ends the question.
async fn standings(
    connection: &mut AnyConnection,
    kind: Kind,
    wanted: &[&Name],
    locking: &str,
) -> Result<BTreeMap<Name, Standing>, StoreError> {
    let mut stations = BTreeMap::new();
    for names in in_chunks(kind, wanted) {
        let sql = |source: &str| {
            format!(
                "SELECT station, facility, verified_to, verified_head, high, {REVOKED} AS revoked FROM station
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
                revoked: row.try_get::<i64, _>("revoked")? > 0,
            };
            stations.insert(station, standing);
        }
    }
    Ok(stations)
}

/// What is new of one station's records, what is here already, and what is put aside.
fn sort<'b>(
    station: &'b Name,
    records: &'b [Arrived],
    standing: &Standing,
    hood: &mut Hood,
    refused: &mut Vec<Doubtful>,
) -> Brought<'b> {
    let mut brought = Brought { station, fresh: Vec::new(), repeated: 0, confirmed: RangeSet::new() };
    for arrived in records {
        let seq = arrived.seq;
        let placed = match arrived.facility == standing.facility {
            _ if standing.revoked => Placed::Refused(Doubt::Revoked),
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
            Placed::Refused(doubt) => refused.push(Doubtful {
                address: Address { facility: arrived.facility.clone(), station: station.clone() },
                seq: Some(seq),
                doubt,
                bytes: arrived.envelope.clone().into_bytes(),
            }),
        }
    }
    // In the order of their numbers: two centrals that write the same ones wait for each other, and never in a ring.
    brought.fresh.sort_by_key(|arrived| arrived.seq);
    brought
}

/// Writes down how the stations stand now.
async fn count(
    connection: &mut AnyConnection,
    kind: Kind,
    stations: &mut BTreeMap<Name, Standing>,
    brought: &[Brought<'_>],
    now_ms: i64,
) -> Result<(), StoreError> {
    for of in brought {
        let highest = of.fresh.iter().map(|arrived| number(arrived.seq)).max();
        if let Some(standing) = stations.get_mut(of.station) {
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
            let standing = stations.get(of.station);
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

/// An older status (a last will of a connection that has been replaced) changes nothing; of several of one station in a batch
/// the newest counts, and no promise is taken back.
async fn keep_statuses(
    connection: &mut AnyConnection,
    kind: Kind,
    statuses: &[(Address, Status)],
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut newest: BTreeMap<&Address, (&Status, i64)> = BTreeMap::new();
    for (address, status) in statuses {
        let claimed = status.high.map_or(0, number);
        let kept = newest.entry(address).or_insert((status, claimed));
        if status.since_ms >= kept.0.since_ms {
            *kept = (status, claimed.max(kept.1));
        }
    }
    let newest: Vec<(&Address, &Status, i64)> =
        newest.into_iter().map(|(address, (status, claimed))| (address, status, claimed)).collect();
    for rows in in_chunks(kind, &newest) {
        let sql = |source: &str| {
            format!(
                "WITH said (station, facility, online, since_ms, claimed, backlog, software, now_ms) AS ({source})
                 UPDATE station SET online = said.online, online_since_ms = said.since_ms, backlog = said.backlog,
                 claimed_high = CASE WHEN claimed_high < said.claimed THEN said.claimed ELSE claimed_high END,
                 software = said.software, last_heard_ms = said.now_ms FROM said
                 WHERE station.station = said.station AND station.facility = said.facility
                 AND online_since_ms <= said.since_ms"
            )
        };
        let columns = [Text, Text, Number, Number, Number, Number, Text, Number];
        let update = over(kind, columns, rows, sql, |(address, status, claimed)| {
            [
                Cell::from(address.station.as_str()),
                address.facility.as_str().into(),
                i64::from(status.online).into(),
                status.since_ms.into(),
                (*claimed).into(),
                number(status.backlog).into(),
                plain(&status.software, SOFTWARE_CHARS_MAX).into(),
                now_ms.into(),
            ]
        });
        update.execute(&mut *connection).await?;
    }
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

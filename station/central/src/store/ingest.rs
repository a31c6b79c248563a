//! One batch of messages into the database, in one transaction; what may be acknowledged comes out after its commit.

use std::collections::BTreeMap;

use gatepost_sync::chain::{Digest, Received};
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::status::Status;
use gatepost_sync::topics::{Address, Name};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{Store, StoreError, number, sequence, verified};
use crate::alert;
use crate::place::{Doubt, Link, Neighbourhood, Placed};

/// A record message that its topic does not contradict.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub facility: Name,
    pub received: Received,
    /// The record itself; UTF-8, since it was read as JSON.
    pub envelope: String,
    pub history: bool,
}

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

/// Rows in one INSERT; 15 values each stay below every database's limit.
const ROWS_AT_ONCE: usize = 500;
/// Runs of numbers this close are looked up together.
const NEAR: u64 = 32;
/// Steps of one walk along the chain before the next look into the database.
const WALK: i64 = 4_096;
/// Kept of a message that is put aside.
const QUARANTINE_BYTES_MAX: usize = 4 << 10;
/// Different messages put aside per station; beyond, they are only counted.
const QUARANTINE_ROWS_MAX: i64 = 1_000;
/// And of all stations together, whatever they call themselves.
const QUARANTINE_ALL_ROWS_MAX: i64 = 20_000;

impl Store {
    /// # Errors
    /// When the database refuses; then nothing of the batch is stored, and nothing may be acknowledged.
    pub async fn commit(&self, batch: Batch, now_ms: i64) -> Result<Outcome, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let connection: &mut SqliteConnection = &mut transaction;
        let (mut outcome, mut doubtful) = (Outcome::default(), batch.doubtful);
        for (station, records) in batch.records {
            commit_station(connection, &station, records, now_ms, &mut doubtful, &mut outcome).await?;
        }
        for (address, status) in &batch.statuses {
            keep_status(connection, address, status, now_ms).await?;
        }
        for doubt in &doubtful {
            quarantine(connection, doubt, now_ms).await?;
        }
        outcome.quarantined = doubtful.len();
        transaction.commit().await?;
        Ok(outcome)
    }
}

async fn commit_station(
    connection: &mut SqliteConnection,
    station: &Name,
    records: Vec<Arrived>,
    now_ms: i64,
    doubtful: &mut Vec<Doubtful>,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let Some(first) = records.first() else { return Ok(()) };
    let facility = known_facility(connection, station, &first.facility, now_ms).await?;
    let mut hood = neighbourhood(connection, station, &records).await?;
    let (mut fresh, mut confirmed, mut repeated) = (Vec::new(), RangeSet::new(), 0);
    for arrived in records {
        let seq = arrived.received.envelope.seq;
        let placed = match arrived.facility == facility {
            true => hood.place(seq, Link::from(&arrived.received)),
            false => Placed::Refused(Doubt::OtherFacility {
                known: facility.to_string(),
                topic: arrived.facility.to_string(),
            }),
        };
        match placed {
            Placed::New => {
                confirmed.insert_one(seq);
                fresh.push(arrived);
            }
            Placed::Repeated => {
                confirmed.insert_one(seq);
                repeated += 1;
            }
            Placed::Refused(doubt) => doubtful.push(Doubtful {
                address: Address { facility: arrived.facility, station: station.clone() },
                seq: Some(seq),
                doubt,
                bytes: arrived.envelope.into_bytes(),
            }),
        }
    }
    for rows in fresh.chunks(ROWS_AT_ONCE) {
        insert_records(connection, station, rows, now_ms).await?;
        outcome.fresh_alerts += insert_alerts(connection, station, rows, now_ms).await?;
    }
    outcome.stored += fresh.len();
    outcome.repeated += repeated;
    let highest = fresh.iter().map(|arrived| arrived.received.envelope.seq).max();
    let state = advance(connection, station, fresh.len(), repeated, highest, now_ms).await?;
    outcome.stations.push(Committed {
        address: Address { facility, station: station.clone() },
        verified: state.verified,
        received: confirmed,
        high: state.high,
    });
    Ok(())
}

/// The facility under which this station is known; the first message decides.
async fn known_facility(
    connection: &mut SqliteConnection,
    station: &Name,
    claimed: &Name,
    now_ms: i64,
) -> Result<Name, StoreError> {
    sqlx::query(
        "INSERT INTO station (station, facility, first_heard_ms, last_heard_ms) VALUES ($1, $2, $3, $3)
         ON CONFLICT (station) DO NOTHING",
    )
    .bind(station.as_str())
    .bind(claimed.as_str())
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let facility: String = sqlx::query_scalar("SELECT facility FROM station WHERE station = $1")
        .bind(station.as_str())
        .fetch_one(connection)
        .await?;
    Ok(Name::new(&facility).unwrap_or_else(|| claimed.clone()))
}

/// Every stored record that is one of these or stands beside one of these.
async fn neighbourhood(
    connection: &mut SqliteConnection,
    station: &Name,
    records: &[Arrived],
) -> Result<Neighbourhood, StoreError> {
    let mut wanted = RangeSet::new();
    for arrived in records {
        let seq = arrived.received.envelope.seq;
        wanted.insert(seq.saturating_sub(NEAR), seq.saturating_add(1));
    }
    let mut hood = Neighbourhood::default();
    for range in wanted.iter() {
        let rows =
            sqlx::query("SELECT seq, prev, digest, head FROM record WHERE station = $1 AND seq BETWEEN $2 AND $3")
                .bind(station.as_str())
                .bind(number(*range.start()))
                .bind(number(*range.end()))
                .fetch_all(&mut *connection)
                .await?;
        for row in rows {
            let (seq, link) = link(&row)?;
            hood.know(seq, link);
        }
    }
    Ok(hood)
}

fn link(row: &sqlx::sqlite::SqliteRow) -> Result<(u64, Link), StoreError> {
    let digest = |column: &str| -> Result<Digest, StoreError> {
        let text: &str = row.try_get(column)?;
        Digest::parse(text).ok_or_else(|| {
            let source = format!("{text:?} is no digest: somebody changed the table by hand").into();
            StoreError::Sql(sqlx::Error::ColumnDecode { index: column.to_owned(), source })
        })
    };
    let seq: i64 = row.try_get("seq")?;
    Ok((
        sequence(seq).unwrap_or_default(),
        Link { prev: digest("prev")?, digest: digest("digest")?, head: digest("head")? },
    ))
}

async fn insert_records(
    connection: &mut SqliteConnection,
    station: &Name,
    rows: &[Arrived],
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO record (station, seq, prev, digest, head, at_ms, received_ms, history, lane, kind, class, pass,
         item, outcome, envelope) ",
    );
    insert.push_values(rows, |mut row, arrived| {
        let envelope = &arrived.received.envelope;
        let named = alert::named(&envelope.body);
        row.push_bind(station.as_str().to_owned())
            .push_bind(number(envelope.seq))
            .push_bind(envelope.prev.to_string())
            .push_bind(arrived.received.digest.to_string())
            .push_bind(arrived.received.head.to_string())
            .push_bind(envelope.at)
            .push_bind(now_ms)
            .push_bind(i64::from(arrived.history))
            .push_bind(envelope.lane.clone())
            .push_bind(envelope.kind.name())
            .push_bind(envelope.class.name())
            .push_bind(named.pass)
            .push_bind(named.item)
            .push_bind(named.outcome)
            .push_bind(arrived.envelope.clone());
    });
    insert.build().execute(connection).await?;
    Ok(())
}

/// Says how many of them are fresh alarms.
async fn insert_alerts(
    connection: &mut SqliteConnection,
    station: &Name,
    rows: &[Arrived],
    now_ms: i64,
) -> Result<usize, StoreError> {
    let alerts: Vec<_> = rows
        .iter()
        .filter_map(|arrived| alert::alert(&arrived.received.envelope).map(|alert| (arrived, alert)))
        .collect();
    if alerts.is_empty() {
        return Ok(0);
    }
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO alert (station, seq, at_ms, received_ms, fresh, lane, kind, pass, item, reason, restricted) ",
    );
    insert.push_values(&alerts, |mut row, (arrived, alert)| {
        let envelope = &arrived.received.envelope;
        let named = alert::named(&envelope.body);
        row.push_bind(station.as_str().to_owned())
            .push_bind(number(envelope.seq))
            .push_bind(envelope.at)
            .push_bind(now_ms)
            .push_bind(i64::from(!arrived.history))
            .push_bind(envelope.lane.clone())
            .push_bind(envelope.kind.name())
            .push_bind(named.pass)
            .push_bind(named.item)
            .push_bind(alert.reason.clone())
            .push_bind(i64::from(alert.restricted));
    });
    insert.build().execute(connection).await?;
    Ok(alerts.iter().filter(|(arrived, _)| !arrived.history).count())
}

struct State {
    verified: RangeSet,
    high: Option<u64>,
}

/// Counts, and walks along the chain as far as it holds.
async fn advance(
    connection: &mut SqliteConnection,
    station: &Name,
    stored: usize,
    repeated: usize,
    highest: Option<u64>,
    now_ms: i64,
) -> Result<State, StoreError> {
    let row = sqlx::query("SELECT verified_to, verified_head, high FROM station WHERE station = $1")
        .bind(station.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let (mut verified_to, head, high): (i64, String, i64) =
        (row.try_get("verified_to")?, row.try_get("verified_head")?, row.try_get("high")?);
    let mut head = Digest::parse(&head).unwrap_or_default();
    let high = high.max(highest.map_or(0, number));
    if stored > 0 {
        (verified_to, head) = walk(connection, station, verified_to, head).await?;
    }
    sqlx::query(
        "UPDATE station SET received = received + $1, repeated = repeated + $2, durable = durable + $3, high = $4,
         verified_to = $5, verified_head = $6, last_heard_ms = $7 WHERE station = $8",
    )
    .bind((stored + repeated) as i64)
    .bind(repeated as i64)
    .bind(stored as i64)
    .bind(high)
    .bind(verified_to)
    .bind(head.to_string())
    .bind(now_ms)
    .bind(station.as_str())
    .execute(connection)
    .await?;
    Ok(State { verified: verified(verified_to), high: sequence(high) })
}

/// From the last verified record on, as far as records follow without a gap and each names the head before it.
async fn walk(
    connection: &mut SqliteConnection,
    station: &Name,
    mut verified_to: i64,
    mut head: Digest,
) -> Result<(i64, Digest), StoreError> {
    loop {
        let rows = sqlx::query(
            "SELECT seq, prev, digest, head FROM record WHERE station = $1 AND seq > $2 AND seq <= $3 ORDER BY seq",
        )
        .bind(station.as_str())
        .bind(verified_to)
        .bind(verified_to.saturating_add(WALK))
        .fetch_all(&mut *connection)
        .await?;
        let whole = rows.len() as i64 == WALK;
        for row in rows {
            let (seq, link) = link(&row)?;
            let follows = number(seq) == verified_to + 1 && link.prev == head;
            if !follows {
                return Ok((verified_to, head));
            }
            verified_to += 1;
            head = head.then(link.digest);
        }
        if !whole {
            return Ok((verified_to, head));
        }
    }
}

/// An older status (a last will of a connection that has been replaced) changes nothing.
async fn keep_status(
    connection: &mut SqliteConnection,
    address: &Address,
    status: &Status,
    now_ms: i64,
) -> Result<(), StoreError> {
    known_facility(connection, &address.station, &address.facility, now_ms).await?;
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
    .bind(status.software.chars().take(64).collect::<String>())
    .bind(now_ms)
    .bind(address.station.as_str())
    .bind(address.facility.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn quarantine(connection: &mut SqliteConnection, doubtful: &Doubtful, now_ms: i64) -> Result<(), StoreError> {
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
    .bind(doubtful.doubt.to_string().chars().take(500).collect::<String>())
    .bind(now_ms)
    .bind(String::from_utf8_lossy(shown).into_owned())
    .bind(QUARANTINE_ROWS_MAX)
    .bind(QUARANTINE_ALL_ROWS_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

//! Holds and where their items have been, as tables: written from records, never the other way.
//!
//! A hold's steps are made anew from all records of its item whenever one comes; several centrals do so one after the other,
//! the hold's row locked, so that the last to write has seen every record.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_pipeline::record::{Audience, Kind as RecordKind};
use gatepost_sync::chain::Received;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::connect::Kind;
use super::many::Column::{Number, Text};
use super::many::{Cell, in_chunks, over};
use super::{Store, StoreError, number};
use crate::follow::{Mark, PAST_MS, Place, Step, Told, Walk, told, walk};

/// Holds looked at in one transaction.
pub const AT_ONCE: usize = 256;
/// Of a station's records about lists, so many of the newest are looked through for its hold list.
const LISTS_MAX: i64 = 64;
/// Records of one item shown.
const MARKS_MAX: i64 = 500;

/// What a commit brought that a hold may be waiting for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub items: BTreeSet<String>,
    /// Station and pass of records that name no item.
    pub passes: BTreeSet<(String, String)>,
    /// Stations that recorded something about their lists.
    pub lists: BTreeSet<String>,
}

impl Touched {
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.passes.is_empty() && self.lists.is_empty()
    }

    pub fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.passes.extend(other.passes);
        self.lists.extend(other.lists);
    }
}

impl Store {
    /// The holds in force that these concern.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn holds_touched(&self, touched: &Touched) -> Result<BTreeSet<String>, StoreError> {
        let mut holds = BTreeSet::new();
        let items: Vec<&str> = touched.items.iter().map(String::as_str).collect();
        for rows in in_chunks(self.kind, &items) {
            let sql = |source: &str| format!("SELECT id FROM hold WHERE lifted_ms IS NULL AND item IN ({source})");
            let select = over(self.kind, [Text], rows, sql, |item| [Cell::from(*item)]);
            take_ids(&mut holds, &select.fetch_all(&self.readers).await?)?;
        }
        let passes: Vec<(&str, &str)> = touched.passes.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        for rows in in_chunks(self.kind, &passes) {
            let sql = |source: &str| {
                format!(
                    "SELECT DISTINCT h.id FROM record AS r JOIN hold AS h ON h.item = r.item
                     WHERE h.lifted_ms IS NULL AND (r.station, r.pass) IN ({source})"
                )
            };
            let select = over(self.kind, [Text, Text], rows, sql, |(a, b)| [Cell::from(*a), Cell::from(*b)]);
            take_ids(&mut holds, &select.fetch_all(&self.readers).await?)?;
        }
        Ok(holds)
    }

    /// Holds in force, in the order of their ids, from behind `after` on; at most [`AT_ONCE`]. Only those that a list newer
    /// than `version` was the first to carry.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn holds_in_force(&self, after: &str, version: u64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT id FROM hold WHERE lifted_ms IS NULL AND id > $1 AND version >= $2 ORDER BY id LIMIT $3",
        )
        .bind(after)
        .bind(if version == 0 { 0 } else { number(version) + 1 })
        .bind(AT_ONCE as i64)
        .fetch_all(&self.readers)
        .await?)
    }

    /// Makes the steps of these holds anew, and what is to be fetched back; says which of them are newly so, and how.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn follow(&self, holds: &[String], now_ms: i64) -> Result<Vec<(String, Walk)>, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let (connection, kind): (&mut AnyConnection, Kind) = (&mut transaction, self.kind);
        let mut raised = Vec::new();
        for ids in in_chunks(kind, holds) {
            if let Some(locking) = kind.locking() {
                let sql = |source: &str| format!("SELECT id FROM hold WHERE id IN ({source}) ORDER BY id{locking}");
                over(kind, [Text], ids, sql, |id| [Cell::from(id.as_str())]).execute(&mut *connection).await?;
            }
            let walks: Vec<(String, Walk)> = marks_of_holds(connection, kind, ids)
                .await?
                .into_iter()
                .map(|(hold, (placed_ms, marks))| (hold, walk(placed_ms, &marks)))
                .collect();
            keep_steps(connection, kind, ids, &walks).await?;
            for (hold, walk) in walks {
                if keep_recovery(connection, &hold, &walk, now_ms).await? {
                    raised.push((hold, walk));
                }
            }
        }
        transaction.commit().await?;
        Ok(raised)
    }

    /// Everything that records say of one item, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn marks_of(&self, item: &str) -> Result<Vec<Mark>, StoreError> {
        let rows = sqlx::query(
            "WITH visit AS (SELECT DISTINCT station, pass FROM record WHERE item = $1 AND pass IS NOT NULL)
             SELECT s.facility, m.* FROM (
                 SELECT r.* FROM visit AS v JOIN record AS r ON r.station = v.station AND r.pass = v.pass
                 UNION ALL SELECT r.* FROM record AS r WHERE r.item = $1 AND r.pass IS NULL
             ) AS m JOIN station AS s ON s.station = m.station
             ORDER BY m.at_ms DESC, m.station, m.seq DESC LIMIT $2",
        )
        .bind(item)
        .bind(MARKS_MAX)
        .fetch_all(&self.readers)
        .await?;
        // A record that not everyone may read tells everyone that the item was there; a decision, where it went, because the
        // belt shows that, and because a draw, which is what it must look like, tells it.
        let may_be_told = |audience: &Audience, kind| *audience == Audience::All || kind == RecordKind::Decision;
        rows.iter().map(|row| mark(row, may_be_told)).collect()
    }

    /// Reads what these stations recorded of their hold lists, and when all of a facility have one in force.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_lists(&self, stations: &BTreeSet<String>) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        let connection: &mut AnyConnection = &mut transaction;
        for station in stations {
            let rows = sqlx::query(
                "SELECT r.seq, r.at_ms, r.envelope FROM record AS r LEFT JOIN station_list AS l ON l.station = r.station
                 WHERE r.station = $1 AND r.kind = 'list' AND r.seq > COALESCE(l.seq, 0)
                 ORDER BY r.seq DESC LIMIT $2",
            )
            .bind(station)
            .bind(LISTS_MAX)
            .fetch_all(&mut *connection)
            .await?;
            for row in rows {
                let Some(digest) = in_force(row.try_get("envelope")?) else { continue };
                let taken = sqlx::query(
                    "INSERT INTO station_list (station, version, at_ms, seq)
                     SELECT $1, version, $2, $3 FROM hold_list WHERE digest = $4
                     ON CONFLICT (station) DO UPDATE SET version = excluded.version, at_ms = excluded.at_ms,
                     seq = excluded.seq WHERE excluded.version > station_list.version",
                )
                .bind(station)
                .bind(row.try_get::<i64, _>("at_ms")?)
                .bind(row.try_get::<i64, _>("seq")?)
                .bind(digest)
                .execute(&mut *connection)
                .await?;
                if taken.rows_affected() > 0 {
                    break;
                }
            }
        }
        // A facility has applied what the slowest of its stations has, since that one said so; who was taken out holds nobody up.
        sqlx::query(
            "INSERT INTO list_reached (facility, step, version, at_ms)
             SELECT s.facility, $1, MIN(COALESCE(l.version, 0)), MAX(COALESCE(l.at_ms, 0)) FROM station AS s
             LEFT JOIN station_list AS l ON l.station = s.station
             WHERE s.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)
             GROUP BY s.facility HAVING MIN(COALESCE(l.version, 0)) > 0
             ON CONFLICT (facility, step, version) DO NOTHING",
        )
        .bind(Step::Applied.name())
        .execute(&mut *connection)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A list is on its way to these facilities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list_sent(&self, version: u64, facilities: &BTreeSet<&str>, now_ms: i64) -> Result<(), StoreError> {
        let rows: Vec<&str> = facilities.iter().copied().collect();
        for rows in in_chunks(self.kind, &rows) {
            let sql = |source: &str| {
                format!(
                    "INSERT INTO list_reached (facility, step, version, at_ms) {source}
                     ON CONFLICT (facility, step, version) DO NOTHING"
                )
            };
            let insert = over(self.kind, [Text, Text, Number, Number], rows, sql, |facility| {
                [Cell::from(*facility), Step::Distributed.name().into(), number(version).into(), now_ms.into()]
            });
            insert.execute(&self.writer).await?;
        }
        Ok(())
    }
}

fn take_ids(holds: &mut BTreeSet<String>, rows: &[AnyRow]) -> Result<(), StoreError> {
    for row in rows {
        holds.insert(row.try_get(0)?);
    }
    Ok(())
}

/// The digest of a list that a station says is in force.
fn in_force(envelope: &str) -> Option<String> {
    let received = Received::read(envelope.as_bytes()).ok()?;
    let body = received.envelope.body;
    let says = body.get("in_force").and_then(serde_json::Value::as_bool)?;
    body.get("digest").and_then(serde_json::Value::as_str).filter(|_| says).map(str::to_owned)
}

/// Everything that records say of the items of these holds, and when each hold was placed; nothing of a hold without records.
async fn marks_of_holds(
    connection: &mut AnyConnection,
    kind: Kind,
    ids: &[String],
) -> Result<BTreeMap<String, (i64, Vec<Mark>)>, StoreError> {
    let sql = |source: &str| {
        format!(
            "WITH wanted (id) AS ({source}),
             target AS (SELECT h.id, h.item, h.placed_ms FROM hold AS h JOIN wanted AS w ON w.id = h.id
                        WHERE h.lifted_ms IS NULL),
             visit AS (SELECT DISTINCT t.id, t.placed_ms, r.station, r.pass FROM target AS t
                       JOIN record AS r ON r.item = t.item
                       WHERE r.pass IS NOT NULL AND r.at_ms >= t.placed_ms - {PAST_MS})
             SELECT v.id AS hold, v.placed_ms, s.facility, r.station, r.seq, r.at_ms, r.lane, r.kind, r.pass, r.envelope
             FROM visit AS v JOIN record AS r ON r.station = v.station AND r.pass = v.pass
             JOIN station AS s ON s.station = r.station
             UNION ALL
             SELECT t.id AS hold, t.placed_ms, s.facility, r.station, r.seq, r.at_ms, r.lane, r.kind, r.pass, r.envelope
             FROM target AS t JOIN record AS r ON r.item = t.item JOIN station AS s ON s.station = r.station
             WHERE r.pass IS NULL AND r.at_ms >= t.placed_ms - {PAST_MS}"
        )
    };
    let select = over(kind, [Text], ids, sql, |id| [Cell::from(id.as_str())]);
    let mut found: BTreeMap<String, (i64, Vec<Mark>)> = BTreeMap::new();
    for row in select.fetch_all(&mut *connection).await? {
        let of = found.entry(row.try_get("hold")?).or_insert((row.try_get("placed_ms")?, Vec::new()));
        of.1.push(mark(&row, |_, _| true)?);
    }
    Ok(found)
}

fn mark(row: &AnyRow, may_be_told: impl Fn(&Audience, RecordKind) -> bool) -> Result<Mark, StoreError> {
    let place = Place {
        facility: row.try_get("facility")?,
        station: row.try_get("station")?,
        lane: row.try_get("lane")?,
        at_ms: row.try_get("at_ms")?,
        seq: row.try_get("seq")?,
        pass: row.try_get("pass")?,
    };
    let kind: &str = row.try_get("kind")?;
    let kind = RecordKind::ALL.into_iter().find(|known| known.name() == kind);
    let envelope: &str = row.try_get("envelope")?;
    // It was read when it came; whatever cannot be read any more still was there.
    let told = match (kind, Received::read(envelope.as_bytes())) {
        (Some(kind), Ok(received)) if may_be_told(&received.envelope.audience, kind) => {
            told(kind, &received.envelope.body)
        }
        _ => Told::Other,
    };
    Ok(Mark { place, told })
}

async fn keep_steps(
    connection: &mut AnyConnection,
    kind: Kind,
    ids: &[String],
    walks: &[(String, Walk)],
) -> Result<(), StoreError> {
    let sql = |source: &str| format!("DELETE FROM hold_step WHERE hold IN ({source})");
    over(kind, [Text], ids, sql, |id| [Cell::from(id.as_str())]).execute(&mut *connection).await?;
    let steps: Vec<(&str, Step, &Place)> = walks
        .iter()
        .flat_map(|(hold, walk)| walk.steps.iter().map(|((_, step), place)| (hold.as_str(), *step, place)))
        .collect();
    for rows in in_chunks(kind, &steps) {
        let sql = |source: &str| {
            format!("INSERT INTO hold_step (hold, facility, step, at_ms, station, lane, seq, pass) {source}")
        };
        let columns = [Text, Text, Text, Number, Text, Text, Number, Text];
        let insert = over(kind, columns, rows, sql, |(hold, step, place)| {
            [
                Cell::from(*hold),
                place.facility.as_str().into(),
                step.name().into(),
                place.at_ms.into(),
                place.station.as_str().into(),
                place.lane.as_str().into(),
                place.seq.into(),
                place.pass.as_deref().into(),
            ]
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Whether it has just become one to fetch back.
async fn keep_recovery(
    connection: &mut AnyConnection,
    hold: &str,
    walk: &Walk,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Some((end, place)) = &walk.lost else {
        if let Some(safe_ms) = walk.safe_ms {
            sqlx::query("UPDATE recovery SET found_ms = $1 WHERE hold = $2 AND found_ms IS NULL")
                .bind(safe_ms)
                .bind(hold)
                .execute(connection)
                .await?;
        }
        return Ok(false);
    };
    let open: Option<i64> = sqlx::query_scalar("SELECT seq FROM recovery WHERE hold = $1 AND found_ms IS NULL")
        .bind(hold)
        .fetch_optional(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO recovery (hold, raised_ms, went, at_ms, facility, station, lane, seq, pass)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (hold) DO UPDATE SET went = excluded.went, at_ms = excluded.at_ms, facility = excluded.facility,
         station = excluded.station, lane = excluded.lane, seq = excluded.seq, pass = excluded.pass,
         raised_ms = CASE WHEN recovery.found_ms IS NULL THEN recovery.raised_ms ELSE excluded.raised_ms END,
         found_ms = NULL",
    )
    .bind(hold)
    .bind(now_ms)
    .bind(crate::follow::end_name(*end))
    .bind(place.at_ms)
    .bind(&place.facility)
    .bind(&place.station)
    .bind(&place.lane)
    .bind(place.seq)
    .bind(&place.pass)
    .execute(connection)
    .await?;
    Ok(open.is_none())
}

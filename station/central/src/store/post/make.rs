//! Messages made from holds and records, each once: a hold remembers that it was told of, a station up to where its records
//! were read, both in the transaction that makes the message. Records are read in the order of their chain, as far as it is
//! verified, so that nothing is told before what came earlier, and nothing that a station did not say.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_pipeline::pass::life::End;
use gatepost_pipeline::record::{Audience, Kind as RecordKind};
use gatepost_sync::chain::Received;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::connect::Kind as Database;
use super::super::many::Column::{Number, Text};
use super::super::many::{Cell, in_chunks, over};
use super::super::onward::{self, Numbered};
use super::super::{Store, StoreError};
use super::{no_code, still_ours};
use crate::alert::plain;
use crate::follow::{Told, told};
use crate::post::codes::{Codes, Found};
use crate::post::{Draft, ITEM_CHARS_MAX, Kind, SAYS_CHARS_MAX};

/// Holds of one transaction.
const HOLDS_AT_ONCE: i64 = 1_000;
/// Records of one station read in one transaction, and stations: what stations send waits meanwhile.
const RECORDS_AT_ONCE: i64 = 2_000;
const STATIONS_AT_ONCE: i64 = 32;

/// Records of one station that are to be read now.
struct Span {
    station: String,
    facility: String,
    after: i64,
    to: i64,
}

/// What a record tells the post, if anything.
struct Heard {
    station: String,
    facility: String,
    seq: i64,
    at_ms: i64,
    pass: Option<String>,
    item: Option<String>,
    told: Told,
    restricted: bool,
}

impl Store {
    /// Makes what is to be told, as far as it goes in one transaction; says whether there is more. Nothing when another central
    /// has the desk.
    ///
    /// # Errors
    /// When the database refuses; nothing is made then.
    pub async fn make_post(&self, holder: &str, codes: &Codes, now_ms: i64) -> Result<bool, StoreError> {
        let news: i64 = sqlx::query_scalar(
            "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM hold WHERE post = 0 AND lifted_ms IS NULL AND restricted = 0)
                   OR EXISTS (SELECT 1 FROM hold WHERE post = 1 AND lifted_ms IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM station AS s LEFT JOIN post_read AS p ON p.station = s.station
                              WHERE s.verified_to > COALESCE(p.seq, 0))
             THEN 1 ELSE 0 END AS BIGINT)",
        )
        .fetch_one(&self.readers)
        .await?;
        if news == 0 {
            return Ok(false);
        }
        let mut transaction = self.writer.begin().await?;
        let connection: &mut AnyConnection = &mut transaction;
        if !still_ours(connection, holder, now_ms).await? {
            return Ok(false);
        }
        // Ends first: who is asked for an item last of all still holds it.
        let mut drafts = ends_of_holds(connection).await?;
        let new = new_holds(connection).await?;
        let mut more = drafts.len().max(new.len()) as i64 >= HOLDS_AT_ONCE;
        drafts.extend(new);
        let since_ms: i64 = sqlx::query_scalar("SELECT since_ms FROM post_desk").fetch_one(&mut *connection).await?;
        let spans = spans(connection).await?;
        more |= spans.len() as i64 == STATIONS_AT_ONCE;
        more |= spans.iter().any(|span| span.to - span.after == RECORDS_AT_ONCE);
        let mut events = Vec::new();
        for spans in in_chunks(self.kind, &spans) {
            let presented = presented_passes(connection, self.kind, spans).await?;
            events.extend(of_passes(&presented, codes));
            let dispositions = dispositions(connection, self.kind, spans).await?;
            events.extend(dispositions.iter().filter_map(|heard| of_disposition(heard, codes)));
            read_to(connection, self.kind, spans).await?;
        }
        events.retain(|draft| draft.at_ms >= since_ms);
        // In the order in which it happened; of one moment, presented comes first.
        events.sort_by_key(|draft| draft.at_ms);
        drafts.extend(events);
        keep(connection, self.kind, drafts, codes, now_ms).await?;
        transaction.commit().await?;
        Ok(more)
    }
}

/// Restricted holds are not among them, in no form.
async fn new_holds(connection: &mut AnyConnection) -> Result<Vec<Draft>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, item, placed_ms, until_ms FROM hold
         WHERE post = 0 AND lifted_ms IS NULL AND restricted = 0 ORDER BY placed_ms, id LIMIT $1",
    )
    .bind(HOLDS_AT_ONCE)
    .fetch_all(&mut *connection)
    .await?;
    let mut drafts = Vec::with_capacity(rows.len());
    for row in rows {
        let draft = Draft { until_ms: row.try_get("until_ms")?, ..of_hold(&row, Kind::HoldRequest, "placed_ms")? };
        sqlx::query("UPDATE hold SET post = 1 WHERE id = $1").bind(&draft.hold).execute(&mut *connection).await?;
        drafts.push(draft);
    }
    Ok(drafts)
}

async fn ends_of_holds(connection: &mut AnyConnection) -> Result<Vec<Draft>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.id, h.item, h.lifted_ms, m.number AS of_number,
         (SELECT COUNT(*) FROM hold AS o WHERE o.item = h.item AND o.lifted_ms IS NULL AND o.restricted = 0) AS others
         FROM hold AS h LEFT JOIN post_message AS m ON m.hold = h.id AND m.kind = 'hold-request'
         WHERE h.post = 1 AND h.lifted_ms IS NOT NULL ORDER BY h.lifted_ms, h.id LIMIT $1",
    )
    .bind(HOLDS_AT_ONCE)
    .fetch_all(&mut *connection)
    .await?;
    let mut drafts = Vec::with_capacity(rows.len());
    for row in rows {
        let (of_number, others): (Option<i64>, i64) = (row.try_get("of_number")?, row.try_get("others")?);
        let draft = Draft { of_number, still_held: others > 0, ..of_hold(&row, Kind::HoldLifted, "lifted_ms")? };
        sqlx::query("UPDATE hold SET post = 2 WHERE id = $1").bind(&draft.hold).execute(&mut *connection).await?;
        // What was not asked for is not ended.
        drafts.extend(of_number.map(|_| draft));
    }
    Ok(drafts)
}

fn of_hold(row: &AnyRow, kind: Kind, at: &str) -> Result<Draft, sqlx::Error> {
    let id: String = row.try_get("id")?;
    Ok(Draft {
        source: format!("hold {} {id}", kind.name()),
        kind,
        word: kind.name().to_owned(),
        item: row.try_get("item")?,
        facility: String::new(),
        at_ms: row.try_get(at)?,
        hold: Some(id),
        until_ms: None,
        of_number: None,
        still_held: false,
    })
}

/// Those that are furthest behind.
async fn spans(connection: &mut AnyConnection) -> Result<Vec<Span>, StoreError> {
    let rows = sqlx::query(
        "SELECT s.station, s.facility, COALESCE(p.seq, 0) AS after_seq, s.verified_to FROM station AS s
         LEFT JOIN post_read AS p ON p.station = s.station WHERE s.verified_to > COALESCE(p.seq, 0) 
         ORDER BY s.verified_to - COALESCE(p.seq, 0) DESC, s.station LIMIT $1",
    )
    .bind(STATIONS_AT_ONCE)
    .fetch_all(connection)
    .await?;
    let span = |row: &AnyRow| -> Result<Span, sqlx::Error> {
        let (after, verified_to): (i64, i64) = (row.try_get("after_seq")?, row.try_get("verified_to")?);
        let to = verified_to.min(after + RECORDS_AT_ONCE);
        Ok(Span { station: row.try_get("station")?, facility: row.try_get("facility")?, after, to })
    };
    Ok(rows.iter().map(span).collect::<Result<_, _>>()?)
}

const SPAN: [super::super::many::Column; 4] = [Text, Text, Number, Number];

fn cells(span: &Span) -> [Cell<'_>; 4] {
    [Cell::from(span.station.as_str()), span.facility.as_str().into(), span.after.into(), span.to.into()]
}

// With a sign before the number SQLite finds a pass by its name, and does not walk through all that its station ever recorded.

/// All records of the passes that were presented, and of which these spans say something; as far as they were read.
async fn presented_passes(
    connection: &mut AnyConnection,
    kind: Database,
    spans: &[Span],
) -> Result<Vec<Heard>, StoreError> {
    let sql = |source: &str| {
        format!(
            "WITH span (station, facility, lo, hi) AS ({source}),
             touched AS (SELECT DISTINCT s.station, s.facility, s.hi, p.pass FROM span AS s
                         JOIN record AS n ON n.station = s.station AND n.seq > s.lo AND n.seq <= s.hi
                         JOIN record AS p ON p.station = n.station AND p.pass = n.pass AND p.kind = 'presentation')
             SELECT t.station, t.facility, r.seq, r.at_ms, r.kind, r.pass, r.item, r.envelope FROM touched AS t
             JOIN record AS r ON r.station = t.station AND r.pass = t.pass WHERE +r.seq <= t.hi
             ORDER BY t.station, r.seq"
        )
    };
    heard(&over(kind, SPAN, spans, sql, cells).fetch_all(connection).await?)
}

/// Dispositions of these spans, and presentations without a pass; with the item that the pass names where the record does not.
async fn dispositions(
    connection: &mut AnyConnection,
    kind: Database,
    spans: &[Span],
) -> Result<Vec<Heard>, StoreError> {
    let sql = |source: &str| {
        format!(
            "WITH span (station, facility, lo, hi) AS ({source})
             SELECT s.station, s.facility, r.seq, r.at_ms, r.kind, r.pass, r.envelope,
             COALESCE(r.item, (SELECT CASE WHEN COUNT(DISTINCT o.item) = 1 THEN MIN(o.item) END FROM record AS o
                               WHERE o.station = r.station AND o.pass = r.pass AND +o.seq <= s.hi)) AS item
             FROM span AS s JOIN record AS r ON r.station = s.station AND r.seq > s.lo AND r.seq <= s.hi
             WHERE r.kind = 'disposition' OR (r.kind = 'presentation' AND r.pass IS NULL)
             ORDER BY s.station, r.seq"
        )
    };
    heard(&over(kind, SPAN, spans, sql, cells).fetch_all(connection).await?)
}

fn heard(rows: &[AnyRow]) -> Result<Vec<Heard>, StoreError> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let (kind, envelope): (&str, &str) = (row.try_get("kind")?, row.try_get("envelope")?);
        let kind = RecordKind::ALL.into_iter().find(|known| known.name() == kind);
        // It was read when it came; what cannot be read any more tells nobody anything.
        let (Some(kind), Ok(received)) = (kind, Received::read(envelope.as_bytes())) else { continue };
        all.push(Heard {
            station: row.try_get("station")?,
            facility: row.try_get("facility")?,
            seq: row.try_get("seq")?,
            at_ms: row.try_get("at_ms")?,
            pass: row.try_get("pass")?,
            item: row.try_get("item")?,
            told: told(kind, &received.envelope.body),
            restricted: received.envelope.audience != Audience::All,
        });
    }
    Ok(all)
}

/// A presentation is told once its pass names an item, and one only; and its release where it ends so at the bench.
fn of_passes(heard: &[Heard], codes: &Codes) -> Vec<Draft> {
    let mut passes: BTreeMap<(&str, &str), Vec<&Heard>> = BTreeMap::new();
    for one in heard {
        if let Some(pass) = &one.pass {
            passes.entry((&one.station, pass)).or_default().push(one);
        }
    }
    let mut drafts = Vec::new();
    for ((station, pass), records) in passes {
        let items: BTreeSet<&str> = records.iter().filter_map(|one| one.item.as_deref()).collect();
        let (Some(item), 1) = (items.first(), items.len()) else { continue };
        let first = |told: Told| records.iter().find(|one| one.told == told);
        let presented = first(Told::Presented).map(|one| (one, Kind::Presented, "presented"));
        let released = first(Told::Ended(End::Release)).map(|one| (one, Kind::Released, "release"));
        for (one, kind, word) in presented.into_iter().chain(released) {
            let source = format!("pass {} {station} {pass}", kind.name());
            drafts.extend(draft(source, kind, word, item, one, codes));
        }
    }
    drafts
}

fn of_disposition(heard: &Heard, codes: &Codes) -> Option<Draft> {
    let item = heard.item.as_deref()?;
    let source = format!("record {} {}", heard.station, heard.seq);
    match &heard.told {
        Told::Presented => draft(source, Kind::Presented, "presented", item, heard, codes),
        Told::Disposed(word) => draft(source, Kind::of_disposition(word), word, item, heard, codes),
        _ => None,
    }
}

fn draft(source: String, kind: Kind, word: &str, item: &str, heard: &Heard, codes: &Codes) -> Option<Draft> {
    if codes.find(kind, word, heard.restricted) == Found::Silent {
        return None;
    }
    Some(Draft {
        source,
        kind,
        word: word.to_owned(),
        item: item.to_owned(),
        facility: heard.facility.clone(),
        at_ms: heard.at_ms,
        hold: None,
        until_ms: None,
        of_number: None,
        still_held: false,
    })
}

async fn read_to(connection: &mut AnyConnection, kind: Database, spans: &[Span]) -> Result<(), StoreError> {
    let sql = |source: &str| {
        format!(
            "WITH span (station, seq) AS ({source}) INSERT INTO post_read (station, seq) SELECT station, seq FROM span WHERE 1 = 1
             ON CONFLICT (station) DO UPDATE SET seq = excluded.seq"
        )
    };
    let cells = |span: &'_ Span| [Cell::from(span.station.clone()), span.to.into()];
    over(kind, [Text, Number], spans, sql, cells).execute(connection).await?;
    Ok(())
}

/// Gives each its number, but those that were made before.
async fn keep(
    connection: &mut AnyConnection,
    kind: Database,
    drafts: Vec<Draft>,
    codes: &Codes,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for rows in in_chunks(kind, &drafts) {
        let sql = |source: &str| format!("SELECT source FROM post_message WHERE source IN ({source})");
        let select = over(kind, [Text], rows, sql, |draft| [Cell::from(draft.source.as_str())]);
        for row in select.fetch_all(&mut *connection).await? {
            known.insert(row.try_get(0)?);
        }
    }
    let last = onward::newest(&mut *connection, Numbered::PostMessage).await?;
    let is_told = |draft: &Draft| draft.hold.is_none() || codes.find(draft.kind, &draft.word, false) != Found::Silent;
    let new = drafts.into_iter().filter(|draft| is_told(draft) && known.insert(draft.source.clone()));
    let numbered: Vec<(i64, String, Draft)> =
        (last + 1..).zip(new).map(|(number, draft)| (number, obstacle(&draft, codes), draft)).collect();
    for rows in in_chunks(kind, &numbered) {
        let sql = |source: &str| {
            format!(
                "INSERT INTO post_message (number, source, kind, word, item, facility, at_ms, made_ms, hold, of_number,
                 until_ms, still_held, state, says) {source}"
            )
        };
        const COLUMNS: [super::super::many::Column; 14] =
            [Number, Text, Text, Text, Text, Text, Number, Number, Text, Number, Number, Number, Text, Text];
        let insert = over(kind, COLUMNS, rows, sql, |(number, says, draft)| {
            let optional = |number: Option<i64>| number.map_or(Cell::NoText, Cell::from);
            [
                (*number).into(),
                Cell::from(draft.source.as_str()),
                draft.kind.name().into(),
                draft.word.as_str().into(),
                draft.item.as_str().into(),
                draft.facility.as_str().into(),
                draft.at_ms.into(),
                now_ms.into(),
                draft.hold.as_deref().into(),
                optional(draft.of_number),
                optional(draft.until_ms),
                i64::from(draft.still_held).into(),
                if says.is_empty() { "waiting" } else { "no-code" }.into(),
                plain(says, SAYS_CHARS_MAX).into(),
            ]
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// What stands in its way; nothing of what can be sent.
fn obstacle(draft: &Draft, codes: &Codes) -> String {
    if draft.item.chars().count() > ITEM_CHARS_MAX {
        return format!("not sent: an item's number has at most {ITEM_CHARS_MAX} characters, this one more");
    }
    match codes.find(draft.kind, &draft.word, false) {
        Found::Unknown => no_code(&draft.word),
        Found::Tell(_) | Found::Silent => String::new(),
    }
}

//! The stored chain around a batch, and how far it holds afterwards.

use std::collections::BTreeMap;

use gatepost_sync::chain::Digest;
use gatepost_sync::ranges::RangeSet;
use gatepost_sync::topics::Name;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::connect::Kind;
use super::super::many::{Cell, Column, in_chunks, over};
use super::super::{StoreError, number, sequence};
use super::{Arrived, Brought, Standing};
use crate::place::{Link, Neighbourhood};

/// Runs of numbers with no more than so many between them are looked up together.
const NEAR: u64 = 32;
/// Steps of one walk along the chain before the next look into the database.
const WALK: i64 = 4_096;

/// What is known of one station's chain: every record with a number in `asked` that is stored or came with the batch.
#[derive(Debug, Default)]
pub(super) struct Hood {
    pub(super) known: Neighbourhood,
    asked: RangeSet,
}

/// Every stored record that is one of these or stands beside one of these, by station.
pub(super) async fn hoods(
    connection: &mut AnyConnection,
    kind: Kind,
    records: &BTreeMap<Name, Vec<Arrived>>,
) -> Result<BTreeMap<Name, Hood>, StoreError> {
    let mut hoods: BTreeMap<Name, Hood> = BTreeMap::new();
    for (station, records) in records {
        let hood = hoods.entry(station.clone()).or_default();
        for arrived in records {
            let seq = arrived.seq;
            hood.asked.insert(seq.saturating_sub(1), seq.saturating_add(1));
        }
        hood.asked = joined(&hood.asked);
    }
    let mut wanted: Vec<(Name, i64, i64)> = Vec::new();
    for (station, hood) in &hoods {
        wanted.extend(hood.asked.iter().map(|range| (station.clone(), number(*range.start()), number(*range.end()))));
    }
    for (station, seq, link) in links(connection, kind, &wanted).await? {
        hoods.entry(station).or_default().known.know(seq, link);
    }
    Ok(hoods)
}

/// The same runs, those that lie near one another as one: a look into the table costs more than a few rows too many.
fn joined(runs: &RangeSet) -> RangeSet {
    let mut joined = RangeSet::new();
    let mut last: Option<u64> = None;
    for run in runs.iter() {
        let first = last.filter(|last| run.start() - last <= NEAR).unwrap_or(*run.start());
        joined.insert(first, *run.end());
        last = Some(*run.end());
    }
    joined
}

/// Follows the stations' chains from their last verified record on, as far as records follow without a gap and each names
/// the head before it.
pub(super) async fn advance(
    connection: &mut AnyConnection,
    kind: Kind,
    stations: &mut BTreeMap<Name, Standing>,
    hoods: &BTreeMap<Name, Hood>,
    brought: &[Brought<'_>],
) -> Result<(), StoreError> {
    let mut wanted = Vec::new();
    for station in brought.iter().filter(|of| !of.fresh.is_empty()).map(|of| of.station) {
        let (Some(standing), Some(hood)) = (stations.get_mut(station), hoods.get(station)) else { continue };
        follow(standing, &hood.known);
        // Whether the next is stored is known near what came, unless another central wrote it since; beyond that, older
        // records may go on.
        let next = standing.verified_to.saturating_add(1);
        let others = kind.locking().is_some();
        if sequence(next).is_some_and(|next| others || !hood.asked.contains(next)) {
            wanted.push((station.clone(), next, next.saturating_add(WALK - 1)));
        }
    }
    while !wanted.is_empty() {
        let mut found: BTreeMap<Name, Neighbourhood> = BTreeMap::new();
        for (station, seq, link) in links(connection, kind, &wanted).await? {
            found.entry(station).or_default().know(seq, link);
        }
        wanted.retain_mut(|(station, first, last)| {
            let (Some(standing), Some(known)) = (stations.get_mut(station), found.get(station)) else { return false };
            follow(standing, known);
            let whole = standing.verified_to == *last;
            (*first, *last) = (last.saturating_add(1), last.saturating_add(WALK));
            whole
        });
    }
    Ok(())
}

fn follow(standing: &mut Standing, known: &Neighbourhood) {
    while let Some(link) = sequence(standing.verified_to.saturating_add(1)).and_then(|next| known.link(next))
        && link.prev == standing.head
    {
        standing.verified_to += 1;
        standing.head = standing.head.then(link.digest);
    }
}

/// The stored records of these stations in these runs of numbers, ends included.
async fn links(
    connection: &mut AnyConnection,
    kind: Kind,
    wanted: &[(Name, i64, i64)],
) -> Result<Vec<(Name, u64, Link)>, StoreError> {
    let mut found = Vec::new();
    for runs in in_chunks(kind, wanted) {
        let sql = |source: &str| {
            format!(
                "WITH wanted (station, first_seq, last_seq) AS ({source})
                 SELECT record.station, seq, prev, digest, head FROM wanted
                 CROSS JOIN record WHERE record.station = wanted.station AND seq BETWEEN first_seq AND last_seq"
            )
        };
        let columns = [Column::Text, Column::Number, Column::Number];
        let select = over(kind, columns, runs, sql, |(station, first, last)| {
            [Cell::from(station.as_str()), (*first).into(), (*last).into()]
        });
        for row in select.fetch_all(&mut *connection).await? {
            let station: &str = row.try_get("station")?;
            if let Some(station) = Name::new(station) {
                let seq = sequence(row.try_get("seq")?).unwrap_or_default();
                found.push((station, seq, link(&row)?));
            }
        }
    }
    Ok(found)
}

fn link(row: &AnyRow) -> Result<Link, StoreError> {
    let digest = |column: &str| -> Result<Digest, StoreError> {
        let text: &str = row.try_get(column)?;
        Digest::parse(text).ok_or_else(|| {
            let source = format!("{text:?} is no digest: somebody changed the table by hand").into();
            StoreError::Sql(sqlx::Error::ColumnDecode { index: column.to_owned(), source })
        })
    };
    Ok(Link { prev: digest("prev")?, digest: digest("digest")?, head: digest("head")? })
}

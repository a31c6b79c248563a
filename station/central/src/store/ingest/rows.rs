//! New records and their alerts, as rows.

use gatepost_sync::topics::Name;
use sqlx::AnyConnection;

use super::super::connect::Kind;
use super::super::many::Column::{Number, Text};
use super::super::many::{Cell, in_chunks, over};
use super::super::{StoreError, number};
use super::Arrived;
use crate::alert::Alert;

pub(super) async fn insert_records(
    connection: &mut AnyConnection,
    kind: Kind,
    fresh: &[(&Name, &Arrived)],
    now_ms: i64,
) -> Result<(), StoreError> {
    for rows in in_chunks(kind, fresh) {
        let sql = |source: &str| {
            format!(
                "INSERT INTO record (station, seq, prev, digest, head, at_ms, received_ms, history, lane, kind, class,
                 pass, item, outcome, envelope) {source}"
            )
        };
        let columns =
            [Text, Number, Text, Text, Text, Number, Number, Number, Text, Text, Text, Text, Text, Text, Text];
        let insert = over(kind, columns, rows, sql, |(station, arrived)| {
            let (link, told) = (&arrived.link, &arrived.row);
            [
                Cell::from(station.as_str()),
                number(arrived.seq).into(),
                link.prev.to_string().into(),
                link.digest.to_string().into(),
                link.head.to_string().into(),
                told.at.into(),
                now_ms.into(),
                i64::from(arrived.history).into(),
                told.lane.as_str().into(),
                told.kind.name().into(),
                told.class.name().into(),
                told.named.pass.as_deref().into(),
                told.named.item.as_deref().into(),
                told.named.outcome.as_deref().into(),
                arrived.envelope.as_str().into(),
            ]
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Says how many of them are fresh alarms.
pub(super) async fn insert_alerts(
    connection: &mut AnyConnection,
    kind: Kind,
    fresh: &[(&Name, &Arrived)],
    now_ms: i64,
) -> Result<usize, StoreError> {
    let alerts: Vec<(&Name, &Arrived, &Alert)> =
        fresh.iter().filter_map(|&(station, arrived)| Some((station, arrived, arrived.row.alert.as_ref()?))).collect();
    for rows in in_chunks(kind, &alerts) {
        let sql = |source: &str| {
            format!(
                "INSERT INTO alert (station, seq, at_ms, received_ms, fresh, lane, kind, pass, item, reason, restricted)
                 {source}"
            )
        };
        let columns = [Text, Number, Number, Number, Number, Text, Text, Text, Text, Text, Number];
        let insert = over(kind, columns, rows, sql, |(station, arrived, alert)| {
            let told = &arrived.row;
            [
                Cell::from(station.as_str()),
                number(arrived.seq).into(),
                told.at.into(),
                now_ms.into(),
                i64::from(!arrived.history).into(),
                told.lane.as_str().into(),
                told.kind.name().into(),
                told.named.pass.as_deref().into(),
                told.named.item.as_deref().into(),
                alert.reason.as_str().into(),
                i64::from(alert.restricted).into(),
            ]
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(alerts.iter().filter(|(_, arrived, _)| !arrived.history).count())
}

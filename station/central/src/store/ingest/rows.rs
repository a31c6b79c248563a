//! New records and their alerts, as rows.

use gatepost_sync::topics::Name;
use sqlx::AnyConnection;

use super::super::many::{bind_all, in_chunks, values};
use super::super::{StoreError, number};
use super::Arrived;
use crate::alert::{self, Alert, LANE_CHARS_MAX, Named, plain};

pub(super) async fn insert_records(
    connection: &mut AnyConnection,
    fresh: &[(&Name, &Arrived)],
    now_ms: i64,
) -> Result<(), StoreError> {
    for rows in in_chunks(fresh) {
        let sql = format!(
            "INSERT INTO record (station, seq, prev, digest, head, at_ms, received_ms, history, lane, kind, class, pass,
             item, outcome, envelope) VALUES {}",
            values(rows.len(), 15)
        );
        let insert = bind_all(&sql, rows, |query, (station, arrived)| {
            let (received, envelope) = (&arrived.received, &arrived.received.envelope);
            let Named { pass, item, outcome } = alert::named(&envelope.body);
            let query = query.bind(station.as_str()).bind(number(envelope.seq)).bind(envelope.prev.to_string());
            let query = query.bind(received.digest.to_string()).bind(received.head.to_string());
            let query = query.bind(envelope.at).bind(now_ms).bind(i64::from(arrived.history));
            let query = query.bind(plain(&envelope.lane, LANE_CHARS_MAX)).bind(envelope.kind.name());
            let query = query.bind(envelope.class.name()).bind(pass).bind(item).bind(outcome);
            query.bind(arrived.envelope.as_str())
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Says how many of them are fresh alarms.
pub(super) async fn insert_alerts(
    connection: &mut AnyConnection,
    fresh: &[(&Name, &Arrived)],
    now_ms: i64,
) -> Result<usize, StoreError> {
    let alerts: Vec<(&Name, &Arrived, Alert)> = fresh
        .iter()
        .filter_map(|&(station, arrived)| Some((station, arrived, alert::alert(&arrived.received.envelope)?)))
        .collect();
    for rows in in_chunks(&alerts) {
        let sql = format!(
            "INSERT INTO alert (station, seq, at_ms, received_ms, fresh, lane, kind, pass, item, reason, restricted)
             VALUES {}",
            values(rows.len(), 11)
        );
        let insert = bind_all(&sql, rows, |query, (station, arrived, alert)| {
            let envelope = &arrived.received.envelope;
            let Named { pass, item, .. } = alert::named(&envelope.body);
            let query = query.bind(station.as_str()).bind(number(envelope.seq)).bind(envelope.at).bind(now_ms);
            let query = query.bind(i64::from(!arrived.history)).bind(plain(&envelope.lane, LANE_CHARS_MAX));
            let query = query.bind(envelope.kind.name()).bind(pass).bind(item).bind(alert.reason.as_str());
            query.bind(i64::from(alert.restricted))
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(alerts.iter().filter(|(_, arrived, _)| !arrived.history).count())
}

//! For whoever watches central: is it well, and its sums as numbers. Says nothing of any item.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Failed, Shared, guarded, json};
use crate::intake::IntakeState;
use crate::store::read::Counts;

#[derive(Serialize)]
struct Health {
    good: bool,
    /// Connected to the broker, and heard by it.
    broker: bool,
    database: bool,
    trouble: Option<String>,
    software: &'static str,
}

/// What a stranger hears.
#[derive(Serialize)]
struct Up {
    good: bool,
}

/// 200 where broker and database answer, else 503. Where tokens are asked for it needs none, and says no more than that.
pub(super) async fn health(State(shared): State<Shared>) -> Response {
    let intake = shared.intake.borrow().clone();
    let database = shared.store.hold_version().await;
    let trouble = intake.trouble.or_else(|| database.as_ref().err().map(ToString::to_string));
    let (broker, database) = (intake.connected, database.is_ok());
    let good = broker && database;
    let mut answer = match shared.tokens {
        true => json(&Up { good }),
        false => json(&Health { good, broker, database, trouble, software: env!("CARGO_PKG_VERSION") }),
    };
    if !good {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}

/// In the text form that Prometheus reads (its documentation, "Exposition formats", version 0.0.4).
pub(super) async fn metrics(State(shared): State<Shared>) -> Result<Response, Failed> {
    let counts = shared.store.counts().await?;
    let open = shared.store.recoveries_open().await?;
    let intake = shared.intake.borrow().clone();
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok(guarded((kind, exposed(&counts, open, &intake)).into_response()))
}

fn exposed(counts: &Counts, recoveries_open: i64, intake: &IntakeState) -> String {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    [
        ("stations", "gauge", "Stations that ever spoke", counts.stations),
        ("stations_online", "gauge", "Stations online by their own word", counts.online),
        ("messages_received_total", "counter", "Good record messages, repetitions included", counts.received),
        ("messages_repeated_total", "counter", "Record messages that brought nothing new", counts.repeated),
        ("records_durable", "gauge", "Records stored, each once", counts.durable),
        ("records_verified", "gauge", "Records whose chain holds from the first on", counts.verified),
        ("records_missing", "gauge", "Records missing below the highest of their station", counts.missing),
        ("messages_put_aside_total", "counter", "Messages that were not believed", counts.quarantined),
        ("alerts_total", "counter", "Alerts stored", counts.alerts),
        ("decisions_judged_same_total", "counter", "Decisions judged again with the same verdict", counts.audited_same),
        ("decisions_judged_other_total", "counter", "Decisions judged again otherwise", counts.audited_differs),
        ("recoveries_open", "gauge", "Held items to be fetched back", recoveries_open),
        ("broker_connected", "gauge", "1 while the broker hears us", i64::from(intake.connected)),
        ("commits_total", "counter", "Commits since the start", number(intake.commits)),
    ]
    .into_iter()
    .map(|(name, kind, help, value)| {
        let name = format!("gatepost_central_{name}");
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_name_a_kind_and_a_sentence() {
        let text = exposed(&Counts { missing: 7, ..Counts::default() }, 3, &IntakeState::default());
        assert!(text.contains("\ngatepost_central_records_missing 7\n") && text.contains("_recoveries_open 3\n"));
        for lines in text.lines().collect::<Vec<_>>().chunks(3) {
            let [help, kind, value] = lines else { panic!("{lines:?}") };
            let name = value.split(' ').next().unwrap_or_default();
            assert!(help.starts_with(&format!("# HELP {name} ")) && kind.starts_with(&format!("# TYPE {name} ")));
            assert_eq!(kind.ends_with(" counter"), name.ends_with("_total"), "{name}");
        }
    }
}

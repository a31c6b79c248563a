//! Rollouts and rules in force, for pages and answers. Reads only.

use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{SHOWN_MAX, State, state};
use crate::store::{Store, StoreError};

/// A rollout as operations see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RolloutView {
    pub rollout: i64,
    /// Of the pack.
    pub digest: String,
    pub state: State,
    pub stages: Vec<String>,
    /// The present one, from 1.
    pub stage: i64,
    pub soak_ms: i64,
    pub jump_points: i64,
    pub started_ms: i64,
    pub started_by: String,
    /// Since when every reachable station of the stage has it.
    pub soaks_since_ms: Option<i64>,
    pub changed_ms: i64,
    /// What became of it last.
    pub says: String,
    pub stations: Vec<RolloutStation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RolloutStation {
    pub facility: String,
    pub station: String,
    /// From 1.
    pub stage: i64,
    pub ordered: bool,
    pub applied_ms: Option<i64>,
    pub back_ms: Option<i64>,
    pub error: Option<String>,
    pub decisions_before: i64,
    pub flagged_before: i64,
    pub decisions_after: i64,
    pub flagged_after: i64,
}

/// The rules that a station said it has in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StationRules {
    pub facility: String,
    pub station: String,
    /// The version of central's order; 0 before its first.
    pub order: i64,
    pub digest: String,
    pub since_ms: i64,
    pub says: String,
}

impl Store {
    /// Rollouts, the newest first, with each of their stations.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rollouts(&self) -> Result<Vec<RolloutView>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.*, (SELECT says FROM rollout_event AS e WHERE e.rollout = r.rollout ORDER BY number DESC LIMIT 1) AS says
             FROM rollout AS r ORDER BY rollout DESC LIMIT $1",
        )
        .bind(SHOWN_MAX)
        .fetch_all(&self.readers)
        .await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let stations =
                sqlx::query("SELECT * FROM rollout_station WHERE rollout = $1 ORDER BY stage, facility, station")
                    .bind(row.try_get::<i64, _>("rollout")?)
                    .fetch_all(&self.readers)
                    .await?;
            views.push(view(&row, &stations)?);
        }
        Ok(views)
    }

    /// What became of one rollout, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rollout_events(&self, rollout: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query("SELECT at_ms, says FROM rollout_event WHERE rollout = $1 ORDER BY number")
            .bind(rollout)
            .fetch_all(&self.readers)
            .await?;
        let event = |row: &AnyRow| Ok((row.try_get("at_ms")?, row.try_get("says")?));
        Ok(rows.iter().map(event).collect::<Result<_, sqlx::Error>>()?)
    }

    /// The rules that every station said it has in force.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn station_rules(&self) -> Result<Vec<StationRules>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.facility, r.* FROM station_rules AS r JOIN station AS s ON s.station = r.station
             ORDER BY s.facility, r.station",
        )
        .fetch_all(&self.readers)
        .await?;
        let one = |row: &AnyRow| -> Result<StationRules, sqlx::Error> {
            Ok(StationRules {
                facility: row.try_get("facility")?,
                station: row.try_get("station")?,
                order: row.try_get("order_version")?,
                digest: row.try_get("digest")?,
                since_ms: row.try_get("since_ms")?,
                says: row.try_get("says")?,
            })
        };
        Ok(rows.iter().map(one).collect::<Result<_, _>>()?)
    }
}

fn view(row: &AnyRow, stations: &[AnyRow]) -> Result<RolloutView, sqlx::Error> {
    let station = |row: &AnyRow| -> Result<RolloutStation, sqlx::Error> {
        Ok(RolloutStation {
            facility: row.try_get("facility")?,
            station: row.try_get("station")?,
            stage: row.try_get::<i64, _>("stage")? + 1,
            ordered: row.try_get::<Option<i64>, _>("order_out")?.is_some(),
            applied_ms: row.try_get("applied_ms")?,
            back_ms: row.try_get("back_ms")?,
            error: row.try_get("error")?,
            decisions_before: row.try_get("decisions_before")?,
            flagged_before: row.try_get("flagged_before")?,
            decisions_after: row.try_get("decisions_after")?,
            flagged_after: row.try_get("flagged_after")?,
        })
    };
    Ok(RolloutView {
        rollout: row.try_get("rollout")?,
        digest: row.try_get("digest")?,
        state: state(row)?,
        stages: row.try_get::<String, _>("stages")?.split(' ').map(str::to_owned).collect(),
        stage: row.try_get::<i64, _>("stage")? + 1,
        soak_ms: row.try_get("soak_ms")?,
        jump_points: row.try_get("jump_points")?,
        started_ms: row.try_get("started_ms")?,
        started_by: row.try_get("started_by")?,
        soaks_since_ms: row.try_get("soaks_since_ms")?,
        changed_ms: row.try_get("changed_ms")?,
        says: row.try_get::<Option<String>, _>("says")?.unwrap_or_default(),
        stations: stations.iter().map(station).collect::<Result<_, _>>()?,
    })
}

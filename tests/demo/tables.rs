//! Central's tables, read as any consumer may read them: rows of a database file.
//!
//! No function of central is used, so that the checker's evidence is the file's.

use std::path::Path;

use gatepost_world::checker::{CentralRecord, CentralTables};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

pub struct Tables {
    pool: SqlitePool,
}

/// How far one station has come at central.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub verified_to: i64,
    pub high: i64,
    /// The highest that the station says it has recorded.
    pub claimed: i64,
    pub backlog: i64,
    pub quarantined: i64,
}

impl Progress {
    /// Central has everything that the station says there is.
    pub const fn is_whole(&self) -> bool {
        self.verified_to > 0 && self.verified_to >= self.high && self.verified_to >= self.claimed
    }
}

type Asked<T> = Result<T, String>;

impl Tables {
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(file: &Path) -> Asked<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Ok(Self { pool: pool.map_err(|error| format!("{}: {error}", file.display()))? })
    }

    /// # Errors
    /// What the database says.
    pub async fn progress(&self, station: &str) -> Asked<Progress> {
        let query = "SELECT verified_to, high, claimed_high, backlog, quarantined FROM station WHERE station = $1";
        let row: Option<(i64, i64, i64, i64, i64)> =
            sqlx::query_as(query).bind(station).fetch_optional(&self.pool).await.map_err(said)?;
        let (verified_to, high, claimed, backlog, quarantined) = row.unwrap_or_default();
        Ok(Progress { verified_to, high, claimed, backlog, quarantined })
    }

    /// What the station recorded about the lists it was sent: document, digest, whether in force, what it says.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lists(&self, station: &str) -> Asked<Vec<(String, String, bool, String)>> {
        let query = "SELECT envelope FROM record WHERE station = $1 AND kind = 'list' ORDER BY seq";
        let rows: Vec<(String,)> = sqlx::query_as(query).bind(station).fetch_all(&self.pool).await.map_err(said)?;
        let list = |(envelope,): (String,)| {
            let envelope: Value = serde_json::from_str(&envelope).ok()?;
            let body = &envelope["body"];
            let text = |key: &str| body[key].as_str().map(str::to_owned);
            Some((text("document")?, text("digest")?, body["in_force"].as_bool()?, text("says").unwrap_or_default()))
        };
        Ok(rows.into_iter().filter_map(list).collect())
    }

    /// Everything that the checker wants to know of a station.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of_station(&self, station: &str) -> Asked<CentralTables> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, digest FROM record WHERE station = $1 ORDER BY seq")
            .bind(station)
            .fetch_all(&self.pool)
            .await
            .map_err(said)?;
        let totals: Option<(i64, i64)> = sqlx::query_as("SELECT received, verified_to FROM station WHERE station = $1")
            .bind(station)
            .fetch_optional(&self.pool)
            .await
            .map_err(said)?;
        let (received, verified_to) = totals.unwrap_or_default();
        let number = |value: i64| u64::try_from(value).unwrap_or(0);
        let record = |(seq, digest)| CentralRecord { seq: number(seq), digest };
        Ok(CentralTables {
            records: rows.into_iter().map(record).collect(),
            received: number(received),
            acknowledged_to: (verified_to > 0).then(|| number(verified_to)),
        })
    }
}

fn said(error: sqlx::Error) -> String {
    format!("central's tables: {error}")
}

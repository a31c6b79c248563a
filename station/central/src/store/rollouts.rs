//! Rollouts as rows: what was started, how far it is, what stations said. What is next is decided in `rollout`; every change of
//! state here happens once, whoever of several centrals makes it. A station that was taken out is believed no more, so it comes
//! in no rollout: it is ordered nothing, waited for by nobody, and its errors are nobody's.

mod orders;
mod told;
mod view;

use gatepost_pipeline::ruleset::Ruleset;
use gatepost_sync::topics::Address;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError};
pub use orders::Way;
pub use view::{RolloutStation, RolloutView, StationRules};

use crate::rollout::{self, Counted, Plan, Stage, Standing, assigned};

/// Rollouts shown.
const SHOWN_MAX: i64 = 50;
/// Of what became of a rollout, so much is said.
const SAYS_CHARS_MAX: usize = 1_000;

/// How a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Running,
    /// By a person; it goes on where it was when it is resumed.
    Halted,
    Done,
    /// Every station goes back to what it had.
    Back,
}

impl State {
    pub const ALL: [State; 4] = [State::Running, State::Halted, State::Done, State::Back];

    pub const fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Halted => "halted",
            State::Done => "done",
            State::Back => "back",
        }
    }
}

/// What a rollout brings, and how.
#[derive(Clone, Debug)]
pub struct NewRollout {
    pub pack: String,
    pub cases: Option<String>,
    pub stages: Vec<Stage>,
    pub soak_ms: i64,
    pub jump_points: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum RolloutError {
    #[error("rollout {0} is {1}: end it (rollout back {0}) or let it end before another begins")]
    UnderWay(i64, &'static str),
    #[error("there is no rollout {0}; `rollout list` shows them")]
    Unknown(i64),
    #[error("rollout {0} is {1}: {2}")]
    NotNow(i64, String, &'static str),
    #[error("no station would take it: {0}")]
    Nobody(&'static str),
    #[error("{0}")]
    Pack(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RolloutError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A rollout that is to be looked at.
pub struct Active {
    pub rollout: i64,
    pub state: State,
    pub stage: usize,
    pub soaks_since_ms: Option<i64>,
    pub plan: Plan,
    pub stations: Vec<Standing>,
}

impl Store {
    /// Begins a rollout; its number. The running central carries it out.
    ///
    /// # Errors
    /// [`RolloutError`]; nothing has begun then.
    pub async fn start_rollout(&self, new: &NewRollout, by: &str, now_ms: i64) -> Result<i64, RolloutError> {
        let rules = Ruleset::load("the pack", &new.pack).map_err(|error| RolloutError::Pack(error.to_string()))?;
        let mut transaction = self.writer.begin().await?;
        self.alone_with_rollouts(&mut transaction).await?;
        let open = sqlx::query("SELECT rollout, state FROM rollout WHERE state IN ('running', 'halted')")
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(open) = open {
            return Err(RolloutError::UnderWay(open.try_get("rollout")?, state(&open)?.name()));
        }
        let rollout: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(rollout), 0) + 1 FROM rollout")
            .fetch_one(&mut *transaction)
            .await?;
        let rows = sqlx::query(
            "SELECT facility, station FROM station
             WHERE station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let stations = rows.iter().map(address).collect::<Result<Vec<_>, _>>()?;
        let stations: Vec<Address> = stations.into_iter().flatten().collect();
        let assigned = assigned(rollout, &stations, &new.stages);
        if assigned.is_empty() {
            return Err(RolloutError::Nobody("no station of these facilities has ever spoken to central"));
        }
        sqlx::query(
            "INSERT INTO rollout (rollout, pack, cases, digest, stages, soak_ms, jump_points, started_ms, started_by, state,
             stage, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', 0, $8)",
        )
        .bind(rollout)
        .bind(&new.pack)
        .bind(&new.cases)
        .bind(rules.digest_hex())
        .bind(new.stages.iter().map(Stage::to_string).collect::<Vec<_>>().join(" "))
        .bind(new.soak_ms)
        .bind(i64::from(new.jump_points))
        .bind(now_ms)
        .bind(by)
        .execute(&mut *transaction)
        .await?;
        for (address, stage) in &assigned {
            join(&mut transaction, rollout, address, *stage).await?;
        }
        let says = format!("started by {by}: {} stations, {}", assigned.len(), words(&new.stages));
        note(&mut transaction, rollout, now_ms, false, &says).await?;
        transaction.commit().await?;
        Ok(rollout)
    }

    /// Stations that spoke for the first time since a rollout began come with its last stage, where that is for all, or with
    /// that of their facility.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn join_late(&self, rollout: i64) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        let texts: String = sqlx::query_scalar("SELECT stages FROM rollout WHERE rollout = $1")
            .bind(rollout)
            .fetch_one(&mut *transaction)
            .await?;
        let stages = rollout::stages(texts.split(' ')).unwrap_or_default();
        let rows = sqlx::query(
            "SELECT s.facility, s.station FROM station AS s WHERE NOT EXISTS
             (SELECT 1 FROM rollout_station AS r WHERE r.rollout = $1 AND r.station = s.station)
             AND s.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)",
        )
        .bind(rollout)
        .fetch_all(&mut *transaction)
        .await?;
        for address in rows.iter().map(address).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            let stage = stages.iter().position(|stage| match stage {
                Stage::Percent(percent) => *percent == 100,
                Stage::Facilities(names) => names.contains(&address.facility),
            });
            if let Some(stage) = stage {
                join(&mut transaction, rollout, &address, stage).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What a person wants of a rollout: to halt, go on, or go back.
    ///
    /// # Errors
    /// [`RolloutError`] when it cannot be now.
    pub async fn change_rollout(&self, rollout: i64, to: State, by: &str, now_ms: i64) -> Result<(), RolloutError> {
        let (from, why_not): (&[State], _) = match to {
            State::Halted => (&[State::Running], "only a running one can be halted"),
            State::Running => (&[State::Halted], "only a halted one goes on; one that went back is started anew"),
            State::Back => (&[State::Running, State::Halted, State::Done], "it went back already"),
            State::Done => (&[], "it is done when its stages are"),
        };
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(rollout) FROM rollout").fetch_one(&self.readers).await?;
        let row =
            sqlx::query("SELECT state FROM rollout WHERE rollout = $1").bind(rollout).fetch_optional(&self.readers);
        let row = row.await?.ok_or(RolloutError::Unknown(rollout))?;
        let now = state(&row)?;
        if to == State::Back && newest != Some(rollout) {
            let why = "a newer one came after it: only the newest goes back; start one with the pack you want";
            return Err(RolloutError::NotNow(rollout, now.name().to_owned(), why));
        }
        let says = format!("{} by {by}", if to == State::Running { "resumed" } else { to.name() });
        match from.contains(&now) && self.turn_rollout(rollout, now, to, false, &says, now_ms).await? {
            true => Ok(()),
            false => Err(RolloutError::NotNow(rollout, now.name().to_owned(), why_not)),
        }
    }

    /// From one state to another, if it is still in the first; whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn turn_rollout(
        &self,
        rollout: i64,
        from: State,
        to: State,
        alarm: bool,
        says: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let turned = sqlx::query("UPDATE rollout SET state = $1, changed_ms = $2 WHERE rollout = $3 AND state = $4")
            .bind(to.name())
            .bind(now_ms)
            .bind(rollout)
            .bind(from.name())
            .execute(&mut *transaction)
            .await?;
        if turned.rows_affected() == 0 {
            return Ok(false);
        }
        note(&mut transaction, rollout, now_ms, alarm, says).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Into the next stage, or the soak of this one, if it is still in this stage.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn step_rollout(
        &self,
        rollout: i64,
        stage: usize,
        to: usize,
        soaks_since: Option<i64>,
        says: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let stepped = sqlx::query(
            "UPDATE rollout SET stage = $1, soaks_since_ms = $2, changed_ms = $3
             WHERE rollout = $4 AND stage = $5 AND state = 'running'",
        )
        .bind(to as i64)
        .bind(soaks_since)
        .bind(now_ms)
        .bind(rollout)
        .bind(stage as i64)
        .execute(&mut *transaction)
        .await?;
        if stepped.rows_affected() == 0 {
            return Ok(false);
        }
        note(&mut transaction, rollout, now_ms, false, says).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Rollouts that run, or whose stations are still to be told to go back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn active_rollouts(&self) -> Result<Vec<Active>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM rollout AS o WHERE state = 'running' OR (state = 'back' AND EXISTS
             (SELECT 1 FROM rollout_station AS r WHERE r.rollout = o.rollout AND order_out IS NOT NULL AND order_back IS NULL
              AND r.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)))
             ORDER BY rollout DESC LIMIT $1",
        )
            .bind(SHOWN_MAX)
            .fetch_all(&self.readers)
            .await?;
        let mut active = Vec::with_capacity(rows.len());
        for row in rows {
            let rollout: i64 = row.try_get("rollout")?;
            let stages: String = row.try_get("stages")?;
            let (stage, jump): (i64, i64) = (row.try_get("stage")?, row.try_get("jump_points")?);
            let plan = Plan {
                stages: stages.split(' ').count(),
                soak_ms: row.try_get("soak_ms")?,
                jump_points: u32::try_from(jump).unwrap_or(u32::MAX),
            };
            let stations = sqlx::query(
                "SELECT r.*, s.online FROM rollout_station AS r JOIN station AS s ON s.station = r.station
                 WHERE r.rollout = $1 AND r.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)
                 ORDER BY r.facility, r.station",
            )
            .bind(rollout)
            .fetch_all(&self.readers)
            .await?;
            active.push(Active {
                rollout,
                state: state(&row)?,
                stage: usize::try_from(stage).unwrap_or(0),
                soaks_since_ms: row.try_get("soaks_since_ms")?,
                plan,
                stations: stations.iter().map(standing).collect::<Result<_, _>>()?,
            });
        }
        Ok(active)
    }

    /// The packs that rollouts brought, by their digests.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rollout_digests(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT DISTINCT digest FROM rollout").fetch_all(&self.readers).await?)
    }

    /// One of them, as it was written.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rollout_pack(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let pack = sqlx::query_scalar("SELECT pack FROM rollout WHERE digest = $1 ORDER BY rollout LIMIT 1");
        Ok(pack.bind(digest).fetch_optional(&self.readers).await?)
    }

    async fn alone_with_rollouts(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if let Some(alone) = self.kind.alone_with_rollouts() {
            sqlx::query(alone).execute(connection).await?;
        }
        Ok(())
    }
}

async fn join(
    connection: &mut AnyConnection,
    rollout: i64,
    address: &Address,
    stage: usize,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO rollout_station (rollout, station, facility, stage) VALUES ($1, $2, $3, $4)
         ON CONFLICT (rollout, station) DO NOTHING",
    )
    .bind(rollout)
    .bind(address.station.as_str())
    .bind(address.facility.as_str())
    .bind(stage as i64)
    .execute(connection)
    .await?;
    Ok(())
}

/// The rollout's row is locked by whoever changes it, so events are numbered one after the other.
pub(super) async fn note(
    connection: &mut AnyConnection,
    rollout: i64,
    now_ms: i64,
    alarm: bool,
    says: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO rollout_event (rollout, number, at_ms, alarm, says)
         SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM rollout_event WHERE rollout = $1",
    )
    .bind(rollout)
    .bind(now_ms)
    .bind(i64::from(alarm))
    .bind(crate::alert::plain(says, SAYS_CHARS_MAX))
    .execute(connection)
    .await?;
    Ok(())
}

fn words(stages: &[Stage]) -> String {
    stages.iter().map(Stage::to_string).collect::<Vec<_>>().join(", then ")
}

fn address(row: &AnyRow) -> Result<Option<Address>, sqlx::Error> {
    let (facility, station): (String, String) = (row.try_get("facility")?, row.try_get("station")?);
    Ok(Address::new(&facility, &station))
}

fn state(row: &AnyRow) -> Result<State, sqlx::Error> {
    let name: String = row.try_get("state")?;
    let found = State::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| sqlx::Error::Decode(format!("a rollout is {name}, which this version does not know").into()))
}

fn standing(row: &AnyRow) -> Result<Standing, sqlx::Error> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0));
    let (facility, station): (String, String) = (row.try_get("facility")?, row.try_get("station")?);
    Ok(Standing {
        name: format!("{facility}/{station}"),
        stage: number("stage")? as usize,
        reachable: number("online")? != 0,
        applied: row.try_get::<Option<i64>, _>("applied_ms")?.is_some(),
        error: row.try_get("error")?,
        before: Counted { decisions: number("decisions_before")?, flagged: number("flagged_before")? },
        after: Counted { decisions: number("decisions_after")?, flagged: number("flagged_after")? },
    })
}

//! How far holds have come, what stopped moving, and what is to be fetched back: for pages and answers. Reads only, and says
//! nothing of restricted holds: there is nobody yet of whom central knows that he may see them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::Row;

use super::{Store, StoreError};
use crate::follow::{Patience, Step, missing};

/// How far the holds in force have come at one facility.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Funnel {
    pub facility: String,
    pub placed: i64,
    /// By step: holds that reached it.
    pub reached: BTreeMap<Step, i64>,
    /// By step: holds of which it is the first that they have not reached.
    pub missing: BTreeMap<Step, i64>,
    /// Of those, the ones that have waited for it too long.
    pub stalled: BTreeMap<Step, i64>,
}

/// One hold's way through one facility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    pub hold: String,
    pub item: String,
    pub facility: String,
    pub placed_ms: i64,
    /// By step: when.
    pub reached: BTreeMap<Step, i64>,
    pub missing: Option<Step>,
    /// Since when it waits for the missing step.
    pub since_ms: i64,
    pub stalled: bool,
}

/// A held item that is to be fetched back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    pub hold: String,
    pub item: String,
    pub raised_ms: i64,
    /// `release`, `removed` or `unaccounted`.
    pub went: String,
    pub at_ms: i64,
    pub facility: String,
    pub station: String,
    pub lane: String,
    pub pass: Option<String>,
    pub found_ms: Option<i64>,
}

/// Until when lists of which version had come how far, by facility.
#[derive(Debug, Default)]
struct Lists {
    /// Version and time, rising.
    reached: BTreeMap<(String, Step), Vec<(i64, i64)>>,
}

impl Lists {
    /// When a list that carries holds of this version got there.
    fn at(&self, facility: &str, step: Step, version: i64) -> Option<i64> {
        let reached = self.reached.get(&(facility.to_owned(), step))?;
        reached.iter().filter(|(carried, _)| *carried >= version).map(|(_, at_ms)| *at_ms).min()
    }

    fn newest(&self, facility: &str, step: Step) -> i64 {
        let reached = self.reached.get(&(facility.to_owned(), step));
        reached.and_then(|all| all.iter().map(|(version, _)| *version).max()).unwrap_or(-1)
    }
}

impl Store {
    /// Of every facility that ever spoke.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn funnel(&self, patience: &Patience, now_ms: i64) -> Result<Vec<Funnel>, StoreError> {
        let lists = self.lists_reached().await?;
        let ways = self.ways_seen(&lists, patience, now_ms).await?;
        let placed: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM hold WHERE lifted_ms IS NULL AND restricted = 0")
            .fetch_one(&self.readers)
            .await?;
        let facilities: Vec<String> = sqlx::query_scalar("SELECT DISTINCT facility FROM station ORDER BY facility")
            .fetch_all(&self.readers)
            .await?;
        let mut funnels = Vec::with_capacity(facilities.len());
        for facility in facilities {
            let here: Vec<&Way> = ways.iter().filter(|way| way.facility == facility).collect();
            funnels.push(self.funnel_of(facility, placed, &here, &lists, patience, now_ms).await?);
        }
        if patience.has_post() {
            self.add_post(&mut funnels, patience, now_ms).await?;
        }
        Ok(funnels)
    }

    /// How far the post knows of the holds: the same at every facility. It goes beside the other steps, so that a post that says
    /// nothing hides nobody's place; where the outcome is recorded, nothing is waited for.
    async fn add_post(&self, funnels: &mut [Funnel], patience: &Patience, now_ms: i64) -> Result<(), StoreError> {
        let limit = |step| now_ms - patience.of(step).unwrap_or(i64::MAX);
        let row = sqlx::query(
            "WITH asked AS (SELECT h.placed_ms, m.sent_ms,
                 CASE WHEN m.sent_ms IS NULL THEN 0 WHEN m.state = 'acknowledged' THEN 2 ELSE 1 END AS got,
                 CASE WHEN EXISTS (SELECT 1 FROM hold_step AS s WHERE s.hold = h.id AND s.step = 'outcome') THEN 1 ELSE 0 END AS done
                 FROM hold AS h LEFT JOIN post_message AS m ON m.hold = h.id AND m.kind = 'hold-request'
                 WHERE h.lifted_ms IS NULL AND h.restricted = 0)
             SELECT COUNT(CASE WHEN got > 0 THEN 1 END) AS sent, COUNT(CASE WHEN got = 2 THEN 1 END) AS acknowledged,
             COUNT(CASE WHEN got = 0 AND done = 0 THEN 1 END) AS not_sent,
             COUNT(CASE WHEN got = 0 AND done = 0 AND placed_ms < $1 THEN 1 END) AS not_sent_long,
             COUNT(CASE WHEN got = 1 AND done = 0 THEN 1 END) AS silent,
             COUNT(CASE WHEN got = 1 AND done = 0 AND sent_ms < $2 THEN 1 END) AS silent_long FROM asked",
        )
        .bind(limit(Step::SentToPost))
        .bind(limit(Step::AcknowledgedByPost))
        .fetch_one(&self.readers)
        .await?;
        for (step, reached, missing, stalled) in [
            (Step::SentToPost, "sent", "not_sent", "not_sent_long"),
            (Step::AcknowledgedByPost, "acknowledged", "silent", "silent_long"),
        ] {
            for funnel in &mut *funnels {
                funnel.reached.insert(step, row.try_get(reached)?);
                funnel.missing.insert(step, row.try_get(missing)?);
                funnel.stalled.insert(step, row.try_get(stalled)?);
            }
        }
        Ok(())
    }

    /// When the post was asked for the items of these ways, and when it said that it knows.
    async fn add_post_to(&self, ways: &mut [Way]) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT m.hold, m.sent_ms, CASE WHEN m.state = 'acknowledged' THEN m.answered_ms END AS answered_ms
             FROM post_message AS m WHERE m.kind = 'hold-request' AND m.sent_ms IS NOT NULL
             AND m.hold IN (SELECT hold FROM hold_step)",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut told: BTreeMap<String, Vec<(Step, i64)>> = BTreeMap::new();
        for row in rows {
            let (sent, answered): (i64, Option<i64>) = (row.try_get("sent_ms")?, row.try_get("answered_ms")?);
            let steps = told.entry(row.try_get("hold")?).or_default();
            steps.push((Step::SentToPost, sent));
            steps.extend(answered.map(|at_ms| (Step::AcknowledgedByPost, at_ms)));
        }
        for way in ways {
            way.reached.extend(told.get(&way.hold).into_iter().flatten().copied());
        }
        Ok(())
    }

    async fn funnel_of(
        &self,
        facility: String,
        placed: i64,
        seen: &[&Way],
        lists: &Lists,
        patience: &Patience,
        now_ms: i64,
    ) -> Result<Funnel, StoreError> {
        let (sent, applied) = (lists.newest(&facility, Step::Distributed), lists.newest(&facility, Step::Applied));
        let mut funnel = Funnel { facility, placed, ..Funnel::default() };
        for way in seen {
            for step in way.reached.keys().filter(|step| **step > Step::Applied) {
                *funnel.reached.entry(*step).or_default() += 1;
            }
            if let Some(step) = way.missing {
                *funnel.missing.entry(step).or_default() += 1;
                *funnel.stalled.entry(step).or_default() += i64::from(way.stalled);
            }
        }
        // The others wait for the list, or for the mail.
        for (step, above, up_to) in [
            (Step::Distributed, sent, i64::MAX),
            (Step::Applied, applied.min(sent), sent),
            (Step::Seen, -1, applied.min(sent)),
        ] {
            let limit_ms = patience.of(step).map_or(i64::MIN, |patience| now_ms - patience);
            let row = sqlx::query(
                "SELECT COUNT(*) AS waiting, COUNT(CASE WHEN placed_ms < $4 THEN 1 END) AS too_long FROM hold AS h
                 WHERE lifted_ms IS NULL AND restricted = 0 AND version > $1 AND version <= $2
                 AND NOT EXISTS (SELECT 1 FROM hold_step AS s WHERE s.hold = h.id AND s.facility = $3)",
            )
            .bind(above)
            .bind(up_to)
            .bind(&funnel.facility)
            .bind(limit_ms)
            .fetch_one(&self.readers)
            .await?;
            *funnel.missing.entry(step).or_default() += row.try_get::<i64, _>("waiting")?;
            *funnel.stalled.entry(step).or_default() += row.try_get::<i64, _>("too_long")?;
        }
        for (step, version) in [(Step::Distributed, sent), (Step::Applied, applied)] {
            let reached: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM hold WHERE lifted_ms IS NULL AND restricted = 0 AND version <= $1",
            )
            .bind(version)
            .fetch_one(&self.readers)
            .await?;
            funnel.reached.insert(step, reached);
        }
        Ok(funnel)
    }

    /// The ways of all holds in force whose item was seen somewhere, those that stopped moving first, then by age.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ways(&self, patience: &Patience, now_ms: i64) -> Result<Vec<Way>, StoreError> {
        let lists = self.lists_reached().await?;
        let mut ways = self.ways_seen(&lists, patience, now_ms).await?;
        if patience.has_post() {
            self.add_post_to(&mut ways).await?;
        }
        ways.sort_by_key(|way| (!way.stalled, way.missing.is_none(), way.since_ms));
        Ok(ways)
    }

    async fn ways_seen(&self, lists: &Lists, patience: &Patience, now_ms: i64) -> Result<Vec<Way>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.hold, s.facility, s.step, s.at_ms, h.item, h.version, h.placed_ms FROM hold_step AS s
             JOIN hold AS h ON h.id = s.hold WHERE h.lifted_ms IS NULL AND h.restricted = 0
             ORDER BY s.facility, s.hold",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut ways: Vec<Way> = Vec::new();
        for row in rows {
            let (hold, facility): (String, String) = (row.try_get("hold")?, row.try_get("facility")?);
            let Some(step) = Step::of(row.try_get("step")?) else { continue };
            if ways.last().is_none_or(|way| way.hold != hold || way.facility != facility) {
                let version = row.try_get("version")?;
                let sent = [Step::Distributed, Step::Applied].into_iter();
                ways.push(Way {
                    reached: sent.filter_map(|step| Some((step, lists.at(&facility, step, version)?))).collect(),
                    hold,
                    item: row.try_get("item")?,
                    facility,
                    placed_ms: row.try_get("placed_ms")?,
                    missing: None,
                    since_ms: 0,
                    stalled: false,
                });
            }
            if let Some(way) = ways.last_mut() {
                way.reached.insert(step, row.try_get("at_ms")?);
            }
        }
        let done: BTreeSet<String> =
            ways.iter().filter(|way| way.reached.contains_key(&Step::Outcome)).map(|way| way.hold.clone()).collect();
        for way in &mut ways {
            // Where the outcome is recorded at one facility, nothing is waited for at another that saw it before.
            way.missing = missing(|step| way.reached.contains_key(&step)).filter(|_| !done.contains(&way.hold));
            way.since_ms = way.reached.values().copied().chain([way.placed_ms]).max().unwrap_or(way.placed_ms);
            let patience = way.missing.and_then(|step| patience.of(step));
            way.stalled = patience.is_some_and(|patience| now_ms - way.since_ms > patience);
        }
        Ok(ways)
    }

    async fn lists_reached(&self) -> Result<Lists, StoreError> {
        let mut lists = Lists::default();
        let rows =
            sqlx::query("SELECT facility, step, version, at_ms FROM list_reached").fetch_all(&self.readers).await?;
        for row in rows {
            let Some(step) = Step::of(row.try_get("step")?) else { continue };
            let reached = lists.reached.entry((row.try_get("facility")?, step)).or_default();
            reached.push((row.try_get("version")?, row.try_get("at_ms")?));
        }
        Ok(lists)
    }

    /// How many held items are to be fetched back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn recoveries_open(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT COUNT(*) FROM recovery AS r JOIN hold AS h ON h.id = r.hold
             WHERE r.found_ms IS NULL AND h.lifted_ms IS NULL AND h.restricted = 0",
        )
        .fetch_one(&self.readers)
        .await?)
    }

    /// What is to be fetched back, the newest first; what was found meanwhile comes after it. At most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn recoveries(&self, limit: u32) -> Result<Vec<Recovery>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.*, h.item FROM recovery AS r JOIN hold AS h ON h.id = r.hold
             WHERE h.lifted_ms IS NULL AND h.restricted = 0
             ORDER BY CASE WHEN r.found_ms IS NULL THEN 0 ELSE 1 END, r.raised_ms DESC, r.hold LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let view = |row: &sqlx::any::AnyRow| -> Result<Recovery, sqlx::Error> {
            Ok(Recovery {
                hold: row.try_get("hold")?,
                item: row.try_get("item")?,
                raised_ms: row.try_get("raised_ms")?,
                went: row.try_get("went")?,
                at_ms: row.try_get("at_ms")?,
                facility: row.try_get("facility")?,
                station: row.try_get("station")?,
                lane: row.try_get("lane")?,
                pass: row.try_get("pass")?,
                found_ms: row.try_get("found_ms")?,
            })
        };
        Ok(rows.iter().map(view).collect::<Result<_, _>>()?)
    }
}

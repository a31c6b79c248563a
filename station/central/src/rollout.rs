//! Rule packs, staged: who comes when, whether it goes on, and when it goes back. Pure; `task` carries it out.
//!
//! A stage is over when each of its stations that can be reached judges by the pack, and the soak has passed since. An error
//! of a station, or a flag rate that jumped, ends the rollout there: every station goes back to the pack it had before.

pub mod task;

use std::collections::BTreeMap;
use std::fmt;

use gatepost_pipeline::judge::{Ground, Outcome};
use gatepost_sync::chain::Digest;
use gatepost_sync::topics::{Address, Name};
use serde::Deserialize;

/// Stages of one rollout.
pub const STAGES_MAX: usize = 16;
/// Decisions on either side below which their rates say nothing.
pub const DECISIONS_MIN: u64 = 100;
/// Decisions counted of one side; far beyond what tells a point from chance, and squares still fit.
pub const DECISIONS_MAX: u64 = 1_000_000;
/// How far apart two rates must be, in standard errors, squared: three, which chance does once in 370.
const ERRORS_SQUARED: u128 = 9;
const PURPOSE: &[u8] = b"gatepost rollout 1\0";

/// Which stations one stage adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// So many of a hundred, those of the stages before included.
    Percent(u8),
    Facilities(Vec<Name>),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Facilities(names) => f.write_str(&names.iter().map(Name::as_str).collect::<Vec<_>>().join(",")),
        }
    }
}

impl Stage {
    /// `5%`, or `JFK,ORD`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(percent) = text.strip_suffix('%') {
            let number = percent.parse().ok().filter(|percent| (1..=100).contains(percent));
            return number.map(Self::Percent).ok_or_else(|| format!("\"{text}\": a stage is 1% to 100%"));
        }
        let name = |name| {
            Name::new(name)
                .ok_or_else(|| format!("\"{name}\" is no facility: write stages as 5%, or facilities as JFK,ORD"))
        };
        text.split(',').map(name).collect::<Result<_, _>>().map(Self::Facilities)
    }
}

/// All stages of a rollout, as they are written.
///
/// # Errors
/// A sentence: none, too many, both kinds, or a stage that adds nobody.
pub fn stages<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Stage>, String> {
    let stages = texts.into_iter().map(Stage::parse).collect::<Result<Vec<_>, _>>()?;
    if stages.is_empty() || stages.len() > STAGES_MAX {
        return Err(format!("a rollout has 1 to {STAGES_MAX} stages, not {}", stages.len()));
    }
    for pair in stages.windows(2) {
        match pair {
            [Stage::Percent(before), Stage::Percent(after)] if after > before => {}
            [Stage::Facilities(_), Stage::Facilities(_)] => {}
            [before, after] => {
                return Err(format!("after {before} comes {after}: shares must rise, and do not mix with facilities"));
            }
            _ => {}
        }
    }
    Ok(stages)
}

/// The stage of each of these stations. Nothing but the rollout's number and the names decides: whoever asks again is told the same.
pub fn assigned(rollout: i64, stations: &[Address], stages: &[Stage]) -> BTreeMap<Address, usize> {
    let place = |station: &Address| {
        let name = format!("{rollout}/{}/{}", station.facility, station.station);
        (Digest::of(&[PURPOSE, name.as_bytes()].concat()), station.clone())
    };
    let mut order: Vec<(Digest, Address)> = stations.iter().map(place).collect();
    order.sort_by(|one, other| (one.0.0, &one.1).cmp(&(other.0.0, &other.1)));
    order.dedup();
    let all = order.len();
    let stage_of = |(place, station): (usize, &Address)| {
        stages.iter().position(|stage| match stage {
            // Rounded up: the first stage of a small fleet is one station and not none.
            Stage::Percent(percent) => place < (all * usize::from(*percent)).div_ceil(100),
            Stage::Facilities(names) => names.contains(&station.facility),
        })
    };
    let each = order.iter().enumerate();
    each.filter_map(|(place, (_, station))| Some((station.clone(), stage_of((place, station))?))).collect()
}

/// Decisions of some stations by one pack, and how many of them a rule of the pack sent to exam.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub decisions: u64,
    pub flagged: u64,
}

impl Counted {
    pub fn add(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.flagged += other.flagged;
    }
    /// As many decisions at the same rate; no more than there are.
    fn of(self, decisions: u64) -> Self {
        let flagged = u128::from(self.flagged) * u128::from(decisions) / u128::from(self.decisions.max(1));
        Self { decisions, flagged: u64::try_from(flagged).unwrap_or(u64::MAX) }
    }
    /// In 1/10,000.
    pub fn rate_e4(self) -> u64 {
        (self.flagged * 10_000).checked_div(self.decisions).unwrap_or(0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Fewer than [`DECISIONS_MIN`] on one side.
    TooFew,
    Alike,
    Jumped,
}

/// Whether the flag rate after differs from the one before by more than so many points of a hundred, up or down (a pack that
/// finds nothing any more is no better), and by three standard errors, so that chance does not explain it.
///
/// With `p` the rate of both together, the squared number of standard errors is
/// `(p2 - p1)² / (p (1 - p) (1/n1 + 1/n2))`; multiplied out there is nothing but integers.
pub fn compared(before: Counted, after: Counted, jump_points: u32) -> Compared {
    let clipped = |of: Counted| {
        let decisions = of.decisions.min(DECISIONS_MAX);
        (u128::from(decisions), u128::from(of.flagged.min(decisions)))
    };
    let ((n1, k1), (n2, k2)) = (clipped(before), clipped(after));
    if n1.min(n2) < u128::from(DECISIONS_MIN) {
        return Compared::TooFew;
    }
    let apart = (k1 * n2).abs_diff(k2 * n1);
    let (all, flagged) = (n1 + n2, k1 + k2);
    let is_more = apart * 100 > u128::from(jump_points) * n1 * n2;
    let is_no_chance = apart * apart * all >= ERRORS_SQUARED * n1 * n2 * flagged * (all - flagged);
    if is_more && is_no_chance { Compared::Jumped } else { Compared::Alike }
}

/// What a decision's record says of its pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub rules: String,
    /// A rule of the pack had a reason against the parcel, for cause, and it went to exam.
    pub flagged: bool,
    /// A rule could not be judged for a fault of its own.
    pub failed: bool,
}

/// Nothing for a decision that replaces another (the parcel is counted already), or that cannot be read.
pub fn judged(envelope: &str) -> Option<Judged> {
    #[derive(Deserialize)]
    struct Envelope {
        body: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        supersedes: Option<u64>,
        verdict: Verdict,
        versions: Versions,
    }
    #[derive(Deserialize)]
    struct Verdict {
        outcome: Outcome,
        reasons: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        rule: String,
        ground: Ground,
    }
    #[derive(Deserialize)]
    struct Versions {
        rules: String,
    }
    let Body { supersedes, verdict, versions } = serde_json::from_str::<Envelope>(envelope).ok()?.body;
    let by_a_rule = |reason: &Reason| reason.ground == Ground::Cause && !reason.rule.starts_with("built-in");
    let flagged = verdict.outcome > Outcome::Release && verdict.reasons.iter().any(by_a_rule);
    let failed = verdict.reasons.iter().any(|reason| reason.rule == "built-in.rule-failed");
    supersedes.is_none().then_some(Judged { rules: versions.rules, flagged, failed })
}

/// One station of a rollout, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// `facility/station`.
    pub name: String,
    pub stage: usize,
    pub reachable: bool,
    /// It judges by the pack.
    pub applied: bool,
    /// What it said of an error.
    pub error: Option<String>,
    pub before: Counted,
    pub after: Counted,
}

/// How a rollout goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub stages: usize,
    pub soak_ms: i64,
    pub jump_points: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Wait,
    /// Every reachable station of the stage has it now: the soak begins.
    Soak,
    /// Somebody of the stage came back without it: the soak begins anew when he has it.
    NotYet,
    NextStage,
    Done,
    /// Back to what was before, and why.
    Back(String),
}

/// What is next for a rollout in this stage, whose soak began then.
pub fn next(plan: &Plan, stage: usize, soaks_since: Option<i64>, stations: &[Standing], now_ms: i64) -> Next {
    if let Some((name, error)) = stations.iter().find_map(|one| Some((&one.name, one.error.as_ref()?))) {
        return Next::Back(format!("{name} reports an error: {error}"));
    }
    // One stage by itself, and all of them: a small stage must not hide behind a large one, nor many small ones apart.
    let stages = (0..=stage).map(Some).chain([None]);
    for of in stages {
        let (mut before, mut after) = (Counted::default(), Counted::default());
        for one in stations.iter().filter(|one| one.applied && of.is_none_or(|of| one.stage == of)) {
            // Each station weighs as much before as after: one that is idle now, or busier, would shift the rate by itself.
            let both = one.before.decisions.min(one.after.decisions);
            before.add(one.before.of(both));
            after.add(one.after.of(both));
        }
        if compared(before, after, plan.jump_points) == Compared::Jumped {
            let percent = |of: Counted| format!("{}.{:02} %", of.rate_e4() / 100, of.rate_e4() % 100);
            return Next::Back(format!(
                "the rules flag {} of {} parcels, before it were {} of {}: more than {} points apart",
                percent(after),
                after.decisions,
                percent(before),
                before.decisions,
                plan.jump_points
            ));
        }
    }
    let here: Vec<&Standing> = stations.iter().filter(|one| one.stage == stage).collect();
    let all_have = here.iter().all(|one| one.applied || !one.reachable);
    // A stage whose stations are all away has shown nothing.
    let is_complete = all_have && (here.is_empty() || here.iter().any(|one| one.applied));
    match (is_complete, soaks_since) {
        (false, None) => Next::Wait,
        (false, Some(_)) => Next::NotYet,
        (true, None) => Next::Soak,
        (true, Some(since)) if now_ms.saturating_sub(since) < plan.soak_ms => Next::Wait,
        (true, Some(_)) if stage + 1 < plan.stages => Next::NextStage,
        (true, Some(_)) => Next::Done,
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;

//! A rule pack rehearsed on decisions of the past: what the lanes would have decided by it, and how much more would go to exam.
//!
//! The pipeline's judge is asked again with each decision's own inputs; nothing is estimated. What a rule would have changed
//! downstream of a decision (an item that comes again after another outcome) is not in its inputs, and not made up.

use std::collections::BTreeMap;
use std::io::Write;

use gatepost_pipeline::judge::{Inputs, Outcome, Verdict, judge};
use gatepost_pipeline::ruleset::Ruleset;
use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};

/// Decisions read at once.
const AT_ONCE: u32 = 500;
/// What stands for a decision that this version cannot read, named; beyond, they are only counted.
const UNREAD_NAMED: usize = 20;

/// Of a decision's body, what judging it by other rules needs.
#[derive(Deserialize)]
struct Judged {
    pass: String,
    revision: u32,
    inputs: Inputs,
    verdict: Verdict,
}

/// Which decisions.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Milliseconds since 1970; from this on, and before that.
    pub from_ms: i64,
    pub until_ms: i64,
}

/// What became of all decisions of the span. Shares in 1/10,000 of the passes that were decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    pub rules: String,
    /// Every decision, also those that a later one of their pass replaced.
    pub decisions: u64,
    pub changed: u64,
    /// By its last decision.
    pub passes: u64,
    pub exam_before: u64,
    pub exam_after: u64,
    pub exam_share_before_e4: u64,
    pub exam_share_after_e4: u64,
    /// Of passes: `release -> exam`, and so on.
    pub turns: BTreeMap<String, u64>,
    /// Decisions for which a rule speaks now and did not, by rule; and the other way round.
    pub speaks_now: BTreeMap<String, u64>,
    pub silent_now: BTreeMap<String, u64>,
    /// Decisions that could not be judged, and why the first of them.
    pub unread: u64,
    pub unread_named: Vec<String>,
}

/// A decision by the rehearsed rules, as one line of a file.
#[derive(Serialize)]
struct Line<'a> {
    station: &'a str,
    seq: i64,
    pass: &'a str,
    revision: u32,
    changed: bool,
    verdict: &'a Verdict,
}

#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file of verdicts cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Judges every verified decision of the span by `pack`; each is written to `lines`, where that is given.
///
/// # Errors
/// When the database refuses, or the lines cannot be written.
pub async fn rehearse(
    store: &Store,
    pack: &Ruleset,
    span: Span,
    mut lines: Option<&mut dyn Write>,
) -> Result<Rehearsal, RehearseError> {
    let mut rehearsal = Rehearsal { rules: pack.digest_hex(), ..Rehearsal::default() };
    for committed in store.committed().await? {
        let station = committed.address.station.as_str();
        // A pass's last decision is the one that its parcel went by.
        let mut passes: BTreeMap<String, (Outcome, Outcome)> = BTreeMap::new();
        let mut after = 0;
        loop {
            let decisions = store.decisions(station, after, span.from_ms, span.until_ms, AT_ONCE).await?;
            let Some(last) = decisions.last() else { break };
            after = last.seq;
            for decision in &decisions {
                let judged = match body_of(&decision.envelope) {
                    Ok(judged) => judged,
                    Err(why) => {
                        rehearsal.could_not(station, decision.seq, &why);
                        continue;
                    }
                };
                let verdict = judge(&judged.inputs, pack);
                rehearsal.compare(&judged.verdict, &verdict);
                if let Some(lines) = &mut lines {
                    let changed = verdict != judged.verdict;
                    let (pass, revision) = (&judged.pass, judged.revision);
                    let line = Line { station, seq: decision.seq, pass, revision, changed, verdict: &verdict };
                    serde_json::to_writer(&mut *lines, &line).map_err(std::io::Error::from)?;
                    lines.write_all(b"\n")?;
                }
                passes.insert(judged.pass, (judged.verdict.outcome, verdict.outcome));
            }
        }
        passes.values().for_each(|(before, after)| rehearsal.went(*before, *after));
    }
    let share = |part: u64, whole: u64| (part * 10_000).checked_div(whole).unwrap_or(0);
    rehearsal.exam_share_before_e4 = share(rehearsal.exam_before, rehearsal.passes);
    rehearsal.exam_share_after_e4 = share(rehearsal.exam_after, rehearsal.passes);
    Ok(rehearsal)
}

fn body_of(envelope: &str) -> Result<Judged, String> {
    #[derive(Deserialize)]
    struct Envelope {
        body: Judged,
    }
    let read: Envelope = serde_json::from_str(envelope).map_err(|error| error.to_string())?;
    Ok(read.body)
}

impl Rehearsal {
    fn compare(&mut self, before: &Verdict, after: &Verdict) {
        self.decisions += 1;
        self.changed += u64::from(before != after);
        let rules = |verdict: &Verdict| -> Vec<String> {
            verdict.reasons.as_slice().iter().map(|reason| reason.rule.as_str().to_owned()).collect()
        };
        let (had, has) = (rules(before), rules(after));
        for rule in has.iter().filter(|rule| !had.contains(rule)) {
            *self.speaks_now.entry(rule.clone()).or_default() += 1;
        }
        for rule in had.into_iter().filter(|rule| !has.contains(rule)) {
            *self.silent_now.entry(rule).or_default() += 1;
        }
    }

    fn went(&mut self, before: Outcome, after: Outcome) {
        let is_exam = |outcome: Outcome| u64::from(outcome != Outcome::Release);
        self.passes += 1;
        self.exam_before += is_exam(before);
        self.exam_after += is_exam(after);
        if before != after {
            *self.turns.entry(format!("{} -> {}", in_words(before), in_words(after))).or_default() += 1;
        }
    }

    fn could_not(&mut self, station: &str, seq: i64, why: &str) {
        self.unread += 1;
        if self.unread_named.len() < UNREAD_NAMED {
            self.unread_named.push(format!("{station} record {seq}: {}", crate::alert::plain(why, 200)));
        }
    }
}

const fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Release => "release",
        Outcome::Exam => "exam",
        Outcome::StopInPlace => "stop-in-place",
    }
}

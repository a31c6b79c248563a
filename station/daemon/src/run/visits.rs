//! Earlier visits of items, told from records as they become durable: what a later visit of the same number is judged by.
//!
//! A visit counts when its pass has ended, with the worst that was decided about it; a pass never is its own past. Its
//! first record stays needed until then, which retention asks here. It reads records and decides nothing.

use std::collections::{BTreeMap, VecDeque};

use gatepost_hardware::units::WallMs;
use gatepost_ledger::journal::View;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_pipeline::judge::{Outcome, Token};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Kind, Pending};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Passes followed at once: far more than lie on all belts of a station. The oldest are given up first.
const OPEN_MAX: usize = 4_096;
/// Visits told again to the index at start: what it may have missed when the station was killed.
const LAST_MAX: usize = 512;

/// A visit that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub item: Token,
    pub worst: Outcome,
    pub at: WallMs,
}

/// What one record says about visits.
#[derive(Clone, Debug)]
pub enum Note {
    Decided { pass: PassKey, outcome: Outcome },
    Ended { pass: PassKey, item: Option<Token>, at: WallMs },
}

#[derive(Deserialize)]
struct Body {
    pass: Option<PassKey>,
    #[serde(default)]
    item: Option<Token>,
    verdict: Option<Verdict>,
    end: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Verdict {
    outcome: Outcome,
}

impl Note {
    /// Nothing for records of other kinds.
    pub fn of(pending: &Pending) -> Option<Self> {
        Self::read(pending.kind(), pending.at(), pending.body())
    }

    fn read(kind: Kind, at: WallMs, body: &[u8]) -> Option<Self> {
        if !matches!(kind, Kind::Decision | Kind::Sighting) {
            return None;
        }
        let body: Body = serde_json::from_slice(body).ok()?;
        let pass = body.pass?;
        match (body.verdict, body.end) {
            (Some(verdict), _) => Some(Self::Decided { pass, outcome: verdict.outcome }),
            (None, Some(_)) => Some(Self::Ended { pass, item: body.item, at }),
            (None, None) => None,
        }
    }
}

/// Passes whose visit has not ended.
#[derive(Debug, Default)]
pub struct Visits {
    open: BTreeMap<PassKey, Open>,
    last: VecDeque<Visit>,
}

#[derive(Debug)]
struct Open {
    first_seq: u64,
    worst: Outcome,
}

impl Visits {
    /// Takes a durable record; gives the visit that ended with it.
    pub fn take(&mut self, seq: u64, note: Note) -> Option<Visit> {
        match note {
            Note::Decided { pass, outcome } => {
                let open = self.open.entry(pass).or_insert(Open { first_seq: seq, worst: outcome });
                open.worst = open.worst.max(outcome);
                if self.open.len() > OPEN_MAX {
                    let oldest = self.open.iter().min_by_key(|(_, open)| open.first_seq).map(|(pass, _)| *pass);
                    oldest.map(|pass| self.open.remove(&pass));
                }
                None
            }
            Note::Ended { pass, item, at } => {
                let worst = self.open.remove(&pass)?.worst;
                Some(Visit { item: item?, worst, at })
            }
        }
    }

    /// Takes a record of the journal, at start.
    pub fn recover(&mut self, envelope: &Envelope<'_>) {
        let Some(note) = Note::read(envelope.kind, WallMs(envelope.at), envelope.body.get().as_bytes()) else { return };
        if let Some(visit) = self.take(envelope.seq, note) {
            self.last.push_back(visit);
            if self.last.len() > LAST_MAX {
                self.last.pop_front();
            }
        }
    }

    /// The visits that ended last before the start.
    pub fn last(&mut self) -> VecDeque<Visit> {
        std::mem::take(&mut self.last)
    }

    /// Whether a pass that has not ended needs a record from `first` to `last`.
    pub fn need(&self, first: u64, last: u64) -> bool {
        self.open.values().any(|open| (first..=last).contains(&open.first_seq))
    }
}

/// Every visit that the journal knows, for an index that is built anew.
pub fn history(view: &View, each: &mut dyn FnMut(&str, Outcome, i64)) {
    let mut visits = Visits::default();
    for record in Records::from(view, view.first_seq()) {
        // What cannot be read was refused at start; a later fault ends the telling, and the index is only a cache.
        let Ok(record) = record else { return };
        let Ok(envelope) = Envelope::parse(&record.bytes) else { return };
        visits.recover(&envelope);
        for visit in visits.last() {
            each(visit.item.as_str(), visit.worst, visit.at.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(visits: &mut Visits, seq: u64, kind: Kind, body: &str) -> Option<Visit> {
        Note::read(kind, WallMs(1_000 + seq as i64), body.as_bytes()).and_then(|note| visits.take(seq, note))
    }

    #[test]
    fn a_visit_counts_when_it_has_ended_with_the_worst_that_was_decided() {
        let mut visits = Visits::default();
        let decision = |outcome| format!(r#"{{"pass":"north/1/7","inputs":{{}},"verdict":{{"outcome":"{outcome}"}}}}"#);
        assert_eq!(take(&mut visits, 1, Kind::Decision, &decision("exam")), None);
        assert_eq!(take(&mut visits, 5, Kind::Decision, &decision("release")), None, "never its own past");
        assert!(visits.need(1, 3) && !visits.need(2, 9), "its first record is needed until it has ended");
        assert_eq!(take(&mut visits, 6, Kind::Device, r#"{"pass":"north/1/7","end":"exam"}"#), None);
        let end = r#"{"pass":"north/1/7","item":"RR473124829GB","end":"exam"}"#;
        let ended = take(&mut visits, 7, Kind::Sighting, end).expect("it ended");
        assert_eq!((ended.item.as_str(), ended.worst, ended.at), ("RR473124829GB", Outcome::Exam, WallMs(1_007)));
        assert!(!visits.need(1, 9));
        assert_eq!(take(&mut visits, 8, Kind::Sighting, end), None, "once");
        let nameless = r#"{"pass":"north/1/8","item":null,"end":"exam"}"#;
        take(&mut visits, 9, Kind::Decision, &decision("exam").replace("/7", "/8"));
        assert_eq!(take(&mut visits, 10, Kind::Sighting, nameless), None, "nobody knows whose visit it was");
    }
}

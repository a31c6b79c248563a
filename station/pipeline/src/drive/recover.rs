//! What a journal says about a lane's last life: which passes never ended, and which epochs were used.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::judge::{Inputs, Outcome};
use crate::limits::CLOSED_MAX;
use crate::pass::PassKey;
use crate::pass::life::End;
use crate::record::Kind;
use crate::weighing::Alibis;

/// A pass that the journal shows begun and not finished: its end is missing, or its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPass {
    pub pass: PassKey,
    /// Its newest decision's record, and which decision of the pass that is: the next one supersedes it. 0 and 0: it was
    /// never decided.
    pub seq: u64,
    pub revision: u32,
    /// Whether that decision was a release: its permit may still stand, or may have been used.
    pub release: bool,
    /// It ended, and was never decided: the decision is still owed.
    pub end: Option<End>,
    /// What was known of it then.
    pub inputs: Option<Box<Inputs>>,
    /// And the weights behind it.
    #[serde(default)]
    pub weights: Alibis,
}

/// Read once at start, over all records, in order.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// With the bodies of their decisions.
    open: BTreeMap<PassKey, (OpenPass, Vec<u8>)>,
    closed: VecDeque<PassKey>,
    /// The highest pass of each epoch that a record names.
    highest: BTreeMap<u32, u32>,
    epoch_last: u32,
    accounted: Option<(u32, u32)>,
}

#[derive(Deserialize)]
struct Named {
    pass: Option<PassKey>,
    revision: Option<u32>,
    verdict: Option<NamedVerdict>,
    end: Option<End>,
    controller_epoch: Option<u32>,
    fact: Option<NamedFact>,
}

#[derive(Deserialize)]
struct NamedFact {
    epoch: u32,
    number: u32,
}

#[derive(Deserialize)]
struct NamedInputs {
    inputs: Box<Inputs>,
}

/// Apart from the inputs: a weight that this software cannot read must not cost what it can.
#[derive(Default, Deserialize)]
struct NamedWeights {
    #[serde(default)]
    weights: Alibis,
}

#[derive(Deserialize)]
struct NamedVerdict {
    outcome: Outcome,
}

impl OpenPass {
    /// A pass that began, and of which nothing else is known.
    pub fn undecided(pass: PassKey) -> Self {
        let weights = Alibis::default();
        Self { pass, seq: 0, revision: 0, release: false, end: None, inputs: None, weights }
    }
}

impl Recovery {
    /// Takes one record of the lane. Bodies that name no pass change nothing.
    pub fn read(&mut self, seq: u64, kind: Kind, body: &[u8]) {
        if !matches!(kind, Kind::Decision | Kind::Sighting | Kind::Config | Kind::Presentation) {
            return;
        }
        let Ok(named) = serde_json::from_slice::<Named>(body) else { return };
        self.epoch_last = self.epoch_last.max(named.controller_epoch.unwrap_or(0));
        self.accounted = self.accounted.max(named.fact.map(|fact| (fact.epoch, fact.number)));
        let Some(pass) = named.pass else { return };
        self.epoch_last = self.epoch_last.max(pass.epoch);
        let highest = self.highest.entry(pass.epoch).or_default();
        *highest = pass.pass.max(*highest);
        match (kind, named.revision, named.end) {
            // A decision that follows the end was owed: the pass is finished.
            (Kind::Decision, ..) if self.closed.contains(&pass) => drop(self.open.remove(&pass)),
            (Kind::Decision, Some(revision), _) if !self.closed.contains(&pass) => {
                let release = named.verdict.is_some_and(|verdict| verdict.outcome == Outcome::Release);
                let open = OpenPass { seq, revision, release, ..OpenPass::undecided(pass) };
                self.open.insert(pass, (open, body.to_vec()));
            }
            // It is owed a decision and an end, whatever became of it.
            (Kind::Presentation, ..) | (Kind::Sighting, _, None) if !self.closed.contains(&pass) => {
                self.open.entry(pass).or_insert((OpenPass::undecided(pass), Vec::new()));
            }
            (Kind::Sighting, _, Some(end)) => {
                match self.open.get_mut(&pass) {
                    Some((open, _)) if open.seq == 0 => open.end = Some(end),
                    _ => drop(self.open.remove(&pass)),
                }
                remember(&mut self.closed, pass);
            }
            _ => {}
        }
    }

    /// Passes that are owed an end or a decision; one that was never decided has `seq` 0.
    pub fn open(&self) -> Vec<OpenPass> {
        let known = |(open, body): &(OpenPass, Vec<u8>)| {
            let inputs = serde_json::from_slice::<NamedInputs>(body).ok().map(|named| named.inputs);
            let NamedWeights { weights } = serde_json::from_slice(body).unwrap_or_default();
            OpenPass { inputs, weights, ..open.clone() }
        };
        self.open.values().map(known).collect()
    }
    /// The passes that ended last: what the controller still counts of them has left.
    pub fn closed(&self) -> Vec<PassKey> {
        self.closed.iter().copied().collect()
    }
    /// The highest pass of each epoch: what the controller counts beyond it entered unseen.
    pub fn highest(&self) -> BTreeMap<u32, u32> {
        self.highest.clone()
    }
    /// The last fact of the lane controller of which a record says what came of it: its epoch and number.
    pub fn accounted(&self) -> Option<(u32, u32)> {
        self.accounted
    }
    pub fn epoch_next(&self) -> u32 {
        self.epoch_last + 1
    }
}

/// Keeps the last [`CLOSED_MAX`].
pub(super) fn remember(closed: &mut VecDeque<PassKey>, pass: PassKey) {
    if closed.len() == CLOSED_MAX {
        closed.pop_front();
    }
    closed.push_back(pass);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_and_never_left_is_open() {
        let mut recovery = Recovery::default();
        recovery.read(1, Kind::Config, br#"{"controller_epoch":4}"#);
        for pass in 1..=3 {
            let body = format!("{{\"pass\":\"north/3/{pass}\",\"revision\":1}}");
            recovery.read(10 + pass, Kind::Decision, body.as_bytes());
        }
        recovery.read(19, Kind::Sighting, br#"{"pass":"north/3/4","seen":"entry"}"#);
        recovery.read(20, Kind::Decision, br#"{"pass":"north/3/3","revision":2}"#);
        recovery.read(21, Kind::Sighting, br#"{"pass":"north/3/2","end":"exam"}"#);
        recovery.read(22, Kind::Sighting, br#"{"pass":null,"end":"exam","fact":{"epoch":3,"number":70}}"#);
        recovery.read(23, Kind::Device, b"not even JSON");
        for (seq, pass) in [(30, 5), (33, 6)] {
            let began = format!("{{\"pass\":\"north/3/{pass}\",\"seen\":\"entry\"}}");
            recovery.read(seq, Kind::Sighting, began.as_bytes());
            let ended = format!("{{\"pass\":\"north/3/{pass}\",\"end\":\"unaccounted\"}}");
            recovery.read(seq + 1, Kind::Sighting, ended.as_bytes());
        }
        recovery.read(35, Kind::Decision, br#"{"pass":"north/3/6","revision":1}"#);
        assert_eq!(recovery.open().iter().find_map(|open| open.end), Some(End::Unaccounted), "5 is owed a decision");
        let open: Vec<_> =
            recovery.open().iter().map(|open| (open.pass.to_string(), open.seq, open.revision)).collect();
        assert_eq!(
            open,
            [("north/3/1", 11, 1), ("north/3/3", 20, 2), ("north/3/4", 0, 0), ("north/3/5", 0, 0)]
                .map(|(pass, seq, revision)| (pass.to_owned(), seq, revision))
        );
        let closed: Vec<_> = recovery.closed().iter().map(PassKey::to_string).collect();
        assert_eq!(closed, ["north/3/2", "north/3/5", "north/3/6"]);
        assert_eq!((recovery.epoch_next(), recovery.accounted()), (5, Some((3, 70))));
    }
}

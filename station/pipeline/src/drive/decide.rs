//! From what is known of a parcel to a decision on its way to the disk, and from the durable decision to a permit.

use std::sync::Arc;

use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::units::Micros;
use serde::{Deserialize, Serialize};

use super::{AlarmCode, Drive, Known, Versions};
use crate::divert::{self, Approach};
use crate::event::{Effect, Matched, Order};
use crate::facts::fill_match;
use crate::identify::ItemIdentity;
use crate::judge::{Fault, Few, Identification, Inputs, Outcome, Token, Verdict, judge};
use crate::limits::DECIDE_BEFORE_MS;
use crate::pass::PassKey;
use crate::pass::life::{Signal, State};
use crate::record::{Decided, Pending, Urgency};
use crate::weighing::Alibis;

/// Body of a *decision*: everything central needs to judge again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecisionBody {
    pub pass: PassKey,
    /// 1 for the first decision of a pass.
    pub revision: u32,
    /// The `seq` of the decision it replaces.
    pub supersedes: Option<u64>,
    /// BLAKE3 of the image's file, when one belongs to this parcel.
    pub image: Option<Token>,
    /// The pictures of its label, as the personal store names them; they mean nothing once it has forgotten them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Token>,
    /// The weights that this decision saw, as the scale said them: so that each can be shown again.
    #[serde(default, skip_serializing_if = "Few::is_empty")]
    pub weights: Alibis,
    pub inputs: Inputs,
    pub verdict: Verdict,
    pub versions: Versions,
}

impl Drive {
    /// Asks the lists once the parcel's id is known.
    pub(super) fn identify(&mut self, at: usize) {
        let parcel = &self.parcels[at];
        if parcel.looked_up {
            return;
        }
        let gathered = self.gather.get(parcel.key).and_then(|gathered| gathered.identity.as_ref());
        let item = match (parcel.kept.as_deref().map(|known| &known.inputs.item), gathered) {
            (Some(Identification::Read { id, .. }), _) => Some(id.clone()),
            (None, Some(ItemIdentity::Item(item))) => Token::new(&item.id),
            (Some(_), _) | (None, Some(ItemIdentity::NoRead(_) | ItemIdentity::Conflicting(_))) => None,
            (None, None) => return,
        };
        let pass = parcel.key;
        if let Some(item) = &item {
            match self.ids.get(item.as_str()) {
                Some(&other) if other != pass => self.twice(pass, other),
                Some(_) => {}
                None => drop(self.ids.insert(item.as_str().to_owned(), pass)),
            }
        }
        self.parcels[at].looked_up = true;
        self.out.push(Effect::Lookup { pass, item });
    }

    /// The same id on two parcels: neither may go.
    fn twice(&mut self, pass: PassKey, other: PassKey) {
        for pass in [pass, other] {
            if let Some(at) = self.find(pass) {
                self.parcels[at].twice = true;
                self.parcels[at].stale |= self.parcels[at].judged.is_some();
            }
        }
    }

    pub(super) fn matched(&mut self, pass: PassKey, answer: Box<Matched>) {
        let Some(at) = self.find(pass) else { return };
        if let Some(kept) = &mut self.parcels[at].kept {
            fill_match(&mut kept.inputs, &answer);
        } else if let Some(gathered) = self.gather.get_mut(pass) {
            gathered.matched = Some(answer);
        }
        self.parcels[at].stale |= self.parcels[at].judged.is_some();
    }

    /// A list came into force: everything that has not left is looked up against it.
    pub(super) fn look_up_again(&mut self) {
        for at in 0..self.parcels.len() {
            if self.parcels[at].looked_up && self.parcels[at].state.is_on_belt() {
                let (pass, item) = (self.parcels[at].key, self.item_of(at));
                self.out.push(Effect::Lookup { pass, item });
            }
        }
    }

    /// Judges a parcel when all is known, when it must, or when something changed after it was judged.
    pub(super) fn decide_if_due(&mut self, at: usize) {
        let parcel = &self.parcels[at];
        // What an earlier life released and the gate has opened for, leaves by that decision.
        let stands = parcel.judged.is_none() && parcel.state == State::Opened;
        if parcel.asking || stands || !self.is_greeted() || matches!(parcel.state, State::Closed(_)) && !parcel.stale {
            return;
        }
        if parcel.again && parcel.state.is_on_belt() && !self.is_running() && !self.is_due(parcel.key) {
            return; // judged now, it would only wait for the lane
        }
        let first = parcel.judged.is_none();
        let gone = !parcel.state.is_on_belt();
        let unplaced = gone || parcel.inherited.is_some() || self.is_lost(parcel);
        let owed = first && (unplaced || self.is_due(parcel.key));
        if self.failed.contains(&Fault::Disk) {
            // Withheld now is exam for good: by the time the disk stores again the parcel has gone its way without a permit.
            self.parcels[at].unrecorded |= owed;
            return;
        }
        if owed || parcel.stale {
            return self.decide(at, false);
        }
        if first && self.is_complete(at) {
            // A lane that stands still can wait for its decision; only "stop here" cannot.
            self.decide(at, !self.is_running());
        }
    }

    fn is_complete(&self, at: usize) -> bool {
        let pass = self.parcels[at].key;
        self.gather.is_complete(pass) && self.gather.get(pass).is_some_and(|gathered| gathered.matched.is_some())
    }

    /// Whether a decision made any later could not become a permit in time.
    fn is_due(&self, pass: PassKey) -> bool {
        let Some((_, eye)) = self.config.map.eye(EyeRole::Diverter) else { return false };
        let speed = u64::from(self.config.map.segments[usize::from(eye.segment)].speed_mm_s);
        let needed = DECIDE_BEFORE_MS * speed / 1_000 + u64::from(self.config.map.items.window_mm.0.unsigned_abs());
        let left = self.track.before_diverter(pass);
        left.is_some_and(|left| i64::from(left.0) <= needed as i64) || self.track.is_beyond_diverter(pass)
    }

    fn decide(&mut self, at: usize, only_to_stop: bool) {
        let Known { inputs, weights } = self.known(at);
        let rules = self.parcels[at].rules.clone().unwrap_or_else(|| Arc::clone(&self.rules));
        let verdict = judge(&inputs, &rules.rules);
        if only_to_stop && verdict.outcome != Outcome::StopInPlace {
            return;
        }
        let parcel = &mut self.parcels[at];
        parcel.stale = false;
        let same = parcel.judged.as_ref().is_some_and(|judged| judged.1 == verdict);
        if same && !parcel.unrecorded && !parcel.again {
            return;
        }
        (parcel.unrecorded, parcel.again) = (false, false);
        parcel.rules = Some(Arc::clone(&rules));
        parcel.revision += 1;
        parcel.asking = true;
        parcel.release = None;
        parcel.signal(Signal::Asked);
        let decided = Decided { pass: parcel.key, revision: parcel.revision, outcome: verdict.outcome };
        let body = DecisionBody {
            pass: parcel.key,
            revision: parcel.revision,
            supersedes: parcel.seq,
            image: None,
            labels: Vec::new(),
            weights,
            inputs,
            verdict,
            versions: Versions { rules: rules.name.clone(), ..self.config.versions.clone() },
        };
        self.record_decision(at, decided, body);
    }

    fn record_decision(&mut self, at: usize, decided: Decided, mut body: DecisionBody) {
        let key = body.pass;
        body.image = self.image_digest(key);
        body.labels = self.gather.get(key).map(|gathered| gathered.labels.clone()).unwrap_or_default();
        let verdict = &body.verdict;
        let late = verdict.outcome > Outcome::Release && self.parcels[at].state == State::Opened;
        let urgency = Urgency { alert: verdict.is_alert(), late_hold: late, ..Urgency::default() };
        let made = Pending::decision(decided, urgency, verdict.audience(), self.wall, &body);
        debug_assert!(made.is_ok(), "{made:?}");
        self.out.extend(made.ok().map(Effect::Record));
        if verdict.outcome == Outcome::StopInPlace {
            self.order(Order::StopInPlace { pass: key.pass });
            let says = format!("{key} must stay where it is: do not touch it; a supervisor resets the lane");
            self.alarm(AlarmCode::StoppedInPlace, Some(key), &says);
        }
        if verdict.outcome > Outcome::Release {
            if let Some(permit) = self.parcels[at].permit {
                self.order(Order::Revoke { permit });
            }
            if late {
                self.alarm_too_late(key);
            }
        }
        self.parcels[at].weights = body.weights;
        self.parcels[at].judged = Some(Box::new((body.inputs, body.verdict)));
    }

    /// Gives the controller its permit, once the release is durable and the parcel is on the diverter's belt.
    pub(super) fn permit_if_due(&mut self, at: usize) {
        let Some((_, eye)) = self.config.map.eye(EyeRole::Diverter) else { return };
        let parcel = &self.parcels[at];
        let ready = parcel.release.is_some() && parcel.state == State::Decided && !parcel.voided && !parcel.stale;
        if !ready || !self.is_running() || parcel.inherited.is_some() {
            return;
        }
        let mark = self.track.mark(parcel.key, eye.segment).filter(|mark| mark.trail.is_some());
        if mark.is_none() {
            return;
        }
        let length_mm = self.track.get(parcel.key).and_then(|tracked| tracked.length_mm);
        let ttl = Micros::from_ms(u64::from(self.config.map.timing.permit_ms_max));
        let approach =
            Approach { map: &self.config.map, revision: parcel.revision, mark, length_mm, expires: self.time + ttl };
        let Some(recorded) = self.parcels[at].release.take() else { return };
        if let Ok(permit) = divert::permit(recorded, &approach) {
            self.parcels[at].permit = Some(permit.id());
            self.parcels[at].signal(Signal::PermitGiven);
            self.out.push(Effect::Permit(permit));
        }
    }
}

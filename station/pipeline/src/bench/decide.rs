//! From what was read of an item to a decision on its way to the disk, and from the durable decision to what is shown.

use std::sync::Arc;

use gatepost_hardware::units::Micros;

use super::Bench;
use super::presentation::Presentation;
use crate::divert;
use crate::drive::{AlarmCode, DecisionBody, Versions};
use crate::event::{ClockState, Effect, Matched};
use crate::facts::{fill_identity, fill_match, sampling_of, today};
use crate::identify::ItemIdentity;
use crate::judge::{Association, Fault, Identification, Inputs, LaneKind, LaneState, Outcome, Sensor, Token, judge};
use crate::limits::{LOOKUP_AGAIN_MS, LOOKUP_MS_MAX, PRESENTATION_MS_MAX, PRESENTATION_QUIET_MS};
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::{Decided, Pending, Urgency};
use crate::weighing::{Alibis, alibis};

impl Bench {
    /// Asks the lists once the item's id is known, and again when a further label changes it.
    pub(super) fn look_up(&mut self, at: usize) {
        let late = self.is_late(at);
        let presentation = &self.presentations[at];
        let settled = self.is_quiet(presentation) && presentation.readings.is_scanned(&self.config.map);
        if presentation.inherited || !presentation.lies_here() || !(settled || late) {
            return;
        }
        let identity = presentation.readings.identity();
        if presentation.lists.identity.as_ref() != Some(&identity) {
            self.presentations[at].lists.identity = Some(identity);
            self.presentations[at].lists.since = self.mono;
            self.presentations[at].stale |= self.presentations[at].judged.is_some();
            self.ask(at);
            let item = self.presentations[at].item();
            self.presentations[at].twice =
                item.is_some_and(|item| self.loose.iter().any(|known| known == item.as_str()));
        }
        self.ask_again(at);
    }

    /// Lists that could not answer are asked again for a while, before anything is decided without them.
    fn ask_again(&mut self, at: usize) {
        let presentation = &self.presentations[at];
        let (lists, within) = (&presentation.lists, Micros::from_ms(LOOKUP_MS_MAX));
        let pause = Micros::from_ms(LOOKUP_AGAIN_MS);
        let due = self.mono >= lists.asked_at + pause && self.mono < lists.since + within;
        if presentation.judged.is_none() && due && lists.may_come() {
            self.ask(at);
        }
    }

    fn ask(&mut self, at: usize) {
        let presentation = &mut self.presentations[at];
        presentation.lists.asked += 1;
        presentation.lists.asked_at = self.mono;
        let (pass, item) = (presentation.key, presentation.item());
        self.out.push(Effect::Lookup { pass, item });
    }

    pub(super) fn matched(&mut self, pass: PassKey, answer: Box<Matched>) {
        let Some(at) = self.find(pass) else { return };
        let presentation = &mut self.presentations[at];
        presentation.lists.answered += 1;
        presentation.lists.matched = Some(answer);
        presentation.stale |= presentation.judged.is_some();
    }

    /// A list came into force: what has not left is looked up against it.
    pub(super) fn look_up_again(&mut self) {
        for at in 0..self.presentations.len() {
            if self.presentations[at].lists.asked > 0 && self.presentations[at].state.is_on_belt() {
                self.ask(at);
            }
        }
    }

    fn is_quiet(&self, presentation: &Presentation) -> bool {
        self.mono >= presentation.heard + Micros::from_ms(PRESENTATION_QUIET_MS)
    }
    /// Whether what is missing will not be waited for.
    fn is_late(&self, at: usize) -> bool {
        self.mono >= self.presentations[at].began + Micros::from_ms(PRESENTATION_MS_MAX)
    }

    /// Judges an item when all is known, when it must, or when something changed after it was judged.
    pub(super) fn decide_if_due(&mut self, at: usize) {
        let presentation = &self.presentations[at];
        let closed = matches!(presentation.state, State::Closed(_));
        if presentation.asking || self.failed.contains(&Fault::Disk) || closed && !presentation.stale {
            return;
        }
        let lists = &presentation.lists;
        let waited = |since: Micros| lists.asked > 0 && self.mono >= since + Micros::from_ms(LOOKUP_MS_MAX);
        let unanswered = waited(lists.asked_at);
        let answered = lists.current().is_some() && (!lists.may_come() || waited(lists.since));
        if presentation.judged.is_some() {
            // A question on its way is waited for: an answer to the one before would be judged in its place.
            // So is a hand on the plate, before a release that it hid is given again.
            if presentation.again && presentation.lies_here() && !presentation.readings.plate.is_at_rest() {
                return;
            }
            if presentation.stale
                && (lists.current().is_some() || unanswered || lists.asked == 0 || !presentation.lies_here())
            {
                self.decide(at);
            }
            return;
        }
        let owed = !presentation.state.is_on_belt() || presentation.inherited;
        let complete = self.is_quiet(presentation) && presentation.readings.is_complete(&self.config.map);
        if owed || (complete || self.is_late(at)) && (answered || unanswered) {
            self.decide(at);
        }
    }

    fn decide(&mut self, at: usize) {
        let (inputs, weights) = self.known(at);
        let rules = self.presentations[at].rules.clone().unwrap_or_else(|| Arc::clone(&self.rules));
        let verdict = judge(&inputs, &rules.rules);
        let presentation = &mut self.presentations[at];
        presentation.stale = false;
        let same = presentation.judged.as_ref().is_some_and(|judged| judged.1 == verdict);
        if same && !presentation.unrecorded && !presentation.again {
            return;
        }
        (presentation.unrecorded, presentation.again) = (false, false);
        presentation.rules = Some(Arc::clone(&rules));
        presentation.revision += 1;
        presentation.asking = true;
        presentation.release = None;
        // A release is not shown from here on until the new word is durable; what stays exam stays so.
        if presentation.shown.is_some_and(|(shown, _)| shown != verdict.outcome || shown == Outcome::Release) {
            presentation.darken(self.mono);
        }
        let leaves = presentation.lifted.is_some_and(|lifted| lifted.goes == End::Release);
        let late = verdict.outcome > Outcome::Release && leaves;
        presentation.signal(Signal::Asked);
        let decided = Decided { pass: presentation.key, revision: presentation.revision, outcome: verdict.outcome };
        let body = DecisionBody {
            pass: presentation.key,
            revision: presentation.revision,
            supersedes: presentation.seq,
            image: presentation.readings.picture().map(|picture| picture.file.digest.clone()),
            labels: presentation.readings.labels.clone(),
            weights,
            inputs,
            verdict,
            versions: Versions { rules: rules.name.clone(), ..self.config.versions.clone() },
        };
        self.record(at, decided, body, late);
    }

    fn record(&mut self, at: usize, decided: Decided, body: DecisionBody, late: bool) {
        let (key, verdict) = (body.pass, &body.verdict);
        let urgency = Urgency { alert: verdict.is_alert(), late_hold: late, ..Urgency::default() };
        let made = Pending::decision(decided, urgency, verdict.audience(), self.wall, &body);
        debug_assert!(made.is_ok(), "{made:?}");
        self.out.extend(made.ok().map(Effect::Record));
        if verdict.outcome == Outcome::StopInPlace {
            let says = format!("{key} must stay where it is: do not touch it; a supervisor clears the bench");
            self.alarm(AlarmCode::StoppedInPlace, Some(key), &says);
        }
        if late {
            self.alarm_too_late(at);
        }
        self.presentations[at].weights = body.weights;
        self.presentations[at].judged = Some(Box::new((body.inputs, body.verdict)));
    }

    /// An item that should be stopped was taken to release: operations must fetch it.
    pub(super) fn alarm_too_late(&mut self, at: usize) {
        let key = self.presentations[at].key;
        let item = self.presentations[at].item().map_or(String::new(), |item| format!(" ({item})"));
        let says = format!("{key}{item} was taken to release although it must be stopped: fetch it there");
        self.alarm(AlarmCode::RevokedTooLate, Some(key), &says);
    }

    /// Shows what is durable of an item that lies on the bench; takes a release back that nobody has followed for long.
    pub(super) fn show_if_due(&mut self, at: usize) {
        let shows_for = Micros::from_ms(u64::from(self.config.map.timing.permit_ms_max));
        let watched = self.is_watched();
        let presentation = &mut self.presentations[at];
        if !presentation.lies_here() {
            return;
        }
        match presentation.state {
            State::Permitted if presentation.shown.is_some_and(|(_, since)| self.mono >= since + shows_for) => {
                presentation.hide(self.mono);
                self.ask(at);
            }
            State::Decided if presentation.shown.is_none() && !presentation.stale => {
                let outcome = presentation.judged.as_ref().map(|judged| judged.1.outcome);
                if outcome > Some(Outcome::Release) {
                    presentation.shown = outcome.map(|outcome| (outcome, self.mono));
                } else if watched
                    && presentation.readings.plate.is_at_rest()
                    && let Some(recorded) = presentation.release.take()
                    && let Ok(permit) = divert::show(recorded, presentation.revision)
                {
                    presentation.signal(Signal::PermitGiven);
                    presentation.shown = Some((Outcome::Release, self.mono));
                    self.out.push(Effect::Permit(permit));
                }
            }
            _ => {}
        }
    }

    /// Everything the judge may read about an item, as it is known now, and the weights behind it.
    fn known(&self, at: usize) -> (Inputs, Alibis) {
        let presentation = &self.presentations[at];
        let readings = &presentation.readings;
        let mut inputs = Inputs::blank(presentation.key);
        inputs.today =
            (self.trusted == ClockState::Trusted).then(|| today(self.wall, self.config.utc_offset_min)).flatten();
        inputs.lane.kind = LaneKind::Bench;
        // Nothing moves: a bench is as ready as its devices.
        inputs.lane.state = LaneState::Running;
        inputs.lane.restart = presentation.restart;
        inputs.lane.faults = self.failed.clone();
        if presentation.unrecorded {
            inputs.lane.faults.insert(Fault::Disk);
        }
        inputs.lane.contingency = self.failed.iter().find_map(|fault| self.config.contingency.get(fault)).cloned();
        inputs.lane.exam_all = self.ordered.of(presentation.judged.as_ref().map(|judged| &judged.0));
        let fitted = |fitted| if fitted { Sensor::Unknown } else { Sensor::NotFitted };
        inputs.radiation = fitted(self.config.radiation_fitted);
        inputs.smoke = fitted(self.config.smoke_fitted);
        inputs.sampling = sampling_of(&self.config, presentation.key, &self.failed);
        inputs.clearance.clone_from(&presentation.clearance);
        if presentation.inherited {
            return (inputs, Alibis::default()); // nothing was heard of it in this life
        }
        // Nothing but the picture measures an item that does not move.
        inputs.parcel.length_mm = readings.picture().map(|picture| picture.file.length_mm);
        inputs.association = Association::Owned;
        readings.contested.iter().for_each(|&cause| inputs.contest(cause));
        inputs.overflow.clone_from(&readings.overflow);
        let (weight, seen) = readings.weight(&self.config.map, self.config.weight_tolerance_g);
        inputs.weight = weight;
        let weights = alibis(&seen, &self.config.map.devices, &self.config.protocols);
        inputs.image = readings.seen();
        let identity: ItemIdentity = presentation.lists.identity.clone().unwrap_or_else(|| readings.identity());
        fill_identity(&mut inputs, &identity, presentation.lists.identity.is_some());
        if let Some(answer) = presentation.lists.current() {
            fill_match(&mut inputs, answer);
        }
        if presentation.twice
            && let Identification::Read { duplicate, .. } = &mut inputs.item
        {
            *duplicate = true;
        }
        (inputs, weights)
    }

    /// The file that shows this item.
    pub(super) fn digest(presentation: &Presentation) -> Option<Token> {
        presentation.readings.picture().map(|picture| picture.file.digest.clone())
    }
}

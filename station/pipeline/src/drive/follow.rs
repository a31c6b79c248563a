//! From places to lives: who came, who was seen, who left, who is missing.

use gatepost_hardware::units::Millimetres;
use serde::Serialize;

use super::{AlarmCode, Drive, Parcel};
use crate::event::Order;
use crate::judge::{Association, ContestedCause, Fault, Inputs, Token, Verdict};
use crate::limits::PASSES_ON_BELT_MAX;
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::{Kind, Urgency};
use crate::sighted::{EndBody, FactRef};
use crate::track::Happening;

/// Body of a *sighting*: a pass began. Whatever dies after this, the pass is on record and owed a decision and an end.
#[derive(Serialize)]
struct EntryBody {
    pass: PassKey,
    seen: &'static str,
    fact: Option<FactRef>,
}

impl Drive {
    pub(super) fn follow(&mut self, happenings: Vec<Happening>) {
        for happening in happenings {
            match happening {
                Happening::Entered { pass } => self.entered(pass),
                Happening::Seen { .. } | Happening::AtDiverter { .. } => {}
                Happening::Appeared { eye } => self.appeared(eye),
                Happening::Left { pass, end } => self.left(pass, end),
                Happening::StrangerLeft { end } => self.stranger_left(end),
                Happening::EyeSick { eye } => self.eye_sick(eye),
                Happening::Vanished { pass, before_eye } => self.vanished(pass, before_eye),
            }
        }
        self.judge_contested_anew();
    }

    /// What an eye put in doubt after it was judged is judged again. What the gate has opened for is past every decision, and
    /// of what is kept nothing more is learnt.
    fn judge_contested_anew(&mut self) {
        for tracked in self.track.passes().iter().filter(|tracked| !tracked.contested.is_empty()) {
            let parcel = self.parcels.iter_mut().find(|parcel| parcel.key == tracked.pass);
            let Some(parcel) = parcel.filter(|parcel| parcel.state != State::Opened && parcel.kept.is_none()) else {
                continue;
            };
            let known = |(inputs, _): &(Inputs, Verdict)| match &inputs.association {
                Association::Contested { causes } => tracked.contested.is_subset(causes),
                Association::Owned | Association::Unknown => false,
            };
            parcel.stale |= parcel.judged.as_deref().is_some_and(|judged| !known(judged));
        }
    }

    fn entered(&mut self, key: PassKey) {
        let kept = self.find(key).is_some_and(|at| self.parcels[at].kept.is_some());
        if !kept {
            self.gather.enter(key);
        }
        if self.find(key).is_some() || self.closed.contains(&key) {
            return; // known from an earlier life
        }
        self.fill_gap(key);
        let parcel = if self.is_history() { Parcel::inherited(key, Fault::Controller) } else { Parcel::new(key) };
        self.parcels.push(parcel);
        let body = EntryBody { pass: key, seen: "entry", fact: self.fact_ref() };
        self.entry(Kind::Sighting, Urgency::default(), &body);
        if self.parcels.iter().filter(|parcel| parcel.state.is_on_belt()).count() > PASSES_ON_BELT_MAX {
            self.order(Order::Stop);
            self.alarm(
                AlarmCode::TooManyPasses,
                Some(key),
                "more parcels are on the belt than it can hold: it is stopped",
            );
        }
    }

    /// Passes are counted without gaps: what lies between the last one known and `pass` entered unseen.
    pub(super) fn fill_gap(&mut self, pass: PassKey) {
        let known = self.config.highest.get(&pass.epoch).copied().unwrap_or(0);
        let first = (known + 1).max(pass.pass.saturating_sub(PASSES_ON_BELT_MAX as u32));
        for missing in first..pass.pass {
            let key = self.key(pass.epoch, missing);
            if self.find(key).is_none() && !self.closed.contains(&key) {
                self.parcels.push(Parcel::inherited(key, Fault::Cable));
            }
        }
        self.config.highest.insert(pass.epoch, known.max(pass.pass));
    }

    fn appeared(&mut self, eye: u8) {
        if self.is_accounted() || self.has_lost() {
            return; // said before, or one of those whose place was lost
        }
        let name = self.config.map.eyes.get(usize::from(eye)).map_or("?", |eye| eye.name.as_str());
        let says = format!("something appeared at eye {name} that did not come through the entry: it goes to exam");
        self.alarm(AlarmCode::Inserted, None, &says);
    }

    fn eye_sick(&mut self, eye: u8) {
        if !self.is_history() {
            let name = self.config.map.eyes.get(usize::from(eye)).map_or("?", |eye| eye.name.as_str());
            let says =
                format!("eye {name} sees what cannot be there: clean it, check its plug and what it is aimed at");
            self.alarm(AlarmCode::EyeSick, None, &says);
        }
    }

    fn left(&mut self, key: PassKey, end: End) {
        let Some(at) = self.find(key).filter(|&at| self.parcels[at].state.is_on_belt()) else {
            return self.forget_place(key);
        };
        match (end, self.parcels[at].state == State::Opened) {
            (End::Release, false) => {
                let says = format!("{key} left by the release chute without a permit: fetch it there");
                self.alarm(AlarmCode::ReleasedWithoutPermit, Some(key), &says);
            }
            (End::Exam, true) => {
                let says = format!("{key} was released but went down the exam chute");
                self.alarm(AlarmCode::WentToExam, Some(key), &says);
            }
            _ => {}
        }
        self.end(key, end, "seen at its exit eye");
    }

    /// Something left that is none of those whose place is known: one of the lost, oldest first, or a stranger.
    fn stranger_left(&mut self, end: End) {
        if self.is_accounted() {
            return;
        }
        let lost = || self.parcels.iter().filter(|parcel| self.is_lost(parcel));
        // The gate opened for it; or the permit of an earlier life may have been used when nobody listened.
        let opened = |parcel: &&Parcel| parcel.state == State::Opened;
        let released =
            lost().find(opened).or_else(|| lost().find(|parcel| parcel.may_leave() || parcel.released_before));
        let released = released.map(|parcel| (parcel.key, opened(&parcel) || parcel.may_leave()));
        let oldest = lost().find(|parcel| parcel.state != State::Opened).map(|parcel| parcel.key);
        match (released, oldest, end) {
            (Some((key, stands)), _, End::Release) => {
                if !stands {
                    self.alarm_too_late(key);
                }
                self.end(key, End::Release, "it had been released before its place was lost");
            }
            (_, _, End::Release) => {
                let says = "something that nobody permitted left by the release chute: fetch it there";
                self.alarm(AlarmCode::ReleasedWithoutPermit, None, says);
            }
            (_, Some(key), _) => self.end(key, End::Exam, "the oldest of those whose place was lost"),
            (_, None, _) => {
                let says = "a parcel that did not come through the entry is in the exam chute";
                let body = EndBody { pass: None, item: None, end, decision: None, fact: self.fact_ref(), says };
                self.entry(Kind::Sighting, Urgency { tampering: true, ..Urgency::default() }, &body);
            }
        }
    }

    /// A pass that an earlier life of the station accounted for.
    pub(super) fn forget_place(&mut self, key: PassKey) {
        self.track.forget(key);
        self.gather.forget(key);
    }

    fn fact_ref(&self) -> Option<FactRef> {
        self.epoch.zip(self.cable.fact_now).map(|(epoch, number)| FactRef { epoch, number })
    }

    fn vanished(&mut self, pass: PassKey, before_eye: u8) {
        let Some(at) = self.find(pass).filter(|&at| self.parcels[at].state.is_on_belt()) else {
            return self.forget_place(pass);
        };
        self.contest_neighbours(pass);
        if self.parcels[at].state != State::Opened {
            self.contest(pass, ContestedCause::Handoff); // what the gate has opened for is past every decision
        }
        let name = self.config.map.eyes.get(usize::from(before_eye)).map_or("?", |eye| eye.name.as_str());
        let says = format!("did not arrive at eye {name}");
        self.end(self.parcels[at].key, End::Unaccounted, &says);
    }

    /// Those close enough to a missing parcel to be taken for it.
    fn contest_neighbours(&mut self, pass: PassKey) {
        let Some((segment, at)) = self.track.place(pass) else { return };
        let items = &self.config.map.items;
        let near = items.window_mm + items.window_mm + items.length_tolerance_mm;
        let beside: Vec<PassKey> = self
            .track
            .passes()
            .iter()
            .map(|tracked| tracked.pass)
            .filter(|&other| other != pass)
            .filter(|&other| {
                self.track.place(other).is_some_and(|(on, there)| on == segment && there.abs_diff(at) <= near)
            })
            .collect();
        beside.into_iter().for_each(|other| self.contest(other, ContestedCause::Neighbour));
    }

    pub(super) fn contest(&mut self, pass: PassKey, cause: ContestedCause) {
        self.track.contest(pass, cause);
        if let Some(at) = self.find(pass) {
            self.parcels[at].stale |= self.parcels[at].judged.is_some();
        }
    }

    /// Accounts the end of a pass, once.
    pub(super) fn end(&mut self, key: PassKey, end: End, says: &str) {
        let Some(at) = self.find(key).filter(|&at| self.parcels[at].state.is_on_belt()) else { return };
        self.keep_inputs(at);
        let item = self.item_of(at);
        super::recover::remember(&mut self.closed, key);
        let parcel = &mut self.parcels[at];
        let opened = parcel.state == State::Opened;
        parcel.signal(Signal::Gone(end));
        let permit = parcel.permit.filter(|_| end != End::Release);
        // One that is on its way to the disk will stand before this end and replace it; its number is not known yet.
        let decision = parcel.seq.filter(|_| !parcel.asking);
        // An earlier life released it and no gate opened for it: the journal must not end with that decision.
        let overtaken = !opened && parcel.judged.is_none() && parcel.released_before && end != End::Release;
        parcel.stale |= parcel.revision == 0 || overtaken;
        // Only what left the belt where it should may come again: an id that never left is there twice.
        if let Some(item) = item.as_ref().filter(|_| matches!(end, End::Release | End::Exam)) {
            self.free_id(item, key);
        }
        permit.into_iter().for_each(|permit| self.order(Order::Revoke { permit }));
        self.track.forget(key);
        let code = match end {
            End::Unaccounted => Some(AlarmCode::Unaccounted),
            End::Removed => Some(AlarmCode::Removed),
            End::Release | End::Exam => None,
        };
        let urgency = code.map_or(Urgency::default(), AlarmCode::urgency);
        self.entry(
            Kind::Sighting,
            urgency,
            &EndBody { pass: Some(key), item, end, decision, fact: self.fact_ref(), says },
        );
        if let Some(code) = code {
            self.alarm(code, Some(key), &format!("{key} {says}"));
        }
        if Some(key.epoch) == self.epoch {
            self.order(Order::Forget { epoch: key.epoch, pass: key.pass });
        }
    }

    /// An id left with its parcel; where another one on the belt was read to bear it, it is that one's now.
    fn free_id(&mut self, item: &Token, left: PassKey) {
        let on_belt = |at: &usize| self.parcels[*at].key != left && self.parcels[*at].state.is_on_belt();
        let mut others = (0..self.parcels.len()).filter(on_belt);
        let other = others.find(|&at| self.item_of(at).as_ref() == Some(item)).map(|at| self.parcels[at].key);
        match other {
            Some(other) => drop(self.ids.insert(item.as_str().to_owned(), other)),
            None => drop(self.ids.remove(item.as_str())),
        }
    }

    /// Parcels whose place was lost that should have come out by now and did not.
    pub(super) fn expire_lost(&mut self) {
        let Some(last) = self.config.map.segments.len().checked_sub(1) else { return };
        let Some((now, since)) = self.track.belt(last as u8).now().zip(self.lost_at) else { return };
        let run = self.config.map.segments[last].mm(now - since);
        let exits = self.config.map.eyes.last().map_or(Millimetres::ZERO, |eye| eye.at_mm);
        let slip = Millimetres((self.belt_length() + exits).0 / 2);
        if run > self.belt_length() + exits + slip {
            let missing: Vec<PassKey> =
                self.parcels.iter().filter(|parcel| self.is_lost(parcel)).map(|parcel| parcel.key).collect();
            missing.into_iter().for_each(|key| {
                self.end(key, End::Unaccounted, "did not come out of the lane after its place was lost");
            });
        }
        if !self.has_lost() {
            self.lost_at = None;
        }
    }
}

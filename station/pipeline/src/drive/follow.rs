//! From places to lives: who came, who was seen, who left, who is missing.

use gatepost_hardware::units::Millimetres;
use serde::Serialize;

use super::{AlarmCode, Drive, Parcel};
use crate::event::Order;
use crate::judge::{ContestedCause, Fault, Token};
use crate::limits::PASSES_ON_BELT_MAX;
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::{Kind, Urgency};
use crate::track::Happening;

/// Body of a *sighting*: the accounted end of one pass, or of a parcel that never came through the entry eye.
#[derive(Serialize)]
struct EndBody<'a> {
    pass: Option<PassKey>,
    item: Option<Token>,
    end: End,
    decision: Option<u64>,
    says: &'a str,
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
                Happening::Vanished { pass, before_eye } => self.vanished(pass, before_eye),
            }
        }
    }

    fn entered(&mut self, pass: u32) {
        let Some(epoch) = self.epoch else { return };
        let key = self.key(epoch, pass);
        if self.find(key).is_some() {
            return;
        }
        self.fill_gap(epoch, pass);
        self.parcels.push(Parcel::new(key));
        self.gather.enter(pass);
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
    pub(super) fn fill_gap(&mut self, epoch: u32, pass: u32) {
        let known = self.config.highest.get(&epoch).copied().unwrap_or(0);
        let first = (known + 1).max(pass.saturating_sub(PASSES_ON_BELT_MAX as u32));
        for missing in first..pass {
            let key = self.key(epoch, missing);
            if self.find(key).is_none() && !self.closed.contains(&key) {
                self.parcels.push(Parcel::inherited(key, Fault::Cable));
            }
        }
        self.config.highest.insert(epoch, known.max(pass));
    }

    fn appeared(&mut self, eye: u8) {
        if self.parcels.iter().any(|parcel| parcel.inherited.is_some() && parcel.state.is_on_belt()) {
            return; // one of those whose place was lost
        }
        let name = self.config.map.eyes.get(usize::from(eye)).map_or("?", |eye| eye.name.as_str());
        let says = format!("something appeared at eye {name} that did not come through the entry: it goes to exam");
        self.alarm(AlarmCode::Inserted, None, &says);
    }

    fn left(&mut self, pass: u32, end: End) {
        let Some(at) = self.find_pass(pass) else { return };
        let (key, opened) = (self.parcels[at].key, self.parcels[at].state == State::Opened);
        match (end, opened) {
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

    fn stranger_left(&mut self, end: End) {
        let lost = |parcel: &&Parcel| parcel.inherited.is_some() && parcel.state.is_on_belt();
        let leaving = self.parcels.iter().filter(lost).find(|parcel| parcel.leaving).map(|parcel| parcel.key);
        if let (Some(key), End::Release) = (leaving, end) {
            return self.end(key, End::Release, "the gate had opened for it before its place was lost");
        }
        let released = self.parcels.iter().filter(lost).find(|parcel| parcel.released_before).map(|parcel| parcel.key);
        if let (Some(key), End::Release) = (released, end) {
            self.alarm_too_late(key);
            return self.end(key, End::Release, "it had been released before the station restarted");
        }
        let oldest = self.parcels.iter().filter(lost).find(|parcel| !parcel.leaving);
        match (oldest.map(|parcel| parcel.key), end) {
            (Some(key), End::Exam) => self.end(key, End::Exam, "the oldest of those whose place was lost"),
            (_, End::Release) => {
                let says = "something that nobody permitted left by the release chute: fetch it there";
                self.alarm(AlarmCode::ReleasedWithoutPermit, None, says);
            }
            _ => {
                let says = "a parcel that did not come through the entry is in the exam chute";
                let body = EndBody { pass: None, item: None, end, decision: None, says };
                self.entry(Kind::Sighting, Urgency { tampering: true, ..Urgency::default() }, &body);
            }
        }
    }

    fn vanished(&mut self, pass: u32, before_eye: u8) {
        let Some(at) = self.find_pass(pass) else { return };
        self.contest_neighbours(pass);
        self.contest(pass, ContestedCause::Handoff);
        let name = self.config.map.eyes.get(usize::from(before_eye)).map_or("?", |eye| eye.name.as_str());
        let says = format!("did not arrive at eye {name}");
        self.end(self.parcels[at].key, End::Unaccounted, &says);
    }

    /// Those close enough to a missing parcel to be taken for it.
    fn contest_neighbours(&mut self, pass: u32) {
        let Some((segment, at)) = self.track.place(pass) else { return };
        let items = &self.config.map.items;
        let near = items.window_mm + items.window_mm + items.length_tolerance_mm;
        let beside: Vec<u32> = self
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

    pub(super) fn contest(&mut self, pass: u32, cause: ContestedCause) {
        self.track.contest(pass, cause);
        if let Some(at) = self.find_pass(pass) {
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
        parcel.signal(Signal::Gone(end));
        let permit = parcel.permit.filter(|_| end != End::Release);
        let decision = parcel.seq;
        if parcel.revision == 0 {
            parcel.stale = true;
        }
        // Only what left the belt where it should may come again: an id that never left is there twice.
        if let Some(item) = item.as_ref().filter(|_| matches!(end, End::Release | End::Exam)) {
            self.ids.remove(item.as_str());
        }
        permit.into_iter().for_each(|permit| self.order(Order::Revoke { permit }));
        if Some(key.epoch) == self.epoch {
            self.track.forget(key.pass);
        }
        let code = match end {
            End::Unaccounted => Some(AlarmCode::Unaccounted),
            End::Removed => Some(AlarmCode::Removed),
            End::Release | End::Exam => None,
        };
        let urgency = code.map_or(Urgency::default(), AlarmCode::urgency);
        self.entry(Kind::Sighting, urgency, &EndBody { pass: Some(key), item, end, decision, says });
        if let Some(code) = code {
            self.alarm(code, Some(key), &format!("{key} {says}"));
        }
        // The controller counts down at the exits by itself; it must be told of those that will never come there.
        if code.is_some() && Some(key.epoch) == self.epoch {
            self.order(Order::Forget { pass: key.pass });
        }
    }

    /// Inherited parcels that should have come out by now did not.
    pub(super) fn expire_inherited(&mut self) {
        let Some(last) = self.config.map.segments.len().checked_sub(1) else { return };
        let waiting = |parcel: &&Parcel| parcel.inherited.is_some() && parcel.state.is_on_belt();
        let Some((now, since)) = self.track.belt(last as u8).now().zip(self.lost_at) else { return };
        let run = self.config.map.segments[last].mm(now - since);
        let exits = self.config.map.eyes.last().map_or(Millimetres::ZERO, |eye| eye.at_mm);
        let slip = Millimetres((self.belt_length() + exits).0 / 2);
        if run > self.belt_length() + exits + slip {
            let missing: Vec<PassKey> = self.parcels.iter().filter(waiting).map(|parcel| parcel.key).collect();
            missing.into_iter().for_each(|key| {
                self.end(key, End::Unaccounted, "did not come out of the lane after its place was lost");
            });
        }
        if !self.parcels.iter().any(|parcel| waiting(&parcel)) {
            self.lost_at = None;
        }
    }
}

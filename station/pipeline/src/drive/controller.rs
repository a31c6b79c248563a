//! What happened at the lane, and what that changes.

use gatepost_hardware::link::{
    Fact, GateState, Input, LaneState as Reported, Motion, PermitFate, RevokeFate, VoidCause,
};

use super::{AlarmCode, Drive};
use crate::judge::{Fault, Sensor};
use crate::pass::PassKey;
use crate::pass::life::{Signal, State};

impl Drive {
    /// Something happened at the lane; told in order, each fact once.
    pub(super) fn fact(&mut self, fact: Fact) {
        match fact {
            Fact::Edge { eye, blocked, tick, before, time, pass } => {
                self.track.was_before(eye, time, before);
                self.time = self.time.max(time);
                let pass = pass.zip(self.epoch).map(|(pass, epoch)| self.key(epoch, pass));
                self.track.beside_lost(self.has_lost());
                let happenings = self.track.edge(eye, blocked, tick, time, pass);
                self.follow(happenings);
            }
            Fact::Belt { segment, motion, tick, time } => {
                self.track.was(segment, time, tick);
                self.belt(segment, motion);
            }
            Fact::Input { input, active, .. } => self.input(input, active),
            Fact::Permit { permit, pass, fate, .. } => self.permit_fate(permit, pass, fate),
            Fact::Revoke { permit, fate, .. } => self.revoke_fate(permit, fate),
            Fact::Gate { state, .. } => self.gate(state),
            Fact::Lane { state, .. } => self.lane_state(state),
            Fact::Boot { before, .. } => self.booted(before),
            Fact::Configured { epoch, .. } => self.configured(epoch),
        }
    }

    fn belt(&mut self, segment: u8, motion: Motion) {
        if let Some(known) = self.motion.get_mut(usize::from(segment)) {
            *known = motion;
            let backward = &mut self.backward[usize::from(segment)];
            *backward = motion == Motion::Reversed || *backward && motion == Motion::OffSpeed;
            if matches!(motion, Motion::Stopped | Motion::Reversed | Motion::OffSpeed) {
                self.gather.interrupt(&self.track, segment);
                self.track.stopped(segment);
            }
            match motion {
                // One that counts nothing went we do not know how far.
                Motion::Reversed => self.lose_places_of(&self.track.uncounted()),
                // What every encoder says is so: somebody pulls the belts.
                Motion::OffSpeed if self.are_pulled_back() => {}
                Motion::OffSpeed => {
                    let passes = self.track.disbelieve(segment);
                    self.lose_places_of(&passes);
                }
                Motion::Running | Motion::Stopped | Motion::Coasting => {}
            }
        }
    }

    /// Whether every encoder of the lane says that its belt went backward, and there is more than one.
    fn are_pulled_back(&self) -> bool {
        let counted = || self.config.map.segments.iter().zip(&self.backward).filter(|(segment, _)| segment.encoder);
        counted().count() > 1 && counted().all(|(_, backward)| *backward)
    }

    fn input(&mut self, input: Input, active: bool) {
        let sensor = if active { Sensor::Alarm } else { Sensor::Quiet };
        match input {
            Input::Radiation if self.config.radiation_fitted => self.radiation = sensor,
            Input::Smoke if self.config.smoke_fitted => self.smoke = sensor,
            _ => {}
        }
    }

    fn permit_fate(&mut self, permit: u32, pass: u32, fate: PermitFate) {
        let Some(key) = self.epoch.map(|epoch| self.key(epoch, pass)) else { return };
        if fate == PermitFate::Opened {
            self.track.opened(key); // whatever is known of its decision: it leaves by release
        }
        let Some(at) = self.find(key).filter(|&at| self.parcels[at].permit == Some(permit)) else { return };
        let history = self.is_history();
        let parcel = &mut self.parcels[at];
        match fate {
            PermitFate::Accepted | PermitFate::Closed => {}
            PermitFate::Opened => self.opened(at),
            // The gate had to close under it: its exit eye tells where it went.
            PermitFate::Void(_) if parcel.state == State::Opened => {}
            PermitFate::Refused(_) | PermitFate::Missed | PermitFate::Void(_) => {
                parcel.permit = None;
                parcel.signal(Signal::PermitLost);
                if history {
                    return; // it is exam anyway, and the earlier life said so
                }
                // Nothing is wrong with a parcel that merely stood too long on its way: it may be decided anew.
                let waited =
                    matches!(fate, PermitFate::Void(VoidCause::LongStop | VoidCause::Latched | VoidCause::Expired));
                if fate == PermitFate::Void(VoidCause::Heartbeat) {
                    parcel.inherited = Some(Fault::Cable);
                }
                parcel.again = waited && !self.track.is_beyond_diverter(key);
                parcel.voided = !parcel.again;
                parcel.stale = true;
                let says = format!("{key}: its permit was lost ({fate:?}); it goes to exam");
                self.alarm(AlarmCode::PermitLost, Some(key), &says);
            }
        }
    }

    /// The point of no return. A newer decision that stops the parcel came too late.
    fn opened(&mut self, at: usize) {
        let parcel = &mut self.parcels[at];
        if matches!(parcel.state, State::Opened) || !parcel.state.is_on_belt() {
            return;
        }
        let stands = parcel.may_leave();
        parcel.signal(Signal::GateOpened);
        if !stands {
            self.alarm_too_late(self.parcels[at].key);
        }
    }

    fn revoke_fate(&mut self, permit: u32, fate: RevokeFate) {
        let Some(at) = self.parcels.iter().position(|parcel| parcel.permit == Some(permit)) else { return };
        match fate {
            RevokeFate::Revoked | RevokeFate::Unknown => {
                self.parcels[at].permit = None;
                self.parcels[at].signal(Signal::PermitLost);
            }
            RevokeFate::TooLate if self.parcels[at].state == State::Opened => {
                self.alarm_too_late(self.parcels[at].key);
            }
            RevokeFate::TooLate => self.opened(at),
        }
    }

    /// A parcel that should be stopped is leaving by release: operations must fetch it.
    pub(super) fn alarm_too_late(&mut self, key: PassKey) {
        let item = self.find(key).and_then(|at| self.item_of(at)).map_or(String::new(), |item| format!(" ({item})"));
        let says = format!("{key}{item} is leaving by the release chute although it must be stopped: fetch it there");
        self.alarm(AlarmCode::RevokedTooLate, Some(key), &says);
    }

    fn gate(&mut self, state: GateState) {
        match state {
            GateState::Stuck => {
                if self.failed.insert(Fault::Diverter) && !self.is_history() {
                    let says = "the diverter does not follow: the lane is stopped; free it and reset at the lane";
                    self.alarm(AlarmCode::DiverterStuck, None, says);
                }
            }
            GateState::Slow => {
                self.failed.remove(&Fault::Diverter);
                if !self.is_history() {
                    let says = "the diverter moves more slowly than its lane file says: look after it before it sticks";
                    self.alarm(AlarmCode::DiverterSlow, None, says);
                }
            }
            GateState::Exam | GateState::Release => {
                self.failed.remove(&Fault::Diverter);
            }
        }
    }

    fn lane_state(&mut self, state: Reported) {
        let before = self.state.replace(state);
        if before != Some(state) && !self.is_history() {
            self.say_lane_state();
        }
    }

    pub(super) fn say_lane_state(&mut self) {
        match self.state {
            None | Some(Reported::Setup | Reported::Starting) => {}
            Some(Reported::Running) => self.alarm(AlarmCode::LaneRuns, None, "the lane runs"),
            Some(state) => {
                let says = format!("the lane stands: {state:?}; it moves again only after the reset at the lane");
                self.alarm(AlarmCode::LaneStopped, None, &says);
            }
        }
    }
}

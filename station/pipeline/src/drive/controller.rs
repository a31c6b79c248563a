//! What the lane controller says, and what that changes.

use gatepost_hardware::link::{
    GateState, Input, LaneState as Reported, Motion, PermitFate, Report, RevokeFate, VoidCause,
};
use gatepost_hardware::units::{Micros, Tick};

use super::{AlarmCode, Drive, Parcel};
use crate::event::Order;
use crate::judge::{Fault, Sensor};
use crate::pass::PassKey;
use crate::pass::life::{End, Signal, State};
use crate::record::{Kind, Urgency};
use crate::track::clock::Proof;
use serde::Serialize;

/// Body of the *config* record that says which epoch the controller was given.
#[derive(Serialize)]
struct EpochBody {
    controller_epoch: u32,
}

impl Drive {
    pub(super) fn report(&mut self, mono: Micros, report: Report) {
        self.mono = mono;
        match report {
            Report::Hello { crc, epoch, .. } => self.hello(crc, epoch),
            Report::Configured { epoch } => {
                self.failed.remove(&Fault::Controller);
                if self.epoch.replace(epoch) == Some(epoch) {
                    return; // asked twice, answered twice
                }
                self.entry(Kind::Config, Urgency::default(), &EpochBody { controller_epoch: epoch });
                self.order(Order::TimeSync { host: mono });
            }
            Report::Refused(refusal) => {
                let says =
                    format!("the controller refused a command: {refusal:?}; check that both hold the same lane file");
                self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
            }
            Report::Beat { time, ticks } => self.beat(time, &ticks),
            Report::Time { host, time } => {
                if self.clock.prove(host, mono, time) == Proof::Jumped {
                    self.alarm(
                        AlarmCode::ClockJumped,
                        None,
                        "the controller's and the station's clocks disagree: started anew",
                    );
                }
            }
            Report::Edge { eye, blocked, tick, time, pass } => {
                self.time = self.time.max(time);
                let happenings = self.track.edge(eye, blocked, tick, time, pass);
                self.follow(happenings);
            }
            Report::Belt { segment, motion, .. } => self.belt(segment, motion),
            Report::Input { input, active, .. } => self.input(input, active),
            Report::Permit { permit, pass, fate, .. } => self.permit_fate(permit, pass, fate),
            Report::Revoke { permit, fate, .. } => self.revoke_fate(permit, fate),
            Report::Gate { state, .. } => self.gate(state),
            Report::Lane { state, .. } => self.lane_state(state),
            Report::Inventory { passes, complete } => self.inventory(&passes, complete),
            Report::Overflow { .. } => self.lose_track(Fault::Cable),
        }
    }

    /// The controller introduced itself: it booted, or we did, or it answers.
    fn hello(&mut self, crc: u32, epoch: u32) {
        let mine = self.config.map.crc();
        if crc != mine {
            let says = format!(
                "the controller holds another lane map ({crc:08x}, here {mine:08x}): give both the same lane file"
            );
            self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
            self.failed.insert(Fault::Controller);
            return;
        }
        if epoch == 0 {
            if self.epoch.is_some() {
                self.alarm(
                    AlarmCode::ControllerReset,
                    None,
                    "the controller restarted: what is on the belt goes to exam",
                );
            }
            self.lose_track(Fault::Controller);
            self.clock.reset();
            self.epoch = None;
            let epoch = self.config.epoch_next;
            self.config.epoch_next += 1;
            self.order(Order::Configure { crc: mine, epoch });
            return;
        }
        let known = self.epoch.replace(epoch) == Some(epoch);
        self.config.epoch_next = self.config.epoch_next.max(epoch + 1);
        self.failed.remove(&Fault::Controller);
        if !known {
            self.inventory_owed = true;
            self.order(Order::Inventory);
            self.revoke_left_open();
        }
        self.order(Order::TimeSync { host: self.mono });
    }

    fn beat(&mut self, time: Micros, ticks: &[Tick]) {
        self.time = time;
        let happenings = self.track.beat(time, ticks);
        self.follow(happenings);
        let noted = self.gather.settle(&self.track);
        self.note(noted);
        if self.lost_at.is_none() && self.parcels.iter().any(|parcel| parcel.inherited.is_some()) {
            self.lost_at = ticks.last().copied();
        }
    }

    fn belt(&mut self, segment: u8, motion: Motion) {
        if let Some(known) = self.motion.get_mut(usize::from(segment)) {
            *known = motion;
            if matches!(motion, Motion::Stopped | Motion::Reversed) {
                self.gather.interrupt(&self.track, segment);
                self.track.stopped(segment);
            }
        }
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
        let Some(at) = self.find_pass(pass).filter(|&at| self.parcels[at].permit == Some(permit)) else { return };
        let parcel = &mut self.parcels[at];
        match fate {
            PermitFate::Accepted | PermitFate::Closed => {}
            PermitFate::Opened if parcel.inherited.is_some() => self.leaves_all_the_same(at),
            PermitFate::Opened => {
                parcel.signal(Signal::GateOpened);
                self.track.opened(pass);
            }
            // The gate had to close under it: its exit eye tells where it went.
            PermitFate::Void(_) if parcel.state == State::Opened => {}
            PermitFate::Refused(_) | PermitFate::Missed | PermitFate::Void(_) => {
                parcel.permit = None;
                parcel.signal(Signal::PermitLost);
                // Nothing is wrong with a parcel that merely stood too long on its way: it may be decided anew.
                let waited =
                    matches!(fate, PermitFate::Void(VoidCause::LongStop | VoidCause::Latched | VoidCause::Expired));
                parcel.again = waited && !self.track.is_beyond_diverter(pass);
                parcel.voided = !parcel.again;
                parcel.stale = true;
                let key = parcel.key;
                let says = format!("{key}: its permit was lost ({fate:?}); it goes to exam");
                self.alarm(AlarmCode::PermitLost, Some(key), &says);
            }
        }
    }

    fn revoke_fate(&mut self, permit: u32, fate: RevokeFate) {
        let Some(at) = self.parcels.iter().position(|parcel| parcel.permit == Some(permit)) else { return };
        let key = self.parcels[at].key;
        match fate {
            RevokeFate::Revoked | RevokeFate::Unknown => {
                self.parcels[at].permit = None;
                self.parcels[at].signal(Signal::PermitLost);
            }
            RevokeFate::TooLate if self.parcels[at].inherited.is_some() => self.leaves_all_the_same(at),
            RevokeFate::TooLate => self.alarm_too_late(key),
        }
    }

    /// Permits of an earlier life of the station that may still stand.
    fn revoke_left_open(&mut self) {
        let left =
            self.parcels.iter().filter(|parcel| parcel.inherited.is_some() && Some(parcel.key.epoch) == self.epoch);
        let permits: Vec<u32> = left.filter_map(|parcel| parcel.permit).collect();
        permits.into_iter().for_each(|permit| self.order(Order::Revoke { permit }));
    }

    /// The gate opened for a parcel whose place was lost afterwards.
    fn leaves_all_the_same(&mut self, at: usize) {
        if !std::mem::replace(&mut self.parcels[at].leaving, true) {
            self.alarm_too_late(self.parcels[at].key);
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
                if self.failed.insert(Fault::Diverter) {
                    let says = "the diverter does not follow: the lane is stopped; free it and reset at the lane";
                    self.alarm(AlarmCode::DiverterStuck, None, says);
                }
            }
            GateState::Exam | GateState::Release => {
                self.failed.remove(&Fault::Diverter);
            }
        }
    }

    fn lane_state(&mut self, state: Reported) {
        let before = self.state.replace(state);
        if before == Some(state) {
            return;
        }
        match state {
            Reported::Running => self.alarm(AlarmCode::LaneRuns, None, "the lane runs"),
            Reported::Setup => {}
            _ => {
                let says = format!("the lane stands: {state:?}; it moves again only after the reset at the lane");
                self.alarm(AlarmCode::LaneStopped, None, &says);
            }
        }
    }

    /// What the controller believes is on the belt, after one of us was away.
    fn inventory(&mut self, passes: &[u32], complete: bool) {
        let Some(epoch) = self.epoch else { return };
        self.inventory_owed = false;
        for &pass in passes {
            self.fill_gap(epoch, pass);
            let key = self.key(epoch, pass);
            match (self.find(key), self.closed.contains(&key)) {
                (None, true) => self.order(Order::Forget { pass }), // it has left; the controller miscounted
                (None, false) => self.parcels.push(Parcel::inherited(key, Fault::Controller)),
                (Some(_), _) => {}
            }
        }
        let left: Vec<PassKey> = self
            .parcels
            .iter()
            .filter(|parcel| parcel.inherited.is_some() && parcel.state.is_on_belt() && parcel.key.epoch == epoch)
            .filter(|parcel| complete && !parcel.leaving && !passes.contains(&parcel.key.pass))
            .map(|parcel| parcel.key)
            .collect();
        for key in left {
            self.end(key, End::Unaccounted, "left the belt while the station could not see it");
        }
    }

    /// What is known of the belt is not whole any more: all that is on it goes to exam.
    pub(super) fn lose_track(&mut self, cause: Fault) {
        let on_belt =
            self.parcels.iter().filter(|parcel| parcel.state.is_on_belt() && parcel.inherited.is_none()).count();
        if on_belt > 0 {
            let says = format!("track of {on_belt} parcels was lost ({cause}): they go to exam");
            self.alarm(AlarmCode::TrackLost, None, &says);
        }
        let mut revoke = Vec::new();
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.state.is_on_belt() && parcel.inherited.is_none()) {
            parcel.inherited = Some(cause);
            parcel.stale = true;
            parcel.release = None;
            // The gate had opened for it: it leaves by release, seen or not.
            parcel.leaving |= parcel.state == State::Opened;
            revoke.extend(parcel.permit);
        }
        revoke.into_iter().for_each(|permit| self.order(Order::Revoke { permit }));
        self.keep_inputs_of_lost();
        self.track.forget_all();
        self.gather.forget_all();
        self.lost_at = None;
        if cause == Fault::Cable {
            self.inventory_owed = true;
            self.order(Order::Hello);
            self.order(Order::Inventory);
        }
    }
}

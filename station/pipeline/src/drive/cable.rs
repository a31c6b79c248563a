//! The cable to the lane controller: greetings, clocks, the order of facts, and what it means that nobody watched.
//!
//! The controller keeps its facts and says them again, so a cut cable and a dead station lose no place: what was on the
//! belt meanwhile goes to exam, and is still followed to its own exit. Facts from before this life are *history*: they
//! move parcels and end passes, and they decide nothing and say nothing a second time. Only a boot of the controller
//! makes places inexact, and only facts that fell out of its memory make them unknown.

use gatepost_hardware::link::facts::Order as Facts;
use gatepost_hardware::link::{LaneState as Reported, Report};
use gatepost_hardware::units::{Micros, Tick};

use super::{AlarmCode, Drive, Parcel};
use crate::event::Order;
use crate::judge::Fault;
use crate::limits::GREETING_MS;
use crate::pass::PassKey;
use crate::pass::life::{End, State};
use crate::record::{Kind, Urgency};
use crate::sighted::EpochBody;
use crate::track::clock::Proof;

impl Drive {
    pub(super) fn report(&mut self, mono: Micros, report: Report) {
        self.mono = mono;
        self.heard = Some(mono);
        if self.failed.remove(&Fault::Cable) {
            self.alarm(AlarmCode::Part, None, "the lane controller's cable works again");
        }
        if let Report::Hello { crc, epoch, kept_from, next, .. } = report {
            self.hello(crc, epoch, (kept_from, next));
        }
        let number = self.facts.expected();
        match self.facts.take(mono, &report) {
            Facts::Next(fact) => {
                self.fact_now = number;
                self.fact(fact);
                self.catch_up();
            }
            Facts::Ask(from) => self.order(Order::Resend { from }),
            // The oldest of a full memory fall out while history is being told.
            Facts::Gone(_) if self.is_history() => {}
            Facts::Gone(_) => self.lose_places(),
            Facts::Strange => self.order(Order::Hello),
            Facts::Nothing => {}
        }
        match report {
            Report::Configured { epoch } => self.configured(epoch),
            Report::Refused(refusal) => {
                let says =
                    format!("the controller refused a command: {refusal:?}; check that both hold the same lane file");
                self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
            }
            Report::Beat { time, ticks, next } if self.facts.expected() == Some(next) => self.beat(time, &ticks),
            Report::Time { host, time } => {
                if self.clock.prove(host, mono, time) == Proof::Jumped {
                    let says = "the controller's and the station's clocks disagree: started anew";
                    self.alarm(AlarmCode::ClockJumped, None, says);
                }
            }
            Report::Inventory { passes, complete } => self.inventory(&passes, complete),
            Report::Hello { .. } | Report::Beat { .. } | Report::Fact { .. } | Report::Resending { .. } => {}
        }
    }

    /// The controller introduced itself: it booted, or we did, or it answers.
    fn hello(&mut self, crc: u32, epoch: u32, (kept_from, next): (u32, u32)) {
        let mine = self.config.map.crc();
        if crc != mine {
            let says = format!(
                "the controller holds another lane map ({crc:08x}, here {mine:08x}): give both the same lane file"
            );
            self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
            self.failed.insert(Fault::Controller);
            return;
        }
        if self.epoch.is_some_and(|known| known != epoch) {
            let says = "the controller restarted: what is on the belt goes to exam";
            self.alarm(AlarmCode::ControllerReset, None, says);
            self.go_adrift();
        }
        self.greeted = true;
        if epoch == 0 {
            if !self.facts.fits(kept_from, next) {
                self.facts.begin(kept_from);
            }
            return self.order(Order::Configure { crc: mine, epoch: self.config.epoch_next });
        }
        let known = self.epoch.replace(epoch) == Some(epoch);
        self.config.epoch_next = self.config.epoch_next.max(epoch + 1);
        self.failed.remove(&Fault::Controller);
        if !known {
            self.facts.begin(kept_from);
            self.history = Some(next);
            self.catch_up();
        }
        self.order(Order::TimeSync { host: self.mono });
    }

    fn configured(&mut self, epoch: u32) {
        self.failed.remove(&Fault::Controller);
        if self.epoch.replace(epoch) == Some(epoch) {
            return; // asked twice, answered twice
        }
        self.config.epoch_next = self.config.epoch_next.max(epoch + 1);
        self.entry(Kind::Config, Urgency::default(), &EpochBody { controller_epoch: epoch });
        self.order(Order::TimeSync { host: self.mono });
    }

    fn beat(&mut self, time: Micros, ticks: &[Tick]) {
        self.time = time;
        let happenings = self.track.beat(time, ticks);
        self.follow(happenings);
        let noted = self.gather.settle(&self.track);
        self.note(noted);
        if self.lost_at.is_none() && self.parcels.iter().any(|parcel| self.is_lost(parcel)) {
            self.lost_at = ticks.last().copied();
        }
    }
}

/// What happened before this life of the station.
impl Drive {
    /// Whether the fact at hand happened in an earlier life of the station.
    pub(super) fn is_history(&self) -> bool {
        self.history.is_some()
    }

    /// Whether what happened before this life is known, or will not be told: nothing is decided before. A parcel that
    /// the gate has opened for must not be taken for one that stands.
    pub(super) fn is_greeted(&self) -> bool {
        !self.is_history() && (self.greeted || self.mono.saturating_sub(self.born) > Micros::from_ms(GREETING_MS))
    }

    /// Whether an earlier life of the station has recorded what came of the fact at hand.
    pub(super) fn is_accounted(&self) -> bool {
        let recorded = self.config.accounted.filter(|&(epoch, _)| Some(epoch) == self.epoch);
        self.is_history() && recorded.zip(self.fact_now).is_some_and(|((_, last), now)| now <= last)
    }

    /// The last fact of an earlier life was taken: from here on the station answers for what happens.
    fn catch_up(&mut self) {
        if self.history.is_none() || self.history != self.facts.expected() {
            return;
        }
        self.history = None;
        self.inventory_owed = true;
        self.order(Order::Inventory);
        self.gather.resume(&self.track);
        let left = self.parcels.iter().filter(|parcel| parcel.inherited.is_some() && parcel.state != State::Opened);
        let permits: Vec<u32> =
            left.filter(|parcel| Some(parcel.key.epoch) == self.epoch).filter_map(|parcel| parcel.permit).collect();
        permits.into_iter().for_each(|permit| self.order(Order::Revoke { permit }));
        if self.state != Some(Reported::Running) {
            self.say_lane_state();
        }
    }

    /// What the controller counts that has not been accounted for, after one of us was away.
    fn inventory(&mut self, passes: &[u32], complete: bool) {
        let Some(epoch) = self.epoch.filter(|_| !self.is_history()) else { return };
        self.inventory_owed = false;
        for &pass in passes {
            let key = self.key(epoch, pass);
            self.fill_gap(key);
            match (self.find(key), self.closed.contains(&key)) {
                (None, true) => self.order(Order::Forget { pass }), // we died before we said so
                (None, false) => self.parcels.push(Parcel::inherited(key, Fault::Controller)),
                (Some(_), _) => {}
            }
        }
        let left: Vec<PassKey> = self
            .parcels
            .iter()
            .filter(|parcel| complete && self.is_lost(parcel))
            .map(|parcel| parcel.key)
            .filter(|key| key.epoch == epoch && !passes.contains(&key.pass))
            .collect();
        for key in left {
            self.end(key, End::Unaccounted, "left the belt while the station could not see it");
        }
    }
}

/// What it means that nobody watched.
impl Drive {
    /// The controller has been silent for longer than the belts may run on without it.
    pub(super) fn listen(&mut self) {
        let limit = Micros::from_ms(u64::from(self.config.map.timing.heartbeat_ms_max));
        let silent = self.heard.is_some_and(|heard| self.mono.saturating_sub(heard) > limit);
        if silent && self.epoch.is_some() {
            self.cable_lost();
        }
    }

    pub(super) fn cable_lost(&mut self) {
        if self.failed.insert(Fault::Cable) {
            let says = "the lane controller is silent: the belts stop by themselves; check its cable and its power";
            self.alarm(AlarmCode::Part, None, says);
            self.doubt_belt(Fault::Cable);
            self.order(Order::Hello);
        }
    }

    /// What is on the belt goes to exam. Places stay known.
    fn doubt_belt(&mut self, cause: Fault) {
        // A permit that the controller holds ends by the controller's own silence limit, or was used: it will say which.
        let its_own = |state| state == State::Opened || state == State::Permitted && cause == Fault::Cable;
        let doubted =
            |parcel: &&mut Parcel| parcel.state.is_on_belt() && !its_own(parcel.state) && parcel.inherited.is_none();
        for parcel in self.parcels.iter_mut().filter(doubted) {
            parcel.inherited = Some(cause);
            parcel.stale = true;
            parcel.release = None;
        }
    }

    /// The controller booted: its counts began again.
    fn go_adrift(&mut self) {
        self.doubt_belt(Fault::Controller);
        self.keep_inputs_of_all();
        self.track.rebase();
        self.gather.forget_all();
        self.clock.reset();
        self.facts.forget();
        (self.epoch, self.history) = (None, None);
        self.parcels.iter_mut().for_each(|parcel| parcel.permit = None);
    }

    /// Facts are gone for good: nobody can say where anything is.
    fn lose_places(&mut self) {
        let lost = self.parcels.iter().filter(|parcel| parcel.state.is_on_belt()).count();
        let says = format!("the controller no longer knows all that happened: {lost} parcels go to exam");
        self.alarm(AlarmCode::TrackLost, None, &says);
        self.doubt_belt(Fault::Cable);
        self.keep_inputs_of_all();
        self.track.forget_all();
        self.gather.forget_all();
        self.lost_at = None;
        self.inventory_owed = true;
        self.order(Order::Inventory);
    }

    /// Whether a parcel is on the belt and nobody knows where.
    pub(super) fn is_lost(&self, parcel: &Parcel) -> bool {
        parcel.state.is_on_belt() && self.track.get(parcel.key).is_none()
    }
}

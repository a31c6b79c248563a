//! The cable to the lane controller: greetings, clocks, the order of facts, and what it means that nobody watched.
//!
//! The controller keeps its facts and says them again, so a cut cable and a dead station lose no place: what was on the
//! belt meanwhile goes to exam, and is still followed to its own exit. Facts from before this life are *history*: they
//! move parcels and end passes, and they decide nothing and say nothing a second time. Only a boot of the controller
//! makes places inexact, and only facts that fell out of its memory make them unknown. A controller that knows no lane is
//! given ours.

use gatepost_hardware::link::facts::{Facts, Order as Next};
use gatepost_hardware::link::{Greeting, LaneState as Reported, Refusal, Report, map};
use gatepost_hardware::units::{Micros, Tick};

use super::{AlarmCode, Drive, Parcel};
use crate::event::Order;
use crate::judge::{ContestedCause, Fault, Sensor};
use crate::limits::GREETING_MS;
use crate::pass::PassKey;
use crate::pass::life::{End, State};
use crate::record::{Kind, Urgency};
use crate::sighted::EpochBody;
use crate::track::clock::Proof;

/// What is known of the controller at the other end.
#[derive(Debug)]
pub(super) struct Cable {
    /// Which of its facts comes next, and which was taken last.
    facts: Facts,
    pub(super) fact_now: Option<u32>,
    /// Which log of facts it keeps ([`Greeting::log`]).
    log: u32,
    /// Facts before this number happened in an earlier life of the station.
    history: Option<u32>,
    /// The number that its next fact had when it last introduced itself.
    told: u32,
    /// It holds another lane's map, or none: nothing that it says is of this lane.
    foreign: bool,
    /// Station time of the first pulse, and whether the controller has introduced itself since.
    pub(super) born: Micros,
    greeted: bool,
    /// Station time at which it last said anything.
    heard: Option<Micros>,
    /// It was asked what is on the belt and has not answered yet.
    pub(super) inventory_owed: bool,
    /// The lowest epoch that the journal does not show yet.
    unnamed: u32,
}

impl Cable {
    pub(super) fn new(unnamed: u32) -> Self {
        Self {
            facts: Facts::default(),
            fact_now: None,
            log: 0,
            history: None,
            told: 0,
            foreign: false,
            born: Micros::ZERO,
            greeted: false,
            heard: None,
            inventory_owed: false,
            unnamed,
        }
    }

    /// Whether every fact was taken that the controller had when it introduced itself: before that, its clock may be that
    /// of a boot whose facts are still to come.
    fn has_caught_up(&self) -> bool {
        self.facts.expected().is_some_and(|expected| expected.wrapping_sub(self.told).cast_signed() >= 0)
    }
}

impl Drive {
    pub(super) fn report(&mut self, mono: Micros, report: Report) {
        self.mono = mono;
        self.cable.heard = Some(mono);
        if self.failed.remove(&Fault::Cable) {
            self.alarm(AlarmCode::Part, None, "the lane controller's cable works again");
        }
        if let Report::Hello(greeting) = &report {
            self.hello(greeting);
        }
        match report {
            Report::Refused(refusal) => self.refused(refusal),
            Report::MapWanted { offset } => self.give_map(offset),
            report if !self.cable.foreign => self.heard_of_lane(mono, &report),
            _ => {}
        }
    }

    /// Something that our own controller said.
    fn heard_of_lane(&mut self, mono: Micros, report: &Report) {
        let number = self.cable.facts.expected();
        match self.cable.facts.take(mono, report) {
            Next::Next(fact) => {
                self.cable.fact_now = number;
                self.fact(fact);
                self.catch_up();
            }
            Next::Ask(from) => self.order(Order::Resend { from }),
            // The oldest of a full memory fall out while history is being told.
            Next::Gone(_) if self.is_history() => {}
            Next::Gone(_) => self.lose_places(),
            Next::Strange => self.order(Order::Hello),
            Next::Nothing => {}
        }
        match report {
            &Report::Beat { time, ref ticks, next, .. } if self.cable.facts.expected() == Some(next) => {
                self.beat(time, ticks)
            }
            &Report::Time { host, time } if self.cable.has_caught_up() => self.synchronised(mono, host, time),
            Report::Inventory { passes, complete } => self.inventory(passes, *complete),
            _ => {}
        }
    }

    /// The controller read `time` between our asking at `host` and now.
    fn synchronised(&mut self, mono: Micros, host: Micros, time: Micros) {
        if self.clock.prove(host, mono, time) == Proof::Jumped {
            let says = "the controller's and the station's clocks disagree: started anew";
            self.alarm(AlarmCode::ClockJumped, None, says);
        }
    }

    /// The controller introduced itself: it booted, or we did, or it answers.
    fn hello(&mut self, greeting: &Greeting) {
        let mine = self.config.map.crc();
        if greeting.crc != mine {
            if !std::mem::replace(&mut self.cable.foreign, true) {
                self.doubt_belt(Fault::Cable);
            }
            self.failed.insert(Fault::Controller);
            if greeting.crc == 0 {
                return self.give_map(0);
            }
            let says = format!(
                "the controller holds another lane's map ({:08x}, here {mine:08x}): look whether its cable belongs to this \
                 lane; if this lane file is new, cut the controller's power for a moment and it takes the new map",
                greeting.crc
            );
            return self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
        }
        self.cable.foreign = false;
        self.follow_log(greeting);
        self.cable.told = greeting.next;
        self.cable.greeted = true;
        let known = self.config.epoch_next;
        self.config.epoch_next = known.max(greeting.epoch + 1).max(greeting.kept_epoch + 1);
        if greeting.epoch == 0 {
            return self.order(Order::Configure { crc: mine, epoch: self.config.epoch_next });
        }
        self.failed.remove(&Fault::Controller);
        self.catch_up();
        self.order(Order::TimeSync { host: self.mono });
    }

    /// Whether its facts go on where we left them, or where they begin.
    fn follow_log(&mut self, greeting: &Greeting) {
        let Greeting { log, kept_from, kept_epoch, next, .. } = *greeting;
        let same = log == self.cable.log && self.cable.greeted;
        if same && self.cable.facts.is_before(next) {
            return; // what is missing between is asked for, and what is gone is said
        }
        if self.cable.greeted && self.epoch.is_some() {
            self.alarm(
                AlarmCode::ControllerReset,
                None,
                "the controller lost its memory: what is on the belt goes to exam",
            );
            self.go_adrift(u32::MAX);
        }
        // A memory that was torn may say again what was taken: only what is new counts.
        self.cable.facts.begin(if same { next } else { kept_from });
        self.cable.log = log;
        if !self.cable.greeted && log != 0 {
            self.cable.history = Some(next);
        }
        self.epoch = Some(kept_epoch).filter(|&epoch| epoch != 0);
        self.epoch.into_iter().for_each(|epoch| self.name_epoch(epoch));
    }

    /// The controller has no lane: it gets ours, part by part. One that holds another may be another lane's.
    fn give_map(&mut self, offset: u16) {
        if let Some(part) = map::part(&self.config.map, offset) {
            self.order(Order::Map(part));
        }
    }

    fn refused(&mut self, refusal: Refusal) {
        let says = match refusal {
            Refusal::Version { lowest, highest } => format!(
                "the controller speaks versions {lowest} to {highest} of the cable's language and this station another: \
                 bring both to the same release"
            ),
            Refusal::Board { eyes, encoders } => format!(
                "this lane needs more than the controller has: {eyes} eyes and {encoders} encoders at most; use a larger \
                 board or fewer eyes in the lane file"
            ),
            Refusal::Map => "the controller cannot read this lane's map: bring both to the same release".to_owned(),
            Refusal::Crc { .. } | Refusal::Frozen | Refusal::NotConfigured => format!(
                "the controller refused a command ({refusal:?}): if this lane file is new, cut the controller's power for a \
                 moment and it takes the new map"
            ),
        };
        self.alarm(AlarmCode::LaneMapsDiffer, None, &says);
    }

    /// A fact: the controller started anew; it was in epoch `before`. Its counts began again; the parcels did not.
    pub(super) fn booted(&mut self, before: u32) {
        if self.epoch.is_none() && before == 0 {
            return; // nothing was counted yet
        }
        if !self.is_history() {
            let says = "the controller restarted: what is on the belt goes to exam";
            self.alarm(AlarmCode::ControllerReset, None, says);
        }
        self.go_adrift(before);
    }

    /// A fact: passes count in this epoch from here on.
    pub(super) fn configured(&mut self, epoch: u32) {
        self.failed.remove(&Fault::Controller);
        self.epoch = Some(epoch);
        if self.cable.log == 0 {
            self.cable.log = epoch;
        }
        self.config.epoch_next = self.config.epoch_next.max(epoch + 1);
        self.name_epoch(epoch);
        self.order(Order::TimeSync { host: self.mono });
        let stands: Vec<u32> =
            self.parcels.iter().filter(|parcel| parcel.stands_in_place()).map(|parcel| parcel.key.pass).collect();
        stands.into_iter().for_each(|pass| self.order(Order::StopInPlace { pass }));
    }

    /// An epoch stands in the journal before anything that happened in it.
    fn name_epoch(&mut self, epoch: u32) {
        if epoch >= self.cable.unnamed {
            self.cable.unnamed = epoch + 1;
            self.entry(Kind::Config, Urgency::default(), &EpochBody { controller_epoch: epoch });
        }
    }

    fn beat(&mut self, time: Micros, ticks: &[Tick]) {
        self.time = time;
        let happenings = self.track.beat(time, ticks);
        self.follow(happenings);
        let noted = self.gather.settle(&self.track);
        self.note(noted);
        if self.lost_at.is_none() && self.has_lost() {
            self.lost_at = ticks.last().copied();
        }
    }
}

/// What happened before this life of the station.
impl Drive {
    /// Whether the fact at hand happened in an earlier life of the station.
    pub(super) fn is_history(&self) -> bool {
        self.cable.history.is_some()
    }

    /// Whether what happened before this life is known, or will not be told: nothing is decided before. A parcel that
    /// the gate has opened for must not be taken for one that stands.
    pub(super) fn is_greeted(&self) -> bool {
        !self.is_history()
            && (self.cable.greeted || self.mono.saturating_sub(self.cable.born) > Micros::from_ms(GREETING_MS))
    }

    /// Whether an earlier life of the station has recorded what came of the fact at hand. The last fact recorded counts
    /// when it is of this log, whose first epoch is the lowest in it.
    pub(super) fn is_accounted(&self) -> bool {
        let recorded = self.config.accounted.filter(|&(epoch, _)| self.cable.log != 0 && epoch >= self.cable.log);
        self.is_history() && recorded.zip(self.cable.fact_now).is_some_and(|((_, last), now)| now <= last)
    }

    /// The last fact of an earlier life was taken: from here on the station answers for what happens.
    fn catch_up(&mut self) {
        if self.cable.history.is_none() || self.cable.history != self.cable.facts.expected() {
            return;
        }
        self.cable.history = None;
        self.cable.inventory_owed = true;
        self.order(Order::Inventory);
        self.order(Order::TimeSync { host: self.mono });
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
        self.cable.inventory_owed = false;
        for &pass in passes {
            let key = self.key(epoch, pass);
            self.fill_gap(key);
            match (self.find(key), self.closed.contains(&key)) {
                (None, true) => self.order(Order::Forget { epoch, pass }), // we died before we said so
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
        let silent = self.cable.heard.is_some_and(|heard| self.mono.saturating_sub(heard) > limit);
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

    /// The controller's counts began again, and what it knew of its inputs. In history, parcels of later epochs than `before`
    /// are known from the journal already.
    fn go_adrift(&mut self, before: u32) {
        self.doubt_belt(Fault::Controller);
        self.keep_inputs_of_all();
        self.track.rebase();
        self.gather.forget_all();
        self.clock.reset();
        (self.epoch, self.state) = (None, None);
        self.forget_sensors();
        self.parcels.iter_mut().filter(|parcel| parcel.key.epoch <= before).for_each(|parcel| parcel.permit = None);
    }

    /// What a sensor said holds no longer; it is said again.
    fn forget_sensors(&mut self) {
        for sensor in [&mut self.radiation, &mut self.smoke] {
            if *sensor != Sensor::NotFitted {
                *sensor = Sensor::Unknown;
            }
        }
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
        self.cable.inventory_owed = true;
        self.order(Order::Inventory);
    }

    /// Belts moved, and nobody knows how far: what they carry goes to exam, in the order in which it comes out.
    pub(super) fn lose_places_of(&mut self, passes: &[PassKey]) {
        let on_belt = |pass: &PassKey| self.find(*pass).is_some_and(|at| self.parcels[at].state.is_on_belt());
        let (lost, gone): (Vec<PassKey>, Vec<PassKey>) = passes.iter().partition(|pass| on_belt(pass));
        gone.into_iter().for_each(|pass| self.forget_place(pass));
        if lost.is_empty() {
            return;
        }
        if !self.is_history() {
            let says = format!("belts moved and nobody knows how far: {} parcels on them go to exam", lost.len());
            self.alarm(AlarmCode::TrackLost, None, &says);
        }
        for pass in lost {
            let Some(at) = self.find(pass) else { continue };
            // What the gate has opened for is past every decision.
            if self.parcels[at].state != State::Opened {
                self.contest(pass, ContestedCause::Uncounted);
            }
            self.keep_inputs(at);
            self.track.forget(pass);
        }
        self.lost_at = None;
    }

    pub(super) fn has_lost(&self) -> bool {
        self.parcels.iter().any(|parcel| self.is_lost(parcel))
    }

    /// Whether a parcel is on the belt and nobody knows where.
    pub(super) fn is_lost(&self, parcel: &Parcel) -> bool {
        parcel.state.is_on_belt() && self.track.get(parcel.key).is_none()
    }
}

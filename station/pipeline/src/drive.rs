//! One lane's mind: events in, effects out, in one synchronous call.
//!
//! [`Drive::handle`] takes what happened to its part — the belt (`follow`), the controller (`controller`), the judge
//! (`decide`) — and then lets every parcel take the next step it is due. It owns no device, waits for nothing and reads no
//! clock; what it wants done it says in [`Effect`]s.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::{Micros, WallMs};
use serde::{Deserialize, Serialize};

use crate::event::{ClockState, Effect, Event, OfficerAction, Order};
use crate::gather::Gather;
use crate::judge::{Clearance, ContingencyPlan, Fault, Inputs, Outcome, Sensor, Token, Verdict};
use crate::limits::{HEARTBEAT_MS, PASSES_MAX, TIME_SYNC_MS};
use crate::ordered::Ordered;
use crate::pass::life::{Signal, State};
use crate::pass::{LaneName, PassKey};
use crate::record::{Pending, Recorded};
use crate::ruleset::{Named, Ruleset};
use crate::track::Track;
use crate::track::clock::ClockMap;
use crate::weighing::{Alibis, Met, Protocols, Weighing};
pub use alarm::{Alarm, AlarmCode};
pub use decide::DecisionBody;
use facts::Known;
pub use recover::{OpenPass, Recovery};
pub use view::{
    DeviceKind, DeviceView, EyeRole, Grams, LaneKind, LaneView, Millimetres, Motion, ParcelView, Reported, StopCause,
};

mod alarm;
mod cable;
mod controller;
mod decide;
mod facts;
mod follow;
mod ledger;
mod officer;
mod recover;
mod view;

/// What a lane's mind is told once, before anything happens.
#[derive(Clone, Debug)]
pub struct DriveConfig {
    pub station: String,
    pub map: LaneMap,
    /// The epoch to give the controller at its next boot: above every epoch in the journal.
    pub epoch_next: u32,
    /// Passes that the journal shows without an accounted end, and those that ended last ([`Recovery`]).
    pub open: Vec<OpenPass>,
    pub closed: Vec<PassKey>,
    /// The highest pass of each epoch in the journal.
    pub highest: BTreeMap<u32, u32>,
    /// Epoch and number of the last fact of which the journal says what came of it.
    pub accounted: Option<(u32, u32)>,
    pub sampling: Option<SamplingKey>,
    /// How far two weights of one parcel, or a declared and a measured one, may differ.
    pub weight_tolerance_g: Grams,
    pub radiation_fitted: bool,
    pub smoke_fitted: bool,
    /// Minutes that the facility's civil day is ahead of UTC.
    pub utc_offset_min: i32,
    pub contingency: BTreeMap<Fault, ContingencyPlan>,
    /// How the lane's scales speak: stands beside every weight that is used.
    pub protocols: Protocols,
    pub versions: Versions,
}

/// The keyed random draw (DESIGN §4.6). Rates in 1/10,000.
#[derive(Clone, Debug)]
pub struct SamplingKey {
    pub id: Token,
    pub key: [u8; 32],
    pub rate: u16,
    pub rate_trusted: u16,
    /// Least rate of everybody while the X-ray drifts.
    pub rate_drifting: u16,
}

/// With what a decision was made; stands in its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub software: Token,
    pub rules: Token,
    pub model: Token,
    pub engine: Token,
    pub lists: Token,
}

/// One pass, and how far it has come.
#[derive(Debug)]
struct Parcel {
    key: PassKey,
    state: State,
    /// Nobody watched it for a while, for want of the station, the controller or the cable: exam, whatever is known of it.
    inherited: Option<Fault>,
    /// A permit of it was lost or came too late: no second one.
    voided: bool,
    /// Its permit ran out while the lane stood: decide anew when it runs, even if nothing else has changed.
    again: bool,
    /// The ledger gave a decision of it back.
    unrecorded: bool,
    /// Its id was read on another parcel that has not left.
    twice: bool,
    /// Decisions asked for so far.
    revision: u32,
    /// One of them is on its way to the disk. The next waits for it: it must name what it supersedes.
    asking: bool,
    /// The newest durable decision.
    seq: Option<u64>,
    /// Proof of a durable release, until it becomes a permit.
    release: Option<Recorded>,
    permit: Option<u32>,
    /// The newest decision of an earlier life of the station was to release it.
    released_before: bool,
    looked_up: bool,
    /// What was known of it when its place was forgotten.
    kept: Option<Box<Known>>,
    judged: Option<Box<(Inputs, Verdict)>>,
    /// The weights that this was judged from.
    weights: Alibis,
    /// By which rules it is judged, from its first decision on: one pack for one parcel.
    rules: Option<Arc<Named>>,
    /// Judge again at the next chance: something it was judged from has changed.
    stale: bool,
    clearance: Option<Clearance>,
    /// The clearance being written, as it will stand when durable.
    clearing: Option<Clearance>,
}

#[derive(Debug)]
pub struct Drive {
    config: DriveConfig,
    lane: LaneName,
    rules: Arc<Named>,
    track: Track,
    gather: Gather,
    scales: Met,
    clock: ClockMap,
    parcels: Vec<Parcel>,
    epoch: Option<u32>,
    state: Option<Reported>,
    motion: Vec<Motion>,
    /// Segments whose encoder says that the belt went backward, and has not said otherwise since.
    backward: Vec<bool>,
    radiation: Sensor,
    smoke: Sensor,
    failed: BTreeSet<Fault>,
    ordered: Ordered,
    /// Ledger gave records back; nothing is decided until it stores again.
    waiting: VecDeque<Pending>,
    mono: Micros,
    wall: WallMs,
    trusted: ClockState,
    /// Controller time of its last report.
    time: Micros,
    beat_sent: Option<Micros>,
    sync_sent: Option<Micros>,
    cable: cable::Cable,
    /// Tick of the last segment when places were lost.
    lost_at: Option<gatepost_hardware::units::Tick>,
    /// Ids on or recently on this belt that never left it: for the same id twice.
    ids: BTreeMap<String, PassKey>,
    /// Ended passes, the last of them.
    closed: VecDeque<PassKey>,
    alarms: VecDeque<Alarm>,
    out: Vec<Effect>,
}

impl Drive {
    /// # Errors
    /// A sentence, when the lane's name cannot stand in a pass key.
    pub fn new(config: DriveConfig, rules: Ruleset) -> Result<Self, String> {
        let name = config.map.name.as_str();
        let lane = LaneName::new(name).ok_or_else(|| format!("lane \"{name}\": use 1 to 15 letters, digits or -"))?;
        let fitted = |fitted| if fitted { Sensor::Unknown } else { Sensor::NotFitted };
        let open = config.open.iter().map(Parcel::left_open).collect();
        Ok(Self {
            lane,
            rules: Arc::new(Named { rules, name: config.versions.rules.clone() }),
            track: Track::new(config.map.clone()),
            gather: Gather::new(config.map.clone()),
            scales: Met::default(),
            clock: ClockMap::default(),
            parcels: open,
            epoch: None,
            state: None,
            motion: vec![Motion::Stopped; config.map.segments.len()],
            backward: vec![false; config.map.segments.len()],
            radiation: fitted(config.radiation_fitted),
            smoke: fitted(config.smoke_fitted),
            failed: BTreeSet::from([Fault::Controller]),
            ordered: Ordered::default(),
            waiting: VecDeque::new(),
            mono: Micros::ZERO,
            wall: WallMs::ZERO,
            trusted: ClockState::Untrusted,
            time: Micros::ZERO,
            beat_sent: None,
            sync_sent: None,
            cable: cable::Cable::new(config.epoch_next),
            lost_at: None,
            ids: BTreeMap::new(),
            closed: config.closed.iter().copied().collect(),
            alarms: VecDeque::new(),
            out: vec![Effect::Order(Order::Hello)],
            config,
        })
    }

    /// The one entrance. Effects are to be carried out in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Pulse { mono, wall, clock } => self.pulse(mono, wall, clock),
            Event::Controller { mono, report } => self.report(mono, report),
            Event::CableLost { mono } => {
                self.mono = mono;
                self.cable_lost();
            }
            Event::Code { mono, device, code } => {
                let noted = self.gather.code(&self.clock, mono, device, code);
                self.note(noted);
            }
            Event::Picture { mono, device, picture } => {
                let noted = self.gather.picture(&self.clock, mono, device, picture);
                self.note(noted);
            }
            Event::Weight { mono, device, weighed, said } => {
                let at = self.wall_at(mono);
                self.weighed(mono, Weighing { device, at, weighed, said });
            }
            Event::Image { mono, image, .. } => match self.clock.happened(mono, (0, 0)) {
                Some(at) => self.gather.image(&self.track, image, at),
                None => {
                    self.alarm(AlarmCode::ReadingUnplaced, None, "an image came before the clocks were synchronised")
                }
            },
            Event::Assessed { image, assessed } => self.gather.images.assess(image, assessed),
            Event::Matched { pass, answer } => self.matched(pass, answer),
            Event::ListsChanged => self.look_up_again(),
            Event::Rules(rules) => self.rules = Arc::new(Named::by_its_digest(*rules)),
            Event::ExamAll(ordered) => self.exam_all(ordered),
            Event::Recorded(recorded) => self.recorded(recorded),
            Event::Unrecorded(pending) => self.unrecorded(pending),
            Event::LedgerReady => self.ledger_ready(),
            Event::Part { fault, failed } => self.part(fault, failed),
            Event::Officer { officer, action } => self.officer(&officer, action),
        }
        self.advance();
        std::mem::take(&mut self.out)
    }

    /// The lane for a page: copied, so that no page can hold the lane up.
    pub fn view(&self) -> LaneView {
        view::of(self)
    }
    pub fn epoch(&self) -> Option<u32> {
        self.epoch
    }

    fn pulse(&mut self, mono: Micros, wall: WallMs, clock: ClockState) {
        if self.wall == WallMs::ZERO {
            self.cable.born = mono;
        }
        (self.mono, self.wall, self.trusted) = (mono, wall, clock);
        self.say_ordered();
        self.listen();
        let due = |sent: Option<Micros>, every_ms| sent.is_none_or(|sent| mono - sent >= Micros::from_ms(every_ms));
        if due(self.sync_sent, TIME_SYNC_MS) {
            self.sync_sent = Some(mono);
            // A cable may have been in another lane's controller: ask who is there until it is ours again.
            let ours = self.epoch.is_some() && !self.failed.contains(&Fault::Controller);
            let order = if ours { Order::TimeSync { host: mono } } else { Order::Hello };
            self.order(order);
            if self.cable.inventory_owed && self.epoch.is_some() {
                self.order(Order::Inventory);
            }
        }
        if due(self.beat_sent, HEARTBEAT_MS) {
            self.beat_sent = Some(mono);
            self.order(Order::Beat);
        }
    }

    /// Every parcel takes the step it is due.
    fn advance(&mut self) {
        if self.wall == WallMs::ZERO {
            return; // no pulse yet: nothing can be dated
        }
        for at in 0..self.parcels.len() {
            self.identify(at);
            self.decide_if_due(at);
            self.permit_if_due(at);
        }
        self.expire_lost();
        let done = |parcel: &Parcel| matches!(parcel.state, State::Closed(_)) && parcel.is_settled();
        let gone = self.parcels.iter().filter(|parcel| done(parcel)).map(|parcel| parcel.key);
        gone.for_each(|pass| self.gather.forget(pass));
        self.parcels.retain(|parcel| !done(parcel));
        if self.parcels.len() >= PASSES_MAX - 4 && self.is_running() {
            self.order(Order::Stop);
            self.alarm(AlarmCode::TooManyPasses, None, "too many parcels are not finished: the feed is stopped");
        }
    }

    fn order(&mut self, order: Order) {
        self.out.push(Effect::Order(order));
    }
    fn find(&self, key: PassKey) -> Option<usize> {
        self.parcels.iter().position(|parcel| parcel.key == key)
    }
    fn key(&self, epoch: u32, pass: u32) -> PassKey {
        PassKey { lane: self.lane, epoch, pass }
    }
    fn is_running(&self) -> bool {
        self.state == Some(Reported::Running)
    }
    fn belt_length(&self) -> Millimetres {
        self.config.map.segments.iter().fold(Millimetres::ZERO, |sum, segment| sum + segment.length_mm)
    }
}

impl Parcel {
    fn new(key: PassKey) -> Self {
        Self {
            key,
            state: State::OnBelt,
            inherited: None,
            voided: false,
            again: false,
            unrecorded: false,
            twice: false,
            revision: 0,
            asking: false,
            seq: None,
            release: None,
            permit: None,
            released_before: false,
            looked_up: false,
            kept: None,
            judged: None,
            weights: Alibis::default(),
            rules: None,
            stale: false,
            clearance: None,
            clearing: None,
        }
    }
    fn inherited(key: PassKey, fault: Fault) -> Self {
        Self { inherited: Some(fault), ..Self::new(key) }
    }

    /// As the journal of an earlier life shows it.
    fn left_open(open: &OpenPass) -> Self {
        let undecided = Self::inherited(open.pass, Fault::Controller);
        if let Some(end) = open.end {
            return Self { state: State::GoneUndecided(end), stale: true, ..undecided };
        }
        if open.seq == 0 {
            return undecided;
        }
        Self {
            seq: Some(open.seq),
            revision: open.revision,
            // Its permit, if it had one, is named by the decision's record and may still stand.
            permit: Some(open.seq as u32),
            released_before: open.release,
            kept: open.inputs.clone().map(|inputs| Box::new(Known { inputs: *inputs, weights: open.weights.clone() })),
            state: State::Decided,
            ..undecided
        }
    }
    /// Whether its newest decision lets it leave by release.
    fn may_leave(&self) -> bool {
        match self.judged.as_deref() {
            Some((_, verdict)) => verdict.outcome == Outcome::Release,
            None => self.released_before,
        }
    }
    /// Whether it must not move until a supervisor has seen it.
    fn stands_in_place(&self) -> bool {
        let stop = |judged: &(Inputs, Verdict)| judged.1.outcome == Outcome::StopInPlace;
        self.state.is_on_belt() && self.judged.as_deref().is_some_and(stop)
    }
    /// Takes a signal; one that the table does not know is a defect of ours, and leaves the state as it was.
    fn signal(&mut self, signal: Signal) {
        let after = self.state.after(signal);
        debug_assert!(after.is_some(), "{}: {signal:?} in state {:?}", self.key, self.state);
        self.state = after.unwrap_or(self.state);
    }
    /// Whether nothing about it is on its way to the disk.
    fn is_settled(&self) -> bool {
        self.seq.is_some() && self.clearing.is_none() && !self.stale && !self.asking
    }
}

#[cfg(test)]
mod tests;

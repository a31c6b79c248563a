//! What time and belts bring about: causes, permits, the gate, the lane's state, the beat.

use super::Controller;
use crate::guard::{Closing, Denial, Guard, Moment, Scene};
use crate::kept::Kept;
use crate::schedule::Ended;
use core::ops::DerefMut;
use gatepost_hardware::link::{Fact, GateState, Happening, LaneState, PermitFate, VoidCause};
use gatepost_hardware::units::{Micros, Millimetres};

/// How far behind a window a permit is still not missed: an edge is known later than it happened.
const MISSED_AFTER: Millimetres = Millimetres(20);

impl<K: DerefMut<Target = Kept>> Controller<K> {
    pub(super) fn pass_time(&mut self, now: Micros) {
        self.now = self.now.max(now);
        let powered = self.powered();
        for index in 0..self.belts.len() {
            let motion = self.belts.get_mut(index).and_then(|belt| belt.pass_time(powered, self.now));
            if let Some(motion) = motion {
                self.belt(index as u8, motion);
            }
        }
        let hold = Micros(u64::from(self.map.timing.debounce_us));
        for index in 0..self.eyes.len() {
            if let Some(edge) = self.eyes.get_mut(index).and_then(|eye| eye.settle(self.now, hold)) {
                self.edge(index, edge);
            }
        }
    }

    /// Brings everything that depends on something else up to date: causes, permits, gate, state, beat.
    pub(super) fn settle(&mut self) {
        let silence = self.now.saturating_sub(self.heard);
        self.lane.heartbeat_lost =
            self.lane.configured && silence > Micros::from_ms(u64::from(self.map.timing.heartbeat_ms_max));
        self.settle_gate(); // after the silence: the gate has no other limit for it than the belts
        self.lane.jam = self.jammed(); // a jam ends when its eye is free again
        self.quieten_eyes();
        if self.long_stop() {
            self.void_all(VoidCause::LongStop); // a stop that was too long is not healed by what ends it
        }
        let state = self.lane.settle(self.now);
        if core::mem::take(&mut self.lane.measure_anew) {
            self.measure_anew();
        }
        if state != self.state {
            if self.state == LaneState::Running {
                self.stopped = self.now;
            }
            self.state = state;
            let time = self.now;
            self.say(Fact::Lane { state, time }, Happening::Lane { state });
        }
        if let Some(cause) = self.void_cause() {
            self.void_all(cause);
        }
        self.settle_permits();
        if self.epoch.is_none() && self.now >= self.hello_due {
            self.say_hello();
        }
    }

    /// What ends every permit there is.
    fn void_cause(&self) -> Option<VoidCause> {
        let causes = [
            (self.lane.latched(), VoidCause::Latched),
            (self.lane.hands_in(), VoidCause::Guard),
            (self.lane.gate_fault, VoidCause::GateFault),
            (self.lane.heartbeat_lost, VoidCause::Heartbeat),
            (self.long_stop(), VoidCause::LongStop),
        ];
        causes.into_iter().find(|(active, _)| *active).map(|(_, cause)| cause)
    }

    fn settle_gate(&mut self) {
        let tick = self.diverter.and_then(|segment| self.tick_of(segment)).unwrap_or_default();
        let attended = self.lane.configured && !self.lane.heartbeat_lost;
        let moment = Moment { now: self.now, tick, powered: self.powered(), attended };
        let Some(guard) = &mut self.guard else {
            return;
        };
        let found = guard.state(self.now);
        let ended = guard.step(&moment);
        // A gate that never left exam is a fault too, though the fault's own remedy puts it right again.
        let gate = if found == GateState::Stuck { found } else { guard.state(self.now) };
        if let Some((opening, closing)) = ended {
            let fate = match closing {
                Closing::Passed => PermitFate::Closed,
                Closing::Void(cause) => PermitFate::Void(cause),
            };
            self.permit_fate(Ended { permit: opening.permit, pass: opening.pass, fate });
        }
        self.lane.gate_fault = gate == GateState::Stuck;
        self.say_gate(gate);
    }

    fn say_gate(&mut self, state: GateState) {
        if core::mem::replace(&mut self.gate_state, state) != state {
            let time = self.now;
            self.say(Fact::Gate { state, time }, Happening::Gate { state });
        }
    }

    /// Ends what is overdue, and lets the first parcel in front of the gate claim it.
    fn settle_permits(&mut self) {
        let (Some((segment, belt)), Some(figures)) = (self.diverter_belt(), self.guard.as_ref().map(Guard::figures))
        else {
            return;
        };
        let (tick, slack, backward) = (belt.tick(), segment.ticks(MISSED_AFTER), belt.backward());
        self.zone.drop_before(tick - figures.room - figures.longest);
        if self.schedule.slots().is_empty() {
            return;
        }
        while let Some(ended) = self.schedule.overdue(self.now, tick, slack, figures.room - figures.open_before) {
            self.permit_fate(ended);
        }
        let scene = Scene {
            now: self.now,
            tick,
            epoch: self.epoch.filter(|_| self.lane.configured),
            running: self.state == LaneState::Running,
            heartbeat: !self.lane.heartbeat_lost,
            latched: self.lane.latched(),
            hands_in: self.lane.hands_in(),
            backward,
            long_stop: self.long_stop(),
        };
        while let Some(ended) = self.claim(&scene) {
            self.schedule.remove(ended.permit);
            self.permit_fate(ended);
            if ended.fate == PermitFate::Opened {
                self.say_gate(GateState::Release);
            }
        }
    }

    /// Lets the foremost measured parcel claim the gate. Returns its permit when that is decided.
    fn claim(&mut self, scene: &Scene) -> Option<Ended> {
        let claim = self.schedule.claim(scene.tick, &self.zone)?;
        let fate = match self.guard.as_mut()?.open(&claim, scene) {
            Ok(()) => PermitFate::Opened,
            Err(Denial::NotYet) => return None,
            Err(Denial::TooLate) => PermitFate::Missed,
            Err(Denial::Void(cause)) => PermitFate::Void(cause),
        };
        Some(Ended { permit: claim.permit, pass: claim.pass, fate })
    }

    pub(super) fn void_all(&mut self, cause: VoidCause) {
        while let Some(ended) = self.schedule.void_one(cause) {
            self.permit_fate(ended);
        }
    }
}

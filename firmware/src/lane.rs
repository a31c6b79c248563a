//! What lets the belts run, and what stops them.
//!
//! Belts run only in [`LaneState::Running`], and only one thing leads there: a rising edge of the local reset input
//! while nothing is wrong. No command, timer or recovered cause starts a motor (DESIGN promise 11).

use gatepost_hardware::link::{Input, LaneState, StopCause};

/// The stack light at the lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lamp {
    /// Stopped by a cause that is still there, or not configured.
    #[default]
    Red,
    /// Ready: waits for the reset input. Also a full exam chute.
    Amber,
    Green,
    /// Latched: a supervisor is needed.
    RedBlinking,
}

#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub configured: bool,
    pub heartbeat_lost: bool,
    pub gate_fault: bool,
    pub jam: bool,
    requested: bool,
    latch: Option<StopCause>,
    running: bool,
    e_stop: bool,
    guard: bool,
    reset: bool,
    chute_full: bool,
    radiation: bool,
    smoke: bool,
}

impl Lane {
    /// A level of an input. Returns false when it was already known.
    pub fn input(&mut self, input: Input, active: bool) -> bool {
        let level = match input {
            Input::EStop => &mut self.e_stop,
            Input::Guard => &mut self.guard,
            Input::Reset => &mut self.reset,
            Input::ExamChuteFull => &mut self.chute_full,
            Input::Radiation => &mut self.radiation,
            Input::Smoke => &mut self.smoke,
        };
        if core::mem::replace(level, active) == active {
            return false;
        }
        match (input, active) {
            (Input::Reset, true) => self.reset(),
            (Input::Radiation, true) => self.latch(StopCause::Radiation),
            (Input::Smoke, true) => self.latch(StopCause::Smoke),
            _ => {}
        }
        true
    }

    /// The station asks for a stop; it holds until the local reset.
    pub fn stop(&mut self) {
        self.requested = true;
    }

    /// The first cause stays: it is what the supervisor must hear of.
    pub fn latch(&mut self, cause: StopCause) {
        self.latch.get_or_insert(cause);
    }

    pub const fn latched(&self) -> bool {
        self.latch.is_some()
    }

    /// Somebody may be reaching into the lane.
    pub const fn hands_in(&self) -> bool {
        self.e_stop || self.guard || self.jam
    }

    /// One press ends a latch and leads to ready; the belts need another one.
    fn reset(&mut self) {
        if self.latch.is_some() {
            if !self.radiation && !self.smoke {
                self.latch = None;
                self.requested = false;
            }
            return;
        }
        self.requested = false;
        self.running = self.state() == LaneState::Ready || self.running;
    }

    /// Brings belts to rest when anything is wrong; to be called after every change.
    pub fn settle(&mut self) -> LaneState {
        let state = self.state();
        self.running = state == LaneState::Running;
        state
    }

    /// Worst first.
    fn state(&self) -> LaneState {
        let stops = [
            (self.e_stop, StopCause::EStop),
            (self.guard, StopCause::Guard),
            (self.gate_fault, StopCause::GateFault),
            (self.jam, StopCause::Jam),
            (self.heartbeat_lost, StopCause::Heartbeat),
            (self.requested, StopCause::Requested),
        ];
        if let Some(cause) = self.latch {
            return LaneState::Latched(cause);
        }
        if !self.configured {
            return LaneState::Setup;
        }
        if let Some((_, cause)) = stops.into_iter().find(|(active, _)| *active) {
            return LaneState::Stopped(cause);
        }
        match (self.chute_full, self.running) {
            (true, _) => LaneState::ChuteFull,
            (false, true) => LaneState::Running,
            (false, false) => LaneState::Ready,
        }
    }
}

/// What the stack light shows in a state.
pub const fn lamp(state: LaneState) -> Lamp {
    match state {
        LaneState::Setup | LaneState::Stopped(_) => Lamp::Red,
        LaneState::Ready | LaneState::ChuteFull => Lamp::Amber,
        LaneState::Running => Lamp::Green,
        LaneState::Latched(_) => Lamp::RedBlinking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(lane: &mut Lane) -> LaneState {
        lane.input(Input::Reset, true);
        let state = lane.settle();
        lane.input(Input::Reset, false);
        lane.settle();
        state
    }

    fn running() -> Lane {
        let mut lane = Lane { configured: true, ..Lane::default() };
        assert_eq!(lane.settle(), LaneState::Ready);
        assert_eq!(press(&mut lane), LaneState::Running);
        lane
    }

    #[test]
    fn a_held_reset_button_starts_nothing_when_the_cause_goes() {
        let mut lane = running();
        lane.input(Input::EStop, true);
        assert_eq!(lane.settle(), LaneState::Stopped(StopCause::EStop));
        lane.input(Input::Reset, true);
        lane.settle();
        lane.input(Input::EStop, false);
        assert_eq!(lane.settle(), LaneState::Ready);
        lane.input(Input::Reset, false);
        assert_eq!(lane.settle(), LaneState::Ready);
        assert_eq!(press(&mut lane), LaneState::Running);
    }

    #[test]
    fn every_cause_recovers_to_ready_and_not_further() {
        type Set = fn(&mut Lane, bool);
        let causes: [Set; 5] = [
            |lane, on| lane.guard = on,
            |lane, on| lane.chute_full = on,
            |lane, on| lane.heartbeat_lost = on,
            |lane, on| lane.gate_fault = on,
            |lane, on| lane.jam = on,
        ];
        for set in causes {
            let mut lane = running();
            set(&mut lane, true);
            assert!(matches!(lane.settle(), LaneState::Stopped(_) | LaneState::ChuteFull));
            assert_ne!(press(&mut lane), LaneState::Running, "the reset is no override");
            set(&mut lane, false);
            assert_eq!(lane.settle(), LaneState::Ready);
            assert_eq!(press(&mut lane), LaneState::Running);
        }
    }

    #[test]
    fn a_latch_outlives_its_sensor_and_needs_two_presses() {
        let mut lane = running();
        lane.input(Input::Radiation, true);
        assert_eq!(lane.settle(), LaneState::Latched(StopCause::Radiation));
        assert_eq!(press(&mut lane), LaneState::Latched(StopCause::Radiation));
        lane.input(Input::Radiation, false);
        assert_eq!(lane.settle(), LaneState::Latched(StopCause::Radiation));
        assert_eq!(press(&mut lane), LaneState::Ready);
        assert_eq!(press(&mut lane), LaneState::Running);
    }

    #[test]
    fn a_requested_stop_holds_until_the_reset() {
        let mut lane = running();
        lane.stop();
        assert_eq!(lane.settle(), LaneState::Stopped(StopCause::Requested));
        assert_eq!(press(&mut lane), LaneState::Running);
    }
}

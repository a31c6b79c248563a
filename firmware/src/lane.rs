//! What lets the belts run, and what stops them.
//!
//! Belts run only in [`LaneState::Running`], and only one thing leads there: a rising edge of the local reset input
//! while nothing is wrong. No command, timer or recovered cause starts a motor (DESIGN promise 11).

use gatepost_hardware::link::{Input, LaneState, StopCause};
use gatepost_hardware::units::Micros;

/// The reset input must be held so long: noise on its wire starts no belt.
pub const PRESS: Micros = Micros(50_000);

/// The stack light at the lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lamp {
    /// Stopped by a cause that is still there, or not configured.
    #[default]
    Red,
    /// Ready: waits for the reset input. Also the start warning, and a full exam chute.
    Amber,
    Green,
    /// Latched: a supervisor is needed.
    RedBlinking,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Motors {
    #[default]
    Rest,
    /// Warn until then.
    Warn(Micros),
    Run,
}

#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub configured: bool,
    pub heartbeat_lost: bool,
    pub gate_fault: bool,
    pub jam: bool,
    /// Seen once; hold until the reset.
    pub off_speed: bool,
    pub escaped: bool,
    pub flicker: bool,
    /// The reset was given: what was measured to see a jam is to be measured anew.
    pub measure_anew: bool,
    requested: bool,
    latch: Option<StopCause>,
    /// The reset input was seen at rest: one that is held while the controller boots is no press.
    armed: bool,
    /// Since when it is active, until it counted as pressed.
    pressed: Option<Micros>,
    /// How long the start warning sounds.
    pub warning: Micros,
    motors: Motors,
    belt_stop: bool,
    e_stop: bool,
    guard: bool,
    reset: bool,
    chute_full: bool,
    radiation: bool,
    smoke: bool,
}

impl Lane {
    /// A level of an input. Returns false when it was already known.
    pub fn input(&mut self, input: Input, active: bool, now: Micros) -> bool {
        let level = match input {
            Input::EStop => &mut self.e_stop,
            Input::Guard => &mut self.guard,
            Input::Reset => &mut self.reset,
            Input::ExamChuteFull => &mut self.chute_full,
            Input::Radiation => &mut self.radiation,
            Input::Smoke => &mut self.smoke,
            Input::BeltStop => &mut self.belt_stop,
        };
        self.armed |= input == Input::Reset && !active;
        if core::mem::replace(level, active) == active {
            return false;
        }
        match (input, active) {
            (Input::Reset, active) => self.pressed = (active && self.armed).then_some(now),
            (Input::Radiation, true) => self.latch(StopCause::Radiation),
            (Input::Smoke, true) => self.latch(StopCause::Smoke),
            _ => {}
        }
        true
    }

    /// Every input as it stands, but the reset, which is no state.
    pub fn inputs(&self) -> [(Input, bool); 6] {
        [
            (Input::EStop, self.e_stop),
            (Input::Guard, self.guard),
            (Input::BeltStop, self.belt_stop),
            (Input::ExamChuteFull, self.chute_full),
            (Input::Radiation, self.radiation),
            (Input::Smoke, self.smoke),
        ]
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
    fn reset(&mut self, now: Micros) {
        let latched = self.latch.is_some();
        if latched && (self.radiation || self.smoke) {
            return;
        }
        (self.latch, self.requested) = (None, false);
        (self.off_speed, self.escaped, self.flicker) = (false, false, false);
        self.measure_anew = true;
        if !latched && self.state() == LaneState::Ready {
            self.motors = Motors::Warn(now + self.warning);
        }
    }

    /// Brings belts to rest when anything is wrong; to be called after every change.
    pub fn settle(&mut self, now: Micros) -> LaneState {
        if self.pressed.is_some_and(|since| now.saturating_sub(since) >= PRESS) {
            self.pressed = None;
            self.reset(now);
        }
        if matches!(self.motors, Motors::Warn(until) if now >= until) {
            self.motors = Motors::Run;
        }
        let state = self.state();
        if !matches!(state, LaneState::Running | LaneState::Starting) {
            self.motors = Motors::Rest;
        }
        state
    }

    /// Worst first.
    fn state(&self) -> LaneState {
        let stops = [
            (self.e_stop, StopCause::EStop),
            (self.guard, StopCause::Guard),
            (self.gate_fault, StopCause::GateFault),
            (self.belt_stop, StopCause::BeltStop),
            (self.escaped, StopCause::Escaped),
            (self.flicker, StopCause::Eye),
            (self.jam, StopCause::Jam),
            (self.off_speed, StopCause::Encoder),
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
        match (self.chute_full, self.motors) {
            (true, _) => LaneState::ChuteFull,
            (false, Motors::Rest) => LaneState::Ready,
            (false, Motors::Warn(_)) => LaneState::Starting,
            (false, Motors::Run) => LaneState::Running,
        }
    }
}

/// What the stack light shows in a state.
pub const fn lamp(state: LaneState) -> Lamp {
    match state {
        // Seen once and over: whoever has looked gives the reset.
        LaneState::Stopped(StopCause::Encoder | StopCause::Escaped | StopCause::Eye) => Lamp::Amber,
        LaneState::Setup | LaneState::Stopped(_) => Lamp::Red,
        LaneState::Ready | LaneState::ChuteFull | LaneState::Starting => Lamp::Amber,
        LaneState::Running => Lamp::Green,
        LaneState::Latched(_) => Lamp::RedBlinking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(lane: &mut Lane) -> LaneState {
        lane.input(Input::Reset, true, Micros(0));
        let state = lane.settle(PRESS);
        lane.input(Input::Reset, false, Micros(0));
        lane.settle(Micros(0));
        state
    }

    fn running() -> Lane {
        let mut lane = Lane { configured: true, armed: true, ..Lane::default() };
        assert_eq!(lane.settle(Micros(0)), LaneState::Ready);
        assert_eq!(press(&mut lane), LaneState::Running);
        lane
    }

    #[test]
    fn a_held_reset_button_starts_nothing_when_the_cause_goes() {
        let mut lane = running();
        lane.input(Input::EStop, true, Micros(0));
        assert_eq!(lane.settle(Micros(0)), LaneState::Stopped(StopCause::EStop));
        lane.input(Input::Reset, true, Micros(0));
        lane.settle(PRESS);
        lane.input(Input::EStop, false, Micros(0));
        assert_eq!(lane.settle(Micros(0)), LaneState::Ready);
        lane.input(Input::Reset, false, Micros(0));
        assert_eq!(lane.settle(Micros(0)), LaneState::Ready);
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
            assert!(matches!(lane.settle(Micros(0)), LaneState::Stopped(_) | LaneState::ChuteFull));
            assert_ne!(press(&mut lane), LaneState::Running, "the reset is no override");
            set(&mut lane, false);
            assert_eq!(lane.settle(Micros(0)), LaneState::Ready);
            assert_eq!(press(&mut lane), LaneState::Running);
        }
    }

    #[test]
    fn a_latch_outlives_its_sensor_and_needs_two_presses() {
        let mut lane = running();
        lane.input(Input::Radiation, true, Micros(0));
        assert_eq!(lane.settle(Micros(0)), LaneState::Latched(StopCause::Radiation));
        assert_eq!(press(&mut lane), LaneState::Latched(StopCause::Radiation));
        lane.input(Input::Radiation, false, Micros(0));
        assert_eq!(lane.settle(Micros(0)), LaneState::Latched(StopCause::Radiation));
        assert_eq!(press(&mut lane), LaneState::Ready);
        assert_eq!(press(&mut lane), LaneState::Running);
    }

    #[test]
    fn the_start_warning_sounds_first_and_a_cause_ends_it() {
        let mut lane = Lane { configured: true, armed: true, warning: Micros(1_000), ..Lane::default() };
        lane.input(Input::Reset, true, Micros(0));
        assert_eq!(lane.settle(PRESS - Micros(1)), LaneState::Ready, "that may be noise");
        assert_eq!(lane.settle(PRESS), LaneState::Starting);
        assert_eq!(lane.settle(PRESS + Micros(999)), LaneState::Starting);
        assert_eq!(lane.clone().settle(PRESS + Micros(1_000)), LaneState::Running);
        lane.input(Input::BeltStop, true, PRESS);
        assert_eq!(lane.settle(PRESS), LaneState::Stopped(StopCause::BeltStop));
        lane.input(Input::BeltStop, false, PRESS);
        assert_eq!(lane.settle(Micros(200_000)), LaneState::Ready, "a warning that was cut short starts nothing");
    }

    #[test]
    fn a_requested_stop_holds_until_the_reset() {
        let mut lane = running();
        lane.stop();
        assert_eq!(lane.settle(Micros(0)), LaneState::Stopped(StopCause::Requested));
        assert_eq!(press(&mut lane), LaneState::Running);
    }
}

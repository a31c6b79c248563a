//! Stories about parts that fail: eyes that flicker or stay dark, a gate that is slow or swept over, motors that warn.

use super::rig::{Rig, SORTER, north};
use crate::{Controller, GatePosition, Kept};
use gatepost_hardware::lane::{Eye, EyeRole, Name};
use gatepost_hardware::link::{
    BootCause, Command, Fact, GateState, Input, LaneState, PermitFate, StopCause, VoidCause,
};
use gatepost_hardware::units::{Micros, Millimetres};

const ENTRY: u8 = 0;
/// The place of a sweep eye among north's eyes.
const SWEEP: u8 = 6;

/// North with an eye across its gate.
fn swept() -> Rig {
    let mut map = north();
    let (name, role) = (Name::try_from("sweep").unwrap(), EyeRole::Sweep);
    let eye = Eye { name, segment: SORTER as u8, at_mm: Millimetres(3_650), role };
    assert!(map.eyes.insert(usize::from(SWEEP), eye).is_ok());
    Rig::running_on(map)
}

fn gates(rig: &Rig) -> Vec<GateState> {
    let gate = |fact: &Fact| match fact {
        Fact::Gate { state, .. } => Some(*state),
        _ => None,
    };
    rig.facts.iter().filter_map(gate).collect()
}

#[test]
fn the_gate_stays_open_until_its_swing_is_free() {
    let closed_at = |mut rig: Rig| {
        let body = rig.lay(SORTER, 1_500, 300);
        rig.permit(body, 1);
        rig.run_ms(7_000);
        assert_eq!(rig.bodies[body].released, Some(true));
        let closed = rig.facts.iter().find_map(|fact| match fact {
            Fact::Permit { fate: PermitFate::Closed, time, .. } => Some(*time),
            _ => None,
        });
        closed.expect("it closed")
    };
    let later = closed_at(swept()).saturating_sub(closed_at(Rig::running()));
    assert!((Micros(10_000)..Micros(80_000)).contains(&later), "the tail is past the eye 20 mm later: {later}");
}

#[test]
fn the_gate_does_not_move_over_what_lies_in_its_swing() {
    let mut rig = swept();
    let body = rig.lay(SORTER, 1_500, 300);
    rig.permit(body, 1);
    rig.run_ms(3_200);
    rig.controller.raw_edge(SWEEP, true, rig.now);
    rig.run_ms(3_000);
    assert_eq!(rig.bodies[body].released, Some(false));
    assert_eq!(rig.fates(1), [PermitFate::Accepted, PermitFate::Void(VoidCause::Gap)]);
}

#[test]
fn a_slow_gate_is_said_and_still_obeyed() {
    let mut rig = Rig::running();
    rig.swing_full_us = 160_000;
    let body = rig.lay(SORTER, 1_500, 300);
    rig.permit(body, 1);
    rig.run_ms(7_000);
    assert_eq!(rig.bodies[body].released, Some(true));
    assert!(gates(&rig).contains(&GateState::Slow) && !gates(&rig).contains(&GateState::Stuck), "{:?}", gates(&rig));
    rig.swing_full_us = 110_000;
    let body = rig.lay(SORTER, 1_500, 300);
    rig.permit(body, 2);
    rig.run_ms(7_000);
    assert_eq!(gates(&rig).last(), Some(&GateState::Exam), "in time again");
}

#[test]
fn what_leaves_by_release_without_a_permit_stops_the_lane() {
    let mut rig = Rig::running();
    rig.run_ms(5_000);
    let body = rig.lay(SORTER, 4_300, 200);
    rig.bodies[body].released = Some(true);
    rig.run_ms(1_000);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Escaped));
    rig.press_reset();
    rig.run_ms(20);
    assert_eq!(rig.controller.state(), LaneState::Running);
}

#[test]
fn an_eye_that_flickers_stops_the_lane_and_says_no_more_than_that() {
    let mut rig = Rig::running();
    for number in 0..200 {
        rig.controller.raw_edge(ENTRY, number % 2 == 0, rig.now);
        rig.run_ms(4);
    }
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Eye));
    let edges = |rig: &Rig| rig.facts.iter().filter(|fact| matches!(fact, Fact::Edge { eye: ENTRY, .. })).count();
    let said = edges(&rig);
    assert!(said <= 12, "{said}");
    rig.controller.raw_edge(ENTRY, true, rig.now);
    rig.run_ms(1_200);
    assert_eq!(edges(&rig), said + 1, "quiet again, it says how it stands");
}

#[test]
fn a_start_is_announced_and_nothing_moves_before() {
    let mut map = north();
    map.timing.start_warning_ms = 1_000;
    let mut rig = Rig::running_on(map);
    rig.run_ms(900);
    let outputs = rig.controller.outputs();
    assert_eq!((rig.controller.state(), outputs.belt_permit, outputs.buzzer), (LaneState::Starting, false, true));
    rig.run_ms(200);
    let outputs = rig.controller.outputs();
    assert_eq!((rig.controller.state(), outputs.belt_permit, outputs.buzzer), (LaneState::Running, true, false));
}

#[test]
fn a_jam_waits_for_somebody_who_looks_and_comes_again_if_nothing_was_done() {
    let mut rig = Rig::running();
    rig.controller.raw_edge(ENTRY, true, rig.now);
    rig.run_ms(2_600);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Jam));
    rig.press_reset();
    rig.run_ms(20);
    assert_eq!(rig.controller.state(), LaneState::Ready, "the eye is still dark");
    rig.press_reset();
    rig.run_ms(2_600);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Jam));
}

#[test]
fn noise_on_the_reset_wire_starts_nothing() {
    let mut rig = Rig::running();
    rig.input(Input::BeltStop, true);
    rig.input(Input::BeltStop, false);
    for _ in 0..50 {
        rig.input(Input::Reset, true);
        rig.run_ms(20);
        rig.input(Input::Reset, false);
        rig.run_ms(1);
    }
    assert_eq!(rig.controller.state(), LaneState::Ready);
}

#[test]
fn a_button_that_is_held_while_the_controller_boots_starts_nothing() {
    let mut controller = Controller::new(north(), BootCause::Watchdog, Box::<Kept>::default(), Micros(0));
    controller.gate_feedback(GatePosition::Exam, Micros(0));
    controller.input(Input::Reset, true, Micros(0));
    controller.command(Command::Configure { crc: north().crc(), epoch: 1 }, Micros(1_000));
    let mut state = |reset, ms: u64| {
        controller.command(Command::Beat, Micros::from_ms(ms));
        controller.input(Input::Reset, reset, Micros::from_ms(ms));
        controller.step(Micros::from_ms(ms + 60));
        controller.state()
    };
    assert_eq!(state(true, 200), LaneState::Ready);
    assert_eq!(state(false, 300), LaneState::Ready);
    assert_eq!(state(true, 400), LaneState::Running, "let go and pressed again");
}

#[test]
fn lost_edges_end_every_permit() {
    let mut rig = Rig::running();
    let body = rig.lay(SORTER, 1_500, 300);
    rig.permit(body, 1);
    rig.controller.edges_lost(3, rig.now);
    rig.run_ms(7_000);
    assert_eq!(rig.fates(1), [PermitFate::Accepted, PermitFate::Void(VoidCause::EdgesLost)]);
    assert_eq!(rig.bodies[body].released, Some(false));
}

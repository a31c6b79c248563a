//! Stories about a gate that stands open when nobody is at the other end of the cable any more.

use super::rig::{EPOCH, Rig, SORTER};
use super::tales::{OPENED_AND_CLOSED, one_permitted, void};
use gatepost_hardware::link::{
    Action, Command, Fact, GateState, Input, LaneState, PermitFate, PermitRefusal, StopCause, VoidCause,
};

/// A lane whose gate is open with a parcel half through it, one permitted behind it on the way to the gate, and what is
/// left of the host's limit: nothing.
fn half_through_and_silent() -> (Rig, usize, usize) {
    let (mut rig, body) = one_permitted();
    let behind = rig.lay(SORTER, 800, 300);
    rig.permit(behind, 2);
    rig.run_ms(4_300);
    assert_eq!((rig.bodies[body].released, rig.gate_at_release), (Some(true), true));
    rig.beating = false;
    (rig, body, behind)
}

#[test]
fn with_nobody_at_the_other_end_an_open_gate_goes_to_exam_with_the_belts() {
    let (mut rig, body, behind) = half_through_and_silent();
    let limit = rig.map.timing.heartbeat_ms_max;
    rig.act(Action::Stop); // the last that is heard; standing belts alone leave the gate open
    rig.run_ms(limit);
    assert!(rig.gate_at_release && rig.nose_mm(body) < 3_900);
    rig.run_ms(1);
    let outputs = rig.controller.outputs();
    assert_eq!((outputs.belt_permit, outputs.gate_release), (false, false), "belts and gate have one limit");
    rig.run_ms(rig.swing_full_us as u32 / 1_000);
    assert!(!rig.gate_at_release);
    // What lay in it is not said to be through, and nobody is told of a gate that does not follow.
    let ended = [PermitFate::Accepted, PermitFate::Opened, PermitFate::Void(VoidCause::Heartbeat)];
    assert_eq!((rig.fates(1), rig.fates(2)), (ended.to_vec(), void(VoidCause::Heartbeat).to_vec()));
    assert!(!rig.facts.iter().any(|fact| matches!(fact, Fact::Gate { state: GateState::Stuck, .. })));
    // Nothing makes good again what the silence ended: not the station, not its permits, not the button.
    rig.beating = true;
    rig.run_ms(500);
    rig.permit(body, 3);
    rig.permit(behind, 4);
    rig.press_reset();
    rig.run_ms(4_000);
    let late = [PermitFate::Refused(PermitRefusal::TooLate)];
    assert_eq!((rig.fates(3), rig.fates(4)), (late.to_vec(), late.to_vec()));
    assert_eq!(rig.bodies[behind].released, Some(false));
    // The half released one came by at the release exit after all: that is no escape, and the lane runs on as ever.
    assert_eq!(rig.controller.state(), LaneState::Running);
    let next = rig.lay(SORTER, 1_500, 300);
    rig.permit(next, 5);
    rig.run_ms(7_000);
    assert_eq!((rig.bodies[next].released, rig.fates(5)), (Some(true), OPENED_AND_CLOSED.to_vec()));
}

#[test]
fn an_e_stop_moves_no_gate_over_what_lies_in_it_and_a_silence_behind_it_does() {
    for silent in [false, true] {
        let (mut rig, ..) = half_through_and_silent();
        rig.beating = !silent;
        rig.input(Input::EStop, true);
        rig.run_ms(3_000);
        assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::EStop));
        assert_eq!(rig.gate_at_release, !silent);
    }
}

#[test]
fn a_station_with_another_map_leaves_no_gate_open() {
    let (mut rig, ..) = half_through_and_silent();
    let crc = rig.map.crc() ^ 1;
    rig.command(Command::Configure { crc, epoch: EPOCH });
    assert!(!rig.controller.outputs().gate_release);
    assert_eq!(rig.fates(1)[2..], [PermitFate::Void(VoidCause::Heartbeat)]);
}

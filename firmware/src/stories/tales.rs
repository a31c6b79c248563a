//! One story a test.

use super::rig::{EPOCH, INFEED, Rig, SORTER};
use crate::Lamp;
use gatepost_hardware::link::{
    Action, Command, Fact, GateState, Greeting, Input, LaneState, Motion, PermitFate, PermitRefusal, Refusal, Report,
    RevokeFate, StopCause, VoidCause,
};
use gatepost_hardware::units::{Micros, Tick};

pub const OPENED_AND_CLOSED: [PermitFate; 3] = [PermitFate::Accepted, PermitFate::Opened, PermitFate::Closed];

pub fn void(cause: VoidCause) -> [PermitFate; 2] {
    [PermitFate::Accepted, PermitFate::Void(cause)]
}

/// A running lane with one permitted parcel of 300 mm at 1,500 mm of the sorter.
pub fn one_permitted() -> (Rig, usize) {
    let mut rig = Rig::running();
    let body = rig.lay(SORTER, 1_500, 300);
    rig.permit(body, 1);
    (rig, body)
}

#[test]
fn a_permitted_parcel_leaves_by_release_and_the_gate_closes_behind_it() {
    let (mut rig, body) = one_permitted();
    rig.run_ms(7_000);
    assert_eq!(rig.bodies[body].released, Some(true));
    assert_eq!(rig.fates(1), OPENED_AND_CLOSED);
    assert!(!rig.gate_at_release);
}

#[test]
fn a_parcel_without_permit_leaves_by_exam_between_two_that_have_one() {
    let mut rig = Rig::running();
    let bodies: Vec<usize> = (0..3).map(|place| rig.lay(SORTER, 2_300 - place * 700, 300)).collect();
    rig.permit(bodies[0], 1);
    rig.permit(bodies[2], 2);
    rig.run_ms(9_000);
    let released: Vec<_> = bodies.iter().map(|body| rig.bodies[*body].released).collect();
    assert_eq!(released, [Some(true), Some(false), Some(true)]);
}

#[test]
fn a_parcel_already_in_front_of_the_gate_when_the_controller_boots_is_not_released() {
    let mut rig = Rig::booted();
    let crc = rig.map.crc();
    rig.command(Command::Configure { crc, epoch: EPOCH });
    let body = rig.lay(SORTER, 2_700, 300);
    rig.press_reset();
    rig.permit(body, 1);
    rig.run_ms(4_000);
    assert_eq!(rig.bodies[body].released, Some(false));
    assert_eq!(rig.fates(1), [PermitFate::Refused(PermitRefusal::TooLate)]);
}

#[test]
fn a_permit_can_be_revoked_until_the_gate_was_commanded() {
    for (wait_ms, fate, released) in [(3_000, RevokeFate::Revoked, false), (4_100, RevokeFate::TooLate, true)] {
        let (mut rig, body) = one_permitted();
        rig.run_ms(wait_ms);
        rig.act(Action::Revoke { permit: 1 });
        let said = rig.facts.iter().any(|fact| matches!(fact, Fact::Revoke { fate: said, .. } if *said == fate));
        assert!(said, "after {wait_ms} ms");
        rig.run_ms(5_000);
        assert_eq!(rig.bodies[body].released, Some(released), "after {wait_ms} ms");
    }
}

#[test]
fn a_pulled_cable_stops_the_belts_voids_the_permit_and_only_the_button_starts_them_again() {
    let (mut rig, body) = one_permitted();
    rig.run_ms(1_000);
    rig.beating = false;
    rig.run_ms(700);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Heartbeat));
    assert!(!rig.controller.outputs().belt_permit);
    rig.beating = true;
    rig.run_ms(1_000);
    assert_eq!(rig.controller.state(), LaneState::Ready);
    assert_eq!(rig.controller.outputs().lamp, Lamp::Amber);
    rig.press_reset();
    rig.run_ms(5_000);
    assert_eq!(rig.bodies[body].released, Some(false));
    assert_eq!(rig.fates(1), void(VoidCause::Heartbeat));
}

#[test]
fn an_opened_guard_and_an_e_stop_void_every_permit() {
    for input in [Input::Guard, Input::EStop] {
        let (mut rig, body) = one_permitted();
        rig.run_ms(1_000);
        rig.input(input, true);
        rig.run_ms(100);
        rig.input(input, false);
        rig.run_ms(100);
        assert_eq!(rig.controller.state(), LaneState::Ready);
        rig.press_reset();
        rig.run_ms(5_000);
        assert_eq!((rig.bodies[body].released, rig.fates(1)), (Some(false), void(VoidCause::Guard).to_vec()));
    }
}

#[test]
fn a_short_stop_keeps_the_permit_and_a_long_one_voids_it() {
    for (stop_ms, released) in [(3_000, true), (8_500, false)] {
        let (mut rig, body) = one_permitted();
        rig.run_ms(1_000);
        rig.act(Action::Stop);
        rig.forced_mm_s = Some(250);
        rig.run_ms(300); // it coasts
        rig.forced_mm_s = None;
        rig.run_ms(stop_ms);
        let belts = |motion| {
            rig.facts.iter().any(|fact| matches!(fact, Fact::Belt { motion: said, segment: 2, .. } if *said == motion))
        };
        assert!(belts(Motion::Coasting) && belts(Motion::Stopped));
        rig.press_reset();
        rig.run_ms(5_000);
        assert_eq!(rig.bodies[body].released, Some(released), "stopped for {stop_ms} ms: {:?}", rig.fates(1));
    }
}

#[test]
fn a_short_stop_while_the_parcel_is_in_the_gate_does_not_move_the_gate() {
    let (mut rig, body) = one_permitted();
    rig.run_ms(4_300);
    assert_eq!(rig.bodies[body].released, Some(true));
    rig.act(Action::Stop);
    rig.run_ms(4_000);
    assert!(rig.gate_at_release);
    rig.press_reset();
    rig.run_ms(3_000);
    assert_eq!(rig.fates(1), OPENED_AND_CLOSED);
}

#[test]
fn a_reversing_belt_voids_the_permit() {
    let (mut rig, body) = one_permitted();
    rig.run_ms(2_500); // its nose is past the diverter eye
    rig.forced_mm_s = Some(-200);
    rig.run_ms(1_000);
    rig.forced_mm_s = None;
    rig.run_ms(1_000);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Encoder), "its motor ran forward");
    rig.press_reset();
    rig.run_ms(5_000);
    assert_eq!(rig.bodies[body].released, Some(false));
    assert_eq!(rig.fates(1), void(VoidCause::Reversed));
}

#[test]
fn a_parcel_of_another_length_and_one_that_is_followed_too_closely_go_to_exam() {
    let mut rig = Rig::running();
    let body = rig.lay(SORTER, 1_500, 300);
    let mut permit = rig.permit_for(body, 1);
    permit.length_mm_max = permit.length_mm_min;
    rig.act(Action::Permit(permit));
    rig.run_ms(6_000);
    assert_eq!((rig.bodies[body].released, rig.fates(1)), (Some(false), void(VoidCause::Length).to_vec()));

    let (mut rig, first) = one_permitted();
    let second = rig.lay(SORTER, 1_000, 300); // 200 mm behind; 250 are needed
    rig.permit(second, 2);
    rig.run_ms(7_000);
    assert_eq!((rig.bodies[first].released, rig.bodies[second].released), (Some(false), Some(false)));
    assert_eq!((rig.fates(1), rig.fates(2)), (void(VoidCause::Gap).to_vec(), void(VoidCause::Gap).to_vec()));
}

#[test]
fn a_window_without_its_parcel_is_missed() {
    let (mut rig, _) = one_permitted();
    rig.bodies.clear();
    rig.run_ms(4_000);
    assert_eq!(rig.fates(1), [PermitFate::Accepted, PermitFate::Missed]);
}

#[test]
fn a_full_exam_chute_stops_the_feed() {
    let (mut rig, body) = one_permitted();
    rig.input(Input::ExamChuteFull, true);
    assert_eq!(rig.controller.state(), LaneState::ChuteFull);
    rig.press_reset();
    assert!(!rig.controller.outputs().belt_permit);
    rig.run_ms(1_000);
    rig.input(Input::ExamChuteFull, false);
    assert_eq!(rig.controller.state(), LaneState::Ready);
    rig.press_reset();
    rig.run_ms(6_000);
    assert_eq!(rig.bodies[body].released, Some(true), "a short stop");
}

#[test]
fn a_gate_that_does_not_move_stops_the_lane_and_voids_what_waits() {
    let (mut rig, body) = one_permitted();
    let second = rig.lay(SORTER, 800, 300);
    rig.permit(second, 2);
    rig.gate_works = false;
    rig.run_ms(5_000);
    let stuck = |fact: &Fact| matches!(fact, Fact::Gate { state: GateState::Stuck, .. });
    assert!(rig.facts.iter().any(stuck));
    assert_eq!(rig.bodies[body].released, Some(false));
    let opened = [PermitFate::Accepted, PermitFate::Opened, PermitFate::Void(VoidCause::GateFault)];
    assert_eq!(rig.fates(1), opened);
    assert_eq!(rig.fates(2), void(VoidCause::GateFault));
    assert_eq!(rig.controller.state(), LaneState::Ready, "it stands at exam again, and the belts wait for the button");
}

#[test]
fn a_parcel_stuck_in_front_of_the_diverter_eye_is_a_jam() {
    let mut rig = Rig::running();
    let body = rig.lay(SORTER, 2_700, 300);
    rig.run_ms(10);
    rig.bodies[body].length_mm = 9_000; // the belt runs on under it
    rig.run_ms(2_600);
    assert_eq!(rig.controller.state(), LaneState::Stopped(StopCause::Jam));
    rig.bodies.clear();
    rig.run_ms(100);
    assert_eq!(rig.controller.state(), LaneState::Ready);
}

#[test]
fn stop_in_place_latches_and_the_parcel_stays() {
    let (mut rig, body) = one_permitted();
    rig.act(Action::StopInPlace { pass: 1 });
    let place = rig.nose_mm(body);
    rig.run_ms(1_000);
    assert_eq!(rig.controller.state(), LaneState::Latched(StopCause::StopInPlace));
    assert!(rig.controller.outputs().buzzer);
    assert_eq!((rig.nose_mm(body), rig.fates(1)), (place, void(VoidCause::Latched).to_vec()));
    rig.press_reset();
    assert_eq!(rig.controller.state(), LaneState::Ready);
}

#[test]
fn passes_are_numbered_at_the_entry_eye_and_stay_until_the_station_accounts_for_them() {
    let mut rig = Rig::running();
    rig.lay(INFEED, 0, 200);
    rig.lay(INFEED, -500, 200);
    rig.run_ms(2_000);
    let entries = |rig: &Rig| -> Vec<(bool, Option<u32>)> {
        let entry = |fact: &Fact| match fact {
            Fact::Edge { eye: 0, blocked, pass, .. } => Some((*blocked, *pass)),
            _ => None,
        };
        rig.facts.iter().filter_map(entry).collect()
    };
    assert_eq!(entries(&rig), [(true, Some(1)), (false, Some(1)), (true, Some(2)), (false, Some(2))]);
    // The second one backs over the eye and comes again.
    rig.act(Action::Stop);
    rig.forced_mm_s = Some(-500);
    rig.run_ms(1_000);
    rig.forced_mm_s = None;
    rig.press_reset();
    rig.run_ms(2_000);
    assert_eq!(entries(&rig)[4..], [(true, Some(2)), (false, Some(2)), (true, Some(2)), (false, Some(2))]);
    rig.act(Action::Forget { epoch: EPOCH, pass: 1 });
    rig.command(Command::Inventory);
    let inventory = rig.reports.iter().rev().find_map(|report| match report {
        Report::Inventory { passes, complete } => Some((passes.to_vec(), *complete)),
        _ => None,
    });
    assert_eq!(inventory, Some((vec![2], true)));
}

#[test]
fn the_edge_is_reported_where_it_was() {
    let mut rig = Rig::running();
    let body = rig.lay(SORTER, 2_550, 300);
    rig.run_ms(200);
    let tick = rig.facts.iter().find_map(|fact| match fact {
        Fact::Edge { eye: 5, blocked: true, tick, .. } => Some(*tick),
        _ => None,
    });
    assert_eq!(tick, rig.bodies[body].met_at);
}

#[test]
fn a_station_with_another_map_is_not_obeyed_and_the_first_epoch_stays() {
    let mut rig = Rig::booted();
    let crc = rig.map.crc();
    rig.command(Command::Configure { crc: crc ^ 1, epoch: 4 });
    assert!(rig.reports.contains(&Report::Refused(Refusal::Crc { mine: crc })));
    rig.press_reset();
    assert_eq!(rig.controller.state(), LaneState::Setup);
    rig.command(Command::Configure { crc, epoch: EPOCH });
    rig.command(Command::Configure { crc, epoch: EPOCH + 1 });
    let greeted = |report: &&Report| matches!(report, Report::Hello(Greeting { epoch: EPOCH, .. }));
    assert_eq!(rig.reports.iter().filter(greeted).count(), 2);
    let body = rig.lay(SORTER, 1_500, 300);
    let mut permit = rig.permit_for(body, 1);
    permit.epoch = EPOCH + 1;
    rig.act(Action::Permit(permit));
    assert_eq!(rig.fates(1), [PermitFate::Refused(PermitRefusal::WrongEpoch)]);
    rig.command(Command::Hello { lowest: 98, highest: 99 });
    assert!(rig.reports.contains(&Report::Refused(Refusal::Version { lowest: 1, highest: 1 })));
}

#[test]
fn it_beats_twenty_times_a_second_and_returns_the_hosts_clock() {
    let mut rig = Rig::running();
    rig.reports.clear();
    rig.run_ms(1_000);
    let beats: Vec<Tick> = rig
        .reports
        .iter()
        .filter_map(|report| match report {
            Report::Beat { ticks, .. } => Some(ticks[1]),
            _ => None,
        })
        .collect();
    assert_eq!(beats.len(), 20);
    assert!(
        beats.windows(2).all(|pair| (pair[1] - pair[0]).0 == 25),
        "the belt without encoder counts time: {beats:?}"
    );
    rig.command(Command::TimeSync { host: Micros(77) });
    assert!(rig.reports.contains(&Report::Time { host: Micros(77), time: rig.now }));
}

#[test]
fn what_a_cut_cable_swallowed_is_said_again_with_its_numbers() {
    let mut rig = Rig::running();
    rig.lay(INFEED, 0, 200);
    rig.run_ms(1_500);
    let said: Vec<Fact> = rig.facts.clone();
    rig.controller.command(Command::Resend { from: 2 }, rig.now);
    assert_eq!(rig.controller.report(), Some(Report::Resending { from: 2 }));
    for (number, fact) in said.iter().enumerate().skip(2) {
        assert_eq!(rig.controller.report(), Some(Report::Fact { number: number as u32, fact: *fact }));
    }
}

#[test]
fn it_introduces_itself_until_it_is_configured() {
    let mut rig = Rig::booted();
    rig.run_ms(3_500);
    let hellos = |rig: &Rig| {
        rig.reports.iter().filter(|report| matches!(report, Report::Hello(Greeting { epoch: 0, .. }))).count()
    };
    assert_eq!(hellos(&rig), 4);
    let crc = rig.map.crc();
    rig.command(Command::Configure { crc, epoch: EPOCH });
    rig.run_ms(3_000);
    assert_eq!(hellos(&rig), 4);
}

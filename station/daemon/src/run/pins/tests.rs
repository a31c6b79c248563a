//! Stories of a lane on pins, with a test at the other end of every wire: edges in, facts at the station's end of the
//! channel; a permit opens; what is late, lost or broken ends at exam and with the belts off.

use gatepost_hardware::link::{BootCause, Fact, Input, LaneState, PermitFate, StopCause, VoidCause};
use gatepost_hardware::units::{Micros, Tick};

use super::board::Trouble;
use crate::config::pins::{OutputRole, Role};
use rig::Rig;

mod rig;
mod world;

#[test]
fn nothing_runs_before_the_local_reset() {
    let mut rig = Rig::new();
    assert!(!rig.world.on(OutputRole::Belt) && !rig.world.on(OutputRole::Gate), "at rest from the first moment");
    rig.run(500);
    assert_eq!(rig.state(), Some(LaneState::Ready));
    assert!(!rig.world.on(OutputRole::Belt) && rig.world.on(OutputRole::Amber));
    rig.start();
    assert!(rig.world.on(OutputRole::Belt) && rig.world.on(OutputRole::Green) && !rig.world.on(OutputRole::Amber));
}

#[test]
fn a_parcel_s_edges_are_facts_where_and_when_they_happened() {
    let mut rig = Rig::new();
    rig.start();
    let parcel = rig.parcel(300);
    rig.until_before_diverter(parcel, -400);
    let edges: Vec<(u8, bool, i64)> = rig.station.facts.iter().filter_map(edge).collect();
    let entry = edges[0].2;
    let expected = [(0, true, 0), (0, false, 300), (1, true, 1_920), (1, false, 2_220)];
    for (found, (eye, blocked, mm)) in edges.iter().zip(expected) {
        let at = (found.2 - entry) / 4;
        assert_eq!((found.0, found.1), (eye, blocked));
        assert!((at - mm).abs() <= 1, "eye {eye}: {at} mm, expected {mm}");
    }
    assert_eq!(edges.len(), 10, "nose and tail at five eyes: {edges:?}");
    assert_eq!(rig.controller.as_ref().unwrap().restarts, 0);
}

/// Eye, level and tick of an edge.
fn edge(fact: &Fact) -> Option<(u8, bool, i64)> {
    match fact {
        Fact::Edge { eye, blocked, tick: Tick(tick), .. } => Some((*eye, *blocked, *tick)),
        _ => None,
    }
}

/// Lets a parcel run with a permit until it has left; whether it left by release.
fn permitted(rig: &mut Rig, meanwhile: impl FnOnce(&mut Rig, usize)) -> Option<bool> {
    let parcel = rig.parcel(300);
    rig.until_before_diverter(parcel, 200);
    rig.permit(parcel, 1);
    rig.until_before_diverter(parcel, 100);
    meanwhile(rig, parcel);
    rig.until_left(parcel)
}

#[test]
fn a_permit_opens_the_diverter_for_its_parcel_and_none_is_exam() {
    let mut rig = Rig::new();
    rig.start();
    assert_eq!(permitted(&mut rig, |_, _| {}), Some(true));
    assert_eq!(rig.fates(), [PermitFate::Accepted, PermitFate::Opened, PermitFate::Closed]);
    assert!(!rig.world.on(OutputRole::Gate));
    let without = rig.parcel(300);
    assert_eq!(rig.until_left(without), Some(false));
}

#[test]
fn a_loop_that_wakes_late_but_within_its_figure_measures_and_releases_all_the_same() {
    let mut rig = Rig::new();
    rig.start();
    let parcel = rig.parcel(300);
    let mut permitted = false;
    while rig.world.parcels[parcel].released.is_none() {
        rig.stall(3);
        rig.turn().unwrap();
        let before = 6_300 - 800 - rig.world.parcels[parcel].from_mm - rig.world.ran_um / 1_000;
        if !permitted && before < 200 {
            rig.permit(parcel, 1);
            permitted = true;
        }
    }
    assert_eq!(rig.world.parcels[parcel].released, Some(true));
    assert_eq!(rig.controller.as_ref().unwrap().restarts, 0);
}

#[test]
fn a_diverter_that_would_open_too_late_stays_at_exam_and_the_controller_begins_anew() {
    let mut rig = Rig::new();
    rig.start();
    let boots = rig.station.boots.len();
    // The loop stands from before the moment of opening until after it.
    let released = permitted(&mut rig, |rig, parcel| {
        let opens = 6_300 - 66 - 2;
        while rig.world.parcels[parcel].from_mm + rig.world.ran_um / 1_000 < opens {
            rig.run(1);
        }
        assert!(!rig.world.on(OutputRole::Gate));
        rig.stall(20);
    });
    assert_ne!(released, Some(true));
    assert!(!rig.world.on(OutputRole::Belt) && !rig.world.on(OutputRole::Gate));
    assert!(!rig.fates().contains(&PermitFate::Closed));
    assert!(rig.station.boots[boots..].contains(&BootCause::Watchdog), "{:?}", rig.station.boots);
    let controller = rig.controller.as_ref().unwrap();
    assert!(controller.restarts >= 1 && controller.late >= Micros::from_ms(15), "{}", controller.late);
    assert_ne!(rig.state(), Some(LaneState::Running), "only the local reset starts it");
    rig.start();
}

#[test]
fn a_loop_that_stood_still_longer_than_the_relay_bears_begins_anew() {
    let mut rig = Rig::new();
    rig.start();
    rig.stall(290);
    rig.run(5);
    assert_eq!(rig.controller.as_ref().unwrap().restarts, 0);
    rig.stall(310);
    rig.run(5);
    assert_eq!(rig.controller.as_ref().unwrap().restarts, 1);
    assert!(!rig.world.on(OutputRole::Belt));
}

#[test]
fn the_dead_man_s_level_turns_while_the_loop_is_well_and_stands_when_it_stands() {
    let mut rig = Rig::new();
    let alive = rig.world.output(OutputRole::Alive);
    let turns = |rig: &Rig| rig.world.wiring.borrow().writes[alive];
    let before = turns(&rig);
    rig.run(1_000);
    assert!((90..=110).contains(&(turns(&rig) - before)), "{}", turns(&rig) - before);
    let before = turns(&rig);
    rig.stall(1_000);
    assert_eq!(turns(&rig), before);
}

#[test]
fn a_belt_or_diverter_that_cannot_be_written_stops_the_dead_man() {
    for role in [OutputRole::Belt, OutputRole::Gate] {
        let mut rig = Rig::new();
        rig.start();
        let (alive, broken) = (rig.world.output(OutputRole::Alive), rig.world.output(role));
        rig.world.wiring.borrow_mut().broken_outputs[broken] = true;
        let said = if role == OutputRole::Belt {
            rig.world.active.insert(Input::EStop, true);
            rig.world.lines();
            (0..50).find_map(|_| {
                rig.world.pass();
                rig.turn().err()
            })
        } else {
            let parcel = rig.parcel(300);
            rig.until_before_diverter(parcel, 200);
            rig.permit(parcel, 1);
            (0..8_000).find_map(|_| {
                rig.world.pass();
                rig.turn().err()
            })
        };
        assert_eq!(said, Some(Trouble::Output(role.name())));
        let writes = rig.world.wiring.borrow().writes[alive];
        let kept = rig.controller.take().unwrap().end();
        assert!(rig.world.wiring.borrow().writes[alive] <= writes + 1, "it comes to rest and turns no more");
        assert!(!rig.world.on(OutputRole::Alive));
        assert_eq!(rig.open(kept, BootCause::Watchdog), Err(Trouble::Output(role.name())));
    }
}

#[test]
fn an_eye_that_cannot_be_read_is_blocked_and_stops_the_lane_as_a_jam() {
    let mut rig = Rig::new();
    rig.start();
    rig.world.cut(&Role::Eye("diverter".to_owned()));
    rig.run(300);
    assert!(rig.station.facts.iter().filter_map(edge).any(|(eye, blocked, _)| eye == 4 && blocked));
    rig.run(10_000);
    assert_eq!(rig.state(), Some(LaneState::Stopped(StopCause::Jam)));
    assert!(!rig.world.on(OutputRole::Belt));
}

#[test]
fn an_input_that_cannot_be_read_stops_and_a_reset_that_cannot_be_read_starts_nothing() {
    let mut rig = Rig::new();
    rig.run(500);
    rig.world.cut(&Role::Input(Input::Reset));
    rig.run(1_000);
    assert_eq!(rig.state(), Some(LaneState::Ready));
    let mut rig = Rig::new();
    rig.start();
    rig.world.cut(&Role::Input(Input::Guard));
    rig.run(400);
    assert_eq!(rig.state(), Some(LaneState::Stopped(StopCause::Guard)));
    assert!(!rig.world.on(OutputRole::Belt));
}

#[test]
fn a_feedback_that_cannot_be_read_or_sticks_stops_the_lane() {
    let mut rig = Rig::new();
    rig.start();
    rig.world.cut(&Role::FeedbackExam);
    rig.run(1_000);
    assert_eq!(rig.state(), Some(LaneState::Stopped(StopCause::GateFault)));
    let mut rig = Rig::new();
    rig.start();
    rig.world.stuck = true;
    permitted(&mut rig, |_, _| {});
    assert!(rig.states().contains(&LaneState::Stopped(StopCause::GateFault)), "{:?}", rig.states());
    assert!(!rig.world.on(OutputRole::Belt) && !rig.world.on(OutputRole::Gate));
}

#[test]
fn missing_edges_of_an_encoder_void_every_permit_and_at_rest_none() {
    let sorter = Role::EncoderA("sorter".to_owned());
    let mut rig = Rig::new();
    rig.run(500);
    rig.world.miss(&sorter);
    rig.start();
    let released = permitted(&mut rig, |rig, _| rig.world.miss(&sorter));
    assert_eq!(released, Some(false));
    assert_eq!(rig.fates(), [PermitFate::Accepted, PermitFate::Void(VoidCause::EdgesLost)]);
    let controller = rig.controller.as_ref().unwrap();
    assert_eq!((controller.restarts, controller.missed), (0, 4));
}

#[test]
fn an_edge_that_was_never_told_is_found_by_looking() {
    let mut rig = Rig::new();
    rig.start();
    rig.world.active.insert(Input::EStop, true);
    rig.world.lines();
    rig.world.forget_edges();
    rig.run(250);
    assert_eq!(rig.state(), Some(LaneState::Stopped(StopCause::EStop)));
}

#[test]
fn a_station_that_falls_silent_stops_the_belts() {
    let mut rig = Rig::new();
    rig.start();
    rig.station.silent = true;
    rig.run(700);
    assert_eq!(rig.state(), Some(LaneState::Stopped(StopCause::Heartbeat)));
    assert!(!rig.world.on(OutputRole::Belt));
}

#[test]
fn what_a_station_is_told_survives_a_board_that_goes_away() {
    let mut rig = Rig::new();
    rig.start();
    rig.world.wiring.borrow_mut().trouble = Some(Trouble::Gone("unplugged".to_owned()));
    rig.world.pass();
    assert_eq!(rig.turn(), Err(Trouble::Gone("unplugged".to_owned())));
    let kept = rig.controller.take().unwrap().end();
    assert!(!rig.world.on(OutputRole::Belt) && !rig.world.on(OutputRole::Gate));
    let facts = rig.station.facts.len();
    rig.open(kept, BootCause::Watchdog).unwrap();
    rig.start();
    assert!(rig.station.facts.len() > facts, "they are numbered on, and none is missing");
}

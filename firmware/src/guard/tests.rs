use super::*;

const FIGURES: Figures = Figures {
    room: Tick(1_000),
    open_before: Tick(85),
    swing: Tick(60),
    close_after: Tick(30),
    gap_min: Tick(250),
    longest: Tick(600),
    backlash: Tick(5),
    tick_um: 1_000,
    feedback: true,
    swing_usual: Micros(120_000),
    swing_time: Micros(200_000),
    exit: Tick(2_000),
    open_time_max: Micros(2_000_000),
    open_time_cap: Micros(10_000_000),
};

/// A parcel of 300 mm whose nose is where the gate should open for it.
fn claim() -> Claim {
    Claim {
        permit: 7,
        pass: 3,
        epoch: 1,
        expires: Micros(5_000_000),
        window_lo: Tick(4_900),
        window_hi: Tick(5_100),
        length_mm_min: Millimetres(280),
        length_mm_max: Millimetres(320),
        lead: Tick(5_000),
        trail: Tick(5_300),
        before: Tick(4_700),
        behind: Tick(5_915),
    }
}

fn scene() -> Scene {
    Scene {
        now: Micros(4_000_000),
        tick: Tick(5_915),
        epoch: Some(1),
        running: true,
        heartbeat: true,
        latched: false,
        hands_in: false,
        backward: false,
        long_stop: false,
    }
}

fn guard() -> Guard {
    let mut guard = Guard::new(FIGURES, Micros(0));
    guard.feedback(GatePosition::Exam, Micros(0));
    guard
}

fn at(now: u64, tick: i64, powered: bool) -> Moment {
    Moment { now: Micros(now), tick: Tick(tick), powered, attended: true }
}

#[test]
fn it_opens_for_a_claim_with_which_nothing_is_wrong_and_closes_behind_it() {
    let mut guard = guard();
    assert_eq!(guard.open(&claim(), &scene()), Ok(()));
    assert!(guard.release());
    guard.feedback(GatePosition::Release, Micros(0));
    assert_eq!(guard.step(&at(4_500_000, 6_329, true)), None);
    let closed = guard.step(&at(4_600_000, 6_330, true));
    assert_eq!(closed.map(|(opening, closing)| (opening.permit, closing)), Some((7, Closing::Passed)));
    assert!(!guard.release());
}

#[test]
fn one_thing_wrong_is_enough() {
    type Spoil = fn(&mut Claim, &mut Scene);
    let void = Denial::Void;
    let table: [(Denial, Spoil); 17] = [
        (Denial::NotYet, |_, scene| scene.tick = Tick(5_914)),
        (Denial::NotYet, |_, scene| scene.running = false),
        (Denial::TooLate, |_, scene| scene.tick = Tick(5_941)),
        (Denial::TooLate, |claim, _| claim.window_hi = Tick(4_999)),
        (Denial::TooLate, |claim, _| claim.window_lo = Tick(5_001)),
        (void(VoidCause::Latched), |_, scene| scene.latched = true),
        (void(VoidCause::Heartbeat), |_, scene| scene.heartbeat = false),
        (void(VoidCause::Heartbeat), |_, scene| scene.epoch = None),
        (void(VoidCause::Heartbeat), |claim, _| claim.epoch = 2),
        (void(VoidCause::Guard), |_, scene| scene.hands_in = true),
        (void(VoidCause::Reversed), |_, scene| scene.backward = true),
        (void(VoidCause::LongStop), |_, scene| scene.long_stop = true),
        (void(VoidCause::Expired), |claim, _| claim.expires = Micros(3_999_999)),
        (void(VoidCause::Length), |claim, _| claim.length_mm_min = Millimetres(301)),
        (void(VoidCause::Length), |claim, _| claim.length_mm_max = Millimetres(299)),
        (void(VoidCause::Gap), |claim, _| claim.before = Tick(4_751)),
        (void(VoidCause::Gap), |claim, _| claim.behind = Tick(5_549)),
    ];
    for (expected, spoil) in table {
        let (mut guard, mut claim, mut scene) = (guard(), claim(), scene());
        spoil(&mut claim, &mut scene);
        assert_eq!(guard.open(&claim, &scene), Err(expected));
        assert!(!guard.release());
    }
}

#[test]
fn a_gate_that_is_not_where_it_should_be_does_not_open() {
    let mut guard = guard();
    guard.feedback(GatePosition::Between, Micros(0));
    assert_eq!(guard.open(&claim(), &scene()), Err(Denial::Void(VoidCause::GateFault)));
}

#[test]
fn it_serves_one_parcel_at_a_time() {
    let mut guard = guard();
    guard.open(&claim(), &scene()).unwrap();
    let second = Claim { permit: 8, ..claim() };
    assert_eq!(guard.open(&second, &scene()), Err(Denial::Void(VoidCause::Gap)));
    assert_eq!(guard.opening().map(|opening| opening.permit), Some(7));
}

#[test]
fn the_dead_man_closes_it_on_a_running_belt_whose_encoder_died() {
    let mut guard = guard();
    guard.step(&at(4_000_000, 5_915, true));
    guard.open(&claim(), &scene()).unwrap();
    guard.feedback(GatePosition::Release, Micros(0));
    // This parcel needs 0.8 s; the next nose may be at the gate 0.5 s after its tail.
    assert_eq!(guard.step(&at(4_900_000, 5_915, true)), None);
    let closed = guard.step(&at(5_100_000, 5_915, true));
    assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Void(VoidCause::Expired)));
    assert!(!guard.release());
}

#[test]
fn a_short_stop_keeps_it_open_and_a_long_one_closes_it() {
    let mut guard = guard();
    guard.step(&at(4_000_000, 5_915, false));
    guard.open(&claim(), &scene()).unwrap();
    guard.feedback(GatePosition::Release, Micros(0));
    assert_eq!(guard.step(&at(14_000_000, 5_990, false)), None);
    let closed = guard.step(&at(14_000_001, 5_990, false));
    assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Void(VoidCause::LongStop)));
}

#[test]
fn with_nobody_at_the_other_end_it_closes_at_once_on_whatever_lies_in_it() {
    for (powered, swept) in [(true, false), (false, false), (false, true)] {
        let mut guard = guard();
        guard.open(&claim(), &scene()).unwrap();
        guard.feedback(GatePosition::Release, Micros(0));
        guard.sweep(swept);
        assert_eq!(guard.step(&at(4_300_000, 6_000, powered)), None);
        let closed = guard.step(&Moment { attended: false, ..at(4_300_001, 6_000, powered) });
        assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Void(VoidCause::Heartbeat)));
        assert!(!guard.release());
        assert!(guard.explains_exit(Tick(6_300)), "it may be half through, and comes by at the release exit after all");
    }
    let mut guard = guard();
    guard.open(&claim(), &scene()).unwrap();
    guard.feedback(GatePosition::Release, Micros(0));
    let closed = guard.step(&Moment { attended: false, ..at(4_600_000, 6_330, true) });
    assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Passed), "what is through is through");
}

#[test]
fn a_parcel_that_is_carried_back_closes_it() {
    let mut guard = guard();
    guard.open(&claim(), &scene()).unwrap();
    assert_eq!(guard.step(&at(4_100_000, 5_910, true)), None, "backlash");
    let closed = guard.step(&at(4_200_000, 5_909, true));
    assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Void(VoidCause::Reversed)));
}

#[test]
fn a_gate_that_does_not_follow_its_command_is_stuck_after_the_swing_time() {
    let mut guard = guard();
    guard.open(&claim(), &scene()).unwrap();
    assert_eq!(guard.state(Micros(4_200_000)), GateState::Release);
    assert_eq!(guard.state(Micros(4_200_001)), GateState::Stuck);
    let closed = guard.step(&at(4_200_001, 5_990, true));
    assert_eq!(closed.map(|(_, closing)| closing), Some(Closing::Void(VoidCause::GateFault)));
    assert_eq!(guard.state(Micros(4_300_000)), GateState::Exam, "it never left exam");
}

#[test]
fn the_figures_of_the_shipped_lanes_fit_their_rooms() {
    for (name, text) in [
        ("north.toml", include_str!("../../../hardware/lanes/north.toml")),
        ("south.toml", include_str!("../../../hardware/lanes/south.toml")),
    ] {
        let map = gatepost_hardware::lane::file::parse(name, text).unwrap();
        let figures = Figures::of(&map).unwrap();
        assert!(figures.open_before >= figures.swing, "{figures:?}");
        assert!(
            figures.room - figures.open_before - figures.longest >= figures.gap_min,
            "the gap behind is known in time"
        );
        assert!(figures.gap_min - figures.open_before >= figures.close_after, "the gate is free again in time");
    }
    let bench = include_str!("../../../hardware/lanes/bench.toml");
    let map = gatepost_hardware::lane::file::parse("bench.toml", bench).unwrap();
    assert_eq!(Figures::of(&map), None);
}

//! Days in virtual time, each judged by the checker. Longer ones: `cargo run --release -p gatepost-tests --bin gatepost-world`.

use gatepost_hardware::units::Micros;
use gatepost_virtual::faults::{Fault, FaultSchedule, FaultWindow};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::dialect::Dialect;
use gatepost_world::scenario::{records, told};
use gatepost_world::world::{Setup, World};

fn lived(lane: &str, seed: u64, parcels: u32, faults: FaultSchedule, crash_every_s: u64) -> World {
    let plan = Plan { parcels, ..Plan::default() };
    let mut world = World::new(Setup {
        map: shipped(lane),
        seed,
        plan,
        faults,
        crash_every_s,
        sampling_rate: 100,
        dialect: Dialect::default(),
        late_holds: Vec::new(),
    });
    world.run();
    assert!(world.broken.is_empty(), "SEED={seed} {lane}: {:?}", world.broken);
    world
}

fn clean(lane: &str, seed: u64, world: &World) -> gatepost_world::checker::Checked {
    let checked = world.checked();
    assert!(checked.findings.is_clean(), "SEED={seed} {lane}:\n{}", checked.findings);
    checked
}

#[test]
fn a_lane_without_faults_keeps_every_promise_and_lets_clean_mail_go() {
    let (mut eligible, mut released) = (0, 0);
    for (lane, seed) in [("north", 7), ("south", 7), ("north", 2), ("south", 6)] {
        let world = lived(lane, seed, 60, FaultSchedule::none(), 0);
        let report = serde_json::to_value(clean(lane, seed, &world).report).unwrap();
        let parcels = &report["parcels"];
        for zero in ["undecided", "misrouted", "unaccounted"] {
            assert_eq!(parcels[zero], 0, "SEED={seed} {lane}: {zero}: {report}");
        }
        assert_eq!(report["association"]["wrong"], 0, "SEED={seed} {lane}");
        assert_eq!(report["holds"]["present"], report["holds"]["stopped"], "SEED={seed} {lane}");
        eligible += report["truth"]["clean_eligible"].as_u64().unwrap();
        released += report["truth"]["clean_released"].as_u64().unwrap();
    }
    assert!(eligible > 150 && released * 100 >= eligible * 95, "{released} of {eligible} clean parcels were released");
}

#[test]
fn under_every_fault_nothing_is_wrong_misrouted_or_undecided() {
    for seed in [2, 3, 4, 6] {
        let until = Micros(20_000_000 + 200 * 2_600_000);
        let faults = FaultSchedule::random(seed, &Fault::ALL, Micros(20_000_000), until);
        let world = lived("north", seed, 200, faults, 0);
        let report = serde_json::to_value(clean("north", seed, &world).report).unwrap();
        assert_eq!(report["association"]["wrong"], 0, "SEED={seed}");
        assert_eq!(report["parcels"]["misrouted"], 0, "SEED={seed}");
    }
}

#[test]
fn a_station_that_dies_loses_nothing_it_acknowledged() {
    for seed in [11, 12, 14, 15] {
        let world = lived("north", seed, 100, FaultSchedule::none(), 60);
        assert!(world.lives > 2, "SEED={seed}: it never died");
        clean("north", seed, &world);
        let stored = records(&world).unwrap();
        for acknowledged in &world.acknowledged {
            let found = stored.iter().any(|record| record["seq"] == acknowledged.seq);
            assert!(found, "SEED={seed}: record {} was acknowledged and is gone", acknowledged.seq);
        }
    }
}

/// Both memories fail at once: what the controller's keeps over its reset is all that is known of the time between.
#[test]
fn a_controller_that_resets_while_the_station_is_dead_loses_nobody() {
    let mut both = 0;
    for seed in [1, 2, 3, 4, 6, 8] {
        let reset = |number: u64| Micros(15_000_000 + number * 13_700_000);
        let window = |number| FaultWindow {
            fault: Fault::ControllerReset,
            from: reset(number),
            until: reset(number) + Micros::from_ms(500),
        };
        let faults = FaultSchedule { windows: (0..60).map(window).collect() };
        let world = lived("north", seed, 60, faults, 12);
        clean("north", seed, &world);
        both += (0..60)
            .filter(|&number| world.down.iter().any(|&(from, to)| (from..to).contains(&reset(number).0)))
            .count();
    }
    assert!(both >= 3, "the controller was reset {both} times while the station was dead");
}

#[test]
fn the_same_seed_is_the_same_day() {
    let day = || told(&records(&lived("south", 9, 20, FaultSchedule::none(), 30)).unwrap());
    assert_eq!(day(), day());
}

/// Must-show 8: a hold that arrives at any moment of a parcel's way stops it, or names parcel and chute.
#[test]
fn a_hold_at_every_moment_stops_the_parcel_or_names_it_and_its_chute() {
    let (mut stopped, mut named) = (0, 0);
    for at in (0..26_000_000).step_by(500_000) {
        let plan = Plan { parcels: 1, target_permille: 0, held_permille: 0, undeclared_permille: 0, ..Plan::default() };
        let mut world = World::new(Setup {
            map: shipped("north"),
            seed: 4,
            plan: Plan { unreadable_permille: 0, ..plan },
            faults: FaultSchedule::none(),
            crash_every_s: 0,
            sampling_rate: 0,
            dialect: Dialect::default(),
            late_holds: vec![(at, 1)],
        });
        world.run();
        assert!(world.broken.is_empty(), "hold at {at} us: {:?}", world.broken);
        let stored = records(&world).unwrap();
        let end = stored.iter().find_map(|record| record["body"].get("end")).cloned();
        let alarm = stored.iter().find(|record| record["body"]["code"] == "revoked-too-late");
        match end.as_ref().and_then(|end| end.as_str()) {
            Some("exam") => stopped += 1,
            Some("release") => {
                // After the parcel has left the lane, finding it is central's work.
                let Some(alarm) = alarm else { continue };
                assert!(alarm["body"]["says"].as_str().unwrap().contains("release chute"), "{alarm}");
                assert!(alarm["body"]["pass"].as_str().unwrap().starts_with("north/"), "{alarm}");
                named += 1;
            }
            other => panic!("hold at {at} us: the parcel ended {other:?}"),
        }
    }
    assert!(stopped >= 20 && named >= 1, "{stopped} stopped, {named} named");
}

//! Days of a bench in virtual time, each judged by the checker.

use gatepost_hardware::units::Micros;
use gatepost_virtual::faults::{Fault, FaultSchedule};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::bench::BenchWorld;
use gatepost_world::checker::Checked;
use gatepost_world::dialect::Dialect;
use gatepost_world::world::Setup;

/// What can go wrong at a bench.
const FAULTS: [Fault; 12] = [
    Fault::NoRead,
    Fault::DoubleRead,
    Fault::WrongSymbology,
    Fault::ScannerOff,
    Fault::ScaleUnstable,
    Fault::ScaleDrift,
    Fault::ImageMissing,
    Fault::ImageLate,
    Fault::ModelFailed,
    Fault::DiskFull,
    Fault::Inserted,
    Fault::Lost,
];

fn lived(seed: u64, parcels: u32, faults: FaultSchedule, crash_every_s: u64) -> (BenchWorld, Checked) {
    let plan = Plan { parcels, ..Plan::default() };
    let map = shipped("bench");
    let setup = Setup {
        map,
        seed,
        plan,
        faults,
        crash_every_s,
        sampling_rate: 100,
        dialect: Dialect::default(),
        late_holds: Vec::new(),
    };
    let mut world = BenchWorld::new(setup);
    world.run();
    assert!(world.broken.is_empty(), "SEED={seed}: {:?}", world.broken);
    let checked = world.checked();
    assert!(checked.findings.is_clean(), "SEED={seed}:\n{}", checked.findings);
    (world, checked)
}

#[test]
fn a_bench_without_faults_keeps_every_promise_and_lets_clean_mail_go() {
    let (mut eligible, mut released) = (0, 0);
    for seed in [3, 7] {
        let report = serde_json::to_value(lived(seed, 60, FaultSchedule::none(), 0).1.report).unwrap();
        let parcels = &report["parcels"];
        assert_eq!((&parcels["entered"], &parcels["decided"]), (&60.into(), &60.into()), "SEED={seed}: {report}");
        for zero in ["undecided", "misrouted", "unaccounted"] {
            assert_eq!(parcels[zero], 0, "SEED={seed}: {zero}: {report}");
        }
        let association = &report["association"];
        assert_eq!((&association["wrong"], &association["contested"]), (&0.into(), &0.into()), "SEED={seed}: {report}");
        assert_eq!(report["holds"]["present"], report["holds"]["stopped"], "SEED={seed}");
        eligible += report["truth"]["clean_eligible"].as_u64().unwrap();
        released += report["truth"]["clean_released"].as_u64().unwrap();
    }
    assert!(eligible > 80 && released * 100 >= eligible * 97, "{released} of {eligible} clean items were released");
}

#[test]
fn under_every_fault_of_a_bench_nothing_is_wrong_or_misrouted() {
    for seed in [1, 2] {
        let until = Micros(10_000_000 + 80 * 4_500_000);
        let faults = FaultSchedule::random(seed, &FAULTS, Micros(10_000_000), until);
        let report = serde_json::to_value(lived(seed, 80, faults, 0).1.report).unwrap();
        assert_eq!(report["association"]["wrong"], 0, "SEED={seed}");
        assert_eq!(report["parcels"]["misrouted"], 0, "SEED={seed}");
        assert_eq!(report["parcels"]["undecided"], 0, "SEED={seed}");
    }
}

#[test]
fn a_station_that_dies_at_the_bench_loses_no_presentation() {
    let (mut deaths, mut restarts) = (0, 0);
    for seed in [1, 2, 3] {
        let (world, checked) = lived(seed, 40, FaultSchedule::none(), 25);
        deaths += world.lives - 1;
        let report = serde_json::to_value(checked.report).unwrap();
        assert_eq!(report["parcels"]["undecided"], 0, "SEED={seed}: {report}");
        restarts += report["parcels"]["unaccounted"].as_u64().unwrap();
    }
    assert!(deaths > 10 && restarts > 5, "{deaths} deaths, {restarts} presentations cut off by them");
}

#[test]
fn a_hold_that_comes_while_a_release_is_shown_stops_the_item_or_names_its_chute() {
    let mut late = 0;
    for tenth in 0..50 {
        let map = shipped("bench");
        let plan = Plan { parcels: 1, held_permille: 0, target_permille: 0, ..Plan::default() };
        let plan = Plan { unreadable_permille: 0, undeclared_permille: 0, ..plan };
        let at = 1_000_000 + tenth * 100_000;
        let late_holds = vec![(at, 1)];
        let mut world = BenchWorld::new(Setup {
            map,
            seed: 4,
            plan,
            faults: FaultSchedule::none(),
            crash_every_s: 0,
            sampling_rate: 0,
            dialect: Dialect::default(),
            late_holds,
        });
        world.run();
        let checked = world.checked();
        assert!(world.broken.is_empty() && checked.findings.is_clean(), "hold at {at}: {}", checked.findings);
        let report = serde_json::to_value(checked.report).unwrap();
        late += report["parcels"]["released"].as_u64().unwrap();
    }
    assert!((1..40).contains(&late), "a hold after the item was taken stops nothing: {late} of 50 were released");
}

//! A scanner that ages under the drift guard's eyes: heard, named, and quiet where nothing has changed.
//!
//! It stands alone because it takes pictures of a scanner whose ailments the simulator's physics makes, not the guard's own
//! numbers: fewer photons, less light, a lower voltage. Quiet streams stand beside them: a guard that always cries would pass
//! else, and so would one that never does.
//!
//! `GATEPOST_PICTURES=2000 cargo test --release -p gatepost-tests --test interop_drift -- --nocapture` (that many quiet pictures)

use gatepost_models::drift::{Guard, LEARNING, Sign, vitals};
use gatepost_models::formats::{Geometry, Image};
use gatepost_models::runtime;
use gatepost_models::session::{Inspector, Settings};
use gatepost_virtual::xray::profile::{ScannerProfile, TRAINING};
use gatepost_virtual::xray::{Class, Scene, ScenePlan, render};

/// Parcels as a lane sees them: one in twenty holds a target.
fn parcel(seed: u64) -> Scene {
    let targets =
        if seed.is_multiple_of(20) { vec![Class::ALL[(seed / 20) as usize % Class::ALL.len()]] } else { Vec::new() };
    Scene::random(seed, &ScenePlan { targets, ..ScenePlan::default() })
}

struct Lane {
    inspector: Inspector,
    guard: Guard,
    /// Pictures taken so far; no parcel comes twice.
    taken: u64,
}

impl Lane {
    /// One more picture by a scanner as it is now. The station is told of the healthy one.
    fn take(&mut self, now: &ScannerProfile, told: &ScannerProfile) {
        self.taken += 1;
        let picture = render(&parcel(50_000 + self.taken), now, self.taken);
        let geometry = Geometry {
            pitch_um: picture.pitch_um,
            belt_step_um: picture.belt_step_um,
            air_level: Some(told.air_level),
        };
        let image = Image::from_planes(picture.width, picture.height, picture.low, picture.high).expect("a picture");
        let seen = self.inspector.detect(&image, &geometry);
        self.guard.hear(&vitals(&image, &seen));
    }

    /// Pictures until something drifts, and what.
    fn until(&mut self, now: &ScannerProfile, told: &ScannerProfile, most: u32) -> Option<(u32, Vec<Sign>)> {
        (1..=most).find_map(|number| {
            self.take(now, told);
            (!self.guard.drifting().is_empty()).then(|| (number, self.guard.drifting().to_vec()))
        })
    }
}

#[test]
fn a_scanner_that_ages_is_heard_and_a_healthy_one_is_not() {
    let quiet: u32 = std::env::var("GATEPOST_PICTURES").ok().and_then(|count| count.parse().ok()).unwrap_or(200);
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    let inspector = Inspector::open(&Settings { runtime: Some(library.path), model: None, threads: 2 });
    assert!(inspector.trouble().is_none(), "{:?}", inspector.trouble());
    let healthy = TRAINING[0];
    let mut lane = Lane { inspector, guard: Guard::default(), taken: 0 };
    // Thin letters and shields show too little to measure.
    while lane.guard.reference().is_none() && lane.taken < 2 * u64::from(LEARNING) {
        lane.take(&healthy, &healthy);
    }
    let reference = lane.guard.reference().expect("most pictures can be measured").clone();
    println!("learnt from {} pictures: {reference:?}", lane.taken);
    let cried = lane.until(&healthy, &healthy, quiet);
    println!("{quiet} pictures of a healthy scanner: {cried:?}");
    assert_eq!(cried, None, "a healthy scanner is called drifting");
    let dimmer = ScannerProfile { air_level: (u32::from(healthy.air_level) * 99 / 100) as u16, ..healthy };
    let cases: [(&str, ScannerProfile, &[Sign]); 3] = [
        ("light down by a hundredth", dimmer, &[Sign::AirLow, Sign::AirHigh]),
        (
            "a third of the photons gone",
            ScannerProfile { photons: healthy.photons * 0.667, ..healthy },
            &[Sign::GrainLow, Sign::GrainHigh],
        ),
        // Light goes with the square of the voltage, and more.
        (
            "160 kV turned down to 140",
            ScannerProfile { kilovolts: 140, air_level: (u32::from(healthy.air_level) * 3 / 4) as u16, ..healthy },
            &[Sign::AirLow, Sign::AirHigh],
        ),
    ];
    for (what, ailing, signs) in cases {
        lane.guard = Guard::with(reference.clone());
        let heard = lane.until(&ailing, &healthy, 300);
        println!("{what}: {heard:?}");
        let (_, found) = heard.unwrap_or_else(|| panic!("{what} is not heard within 300 pictures"));
        assert!(found.iter().any(|sign| signs.contains(sign)), "{what}: {found:?}");
    }
}

//! Targets behind what X-rays do not pass: none may be called clear.
//!
//! It stands alone because it asks the shipped model through the station's own inspection, on pictures by every scanner
//! profile, and judges by the scene's truth alone. Beside them stand the same classes without a shield: a station that is
//! blind to everything would pass else.
//!
//! `GATEPOST_PICTURES=500 cargo test --release -p gatepost-tests --test interop_shielded -- --nocapture`

use gatepost_models::detections::Class as Found;
use gatepost_models::formats::{Geometry, Image};
use gatepost_models::runtime;
use gatepost_models::session::{Assessment, Inspector, Settings};
use gatepost_virtual::xray::profile::{TESTING, TRAINING};
use gatepost_virtual::xray::{Class, Designs, Hiding, Scene, ScenePlan, render};

fn wanted() -> u64 {
    std::env::var("GATEPOST_PICTURES").ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

#[test]
fn no_target_behind_a_shield_is_called_clear() {
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    let mut inspector = Inspector::open(&Settings { runtime: Some(library.path), model: None, threads: 1 });
    assert!(inspector.trouble().is_none(), "{:?}", inspector.trouble());
    let classes: Vec<Class> = Class::ALL.into_iter().filter(|class| *class != Class::Opaque).collect();
    let scanners: Vec<_> = TRAINING.iter().chain(&TESTING).collect();
    let (mut shown, mut blind, mut bare_blind, mut clear) = (0, 0, 0, Vec::new());
    for seed in 0..wanted() {
        let class = classes[seed as usize % classes.len()];
        let designs = if seed % 2 == 0 { Designs::Training } else { Designs::Unseen };
        let scanner = scanners[seed as usize / 3 % scanners.len()];
        let mut look = |hiding| {
            let plan = ScenePlan { targets: vec![class], designs, hiding, ..ScenePlan::default() };
            let picture = render(&Scene::random(7_000 + seed, &plan), scanner, seed);
            let geometry = Geometry {
                pitch_um: picture.pitch_um,
                belt_step_um: picture.belt_step_um,
                air_level: Some(picture.air_level),
            };
            let shielded = picture.truth.iter().any(|truth| truth.class == Class::Opaque);
            let image = Image::from_planes(picture.width, picture.height, picture.low, picture.high);
            (shielded, inspector.detect(&image.expect("a picture"), &geometry))
        };
        let (shielded, assessment) = look(Hiding::Shield);
        if shielded {
            shown += 1;
            let is_blind = matches!(assessment, Assessment::Blind(_));
            blind += u64::from(is_blind);
            if !is_blind && !assessment.detections().iter().any(|one| one.class == Found::Opaque) {
                clear.push((seed, class, scanner.name));
            }
        }
        bare_blind += u64::from(matches!(look(Hiding::Ordinary(0.0)).1, Assessment::Blind(_)));
    }
    println!("{shown} targets behind a shield: {blind} blind, {} called clear: {clear:?}", clear.len());
    println!("{bare_blind} of {} blind without the shield", wanted());
    assert!(shown >= wanted() * 9 / 10, "{shown} shields in the pictures");
    assert!(clear.is_empty(), "{clear:?}");
    assert!(bare_blind < wanted() / 2, "the station is blind to everything");
}

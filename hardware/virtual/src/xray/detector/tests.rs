use super::super::profile::{TESTING, TRAINING};
use super::super::scene::ScenePlan;
use super::super::targets::Class;
use super::*;

fn plan(targets: Vec<Class>) -> ScenePlan {
    ScenePlan { targets, size_mm_max: [300, 300, 150], ..ScenePlan::default() }
}

#[test]
fn the_same_seeds_make_the_same_image_and_other_noise_another() {
    let scene = Scene::random(3, &plan(vec![Class::Firearm]));
    let image = render(&scene, &TRAINING[0], 9);
    assert_eq!(image, render(&scene, &TRAINING[0], 9));
    let other = render(&scene, &TRAINING[0], 10);
    assert_ne!(image.low, other.low);
    assert_eq!(image.truth, other.truth);
}

#[test]
fn every_target_is_outlined_inside_the_image_of_every_scanner() {
    for (seed, class) in Class::ALL.into_iter().enumerate() {
        for profile in TRAINING.iter().chain(&TESTING) {
            let scene = Scene::random(seed as u64, &plan(vec![class]));
            let image = render(&scene, profile, 1);
            assert_eq!(image.truth.len(), scene.targets.len(), "{class:?} {}", profile.name);
            for truth in &image.truth {
                let [x0, y0, x1, y1] = truth.pixels;
                assert!(x0 < x1 && y0 < y1 && x1 <= image.width && y1 <= image.height, "{truth:?}");
            }
            // The outline along the belt is the true size, not magnified.
            let target = &scene.targets[0];
            let lines = (image.truth[0].pixels[3] - image.truth[0].pixels[1]) * profile.belt_step_um / 1000;
            assert!(lines <= target.box_mm[3] - target.box_mm[1] + 8, "{lines} mm for {target:?}");
        }
    }
}

#[test]
fn a_second_view_shows_the_same_targets_at_the_same_lines() {
    let profile = TRAINING.iter().find(|profile| profile.second_view.is_some()).expect("a two-view profile");
    let scene = Scene::random(8, &plan(vec![Class::Firearm]));
    let views = render_views(&scene, profile, 3);
    assert_eq!(views.len(), 2);
    assert_eq!(views[0], render(&scene, profile, 3));
    assert_eq!(views[0].height, views[1].height);
    let lines = |view: &DualImage| [view.truth[0].pixels[1], view.truth[0].pixels[3]];
    let (above, side) = (lines(&views[0]), lines(&views[1]));
    assert!((0..2).all(|end| above[end].abs_diff(side[end]) <= 2), "{above:?} {side:?}");
}

#[test]
fn what_lies_over_a_target_is_told_from_the_target() {
    let scene = Scene::random(11, &plan(vec![Class::DenseObject]));
    let image = render(&scene, &TRAINING[0], 1);
    let truth = image.truth[0];
    assert!(truth.own_mg_cm2 > 1000, "a lump of metal: {truth:?}");
    let bare = Scene { wrapping: Default::default(), ..scene.clone() };
    let less = render(&bare, &TRAINING[0], 1).truth;
    assert!(less.is_empty() || less[0].over_mg_cm2 < truth.over_mg_cm2);
}

#[test]
fn a_parcel_as_wide_as_the_scanner_takes_keeps_air_on_every_side() {
    for profile in TRAINING.iter().chain(&TESTING) {
        let size_mm_max = [profile.widest_mm(250), 400, 250];
        for seed in 0..6 {
            let scene = Scene::random(seed, &ScenePlan { size_mm_max, ..ScenePlan::default() });
            let image = render(&scene, profile, seed);
            let (width, air) = (image.width as usize, u32::from(image.air_level) * 97 / 100);
            let sides = image.high.chunks_exact(width).flat_map(|line| [line[0], line[1], line[width - 1]]);
            let ends = image.high[..width].iter().chain(&image.high[image.high.len() - width..]).copied();
            assert!(sides.chain(ends).all(|value| u32::from(value) > air - 2500), "{} {seed}", profile.name);
        }
    }
}

#[test]
fn mass_from_areal_density_agrees_with_the_scale() {
    for seed in 0..4 {
        let scene = Scene::random(seed, &plan(vec![Class::DenseObject]));
        let far = ScannerProfile { source_height_mm: 1e5, belt_step_um: 700, pitch_um: 700, ..TRAINING[0] };
        let seen = Seen::of(&scene, View::FromAbove, &far);
        let grid = Grid::of(&seen, View::FromAbove, &far);
        let planes = project(&seen, &grid);
        let areal: f64 = planes.areal.iter().flatten().map(|&a| f64::from(a)).sum();
        let grams = areal * f64::from(grid.pitch_mm * grid.step_mm) * 1e-2;
        let error = grams / f64::from(scene.mass_g) - 1.0;
        println!("seed {seed}: {grams:.1} g in the image, {} g on the scale", scene.mass_g);
        assert!(error.abs() < 0.03, "seed {seed}: {grams} g for {} g", scene.mass_g);
    }
}

#[test]
fn air_reads_the_air_level_and_lead_reads_near_nothing() {
    let scene = Scene::random(4, &plan(vec![Class::Opaque]));
    let image = render(&scene, &TRAINING[0], 2);
    let corner: f64 = image.high[..8].iter().map(|&v| f64::from(v)).sum::<f64>() / 8.0;
    assert!((corner / f64::from(image.air_level) - 1.0).abs() < 0.02, "{corner}");
    let darkest = image.high.iter().min().copied().unwrap_or_default();
    assert!(f64::from(darkest) < 0.01 * f64::from(image.air_level), "{darkest}");
}

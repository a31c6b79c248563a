//! What the station makes of pictures of one parcel and of two abreast: how often one is taken for two, and two for one.
//!
//! The pictures are the demonstration's: parcels of the shipped lanes, drawn by the virtual X-ray with its noise and laid
//! into one picture as the tunnel does. Figures by scanner, seeded; minutes in a release build, of which drawing is all.
//!
//! `GATEPOST_PICTURES=600 cargo test --release -p gatepost-tests --test interop_abreast -- --nocapture`

#[path = "demo/picture.rs"]
mod picture;

use std::sync::Arc;

use gatepost_hardware::units::Micros;
use gatepost_models::formats::{Geometry, Image};
use gatepost_models::pixels;
use gatepost_virtual::device::{ImageEvent, Part};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::{Generator, ParcelTruth, Plan, scene_plan};
use gatepost_virtual::xray::profile::{TESTING, TRAINING};
use gatepost_virtual::xray::{Class, DualImage, ParcelKind, Scene, render};
use picture::{Drawn, SCANNER, compose, draw};

/// Longest scenes of the shipped lanes.
const LANES: [(&str, u32); 2] = [("north", 570), ("south", 420)];
const SEED: u64 = 41;
/// Of single parcels, in 1/10,000.
const TAKEN_FOR_TWO_MAX_E4: usize = 30;

fn wanted() -> usize {
    std::env::var("GATEPOST_PICTURES").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

fn objects(image: DualImage) -> u8 {
    let geometry = Geometry { pitch_um: image.pitch_um, belt_step_um: image.belt_step_um, air_level: None };
    let image = Image::from_planes(image.width, image.height, image.low, image.high).expect("a picture");
    pixels::objects(&image, &geometry)
}

/// Parcels of both lanes in turn, with the longest scene of their lane.
fn parcels(count: usize) -> Vec<(ParcelTruth, u32)> {
    let plan = Plan { solid: true, ..Plan::default() };
    let mut lanes = LANES.map(|(lane, longest)| (Generator::new(&shipped(lane), SEED + u64::from(longest)), longest));
    (0..count)
        .map(|index| {
            let (generator, longest) = &mut lanes[index / 2 % LANES.len()];
            (generator.next(&plan), *longest)
        })
        .collect()
}

fn event(parcels: &[&ParcelTruth]) -> ImageEvent {
    ImageEvent {
        number: 1,
        parcels: parcels.iter().map(|parcel| parcel.id).collect(),
        part: Part::Whole,
        length_mm: parcels.iter().map(|parcel| parcel.length_mm).max().unwrap_or(0),
        gap_mm: vec![0; parcels.len() - 1],
        started: Micros::ZERO,
        ended: Micros::ZERO,
        interrupted: false,
    }
}

/// Every parcel alone, and every two neighbours abreast, as the demonstration's tunnel hands them over.
#[test]
fn pictures_of_the_demonstration() {
    let parcels = parcels(wanted());
    let drawn: Vec<Arc<Drawn>> = parcels.iter().map(|(parcel, longest)| Arc::new(draw(parcel, *longest))).collect();
    let mut single = [0_usize; 4];
    for (number, one) in drawn.iter().enumerate() {
        let image = compose(&event(&[&parcels[number].0]), std::slice::from_ref(one)).expect("a picture");
        let count = objects(image);
        single[usize::from(count.min(3))] += 1;
        if count != 1 {
            println!("  taken for {count}: {:?}", parcels[number]);
        }
    }
    println!("alone, taken for 0, 1, 2, more: {single:?} of {}", drawn.len());
    let [mut fitting, mut overlapping] = [[0_usize; 4]; 2];
    for (pair, truth) in drawn.chunks_exact(2).zip(parcels.chunks_exact(2)) {
        let image = compose(&event(&[&truth[0].0, &truth[1].0]), pair).expect("a picture");
        let count = usize::from(objects(image).min(3));
        let tunnel_mm = SCANNER.tunnel_width_mm as u32;
        if picture::left_beside(pair).is_some() {
            fitting[count] += 1;
        } else {
            overlapping[count] += 1;
        }
        if count != 2 {
            let widths = [&truth[0].0, &truth[1].0].map(|parcel| parcel.width_mm);
            let left = picture::left_beside(pair);
            println!("  a pair taken for {count}: {widths:?} mm wide, {left:?} columns of belt left of {tunnel_mm} mm");
        }
    }
    println!("abreast with belt between, taken for 0, 1, 2, more: {fitting:?}");
    println!("too wide for the tunnel together, one drawn over the other: {overlapping:?}");
    let wrong = single[0] + single[2] + single[3];
    assert!(wrong * 10_000 <= drawn.len() * TAKEN_FOR_TWO_MAX_E4, "{wrong} of {} single parcels", drawn.len());
    // Those that are not told lie nearer to one another than 12 mm of belt that is nothing but empty.
    assert!(fitting[2] * 100 >= fitting.iter().sum::<usize>() * 90, "{fitting:?}");
}

/// Every packing on every scanner alone, as rendered: no belt beside it but 8 mm, no tray.
#[test]
fn single_parcels_of_every_packing_on_every_scanner() {
    let mut all = 0;
    for scanner in TRAINING.iter().chain(&TESTING) {
        let mut wrong = Vec::new();
        for seed in 0..wanted() as u64 {
            let kind = ParcelKind::ALL[seed as usize % ParcelKind::ALL.len()];
            let target = (seed % 25 == 0).then(|| Class::ALL[seed as usize / 25 % Class::ALL.len()]);
            let scene =
                Scene::random(seed, &gatepost_virtual::xray::ScenePlan { kind: Some(kind), ..scene_plan(570, target) });
            let count = objects(render(&scene, scanner, seed));
            if count > 1 {
                wrong.push((seed, scene.kind.name(), count));
            }
        }
        println!("{}: {} of {} single parcels taken for two {wrong:?}", scanner.name, wrong.len(), wanted());
        all += wrong.len();
    }
    let drawn = wanted() * (TRAINING.len() + 1);
    assert!(all * 10_000 <= drawn * TAKEN_FOR_TWO_MAX_E4, "{all} of {drawn} single parcels");
}

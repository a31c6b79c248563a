use super::*;
use crate::catalog::Manifest;
use crate::random_graph::{TINY, package};

const GEOMETRY: Geometry = Geometry { pitch_um: 1_500, belt_step_um: 1_000, air_level: None };
const SIZE: (usize, usize) = (60, 80);
const AIR: u16 = 60_000;

fn manifest() -> Manifest {
    package(TINY, 1).manifest
}

/// An even parcel of 40 × 50 pixels in air, then whatever `change` does to (low, high).
fn measured(change: impl Fn(&mut [u16], &mut [u16])) -> Measured {
    let (width, height) = SIZE;
    let paint = |count: u16| -> Vec<u16> {
        let inside = |index: usize| (10..50).contains(&(index % width)) && (15..65).contains(&(index / width));
        (0..width * height).map(|index| if inside(index) { count } else { AIR }).collect()
    };
    let (mut low, mut high) = (paint(25_000), paint(32_000));
    change(&mut low, &mut high);
    let image = Image::from_planes(width as u32, height as u32, low, high).expect("fits");
    measure(&image, &GEOMETRY, &Attenuation::new(AIR, 6.0), &manifest().limits)
}

fn column(plane: &mut [u16], column: usize, count: u16) {
    plane.iter_mut().skip(column).step_by(SIZE.0).for_each(|value| *value = count);
}

#[test]
fn a_good_picture_has_its_areas_and_no_fault() {
    let found = measured(|_, _| {});
    assert_eq!(found.fault, None);
    assert_eq!(found.quality.parcel_area_mm2, 40 * 50 * 3 / 2);
    assert_eq!((found.quality.opaque_area_mm2, found.quality.cut_mm, found.quality.score_e4), (0, 0, 10_000));
}

#[test]
fn every_way_of_not_seeing_has_its_own_name() {
    let empty = |low: &mut [u16], high: &mut [u16]| {
        low.fill(AIR);
        high.fill(AIR);
    };
    assert_eq!(measured(empty).fault, Some(Fault::Empty));
    let no_light = |low: &mut [u16], high: &mut [u16]| {
        low.fill(3);
        high.fill(5);
    };
    assert_eq!(measured(no_light).fault, Some(Fault::NoLight));
    let no_air = |low: &mut [u16], high: &mut [u16]| {
        low.fill(20_000);
        high.fill(30_000);
    };
    assert_eq!(measured(no_air).fault, Some(Fault::NoAir));
    let bright = |low: &mut [u16], _: &mut [u16]| low[..SIZE.0 * 4].fill(u16::MAX);
    assert_eq!(measured(bright).fault, Some(Fault::OverExposed));
    let swapped = |low: &mut [u16], high: &mut [u16]| low.swap_with_slice(high);
    assert_eq!(measured(swapped).fault, Some(Fault::EnergiesSwapped));
    let same = |low: &mut [u16], high: &mut [u16]| low.copy_from_slice(high);
    assert_eq!(measured(same).fault, Some(Fault::EnergiesSwapped), "one energy, twice");
    assert!(Fault::EnergiesSwapped.to_string().contains("exchanged or the same"));
    // A letter: the high energy's grain chose these pixels, and both energies pass it nearly alike.
    let letter = |low: &mut [u16], high: &mut [u16]| {
        let thin = |plane: &mut [u16], count| plane.iter_mut().filter(|value| **value != AIR).for_each(|v| *v = count);
        thin(low, 58_112);
        thin(high, 58_100);
    };
    assert_eq!(measured(letter).fault, None);
    let line_lost = |low: &mut [u16], _: &mut [u16]| low[30 * SIZE.0..31 * SIZE.0].fill(0);
    assert_eq!(measured(line_lost).fault, Some(Fault::DarkLines(1)));
}

/// What a detector of 12 bits cannot say is the same light as what one of 16 bits cannot.
#[test]
fn full_scale_is_the_pictures_own() {
    const AIR_OF_12: u16 = 3_750;
    let of = |full_scale: u16, air_level: u16, bright: u16| {
        let inside = |index: usize| (10..50).contains(&(index % SIZE.0)) && (15..65).contains(&(index / SIZE.0));
        let paint = |count: u16| -> Vec<u16> {
            let air = |index: usize| if index < SIZE.0 * 4 { bright } else { AIR_OF_12 };
            (0..SIZE.0 * SIZE.1).map(|index| if inside(index) { count } else { air(index) }).collect()
        };
        let image = Image::from_planes(SIZE.0 as u32, SIZE.1 as u32, paint(1_600), paint(2_000)).expect("fits");
        let image = Image { full_scale, ..image };
        measure(&image, &GEOMETRY, &Attenuation::new(air_level, 6.0), &manifest().limits)
    };
    let over = of(4_095, AIR_OF_12, 4_095);
    assert_eq!((over.fault, over.quality.saturated_share_e4), (Some(Fault::OverExposed), 500));
    assert_eq!(of(4_095, AIR_OF_12, 4_094).fault, None);
    assert_eq!(of(u16::MAX, AIR_OF_12, 4_095).fault, None, "bright, for 16 bits");
    assert_eq!(of(4_095, 4_095, 4_095).quality.saturated_share_e4, 0, "air at full scale leaves no room to tell");
}

#[test]
fn dark_columns_are_bridged_up_to_a_limit_and_do_not_count_as_opaque() {
    let two = measured(|low, high| {
        column(high, 20, 0);
        column(low, 30, 10);
    });
    assert_eq!((two.fault, &two.dark_columns[..]), (None, &[20, 30][..]));
    assert_eq!((two.quality.dark_columns, two.quality.opaque_area_mm2, two.quality.score_e4), (2, 0, 8_000));
    let three = measured(|_, high| [20, 21, 40].map(|dead| column(high, dead, 0)).into_iter().collect());
    assert_eq!(three.fault, Some(Fault::DarkColumns(3)));
}

#[test]
fn a_parcel_that_goes_on_beyond_the_picture_is_cut() {
    let cut = measured(|low, high| {
        low[20..26].fill(25_000);
        high[20..26].fill(32_000);
    });
    assert_eq!(cut.fault, Some(Fault::Cut { millimetres: 9 }));
    let noise = measured(|low, high| {
        low[20..25].fill(25_000);
        high[20..25].fill(32_000);
    });
    assert_eq!((noise.fault, noise.quality.cut_mm), (None, 7));
}

#[test]
fn opaque_area_is_of_the_parcel_and_lowers_the_score() {
    let found = measured(|low, high| {
        for line in 20..30 {
            low[line * SIZE.0 + 20..line * SIZE.0 + 40].fill(100);
            high[line * SIZE.0 + 20..line * SIZE.0 + 40].fill(400);
        }
    });
    assert_eq!((found.quality.opaque_area_mm2, found.quality.opaque_share_e4), (300, 1_000));
    assert_eq!((found.fault, found.quality.score_e4), (None, 9_000));
}

#[test]
fn what_was_made_for_eyes_is_measured_and_never_counts_as_seen() {
    let mut image = Image::from_planes(60, 80, vec![AIR; 4_800], vec![AIR; 4_800]).expect("fits");
    for source in [Source::Presentation, Source::PseudoColour] {
        image.source = source;
        let found = measure(&image, &GEOMETRY, &Attenuation::new(AIR, 6.0), &manifest().limits);
        assert_eq!((found.fault, found.quality.source), (Some(Fault::NoCounts(source)), source));
        assert_eq!(found.quality.score_e4, 0);
    }
    let said = serde_json::to_value(Quality { source: Source::PseudoColour, ..Quality::default() }).expect("JSON");
    assert_eq!(said["source"], "pseudo-colour");
}

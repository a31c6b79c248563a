use super::*;
use crate::labels::plane::Plane;
use crate::labels::tests::{VALUES, modules};
use crate::labels::values::said;
use crate::random_graph::SplitMix;
use proptest::prelude::*;

const PAPER: f32 = 210.0;
const INK: f32 = 40.0;

/// What the damage does to a place, in modules from the first bar.
type Damage<'a> = &'a dyn Fn(f32, f32) -> f32;

/// A profile of a symbol, two samples to a pixel, blurred by a standard deviation in modules, with grain.
fn profile(values: &[u8], module: f32, (blur, grain): (f32, f32), damage: Damage<'_>, seed: u64) -> Vec<f32> {
    let dark = modules(values);
    let samples = ((dark.len() as f32 + 24.0) * module * 2.0) as usize;
    let sharp = (0..samples).map(|sample| {
        let place = (sample as f32 + 0.5) / (module * 2.0) - 12.0;
        let inside = place >= 0.0 && place < dark.len() as f32;
        damage(place, if inside && dark[place as usize] { INK } else { PAPER })
    });
    let plane = Plane { width: samples, height: 1, values: sharp.collect() }.blurred(blur * module * 2.0);
    let mut dice = SplitMix::new(seed);
    plane.values.iter().map(|value| value + dice.normal() * grain).collect()
}

fn whole(_place: f32, grey: f32) -> f32 {
    grey
}

#[test]
fn melted_bars_are_fitted_either_way_round() {
    for (blur, grain) in [(0.3, 2.0), (0.8, 0.5), (1.0, 0.2)] {
        let seen = profile(&VALUES, 3.1, (blur, grain), &whole, 7);
        let found = fit(&seen, 0.5).unwrap_or_else(|| panic!("{blur}"));
        assert_eq!(found.values, VALUES, "{blur}");
        assert!(found.stands() && found.agrees(&seen) && found.from < found.to, "{blur}: {found:?}");
        let turned: Vec<f32> = seen.iter().rev().copied().collect();
        let found = fit(&turned, 0.5).unwrap_or_else(|| panic!("{blur}, turned"));
        assert_eq!((found.values.as_slice(), found.from > found.to), (&VALUES[..], true), "{blur}");
        assert!(found.stands() && found.agrees(&turned), "{blur}: {found:?}");
    }
}

/// A symbol over two neighbouring characters of which something lies: a grey patch, strokes of a pen, a stain.
fn damaged(seed: u64) -> (Vec<u8>, Vec<f32>) {
    let mut dice = SplitMix::new(seed);
    let mut share = |low: f32, high: f32| low + (high - low) * (dice.next() >> 40) as f32 / (1u64 << 24) as f32;
    let mut values = vec![104u8, 50, 50, 99];
    values.extend((0..4).map(|_| share(0.0, 99.99) as u8));
    values.extend([100, 16 + share(0.0, 9.99) as u8, 36, 37]);
    values.push(gatepost_hardware::symbology::code128::check(&values));
    let from = 11.0 * share(3.0, 10.0).floor() + share(-4.0, 4.0);
    let wide = share(6.0, 20.0);
    let grey = share(INK, PAPER);
    let strokes: Vec<(f32, f32)> = (0..4).map(|_| (from + share(0.0, wide), share(0.6, 3.0))).collect();
    let sort = share(0.0, 2.99) as u8;
    let damage = |place: f32, printed: f32| match sort {
        0 if (from..from + wide).contains(&place) => grey,
        1 if strokes.iter().any(|(at, pen)| (place - at).abs() < pen * 0.5) => INK,
        2 if (from..from + wide).contains(&place) => INK + (printed - INK) * grey / PAPER * 0.6,
        _ => printed,
    };
    let (module, blur, grain) = (share(1.6, 3.4), share(0.35, 1.0), share(0.2, 3.0));
    let seen = profile(&values, module, (blur, grain), &damage, seed);
    (values, seen)
}

/// What the whole symbol's figures believe and its check character passes: printed 24, 99 and read 50, 27.
const FORGED: u64 = 1_890;

#[test]
fn what_lies_over_two_characters_is_not_filled_in() {
    let (_, seen) = damaged(FORGED);
    let found = fit(&seen, 0.5).expect("a fit");
    assert!(found.explained > EXPLAINED_MIN && found.margin > MARGIN_MIN, "{found:?}");
    for seed in (0..12).chain([FORGED]) {
        let (printed, seen) = damaged(seed);
        if let Some(found) = fit(&seen, 0.5).filter(|found| found.stands() && said(&found.values).is_some()) {
            assert_eq!(found.values, printed, "SEED={seed} {found:?}");
        }
    }
}

#[test]
fn a_band_that_says_something_else_does_not_agree() {
    let found = fit(&profile(&VALUES, 3.1, (0.6, 1.0), &whole, 7), 0.5).expect("a fit");
    let mut other = VALUES;
    (other[5], other[6]) = (32, 24);
    let seen = profile(&other, 3.1, (0.6, 1.0), &whole, 7);
    assert!(!found.agrees(&seen));
    assert!(!found.agrees(&vec![PAPER; seen.len()]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_fit_of_grain_passes(length in 40usize..1_500, seed in any::<u64>()) {
        let mut dice = SplitMix::new(seed);
        let grain: Vec<f32> = (0..length).map(|_| 128.0 + dice.normal() * 40.0).collect();
        if let Some(found) = fit(&grain, 0.5) {
            prop_assert!(!found.stands() || said(&found.values).is_none(), "{:?}", found);
        }
    }
}

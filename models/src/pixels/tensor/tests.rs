use super::*;
use crate::catalog::Manifest;
use crate::random_graph::{TINY, package};
use proptest::prelude::*;

fn manifest() -> Manifest {
    package(TINY, 1).manifest
}

/// The definition, pixel by pixel: overlap of two rectangles, weighted mean of attenuations. Slow and obvious.
fn by_definition(image: &Image, geometry: &Geometry, input: &Input) -> Vec<f64> {
    let (pitch, step) = (f64::from(geometry.pitch_um), f64::from(geometry.belt_step_um));
    let (width, height) = (image.width as usize, image.height as usize);
    let side = input.width as usize;
    let longest = (width as f64 * pitch).max(height as f64 * step);
    let pixel = f64::from(input.resolution_um_min).max(longest / side as f64);
    let Planes::Dual { low, high } = &image.planes else { panic!("dual") };
    let attenuation = |count: u16| {
        let maximum = f64::from(input.attenuation_max_e3) / 1_000.0;
        (f64::from(input.air_level) / f64::from(count.max(1))).ln().clamp(0.0, maximum)
    };
    let mut tensor = vec![0.0; 2 * side * side];
    for row in 0..side {
        for column in 0..side {
            let mut sums = [0.0; 2];
            for line in (0..height).filter(|&line| shared(line, step, row, pixel) > 0.0) {
                for diode in 0..width {
                    let weight = shared(line, step, row, pixel) * shared(diode, pitch, column, pixel) / (pixel * pixel);
                    let at = line * width + diode;
                    sums[0] += weight * attenuation(high[at]);
                    sums[1] += weight * (attenuation(low[at]) - attenuation(high[at]));
                }
            }
            for channel in 0..2 {
                let scale = f64::from(input.scale_e3[channel]) / 1_000.0;
                tensor[(channel * side + row) * side + column] = sums[channel] * scale;
            }
        }
    }
    tensor
}

/// Length that a source pixel and an input pixel share along one side, in micrometres.
fn shared(source: usize, source_um: f64, input: usize, input_um: f64) -> f64 {
    let (low, high) = (source as f64 * source_um, (source + 1) as f64 * source_um);
    (high.min((input + 1) as f64 * input_um) - low.max(input as f64 * input_um)).max(0.0)
}

fn placed(image: &Image, geometry: &Geometry, input: &Input, dark: &[u32]) -> Vec<f32> {
    let attenuation = Attenuation::new(input.air_level, input.attenuation_max_e3 as f32 / 1_000.0);
    let mut tensor = vec![7.0; 2 * (input.width * input.height) as usize];
    place(image, geometry, input, &attenuation, dark, &mut tensor);
    tensor
}

#[test]
fn attenuation_of_known_counts() {
    let table = Attenuation::new(60_000, 6.0);
    assert_eq!(table.of(60_000), 0.0);
    assert_eq!(table.of(65_535), 0.0, "brighter than air is air");
    assert!((table.of(22_073) - 1.0).abs() < 1e-4, "air ÷ e");
    assert_eq!(table.of(0), 6.0);
    // 60,000 ÷ e^5 = 404.3
    assert_eq!(table.brightest_count_at(5.0), 404);
    assert!(table.of(404) >= 5.0 && table.of(405) < 5.0);
}

#[test]
fn a_dark_column_is_bridged_from_its_lit_neighbours() {
    let manifest = manifest();
    let geometry = Geometry { pitch_um: 1_000, belt_step_um: 1_000, air_level: None };
    let even = Image::from_planes(8, 4, vec![20_000; 32], vec![30_000; 32]).expect("fits");
    let mut holed = even.clone();
    if let Planes::Dual { low, high } = &mut holed.planes {
        for line in 0..4 {
            (low[line * 8 + 3], high[line * 8 + 3]) = (0, 0);
            (low[line * 8 + 4], high[line * 8 + 4]) = (0, 0);
        }
    }
    assert_eq!(placed(&holed, &geometry, &manifest.input, &[3, 4]), placed(&even, &geometry, &manifest.input, &[]));
    assert_ne!(placed(&holed, &geometry, &manifest.input, &[]), placed(&even, &geometry, &manifest.input, &[]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the sizes and the pixel's proportions, larger or smaller than the input's pixels.
    #[test]
    fn the_tensor_is_what_its_definition_says(
        width in 1u32..90, height in 1u32..90, pitch_um in 300u32..3_000, belt_step_um in 300u32..3_000, seed in any::<u32>(),
    ) {
        let manifest = manifest();
        let count = |index: u32, salt: u32| ((index ^ seed).wrapping_mul(2_654_435_761).wrapping_add(salt) >> 16) as u16;
        let plane = |salt: u32| (0..width * height).map(|index| count(index, salt)).collect::<Vec<u16>>();
        let image = Image::from_planes(width, height, plane(1), plane(99)).expect("fits");
        let geometry = Geometry { pitch_um, belt_step_um, air_level: None };
        let expected = by_definition(&image, &geometry, &manifest.input);
        let found = placed(&image, &geometry, &manifest.input, &[]);
        for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
            prop_assert!((expected - f64::from(*found)).abs() < 2e-4, "at {index}: {expected} and not {found}");
        }
    }
}

//! Mass from a picture: the sum of areal densities, for a machine whose model says how.
//!
//! An estimate beside the scale, meant to notice swapped parcels. It refuses nothing: without a calibration there is none.

use crate::catalog::{Input, Mass};

/// Grams on the input tensor, from each pixel's attenuation and the ratio of its energies. Pixels thinner than the
/// calibration's least attenuation are air.
pub fn grams(tensor: &[f32], input: &Input, calibration: &Mass, pixel_um: f64) -> i64 {
    let pixels = input.width as usize * input.height as usize;
    let [high_scale, difference_scale] = input.scale_e3.map(|scale| scale as f32 / 1_000.0);
    let (first, second) = tensor.split_at(pixels);
    let pixel_cm2 = (pixel_um / 10_000.0) * (pixel_um / 10_000.0);
    let mut sum_mg_per_cm2 = 0.0f64;
    for (&first, &second) in first.iter().zip(second) {
        let high = f64::from(first / high_scale);
        if high * 1_000.0 < f64::from(calibration.attenuation_e3_min) {
            continue;
        }
        let ratio = 1.0 + f64::from(second / difference_scale) / high;
        sum_mg_per_cm2 += high * interpolate(calibration, ratio * 1_000.0);
    }
    (sum_mg_per_cm2 * pixel_cm2 / 1_000.0).round() as i64
}

/// Milligrams per square centimetre and unit of attenuation at this ratio: straight between the table's points, flat
/// beyond its ends.
fn interpolate(calibration: &Mass, ratio_e3: f64) -> f64 {
    let points = calibration.ratio_e3.iter().zip(&calibration.mg_per_cm2);
    let mut before: Option<(f64, f64)> = None;
    for (&ratio, &density) in points {
        let (ratio, density) = (f64::from(ratio), f64::from(density));
        if ratio_e3 <= ratio {
            return match before {
                Some((low, at_low)) => at_low + (density - at_low) * (ratio_e3 - low) / (ratio - low),
                None => density,
            };
        }
        before = Some((ratio, density));
    }
    before.map_or(0.0, |(_, density)| density)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Manifest;
    use crate::random_graph::{TINY, package};

    fn calibration() -> Mass {
        Mass {
            method: "ratio-table-v1".into(),
            attenuation_e3_min: 20,
            ratio_e3: vec![1_200, 2_000],
            mg_per_cm2: vec![6_000, 3_000],
        }
    }

    /// A tensor with `high` and `low` attenuation in its first `pixels` pixels.
    fn tensor(manifest: &Manifest, pixels: usize, low: f32, high: f32) -> Vec<f32> {
        let size = (manifest.input.width * manifest.input.height) as usize;
        let mut tensor = vec![0.0; 2 * size];
        let scale = manifest.input.scale_e3.map(|scale| scale as f32 / 1_000.0);
        tensor[..pixels].fill(high * scale[0]);
        tensor[size..size + pixels].fill((low - high) * scale[1]);
        tensor
    }

    #[test]
    fn a_block_weighs_area_times_density() {
        let manifest = package(TINY, 1).manifest;
        let weigh =
            |pixels, low, high| grams(&tensor(&manifest, pixels, low, high), &manifest.input, &calibration(), 2_000.0);
        // 1,000 pixels of 2 × 2 mm are 40 cm²; attenuation 0.5 at ratio 1.2 is 3 g/cm².
        assert_eq!(weigh(1_000, 0.6, 0.5), 120);
        // Halfway between the two points: 4.5 g/cm² for an attenuation of 1.
        assert_eq!(weigh(1_000, 1.6, 1.0), 180);
        // Beyond the table's end, its last point.
        assert_eq!(weigh(1_000, 3.0, 1.0), 120);
        assert_eq!(weigh(1_000, 0.012, 0.01), 0, "thinner than the calibration's least is air");
    }
}

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

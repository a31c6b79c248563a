//! Which stretch of belt a picture shows something on: its length is how a picture finds its owner.
//!
//! Needs no model and no calibration: air is whatever is brightest in the picture itself, so that drift of the generator
//! does not lengthen a parcel. Sees thin letters by averaging over many diodes; sees nothing that a scanner's grain hides.

use crate::formats::{Geometry, Image};
use gatepost_hardware::units::Millimetres;

/// Lines `first_line..=last_line` show something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub first_line: u32,
    pub last_line: u32,
    pub length_mm: Millimetres,
}

/// Diodes averaged: 48 mm at the usual pitch, so that the grain of 10,000 photons a pixel falls to 0.2 %.
const WINDOW: usize = 32;
/// Something is there when a window is this much (1/1,000) darker than air.
const DARKER_E3: u64 = 15;
/// Consecutive lines that must agree before the stretch begins or ends.
const LINES_MIN: usize = 3;

/// The stretch from the first line with something on it to the last. `None` for a picture of air.
pub fn extent(image: &Image, geometry: &Geometry) -> Option<Extent> {
    let width = image.width as usize;
    let window = WINDOW.min(width);
    let mut darkest = Vec::with_capacity(image.height as usize);
    let mut brightest = Vec::with_capacity(image.height as usize);
    for line in image.penetrating().chunks_exact(width) {
        let last = width - window;
        let sums = (0..=last).step_by((window / 2).max(1)).chain([last]).map(|start| sum(&line[start..start + window]));
        let (low, high) = sums.fold((u64::MAX, 0), |(low, high), sum| (low.min(sum), high.max(sum)));
        darkest.push(low);
        brightest.push(high);
    }
    // The middle line's brightest window: the belt's edges are air on most lines, and one glitch does not matter.
    let middle = brightest.len() / 2;
    let air = *brightest.select_nth_unstable(middle).1;
    let shows: Vec<bool> = darkest.iter().map(|&sum| sum * 1_000 <= air * (1_000 - DARKER_E3)).collect();
    let sure = |run: &[bool]| run.iter().all(|&shown| shown);
    let run = LINES_MIN.min(shows.len());
    let first = shows.windows(run).position(sure)?;
    let last = shows.windows(run).rposition(sure)? + run - 1;
    let length_um = (last - first + 1) as u64 * u64::from(geometry.belt_step_um);
    let length_mm = Millimetres(i32::try_from((length_um + 500) / 1_000).unwrap_or(i32::MAX));
    Some(Extent { first_line: first as u32, last_line: last as u32, length_mm })
}

fn sum(counts: &[u16]) -> u64 {
    counts.iter().map(|&count| u64::from(count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_graph::SplitMix;

    const GEOMETRY: Geometry = Geometry { pitch_um: 1_500, belt_step_um: 800, air_level: None };

    /// Air of `air` counts with a scanner's grain, and an object that lets `light` (1/1,000) through on some lines.
    fn picture(air: f32, light: u32, lines: std::ops::Range<u32>, columns: std::ops::Range<u32>) -> Image {
        let mut random = SplitMix::new(3);
        let plane: Vec<u16> = (0..400 * 300)
            .map(|index| {
                let inside = lines.contains(&(index / 400)) && columns.contains(&(index % 400));
                let level = if inside { air * light as f32 / 1_000.0 } else { air };
                (level * (1.0 + 0.007 * random.normal())).clamp(0.0, 65_535.0) as u16
            })
            .collect();
        Image::from_planes(400, 300, plane.clone(), plane).expect("fits")
    }

    #[test]
    fn a_parcel_has_its_length_whatever_the_air_level() {
        for air in [60_000.0, 52_000.0, 4_000.0] {
            let found = extent(&picture(air, 700, 50..250, 60..300), &GEOMETRY).expect("a parcel");
            assert_eq!((found.first_line, found.last_line, found.length_mm), (50, 249, Millimetres(160)));
        }
    }

    #[test]
    fn a_thin_letter_is_seen_and_air_is_not() {
        let letter = extent(&picture(60_000.0, 970, 100..200, 100..300), &GEOMETRY).expect("a letter");
        assert!(letter.first_line.abs_diff(100) <= 2 && letter.last_line.abs_diff(199) <= 2, "{letter:?}");
        assert_eq!(extent(&picture(60_000.0, 1_000, 0..0, 0..0), &GEOMETRY), None);
        let narrow = extent(&picture(60_000.0, 600, 100..200, 200..206), &GEOMETRY).expect("a tube of 9 mm");
        assert_eq!((narrow.first_line, narrow.last_line), (100, 199));
    }
}

//! How many objects lie side by side in a picture: eyes and scales take two abreast for one, a picture need not.
//!
//! Stands alone because the answer must not need a model, a calibration or anybody's guess about goods. Two objects are
//! two only where a stretch of empty belt runs between them from the first line to the last: whatever crosses it, a strap or
//! a sheet of film, makes them one. It cannot part what touches, overlaps, or lies one behind the other.
//!
//! What is empty follows from what mail is wrapped in and from the noise. The thinnest wrapping is a bag of polyethylene
//! film, two sheets of 0.15 mm (0.028 g/cm²), which take 0.5 % of the light; one wall of corrugated cardboard takes as much
//! again. Over a window of 12 mm by 32 mm, both energies together, 14,000 to 40,000 photons a pixel leave a grain of 0.03 %
//! and a gain correction that is good to 0.2 to 0.5 % a column leaves 0.05 to 0.12 %. The line is drawn between.

use super::extent;
use crate::formats::{Geometry, Image, Planes};

/// Narrowest stretch of empty belt between two objects, and the narrowest object.
const GAP_UM: u32 = 12_000;
/// Lines averaged. Not the whole length: film that crosses the gap askew must not be lost in the mean.
const STRIP_UM: u32 = 32_000;
/// A window this much (1/1,000,000) darker than air is not empty.
const EMPTY_E6: u64 = 3_000;
/// Somewhere an object is at least this much darker than air; else it is grain.
const SHOWN_E6: u64 = 10_000;
/// Samples of fewer bits do not resolve what tells film from air.
const BITS_MIN: u8 = 16;

/// How many objects lie side by side, across the belt. 0 for a picture of air; 1 where the picture cannot tell: with
/// fewer than 16 bits a sample, or too narrow for a gap. Air is what is brightest on the same lines, so that drift of the
/// generator does not matter; a few dead columns are no object.
pub fn objects(image: &Image, geometry: &Geometry) -> u8 {
    let Some(shown) = extent(image, geometry) else { return 0 };
    let width = image.width as usize;
    let window = GAP_UM.div_ceil(geometry.pitch_um.max(1)) as usize;
    if image.bits < BITS_MIN || window * 3 > width {
        return 1;
    }
    let lines = shown.first_line as usize * width..(shown.last_line as usize + 1) * width;
    let planes: Vec<&[u16]> = match &image.planes {
        Planes::Single(only) => vec![&only[lines]],
        Planes::Dual { low, high } => vec![&low[lines.clone()], &high[lines]],
    };
    let darkest = darkest(&planes, width, window, (STRIP_UM / geometry.belt_step_um.max(1)).max(1) as usize);
    count(&darkest, window)
}

/// For every window across the belt, by its first column: how much darker than air (1/1,000,000) in its darkest strip.
fn darkest(planes: &[&[u16]], width: usize, window: usize, strip: usize) -> Vec<u64> {
    let mut darkest = vec![0; width - window + 1];
    let strips = (planes[0].len() / width).div_ceil(strip);
    // Strips of equal length, so that the last one is not a few lines of grain.
    let strip = (planes[0].len() / width).div_ceil(strips.max(1)) * width;
    for at in (0..planes[0].len()).step_by(strip.max(1)) {
        let mut darker = vec![0; darkest.len()];
        for plane in planes {
            let light = light(&plane[at..(at + strip).min(plane.len())], width, window);
            let air = light.iter().copied().max().unwrap_or(0).max(1);
            for (sum, light) in darker.iter_mut().zip(light) {
                *sum += (air - light) * 1_000_000 / air;
            }
        }
        for (most, sum) in darkest.iter_mut().zip(darker) {
            *most = (*most).max(sum / planes.len() as u64);
        }
    }
    darkest
}

/// The counts of all lines in every window across the belt.
fn light(lines: &[u16], width: usize, window: usize) -> Vec<u64> {
    let mut columns = vec![0_u64; width];
    for line in lines.chunks_exact(width) {
        columns.iter_mut().zip(line).for_each(|(sum, &count)| *sum += u64::from(count));
    }
    columns.windows(window).map(|columns| columns.iter().sum()).collect()
}

/// Runs of columns that no empty window covers, as far as they are wide enough and show something.
fn count(darkest: &[u64], window: usize) -> u8 {
    let width = darkest.len() + window - 1;
    let mut empty = vec![false; width];
    for (at, _) in darkest.iter().enumerate().filter(|&(_, &darker)| darker <= EMPTY_E6) {
        empty[at..at + window].fill(true);
    }
    let mut objects = 0_u8;
    let mut at = 0_usize;
    for run in empty.chunk_by(|left, right| left == right) {
        // Windows that overlap the run by half at least.
        let around = at.saturating_sub(window / 2)..(at + run.len()).saturating_sub(window / 2).min(darkest.len());
        let shows = !run[0] && run.len() >= window && darkest[around].iter().any(|&darker| darker >= SHOWN_E6);
        objects = objects.saturating_add(u8::from(shows));
        at += run.len();
    }
    objects
}

#[cfg(test)]
mod tests;

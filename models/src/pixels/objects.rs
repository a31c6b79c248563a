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

use std::ops::Range;

use super::extent;
use crate::formats::{Geometry, Image, Planes};

/// Narrowest stretch of empty belt between two objects, and the narrowest object.
const GAP_UM: u32 = 12_000;
/// Lines averaged. Not the whole length: film that crosses the gap askew must not be lost in the mean.
const STRIP_UM: u32 = 32_000;
/// A window this much (1/1,000,000) darker than air is not empty.
const EMPTY_E6: u64 = 2_500;
/// Somewhere an object is at least this much darker than air; else it is grain.
const SHOWN_E6: u64 = 10_000;
/// The brightest of many windows is brighter than air by so much, for its gain and its grain.
const LUCK_E6: u64 = 1_000;
/// So many lines of air before or behind an object say how bright air is.
const AROUND_MIN: usize = 6;
/// Samples of fewer bits do not resolve what tells film from air.
const BITS_MIN: u8 = 16;

/// How many objects lie side by side, across the belt. 0 for a picture of air; 1 where the picture cannot tell: with
/// fewer than 16 bits a sample, or too narrow for a gap. Air is what is brightest on the same lines, or before and behind
/// them, so that slow drift of the generator does not make one object two; a few dead columns are no object.
pub fn objects(image: &Image, geometry: &Geometry) -> u8 {
    let Some(shown) = extent(image, geometry) else { return 0 };
    let width = image.width as usize;
    let window = GAP_UM.div_ceil(geometry.pitch_um.max(1)) as usize;
    if image.bits < BITS_MIN || window * 3 > width {
        return 1;
    }
    let lines = shown.first_line as usize..shown.last_line as usize + 1;
    // Strips of equal length, so that the last one is not a few lines of grain.
    let strips = lines.len().div_ceil((STRIP_UM / geometry.belt_step_um.max(1)).max(1) as usize);
    let strip = lines.len().div_ceil(strips);
    let planes = match &image.planes {
        Planes::Single(only) => [Some(only), None],
        Planes::Dual { low, high } => [Some(low), Some(high)],
    };
    let planes = planes.into_iter().flatten().map(|plane| darker(plane, width, window, &lines, strip));
    count(&darkest(planes.collect()), window)
}

/// How much darker than air (1/1,000,000) each window across the belt is, by its first column, strip by strip.
fn darker(plane: &[u16], width: usize, window: usize, lines: &Range<usize>, strip: usize) -> Vec<Vec<u64>> {
    let (before, rest) = plane.split_at(lines.start * width);
    let (shown, behind) = rest.split_at(lines.len() * width);
    let around = if before.len() > behind.len() { before } else { behind };
    let around_sum: u64 = around.iter().map(|&count| u64::from(count)).sum();
    let strips = shown.chunks(strip * width).map(|lines| {
        let light = light(lines, width, window);
        let brightest = light.iter().copied().max().unwrap_or(0);
        // A picture that was cropped at its sides may show air before and behind the parcel only.
        let pixels = (lines.len() / width * window) as u128;
        let cropped = (u128::from(around_sum) * pixels / around.len().max(1) as u128) as u64;
        let cropped = if around.len() < AROUND_MIN * width { 0 } else { cropped };
        let air = (brightest - brightest * LUCK_E6 / 1_000_000).max(cropped).max(1);
        light.into_iter().map(|light| air.saturating_sub(light) * 1_000_000 / air).collect()
    });
    strips.collect()
}

/// The counts of all lines in every window across the belt.
fn light(lines: &[u16], width: usize, window: usize) -> Vec<u64> {
    let mut columns = vec![0_u64; width];
    for line in lines.chunks_exact(width) {
        columns.iter_mut().zip(line).for_each(|(sum, &count)| *sum += u64::from(count));
    }
    columns.windows(window).map(|columns| columns.iter().sum()).collect()
}

/// For every window, how dark it is in its darkest strip: the mean of all energies.
fn darkest(planes: Vec<Vec<Vec<u64>>>) -> Vec<u64> {
    let energies = planes.len() as u64;
    let mut planes = planes.into_iter();
    let mut sums = planes.next().unwrap_or_default();
    for other in planes {
        for (sum, darker) in sums.iter_mut().flatten().zip(other.into_iter().flatten()) {
            *sum += darker;
        }
    }
    let mut darkest = vec![0; sums.first().map_or(0, Vec::len)];
    for strip in sums {
        darkest.iter_mut().zip(strip).for_each(|(most, sum): (&mut u64, u64)| *most = (*most).max(sum / energies));
    }
    darkest
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

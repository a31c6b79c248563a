//! What a picture is worth, before any model: measured in whole numbers, with the faults that make it blind.
//!
//! Stands alone so that a picture can be judged where no model is. It never repairs: a picture with a fault is not seen.

use super::Attenuation;
use crate::catalog::PixelLimits;
use crate::formats::{Geometry, Image, Planes, Source};
use crate::limits;
use serde::Serialize;
use std::fmt;

/// Measurements of one picture. Shares are in 1/10,000.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quality {
    pub width: u32,
    pub height: u32,
    /// Bits of a sample in the file.
    pub bits: u8,
    /// 1 or 2.
    pub energies: u8,
    /// What the samples are worth as a measurement.
    pub source: Source,
    pub parcel_area_mm2: u64,
    pub opaque_area_mm2: u64,
    /// Opaque area of the parcel's.
    pub opaque_share_e4: u32,
    /// Samples at full scale, of all samples.
    pub saturated_share_e4: u32,
    /// Columns that saw no light on any line.
    pub dark_columns: u32,
    /// Lines that saw no light in any column.
    pub dark_lines: u32,
    /// Longest run of parcel along an edge of the picture, in millimetres: what lies beyond was not seen.
    pub cut_mm: u32,
    /// The low energy got through better than the high one, or just as well in every sample, which nature does not do.
    pub energies_swapped: bool,
    /// 0 (worthless) to 10,000: 10,000 less what is opaque, saturated, dark or coarse; 0 with a fault.
    pub score_e4: u16,
}

/// Why a picture cannot be assessed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Empty,
    NoLight,
    NoAir,
    DarkColumns(u32),
    DarkLines(u32),
    OverExposed,
    Cut {
        millimetres: u32,
    },
    EnergiesSwapped,
    /// Made for eyes: what a model was calibrated for is not in it.
    NoCounts(Source),
    OneEnergy,
    Size,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty picture: nothing lies in it. Check the scanner's trigger"),
            Self::NoLight => f.write_str("no light anywhere: the generator was off or the air level is wrong"),
            Self::NoAir => f.write_str("no air around the parcel: the picture is cropped or the air level is wrong"),
            Self::DarkColumns(count) => {
                write!(f, "{count} dark columns: a detector card fails. Calibrate or replace it")
            }
            Self::DarkLines(count) => write!(f, "{count} dark lines: scan lines were lost. Check the scanner's cable"),
            Self::OverExposed => f.write_str("over-exposed: too many samples at full scale. Calibrate the scanner"),
            Self::Cut { millimetres } => {
                write!(f, "cut off: {millimetres} mm of parcel touch the picture's edge, the rest was not seen")
            }
            Self::EnergiesSwapped => f.write_str(
                "low and high energy are exchanged or the same. Check the file names or the scanner's export",
            ),
            Self::NoCounts(Source::PseudoColour) => f.write_str(
                "pseudo-colours, which no longer hold the attenuation. Let the scanner export both energies",
            ),
            Self::NoCounts(_) => {
                f.write_str("made for eyes: a look-up may have changed it. Let the scanner export what it measured")
            }
            Self::OneEnergy => f.write_str("one energy only, and the model needs two. Export both energies"),
            Self::Size => f.write_str("larger than the model allows. Check the scanner's export"),
        }
    }
}

/// A picture's quality and what else was found on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    pub quality: Quality,
    /// The first fault, by severity.
    pub fault: Option<Fault>,
    /// At most [`limits::DARK_COLUMNS_MAX`] where there is no fault.
    pub dark_columns: Vec<u32>,
    /// At or below this count a pixel is opaque.
    pub opaque_count_max: u16,
}

/// Counts by column and line, of one picture. As narrow as the samples, so that they are counted many at a time.
struct Tally {
    dark: [Vec<u16>; 2],
    opaque: Vec<u16>,
    parcel: Vec<u16>,
    dark_lines: u32,
    saturated: u64,
    /// Sum of counts over the parcel, per plane.
    light: [u64; 2],
}

pub fn measure(image: &Image, geometry: &Geometry, attenuation: &Attenuation, bounds: &PixelLimits) -> Measured {
    let opaque_count_max = attenuation.brightest_count_at(bounds.opaque_attenuation_e3 as f32 / 1_000.0);
    let parcel_count_max = attenuation.brightest_count_at(bounds.parcel_attenuation_e3 as f32 / 1_000.0);
    let dark_count_max = attenuation.air_level() / limits::AIR_TO_DARK_RATIO;
    let tally = tally(image, dark_count_max, opaque_count_max, parcel_count_max);
    let dark_columns: Vec<u32> = (0..image.width)
        .filter(|&column| tally.dark.iter().any(|dark| u32::from(dark[column as usize]) == image.height))
        .collect();
    let sum_lit = |counts: &[u16]| -> u64 {
        let all: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let dark: u64 = dark_columns.iter().map(|&column| u64::from(counts[column as usize])).sum();
        all - dark
    };
    let area_mm2 = |pixels: u64| pixels * u64::from(geometry.pitch_um) * u64::from(geometry.belt_step_um) / 1_000_000;
    let (parcel, opaque) = (sum_lit(&tally.parcel), sum_lit(&tally.opaque));
    let pixels = u64::from(image.width) * u64::from(image.height);
    let energies: u8 = if image.is_dual() { 2 } else { 1 };
    let share_e4 = |part: u64, whole: u64| (part * 10_000).checked_div(whole).unwrap_or(0) as u32;
    let headroom = has_headroom(attenuation.air_level(), image.full_scale);
    let mut quality = Quality {
        width: image.width,
        height: image.height,
        bits: image.bits,
        energies,
        source: image.source,
        parcel_area_mm2: area_mm2(parcel),
        opaque_area_mm2: area_mm2(opaque),
        opaque_share_e4: share_e4(opaque, parcel),
        saturated_share_e4: if headroom { share_e4(tally.saturated, pixels * u64::from(energies)) } else { 0 },
        dark_columns: dark_columns.len() as u32,
        dark_lines: tally.dark_lines,
        cut_mm: cut_mm(image, geometry, parcel_count_max, &dark_columns),
        energies_swapped: are_swapped(image, tally.light),
        score_e4: 0,
    };
    let covers = |counts: &[u16]| counts.iter().all(|&count| u32::from(count) == image.height);
    let fault =
        if covers(&tally.opaque) { Some(Fault::NoLight) } else { fault_of(&quality, covers(&tally.parcel), bounds) };
    if fault.is_none() {
        quality.score_e4 = score_e4(&quality);
    }
    Measured { quality, fault, dark_columns, opaque_count_max }
}

/// Whether the low energy got through better than the high one, by more than grain can feign in a parcel that hardly
/// attenuates either, or both are the same picture.
fn are_swapped(image: &Image, [low_light, high_light]: [u64; 2]) -> bool {
    let more = high_light + high_light / 10_000 * u64::from(limits::SWAPPED_LIGHT_E4_MIN);
    match &image.planes {
        Planes::Single(_) => false,
        Planes::Dual { low, high } => low_light > more || low == high,
    }
}

/// Whether full scale can be told from bright air: as far apart, in proportion, as 16 bits must have them.
fn has_headroom(air_level: u16, full_scale: u16) -> bool {
    let most = u32::from(limits::AIR_LEVEL_WITH_HEADROOM_MAX) * u32::from(full_scale);
    u32::from(air_level) * u32::from(u16::MAX) <= most
}

fn tally(image: &Image, dark_count_max: u16, opaque_count_max: u16, parcel_count_max: u16) -> Tally {
    let width = image.width as usize;
    let column = || vec![0u16; width];
    let mut tally = Tally {
        dark: [column(), column()],
        opaque: column(),
        parcel: column(),
        dark_lines: 0,
        saturated: 0,
        light: [0; 2],
    };
    let (low, high) = match &image.planes {
        Planes::Single(only) => (None, only),
        Planes::Dual { low, high } => (Some(low), high),
    };
    let bounds = (dark_count_max, image.full_scale);
    for (line, counts) in high.chunks_exact(width).enumerate() {
        for ((opaque, parcel), &count) in tally.opaque.iter_mut().zip(&mut tally.parcel).zip(counts) {
            *opaque += u16::from(count <= opaque_count_max);
            *parcel += u16::from(count <= parcel_count_max);
        }
        let mut dark = dark_in(counts, bounds, &mut tally.dark[1], &mut tally.saturated);
        if let Some(low) = low {
            let low_counts = &low[line * width..(line + 1) * width];
            dark |= dark_in(low_counts, bounds, &mut tally.dark[0], &mut tally.saturated);
            // A line's sum fits 32 bits: its width is bounded.
            let mut light = [0u32; 2];
            for (&low, &high) in low_counts.iter().zip(counts) {
                let inside = u32::from(high <= parcel_count_max);
                light[0] += inside * u32::from(low);
                light[1] += inside * u32::from(high);
            }
            tally.light[0] += u64::from(light[0]);
            tally.light[1] += u64::from(light[1]);
        }
        tally.dark_lines += u32::from(dark);
    }
    tally
}

/// Counts dark and saturated samples of one line (at or below the first bound, at or above the second); whether all of it is
/// dark.
fn dark_in(counts: &[u16], bounds: (u16, u16), dark: &mut [u16], saturated: &mut u64) -> bool {
    let (dark_count_max, full_scale) = bounds;
    let mut dark_here = 0u16;
    let mut saturated_here = 0u16;
    for (column, &count) in dark.iter_mut().zip(counts) {
        let is_dark = u16::from(count <= dark_count_max);
        *column += is_dark;
        dark_here += is_dark;
        saturated_here += u16::from(count >= full_scale);
    }
    *saturated += u64::from(saturated_here);
    usize::from(dark_here) == counts.len()
}

/// The longest run of parcel along any edge, in millimetres.
fn cut_mm(image: &Image, geometry: &Geometry, parcel_count_max: u16, dark_columns: &[u32]) -> u32 {
    let (width, height) = (image.width as usize, image.height as usize);
    let plane = image.penetrating();
    let inside = |column: usize, line: usize| {
        plane[line * width + column] <= parcel_count_max && !dark_columns.contains(&(column as u32))
    };
    let across = [0, height - 1].map(|line| longest_run((0..width).map(|column| inside(column, line))));
    let along = [0, width - 1].map(|column| longest_run((0..height).map(|line| inside(column, line))));
    let run_um = (across[0].max(across[1]) * u64::from(geometry.pitch_um))
        .max(along[0].max(along[1]) * u64::from(geometry.belt_step_um));
    u32::try_from(run_um / 1_000).unwrap_or(u32::MAX)
}

fn longest_run(cells: impl Iterator<Item = bool>) -> u64 {
    let (mut run, mut longest) = (0, 0);
    for cell in cells {
        run = if cell { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn fault_of(quality: &Quality, no_air: bool, bounds: &PixelLimits) -> Option<Fault> {
    if quality.width > bounds.width_px_max || quality.height > bounds.height_px_max {
        Some(Fault::Size)
    } else if quality.source != Source::Counts {
        // What is measured below is measured in counts.
        Some(Fault::NoCounts(quality.source))
    } else if no_air {
        Some(Fault::NoAir)
    } else if quality.dark_columns > limits::DARK_COLUMNS_MAX {
        Some(Fault::DarkColumns(quality.dark_columns))
    } else if quality.dark_lines > limits::DARK_LINES_MAX {
        Some(Fault::DarkLines(quality.dark_lines))
    } else if quality.saturated_share_e4 > limits::SATURATED_SHARE_E4_MAX {
        Some(Fault::OverExposed)
    } else if quality.parcel_area_mm2 < bounds.parcel_area_mm2_min {
        Some(Fault::Empty)
    } else if quality.energies_swapped {
        Some(Fault::EnergiesSwapped)
    } else if u64::from(quality.cut_mm) >= limits::CUT_RUN_MM_MIN {
        Some(Fault::Cut { millimetres: quality.cut_mm })
    } else {
        None
    }
}

fn score_e4(quality: &Quality) -> u16 {
    const COARSE: u32 = 2_000;
    const PER_DARK_COLUMN: u32 = 1_000;
    let coarse = if quality.bits <= 8 { COARSE } else { 0 };
    let less =
        quality.opaque_share_e4 + 10 * quality.saturated_share_e4 + PER_DARK_COLUMN * quality.dark_columns + coarse;
    10_000u32.saturating_sub(less) as u16
}

#[cfg(test)]
mod tests;

//! `attenuation-area-v1`: counts to log-attenuation, area-averaged onto the model's square input.
//!
//! Averages attenuation and not counts, as the training does: the mean of the logarithm is what a thin object adds to.

use crate::catalog::Input;
use crate::detections::Canvas;
use crate::formats::{Geometry, Image, Planes};

/// `ln(air ÷ count)` for every count, clamped to `[0, maximum]`.
#[derive(Clone, Debug)]
pub struct Attenuation {
    air_level: u16,
    values: Box<[f32; COUNTS]>,
}

/// One for each 16-bit count: an array of this length needs no check for any count.
const COUNTS: usize = 1 << 16;

impl Attenuation {
    pub fn new(air_level: u16, maximum: f32) -> Self {
        let air = f64::from(air_level);
        let mut values = Box::new([0.0; COUNTS]);
        for (count, value) in values.iter_mut().enumerate() {
            *value = ((air / count.max(1) as f64).ln() as f32).clamp(0.0, maximum);
        }
        Self { air_level, values }
    }

    pub fn air_level(&self) -> u16 {
        self.air_level
    }

    pub fn of(&self, count: u16) -> f32 {
        self.values[usize::from(count)]
    }

    /// The brightest count that still attenuates by `attenuation` or more; 0 when none does.
    pub fn brightest_count_at(&self, attenuation: f32) -> u16 {
        self.values.partition_point(|&value| value >= attenuation).saturating_sub(1) as u16
    }
}

/// Where the picture lies on the input. The values themselves are in the caller's tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub canvas: Canvas,
    /// Side of one input pixel in micrometres.
    pub pixel_um: f64,
}

/// Overlap of one input pixel with source pixels `first..=last`: weight 1 except at the two ends.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    last: usize,
    first_weight: f32,
    last_weight: f32,
}

/// Fills `tensor` (`2 × height × width` of `input`, channel after channel) with the picture, `dark_columns` bridged from
/// their neighbours. A picture of one energy leaves the second channel 0.
///
/// `tensor` must have the input's length: it is the caller's own buffer.
pub fn place(
    image: &Image,
    geometry: &Geometry,
    input: &Input,
    attenuation: &Attenuation,
    dark_columns: &[u32],
    tensor: &mut [f32],
) -> Placed {
    let (pitch, step) = (f64::from(geometry.pitch_um), f64::from(geometry.belt_step_um));
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    let pixel_um = f64::from(input.resolution_um_min)
        .max((width * pitch / f64::from(input.width)).max(height * step / f64::from(input.height)));
    let (columns_per_pixel, lines_per_pixel) = (pixel_um / pitch, pixel_um / step);
    let columns = spans(input.width as usize, columns_per_pixel, image.width as usize);
    let lines = spans(input.height as usize, lines_per_pixel, image.height as usize);
    tensor.fill(0.0);
    let (first_channel, second_channel) = tensor.split_at_mut(input.width as usize * input.height as usize);
    let source_width = image.width as usize;
    let (high, low) = match &image.planes {
        Planes::Single(only) => (only, None),
        Planes::Dual { low, high } => (high, Some(low)),
    };
    let channels = [(high, &mut *first_channel)].into_iter().chain(low.map(|low| (low, &mut *second_channel)));
    let mut row = vec![0.0f32; source_width];
    let mut sums = vec![0.0f32; lines.len() * source_width];
    for (plane, channel) in channels {
        sums.fill(0.0);
        for (line, counts) in plane.chunks_exact(source_width).enumerate() {
            for (value, &count) in row.iter_mut().zip(counts) {
                *value = attenuation.of(count);
            }
            bridge(&mut row, dark_columns);
            spread(&row, line, lines_per_pixel, &lines, &mut sums);
        }
        for (sum, target) in sums.chunks_exact(source_width).zip(channel.chunks_exact_mut(input.width as usize)) {
            average(sum, &columns, target);
        }
    }
    finish(first_channel, second_channel, low.is_some(), columns_per_pixel * lines_per_pixel, input);
    let canvas = Canvas {
        used_width: width / columns_per_pixel,
        used_height: height / lines_per_pixel,
        columns_per_pixel,
        lines_per_pixel,
        width: image.width,
        height: image.height,
    };
    Placed { canvas, pixel_um }
}

/// One span for each input pixel that overlaps the source at all.
fn spans(outputs: usize, ratio: f64, sources: usize) -> Vec<Span> {
    let mut spans = Vec::with_capacity(outputs);
    for output in 0..outputs {
        let (start, end) = (output as f64 * ratio, ((output + 1) as f64 * ratio).min(sources as f64));
        if start >= end {
            break;
        }
        let first = start.floor() as usize;
        let last = ((end.ceil() as usize).max(first + 1) - 1).min(sources - 1);
        let (first_weight, last_weight) =
            if first == last { (end - start, 0.0) } else { ((first + 1) as f64 - start, end - last as f64) };
        spans.push(Span { first, last, first_weight: first_weight as f32, last_weight: last_weight as f32 });
    }
    spans
}

/// Puts the mean of the nearest lit neighbours where a diode is dead.
fn bridge(row: &mut [f32], dark_columns: &[u32]) {
    for &dark in dark_columns {
        let dark = dark as usize;
        let lit = |column: &usize| !dark_columns.contains(&(*column as u32));
        let before = (0..dark).rev().find(lit).map(|column| row[column]);
        let after = (dark + 1..row.len()).find(lit).map(|column| row[column]);
        row[dark] = match (before, after) {
            (Some(before), Some(after)) => (before + after) / 2.0,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => row[dark],
        };
    }
}

fn average(row: &[f32], spans: &[Span], narrow: &mut [f32]) {
    for (value, span) in narrow.iter_mut().zip(spans) {
        let ends = row[span.first] * span.first_weight + row[span.last] * span.last_weight;
        // Empty where an input pixel is about as wide as a source pixel, which is the usual case.
        let between = if span.last > span.first + 1 { row[span.first + 1..span.last].iter().sum() } else { 0.0 };
        *value = ends + between;
    }
}

/// Adds one source line to the sum of every input line that it overlaps.
fn spread(row: &[f32], line: usize, ratio: f64, spans: &[Span], sums: &mut [f32]) {
    let nearest = ((line as f64 / ratio) as usize).saturating_sub(1);
    for (index, span) in spans.iter().enumerate().skip(nearest) {
        if span.first > line {
            break;
        }
        if span.last < line {
            continue;
        }
        let weight = if line == span.first {
            span.first_weight
        } else if line == span.last {
            span.last_weight
        } else {
            1.0
        };
        let target = &mut sums[index * row.len()..(index + 1) * row.len()];
        for (value, add) in target.iter_mut().zip(row) {
            *value += weight * add;
        }
    }
}

/// Sums to means, then channel 0 = high, channel 1 = low − high, each with its scale.
fn finish(first: &mut [f32], second: &mut [f32], dual: bool, area: f64, input: &Input) {
    let mean = (1.0 / area) as f32;
    let scale = input.scale_e3.map(|scale| scale as f32 / 1_000.0);
    for (high, low) in first.iter_mut().zip(second) {
        let high_mean = *high * mean;
        *high = high_mean * scale[0];
        *low = if dual { (*low * mean - high_mean) * scale[1] } else { 0.0 };
    }
}

#[cfg(test)]
mod tests;

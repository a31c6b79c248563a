//! `centre-peaks-v1`: one score map per class, four distances per cell, stride apart.
//!
//! A cell is a detection when its score reaches the class's threshold and no neighbour's is higher; of equal neighbours the
//! first in reading order wins. Its box reaches the four distances out from the cell's centre. Overlaps within a class are
//! removed best first.

use super::{Class, Detection, sort};
use crate::catalog::Manifest;
use crate::limits;
use std::fmt;

/// A detector's outputs, as slices of one run.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    pub columns: usize,
    pub rows: usize,
    /// Logits, `classes × rows × columns`.
    pub heatmap: &'a [f32],
    /// Left, top, right, bottom in input pixels, `4 × rows × columns`.
    pub distances: &'a [f32],
}

/// How the picture lies on the model's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Input pixels that hold picture, from the top left.
    pub used_width: f64,
    pub used_height: f64,
    /// Picture pixels per input pixel.
    pub columns_per_pixel: f64,
    pub lines_per_pixel: f64,
    /// The picture's size, in its own pixels.
    pub width: u32,
    pub height: u32,
}

/// Outputs that cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputFault {
    /// Not a number, or infinite.
    NotFinite {
        output: &'static str,
    },
    Shape {
        output: String,
        expected: Vec<usize>,
        found: Vec<i64>,
    },
    Missing {
        output: String,
    },
}

impl fmt::Display for OutputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { output } => write!(f, "the model's {output} hold something that is no number"),
            Self::Shape { output, expected, found } => {
                write!(f, "the model's output {output} has shape {found:?} and not {expected:?}")
            }
            Self::Missing { output } => write!(f, "the model has no output {output}"),
        }
    }
}

struct Peak {
    logit: f32,
    row: usize,
    column: usize,
    score_e4: u16,
    /// Left, top, right, bottom in input pixels.
    bounds: [f64; 4],
}

/// Everything at or above its class's threshold, in the order of [`sort`].
pub fn decode(grid: &Grid<'_>, canvas: &Canvas, manifest: &Manifest) -> Result<Vec<Detection>, OutputFault> {
    for (output, values) in [("scores", grid.heatmap), ("distances", grid.distances)] {
        if !values.iter().all(|value| value.is_finite()) {
            return Err(OutputFault::NotFinite { output });
        }
    }
    let cells = grid.rows * grid.columns;
    let mut detections = Vec::new();
    for (&class, scores) in manifest.classes.iter().zip(grid.heatmap.chunks_exact(cells)) {
        let peaks = peaks_of(scores, grid, canvas, manifest, manifest.threshold_e4(class));
        detections.extend(without_overlaps(peaks, manifest).iter().map(|peak| in_picture(class, peak, canvas)));
    }
    sort(&mut detections);
    detections.truncate(manifest.decoding.detections_max);
    Ok(detections)
}

fn peaks_of(scores: &[f32], grid: &Grid<'_>, canvas: &Canvas, manifest: &Manifest, threshold_e4: u16) -> Vec<Peak> {
    // A little below the threshold's logit: the exact comparison, on the integer score, is only made for these.
    let share = (f64::from(threshold_e4) / 10_000.0).clamp(1e-5, 1.0 - 1e-5);
    let logit_min = ((share / (1.0 - share)).ln() - 1e-3) as f32;
    let mut peaks = Vec::new();
    for row in 0..grid.rows {
        for column in 0..grid.columns {
            let logit = scores[row * grid.columns + column];
            if logit < logit_min || !is_peak(scores, grid, row, column) {
                continue;
            }
            let score_e4 = score_e4(logit);
            if score_e4 >= threshold_e4 {
                let bounds = bounds_of(grid, canvas, f64::from(manifest.output.stride), row, column);
                // What lies wholly in the empty canvas beside the picture is nothing of the parcel.
                if bounds[0] < bounds[2] && bounds[1] < bounds[3] {
                    peaks.push(Peak { logit, row, column, score_e4, bounds });
                }
            }
        }
    }
    peaks.sort_by(|a, b| b.logit.total_cmp(&a.logit).then(a.row.cmp(&b.row)).then(a.column.cmp(&b.column)));
    peaks.truncate(limits::PEAKS_MAX);
    peaks
}

/// The logistic function in 1/10,000, half away from zero.
fn score_e4(logit: f32) -> u16 {
    (10_000.0 / (1.0 + f64::from(-logit).exp())).round() as u16
}

fn is_peak(scores: &[f32], grid: &Grid<'_>, row: usize, column: usize) -> bool {
    let own = scores[row * grid.columns + column];
    for near_row in row.saturating_sub(1)..(row + 2).min(grid.rows) {
        for near_column in column.saturating_sub(1)..(column + 2).min(grid.columns) {
            let other = scores[near_row * grid.columns + near_column];
            let earlier = (near_row, near_column) < (row, column);
            if other > own || (other == own && earlier) {
                return false;
            }
        }
    }
    true
}

fn bounds_of(grid: &Grid<'_>, canvas: &Canvas, stride: f64, row: usize, column: usize) -> [f64; 4] {
    let cells = grid.rows * grid.columns;
    let distance = |side: usize| f64::from(grid.distances[side * cells + row * grid.columns + column].max(0.0));
    let (x, y) = ((column as f64 + 0.5) * stride, (row as f64 + 0.5) * stride);
    let across = |value: f64| value.clamp(0.0, canvas.used_width);
    let along = |value: f64| value.clamp(0.0, canvas.used_height);
    [across(x - distance(0)), along(y - distance(1)), across(x + distance(2)), along(y + distance(3))]
}

fn without_overlaps(peaks: Vec<Peak>, manifest: &Manifest) -> Vec<Peak> {
    let overlap_max = f64::from(manifest.decoding.iou_max_e4) / 10_000.0;
    let mut kept: Vec<Peak> = Vec::new();
    for peak in peaks {
        if kept.len() == manifest.decoding.detections_max {
            break;
        }
        if kept.iter().all(|better| overlap(&better.bounds, &peak.bounds) <= overlap_max) {
            kept.push(peak);
        }
    }
    kept
}

fn overlap(one: &[f64; 4], other: &[f64; 4]) -> f64 {
    let side = |low: f64, high: f64| (high - low).max(0.0);
    let area = |bounds: &[f64; 4]| side(bounds[0], bounds[2]) * side(bounds[1], bounds[3]);
    let shared = side(one[0].max(other[0]), one[2].min(other[2])) * side(one[1].max(other[1]), one[3].min(other[3]));
    let joined = area(one) + area(other) - shared;
    if joined > 0.0 { shared / joined } else { 0.0 }
}

/// Into the picture's own pixels. Never empty: a thing seen at the very edge keeps a pixel.
fn in_picture(class: Class, peak: &Peak, canvas: &Canvas) -> Detection {
    let span = |low: f64, high: f64, scale: f64, size: u32| {
        let first = ((low * scale).floor() as u32).min(size - 1);
        let last = ((high * scale).ceil() as u32).clamp(first + 1, size);
        (first, last)
    };
    let (left, right) = span(peak.bounds[0], peak.bounds[2], canvas.columns_per_pixel, canvas.width);
    let (top, bottom) = span(peak.bounds[1], peak.bounds[3], canvas.lines_per_pixel, canvas.height);
    Detection { class, score_e4: peak.score_e4, bounds: [left, top, right, bottom] }
}

#[cfg(test)]
mod tests;

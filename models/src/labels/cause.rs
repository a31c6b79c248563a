//! Why nothing was read: what is wrong with the place that looks most like a code.
//!
//! Said for people, so it names one cause, the one that helps first: light before focus before size. It is no reading, and
//! nothing is decided on it.

use super::NoReadCause;
use super::decoder::Grey;
use super::strip::Strip;
use super::survey::Survey;

/// How alike slices of bars are that are surely bars.
const ALIKE_MIN: f32 = 0.45;
/// Share of a patch that changes in all directions; print has less.
const FULL_MIN: f32 = 0.62;
/// Grey levels between ink and paper.
const CONTRAST_MIN: f32 = 28.0;
/// Steepest slope over the contrast, a pixel: a sharp edge has half or more.
const STEEP_MIN: f32 = 0.26;
/// Pixels of an average bar or space: Code 128's have 1.8 modules.
const RUN_MIN: f32 = 2.7;
/// Pixels from the picture's edge.
const EDGE: f32 = 10.0;

/// Where a code seems to be.
struct Place {
    /// Left, top, right, bottom in pixels.
    bounds: [f32; 4],
    /// Grey along one line across it.
    line: Vec<f32>,
}

pub(super) fn cause(grey: Grey<'_>, survey: &Survey) -> NoReadCause {
    let Some(place) = place(grey, survey) else { return NoReadCause::NoLabel };
    let mut sorted = place.line.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let (Some(&dark), Some(&bright)) =
        (sorted.get(sorted.len() / 20), sorted.get(sorted.len() - 1 - sorted.len() / 20))
    else {
        return NoReadCause::NoLabel;
    };
    let contrast = bright - dark;
    let [left, top, right, bottom] = place.bounds;
    let outside = left < EDGE || top < EDGE || right > grey.width as f32 - EDGE || bottom > grey.height as f32 - EDGE;
    let slopes = place.line.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let mut steep: Vec<f32> = slopes.collect();
    steep.sort_unstable_by(f32::total_cmp);
    let steepest = steep.get(steep.len() * 97 / 100).copied().unwrap_or(0.0);
    let middle = 0.5 * (dark + bright);
    let edges = place.line.windows(2).filter(|pair| (pair[0] < middle) != (pair[1] < middle)).count();
    let run = place.line.len() as f32 / (edges + 1) as f32;
    if contrast < CONTRAST_MIN {
        NoReadCause::TooDark
    } else if outside {
        NoReadCause::CutOff
    } else if run < RUN_MIN {
        NoReadCause::TooSmall
    } else if steepest < STEEP_MIN * contrast {
        NoReadCause::TooBlurred
    } else {
        NoReadCause::Damaged
    }
}

fn place(grey: Grey<'_>, survey: &Survey) -> Option<Place> {
    let strips = survey.bars.iter().filter_map(|bars| Strip::new(grey, *bars, ALIKE_MIN));
    if let Some(strip) = strips.max_by(|a, b| a.alike.total_cmp(&b.alike)) {
        let corners = strip.code_corners();
        let reach =
            |axis: usize, pick: fn(f32, f32) -> f32| corners.map(|corner| corner[axis]).into_iter().reduce(pick);
        let bounds = [reach(0, f32::min)?, reach(1, f32::min)?, reach(0, f32::max)?, reach(1, f32::max)?];
        return Some(Place { bounds, line: strip.pixels_across() });
    }
    let patch = survey.patches.iter().find(|patch| patch.full >= FULL_MIN)?;
    let [x, y] = patch.middle;
    let row = (y as usize).min(grey.height - 1) * grey.width;
    let (from, to) = ((x - patch.half).max(0.0) as usize, ((x + patch.half) as usize).min(grey.width));
    let line = grey.pixels[row + from.min(to)..row + to].iter().map(|&pixel| f32::from(pixel)).collect();
    Some(Place { bounds: [x - patch.half, y - patch.half, x + patch.half, y + patch.half], line })
}

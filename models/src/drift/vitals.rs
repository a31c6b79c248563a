//! What one picture says of its scanner: light and grain of air, how the energies differ over the parcel, and whether the
//! model found something or could not judge.

use crate::formats::{Image, Planes};
use crate::session::{Assessment, Cause};

/// Of one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vitals {
    /// Low and high energy; nothing where there is no air to measure, or one energy only.
    pub air: Option<[Air; 2]>,
    /// Low over high attenuation of the parcel's lowest quarter.
    pub energies: Option<f64>,
    /// The model found something.
    pub found: bool,
    /// The picture itself could not be judged.
    pub blind: bool,
}

/// Air, as one energy shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Counts.
    pub level: f64,
    /// Standard deviation of neighbours over their mean.
    pub grain: f64,
}

impl Vitals {
    /// The measured signs in their order; nothing where one is missing.
    pub(super) fn levels(&self) -> Option<[f64; super::LEVELS]> {
        let [low, high] = self.air?;
        Some([low.level, high.level, low.grain, high.grain, self.energies?])
    }
}

/// Diodes of one look at air: the margin that a parcel leaves at either side is seldom wider than a dozen.
const WINDOW: usize = 8;
/// Every so manieth line is looked at.
const LINES_APART: usize = 2;
/// What is darker or brighter than air by more than this is none (its own grain is finer, averaged over a window).
const AIR_WITHIN: f64 = 0.01;
/// Pixels that weaken the high energy so much say how the energies differ: thinner is grain, thicker is hardened.
const TELLING: std::ops::Range<f32> = 0.15..1.2;
/// Fewer of them say nothing.
const TELLING_LEAST: usize = 200;

/// Measures one picture; `seen` is what the model said of it.
pub fn vitals(image: &Image, seen: &Assessment) -> Vitals {
    // A missing model is no fault of the scanner's.
    let blind = seen.blind().is_some_and(|blind| matches!(blind.cause, Cause::Shield | Cause::Quality));
    let found = !seen.detections().is_empty();
    let Planes::Dual { low, high } = &image.planes else { return Vitals { air: None, energies: None, found, blind } };
    let width = image.width as usize;
    let air = match (air(low, width), air(high, width)) {
        (Some(low), Some(high)) => Some([low, high]),
        _ => None,
    };
    let energies = air.and_then(|air| energies(low, high, [air[0].level, air[1].level]));
    Vitals { air, energies, found, blind }
}

/// Level and grain of air: the middle one of all lines' brightest windows, and how counts differ within those like it.
fn air(plane: &[u16], width: usize) -> Option<Air> {
    let windows: Vec<(f64, &[u16])> = plane.chunks_exact(width).step_by(LINES_APART).filter_map(brightest).collect();
    let mut means: Vec<f64> = windows.iter().map(|(mean, _)| *mean).collect();
    if means.is_empty() {
        return None;
    }
    let middle = means.len() / 2;
    let level = *means.select_nth_unstable_by(middle, f64::total_cmp).1;
    let like = windows.iter().filter(|(mean, _)| (mean - level).abs() <= AIR_WITHIN * level);
    // Second differences: a slope across the window is no grain. Of independent numbers they have six times the variance.
    let bends = like
        .flat_map(|(_, window)| window.windows(3))
        .map(|three| (f64::from(three[0]) - 2.0 * f64::from(three[1]) + f64::from(three[2])).powi(2));
    let (sum, count) = bends.fold((0.0, 0u32), |(sum, count), square| (sum + square, count + 1));
    let grain = (sum / (6.0 * f64::from(count.max(1)))).sqrt() / level.max(1.0);
    (level > 0.0 && grain > 0.0).then_some(Air { level, grain })
}

/// A line's brightest window and its mean.
fn brightest(line: &[u16]) -> Option<(f64, &[u16])> {
    let sum = |window: &[u16]| window.iter().map(|&count| u32::from(count)).sum::<u32>();
    let window = line.windows(WINDOW).step_by(WINDOW / 2).max_by_key(|window| sum(window))?;
    Some((f64::from(sum(window)) / WINDOW as f64, window))
}

/// Low over high attenuation where it is least: the lowest quarter of what tells. Wrapping and organic goods are in every
/// parcel; metals only raise what is above.
fn energies(low: &[u16], high: &[u16], air: [f64; 2]) -> Option<f64> {
    let air = air.map(|level| level as f32);
    let pixels = low.iter().zip(high).step_by(LINES_APART * 2 + 1);
    let attenuations = pixels
        .map(|(&low, &high)| [(air[0], low), (air[1], high)].map(|(air, count)| (air / f32::from(count.max(1))).ln()));
    let mut ratios: Vec<f32> =
        attenuations.filter(|[_, high]| TELLING.contains(high)).map(|[low, high]| low / high).collect();
    if ratios.len() < TELLING_LEAST {
        return None;
    }
    let quarter = ratios.len() / 4;
    Some(f64::from(*ratios.select_nth_unstable_by(quarter, f32::total_cmp).1))
}

//! The tries after the plain look, in their order: bars first, for they cost least and gain most, then patches, then the
//! whole picture.
//!
//! The order is fixed and each try is bounded; none begins after the budget's end. It decides which restoration meets
//! which place; what is believed of it is decided where it is found.

use super::decoder::{Decoded, Grey, Pass, Threshold, decode, is_linear};
use super::fit::fit;
use super::plane::{Plane, Smear};
use super::strip::{EDGES, Strip, black_and_white, refocused};
use super::survey::{Patch, Survey, reduce};
use super::values::said;
use gatepost_hardware::symbology::Symbology;
use std::time::Duration;

/// What is left to spend.
pub(super) struct Budget<'a> {
    /// Since the picture came.
    now: &'a dyn Fn() -> Duration,
    time: Duration,
    tries_max: u32,
    pub(super) tries: u32,
    pub(super) out_of_time: bool,
}

impl<'a> Budget<'a> {
    pub(super) fn new(now: &'a dyn Fn() -> Duration, time: Duration, tries_max: u32) -> Self {
        Self { now, time, tries_max, tries: 0, out_of_time: false }
    }

    /// Whether one more try may begin.
    fn take(&mut self) -> bool {
        let may = self.in_time() && self.tries < self.tries_max;
        self.tries += u32::from(may);
        may
    }

    /// Whether a try that has begun may go on.
    fn in_time(&mut self) -> bool {
        self.out_of_time |= (self.now)() >= self.time;
        !self.out_of_time
    }
}

/// Standard deviations (pixels of the picture) of blur that are undone in bars, in order; none first.
const BAR_BLURS: [f32; 3] = [0.0, 1.2, 2.0];
/// Parts of a bar code's height of which two must agree.
const BAR_PARTS: [usize; 2] = [4, 2];

/// How alike the slices of an oblong must be to be straightened at all: less is print.
const ALIKE_MIN: f32 = 0.25;

/// Every code of the strip that two bands agree on.
fn read_bands(strip: &Strip, blurs: &[f32], linear: &[Symbology], budget: &mut Budget<'_>) -> Vec<Decoded> {
    for &blur in blurs {
        for parts in BAR_PARTS {
            if !budget.in_time() {
                return Vec::new();
            }
            let found = look_at(strip, blur, parts, linear);
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// Code 128 as the nearest whole symbol, of which each half of the height bears witness.
fn fitted(strip: &Strip) -> Option<Decoded> {
    let profile = strip.parts(1).pop()?;
    let found = fit(&profile, strip.step())?;
    let (bytes, aim) = said(&found.values)?;
    if !found.stands() || !strip.parts(2).iter().all(|half| found.agrees(half)) {
        return None;
    }
    let corners = strip.corners(found.from, found.to).map(|[x, y]| (x, y));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(Decoded { bytes, text, symbology: Symbology::Code128, aim: Some(aim), corners, lines: 1 })
}

fn look_at(strip: &Strip, blur: f32, parts: usize, linear: &[Symbology]) -> Vec<Decoded> {
    let mut rows = Vec::new();
    let mut width = 0;
    for profile in strip.parts(parts) {
        let nearby = (40.0 / strip.step()) as usize;
        let sharp = if blur > 0.0 { refocused(&profile, blur / strip.step(), 12) } else { profile };
        let row = black_and_white(&sharp, nearby);
        width = row.len();
        rows.extend(row);
    }
    let pass = Pass { threshold: Threshold::Middle, lines_min: 2, ..Pass::SINGLE };
    let mut found = decode(Grey { width, height: parts, pixels: &rows }, linear, pass);
    for code in &mut found {
        let corners = strip.corners(code.corners[0].0 / EDGES as f32, code.corners[1].0 / EDGES as f32);
        code.corners = corners.map(|[x, y]| (x, y));
    }
    found
}

/// Factors by which the whole picture is made smaller: grain goes, and so do codes too large for the decoder's eye.
const REDUCED: [usize; 2] = [2, 3];

fn read_reduced(grey: Grey<'_>, symbologies: &[Symbology], budget: &mut Budget<'_>) -> Vec<Decoded> {
    for by in REDUCED {
        if !budget.take() {
            break;
        }
        let (width, height, pixels) = reduce(grey, by);
        let pass = Pass { rotate: true, lines_min: 4, ..Pass::SINGLE };
        let mut found = decode(Grey { width, height, pixels: &pixels }, symbologies, pass);
        if !found.is_empty() {
            let scale = by as f32;
            for code in &mut found {
                code.corners = code.corners.map(|(x, y)| ((x + 0.5) * scale, (y + 0.5) * scale));
            }
            return found;
        }
    }
    Vec::new()
}

/// What is done to a patch before it is looked at.
#[derive(Clone, Copy, Debug)]
enum Treatment {
    /// Its own contrast, twice the size.
    Doubled,
    /// Grain smoothed.
    Smoothed(f32),
    /// A lens's blur undone.
    Refocused(f32),
    /// A motion undone, by its length and direction in degrees.
    Unsmeared(f32, f32),
}

const TREATMENTS: [Treatment; 12] = [
    Treatment::Doubled,
    Treatment::Smoothed(1.0),
    Treatment::Refocused(1.6),
    Treatment::Refocused(2.4),
    Treatment::Smoothed(1.8),
    Treatment::Unsmeared(5.0, 0.0),
    Treatment::Unsmeared(5.0, 90.0),
    Treatment::Unsmeared(5.0, 45.0),
    Treatment::Unsmeared(5.0, 135.0),
    Treatment::Refocused(3.2),
    Treatment::Unsmeared(8.0, 0.0),
    Treatment::Unsmeared(8.0, 90.0),
];

/// The first codes that a treatment of a patch shows.
pub(super) fn read_patches(
    grey: Grey<'_>,
    patches: &[Patch],
    matrix: &[Symbology],
    budget: &mut Budget<'_>,
) -> Vec<Decoded> {
    if matrix.is_empty() {
        return Vec::new();
    }
    for treatment in TREATMENTS {
        for patch in patches {
            if !budget.take() {
                return Vec::new();
            }
            let found = look_into(grey, patch, treatment, matrix, budget);
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// Side of a patch (pixels) beyond which it is not enlarged.
const DOUBLED_SIDE_MAX: usize = 420;
/// Side beyond which it is made smaller first: what a survey at full size finds at most, with its margin. A restoration
/// costs by the pixel, and the modules of a larger patch are larger too.
const PATCH_SIDE_MAX: usize = 560;

/// A patch with some of what is around it, by how much it was made smaller, and where its corner is in the picture.
fn cut_out(grey: Grey<'_>, patch: &Patch) -> (Plane, usize, [f32; 2]) {
    let (cut, corner) = Plane::cut(grey, patch.middle, patch.half * 1.3 + 12.0);
    let by = cut.width.max(cut.height).div_ceil(PATCH_SIDE_MAX).max(1);
    (if by > 1 { cut.reduced(by) } else { cut }, by, corner)
}

fn look_into(
    grey: Grey<'_>,
    patch: &Patch,
    treatment: Treatment,
    matrix: &[Symbology],
    budget: &mut Budget<'_>,
) -> Vec<Decoded> {
    const ROUNDS: usize = 10;
    let (cut, by, [left, top]) = cut_out(grey, patch);
    if cut.width < 16 || cut.height < 16 {
        return Vec::new();
    }
    let in_time = &mut || budget.in_time();
    let restored = match treatment {
        Treatment::Doubled => Some(cut),
        Treatment::Smoothed(deviation) => Some(cut.blurred(deviation)),
        Treatment::Refocused(deviation) => cut.refocused(deviation, ROUNDS, in_time),
        Treatment::Unsmeared(length, degrees) => {
            cut.unsmeared(Smear { length, angle: degrees.to_radians() }, ROUNDS, in_time)
        }
    };
    let Some(restored) = restored else { return Vec::new() };
    let twice = restored.width.max(restored.height) <= DOUBLED_SIDE_MAX;
    let plane = if twice { restored.doubled() } else { restored };
    let scale = by as f32 * if twice { 0.5 } else { 1.0 };
    let pixels = plane.grey();
    let mut found = decode(Grey { width: plane.width, height: plane.height, pixels: &pixels }, matrix, Pass::SINGLE);
    for code in &mut found {
        code.corners = code.corners.map(|(x, y)| (x * scale + left, y * scale + top));
    }
    found
}

/// What was found, each with the number of its try.
type Found = Vec<(u32, Decoded)>;

/// Everything, until something is found or the budget ends.
pub(super) fn retry(grey: Grey<'_>, survey: &Survey, symbologies: &[Symbology], budget: &mut Budget<'_>) -> Found {
    let (linear, matrix): (Vec<Symbology>, Vec<Symbology>) = symbologies.iter().partition(|one| is_linear(**one));
    let mut strips = Vec::new();
    let mut found = Vec::new();
    for bars in survey.bars.iter().filter(|_| !linear.is_empty()) {
        if !budget.take() {
            return found;
        }
        if let Some(strip) = Strip::new(grey, *bars, ALIKE_MIN) {
            numbered(&mut found, budget.tries, read_bands(&strip, &BAR_BLURS, &linear, budget));
            strips.push(strip);
        }
    }
    if found.is_empty() {
        let codes = read_reduced(grey, symbologies, budget);
        numbered(&mut found, budget.tries, codes);
    }
    if linear.contains(&Symbology::Code128) {
        for strip in &strips {
            if found.is_empty() && budget.take() {
                numbered(&mut found, budget.tries, fitted(strip).into_iter().collect());
            }
        }
    }
    if found.is_empty() {
        let codes = read_patches(grey, &survey.patches, &matrix, budget);
        numbered(&mut found, budget.tries, codes);
    }
    found
}

/// Bars beside a code that the plain look read: only what plainly is a bar code, and only straightened. The number on a
/// parcel is in the bars as a rule, and what was read may be an advertisement.
pub(super) fn beside(
    grey: Grey<'_>,
    survey: &Survey,
    symbologies: &[Symbology],
    is_read: &dyn Fn([f32; 2]) -> bool,
    budget: &mut Budget<'_>,
) -> Found {
    const ALIKE_PLAINLY: f32 = 0.7;
    let linear: Vec<Symbology> = symbologies.iter().copied().filter(|one| is_linear(*one)).collect();
    let mut found = Vec::new();
    for bars in survey.bars.iter().filter(|bars| !linear.is_empty() && !is_read(bars.middle)) {
        if !budget.take() {
            break;
        }
        if let Some(strip) = Strip::new(grey, *bars, ALIKE_PLAINLY)
            && !is_read(strip.bars.middle)
        {
            numbered(&mut found, budget.tries, read_bands(&strip, &BAR_BLURS[..1], &linear, budget));
        }
    }
    found
}

fn numbered(found: &mut Found, number: u32, codes: Vec<Decoded>) {
    found.extend(codes.into_iter().map(|code| (number, code)));
}

#[cfg(test)]
mod tests {
    use super::super::survey::survey;
    use super::*;
    use std::cell::Cell;

    /// Checks of this many pixels over a square of this side, in the middle of a picture.
    fn checks(width: usize, square: usize, check: usize) -> Vec<u8> {
        let from = (width - square) / 2;
        let mut dice = crate::random_graph::SplitMix::new(3);
        let dark: Vec<bool> = (0..(square / check + 1).pow(2)).map(|_| dice.next() & 1 == 1).collect();
        let at = |x: usize, y: usize| {
            let inside = (from..from + square).contains(&x) && (from..from + square).contains(&y);
            let module = || (y - from) / check * (square / check + 1) + (x - from) / check;
            if inside && dark[module()] { 30 } else { 220 }
        };
        (0..width * width).map(|place| at(place % width, place / width)).collect()
    }

    #[test]
    fn a_large_patch_is_made_small_before_it_is_restored() {
        let pixels = checks(4_096, 1_100, 24);
        let grey = Grey { width: 4_096, height: 4_096, pixels: &pixels };
        let survey = survey(grey);
        let largest = survey.patches.iter().max_by(|a, b| a.half.total_cmp(&b.half)).expect("a patch");
        assert!(largest.half > 400.0, "{largest:?}");
        let (cut, by, corner) = cut_out(grey, largest);
        assert!(cut.width.max(cut.height) <= PATCH_SIDE_MAX && by > 1, "{} × {} by {by}", cut.width, cut.height);
        // The middle stays in the middle.
        let middle = corner[0] + (cut.width * by) as f32 * 0.5;
        assert!((middle - largest.middle[0]).abs() < 8.0, "{middle} for {largest:?}");
    }

    #[test]
    fn a_restoration_that_has_begun_ends_with_the_budget() {
        let pixels = checks(400, 200, 5);
        let grey = Grey { width: 400, height: 400, pixels: &pixels };
        let patch = Patch { middle: [200.0, 200.0], half: 100.0, full: 1.0 };
        // A clock that goes on by a millisecond whenever it is looked at.
        let looks = Cell::new(0);
        let now = || {
            looks.set(looks.get() + 1);
            Duration::from_millis(looks.get())
        };
        let mut budget = Budget::new(&now, Duration::from_millis(4), 64);
        look_into(grey, &patch, Treatment::Refocused(3.2), &[Symbology::Qr], &mut budget);
        assert_eq!((looks.get(), budget.out_of_time), (4, true), "three of ten rounds");
    }
}

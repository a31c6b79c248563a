//! One try at one place: is it plausible, what would the scanner read, and would anything show that it was projected.
//!
//! Stands alone because every rule of what looks real is here, each with its figure. What it refuses it names; it
//! repairs nothing.

use super::basis::{Areal, Basis};
use super::ground::Ground;
use super::layer::Layer;
use super::library::Library;
use super::refused::Unreal;
use crate::random_graph::SplitMix;
use serde::{Deserialize, Serialize};

/// Of the item's pixels, so many (1/10,000) must lie inside the parcel.
const INSIDE_E4_MIN: u32 = 9_800;
/// High-energy attenuation from which on nothing can be said of a pixel; the model's own limit, and the palette's
/// black.
const OPAQUE_ATTENUATION: f32 = 5.0;
/// Of the item's body, so much (1/10,000) may lie where nothing shines through, and so much may become so.
const ONTO_OPAQUE_E4_MAX: u32 = 200;
const BECOMES_OPAQUE_E4_MAX: u32 = 4_000;
/// What may lie there already, as a mean, mg/cm²: 32 cm of goods, the highest parcel that a machine sorts, packed at
/// two thirds of water's density.
const UNDER_MG_CM2_MAX: u32 = 20_000;
/// The body is where the item takes this much of the high energy.
const BODY_ATTENUATION: f32 = 0.02;
/// Least pixels of a body, and how many times the grain it must stand out on the mean pixel (1/1,000).
const BODY_PIXELS_MIN: u32 = 30;
const CONTRAST_E3_MIN: u32 = 3_000;
/// Most light (1/100,000) that may be missing on the outermost line of the changed pixels' box.
const FRAME_E5_MAX: u32 = 100;
/// Of the body's missing light, the most (1/10,000) that may be missing on pixels whose neighbour is untouched.
const RIM_E4_MAX: u32 = 5_000;

/// What was measured of a projection, in whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Realism {
    /// Part of the item's pixels inside the parcel, in 1/10,000.
    pub inside_e4: u32,
    /// Part of its body that was opaque before, and that is now, in 1/10,000.
    pub opaque_before_e4: u32,
    pub opaque_after_e4: u32,
    /// Mean areal density of what lies there already.
    pub under_mg_cm2: u32,
    /// How far the mean pixel of its body stands out, in 1/1,000 of the grain there.
    pub contrast_e3: u32,
    /// Light missing on the outermost line around it, in 1/100,000.
    pub frame_e5: u32,
    /// Light missing on its outermost pixels ÷ on its body, in 1/10,000.
    pub rim_e4: u32,
    /// Pixels changed where the item is not: 0.
    pub strays: u32,
    /// Variance that was drawn ÷ that the light asks for, in 1/1,000.
    pub grain_e3: u32,
    /// The picture's own ÷ that of the library's scanner.
    pub scanner_grain_e3: u32,
}

/// What an attempt that looks real changes.
pub(super) struct Drawn {
    /// Left, top, right, bottom of the changed pixels; right and bottom exclusive.
    pub(super) bounds: [u32; 4],
    /// Pixels by their index in the planes, with both counts.
    pub(super) changed: Vec<(usize, [u16; 2])>,
    pub(super) realism: Realism,
}

/// Shares of light (0 to 1) that the item lets through, of both energies, on a layer's pixels.
struct Shares {
    /// As it lies there.
    sharp: Vec<[f32; 2]>,
    /// As the scanner's crosstalk and motion smear it; `None` where the item changes nothing.
    smeared: Vec<Option<[f32; 2]>>,
}

/// Lays the layer on the ground. The error is the first rule that it breaks.
pub(super) fn attempt(
    ground: &Ground<'_>,
    library: &Library,
    layer: Layer,
    random: &mut SplitMix,
) -> Result<Drawn, Unreal> {
    let mut realism = Realism { scanner_grain_e3: ground.grain_e3, ..Realism::default() };
    realism.inside_e4 = inside_e4(ground, &layer);
    if realism.inside_e4 < INSIDE_E4_MIN {
        return Err(Unreal::Outside);
    }
    let sharp = weigh(ground, library, &layer, &mut realism)?;
    let smeared = smear(ground, library, &layer, &sharp);
    let shares = Shares { sharp, smeared };
    contrast(ground, &layer, &shares, &mut realism)?;
    edges(&layer, &shares, &mut realism)?;
    draw(ground, &layer, &shares, realism, random)
}

fn e4(part: u32, whole: u32) -> u32 {
    (u64::from(part) * 10_000).checked_div(u64::from(whole)).unwrap_or(0) as u32
}

/// A layer's pixels: index in the layer, column and line of the picture.
fn pixels(layer: &Layer) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
    let [left, top, right, bottom] = layer.bounds;
    (top..bottom)
        .flat_map(move |line| (left..right).map(move |column| (column, line)))
        .enumerate()
        .map(|(index, (column, line))| (index, column, line))
}

fn inside_e4(ground: &Ground<'_>, layer: &Layer) -> u32 {
    let there = pixels(layer).filter(|&(index, ..)| layer.areal[index].is_some());
    let inside = there.filter(|&(_, column, line)| ground.is_inside(column, line)).count();
    e4(inside as u32, layer.pixels as u32)
}

/// What the item lets through of what comes through without it, and whether so much may lie there.
fn weigh(
    ground: &Ground<'_>,
    library: &Library,
    layer: &Layer,
    realism: &mut Realism,
) -> Result<Vec<[f32; 2]>, Unreal> {
    let mut shares = vec![[1.0; 2]; layer.areal.len()];
    let (mut body, mut before, mut after, mut under) = (0u32, 0u32, 0u32, 0.0f64);
    for (index, column, line) in pixels(layer) {
        let Some(item) = layer.areal[index].filter(|_| !ground.is_dead(column)) else { continue };
        let dark = ground.attenuation(line * ground.width + column);
        let goods = library.basis.areal(dark);
        shares[index] = through(&library.basis, goods, item);
        let added = -shares[index][1].max(f32::MIN_POSITIVE).ln();
        if added >= BODY_ATTENUATION {
            body += 1;
            before += u32::from(dark[1] >= OPAQUE_ATTENUATION);
            after += u32::from(dark[1] + added >= OPAQUE_ATTENUATION);
            under += f64::from(goods.sum().max(0.0));
        }
    }
    if body < BODY_PIXELS_MIN {
        return Err(Unreal::Unseen);
    }
    realism.opaque_before_e4 = e4(before, body);
    realism.opaque_after_e4 = e4(after, body);
    realism.under_mg_cm2 = (under * 1_000.0 / f64::from(body)).round() as u32;
    if realism.opaque_before_e4 > ONTO_OPAQUE_E4_MAX {
        Err(Unreal::OntoOpaque)
    } else if realism.opaque_after_e4 > BECOMES_OPAQUE_E4_MAX {
        Err(Unreal::BecomesOpaque)
    } else if realism.under_mg_cm2 > UNDER_MG_CM2_MAX {
        Err(Unreal::TooThick)
    } else {
        Ok(shares)
    }
}

/// Shares of both energies that come through an item when goods are there already.
fn through(basis: &Basis, goods: Areal, item: Areal) -> [f32; 2] {
    let (bare, covered) = (basis.attenuation(goods), basis.attenuation(goods.plus(item)));
    [0, 1].map(|energy| (bare[energy] - covered[energy]).min(0.0).exp())
}

/// Smears light, not shares: each tap weighs as much light as comes through there.
fn smear(ground: &Ground<'_>, library: &Library, layer: &Layer, sharp: &[[f32; 2]]) -> Vec<Option<[f32; 2]>> {
    let part = |e3: u32| e3 as f32 / 1_000.0;
    let (crosstalk, motion) = (part(library.scanner.crosstalk_e3), part(library.scanner.motion_e3));
    let across = [(-1, crosstalk), (0, 1.0 - 2.0 * crosstalk), (1, crosstalk)];
    let along = [(0, 1.0 - motion), (-1, motion)];
    let (width, height) = (layer.width() as isize, layer.height() as isize);
    let planes = [ground.low, ground.high];
    let smeared = pixels(layer).map(|(index, column, line)| {
        let (x, y) = (index as isize % width, index as isize / width);
        let (mut touched, mut light, mut left) = (false, [0.0f32; 2], [0.0f32; 2]);
        for (dy, along) in along {
            for (dx, across) in across {
                let weight = along * across;
                let (near_x, near_y) = ((x + dx).clamp(0, width - 1), (y + dy).clamp(0, height - 1));
                let near = (near_y * width + near_x) as usize;
                let at = (line as isize + near_y - y) as usize * ground.width + (column as isize + near_x - x) as usize;
                touched |= weight > 0.0 && sharp[near] != [1.0; 2];
                for energy in 0..2 {
                    let count = weight * f32::from(planes[energy][at]);
                    light[energy] += count;
                    left[energy] += count * sharp[near][energy];
                }
            }
        }
        let share = |energy: usize| if light[energy] > 0.0 { (left[energy] / light[energy]).min(1.0) } else { 1.0 };
        touched.then(|| [share(0), share(1)])
    });
    smeared.collect()
}

/// Whether anybody could see it.
fn contrast(ground: &Ground<'_>, layer: &Layer, shares: &Shares, realism: &mut Realism) -> Result<(), Unreal> {
    let (mut pixels_in, mut sum) = (0u32, 0.0f64);
    for (index, column, line) in pixels(layer) {
        let (Some(smeared), sharp) = (shares.smeared[index], shares.sharp[index]) else { continue };
        if sharp[1] <= (-BODY_ATTENUATION).exp() {
            let count = f32::from(ground.high[line * ground.width + column]);
            let grain = ground.noise.variance(count * smeared[1]).max(1e-6).sqrt();
            sum += f64::from(count * (1.0 - smeared[1]) / grain);
            pixels_in += 1;
        }
    }
    realism.contrast_e3 = (1_000.0 * sum / f64::from(pixels_in.max(1))).round().min(1e9) as u32;
    if realism.contrast_e3 < CONTRAST_E3_MIN { Err(Unreal::Unseen) } else { Ok(()) }
}

/// It must fade out before its box ends, and on its own outermost pixels.
fn edges(layer: &Layer, shares: &Shares, realism: &mut Realism) -> Result<(), Unreal> {
    let (width, height) = (layer.width(), layer.height());
    let missing = |index: usize| shares.smeared[index].map_or(0.0, |share| 1.0 - share[1].min(share[0]));
    let (mut frame, mut rim, mut body) = (0.0f32, (0.0f64, 0u32), (0.0f64, 0u32));
    for index in 0..width * height {
        if shares.smeared[index].is_none() {
            continue;
        }
        let (x, y) = (index % width, index / width);
        let on_frame = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if on_frame {
            frame = frame.max(missing(index));
        }
        let nears = [index.wrapping_sub(1), index + 1, index.wrapping_sub(width), index + width];
        let on_rim = on_frame || nears.into_iter().any(|near| shares.smeared[near].is_none());
        let tally = if on_rim { &mut rim } else { &mut body };
        *tally = (tally.0 + f64::from(missing(index)), tally.1 + 1);
    }
    let mean = |(sum, count): (f64, u32)| sum / f64::from(count.max(1));
    realism.frame_e5 = (frame * 1e5).round() as u32;
    realism.rim_e4 = (10_000.0 * mean(rim) / mean(body).max(1e-9)).round().min(1e9) as u32;
    let fades = realism.frame_e5 <= FRAME_E5_MAX && realism.rim_e4 <= RIM_E4_MAX;
    if fades { Ok(()) } else { Err(Unreal::EdgeArtefact) }
}

/// Counts with their grain, and a last look at them.
fn draw(
    ground: &Ground<'_>,
    layer: &Layer,
    shares: &Shares,
    mut realism: Realism,
    random: &mut SplitMix,
) -> Result<Drawn, Unreal> {
    let quantum = f32::from(ground.quantum);
    let mut bounds = [u32::MAX, u32::MAX, 0, 0];
    let mut changed = Vec::new();
    let (mut found, mut asked, mut samples) = (0.0f64, 0.0f64, 0u32);
    for (index, column, line) in pixels(layer) {
        let Some(share) = shares.smeared[index] else { continue };
        let at = line * ground.width + column;
        let mut counts = [0; 2];
        for (energy, plane) in [ground.low, ground.high].into_iter().enumerate() {
            let before = f32::from(plane[at]);
            // A diode that saw nothing sees nothing.
            if plane[at] == 0 {
                continue;
            }
            let light = ground.noise.through(before, share[energy], random);
            let count = ((light / quantum).round() * quantum).clamp(0.0, f32::from(ground.full_scale));
            counts[energy] = count as u16;
            let (mean, missing) = (before * share[energy], ground.noise.missing(before, share[energy]));
            if missing > quantum * quantum && mean * mean > 9.0 * missing {
                found += f64::from((count - mean) * (count - mean));
                asked += f64::from(missing + quantum * quantum / 12.0);
                samples += 1;
            }
        }
        // Outside the item nothing may change; it is what officers would learn to look for.
        let untouched = shares.smeared[index].is_none_or(|share| share == [1.0; 2]);
        realism.strays += u32::from(untouched && counts != [ground.low[at], ground.high[at]]);
        let (x, y) = (column as u32, line as u32);
        bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + 1), bounds[3].max(y + 1)];
        changed.push((at, counts));
    }
    realism.grain_e3 = if samples == 0 { 1_000 } else { (1_000.0 * found / asked).round().min(1e9) as u32 };
    // Five times what chance does to a variance of so many samples, and a little.
    let most = 50.0 + 5_000.0 * (2.0 / f64::from(samples.max(1))).sqrt();
    if f64::from(realism.grain_e3.abs_diff(1_000)) > most {
        Err(Unreal::Grain)
    } else if realism.strays > 0 {
        Err(Unreal::EdgeArtefact)
    } else {
        Ok(Drawn { bounds, changed, realism })
    }
}

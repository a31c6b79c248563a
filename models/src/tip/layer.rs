//! An item laid on a picture: turned, mirrored, widened, and brought to the picture's own pixels.
//!
//! Stands alone because it is geometry. It refuses nothing: what reaches beyond the picture is counted, for the one
//! that judges what is plausible.

use super::basis::Areal;
use super::ground::Ground;
use super::library::Item;
use serde::{Deserialize, Serialize};

/// Where and how an item lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its middle, in micrometres from the picture's top left corner: across, along.
    pub middle_um: [i64; 2],
    /// Turned from across towards along the belt, in 1/1,000 radians.
    pub turned_mrad: i32,
    /// Seen from its other side.
    pub mirrored: bool,
    /// Widened across the belt, in 1/1,000: what stands high in a fan of rays has a wider shadow. 1,000 lies on the
    /// belt.
    pub widened_e3: u32,
}

/// An item's areal densities on the pixels of a picture.
pub(super) struct Layer {
    /// Left, top, right, bottom in pixels; right and bottom exclusive. One pixel wider than the item where the picture
    /// is.
    pub(super) bounds: [usize; 4],
    /// Row by row within the bounds; `None` where the item is not.
    pub(super) areal: Vec<Option<Areal>>,
    /// Pixels that the item has, beyond the picture too.
    pub(super) pixels: usize,
}

impl Layer {
    pub(super) fn new(ground: &Ground<'_>, item: &Item, map_pitch_mm: f32, place: &Place) -> Self {
        let (sine, cosine) = (place.turned_mrad as f32 / 1_000.0).sin_cos();
        let widened = place.widened_e3 as f32 / 1_000.0;
        let middle = place.middle_um.map(|um| um as f32 / 1_000.0);
        let half = [item.width, item.height].map(|side| side as f32 * map_pitch_mm * 0.5);
        let reach =
            [(half[0] * cosine.abs() + half[1] * sine.abs()) * widened, half[0] * sine.abs() + half[1] * cosine.abs()];
        let sides = [ground.pitch_mm, ground.step_mm];
        // In pixels, as signed numbers: a place may lie beyond the picture.
        let from = [0, 1].map(|axis| ((middle[axis] - reach[axis]) / sides[axis]).floor() as i64 - 1);
        let to = [0, 1].map(|axis| ((middle[axis] + reach[axis]) / sides[axis]).ceil() as i64 + 1);
        let clip = |at: i64, side: usize| at.clamp(0, side as i64) as usize;
        let bounds = [
            clip(from[0], ground.width),
            clip(from[1], ground.height),
            clip(to[0], ground.width),
            clip(to[1], ground.height),
        ];
        let mut layer = Self { bounds, areal: Vec::new(), pixels: 0 };
        layer.areal.reserve((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]));
        for line in from[1]..to[1] {
            for column in from[0]..to[0] {
                let x = ((column as f32 + 0.5) * sides[0] - middle[0]) / widened;
                let y = (line as f32 + 0.5) * sides[1] - middle[1];
                let turned = [x * cosine + y * sine, y * cosine - x * sine];
                let across = if place.mirrored { -turned[0] } else { turned[0] };
                let areal = sampled(item, [across / map_pitch_mm, turned[1] / map_pitch_mm]);
                let within = (bounds[0] as i64..bounds[2] as i64).contains(&column)
                    && (bounds[1] as i64..bounds[3] as i64).contains(&line);
                layer.pixels += usize::from(areal.is_some());
                if within {
                    layer.areal.push(areal);
                }
            }
        }
        layer
    }

    pub(super) fn width(&self) -> usize {
        self.bounds[2] - self.bounds[0]
    }

    pub(super) fn height(&self) -> usize {
        self.bounds[3] - self.bounds[1]
    }
}

/// What is at a point, in the map's pixels from its middle: the nearest of them. Maps are finer than pictures; to mix
/// mass between two of theirs would make edges soft and dark, because half a pixel of lead lets half of the light
/// through.
fn sampled(item: &Item, from_middle: [f32; 2]) -> Option<Areal> {
    let column = (from_middle[0] + item.width as f32 * 0.5).floor() as i32;
    let line = (from_middle[1] + item.height as f32 * 0.5).floor() as i32;
    Some(item.areal(column, line)).filter(|areal| *areal != Areal::default())
}

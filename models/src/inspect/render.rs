//! Pseudo-colour by material, with boxes, words and a legend (`reference/xray.md` §6).
//!
//! Orange for organic, green for inorganic, blue for metal, black for what lets nothing through, grey where there is one
//! energy only. Never colour alone: every box carries its class in letters. Pixels are drawn square, by repeating the nearest:
//! no value is invented between two.

use super::font;
use crate::detections::Detection;
use crate::formats::{Geometry, Image, Planes};
use crate::pixels::Attenuation;
use crate::session::Cause;

/// Which colour begins where. Data, because vendors differ.
#[derive(Clone, Debug)]
pub struct Palette {
    pub air_level: u16,
    /// Ratios low ÷ high of attenuation: organic below the first, metal from the second on.
    pub inorganic_from: f32,
    pub metal_from: f32,
    /// High-energy attenuation that is drawn black.
    pub opaque_from: f32,
    pub organic: [u8; 3],
    pub inorganic: [u8; 3],
    pub metal: [u8; 3],
}

impl Palette {
    pub const USUAL_AIR_LEVEL: u16 = 60_000;

    /// The colours officers are trained on. At 160 kV and 2 g/cm²: plastics and food lie below 1.3, aluminium at 1.64, steel
    /// at 2.08.
    pub fn usual(air_level: u16) -> Self {
        Self {
            air_level,
            inorganic_from: 1.32,
            metal_from: 1.78,
            opaque_from: 5.0,
            organic: [230, 120, 20],
            inorganic: [60, 160, 60],
            metal: [40, 80, 200],
        }
    }

    fn color(&self, low: Option<f32>, high: f32) -> [u8; 3] {
        if high >= self.opaque_from {
            return [0, 0, 0];
        }
        let Some(low) = low else {
            return [(255.0 * (-high).exp()) as u8; 3];
        };
        // Below this the ratio is noise: drawn as organic, so thin that it is nearly white.
        const THIN: f32 = 0.02;
        let ratio = if high < THIN { 1.0 } else { low / high };
        let hue = if ratio >= self.metal_from {
            self.metal
        } else if ratio >= self.inorganic_from {
            self.inorganic
        } else {
            self.organic
        };
        // White where thin, the full colour at attenuation 1, darker beyond.
        let tint = (1.6 * high).min(1.0);
        let shade = (-0.35 * (high - 0.6).max(0.0)).exp();
        hue.map(|part| ((255.0 + (f32::from(part) - 255.0) * tint) * shade) as u8)
    }
}

/// A drawing: `width × height × 3` bytes, red, green, blue.
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

const BLACK: [u8; 3] = [0, 0, 0];
const WHITE: [u8; 3] = [255, 255, 255];
const BOX: [u8; 3] = [200, 0, 40];
const MARGIN: u32 = 4;
const LINE: u32 = font::HEIGHT + 2 * MARGIN;
/// Letters are drawn this many times as large.
const LETTER_SCALE: u32 = 2;
/// The longer side of a drawing. A larger picture is drawn smaller.
const SIDE_MAX: f64 = 2_048.0;

/// Draws the picture with square pixels, the detections and a legend below. `None` when there is nothing to draw on.
pub fn render(
    image: &Image,
    geometry: &Geometry,
    palette: &Palette,
    detections: &[Detection],
    blind: Option<Cause>,
) -> Option<Canvas> {
    let finest_um = f64::from(geometry.pitch_um.min(geometry.belt_step_um).max(1));
    let scale = [f64::from(geometry.pitch_um) / finest_um, f64::from(geometry.belt_step_um) / finest_um];
    let longest = (f64::from(image.width) * scale[0]).max(f64::from(image.height) * scale[1]);
    let shrink = (SIDE_MAX / longest).min(1.0);
    let scale = scale.map(|side| side * shrink);
    let width = (f64::from(image.width) * scale[0]).round().max(1.0) as u32;
    let picture_height = (f64::from(image.height) * scale[1]).round().max(1.0) as u32;
    let width_with_legend = width.max(legend_width());
    let mut canvas = Canvas::white(width_with_legend, picture_height + 2 * LINE * LETTER_SCALE);
    paint(&mut canvas, image, palette, width, picture_height);
    for one in detections {
        canvas.label_box(one, scale);
    }
    canvas.legend(palette, picture_height, blind);
    Some(canvas)
}

fn paint(canvas: &mut Canvas, image: &Image, palette: &Palette, width: u32, height: u32) {
    const ATTENUATION_MAX: f32 = 8.0;
    let attenuation = Attenuation::new(palette.air_level.max(1), ATTENUATION_MAX);
    let (low, high) = match &image.planes {
        Planes::Single(only) => (None, only),
        Planes::Dual { low, high } => (Some(low), high),
    };
    for y in 0..height {
        let line = (u64::from(y) * u64::from(image.height) / u64::from(height)) as usize;
        for x in 0..width {
            let column = (u64::from(x) * u64::from(image.width) / u64::from(width)) as usize;
            let at = line * image.width as usize + column;
            let color = palette.color(low.map(|low| attenuation.of(low[at])), attenuation.of(high[at]));
            canvas.set(x, y, color);
        }
    }
}

const LEGEND: [&str; 4] = ["ORGANIC", "INORGANIC", "METAL", "OPAQUE"];

fn legend_width() -> u32 {
    let letters: u32 = LEGEND.iter().map(|word| word.len() as u32 + 3).sum();
    (letters * font::ADVANCE + 2 * MARGIN) * LETTER_SCALE
}

impl Canvas {
    fn white(width: u32, height: u32) -> Self {
        Self { width, height, rgb: vec![255; width as usize * height as usize * 3] }
    }

    fn set(&mut self, x: u32, y: u32, color: [u8; 3]) {
        if x < self.width && y < self.height {
            let at = (y as usize * self.width as usize + x as usize) * 3;
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    fn fill(&mut self, left: u32, top: u32, width: u32, height: u32, color: [u8; 3]) {
        for y in top..top.saturating_add(height).min(self.height) {
            for x in left..left.saturating_add(width).min(self.width) {
                self.set(x, y, color);
            }
        }
    }

    fn text(&mut self, left: u32, top: u32, words: &str, color: [u8; 3]) {
        for (index, letter) in words.chars().enumerate() {
            for (row, bits) in font::rows(letter).into_iter().enumerate() {
                for column in (0..font::WIDTH).filter(|column| bits >> (font::WIDTH - 1 - column) & 1 == 1) {
                    let x = left + (index as u32 * font::ADVANCE + column) * LETTER_SCALE;
                    self.fill(x, top + row as u32 * LETTER_SCALE, LETTER_SCALE, LETTER_SCALE, color);
                }
            }
        }
    }

    /// A frame around the detection and its class and score above it, or inside where there is no room above.
    fn label_box(&mut self, one: &Detection, scale: [f64; 2]) {
        let across = |value: u32| (f64::from(value) * scale[0]).round() as u32;
        let along = |value: u32| (f64::from(value) * scale[1]).round() as u32;
        let [left, top, right, bottom] =
            [across(one.bounds[0]), along(one.bounds[1]), across(one.bounds[2]), along(one.bounds[3])];
        let (width, height) = (right.saturating_sub(left).max(1), bottom.saturating_sub(top).max(1));
        const THICK: u32 = 2;
        for (x, y, w, h) in [
            (left, top, width, THICK),
            (left, bottom.saturating_sub(THICK), width, THICK),
            (left, top, THICK, height),
            (right.saturating_sub(THICK), top, THICK, height),
        ] {
            self.fill(x, y, w, h, BOX);
        }
        let words = format!("{} {}%", one.class.as_str().replace('_', " "), u32::from(one.score_e4) / 100);
        let plate = [(words.len() as u32 * font::ADVANCE + 2) * LETTER_SCALE, (font::HEIGHT + 2) * LETTER_SCALE];
        let y = if top >= plate[1] { top - plate[1] } else { top };
        let x = left.min(self.width.saturating_sub(plate[0]));
        self.fill(x, y, plate[0], plate[1], BOX);
        self.text(x + LETTER_SCALE, y + LETTER_SCALE, &words, WHITE);
    }

    fn legend(&mut self, palette: &Palette, top: u32, blind: Option<Cause>) {
        let row = LINE * LETTER_SCALE;
        let mut x = MARGIN * LETTER_SCALE;
        let y = top + MARGIN * LETTER_SCALE;
        for (word, color) in LEGEND.into_iter().zip([palette.organic, palette.inorganic, palette.metal, BLACK]) {
            let swatch = font::HEIGHT * LETTER_SCALE;
            self.fill(x, y, swatch, swatch, color);
            self.text(x + swatch + 2 * LETTER_SCALE, y, word, BLACK);
            x += (word.len() as u32 + 3) * font::ADVANCE * LETTER_SCALE;
        }
        if let Some(blind) = blind {
            self.fill(0, top + row, self.width, row, BOX);
            let words = format!("BLIND: {}", blind.as_str());
            self.text(MARGIN * LETTER_SCALE, y + row, &words, WHITE);
        }
    }
}

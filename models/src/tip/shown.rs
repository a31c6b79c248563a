//! The copy for eyes: pseudo-colours, or shares of light for a screen that draws itself. Never counts, never an
//! `Image`.
//!
//! Stands alone because it is the only thing of a projection that leaves it. What is drawn may be opened again as a
//! file; it is then pseudo-colours, and no model judges those.

use crate::formats::{self, Geometry, Image, Planes};
use crate::inspect::{Canvas, Palette, render};

/// A picture to be looked at. It holds a threat that is not there.
pub struct Shown {
    pixels: Image,
    geometry: Geometry,
}

/// Whether the drawing says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// With the words "TEST PICTURE (TIP)": for everybody but the officer who has not answered yet.
    InWords,
    /// Without: for that officer's screen alone.
    Not,
}

impl Shown {
    pub(super) fn new(pixels: Image, geometry: Geometry) -> Self {
        Self { pixels, geometry }
    }

    /// Pixels across and along the belt.
    pub fn size(&self) -> [u32; 2] {
        [self.pixels.width, self.pixels.height]
    }

    /// Light of the low and the high energy at a pixel, as shares of air's, for a screen that draws it its own way.
    /// `None` beyond the picture.
    pub fn light(&self, column: u32, line: u32) -> Option<[f32; 2]> {
        if column >= self.pixels.width || line >= self.pixels.height {
            return None;
        }
        let at = line as usize * self.pixels.width as usize + column as usize;
        let Planes::Dual { low, high } = &self.pixels.planes else { return None };
        let air = f32::from(self.air_level());
        Some([f32::from(low[at]) / air, f32::from(high[at]) / air])
    }

    fn air_level(&self) -> u16 {
        self.geometry.air_level.unwrap_or(Palette::USUAL_AIR_LEVEL).max(1)
    }

    /// The pseudo-colour picture as a PNG. `None` when it is too large to draw.
    pub fn png(&self, marked: Marked) -> Option<Vec<u8>> {
        let canvas = render(&self.pixels, &self.geometry, &Palette::usual(self.air_level()), &[], None)?;
        let canvas = if marked == Marked::InWords { with_words(&canvas) } else { canvas };
        formats::png::encode(canvas.width, canvas.height, ::png::ColorType::Rgb, ::png::BitDepth::Eight, &canvas.rgb)
    }
}

/// Dots of a letter's side on the drawing.
const DOT: usize = 4;
const MARGIN: usize = 3 * DOT;
const ROWS: usize = 7;
const COLUMNS: usize = 5;
const BAND: [u8; 3] = [200, 0, 40];
const LETTERS: [u8; 3] = [255, 255, 255];

/// "TEST PICTURE (TIP)", five by seven dots a letter, the leftmost highest. Apart from the legend's letters, so that no
/// change there takes the words off.
const WORDS: [[u8; ROWS]; 18] = {
    const T: [u8; 7] = [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04];
    const E: [u8; 7] = [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f];
    const S: [u8; 7] = [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e];
    const P: [u8; 7] = [0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10];
    const I: [u8; 7] = [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e];
    const C: [u8; 7] = [0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e];
    const U: [u8; 7] = [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e];
    const R: [u8; 7] = [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11];
    const OPEN: [u8; 7] = [0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02];
    const CLOSE: [u8; 7] = [0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08];
    const SPACE: [u8; 7] = [0; 7];
    [T, E, S, T, SPACE, P, I, C, T, U, R, E, SPACE, OPEN, T, I, P, CLOSE]
};

/// The drawing below a band that says what it is.
fn with_words(canvas: &Canvas) -> Canvas {
    let needed = WORDS.len() * (COLUMNS + 1) * DOT + 2 * MARGIN;
    let (width, band) = ((canvas.width as usize).max(needed), ROWS * DOT + 2 * MARGIN);
    let mut rgb = BAND.repeat(width * band);
    for (index, letter) in WORDS.iter().enumerate() {
        for dot in 0..ROWS * DOT * COLUMNS * DOT {
            let (x, y) = (dot % (COLUMNS * DOT), dot / (COLUMNS * DOT));
            if letter[y / DOT] >> (COLUMNS - 1 - x / DOT) & 1 == 1 {
                let at = ((MARGIN + y) * width + MARGIN + index * (COLUMNS + 1) * DOT + x) * 3;
                rgb[at..at + 3].copy_from_slice(&LETTERS);
            }
        }
    }
    for line in canvas.rgb.chunks_exact(canvas.width as usize * 3) {
        rgb.extend_from_slice(line);
        rgb.resize(rgb.len() + (width - canvas.width as usize) * 3, 255);
    }
    Canvas { width: width as u32, height: canvas.height + band as u32, rgb }
}

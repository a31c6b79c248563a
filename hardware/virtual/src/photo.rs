//! A camera's file of a label, drawn plainly and quickly: its codes on white paper, or what makes them unreadable.
//!
//! For demonstrations and for tests of whoever takes files: what light, optics and motion really do to print is not here.

use crate::device::Unclear;
use crate::xray::random::{Random, mix};
use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use qrcode::{Color, QrCode};

/// Pixels of one module, and modules of white around a code.
const MODULE: usize = 5;
const QUIET: usize = 6;
const WHITE: u8 = 225;
const BLACK: u8 = 35;

/// Grey pixels, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

/// A label with these texts, a QR code each, side by side; too long for one, a text is left off.
pub fn draw(texts: &[&str], unclear: Option<Unclear>, seed: u64) -> Photo {
    let mut random = Random::new(mix(seed ^ 0x1ABE));
    let codes: Vec<QrCode> = texts.iter().filter_map(|text| QrCode::new(text.as_bytes()).ok()).collect();
    let columns: usize = QUIET + codes.iter().map(|code| code.width() + QUIET).sum::<usize>();
    let rows = 2 * QUIET + codes.iter().map(QrCode::width).max().unwrap_or(20);
    let mut photo = Photo { width: columns * MODULE, height: rows * MODULE, pixels: Vec::new() };
    photo.pixels = vec![WHITE; photo.width * photo.height];
    let mut left = QUIET;
    for code in codes.iter().filter(|_| unclear != Some(Unclear::NoLabel)) {
        for (index, colour) in code.to_colors().into_iter().enumerate() {
            let torn = unclear == Some(Unclear::Damaged) && random.chance(0.35);
            if (colour == Color::Dark) != torn {
                photo.module(left + index % code.width(), QUIET + index / code.width());
            }
        }
        left += code.width() + QUIET;
    }
    match unclear {
        Some(Unclear::TooDark) => photo.darken(&mut random),
        Some(Unclear::TooBlurred) => (0..3).for_each(|_| photo.blur(3 * MODULE)),
        Some(Unclear::CutOff) => photo.cut(codes.first().map_or(0, |code| (QUIET + code.width() / 2) * MODULE)),
        Some(Unclear::TooSmall) => photo.shrink(2 * MODULE - 1),
        Some(Unclear::NoLabel | Unclear::Damaged) | None => {}
    }
    photo
}

impl Photo {
    fn module(&mut self, column: usize, row: usize) {
        for y in row * MODULE..(row + 1) * MODULE {
            let at = y * self.width + column * MODULE;
            self.pixels[at..at + MODULE].fill(BLACK);
        }
    }

    fn darken(&mut self, random: &mut Random) {
        for pixel in &mut self.pixels {
            *pixel = *pixel / 60 + random.count(0, 9) as u8;
        }
    }

    /// Each pixel the mean of so many to its left and right, then above and below.
    fn blur(&mut self, reach: usize) {
        let (width, height) = (self.width, self.height);
        let mean = |pixels: &[u8], at: usize, place: usize, count: usize, step: usize| {
            let (from, to) = (place.saturating_sub(reach), (place + reach).min(count - 1));
            let first = at - (place - from) * step;
            let sum: usize = (0..=to - from).map(|index| usize::from(pixels[first + index * step])).sum();
            (sum / (to - from + 1)) as u8
        };
        let across: Vec<u8> = (0..self.pixels.len()).map(|at| mean(&self.pixels, at, at % width, width, 1)).collect();
        self.pixels = (0..across.len()).map(|at| mean(&across, at, at / width, height, width)).collect();
    }

    /// So many times smaller each way.
    fn shrink(&mut self, times: usize) {
        let (width, height) = (self.width / times, self.height / times);
        let mean = |(column, row): (usize, usize)| {
            let square = (0..times * times).map(|index| (column * times + index % times, row * times + index / times));
            let sum: usize = square.map(|(x, y)| usize::from(self.pixels[y * self.width + x])).sum();
            (sum / (times * times)) as u8
        };
        let pixels = (0..width * height).map(|at| mean((at % width, at / width))).collect();
        *self = Self { width, height, pixels };
    }

    /// Only what lies left of a column.
    fn cut(&mut self, column: usize) {
        let kept = column.clamp(1, self.width);
        self.pixels = self.pixels.chunks_exact(self.width).flat_map(|row| &row[..kept]).copied().collect();
        self.width = kept;
    }

    /// As a PNG file.
    pub fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let written = PngEncoder::new(&mut file).write_image(
            &self.pixels,
            self.width as u32,
            self.height as u32,
            image::ExtendedColorType::L8,
        );
        // Into memory, of a size that fits: there is no error to lose.
        written.map_or_else(|_| Vec::new(), |()| file)
    }
}

//! The printed sheet: a code, the number below it, addresses around it, a frame.
//!
//! Apart from the camera, because print is sharp and flat and what a camera makes of it is not. Darkness is drawn in
//! [`DOTS`] dots to a module of a bar code, whatever the camera will see of them.

use super::Hand;
use super::letters::{Point, sign, strokes};
use super::symbol::{Mark, Symbol};
use crate::xray::random::Random;

/// Dots of paper to one module of a bar code.
pub(super) const DOTS: f32 = 6.0;
/// Modules of quiet zone that the camera keeps in view.
const QUIET: f32 = 10.0;

/// Ink on paper, 0 none to 255 full.
pub(super) struct Sheet {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) ink: Vec<u8>,
    /// Left, top, right, bottom of the code with its quiet zone, in dots.
    pub(super) code: [f32; 4],
    /// The same without.
    pub(super) bare: [f32; 4],
}

impl Sheet {
    fn blank(width: usize, height: usize) -> Self {
        Self { width, height, ink: vec![0; width * height], code: [0.0; 4], bare: [0.0; 4] }
    }

    /// Everything drawn from `random`; `symbol` is `None` on a label without a code.
    pub(super) fn print(symbol: Option<&Symbol>, hand: Hand, random: &mut Random) -> Self {
        let (width, height) = (random.count(1_500, 1_740), random.count(960, 1_200));
        let mut sheet = Self::blank(width, height);
        let (wide, high) = (width as f32, height as f32);
        let cell = symbol.map_or(0.0, |symbol| if symbol.rows > 1 { DOTS * random.range(1.5, 2.0) } else { DOTS });
        let (columns, rows) = symbol.map_or((0.0, 0.0), |symbol| (symbol.columns as f32, symbol.rows as f32));
        let bars_high = if rows > 1.0 { rows * cell } else { columns * cell * random.range(0.22, 0.34) };
        let (code_wide, code_high) = (columns * cell, bars_high);
        // The first hand prints the code low and the addresses above it, the second the other way round.
        let top = match hand {
            Hand::First => high * 0.93 - code_high - 90.0,
            Hand::Second => high * 0.09,
        };
        let left = (wide - code_wide) * random.range(0.4, 0.6);
        if let Some(symbol) = symbol {
            sheet.stamp(symbol, left, top, cell, bars_high);
            let quiet = QUIET * DOTS;
            sheet.bare = [left, top, left + code_wide, top + code_high];
            sheet.code = [left - quiet, top - quiet * 0.5, left + code_wide + quiet, top + code_high + quiet * 0.5];
            sheet.text(&symbol.print, hand, (left, top + code_high + 14.0), 5.0, random);
        } else {
            sheet.code = [wide * 0.2, high * 0.3, wide * 0.8, high * 0.7];
            sheet.bare = sheet.code;
        }
        let lines = match hand {
            Hand::First => (high * 0.06, top - 70.0),
            Hand::Second => (top + code_high + 150.0, high * 0.95),
        };
        sheet.addresses(lines, hand, random);
        sheet
    }

    /// Dark modules as rectangles.
    fn stamp(&mut self, symbol: &Symbol, left: f32, top: f32, cell: f32, bars_high: f32) {
        let row_high = if symbol.rows == 1 { bars_high } else { cell };
        for row in 0..symbol.rows {
            for column in 0..symbol.columns {
                if symbol.is_dark(column, row) {
                    let (x, y) = (left + column as f32 * cell, top + row as f32 * row_high);
                    self.fill(x, y, x + cell, y + row_high);
                }
            }
        }
        let bottom = top + symbol.rows as f32 * row_high;
        for mark in &symbol.marks {
            self.cover(mark, left + mark.from * cell, top - cell, left + mark.to * cell, bottom + cell);
        }
    }

    /// Lays a mark over what is printed.
    fn cover(&mut self, mark: &Mark, left: f32, top: f32, right: f32, bottom: f32) {
        let clamp = |value: f32, most: usize| (value.round().max(0.0) as usize).min(most);
        let (from, to) = (clamp(left, self.width), clamp(right, self.width));
        for y in clamp(top, self.height)..clamp(bottom, self.height) {
            for ink in &mut self.ink[y * self.width + from..y * self.width + to] {
                *ink = (f32::from(*ink) * (1.0 - mark.hides) + f32::from(mark.ink) * mark.hides) as u8;
            }
        }
    }

    fn fill(&mut self, left: f32, top: f32, right: f32, bottom: f32) {
        let clamp = |value: f32, most: usize| (value.round().max(0.0) as usize).min(most);
        let (from, to) = (clamp(left, self.width), clamp(right, self.width));
        for y in clamp(top, self.height)..clamp(bottom, self.height) {
            self.ink[y * self.width + from..y * self.width + to].fill(255);
        }
    }

    /// Blocks of address lines in two columns, a rule between, a frame around.
    fn addresses(&mut self, (top, bottom): (f32, f32), hand: Hand, random: &mut Random) {
        const WORDS: [&str; 12] = [
            "FROM:",
            "TO:",
            "PRIORITY",
            "12 HARBOUR ROAD",
            "APT. 4/7",
            "SHENZHEN 518000",
            "SPRINGFIELD IL 62701",
            "CN22 GIFT",
            "1.250 KG",
            "LINDENWEG 9",
            "TEL 0755 8123 4567",
            "ITEM 1/1",
        ];
        let wide = self.width as f32;
        let mut y = top;
        while y < bottom - 60.0 {
            let size = random.range(4.0, 8.0);
            for column in [0.06, 0.53] {
                if random.chance(0.8) {
                    let words = random.choose(&WORDS);
                    self.text(words, hand, (wide * column, y), size, random);
                }
            }
            y += size * 6.0 + random.range(16.0, 40.0);
            if random.chance(0.15) {
                self.fill(wide * 0.04, y - 10.0, wide * 0.96, y - 5.0);
            }
        }
        let (high, edge) = (self.height as f32, 18.0);
        for (left, top, right, bottom) in [
            (edge, edge, wide - edge, edge + 5.0),
            (edge, high - edge - 5.0, wide - edge, high - edge),
            (edge, edge, edge + 5.0, high - edge),
            (wide - edge - 5.0, edge, wide - edge, high - edge),
        ] {
            self.fill(left, top, right, bottom);
        }
    }

    /// One line of text; `size` is dots to a step of the letters' grid. The second hand writes signs, and slants.
    fn text(&mut self, words: &str, hand: Hand, (left, top): Point, size: f32, random: &mut Random) {
        let (slant, pen, advance) = match hand {
            Hand::First => (0.0, size * 0.75, 5.6),
            Hand::Second => (0.18, size * 0.55, 5.2),
        };
        let mut x = left;
        for letter in words.chars() {
            let signs = hand == Hand::Second && letter.is_ascii_alphabetic() && random.chance(0.5);
            let drawn = if signs { sign(random) } else { strokes(letter) };
            for stroke in &drawn {
                for pair in stroke.windows(2) {
                    let place = |point: Point| (x + (point.0 + (6.0 - point.1) * slant) * size, top + point.1 * size);
                    self.line(place(pair[0]), place(pair[1]), pen);
                }
            }
            x += advance * size;
        }
    }

    fn line(&mut self, from: Point, to: Point, pen: f32) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = (dx.abs().max(dy.abs()) / 2.0).ceil().max(1.0);
        for step in 0..=steps as usize {
            let along = step as f32 / steps;
            let (x, y) = (from.0 + dx * along, from.1 + dy * along);
            self.fill(x - pen * 0.5, y - pen * 0.5, x + pen * 0.5, y + pen * 0.5);
        }
    }

    /// Ink at a place in dots; none beyond the sheet.
    pub(super) fn at(&self, x: f32, y: f32) -> Option<u8> {
        if x < 0.0 || y < 0.0 {
            return None;
        }
        let (x, y) = (x as usize, y as usize);
        (x < self.width && y < self.height).then(|| self.ink[y * self.width + x])
    }
}

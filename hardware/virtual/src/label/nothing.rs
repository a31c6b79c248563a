//! Pictures that hold no readable code, drawn to tempt: bars that are none, print, checks, grain, labels cut off.

use super::camera::{self, Cloth, HEIGHT, WIDTH};
use super::paper::Sheet;
use super::{Condition, Flaw, Hand, Kind, Symbol};
use crate::xray::random::{Random, mix};

/// What a picture holds instead of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nothing {
    /// A label with print and frames.
    Text,
    /// Bars of random widths, as thick as a code's.
    Bars,
    /// Equal stripes: fences, corrugation, combs.
    Stripes,
    /// Dark and light squares at random.
    Checks,
    /// A parcel's surface.
    Texture,
    /// Grain around dark shapes, as in an X-ray picture.
    XRay,
    /// A code of which a third or more lies outside the picture.
    HalfLabel,
}

impl Nothing {
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Bars, Self::Stripes, Self::Checks, Self::Texture, Self::XRay, Self::HalfLabel];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bars => "bars",
            Self::Stripes => "stripes",
            Self::Checks => "checks",
            Self::Texture => "texture",
            Self::XRay => "x-ray",
            Self::HalfLabel => "half label",
        }
    }
}

/// [`WIDTH`] × [`HEIGHT`] grey pixels without a code that could be read, under this condition.
pub fn without_code(nothing: Nothing, condition: Condition, hand: Hand, seed: u64) -> Vec<u8> {
    let purpose = (nothing as u64) << 40 | (condition as u64) << 48 | (hand as u64) << 56;
    let mut random = Random::new(mix(seed) ^ purpose ^ 0x4E6F_7468);
    let random = &mut random;
    let symbol = match nothing {
        Nothing::Text => None,
        Nothing::Bars => Some(bars(random)),
        Nothing::Stripes => Some(stripes(random)),
        Nothing::Checks => Some(checks(random)),
        Nothing::HalfLabel => {
            let kind = random.choose(&Kind::ALL);
            Some(Symbol::random(kind, Flaw::None, random))
        }
        Nothing::Texture => return grain(random.range(0.0, 12.0), 0, random),
        Nothing::XRay => {
            let shapes = random.count(3, 40);
            return grain(random.range(5.0, 40.0), shapes, random);
        }
    };
    let sheet = Sheet::print(symbol.as_ref(), hand, random);
    let mut look = condition.look(hand, random);
    if nothing == Nothing::HalfLabel {
        look.angle_deg = random.range(-8.0, 8.0);
        look.cut = Some(random.range(0.34, 0.6));
    }
    camera::photograph(&sheet, &look, hand, random).0
}

fn of(columns: usize, rows: usize, dark: Vec<bool>) -> Symbol {
    Symbol { data: Vec::new(), print: "NO CODE".to_owned(), columns, rows, dark, marks: Vec::new() }
}

/// As many bars as a code has, of one to four modules like a code's; half begin as a code begins.
fn bars(random: &mut Random) -> Symbol {
    let mut widths: Vec<usize> = if random.chance(0.5) { vec![2, 1, 1, 2, 1, 4] } else { Vec::new() };
    widths.extend((0..random.count(30, 110)).map(|_| random.count(1, 4)));
    if random.chance(0.5) {
        widths.truncate(widths.len() / 6 * 6);
        widths.extend([2, 3, 3, 1, 1, 1, 2]);
    }
    let dark: Vec<bool> = widths.iter().enumerate().flat_map(|(at, &width)| vec![at % 2 == 0; width]).collect();
    of(dark.len(), 1, dark)
}

fn stripes(random: &mut Random) -> Symbol {
    let (bar, space) = (random.count(1, 4), random.count(1, 4));
    let count = random.count(15, 160 / (bar + space));
    let dark: Vec<bool> = (0..count * (bar + space)).map(|at| at % (bar + space) < bar).collect();
    of(dark.len(), 1, dark)
}

/// Squares at random, some with the edges of a matrix code or the eyes of another.
fn checks(random: &mut Random) -> Symbol {
    let side = random.count(9, 20) * 2;
    let mut dark: Vec<bool> = (0..side * side).map(|_| random.chance(0.5)).collect();
    let likeness = random.count(0, 2);
    for row in 0..side {
        for column in 0..side {
            let at = row * side + column;
            if likeness == 1 && (column == 0 || row == side - 1 || row == 0 || column == side - 1) {
                let ticks = (row == 0 && column % 2 == 1) || (column == side - 1 && row % 2 == 0);
                dark[at] = column == 0 || row == side - 1 || !ticks && (row + column) % 2 == 0;
            }
            if likeness == 2 {
                for (left, top) in [(0, 0), (side - 7, 0), (0, side - 7)] {
                    let (x, y) = (column as isize - left as isize, row as isize - top as isize);
                    if (-1..=7).contains(&x) && (-1..=7).contains(&y) {
                        let ring = (x - 3).abs().max((y - 3).abs());
                        dark[at] = ring == 3 || ring <= 1;
                    }
                }
            }
        }
    }
    of(side, side, dark)
}

/// A surface with grain, and soft dark boxes on it.
fn grain(noise: f32, shapes: usize, random: &mut Random) -> Vec<u8> {
    let grey = random.range(70.0, 230.0);
    let cloth = Cloth::new(grey, random.range(4.0, 40.0), random);
    let mut plane: Vec<f32> =
        (0..WIDTH * HEIGHT).map(|at| cloth.at((at % WIDTH) as f32, (at / WIDTH) as f32)).collect();
    for _ in 0..shapes {
        let (left, top) = (random.count(0, WIDTH - 2), random.count(0, HEIGHT - 2));
        let (wide, high) = (random.count(4, 300), random.count(4, 300));
        let shade = random.range(0.4, 0.95);
        for y in top..(top + high).min(HEIGHT) {
            plane[y * WIDTH + left..y * WIDTH + (left + wide).min(WIDTH)].iter_mut().for_each(|value| *value *= shade);
        }
    }
    plane.iter().map(|value| (value + random.normal() * noise).round().clamp(0.0, 255.0) as u8).collect()
}

//! The code itself: what it says, and which of its modules are dark.

use super::code128;
use crate::parcel::s10;
use crate::xray::random::Random;
use datamatrix::{DataMatrix, SymbolList};
use qrcode::{Color, QrCode};

/// The kind of code a label carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An S10 item number in Code 128.
    S10,
    /// A serial shipping container code or a routed parcel number in GS1-128.
    Gs1,
    DataMatrix,
    Qr,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::S10, Self::Gs1, Self::DataMatrix, Self::Qr];

    pub const fn name(self) -> &'static str {
        match self {
            Self::S10 => "S10 in Code 128",
            Self::Gs1 => "GS1-128",
            Self::DataMatrix => "Data Matrix",
            Self::Qr => "QR",
        }
    }

    pub const fn is_linear(self) -> bool {
        matches!(self, Self::S10 | Self::Gs1)
    }
}

/// What is wrong with a code on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// The symbol's own check character, or too many modules for its error correction: not to be read at all.
    Symbol,
    /// The number's check digit: to be read as printed and not to be believed.
    CheckDigit,
    /// Something lies over a few neighbouring characters in the code's full height: to be read as printed or not at all.
    Covered,
}

/// Something across a code's full height: a pen's stroke, a stain, tape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Columns of the code.
    pub from: f32,
    pub to: f32,
    /// Its own ink, and the share of what is printed that it hides.
    pub ink: u8,
    pub hides: f32,
}

impl Mark {
    /// Over two or three characters of a bar code with so many columns: strokes, or a stain, or a patch.
    fn random(columns: usize, random: &mut Random) -> Vec<Self> {
        let most = columns as f32 * 0.5;
        let wide = random.range(7.0, 26.0).min(most);
        let from = random.range(0.08 * columns as f32, 0.9 * columns as f32 - wide);
        match random.count(0, 2) {
            0 => (0..random.count(2, 6))
                .map(|_| {
                    let (at, pen) = (from + random.range(0.0, wide), random.range(0.7, 3.0));
                    Self { from: at, to: at + pen, ink: 255, hides: 1.0 }
                })
                .collect(),
            1 => {
                vec![Self { from, to: from + wide, ink: random.count(120, 255) as u8, hides: random.range(0.4, 0.95) }]
            }
            _ => vec![Self { from, to: from + wide, ink: random.count(0, 200) as u8, hides: 1.0 }],
        }
    }
}

/// Modules in rows, top left first; bar codes have one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
    /// What a reader sends: GS between GS1 element strings.
    pub data: Vec<u8>,
    /// What stands below it for people.
    pub print: String,
    pub columns: usize,
    pub rows: usize,
    pub dark: Vec<bool>,
    /// What lies over it.
    pub marks: Vec<Mark>,
}

impl Symbol {
    /// A code of this kind with data drawn at random.
    pub fn random(kind: Kind, flaw: Flaw, random: &mut Random) -> Self {
        let item = item(flaw, random);
        let symbol = match kind {
            Kind::S10 => Self::bars(item.into_bytes(), false, flaw),
            Kind::Gs1 => Self::bars(element_strings(flaw, random), true, flaw),
            Kind::DataMatrix => {
                let data =
                    if random.chance(0.5) { item } else { format!("{item};{:05};{}", random.count(1, 99_999), "P1") };
                let matrix = DataMatrix::encode(data.as_bytes(), SymbolList::default()).expect("short data");
                let bitmap = matrix.bitmap();
                let dark = bitmap.bits().to_vec();
                Self::matrix(data, bitmap.width(), bitmap.height(), dark).spoilt(flaw, random)
            }
            Kind::Qr => {
                let data = if random.chance(0.5) { item } else { format!("https://track.example/{item}") };
                let code = QrCode::new(data.as_bytes()).expect("short data");
                let dark = code.to_colors().iter().map(|colour| *colour == Color::Dark).collect();
                Self::matrix(data, code.width(), code.width(), dark).spoilt(flaw, random)
            }
        };
        match flaw {
            Flaw::Covered => Self { marks: Mark::random(symbol.columns, random), ..symbol },
            Flaw::None | Flaw::Symbol | Flaw::CheckDigit => symbol,
        }
    }

    fn matrix(data: String, columns: usize, rows: usize, dark: Vec<bool>) -> Self {
        Self { print: data.clone(), data: data.into_bytes(), columns, rows, dark, marks: Vec::new() }
    }

    /// Code 128 of these data.
    pub fn bars(data: Vec<u8>, gs1: bool, flaw: Flaw) -> Self {
        let values = code128::values(&data, gs1).expect("letters and digits");
        let right = code128::check(&values);
        let check = if flaw == Flaw::Symbol { (right + 41) % 103 } else { right };
        let widths = code128::bars(&values, check);
        let dark: Vec<bool> = widths
            .iter()
            .enumerate()
            .flat_map(|(index, &width)| std::iter::repeat_n(index % 2 == 0, usize::from(width)))
            .collect();
        let print = String::from_utf8_lossy(&data).replace('\u{1d}', " ");
        Self { data, print, columns: dark.len(), rows: 1, dark, marks: Vec::new() }
    }

    /// With a third of the modules inside turned over, where the flaw is the symbol's: beyond any error correction.
    fn spoilt(mut self, flaw: Flaw, random: &mut Random) -> Self {
        if flaw == Flaw::Symbol {
            for row in 2..self.rows - 2 {
                for column in 2..self.columns - 2 {
                    let at = row * self.columns + column;
                    self.dark[at] ^= random.chance(0.35);
                }
            }
        }
        self
    }

    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        self.dark[row.min(self.rows - 1) * self.columns + column]
    }
}

/// An S10 item number.
fn item(flaw: Flaw, random: &mut Random) -> String {
    let prefix =
        format!("{}{}", random.choose(&['R', 'C', 'E', 'L', 'U']), random.choose(&['A', 'B', 'E', 'N', 'P', 'R']));
    let country = random.choose(&["CN", "GB", "DE", "US", "FR", "JP", "NL", "BR"]);
    let mut item = s10(&prefix, random.count(0, 99_999_999) as u32, country);
    if flaw == Flaw::CheckDigit {
        let wrong = char::from(b'0' + (item.as_bytes()[10] - b'0' + 1 + random.count(0, 7) as u8) % 10);
        item.replace_range(10..11, &wrong.to_string());
    }
    item
}

/// `(00)` and 18 digits, or `(420)` postcode and `(94)` number.
fn element_strings(flaw: Flaw, random: &mut Random) -> Vec<u8> {
    let digits = |count: usize, random: &mut Random| -> String {
        (0..count).map(|_| char::from(b'0' + random.count(0, 9) as u8)).collect()
    };
    let off = if flaw == Flaw::CheckDigit { 1 + random.count(0, 7) as u8 } else { 0 };
    let checked = |body: String| {
        let right = mod10(body.as_bytes());
        format!("{body}{}", (right + off) % 10)
    };
    if random.chance(0.5) {
        let body = digits(17, random);
        format!("00{}", checked(body)).into_bytes()
    } else {
        let postcode = digits(5, random);
        let body = format!("94{}", digits(19, random));
        format!("420{postcode}\u{1d}{}", checked(body)).into_bytes()
    }
}

/// The GS1 check digit: weights 3, 1, 3 … from the right.
fn mod10(digits: &[u8]) -> u8 {
    let sum: u32 =
        digits.iter().rev().zip([3u32, 1].iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    ((10 - sum % 10) % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_right_unless_they_are_meant_to_be_wrong() {
        assert_eq!(mod10(b"12345678901234567"), 5);
        assert_eq!(mod10(b"940011120620640626078"), 7);
        let mut random = Random::new(1);
        let numbers = |flaw, random: &mut Random| (item(flaw, random), element_strings(flaw, random));
        for _ in 0..50 {
            let (right, wrong) = (numbers(Flaw::None, &mut random), numbers(Flaw::CheckDigit, &mut random));
            let redone = |item: &str| s10(&item[..2], item[2..10].parse().expect("digits"), &item[11..]);
            assert_eq!(redone(&right.0), right.0);
            assert_ne!(redone(&wrong.0), wrong.0);
            let fits = |data: &[u8]| {
                let body = data.strip_prefix(b"00").unwrap_or(data.get(9..).unwrap_or_default());
                mod10(&body[..body.len() - 1]) == body[body.len() - 1] - b'0'
            };
            assert!(fits(&right.1) && !fits(&wrong.1));
        }
    }
}

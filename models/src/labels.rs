//! Codes in pictures of labels: which, where, or why none.
//!
//! Stands alone because it sees print, not attenuation, and because it must not invent: the decoder's own plain look comes
//! first; what it missed is looked at again, restored, in a fixed order within a budget of time and tries, and a code that
//! only a restored picture shows must prove more. It must be long enough ([`Settings::length_min`]), and bars need
//! witnesses: two bands of their height that decode alike, or several rows of a smaller picture, or, where they melt and
//! are fitted, every character explained as well as the others and both halves of the height fitted alike. A matrix code
//! has its error correction for a witness. It knows symbologies and their own checks; whose number a text is, and whether
//! its check digit is right, is the pipeline's.
//!
//! Modules in the order a picture meets them.

mod picture;

mod decoder;

mod survey;

mod plane;

mod strip;

mod values;

mod fit;

mod retry;

mod cause;

pub use picture::{Picture, PictureError, Problem};

use crate::limits;
use decoder::{Decoded, Grey, Pass};
use gatepost_hardware::symbology::{Aim, Symbology};
use retry::Budget;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is read, and for how long it is tried.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Only these. Symbologies with weak checks (ITF, Codabar, Code 39) are better left out where nobody uses them.
    pub symbologies: Vec<Symbology>,
    /// No try after the first begins later than this, in milliseconds from the start, and none that has begun to restore
    /// goes on for another round.
    pub budget_ms: u32,
    /// Tries after the first.
    pub tries_max: u32,
    /// Characters of a code that only a restored picture shows. The shortest item identifiers have more.
    pub length_min: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            symbologies: vec![Symbology::Code128, Symbology::DataMatrix, Symbology::Qr],
            budget_ms: 200,
            tries_max: 64,
            length_min: 6,
        }
    }
}

/// One code.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelCode {
    /// As a scanner would send it behind its AIM identifier: GS (0x1D) between GS1 element strings.
    pub bytes: Vec<u8>,
    pub text: String,
    pub symbology: Symbology,
    pub aim: Option<Aim>,
    /// Pixels of the picture given, x then y: the symbol's own top left, then clockwise as it lies. May lie a little outside.
    pub corners: [[f32; 2]; 4],
    /// Which try showed it: 0 is the plain look.
    pub try_number: u32,
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoReadCause {
    /// Nothing in the picture looks like a code.
    NoLabel,
    /// A code, with too little light or contrast.
    TooDark,
    /// A code, out of focus or moving.
    TooBlurred,
    /// A code whose narrowest bars are under a pixel and a half.
    TooSmall,
    /// A code that goes on outside the picture.
    CutOff,
    /// A code, well seen, whose own checks fail: torn, smudged, misprinted.
    Damaged,
}

impl NoReadCause {
    /// The JSON word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLabel => "no_label",
            Self::TooDark => "too_dark",
            Self::TooBlurred => "too_blurred",
            Self::TooSmall => "too_small",
            Self::CutOff => "cut_off",
            Self::Damaged => "damaged",
        }
    }

    /// What is wrong and what to do, for a technician.
    pub const fn says(self) -> &'static str {
        match self {
            Self::NoLabel => "no label found: nothing looks like a code. Turn the label to the camera",
            Self::TooDark => "a label, but too dark or too pale. Check the lamp, the exposure and the print",
            Self::TooBlurred => "a label, but blurred. Check focus and distance, or shorten the exposure",
            Self::TooSmall => "a label, but too small. Move the camera closer, or use one with more pixels",
            Self::CutOff => "a label that goes on outside the picture. Move the label or the camera",
            Self::Damaged => "a label, well seen, but its code is damaged. Key the number in from the print",
        }
    }
}

/// What one picture gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Each once, in the order in which they were found.
    pub codes: Vec<LabelCode>,
    /// Why there are none.
    pub cause: Option<NoReadCause>,
    /// Microseconds of wall time, without the file.
    pub took_us: u64,
    /// Tries after the plain look.
    pub tries: u32,
    /// The budget ended the tries: more light, focus or time might have read more.
    pub out_of_time: bool,
    /// There were more codes than [`limits::LABEL_CODES_MAX`], copies counted: one that is not here may be the number.
    pub crowded: bool,
}

/// Reads labels. Cheap to make; holds nothing between pictures.
#[derive(Clone, Debug, Default)]
pub struct LabelReader {
    settings: Settings,
}

impl LabelReader {
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Reads a PNG, JPEG or TIFF file.
    pub fn read_file(&self, path: &Path) -> Result<Labels, PictureError> {
        Ok(self.read(&Picture::read(path)?))
    }

    /// Reads a picture. The plain look is not bounded by the budget, only by the picture's size.
    pub fn read(&self, picture: &Picture) -> Labels {
        let began = Instant::now();
        self.read_by(picture, &|| began.elapsed())
    }

    /// The same by another clock, which tells the time since the picture came: a processor's own time, for figures that a
    /// busy machine does not spoil.
    pub fn read_by(&self, picture: &Picture, now: &dyn Fn() -> Duration) -> Labels {
        let settings = &self.settings;
        let grey = grey_of(picture);
        let mut codes = Vec::new();
        let first = decoder::decode(grey, &settings.symbologies, FIRST);
        // What the decoder stopped at it does not say: with one more than are wanted there may be any number.
        let mut crowded = first.len() > limits::LABEL_CODES_MAX;
        for found in first.into_iter().filter(|found| !found.is_linear() || found.lines >= LINES_MIN) {
            crowded |= !add(&mut codes, code_of(found, 0));
        }
        let mut budget = Budget::new(now, Duration::from_millis(settings.budget_ms.into()), settings.tries_max);
        let survey = survey::survey(grey);
        let again = if codes.is_empty() {
            retry::retry(grey, &survey, &settings.symbologies, &mut budget)
        } else {
            let is_read = |place: [f32; 2]| codes.iter().any(|code| code.holds(place));
            retry::beside(grey, &survey, &settings.symbologies, &is_read, &mut budget)
        };
        crowded |= again.len() > limits::LABEL_CODES_MAX;
        for (number, found) in again {
            if found.text.chars().count() >= settings.length_min {
                crowded |= !add(&mut codes, code_of(found, number));
            }
        }
        let cause = codes.is_empty().then(|| cause::cause(grey, &survey));
        let Budget { tries, out_of_time, .. } = budget;
        Labels { codes, cause, took_us: micros(now()), tries, out_of_time, crowded }
    }
}

impl LabelCode {
    /// Whether a place lies in the upright rectangle around it.
    fn holds(&self, place: [f32; 2]) -> bool {
        (0..2).all(|axis| {
            let places = self.corners.map(|corner| corner[axis]);
            let (low, high) =
                (places.iter().copied().fold(f32::MAX, f32::min), places.iter().copied().fold(f32::MIN, f32::max));
            (low - NEAR..=high + NEAR).contains(&place[axis])
        })
    }
}

/// Pixels within which a place still belongs to a code.
const NEAR: f32 = 24.0;

/// Lines of the picture that must show a bar code before the plain look is believed. A misread of blurred bars shows on a
/// few lines only; what is refused here is looked at again, straightened.
const LINES_MIN: u32 = 6;

/// The plain look: what the decoder does by itself at little cost. Bars that do not lie along the picture's rows, smaller
/// copies and restored pictures come with the tries.
const FIRST: Pass = Pass::SINGLE;

/// The decoder alone, as it comes, for comparison.
pub fn plain(picture: &Picture, symbologies: &[Symbology]) -> Vec<LabelCode> {
    decoder::decode(grey_of(picture), symbologies, Pass::PLAIN).into_iter().map(|found| code_of(found, 0)).collect()
}

fn grey_of(picture: &Picture) -> Grey<'_> {
    Grey { width: picture.width() as usize, height: picture.height() as usize, pixels: picture.pixels() }
}

fn code_of(found: Decoded, try_number: u32) -> LabelCode {
    let corners = found.corners.map(|(x, y)| [x, y]);
    LabelCode { bytes: found.bytes, text: found.text, symbology: found.symbology, aim: found.aim, corners, try_number }
}

/// Adds a code unless it is there already: the same text twice on one label is one code. False where there is no room.
fn add(codes: &mut Vec<LabelCode>, code: LabelCode) -> bool {
    let known = codes.iter().any(|other| (other.symbology, &other.bytes) == (code.symbology, &code.bytes));
    let room = codes.len() < limits::LABEL_CODES_MAX;
    if !known && room {
        codes.push(code);
    }
    known || room
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

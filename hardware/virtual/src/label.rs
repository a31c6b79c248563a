//! Labels that do not exist, as a camera would see them: a code, print around it, and what optics, light and motion do.
//!
//! Everything follows from a seed. Two [`Hand`]s print and photograph differently (letters, layout, lens, noise, warp,
//! packing), so that a reader tuned on one is measured on the other. Nobody here knows how labels are read.
//!
//! Modules in the order a label is made.

pub mod code128;
pub mod symbol;

mod letters;
mod paper;

mod camera;
mod look;

mod nothing;

pub use camera::{HEIGHT, WIDTH};
pub use look::Condition;
pub use nothing::{Nothing, without_code};
pub use symbol::{Flaw, Kind, Symbol};

use crate::xray::random::{Random, mix};
use paper::Sheet;

/// Who prints and photographs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Upright letters, code below; Gaussian blur, a flat label, even noise. To tune readers on.
    First,
    /// Slanted letters and signs, code on top; round defocus, a bent label, photon and row noise, dead pixels, JPEG.
    Second,
}

/// A picture and its truth.
#[derive(Clone, Debug)]
pub struct LabelPicture {
    /// [`WIDTH`] × [`HEIGHT`] grey pixels.
    pub pixels: Vec<u8>,
    /// What the code says, as a reader sends it.
    pub data: Vec<u8>,
    /// Where its corners are, x then y, clockwise from its own top left; within some pixels where the label is bent.
    pub corners: [[f32; 2]; 4],
}

/// A label of this kind under this condition.
pub fn draw(kind: Kind, condition: Condition, hand: Hand, seed: u64) -> LabelPicture {
    draw_flawed(kind, Flaw::None, condition, hand, seed)
}

/// The same with something wrong on purpose.
pub fn draw_flawed(kind: Kind, flaw: Flaw, condition: Condition, hand: Hand, seed: u64) -> LabelPicture {
    let purpose = (kind as u64) << 8 | (condition as u64) << 16 | (hand as u64) << 24 | (flaw as u64) << 32;
    let mut random = Random::new(mix(seed) ^ purpose);
    let symbol = Symbol::random(kind, flaw, &mut random);
    let sheet = Sheet::print(Some(&symbol), hand, &mut random);
    let look = condition.look(hand, &mut random);
    let (pixels, corners) = camera::photograph(&sheet, &look, hand, &mut random);
    LabelPicture { pixels, data: symbol.data, corners }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_picture() {
        let drawn = |seed| draw(Kind::S10, Condition::Combined, Hand::Second, seed);
        let (one, again, other) = (drawn(1), drawn(1), drawn(2));
        assert_eq!((&one.pixels, &one.data), (&again.pixels, &again.data));
        assert_ne!(one.data, other.data);
        assert_eq!(one.pixels.len(), WIDTH * HEIGHT);
        let inside = |[x, y]: &[f32; 2]| (0.0..WIDTH as f32).contains(x) && (0.0..HEIGHT as f32).contains(y);
        assert!(one.corners.iter().all(inside), "{:?}", one.corners);
    }
}

//! From a detector's raw numbers to a bounded, ordered list of things seen.
//!
//! Stands alone and pure so that the same numbers give the same list on every machine: every comparison has a total order,
//! scores are integers in 1/10,000, boxes are whole pixels of the picture given. It has no opinion on what a thing means.

use serde::{Deserialize, Serialize};

mod decode;

pub use decode::{Canvas, Grid, OutputFault, decode};

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a model can report, the most dangerous first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Class {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Class {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in manifests, records and on screens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

classes! {
    ExplosiveDevice = "explosive_device",
    Firearm = "firearm",
    FirearmPart = "firearm_part",
    Ammunition = "ammunition",
    Blade = "blade",
    Powder = "powder",
    Pills = "pills",
    /// Could not be seen through.
    Opaque = "opaque",
    /// Small metal or glass where it does not belong.
    DenseObject = "dense_object",
    Battery = "battery",
    Vape = "vape",
    Liquid = "liquid",
    PlantMatter = "plant_matter",
    Currency = "currency",
    /// Many identical items.
    RepeatedGoods = "repeated_goods",
}

/// One thing seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    pub class: Class,
    /// In 1/10,000.
    pub score_e4: u16,
    /// Whole pixels of the picture given: left, top, right, bottom; right and bottom exclusive.
    pub bounds: [u32; 4],
}

/// The order of every list of detections: best score first, then the more dangerous class, then from the top left.
pub fn sort(detections: &mut [Detection]) {
    detections.sort_by_key(|one| (u16::MAX - one.score_e4, one.class, one.bounds[1], one.bounds[0], one.bounds));
}

/// Intersection over union of two boxes in whole pixels, in 1/10,000.
pub fn overlap_e4(one: &[u32; 4], other: &[u32; 4]) -> u32 {
    let side = |low: u32, high: u32| u64::from(high.saturating_sub(low));
    let area = |bounds: &[u32; 4]| side(bounds[0], bounds[2]) * side(bounds[1], bounds[3]);
    let shared = side(one[0].max(other[0]), one[2].min(other[2])) * side(one[1].max(other[1]), one[3].min(other[3]));
    let joined = area(one) + area(other) - shared;
    (shared * 10_000).checked_div(joined).unwrap_or(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_of_known_boxes() {
        assert_eq!(overlap_e4(&[0, 0, 10, 10], &[0, 0, 10, 10]), 10_000);
        assert_eq!(overlap_e4(&[0, 0, 10, 10], &[10, 0, 20, 10]), 0);
        assert_eq!(overlap_e4(&[0, 0, 10, 10], &[5, 0, 15, 10]), 3_333);
        assert_eq!(overlap_e4(&[3, 3, 3, 3], &[3, 3, 3, 3]), 0);
    }

    #[test]
    fn class_words_and_their_order_are_the_contract() {
        for class in Class::ALL {
            let quoted = format!("\"{}\"", class.as_str());
            assert_eq!(serde_json::to_string(class).expect("a word"), quoted);
            assert_eq!(serde_json::from_str::<Class>(&quoted).expect("the same word"), *class);
        }
        assert!(Class::ALL.is_sorted());
        assert!(serde_json::from_str::<Class>("\"gun\"").is_err());
    }
}

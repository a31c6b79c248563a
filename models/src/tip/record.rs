//! What is recorded of a projection, always: that it was one, of what, where, and how real it was.
//!
//! Stands alone because it outlives the picture. It cannot be made to say that it is no test, and carries no pixel.

use super::layer::Place;
use super::library::{Item, Library};
use super::realism::{Drawn, Realism};
use crate::detections::Class;
use crate::formats::{Image, Planes};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `true`, and nothing else: a record of a projection says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip;

impl Serialize for Tip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Tip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            Ok(Self)
        } else {
            Err(D::Error::custom("tip is false: not the record of a projection"))
        }
    }
}

/// One projection. Integers only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub tip: Tip,
    pub item: String,
    pub class: Class,
    pub design: String,
    /// BLAKE3 of the library's table of contents, which names those of its maps.
    pub library: String,
    /// BLAKE3 of the original's samples: see [`picture_digest`].
    pub picture: String,
    pub seed: u64,
    pub place: Place,
    /// Left, top, right, bottom of what was changed, in pixels of the picture; right and bottom exclusive.
    #[serde(rename = "box")]
    pub bounds: [u32; 4],
    pub realism: Realism,
}

impl Record {
    pub(super) fn new(image: &Image, library: &Library, item: &Item, seed: u64, place: Place, drawn: &Drawn) -> Self {
        Self {
            tip: Tip,
            item: item.name.clone(),
            class: item.class,
            design: item.design.clone(),
            library: library.digest.clone(),
            picture: picture_digest(image),
            seed,
            place,
            bounds: drawn.bounds,
            realism: drawn.realism,
        }
    }
}

/// BLAKE3 of a picture's width and height (32 bits each), then of its samples, low energy first (16 bits each), all
/// little-endian: the same whatever file they came in.
pub fn picture_digest(image: &Image) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&image.width.to_le_bytes()).update(&image.height.to_le_bytes());
    let planes = match &image.planes {
        Planes::Single(only) => [Some(only), None],
        Planes::Dual { low, high } => [Some(low), Some(high)],
    };
    let mut bytes = Vec::new();
    for plane in planes.into_iter().flatten() {
        bytes.clear();
        bytes.extend(plane.iter().flat_map(|sample| sample.to_le_bytes()));
        hasher.update(&bytes);
    }
    hasher.finalize().to_hex().to_string()
}

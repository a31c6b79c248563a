//! Why nothing was projected, in words. Nothing half-done comes out: a projection that could be told from a real
//! picture teaches officers to look for the difference.

use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a picture, or every place tried in it, was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No item of that name.
    NoItem {
        name: String,
    },
    OneEnergy,
    /// Made for eyes.
    NoCounts,
    /// Its pixels have no size.
    NoSize,
    /// Nothing lies in the picture.
    NoParcel,
    /// No air around the parcel, or none that reads as air.
    NoAir,
    /// The grain (1/1,000 of the library's variance) is another scanner's.
    OtherScanner {
        grain_e3: u32,
    },
    /// After so many places; the reason that most of them had.
    NoPlace {
        tries: u32,
        unreal: Unreal,
    },
}

/// Why an item would not look real at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreal {
    /// Too much of it lies outside the parcel.
    Outside,
    /// It would lie where nothing shines through.
    OntoOpaque,
    /// Most of it would let nothing through any more.
    BecomesOpaque,
    /// More would lie there than a parcel is high.
    TooThick,
    /// It would not be seen there by anybody.
    Unseen,
    /// It changes pixels where it does not lie, or ends in a frame.
    EdgeArtefact,
    /// Its grain is not what its light asks for.
    Grain,
}

impl Unreal {
    pub const ALL: [Self; 7] = [
        Self::Outside,
        Self::OntoOpaque,
        Self::BecomesOpaque,
        Self::TooThick,
        Self::Unseen,
        Self::EdgeArtefact,
        Self::Grain,
    ];

    /// A half-sentence: what was wrong with most places.
    fn words(self) -> &'static str {
        match self {
            Self::Outside => "it would reach out of the parcel",
            Self::OntoOpaque => "it would lie where nothing shines through",
            Self::BecomesOpaque => "most of it would let nothing through",
            Self::TooThick => "more would lie there than a parcel is high",
            Self::Unseen => "nobody could see it there",
            Self::EdgeArtefact => "its edge would show that it was projected",
            Self::Grain => "its grain would show that it was projected",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoItem { name } => {
                let name: String = name.chars().take(60).collect();
                write!(f, "the library has no item {name}. Look for its name in {}", super::LIBRARY)
            }
            Self::OneEnergy => f.write_str("one energy only: a threat is projected into both. Export both energies"),
            Self::NoCounts => f.write_str(
                "made for eyes, no counts are left to project into. Let the scanner export what it measured",
            ),
            Self::NoSize => f.write_str("the scanner's pixel has no size. Set pitch and belt step"),
            Self::NoParcel => {
                f.write_str("empty picture: nothing lies in it to hide a threat in. Take another picture")
            }
            Self::NoAir => f.write_str(
                "no air around the parcel: the picture is cropped, or the air level is not the scanner's. Check both",
            ),
            Self::OtherScanner { grain_e3 } => write!(
                f,
                "its grain has {}.{:03} times the variance of the scanner that the library was made for. Use this scanner's \
                 library",
                grain_e3 / 1_000,
                grain_e3 % 1_000
            ),
            Self::NoPlace { tries, unreal } => {
                let most = limits::TIP_TRIES_MAX;
                let places =
                    if *tries == 1 { "at that place".into() } else { format!("at {tries} places (of {most})") };
                write!(f, "not plausible {places}, mostly because {}. Take another item or picture", unreal.words())
            }
        }
    }
}

impl std::error::Error for Refused {}

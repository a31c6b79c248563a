//! What is said of one picture.

use crate::detections::Detection;
use crate::pixels::Quality;
use gatepost_hardware::units::Grams;
use serde::Serialize;

/// Seen, or not seen. There is no third.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assessment {
    Assessed(Assessed),
    Blind(Blind),
}

/// The whole picture was looked at. An empty list means that nothing reached its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed {
    /// In the order of [`crate::detections::sort`].
    pub detections: Vec<Detection>,
    pub quality: Quality,
    /// Where the model brings a calibration for it.
    pub mass: Option<Grams>,
    pub timings: Timings,
}

/// The picture was not assessed, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blind {
    pub cause: Cause,
    /// What, where and what to do, for people.
    pub detail: String,
    /// What was seen all the same, around what could not be seen. Reasons for more, never for less.
    pub detections: Vec<Detection>,
    pub quality: Option<Quality>,
    pub timings: Timings,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Too much of the parcel lets nothing through.
    Shield,
    /// The library is missing, is another one, or failed.
    Engine,
    /// The model is missing, is another one, or answered what no model may.
    Model,
    /// The picture is missing, damaged, empty, cut off or of too few energies.
    Quality,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shield => "shield",
            Self::Engine => "engine",
            Self::Model => "model",
            Self::Quality => "quality",
        }
    }
}

/// Microseconds of each stage. 0 for a stage that was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    pub decode_us: u64,
    pub preprocess_us: u64,
    pub infer_us: u64,
    pub postprocess_us: u64,
}

impl Timings {
    pub fn total_us(&self) -> u64 {
        self.decode_us + self.preprocess_us + self.infer_us + self.postprocess_us
    }
}

impl Assessment {
    pub fn detections(&self) -> &[Detection] {
        match self {
            Self::Assessed(assessed) => &assessed.detections,
            Self::Blind(blind) => &blind.detections,
        }
    }

    pub fn timings(&self) -> Timings {
        match self {
            Self::Assessed(assessed) => assessed.timings,
            Self::Blind(blind) => blind.timings,
        }
    }

    pub fn quality(&self) -> Option<&Quality> {
        match self {
            Self::Assessed(assessed) => Some(&assessed.quality),
            Self::Blind(blind) => blind.quality.as_ref(),
        }
    }

    pub fn blind(&self) -> Option<&Blind> {
        match self {
            Self::Assessed(_) => None,
            Self::Blind(blind) => Some(blind),
        }
    }

    pub(super) fn set_decode_us(&mut self, decode_us: u64) {
        match self {
            Self::Assessed(assessed) => assessed.timings.decode_us = decode_us,
            Self::Blind(blind) => blind.timings.decode_us = decode_us,
        }
    }
}

impl Blind {
    pub(super) fn without_looking(cause: Cause, detail: String) -> Self {
        Self { cause, detail, detections: Vec::new(), quality: None, timings: Timings::default() }
    }
}

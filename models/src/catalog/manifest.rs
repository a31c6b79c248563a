//! `manifest.toml`, format 1: everything about a model that is not in its weights. Integers only.
//!
//! Unknown keys are refused, except inside `[provenance]` and `[metrics]`, which are for people.

use super::PackageFault;
use crate::detections::Class;
use crate::limits;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    pub name: String,
    pub version: String,
    /// BLAKE3 of `model.onnx`, lower-case hexadecimal.
    pub digest: String,
    /// Length of `model.onnx`.
    pub bytes: u64,
    /// In the order of the score maps.
    pub classes: Vec<Class>,
    pub input: Input,
    pub output: Output,
    pub decoding: Decoding,
    /// In 1/10,000, one for each class.
    pub thresholds: BTreeMap<Class, u16>,
    pub calibration: Calibration,
    pub limits: PixelLimits,
    /// How to weigh with the picture; none when the machine is not calibrated for it.
    pub mass: Option<Mass>,
    #[serde(default)]
    pub provenance: toml::Table,
    #[serde(default)]
    pub metrics: toml::Table,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub tensor: String,
    pub width: u32,
    pub height: u32,
    pub channels: Vec<String>,
    pub preprocessing: String,
    /// The count that air reads as, unless the scanner says otherwise.
    pub air_level: u16,
    /// Clamp of the logarithm, in 1/1,000.
    pub attenuation_max_e3: u32,
    /// What each channel is multiplied with, in 1/1,000.
    pub scale_e3: [u32; 2],
    /// An input pixel covers at least this many micrometres.
    pub resolution_um_min: u32,
    pub default_pitch_um: u32,
    pub default_belt_step_um: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub heatmap: String,
    pub distances: String,
    /// Input pixels from one cell to the next.
    pub stride: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoding {
    pub method: String,
    /// Boxes of one class that overlap more than this (1/10,000) are one thing.
    pub iou_max_e4: u32,
    pub detections_max: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub method: String,
}

/// What makes a pixel opaque, a parcel present and a picture too large.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelLimits {
    /// High-energy attenuation, in 1/1,000, from which on nothing can be said of a pixel.
    pub opaque_attenuation_e3: u32,
    /// More of such pixels than this: blind.
    pub opaque_area_mm2_max: u64,
    /// High-energy attenuation, in 1/1,000, from which on a pixel is parcel.
    pub parcel_attenuation_e3: u32,
    /// Less parcel than this: an empty picture.
    pub parcel_area_mm2_min: u64,
    pub width_px_max: u32,
    pub height_px_max: u32,
}

/// `[mass]`, optional: areal density from attenuation, by the ratio of the two energies' attenuations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mass {
    /// `ratio-table-v1`.
    pub method: String,
    /// Thinner than this (1/1,000) is air.
    pub attenuation_e3_min: u32,
    /// Ratios low ÷ high in 1/1,000, rising.
    pub ratio_e3: Vec<u32>,
    /// Milligrams per square centimetre for a high-energy attenuation of 1, one for each ratio.
    pub mg_per_cm2: Vec<u32>,
}

impl Manifest {
    /// Text to a manifest whose every value this program can work with.
    pub fn parse(text: &str) -> Result<Self, PackageFault> {
        let manifest: Self = toml::from_str(text)
            .map_err(|error| PackageFault::Manifest(error.to_string().trim().replace('\n', " ")))?;
        manifest.check().map_err(PackageFault::Range)?;
        Ok(manifest)
    }

    /// The class's threshold in 1/10,000.
    pub fn threshold_e4(&self, class: Class) -> u16 {
        // `check` has seen one for each class; were it not so, nothing would be hidden.
        self.thresholds.get(&class).copied().unwrap_or(0)
    }

    /// Columns and rows of the score maps.
    pub fn grid(&self) -> (usize, usize) {
        ((self.input.width / self.output.stride) as usize, (self.input.height / self.output.stride) as usize)
    }

    fn check(&self) -> Result<(), String> {
        let known = |key: &str, found: &str, expected: &str| {
            if found == expected { Ok(()) } else { Err(format!("{key} is {found:?}; known here: {expected:?}")) }
        };
        known("format", &self.format.to_string(), "1")?;
        known("input.preprocessing", &self.input.preprocessing, "attenuation-area-v1")?;
        known("decoding.method", &self.decoding.method, "centre-peaks-v1")?;
        // The second: each class's logit was put on a fitted line in the last convolution; nothing is left to do here.
        if self.calibration.method != "none" {
            known("calibration.method", &self.calibration.method, "logistic-in-graph-v1")?;
        }
        known("input.channels", &self.input.channels.join(" "), "high_attenuation low_minus_high_attenuation")?;
        let ranges = [
            ("classes", self.classes.len() as u64, 1, limits::CLASSES_MAX as u64),
            ("bytes", self.bytes, 1, limits::MODEL_BYTES_MAX),
            ("input.width", self.input.width.into(), 8, limits::INPUT_SIDE_MAX.into()),
            ("input.height", self.input.height.into(), 8, limits::INPUT_SIDE_MAX.into()),
            ("input.air_level", self.input.air_level.into(), 1_000, u16::MAX.into()),
            ("input.attenuation_max_e3", self.input.attenuation_max_e3.into(), 1_000, 12_000),
            ("input.scale_e3[0]", self.input.scale_e3[0].into(), 1, 100_000),
            ("input.scale_e3[1]", self.input.scale_e3[1].into(), 1, 100_000),
            ("input.resolution_um_min", self.input.resolution_um_min.into(), 100, 100_000),
            ("input.default_pitch_um", self.input.default_pitch_um.into(), 50, 20_000),
            ("input.default_belt_step_um", self.input.default_belt_step_um.into(), 50, 20_000),
            ("output.stride", self.output.stride.into(), 1, 64),
            ("decoding.iou_max_e4", self.decoding.iou_max_e4.into(), 0, 10_000),
            ("decoding.detections_max", self.decoding.detections_max as u64, 1, limits::DETECTIONS_MAX as u64),
            (
                "limits.opaque_attenuation_e3",
                self.limits.opaque_attenuation_e3.into(),
                100,
                self.input.attenuation_max_e3.into(),
            ),
            (
                "limits.parcel_attenuation_e3",
                self.limits.parcel_attenuation_e3.into(),
                1,
                self.limits.opaque_attenuation_e3.into(),
            ),
            ("limits.width_px_max", self.limits.width_px_max.into(), 1, limits::IMAGE_WIDTH_MAX.into()),
            ("limits.height_px_max", self.limits.height_px_max.into(), 1, limits::IMAGE_HEIGHT_MAX.into()),
        ];
        for (key, value, least, most) in ranges {
            if value < least || value > most {
                return Err(format!("{key} is {value}; possible here: {least} to {most}"));
            }
        }
        let divides = |side: u32| side.is_multiple_of(self.output.stride);
        if !divides(self.input.width) || !divides(self.input.height) {
            return Err("output.stride does not divide the input's sides".into());
        }
        self.check_classes()?;
        self.mass.as_ref().map_or(Ok(()), Mass::check)
    }

    fn check_classes(&self) -> Result<(), String> {
        for (index, &class) in self.classes.iter().enumerate() {
            if self.classes[..index].contains(&class) {
                return Err(format!("class {} stands twice", class.as_str()));
            }
            match self.thresholds.get(&class) {
                Some(1..=10_000) => {}
                Some(value) => {
                    return Err(format!("thresholds.{} is {value}; possible here: 1 to 10000", class.as_str()));
                }
                None => return Err(format!("thresholds.{} is missing", class.as_str())),
            }
        }
        if self.thresholds.len() != self.classes.len() {
            return Err("thresholds names a class that the model does not have".into());
        }
        Ok(())
    }
}

impl Mass {
    fn check(&self) -> Result<(), String> {
        const POINTS_MAX: usize = 64;
        if self.method != "ratio-table-v1" {
            return Err(format!("mass.method is {:?}; known here: \"ratio-table-v1\"", self.method));
        }
        if self.attenuation_e3_min == 0 {
            return Err("mass.attenuation_e3_min must be above 0".into());
        }
        let points = self.ratio_e3.len();
        if points == 0
            || points > POINTS_MAX
            || points != self.mg_per_cm2.len()
            || !self.ratio_e3.is_sorted_by(|a, b| a < b)
        {
            return Err(format!("mass: 1 to {POINTS_MAX} rising ratios, each with its density"));
        }
        Ok(())
    }
}

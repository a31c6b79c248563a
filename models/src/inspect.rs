//! What `gatepost inspect` and `gatepost bench inspect` say: files in, one JSON document or pictures out.
//!
//! Stands alone because it is for people: nothing here enters a record. Pictures are drawn on a copy; the file looked at is
//! never touched.

mod bench;
mod font;
mod render;

pub use bench::{BenchError, BenchInspect, bench_inspect, bench_pictures};
pub use render::{Canvas, Palette, render};

use crate::detections::Detection;
use crate::formats::{self, Geometry, Image};
use crate::pixels::Quality;
use crate::session::{Assessment, Cause, Inspector};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One file's entry in `gatepost inspect --json`.
#[derive(Debug, Serialize)]
pub struct Inspected {
    /// As named on the command line; of a pair, the first one named.
    pub file: String,
    /// The cause, where the picture was not assessed.
    pub blind: Option<Cause>,
    /// What was wrong and what to do, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub findings: Vec<Finding>,
    pub quality: Option<Quality>,
    /// Grams, where the model is calibrated for it.
    pub mass_g: Option<i64>,
    pub ms: StageMs,
}

#[derive(Debug, Serialize)]
pub struct Finding {
    pub class: &'static str,
    /// In 1/10,000.
    pub score: u16,
    /// Left, top, right, bottom in pixels of the file; right and bottom exclusive.
    #[serde(rename = "box")]
    pub bounds: [u32; 4],
}

/// Milliseconds, to the microsecond.
#[derive(Debug, Serialize)]
pub struct StageMs {
    pub decode: f64,
    pub preprocess: f64,
    pub infer: f64,
    pub postprocess: f64,
}

impl Inspected {
    pub fn new(file: &Path, assessment: &Assessment) -> Self {
        let findings = assessment
            .detections()
            .iter()
            .map(|one| Finding { class: one.class.as_str(), score: one.score_e4, bounds: one.bounds })
            .collect();
        let timings = assessment.timings();
        let ms = |micros: u64| micros as f64 / 1_000.0;
        Self {
            file: file.display().to_string(),
            blind: assessment.blind().map(|blind| blind.cause),
            detail: assessment.blind().map(|blind| blind.detail.clone()),
            findings,
            quality: assessment.quality().cloned(),
            mass_g: match assessment {
                Assessment::Assessed(assessed) => assessed.mass.map(|grams| grams.0),
                Assessment::Blind(_) => None,
            },
            ms: StageMs {
                decode: ms(timings.decode_us),
                preprocess: ms(timings.preprocess_us),
                infer: ms(timings.infer_us),
                postprocess: ms(timings.postprocess_us),
            },
        }
    }
}

/// Looks at every file, in order; both files of a pair give one entry. `geometry`: the scanner's, else the model's own.
/// With a folder in `pictures`, also writes `NAME.png` there for every file that could be read.
pub fn inspect(
    inspector: &mut Inspector,
    files: &[PathBuf],
    geometry: Option<Geometry>,
    pictures: Option<&Path>,
) -> Result<Vec<Inspected>, PictureError> {
    let geometry = geometry.unwrap_or_else(|| inspector.default_geometry());
    let mut seen = Vec::new();
    let mut entries = Vec::new();
    for file in files {
        let identity = formats::pair_of(file).map_or_else(|| file.clone(), |(low, _)| low);
        if seen.contains(&identity) {
            continue;
        }
        let assessment = inspector.detect_file(file, &geometry);
        if let Some(folder) = pictures {
            picture_into(folder, file, &identity, &geometry, &assessment)?;
        }
        seen.push(identity);
        entries.push(Inspected::new(file, &assessment));
    }
    Ok(entries)
}

/// A picture could not be written.
#[derive(Debug)]
pub struct PictureError {
    pub path: PathBuf,
    pub what: String,
}

impl std::fmt::Display for PictureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: cannot be written ({}). Check the folder and its free space", self.path.display(), self.what)
    }
}

impl std::error::Error for PictureError {}

fn picture_into(
    folder: &Path,
    file: &Path,
    identity: &Path,
    geometry: &Geometry,
    assessment: &Assessment,
) -> Result<(), PictureError> {
    // A file that cannot be read has no picture; its entry says why.
    let Ok(image) = formats::read(file) else { return Ok(()) };
    let stem = identity.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let path = folder.join(format!("{}.png", stem.strip_suffix(".low").unwrap_or(&stem)));
    let fault = |what: String| PictureError { path: path.clone(), what };
    std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
    let air_level = geometry.air_level.unwrap_or(Palette::USUAL_AIR_LEVEL);
    let bytes = png_of(&image, geometry, air_level, assessment).ok_or_else(|| fault("too large to draw".into()))?;
    std::fs::write(&path, bytes).map_err(|error| fault(error.to_string()))
}

/// The picture as a PNG for people: pseudo-colours, boxes with their class in words, a legend and, where it was not
/// assessed, why. `None` when it is too large to draw.
pub fn png_of(image: &Image, geometry: &Geometry, air_level: u16, assessment: &Assessment) -> Option<Vec<u8>> {
    let blind = assessment.blind().map(|blind| blind.cause);
    encode(&render(image, geometry, &Palette::usual(air_level), assessment.detections(), blind)?)
}

/// The same for pages, with the detections of a record. Empty when it is too large to draw.
pub fn pseudo_colour_png(image: &Image, geometry: &Geometry, detections: &[Detection]) -> Vec<u8> {
    let palette = Palette::usual(geometry.air_level.unwrap_or(Palette::USUAL_AIR_LEVEL));
    render(image, geometry, &palette, detections, None).and_then(|canvas| encode(&canvas)).unwrap_or_default()
}

fn encode(canvas: &Canvas) -> Option<Vec<u8>> {
    formats::png::encode(canvas.width, canvas.height, ::png::ColorType::Rgb, ::png::BitDepth::Eight, &canvas.rgb)
}

#[cfg(test)]
mod tests;

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
use crate::dicom::Reference;
use crate::formats::{self, Files, Geometry, Image};
use crate::pixels::Quality;
use crate::report::{self, Author, Moment, Report};
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

/// Folders to write into beside the answer; they are made where they are not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folders<'a> {
    /// For `NAME.png`, the picture with its boxes, of every file that could be read.
    pub pictures: Option<&'a Path>,
    /// For `NAME.tdr.dcs`, a MACHINE report on every file there is, and the moment it is written.
    pub reports: Option<(&'a Path, Moment<'a>)>,
}

/// Looks at every file, in order; both files of a pair give one entry. `scanner`: its geometry, else what a file states,
/// else the model's own. Each file is read once: what is drawn and reported is what was looked at.
pub fn inspect(
    inspector: &mut Inspector,
    files: &[PathBuf],
    scanner: Option<Geometry>,
    folders: Folders<'_>,
) -> Result<Vec<Inspected>, PictureError> {
    let usual = inspector.default_geometry();
    let model = inspector.versions().map_or_else(|| "no model".to_owned(), |versions| versions.model.clone());
    let mut entries = Vec::new();
    for Planned { file, picture, report } in plan(files, folders)? {
        let read = Files::load(file);
        let (assessment, image) = inspector.detect_files(&read, scanner);
        // A file that cannot be read has no picture; its entry says why.
        if let (Some(path), Some(image)) = (&picture, &image) {
            picture_into(path, image, &image.geometry(scanner, usual), &assessment)?;
        }
        if let Some((path, at)) = &report {
            report_into(path, file, &read, &assessment, &model, *at)?;
        }
        entries.push(Inspected::new(file, &assessment));
    }
    Ok(entries)
}

/// One file, or a pair by the one named first, and what will be written beside the answer.
struct Planned<'a> {
    file: &'a Path,
    picture: Option<PathBuf>,
    report: Option<(PathBuf, Moment<'a>)>,
}

/// What is to be looked at, each once. Nothing is written where two files would be written as one, or over a file that is to
/// be looked at: whoever finds one report would take it for both, or the drawing for the picture.
fn plan<'a>(files: &'a [PathBuf], folders: Folders<'a>) -> Result<Vec<Planned<'a>>, PictureError> {
    let parts =
        |file: &PathBuf| formats::pair_of(file).map_or_else(|| vec![file.clone()], |(low, high)| vec![low, high]);
    let inputs: Vec<PathBuf> = files.iter().flat_map(parts).filter_map(|part| part.canonicalize().ok()).collect();
    let (mut seen, mut planned) = (Vec::new(), Vec::new());
    let mut written: Vec<(PathBuf, &Path)> = Vec::new();
    for file in files {
        let identity = formats::pair_of(file).map_or_else(|| file.clone(), |(low, _)| low);
        if seen.contains(&identity) {
            continue;
        }
        let stem = identity.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = stem.strip_suffix(".low").unwrap_or(&stem);
        let picture = folders.pictures.map(|folder| folder.join(format!("{name}.png")));
        let report = folders.reports.map(|(folder, at)| (folder.join(format!("{name}.tdr.dcs")), at));
        for path in picture.iter().chain(report.iter().map(|(path, _)| path)) {
            if let Some((_, other)) = written.iter().find(|(taken, _)| taken == path) {
                let files = [other.to_path_buf(), file.clone()];
                return Err(PictureError::OneName { path: path.clone(), files });
            }
            if path.canonicalize().is_ok_and(|there| inputs.contains(&there)) {
                return Err(PictureError::OverInput { path: path.clone() });
            }
            written.push((path.clone(), file));
        }
        seen.push(identity);
        planned.push(Planned { file, picture, report });
    }
    Ok(planned)
}

/// A picture or a report was not written.
#[derive(Debug, PartialEq, Eq)]
pub enum PictureError {
    /// The operating system's words.
    Unwritable { path: PathBuf, what: String },
    /// Larger than its format, or a drawing, may be.
    TooLarge { path: PathBuf },
    /// Two files would be written as one.
    OneName { path: PathBuf, files: [PathBuf; 2] },
    /// It would be written over a file that is to be looked at.
    OverInput { path: PathBuf },
}

impl std::fmt::Display for PictureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unwritable { path, what } => {
                write!(f, "{}: cannot be written ({what}). Check the folder and its free space", path.display())
            }
            Self::TooLarge { path } => write!(
                f,
                "{}: not written, it would be larger than its format allows. Inspect that file without writing this",
                path.display()
            ),
            Self::OneName { path, files: [one, other] } => write!(
                f,
                "{}: nothing written, because {} and {} would both be written there. Inspect them one by one into \
                 different folders, or rename one",
                path.display(),
                one.display(),
                other.display()
            ),
            Self::OverInput { path } => write!(
                f,
                "{}: nothing written, because that is a file to be inspected. Name another folder to write into",
                path.display()
            ),
        }
    }
}

impl std::error::Error for PictureError {}

fn picture_into(path: &Path, image: &Image, geometry: &Geometry, assessment: &Assessment) -> Result<(), PictureError> {
    let air_level = geometry.air_level.unwrap_or(Palette::USUAL_AIR_LEVEL);
    write(path, png_of(image, geometry, air_level, assessment).as_deref())
}

/// What was said of `file`, or of both files of a pair, by their own UIDs where they are DICOS.
fn report_into(
    path: &Path,
    file: &Path,
    read: &Files,
    assessment: &Assessment,
    model: &str,
    at: Moment<'_>,
) -> Result<(), PictureError> {
    let reference = |bytes: &[u8]| formats::dicos::reference(bytes).unwrap_or_else(|| Reference::to_content(bytes));
    let pictures: Vec<Reference> = read.bytes().map(reference).collect();
    if pictures.is_empty() {
        return Ok(());
    }
    let object = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let software = concat!("gatepost ", env!("CARGO_PKG_VERSION"));
    let report = Report::of(assessment, pictures, model, at);
    write(path, report::encode(&report, &Author { at, software, object: &object }).as_deref())
}

/// `None`: what was to be written is larger than its format allows.
fn write(path: &Path, bytes: Option<&[u8]>) -> Result<(), PictureError> {
    let bytes = bytes.ok_or_else(|| PictureError::TooLarge { path: path.to_owned() })?;
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|error| PictureError::Unwritable { path: path.to_owned(), what: error.to_string() })
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

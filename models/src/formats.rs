//! Picture files: 8 to 16-bit grey PNG, TIFF and DICOS digital X-ray, one energy or two; and what scanners make for eyes.
//!
//! Stands alone because files come from outside: everything is bounded before memory is asked for, and nothing here can
//! panic on any bytes. It does not know air levels, materials or models. What a picture is worth as a measurement it says
//! ([`Source`]): a vendor's pseudo-colours (PNG, JPEG) cannot be turned back into attenuation, only into a lesser picture.
//!
//! Two energies come as
//! - a pair of files, `NAME.low.png` and `NAME.high.png` (or `.tif`, `.tiff`, `.dcs`), either of which may be named;
//! - a TIFF with two pages, low energy first;
//! - a PNG or TIFF with two channels (grey + alpha, or two samples), low energy first; where all of the second is at full
//!   scale it is alpha, and refused;
//! - a DICOS picture with two frames, low energy first, that says it has detectors of both.
//!
//! Samples come out as 16-bit counts. 8-bit samples are spread over the 16 bits (× 257); 12-bit samples in 16 stay as
//! they are, and [`Geometry::air_level`] says what air reads as.

mod colour;
pub mod dicos;
mod jpeg;
pub(crate) mod png;
mod problem;
mod tiff;

pub use problem::{FormatError, Problem};

use crate::{dicom, limits};
use serde::Serialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A picture as the scanner gave it: attenuated counts, air bright, row by row, line 0 scanned first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Detector columns, across the belt.
    pub width: u32,
    /// Belt lines.
    pub height: u32,
    /// Bits of one sample in the file: 8 or 16.
    pub bits: u8,
    /// The highest count that a sample of the file can be: one that is there was saturated.
    pub full_scale: u16,
    pub planes: Planes,
    pub source: Source,
    /// What the file itself says of its scanner.
    pub stated: Stated,
}

/// Counts, `width × height` of them in each plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planes {
    Single(Vec<u16>),
    Dual { low: Vec<u16>, high: Vec<u16> },
}

/// What the samples of a picture are worth, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Light as the detector measured it.
    #[default]
    Counts,
    /// Grey made for eyes: a look-up may have been applied, or detail dropped.
    Presentation,
    /// The luminance of colours made for eyes.
    PseudoColour,
}

/// What a file may say of its scanner. A station's own configuration goes before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    pub geometry: Option<Geometry>,
    pub energy: Option<Energy>,
}

/// Which detectors a picture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Energy {
    Low,
    High,
    Both,
}

impl Image {
    /// A picture from two planes in memory (a driver, a simulator). `None` when the lengths do not fit, or beyond the
    /// limits of a file.
    pub fn from_planes(width: u32, height: u32, low: Vec<u16>, high: Vec<u16>) -> Option<Self> {
        let pixels = check_size(width, height).ok()?;
        (low.len() == pixels && high.len() == pixels).then_some(Self {
            width,
            height,
            bits: 16,
            full_scale: u16::MAX,
            planes: Planes::Dual { low, high },
            source: Source::Counts,
            stated: Stated::default(),
        })
    }

    /// The plane that penetrates best: the high energy, or the only one.
    pub fn penetrating(&self) -> &[u16] {
        match &self.planes {
            Planes::Single(only) => only,
            Planes::Dual { high, .. } => high,
        }
    }

    /// The scanner's own geometry where it is known, else what the file states, else the usual.
    pub fn geometry(&self, scanner: Option<Geometry>, usual: Geometry) -> Geometry {
        scanner.or(self.stated.geometry).unwrap_or(usual)
    }

    pub fn is_dual(&self) -> bool {
        matches!(self.planes, Planes::Dual { .. })
    }
}

/// What a pixel measures. Line-scan pixels are not square: the detector gives one side, the belt the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Width of a pixel in micrometres at the belt.
    pub pitch_um: u32,
    /// Height of a pixel in micrometres of belt.
    pub belt_step_um: u32,
    /// The count that air reads as, where it is not the model's own.
    pub air_level: Option<u16>,
}

/// Reads a picture; for one file of a pair, both.
pub fn read(path: &Path) -> Result<Image, FormatError> {
    Files::load(path).decode()
}

/// A picture's file, or both of a pair, read once: what is looked at, named in a report and drawn is then the same.
#[derive(Debug)]
pub struct Files {
    /// As asked for.
    path: PathBuf,
    /// One, or low and high.
    parts: Vec<(PathBuf, Result<Vec<u8>, Problem>)>,
    /// Microseconds that reading took.
    pub read_us: u64,
}

impl Files {
    /// Never fails: what could not be read says so when it is decoded.
    pub fn load(path: &Path) -> Self {
        let start = Instant::now();
        let paths = pair_of(path).map_or_else(|| vec![path.to_path_buf()], |(low, high)| vec![low, high]);
        let part = |part: PathBuf| {
            let bytes = if part != path && !part.exists() {
                Err(Problem::PairMissing(part.clone()))
            } else {
                read_bounded(&part, limits::FILE_BYTES_MAX)
            };
            (part, bytes)
        };
        let parts = paths.into_iter().map(part).collect();
        Self { path: path.to_path_buf(), parts, read_us: start.elapsed().as_micros() as u64 }
    }

    /// Of every file that could be read.
    pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().filter_map(|(_, bytes)| bytes.as_deref().ok())
    }

    /// The picture in them.
    pub fn decode(&self) -> Result<Image, FormatError> {
        let refused = |file: &Path, problem| Err(FormatError { file: file.to_path_buf(), problem });
        let mut read = Vec::new();
        for (part, bytes) in &self.parts {
            match bytes {
                Ok(bytes) => read.push((part, bytes)),
                Err(missing @ Problem::PairMissing(_)) => return refused(&self.path, missing.clone()),
                Err(problem) => return refused(part, problem.clone()),
            }
        }
        let [low, high] = read[..] else { return decode(read[0].0, read[0].1) };
        // Unpacking is most of the way to a decision that is not the model's; the other core is idle then.
        let (low, high) = std::thread::scope(|scope| {
            let low = scope.spawn(|| decode(low.0, low.1));
            let high = decode(high.0, high.1);
            (low.join(), high)
        });
        let gave_up = || refused(&self.path, Problem::Damaged(READER_GAVE_UP.into()));
        join(&self.path, low.unwrap_or_else(|_| gave_up())?, high?)
    }
}

/// A picture out of bytes already in memory. `name` only stands in the error.
pub fn decode(name: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    // The readers below are other people's and meet bytes from outside: a panic of theirs is this file's fault only.
    let outcome = std::panic::catch_unwind(|| decode_bytes(bytes));
    outcome
        .unwrap_or_else(|_| Err(Problem::Damaged(READER_GAVE_UP.into())))
        .map_err(|problem| FormatError { file: name.to_path_buf(), problem })
}

const READER_GAVE_UP: &str = "the reader gave up on it";

/// One plane as a 16-bit grey PNG, fast rather than small. `None` when the length does not fit.
pub fn encode_png16(width: u32, height: u32, samples: &[u16]) -> Option<Vec<u8>> {
    if check_size(width, height).ok()? != samples.len() {
        return None;
    }
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    png::encode(width, height, ::png::ColorType::Grayscale, ::png::BitDepth::Sixteen, &bytes)
}

/// Both files of the pair that `path` is one of: `(low, high)`.
pub fn pair_of(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let name = path.file_name()?.to_str()?;
    let (rest, extension) = name.rsplit_once('.')?;
    let stem = rest.strip_suffix(".low").or_else(|| rest.strip_suffix(".high"))?;
    let file = |energy: &str| path.with_file_name(format!("{stem}.{energy}.{extension}"));
    Some((file("low"), file("high")))
}

fn join(path: &Path, low: Image, high: Image) -> Result<Image, FormatError> {
    let refused = |problem| Err(FormatError { file: path.to_path_buf(), problem });
    let shape = |image: &Image| (image.width, image.height, image.bits, image.full_scale);
    let same = shape(&low) == shape(&high);
    // A file that states no size of its pixels may go with one that does.
    let geometry = low.stated.geometry.or(high.stated.geometry);
    let agree = [&low, &high].iter().all(|image| image.stated.geometry.is_none_or(|stated| Some(stated) == geometry));
    if low.stated.energy == Some(Energy::High) || high.stated.energy == Some(Energy::Low) {
        return refused(Problem::Exchanged);
    }
    if [&low, &high].iter().any(|image| image.stated.energy == Some(Energy::Both)) {
        return refused(Problem::BothInOne);
    }
    let stated = Stated { geometry, energy: Some(Energy::Both) };
    match (low.planes, high.planes) {
        (Planes::Single(low_samples), Planes::Single(high_samples)) if same && agree => Ok(Image {
            planes: Planes::Dual { low: low_samples, high: high_samples },
            source: low.source.max(high.source),
            stated: if low.stated == Stated::default() && high.stated == low.stated { low.stated } else { stated },
            ..high
        }),
        _ => refused(Problem::Unequal),
    }
}

/// A whole regular file of at most `bytes_max` bytes. Its length is looked at before memory is asked for, and again
/// while reading: a file that grows meanwhile is refused too.
pub(crate) fn read_bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| Problem::Unreadable(error.to_string());
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(Problem::Unreadable("not a file".into()));
    }
    if about.len() > bytes_max {
        return Err(Problem::TooManyBytes { bytes: about.len() });
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Problem::TooManyBytes { bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

fn decode_bytes(bytes: &[u8]) -> Result<Image, Problem> {
    const PNG: &[u8] = &[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    const TIFF_LITTLE: &[u8] = &[b'I', b'I', 42, 0];
    const TIFF_BIG: &[u8] = &[b'M', b'M', 0, 42];
    if bytes.len() as u64 > limits::FILE_BYTES_MAX {
        return Err(Problem::TooManyBytes { bytes: bytes.len() as u64 });
    }
    if bytes.starts_with(PNG) {
        png::decode(bytes)
    } else if dicom::is_dicom(bytes) {
        dicos::decode(bytes)
    } else if bytes.starts_with(jpeg::START) {
        jpeg::decode(bytes)
    } else if bytes.starts_with(TIFF_LITTLE) || bytes.starts_with(TIFF_BIG) {
        tiff::decode(bytes)
    } else if bytes.len() < PNG.len() && (PNG.starts_with(bytes) || bytes.len() < TIFF_BIG.len()) {
        Err(Problem::Truncated)
    } else {
        Err(Problem::NotAPicture)
    }
}

/// Pixels of a plane of this size, if it is within limits and not empty.
fn check_size(width: u32, height: u32) -> Result<usize, Problem> {
    let pixels = u64::from(width) * u64::from(height);
    if width > limits::IMAGE_WIDTH_MAX || height > limits::IMAGE_HEIGHT_MAX || pixels > limits::IMAGE_PIXELS_MAX {
        return Err(Problem::TooManyPixels { width: width.into(), height: height.into() });
    }
    if pixels == 0 {
        return Err(Problem::Damaged("no pixels".into()));
    }
    Ok(pixels as usize)
}

/// Refuses a header that promises more samples than `file_bytes` of any packing can hold, before memory is asked for.
fn check_expansion(sample_bytes: u64, file_bytes: usize) -> Result<(), Problem> {
    if sample_bytes > (file_bytes as u64).saturating_mul(limits::EXPANSION_MAX) {
        return Err(Problem::Truncated);
    }
    Ok(())
}

/// Splits interleaved pairs into planes, or keeps a single plane as it is.
fn planes(samples: Vec<u16>, channels: usize) -> Result<Planes, Problem> {
    if channels == 1 {
        return Ok(Planes::Single(samples));
    }
    let (pairs, _) = samples.as_chunks::<2>();
    channels_of(pairs.iter().map(|pair| pair[0]).collect(), pairs.iter().map(|pair| pair[1]).collect())
}

/// Two channels of one picture as two energies. Where every sample of the second is at full scale, it is how opaque the
/// picture is to be drawn, and one energy would pass for two.
fn channels_of(low: Vec<u16>, high: Vec<u16>) -> Result<Planes, Problem> {
    if high.iter().all(|&sample| sample == u16::MAX) {
        return Err(Problem::Unsupported("a second channel that is alpha, no second energy".into()));
    }
    Ok(Planes::Dual { low, high })
}

/// Spreads an 8-bit count over 16 bits, so that full scale stays full scale.
fn widen(sample: u8) -> u16 {
    u16::from(sample) * 257
}

#[cfg(test)]
mod tests;

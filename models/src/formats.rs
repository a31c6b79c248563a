//! Picture files: 8 to 16-bit grey PNG and TIFF, one energy or two.
//!
//! Stands alone because files come from outside: everything is bounded before memory is asked for, and nothing here can
//! panic on any bytes. It does not know air levels, materials or models, and it refuses coloured pictures: a vendor's
//! pseudo-colours cannot be turned back into attenuation.
//!
//! Two energies come as
//! - a pair of files, `NAME.low.png` and `NAME.high.png` (or `.tif`, `.tiff`), either of which may be named;
//! - a TIFF with two pages, low energy first;
//! - a PNG or TIFF with two channels (grey + alpha, or two samples), low energy first.
//!
//! Samples come out as 16-bit counts. 8-bit samples are spread over the 16 bits (× 257); 12-bit samples in 16 stay as
//! they are, and [`Geometry::air_level`] says what air reads as.

pub(crate) mod png;
mod tiff;

use crate::limits;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A picture as the scanner gave it: attenuated counts, air bright, row by row, line 0 scanned first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Detector columns, across the belt.
    pub width: u32,
    /// Belt lines.
    pub height: u32,
    /// Bits of one sample in the file: 8 or 16.
    pub bits: u8,
    pub planes: Planes,
}

/// Counts, `width × height` of them in each plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planes {
    Single(Vec<u16>),
    Dual { low: Vec<u16>, high: Vec<u16> },
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
            planes: Planes::Dual { low, high },
        })
    }

    /// The plane that penetrates best: the high energy, or the only one.
    pub fn penetrating(&self) -> &[u16] {
        match &self.planes {
            Planes::Single(only) => only,
            Planes::Dual { high, .. } => high,
        }
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

/// Why a file gave no picture. Each names the file, what is wrong with it, and what to do.
#[derive(Debug)]
pub struct FormatError {
    pub file: PathBuf,
    pub problem: Problem,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// The operating system's words.
    Unreadable(String),
    TooManyBytes {
        bytes: u64,
    },
    TooManyPixels {
        width: u64,
        height: u64,
    },
    NotAPicture,
    /// The file ends before its picture does.
    Truncated,
    /// The reader's words.
    Damaged(String),
    Unsupported(&'static str),
    /// Two planes of different size or depth.
    Unequal,
    /// One file of a pair is not there.
    PairMissing(PathBuf),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.problem {
            Problem::Unreadable(what) => write!(f, "cannot be read ({what}). Check the path and who may read it"),
            Problem::TooManyBytes { bytes } => write!(
                f,
                "{bytes} bytes are more than a picture may have ({}). Not a scanner's picture, or several in one file: \
                 export one view per file",
                limits::FILE_BYTES_MAX
            ),
            Problem::TooManyPixels { width, height } => write!(
                f,
                "{width} x {height} pixels are more than a picture may have ({} columns, {} lines, {} pixels). Check the \
                 scanner's export, or split the scan",
                limits::IMAGE_WIDTH_MAX,
                limits::IMAGE_HEIGHT_MAX,
                limits::IMAGE_PIXELS_MAX
            ),
            Problem::NotAPicture => f.write_str("neither PNG nor TIFF. Export grey PNG or TIFF, 8 to 16 bit"),
            Problem::Truncated => f.write_str(
                "ends before its picture does. It was cut off while written or copied: copy it again, or scan again",
            ),
            Problem::Damaged(what) => write!(f, "damaged ({what}). Copy it again, or scan again"),
            Problem::Unsupported(what) => {
                write!(f, "{what}. Export grey PNG or TIFF, 8 to 16 bit, one or two energies")
            }
            Problem::Unequal => f.write_str("its two energies differ in size or depth. Both must come from one scan"),
            Problem::PairMissing(partner) => {
                write!(f, "its other energy, {}, is not there. Put both files in one folder", partner.display())
            }
        }
    }
}

impl std::error::Error for FormatError {}

/// Reads a picture; for one file of a pair, both.
pub fn read(path: &Path) -> Result<Image, FormatError> {
    match pair_of(path) {
        Some((low, high)) => {
            for partner in [&low, &high] {
                if !partner.exists() && partner != path {
                    return Err(FormatError {
                        file: path.to_path_buf(),
                        problem: Problem::PairMissing(partner.clone()),
                    });
                }
            }
            // Unpacking is most of the way to a decision that is not the model's; the other core is idle then.
            let (low, high) = std::thread::scope(|scope| {
                let low = scope.spawn(|| read_one(&low));
                let high = read_one(&high);
                (low.join(), high)
            });
            let gave_up =
                || Err(FormatError { file: path.to_path_buf(), problem: Problem::Damaged(READER_GAVE_UP.into()) });
            join(path, low.unwrap_or_else(|_| gave_up())?, high?)
        }
        None => read_one(path),
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
    let (width, height, bits) = (low.width, low.height, low.bits);
    match (low.planes, high.planes) {
        (Planes::Single(low), Planes::Single(high_samples))
            if (width, height, bits) == (high.width, high.height, high.bits) =>
        {
            Ok(Image { width, height, bits, planes: Planes::Dual { low, high: high_samples } })
        }
        _ => Err(FormatError { file: path.to_path_buf(), problem: Problem::Unequal }),
    }
}

fn read_one(path: &Path) -> Result<Image, FormatError> {
    let bytes = read_bounded(path, limits::FILE_BYTES_MAX)
        .map_err(|problem| FormatError { file: path.to_path_buf(), problem })?;
    decode(path, &bytes)
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
fn planes(samples: Vec<u16>, channels: usize) -> Planes {
    if channels == 1 {
        return Planes::Single(samples);
    }
    let (pairs, _) = samples.as_chunks::<2>();
    Planes::Dual { low: pairs.iter().map(|pair| pair[0]).collect(), high: pairs.iter().map(|pair| pair[1]).collect() }
}

/// Spreads an 8-bit count over 16 bits, so that full scale stays full scale.
fn widen(sample: u8) -> u16 {
    u16::from(sample) * 257
}

#[cfg(test)]
mod tests;

//! Label pictures: grey, from a camera's file or its memory.
//!
//! Apart from [`crate::formats`], which reads attenuation and refuses colour: a label camera may give colour, JPEG or 16
//! bits, and all of it becomes 8-bit grey here. Everything is bounded before memory is asked for, and no bytes can panic
//! their way out.

use crate::formats;
use crate::limits;
use image::{DynamicImage, ImageFormat, ImageReader};
use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// A grey picture, row by row from the top; dark ink is low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture in memory. `None` when the length does not fit, or beyond [`limits::LABEL_SIDE_MAX`].
    pub fn from_grey(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        (check_size(width, height).ok()? == pixels.len()).then_some(Self { width, height, pixels })
    }

    /// The same from 16-bit samples, whatever part of the 16 bits the camera uses: the darkest and brightest thousandth
    /// become black and white.
    pub fn from_samples(width: u32, height: u32, samples: &[u16]) -> Option<Self> {
        if check_size(width, height).ok()? != samples.len() {
            return None;
        }
        Some(Self { width, height, pixels: spread(samples) })
    }

    pub fn width(&self) -> u32 {
        self.width
    }
    pub fn height(&self) -> u32 {
        self.height
    }
    /// `width × height` of them.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// A PNG, JPEG or TIFF file.
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        let bytes = formats::read_bounded(path, limits::LABEL_FILE_BYTES_MAX)
            .map_err(|problem| PictureError { file: path.to_path_buf(), problem: Problem::of(problem) })?;
        Self::decode(path, &bytes)
    }

    /// The same out of bytes already in memory. `name` only stands in the error.
    pub fn decode(name: &Path, bytes: &[u8]) -> Result<Self, PictureError> {
        // The readers below are other people's and meet bytes from outside: a panic of theirs is this file's fault only.
        let outcome = std::panic::catch_unwind(|| decode_bytes(bytes));
        outcome
            .unwrap_or_else(|_| Err(Problem::Damaged("the reader gave up on it".into())))
            .map_err(|problem| PictureError { file: name.to_path_buf(), problem })
    }
}

/// Why a file gave no picture. Each names the file, what is wrong with it, and what to do.
#[derive(Debug)]
pub struct PictureError {
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
        width: u32,
        height: u32,
    },
    NotAPicture,
    /// The reader's words.
    Damaged(String),
}

impl Problem {
    fn of(problem: formats::Problem) -> Self {
        match problem {
            formats::Problem::Unreadable(what) => Self::Unreadable(what),
            formats::Problem::TooManyBytes { bytes } => Self::TooManyBytes { bytes },
            _ => Self::NotAPicture,
        }
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.problem {
            Problem::Unreadable(what) => write!(f, "cannot be read ({what}). Check the path and who may read it"),
            Problem::TooManyBytes { bytes } => write!(
                f,
                "{bytes} bytes are more than a label picture may have ({}). Let the camera send JPEG, or a smaller frame",
                limits::LABEL_FILE_BYTES_MAX
            ),
            Problem::TooManyPixels { width, height } => write!(
                f,
                "{width} x {height} pixels are more than a label picture may have ({0} a side). Let the camera send a \
                 smaller frame, or cut the label out",
                limits::LABEL_SIDE_MAX
            ),
            Problem::NotAPicture => f.write_str("neither PNG, JPEG nor TIFF. Let the camera write one of these"),
            Problem::Damaged(what) => write!(f, "damaged or cut off ({what}). Copy it again, or take it again"),
        }
    }
}

impl std::error::Error for PictureError {}

fn decode_bytes(bytes: &[u8]) -> Result<Picture, Problem> {
    let format = image::guess_format(bytes).map_err(|_| Problem::NotAPicture)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Tiff) {
        return Err(Problem::NotAPicture);
    }
    let damaged = |error: image::ImageError| Problem::Damaged(error.to_string());
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(damaged)?;
    let pixels = check_size(width, height)?;
    // A header that promises more than any packing can hold is found out before memory is asked for.
    if pixels as u64 > (bytes.len() as u64).saturating_mul(limits::EXPANSION_MAX) {
        return Err(Problem::Damaged("it ends before its picture does".into()));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits::LABEL_SIDE_MAX);
    bounds.max_image_height = Some(limits::LABEL_SIDE_MAX);
    bounds.max_alloc = Some(limits::LABEL_DECODE_BYTES_MAX);
    reader.limits(bounds);
    Ok(match reader.decode().map_err(damaged)? {
        DynamicImage::ImageLuma8(grey) => Picture { width, height, pixels: grey.into_raw() },
        deep @ (DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_)
        | DynamicImage::ImageRgb32F(_)
        | DynamicImage::ImageRgba32F(_)) => Picture { width, height, pixels: spread(deep.into_luma16().as_raw()) },
        other => Picture { width, height, pixels: other.into_luma8().into_raw() },
    })
}

/// Pixels of a picture of this size, if it is within limits and not empty.
fn check_size(width: u32, height: u32) -> Result<usize, Problem> {
    if width > limits::LABEL_SIDE_MAX || height > limits::LABEL_SIDE_MAX {
        return Err(Problem::TooManyPixels { width, height });
    }
    match width as usize * height as usize {
        0 => Err(Problem::Damaged("no pixels".into())),
        pixels => Ok(pixels),
    }
}

/// 16-bit samples as 8-bit grey, from the darkest thousandth to the brightest.
fn spread(samples: &[u16]) -> Vec<u8> {
    const BUCKETS: usize = 4_096;
    let mut counts = [0u32; BUCKETS];
    samples.iter().for_each(|&sample| counts[usize::from(sample >> 4)] += 1);
    let share = (samples.len() / 1_000) as u32;
    let mut below = counts.iter().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count) + count));
    let dark = below.position(|sum| sum > share).unwrap_or(0) as u32 * 16;
    let mut above = counts.iter().rev().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count) + count));
    let bright = (BUCKETS - above.position(|sum| sum > share).unwrap_or(0)) as u32 * 16;
    let range = bright.saturating_sub(dark).max(255);
    samples.iter().map(|&sample| (u32::from(sample).saturating_sub(dark) * 255 / range).min(255) as u8).collect()
}

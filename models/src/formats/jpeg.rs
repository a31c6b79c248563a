//! JPEG, grey or coloured: made for eyes, with detail dropped that no eye misses. Never counts.

use super::{Image, Planes, Problem, Source, Stated, check_size, colour, widen};
use crate::limits;
use image::{ImageError, ImageFormat, ImageReader};
use std::io::Cursor;

pub(super) const START: &[u8] = &[0xFF, 0xD8, 0xFF];
const END: &[u8] = &[0xFF, 0xD9];

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let damaged = |error: ImageError| Problem::Damaged(error.to_string());
    // The reader fills what is missing with grey: a file that was cut off is found out here. Some are padded.
    let padding = bytes.iter().rev().take_while(|byte| matches!(byte, 0 | b'\n' | b'\r')).count();
    if !bytes[..bytes.len() - padding].ends_with(END) {
        return Err(Problem::Truncated);
    }
    let reader = || ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    let (width, height) = reader().into_dimensions().map_err(damaged)?;
    let pixels = check_size(width, height)?;
    if pixels as u64 > bytes.len() as u64 * limits::JPEG_PIXELS_PER_BYTE_MAX {
        return Err(Problem::Truncated);
    }
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits::IMAGE_WIDTH_MAX);
    bounds.max_image_height = Some(limits::IMAGE_HEIGHT_MAX);
    bounds.max_alloc = Some(limits::FILE_BYTES_MAX);
    let mut reader = reader();
    reader.limits(bounds);
    let picture = reader.decode().map_err(damaged)?.into_rgb8();
    let (samples, source) = colour::luminance(picture.pixels().map(|pixel| pixel.0.map(widen)));
    let source = source.max(Source::Presentation);
    let planes = Planes::Single(samples);
    Ok(Image { width, height, bits: 8, full_scale: u16::MAX, planes, source, stated: Stated::default() })
}

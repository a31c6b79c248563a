//! Grey TIFF, 8 or 16 bit: one page with one or two channels, or two pages, the low energy first.

use super::{Image, Planes, Problem, check_expansion, check_size, planes, widen};
use crate::limits;
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::{ColorType, TiffError};

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let mut bounds = Limits::default();
    bounds.decoding_buffer_size = limits::FILE_BYTES_MAX as usize;
    bounds.intermediate_buffer_size = limits::FILE_BYTES_MAX as usize;
    bounds.ifd_value_size = limits::TIFF_VALUE_BYTES_MAX;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(problem)?.with_limits(bounds);
    let first = page(&mut decoder, bytes.len())?;
    if !decoder.more_images() {
        return Ok(first);
    }
    decoder.next_image().map_err(problem)?;
    let second = page(&mut decoder, bytes.len())?;
    if decoder.more_images() {
        return Err(Problem::Unsupported("more than two pages"));
    }
    let same = (first.width, first.height, first.bits) == (second.width, second.height, second.bits);
    match (first.planes, second.planes) {
        (Planes::Single(low), Planes::Single(high)) if same => {
            Ok(Image { planes: Planes::Dual { low, high }, ..first })
        }
        _ => Err(Problem::Unequal),
    }
}

fn page(decoder: &mut Decoder<Cursor<&[u8]>>, file_bytes: usize) -> Result<Image, Problem> {
    let (width, height) = decoder.dimensions().map_err(problem)?;
    let pixels = check_size(width, height)?;
    let (channels, bits) = match decoder.colortype().map_err(problem)? {
        ColorType::Gray(bits) => (1, bits),
        ColorType::GrayA(bits) | ColorType::Multiband { bit_depth: bits, num_samples: 2 } => (2, bits),
        ColorType::Multiband { num_samples: 1, bit_depth } => (1, bit_depth),
        _ => return Err(Problem::Unsupported("a coloured picture, which no longer holds the attenuation")),
    };
    if bits != 8 && bits != 16 {
        return Err(Problem::Unsupported("samples that are neither 8 nor 16 bit wide"));
    }
    let length = pixels * channels * usize::from(bits / 8);
    check_expansion(length as u64, file_bytes)?;
    let layout = decoder.image_buffer_layout().map_err(problem)?;
    if layout.complete_len != length || (layout.planes != 1 && layout.planes != channels) {
        return Err(Problem::Unsupported("planes laid out in a way this reader does not know"));
    }
    let mut result = if bits == 8 { DecodingResult::U8(Vec::new()) } else { DecodingResult::U16(Vec::new()) };
    decoder.read_image_to_buffer(&mut result).map_err(problem)?;
    let mut samples = match result {
        DecodingResult::U16(samples) => samples,
        DecodingResult::U8(samples) => samples.into_iter().map(widen).collect(),
        _ => return Err(Problem::Unsupported("signed or floating samples")),
    };
    if samples.len() != pixels * channels {
        return Err(Problem::Truncated);
    }
    let planes = if layout.planes == 2 {
        let high = samples.split_off(pixels);
        Planes::Dual { low: samples, high }
    } else {
        planes(samples, channels)
    };
    Ok(Image { width, height, bits, planes })
}

fn problem(error: TiffError) -> Problem {
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Problem::Truncated,
        TiffError::LimitsExceeded => Problem::Damaged("asks for more memory than a picture may".into()),
        TiffError::UnsupportedError(_) => Problem::Unsupported("a kind of TIFF this reader does not know"),
        other => Problem::Damaged(other.to_string()),
    }
}

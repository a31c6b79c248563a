//! Grey TIFF, 8 or 16 bit: one page with one or two channels, or two pages, the low energy first.

use super::{Image, Planes, Problem, Source, Stated, channels_of, check_expansion, check_size, planes, widen};
use crate::limits;
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::{ColorType, TiffError};

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let mut bounds = Limits::default();
    bounds.decoding_buffer_size = limits::FILE_BYTES_MAX as usize;
    bounds.intermediate_buffer_size = limits::FILE_BYTES_MAX as usize;
    check_directories(bytes)?;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(problem)?.with_limits(bounds);
    let first = page(&mut decoder, bytes.len())?;
    if !decoder.more_images() {
        return Ok(first);
    }
    decoder.next_image().map_err(problem)?;
    let second = page(&mut decoder, bytes.len())?;
    if decoder.more_images() {
        return Err(Problem::Unsupported("more than two pages".into()));
    }
    let same = (first.width, first.height, first.bits) == (second.width, second.height, second.bits);
    match (first.planes, second.planes) {
        (Planes::Single(low), Planes::Single(high)) if same => {
            Ok(Image { planes: Planes::Dual { low, high }, ..first })
        }
        _ => Err(Problem::Unequal),
    }
}

/// Looks at the lengths of all values before the reader does: it asks for 32 bytes of memory for each number of a list,
/// of the first page before it can be told any bounds, and without looking whether the file holds that many.
fn check_directories(bytes: &[u8]) -> Result<(), Problem> {
    /// Public tags, which the reader may list, are below.
    const PRIVATE_TAGS: u16 = 0x8000;
    let little = bytes.starts_with(b"I");
    let word = |at: usize| {
        let word = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(if little { u16::from_le_bytes(word) } else { u16::from_be_bytes(word) })
    };
    let number = |at: usize| {
        let number = *bytes.get(at..)?.first_chunk::<4>()?;
        Some(if little { u32::from_le_bytes(number) } else { u32::from_be_bytes(number) } as usize)
    };
    let mut directory = number(4).ok_or(Problem::Truncated)?;
    // The pages that are read, and the one that is too many.
    for _ in 0..=limits::PLANES_MAX {
        if directory == 0 {
            break;
        }
        let entries = usize::from(word(directory).ok_or(Problem::Truncated)?);
        for entry in (0..entries).map(|index| directory + 2 + 12 * index) {
            let (Some(tag), Some(kind), Some(count)) = (word(entry), word(entry + 2), number(entry + 4)) else {
                return Err(Problem::Truncated);
            };
            let length = count.saturating_mul(value_bytes(kind));
            let reach = number(entry + 8).map_or(usize::MAX, |at| at.saturating_add(length));
            if length > 4 && reach > bytes.len() {
                return Err(Problem::Truncated);
            }
            if tag < PRIVATE_TAGS && length > limits::TIFF_VALUE_BYTES_MAX {
                return Err(Problem::Damaged("a tag's value is longer than one may be".into()));
            }
        }
        directory = number(directory + 2 + 12 * entries).ok_or(Problem::Truncated)?;
    }
    Ok(())
}

/// Bytes of one value by its kind (TIFF 6.0, section 2). The reader refuses kinds that it does not know.
fn value_bytes(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}

fn page(decoder: &mut Decoder<Cursor<&[u8]>>, file_bytes: usize) -> Result<Image, Problem> {
    let (width, height) = decoder.dimensions().map_err(problem)?;
    let pixels = check_size(width, height)?;
    let (channels, bits) = match decoder.colortype().map_err(problem)? {
        ColorType::Gray(bits) => (1, bits),
        ColorType::GrayA(bits) | ColorType::Multiband { bit_depth: bits, num_samples: 2 } => (2, bits),
        ColorType::Multiband { num_samples: 1, bit_depth } => (1, bit_depth),
        _ => return Err(Problem::Unsupported("a coloured picture, which no longer holds the attenuation".into())),
    };
    if bits != 8 && bits != 16 {
        return Err(Problem::Unsupported("samples that are neither 8 nor 16 bit wide".into()));
    }
    let length = pixels * channels * usize::from(bits / 8);
    check_expansion(length as u64, file_bytes)?;
    let layout = decoder.image_buffer_layout().map_err(problem)?;
    if layout.complete_len != length || (layout.planes != 1 && layout.planes != channels) {
        return Err(Problem::Unsupported("planes laid out in a way this reader does not know".into()));
    }
    let mut result = if bits == 8 { DecodingResult::U8(Vec::new()) } else { DecodingResult::U16(Vec::new()) };
    decoder.read_image_to_buffer(&mut result).map_err(problem)?;
    let mut samples = match result {
        DecodingResult::U16(samples) => samples,
        DecodingResult::U8(samples) => samples.into_iter().map(widen).collect(),
        _ => return Err(Problem::Unsupported("signed or floating samples".into())),
    };
    if samples.len() != pixels * channels {
        return Err(Problem::Truncated);
    }
    let planes = if layout.planes == 2 {
        let high = samples.split_off(pixels);
        channels_of(samples, high)?
    } else {
        planes(samples, channels)?
    };
    let (source, stated) = (Source::Counts, Stated::default());
    Ok(Image { width, height, bits, full_scale: u16::MAX, planes, source, stated })
}

fn problem(error: TiffError) -> Problem {
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Problem::Truncated,
        TiffError::LimitsExceeded => Problem::Damaged("asks for more memory than a picture may".into()),
        TiffError::UnsupportedError(_) => Problem::Unsupported("a kind of TIFF this reader does not know".into()),
        other => Problem::Damaged(other.to_string()),
    }
}

//! Grey PNG, 8 or 16 bit, with or without a second channel in the place of alpha.

use super::{Image, Problem, check_expansion, check_size, planes, widen};
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let mut decoder =
        Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: crate::limits::FILE_BYTES_MAX as usize });
    decoder.set_transformations(Transformations::IDENTITY);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(problem)?;
    let (width, height) = header.size();
    let pixels = check_size(width, height)?;
    let channels = match header.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => {
            return Err(Problem::Unsupported("a coloured picture, which no longer holds the attenuation"));
        }
    };
    let sample_bytes = match header.bit_depth {
        BitDepth::Eight => 1,
        BitDepth::Sixteen => 2,
        BitDepth::One | BitDepth::Two | BitDepth::Four => {
            return Err(Problem::Unsupported("fewer than 8 bits a pixel"));
        }
    };
    let length = pixels * channels * sample_bytes;
    check_expansion(length as u64, bytes.len())?;
    let mut reader = decoder.read_info().map_err(problem)?;
    if reader.info().animation_control().is_some() {
        return Err(Problem::Unsupported("an animated picture"));
    }
    if reader.output_buffer_size() != Some(length) {
        return Err(Problem::Damaged("its header contradicts itself".into()));
    }
    let mut raw = vec![0; length];
    reader.next_frame(&mut raw).map_err(problem)?;
    // The last chunk may be missing although every pixel is there: such a file was cut off, and says so.
    reader.finish().map_err(problem)?;
    let samples = match sample_bytes {
        1 => raw.iter().map(|&sample| widen(sample)).collect(),
        _ => raw.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
    };
    Ok(Image { width, height, bits: 8 * sample_bytes as u8, planes: planes(samples, channels) })
}

fn problem(error: DecodingError) -> Problem {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Problem::Truncated,
        DecodingError::LimitsExceeded => Problem::Damaged("asks for more memory than a picture may".into()),
        other => Problem::Damaged(other.to_string()),
    }
}

/// Rows of samples as a PNG file, big-endian where they are wide.
pub(crate) fn encode(width: u32, height: u32, color: ColorType, depth: BitDepth, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(bytes).ok()?;
    writer.finish().ok()?;
    Some(file)
}

//! PNG, 8 or 16 bit: grey, with or without a second channel in the place of alpha; or a vendor's colours.

use super::{Image, Planes, Problem, Source, Stated, check_expansion, check_size, colour, planes, widen};
use crate::limits;
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Reader, Transformations};
use std::io::Cursor;

pub(super) fn decode(bytes: &[u8]) -> Result<Image, Problem> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: limits::FILE_BYTES_MAX as usize });
    decoder.set_transformations(Transformations::IDENTITY);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(problem)?;
    let ((width, height), color) = (header.size(), header.color_type);
    let pixels = check_size(width, height)?;
    let sample_bytes = match header.bit_depth {
        BitDepth::Eight => 1,
        BitDepth::Sixteen => 2,
        BitDepth::One | BitDepth::Two | BitDepth::Four => {
            return Err(Problem::Unsupported("fewer than 8 bits a pixel".into()));
        }
    };
    let channels = color.samples();
    let length = pixels * channels * sample_bytes;
    check_expansion(length as u64, bytes.len())?;
    // Of colours, one plane is left; they may not take more memory on the way than two planes.
    if length as u64 > limits::FILE_BYTES_MAX {
        return Err(Problem::TooManyPixels { width: width.into(), height: height.into() });
    }
    let mut reader = decoder.read_info().map_err(problem)?;
    if reader.info().animation_control().is_some() {
        return Err(Problem::Unsupported("an animated picture".into()));
    }
    if reader.output_buffer_size() != Some(length) {
        return Err(Problem::Damaged("its header contradicts itself".into()));
    }
    let mut raw = vec![0; length];
    reader.next_frame(&mut raw).map_err(problem)?;
    // The last chunk may be missing although every pixel is there: such a file was cut off, and says so.
    reader.finish().map_err(problem)?;
    let (planes, source) = match color {
        ColorType::Grayscale | ColorType::GrayscaleAlpha => {
            let samples = match sample_bytes {
                1 => raw.iter().map(|&sample| widen(sample)).collect(),
                _ => raw.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
            };
            (planes(samples, channels)?, Source::Counts)
        }
        ColorType::Rgb | ColorType::Rgba => coloured(&raw, channels, sample_bytes),
        ColorType::Indexed => indexed(&reader, &raw)?,
    };
    let bits = 8 * sample_bytes as u8;
    Ok(Image { width, height, bits, full_scale: u16::MAX, planes, source, stated: Stated::default() })
}

/// Red, green and blue; how far a vendor's picture is see-through says nothing of a parcel.
fn coloured(raw: &[u8], channels: usize, sample_bytes: usize) -> (Planes, Source) {
    let (plane, source) = colour::luminance(raw.chunks_exact(channels * sample_bytes).map(|pixel| match *pixel {
        [r0, r1, g0, g1, b0, b1, ..] => [[r0, r1], [g0, g1], [b0, b1]].map(u16::from_be_bytes),
        _ => [pixel[0], pixel[1], pixel[2]].map(widen),
    }));
    (Planes::Single(plane), source)
}

fn indexed(reader: &Reader<Cursor<&[u8]>>, raw: &[u8]) -> Result<(Planes, Source), Problem> {
    let (palette, _) = reader.info().palette.as_deref().unwrap_or_default().as_chunks::<3>();
    if raw.iter().any(|&index| usize::from(index) >= palette.len()) {
        return Err(Problem::Damaged("a pixel has a colour that is not in its palette".into()));
    }
    let (plane, source) = colour::luminance(raw.iter().map(|&index| palette[usize::from(index)].map(widen)));
    Ok((Planes::Single(plane), source))
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

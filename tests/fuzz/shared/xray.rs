//! What every reader of X-ray files holds to: a picture within bounds or an error of the file's own, in memory that grows
//! with the file and not with what it promises.

use gatepost_models::formats::{Image, Planes, Problem, decode};
use gatepost_models::limits;
use std::path::Path;

use crate::memory::peak_of;

/// Bytes for every byte of the file: what the best packing expands to, unpacked, as 16-bit samples and as planes.
const PER_BYTE: usize = limits::EXPANSION_MAX as usize * 6;
/// Bytes for any file: the readers' own tables and windows.
const FIXED: usize = 4 << 20;

/// The picture, if the bytes are one.
pub fn check(bytes: &[u8]) -> Option<Image> {
    let (read, peak) = peak_of(|| decode(Path::new("fuzzed"), bytes));
    assert!(peak <= FIXED + bytes.len() * PER_BYTE, "{peak} bytes of memory for {} of file", bytes.len());
    let image = match read {
        Ok(image) => image,
        Err(error) => {
            let panicked = matches!(&error.problem, Problem::Damaged(what) if what.contains("gave up"));
            assert!(!panicked, "a reader panicked: {error}");
            assert!(error.to_string().len() < 1_000, "a sentence, not the file");
            return None;
        }
    };
    let pixels = image.width as usize * image.height as usize;
    assert!(pixels > 0 && pixels as u64 <= limits::IMAGE_PIXELS_MAX);
    let (one, other) = match &image.planes {
        Planes::Single(only) => (only, only),
        Planes::Dual { low, high } => (low, high),
    };
    assert_eq!((one.len(), other.len()), (pixels, pixels));
    Some(image)
}

//! Bytes from outside: whatever they are, a picture within limits or an error, and no panic inside any reader.

use super::*;
use proptest::prelude::*;

/// One small file of every kind that is read.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    use ::png::{BitDepth, ColorType};
    let (low, high) = (plane(8, 6, 4), plane(8, 6, 2));
    let dual = Image::from_planes(8, 6, low.clone(), high.clone()).expect("fits");
    let colours = STRIPES.concat().repeat(12);
    vec![
        ("grey PNG", encode_png16(8, 6, &low).expect("fits")),
        ("coloured PNG", png_of(8, 6, ColorType::Rgb, BitDepth::Eight, &colours)),
        ("PNG of two channels", png_of(4, 3, ColorType::GrayscaleAlpha, BitDepth::Sixteen, &colours[..48])),
        ("TIFF", tiff_pages(8, 6, &[&low])),
        ("TIFF of two pages", tiff_pages(8, 6, &[&low, &high])),
        ("TIFF of two samples", tiff_two_samples(8, 6, 1, &low, &high)),
        ("TIFF of two planes", tiff_two_samples(8, 6, 2, &low, &high)),
        ("DICOS", dicos::encode(&dual).expect("fits")),
        ("coloured JPEG", jpeg_of(8, 6, ::image::ExtendedColorType::Rgb8, &colours)),
        ("grey JPEG", jpeg_of(8, 6, ::image::ExtendedColorType::L8, &colours[..48])),
    ]
}

/// The one thing that bytes may do.
fn picture_or_error(name: &str, bytes: &[u8]) {
    match read_back(bytes) {
        Ok(image) => {
            let pixels = u64::from(image.width) * u64::from(image.height);
            assert!((1..=limits::IMAGE_PIXELS_MAX).contains(&pixels), "{name}: {pixels} pixels");
            assert_eq!(image.penetrating().len() as u64, pixels, "{name}");
        }
        Err(problem) => assert_ne!(problem, Problem::Damaged(READER_GAVE_UP.into()), "{name}: {bytes:02x?}"),
    }
}

/// Every shorter file is an error, or (where only trailing bytes that hold no pixels are gone) the same picture.
#[test]
fn truncation_at_every_offset_is_found() {
    for (name, file) in &files() {
        let whole = read_back(file).unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
        let refused = (0..file.len()).filter(|&length| match read_back(&file[..length]) {
            Ok(image) => {
                assert_eq!(image, whole, "{name}: a cut at {length} of {} changed the picture", file.len());
                false
            }
            Err(problem) => {
                assert_ne!(problem, Problem::Damaged(READER_GAVE_UP.into()), "{name}: a cut at {length}");
                true
            }
        });
        assert!(refused.count() >= file.len() - 4, "{name}: a cut file passed for a whole one");
    }
}

/// Every byte of every file, changed into seven others: its neighbours, its complement and the values that readers trip on.
#[test]
fn a_change_of_any_single_byte_is_a_picture_or_an_error() {
    for (name, file) in &files() {
        let mut changed = file.clone();
        for at in 0..file.len() {
            let byte = file[at];
            for other in [0, 1, 0x7F, 0xFF, !byte, byte.wrapping_add(1), byte.wrapping_sub(1)] {
                changed[at] = other;
                picture_or_error(name, &changed);
            }
            changed[at] = byte;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written over whichever bytes.
    #[test]
    fn damage_anywhere_is_an_error_or_a_picture(
        which in any::<prop::sample::Index>(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut files = files();
        let (name, mut file) = files.swap_remove(which.index(files.len()));
        for (index, value) in hits {
            let at = index.index(file.len());
            file[at] = value;
        }
        picture_or_error(name, &file);
    }

    /// Any bytes at all, after what each reader knows its files by.
    #[test]
    fn any_bytes_are_an_error_or_a_picture(
        start in 0usize..5,
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let head: &[u8] = match start {
            0 => b"\x89PNG\r\n\x1a\n",
            1 => b"II*\0",
            2 => b"MM\0*",
            3 => jpeg::START,
            _ => &[],
        };
        picture_or_error("any bytes", &[head, &bytes].concat());
        picture_or_error("any bytes in DICOM", &[&[0; 128], &b"DICM"[..], &bytes].concat());
    }
}

use super::*;
use ::tiff::encoder::{TiffEncoder, colortype};
use proptest::prelude::*;
use std::io::Cursor;

/// A small plane with structure: a bright frame around a gradient.
fn plane(width: u32, height: u32, dim: u16) -> Vec<u16> {
    (0..width * height)
        .map(|index| {
            let (x, y) = (index % width, index / width);
            if x == 0 || y == 0 { 60_000 } else { 60_000 / dim + (x * 37 + y * 11) as u16 }
        })
        .collect()
}

fn tiff_pages(width: u32, height: u32, pages: &[&[u16]]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).expect("a TIFF in memory");
    for page in pages {
        encoder.write_image::<colortype::Gray16>(width, height, page).expect("a page");
    }
    file.into_inner()
}

fn png_of(width: u32, height: u32, color: ::png::ColorType, depth: ::png::BitDepth, bytes: &[u8]) -> Vec<u8> {
    png::encode(width, height, color, depth, bytes).expect("a PNG in memory")
}

fn read_back(bytes: &[u8]) -> Result<Image, Problem> {
    decode(Path::new("test"), bytes).map_err(|error| error.problem)
}

/// Little-endian TIFF, uncompressed, two 16-bit samples a pixel, written by hand after TIFF 6.0: `planar` 1 interleaves
/// them, 2 keeps two planes.
fn tiff_two_samples(width: u16, height: u16, planar: u16, low: &[u16], high: &[u16]) -> Vec<u8> {
    let mut file = vec![b'I', b'I', 42, 0, 8, 0, 0, 0];
    let plane_bytes = u32::from(width) * u32::from(height) * 2;
    const ENTRIES: u16 = 11;
    let after = 8 + 2 + u32::from(ENTRIES) * 12 + 4;
    let (offsets_at, counts_at, data_at) = (after, after + 8, after + 16);
    let strips: u32 = if planar == 2 { 2 } else { 1 };
    let (offset, count) = if strips == 2 { (offsets_at, counts_at) } else { (data_at, plane_bytes * 2) };
    let entries: [(u16, u16, u32, u32); ENTRIES as usize] = [
        (256, 3, 1, width.into()),
        (257, 3, 1, height.into()),
        (258, 3, 2, 16 | 16 << 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, strips, offset),
        (277, 3, 1, 2),
        (278, 3, 1, height.into()),
        (279, 4, strips, count),
        (284, 3, 1, planar.into()),
        (338, 3, 1, 0),
    ];
    file.extend(ENTRIES.to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(0u32.to_le_bytes());
    for value in [data_at, data_at + plane_bytes, plane_bytes, plane_bytes] {
        file.extend(value.to_le_bytes());
    }
    let samples: Vec<u16> = if planar == 2 {
        low.iter().chain(high).copied().collect()
    } else {
        low.iter().zip(high).flat_map(|(&low, &high)| [low, high]).collect()
    };
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

#[test]
fn sixteen_bit_png_and_tiff_come_back_bit_for_bit() {
    let samples = plane(9, 7, 3);
    let expected = Image { width: 9, height: 7, bits: 16, planes: Planes::Single(samples.clone()) };
    assert_eq!(read_back(&encode_png16(9, 7, &samples).expect("fits")), Ok(expected.clone()));
    assert_eq!(read_back(&tiff_pages(9, 7, &[&samples])), Ok(expected));
}

#[test]
fn eight_bit_samples_are_spread_so_that_full_scale_stays_full_scale() {
    let bytes = [0u8, 1, 128, 255];
    let image = read_back(&png_of(2, 2, ::png::ColorType::Grayscale, ::png::BitDepth::Eight, &bytes)).expect("reads");
    assert_eq!(image.bits, 8);
    assert_eq!(image.planes, Planes::Single(vec![0, 257, 128 * 257, 65_535]));
}

#[test]
fn two_energies_come_from_pages_channels_planes_or_a_pair_of_files() {
    let (low, high) = (plane(6, 5, 5), plane(6, 5, 2));
    let expected = Image::from_planes(6, 5, low.clone(), high.clone()).expect("fits");
    assert_eq!(read_back(&tiff_pages(6, 5, &[&low, &high])), Ok(expected.clone()));
    assert_eq!(read_back(&tiff_two_samples(6, 5, 1, &low, &high)), Ok(expected.clone()));
    assert_eq!(read_back(&tiff_two_samples(6, 5, 2, &low, &high)), Ok(expected.clone()));
    let interleaved: Vec<u8> =
        low.iter().zip(&high).flat_map(|(low, high)| [low.to_be_bytes(), high.to_be_bytes()]).flatten().collect();
    let png = png_of(6, 5, ::png::ColorType::GrayscaleAlpha, ::png::BitDepth::Sixteen, &interleaved);
    assert_eq!(read_back(&png), Ok(expected.clone()));

    let folder = tempfile::tempdir().expect("a folder");
    let (low_file, high_file) = (folder.path().join("x.low.png"), folder.path().join("x.high.png"));
    std::fs::write(&low_file, encode_png16(6, 5, &low).expect("fits")).expect("written");
    assert_eq!(
        read(&low_file).expect_err("half a pair").problem,
        Problem::PairMissing(high_file.clone()),
        "half a pair is no picture"
    );
    std::fs::write(&high_file, encode_png16(6, 5, &high).expect("fits")).expect("written");
    assert_eq!(read(&low_file).expect("a pair"), expected);
    assert_eq!(read(&high_file).expect("a pair, named by its other half"), expected);
    std::fs::write(&high_file, encode_png16(5, 6, &high).expect("fits")).expect("written");
    assert_eq!(read(&low_file).expect_err("sizes differ").problem, Problem::Unequal);
}

#[test]
fn coloured_shallow_and_three_page_files_are_refused_by_name() {
    let rgb = png_of(1, 1, ::png::ColorType::Rgb, ::png::BitDepth::Eight, &[1, 2, 3]);
    assert!(matches!(read_back(&rgb), Err(Problem::Unsupported(_))));
    let shallow = png_of(8, 1, ::png::ColorType::Grayscale, ::png::BitDepth::One, &[0b1010_1010]);
    assert!(matches!(read_back(&shallow), Err(Problem::Unsupported(_))));
    let samples = plane(3, 3, 2);
    assert!(matches!(read_back(&tiff_pages(3, 3, &[&samples, &samples, &samples])), Err(Problem::Unsupported(_))));
    assert_eq!(read_back(b"GIF89a and more"), Err(Problem::NotAPicture));
    assert_eq!(read_back(b""), Err(Problem::Truncated));
}

/// A PNG whose header promises 8,192 × 4,096 pixels of 16 bit, in a few bytes.
#[test]
fn a_header_that_promises_more_than_its_file_can_hold_costs_no_memory() {
    let mut small = encode_png16(2, 2, &[1, 2, 3, 4]).expect("fits");
    small[16..20].copy_from_slice(&8_192u32.to_be_bytes());
    small[20..24].copy_from_slice(&4_096u32.to_be_bytes());
    let crc = crc_of(&small[12..29]);
    small[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(read_back(&small), Err(Problem::Truncated));
    small[20..24].copy_from_slice(&u32::MAX.to_be_bytes());
    let crc = crc_of(&small[12..29]);
    small[29..33].copy_from_slice(&crc.to_be_bytes());
    assert!(matches!(read_back(&small), Err(Problem::TooManyPixels { .. } | Problem::Damaged(_))));
}

/// PNG's checksum, bit by bit (PNG specification, annex D).
fn crc_of(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

#[test]
fn a_two_gigabyte_file_is_refused_by_its_length_and_the_text_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("huge.png");
    std::fs::File::create(&path).expect("created").set_len(2 << 30).expect("a sparse file");
    let error = read(&path).expect_err("too large");
    assert_eq!(error.problem, Problem::TooManyBytes { bytes: 2 << 30 });
    let text = error.to_string();
    assert!(text.contains("huge.png") && text.contains("export one view per file"), "{text}");
    let folder_error = read(folder.path()).expect_err("a folder is no picture");
    assert!(matches!(folder_error.problem, Problem::Unreadable(_)));
}

/// Every shorter file is an error, or (where only trailing bytes that hold no pixels are gone) the same picture.
#[test]
fn truncation_at_every_offset_is_found() {
    let (low, high) = (plane(8, 6, 4), plane(8, 6, 2));
    let files = [
        encode_png16(8, 6, &low).expect("fits"),
        tiff_pages(8, 6, &[&low]),
        tiff_pages(8, 6, &[&low, &high]),
        tiff_two_samples(8, 6, 2, &low, &high),
    ];
    for file in &files {
        let whole = read_back(file).expect("whole");
        let refused = (0..file.len()).filter(|&length| match read_back(&file[..length]) {
            Ok(image) => {
                assert_eq!(image, whole, "a cut at {length} of {} changed the picture", file.len());
                false
            }
            Err(problem) => {
                assert_ne!(problem, Problem::Damaged(READER_GAVE_UP.into()));
                true
            }
        });
        assert!(refused.count() >= file.len() - 4, "a cut file passed for a whole one");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written over whichever byte: a picture within limits or an error, and no panic inside either reader.
    #[test]
    fn damage_anywhere_is_an_error_or_a_picture(
        which in 0usize..4,
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (low, high) = (plane(8, 6, 4), plane(8, 6, 2));
        let mut file = match which {
            0 => encode_png16(8, 6, &low).expect("fits"),
            1 => tiff_pages(8, 6, &[&low]),
            2 => tiff_pages(8, 6, &[&low, &high]),
            _ => tiff_two_samples(8, 6, 1, &low, &high),
        };
        for (index, value) in hits {
            let at = index.index(file.len());
            file[at] = value;
        }
        match read_back(&file) {
            Ok(image) => prop_assert!(u64::from(image.width) * u64::from(image.height) <= limits::IMAGE_PIXELS_MAX),
            Err(problem) => prop_assert_ne!(problem, Problem::Damaged(READER_GAVE_UP.into())),
        }
    }
}

use super::*;
use ::tiff::encoder::{TiffEncoder, colortype};
use std::io::Cursor;

mod damage;

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
    let planes = Planes::Single(samples.clone());
    let (full_scale, stated) = (u16::MAX, Stated::default());
    let expected = Image { width: 9, height: 7, bits: 16, full_scale, planes, source: Source::Counts, stated };
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

/// A grey picture that a tool of the office saved with an alpha channel.
#[test]
fn a_second_channel_of_full_scale_is_alpha_and_no_energy() {
    use ::png::{BitDepth, ColorType};
    let (low, opaque) = (plane(6, 5, 5), vec![u16::MAX; 30]);
    let sixteen: Vec<u8> = low.iter().flat_map(|low| [low.to_be_bytes(), [0xFF; 2]]).flatten().collect();
    let eight: Vec<u8> = low.iter().flat_map(|low| [low.to_be_bytes()[0], 0xFF]).collect();
    for file in [
        png_of(6, 5, ColorType::GrayscaleAlpha, BitDepth::Sixteen, &sixteen),
        png_of(6, 5, ColorType::GrayscaleAlpha, BitDepth::Eight, &eight),
        tiff_two_samples(6, 5, 1, &low, &opaque),
        tiff_two_samples(6, 5, 2, &low, &opaque),
    ] {
        assert_eq!(
            read_back(&file),
            Err(Problem::Unsupported("a second channel that is alpha, no second energy".into()))
        );
    }
    let nearly = [&opaque[1..], &[65_534]].concat();
    assert!(read_back(&tiff_two_samples(6, 5, 2, &low, &nearly)).is_ok(), "one sample that is not");
}

#[test]
fn what_was_read_once_is_what_is_decoded_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let [low, high] = ["a.low.png", "a.high.png"].map(|name| folder.path().join(name));
    let (first, second) = (encode_png16(6, 5, &plane(6, 5, 5)), encode_png16(6, 5, &plane(6, 5, 2)));
    let (first, second) = (first.expect("fits"), second.expect("fits"));
    std::fs::write(&low, &first).expect("written");
    std::fs::write(&high, &second).expect("written");
    let files = Files::load(&high);
    std::fs::write(&low, b"something else").expect("written");
    std::fs::remove_file(&high).expect("removed");
    assert_eq!(files.bytes().collect::<Vec<_>>(), [&first[..], &second[..]]);
    assert_eq!(
        files.decode().expect("as read"),
        Image::from_planes(6, 5, plane(6, 5, 5), plane(6, 5, 2)).expect("fits")
    );
    let half = Files::load(&low);
    assert_eq!(half.decode().expect_err("half a pair").problem, Problem::PairMissing(high));
    assert_eq!(half.bytes().count(), 1, "a report names what was there");
}

#[test]
fn shallow_and_three_page_files_are_refused_by_name() {
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

/// Found by fuzzing: 18 MB for a file of 591 bytes.
#[test]
fn a_tag_that_promises_more_values_than_its_file_holds_costs_no_memory() {
    let whole = tiff_two_samples(6, 5, 1, &plane(6, 5, 5), &plane(6, 5, 2));
    // The second entry, the height: its kind and how many there are.
    let promising = |kind: u16, count: u32| {
        let mut file = whole.clone();
        file[24..26].copy_from_slice(&kind.to_le_bytes());
        file[26..30].copy_from_slice(&count.to_le_bytes());
        read_back(&file)
    };
    assert!(promising(3, 1).is_ok());
    assert_eq!(promising(4, 589_825), Err(Problem::Truncated));
    assert_eq!(promising(12, u32::MAX), Err(Problem::Truncated));
    let long = [&whole[..], &vec![0; limits::TIFF_VALUE_BYTES_MAX + 8]].concat();
    let mut file = long.clone();
    file[24..26].copy_from_slice(&1u16.to_le_bytes());
    file[26..30].copy_from_slice(&(limits::TIFF_VALUE_BYTES_MAX as u32 + 1).to_le_bytes());
    assert!(read_back(&long).is_ok());
    assert!(matches!(read_back(&file), Err(Problem::Damaged(what)) if what.contains("longer")));
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

/// An orange, a green and a blue stripe on white, 8-bit red, green and blue.
const STRIPES: [[u8; 3]; 4] = [[255, 255, 255], [230, 140, 40], [60, 160, 60], [30, 50, 160]];

fn jpeg_of(width: u32, height: u32, color: ::image::ExtendedColorType, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 95);
    encoder.encode(bytes, width, height, color).expect("a JPEG in memory");
    file
}

#[test]
fn pseudo_colours_become_their_luminance_and_say_so() {
    use ::png::{BitDepth, ColorType};
    let luminance = [65_535, 299 * 230 + 587 * 140 + 114 * 40, 299 * 60 + 587 * 160 + 114 * 60, 0];
    let luminance = [luminance[0], luminance[1] * 257 / 1_000, luminance[2] * 257 / 1_000];
    let rgb = STRIPES.concat();
    let rgba: Vec<u8> = STRIPES.iter().flat_map(|&[red, green, blue]| [red, green, blue, 0]).collect();
    let deep: Vec<u8> = rgb.iter().flat_map(|&sample| [sample, sample]).collect();
    for (color, depth, bytes) in [
        (ColorType::Rgb, BitDepth::Eight, &rgb),
        (ColorType::Rgba, BitDepth::Eight, &rgba),
        (ColorType::Rgb, BitDepth::Sixteen, &deep),
    ] {
        let image = read_back(&png_of(4, 1, color, depth, bytes)).expect("a lesser picture");
        assert_eq!(image.source, Source::PseudoColour, "{color:?} {depth:?}");
        let Planes::Single(plane) = image.planes else { panic!("one plane") };
        assert!(plane.iter().zip(luminance).all(|(&count, right)| u32::from(count).abs_diff(right) <= 1), "{plane:?}");
    }
    let pixels: Vec<u8> = STRIPES.iter().flat_map(|stripe| stripe.repeat(16)).collect::<Vec<u8>>().repeat(16);
    let image = read_back(&jpeg_of(64, 16, ::image::ExtendedColorType::Rgb8, &pixels)).expect("a lesser picture");
    assert_eq!((image.width, image.height, image.bits, image.source), (64, 16, 8, Source::PseudoColour));
    let Planes::Single(plane) = image.planes else { panic!("one plane") };
    assert!(plane[5].abs_diff(65_535) < 1_500 && u32::from(plane[24]).abs_diff(luminance[1]) < 3_000, "{plane:?}");
}

#[test]
fn grey_in_three_channels_is_grey_and_jpeg_is_never_counts() {
    let grey = [10u8, 10, 10, 200, 200, 200];
    let image = read_back(&png_of(2, 1, ::png::ColorType::Rgb, ::png::BitDepth::Eight, &grey)).expect("a picture");
    assert_eq!((image.source, image.planes), (Source::Counts, Planes::Single(vec![10 * 257, 200 * 257])));
    let jpeg = jpeg_of(16, 16, ::image::ExtendedColorType::L8, &[200; 256]);
    let image = read_back(&jpeg).expect("a picture");
    assert_eq!((image.source, image.bits), (Source::Presentation, 8));
    let cut = read_back(&jpeg[..jpeg.len() - 40]);
    assert_eq!(cut, Err(Problem::Truncated), "what the reader would fill with grey");
    // Found by fuzzing: more pixels than so few bytes can hold, though fewer than deflate could pack into them.
    let mut promising = jpeg.clone();
    let header = promising.windows(2).position(|marker| marker == [0xFF, 0xC0]).expect("a frame") + 5;
    let lines = (jpeg.len() as u16).to_be_bytes();
    promising[header..header + 4].copy_from_slice(&[lines[0], lines[1], 4, 0]);
    assert_eq!(read_back(&promising), Err(Problem::Truncated), "1,024 pixels a byte");
    let padded = [&jpeg[..], &[0, 0, b'\n']].concat();
    assert_eq!(read_back(&padded), read_back(&jpeg));
}

#[test]
fn a_palette_is_looked_up_and_an_index_beyond_it_is_damage() {
    let indexed = |indices: &[u8]| {
        let mut file = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut file, indices.len() as u32, 1);
        encoder.set_color(::png::ColorType::Indexed);
        encoder.set_depth(::png::BitDepth::Eight);
        encoder.set_palette([0, 0, 0, 80, 80, 80, 255, 0, 0].as_slice());
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(indices).expect("pixels");
        writer.finish().expect("a PNG");
        file
    };
    let grey = read_back(&indexed(&[1, 0, 1])).expect("a picture");
    assert_eq!((grey.source, grey.planes), (Source::Counts, Planes::Single(vec![80 * 257, 0, 80 * 257])));
    assert_eq!(read_back(&indexed(&[1, 2, 0])).expect("a lesser picture").source, Source::PseudoColour);
    assert!(matches!(read_back(&indexed(&[1, 3, 0])), Err(Problem::Damaged(_))));
}

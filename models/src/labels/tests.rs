use super::plane::Plane;
use super::survey::survey;
use super::*;
use gatepost_hardware::symbology::code128;
use proptest::prelude::*;

fn picture(width: u32, height: u32, at: impl Fn(u32, u32) -> u8) -> Picture {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
    Picture::from_grey(width, height, pixels).expect("a picture")
}

/// Reads with tries bounded by their number: a test must not depend on how busy its machine is.
fn read(picture: &Picture) -> Labels {
    let settings = Settings { tries_max: 8, ..Settings::default() };
    LabelReader::new(settings).read_by(picture, &|| Duration::ZERO)
}

/// RR473124829GB, its check character at the end.
pub(super) const VALUES: [u8; 13] = [104, 50, 50, 99, 47, 31, 24, 82, 100, 25, 39, 34, 2];

/// The modules of a symbol, dark or not.
pub(super) fn modules(values: &[u8]) -> Vec<bool> {
    let widths = values.iter().copied().chain([code128::STOP]).filter_map(code128::widths).flatten();
    widths.enumerate().flat_map(|(index, width)| vec![index % 2 == 0; usize::from(width)]).collect()
}

/// The same on paper, `module` pixels each, turned by `degrees` about the picture's middle.
fn turned(values: &[u8], module: f32, degrees: f32) -> Picture {
    let dark = modules(values);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let half = dark.len() as f32 * module * 0.5;
    picture(800, 800, |x, y| {
        let (x, y) = (x as f32 - 400.0, y as f32 - 400.0);
        let (across, along) = (x * cos + y * sin, y * cos - x * sin);
        let module = ((across + half) / module).floor();
        let inside = along.abs() < 60.0 && (0.0..dark.len() as f32).contains(&module);
        if inside && dark[module as usize] { 30 } else { 220 }
    })
}

#[test]
fn bars_are_read_at_every_angle_where_they_lie() {
    for degrees in [0.0, 31.0, 45.0, 77.0, 123.0, 200.0, 305.0] {
        let labels = read(&turned(&VALUES, 3.0, degrees));
        let [code] = &labels.codes[..] else { panic!("{degrees}: {labels:?}") };
        assert_eq!((code.text.as_str(), code.symbology), ("RR473124829GB", Symbology::Code128), "{degrees}");
        assert_eq!((code.aim.map(|aim| aim.to_string()).as_deref(), labels.cause), (Some("]C0"), None));
        let middle =
            code.corners.iter().fold([0.0, 0.0], |sum, corner| [sum[0] + corner[0] / 4.0, sum[1] + corner[1] / 4.0]);
        assert!(middle.iter().all(|place| (place - 400.0).abs() < 20.0), "{degrees}: {:?}", code.corners);
        // Its own left and right lie where the symbol's are.
        let half = modules(&VALUES).len() as f32 * 1.5;
        let (sin, cos) = degrees.to_radians().sin_cos();
        let left = [400.0 - half * cos, 400.0 - half * sin];
        let found = [0.5 * (code.corners[0][0] + code.corners[3][0]), 0.5 * (code.corners[0][1] + code.corners[3][1])];
        assert!((0..2).all(|axis| (found[axis] - left[axis]).abs() < 25.0), "{degrees}: {found:?} for {left:?}");
    }
}

/// This many symbols below each other; of the values after the start, `of` says which two digits come fourth.
fn rows(count: usize, of: impl Fn(usize) -> u8) -> Picture {
    let each: Vec<Vec<bool>> = (0..count)
        .map(|number| {
            let mut values = VALUES[..12].to_vec();
            values[4] = of(number);
            values.push(code128::check(&values));
            modules(&values)
        })
        .collect();
    picture(560, 40 * count as u32, |x, y| {
        let (place, row) = ((x as usize / 2).wrapping_sub(40), y as usize % 40);
        let dark = each[y as usize / 40].get(place).copied().unwrap_or(false);
        if dark && row < 28 { 30 } else { 220 }
    })
}

#[test]
fn more_codes_than_are_told_are_said_to_be_more() {
    let of = |labels: &Labels| (labels.codes.len(), labels.crowded);
    assert_eq!(of(&read(&rows(limits::LABEL_CODES_MAX, |number| number as u8))), (limits::LABEL_CODES_MAX, false));
    assert_eq!(of(&read(&rows(limits::LABEL_CODES_MAX + 4, |number| number as u8))), (limits::LABEL_CODES_MAX, true));
}

#[test]
fn a_wrong_symbol_check_is_not_read() {
    let mut values = VALUES;
    values[12] = 43;
    for degrees in [0.0, 31.0] {
        assert_eq!(read(&turned(&values, 3.0, degrees)).codes, []);
    }
}

#[test]
fn no_try_begins_after_the_budget() {
    let late = LabelReader::new(Settings { budget_ms: 0, ..Settings::default() });
    let labels = late.read(&turned(&VALUES, 3.0, 31.0));
    assert_eq!((labels.codes.len(), labels.tries, labels.out_of_time), (0, 0, true));
    let none = LabelReader::new(Settings { tries_max: 0, ..Settings::default() });
    assert_eq!(none.read(&turned(&VALUES, 3.0, 31.0)).tries, 0);
    let other = LabelReader::new(Settings { symbologies: vec![Symbology::Qr], ..Settings::default() });
    assert_eq!(other.read(&turned(&VALUES, 3.0, 0.0)).codes, []);
    let nothing = LabelReader::new(Settings { symbologies: Vec::new(), ..Settings::default() });
    assert_eq!(nothing.read(&turned(&VALUES, 3.0, 0.0)).codes, [], "no symbology is none, not all");
}

#[test]
fn causes_name_what_helps() {
    let cause = |picture: &Picture| read(picture).cause;
    assert_eq!(cause(&picture(640, 480, |_, _| 200)), Some(NoReadCause::NoLabel));
    // One character is another: the check fails.
    let mut damaged = VALUES;
    damaged[5] = 77;
    assert_eq!(cause(&turned(&damaged, 3.0, 0.0)), Some(NoReadCause::Damaged));
    let pale = turned(&damaged, 3.0, 0.0);
    let pale = picture(800, 800, |x, y| pale.pixels()[(y * 800 + x) as usize] / 12 + 90);
    assert_eq!(cause(&pale), Some(NoReadCause::TooDark));
    let soft = turned(&damaged, 3.0, 0.0);
    let plane =
        Plane { width: 800, height: 800, values: soft.pixels().iter().map(|&pixel| f32::from(pixel)).collect() };
    let soft: Vec<u8> = plane.blurred(2.6).values.iter().map(|value| *value as u8).collect();
    assert_eq!(cause(&Picture::from_grey(800, 800, soft).expect("a picture")), Some(NoReadCause::TooBlurred));
    assert_eq!(cause(&turned(&damaged, 1.1, 0.0)), Some(NoReadCause::TooSmall));
    let whole = turned(&damaged, 3.0, 0.0);
    let cut = picture(420, 800, |x, y| whole.pixels()[(y * 800 + x + 380) as usize]);
    assert_eq!(cause(&cut), Some(NoReadCause::CutOff));
}

#[test]
fn places_of_bars_are_found_with_their_direction() {
    for degrees in [0.0f32, 20.0, 90.0, 130.0] {
        let picture = turned(&VALUES, 3.0, degrees);
        let found = survey(grey_of(&picture));
        let bars = found.bars.first().unwrap_or_else(|| panic!("{degrees}"));
        let off = (bars.angle - degrees.to_radians()).rem_euclid(std::f32::consts::PI);
        assert!(off.min(std::f32::consts::PI - off) < 0.05, "{degrees}: {bars:?}");
        assert!(bars.middle.iter().all(|place| (place - 400.0).abs() < 20.0), "{degrees}: {bars:?}");
    }
}

#[test]
fn files_become_grey_or_say_why_not() {
    let name = Path::new("label.x");
    let grey = image::GrayImage::from_fn(40, 30, |x, _| image::Luma([x as u8 * 6]));
    let packed = |picture: image::DynamicImage, format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("in memory");
        bytes.into_inner()
    };
    use image::ImageFormat::{Jpeg, Png, Tiff};
    for format in [Png, Tiff, Jpeg] {
        let read = Picture::decode(name, &packed(grey.clone().into(), format)).expect("a picture");
        assert_eq!((read.width(), read.height()), (40, 30));
        assert!(read.pixels()[39].abs_diff(234) < 6, "{format:?}");
        let coloured = packed(image::DynamicImage::from(grey.clone()).into_rgb8().into(), format);
        assert_eq!(Picture::decode(name, &coloured).expect("a picture").pixels().len(), 1_200);
        let whole = packed(grey.clone().into(), format);
        let cut = Picture::decode(name, &whole[..whole.len() / 2]);
        assert!(
            format == Jpeg || matches!(cut, Err(PictureError { problem: Problem::Damaged(_), .. })),
            "{format:?}: {cut:?}"
        );
    }
    // 12 bits in 16.
    let deep = image::ImageBuffer::from_fn(40, 30, |x, _| image::Luma([x as u16 * 100]));
    let read = Picture::decode(name, &packed(image::DynamicImage::ImageLuma16(deep), Png)).expect("a picture");
    assert!(read.pixels()[0] < 5 && read.pixels()[39] > 245, "{:?}", &read.pixels()[..40]);
    let refused = Picture::decode(name, b"GIF89a").expect_err("no picture");
    assert_eq!(refused.to_string(), "label.x: neither PNG, JPEG nor TIFF. Let the camera write one of these");
    assert!(Picture::from_grey(5_000, 1, vec![0; 5_000]).is_none() && Picture::from_grey(2, 2, vec![0; 3]).is_none());
    assert!(
        Picture::read(Path::new("/nowhere/label.png")).expect_err("no file").to_string().contains("cannot be read")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_bytes_are_a_picture_or_an_error(head in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let heads: [&[u8]; 4] = [b"", &[0x89, b'P', b'N', b'G', 13, 10, 26, 10], &[0xFF, 0xD8, 0xFF], &[b'I', b'I', 42, 0]];
        let bytes: Vec<u8> = heads[head].iter().chain(&bytes).copied().collect();
        if let Ok(picture) = Picture::decode(Path::new("x"), &bytes) {
            read(&picture);
        }
    }

    #[test]
    fn grain_says_nothing(width in 1u32..90, height in 1u32..90, seed in any::<u64>()) {
        let mut dice = crate::random_graph::SplitMix::new(seed);
        let pixels = (0..width * height).map(|_| dice.next() as u8).collect();
        let picture = Picture::from_grey(width, height, pixels).expect("a picture");
        prop_assert_eq!(read(&picture).codes, vec![]);
    }
}

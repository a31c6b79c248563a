//! Labels drawn by the virtual camera, read by the station's reader and judged by the pipeline's identifiers.
//!
//! A few of each here; the figures are `gatepost-labels`'s.

use std::process::ExitCode;
use std::time::Duration;

use gatepost_hardware::symbology::Symbology;
use gatepost_models::formats::encode_png16;
use gatepost_models::labels::{LabelReader, Labels, Picture, Settings};
use gatepost_pipeline::identify::{Kind as Number, identify};
use gatepost_virtual::label::{
    Condition, Flaw, HEIGHT, Hand, Kind, Nothing, Symbol, WIDTH, draw, draw_flawed, without_code,
};
use gatepost_virtual::xray::random::Random;

/// Reads with tries bounded by their number: a test must not depend on how busy its machine is.
fn read(pixels: Vec<u8>) -> Labels {
    let picture = Picture::from_grey(WIDTH as u32, HEIGHT as u32, pixels).expect("a picture's size");
    LabelReader::new(Settings { tries_max: 12, ..Settings::default() }).read_by(&picture, &|| Duration::ZERO)
}

fn check(kind: Kind, condition: Condition, seed: u64) {
    let label = draw(kind, condition, Hand::Second, seed);
    let labels = read(label.pixels);
    let what = format!("{} {} SEED={seed}", kind.name(), condition.name());
    let [code] = &labels.codes[..] else { panic!("{what}: {labels:?}") };
    assert_eq!(code.bytes, label.data, "{what}");
    let symbology = match kind {
        Kind::S10 | Kind::Gs1 => Symbology::Code128,
        Kind::DataMatrix => Symbology::DataMatrix,
        Kind::Qr => Symbology::Qr,
    };
    let gs1 = code.aim.expect("an AIM identifier").is_gs1();
    assert_eq!((code.symbology, gs1), (symbology, kind == Kind::Gs1), "{what}");
    let middle = |corners: &[[f32; 2]; 4], axis: usize| corners.iter().map(|corner| corner[axis]).sum::<f32>() / 4.0;
    for axis in 0..2 {
        let off = middle(&code.corners, axis) - middle(&label.corners, axis);
        assert!(off.abs() < 60.0, "{what}: {:?} for {:?}", code.corners, label.corners);
    }
}

#[test]
fn every_kind_is_read_clean() {
    Kind::ALL.into_iter().for_each(|kind| check(kind, Condition::Clean, 1));
}

#[test]
fn bars_are_read_where_plain_decoders_fail() {
    check(Kind::S10, Condition::AnyAngle, 1);
    check(Kind::Gs1, Condition::Noise, 1);
    check(Kind::S10, Condition::Combined, 1);
}

#[test]
fn a_number_with_a_wrong_check_digit_is_read_as_printed_and_refused() {
    for (kind, number) in [(Kind::S10, Number::S10), (Kind::Gs1, Number::Gs1)] {
        let label = draw_flawed(kind, Flaw::CheckDigit, Condition::Clean, Hand::Second, 2);
        let labels = read(label.pixels);
        let [code] = &labels.codes[..] else { panic!("{labels:?}") };
        assert_eq!(code.bytes, label.data);
        let found = identify(&String::from_utf8_lossy(&code.bytes), code.aim);
        assert!(!found.valid && (found.kind == number || found.kind == Number::Impb), "{found:?}");
    }
}

#[test]
fn nothing_is_invented() {
    for (number, nothing) in Nothing::ALL.into_iter().enumerate() {
        let condition = Condition::ALL[number % Condition::ALL.len()];
        let labels = read(without_code(nothing, condition, Hand::Second, number as u64));
        assert!(labels.codes.is_empty() && labels.cause.is_some(), "{}: {labels:?}", nothing.name());
    }
    let label = draw_flawed(Kind::S10, Flaw::Symbol, Condition::Clean, Hand::Second, 3);
    assert_eq!(read(label.pixels).codes, [], "a wrong check character");
}

#[test]
fn what_lies_over_bars_is_not_filled_in() {
    for (number, condition) in [Condition::Clean, Condition::Defocus, Condition::Motion].into_iter().enumerate() {
        for seed in 0..3 {
            let label = draw_flawed(Kind::ALL[number % 2], Flaw::Covered, condition, Hand::Second, seed);
            let said = read(label.pixels).codes;
            assert!(said.iter().all(|code| code.bytes == label.data), "{} SEED={seed}: {said:?}", condition.name());
        }
    }
}

#[test]
fn several_codes_of_one_picture_are_each_read_once() {
    // Three labels in one frame, the first and the last the same.
    let (one, other) =
        (draw(Kind::Qr, Condition::Clean, Hand::First, 5), draw(Kind::S10, Condition::Clean, Hand::First, 5));
    let pixels: Vec<u8> = one.pixels.iter().chain(&other.pixels).chain(&one.pixels).copied().collect();
    let picture = Picture::from_grey(WIDTH as u32, 3 * HEIGHT as u32, pixels).expect("a tall picture");
    let labels = LabelReader::default().read_by(&picture, &|| Duration::ZERO);
    let mut found: Vec<&[u8]> = labels.codes.iter().map(|code| &code.bytes[..]).collect();
    let mut expected = vec![&one.data[..], &other.data[..]];
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn copies_of_a_code_do_not_hide_another_unsaid() {
    // A sheet of the same QR code, three pixels a module, 40 modules to each.
    let code = Symbol::random(Kind::Qr, Flaw::None, &mut Random::new(3));
    let sheet = |columns: usize, rows: usize| {
        let (width, height) = (columns * 120, rows * 120);
        let at = |place: usize| {
            let (x, y) = (place % width % 120 / 3, place / width % 120 / 3);
            let inside = (6..6 + code.columns).contains(&x) && (6..6 + code.rows).contains(&y);
            if inside && code.is_dark(x - 6, y - 6) { 30 } else { 220 }
        };
        let pixels = (0..width * height).map(at).collect();
        let picture = Picture::from_grey(width as u32, height as u32, pixels).expect("a picture's size");
        let labels = LabelReader::default().read_by(&picture, &|| Duration::ZERO);
        assert!(labels.codes.iter().all(|found| found.bytes == code.data), "{labels:?}");
        (labels.codes.len(), labels.crowded)
    };
    assert_eq!(sheet(8, 4), (1, false));
    assert_eq!(sheet(8, 5), (1, true));
}

#[test]
fn the_command_says_what_was_read_and_whose_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let label = draw(Kind::S10, Condition::Clean, Hand::Second, 1);
    let path = folder.path().join("label.png");
    let deep: Vec<u16> = label.pixels.iter().map(|&pixel| u16::from(pixel) * 16).collect();
    let bytes = encode_png16(WIDTH as u32, HEIGHT as u32, &deep).expect("a picture's size");
    std::fs::write(&path, bytes).expect("a file");
    let ended = |words: [&str; 3]| gatepost_daemon::commands::main(words.map(Into::into));
    let path = path.to_str().expect("a plain path");
    assert_eq!(ended(["gatepost", "label", path]), ExitCode::SUCCESS);
    assert_eq!(ended(["gatepost", "label", "/nowhere/label.png"]), ExitCode::from(1));
}

use super::*;
use crate::scale::testing::{hex, parity_finds_every_flipped_bit};
use crate::scale::{LatestWeight, Measure, Unit, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::vec::Vec;

fn reports(checksum: bool, bytes: &[u8]) -> Vec<ScaleReport> {
    let mut codec = Toledo::new(ToledoConfig::new(checksum));
    let mut found = Vec::new();
    codec.feed(Micros(7), bytes, &mut |report| found.push(report));
    found
}

fn readings(checksum: bool, bytes: &[u8]) -> Vec<Reading> {
    let readings = reports(checksum, bytes).into_iter().filter_map(|report| match report {
        ScaleReport::Reading(reading) => Some(reading),
        _ => None,
    });
    readings.collect()
}

const A: &str = "02 2C 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0D 1B";

/// A vector: read with its checksum, read without, written again, what it shows and what may be decided on.
fn check(vector: &str, shown: Result<Measure, NoWeight>, weight: Result<Grams, NoWeight>) -> Reading {
    let bytes = hex(vector);
    let found = readings(true, &bytes);
    assert_eq!(found.len(), 1, "{vector}");
    assert_eq!((found[0].shown, found[0].stable_weight(), found[0].at), (shown, weight, Micros(7)), "{vector}");
    assert_eq!(&found[0].raw[..], &bytes[..]);
    let short = readings(false, &bytes[..17]);
    assert_eq!((short[0].shown, short[0].state), (found[0].shown, found[0].state), "{vector}");
    let frame = ToledoFrame::decode(&bytes).expect("a frame");
    assert_eq!(frame.encode(true).as_deref(), Some(&bytes[..]), "{vector}");
    assert_eq!(frame.encode(false).as_deref(), Some(&bytes[..17]), "{vector}");
    found[0].clone()
}

const fn kilograms(mantissa: i64, exponent: i8) -> Measure {
    Measure::new(mantissa, exponent, Unit::Kilogram)
}

#[test]
fn vector_a_12_34_kg_gross_stable() {
    let reading = check(A, Ok(kilograms(1_234, -2)), Ok(Grams(12_340)));
    assert_eq!(reading.state, State { stable: true, ..State::default() });
}

#[test]
fn vector_b_12_35_kg_motion() {
    let vector = "02 2C 38 20 20 20 31 32 33 35 20 20 20 20 20 30 0D 12";
    let reading = check(vector, Ok(kilograms(1_235, -2)), Err(NoWeight::InMotion));
    assert!(reading.state.motion && !reading.state.stable);
}

#[test]
fn vector_c_zero_not_captured_is_unusable() {
    let vector = "02 2D 70 20 20 20 20 20 20 30 20 20 20 20 20 30 0D 14";
    let reading = check(vector, Ok(kilograms(0, -3)), Err(NoWeight::ZeroNotCaptured));
    assert!(reading.state.unzeroed);
}

#[test]
fn vector_d_net_minus_0_25_kg_tare_1_50() {
    let vector = "02 2C 33 20 20 20 20 20 32 35 20 20 20 31 35 30 0D 15";
    let reading = check(vector, Ok(kilograms(-25, -2)), Err(NoWeight::Tared));
    assert_eq!((reading.state.net, reading.tare), (true, Some(kilograms(150, -2))));
}

#[test]
fn vector_e_out_of_range_blank() {
    let vector = "02 2C 34 20 20 20 20 20 20 20 20 20 20 20 20 30 0D 61";
    let reading = check(vector, Err(NoWeight::OutOfRange), Err(NoWeight::OutOfRange));
    assert!(reading.state.out_of_range);
}

#[test]
fn vector_f_27_50_lb_increment_5() {
    let vector = "02 3C 20 20 20 20 32 37 35 30 20 20 20 20 20 30 0D 17";
    check(vector, Ok(Measure::new(2_750, -2, Unit::Pound)), Ok(Grams(12_474)));
    assert_eq!(ToledoFrame::decode(&hex(vector)).map(|frame| frame.increment), Ok(3));
}

#[test]
fn vector_g_net_1250_g_tare_200() {
    let vector = "02 2A 21 21 20 20 31 32 35 30 20 20 20 32 30 30 0D 0B";
    let reading = check(vector, Ok(Measure::new(1_250, 0, Unit::Gram)), Err(NoWeight::Tared));
    assert_eq!((reading.state.net, reading.tare), (true, Some(Measure::new(200, 0, Unit::Gram))));
}

#[test]
fn vector_h_checksum_is_cr() {
    check("02 2C 30 20 20 20 31 35 39 39 20 20 20 20 20 30 0D 0D", Ok(kilograms(1_599, -2)), Ok(Grams(15_990)));
}

#[test]
fn vector_i_checksum_is_stx() {
    let vector = "02 2C 30 20 20 20 38 39 39 39 20 20 20 20 20 30 0D 02";
    check(vector, Ok(kilograms(8_999, -2)), Ok(Grams(89_990)));
    let twice = [hex(vector), hex(vector), hex(A)].concat();
    assert_eq!(readings(true, &twice).len(), 3);
    assert!(reports(true, &twice).iter().all(|report| matches!(report, ScaleReport::Reading(_))));
    // The checksum itself lost: the next frame's STX stands in for it, and the next frame is still whole.
    let lost = [&hex(vector)[..17], &hex(A)].concat();
    assert_eq!(readings(true, &lost).len(), 2);
}

#[test]
fn vector_j_checksum_error_is_dropped_and_counted() {
    let bytes = hex("02 2C 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0D 1C");
    let mut codec = Toledo::new(ToledoConfig::new(true));
    let mut found = Vec::new();
    codec.feed(Micros(7), &bytes, &mut |report| found.push(report));
    assert!(matches!(&found[..], [ScaleReport::Fault { kind: ScaleFault::Checksum, at: Micros(7), .. }]));
    assert_eq!((codec.counters().checksum_errors, codec.counters().replies), (1, 0));
}

#[test]
fn checksums_that_look_like_terminators_are_as_many_as_computed() {
    let count = |byte: u8| {
        (0..10_000).filter(|&weight| layout_a(weight).encode(true).expect("fits").ends_with(&[0x0D, byte])).count()
    };
    assert_eq!((count(0x0D), count(0x0A), count(0x03), count(0x02)), (405, 219, 10, 4));
}

fn layout_a(weight: u32) -> ToledoFrame {
    ToledoFrame {
        decimal_code: 4,
        increment: 1,
        kilograms: true,
        weight: Some(weight),
        tare: Some(0),
        ..ToledoFrame::default()
    }
}

/// All weights 0.00–99.99 in one stream, each after a piece of garbage that begins like a frame.
#[test]
fn ten_thousand_weights_after_garbage() {
    for checksum in [true, false] {
        let cut = hex("55 02 2C 30 20 20 20 31 32 02 0D 02 2C 30 20 20 20");
        let mut bytes = Vec::new();
        for weight in 0..10_000u32 {
            bytes.extend_from_slice(&cut[..weight as usize % (cut.len() + 1)]);
            bytes.extend_from_slice(&layout_a(weight).encode(checksum).expect("fits"));
        }
        let shown: Vec<_> = readings(checksum, &bytes).iter().map(|reading| reading.shown).collect();
        let sent: Vec<_> = (0..10_000).map(|weight| Ok(kilograms(weight, -2))).collect();
        assert_eq!(shown, sent);
    }
}

#[test]
fn decimal_codes_and_expansion() {
    let shown = |decimal_code, expanded| {
        let frame = ToledoFrame { decimal_code, expanded, ..layout_a(123_456) };
        ToledoFrame::decode(&frame.encode(true).expect("fits")).expect("a frame").shown().expect("a value").value
    };
    let values: Vec<_> = (0..8).map(|code| std::format!("{}", shown(code, false))).collect();
    let expected = ["12345600", "1234560", "123456", "12345.6", "1234.56", "123.456", "12.3456", "1.23456"];
    assert_eq!(values, expected);
    assert_eq!(std::format!("{}", shown(5, true)), "12.3456");
}

#[test]
fn leading_zeros_are_digits_and_a_hole_is_not_a_number() {
    let mut bytes = layout_a(0).encode(false).expect("fits");
    bytes[4..10].copy_from_slice(b"001234");
    assert_eq!(ToledoFrame::decode(&bytes).map(|frame| frame.weight), Ok(Some(1_234)));
    bytes[4..10].copy_from_slice(b"12 34 ");
    assert_eq!(ToledoFrame::decode(&bytes), Err(FrameError::Shape));
}

#[test]
fn the_fixed_bits_of_the_status_bytes_are_part_of_the_shape() {
    for (place, flip) in [(1, 0x20), (1, 0x40), (2, 0x20), (3, 0x20)] {
        let mut bytes = layout_a(1_234).encode(false).expect("fits");
        bytes[place] ^= flip;
        assert_eq!(ToledoFrame::decode(&bytes), Err(FrameError::Shape), "byte {place}, bit {flip:02X}");
        assert!(readings(false, &bytes).is_empty());
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    assert_eq!(layout_a(1_000_000).encode(true), None);
    assert_eq!(ToledoFrame { decimal_code: 8, ..layout_a(1) }.encode(true), None);
    assert_eq!(ToledoFrame { unit_code: 8, ..layout_a(1) }.encode(true), None);
}

#[test]
fn every_single_damaged_byte_is_found() {
    let whole = hex(A);
    for place in 0..whole.len() {
        for flip in 1..=255u8 {
            let mut bytes = whole.clone();
            bytes[place] ^= flip;
            assert!(readings(true, &bytes).is_empty(), "byte {place} flipped by {flip:02X}");
        }
    }
}

#[test]
fn seven_bits_with_even_parity_read_as_8n1() {
    let mut bytes = hex(A);
    with_even_parity(&mut bytes);
    assert_eq!(readings(true, &bytes)[0].stable_weight(), Ok(Grams(12_340)));
}

#[test]
fn a_frame_that_stops_is_given_up_and_halves_do_not_join() {
    let bytes = hex(A);
    let mut codec = Toledo::new(ToledoConfig::new(true));
    let mut found = Vec::new();
    codec.feed(Micros(0), &bytes[..9], &mut |report| found.push(report));
    codec.feed(Micros(100_001), &bytes[9..], &mut |report| found.push(report));
    assert!(matches!(&found[..], [ScaleReport::Fault { kind: ScaleFault::Truncated, .. }]));
    found.clear();
    codec.feed(Micros(200_000), &bytes[..9], &mut |report| found.push(report));
    codec.feed(Micros(300_000), &bytes[9..], &mut |report| found.push(report));
    assert!(matches!(&found[..], [ScaleReport::Reading(Reading { at: Micros(200_000), .. })]));
    assert_eq!(codec.idle(Micros(900_000)), None);
}

/// Any byte of a frame damaged or missing, and the weight before it falls within the frame.
#[test]
fn a_lost_frame_clears_the_weight() {
    for checksum in [true, false] {
        let whole = layout_a(1_234).encode(checksum).expect("fits").to_vec();
        for place in 0..whole.len() {
            let (mut damaged, mut shorter) = (whole.clone(), whole.clone());
            damaged[place] = 0xFF;
            shorter.remove(place);
            for (lost, bytes) in [(0, damaged), (1, shorter)] {
                let mut codec = Toledo::new(ToledoConfig::new(checksum));
                let mut latest = LatestWeight::new(Micros::from_ms(500));
                codec.feed(Micros(7), &whole, &mut |report| latest.take(&report));
                assert_eq!(latest.stable_weight(Micros(7)), Ok(Grams(12_340)));
                codec.feed(Micros(50_000), &bytes, &mut |report| latest.take(&report));
                // One byte fewer is known when the next frame begins, or the line is quiet.
                codec.idle(Micros(150_001)).iter().for_each(|report| latest.take(report));
                let at = Micros(150_001);
                assert_eq!(latest.stable_weight(at), Err(NoWeight::Damaged), "{checksum} byte {place}, {lost} lost");
            }
        }
    }
}

#[test]
fn another_unit_or_other_decimals_than_configured_are_no_weight() {
    let set = ToledoConfig { unit: Some(Unit::Kilogram), decimals: Some(2), ..ToledoConfig::new(false) };
    let told = |frame: ToledoFrame| {
        let mut found = Vec::new();
        Toledo::new(set).feed(Micros(7), &frame.encode(false).expect("fits"), &mut |report| found.push(report));
        found
    };
    assert!(matches!(&told(layout_a(1_234))[..], [ScaleReport::Reading(_)]));
    assert!(matches!(&told(ToledoFrame { weight: None, ..layout_a(0) })[..], [ScaleReport::Reading(_)]));
    let pounds = ToledoFrame { kilograms: false, ..layout_a(1_234) };
    let tenth = ToledoFrame { decimal_code: 5, ..layout_a(1_234) };
    for (frame, expected) in [
        (pounds, ScaleFault::UnitUnexpected),
        (tenth, ScaleFault::WidthUnexpected),
        (ToledoFrame { expanded: true, ..layout_a(1_234) }, ScaleFault::WidthUnexpected),
    ] {
        let found = told(frame);
        assert!(matches!(&found[..], [ScaleReport::Fault { kind, .. }] if *kind == expected), "{found:?}");
    }
    assert!(ToledoConfig { unit: Some(Unit::NotSent), ..set }.validate().is_err());
}

#[test]
fn parity_alone_finds_every_flipped_bit() {
    let whole = layout_a(1_234).encode(false).expect("fits");
    parity_finds_every_flipped_bit(&Toledo::new(ToledoConfig::new(false)), &whole);
}

#[test]
fn another_protocol_is_said_not_swallowed() {
    let bytes: Vec<u8> = b"S S     100.00 g\r\n".repeat(20);
    let found = reports(true, &bytes);
    assert!(!found.is_empty() && found.len() < 10);
    let kind = |report: &ScaleReport| match report {
        ScaleReport::Fault { kind, .. } => *kind,
        other => panic!("{other:?} of another protocol"),
    };
    assert_eq!(kind(&found[0]), ScaleFault::Garbled);
    assert!(found[1..].iter().all(|report| kind(report) == ScaleFault::Unrecognized));
}

#[test]
fn it_cannot_be_asked() {
    assert_eq!(Toledo::new(ToledoConfig::new(true)).request(Request::StableWeight), None);
    assert!(ToledoConfig { gap_ms_max: 0, ..ToledoConfig::new(true) }.validate().is_err());
}

fn frames() -> impl Strategy<Value = ToledoFrame> {
    let codes = (0u8..8, 0u8..4, 0u8..8);
    let numbers = (proptest::option::of(0u32..1_000_000), proptest::option::of(0u32..1_000_000));
    (codes, any::<u16>(), numbers).prop_map(|((decimal_code, increment, unit_code), bits, (weight, tare))| {
        let bit = |index: u16| bits & 1 << index != 0;
        ToledoFrame {
            decimal_code,
            increment,
            unit_code,
            net: bit(0),
            negative: bit(1),
            out_of_range: bit(2),
            motion: bit(3),
            kilograms: bit(4),
            unzeroed: bit(5),
            print_request: bit(6),
            expanded: bit(7),
            keypad_tare: bit(8),
            weight,
            tare,
        }
    })
}

/// Frames, frames cut short, and noise made mostly of bytes that matter.
fn stream(checksum: bool) -> impl Strategy<Value = Vec<u8>> {
    let frame = frames().prop_map(move |frame| frame.encode(checksum).expect("fits").to_vec());
    let cut = (frames(), 1usize..17).prop_map(move |(frame, keep)| {
        let bytes = frame.encode(checksum).expect("fits");
        bytes[..keep].to_vec()
    });
    let byte = prop_oneof![Just(STX), Just(0x82), Just(b'\r'), Just(b' '), Just(b'0'), any::<u8>()];
    let noise = proptest::collection::vec(byte, 0..30);
    proptest::collection::vec(prop_oneof![2 => frame, 1 => cut, 1 => noise], 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(frame in frames(), checksum in any::<bool>()) {
        let bytes = frame.encode(checksum).expect("fits");
        prop_assert_eq!(ToledoFrame::decode(&bytes), Ok(frame));
    }

    /// The module's guarantee, against the definition: every window that is a frame, nothing else, in any split.
    #[test]
    fn every_window_that_is_a_frame_is_reported(
        (checksum, bytes) in any::<bool>().prop_flat_map(|checksum| (Just(checksum), stream(checksum))),
        cut in any::<proptest::sample::Index>(),
    ) {
        let length = if checksum { 18 } else { 17 };
        let windows: Vec<&[u8]> = bytes.windows(length).filter(|window| ToledoFrame::decode(window).is_ok()).collect();
        let found = readings(checksum, &bytes);
        let raws: Vec<&[u8]> = found.iter().map(|reading| &reading.raw[..]).collect();
        prop_assert_eq!(raws, windows);

        let cut = cut.index(bytes.len() + 1);
        let mut codec = Toledo::new(ToledoConfig::new(checksum));
        let mut split = Vec::new();
        codec.feed(Micros(7), &bytes[..cut], &mut |report| split.push(report));
        codec.feed(Micros(7), &bytes[cut..], &mut |report| split.push(report));
        prop_assert_eq!(split, reports(checksum, &bytes));
        let counters = codec.counters();
        prop_assert!(counters.skipped_bytes + counters.replies * (length as u64 - 1) <= bytes.len() as u64);
    }

    #[test]
    fn no_bytes_panic(pieces in proptest::collection::vec(
        (any::<u32>(), proptest::collection::vec(any::<u8>(), 0..60)), 0..8)) {
        let mut codec = Toledo::new(ToledoConfig::new(true));
        for (time, piece) in pieces {
            codec.feed(Micros(u64::from(time)), &piece, &mut |_| {});
            let _ = codec.idle(Micros(u64::from(time) * 2));
        }
    }
}

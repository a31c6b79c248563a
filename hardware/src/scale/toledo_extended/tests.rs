use super::*;
use crate::scale::testing::*;
use crate::scale::{Decimal, Measure, NoWeight, ScaleFault, Shape, Unit, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::vec::Vec;

fn scale(checksum: bool) -> ToledoExtended {
    ToledoExtended::new(ToledoExtendedConfig::new(checksum))
}

const fn plain(mantissa: i64) -> ExtendedFrame {
    ExtendedFrame {
        address: b'1',
        unit_code: 2,
        centre_of_zero: false,
        motion: false,
        net: false,
        tare_source_and_range: 0,
        expanded: false,
        invalid: false,
        under_zero: false,
        over_capacity: false,
        unzeroed: false,
        print_request: false,
        weight: Some(Decimal::new(mantissa, -2)),
        tare: Some(Decimal::new(0, -2)),
    }
}

fn encoded(frame: &ExtendedFrame, checksum: bool) -> Vec<u8> {
    frame.encode(checksum).expect("fits").to_vec()
}

#[test]
fn a_frame_byte_by_byte() {
    let bytes = hex("01 31 22 20 20 20 20 20 20 20 31 32 2E 33 34 20 20 20 20 30 2E 30 30 0D 09");
    assert_eq!(encoded(&plain(1_234), true), bytes);
    assert_eq!(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) & 0x7F, 0);
    let reading = only_reading(scale(true), &bytes);
    assert_eq!((reading.stable_weight(), reading.tare), (Ok(Grams(12_340)), Some(Measure::new(0, -2, Unit::Kilogram))));
    assert_eq!(only_reading(scale(false), &bytes[..24]).stable_weight(), Ok(Grams(12_340)));
    let mut even = bytes;
    with_even_parity(&mut even);
    assert_eq!(only_reading(scale(true), &even).stable_weight(), Ok(Grams(12_340)));
}

#[test]
fn what_each_bit_says() {
    let kilograms = plain(1_234);
    for (frame, expected) in [
        (ExtendedFrame { motion: true, ..kilograms }, "12.34 kg motion"),
        (ExtendedFrame { net: true, tare_source_and_range: 0x02, ..kilograms }, "12.34 kg stable net"),
        (ExtendedFrame { centre_of_zero: true, ..plain(0) }, "0.00 kg stable zero"),
        (ExtendedFrame { under_zero: true, ..plain(-25) }, "-0.25 kg stable under"),
        (ExtendedFrame { over_capacity: true, ..kilograms }, "none: OverRange stable over"),
        (ExtendedFrame { unzeroed: true, ..kilograms }, "12.34 kg stable unzeroed"),
        (ExtendedFrame { invalid: true, ..kilograms }, "none: NotReady stable"),
        (ExtendedFrame { weight: None, ..kilograms }, "none: Blank stable"),
        (ExtendedFrame { expanded: true, print_request: true, ..kilograms }, "12.34 kg stable"),
        (ExtendedFrame { unit_code: 1, ..kilograms }, "12.34 lb stable"),
        (ExtendedFrame { unit_code: 3, ..kilograms }, "12.34 g stable"),
        (ExtendedFrame { unit_code: 8, ..kilograms }, "12.34 oz stable"),
        (ExtendedFrame { unit_code: 5, ..kilograms }, "12.34 ton stable"),
        (ExtendedFrame { unit_code: 9, ..kilograms }, "12.34 #09 stable"),
    ] {
        assert_eq!(told(scale(true), &encoded(&frame, true)), [expected], "{frame:?}");
    }
    for unusable in [
        ExtendedFrame { motion: true, ..kilograms },
        ExtendedFrame { under_zero: true, ..kilograms },
        ExtendedFrame { unzeroed: true, ..kilograms },
        ExtendedFrame { unit_code: 5, ..kilograms },
        ExtendedFrame { unit_code: 0, ..kilograms },
    ] {
        assert_eq!(weights(scale(true), &encoded(&unusable, true)), []);
    }
}

#[test]
fn checksums_that_look_like_ends_and_starts() {
    let like = |byte: u8| (0..10_000).find(|&weight| encoded(&plain(weight), true).ends_with(&[b'\r', byte]));
    for byte in [SOH, b'\r', b'\n', 0x03] {
        let weight = like(byte).expect("some weight has it");
        let twice =
            [encoded(&plain(weight), true), encoded(&plain(weight), true), encoded(&plain(1_234), true)].concat();
        assert_eq!(weights(scale(true), &twice).len(), 3, "checksum {byte:02X}");
    }
    // The checksum itself lost: the next frame's start stands in for it, does not fit, and begins the next frame.
    let lost = [&encoded(&plain(1_234), true)[..24], &encoded(&plain(1_235), true)].concat();
    assert_eq!(told(scale(true), &lost), ["fault Checksum", "12.35 kg stable"]);
    // It fits once in 128: the frame is right, the next one lost its start and is said.
    let fits = like(SOH).expect("some weight has it");
    let lost =
        [&encoded(&plain(fits), true)[..24], &encoded(&plain(1_235), true), &encoded(&plain(1_236), true)].concat();
    let found = told(scale(true), &lost);
    assert_eq!((found.len(), &found[1..]), (3, &["fault Garbled".into(), "12.36 kg stable".into()][..]));
}

#[test]
fn every_single_damaged_byte_is_found() {
    let whole = encoded(&plain(1_234), true);
    for place in 0..whole.len() {
        for flip in 1..=255u8 {
            let mut bytes = whole.clone();
            bytes[place] ^= flip;
            assert_eq!(weights(scale(true), &bytes), [], "byte {place} flipped by {flip:02X}");
            assert!(understood(scale(true), &bytes).is_empty());
        }
    }
    a_lost_byte_is_found(&scale(true), &whole);
    let mut wrong = whole;
    wrong[24] ^= 1;
    let found = reports(scale(true), &[(7, &wrong)]);
    assert!(matches!(&found[..], [ScaleReport::Fault { kind: ScaleFault::Checksum, .. }]));
}

#[test]
fn without_the_checksum_only_a_digit_can_be_another() {
    let whole = encoded(&plain(1_234), false);
    a_lost_byte_is_found(&scale(false), &whole);
    let set =
        ToledoExtendedConfig { unit: Some(Unit::Kilogram), decimals: Some(2), ..ToledoExtendedConfig::new(false) };
    let set = ToledoExtended::new(set);
    // The space before the number may become a digit too; status bits may fall, and none did that mattered here.
    a_changed_byte_is_no_other_weight(&set, &whole, |place, byte| place == 9 && byte.is_ascii_digit());
    assert_eq!(
        told(set.clone(), &encoded(&ExtendedFrame { unit_code: 1, ..plain(1_234) }, false)),
        ["fault UnitUnexpected"]
    );
    let tenth = ExtendedFrame { weight: Some(Decimal::new(1_234, -1)), ..plain(0) };
    assert_eq!(told(set, &encoded(&tenth, false)), ["fault WidthUnexpected"]);
    parity_finds_every_flipped_bit(&scale(false), &whole);
}

#[test]
fn it_cannot_be_asked() {
    assert_eq!(scale(true).request(Request::ImmediateWeight), None);
    assert!(ToledoExtendedConfig { gap_ms_max: 0, ..ToledoExtendedConfig::new(true) }.validate().is_err());
    let twelve_digits = ExtendedFrame { weight: Some(Decimal::new(123_456_789_012, -2)), ..plain(0) };
    assert_eq!(twelve_digits.encode(true), None);
    assert_eq!(ExtendedFrame { unit_code: 16, ..plain(0) }.encode(true), None);
    assert_eq!(
        only_reading(scale(true), &encoded(&ExtendedFrame { weight: None, ..plain(0) }, true)).stable_weight(),
        Err(NoWeight::Blank)
    );
}

fn frames() -> impl Strategy<Value = ExtendedFrame> {
    let numbers = (proptest::option::of(-99_999i64..9_999_999), proptest::option::of(0i64..999_999), 0i8..4);
    (any::<u16>(), 0u8..16, 0u8..16, numbers).prop_map(|(bits, unit_code, source, (weight, tare, places))| {
        let bit = |index: u16| bits & 1 << index != 0;
        ExtendedFrame {
            unit_code,
            centre_of_zero: bit(0),
            motion: bit(1),
            net: bit(2),
            tare_source_and_range: source << 1,
            expanded: bit(3),
            invalid: bit(4),
            under_zero: bit(5),
            over_capacity: bit(6),
            unzeroed: bit(7),
            print_request: bit(8),
            weight: weight.map(|mantissa| Decimal::new(mantissa, -places)),
            tare: tare.map(|mantissa| Decimal::new(mantissa, -places)),
            ..plain(0)
        }
    })
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(SOH), Just(0x81), Just(b'\r'), Just(b' '), Just(b'0'), any::<u8>()];
    let random = proptest::collection::vec(byte, 0..40);
    let cut = (frames(), 0usize..24).prop_map(|(frame, keep)| encoded(&frame, true)[..keep].to_vec());
    prop_oneof![random, cut].prop_filter("a frame by chance", |bytes| understood(scale(true), bytes).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(frame in frames(), checksum in any::<bool>()) {
        prop_assert_eq!(ExtendedFrame::read(&encoded(&frame, checksum), checksum), Shape::Whole(frame));
    }

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec((garbage(), frames()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<u8> =
            list.iter().flat_map(|(noise, frame)| [noise.clone(), encoded(frame, true)].concat()).collect();
        splits_agree(&scale(true), &bytes, cut.index(bytes.len() + 1));
    }

    #[test]
    fn garbage_loses_nothing_and_invents_nothing(list in proptest::collection::vec((garbage(), frames()), 1..8)) {
        let bytes: Vec<u8> =
            list.iter().flat_map(|(noise, frame)| [noise.clone(), encoded(frame, true)].concat()).collect();
        let sent: Vec<_> = list.iter().flat_map(|(_, frame)| told(scale(true), &encoded(frame, true))).collect();
        prop_assert_eq!(understood(scale(true), &bytes), sent, "{:02X?}", bytes);
    }

    #[test]
    fn no_bytes_panic_and_nothing_stands_but_what_was_said(pieces in proptest::collection::vec(
        (any::<u16>().prop_map(|pause| u32::from(pause) * 4), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            frames().prop_map(|frame| encoded(&frame, true)),
        ]), 0..12)) {
        nothing_stands_but_what_was_said(scale(true), &pieces);
    }
}

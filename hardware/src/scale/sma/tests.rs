use super::*;
use crate::scale::testing::*;
use crate::scale::{Decimal, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::vec::Vec;

fn scale() -> Sma {
    Sma::new(SmaConfig::default())
}

/// A vector, as it is and with even parity in bit 7.
fn check(vector: &str, expected: &str) -> Reading {
    let reading = only_reading(scale(), &hex(vector));
    assert_eq!(show(&ScaleReport::Reading(reading.clone())), expected, "{vector}");
    let mut even = hex(vector);
    with_even_parity(&mut even);
    let seen = only_reading(scale(), &even);
    assert_eq!((seen.shown, seen.state), (reading.shown, reading.state), "{vector} with parity");
    reading
}

#[test]
fn vector_request() {
    assert_eq!(scale().request(Request::ImmediateWeight), Some(&hex("0A 57 0D")[..]));
    for (request, expected) in [
        (Request::StableWeight, Some(b'P')),
        (Request::RepeatedWeight, Some(b'R')),
        (Request::Zero, Some(b'Z')),
        (Request::Tare, Some(b'T')),
        (Request::ReadTare, Some(b'M')),
        (Request::ClearTare, Some(b'C')),
        (Request::Reset, None),
    ] {
        let expected = expected.map(|letter| Vec::from([b'\n', letter, b'\r']));
        assert_eq!(scale().request(request), expected.as_deref(), "{request:?}");
    }
}

#[test]
fn vector_1_250_kg_gross() {
    let reading = check("0A 20 31 47 20 20 20 20 20 20 20 31 2E 32 35 30 6B 67 5F 0D", "1.250 kg stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(1_250)));
}

#[test]
fn vector_1_250_kg_unit_padded_with_space() {
    check("0A 20 31 47 20 20 20 20 20 20 20 31 2E 32 35 30 6B 67 20 0D", "1.250 kg stable");
}

#[test]
fn vector_1_250_kg_unit_right_aligned() {
    check("0A 20 31 47 20 20 20 20 20 20 20 31 2E 32 35 30 20 6B 67 0D", "1.250 kg stable");
}

#[test]
fn vector_motion() {
    let reading = check("0A 20 31 47 4D 20 20 20 20 20 20 31 2E 32 35 30 6B 67 5F 0D", "1.250 kg motion");
    assert_eq!(reading.stable_weight(), Err(NoWeight::InMotion));
}

#[test]
fn vector_centre_zero() {
    check("0A 5A 31 47 20 20 20 20 20 20 20 30 2E 30 30 30 6B 67 5F 0D", "0.000 kg stable zero");
}

#[test]
fn vector_net() {
    check("0A 20 31 4E 20 20 20 20 20 20 20 31 2E 32 35 30 6B 67 5F 0D", "1.250 kg stable net");
}

#[test]
fn vector_tare_0_200() {
    let vector = hex("0A 20 31 54 20 20 20 20 20 20 20 30 2E 32 30 30 6B 67 5F 0D");
    assert_eq!(told(scale(), &vector), ["tare 0.200 kg"]);
    clears(scale(), b"\n 1G       1.250kg \r", &vector);
}

#[test]
fn vector_zero_error() {
    check("0A 45 31 47 4D 20 2D 2D 2D 2D 2D 2D 2D 2D 2D 2D 6B 67 5F 0D", "none: ZeroNotCaptured motion unzeroed");
}

#[test]
fn vector_over_15_001() {
    let reading = check("0A 4F 31 47 20 20 20 20 20 20 31 35 2E 30 30 31 6B 67 5F 0D", "15.001 kg stable over");
    assert_eq!(reading.stable_weight(), Err(NoWeight::OverRange));
}

#[test]
fn vector_under_minus_0_100() {
    let reading = check("0A 55 31 47 20 20 20 20 20 20 2D 30 2E 31 30 30 6B 67 5F 0D", "-0.100 kg stable under");
    assert_eq!(reading.stable_weight(), Err(NoWeight::UnderRange));
}

#[test]
fn vector_high_resolution_1_2500() {
    let reading = check("0A 20 31 67 20 20 20 20 20 20 31 2E 32 35 30 30 6B 67 5F 0D", "1.2500 kg stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(1_250)));
}

#[test]
fn vector_unknown_and_communication_error() {
    check("0A 3F 0D", "none: SyntaxError");
    check("0A 21 0D", "none: TransmissionError");
}

#[test]
fn every_status_and_field() {
    for (line, expected) in [
        (&b"\nI1G  ----------kg \r"[..], "none: ZeroNotCaptured stable unzeroed"),
        (b"\nT1N  ----------kg \r", "none: LogicalError stable net"),
        (b"\nO1G  ----------kg \r", "none: OverRange stable over"),
        (b"\nU1G  ----------kg \r", "none: UnderRange stable under"),
        (b"\n 3n       1.2500g \r", "fault Malformed"),
        (b"\n 3n      1.2500  g\r", "1.2500 g stable net"),
        (b"\n 3t      1.2500g__\r", "tare 1.2500 g"),
        (b"\n 1G     100000_lb\r", "fault WidthUnexpected"),
        (b"\n 1G      100000_lb\r", "100000 lb stable"),
        (b"\n 1G x    12.500oz \r", "12.500 oz stable"),
        (b"\nZ1g      0.0002kg \r", "0.0002 kg stable zero"),
        (b"\nE1T  ----------kg \r", "no tare: ZeroNotCaptured"),
    ] {
        assert_eq!(told(scale(), line), [expected], "{}", line.escape_ascii());
    }
}

#[test]
fn fields_that_contradict_each_other_are_damage() {
    for line in [
        &b"\nE1G       1.250kg \r"[..],
        b"\nI1G       1.250kg \r",
        b"\nT1G       1.250kg \r",
        b"\n 1G  ----------kg \r",
        b"\nZ1G  ----------kg \r",
        b"\nZ1G       1.250kg \r",
        b"\n 0G       1.250kg \r",
        b"\n 1X       1.250kg \r",
        b"\n 1Gm      1.250kg \r",
        b"\n 1G      1.250 kg \r",
        b"\n 1G     - 1.250kg \r",
        b"\n 1G       1.250   \r",
        b"\n 1G       1.250k g\r",
        b"\n 1G            kg \r",
        b"\nX1G       1.250kg \r",
    ] {
        assert_eq!(told(scale(), line), ["fault Malformed"], "{}", line.escape_ascii());
    }
}

#[test]
fn a_unit_that_is_not_known_or_not_configured_is_no_weight() {
    assert_eq!(weights(scale(), b"\n 1G       1.250KG \r"), []);
    let grams = Sma::new(SmaConfig { unit: Some(Unit::Gram), ..SmaConfig::default() });
    assert_eq!(told(grams.clone(), b"\n 1G       1.250kg \r"), ["fault UnitUnexpected"]);
    assert_eq!(told(grams, b"\n 1G      1250.0g  \r"), ["1250.0 g stable"]);
}

#[test]
fn damage_is_no_other_weight() {
    let codec = Sma::new(SmaConfig { unit: Some(Unit::Kilogram), decimals: Some(3), ..SmaConfig::default() });
    assert_eq!(told(codec.clone(), b"\n 1G      1.2500kg \r"), ["fault WidthUnexpected"]);
    assert_eq!(told(codec.clone(), b"\n 1g      1.2500kg \r"), ["1.2500 kg stable"]);
    let weight = b"\n 1G       1.250kg \r";
    a_lost_byte_is_found(&codec, weight);
    parity_finds_every_flipped_bit(&codec, weight);
    // The space before the number may become a digit too; that makes it longer, which no source bounds.
    let excused = |place: usize, byte: u8| place == 10 && byte.is_ascii_digit();
    a_changed_byte_is_no_other_weight(&codec, weight, excused);
    // Half a reply, then the next; the start lost; an LF after the CR.
    assert_eq!(told(scale(), b"\n 1G      \n 1G       1.250kg \r"), ["fault Truncated", "1.250 kg stable"]);
    assert_eq!(told(scale(), b" 1G       1.250kg \r\n 1G       9.999kg \r"), ["fault Garbled", "9.999 kg stable"]);
    assert_eq!(told(scale(), b"\n 1G       1.250kg \r\n\n 1G       9.999kg \r\n").len(), 2);
}

#[test]
fn halves_apart_in_time_do_not_join() {
    let found = reports(scale(), &[(0, b"\n 1G       1."), (200_001, b"250kg \r")]);
    assert_eq!(found.iter().map(show).collect::<Vec<_>>(), ["fault Truncated", "fault Garbled"]);
}

#[test]
fn configuration_says_what_is_wrong() {
    let check = |config: SmaConfig, word: &str| {
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{word}");
    };
    assert_eq!(SmaConfig::default().validate(), Ok(()));
    check(SmaConfig { gap_ms_max: 0, ..SmaConfig::default() }, "gap_ms_max");
    check(SmaConfig { unit: Some(Unit::Other(*b"stone")), ..SmaConfig::default() }, "unit");
}

#[test]
fn what_does_not_fit_is_not_written() {
    let weight = |mantissa, unit, status| {
        let value = Some(Decimal::new(mantissa, -3));
        let fields =
            SmaWeight { status, range: b'1', kind: SmaKind::Gross, high_resolution: false, motion: false, value, unit };
        SmaReply::Weight(fields).encode(b'_')
    };
    let vector = hex("0A 20 31 47 20 20 20 20 20 20 20 31 2E 32 35 30 6B 67 5F 0D");
    assert_eq!(weight(1_250, Unit::Kilogram, SmaStatus::Normal).as_deref(), Some(&vector[..]));
    assert_eq!(weight(12_345_678_901, Unit::Kilogram, SmaStatus::Normal), None);
    assert_eq!(weight(1_250, Unit::Other(*b"tael "), SmaStatus::Normal), None);
    assert_eq!(weight(1_250, Unit::NotSent, SmaStatus::Normal), None);
    assert_eq!(weight(1_250, Unit::Kilogram, SmaStatus::CentreOfZero), None);
    assert_eq!(weight(1_250, Unit::Kilogram, SmaStatus::ZeroError), None);
}

fn replies() -> impl Strategy<Value = SmaReply> {
    let units = prop_oneof![Just(Unit::Pound), Just(Unit::Kilogram), Just(Unit::Ounce), Just(Unit::Gram)];
    let statuses = prop_oneof![
        4 => Just(SmaStatus::Normal),
        1 => Just(SmaStatus::Over),
        1 => Just(SmaStatus::Under),
        1 => Just(SmaStatus::ZeroError),
        1 => Just(SmaStatus::InitialZeroError),
        1 => Just(SmaStatus::TareError),
    ];
    let kinds = prop_oneof![Just(SmaKind::Gross), Just(SmaKind::Net), Just(SmaKind::Tare)];
    let number = (-9_999_999i64..99_999_999, 0i8..4);
    let weight = (statuses, b'1'..=b'9', kinds, any::<(bool, bool)>(), number, units).prop_map(
        |(status, range, kind, (high_resolution, motion), (mantissa, places), unit)| {
            use SmaStatus::{InitialZeroError, TareError, ZeroError};
            let dashes = matches!(status, ZeroError | InitialZeroError | TareError);
            let value = (!dashes).then_some(Decimal::new(mantissa, -places));
            SmaReply::Weight(SmaWeight { status, range, kind, high_resolution, motion, value, unit })
        },
    );
    prop_oneof![6 => weight, 1 => Just(SmaReply::Unknown), 1 => Just(SmaReply::Damaged)]
}

fn encoded(reply: &SmaReply) -> Vec<u8> {
    reply.encode(b' ').expect("fits").to_vec()
}

/// Bytes that are no reply: made mostly of bytes that matter, or a reply cut short.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'0'), Just(b'?'), Just(0x8D), any::<u8>()];
    let random = proptest::collection::vec(byte, 0..40);
    let cut = (replies(), 0usize..20).prop_map(|(reply, keep)| {
        let bytes = encoded(&reply);
        bytes[..keep.min(bytes.len() - 1)].to_vec()
    });
    prop_oneof![random, cut].prop_filter("a reply by chance", |bytes| understood(scale(), bytes).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(reply in replies(), pad in prop_oneof![Just(b' '), Just(b'_')]) {
        let bytes = reply.encode(pad).expect("fits");
        prop_assert_eq!(SmaReply::read(&bytes), Shape::Whole(reply));
    }

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec((garbage(), replies()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        splits_agree(&scale(), &bytes, cut.index(bytes.len() + 1));
    }

    /// The module's guarantee, without any boundary: every reply, and nothing else.
    #[test]
    fn garbage_loses_nothing_and_invents_nothing(list in proptest::collection::vec((garbage(), replies()), 1..8)) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        let sent: Vec<_> = list.iter().flat_map(|(_, reply)| told(scale(), &encoded(reply))).collect();
        prop_assert_eq!(understood(scale(), &bytes), sent, "{:02X?}", bytes);
    }

    #[test]
    fn no_bytes_panic_and_nothing_stands_but_what_was_said(pieces in proptest::collection::vec(
        (any::<u16>().prop_map(|pause| u32::from(pause) * 8), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            replies().prop_map(|reply| encoded(&reply)),
        ]), 0..12)) {
        nothing_stands_but_what_was_said(scale(), &pieces);
    }
}

use super::*;
use crate::scale::testing::*;
use crate::scale::{Decimal, Measure, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

fn any_scale() -> Nci {
    Nci::new(NciConfig::default())
}

/// SCP-01 in pounds, as a station that knows its scale sets it up.
fn pounds() -> Nci {
    let (number_width, decimals, unit) = (Some(7), Some(2), Some(Unit::Pound));
    Nci::new(NciConfig { number_width, decimals, unit, ..NciConfig::default() })
}

/// A vector, as it is and with even parity in bit 7.
fn check(vector: &str, expected: &str) -> Reading {
    let reading = only_reading(any_scale(), &hex(vector));
    assert_eq!(show(&ScaleReport::Reading(reading.clone())), expected, "{vector}");
    let mut even = hex(vector);
    with_even_parity(&mut even);
    let seen = only_reading(any_scale(), &even);
    assert_eq!((seen.shown, seen.state), (reading.shown, reading.state), "{vector} with parity");
    reading
}

#[test]
fn vector_request() {
    assert_eq!(any_scale().request(Request::ImmediateWeight), Some(&hex("57 0D")[..]));
    assert_eq!(any_scale().request(Request::Zero), Some(&b"Z\r"[..]));
    assert_eq!(any_scale().request(Request::StableWeight), None);
    let even = Nci::new(NciConfig { send_even_parity: true, ..NciConfig::default() });
    for request in [Request::ImmediateWeight, Request::Zero] {
        let mut expected = any_scale().request(request).expect("a request").to_vec();
        with_even_parity(&mut expected);
        assert_eq!(even.request(request), Some(&expected[..]));
    }
}

#[test]
fn vector_12_34_lb_stable() {
    let reading = check("0A 30 30 31 32 2E 33 34 4C 42 0D 0A 30 30 0D 03", "12.34 lb stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(5_597))); // 5 597.329 845 8 g
}

#[test]
fn vector_12_34_lb_motion() {
    let reading = check("0A 30 30 31 32 2E 33 34 4C 42 0D 0A 31 30 0D 03", "12.34 lb motion");
    assert_eq!(reading.stable_weight(), Err(NoWeight::InMotion));
}

#[test]
fn vector_status_at_zero() {
    check("0A 32 30 0D 03", "none: NotReady zero");
}

#[test]
fn vector_under_and_over() {
    check("0A 30 31 0D 03", "none: UnderRange under");
    check("0A 30 32 0D 03", "none: OverRange over");
}

#[test]
fn vector_three_status_bytes_net() {
    check("0A 30 70 34 0D 03", "none: NotReady net");
}

#[test]
fn vector_scp_02_12_345_lb() {
    check("0A 31 32 2E 33 34 35 4C 42 0D 0A 53 30 30 0D 03", "12.345 lb stable");
}

#[test]
fn vector_scp_02_status_only_motion() {
    check("0A 53 31 30 0D 03", "none: InMotion motion");
}

#[test]
fn vector_unknown_command() {
    check("0A 3F 0D 03", "none: SyntaxError");
}

#[test]
fn vector_lb_oz() {
    let reading = check("0A 30 32 6C 62 20 30 33 2E 34 6F 7A 0D 0A 30 30 0D 03", "35.4 oz stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(1_004))); // 1 003.573 118 6 g
}

#[test]
fn every_bit_of_every_status_byte() {
    for (first, second, third, expected) in [
        (0x4, 0, 0, "none: ScaleFault fault"),
        (0x8, 0, 0, "none: ScaleFault fault"),
        (0x3, 0, 0, "none: InMotion motion zero"),
        (0, 0x4, 0, "none: ScaleFault fault"),
        (0, 0x8, 0, "none: ScaleFault fault"),
        (0, 0, 0x1, "none: NotReady"),
        (0, 0, 0x2, "none: NotReady"),
        (0, 0, 0x8, "none: ZeroNotCaptured unzeroed"),
        (0x1, 0x2, 0x4, "none: OverRange motion over net"),
    ] {
        let status = NciStatus { bits: [first, second, third, 0], count: 3, marked: false };
        assert_eq!(told(any_scale(), &NciReply::Status(status).encode().expect("fits")), [expected]);
        let measure = Measure::new(0, -2, Unit::Pound);
        let weight = NciReply::Weight { measure, number_width: 7, status }.encode().expect("fits");
        let stands = weights(any_scale(), &weight);
        assert_eq!(!stands.is_empty(), expected == "none: NotReady", "{expected}");
    }
    // The fourth differs by maker.
    assert_eq!(told(any_scale(), b"\n\x30\x70\x70\x3F\r\x03"), ["none: NotReady"]);
}

#[test]
fn weights_as_the_manuals_write_them() {
    let weight = |text: &str| {
        let bytes = [b"\n", text.as_bytes(), b"\r\n00\r\x03"].concat();
        told(any_scale(), &bytes).concat()
    };
    for (text, expected) in [
        ("123.45lb", "123.45 lb stable"),
        ("  1.25KG", "1.25 kg stable"),
        (" 1234g ", "1234 g stable"),
        ("1234G", "1234 g stable"),
        ("12.5OZ", "12.5 oz stable"),
        ("-0012.34LB", "-12.34 lb stable"),
        ("0LB 15.9OZ", "15.9 oz stable"),
        ("3lb 0oz", "48 oz stable"),
        ("12.34pcs", "12.34 pcs stable"),
    ] {
        assert_eq!(weight(text), expected, "{text}");
    }
    // No number, no unit, or two of them: what is left of the reply is its status.
    for text in [
        "-------LB",
        "12.34",
        "LB",
        "1O.34LB",
        "12.3.4LB",
        "2lb 16.0oz",
        "2.5lb 3.4oz",
        "2lb 3.4kg",
        "2kg 3.4oz",
        "-2lb 3.4oz",
    ] {
        assert_eq!(weight(text), "fault Malformednone: NotReady", "{text}");
    }
    assert_eq!(weight("999999999999lb 3.456789oz"), "fault TooLongnone: NotReady");
    // Mixed spelling is no unit of the manual: carried, not converted.
    assert_eq!(weights(any_scale(), b"\n0012.34Lb\r\n00\r\x03"), []);
}

#[test]
fn the_configuration_refuses_another_unit_and_another_width() {
    assert_eq!(told(pounds(), b"\n0012.34LB\r\n00\r\x03"), ["12.34 lb stable"]);
    assert_eq!(told(pounds(), b"\n0012.34KG\r\n00\r\x03"), ["fault UnitUnexpected"]);
    assert_eq!(told(pounds(), b"\n012.34LB\r\n00\r\x03"), ["fault WidthUnexpected"]);
    // A status carries neither.
    assert_eq!(told(pounds(), b"\n10\r\x03"), ["none: InMotion motion"]);
}

#[test]
fn a_status_that_lost_a_byte_is_no_status() {
    assert_eq!(told(any_scale(), b"\n0012.34LB\r\n0\r\x03"), ["fault Malformed"]);
    assert_eq!(told(any_scale(), b"\n0\r\x03"), ["fault Malformed"]);
    // "Another follows" and none does, or one does and it was not said.
    assert_eq!(told(any_scale(), b"\n0p\r\x03"), ["fault Malformed"]);
    assert_eq!(told(any_scale(), b"\n004\r\x03"), ["fault Malformed"]);
    assert_eq!(told(any_scale(), b"\np4\r\x03"), ["fault Malformed"]);
    let one = Nci::new(NciConfig { status_bytes_min: 1, ..NciConfig::default() });
    assert_eq!(told(one, b"\n0012.34LB\r\n1\r\x03"), ["12.34 lb motion"]);
}

#[test]
fn a_number_beside_at_zero_is_not_believed() {
    assert_eq!(told(any_scale(), b"\n0012.34LB\r\n20\r\x03"), ["fault Malformed"]);
    assert_eq!(told(any_scale(), b"\n0000.00LB\r\n20\r\x03"), ["0.00 lb stable zero"]);
    // With a tare the platform may be empty and the number not zero; it is below.
    assert_eq!(told(any_scale(), b"\n-000.50LB\r\n2p4\r\x03"), ["-0.50 lb stable zero net"]);
}

#[test]
fn damage_is_no_other_weight() {
    let weight = b"\n0012.34LB\r\n00\r\x03";
    // The LF before the status lost: what is left has no status.
    a_lost_byte_is_found(&pounds(), weight);
    parity_finds_every_flipped_bit(&pounds(), weight);
    // A leading zero may be a space or a plus: the same number. A minus is below zero.
    a_changed_byte_is_no_other_weight(&pounds(), weight, |_, _| false);
}

#[test]
fn a_lost_status_and_the_next_reply_do_not_join_across_the_gap() {
    let found = reports(any_scale(), &[(0, b"\n0012.34LB\r"), (100_001, b"\n00\r\x03")]);
    let text: Vec<String> = found.iter().map(show).collect();
    assert_eq!(text, ["fault Truncated", "none: NotReady"]);
    // A weight whose status lost its start.
    assert_eq!(told(any_scale(), b"\n0012.34LB\r00\r\x03"), ["fault Malformed"]);
    // A weight cut in its line, then the next reply at once.
    assert_eq!(told(any_scale(), b"\n0012.\n0099.99LB\r\n00\r\x03"), ["fault Truncated", "99.99 lb stable"]);
}

#[test]
fn configuration_says_what_is_wrong() {
    let check = |config: NciConfig, word: &str| {
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{word}");
    };
    assert_eq!(NciConfig::default().validate(), Ok(()));
    check(NciConfig { gap_ms_max: 0, ..NciConfig::default() }, "gap_ms_max");
    check(NciConfig { number_width: Some(21), ..NciConfig::default() }, "number_width");
    check(NciConfig { unit: Some(Unit::NotSent), ..NciConfig::default() }, "unit");
    check(NciConfig { status_bytes_min: 5, ..NciConfig::default() }, "status_bytes_min");
}

#[test]
fn what_does_not_fit_is_not_written() {
    let weight = |mantissa, number_width, unit| {
        let measure = Measure::new(mantissa, -2, unit);
        NciReply::Weight { measure, number_width, status: NciStatus::two(0, 0) }.encode()
    };
    assert_eq!(weight(1_234, 7, Unit::Pound).as_deref(), Some(&b"\n0012.34LB\r\n00\r\x03"[..]));
    assert_eq!(weight(-1_234, 7, Unit::Pound).as_deref(), Some(&b"\n-012.34LB\r\n00\r\x03"[..]));
    assert_eq!(weight(1_234, 4, Unit::Pound), None);
    assert_eq!(weight(1_234, 7, Unit::NotSent), None);
    assert_eq!(weight(1_234, 30, Unit::Pound), None);
    let measure = Measure::new(1_234, -2, Unit::Pound);
    let contradiction = NciReply::Weight { measure, number_width: 7, status: NciStatus::two(2, 0) };
    assert_eq!(contradiction.encode(), None);
}

fn statuses() -> impl Strategy<Value = NciStatus> {
    (proptest::array::uniform4(0u8..16), 2u8..=4, any::<bool>()).prop_map(|(mut bits, count, marked)| {
        bits[usize::from(count)..].fill(0);
        NciStatus { bits, count, marked }
    })
}

fn replies() -> impl Strategy<Value = NciReply> {
    let units = prop_oneof![Just(Unit::Pound), Just(Unit::Kilogram), Just(Unit::Ounce), Just(Unit::Gram)];
    let weight = (-9_999i64..999_999, 0i8..3, units, statuses()).prop_map(|(mantissa, places, unit, mut status)| {
        status.bits[0] &= !2;
        let measure = Measure { value: Decimal::new(mantissa, -places), unit };
        NciReply::Weight { measure, number_width: 8, status }
    });
    prop_oneof![4 => weight, 2 => statuses().prop_map(NciReply::Status), 1 => Just(NciReply::Unknown)]
}

fn encoded(reply: &NciReply) -> Vec<u8> {
    reply.encode().expect("fits").to_vec()
}

/// Bytes that are no reply, with what ends them: made mostly of bytes that matter, or a reply cut short.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\n'), Just(b'\r'), Just(0x03), Just(b'0'), Just(b'L'), Just(0x8D), any::<u8>()];
    let random = proptest::collection::vec(byte, 0..40);
    let cut = (replies(), 0usize..16).prop_map(|(reply, keep)| {
        let bytes = encoded(&reply);
        bytes[..keep.min(bytes.len() - 1)].to_vec()
    });
    let boundary = prop_oneof![Just(0x03), Just(0u8), Just(0xFF), Just(0x7F)];
    (prop_oneof![random, cut], boundary)
        .prop_map(|(bytes, boundary)| [bytes, Vec::from([boundary])].concat())
        .prop_filter("a reply by chance", |bytes| understood(any_scale(), bytes).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(reply in replies()) {
        prop_assert_eq!(NciReply::read(&encoded(&reply), 2), Shape::Whole(reply));
    }

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec((garbage(), replies()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        splits_agree(&any_scale(), &bytes, cut.index(bytes.len() + 1));
    }

    #[test]
    fn garbage_loses_nothing_after_a_clean_boundary(list in proptest::collection::vec((garbage(), replies()), 1..8)) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        let sent: Vec<_> = list.iter().flat_map(|(_, reply)| told(any_scale(), &encoded(reply))).collect();
        prop_assert_eq!(understood(any_scale(), &bytes), sent, "{:02X?}", bytes);
    }

    #[test]
    fn no_bytes_panic_and_nothing_stands_but_what_was_said(pieces in proptest::collection::vec(
        (any::<u16>().prop_map(|pause| u32::from(pause) * 4), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            replies().prop_map(|reply| encoded(&reply)),
        ]), 0..12)) {
        nothing_stands_but_what_was_said(any_scale(), &pieces);
    }
}

use super::*;
use crate::scale::testing::*;
use crate::scale::{Decimal, LatestWeight, Measure, ScaleFault, Shape, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::vec::Vec;
use std::{format, vec};

fn kilograms() -> Toledo8217 {
    Toledo8217::new(Toledo8217Config::new(Unit::Kilogram))
}

fn pounds() -> Toledo8217 {
    Toledo8217::new(Toledo8217Config::new(Unit::Pound))
}

/// A vector in both its forms: seven bits, and as an 8N1 reader sees it.
fn check(codec: &Toledo8217, seven: &str, eight: Option<&str>, expected: &str) -> Reading {
    let reading = only_reading(codec.clone(), &hex(seven));
    assert_eq!(show(&ScaleReport::Reading(reading.clone())), expected, "{seven}");
    let mut even = hex(seven);
    with_even_parity(&mut even);
    if let Some(eight) = eight {
        assert_eq!(even, hex(eight));
    }
    let seen = only_reading(codec.clone(), &even);
    assert_eq!((seen.shown, seen.state), (reading.shown, reading.state), "{seven} with parity");
    reading
}

#[test]
fn vector_request() {
    let request = |config: Toledo8217Config| {
        let codec = Toledo8217::new(config);
        codec.request(Request::ImmediateWeight).map(<[u8]>::to_vec)
    };
    let plain = Toledo8217Config::new(Unit::Kilogram);
    let with_cr = Toledo8217Config { send_cr: true, ..plain.clone() };
    assert_eq!(request(plain.clone()), Some(hex("57")));
    assert_eq!(request(with_cr.clone()), Some(hex("57 0D")));
    assert_eq!(request(Toledo8217Config { send_even_parity: true, ..plain }), Some(hex("D7")));
    assert_eq!(request(Toledo8217Config { send_even_parity: true, ..with_cr }), Some(hex("D7 8D")));
}

#[test]
fn every_request_in_both_forms() {
    let config = Toledo8217Config { send_cr: true, ..Toledo8217Config::new(Unit::Kilogram) };
    let even = Toledo8217::new(Toledo8217Config { send_even_parity: true, ..config.clone() });
    let plain = Toledo8217::new(config);
    for (request, letter) in
        [(Request::ImmediateWeight, b'W'), (Request::Zero, b'Z'), (Request::Tare, b'T'), (Request::ClearTare, b'C')]
    {
        let mut expected = vec![letter, b'\r'];
        assert_eq!(plain.request(request), Some(&expected[..]));
        with_even_parity(&mut expected);
        assert_eq!(even.request(request), Some(&expected[..]));
    }
    assert_eq!(plain.request(Request::StableWeight), None);
}

#[test]
fn vector_1_250() {
    let reading = check(&kilograms(), "02 30 31 2E 32 35 30 0D", Some("82 30 B1 2E B2 35 30 8D"), "1.250 kg stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(1_250)));
}

#[test]
fn vector_1_250_net() {
    let vector = "02 30 31 2E 32 35 30 4E 0D";
    check(&kilograms(), vector, Some("82 30 B1 2E B2 35 30 4E 8D"), "1.250 kg stable net");
}

#[test]
fn vector_2_76_lb() {
    let reading = check(&pounds(), "02 30 30 32 2E 37 36 0D", Some("82 30 30 B2 2E B7 36 8D"), "2.76 lb stable");
    assert_eq!(reading.stable_weight(), Ok(Grams(1_252)));
    // The 8213's form, and spaces for leading zeros.
    let number = Some("00.00".try_into().expect("fits"));
    let short = Toledo8217::new(Toledo8217Config { number, ..Toledo8217Config::new(Unit::Pound) });
    check(&short, "02 30 32 2E 37 36 0D", None, "2.76 lb stable");
    check(&pounds(), "02 20 20 32 2E 37 36 0D", None, "2.76 lb stable");
}

#[test]
fn vector_motion() {
    check(&kilograms(), "02 3F 41 0D", Some("82 3F 41 8D"), "none: InMotion motion");
}

#[test]
fn vector_over() {
    check(&kilograms(), "02 3F 42 0D", Some("82 3F 42 8D"), "none: OverRange over");
}

#[test]
fn vector_motion_and_over() {
    check(&kilograms(), "02 3F 43 0D", Some("82 3F C3 8D"), "none: OverRange motion over");
}

#[test]
fn vector_under_zero() {
    check(&kilograms(), "02 3F 44 0D", Some("82 3F 44 8D"), "none: UnderRange under");
}

#[test]
fn vector_outside_zero_range() {
    check(&kilograms(), "02 3F 48 0D", Some("82 3F 48 8D"), "none: ZeroNotCaptured unzeroed");
}

#[test]
fn vector_centre_of_zero() {
    check(&kilograms(), "02 3F 50 0D", Some("82 3F 50 8D"), "none: NotReady zero");
}

#[test]
fn vector_net_and_motion() {
    check(&kilograms(), "02 3F 61 0D", Some("82 3F E1 8D"), "none: InMotion motion net");
}

#[test]
fn vector_motion_bit_6_clear() {
    check(&kilograms(), "02 3F 01 0D", None, "none: InMotion motion");
}

#[test]
fn vector_echo_of_ehello() {
    assert_eq!(told(kilograms(), &hex("02 45 0D 68 65 6C 6C 6F")), ["none: NotReady", "fault Garbled"]);
    let then = [&hex("02 45 0D 68 65 6C 6C 6F")[..], b"\x0201.250\r"].concat();
    assert_eq!(understood(kilograms(), &then), ["none: NotReady", "1.250 kg stable"]);
    check(&kilograms(), "02 46 0D", None, "none: NotReady");
}

#[test]
fn vector_status_without_a_flag_clears() {
    check(&kilograms(), "02 3F 40 0D", None, "none: NotReady");
    clears(kilograms(), b"\x0201.250\r", &hex("02 3F 40 0D"));
}

#[test]
fn the_outcome_of_the_confidence_test() {
    check(&kilograms(), "02 40 0D", None, "none: NotReady");
    check(&kilograms(), "02 42 0D", None, "none: ScaleFault fault");
}

/// With bit 6 clear a status may be CR or STX: it is told by its place, and a frame cut there loses nothing after it.
#[test]
fn a_status_that_looks_like_cr_or_stx() {
    assert_eq!(told(kilograms(), &hex("02 3F 0D 0D")), ["none: UnderRange motion under unzeroed"]);
    assert_eq!(told(kilograms(), &hex("02 3F 02 0D")), ["none: OverRange over"]);
    let then = |cut: &str| [hex(cut), b"\x0201.250\r".to_vec()].concat();
    assert_eq!(told(kilograms(), &then("02 3F")), ["fault Malformed", "1.250 kg stable"]);
    assert_eq!(told(kilograms(), &then("02 3F 0D")), ["fault Malformed", "1.250 kg stable"]);
    assert_eq!(told(kilograms(), &then("02 3F 02")), ["fault Malformed", "1.250 kg stable"]);
}

#[test]
fn every_status_clears_the_weight() {
    for status in 0..=0x7F {
        clears(kilograms(), b"\x0201.250\r", &[0x02, b'?', status, b'\r']);
    }
}

#[test]
fn the_other_units_form_is_a_wrong_unit_and_no_weight() {
    assert_eq!(told(kilograms(), b"\x02002.76\r"), ["fault UnitUnexpected"]);
    assert_eq!(told(pounds(), b"\x0201.250\r"), ["fault UnitUnexpected"]);
    assert_eq!(told(kilograms(), b"\x021.250\r"), ["fault WidthUnexpected"]);
    assert_eq!(told(kilograms(), b"\x0201250\r"), ["fault WidthUnexpected"]);
    assert_eq!(told(kilograms(), b"\x02  .250\r"), ["fault WidthUnexpected"]);
    assert_eq!(told(kilograms(), b"\x02-1.250\r"), ["fault Malformed"]);
    assert_eq!(told(kilograms(), b"\x0201.250kg\r"), ["fault Malformed"]);
}

#[test]
fn damage_is_no_other_weight() {
    a_lost_byte_is_found(&kilograms(), b"\x0201.250\r");
    // All that cannot be told: the N itself lost or become a CR, of the same number.
    assert_eq!(told(kilograms(), b"\x0201.250\r"), ["1.250 kg stable"]);
    let n_lost = |place, byte| place == 7 && byte & 0x7F == b'\r';
    for weight in [&b"\x0201.250\r"[..], b"\x0201.250N\r"] {
        parity_finds_every_flipped_bit(&kilograms(), weight);
        // A leading zero may be a space: the same number.
        a_changed_byte_is_no_other_weight(&kilograms(), weight, n_lost);
    }
    // Half a weight, then the next.
    let halves = b"\x0201.2\x0209.999\r";
    assert_eq!(told(kilograms(), halves), ["fault Truncated", "9.999 kg stable"]);
    // STX lost.
    assert_eq!(told(kilograms(), b"01.250\r\x0209.999\r"), ["fault Garbled", "9.999 kg stable"]);
}

#[test]
fn halves_apart_in_time_do_not_join() {
    let found = reports(kilograms(), &[(0, b"\x0201."), (200_001, b"250\r\x0209.999\r")]);
    assert_eq!(found.iter().map(show).collect::<Vec<_>>(), ["fault Truncated", "fault Garbled", "9.999 kg stable"]);
    let found = reports(kilograms(), &[(0, b"\x0201."), (200_000, b"250\r")]);
    assert_eq!(found.iter().map(show).collect::<Vec<_>>(), ["1.250 kg stable"]);
}

#[test]
fn another_protocol_is_said_not_swallowed() {
    let found = reports(kilograms(), &[(7, &b"S S     100.00 g\r\n".repeat(20)[..])]);
    assert!((2..10).contains(&found.len()), "{found:?}");
    assert!(found.iter().any(|report| is_fault(report, ScaleFault::Unrecognized)));
}

#[test]
fn configuration_says_what_is_wrong() {
    let plain = Toledo8217Config::new(Unit::Kilogram);
    assert_eq!(plain.validate(), Ok(()));
    let check = |config: Toledo8217Config, word: &str| {
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{word}");
    };
    let number = |text: &str| Some(text.try_into().expect("fits"));
    check(Toledo8217Config { gap_ms_max: 0, ..plain.clone() }, "gap_ms_max");
    check(Toledo8217Config::new(Unit::NotSent), "unit");
    check(Toledo8217Config::new(Unit::Other(*b"stone")), "unit");
    check(Toledo8217Config::new(Unit::Ounce), "number");
    for wrong in ["", "0", ".00", "00.", "0.0.0", "12.34", "000 0"] {
        check(Toledo8217Config { number: number(wrong), ..plain.clone() }, "number");
    }
    let grams = Toledo8217Config { number: number("000000"), ..Toledo8217Config::new(Unit::Gram) };
    assert_eq!(grams.validate(), Ok(()));
    assert_eq!(told(Toledo8217::new(grams), b"\x02001250\r"), ["1250 g stable"]);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let weight = |mantissa, exponent| PosReply::Weight { value: Decimal::new(mantissa, exponent), net: false };
    assert_eq!(weight(1_250, -3).encode(KILOGRAMS).as_deref(), Some(&b"\x0201.250\r"[..]));
    assert_eq!(PosReply::Status(reply::status::MOTION).encode(KILOGRAMS).as_deref(), Some(&b"\x02?A\r"[..]));
    for wrong in [weight(-1, -3), weight(100_000, -3), weight(125, -2), weight(1, 0)] {
        assert_eq!(wrong.encode(KILOGRAMS), None, "{wrong:?}");
    }
    assert_eq!(PosReply::Confidence(b'1').encode(KILOGRAMS), None);
}

fn replies() -> impl Strategy<Value = PosReply> {
    prop_oneof![
        4 => (0i64..100_000, any::<bool>())
            .prop_map(|(mantissa, net)| PosReply::Weight { value: Decimal::new(mantissa, -3), net }),
        2 => (0u8..0x40).prop_map(PosReply::Status),
        1 => prop_oneof![Just(b'@'), Just(b'B'), Just(b'z')].prop_map(PosReply::Confidence),
        1 => prop_oneof![Just(PosReply::EchoBegins), Just(PosReply::EchoEnds)],
    ]
}

fn encoded(reply: &PosReply) -> Vec<u8> {
    reply.encode(KILOGRAMS).expect("fits").to_vec()
}

/// Bytes that are no reply: made mostly of bytes that matter, or a reply cut short.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0x02), Just(0x82), Just(b'\r'), Just(b'?'), Just(b'0'), Just(b'.'), any::<u8>()];
    let random = proptest::collection::vec(byte, 0..30);
    let cut = (replies(), 0usize..7).prop_map(|(reply, keep)| {
        let bytes = encoded(&reply);
        bytes[..keep.min(bytes.len() - 1)].to_vec()
    });
    prop_oneof![random, cut].prop_filter("a reply by chance", |bytes| understood(kilograms(), bytes).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(reply in replies()) {
        prop_assert_eq!(PosReply::read(&encoded(&reply), KILOGRAMS), Shape::Whole(reply));
    }

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec((garbage(), replies()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        splits_agree(&kilograms(), &bytes, cut.index(bytes.len() + 1));
    }

    /// The module's guarantee, without any boundary: every reply, and nothing else.
    #[test]
    fn garbage_loses_nothing_and_invents_nothing(list in proptest::collection::vec((garbage(), replies()), 1..8)) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, reply)| [noise.clone(), encoded(reply)].concat()).collect();
        let sent: Vec<_> = list.iter().flat_map(|(_, reply)| told(kilograms(), &encoded(reply))).collect();
        prop_assert_eq!(understood(kilograms(), &bytes), sent, "{:02X?}", bytes);
    }

    #[test]
    fn no_bytes_panic_and_nothing_stands_but_what_was_said(pieces in proptest::collection::vec(
        (any::<u16>().prop_map(|pause| u32::from(pause) * 8), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            replies().prop_map(|reply| encoded(&reply)),
        ]), 0..12)) {
        nothing_stands_but_what_was_said(kilograms(), &pieces);
    }
}

#[test]
fn the_weight_stands_until_something_else_is_said() {
    let mut latest = LatestWeight::new(Micros::from_ms(500));
    let mut codec = kilograms();
    codec.feed(Micros(0), b"\x0201.250\r", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(Micros(0)), Ok(Grams(1_250)));
    codec.feed(Micros(1), b"\x02?A\r", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(Micros(1)), Err(NoWeight::InMotion));
    let shown = Measure::new(1_250, -3, Unit::Kilogram);
    assert_eq!(format!("{shown}"), "1.250 kg");
}

use super::*;
use crate::scale::testing::{a_changed_byte_is_no_other_weight, clears, hex, parity_finds_every_flipped_bit};
use crate::scale::{Decimal, with_even_parity};
use crate::units::Grams;
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

fn reports(config: MtSicsConfig, pieces: &[(u64, &[u8])]) -> Vec<ScaleReport> {
    let mut codec = MtSics::new(config);
    let mut found = Vec::new();
    for (time, piece) in pieces {
        codec.feed(Micros(*time), piece, &mut |report| found.push(report));
    }
    found
}

/// The reports of `bytes`, as one line of text each.
fn check(bytes: &[u8], expected: &[&str]) {
    let found = reports(MtSicsConfig::default(), &[(7, bytes)]);
    let text: Vec<String> = found.iter().map(show).collect();
    assert_eq!(text, expected, "{}", bytes.escape_ascii());
}

fn show(report: &ScaleReport) -> String {
    match report {
        ScaleReport::Reading(reading) => {
            let state = reading.state;
            let flags = [
                (state.stable, " stable"),
                (state.motion, " motion"),
                (state.over, " over"),
                (state.under, " under"),
                (state.net, " net"),
            ];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
            match reading.shown {
                Ok(measure) => format!("{measure}{flags}"),
                Err(why) => format!("none: {why:?}{flags}"),
            }
        }
        ScaleReport::Zero { done, .. } => format!("zero {done:?}"),
        ScaleReport::Tare { done: Ok(measure), .. } => format!("tare {measure}"),
        ScaleReport::Tare { done: Err(why), .. } => format!("no tare: {why:?}"),
        ScaleReport::TareCleared { done, .. } => format!("tare cleared {done:?}"),
        ScaleReport::Identity { serial, .. } => format!("identity {serial}"),
        ScaleReport::Fault { kind, .. } => format!("fault {kind:?}"),
    }
}

#[test]
fn vector_request_s() {
    let codec = MtSics::new(MtSicsConfig::default());
    assert_eq!(codec.request(Request::StableWeight), Some(&hex("53 0D 0A")[..]));
    assert_eq!(codec.request(Request::ImmediateWeight), Some(&b"SI\r\n"[..]));
    assert_eq!(codec.request(Request::Reset), Some(&b"@\r\n"[..]));
}

#[test]
fn vector_stable_100_00_g() {
    let bytes = hex("53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A");
    check(&bytes, &["100.00 g stable"]);
    let Some(ScaleReport::Reading(reading)) = reports(MtSicsConfig::default(), &[(7, &bytes)]).pop() else {
        panic!("a reading")
    };
    assert_eq!((reading.stable_weight(), reading.at), (Ok(Grams(100)), Micros(7)));
    assert_eq!(&reading.raw[..], &bytes[..16]);
}

#[test]
fn vector_dynamic_100_03_g() {
    check(&hex("53 20 44 20 20 20 20 20 31 30 30 2E 30 33 20 67 0D 0A"), &["100.03 g motion"]);
}

#[test]
fn vector_minus_0_05_kg() {
    let bytes = hex("53 20 53 20 20 20 20 20 20 2D 30 2E 30 35 20 6B 67 0D 0A");
    check(&bytes, &["-0.05 kg stable"]);
}

#[test]
fn vector_busy() {
    check(&hex("53 20 49 0D 0A"), &["none: NotReady"]);
}

#[test]
fn vector_over_and_under() {
    check(&hex("53 20 2B 0D 0A"), &["none: OverRange over"]);
    check(&hex("53 20 2D 0D 0A"), &["none: UnderRange under"]);
}

#[test]
fn vector_es_et_el() {
    check(&hex("45 53 0D 0A"), &["none: SyntaxError"]);
    check(&hex("45 54 0D 0A"), &["none: TransmissionError"]);
    check(&hex("45 4C 0D 0A"), &["none: LogicalError"]);
}

#[test]
fn vector_zero_done() {
    check(&hex("5A 20 41 0D 0A"), &["zero Ok(())"]);
}

#[test]
fn vector_tare_result_1_500_kg() {
    let tare = hex("54 20 53 20 20 20 20 20 20 31 2E 35 30 30 20 6B 67 0D 0A");
    check(&tare, &["tare 1.500 kg"]);
    let then = [&tare[..], b"S S      2.000 kg\r\nTAC A\r\nS S      3.500 kg\r\n"].concat();
    check(&then, &["tare 1.500 kg", "2.000 kg stable net", "tare cleared Ok(())", "3.500 kg stable"]);
}

/// Zeroing and a restart clear the scale's tare; a zeroing that was refused does not.
#[test]
fn a_tare_ends_with_a_zeroing_and_with_a_restart() {
    let tared = |then: &str| format!("T S      1.500 kg\r\n{then}\r\nS S      3.500 kg\r\n").into_bytes();
    for (then, says) in [
        ("Z A", "zero Ok(())"),
        ("ZI S", "zero Ok(())"),
        ("ZI D", "zero Ok(())"),
        ("I4 A \"0123456789\"", "identity 0123456789"),
    ] {
        check(&tared(then), &["tare 1.500 kg", says, "3.500 kg stable"]);
    }
    check(&tared("Z I"), &["tare 1.500 kg", "zero Err(NotReady)", "3.500 kg stable net"]);
}

#[test]
fn vector_after_reset() {
    check(&hex("49 34 20 41 20 22 30 31 32 33 34 35 36 37 38 39 22 0D 0A"), &["identity 0123456789"]);
}

#[test]
fn every_other_reply_of_the_table() {
    check(
        b"Z I\r\nZ +\r\nZI D\r\nZI S\r\n",
        &["zero Err(NotReady)", "zero Err(OverRange)", "zero Ok(())", "zero Ok(())"],
    );
    check(b"T I\r\nT +\r\nT -\r\n", &["no tare: NotReady", "no tare: OverRange", "no tare: UnderRange"]);
    check(b"TI D    0.200 kg\r\nTA A      0.000 kg\r\n", &["tare 0.200 kg", "tare 0.000 kg"]);
    check(b"TAC I\r\nTA I\r\nI4 I\r\n", &["tare cleared Err(NotReady)", "no tare: NotReady", "none: NotReady"]);
}

#[test]
fn seven_bits_with_even_parity_read_as_8n1() {
    let mut bytes = *b"S S     100.00 g\r\n";
    with_even_parity(&mut bytes);
    check(&bytes, &["100.00 g stable"]);
    bytes[9] ^= 0x80;
    check(&bytes, &["fault Garbled"]);
}

#[test]
fn a_reply_after_a_byte_that_belongs_to_none_is_whole() {
    check(b"S S     1\x00S S     100.00 g\r\n", &["fault Garbled", "100.00 g stable"]);
    check(b"S S     1\xFF0.00 g\r\nS I\r\n", &["fault Garbled", "fault Malformed", "none: NotReady"]);
}

#[test]
fn a_line_without_end_is_bounded_and_said_once() {
    let mut bytes = vec![b'S'; 1_000];
    bytes.extend_from_slice(b"\r\nS S     100.00 g\r\n");
    check(&bytes, &["fault TooLong", "100.00 g stable"]);
}

#[test]
fn a_reply_that_stops_in_the_middle_is_given_up() {
    let config = MtSicsConfig { gap_ms_max: 100, ..MtSicsConfig::default() };
    let found = reports(config.clone(), &[(0, b"S S     1"), (100_001, b"S S     2.00 g\r\n")]);
    assert_eq!(found.iter().map(show).collect::<Vec<_>>(), ["fault Truncated", "2.00 g stable"]);
    let found = reports(config.clone(), &[(0, b"S S     1"), (100_000, b"00.00 g\r\n")]);
    assert_eq!(found.iter().map(show).collect::<Vec<_>>(), ["100.00 g stable"]);
    let mut codec = MtSics::new(config);
    assert_eq!(codec.push(Micros(0), b'S'), None);
    assert_eq!(codec.idle(Micros(100_000)), None);
    assert!(matches!(codec.idle(Micros(100_001)), Some(ScaleReport::Fault { kind: ScaleFault::Truncated, .. })));
    assert_eq!(codec.idle(Micros(900_000)), None);
}

#[test]
fn a_fixed_format_catches_lost_bytes() {
    let (number_width, decimals, unit) = (Some(10), Some(3), Some(Unit::Kilogram));
    let config = MtSicsConfig { number_width, decimals, unit, ..MtSicsConfig::default() };
    let whole = b"S S      1.500 kg\r\n";
    let point = b"S S      10500 kg\r\n";
    assert_eq!(show(&reports(config.clone(), &[(0, point)])[0]), "fault WidthUnexpected");
    assert_eq!(show(&reports(config.clone(), &[(0, whole)])[0]), "1.500 kg stable");
    for lost in 0..whole.len() - 2 {
        let mut bytes = whole.to_vec();
        bytes.remove(lost);
        let found = reports(config.clone(), &[(0, &bytes)]);
        assert!(!found.iter().any(|report| matches!(report, ScaleReport::Reading(_))), "{}", bytes.escape_ascii());
    }
}

#[test]
fn damage_is_no_other_weight() {
    let (number_width, decimals, unit) = (Some(10), Some(3), Some(Unit::Kilogram));
    let codec = MtSics::new(MtSicsConfig { number_width, decimals, unit, ..MtSicsConfig::default() });
    let whole = b"S S      1.500 kg\r";
    // The space before the number may become a digit, a sign of plus or minus too; below zero is no weight.
    a_changed_byte_is_no_other_weight(&codec, whole, |place, byte| place == 8 && byte.is_ascii_digit());
    parity_finds_every_flipped_bit(&codec, whole);
    for place in 0..whole.len() - 1 {
        let mut lost = whole.to_vec();
        lost.remove(place);
        clears(codec.clone(), whole, &lost);
    }
}

#[test]
fn configuration_says_what_is_wrong() {
    let check = |config: MtSicsConfig, word: &str| {
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{word}");
    };
    assert_eq!(MtSicsConfig::default().validate(), Ok(()));
    check(MtSicsConfig { gap_ms_max: 0, ..MtSicsConfig::default() }, "gap_ms_max");
    check(MtSicsConfig { number_width: Some(0), ..MtSicsConfig::default() }, "number_width");
    check(MtSicsConfig { unit: Unit::parse(b"stone"), ..MtSicsConfig::default() }, "unit");
}

fn replies() -> impl Strategy<Value = SicsReply<'static>> {
    let units = prop_oneof![
        Just(Unit::Gram),
        Just(Unit::Kilogram),
        Just(Unit::Pound),
        Just(Unit::TroyOunce),
        Just(Unit::Other(*b"tael "))
    ];
    let weight = (any::<bool>(), -99_999i64..9_999_999, 0i8..4, units).prop_map(|(stable, mantissa, places, unit)| {
        SicsReply::Weight { stable, measure: Measure { value: Decimal::new(mantissa, -places), unit } }
    });
    prop_oneof![
        6 => weight,
        1 => Just(SicsReply::NoWeight(Refusal::NotNow)),
        1 => Just(SicsReply::SyntaxError),
        1 => Just(SicsReply::Zeroed),
        1 => Just(SicsReply::Identity("0123 456")),
    ]
}

/// Bytes that are no reply: random ones, or a reply cut short.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let random = proptest::collection::vec(any::<u8>(), 0..90);
    let cut = (replies(), 0usize..12).prop_map(|(reply, keep)| {
        let bytes = reply.encode().expect("writes");
        bytes[..keep.min(bytes.len() - 2)].to_vec()
    });
    prop_oneof![random, cut].prop_filter("a reply by chance", |bytes| {
        let ended = [&bytes[..], b"\r"].concat();
        let found = reports(MtSicsConfig::default(), &[(5, &ended)]);
        found.iter().all(|report| matches!(report, ScaleReport::Fault { .. }))
    })
}

fn written(reply: &SicsReply) -> String {
    match reply {
        SicsReply::Weight { stable, measure } => format!("{measure}{}", if *stable { " stable" } else { " motion" }),
        SicsReply::NoWeight(_) => "none: NotReady".to_string(),
        SicsReply::SyntaxError => "none: SyntaxError".to_string(),
        SicsReply::Zeroed => "zero Ok(())".to_string(),
        other => format!("identity {}", if let SicsReply::Identity(serial) = other { serial } else { "?" }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec(replies(), 1..8),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes: Vec<u8> = list.iter().flat_map(|reply| reply.encode().expect("writes")).collect();
        let at = cut.index(bytes.len());
        bytes.splice(at..at, noise);
        let whole = reports(MtSicsConfig::default(), &[(5, &bytes)]);
        let cut = cut.index(bytes.len());
        prop_assert_eq!(&whole, &reports(MtSicsConfig::default(), &[(5, &bytes[..cut]), (5, &bytes[cut..])]));
        let single: Vec<(u64, &[u8])> = bytes.chunks(1).map(|byte| (5, byte)).collect();
        prop_assert_eq!(&whole, &reports(MtSicsConfig::default(), &single));
    }

    /// Garbage, then a clean boundary, then a reply: the reply is reported, and no number that was not sent.
    #[test]
    fn garbage_loses_nothing_after_a_clean_boundary(
        list in proptest::collection::vec((garbage(), replies()), 1..8),
        boundary in prop_oneof![Just(b'\r'), Just(b'\n'), Just(0u8), Just(0xFF)],
    ) {
        let mut bytes = Vec::new();
        for (garbage, reply) in &list {
            bytes.extend_from_slice(garbage);
            bytes.push(boundary);
            bytes.extend_from_slice(&reply.encode().expect("writes"));
        }
        let found = reports(MtSicsConfig::default(), &[(5, &bytes)]);
        let understood: Vec<String> = found
            .iter()
            .filter(|report| !matches!(report, ScaleReport::Fault { .. }))
            .map(|report| show(report).replace(" net", ""))
            .collect();
        let sent: Vec<String> = list.iter().map(|(_, reply)| written(reply)).collect();
        prop_assert_eq!(understood, sent);
    }

    #[test]
    fn no_bytes_panic(pieces in proptest::collection::vec(
        (any::<u32>(), proptest::collection::vec(any::<u8>(), 0..60)), 0..8)) {
        let mut codec = MtSics::new(MtSicsConfig { number_width: Some(10), ..MtSicsConfig::default() });
        for (time, piece) in pieces {
            codec.feed(Micros(u64::from(time)), &piece, &mut |_| {});
            let _ = codec.idle(Micros(u64::from(time) * 2));
        }
    }
}

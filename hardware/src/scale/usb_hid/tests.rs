use super::*;
use crate::scale::testing::*;
use crate::scale::{Decimal, Measure, NoWeight};
use crate::units::Grams;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

fn scale() -> UsbHid {
    UsbHid::new(UsbHidConfig::default())
}

fn check(vector: &str, expected: &str, weight: Result<Grams, NoWeight>) {
    let reading = only_reading(scale(), &hex(vector));
    assert_eq!(reading.stable_weight(), weight, "{vector}");
    assert_eq!(show(&ScaleReport::Reading(reading)), expected, "{vector}");
    let report = HidReport::decode(&hex(vector)).expect("a report");
    assert_eq!(report.encode().as_ref().map(<[u8; 6]>::as_slice), Some(&hex(vector)[..]));
}

#[test]
fn vector_5_7_oz_stable() {
    check("03 04 0B FF 39 00", "5.7 oz stable", Ok(Grams(162)));
}

#[test]
fn vector_1_250_kg_stable() {
    check("03 04 03 FD E2 04", "1.250 kg stable", Ok(Grams(1_250)));
}

#[test]
fn vector_2500_g_stable() {
    check("03 04 02 00 C4 09", "2500 g stable", Ok(Grams(2_500)));
}

#[test]
fn vector_1_249_kg_motion() {
    check("03 03 03 FD E1 04", "1.249 kg motion", Err(NoWeight::InMotion));
}

#[test]
fn vector_zero() {
    check("03 02 03 FD 00 00", "0.000 kg stable zero", Ok(Grams(0)));
}

#[test]
fn vector_minus_0_100_kg_under_zero() {
    check("03 05 03 FD 64 00", "-0.100 kg under", Err(NoWeight::UnderRange));
}

#[test]
fn vector_over_limit() {
    check("03 06 03 FD 00 00", "none: OverRange over", Err(NoWeight::OverRange));
}

#[test]
fn vector_fault() {
    check("03 01 00 00 00 00", "none: ScaleFault fault", Err(NoWeight::ScaleFault));
}

#[test]
fn vector_10_05_lb() {
    check("03 04 0C FE ED 03", "10.05 lb stable", Ok(Grams(4_559))); // 4 558.603 318 5 g
}

#[test]
fn the_other_statuses_and_the_other_id() {
    check("04 04 03 FD E2 04", "1.250 kg stable", Ok(Grams(1_250)));
    check("03 07 03 FD E2 04", "none: ScaleFault fault", Err(NoWeight::ScaleFault));
    check("03 08 03 FD E2 04", "none: ZeroNotCaptured unzeroed", Err(NoWeight::ZeroNotCaptured));
}

#[test]
fn every_unit_that_converts() {
    let grams = |unit_code, exponent, magnitude| {
        let report = HidReport { id: 3, status: HidStatus::Stable, unit_code, exponent, magnitude };
        only_reading(scale(), &report.encode().expect("a report")).stable_weight()
    };
    for (unit_code, exponent, magnitude, expected) in [
        (1, 0, 2_500, 3),       // mg: 2.5 g
        (2, 0, 65_535, 65_535), // g
        (3, -1, 155, 15_500),   // kg
        (4, 0, 5_000, 1_000),   // carat: 0.2 g
        (6, 0, 15_432, 1_000),  // grain: 999.976 779 12 g
        (7, 0, 643, 1_000),     // pennyweight: 999.976 779 12 g
        (8, -3, 12, 12_000),    // t
        (10, 0, 32, 995),       // troy ounce: 995.311 257 6 g
        (11, -1, 353, 1_001),   // oz: 1 000.738 166 312 5 g
        (12, -2, 220, 998),     // lb: 997.903 214 g
    ] {
        assert_eq!(grams(unit_code, exponent, magnitude), Ok(Grams(expected)), "unit {unit_code}");
    }
    // A tael has a size for each country, a ton two.
    assert_eq!((grams(5, 0, 1), grams(9, 0, 1)), (Err(NoWeight::UnitUnknown), Err(NoWeight::UnitUnknown)));
}

#[test]
fn what_no_scale_says_is_no_report() {
    for bytes in [
        "02 04 03 FD E2 04", // no weight report
        "03 00 03 FD E2 04", // no status
        "03 09 03 FD E2 04",
        "03 04 00 FD E2 04", // a weight without a unit
        "03 04 0D FD E2 04", // no unit
        "03 04 03 7F E2 04", // 10^127 kg
        "03 04 03 80 E2 04",
        "03 02 03 FD E2 04", // at zero, 1.250 kg
    ] {
        assert_eq!(told(scale(), &hex(bytes)), ["fault Malformed"], "{bytes}");
        clears(scale(), &hex("03 04 03 FD E2 04"), &hex(bytes));
    }
}

#[test]
fn reports_that_came_together_are_the_newest() {
    let merged = hex("03 03 03 FD E1 04 03 04 03 FD E2 04");
    let mut codec = scale();
    let mut found = Vec::new();
    codec.feed(Micros(5), &merged[..6], &mut |report| found.push(report));
    codec.feed(Micros(9), &merged[6..], &mut |report| found.push(report));
    found.extend(codec.idle(Micros(20_000)));
    let [ScaleReport::Reading(reading)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((reading.stable_weight(), reading.at, &reading.raw[..]), (Ok(Grams(1_250)), Micros(9), &merged[6..]));
    assert_eq!(codec.counters().replies, 2);
}

/// One byte lost among reports that come together: the next report's first byte would make a weight of it.
#[test]
fn a_report_that_borrows_a_byte_is_no_weight() {
    let five = hex("03 04 03 FD E2 03 04 03 FD E2 04");
    assert_eq!(told(scale(), &five), ["fault Truncated"]);
    let then = reports(scale(), &[(0, &five), (100_000, &hex("03 04 03 FD E2 04"))]);
    assert_eq!(then.iter().map(show).collect::<Vec<_>>(), ["fault Truncated", "1.250 kg stable"]);
}

#[test]
fn damage_is_no_other_weight() {
    let weight = hex("03 04 03 FD E2 04");
    a_lost_byte_is_found(&scale(), &weight);
    // Unit, exponent and magnitude are numbers; USB's own CRC protects them, and the configured unit.
    let kilograms = UsbHid::new(UsbHidConfig { unit: Some(Unit::Kilogram), ..UsbHidConfig::default() });
    a_changed_byte_is_no_other_weight(&kilograms, &weight, |place, _| place >= 3);
    assert_eq!(told(kilograms.clone(), &hex("03 04 02 FD E2 04")), ["fault UnitUnexpected"]);
    assert_eq!(told(kilograms, &hex("03 01 00 00 00 00")), ["none: ScaleFault fault"]);
}

#[test]
fn a_scale_that_never_pauses_is_read_all_the_same() {
    let report = hex("03 04 03 FD E2 04");
    let mut codec = scale();
    let mut found = Vec::new();
    for index in 0..40 {
        codec.feed(Micros(index * 10_000), &report, &mut |report| found.push(report));
    }
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|report| show(report) == "1.250 kg stable"));
}

#[test]
fn it_is_asked_for_nothing_but_zero() {
    assert_eq!(scale().request(Request::Zero), Some(&[2u8, 2][..]));
    assert_eq!(scale().request(Request::ImmediateWeight), None);
}

#[test]
fn configuration_says_what_is_wrong() {
    let check = |config: UsbHidConfig, word: &str| {
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{word}");
    };
    assert_eq!(UsbHidConfig::default().validate(), Ok(()));
    check(UsbHidConfig { gap_ms: 0, ..UsbHidConfig::default() }, "gap_ms");
    check(UsbHidConfig { unit: Some(Unit::NotSent), ..UsbHidConfig::default() }, "unit");
}

fn hid_reports() -> impl Strategy<Value = HidReport> {
    let statuses = prop_oneof![
        4 => Just(HidStatus::Stable),
        2 => Just(HidStatus::InMotion),
        1 => Just(HidStatus::UnderZero),
        1 => Just(HidStatus::OverLimit),
        1 => Just(HidStatus::Fault),
    ];
    (3u8..=4, statuses, 1u8..=12, -6i8..=4, any::<u16>()).prop_map(|(id, status, unit_code, exponent, magnitude)| {
        HidReport { id, status, unit_code, exponent, magnitude }
    })
}

fn encoded(report: &HidReport) -> Vec<u8> {
    report.encode().expect("a report").to_vec()
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(3u8), Just(4u8), Just(0xFDu8), any::<u8>()];
    let bytes = prop_oneof![
        proptest::collection::vec(byte, 1..70),
        (hid_reports(), 1usize..6).prop_map(|(report, keep)| encoded(&report)[..keep].to_vec()),
    ];
    bytes.prop_filter("a report by chance", |bytes| understood(scale(), bytes).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(report in hid_reports()) {
        prop_assert_eq!(HidReport::decode(&encoded(&report)), Some(report));
        let (shown, _) = report.told();
        let below = report.status == HidStatus::UnderZero;
        let magnitude = i64::from(report.magnitude);
        let value = Decimal::new(if below { -magnitude } else { magnitude }, report.exponent);
        if report.weighs() {
            prop_assert_eq!(shown, Ok(Measure { value, unit: report.unit() }));
        } else {
            prop_assert!(shown.is_err());
        }
    }

    #[test]
    fn any_split_gives_the_same_reports(
        list in proptest::collection::vec((garbage(), hid_reports()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<u8> = list.iter().flat_map(|(noise, report)| [noise.clone(), encoded(report)].concat()).collect();
        splits_agree(&scale(), &bytes, cut.index(bytes.len() + 1));
    }

    /// After a pause a report is read, whatever came before; nothing is a weight that was not sent.
    #[test]
    fn garbage_loses_nothing_after_a_pause(list in proptest::collection::vec((garbage(), hid_reports()), 1..8)) {
        let mut pieces: Vec<(u64, Vec<u8>)> = Vec::new();
        for (index, (noise, report)) in (0u64..).zip(&list) {
            pieces.push((index * 200_000, noise.clone()));
            pieces.push((index * 200_000 + 100_000, encoded(report)));
        }
        let pieces: Vec<(u64, &[u8])> = pieces.iter().map(|(time, bytes)| (*time, &bytes[..])).collect();
        let found = reports(scale(), &pieces);
        let heard: Vec<String> =
            found.iter().filter(|report| !matches!(report, ScaleReport::Fault { .. })).map(show).collect();
        let sent: Vec<String> = list.iter().flat_map(|(_, report)| told(scale(), &encoded(report))).collect();
        prop_assert_eq!(heard, sent);
    }

    #[test]
    fn no_bytes_panic_and_nothing_stands_but_what_was_said(pieces in proptest::collection::vec(
        (any::<u16>(), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..70),
            hid_reports().prop_map(|report| encoded(&report)),
        ]).prop_map(|(pause, bytes)| (u32::from(pause), bytes)), 0..12)) {
        nothing_stands_but_what_was_said(scale(), &pieces);
    }
}

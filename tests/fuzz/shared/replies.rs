//! What a codec must find in bytes, by definition: said anew here, so that codec and definition can disagree.

use gatepost_hardware::scale::{LatestWeight, NoWeight, ScaleProtocol, ScaleReport, Shape};
use gatepost_hardware::units::Micros;

/// The replies in bytes that came without a pause: from each start byte on, bytes that a grammar calls a part, until it
/// calls them whole. None begins inside another, or ends with the byte that made one before it impossible.
pub fn replies<'a, R>(bytes: &'a [u8], start: u8, read: impl Fn(&[u8]) -> Shape<R>) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut from, mut refused) = (0, 0);
    while from < bytes.len() {
        let window = |end: usize| seven_bits(&bytes[from..end]);
        let starts = window(from + 1).is_some_and(|window| window == [start]);
        let ends = from + 1..=bytes.len();
        let judged = ends.filter(|_| starts).find_map(|end| match window(end).map_or(None, |text| Some(read(&text))) {
            Some(Shape::Part) => None,
            Some(Shape::Whole(_)) => Some((end, true)),
            Some(Shape::Not(_)) | None => Some((end, false)),
        });
        match judged {
            Some((end, true)) => {
                found.extend((end != refused).then_some(&bytes[from..end]));
                from = end;
            }
            Some((end, false)) => {
                refused = end;
                from += 1;
            }
            None => from += 1,
        }
    }
    found
}

/// Bytes as seven bits: all below 0x80, or all of even parity.
fn seven_bits(bytes: &[u8]) -> Option<Vec<u8>> {
    let plain = bytes.iter().all(|byte| *byte < 0x80);
    let even = bytes.iter().all(|byte| byte.count_ones() % 2 == 0);
    (plain || even).then(|| bytes.iter().map(|byte| byte & 0x7F).collect())
}

/// Feeds bytes without a pause. The replies understood are exactly `expected`, and no weight stands that the last report
/// did not say.
pub fn check(codec: &mut impl ScaleProtocol, bytes: &[u8], expected: &[&[u8]]) -> LatestWeight {
    let mut latest = LatestWeight::new(Micros::from_ms(60_000));
    let mut expected = expected.iter();
    for (index, &byte) in bytes.iter().enumerate() {
        let time = Micros(index as u64);
        let Some(report) = codec.push(time, byte) else { continue };
        latest.take(&report);
        let said = match &report {
            ScaleReport::Reading(reading) => {
                assert_eq!(Some(&&reading.raw[..]), expected.next());
                reading.stable_weight()
            }
            ScaleReport::Fault { .. } => Err(NoWeight::Damaged),
            _ => {
                assert!(expected.next().is_some(), "an answer that nobody sent");
                Err(NoWeight::Rezeroed)
            }
        };
        assert_eq!(latest.stable_weight(time).ok(), said.ok(), "a stale weight");
    }
    assert_eq!(expected.next(), None, "a reply was lost");
    assert!(codec.counters().skipped_bytes <= bytes.len() as u64);
    latest
}

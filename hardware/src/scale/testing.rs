//! What the tests of the codecs share: bytes from vectors, reports as text, and the promises that every codec keeps.
//!
//! Apart from any one protocol, so that a new one is held to the same words. For tests only.

use super::{LatestWeight, Measure, ScaleFault, ScaleProtocol, ScaleReport, with_even_parity};
use crate::units::{Grams, Micros};
use std::format;
use std::string::String;
use std::vec::Vec;

/// Long after the last byte.
pub const LATER: Micros = Micros(60_000_000_000);

pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

/// The reports of bytes that arrived at times (microseconds), and of the silence after them.
pub fn reports(mut codec: impl ScaleProtocol, pieces: &[(u64, &[u8])]) -> Vec<ScaleReport> {
    let mut found = Vec::new();
    for (time, piece) in pieces {
        codec.feed(Micros(*time), piece, &mut |report| found.push(report));
    }
    found.extend(codec.idle(LATER));
    found
}

/// [`reports`] of bytes that arrived together, as text.
pub fn told(codec: impl ScaleProtocol, bytes: &[u8]) -> Vec<String> {
    reports(codec, &[(7, bytes)]).iter().map(show).collect()
}

/// One reading, its raw bytes exactly these, and its first byte's time.
pub fn only_reading(codec: impl ScaleProtocol, bytes: &[u8]) -> super::Reading {
    let mut found = reports(codec, &[(7, bytes)]);
    assert_eq!(found.len(), 1, "{found:?}");
    let Some(ScaleReport::Reading(reading)) = found.pop() else { panic!("a reading of {}", bytes.escape_ascii()) };
    assert_eq!((&reading.raw[..], reading.at), (bytes, Micros(7)));
    reading
}

pub fn show(report: &ScaleReport) -> String {
    match report {
        ScaleReport::Reading(reading) => {
            let state = reading.state;
            let flags = [
                (state.stable, " stable"),
                (state.motion, " motion"),
                (state.zero, " zero"),
                (state.under, " under"),
                (state.over, " over"),
                (state.out_of_range, " out-of-range"),
                (state.net, " net"),
                (state.unzeroed, " unzeroed"),
                (state.fault, " fault"),
            ];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
            match reading.shown {
                Ok(measure) => format!("{measure}{flags}"),
                Err(why) => format!("none: {why:?}{flags}"),
            }
        }
        ScaleReport::Tare { done: Ok(measure), .. } => format!("tare {measure}"),
        ScaleReport::Tare { done: Err(why), .. } => format!("no tare: {why:?}"),
        ScaleReport::Fault { kind, .. } => format!("fault {kind:?}"),
        other => format!("{other:?}"),
    }
}

/// Everything but faults, as text.
pub fn understood(codec: impl ScaleProtocol, bytes: &[u8]) -> Vec<String> {
    let found = reports(codec, &[(7, bytes)]);
    found.iter().filter(|report| !matches!(report, ScaleReport::Fault { .. })).map(show).collect()
}

/// However bytes are divided, the reports are the same.
pub fn splits_agree(codec: &(impl ScaleProtocol + Clone), bytes: &[u8], cut: usize) {
    let whole = reports(codec.clone(), &[(7, bytes)]);
    let single: Vec<(u64, &[u8])> = bytes.chunks(1).map(|byte| (7, byte)).collect();
    assert_eq!(whole, reports(codec.clone(), &[(7, &bytes[..cut]), (7, &bytes[cut..])]));
    assert_eq!(whole, reports(codec.clone(), &single));
}

/// Whatever comes, after whatever pauses: nothing panics, a weight stands only while the last report is that weight,
/// and every byte is accounted for.
pub fn nothing_stands_but_what_was_said(mut codec: impl ScaleProtocol, pieces: &[(u32, Vec<u8>)]) {
    let mut latest = LatestWeight::new(Micros::from_ms(500));
    let mut now = Micros::ZERO;
    let mut fed = 0;
    let take = |latest: &mut LatestWeight, now: Micros, report: &ScaleReport| {
        latest.take(report);
        let said = match report {
            ScaleReport::Reading(reading) => reading.stable_weight(),
            _ => Err(super::NoWeight::Damaged),
        };
        assert!(latest.stable_weight(now).is_err() || latest.stable_weight(now) == said, "{report:?}");
    };
    for (pause, piece) in pieces {
        now = now + Micros(u64::from(*pause));
        codec.idle(now).iter().for_each(|report| take(&mut latest, now, report));
        codec.feed(now, piece, &mut |report| take(&mut latest, now, &report));
        fed += piece.len() as u64;
    }
    codec.idle(LATER).iter().for_each(|report| take(&mut latest, LATER, report));
    let counters = codec.counters();
    assert!(counters.skipped_bytes <= fed && counters.replies <= fed, "{counters:?} of {fed} bytes");
}

/// A weight stands, then `bytes` come instead of the next one: it falls.
pub fn clears(mut codec: impl ScaleProtocol, weight: &[u8], bytes: &[u8]) {
    let mut latest = LatestWeight::new(Micros::from_ms(60_000));
    let mut now = Micros(0);
    codec.feed(now, weight, &mut |report| latest.take(&report));
    now = Micros(1_000_000);
    codec.idle(now).iter().for_each(|report| latest.take(report));
    assert!(latest.stable_weight(now).is_ok(), "{} is a weight", weight.escape_ascii());
    codec.feed(now, bytes, &mut |report| latest.take(&report));
    now = Micros(2_000_000);
    codec.idle(now).iter().for_each(|report| latest.take(report));
    assert!(latest.stable_weight(now).is_err(), "{} left the weight standing", bytes.escape_ascii());
}

/// The stable weights among the reports.
pub fn weights(codec: impl ScaleProtocol, bytes: &[u8]) -> Vec<(Grams, Measure)> {
    let found = reports(codec, &[(7, bytes)]);
    let weights = found.iter().filter_map(|report| match report {
        ScaleReport::Reading(reading) => reading.stable_weight().ok().zip(reading.shown.ok()),
        _ => None,
    });
    weights.collect()
}

/// Each byte lost, or sent twice: no weight, and never silently; the reply after it is read.
pub fn a_lost_byte_is_found(codec: &(impl ScaleProtocol + Clone), weight: &[u8]) {
    for place in 0..weight.len() {
        let mut lost = weight.to_vec();
        lost.remove(place);
        assert_eq!(weights(codec.clone(), &lost), [], "byte {place} lost");
        clears(codec.clone(), weight, &lost);
    }
}

/// One bit flipped on a line with even parity, read as 8N1: the same weight (an end of line, bit 7 alone) or none.
pub fn parity_finds_every_flipped_bit(codec: &(impl ScaleProtocol + Clone), weight: &[u8]) {
    let mut even = weight.to_vec();
    with_even_parity(&mut even);
    let said = weights(codec.clone(), weight);
    assert_eq!(weights(codec.clone(), &even), said, "with parity");
    for place in 0..even.len() {
        for bit in 0..8 {
            let mut flipped = even.clone();
            flipped[place] ^= 1 << bit;
            let found = weights(codec.clone(), &flipped);
            assert!(found.is_empty() || found == said, "byte {place} bit {bit}: {found:?}");
        }
    }
}

/// One byte changed to any other: the same weight, no weight, or a digit, or a space in front, in place of a digit, which
/// nothing in the protocol can tell; `excused` says which other changes cannot be told either.
pub fn a_changed_byte_is_no_other_weight(
    codec: &(impl ScaleProtocol + Clone),
    weight: &[u8],
    excused: impl Fn(usize, u8) -> bool,
) {
    let said = weights(codec.clone(), weight);
    for place in 0..weight.len() {
        for byte in (0..=255u8).filter(|byte| *byte != weight[place]) {
            let digits = weight[place].is_ascii_digit() && (byte.is_ascii_digit() || byte == b' ');
            let mut changed = weight.to_vec();
            changed[place] = byte;
            let found = weights(codec.clone(), &changed);
            let right = found.is_empty() || found == said;
            assert!(right || digits || excused(place, byte), "byte {place} as {byte:02X}: {found:?}");
        }
    }
}

/// A report is a fault of this kind.
pub fn is_fault(report: &ScaleReport, expected: ScaleFault) -> bool {
    matches!(report, ScaleReport::Fault { kind, .. } if *kind == expected)
}

//! What the tests of the text readers share: bytes at times in, words out, and the properties that all of them have.

use super::{Scan, ScannerProtocol};
use crate::units::Micros;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

pub fn show(scan: &Scan<'_>) -> String {
    match scan {
        Scan::Read { payload, aim: None, .. } => format!("{}", payload.escape_ascii()),
        Scan::Read { payload, aim: Some(aim), .. } => format!("{aim} {}", payload.escape_ascii()),
        Scan::NoRead { which, .. } => format!("no read: {which}"),
        Scan::Identity { text, .. } => format!("is {}", text.escape_ascii()),
        Scan::Answer { done, .. } => format!("done: {done}"),
        Scan::Fault { kind, .. } => format!("fault {kind:?}"),
    }
}

/// Pieces of bytes at milliseconds, then two seconds of silence.
pub fn scans(codec: &mut impl ScannerProtocol, pieces: &[(u64, &[u8])]) -> Vec<String> {
    let mut found = Vec::new();
    let mut now = 0;
    for (ms, bytes) in pieces {
        now = *ms;
        codec.feed(Micros::from_ms(now), bytes, &mut |scan| found.push(show(&scan)));
    }
    found.extend(codec.idle(Micros::from_ms(now + 2_000)).map(|scan| show(&scan)));
    assert!(codec.idle(Micros::from_ms(now + 4_000)).is_none());
    found
}

pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

/// Bytes that matter to framing and to dialogues, and others; and whole frames of the protocol in between.
pub fn noise(frames: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(b"\x02\x03\r\n]|[:,sNRE01".to_vec());
    let piece = prop_oneof![
        4 => proptest::collection::vec(prop_oneof![special, any::<u8>()], 0..16),
        1 => prop::sample::select(frames).prop_map(<[u8]>::to_vec),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A piece split anywhere is heard the same.
pub fn same_when_split<C: ScannerProtocol + Clone>(codec: &C, pieces: &[(u64, Vec<u8>)], cut: prop::sample::Index) {
    let mut now = 0;
    let (mut whole, mut split) = (vec![], vec![]);
    for (wait, bytes) in pieces {
        now += wait;
        let cut = cut.index(bytes.len() + 1);
        whole.push((now, &bytes[..]));
        split.extend([(now, &bytes[..cut]), (now, &bytes[cut..])]);
    }
    assert_eq!(scans(&mut codec.clone(), &whole), scans(&mut codec.clone(), &split));
}

/// After noise and silence a frame is heard as it is heard alone, and nothing after it.
pub fn same_after_noise<C: ScannerProtocol + Clone>(codec: &C, noise: &[u8], frame: &[u8]) {
    let alone = scans(&mut codec.clone(), &[(10_000, frame)]);
    let mut codec = codec.clone();
    scans(&mut codec, &[(1, noise)]);
    assert_eq!(scans(&mut codec, &[(10_000, frame)]), alone);
}

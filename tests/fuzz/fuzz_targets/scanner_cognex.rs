//! Cognex readers: no bytes panic or outgrow the bound, splits do not matter, an answer is never data, a clean result after
//! silence is read.
#![no_main]

use gatepost_hardware::scanner::cognex::{Cognex, CognexConfig, Response};
use gatepost_hardware::scanner::plain::{Framing, encode};
use gatepost_hardware::scanner::{FRAME_BYTES_MAX, Scan, ScannerProtocol};
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::Micros;

/// A configuration out of one byte.
fn config(setup: u8) -> CognexConfig {
    let usual = CognexConfig::default();
    let config = CognexConfig {
        framing: [Framing::Terminated, Framing::IdleGap, Framing::StxEtx][usize::from(setup & 3) % 3],
        checksum: setup & 4 != 0,
        response: if setup & 8 != 0 { Response::Extended } else { Response::Silent },
        ..usual
    };
    config.validate().expect("a configuration to fuzz with is valid");
    config
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let config = config(*setup);
    let scans = |pieces: &[&[u8]]| {
        let mut codec = Cognex::new(&config);
        let mut found = Vec::new();
        let mut keep = |scan: Scan<'_>| {
            assert!(scan.raw().len() <= FRAME_BYTES_MAX);
            if let Scan::Read { payload, raw, .. } = scan {
                assert!(!payload.is_empty() && payload.len() <= raw.len());
                assert!(!raw.starts_with(b"||") || config.framing == Framing::StxEtx, "an answer was read as a label");
            }
            found.push(format!("{scan:?}"));
        };
        for piece in pieces {
            codec.feed(Micros(1), piece, &mut keep);
        }
        // After a quiet line everything begins anew.
        if let Some(scan) = codec.idle(Micros::from_ms(2_000)) {
            keep(scan);
        }
        let frame = encode(&config.results(), Aim::new(b'C', b'0'), b"RR473124829GB").expect("fits");
        codec.feed(Micros::from_ms(2_001), &frame, &mut keep);
        assert!(found.last().is_some_and(|scan| scan.starts_with("Read")), "a clean result was lost");
        found
    };
    let (front, back) = bytes.split_at(usize::from(*setup) % (bytes.len() + 1));
    assert_eq!(scans(&[bytes]), scans(&[front, back]));
});

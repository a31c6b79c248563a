//! SICK readers: no bytes panic or outgrow the bound, splits do not matter, a telegram is never data, a clean result
//! after silence is read.
#![no_main]

use gatepost_hardware::scanner::plain::{Framing, encode};
use gatepost_hardware::scanner::sick::{Sick, SickConfig, Status};
use gatepost_hardware::scanner::{FRAME_BYTES_MAX, Scan, ScannerProtocol};
use gatepost_hardware::units::Micros;

/// A configuration out of one byte.
fn config(setup: u8) -> SickConfig {
    let usual = SickConfig::default();
    let config = SickConfig {
        framing: [Framing::Terminated, Framing::IdleGap, Framing::StxEtx][usize::from(setup & 3) % 3],
        status: [Status::Absent, Status::First, Status::Last][usize::from(setup >> 2 & 3) % 3],
        ..usual
    };
    config.validate().expect("a configuration to fuzz with is valid");
    config
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let config = config(*setup);
    let scans = |pieces: &[&[u8]]| {
        let mut codec = Sick::new(&config);
        let mut found = Vec::new();
        let mut keep = |scan: Scan<'_>| {
            assert!(scan.raw().len() <= FRAME_BYTES_MAX);
            if let Scan::Read { payload, raw, .. } = scan {
                assert!(!payload.is_empty() && payload.len() <= raw.len());
                let telegram = raw.starts_with(b"sAN mTCgateon") || raw.starts_with(b"sFA");
                assert!(!telegram || config.framing != Framing::StxEtx, "a telegram was read as a label");
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
        let label: &[u8] = match config.status {
            Status::Absent => b"RR473124829GB",
            Status::First => b"0RR473124829GB",
            Status::Last => b"RR473124829GB0",
        };
        let frame = encode(&config.results(), None, label).expect("fits");
        codec.feed(Micros::from_ms(2_001), &frame, &mut keep);
        assert!(found.last().is_some_and(|scan| scan.starts_with("Read")), "a clean result was lost");
        found
    };
    let (front, back) = bytes.split_at(usize::from(*setup) % (bytes.len() + 1));
    assert_eq!(scans(&[bytes]), scans(&[front, back]));
});

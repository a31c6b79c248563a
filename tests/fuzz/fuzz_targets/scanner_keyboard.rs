//! Keyboard wedges: no events panic or outgrow the bound, splits do not matter, a label typed after silence is read.
#![no_main]

use gatepost_hardware::scanner::keyboard::{Keyboard, KeyboardConfig, encode};
use gatepost_hardware::scanner::plain::Framing;
use gatepost_hardware::scanner::{FRAME_BYTES_MAX, Scan, ScannerProtocol};
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::Micros;

/// A configuration out of one byte.
fn config(setup: u8) -> KeyboardConfig {
    let config = KeyboardConfig {
        framing: [Framing::Terminated, Framing::IdleGap, Framing::StxEtx][usize::from(setup & 3) % 3],
        ..KeyboardConfig::default()
    };
    config.validate().expect("a configuration to fuzz with is valid");
    config
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let config = config(*setup);
    let scans = |pieces: &[&[u8]]| {
        let mut codec = Keyboard::new(&config);
        let mut found = Vec::new();
        let mut keep = |scan: Scan<'_>| {
            assert!(scan.raw().len() <= FRAME_BYTES_MAX);
            if let Scan::Read { payload, raw, .. } = scan {
                assert!(!payload.is_empty() && payload.len() <= raw.len() && raw.is_ascii());
            }
            found.push(format!("{scan:?}"));
        };
        for piece in pieces {
            codec.feed(Micros(1), piece, &mut keep);
        }
        // After silence no key is held, and half an event is none.
        if let Some(scan) = codec.idle(Micros::from_ms(2_000)) {
            keep(scan);
        }
        let typed = encode(&config, Aim::new(b'C', b'0'), b"RR473124829GB").expect("fits");
        codec.feed(Micros::from_ms(2_001), &typed, &mut keep);
        assert!(found.last().is_some_and(|scan| scan.starts_with("Read")), "a label was lost");
        found
    };
    let (front, back) = bytes.split_at(usize::from(*setup) % (bytes.len() + 1));
    assert_eq!(scans(&[bytes]), scans(&[front, back]));
});

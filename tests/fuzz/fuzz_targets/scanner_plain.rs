//! Plain readers: no bytes panic or outgrow the bound, splits do not matter, a clean frame after anything is read.
#![no_main]

use gatepost_hardware::scanner::plain::{AimPolicy, Framing, Plain, PlainConfig, Text, encode};
use gatepost_hardware::scanner::{Scan, ScannerProtocol};
use gatepost_hardware::units::Micros;

/// A configuration out of one byte.
fn config(setup: u8) -> PlainConfig {
    let text = |text: &str| text.chars().collect::<Text>();
    let mut config = PlainConfig {
        framing: [Framing::Terminated, Framing::IdleGap, Framing::StxEtx][usize::from(setup & 3) % 3],
        aim: [AimPolicy::Absent, AimPolicy::Optional, AimPolicy::Required][usize::from(setup >> 2 & 3) % 3],
        prefix: text(if setup & 0x10 != 0 { "P1" } else { "" }),
        suffix: text(if setup & 0x20 != 0 { "Z" } else { "" }),
        frame_bytes_max: if setup & 0x80 != 0 { 64 } else { 4_096 },
        ..PlainConfig::default()
    };
    if setup & 0x40 != 0 {
        config.gs_substitutes.extend([text("~"), text("{GS}")]);
    }
    config.validate().expect("a configuration to fuzz with is valid");
    config
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let config = config(*setup);
    let scans = |pieces: &[&[u8]]| {
        let mut codec = Plain::new(config.clone());
        let mut found = Vec::new();
        let keep = &mut |scan: Scan<'_>| {
            assert!(scan.raw().len() <= usize::from(config.frame_bytes_max));
            if let Scan::Read { payload, raw, .. } = scan {
                assert!(!payload.is_empty() && payload.len() <= raw.len());
            }
            found.push(format!("{scan:?}"));
        };
        for piece in pieces {
            codec.feed(Micros(1), piece, keep);
        }
        // After a quiet line everything begins anew.
        if let Some(scan) = codec.idle(Micros::from_ms(2_000)) {
            keep(scan);
        }
        let frame = encode(&config, gatepost_hardware::symbology::Aim::new(b'C', b'0'), b"RR473124829GB");
        codec.feed(Micros::from_ms(2_001), &frame.expect("fits"), keep);
        assert!(found.last().is_some_and(|scan| scan.starts_with("Read")), "a clean frame was lost");
        found
    };
    let (front, back) = bytes.split_at(usize::from(*setup) % (bytes.len() + 1));
    assert_eq!(scans(&[bytes]), scans(&[front, back]));
});

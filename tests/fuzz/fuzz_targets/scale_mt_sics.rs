//! MT-SICS: no line panics, a weight comes only from a whole line that says it, a clean line after anything is read.
#![no_main]

use gatepost_hardware::scale::mt_sics::{MtSics, MtSicsConfig, SicsReply};
use gatepost_hardware::scale::{LatestWeight, NoWeight, ScaleProtocol, ScaleReport};
use gatepost_hardware::units::{Grams, Micros};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut codec = MtSics::new(MtSicsConfig::default());
    let mut latest = LatestWeight::new(Micros::from_ms(500));
    for (index, &byte) in data.iter().enumerate() {
        let time = Micros(index as u64);
        let Some(report) = codec.push(time, byte) else { continue };
        if let ScaleReport::Reading(reading) = &report
            && let Ok(measure) = reading.shown
        {
            let line: Vec<u8> = reading.raw.iter().map(|byte| byte & 0x7F).collect();
            let line = core::str::from_utf8(&line).expect("a line that was understood is text");
            let said = SicsReply::parse(line).expect("a weight comes from a reply");
            assert!(matches!(said, SicsReply::Weight { measure: said, .. } if said == measure));
        }
        latest.take(&report);
        if !matches!(&report, ScaleReport::Reading(reading) if reading.shown.is_ok()) {
            assert!(latest.stable_weight(time).is_err(), "a stale weight");
        }
    }
    let end = Micros(data.len() as u64);
    // A tare that the bytes set stands until it is cleared: its weights are nobody's.
    codec.feed(end, b"\r\nTAC A\r\nS I\r\n", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Err(NoWeight::NotReady));
    codec.feed(end, b"S S     100.00 g\r\n", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Ok(Grams(100)));
});

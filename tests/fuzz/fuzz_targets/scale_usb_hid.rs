//! USB HID: of each burst between pauses the newest report counts if all of it is whole and valid, else none.
//!
//! Bytes come in pairs: whether a pause goes before, and the byte.
#![no_main]

use gatepost_hardware::scale::usb_hid::{HidReport, UsbHid, UsbHidConfig};
use gatepost_hardware::scale::{LatestWeight, ScaleProtocol, ScaleReport};
use gatepost_hardware::units::{Grams, Micros};

/// Longer ones are judged before they end.
const BURST_BYTES: usize = 60;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pairs, _) = data.as_chunks::<2>();
    let mut bursts: Vec<Vec<u8>> = vec![Vec::new()];
    for &[pause, byte] in pairs {
        let full = bursts.last().is_some_and(|burst| burst.len() + 1 == BURST_BYTES);
        if pause & 3 == 3 || full {
            bursts.push(Vec::new());
        }
        bursts.last_mut().expect("one at least").push(byte);
    }
    let mut codec = UsbHid::new(UsbHidConfig::default());
    let mut latest = LatestWeight::new(Micros::from_ms(60_000));
    let mut now = Micros::ZERO;
    for burst in bursts.iter().filter(|burst| !burst.is_empty()) {
        codec.feed(now, burst, &mut |report| panic!("{report:?} before the pause"));
        now = now + Micros::from_ms(16);
        let report = codec.idle(now).expect("each burst says something");
        latest.take(&report);
        let (reports, rest) = burst.as_chunks::<6>();
        let whole = rest.is_empty() && reports.iter().all(|bytes| HidReport::decode(bytes).is_some());
        match report {
            ScaleReport::Reading(reading) => {
                let newest = reports.last().filter(|_| whole).expect("a reading of a whole burst");
                assert_eq!(&reading.raw[..], newest);
                let again = HidReport::decode(newest).and_then(|report| report.encode());
                assert_eq!(again.as_ref(), Some(newest), "what was read can be written");
                assert_eq!(latest.stable_weight(now).ok(), reading.stable_weight().ok());
            }
            ScaleReport::Fault { .. } => assert!(!whole && latest.stable_weight(now).is_err()),
            other => panic!("{other:?}"),
        }
    }
    codec.feed(now, &[3, 4, 3, 0xFD, 0xE2, 4], &mut |report| latest.take(&report));
    now = now + Micros::from_ms(16);
    codec.idle(now).iter().for_each(|report| latest.take(report));
    assert_eq!(latest.stable_weight(now), Ok(Grams(1_250)));
});

//! Toledo continuous: whatever comes, the readings are exactly the windows that are frames, in any split.
#![no_main]

use gatepost_hardware::scale::toledo::{Toledo, ToledoConfig, ToledoFrame};
use gatepost_hardware::scale::{ScaleProtocol, ScaleReport};
use gatepost_hardware::units::Micros;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let checksum = setup & 1 != 0;
    let length = if checksum { 18 } else { 17 };
    let mut windows = bytes.windows(length).filter(|window| ToledoFrame::decode(window).is_ok());
    let mut codec = Toledo::new(ToledoConfig::new(checksum));
    for (index, &byte) in bytes.iter().enumerate() {
        let report = codec.push(Micros(index as u64), byte);
        if let Some(ScaleReport::Reading(reading)) = &report {
            assert_eq!(Some(&reading.raw[..]), windows.next());
            let frame = ToledoFrame::decode(&reading.raw).expect("a window that is a frame");
            let again = frame.encode(checksum).expect("what was read can be written");
            assert_eq!(ToledoFrame::decode(&again), Ok(frame));
            let _ = reading.stable_weight();
        }
    }
    assert_eq!(windows.next(), None, "a frame was lost");
    let _ = codec.idle(Micros::MAX);
    assert!(codec.counters().skipped_bytes <= bytes.len() as u64);
});

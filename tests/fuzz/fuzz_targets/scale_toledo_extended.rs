//! Toledo extended: whatever comes, the frames are exactly those of the definition, written again they are read the same.
#![no_main]

#[path = "../shared/replies.rs"]
mod replies;

use gatepost_hardware::scale::Shape;
use gatepost_hardware::scale::toledo_extended::{ExtendedFrame, ToledoExtended, ToledoExtendedConfig};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let checksum = setup & 1 != 0;
    let mut codec = ToledoExtended::new(ToledoExtendedConfig::new(checksum));
    let expected = replies::replies(bytes, 0x01, |bytes| ExtendedFrame::read(bytes, checksum));
    for frame in &expected {
        let text: Vec<u8> = frame.iter().map(|byte| byte & 0x7F).collect();
        let Shape::Whole(frame) = ExtendedFrame::read(&text, checksum) else { panic!("whole, and not") };
        if let Some(again) = frame.encode(checksum) {
            assert_eq!(ExtendedFrame::read(&again, checksum), Shape::Whole(frame));
        }
    }
    let _ = replies::check(&mut codec, bytes, &expected);
});

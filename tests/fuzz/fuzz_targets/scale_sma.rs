//! SMA: whatever comes, the replies are exactly those of the definition, written again they are read the same, and a clean
//! one after anything is read.
#![no_main]

#[path = "../shared/replies.rs"]
mod replies;

use gatepost_hardware::scale::sma::{Sma, SmaConfig, SmaReply};
use gatepost_hardware::scale::{NoWeight, ScaleProtocol, Shape};
use gatepost_hardware::units::{Grams, Micros};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut codec = Sma::new(SmaConfig::default());
    let expected = replies::replies(bytes, b'\n', SmaReply::read);
    for reply in &expected {
        let text: Vec<u8> = reply.iter().map(|byte| byte & 0x7F).collect();
        let Shape::Whole(reply) = SmaReply::read(&text) else { panic!("whole, and not") };
        // Leading zeros are not written again, and what they leave room for is.
        if let Some(again) = reply.encode(b' ') {
            assert_eq!(SmaReply::read(&again), Shape::Whole(reply));
        }
    }
    let mut latest = replies::check(&mut codec, bytes, &expected);
    let end = Micros(bytes.len() as u64);
    codec.feed(end, b"\n 1GM      1.250kg \r", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Err(NoWeight::InMotion));
    codec.feed(end, b"\n 1G       1.250kg \r", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Ok(Grams(1_250)));
});

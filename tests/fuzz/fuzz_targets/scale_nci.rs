//! NCI: whatever comes, the replies are exactly those of the definition, and a clean one after a boundary is read.
#![no_main]

#[path = "../shared/replies.rs"]
mod replies;

use gatepost_hardware::scale::nci::{Nci, NciConfig, NciReply};
use gatepost_hardware::scale::{NoWeight, ScaleProtocol};
use gatepost_hardware::units::{Grams, Micros};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let status_bytes_min = 1 + setup % 4;
    let mut codec = Nci::new(NciConfig { status_bytes_min, ..NciConfig::default() });
    let expected = replies::replies(bytes, b'\n', |bytes| NciReply::read(bytes, status_bytes_min));
    let mut latest = replies::check(&mut codec, bytes, &expected);
    let end = Micros(bytes.len() as u64);
    // A byte that stands nowhere in a reply is a boundary.
    codec.feed(end, b"\0\n0ppp\r\x03\n1pp0\r\x03", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Err(NoWeight::InMotion));
    codec.feed(end, b"\n0012.34LB\r\n0pp0\r\x03", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Ok(Grams(5_597)));
});

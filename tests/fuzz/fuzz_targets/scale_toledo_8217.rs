//! Toledo 8217: whatever comes, the replies are exactly those of the definition, and a clean one after anything is read.
#![no_main]

#[path = "../shared/replies.rs"]
mod replies;

use gatepost_hardware::scale::toledo_8217::{PosReply, Toledo8217, Toledo8217Config};
use gatepost_hardware::scale::{NoWeight, ScaleProtocol, Unit};
use gatepost_hardware::units::{Grams, Micros};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, bytes @ ..] = data else { return };
    let (unit, number) = if setup & 1 == 0 { (Unit::Kilogram, "00.000") } else { (Unit::Pound, "000.00") };
    let mut codec = Toledo8217::new(Toledo8217Config::new(unit));
    let expected = replies::replies(bytes, 0x02, |bytes| PosReply::read(bytes, number));
    let mut latest = replies::check(&mut codec, bytes, &expected);
    let end = Micros(bytes.len() as u64);
    codec.feed(end, b"\x02?@\r", &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Err(NoWeight::NotReady));
    let (weight, grams) = if setup & 1 == 0 { (b"\x0201.250\r", 1_250) } else { (b"\x02010.00\r", 4_536) };
    codec.feed(end, weight, &mut |report| latest.take(&report));
    assert_eq!(latest.stable_weight(end), Ok(Grams(grams)));
});

//! Journal frames: no bytes panic, what is read writes itself again byte for byte, no damaged byte is believed.
#![no_main]

use gatepost_ledger::journal::frame::{self, FrameKind, HEAD_BYTES};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = frame::read(data) {
        let mut again = Vec::new();
        assert_eq!(frame::write(&mut again, read.kind, read.back, read.payload), read.d);
        assert_eq!(again, data[..read.length()]);
    }
    if let Some((at, back)) = frame::find_after(data, 0) {
        assert!(at > 0 && frame::read(&data[at..]).is_ok_and(|found| found.back == back));
    }
    let [kind, back, hit, payload @ ..] = data else { return };
    let kind = [FrameKind::Segment, FrameKind::Record, FrameKind::Checkpoint][usize::from(*kind) % 3];
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind, u32::from(*back), payload);
    let read = frame::read(&bytes).expect("what was written is read");
    assert_eq!((read.kind, read.back, read.payload), (kind, u32::from(*back), payload));
    let at = usize::from(*hit) % (HEAD_BYTES + payload.len());
    bytes[at] ^= 1 << (hit % 8);
    assert!(frame::read(&bytes).is_err(), "a damaged byte {at} is believed");
});

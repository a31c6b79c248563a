//! Journal frames: no bytes panic, what is read writes itself again byte for byte, no damaged byte is believed, and
//! behind a damaged frame the next whole one is found.
#![no_main]

use gatepost_ledger::journal::frame::{self, FrameKind, HEAD_BYTES};

/// The payload of the frame that bytes begin with.
fn believed(bytes: &[u8]) -> Option<&[u8]> {
    let read = frame::read(bytes).ok()?;
    let mut again = Vec::new();
    assert_eq!(frame::write(&mut again, read.kind, read.back, read.payload), read.d);
    assert_eq!(again, bytes[..read.length()]);
    Some(read.payload)
}

fn found(bytes: &[u8]) -> Option<usize> {
    let (at, back) = frame::find_after(bytes, 0)?;
    assert!(at > 0 && frame::read(&bytes[at..]).is_ok_and(|found| found.back == back));
    Some(at)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    believed(data);
    found(data);
    let [kind, back, hit, cut, payload @ ..] = data else { return };
    let kind = [FrameKind::Segment, FrameKind::Record, FrameKind::Checkpoint][usize::from(*kind) % 3];
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind, u32::from(*back), payload);
    assert_eq!(believed(&bytes), Some(payload), "what was written is read");
    assert!(frame::read(&bytes).is_ok_and(|read| (read.kind, read.back) == (kind, u32::from(*back))));
    let whole = bytes.len();
    frame::write(&mut bytes, FrameKind::Record, u32::from(*cut), &payload[payload.len() / 2..]);
    let at = usize::from(*hit) % (HEAD_BYTES + payload.len());
    bytes[at] ^= 1 << (hit % 8);
    assert!(frame::read(&bytes).is_err(), "a damaged byte {at} is believed");
    // A payload may hold a whole frame of its own.
    assert!(found(&bytes).is_some_and(|at| at <= whole), "the frame behind a damaged one is lost");
    bytes.truncate(whole + usize::from(*cut) % (bytes.len() - whole));
    assert!(frame::read(&bytes[whole..]).is_err(), "a frame that is cut off is believed");
});

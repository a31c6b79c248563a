//! The frame reader against any bytes.

use gatepost_ledger::journal::frame::{self, FrameError, FrameKind, HEAD_BYTES};
use proptest::prelude::*;

/// Hand-checked bytes: do not change this test; a new layout gets a new version byte.
#[test]
fn a_frame_is_these_bytes() {
    let mut bytes = Vec::new();
    let d = frame::write(&mut bytes, FrameKind::Record, 258, b"{}");
    // BLAKE3 of "{}" begins 0a 4a 0e 0d …; folded with 47 52 01 00 02 00 00 00 and, for four bytes, 02 01 00 00.
    assert_eq!(bytes[..12], [0x47, 0x52, 1, 0, 2, 0, 0, 0, 2, 1, 0, 0]);
    let folded = [0x47 ^ 2, 0x52 ^ 1, 1, 0, 2, 0, 0, 0];
    for at in 0..8 {
        assert_eq!(bytes[12 + at], d.0[at] ^ folded[at]);
    }
    assert_eq!(bytes[20..], *b"{}");
    assert_eq!(d.0, *blake3::hash(b"{}").as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frame) = frame::read(&bytes) {
            prop_assert!(frame.length() <= bytes.len());
        }
        let _ = frame::find_after(&bytes, 0);
    }

    #[test]
    fn what_was_written_is_read_and_any_changed_byte_is_not(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        back: u32,
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
        tail in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut bytes = Vec::new();
        let d = frame::write(&mut bytes, FrameKind::Checkpoint, back, &payload);
        let whole = bytes.len();
        bytes.extend(&tail);
        let read = frame::read(&bytes).unwrap();
        prop_assert_eq!((read.kind, read.back, read.payload, read.d), (FrameKind::Checkpoint, back, &payload[..], d));
        for short in [0, 1, HEAD_BYTES.min(whole - 1), whole - 1] {
            prop_assert_eq!(frame::read(&bytes[..short]), Err(FrameError::Short));
        }
        bytes[at.index(whole)] ^= change;
        prop_assert!(frame::read(&bytes).is_err());
    }

    #[test]
    fn a_sound_frame_is_found_behind_rubbish(rubbish in prop::collection::vec(any::<u8>(), 1..80), back in 0_u32..9) {
        let mut bytes = rubbish.clone();
        frame::write(&mut bytes, FrameKind::Record, back, b"{\"seq\":1}");
        prop_assert_eq!(frame::find_after(&bytes, 0), Some((rubbish.len(), back)));
    }
}

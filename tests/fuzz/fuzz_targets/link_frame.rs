//! The cable, both ways: no bytes panic, what is believed says itself again, a whole frame after anything is read.
#![no_main]

use gatepost_hardware::link::frame::{FRAME_MAX, Received, Receiver, Sender};
use gatepost_hardware::link::{Command, Report};
use gatepost_hardware::units::Micros;
use serde::{Serialize, de::DeserializeOwned};

fn check<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8], clean: &M) {
    let mut receiver = Receiver::default();
    let (mut frames, mut heard) = (0u32, 0u32);
    for &byte in bytes {
        frames += u32::from(byte == 0);
        let Some(Received { message, .. }) = receiver.push::<M>(byte) else { continue };
        heard += 1;
        let mut out = [0; FRAME_MAX];
        let used = Sender::default().encode(&message, &mut out).expect("what came in a frame fits in one");
        let mut second = Receiver::default();
        let said: Vec<M> =
            out[..used].iter().filter_map(|&byte| second.push::<M>(byte)).map(|received| received.message).collect();
        assert_eq!(said, [message]);
    }
    assert!(heard + receiver.dropped <= frames, "more messages than frames");
    receiver.push::<M>(0);
    let mut out = [0; FRAME_MAX];
    let used = Sender::default().encode(clean, &mut out).expect("it fits");
    let said: Vec<M> =
        out[..used].iter().filter_map(|&byte| receiver.push::<M>(byte)).map(|received| received.message).collect();
    assert_eq!(said.iter().collect::<Vec<_>>(), [clean], "a whole frame was lost");
}

/// The first byte says which way, and whether what follows is a message to be framed or bytes as they are.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [way, bytes @ ..] = data else { return };
    let mut framed;
    let bytes = if way & 2 == 0 {
        bytes
    } else {
        framed = frame(&bytes[..bytes.len().min(FRAME_MAX - 16)]);
        // One byte may be hit on its way.
        let hit = usize::from(way >> 2);
        if let Some(byte) = framed.get_mut(hit).filter(|_| hit > 0) {
            *byte ^= 1 << (hit % 8);
        }
        &framed
    };
    if way & 1 == 0 {
        check(bytes, &Command::TimeSync { host: Micros(77) });
    } else {
        check(bytes, &Report::Time { host: Micros(77), time: Micros(78) });
    }
});

/// Any message bytes in a frame whose checksum is right.
fn frame(message: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend_from_slice(message);
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&body);
    body.extend_from_slice(&crc.to_le_bytes());
    let mut framed = cobs::encode_vec(&body);
    framed.push(0);
    framed
}

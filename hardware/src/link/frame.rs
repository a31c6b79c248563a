//! Frames of the cable: postcard, sequence number, CRC-32C, COBS; a zero byte ends each frame.
//!
//! `[COBS( seq u16 LE ‖ postcard message ‖ CRC-32C u32 LE )] 00`. A frame that is cut, longer than [`FRAME_MAX`] or
//! fails its checksum is dropped and counted, never repaired. A jump in `seq` is reported with the next good message:
//! whoever listens decides what the loss means.

use serde::{Serialize, de::DeserializeOwned};

/// Longest encoded frame in bytes, with its terminator: an inventory of [`super::INVENTORY_MAX`] passes at 5 bytes
/// each, the frame's own 6, COBS's 2, and room for the message's tag.
pub const FRAME_MAX: usize = 384;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    TooLong,
}

/// Writes messages of one direction.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    seq: u16,
}

impl Sender {
    /// Appends one frame to `out` and returns its length.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] when the message or the room left in `out` is too small; `seq` is then not used.
    pub fn encode<M: Serialize>(&mut self, message: &M, out: &mut [u8; FRAME_MAX]) -> Result<usize, EncodeError> {
        let mut raw = [0u8; FRAME_MAX - 2];
        raw[..2].copy_from_slice(&self.seq.to_le_bytes());
        let crc_at = FRAME_MAX - 2 - 4 - 2;
        let used = postcard::to_slice(message, &mut raw[2..crc_at]).map_err(|_| EncodeError::TooLong)?.len() + 2;
        let (body, rest) = raw.split_at_mut_checked(used).ok_or(EncodeError::TooLong)?;
        *rest.first_chunk_mut().ok_or(EncodeError::TooLong)? = CRC.checksum(body).to_le_bytes();
        let whole = raw.get(..used + 4).ok_or(EncodeError::TooLong)?;
        let coded = cobs::try_encode(whole, &mut out[..FRAME_MAX - 1]).map_err(|_| EncodeError::TooLong)?;
        *out.get_mut(coded).ok_or(EncodeError::TooLong)? = 0;
        self.seq = self.seq.wrapping_add(1);
        Ok(coded + 1)
    }
}

/// A message as it came off the cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<M> {
    pub message: M,
    /// Messages missing before this one, when the sequence jumped. `None` for the first message heard.
    pub missing: Option<u16>,
}

/// Reads messages of one direction, split anywhere, garbage between.
#[derive(Clone, Debug)]
pub struct Receiver {
    buffer: [u8; FRAME_MAX],
    used: usize,
    overlong: bool,
    next_seq: Option<u16>,
    /// Frames dropped since start: cut, overlong, bad checksum, unknown message.
    pub dropped: u32,
}

impl Default for Receiver {
    fn default() -> Self {
        Self { buffer: [0; FRAME_MAX], used: 0, overlong: false, next_seq: None, dropped: 0 }
    }
}

impl Receiver {
    /// Takes one byte; returns a message when it completed one.
    pub fn push<M: DeserializeOwned>(&mut self, byte: u8) -> Option<Received<M>> {
        if byte != 0 {
            match self.buffer.get_mut(self.used) {
                Some(place) => {
                    *place = byte;
                    self.used += 1;
                }
                None => self.overlong = true,
            }
            return None;
        }
        let (used, overlong) = (core::mem::take(&mut self.used), core::mem::take(&mut self.overlong));
        if used == 0 {
            return None; // two terminators: a sender that clears the line first
        }
        let decoded = self.buffer.get_mut(..used).filter(|_| !overlong).and_then(decode);
        let Some((seq, message)) = decoded else {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        };
        let missing = self.next_seq.map(|expected| seq.wrapping_sub(expected));
        self.next_seq = Some(seq.wrapping_add(1));
        Some(Received { message, missing })
    }
}

fn decode<M: DeserializeOwned>(frame: &mut [u8]) -> Option<(u16, M)> {
    let used = uncover(frame)?;
    let (body, crc) = frame.get(..used)?.split_last_chunk::<4>()?;
    if CRC.checksum(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (seq, message) = body.split_first_chunk::<2>()?;
    Some((u16::from_le_bytes(*seq), postcard::from_bytes(message).ok()?))
}

/// Takes COBS off in place; the length of what was under it. Written here because a controller's decoder must not be able
/// to panic, and the package's can for all that a compiler knows.
fn uncover(frame: &mut [u8]) -> Option<usize> {
    let (mut from, mut to) = (0, 0);
    while let Some(&code) = frame.get(from) {
        from += 1;
        for _ in 0..code.checked_sub(1)? {
            let byte = *frame.get(from)?;
            *frame.get_mut(to)? = byte;
            (from, to) = (from + 1, to + 1);
        }
        if code != u8::MAX && from < frame.len() {
            *frame.get_mut(to)? = 0;
            to += 1;
        }
    }
    Some(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Action, Command, Permit, Report};
    use crate::units::{Micros, Millimetres, Tick};
    use proptest::prelude::*;

    fn encoded<M: Serialize>(sender: &mut Sender, message: &M) -> Vec<u8> {
        let mut out = [0; FRAME_MAX];
        let used = sender.encode(message, &mut out).unwrap();
        out[..used].to_vec()
    }

    fn permit(id: u32) -> Command {
        let action = Action::Permit(Permit {
            id,
            epoch: 3,
            pass: 17,
            window_lo: Tick(-5),
            window_hi: Tick(1 << 40),
            length_mm_min: Millimetres(100),
            length_mm_max: Millimetres(140),
            expires: Micros(u64::MAX),
        });
        Command::Action { number: u32::MAX, action }
    }

    #[test]
    fn the_longest_messages_fit() {
        let passes = heapless::Vec::from_slice(&[u32::MAX; super::super::INVENTORY_MAX]).unwrap();
        encoded(&mut Sender::default(), &Report::Inventory { passes, complete: true });
        let ticks = heapless::Vec::from_slice(&[Tick(i64::MIN); crate::lane::SEGMENTS_MAX]).unwrap();
        encoded(
            &mut Sender::default(),
            &Report::Beat { time: Micros(u64::MAX), ticks, next: u32::MAX, taken: u32::MAX },
        );
        let bytes = heapless::Vec::from_slice(&[0; super::super::PART_MAX]).unwrap();
        encoded(&mut Sender::default(), &Command::Map { offset: u16::MAX, total: u16::MAX, bytes });
    }

    #[test]
    fn a_lost_frame_is_counted_by_the_next_one() {
        let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
        let frames: Vec<_> = (0..4).map(|id| encoded(&mut sender, &permit(id))).collect();
        let mut heard = Vec::new();
        for frame in [&frames[0], &frames[3]] {
            heard.extend(frame.iter().filter_map(|&byte| receiver.push::<Command>(byte)));
        }
        assert_eq!(heard[0], Received { message: permit(0), missing: None });
        assert_eq!(heard[1], Received { message: permit(3), missing: Some(2) });
    }

    proptest! {
        #[test]
        fn garbage_never_panics_and_the_frame_after_a_terminator_is_read(
            garbage in prop::collection::vec(any::<u8>(), 0..900), id in any::<u32>(),
        ) {
            let mut receiver = Receiver::default();
            for byte in garbage.into_iter().chain([0]) {
                receiver.push::<Command>(byte);
            }
            let heard: Vec<_> = encoded(&mut Sender::default(), &permit(id)).into_iter()
                .filter_map(|byte| receiver.push::<Command>(byte)).map(|received| received.message).collect();
            prop_assert_eq!(heard, vec![permit(id)]);
        }

        #[test]
        fn no_single_flipped_bit_is_believed(bit in 0usize..1000) {
            let mut frame = encoded(&mut Sender::default(), &permit(9));
            let bit = bit % ((frame.len() - 1) * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            let mut receiver = Receiver::default();
            let heard: Vec<_> = frame.into_iter().filter_map(|byte| receiver.push::<Command>(byte)).collect();
            prop_assert!(heard.is_empty(), "{heard:?}");
        }
    }
}

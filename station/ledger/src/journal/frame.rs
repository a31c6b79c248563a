//! A frame: how one payload lies in a segment file, so that a torn tail can be told from damage in the middle.
//!
//! The drawing is in `lib.rs`. Pure: bytes in, frames out, never a panic; no file is known here.

use crate::chain::Digest;
use crate::limits;

/// Bytes of a frame before its payload.
pub const HEAD_BYTES: usize = 20;
const MAGIC: u8 = b'G';
const VERSION: u8 = 1;

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// The first frame of a segment.
    Segment,
    Record,
    Checkpoint,
}

impl FrameKind {
    const fn byte(self) -> u8 {
        match self {
            FrameKind::Segment => b'S',
            FrameKind::Record => b'R',
            FrameKind::Checkpoint => b'C',
        }
    }
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'S' => Some(FrameKind::Segment),
            b'R' => Some(FrameKind::Record),
            b'C' => Some(FrameKind::Checkpoint),
            _ => None,
        }
    }
}

/// A frame read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: FrameKind,
    /// Bytes from the beginning of this frame's group to this frame. What lies before the group was synced before any
    /// of the group was written.
    pub back: u32,
    pub payload: &'a [u8],
    /// BLAKE3 of the payload.
    pub d: Digest,
}

impl Frame<'_> {
    /// Bytes the whole frame takes.
    pub fn length(&self) -> usize {
        HEAD_BYTES + self.payload.len()
    }
}

/// Why the bytes at a place are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the bytes end inside a frame")]
    Short,
    #[error("no frame begins here")]
    NoFrame,
    #[error("a frame says it holds {0} bytes, more than any may")]
    TooLong(u32),
    #[error("a frame's check does not fit its bytes")]
    Check,
}

/// Appends one frame; gives back the payload's digest.
pub fn write(into: &mut Vec<u8>, kind: FrameKind, back: u32, payload: &[u8]) -> Digest {
    let d = Digest::of(payload);
    let length = payload.len() as u32;
    let head = head(kind, length, back, d);
    into.extend_from_slice(&head);
    into.extend_from_slice(payload);
    d
}

/// Fills in the head of a frame whose payload already stands at `at + HEAD_BYTES` and ends the buffer.
pub fn seal(buffer: &mut [u8], at: usize, kind: FrameKind, back: u32) -> Digest {
    let payload = at + HEAD_BYTES;
    let d = Digest::of(&buffer[payload..]);
    let length = (buffer.len() - payload) as u32;
    buffer[at..payload].copy_from_slice(&head(kind, length, back, d));
    d
}

fn head(kind: FrameKind, length: u32, back: u32, d: Digest) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    (head[0], head[1], head[2]) = (MAGIC, kind.byte(), VERSION);
    head[4..8].copy_from_slice(&length.to_le_bytes());
    head[8..12].copy_from_slice(&back.to_le_bytes());
    let check = check(&head, d);
    head[12..].copy_from_slice(&check);
    head
}

/// The first eight bytes of the payload's digest, with the twelve bytes of head before the check folded in: any one
/// damaged byte of head or payload shows. It guards against accidents; against intent there are chain and checkpoint.
fn check(head: &[u8; HEAD_BYTES], d: Digest) -> [u8; 8] {
    let mut check = [0; 8];
    for (at, byte) in check.iter_mut().enumerate() {
        *byte = d.0[at] ^ head[at] ^ if at < 4 { head[8 + at] } else { 0 };
    }
    check
}

/// The frame at the beginning of `bytes`.
///
/// # Errors
/// [`FrameError`]; `Short` when more bytes could still make it a frame.
pub fn read(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let (kind, length, back) = read_head(bytes)?;
    let end = HEAD_BYTES + length as usize;
    let payload = bytes.get(HEAD_BYTES..end).ok_or(FrameError::Short)?;
    let mut head = [0; HEAD_BYTES];
    head.copy_from_slice(&bytes[..HEAD_BYTES]);
    let d = Digest::of(payload);
    if check(&head, d) != head[12..] {
        return Err(FrameError::Check);
    }
    Ok(Frame { kind, back, payload, d })
}

/// Kind, payload bytes and `back` as a head states them, not yet checked against the payload.
pub fn read_head(bytes: &[u8]) -> Result<(FrameKind, u32, u32), FrameError> {
    let head: &[u8; HEAD_BYTES] = match bytes.first_chunk() {
        Some(head) => head,
        None if bytes.is_empty() || bytes[0] == MAGIC => return Err(FrameError::Short),
        None => return Err(FrameError::NoFrame),
    };
    let kind = FrameKind::from_byte(head[1]).ok_or(FrameError::NoFrame)?;
    if head[0] != MAGIC || head[2] != VERSION || head[3] != 0 {
        return Err(FrameError::NoFrame);
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if length as usize > limits::FRAME_BYTES_MAX {
        return Err(FrameError::TooLong(length));
    }
    Ok((kind, length, u32::from_le_bytes([head[8], head[9], head[10], head[11]])))
}

/// The first place after `from` where a whole, sound frame begins, with its `back`. Used only where a frame is
/// damaged: to tell a torn tail (nothing sound after it that was written later) from damage in the middle.
pub fn find_after(bytes: &[u8], from: usize) -> Option<(usize, u32)> {
    let mut at = from + 1;
    while at + HEAD_BYTES <= bytes.len() {
        at += bytes[at..].iter().position(|&byte| byte == MAGIC)?;
        if let Ok(frame) = read(&bytes[at..]) {
            return Some((at, frame.back));
        }
        at += 1;
    }
    None
}

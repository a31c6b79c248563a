//! The frames of a segment file, read from the drawing at the top of `station/ledger/src/lib.rs` and nothing else.
//!
//! Apart from the ledger on purpose: a mistake that its reader and its writer share must show here. Pure.

/// Bytes before a frame's payload.
const HEAD_BYTES: usize = 20;
/// More than any payload may hold; a longer length is no frame.
const PAYLOAD_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Segment,
    Record,
    Checkpoint,
}

#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub kind: Kind,
    /// Where the frame begins.
    pub at: usize,
    /// Bytes from the beginning of its group.
    pub back: usize,
    pub payload: &'a [u8],
    /// BLAKE3 of the payload.
    pub digest: [u8; 32],
}

impl Frame<'_> {
    /// The byte after the frame.
    pub fn end(&self) -> usize {
        self.at + HEAD_BYTES + self.payload.len()
    }
    /// Where its group begins; nothing when `back` reaches before the file.
    pub fn group(&self) -> Option<usize> {
        self.at.checked_sub(self.back)
    }
}

/// The sound frame that begins at `at`.
pub fn frame(bytes: &[u8], at: usize) -> Option<Frame<'_>> {
    let head: &[u8; HEAD_BYTES] = bytes.get(at..)?.first_chunk()?;
    let [b'G', letter, 1, 0, ..] = *head else { return None };
    let kind = match letter {
        b'S' => Kind::Segment,
        b'R' => Kind::Record,
        b'C' => Kind::Checkpoint,
        _ => return None,
    };
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let back = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
    if length > PAYLOAD_BYTES_MAX {
        return None;
    }
    let payload = bytes.get(at + HEAD_BYTES..at + HEAD_BYTES + length)?;
    let digest = *blake3::hash(payload).as_bytes();
    let check = |i: usize| digest[i] ^ head[i] ^ if i < 4 { head[8 + i] } else { 0 };
    (0..8).all(|i| head[12 + i] == check(i)).then_some(Frame { kind, at, back, payload, digest })
}

/// The frames of a segment, and where they stop.
pub struct Frames<'a> {
    pub frames: Vec<Frame<'a>>,
    /// The first byte that belongs to no frame; the length when all do.
    pub end: usize,
    /// A sound frame of a later group stands behind that byte: then it is damage, not a torn tail.
    pub damaged: bool,
}

pub fn frames(bytes: &[u8]) -> Frames<'_> {
    let mut found = Frames { frames: Vec::new(), end: 0, damaged: false };
    while let Some(next) = frame(bytes, found.end) {
        found.end = next.end();
        found.frames.push(next);
    }
    found.damaged = (found.end + 1..bytes.len())
        .filter(|&at| bytes[at] == b'G')
        .filter_map(|at| frame(bytes, at))
        .any(|later| later.group().is_some_and(|group| group > found.end));
    found
}

/// 64 lower-case hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(digest)
}

/// The 32 bytes of 64 lower-case hexadecimal digits.
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

//! Reading the journal's durable records in order, a piece of a segment at a time.

use std::ops::Range;

use crate::chain::Digest;
use crate::disk::{DiskError, File, How};
use crate::journal::frame::{self, FrameError, FrameKind, HEAD_BYTES};
use crate::journal::segment::View;
use crate::limits;

/// Bytes read from a segment at once.
const PIECE_BYTES: usize = 256 * 1024;

/// One durable record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub seq: u64,
    /// The head before it.
    pub prev: Digest,
    /// BLAKE3 of `bytes`; the head after it is `prev.then(d)`.
    pub d: Digest,
    /// The envelope as it stands on disk.
    pub bytes: Vec<u8>,
}

/// Why the next record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("segment {segment}, byte {at}: {what}; run `gatepost verify` on the data folder")]
    Damaged { segment: u32, at: u64, what: FrameError },
    #[error("segment {segment} ends before record {seq}; run `gatepost verify` on the data folder")]
    Missing { segment: u32, seq: u64 },
}

/// A frame with its place.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) kind: FrameKind,
    pub(crate) d: Digest,
    pub(crate) payload: Range<usize>,
}

/// The frames of one file between two places.
#[derive(Debug)]
pub(crate) struct Frames {
    file: Box<dyn File>,
    /// Where in the file `buffer` begins.
    base: u64,
    end: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Frames {
    pub(crate) fn new(file: Box<dyn File>, from: u64, end: u64) -> Self {
        Self { file, base: from, end, buffer: Vec::new(), at: 0 }
    }

    /// Where in the file the next frame begins.
    pub(crate) fn place(&self) -> u64 {
        self.base + self.at as u64
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The next frame; nothing at the end. After an error the place stays where the bad frame begins.
    pub(crate) fn next(&mut self) -> Result<Option<Placed>, NextError> {
        loop {
            if self.place() >= self.end {
                return Ok(None);
            }
            match frame::read(&self.buffer[self.at..]) {
                Ok(frame) => {
                    let payload = self.at + HEAD_BYTES..self.at + frame.length();
                    let placed = Placed { kind: frame.kind, d: frame.d, payload };
                    self.at += frame.length();
                    return Ok(Some(placed));
                }
                Err(FrameError::Short) => {
                    if !self.fill()? {
                        return Err(NextError::Frame(FrameError::Short));
                    }
                }
                Err(error) => return Err(NextError::Frame(error)),
            }
        }
    }

    /// Reads on; false when the file has no more.
    fn fill(&mut self) -> Result<bool, DiskError> {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        let held = self.buffer.len();
        let left = self.end.saturating_sub(self.base + held as u64);
        let piece = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        if piece == 0 || held > limits::FRAME_BYTES_MAX + HEAD_BYTES {
            return Ok(false);
        }
        self.buffer.resize(held + piece, 0);
        let read = self.file.read_at(self.base + held as u64, &mut self.buffer[held..])?;
        self.buffer.truncate(held + read);
        Ok(read > 0)
    }
}

pub(crate) enum NextError {
    Disk(DiskError),
    Frame(FrameError),
}

impl From<DiskError> for NextError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

/// An iterator over durable records; ends at what is durable when it gets there, and goes on when asked again later.
#[derive(Debug)]
pub struct Records {
    view: View,
    /// The next record to give.
    next_seq: u64,
    current: Option<Current>,
    failed: bool,
}

#[derive(Debug)]
struct Current {
    number: u32,
    frames: Frames,
    seq: u64,
    head: Digest,
    /// The record after this segment's last one, as far as known.
    end_seq: u64,
}

impl Records {
    /// From record `seq` on; from the oldest one still here when that is younger.
    pub fn from(view: &View, seq: u64) -> Self {
        Self { view: view.clone(), next_seq: seq.max(view.first_seq()), current: None, failed: false }
    }

    /// The next record's number.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn step(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if self.current.as_ref().is_none_or(|current| self.next_seq >= current.end_seq) && !self.turn()? {
                return Ok(None);
            }
            let Some(current) = &mut self.current else { return Ok(None) };
            let at = current.frames.place();
            let placed = match current.frames.next() {
                Ok(Some(placed)) => placed,
                Ok(None) => return Err(ReadError::Missing { segment: current.number, seq: self.next_seq }),
                Err(NextError::Disk(error)) => return Err(error.into()),
                Err(NextError::Frame(what)) => {
                    return Err(ReadError::Damaged { segment: current.number, at, what });
                }
            };
            if placed.kind != FrameKind::Record {
                continue;
            }
            let (seq, prev) = (current.seq, current.head);
            current.seq += 1;
            current.head = prev.then(placed.d);
            if seq >= self.next_seq {
                self.next_seq = seq + 1;
                let bytes = current.frames.bytes(placed.payload).to_vec();
                return Ok(Some(Record { seq, prev, d: placed.d, bytes }));
            }
        }
    }

    /// Goes on in the segment that holds the next record; false when it is not durable yet.
    fn turn(&mut self) -> Result<bool, ReadError> {
        self.next_seq = self.next_seq.max(self.view.first_seq());
        let Some((segment, end_seq)) = self.view.segment_of(self.next_seq) else { return Ok(false) };
        if let Some(current) = &mut self.current
            && current.number == segment.number
        {
            current.end_seq = end_seq;
            current.frames.end = segment.bytes;
            return Ok(true);
        }
        let file = self.view.disk.open(&self.view.path(segment.number), How::Read)?;
        let frames = Frames::new(file, 0, segment.bytes);
        let (seq, head) = (segment.first_seq, segment.prev);
        self.current = Some(Current { number: segment.number, frames, seq, head, end_seq });
        Ok(true)
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step().transpose();
        self.failed = matches!(step, Some(Err(_)));
        step
    }
}

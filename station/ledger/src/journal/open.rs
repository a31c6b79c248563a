//! Opening a journal: what is there, where it ends, and whether that is far enough.
//!
//! Cuts off only what was never acknowledged: a torn tail, which no group written later follows. Everything else that
//! does not fit is damage and is said, never mended: bytes are put aside, not thrown away.

use crate::chain::{Digest, GENESIS};
use crate::disk::{self, DiskError, File, How, SharedDisk};
use crate::journal::frame::{self, FrameKind};
use crate::journal::mark::{self, Known, Mark};
use crate::journal::reserve::Reserve;
use crate::journal::segment::{self, Durable, Segment, SegmentHead, View};
use crate::journal::store::Store;
use crate::journal::{Health, Journal, Setup, checkpoint};
use crate::{limits, outbox, retain};

/// A segment's file and where to go on in it.
type Writable = (Box<dyn File>, u64);

/// What was found on the way; the daemon records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub last_seq: u64,
    pub head: Digest,
    /// A tail that was cut off.
    pub torn: Option<Torn>,
    /// No ballast could be built: the journal opens `Full`.
    pub full: bool,
}

/// Bytes at the end of the last segment that were no whole frame.
///
/// A write that was under way when the power went looks like this, and so does damage to the very last group; central's
/// high-water mark and the journal's own tell the two apart for all they cover.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Torn {
    pub segment: String,
    /// Where the tail began, bytes from the beginning of the file.
    pub at: u64,
    pub bytes: u64,
    /// Where the bytes were put; nothing when there was no room.
    pub kept_as: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(
        "{segment}, byte {at} (record {seq} expected): {what}. Keep the data folder as it is, run `gatepost verify` on it and restore it from central or a copy"
    )]
    Damaged { segment: String, at: u64, seq: u64, what: String },
    #[error(
        "the journal ends at record {found}, but {whose} says that record {known} was there. Records are missing: keep the data folder as it is, run `gatepost verify` on it and restore it from central or a copy"
    )]
    Short { found: u64, known: u64, whose: &'static str },
}

/// The last segment after it was read to its end.
#[derive(Default)]
struct Tail {
    end: u64,
    last_seq: u64,
    head: Digest,
    classes: [u32; 4],
    /// The newest checkpoint in it.
    checkpointed: Option<(u64, i64)>,
    head_at_mark: Option<Digest>,
    /// The last segment that retention dropped.
    dropped: u32,
}

impl Journal {
    /// Opens the journal in `folder`, making it on the first start.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] and [`OpenError::Short`] mean that acknowledged records are gone or changed.
    pub fn open(disk: SharedDisk, folder: &str, setup: Setup) -> Result<(Self, Opening), OpenError> {
        disk.create_dir(folder)?;
        let dropped = retain::last_dropped(&disk, folder)?;
        let mark = mark::read(&disk, folder)?;
        let numbers = numbers(&disk, folder, dropped.as_ref().map_or(0, |dropped| dropped.segment))?;
        let mut opener = Opener { disk: &disk, folder, setup: &setup, unfinished: None, torn: None };
        let mut segments = opener.heads(&numbers, dropped.as_ref())?;
        let known = mark.as_ref().map_or(0, |mark| mark.claim.seq);
        let (tail, bytes) = opener.tail(segments.last(), dropped.as_ref(), known)?;
        if let Some(mark) = &mark {
            reaches(mark, &segments, &tail)?;
        }
        let acknowledged = outbox::high_water(&disk, folder)?;
        if acknowledged > tail.last_seq {
            let whose = "central's acknowledgement";
            return Err(OpenError::Short { found: tail.last_seq, known: acknowledged, whose });
        }
        // Nothing was changed so far: a journal that is too short stays as it was found.
        let file = opener.settle(&mut segments, &tail, &bytes)?;
        let torn = opener.torn;
        let mut reserve = Reserve::new(&disk, folder, setup.bounds.reserve_bytes);
        let full = !reserve.find()?;
        let mut mark = Mark::new(&disk, folder);
        // On a full disk the first checkpoint tries again.
        let trouble = mark.prepare().err();
        let bytes = segments.iter().map(|segment| segment.bytes).sum();
        let next_segment = dropped.map_or(1, |dropped| dropped.segment + 1);
        let durable = Durable { last_seq: tail.last_seq, head: tail.head, segments, bytes, next_segment };
        let opening = Opening { last_seq: tail.last_seq, head: tail.head, torn, full };
        let journal = Self {
            setup,
            view: View::new(&disk, folder, durable),
            store: Store::new(&disk, folder, file),
            reserve,
            mark,
            health: if full { Health::Full } else { Health::Good },
            waiting: Vec::new(),
            waiting_bytes: 0,
            buffer: Vec::new(),
            checkpointed: tail.checkpointed.map_or(known.min(tail.last_seq), |(seq, _)| seq),
            checkpointed_at: tail.checkpointed.map(|(_, at)| at),
            trouble,
        };
        Ok((journal, opening))
    }
}

/// Whether the journal reaches as far as the mark says, with the same head there.
fn reaches(mark: &Known, segments: &[Segment], tail: &Tail) -> Result<(), OpenError> {
    let damaged = |at, what: &str| {
        let (segment, seq, what) = (segment::name(mark.segment), tail.last_seq + 1, what.to_owned());
        Err(OpenError::Damaged { segment, at, seq, what })
    };
    if mark.claim.seq > tail.last_seq {
        let whose = "the station's own signed mark";
        return Err(OpenError::Short { found: tail.last_seq, known: mark.claim.seq, whose });
    }
    if tail.head_at_mark.is_some_and(|head| head != mark.claim.head) {
        return damaged(0, "the chain is not the one the station signed");
    }
    // A segment that held the mark and nothing else leaves no gap in the numbers.
    let last = segments.last().map_or(tail.dropped, |last| last.number);
    if last < mark.segment {
        return damaged(0, "this segment is missing or its head is damaged");
    }
    let is_last = segments.last().is_some_and(|last| last.number == mark.segment);
    if is_last && tail.end < mark.bytes {
        return damaged(tail.end, "bytes that were acknowledged are gone or changed");
    }
    Ok(())
}

/// Segment numbers in order, without those that retention has dropped already.
fn numbers(disk: &SharedDisk, folder: &str, dropped: u32) -> Result<Vec<u32>, OpenError> {
    let entries = disk.list(folder)?;
    let mut numbers: Vec<u32> = entries.iter().filter_map(|entry| segment::number(&entry.name)).collect();
    numbers.sort_unstable();
    let (gone, kept): (Vec<u32>, Vec<u32>) = numbers.into_iter().partition(|&number| number <= dropped);
    for &number in &gone {
        disk::remove_if_there(disk.as_ref(), &disk::join(folder, &segment::name(number)))?;
    }
    Ok(kept)
}

struct Opener<'a> {
    disk: &'a SharedDisk,
    folder: &'a str,
    setup: &'a Setup,
    /// A last segment whose head never got to the disk whole.
    unfinished: Option<(u32, Vec<u8>)>,
    torn: Option<Torn>,
}

impl Opener<'_> {
    fn path(&self, number: u32) -> String {
        disk::join(self.folder, &segment::name(number))
    }

    fn damaged(number: u32, at: u64, seq: u64, what: impl Into<String>) -> OpenError {
        OpenError::Damaged { segment: segment::name(number), at, seq, what: what.into() }
    }

    /// Reads every segment's head and checks that they follow one another; a last one whose head never got to the disk
    /// whole is left out.
    fn heads(&mut self, numbers: &[u32], dropped: Option<&retain::Dropped>) -> Result<Vec<Segment>, OpenError> {
        let mut segments: Vec<Segment> = Vec::new();
        let (mut number, mut seq, mut prev) =
            dropped.map_or((1, 1, GENESIS), |last| (last.segment + 1, last.last_seq + 1, last.last_head));
        for (at, &found) in numbers.iter().enumerate() {
            if found != number {
                return Err(Self::damaged(number, 0, seq, "this segment is missing"));
            }
            let last = at + 1 == numbers.len();
            let Some((head, bytes)) = self.head(found, seq, last)? else { break };
            if let Some(before) = segments.last_mut() {
                if head.before_bytes > before.bytes {
                    let what = format!("it has {} bytes, {} were acknowledged", before.bytes, head.before_bytes);
                    return Err(Self::damaged(before.number, before.bytes, seq, what));
                }
                before.bytes = head.before_bytes;
            } else if head.first_seq != seq || head.prev != prev {
                return Err(Self::damaged(found, 0, seq, "it does not follow what was dropped before it"));
            }
            if head.segment != found || head.first_seq < seq || head.station != self.setup.station {
                return Err(Self::damaged(found, 0, seq, "its head belongs to another segment or station"));
            }
            (number, seq, prev) = (found + 1, head.first_seq, head.prev);
            segments.push(Segment { number: found, first_seq: seq, prev, bytes, classes: None });
        }
        Ok(segments)
    }

    /// The head of a segment and the length of its file; nothing when the segment was only just being begun.
    fn head(&mut self, number: u32, seq: u64, last: bool) -> Result<Option<(SegmentHead, u64)>, OpenError> {
        let path = self.path(number);
        let file = self.disk.open(&path, How::Read)?;
        let length = file.length()?;
        let mut bytes = vec![0; limits::ENVELOPE_BYTES_MAX];
        let read = file.read_at(0, &mut bytes)?;
        let parsed = match frame::read(&bytes[..read]) {
            Ok(frame) if frame.kind == FrameKind::Segment => serde_json::from_slice(frame.payload).ok(),
            _ => None,
        };
        if let Some(head) = parsed {
            return Ok(Some((head, length)));
        }
        // A head is synced before anything follows it, so a sound frame later on means that it was whole once.
        let whole = self.whole(file.as_ref(), length, number, seq)?;
        if !last || later_group(&whole, 0).is_some() {
            return Err(Self::damaged(number, 0, seq, "its head is damaged"));
        }
        self.unfinished = Some((number, whole));
        Ok(None)
    }

    /// A segment file in memory; it is bounded by its own size plus one group.
    fn whole(&self, file: &dyn File, length: u64, number: u32, seq: u64) -> Result<Vec<u8>, OpenError> {
        let most = self.setup.bounds.segment_bytes.max(limits::SEGMENT_BYTES) + 2 * limits::GROUP_BYTES_MAX as u64;
        if length > most {
            return Err(Self::damaged(number, most, seq, "the file is longer than any segment can be"));
        }
        let mut bytes = vec![0; length as usize];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Reads the last segment to its end.
    fn tail(
        &self,
        last: Option<&Segment>,
        dropped: Option<&retain::Dropped>,
        mark: u64,
    ) -> Result<(Tail, Vec<u8>), OpenError> {
        let Some(last) = last else {
            let (last_seq, head) = dropped.map_or((0, GENESIS), |last| (last.last_seq, last.last_head));
            let dropped = dropped.map_or(0, |last| last.segment);
            return Ok((Tail { last_seq, head, dropped, ..Tail::default() }, Vec::new()));
        };
        let file = self.disk.open(&self.path(last.number), How::Read)?;
        let bytes = self.whole(file.as_ref(), last.bytes, last.number, last.first_seq)?;
        Ok((self.follow(last, &bytes, mark)?, bytes))
    }

    /// Cuts off a torn tail, removes an unfinished segment, makes durable what counts from here on. Without a segment
    /// the next group begins one.
    fn settle(&mut self, segments: &mut [Segment], tail: &Tail, bytes: &[u8]) -> Result<Option<Writable>, OpenError> {
        if let Some((number, whole)) = self.unfinished.take() {
            self.set_aside(number, 0, &whole);
            disk::remove_if_there(self.disk.as_ref(), &self.path(number))?;
        }
        let Some(last) = segments.last_mut() else {
            self.disk.sync_dir(self.folder)?;
            return Ok(None);
        };
        let mut file = self.disk.open(&self.path(last.number), How::Write)?;
        if tail.end < bytes.len() as u64 {
            self.set_aside(last.number, tail.end, &bytes[tail.end as usize..]);
            file.truncate(tail.end)?;
        }
        // Whole frames may still be in the page cache only, after a kill: from here on they count.
        file.sync()?;
        self.disk.sync_dir(self.folder)?;
        (last.bytes, last.classes) = (tail.end, Some(tail.classes));
        Ok(Some((file, tail.end)))
    }

    fn follow(&self, segment: &Segment, bytes: &[u8], mark: u64) -> Result<Tail, OpenError> {
        let mut tail = Tail { last_seq: segment.first_seq - 1, head: segment.prev, ..Tail::default() };
        while (tail.end as usize) < bytes.len() {
            let at = tail.end as usize;
            let next = tail.last_seq + 1;
            let frame = match frame::read(&bytes[at..]) {
                Ok(frame) => frame,
                Err(what) => match later_group(bytes, at) {
                    Some(_) => return Err(Self::damaged(segment.number, tail.end, next, what.to_string())),
                    None => break,
                },
            };
            match frame.kind {
                FrameKind::Segment if at == 0 => {}
                FrameKind::Segment => {
                    return Err(Self::damaged(segment.number, tail.end, next, "a second head in a segment"));
                }
                FrameKind::Record => Self::record(segment.number, &mut tail, &frame)?,
                FrameKind::Checkpoint => {
                    let claim = checkpoint::check(frame.payload, None)
                        .map_err(|error| Self::damaged(segment.number, tail.end, next, error.to_string()))?;
                    if claim.seq != tail.last_seq || claim.head != tail.head {
                        let what = "a checkpoint does not fit the chain before it";
                        return Err(Self::damaged(segment.number, tail.end, next, what));
                    }
                    tail.checkpointed = Some((claim.seq, claim.at));
                }
            }
            if tail.last_seq == mark {
                tail.head_at_mark = Some(tail.head);
            }
            tail.end += frame.length() as u64;
        }
        Ok(tail)
    }

    fn record(number: u32, tail: &mut Tail, frame: &frame::Frame<'_>) -> Result<(), OpenError> {
        let next = tail.last_seq + 1;
        let envelope = super::envelope::Envelope::parse(frame.payload)
            .map_err(|error| Self::damaged(number, tail.end, next, error.to_string()))?;
        if envelope.seq != next || envelope.prev != tail.head {
            let what = format!("record {} stands where record {next} of the chain belongs", envelope.seq);
            return Err(Self::damaged(number, tail.end, next, what));
        }
        tail.classes[segment::class_index(envelope.class)] += 1;
        tail.last_seq = next;
        tail.head = tail.head.then(frame.d);
        Ok(())
    }

    /// Keeps the bytes of a torn tail in a file of their own; a full disk may prevent it, never the start.
    fn set_aside(&mut self, number: u32, at: u64, bytes: &[u8]) {
        let (segment, length) = (segment::name(number), bytes.len() as u64);
        let kept = &bytes[..bytes.len().min(limits::TORN_BYTES_KEPT)];
        let name = format!("torn/{number:08}-{at}");
        let path = disk::join(self.folder, &name);
        let folder = disk::join(self.folder, "torn");
        let put = self.disk.create_dir(&folder).and_then(|()| disk::replace(self.disk.as_ref(), &path, kept));
        self.torn = Some(Torn { segment, at, bytes: length, kept_as: put.is_ok().then_some(name) });
        if let Ok(entries) = self.disk.list(&folder) {
            let excess = entries.len().saturating_sub(limits::TORN_FILES_MAX);
            for entry in &entries[..excess] {
                // Only old copies; that one stays longer than it should harms nothing.
                let _ = self.disk.remove(&disk::join(&folder, &entry.name));
            }
        }
    }
}

/// A sound frame after `at` that belongs to a group begun after `at`: then what stands at `at` had been synced.
fn later_group(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    while let Some((found, back)) = frame::find_after(bytes, from) {
        if found.checked_sub(back as usize).is_some_and(|group| group > at) {
            return Some(found);
        }
        from = found;
    }
    None
}

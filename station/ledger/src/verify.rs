//! Whether a journal is whole, and where it is not.
//!
//! Reads the bytes as `lib.rs` draws them with a reader of its own: it shares no parsing with the code that writes, so
//! that a mistake there does not hide itself here. Changes nothing. After a problem it goes on with the next segment,
//! whose head says where the chain stands.

use serde::{Deserialize, Serialize};

use crate::chain::{Digest, GENESIS};
use crate::disk::{self, DiskError, How, SharedDisk};
use crate::journal::{checkpoint, mark};
use crate::key::PublicKey;
use crate::{limits, outbox, retain};

/// The finding, as `gatepost verify --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub whole: bool,
    /// Records read and in the chain.
    pub records: u64,
    /// 0 when there is none.
    pub first_seq: u64,
    pub last_seq: u64,
    pub head: Digest,
    pub segments: u64,
    /// Segments that retention dropped, as far as their lines tell them apart.
    pub dropped: u64,
    pub checkpoints: u64,
    /// The last record under a signature.
    pub signed_to: u64,
    /// The public key the checkpoints were signed with.
    pub key: Option<String>,
    /// Files checked against the digest they are named by.
    pub files: u64,
    pub problems: Vec<Problem>,
    /// What is odd and no loss: a torn tail, bytes left behind by a failed sync.
    pub notes: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub file: String,
    /// Bytes from the beginning of the file.
    pub at: u64,
    /// The record concerned, or the one expected there.
    pub seq: u64,
    pub what: String,
    pub remedy: String,
}

const KEEP: &str = "keep this folder as it is; fetch the records from central, or the file from a copy";
const NOTHING: &str = "nothing to do";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "station")]
    _station: String,
    segment: u32,
    first_seq: u64,
    prev: Digest,
    before_bytes: u64,
}

/// The fields of an envelope that the chain depends on.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: Digest,
}

struct Walk<'a> {
    disk: &'a SharedDisk,
    folder: &'a str,
    expected: Option<PublicKey>,
    report: Report,
    /// The chain as far as it was followed; nothing after a problem, until a segment's head is believed again.
    seq: u64,
    head: Digest,
    mark: Option<mark::Known>,
}

/// Checks the journal in `folder`; with `expected`, also that its checkpoints are signed by this key.
///
/// # Errors
/// Only when the disk cannot be read; everything else is in the report.
pub fn journal(disk: &SharedDisk, folder: &str, expected: Option<PublicKey>) -> Result<Report, DiskError> {
    let mut walk = Walk::new(disk, folder, expected, mark::read(disk, folder)?);
    walk.dropped();
    walk.segments()?;
    walk.marks()?;
    walk.report.last_seq = walk.seq;
    walk.report.head = walk.head;
    walk.report.whole = walk.report.problems.is_empty();
    Ok(walk.report)
}

impl<'a> Walk<'a> {
    fn new(disk: &'a SharedDisk, folder: &'a str, expected: Option<PublicKey>, mark: Option<mark::Known>) -> Self {
        let report = Report {
            whole: true,
            records: 0,
            first_seq: 0,
            last_seq: 0,
            head: GENESIS,
            segments: 0,
            dropped: 0,
            checkpoints: 0,
            signed_to: 0,
            key: None,
            files: 0,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        Self { disk, folder, expected, report, seq: 0, head: GENESIS, mark }
    }

    fn problem(&mut self, file: &str, at: u64, what: impl Into<String>) {
        let (file, what, remedy) = (file.to_owned(), what.into(), KEEP.to_owned());
        self.report.problems.push(Problem { file, at, seq: self.seq + 1, what, remedy });
    }

    fn note(&mut self, file: &str, at: u64, what: impl Into<String>) {
        let (file, what, remedy) = (file.to_owned(), what.into(), NOTHING.to_owned());
        self.report.notes.push(Problem { file, at, seq: self.seq + 1, what, remedy });
    }

    /// The lines of dropped segments must lead from the first record to the first segment here.
    fn dropped(&mut self) {
        let lines = match retain::read(self.disk, self.folder) {
            Ok(lines) => lines,
            Err(error) => return self.problem("dropped", 0, error.cause.to_string()),
        };
        self.report.dropped = lines.len() as u64;
        for line in lines {
            if line.first_seq != self.seq + 1 || line.prev != self.head || line.last_seq + 1 < line.first_seq {
                let what = format!("the line of segment {} does not follow the one before it", line.segment);
                self.problem("dropped", 0, what);
            }
            (self.seq, self.head) = (line.last_seq, line.last_head);
        }
    }

    fn segments(&mut self) -> Result<(), DiskError> {
        let gone = retain::read(self.disk, self.folder).ok().and_then(|mut lines| lines.pop());
        let first = gone.map_or(1, |line| line.segment + 1);
        let entries = self.disk.list(self.folder)?;
        let names: Vec<String> = entries.into_iter().map(|entry| entry.name).filter(|name| is_segment(name)).collect();
        let names: Vec<&String> = names.iter().filter(|name| number(name) >= first).collect();
        let mut heads = Vec::new();
        for name in &names {
            heads.push(self.head(name)?);
        }
        for (at, name) in names.iter().enumerate() {
            let wanted = first + at as u32;
            if number(name) != wanted && (at == 0 || number(name) != number(names[at - 1]) + 1) {
                self.problem(&format!("{wanted:08}.seg"), 0, "this segment is missing");
            }
            let next = heads.get(at + 1).map(Option::as_ref);
            self.segment(name, heads[at].as_ref(), next)?;
        }
        if names.is_empty() && self.mark.is_some() {
            self.problem(&format!("{first:08}.seg"), 0, "there is no segment, and a signed mark says there was one");
        }
        Ok(())
    }

    fn head(&self, name: &str) -> Result<Option<Head>, DiskError> {
        let file = self.disk.open(&disk::join(self.folder, name), How::Read)?;
        let mut bytes = vec![0; limits::ENVELOPE_BYTES_MAX];
        let read = file.read_at(0, &mut bytes)?;
        let parsed = frame(&bytes[..read], 0).ok().filter(|frame| frame.kind == b'S');
        Ok(parsed.and_then(|frame| serde_json::from_slice(frame.payload).ok()))
    }

    /// One segment; `next` is the head of the one after it, if there is one (and if that is readable).
    fn segment(&mut self, name: &str, head: Option<&Head>, next: Option<Option<&Head>>) -> Result<(), DiskError> {
        self.report.segments += 1;
        let Some(bytes) = self.bytes(name)? else { return Ok(()) };
        let Some(head) = head else {
            // Only the last segment can have been begun and not finished; its head is synced before its records.
            if next.is_none() && self.later(&bytes, 0).is_none() && self.mark_bytes(name) == 0 {
                self.note(name, 0, "a segment was only just being begun");
            } else {
                self.problem(name, 0, "the segment's head is damaged");
            }
            return Ok(());
        };
        if head.segment != number(name) || head.first_seq != self.seq + 1 || head.prev != self.head {
            if head.first_seq > self.seq + 1 || head.first_seq == self.seq + 1 && self.report.problems.is_empty() {
                self.problem(name, 0, "the segment does not follow the chain before it");
            }
            (self.seq, self.head) = (head.first_seq.saturating_sub(1), head.prev);
        }
        if self.report.first_seq == 0 {
            self.report.first_seq = head.first_seq;
        }
        let counted = match next {
            Some(Some(next)) => next.before_bytes,
            Some(None) | None => bytes.len() as u64,
        };
        if counted > bytes.len() as u64 {
            self.problem(name, bytes.len() as u64, format!("the file ends here, {counted} bytes were acknowledged"));
        } else if counted < bytes.len() as u64 {
            self.note(name, counted, "bytes left behind by a failed sync; none of them was acknowledged");
        }
        let counted = usize::try_from(counted).unwrap_or(usize::MAX).min(bytes.len());
        self.frames(name, &bytes[..counted], next.is_none());
        Ok(())
    }

    fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, DiskError> {
        let most = limits::SEGMENT_BYTES as usize + 2 * limits::GROUP_BYTES_MAX;
        match disk::read(self.disk.as_ref(), &disk::join(self.folder, name), most) {
            Err(error) if matches!(error.cause, disk::Cause::TooLarge(_)) => {
                self.problem(name, most as u64, "the file is longer than any segment can be");
                Ok(None)
            }
            other => other,
        }
    }

    fn frames(&mut self, name: &str, bytes: &[u8], last: bool) {
        let mut at = 0;
        while at < bytes.len() {
            let frame = match frame(bytes, at) {
                Ok(frame) => frame,
                Err(what) => {
                    let torn = last && self.later(bytes, at).is_none() && at as u64 >= self.mark_bytes(name);
                    if torn {
                        let what = format!("{what}: {} bytes of a group that was never acknowledged", bytes.len() - at);
                        self.note(name, at as u64, what);
                    } else {
                        self.problem(name, at as u64, what);
                    }
                    return;
                }
            };
            let fits = match frame.kind {
                b'S' => {
                    if at == 0 {
                        Ok(())
                    } else {
                        Err("a second head in a segment".to_owned())
                    }
                }
                b'R' => self.record(&frame),
                _ => self.checkpoint(&frame),
            };
            if let Err(what) = fits {
                self.problem(name, at as u64, what);
                return;
            }
            at += 20 + frame.payload.len();
            self.compare_mark(name);
        }
    }

    fn record(&mut self, frame: &Frame<'_>) -> Result<(), String> {
        let link: Link = serde_json::from_slice(frame.payload).map_err(|error| format!("not an envelope: {error}"))?;
        if link.seq != self.seq + 1 {
            return Err(format!("record {} stands where record {} belongs", link.seq, self.seq + 1));
        }
        if link.prev != self.head {
            return Err(format!("record {} is not linked to the record before it", link.seq));
        }
        let mut both = [0; 64];
        both[..32].copy_from_slice(&self.head.0);
        both[32..].copy_from_slice(frame.d.as_bytes());
        self.seq += 1;
        self.head = Digest(*blake3::hash(&both).as_bytes());
        self.report.records += 1;
        Ok(())
    }

    fn checkpoint(&mut self, frame: &Frame<'_>) -> Result<(), String> {
        let claim =
            checkpoint::check(frame.payload, self.expected).map_err(|error| format!("a checkpoint: {error}"))?;
        if claim.seq != self.seq || claim.head != self.head {
            return Err(format!("the checkpoint for record {} does not fit the chain here", claim.seq));
        }
        if self.report.key.as_ref().is_some_and(|key| *key != claim.key) {
            return Err("a checkpoint is signed with another key than those before it".to_owned());
        }
        self.report.key = Some(claim.key);
        self.report.checkpoints += 1;
        self.report.signed_to = claim.seq;
        Ok(())
    }

    fn compare_mark(&mut self, name: &str) {
        let differs = self.mark.as_ref().is_some_and(|mark| mark.claim.seq == self.seq && mark.claim.head != self.head);
        if differs {
            self.problem(name, 0, "the chain is not the one the station signed in its mark");
            self.mark = None;
        }
    }

    /// Bytes this segment must have at least.
    fn mark_bytes(&self, name: &str) -> u64 {
        self.mark.as_ref().filter(|mark| mark.segment == number(name)).map_or(0, |mark| mark.bytes)
    }

    /// Whether a sound frame of a group begun after `at` follows.
    fn later(&self, bytes: &[u8], at: usize) -> Option<usize> {
        (at + 1..bytes.len()).find(|&place| {
            bytes[place] == b'G' && frame(bytes, place).is_ok_and(|frame| place - at > frame.back as usize)
        })
    }

    /// Whether the journal reaches as far as the station's mark and central's acknowledgement say.
    fn marks(&mut self) -> Result<(), DiskError> {
        let file = self.disk.list(self.folder)?.into_iter().rfind(|entry| is_segment(&entry.name));
        let (name, length) = file.map_or((String::new(), 0), |entry| (entry.name, entry.length));
        let whole_so_far = self.report.problems.is_empty();
        if let Some(mark) = &self.mark
            && whole_so_far
        {
            let short = mark.segment == number(&name) && length < mark.bytes;
            if mark.segment > number(&name) {
                let missing = format!("{:08}.seg", mark.segment);
                self.problem(&missing, 0, "this segment is missing; the station signed a checkpoint in it");
            } else if mark.claim.seq > self.seq || short {
                let what = format!("the journal ends here; the station signed up to record {}", mark.claim.seq);
                self.problem(&name, length, what);
            }
        }
        let acknowledged = outbox::high_water(self.disk, self.folder)?;
        if acknowledged > self.seq && whole_so_far {
            let what = format!("the journal ends here; central has acknowledged record {acknowledged}");
            self.problem(&name, length, what);
        }
        Ok(())
    }
}

fn is_segment(name: &str) -> bool {
    name.len() == 12 && name.ends_with(".seg") && name.bytes().take(8).all(|byte| byte.is_ascii_digit())
}

fn number(name: &str) -> u32 {
    name.get(..8).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

struct Frame<'a> {
    kind: u8,
    back: u32,
    payload: &'a [u8],
    d: blake3::Hash,
}

/// The frame at `at`, read as the drawing in `lib.rs` says.
fn frame(bytes: &[u8], at: usize) -> Result<Frame<'_>, String> {
    let rest = &bytes[at..];
    let Some((head, after)) = rest.split_first_chunk::<20>() else {
        return Err("the file ends inside a frame's head".to_owned());
    };
    if head[0] != b'G' || !b"SRC".contains(&head[1]) || head[2..4] != [1, 0] {
        return Err("no frame begins here".to_owned());
    }
    let word = |from: usize| u32::from_le_bytes([head[from], head[from + 1], head[from + 2], head[from + 3]]);
    let length = word(4) as usize;
    if length > limits::FRAME_BYTES_MAX {
        return Err(format!("a frame says it holds {length} bytes"));
    }
    let payload = after.get(..length).ok_or("the file ends inside a frame")?;
    let d = blake3::hash(payload);
    let sound = (0..8).all(|i| head[12 + i] == d.as_bytes()[i] ^ head[i] ^ if i < 4 { head[8 + i] } else { 0 });
    if !sound {
        return Err("a frame's bytes do not fit its check".to_owned());
    }
    Ok(Frame { kind: head[1], back: word(8), payload, d })
}

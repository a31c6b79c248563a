//! Retention: whole segments go from the front, when central has them and no open pass needs them.
//!
//! What goes leaves a line in `dropped`: its records, its heads and its digest, so that the chain still leads from the
//! first record of the station to the last. Never drops to make room for something else: a full journal says so.

use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, How, SharedDisk};
use crate::journal::{Journal, Segment, View};
use crate::limits;

const NAME: &str = "dropped";
const FILE_BYTES_MAX: usize = limits::DROPPED_SEGMENTS_MAX * 1024;

/// A line of `dropped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The last segment this line stands for; older lines are folded, so it may stand for several.
    pub segment: u32,
    pub first_seq: u64,
    pub last_seq: u64,
    /// The head before the first record.
    pub prev: Digest,
    /// The head after the last record.
    pub last_head: Digest,
    /// BLAKE3 of the segment's bytes; of several folded ones, of their digests one after another.
    pub digest: Digest,
}

/// What must stay.
pub struct Keep<'a> {
    /// Bytes of journal kept although they could go.
    pub bytes: u64,
    /// Whether central has every record from the first to the second.
    pub acknowledged: &'a dyn Fn(u64, u64) -> bool,
    /// Whether an open pass, or an item still in exam, needs a record from the first to the second.
    pub needed: &'a dyn Fn(u64, u64) -> bool,
}

impl Journal {
    /// Drops what may go; gives back the lines written.
    ///
    /// # Errors
    /// When the disk fails; what was dropped until then stays dropped.
    pub fn retain(&mut self, keep: &Keep<'_>) -> Result<Vec<Dropped>, DiskError> {
        retain(&self.view(), keep)
    }
}

fn retain(view: &View, keep: &Keep<'_>) -> Result<Vec<Dropped>, DiskError> {
    let mut gone = Vec::new();
    loop {
        let durable = view.durable();
        let [first, next, ..] = durable.segments.as_slice() else { return Ok(gone) };
        let last_seq = next.first_seq - 1;
        // A segment left empty by a failed disk holds nothing to ask about.
        let empty = last_seq < first.first_seq;
        let free = empty || (keep.acknowledged)(first.first_seq, last_seq) && !(keep.needed)(first.first_seq, last_seq);
        if durable.bytes - first.bytes < keep.bytes || !free {
            return Ok(gone);
        }
        let dropped = Dropped {
            segment: first.number,
            first_seq: first.first_seq,
            last_seq,
            prev: first.prev,
            last_head: next.prev,
            digest: digest(view, first)?,
        };
        note(&view.disk, &view.folder, &dropped)?;
        view.change(|durable| {
            let first = durable.segments.remove(0);
            durable.bytes -= first.bytes;
        });
        disk::remove_if_there(view.disk.as_ref(), &view.path(dropped.segment))?;
        view.disk.sync_dir(&view.folder)?;
        gone.push(dropped);
    }
}

/// BLAKE3 of the bytes of a segment that count.
fn digest(view: &View, segment: &Segment) -> Result<Digest, DiskError> {
    let file = view.disk.open(&view.path(segment.number), How::Read)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 256 * 1024];
    let mut at = 0;
    while at < segment.bytes {
        let most = usize::try_from(segment.bytes - at).map_or(piece.len(), |left| left.min(piece.len()));
        let read = file.read_at(at, &mut piece[..most])?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        at += read as u64;
    }
    Ok(Digest(*hasher.finalize().as_bytes()))
}

/// Adds a line durably, in place: on a full disk there is no room for a second file.
fn note(disk: &SharedDisk, folder: &str, dropped: &Dropped) -> Result<(), DiskError> {
    let path = disk::join(folder, NAME);
    let bytes = disk::read(disk.as_ref(), &path, FILE_BYTES_MAX)?;
    let lines = read(disk, folder)?;
    if lines.len() >= limits::DROPPED_SEGMENTS_MAX {
        let mut text = Vec::new();
        for line in fold(lines).iter().chain([dropped]) {
            text.extend(line_of(&path, line)?);
        }
        return disk::replace(disk.as_ref(), &path, &text);
    }
    let line = line_of(&path, dropped)?;
    let Some(bytes) = bytes else { return disk::replace(disk.as_ref(), &path, &line) };
    let mut file = disk.open(&path, How::Write)?;
    let end = whole_lines(&bytes).len() as u64;
    file.truncate(end)?;
    file.write_at(end, &line)?;
    file.sync()
}

fn line_of(path: &str, dropped: &Dropped) -> Result<Vec<u8>, DiskError> {
    let mut line = serde_json::to_vec(dropped).map_err(|error| failed(path, &error))?;
    line.push(b'\n');
    Ok(line)
}

/// Without a last line that was being written when the power went: its segment is still there.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)]
}

/// Makes one line of the older half.
fn fold(mut lines: Vec<Dropped>) -> Vec<Dropped> {
    let rest = lines.split_off(lines.len() / 2);
    let digests: Vec<u8> = lines.iter().flat_map(|line| line.digest.0).collect();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return rest };
    let digest = Digest::of(&digests);
    let mut folded = vec![Dropped { digest, first_seq: first.first_seq, prev: first.prev, ..last.clone() }];
    folded.extend(rest);
    folded
}

/// All lines, oldest first.
///
/// # Errors
/// When the file cannot be read or a line is not one of ours.
pub fn read(disk: &SharedDisk, folder: &str) -> Result<Vec<Dropped>, DiskError> {
    let path = disk::join(folder, NAME);
    let bytes = disk::read(disk.as_ref(), &path, FILE_BYTES_MAX)?.unwrap_or_default();
    let lines = whole_lines(&bytes).split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|error| failed(&path, &error))).collect()
}

pub(crate) fn last_dropped(disk: &SharedDisk, folder: &str) -> Result<Option<Dropped>, DiskError> {
    Ok(read(disk, folder)?.pop())
}

fn failed(path: &str, error: &serde_json::Error) -> DiskError {
    DiskError::new(
        path,
        Cause::Failed(format!("{error}; restore this file from a copy, it holds the digests of dropped segments")),
    )
}

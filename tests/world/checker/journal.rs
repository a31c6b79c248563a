//! A station's journal from its files: every frame, link, head and signature checked on the way.
//!
//! Written from the drawing at the top of `station/ledger/src/lib.rs`; uses no function of the ledger. What it cannot
//! follow it says and leaves; it repairs nothing.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;

use super::files::JournalFiles;
use super::findings::{Findings, Promise};
use super::frames::{self, Frame, Kind};
use super::record::{self, Record};

/// Bytes of one slot of the file `mark`.
const SLOT_BYTES: usize = 4096;
const GENESIS: [u8; 32] = [0; 32];

/// What is left after reading.
#[derive(Debug, Default)]
pub struct Journal {
    pub records: Vec<Record>,
    /// Records up to here were dropped by retention; 0 when none were.
    pub dropped_to: u64,
    /// The head after each record in `records`.
    heads: Vec<[u8; 32]>,
    /// The head before the first of them.
    first_head: [u8; 32],
}

impl Journal {
    pub fn last_seq(&self) -> u64 {
        self.dropped_to + self.records.len() as u64
    }
    pub fn record(&self, seq: u64) -> Option<&Record> {
        let at = usize::try_from(seq.checked_sub(self.dropped_to + 1)?).ok()?;
        self.records.get(at)
    }
    /// The head after record `seq`, where that is known.
    pub fn head(&self, seq: u64) -> Option<[u8; 32]> {
        if seq == self.dropped_to {
            return Some(self.first_head);
        }
        self.heads.get(usize::try_from(seq.checked_sub(self.dropped_to + 1)?).ok()?).copied()
    }
    fn last_head(&self) -> [u8; 32] {
        self.heads.last().copied().unwrap_or(self.first_head)
    }
}

#[derive(Deserialize)]
struct SegmentHead {
    station: String,
    segment: u32,
    first_seq: u64,
    prev: String,
    before_bytes: u64,
}

#[derive(Deserialize)]
struct Dropped {
    segment: u32,
    first_seq: u64,
    last_seq: u64,
    prev: String,
    last_head: String,
}

#[derive(Deserialize)]
struct Claim {
    station: String,
    seq: u64,
    head: String,
    key: String,
}

/// How far the journal reached when its newest checkpoint was marked.
#[derive(Deserialize)]
struct Place {
    segment: u32,
    bytes: u64,
}

/// Reads and checks. `key`: the station's public key, when the caller has it from elsewhere.
pub fn read(station: &str, files: &JournalFiles, key: Option<[u8; 32]>, findings: &mut Findings) -> Journal {
    let mut reader =
        Reader { station, key, findings, dropped_segment: 0, sound: BTreeMap::new(), journal: Journal::default() };
    reader.dropped(files.get("dropped").map_or(&[], Vec::as_slice));
    reader.segments(files);
    reader.mark(files);
    reader.journal
}

struct Reader<'a> {
    station: &'a str,
    /// Taken from the first checkpoint when nobody knew it.
    key: Option<[u8; 32]>,
    findings: &'a mut Findings,
    /// The last segment that retention dropped; 0 when it dropped none.
    dropped_segment: u32,
    /// Bytes of each segment that are frames, from its beginning.
    sound: BTreeMap<u32, u64>,
    journal: Journal,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &str, says: impl Into<String>) {
        let place = format!("{} {place}", self.station);
        self.findings.add(Promise::Chain, place, says);
    }

    /// What retention says it dropped.
    fn dropped(&mut self, text: &[u8]) {
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(dropped) = serde_json::from_slice::<Dropped>(line) else {
                self.wrong("dropped", "a line cannot be read");
                continue;
            };
            if dropped.first_seq != self.journal.dropped_to + 1
                || frames::unhex(&dropped.prev) != Some(self.journal.first_head)
            {
                self.wrong("dropped", format!("the line from record {} does not follow", dropped.first_seq));
            }
            self.journal.dropped_to = dropped.last_seq;
            self.journal.first_head = frames::unhex(&dropped.last_head).unwrap_or(GENESIS);
            self.dropped_segment = dropped.segment;
        }
    }

    fn segments(&mut self, files: &JournalFiles) {
        let numbered = files.iter().filter_map(|(name, bytes)| Some((segment_number(name)?, bytes.as_slice())));
        let mut segments: BTreeMap<u32, &[u8]> = numbered.collect();
        // A segment that was being begun when the power went holds nothing yet.
        if let Some((number, _)) = segments.last_key_value().filter(|(_, bytes)| segment_head(bytes).is_none()) {
            let number = *number;
            segments.remove(&number);
        }
        let mut expected = self.dropped_segment + 1;
        let numbers: Vec<u32> = segments.keys().copied().collect();
        for (at, &number) in numbers.iter().enumerate() {
            if number < expected {
                continue; // its line in `dropped` was written, the file not yet removed
            }
            if number != expected {
                self.wrong(&segment_name(number), format!("segment {expected} is missing before it"));
            }
            expected = number + 1;
            let next = numbers.get(at + 1).and_then(|next| segment_head(segments[next]));
            self.segment(number, segments[&number], next.map(|head| head.before_bytes));
        }
    }

    fn segment(&mut self, number: u32, bytes: &[u8], counts: Option<u64>) {
        let name = segment_name(number);
        let counted = counts.map_or(bytes.len(), |counts| usize::try_from(counts).unwrap_or(usize::MAX));
        let Some(counted) = bytes.get(..counted) else {
            return self.wrong(&name, format!("the next segment counts {counted} bytes of it, it has {}", bytes.len()));
        };
        let found = frames::frames(counted);
        self.sound.insert(number, found.end as u64);
        if found.end < counted.len() && (found.damaged || counts.is_some()) {
            self.wrong(&name, format!("byte {}: no frame, though what lies there was synced", found.end));
        }
        let mut group = 0;
        for (index, frame) in found.frames.iter().enumerate() {
            let place = format!("{name} byte {}", frame.at);
            if frame.back == 0 {
                group = frame.at;
            } else if frame.group() != Some(group) {
                self.wrong(&place, "the frame does not say where its group begins");
            }
            match frame.kind {
                Kind::Segment if index == 0 => self.head(number, frame),
                Kind::Record if index > 0 => self.record(&place, frame),
                Kind::Checkpoint if index > 0 => self.checkpoint(&place, frame.payload, false),
                Kind::Segment | Kind::Record | Kind::Checkpoint => {
                    self.wrong(&place, "a segment has one head, and it comes first");
                }
            }
        }
    }

    fn head(&mut self, number: u32, frame: &Frame<'_>) {
        let name = segment_name(number);
        let Ok(head) = serde_json::from_slice::<SegmentHead>(frame.payload) else {
            return self.wrong(&name, "its head cannot be read");
        };
        let next = self.journal.last_seq() + 1;
        if (head.station.as_str(), head.segment) != (self.station, number) {
            self.wrong(&name, format!("its head is that of segment {} of {}", head.segment, head.station));
        }
        if head.first_seq != next || frames::unhex(&head.prev) != Some(self.journal.last_head()) {
            self.wrong(&name, format!("it begins with record {}, not with {next} of the chain", head.first_seq));
        }
    }

    fn record(&mut self, place: &str, frame: &Frame<'_>) {
        let (next, head) = (self.journal.last_seq() + 1, self.journal.last_head());
        let Some((words, body)) = record::split(frame.payload) else {
            return self.wrong(place, format!("record {next}: its envelope cannot be read"));
        };
        if words.seq != next {
            self.wrong(place, format!("record {} stands where record {next} belongs", words.seq));
        }
        if frames::unhex(&words.prev) != Some(head) {
            self.wrong(place, format!("record {}: its link does not fit the chain before it", words.seq));
        }
        if words.station != self.station {
            self.wrong(place, format!("record {} is one of station {}", words.seq, words.station));
        }
        let body = record::body(&words.kind, body).unwrap_or_else(|wrong| {
            self.findings.add(Promise::Body, format!("{} record {next}", self.station), wrong);
            record::Body::Other
        });
        let linked = *blake3::hash(&[head, frame.digest].concat()).as_bytes();
        self.journal.heads.push(linked);
        let (at, lane, class) = (words.at, words.lane, words.class);
        self.journal.records.push(Record { seq: next, at, lane, class, digest: frame.digest, body });
    }

    /// A signed head: in the journal it must be the head there, in the mark one of those before.
    fn checkpoint(&mut self, place: &str, payload: &[u8], earlier: bool) {
        let place = format!("{} {place}", self.station);
        let mut wrong = |says: String| self.findings.add(Promise::Checkpoint, &place, says);
        let Some((inner, signature)) = signed(payload) else { return wrong("it cannot be read".to_owned()) };
        let Ok(claim) = serde_json::from_slice::<Claim>(inner) else {
            return wrong("what it signs cannot be read".to_owned());
        };
        let key = frames::unhex(&claim.key);
        if key.is_none() || self.key.is_some_and(|known| key != Some(known)) {
            return wrong(format!("record {}: it is not signed with the station's key", claim.seq));
        }
        self.key = key;
        let verifying = key.and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let message = [b"gatepost checkpoint 1\0".as_slice(), inner].concat();
        let fits = verifying.is_some_and(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok());
        if !fits || claim.station != self.station {
            return wrong(format!("record {}: its signature does not fit", claim.seq));
        }
        if !earlier && claim.seq != self.journal.last_seq() {
            return wrong(format!("it signs record {}, and stands after {}", claim.seq, self.journal.last_seq()));
        }
        if claim.seq > self.journal.last_seq() {
            let last = self.journal.last_seq();
            return wrong(format!("the station signed record {}, the journal ends with {last}", claim.seq));
        }
        if self.journal.head(claim.seq).is_some_and(|head| frames::unhex(&claim.head) != Some(head)) {
            wrong(format!("record {}: it signs another head than the journal has there", claim.seq));
        }
    }

    /// The newest checkpoints, kept outside the segments: a journal cut short at a frame's end shows here.
    fn mark(&mut self, files: &JournalFiles) {
        const MARK: &[u8] = b",\"signed\":";
        for slot in files.get("mark").map_or(&[][..], Vec::as_slice).chunks(SLOT_BYTES) {
            // A torn slot is allowed; a sound one must be true.
            let Some(frame) = frames::frame(slot, 0).filter(|frame| frame.kind == Kind::Checkpoint) else { continue };
            let payload = frame.payload;
            let at = payload.windows(MARK.len()).position(|window| window == MARK);
            let place = at.and_then(|at| serde_json::from_slice::<Place>(&[&payload[..at], b"}"].concat()).ok());
            let signed = at.and_then(|at| payload[at + MARK.len()..].strip_suffix(b"}"));
            let (Some(place), Some(signed)) = (place, signed) else {
                self.wrong("mark", "a slot cannot be read");
                continue;
            };
            self.checkpoint("mark", signed, true);
            let sound = self.sound.get(&place.segment).copied().unwrap_or(0);
            if sound < place.bytes && place.segment > self.dropped_segment {
                let says = format!("the mark knows {} bytes of it, {sound} of them can be read", place.bytes);
                self.wrong(&segment_name(place.segment), says);
            }
        }
    }
}

fn segment_name(number: u32) -> String {
    format!("{number:08}.seg")
}

fn segment_number(name: &str) -> Option<u32> {
    name.strip_suffix(".seg").filter(|digits| digits.len() == 8)?.parse().ok()
}

fn segment_head(bytes: &[u8]) -> Option<SegmentHead> {
    let frame = frames::frame(bytes, 0).filter(|frame| frame.kind == Kind::Segment)?;
    serde_json::from_slice(frame.payload).ok()
}

/// The bytes that were signed, and the signature.
fn signed(payload: &[u8]) -> Option<(&[u8], [u8; 64])> {
    const MARK: &[u8] = b",\"signature\":\"";
    let rest = payload.strip_prefix(b"{\"checkpoint\":")?.strip_suffix(b"\"}")?;
    let at = rest.windows(MARK.len()).rposition(|window| window == MARK)?;
    let signature = data_encoding::HEXLOWER.decode(&rest[at + MARK.len()..]).ok()?;
    Some((&rest[..at], signature.try_into().ok()?))
}

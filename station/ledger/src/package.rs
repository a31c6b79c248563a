//! The evidence package: one file that proves, without the station, what it recorded about one item or pass.
//!
//! It holds that item's records verbatim, only the digests of the records between them and the next checkpoint, that
//! checkpoint's signature, the public key, and the images asked for. Checked offline by [`verify_package`].

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::disk::How;
use crate::evidence::{Evidence, EvidenceError};
use crate::journal::View;
use crate::journal::checkpoint;
use crate::journal::envelope::Envelope;
use crate::journal::frame::FrameKind;
use crate::journal::read::{Frames, NextError, ReadError};
use crate::key::PublicKey;

/// Records of one package, and records spanned; beyond, ask for a pass instead of an item.
pub const RECORDS_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// 1.
    pub version: u32,
    pub spans: Vec<Span>,
    pub files: Vec<Attached>,
    /// What stands in the place of records of which only the digest is here: the word of whoever made the package, under
    /// no signature. Opaque to the ledger, and left out of the file where there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<serde_json::Value>,
}

/// A piece of the chain from one of the item's records to the next checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub first_seq: u64,
    /// The head before the first link.
    pub prev: Digest,
    pub links: Vec<Link>,
    /// The checkpoint's text; nothing when none has been signed yet.
    pub checkpoint: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// An envelope, byte for byte.
    Record(String),
    /// The digest of a record about something else.
    D(Digest),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    pub digest: Digest,
    pub base64: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error("record {seq} is not text; run `gatepost verify` on the data folder")]
    NotText { seq: u64 },
    #[error("more than {RECORDS_MAX} records; ask for one pass instead of an item")]
    TooMany,
}

/// Collects the records that `belongs` picks, with what proves them. To have the newest ones signed, call
/// [`crate::journal::Journal::sign_now`] first.
///
/// # Errors
/// When the journal or an image cannot be read.
pub fn package(
    view: &View,
    belongs: &dyn Fn(&Envelope<'_>) -> bool,
    evidence: Option<&Evidence>,
    images: &[Digest],
) -> Result<Package, PackageError> {
    let mut collector = Collector { belongs, spans: Vec::new(), open: None, taken: 0 };
    let durable = view.durable();
    for (at, segment) in durable.segments.iter().enumerate() {
        let end = durable.segments.get(at + 1).map_or(durable.last_seq + 1, |next| next.first_seq);
        let file = view.disk.open(&view.path(segment.number), How::Read).map_err(ReadError::from)?;
        let mut frames = Frames::new(file, 0, segment.bytes);
        let (mut seq, mut head) = (segment.first_seq, segment.prev);
        loop {
            let at = frames.place();
            let placed = match frames.next() {
                Ok(Some(placed)) => placed,
                Ok(None) => break,
                Err(NextError::Disk(error)) => return Err(ReadError::from(error).into()),
                Err(NextError::Frame(what)) => {
                    return Err(ReadError::Damaged { segment: segment.number, at, what }.into());
                }
            };
            match placed.kind {
                FrameKind::Segment => {}
                FrameKind::Record => {
                    collector.record(seq, head, placed.d, frames.bytes(placed.payload))?;
                    head = head.then(placed.d);
                    seq += 1;
                }
                FrameKind::Checkpoint => collector.checkpoint(frames.bytes(placed.payload)),
            }
        }
        if seq != end {
            return Err(ReadError::Missing { segment: segment.number, seq }.into());
        }
    }
    collector.spans.extend(collector.open);
    let mut files = Vec::new();
    for digest in images {
        let Some(evidence) = evidence else { break };
        files.push(Attached { digest: *digest, base64: BASE64.encode(&evidence.get(*digest)?) });
    }
    Ok(Package { version: 1, spans: collector.spans, files, told: Vec::new() })
}

struct Collector<'a> {
    belongs: &'a dyn Fn(&Envelope<'_>) -> bool,
    spans: Vec<Span>,
    open: Option<Span>,
    taken: usize,
}

impl Collector<'_> {
    fn record(&mut self, seq: u64, head: Digest, d: Digest, bytes: &[u8]) -> Result<(), PackageError> {
        let belongs = Envelope::parse(bytes).is_ok_and(|envelope| (self.belongs)(&envelope));
        let link = if belongs {
            self.taken += 1;
            Link::Record(String::from_utf8(bytes.to_vec()).map_err(|_| PackageError::NotText { seq })?)
        } else {
            Link::D(d)
        };
        if self.taken > RECORDS_MAX {
            return Err(PackageError::TooMany);
        }
        match &mut self.open {
            Some(span) => span.links.push(link),
            None if belongs => {
                self.open = Some(Span { first_seq: seq, prev: head, links: vec![link], checkpoint: None });
            }
            None => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, payload: &[u8]) {
        if let Some(mut span) = self.open.take() {
            span.checkpoint = Some(String::from_utf8_lossy(payload).into_owned());
            self.spans.push(span);
        }
    }
}

/// What a package proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub whole: bool,
    /// The item's records, as they were recorded.
    pub records: u64,
    /// Of these, the ones under a signature.
    pub signed: u64,
    pub images: u64,
    /// Decisions that are only told of; nothing proves them.
    pub told: u64,
    /// The key that signed; compare its fingerprint with the station's.
    pub key: Option<String>,
    pub problems: Vec<String>,
}

/// Checks a package without anything else; with `expected`, also that it was signed with this key.
pub fn verify_package(package: &Package, expected: Option<PublicKey>) -> Proof {
    let told = package.told.len() as u64;
    let mut proof = Proof { whole: true, records: 0, signed: 0, images: 0, told, key: None, problems: Vec::new() };
    if package.version != 1 {
        proof.problems.push(format!("version {} is not known here", package.version));
    }
    for span in &package.spans {
        check_span(span, expected, &mut proof);
    }
    for file in &package.files {
        let bytes = BASE64.decode(file.base64.as_bytes()).ok();
        if bytes.is_some_and(|bytes| Digest::of(&bytes) == file.digest) {
            proof.images += 1;
        } else {
            proof.problems.push(format!("image {} is not the one it is named by", file.digest));
        }
    }
    proof.whole = proof.problems.is_empty();
    proof
}

fn check_span(span: &Span, expected: Option<PublicKey>, proof: &mut Proof) {
    let (mut seq, mut head, mut records) = (span.first_seq, span.prev, 0);
    let mut station = None;
    for link in &span.links {
        let d = match link {
            Link::D(d) => *d,
            Link::Record(text) => {
                records += 1;
                match Envelope::parse(text.as_bytes()) {
                    Ok(envelope) if envelope.seq == seq && envelope.prev == head => {
                        station = Some(envelope.station.clone());
                    }
                    _ => proof.problems.push(format!("record {seq} is not linked to the record before it")),
                }
                Digest::of(text.as_bytes())
            }
        };
        (seq, head) = (seq + 1, head.then(d));
    }
    proof.records += records;
    let Some(checkpoint) = &span.checkpoint else {
        proof.problems.push(format!("the records from {} on are not under a signature yet", span.first_seq));
        return;
    };
    match checkpoint::check(checkpoint.as_bytes(), expected) {
        Ok(claim) if claim.seq + 1 == seq && claim.head == head && station.is_none_or(|name| name == claim.station) => {
            if proof.key.as_ref().is_some_and(|key| *key != claim.key) {
                proof.problems.push("the parts were signed with different keys".to_owned());
            }
            proof.key = Some(claim.key);
            proof.signed += records;
        }
        Ok(claim) => proof.problems.push(format!("the signature over record {} does not fit the records", claim.seq)),
        Err(error) => proof.problems.push(format!("the checkpoint after record {}: {error}", span.first_seq)),
    }
}

//! Writes a journal's files by hand, true or forged, from the drawing at the top of `station/ledger/src/lib.rs`.
//!
//! A decision can be written by the judge alone, so the real ledger would refuse half of this evidence; that these
//! bytes are nevertheless the ledger's own is a test in the module above.

use ed25519_dalek::{Signer, SigningKey};
use gatepost_world::checker::JournalFiles;

pub const STATION: &str = "st-01";

/// One record before it is numbered and linked.
#[derive(Clone, Debug)]
pub struct Entry {
    pub lane: String,
    pub at: i64,
    pub kind: &'static str,
    pub class: &'static str,
    pub body: String,
}

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// One segment: every entry a group of its own, then a signed checkpoint, and a mark that says the same.
pub fn journal(entries: &[Entry], signer: &SigningKey) -> JournalFiles {
    let mut head = [0; 32];
    let genesis = hex(&head);
    let opening = format!(
        "{{\"station\":\"{STATION}\",\"segment\":1,\"first_seq\":1,\"prev\":\"{genesis}\",\"before_bytes\":0}}"
    );
    let mut segment = frame(b'S', 0, opening.as_bytes());
    for (seq, entry) in (1u64..).zip(entries) {
        let payload = envelope(seq, &head, entry);
        segment.extend(frame(b'R', 0, payload.as_bytes()));
        head = then(&head, payload.as_bytes());
    }
    let at = entries.last().map_or(0, |entry| entry.at);
    let signed = checkpoint(signer, entries.len() as u64, &head, at);
    segment.extend(frame(b'C', 0, signed.as_bytes()));
    let slot = format!("{{\"segment\":1,\"bytes\":{},\"signed\":{signed}}}", segment.len());
    let mut mark = vec![0; 4096];
    mark.extend(frame(b'C', 0, slot.as_bytes()));
    mark.resize(3 * 4096, 0);
    JournalFiles::from([("00000001.seg".to_owned(), segment), ("mark".to_owned(), mark)])
}

fn envelope(seq: u64, prev: &[u8; 32], entry: &Entry) -> String {
    let Entry { lane, at, kind, class, body } = entry;
    let prev = hex(prev);
    format!(
        "{{\"seq\":{seq},\"prev\":\"{prev}\",\"station\":\"{STATION}\",\"lane\":\"{lane}\",\"at\":{at},\
         \"kind\":\"{kind}\",\"class\":\"{class}\",\"audience\":\"all\",\"body\":{body}}}"
    )
}

pub fn checkpoint(signer: &SigningKey, seq: u64, head: &[u8; 32], at: i64) -> String {
    let (head, key) = (hex(head), hex(signer.verifying_key().as_bytes()));
    let claim =
        format!("{{\"station\":\"{STATION}\",\"seq\":{seq},\"head\":\"{head}\",\"at\":{at},\"key\":\"{key}\"}}");
    let message = [b"gatepost checkpoint 1\0".as_slice(), claim.as_bytes()].concat();
    let signature = hex(&signer.sign(&message).to_bytes());
    format!("{{\"checkpoint\":{claim},\"signature\":\"{signature}\"}}")
}

fn then(head: &[u8; 32], payload: &[u8]) -> [u8; 32] {
    *blake3::hash(&[head.as_slice(), blake3::hash(payload).as_bytes()].concat()).as_bytes()
}

pub fn frame(kind: u8, back: u32, payload: &[u8]) -> Vec<u8> {
    let digest = blake3::hash(payload);
    let mut bytes = vec![b'G', kind, 1, 0];
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(back.to_le_bytes());
    let check = |i: usize| digest.as_bytes()[i] ^ bytes[i] ^ if i < 4 { bytes[8 + i] } else { 0 };
    let check: Vec<u8> = (0..8).map(check).collect();
    bytes.extend(check);
    bytes.extend(payload);
    bytes
}

/// Where each frame of a segment begins and ends.
pub fn frames(segment: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some(length) = segment.get(at + 4..at + 8) {
        let length = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        frames.push(at..at + 20 + length);
        at += 20 + length;
    }
    frames
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

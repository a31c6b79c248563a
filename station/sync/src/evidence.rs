//! Pieces of at most 128 KiB, each saying which whole it belongs to and where: evidence on its way to central, and packages
//! on their way to a station ([`crate::parts`]).
//!
//! Resumable from any byte: central says how much it has ([`crate::acks::EvidenceAck`]) and the station goes on there.
//! The whole is named by its digest, so a piece put in the wrong place is found at the end at the latest.

use crate::chain::Digest;
use crate::limits::{CHUNK_BYTES_MAX, EVIDENCE_BYTES_MAX};

const DIGEST: &str = "digest";
const OFFSET: &str = "offset";
const TOTAL: &str = "total";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// BLAKE3 of the whole.
    pub digest: Digest,
    /// Where this piece begins, in bytes.
    pub offset: u64,
    /// Bytes of the whole.
    pub total: u64,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAChunk {
    #[error("the property `{0}` is missing or no number")]
    Property(&'static str),
    #[error("a piece holds 1 to {CHUNK_BYTES_MAX} bytes, this one {0}")]
    Size(usize),
    #[error("the piece ends behind its whole, or the whole is more than {EVIDENCE_BYTES_MAX} bytes")]
    Place,
}

impl Chunk {
    pub fn properties(&self) -> Vec<(String, String)> {
        vec![
            (DIGEST.to_owned(), self.digest.to_string()),
            (OFFSET.to_owned(), self.offset.to_string()),
            (TOTAL.to_owned(), self.total.to_string()),
        ]
    }

    /// # Errors
    /// [`NotAChunk`] when a property is missing or the piece does not fit its whole.
    pub fn read(properties: &[(String, String)], bytes: Vec<u8>) -> Result<Self, NotAChunk> {
        let text = |name: &str| properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let number = |name: &'static str| {
            text(name).and_then(|value| value.parse::<u64>().ok()).ok_or(NotAChunk::Property(name))
        };
        if !(1..=CHUNK_BYTES_MAX).contains(&bytes.len()) {
            return Err(NotAChunk::Size(bytes.len()));
        }
        let digest = text(DIGEST).and_then(Digest::parse).ok_or(NotAChunk::Property(DIGEST))?;
        let (offset, total) = (number(OFFSET)?, number(TOTAL)?);
        let fits = offset.checked_add(bytes.len() as u64).is_some_and(|end| end <= total);
        if !fits || total > EVIDENCE_BYTES_MAX {
            return Err(NotAChunk::Place);
        }
        Ok(Self { digest, offset, total, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(offset: u64, total: u64, bytes: usize) -> Chunk {
        Chunk { digest: Digest::of(b"whole"), offset, total, bytes: vec![7; bytes] }
    }

    fn reread(chunk: &Chunk) -> Result<Chunk, NotAChunk> {
        Chunk::read(&chunk.properties(), chunk.bytes.clone())
    }

    #[test]
    fn a_piece_must_fit_its_whole() {
        assert!(reread(&chunk(0, 1, 1)).is_ok());
        assert_eq!(reread(&chunk(1, 1, 1)), Err(NotAChunk::Place));
        assert_eq!(reread(&chunk(u64::MAX, 1, 1)), Err(NotAChunk::Place));
        assert_eq!(reread(&chunk(0, EVIDENCE_BYTES_MAX + 1, 1)), Err(NotAChunk::Place));
        assert_eq!(reread(&chunk(0, 9, 0)), Err(NotAChunk::Size(0)));
        assert_eq!(reread(&chunk(0, 1 << 20, CHUNK_BYTES_MAX + 1)), Err(NotAChunk::Size(CHUNK_BYTES_MAX + 1)));
        assert_eq!(Chunk::read(&[], vec![1]), Err(NotAChunk::Property("digest")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_written_is_read(offset in 0_u64..1_000_000, rest in 0_u64..1_000_000, bytes in 1_usize..2_000) {
            let chunk = chunk(offset, offset + bytes as u64 + rest, bytes);
            prop_assert_eq!(reread(&chunk), Ok(chunk));
        }
    }
}

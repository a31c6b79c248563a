//! Reading a record's envelope and its place in the station's chain. Writes neither: the ledger does.
//!
//! The chain itself is defined where records are ([`gatepost_pipeline::record::chain`]).
//! `d(n) = BLAKE3(bytes)`, `head(n) = BLAKE3(head(n-1) ‖ d(n))`, and record n carries `prev = head(n-1)`. So every record
//! claims its own head, and two neighbours prove or disprove their link without any third. The first record is
//! [`FIRST`]; `head(0)` is 32 zero bytes.

pub use gatepost_pipeline::record::chain::Digest;

use crate::limits::RECORD_BYTES_MAX;

/// The sequence number of a station's first record.
pub const FIRST: u64 = 1;

/// The envelope with its body, one object, taken apart.
pub type Envelope = gatepost_pipeline::record::envelope::Envelope<serde_json::Map<String, serde_json::Value>>;

/// A record as it came over the wire, with what its bytes prove by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub envelope: Envelope,
    pub digest: Digest,
    /// `head(seq)`, if `prev` is true.
    pub head: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{0} bytes are more than a record may have ({RECORD_BYTES_MAX})")]
    TooLarge(usize),
    #[error("not a record's envelope: {0}")]
    NotAnEnvelope(String),
    #[error("records begin with number {FIRST}")]
    BeforeFirst,
    #[error("record {FIRST} must follow 64 zeros, not {0}")]
    FalseBeginning(Digest),
    #[error("sequence number {0} is beyond what can be stored (2^63 - 1)")]
    SequenceTooHigh(u64),
}

impl Received {
    /// # Errors
    /// [`Unreadable`] when the bytes are no envelope, or contradict themselves.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(Unreadable::TooLarge(bytes.len()));
        }
        let envelope: Envelope =
            Envelope::parse(bytes).map_err(|error| Unreadable::NotAnEnvelope(error.to_string()))?;
        if envelope.seq < FIRST {
            return Err(Unreadable::BeforeFirst);
        }
        if envelope.seq == FIRST && envelope.prev != Digest::ZERO {
            return Err(Unreadable::FalseBeginning(envelope.prev));
        }
        if i64::try_from(envelope.seq).is_err() {
            return Err(Unreadable::SequenceTooHigh(envelope.seq));
        }
        let digest = Digest::of(bytes);
        let head = envelope.prev.then(digest);
        Ok(Self { envelope, digest, head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_pipeline::record::{Audience, Class};
    use proptest::prelude::*;

    pub(crate) fn record(seq: u64, prev: Digest) -> String {
        format!(
            r#"{{"seq":{seq},"prev":"{prev}","station":"st-01","lane":"A","at":1700000000000,"kind":"decision","class":"alert","audience":{{"restricted":{{"group":"narcotics","cover":"sampled"}}}},"body":{{"pass":"A/1/{seq}"}}}}"#
        )
    }

    #[test]
    fn a_record_proves_its_head() {
        let first = Received::read(record(1, Digest::ZERO).as_bytes()).unwrap();
        assert_eq!(first.envelope.class, Class::Alert);
        assert_eq!(
            first.envelope.audience,
            Audience::Restricted { group: "narcotics".into(), cover: "sampled".into() }
        );
        let mut joined = [0; 64];
        joined[32..].copy_from_slice(blake3::hash(record(1, Digest::ZERO).as_bytes()).as_bytes());
        assert_eq!(first.head.0, *blake3::hash(&joined).as_bytes());
        let second = Received::read(record(2, first.head).as_bytes()).unwrap();
        assert_eq!(second.envelope.prev, first.head);
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let good = record(3, Digest::of(b"x"));
        assert!(Received::read(good.as_bytes()).is_ok());
        for bad in [
            good.replace("\"lane\":\"A\",", ""),
            good.replace("\"lane\"", "\"lain\""),
            good.replace("\"kind\":\"decision\"", "\"kind\":\"guess\""),
            good.replace("\"seq\":3", "\"seq\":-3"),
            good.replace("\"body\":{", "\"body\":[{").replace("}}", "}]}"),
            format!("{good} ") + "{}",
        ] {
            assert!(matches!(Received::read(bad.as_bytes()), Err(Unreadable::NotAnEnvelope(_))), "{bad}");
        }
        assert_eq!(Received::read(record(0, Digest::ZERO).as_bytes()), Err(Unreadable::BeforeFirst));
        let late_beginning = record(1, Digest::of(b"x"));
        assert!(matches!(Received::read(late_beginning.as_bytes()), Err(Unreadable::FalseBeginning(_))));
        assert_eq!(Received::read(&vec![b' '; RECORD_BYTES_MAX + 1]), Err(Unreadable::TooLarge(RECORD_BYTES_MAX + 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_changed_byte_changes_the_head_or_is_refused(at in 0_usize..300, flip in 1_u8..=255) {
            let good = record(7, Digest::of(b"before")).into_bytes();
            let mut changed = good.clone();
            let at = at % changed.len();
            changed[at] ^= flip;
            if let Ok(read) = Received::read(&changed) {
                prop_assert_ne!(read.head, Received::read(&good).unwrap().head);
            }
        }
    }
}

//! History in runs: records that waited for a connection, several in one message, each envelope on a line of its own.
//!
//! A broker's work and a network's is per message; a station that comes back after days has hundreds of thousands of records
//! that nobody waits for one by one. What is fresh still goes alone, on the topic of its class. Envelopes are canonical JSON,
//! which holds no line break, so the lines are the very bytes that were hashed. Central says in its acknowledgements that it
//! takes runs ([`crate::acks::Ack::runs`]); one that does not say so gets single records.

use crate::limits::{RECORD_BYTES_MAX, RUN_BYTES_MAX, RUN_RECORDS_MAX};
use crate::outbox::Outgoing;

/// One JSON text a line.
pub const LINES: &str = "application/x-ndjson";
const END: u8 = b'\n';

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARun {
    #[error("a run of {0} bytes is more than {max}", max = RUN_BYTES_MAX + RECORD_BYTES_MAX)]
    TooLarge(usize),
    #[error("a run of more than {RUN_RECORDS_MAX} records")]
    TooMany,
    #[error("a run that ends within a line")]
    CutOff,
}

/// Whether this record may follow `records` in one message.
pub fn fits(records: &[Outgoing], bytes: usize, next: &Outgoing) -> bool {
    records.len() < RUN_RECORDS_MAX && bytes + next.bytes.len() < RUN_BYTES_MAX && !next.bytes.contains(&END)
}

pub fn write(records: &[Outgoing]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.iter().map(|record| record.bytes.len() + 1).sum());
    for record in records {
        bytes.extend_from_slice(&record.bytes);
        bytes.push(END);
    }
    bytes
}

/// The envelopes of a run, not read yet.
///
/// # Errors
/// [`NotARun`] when there are too many bytes or lines, or the last line has no end.
pub fn read(bytes: &[u8]) -> Result<Vec<&[u8]>, NotARun> {
    if bytes.len() > RUN_BYTES_MAX + RECORD_BYTES_MAX {
        return Err(NotARun::TooLarge(bytes.len()));
    }
    let Some((&END, lines)) = bytes.split_last() else { return Err(NotARun::CutOff) };
    let lines: Vec<&[u8]> = lines.split(|&byte| byte == END).take(RUN_RECORDS_MAX + 1).collect();
    if lines.len() > RUN_RECORDS_MAX { Err(NotARun::TooMany) } else { Ok(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_pipeline::record::{Class, Kind};
    use proptest::prelude::*;

    fn record(bytes: &[u8]) -> Outgoing {
        Outgoing { seq: 1, class: Class::Decision, kind: Kind::Decision, at_ms: 0, bytes: bytes.to_vec() }
    }

    #[test]
    fn the_written_form_is_frozen() {
        assert_eq!(write(&[record(b"{\"a\":1}"), record(b"{}")]), b"{\"a\":1}\n{}\n");
    }

    #[test]
    fn what_is_cut_off_or_beyond_its_bounds_is_refused() {
        assert_eq!(read(b""), Err(NotARun::CutOff));
        assert_eq!(read(b"{}\n{"), Err(NotARun::CutOff));
        assert_eq!(read(&b"{}\n".repeat(RUN_RECORDS_MAX)).unwrap().len(), RUN_RECORDS_MAX);
        assert_eq!(read(&b"{}\n".repeat(RUN_RECORDS_MAX + 1)), Err(NotARun::TooMany));
        let large = RUN_BYTES_MAX + RECORD_BYTES_MAX + 1;
        assert_eq!(read(&vec![b'\n'; large]), Err(NotARun::TooLarge(large)));
    }

    #[test]
    fn only_what_stays_in_its_bounds_and_on_its_line_goes_together() {
        assert!(fits(&[record(b"{}")], 2, &record(b"{}")));
        assert!(!fits(&[record(b"{}")], 2, &record(b"{\n}")));
        assert!(!fits(&[record(b"{}")], RUN_BYTES_MAX - 2, &record(b"{}")));
        assert!(!fits(&vec![record(b"{}"); RUN_RECORDS_MAX], 200, &record(b"{}")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn what_is_written_is_read_back_byte_for_byte(
            bodies in proptest::collection::vec(proptest::collection::vec(11u8..=255, 0..40), 1..20),
        ) {
            let records: Vec<Outgoing> = bodies.iter().map(|body| record(body)).collect();
            let written = write(&records);
            prop_assert_eq!(read(&written).unwrap(), bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}

//! What central tells a station it has: the only reason for which a station may forget anything.
//!
//! `ranges` is the whole state and grows: committed *and* the chain verified up to there; retention may drop those.
//! `received` speaks of one commit only: these are in central's store, don't send them again, but keep them (a record
//! before them is missing, so their chain is not verified). `session` changes whenever central (re)connects: what was
//! under way to the session before may never have arrived. Where several consumers share the stations' messages, each has
//! its own sessions and says which one it is.

use serde::{Deserialize, Serialize};

use crate::chain::{Digest, FIRST};
use crate::limits::{ACK_BYTES_MAX, ACK_RANGES_MAX};
use crate::ranges::RangeSet;
use crate::topics::Name;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub station: Name,
    /// Central's connection, by its time in milliseconds.
    pub session: u64,
    /// Which of several consumers says this; 0 where there is one.
    #[serde(default, skip_serializing_if = "is_alone")]
    pub consumer: u32,
    /// Durable at central and verified: may be forgotten here.
    pub ranges: RangeSet,
    /// Durable at central since this commit.
    #[serde(default)]
    pub received: RangeSet,
    /// The highest sequence number central has ever stored of this station; nothing before the first. A station whose
    /// own memory ends below has lost its tail.
    pub high: Option<u64>,
    #[serde(default)]
    pub evidence: Vec<EvidenceAck>,
    /// Central takes history in runs ([`crate::runs`]).
    #[serde(default, skip_serializing_if = "is_false")]
    pub runs: bool,
}

/// How much of one image or package central has on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceAck {
    pub digest: Digest,
    /// Bytes from the beginning, without a hole. The station goes on from here.
    pub have: u64,
    /// Whole and its digest true.
    #[serde(default)]
    pub complete: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_alone(consumer: &u32) -> bool {
    *consumer == 0
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(what: &bool) -> bool {
    !*what
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAck {
    #[error("an acknowledgement of {0} bytes is more than {ACK_BYTES_MAX}")]
    TooLarge(usize),
    #[error("an acknowledgement of {0} ranges is more than {ACK_RANGES_MAX}")]
    TooManyRanges(usize),
    #[error("not an acknowledgement: {0}")]
    Unreadable(String),
    #[error("an acknowledgement for station {0}, not for this one")]
    ForAnother(Name),
}

impl Ack {
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising numbers and names into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The last record up to which nothing is missing at central and every link holds.
    pub fn verified_to(&self) -> Option<u64> {
        self.ranges
            .first_missing(FIRST)
            .map_or(self.ranges.highest(), |missing| missing.checked_sub(1).filter(|last| *last >= FIRST))
    }

    /// # Errors
    /// [`NotAnAck`] when it is too large, unreadable, or meant for another station.
    pub fn read(bytes: &[u8], station: &Name) -> Result<Self, NotAnAck> {
        if bytes.len() > ACK_BYTES_MAX {
            return Err(NotAnAck::TooLarge(bytes.len()));
        }
        let ack: Self = serde_json::from_slice(bytes).map_err(|error| NotAnAck::Unreadable(error.to_string()))?;
        let ranges = ack.ranges.range_count() + ack.received.range_count();
        if ranges > ACK_RANGES_MAX {
            return Err(NotAnAck::TooManyRanges(ranges));
        }
        if ack.station != *station {
            return Err(NotAnAck::ForAnother(ack.station));
        }
        Ok(ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn station() -> Name {
        Name::new("st-01").unwrap()
    }

    #[test]
    fn the_written_form_is_frozen() {
        let ack = Ack {
            station: station(),
            session: 7,
            consumer: 0,
            ranges: (1..=41).collect(),
            received: [50..=50, 60..=69].into_iter().collect(),
            high: Some(69),
            evidence: vec![],
            runs: false,
        };
        let written =
            r#"{"station":"st-01","session":7,"ranges":[[1,41]],"received":[[50,50],[60,69]],"high":69,"evidence":[]}"#;
        assert_eq!(String::from_utf8(ack.to_bytes()).unwrap(), written);
        assert_eq!(ack.verified_to(), Some(41));
        assert_eq!(Ack { ranges: RangeSet::new(), ..ack.clone() }.verified_to(), None);
        assert_eq!(Ack { ranges: (5..=9).collect(), ..ack.clone() }.verified_to(), None);
        assert_eq!(Ack::read(written.as_bytes(), &station()), Ok(ack.clone()));
        let shared = Ack { consumer: 9, runs: true, ..ack };
        let written = written.replace("7,", r#"7,"consumer":9,"#).replace("[]}", r#"[],"runs":true}"#);
        assert_eq!(String::from_utf8(shared.to_bytes()).unwrap(), written);
        assert_eq!(Ack::read(written.as_bytes(), &station()), Ok(shared));
    }

    #[test]
    fn another_stations_and_oversized_acknowledgements_are_refused() {
        let other = br#"{"station":"st-02","session":7,"ranges":[[0,41]],"high":41}"#;
        assert_eq!(Ack::read(other, &station()), Err(NotAnAck::ForAnother(Name::new("st-02").unwrap())));
        let many: RangeSet = (0..=ACK_RANGES_MAX as u64).map(|n| n * 2).collect();
        let ack = Ack {
            station: station(),
            session: 0,
            consumer: 0,
            ranges: many,
            received: RangeSet::new(),
            high: None,
            evidence: vec![],
            runs: false,
        };
        assert_eq!(Ack::read(&ack.to_bytes(), &station()), Err(NotAnAck::TooManyRanges(ACK_RANGES_MAX + 1)));
        assert_eq!(Ack::read(&vec![b' '; ACK_BYTES_MAX + 1], &station()), Err(NotAnAck::TooLarge(ACK_BYTES_MAX + 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Ack::read(&bytes, &station()).is_err());
        }
    }
}

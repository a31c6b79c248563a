//! `up/status`: retained, and the last will. What central knows of a station that says nothing else.

use serde::{Deserialize, Serialize};

use crate::topics::Name;

/// The largest status taken.
pub const STATUS_BYTES_MAX: usize = 4 << 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub station: Name,
    pub online: bool,
    /// When this connection began, milliseconds since 1970; the last will carries the same, so that an old will is not
    /// taken for a new one.
    pub since_ms: i64,
    /// The highest sequence number the station has recorded: what is missing below it is a gap.
    pub high: Option<u64>,
    /// Records central has not confirmed.
    pub backlog: u64,
    pub software: String,
}

impl Status {
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising numbers and names into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Nothing when it is too large, unreadable, or speaks for another station than the topic.
    pub fn read(bytes: &[u8], station: &Name) -> Option<Self> {
        let status: Self = serde_json::from_slice(bytes.get(..bytes.len().min(STATUS_BYTES_MAX))?).ok()?;
        (status.station == *station).then_some(status)
    }

    /// What the broker says for the station when its connection breaks.
    pub fn last_will(&self) -> Self {
        Self { online: false, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_speaks_for_itself_only() {
        let station = Name::new("st-01").unwrap();
        let status = Status {
            station: station.clone(),
            online: true,
            since_ms: 5,
            high: Some(9),
            backlog: 2,
            software: "0.1.0".into(),
        };
        assert_eq!(Status::read(&status.to_bytes(), &station), Some(status.clone()));
        assert_eq!(Status::read(&status.to_bytes(), &Name::new("st-02").unwrap()), None);
        assert_eq!(Status::read(b"online", &station), None);
        let will = status.last_will();
        assert!(!will.online && will.since_ms == status.since_ms);
    }
}

//! What a journal says about a lane's last life: which passes never ended, and which epochs were used.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::pass::PassKey;
use crate::record::Kind;

/// Read once at start, over all records, in order.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    open: BTreeSet<PassKey>,
    epoch_last: u32,
}

#[derive(Deserialize)]
struct Named {
    pass: Option<PassKey>,
    end: Option<serde::de::IgnoredAny>,
    controller_epoch: Option<u32>,
}

impl Recovery {
    /// Takes one record of the lane. Bodies that name no pass change nothing.
    pub fn read(&mut self, kind: Kind, body: &[u8]) {
        if !matches!(kind, Kind::Decision | Kind::Sighting | Kind::Config) {
            return;
        }
        let Ok(named) = serde_json::from_slice::<Named>(body) else { return };
        self.epoch_last = self.epoch_last.max(named.controller_epoch.unwrap_or(0));
        let Some(pass) = named.pass else { return };
        self.epoch_last = self.epoch_last.max(pass.epoch);
        match kind {
            Kind::Decision => drop(self.open.insert(pass)),
            Kind::Sighting if named.end.is_some() => drop(self.open.remove(&pass)),
            _ => {}
        }
    }

    /// Passes with a decision and no accounted end.
    pub fn open(&self) -> Vec<PassKey> {
        self.open.iter().copied().collect()
    }
    pub fn epoch_next(&self) -> u32 {
        self.epoch_last + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_and_never_left_is_open() {
        let mut recovery = Recovery::default();
        recovery.read(Kind::Config, br#"{"controller_epoch":4}"#);
        for pass in 1..=3 {
            recovery.read(Kind::Decision, format!("{{\"pass\":\"north/3/{pass}\",\"revision\":1}}").as_bytes());
        }
        recovery.read(Kind::Sighting, br#"{"pass":"north/3/2","end":"exam"}"#);
        recovery.read(Kind::Sighting, br#"{"pass":null,"end":"exam"}"#);
        recovery.read(Kind::Device, b"not even JSON");
        let open: Vec<String> = recovery.open().iter().map(PassKey::to_string).collect();
        assert_eq!(open, ["north/3/1", "north/3/3"]);
        assert_eq!(recovery.epoch_next(), 5);
    }
}

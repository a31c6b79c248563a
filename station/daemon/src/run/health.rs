//! The health of each part, as devices' tasks say it and the page and `doctor` show it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gatepost_hardware::units::WallMs;
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct PartHealth {
    pub works: bool,
    pub since: WallMs,
    /// What is wrong and what to do; empty while it works.
    pub says: String,
    /// Who the device says it is; empty where it did not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identity: String,
}

/// As much of a device's own name as is kept.
const IDENTITY_CHARS_MAX: usize = 120;

/// All parts' health, shared.
#[derive(Clone, Default)]
pub struct HealthBoard {
    parts: Arc<Mutex<BTreeMap<String, PartHealth>>>,
}

/// One part's pen on the board.
#[derive(Clone)]
pub struct Health {
    name: String,
    board: HealthBoard,
}

impl HealthBoard {
    pub fn part(&self, name: &str) -> Health {
        let health = Health { name: name.to_owned(), board: self.clone() };
        health.down("has not been heard yet");
        health
    }
    pub fn read(&self) -> BTreeMap<String, PartHealth> {
        self.parts.lock().map(|parts| parts.clone()).unwrap_or_default()
    }
}

impl Health {
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn up(&self) {
        self.set(true, "");
    }
    pub fn down(&self, says: &str) {
        self.set(false, says);
    }
    /// The device named itself. Control characters of it are not shown.
    pub fn identity(&self, says: &str) {
        let shown: String = says.chars().filter(|letter| !letter.is_control()).take(IDENTITY_CHARS_MAX).collect();
        let Ok(mut parts) = self.board.parts.lock() else { return };
        if let Some(part) = parts.get_mut(&self.name).filter(|part| part.identity != shown) {
            tracing::info!(part = %self.name, "it says that it is {shown}");
            part.identity = shown;
        }
    }

    fn set(&self, works: bool, says: &str) {
        let Ok(mut parts) = self.board.parts.lock() else { return };
        let since = crate::run::clock::wall_now();
        let known = parts.get(&self.name);
        let since = known.filter(|part| part.works == works).map_or(since, |part| part.since);
        if known.is_none_or(|part| part.works != works || part.says != says) {
            match works {
                true => tracing::info!(part = %self.name, "works"),
                false => tracing::warn!(part = %self.name, "{says}"),
            }
            let identity = known.map(|part| part.identity.clone()).unwrap_or_default();
            parts.insert(self.name.clone(), PartHealth { works, since, says: says.to_owned(), identity });
        }
    }
}

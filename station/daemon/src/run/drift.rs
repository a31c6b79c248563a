//! The drift guard of one X-ray: its reference on the disk, its word to the lane and to the page.
//!
//! The guard itself is `models`' and sees numbers only. What it holds its scanner against is a small file in the data
//! folder, so that a slow change is heard across restarts; who has calibrated or repaired the scanner removes the file, and
//! the next pictures make a new one. Nothing here delays a picture's verdict.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use gatepost_ledger::disk::{DiskError, SharedDisk, read, replace};
use gatepost_models::drift::{Guard, Reference, Sign, Vitals};
use gatepost_pipeline::event::Event;
use gatepost_pipeline::judge::Fault;

use crate::run::feed::Feed;
use crate::run::health::Health;

/// Longer than any reference is.
const REFERENCE_BYTES_MAX: usize = 4_096;

/// Which X-rays of a lane drift; the lane hears of the first and of the last.
pub type Drifting = Arc<Mutex<BTreeSet<u8>>>;

/// Watches one X-ray of a lane.
#[derive(Clone)]
pub struct Watch {
    guard: Arc<Mutex<Guard>>,
    disk: SharedDisk,
    /// Of its reference, in the data folder.
    path: String,
    health: Health,
    drifting: Drifting,
    device: u8,
}

impl Watch {
    /// Takes up the reference that was kept; without one, or with one that cannot be read, it learns anew and says so.
    pub fn open(disk: SharedDisk, lane: &str, name: &str, device: u8, health: Health, drifting: Drifting) -> Self {
        let path = format!("scanners/{lane}-{name}.json");
        let guard = match kept(&disk, &path) {
            Ok(Some(reference)) => Guard::with(reference),
            Ok(None) => Guard::default(),
            Err(why) => {
                tracing::warn!("{path}: {why}; the next pictures make a new reference");
                Guard::default()
            }
        };
        health.up();
        Self { guard: Arc::new(Mutex::new(guard)), disk, path, health, drifting, device }
    }

    /// One more picture.
    pub fn hear(&self, vitals: &Vitals, feed: &Feed) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let learns = guard.reference().is_none();
        if !guard.hear(vitals) {
            return;
        }
        if learns && let Some(reference) = guard.reference() {
            match keep(&self.disk, &self.path, reference) {
                Ok(()) => tracing::info!("{}: how this X-ray sees is learnt and kept", self.path),
                Err(error) => tracing::warn!("{}: {error}; it is learnt again at the next start", self.path),
            }
        }
        let signs = guard.drifting();
        if signs.is_empty() {
            self.health.up()
        } else {
            self.health.down(&says(signs))
        }
        let mut drifting = self.drifting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = !drifting.is_empty();
        if signs.is_empty() {
            drifting.remove(&self.device)
        } else {
            drifting.insert(self.device)
        };
        if before == drifting.is_empty() {
            feed.offer(Event::Part { fault: Fault::Drift, failed: !before });
        }
    }
}

fn says(signs: &[Sign]) -> String {
    signs.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn kept(disk: &SharedDisk, path: &str) -> Result<Option<Reference>, String> {
    let Some(bytes) = read(disk.as_ref(), path, REFERENCE_BYTES_MAX).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
    let reference: Reference = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if reference.is_sane() { Ok(Some(reference)) } else { Err("holds numbers that no scanner has".to_owned()) }
}

fn keep(disk: &SharedDisk, path: &str, reference: &Reference) -> Result<(), DiskError> {
    let text = serde_json::to_string(reference).unwrap_or_default();
    disk.create_dir("scanners")?;
    replace(disk.as_ref(), path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::feed::feed;
    use crate::run::health::HealthBoard;
    use gatepost_ledger::disk::memory::MemoryDisk;
    use gatepost_models::drift::{Air, LEARNING};
    use std::time::{Duration, Instant};

    fn picture(number: u32, light: f64) -> Vitals {
        // A little wander, as any scanner has.
        let level = 60_000.0 * light * (1.0 + 0.001 * f64::from(number % 5));
        let air = Air { level, grain: 0.007 + 0.0002 * f64::from(number % 7) };
        Vitals { air: Some([air, air]), energies: Some(1.35), found: false, blind: false }
    }

    #[test]
    fn a_drifting_x_ray_tells_lane_and_page_across_a_restart_and_takes_it_back() {
        let disk: SharedDisk = Arc::new(MemoryDisk::default());
        let board = HealthBoard::default();
        let drifting = Drifting::default();
        let open = || Watch::open(disk.clone(), "north", "tunnel", 2, board.part("north drift"), drifting.clone());
        let (told, fed) = feed(Instant::now());
        let first = open();
        (0..LEARNING).for_each(|number| first.hear(&picture(number, 1.0), &told));
        assert!(kept(&disk, "scanners/north-tunnel.json").expect("it is sane").is_some(), "the reference is kept");
        // A restart; since then the light has fallen by a fiftieth.
        let watch = open();
        (0..40).for_each(|number| watch.hear(&picture(number, 0.98), &told));
        let said = fed.next(Duration::ZERO).expect("a feed");
        assert!(matches!(said, Some(Event::Part { fault: Fault::Drift, failed: true })), "{said:?}");
        let says = &board.read()["north drift"];
        assert!(!says.works && says.says.contains("calibrate"), "{says:?}");
        (0..200).for_each(|number| watch.hear(&picture(number, 1.0), &told));
        let said = fed.next(Duration::ZERO).expect("a feed");
        assert!(matches!(said, Some(Event::Part { fault: Fault::Drift, failed: false })), "{said:?}");
        assert!(board.read()["north drift"].works);
        assert!(fed.next(Duration::ZERO).expect("a feed").is_none(), "it is said once");
    }

    #[test]
    fn a_damaged_reference_is_learnt_anew() {
        let disk: SharedDisk = Arc::new(MemoryDisk::default());
        disk.create_dir("scanners").expect("made");
        for bytes in [&b"{\"pictures\":0}"[..], b"\xFF", &[b'#'; REFERENCE_BYTES_MAX + 1]] {
            replace(disk.as_ref(), "scanners/north-tunnel.json", bytes).expect("written");
            assert!(kept(&disk, "scanners/north-tunnel.json").is_err());
            let health = HealthBoard::default().part("drift");
            let watch = Watch::open(disk.clone(), "north", "tunnel", 0, health, Drifting::default());
            assert!(watch.guard.lock().expect("free").reference().is_none());
        }
    }
}

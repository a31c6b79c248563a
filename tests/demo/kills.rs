//! Deaths of the station's process at moments of the seed. Apart from faults: nothing is degraded, a life just ends.

use std::time::{Duration, Instant};

use gatepost_virtual::xray::random::{Random, mix};

use crate::process::Process;
use crate::station::FAULTS_FROM_MS;

pub struct Kills {
    start: Instant,
    /// Rising.
    moments: Vec<Duration>,
}

impl Kills {
    /// So many moments while parcels are on the belts.
    pub fn draw(seed: u64, count: u32, longest_ms: u64) -> Self {
        let mut random = Random::new(mix(seed ^ 0xDEAD));
        let from = FAULTS_FROM_MS.min(longest_ms / 4);
        let span = (longest_ms * 9 / 10).saturating_sub(from).max(1);
        let mut moments: Vec<Duration> =
            (0..count).map(|_| Duration::from_millis(from + random.bits() % span)).collect();
        moments.sort_unstable();
        Self { start: Instant::now(), moments }
    }

    /// Kills when it is time.
    pub fn act(&mut self, station: Option<&Process>) {
        let due = self.moments.first().is_some_and(|moment| self.start.elapsed() >= *moment);
        if let (true, Some(station)) = (due, station) {
            let moment = self.moments.remove(0);
            println!("kill -9 of the station at {}.{:03} s", moment.as_secs(), moment.subsec_millis());
            station.kill();
        }
    }
}

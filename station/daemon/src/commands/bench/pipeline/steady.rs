//! `bench pipeline --rate`: pictures come at a rate, whether or not the one before is done, and none may pile up.
//!
//! Apart from the other figure because here a picture's time begins when it was due: what waits counts.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{percentile_of, warm};
use crate::commands::Failure;

#[derive(Serialize)]
pub(in crate::commands::bench) struct Figures {
    /// Most pictures that waited in the last minute ÷ in the first, one where none waited: what grows is above 1.
    ratio_last_to_first_minute: f64,
    /// Most pictures that waited at once, minute by minute; the one being worked on is not waiting.
    waiting_max: Vec<u64>,
    rate_per_s: f64,
    pictures: usize,
    /// From the moment a picture was due until its record was durable.
    due_to_durable_p50_us: u64,
    due_to_durable_p99_us: u64,
    due_to_durable_max_us: u64,
    /// The share of the time in which the one who works was working, in percent.
    busy_percent: u64,
    model: String,
}

/// # Errors
/// What the station's parts say.
pub(in crate::commands::bench) fn measure(
    folder: &Path,
    rate: f64,
    minutes: u64,
    threads: usize,
) -> Result<Figures, Failure> {
    let (files, mut station) = warm(folder, threads)?;
    let pictures = ((60 * minutes) as f64 * rate) as usize;
    let (mut took, mut waiting_max) = (Vec::with_capacity(pictures), Vec::new());
    let (start, mut busy) = (Instant::now(), Duration::ZERO);
    for (number, file) in files.iter().cycle().take(pictures).enumerate() {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let begun = Instant::now();
        station.one(file, (files.len() + number) as u32)?;
        busy += begun.elapsed();
        took.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        // Those that were due when this one was done, less it and those before it.
        let waiting = ((start.elapsed().as_secs_f64() * rate) as u64 + 1).saturating_sub(number as u64 + 1);
        let minute = (number as f64 / rate / 60.0) as usize;
        waiting_max.resize(minute + 1, 0);
        waiting_max[minute] = waiting_max[minute].max(waiting);
    }
    let of = |at: Option<&u64>| at.copied().unwrap_or(0).max(1) as f64;
    Ok(Figures {
        ratio_last_to_first_minute: of(waiting_max.last()) / of(waiting_max.first()),
        waiting_max,
        rate_per_s: rate,
        pictures,
        due_to_durable_p50_us: percentile_of(took.clone(), 50),
        due_to_durable_p99_us: percentile_of(took.clone(), 99),
        due_to_durable_max_us: percentile_of(took, 100),
        busy_percent: (busy.as_secs_f64() * 100.0 / start.elapsed().as_secs_f64()) as u64,
        model: station.name(),
    })
}

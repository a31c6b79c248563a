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
    /// Pictures in the house (waiting, and the one being worked on), mean of the last minute ÷ of the first: what grows is
    /// above 1.
    ratio_last_to_first_minute: f64,
    /// Pictures that waited when one was done, minute by minute: mean, and most at once.
    waiting_mean: Vec<f64>,
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

#[expect(clippy::disallowed_methods, reason = "the time at which a picture is due is what is waited for")]
fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// What waited during one minute.
#[derive(Clone, Default)]
struct Minute {
    pictures: u64,
    waited: u64,
    most: u64,
}

impl Minute {
    fn mean(&self) -> f64 {
        self.waited as f64 / self.pictures.max(1) as f64
    }
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
    let (mut took, mut minutes) = (Vec::with_capacity(pictures), vec![Minute::default(); minutes as usize]);
    let (start, mut busy) = (Instant::now(), Duration::ZERO);
    for (number, file) in files.iter().cycle().take(pictures).enumerate() {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        wait_until(due);
        let begun = Instant::now();
        station.one(file, (files.len() + number) as u32)?;
        busy += begun.elapsed();
        took.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        // Those that were due when this one was done, less it and those before it.
        let waiting = ((start.elapsed().as_secs_f64() * rate) as u64 + 1).saturating_sub(number as u64 + 1);
        if let Some(minute) = minutes.get_mut((number as f64 / rate / 60.0) as usize) {
            minute.pictures += 1;
            minute.waited += waiting;
            minute.most = minute.most.max(waiting);
        }
    }
    let waiting_mean: Vec<f64> = minutes.iter().map(Minute::mean).collect();
    let in_the_house = |mean: Option<&f64>| 1.0 + mean.copied().unwrap_or(0.0);
    Ok(Figures {
        ratio_last_to_first_minute: in_the_house(waiting_mean.last()) / in_the_house(waiting_mean.first()),
        waiting_mean,
        waiting_max: minutes.iter().map(|minute| minute.most).collect(),
        rate_per_s: rate,
        pictures,
        due_to_durable_p50_us: percentile_of(took.clone(), 50),
        due_to_durable_p99_us: percentile_of(took.clone(), 99),
        due_to_durable_max_us: percentile_of(took, 100),
        busy_percent: (busy.as_secs_f64() * 100.0 / start.elapsed().as_secs_f64()) as u64,
        model: station.name(),
    })
}

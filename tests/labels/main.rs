//! `gatepost-labels`: how many labels are read, beside the plain decoder, in one run; and that nothing is invented.
//!
//! Labels are drawn from seeds by the hand that the reader was not tuned on. Both readers meet each picture one after the
//! other. Times are the thread's own processor time, which a busy machine does not spoil; the reader's budget runs by the
//! same clock. Exit 0 when every bar is held.

mod invented;
mod read;

use clap::Parser;
use gatepost_models::labels::{LabelReader, Labels, Picture};
use gatepost_virtual::label::{HEIGHT, Hand, WIDTH};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(name = "gatepost-labels", about = "Label reading, measured")]
struct Arguments {
    /// Labels of each kind under each condition: 40 times as many pictures
    #[arg(long, default_value_t = 10)]
    each: u64,
    /// Pictures without a readable code, or with a wrong check digit
    #[arg(long, default_value_t = 2_000)]
    nothing: u64,
    /// First seed
    #[arg(long, default_value_t = 500_000)]
    seed: u64,
    /// The hand that the reader was tuned on instead of the other
    #[arg(long)]
    tuned: bool,
    /// Name every label that was not read
    #[arg(long)]
    verbose: bool,
}

#[derive(Serialize)]
struct Report {
    ratio_to_plain: f64,
    read: read::Figures,
    invented: invented::Figures,
    bars_held: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let hand = if arguments.tuned { Hand::First } else { Hand::Second };
    let read = read::measure(hand, arguments.seed, arguments.each, arguments.verbose);
    let invented = invented::measure(hand, arguments.seed, arguments.nothing);
    let bars_held = read.holds() && invented.holds();
    let report = Report { ratio_to_plain: read.ratio_to_plain, read, invented, bars_held };
    match serde_json::to_string_pretty(&report) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("gatepost-labels: {error}"),
    }
    if bars_held { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// The thread's own time since it began.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn picture(pixels: Vec<u8>) -> Picture {
    Picture::from_grey(WIDTH as u32, HEIGHT as u32, pixels).expect("a picture's size")
}

/// Reads, and says how many milliseconds it took.
fn timed(reader: &LabelReader, picture: &Picture) -> (Labels, f64) {
    let began = spent();
    let labels = reader.read_by(picture, &|| spent().saturating_sub(began));
    (labels, (spent() - began).as_secs_f64() * 1e3)
}

/// The value that this share of the values does not exceed.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0.0, |value| (value * 100.0).round() / 100.0)
}

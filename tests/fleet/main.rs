//! `gatepost-fleet`: many stations at one central, measured and counted.
//!
//! The stations are the real uplink with a memory instead of a disk; broker and database are Debian's own, started here and
//! gone with it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

mod bridge;
mod consumers;
mod count;
mod day;
mod distance;
mod ground;
mod holds;
mod ingest;
mod records;
mod station;

#[derive(Parser)]
#[command(name = "gatepost-fleet", version, about = "Many stations at one central, measured and counted")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Central's ingest with PostgreSQL beside COPY of the same rows: ratio_to_copy
    Ingest {
        /// Records on either side
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
        records: u64,
        /// Records of one commit, and of one COPY
        #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_024))]
        batch: u64,
        /// Stations they come from
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        stations: u64,
        /// Alternating rounds; the median counts
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        rounds: u64,
    },
    /// A day of many stations, a third of them away, central killed on the way; counted independently
    Day {
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(3..=9_999))]
        stations: u64,
        /// Parcels of each station; three records each
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        parcels: u64,
        /// How often central is killed
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=100))]
        kills: u64,
        /// Seconds into which the day is pressed
        #[arg(long, default_value_t = 480, value_parser = clap::value_parser!(u64).range(10..=86_400))]
        seconds: u64,
        /// What central stores in
        #[arg(long, value_enum, default_value_t = Kind::Postgres)]
        store: Kind,
    },
    /// Three consumers on a shared subscription beside one, one of them killed: ratio_three_to_one
    Consumers {
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        stations: u64,
        /// Parcels of each station; three records each
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        parcels: u64,
        /// Milliseconds to the database and back: where everything runs on two processors, more consumers only help to wait
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=1_000))]
        distance_ms: u64,
    },
    /// A station's backlog drained to central beside Mosquitto's own bridge, and both while the broker dies: ratio_to_bridge
    Bridge {
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
        records: u64,
        /// How often the broker is killed in the second run
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=20))]
        kills: u64,
        /// What central stores in
        #[arg(long, value_enum, default_value_t = Kind::Postgres)]
        store: Kind,
    },
    /// Holds lost at every stage of their way, and during an outage: what central says, held against what is true
    Holds {
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(96..=100_000))]
        holds: u64,
        /// How often central is killed
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=20))]
        kills: u64,
        /// What central stores in
        #[arg(long, value_enum, default_value_t = Kind::Postgres)]
        store: Kind,
    },
    /// One central as a process of its own; the others start it
    #[command(hide = true)]
    Central { config: PathBuf },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    runtime.block_on(async {
        match arguments.command {
            Command::Ingest { records, batch, stations, rounds } => {
                let [records, batch, stations, rounds] = [records, batch, stations, rounds].map(|n| n as usize);
                show(ingest::measure(&ingest::Plan { records, batch, stations, rounds }).await, |_| true)
            }
            Command::Day { stations, parcels, kills, seconds, store } => {
                let postgres = store == Kind::Postgres;
                show(day::run(&day::Plan { stations, parcels, kills, seconds, postgres }).await, day::Figures::is_good)
            }
            Command::Consumers { stations, parcels, distance_ms } => {
                let figures = consumers::run(&consumers::Plan { stations, parcels, distance_ms }).await;
                show(figures, consumers::Figures::is_good)
            }
            Command::Bridge { records, kills, store } => {
                let postgres = store == Kind::Postgres;
                show(bridge::run(&bridge::Plan { records, kills, postgres }).await, bridge::Figures::is_good)
            }
            Command::Holds { holds, kills, store } => {
                let postgres = store == Kind::Postgres;
                let figures = holds::run(&holds::Plan { holds, kills, postgres }).await;
                show(figures, holds::Figures::is_good)
            }
            Command::Central { config } => match ground::serve(&config).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error),
            },
        }
    })
}

fn show<T: Serialize>(figures: Result<T, String>, good: impl FnOnce(&T) -> bool) -> ExitCode {
    let figures = match figures {
        Ok(figures) => figures,
        Err(text) => return failed(&text),
    };
    match serde_json::to_string_pretty(&figures) {
        Ok(text) => println!("{text}"),
        Err(error) => return failed(&error.to_string()),
    }
    if good(&figures) { ExitCode::SUCCESS } else { failed("what central says is not what is true: see above") }
}

fn failed(text: &str) -> ExitCode {
    eprintln!("gatepost-fleet: {text}");
    ExitCode::from(1)
}

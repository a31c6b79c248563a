//! `gatepost bench`: the figures this project is judged by, each first, with what was measured beside it. Run it on the
//! board and the disk in question, with nothing else running.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use gatepost_ledger::bench as ledger;
use gatepost_models::random_graph::{self, BENCH, SEED};
use gatepost_models::runtime;
use gatepost_models::session::{Engine, Model};
use serde::Serialize;

use super::scratch::Scratch;
use super::{Ending, Failure, Outcome, document, problem};

mod lists;
mod pipeline;

#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Looking at a picture beside the bare inference: ratio_total_to_inference
    Inspect(Inspect),
    /// The journal beside raw appends with fdatasync: ratio_to_raw
    Ledger {
        #[command(flatten)]
        place: Place,
        /// Alternating rounds; the median counts
        #[arg(long, default_value_t = ledger::Plan::default().rounds, value_parser = rounds)]
        rounds: usize,
        /// Groups in a round
        #[arg(long, default_value_t = ledger::Plan::default().groups, value_parser = rounds)]
        groups: usize,
    },
    /// The uplink beside a bridging broker: ratio_to_bridge
    Uplink,
    /// From an image on disk to a durable decision, beside the bare inference: ratio_p50_to_inference
    Pipeline(Pipeline),
    /// Look-ups in a large hold list: lookup_us_p99
    Lists {
        #[command(flatten)]
        place: Place,
        /// Holds in the list
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        entries: u64,
        /// Declarations beside them
        #[arg(long, default_value_t = 3_000_000, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
        declarations: u64,
        /// Look-ups, half of them of listed items
        #[arg(long, default_value_t = 20_000, value_parser = rounds)]
        lookups: usize,
    },
}

/// Where is measured.
#[derive(Args)]
pub(super) struct Place {
    /// A folder on the disk that the station will use
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Place {
    fn scratch(&self) -> Result<Scratch, Failure> {
        Scratch::new(self.dir.as_deref())
    }
}

#[derive(Args)]
pub(super) struct Inspect {
    /// X-ray files; without any, random parcels of a usual size
    images: Vec<PathBuf>,
    /// A model package; without one, a fixed graph of random weights (1 M parameters)
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Threads of one inference
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Times each picture is looked at
    #[arg(long, default_value_t = 20, value_parser = rounds)]
    rounds: usize,
}

#[derive(Args)]
pub(super) struct Pipeline {
    #[command(flatten)]
    place: Place,
    /// Pictures, one after the other
    #[arg(long, default_value_t = 200, value_parser = rounds, conflicts_with = "rate")]
    pictures: usize,
    /// Pictures a second, as belts bring them: says how many wait
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// How long they come
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440), requires = "rate")]
    minutes: u64,
    /// Threads of one inference
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn rounds(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().map_err(|error| error.to_string())?;
    if (1..=10_000_000).contains(&count) { Ok(count) } else { Err("give 1 to 10000000".to_owned()) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().map_err(|error| error.to_string())?;
    if (0.1..=1_000.0).contains(&rate) { Ok(rate) } else { Err("give 0.1 to 1000 a second".to_owned()) }
}

pub(super) fn bench(arguments: Arguments, json: bool) -> Outcome {
    match arguments {
        Arguments::Inspect(inspect) => show(&measure_inspect(&inspect)?, json),
        Arguments::Ledger { place, rounds, groups } => {
            let scratch = place.scratch()?;
            let figures = ledger::run(scratch.path(), ledger::Plan { rounds, groups });
            show(&figures.map_err(|error| problem("bench ledger", error))?, json)
        }
        Arguments::Uplink => {
            Err(Failure::Problem("bench uplink: not built yet; it comes with the uplink's own issue (6)".to_owned()))
        }
        Arguments::Pipeline(plan) => {
            let scratch = plan.place.scratch()?;
            match plan.rate {
                Some(rate) => show(&pipeline::measure_steady(scratch.path(), rate, plan.minutes, plan.threads)?, json),
                None => show(&pipeline::measure(scratch.path(), plan.pictures, plan.threads)?, json),
            }
        }
        Arguments::Lists { place, entries: holds, declarations, lookups } => {
            let scratch = place.scratch()?;
            show(&lists::measure(scratch.path(), &lists::Plan { holds, declarations, lookups })?, json)
        }
    }
}

/// Both forms are the document: its first line is the figure.
fn show<T: Serialize>(figures: &T, _json: bool) -> Outcome {
    document(figures)?;
    Ok(Ending::Good)
}

fn measure_inspect(inspect: &Inspect) -> Result<gatepost_models::inspect::BenchInspect, Failure> {
    let scratch = Scratch::new(None)?;
    let (engine, mut model) = load(inspect.model.as_deref(), inspect.threads)?;
    let files = match inspect.images.is_empty() {
        false => inspect.images.clone(),
        true => gatepost_models::inspect::bench_pictures(scratch.path(), 4)
            .map_err(|error| problem("bench inspect", error))?,
    };
    let geometry = model.default_geometry();
    let threads = inspect.threads;
    gatepost_models::inspect::bench_inspect(&engine, &mut model, threads, &files, &geometry, inspect.rounds)
        .map_err(|error| problem("bench inspect", error))
}

/// The model to measure with. The fixed graph has no golden pictures, so it is loaded and not activated.
fn load(folder: Option<&Path>, threads: usize) -> Result<(Engine, Model), Failure> {
    let said = |error: &dyn std::fmt::Display| problem("bench", error);
    let library = runtime::find(None).map_err(|error| said(&error))?;
    let engine = Engine::open(&library).map_err(|error| said(&error))?;
    let package = match folder {
        Some(folder) => gatepost_models::catalog::Package::load(folder).map_err(|error| said(&error))?,
        None => random_graph::package(BENCH, SEED),
    };
    let model = Model::load(&engine, &package, threads).map_err(|error| said(&error))?;
    Ok((engine, model))
}

/// The value below which `percent` of the sorted values lie.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(0)
}

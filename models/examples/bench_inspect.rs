//! `cargo run --release -p gatepost-models --example bench_inspect -- [THREADS] [ROUNDS] [FILE…]`: the figure of
//! `gatepost bench inspect` without the station around it.

use gatepost_models::random_graph::{self, BENCH, SEED};
use gatepost_models::session::{Engine, Model};
use gatepost_models::{inspect, runtime};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let threads: usize = words.next().map_or(Ok(1), |word| word.parse())?;
    let rounds: usize = words.next().map_or(Ok(20), |word| word.parse())?;
    let mut files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    let folder = tempfile::tempdir()?;
    if files.is_empty() {
        files = inspect::bench_pictures(folder.path(), 4)?;
    }
    let engine = Engine::open(&runtime::find_or_fetch(None)?)?;
    let mut model = Model::load(&engine, &random_graph::package(BENCH, SEED), threads)?;
    let geometry = model.default_geometry();
    let figure = inspect::bench_inspect(&engine, &mut model, threads, &files, &geometry, rounds)?;
    println!("{}", serde_json::to_string_pretty(&figure)?);
    Ok(())
}

//! The ledger's figures now: `cargo run --release -p gatepost-ledger --example bench -- [FOLDER]`.

use std::path::PathBuf;

use gatepost_ledger::bench::{Plan, run};

fn main() {
    let folder = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("gatepost-bench"), PathBuf::from);
    match run(&folder, Plan::default()) {
        Ok(figures) => println!("{}", serde_json::to_string_pretty(&figures).unwrap_or_default()),
        Err(error) => {
            eprintln!("bench ledger: {error}");
            std::process::exit(1);
        }
    }
}

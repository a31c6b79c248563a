//! `gatepost-demo`: the whole product on one machine.
//!
//! Virtual lanes with a truth (`lane`, on pseudo-terminals of `port`; X-ray images by `tunnel` and `picture`), the real
//! station as a process of its own (`process`: this program again), an embedded broker that can go away (`broker`),
//! central in this process, parcels announced the way they would be (`announce`), faults (`outside`), and at the end the
//! independent checker over truth, journal and central's tables (`report`, `tables`).
//!
//! `--pace X` makes the world outside faster (`lane_file`), never the station. `--data DIR` keeps a folder for each
//! station (what `gatepost verify` takes) and `DIR/central`, and a further run goes on there (`history`); without it everything is in a temporary folder that goes
//! away. Ctrl-C ends station, central and broker in order and leaves nothing behind.
//!
//! It refuses to pretend: a fault that it cannot make is printed as NOT RUN, a missing model or library as BLIND.
//! Ends with 0 when the checker found nothing, 1 when it did or something could not run, 2 for wrong usage.

mod announce;
mod arguments;
mod broker;
mod capture;
mod disk;
mod found;
mod history;
mod kills;
mod labels;
mod lane;
mod lane_file;
mod outside;
mod people;
mod picture;
mod port;
mod process;
mod report;
mod stage;
mod screen;
mod station;
mod tables;
mod tunnel;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use arguments::{Arguments, Wanted};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == process::STATION) {
        return process::be_station(words.next());
    }
    let arguments = Arguments::parse();
    let wanted = match arguments.wanted() {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    match disk::move_in(&wanted.faults).and_then(|()| run(&arguments, &wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, wanted: &Wanted) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("the operating system gives no threads: {error}"))?;
    let temporary = match &arguments.data {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("gatepost-demo-")
                .tempdir()
                .map_err(|error| format!("no temporary folder: {error}; name one with --data"))?,
        ),
    };
    let named = arguments.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
    let data = named.unwrap_or_default();
    std::fs::create_dir_all(&data).map_err(|error| format!("--data {}: {error}", data.display()))?;
    let data = data.canonicalize().map_err(|error| format!("--data {}: {error}", data.display()))?;
    for (fault, why) in &wanted.not_run {
        println!("NOT RUN {fault}: {why}");
    }
    println!("seed {}, pace {}, {}", arguments.seed, arguments.pace, data.display());
    let outcome = runtime.block_on(async {
        let stop = stop_signal()?;
        stage::run(arguments, wanted, data, stop).await
    });
    // Threads of a broker that was told to be gone are not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    if let Some(folder) = temporary {
        folder.close().map_err(|error| format!("the temporary folder could not be removed: {error}"))?;
    }
    outcome.map(|outcome| outcome.good)
}

/// Turns true at Ctrl-C or SIGTERM.
fn stop_signal() -> Result<watch::Receiver<bool>, String> {
    let failed = |error: std::io::Error| format!("signals: {error}");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _told = interrupt.recv() => {}
            _told = terminate.recv() => {}
        }
        println!("\nStops.");
        stop.send_replace(true);
        // Kept, so that nobody mistakes the end of this task for a signal.
        stop.closed().await;
    });
    Ok(stopped)
}

//! `gatepost-central`: central operations as one program.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gatepost_central::{Central, Config};

mod at;
mod backup_command;
mod down_command;
mod hold;
mod post_command;
mod station_command;
mod token_command;
mod rehearse_command;
mod rollout_command;

#[derive(Parser)]
#[command(name = "gatepost-central", version, about = "Central operations: ingest, gap proof, alerts")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take what stations send, until interrupted
    Run {
        /// The configuration, TOML
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Place, lift and list holds
    #[command(subcommand)]
    Hold(hold::Arguments),
    /// What the post was told, and what waits
    #[command(subcommand)]
    Post(post_command::Arguments),
    /// Roll out rule packs, halt them, take them back
    #[command(subcommand)]
    Rollout(rollout_command::Arguments),
    /// Send everything at stations to exam for a while, take that back, have their journals verified
    #[command(name = "command", subcommand)]
    Order(down_command::Arguments),
    /// Invite, list and take out stations
    #[command(subcommand)]
    Station(station_command::Arguments),
    /// Make, list and take back the tokens that pages and programs need
    #[command(subcommand)]
    Token(token_command::Arguments),
    /// Judge past decisions by other rules: what would have gone to exam
    Rehearse(rehearse_command::Arguments),
    /// Write everything central knows into one file, also while it runs
    Backup(backup_command::BackupArguments),
    /// Put a backup into an empty database, or look whether one is whole
    Restore(backup_command::RestoreArguments),
    /// Look whether a configuration can be used; changes nothing
    Check {
        /// The configuration, TOML
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A line that cannot be written is lost in silence: to complain of it on the same stderr panics.
    log.with_ansi(std::io::stderr().is_terminal()).log_internal_errors(false).init();
    match arguments.command {
        Command::Run { config } => run(&config),
        Command::Check { config } => check(&config),
        Command::Backup(arguments) => backup_command::backup(&arguments),
        Command::Restore(arguments) => backup_command::restore(&arguments),
        Command::Hold(arguments) => hold::run(arguments),
        Command::Post(arguments) => post_command::run(arguments),
        Command::Rollout(arguments) => rollout_command::run(arguments),
        Command::Order(arguments) => down_command::run(arguments),
        Command::Station(arguments) => station_command::run(arguments),
        Command::Token(arguments) => token_command::run(arguments),
        Command::Rehearse(arguments) => rehearse_command::run(&arguments),
    }
    .unwrap_or_else(|text| {
        eprintln!("gatepost-central: {text}");
        ExitCode::from(1)
    })
}

fn check(file: &std::path::Path) -> Result<ExitCode, String> {
    let config = Config::read(file).map_err(|error| error.to_string())?;
    let broker = config.broker.broker().map_err(|error| error.to_string())?;
    config.audit.packs().map_err(|error| error.to_string())?;
    if let Some(post) = &config.post {
        gatepost_central::post::sink::sink(&post.sink, &broker)?;
    }
    println!("{} is good", file.display());
    Ok(ExitCode::SUCCESS)
}

fn run(file: &std::path::Path) -> Result<ExitCode, String> {
    let config = Config::read(file).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let central = Central::start(config).await.map_err(|error| error.to_string())?;
        println!("Open http://{}/", central.http());
        if let Some((issuer, key)) = central.signatory() {
            println!("Hold lists are signed by {issuer}, public key {key}");
        }
        interrupted().await.map_err(|error| format!("signals cannot be heard: {error}"))?;
        central.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Ctrl-C, or the service manager's wish.
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

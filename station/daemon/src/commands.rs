//! What a technician types. Each command reads its arguments, does one thing and says what it found: exit 0 good, 1 found
//! a problem, 2 wrong usage. With `--json` one document stands on stdout; everything else goes to stderr.
//!
//! A sentence here says what is wrong, where, and what to do about it: it is read at three in the morning.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::config::{Config, ConfigError};

pub mod check;
pub mod doctor;
mod probe;
mod setup;
mod wiring;
mod id;
mod label;
mod inspect;
mod tip;
mod enrol;
mod hold;
mod rules;
pub(crate) mod verify;
mod export;
mod weights;
mod replay;
mod bench;
mod scratch;

#[derive(Parser)]
#[command(name = "gatepost", version, about = "Scanning-station software: the station and its tools")]
struct Line {
    /// One JSON document on stdout instead of sentences
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Where the station's configuration is.
#[derive(Args, Clone)]
pub struct ConfigFile {
    /// The station's configuration file
    #[arg(long, value_name = "F")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Run the station until it is told to stop (SIGTERM, Ctrl-C)
    Run(ConfigFile),
    /// Is it right: configuration, lanes and their timing, rules, model, lists, disk, keys; touches no device
    Check(ConfigFile),
    /// Talk to every device: what is there, what is likely wrong, what to do next
    Doctor(ConfigFile),
    /// Watch one device live
    Probe(probe::Arguments),
    /// What hangs on this board: find devices and propose the configuration's lines
    #[command(subcommand)]
    Setup(setup::Arguments),
    /// Draw a lane's plan and wiring from its lane file, to be printed
    Wiring(wiring::Arguments),
    /// Say what codes are: item numbers, receptacles, carriers' numbers
    Id {
        /// Codes as scanned or keyed
        #[arg(required = true)]
        texts: Vec<String>,
    },
    /// Read the codes in pictures of labels
    Label(label::Arguments),
    /// Look at X-ray files with the model
    Inspect(inspect::Arguments),
    /// Project a threat that is not there into an X-ray file, for training eyes (TIP)
    Tip(tip::Arguments),
    /// Let central know this station, with the code of an invitation: makes its keys, fetches its certificate
    Enrol(enrol::Arguments),
    /// A new key and certificate for the connections of a station that central knows
    Renew(enrol::RenewArguments),
    /// Hold lists: import, list, add, remove
    #[command(subcommand)]
    Hold(hold::Arguments),
    /// Advance declarations: import
    #[command(subcommand)]
    Declarations(hold::DeclarationArguments),
    /// Rules as data: check, explain, test
    #[command(subcommand)]
    Rules(rules::Arguments),
    /// Is a station's memory whole, and where not
    Verify(verify::Arguments),
    /// Check an evidence package, offline
    VerifyPackage(verify::PackageArguments),
    /// Write one item's or one pass's records as an evidence package
    Export(export::Arguments),
    /// Show every weight that decided something again, as its scale said it
    Weights(weights::Arguments),
    /// Live a recorded black box again and print where today's software does otherwise
    Replay(replay::Arguments),
    /// ONNX Runtime's library: fetch
    #[command(subcommand)]
    Runtime(inspect::RuntimeArguments),
    /// The figures this project is judged by
    #[command(subcommand)]
    Bench(bench::Arguments),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Good,
    /// It did its work and found a problem, which it printed.
    Found,
}

impl Ending {
    fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Found }
    }
}

/// Why a command could not do its work: a sentence with what, where and what to do.
#[derive(Debug)]
pub enum Failure {
    Problem(String),
    /// What was typed makes no sense.
    Usage(String),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Problem(error.0)
    }
}

pub type Outcome = Result<Ending, Failure>;

/// A failure whose sentence begins with what it is about.
fn problem(about: impl Display, what: impl Display) -> Failure {
    Failure::Problem(format!("{about}: {what}"))
}

/// The whole program.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match Line::try_parse_from(words) {
        Ok(line) => line,
        Err(error) => {
            // Help and version are good; everything else is 2.
            let _shown = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    log(if matches!(line.command, Command::Run(_)) { "info" } else { "error" });
    match carry_out(line.command, line.json) {
        Ok(Ending::Good) => ExitCode::SUCCESS,
        Ok(Ending::Found) => ExitCode::from(1),
        Err(Failure::Problem(says)) => {
            warn(format!("gatepost: {says}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(says)) => {
            warn(format!("gatepost: {says}"));
            ExitCode::from(2)
        }
    }
}

fn carry_out(command: Command, json: bool) -> Outcome {
    match command {
        Command::Run(file) => run(&file),
        Command::Check(file) => check::check(&file.config, json),
        Command::Doctor(file) => doctor::doctor(&file.config, json),
        Command::Probe(arguments) => probe::probe(arguments, json),
        Command::Setup(arguments) => setup::setup(&arguments, json),
        Command::Wiring(arguments) => wiring::wiring(&arguments, json),
        Command::Id { texts } => id::id(&texts, json),
        Command::Label(arguments) => label::label(&arguments, json),
        Command::Inspect(arguments) => inspect::inspect(&arguments, json),
        Command::Tip(arguments) => tip::tip(&arguments),
        Command::Enrol(arguments) => enrol::enrol(&arguments, json),
        Command::Renew(arguments) => enrol::renew(&arguments, json),
        Command::Hold(arguments) => hold::hold(arguments, json),
        Command::Declarations(arguments) => hold::declarations(arguments, json),
        Command::Rules(arguments) => rules::rules(arguments, json),
        Command::Verify(arguments) => verify::verify(&arguments, json),
        Command::VerifyPackage(arguments) => verify::verify_package(&arguments, json),
        Command::Export(arguments) => export::export(&arguments, json),
        Command::Weights(arguments) => weights::weights(&arguments, json),
        Command::Replay(arguments) => replay::replay(&arguments, json),
        Command::Runtime(inspect::RuntimeArguments::Fetch) => inspect::fetch(json),
        Command::Bench(arguments) => bench::bench(arguments, json),
    }
}

/// The station itself.
fn run(file: &ConfigFile) -> Outcome {
    let config = Config::read(&file.config)?;
    crate::run::run(config)?;
    Ok(Ending::Good)
}

/// The log goes to stderr: `GATEPOST_LOG` chooses what (`debug`, `gatepost_sync=trace`), `usual` is taken without it.
/// A line that cannot be written, on a full disk, is lost in silence: to complain of it on the same stderr panics, and
/// once took the whole station with it.
pub fn log(usual: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("GATEPOST_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    let _first = log.log_internal_errors(false).try_init();
}

/// A line on stdout. Nobody reading any more is no failure of ours.
fn say(line: impl Display) {
    let _written = writeln!(std::io::stdout().lock(), "{line}");
}
/// A line on stderr.
fn warn(line: impl Display) {
    let _written = writeln!(std::io::stderr().lock(), "{line}");
}

/// The one document of `--json`.
fn document<T: Serialize + ?Sized>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| problem("the answer cannot be written", error))?;
    say(text);
    Ok(())
}

/// Where a reader stops believing that a text file is one.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads a text file that was named on the command line.
fn read_text(path: &std::path::Path) -> Result<String, Failure> {
    let shown = &path.display().to_string();
    let bytes = std::fs::metadata(path)
        .map_err(|error| problem(shown, format!("cannot be read ({error}); check the name")))?
        .len();
    if bytes > TEXT_BYTES_MAX {
        return Err(problem(shown, format!("{bytes} bytes are more than such a file may have; check the name")));
    }
    std::fs::read_to_string(path).map_err(|error| problem(shown, format!("cannot be read ({error}); check the name")))
}

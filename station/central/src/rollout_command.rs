//! `gatepost-central rollout`: rule packs staged, halted, resumed and taken back from a shell, in the database. A running central
//! notices within seconds; it signs and sends.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use gatepost_central::Config;
use gatepost_central::rollout::stages;
use gatepost_central::store::Store;
use gatepost_central::store::rollouts::{NewRollout, RolloutView, State};
use gatepost_pipeline::ruleset::{PACK_BYTES_MAX, Ruleset, cases};

const MINUTE_MS: i64 = 60_000;

#[derive(Subcommand)]
pub enum Arguments {
    /// Roll out a rule pack, stage by stage; it halts and goes back by itself on an error or a jump of the flag rate
    Start(Start),
    /// Show rollouts, the newest first
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show one rollout, its stations and what became of it
    Show {
        #[command(flatten)]
        at: At,
        rollout: i64,
    },
    /// Order no further stations; those that have the pack keep it
    Halt(Change),
    /// Go on where it was halted
    Resume(Change),
    /// Take every station back to the pack it had before
    Back(Change),
}

#[derive(Args)]
pub struct At {
    /// Central's configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who does it, for the record; your login name when left out
    #[arg(long)]
    by: Option<String>,
}

#[derive(Args)]
pub struct Start {
    #[command(flatten)]
    at: At,
    /// The pack, TOML
    #[arg(long, value_name = "PACK")]
    rules: PathBuf,
    /// Cases that every station runs before it takes the pack
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Shares of all stations, one stage after the other
    #[arg(long, value_name = "5%,25%,100%", conflicts_with = "facility", required_unless_present = "facility")]
    stages: Option<String>,
    /// Facilities of one stage; again for each further stage
    #[arg(long, value_name = "A,B")]
    facility: Vec<String>,
    /// Minutes from when a stage has it until the next begins
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=10_080))]
    soak: i64,
    /// Points of a hundred by which the share of flagged parcels may change
    #[arg(long, value_name = "POINTS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    flag_jump: u32,
}

#[derive(Args)]
pub struct Change {
    #[command(flatten)]
    at: At,
    rollout: i64,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        match arguments {
            Arguments::Start(start) => begin(&start).await,
            Arguments::List { at } => list(&at).await,
            Arguments::Show { at, rollout } => show(&at, rollout).await,
            Arguments::Halt(change) => turn(&change, State::Halted).await,
            Arguments::Resume(change) => turn(&change, State::Running).await,
            Arguments::Back(change) => turn(&change, State::Back).await,
        }
    })
}

async fn open(at: &At) -> Result<(Config, Store), String> {
    let config = Config::read(&at.config).map_err(|error| error.to_string())?;
    let store = Store::open(&config.store.database()).await.map_err(|error| error.to_string())?;
    Ok((config, store))
}

impl At {
    fn by(&self) -> String {
        self.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "a shell".to_owned())
    }
}

async fn begin(start: &Start) -> Result<ExitCode, String> {
    let (config, store) = open(&start.at).await?;
    if config.holds.is_none() {
        return Err("central has no key to sign with; set holds.key in its configuration".to_owned());
    }
    let texts: Vec<&str> = match &start.stages {
        Some(stages) => stages.split(',').map(str::trim).collect(),
        None => start.facility.iter().map(String::as_str).collect(),
    };
    let (pack, cases) = (read(&start.rules)?, start.cases.as_deref().map(read).transpose()?);
    check(&start.rules, &pack, cases.as_deref())?;
    let new = NewRollout {
        pack,
        cases,
        stages: stages(texts)?,
        soak_ms: start.soak * MINUTE_MS,
        jump_points: start.flag_jump,
    };
    let rollout = store.start_rollout(&new, &start.at.by(), now_ms()).await.map_err(|error| error.to_string())?;
    store.close().await;
    println!("rollout {rollout} begins when central runs; `rollout show {rollout}` says how it stands");
    Ok(ExitCode::SUCCESS)
}

/// What every station would refuse is refused here.
fn check(file: &Path, pack: &str, cases_text: Option<&str>) -> Result<(), String> {
    let shown = file.display().to_string();
    let rules = Ruleset::load(&shown, pack).map_err(|error| error.to_string())?;
    let results = match cases_text {
        Some(text) => cases::run(&rules, "the cases", text).map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    match results.into_iter().find(|case| !case.problems.is_empty()) {
        Some(case) => Err(format!("case {}, line {}: {}", case.name, case.line, case.problems.join("; "))),
        None => Ok(()),
    }
}

fn read(file: &Path) -> Result<String, String> {
    use std::io::Read;
    let shown = file.display();
    let failed = |error: std::io::Error| format!("{shown}: cannot be read: {error}");
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    opened.take(PACK_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    match text.len() > PACK_BYTES_MAX {
        true => Err(format!("{shown}: more than {PACK_BYTES_MAX} bytes; no station takes so much")),
        false => Ok(text),
    }
}

async fn list(at: &At) -> Result<ExitCode, String> {
    let (_, store) = open(at).await?;
    for one in store.rollouts().await.map_err(|error| error.to_string())? {
        println!("{}", line(&one));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(of: &RolloutView) -> String {
    let applied = of.stations.iter().filter(|one| one.applied_ms.is_some() && one.back_ms.is_none()).count();
    let digest: String = of.digest.chars().take(12).collect();
    format!(
        "{}  {}  stage {} of {}  {applied} of {} stations have {digest}  {}",
        of.rollout,
        of.state.name(),
        of.stage,
        of.stages.len(),
        of.stations.len(),
        of.says
    )
}

async fn show(at: &At, rollout: i64) -> Result<ExitCode, String> {
    let (_, store) = open(at).await?;
    let rollouts = store.rollouts().await.map_err(|error| error.to_string())?;
    let found = rollouts.iter().find(|one| one.rollout == rollout);
    let of = found.ok_or_else(|| format!("there is no rollout {rollout}; `rollout list` shows them"))?;
    println!("{}", line(of));
    for one in &of.stations {
        let stands = match (one.error.as_deref(), one.back_ms, one.applied_ms) {
            (Some(error), ..) => format!("ERROR {error}"),
            (None, Some(_), _) => "back to the pack before".to_owned(),
            (None, None, Some(_)) => "has it".to_owned(),
            (None, None, None) if one.ordered => "ordered, not yet".to_owned(),
            (None, None, None) => "not its turn".to_owned(),
        };
        println!(
            "  {}/{}  stage {}  {stands}  flagged {} of {} before, {} of {} since",
            one.facility,
            one.station,
            one.stage,
            one.flagged_before,
            one.decisions_before,
            one.flagged_after,
            one.decisions_after
        );
    }
    for (at_ms, says) in store.rollout_events(rollout).await.map_err(|error| error.to_string())? {
        let at = jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |at| format!("{at:.0}"));
        println!("  {at}  {says}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn turn(change: &Change, to: State) -> Result<ExitCode, String> {
    let (_, store) = open(&change.at).await?;
    store.change_rollout(change.rollout, to, &change.at.by(), now_ms()).await.map_err(|error| error.to_string())?;
    store.close().await;
    println!("rollout {}: {}", change.rollout, to.name());
    Ok(ExitCode::SUCCESS)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

//! `gatepost-central rehearse`: what a rule pack would have decided, before it is sent to anybody.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gatepost_central::Config;
use gatepost_central::rehearse::{Rehearsal, Span, rehearse};
use gatepost_central::store::Store;
use gatepost_pipeline::ruleset::Ruleset;

#[derive(Args)]
pub struct Arguments {
    /// Central's configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The rule pack, TOML
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// First day, UTC, as 2026-10-01; 30 days before the last one when left out
    #[arg(long, value_name = "DAY")]
    from: Option<jiff::civil::Date>,
    /// Last day, UTC; today when left out
    #[arg(long, value_name = "DAY")]
    to: Option<jiff::civil::Date>,
    /// Every verdict by these rules, as a JSON line
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON document instead of sentences
    #[arg(long)]
    json: bool,
}

const DAYS: i32 = 30;

pub fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let config = Config::read(&arguments.config).map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(&arguments.rules)
        .map_err(|error| format!("{}: cannot be read: {error}", arguments.rules.display()))?;
    let pack = Ruleset::load(&arguments.rules.display().to_string(), &text).map_err(|error| error.to_string())?;
    let span = span(arguments)?;
    let mut file = match &arguments.out {
        Some(path) => {
            let made = std::fs::File::create(path);
            Some(BufWriter::new(made.map_err(|error| format!("{}: cannot be written: {error}", path.display()))?))
        }
        None => None,
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let rehearsal = runtime.block_on(async {
        let store = Store::open(&config.store.database()).await.map_err(|error| error.to_string())?;
        let lines = file.as_mut().map(|file| file as &mut dyn Write);
        let rehearsal = rehearse(&store, &pack, span, lines).await.map_err(|error| error.to_string());
        store.close().await;
        rehearsal
    })?;
    if let Some(mut file) = file {
        file.flush().map_err(|error| format!("the file of verdicts cannot be written: {error}"))?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&rehearsal).map_err(|error| error.to_string())?);
    } else {
        show(&rehearsal);
    }
    Ok(ExitCode::SUCCESS)
}

fn span(arguments: &Arguments) -> Result<Span, String> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let to = arguments.to.unwrap_or(today);
    let far = |error: jiff::Error| format!("{to}: {error}");
    let from = match arguments.from {
        Some(from) => from,
        None => to.checked_sub(jiff::Span::new().days(DAYS)).map_err(far)?,
    };
    if from > to {
        return Err(format!("--from {from} is after --to {to}"));
    }
    let begins = |day: jiff::civil::Date| -> Result<i64, jiff::Error> {
        Ok(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond())
    };
    let after = to.tomorrow().map_err(far)?;
    Ok(Span { from_ms: begins(from).map_err(far)?, until_ms: begins(after).map_err(far)? })
}

fn show(of: &Rehearsal) {
    let percent = |share_e4: u64| format!("{}.{:02} %", share_e4 / 100, share_e4 % 100);
    println!("{} passes, {} decisions, judged again by rules {}", of.passes, of.decisions, of.rules);
    println!(
        "to exam: {} ({}) before, {} ({}) by these rules",
        of.exam_before,
        percent(of.exam_share_before_e4),
        of.exam_after,
        percent(of.exam_share_after_e4)
    );
    of.turns.iter().for_each(|(turn, number)| println!("  {turn}: {number} passes"));
    of.speaks_now.iter().for_each(|(rule, number)| println!("  {rule} speaks now: {number} decisions"));
    of.silent_now.iter().for_each(|(rule, number)| println!("  {rule} is silent now: {number} decisions"));
    if of.unread > 0 {
        println!("{} decisions are not of a form that this version can judge:", of.unread);
        of.unread_named.iter().for_each(|named| println!("  {named}"));
    }
}

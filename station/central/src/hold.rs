//! `gatepost-central hold`: holds placed, lifted and listed from a shell, in the database. A running central notices within
//! seconds and sends the new list to every station.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use gatepost_central::follow::Step;
use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::store::holds::HoldChange;
use gatepost_pipeline::identify::item_to_hold;
use gatepost_pipeline::judge::{IssueCode, Purpose, Severity, Token};
use serde_json::json;

use crate::at::{At, DAY_MS, block_on, now_ms};

/// One line of a file, and of all of them.
const LINE_BYTES_MAX: usize = 8 << 10;
const LINES_MAX: usize = 1_000_000;

#[derive(Subcommand)]
pub enum Arguments {
    /// Hold one item at every station
    Place(Place),
    /// Hold every item of a file: one hold a line, JSON as in a hold list; all or none
    Import {
        #[command(flatten)]
        at: At,
        file: PathBuf,
        /// Take numbers as they are written, even if they are no valid identifiers
        #[arg(long)]
        as_written: bool,
    },
    /// End a hold
    Lift {
        #[command(flatten)]
        at: At,
        /// The hold's id
        id: String,
    },
    /// Show where the holds in force stand
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Args)]
pub struct Place {
    #[command(flatten)]
    at: At,
    /// The item's number
    item: String,
    /// Name of the hold, used once
    #[arg(long)]
    id: String,
    /// Whose hold it is
    #[arg(long)]
    authority: String,
    /// What it is about
    #[arg(long, default_value = "targeting", value_parser = clap::builder::PossibleValuesParser::new(IssueCode::NAMES))]
    issue: String,
    /// For what it may be used
    #[arg(long, default_value = "security", value_parser = clap::builder::PossibleValuesParser::new(Purpose::NAMES))]
    purpose: String,
    /// How loudly it speaks
    #[arg(long, default_value = "alert", value_parser = clap::builder::PossibleValuesParser::new(Severity::NAMES))]
    severity: String,
    #[arg(long, value_enum, default_value = "exam")]
    outcome: Held,
    /// Days until it ends by itself; without, when it is lifted
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    days: Option<i64>,
    /// Take the number as it is written, even if it is no valid identifier
    #[arg(long)]
    as_written: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Held {
    Exam,
    StopInPlace,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    block_on(async {
        match arguments {
            Arguments::Place(place) => {
                let line = line_of(&place)?;
                let said = format!("{}: held by {}", line.item.as_str(), line.hold.id.as_str());
                change(&place.at, vec![HoldChange::Place(Box::new(line))], said).await
            }
            Arguments::Import { at, file, as_written } => {
                let changes: Vec<HoldChange> =
                    read(&file, as_written)?.into_iter().map(|line| HoldChange::Place(Box::new(line))).collect();
                let said = format!("{}: {} holds placed", file.display(), changes.len());
                change(&at, changes, said).await
            }
            Arguments::Lift { at, id } => {
                let said = format!("{id}: lifted");
                change(&at, vec![HoldChange::Lift(id)], said).await
            }
            Arguments::List { at } => list(&at).await,
        }
    })
}

async fn change(at: &At, changes: Vec<HoldChange>, said: String) -> Result<ExitCode, String> {
    let (config, store) = at.open().await?;
    let holds = config.holds.as_ref().ok_or("central has no key to sign with; set holds.key in its configuration")?;
    let signatory = Signatory::load_or_create(&holds.issuer, &holds.key).map_err(|error| error.to_string())?;
    let list = store.change_holds(&changes, &at.by(), &signatory, now_ms()).await.map_err(|error| error.to_string())?;
    store.close().await;
    println!("{said}; hold list {} goes out when central runs", list.version);
    Ok(ExitCode::SUCCESS)
}

async fn list(at: &At) -> Result<ExitCode, String> {
    let (config, store) = at.open().await?;
    let (patience, now_ms) = (config.patience(), now_ms());
    let said = |error: gatepost_central::store::StoreError| error.to_string();
    for funnel in store.funnel(&patience, now_ms).await.map_err(said)? {
        let reached: Vec<String> = funnel.reached.iter().map(|(step, n)| format!("{n} {}", step.name())).collect();
        println!("{}: {} placed, {}", funnel.facility, funnel.placed, reached.join(", "));
    }
    for way in store.ways(&patience, now_ms).await.map_err(said)? {
        let next = match way.missing {
            Some(step) if way.stalled => format!("NOT {}", step.name()),
            Some(step) => format!("next: {}", step.name()),
            None => "done".to_owned(),
        };
        let post = match (patience.has_post(), way.reached.contains_key(&Step::SentToPost)) {
            (true, false) => ", the post NOT asked",
            (true, true) if !way.reached.contains_key(&Step::AcknowledgedByPost) => ", the post has not answered",
            _ => "",
        };
        println!("{}  {}  {}  {next}{post}", way.item, way.hold, way.facility);
    }
    for one in store.recoveries(LINES_MAX as u32).await.map_err(said)?.iter().filter(|one| one.found_ms.is_none()) {
        println!(
            "{}  {}  fetch back: {} at {}/{}, lane {}",
            one.item, one.hold, one.went, one.facility, one.station, one.lane
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The hold as a list has it.
fn line_of(place: &Place) -> Result<HoldLine, String> {
    let outcome = match place.outcome {
        Held::Exam => "exam",
        Held::StopInPlace => "stop-in-place",
    };
    let item = item_to_hold(&place.item, place.as_written)?;
    let hold = json!({"id": place.id, "kind": "presentation", "issue": place.issue, "purpose": place.purpose,
        "severity": place.severity, "outcome": outcome, "authority": place.authority, "audience": "all"});
    let until = place.days.map(|days| now_ms() + days * DAY_MS);
    serde_json::from_value(json!({"item": item, "hold": hold, "until": until})).map_err(|error| error.to_string())
}

fn read(file: &Path, as_written: bool) -> Result<Vec<HoldLine>, String> {
    let shown = file.display();
    let opened = std::fs::File::open(file).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    let mut lines = Vec::new();
    let mut reader = BufReader::new(opened);
    for number in 1.. {
        let mut line = Vec::new();
        let limited = &mut std::io::Read::take(&mut reader, LINE_BYTES_MAX as u64 + 1);
        let used = limited.read_until(b'\n', &mut line).map_err(|error| format!("{shown}, line {number}: {error}"))?;
        if used == 0 {
            break;
        }
        if used > LINE_BYTES_MAX || lines.len() >= LINES_MAX {
            return Err(format!(
                "{shown}, line {number}: more than {LINE_BYTES_MAX} bytes in a line, or {LINES_MAX} lines; split the file"
            ));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let wrong = |why: &dyn std::fmt::Display| format!("{shown}, line {number}: {why}; nothing was placed");
        let mut hold: HoldLine = serde_json::from_slice(&line).map_err(|error| wrong(&error))?;
        let item = item_to_hold(hold.item.as_str(), as_written).map_err(|why| wrong(&why))?;
        hold.item = Token::new(&item).ok_or_else(|| wrong(&"the item's number is too long"))?;
        lines.push(hold);
    }
    match lines.is_empty() {
        true => Err(format!("{shown}: no hold in it")),
        false => Ok(lines),
    }
}

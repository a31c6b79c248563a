//! `gatepost hold` and `declarations`: lists on this station's own disk, without central.
//!
//! While the station runs, what is added goes through its inbox (`run::inbox`), and nothing is ended or replaced. Local
//! entries only escalate, and expire. A list that somebody signed is taken as it was signed or not at all; lifting
//! a hold of somebody else comes signed from them, never from here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use gatepost_ledger::lists::index::Source;
use gatepost_ledger::lists::{Claims, Form, HoldLine, Line, ListKind};
use gatepost_pipeline::identify::item_to_hold;
use gatepost_pipeline::judge::{IssueCode, Outcome as Decided, Purpose, Severity};
use gatepost_pipeline::record::Audience;
use serde::Serialize;
use serde_json::json;

use super::{ConfigFile, Ending, Failure, Outcome, document, problem, say};
use crate::config::Config;
use crate::run::clock::wall_now;
use crate::run::inbox::{self, Letter};
use crate::run::lock;

const DAY_MS: i64 = 86_400_000;
/// How long a running station may take to answer: it looks once a second.
const ANSWER_WAIT: std::time::Duration = std::time::Duration::from_secs(10);
/// Holds printed by `hold list`; a list may have millions.
const SHOWN_MAX: usize = 10_000;

mod opened;

use opened::Opened;
pub(super) use opened::in_force;

#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Take a list from a file: signed by an issuer this station trusts, or a local one (replaces all local holds;
    /// while the station runs it adds to them)
    Import {
        #[command(flatten)]
        config: ConfigFile,
        /// The list: a signed package, or lines of JSON or tab-separated columns
        file: PathBuf,
    },
    /// Show the holds in force
    List {
        #[command(flatten)]
        config: ConfigFile,
        /// Of every issuer, not only this station's own
        #[arg(long)]
        all: bool,
    },
    /// Hold one item, from now on and for a while
    Add(Add),
    /// End one of this station's own holds
    Remove {
        #[command(flatten)]
        config: ConfigFile,
        /// The item's number
        item: String,
        /// The hold's id, as `hold list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    config: ConfigFile,
    /// The item's number
    item: String,
    /// Name of the hold; made from the time when left out
    #[arg(long)]
    id: Option<String>,
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
    /// Whose hold it is
    #[arg(long, default_value = "station")]
    authority: String,
    /// Days until it ends by itself
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=365))]
    days: i64,
    /// Take the number as it is written, even if it is no valid identifier
    #[arg(long)]
    as_written: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Held {
    Exam,
    StopInPlace,
}

#[derive(Subcommand)]
pub(super) enum DeclarationArguments {
    /// Take a signed list of declarations from a file
    Import {
        #[command(flatten)]
        config: ConfigFile,
        /// The signed package
        file: PathBuf,
    },
}

pub(super) fn hold(arguments: Arguments, json: bool) -> Outcome {
    match arguments {
        Arguments::Import { config, file } => import(&config, &file, ListKind::Holds, json),
        Arguments::List { config, all } => list(&config, all, json),
        Arguments::Add(add) => add_one(&add, json),
        Arguments::Remove { config, item, id } => remove(&config, &item, &id, json),
    }
}

pub(super) fn declarations(arguments: DeclarationArguments, json: bool) -> Outcome {
    let DeclarationArguments::Import { config, file } = arguments;
    import(&config, &file, ListKind::Declarations, json)
}

/// Hands a list to the station that runs; nothing when none does.
fn hand_over(config: &ConfigFile, kind: Letter, from: &mut impl std::io::Read) -> Result<Option<Claims>, Failure> {
    let data = Config::read(&config.config)?.data();
    if !lock::is_held(&data) {
        return Ok(None);
    }
    let about = data.join(inbox::FOLDER).display().to_string();
    let name = format!("{}-{}", wall_now().0, std::process::id());
    let put = inbox::put(&data, kind, from, &name)
        .map_err(|error| problem(&about, format!("cannot be written ({error}); run as the station's user")))?;
    match inbox::answer(&put, ANSWER_WAIT) {
        Some(inbox::Answer::InForce(claims)) => Ok(Some(claims)),
        Some(inbox::Answer::Refused(why)) => Err(Failure::Problem(format!("the running station refused it: {why}"))),
        None => {
            let says = "the running station has not answered; it takes what lies here when it can (its log says more)";
            Err(problem(put.display(), says))
        }
    }
}

fn import(config: &ConfigFile, path: &Path, kind: ListKind, json: bool) -> Outcome {
    let shown = path.display().to_string();
    let file =
        File::open(path).map_err(|error| problem(&shown, format!("cannot be read ({error}); check the name")))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let begin = reader.fill_buf().map_err(|error| problem(&shown, format!("cannot be read ({error})")))?;
    let signed = begin.starts_with(b"{\"list\":");
    if signed {
        let first = begin.split(|&byte| byte == b'\n').next().unwrap_or_default();
        is_of_kind(&String::from_utf8_lossy(first), &shown, kind)?;
    }
    let letter = if signed { Letter::Package } else { Letter::Holds };
    if (signed || kind == ListKind::Holds)
        && let Some(claims) = hand_over(config, letter, &mut reader)?
    {
        return said(&claims, json);
    }
    let mut opened = Opened::open(config)?;
    let claims = if signed {
        install(&mut opened, &mut reader, &shown)?
    } else if kind == ListKind::Declarations {
        let says = "is not signed; declarations count only as their issuer signed them: ask for the signed package";
        return Err(problem(&shown, says));
    } else {
        opened.take(&mut reader, &shown, Form::Snapshot)?
    };
    said(&claims, json)
}

fn install(opened: &mut Opened, reader: &mut impl BufRead, shown: &str) -> Result<Claims, Failure> {
    let unreadable =
        |error: std::io::Error| problem(shown, format!("cannot be copied into the station ({error}); free disk space"));
    let incoming = opened.data.join("lists").join("incoming");
    let mut copy = File::create(&incoming).map_err(unreadable)?;
    std::io::copy(reader, &mut copy).and_then(|_| copy.sync_all()).map_err(unreadable)?;
    opened.lists.install("lists/incoming", Some(wall_now())).map_err(|error| problem(shown, error))
}

fn is_of_kind(first_line: &str, shown: &str, kind: ListKind) -> Result<(), Failure> {
    let wanted = match kind {
        ListKind::Holds => "\"kind\":\"holds\"",
        ListKind::Declarations => "\"kind\":\"declarations\"",
    };
    if first_line.contains(wanted) {
        return Ok(());
    }
    Err(problem(shown, format!("is another kind of list (its first line has no {wanted}); use the other import")))
}

fn said(claims: &Claims, json: bool) -> Outcome {
    if json {
        document(claims)?;
    } else {
        let Claims { issuer, version, lines, expires, .. } = claims;
        say(format!("in force: {lines} lines of {issuer}, version {version}, until {}", day(*expires)));
    }
    Ok(Ending::Good)
}

#[derive(Serialize)]
struct Shown {
    issuer: String,
    #[serde(flatten)]
    line: HoldLine,
}

fn list(config: &ConfigFile, all: bool, json: bool) -> Outcome {
    let opened = Opened::look(config)?;
    let now = wall_now().0;
    let mut held: BTreeMap<(String, String, String), HoldLine> = BTreeMap::new();
    let mut left_off = 0_u64;
    each_hold(&opened, &mut |issuer, line| {
        if !all && *issuer != opened.issuer {
            return;
        }
        match line {
            // Whoever types here is in no group: that there is such a hold is not told, nor how many there are.
            Line::Hold(line) if matches!(line.hold.audience, Audience::Restricted { .. }) => {}
            Line::Hold(line) if line.until.is_none_or(|until| until >= now) => {
                let key = (issuer.clone(), line.item.as_str().to_owned(), line.hold.id.as_str().to_owned());
                if held.len() < SHOWN_MAX || held.contains_key(&key) {
                    held.insert(key, *line);
                } else {
                    left_off += 1;
                }
            }
            Line::Removal(line) => {
                held.remove(&(issuer.clone(), line.item.as_str().to_owned(), line.remove.as_str().to_owned()));
            }
            Line::Hold(_) | Line::Declaration(_) => {}
        }
    })?;
    if json {
        let shown = held.into_iter().map(|((issuer, ..), line)| Shown { issuer, line });
        document(&shown.collect::<Vec<_>>())?;
    } else {
        for ((issuer, item, id), line) in &held {
            let until = line.until.map_or_else(|| "lifted".to_owned(), day);
            let hold = &line.hold;
            say(format!(
                "{item}  {id}  {} ({}), {}, until {until}, of {issuer}",
                hold.issue,
                hold.severity,
                word(hold.outcome)
            ));
        }
        say(format!("{} holds in force", held.len()));
    }
    if left_off > 0 {
        super::warn(format!("{left_off} more holds are not shown: only the first {SHOWN_MAX} are"));
    }
    Ok(Ending::Good)
}

/// Every line of the hold lists in force: its issuer, and what it says, in the order in which they came.
fn each_hold(opened: &Opened, each: &mut dyn FnMut(&String, Line)) -> Result<(), Failure> {
    for package in opened.source.packages(ListKind::Holds) {
        let read = opened.source.read(&package, &mut |_, _, line| {
            each(&package.claims.issuer, line);
            Ok(())
        });
        read.map_err(|error| problem(opened.data.display(), error))?;
    }
    Ok(())
}

pub(super) fn word(outcome: Decided) -> &'static str {
    match outcome {
        Decided::Release => "release",
        Decided::Exam => "exam",
        Decided::StopInPlace => "stop in place",
    }
}

fn add_one(add: &Add, json: bool) -> Outcome {
    let item = item_of(&add.item, add.as_written)?;
    let now = wall_now();
    let outcome = match add.outcome {
        Held::Exam => "exam",
        Held::StopInPlace => "stop-in-place",
    };
    let id = add.id.clone().unwrap_or_else(|| format!("local-{}", now.0));
    let hold = json!({"id": id, "kind": "local", "issue": add.issue, "purpose": add.purpose,
        "severity": add.severity, "outcome": outcome, "authority": add.authority, "audience": "all"});
    let line = json!({"item": item, "hold": hold, "until": now.0 + add.days * DAY_MS}).to_string() + "\n";
    let claims = match hand_over(&add.config, Letter::Holds, &mut line.as_bytes())? {
        Some(claims) => claims,
        None => Opened::open(&add.config)?.take(&mut Cursor::new(line), "hold add", Form::Delta)?,
    };
    if json {
        document(&claims)?;
    } else {
        say(format!("held: {item} by {id} until {}", day(now.0 + add.days * DAY_MS)));
    }
    Ok(Ending::Good)
}

fn remove(config: &ConfigFile, item: &str, id: &str, json: bool) -> Outcome {
    let item = item_of(item, true)?;
    let mut opened = Opened::open(config)?;
    let (mut own, mut others) = (false, None);
    each_hold(&opened, &mut |issuer, line| match line {
        Line::Hold(line) if line.item.as_str() == item && line.hold.id.as_str() == id => {
            if *issuer == opened.issuer {
                own = true
            } else if !matches!(line.hold.audience, Audience::Restricted { .. }) {
                others = Some(issuer.clone())
            }
        }
        Line::Removal(line) if *issuer == opened.issuer && line.item.as_str() == item && line.remove.as_str() == id => {
            own = false;
        }
        _ => {}
    })?;
    if !own {
        return Err(Failure::Problem(match others {
            Some(issuer) => format!("{item}: hold {id} is of {issuer}; only they lift it, with a signed list"),
            None => format!("{item}: there is no hold {id} here; `gatepost hold list` shows the ids"),
        }));
    }
    let line = json!({"item": item, "remove": id}).to_string() + "\n";
    let claims = opened.take(&mut Cursor::new(line), "hold remove", Form::Delta)?;
    if json {
        document(&claims)?;
    } else {
        say(format!("ended: {item}, hold {id}"));
    }
    Ok(Ending::Good)
}

/// The number as the belt will read it.
pub(super) fn item_of(text: &str, as_written: bool) -> Result<String, Failure> {
    item_to_hold(text, as_written).map_err(Failure::Usage)
}

/// Day and minute, UTC.
fn day(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{ms} ms"), |at| at.strftime("%F %H:%M UTC").to_string())
}

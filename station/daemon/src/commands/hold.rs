//! `gatepost hold` and `declarations`: lists on this station's own disk, without central.
//!
//! Local entries only escalate, and expire. A list that somebody signed is taken as it was signed or not at all; lifting
//! a hold of somebody else comes signed from them, never from here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::key::{PublicKey, StationKey};
use gatepost_ledger::lists::index::{Feed, Found, Reload, Source};
use gatepost_ledger::lists::{
    Ages, Claims, FilesSource, Form, HoldLine, Index, IndexError, IndexState, Line, ListError, ListKind, Lists, Trust,
    local_issuer,
};
use gatepost_ledger::sealed::Sealed;
use gatepost_pipeline::identify::identify;
use gatepost_pipeline::judge::{IssueCode, Outcome as Decided, Purpose, Severity};
use serde::Serialize;
use serde_json::json;

use super::{ConfigFile, Ending, Failure, Outcome, document, lock, problem, say};
use crate::config::Config;
use crate::run::clock::wall_now;

const DAY_MS: i64 = 86_400_000;
/// Holds printed by `hold list`; a list may have millions.
const SHOWN_MAX: usize = 10_000;

#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Take a list from a file: signed by an issuer this station trusts, or a local one (replaces all local holds)
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

/// The lists of a station that is not running.
struct Opened {
    lists: Lists,
    source: Arc<FilesSource>,
    key: StationKey,
    data: PathBuf,
    issuer: String,
    _held: File,
}

impl Opened {
    fn open(file: &ConfigFile) -> Result<Self, Failure> {
        let config = Config::read(&file.config)?;
        let data = config.data();
        let _held = lock::hold(&data)?;
        let about = data.display().to_string();
        let disk: SharedDisk = Arc::new(RealDisk::new(&data).map_err(|error| problem(&about, error))?);
        let key = StationKey::load_or_create(disk.as_ref(), "station.key").map_err(|error| problem(&about, error))?;
        let station = config.station.name.clone();
        let issuer = local_issuer(&station);
        let mut keys = vec![(issuer.clone(), key.public())];
        for text in &config.lists.trusted {
            let parsed = text.split_once('=').and_then(|(name, hex)| Some((name.to_owned(), PublicKey::parse(hex)?)));
            keys.push(parsed.ok_or_else(|| {
                Failure::Problem(format!(
                    "lists.trusted = \"{text}\": write issuer=key, as \"central=9f…\" with 64 hex digits"
                ))
            })?);
        }
        let age_ms = i64::from(config.lists.age_h_max) * 3_600_000;
        let trust = Trust { station, keys, ages: Ages { holds_ms: age_ms, declarations_ms: age_ms } };
        let (lists, source) = without_index(&disk, trust).map_err(|error| problem(&about, error))?;
        Ok(Self { lists, source, key, data, issuer, _held })
    }

    /// Takes lines as this station's own holds.
    fn take(&mut self, lines: &mut (impl BufRead + std::io::Seek), name: &str, form: Form) -> Result<Claims, Failure> {
        let taken = self.lists.import_local(&self.key, lines, name, form, wall_now());
        taken.map_err(|error| Failure::Problem(error.to_string()))
    }
}

/// What is in force on a disk, without trusting or changing anything.
pub(super) fn in_force(disk: &SharedDisk) -> Result<Vec<Claims>, ListError> {
    let trust = Trust { station: String::new(), keys: Vec::new(), ages: Ages { holds_ms: 0, declarations_ms: 0 } };
    without_index(disk, trust).map(|(lists, _)| lists.in_force())
}

/// Opens the files alone: the running station builds its index from them at its next start.
fn without_index(disk: &SharedDisk, trust: Trust) -> Result<(Lists, Arc<FilesSource>), ListError> {
    let mut kept = None;
    let lists = Lists::open(disk.clone(), "lists", trust, None, |source| {
        kept = Some(source);
        Ok(Box::new(NoIndex))
    })?;
    kept.map(|source| (lists, source)).ok_or(ListError::Index(IndexError::Lost))
}

struct NoIndex;

impl Index for NoIndex {
    fn state(&self) -> IndexState {
        IndexState::Rebuilding
    }
    fn find(&self, _: &str) -> Result<Found, IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn personal(&self, _: &str) -> Result<Option<Sealed>, IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn remember(&self, _: &str, _: Decided, _: i64) -> Result<(), IndexError> {
        Err(IndexError::Rebuilding)
    }
    fn reload(&mut self, _: Reload) -> Result<(), IndexError> {
        Ok(())
    }
}

fn import(config: &ConfigFile, path: &Path, kind: ListKind, json: bool) -> Outcome {
    let shown = path.display().to_string();
    let file =
        File::open(path).map_err(|error| problem(&shown, format!("cannot be read ({error}); check the name")))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let begin = reader.fill_buf().map_err(|error| problem(&shown, format!("cannot be read ({error})")))?;
    let signed = begin.starts_with(b"{\"list\":");
    let mut opened = Opened::open(config)?;
    let claims = if signed {
        install(&mut opened, &mut reader, &shown, kind)?
    } else if kind == ListKind::Declarations {
        let says = "is not signed; declarations count only as their issuer signed them: ask for the signed package";
        return Err(problem(&shown, says));
    } else {
        opened.take(&mut reader, &shown, Form::Snapshot)?
    };
    said(&claims, json)
}

fn install(opened: &mut Opened, reader: &mut impl BufRead, shown: &str, kind: ListKind) -> Result<Claims, Failure> {
    let unreadable =
        |error: std::io::Error| problem(shown, format!("cannot be copied into the station ({error}); free disk space"));
    let incoming = opened.data.join("lists").join("incoming");
    let mut copy = File::create(&incoming).map_err(unreadable)?;
    std::io::copy(reader, &mut copy).and_then(|_| copy.sync_all()).map_err(unreadable)?;
    let first = first_line(&incoming).map_err(unreadable)?;
    let wanted = match kind {
        ListKind::Holds => "\"kind\":\"holds\"",
        ListKind::Declarations => "\"kind\":\"declarations\"",
    };
    if !first.contains(wanted) {
        let _removed = std::fs::remove_file(&incoming);
        return Err(problem(
            shown,
            format!("is another kind of list (its first line has no {wanted}); use the other import"),
        ));
    }
    opened.lists.install("lists/incoming", Some(wall_now())).map_err(|error| problem(shown, error))
}

fn first_line(path: &Path) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut start = std::io::Read::take(BufReader::new(File::open(path)?), 4_096);
    start.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
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
    let opened = Opened::open(config)?;
    let now = wall_now().0;
    let mut held: BTreeMap<(String, String, String), HoldLine> = BTreeMap::new();
    let mut left_off = 0_u64;
    let read = opened.source.feed(Reload::All, &mut |feed| {
        let Feed::Line { issuer, line } = feed else { return Ok(()) };
        if !all && issuer != opened.issuer {
            return Ok(());
        }
        match line {
            Line::Hold(line) if line.until.is_none_or(|until| until >= now) => {
                let key = (issuer, line.item.as_str().to_owned(), line.hold.id.as_str().to_owned());
                if held.len() < SHOWN_MAX || held.contains_key(&key) {
                    held.insert(key, *line);
                } else {
                    left_off += 1;
                }
            }
            Line::Removal(line) => {
                held.remove(&(issuer, line.item.as_str().to_owned(), line.remove.as_str().to_owned()));
            }
            Line::Hold(_) | Line::Declaration(_) => {}
        }
        Ok(())
    });
    read.map_err(|error| problem(opened.data.display(), error))?;
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
    let mut opened = Opened::open(&add.config)?;
    let claims = opened.take(&mut Cursor::new(line), "hold add", Form::Delta)?;
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
    let read = opened.source.feed(Reload::All, &mut |feed| {
        let Feed::Line { issuer, line } = feed else { return Ok(()) };
        match line {
            Line::Hold(line) if line.item.as_str() == item && line.hold.id.as_str() == id => {
                if issuer == opened.issuer { own = true } else { others = Some(issuer) }
            }
            Line::Removal(line)
                if issuer == opened.issuer && line.item.as_str() == item && line.remove.as_str() == id =>
            {
                own = false;
            }
            _ => {}
        }
        Ok(())
    });
    read.map_err(|error| problem(opened.data.display(), error))?;
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

/// The number as the belt will read it: a hold on another spelling would never match.
pub(super) fn item_of(text: &str, as_written: bool) -> Result<String, Failure> {
    let found = identify(text, None);
    if let Some(item) = found.item_id() {
        return Ok(item.id);
    }
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if as_written && !plain.is_empty() {
        return Ok(plain);
    }
    let why = found.problems.first().map_or("this number names no item", |problem| problem.says());
    Err(Failure::Usage(format!("{text}: {why}; or say --as-written")))
}

/// Day and minute, UTC.
fn day(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{ms} ms"), |at| at.strftime("%F %H:%M UTC").to_string())
}

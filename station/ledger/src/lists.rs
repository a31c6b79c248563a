//! Hold lists and declarations: signed files are the truth, an index answers from them.
//!
//! A package is checked whole (signature, issuer, audience, version, dates, every line) before any of it counts, then
//! stored under its digest and named in `in-force`. The answer is the pipeline's [`Matched`]: holds only escalate, a past
//! release releases nothing, personal text never comes along. What cannot be answered says why.

pub mod line;
pub mod file;
pub mod index;
mod folders;
mod force;
mod standing;
mod worker;
pub mod cache;

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::sync::Arc;

use gatepost_pipeline::event::Matched;
use gatepost_pipeline::judge::{Aed, Declared, HoldKind, ListState, Lists as ListStates, Outcome, Previous, Token};
use gatepost_pipeline::record::WallMs;

pub use file::{Claims, Form};
pub use force::{FilesSource, History};
pub use index::{Index, IndexError, IndexState, MemoryIndex};
pub use line::{DeclarationLine, HoldLine, Line, ListKind};

use crate::disk::{self, DiskError, SharedDisk};
use crate::key::{PublicKey, StationKey};
use crate::limits;
use crate::sealed::Sealed;
use file::{Body, Sink, Stream, read_lines};
use force::{Entry, InForce};
use index::{Found, Reload};
use line::{LineError, LineParser};

/// Where in a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}")]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("{place}: {error}; nothing of this list was taken")]
    Line { place: Place, error: LineError },
    #[error("{place}: {what}; nothing of this list was taken")]
    Read { place: Place, what: String },
    #[error("the first line is no list header: {0}; ask its issuer for the package as it was signed")]
    Header(String),
    #[error("the list of {issuer} is not signed by a key trusted for it; check the configured keys with the issuer")]
    Untrusted { issuer: String },
    #[error("the list is for {audience:?}, this is {station}; central sent it to the wrong station")]
    OtherStation { audience: Vec<String>, station: String },
    #[error("version {found} of this list is older than version {in_force} in force; it was sent late or replayed")]
    Older { found: u64, in_force: u64 },
    #[error("the change to version {found} does not fit: version {in_force} is in force; ask for a whole list")]
    Gap { found: u64, in_force: u64 },
    #[error("the list counts from {not_before} to {expires} (ms), and it is {now}; check the station's clock")]
    Dates { not_before: i64, expires: i64, now: i64 },
    #[error("the list's lines are not the ones that were signed; fetch it again")]
    Body,
    #[error("more than {} changes since the last whole list; ask for a whole list", force::DELTAS_MAX)]
    TooManyDeltas,
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// How old lists may be, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    pub holds_ms: i64,
    pub declarations_ms: i64,
}

/// Who a station is to lists, and whom it believes.
#[derive(Clone, Debug)]
pub struct Trust {
    pub station: String,
    /// Issuers and their keys. For local holds: [`local_issuer`] with the station's own key.
    pub keys: Vec<(String, PublicKey)>,
    pub ages: Ages,
}

/// The issuer of holds that were entered at this station.
pub fn local_issuer(station: &str) -> String {
    format!("local:{station}")
}

pub struct Lists {
    disk: SharedDisk,
    folder: String,
    trust: Trust,
    force: Arc<InForce>,
    index: Box<dyn Index>,
}

impl Lists {
    /// Opens what is in force; `index` makes the index over it (a [`MemoryIndex`] or a [`cache::Cache`]). `history`
    /// tells the index of past decisions when it has to be built anew.
    ///
    /// # Errors
    /// When the disk cannot be read or the index cannot be made.
    pub fn open(
        disk: SharedDisk,
        folder: &str,
        trust: Trust,
        history: Option<History>,
        index: impl FnOnce(Arc<FilesSource>) -> Result<Box<dyn Index>, IndexError>,
    ) -> Result<Self, ListError> {
        disk.create_dir(folder)?;
        let force = Arc::new(InForce::load(&disk, folder)?);
        let source = FilesSource::new(&disk, folder, &force, history);
        let index = index(Arc::new(source))?;
        Ok(Self { disk, folder: folder.to_owned(), trust, force, index })
    }

    /// What lists and past decisions say about an item; about none, only the state of the lists. `now` is nothing while
    /// the clock is not trusted: then no hold expires and every list is stale.
    pub fn look_up(&self, item: Option<&Token>, now: Option<WallMs>) -> Matched {
        let now = now.map(|now| now.0);
        let mut states = ListStates {
            holds: self.list_state(ListKind::Holds, now),
            declarations: self.list_state(ListKind::Declarations, now),
        };
        let found = match item.map(|item| self.index.find(item.as_str())) {
            None => return unmatched(states, Previous::None),
            Some(Ok(found)) => found,
            Some(Err(error)) => {
                let why = if error == IndexError::Rebuilding { ListState::Rebuilding } else { ListState::NoAnswer };
                (states.holds, states.declarations) = (why.clone(), why);
                return unmatched(states, Previous::Unknown);
            }
        };
        self.matched(found, states, now)
    }

    fn matched(&self, found: Found, states: ListStates, now: Option<i64>) -> Matched {
        let past = |until: i64| now.is_some_and(|now| now > until);
        let holds = found.holds.into_iter().filter(|line| !line.until.is_some_and(past)).map(|line| line.hold);
        let holds = holds.take(limits::HOLDS_PER_ITEM_MAX + 1).collect();
        let previous = found.past.map_or(Previous::None, |past| Previous::Decided { worst: past.worst });
        let unknown = unmatched(states, previous);
        let Some(line) = found.declaration else {
            let aed = match &unknown.lists.declarations {
                ListState::Fresh { .. } => Aed::Missing,
                _ => Aed::Unknown { offline_since: self.newest(ListKind::Declarations) },
            };
            return Matched { holds, aed, ..unknown };
        };
        let (aed, declared, mail_class) = (line.aed, line.declared, line.mail_class);
        Matched { holds, aed, declared, mail_class, trusted_shipper: line.trusted_shipper, ..unknown }
    }

    /// When the newest list of a kind was issued.
    fn newest(&self, kind: ListKind) -> Option<WallMs> {
        self.force.entries().iter().filter(|entry| entry.claims.kind == kind).map(|e| WallMs(e.claims.not_before)).max()
    }

    /// The worst state of the lists of a kind: of each issuer the newest version counts. Local holds have no age.
    fn list_state(&self, kind: ListKind, now: Option<i64>) -> ListState {
        let limit = match kind {
            ListKind::Holds => self.trust.ages.holds_ms,
            ListKind::Declarations => self.trust.ages.declarations_ms,
        };
        let local = local_issuer(&self.trust.station);
        let entries = self.force.entries();
        let of_kind = |entry: &&Entry| entry.claims.kind == kind && entry.claims.issuer != local;
        let newest = entries.iter().filter(of_kind).filter(|entry| {
            !entries.iter().any(|other| entry.same_list(other) && other.claims.version > entry.claims.version)
        });
        let Some(oldest) = newest.min_by_key(|entry| entry.claims.not_before) else { return ListState::Missing };
        let version = Token::clipped(&oldest.claims.version.to_string());
        let Some(now) = now else { return ListState::Stale { version, age_s: u64::from(u32::MAX) } };
        let age_ms = now.saturating_sub(oldest.claims.not_before);
        let age_s = u64::try_from(age_ms / 1_000).unwrap_or(0);
        if age_ms > limit || now > oldest.claims.expires {
            ListState::Stale { version, age_s }
        } else {
            ListState::Fresh { version, age_s }
        }
    }

    pub fn index_state(&self) -> IndexState {
        self.index.state()
    }

    /// The sealed personal text of an item's declaration: to be opened into the personal store, never for a record.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn personal(&self, item: &Token) -> Result<Option<Sealed>, IndexError> {
        self.index.personal(item.as_str())
    }

    /// Adds a durable decision to the cache. After the record, never before.
    ///
    /// # Errors
    /// When the index cannot take it; the journal has it.
    pub fn remember(&self, item: &Token, outcome: Outcome, at: WallMs) -> Result<(), IndexError> {
        self.index.remember(item.as_str(), outcome, at.0)
    }

    /// The claims of every package in force, oldest first: for the `list` record.
    pub fn in_force(&self) -> Vec<Claims> {
        self.force.entries().into_iter().map(|entry| entry.claims).collect()
    }

    /// Takes a package that came as bytes. See [`Self::install`].
    ///
    /// # Errors
    /// [`ListError`]; nothing of it counts then.
    pub fn install_bytes(&mut self, package: &[u8], now: Option<WallMs>) -> Result<Claims, ListError> {
        let incoming = disk::join(&self.folder, "incoming");
        disk::replace(self.disk.as_ref(), &incoming, package)?;
        self.install(&incoming, now)
    }

    /// Takes the package in the file `path` of the same disk, which is moved or removed.
    ///
    /// # Errors
    /// [`ListError`]; nothing of it counts then.
    pub fn install(&mut self, path: &str, now: Option<WallMs>) -> Result<Claims, ListError> {
        let checked = self.check(path, now);
        if checked.is_err() {
            disk::remove_if_there(self.disk.as_ref(), path)?;
        }
        let claims = checked?;
        let entry = Entry::new(claims.clone());
        self.disk.rename(path, &disk::join(&self.folder, &entry.file))?;
        self.disk.sync_dir(&self.folder)?;
        if disk::split(path).0 != self.folder {
            self.disk.sync_dir(disk::split(path).0)?;
        }
        let what = match claims.form {
            Form::Delta => Reload::Added(claims.kind),
            Form::Snapshot => Reload::Whole(claims.kind),
        };
        self.force.add(&self.disk, &self.folder, entry)?;
        self.index.reload(what)?;
        Ok(claims)
    }

    fn check(&self, path: &str, now: Option<WallMs>) -> Result<Claims, ListError> {
        let mut stream = BufReader::new(Stream::open(&self.disk, path)?);
        let mut first = Vec::new();
        let most = limits::LIST_HEADER_BYTES_MAX as u64;
        std::io::Read::take(&mut stream, most)
            .read_until(b'\n', &mut first)
            .map_err(|error| ListError::Header(error.to_string()))?;
        let claims = file::read_first_line(&first, &self.trust.keys)?;
        let station = &self.trust.station;
        if !claims.audience.iter().any(|name| name == "*" || name == station) {
            return Err(ListError::OtherStation { audience: claims.audience, station: station.clone() });
        }
        if let Some(WallMs(now)) = now
            && !(claims.not_before..=claims.expires).contains(&now)
        {
            let (not_before, expires) = (claims.not_before, claims.expires);
            return Err(ListError::Dates { not_before, expires, now });
        }
        self.force.may_follow(&claims)?;
        let mut parser = LineParser::new(claims.kind, claims.form == Form::Delta);
        let name = format!("list {} of {}", claims.version, claims.issuer);
        let body = read_lines(&mut stream, &name, 2, &mut parser, &mut |_, _| Ok(()))?;
        if body.digest != claims.digest || body.lines != claims.lines {
            return Err(ListError::Body);
        }
        Ok(claims)
    }

    /// Takes a file of holds from outside (a memory stick) as the station's own: every line must be a local hold that
    /// ends. Replaces the local holds there were, or adds to them where `form` is a delta.
    ///
    /// # Errors
    /// [`ListError::Line`] with file, line and remedy at the first bad line.
    pub fn import_local(
        &mut self,
        key: &StationKey,
        from: &mut (impl BufRead + Seek),
        name: &str,
        form: Form,
        now: WallMs,
    ) -> Result<Claims, ListError> {
        let start = from.stream_position().map_err(|error| read_error(name, &error))?;
        let mut until_max = now.0;
        let mut parser = LineParser::new(ListKind::Holds, form == Form::Delta);
        let mut number = 0;
        let body = read_lines(from, name, 1, &mut parser, &mut |_, line| {
            number += 1;
            let Some(Line::Hold(line)) = line else { return Ok(()) };
            let place = Place { file: name.to_owned(), line: number };
            until_max = until_max.max(local(&line, now).map_err(|error| ListError::Line { place, error })?);
            Ok(())
        })?;
        from.seek(SeekFrom::Start(start)).map_err(|error| read_error(name, &error))?;
        let claims = self.local_claims(form, body, now, until_max);
        let incoming = disk::join(&self.folder, "incoming");
        let mut sink = Sink::create(&self.disk, &incoming)?;
        sink.write_all(&file::first_line(key, &claims)).map_err(|error| read_error(name, &error))?;
        std::io::copy(from, &mut sink).map_err(|error| read_error(name, &error))?;
        sink.finish()?;
        self.install(&incoming, Some(now))
    }

    fn local_claims(&self, form: Form, body: Body, now: WallMs, expires: i64) -> Claims {
        let issuer = local_issuer(&self.trust.station);
        let version = self.force.version(ListKind::Holds, &issuer).map_or(1, |version| version + 1);
        // The first change to no list at all is a whole list.
        let form = if version == 1 { Form::Snapshot } else { form };
        let (kind, audience) = (ListKind::Holds, vec![self.trust.station.clone()]);
        let (lines, digest) = (body.lines, body.digest);
        Claims { kind, form, issuer, audience, version, not_before: now.0, expires, lines, digest }
    }
}

/// A local entry escalates and expires; when it expires.
fn local(line: &HoldLine, now: WallMs) -> Result<i64, LineError> {
    if line.hold.kind != HoldKind::Local {
        return Err(LineError::new("a hold entered at the station must be of kind \"local\"", "write kind \"local\""));
    }
    match line.until {
        Some(until) if until > now.0 => Ok(until),
        Some(_) => Err(LineError::new("the hold has ended already", "take the line out, or give a later end")),
        None => Err(LineError::new("a hold entered at the station must end", "give \"until\"")),
    }
}

fn unmatched(lists: ListStates, previous: Previous) -> Matched {
    Matched {
        holds: Vec::new(),
        aed: Aed::Unknown { offline_since: None },
        declared: Declared::default(),
        mail_class: None,
        trusted_shipper: false,
        previous,
        lists,
    }
}

fn read_error(name: &str, error: &std::io::Error) -> ListError {
    ListError::Read { place: Place { file: name.to_owned(), line: 0 }, what: error.to_string() }
}

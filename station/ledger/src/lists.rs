//! Hold lists and declarations: signed files are the truth, an index answers from them.
//!
//! A package is checked whole (signature, issuer, audience, version, dates, every line) before any of it counts, then
//! stored under its digest and named in `in-force`. The answer is the pipeline's [`Matched`]: holds only escalate, a past
//! release releases nothing, personal text never comes along. What cannot be answered says why.

pub mod line;
pub mod file;
pub mod index;
mod folders;
mod in_memory;
mod force;
mod standing;
mod sorted;
mod snapshot;
mod changes;
mod table;
mod worker;
pub mod cache;
mod install;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gatepost_pipeline::event::Matched;
use gatepost_pipeline::judge::{Aed, Declared, ListState, Lists as ListStates, Outcome, Previous, Token};
use gatepost_pipeline::record::WallMs;

pub use file::{Claims, Form};
pub use force::{FilesSource, History};
pub use in_memory::MemoryIndex;
pub use index::{Index, IndexError, IndexState};
pub use line::{DeclarationLine, HoldLine, Line, ListKind};

use crate::disk::{DiskError, SharedDisk};
use crate::key::PublicKey;
use crate::limits;
use crate::sealed::Sealed;
use force::InForce;
use index::{Found, Package};
use line::LineError;

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
    #[error("the list could not be made ready ({0}); the one before stays in force; look after the data folder's disk")]
    NotReady(String),
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

/// May be asked from any thread while another takes a list: reading millions of lines holds nobody up.
pub struct Lists {
    disk: SharedDisk,
    folder: String,
    trust: Trust,
    force: Arc<InForce>,
    index: Box<dyn Index>,
    /// Held by whoever takes a list: one at a time.
    taking: Mutex<()>,
    /// Held for writing from the moment a list is in force until the index knows: nobody is answered by one and told of another.
    switching: RwLock<()>,
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
        let (taking, switching) = (Mutex::new(()), RwLock::new(()));
        Ok(Self { disk, folder: folder.to_owned(), trust, force, index, taking, switching })
    }

    /// What lists and past decisions say about an item; about none, only the state of the lists. `now` is nothing while
    /// the clock is not trusted: then no hold expires and every list is stale.
    pub fn look_up(&self, item: Option<&Token>, now: Option<WallMs>) -> Matched {
        let now = now.map(|now| now.0);
        let _switched = self.switching.read().unwrap_or_else(PoisonError::into_inner);
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
        self.force
            .packages()
            .iter()
            .filter(|one| one.claims.kind == kind)
            .map(|one| WallMs(one.claims.not_before))
            .max()
    }

    /// The worst state of the lists of a kind: of each issuer the newest version counts. Local holds have no age.
    fn list_state(&self, kind: ListKind, now: Option<i64>) -> ListState {
        let limit = match kind {
            ListKind::Holds => self.trust.ages.holds_ms,
            ListKind::Declarations => self.trust.ages.declarations_ms,
        };
        let local = local_issuer(&self.trust.station);
        let packages = self.force.packages();
        let of_kind = |one: &&Package| one.claims.kind == kind && one.claims.issuer != local;
        let newest = packages.iter().filter(of_kind).filter(|one| {
            !packages.iter().any(|other| one.same_list(other) && other.claims.version > one.claims.version)
        });
        let Some(oldest) = newest.min_by_key(|one| one.claims.not_before) else { return ListState::Missing };
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
        self.force.packages().into_iter().map(|one| one.claims).collect()
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

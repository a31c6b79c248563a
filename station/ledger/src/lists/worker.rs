//! The index's own thread: answers look-ups, and has what is not current built on threads beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;

use gatepost_pipeline::judge::Outcome;

use super::changes::{Changes, Trouble};
use super::folders;
use super::index::{Found, IndexError, Package, Reload, Source, added};
use super::line::{DeclarationLine, ListKind};
use super::snapshot;
use super::standing::Standing;
use super::table::Table;
use crate::sealed::Sealed;

/// Lines of deltas that look-ups wait for; more are built beside, and meanwhile nothing is answered.
const ADDED_LINES_MAX: u64 = 10_000;

/// What the index's thread is asked.
pub(super) enum Request {
    Find(String, SyncSender<Result<Found, IndexError>>),
    Personal(String, SyncSender<Result<Option<Sealed>, IndexError>>),
    Remember(String, Outcome, i64, SyncSender<()>),
    Reload(Reload),
    Built(Built),
    /// Which lists could not be read; nothing for the past.
    BuildFailed(Option<(ListKind, Vec<Package>)>),
    Stop,
}

/// A build that ended.
pub(super) enum Built {
    Lists(ListKind, Box<Table>),
    Past,
}

pub(super) struct Worker {
    changes: Changes,
    /// Where what is made of whole lists is kept.
    folder: PathBuf,
    holds: Table,
    declarations: Table,
    /// Decisions of the past: added to one by one, read from the journal once.
    building_past: bool,
    source: Arc<dyn Source>,
    own: SyncSender<Request>,
    standing: Arc<Standing>,
    missed: Arc<AtomicBool>,
}

impl Worker {
    pub(super) fn open(
        path: &Path,
        memory_bytes: u64,
        source: Arc<dyn Source>,
        own: SyncSender<Request>,
        standing: Arc<Standing>,
        missed: Arc<AtomicBool>,
    ) -> Result<Self, Trouble> {
        let changes = Changes::open(&folders::changes(path), memory_bytes)?;
        let folder = folders::whole(path);
        let [holds, declarations] =
            [ListKind::Holds, ListKind::Declarations].map(|kind| Table::open(&changes, source.as_ref(), &folder, kind));
        let (holds, declarations) = (holds?, declarations?);
        Ok(Self { changes, folder, holds, declarations, building_past: false, source, own, standing, missed })
    }

    pub(super) fn run(&mut self, queue: &Receiver<Request>) -> Result<(), Trouble> {
        self.stand()?;
        while let Ok(request) = queue.recv() {
            match request {
                Request::Find(item, answer) => tell(&answer, told(self.find(&item))?),
                Request::Personal(item, answer) => tell(&answer, told(self.personal(&item))?),
                Request::Remember(item, outcome, at, answer) => {
                    self.changes.remember(&item, outcome, at)?;
                    tell(&answer, ());
                }
                Request::Reload(Reload::Added(kind)) if !self.table(kind).building => self.add(kind)?,
                Request::Reload(Reload::Added(_) | Reload::Whole(_)) => self.stand()?,
                Request::Built(built) => self.built(built)?,
                Request::BuildFailed(Some((kind, packages))) if self.source.packages(kind) != packages => {
                    // A list was replaced while it was read: what is in force now is another.
                    self.table(kind).building = false;
                    self.stand()?;
                }
                Request::BuildFailed(_) => return Err(Trouble::Broken),
                Request::Stop => break,
            }
        }
        Ok(())
    }

    fn table(&mut self, kind: ListKind) -> &mut Table {
        match kind {
            ListKind::Holds => &mut self.holds,
            ListKind::Declarations => &mut self.declarations,
        }
    }

    fn find(&mut self, item: &str) -> Result<Found, Trouble> {
        let declaration = self.declarations.declaration(item)?;
        let declaration = declaration.map(|line| DeclarationLine { personal: None, ..line });
        Ok(Found { holds: self.holds.holds(item)?, declaration, past: self.changes.past(item)? })
    }

    fn personal(&mut self, item: &str) -> Result<Option<Sealed>, Trouble> {
        Ok(self.declarations.declaration(item)?.and_then(|line| line.personal))
    }

    /// Everything that came since, also of a delta whose own request is still waiting.
    fn add(&mut self, kind: ListKind) -> Result<(), Trouble> {
        let (source, changes) = (self.source.clone(), self.changes.clone());
        let now = source.packages(kind);
        let table = self.table(kind);
        let Some(added) = table.packages().and_then(|known| added(known, &now)) else { return self.stand() };
        if added.iter().map(|package| package.claims.lines).sum::<u64>() > ADDED_LINES_MAX {
            return self.stand();
        }
        match table.add(source.as_ref(), added) {
            Ok(()) => changes.note(&table.deltas, &now),
            // Replaced while it was read: what is in force now is another.
            Err(_) if source.packages(kind) != now => self.stand(),
            Err(_) => Err(Trouble::Broken),
        }
    }

    /// Ready, if everything is current; else what is not is being built from here on. Until all of it is there nothing is
    /// answered.
    fn stand(&mut self) -> Result<(), Trouble> {
        let seen = self.standing.seen();
        let mut current = true;
        for kind in [ListKind::Holds, ListKind::Declarations] {
            let now = self.source.packages(kind);
            if self.table(kind).packages() != Some(&now) {
                current = false;
                self.standing.building();
                self.build(kind, now)?;
            }
        }
        if current && self.missed.swap(false, Ordering::AcqRel) {
            // Parcels came and went while lists were indexed: the journal has them.
            self.changes.note_the_past(false)?;
        }
        if !self.changes.knows_the_past()? {
            current = false;
            self.standing.building();
            self.build_past()?;
        }
        if current {
            self.standing.ready(seen);
            if self.missed.load(Ordering::Acquire) {
                return self.stand(); // while it was looked whether everything is current
            }
        }
        Ok(())
    }

    /// Builds a kind's next table on a thread of its own. Where that is under way already, its end is waited for.
    fn build(&mut self, kind: ListKind, packages: Vec<Package>) -> Result<(), Trouble> {
        if std::mem::replace(&mut self.table(kind).building, true) {
            return Ok(());
        }
        let (deltas, source, folder) = (self.changes.fresh(kind)?, self.source.clone(), self.folder.clone());
        self.spawn(Some((kind, packages.clone())), move || {
            let table = Table::build(source.as_ref(), &folder, deltas, packages)?;
            Ok(Built::Lists(kind, Box::new(table)))
        })
    }

    fn build_past(&mut self) -> Result<(), Trouble> {
        if std::mem::replace(&mut self.building_past, true) {
            return Ok(());
        }
        let (changes, source) = (self.changes.clone(), self.source.clone());
        self.spawn(None, move || {
            source.history(&mut |item, outcome, at| {
                changes.remember(item, outcome, at).map_err(|_| "the index cannot be written".to_owned())
            })?;
            Ok(Built::Past)
        })
    }

    fn spawn(
        &self,
        of: Option<(ListKind, Vec<Package>)>,
        build: impl FnOnce() -> Result<Built, String> + Send + 'static,
    ) -> Result<(), Trouble> {
        let own = self.own.clone();
        let run = move || {
            let done = match catch_unwind(AssertUnwindSafe(build)) {
                Ok(Ok(built)) => Request::Built(built),
                _ => Request::BuildFailed(of),
            };
            // The worker is gone: so is the need to tell it.
            let _ = own.send(done);
        };
        thread::Builder::new().name("lists-build".to_owned()).spawn(run).map(drop).map_err(|_| Trouble::Broken)
    }

    /// A list may have come while this was built: deltas are added, else it is built again.
    fn built(&mut self, built: Built) -> Result<(), Trouble> {
        match built {
            Built::Lists(kind, table) => {
                let old = std::mem::replace(self.table(kind), *table);
                let table = match kind {
                    ListKind::Holds => &self.holds,
                    ListKind::Declarations => &self.declarations,
                };
                self.changes.note(&table.deltas, table.packages().unwrap_or_default())?;
                self.changes.remove(&old.deltas)?;
                drop(old);
                let in_force = [ListKind::Holds, ListKind::Declarations].map(|kind| self.source.packages(kind));
                snapshot::remove_others(&self.folder, &in_force.concat());
                self.add(kind)?;
            }
            Built::Past => {
                self.changes.note_the_past(true)?;
                self.building_past = false;
            }
        }
        self.stand()
    }
}

/// An asker that has gone away has been answered otherwise.
fn tell<T>(asker: &SyncSender<T>, answer: T) {
    let _ = asker.try_send(answer);
}

/// What the asker is told; trouble that is not about its item alone ends the index.
fn told<T>(answer: Result<T, Trouble>) -> Result<Result<T, IndexError>, Trouble> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Trouble::Crowded) => Ok(Err(IndexError::Crowded)),
        Err(Trouble::Broken) => Err(Trouble::Broken),
    }
}

//! The index's own thread and its tables on disk: the one file that names `sled`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;

use gatepost_pipeline::judge::Outcome;
use sled::{Db, Tree};

use super::index::{Feed, Found, Part, Past as PastOf, Reload, Source};
use super::line::{DeclarationLine, Line, ListKind};
use super::standing::Standing;
use crate::sealed::Sealed;

/// What the index's thread is asked.
pub(super) enum Request {
    Find(String, SyncSender<Found>),
    Personal(String, SyncSender<Option<Sealed>>),
    Remember(String, Outcome, i64, SyncSender<()>),
    Reload(Reload),
    Built(Built),
    /// Which list could not be read, and what was in force when its build began; nothing for the past.
    BuildFailed(Option<(ListKind, String)>),
    Stop,
}

/// A build that ended.
pub(super) enum Built {
    /// The generation that was made, and the name of what is in it.
    List(ListKind, u64, String),
    Past,
}

pub(super) struct Worker {
    db: Db,
    holds: Table,
    declarations: Table,
    past: Past,
    source: Arc<dyn Source>,
    own: SyncSender<Request>,
    standing: Arc<Standing>,
    missed: Arc<AtomicBool>,
}

/// Decisions of the past: added to one by one, read from the journal once.
struct Past {
    tree: Tree,
    is_built: bool,
    building: bool,
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
        let db = sled::Config::new().path(path).cache_capacity(memory_bytes).use_compression(false).open()?;
        let [holds, declarations] = [ListKind::Holds, ListKind::Declarations].map(|kind| Table::open(&db, kind));
        let (holds, declarations) = (holds?, declarations?);
        let past = Past { tree: db.open_tree(PAST)?, is_built: db.contains_key(PAST)?, building: false };
        // What a build left behind that never came to its end.
        let known = [holds.trees.names(), declarations.trees.names()].concat();
        for name in db.tree_names() {
            let name = String::from_utf8_lossy(&name).into_owned();
            if name.contains('-') && !known.contains(&name) {
                db.drop_tree(name)?;
            }
        }
        Ok(Self { db, holds, declarations, past, source, own, standing, missed })
    }

    pub(super) fn run(&mut self, queue: &Receiver<Request>) -> Result<(), Trouble> {
        self.stand()?;
        while let Ok(request) = queue.recv() {
            match request {
                Request::Find(item, answer) => tell(&answer, self.find(&item)?),
                Request::Personal(item, answer) => tell(&answer, self.personal(&item)?),
                Request::Remember(item, outcome, at, answer) => {
                    remember(&self.past.tree, &item, outcome, at)?;
                    tell(&answer, ());
                }
                Request::Reload(Reload::Added(kind)) if !self.table(kind).building => self.add(kind)?,
                Request::Reload(Reload::Added(_) | Reload::Whole(_)) => self.stand()?,
                Request::Built(built) => self.built(built)?,
                Request::BuildFailed(Some((kind, name))) if self.source.name(kind) != name => {
                    // A list was replaced while it was read: what is in force now is another.
                    self.table(kind).building = false;
                    self.stand()?;
                }
                Request::BuildFailed(_) => return Err(Trouble),
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

    fn find(&self, item: &str) -> Result<Found, Trouble> {
        let mut found = Found::default();
        let prefix = hold_key(item, "", "");
        for entry in self.holds.trees.lines.scan_prefix(prefix.strip_suffix(&[0]).unwrap_or_default()) {
            found.holds.push(serde_json::from_slice(&entry?.1)?);
            if found.holds.len() > crate::limits::HOLDS_PER_ITEM_MAX {
                break;
            }
        }
        if let Some(bytes) = self.declarations.trees.lines.get(item)? {
            found.declaration = Some(serde_json::from_slice::<DeclarationLine>(&bytes)?);
        }
        if let Some(bytes) = self.past.tree.get(item)? {
            found.past = Some(serde_json::from_slice(&bytes)?);
        }
        Ok(found)
    }

    fn personal(&self, item: &str) -> Result<Option<Sealed>, Trouble> {
        let bytes = self.declarations.trees.personal.get(item)?;
        Ok(bytes.and_then(|bytes| Sealed::parse(std::str::from_utf8(&bytes).ok()?)))
    }

    /// Everything that came since, also of a delta whose own request is still waiting.
    fn add(&mut self, kind: ListKind) -> Result<(), Trouble> {
        let (trees, known) = (self.table(kind).trees.clone(), self.table(kind).name.clone());
        let fed = self.source.feed_since(kind, &known, &mut |feed| match feed {
            Feed::Line { issuer, line } => trees.take(&issuer, line).map_err(|_| String::new()),
            Feed::Past { .. } => Ok(()),
        });
        let db = self.db.clone();
        match fed.map_err(|_| Trouble)? {
            Some(name) => self.table(kind).name_it(&db, name),
            None => self.stand(),
        }
    }

    /// Ready, if everything is current; else what is not is being built from here on. Until all of it is there nothing is
    /// answered.
    fn stand(&mut self) -> Result<(), Trouble> {
        let seen = self.standing.seen();
        let mut current = true;
        for kind in [ListKind::Holds, ListKind::Declarations] {
            let name = self.source.name(kind);
            if self.table(kind).name != name {
                current = false;
                self.standing.building();
                self.build(kind)?;
            }
        }
        if current && self.missed.swap(false, Ordering::AcqRel) {
            // Parcels came and went while lists were indexed: the journal has them.
            self.past.is_built = false;
            self.db.remove(PAST)?;
        }
        if !self.past.is_built {
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

    /// Builds a table's next generation on a thread of its own. Where that is under way already, its end is waited for.
    fn build(&mut self, kind: ListKind) -> Result<(), Trouble> {
        let db = self.db.clone();
        let table = self.table(kind);
        if std::mem::replace(&mut table.building, true) {
            return Ok(());
        }
        let generation = table.generation + 1;
        let trees = Trees::fresh(&db, kind, generation)?;
        let source = self.source.clone();
        let name = source.name(kind);
        self.spawn(Some((kind, name.clone())), move || {
            let fed = source.feed(Part::List(kind), &mut |feed| match feed {
                Feed::Line { issuer, line } => trees.take(&issuer, line).map_err(|_| String::new()),
                Feed::Past { .. } => Ok(()),
            });
            fed.map(|()| Built::List(kind, generation, name))
        })
    }

    fn build_past(&mut self) -> Result<(), Trouble> {
        if std::mem::replace(&mut self.past.building, true) {
            return Ok(());
        }
        let (tree, source) = (self.past.tree.clone(), self.source.clone());
        self.spawn(None, move || {
            let fed = source.feed(Part::Past, &mut |feed| match feed {
                Feed::Past { item, outcome, at } => remember(&tree, &item, outcome, at).map_err(|_| String::new()),
                Feed::Line { .. } => Ok(()),
            });
            fed.map(|()| Built::Past)
        })
    }

    fn spawn(
        &self,
        of: Option<(ListKind, String)>,
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
        thread::Builder::new().name("lists-build".to_owned()).spawn(run).map(drop).map_err(|_| Trouble)
    }

    /// A list may have come while this was built: deltas are added, else it is built again.
    fn built(&mut self, built: Built) -> Result<(), Trouble> {
        let db = self.db.clone();
        match built {
            Built::List(kind, generation, name) => {
                self.table(kind).switch(&db, generation, name)?;
                self.add(kind)?;
            }
            Built::Past => {
                db.flush()?;
                db.insert(PAST, &[])?;
                (self.past.is_built, self.past.building) = (true, false);
            }
        }
        self.stand()
    }
}

/// An asker that has gone away has been answered otherwise.
fn tell<T>(asker: &SyncSender<T>, answer: T) {
    let _ = asker.try_send(answer);
}

/// The name of the tree of past decisions, and of the mark that the journal has been read into it.
const PAST: &str = "past";

/// What is known of the lists of one kind: a list is built into a new generation and then switched to.
struct Table {
    kind: ListKind,
    generation: u64,
    trees: Trees,
    building: bool,
    /// What is in it.
    name: String,
}

impl Table {
    fn open(db: &Db, kind: ListKind) -> Result<Self, Trouble> {
        let number = db.get(key(kind, "generation"))?;
        let generation = number.map_or(0, |bytes| bytes.as_ref().try_into().map_or(0, u64::from_le_bytes));
        let name = db.get(key(kind, "name"))?;
        let name = name.map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Self { kind, generation, trees: Trees::open(db, kind, generation)?, building: false, name })
    }

    fn switch(&mut self, db: &Db, generation: u64, name: String) -> Result<(), Trouble> {
        self.building = false;
        let old = std::mem::replace(&mut self.trees, Trees::open(db, self.kind, generation)?);
        self.generation = generation;
        self.name_it(db, name)?;
        for name in old.names() {
            db.drop_tree(name)?;
        }
        Ok(())
    }

    /// Notes what the trees hold; only after they hold it.
    fn name_it(&mut self, db: &Db, name: String) -> Result<(), Trouble> {
        db.flush()?;
        db.insert(key(self.kind, "generation"), &self.generation.to_le_bytes())?;
        db.insert(key(self.kind, "name"), name.as_bytes())?;
        self.name = name;
        Ok(())
    }
}

const fn word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Holds => "holds",
        ListKind::Declarations => "declarations",
    }
}

fn key(kind: ListKind, what: &str) -> String {
    format!("{}-{what}", word(kind))
}

/// The trees of one generation of a kind. The personal part is apart: a look-up does not read it.
#[derive(Clone)]
struct Trees {
    lines: Tree,
    personal: Tree,
}

impl Trees {
    fn open(db: &Db, kind: ListKind, generation: u64) -> Result<Self, Trouble> {
        let named = |what: &str| format!("{}-{generation}-{what}", word(kind));
        Ok(Self { lines: db.open_tree(named("lines"))?, personal: db.open_tree(named("personal"))? })
    }

    /// Without what a build left there that never came to its end.
    fn fresh(db: &Db, kind: ListKind, generation: u64) -> Result<Self, Trouble> {
        for name in Self::open(db, kind, generation)?.names() {
            db.drop_tree(name)?;
        }
        Self::open(db, kind, generation)
    }

    fn names(&self) -> Vec<String> {
        [&self.lines, &self.personal].map(|tree| String::from_utf8_lossy(&tree.name()).into_owned()).to_vec()
    }

    fn take(&self, issuer: &str, line: Line) -> Result<(), Trouble> {
        match line {
            Line::Hold(line) => {
                let key = hold_key(line.item.as_str(), issuer, line.hold.id.as_str());
                self.lines.insert(key, serde_json::to_vec(&line)?)?;
            }
            Line::Removal(line) => {
                self.lines.remove(hold_key(line.item.as_str(), issuer, line.remove.as_str()))?;
            }
            Line::Declaration(mut line) => {
                let item = line.item.as_str().to_owned();
                match line.personal.take() {
                    Some(personal) => self.personal.insert(&item, personal.as_str().as_bytes())?,
                    None => self.personal.remove(&item)?,
                };
                self.lines.insert(&item, serde_json::to_vec(&line)?)?;
            }
        }
        Ok(())
    }
}

/// Item, issuer and hold between zero bytes: what an item id, a name and a token cannot hold.
fn hold_key(item: &str, issuer: &str, hold: &str) -> Vec<u8> {
    [item.as_bytes(), issuer.as_bytes(), hold.as_bytes()].join(&0)
}

/// Any failure of sled or of what is in it; the folder is abandoned, whatever it is.
pub(super) struct Trouble;

impl From<sled::Error> for Trouble {
    fn from(_: sled::Error) -> Self {
        Self
    }
}
impl From<serde_json::Error> for Trouble {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

fn remember(past: &Tree, item: &str, outcome: Outcome, at: i64) -> Result<(), Trouble> {
    let before: Option<PastOf> = past.get(item)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
    let now = before.map_or(PastOf { worst: outcome, at }, |before| before.and(outcome, at));
    past.insert(item, serde_json::to_vec(&now)?)?;
    Ok(())
}

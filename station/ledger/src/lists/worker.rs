//! The index's own thread and its tables on disk: the one file that names `sled`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;

use gatepost_pipeline::judge::Outcome;
use sled::{Db, Tree};

use super::index::{Feed, Found, Past, Reload, Source};
use super::line::{DeclarationLine, Line};
use super::standing::Standing;
use crate::sealed::Sealed;

/// What the index's thread is asked.
pub(super) enum Request {
    Find(String, SyncSender<Found>),
    Personal(String, SyncSender<Option<Sealed>>),
    Remember(String, Outcome, i64, SyncSender<()>),
    Reload(Reload),
    /// A build ended: the generation it made and the name of what is in it.
    Built(u64, String),
    BuildFailed,
    Stop,
}

pub(super) struct Worker {
    db: Db,
    past: Tree,
    generation: u64,
    tables: Generation,
    source: Arc<dyn Source>,
    own: SyncSender<Request>,
    standing: Arc<Standing>,
    building: bool,
    /// What is in the tables.
    name: String,
}

impl Worker {
    pub(super) fn open(
        path: &Path,
        memory_bytes: u64,
        source: Arc<dyn Source>,
        own: SyncSender<Request>,
        standing: Arc<Standing>,
    ) -> Result<Self, Trouble> {
        let db = sled::Config::new().path(path).cache_capacity(memory_bytes).use_compression(false).open()?;
        let generation =
            db.get("generation")?.map_or(0, |bytes| bytes.as_ref().try_into().map_or(0, u64::from_le_bytes));
        let name = db.get("name")?.map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned());
        let (past, tables) = (db.open_tree("past")?, Generation::open(&db, generation)?);
        Ok(Self { db, past, generation, tables, source, own, standing, building: false, name })
    }

    pub(super) fn run(&mut self, queue: &Receiver<Request>) -> Result<(), Trouble> {
        let seen = self.standing.seen();
        if self.name == self.source.name() {
            self.standing.ready(seen);
        } else {
            self.build()?;
        }
        while let Ok(request) = queue.recv() {
            match request {
                Request::Find(item, answer) => tell(&answer, self.find(&item)?),
                Request::Personal(item, answer) => tell(&answer, self.personal(&item)?),
                Request::Remember(item, outcome, at, answer) => {
                    remember(&self.past, &item, outcome, at)?;
                    tell(&answer, ());
                }
                Request::Reload(Reload::Newest) if !self.building => self.add_newest()?,
                Request::Reload(_) => self.build()?,
                Request::Built(generation, name) => self.switch(generation, name)?,
                Request::BuildFailed => return Err(Trouble),
                Request::Stop => break,
            }
        }
        Ok(())
    }

    fn find(&self, item: &str) -> Result<Found, Trouble> {
        let mut found = Found::default();
        for entry in self.tables.holds.scan_prefix(hold_key(item, "", "").strip_suffix(&[0]).unwrap_or_default()) {
            found.holds.push(serde_json::from_slice(&entry?.1)?);
            if found.holds.len() > crate::limits::HOLDS_PER_ITEM_MAX {
                break;
            }
        }
        if let Some(bytes) = self.tables.declarations.get(item)? {
            found.declaration = Some(serde_json::from_slice::<DeclarationLine>(&bytes)?);
        }
        if let Some(bytes) = self.past.get(item)? {
            found.past = Some(serde_json::from_slice(&bytes)?);
        }
        Ok(found)
    }

    fn personal(&self, item: &str) -> Result<Option<Sealed>, Trouble> {
        let bytes = self.tables.personal.get(item)?;
        Ok(bytes.and_then(|bytes| Sealed::parse(std::str::from_utf8(&bytes).ok()?)))
    }

    fn add_newest(&mut self) -> Result<(), Trouble> {
        let (tables, name) = (self.tables.clone(), self.source.name());
        let fed = self.source.feed(Reload::Newest, &mut |feed| match feed {
            Feed::Line { issuer, line } => tables.take(&issuer, line).map_err(|_| String::new()),
            Feed::Past { .. } => Ok(()),
        });
        fed.map_err(|_| Trouble)?;
        self.name_it(self.generation, name)
    }

    /// Builds the next generation on a thread of its own; until it is there, nothing is answered.
    fn build(&mut self) -> Result<(), Trouble> {
        self.standing.building();
        if std::mem::replace(&mut self.building, true) {
            return Ok(());
        }
        let number = self.generation + 1;
        for name in Generation::names(number) {
            self.db.drop_tree(name)?;
        }
        let (tables, past) = (Generation::open(&self.db, number)?, self.past.clone());
        let (source, own) = (self.source.clone(), self.own.clone());
        let run = move || {
            let name = source.name();
            let built = catch_unwind(AssertUnwindSafe(|| {
                source.feed(Reload::All, &mut |feed| {
                    let taken = match feed {
                        Feed::Line { issuer, line } => tables.take(&issuer, line),
                        Feed::Past { item, outcome, at } => remember(&past, &item, outcome, at),
                    };
                    taken.map_err(|_| String::new())
                })
            }));
            let done = if matches!(built, Ok(Ok(()))) { Request::Built(number, name) } else { Request::BuildFailed };
            // The worker is gone: so is the need to tell it.
            let _ = own.send(done);
        };
        thread::Builder::new().name("lists-build".to_owned()).spawn(run).map_err(|_| Trouble)?;
        Ok(())
    }

    fn switch(&mut self, generation: u64, name: String) -> Result<(), Trouble> {
        self.building = false;
        let old = std::mem::replace(&mut self.generation, generation);
        self.tables = Generation::open(&self.db, generation)?;
        let seen = self.standing.seen();
        let current = name == self.source.name();
        self.name_it(generation, name)?;
        for name in Generation::names(old) {
            self.db.drop_tree(name)?;
        }
        if current {
            self.standing.ready(seen);
            return Ok(());
        }
        self.build() // a list came while this was built: what is here must not be taken for it
    }

    /// Notes what the tables hold; only after they hold it.
    fn name_it(&mut self, generation: u64, name: String) -> Result<(), Trouble> {
        self.db.flush()?;
        self.db.insert("generation", &generation.to_le_bytes())?;
        self.db.insert("name", name.as_bytes())?;
        self.name = name;
        Ok(())
    }
}

/// An asker that has gone away has been answered otherwise.
fn tell<T>(asker: &SyncSender<T>, answer: T) {
    let _ = asker.try_send(answer);
}

/// The trees of one generation; lists are built into a new one and then switched to.
#[derive(Clone)]
struct Generation {
    holds: Tree,
    declarations: Tree,
    personal: Tree,
}

impl Generation {
    fn names(number: u64) -> [String; 3] {
        ["holds", "declarations", "personal"].map(|name| format!("{number}-{name}"))
    }

    fn open(db: &Db, number: u64) -> sled::Result<Self> {
        let [holds, declarations, personal] = Self::names(number);
        let (holds, declarations) = (db.open_tree(holds)?, db.open_tree(declarations)?);
        Ok(Self { holds, declarations, personal: db.open_tree(personal)? })
    }

    fn take(&self, issuer: &str, line: Line) -> Result<(), Trouble> {
        match line {
            Line::Hold(line) => {
                let key = hold_key(line.item.as_str(), issuer, line.hold.id.as_str());
                self.holds.insert(key, serde_json::to_vec(&line)?)?;
            }
            Line::Removal(line) => {
                self.holds.remove(hold_key(line.item.as_str(), issuer, line.remove.as_str()))?;
            }
            Line::Declaration(mut line) => {
                let item = line.item.as_str().to_owned();
                match line.personal.take() {
                    Some(personal) => self.personal.insert(&item, personal.as_str().as_bytes())?,
                    None => self.personal.remove(&item)?,
                };
                self.declarations.insert(&item, serde_json::to_vec(&line)?)?;
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
    let before: Option<Past> = past.get(item)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
    let now = before.map_or(Past { worst: outcome, at }, |before| before.and(outcome, at));
    past.insert(item, serde_json::to_vec(&now)?)?;
    Ok(())
}

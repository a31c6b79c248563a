//! The index on disk: the one file that names `sled`.
//!
//! sled 0.34 is quick and not to be trusted: it is not power-cut safe and may panic or hang on a damaged file. So it
//! lives on a thread of its own and holds nothing that cannot be read again from the list files and the journal. When it
//! panics, fails or does not answer in time, its folder is abandoned, `cache-<n+1>` is built, and the lane goes to exam
//! until that is done. Where one after another fails, as on a full disk, the next is tried after a pause, for ever: a disk
//! has room again some day, and nobody should have to start the station for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use gatepost_pipeline::judge::Outcome;
use sled::{Db, Tree};

use super::folders::{folder, newest, remove_others};
use super::index::{Feed, Found, Index, IndexError, IndexState, Past, Reload, Source};
use super::line::{DeclarationLine, Line};
use crate::sealed::Sealed;

/// Folders given up one after another before the index counts as lost for a while.
const ABANDONED_MAX: u32 = 4;
/// Requests waiting at the cache's thread.
const WAITING_MAX: usize = 64;

/// How the cache is run.
#[derive(Clone, Debug)]
pub struct CacheSetup {
    /// The folder in which `cache-<n>` folders are made.
    pub folder: PathBuf,
    /// Memory sled may use for pages, bytes.
    pub memory_bytes: u64,
    /// Longest wait for an answer.
    pub answer: Duration,
    /// Longest wait for a build.
    pub build: Duration,
    /// A lost index is tried again after this.
    pub pause: Duration,
}

pub struct Cache {
    setup: CacheSetup,
    source: Arc<dyn Source>,
    current: Mutex<Current>,
}

struct Current {
    number: u32,
    abandoned: u32,
    requests: SyncSender<Request>,
    state: Arc<AtomicU8>,
    since: Instant,
}

impl Current {
    fn is_lost(&self) -> bool {
        self.abandoned > ABANDONED_MAX
    }
}

const BUILDING: u8 = 0;
const READY: u8 = 1;
const FAILED: u8 = 2;

enum Request {
    Find(String, SyncSender<Found>),
    Personal(String, SyncSender<Option<Sealed>>),
    Remember(String, Outcome, i64, SyncSender<()>),
    Reload(Reload),
    /// A build ended: the generation it made and the name of what is in it.
    Built(u64, String),
    BuildFailed,
    Stop,
}

impl Cache {
    /// Opens the newest cache folder, or builds a new one, on a thread of its own; returns at once.
    ///
    /// # Errors
    /// [`IndexError::Lost`] when the operating system gives no thread.
    pub fn start(setup: CacheSetup, source: Arc<dyn Source>) -> Result<Self, IndexError> {
        let number = newest(&setup.folder);
        remove_others(&setup.folder, number);
        let current = start_worker(&setup, &source, number, 0)?;
        Ok(Self { setup, source, current: Mutex::new(current) })
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        // Only whole assignments happen under the lock.
        self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn ask<T>(&self, request: impl FnOnce(SyncSender<T>) -> Request) -> Result<T, IndexError> {
        let requests = self.ready()?;
        let (sender, answer) = mpsc::sync_channel(1);
        let (number, requests) = requests;
        match requests.try_send(request(sender)) {
            Ok(()) => {}
            // Waiting would hold up the lane; the worker is slow, not gone.
            Err(TrySendError::Full(_)) => return Err(IndexError::Late),
            Err(TrySendError::Disconnected(_)) => return Err(self.abandon(number)),
        }
        match answer.recv_timeout(self.setup.answer) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.abandon(number);
                Err(IndexError::Late)
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.abandon(number)),
        }
    }

    fn ready(&self) -> Result<(u32, SyncSender<Request>), IndexError> {
        let current = self.lock();
        let (number, state) = (current.number, current.state.load(Ordering::Acquire));
        let late = current.since.elapsed() > self.setup.build;
        let (lost, requests) = (current.is_lost(), current.requests.clone());
        drop(current);
        match state {
            _ if lost => Err(self.abandon(number)),
            READY => Ok((number, requests)),
            BUILDING if !late => Err(IndexError::Rebuilding),
            _ => Err(self.abandon(number)),
        }
    }

    /// Gives up folder `number`, if it is still the current one, and begins the next; a lost one only after a pause.
    fn abandon(&self, number: u32) -> IndexError {
        let mut current = self.lock();
        if current.number != number {
            return IndexError::Rebuilding;
        }
        if current.is_lost() && current.since.elapsed() < self.setup.pause {
            return IndexError::Lost;
        }
        // A worker that hangs will never read this; one that does not ends.
        let _ = current.requests.try_send(Request::Stop);
        let abandoned = if current.is_lost() { ABANDONED_MAX } else { current.abandoned + 1 };
        if abandoned <= ABANDONED_MAX {
            // What was given up may be what fills the disk.
            remove_others(&self.setup.folder, number + 1);
            if let Ok(next) = start_worker(&self.setup, &self.source, number + 1, abandoned) {
                *current = next;
                return IndexError::Rebuilding;
            }
        }
        (current.abandoned, current.since) = (ABANDONED_MAX + 1, Instant::now());
        IndexError::Lost
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // A full queue means the worker is far behind; it ends with the process.
        let _ = self.lock().requests.try_send(Request::Stop);
    }
}

impl Index for Cache {
    fn state(&self) -> IndexState {
        match self.ready() {
            Ok(_) => IndexState::Ready,
            Err(IndexError::Lost) => IndexState::Lost,
            Err(_) => IndexState::Rebuilding,
        }
    }

    fn find(&self, item: &str) -> Result<Found, IndexError> {
        self.ask(|answer| Request::Find(item.to_owned(), answer))
    }

    fn personal(&self, item: &str) -> Result<Option<Sealed>, IndexError> {
        self.ask(|answer| Request::Personal(item.to_owned(), answer))
    }

    fn remember(&self, item: &str, outcome: Outcome, at: i64) -> Result<(), IndexError> {
        self.ask(|answer| Request::Remember(item.to_owned(), outcome, at, answer))
    }

    fn reload(&mut self, what: Reload) -> Result<(), IndexError> {
        // While it is being built it will be built again when the names differ; a failed one is replaced when asked.
        let mut current = self.lock();
        if what == Reload::All {
            // From here on the old tables must not answer for the new list: rebuilding is exam, a missed hold is not.
            current.state.store(BUILDING, Ordering::Release);
            current.since = Instant::now();
        }
        let requests = current.requests.clone();
        drop(current);
        match requests.send(Request::Reload(what)) {
            Ok(()) => Ok(()),
            Err(_) => match self.ready() {
                Err(IndexError::Lost) => Err(IndexError::Lost),
                _ => Ok(()),
            },
        }
    }
}

fn start_worker(
    setup: &CacheSetup,
    source: &Arc<dyn Source>,
    number: u32,
    abandoned: u32,
) -> Result<Current, IndexError> {
    let (requests, queue) = mpsc::sync_channel(WAITING_MAX);
    let state = Arc::new(AtomicU8::new(BUILDING));
    let (path, memory_bytes) = (folder(&setup.folder, number), setup.memory_bytes);
    let (source, told, own) = (source.clone(), state.clone(), requests.clone());
    let run = move || {
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut worker = Worker::open(&path, memory_bytes, source, own, told.clone())?;
            worker.run(&queue)
        }));
        if !matches!(worked, Ok(Ok(()))) {
            told.store(FAILED, Ordering::Release);
        }
    };
    thread::Builder::new().name("lists".to_owned()).spawn(run).map_err(|_| IndexError::Lost)?;
    Ok(Current { number, abandoned, requests, state, since: Instant::now() })
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
struct Trouble;

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

struct Worker {
    db: Db,
    past: Tree,
    generation: u64,
    tables: Generation,
    source: Arc<dyn Source>,
    own: SyncSender<Request>,
    state: Arc<AtomicU8>,
    building: bool,
    /// What is in the tables.
    name: String,
}

impl Worker {
    fn open(
        path: &Path,
        memory_bytes: u64,
        source: Arc<dyn Source>,
        own: SyncSender<Request>,
        state: Arc<AtomicU8>,
    ) -> Result<Self, Trouble> {
        let db = sled::Config::new().path(path).cache_capacity(memory_bytes).use_compression(false).open()?;
        let generation =
            db.get("generation")?.map_or(0, |bytes| bytes.as_ref().try_into().map_or(0, u64::from_le_bytes));
        let name = db.get("name")?.map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned());
        let (past, tables) = (db.open_tree("past")?, Generation::open(&db, generation)?);
        Ok(Self { db, past, generation, tables, source, own, state, building: false, name })
    }

    fn run(&mut self, queue: &Receiver<Request>) -> Result<(), Trouble> {
        if self.name == self.source.name() {
            self.state.store(READY, Ordering::Release);
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

    /// Builds the next generation on a thread of its own; answers go on from the one there is.
    fn build(&mut self) -> Result<(), Trouble> {
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
        let current = name == self.source.name();
        self.name_it(generation, name)?;
        for name in Generation::names(old) {
            self.db.drop_tree(name)?;
        }
        if current {
            self.state.store(READY, Ordering::Release);
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

fn remember(past: &Tree, item: &str, outcome: Outcome, at: i64) -> Result<(), Trouble> {
    let before: Option<Past> = past.get(item)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
    let now = before.map_or(Past { worst: outcome, at }, |before| before.and(outcome, at));
    past.insert(item, serde_json::to_vec(&now)?)?;
    Ok(())
}

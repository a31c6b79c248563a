//! The index on disk, and what is done when it fails.
//!
//! Where the lines of whole lists stand is a file that never changes ([`super::sorted`]); what changes is in sled. sled 0.34
//! is quick and not to be trusted: it is not power-cut safe and may panic or hang on a damaged file. So the index
//! lives on a thread of its own and holds nothing that cannot be read again from the list files and the journal. When it
//! panics, fails or does not answer in time, its folder is abandoned, `cache-<n+1>` is built, and the lane goes to exam
//! until that is done. Where one after another fails, as on a full disk, the next is tried after a pause, for ever: a disk
//! has room again some day, and nobody should have to start the station for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use gatepost_pipeline::judge::Outcome;

use super::file::Form;
use super::folders::{self, folder, newest, remove_others};
use super::index::{Found, Index, IndexError, IndexState, Package, Reload, Source};
use super::snapshot::Snapshot;
use super::standing::{Standing, State};
use super::worker::{Request, Worker};
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
    standing: Arc<Standing>,
    /// A decision could not be remembered: the journal is to be read again.
    missed: Arc<AtomicBool>,
    since: Instant,
}

impl Current {
    fn is_lost(&self) -> bool {
        self.abandoned > ABANDONED_MAX
    }
}

impl Cache {
    /// Opens the newest cache folder, or builds a new one, on a thread of its own; returns at once.
    ///
    /// # Errors
    /// [`IndexError::Lost`] when the operating system gives no thread.
    pub fn start(setup: CacheSetup, source: Arc<dyn Source>) -> Result<Self, IndexError> {
        let number = newest(&setup.folder);
        remove_others(&setup.folder, number);
        folders::remove_unfinished(&folders::whole(&folder(&setup.folder, number)));
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
        let (number, state) = (current.number, current.standing.state());
        let late = current.since.elapsed() > self.setup.build;
        let (lost, requests) = (current.is_lost(), current.requests.clone());
        drop(current);
        match state {
            _ if lost => Err(self.abandon(number)),
            State::Ready => Ok((number, requests)),
            State::Building if !late => Err(IndexError::Rebuilding),
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
        self.ask(|answer| Request::Find(item.to_owned(), answer))?
    }

    fn personal(&self, item: &str) -> Result<Option<Sealed>, IndexError> {
        self.ask(|answer| Request::Personal(item.to_owned(), answer))?
    }

    fn remember(&self, item: &str, outcome: Outcome, at: i64) -> Result<(), IndexError> {
        let remembered = self.ask(|answer| Request::Remember(item.to_owned(), outcome, at, answer));
        if remembered.is_err() {
            self.lock().missed.store(true, Ordering::Release);
            // It may have become ready before it could see that: then it takes it now.
            if self.state() == IndexState::Ready {
                return self.ask(|answer| Request::Remember(item.to_owned(), outcome, at, answer));
            }
        }
        remembered
    }

    /// Sorts a whole list on the caller's thread, so that the lane waits for it as briefly as can be.
    fn prepare(&self, package: &Package) -> Result<(), String> {
        let current = folder(&self.setup.folder, self.lock().number);
        match package.claims.form {
            Form::Snapshot => Snapshot::build(self.source.as_ref(), package, &folders::whole(&current)),
            Form::Delta => Ok(()),
        }
    }

    fn reload(&self, what: Reload) -> Result<(), IndexError> {
        // While it is being built it will be built again when other lists are in force; a failed one is replaced when asked.
        let mut current = self.lock();
        if matches!(what, Reload::Whole(_)) {
            // From here on the old tables must not answer for the new list: rebuilding is exam, a missed hold is not.
            current.standing.outdated();
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
    let (standing, missed) = (Arc::new(Standing::default()), Arc::new(AtomicBool::new(false)));
    let (path, memory_bytes) = (folder(&setup.folder, number), setup.memory_bytes);
    let (source, told, own) = (source.clone(), standing.clone(), requests.clone());
    let overlooked = missed.clone();
    let run = move || {
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut worker = Worker::open(&path, memory_bytes, source, own, told.clone(), overlooked)?;
            worker.run(&queue)
        }));
        if !matches!(worked, Ok(Ok(()))) {
            told.fail();
        }
    };
    thread::Builder::new().name("lists".to_owned()).spawn(run).map_err(|_| IndexError::Lost)?;
    Ok(Current { number, abandoned, requests, standing, missed, since: Instant::now() })
}

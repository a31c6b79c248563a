//! The one writer of a running station: a thread around a [`Journal`], which groups whatever is waiting behind one sync.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gatepost_pipeline::record::{Pending, Recorded, WallMs};

use super::{Health, Journal};
use crate::limits;

/// Called on the writer's thread once per record, after its sync: on disk, or handed back with the reason. Must not
/// block.
pub type Done = Box<dyn FnOnce(Result<Recorded, NotRecorded>) + Send>;

/// A record handed back.
#[derive(Debug)]
pub struct NotRecorded {
    pub pending: Pending,
    pub health: Health,
}

enum Order {
    Record(Pending, Done),
    /// Runs on the writer's thread between two groups: retention, a look at the journal.
    Visit(Box<dyn FnOnce(&mut Journal) + Send>),
    Close(SyncSender<()>),
}

/// A handle to the writer; cloning shares it.
#[derive(Clone)]
pub struct Writer {
    orders: SyncSender<Order>,
}

/// The writer's thread is gone or its queue is full; the record is handed back.
#[derive(Debug)]
pub struct Overflow {
    pub pending: Pending,
    pub stopped: bool,
}

/// What the writer needs from outside: the time, and someone to tell when health changes.
pub struct Surroundings {
    pub now: Box<dyn Fn() -> WallMs + Send>,
    pub on_health: Box<dyn Fn(&Health) + Send>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(journal: Journal, surroundings: Surroundings) -> std::io::Result<(Self, JoinHandle<()>)> {
        // Two groups: one being written, one filling. More waiting would only be latency.
        let (orders, queue) = mpsc::sync_channel(2 * limits::GROUP_RECORDS_MAX);
        let run = move || Loop { journal, surroundings, queue, group: Vec::new() }.run();
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(run)?;
        Ok((Self { orders }, thread))
    }

    /// Queues a record; `done` hears what became of it.
    ///
    /// # Errors
    /// [`Overflow`] when the queue is full: the lane goes to exam, nothing is dropped.
    pub fn record(&self, pending: Pending, done: Done) -> Result<(), Box<Overflow>> {
        self.orders.try_send(Order::Record(pending, done)).map_err(|error| {
            let (order, stopped) = match error {
                TrySendError::Full(order) => (order, false),
                TrySendError::Disconnected(order) => (order, true),
            };
            match order {
                Order::Record(pending, _) => Box::new(Overflow { pending, stopped }),
                Order::Visit(_) | Order::Close(_) => unreachable!("the order that failed is the one that was sent"),
            }
        })
    }

    /// As [`Self::record`], waiting for room: for authors that may wait (console, sync), never the lane.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub fn record_waiting(&self, pending: Pending, done: Done) -> Result<(), Box<Overflow>> {
        self.orders.send(Order::Record(pending, done)).map_err(|mpsc::SendError(order)| match order {
            Order::Record(pending, _) => Box::new(Overflow { pending, stopped: true }),
            Order::Visit(_) | Order::Close(_) => unreachable!("the order that failed is the one that was sent"),
        })
    }

    /// Runs `visit` on the writer's thread between two groups; false when the writer has stopped.
    pub fn visit(&self, visit: Box<dyn FnOnce(&mut Journal) + Send>) -> bool {
        self.orders.send(Order::Visit(visit)).is_ok()
    }

    /// A clean stop: commits what waits, signs the head, ends the thread. Returns when that is done.
    pub fn close(&self) {
        let (sender, done) = mpsc::sync_channel(1);
        if self.orders.send(Order::Close(sender)).is_ok() {
            // An error means the thread ended: closed is closed.
            let _ = done.recv();
        }
    }
}

struct Loop {
    journal: Journal,
    surroundings: Surroundings,
    queue: Receiver<Order>,
    group: Vec<Done>,
}

impl Loop {
    fn run(mut self) {
        let mut told = Health::Good;
        loop {
            let order = self.queue.recv_timeout(Duration::from_secs(1));
            let now = (self.surroundings.now)();
            let closing = match order {
                Ok(order) => self.take_all(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(None),
            };
            self.commit(now);
            self.journal.tend(now);
            if *self.journal.health() != told {
                told = self.journal.health().clone();
                (self.surroundings.on_health)(&told);
            }
            if let Some(closed) = closing {
                // Everything was committed above; closing signs the head.
                let _ = self.journal.close(now);
                if let Some(closed) = closed {
                    let _ = closed.send(());
                }
                return;
            }
        }
    }

    /// Takes this order and whatever waits behind it, up to a group; says when it is time to stop.
    fn take_all(&mut self, first: Order) -> Option<Option<SyncSender<()>>> {
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Record(pending, done) => {
                    self.take(pending, done);
                    if self.group.len() >= limits::GROUP_RECORDS_MAX {
                        return None;
                    }
                }
                Order::Visit(visit) => {
                    self.commit((self.surroundings.now)());
                    visit(&mut self.journal);
                }
                Order::Close(closed) => return Some(Some(closed)),
            }
            next = self.queue.try_recv().ok();
        }
        None
    }

    fn take(&mut self, pending: Pending, done: Done) {
        match self.journal.append(pending) {
            Ok(()) => self.group.push(done),
            Err(refused) if self.group.is_empty() => self.hand_back(refused.pending, done),
            Err(refused) => {
                // The group is full by bytes: it goes first.
                self.commit((self.surroundings.now)());
                match self.journal.append(refused.pending) {
                    Ok(()) => self.group.push(done),
                    Err(refused) => self.hand_back(refused.pending, done),
                }
            }
        }
    }

    fn hand_back(&self, pending: Pending, done: Done) {
        done(Err(NotRecorded { pending, health: self.journal.health().clone() }));
    }

    fn commit(&mut self, now: WallMs) {
        if self.group.is_empty() {
            return;
        }
        let commit = self.journal.commit(now);
        for (done, result) in self.group.drain(..).zip(commit.results) {
            let health = commit.health.clone();
            done(result.map_err(|pending| NotRecorded { pending, health }));
        }
    }
}

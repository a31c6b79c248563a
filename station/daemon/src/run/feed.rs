//! The one way into a lane's thread: a bounded queue of events.
//!
//! Full means that the lane cannot keep up. Then an event is lost, and that is said by the strongest word there is: what
//! is known of the belt is not whole ([`Event::CableLost`]), so everything on it goes to exam.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::Event;

/// Events waiting for a lane: a second of beats and edges at ten times the usual rate.
const QUEUE_MAX: usize = 1_024;

#[derive(Clone)]
pub struct Feed {
    queue: SyncSender<Event>,
    lost: Arc<AtomicBool>,
    start: Instant,
}

pub struct Fed {
    queue: Receiver<Event>,
    lost: Arc<AtomicBool>,
}

pub fn feed(start: Instant) -> (Feed, Fed) {
    let (sender, receiver) = sync_channel(QUEUE_MAX);
    let lost = Arc::new(AtomicBool::new(false));
    (Feed { queue: sender, lost: Arc::clone(&lost), start }, Fed { queue: receiver, lost })
}

impl Feed {
    /// The station's monotonic clock.
    pub fn now(&self) -> Micros {
        Micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
    /// Never waits.
    pub fn offer(&self, event: Event) {
        if self.queue.try_send(event).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
    /// Waits for room: for the ledger's answers, which must not be lost. The lane never waits for the ledger, so this
    /// cannot lock.
    pub fn answer(&self, event: Event) {
        if self.queue.send(event).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

impl Fed {
    /// The next event; nothing when `wait` has gone by; an error when nobody can feed any more.
    pub fn next(&self, wait: Duration) -> Result<Option<Event>, RecvTimeoutError> {
        match self.queue.recv_timeout(wait) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(error) => Err(error),
        }
    }
    /// Whether events were lost since it was last asked.
    pub fn lost(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }
}

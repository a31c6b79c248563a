//! What the rest of the station holds of its uplink: to start, wake, ask and stop it.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{Notify, mpsc, watch};

use super::{Config, Inbound, LinkState, run};
use crate::outbox::Outbox;
use crate::parts::Want;
use crate::tls::Tls;

/// A running uplink. Dropping it stops it at once; [`Uplink::stop`] says goodbye first.
pub struct Uplink {
    control: Control,
    stop: watch::Sender<bool>,
    state: watch::Receiver<LinkState>,
    thread: Option<JoinHandle<()>>,
}

/// What wakes and stops a running uplink.
#[derive(Clone)]
pub struct Control {
    pub(super) wake: Arc<Notify>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) want: Arc<watch::Sender<Option<Want>>>,
    pub(super) tls: Arc<watch::Sender<Option<Tls>>>,
}

impl Control {
    /// For [`run`] on a runtime of the caller's: with what stops it.
    pub fn new() -> (Self, watch::Sender<bool>) {
        let (stop, stop_seen) = watch::channel(false);
        let (want, tls) = (Arc::new(watch::channel(None).0), Arc::new(watch::channel(None).0));
        (Self { wake: Arc::new(Notify::new()), stop: stop_seen, want, tls }, stop)
    }

    /// Which parts of a package are asked of central from now on; nothing: none. Said again until it is another, on every
    /// connection.
    pub fn want(&self, want: Option<Want>) {
        self.want.send_if_modified(|now| std::mem::replace(now, want.clone()) != want);
    }

    pub fn wanted(&self) -> Option<Want> {
        self.want.borrow().clone()
    }

    /// What every new connection shows the broker from now on; one that stands goes on as it is.
    pub fn shows(&self, tls: Tls) {
        self.tls.send_replace(Some(tls));
    }

    /// There are new records. Costs nothing; call it after each sync.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Uplink {
    /// Runs the uplink on a thread of its own, so that the outbox may read its disk without stopping anybody else.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start<O: Outbox + 'static>(config: Config, outbox: O, inbound: mpsc::Sender<Inbound>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (state_sender, state) = watch::channel(LinkState::default());
        let (control, stop) = Control::new();
        let for_thread = control.clone();
        let thread = std::thread::Builder::new()
            .name("uplink".to_owned())
            .spawn(move || runtime.block_on(run(config, outbox, inbound, for_thread, state_sender)))?;
        Ok(Self { control, stop, state, thread: Some(thread) })
    }

    /// As [`Control::wake`].
    pub fn wake(&self) {
        self.control.wake();
    }

    /// A handle that only wakes, for the ledger's writer.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.control.wake)
    }

    /// A handle to wake it, and to ask for parts of packages.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// Says goodbye to the broker and waits for the thread, two seconds at most.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Nobody listens when the thread has ended; then it has ended.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        self.end();
    }
}

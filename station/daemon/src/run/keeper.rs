//! The housekeeper: what a station does beside its belts, once a second or less. Apart so that nothing of it can hold up a
//! lane, the ledger or a look-up. It decides nothing about parcels.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gatepost_ledger::disk::DiskError;
use gatepost_ledger::journal::Health as JournalHealth;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::Lists;
use gatepost_ledger::retain::{Dropped, Keep};
use gatepost_ledger::sealed::Sealed;
use gatepost_pipeline::drive::LaneView;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::judge::{Fault, Token};
use gatepost_sync::session::LinkState;
use tokio::sync::watch;

use crate::config::ConfigError;
use crate::run::feed::Feed;
use crate::run::labels::LabelStore;
use crate::run::personal::PersonalKeeper;
use crate::run::visits::Visits;
use crate::run::{audit, clock, inbox};

/// Chores waiting; an item's personal text that finds no room is kept at its next look-up.
const CHORES_MAX: usize = 256;
const TURN: Duration = Duration::from_secs(1);
/// Between two looks at what may be let go.
const RETENTION: Duration = Duration::from_secs(60);
const EXPIRY: Duration = Duration::from_secs(3_600);

/// Bytes below which the disk counts as full: less than an image and a group of records may need.
const ROOM_SHORT: u64 = 24 << 20;
/// Bytes from which on it does not any more; the journal first builds its reserve of 16 MiB again.
const ROOM_AGAIN: u64 = 48 << 20;

enum Chore {
    Keep { item: Token, sealed: Sealed },
    Trouble(DiskError),
    Retained(Vec<Dropped>),
}

/// A handle to the housekeeper.
#[derive(Clone)]
pub struct Chores(SyncSender<Chore>);

impl Chores {
    /// Keeps an item's personal text; never waits.
    pub fn keep(&self, item: Token, sealed: Sealed) {
        let _later = self.0.try_send(Chore::Keep { item, sealed });
    }
}

/// What the housekeeper works with.
pub struct Keeper {
    pub data: PathBuf,
    pub ledger: Writer,
    pub lists: Arc<Lists>,
    pub key: StationKey,
    /// Each lane: where it shows itself, and where it listens.
    pub lanes: Vec<(Arc<Mutex<Option<LaneView>>>, Feed)>,
    pub journal_health: Arc<Mutex<JournalHealth>>,
    pub personal: PersonalKeeper,
    pub labels: Arc<Mutex<LabelStore>>,
    pub personal_days_max: u32,
    pub visits: Arc<Mutex<Visits>>,
    pub journal_keep_bytes: u64,
    /// Whether the disk had too little room at the last look.
    pub short: bool,
}

/// Makes the way to the housekeeper, before it can work.
pub fn chores() -> (Chores, Waiting) {
    let (give, waiting) = sync_channel(CHORES_MAX);
    (Chores(give), Waiting(waiting))
}

/// The housekeeper's end of the way.
pub struct Waiting(Receiver<Chore>);

impl Keeper {
    /// `link`: what central has verified; without an uplink everything is kept.
    ///
    /// # Errors
    /// When the inbox cannot be made or the operating system gives no thread.
    pub fn start(
        self,
        chores: Chores,
        waiting: Waiting,
        link: Option<watch::Receiver<LinkState>>,
    ) -> Result<(), ConfigError> {
        let folder = self.data.join(inbox::FOLDER);
        super::make_folder(&folder)?;
        let run = move || self.run(&chores, &waiting, link.as_ref());
        std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(run)
            .map(drop)
            .map_err(|error| ConfigError(format!("the operating system gives no thread for the housekeeper: {error}")))
    }

    fn run(mut self, chores: &Chores, waiting: &Waiting, link: Option<&watch::Receiver<LinkState>>) {
        let (mut turned, mut retained, mut expired) = (Instant::now(), Instant::now(), None::<Instant>);
        loop {
            match waiting.0.recv_timeout(TURN.saturating_sub(turned.elapsed())) {
                Ok(chore) => self.chore(chore),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if turned.elapsed() < TURN {
                continue;
            }
            turned = Instant::now();
            self.room();
            self.inbox();
            self.expire_labels();
            if !self.ask_for_trouble(chores) {
                return; // the ledger has stopped, and so does the station
            }
            if retained.elapsed() >= RETENTION {
                retained = Instant::now();
                self.retain(chores, link.and_then(|link| link.borrow().verified_to));
            }
            if expired.is_none_or(|expired| expired.elapsed() >= EXPIRY) {
                expired = Some(Instant::now());
                self.expire();
            }
        }
    }

    fn chore(&mut self, chore: Chore) {
        match chore {
            Chore::Keep { item, sealed } => {
                if let Err(why) = self.personal.keep(&item, &sealed, clock::wall_now()) {
                    tracing::warn!("{why}");
                }
            }
            Chore::Trouble(error) => audit::trouble(&self.ledger, &error),
            Chore::Retained(gone) => audit::retained(&self.ledger, &gone),
        }
    }

    /// A disk that is about to be full sends parcels to exam while everything can still be stored; with room again and a
    /// journal that writes, a lane that was told of a full disk, by whomever, is told that it works.
    fn room(&mut self) {
        let Ok(disk) = rustix::fs::statvfs(&self.data) else { return };
        let room = disk.f_bavail.saturating_mul(disk.f_frsize);
        if room < ROOM_SHORT && !self.short {
            tracing::warn!("the data folder's disk has {room} bytes left: parcels go to exam; make room");
            audit::disk_short(&self.ledger, room);
        }
        self.short = room < if self.short { ROOM_AGAIN } else { ROOM_SHORT };
        let writes = self.journal_health.lock().is_ok_and(|health| *health == JournalHealth::Good);
        for (shown, feed) in &self.lanes {
            let knows =
                shown.lock().is_ok_and(|view| view.as_ref().is_some_and(|view| view.failed.contains(&Fault::Disk)));
            if self.short && !knows {
                feed.offer(Event::Part { fault: Fault::Disk, failed: true });
            } else if !self.short && writes && knows {
                tracing::info!("the data folder's disk has {room} bytes left: enough");
                feed.offer(Event::LedgerReady);
            }
        }
    }

    fn inbox(&self) {
        for one in inbox::take_all(&self.data, &self.lists, &self.key, clock::wall_now()) {
            if one.result.is_ok() {
                self.lanes.iter().for_each(|(_, feed)| feed.offer(Event::ListsChanged));
            }
            audit::list(&self.ledger, "inbox", one.digest, one.result.map(drop));
        }
    }

    fn ask_for_trouble(&self, chores: &Chores) -> bool {
        let answer = chores.clone();
        self.ledger.visit(Box::new(move |journal| {
            if let Some(error) = journal.take_trouble() {
                let _said_in_health = answer.0.try_send(Chore::Trouble(error));
            }
        }))
    }

    /// Lets go of what central has verified and no pass on a belt needs.
    fn retain(&self, chores: &Chores, verified_to: Option<u64>) {
        let Some(verified_to) = verified_to else { return };
        let (answer, visits, bytes) = (chores.clone(), Arc::clone(&self.visits), self.journal_keep_bytes);
        self.ledger.visit(Box::new(move |journal| {
            let Ok(visits) = visits.lock() else { return };
            let keep = Keep {
                bytes,
                acknowledged: &|_, last| last <= verified_to,
                needed: &|first, last| visits.need(first, last),
            };
            match journal.retain(&keep) {
                Ok(gone) if gone.is_empty() => {}
                Ok(gone) => drop(answer.0.try_send(Chore::Retained(gone))),
                Err(error) => tracing::warn!("old records cannot be let go: {error}"),
            }
        }));
    }

    /// A few label pictures a turn: there may be thousands an hour, and a camera waits meanwhile.
    fn expire_labels(&self) {
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        match labels.expire(clock::wall_now(), self.personal_days_max) {
            Ok(0) => {}
            Ok(gone) => tracing::info!("{gone} label pictures have expired"),
            Err(why) => tracing::warn!("label pictures cannot expire: {why}; it is tried again"),
        }
    }

    fn expire(&mut self) {
        match self.personal.expire(clock::wall_now(), self.personal_days_max) {
            Ok(0) => {}
            Ok(gone) => tracing::info!("the personal data of {gone} visits have expired"),
            Err(why) => tracing::warn!("personal data cannot expire: {why}; it is tried again"),
        }
        let pushed_out = self.labels.lock().unwrap_or_else(PoisonError::into_inner).pushed_out();
        if pushed_out > 0 {
            audit::labels_pushed_out(&self.ledger, pushed_out);
        }
    }
}

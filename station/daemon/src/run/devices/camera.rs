//! A label camera: finished pictures from its folder, read on a thread of its own, into the lane's feed; then sealed away.
//!
//! Reading costs a tenth of a second and more of one processor, so no task of the station's loop does it. One picture is one
//! reading, with the time of its file, however long it took to read. The lane hears it first, without a name in it; then
//! the picture is sealed into the store that forgets, and leaves the folder. A picture that cannot be opened is a reading
//! too, which says so; one that cannot be stored stays where it is, and is said.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatepost_hardware::units::Micros;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::limits::LABEL_BYTES_MAX;
use gatepost_ledger::personal::FreshKey;
use gatepost_models::labels::{LabelReader, NoReadCause, Picture};
use gatepost_pipeline::event::{Event, LabelPicture};
use gatepost_pipeline::gather::reading::code_of_bytes;
use gatepost_pipeline::identify::{CodeRead, ItemIdentity, arbitrate};
use gatepost_pipeline::judge::{Fault, Token};
use gatepost_pipeline::limits::LABEL_READ_MS_MAX;

use crate::config::CameraDevice;
use crate::run::feed::Feed;
use crate::run::folder::{self, Finished, Folder};
use crate::run::health::Health;
use crate::run::labels::LabelStore;
use crate::run::{audit, clock};

/// Milliseconds in which a clear picture is opened and read.
const CLEAR_READ_MS: u64 = 75;
/// Pictures waiting to be read: as many clear ones as are read before the last of them comes too late. More, and the newest
/// is said not to have been looked at; so is one whose time has gone by when its turn comes, because those before it were
/// hard to read: looking at it would only make the next too late as well.
const WAITING_MAX: usize = (LABEL_READ_MS_MAX / CLEAR_READ_MS) as usize;
const WAITING: Micros = Micros(LABEL_READ_MS_MAX * 1_000);
/// Pictures waiting to be sealed without being read: those that lay there before, could not be stored, or came too fast.
const LEFT_OVER_MAX: usize = 1_024;
/// Time between two looks for those while no picture comes.
const LOOK: Duration = Duration::from_secs(1);

/// What all cameras of a station share.
#[derive(Clone)]
pub struct Cellar {
    pub labels: Arc<Mutex<LabelStore>>,
    pub ledger: Writer,
}

/// Connects a camera.
///
/// # Errors
/// What the operating system does not give.
pub fn camera(
    config: &CameraDevice,
    folder: PathBuf,
    device: u8,
    feed: Feed,
    health: Health,
    cellar: Cellar,
) -> Result<(), &'static str> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| "the operating system gives no random numbers")?;
    let (hand, waiting) = sync_channel(WAITING_MAX);
    let (leave, left_over) = sync_channel(LEFT_OVER_MAX);
    let eyes =
        Eyes { device, key, feed: feed.clone(), reader: LabelReader::new(config.settings()), cellar, full: false };
    let watched = health.clone();
    std::thread::Builder::new()
        .name("labels".to_owned())
        .spawn(move || eyes.look_at_all(&waiting, &left_over, &watched))
        .map_err(|_| "the operating system gives no thread for the camera's pictures")?;
    let watched = Folder { path: folder, of: "camera", fault: Fault::Camera };
    let (told, reading) = (feed.clone(), health.clone());
    // What finds no room here either stays in the folder, and is told of again at the next look.
    tokio::spawn(folder::serve(watched, feed, health, move |file| match file {
        Finished::Before { path } => drop(leave.try_send(path)),
        Finished::Now { path, at } => {
            let Err(not_taken) = hand.try_send((path, at)) else { return };
            told.offer(unseen(at, device));
            match not_taken {
                TrySendError::Full((path, _)) => {
                    tracing::warn!("{}: came faster than pictures are read; it was not looked at", path.display());
                    drop(leave.try_send(path));
                }
                TrySendError::Disconnected(_) => {
                    reading.down("the reading of label pictures has stopped after a fault; restart the station");
                    told.offer(Event::Part { fault: Fault::Camera, failed: true });
                }
            }
        }
    }));
    Ok(())
}

/// There was a picture, and nobody has looked at it.
fn unseen(mono: Micros, device: u8) -> Event {
    Event::Picture { mono, device, picture: LabelPicture { digest: None, reads: vec![CodeRead::NoPicture] } }
}

/// What is read of it now comes after the decision.
fn is_too_late(at: Micros, now: Micros) -> bool {
    now.0.saturating_sub(at.0) > WAITING.0
}

struct Eyes {
    device: u8,
    /// Stand-ins for whatever is no number are made under it.
    key: [u8; 32],
    feed: Feed,
    reader: LabelReader,
    cellar: Cellar,
    /// The last picture could not be stored, and that was said.
    full: bool,
}

impl Eyes {
    fn look_at_all(mut self, waiting: &Receiver<(PathBuf, Micros)>, left_over: &Receiver<PathBuf>, health: &Health) {
        let mut wait = Duration::ZERO;
        loop {
            match waiting.recv_timeout(wait) {
                Ok((path, at)) => self.look(&path, Some(at), health),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // One at a time: a parcel on the belt waits for its reading, and these do not.
            let left_over = left_over.try_recv();
            wait = if left_over.is_ok() { Duration::ZERO } else { LOOK };
            left_over.iter().for_each(|path| self.look(path, None, health));
        }
    }

    /// `at`: when it was finished; nothing for one that lay there, which is stored and says nothing.
    fn look(&mut self, path: &Path, at: Option<Micros>, health: &Health) {
        if at.is_none() && !path.exists() {
            // Told of twice while it waited.
            return;
        }
        let bytes = match folder::read_bounded(path, LABEL_BYTES_MAX as u64) {
            Ok(bytes) => bytes,
            Err(why) => {
                at.into_iter().for_each(|at| self.feed.offer(unseen(at, self.device)));
                return self.lost(&why, health);
            }
        };
        let key = FreshKey::random();
        let digest = key.as_ref().ok().map(|key| Token::clipped(&key.digest(&bytes).to_string()));
        let reads = match at {
            Some(at) if is_too_late(at, self.feed.now()) => {
                tracing::warn!("{}: waited too long to be read in time; it was not looked at", path.display());
                vec![CodeRead::NoPicture]
            }
            Some(_) => self.read(path, &bytes),
            None => Vec::new(),
        };
        if let Some(mono) = at {
            let reads = reads.iter().map(|read| read.impersonal(&self.key)).collect();
            let picture = LabelPicture { digest, reads };
            self.feed.offer(Event::Picture { mono, device: self.device, picture });
        }
        match key.map_err(|error| error.to_string()).and_then(|key| self.keep(&bytes, &key, &reads)) {
            Ok(()) => self.kept(path),
            Err(why) => self.lost(&format!("{}: {why}", path.display()), health),
        }
    }

    /// What is in the picture; at least one word.
    fn read(&self, path: &Path, bytes: &[u8]) -> Vec<CodeRead> {
        let picture = match Picture::decode(path, bytes) {
            Ok(picture) => picture,
            Err(error) => {
                tracing::warn!("{error}");
                return vec![CodeRead::NoPicture];
            }
        };
        let Ok(labels) = std::panic::catch_unwind(AssertUnwindSafe(|| self.reader.read(&picture))) else {
            tracing::error!("{}: the reader gave up on this picture", path.display());
            return vec![CodeRead::NoPicture];
        };
        if labels.crowded {
            return vec![CodeRead::Crowded];
        }
        if labels.codes.is_empty() {
            return vec![labels.cause.map_or(CodeRead::Nothing, cause)];
        }
        labels.codes.iter().map(|code| code_of_bytes(&code.bytes, code.aim)).collect()
    }

    fn keep(&self, bytes: &[u8], key: &FreshKey, reads: &[CodeRead]) -> Result<(), String> {
        let item = match arbitrate(reads) {
            ItemIdentity::Item(item) => Some(item.id),
            ItemIdentity::NoRead(_) | ItemIdentity::Conflicting(_) => None,
        };
        self.labels().keep(bytes, key, item.as_deref(), clock::wall_now())
    }

    fn labels(&self) -> std::sync::MutexGuard<'_, LabelStore> {
        // What a panic left behind is on the disk whole or not at all.
        self.cellar.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&mut self, path: &Path) {
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!("{}: is stored, and cannot be removed ({error}); it shows an address", path.display());
        }
        self.full = false;
    }

    /// Said in the log for each, in the journal once until one is stored again.
    fn lost(&mut self, why: &str, health: &Health) {
        tracing::warn!("{why}; this label picture is not kept, and stays in the camera's folder");
        if !std::mem::replace(&mut self.full, true) {
            audit::label_lost(&self.cellar.ledger, health.name());
        }
    }
}

const fn cause(cause: NoReadCause) -> CodeRead {
    match cause {
        NoReadCause::NoLabel => CodeRead::Nothing,
        NoReadCause::TooDark => CodeRead::TooDark,
        NoReadCause::TooBlurred => CodeRead::TooBlurred,
        NoReadCause::TooSmall => CodeRead::TooSmall,
        NoReadCause::CutOff => CodeRead::CutOff,
        NoReadCause::Damaged => CodeRead::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_whose_time_has_gone_by_is_not_waited_for() {
        let at = Micros(5_000_000);
        assert!(!is_too_late(at, Micros(at.0 + LABEL_READ_MS_MAX * 1_000)));
        assert!(is_too_late(at, Micros(at.0 + LABEL_READ_MS_MAX * 1_000 + 1)));
        assert!(!is_too_late(at, Micros(at.0 - 1)), "the file's clock may run ahead");
    }
}

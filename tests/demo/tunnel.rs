//! The X-ray machine's computer: pictures drawn ahead, files that appear when the lane says so.
//!
//! Drawing takes longer than a belt waits, so a parcel is drawn when it is laid, composed when its image ends, and only
//! renamed at its time. Two threads of one lane; both end when the lane does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_virtual::device::{ImageEvent, Part};
use gatepost_virtual::parcel::ParcelTruth;

use crate::picture::{self, Drawn};

/// Parcels and images that may wait; a lane holds far fewer.
const WAITING_MAX: usize = 256;
/// Drawn parcels that are kept: more than lie on a lane.
const DRAWN_MAX: usize = 96;
/// How long an image waits for the drawing of a parcel in it.
const DRAWING_MAX: Duration = Duration::from_secs(30);
/// A file that appears so much after its time is late.
const LATE: Duration = Duration::from_millis(20);

enum Job {
    /// The image is complete in the machine.
    Compose(Box<ImageEvent>),
    /// It is to be handed over now.
    Hand { number: u32, due: Instant },
}

pub struct Tunnel {
    draw: SyncSender<ParcelTruth>,
    jobs: SyncSender<Job>,
    drawer: JoinHandle<()>,
    filer: JoinHandle<Filed>,
}

/// What was handed over.
#[derive(Clone, Debug, Default)]
pub struct Filed {
    /// BLAKE3 of each whole image's file, in hex, and the parcels in it.
    pub images: BTreeMap<String, Vec<u32>>,
    /// Files that came later than the lane said, because this machine was too slow; and the worst of them.
    pub late: u32,
    pub worst_ms: u64,
    pub trouble: Vec<String>,
}

#[derive(Default)]
struct Drawings {
    done: Mutex<BTreeMap<u32, Arc<Drawn>>>,
    more: Condvar,
}

impl Tunnel {
    /// `lane` names the files; `scene_mm_max` is the longest scene of its parcels.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn start(lane: &str, folder: PathBuf, scene_mm_max: u32) -> std::io::Result<Self> {
        let drawings = Arc::new(Drawings::default());
        let (draw, to_draw) = sync_channel::<ParcelTruth>(WAITING_MAX);
        let (jobs, to_do) = sync_channel(WAITING_MAX);
        let into = Arc::clone(&drawings);
        let drawer = std::thread::Builder::new().name(format!("{lane} drawer")).spawn(move || {
            for parcel in to_draw {
                into.put(parcel.id, picture::draw(&parcel, scene_mm_max));
            }
        })?;
        let lane = lane.to_owned();
        let filer = std::thread::Builder::new().name(format!("{lane} filer")).spawn(move || {
            Filer { lane, folder, drawings, ready: BTreeMap::new(), filed: Filed::default() }.run(&to_do)
        })?;
        Ok(Self { draw, jobs, drawer, filer })
    }

    /// A parcel was laid on the belt.
    pub fn laid(&self, parcel: &ParcelTruth) {
        // Only a thread that panicked does not take it; its join says so.
        let _taken = self.draw.send(parcel.clone());
    }

    pub fn complete(&self, event: &ImageEvent) {
        let _taken = self.jobs.send(Job::Compose(Box::new(event.clone())));
    }

    pub fn hand(&self, number: u32, due: Instant) {
        let _taken = self.jobs.send(Job::Hand { number, due });
    }

    /// Waits for the files under way.
    pub fn finish(self) -> Filed {
        drop((self.draw, self.jobs));
        let drawn = self.drawer.join().is_ok();
        let mut filed = self.filer.join().unwrap_or_default();
        if !drawn {
            filed.trouble.push("the drawing of parcels stopped after a fault".to_owned());
        }
        filed
    }
}

impl Drawings {
    fn put(&self, parcel: u32, drawn: Drawn) {
        let Ok(mut done) = self.done.lock() else { return };
        done.insert(parcel, Arc::new(drawn));
        while done.len() > DRAWN_MAX {
            done.pop_first();
        }
        self.more.notify_all();
    }

    fn wait(&self, parcel: u32) -> Option<Arc<Drawn>> {
        let done = self.done.lock().ok()?;
        let wanted = |done: &mut BTreeMap<u32, Arc<Drawn>>| !done.contains_key(&parcel);
        let (done, _) = self.more.wait_timeout_while(done, DRAWING_MAX, wanted).ok()?;
        done.get(&parcel).cloned()
    }
}

struct Filer {
    lane: String,
    folder: PathBuf,
    drawings: Arc<Drawings>,
    /// Written, not yet handed over.
    ready: BTreeMap<u32, PathBuf>,
    filed: Filed,
}

impl Filer {
    fn run(mut self, jobs: &Receiver<Job>) -> Filed {
        for job in jobs {
            let done = match job {
                Job::Compose(event) => self.compose(&event),
                Job::Hand { number, due } => self.hand(number, due),
            };
            if let Err(why) = done {
                self.filed.trouble.push(why);
                self.filed.trouble.truncate(20);
            }
        }
        self.filed
    }

    fn compose(&mut self, event: &ImageEvent) -> Result<(), String> {
        let drawn: Option<Vec<_>> = event.parcels.iter().map(|parcel| self.drawings.wait(*parcel)).collect();
        let drawn =
            drawn.ok_or_else(|| format!("{} image {}: a parcel in it was never drawn", self.lane, event.number))?;
        let image = picture::compose(event, &drawn)
            .ok_or_else(|| format!("{} image {}: there is no parcel in it", self.lane, event.number))?;
        let bytes = picture::tiff(&image);
        let path = self.folder.join(format!("{}-{:06}.tif", self.lane, event.number));
        std::fs::write(path.with_extension("tif.part"), &bytes)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if event.part == Part::Whole {
            self.filed.images.insert(blake3::hash(&bytes).to_hex().to_string(), event.parcels.clone());
        }
        self.ready.insert(event.number, path);
        Ok(())
    }

    fn hand(&mut self, number: u32, due: Instant) -> Result<(), String> {
        let path =
            self.ready.remove(&number).ok_or_else(|| format!("{} image {number}: it was not ready", self.lane))?;
        std::fs::rename(path.with_extension("tif.part"), &path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let after = due.elapsed();
        if after > LATE {
            self.filed.late += 1;
            self.filed.worst_ms = self.filed.worst_ms.max(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

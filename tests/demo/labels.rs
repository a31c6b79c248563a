//! The label camera's computer: pictures drawn when they are taken, files that appear when the lane says so.
//!
//! A label carries the item's number and, beside it, everything about its people: what a station must read of one and must
//! let nobody see of the other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use gatepost_virtual::device::LabelEvent;
use gatepost_virtual::parcel::ParcelTruth;
use gatepost_virtual::photo;

use crate::people::People;

/// Pictures that may wait; a camera takes one of each parcel.
const WAITING_MAX: usize = 64;

enum Job {
    Draw(Box<LabelEvent>, Box<ParcelTruth>),
    /// It is to be handed over now.
    Hand(u32),
}

pub struct Photographer {
    jobs: SyncSender<Job>,
    thread: JoinHandle<Vec<String>>,
}

impl Photographer {
    /// # Errors
    /// When the operating system gives no thread, or the folder cannot be made.
    pub fn start(lane: &str, folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let (jobs, to_do) = sync_channel(WAITING_MAX);
        let lane = lane.to_owned();
        let thread = std::thread::Builder::new().name(format!("{lane} camera")).spawn(move || {
            let (mut ready, mut trouble) = (BTreeMap::new(), Vec::new());
            for job in to_do {
                let done = match job {
                    Job::Draw(picture, parcel) => {
                        let path = folder.join(format!("{lane}-label-{:06}.png", picture.number));
                        let written = std::fs::write(path.with_extension("png.part"), drawn(&picture, &parcel));
                        ready.insert(picture.number, path);
                        written
                    }
                    Job::Hand(number) => match ready.remove(&number) {
                        Some(path) => std::fs::rename(path.with_extension("png.part"), path),
                        None => Err(std::io::Error::other(format!("label picture {number} was not ready"))),
                    },
                };
                trouble.extend(done.err().map(|error| format!("{lane}: {error}")));
                trouble.truncate(20);
            }
            trouble
        })?;
        Ok(Self { jobs, thread })
    }

    pub fn taken(&self, picture: &LabelEvent, parcel: &ParcelTruth) {
        // Only a thread that panicked does not take it; its join says so.
        let _taken = self.jobs.send(Job::Draw(Box::new(picture.clone()), Box::new(parcel.clone())));
    }

    pub fn hand(&self, number: u32) {
        let _taken = self.jobs.send(Job::Hand(number));
    }

    /// Waits for the files under way; what went wrong.
    pub fn finish(self) -> Vec<String> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|_| vec!["the drawing of labels stopped after a fault".to_owned()])
    }
}

fn drawn(picture: &LabelEvent, parcel: &ParcelTruth) -> Vec<u8> {
    let beside = People::of(parcel).label(&picture.item);
    photo::draw(&[&picture.item, &beside], picture.unclear, parcel.scene).png()
}

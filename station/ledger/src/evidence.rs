//! Evidence: images as files named by what is in them, so that a record's digest leads to exactly these bytes.
//!
//! A file is there whole or not at all, and is durable before its name is given out. The store is bounded: when it is
//! full the oldest image that central has goes; when none may go it says so, and the parcel is blind, never unrecorded.

use std::collections::BTreeMap;

use crate::chain::Digest;
use crate::disk::{self, DiskError, How, SharedDisk};
use crate::limits;

/// Images in one folder; folders are numbered in the order of time.
const FOLDER_IMAGES: u32 = 1024;
/// The end of the name of an image that central has.
const ACKNOWLEDGED: &str = ".acked";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("an image has {bytes} bytes, more than the {} allowed", limits::EVIDENCE_BYTES_MAX)]
    TooLarge { bytes: usize },
    #[error(
        "the evidence store is full and central has none of its images: connect the station, or give it a larger disk"
    )]
    Full,
    #[error("image {digest} is not the one that was stored: its bytes have changed on the disk")]
    Changed { digest: Digest },
    #[error("image {digest} is not in the store")]
    Unknown { digest: Digest },
}

#[derive(Debug)]
pub struct Evidence {
    disk: SharedDisk,
    folder: String,
    bytes_max: u64,
    bytes: u64,
    images: BTreeMap<Digest, Image>,
    /// Oldest first, those that central has.
    acknowledged: BTreeMap<(u32, Digest), ()>,
    newest: u32,
    in_newest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Image {
    folder: u32,
    bytes: u64,
    acknowledged: bool,
}

impl Evidence {
    /// # Errors
    /// When the disk cannot be read.
    pub fn open(disk: SharedDisk, folder: &str, bytes_max: u64) -> Result<Self, DiskError> {
        disk.create_dir(folder)?;
        let mut store = Self {
            folder: folder.to_owned(),
            bytes_max,
            bytes: 0,
            images: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            newest: 0,
            in_newest: FOLDER_IMAGES,
            disk,
        };
        for entry in store.disk.list(folder)?.into_iter().filter(|entry| entry.folder) {
            let Ok(number) = entry.name.parse() else { continue };
            store.find(number)?;
        }
        Ok(store)
    }

    fn find(&mut self, folder: u32) -> Result<(), DiskError> {
        let path = self.folder_path(folder);
        let entries = self.disk.list(&path)?;
        (self.newest, self.in_newest) = (folder, entries.len() as u32);
        for entry in entries {
            let (name, acknowledged) =
                entry.name.strip_suffix(ACKNOWLEDGED).map_or((entry.name.as_str(), false), |name| (name, true));
            match Digest::parse(name) {
                Some(digest) => self.know(digest, Image { folder, bytes: entry.length, acknowledged }),
                // A write that did not finish; nobody was told its name.
                None => disk::remove_if_there(self.disk.as_ref(), &disk::join(&path, &entry.name))?,
            }
        }
        Ok(())
    }

    fn know(&mut self, digest: Digest, image: Image) {
        if let Some(before) = self.images.insert(digest, image) {
            self.bytes -= before.bytes;
        }
        self.bytes += image.bytes;
        if image.acknowledged {
            self.acknowledged.insert((image.folder, digest), ());
        }
    }

    fn folder_path(&self, folder: u32) -> String {
        disk::join(&self.folder, &format!("{folder:08}"))
    }

    fn path(&self, digest: Digest, image: Image) -> String {
        let end = if image.acknowledged { ACKNOWLEDGED } else { "" };
        disk::join(&self.folder_path(image.folder), &format!("{digest}{end}"))
    }

    /// Stores an image; when this returns it is durable under the digest given back.
    ///
    /// # Errors
    /// [`EvidenceError::Full`], or when the disk fails: the image is not stored then.
    pub fn put(&mut self, image: &[u8]) -> Result<Digest, EvidenceError> {
        if image.len() > limits::EVIDENCE_BYTES_MAX {
            return Err(EvidenceError::TooLarge { bytes: image.len() });
        }
        let digest = Digest::of(image);
        if self.images.contains_key(&digest) {
            return Ok(digest);
        }
        while self.bytes + image.len() as u64 > self.bytes_max {
            self.drop_oldest()?;
        }
        if self.in_newest >= FOLDER_IMAGES {
            self.disk.create_dir(&self.folder_path(self.newest + 1))?;
            (self.newest, self.in_newest) = (self.newest + 1, 0);
        }
        let known = Image { folder: self.newest, bytes: image.len() as u64, acknowledged: false };
        let path = self.path(digest, known);
        if let Err(error) = disk::replace(self.disk.as_ref(), &path, image) {
            if !error.full() {
                return Err(error.into());
            }
            self.drop_oldest()?;
            disk::replace(self.disk.as_ref(), &path, image)?;
        }
        self.in_newest += 1;
        self.know(digest, known);
        Ok(digest)
    }

    fn drop_oldest(&mut self) -> Result<(), EvidenceError> {
        let Some(((folder, digest), ())) = self.acknowledged.pop_first() else { return Err(EvidenceError::Full) };
        let Some(image) = self.images.remove(&digest) else { return Ok(()) };
        self.bytes -= image.bytes;
        disk::remove_if_there(self.disk.as_ref(), &self.path(digest, image))?;
        self.disk.sync_dir(&self.folder_path(folder))?;
        Ok(())
    }

    /// Notes that central has the image; it may be removed when room is needed.
    ///
    /// # Errors
    /// When the disk fails; the image then stays as not acknowledged.
    pub fn acknowledge(&mut self, digest: Digest) -> Result<(), EvidenceError> {
        let image = *self.images.get(&digest).ok_or(EvidenceError::Unknown { digest })?;
        if !image.acknowledged {
            let known = Image { acknowledged: true, ..image };
            self.disk.rename(&self.path(digest, image), &self.path(digest, known))?;
            self.images.insert(digest, known);
            self.acknowledged.insert((known.folder, digest), ());
        }
        Ok(())
    }

    /// The image, its digest checked.
    ///
    /// # Errors
    /// [`EvidenceError::Changed`] when the bytes on disk are not the ones stored.
    pub fn get(&self, digest: Digest) -> Result<Vec<u8>, EvidenceError> {
        let image = *self.images.get(&digest).ok_or(EvidenceError::Unknown { digest })?;
        let path = self.path(digest, image);
        let bytes = disk::read(self.disk.as_ref(), &path, limits::EVIDENCE_BYTES_MAX)?;
        let bytes = bytes.ok_or(EvidenceError::Unknown { digest })?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(EvidenceError::Changed { digest }) }
    }

    /// One chunk from `offset` on, for the way to central, which checks the whole; empty at the end.
    ///
    /// # Errors
    /// When the image is unknown or the disk fails.
    pub fn chunk(&self, digest: Digest, offset: u64) -> Result<Vec<u8>, EvidenceError> {
        let image = *self.images.get(&digest).ok_or(EvidenceError::Unknown { digest })?;
        let mut bytes = vec![0; limits::EVIDENCE_CHUNK_BYTES];
        let read = self.disk.open(&self.path(digest, image), How::Read)?.read_at(offset, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Bytes of an image; nothing when it is not here.
    pub fn length(&self, digest: Digest) -> Option<u64> {
        self.images.get(&digest).map(|image| image.bytes)
    }

    /// Images central does not have, in no particular order.
    pub fn unacknowledged(&self) -> impl Iterator<Item = Digest> + '_ {
        self.images.iter().filter(|(_, image)| !image.acknowledged).map(|(digest, _)| *digest)
    }

    /// Bytes of all images.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn images(&self) -> usize {
        self.images.len()
    }
}

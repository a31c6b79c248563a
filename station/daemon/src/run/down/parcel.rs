//! A package on its way, on this disk: its offer, its outline, and the parts that are here. Every part is checked before it
//! is stored, and again when the station has started anew; so nothing here needs to be synced, only what is whole counts.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gatepost_sync::envelope::Header;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::{CHUNK_BYTES_MAX, ENVELOPE_HEADER_BYTES_MAX, PARTS_MAX};
use gatepost_sync::parts::{Fetch, Offer, Taken, Want, Wrong};
use gatepost_sync::topics::{Down, Name};

/// A signed offer, with its envelope.
const OFFER_BYTES_MAX: u64 = 2 * ENVELOPE_HEADER_BYTES_MAX as u64;
const OUTLINE_BYTES_MAX: u64 = 32 * PARTS_MAX as u64;

#[derive(Debug)]
pub struct Parcel {
    pub header: Header,
    /// Its offer, as it came.
    sealed: Vec<u8>,
    fetch: Fetch,
    files: Files,
    parts: File,
}

/// Why a piece was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error("its parts cannot be stored ({0}); look at the data folder's disk")]
    Disk(#[from] io::Error),
}

impl Parcel {
    /// Begins anew; what was under way of this kind is gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin(folder: &Path, sealed: &[u8], header: Header, offer: Offer) -> io::Result<Self> {
        let files = Files::of(folder, header.document);
        files.forget()?;
        // First the parts: an offer without them is begun anew, parts without an offer are nobody's.
        let parts = files.open_parts()?;
        std::fs::write(&files.offer, sealed)?;
        Ok(Self { header, sealed: sealed.to_vec(), fetch: Fetch::new(offer), files, parts })
    }

    /// What was under way of a kind when the station stopped, as far as it is still as it was offered. `open` opens its offer
    /// again; what it does not let pass is gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn resume(
        folder: &Path,
        kind: Down,
        open: impl FnOnce(&[u8]) -> Option<(Header, Offer)>,
    ) -> io::Result<Option<Self>> {
        let files = Files::of(folder, kind);
        let opened = read_at_most(&files.offer, OFFER_BYTES_MAX)?.and_then(|sealed| Some((open(&sealed)?, sealed)));
        let Some(((header, offer), sealed)) = opened else {
            files.forget()?;
            return Ok(None);
        };
        let mut fetch = Fetch::new(offer);
        let mut parts = files.open_parts()?;
        let outline = read_at_most(&files.outline, OUTLINE_BYTES_MAX)?;
        if outline.is_some_and(|outline| fetch.take_outline(&outline).is_ok()) {
            let mut part = Vec::with_capacity(CHUNK_BYTES_MAX);
            loop {
                part.clear();
                Read::take(&mut parts, CHUNK_BYTES_MAX as u64).read_to_end(&mut part)?;
                if part.is_empty() || fetch.take_part(&part).is_err() {
                    break;
                }
            }
        }
        // A part that was torn, or that the disk has changed, is fetched again.
        parts.set_len(fetch.have())?;
        parts.seek(SeekFrom::End(0))?;
        Ok(Some(Self { header, sealed, fetch, files, parts }))
    }

    pub fn offer(&self) -> &Offer {
        self.fetch.offer()
    }

    pub fn sealed(&self) -> &[u8] {
        &self.sealed
    }

    pub fn have(&self) -> u64 {
        self.fetch.have()
    }

    pub fn want(&self, station: &Name) -> Option<Want> {
        self.fetch.want(station)
    }

    /// Stores a piece, if it is the next of this package.
    ///
    /// # Errors
    /// [`NotStored`].
    pub fn take(&mut self, piece: &Chunk) -> Result<(), NotStored> {
        match self.fetch.take(piece)? {
            Taken::Outline => std::fs::write(&self.files.outline, &piece.bytes)?,
            Taken::Part => self.parts.write_all(&piece.bytes)?,
            Taken::Nothing => {}
        }
        Ok(())
    }

    pub fn is_here(&self) -> bool {
        self.fetch.is_here()
    }

    /// The whole, on disk for good; its name below the data folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn whole(&self) -> io::Result<&Path> {
        self.parts.sync_all()?;
        Ok(&self.files.parts)
    }

    /// Lets go of all that is left of it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget(&self) -> io::Result<()> {
        self.files.forget()
    }
}

#[derive(Debug)]
struct Files {
    offer: PathBuf,
    outline: PathBuf,
    parts: PathBuf,
}

impl Files {
    fn of(folder: &Path, kind: Down) -> Self {
        let file = |end: &str| folder.join(format!("{}.{end}", kind.as_str()));
        Self { offer: file("offer"), outline: file("outline"), parts: file("parts") }
    }

    fn open_parts(&self) -> io::Result<File> {
        File::options().read(true).write(true).create(true).truncate(false).open(&self.parts)
    }

    /// The offer first: without it nobody goes on.
    fn forget(&self) -> io::Result<()> {
        for file in [&self.offer, &self.outline, &self.parts] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Nothing where there is no file, or a longer one than can be ours.
fn read_at_most(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let read = Read::take(file, bytes_max + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= bytes_max).then_some(bytes))
}

//! Evidence as files: `evidence/{station}/{digest}`, and `.part` while it grows. Big things are files, facts are rows.
//!
//! A piece is taken only where the last one ended, and synced before it is acknowledged. A whole whose digest is not
//! its name is thrown away and asked for again. Several centrals may share the folder: a part is locked while it is touched.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gatepost_sync::acks::EvidenceAck;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::EVIDENCE_OPEN_MAX;
use gatepost_sync::topics::Name;

#[derive(Clone, Debug)]
pub struct EvidenceStore {
    directory: PathBuf,
    bytes_max: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("evidence cannot be stored in {0}: {1}")]
    Disk(PathBuf, io::Error),
    #[error("evidence fills its {0} bytes; raise store.evidence_bytes_max or remove old files")]
    Full(u64),
    #[error("{0} is sending more than {EVIDENCE_OPEN_MAX} pieces of evidence at once")]
    TooManyOpen(Name),
}

impl EvidenceStore {
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(directory: &Path, bytes_max: u64) -> Result<Self, EvidenceError> {
        fs::create_dir_all(directory).map_err(|error| EvidenceError::Disk(directory.to_owned(), error))?;
        Ok(Self { directory: directory.to_owned(), bytes_max })
    }

    /// Takes a piece, if it is the next one, and says how much of the whole is on disk. Blocks on the disk.
    ///
    /// # Errors
    /// [`EvidenceError`]; nothing may be acknowledged then.
    pub fn take(&self, station: &Name, chunk: &Chunk) -> Result<EvidenceAck, EvidenceError> {
        let folder = self.directory.join(station.as_str());
        let failed = |error| EvidenceError::Disk(folder.clone(), error);
        fs::create_dir_all(&folder).map_err(failed)?;
        let whole = folder.join(chunk.digest.to_string());
        if whole.exists() {
            return Ok(EvidenceAck { digest: chunk.digest, have: chunk.total, complete: true });
        }
        let part = whole.with_extension("part");
        if !part.exists() {
            self.room_for_another(station, &folder, chunk.total)?;
        }
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&part).map_err(failed)?;
        // Let go of when the file is closed.
        file.lock().map_err(failed)?;
        if whole.exists() {
            // Another one ended it while we waited; what was opened here may be a new, empty part.
            fs::remove_file(&part).or_else(gone).map_err(failed)?;
            return Ok(EvidenceAck { digest: chunk.digest, have: chunk.total, complete: true });
        }
        let have = append(&mut file, chunk).map_err(failed)?;
        if have < chunk.total {
            return Ok(EvidenceAck { digest: chunk.digest, have, complete: false });
        }
        let complete = is_whole(&mut file, chunk).map_err(failed)?;
        if complete {
            fs::rename(&part, &whole).and_then(|()| File::open(&folder)?.sync_all()).map_err(failed)?;
        } else {
            fs::remove_file(&part).map_err(failed)?;
        }
        Ok(EvidenceAck { digest: chunk.digest, have: if complete { have } else { 0 }, complete })
    }

    /// Counted when a new whole begins, not with each piece.
    fn room_for_another(&self, station: &Name, folder: &Path, total: u64) -> Result<(), EvidenceError> {
        let failed = |error| EvidenceError::Disk(self.directory.clone(), error);
        let open = fs::read_dir(folder)
            .map_err(failed)?
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "part"));
        if open.count() >= EVIDENCE_OPEN_MAX {
            return Err(EvidenceError::TooManyOpen(station.clone()));
        }
        let mut used = 0;
        for folder in fs::read_dir(&self.directory).map_err(failed)? {
            for file in fs::read_dir(folder.map_err(failed)?.path()).map_err(failed)? {
                used += file.and_then(|file| file.metadata()).map_err(failed)?.len();
            }
        }
        if used.saturating_add(total) > self.bytes_max { Err(EvidenceError::Full(self.bytes_max)) } else { Ok(()) }
    }
}

fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Says how much is there afterwards, synced.
fn append(file: &mut File, chunk: &Chunk) -> io::Result<u64> {
    let have = file.metadata()?.len();
    if chunk.offset != have {
        return Ok(have);
    }
    file.write_all(&chunk.bytes)?;
    file.sync_data()?;
    Ok(have + chunk.bytes.len() as u64)
}

fn is_whole(file: &mut File, chunk: &Chunk) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().as_bytes() == &chunk.digest.0);
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_sync::chain::Digest;

    fn station() -> Name {
        Name::new("st-01").unwrap()
    }

    fn pieces(whole: &[u8], size: usize) -> Vec<Chunk> {
        let digest = Digest::of(whole);
        let piece = |(index, bytes): (usize, &[u8])| Chunk {
            digest,
            offset: (index * size) as u64,
            total: whole.len() as u64,
            bytes: bytes.to_vec(),
        };
        whole.chunks(size).enumerate().map(piece).collect()
    }

    #[test]
    fn pieces_become_a_file_whatever_is_repeated_or_skipped() {
        let directory = tempfile::tempdir().unwrap();
        let store = EvidenceStore::open(directory.path(), 1 << 20).unwrap();
        let whole: Vec<u8> = (0..2_500_u32).map(|n| n as u8).collect();
        let pieces = pieces(&whole, 1_000);
        let have = |piece: &Chunk| store.take(&station(), piece).unwrap();
        assert_eq!(have(&pieces[1]).have, 0, "not the next one");
        assert_eq!(have(&pieces[0]).have, 1_000);
        assert_eq!(have(&pieces[0]).have, 1_000, "a repetition changes nothing");
        assert_eq!(have(&pieces[2]).have, 1_000);
        // A new process finds what was there.
        let store = EvidenceStore::open(directory.path(), 1 << 20).unwrap();
        let have = |piece: &Chunk| store.take(&station(), piece).unwrap();
        assert_eq!(have(&pieces[1]).have, 2_000);
        let last = have(&pieces[2]);
        assert!(last.complete && last.have == 2_500);
        let file = directory.path().join("st-01").join(Digest::of(&whole).to_string());
        assert_eq!(fs::read(file).unwrap(), whole);
        assert!(have(&pieces[0]).complete, "known as a whole");
    }

    #[test]
    fn centrals_that_share_a_folder_end_with_the_whole() {
        let directory = tempfile::tempdir().unwrap();
        let whole: Vec<u8> = (0..40_000_u32).map(|n| (n / 7) as u8).collect();
        std::thread::scope(|scope| {
            for own in 0..3 {
                let (directory, whole) = (directory.path(), &whole);
                scope.spawn(move || {
                    let store = EvidenceStore::open(directory, 1 << 20).unwrap();
                    let pieces = pieces(whole, 1_000);
                    // Each hears some of the pieces, all of them some time.
                    while !pieces.iter().any(|piece| store.take(&station(), piece).unwrap().complete) {
                        store.take(&station(), &pieces[own]).unwrap();
                    }
                });
            }
        });
        let folder = directory.path().join("st-01");
        assert_eq!(fs::read(folder.join(Digest::of(&whole).to_string())).unwrap(), whole);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "no part is left");
    }

    #[test]
    fn a_whole_that_is_not_its_digest_is_asked_for_again() {
        let directory = tempfile::tempdir().unwrap();
        let store = EvidenceStore::open(directory.path(), 1 << 20).unwrap();
        let mut wrong = pieces(b"the true picture", 100).remove(0);
        wrong.bytes[0] ^= 1;
        let ack = store.take(&station(), &wrong).unwrap();
        assert!(!ack.complete && ack.have == 0);
        assert!(store.take(&station(), &pieces(b"the true picture", 100)[0]).unwrap().complete);
    }

    #[test]
    fn room_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let store = EvidenceStore::open(directory.path(), 100).unwrap();
        assert!(matches!(store.take(&station(), &pieces(&[1; 101], 50)[0]), Err(EvidenceError::Full(100))));
        let store = EvidenceStore::open(directory.path(), u64::MAX).unwrap();
        for n in 0..EVIDENCE_OPEN_MAX {
            store.take(&station(), &pieces(&[n as u8; 20], 10)[0]).unwrap();
        }
        assert!(matches!(store.take(&station(), &pieces(&[99; 20], 10)[0]), Err(EvidenceError::TooManyOpen(_))));
    }
}

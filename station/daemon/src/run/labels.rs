//! The pictures of labels: kept sealed where the personal text is kept, each under a key of its own, and forgotten.
//!
//! A picture shows a name and an address. So it leaves the camera's folder as soon as it is sealed; a record holds its keyed
//! digest alone, which means nothing once the key is gone. A picture in which an item's number was read belongs to the visit
//! of that item, any other to the pass it is of; both are forgotten in time. The store is bounded: for room, pictures of
//! labels that were read go first, the oldest of them; those an officer may still need to read are never pushed out.
//! It shows nothing to anybody.

use std::collections::BTreeMap;

use gatepost_hardware::units::WallMs;
use gatepost_ledger::chain::Digest;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::limits::{LABEL_BYTES_MAX, LABELS_BYTES_MAX, LABELS_MAX};
use gatepost_ledger::personal::{Entropy, FreshKey, Personal, Visit};

/// Where they lie in the data folder.
const FOLDER: &str = "personal/labels";
/// Begins the names of those whose number was not read; no item id is in small letters.
const UNREAD: &str = "unread";
const DAY_MS: i64 = 86_400_000;
/// Keys destroyed in one go: a camera that has a picture to store waits for them.
const EXPIRE_MAX: usize = 16;

pub struct LabelStore {
    store: Personal,
    /// In the order in which they go when there is no room, with their bytes.
    kept: BTreeMap<Kept, u64>,
    bytes: u64,
    bytes_max: u64,
    /// Those that went for room since that was last asked.
    pushed_out: u64,
}

/// One picture, by what its name says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    unread: bool,
    taken: WallMs,
    name: String,
}

impl Kept {
    /// `{item or "unread"}-{milliseconds}-{first digits of its digest}`.
    fn read(visit: &Visit) -> Option<Self> {
        let mut parts = visit.as_str().rsplitn(3, '-');
        let (_digest, taken, whose) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { unread: whose == UNREAD, taken: WallMs(taken.parse().ok()?), name: visit.as_str().to_owned() })
    }
}

impl LabelStore {
    /// `bytes_max`: 0 for the usual bound. What a crash left half done is removed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open(disk: SharedDisk, bytes_max: u64, entropy: Entropy) -> Result<Self, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        disk.create_dir("personal").map_err(|error| said(&error))?;
        let store = Personal::open(disk, FOLDER, entropy).map_err(|error| said(&error))?.holding(LABEL_BYTES_MAX);
        let bytes_max = if bytes_max == 0 { LABELS_BYTES_MAX } else { bytes_max };
        let mut labels = Self { store, kept: BTreeMap::new(), bytes: 0, bytes_max, pushed_out: 0 };
        let keys = labels.store.visits().map_err(|error| said(&error))?;
        let sizes: BTreeMap<Visit, u64> = labels.store.sizes().map_err(|error| said(&error))?.into_iter().collect();
        for visit in keys.iter().chain(sizes.keys()) {
            match (Kept::read(visit), sizes.get(visit), keys.binary_search(visit)) {
                (Some(kept), Some(&bytes), Ok(_)) => labels.know(kept, bytes),
                _ => drop(labels.store.destroy(visit).map_err(|error| said(&error))?),
            }
        }
        Ok(labels)
    }

    fn know(&mut self, kept: Kept, bytes: u64) {
        if self.kept.insert(kept, bytes).is_none() {
            self.bytes += bytes;
        }
    }

    /// Seals a picture; when this returns it is durable. `item`: the number that was read in it.
    ///
    /// # Errors
    /// A sentence that names neither item nor file. The picture is not kept then.
    pub fn keep(&mut self, picture: &[u8], key: &FreshKey, item: Option<&str>, now: WallMs) -> Result<(), String> {
        let Digest(digest) = key.digest(picture);
        let tag = data_encoding::HEXLOWER.encode(&digest[..4]);
        let visit =
            Visit::new(&format!("{}-{}-{tag}", item.unwrap_or(UNREAD), now.0)).ok_or("no name for its visit")?;
        let kept = Kept::read(&visit).ok_or("no name for its visit")?;
        let bytes = picture.len() as u64;
        while self.bytes + bytes > self.bytes_max || self.kept.len() >= LABELS_MAX {
            self.push_out()?;
        }
        self.store.seal_with(&visit, key, picture).map_err(|error| error.to_string())?;
        self.know(kept, bytes);
        Ok(())
    }

    fn push_out(&mut self) -> Result<(), String> {
        let oldest = self.kept.first_key_value().map(|(kept, _)| kept.clone()).filter(|kept| !kept.unread);
        let says = "no room: every label picture kept is of a label that could not be read, and not yet expired; raise \
                    ledger.label_bytes_max or lower ledger.personal_days_max";
        self.destroy(&oldest.ok_or(says)?)?;
        self.pushed_out += 1;
        Ok(())
    }

    fn destroy(&mut self, kept: &Kept) -> Result<(), String> {
        let visit = Visit::new(&kept.name).ok_or("no such visit")?;
        self.store.destroy(&visit).map_err(|error| error.to_string())?;
        self.bytes -= self.kept.remove(kept).unwrap_or(0);
        Ok(())
    }

    /// Destroys the keys of pictures taken more than so many days ago, [`EXPIRE_MAX`] at a time. How many.
    ///
    /// # Errors
    /// When the disk fails; to be tried again.
    pub fn expire(&mut self, now: WallMs, days_max: u32) -> Result<usize, String> {
        let before = now.0 - i64::from(days_max) * DAY_MS;
        let first = |unread, taken| Kept { unread, taken: WallMs(taken), name: String::new() };
        let expired = [false, true].into_iter().flat_map(|unread| {
            self.kept.range(first(unread, i64::MIN)..first(unread, before)).map(|(kept, _)| kept.clone())
        });
        let expired: Vec<Kept> = expired.take(EXPIRE_MAX).collect();
        expired.iter().try_for_each(|kept| self.destroy(kept))?;
        Ok(expired.len())
    }

    /// How many went before their time since this was last asked.
    pub fn pushed_out(&mut self) -> u64 {
        std::mem::take(&mut self.pushed_out)
    }

    /// The picture whose digest a record holds; nothing when it has been forgotten.
    ///
    /// # Errors
    /// When it was changed on the disk.
    pub fn show(&self, digest: Digest) -> Result<Option<Vec<u8>>, String> {
        let tag = data_encoding::HEXLOWER.encode(&digest.0[..4]);
        for kept in self.kept.keys().filter(|kept| kept.name.ends_with(&tag)) {
            let visit = Visit::new(&kept.name).ok_or("no such visit")?;
            let Some(picture) = self.store.unseal(&visit).map_err(|error| error.to_string())? else { continue };
            if self.store.matches(&visit, &picture, digest).map_err(|error| error.to_string())? {
                return Ok(Some(picture));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatepost_ledger::disk::memory::MemoryDisk;
    use gatepost_ledger::personal::system_entropy;

    use super::*;

    const NOW: i64 = 1_795_305_600_000;

    fn open(disk: &MemoryDisk, bytes_max: u64) -> LabelStore {
        LabelStore::open(Arc::new(disk.clone()), bytes_max, system_entropy()).expect("a store")
    }

    fn keep(store: &mut LabelStore, picture: &[u8], item: Option<&str>, at: i64) -> Result<Digest, String> {
        let key = FreshKey::random().expect("randomness");
        store.keep(picture, &key, item, WallMs(NOW + at)).map(|()| key.digest(picture))
    }

    #[test]
    fn a_picture_is_shown_again_by_its_digest_until_it_expires() {
        let disk = MemoryDisk::new();
        let mut store = open(&disk, 0);
        let read = keep(&mut store, b"Erika Mustermann", Some("RR473124829GB"), 0).expect("kept");
        let unread = keep(&mut store, b"blurred", None, DAY_MS).expect("kept");
        let mut store = open(&disk, 0);
        assert_eq!(store.show(read).expect("a look").as_deref(), Some(&b"Erika Mustermann"[..]), "after a restart");
        assert_eq!(store.expire(WallMs(NOW + 90 * DAY_MS), 90), Ok(0));
        assert_eq!(store.expire(WallMs(NOW + 90 * DAY_MS + 1), 90), Ok(1));
        assert_eq!((store.show(read), store.show(unread)), (Ok(None), Ok(Some(b"blurred".to_vec()))));
    }

    #[test]
    fn for_room_the_oldest_that_was_read_goes_and_never_one_that_was_not() {
        let disk = MemoryDisk::new();
        let mut store = open(&disk, 300);
        let unread = keep(&mut store, &[1; 100], None, 0).expect("kept");
        let oldest = keep(&mut store, &[2; 100], Some("RR473124829GB"), 1).expect("kept");
        let newer = keep(&mut store, &[3; 100], Some("EE876543216CA"), 2).expect("kept");
        let second = keep(&mut store, &[4; 100], None, 3).expect("room is made");
        assert_eq!((store.pushed_out(), store.pushed_out()), (1, 0));
        assert_eq!(store.show(oldest), Ok(None));
        assert!([unread, newer, second].iter().all(|&one| store.show(one).is_ok_and(|picture| picture.is_some())));
        keep(&mut store, &[5; 100], None, 4).expect("room is made again");
        let says = keep(&mut store, &[6; 100], Some("RR473124829GB"), 5).expect_err("nothing may go");
        assert!(says.contains("label_bytes_max") && !says.contains("RR473"), "{says}");
    }

    #[test]
    fn what_a_crash_left_half_done_is_removed_at_the_next_start() {
        use gatepost_ledger::disk::{Disk, How};
        let disk = MemoryDisk::new();
        let mut store = open(&disk, 0);
        let whole = keep(&mut store, b"whole", None, 0).expect("kept");
        keep(&mut store, b"torn", None, 1).expect("kept");
        let name = store.kept.keys().nth(1).expect("two").name.clone();
        disk.remove(&format!("{FOLDER}/keys/{name}")).expect("its key never reached the disk");
        let store = open(&disk, 0);
        assert_eq!((store.kept.len(), store.show(whole).map(|one| one.is_some())), (1, Ok(true)));
        assert!(disk.open(&format!("{FOLDER}/sealed/{name}"), How::Read).is_err());
    }
}

//! Personal text of the items that came: opened from the lists into the store that forgets.
//!
//! One key for each item visit; expiry destroys it, and then neither this store nor a record says whose parcel it was. The
//! text goes nowhere else: no record, no log, no page asks here.

use std::collections::BTreeMap;

use gatepost_hardware::units::WallMs;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::personal::{Personal, Visit, system_entropy};
use gatepost_ledger::sealed::{ReceivingKey, SealTo, Sealed};
use gatepost_pipeline::identify::{VisitWindow, same_visit};
use gatepost_pipeline::judge::Token;

/// Where the receiving key lies in the data folder.
pub const KEY: &str = "receiving.key";
const DAY_MS: i64 = 86_400_000;

pub struct PersonalKeeper {
    store: Personal,
    key: ReceivingKey,
    /// The newest visit of each item, and when it began.
    visits: BTreeMap<String, i64>,
}

impl PersonalKeeper {
    /// # Errors
    /// When the store or the key cannot be read or made.
    pub fn open(disk: &SharedDisk) -> Result<Self, String> {
        let key = ReceivingKey::load_or_create(disk.as_ref(), KEY).map_err(|error| error.to_string())?;
        let store = Personal::open(disk.clone(), "personal", system_entropy()).map_err(|error| error.to_string())?;
        let mut visits: BTreeMap<String, i64> = BTreeMap::new();
        for visit in store.visits().map_err(|error| error.to_string())? {
            if let Some((item, began)) = named(&visit) {
                let newest = visits.entry(item.to_owned()).or_insert(began);
                *newest = began.max(*newest);
            }
        }
        Ok(Self { store, key, visits })
    }

    /// What whoever declares seals to.
    pub fn seal_to(&self) -> SealTo {
        self.key.public()
    }

    /// Stores the text of an item that came; once for each visit.
    ///
    /// # Errors
    /// A sentence that names the item and never the text.
    pub fn keep(&mut self, item: &Token, sealed: &Sealed, now: WallMs) -> Result<(), String> {
        let name = item.as_str();
        if self.visits.get(name).is_some_and(|&began| same_visit(WallMs(began), now, VisitWindow::S10)) {
            return Ok(());
        }
        let failed = |why: &dyn std::fmt::Display| format!("the personal data of {name} are not kept: {why}");
        let visit = Visit::new(&format!("{name}-{}", now.0)).ok_or_else(|| failed(&"no name for its visit"))?;
        let text = self.key.open(name, sealed).map_err(|error| failed(&error))?;
        self.store.seal(&visit, &text).map_err(|error| failed(&error))?;
        self.visits.insert(name.to_owned(), now.0);
        Ok(())
    }

    /// Destroys the keys of visits that began more than so many days ago. How many.
    ///
    /// # Errors
    /// When the disk fails; to be tried again.
    pub fn expire(&mut self, now: WallMs, days_max: u32) -> Result<usize, String> {
        let before = now.0 - i64::from(days_max) * DAY_MS;
        let mut gone = 0;
        for visit in self.store.visits().map_err(|error| error.to_string())? {
            if named(&visit).is_some_and(|(_, began)| began < before) {
                self.store.destroy(&visit).map_err(|error| error.to_string())?;
                gone += 1;
            }
        }
        self.visits.retain(|_, began| *began >= before);
        Ok(gone)
    }
}

/// The item and the beginning that a visit is named by.
fn named(visit: &Visit) -> Option<(&str, i64)> {
    let (item, began) = visit.as_str().rsplit_once('-')?;
    Some((item, began.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatepost_ledger::disk::memory::MemoryDisk;

    use super::*;

    #[test]
    fn the_text_of_an_item_that_came_is_kept_once_and_forgotten_in_time() {
        let disk: SharedDisk = Arc::new(MemoryDisk::new());
        let mut keeper = PersonalKeeper::open(&disk).expect("a store");
        let item = Token::clipped("RR473124829GB");
        let sealed = keeper.seal_to().seal(item.as_str(), b"Erika Mustermann").expect("sealed");
        let began = WallMs(1_790_000_000_000);
        keeper.keep(&item, &sealed, began).expect("kept");
        keeper.keep(&item, &sealed, WallMs(began.0 + DAY_MS)).expect("the same visit");
        let mut keeper = PersonalKeeper::open(&disk).expect("after a restart");
        keeper.keep(&item, &sealed, WallMs(began.0 + 2 * DAY_MS)).expect("still the same visit");
        let visit = Visit::new("RR473124829GB-1790000000000").expect("a name");
        assert_eq!(keeper.store.visits().expect("visits"), std::slice::from_ref(&visit));
        assert_eq!(keeper.store.unseal(&visit).expect("opens").as_deref(), Some(&b"Erika Mustermann"[..]));
        assert_eq!(keeper.expire(WallMs(began.0 + 90 * DAY_MS), 90).expect("a look"), 0);
        assert_eq!(keeper.expire(WallMs(began.0 + 90 * DAY_MS + 1), 90).expect("expired"), 1);
        assert_eq!(keeper.store.unseal(&visit).expect("gone"), None);
        let another = Token::clipped("EE876543216CA");
        let says = keeper.keep(&another, &sealed, began).expect_err("not for that item");
        assert!(says.contains("EE876543216CA") && !says.contains("Erika"), "{says}");
    }
}

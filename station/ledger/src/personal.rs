//! Personal data: names, addresses, telephone numbers, free text, label pictures; apart from the records.
//!
//! Each item visit has a key of its own. Records carry the visit and a keyed digest; destroying the key is expiry: the
//! text cannot be read again, the digest says nothing any more, and the chain still verifies, for it never held either.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use crate::chain::Digest;
use crate::disk::{self, Cause, DiskError, How, SharedDisk};
use crate::limits;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Fills the bytes with randomness; a seeded one in the world harness, [`system_entropy`] in a station.
pub type Entropy = Box<dyn FnMut(&mut [u8]) -> Result<(), String> + Send>;

/// The operating system's randomness.
pub fn system_entropy() -> Entropy {
    Box::new(|bytes| getrandom::fill(bytes).map_err(|error| error.to_string()))
}

/// Names an item visit: 1 to 64 of `A-Z a-z 0-9 - _`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Visit(String);

impl Visit {
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| Self(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonalError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("the personal data of one item visit is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the personal data of visit {0} does not open with its key: the file was changed")]
    Changed(String),
    #[error("no randomness for a key: {0}")]
    Entropy(String),
}

pub struct Personal {
    disk: SharedDisk,
    keys: String,
    sealed: String,
    bytes_max: usize,
    entropy: Entropy,
}

/// A key that nothing is sealed with yet, in memory only: what will be sealed can be named before it is.
pub struct FreshKey([u8; 32]);

impl FreshKey {
    /// By the operating system's randomness.
    ///
    /// # Errors
    /// When there is none.
    pub fn random() -> Result<Self, PersonalError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| PersonalError::Entropy(error.to_string()))?;
        Ok(Self(key))
    }

    /// What a record may carry of the text.
    pub fn digest(&self, text: &[u8]) -> Digest {
        keyed_digest(&self.0, text)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({})", self.sealed)
    }
}

impl Personal {
    /// # Errors
    /// When the folders cannot be made.
    pub fn open(disk: SharedDisk, folder: &str, entropy: Entropy) -> Result<Self, DiskError> {
        let (keys, sealed) = (disk::join(folder, "keys"), disk::join(folder, "sealed"));
        disk.create_dir(&keys)?;
        disk.create_dir(&sealed)?;
        Ok(Self { disk, keys, sealed, bytes_max: limits::PERSONAL_BYTES_MAX, entropy })
    }

    /// The same for larger or smaller things than [`limits::PERSONAL_BYTES_MAX`].
    #[must_use]
    pub fn holding(mut self, bytes_max: usize) -> Self {
        self.bytes_max = bytes_max;
        self
    }

    /// Stores the data of a visit, in place of what was stored before; gives back the digest a record may carry. The
    /// key is durable before anything is sealed with it.
    ///
    /// # Errors
    /// [`PersonalError`]; nothing readable is left behind.
    pub fn seal(&mut self, visit: &Visit, text: &[u8]) -> Result<Digest, PersonalError> {
        if let Some(key) = self.key(visit)? {
            self.put(visit, &key, text)?;
            return Ok(keyed_digest(&key, text));
        }
        let mut key = [0; 32];
        (self.entropy)(&mut key).map_err(PersonalError::Entropy)?;
        let key = FreshKey(key);
        self.seal_with(visit, &key, text)?;
        Ok(key.digest(text))
    }

    /// As [`seal`](Self::seal), of a new visit whose key was made before.
    ///
    /// # Errors
    /// [`PersonalError`]; nothing readable is left behind.
    pub fn seal_with(&mut self, visit: &Visit, key: &FreshKey, text: &[u8]) -> Result<(), PersonalError> {
        if text.len() > self.bytes_max {
            return Err(PersonalError::TooLarge(self.bytes_max));
        }
        disk::replace(self.disk.as_ref(), &self.key_path(visit), &key.0)?;
        self.put(visit, &key.0, text)
    }

    fn put(&mut self, visit: &Visit, key: &[u8; 32], text: &[u8]) -> Result<(), PersonalError> {
        let too_large = PersonalError::TooLarge(self.bytes_max);
        if text.len() > self.bytes_max {
            return Err(too_large);
        }
        let mut nonce = [0; NONCE_BYTES];
        (self.entropy)(&mut nonce).map_err(PersonalError::Entropy)?;
        let payload = Payload { msg: text, aad: visit.0.as_bytes() };
        let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload).map_err(|_| too_large)?;
        disk::replace(self.disk.as_ref(), &self.sealed_path(visit), &[&nonce[..], &sealed].concat())?;
        Ok(())
    }

    /// The data of a visit; nothing when there is none or its key was destroyed.
    ///
    /// # Errors
    /// [`PersonalError::Changed`] when the file is not what was sealed.
    pub fn unseal(&self, visit: &Visit) -> Result<Option<Vec<u8>>, PersonalError> {
        let Some(key) = self.key(visit)? else { return Ok(None) };
        let Some(bytes) = disk::read(self.disk.as_ref(), &self.sealed_path(visit), self.sealed_bytes_max())? else {
            return Ok(None);
        };
        let changed = || PersonalError::Changed(visit.0.clone());
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(changed)?;
        let payload = Payload { msg: sealed, aad: visit.0.as_bytes() };
        cipher(&key).decrypt(&Nonce::from(*nonce), payload).map(Some).map_err(|_| changed())
    }

    /// Whether `text` is what a record's digest stands for; false once the key is gone.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn matches(&self, visit: &Visit, text: &[u8], digest: Digest) -> Result<bool, PersonalError> {
        Ok(self.key(visit)?.is_some_and(|key| keyed_digest(&key, text) == digest))
    }

    /// Expiry: overwrites and removes the key, then removes what it sealed. True when there was a key.
    ///
    /// # Errors
    /// When the disk fails; to be tried again.
    pub fn destroy(&mut self, visit: &Visit) -> Result<bool, PersonalError> {
        let path = self.key_path(visit);
        let was_there = match self.disk.open(&path, How::Write) {
            Ok(mut file) => {
                // In place, so that file systems that overwrite in place keep no copy of it.
                file.write_at(0, &[0; 32])?;
                file.sync()?;
                self.disk.remove(&path)?;
                self.disk.sync_dir(&self.keys)?;
                true
            }
            Err(error) if error.cause == Cause::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        disk::remove_if_there(self.disk.as_ref(), &self.sealed_path(visit))?;
        self.disk.sync_dir(&self.sealed)?;
        Ok(was_there)
    }

    /// Visits with a key, in order of name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn visits(&self) -> Result<Vec<Visit>, PersonalError> {
        let entries = self.disk.list(&self.keys)?;
        Ok(entries.iter().filter_map(|entry| Visit::new(&entry.name)).collect())
    }

    /// Bytes that each visit takes up, sealed; of visits whose key is gone too, in order of name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sizes(&self) -> Result<Vec<(Visit, u64)>, PersonalError> {
        let entries = self.disk.list(&self.sealed)?;
        Ok(entries.into_iter().filter_map(|entry| Some((Visit::new(&entry.name)?, entry.length))).collect())
    }

    const fn sealed_bytes_max(&self) -> usize {
        self.bytes_max + NONCE_BYTES + TAG_BYTES
    }

    /// A key of zeros is one whose destruction was interrupted: it is no key.
    fn key(&self, visit: &Visit) -> Result<Option<[u8; 32]>, PersonalError> {
        let bytes = disk::read(self.disk.as_ref(), &self.key_path(visit), 32)?;
        let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        Ok(key.filter(|key| *key != [0; 32]))
    }

    fn key_path(&self, visit: &Visit) -> String {
        disk::join(&self.keys, &visit.0)
    }
    fn sealed_path(&self, visit: &Visit) -> String {
        disk::join(&self.sealed, &visit.0)
    }
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    let key = blake3::derive_key("gatepost 2026 personal data: sealing", key);
    ChaCha20Poly1305::new(&Key::from(key))
}

fn keyed_digest(key: &[u8; 32], text: &[u8]) -> Digest {
    let key = blake3::derive_key("gatepost 2026 personal data: digest in records", key);
    Digest(*blake3::keyed_hash(&key, text).as_bytes())
}

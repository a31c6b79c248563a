//! The files that central cannot live without: what it signs with, and who signs stations' certificates. They are secrets:
//! they go into a backup only when asked for, and come out of it only where nothing else stands.

use std::io;
use std::path::{Path, PathBuf};

use super::form::{Key, SignedBy};
use crate::authority;
use crate::config::Config;
use crate::holds::Signatory;

/// More is no key.
const KEY_BYTES_MAX: u64 = 64 << 10;

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("the key {0} cannot be read: {1}")]
    Read(PathBuf, io::Error),
    #[error("the key {0} cannot be used: {1}")]
    Unusable(PathBuf, String),
    #[error(
        "{0} is another key than the one in the backup; move it away if this central is to be the one that was backed up, or \
         leave the keys as they are with a backup without keys"
    )]
    Another(PathBuf),
    #[error("the key could not be put back: {0}")]
    Write(#[from] authority::AuthorityError),
}

struct Place {
    key: &'static str,
    path: PathBuf,
    mode: u32,
}

/// Where this configuration has them.
fn places(config: &Config) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(holds) = &config.holds {
        places.push(Place { key: "holds.key", path: holds.key.clone(), mode: 0o600 });
    }
    if let Some(enrolment) = &config.enrolment {
        let (certificate, key) = enrolment.authority(&config.store.directory);
        places.push(Place { key: "authority.pem", path: certificate, mode: 0o644 });
        places.push(Place { key: "authority.key", path: key, mode: 0o600 });
    }
    places
}

/// All that are there.
///
/// # Errors
/// [`KeysError`] names the file.
pub fn collect(config: &Config) -> Result<Vec<Key>, KeysError> {
    let read = |place: Place| Ok(read(&place.path)?.map(|bytes| Key::new(place.key, &bytes)));
    places(config).into_iter().filter_map(|place| read(place).transpose()).collect()
}

/// By which key stations know the central of this configuration; nothing where there is none yet.
///
/// # Errors
/// [`KeysError`] names the file.
pub fn signed_by(config: &Config) -> Result<Option<SignedBy>, KeysError> {
    let Some(holds) = config.holds.as_ref().filter(|holds| holds.key.exists()) else { return Ok(None) };
    let signatory = Signatory::load_or_create(&holds.issuer, &holds.key)
        .map_err(|error| KeysError::Unusable(holds.key.clone(), error.to_string()))?;
    Ok(Some(SignedBy { issuer: signatory.issuer().to_owned(), public_key: signatory.public_key() }))
}

/// Which file of the authority that signs stations' certificates is not there.
pub fn authority_missing(config: &Config) -> Option<PathBuf> {
    let authority = places(config).into_iter().filter(|place| place.key.starts_with("authority"));
    authority.map(|place| place.path).find(|path| !path.exists())
}

/// Keys of a backup on their way to their places.
pub struct PutBack {
    due: Vec<(Place, Vec<u8>)>,
    /// Keys that this configuration has no place for.
    pub without_place: Vec<String>,
}

impl PutBack {
    /// Looks whether each can be put where it belongs; changes nothing.
    ///
    /// # Errors
    /// [`KeysError::Another`] where another key stands.
    pub fn plan(config: &Config, keys: &[Key]) -> Result<Self, KeysError> {
        let mut plan = Self { due: Vec::new(), without_place: Vec::new() };
        let mut places = places(config);
        for key in keys {
            let Some(at) = places.iter().position(|place| place.key == key.key) else {
                plan.without_place.push(key.key.clone());
                continue;
            };
            let (place, bytes) = (places.swap_remove(at), key.bytes().unwrap_or_default());
            match read(&place.path)? {
                None => plan.due.push((place, bytes)),
                Some(there) if there == bytes => {}
                Some(_) => return Err(KeysError::Another(place.path)),
            }
        }
        Ok(plan)
    }

    /// Says which were put where.
    ///
    /// # Errors
    /// [`KeysError::Write`].
    pub fn carry_out(&self) -> Result<Vec<PathBuf>, KeysError> {
        let put = |(place, bytes): &(Place, Vec<u8>)| {
            authority::write(&place.path, bytes, place.mode)?;
            Ok(place.path.clone())
        };
        self.due.iter().map(put).collect()
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, KeysError> {
    let failed = |error| KeysError::Read(path.to_owned(), error);
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
        Ok(found) if found.len() > KEY_BYTES_MAX => {
            Err(KeysError::Unusable(path.to_owned(), format!("it is {} bytes long", found.len())))
        }
        Ok(_) => std::fs::read(path).map(Some).map_err(failed),
    }
}

//! Backup and restore of all that central knows: one portable form for both databases, made while central runs, put back into
//! an empty database only, and checked whole before anything of it counts.
//!
//! Evidence is files, immutable and named by their digests: it is copied beside, after the backup was made, and then holds all
//! that the backup promises. Keys are secrets and go along only when asked for.

pub mod file;
pub mod form;
pub mod keys;
pub mod read;

use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::store::backup::{Expected, Given, RowsError};
use crate::store::onward::Onward;
use crate::store::{Store, StoreError};
use file::Growing;
use form::{FORM, Header, Key, Manifest, SignedBy};
use keys::{KeysError, PutBack};
use read::{Item, Reader};

/// Why there is no backup, or nothing was restored. What stands in a file says which.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("{0}: {1}")]
    Content(PathBuf, RowsError),
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("everything is restored; only what is said of it afterwards is not known: {0}")]
    Restored(Box<BackupError>),
}

/// What a backup holds.
#[derive(Debug)]
pub struct Checked {
    pub file: PathBuf,
    pub bytes: u64,
    pub header: Header,
    pub manifest: Manifest,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub header: Header,
    pub manifest: Manifest,
    pub onward: Onward,
    pub keys_put: Vec<PathBuf>,
    pub keys_without_place: Vec<String>,
    pub signing: Signing,
    /// Where the authority that signed stations' certificates should be, and is not.
    pub authority_missing: Option<PathBuf>,
    /// Pieces of evidence that the database knows as whole and the folder has not.
    pub evidence_missing: u64,
}

/// Whether stations will believe what the restored central signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// It signs with the key they know.
    Known,
    /// It signed nothing and is not to.
    Nothing,
    /// There is no key where the configuration says, and the next start would make a new one.
    Missing { path: PathBuf, known: Option<SignedBy> },
    /// It would sign with another.
    Another { path: PathBuf, known: SignedBy },
}

/// Writes a backup to `out`: a file that is not there yet, or a folder, in which it is named by its time.
///
/// # Errors
/// [`BackupError`]; there is no file then.
pub async fn make(config: &Config, out: &Path, with_keys: bool, now_ms: i64) -> Result<Checked, BackupError> {
    let path = if out.is_dir() { out.join(name(now_ms)) } else { out.to_owned() };
    let keys = if with_keys { keys::collect(config)? } else { Vec::new() };
    let signed_by = keys::signed_by(config)?;
    let failed = |error| BackupError::File(path.clone(), error);
    let (growing, written) = Growing::create(&path).map_err(failed)?;
    let header = |schema| Header {
        form: FORM,
        schema,
        made_ms: now_ms,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        signed_by: signed_by.clone(),
    };
    let (written, _) = config.store.database().take(header, &keys, written).await?;
    growing.whole(written).map_err(failed)?;
    // Read once more from where it will be read: what a disk took and does not give back is no backup.
    check(&path).await
}

/// Whether a backup is whole; no database is touched.
///
/// # Errors
/// [`BackupError`] says what is wrong with it, and where.
pub async fn check(file: &Path) -> Result<Checked, BackupError> {
    Ok(looked_through(file).await?.0)
}

/// Puts a backup into the database of this configuration, which must be empty, and brings it up to date.
///
/// # Errors
/// [`BackupError`]; the database is empty then, but for [`BackupError::Restored`].
pub async fn restore(config: &Config, file: &Path, now_ms: i64) -> Result<Restored, BackupError> {
    let (checked, keys) = looked_through(file).await?;
    let put_back = PutBack::plan(config, &keys)?;
    let directory = &config.store.directory;
    std::fs::create_dir_all(directory).map_err(|error| RowsError::Folder(directory.clone(), error))?;
    let database = config.store.database();
    let reader = Reader::open(file).map_err(|error| BackupError::Content(file.to_owned(), error.into()))?;
    let mut keys_put = Vec::new();
    // Keys first: a restore that dies between them and the rows is begun again, and finds its own keys.
    let beside = || {
        keys_put = put_back.carry_out()?;
        Ok::<_, BackupError>(())
    };
    let Given { manifest, onward } = database.give(reader, now_ms, beside).await?;
    let after = |error: BackupError| BackupError::Restored(Box::new(error));
    let evidence_missing = evidence_missing(config).await.map_err(after)?;
    let signing = signing(config, checked.header.signed_by.clone()).map_err(|error| after(error.into()))?;
    let keys_without_place = put_back.without_place;
    let signed = manifest.tables.iter().any(|sum| sum.table == "certificate" && sum.rows > 0);
    let authority_missing = if signed { keys::authority_missing(config) } else { None };
    Ok(Restored {
        header: checked.header,
        manifest,
        onward,
        keys_put,
        keys_without_place,
        signing,
        authority_missing,
        evidence_missing,
    })
}

/// From its first line to its last, and what keys it holds.
async fn looked_through(file: &Path) -> Result<(Checked, Vec<Key>), BackupError> {
    let wrong = |error: RowsError| BackupError::Content(file.to_owned(), error);
    let mut reader = Reader::open(file).map_err(|error| wrong(error.into()))?;
    let mut expected = Expected::of(reader.header().schema).await.map_err(wrong)?;
    let mut keys = Vec::new();
    loop {
        match reader.next().map_err(|error| wrong(error.into()))? {
            Item::Row(_) => {}
            Item::Table(table) => expected.found(&table).map_err(wrong)?,
            Item::Key(key) => keys.push(key),
            Item::End(manifest) => {
                expected.end().map_err(wrong)?;
                let bytes = std::fs::metadata(file).map_err(|error| BackupError::File(file.to_owned(), error))?.len();
                let header = reader.header().clone();
                return Ok((Checked { file: file.to_owned(), bytes, header, manifest }, keys));
            }
        }
    }
}

async fn evidence_missing(config: &Config) -> Result<u64, BackupError> {
    let store = Store::open(&config.store.database()).await?;
    let missing = store.evidence_missing(&config.store.evidence()).await?;
    store.close().await;
    Ok(missing)
}

fn signing(config: &Config, known: Option<SignedBy>) -> Result<Signing, KeysError> {
    let Some(holds) = &config.holds else { return Ok(Signing::Nothing) };
    let path = holds.key.clone();
    Ok(match (keys::signed_by(config)?, known) {
        (None, known) => Signing::Missing { path, known },
        (Some(now), Some(known)) if now != known => Signing::Another { path, known },
        (Some(_), _) => Signing::Known,
    })
}

fn name(now_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    format!("central-{}.backup", at.strftime("%Y%m%d-%H%M%S"))
}

/// A time, to the minute.
pub fn day(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| format!("{at_ms} ms"), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

//! `gatepost verify` and `verify-package`: whole or not, and where not. They change nothing and need no running station.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::key::{PublicKey, StationKey};
use gatepost_ledger::package::{self, Package};
use gatepost_ledger::verify as ledger;

use super::{Ending, Failure, Outcome, document, problem, say};

/// An evidence package larger than this is read by nobody at a desk.
const PACKAGE_BYTES_MAX: u64 = 2 << 30;

#[derive(Args)]
pub(super) struct Arguments {
    /// A station's data folder
    dir: PathBuf,
    /// The public key (64 hex digits) that must have signed; else the folder's own
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

#[derive(Args)]
pub(super) struct PackageArguments {
    /// The evidence package
    file: PathBuf,
    /// The public key (64 hex digits) that must have signed it
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

pub(super) fn verify(arguments: &Arguments, json: bool) -> Outcome {
    let dir = &arguments.dir;
    if !dir.join("journal").is_dir() {
        let says = "no journal here; name a station's data folder (station.data of its configuration)";
        return Err(Failure::Usage(format!("{}: {says}", dir.display())));
    }
    let expected = arguments.key.as_deref().map(public_key).transpose()?;
    let report = walk(dir, expected).map_err(|error| problem(dir.display(), error))?;
    if json {
        document(&report)?;
        return Ok(Ending::of(report.whole));
    }
    let verdict = if report.whole { "whole" } else { "NOT WHOLE" };
    let (shown, first, last) = (dir.display(), report.first_seq, report.last_seq);
    say(format!("{shown}: {verdict}: {} records, {first} to {last}, head {}", report.records, report.head));
    say(format!("  {} checkpoints, signed up to record {}", report.checkpoints, report.signed_to));
    if let Some(key) = &report.key {
        say(format!("  signed by {key}"));
    }
    for (word, found) in [("problem", &report.problems), ("note", &report.notes)] {
        for one in found {
            let ledger::Problem { file, at, seq, what, remedy } = one;
            say(format!("  {word}: {file}, byte {at}, record {seq}: {what}; {remedy}"));
        }
    }
    Ok(Ending::of(report.whole))
}

/// Walks the journal of a data folder; without a key, checkpoints must be signed by the folder's own.
///
/// # Errors
/// Only when the disk cannot be read; everything else is in the report.
pub(crate) fn walk(dir: &Path, expected: Option<PublicKey>) -> Result<ledger::Report, String> {
    let disk: SharedDisk = Arc::new(RealDisk::new(dir).map_err(|error| error.to_string())?);
    ledger::journal(&disk, "journal", expected.or_else(|| own_key(dir))).map_err(|error| error.to_string())
}

pub(super) fn verify_package(arguments: &PackageArguments, json: bool) -> Outcome {
    let shown = arguments.file.display();
    let expected = arguments.key.as_deref().map(public_key).transpose()?;
    let package = read_package(&arguments.file)?;
    let proof = package::verify_package(&package, expected);
    if json {
        document(&proof)?;
        return Ok(Ending::of(proof.whole));
    }
    let verdict = if proof.whole { "whole" } else { "NOT WHOLE" };
    say(format!("{shown}: {verdict}: {} records, {} signed, {} images", proof.records, proof.signed, proof.images));
    if proof.told > 0 {
        say(format!("  {} decisions are told of in words, and proven by nothing here: ask for the whole", proof.told));
    }
    if let Some(key) = &proof.key {
        say(format!("  signed by {key}: compare it with the station's own"));
    }
    proof.problems.iter().for_each(|one| say(format!("  problem: {one}")));
    Ok(Ending::of(proof.whole))
}

/// An evidence package, not checked yet.
pub(super) fn read_package(file: &std::path::Path) -> Result<Package, Failure> {
    let shown = &file.display().to_string();
    let length = std::fs::metadata(file)
        .map_err(|error| problem(shown, format!("cannot be read ({error}); check the name")))?
        .len();
    if length > PACKAGE_BYTES_MAX {
        return Err(problem(shown, format!("{length} bytes are more than a package may have; check the name")));
    }
    let bytes = std::fs::read(file).map_err(|error| problem(shown, format!("cannot be read ({error})")))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| problem(shown, format!("is no evidence package ({error}); make one with `gatepost export`")))
}

/// A public key as typed.
pub(super) fn public_key(hex: &str) -> Result<PublicKey, Failure> {
    PublicKey::parse(hex).ok_or_else(|| {
        Failure::Usage(format!(
            "--key {hex}: a public key is 64 hexadecimal digits; `gatepost check` prints the station's"
        ))
    })
}

/// The key that lies in the folder, if one does: only read, never made.
pub(super) fn own_key(dir: &Path) -> Option<PublicKey> {
    station_key(dir).map(|key| key.public())
}

pub(super) fn station_key(dir: &Path) -> Option<StationKey> {
    let secret: [u8; 32] = std::fs::read(dir.join("station.key")).ok()?.try_into().ok()?;
    Some(StationKey::from_bytes(&secret))
}

//! `gatepost-central backup` and `restore`: everything central knows in one file, and back into an empty database.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gatepost_central::Config;
use gatepost_central::backup::form::Manifest;
use gatepost_central::backup::{self, BackupError, Checked, Restored, Signing};

use crate::at::{block_on, day, now_ms};

#[derive(Args)]
pub struct BackupArguments {
    /// Central's configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where to: a file that is not there yet, or a folder in which it is named by its time
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    out: PathBuf,
    /// The keys that central signs with too: whoever has the backup is central then
    #[arg(long)]
    with_keys: bool,
}

#[derive(Args)]
pub struct RestoreArguments {
    /// Central's configuration, TOML; it names the database, which must be empty
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    config: Option<PathBuf>,
    /// The backup
    #[arg(long, value_name = "FILE", required_unless_present = "check", conflicts_with = "check")]
    from: Option<PathBuf>,
    /// Only say whether this backup is whole; touches no database
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub fn backup(arguments: &BackupArguments) -> Result<ExitCode, String> {
    let config = Config::read(&arguments.config).map_err(|error| error.to_string())?;
    let made = block_on(async {
        let made = backup::make(&config, &arguments.out, arguments.with_keys, now_ms()).await;
        made.map_err(|error| error.to_string())
    })?;
    say_what_it_holds(&made);
    if !arguments.with_keys {
        println!(
            "It holds no keys: keep holds.key, and authority.key where central enrols, somewhere else, or use --with-keys."
        );
    }
    say_evidence(&made.manifest, &config.store.evidence());
    println!("Not in it: {} itself, and the certificate and password that it names.", arguments.config.display());
    Ok(ExitCode::SUCCESS)
}

pub fn restore(arguments: &RestoreArguments) -> Result<ExitCode, String> {
    if let Some(file) = &arguments.check {
        let checked = block_on(async { backup::check(file).await.map_err(|error| error.to_string()) })?;
        say_what_it_holds(&checked);
        println!("It is whole.");
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(config), Some(from)) = (&arguments.config, &arguments.from) else {
        return Err("say --config and --from, or --check".to_owned());
    };
    let config = Config::read(config).map_err(|error| error.to_string())?;
    let restored = block_on(async {
        backup::restore(&config, from, now_ms()).await.map_err(|error| match error {
            BackupError::Restored(_) => error.to_string(),
            _ => format!("{error}\nNothing was restored."),
        })
    })?;
    say_restored(&config, &restored);
    Ok(ExitCode::SUCCESS)
}

fn say_what_it_holds(of: &Checked) {
    let (header, manifest) = (&of.header, &of.manifest);
    println!(
        "{}: {} rows of {} tables, schema {}, {} bytes, made {} by gatepost-central {}",
        of.file.display(),
        manifest.rows(),
        manifest.tables.len(),
        header.schema,
        of.bytes,
        day(header.made_ms),
        header.software
    );
    if let Some(signed) = &header.signed_by {
        println!("Stations know this central as {}, public key {}", signed.issuer, signed.public_key);
    }
    if !manifest.keys.is_empty() {
        println!("It holds keys ({}): whoever has it is central. Keep it as you keep those.", manifest.keys.join(", "));
    }
}

fn say_evidence(manifest: &Manifest, folder: &Path) {
    let Manifest { evidence_files: files, evidence_bytes: bytes, .. } = manifest;
    if *files > 0 {
        println!(
            "Evidence is not in it: {files} files, {bytes} bytes. Copy {} beside it now (its files never change).",
            folder.display()
        );
    }
}

fn say_restored(config: &Config, restored: &Restored) {
    let Restored { header, manifest, onward, .. } = restored;
    println!("Restored {} rows as they were {}.", manifest.rows(), day(header.made_ms));
    restored.keys_put.iter().for_each(|path| println!("Put back {}", path.display()));
    if !restored.keys_without_place.is_empty() {
        let keys = restored.keys_without_place.join(", ");
        println!("In the backup and not put back, because this configuration has no place for it: {keys}");
    }
    println!(
        "Numbers of hold lists, orders and commands go on far above those of the backup: stations take no older ones."
    );
    for rollout in &onward.halted {
        println!(
            "Rollout {rollout} was running and is halted: look at what stations have in force, then resume it or take it back."
        );
    }
    if onward.invitations_closed + onward.sessions_ended > 0 {
        let (closed, ended) = (onward.invitations_closed, onward.sessions_ended);
        println!("{closed} open invitations are closed and {ended} sessions ended: invite and sign in again.");
    }
    println!(
        "What was done after {} is not known here. Do it again, before stations get a new list: holds placed or lifted \
         (`hold list`), stations taken out (`station list`), tokens taken back (`token list`).",
        day(header.made_ms)
    );
    if restored.evidence_missing > 0 {
        let folder = config.store.evidence();
        println!("EVIDENCE IS MISSING: {} files are not in {}.", restored.evidence_missing, folder.display());
    }
    if let Some(path) = &restored.authority_missing {
        println!(
            "NO AUTHORITY: {} is not there. Put authority.pem and authority.key back before gatepost-central run is started: it \
             would make new ones, and the broker would let in no station that they sign for.",
            path.display()
        );
    }
    say_signing(&restored.signing);
}

fn say_signing(signing: &Signing) {
    match signing {
        Signing::Known | Signing::Nothing => {}
        Signing::Missing { path, known } => {
            let known = known.as_ref().map_or(String::new(), |known| format!(" ({})", known.public_key));
            println!(
                "NO KEY: {} is not there. Put it back before gatepost-central run is started: it would make a new one, and \
                 no station believes what that signs until it is told its public key. Stations know the one of the backup{known}.",
                path.display()
            );
        }
        Signing::Another { path, known } => println!(
            "ANOTHER KEY: stations know {}, public key {}, and {} is not that. They believe nothing that it signs. Put the \
             right one back before gatepost-central run is started.",
            known.issuer,
            known.public_key,
            path.display()
        ),
    }
}

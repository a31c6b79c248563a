//! `gatepost-central station`: stations invited, shown and taken out, from a shell, in the database. A running central goes by it
//! from the next message on.

use std::process::ExitCode;

use clap::Subcommand;
use gatepost_central::enrol::{Registrar, RegistrarError, shown};
use gatepost_central::store::enrol::{Enrolled, TakenOut};
use gatepost_sync::enrol::Code;
use gatepost_sync::topics::Address;

use crate::at::{At, block_on, day, now_ms};

const HOUR_MS: i64 = 3_600_000;

#[derive(Subcommand)]
pub enum Arguments {
    /// Make a code with which one station enrols, once; it is printed once and kept nowhere
    Invite {
        #[command(flatten)]
        at: At,
        /// As JFK/st-01
        #[arg(value_name = "FACILITY/STATION", value_parser = address)]
        station: Address,
        /// Hours for which it is good
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=168))]
        hours: i64,
    },
    /// Show which stations enrolled, and by which keys
    List {
        #[command(flatten)]
        at: At,
    },
    /// Take a station out: its certificates, its key, its open invitation, and what it says from now on
    Revoke {
        #[command(flatten)]
        at: At,
        /// As JFK/st-01
        #[arg(value_name = "FACILITY/STATION", value_parser = address)]
        station: Address,
        /// For the record
        #[arg(long)]
        why: String,
    },
}

fn address(text: &str) -> Result<Address, String> {
    let parts = text.split_once('/').and_then(|(facility, station)| Address::new(facility, station));
    parts
        .ok_or_else(|| "a station is named FACILITY/STATION, each of letters, digits, - and _, as JFK/st-01".to_owned())
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    block_on(async {
        match arguments {
            Arguments::Invite { at, station, hours } => invite(&at, &station, hours).await,
            Arguments::List { at } => list(&at).await,
            Arguments::Revoke { at, station, why } => revoke(&at, &station, &why).await,
        }
    })
}

async fn invite(at: &At, address: &Address, hours: i64) -> Result<ExitCode, String> {
    let (config, store) = at.open().await?;
    if config.enrolment.is_none() {
        return Err(RegistrarError::NotConfigured.to_string());
    }
    let code = Code::make().map_err(|error| format!("no random bytes from the operating system: {error}"))?;
    let now_ms = now_ms();
    let span = (now_ms, now_ms + hours * HOUR_MS);
    let invited = store.invite(address, &code.verifier(), &at.by(), span).await;
    invited.map_err(|error| error.to_string())?;
    println!("{code}");
    eprintln!(
        "{}: good once, until {}. At the station: gatepost enrol --config station.toml --central http://CENTRAL:{} --code CODE",
        shown(address),
        day(span.1),
        config.http.listen.port()
    );
    Ok(ExitCode::SUCCESS)
}

async fn list(at: &At) -> Result<ExitCode, String> {
    let (_, store) = at.open().await?;
    for Enrolled { facility, station, key, enrolled_ms, revoked_ms, why, .. } in
        store.all_enrolled().await.map_err(|error| error.to_string())?
    {
        let stands = match (revoked_ms, why) {
            (Some(at_ms), why) => format!("taken out {}: {}", day(at_ms), why.unwrap_or_default()),
            (None, _) => format!("since {}", day(enrolled_ms)),
        };
        println!("{facility}/{station}  {key}  {stands}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(at: &At, address: &Address, why: &str) -> Result<ExitCode, String> {
    let (config, store) = at.open().await?;
    let registrar = Registrar::open(&config, store, now_ms()).await.map_err(|error| error.to_string())?;
    let taken = registrar.revoke(address, (&at.by(), why), now_ms()).await.map_err(|error| error.to_string())?;
    let who = shown(address);
    match taken {
        TakenOut::Station => println!(
            "{who}: taken out. What it sends is put aside from now on. {} is new: let the broker read it (SIGHUP)",
            registrar.crl().display()
        ),
        TakenOut::Invitation => println!("{who}: was not enrolled; its invitation is worth nothing any more"),
        TakenOut::Nothing => {
            return Err(format!(
                "{who} is not enrolled, or was taken out before; `gatepost-central station list` says"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! The uplink's surroundings: where it connects, and what comes down.

use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use gatepost_ledger::journal::View;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::lists::Lists;
use gatepost_sync::envelope::TrustedKey;
use gatepost_sync::mqtt::Broker;
use gatepost_sync::session::{Config as UplinkSetup, Uplink};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::{Address, Down, Name};

use crate::config::{Config, ConfigError};
use crate::run::commands::Commands;
use crate::run::down::{self, Taker};
use crate::run::feed::{Fed, Feed};
use crate::run::grounds;
use crate::run::rules::Packs;
use crate::run::uplink::{Memory, SharedEvidence};

/// Documents from central waiting to be taken in.
const INBOUND_MAX: usize = 64;

/// Connects, for ever, and takes in what central sends down; nothing where the configuration names no broker.
///
/// # Errors
/// [`ConfigError`]: what in the configuration is wrong, or that the outbox cannot be read.
pub fn start(
    config: &Config,
    view: View,
    evidence: &SharedEvidence,
    lists: &Arc<Lists>,
    feeds: &[(Feed, Fed)],
    (ledger, rules, commands): (&Writer, Packs, Commands),
) -> Result<Option<Uplink>, ConfigError> {
    let Some(uplink) = &config.uplink else { return Ok(None) };
    let (facility, station) = (&config.station.facility, &config.station.name);
    let address = Address::new(facility, station)
        .ok_or_else(|| ConfigError(format!("station {facility}/{station}: cannot stand in a topic")))?;
    let mut broker = Broker::new(&uplink.host, uplink.port, &format!("gatepost-{facility}-{station}"));
    if uplink.tls.is_some() {
        broker.tls = Some(tls(config)?);
    }
    let outbox =
        Memory::open(view, Arc::clone(evidence)).map_err(|error| ConfigError(format!("the outbox: {error}")))?;
    let setup = UplinkSetup { address: address.clone(), broker, software: env!("CARGO_PKG_VERSION").into() };
    let (inbound, received) = tokio::sync::mpsc::channel(INBOUND_MAX);
    let uplink = Uplink::start(setup, outbox, inbound)
        .map_err(|error| ConfigError(format!("the uplink cannot start: {error}")))?;
    let around = down::Around {
        address,
        data: config.data(),
        keys: trusted(config)?,
        lists: Arc::clone(lists),
        feeds: feeds.iter().map(|(feed, _)| feed.clone()).collect(),
        ledger: ledger.clone(),
        rules,
        commands,
        control: uplink.control(),
    };
    let taker = tokio::task::block_in_place(|| Taker::open(around)).map_err(ConfigError)?;
    tokio::spawn(taker.take_all(received));
    Ok(Some(uplink))
}

/// What the connection to the broker shows, as the files of `uplink.tls` are now.
///
/// # Errors
/// [`ConfigError`]: there is none, or a file cannot be read or used.
pub fn tls(config: &Config) -> Result<Tls, ConfigError> {
    let tls = config.uplink.as_ref().and_then(|uplink| uplink.tls.as_ref());
    let tls = tls.ok_or_else(|| ConfigError("uplink.tls: names no files".to_owned()))?;
    let read = |path| {
        let path = config.path(path);
        std::fs::read(&path)
            .map_err(|error| ConfigError(format!("{}: cannot be read ({error}); check uplink.tls", path.display())))
    };
    let (authority, certificate, key) = (read(&tls.authority)?, read(&tls.certificate)?, read(&tls.key)?);
    Tls::new(&authority, Some((&certificate, &key)))
        .map_err(|error| ConfigError(format!("uplink.tls: {error}; ask whoever issued these certificates")))
}

/// Whose signed documents are believed, and which.
fn trusted(config: &Config) -> Result<Vec<TrustedKey>, ConfigError> {
    let mut trusted = Vec::new();
    let settings: [(_, _, &[Down]); 3] = [
        ("lists.trusted", &config.lists.trusted, &[Down::Holds, Down::Declarations]),
        ("rules.trusted", &config.rules.trusted, &[Down::Rules]),
        ("commands.trusted", &config.commands.trusted, &[Down::Command]),
    ];
    for (setting, texts, documents) in settings {
        for (issuer, key) in grounds::issuers(setting, texts).map_err(ConfigError)? {
            let wrong =
                || ConfigError(format!("{setting}: \"{issuer}\": an issuer is 1 to 32 letters, digits, - or _"));
            let name = Name::new(&issuer).ok_or_else(wrong)?;
            let key = VerifyingKey::from_bytes(&key.to_bytes()).map_err(|_| wrong())?;
            trusted.push(TrustedKey { issuer: name, key, documents: documents.to_vec() });
        }
    }
    Ok(trusted)
}

//! The uplink's surroundings: where it connects, and what comes down.

use std::sync::Arc;

use gatepost_hardware::units::WallMs;
use gatepost_ledger::journal::View;
use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::lists::{Claims, Lists};
use gatepost_pipeline::event::Event;
use gatepost_sync::mqtt::Broker;
use gatepost_sync::session::{Config as UplinkSetup, Inbound, Uplink};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::{Address, Down};
use serde::Deserialize;

use crate::config::{Config, ConfigError, UplinkConfig};
use crate::run::feed::{Fed, Feed};
use crate::run::uplink::{Memory, SharedEvidence};
use crate::run::{audit, clock};

/// Documents from central waiting to be taken in.
const INBOUND_MAX: usize = 64;

/// Connects, for ever, and takes in what central sends down.
///
/// # Errors
/// [`ConfigError`]: what in the configuration is wrong, or that the outbox cannot be read.
pub fn start(
    config: &Config,
    uplink: &UplinkConfig,
    view: View,
    evidence: &SharedEvidence,
    lists: &Arc<Lists>,
    feeds: &[(Feed, Fed)],
    ledger: &Writer,
) -> Result<Uplink, ConfigError> {
    let (facility, station) = (&config.station.facility, &config.station.name);
    let address = Address::new(facility, station)
        .ok_or_else(|| ConfigError(format!("station {facility}/{station}: cannot stand in a topic")))?;
    let mut broker = Broker::new(&uplink.host, uplink.port, &format!("gatepost-{facility}-{station}"));
    if let Some(tls) = &uplink.tls {
        let read = |path| {
            let path = config.path(path);
            std::fs::read(&path)
                .map_err(|error| ConfigError(format!("{}: cannot be read ({error}); check uplink.tls", path.display())))
        };
        let (authority, certificate, key) = (read(&tls.authority)?, read(&tls.certificate)?, read(&tls.key)?);
        let tls = Tls::new(&authority, Some((&certificate, &key)))
            .map_err(|error| ConfigError(format!("uplink.tls: {error}")))?;
        broker.tls = Some(tls);
    }
    let outbox =
        Memory::open(view, Arc::clone(evidence)).map_err(|error| ConfigError(format!("the outbox: {error}")))?;
    let setup = UplinkSetup { address, broker, software: env!("CARGO_PKG_VERSION").into() };
    let (inbound, received) = tokio::sync::mpsc::channel(INBOUND_MAX);
    let taker = Taker {
        lists: Arc::clone(lists),
        feeds: feeds.iter().map(|(feed, _)| feed.clone()).collect(),
        ledger: ledger.clone(),
    };
    tokio::spawn(taker.take_all(received));
    Uplink::start(setup, outbox, inbound).map_err(|error| ConfigError(format!("the uplink cannot start: {error}")))
}

struct Taker {
    lists: Arc<Lists>,
    feeds: Vec<Feed>,
    ledger: Writer,
}

impl Taker {
    async fn take_all(self, mut received: tokio::sync::mpsc::Receiver<Inbound>) {
        while let Some(inbound) = received.recv().await {
            match inbound.document {
                Down::Holds | Down::Declarations => tokio::task::block_in_place(|| self.take_list(&inbound)),
                // Rules, models and commands come with the seam issue; until then they are refused and recorded.
                _ => tokio::task::block_in_place(|| {
                    let says = "this station does not take such documents over the network yet";
                    self.record(&inbound, Err(says.to_owned()));
                }),
            }
        }
    }

    /// Central says its documents again whenever somebody comes back; what is in force already is no news.
    fn is_in_force(&self, bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct First {
            list: Claims,
        }
        let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let Ok(first) = serde_json::from_slice::<First>(first) else { return false };
        self.lists.in_force().contains(&first.list)
    }

    fn take_list(&self, inbound: &Inbound) {
        if self.is_in_force(&inbound.bytes) {
            return;
        }
        let now: WallMs = clock::wall_now();
        let taken = self.lists.install_bytes(&inbound.bytes, Some(now)).map(drop).map_err(|error| error.to_string());
        let in_force = taken.is_ok();
        self.record(inbound, taken);
        if in_force {
            self.feeds.iter().for_each(|feed| feed.offer(Event::ListsChanged));
        }
    }

    fn record(&self, inbound: &Inbound, taken: Result<(), String>) {
        let digest = blake3::hash(&inbound.bytes).to_hex().to_string();
        audit::list(&self.ledger, inbound.document.as_str(), digest, taken);
    }
}

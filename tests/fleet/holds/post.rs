//! A station of the holds' day: the real uplink, a hold list that it reads as lines, and parcels that go where it sends them.

use std::collections::BTreeSet;
use std::time::Duration;

use gatepost_pipeline::record::{Class, Kind};
use gatepost_sync::chain::Digest;
use gatepost_sync::session::Inbound;
use gatepost_sync::topics::{Address, Down};
use tokio::sync::mpsc;

use super::REFUSING;
use super::truth::{Ending, Went};
use crate::records::{Bodies, Chain, now_ms};
use crate::station::{Shared, Station};

/// Longest that a list may be on its way.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Post {
    pub facility: &'static str,
    pub number: usize,
    address: Address,
    port: u16,
    chain: Chain<'static>,
    outbox: Shared,
    recorded: u64,
    /// Nothing while it is away.
    running: Option<(Station, mpsc::Receiver<Inbound>)>,
    held: BTreeSet<String>,
    version: u64,
}

impl Post {
    /// # Errors
    /// When it is not heard.
    pub async fn start(
        facility: &'static str,
        number: usize,
        port: u16,
        bodies: &'static Bodies,
    ) -> Result<Self, String> {
        let name = format!("{}-{number}", facility.to_lowercase());
        let address = Address::new(facility, &name).ok_or("no address")?;
        let mut post = Self {
            facility,
            number,
            port,
            chain: Chain::new(&name, bodies),
            outbox: Shared::default(),
            recorded: 0,
            running: None,
            held: BTreeSet::new(),
            version: 0,
            address,
        };
        post.note(Kind::Config, now_ms(), "{}");
        post.comes_back();
        tokio::time::timeout(PATIENCE, post.heard()).await.map_err(|_| format!("{name} was not heard"))?;
        Ok(post)
    }

    pub fn name(&self) -> &str {
        self.address.station.as_str()
    }

    pub fn is_there(&self) -> bool {
        self.running.is_some()
    }

    pub fn comes_back(&mut self) {
        let (inbound, documents) = mpsc::channel(256);
        self.running = Some((Station::listening(&self.address, self.port, self.outbox.clone(), inbound), documents));
    }

    pub async fn leave(&mut self) {
        if let Some((station, _)) = self.running.take() {
            station.stop().await;
        }
    }

    pub async fn stop(mut self) {
        self.leave().await;
    }

    /// Until central has verified everything it recorded.
    pub async fn heard(&self) {
        if let Some((station, _)) = &self.running {
            station.verified(self.recorded).await;
        }
    }

    fn note(&mut self, kind: Kind, at_ms: i64, body: &str) {
        let class = match kind {
            Kind::Sighting => Class::Decision,
            Kind::Config | Kind::List => Class::Health,
            _ => Class::Disposition,
        };
        let record = self.chain.record(kind, class, at_ms, body);
        self.push(record);
    }

    fn push(&mut self, record: gatepost_sync::outbox::Outgoing) {
        self.recorded += 1;
        match &self.running {
            Some((station, _)) => station.push([record]),
            None => self.outbox.push(record),
        }
    }

    /// Takes what comes until the list of that version is in force, or refused.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn takes_list(&mut self, version: u64) -> Result<(), String> {
        while self.version < version {
            let Some((_, documents)) = &mut self.running else { return Err("it is away".to_owned()) };
            let document = tokio::time::timeout(PATIENCE, documents.recv()).await;
            let document = document.map_err(|_| format!("no list {version} came to {}", self.name()))?;
            let document = document.ok_or("the uplink ended")?;
            if document.document == Down::Holds {
                self.take(&document.bytes)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, list: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(list).map_err(|error| error.to_string())?;
        let json = |line: &str| serde_json::from_str::<serde_json::Value>(line).map_err(|error| error.to_string());
        let mut lines = text.lines();
        let first = json(lines.next().unwrap_or_default())?;
        let version = first["list"]["version"].as_u64().ok_or("no version")?;
        if version <= self.version {
            return Ok(());
        }
        self.version = version;
        let refuses = self.facility == REFUSING && self.number == 0;
        if !refuses {
            self.held.clear();
            for line in lines {
                self.held.extend(json(line)?["item"].as_str().map(str::to_owned));
            }
        }
        let (digest, in_force) = (Digest::of(list), !refuses);
        let body = format!(r#"{{"document":"holds","digest":"{digest}","in_force":{in_force},"says":"fleet"}}"#);
        self.note(Kind::List, now_ms(), &body);
        Ok(())
    }

    /// A parcel with that number comes, and ends as it must; says how far it got.
    pub fn passes(&mut self, item: &str, ending: Ending, at_ms: i64) -> Went {
        let held = self.held.contains(item);
        let (pass, decision) = self.chain.decision(at_ms, item, held);
        self.push(decision);
        let end = match ending {
            Ending::LostOnBelt => "unaccounted",
            Ending::InExamBefore => "exam",
            _ if held => "exam",
            _ => "release",
        };
        self.note(Kind::Sighting, at_ms, &format!(r#"{{"pass":"{pass}","item":null,"end":"{end}","says":"fleet"}}"#));
        if end != "exam" {
            return Went { end, stages: 0 };
        }
        let stages = ending.stages();
        for kind in [Kind::Presentation, Kind::Exam, Kind::Disposition].into_iter().take(stages) {
            self.note(kind, at_ms, &format!(r#"{{"item":"{item}","disposition":"seize"}}"#));
        }
        Went { end, stages }
    }
}

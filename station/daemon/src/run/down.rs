//! What central sends down: opened, checked, taken whole or refused with a sentence, and recorded either way.
//!
//! A small package comes in one message; of a large one comes a signed offer, and its parts are asked for one window after
//! the other, over broken connections and restarts ([`parcel`]). Nothing of a package counts before all of it is here and
//! checked. Central says its documents again whenever somebody comes back: what was taken, or refused for what it is, is no
//! news then.

mod command;
mod lists;
mod not_taken;
mod parcel;
mod turned;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatepost_ledger::journal::writer::Writer;
use gatepost_ledger::lists::Lists;
use gatepost_pipeline::event::Event;
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::{self, Form, Header, Refused, TrustedKey, Versions};
use gatepost_sync::evidence::Chunk;
use gatepost_sync::parts::{Offer, Wrong};
use gatepost_sync::session::{Control, Inbound};
use gatepost_sync::topics::{Address, Down};

use crate::run::commands::Commands;
use crate::run::feed::Feed;
use crate::run::rules::{Packs, RulesRefused, write_whole};
use crate::run::{audit, clock, walk};
use not_taken::NotTaken;
use parcel::{NotStored, Parcel};
use turned::{Again, Turned};

/// The folder in the data folder.
pub const FOLDER: &str = "down";
const TAKEN: &str = "taken.json";
/// Bytes that must stay free on the disk beside a package that is fetched: what the housekeeper wants to see.
const ROOM_BESIDE: u64 = 64 << 20;
/// What can come in parts here. A model's package is not taken over the network yet.
const IN_PARTS: [Down; 3] = [Down::Holds, Down::Declarations, Down::Rules];
/// What could not be taken for a reason that passes is tried again after this.
const AGAIN: Duration = Duration::from_secs(60);

/// Takes in what comes, one after the other.
pub struct Taker {
    address: Address,
    data: PathBuf,
    keys: Vec<TrustedKey>,
    lists: Arc<Lists>,
    feeds: Vec<Feed>,
    ledger: Writer,
    rules: Packs,
    commands: Arc<Mutex<Commands>>,
    control: Control,
    taken: Versions,
    parcels: BTreeMap<Down, Parcel>,
    turned: Turned,
}

/// What a taker works with.
pub struct Around {
    pub address: Address,
    pub data: PathBuf,
    /// Whose signed documents are believed, and which.
    pub keys: Vec<TrustedKey>,
    pub lists: Arc<Lists>,
    pub feeds: Vec<Feed>,
    pub ledger: Writer,
    pub rules: Packs,
    pub commands: Commands,
    pub control: Control,
}

/// What a signed document holds.
enum Content {
    Whole(Vec<u8>),
    Offer(Offer),
    /// A list that is in force already.
    InForce(Digest),
}

impl Taker {
    /// Goes on with what was under way when the station stopped.
    ///
    /// # Errors
    /// A sentence, when the folder of what comes down cannot be used.
    pub fn open(around: Around) -> Result<Self, String> {
        let Around { address, data, keys, lists, feeds, ledger, rules, commands, control } = around;
        let folder = data.join(FOLDER);
        let failed = |error| format!("{}: cannot be used ({error}); check the data folder", folder.display());
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let taken = match std::fs::read(folder.join(TAKEN)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Versions::default(),
            Err(error) => return Err(failed(error)),
        };
        let (parcels, turned) = (BTreeMap::new(), Turned::default());
        let commands = Arc::new(Mutex::new(commands));
        walk::start(&data, &commands, &ledger);
        let mut taker =
            Self { address, data, keys, lists, feeds, ledger, rules, commands, control, taken, parcels, turned };
        for kind in IN_PARTS {
            let open = |sealed: &[u8]| match taker.opened(kind, sealed) {
                Ok(Some((header, Content::Offer(offer)))) => Some((header, offer)),
                _ => None,
            };
            if let Some(parcel) = Parcel::resume(&folder, kind, open).map_err(failed)? {
                let (have, bytes) = (parcel.have(), parcel.offer().bytes);
                tracing::info!("{}: a package is under way, {have} of {bytes} bytes are here", kind.as_str());
                taker.parcels.insert(kind, parcel);
            }
        }
        IN_PARTS.into_iter().for_each(|kind| taker.finish(kind));
        taker.ask();
        Ok(taker)
    }

    pub async fn take_all(mut self, mut received: tokio::sync::mpsc::Receiver<Inbound>) {
        let mut again = tokio::time::interval(AGAIN);
        again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                inbound = received.recv() => match inbound {
                    Some(inbound) => tokio::task::block_in_place(|| self.take(inbound)),
                    None => return,
                },
                _ = again.tick() => tokio::task::block_in_place(|| self.try_again()),
            }
        }
    }

    /// What could not be taken for a reason that may have passed.
    pub fn try_again(&mut self) {
        for (kind, message) in self.turned.soon() {
            self.hear(kind, &message);
        }
        for kind in IN_PARTS {
            let have = self.parcels.get(&kind).map(Parcel::have);
            if have.is_some_and(|have| self.turned.is_stalled(kind, have)) {
                tracing::warn!("{}: central no longer has what was under way; the newest is fetched", kind.as_str());
                self.let_go(kind);
                self.go_on(kind);
            }
        }
        self.ask();
    }

    /// One thing that came.
    pub fn take(&mut self, inbound: Inbound) {
        let Inbound { document, bytes, properties } = inbound;
        if document == Down::Part {
            self.take_part(&properties, bytes);
        } else {
            self.hear(document, &bytes);
        }
        self.ask();
    }

    fn hear(&mut self, document: Down, message: &[u8]) {
        if let Err(error) = self.take_document(document, message) {
            let digest = Digest::of(message);
            self.refuse(document, 0, (digest, digest), &error);
            self.wait(document, message, error.again());
        }
    }

    fn wait(&mut self, document: Down, message: &[u8], again: Again) {
        if again == Again::Soon {
            self.turned.try_soon(document, message.to_vec());
        }
    }

    fn take_document(&mut self, document: Down, bytes: &[u8]) -> Result<(), NotTaken> {
        if document == Down::Command {
            return self.take_command(bytes);
        }
        if !IN_PARTS.contains(&document) {
            return Err(NotTaken::Unknown);
        }
        if document != Down::Rules && !envelope::is_sealed(bytes) {
            return self.take_list(document, bytes);
        }
        match self.opened(document, bytes)? {
            None => Ok(()),
            Some((_, Content::InForce(list))) => {
                self.in_force(document, list);
                Ok(())
            }
            Some((header, Content::Offer(_))) if self.turned.is_refused_for_good(header.payload_blake3) => Ok(()),
            Some((_, Content::Offer(_))) if self.parcels.contains_key(&document) => {
                self.turned.wait(document, bytes);
                Ok(())
            }
            Some((header, Content::Offer(offer))) => self.begin(bytes, header, offer),
            Some((header, Content::Whole(payload))) => {
                let done = self.take_rules(&header, &payload);
                let again = self.conclude(&header, Digest::of(&payload), done);
                self.wait(document, bytes, again);
                Ok(())
            }
        }
    }

    /// What is in a signed document that is newer than what was taken or is under way; nothing when it is just that.
    fn opened(&self, kind: Down, sealed: &[u8]) -> Result<Option<(Header, Content)>, NotTaken> {
        let now = clock::wall_now().0;
        let opened = envelope::open(sealed, kind, &self.address, &self.keys, &self.taken, now)?;
        // An order whose pack was lost here is news again.
        let lost = kind == Down::Rules && self.rules.trouble().is_some();
        if self.is_list_in_force(&opened.header) {
            let list = Content::InForce(Offer::read(opened.payload)?.digest);
            return Ok(Some((opened.header, list)));
        }
        if opened.already_taken && !lost {
            return Ok(None);
        }
        if let Some(under_way) = self.parcels.get(&kind).map(|parcel| &parcel.header) {
            let version = opened.header.version;
            if *under_way == opened.header {
                return Ok(None);
            }
            if version <= under_way.version {
                return Err(Refused::Older { version, taken: under_way.version }.into());
            }
        }
        let content = match opened.header.form {
            Form::Offer => Content::Offer(Offer::read(opened.payload)?),
            // A small list carries its own signature and comes without an envelope.
            Form::Whole if kind == Down::Rules => Content::Whole(opened.payload.to_vec()),
            Form::Whole => return Err(NotTaken::Unknown),
        };
        Ok(Some((opened.header, content)))
    }

    fn begin(&mut self, sealed: &[u8], header: Header, offer: Offer) -> Result<(), NotTaken> {
        let kind = header.document;
        let needs = offer.bytes.saturating_add(ROOM_BESIDE);
        let room = rustix::fs::statvfs(&self.data).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        match room {
            Ok(room) if room < needs => return Err(NotTaken::NoRoom { room, needs }),
            _ => {}
        }
        let (version, bytes) = (header.version, offer.bytes);
        tracing::info!("{}: version {version} is offered, {bytes} bytes; it is fetched", kind.as_str());
        self.parcels.insert(kind, Parcel::begin(&self.data.join(FOLDER), sealed, header, offer)?);
        Ok(())
    }

    fn take_part(&mut self, properties: &[(String, String)], bytes: Vec<u8>) {
        let piece = match Chunk::read(properties, bytes) {
            Ok(piece) => piece,
            Err(error) => return tracing::warn!("a part of a package is not taken: {error}"),
        };
        for kind in IN_PARTS {
            let Some(parcel) = self.parcels.get_mut(&kind) else { continue };
            match parcel.take(&piece) {
                Ok(()) => self.finish(kind),
                Err(NotStored::Wrong(Wrong::Whole)) => self.end(kind, Err(NotTaken::Contradicts(Wrong::Whole))),
                // What is damaged is asked for again; the whole is none the worse.
                Err(NotStored::Wrong(wrong)) => tracing::warn!("{}: {wrong}; it is asked for again", kind.as_str()),
                Err(NotStored::Disk(error)) => self.end(kind, Err(error.into())),
            }
        }
    }

    /// Takes a package into force when all of it is here.
    fn finish(&mut self, kind: Down) {
        let Some(parcel) = self.parcels.get(&kind).filter(|parcel| parcel.is_here()) else { return };
        let (now_ms, expires_ms) = (clock::wall_now().0, parcel.header.expires_ms);
        let header = parcel.header.clone();
        let done = match parcel.whole() {
            _ if now_ms >= expires_ms => Err(Refused::Expired { expires_ms, now_ms }.into()),
            Err(error) => Err(error.into()),
            Ok(path) if kind == Down::Rules => match std::fs::read(path) {
                Ok(payload) => self.take_rules(&header, &payload),
                Err(error) => Err(error.into()),
            },
            Ok(path) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                self.install(&format!("{FOLDER}/{name}"))
            }
        };
        self.end(kind, done);
    }

    /// A package is in force, or is not: it is not under way any more.
    fn end(&mut self, kind: Down, done: Result<(), NotTaken>) {
        let Some(parcel) = self.let_go(kind) else { return };
        let again = self.conclude(&parcel.header, parcel.offer().digest, done);
        self.wait(kind, parcel.sealed(), again);
        self.go_on(kind);
    }

    fn let_go(&mut self, kind: Down) -> Option<Parcel> {
        let parcel = self.parcels.remove(&kind)?;
        if let Err(error) = parcel.forget() {
            tracing::warn!("{}: what is left of a package cannot be removed ({error})", kind.as_str());
        }
        Some(parcel)
    }

    /// Begins what came while the package before was under way.
    fn go_on(&mut self, kind: Down) {
        if let Some(offer) = self.turned.next(kind) {
            self.hear(kind, &offer);
        }
    }

    /// Remembers and records what became of a document that was meant for this station; says when it may be good.
    fn conclude(&mut self, header: &Header, digest: Digest, done: Result<(), NotTaken>) -> Again {
        let kind = header.document;
        match done {
            Ok(()) => {
                self.remember(header);
                self.turned.taken(kind);
                if kind != Down::Rules {
                    self.in_force(kind, digest);
                }
                Again::Never
            }
            Err(error) => {
                // A list that is not in force is never remembered as taken: without it a hold would not be found.
                if kind == Down::Rules && error.again() == Again::Never {
                    self.remember(header);
                }
                self.refuse(kind, header.version, (header.payload_blake3, digest), &error);
                error.again()
            }
        }
    }

    /// An order about rules: in force for each lane, for the parcels that it has not decided yet, and recorded.
    fn take_rules(&mut self, header: &Header, payload: &[u8]) -> Result<(), NotTaken> {
        let rules = self.rules.take(header.version, payload, clock::wall_now())?;
        for feed in &self.feeds {
            // Each lane has its own; it was read a moment ago, so it can be read again.
            let again =
                Ruleset::load("the pack in force", rules.text()).map_err(|e| RulesRefused::Pack(e.to_string()))?;
            feed.answer(Event::Rules(Box::new(again)));
        }
        audit::rules_in_force(&self.ledger, &self.rules, &rules.digest_hex());
        Ok(())
    }

    fn remember(&mut self, header: &Header) {
        self.taken.take(header);
        let path = self.data.join(FOLDER).join(TAKEN);
        let kept = serde_json::to_vec(&self.taken).map_err(std::io::Error::from);
        if let Err(error) = kept.and_then(|bytes| write_whole(&path, &bytes)) {
            // At worst the same package comes once more, and is then in force already.
            tracing::warn!("{FOLDER}/{TAKEN}: cannot be written ({error}); check the data folder's disk");
        }
    }

    /// `message`: by which it is known again; `digest`: of what it is about, for the record.
    fn refuse(&mut self, document: Down, version: u64, (message, digest): (Digest, Digest), why: &NotTaken) {
        let (again, signed) = (why.again(), version > 0);
        let Some(untold) = self.turned.refuse(message, again, (signed, Instant::now())) else { return };
        let mut says = why.to_string();
        if untold > 0 {
            says.push_str(&format!(" ({untold} more messages before it were refused, and not recorded one by one)"));
        }
        let digest = digest.to_string();
        match document {
            // One station whose clock is not set yet is no reason to take a pack back everywhere.
            Down::Rules if again == Again::Soon => audit::rules_wait(&self.ledger, version, &digest, &says),
            Down::Command if again != Again::Never => audit::command_waits(&self.ledger, version, &digest, &says),
            Down::Command => audit::command_refused(&self.ledger, version, &digest, &says),
            Down::Rules => audit::rules_refused(&self.ledger, version, &digest, &says),
            _ => audit::list(&self.ledger, document.as_str(), digest, Err(says)),
        }
    }

    /// What is lacking is asked for, one package after the other.
    fn ask(&self) {
        self.control.want(self.parcels.values().find_map(|parcel| parcel.want(&self.address.station)));
    }
}

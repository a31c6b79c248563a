//! A station's end of what comes down: its real taker, lists and journal in a folder, which can stop and begin again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use gatepost_daemon::config::ClockSource;
use gatepost_daemon::run::commands::Commands;
use gatepost_daemon::run::down::{Around, Taker};
use gatepost_daemon::run::feed::{Fed, feed};
use gatepost_daemon::run::rules::{Own, Packs, Who};
use gatepost_daemon::run::{audit, clock};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::journal::writer::{Surroundings, Writer};
use gatepost_ledger::journal::{Bounds, Journal, Setup, View};
use gatepost_ledger::key::{PublicKey, StationKey};
use gatepost_ledger::lists::{Ages, Lists, MemoryIndex, Trust};
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::record::{Kind, Pending, Recorded, WallMs};
use gatepost_pipeline::ruleset::BUILT_IN;
use gatepost_sync::envelope::TrustedKey;
use gatepost_sync::session::{Control, Inbound};
use gatepost_sync::topics::{Address, Down, Name};
use serde_json::Value;

/// The only lane of such a station.
pub const LANE: &str = "bench";

/// Open; dropping it is a station that stops.
pub struct Taking {
    pub taker: Taker,
    pub memory: Memory,
}

/// What a taker leaves behind when it goes to a task of its own.
pub struct Memory {
    folder: PathBuf,
    lists: Arc<Lists>,
    ledger: Writer,
    view: View,
    thread: Option<JoinHandle<()>>,
    /// What the lane hears.
    pub fed: Fed,
}

impl Taking {
    /// # Panics
    /// When the folder cannot be used.
    /// `connect`: gives the session through which it asks, if its journal is what goes up there.
    pub fn open(
        folder: &Path,
        address: &Address,
        issuer: (&str, &str),
        connect: impl FnOnce(&View, &SharedDisk) -> Control,
    ) -> Self {
        let disk: SharedDisk = Arc::new(RealDisk::new(folder).expect("a disk"));
        let station = address.station.to_string();
        let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
        let setup = Setup { station: station.clone(), key: StationKey::from_bytes(&[1; 32]), bounds };
        let (journal, _) = Journal::open(disk.clone(), "journal", setup).expect("a journal");
        let view = journal.view();
        let around = Surroundings { now: Box::new(clock::wall_now), on_health: Box::new(|_| {}) };
        let (ledger, thread) = Writer::start(journal, around).expect("a writer");
        let key = PublicKey::parse(issuer.1).expect("a key");
        let ages = Ages { holds_ms: i64::MAX, declarations_ms: i64::MAX };
        let trust = Trust { station, keys: vec![(issuer.0.to_owned(), key)], ages };
        let control = connect(&view, &disk);
        let lists = Lists::open(disk, "lists", trust, None, |source| Ok(Box::new(MemoryIndex::build(source)?)));
        let lists = Arc::new(lists.expect("lists"));
        let (feed, fed) = feed(Instant::now());
        let who = Who {
            facility: address.facility.to_string(),
            station: address.station.to_string(),
            utc_offset_min: 0,
            clock: ClockSource::Host,
            last_record: WallMs::ZERO,
        };
        let rules = Packs::open(folder, who, Own { file: "default.toml".to_owned(), text: BUILT_IN.to_owned() });
        audit::rules_in_force(&ledger, &rules, &rules.in_force().expect("rules").digest_hex());
        let trusted = TrustedKey {
            issuer: Name::new(issuer.0).expect("a name"),
            key: ed25519_dalek::VerifyingKey::from_bytes(&key.to_bytes()).expect("a key"),
            documents: vec![Down::Holds, Down::Declarations, Down::Rules, Down::Command],
        };
        let commands = Commands::open(folder, vec![LANE.to_owned()], clock::wall_now());
        commands.trouble().into_iter().for_each(|why| audit::commands_lost(&ledger, why));
        commands.begin(std::slice::from_ref(&feed));
        let around = Around {
            address: address.clone(),
            data: folder.to_owned(),
            keys: vec![trusted],
            lists: Arc::clone(&lists),
            feeds: vec![feed],
            ledger: ledger.clone(),
            rules,
            commands,
            control,
        };
        let taker = Taker::open(around).expect("the taker opens");
        Self { taker, memory: Memory { folder: folder.to_owned(), lists, ledger, view, thread: Some(thread), fed } }
    }

    pub fn hear(&mut self, document: Down, bytes: &[u8]) {
        self.taker.take(Inbound { document, bytes: bytes.to_vec(), properties: Vec::new() });
    }
}

impl Memory {
    /// Stores a record that a lane made.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub fn record(&self, pending: Pending) -> Recorded {
        let (told, durable) = std::sync::mpsc::sync_channel(1);
        let done = Box::new(move |result| told.send(result).unwrap_or_default());
        self.ledger.record_waiting(pending, done).expect("the ledger runs");
        durable.recv().expect("an answer").expect("a record")
    }

    /// Whether an item is held here.
    pub fn holds(&self, item: &str) -> bool {
        !self.lists.look_up(Token::new(item).as_ref(), Some(clock::wall_now())).holds.is_empty()
    }

    /// The bodies of all records of a kind, in their order.
    ///
    /// # Panics
    /// When the journal cannot be read.
    pub fn recorded(&self, kind: Kind) -> Vec<Value> {
        let (told, durable) = std::sync::mpsc::sync_channel(1);
        self.ledger.visit(Box::new(move |_| told.send(()).unwrap_or_default()));
        durable.recv().expect("the ledger runs");
        let records = Records::from(&self.view, self.view.first_seq()).map(|record| record.expect("a record").bytes);
        let body = |bytes: Vec<u8>| {
            let envelope = Envelope::parse(&bytes).expect("an envelope");
            (envelope.kind == kind).then(|| serde_json::from_str(envelope.body.get()).expect("a body"))
        };
        records.filter_map(body).collect()
    }

    /// What lies in its folder of packages that are under way.
    ///
    /// # Panics
    /// When there is no such folder.
    pub fn under_way(&self) -> Vec<(String, u64)> {
        let entries = std::fs::read_dir(self.folder.join("down")).expect("a folder");
        let mut found: Vec<(String, u64)> = entries
            .map(|entry| entry.expect("an entry"))
            .map(|entry| {
                (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("its metadata").len())
            })
            .collect();
        found.sort();
        found
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.ledger.close();
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

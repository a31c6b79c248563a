//! The running station: opens its memory, connects its lanes, and goes on until it is told to stop.
//!
//! A thread for each lane's mind, one for the ledger's writer, one for the lists, one for the housekeeping; a task for each
//! device; the uplink has its own. Nothing here decides anything. The order of starting is the order of trust: the journal first, the cable last.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::WallMs;
use gatepost_ledger::journal::writer::{self, Writer};
use gatepost_ledger::journal::{Bounds, Health as JournalHealth, Opening, View};
use gatepost_ledger::key::PublicKey;
use gatepost_ledger::lists::Lists;
use gatepost_models::session::{Inspector, Settings};
use gatepost_pipeline::drive::{Recovery, SamplingKey, Versions};
use gatepost_pipeline::event::Event;
use gatepost_pipeline::judge::Lists as ListStates;
use gatepost_pipeline::record::{Kind, Urgency};
use gatepost_sync::session::{LinkState, Uplink};
use tokio::sync::watch;

use crate::config::{Config, ConfigError};
use commands::Commands;
use desk::{LaneEnd, Seen, StationDesk};
use devices::camera::Cellar;
use feed::{Fed, Feed, feed};
use health::HealthBoard;
use images::Looker;
use keeper::{Chores, Keeper};
use lists::Ask;
use memory::Memory;
use personal::PersonalKeeper;
use rules::Packs;
use visits::Visits;

pub use grounds::load_rules;
pub(crate) use grounds::{sampling_key, versions};

pub mod audit;
pub mod clock;
pub mod commands;
pub mod desk;
pub mod devices;
pub mod down;
pub mod drift;
pub mod enrolment;
pub mod feed;
pub mod folder;
pub mod grounds;
pub mod health;
pub mod hid;
pub mod images;
pub mod inbox;
pub mod keeper;
pub mod keyboard;
pub mod labels;
pub mod lane;
pub mod lanes;
pub mod line;
pub mod link;
pub mod lists;
pub(crate) mod lock;
pub mod memory;
pub mod personal;
pub mod pins;
pub mod renewal;
pub mod rules;
pub mod serial;
pub mod systemd;
pub mod tcp;
pub mod uplink;
pub mod visits;
pub mod walk;

/// How long a clean stop may wait for central; far less than systemd waits for the station.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Days after which an item visit's personal text expires, where the configuration says nothing.
const PERSONAL_DAYS_USUAL: u32 = 90;

/// Runs the station until SIGTERM, SIGINT or a closed standard input of its supervisor; then a clean stop.
///
/// # Errors
/// [`ConfigError`]: a sentence with what, where and what to do; nothing was started then.
pub fn run(config: Config) -> Result<(), ConfigError> {
    // Keeps a second station, and everything that changes its memory, away from the same folder; until the process ends.
    let _held = lock::hold(&config.data())?;
    let maps = config.lane_maps()?;
    load_rules(&config)?;
    let memory = Memory::open(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| ConfigError(format!("the operating system gives no threads: {error}")))?;
    runtime.block_on(serve(config, maps, memory))
}

async fn serve(config: Config, maps: Vec<LaneMap>, memory: Memory) -> Result<(), ConfigError> {
    let start = Instant::now();
    tracing::info!(station = %config.station.name, key = %memory.public.fingerprint(), "starts");
    let feeds: Vec<(Feed, Fed)> = maps.iter().map(|_| feed(start)).collect();
    let (station, writer) = open(&config, &maps, &feeds, memory)?;
    for ((map, lane), (feed, fed)) in maps.into_iter().zip(&config.lanes).zip(feeds) {
        lanes::start(&config, lane, station.lane(&config, lane, map), feed, fed, &station)?;
    }
    if let Some(link) = &station.link {
        renewal::start(&config, &station.ledger, &station.board, link.control())?;
    }
    let listener = tokio::net::TcpListener::bind(&config.console.http).await.map_err(|error| {
        let http = &config.console.http;
        ConfigError(format!("the page cannot be served at {http} ({error}); change console.http or stop what uses it"))
    })?;
    let at = listener.local_addr().map_or_else(|_| config.console.http.clone(), |at| at.to_string());
    tracing::info!("the page is at http://{at}/");
    let (stop, mut stopped) = watch::channel(false);
    let page = tokio::spawn(gatepost_console::serve(listener, station.desk.clone(), async move {
        let _told = stopped.wait_for(|stop| *stop).await;
    }));
    systemd::ready(&config.station.name);
    wait_for_stop().await;
    tracing::info!("stops");
    systemd::stopping();
    let _sent = stop.send(true);
    let _served = page.await;
    if let Some(link) = station.link {
        drain(&link, &station.desk.journal).await;
        tokio::task::block_in_place(|| link.stop());
    }
    station.ledger.close();
    let _joined = tokio::task::block_in_place(|| writer.join());
    Ok(())
}

/// Waits a while until central has what is recorded. What it then lacks it is sent at the next start.
async fn drain(link: &Uplink, journal: &View) {
    let mut state = link.state();
    let has_all = |state: &LinkState| state.verified_to.unwrap_or(0) >= journal.last_seq();
    link.wake();
    let drained = tokio::time::timeout(DRAIN_MAX, async {
        // Without a connection there is nothing to wait for.
        state.wait_for(|now| !now.connected || has_all(now)).await.map(|now| has_all(&now)).unwrap_or(false)
    });
    match drained.await {
        Ok(true) => tracing::info!("central has verified everything recorded"),
        Ok(false) => tracing::info!("central cannot be reached: it gets the rest at the next start"),
        Err(_) => tracing::info!("central has not verified everything yet: it gets the rest at the next start"),
    }
}

/// What the lanes share.
struct Station {
    desk: Arc<StationDesk>,
    ledger: Writer,
    asks: SyncSender<Ask>,
    visits: Arc<Mutex<Visits>>,
    board: HealthBoard,
    looker: Looker,
    cellar: Cellar,
    link: Option<Uplink>,
    wake: Arc<tokio::sync::Notify>,
    sampling: SamplingKey,
    versions: Versions,
    recovered: BTreeMap<String, Recovery>,
    last_record: WallMs,
}

/// Opens everything but the lanes.
fn open(
    config: &Config,
    maps: &[LaneMap],
    feeds: &[(Feed, Fed)],
    memory: Memory,
) -> Result<(Station, JoinHandle<()>), ConfigError> {
    let journal_health = Arc::new(Mutex::new(memory.journal.health().clone()));
    let (view, evidence) = (memory.journal.view(), memory.evidence.clone());
    let (ledger, writer) = start_writer(memory.journal, feeds, &journal_health)?;
    let (listed, lists) = (Arc::new(Mutex::new(None)), Arc::new(memory.lists));
    let (visits, (chores, waiting)) = (Arc::new(Mutex::new(memory.visits)), keeper::chores());
    let asks = start_lists(config, memory.last_record, &lists, &listed, feeds, &chores)?;
    tell_visits(&visits, &asks);
    let board = HealthBoard::default();
    let inspector = open_model(config, &board);
    let (versions, geometry) = (versions(&inspector, &load_rules(config)?), inspector.default_geometry());
    let packs = grounds::packs(config, memory.last_record)?;
    let lanes = lane_ends(maps, feeds);
    tell_beginning(&ledger, &memory.opening, &versions, &memory.public, &memory.personal, memory.last_record, &packs);
    let told = (&ledger, packs, commanded(config, (maps, feeds), &ledger, memory.last_record));
    let link = link::start(config, view.clone(), &evidence, &lists, feeds, told)?;
    Keeper {
        data: config.data(),
        ledger: ledger.clone(),
        lists: Arc::clone(&lists),
        key: memory.key,
        lanes: lanes.values().map(|lane| (Arc::clone(&lane.shown), lane.feed.clone())).collect(),
        journal_health: Arc::clone(&journal_health),
        personal: memory.personal,
        labels: Arc::clone(&memory.labels),
        personal_days_max: usual(config.ledger.personal_days_max, PERSONAL_DAYS_USUAL),
        visits: Arc::clone(&visits),
        journal_keep_bytes: usual(config.ledger.journal_keep_bytes, Bounds::default().journal_bytes_max / 2),
        short: false,
    }
    .start(chores, waiting, link.as_ref().map(Uplink::state))?;
    let desk = StationDesk {
        station: config.station.name.clone(),
        utc_offset_min: config.station.utc_offset_min,
        clock: config.station.clock,
        last_record: memory.last_record,
        lanes,
        health: board.clone(),
        journal: view,
        journal_health,
        ledger: ledger.clone(),
        evidence: evidence.clone(),
        geometry,
        link: link.as_ref().map(Uplink::state),
        lists: listed,
        changes: watch::channel(0).0,
        seen: Mutex::new(Seen::default()),
    };
    let station = Station {
        desk: Arc::new(desk),
        looker: Looker::new(inspector, evidence, memory.disk),
        cellar: Cellar { labels: memory.labels, ledger: ledger.clone() },
        ledger,
        asks,
        visits,
        board,
        wake: link.as_ref().map_or_else(Arc::default, Uplink::waker),
        link,
        sampling: sampling_key(config)?,
        versions,
        recovered: memory.recovered,
        last_record: memory.last_record,
    };
    Ok((station, writer))
}

fn start_lists(
    config: &Config,
    last_record: WallMs,
    lists: &Arc<Lists>,
    listed: &Arc<Mutex<Option<ListStates>>>,
    feeds: &[(Feed, Fed)],
    chores: &Chores,
) -> Result<SyncSender<Ask>, ConfigError> {
    lists::start(lists::Desk {
        lists: Arc::clone(lists),
        listed: Arc::clone(listed),
        clock: config.station.clock,
        last_record,
        feeds: feeds.iter().map(|(feed, _)| feed.clone()).collect(),
        chores: chores.clone(),
    })
}

/// What central commanded: the first that a lane hears, so that before its first parcel it knows what goes to exam.
fn commanded(
    config: &Config,
    (maps, feeds): (&[LaneMap], &[(Feed, Fed)]),
    ledger: &Writer,
    last_record: WallMs,
) -> Commands {
    let names = maps.iter().map(|map| map.name.as_str().to_owned()).collect();
    // A board that has just been switched on may not know what time it is; it is never before the last record.
    let commands = Commands::open(&config.data(), names, clock::wall_now().max(last_record));
    commands.begin(&feeds.iter().map(|(feed, _)| feed.clone()).collect::<Vec<_>>());
    commands.trouble().into_iter().for_each(|why| audit::commands_lost(ledger, why));
    commands
}

/// Where each lane shows itself and where it listens, by name.
fn lane_ends(maps: &[LaneMap], feeds: &[(Feed, Fed)]) -> BTreeMap<String, LaneEnd> {
    let end = |(map, (feed, _)): (&LaneMap, &(Feed, Fed))| {
        (map.name.as_str().to_owned(), LaneEnd { shown: Arc::default(), feed: feed.clone() })
    };
    maps.iter().zip(feeds).map(end).collect()
}

/// Tells the index what it missed when the station was killed; it has room for no more than it needs.
fn tell_visits(visits: &Mutex<Visits>, asks: &SyncSender<Ask>) {
    if let Ok(mut visits) = visits.lock() {
        visits.last().into_iter().for_each(|visit| drop(asks.try_send(Ask::Remember(visit))));
    }
}

/// Records with what this run begins, and what it found of the last one.
fn tell_beginning(
    ledger: &Writer,
    opening: &Opening,
    versions: &Versions,
    public: &PublicKey,
    personal: &PersonalKeeper,
    last_record: WallMs,
    packs: &Packs,
) {
    let (key, seal_to) = (public.to_string(), personal.seal_to().to_string());
    let began = audit::Began { event: "station-start", versions, key, seal_to, last_record };
    audit::put(ledger, Kind::Config, Urgency::default(), &began);
    audit::rules_in_force(ledger, packs, versions.rules.as_str());
    opening.torn.iter().for_each(|torn| audit::torn(ledger, torn));
}

/// The model, or the reason why every image will be blind: said loudly, and the lane runs to exam.
fn open_model(config: &Config, board: &HealthBoard) -> Inspector {
    let settings = Settings {
        runtime: config.model.runtime.as_ref().map(|path| config.path(path)),
        model: config.model.package.as_ref().map(|path| config.path(path)),
        threads: usize::from(config.model.threads),
    };
    let inspector = tokio::task::block_in_place(|| Inspector::open(&settings));
    let health = board.part("model");
    match inspector.trouble() {
        Some(blind) => health.down(&blind.detail),
        None => health.up(),
    }
    inspector
}

fn start_writer(
    journal: gatepost_ledger::journal::Journal,
    feeds: &[(Feed, Fed)],
    health: &Arc<Mutex<JournalHealth>>,
) -> Result<(Writer, std::thread::JoinHandle<()>), ConfigError> {
    let feeds: Vec<Feed> = feeds.iter().map(|(feed, _)| feed.clone()).collect();
    let health = Arc::clone(health);
    let surroundings = writer::Surroundings {
        now: Box::new(clock::wall_now),
        on_health: Box::new(move |now| {
            if let Ok(mut health) = health.lock() {
                *health = now.clone();
            }
            if *now == JournalHealth::Good {
                feeds.iter().for_each(|feed| feed.offer(Event::LedgerReady));
            }
        }),
    };
    Writer::start(journal, surroundings)
        .map_err(|error| ConfigError(format!("the operating system gives no thread for the ledger: {error}")))
}

/// A figure of the configuration, where 0 means the usual one.
fn usual<T: Default + PartialEq>(configured: T, usual: T) -> T {
    if configured == T::default() { usual } else { configured }
}

fn make_folder(path: &Path) -> Result<(), ConfigError> {
    std::fs::create_dir_all(path)
        .map_err(|error| ConfigError(format!("{}: cannot be made ({error}); check station.data", path.display())))
}

async fn wait_for_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

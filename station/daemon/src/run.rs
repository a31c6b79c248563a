//! The running station: opens its memory, connects its lanes, and goes on until it is told to stop.
//!
//! A thread for each lane's mind, one for the ledger's writer, one for the lists; a task for each device; the uplink has
//! its own. Nothing here decides anything. The order of starting is the order of trust: the journal first, the cable last.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::units::{Grams, WallMs};
use gatepost_ledger::journal::Health as JournalHealth;
use gatepost_ledger::journal::writer::{self, Writer};
use gatepost_ledger::lists::Lists;
use gatepost_ledger::lists::index::IndexState;
use gatepost_models::session::{Inspector, Settings};
use gatepost_pipeline::drive::{DriveConfig, Recovery, SamplingKey, Versions};
use gatepost_pipeline::event::{ClockState, Event};
use gatepost_pipeline::judge::{Lists as ListStates, Token};
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_sync::session::Uplink;
use tokio::sync::watch;

use crate::blackbox::{BlackBox, Heard};
use crate::config::{ClockSource, Config, ConfigError, LaneConfig};
use desk::{LaneEnd, Seen, StationDesk};
use feed::{Fed, Feed, feed};
use health::HealthBoard;
use images::Looker;
use memory::Memory;

pub mod clock;
pub mod desk;
pub mod devices;
pub mod feed;
pub mod health;
pub mod images;
pub mod lane;
pub mod link;
pub mod memory;
pub mod serial;
pub mod systemd;
pub mod uplink;

/// Questions waiting at the lists.
const QUESTIONS_MAX: usize = 128;
/// Time between looks at the index while nobody asks.
const LISTS_LOOK: Duration = Duration::from_millis(250);

type Question = (PassKey, Option<Token>, Feed);

/// Runs the station until SIGTERM, SIGINT or a closed standard input of its supervisor; then a clean stop.
///
/// # Errors
/// [`ConfigError`]: a sentence with what, where and what to do; nothing was started then.
pub fn run(config: Config) -> Result<(), ConfigError> {
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
        start_lane(&config, lane, station.lane(&config, lane, map), feed, fed, &station)?;
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
        tokio::task::block_in_place(|| link.stop());
    }
    station.ledger.close();
    let _joined = tokio::task::block_in_place(|| writer.join());
    Ok(())
}

/// What the lanes share.
struct Station {
    desk: Arc<StationDesk>,
    ledger: Writer,
    questions: SyncSender<Question>,
    board: HealthBoard,
    looker: Looker,
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
    let view = memory.journal.view();
    let (ledger, writer) = start_writer(memory.journal, feeds, &journal_health)?;
    let listed = Arc::new(Mutex::new(None));
    let lists = Arc::new(Mutex::new(memory.lists));
    let answering = feeds.iter().map(|(feed, _)| feed.clone()).collect();
    let questions = start_lists(&lists, &listed, config.station.clock, memory.last_record, answering)?;
    let board = HealthBoard::default();
    let inspector = open_model(config, &board);
    let versions = versions(&inspector, &load_rules(config)?);
    let geometry = inspector.default_geometry();
    let evidence = memory.evidence.clone();
    let link = match &config.uplink {
        Some(uplink) => Some(link::start(config, uplink, view.clone(), &evidence, &lists, feeds, &ledger)?),
        None => None,
    };
    let end = |(map, (feed, _)): (&LaneMap, &(Feed, Fed))| {
        (map.name.as_str().to_owned(), LaneEnd { shown: Arc::default(), feed: feed.clone() })
    };
    let desk = StationDesk {
        station: config.station.name.clone(),
        utc_offset_min: config.station.utc_offset_min,
        clock: config.station.clock,
        last_record: memory.last_record,
        lanes: maps.iter().zip(feeds).map(end).collect(),
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
    let looker = Looker { inspector: Arc::new(Mutex::new(inspector)), evidence, images: Arc::new(AtomicU32::new(0)) };
    let station = Station {
        desk: Arc::new(desk),
        ledger,
        questions,
        board,
        looker,
        wake: link.as_ref().map_or_else(Arc::default, Uplink::waker),
        link,
        sampling: sampling_key(config)?,
        versions,
        recovered: memory.recovered,
        last_record: memory.last_record,
    };
    Ok((station, writer))
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

impl Station {
    /// What a lane's mind is told.
    fn lane(&self, config: &Config, lane: &LaneConfig, map: LaneMap) -> DriveConfig {
        let recovered = self.recovered.get(map.name.as_str()).cloned().unwrap_or_default();
        DriveConfig {
            station: config.station.name.clone(),
            epoch_next: recovered.epoch_next(),
            open: recovered.open(),
            closed: recovered.closed(),
            highest: recovered.highest(),
            sampling: Some(self.sampling.clone()),
            weight_tolerance_g: Grams(lane.weight_tolerance_g),
            radiation_fitted: lane.radiation_fitted,
            smoke_fitted: lane.smoke_fitted,
            utc_offset_min: config.station.utc_offset_min,
            contingency: BTreeMap::new(),
            versions: self.versions.clone(),
            map,
        }
    }
}

/// Starts one lane: its devices, its mind, its black box.
fn start_lane(
    config: &Config,
    lane: &LaneConfig,
    drive: DriveConfig,
    feed: Feed,
    fed: Fed,
    station: &Station,
) -> Result<(), ConfigError> {
    let (map, name) = (drive.map.clone(), drive.map.name.as_str().to_owned());
    let begin = Heard::Begin {
        station: drive.station.clone(),
        lane: name.clone(),
        epoch_next: drive.epoch_next,
        open: drive.open.clone(),
        closed: drive.closed.clone(),
        highest: drive.highest.clone(),
        software: drive.versions.software.as_str().to_owned(),
    };
    let folder = config.data().join("blackbox").join(&name);
    make_folder(&folder)?;
    let mind = Mind::new(drive, load_rules(config)?).map_err(ConfigError)?;
    let cable = lane.controller.clone().map(|mut serial| {
        serial.port = config.path(&serial.port);
        devices::controller(serial, feed.clone(), station.board.part(&format!("{name} controller")))
    });
    connect(config, lane, &map, &feed, station)?;
    let questions = station.questions.clone();
    let asking = feed.clone();
    let (desk, wake) = (Arc::clone(&station.desk), Arc::clone(&station.wake));
    let shown = station.desk.lanes.get(&name).map(|end| Arc::clone(&end.shown)).unwrap_or_default();
    let around = lane::Surroundings {
        feed,
        ledger: station.ledger.clone(),
        cable,
        look_up: Box::new(move |pass, item| questions.try_send((pass, item, asking.clone())).is_ok()),
        shown,
        on_show: Box::new(move || {
            desk.lane_showed();
            wake.notify_one();
            systemd::alive();
        }),
        black_box: BlackBox::new(&folder, begin),
        clock: config.station.clock,
        last_record: station.last_record,
    };
    lane::start(mind, fed, around)
        .map(drop)
        .map_err(|error| ConfigError(format!("lane {name}: the operating system gives no thread: {error}")))
}

/// Connects every device of a lane.
fn connect(
    config: &Config,
    lane: &LaneConfig,
    map: &LaneMap,
    feed: &Feed,
    station: &Station,
) -> Result<(), ConfigError> {
    for (index, device) in map.devices.iter().enumerate() {
        let (index, name) = (index as u8, device.name.as_str());
        let health = |kind: &str| station.board.part(&format!("{} {kind}", map.name));
        let wrong = |why: &str| ConfigError(format!("lane {}, device {name}: {why}", map.name));
        match device.kind {
            DeviceKind::Scanner => {
                let mut scanner = lane.scanners[name].clone();
                scanner.serial.port = config.path(&scanner.serial.port);
                devices::scanner(scanner, index, feed.clone(), health("scanner")).map_err(wrong)?;
            }
            DeviceKind::Scale => {
                let mut scale = lane.scales[name].clone();
                scale.serial.port = config.path(&scale.serial.port);
                devices::scale(scale, index, feed.clone(), health("scale")).map_err(wrong)?;
            }
            DeviceKind::Xray => {
                let xray = lane.xrays[name].clone();
                let folder = config.path(&xray.folder);
                let looker = station.looker.clone();
                tokio::spawn(images::serve(xray, folder, index, feed.clone(), health("xray"), looker));
            }
        }
    }
    Ok(())
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

/// The lists' own thread: answers through the lane's feed.
fn start_lists(
    lists: &Arc<Mutex<Lists>>,
    listed: &Arc<Mutex<Option<ListStates>>>,
    source: ClockSource,
    last_record: WallMs,
    feeds: Vec<Feed>,
) -> Result<SyncSender<Question>, ConfigError> {
    let (questions, asked) = sync_channel::<Question>(QUESTIONS_MAX);
    let (lists, listed) = (Arc::clone(lists), Arc::clone(listed));
    let answer = move || {
        let mut ready = false;
        loop {
            let question = asked.recv_timeout(LISTS_LOOK);
            let Ok(is_ready) = lists.lock().map(|lists| lists.index_state() == IndexState::Ready) else { return };
            if is_ready && !ready {
                // Whoever was looked up while the index was being built is looked up again.
                feeds.iter().for_each(|feed| feed.offer(Event::ListsChanged));
            }
            ready = is_ready;
            let (pass, item, feed) = match question {
                Ok(question) => question,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let trusted = clock::state(source, last_record) == ClockState::Trusted;
            let now = trusted.then(clock::wall_now);
            let Ok(answer) = lists.lock().map(|lists| lists.look_up(item.as_ref(), now)) else { return };
            if let Ok(mut listed) = listed.lock() {
                *listed = Some(answer.lists.clone());
            }
            feed.offer(Event::Matched { pass, answer: Box::new(answer) });
        }
    };
    std::thread::Builder::new()
        .name("lists".to_owned())
        .spawn(answer)
        .map_err(|error| ConfigError(format!("the operating system gives no thread for the lists: {error}")))?;
    Ok(questions)
}

/// The rule pack in force.
///
/// # Errors
/// [`ConfigError`] with file, line, rule and remedy.
pub fn load_rules(config: &Config) -> Result<Ruleset, ConfigError> {
    let Some(pack) = &config.rules.pack else {
        return Ruleset::built_in().map_err(|error| ConfigError(error.to_string()));
    };
    let path = config.path(pack);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ConfigError(format!("{}: cannot be read ({error}); check rules.pack", path.display())))?;
    Ruleset::load(&path.display().to_string(), &text).map_err(|error| ConfigError(error.to_string()))
}

/// The key of the random draw: configured, or made at first start, readable by the station alone.
pub(crate) fn sampling_key(config: &Config) -> Result<SamplingKey, ConfigError> {
    let path =
        config.sampling.key.as_ref().map_or_else(|| config.data().join("sampling.key"), |path| config.path(path));
    let shown = path.display().to_string();
    if config.sampling.key.is_none() && !path.exists() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| ConfigError(format!("{shown}: no random numbers: {error}")))?;
        write_private(&path, &data_encoding::HEXLOWER.encode(&key))
            .map_err(|error| ConfigError(format!("{shown}: cannot be written ({error}); check the data folder")))?;
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ConfigError(format!("{shown}: cannot be read ({error}); check sampling.key")))?;
    let key = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    let key: Option<[u8; 32]> = key.and_then(|key| key.try_into().ok());
    let key = key.ok_or_else(|| ConfigError(format!("{shown}: a sampling key is 64 hexadecimal digits")))?;
    let id = Token::clipped(&blake3::hash(&key).to_hex()[..16]);
    Ok(SamplingKey { id, key, rate: config.sampling.rate, rate_trusted: config.sampling.rate_trusted })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn make_folder(path: &Path) -> Result<(), ConfigError> {
    std::fs::create_dir_all(path)
        .map_err(|error| ConfigError(format!("{}: cannot be made ({error}); check station.data", path.display())))
}

pub(crate) fn versions(inspector: &Inspector, rules: &Ruleset) -> Versions {
    let model = inspector.versions();
    Versions {
        software: Token::clipped(env!("CARGO_PKG_VERSION")),
        rules: Token::clipped(&rules.digest_hex()),
        model: Token::clipped(model.map_or("none", |versions| versions.model_digest.as_str())),
        engine: Token::clipped(model.map_or("none", |versions| versions.engine_digest.as_str())),
        lists: Token::clipped("see the answer's states"),
    }
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

//! The station as a real process: this program again, with a hidden first word.
//!
//! So that it can be killed and comes back as it would on a board. A thread of its own starts it, starts it anew when it
//! dies, and ends it with SIGTERM; a station never outlives the demonstration, however that ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatepost_daemon::config::Config;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

/// The hidden first word.
pub const STATION: &str = "__station";
/// Between two looks at a running station.
const LOOK: Duration = Duration::from_millis(20);
/// A clean stop may take so long.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Pause before a station that died is started anew, doubled up to the second figure while it goes on dying at once.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// What this program is when it was started as a station.
pub fn be_station(config: Option<OsString>) -> ExitCode {
    // Without it a killed demonstration would leave stations behind.
    let _dies_too = set_parent_process_death_signal(Some(Signal::TERM));
    gatepost_daemon::commands::log("info");
    let Some(config) = config else {
        eprintln!("{STATION} needs the configuration's path");
        return ExitCode::from(2);
    };
    let ran = Config::read(Path::new(&config)).and_then(gatepost_daemon::run::run);
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a supervisor is told.
enum Order {
    Stop,
    /// As a cut of the power to this process alone: SIGKILL.
    Kill,
}

pub struct Process {
    orders: SyncSender<Order>,
    thread: JoinHandle<Ended>,
}

/// What became of a station's process.
#[derive(Debug, Default)]
pub struct Ended {
    /// Stretches in which it did not run, after its first start.
    pub down: Vec<(Instant, Instant)>,
    /// In words: how it died, each time.
    pub deaths: Vec<String>,
    /// Whether it ended by itself when it was told to.
    pub clean: bool,
}

/// What a station's process needs.
pub struct Setup {
    pub config: PathBuf,
    pub log: PathBuf,
    pub runs: Arc<AtomicBool>,
    /// Called before each start: pulls its cables.
    pub before: Box<dyn Fn() + Send>,
}

impl Process {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(setup: Setup) -> Result<Self, String> {
        let (orders, ordered) = sync_channel(4);
        let thread = std::thread::Builder::new()
            .name("supervisor".to_owned())
            .spawn(move || supervise(&setup, &ordered))
            .map_err(|error| format!("no thread for the station's supervisor: {error}"))?;
        Ok(Self { orders, thread })
    }

    /// Kills the station in the middle of whatever it does; it is started again.
    pub fn kill(&self) {
        let _told = self.orders.try_send(Order::Kill);
    }

    /// Ends the station and waits for it.
    pub fn stop(self) -> Ended {
        let _told = self.orders.send(Order::Stop);
        self.thread.join().unwrap_or_default()
    }
}

fn supervise(setup: &Setup, ordered: &Receiver<Order>) -> Ended {
    let mut ended = Ended::default();
    let mut pause = PAUSE.0;
    loop {
        (setup.before)();
        let started = Instant::now();
        let mut child = match spawn(setup) {
            Ok(child) => child,
            Err(why) => {
                ended.deaths.push(why);
                return ended;
            }
        };
        setup.runs.store(true, Ordering::Relaxed);
        let died = watch(&mut child, ordered);
        setup.runs.store(false, Ordering::Relaxed);
        let Some(how) = died else {
            ended.clean = end(&mut child);
            return ended;
        };
        let from = Instant::now();
        eprintln!("the station's process ended ({how}); it is started again. Its words: {}", setup.log.display());
        ended.deaths.push(how);
        ended.deaths.truncate(100);
        keep_black_box(&setup.config, ended.deaths.len());
        pause = if started.elapsed() > PAUSE.1 { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
        let told = ordered.recv_timeout(pause);
        ended.down.push((from, Instant::now()));
        if !matches!(told, Err(RecvTimeoutError::Timeout) | Ok(Order::Kill)) {
            return ended;
        }
    }
}

/// What a station that died had heard and been promised: the next one writes over it, and whoever proves something later
/// wants it. A copy beside the station's own files.
fn keep_black_box(config: &Path, death: usize) {
    let Some(folder) = config.parent() else { return };
    let into = folder.join("deaths").join(format!("{death:04}"));
    let Ok(lanes) = std::fs::read_dir(folder.join("blackbox")) else { return };
    for lane in lanes.filter_map(Result::ok) {
        let into = into.join(lane.file_name());
        let Ok(files) = std::fs::read_dir(lane.path()) else { continue };
        let copied = std::fs::create_dir_all(&into).and_then(|()| {
            files
                .filter_map(Result::ok)
                .try_for_each(|file| std::fs::copy(file.path(), into.join(file.file_name())).map(drop))
        });
        if let Err(error) = copied {
            eprintln!("{}: the black box of a death is not kept: {error}", into.display());
        }
    }
}

fn spawn(setup: &Setup) -> Result<Child, String> {
    use std::os::unix::process::CommandExt;
    let failed = |error: std::io::Error| format!("the station cannot be started: {error}");
    let log: File = OpenOptions::new().create(true).append(true).open(&setup.log).map_err(failed)?;
    let again = log.try_clone().map_err(failed)?;
    Command::new(std::env::current_exe().map_err(failed)?)
        .arg(STATION)
        .arg(&setup.config)
        .stdin(Stdio::null())
        .stdout(again)
        .stderr(log)
        // Ctrl-C is for the demonstration, which then ends the station in order.
        .process_group(0)
        .spawn()
        .map_err(failed)
}

/// Until it dies (how) or is to be stopped (nothing).
fn watch(child: &mut Child, ordered: &Receiver<Order>) -> Option<String> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.to_string()),
            Ok(None) => {}
            Err(error) => return Some(error.to_string()),
        }
        match ordered.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Order::Kill) => {
                let _killed = child.kill();
                return Some(child.wait().map_or_else(|error| error.to_string(), |status| status.to_string()));
            }
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Ends it in order; by force when it takes too long. Whether it ended by itself, and well.
fn end(child: &mut Child) -> bool {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _told = pid.map(|pid| kill_process(pid, Signal::TERM));
    let told = Instant::now();
    while told.elapsed() < STOP_MAX {
        if let Ok(Some(status)) = child.try_wait() {
            return status.success();
        }
        std::thread::park_timeout(LOOK);
    }
    let _killed = child.kill();
    let _gone = child.wait();
    false
}

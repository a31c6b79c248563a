//! Every capture of a serial device is played once more: through a pseudo-terminal, the model of its wire, and the
//! station's own serial line, in real time with long silences cut short.
//!
//! Apart from `captures`, which hears them through the codecs alone: here bytes arrive as the operating system hands them
//! on, cables are pulled and settings are wrong. What must be understood is the same; what may never happen is a weight
//! or a code that nobody sent, or a weight that stays when its scale has gone.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gatepost_daemon::config::devices::LineConfig;
use gatepost_daemon::config::{SerialConfig, Transport};
use gatepost_daemon::run::feed::{Feed, feed};
use gatepost_daemon::run::line::{Line, serve};
use gatepost_hardware::scale::{ScaleCodec, ScaleProtocol};
use gatepost_hardware::scanner::{ScannerCodec, ScannerProtocol};
use gatepost_world::capture::{self, Capture, Device, Way, understood_report, understood_scan};
use gatepost_world::devices::port::Port;
use gatepost_world::devices::wire::{self, Parity, Settings};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::measured::measured;

/// A silence longer than this says no more than one of this length: longer than any codec waits within a frame.
const SILENCE_MAX: Duration = Duration::from_millis(800);
/// For the last frame that ends by silence.
const AFTERMATH: Duration = Duration::from_millis(900);
/// A line that was opened, or pulled and put in again, is up by then.
const UP_MAX: Duration = Duration::from_secs(20);
/// Noise goes before so many bursts of one capture.
const NOISES_MAX: usize = 4;

/// How a capture is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// As it stands.
    Plain,
    /// In pieces of one to three bytes.
    Split,
    /// Damaged characters in silences.
    Noise,
    /// The station closes the port in the middle and opens it again.
    Reset,
    /// The station has other settings than the device.
    Wrong(u32, LineConfig),
}

/// The station's end: the serial line of the daemon, and a codec.
struct Station {
    up: watch::Receiver<u32>,
    task: JoinHandle<()>,
    _keeps_the_port: mpsc::Sender<Vec<u8>>,
}

impl Station {
    fn start(capture: &Capture, on: SerialConfig, clock: Feed, said: Arc<Mutex<Vec<String>>>) -> Self {
        let (counting, up) = watch::channel(0);
        let (keeps, told) = mpsc::channel(1);
        let mut codec = Codec::of(&capture.device);
        let writing = Arc::clone(&said);
        let hear = move |line: Line<'_>, _: &mut Vec<u8>| {
            let mut said = writing.lock().unwrap_or_else(PoisonError::into_inner);
            match line {
                Line::Up => counting.send_modify(|count| *count += 1),
                Line::Down(_) => said.push(codec.gone().to_owned()),
                Line::Bytes { at, bytes } => bytes.iter().for_each(|&byte| said.extend(codec.push(at, byte))),
                Line::Idle { at } => said.extend(codec.idle(at)),
            }
        };
        let task = tokio::spawn(serve(Transport::Serial(on), clock, told, hear));
        Self { up, task, _keeps_the_port: keeps }
    }

    async fn is_up(&mut self, times: u32) {
        let up = tokio::time::timeout(UP_MAX, self.up.wait_for(|count| *count >= times)).await;
        up.expect("the line comes up").expect("the line is served");
    }
}

enum Codec {
    Scale(Box<ScaleCodec>),
    Scanner(Box<ScannerCodec>),
}

impl Codec {
    fn of(device: &Device) -> Self {
        match device {
            Device::Scale(config) => Self::Scale(Box::new(ScaleCodec::new(config).expect("a codec"))),
            Device::Scanner(config) => Self::Scanner(Box::new(ScannerCodec::new(config).expect("a codec"))),
        }
    }
    fn push(&mut self, at: gatepost_hardware::units::Micros, byte: u8) -> Option<String> {
        match self {
            Self::Scale(codec) => codec.push(at, byte).map(|report| understood_report(&report)),
            Self::Scanner(codec) => codec.push(at, byte).map(|scan| understood_scan(&scan)),
        }
    }
    fn idle(&mut self, at: gatepost_hardware::units::Micros) -> Option<String> {
        match self {
            Self::Scale(codec) => codec.idle(at).map(|report| understood_report(&report)),
            Self::Scanner(codec) => codec.idle(at).map(|scan| understood_scan(&scan)),
        }
    }
    const fn gone(&self) -> &'static str {
        match self {
            Self::Scale(_) => "no weight disconnected",
            Self::Scanner(_) => "gone",
        }
    }
}

/// Plays a capture; what the station understood, in the words of its `=` lines.
async fn played(capture: &Capture, how: How, folder: &Path) -> Vec<String> {
    let name = folder.join(format!("{}-{how:?}", capture.name.replace('/', "-")));
    let (baud, line) = settings(capture).expect("a serial capture");
    let device = Settings::of(&format!("{baud} {}", line.name()));
    let mut port = Some(Port::open(Some(&name)).expect("a pseudo-terminal"));
    let (baud, line) = if let How::Wrong(baud, line) = how { (baud, line) } else { (baud, line) };
    let (clock, _fed) = feed(Instant::now());
    let on = SerialConfig { port: name.clone(), baud, line };
    let said = Arc::new(Mutex::new(Vec::new()));
    let mut station = Station::start(capture, on.clone(), clock.clone(), Arc::clone(&said));
    let mut ups = 1;
    station.is_up(ups).await;
    let (mut last, mut noises) = (Duration::ZERO, 0);
    let half = capture.bursts().len() / 2;
    for (number, burst) in capture.bursts().iter().enumerate() {
        let at = Duration::from_micros(burst.at.0);
        let pause = at.saturating_sub(last).min(SILENCE_MAX);
        last = at;
        tokio::time::sleep(pause).await;
        if how == How::Reset && number == half {
            station.task.abort();
            port.iter().for_each(Port::replug);
            station = Station::start(capture, on.clone(), clock.clone(), Arc::clone(&said));
            ups = 1;
            station.is_up(ups).await;
        }
        match burst.way {
            Way::ToDevice => {}
            Way::Gone => port = None,
            Way::Back => {
                port = Some(Port::open(Some(&name)).expect("a pseudo-terminal"));
                ups += 1;
                station.is_up(ups).await;
            }
            Way::FromDevice => {
                let Some(port) = &port else { continue };
                if how == How::Noise && pause > Duration::from_millis(150) && noises < NOISES_MAX {
                    noises += 1;
                    send(port, device, &[0xFF, 0x80, 0x7F, 0x80][..1 + number % 4], how).await;
                    tokio::time::sleep(SILENCE_MAX).await;
                }
                send(port, device, &burst.bytes, how).await;
            }
        }
    }
    tokio::time::sleep(AFTERMATH).await;
    station.task.abort();
    said.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts bytes on the wire, as whoever listens hears them now.
async fn send(port: &Port, device: Settings, bytes: &[u8], how: How) {
    let station = port.settings().expect("its settings");
    let checking = station.parity != Parity::None;
    let heard: Vec<u8> =
        wire::heard(bytes, device, station).into_iter().map(|one| wire::as_linux_reads(one, checking)).collect();
    if how != How::Split {
        return port.write(&heard);
    }
    for (number, piece) in heard.chunks(1 + bytes.len() % 3).enumerate() {
        port.write(piece);
        tokio::time::sleep(Duration::from_millis(number as u64 % 3)).await;
    }
}

fn settings(capture: &Capture) -> Option<(u32, LineConfig)> {
    match &capture.line {
        capture::Line::Serial { baud, bits } => Some((*baud, LineConfig::parse(bits).ok()?)),
        capture::Line::Usb => None,
    }
}

/// What silence cut short, and faults that damage brings, may change.
fn told(lines: &[String], faults: bool) -> Vec<String> {
    let kept = |line: &&String| *line != "no weight stale" && (faults || !line.starts_with("fault "));
    lines.iter().filter(kept).cloned().collect()
}

/// A weight or a code that somebody may use. Linux reads a damaged character as NUL: a text with NULs is kept as it came,
/// and no rule of identification takes it for anybody's.
fn is_believed(line: &str) -> bool {
    line.starts_with("stable ") || line.starts_with("read ") && !line.contains("\\x00")
}

/// What is wrong with what was understood; nothing where it is right.
fn wrong(capture: &Capture, how: How, found: &[String]) -> Option<String> {
    let positive = |line: &&String| is_believed(line);
    let invented = found.iter().filter(positive).find(|line| !capture.understood.contains(line));
    if let Some(invented) = invented {
        return Some(format!("{} {how:?}: \"{invented}\" was never sent", capture.name));
    }
    let (expected, found) = match how {
        How::Plain | How::Split => (told(&capture.understood, true), told(found, true)),
        How::Noise => (told(&capture.understood, false), told(found, false)),
        // What came before may have been cut; the last thing said was heard whole.
        How::Reset => {
            let last = |lines: &[String]| told(lines, true).last().cloned().into_iter().collect();
            (last(&capture.understood), last(found))
        }
        How::Wrong(..) => return None,
    };
    let shown = |lines: &[String]| lines.iter().map(|line| format!("  = {line}\n")).collect::<String>();
    (expected != found).then(|| format!("{} {how:?}:\n{}instead of\n{}", capture.name, shown(&found), shown(&expected)))
}

/// A machine that stands still for longer than a codec waits within a frame cuts that frame, and rightly: such a play
/// is tried again.
const TRIES: u32 = 3;
/// Plays at a time: few enough for two processors to keep their time.
const AT_ONCE: usize = 16;

#[test]
fn every_capture_says_the_same_through_a_real_line() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = threads.expect("an event loop");
    measured("captures through serial lines", || runtime.block_on(every_play()));
}

async fn every_play() {
    let folder = tempfile::tempdir().expect("a folder");
    let captures = capture::all(&capture::folder()).expect("the captures");
    let mut plays = tokio::task::JoinSet::new();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut count = 0;
    for capture in captures.into_iter().map(Arc::new) {
        let Some((baud, line)) = settings(&capture) else { continue };
        let other = if line == LineConfig::EightNoneOne { LineConfig::SevenEvenOne } else { LineConfig::EightNoneOne };
        let wrongs = [How::Wrong(baud * 2, line), How::Wrong(baud, other), How::Wrong(baud, LineConfig::EightOddOne)];
        for how in [How::Plain, How::Split, How::Noise, How::Reset].into_iter().chain(wrongs) {
            let (capture, folder, turns) = (Arc::clone(&capture), folder.path().to_owned(), Arc::clone(&turns));
            count += 1;
            plays.spawn(async move {
                let _turn = turns.acquire().await;
                let mut complaint = None;
                for _ in 0..TRIES {
                    complaint = wrong(&capture, how, &played(&capture, how, &folder).await);
                    if complaint.is_none() {
                        break;
                    }
                }
                complaint
            });
        }
    }
    assert!(count >= 49, "{count} plays: the captures are gone");
    let complaints: Vec<String> = plays.join_all().await.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{} of {count}:\n{}", complaints.len(), complaints.join("\n"));
}

//! A task for each device on a cable: its bytes through its codec into its lane's feed, and its health to the desk.

use std::sync::{Arc, Mutex};

use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_hardware::scale::{Request, ScaleCodec, ScaleProtocol, ScaleReport};
use gatepost_hardware::scanner::{ScannerCodec, ScannerProtocol};
use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::{Event, Weighed};
use gatepost_pipeline::gather::reading::{code_of, weighed};
use gatepost_pipeline::judge::Fault;
use tokio::sync::mpsc;

use crate::config::{ScaleDevice, ScannerDevice, SerialConfig};
use crate::run::feed::Feed;
use crate::run::health::Health;
use crate::run::pins::{self, OnPins};
use crate::run::serial::{Line, serve};

/// Frames waiting for the controller's cable.
const FRAMES_MAX: usize = 64;

/// The lane's end of the controller's cable.
#[derive(Clone)]
pub struct Cable {
    say: mpsc::Sender<Vec<u8>>,
    end: Arc<Mutex<StationEnd>>,
    feed: Feed,
}

impl Cable {
    /// Says something. When the cable is full or down the frame is lost: actions are said again, and meanwhile the
    /// controller's own limits act: no permit, no heartbeat, exam.
    pub fn send(&self, word: Word) {
        if let Ok(mut end) = self.end.lock() {
            end.say(word, self.feed.now(), |frame| self.put(frame));
        }
    }

    /// Says again what was not acknowledged in time.
    pub fn tick(&self) {
        if let Ok(mut end) = self.end.lock() {
            end.tick(self.feed.now(), |frame| self.put(frame));
        }
    }

    fn put(&self, frame: &[u8]) {
        let _ = self.say.try_send(frame.to_vec());
    }
}

/// Connects the lane controller by its cable.
pub fn controller(config: SerialConfig, feed: Feed, health: Health) -> Cable {
    let (cable, said) = Cable::new(&feed);
    let port = config.port.display().to_string();
    let down =
        move |why: &str| format!("the controller's cable at {port} is down ({why}); check the plug and its power");
    tokio::spawn(serve(config, feed, said, cable.ear(health, down)));
    cable
}

/// Connects the lane controller that lives on this board's own pins: the same frames, through a channel.
pub fn controller_on_pins(on: OnPins, feed: Feed, health: Health) -> Cable {
    let (cable, said) = Cable::new(&feed);
    let down = |why: &str| format!("the controller on this board's pins is down: {why}");
    tokio::spawn(pins::serve(on, feed, said, health.clone(), cable.ear(health, down)));
    cable
}

impl Cable {
    fn new(feed: &Feed) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (say, said) = mpsc::channel(FRAMES_MAX);
        (Self { say, end: Arc::default(), feed: feed.clone() }, said)
    }

    /// What is done with a controller's bytes, wherever they come from.
    fn ear<D>(&self, health: Health, down: D) -> impl FnMut(Line<'_>) + Send + 'static + use<D>
    where
        D: Fn(&str) -> String + Send + 'static,
    {
        let (listening, end) = (self.feed.clone(), Arc::clone(&self.end));
        move |line| match line {
            Line::Up => {
                if let Ok(mut end) = end.lock() {
                    end.hang_up();
                }
                health.up();
            }
            Line::Down(why) => {
                health.down(&down(&why));
                listening.offer(Event::CableLost { mono: listening.now() });
            }
            Line::Bytes { at, bytes } => {
                let Ok(mut end) = end.lock() else { return };
                for report in bytes.iter().filter_map(|&byte| end.hear(byte, at)) {
                    listening.offer(Event::Controller { mono: at, report });
                }
            }
            Line::Idle { .. } => {}
        }
    }
}

/// Connects a scanner.
///
/// # Errors
/// What is wrong with its protocol's configuration.
pub fn scanner(config: ScannerDevice, device: u8, feed: Feed, health: Health) -> Result<(), &'static str> {
    let mut codec = Box::new(ScannerCodec::new(&config.protocol)?);
    // A code may hold a name and an address: from here on the station knows its number only.
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| "the operating system gives no random numbers")?;
    let (_say, said) = mpsc::channel(1);
    let listening = feed.clone();
    let port = config.serial.port.display().to_string();
    let _open = _say;
    tokio::spawn(serve(config.serial, feed, said, move |line| {
        let _keeps_the_port = &_open;
        let scan = |mono: Micros, code| listening.offer(Event::Code { mono, device, code });
        match line {
            Line::Up => {
                health.up();
                listening.offer(Event::Part { fault: Fault::Scanner, failed: false });
            }
            Line::Down(why) => {
                health.down(&format!("the scanner at {port} does not answer ({why}); check its cable and power"));
                listening.offer(Event::Part { fault: Fault::Scanner, failed: true });
            }
            Line::Bytes { at, bytes } => {
                codec.feed(at, bytes, &mut |found| scan(found.at(), code_of(&found).impersonal(&key)))
            }
            Line::Idle { at } => {
                if let Some(found) = codec.idle(at) {
                    scan(found.at(), code_of(&found).impersonal(&key));
                }
            }
        }
    }));
    Ok(())
}

/// Connects a scale; asks it regularly when it does not talk by itself.
///
/// # Errors
/// What is wrong with its protocol's configuration.
pub fn scale(config: ScaleDevice, device: u8, feed: Feed, health: Health) -> Result<(), &'static str> {
    let mut codec = Box::new(ScaleCodec::new(&config.protocol)?);
    let (say, said) = mpsc::channel(1);
    let listening = feed.clone();
    let port = config.serial.port.display().to_string();
    let question = codec.request(Request::ImmediateWeight).filter(|_| config.poll_ms > 0);
    let keeps_the_port = say.clone();
    if let Some(question) = question {
        let every = std::time::Duration::from_millis(u64::from(config.poll_ms));
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            loop {
                ticks.tick().await;
                if say.send(question.to_vec()).await.is_err() {
                    return;
                }
            }
        });
    }
    tokio::spawn(serve(config.serial, feed, said, move |line| {
        let _keeps_the_port = &keeps_the_port;
        let mut report = |report: ScaleReport| {
            if let ScaleReport::Reading(reading) = report {
                listening.offer(Event::Weight { mono: reading.at, device, weighed: weighed(&reading) });
            }
        };
        match line {
            Line::Up => {
                health.up();
                listening.offer(Event::Part { fault: Fault::Scale, failed: false });
            }
            Line::Down(why) => {
                health.down(&format!("the scale at {port} does not answer ({why}); check its cable and power"));
                listening.offer(Event::Part { fault: Fault::Scale, failed: true });
                listening.offer(Event::Weight { mono: listening.now(), device, weighed: Weighed::Nothing });
            }
            Line::Bytes { at, bytes } => codec.feed(at, bytes, &mut report),
            Line::Idle { at } => codec.idle(at).into_iter().for_each(report),
        }
    }));
    Ok(())
}

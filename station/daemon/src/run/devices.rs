//! A task for each device on a cable: its bytes through its codec into its lane's feed, and its health to the desk.

use std::sync::Arc;

use gatepost_hardware::link::frame::{FRAME_MAX, Receiver, Sender};
use gatepost_hardware::link::{Command, Report};
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
use crate::run::serial::{Line, serve};

/// Commands waiting for the controller's cable.
const COMMANDS_MAX: usize = 64;

/// The lane's end of the controller's cable.
#[derive(Clone)]
pub struct Cable {
    say: mpsc::Sender<Vec<u8>>,
    frames: Arc<std::sync::Mutex<Sender>>,
}

impl Cable {
    /// Sends a command. When the cable is full or down the command is lost, and the controller's own limits act: no
    /// permit, no heartbeat, exam.
    pub fn send(&self, command: &Command) {
        let mut out = [0; FRAME_MAX];
        let Ok(mut frames) = self.frames.lock() else { return };
        if let Ok(used) = frames.encode(command, &mut out) {
            let _ = self.say.try_send(out[..used].to_vec());
        }
    }
}

/// Connects the lane controller.
pub fn controller(config: SerialConfig, feed: Feed, health: Health) -> Cable {
    let (say, said) = mpsc::channel(COMMANDS_MAX);
    let cable = Cable { say, frames: Arc::default() };
    let listening = feed.clone();
    let mut receiver = Receiver::default();
    let port = config.port.display().to_string();
    tokio::spawn(serve(config, feed, said, move |line| match line {
        Line::Up => {
            receiver = Receiver::default();
            health.up();
        }
        Line::Down(why) => {
            health.down(&format!("the controller's cable at {port} is down ({why}); check the plug and its power"));
            listening.offer(Event::CableLost { mono: listening.now() });
        }
        Line::Bytes { at, bytes } => {
            for &byte in bytes {
                let Some(received) = receiver.push::<Report>(byte) else { continue };
                listening.offer(Event::Controller { mono: at, report: received.message });
            }
        }
        Line::Idle { .. } => {}
    }));
    cable
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

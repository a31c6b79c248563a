//! A task for each device on a cable: its bytes through its codec into its lane's feed, and its health to the desk. Here
//! the lane controller; scanners, scales and cameras have files of their own.

use std::sync::{Arc, Mutex};

use gatepost_hardware::link::station::{StationEnd, Word};
use gatepost_pipeline::event::Event;
use tokio::sync::mpsc;

use crate::config::{SerialConfig, Transport};
use crate::run::feed::Feed;
use crate::run::health::Health;
use crate::run::line::{Line, serve};
use crate::run::pins::{self, OnPins};
pub use camera::camera;
pub use scale::scale;
pub use scanner::scanner;

pub mod asking;
pub mod camera;
pub mod scale;
pub mod scanner;

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
    let mut ear = cable.ear(health, down);
    tokio::spawn(serve(Transport::Serial(config), feed, said, move |line, _| ear(line)));
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

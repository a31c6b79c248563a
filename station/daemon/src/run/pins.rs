//! The lane controller without a microcontroller: the firmware library on this board's own pins, for slow and hand-fed
//! lanes.
//!
//! A thread of its own holds pins and firmware; between it and the station run the same frames as over a cable, through a
//! channel, so that the station can't tell the difference. It makes no promise of time: what that costs is computed from
//! the lane's figures before it starts ([`crate::config::pins::fit`]), watched while it runs ([`controller`]), and for
//! the case that the whole process stands still there is a relay outside (`output.alive`; hardware/wiring/PINS.md).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use embedded_hal::digital::OutputPin;
use gatepost_firmware::{About, Kept};
use gatepost_hardware::lane::{LaneMap, Name};
use gatepost_hardware::link::BootCause;
use gatepost_hardware::units::Micros;
use tokio::sync::{mpsc, oneshot};

use crate::config::pins::{Driver, PinsConfig};
use crate::run::feed::Feed;
use crate::run::health::Health;
use crate::run::line::Line;
use board::{Board, Opened, Plan, Trouble};
use controller::{Controller, Limits, Setup};
use wires::Wires;

pub mod board;
pub mod merge;
pub mod chip;
pub mod raspberry;
pub mod wires;
pub mod controller;
pub mod lateness;

/// Between two attempts to open a board that is not there.
const PAUSE: Duration = Duration::from_secs(3);

/// One lane's pins, as they are configured.
#[derive(Clone)]
pub struct OnPins {
    pub pins: PinsConfig,
    pub map: LaneMap,
}

/// What outlives a board that went away.
struct Life<H> {
    said: mpsc::Receiver<Vec<u8>>,
    hear: H,
    kept: Box<Kept>,
    boot: BootCause,
}

/// Serves one lane's pins for ever, as [`crate::run::line::serve`] serves a port: what the firmware says goes to `hear`,
/// what comes out of `said` is heard by the firmware.
pub async fn serve<H>(on: OnPins, feed: Feed, said: mpsc::Receiver<Vec<u8>>, health: Health, hear: H)
where
    H: FnMut(Line<'_>) + Send + 'static,
{
    let life = Life { said, hear, kept: Box::new(Kept::new()), boot: BootCause::PowerOn };
    let life = Arc::new(Mutex::new(life));
    loop {
        let (ended, end) = oneshot::channel();
        let (on, feed, health, living) = (on.clone(), feed.clone(), health.clone(), Arc::clone(&life));
        let started = std::thread::Builder::new().name(format!("pins {}", on.map.name)).spawn(move || {
            let mut life = living.lock().unwrap_or_else(PoisonError::into_inner);
            let why = life.live(&on, &feed, &health);
            // Nobody waits any more when the station stops.
            let _told = ended.send(why);
        });
        let why = match started {
            Ok(_) => end.await.unwrap_or_else(|_| "its thread ended after a fault; see the log".to_owned()),
            Err(error) => format!("the operating system gives no thread: {error}"),
        };
        {
            let mut life = life.lock().unwrap_or_else(PoisonError::into_inner);
            if life.said.is_closed() {
                return;
            }
            (life.hear)(Line::Down(why));
            life.boot = BootCause::Watchdog;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl<H: FnMut(Line<'_>)> Life<H> {
    /// Opens the board and keeps the controller's loop; returns why it ended.
    fn live(&mut self, on: &OnPins, feed: &Feed, health: &Health) -> String {
        let plan = Plan::of(&on.pins);
        let OnPins { pins, .. } = on;
        let why = match pins.driver {
            Driver::Gpiocdev => chip::open(pins, &plan).and_then(|opened| self.keep(opened, &plan, on, feed, health)),
            Driver::Rppal => raspberry::open(pins, &plan).and_then(|opened| self.keep(opened, &plan, on, feed, health)),
        };
        why.err().map_or_else(|| "the station stops".to_owned(), |trouble| trouble.to_string())
    }

    fn keep<B: Board, O: OutputPin>(
        &mut self,
        opened: Opened<B, O>,
        plan: &Plan,
        on: &OnPins,
        feed: &Feed,
        health: &Health,
    ) -> Result<(), Trouble> {
        let wires = Wires::new(plan, opened.outputs, &on.map)?;
        // What was said while there was no board was not said to this one.
        while self.said.try_recv().is_ok() {}
        let kept = std::mem::replace(&mut self.kept, Box::new(Kept::new()));
        let setup = Setup { kept, boot: self.boot, about: about(on), kind: on.map.kind, limits: limits(&on.pins) };
        let mut controller = Controller::new(opened.board, wires, setup)?;
        (self.hear)(Line::Up);
        let mut restarts = 0;
        let mut told = false;
        let ended = loop {
            let (said, hear) = (&mut self.said, &mut self.hear);
            let mut say = |bytes: &[u8]| hear(Line::Bytes { at: feed.now(), bytes });
            if let Err(trouble) = controller.turn(&mut || said.try_recv().ok(), &mut say) {
                break Err(trouble);
            }
            if controller.restarts != restarts {
                restarts = controller.restarts;
                let why = Trouble::Late(controller.late);
                health.down(&format!("the controller on this board's pins began anew, {restarts} times so far: {why}"));
                told = true;
            }
            if told && controller.runs() {
                health.up();
                told = false;
            }
            if self.said.is_closed() && self.said.is_empty() {
                break Ok(());
            }
        };
        self.kept = controller.end();
        ended
    }
}

/// Opens the lane's inputs and drives nothing: to watch.
///
/// # Errors
/// [`Trouble::Gone`] with the line at fault and what to do.
pub fn watch(pins: &PinsConfig, plan: &Plan) -> Result<Box<dyn Board>, Trouble> {
    let plan = Plan { outputs: Vec::new(), ..plan.clone() };
    Ok(match pins.driver {
        Driver::Gpiocdev => Box::new(chip::open(pins, &plan)?.board),
        Driver::Rppal => Box::new(raspberry::open(pins, &plan)?.board),
    })
}

/// This board has as many terminals as the lane needs: that they are wired was checked.
fn about(on: &OnPins) -> About {
    let name = |text: &str| Name::try_from(text).unwrap_or_default();
    let board = match on.pins.driver {
        Driver::Gpiocdev => "gpiocdev",
        Driver::Rppal => "rppal",
    };
    let (eyes, encoders) = (on.map.eyes.len() as u8, on.map.segments.len() as u8);
    About { board: name(board), firmware: name(env!("CARGO_PKG_VERSION")), eyes, encoders }
}

fn limits(pins: &PinsConfig) -> Limits {
    let ms = |ms: u32| Micros::from_ms(u64::from(ms));
    Limits { jitter: ms(pins.jitter_ms), alive: ms(pins.alive_ms_max) }
}

#[cfg(test)]
mod tests;

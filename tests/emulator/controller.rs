//! The emulated board as a virtual lane's controller: the lane's pins become the board's, one command each.
//!
//! A fault of the emulator itself (not of the firmware) is said once; the lane then sees outputs that are off. The handle
//! can be cloned: a test keeps one and measures at the pins while the lane uses the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use gatepost_firmware::board::quadrature::pins_at;
use gatepost_firmware::{GatePosition, Lamp, Outputs};
use gatepost_hardware::lane::SEGMENTS_MAX;
use gatepost_hardware::link::Input;
use gatepost_virtual::lane::outside::Outside;

use super::wires::{self, Pin};
use super::{Emulator, Image};

#[derive(Clone)]
pub struct Emulated(Arc<Mutex<Wired>>);

/// The board and what hangs on it.
pub struct Wired {
    pub emulator: Emulator,
    /// When its watchdog bit.
    pub bites: Vec<Instant>,
    /// Where each encoder stands.
    ticks: [i64; SEGMENTS_MAX],
    booted: bool,
    failed: bool,
}

impl Emulated {
    /// # Errors
    /// A sentence: what is missing and how to get it.
    pub fn start(image: Image) -> Result<Self, String> {
        let emulator = Emulator::start(&image.built()?, wires::at_rest())?;
        let wired = Wired { emulator, bites: Vec::new(), ticks: [0; SEGMENTS_MAX], booted: false, failed: false };
        Ok(Self(Arc::new(Mutex::new(wired))))
    }

    pub fn wired(&self) -> MutexGuard<'_, Wired> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wired {
    fn set(&mut self, pin: Pin, high: bool) {
        let set = self.emulator.set(pin, high);
        self.note(set);
    }

    fn note<T>(&mut self, done: Result<T, String>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(why) => {
                if !std::mem::replace(&mut self.failed, true) {
                    eprintln!("{why}; its lane stands still");
                }
                None
            }
        }
    }

    fn reset(&mut self) {
        let reset = self.emulator.reset();
        self.note(reset);
        self.booted = true;
    }
}

impl Outside for Emulated {
    fn eye(&mut self, eye: u8, blocked: bool) {
        self.wired().set(wires::eye(eye), !blocked);
    }

    fn encoder(&mut self, segment: u8, ticks: i32) {
        let (a, b) = wires::encoder(segment);
        let mut wired = self.wired();
        for _ in 0..ticks.unsigned_abs() {
            let stands = &mut wired.ticks[usize::from(segment)];
            *stands += i64::from(ticks.signum());
            let (high_a, high_b) = pins_at(*stands);
            wired.set(a, high_a);
            wired.set(b, high_b);
        }
    }

    fn input(&mut self, input: Input, active: bool) {
        let (pin, high_is_active) = wires::contact(input);
        self.wired().set(pin, active == high_is_active);
    }

    fn gate(&mut self, position: GatePosition) {
        let mut wired = self.wired();
        wired.set(wires::GATE_AT_EXAM, position == GatePosition::Exam);
        wired.set(wires::GATE_AT_RELEASE, position == GatePosition::Release);
    }

    fn outputs(&mut self) -> Outputs {
        let mut wired = self.wired();
        let shown = wired.emulator.outputs();
        let Some(levels) = wired.note(shown).map(|shown| shown.levels) else {
            return Outputs::default();
        };
        let high = |pins: u8| levels & pins == pins;
        let lamp = match () {
            () if high(wires::GREEN) => Lamp::Green,
            () if high(wires::AMBER) => Lamp::Amber,
            () if high(wires::BUZZER) => Lamp::RedBlinking, // lit or not just now
            () => Lamp::Red,
        };
        Outputs {
            belt_permit: high(wires::BELT_PERMIT),
            gate_release: high(wires::GATE_RELEASE),
            lamp,
            buzzer: high(wires::BUZZER),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.wired().emulator.send(bytes);
    }

    fn heard(&mut self) -> Vec<u8> {
        let mut wired = self.wired();
        // Its watchdog bit: the reset that a real one would have had by itself.
        let stopped = wired.emulator.stopped();
        if let Some(stopped) = wired.note(stopped).flatten() {
            wired.bites.push(stopped.at);
            wired.reset();
        }
        wired.emulator.heard()
    }

    fn booted(&mut self) -> bool {
        std::mem::take(&mut self.wired().booted)
    }

    fn reset(&mut self) {
        self.wired().reset();
    }
}

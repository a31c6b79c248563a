//! A controller that is not in this process: pins and a cable are all that a lane has of it.
//!
//! What a lane tells a [`Session`] of ours it tells such a one through [`Outside`], in the same order; times are left out,
//! because such a controller has a clock of its own. It may boot whenever it likes, and says so when asked.

use gatepost_firmware::{Controller, GatePosition, Kept, Outputs, Session};
use gatepost_hardware::link::frame::{FRAME_MAX, Receiver};
use gatepost_hardware::link::{Input, Report};
use gatepost_hardware::units::Micros;
use std::collections::VecDeque;

/// Pins and cable of a controller somewhere else. Nothing here waits for longer than a pin takes.
pub trait Outside: Send {
    fn eye(&mut self, eye: u8, blocked: bool);
    /// So many ticks forward, or back.
    fn encoder(&mut self, segment: u8, ticks: i32);
    fn input(&mut self, input: Input, active: bool);
    fn gate(&mut self, position: GatePosition);
    fn outputs(&mut self) -> Outputs;
    fn send(&mut self, bytes: &[u8]);
    /// What it has said since the last call.
    fn heard(&mut self) -> Vec<u8>;
    /// Whether it has booted since the last call.
    fn booted(&mut self) -> bool;
    /// Its watchdog bites.
    fn reset(&mut self);
}

/// Who has the last word at a lane.
#[expect(clippy::large_enum_variant, reason = "there is one to a lane")]
pub(crate) enum Mind {
    /// The firmware library, here.
    Ours(Session<Box<Kept>>),
    Outside {
        controller: Box<dyn Outside>,
        /// As its pins were seen last.
        outputs: Outputs,
        receiver: Receiver,
        /// Its words, whole.
        words: VecDeque<(Report, Vec<u8>)>,
        /// Of the word that comes just now.
        bytes: Vec<u8>,
    },
}

macro_rules! told {
    ($self:ident, $session:ident => $ours:expr, $controller:ident => $outside:expr) => {
        match $self {
            Self::Ours($session) => $ours,
            Self::Outside { controller: $controller, .. } => $outside,
        }
    };
}

impl Mind {
    pub fn outside(controller: Box<dyn Outside>) -> Self {
        let (outputs, receiver) = (Outputs::default(), Receiver::default());
        Self::Outside { controller, outputs, receiver, words: VecDeque::new(), bytes: Vec::new() }
    }

    pub fn raw_edge(&mut self, eye: u8, blocked: bool, now: Micros) {
        told!(self, session => session.raw_edge(eye, blocked, now), controller => controller.eye(eye, blocked));
    }
    pub fn encoder(&mut self, segment: u8, ticks: i32, now: Micros) {
        told!(self, session => session.encoder(segment, ticks, now), controller => controller.encoder(segment, ticks));
    }
    pub fn input(&mut self, input: Input, active: bool, now: Micros) {
        told!(self, session => session.input(input, active, now), controller => controller.input(input, active));
    }
    pub fn gate_feedback(&mut self, position: GatePosition, now: Micros) {
        told!(self, session => session.gate_feedback(position, now), controller => controller.gate(position));
    }
    pub fn receive(&mut self, bytes: &[u8], now: Micros) {
        told!(self, session => session.receive(bytes, now), controller => controller.send(bytes));
    }
    /// A real pin keeps its level; only ours must be told again.
    pub fn wants_levels(&mut self) -> bool {
        told!(self, session => session.wants_levels(), _controller => false)
    }
    pub const fn controller(&self) -> Option<&Controller<Box<Kept>>> {
        told!(self, session => session.controller(), _controller => None)
    }

    pub fn step(&mut self, now: Micros) {
        match self {
            Self::Ours(session) => session.step(now),
            Self::Outside { controller, outputs, .. } => *outputs = controller.outputs(),
        }
    }
    pub fn outputs(&self) -> Outputs {
        match self {
            Self::Ours(session) => session.outputs(),
            Self::Outside { outputs, .. } => *outputs,
        }
    }

    /// The next thing that it says, and its bytes.
    pub fn said(&mut self) -> Option<(Report, Vec<u8>)> {
        match self {
            Self::Ours(session) => {
                let report = session.report()?;
                let mut frame = [0; FRAME_MAX];
                let used = session.encode(&report, &mut frame);
                Some((report, frame[..used].to_vec()))
            }
            Self::Outside { controller, receiver, words, bytes, .. } => {
                for byte in controller.heard() {
                    bytes.push(byte);
                    if let Some(received) = receiver.push::<Report>(byte) {
                        words.push_back((received.message, std::mem::take(bytes)));
                    }
                }
                words.pop_front()
            }
        }
    }

    /// Whether one outside booted by itself.
    pub fn booted(&mut self) -> bool {
        told!(self, _session => false, controller => controller.booted())
    }
}

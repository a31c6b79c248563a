//! Edge interrupts of eyes and encoders, and all levels on request.
//!
//! An interrupt stamps, and acknowledges before it reads for the last time, so that an edge of that very moment comes again
//! instead of being lost.

use crate::clock;
use crate::pins::{EDGE_PORTS, ENCODERS, EYES, INPUT_PORTS, Look, Pin};
use crate::registers::Port;
use gatepost_cortex::shared::Shared;
use gatepost_firmware::board::Levels;
use gatepost_firmware::board::edges::Edge;
use gatepost_firmware::board::seen::Seen;
use gatepost_hardware::units::Micros;
use lm3s6965::interrupt;

static SEEN: Shared<Seen> = Shared::new(Seen::new());

/// Makes inputs inputs and lets eyes and encoders interrupt.
pub fn start() {
    for (port, pins) in INPUT_PORTS {
        let pins = u32::from(pins);
        port.direction().clear(pins);
        port.alternate().clear(pins);
        port.pull_down().set(pins);
        port.digital().set(pins);
    }
    turned(Port::D.levels(), Micros::ZERO); // where the encoders stand
    for (port, pins) in EDGE_PORTS {
        port.both_edges().set(u32::from(pins));
        port.acknowledge(pins);
        port.interrupt_mask().set(u32::from(pins));
    }
}

pub fn next() -> Option<Edge> {
    SEEN.with(|seen| seen.take())
}

pub fn is_empty() -> bool {
    SEEN.with(|seen| seen.is_empty())
}

/// All levels, unless an edge waits: in the queue, or at a port.
pub fn levels() -> Option<(Levels, Micros)> {
    let look = SEEN.with(|seen| {
        let waits = !seen.is_empty() || EDGE_PORTS.iter().any(|(port, _)| port.interrupts() != 0);
        (!waits).then(Look::now)
    });
    look.map(|look| (look.levels(), clock::now()))
}

/// Since boot.
pub fn lost() -> u32 {
    SEEN.with(|seen| seen.lost())
}

fn eyes(port: Port) {
    let at = clock::now();
    let changed = port.interrupts();
    port.acknowledge(changed);
    let levels = port.levels();
    SEEN.with(|seen| {
        for (eye, pin) in EYES.iter().enumerate() {
            if pin.0 == port && changed & pin.bit() != 0 {
                seen.eye(eye as u8, levels & pin.bit() == 0, at);
            }
        }
    });
}

fn turned(levels: u8, at: Micros) {
    let high = |pin: Pin| levels & pin.bit() != 0;
    SEEN.with(|seen| seen.turned(ENCODERS.into_iter().map(|(a, b)| (high(a), high(b))), at));
}

#[interrupt]
fn GPIOB() {
    eyes(Port::B);
}

#[interrupt]
fn GPIOC() {
    eyes(Port::C);
}

#[interrupt]
fn GPIOD() {
    let at = clock::now();
    // Before the acknowledgement and after it: a step between the two is the next step, not two at once.
    turned(Port::D.levels(), at);
    Port::D.acknowledge(0xFF);
    turned(Port::D.levels(), at);
}

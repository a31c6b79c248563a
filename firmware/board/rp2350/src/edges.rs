//! Edge interrupts of eyes and encoders, and all levels on request.
//!
//! One interrupt serves all pins. It stamps, and acknowledges before it reads for the last time, so that an edge of that
//! very moment comes again instead of being lost.

use crate::clock;
use crate::pins::{ENCODER_GROUP, ENCODERS, EYE_GROUPS, EYES, Look};
use crate::registers;
use gatepost_cortex::shared::Shared;
use gatepost_firmware::board::Levels;
use gatepost_firmware::board::edges::Edge;
use gatepost_firmware::board::seen::Seen;
use gatepost_hardware::units::Micros;
use rp235x_hal::pac::interrupt;

static SEEN: Shared<Seen> = Shared::new(Seen::new());

/// Lets eyes and encoders interrupt.
pub fn start() {
    turned(registers::look(), Micros::ZERO); // where the encoders stand
    registers::watch_edges(ENCODER_GROUP, 0xFF);
    for group in EYE_GROUPS {
        let here = EYES.into_iter().map(|pin| pin.place()).filter(|place| place.0 == group);
        registers::watch_edges(group, here.fold(0, |pins, (_, at)| pins | 1 << at));
    }
}

pub fn next() -> Option<Edge> {
    SEEN.with(|seen| seen.take())
}

pub fn is_empty() -> bool {
    SEEN.with(|seen| seen.is_empty())
}

/// All levels, unless an edge waits: in the queue, or at a pin.
pub fn levels() -> Option<(Levels, Micros)> {
    let look = SEEN.with(|seen| {
        let groups = [ENCODER_GROUP, EYE_GROUPS[0], EYE_GROUPS[1]];
        let waits = !seen.is_empty() || groups.iter().any(|group| registers::edges(*group) != 0);
        (!waits).then(registers::look)
    });
    look.map(|look| (look.levels(), clock::now()))
}

/// Since boot.
pub fn lost() -> u32 {
    SEEN.with(|seen| seen.lost())
}

fn turned(look: Look, at: Micros) {
    SEEN.with(|seen| seen.turned(ENCODERS.into_iter().map(|(a, b)| (look.high(a), look.high(b))), at));
}

fn eyes(at: Micros) {
    for group in EYE_GROUPS {
        let changed = registers::edges(group);
        if changed == 0 {
            continue;
        }
        registers::acknowledge(group);
        let look = registers::look();
        SEEN.with(|seen| {
            for (eye, pin) in EYES.into_iter().enumerate() {
                let (of, bit) = pin.place();
                if of == group && changed >> bit & 1 == 1 {
                    seen.eye(eye as u8, !look.high(pin), at);
                }
            }
        });
    }
}

#[interrupt]
fn IO_IRQ_BANK0() {
    let at = clock::now();
    if registers::edges(ENCODER_GROUP) != 0 {
        // Before the acknowledgement and after it: a step between the two is the next step, not two at once.
        turned(registers::look(), at);
        registers::acknowledge(ENCODER_GROUP);
        turned(registers::look(), at);
    }
    eyes(at);
}

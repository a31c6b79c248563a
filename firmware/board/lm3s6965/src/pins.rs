//! Which pin is what: the source of the wiring. Nothing else in this board knows a pin's number.
//!
//! Every input has the chip's pull-down, and every wire is laid so that a cut one reads as the lane's safe side:
//!
//! | what | pins | wired | level 0, and a cut wire |
//! |---|---|---|---|
//! | eyes 0–6, 7–9 (the lane file's order) | PB0–PB6, PC4–PC6 | light-on output of the receiver | blocked: a jam |
//! | encoders of segments 0–3, A then B | PD0/PD1, PD2/PD3, PD4/PD5, PD6/PD7 | push-pull, 90° apart | no step: an encoder fault while the motor runs |
//! | e-stop, guard (a contact of the safety relay) | PE0, PE1 | normally closed | active: stopped |
//! | reset button | PE2 | normally open | not pressed |
//! | exam chute full (eye across the chute) | PE3 | light-on output | full: the feed stops |
//! | radiation, smoke (alarm relay, held while all is well) | PF0, PF1 | normally closed; bridged where there is none | alarm: latched |
//! | gate at exam, gate at release (proximity switches) | PF2, PF3 | normally open | between: a stuck gate |
//! | belt stop (pull cord) | PC7 | normally closed; bridged where there is none | active: stopped |
//! | belt permit (contactor), gate release (valve) | PA2, PA3 | high drives; pulled down outside | off: belts rest, gate at exam |
//! | lamps red, amber, green, buzzer | PA4, PA5, PA6, PA7 | high drives | dark |
//! | the cable, from and to the station | PA0, PA1 | UART0, 115,200 baud 8N1 | silence: the belts stop |
//! | spare; hang pins of the emulator suite's build | PG0, PG1 | – | – |
//!
//! PC0–PC3 and PB7 stay with the debugger.

use crate::registers::Port;
use gatepost_firmware::board::{INPUTS, Levels, Shown};
use gatepost_hardware::lane::{EYES_MAX, SEGMENTS_MAX};

/// A pin: its port, and its bit there.
#[derive(Clone, Copy)]
pub struct Pin(pub Port, pub u8);

pub const EYES: [Pin; EYES_MAX] = [
    Pin(Port::B, 0),
    Pin(Port::B, 1),
    Pin(Port::B, 2),
    Pin(Port::B, 3),
    Pin(Port::B, 4),
    Pin(Port::B, 5),
    Pin(Port::B, 6),
    Pin(Port::C, 4),
    Pin(Port::C, 5),
    Pin(Port::C, 6),
];
/// A and B of each segment's encoder.
pub const ENCODERS: [(Pin, Pin); SEGMENTS_MAX] = [
    (Pin(Port::D, 0), Pin(Port::D, 1)),
    (Pin(Port::D, 2), Pin(Port::D, 3)),
    (Pin(Port::D, 4), Pin(Port::D, 5)),
    (Pin(Port::D, 6), Pin(Port::D, 7)),
];
const RESET: Pin = Pin(Port::E, 2);
/// In the order of [`INPUTS`].
const CONTACTS: [Pin; INPUTS.len()] =
    [Pin(Port::E, 0), Pin(Port::E, 1), RESET, Pin(Port::E, 3), Pin(Port::F, 0), Pin(Port::F, 1), Pin(Port::C, 7)];
const GATE_AT_EXAM: Pin = Pin(Port::F, 2);
const GATE_AT_RELEASE: Pin = Pin(Port::F, 3);

/// The port with every output.
pub const OUTPUTS: Port = Port::A;
pub const BELT_PERMIT: u8 = 1 << 2;
pub const GATE_RELEASE: u8 = 1 << 3;
pub const RED: u8 = 1 << 4;
pub const AMBER: u8 = 1 << 5;
pub const GREEN: u8 = 1 << 6;
pub const BUZZER: u8 = 1 << 7;
pub const ALL_OUTPUTS: u8 = BELT_PERMIT | GATE_RELEASE | RED | AMBER | GREEN | BUZZER;
/// UART0 on the outputs' port.
pub const CABLE: u8 = 0b11;

/// Every port with inputs, and which of its pins are such.
pub const INPUT_PORTS: [(Port, u8); 6] = [
    (Port::B, 0b0111_1111),
    (Port::C, 0b1111_0000),
    (Port::D, 0b1111_1111),
    (Port::E, 0b0000_1111),
    (Port::F, 0b0000_1111),
    (Port::G, 0b0000_0011),
];
/// Ports whose edges are stamped, and which pins: eyes and encoders. All else is looked at in every turn.
pub const EDGE_PORTS: [(Port, u8); 3] = [(Port::B, 0b0111_1111), (Port::C, 0b0111_0000), (Port::D, 0b1111_1111)];

/// The levels of all input ports at one moment.
#[derive(Clone, Copy)]
pub struct Look {
    b: u8,
    c: u8,
    e: u8,
    f: u8,
}

impl Look {
    pub fn now() -> Self {
        Self { b: Port::B.levels(), c: Port::C.levels(), e: Port::E.levels(), f: Port::F.levels() }
    }

    fn high(self, pin: Pin) -> bool {
        let levels = match pin.0 {
            Port::B => self.b,
            Port::C => self.c,
            Port::E => self.e,
            _ => self.f,
        };
        levels & pin.bit() != 0
    }

    /// What the levels mean to the lane.
    pub fn levels(self) -> Levels {
        let high = |pin: Option<&Pin>| pin.is_some_and(|pin| self.high(*pin));
        let (exam, release) = (self.high(GATE_AT_EXAM), self.high(GATE_AT_RELEASE));
        Levels::wired(|eye| high(EYES.get(eye)), |contact| high(CONTACTS.get(contact)), exam, release)
    }
}

impl Pin {
    pub const fn bit(self) -> u8 {
        1 << self.1
    }
}

/// Output levels.
pub fn output_levels(shown: &Shown) -> u8 {
    shown.bits([BELT_PERMIT, GATE_RELEASE, RED, AMBER, GREEN, BUZZER].map(u32::from)) as u8 // of one port
}

//! Which wire goes to which pin of the emulated board: the other end of `firmware/board/lm3s6965/src/pins.rs`.
//!
//! Written down a second time on purpose, as a technician would wire it: a pin that moved in one table only is found by
//! the first test that uses it.

use gatepost_firmware::board::INPUTS as CONTACTS;
use gatepost_hardware::link::Input;

/// Ports from A on, by the addresses of their registers.
pub const PORTS: [u32; 7] = [0x4000_4000, 0x4000_5000, 0x4000_6000, 0x4000_7000, 0x4002_4000, 0x4002_5000, 0x4002_6000];
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;
const E: usize = 4;
const F: usize = 5;
const G: usize = 6;

/// Pins of each port that a wire leads to.
pub const INPUTS: [u8; PORTS.len()] = [0, 0x7F, 0xF0, 0xFF, 0x0F, 0x0F, 0x03];
/// The port with every output, and its pins.
pub const OUTPUTS: usize = 0;
pub const BELT_PERMIT: u8 = 1 << 2;
pub const GATE_RELEASE: u8 = 1 << 3;
pub const RED: u8 = 1 << 4;
pub const AMBER: u8 = 1 << 5;
pub const GREEN: u8 = 1 << 6;
pub const BUZZER: u8 = 1 << 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    pub port: usize,
    pub bit: u8,
    /// Its edges interrupt the processor.
    pub stamped: bool,
}

const fn stamped(port: usize, bit: u8) -> Pin {
    Pin { port, bit, stamped: true }
}
const fn looked_at(port: usize, bit: u8) -> Pin {
    Pin { port, bit, stamped: false }
}

/// High: the eye sees its light.
pub fn eye(eye: u8) -> Pin {
    if eye < 7 { stamped(B, eye) } else { stamped(C, eye - 3) }
}

/// A and B.
pub fn encoder(segment: u8) -> (Pin, Pin) {
    (stamped(D, 2 * segment), stamped(D, 2 * segment + 1))
}

/// The pin of a contact, and whether it is high while the contact is active.
///
/// # Panics
/// For an input that boards have no pin for.
pub fn contact(input: Input) -> (Pin, bool) {
    let pins = [
        looked_at(E, 0),
        looked_at(E, 1),
        looked_at(E, 2),
        looked_at(E, 3),
        looked_at(F, 0),
        looked_at(F, 1),
        looked_at(C, 7),
    ];
    let index = CONTACTS.iter().position(|contact| *contact == input).expect("a contact of the board");
    (pins[index], input == Input::Reset)
}

pub const GATE_AT_EXAM: Pin = looked_at(F, 2);
pub const GATE_AT_RELEASE: Pin = looked_at(F, 3);
/// Only the suite's own image looks at these: high, the main loop hangs; the second with every interrupt off.
pub const HANG: Pin = looked_at(G, 0);
pub const HANG_DEAF: Pin = looked_at(G, 1);

/// A lane at rest: nothing before an eye, every loop closed, the gate at exam.
pub fn at_rest() -> [u8; PORTS.len()] {
    let mut levels = [0; PORTS.len()];
    let mut set = |pin: Pin| levels[pin.port] |= 1 << pin.bit;
    (0..10).map(eye).for_each(&mut set);
    CONTACTS.into_iter().map(contact).filter(|(_, high)| !high).for_each(|(pin, _)| set(pin));
    set(GATE_AT_EXAM);
    levels
}

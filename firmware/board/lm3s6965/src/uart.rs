//! The cable on UART0.

use crate::clock::HERTZ;
use crate::pins::CABLE as PINS;
use crate::registers::{Port, UART0 as ADDRESS};
use gatepost_cortex::cable::Cable;
use lm3s6965::interrupt;

#[allow(unsafe_code, reason = "an address by the data sheet")]
// SAFETY: UART0 is a PL011 and nobody else's; `main` clocks it before it starts the cable.
pub static CABLE: Cable = unsafe { Cable::at(ADDRESS) };

pub fn start() {
    Port::A.alternate().set(u32::from(PINS));
    Port::A.digital().set(u32::from(PINS));
    CABLE.start(HERTZ);
}

#[interrupt]
fn UART0() {
    CABLE.attend();
}

//! The dead-man of the main loop: fed between two turns and nowhere else.
//!
//! A loop that has not come by for [`PERIOD`] loses its outputs at once (the watchdog's interrupt, above all others) and
//! the processor after the same time again. Between the two nothing is believed any more: a late loop cannot feed
//! itself back to life. After a reset all pins are inputs, and what hangs on them is pulled to its safe side outside.

use crate::clock::HERTZ;
use crate::outputs;
use crate::registers::watchdog;
use core::sync::atomic::{AtomicBool, Ordering};
use gatepost_cortex::remembered;
use gatepost_hardware::units::Micros;
use lm3s6965::interrupt;

/// A gate that stands open when the loop hangs is back at exam before the next parcel: 250 mm of gap at 500 mm/s are
/// 500 ms, less 120 ms of swing.
pub const PERIOD: Micros = Micros(250_000);
const LOAD: u32 = PERIOD.0 as u32 * (HERTZ / 1_000_000);
const UNLOCK: u32 = 0x1ACC_E551;

static LATE: AtomicBool = AtomicBool::new(false);

pub fn start() {
    watchdog::LOCK.write(UNLOCK);
    watchdog::LOAD.write(LOAD);
    watchdog::CTL.write(0b11); // interrupt first, reset after the same time again; only a reset turns it off
    watchdog::LOCK.write(0);
}

pub fn feed() {
    if LATE.load(Ordering::Relaxed) {
        return;
    }
    watchdog::LOCK.write(UNLOCK);
    watchdog::ICR.write(1);
    watchdog::LOCK.write(0);
}

#[interrupt]
fn WATCHDOG_TIMER_0() {
    outputs::off_for_good();
    LATE.store(true, Ordering::Relaxed);
    remembered::note_hang();
    // The interrupt stays asked for, and would come again and again: the loop that hangs need not run any more.
    loop {
        cortex_m::asm::wfi();
    }
}

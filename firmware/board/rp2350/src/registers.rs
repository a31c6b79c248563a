//! The chip's registers that this board uses beside its HAL: the one file that is unsafe about them.
//!
//! `rp235x-hal` owns pins by types of their own; a controller looks at all of them at one moment, and so goes to the
//! registers. Each is used here and, after the start, nowhere in the HAL. It knows no meaning: the other files do.

use crate::pins::{ALL_INPUTS, ALL_OUTPUTS, HEAR, Look, SEND};
use rp235x_hal::pac;

/// Edges in a group's interrupt registers, four bits a pin: low, high, fell, rose.
const FELL_OR_ROSE: u32 = 0b1100;

#[allow(unsafe_code, reason = "see the header")]
fn sio() -> &'static pac::sio::RegisterBlock {
    // SAFETY: a block of registers is at this address; reads change nothing, and writes here are of single bits.
    unsafe { &*pac::SIO::ptr() }
}

#[allow(unsafe_code, reason = "see the header")]
fn io() -> &'static pac::io_bank0::RegisterBlock {
    // SAFETY: as above; every register of it is written in this file alone.
    unsafe { &*pac::IO_BANK0::ptr() }
}

#[allow(unsafe_code, reason = "see the header")]
fn pads() -> &'static pac::pads_bank0::RegisterBlock {
    // SAFETY: as above; every register of it is written in this file alone.
    unsafe { &*pac::PADS_BANK0::ptr() }
}

/// All inputs and outputs of the lane become such, and the two of the cable; outputs are low. Pads without pulls: see
/// `pins.rs`.
pub fn give_pins_their_work() {
    write_outputs(0);
    drive_outputs();
    let used = ALL_INPUTS | u64::from(ALL_OUTPUTS);
    for (pin, (line, pad)) in io().gpio_iter().zip(pads().gpio_iter()).enumerate() {
        let cable = pin == usize::from(SEND.0) || pin == usize::from(HEAR.0);
        if !cable && used >> pin & 1 == 0 {
            continue;
        }
        match cable {
            true => line.gpio_ctrl().write(|w| w.funcsel().uart()),
            false => line.gpio_ctrl().write(|w| w.funcsel().sio()),
        };
        // Its isolation last: until then a pad holds what the reset gave it.
        pad.write(|w| w.pde().clear_bit().pue().clear_bit().ie().set_bit().schmitt().set_bit().iso().clear_bit());
    }
}

#[allow(unsafe_code, reason = "bits by the data sheet")]
fn drive_outputs() {
    // SAFETY: a bit is a pin that becomes an output.
    sio().gpio_oe_set().write(|w| unsafe { w.bits(ALL_OUTPUTS) });
}

/// What is off goes off first.
#[allow(unsafe_code, reason = "bits by the data sheet")]
pub fn write_outputs(high: u32) {
    // SAFETY: a bit is a pin; those of the outputs and no others.
    sio().gpio_out_clr().write(|w| unsafe { w.bits(ALL_OUTPUTS & !high) });
    // SAFETY: as above.
    sio().gpio_out_set().write(|w| unsafe { w.bits(ALL_OUTPUTS & high) });
}

pub fn look() -> Look {
    Look(u64::from(sio().gpio_in().read().bits()) | u64::from(sio().gpio_hi_in().read().bits() as u16) << 32)
}

/// Edges of these pins of a group interrupt.
#[allow(unsafe_code, reason = "bits by the data sheet")]
pub fn watch_edges(group: usize, pins: u8) {
    acknowledge(group);
    if let Some(enable) = io().proc0_inte_iter().nth(group) {
        // SAFETY: four bits a pin.
        enable.write(|w| unsafe { w.bits(spread(pins)) });
    }
}

/// Which pins of a group have edges that wait, of those that are watched.
pub fn edges(group: usize) -> u8 {
    let waiting = io().proc0_ints_iter().nth(group).map_or(0, |waiting| waiting.read().bits());
    (0..8).fold(0, |pins, pin| pins | u8::from(waiting >> (4 * pin) & FELL_OR_ROSE != 0) << pin)
}

#[allow(unsafe_code, reason = "bits by the data sheet")]
pub fn acknowledge(group: usize) {
    if let Some(raised) = io().intr_iter().nth(group) {
        // SAFETY: writing an edge's bit clears it; levels ignore it.
        raised.write(|w| unsafe { w.bits(spread(0xFF)) });
    }
}

fn spread(pins: u8) -> u32 {
    (0..8).filter(|pin| pins >> pin & 1 == 1).fold(0, |bits, pin| bits | FELL_OR_ROSE << (4 * pin))
}

/// The microsecond timer's both halves: high, low, and high again.
#[allow(unsafe_code, reason = "see the header")]
pub fn timer() -> (u32, u32, u32) {
    // SAFETY: a block of registers is at this address; reads of the raw counters change nothing.
    let timer = unsafe { &*pac::TIMER0::ptr() };
    (timer.timerawh().read().bits(), timer.timerawl().read().bits(), timer.timerawh().read().bits())
}

//! The processor's clock, and microseconds since boot made of it.
//!
//! 8 MHz crystal, PLL, 50 MHz. SysTick counts down a fifth of a second; its interrupt counts the fifths. 64 bits of
//! microseconds do not come to an end in the board's life. Timer 0 wakes the main loop every millisecond and counts
//! nothing: a wake that comes late makes no clock late.

use crate::registers::{system, timer};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;
use gatepost_cortex::shared::Shared;
use gatepost_hardware::units::Micros;
use lm3s6965::interrupt;

pub const HERTZ: u32 = 50_000_000;
const PER_US: u32 = HERTZ / 1_000_000;
const FIFTH_US: u32 = 200_000;
const RELOAD: u32 = FIFTH_US * PER_US - 1;
const _: () = assert!(RELOAD < 1 << 24);

static FIFTHS: Shared<u32> = Shared::new(0);

/// Full speed (data sheet, 5.2.4.3): bypass, crystal and PLL on, wait for its lock, then use it.
pub fn full_speed() {
    const BYPASS: u32 = 1 << 11;
    const USE_DIVISOR: u32 = 1 << 22;
    const XTAL_8_MHZ: u32 = 0xE << 6;
    const DIVIDE_BY_4: u32 = 3 << 23; // 200 MHz to 50 MHz
    const PLL_LOCKED: u32 = 1 << 6;
    system::RCC.set(BYPASS);
    system::RCC.clear(USE_DIVISOR);
    // Main oscillator on and chosen; PLL powered.
    let kept = system::RCC.read() & !(0xF << 23 | 0xF << 6 | 0b11 << 4 | 1 << 13 | 0b11);
    system::RCC.write(kept | DIVIDE_BY_4 | USE_DIVISOR | XTAL_8_MHZ);
    // Half a millisecond at most; a crystal that never comes leaves the board at its own oscillator's pace, and the
    // watchdog, which is not started yet, cannot help. So: bounded.
    for _ in 0..100_000 {
        if system::RIS.read() & PLL_LOCKED != 0 {
            break;
        }
    }
    system::RCC.clear(BYPASS);
}

pub fn start(mut syst: SYST) {
    syst.set_clock_source(SystClkSource::Core);
    syst.set_reload(RELOAD);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
    timer::CTL.write(0);
    timer::CFG.write(0); // 32 bits
    timer::TAMR.write(2); // periodic
    timer::TAILR.write(HERTZ / 1_000 - 1);
    timer::IMR.write(1);
    timer::CTL.write(1);
}

/// From the main loop or any interrupt.
pub fn now() -> Micros {
    FIFTHS.with(|fifths| {
        let mut count = SYST::get_current();
        let mut whole = *fifths;
        if SCB::is_pendst_pending() {
            // It came round, and its interrupt has not run: the count may be from before.
            count = SYST::get_current();
            whole = whole.wrapping_add(1);
        }
        // Down to 0, where the interrupt is asked for, and on from the top: 0 is where a fifth begins.
        let part = if count == 0 { 0 } else { (RELOAD + 1 - count) / PER_US };
        Micros(u64::from(whole) * u64::from(FIFTH_US) + u64::from(part))
    })
}

#[exception]
fn SysTick() {
    FIFTHS.with(|fifths| *fifths = fifths.wrapping_add(1));
}

#[interrupt]
fn TIMER_0A() {
    timer::ICR.write(1);
}

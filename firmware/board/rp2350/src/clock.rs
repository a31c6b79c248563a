//! Microseconds since boot: the chip's own 64-bit timer. SysTick wakes the main loop every millisecond and counts nothing.

use crate::registers;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use gatepost_hardware::units::Micros;

/// The crystal of every module we know.
pub const CRYSTAL_HERTZ: u32 = 12_000_000;

/// `hertz`: of the processor.
pub fn start(mut syst: SYST, hertz: u32) {
    syst.set_clock_source(SystClkSource::Core);
    syst.set_reload(hertz / 1_000 - 1);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
}

/// From the main loop or any interrupt.
pub fn now() -> Micros {
    let (mut high, mut low, mut again) = registers::timer();
    while high != again {
        (high, low, again) = registers::timer(); // once in 71 minutes
    }
    Micros(u64::from(high) << 32 | u64::from(low))
}

#[exception]
fn SysTick() {}

//! Why the processor began, by the chip's own registers.
//!
//! The watchdog's reason is of the last reset, and zero when that came from outside; then the chip's reset register tells
//! power from the RUN pin and a debugger.

use gatepost_cortex::remembered;
use gatepost_hardware::link::BootCause;
use rp235x_hal::pac::Peripherals;

/// To be called once.
pub fn cause(chip: &Peripherals) -> BootCause {
    let (reason, reset) = (chip.WATCHDOG.reason().read(), chip.POWMAN.chip_reset().read());
    remembered::cause(Some(match () {
        () if reason.timer().bit_is_set() => BootCause::Watchdog,
        () if reason.force().bit_is_set() => BootCause::Other,
        () if reset.had_por().bit_is_set() || reset.had_bor().bit_is_set() => BootCause::PowerOn,
        () => BootCause::Other,
    }))
}

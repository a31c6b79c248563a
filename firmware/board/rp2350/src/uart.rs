//! The cable on UART0.

use gatepost_cortex::cable::Cable;
use rp235x_hal::pac::{RESETS, interrupt};

/// Data sheet, 12.1.
const ADDRESS: u32 = 0x4007_0000;
/// Reads of a register that comes up in a few.
const PATIENCE: u32 = 100_000;

#[allow(unsafe_code, reason = "an address by the data sheet")]
// SAFETY: UART0 is a PL011, and the HAL's is not used.
pub static CABLE: Cable = unsafe { Cable::at(ADDRESS) };

/// `hertz`: of the clock of peripherals.
pub fn start(resets: &mut RESETS, hertz: u32) {
    resets.reset().modify(|_, w| w.uart0().clear_bit());
    for _ in 0..PATIENCE {
        if resets.reset_done().read().uart0().bit_is_set() {
            break;
        }
    }
    CABLE.start(hertz);
}

#[interrupt]
fn UART0_IRQ() {
    CABLE.attend();
}

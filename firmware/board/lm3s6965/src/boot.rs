//! Why the processor began: what the chip's reset-cause register says, which keeps its bits until they are cleared.

use crate::registers::system;
use gatepost_cortex::remembered;
use gatepost_hardware::link::BootCause;

/// To be called once.
pub fn cause() -> BootCause {
    const POWER: u32 = 1 << 1 | 1 << 2; // power-on, brown-out
    const WATCHDOG: u32 = 1 << 3;
    const OTHER: u32 = 1 << 0 | 1 << 4; // the reset pin, software
    let chip = system::RESC.read();
    system::RESC.write(0);
    let causes = [(WATCHDOG, BootCause::Watchdog), (POWER, BootCause::PowerOn), (OTHER, BootCause::Other)];
    // A chip that does not say: the emulator's.
    remembered::cause(causes.into_iter().find(|(bits, _)| chip & bits != 0).map(|(_, cause)| cause))
}

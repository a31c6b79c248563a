//! Why the processor began, and what it kept over that.
//!
//! The lane's memory ([`Kept`]) and two words of our own lie in memory that no start-up code touches. A word says that
//! this board ran before; another that its watchdog bit. The chip's reset-cause register is asked first, and cleared:
//! its bits stay until then.

use crate::registers::system;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering};
use gatepost_firmware::Kept;
use gatepost_hardware::link::BootCause;

const RAN: u32 = 0x6761_7465;
const HUNG: u32 = 0x6875_6E67;

#[allow(unsafe_code, reason = "placed where start-up code writes nothing")]
#[unsafe(link_section = ".uninit.boot")]
static MARK: AtomicU32 = AtomicU32::new(0);

#[allow(unsafe_code, reason = "placed where start-up code writes nothing")]
#[unsafe(link_section = ".uninit.kept")]
static mut KEPT: MaybeUninit<Kept> = MaybeUninit::uninit();

/// To be called once.
pub fn cause() -> BootCause {
    const POWER: u32 = 1 << 1 | 1 << 2; // power-on, brown-out
    const WATCHDOG: u32 = 1 << 3;
    const OTHER: u32 = 1 << 0 | 1 << 4; // the reset pin, software
    let (chip, mark) = (system::RESC.read(), MARK.swap(RAN, Ordering::Relaxed));
    system::RESC.write(0);
    match (chip, mark) {
        (_, HUNG) => BootCause::Watchdog,
        (chip, _) if chip & WATCHDOG != 0 => BootCause::Watchdog,
        (chip, _) if chip & POWER != 0 => BootCause::PowerOn,
        (chip, _) if chip & OTHER != 0 => BootCause::Other,
        // A chip that does not say (the emulator's): what ran before, and was neither pressed nor told to, was bitten.
        (_, RAN) => BootCause::Watchdog,
        _ => BootCause::PowerOn,
    }
}

pub fn note_hang() {
    MARK.store(HUNG, Ordering::Relaxed);
}

/// What the lane is remembered by, whatever lies there: it checks itself.
///
/// To be called once: it gives the only reference there is.
#[allow(unsafe_code, reason = "every bit pattern is a Kept; its own checksums say what of it is believed")]
pub fn kept() -> &'static mut Kept {
    let kept = &raw mut KEPT;
    // SAFETY: `main` calls this once, before anything else could hold a reference, and Kept is plain bytes.
    unsafe { &mut *kept.cast::<Kept>() }
}

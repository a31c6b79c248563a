//! Why the processor began, and what it kept over that.
//!
//! The lane's memory ([`Kept`]) and a word of our own lie in memory that no start-up code touches (`.uninit`). The word says
//! that this board ran before, or that its program gave up. What the chip knows of its reset comes first but for that.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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

static GIVEN: AtomicBool = AtomicBool::new(false);

/// To be called once. `chip`: what its own registers say; `None` where they do not.
pub fn cause(chip: Option<BootCause>) -> BootCause {
    match (MARK.swap(RAN, Ordering::Relaxed), chip) {
        (HUNG, _) => BootCause::Watchdog,
        (_, Some(cause)) => cause,
        // What ran before, and was neither pressed nor told to, was bitten.
        (RAN, None) => BootCause::Watchdog,
        _ => BootCause::PowerOn,
    }
}

/// The program gives up, and the watchdog will end it.
pub fn note_hang() {
    MARK.store(HUNG, Ordering::Relaxed);
}

/// What the lane is remembered by, whatever lies there: it checks itself. A second call never returns, and the watchdog ends
/// it.
#[allow(unsafe_code, reason = "every bit pattern is a Kept; its own checksums say what of it is believed")]
pub fn kept() -> &'static mut Kept {
    while GIVEN.swap(true, Ordering::Relaxed) {}
    let kept = &raw mut KEPT;
    // SAFETY: GIVEN lets one caller through, so this is the only reference, and Kept is plain bytes.
    unsafe { &mut *kept.cast::<Kept>() }
}

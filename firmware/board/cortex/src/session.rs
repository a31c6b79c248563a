//! Where the session lives: in memory of its own, not on the stack, so that the stack's bound is a bound on calls.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};
use gatepost_firmware::{About, Kept, Session};
use gatepost_hardware::lane::{EYES_MAX, Name, SEGMENTS_MAX};
use gatepost_hardware::link::BootCause;

pub type Owned = Session<&'static mut Kept>;

struct Place(UnsafeCell<MaybeUninit<Owned>>);

#[allow(unsafe_code, reason = "one reference is given, once")]
// SAFETY: `unborn` gives the only way in, and only its first caller gets it.
unsafe impl Sync for Place {}

static PLACE: Place = Place(UnsafeCell::new(MaybeUninit::uninit()));
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The session, before it has looked at its memory. To be called once; a second call never returns, and the watchdog ends
/// it. It serves every terminal that a lane may have.
#[allow(unsafe_code, reason = "see the header")]
#[inline(never)] // what is made here first leaves the stack again
pub fn unborn(board: &str, firmware: &str, kept: &'static mut Kept, cause: BootCause) -> &'static mut Owned {
    let about = About {
        board: Name::try_from(board).unwrap_or_default(),
        firmware: Name::try_from(firmware).unwrap_or_default(),
        eyes: EYES_MAX as u8,
        encoders: SEGMENTS_MAX as u8,
    };
    while TAKEN.swap(true, Ordering::Relaxed) {}
    // SAFETY: no other reference exists: TAKEN lets one caller through.
    unsafe { (*PLACE.0.get()).write(Session::unborn(kept, cause, about)) }
}

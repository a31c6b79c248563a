//! How deep the stack has been: painted at boot, looked at from below.
//!
//! A measurement beside the bound that the build works out; what it shows is the deepest so far, not the deepest possible.

const PAINT: u32 = 0x5354_4143;
/// Not painted: what `paint` itself stands on.
const OWN_BYTES: u32 = 256;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

fn bounds() -> (u32, u32) {
    ((&raw const _stack_end) as u32, (&raw const _stack_start) as u32)
}

/// To be called first.
#[allow(unsafe_code, reason = "writes below the stack pointer, where nothing lives")]
pub fn paint() {
    let (end, _) = bounds();
    let here = cortex_m::register::msp::read().saturating_sub(OWN_BYTES) & !3;
    for address in (end..here).step_by(4) {
        // SAFETY: between the stack's end and its pointer there is memory, and nobody's.
        unsafe { core::ptr::write_volatile(address as *mut u32, PAINT) };
    }
}

/// Bytes.
#[allow(unsafe_code, reason = "reads the stack's own memory")]
pub fn used() -> u32 {
    let (end, start) = bounds();
    let untouched = (end..start).step_by(4).take_while(|address| {
        // SAFETY: between the stack's end and its start there is memory.
        unsafe { core::ptr::read_volatile(*address as *const u32) == PAINT }
    });
    size() - 4 * untouched.count() as u32
}

/// Bytes.
pub fn size() -> u32 {
    let (end, start) = bounds();
    start - end
}

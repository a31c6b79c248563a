//! What an interrupt and the main loop share.
//!
//! A value is reached only inside a critical section, and a critical section is a few dozen instructions: nothing
//! here calls out. One processor: a second one would come in all the same.

use core::cell::UnsafeCell;
use cortex_m::interrupt;

pub struct Shared<T>(UnsafeCell<T>);

#[allow(unsafe_code, reason = "one processor; interrupts are off while the value is borrowed")]
// SAFETY: `with` is the only way in, and there only one borrower can run.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// `uses` must not come here again with the same value; it is given no way to.
    #[allow(unsafe_code, reason = "see the header")]
    pub fn with<R>(&self, uses: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: interrupts are off, there is one processor, and no caller in this crate nests two uses of one value.
        interrupt::free(|_| uses(unsafe { &mut *self.0.get() }))
    }
}

//! One memory-mapped register.

/// A 32-bit register at a fixed address.
#[derive(Clone, Copy)]
pub struct Register(u32);

#[allow(unsafe_code, reason = "memory-mapped registers; who makes one vouches for its address")]
impl Register {
    /// # Safety
    /// The address is word-aligned, exists on this chip whenever it is used, and is memory to nobody.
    pub const unsafe fn at(address: u32) -> Self {
        Self(address)
    }
    pub fn read(self) -> u32 {
        // SAFETY: see `at`.
        unsafe { core::ptr::read_volatile(self.0 as *const u32) }
    }
    pub fn write(self, value: u32) {
        // SAFETY: see `at`.
        unsafe { core::ptr::write_volatile(self.0 as *mut u32, value) }
    }
    pub fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }
    pub fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}

//! The registers of the LM3S6965 that this board uses, by the data sheet's names: the one file that reads and writes
//! addresses.
//!
//! A block of registers is a value without contents; its methods are safe because an address of this list exists on
//! this chip, is word-aligned, and is memory to nobody. It knows no meaning: the other files do.

use gatepost_cortex::register::Register;

#[allow(unsafe_code, reason = "every Register of this board is made in this file")]
const fn at(address: u32) -> Register {
    // SAFETY: see the file's header.
    unsafe { Register::at(address) }
}

/// System control (data sheet, chapter 5).
pub mod system {
    use super::{Register, at};
    const BASE: u32 = 0x400F_E000;
    pub const RIS: Register = at(BASE + 0x050);
    pub const RESC: Register = at(BASE + 0x05C);
    pub const RCC: Register = at(BASE + 0x060);
    pub const RCGC0: Register = at(BASE + 0x100);
    pub const RCGC1: Register = at(BASE + 0x104);
    pub const RCGC2: Register = at(BASE + 0x108);
}

/// A GPIO port (chapter 8).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Port(u32);

impl Port {
    pub const A: Self = Self(0x4000_4000);
    pub const B: Self = Self(0x4000_5000);
    pub const C: Self = Self(0x4000_6000);
    pub const D: Self = Self(0x4000_7000);
    pub const E: Self = Self(0x4002_4000);
    pub const F: Self = Self(0x4002_5000);
    pub const G: Self = Self(0x4002_6000);

    /// All eight levels.
    pub fn levels(self) -> u8 {
        self.register(0x3FC).read() as u8
    }
    /// Writes only these pins: the address bus carries the mask.
    pub fn write(self, mask: u8, levels: u8) {
        self.register(u32::from(mask) << 2).write(u32::from(levels));
    }
    pub fn direction(self) -> Register {
        self.register(0x400)
    }
    pub fn both_edges(self) -> Register {
        self.register(0x408)
    }
    pub fn interrupt_mask(self) -> Register {
        self.register(0x410)
    }
    /// Which pins' edges wait, of those that are not masked.
    pub fn interrupts(self) -> u8 {
        self.register(0x418).read() as u8
    }
    pub fn acknowledge(self, pins: u8) {
        self.register(0x41C).write(u32::from(pins));
    }
    pub fn alternate(self) -> Register {
        self.register(0x420)
    }
    pub fn pull_down(self) -> Register {
        self.register(0x514)
    }
    pub fn digital(self) -> Register {
        self.register(0x51C)
    }
    fn register(self, offset: u32) -> Register {
        at(self.0 + offset)
    }
}

/// General-purpose timer 0 (chapter 9).
pub mod timer {
    use super::{Register, at};
    const BASE: u32 = 0x4003_0000;
    pub const CFG: Register = at(BASE);
    pub const TAMR: Register = at(BASE + 0x004);
    pub const CTL: Register = at(BASE + 0x00C);
    pub const IMR: Register = at(BASE + 0x018);
    pub const ICR: Register = at(BASE + 0x024);
    pub const TAILR: Register = at(BASE + 0x028);
}

/// UART0 (chapter 12), a PL011.
pub const UART0: u32 = 0x4000_C000;

/// The watchdog timer (chapter 10).
pub mod watchdog {
    use super::{Register, at};
    const BASE: u32 = 0x4000_0000;
    pub const LOAD: Register = at(BASE);
    pub const CTL: Register = at(BASE + 0x008);
    pub const ICR: Register = at(BASE + 0x00C);
    pub const LOCK: Register = at(BASE + 0xC00);
}

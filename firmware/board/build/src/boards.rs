//! The boards and what they must keep to. A new board is an entry here and a folder beside this one.

pub struct Board {
    /// Its folder, and `gatepost-NAME` its program.
    pub name: &'static str,
    pub target: &'static str,
    /// Features, and what the image is called.
    pub images: &'static [(Option<&'static str>, &'static str)],
    /// Where the processor begins.
    pub entry: &'static str,
    /// Handlers by priority: one of each group may interrupt all groups behind it.
    pub interrupts: &'static [&'static [&'static str]],
    pub flash_max: u32,
    /// Calls of the panic handler that may be in the image.
    pub panics_max: usize,
}

pub const BOARDS: &[Board] = &[Board {
    name: "lm3s6965",
    target: "thumbv7m-none-eabi",
    images: &[(None, "gatepost-lm3s6965.elf"), (Some("hang"), "gatepost-lm3s6965-hanging.elf")],
    entry: "Reset",
    interrupts: &[
        &["HardFault"],
        &["WATCHDOG_TIMER_0"],
        &["SysTick"],
        &["GPIOB", "GPIOC", "GPIOD"],
        &["UART0", "TIMER_0A"],
    ],
    // A quarter of the chip's: what a bootloader and a second image need.
    flash_max: 64 * 1024,
    panics_max: 0,
}];

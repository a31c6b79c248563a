//! The lane controller on an LM3S6965 (Cortex-M3, 50 MHz): the board that the emulator knows.
//!
//! Pins, a clock, a cable, a watchdog; what they mean to a lane is in `gatepost_firmware::board`, and what a lane may do
//! in the library behind it. Nothing here opens a gate.
#![no_std]
#![no_main]

mod boot;
mod clock;
mod edges;
mod outputs;
mod pins;
mod registers;
mod uart;
mod watchdog;

use core::panic::PanicInfo;
use cortex_m::peripheral::NVIC;
use cortex_m::peripheral::scb::SystemHandler;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use gatepost_cortex::{remembered, session, stack};
use gatepost_firmware::board::edges::Edge;
use gatepost_firmware::board::{Board, Levels, Shown};
use gatepost_hardware::units::Micros;
use lm3s6965::Interrupt;
use registers::system;
use uart::CABLE;

struct Lm3s6965;

impl Board for Lm3s6965 {
    fn now(&mut self) -> Micros {
        clock::now()
    }
    fn next_edge(&mut self) -> Option<Edge> {
        edges::next()
    }
    fn edges_lost(&mut self) -> u32 {
        edges::lost()
    }
    fn levels(&mut self) -> Option<(Levels, Micros)> {
        edges::levels()
    }
    fn show(&mut self, shown: Shown) {
        outputs::show(&shown);
    }
    fn hear(&mut self, into: &mut [u8]) -> usize {
        CABLE.hear(into)
    }
    fn room(&mut self) -> usize {
        CABLE.room()
    }
    fn say(&mut self, bytes: &[u8]) {
        CABLE.say(bytes);
    }
}

#[entry]
fn main() -> ! {
    stack::paint();
    let cause = boot::cause();
    clock::full_speed();
    system::RCGC2.set(0x7F); // ports A to G
    system::RCGC1.set(1 << 0 | 1 << 16); // UART0, timer 0
    system::RCGC0.set(1 << 3); // watchdog
    cortex_m::asm::delay(16); // the clocks need some cycles
    outputs::start();
    watchdog::start();
    if let Some(mut core) = cortex_m::Peripherals::take() {
        priorities(&mut core);
        clock::start(core.SYST);
    }
    edges::start();
    uart::start();
    listen();

    let session = session::unborn("lm3s6965", env!("CARGO_PKG_VERSION"), remembered::kept(), cause);
    let feed = || {
        watchdog::feed();
        #[cfg(feature = "hang")]
        hang_when_told();
    };
    gatepost_cortex::serve(session, &mut Lm3s6965, feed, || edges::is_empty() && CABLE.is_quiet());
}

/// The watchdog above all, then edges and the clock that stamps them, then the cable.
#[allow(unsafe_code, reason = "priorities are set before any interrupt is let through")]
fn priorities(core: &mut cortex_m::Peripherals) {
    // SAFETY: no critical section is built on priorities here.
    unsafe {
        core.NVIC.set_priority(Interrupt::WATCHDOG_TIMER_0, 0);
        core.SCB.set_priority(SystemHandler::SysTick, 1 << 5);
        for port in [Interrupt::GPIOB, Interrupt::GPIOC, Interrupt::GPIOD] {
            core.NVIC.set_priority(port, 2 << 5);
        }
        core.NVIC.set_priority(Interrupt::UART0, 3 << 5);
        core.NVIC.set_priority(Interrupt::TIMER_0A, 3 << 5);
    }
}

#[allow(unsafe_code, reason = "every handler's parts are started")]
fn listen() {
    let stamped = [Interrupt::GPIOB, Interrupt::GPIOC, Interrupt::GPIOD];
    let others = [Interrupt::WATCHDOG_TIMER_0, Interrupt::UART0, Interrupt::TIMER_0A];
    for interrupt in stamped.into_iter().chain(others) {
        // SAFETY: no critical section is built on single masks here.
        unsafe { NVIC::unmask(interrupt) };
    }
}

/// The emulator suite's build only: PG0 high, the loop hangs; PG1 high, it hangs with every interrupt off.
#[cfg(feature = "hang")]
fn hang_when_told() {
    let told = registers::Port::G.levels();
    if told & 0b10 != 0 {
        cortex_m::interrupt::disable();
    }
    while told & 0b11 != 0 {
        cortex_m::asm::nop();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    give_up()
}

#[allow(unsafe_code, reason = "the exception's own attribute asks for it")]
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    give_up()
}

/// Outputs off, and the watchdog does the rest.
fn give_up() -> ! {
    cortex_m::interrupt::disable();
    outputs::off_for_good();
    remembered::note_hang();
    loop {
        cortex_m::asm::nop();
    }
}

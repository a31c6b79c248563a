//! The lane controller on an RP2350B (two Cortex-M33, 150 MHz; one of them is used): a module that can be bought.
//!
//! **It has never run.** No emulator of this chip is at hand, so it is built, its flash, stack and panics are looked at,
//! and no more is known of it. What it shares with the board that is emulated (`gatepost_firmware::board`,
//! `gatepost_cortex`) is proved there; what is its own (this folder) is read from the data sheet and the HAL's sources, and
//! is to be tried on a bench by the list in `hardware/wiring/RP2350.md` before a lane relies on it.
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

use core::panic::PanicInfo;
use cortex_m::peripheral::NVIC;
use cortex_m::peripheral::scb::SystemHandler;
use cortex_m_rt::{ExceptionFrame, exception};
use gatepost_cortex::{remembered, session, stack};
use gatepost_firmware::board::edges::Edge;
use gatepost_firmware::board::{Board, Levels, Shown};
use gatepost_hardware::units::Micros;
use rp235x_hal as hal;
use rp235x_hal::Clock;
use rp235x_hal::block::ImageDef;
use rp235x_hal::fugit::MicrosDurationU32;
use rp235x_hal::pac::{Interrupt, Peripherals};
use uart::CABLE;

/// What the boot ROM starts: a program for the Arm cores.
#[allow(unsafe_code, reason = "placed where the boot ROM looks for it")]
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE: ImageDef = ImageDef::secure_exe();

/// A loop that has not come by for so long is ended by a reset, and a reset makes every pin an input: outputs go off by the
/// resistors outside. As on the emulated board, whose reason is the same: a gate that stands open when the loop hangs is
/// back at exam before the next parcel.
const WATCHDOG: MicrosDurationU32 = MicrosDurationU32::micros(250_000);

struct Rp2350;

impl Board for Rp2350 {
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

#[hal::entry]
fn main() -> ! {
    stack::paint();
    let Some(mut chip) = Peripherals::take() else { give_up() };
    let cause = boot::cause(&chip);
    let mut watchdog = hal::Watchdog::new(chip.WATCHDOG);
    let sio = hal::Sio::new(chip.SIO);
    // Out of reset, all of them off.
    let _pins = hal::gpio::Pins::new(chip.IO_BANK0, chip.PADS_BANK0, sio.gpio_bank0, &mut chip.RESETS);
    registers::give_pins_their_work();
    let clocks = hal::clocks::init_clocks_and_plls(
        clock::CRYSTAL_HERTZ,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut chip.RESETS,
        &mut watchdog,
    );
    let Ok(clocks) = clocks else { give_up() }; // dark, outputs off, until somebody looks
    watchdog.start(WATCHDOG);
    let _timer = hal::Timer::new_timer0(chip.TIMER0, &mut chip.RESETS, &clocks);
    if let Some(mut core) = cortex_m::Peripherals::take() {
        priorities(&mut core);
        clock::start(core.SYST, clocks.system_clock.freq().to_Hz());
    }
    edges::start();
    uart::start(&mut chip.RESETS, clocks.peripheral_clock.freq().to_Hz());
    listen();
    let session = session::unborn("rp2350", env!("CARGO_PKG_VERSION"), remembered::kept(), cause);
    gatepost_cortex::serve(session, &mut Rp2350, || watchdog.feed(), || edges::is_empty() && CABLE.is_quiet());
}

/// Edges above all, then the cable; the wake-up last.
#[allow(unsafe_code, reason = "priorities are set before any interrupt is let through")]
fn priorities(core: &mut cortex_m::Peripherals) {
    // SAFETY: no critical section is built on priorities here.
    unsafe {
        core.NVIC.set_priority(Interrupt::IO_IRQ_BANK0, 1 << 4);
        core.NVIC.set_priority(Interrupt::UART0_IRQ, 2 << 4);
        core.SCB.set_priority(SystemHandler::SysTick, 3 << 4);
    }
}

#[allow(unsafe_code, reason = "every handler's parts are started")]
fn listen() {
    for interrupt in [Interrupt::IO_IRQ_BANK0, Interrupt::UART0_IRQ] {
        // SAFETY: no critical section is built on single masks here.
        unsafe { NVIC::unmask(interrupt) };
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

//! What our boards with one Arm Cortex-M processor share, below the lane and above the registers of a chip: memory that
//! outlives a reset, a session in a place of its own and the loop that serves it, a stack that is measured, PrimeCell's
//! serial line, critical sections.
//!
//! It stands apart from `gatepost_firmware` because all of it is unsafe at its bottom, and that library has none. It knows
//! no pin and no address: a board gives it its own.
#![no_std]

pub mod cable;
pub mod register;
pub mod remembered;
pub mod session;
pub mod shared;
pub mod stack;

use gatepost_firmware::board::{Board, Round};
use gatepost_hardware::units::Micros;

/// Between two looks at how deep the stack has been.
const MEASURE: Micros = Micros(1_000_000);

/// Turn after turn, for ever: fed between two turns and nowhere else, and asleep while nothing waits.
pub fn serve(
    session: &'static mut session::Owned,
    board: &mut impl Board,
    mut feed: impl FnMut(),
    idle: impl Fn() -> bool,
) -> ! {
    session.begin();
    let mut round = Round::new();
    let mut measured = Micros::ZERO;
    loop {
        round.turn(session, board);
        feed();
        let now = board.now();
        if now.saturating_sub(measured) > MEASURE {
            measured = now;
            session.note_stack(stack::used(), stack::size());
        }
        // With interrupts off, so that none slips in between looking and sleeping; what waits still wakes.
        cortex_m::interrupt::free(|_| {
            if idle() {
                cortex_m::asm::wfi();
            }
        });
    }
}

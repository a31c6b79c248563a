//! The lane controller as a library: edges in, reports out, no pins.
//!
//! It stands alone because it has the last word: the gate is opened here ([`guard`]) or not at all, whatever the
//! station believes. It is polled, allocates nothing, waits for nothing and reads no clock: whoever owns the pins
//! passes levels, encoder counts and the time, and copies [`Outputs`] to the pins after every call. The same code runs
//! on a board, beside the virtual lane, and inside every test.
//!
//! It refuses to decide about parcels, to start a belt without the local reset input, and to open the gate for
//! anything but one measured parcel with one fresh permit. Silence means exam.
#![cfg_attr(not(test), no_std)]

pub mod belt;
pub mod board;
pub mod controller;
pub mod eyes;
pub mod guard;
pub mod kept;
pub mod lane;
pub mod log;
pub mod passes;
pub mod schedule;
pub mod session;
pub mod zone;

pub use controller::{Controller, Outputs};
pub use guard::GatePosition;
pub use kept::Kept;
pub use lane::Lamp;
pub use session::{About, Session};

/// As many as there is room for; `collect` could panic for all that a compiler knows, and every caller has room for all.
pub(crate) fn bounded<T, const N: usize>(items: impl Iterator<Item = T>) -> heapless::Vec<T, N> {
    let mut list = heapless::Vec::new();
    for item in items.take(N) {
        let _ = list.push(item); // at most N
    }
    list
}

#[cfg(test)]
mod stories;

//! Serial devices on pseudo-terminals, in real time: what the station understands, and what it recognises by itself.
//!
//! Apart from the suite, because a crowd of other tests would cut frames short; one after the other. A machine that stands
//! still cuts them too: a test that fails on one prints NOT RUN with what it saw (`measured`).

#[path = "interop/measured.rs"]
mod measured;
#[path = "interop/devices.rs"]
mod devices;
#[path = "interop/lines.rs"]
mod lines;

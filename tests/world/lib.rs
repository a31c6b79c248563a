//! The world: a lane that does not exist, the station's real code, and time that is only a number.
//!
//! One thread, virtual time, real codec bytes, the firmware library, the pipeline, the ledger on a disk that can tear
//! and fill: from one seed the same run to the bit, a thousand times faster than a belt. What happened is judged by the
//! [`checker`], which reads the virtual lane's truth and the journal's files and knows none of the code in between.

pub mod world;
pub mod bench;
pub mod station;
pub mod label;
pub mod dialect;
pub mod lists;
pub mod crash;
pub mod scenario;
pub mod capture;
pub mod matrix;
pub mod checker;
pub mod mutants;
#[path = "../emulator/lib.rs"]
pub mod emulator;
#[cfg(feature = "rim")]
#[path = "../devices/lib.rs"]
pub mod devices;
#[cfg(feature = "rim")]
#[path = "../central/lib.rs"]
pub mod central;

//! From what a device's bytes said to what a lane can use. The daemon, the world and the bench share it.

use gatepost_hardware::scale::{NoWeight, Reading};
use gatepost_hardware::scanner::Scan;
use gatepost_hardware::units::Grams;

use crate::event::Weighed;
use crate::identify::CodeRead;
use crate::limits::CODE_BYTES_MAX;

/// A scan as a code. Bytes beyond ASCII are read as Latin-1, which keeps every byte apart; a scan longer than any label
/// is damaged.
pub fn code_of(scan: &Scan<'_>) -> CodeRead {
    match scan {
        Scan::Read { payload, aim, .. } if payload.len() <= CODE_BYTES_MAX => {
            CodeRead::Code { text: payload.iter().map(|&byte| char::from(byte)).collect(), aim: *aim }
        }
        Scan::NoRead { .. } => CodeRead::Nothing,
        Scan::Read { .. } | Scan::Fault { .. } => CodeRead::Damaged,
    }
}

/// A reading as a weight. An empty scale weighs no parcel, and says so.
pub fn weighed(reading: &Reading) -> Weighed {
    match reading.stable_weight() {
        Ok(grams) if grams > Grams::ZERO => Weighed::Stable(grams),
        Ok(_) => Weighed::Empty,
        Err(NoWeight::InMotion | NoWeight::NotReady) => Weighed::Moving,
        Err(
            NoWeight::OverRange | NoWeight::UnderRange | NoWeight::OutOfRange | NoWeight::Negative | NoWeight::TooLarge,
        ) => Weighed::OutOfRange,
        Err(_) => Weighed::Nothing,
    }
}

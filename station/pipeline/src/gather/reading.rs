//! From what a device's bytes said to what a lane can use. The daemon, the world and the bench share it.

use gatepost_hardware::scale::{NoWeight, Reading, ScaleReport};
use gatepost_hardware::scanner::Scan;
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::{Grams, Micros};

use crate::event::Weighed;
use crate::identify::CodeRead;
use crate::judge::Token;
use crate::limits::CODE_BYTES_MAX;
use crate::weighing::Said;

/// The data of one code, scanned or found in a picture. Bytes beyond ASCII are read as Latin-1, which keeps every byte apart;
/// more than any label holds is damaged.
pub fn code_of_bytes(data: &[u8], aim: Option<Aim>) -> CodeRead {
    if data.len() > CODE_BYTES_MAX {
        return CodeRead::Damaged;
    }
    CodeRead::Code { text: data.iter().map(|&byte| char::from(byte)).collect(), aim }
}

/// A scan as a code. What a reader says about itself is no code, and no reading at all.
pub fn code_of(scan: &Scan<'_>) -> Option<CodeRead> {
    match scan {
        Scan::Read { payload, aim, .. } => Some(code_of_bytes(payload, *aim)),
        Scan::NoRead { .. } => Some(CodeRead::Nothing),
        Scan::Fault { .. } => Some(CodeRead::Damaged),
        Scan::Identity { .. } | Scan::Answer { .. } => None,
    }
}

/// One scale's line: who speaks on it, and what each of its words is to a lane.
#[derive(Clone, Debug, Default)]
pub struct Hearsay {
    serial: Option<Token>,
}

/// What a lane is told of a scale: what its word was taken for, and the word.
pub type Heard = (Weighed, Option<Box<Said>>);

impl Hearsay {
    /// When the word began, and what it is to a lane. Whatever is not a reading is no weight: a word that could not be
    /// read, a zero or a tare that changed, a scale that restarted or named itself.
    pub fn take(&mut self, report: &ScaleReport) -> (Micros, Heard) {
        match report {
            ScaleReport::Reading(reading) => {
                let said = Said::of(reading, self.serial.as_ref());
                (reading.at, (weighed(reading), Some(Box::new(said))))
            }
            ScaleReport::Identity { at, serial } => {
                self.serial = Some(Token::clipped(serial));
                (*at, NO_WEIGHT)
            }
            ScaleReport::Zero { at, .. }
            | ScaleReport::Tare { at, .. }
            | ScaleReport::TareCleared { at, .. }
            | ScaleReport::Fault { at, .. } => (*at, NO_WEIGHT),
        }
    }

    /// The line went away: the next to speak on it may be another scale.
    pub fn hang_up(&mut self) -> Heard {
        self.serial = None;
        NO_WEIGHT
    }
}

const NO_WEIGHT: Heard = (Weighed::Nothing, None);

/// A reading as a weight. An empty scale weighs no parcel, and says so; one under a tare cannot say even that.
pub fn weighed(reading: &Reading) -> Weighed {
    match reading.stable_weight() {
        Ok(grams) if grams > Grams::ZERO => Weighed::Stable(grams),
        Ok(_) => Weighed::Empty,
        Err(NoWeight::InMotion | NoWeight::NotReady) => Weighed::Moving,
        Err(
            NoWeight::OverRange | NoWeight::UnderRange | NoWeight::OutOfRange | NoWeight::Negative | NoWeight::TooLarge,
        ) => Weighed::OutOfRange,
        Err(NoWeight::Tared) => Weighed::Tared,
        Err(_) => Weighed::Nothing,
    }
}

//! What really happened, in order: what an independent checker reads.
//!
//! Nothing here passed through an eye, a codec or an opinion, except the pass number in [`Happened::Passed`], which is
//! the controller's word for a crossing and is needed to name it.

use crate::ailments::Cell;
use crate::device::{ImageEvent, LabelEvent};
use crate::faults::Fault;
use gatepost_hardware::units::Micros;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chute {
    Release,
    Exam,
}

/// On the world's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub at: Micros,
    pub what: Happened,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// Its nose met the entry eye for the first time; `order` from 1.
    Entered {
        parcel: u32,
        order: u32,
    },
    /// The controller calls its crossing `pass`, in its boot number `boot`. Parcels that the eye saw as one share it;
    /// a parcel that the eye did not see has none.
    Passed {
        parcel: u32,
        boot: u32,
        pass: u32,
    },
    /// Its nose met the gate, which stood on this side.
    Diverted {
        parcel: u32,
        chute: Chute,
    },
    /// The gate moved while it was across, or stood between its ends when it came.
    MovedUnder {
        parcel: u32,
    },
    /// Its tail passed the exit eye of this chute.
    Left {
        parcel: u32,
        chute: Chute,
    },
    /// Taken off the belt by hand.
    Removed {
        parcel: u32,
    },
    /// Put on the belt by hand behind the entry eye; `at_mm` of the lane's axis.
    Inserted {
        parcel: u32,
        at_mm: i32,
    },
    /// An officer took it out of the exam chute.
    Taken {
        parcel: u32,
    },
    /// The scanner saw its label.
    Read {
        parcel: u32,
        text: String,
    },
    /// The scanner's trigger ended without a code.
    NoRead {
        parcel: u32,
    },
    /// A camera took a picture of its label.
    Pictured {
        picture: LabelEvent,
    },
    /// The scale sent a weighing; `parcels` were on it.
    Weighed {
        parcels: Vec<u32>,
        grams: i64,
        stable: bool,
    },
    /// A scale's bytes are on their way, whatever became of them on the line; the first reaches the station at `arrives`.
    Sent {
        device: u8,
        arrives: Micros,
        bytes: Vec<u8>,
    },
    /// The X-ray machine took an image; with `sent` false nobody will ever see it.
    Imaged {
        image: ImageEvent,
        sent: bool,
    },
    /// A fault had to do with this parcel: with itself, or (`direct` false) with its neighbour.
    Touched {
        parcel: u32,
        fault: Fault,
        direct: bool,
    },
    /// A sick device may have had to do with this parcel: with itself, or (`direct` false) with its neighbour.
    Ailed {
        parcel: u32,
        cell: Cell,
        direct: bool,
    },
    /// The controller counted a pass where nobody was, beside a sick device.
    Counted {
        boot: u32,
        pass: u32,
    },
    /// The belts were allowed to run, or not any more.
    Belts {
        run: bool,
    },
    /// The gate's pin: told to stand at release, or at exam.
    Gate {
        release: bool,
    },
    /// Somebody turned the belts back.
    Reverse,
    ControllerBoot {
        boot: u32,
    },
    /// This boot of the controller goes by this epoch in the station's records; said again when it was asked again.
    Configured {
        boot: u32,
        epoch: u32,
    },
    Cable {
        cut: bool,
    },
    /// The reset input at the lane was pressed.
    Reset,
    ChuteFull {
        full: bool,
    },
}

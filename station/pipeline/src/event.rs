//! All that can happen to a lane and all that the pipeline can want: two closed enums.
//!
//! Events carry times, never read them. What a device said arrives with the monotonic time of its first byte.

use gatepost_hardware::link::station::Word;
use gatepost_hardware::link::{Action, Command, Report, VERSIONS};
use gatepost_hardware::units::{Grams, Micros, Millimetres, WallMs};
use serde::{Deserialize, Serialize};

use crate::divert::Permit;
use crate::identify::CodeRead;
use crate::judge::{Aed, Declared, ExamAll, Fault, Hold, Image, Lists, MailClass, Previous, Token};
use crate::pass::PassKey;
use crate::record::{Pending, Recorded};
use crate::ruleset::Ruleset;
use crate::weighing::Said;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The only clock the pipeline sees.
    Pulse {
        mono: Micros,
        wall: WallMs,
        clock: ClockState,
    },
    Controller {
        mono: Micros,
        report: Report,
    },
    /// The cable is down: until it is up again nobody watches the belt.
    CableLost {
        mono: Micros,
    },
    Code {
        mono: Micros,
        device: u8,
        code: CodeRead,
    },
    /// A camera's picture of a label, looked at: `mono` is when its file was finished, not when it had been read.
    Picture {
        mono: Micros,
        device: u8,
        picture: LabelPicture,
    },
    Weight {
        mono: Micros,
        device: u8,
        weighed: Weighed,
        /// The scale's own words; nothing where it said none.
        said: Option<Box<Said>>,
    },
    /// A complete image file: `mono` is when the scanner closed it.
    Image {
        mono: Micros,
        device: u8,
        image: ImageFile,
    },
    /// What the model made of an image.
    Assessed {
        image: u32,
        assessed: Image,
    },
    Matched {
        pass: PassKey,
        answer: Box<Matched>,
    },
    /// A list came into force: everything between entry and diverter is looked up again.
    ListsChanged,
    /// A rule pack came into force: every parcel whose first decision is still to come is judged by it.
    Rules(Box<Ruleset>),
    /// Central sends everything on this lane to exam for a while; nothing: not any more.
    ExamAll(Option<Box<ExamAll>>),
    Recorded(Recorded),
    /// The ledger could not store this: the disk is full or failing.
    Unrecorded(Pending),
    /// The ledger stores again.
    LedgerReady,
    /// A device or part of the station stopped working, or works again.
    Part {
        fault: Fault,
        failed: bool,
    },
    Officer {
        officer: Token,
        action: OfficerAction,
    },
}

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Effect {
    Record(Pending),
    /// The only effect that can open the gate; made from a durable decision (`divert`).
    Permit(Permit),
    Order(Order),
    /// Ask the lists; answer with [`Event::Matched`].
    Lookup {
        pass: PassKey,
        item: Option<Token>,
    },
}

/// A word to the controller that cannot release anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Hello,
    /// A part of the lane map: always [`Command::Map`].
    Map(Command),
    Configure {
        crc: u32,
        epoch: u32,
    },
    Inventory,
    Beat,
    TimeSync {
        host: Micros,
    },
    Resend {
        from: u32,
    },
    Revoke {
        permit: u32,
    },
    Stop,
    StopInPlace {
        pass: u32,
    },
    Forget {
        epoch: u32,
        pass: u32,
    },
}

impl From<Order> for Word {
    fn from(order: Order) -> Self {
        match order {
            Order::Hello => Word::Ask(Command::Hello { lowest: VERSIONS.0, highest: VERSIONS.1 }),
            Order::Map(part) => Word::Ask(part),
            Order::Configure { crc, epoch } => Word::Ask(Command::Configure { crc, epoch }),
            Order::Inventory => Word::Ask(Command::Inventory),
            Order::Beat => Word::Ask(Command::Beat),
            Order::TimeSync { host } => Word::Ask(Command::TimeSync { host }),
            Order::Resend { from } => Word::Ask(Command::Resend { from }),
            Order::Revoke { permit } => Word::Act(Action::Revoke { permit }),
            Order::Stop => Word::Act(Action::Stop),
            Order::StopInPlace { pass } => Word::Act(Action::StopInPlace { pass }),
            Order::Forget { epoch, pass } => Word::Act(Action::Forget { epoch, pass }),
        }
    }
}

/// Whether dates can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    #[default]
    Untrusted,
    Trusted,
}

/// What a scale said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighed {
    Stable(Grams),
    /// At rest on zero: nothing is on the scale.
    Empty,
    Moving,
    OutOfRange,
    /// At rest, with a tare taken off: neither a parcel's weight nor an empty scale.
    Tared,
    /// Not a weight: fault, no unit, no answer.
    Nothing,
}

/// An image in the evidence store. The pipeline never sees pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFile {
    /// Counts images of this station run.
    pub id: u32,
    /// BLAKE3 of the file, in hex.
    pub digest: Token,
    /// The scanner's own count, where it numbers its images.
    pub number: Option<u32>,
    /// Length of belt that the image shows with something on it.
    pub length_mm: Millimetres,
    /// How many objects lie side by side in it; 1 where unknown.
    #[serde(default = "one")]
    pub objects: u8,
}

const fn one() -> u8 {
    1
}

/// One picture of a label: one reading, of however many codes. It shows a name and an address, so the pipeline never sees
/// it, and what it is named by means nothing once the store that keeps it has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelPicture {
    /// The personal store's digest of the file, in hex; nothing where it could not be opened.
    pub digest: Option<Token>,
    /// Every code in it; else one read that says why there is none.
    pub reads: Vec<CodeRead>,
}

impl LabelPicture {
    /// Whether a code was seen in it, read or not.
    pub fn shows_code(&self) -> bool {
        self.reads.iter().any(|read| !matches!(read, CodeRead::Nothing | CodeRead::NoPicture))
    }
}

/// What the lists know about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    pub holds: Vec<Hold>,
    pub aed: Aed,
    pub declared: Declared,
    /// Where the post says what it is; else the item id tells.
    pub mail_class: Option<MailClass>,
    pub trusted_shipper: bool,
    pub previous: Previous,
    pub lists: Lists,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfficerAction {
    /// Clear on screen: `verdict` is the digest of the verdict the officer was shown.
    Clear {
        pass: PassKey,
        verdict: Token,
        every_view_seen: bool,
    },
    /// The parcel was taken off the belt by hand.
    Removed {
        pass: PassKey,
    },
    StopBelt,
}

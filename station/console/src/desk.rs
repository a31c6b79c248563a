//! The one trait through which the pages reach the station, and the picture of the station they are drawn from.
//!
//! Apart from the pages because the daemon implements it and the pages must not know how. What passes here is whole:
//! restricted reasons and test threats included. What a reader may see of it is decided in `shown`, nowhere else. There
//! is no way through this trait to release anything: an officer's action is a wish that the lane's mind grants or denies.

use gatepost_pipeline::drive::{Grams, LaneView, Millimetres};
use gatepost_pipeline::event::OfficerAction;
use gatepost_pipeline::judge::{Fault, Inputs, MailClass, Token, Verdict};
use gatepost_pipeline::pass::{LaneName, PassKey};
use gatepost_pipeline::record::WallMs;
use gatepost_pipeline::weighing::Alibis;
use serde::Serialize;
use tokio::sync::watch;

/// What the pages ask of the station. Called from the pages' tasks: answers at once, from memory (the image excepted).
pub trait Desk: Send + Sync + 'static {
    /// The station as it is now: a copy, so that no page can hold a lane up.
    fn view(&self) -> StationView;

    /// A picture for the browser: the PNG of this evidence, coloured by material. `digest` is 64 hexadecimal digits in
    /// lower case, already checked. Nothing when there is no such evidence or it cannot be shown. May read a file; is
    /// called where blocking is allowed.
    fn image(&self, digest: &str) -> Option<Vec<u8>>;

    /// Passes an officer's wish on to the lane, which decides and records it, denied or not. `Ok` means the lane has
    /// been asked; what came of it shows in the view.
    ///
    /// # Errors
    /// [`Denied`], when it could not be asked: a sentence for the officer.
    fn act(&self, wish: Wish) -> Result<(), Denied>;

    /// A request that the pages refused before it reached the lane (wrong token, other origin, not at the station).
    /// To be recorded as a denied action (promise 10). Called at most once a second; `times` counts those since.
    fn refused(&self, refusal: Refusal);

    /// A counter that moves whenever the view has changed. The pages look at most five times a second.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// What an officer wants of one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub lane: LaneName,
    /// Who: until there are accounts, always `station-screen`.
    pub officer: Token,
    pub action: OfficerAction,
}

/// Why a wish could not be passed on, for the officer to read: what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

/// A request the pages refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One word a record can hold: `token`, `origin`, `form`, `peer`, `host`.
    pub why: &'static str,
    /// Address of who asked.
    pub peer: String,
    /// How many of them since the last one told.
    pub times: u64,
}

/// Everything the pages show of a station.
#[derive(Clone, Debug, Default)]
pub struct StationView {
    pub station: String,
    pub software: String,
    /// The station's wall clock when this was made.
    pub now: WallMs,
    /// Whether that clock is to be believed.
    pub clock_trusted: bool,
    /// Minutes that the facility's civil time is ahead of UTC.
    pub utc_offset_min: i32,
    pub lanes: Vec<LaneView>,
    /// Parcels in the exam chutes, in physical order: the one to take first is first.
    pub exam_queue: Vec<Queued>,
    /// The newest first; a few are enough.
    pub decisions: Vec<Decided>,
    pub devices: Vec<Device>,
    pub uplink: Uplink,
    pub ledger: Ledger,
    pub lists: Vec<ListAge>,
    /// What does not work, the gravest first. Empty means that everything does.
    pub degraded: Vec<Degraded>,
}

/// One parcel in an exam chute, readable or not.
#[derive(Clone, Debug)]
pub struct Queued {
    pub pass: PassKey,
    pub item: Option<Token>,
    /// Nothing for a parcel whose decision was lost with the station (reason *restart*).
    pub verdict: Option<Verdict>,
    pub mail_class: MailClass,
    pub length_mm: Option<Millimetres>,
    pub weight_g: Option<Grams>,
    pub image: Option<ImageRef>,
    /// Since when it has been in the chute.
    pub since: WallMs,
}

/// One decision, durable or on its way to the disk.
#[derive(Clone, Debug)]
pub struct Decided {
    pub pass: PassKey,
    pub at: WallMs,
    /// Number of its record; nothing while it is on its way to the disk.
    pub seq: Option<u64>,
    pub inputs: Inputs,
    /// The weights behind the inputs, as the scale showed them.
    pub weights: Alibis,
    pub verdict: Verdict,
    pub image: Option<ImageRef>,
}

/// An image and the size in which its detections are measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// BLAKE3 of the evidence file, 64 hexadecimal digits in lower case.
    pub digest: Token,
    /// Size of the image as captured, in pixels; 0 when unknown, and then no boxes are drawn.
    pub width_px: u32,
    pub height_px: u32,
}

/// A device as the technician knows it.
#[derive(Clone, Debug)]
pub struct Device {
    pub name: String,
    /// What it is, in the officer's words: "X-ray", "scanner", "scale", "lane controller".
    pub kind: String,
    pub works: bool,
    /// Since when it works or does not.
    pub since: Option<WallMs>,
    /// When it does not work: what is wrong and what to do. Otherwise a short "what it last said", or nothing.
    pub says: String,
}

/// The link to central operations, and what waits to be sent over it.
#[derive(Clone, Debug, Default)]
pub struct Uplink {
    pub connected: bool,
    /// Since when it has been so.
    pub since: Option<WallMs>,
    /// What is wrong, when it is not connected.
    pub trouble: Option<String>,
    pub backlog: Backlog,
    /// Records that central has acknowledged.
    pub acked: u64,
}

/// Records that central does not have yet, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backlog {
    pub alert: u64,
    pub disposition: u64,
    pub decision: u64,
    pub health: u64,
}

impl Backlog {
    pub const fn total(self) -> u64 {
        self.alert + self.disposition + self.decision + self.health
    }
}

/// The station's memory.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub health: LedgerHealth,
    /// Number of the newest durable record.
    pub last_seq: Option<u64>,
    /// Free space where it writes.
    pub free_bytes: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LedgerHealth {
    #[default]
    Starting,
    Writes,
    /// Nothing can be stored; every parcel goes to exam.
    Full,
    Failing {
        says: String,
    },
}

/// One list the station matches against, and how old it is.
#[derive(Clone, Debug)]
pub struct ListAge {
    /// "holds", "declarations", "rules".
    pub name: String,
    pub version: String,
    /// Nothing while there is none, or its age is unknown.
    pub age_s: Option<u64>,
    /// Older than its limit, missing or being rebuilt: parcels that need it go to exam.
    pub stale: bool,
}

/// A part that does not work, in four sentences an officer can act on.
#[derive(Clone, Debug)]
pub struct Degraded {
    /// The part, where it is one of the pipeline's.
    pub fault: Option<Fault>,
    /// "The X-ray gives no pictures."
    pub what: String,
    /// "Parcels are read, weighed and matched; all of them go to exam."
    pub still_works: String,
    pub since: Option<WallMs>,
    /// "Check that the tunnel is switched on, then press Reset at the lane."
    pub to_do: String,
}

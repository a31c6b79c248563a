//! What the officer at the screen may see of the station: cut to bounds, put in words, secrets left out.
//!
//! Apart from the markup because this is where promise 12 is kept on the page: every verdict passes
//! [`Verdict::seen_by`](gatepost_pipeline::judge::Verdict::seen_by), so that a restricted reason looks like its cover;
//! hold entries and test threats have no field here at all. The page and `/view.json` are both made from this and from
//! nothing else.

mod focus;
mod lane;

use gatepost_pipeline::drive::LaneView;
use gatepost_pipeline::judge::{Fault, MailClass, Outcome, Verdict, Viewer};
use gatepost_pipeline::pass::life::State;
use gatepost_pipeline::record::WallMs;
use serde::Serialize;

pub use focus::{Clearing, Compared, Find, Focus, Said};
pub use lane::{AlarmShown, DeviceOnLane, Eye, Lane, OnBelt, Segment};

use crate::desk::{Decided, Degraded, Device, ImageRef, Ledger, LedgerHealth, ListAge, Queued, StationView, Uplink};
use crate::limits::*;
use crate::words;

/// The officer at the station's screen. Groups come with accounts; until then no one here belongs to one.
const VIEWER: Viewer<'static> = Viewer { officer: true, groups: &[] };

/// Where a parcel goes, as everybody at the belt sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    Undecided,
    Release,
    Exam,
    StopInPlace,
}

impl Route {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Release => Self::Release,
            Outcome::Exam => Self::Exam,
            Outcome::StopInPlace => Self::StopInPlace,
        }
    }
    /// The letter that stands for it wherever colour does.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Undecided => "?",
            Self::Release => "R",
            Self::Exam => "X",
            Self::StopInPlace => "S",
        }
    }
    pub const fn word(self) -> &'static str {
        match self {
            Self::Undecided => "Undecided",
            Self::Release => "Release",
            Self::Exam => "Exam",
            Self::StopInPlace => "Stop in place",
        }
    }
    /// Its class in the stylesheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Release => "release",
            Self::Exam => "exam",
            Self::StopInPlace => "stop",
        }
    }
}

/// How much a strip or banner must be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Good,
    Warn,
    Bad,
}

#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub station: String,
    pub software: String,
    pub time: String,
    pub clock_trusted: bool,
    pub lanes: Vec<Lane>,
    pub queue: Vec<InChute>,
    /// Parcels in the chutes beyond those in `queue`.
    pub queue_more: usize,
    pub focus: Option<Focus>,
    /// The newest decisions, the focus among them.
    pub recent: Vec<Brief>,
    pub devices: Vec<DeviceShown>,
    pub uplink: UplinkShown,
    pub ledger: LedgerShown,
    pub lists: Vec<ListShown>,
    pub degraded: Vec<DegradedShown>,
}

/// One parcel in an exam chute.
#[derive(Clone, Debug, Serialize)]
pub struct InChute {
    pub pass: String,
    pub item: Option<String>,
    pub route: Route,
    pub why: String,
    pub length: Option<String>,
    pub weight: Option<String>,
    pub image: Option<String>,
    pub since: String,
}

/// One decision in a line.
#[derive(Clone, Debug, Serialize)]
pub struct Brief {
    pub pass: String,
    pub item: Option<String>,
    pub route: Route,
    pub why: String,
    pub ago: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct DeviceShown {
    pub name: String,
    pub kind: String,
    pub works: bool,
    pub since: Option<String>,
    pub says: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct UplinkShown {
    pub connected: bool,
    pub since: Option<String>,
    pub trouble: Option<String>,
    pub backlog: crate::desk::Backlog,
    pub acked: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct LedgerShown {
    pub tone: Tone,
    pub says: String,
    pub last_seq: Option<u64>,
    pub free: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ListShown {
    pub name: String,
    pub version: String,
    pub age: Option<String>,
    pub stale: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DegradedShown {
    pub tone: Tone,
    pub what: String,
    pub still_works: String,
    pub since: Option<String>,
    pub to_do: String,
}

impl Shown {
    /// The station as the officer at its screen may see it.
    pub fn of(view: &StationView) -> Self {
        let queue = view.exam_queue.iter().take(QUEUE_SHOWN_MAX).map(|queued| in_chute(queued, view.now)).collect();
        let decisions = newest_per_pass(&view.decisions);
        Self {
            station: words::clipped(&view.station),
            software: words::clipped(&view.software),
            time: words::clock(view.now, view.utc_offset_min),
            clock_trusted: view.clock_trusted,
            lanes: view.lanes.iter().take(LANES_MAX).map(|lane| lane::of(lane, view)).collect(),
            queue,
            queue_more: view.exam_queue.len().saturating_sub(QUEUE_SHOWN_MAX),
            focus: focus::choose(&decisions, &view.lanes).map(|decided| focus::of(decided, view)),
            recent: decisions.iter().take(DECISIONS_SHOWN_MAX).map(|decided| brief(decided, view.now)).collect(),
            devices: view.devices.iter().take(DEVICES_SHOWN_MAX).map(|device| device_shown(device, view)).collect(),
            uplink: uplink(&view.uplink, view),
            ledger: ledger(&view.ledger),
            lists: view.lists.iter().take(DEVICES_SHOWN_MAX).map(list).collect(),
            degraded: degraded(view),
        }
    }
    /// Whether nothing is the matter with the station.
    pub fn is_well(&self) -> bool {
        self.degraded.is_empty()
    }
}

/// The newest decision of each pass; one that replaced another hides it.
fn newest_per_pass(decisions: &[Decided]) -> Vec<&Decided> {
    let mut newest: Vec<&Decided> = Vec::new();
    for decided in decisions.iter().take(DECISIONS_USED_MAX) {
        if !newest.iter().any(|known| known.pass == decided.pass) {
            newest.push(decided);
        }
    }
    newest
}

/// The strongest reason as this viewer may know it.
fn why(verdict: &Verdict, class: MailClass) -> String {
    let seen = verdict.seen_by(VIEWER, class);
    match seen.reasons.iter().find(|reason| reason.outcome > Outcome::Release) {
        _ if verdict.cleared_by.is_some() => "Cleared on the image by an officer.".to_owned(),
        Some(reason) => reason.text.to_string(),
        None if verdict.outcome == Outcome::Release => "Nothing speaks against it.".to_owned(),
        None => "No reason is recorded.".to_owned(),
    }
}

fn in_chute(queued: &Queued, now: WallMs) -> InChute {
    InChute {
        pass: queued.pass.to_string(),
        item: queued.item.as_ref().map(|item| words::item(item.as_str())),
        route: queued.verdict.as_ref().map_or(Route::Exam, |verdict| Route::of(verdict.outcome)),
        why: queued.verdict.as_ref().map_or_else(
            || "The station restarted before it was decided.".to_owned(),
            |verdict| why(verdict, queued.mail_class),
        ),
        length: queued.length_mm.map(|length| format!("{} cm", (length.0 + 5) / 10)),
        weight: queued.weight_g.map(|weight| words::grams(weight.0)),
        image: queued.image.as_ref().and_then(picture).map(|(digest, ..)| digest),
        since: words::ago(queued.since, now),
    }
}

fn brief(decided: &Decided, now: WallMs) -> Brief {
    Brief {
        pass: decided.pass.to_string(),
        item: focus::item_of(&decided.inputs).map(words::item),
        route: Route::of(decided.verdict.outcome),
        why: why(&decided.verdict, decided.inputs.mail_class),
        ago: words::ago(decided.at, now),
    }
}

/// Digest and size of an image, if its digest can stand in an address.
fn picture(image: &ImageRef) -> Option<(String, u32, u32)> {
    crate::guard::is_digest(image.digest.as_str())
        .then(|| (image.digest.as_str().to_owned(), image.width_px, image.height_px))
}

fn device_shown(device: &Device, view: &StationView) -> DeviceShown {
    DeviceShown {
        name: words::clipped(&device.name),
        kind: words::clipped(&device.kind),
        works: device.works,
        since: device.since.map(|since| words::ago(since, view.now)),
        says: words::clipped(&device.says),
    }
}

fn uplink(uplink: &Uplink, view: &StationView) -> UplinkShown {
    UplinkShown {
        connected: uplink.connected,
        since: uplink.since.map(|since| words::ago(since, view.now)),
        trouble: uplink.trouble.as_deref().map(words::clipped),
        backlog: uplink.backlog,
        acked: uplink.acked,
    }
}

fn ledger(ledger: &Ledger) -> LedgerShown {
    let (tone, says) = match &ledger.health {
        LedgerHealth::Starting => (Tone::Warn, "Starting".to_owned()),
        LedgerHealth::Writes => (Tone::Good, "Stores".to_owned()),
        LedgerHealth::Full => (Tone::Bad, "Full: stores nothing".to_owned()),
        LedgerHealth::Failing { says } => (Tone::Bad, words::clipped(says)),
    };
    LedgerShown { tone, says, last_seq: ledger.last_seq, free: ledger.free_bytes.map(words::bytes) }
}

fn list(list: &ListAge) -> ListShown {
    ListShown {
        name: words::clipped(&list.name),
        version: words::clipped(&list.version),
        age: list.age_s.map(words::lasting),
        stale: list.stale,
    }
}

/// What the station says does not work, and what follows from the lanes, the clock and the memory all the same: a
/// degraded station must not look well because one of its parts forgot to say so.
fn degraded(view: &StationView) -> Vec<DegradedShown> {
    let mut shown: Vec<DegradedShown> = view.degraded.iter().map(|degraded| said(degraded, view)).collect();
    let is_said = |fault: Fault| view.degraded.iter().any(|degraded| degraded.fault == Some(fault));
    let mut faults: Vec<Fault> = view.lanes.iter().flat_map(|lane| lane.failed.iter().copied()).collect();
    if matches!(view.ledger.health, LedgerHealth::Full | LedgerHealth::Failing { .. }) {
        faults.push(Fault::Disk);
    }
    faults.sort();
    faults.dedup();
    shown.extend(faults.into_iter().filter(|&fault| !is_said(fault)).map(of_fault));
    if !view.clock_trusted {
        shown.push(DegradedShown {
            tone: Tone::Bad,
            what: "The clock is not to be believed.".to_owned(),
            still_works: "The belt runs; what depends on dates goes to exam.".to_owned(),
            since: None,
            to_do: "Nothing at the belt. A technician checks the time service.".to_owned(),
        });
    }
    shown.sort_by_key(|degraded| std::cmp::Reverse(degraded.tone));
    shown.truncate(DEGRADED_SHOWN_MAX);
    shown
}

fn said(degraded: &Degraded, view: &StationView) -> DegradedShown {
    DegradedShown {
        tone: tone_of(degraded.fault),
        what: words::clipped(&degraded.what),
        still_works: words::clipped(&degraded.still_works),
        since: degraded.since.map(|since| words::ago(since, view.now)),
        to_do: words::clipped(&degraded.to_do),
    }
}

fn of_fault(fault: Fault) -> DegradedShown {
    let (what, still_works, to_do) = words::fault(fault);
    DegradedShown {
        tone: tone_of(Some(fault)),
        what: what.to_owned(),
        still_works: still_works.to_owned(),
        since: None,
        to_do: to_do.to_owned(),
    }
}

/// A fault that changes nothing at the belt is not shouted.
const fn tone_of(fault: Option<Fault>) -> Tone {
    match fault {
        Some(Fault::Uplink | Fault::Beacon) => Tone::Warn,
        _ => Tone::Bad,
    }
}

/// Whether a parcel can still be reached on a belt.
fn is_on_belt(lanes: &[LaneView], pass: gatepost_pipeline::pass::PassKey) -> Option<State> {
    let parcels = lanes.iter().flat_map(|lane| &lane.parcels);
    parcels.filter(|parcel| parcel.pass == pass).map(|parcel| parcel.state).find(|state| state.is_on_belt())
}

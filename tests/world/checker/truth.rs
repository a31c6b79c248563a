//! What really happened on one lane, in the few words the checks need.
//!
//! Apart from the virtual lane's log so that a test can write one by hand, and so that one file alone
//! ([`super::from_virtual`]) knows that log.

use std::collections::BTreeMap;

/// How the world's microseconds and the records' wall clock go together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds since 1970 when the world's clock stood at 0.
    pub wall_at_zero_ms: i64,
    /// The world runs this many times as fast as the wall clock.
    pub pace: u32,
    /// Whether the station's clock ran true. When not, nothing is compared with a record's `at`.
    pub trusted: bool,
}

impl Clock {
    /// The wall clock at a moment of the world, rounded down.
    pub fn wall_ms(&self, us: u64) -> i64 {
        self.wall_at_zero_ms + (us / 1_000 / u64::from(self.pace.max(1))) as i64
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chute {
    Release,
    Exam,
}

/// Something that a fault did to a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    pub fault: String,
    /// To itself, or to all that was on the belts; else to a neighbour.
    pub direct: bool,
}

/// One parcel, and what became of it. Times in microseconds of the world's clock.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    pub id: u32,
    /// The item id on its label.
    pub item: String,
    pub readable: bool,
    pub declared: bool,
    /// What is hidden in it; nothing is a clean parcel.
    pub target: Option<String>,
    /// Since when the station has had a hold on its item id.
    pub held_since_us: Option<u64>,
    pub touched: Vec<Touch>,
    pub entered_us: Option<u64>,
    /// Put on the belt behind the entry eye.
    pub inserted_us: Option<u64>,
    /// Its nose met the gate.
    pub diverted: Option<(u64, Chute)>,
    pub left: Option<(u64, Chute)>,
    pub removed_us: Option<u64>,
    /// The gate moved while it was across.
    pub moved_under_us: Option<u64>,
    /// Stable weighings with this parcel alone on the scale.
    pub weighed_g: Vec<i64>,
    /// When the image that shows it was complete.
    pub imaged_us: Option<u64>,
}

impl Parcel {
    /// When it was no longer on the belts.
    pub fn gone_us(&self) -> Option<u64> {
        self.left.map(|(at, _)| at).or(self.removed_us)
    }
    pub fn released(&self) -> bool {
        matches!(self.left, Some((_, Chute::Release)))
    }
    /// When the gate decided its way; the exit where no gate is.
    pub fn diverted_us(&self) -> Option<u64> {
        self.diverted.or(self.left).map(|(at, _)| at)
    }
}

/// The parcel of a crossing that was none: a sick eye made the controller count where nobody was.
pub const NOBODY: u32 = 0;

/// The controller counted a parcel in at the entry eye. Parcels that the eye saw as one share a number.
#[derive(Clone, Debug)]
pub struct Crossing {
    pub at_us: u64,
    pub parcel: u32,
    /// Nothing when that boot of the controller was never given an epoch.
    pub epoch: Option<u32>,
    pub pass: u32,
}

/// What happened to the lane itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneEvent {
    BeltsRun,
    BeltsStop,
    /// The gate's pin: told to stand at release, or at exam.
    GateRelease,
    GateExam,
    /// The local reset was pressed.
    Reset,
    ControllerBoot,
    CableCut,
    CableMended,
}

/// A fault, from when until when, microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub fault: String,
    pub from_us: u64,
    pub until_us: u64,
}

/// Bytes that a scale sent together, and when they reached the station.
#[derive(Clone, Debug)]
pub struct Line {
    pub at_us: u64,
    pub bytes: Vec<u8>,
    /// The same as the scale's display has it, in MT-SICS.
    pub words: String,
}

#[derive(Clone, Debug)]
pub struct Truth {
    /// The lane's name, as in the records.
    pub lane: String,
    pub clock: Clock,
    pub parcels: Vec<Parcel>,
    pub crossings: Vec<Crossing>,
    /// In order of time.
    pub events: Vec<(u64, LaneEvent)>,
    /// BLAKE3 of an image file, in hex: the parcels that it shows whole. Empty: images are not checked.
    pub images: BTreeMap<String, Vec<u32>>,
    /// Everything that the scale sent.
    pub lines: Vec<Line>,
    pub windows: Vec<Window>,
    /// The controller's limit for a station that says nothing, microseconds; nothing where no controller is.
    pub silence_us_max: Option<u64>,
    /// Stretches in which the station did not run.
    pub down: Vec<(u64, u64)>,
    /// Whether the run came to rest: nothing on the belt is waiting for anything any more.
    pub settled: bool,
}

/// How long after an outage what it did may still show, microseconds.
const AFTERMATH_US: u64 = 3_000_000;

impl Truth {
    /// Stretches in which the station could not see all of the belt: it was down, the cable was cut, the controller
    /// started anew.
    pub fn outages(&self) -> Vec<(u64, u64)> {
        // The first boot is no outage: nothing can have been on the belt.
        let boots = self.events.iter().filter(|&&(at, event)| event == LaneEvent::ControllerBoot && at > 0);
        let boots = boots.map(|&(at, _)| (at, at));
        let mut outages: Vec<(u64, u64)> = self.down.iter().copied().chain(self.cuts()).chain(boots).collect();
        outages.iter_mut().for_each(|(_, until)| *until += AFTERMATH_US);
        outages
    }

    /// Stretches in which the cable was cut; the last one may still be.
    pub fn cuts(&self) -> Vec<(u64, u64)> {
        let (mut cuts, mut cut) = (Vec::new(), None);
        for &(at, event) in &self.events {
            match event {
                LaneEvent::CableCut => cut = cut.or(Some(at)),
                LaneEvent::CableMended => cuts.extend(cut.take().map(|from| (from, at))),
                _ => {}
            }
        }
        let last = self.events.last().map_or(0, |&(at, _)| at);
        cuts.extend(cut.map(|from| (from, last)));
        cuts
    }

    pub fn parcel(&self, id: u32) -> Option<&Parcel> {
        // Parcels stand in order of their numbers, from 1; a hand-written truth may leave some out.
        let guess = self.parcels.get((id as usize).wrapping_sub(1)).filter(|parcel| parcel.id == id);
        guess.or_else(|| self.parcels.iter().find(|parcel| parcel.id == id))
    }
}

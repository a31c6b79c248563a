//! From a durable decision to a permit: the only door.
//!
//! A [`Permit`] is made by [`permit`] alone, which eats the [`Recorded`] proof of the very decision it acts on; there is
//! no other way to have one, and none to copy it. Where the parcel is comes from tracking, on the diverter's segment. A
//! lane without a diverter has another door, the officer's eyes: [`show`] makes the leave to show a release.

use gatepost_hardware::lane::{EyeRole, LaneMap};
use gatepost_hardware::link::{self, station::Word};
use gatepost_hardware::units::{Micros, Millimetres};

use crate::judge::Outcome;
use crate::pass::PassKey;
use crate::record::{Decided, Recorded};
use crate::track::Mark;

/// Leave to release one parcel, backed by a durable decision.
#[derive(Debug)]
pub struct Permit {
    door: Door,
    pass: PassKey,
    seq: u64,
}

/// What opens for it.
#[derive(Debug)]
enum Door {
    /// The release chute, by the controller.
    Gate(link::Permit),
    /// The officer's hand: a release on screen or lamp.
    Shown,
}

impl Permit {
    /// What goes over the cable; nothing where an officer's hand is the diverter.
    pub fn word(&self) -> Option<Word> {
        match &self.door {
            Door::Gate(permit) => Some(Word::Act(link::Action::Permit(permit.clone()))),
            Door::Shown => None,
        }
    }
    /// The record's number names the permit: one decision, one permit, and numbers that rise across restarts.
    pub fn id(&self) -> u32 {
        self.seq as u32
    }
    pub fn pass(&self) -> PassKey {
        self.pass
    }
    /// The record that it stands on.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

/// Why a durable decision gives no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPermit {
    NotADecision,
    /// A newer decision of the same pass exists.
    Superseded,
    NotRelease,
    /// The lane has no diverter.
    NoDiverter,
    /// The parcel's place on the diverter's segment, or its length, is not known.
    NotPlaced,
}

/// What a permit needs to know beside the decision.
#[derive(Clone, Copy, Debug)]
pub struct Approach<'a> {
    pub map: &'a LaneMap,
    /// The newest revision of this pass's decision.
    pub revision: u32,
    /// Where the parcel was last seen on the diverter's segment.
    pub mark: Option<Mark>,
    pub length_mm: Option<Millimetres>,
    /// Controller time after which the permit must not be used.
    pub expires: Micros,
}

/// Makes the permit of a release.
///
/// # Errors
/// [`NoPermit`] says why there is none; the proof is used up all the same.
pub fn permit(recorded: Recorded, approach: &Approach<'_>) -> Result<Permit, NoPermit> {
    let decided = release(&recorded, approach.revision)?;
    let map = approach.map;
    let (_, eye) = map.eye(EyeRole::Diverter).ok_or(NoPermit::NoDiverter)?;
    let (mark, length) = approach.mark.zip(approach.length_mm).ok_or(NoPermit::NotPlaced)?;
    if mark.segment != eye.segment {
        return Err(NoPermit::NotPlaced);
    }
    let segment = &map.segments[usize::from(eye.segment)];
    let way = eye.at_mm - mark.at_mm;
    let expected = mark.lead + segment.ticks(way);
    let slack = segment.ticks(crate::track::slack(map, eye.segment, way));
    let permit = link::Permit {
        id: recorded.seq() as u32,
        epoch: decided.pass.epoch,
        pass: decided.pass.pass,
        window_lo: expected - slack,
        window_hi: expected + slack,
        length_mm_min: length - map.items.length_tolerance_mm,
        length_mm_max: length + map.items.length_tolerance_mm,
        expires: approach.expires,
    };
    Ok(Permit { door: Door::Gate(permit), pass: decided.pass, seq: recorded.seq() })
}

/// Makes the leave to show a release to the officer, on a lane without a diverter. `revision`: the newest of this pass.
///
/// # Errors
/// [`NoPermit`] says why there is none; the proof is used up all the same.
pub fn show(recorded: Recorded, revision: u32) -> Result<Permit, NoPermit> {
    let decided = release(&recorded, revision)?;
    Ok(Permit { door: Door::Shown, pass: decided.pass, seq: recorded.seq() })
}

/// The release that this record proves, while it is the newest word.
fn release(recorded: &Recorded, revision: u32) -> Result<Decided, NoPermit> {
    let decided = recorded.decided().ok_or(NoPermit::NotADecision)?;
    if decided.revision != revision {
        return Err(NoPermit::Superseded);
    }
    if decided.outcome != Outcome::Release {
        return Err(NoPermit::NotRelease);
    }
    Ok(decided)
}

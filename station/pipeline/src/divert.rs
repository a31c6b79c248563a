//! From a durable decision to a permit: the only door.
//!
//! A [`Permit`] is made by [`permit`] alone, which eats the [`Recorded`] proof of the very decision it acts on; there is
//! no other way to have one, and none to copy it. Where the parcel is comes from tracking, on the diverter's segment.

use gatepost_hardware::lane::{EyeRole, LaneMap};
use gatepost_hardware::link;
use gatepost_hardware::units::{Micros, Millimetres};

use crate::judge::Outcome;
use crate::record::Recorded;
use crate::track::Mark;

/// Leave to release one parcel, backed by a durable decision.
#[derive(Debug)]
pub struct Permit {
    permit: link::Permit,
    seq: u64,
}

impl Permit {
    /// What goes over the cable.
    pub fn command(&self) -> link::Command {
        link::Command::Permit(self.permit.clone())
    }
    pub fn id(&self) -> u32 {
        self.permit.id
    }
    pub fn pass(&self) -> u32 {
        self.permit.pass
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
    let decided = recorded.decided().ok_or(NoPermit::NotADecision)?;
    if decided.revision != approach.revision {
        return Err(NoPermit::Superseded);
    }
    if decided.outcome != Outcome::Release {
        return Err(NoPermit::NotRelease);
    }
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
        // The record's number names the permit: one decision, one permit, and numbers that rise across restarts.
        id: recorded.seq() as u32,
        epoch: decided.pass.epoch,
        pass: decided.pass.pass,
        window_lo: expected - slack,
        window_hi: expected + slack,
        length_mm_min: length - map.items.length_tolerance_mm,
        length_mm_max: length + map.items.length_tolerance_mm,
        expires: approach.expires,
    };
    Ok(Permit { permit, seq: recorded.seq() })
}

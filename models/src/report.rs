//! Threat Detection Reports (DICOS TDR): what a machine or an officer said of a parcel's pictures, in and out.
//!
//! Stands alone because it speaks to others' equipment: what is read here has been said by somebody else, and
//! [`what_it_means`] is deaf to everything but clear and complete words. It decides no release: "cleared" means that the
//! authors of these reports saw no threat, and the judge has reasons of its own. Regions' bitmaps are passed over.
//!
//! A report is a DICOM object without pixels (NEMA IIC 1, not seen; tags from DICOM PS3.6, shape and words from the
//! libraries that write it, see [`words`]).

mod author;
mod meaning;
mod read;
pub mod words;
mod write;

pub use author::{Author, Moment};
pub use meaning::{Cause, Conflict, Meaning, what_it_means};
pub use read::{ReportError, ReportProblem, decode, read};
pub use write::encode;

use crate::dicom::Reference;
use words::{Ability, Abort, AbortReason, Acquisition, Category, Decision, Exercise, Flag, Kind};

/// One report, as its file says it. Nothing here is believed yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub kind: Kind,
    pub decision: Decision,
    pub abort: Abort,
    pub abort_reasons: Vec<AbortReason>,
    /// How the scan ended that its pictures come from.
    pub acquisition: Acquisition,
    /// Its name, version and settings.
    pub algorithm: Vec<String>,
    /// When it was decided, as the file writes it (DT: `YYYYMMDDHHMMSS` and more).
    pub decided_at: Option<String>,
    pub tip: Tip,
    /// Objects looked at, and those of them that alarm.
    pub objects_total: Option<u16>,
    pub objects_alarm: Option<u16>,
    /// The pictures it is about.
    pub pictures: Vec<Reference>,
    pub objects: Vec<Object>,
}

/// Whether the picture was an exercise: a threat was projected into it (TIP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// Nothing is said of one.
    None,
    Exercise(Exercise),
    /// Something is said that nobody knows: it may be one, and its threat may be real.
    Unclear,
}

/// A potential threat object (PTO).
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub id: u16,
    pub judgements: Vec<Judgement>,
    /// One for each picture that shows it.
    pub views: Vec<View>,
}

/// What one algorithm or officer thinks of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub category: Category,
    pub description: Option<String>,
    pub ability: Ability,
    pub flag: Flag,
    /// As the file says it: it may be no probability.
    pub probability: Option<f32>,
}

/// Where an object lies in one picture and what it measures. In DX pictures z means nothing and pixels are the unit; in CT
/// volumes voxels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub picture: Option<Reference>,
    pub region: Option<Region>,
    /// Corners (x, y, z).
    pub polygon: Vec<[f32; 3]>,
    /// In its author's units, as the next: IIC 1 says which. Nothing here computes with them.
    pub mass: Option<f32>,
    pub density: Option<f32>,
    pub z_effective: Option<f32>,
}

/// A box: its first corner and its size, (x, y, z).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    pub base: [f32; 3],
    pub extents: [f32; 3],
}

#[cfg(test)]
mod tests;

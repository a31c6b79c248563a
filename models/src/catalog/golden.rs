//! Golden pictures: what the model answered when it was made, so that this machine can show that it still does.

use super::{CatalogError, PackageFault, read_text};
use crate::detections::{Class, Detection};
use crate::formats::{self, Geometry, Image};
use crate::limits;
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// Scores may differ by this much (1/10,000) between machines and number formats.
pub const SCORE_TOLERANCE_E4: u16 = 100;
/// Box sides may differ by this many pixels of the picture.
pub const BOX_TOLERANCE_PX: u32 = 2;

/// One picture and its answer.
#[derive(Clone, Debug)]
pub struct Golden {
    pub name: String,
    pub image: Image,
    pub geometry: Geometry,
    pub detections: Vec<Detection>,
}

/// How an answer differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub name: String,
    pub what: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "golden picture {}: {}", self.name, self.what)
    }
}

#[derive(Deserialize)]
struct Answer {
    name: String,
    width: u32,
    height: u32,
    pitch_um: u32,
    belt_step_um: u32,
    detections: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    class: Class,
    score_e4: u16,
    #[serde(rename = "box")]
    bounds: [u32; 4],
}

pub(super) fn read(folder: &Path) -> Result<Vec<Golden>, CatalogError> {
    let fault = |fault: PackageFault| CatalogError { file: folder.to_path_buf(), fault };
    let entries = std::fs::read_dir(folder).map_err(|_| fault(PackageFault::NoGolden))?;
    let mut answers: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .take(limits::GOLDEN_MAX + 1)
        .collect();
    answers.sort();
    match answers.len() {
        0 => Err(fault(PackageFault::NoGolden)),
        count if count > limits::GOLDEN_MAX => {
            Err(fault(PackageFault::Golden(format!("more than {} golden pictures", limits::GOLDEN_MAX))))
        }
        _ => answers.iter().map(|path| read_one(path)).collect(),
    }
}

fn read_one(path: &Path) -> Result<Golden, CatalogError> {
    let fault = |what: String| CatalogError { file: path.to_path_buf(), fault: PackageFault::Golden(what) };
    let answer: Answer = serde_json::from_str(&read_text(path)?).map_err(|error| fault(error.to_string()))?;
    let image = formats::read(&path.with_extension("low.png")).map_err(|error| fault(error.to_string()))?;
    if (image.width, image.height) != (answer.width, answer.height) {
        return Err(fault(format!("the picture has {} x {} pixels", image.width, image.height)));
    }
    if answer.pitch_um == 0 || answer.belt_step_um == 0 {
        return Err(fault("a pixel without size".into()));
    }
    let geometry = Geometry { pitch_um: answer.pitch_um, belt_step_um: answer.belt_step_um, air_level: None };
    let detections = answer
        .detections
        .into_iter()
        .map(|found| Detection { class: found.class, score_e4: found.score_e4, bounds: found.bounds })
        .collect();
    Ok(Golden { name: answer.name, image, geometry, detections })
}

impl Golden {
    /// Compares an answer with the golden one. What stands within the tolerance of its threshold may be there or not.
    pub fn compare(&self, found: &[Detection], threshold_e4: impl Fn(Class) -> u16) -> Result<(), Mismatch> {
        let at_threshold = |one: &Detection| one.score_e4 <= threshold_e4(one.class).saturating_add(SCORE_TOLERANCE_E4);
        let mut unmatched: Vec<&Detection> = found.iter().collect();
        for expected in &self.detections {
            match unmatched.iter().position(|candidate| same(expected, candidate)) {
                Some(index) => {
                    unmatched.swap_remove(index);
                }
                None if at_threshold(expected) => {}
                None => return Err(self.mismatch("lacks", expected)),
            }
        }
        match unmatched.into_iter().find(|one| !at_threshold(one)) {
            Some(extra) => Err(self.mismatch("also reports", extra)),
            None => Ok(()),
        }
    }

    fn mismatch(&self, how: &str, one: &Detection) -> Mismatch {
        let (class, score, bounds) = (one.class.as_str(), one.score_e4, one.bounds);
        Mismatch { name: self.name.clone(), what: format!("this machine {how} {class} {score} at {bounds:?}") }
    }
}

fn same(one: &Detection, other: &Detection) -> bool {
    one.class == other.class
        && one.score_e4.abs_diff(other.score_e4) <= SCORE_TOLERANCE_E4
        && one.bounds.iter().zip(&other.bounds).all(|(a, b)| a.abs_diff(*b) <= BOX_TOLERANCE_PX)
}

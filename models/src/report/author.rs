//! Our own report: one assessment, said as a MACHINE report on its pictures.
//!
//! "Clear" is said only of a picture that was looked at whole and in which nothing reached its threshold; blind is an
//! aborted report, with what was seen all the same (promise 8).

use super::words::{Ability, Abort, Acquisition, Category, Decision, Flag, Kind};
use super::{Judgement, Object, Region, Report, Tip, View};
use crate::detections::{Class, Detection};
use crate::dicom::Reference;
use crate::session::Assessment;

/// What a report says of who wrote it, and about what.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    pub at: Moment<'a>,
    /// Ours, with its version.
    pub software: &'a str,
    /// What was looked at: no person's name.
    pub object: &'a str,
}

/// `YYYYMMDDHHMMSS`, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a>(&'a str);

impl<'a> Moment<'a> {
    /// `None` for anything but fourteen digits.
    pub fn parse(text: &'a str) -> Option<Self> {
        (text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(text))
    }

    /// Date and time.
    pub(super) fn parts(self) -> (&'a str, &'a str) {
        self.0.split_at(8)
    }
}

impl Report {
    /// What our model said of `pictures` (both of a pair). `model`: its name and version.
    pub fn of(assessment: &Assessment, pictures: Vec<Reference>, model: &str, at: Moment<'_>) -> Self {
        let detections = assessment.detections();
        let count = u16::try_from(detections.len()).unwrap_or(u16::MAX);
        let objects = (1..).zip(detections).map(|(id, detection)| object(id, detection, &pictures)).collect();
        let (abort, acquisition, calm) = match assessment.blind() {
            None => (Abort::Success, Acquisition::Successful, Decision::Clear),
            // Nobody knows what the scan lacked, only that it was not seen whole.
            Some(_) => (Abort::Aborted, Acquisition::Incomplete, Decision::Unknown),
        };
        let mut algorithm = vec![model.to_owned()];
        algorithm.extend(assessment.blind().map(|blind| format!("blind: {}", blind.cause.as_str())));
        Self {
            kind: Kind::Machine,
            decision: if detections.is_empty() { calm } else { Decision::Alarm },
            abort,
            // None of the standard's reasons says what ours do; the algorithm's words do.
            abort_reasons: Vec::new(),
            acquisition,
            algorithm,
            decided_at: Some(at.0.to_owned()),
            tip: Tip::None,
            objects_total: Some(count),
            objects_alarm: Some(count),
            pictures,
            objects,
        }
    }
}

fn object(id: u16, detection: &Detection, pictures: &[Reference]) -> Object {
    let [left, top, right, bottom] = detection.bounds.map(|edge| edge as f32);
    let region = Region { base: [left, top, 0.0], extents: [right - left, bottom - top, 1.0] };
    let view = |picture: &Reference| View { picture: Some(picture.clone()), region: Some(region), ..View::default() };
    let (category, flag) = taken_for(detection.class);
    let ability = if detection.class == Class::Opaque { Ability::Shield } else { Ability::NoInterference };
    Object {
        id,
        judgements: vec![Judgement {
            category,
            description: Some(detection.class.as_str().to_owned()),
            ability,
            flag,
            probability: Some(f32::from(detection.score_e4) / 10_000.0),
        }],
        views: pictures.iter().map(view).collect(),
    }
}

/// Our classes in the standard's: what it has no word for is an anomaly. Everything we report is worth a look.
fn taken_for(class: Class) -> (Category, Flag) {
    match class {
        Class::ExplosiveDevice => (Category::Explosive, Flag::HighThreat),
        Class::Firearm | Class::FirearmPart | Class::Ammunition | Class::Blade => {
            (Category::ProhibitedItem, Flag::Threat)
        }
        Class::Pills => (Category::Pharmaceutical, Flag::Threat),
        Class::Powder | Class::Vape | Class::PlantMatter | Class::Currency => (Category::Contraband, Flag::Threat),
        Class::Opaque | Class::DenseObject | Class::RepeatedGoods => (Category::Anomaly, Flag::Threat),
        Class::Battery | Class::Liquid => (Category::Other, Flag::Threat),
    }
}

//! A [`Report`] to a file, laid out as the toolkit's own reports are.

use super::{Author, Judgement, Object, Report, Tip, View};
use crate::dicom::{self, CLASS_TDR, Reference, Writer, tags};
use crate::limits;

/// Longest of the values it writes (PS3.5, 6.2): LO, and LT cut to what a list can show.
const LO_CHARS_MAX: usize = 64;
const LT_CHARS_MAX: usize = 1_024;

/// The report as a file, with its own UID made from what it says. Texts are cut to what DICOM allows; `None` for more than
/// [`super::decode`] would read again: objects, corners, reasons, words of the algorithm.
pub fn encode(report: &Report, author: &Author<'_>) -> Option<Vec<u8>> {
    let join = |words: &mut dyn Iterator<Item = String>| words.collect::<Vec<_>>().join("\\");
    let reasons = join(&mut report.abort_reasons.iter().map(|reason| reason.as_str().to_owned()));
    let algorithm = join(&mut report.algorithm.iter().map(|word| cut(word, LO_CHARS_MAX)));
    if !is_within_limits(report) || algorithm.len() > limits::DICOM_TEXT_BYTES_MAX {
        return None;
    }
    let named = format!("{report:?}{author:?}");
    let [instance, series, study] =
        ["instance", "series", "study"].map(|level| dicom::instance_of(&[level.as_bytes(), named.as_bytes()]));
    let (date, time) = author.at.parts();
    let mut body = Writer::default();
    body.text(tags::CLASS, b"UI", CLASS_TDR)
        .text(tags::INSTANCE, b"UI", &instance)
        .text(tags::STUDY_DATE, b"DA", date)
        .text(tags::CONTENT_DATE, b"DA", date)
        .text(tags::STUDY_TIME, b"TM", time)
        .text(tags::CONTENT_TIME, b"TM", time)
        .text(tags::MODALITY, b"CS", "TDR")
        .text(tags::MANUFACTURER, b"LO", "Gatepost")
        .text(tags::MODEL_NAME, b"LO", "Gatepost")
        .sequence(tags::REFERENCED_STUDIES, &report.pictures, reference)
        .text(tags::OBJECT_ID, b"LO", &cut(author.object, LO_CHARS_MAX))
        .text(tags::OBJECT_ID_ISSUER, b"LO", "Gatepost")
        .text(tags::OBJECT_ID_KIND, b"CS", "TEXT")
        .text(tags::SOFTWARE, b"LO", &cut(author.software, LO_CHARS_MAX))
        .text(tags::STUDY, b"UI", &study)
        .text(tags::SERIES, b"UI", &series)
        .text(tags::INSTANCE_NUMBER, b"IS", "1")
        .sequence(tags::PTOS, &report.objects, object);
    body.text(tags::ABORT_REASON, b"CS", &reasons)
        .text(tags::ABORT_FLAG, b"CS", report.abort.as_str())
        .text(tags::REPORT_TYPE, b"CS", report.kind.as_str())
        .text(tags::ALGORITHM, b"LO", &algorithm);
    if let Some(at) = &report.decided_at {
        body.text(tags::DECISION_TIME, b"DT", &cut(at, 26));
    }
    body.text(tags::DECISION, b"CS", report.decision.as_str());
    for (tag, count) in [(tags::OBJECTS_TOTAL, report.objects_total), (tags::OBJECTS_ALARM, report.objects_alarm)] {
        count.map(|count| body.u16(tag, count));
    }
    let tip = match report.tip {
        Tip::None => None,
        Tip::Exercise(exercise) => Some(exercise.as_str()),
        Tip::Unclear => Some(""),
    };
    tip.map(|tip| body.text(tags::TIP, b"CS", tip));
    body.text(tags::DICOS_VERSION, b"CS", "V03")
        .text(tags::ACQUISITION_STATUS, b"CS", report.acquisition.as_str())
        .text(tags::SCAN_TYPE, b"CS", "OPERATIONAL");
    dicom::file(CLASS_TDR, &instance, &body).ok()
}

fn is_within_limits(report: &Report) -> bool {
    // The items of a report's own sequences, and room for what stands outside them.
    const OUTSIDE: usize = 4;
    let items: usize = report.objects.iter().map(|object| 1 + object.judgements.len() + object.views.len()).sum();
    let mut views = report.objects.iter().flat_map(|object| &object.views);
    (items + report.pictures.len() + OUTSIDE) * limits::REPORT_ITEM_ELEMENTS_MAX <= limits::DICOM_ELEMENTS_MAX
        && views.all(|view| view.polygon.len() <= limits::REPORT_CORNERS_MAX)
        && report.abort_reasons.len() <= limits::REPORT_ABORT_REASONS_MAX
}

fn reference(to: &mut Writer, reference: &Reference) {
    to.text(tags::REFERENCED_CLASS, b"UI", &reference.class).text(
        tags::REFERENCED_INSTANCE,
        b"UI",
        &reference.instance,
    );
}

fn object(to: &mut Writer, object: &Object) {
    to.u16(tags::PTO_ID, object.id).sequence(tags::REPRESENTATIONS, &object.views, view).sequence(
        tags::ASSESSMENTS,
        &object.judgements,
        judgement,
    );
}

fn judgement(to: &mut Writer, judgement: &Judgement) {
    to.text(tags::CATEGORY, b"CS", judgement.category.as_str());
    if let Some(description) = &judgement.description {
        to.text(tags::CATEGORY_TEXT, b"LT", &cut(description, LT_CHARS_MAX));
    }
    to.text(tags::ABILITY, b"CS", judgement.ability.as_str()).text(tags::FLAG, b"CS", judgement.flag.as_str());
    judgement.probability.map(|probability| to.floats(tags::PROBABILITY, &[probability]));
}

fn view(to: &mut Writer, view: &View) {
    if let Some(picture) = &view.picture {
        to.sequence(tags::REFERENCED_INSTANCES, std::slice::from_ref(picture), reference);
    }
    if let Some(region) = &view.region {
        to.sequence(tags::REGION, std::slice::from_ref(region), |to, region| {
            to.floats(tags::REGION_BASE, &region.base).floats(tags::REGION_EXTENTS, &region.extents);
        });
    }
    let numbers = [(tags::MASS, view.mass), (tags::DENSITY, view.density), (tags::Z_EFFECTIVE, view.z_effective)];
    for (tag, number) in numbers {
        number.map(|number| to.floats(tag, &[number]));
    }
    if !view.polygon.is_empty() {
        to.floats(tags::POLYGON, view.polygon.as_flattened());
    }
}

/// A value's text: no separator, no control, at most `chars` of them.
fn cut(text: &str, chars: usize) -> String {
    text.chars().filter(|char| !char.is_control() && *char != '\\').take(chars).collect()
}

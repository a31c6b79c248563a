//! A report's file to a [`Report`]. Bounded like every file; what a report must say and does not becomes the word that
//! clears nothing.

use super::words::{Ability, Abort, AbortReason, Acquisition, Category, Decision, Exercise, Flag, Kind};
use super::{Judgement, Object, Region, Report, Tip, View};
use crate::dicom::{self, CLASS_TDR, DataSet, Malformed, Reference, Tag, tags};
use crate::formats::{self, read_bounded};
use crate::limits;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file gave no report. Names the file, what is wrong with it, and what to do.
#[derive(Debug)]
pub struct ReportError {
    pub file: PathBuf,
    pub problem: ReportProblem,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ReportProblem {
    /// The operating system's words.
    Unreadable(String),
    TooManyBytes {
        bytes: u64,
    },
    /// What it is instead.
    NotAReport(String),
    Malformed(Malformed),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.problem {
            ReportProblem::Unreadable(what) => write!(f, "cannot be read ({what}). Check the path and who may read it"),
            ReportProblem::TooManyBytes { bytes } => write!(
                f,
                "{bytes} bytes are more than a report may have ({}). Let its author leave bitmaps out",
                limits::REPORT_BYTES_MAX
            ),
            ReportProblem::NotAReport(what) => {
                write!(f, "{what}. Name a DICOS Threat Detection Report ({CLASS_TDR}), not compressed")
            }
            ReportProblem::Malformed(what) => {
                write!(f, "damaged ({what}). Copy it again, or tell whoever keeps its author")
            }
        }
    }
}

impl std::error::Error for ReportError {}

impl From<Malformed> for ReportProblem {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

pub fn read(path: &Path) -> Result<Report, ReportError> {
    let bytes = read_bounded(path, limits::REPORT_BYTES_MAX).map_err(|problem| ReportError {
        file: path.to_path_buf(),
        problem: match problem {
            formats::Problem::TooManyBytes { bytes } => ReportProblem::TooManyBytes { bytes },
            formats::Problem::Unreadable(what) => ReportProblem::Unreadable(what),
            other => ReportProblem::Unreadable(format!("{other:?}")),
        },
    })?;
    decode(path, &bytes)
}

/// A report out of bytes already in memory. `name` only stands in the error.
pub fn decode(name: &Path, bytes: &[u8]) -> Result<Report, ReportError> {
    report(bytes).map_err(|problem| ReportError { file: name.to_path_buf(), problem })
}

fn report(bytes: &[u8]) -> Result<Report, ReportProblem> {
    if bytes.len() as u64 > limits::REPORT_BYTES_MAX {
        return Err(ReportProblem::TooManyBytes { bytes: bytes.len() as u64 });
    }
    if !dicom::is_dicom(bytes) {
        return Err(ReportProblem::NotAReport("not a DICOM file".into()));
    }
    let file = dicom::open(bytes)?;
    let class = file.class()?;
    if class != CLASS_TDR {
        return Err(ReportProblem::NotAReport(dicom::class_name(class)));
    }
    // Any syntax of pixels: a report has none.
    let uid = file.transfer_syntax()?;
    let syntax = dicom::syntax(uid).ok_or_else(|| ReportProblem::NotAReport(dicom::syntax_name(uid)))?;
    let set = file.body(syntax)?;
    // Behind all words of the decision and the exercise, and in every report: without it some of them may be lost.
    set.text(tags::DICOS_VERSION)?.ok_or(Malformed::In { tag: tags::DICOS_VERSION, what: "is missing" })?;
    let kind = set.text(tags::REPORT_TYPE)?.and_then(Kind::parse);
    Ok(Report {
        // Who speaks decides whose word stands: it is not guessed.
        kind: kind.ok_or(Malformed::In { tag: tags::REPORT_TYPE, what: "is no kind of report" })?,
        decision: set.text(tags::DECISION)?.and_then(Decision::parse).unwrap_or(Decision::Unknown),
        abort: set.text(tags::ABORT_FLAG)?.and_then(Abort::parse).unwrap_or(Abort::Unknown),
        abort_reasons: abort_reasons(&set)?,
        acquisition: set.text(tags::ACQUISITION_STATUS)?.and_then(Acquisition::parse).unwrap_or(Acquisition::Unknown),
        algorithm: algorithm(&set)?,
        decided_at: set.text(tags::DECISION_TIME)?.map(str::to_owned),
        tip: tip(&set)?,
        objects_total: set.u16(tags::OBJECTS_TOTAL)?,
        objects_alarm: set.u16(tags::OBJECTS_ALARM)?,
        pictures: pictures(&set)?,
        objects: set.items(tags::PTOS)?.iter().map(object).collect::<Result<_, _>>()?,
    })
}

fn abort_reasons(set: &DataSet<'_>) -> Result<Vec<AbortReason>, Malformed> {
    let words = set.words(tags::ABORT_REASON)?;
    if words.len() > limits::REPORT_ABORT_REASONS_MAX {
        return Err(Malformed::In { tag: tags::ABORT_REASON, what: "has more reasons than there are" });
    }
    Ok(words.into_iter().map(|word| AbortReason::parse(word).unwrap_or(AbortReason::Other)).collect())
}

fn algorithm(set: &DataSet<'_>) -> Result<Vec<String>, Malformed> {
    let text = set.free_text(tags::ALGORITHM)?;
    Ok(text.iter().flat_map(|text| text.split('\\')).map(|word| word.trim().to_owned()).collect())
}

/// An element that is there and empty says that there is something to say.
fn tip(set: &DataSet<'_>) -> Result<Tip, Malformed> {
    Ok(match set.text(tags::TIP)?.map(Exercise::parse) {
        Some(Some(exercise)) => Tip::Exercise(exercise),
        None if !set.has(tags::TIP) => Tip::None,
        _ => Tip::Unclear,
    })
}

/// References stand where the toolkit puts them (0008,1110), or by series as in DICOM.
fn pictures(set: &DataSet<'_>) -> Result<Vec<Reference>, Malformed> {
    let mut items: Vec<&DataSet<'_>> = set.items(tags::REFERENCED_STUDIES)?.iter().collect();
    for series in set.items(tags::REFERENCED_SERIES)? {
        items.extend(series.items(tags::REFERENCED_OBJECTS)?);
        items.extend(series.items(tags::REFERENCED_INSTANCES)?);
    }
    items.into_iter().map(reference).collect()
}

fn reference(item: &DataSet<'_>) -> Result<Reference, Malformed> {
    Ok(Reference {
        class: item.uid(tags::REFERENCED_CLASS)?.to_owned(),
        instance: item.uid(tags::REFERENCED_INSTANCE)?.to_owned(),
    })
}

fn object(item: &DataSet<'_>) -> Result<Object, Malformed> {
    Ok(Object {
        id: item.u16(tags::PTO_ID)?.ok_or(Malformed::In { tag: tags::PTO_ID, what: "is missing" })?,
        judgements: item.items(tags::ASSESSMENTS)?.iter().map(judgement).collect::<Result<_, _>>()?,
        views: item.items(tags::REPRESENTATIONS)?.iter().map(view).collect::<Result<_, _>>()?,
    })
}

fn judgement(item: &DataSet<'_>) -> Result<Judgement, Malformed> {
    Ok(Judgement {
        category: item.text(tags::CATEGORY)?.and_then(Category::parse).unwrap_or(Category::Unknown),
        description: item.free_text(tags::CATEGORY_TEXT)?,
        ability: item.text(tags::ABILITY)?.and_then(Ability::parse).unwrap_or(Ability::Unknown),
        flag: item.text(tags::FLAG)?.and_then(Flag::parse).unwrap_or(Flag::Unknown),
        probability: one(item, tags::PROBABILITY)?,
    })
}

fn view(item: &DataSet<'_>) -> Result<View, Malformed> {
    let region = item.items(tags::REGION)?.first();
    let region = region.map(|region| {
        Ok(Region { base: corner(region, tags::REGION_BASE)?, extents: corner(region, tags::REGION_EXTENTS)? })
    });
    let polygon = finite(item, tags::POLYGON, limits::REPORT_CORNERS_MAX * 3)?;
    let (polygon, rest) = polygon.as_chunks::<3>();
    if !rest.is_empty() {
        return Err(Malformed::In { tag: tags::POLYGON, what: "has a corner without x, y and z" });
    }
    Ok(View {
        picture: item.items(tags::REFERENCED_INSTANCES)?.first().map(reference).transpose()?,
        region: region.transpose()?,
        polygon: polygon.to_vec(),
        mass: one(item, tags::MASS)?,
        density: one(item, tags::DENSITY)?,
        z_effective: one(item, tags::Z_EFFECTIVE)?,
    })
}

fn one(item: &DataSet<'_>, tag: Tag) -> Result<Option<f32>, Malformed> {
    Ok(item.floats(tag, 1)?.first().copied())
}

fn corner(item: &DataSet<'_>, tag: Tag) -> Result<[f32; 3], Malformed> {
    let corner = finite(item, tag, 3)?;
    <[f32; 3]>::try_from(corner).map_err(|_| Malformed::In { tag, what: "is not x, y and z" })
}

fn finite(item: &DataSet<'_>, tag: Tag, count_max: usize) -> Result<Vec<f32>, Malformed> {
    let numbers = item.floats(tag, count_max)?;
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(Malformed::In { tag, what: "is infinite, or no number" });
    }
    Ok(numbers)
}

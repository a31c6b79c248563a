//! Everything the judge may read about one pass, and nothing personal.
//!
//! Apart from the judge because a decision's record holds it whole and central judges from it again (DESIGN §6). So:
//! integers, closed words and short bounded text only, maps in order, unknown keys and floats refused. Nothing is
//! optional by accident: [`Inputs::blank`] knows nothing, and knowing nothing is exam. Names, addresses and the words
//! of a declaration have no place here; who gathers turns them into [`ContentTag`]s and list matches first.

use std::collections::BTreeSet;

use gatepost_hardware::units::{Grams, Millimetres, WallMs};
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::bounded::{Country, Date, Few, Sentence, Token};
use super::words::*;
use crate::pass::PassKey;
use crate::record::Audience;

/// The shape below; a record of another shape is not judged again.
pub const INPUTS_VERSION: u16 = 1;
pub const DETECTIONS_MAX: usize = 64;
pub const HOLDS_MAX: usize = 16;
pub const LINES_MAX: usize = 32;

/// All that is known of one pass when it is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// [`INPUTS_VERSION`].
    pub version: u16,
    pub pass: PassKey,
    /// The civil day at the facility, from the trusted clock; nothing while the clock is not trusted, and then
    /// everything that depends on dates is exam.
    pub today: Option<Date>,
    pub lane: LaneFacts,
    pub parcel: ParcelFacts,
    pub association: Association,
    pub item: Identification,
    /// Legal class of the mail; unknown is sealed letter.
    pub mail_class: MailClass,
    /// Where the item id says it comes from (the last two letters of an S10); not a declared origin.
    pub id_origin: Option<Country>,
    pub weight: Weight,
    pub image: Image,
    pub radiation: Sensor,
    pub smoke: Sensor,
    pub aed: Aed,
    /// What the advance data, the entry filed for the item and the customs form on it declare. Apart, because each may
    /// be read for other purposes.
    pub declared: Declared,
    pub holds: Few<Hold, HOLDS_MAX>,
    pub previous: Previous,
    pub lists: Lists,
    /// The keyed random draw; nothing means none could be made, which is exam.
    pub sampling: Option<Sampling>,
    pub trusted_shipper: bool,
    /// A fictional threat was projected into this image. Read by the clearance alone: it never changes a verdict.
    pub projected_threat: bool,
    /// What ran full or was cut off while this was gathered.
    pub overflow: BTreeSet<Overflow>,
    /// An officer's clearance on the screen, already durable.
    pub clearance: Option<Clearance>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneFacts {
    pub kind: LaneKind,
    pub state: LaneState,
    /// The pass stood on the belt, undecided, when the station came up.
    pub restart: bool,
    pub faults: BTreeSet<Fault>,
    pub contingency: Option<ContingencyPlan>,
    /// Central sends everything here to exam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exam_all: Option<ExamAll>,
}

/// Central's word that everything on a lane goes to exam, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamAll {
    /// The number of central's command.
    pub order: u64,
    /// Over from then on, once the clock is trusted to say so.
    pub until: WallMs,
    /// Why, as central wrote it; it names nobody.
    pub why: Sentence,
}

/// The facility's plan in force, if any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContingencyPlan {
    pub plan: Contingency,
    /// The classes that `exam-by-class` sends to exam.
    #[serde(default)]
    pub classes: BTreeSet<MailClass>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParcelFacts {
    pub length_mm: Option<Millimetres>,
    /// Free belt before this parcel; nothing when it is the first since the belt started.
    pub gap_mm: Option<Millimetres>,
}

/// Whether every reading used below certainly belongs to this parcel (promise 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Association {
    Unknown,
    Owned,
    Contested { causes: BTreeSet<ContestedCause> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Identification {
    NotYet,
    Read {
        id: Token,
        kind: ItemKind,
        /// The same id was read within its window without an exit between, or stands twice on the belt.
        duplicate: bool,
    },
    NoRead {
        cause: NoReadCause,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Weight {
    Unknown { cause: NoWeightCause },
    Known { grams: Grams, tolerance_g: Grams },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Image {
    NotYet,
    Blind {
        cause: BlindCause,
    },
    Assessed {
        detections: Few<Detection, DETECTIONS_MAX>,
        /// Mass estimated from the image, where the machine is calibrated for it.
        mass_g: Option<Grams>,
        /// 0 (worthless) to 10,000 (as the test object).
        quality: u16,
    },
}

/// One thing the model reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    pub class: DetectionClass,
    /// In 1/10,000.
    pub score: u16,
    /// Pixels of the image as captured: left, top, right, bottom.
    #[serde(rename = "box")]
    pub bounds: [i32; 4],
}

/// Where the advance data stand. `unknown` is ours (we could not look); `missing` is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Aed {
    Unknown {
        /// Since when the station has been without fresh data, if it has been.
        offline_since: Option<WallMs>,
    },
    Missing,
    Incomplete {
        lacks: BTreeSet<AedField>,
    },
    /// Whole, but sent after it was due.
    Late,
    Complete,
    /// The item holds no goods, so none are due.
    NotRequired,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Advance electronic data (19 CFR 145.74).
    pub aed: Option<Declaration>,
    /// A customs entry filed for the item.
    pub entry: Option<Declaration>,
    /// The customs form that travels with the item, as keyed or received from the post.
    pub post: Option<Declaration>,
}

/// What one source declares. Absent is absent: a rule that reads it unguarded cannot be judged, which is exam.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// What this very declaration may be read for; narrows what its source permits, never widens it.
    pub purposes: BTreeSet<Purpose>,
    pub category: Option<Category>,
    pub value_cents: Option<i64>,
    pub weight_g: Option<Grams>,
    pub pieces: Option<u32>,
    pub origin: Option<Country>,
    pub contents: BTreeSet<ContentTag>,
    pub flags: BTreeSet<TradeFlag>,
    /// Ad valorem rate that applies, in 1/100 of a percent, and what was paid.
    pub duty_rate_bp: Option<i64>,
    pub duty_paid_cents: Option<i64>,
    pub lines: Few<Line, LINES_MAX>,
}

/// One line of goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Harmonised System code, 4 to 10 digits as sent.
    pub hs: Token,
    pub origin: Option<Country>,
    pub quantity: Option<i64>,
    pub value_cents: Option<i64>,
    pub weight_g: Option<Grams>,
}

/// One entry of a hold list that this parcel matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub id: Token,
    pub kind: HoldKind,
    pub issue: IssueCode,
    pub purpose: Purpose,
    pub severity: Severity,
    /// At least exam, whatever is written here.
    pub outcome: Outcome,
    /// Whose hold it is: only they lift it.
    pub authority: Token,
    /// Who may know of it. For everyone else it looks like its cover.
    pub audience: Audience,
}

/// What the cache knows of the last visit of this item id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Previous {
    /// No answer, or the cache is being rebuilt.
    Unknown,
    None,
    /// Decided before. A release among them releases nothing now.
    Decided {
        worst: Outcome,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    pub holds: ListState,
    pub declarations: ListState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ListState {
    Missing,
    /// The look-up did not answer by its deadline.
    NoAnswer,
    Rebuilding,
    /// Older than its limit.
    Stale {
        version: Token,
        age_s: u64,
    },
    Fresh {
        version: Token,
        age_s: u64,
    },
}

/// The random draw of this pass: [`draw`](super::sampling::draw) makes it, central can make it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Which key drew; the key itself is central's and the station's.
    pub key_id: Token,
    /// 0 to 9,999. Sampled when below the rate.
    pub draw: u16,
    /// In 1/10,000.
    pub rate: u16,
    /// The rate of trusted shippers, in 1/10,000; used when it is the lower one.
    pub rate_trusted: u16,
}

/// An officer has looked and cleared. Names no one: the disposition record does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clearance {
    /// [`Verdict::digest`](super::Verdict::digest) of the verdict the officer was shown.
    pub verdict: Token,
    /// The `seq` of the durable disposition record.
    pub disposition_seq: u64,
    pub every_view_seen: bool,
}

impl Declared {
    /// What one source declares.
    pub fn by(&self, source: Source) -> Option<&Declaration> {
        match source {
            Source::Aed => self.aed.as_ref(),
            Source::Entry => self.entry.as_ref(),
            Source::Post => self.post.as_ref(),
        }
    }
}

impl Inputs {
    /// A pass of which nothing is known. Judged, this is exam; fill in what becomes known.
    pub fn blank(pass: PassKey) -> Self {
        Self {
            version: INPUTS_VERSION,
            pass,
            today: None,
            lane: LaneFacts {
                kind: LaneKind::Conveyor,
                state: LaneState::Unknown,
                restart: false,
                faults: BTreeSet::new(),
                contingency: None,
                exam_all: None,
            },
            parcel: ParcelFacts::default(),
            association: Association::Unknown,
            item: Identification::NotYet,
            mail_class: MailClass::Unknown,
            id_origin: None,
            weight: Weight::Unknown { cause: NoWeightCause::NotYet },
            image: Image::NotYet,
            radiation: Sensor::Unknown,
            smoke: Sensor::Unknown,
            aed: Aed::Unknown { offline_since: None },
            declared: Declared::default(),
            holds: Few::default(),
            previous: Previous::Unknown,
            lists: Lists { holds: ListState::Missing, declarations: ListState::Missing },
            sampling: None,
            trusted_shipper: false,
            projected_threat: false,
            overflow: BTreeSet::new(),
            clearance: None,
        }
    }

    /// The image was assessed. Keeps the most dangerous detections when there are more than [`DETECTIONS_MAX`], and
    /// says so in `overflow`.
    pub fn set_assessed(&mut self, mut detections: Vec<Detection>, mass_g: Option<Grams>, quality: u16) {
        detections.sort_by(|a, b| (a.class, b.score, a.bounds).cmp(&(b.class, a.score, b.bounds)));
        let (detections, cut) = Few::clipped(detections, Overflow::Detections);
        self.overflow.extend(cut);
        self.image = Image::Assessed { detections, mass_g, quality };
    }

    /// The holds that match. Keeps the strongest when there are more than [`HOLDS_MAX`], and says so in `overflow`.
    pub fn set_holds(&mut self, mut holds: Vec<Hold>) {
        holds.sort_by(|a, b| (b.outcome, b.severity, &a.id).cmp(&(a.outcome, a.severity, &b.id)));
        let (holds, cut) = Few::clipped(holds, Overflow::Holds);
        self.overflow.extend(cut);
        self.holds = holds;
    }

    /// The association is contested, whatever it was; causes add up.
    pub fn contest(&mut self, cause: ContestedCause) {
        match &mut self.association {
            Association::Contested { causes } => {
                causes.insert(cause);
            }
            other => *other = Association::Contested { causes: BTreeSet::from([cause]) },
        }
    }
}

impl Declaration {
    /// An empty declaration that may be read for all its source permits.
    pub fn of(source: Source) -> Self {
        let purposes = Purpose::ALL.iter().copied().filter(|&purpose| source.permits(purpose)).collect();
        Self { purposes, ..Self::default() }
    }

    /// The lines of goods; what is beyond [`LINES_MAX`] is cut off and said in `overflow`.
    pub fn set_lines(&mut self, lines: Vec<Line>, overflow: &mut BTreeSet<Overflow>) {
        let (lines, cut) = Few::clipped(lines, Overflow::Lines);
        overflow.extend(cut);
        self.lines = lines;
    }
}

//! The one parcel that needs the officer: picture, sentence, declaration beside measurement.
//!
//! Which one is chosen here and nowhere else: a stop in place that still stands on a belt, else the newest that does not
//! go to release, else the newest. Where all lanes are benches it is the item that lies there, else the newest. Draws no conclusion of its own: what is shown beside each other is left to the eye.

use gatepost_pipeline::drive::{LaneKind, LaneView};
use gatepost_pipeline::judge::{
    Action, Aed, Declaration, Identification, Image, Inputs, Outcome, Reason, Source, Verdict, Weight, clearable,
};
use gatepost_pipeline::pass::life::State;
use gatepost_pipeline::weighing::{Alibis, Shown, Stands};
use serde::Serialize;

use super::{Route, VIEWER, is_on_belt, picture};
use crate::desk::{Decided, StationView};
use crate::limits::{DETECTIONS_SHOWN_MAX, REASONS_SHOWN_MAX};
use crate::words;

#[derive(Clone, Debug, Serialize)]
pub struct Focus {
    pub pass: String,
    pub lane: String,
    pub item: Option<String>,
    pub route: Route,
    pub time: String,
    pub ago: String,
    pub record: Option<u64>,
    /// The one sentence.
    pub why: String,
    /// Every reason, the strongest first.
    pub reasons: Vec<Said>,
    pub reasons_more: usize,
    pub to_do: String,
    /// The deepest step that is permitted, and the class of the mail it follows from.
    pub deepest: &'static str,
    pub mail_class: &'static str,
    pub risk: String,
    /// Digest, width and height in pixels.
    pub image: Option<(String, u32, u32)>,
    /// Why the image says nothing.
    pub blind: Option<&'static str>,
    pub finds: Vec<Find>,
    pub finds_more: usize,
    pub declared_by: String,
    pub compared: Vec<Compared>,
    pub clearing: Clearing,
    pub on_belt: bool,
    /// Decided on a bench, and taken off it: what is shown is of no item that lies anywhere here.
    pub taken: bool,
    pub on_bench: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Said {
    pub text: String,
    pub issue: String,
    pub rule: String,
}

/// One detection: a letter on the image and in the list.
#[derive(Clone, Debug, Serialize)]
pub struct Find {
    pub letter: char,
    pub class: String,
    /// In percent.
    pub score: u16,
    #[serde(rename = "box")]
    pub bounds: [i32; 4],
}

/// A fact as it was declared, beside the same fact as it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    pub what: &'static str,
    pub declared: String,
    pub measured: String,
}

/// Whether the officer may clear the parcel on its image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clearing {
    /// The digest names the very verdict shown.
    Offered {
        verdict: String,
    },
    Not {
        why: String,
    },
}

const DASH: &str = "–";

pub(super) fn choose<'a>(decisions: &[&'a Decided], lanes: &[LaneView]) -> Option<&'a Decided> {
    let outcome = |decided: &Decided| decided.verdict.outcome;
    let stands =
        |decided: &&&Decided| outcome(decided) == Outcome::StopInPlace && is_on_belt(lanes, decided.pass).is_some();
    let stopped = decisions.iter().find(stands);
    let benches = lanes.iter().all(|lane| lane.kind == LaneKind::Bench);
    let lies_here = || decisions.iter().find(|decided| benches && is_on_belt(lanes, decided.pass).is_some());
    let alert = || decisions.iter().find(|decided| !benches && outcome(decided) > Outcome::Release);
    stopped.or_else(lies_here).or_else(alert).or_else(|| decisions.first()).copied()
}

pub(super) fn of(decided: &Decided, view: &StationView) -> Focus {
    let (inputs, verdict) = (&decided.inputs, &decided.verdict);
    let seen = verdict.seen_by(VIEWER, inputs.mail_class);
    let state = is_on_belt(&view.lanes, decided.pass);
    let (finds, finds_more, blind) = finds(&inputs.image);
    let (declared_by, compared) = compared(decided, view);
    let against: Vec<&Reason> = seen.reasons.iter().collect();
    let is_bench = |lane: &LaneView| lane.kind == LaneKind::Bench && lane.lane == decided.pass.lane.as_str();
    let on_bench = view.lanes.iter().any(is_bench);
    Focus {
        pass: decided.pass.to_string(),
        lane: decided.pass.lane.to_string(),
        item: item_of(inputs).map(words::item),
        route: Route::of(verdict.outcome),
        time: words::clock(decided.at, view.utc_offset_min),
        ago: words::ago(decided.at, view.now),
        record: decided.seq,
        why: super::why(verdict, inputs.mail_class),
        reasons: against.iter().take(REASONS_SHOWN_MAX).map(|reason| said(reason)).collect(),
        reasons_more: against.len().saturating_sub(REASONS_SHOWN_MAX),
        to_do: to_do(&seen),
        deepest: words::deepest(seen.deepest_step),
        mail_class: words::mail_class(inputs.mail_class),
        risk: seen.risk.level.to_string(),
        image: decided.image.as_ref().and_then(picture),
        blind,
        finds,
        finds_more,
        declared_by,
        compared,
        clearing: clearing(verdict, &seen, state),
        on_belt: state.is_some(),
        taken: on_bench && state.is_none(),
        on_bench,
    }
}

pub(super) fn item_of(inputs: &Inputs) -> Option<&str> {
    match &inputs.item {
        Identification::Read { id, .. } => Some(id.as_str()),
        Identification::NotYet | Identification::NoRead { .. } => None,
    }
}

fn said(reason: &Reason) -> Said {
    Said { text: reason.text.to_string(), issue: words::issue(reason.issue), rule: reason.rule.to_string() }
}

fn to_do(seen: &Verdict) -> String {
    match seen.outcome {
        Outcome::StopInPlace => "Do not touch it. Keep away and call the supervisor.".to_owned(),
        Outcome::Release => "Nothing to do: it goes on.".to_owned(),
        Outcome::Exam if seen.action == Action::None => "Examine it at the bench.".to_owned(),
        Outcome::Exam => format!("{}.", words::action(seen.action)),
    }
}

/// A clearance is offered only where both the verdict itself and what this officer sees of it allow one. A test threat
/// makes no difference here: the lane refuses it, and the page must not give it away.
fn clearing(verdict: &Verdict, seen: &Verdict, state: Option<State>) -> Clearing {
    let untold = Verdict { projected_threat: false, ..verdict.clone() };
    let not = |why: &str| Clearing::Not { why: words::capital(why) + "." };
    match clearable(&untold).and_then(|()| clearable(seen)) {
        Err(why) => not(&why.to_string()),
        Ok(()) if state != Some(State::Decided) => not("it is past the point where it can be cleared on the image"),
        Ok(()) => Clearing::Offered { verdict: verdict.digest().to_string() },
    }
}

fn finds(image: &Image) -> (Vec<Find>, usize, Option<&'static str>) {
    match image {
        Image::NotYet => (Vec::new(), 0, Some("The picture is not assessed yet.")),
        Image::Blind { cause } => (Vec::new(), 0, Some(words::blind(*cause))),
        Image::Assessed { detections, .. } => {
            let shown = detections.iter().zip('A'..='Z').take(DETECTIONS_SHOWN_MAX);
            let shown = shown.map(|(detection, letter)| Find {
                letter,
                class: words::class(detection.class),
                score: detection.score / 100,
                bounds: detection.bounds,
            });
            (shown.collect(), detections.as_slice().len().saturating_sub(DETECTIONS_SHOWN_MAX), None)
        }
    }
}

/// The declaration that comes closest to the goods: the entry, else the form on the item, else the advance data.
fn declaration(inputs: &Inputs) -> Option<(Source, &Declaration)> {
    let sources = [Source::Entry, Source::Post, Source::Aed];
    sources.into_iter().find_map(|source| Some((source, inputs.declared.by(source)?)))
}

fn compared(decided: &Decided, view: &StationView) -> (String, Vec<Compared>) {
    let inputs = &decided.inputs;
    let found = declaration(inputs);
    let declared_by = match (&found, words::aed(&inputs.aed, view.utc_offset_min)) {
        (Some((Source::Aed, _)), Some(doubt)) => format!("advance data ({doubt})"),
        (Some((source, _)), _) => words::source(*source).to_owned(),
        (None, Some(doubt)) => doubt,
        (None, None) if inputs.aed == Aed::Complete => "advance data without content".to_owned(),
        (None, None) => "nothing".to_owned(),
    };
    let blank = Declaration::default();
    let declared = found.map_or(&blank, |(_, declaration)| declaration);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| DASH.to_owned());
    let rows = vec![
        Compared {
            what: "Contents",
            declared: listed(declared.contents.iter().map(|&tag| words::tag(tag))),
            measured: seen_in(&inputs.image),
        },
        Compared {
            what: "Weight",
            declared: or_dash(declared.weight_g.map(|g| words::grams(g.0))),
            measured: weighed(inputs, &decided.weights),
        },
        Compared {
            what: "From",
            declared: or_dash(declared.origin.map(|country| country.to_string())),
            measured: or_dash(inputs.id_origin.map(|country| format!("{country} (item id)"))),
        },
        Compared {
            what: "Value",
            declared: or_dash(
                declared.value_cents.map(|cents| format!("${}.{:02}", cents / 100, cents.rem_euclid(100))),
            ),
            measured: DASH.to_owned(),
        },
        Compared {
            what: "Size",
            declared: or_dash(declared.pieces.map(|n| format!("{n} piece{}", if n == 1 { "" } else { "s" }))),
            measured: or_dash(inputs.parcel.length_mm.map(|length| format!("{} cm long", (length.0 + 5) / 10))),
        },
    ];
    (declared_by, rows)
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.take(6).collect();
    names.dedup();
    if names.is_empty() { DASH.to_owned() } else { names.join(", ") }
}

fn seen_in(image: &Image) -> String {
    match image {
        Image::Assessed { detections, .. } if detections.as_slice().is_empty() => {
            "nothing found in the image".to_owned()
        }
        Image::Assessed { detections, .. } => listed(detections.iter().map(|detection| words::class(detection.class))),
        Image::Blind { .. } => "not seen".to_owned(),
        Image::NotYet => DASH.to_owned(),
    }
}

/// What the scale showed stands beside the grams, where it shows another unit or more digits.
fn weighed(inputs: &Inputs, weights: &Alibis) -> String {
    let used = weights.iter().find(|alibi| alibi.stands == Stands::Used);
    let shown = used.and_then(|alibi| match alibi.shown {
        Shown::Measure(measure) => Some(measure.to_string()),
        Shown::Nothing(_) => None,
    });
    let scale = match &inputs.weight {
        Weight::Known { grams, .. } => match (words::grams(grams.0), shown) {
            (grams, Some(shown)) if shown != grams => format!("{grams}, shown as {shown}"),
            (grams, _) => grams,
        },
        Weight::Unknown { cause } => words::no_weight(*cause).to_owned(),
    };
    match &inputs.image {
        Image::Assessed { mass_g: Some(mass), .. } => format!("{scale} ({} in the image)", words::grams(mass.0)),
        _ => scale,
    }
}

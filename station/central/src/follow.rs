//! Holds to their end: which steps a held item has taken at which facility, from the records that name it.
//!
//! Pure, so that it does not matter in which order records come, or how often one is looked at: the whole walk is made anew
//! from all of an item's records. What it is told of lists (sent, in force) is not its affair; [`crate::store::follow`] keeps
//! that.

pub mod task;

use std::collections::BTreeMap;

use gatepost_pipeline::pass::life::End;
use gatepost_pipeline::record::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A stretch of a hold's way, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The post was asked for it. This and the next go beside the others, where there is a post to ask.
    SentToPost,
    /// And said that it knows.
    AcknowledgedByPost,
    /// The list that carries it is on its way to the facility's stations.
    Distributed,
    /// And in force at every one of them.
    Applied,
    /// The item was there.
    Seen,
    /// It went to exam.
    Diverted,
    /// It was presented.
    Presented,
    /// It was examined.
    Examined,
    /// What became of it is recorded.
    Outcome,
}

impl Step {
    /// Those that a central with a post has besides.
    pub const POST: [Step; 2] = [Step::SentToPost, Step::AcknowledgedByPost];

    pub const ALL: [Step; 7] =
        [Step::Distributed, Step::Applied, Step::Seen, Step::Diverted, Step::Presented, Step::Examined, Step::Outcome];

    /// As it stands in tables and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Step::SentToPost => "sent-to-post",
            Step::AcknowledgedByPost => "acknowledged-by-post",
            Step::Distributed => "distributed",
            Step::Applied => "applied",
            Step::Seen => "seen",
            Step::Diverted => "diverted",
            Step::Presented => "presented",
            Step::Examined => "examined",
            Step::Outcome => "outcome",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// How long each step may take after the one before, seconds; beyond, the hold has stopped moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// Whether the post's two steps are there.
    #[serde(skip)]
    post: bool,
    sent_to_post: u32,
    acknowledged_by_post: u32,
    distributed: u32,
    applied: u32,
    diverted: u32,
    presented: u32,
    examined: u32,
    outcome: u32,
}

impl Default for Patience {
    fn default() -> Self {
        let (minute, day) = (60, 86_400);
        Self {
            post: false,
            sent_to_post: 15 * minute,
            acknowledged_by_post: day,
            distributed: minute,
            applied: 15 * minute,
            diverted: 10 * minute,
            presented: day,
            examined: 3 * day,
            outcome: 30 * day,
        }
    }
}

impl Patience {
    /// With the steps of a post that is asked for held items, or without them.
    #[must_use]
    pub fn with_post(self, post: bool) -> Self {
        Self { post, ..self }
    }

    pub fn has_post(&self) -> bool {
        self.post
    }

    /// Milliseconds; nothing for [`Step::Seen`]: mail comes when it comes.
    pub fn of(&self, step: Step) -> Option<i64> {
        let seconds = match step {
            Step::SentToPost => self.sent_to_post,
            Step::AcknowledgedByPost => self.acknowledged_by_post,
            Step::Distributed => self.distributed,
            Step::Applied => self.applied,
            Step::Seen => return None,
            Step::Diverted => self.diverted,
            Step::Presented => self.presented,
            Step::Examined => self.examined,
            Step::Outcome => self.outcome,
        };
        Some(i64::from(seconds) * 1_000)
    }
}

/// How far back an item's earlier visits count for a new hold: item numbers are used again after a year.
pub const PAST_MS: i64 = 180 * 86_400_000;

/// Where and when something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub facility: String,
    pub station: String,
    pub lane: String,
    pub at_ms: i64,
    pub seq: i64,
    pub pass: Option<String>,
}

impl Place {
    /// Stations' clocks may agree to the millisecond.
    fn order(&self) -> (i64, &str, i64) {
        (self.at_ms, &self.station, self.seq)
    }
}

/// What one record tells of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// *decision*: its outcome.
    Decided(String),
    /// *sighting* at the entry.
    Entered,
    /// *sighting* of an end.
    Ended(End),
    Presented,
    Examined,
    /// *disposition*: what became of it.
    Disposed(String),
    /// It was there.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    #[serde(flatten)]
    pub place: Place,
    pub told: Told,
}

/// Reads a record's body, tolerantly: of another shape it still says that the item was there.
pub fn told(kind: Kind, body: &Map<String, Value>) -> Told {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(|text| crate::alert::plain(text, TEXT_CHARS_MAX));
    match kind {
        Kind::Decision => crate::alert::named(body).outcome.map_or(Told::Other, Told::Decided),
        Kind::Sighting => {
            let end = body.get("end").and_then(|end| serde_json::from_value(end.clone()).ok());
            let other = if text("seen").as_deref() == Some("entry") { Told::Entered } else { Told::Other };
            end.map_or(other, Told::Ended)
        }
        Kind::Presentation => Told::Presented,
        Kind::Exam => Told::Examined,
        Kind::Disposition => text("disposition").map_or(Told::Other, Told::Disposed),
        Kind::Custody | Kind::Device | Kind::Config | Kind::List | Kind::Audit => Told::Other,
    }
}

const TEXT_CHARS_MAX: usize = 64;

/// What became of one hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The first time of each step from [`Step::Seen`] on, by facility.
    pub steps: BTreeMap<(String, Step), Place>,
    /// How it went when it should not have: anything but exam, and nothing came after.
    pub lost: Option<(End, Place)>,
    /// When it was last known to be in safe hands: in exam, or done with.
    pub safe_ms: Option<i64>,
}

/// One crossing.
struct Visit<'m> {
    marks: Vec<&'m Mark>,
}

impl Visit<'_> {
    fn last_ms(&self) -> i64 {
        self.marks.iter().map(|mark| mark.place.at_ms).max().unwrap_or(i64::MIN)
    }

    /// Its newest end.
    fn end(&self) -> Option<(End, &Place)> {
        let ends = self.marks.iter().filter_map(|mark| match mark.told {
            Told::Ended(end) => Some((end, &mark.place)),
            _ => None,
        });
        ends.max_by_key(|(_, place)| place.order())
    }
}

/// The walk of a hold placed at `placed_ms`, from all records of its item.
///
/// What was before the hold counts where the item went to exam and nothing became of it since: it lies there.
pub fn walk(placed_ms: i64, marks: &[Mark]) -> Walk {
    let mut visits: BTreeMap<(&str, &str), Visit<'_>> = BTreeMap::new();
    for mark in marks {
        if let Some(pass) = &mark.place.pass {
            let visit = visits.entry((&mark.place.station, pass)).or_insert(Visit { marks: Vec::new() });
            visit.marks.push(mark);
        }
    }
    let disposed = marks.iter().filter(|mark| matches!(mark.told, Told::Disposed(_)));
    let disposed_ms = disposed.map(|mark| mark.place.at_ms).max();
    let mut walk = Walk::default();
    let before = visits.values().filter(|visit| visit.last_ms() < placed_ms).max_by_key(|visit| visit.last_ms());
    let shelf = before.filter(|visit| {
        let done = disposed_ms.is_some_and(|at| at >= visit.last_ms() && at < placed_ms);
        visit.end().is_some_and(|(end, _)| end == End::Exam) && !done
    });
    let since = marks.iter().filter(|mark| mark.place.at_ms >= placed_ms);
    let shelved = shelf.iter().flat_map(|visit| visit.marks.iter().copied());
    for mark in shelved.chain(since) {
        let mut reached = |step: Step| {
            let first = walk.steps.entry((mark.place.facility.clone(), step)).or_insert_with(|| mark.place.clone());
            if mark.place.order() < first.order() {
                *first = mark.place.clone();
            }
        };
        reached(Step::Seen);
        match mark.told {
            Told::Ended(End::Exam) => reached(Step::Diverted),
            Told::Presented => reached(Step::Presented),
            Told::Examined => reached(Step::Examined),
            Told::Disposed(_) => reached(Step::Outcome),
            Told::Ended(_) | Told::Decided(_) | Told::Entered | Told::Other => {}
        }
    }
    let newest = visits.values().filter_map(Visit::end).max_by_key(|(_, place)| place.order());
    let done = |at_ms: i64| disposed_ms.is_some_and(|disposed| disposed >= at_ms);
    match newest {
        Some((End::Exam, place)) => walk.safe_ms = Some(place.at_ms),
        Some((_, place)) if done(place.at_ms) => walk.safe_ms = disposed_ms,
        Some((end, place)) => walk.lost = Some((end, place.clone())),
        None => {}
    }
    walk
}

/// The first step that is not reached; nothing once the outcome is recorded, whatever was left out before.
pub fn missing(reached: impl Fn(Step) -> bool) -> Option<Step> {
    if reached(Step::Outcome) {
        return None;
    }
    Step::ALL.into_iter().find(|step| !reached(*step))
}

/// As it stands in tables and answers, and as records write it.
pub const fn end_name(end: End) -> &'static str {
    match end {
        End::Release => "release",
        End::Exam => "exam",
        End::Removed => "removed",
        End::Unaccounted => "unaccounted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACED_MS: i64 = 1_000;

    fn mark(station: &str, pass: &str, at_ms: i64, told: Told) -> Mark {
        let pass = Some(pass.to_owned()).filter(|pass| !pass.is_empty());
        let (facility, lane) = (station[..3].to_uppercase(), "north".to_owned());
        Mark { place: Place { facility, station: station.to_owned(), lane, at_ms, seq: at_ms, pass }, told }
    }

    fn decided(station: &str, pass: &str, at_ms: i64) -> Mark {
        mark(station, pass, at_ms, Told::Decided("exam".to_owned()))
    }

    /// Steps as `JFK seen 1200`.
    fn steps(walk: &Walk) -> Vec<String> {
        walk.steps.iter().map(|((at, step), place)| format!("{at} {} {}", step.name(), place.at_ms)).collect()
    }

    #[test]
    fn an_item_is_followed_from_its_entry_to_its_outcome() {
        let marks = [
            decided("jfk-1", "n/1/1", 1_200),
            mark("jfk-1", "n/1/1", 1_300, Told::Ended(End::Exam)),
            mark("jfk-2", "", 1_400, Told::Presented),
            mark("jfk-2", "", 1_500, Told::Examined),
            mark("jfk-2", "", 1_600, Told::Disposed("seize".to_owned())),
        ];
        let walk = walk(PLACED_MS, &marks);
        let expected =
            ["JFK seen 1200", "JFK diverted 1300", "JFK presented 1400", "JFK examined 1500", "JFK outcome 1600"];
        assert_eq!(steps(&walk), expected);
        assert_eq!((walk.lost, walk.safe_ms), (None, Some(1_300)));
    }

    #[test]
    fn what_was_released_before_is_to_be_fetched_back_and_was_not_seen_since() {
        let marks = [decided("jfk-1", "n/1/1", 200), mark("jfk-1", "n/1/1", 300, Told::Ended(End::Release))];
        let walk = walk(PLACED_MS, &marks);
        assert!(walk.steps.is_empty());
        assert_eq!(walk.lost, Some((End::Release, marks[1].place.clone())));
    }

    #[test]
    fn what_lies_in_exam_already_is_known_to_lie_there_until_something_became_of_it() {
        let lies = [decided("jfk-1", "n/1/1", 200), mark("jfk-1", "n/1/1", 300, Told::Ended(End::Exam))];
        assert_eq!(steps(&walk(PLACED_MS, &lies)), ["JFK seen 200", "JFK diverted 300"]);
        let done = [lies.as_slice(), &[mark("jfk-1", "", 400, Told::Disposed("release".to_owned()))]].concat();
        assert!(walk(PLACED_MS, &done).steps.is_empty());
    }

    #[test]
    fn a_hold_that_came_between_decision_and_exit_is_too_late() {
        let marks = [decided("jfk-1", "n/1/1", 990), mark("jfk-1", "n/1/1", 1_010, Told::Ended(End::Release))];
        let walk = walk(PLACED_MS, &marks);
        assert_eq!(steps(&walk), ["JFK seen 1010"]);
        assert_eq!(walk.lost.map(|(end, place)| (end, place.at_ms)), Some((End::Release, 1_010)));
    }

    #[test]
    fn what_came_back_to_exam_elsewhere_is_found() {
        let marks = [
            mark("jfk-1", "n/1/1", 1_100, Told::Ended(End::Unaccounted)),
            mark("ord-1", "n/1/9", 1_900, Told::Ended(End::Exam)),
        ];
        let lost = walk(PLACED_MS, &marks[..1]);
        assert_eq!(lost.lost.map(|(end, _)| end), Some(End::Unaccounted));
        let found = walk(PLACED_MS, &marks);
        assert_eq!((found.lost.clone(), found.safe_ms), (None, Some(1_900)));
        assert_eq!(steps(&found), ["JFK seen 1100", "ORD seen 1900", "ORD diverted 1900"]);
    }

    #[test]
    fn an_officers_outcome_ends_the_search() {
        let marks = [
            mark("jfk-1", "n/1/1", 1_100, Told::Ended(End::Removed)),
            mark("jfk-1", "n/1/1", 1_500, Told::Disposed("seize".to_owned())),
        ];
        assert_eq!(walk(PLACED_MS, &marks).lost, None);
    }

    #[test]
    fn bodies_of_any_shape_say_something() {
        let read = |kind, body: &str| told(kind, serde_json::from_str::<Value>(body).unwrap().as_object().unwrap());
        assert_eq!(read(Kind::Sighting, r#"{"pass":"n/1/1","end":"exam"}"#), Told::Ended(End::Exam));
        assert_eq!(read(Kind::Sighting, r#"{"end":"nowhere"}"#), Told::Other);
        assert_eq!(read(Kind::Decision, r#"{"verdict":{"outcome":"exam"}}"#), Told::Decided("exam".to_owned()));
        assert_eq!(read(Kind::Disposition, r#"{"disposition":"seize"}"#), Told::Disposed("seize".to_owned()));
        assert_eq!(read(Kind::Disposition, r#"{"cleared":true}"#), Told::Other);
        assert_eq!(read(Kind::Decision, r#"{"verdict":7}"#), Told::Other);
    }

    fn any_mark() -> impl Strategy<Value = Mark> {
        let what = prop_oneof![
            Just(Told::Other),
            Just(Told::Presented),
            Just(Told::Examined),
            Just(Told::Disposed("seize".to_owned())),
            Just(Told::Decided("exam".to_owned())),
            prop_oneof![Just(End::Exam), Just(End::Release), Just(End::Removed)].prop_map(Told::Ended),
        ];
        let station = prop_oneof![Just("jfk-1"), Just("jfk-2"), Just("ord-1")];
        let pass = prop_oneof![Just(""), Just("n/1/1"), Just("n/1/2")];
        (station, pass, 0i64..2_000, what).prop_map(|(station, pass, at, told)| mark(station, pass, at, told))
    }

    proptest! {
        #[test]
        fn the_order_in_which_records_came_changes_nothing(
            (marks, shuffled) in proptest::collection::vec(any_mark(), 0..12)
                .prop_map(|mut marks| {
                    // No station records twice under one number.
                    marks.sort_by_key(|mark| (mark.place.station.clone(), mark.place.seq));
                    marks.dedup_by_key(|mark| mark.place.seq);
                    marks
                })
                .prop_flat_map(|marks| (Just(marks.clone()), Just(marks).prop_shuffle()))
        ) {
            prop_assert_eq!(walk(PLACED_MS, &marks), walk(PLACED_MS, &shuffled));
        }
    }
}

//! Every fault by itself: what became of the parcels that it touched, and of those that it did not.
//!
//! What it touched must end as the [table](super::predicted) says, for a reason the table names; where another fault or
//! a death of the station had a hand in it as well, nothing is said. Of the clean parcels that no fault touched, the
//! released are counted: those on the belts while it lasted, and those that came within [`AFTER_US`] after it. Shares
//! are held against their bars only where at least [`SAMPLE_MIN`] parcels stand behind them.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::ops::AddAssign;

use serde::Serialize;

use super::findings::{Findings, Promise};
use super::passes::{Lane, Pass};
use super::predicted::{self, Fate, Row};
use super::record::End;
use super::report::{is_eligible, is_plain};
use super::truth::{Parcel, Window};

/// How long after a fault its neighbours in time are counted, microseconds.
const AFTER_US: u64 = 30_000_000;
/// How long after the station came back what it missed may still show, microseconds.
const AFTERMATH_US: u64 = 3_000_000;
/// Of 100 clean parcels that a fault did not touch, so many leave by release while it lasts, and after it.
const DURING_PERCENT: u64 = 90;
const AFTER_PERCENT: u64 = 97;
/// A share of fewer parcels than this proves nothing.
const SAMPLE_MIN: u64 = 100;

/// Clean parcels, and those of them that left by release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    pub eligible: u64,
    pub released: u64,
}

/// What one fault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultFigures {
    /// How often it happened.
    pub windows: u64,
    /// Parcels that it touched.
    pub touched: u64,
    /// Of them: where they went.
    pub released: u64,
    pub exam: u64,
    pub missed: u64,
    /// Of them: something else touched them too, so that nothing is predicted.
    pub shared: u64,
    /// Of them: in exam as they should or may be, for other reasons than the fault's.
    pub other: u64,
    /// Of them: ended as the table says.
    pub predicted: u64,
    /// Untouched parcels on the belts while it lasted; and those that entered within 30 s after it.
    pub during: Share,
    pub after: Share,
}

/// By the fault's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<String, FaultFigures>);

impl FromIterator<(String, FaultFigures)> for Faults {
    fn from_iter<I: IntoIterator<Item = (String, FaultFigures)>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

impl Share {
    fn add(&mut self, released: bool) {
        self.eligible += 1;
        self.released += u64::from(released);
    }
    /// Whether enough parcels stand behind it, and too few of them were released.
    fn is_short_of(&self, percent: u64) -> bool {
        self.eligible >= SAMPLE_MIN && self.released * 100 < self.eligible * percent
    }
}

impl AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        self.eligible += other.eligible;
        self.released += other.released;
    }
}

impl AddAssign<&Faults> for Faults {
    fn add_assign(&mut self, other: &Faults) {
        for (name, more) in &other.0 {
            let sum = self.0.entry(name.clone()).or_default();
            sum.windows += more.windows;
            sum.touched += more.touched;
            sum.released += more.released;
            sum.exam += more.exam;
            sum.missed += more.missed;
            sum.shared += more.shared;
            sum.other += more.other;
            sum.predicted += more.predicted;
            sum.during += more.during;
            sum.after += more.after;
        }
    }
}

/// Counts, and finds what ended otherwise than predicted.
pub fn check(lane: &Lane<'_>, findings: &mut Findings) -> Faults {
    let mut faults = Faults::default();
    // What ails a device is counted by itself, see `cells`.
    let known = |window: &&Window| predicted::of(&window.fault).is_some();
    for window in lane.truth.windows.iter().filter(known) {
        let figures = faults.0.entry(window.fault.clone()).or_default();
        figures.windows += 1;
        untouched(lane, window, figures);
    }
    for pass in &lane.passes {
        for &parcel in &pass.parcels {
            for row in touching(parcel) {
                let verdict = match is_shared(lane, row, pass.entered_us, &pass.parcels) {
                    true => Ended::Shared,
                    false => ended(row, pass, parcel),
                };
                let place = format!("{} ({})", pass.key, row.fault);
                faults.0.entry(row.fault.to_owned()).or_default().count(parcel, verdict, &place, findings);
            }
        }
    }
    for &parcel in &lane.strangers {
        let from = parcel.inserted_us.or(parcel.entered_us).unwrap_or(0);
        for row in touching(parcel) {
            let verdict = match parcel.released() {
                _ if is_shared(lane, row, from, &[parcel]) => Ended::Shared,
                true => Ended::Otherwise("it left by release without a pass".to_owned()),
                // That an alarm says so is a promise of its own, see `conservation`.
                false => Ended::AsPredicted,
            };
            let place = format!("{} parcel {} ({})", lane.truth.lane, parcel.id, row.fault);
            faults.0.entry(row.fault.to_owned()).or_default().count(parcel, verdict, &place, findings);
        }
    }
    faults
}

/// How the way of a touched parcel goes with the table.
enum Ended {
    AsPredicted,
    /// In exam, though not for the fault's sake.
    ForOtherReasons,
    /// Another fault, or a death of the station, had a hand in it.
    Shared,
    Otherwise(String),
}

/// The lines of the faults that happened to this very parcel.
fn touching(parcel: &Parcel) -> impl Iterator<Item = &'static Row> {
    let touched = |name: &str| parcel.touched.iter().any(|touch| touch.direct && touch.fault == name);
    predicted::TABLE.iter().filter(move |row| touched(row.fault))
}

/// Whether more than this fault had to do with the parcels of one pass, so that nothing is predicted of them.
fn is_shared(lane: &Lane<'_>, row: &Row, from: u64, parcels: &[&Parcel]) -> bool {
    let mut touches = parcels.iter().flat_map(|parcel| &parcel.touched);
    is_away(lane, from, parcels) || touches.any(|touch| touch.fault != row.fault)
}

/// Whether the station was dead while one of them was on the belts.
fn is_away(lane: &Lane<'_>, from: u64, parcels: &[&Parcel]) -> bool {
    let until = gone(parcels);
    lane.truth.down.iter().any(|&(died, back)| died <= until && from <= back + AFTERMATH_US)
}

fn gone(parcels: &[&Parcel]) -> u64 {
    parcels.iter().map(|parcel| parcel.gone_us().unwrap_or(u64::MAX)).max().unwrap_or(0)
}

impl FaultFigures {
    fn count(&mut self, parcel: &Parcel, ended: Ended, place: &str, findings: &mut Findings) {
        self.touched += 1;
        match parcel.left {
            Some(_) if parcel.released() => self.released += 1,
            Some(_) => self.exam += 1,
            None => self.missed += 1,
        }
        match ended {
            Ended::AsPredicted => self.predicted += 1,
            Ended::ForOtherReasons => self.other += 1,
            Ended::Shared => self.shared += 1,
            Ended::Otherwise(says) => findings.add(Promise::FaultTable, place, says),
        }
    }
}

/// How a parcel that has a pass ended.
fn ended(row: &Row, pass: &Pass<'_>, parcel: &Parcel) -> Ended {
    let otherwise = |says: &str| Ended::Otherwise(format!("parcel {} {says}", parcel.id));
    match row.fate {
        Fate::Unharmed => Ended::AsPredicted,
        Fate::Exam | Fate::Stranger if parcel.released() => otherwise("left by release"),
        Fate::ExamOrLetGo if parcel.released() => Ended::AsPredicted,
        // Decided for release before, it went to exam because its permit was void: then an alarm says that.
        Fate::ExamOrLetGo if pass.alarm("went-to-exam").is_some() => Ended::AsPredicted,
        Fate::Exam | Fate::ExamOrLetGo => reasoned(row, pass, parcel),
        Fate::Stranger => Ended::AsPredicted,
        Fate::Missed if parcel.removed_us.is_none() => Ended::AsPredicted,
        Fate::Missed => {
            let missed = matches!(pass.end(), Some(End::Removed | End::Unaccounted));
            let said = pass.alarm("removed").or(pass.alarm("unaccounted")).is_some();
            if missed && said {
                Ended::AsPredicted
            } else {
                otherwise("was taken off, and the journal does not miss it")
            }
        }
    }
}

/// Whether what it was kept for is what the table names.
fn reasoned(row: &Row, pass: &Pass<'_>, parcel: &Parcel) -> Ended {
    let reasons = pass.effective().map_or(&[][..], |decision| &decision.what.verdict.reasons);
    if reasons.iter().any(|reason| row.reasons.contains(&reason.rule.as_str())) {
        return Ended::AsPredicted;
    }
    // Something about the parcel itself spoke against it; or the fault need not have mattered to it at all.
    if row.fate == Fate::ExamOrLetGo || !pass.parcels.iter().all(|parcel| is_plain(pass, parcel)) {
        return Ended::ForOtherReasons;
    }
    let rules: Vec<&str> = reasons.iter().map(|reason| reason.rule.as_str()).collect();
    let (rules, table) = (rules.join(" "), row.reasons.join(" "));
    Ended::Otherwise(format!("parcel {} was decided for [{rules}], not for any of [{table}]", parcel.id))
}

/// Clean parcels beside the fault.
fn untouched(lane: &Lane<'_>, window: &Window, figures: &mut FaultFigures) {
    for pass in &lane.passes {
        let Some(parcel) = pass.only().filter(|parcel| is_eligible(pass, parcel)) else { continue };
        if is_away(lane, pass.entered_us, &[parcel]) {
            continue;
        }
        let (from, until) = (pass.entered_us, parcel.diverted_us().or(parcel.gone_us()).unwrap_or(u64::MAX));
        if from < window.until_us && window.from_us < until {
            figures.during.add(parcel.released());
        } else if (window.until_us..window.until_us + AFTER_US).contains(&from)
            && !lane.truth.windows.iter().any(|other| from < other.until_us && other.from_us < until)
        {
            // Where the next fault has begun already, it is that one's share.
            figures.after.add(parcel.released());
        }
    }
}

impl Faults {
    /// Shares below their bar, where enough parcels stand behind them.
    pub fn check_shares(&self, findings: &mut Findings) {
        for (name, figures) in &self.0 {
            for (when, share, bar) in
                [("while it lasted", figures.during, DURING_PERCENT), ("after it", figures.after, AFTER_PERCENT)]
            {
                if share.is_short_of(bar) {
                    let Share { eligible, released } = share;
                    let says =
                        format!("{released} of {eligible} clean parcels were released {when}; the bar is {bar} %");
                    findings.add(Promise::Facilitation, name, says);
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, fault: &str) -> Option<&FaultFigures> {
        self.0.get(fault)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { eligible, released } = *self;
        let percent = (released * 100).checked_div(eligible).map_or("–".to_owned(), |percent| format!("{percent} %"));
        f.pad(&format!("{released}/{eligible} {percent}"))
    }
}

/// A table, one fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<17}{:>8}{:>9}{:>9}{:>6}", "fault", "windows", "touched", "released", "exam")?;
        write!(f, "{:>8}{:>8}{:>7}{:>11}", "missed", "shared", "other", "predicted")?;
        writeln!(f, "  {:<19}within 30 s after", "untouched, during")?;
        for (name, of) in &self.0 {
            let mut line = String::new();
            let predicted = format!("{}/{}", of.predicted, of.touched - of.shared - of.other);
            write!(line, "{name:<17}{:>8}{:>9}{:>9}{:>6}", of.windows, of.touched, of.released, of.exam)?;
            write!(line, "{:>8}{:>8}{:>7}{predicted:>11}", of.missed, of.shared, of.other)?;
            write!(line, "  {:<19}{}", of.during, of.after)?;
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

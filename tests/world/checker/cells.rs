//! One sick device at a time: what became of the parcels that it touched, what the station said of it, how soon all was
//! well again, and whether the others went on.
//!
//! It reads the same evidence as every other check and counts by the [table of promises](super::promised). What is a
//! promise whatever ails the lane (no release without a durable decision, holds, ownership, conservation) the other checks
//! find; here is only what depends on the cell.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::doubts::is_wrong;
use super::faults::Share;
use super::findings::{Findings, Promise};
use super::passes::{At, Lane, Pass};
use super::promised::{self, Fate, Row};
use super::record::{Alarm, End};
use super::report::{is_eligible, is_plain};
use super::routing::{is_hold_present, is_misrouted};
use super::truth::{LaneEvent, Parcel, Window};
use super::{Station, journal};

/// How long after a sickness what it did may still be said, and its neighbours in time are counted, microseconds.
const SAID_US: u64 = 30_000_000;
const AFTER_US: u64 = 30_000_000;
/// A lane that lets no clean parcel go within so long after a device is well again has not recovered.
const RECOVERED_US: u64 = 60_000_000;
/// Of 100 clean parcels that came within half a minute after it, so many are released; below so many nothing is said.
const AFTER_PERCENT: u64 = 80;
const SAMPLE_MIN: u64 = 20;

/// What one cell did, over all its windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellFigures {
    pub windows: u64,
    /// Parcels that it touched itself; of them: where they went, or that the journal misses them.
    pub touched: u64,
    pub exam: u64,
    pub released: u64,
    pub missed: u64,
    /// Of those in exam: plain ones, kept for a reason that the table does not name.
    pub unnamed: u64,
    /// Parcels that left by release and should not have, whoever says so.
    pub wrong: u64,
    /// Windows in which the table's alarms or reasons were recorded, of those in which it had touched anything.
    pub told: u64,
    pub tellable: u64,
    /// Alarms, by code, in so many windows; reasons, by rule, of so many touched parcels.
    pub alarms: BTreeMap<String, u64>,
    pub reasons: BTreeMap<String, u64>,
    /// From the end of the sickness until the first clean parcel came onto the lane that was released, milliseconds.
    pub recovery_ms: Vec<u64>,
    /// Windows after which none was, though some came.
    pub lost: u64,
    /// Untouched clean parcels: on the belts while it lasted, and come within 30 s after it.
    pub during: Share,
    pub after: Share,
    /// How long the belts stood while it lasted, milliseconds.
    pub stood_ms: u64,
    pub lasted_ms: u64,
}

impl AddAssign<&CellFigures> for CellFigures {
    fn add_assign(&mut self, more: &CellFigures) {
        self.windows += more.windows;
        self.touched += more.touched;
        self.exam += more.exam;
        self.released += more.released;
        self.missed += more.missed;
        self.unnamed += more.unnamed;
        self.wrong += more.wrong;
        self.told += more.told;
        self.tellable += more.tellable;
        self.recovery_ms.extend(&more.recovery_ms);
        self.lost += more.lost;
        self.during += more.during;
        self.after += more.after;
        self.stood_ms += more.stood_ms;
        self.lasted_ms += more.lasted_ms;
        for (sums, counts) in [(&mut self.alarms, &more.alarms), (&mut self.reasons, &more.reasons)] {
            counts.iter().for_each(|(name, count)| *sums.entry(name.clone()).or_default() += count);
        }
    }
}

/// Counts what one cell did to a station's lanes, and finds where that is not as promised.
pub fn check(station: &Station, cell: &str, findings: &mut Findings) -> CellFigures {
    let journal = journal::read(&station.name, &station.files, station.key, &mut Findings::default());
    let mut figures = CellFigures::default();
    let Some(row) = promised::of(cell) else { return figures };
    for truth in &station.lanes {
        let lane = Lane::new(truth, &journal);
        let mut told = Vec::new();
        let windows: Vec<&Window> = truth.windows.iter().filter(|window| window.fault == cell).collect();
        for (at, window) in windows.iter().enumerate() {
            let next = windows.get(at + 1).map_or(u64::MAX, |next| next.from_us);
            if look(&lane, &row, window, next, &mut figures, findings) {
                told.push((window.from_us, (window.until_us + SAID_US).min(next)));
            }
        }
        parcels(&lane, cell, &row, &told, &mut figures, findings);
    }
    if figures.after.eligible >= SAMPLE_MIN && figures.after.released * 100 < figures.after.eligible * AFTER_PERCENT {
        let Share { eligible, released } = figures.after;
        let says = format!("{released} of {eligible} clean parcels were released within 30 s after it");
        findings.add(Promise::Facilitation, cell, says);
    }
    figures
}

/// The parcels of a whole run.
/// `told`: stretches in which an alarm of the table stood.
fn parcels(
    lane: &Lane<'_>,
    cell: &str,
    row: &Row,
    told: &[(u64, u64)],
    figures: &mut CellFigures,
    findings: &mut Findings,
) {
    for pass in &lane.passes {
        for &parcel in &pass.parcels {
            figures.wrong += u64::from(parcel.released() && is_wrong_release(lane, pass, parcel));
            if is_touched(parcel, cell) {
                let excused = is_held_up(lane, pass, parcel, told);
                touched(row, pass, parcel, excused, figures, findings);
            }
        }
    }
    for parcel in &lane.strangers {
        figures.wrong += u64::from(parcel.released());
        if is_touched(parcel, cell) {
            figures.touched += 1;
            figures.exam += u64::from(!parcel.released() && parcel.left.is_some());
            figures.released += u64::from(parcel.released());
        }
    }
}

fn is_touched(parcel: &Parcel, cell: &str) -> bool {
    parcel.touched.iter().any(|touch| touch.direct && touch.fault == cell)
}

/// Whether a parcel that left by release should not have.
fn is_wrong_release(lane: &Lane<'_>, pass: &Pass<'_>, parcel: &Parcel) -> bool {
    is_misrouted(pass, &lane.truth.clock)
        || parcel.target.is_some()
        || pass.parcels.len() > 1
        || is_wrong(pass)
        || is_hold_present(parcel) && pass.alarm("revoked-too-late").is_none()
}

/// Whether the belts stood under it for a cause that an alarm of the table told: what was being scanned or weighed then, or
/// had a permit, is exam for that.
fn is_held_up(lane: &Lane<'_>, pass: &Pass<'_>, parcel: &Parcel, told: &[(u64, u64)]) -> bool {
    let (from, until) = (pass.entered_us, parcel.gone_us().unwrap_or(u64::MAX));
    let stopped = |&(at, event): &(u64, LaneEvent)| event == LaneEvent::BeltsStop && (from..=until).contains(&at);
    told.iter().any(|&(begin, end)| from < end && begin < until) && lane.truth.events.iter().any(stopped)
}

/// One parcel that the device touched. `excused`: an alarm of the table speaks for it.
fn touched(
    row: &Row,
    pass: &Pass<'_>,
    parcel: &Parcel,
    excused: bool,
    figures: &mut CellFigures,
    findings: &mut Findings,
) {
    figures.touched += 1;
    let reasons = pass.effective().map_or(&[][..], |decision| &decision.what.verdict.reasons);
    for reason in reasons {
        *figures.reasons.entry(reason.rule.as_str().to_owned()).or_default() += 1;
    }
    if matches!(pass.end(), Some(End::Unaccounted | End::Removed)) {
        figures.missed += 1;
        return; // an alarm names it, see `conservation`
    }
    if parcel.released() {
        figures.released += 1;
        if row.fate == Fate::Exam {
            let says = format!("parcel {} left by release", parcel.id);
            findings.add(Promise::FaultTable, format!("{} ({})", pass.key, row.cell()), says);
        }
        return;
    }
    figures.exam += 1;
    // What came to be judged while the lane stood, whatever for: an alarm always says why it stands.
    let excused = excused || reasons.iter().any(|reason| reason.rule.as_str() == "built-in.lane-state");
    let named = excused
        || reasons.iter().any(|reason| row.reasons.contains(&reason.rule.as_str()))
        || pass.alarms.iter().any(|alarm| row.alarms.contains(&code(alarm.what).as_str()));
    if !named && is_plain(pass, parcel) {
        figures.unnamed += 1;
        let rules: Vec<&str> = reasons.iter().map(|reason| reason.rule.as_str()).collect();
        let alarms: Vec<&str> = pass.alarms.iter().map(|alarm| alarm.what.code.as_str()).collect();
        let (rules, alarms) = (rules.join(" "), alarms.join(" "));
        let says =
            format!("parcel {} is in exam for [{rules}] with [{alarms}], which the table does not name", parcel.id);
        findings.add(Promise::FaultTable, format!("{} ({})", pass.key, row.cell()), says);
    }
}

/// An alarm's code; that of a lane that stands with the cause behind it.
fn code(alarm: &Alarm) -> String {
    let state = alarm.says.split_once("stands: ").and_then(|(_, rest)| rest.split_once(';')).map(|(state, _)| state);
    match state {
        Some(state) if alarm.code == "lane-stopped" => format!("lane-stopped {state}"),
        _ => alarm.code.clone(),
    }
}

/// One window: what was said of it, how soon it was over, and who went on. Returns whether an alarm of the table was raised.
fn look(
    lane: &Lane<'_>,
    row: &Row,
    window: &Window,
    next: u64,
    figures: &mut CellFigures,
    findings: &mut Findings,
) -> bool {
    let parcels = || lane.passes.iter().flat_map(|pass| &pass.parcels).chain(&lane.strangers);
    let met = |parcel: &&&Parcel| {
        let until = parcel.gone_us().unwrap_or(u64::MAX);
        is_touched(parcel, &window.fault)
            && parcel.entered_us.is_some_and(|from| from < window.until_us)
            && window.from_us < until
    };
    let met = parcels().filter(met).count();
    if window.from_us > last(lane) {
        return false; // the day was over
    }
    figures.windows += 1;
    figures.lasted_ms += (window.until_us - window.from_us) / 1_000;
    figures.stood_ms += stood_us(lane, window) / 1_000;
    let said = alarms(lane, window, next);
    let is_told = said.iter().any(|code| row.alarms.contains(&code.as_str()));
    let is_named = is_told || is_reasoned(lane, row, window);
    for code in said {
        *figures.alarms.entry(code).or_default() += 1;
    }
    if met > 0 && row.fate != Fate::Tolerated {
        figures.tellable += 1;
        figures.told += u64::from(is_named);
        if !is_named {
            let says = format!("nothing that the table names was said from {} ms on", window.from_us / 1_000);
            findings.add(Promise::FaultTable, row.cell(), says);
        }
    }
    recovery(lane, window, next, figures, findings);
    for pass in &lane.passes {
        let Some(parcel) = pass.only().filter(|parcel| is_eligible(pass, parcel)) else { continue };
        let (from, until) = (pass.entered_us, parcel.diverted_us().or(parcel.gone_us()).unwrap_or(u64::MAX));
        if from < window.until_us && window.from_us < until {
            figures.during += Share { eligible: 1, released: u64::from(parcel.released()) };
        } else if (window.until_us..(window.until_us + AFTER_US).min(next)).contains(&from) && until < next {
            figures.after += Share { eligible: 1, released: u64::from(parcel.released()) };
        }
    }
    is_told
}

/// When the last thing happened on the lane.
fn last(lane: &Lane<'_>) -> u64 {
    lane.truth.parcels.iter().filter_map(|parcel| parcel.gone_us()).max().unwrap_or(0)
}

/// Alarms that were raised while it lasted or soon after, each once; not those that every day knows.
fn alarms(lane: &Lane<'_>, window: &Window, next: u64) -> Vec<String> {
    const USUAL: [&str; 6] = [
        "lane-runs",
        "lane-stopped Ready",
        "lane-stopped ChuteFull",
        "lane-stopped Starting",
        "stopped-in-place",
        "lane-stopped Latched(StopInPlace)",
    ];
    let clock = &lane.truth.clock;
    let (from, until) = (clock.wall_ms(window.from_us), clock.wall_ms((window.until_us + SAID_US).min(next)));
    let of_passes = lane.passes.iter().flat_map(|pass| &pass.alarms);
    let then = |alarm: &&At<'_, Alarm>| (from..=until).contains(&alarm.at);
    let mut codes: Vec<String> =
        lane.alarms.iter().chain(of_passes).filter(then).map(|alarm| code(alarm.what)).collect();
    codes.retain(|code| !USUAL.contains(&code.as_str()));
    codes.sort();
    codes.dedup();
    codes
}

/// Whether a touched parcel that was on the belts then has one of the table's reasons.
fn is_reasoned(lane: &Lane<'_>, row: &Row, window: &Window) -> bool {
    let until = |pass: &Pass<'_>| pass.parcels.iter().filter_map(|parcel| parcel.gone_us()).max().unwrap_or(u64::MAX);
    let then = |pass: &&Pass<'_>| pass.entered_us < window.until_us && window.from_us < until(pass);
    lane.passes.iter().filter(then).any(|pass| {
        let reasons = pass.effective().map_or(&[][..], |decision| &decision.what.verdict.reasons);
        let touched = pass.parcels.iter().any(|parcel| is_touched(parcel, &window.fault));
        touched && reasons.iter().any(|reason| row.reasons.contains(&reason.rule.as_str()))
    })
}

fn recovery(lane: &Lane<'_>, window: &Window, next: u64, figures: &mut CellFigures, findings: &mut Findings) {
    let later = |pass: &&Pass<'_>| (window.until_us..next).contains(&pass.entered_us);
    let mut plain = 0;
    let well = lane.passes.iter().filter(later).find(|pass| {
        let Some(parcel) = pass.only().filter(|parcel| is_plain(pass, parcel)) else { return false };
        plain += 1;
        parcel.released()
    });
    match well {
        Some(pass) => {
            let took = pass.entered_us - window.until_us;
            figures.recovery_ms.push(took / 1_000);
            if took > RECOVERED_US {
                let says = format!("{} s until a clean parcel came and was released", took / 1_000_000);
                findings.add(Promise::Facilitation, &window.fault, says);
            }
        }
        None if plain > 2 => {
            figures.lost += 1;
            let says =
                format!("{plain} clean parcels came after {} ms, and none was released", window.until_us / 1_000);
            findings.add(Promise::Facilitation, &window.fault, says);
        }
        None => {}
    }
}

/// How long the belts stood within a window.
fn stood_us(lane: &Lane<'_>, window: &Window) -> u64 {
    let (mut since, mut stood) = (Some(0), 0);
    let mut add = |from: u64, until: u64| stood += until.min(window.until_us).saturating_sub(from.max(window.from_us));
    for &(at, event) in &lane.truth.events {
        match event {
            LaneEvent::BeltsRun => since.take().into_iter().for_each(|from| add(from, at)),
            LaneEvent::BeltsStop => since = since.or(Some(at)),
            _ => {}
        }
    }
    since.into_iter().for_each(|from| add(from, u64::MAX));
    stood
}

//! What reports on one parcel mean together. Pure, and in doubt never "cleared" (promises 3 and 8).

use super::words::{Ability, Abort, Acquisition, Decision, Flag, Kind};
use super::{Judgement, Report, Tip};
use crate::dicom::Reference;

/// The later, the worse: of several reports the worst stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// Every author who counts looked, could see, and saw no threat.
    Cleared,
    NotCleared(Cause),
    /// A report contradicts itself: hold the parcel, and tell whoever keeps its author.
    Inconsistent(Conflict),
}

/// Why nobody has cleared the parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No machine or officer has reported on it.
    NoReport,
    /// A report could not be read: what it says, and whose it is, nobody knows.
    Unread,
    /// Its author stopped looking, or does not say that he came to the end, or that the scan did.
    Aborted,
    /// Its author does not know, of the parcel or of an object; or it may have been an exercise.
    Undecided,
    /// Something could not be seen through, or its author does not say that it could; or it is counted and not listed.
    CouldNotSee,
    Alarm,
}

/// Where a report contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// More alarming objects than objects, more listed than counted, or cleared without a count.
    Counts,
    /// Cleared, with alarming objects.
    ClearWithAlarms,
    /// Cleared, with an object that is called a threat.
    ClearWithThreat,
    /// An alarm, with no alarming object.
    AlarmWithoutObject,
    /// Outside 0 to 1, or no number.
    Probability,
}

/// Reports on one parcel, in any order, each as it was read or not.
///
/// The worst word stands. Where an officer clears, what a machine decided from pictures that are all among his stands no
/// longer: he has seen what it saw. Aggregates repeat what others said and are no vote, a test's truth neither. Reports on
/// exercises (TIP) are put aside, whatever they say: the projected threat is not in the parcel, and who cleared the exercise
/// has not cleared the parcel.
///
/// An officer overrules a decision and no more. What was not seen (aborted, or not seen through), what may have been an
/// exercise, and a contradiction, which is a fault of equipment, stay. So does a report that could not be read: it may be
/// anybody's, and say anything.
pub fn what_it_means<E>(reports: &[Result<Report, E>]) -> Meaning {
    let counting = |report: &&Report| !matches!(report.tip, Tip::Exercise(_));
    let read = || reports.iter().filter_map(|report| report.as_ref().ok()).filter(counting);
    let of = |kind: Kind| read().filter(move |report| report.kind == kind);
    let clearing: Vec<&Report> = of(Kind::Operator).filter(|report| meaning(report) == Meaning::Cleared).collect();
    let standing = of(Kind::Machine).filter(|machine| !clearing.iter().any(|officer| overrules(officer, machine)));
    let unread = reports.iter().filter(|report| report.is_err()).map(|_| Meaning::NotCleared(Cause::Unread));
    let all = standing.chain(of(Kind::Operator)).map(meaning).chain(unread).max();
    all.unwrap_or(Meaning::NotCleared(Cause::NoReport))
}

/// Whether an officer who clears has seen all that a machine decided from, and it had seen all that there was.
fn overrules(officer: &Report, machine: &Report) -> bool {
    let seen = |picture: &Reference| officer.pictures.contains(picture);
    !machine.pictures.is_empty()
        && machine.pictures.iter().all(seen)
        && conflict(machine).is_none()
        && machine.tip == Tip::None
        && !was_aborted(machine)
        && !could_not_see(machine)
}

fn meaning(report: &Report) -> Meaning {
    if let Some(conflict) = conflict(report) {
        return Meaning::Inconsistent(conflict);
    }
    let decision = match report.decision {
        Decision::Alarm => Some(Cause::Alarm),
        Decision::Unknown => Some(Cause::Undecided),
        Decision::Clear => None,
    };
    let unflagged = judgements(report).any(|judgement| judgement.flag != Flag::NoThreat);
    let causes = [
        was_aborted(report).then_some(Cause::Aborted),
        (unflagged || report.tip != Tip::None).then_some(Cause::Undecided),
        could_not_see(report).then_some(Cause::CouldNotSee),
        decision,
    ];
    causes.into_iter().flatten().max().map_or(Meaning::Cleared, Meaning::NotCleared)
}

/// Who gives a reason for stopping has stopped, and of half a scan nobody has seen the whole.
fn was_aborted(report: &Report) -> bool {
    report.abort != Abort::Success || !report.abort_reasons.is_empty() || report.acquisition != Acquisition::Successful
}

fn could_not_see(report: &Report) -> bool {
    // An object that nobody judged was not seen either, nor was one that is counted and not listed. Who alarms may list only
    // what alarms.
    let unlisted = report.decision == Decision::Clear
        && report.objects_total.is_some_and(|total| report.objects.len() < usize::from(total));
    unlisted
        || report.objects.iter().any(|object| object.judgements.is_empty())
        || judgements(report).any(|judgement| judgement.ability != Ability::NoInterference)
}

fn judgements(report: &Report) -> impl Iterator<Item = &Judgement> {
    report.objects.iter().flat_map(|object| &object.judgements)
}

fn conflict(report: &Report) -> Option<Conflict> {
    let clear = report.decision == Decision::Clear;
    let (total, alarm) = (report.objects_total, report.objects_alarm);
    let no_probability = |probability: f32| !(0.0..=1.0).contains(&probability);
    let threat = |flag: Flag| matches!(flag, Flag::Threat | Flag::HighThreat);
    if judgements(report).filter_map(|judgement| judgement.probability).any(no_probability) {
        Some(Conflict::Probability)
    } else if report.decision == Decision::Alarm && alarm == Some(0) {
        Some(Conflict::AlarmWithoutObject)
    } else if clear && alarm.is_some_and(|alarm| alarm > 0) {
        Some(Conflict::ClearWithAlarms)
    } else if clear && judgements(report).any(|judgement| threat(judgement.flag)) {
        Some(Conflict::ClearWithThreat)
    } else if (clear && (total.is_none() || alarm.is_none()))
        || total.zip(alarm).is_some_and(|(total, alarm)| alarm > total)
        || total.is_some_and(|total| report.objects.len() > usize::from(total))
    {
        Some(Conflict::Counts)
    } else {
        None
    }
}

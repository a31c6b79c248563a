//! What reports mean, alone and together: the rules, each by its row.

use super::*;

/// A report that clears, with one object.
fn seen(ability: Ability, flag: Flag, probability: Option<f32>) -> Report {
    Report { objects_total: Some(1), objects: judged(ability, flag, probability), ..clear(Kind::Machine) }
}

/// The decision rules, each by its row.
#[test]
fn one_report_means_what_the_rules_say() {
    use Meaning::{Cleared, NotCleared};
    let base = || clear(Kind::Machine);
    let fine = Ability::NoInterference;
    let unjudged = vec![Object { id: 1, judgements: vec![], views: vec![] }];
    let rows = [
        ("clear", base(), Cleared),
        ("clear, with an object that is none", seen(fine, Flag::NoThreat, Some(0.1)), Cleared),
        ("clear, with an object that nobody flags", seen(fine, Flag::Unknown, Some(0.1)), NotCleared(Cause::Undecided)),
        ("clear, counted and not listed", Report { objects_total: Some(3), ..base() }, NotCleared(Cause::CouldNotSee)),
        (
            "clear, with one of three listed",
            Report { objects_total: Some(3), ..seen(fine, Flag::NoThreat, None) },
            NotCleared(Cause::CouldNotSee),
        ),
        ("alarm", alarm(Kind::Machine), NotCleared(Cause::Alarm)),
        (
            "alarm, with one of three listed",
            Report { objects_total: Some(3), ..alarm(Kind::Machine) },
            NotCleared(Cause::Alarm),
        ),
        (
            "a success with reasons",
            Report { abort_reasons: vec![AbortReason::Timeout], ..base() },
            NotCleared(Cause::Aborted),
        ),
        ("cut off", Report { acquisition: Acquisition::Cut, ..base() }, NotCleared(Cause::Aborted)),
        ("a scan without an end", Report { acquisition: Acquisition::Unknown, ..base() }, NotCleared(Cause::Aborted)),
        ("clear, and may be an exercise", Report { tip: Tip::Unclear, ..base() }, NotCleared(Cause::Undecided)),
        (
            "alarm, and may be an exercise",
            Report { tip: Tip::Unclear, ..alarm(Kind::Machine) },
            NotCleared(Cause::Alarm),
        ),
        ("aborted", Report { abort: Abort::Aborted, ..base() }, NotCleared(Cause::Aborted)),
        ("not said to be whole", Report { abort: Abort::Unknown, ..base() }, NotCleared(Cause::Aborted)),
        ("undecided", Report { decision: Decision::Unknown, ..base() }, NotCleared(Cause::Undecided)),
        ("shielded", seen(Ability::Shield, Flag::NoThreat, None), NotCleared(Cause::CouldNotSee)),
        ("not said to be seen", seen(Ability::Unknown, Flag::NoThreat, None), NotCleared(Cause::CouldNotSee)),
        (
            "judged by nobody",
            Report { objects_total: Some(1), objects: unjudged, ..base() },
            NotCleared(Cause::CouldNotSee),
        ),
    ];
    for (name, report, meaning) in rows {
        assert_eq!(means(&[report]), meaning, "{name}");
    }
}

#[test]
fn a_report_that_contradicts_itself_is_no_word_at_all() {
    let fine = Ability::NoInterference;
    let base = || clear(Kind::Machine);
    let rows = [
        (
            "clear with alarms",
            Report { objects_total: Some(1), objects_alarm: Some(1), ..base() },
            Conflict::ClearWithAlarms,
        ),
        ("clear with a threat", seen(fine, Flag::HighThreat, None), Conflict::ClearWithThreat),
        ("alarm with none", Report { objects_alarm: Some(0), ..alarm(Kind::Machine) }, Conflict::AlarmWithoutObject),
        ("more alarms than objects", Report { objects_alarm: Some(2), ..alarm(Kind::Machine) }, Conflict::Counts),
        (
            "more listed than counted",
            Report { objects_total: Some(0), ..seen(fine, Flag::NoThreat, None) },
            Conflict::Counts,
        ),
        ("clear without a count", Report { objects_alarm: None, ..base() }, Conflict::Counts),
        ("probability 1.01", seen(fine, Flag::NoThreat, Some(1.01)), Conflict::Probability),
        ("probability -0.1", seen(fine, Flag::NoThreat, Some(-0.1)), Conflict::Probability),
        ("no number", seen(fine, Flag::NoThreat, Some(f32::NAN)), Conflict::Probability),
    ];
    for (name, report, conflict) in rows {
        assert_eq!(means(&[report]), Meaning::Inconsistent(conflict), "{name}");
    }
}

#[test]
fn officers_overrule_machines_and_nobody_else_has_a_vote() {
    use Kind::{Aggregate, GroundTruth, Machine, ModifiedAggregate, Operator};
    use Meaning::{Cleared, NotCleared};
    let unknown = Report { decision: Decision::Unknown, ..clear(Machine) };
    let broken = Report { objects_alarm: None, ..clear(Machine) };
    let none = NotCleared(Cause::NoReport);
    let rows: [(&str, Vec<Report>, Meaning); 12] = [
        ("nobody", vec![], none),
        ("an officer clears", vec![alarm(Machine), clear(Operator)], Cleared),
        ("an officer alarms", vec![clear(Machine), alarm(Operator)], NotCleared(Cause::Alarm)),
        ("two machines", vec![clear(Machine), unknown.clone()], NotCleared(Cause::Undecided)),
        ("two officers", vec![clear(Operator), alarm(Operator)], NotCleared(Cause::Alarm)),
        ("aggregates only", vec![clear(Aggregate), clear(ModifiedAggregate)], none),
        ("an aggregate alarms", vec![clear(Machine), alarm(Aggregate)], Cleared),
        ("an aggregate clears", vec![alarm(Machine), clear(Aggregate)], NotCleared(Cause::Alarm)),
        ("truth only", vec![clear(GroundTruth)], none),
        ("a machine that contradicts itself", vec![broken, clear(Operator)], conflicting(Conflict::Counts)),
        ("an exercise that alarms", vec![clear(Machine), exercise(alarm(Operator))], Cleared),
        ("an exercise that was cleared", vec![exercise(clear(Operator)), exercise(clear(Machine))], none),
    ];
    for (name, reports, meaning) in rows {
        assert_eq!(means(&reports), meaning, "{name}");
        let turned: Vec<Report> = reports.into_iter().rev().collect();
        assert_eq!(means(&turned), meaning, "{name}, in another order");
    }
}

/// An officer overrules what a machine decided of pictures that he has seen, and nothing else.
#[test]
fn an_officer_overrules_a_decision_and_never_what_was_not_seen() {
    use Kind::{Machine, Operator};
    use Meaning::{Cleared, NotCleared};
    let other = || Reference { instance: "1.2.4".into(), ..picture() };
    let both = || Report { pictures: vec![other(), picture()], ..clear(Operator) };
    let of_other = || Report { pictures: vec![other()], ..alarm(Machine) };
    let shielded = |decision: Decision| {
        let objects = judged(Ability::Shield, Flag::NoThreat, None);
        let objects_alarm = Some(u16::from(decision == Decision::Alarm));
        Report { decision, objects_total: Some(1), objects_alarm, objects, ..clear(Machine) }
    };
    let rows = [
        ("both pictures", vec![alarm(Machine), of_other(), both()], Cleared),
        ("undecided", vec![Report { decision: Decision::Unknown, ..clear(Machine) }, clear(Operator)], Cleared),
        ("another picture", vec![of_other(), clear(Operator)], NotCleared(Cause::Alarm)),
        (
            "one of its two",
            vec![Report { pictures: both().pictures, ..of_other() }, clear(Operator)],
            NotCleared(Cause::Alarm),
        ),
        ("no picture", vec![Report { pictures: vec![], ..alarm(Machine) }, clear(Operator)], NotCleared(Cause::Alarm)),
        (
            "each of two officers saw one",
            vec![
                Report { pictures: both().pictures, ..of_other() },
                clear(Operator),
                Report { pictures: vec![other()], ..clear(Operator) },
            ],
            NotCleared(Cause::Alarm),
        ),
        ("aborted", vec![Report { abort: Abort::Aborted, ..clear(Machine) }, both()], NotCleared(Cause::Aborted)),
        (
            "half a scan",
            vec![Report { acquisition: Acquisition::Cut, ..clear(Machine) }, both()],
            NotCleared(Cause::Aborted),
        ),
        ("shielded", vec![shielded(Decision::Clear), both()], NotCleared(Cause::CouldNotSee)),
        ("shielded, and alarms", vec![shielded(Decision::Alarm), both()], NotCleared(Cause::Alarm)),
        ("perhaps an exercise", vec![Report { tip: Tip::Unclear, ..alarm(Machine) }, both()], NotCleared(Cause::Alarm)),
        (
            "an officer who does not know",
            vec![alarm(Machine), Report { decision: Decision::Unknown, ..both() }],
            NotCleared(Cause::Alarm),
        ),
    ];
    for (name, reports, meaning) in rows {
        assert_eq!(means(&reports), meaning, "{name}");
    }
}

/// It may be anybody's, and say anything.
#[test]
fn a_report_that_cannot_be_read_does_not_vanish() {
    let unread = || Err(());
    let mean = |reports: &[Result<Report, ()>]| what_it_means(reports);
    assert_eq!(mean(&[]), Meaning::NotCleared(Cause::NoReport));
    assert_eq!(mean(&[unread()]), Meaning::NotCleared(Cause::Unread));
    assert_eq!(mean(&[Ok(clear(Kind::Machine)), unread()]), Meaning::NotCleared(Cause::Unread));
    assert_eq!(mean(&[unread(), Ok(clear(Kind::Operator))]), Meaning::NotCleared(Cause::Unread));
    assert_eq!(mean(&[unread(), Ok(alarm(Kind::Machine))]), Meaning::NotCleared(Cause::Alarm));
}

use super::words::*;
use super::*;
use crate::detections::{Class, Detection};
use crate::dicom::CLASS_DX_PROCESSING;
use crate::limits;
use crate::pixels::Quality;
use crate::session::{Assessed, Assessment, Blind, Timings};
use proptest::prelude::*;
use std::path::Path;

mod meaning;

const AT: &str = "20261122101500";

fn author() -> Author<'static> {
    Author { at: Moment::parse(AT).expect("a moment"), software: "gatepost 0.1.0", object: "north-000123.tif" }
}

fn picture() -> Reference {
    Reference { class: CLASS_DX_PROCESSING.into(), instance: "1.2.3".into() }
}

/// A report that clears.
fn clear(kind: Kind) -> Report {
    Report {
        kind,
        decision: Decision::Clear,
        abort: Abort::Success,
        abort_reasons: vec![],
        acquisition: Acquisition::Successful,
        algorithm: vec!["net 3".into()],
        decided_at: Some(AT.into()),
        tip: Tip::None,
        objects_total: Some(0),
        objects_alarm: Some(0),
        pictures: vec![picture()],
        objects: vec![],
    }
}

fn judged(ability: Ability, flag: Flag, probability: Option<f32>) -> Vec<Object> {
    let category = Category::Anomaly;
    let judgements = vec![Judgement { category, description: None, ability, flag, probability }];
    vec![Object { id: 1, judgements, views: vec![] }]
}

fn alarm(kind: Kind) -> Report {
    let objects = judged(Ability::NoInterference, Flag::Threat, Some(0.9));
    Report { decision: Decision::Alarm, objects_total: Some(1), objects_alarm: Some(1), objects, ..clear(kind) }
}

fn read_back(bytes: &[u8]) -> Result<Report, ReportProblem> {
    decode(Path::new("a.dcs"), bytes).map_err(|error| error.problem)
}

/// What they mean, all of them read.
fn means(reports: &[Report]) -> Meaning {
    what_it_means::<ReportError>(&reports.iter().cloned().map(Ok).collect::<Vec<_>>())
}

fn exercise(report: Report) -> Report {
    Report { tip: Tip::Exercise(Exercise::Projected), ..report }
}

/// The file with other bytes in the place of some that it has.
fn spliced(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = file.windows(from.len()).position(|window| window == from).expect("in the file");
    [&file[..at], to, &file[at + from.len()..]].concat()
}

fn conflicting(conflict: Conflict) -> Meaning {
    Meaning::Inconsistent(conflict)
}

#[test]
fn an_exercise_is_a_word_that_is_known_and_any_other_is_a_doubt() {
    let file = encode(&exercise(clear(Kind::Operator)), &author()).expect("fits");
    let said = |value: &[u8]| {
        let element = [&b"\x10\x40\x39\x10CS"[..], &(value.len() as u16).to_le_bytes()[..], value].concat();
        read_back(&spliced(&file, b"\x10\x40\x39\x10CS\x04\0FTI ", &element)).expect("a report").tip
    };
    assert_eq!(said(b"FTI "), Tip::Exercise(Exercise::Projected));
    assert_eq!(said(b"TIP "), Tip::Exercise(Exercise::Projected));
    assert_eq!(said(b"CTI "), Tip::Exercise(Exercise::Composite));
    for value in [&b"NONE"[..], b"NO", b"FTI\\CTI ", b""] {
        assert_eq!(said(value), Tip::Unclear, "{value:?}");
    }
    let without = encode(&clear(Kind::Operator), &author()).expect("fits");
    assert_eq!(read_back(&without).map(|report| report.tip), Ok(Tip::None));
}

#[test]
fn letters_of_another_set_cost_no_report() {
    let mut report = alarm(Kind::Machine);
    report.objects[0].judgements[0].description = Some("mull".into());
    report.algorithm = vec!["netz 3".into()];
    let file = encode(&report, &author()).expect("fits");
    let file = spliced(&file, b"LT\x04\0mull", b"LT\x04\0m\xFCll");
    let read = read_back(&spliced(&file, b"netz 3", b"n\xE4tz 3")).expect("a report");
    assert_eq!(read.objects[0].judgements[0].description.as_deref(), Some("müll"));
    assert_eq!(read.algorithm, ["nätz 3"]);
    assert_eq!(read_back(&encode(&read, &author()).expect("fits")), Ok(read));
}

#[test]
fn more_than_a_report_may_have_is_refused_both_ways() {
    let reasons = |count| Report { abort_reasons: vec![AbortReason::Timeout; count], ..clear(Kind::Machine) };
    let most = encode(&reasons(limits::REPORT_ABORT_REASONS_MAX), &author()).expect("fits");
    assert_eq!(read_back(&most), Ok(reasons(limits::REPORT_ABORT_REASONS_MAX)));
    assert_eq!(encode(&reasons(limits::REPORT_ABORT_REASONS_MAX + 1), &author()), None);
    let one = encode(&reasons(1), &author()).expect("fits");
    let many = [&b"\x10\x40\x21\x10CS\x22\0"[..], &b"X\\".repeat(17)[..]].concat();
    let problem = read_back(&spliced(&one, b"\x10\x40\x21\x10CS\x08\0TIMEOUT ", &many)).expect_err("18 of them");
    assert!(format!("{problem:?}").contains("more reasons"), "{problem:?}");

    let algorithm = |count| Report { algorithm: vec!["ü".repeat(64); count], ..clear(Kind::Machine) };
    assert_eq!(read_back(&encode(&algorithm(79), &author()).expect("fits")), Ok(algorithm(79)));
    assert_eq!(encode(&algorithm(80), &author()), None, "longer than a text may be");
    assert_eq!(encode(&algorithm(600), &author()), None, "longer than its length can say");

    let region = Some(Region { base: [0.0; 3], extents: [1.0; 3] });
    let corners = vec![[0.0; 3]];
    let number = Some(1.0);
    let view =
        View { picture: Some(picture()), region, polygon: corners, mass: number, density: number, z_effective: number };
    let seen = |views: usize| {
        let objects = vec![Object { id: 1, judgements: vec![], views: vec![view.clone(); views] }];
        Report { objects_total: Some(1), objects, ..clear(Kind::Machine) }
    };
    let read_again = (400..520).filter(|&views| match encode(&seen(views), &author()) {
        Some(bytes) => read_back(&bytes).map(|report| report.objects[0].views.len()) == Ok(views),
        None => true,
    });
    assert_eq!(read_again.count(), 120, "what is written is read again");
    assert!(encode(&seen(440), &author()).is_some() && encode(&seen(519), &author()).is_none());
}

fn detection(class: Class) -> Detection {
    Detection { class, score_e4: 9_500, bounds: [10, 20, 40, 60] }
}

fn assessed(detections: Vec<Detection>) -> Assessment {
    Assessment::Assessed(Assessed { detections, quality: Quality::default(), mass: None, timings: Timings::default() })
}

fn ours(assessment: &Assessment) -> Report {
    Report::of(assessment, vec![picture()], "net 3", Moment::parse(AT).expect("a moment"))
}

#[test]
fn our_detections_are_a_machines_report_on_their_pictures() {
    let report = ours(&assessed(vec![detection(Class::ExplosiveDevice), detection(Class::Opaque)]));
    assert_eq!((report.kind, report.decision, report.abort), (Kind::Machine, Decision::Alarm, Abort::Success));
    assert_eq!((report.objects_total, report.objects_alarm, report.pictures.len()), (Some(2), Some(2), 1));
    let [device, opaque] = &report.objects[..] else { panic!("two objects") };
    let thinks = &device.judgements[0];
    assert_eq!((thinks.category, thinks.flag, thinks.probability), (Category::Explosive, Flag::HighThreat, Some(0.95)));
    assert_eq!((device.id, opaque.id, opaque.judgements[0].ability), (1, 2, Ability::Shield));
    let region = Region { base: [10.0, 20.0, 0.0], extents: [30.0, 40.0, 1.0] };
    assert_eq!(device.views, [View { picture: Some(picture()), region: Some(region), ..View::default() }]);
    let bytes = encode(&report, &author()).expect("fits");
    assert_eq!(read_back(&bytes), Ok(report));
}

#[test]
fn we_clear_only_what_was_seen_whole_and_empty() {
    assert_eq!(means(&[ours(&assessed(vec![]))]), Meaning::Cleared);
    for &class in Class::ALL {
        let meaning = means(&[ours(&assessed(vec![detection(class)]))]);
        assert_eq!(meaning, Meaning::NotCleared(Cause::Alarm), "{class:?}");
    }
    for detections in [vec![], vec![detection(Class::Blade)]] {
        let (cause, timings) = (crate::session::Cause::Quality, Timings::default());
        let blind = Blind { cause, detail: String::new(), detections, quality: None, timings };
        let report = ours(&Assessment::Blind(blind.clone()));
        assert_eq!(report.algorithm, ["net 3", "blind: quality"]);
        assert_eq!(report.acquisition, Acquisition::Incomplete, "no scan is called whole that was not seen whole");
        let expected = if blind.detections.is_empty() { Cause::Undecided } else { Cause::Alarm };
        assert_eq!(means(&[report]), Meaning::NotCleared(expected));
    }
    assert_eq!(Moment::parse("2026-11-22"), None);
}

#[test]
fn another_class_another_format_and_an_unknown_author_are_refused_by_name() {
    let bytes = encode(&alarm(Kind::Machine), &author()).expect("fits");
    let replaced = |from: &str, to: &str| {
        let (from, to) = (from.as_bytes(), to.as_bytes());
        let mut bytes = bytes.clone();
        while let Some(at) = bytes.windows(from.len()).position(|window| window == from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        decode(Path::new("a.dcs"), &bytes).expect_err("refused").to_string()
    };
    let ct = replaced("1.2.840.10008.5.1.4.1.1.501.3", "1.2.840.10008.5.1.4.1.1.501.1");
    assert!(ct.starts_with("a.dcs: a DICOS CT volume") && ct.contains("Threat Detection Report"), "{ct}");
    assert!(replaced("MACHINE", "MACHINA").contains("(4010,1027): is no kind of report"));
    assert!(replaced("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2").contains("big endian"));
    assert!(matches!(read_back(b"%PDF"), Err(ReportProblem::NotAReport(_))));
    let (from, to) = (b"\x10\x40\x31\x10CS\x06\0ALARM ", b"\x10\x40\x31\x10CS\x08\0NO_ALARM");
    let other_words = spliced(&bytes, from, to);
    let report = read_back(&other_words).expect("a report");
    assert_eq!(report.decision, Decision::Clear, "the other library's word");
    assert_eq!(means(&[report]), conflicting(Conflict::ClearWithAlarms));
}

/// No byte of an alarm, changed, makes it clear a parcel; no report that was cut clears one.
#[test]
fn damage_is_an_error_or_a_report_that_clears_nothing() {
    let report = ours(&assessed(vec![detection(Class::Firearm)]));
    let file = encode(&report, &author()).expect("fits");
    let mut read = 0;
    for at in 0..file.len() {
        // At the end of an element nothing is missing but what came behind it, which clears nothing.
        match read_back(&file[..at]) {
            Ok(cut) => assert_ne!(means(&[cut]), Meaning::Cleared, "cut at {at}"),
            Err(problem) => assert!(matches!(problem, ReportProblem::Malformed(_) | ReportProblem::NotAReport(_))),
        }
        let mut changed = file.clone();
        let byte = file[at];
        for other in [0, 1, 0x7F, 0xFF, !byte, byte.wrapping_add(1), byte.wrapping_sub(1)] {
            changed[at] = other;
            let Ok(changed) = read_back(&changed) else { continue };
            assert_ne!(means(&[changed]), Meaning::Cleared, "byte {at} as {other}");
            read += 1;
        }
    }
    assert!(read > file.len(), "most changes stay readable: {read}");
    let exercise = encode(&exercise(clear(Kind::Operator)), &author()).expect("fits");
    let clears = |cut: &[u8]| read_back(cut).is_ok_and(|cut| means(&[cut]) == Meaning::Cleared);
    assert!((0..exercise.len()).all(|at| !clears(&exercise[..at])), "an exercise whose last words are lost");
}

fn words<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn any_tip() -> impl Strategy<Value = Tip> {
    prop_oneof![Just(Tip::None), Just(Tip::Unclear), words(Exercise::ALL).prop_map(Tip::Exercise)]
}

fn any_report() -> impl Strategy<Value = Report> {
    let number = || prop::option::of(-1e6f32..1e6);
    let corner = || prop::array::uniform3(0f32..8_192.0);
    let region = prop::option::of((corner(), corner()).prop_map(|(base, extents)| Region { base, extents }));
    let reference = || ("[1-9]{1,4}", "[1-9]{1,4}").prop_map(|(class, instance)| Reference { class, instance });
    let polygon = prop::collection::vec(corner(), 0..4);
    let view = (prop::option::of(reference()), region, polygon, number(), number(), number()).prop_map(
        |(picture, region, polygon, mass, density, z_effective)| View {
            picture,
            region,
            polygon,
            mass,
            density,
            z_effective,
        },
    );
    let text = || prop::option::of("[A-Za-z][A-Za-z0-9]{0,30}");
    let judgement = (words(Category::ALL), text(), words(Ability::ALL), words(Flag::ALL), number()).prop_map(
        |(category, description, ability, flag, probability)| Judgement {
            category,
            description,
            ability,
            flag,
            probability,
        },
    );
    let object = (any::<u16>(), prop::collection::vec(judgement, 0..3), prop::collection::vec(view, 0..3))
        .prop_map(|(id, judgements, views)| Object { id, judgements, views });
    let counts = || prop::option::of(0u16..3);
    (
        (words(Kind::ALL), words(Decision::ALL), words(Abort::ALL), words(Acquisition::ALL), any_tip()),
        prop::collection::vec(words(AbortReason::ALL), 0..3),
        (prop::collection::vec("[a-z0-9.=]{1,64}", 0..3), text()),
        (counts(), counts()),
        (prop::collection::vec(reference(), 0..3), prop::collection::vec(object, 0..3)),
    )
        .prop_map(
            |((kind, decision, abort, acquisition, tip), reasons, (algorithm, at), (total, alarms), inside)| Report {
                kind,
                decision,
                abort,
                abort_reasons: reasons,
                acquisition,
                algorithm,
                decided_at: at.map(|at| at.chars().take(26).collect()),
                tip,
                objects_total: total,
                objects_alarm: alarms,
                pictures: inside.0,
                objects: inside.1,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(report in any_report()) {
        prop_assert_eq!(read_back(&encode(&report, &author()).expect("fits")), Ok(report));
    }

    /// Reports on exercises, aggregates and truth change nothing; one more machine never improves anything.
    #[test]
    fn who_has_no_vote_changes_nothing(reports in prop::collection::vec(any_report(), 0..4), other in any_report()) {
        let meaning = means(&reports);
        let with = |other: Report| means(&[&reports[..], &[other]].concat());
        prop_assert_eq!(with(exercise(other.clone())), meaning);
        for kind in [Kind::Aggregate, Kind::ModifiedAggregate, Kind::GroundTruth] {
            prop_assert_eq!(with(Report { kind, ..other.clone() }), meaning);
        }
        if meaning != Meaning::NotCleared(Cause::NoReport) {
            let more = with(Report { kind: Kind::Machine, ..other });
            prop_assert!(more >= meaning, "{more:?} is better than {meaning:?}");
        }
    }

    /// Whatever was done to it: what is read is written without a panic, and means what it meant.
    #[test]
    fn what_is_read_can_be_written_again(
        report in any_report(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut file = encode(&report, &author()).expect("fits");
        for (index, value) in hits {
            let at = index.index(file.len());
            file[at] = value;
        }
        let Ok(report) = read_back(&file) else { return Ok(()) };
        if let Some(again) = encode(&report, &author()) {
            prop_assert_eq!(read_back(&again).map(|report| means(&[report])), Ok(means(&[report])));
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_report(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _an_outcome = read_back(&bytes);
        let head = encode(&clear(Kind::Machine), &author()).expect("fits");
        let _an_outcome = read_back(&[&head[..head.len() - 80], &bytes].concat());
    }
}

//! The promises of the judge: nothing known is exam, nothing added lowers, order leaves no trace, the law holds, what is
//! hidden stays hidden, and the same bytes give the same bytes.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use gatepost_hardware::units::{Grams, Millimetres, WallMs};
use proptest::prelude::*;

use super::*;
use crate::pass::PassKey;
use crate::record::{Audience, Kind, Pending, Urgency};

fn pass() -> PassKey {
    PassKey::parse("A/1/17").unwrap()
}

fn clean() -> Inputs {
    example::clean(pass())
}

/// Loaded once: an unoptimised build parses for a while.
fn rules() -> &'static Ruleset {
    static LOADED: OnceLock<Ruleset> = OnceLock::new();
    LOADED.get_or_init(|| Ruleset::built_in().unwrap_or_else(|error| panic!("{error}")))
}

fn seen(class: DetectionClass, score: u16) -> Detection {
    Detection { class, score, bounds: [10, 20, 110, 90] }
}

fn hold(audience: Audience) -> Hold {
    Hold {
        id: Token::clipped("H-7"),
        kind: HoldKind::Presentation,
        issue: IssueCode::Narcotics,
        purpose: Purpose::Narcotics,
        severity: Severity::Alert,
        outcome: Outcome::Release,
        authority: Token::clipped("CBP"),
        audience,
    }
}

type Doubt = (&'static str, fn(&mut Inputs));

/// Every way in which something can be doubtful, with the reason it must bring up.
const DOUBTS: &[Doubt] = &[
    ("built-in.inputs-version", |i| i.version += 1),
    ("built-in.clock", |i| i.today = None),
    ("built-in.lane-state", |i| i.lane.state = LaneState::Unknown),
    ("built-in.lane-state", |i| i.lane.state = LaneState::Recovering),
    ("built-in.lane-state", |i| i.lane.state = LaneState::Ready),
    ("built-in.lane-state", |i| i.lane.state = LaneState::Latched),
    ("built-in.restart", |i| i.lane.restart = true),
    ("built-in.fault.controller", |i| drop_bool(i.lane.faults.insert(Fault::Controller))),
    ("built-in.fault.cable", |i| drop_bool(i.lane.faults.insert(Fault::Cable))),
    ("built-in.fault.diverter", |i| drop_bool(i.lane.faults.insert(Fault::Diverter))),
    ("built-in.fault.eye", |i| drop_bool(i.lane.faults.insert(Fault::Eye))),
    ("built-in.fault.encoder", |i| drop_bool(i.lane.faults.insert(Fault::Encoder))),
    ("built-in.fault.disk", |i| drop_bool(i.lane.faults.insert(Fault::Disk))),
    ("built-in.contingency", |i| i.lane.contingency = plan(Contingency::ExamAll, &[])),
    ("built-in.contingency", |i| i.lane.contingency = plan(Contingency::Stop, &[])),
    ("built-in.contingency", |i| i.lane.contingency = plan(Contingency::ExamByClass, MailClass::ALL)),
    ("built-in.exam-all", |i| {
        i.lane.exam_all = Some(ExamAll { order: 7, until: WallMs(5), why: Sentence::clipped("a threat elsewhere") });
    }),
    ("built-in.overflow.queue", |i| drop_bool(i.overflow.insert(Overflow::Queue))),
    ("built-in.overflow.exam-chute", |i| drop_bool(i.overflow.insert(Overflow::ExamChute))),
    ("built-in.length", |i| i.parcel.length_mm = None),
    ("built-in.length", |i| i.parcel.length_mm = Some(Millimetres(0))),
    ("built-in.association", |i| i.association = Association::Unknown),
    ("built-in.contested", |i| i.contest(ContestedCause::TwoOwners)),
    ("built-in.contested", |i| i.association = Association::Contested { causes: BTreeSet::new() }),
    ("built-in.radiation-unknown", |i| i.radiation = Sensor::Unknown),
    ("built-in.smoke-unknown", |i| i.smoke = Sensor::Unknown),
    ("built-in.radiation-alarm", |i| i.radiation = Sensor::Alarm),
    ("built-in.smoke-alarm", |i| i.smoke = Sensor::Alarm),
    ("built-in.no-read", |i| i.item = Identification::NotYet),
    ("built-in.no-read", |i| i.item = Identification::NoRead { cause: NoReadCause::Damaged }),
    ("built-in.id-kind", |i| i.item = read(ItemKind::Unknown, false)),
    ("built-in.duplicate-id", |i| i.item = read(ItemKind::S10, true)),
    ("built-in.no-weight", |i| i.weight = Weight::Unknown { cause: NoWeightCause::Unstable }),
    ("built-in.blind", |i| i.image = Image::NotYet),
    ("built-in.blind", |i| i.image = Image::Blind { cause: BlindCause::Shield }),
    ("built-in.blind", |i| i.image = Image::Blind { cause: BlindCause::Model }),
    ("built-in.aed-unknown", |i| i.aed = Aed::Unknown { offline_since: Some(WallMs(5)) }),
    ("built-in.aed-missing", |i| i.aed = Aed::Missing),
    ("built-in.aed-incomplete", |i| i.aed = Aed::Incomplete { lacks: [AedField::Value].into() }),
    ("built-in.aed-unknown", |i| i.declared.aed = None),
    ("built-in.list.holds", |i| i.lists.holds = ListState::Missing),
    ("built-in.list.holds", |i| i.lists.holds = ListState::NoAnswer),
    ("built-in.list.holds", |i| i.lists.holds = ListState::Rebuilding),
    ("built-in.list.declarations", |i| {
        i.lists.declarations = ListState::Stale { version: Token::clipped("9"), age_s: 90_000 };
    }),
    ("built-in.previous-unknown", |i| i.previous = Previous::Unknown),
    ("built-in.previous", |i| i.previous = Previous::Decided { worst: Outcome::Exam }),
    ("built-in.no-draw", |i| i.sampling = None),
    ("built-in.no-draw", |i| i.sampling.iter_mut().for_each(|sampling| sampling.draw = 10_000)),
    ("built-in.sampling", |i| i.sampling.iter_mut().for_each(|sampling| sampling.draw = 0)),
    ("built-in.hold.presentation", |i| i.set_holds(vec![hold(Audience::All)])),
    ("built-in.rules-expired", |i| i.today = Date::new(29990101)),
    ("built-in.clearance", |i| {
        i.clearance = Some(Clearance { verdict: Token::clipped("no"), disposition_seq: 1, every_view_seen: true });
    }),
];

fn drop_bool(_: bool) {}

fn plan(plan: Contingency, classes: &[MailClass]) -> Option<ContingencyPlan> {
    Some(ContingencyPlan { plan, classes: classes.iter().copied().collect() })
}

fn read(kind: ItemKind, duplicate: bool) -> Identification {
    Identification::Read { id: Token::clipped("RB123456785GB"), kind, duplicate }
}

fn ids(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.rule.as_str()).collect()
}

#[test]
fn a_clean_parcel_is_released_and_says_nothing() {
    let verdict = judge(&clean(), rules());
    assert_eq!(ids(&verdict), [""; 0]);
    assert_eq!((verdict.outcome, verdict.action, verdict.deepest_step), (Outcome::Release, Action::None, Action::None));
    assert_eq!(verdict.risk.level, RiskLevel::None);
    assert_eq!(clearable(&verdict), Err(NotClearable::NothingToClear));
}

#[test]
fn a_blank_parcel_is_exam_even_without_a_rule() {
    let none = "issuer='t'\naudience='*'\nversion=1\nnot_before=2000-01-01\nexpires=2099-01-01\n";
    for rules in [rules(), &Ruleset::load("none.toml", none).unwrap()] {
        let verdict = judge(&Inputs::blank(pass()), rules);
        assert_eq!(verdict.outcome, Outcome::Exam);
        for wanted in ["clock", "lane-state", "association", "no-read", "no-weight", "blind", "aed-unknown", "no-draw"]
        {
            assert!(ids(&verdict).contains(&format!("built-in.{wanted}").as_str()), "{wanted}: {:?}", ids(&verdict));
        }
        assert_eq!(verdict.deepest_step, Action::External, "unknown mail is a sealed letter");
    }
}

#[test]
fn every_doubt_alone_sends_a_clean_parcel_to_exam_with_its_reason() {
    let rules = rules();
    for (wanted, doubt) in DOUBTS {
        let mut inputs = clean();
        doubt(&mut inputs);
        let verdict = judge(&inputs, rules);
        assert!(verdict.outcome >= Outcome::Exam, "{wanted}");
        assert!(ids(&verdict).contains(wanted), "{wanted}: {:?}", ids(&verdict));
        assert!(clearable(&verdict).is_err(), "{wanted}");
    }
}

#[test]
fn alarms_of_radiation_and_smoke_stop_in_place_without_a_rule() {
    for (wanted, doubt) in DOUBTS.iter().filter(|(name, _)| name.ends_with("-alarm")) {
        let mut inputs = Inputs::blank(pass());
        doubt(&mut inputs);
        let verdict = judge(&inputs, rules());
        assert_eq!((verdict.outcome, verdict.risk.level), (Outcome::StopInPlace, RiskLevel::Critical), "{wanted}");
        assert_eq!(clearable(&verdict), Err(NotClearable::StopInPlace));
        assert!(verdict.is_alert());
    }
}

#[test]
fn faults_that_did_not_touch_this_parcel_add_nothing() {
    let mut inputs = clean();
    inputs.lane.faults = [Fault::Scanner, Fault::Scale, Fault::XRay, Fault::Model, Fault::Beacon, Fault::Uplink].into();
    inputs.lane.contingency = plan(Contingency::SlowFeed, &[]);
    inputs.lane.state = LaneState::Stopped;
    assert_eq!(judge(&inputs, rules()).outcome, Outcome::Release);
}

#[test]
fn a_trusted_shipper_lowers_the_draw_and_nothing_else() {
    let mut inputs = clean();
    inputs.sampling = Some(Sampling { key_id: Token::clipped("k"), draw: 70, rate: 100, rate_trusted: 50 });
    assert_eq!(ids(&judge(&inputs, rules())), ["built-in.sampling"]);
    inputs.trusted_shipper = true;
    assert_eq!(judge(&inputs, rules()).outcome, Outcome::Release);
    // A trusted rate above the common one does not raise it.
    inputs.sampling = Some(Sampling { key_id: Token::clipped("k"), draw: 70, rate: 50, rate_trusted: 100 });
    assert_eq!(judge(&inputs, rules()).outcome, Outcome::Release);
    inputs.set_holds(vec![hold(Audience::All)]);
    assert_eq!(judge(&inputs, rules()).outcome, Outcome::Exam);
}

#[test]
fn doubt_and_chance_never_open_a_sealed_letter_but_cause_may() {
    for class in MailClass::ALL {
        for (name, doubt) in DOUBTS.iter().filter(|(name, _)| !name.contains("hold")) {
            let mut inputs = clean();
            doubt(&mut inputs);
            inputs.mail_class = *class;
            let verdict = judge(&inputs, rules());
            let opens = verdict.deepest_step >= Action::Open;
            assert!(!(class.is_sealed_letter() && opens), "{name} opens {class}");
            assert!(verdict.action <= verdict.deepest_step, "{name}");
        }
    }
    let mut letter = clean();
    letter.mail_class = MailClass::Letter;
    letter.set_assessed(vec![seen(DetectionClass::Powder, 6_000)], None, 9_000);
    assert!(judge(&letter, rules()).deepest_step >= Action::Open, "reasonable cause");
    letter.mail_class = MailClass::Parcel;
    letter.lane.restart = true;
    assert_eq!(judge(&letter, rules()).deepest_step, Action::Laboratory);
}

#[test]
fn an_officer_clears_only_what_every_reason_lets_them_clear() {
    let rules = rules();
    let mut inputs = clean();
    inputs.set_assessed(vec![seen(DetectionClass::Firearm, 3_000)], None, 9_000);
    let shown = judge(&inputs, rules);
    assert_eq!(clearable(&shown), Ok(()));
    let clearance = Clearance { verdict: shown.digest(), disposition_seq: 42, every_view_seen: true };
    inputs.clearance = Some(clearance.clone());
    let cleared = judge(&inputs, rules);
    assert_eq!((cleared.outcome, cleared.cleared_by), (Outcome::Release, Some(42)));
    assert_eq!(cleared.reasons, shown.reasons, "the reasons stay in the record");

    // Not every view; another verdict; a hold that came after; a test threat: all exam, and said.
    let refused = |change: &dyn Fn(&mut Inputs)| {
        let mut inputs = inputs.clone();
        change(&mut inputs);
        let verdict = judge(&inputs, rules);
        assert!(verdict.outcome >= Outcome::Exam && verdict.cleared_by.is_none());
        assert!(ids(&verdict).contains(&"built-in.clearance"), "{:?}", ids(&verdict));
    };
    refused(&|inputs| inputs.clearance.as_mut().unwrap().every_view_seen = false);
    refused(&|inputs| inputs.clearance.as_mut().unwrap().verdict = Token::clipped("0"));
    refused(&|inputs| inputs.set_holds(vec![hold(Audience::All)]));
    refused(&|inputs| inputs.contest(ContestedCause::Gap));
    refused(&|inputs| inputs.image = Image::Blind { cause: BlindCause::Late });
    refused(&|inputs| inputs.radiation = Sensor::Alarm);

    let mut projected = inputs.clone();
    (projected.projected_threat, projected.clearance) = (true, None);
    let shown = judge(&projected, rules);
    assert_eq!(clearable(&shown), Err(NotClearable::ProjectedThreat));
    projected.clearance = Some(Clearance { verdict: shown.digest(), ..clearance });
    assert_eq!(judge(&projected, rules).outcome, Outcome::Exam);
}

#[test]
fn a_projected_threat_changes_no_verdict() {
    let mut inputs = clean();
    inputs.projected_threat = true;
    let verdict = judge(&inputs, rules());
    assert_eq!(Verdict { projected_threat: false, ..verdict }, judge(&clean(), rules()));
}

#[test]
fn a_restricted_hold_looks_like_a_random_sample_to_everyone_else() {
    let restricted = Audience::Restricted { group: "blue".to_owned(), cover: "Selected at random.".to_owned() };
    let mut held = clean();
    held.set_holds(vec![hold(restricted.clone())]);
    let mut sampled = clean();
    sampled.sampling.iter_mut().for_each(|sampling| sampling.draw = 0);

    let (held, sampled) = (judge(&held, rules()), judge(&sampled, rules()));
    let officer = Viewer { officer: true, groups: &[] };
    let shown = |verdict: &Verdict, viewer| serde_json::to_string(&verdict.seen_by(viewer, MailClass::Parcel)).unwrap();
    assert_eq!(shown(&held, officer), shown(&sampled, officer));
    assert_eq!(held.seen_by(Viewer { officer: true, groups: &["blue"] }, MailClass::Parcel), held);
    assert_eq!(held.audience(), restricted);
    assert_eq!(sampled.audience(), Audience::All);
    assert_eq!(clearable(&held), Err(NotClearable::Reason { rule: Token::clipped("built-in.hold.presentation") }));
    assert_eq!(clearable(&sampled), Err(NotClearable::Reason { rule: Token::clipped("built-in.sampling") }));
    assert_eq!(clearable(&held).unwrap_err().to_string(), clearable(&sampled).unwrap_err().to_string());
    assert_eq!((held.is_alert(), held.is_drawn()), (sampled.is_alert(), sampled.is_drawn()));
    assert!(!judge(&clean(), rules()).is_drawn());

    // Two of them, drawn besides, or beside something that everybody may see: still one draw.
    let other = Audience::Restricted { group: "green".to_owned(), cover: "A sample.".to_owned() };
    let (mut knife, mut both) = (clean(), clean());
    knife.set_assessed(vec![seen(DetectionClass::Blade, 9_900)], None, 9_000);
    knife.sampling.iter_mut().for_each(|sampling| sampling.draw = 0);
    both.set_assessed(vec![seen(DetectionClass::Blade, 9_900)], None, 9_000);
    both.set_holds(vec![hold(restricted), hold(other)]);
    let drawn = judge(&knife, rules());
    let mut alike = |draw: u16| {
        both.sampling.iter_mut().for_each(|sampling| sampling.draw = draw);
        let held = judge(&both, rules());
        assert_eq!(shown(&held, officer), shown(&drawn, officer));
        assert_eq!(held.is_alert(), drawn.is_alert());
    };
    alike(0);
    alike(9_999);
}

#[test]
fn a_hidden_reason_that_asks_for_nothing_is_not_shown_as_a_draw_of_what_was_released() {
    let secret = Reason { outcome: Outcome::Release, ..Reason::doubt("x", IssueCode::Data, "A note.") };
    let audience = Audience::Restricted { group: "blue".to_owned(), cover: "Selected at random.".to_owned() };
    let verdict = Verdict::weigh(vec![Reason { audience, ..secret }], MailClass::Parcel, false);
    let seen = verdict.seen_by(Viewer { officer: true, groups: &[] }, MailClass::Parcel);
    assert_eq!((seen.outcome, seen.reasons.as_slice().len()), (Outcome::Release, 0));
}

#[test]
fn too_many_reasons_are_a_reason_and_the_strongest_stay() {
    let many: Vec<Reason> = (0..200).map(|n| Reason::doubt(&format!("{n:03}"), IssueCode::Data, "A doubt.")).collect();
    let strongest = Reason { outcome: Outcome::StopInPlace, ..Reason::doubt("x", IssueCode::Explosives, "A device.") };
    let reasons = many.into_iter().chain([strongest]).collect();
    let verdict = Verdict::weigh(reasons, MailClass::Parcel, false);
    assert_eq!(verdict.reasons.as_slice().len(), REASONS_MAX);
    assert_eq!((verdict.outcome, ids(&verdict)[0]), (Outcome::StopInPlace, "built-in.x"));
    assert!(ids(&verdict).contains(&"built-in.too-many-reasons"));
    assert_eq!(verdict.risk.contributions[&IssueCode::Data], 200 * 50);
}

#[test]
fn what_is_cut_off_is_said_and_the_worst_is_kept() {
    let mut inputs = clean();
    let mut found = vec![seen(DetectionClass::RepeatedGoods, 9_000); DETECTIONS_MAX + 10];
    found.push(seen(DetectionClass::ExplosiveDevice, 9_000));
    inputs.set_assessed(found, None, 9_000);
    inputs.set_holds(vec![hold(Audience::All); HOLDS_MAX + 1]);
    assert_eq!(inputs.overflow, [Overflow::Detections, Overflow::Holds].into());
    assert_eq!(judge(&inputs, rules()).outcome, Outcome::StopInPlace);
}

#[test]
fn inputs_and_verdicts_stand_in_a_record_and_come_back() {
    let mut inputs = clean();
    inputs.set_assessed(vec![seen(DetectionClass::Firearm, 9_000)], Some(Grams(400)), 9_000);
    inputs.set_holds(vec![hold(Audience::Restricted { group: "g".to_owned(), cover: "c".to_owned() })]);
    for inputs in [inputs, Inputs::blank(pass())] {
        let record = |body: &serde_json::Value| {
            Pending::entry(Kind::Audit, Urgency::default(), Audience::All, "A", WallMs(0), body)
        };
        let verdict = judge(&inputs, rules());
        assert!(record(&serde_json::to_value(&inputs).unwrap()).is_ok(), "no floats");
        assert!(record(&serde_json::to_value(&verdict).unwrap()).is_ok(), "no floats");
        let bytes = serde_json::to_vec(&inputs).unwrap();
        let again: Inputs = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(again, inputs);
        assert_eq!(serde_json::to_vec(&again).unwrap(), bytes);
        assert_eq!(judge(&again, rules()), verdict, "central judges again");
        let verdict_bytes = serde_json::to_vec(&verdict).unwrap();
        assert_eq!(serde_json::from_slice::<Verdict>(&verdict_bytes).unwrap(), verdict);
    }
}

#[test]
fn floats_strangers_and_overlong_lists_do_not_come_in() {
    let text = serde_json::to_string(&clean()).unwrap();
    assert!(serde_json::from_str::<Inputs>(&text).is_ok());
    for (from, to) in [
        ("\"grams\":520", "\"grams\":520.5"),
        ("\"grams\":520", "\"grams\":5e2"),
        ("\"quality\":9000", "\"quality\":-1"),
        ("\"trusted_shipper\"", "\"name\":\"Mr X\",\"trusted_shipper\""),
        ("\"kind\":\"s10\"", "\"kind\":\"s11\""),
        ("20261122", "20261131"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(serde_json::from_str::<Inputs>(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
}

/// Changing this text changes what central judges again. Not without a new [`INPUTS_VERSION`].
#[test]
fn the_same_inputs_give_the_same_bytes_as_ever() {
    let mut inputs = clean();
    inputs.set_assessed(vec![seen(DetectionClass::Blade, 7_100), seen(DetectionClass::Battery, 8_000)], None, 9_000);
    inputs.contest(ContestedCause::Abreast);
    let found =
        serde_json::to_string(&inputs).unwrap() + "\n" + &serde_json::to_string(&judge(&inputs, rules())).unwrap();
    assert_eq!(found.trim(), include_str!("golden.jsonl").trim());
}

/// A parcel with anything on it that a record could hold.
fn any_inputs() -> impl Strategy<Value = Inputs> {
    let detection = (0..DetectionClass::ALL.len(), 0u16..=10_000);
    let detections = prop::collection::vec(detection, 0..6);
    let contents = prop::collection::btree_set(0..ContentTag::ALL.len(), 0..4);
    let flags = prop::collection::btree_set(0..TradeFlag::ALL.len(), 0..3);
    let entry = prop::option::of((flags, prop::option::of(0i64..400_000), prop::option::of(0i64..40_000)));
    let class = 0..MailClass::ALL.len();
    (detections, contents, entry, class, any::<bool>(), 0i64..5_000, 0u16..10_000).prop_map(
        |(detections, contents, entry, class, trusted, grams, draw)| {
            let mut inputs = clean();
            let found = detections.into_iter().map(|(class, score)| seen(DetectionClass::ALL[class], score)).collect();
            inputs.set_assessed(found, Some(Grams(500)), 9_000);
            inputs.mail_class = MailClass::ALL[class];
            inputs.trusted_shipper = trusted;
            inputs.weight = Weight::Known { grams: Grams(grams), tolerance_g: Grams(5) };
            inputs.sampling.iter_mut().for_each(|sampling| sampling.draw = draw);
            if let Some(aed) = &mut inputs.declared.aed {
                aed.contents = contents.into_iter().map(|tag| ContentTag::ALL[tag]).collect();
            }
            inputs.declared.entry = entry.map(|(flags, value_cents, duty_paid_cents)| Declaration {
                flags: flags.into_iter().map(|flag| TradeFlag::ALL[flag]).collect(),
                value_cents,
                duty_paid_cents,
                origin: Country::new("CN"),
                ..Declaration::of(Source::Entry)
            });
            inputs
        },
    )
}

/// Doubts that say less than is known: they take a fact away, so a rule may no longer see it.
fn takes_facts_away(name: &str) -> bool {
    let blinding = [
        "built-in.blind",
        "built-in.aed-unknown",
        "built-in.rules-expired",
        "built-in.no-weight",
        "built-in.radiation-unknown",
        "built-in.smoke-unknown",
    ];
    blinding.contains(&name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Promise 6, over the built-in pack: adding a doubt to any parcel never lowers its outcome, and never releases.
    #[test]
    fn a_doubt_never_lowers_anything(inputs in any_inputs(), picks in prop::collection::vec(0..DOUBTS.len(), 1..5)) {
        let rules = rules();
        let mut before = judge(&inputs, rules);
        let mut doubted = inputs;
        for pick in picks {
            let (name, doubt) = DOUBTS[pick];
            doubt(&mut doubted);
            let after = judge(&doubted, rules);
            prop_assert!(after.outcome >= Outcome::Exam, "{} released", name);
            prop_assert!(takes_facts_away(name) || after.outcome >= before.outcome, "{} lowered", name);
            before = after;
        }
    }

    /// More detections, stronger detections, holds: never lower.
    #[test]
    fn more_of_anything_never_lowers(inputs in any_inputs(), class in 0..DetectionClass::ALL.len(), score in 0u16..=10_000) {
        let rules = rules();
        let before = judge(&inputs, rules);
        let mut more = inputs.clone();
        if let Image::Assessed { detections, mass_g, quality } = inputs.image {
            let mut found = detections.as_slice().to_vec();
            found.push(seen(DetectionClass::ALL[class], score));
            more.set_assessed(found, mass_g, quality);
        }
        prop_assert!(judge(&more, rules).outcome >= before.outcome);
        more.set_holds(vec![hold(Audience::Officer)]);
        prop_assert!(judge(&more, rules).outcome >= before.outcome.max(Outcome::Exam));
    }

    /// Reasons are a set: order and repetition leave no trace, and one more never lowers.
    #[test]
    fn reasons_are_weighed_as_a_set(inputs in any_inputs(), picks in prop::collection::vec(0..DOUBTS.len(), 0..6), turn in 0usize..50) {
        let rules = rules();
        let mut doubted = inputs;
        picks.into_iter().for_each(|pick| DOUBTS[pick].1(&mut doubted));
        let verdict = judge(&doubted, rules);
        let mut reasons = verdict.reasons.as_slice().to_vec();
        let weigh = |reasons: &[Reason]| Verdict::weigh(reasons.to_vec(), doubted.mail_class, doubted.projected_threat);
        let straight = weigh(&reasons);
        if !reasons.is_empty() {
            let middle = turn % reasons.len();
            reasons.rotate_left(middle);
            reasons.extend_from_within(..middle);
            prop_assert_eq!(weigh(&reasons), straight.clone());
            let fewer = weigh(&reasons[..middle]);
            prop_assert!(fewer.outcome <= straight.outcome && fewer.action <= straight.action && fewer.risk.level <= straight.risk.level);
        }
        prop_assert_eq!(judge(&doubted, rules), verdict);
    }
}

use gatepost_hardware::lane::file;
use gatepost_hardware::link::{BootCause, Fact, Greeting, PermitFate, Report};
use gatepost_hardware::units::Tick;

use super::*;
use crate::event::Order;
use crate::facts::sampling_of;
use crate::judge::{Contingency, ExamAll};
use crate::record::Kind;

/// A lane `north` in the first epoch of its controller, and the bodies of what its mind wanted recorded, by kind.
struct Rig {
    drive: Drive,
    now: Micros,
    /// Number of the controller's next fact.
    next: u32,
    records: Vec<(Kind, serde_json::Value)>,
}

impl Rig {
    /// `history`: what the controller kept of an earlier life of the station.
    fn new(open: Vec<OpenPass>, history: &[Fact]) -> Self {
        let map = file::parse("north.toml", include_str!("../../../../hardware/lanes/north.toml")).unwrap();
        let word = Token::clipped("test");
        let versions = Versions {
            software: word.clone(),
            rules: word.clone(),
            model: word.clone(),
            engine: word.clone(),
            lists: word,
        };
        let crc = map.crc();
        let config = DriveConfig {
            station: "test".to_owned(),
            map,
            epoch_next: 2,
            open,
            closed: Vec::new(),
            highest: BTreeMap::new(),
            accounted: None,
            sampling: None,
            weight_tolerance_g: Grams(30),
            radiation_fitted: false,
            smoke_fitted: false,
            utc_offset_min: 0,
            contingency: BTreeMap::new(),
            protocols: BTreeMap::new(),
            versions,
        };
        let drive = Drive::new(config, Ruleset::built_in().unwrap()).unwrap();
        let mut rig = Self { drive, now: Micros(1_000_000), next: 1, records: Vec::new() };
        let (mono, wall) = (rig.now, WallMs(1_795_305_600_000));
        rig.hear(Event::Pulse { mono, wall, clock: ClockState::Trusted });
        let next = 1 + history.len() as u32;
        let cause = BootCause::PowerOn;
        let greeting =
            Greeting { version: 1, crc, epoch: 1, cause, log: 1, kept_from: 1, kept_epoch: 1, next, taken: 0 };
        rig.report(Report::Hello(greeting));
        history.iter().for_each(|fact| rig.fact(*fact));
        rig
    }

    fn hear(&mut self, event: Event) {
        for effect in self.drive.handle(event) {
            if let Effect::Record(pending) = effect {
                self.records.push((pending.kind(), serde_json::from_slice(pending.body()).unwrap()));
            }
        }
    }

    fn report(&mut self, report: Report) {
        self.now = self.now + Micros(10_000);
        self.hear(Event::Controller { mono: self.now, report });
    }

    fn fact(&mut self, fact: Fact) {
        let number = self.next;
        self.next += 1;
        self.report(Report::Fact { number, fact });
    }

    fn edge(&mut self, eye: u8, blocked: bool, mm: i32, pass: Option<u32>) {
        self.fact(edge(eye, blocked, mm, pass));
    }

    /// Ends that were recorded: of which pass, and which.
    fn ends(&self) -> Vec<(&str, &str)> {
        let sightings = self.records.iter().filter(|(kind, _)| *kind == Kind::Sighting);
        sightings
            .filter_map(|(_, body)| Some((body["pass"].as_str().unwrap_or("a stranger"), body["end"].as_str()?)))
            .collect()
    }

    /// Of each decision: the pass, its outcome, and whether the pass was contested.
    fn decisions(&self) -> Vec<String> {
        let decisions = self.records.iter().filter(|(kind, _)| *kind == Kind::Decision);
        let says = |body: &serde_json::Value| {
            let reasons = body["verdict"]["reasons"].as_array().unwrap();
            let contested = reasons.iter().any(|reason| reason["rule"] == "built-in.contested");
            format!("{} {}{}", body["pass"], body["verdict"]["outcome"], if contested { ", contested" } else { "" })
        };
        decisions.map(|(_, body)| says(body).replace('"', "")).collect()
    }

    fn alarms(&self, code: &str) -> usize {
        self.records.iter().filter(|(kind, body)| *kind == Kind::Device && body["code"] == code).count()
    }
}

/// Half a millimetre of belt is a tick, on the infeed and on the sorter.
fn edge(eye: u8, blocked: bool, mm: i32, pass: Option<u32>) -> Fact {
    let time = Micros(mm.unsigned_abs().into());
    Fact::Edge { eye, blocked, tick: Tick(i64::from(mm) * 2), before: None, time, pass }
}

fn opened() -> Fact {
    Fact::Permit { permit: 5, pass: 1, fate: PermitFate::Opened, time: Micros(7_000_000) }
}

fn released_before() -> OpenPass {
    let pass = PassKey::parse("north/1/1").unwrap();
    OpenPass { seq: 5, revision: 1, release: true, ..OpenPass::undecided(pass) }
}

const RELEASE: u8 = 6;
const EXAM: u8 = 7;

#[test]
fn belts_whose_motor_and_encoder_differ_take_their_parcels_to_exam_in_the_order_in_which_they_come_out() {
    let mut rig = Rig::new(Vec::new(), &[]);
    for (number, mm) in [(1, 100), (2, 900)] {
        rig.edge(0, true, mm, Some(number));
        rig.edge(0, false, mm + 300, Some(number));
    }
    assert_eq!(rig.decisions(), [""; 0], "nothing of them is known yet");
    let time = Micros(9_000_000);
    rig.fact(Fact::Belt { segment: 0, motion: Motion::OffSpeed, tick: Tick(2_500), time });
    assert_eq!(rig.decisions(), ["north/1/1 exam, contested", "north/1/2 exam, contested"]);
    assert_eq!(rig.alarms("track-lost"), 1);

    rig.edge(0, true, 2_000, Some(3));
    rig.edge(0, false, 2_300, Some(3));
    rig.edge(1, true, 2_200, None);
    assert_eq!(rig.alarms("inserted"), 0, "what comes by is one of them");
    rig.edge(EXAM, true, 11_000, None);
    rig.edge(EXAM, false, 11_300, None);
    rig.edge(RELEASE, true, 11_500, None);
    rig.edge(EXAM, true, 12_000, None);
    assert_eq!(rig.ends(), [("north/1/1", "exam"), ("north/1/2", "exam")]);
    assert_eq!(rig.alarms("released-without-permit"), 1, "none of them may leave there");
    rig.edge(EXAM, true, 13_000, None);
    assert_eq!(rig.ends().last(), Some(&("a stranger", "exam")), "the third is still where it is known to be");
}

/// Both encoders say the same: the belts went back, and the one that counts is right about it.
#[test]
fn belts_that_somebody_pulls_are_where_their_encoders_say() {
    let mut rig = Rig::new(Vec::new(), &[]);
    rig.edge(0, true, 100, Some(1));
    rig.edge(0, false, 400, Some(1));
    let time = Micros(9_000_000);
    for motion in [Motion::Reversed, Motion::OffSpeed] {
        for segment in [0, 2] {
            rig.fact(Fact::Belt { segment, motion, tick: Tick(500), time });
        }
    }
    assert_eq!((rig.decisions().len(), rig.alarms("track-lost")), (0, 0));
    rig.fact(Fact::Belt { segment: 2, motion: Motion::Running, tick: Tick(500), time });
    rig.fact(Fact::Belt { segment: 0, motion: Motion::OffSpeed, tick: Tick(500), time });
    assert_eq!((rig.decisions().len(), rig.alarms("track-lost")), (1, 1), "only one of them says so");
}

#[test]
fn what_the_gate_opened_for_leaves_by_release_wherever_it_was() {
    let mut rig = Rig::new(vec![released_before()], &[opened()]);
    rig.edge(RELEASE, true, 11_000, None);
    assert_eq!(rig.ends(), [("north/1/1", "release")]);
    assert_eq!(rig.decisions(), [""; 0], "its release stands");
}

#[test]
fn a_release_that_the_gate_opened_for_is_not_taken_back_when_nobody_saw_it_leave() {
    let mut rig = Rig::new(vec![released_before()], &[opened()]);
    rig.report(Report::Inventory { passes: Default::default(), complete: true });
    assert_eq!((rig.ends(), rig.decisions()), (vec![("north/1/1", "unaccounted")], Vec::new()));

    let mut rig = Rig::new(vec![released_before()], &[]);
    rig.report(Report::Inventory { passes: Default::default(), complete: true });
    assert_eq!(rig.ends(), [("north/1/1", "unaccounted")]);
    assert_eq!(rig.decisions().len(), 1, "no gate opened for it: the journal must not end with a release");
}

/// A hand lays something against a parcel that has been judged: the next eye sees one longer thing.
/// A permit is missed and its parcel is gone, both at once: the decision that takes the release back is not durable yet.
#[test]
fn an_end_names_no_decision_that_one_on_its_way_to_the_disk_replaces() {
    let mut rig = Rig::new(vec![released_before()], &[]);
    assert_eq!(rig.decisions().len(), 1, "what an earlier life released is judged again: {:?}", rig.decisions());
    rig.edge(EXAM, true, 11_000, None);
    rig.edge(EXAM, false, 11_300, None);
    assert_eq!(rig.ends(), [("north/1/1", "exam")]);
    let (_, end) = rig.records.iter().find(|(_, body)| body["end"] == "exam").expect("its end");
    assert_eq!(end["decision"], serde_json::Value::Null);
}

#[test]
fn what_an_eye_puts_in_doubt_after_the_judgement_is_judged_again() {
    let mut rig = Rig::new(Vec::new(), &[]);
    rig.edge(0, true, 100, Some(1));
    rig.edge(0, false, 400, Some(1));
    rig.drive.parcels[0].inherited = Some(Fault::Cable);
    rig.edge(1, true, 2_300, None);
    assert_eq!(rig.decisions(), ["north/1/1 exam"]);
    let asked = rig.drive.parcels[0].seq;
    assert_eq!(asked, None, "that decision is not durable yet");
    rig.edge(1, false, 2_900, None);
    assert!(rig.drive.parcels[0].stale, "it is longer than it was");
}

#[test]
fn a_drifting_x_ray_raises_the_draw_of_everybody_until_it_sees_again_and_says_so() {
    let mut rig = Rig::new(Vec::new(), &[]);
    let id = Token::clipped("k");
    rig.drive.config.sampling =
        Some(SamplingKey { id, key: [7; 32], rate: 100, rate_trusted: 20, rate_drifting: 1_000 });
    let rates = |rig: &Rig| {
        let pass = PassKey::parse("A/1/1").unwrap();
        sampling_of(&rig.drive.config, pass, &rig.drive.failed).map(|draw| (draw.rate, draw.rate_trusted))
    };
    assert_eq!(rates(&rig), Some((100, 20)));
    rig.hear(Event::Part { fault: Fault::Drift, failed: true });
    assert_eq!(rates(&rig), Some((1_000, 1_000)), "a trusted shipper's parcel was seen by the same X-ray");
    rig.hear(Event::Part { fault: Fault::Drift, failed: false });
    assert_eq!(rates(&rig), Some((100, 20)));
    let said: Vec<&str> = rig.records.iter().filter_map(|(_, body)| body["says"].as_str()).collect();
    assert!(said.contains(&"the X-ray no longer sees as it did: more parcels are drawn at random"), "{said:?}");
    assert!(said.contains(&"the X-ray sees as it did again"), "{said:?}");
}

#[test]
fn the_facilitys_plan_is_in_force_while_its_part_fails_and_stops_the_lane_where_it_says_so() {
    let mut rig = Rig::new(Vec::new(), &[]);
    let plan = |plan| ContingencyPlan { plan, classes: Default::default() };
    rig.drive.config.contingency =
        [(Fault::Scanner, plan(Contingency::ExamAll)), (Fault::XRay, plan(Contingency::Stop))].into();
    rig.edge(0, true, 100, Some(1));
    rig.edge(0, false, 400, Some(1));
    let in_force = |rig: &Rig| rig.drive.known(0).inputs.lane.contingency.map(|plan| plan.plan);
    let stops = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Order(Order::Stop)));
    assert_eq!(in_force(&rig), None);
    assert!(!stops(rig.drive.handle(Event::Part { fault: Fault::Scanner, failed: true })));
    assert_eq!(in_force(&rig), Some(Contingency::ExamAll));
    assert!(!stops(rig.drive.handle(Event::Part { fault: Fault::Scanner, failed: false })));
    assert_eq!(in_force(&rig), None);
    assert!(stops(rig.drive.handle(Event::Part { fault: Fault::XRay, failed: true })));
}

#[test]
fn a_new_rule_pack_judges_those_whose_first_decision_is_still_to_come_and_nobody_else() {
    let mut rig = Rig::new(vec![released_before()], &[]);
    let other = Ruleset::load("other.toml", &crate::ruleset::BUILT_IN.replace("version = ", "version = 1")).unwrap();
    let name = other.digest_hex();
    rig.hear(Event::Rules(Box::new(other)));
    rig.edge(0, true, 100, Some(2));
    rig.edge(0, false, 400, Some(2));
    rig.drive.parcels[1].inherited = Some(Fault::Cable);
    // What an earlier life left was decided before, and is decided again now.
    (rig.drive.parcels[0].stale, rig.drive.parcels[0].asking) = (true, false);
    rig.drive.parcels[0].judged = None;
    rig.edge(1, true, 2_300, None);
    let by: Vec<(&str, &str)> = rig
        .records
        .iter()
        .filter(|(kind, _)| *kind == Kind::Decision)
        .filter_map(|(_, body)| Some((body["pass"].as_str()?, body["versions"]["rules"].as_str()?)))
        .collect();
    assert_eq!(by, [("north/1/1", "test"), ("north/1/1", "test"), ("north/1/2", name.as_str())]);
}

#[test]
fn what_central_sends_to_exam_is_judged_again_ends_at_its_time_and_stays_judged() {
    let mut rig = Rig::new(Vec::new(), &[]);
    let begin = 1_795_305_600_000;
    let order = |until: i64| {
        let why = crate::judge::Sentence::clipped("a parcel bomb at another airport");
        Event::ExamAll(Some(Box::new(ExamAll { order: 7, until: WallMs(begin + until), why })))
    };
    let pulse = |rig: &mut Rig, ms: i64, clock| {
        rig.now = rig.now + Micros(20_000);
        rig.hear(Event::Pulse { mono: rig.now, wall: WallMs(begin + ms), clock });
    };
    let by_order = |rig: &Rig| -> Vec<bool> {
        let decisions = rig.records.iter().filter(|(kind, _)| *kind == Kind::Decision);
        let says = |body: &serde_json::Value| {
            let text = "Central operations send everything here to exam: a parcel bomb at another airport";
            body["verdict"]["reasons"].as_array().unwrap().iter().any(|reason| reason["text"] == text)
        };
        decisions.map(|(_, body)| says(body)).collect()
    };
    rig.edge(0, true, 100, Some(1));
    rig.drive.parcels[0].inherited = Some(Fault::Cable);
    pulse(&mut rig, 1, ClockState::Trusted);
    rig.drive.parcels[0].asking = false;
    assert_eq!(by_order(&rig), [false]);
    rig.hear(order(60_000));
    assert_eq!(by_order(&rig), [false, true], "judged again under it");
    pulse(&mut rig, 10, ClockState::Trusted);
    assert_eq!(rig.alarms("exam-all"), 1, "said once");
    pulse(&mut rig, 90_000, ClockState::Untrusted);
    assert!(rig.drive.view().exam_all.is_some(), "a clock that is not believed ends nothing");
    pulse(&mut rig, 60_000, ClockState::Trusted);
    assert_eq!((rig.alarms("exam-all"), rig.drive.view().exam_all), (2, None), "over by itself, and said");
    assert!(rig.drive.known(0).inputs.lane.exam_all.is_some(), "what it sent to exam stays so");
    // Taken back before its time, and then there is nothing to take back.
    rig.hear(order(600_000));
    pulse(&mut rig, 60_001, ClockState::Trusted);
    rig.hear(Event::ExamAll(None));
    pulse(&mut rig, 60_002, ClockState::Trusted);
    rig.hear(Event::ExamAll(None));
    pulse(&mut rig, 60_003, ClockState::Trusted);
    assert_eq!(rig.alarms("exam-all"), 4);
}

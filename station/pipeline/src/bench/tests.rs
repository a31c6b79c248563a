use std::collections::BTreeMap;

use gatepost_hardware::lane::file;
use gatepost_hardware::scale::{Measure, NoWeight, Unit};
use gatepost_hardware::units::{Grams, Micros, Millimetres, WallMs};

use super::*;
use crate::drive::{OpenPass, Versions};
use crate::event::{ImageFile, Matched, OfficerAction, Weighed};
use crate::identify::CodeRead;
use crate::judge::{Aed, BlindCause, Declared, Image, ListState, Lists, Previous, Token};
use crate::weighing::{Flag, RawBytes, Said, Shown};

mod scale;

const ITEM: &str = "RR473124829GB";

/// A bench, its clock, and the bodies of what it wanted recorded, by kind.
struct Rig {
    bench: Bench,
    now: u64,
    records: Vec<(Kind, serde_json::Value)>,
    look_ups: usize,
    /// Every record is on disk at once.
    durable: bool,
    /// What the scale says over and over; nothing: it is silent.
    says: Option<Weighed>,
    /// How the lists stand; nothing: they do not answer.
    lists: Option<ListState>,
}

impl Rig {
    fn new(open: Vec<OpenPass>) -> Self {
        let map = file::parse("bench.toml", include_str!("../../../../hardware/lanes/bench.toml")).unwrap();
        let word = Token::clipped("test");
        let versions = Versions {
            software: word.clone(),
            rules: word.clone(),
            model: word.clone(),
            engine: word.clone(),
            lists: word,
        };
        let config = DriveConfig {
            station: "test".to_owned(),
            map,
            epoch_next: 4,
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
        let bench = Bench::new(config, Ruleset::built_in().unwrap()).unwrap();
        let mut rig = Self {
            bench,
            now: 1_000_000,
            records: Vec::new(),
            look_ups: 0,
            durable: false,
            says: None,
            lists: Some(ListState::Missing),
        };
        rig.wait(0);
        rig
    }

    fn hear(&mut self, event: Event) {
        let (mut asked, mut stored) = (Vec::new(), Vec::new());
        for effect in self.bench.handle(event) {
            match effect {
                Effect::Record(pending) => {
                    self.records.push((pending.kind(), serde_json::from_slice(pending.body()).unwrap()));
                    if self.durable {
                        stored.push(pending.durable(self.records.len() as u64, [0; 32]));
                    }
                }
                Effect::Lookup { pass, .. } => asked.push(pass),
                Effect::Permit(_) => panic!("a release was shown, and nothing is durable"),
                Effect::Order(order) => panic!("a bench orders nothing: {order:?}"),
            }
        }
        stored.into_iter().for_each(|recorded| self.hear(Event::Recorded(recorded)));
        self.look_ups += asked.len();
        for pass in asked {
            let Some(list) = self.lists.clone() else { return };
            let answer = Matched {
                holds: Vec::new(),
                aed: Aed::Missing,
                declared: Declared::default(),
                mail_class: None,
                trusted_shipper: false,
                previous: Previous::None,
                lists: Lists { holds: list.clone(), declarations: list },
            };
            self.hear(Event::Matched { pass, answer: Box::new(answer) });
        }
    }
    fn wait(&mut self, ms: u64) {
        for tick in 0..=ms / 20 {
            self.now += 20_000;
            if let Some(weighed) = self.says.filter(|_| tick % 10 == 9) {
                self.scale(weighed);
            }
            let clock = ClockState::Trusted;
            self.hear(Event::Pulse { mono: Micros(self.now), wall: WallMs(1_795_305_600_000), clock });
        }
    }
    fn code(&mut self, text: &str) {
        let (mono, code) = (Micros(self.now), CodeRead::text(text));
        self.hear(Event::Code { mono, device: 0, code });
    }
    fn scale(&mut self, weighed: Weighed) {
        self.says = Some(weighed);
        self.hear(Event::Weight { mono: Micros(self.now), device: 1, weighed, said: Some(said(weighed)) });
    }
    fn image(&mut self, id: u32) {
        self.image_of(id, 1);
    }
    fn image_of(&mut self, id: u32, objects: u8) {
        let image = ImageFile { id, digest: Token::clipped("00"), number: None, length_mm: Millimetres(300), objects };
        self.hear(Event::Image { mono: Micros(self.now), device: 2, image });
        self.hear(Event::Assessed { image: id, assessed: Image::Blind { cause: BlindCause::Quality } });
    }
    fn of(&self, kind: Kind) -> Vec<&serde_json::Value> {
        self.records.iter().filter(|(known, _)| *known == kind).map(|(_, body)| body).collect()
    }
    fn alarms(&self) -> Vec<&str> {
        self.of(Kind::Device).iter().filter_map(|body| body["code"].as_str()).collect()
    }
}

/// What a scale says that is taken for this.
fn said(weighed: Weighed) -> Box<Said> {
    let grams = |grams: Grams| Shown::Measure(Measure::new(grams.0, -3, Unit::Kilogram));
    let (shown, flag) = match weighed {
        Weighed::Stable(value) => (grams(value), Flag::Stable),
        Weighed::Empty => (grams(Grams::ZERO), Flag::Stable),
        Weighed::Moving => (grams(Grams(7)), Flag::Motion),
        Weighed::OutOfRange => (Shown::Nothing(NoWeight::OverRange), Flag::Over),
        Weighed::Tared => (grams(Grams(600)), Flag::Net),
        Weighed::Nothing => (Shown::Nothing(NoWeight::ScaleFault), Flag::Fault),
    };
    Box::new(Said { shown, tare: None, flags: vec![flag], serial: None, raw: RawBytes::default() })
}

#[test]
fn the_first_reading_begins_a_presentation_and_that_is_recorded_before_anything_else() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.scale(Weighed::Moving);
    assert!(rig.of(Kind::Presentation).is_empty(), "a breath of air is no item");
    rig.code(ITEM);
    rig.scale(Weighed::Stable(Grams(800)));
    let began = rig.of(Kind::Presentation);
    assert_eq!((began.len(), &began[0]["pass"], &began[0]["begun_by"]), (1, &"bench/4/1".into(), &"scanner".into()));
    assert_eq!(began[0]["restart"], false);
}

#[test]
fn what_lies_there_when_the_station_comes_up_is_exam_for_the_restart() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Stable(Grams(800)));
    assert_eq!(rig.of(Kind::Presentation)[0]["restart"], true);
    rig.code(ITEM);
    rig.image(1);
    rig.wait(1_000);
    let decided = rig.of(Kind::Decision);
    let rules: Vec<_> =
        decided[0]["verdict"]["reasons"].as_array().unwrap().iter().map(|reason| &reason["rule"]).collect();
    assert!(rules.contains(&&"built-in.restart".into()), "{rules:?}");
}

#[test]
fn a_presentation_of_an_earlier_life_is_decided_and_is_an_alarm() {
    let pass = PassKey::parse("bench/3/7").unwrap();
    let rig = Rig::new(vec![OpenPass::undecided(pass)]);
    let decided = rig.of(Kind::Decision);
    assert_eq!((decided.len(), &decided[0]["pass"]), (1, &"bench/3/7".into()));
    assert_eq!(
        (&decided[0]["verdict"]["outcome"], &decided[0]["supersedes"]),
        (&"exam".into(), &serde_json::Value::Null)
    );
    assert_eq!(rig.alarms(), ["unaccounted"]);
}

#[test]
fn it_is_decided_when_all_have_spoken_and_else_at_the_deadline() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.code(ITEM);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.wait(5_000);
    assert_eq!((rig.of(Kind::Decision).len(), rig.look_ups), (0, 1), "the image is waited for");
    rig.wait(12_000);
    let decided = rig.of(Kind::Decision);
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0]["inputs"]["image"]["cause"], "none");
    assert_eq!(decided[0]["inputs"]["item"]["id"], ITEM);
}

#[test]
fn lists_that_cannot_answer_yet_are_waited_for_a_while() {
    let building = Some(ListState::Rebuilding);
    let fresh = ListState::Fresh { version: Token::clipped("3"), age_s: 0 };
    for (lists, later, state) in
        [(building.clone(), Some(fresh), "fresh"), (building, None, "rebuilding"), (None, None, "missing")]
    {
        let mut rig = Rig::new(Vec::new());
        rig.lists.clone_from(&lists);
        rig.scale(Weighed::Empty);
        rig.code(ITEM);
        rig.scale(Weighed::Stable(Grams(800)));
        rig.image(1);
        rig.wait(2_000);
        assert_eq!(rig.of(Kind::Decision).len(), 0, "{lists:?}");
        assert_eq!(rig.look_ups > 1, lists.is_some(), "{} questions", rig.look_ups);
        let ms = if later.is_some() { 500 } else { 3_000 };
        rig.lists = later.or(lists.clone());
        rig.wait(ms);
        let decided = rig.of(Kind::Decision);
        assert_eq!((decided.len(), &decided[0]["inputs"]["lists"]["holds"]["state"]), (1, &state.into()), "{lists:?}");
    }
}

#[test]
fn two_ids_or_a_second_item_beside_the_first_contest_it() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.code(ITEM);
    rig.code("RB123456785GB");
    rig.scale(Weighed::Stable(Grams(800)));
    for _ in 0..6 {
        rig.wait(200);
        rig.scale(Weighed::Stable(Grams(1_900)));
    }
    rig.image(1);
    rig.wait(1_500);
    let causes = &rig.of(Kind::Decision)[0]["inputs"]["association"]["causes"];
    assert_eq!(causes, &serde_json::json!(["appeared", "two-ids"]));
    assert!(rig.alarms().contains(&"inserted"));
}

#[test]
fn an_item_taken_away_before_its_decision_was_shown_is_an_alarm_unless_its_chute_was_scanned() {
    for (chute, alarm) in [(None, true), (Some(CHUTE_EXAM), false)] {
        let mut rig = Rig::new(Vec::new());
        rig.scale(Weighed::Empty);
        rig.scale(Weighed::Stable(Grams(800)));
        rig.wait(200);
        rig.scale(Weighed::Empty);
        rig.wait(500);
        chute.into_iter().for_each(|label| rig.code(label));
        rig.wait(3_000);
        assert_eq!(rig.alarms().contains(&"removed"), alarm, "{chute:?}: {:?}", rig.alarms());
        assert_eq!(rig.of(Kind::Decision).len(), 1, "it is owed a decision all the same");
    }
}

#[test]
fn the_label_of_the_release_chute_releases_nothing() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.code(CHUTE_RELEASE);
    rig.wait(200);
    rig.scale(Weighed::Empty);
    rig.wait(3_000);
    assert!(rig.alarms().contains(&"released-without-permit"), "{:?}", rig.alarms());
}

#[test]
fn an_image_that_is_owed_makes_the_next_ones_nobodys() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.scale(Weighed::Empty);
    rig.wait(1_000);
    rig.code(ITEM);
    rig.scale(Weighed::Stable(Grams(500)));
    rig.image(1);
    rig.wait(1_500);
    let decided = rig.of(Kind::Decision);
    let last = decided.last().unwrap();
    assert_eq!(last["inputs"]["association"]["causes"], serde_json::json!(["image-order"]));
    assert_eq!(last["image"], serde_json::Value::Null);
}

#[test]
fn two_objects_in_one_picture_are_no_one_item() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.wait(1_000);
    rig.code(ITEM);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.image_of(1, 2);
    rig.wait(1_500);
    let decided = rig.of(Kind::Decision);
    let last = decided.last().unwrap();
    assert_eq!(last["inputs"]["association"]["causes"], serde_json::json!(["abreast"]));
    assert_eq!(last["inputs"]["weight"]["cause"], "two-objects");
}

#[test]
fn a_bench_has_no_belt_to_stop() {
    let mut rig = Rig::new(Vec::new());
    rig.hear(Event::Officer { officer: Token::clipped("o-1"), action: OfficerAction::StopBelt });
    assert!(rig.of(Kind::Audit)[0]["denied"].is_string());
}

#[test]
fn an_item_keeps_the_rule_pack_of_its_first_decision() {
    let mut rig = Rig::new(vec![OpenPass::undecided(PassKey::parse("bench/3/7").unwrap())]);
    let other = Ruleset::load("other.toml", &crate::ruleset::BUILT_IN.replace("version = ", "version = 1")).unwrap();
    let name = other.digest_hex();
    rig.hear(Event::Rules(Box::new(other)));
    rig.bench.presentations[0].unrecorded = true;
    rig.bench.presentations[0].asking = false;
    rig.bench.presentations[0].stale = true;
    rig.wait(100);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.code(ITEM);
    rig.image(1);
    rig.wait(30_000);
    let by: Vec<(&str, &str)> = rig
        .of(Kind::Decision)
        .iter()
        .filter_map(|body| Some((body["pass"].as_str()?, body["versions"]["rules"].as_str()?)))
        .collect();
    assert_eq!(by, [("bench/3/7", "test"), ("bench/3/7", "test"), ("bench/4/1", name.as_str())]);
}

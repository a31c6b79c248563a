//! `gatepost weights` on a journal that a bench's own mind wrote, true and false.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use gatepost_hardware::lane::file;
use gatepost_hardware::scale::mt_sics::MtSicsConfig;
use gatepost_hardware::scale::{Measure, ScaleCodec, ScaleConfig, ScaleProtocol, Unit};
use gatepost_hardware::units::{Grams, Micros, Millimetres, WallMs};
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::{Bounds, Journal, Setup};
use gatepost_ledger::key::StationKey;
use gatepost_pipeline::drive::DriveConfig;
use gatepost_pipeline::event::{ClockState, Effect, Event, ImageFile, Matched, Weighed};
use gatepost_pipeline::gather::reading::{Heard, Hearsay};
use gatepost_pipeline::identify::CodeRead;
use gatepost_pipeline::judge::{Aed, BlindCause, Declared, Image, ListState, Lists, Previous, Token};
use gatepost_pipeline::mind::Mind;
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing::{Protocol, Shown};
use serde_json::json;

use super::{Site, gatepost, versions_of_none};

const ITEM: &str = "RR473124829GB";
const WALL: WallMs = WallMs(1_790_000_000_000);

/// A bench and its journal.
struct Life {
    mind: Mind,
    journal: Journal,
    codec: ScaleCodec,
    hearsay: Hearsay,
    now: Micros,
}

impl Life {
    fn new(folder: &Path) -> Self {
        let map = file::parse("bench.toml", include_str!("../../../../hardware/lanes/bench.toml")).unwrap();
        let scale = ScaleConfig::MtSics(MtSicsConfig::default());
        let config = DriveConfig {
            station: "try-1".to_owned(),
            epoch_next: 1,
            open: Vec::new(),
            closed: Vec::new(),
            highest: BTreeMap::new(),
            accounted: None,
            sampling: None,
            weight_tolerance_g: Grams(30),
            radiation_fitted: false,
            smoke_fitted: false,
            utc_offset_min: 0,
            contingency: BTreeMap::new(),
            protocols: [(1, Protocol::of(&scale))].into(),
            versions: versions_of_none(),
            map,
        };
        let disk: SharedDisk = Arc::new(RealDisk::new(folder).unwrap());
        let key = StationKey::load_or_create(disk.as_ref(), "station.key").unwrap();
        let bounds = Bounds { reserve_bytes: 0, ..Bounds::default() };
        let setup = Setup { station: "try-1".to_owned(), key, bounds };
        let (journal, _) = Journal::open(disk, "journal", setup).unwrap();
        let codec = ScaleCodec::new(&scale).unwrap();
        let mind = Mind::new(config, Ruleset::built_in().unwrap()).unwrap();
        Self { mind, journal, codec, hearsay: Hearsay::default(), now: Micros::ZERO }
    }

    fn hear(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.mind.handle(event) {
                match effect {
                    Effect::Record(pending) => {
                        self.journal.append(pending).unwrap();
                        let stored = self.journal.commit(WALL).results.into_iter().map(Result::unwrap);
                        events.extend(stored.map(Event::Recorded));
                    }
                    Effect::Lookup { pass, .. } => {
                        let answer = Matched {
                            holds: Vec::new(),
                            aed: Aed::Missing,
                            declared: Declared::default(),
                            mail_class: None,
                            trusted_shipper: false,
                            previous: Previous::None,
                            lists: Lists { holds: ListState::Missing, declarations: ListState::Missing },
                        };
                        events.push_back(Event::Matched { pass, answer: Box::new(answer) });
                    }
                    Effect::Permit(_) | Effect::Order(_) => {}
                }
            }
        }
    }

    fn wait(&mut self, ms: u64) {
        for _ in 0..=ms / 20 {
            self.now = self.now + Micros::from_ms(20);
            let wall = WallMs(WALL.0 + self.now.as_ms() as i64);
            self.hear(Event::Pulse { mono: self.now, wall, clock: ClockState::Trusted });
        }
    }

    /// The scale sends a line; `told`: what becomes of it on its way to the lane.
    fn scale(&mut self, line: &str, told: impl Fn(Heard) -> Heard) {
        let mut heard = Vec::new();
        let hearsay = &mut self.hearsay;
        self.codec.feed(self.now, line.as_bytes(), &mut |report| heard.push(hearsay.take(&report)));
        for (mono, words) in heard {
            let (weighed, said) = told(words);
            self.hear(Event::Weight { mono, device: 1, weighed, said });
        }
    }

    /// One item, decided without a useful picture.
    fn item(&mut self, line: &str, told: impl Fn(Heard) -> Heard) {
        self.wait(0);
        self.scale("I4 A \"4711\"\r\n", |words| words);
        self.scale("S S      0.000 kg\r\n", |words| words);
        self.hear(Event::Code { mono: self.now, device: 0, code: CodeRead::text(ITEM) });
        self.scale(line, told);
        let image =
            ImageFile { id: 1, digest: Token::clipped("00"), number: None, length_mm: Millimetres(300), objects: 1 };
        self.hear(Event::Image { mono: self.now, device: 2, image });
        self.hear(Event::Assessed { image: 1, assessed: Image::Blind { cause: BlindCause::Quality } });
        self.wait(1_000);
        self.scale("S S      0.000 kg\r\n", |words| words);
        self.wait(3_000);
    }

    fn end(self) {
        assert!(self.journal.close(WALL).results.is_empty());
    }
}

#[test]
fn every_weight_that_decided_something_is_shown_again() {
    let site = Site::new();
    let mut life = Life::new(&site.at("data"));
    life.item("S S      1.234 kg\r\n", |words| words);
    life.end();
    let shown = gatepost(&["weights", "--json", &site.text("data")]).is(0, &[]).json();
    assert_eq!((&shown["whole"], &shown["weighings"]), (&json!(true), &json!(1)));
    let weight = &shown["weights"][0];
    let expected = json!({"lane": "bench", "device": "scale", "protocol": "mt-sics", "serial": "4711",
        "pass": "bench/1/1", "item": ITEM, "stands": "used", "grams": 1_234, "shown": "1.234 kg", "tare": null,
        "state": "stable", "text": "S S      1.234 kg", "again": "same", "says": "1.234 kg, stable: as recorded"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&weight[name], value, "{name}: {weight}");
    }
    assert!(weight["at"].as_str().unwrap().starts_with("2026-09-21T"), "{weight}");
    let said = gatepost(&["weights", &site.text("data"), "--item", "rr 4731 2482 9gb"]);
    said.is(
        0,
        &["shown 1.234 kg (stable); used as 1234 g", "mt-sics, serial 4711", "53 20 53 20", "as recorded", "whole"],
    );
    gatepost(&["weights", &site.text("data"), "--pass", "bench/1/1"]).is(0, &["1 decisions, 1 weighings"]);
    gatepost(&["weights", &site.text("data"), "--pass", "bench/1/9"]).is(1, &["no decision about bench/1/9"]);
    gatepost(&["weights", &site.text("data"), "--item", "CY987654326DE"]).is(1, &["check the number"]);
    gatepost(&["weights", &site.text("no-such")]).is(1, &["cannot be read", "check the name"]);
    // An evidence package holds the record, and so the weighing.
    let out = site.text("item.json");
    gatepost(&["export", &site.text("data"), "--item", ITEM, "--out", &out]).is(0, &[]);
    let packed = gatepost(&["weights", "--json", &out]).is(0, &[]).json();
    assert_eq!(packed["weights"], shown["weights"]);
    let text = std::fs::read_to_string(&out).unwrap();
    std::fs::write(&out, text.replacen("312e323334", "312e323335", 1)).unwrap();
    gatepost(&["weights", &out]).is(1, &["NOT AS IT MUST BE", "the bytes say 1.235 kg, the record says 1.234 kg"]);
}

#[test]
fn bytes_that_say_something_else_than_the_record_are_found() {
    let lie = |words: Heard| {
        let (_, said) = words;
        let said = said.map(|mut said| {
            said.shown = Shown::Measure(Measure::new(900, -3, Unit::Kilogram));
            said
        });
        (Weighed::Stable(Grams(900)), said)
    };
    let site = Site::new();
    let mut life = Life::new(&site.at("data"));
    life.item("S S      1.234 kg\r\n", lie);
    life.end();
    gatepost(&["verify", &site.text("data")]).is(0, &["whole"]);
    let found = ["the bytes say 1.234 kg, the record says 0.900 kg", "NOT AS IT MUST BE", "record"];
    gatepost(&["weights", &site.text("data")]).is(1, &found);
    let shown = gatepost(&["weights", "--json", &site.text("data")]).is(1, &[]).json();
    assert_eq!((&shown["whole"], &shown["weights"][0]["again"]), (&json!(false), &json!("differs")));

    // A weight of which no word is kept cannot be shown again.
    let site = Site::new();
    let mut life = Life::new(&site.at("data"));
    life.item("S S      1.234 kg\r\n", |(weighed, _)| (weighed, None));
    life.end();
    gatepost(&["weights", &site.text("data")]).is(1, &["it was decided with 1234 g", "no weighing that says so"]);
}

#[test]
fn a_damaged_journal_proves_no_weight() {
    let site = Site::new();
    let mut life = Life::new(&site.at("data"));
    life.item("S S      1.234 kg\r\n", |words| words);
    life.end();
    let segment = site.at("data/journal/00000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    gatepost(&["weights", &site.text("data")]).is(1, &["not whole", "gatepost verify", "keep this folder"]);
}

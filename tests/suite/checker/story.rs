//! A small morning on one lane, told twice: what happened, and what the journal says. Both are true; mutants lie.
//!
//! | pass | parcel | what it is | where it went |
//! |---|---|---|---|
//! | 1, 8 | 1, 8 | clean, seen, read, declared | release |
//! | 2 | 2 | holds a firearm | exam |
//! | 3 | 3 | on the hold list | exam |
//! | 4 | 4 | its label cannot be read | exam |
//! | 5 | 5 | its image never came: blind | exam |
//! | 6 | 6 | taken off the belt by somebody | unaccounted, alarm |
//! | 7 | 7 | its hold came when the gate stood open | release, alarm |
//! | 9 | 9 | looks like an explosive device | stays, then exam after the reset |
//! | – | 10 | put on the belt from the side | exam, alarm |

use std::collections::BTreeMap;
use std::sync::OnceLock;

use gatepost_hardware::units::{Grams, WallMs};
use gatepost_pipeline::drive::{DecisionBody, Versions};
use gatepost_pipeline::judge::{
    BlindCause, Detection, DetectionClass, Hold, HoldKind, Identification, Image, Inputs, IssueCode, ItemKind,
    NoReadCause, Outcome, Purpose, Severity, Token, Weight, example, judge,
};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::Audience;
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing;
use gatepost_world::checker::truth::{Chute, Clock, Crossing, LaneEvent, Line, Parcel, Truth};
use gatepost_world::checker::{CentralRecord, CentralTables, Station};

use super::forge::{self, Entry, STATION};

/// Wall milliseconds when the world began.
pub const ZERO: i64 = 1_790_000_000_000;
const SECOND: u64 = 1_000_000;

/// The evidence before it becomes bytes: what mutants change.
#[derive(Clone)]
pub struct Story {
    pub truth: Truth,
    pub entries: Vec<Entry>,
}

/// When parcel `id` crosses the entry eye, microseconds; it is decided 5 s, at the gate 10 s and out 12 s later.
pub fn entry(id: u32) -> u64 {
    u64::from(id) * 2 * SECOND
}

/// A parcel and its decision, before anything is recorded.
fn inputs(id: u32) -> Inputs {
    let key = key(id);
    let mut inputs = example::clean(key);
    let read = Identification::Read { id: Token::clipped(&item(id)), kind: ItemKind::S10, duplicate: false };
    inputs.item = read;
    inputs.weight = Weight::Known { grams: grams(id), tolerance_g: Grams(5) };
    inputs.set_assessed(Vec::new(), None, 9_000);
    match id {
        2 => inputs.set_assessed(vec![seen(DetectionClass::Firearm)], None, 9_000),
        3 => inputs.set_holds(vec![hold()]),
        4 => inputs.item = Identification::NoRead { cause: NoReadCause::Damaged },
        5 => inputs.image = Image::Blind { cause: BlindCause::NoImage },
        9 => inputs.set_assessed(vec![seen(DetectionClass::ExplosiveDevice)], None, 9_000),
        _ => {}
    }
    inputs
}

pub fn item(id: u32) -> String {
    format!("RB00000000{id}GB")
}
fn grams(id: u32) -> Grams {
    Grams(500 + i64::from(id))
}
pub fn key(id: u32) -> PassKey {
    PassKey::parse(&format!("north/1/{id}")).expect("a pass key")
}
/// The scale's word.
fn words(id: u32) -> String {
    format!("S S      0.{} kg", grams(id).0)
}
fn said(id: u32) -> Vec<u8> {
    format!("{}\r\n", words(id)).into_bytes()
}
/// Half a second before its picture was complete.
fn weighed_at(id: u32) -> WallMs {
    WallMs(ZERO + ((entry(id) + 4 * SECOND) / 1_000) as i64)
}
fn seen(class: DetectionClass) -> Detection {
    Detection { class, score: 9_500, bounds: [10, 10, 60, 60] }
}
fn hold() -> Hold {
    let word = Token::clipped;
    Hold {
        id: word("h-1"),
        kind: HoldKind::Presentation,
        issue: IssueCode::Narcotics,
        purpose: Purpose::Narcotics,
        severity: Severity::Alert,
        outcome: Outcome::Exam,
        authority: word("customs"),
        audience: Audience::All,
    }
}
fn image(id: u32) -> String {
    forge::hex(blake3::hash(&id.to_le_bytes()).as_bytes())
}

/// A decision's record as the pipeline writes it.
fn decision(rules: &Ruleset, inputs: Inputs, revision: u32, supersedes: Option<u64>, at_us: u64) -> Entry {
    let verdict = judge(&inputs, rules);
    let word = Token::clipped("test");
    let versions = Versions {
        software: word.clone(),
        rules: word.clone(),
        model: word.clone(),
        engine: word.clone(),
        lists: word,
    };
    let pass = inputs.pass;
    let image = matches!(inputs.image, Image::Assessed { .. }).then(|| Token::clipped(&image(pass.pass)));
    let class = if verdict.is_alert() { "alert" } else { "decision" };
    let weights = weighing::example("scale", grams(pass.pass), weighed_at(pass.pass));
    let labels = Vec::new();
    let body = DecisionBody { pass, revision, supersedes, image, labels, weights, inputs, verdict, versions };
    record("decision", class, at_us, serde_json::to_string(&body).expect("a decision's body"))
}

pub fn record(kind: &'static str, class: &'static str, at_us: u64, body: String) -> Entry {
    Entry { lane: "north".to_owned(), at: ZERO + (at_us / 1_000) as i64, kind, class, body }
}

pub fn sighting(pass: &str, end: &str, decision: Option<u64>, at_us: u64) -> Entry {
    let decision = decision.map_or("null".to_owned(), |seq| seq.to_string());
    let body = format!("{{\"pass\":{pass},\"item\":null,\"end\":\"{end}\",\"decision\":{decision},\"says\":\"-\"}}");
    record("sighting", "decision", at_us, body)
}

pub fn alarm(code: &str, pass: &str, says: &str, at_us: u64) -> Entry {
    let at = ZERO + (at_us / 1_000) as i64;
    let body = format!("{{\"code\":\"{code}\",\"pass\":{pass},\"at\":{at},\"says\":\"{says}\"}}");
    record("device", "alert", at_us, body)
}

impl Story {
    pub fn told() -> Self {
        // Judging it takes the rules; once is enough for all mutants.
        static STORY: OnceLock<Story> = OnceLock::new();
        STORY
            .get_or_init(|| Self {
                truth: truth(),
                entries: entries(&Ruleset::built_in().expect("the built-in rules")),
            })
            .clone()
    }

    /// The number of the first record that `is` true of.
    pub fn seq(&self, is: impl Fn(&Entry) -> bool) -> u64 {
        1 + self.entries.iter().position(is).expect("the story has such a record") as u64
    }
    /// The number of the decision of a pass.
    pub fn decision(&self, id: u32) -> u64 {
        self.seq(|entry| entry.kind == "decision" && entry.body.contains(&format!("\"north/1/{id}\"")))
    }
    pub fn entry(&mut self, seq: u64) -> &mut Entry {
        &mut self.entries[seq as usize - 1]
    }
    pub fn parcel(&mut self, id: u32) -> &mut Parcel {
        &mut self.truth.parcels[id as usize - 1]
    }

    /// The evidence, with central holding all of it.
    pub fn station(self) -> Station {
        let files = forge::journal(&self.entries, &forge::key());
        let segment = &files["00000001.seg"];
        let records = forge::frames(segment).into_iter().filter(|frame| segment[frame.start + 1] == b'R');
        let digest = |frame: std::ops::Range<usize>| blake3::hash(&segment[frame.start + 20..frame.end]);
        let records: Vec<CentralRecord> = (1..)
            .zip(records)
            .map(|(seq, frame)| CentralRecord { seq, digest: digest(frame).to_hex().to_string() })
            .collect();
        let all = records.len() as u64;
        let durable = (1..).zip(&self.entries).map(|(seq, entry)| (seq, entry.at + 3));
        Station {
            name: STATION.to_owned(),
            durable_ms: durable.collect(),
            files,
            key: Some(forge::key().verifying_key().to_bytes()),
            lanes: vec![self.truth],
            central: Some(CentralTables { records, received: all + 2, acknowledged_to: Some(all) }),
        }
    }
}

fn truth() -> Truth {
    let parcel = |id: u32| {
        let at = entry(id);
        let chute = if matches!(id, 1 | 7 | 8) { Chute::Release } else { Chute::Exam };
        Parcel {
            id,
            item: item(id),
            readable: id != 4,
            declared: true,
            target: [(2, "firearm"), (9, "explosive_device")]
                .iter()
                .find(|(of, _)| *of == id)
                .map(|(_, t)| (*t).into()),
            held_since_us: if id == 3 { Some(0) } else { (id == 7).then_some(at + 10 * SECOND) },
            entered_us: (id != 10).then_some(at),
            inserted_us: (id == 10).then_some(at),
            diverted: (id != 6).then_some((at + 10 * SECOND, chute)),
            left: (id != 6).then_some((at + if id == 9 { 20 } else { 12 } * SECOND, chute)),
            removed_us: (id == 6).then_some(at + 4 * SECOND),
            weighed_g: vec![grams(id).0],
            imaged_us: (id != 5).then_some(at + 4 * SECOND + 500_000),
            ..Parcel::default()
        }
    };
    Truth {
        lane: "north".to_owned(),
        clock: Clock { wall_at_zero_ms: ZERO, pace: 1, trusted: true },
        parcels: (1..=10).map(parcel).collect(),
        crossings: (1..=9).map(|id| Crossing { at_us: entry(id), parcel: id, epoch: Some(1), pass: id }).collect(),
        events: vec![
            (0, LaneEvent::ControllerBoot),
            (SECOND, LaneEvent::Reset),
            (SECOND + 5_000, LaneEvent::BeltsRun),
            (entry(9) + 5 * SECOND, LaneEvent::BeltsStop),
            (entry(9) + 15 * SECOND, LaneEvent::Reset),
            (entry(9) + 15 * SECOND + 5_000, LaneEvent::BeltsRun),
        ],
        images: (1..=10).map(|id| (image(id), vec![id])).collect(),
        lines: (1..=10).map(|id| Line { at_us: entry(id) + 4 * SECOND, bytes: said(id), words: words(id) }).collect(),
        windows: Vec::new(),
        silence_us_max: Some(SECOND / 2),
        down: Vec::new(),
        settled: true,
    }
}

/// The journal in the order in which things happen.
fn entries(rules: &Ruleset) -> Vec<Entry> {
    let mut entries = vec![record("config", "health", 0, "{\"controller_epoch\":1}".to_owned())];
    let mut decisions: BTreeMap<u32, u64> = BTreeMap::new();
    for id in 1..=9 {
        entries.push(decision(rules, inputs(id), 1, None, entry(id) + 5 * SECOND));
        decisions.insert(id, entries.len() as u64);
    }
    let name = |id: u32| format!("\"{}\"", key(id));
    entries.push(alarm("stopped-in-place", &name(9), "north/1/9 must stay", entry(9) + 5 * SECOND));
    entries.push(alarm("inserted", "null", "something appeared at eye sorter-in", entry(10) + 3 * SECOND));

    let mut late = inputs(7);
    late.set_holds(vec![hold()]);
    entries.push(decision(rules, late, 2, decisions.get(&7).copied(), entry(7) + 10 * SECOND + 50_000));
    decisions.insert(7, entries.len() as u64);
    let says = "north/1/7 is leaving by the release chute although it must be stopped: fetch it there";
    entries.push(alarm("revoked-too-late", &name(7), says, entry(7) + 10 * SECOND + 60_000));

    for id in 1..=9 {
        let end = match id {
            1 | 7 | 8 => "release",
            6 => "unaccounted",
            _ => "exam",
        };
        entries.push(sighting(&name(id), end, decisions.get(&id).copied(), entry(id) + 12 * SECOND));
    }
    entries.push(alarm("unaccounted", &name(6), "north/1/6 did not arrive", entry(6) + 12 * SECOND));
    entries
}

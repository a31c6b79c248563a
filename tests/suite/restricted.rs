//! A restricted operation looks like its cover: the same parcel stopped by a hold that only a group may know of, and drawn at
//! random, must be the same to everybody else.
//!
//! The same day is lived twice by the station's own code, once each way, and each watcher's view of both is compared after
//! taking out what differs between two ordinary draws too: hashes, and numbers of whom nobody can say what they ought to
//! be. That this is not too much, the mutants say: a leak of one word must be found in every view. Who watches: [`viewer`]
//! (the pages of station and central), [`technician`] (commands, exports, the log), [`listener`] (topics at the broker).

mod viewer;
mod technician;
mod listener;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use gatepost_console::desk::{StationView, Uplink};
use gatepost_console::page;
use gatepost_console::shown::Shown;
use gatepost_daemon::run::desk::Seen;
use gatepost_ledger::disk::memory::MemoryDisk;
use gatepost_pipeline::judge::{Hold, IssueCode, Outcome, Purpose};
use gatepost_pipeline::record::{Audience, WallMs};
use gatepost_virtual::faults::FaultSchedule;
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::bench::BenchWorld;
use gatepost_world::dialect::Dialect;
use gatepost_world::lists::{Lists, targeted};
use gatepost_world::scenario::record_bytes_on;
use gatepost_world::station::{Station, WALL_START};
use gatepost_world::world::{Setup, World};
use serde_json::Value;

const GROUP: &str = "task-force-9";
const COVER: &str = "Selected at random.";
const SEED: u64 = 5;
const PARCELS: u32 = 6;
/// The page is looked at this often, in steps of the world.
const LOOK_EVERY: u32 = 60;
/// Steps of one day.
const STEPS: u32 = 30_000;

/// Nothing of these may be in any view: the group, the hold, and what it is about.
const SECRETS: [&str; 4] = [GROUP, "operation-7", "narcotics", "hold.presentation"];

/// A hold that only [`GROUP`] may know of.
fn restricted() -> Hold {
    let audience = Audience::Restricted { group: GROUP.to_owned(), cover: COVER.to_owned() };
    Hold { issue: IssueCode::Narcotics, purpose: Purpose::Narcotics, audience, ..targeted("operation-7") }
}

/// Why the parcel is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    /// The draw hits it, and it alone; beyond that, the rate is this much higher.
    Drawn {
        beyond: u16,
    },
    Held,
}

/// Where it happens, and what else there is for everybody to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    Belt,
    /// The picture of every parcel shows something: an alert as it is.
    Finds,
    Bench,
}

/// A lane of either kind.
enum Life {
    Belt(Box<World>),
    Bench(Box<BenchWorld>),
}

impl Life {
    fn of(scene: Scene, setup: Setup) -> Self {
        match scene {
            Scene::Belt | Scene::Finds => Self::Belt(Box::new(World::new(setup))),
            Scene::Bench => Self::Bench(Box::new(BenchWorld::new(setup))),
        }
    }
    fn lists(&mut self) -> &mut Lists {
        match self {
            Self::Belt(world) => &mut world.lists,
            Self::Bench(world) => &mut world.lists,
        }
    }
    fn step(&mut self) {
        match self {
            Self::Belt(world) => world.step(),
            Self::Bench(world) => world.step(),
        }
    }
    fn station(&self) -> Option<&Station> {
        match self {
            Self::Belt(world) => world.station(),
            Self::Bench(world) => world.station(),
        }
    }
    /// To its end: its disk, and its records.
    fn ended(self) -> (MemoryDisk, Vec<Vec<u8>>) {
        let (disk, broken) = match self {
            Self::Belt(mut world) => {
                world.run();
                (world.disk.clone(), world.broken)
            }
            Self::Bench(mut world) => {
                world.run();
                (world.disk.clone(), world.broken)
            }
        };
        assert!(broken.is_empty(), "{broken:?}");
        let records = record_bytes_on(&disk).expect("the journal");
        (disk, records)
    }
}

/// A day, as it left its traces.
struct Day {
    /// The station's page and its document, each time somebody looked.
    looks: Vec<String>,
    records: Vec<Vec<u8>>,
    disk: MemoryDisk,
    item: String,
    pass: String,
    /// Who stands on the list under the restricted hold: this item, or one that never comes.
    listed: String,
}

/// Each pass with its item and what was drawn for it, of a day without holds and draws.
fn draws(scene: Scene) -> Vec<(u16, String, String)> {
    let (_, records) = life(0, scene).ended();
    let decisions = records.iter().map(|bytes| serde_json::from_slice::<Value>(bytes).expect("a record"));
    let found: BTreeSet<(u16, String, String)> = decisions
        .filter(|record| record["kind"] == "decision")
        .map(|record| {
            let inputs = &record["body"]["inputs"];
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let draw = inputs["sampling"]["draw"].as_u64().expect("a draw") as u16;
            (draw, text(&record["body"]["pass"]), text(&inputs["item"]["id"]))
        })
        .collect();
    found.into_iter().collect()
}

fn life(sampling_rate: u16, scene: Scene) -> Life {
    let target_permille = if scene == Scene::Finds { 1_000 } else { 0 };
    let plan = Plan { parcels: PARCELS, target_permille, held_permille: 0, undeclared_permille: 0, ..Plan::default() };
    let setup = Setup {
        map: shipped(if scene == Scene::Bench { "bench" } else { "north" }),
        seed: SEED,
        plan: Plan { unreadable_permille: 0, ..plan },
        faults: FaultSchedule::none(),
        crash_every_s: 0,
        sampling_rate,
        dialect: Dialect::default(),
        late_holds: Vec::new(),
    };
    Life::of(scene, setup)
}

/// The day on which one parcel is stopped, and looked at; lived once, whoever watches it.
fn day(stopped: Stopped, scene: Scene) -> &'static Day {
    static DAYS: [[OnceLock<Day>; 3]; 3] = [const { [const { OnceLock::new() }; 3] }; 3];
    let way = match stopped {
        Stopped::Drawn { beyond: 0 } => 0,
        Stopped::Drawn { .. } => 1,
        Stopped::Held => 2,
    };
    DAYS[scene as usize][way].get_or_init(|| lived(stopped, scene))
}

fn lived(stopped: Stopped, scene: Scene) -> Day {
    static DRAWS: [OnceLock<Vec<(u16, String, String)>>; 3] = [const { OnceLock::new() }; 3];
    let draws = DRAWS[scene as usize].get_or_init(|| draws(scene));
    let ((first, pass, item), (second, ..)) = (&draws[0], &draws[1]);
    let rate = match stopped {
        Stopped::Drawn { beyond } => first + 1 + beyond,
        Stopped::Held => *first,
    };
    assert!(rate <= *second, "only one is drawn: {draws:?}");
    let mut life = life(rate, scene);
    // A list is as long on every day; who stands on it is the secret.
    let held = if stopped == Stopped::Held { item.as_str() } else { "RB000000000US" };
    life.lists().place(held, restricted());
    let (mut looks, mut seen) = (Vec::new(), Seen::default());
    for step in 0..STEPS {
        life.step();
        let Some(station) = life.station().filter(|_| step % LOOK_EVERY == 0) else { continue };
        let lanes = vec![station.view()];
        let now = WallMs(WALL_START + i64::from(step) * 5);
        seen.take(&lanes, now);
        let (exam_queue, decisions) = seen.shown();
        let last = station.acknowledged.len() as u64;
        let uplink = Uplink { connected: true, acked: last, ..Uplink::default() };
        let view =
            StationView { station: "st".into(), now, lanes, exam_queue, decisions, uplink, ..Default::default() };
        let shown = Shown::of(&view);
        looks.push(serde_json::to_string(&shown).expect("a document"));
        looks.push(page::whole(&shown, "TOKEN").into_string());
    }
    let (disk, records) = life.ended();
    let stops = |bytes: &&Vec<u8>| {
        let record: Value = serde_json::from_slice(bytes).expect("a record");
        record["kind"] == "decision" && record["body"]["verdict"]["outcome"] == serde_json::json!(Outcome::Exam)
    };
    let stopped = records.iter().filter(stops).count();
    assert!(stopped == 1 || scene == Scene::Finds, "one parcel is stopped, the others go: {stopped}");
    Day { looks, records, disk, item: item.clone(), pass: pass.clone(), listed: held.to_owned() }
}

/// What two ordinary draws do not share: hashes and keys (16 and more hexadecimal digits), times of today, and how long ago
/// something was by the clock on the wall.
fn erased(text: &str) -> String {
    let parts: Vec<&str> = text.split(" ago<").collect();
    let (last, aged) = parts.split_last().expect("one part at least");
    // `47 h`: a number and its unit.
    let number = |part: &&str| part.rfind(' ').map_or(0, |unit| part[..unit].trim_end_matches(char::is_numeric).len());
    let without = |part: &&str| part[..number(part)].to_owned() + "AGO<";
    let text = aged.iter().map(without).collect::<String>() + last;
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let hex = word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let time = word.len() >= 13 && word.bytes().all(|byte| byte.is_ascii_digit());
        out.push_str(if hex {
            "HASH"
        } else if time {
            "TIME"
        } else {
            word
        });
        word.clear();
    };
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            word.push(char);
        } else {
            flush(&mut word, &mut out);
            out.push(char);
        }
    }
    flush(&mut word, &mut out);
    out
}

/// Where two views differ, if they do: each named, and what stands there.
fn differs(one: &[(String, String)], other: &[(String, String)]) -> Option<String> {
    if one.len() != other.len() {
        return Some(format!("{} views and {}", one.len(), other.len()));
    }
    one.iter().zip(other).find_map(|((name, a), (_, b))| {
        let (a, b) = (erased(a), erased(b));
        let at =
            a.bytes().zip(b.bytes()).position(|(a, b)| a != b).or((a.len() != b.len()).then(|| a.len().min(b.len())))?;
        let around = |text: &str| {
            let cut: String = text.bytes().skip(at.saturating_sub(120)).take(300).map(char::from).collect();
            cut
        };
        Some(format!("{name}, byte {at}:\n  {}\n  {}", around(&a), around(&b)))
    })
}

/// The whole check of one watcher: a draw is like another draw, a restricted hold is like a draw, nothing secret stands
/// anywhere, and one word more is found.
#[track_caller]
fn alike(watched: impl Fn(&Day) -> Vec<(String, String)>) {
    for scene in [Scene::Belt, Scene::Finds, Scene::Bench] {
        let seen = |stopped: Stopped| watched(day(stopped, scene));
        let (drawn, again) = (seen(Stopped::Drawn { beyond: 0 }), seen(Stopped::Drawn { beyond: 1 }));
        let held = seen(Stopped::Held);
        assert_eq!(differs(&drawn, &again), None, "{scene:?}: two ordinary draws differ: take out more");
        assert_eq!(differs(&drawn, &held), None, "{scene:?}: the restricted hold can be told from a draw");
        found_when_leaked(&held, |held| differs(&drawn, held).is_some());
    }
}

/// Neither a secret, nor a flag, nor one row more may go unnoticed.
#[track_caller]
fn found_when_leaked(held: &[(String, String)], found: impl Fn(&[(String, String)]) -> bool) {
    for (name, text) in held {
        for secret in SECRETS {
            assert!(!text.to_lowercase().contains(secret), "{name} says {secret}");
        }
    }
    for leak in [GROUP, "\"restricted\":true", "1"] {
        let mut leaky = held.to_vec();
        let (_, text) = leaky.last_mut().expect("a view");
        let middle = text.char_indices().map(|(at, _)| at).nth(text.chars().count() / 2).unwrap_or(0);
        text.insert_str(middle, &format!(" {leak} "));
        assert!(found(&leaky), "a leak of {leak} goes unnoticed");
    }
}

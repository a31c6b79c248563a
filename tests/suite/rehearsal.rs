//! A rule pack rehearsed at central says what a lane under that pack would have decided: the same day lived twice.

use std::collections::BTreeMap;

use gatepost_central::place;
use gatepost_central::rehearse::{Rehearsal, Span, rehearse};
use gatepost_central::store::ingest::{Arrived, Batch};
use gatepost_pipeline::ruleset::{BUILT_IN, Ruleset};
use gatepost_sync::chain::Envelope;
use gatepost_sync::topics::{Address, Name};
use gatepost_virtual::faults::FaultSchedule;
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::central::Ground;
use gatepost_world::dialect::Dialect;
use gatepost_world::scenario::record_bytes;
use gatepost_world::world::{Setup, World};
use serde::Deserialize;
use serde_json::value::RawValue;

const EVER: Span = Span { from_ms: i64::MIN, until_ms: i64::MAX };

/// The built-in rules, with one rule more, one stricter, and one that has fallen silent.
fn stricter() -> String {
    let heavy = "\n[[rule]]\nid = \"facility.heavy\"\nissue = \"narcotics\"\nseverity = \"notice\"\npurpose = \"narcotics\"\n\
                 outcome = \"exam\"\naction = \"image-review\"\nclearable = true\npoints = 300\n\
                 when = \"weight.grams > 900\"\ntext = \"It weighs {weight.grams} g.\"\n";
    let pack = BUILT_IN.replacen("version = 1", "version = 2", 1);
    pack.replacen("seen.firearm >= 5000", "seen.firearm >= 9900", 1).replacen("seen.blade", "seen.vape", 2) + heavy
}

/// The built-in rules in other words, and of other weight: every parcel goes where it went.
fn louder() -> String {
    BUILT_IN
        .replacen("version = 1", "version = 2", 1)
        .replace("points = 4", "points = 5")
        .replace("The image", "The X-ray")
}

/// The same day: parcels, pictures, readings and draws, by its seed.
fn day(seed: u64, rules: &str) -> Vec<Vec<u8>> {
    let mut world = World::new(Setup {
        map: shipped("north"),
        seed,
        plan: Plan { parcels: 60, ..Plan::default() },
        faults: FaultSchedule::none(),
        crash_every_s: 0,
        sampling_rate: 100,
        dialect: Dialect::default(),
        late_holds: Vec::new(),
    });
    world.judge_by(rules);
    world.run();
    assert!(world.broken.is_empty(), "SEED={seed}: {:?}", world.broken);
    record_bytes(&world).expect("the journal")
}

/// A decision, wherever it stands: its pass and revision, the bytes of its verdict, and of what it saw, where that is told.
#[derive(Deserialize)]
struct Verdict<'b> {
    pass: String,
    revision: u32,
    #[serde(borrow)]
    verdict: &'b RawValue,
    #[serde(borrow)]
    inputs: Option<&'b RawValue>,
}

/// By pass and revision.
type Decided = BTreeMap<(String, u32), (String, Option<String>)>;

impl Verdict<'_> {
    fn entry(self) -> ((String, u32), (String, Option<String>)) {
        let inputs = self.inputs.map(|inputs| inputs.get().to_owned());
        ((self.pass, self.revision), (self.verdict.get().to_owned(), inputs))
    }
}

fn decided(records: &[Vec<u8>]) -> Decided {
    #[derive(Deserialize)]
    struct Record<'b> {
        kind: String,
        #[serde(borrow)]
        body: &'b RawValue,
    }
    let records = records.iter().map(|bytes| serde_json::from_slice::<Record<'_>>(bytes).expect("a record"));
    let decisions = records.filter(|record| record.kind == "decision");
    decisions
        .map(|record| serde_json::from_str::<Verdict<'_>>(record.body.get()).expect("a decision").entry())
        .collect()
}

async fn rehearsed(records: &[Vec<u8>], pack: &str) -> (Rehearsal, Decided) {
    let ground = Ground::file();
    let store = ground.open().await;
    let mut batch = Batch::default();
    for bytes in records {
        let class = serde_json::from_slice::<Envelope>(bytes).expect("an envelope");
        let (class, station) = (class.class, class.station);
        let address = Address::new("JFK", &station).expect("an address");
        let received = place::read(&address, Some(class), bytes).expect("a record");
        let text = String::from_utf8(bytes.clone()).expect("text");
        let arrived = Arrived::new(Name::new("JFK").expect("a name"), &received, text, false);
        batch.records.entry(address.station).or_default().push(arrived);
    }
    store.commit(batch, 0).await.expect("committed");
    let (pack, mut lines) = (Ruleset::load("stricter.toml", pack).expect("the pack"), Vec::new());
    let rehearsal = rehearse(&store, &pack, EVER, Some(&mut lines)).await.expect("rehearsed");
    let lines = String::from_utf8(lines).expect("text");
    let verdicts =
        lines.lines().map(|line| serde_json::from_str::<Verdict<'_>>(line).expect("a line").entry()).collect();
    (rehearsal, verdicts)
}

#[tokio::test]
async fn a_pack_rehearsed_decides_byte_for_byte_as_the_lane_would_have() {
    for seed in [7, 11] {
        let was = day(seed, BUILT_IN);
        let louder = lived_twice(seed, &was, &louder()).await;
        assert_eq!((louder.exam_before, louder.turns.len()), (louder.exam_after, 0), "{louder:?}");
        let stricter = lived_twice(seed, &was, &stricter()).await;
        assert!(stricter.speaks_now.contains_key("facility.heavy"), "{stricter:?}");
        assert!(stricter.exam_after > stricter.exam_before, "{stricter:?}");
        // By the rules that were in force nothing changes.
        let (same, verdicts) = rehearsed(&was, BUILT_IN).await;
        let was = decided(&was);
        assert_eq!((same.changed, verdicts.len()), (0, was.len()));
        assert!(verdicts.iter().all(|(key, (verdict, _))| was[key].0 == *verdict), "SEED={seed}");
    }
}

/// Rehearses `pack` on a day that was, and lives that day again under it.
async fn lived_twice(seed: u64, was: &[Vec<u8>], pack: &str) -> Rehearsal {
    let (rehearsal, verdicts) = rehearsed(was, pack).await;
    let (was_decided, would_have) = (decided(was), decided(&day(seed, pack)));
    let mut alike = 0;
    for (key, (verdict, _)) in &verdicts {
        // Noise is drawn as the day goes: after another decision a scale may tremble otherwise.
        let (inputs, same_inputs) = (&was_decided[key].1, would_have.get(key).map(|other| &other.1));
        if same_inputs == Some(inputs) {
            assert_eq!(Some(verdict), would_have.get(key).map(|other| &other.0), "SEED={seed}, {key:?}");
            alike += 1;
        }
    }
    let least = if rehearsal.turns.is_empty() { verdicts.len() } else { verdicts.len() / 3 };
    assert!(alike >= least, "SEED={seed}: only {alike} of {} saw the same", verdicts.len());
    assert_eq!((rehearsal.unread, rehearsal.decisions as usize), (0, verdicts.len()));
    let changed = verdicts.iter().filter(|(key, (verdict, _))| was_decided[*key].0 != *verdict).count();
    assert_eq!(rehearsal.changed as usize, changed);
    assert!(changed > 0, "{rehearsal:?}");
    rehearsal
}

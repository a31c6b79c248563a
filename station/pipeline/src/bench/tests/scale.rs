//! What becomes of a weight at the bench when the scale says something else, or nothing, or goes away.

use gatepost_hardware::scale::mt_sics::{MtSics, MtSicsConfig};
use gatepost_hardware::scale::{LatestWeight, ScaleProtocol};

use super::*;
use crate::gather::reading::Hearsay;
use crate::limits::LIFTED_MS_MAX;

/// The fields of a decision that tell of its weight.
fn weight_of(body: &serde_json::Value) -> (&serde_json::Value, &serde_json::Value) {
    (&body["inputs"]["weight"], &body["weights"])
}

#[test]
fn a_decision_holds_the_weighing_that_it_used() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.code(ITEM);
    rig.scale(Weighed::Moving);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.image(1);
    rig.wait(1_000);
    let (weight, weights) = weight_of(rig.of(Kind::Decision)[0]);
    assert_eq!(weight["grams"], 800);
    assert_eq!((weights.as_array().unwrap().len(), &weights[0]["stands"]), (1, &"used".into()));
    assert_eq!((&weights[0]["grams"], &weights[0]["device"]), (&800.into(), &"scale".into()));
    assert_eq!(weights[0]["shown"]["measure"]["value"], serde_json::json!({"mantissa": 800, "exponent": -3}));
    let scales: Vec<_> = rig.of(Kind::Device).into_iter().filter(|body| body["event"] == "scale").collect();
    assert_eq!(scales.len(), 1, "the scale itself is on record, once");
}

#[test]
fn a_word_that_is_no_weight_takes_the_weight_back_before_it_was_used() {
    for (word, cause) in [
        (Weighed::OutOfRange, "out-of-range"),
        (Weighed::Tared, "tared"),
        (Weighed::Nothing, "scale-off"),
        (Weighed::Moving, "unstable"),
    ] {
        let mut rig = Rig::new(Vec::new());
        rig.scale(Weighed::Empty);
        rig.code(ITEM);
        rig.scale(Weighed::Stable(Grams(800)));
        rig.scale(word);
        rig.image(1);
        rig.wait(1_000);
        assert_eq!(rig.of(Kind::Decision).len(), 0, "{word:?}: it waits");
        rig.wait(20_000);
        let decided = rig.of(Kind::Decision);
        let (weight, weights) = weight_of(decided[0]);
        assert_eq!((&weight["state"], &weight["cause"]), (&"unknown".into(), &cause.into()), "{word:?}");
        let grams: Vec<_> = weights.as_array().unwrap().iter().filter_map(|one| one["grams"].as_i64()).collect();
        assert!(grams.is_empty(), "{word:?}: {weights}");
        // And it is weighed again when the scale says so.
        let mut rig = Rig::new(Vec::new());
        rig.scale(Weighed::Empty);
        rig.code(ITEM);
        [Weighed::Stable(Grams(800)), word, Weighed::Stable(Grams(803))].into_iter().for_each(|word| rig.scale(word));
        rig.image(1);
        rig.wait(1_000);
        assert_eq!(weight_of(rig.of(Kind::Decision)[0]).0["grams"], 803, "{word:?}");
    }
}

/// The tare key was pressed and forgotten: whatever lies there then is too light by the tare.
#[test]
fn under_a_tare_that_was_left_on_the_scale_nothing_is_weighed_until_it_is_cleared() {
    let mut rig = Rig::new(Vec::new());
    let mut cable = Cable::new();
    cable.hear(&mut rig, "S S      0.000 kg\r\nT S      0.200 kg\r\n");
    rig.code(ITEM);
    rig.image(1);
    for _ in 0..100 {
        cable.hear(&mut rig, "S S      0.600 kg\r\n"); // 800 g of parcel
        rig.wait(200);
    }
    let decided = rig.of(Kind::Decision);
    assert_eq!(decided.len(), 1);
    let (weight, weights) = weight_of(decided[0]);
    assert_eq!(*weight, serde_json::json!({"state": "unknown", "cause": "tared"}));
    // The scale's own words are kept: what it showed, and that it was net.
    assert_eq!((&weights[0]["stands"], &weights[0]["grams"]), (&"tared".into(), &serde_json::Value::Null));
    assert_eq!(weights[0]["shown"]["measure"]["value"]["mantissa"], 600);
    assert_eq!(weights[0]["flags"], serde_json::json!(["stable", "net"]));
    let reasons = decided[0]["verdict"]["reasons"].as_array().unwrap();
    let why = reasons.iter().find(|reason| reason["rule"] == "built-in.no-weight").unwrap();
    assert_eq!(why["text"], "There is no certain weight: a tare stands on the scale; clear it.");
    // Cleared, the same parcel weighs what it weighs, and net zero was never an empty plate.
    cable.hear(&mut rig, "TAC A\r\nS S      0.000 kg\r\n");
    rig.wait(LIFTED_MS_MAX);
    rig.code(ITEM);
    cable.hear(&mut rig, "S S      0.800 kg\r\n");
    rig.image(2);
    rig.wait(1_000);
    assert_eq!(weight_of(rig.of(Kind::Decision).last().unwrap()).0["grams"], 800);
}

#[test]
fn a_scale_that_falls_silent_has_lost_the_item_and_what_lies_there_then_is_another_pass() {
    let silent = |rig: &mut Rig| rig.says = None;
    let unplugged = |rig: &mut Rig| {
        let mono = Micros(rig.now);
        rig.says = None;
        rig.hear(Event::Weight { mono, device: 1, weighed: Weighed::Nothing, said: None });
        rig.hear(Event::Part { fault: Fault::Scale, failed: true });
    };
    for (happens, waits) in [(&silent as &dyn Fn(&mut Rig), 3_100), (&unplugged, 100)] {
        let mut rig = Rig::new(Vec::new());
        rig.scale(Weighed::Empty);
        rig.code(ITEM);
        rig.scale(Weighed::Stable(Grams(800)));
        rig.wait(1_000);
        assert!(rig.of(Kind::Decision).is_empty(), "its picture is waited for");
        happens(&mut rig);
        rig.wait(waits);
        let decided = rig.of(Kind::Decision);
        assert_eq!(decided.len(), 1, "the scale lost it from sight");
        let (weight, weights) = weight_of(decided[0]);
        assert_eq!((decided.len(), &weight["cause"], weights), (1, &"scale-off".into(), &serde_json::Value::Null));
        assert_eq!(rig.alarms().last(), Some(&"unaccounted"), "{:?}", rig.alarms());
        // Who is scanned meanwhile may be taken away again, and nobody would see it.
        rig.code(ITEM);
        // The cable is back, and what lies there weighs the same.
        rig.hear(Event::Part { fault: Fault::Scale, failed: false });
        rig.scale(Weighed::Stable(Grams(800)));
        rig.wait(17_000);
        let last = rig.of(Kind::Decision).last().cloned().cloned().unwrap();
        assert_eq!((&last["pass"], &last["verdict"]["outcome"]), (&"bench/4/2".into(), &"exam".into()));
        assert_eq!(last["inputs"]["lane"]["restart"], true, "nobody saw the plate empty");
        assert_eq!(last["inputs"]["association"]["causes"], serde_json::json!(["not-watched"]));
        // Lifted and laid down anew it is weighed anew.
        rig.scale(Weighed::Empty);
        rig.wait(3_000);
        rig.code(ITEM);
        rig.scale(Weighed::Stable(Grams(801)));
        rig.image(2);
        rig.wait(1_000);
        let last = rig.of(Kind::Decision).last().cloned().cloned().unwrap();
        assert_eq!((&last["pass"], &last["inputs"]["lane"]["restart"]), (&"bench/4/3".into(), &false.into()));
        assert_eq!(
            (&last["inputs"]["association"]["state"], &last["weights"][0]["grams"]),
            (&"owned".into(), &801.into())
        );
    }
}

#[test]
fn a_station_that_slept_blames_no_scale() {
    let mut rig = Rig::new(Vec::new());
    rig.scale(Weighed::Empty);
    rig.code(ITEM);
    rig.scale(Weighed::Stable(Grams(800)));
    rig.wait(1_000);
    rig.now += 10_000_000;
    rig.wait(1_000);
    assert!(rig.alarms().is_empty() && rig.of(Kind::Presentation).len() == 1, "{:?}", rig.alarms());
}

/// The line of a scale, and what [`LatestWeight`] makes of it.
struct Cable {
    codec: MtSics,
    hearsay: Hearsay,
    latest: LatestWeight,
}

impl Cable {
    fn new() -> Self {
        let codec = MtSics::new(MtSicsConfig::default());
        Self { codec, hearsay: Hearsay::default(), latest: LatestWeight::new(Micros::from_ms(SCALE_SILENT_MS_MAX)) }
    }

    /// Nothing: the line went away.
    fn hear(&mut self, rig: &mut Rig, line: &str) {
        let (now, mut heard) = (Micros(rig.now), Vec::new());
        let (latest, hearsay) = (&mut self.latest, &mut self.hearsay);
        self.codec.feed(now, line.as_bytes(), &mut |report| {
            latest.take(&report);
            heard.push(hearsay.take(&report));
        });
        if line.is_empty() {
            self.latest.disconnected();
            heard.push((now, self.hearsay.hang_up()));
        }
        for (mono, (weighed, said)) in heard {
            rig.hear(Event::Weight { mono, device: 1, weighed, said });
        }
    }
}

/// Every order of three things that a scale can say or suffer, beside what [`LatestWeight`] believes then.
#[test]
fn no_decision_uses_a_weight_that_the_scale_does_not_stand_by() {
    const WORDS: [&str; 8] = [
        "S S      0.800 kg\r\n",
        "S S      0.803 kg\r\n",
        "S D      0.800 kg\r\n",
        "S +\r\n",
        "S I\r\n",
        "S S  0#8 kg\r\n",
        "T S      0.200 kg\r\n",
        "", // unplugged
    ];
    let mut rig = Rig::new(Vec::new());
    rig.durable = true;
    let (mut known, mut unknown) = (0, 0);
    for order in 0..WORDS.len().pow(3) {
        let mut cable = Cable::new();
        // Whatever lay there before, weighed or not, is lifted.
        cable.hear(&mut rig, "S S      0.500 kg\r\nS S      0.000 kg\r\n");
        rig.wait(LIFTED_MS_MAX);
        rig.code(ITEM);
        for at in 0..3 {
            cable.hear(&mut rig, WORDS[order / WORDS.len().pow(at) % WORDS.len()]);
            rig.wait(60);
        }
        rig.image(order as u32);
        rig.records.clear();
        rig.wait(400);
        let decided = rig.of(Kind::Decision);
        match cable.latest.stable_weight(Micros(rig.now)) {
            Ok(grams) => {
                known += 1;
                let used = decided.first().and_then(|body| weight_of(body).0["grams"].as_i64()).map(Grams);
                let near = used.is_some_and(|used| used.abs_diff(grams) <= REPEATS_WITHIN);
                assert!(near, "{order:03o}: it says {grams}, used was {used:?}");
            }
            Err(why) => {
                unknown += 1;
                assert!(decided.is_empty(), "{order:03o}: it says {why:?}, and it was decided");
            }
        }
    }
    // A weight comes last, and no tare stands under it.
    assert_eq!((known, unknown), (2 * 7 * 7, 512 - 2 * 7 * 7));
}

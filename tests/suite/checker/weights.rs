//! The alibi memory checked: every way in which a recorded weight could be another than the scale's own word is found.

use gatepost_world::checker::findings::Promise;

use super::found;
use super::story::Story;

/// Changes the record of parcel 1's decision, whose weight is 501 g.
fn lie(from: &'static str, to: &'static str) -> impl FnOnce(&mut Story) {
    move |story| {
        let seq = story.decision(1);
        let body = &mut story.entry(seq).body;
        assert_eq!(body.matches(from).count(), 1, "{from} in {body}");
        *body = body.replace(from, to);
    }
}

#[test]
fn a_weight_that_the_scale_did_not_say_is_found() {
    // "S S      0.501 kg"
    let raw = "\"raw\":\"532053202020202020302e353031206b67\"";
    for other in [
        "\"raw\":\"532053202020202020302e353032206b67\"", // another weight
        "\"raw\":\"532044202020202020302e353031206b67\"", // in motion
        "\"raw\":\"532053202020202020302e353031\"",       // cut short
        "\"raw\":\"\"",
        "\"raw\":\"S S\"",
    ] {
        found(Promise::Alibi, lie(raw, other));
    }
}

#[test]
fn a_weight_shown_or_taken_for_another_is_found() {
    for (from, to) in [
        ("\"mantissa\":501", "\"mantissa\":502"),
        ("\"mantissa\":501,\"exponent\":-3", "\"mantissa\":501,\"exponent\":-2"),
        ("\"unit\":\"kg\"", "\"unit\":\"lb\""),
        ("\"stands\":\"used\",\"grams\":501", "\"stands\":\"used\",\"grams\":502"),
        ("\"stands\":\"used\",\"grams\":501", "\"stands\":\"beside\",\"grams\":501"),
        ("\"stands\":\"used\",\"grams\":501", "\"stands\":\"used\",\"grams\":null"),
    ] {
        found(Promise::Alibi, lie(from, to));
    }
}

#[test]
fn a_weight_of_another_time_or_of_none_is_found() {
    found(Promise::Alibi, |story| {
        let seq = story.decision(1);
        let body = &mut story.entry(seq).body;
        let mut decision: serde_json::Value = serde_json::from_str(body).expect("a decision");
        let at = decision["weights"][0]["at"].as_i64().expect("a time");
        decision["weights"][0]["at"] = (at - 60_000).into();
        *body = decision.to_string();
    });
    // What the scale said is another line, or was said before the parcel came.
    found(Promise::Alibi, |story| story.truth.lines.clear());
    found(Promise::Alibi, |story| story.truth.lines[0].bytes[0] = b'Z');
    found(Promise::Alibi, |story| story.truth.lines[0].at_us += 10_000_000);
    found(Promise::Alibi, |story| story.truth.crossings[0].at_us += 4_500_000);
    // A decision that used a weight and keeps none.
    found(Promise::Alibi, |story| {
        let seq = story.decision(1);
        let body = &mut story.entry(seq).body;
        let (from, to) = (body.find("\"weights\":[").expect("weights"), body.find("\"inputs\":").expect("inputs"));
        body.replace_range(from..to, "");
    });
}

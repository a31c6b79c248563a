//! The alibi memory held against what the scale really sent: every weight in a decision is one of its words, byte for byte.
//!
//! Reads the scale's lines by itself: the virtual scale's own words are MT-SICS, whose weights are text, so a line is read
//! here with a dozen lines of its own and no codec of the station. On the wire they may have stood in another protocol:
//! then the record holds those bytes, and what they mean is still what the scale's display said.

use super::findings::{Findings, Promise};
use super::passes::{At, Lane, Pass};
use super::record::{Alibi, Decision, Shown, Weight};
use super::truth::{Line, Truth};

/// The station dates a word by its last look at the clock, and a cable, a busy machine and its queue come before that.
const EARLY_MS: i64 = 100;
const LATE_MS: i64 = 2_000;

pub fn check(lane: &Lane<'_>, findings: &mut Findings) {
    // Of passes that nobody saw nothing is known here; that they never were is found elsewhere.
    for pass in lane.passes.iter().filter(|pass| !pass.parcels.is_empty() || pass.nobody) {
        for decision in &pass.decisions {
            let place = format!("{} record {}", pass.key, decision.seq);
            let mut wrong = |says: String| findings.add(Promise::Alibi, &place, says);
            used(decision.what, &mut wrong);
            for alibi in &decision.what.weights {
                shown(lane.truth, pass, decision, alibi, &mut wrong);
            }
        }
    }
}

/// A weight that was used is one that is shown, and the other way round.
fn used(decision: &Decision, wrong: &mut dyn FnMut(String)) {
    let used: Vec<_> =
        decision.weights.iter().filter(|alibi| alibi.stands == "used").map(|alibi| alibi.grams).collect();
    match decision.inputs.weight {
        Weight::Known { grams } if used != [Some(grams)] => {
            wrong(format!("it was decided with {grams} g, and the weighings used say {used:?}"));
        }
        Weight::Unknown if !used.is_empty() => wrong(format!("no weight was known, and {used:?} was used")),
        Weight::Known { .. } | Weight::Unknown => {}
    }
}

/// One weighing of a record: its bytes were sent, then, and say what the record says.
fn shown(truth: &Truth, pass: &Pass<'_>, decision: &At<'_, Decision>, alibi: &Alibi, wrong: &mut dyn FnMut(String)) {
    let Ok(raw) = data_encoding::HEXLOWER.decode(alibi.raw.as_bytes()) else {
        return wrong(format!("the bytes \"{}\" are no hexadecimal", alibi.raw));
    };
    let text = String::from_utf8_lossy(&raw).into_owned();
    let Some(sent) = sent(truth, &raw, alibi.at) else {
        return wrong(format!("the scale never sent \"{text}\" at {}", alibi.at));
    };
    match read(&sent.words) {
        Some(word) => {
            if word.grams != alibi.grams.filter(|_| word.stable) && (word.stable || alibi.grams.is_some()) {
                wrong(format!("\"{text}\" is taken for {:?} g", alibi.grams));
            }
            if alibi.stands == "used" && !word.stable {
                wrong(format!("\"{text}\" is no stable weight, and was used"));
            }
            if word.shown != alibi.shown.as_text() {
                wrong(format!("\"{text}\" is shown as {}", alibi.shown.as_text()));
            }
        }
        None if alibi.grams.is_some() => {
            wrong(format!("\"{text}\" is no weight, and is taken for {:?} g", alibi.grams))
        }
        None => {}
    }
    if !truth.clock.trusted {
        return;
    }
    if alibi.at > decision.at + EARLY_MS {
        wrong(format!("\"{text}\" was said at {}, after it was used at {}", alibi.at, decision.at));
    }
    // Where a sick eye counted nobody, no parcel had to be there first.
    let entered = truth.clock.wall_ms(pass.entered_us);
    if !pass.parcels.is_empty() && alibi.at < entered - EARLY_MS {
        wrong(format!("\"{text}\" was said at {}, before the parcel was there at {entered}", alibi.at));
    }
}

/// The line that was sent then: these bytes, or these within what frames them, which a codec may take off.
fn sent<'a>(truth: &'a Truth, raw: &[u8], at: i64) -> Option<&'a Line> {
    let then = |line: &&Line| {
        let late = at - truth.clock.wall_ms(line.at_us);
        !truth.clock.trusted || (-EARLY_MS..=LATE_MS).contains(&late)
    };
    let mut lines = truth.lines.iter().filter(then);
    let framed = |line: &&Line| !bare(raw).is_empty() && bare(&line.bytes) == bare(raw);
    lines.clone().find(|line| line.bytes == raw).or_else(|| lines.find(framed))
}

/// Without the control characters at both ends.
fn bare(mut bytes: &[u8]) -> &[u8] {
    while let [0..=0x1F, rest @ ..] | [rest @ .., 0..=0x1F] = bytes {
        bytes = rest;
    }
    bytes
}

/// What a line says: `S S      1.234 kg`.
struct Word {
    stable: bool,
    /// Of a stable weight other than zero.
    grams: Option<i64>,
    shown: String,
}

/// Nothing for a line that holds no weight.
fn read(line: &str) -> Option<Word> {
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let &["S", state @ ("S" | "D"), number, unit @ ("kg" | "g")] = words.as_slice() else { return None };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let thousandths = format!("{whole}{fraction:0<3}").parse::<i64>().ok().filter(|_| fraction.len() <= 3)?;
    let grams = if unit == "kg" { thousandths } else { (thousandths + 500).div_euclid(1_000) };
    let stable = state == "S";
    Some(Word { stable, grams: (stable && grams > 0).then_some(grams), shown: format!("{number} {unit}") })
}

impl Shown {
    /// As the scale's display has it.
    fn as_text(&self) -> String {
        let Some(measure) = &self.measure else { return "nothing".to_owned() };
        let places = usize::from(measure.value.exponent.unsigned_abs());
        let digits = format!("{:0>width$}", measure.value.mantissa.unsigned_abs(), width = places + 1);
        let sign = if measure.value.mantissa < 0 { "-" } else { "" };
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction} {}", measure.unit)
    }
}

//! `gatepost weights`: the alibi memory shown again: every weight that a decision used, as its scale said it.
//!
//! Reads a station's journal or an evidence package and nothing else. The chain around what is shown is verified first, and
//! each weighing's own bytes are read again by the codec that is named beside them. It changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use gatepost_hardware::units::Grams;
use gatepost_ledger::disk::SharedDisk;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_ledger::package::{Link, Package, verify_package};
use gatepost_pipeline::judge::{Identification, Weight};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::Kind;
use gatepost_pipeline::weighing::{Alibi, Alibis, Stands};
use serde::{Deserialize, Serialize};

use super::{Ending, Failure, Outcome, document, export, hold, problem, say, scratch::Scratch, verify};
use again::{Again, flags, read_again, shown};

mod again;

/// Weighings shown at once; more are counted, and still read again.
const SHOWN_MAX: usize = 100_000;

#[derive(Args)]
pub(super) struct Arguments {
    /// A station's data folder, or an evidence package
    place: PathBuf,
    /// Only of this item's number
    #[arg(long, value_name = "ID", conflicts_with = "pass")]
    item: Option<String>,
    /// Only of this pass, as north/3/17
    #[arg(long, value_name = "KEY")]
    pass: Option<String>,
    /// The public key (64 hex digits) that must have signed; else the folder's own
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

/// The one document.
#[derive(Default, Serialize)]
struct Answer {
    /// Whether the chain around everything shown is whole, and every weighing reads as it is recorded.
    whole: bool,
    problems: Vec<String>,
    decisions: u64,
    weighings: u64,
    weights: Vec<Weighed>,
}

/// One weighing of one decision.
#[derive(Serialize)]
struct Weighed {
    at: String,
    lane: String,
    device: String,
    protocol: String,
    serial: Option<String>,
    pass: PassKey,
    item: Option<String>,
    record: u64,
    /// Which decision of the pass that was.
    revision: u32,
    stands: Stands,
    grams: Option<Grams>,
    shown: String,
    tare: Option<String>,
    state: String,
    raw: String,
    text: String,
    /// What the bytes mean when they are read again; else why not.
    again: &'static str,
    says: String,
}

/// Of a decision's body, what the weights need.
#[derive(Deserialize)]
struct Decision {
    pass: PassKey,
    revision: u32,
    #[serde(default)]
    weights: Alibis,
    inputs: Inputs,
}

#[derive(Deserialize)]
struct Inputs {
    item: Identification,
    weight: Weight,
}

pub(super) fn weights(arguments: &Arguments, json: bool) -> Outcome {
    let item = arguments.item.as_deref().map(|text| hold::item_of(text, true)).transpose()?;
    let pass = arguments.pass.as_deref().map(export::pass_of).transpose()?;
    let key = arguments.key.as_deref().map(verify::public_key).transpose()?;
    let wanted = |decision: &Decision| {
        let read = match &decision.inputs.item {
            Identification::Read { id, .. } => Some(id.as_str()),
            Identification::NotYet | Identification::NoRead { .. } => None,
        };
        item.as_deref().is_none_or(|item| read == Some(item)) && pass.is_none_or(|pass| pass == decision.pass)
    };
    let mut answer = Answer::default();
    let place = &arguments.place;
    if place.is_dir() {
        of_folder(place, key, &wanted, &mut answer)?;
    } else {
        of_package(place, key, &wanted, &mut answer)?;
    }
    if answer.decisions == 0 && answer.problems.is_empty() {
        let what = item.or_else(|| pass.map(|pass| pass.to_string())).unwrap_or_else(|| "any parcel".to_owned());
        return Err(problem(place.display(), format!("no decision about {what} is recorded here; check the number")));
    }
    answer.whole = answer.problems.is_empty();
    if json {
        document(&answer)?;
    } else {
        print(place, &answer);
    }
    Ok(Ending::of(answer.whole))
}

/// The decisions of a journal, after the whole of it was verified.
fn of_folder(
    dir: &Path,
    key: Option<gatepost_ledger::key::PublicKey>,
    wanted: &dyn Fn(&Decision) -> bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let about = dir.display().to_string();
    if !dir.join("journal").is_dir() {
        let says = "no journal here; name a station's data folder (station.data of its configuration)";
        return Err(Failure::Usage(format!("{about}: {says}")));
    }
    let disk: SharedDisk = Arc::new(RealDisk::new(dir).map_err(|error| problem(&about, error))?);
    let key = key.or_else(|| verify::own_key(dir));
    let report = gatepost_ledger::verify::journal(&disk, "journal", key).map_err(|error| problem(&about, error))?;
    if !report.whole {
        answer.problems.extend(
            report
                .problems
                .iter()
                .map(|one| format!("{}, byte {}, record {}: {}; {}", one.file, one.at, one.seq, one.what, one.remedy)),
        );
        answer
            .problems
            .push(format!("the journal is not whole, so it proves no weight; see `gatepost verify {about}`"));
        return Ok(());
    }
    let scratch = Scratch::new(Some(dir)).or_else(|_| Scratch::new(None))?;
    let view = export::open_snapshot(dir, &scratch)?;
    for record in Records::from(&view, view.first_seq()) {
        let record = record.map_err(|error| problem(&about, error))?;
        answer.take(record.seq, &record.bytes, wanted);
    }
    Ok(())
}

/// The decisions in an evidence package, after it was checked.
fn of_package(
    file: &Path,
    key: Option<gatepost_ledger::key::PublicKey>,
    wanted: &dyn Fn(&Decision) -> bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let package: Package = verify::read_package(file)?;
    answer.problems = verify_package(&package, key).problems;
    let records = package.spans.iter().flat_map(|span| (span.first_seq..).zip(&span.links));
    for (seq, link) in records {
        if let Link::Record(text) = link {
            answer.take(seq, text.as_bytes(), wanted);
        }
    }
    Ok(())
}

impl Answer {
    /// Takes a record, if it is a decision that is asked for.
    fn take(&mut self, seq: u64, bytes: &[u8], wanted: &dyn Fn(&Decision) -> bool) {
        let envelope = match Envelope::parse(bytes) {
            Ok(envelope) if envelope.kind == Kind::Decision => envelope,
            Ok(_) => return,
            Err(error) => return self.problems.push(format!("record {seq}: cannot be read ({error})")),
        };
        let decision: Decision = match serde_json::from_str(envelope.body.get()) {
            Ok(decision) => decision,
            Err(error) => {
                let says =
                    format!("record {seq}: its weights cannot be read ({error}); use the software that wrote it");
                return self.problems.push(says);
            }
        };
        if !wanted(&decision) {
            return;
        }
        self.decisions += 1;
        self.unproven(seq, &decision);
        for alibi in decision.weights.iter() {
            self.weighing(seq, &envelope.lane, &decision, alibi);
        }
    }

    /// A weight that was used and that no weighing of the record shows.
    fn unproven(&mut self, seq: u64, decision: &Decision) {
        let Weight::Known { grams, .. } = decision.inputs.weight else { return };
        let shows = |alibi: &Alibi| alibi.stands == Stands::Used && alibi.grams == Some(grams);
        if !decision.weights.iter().any(shows) {
            let says =
                "and no weighing that says so is in its record; software without an alibi memory wrote it, or it lies";
            self.problems.push(format!("record {seq}, {}: it was decided with {grams}, {says}", decision.pass));
        }
    }

    fn weighing(&mut self, seq: u64, lane: &str, decision: &Decision, alibi: &Alibi) {
        self.weighings += 1;
        let state = flags(&alibi.flags);
        let (again, says) = match read_again(alibi) {
            Again::Same(None) => ("same", format!("{}, {state}: as recorded", shown(&alibi.shown))),
            Again::Same(Some(but)) => ("same", format!("{}, {state}: as recorded; {but}", shown(&alibi.shown))),
            Again::Differs(says) => ("differs", says),
            Again::Unread(says) => ("unread", says),
        };
        if again != "same" {
            self.problems.push(format!("record {seq}, {}: {says}", decision.pass));
        }
        if self.weights.len() == SHOWN_MAX {
            return;
        }
        let item = match &decision.inputs.item {
            Identification::Read { id, .. } => Some(id.as_str().to_owned()),
            Identification::NotYet | Identification::NoRead { .. } => None,
        };
        self.weights.push(Weighed {
            at: jiff::Timestamp::from_millisecond(alibi.at.0).map_or("?".to_owned(), |at| format!("{at:.3}")),
            lane: lane.to_owned(),
            device: alibi.device.to_string(),
            protocol: alibi.protocol.as_ref().map_or("?", |protocol| protocol.name()).to_owned(),
            serial: alibi.serial.as_ref().map(ToString::to_string),
            pass: decision.pass,
            item,
            record: seq,
            revision: decision.revision,
            stands: alibi.stands,
            grams: alibi.grams,
            shown: shown(&alibi.shown),
            tare: alibi.tare.map(|tare| tare.to_string()),
            state,
            raw: alibi.raw.to_string(),
            text: printable(alibi.raw.as_slice()),
            again,
            says,
        });
    }
}

/// Bytes as far as a person can read them.
fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte & 0x7F)).map(|c| if c.is_ascii_control() { '·' } else { c }).collect()
}

fn print(place: &Path, answer: &Answer) {
    let stands = BTreeMap::from([
        ("used", "used"),
        ("beside", "said beside it"),
        ("moving", "refused: not at rest"),
        ("out-of-range", "refused: out of range"),
        ("tared", "refused: a tare stood on the scale"),
        ("shared", "refused: perhaps not its own"),
        ("nothing", "refused: no weight"),
    ]);
    for one in &answer.weights {
        let item = one.item.as_deref().unwrap_or("without id");
        say(format!("{}  {}  {item}  record {}, decision {}", one.at, one.pass, one.record, one.revision));
        let word = serde_json::to_value(one.stands).ok();
        let word = word.as_ref().and_then(serde_json::Value::as_str).unwrap_or("?");
        let grams = one.grams.map_or(String::new(), |grams| format!(" as {grams}"));
        let tare = one.tare.as_ref().map_or(String::new(), |tare| format!(", tare {tare}"));
        say(format!("  shown {}{tare} ({}); {}{grams}", one.shown, one.state, stands.get(word).unwrap_or(&word)));
        let serial = one.serial.as_ref().map_or(String::new(), |serial| format!(", serial {serial}"));
        say(format!("  by    {} of lane {}, {}{serial}", one.device, one.lane, one.protocol));
        say(format!("  bytes {}  \"{}\"", pairs(&one.raw), one.text));
        say(format!("  again {}", one.says));
    }
    let verdict = if answer.whole { "whole" } else { "NOT AS IT MUST BE" };
    let Answer { decisions, weighings, .. } = answer;
    say(format!("{}: {verdict}: {decisions} decisions, {weighings} weighings", place.display()));
    if *weighings > answer.weights.len() as u64 {
        say(format!("  the first {} are shown; name one with --item or --pass", answer.weights.len()));
    }
    answer.problems.iter().for_each(|one| say(format!("  problem: {one}")));
}

/// `0a1b` as `0a 1b`.
fn pairs(hex: &str) -> String {
    let pairs: Vec<&str> = (0..hex.len() / 2).map(|at| &hex[2 * at..2 * at + 2]).collect();
    pairs.join(" ")
}

//! `gatepost id`: what a code says, and what is wrong with it.

use gatepost_pipeline::identify::{Identifier, Kind, identify};

use super::{Ending, Outcome, document, say};

pub(super) fn id(texts: &[String], json: bool) -> Outcome {
    let found: Vec<Identifier> = texts.iter().map(|text| identify(text, None)).collect();
    if json {
        document(&found)?;
    } else {
        found.iter().for_each(show);
    }
    Ok(Ending::of(found.iter().all(|identifier| identifier.valid)))
}

fn show(found: &Identifier) {
    let verdict = match (found.valid, found.kind) {
        (true, kind) => format!("a valid {} identifier", kind.name()),
        (false, Kind::Unknown) => "no identifier".to_owned(),
        (false, kind) => format!("looks like {}, NOT valid", kind.name()),
    };
    say(format!("{}: {verdict}", found.text));
    for problem in &found.problems {
        let weight = if problem.is_fault() { "fault" } else { "note" };
        say(format!("  {weight} {}: {}", problem.code(), problem.says()));
    }
    for (name, value) in &found.parts {
        say(format!("  {name} = {value}"));
    }
}

//! `gatepost label`: the codes in pictures of labels, whose numbers they are, and why there are none.
//!
//! Here the pixels' reader and the identifiers meet: a number whose check digit is wrong is shown, and refused.

use std::path::{Path, PathBuf};

use clap::Args;
use gatepost_models::labels::{LabelCode, LabelReader, Labels, Settings};
use gatepost_pipeline::identify::{Identifier, identify};
use serde::Serialize;

use super::{Ending, Outcome, document, say};

#[derive(Args)]
pub(super) struct Arguments {
    /// Pictures of labels: PNG, JPEG or TIFF
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Milliseconds from the start of a picture after which no further try begins
    #[arg(long, value_name = "N", default_value_t = Settings::default().budget_ms, value_parser = clap::value_parser!(u32).range(..=60_000))]
    budget_ms: u32,
}

/// One file's entry.
#[derive(Serialize)]
struct Entry {
    file: String,
    codes: Vec<Code>,
    /// Why there are none: the reader's word, or `unreadable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Tries on restored pictures after the plain look.
    tries: u32,
    /// Milliseconds, without reading the file.
    ms: f64,
}

#[derive(Serialize)]
struct Code {
    text: String,
    symbology: &'static str,
    aim: Option<String>,
    /// Pixels, x then y: the symbol's own top left, then clockwise.
    corners: [[i32; 2]; 4],
    kind: &'static str,
    /// Its check digits are right and it is a number that the station knows.
    valid: bool,
    /// What is wrong or worth a remark, in words.
    problems: Vec<String>,
}

pub(super) fn label(arguments: &Arguments, json: bool) -> Outcome {
    let reader = LabelReader::new(Settings { budget_ms: arguments.budget_ms, ..Settings::default() });
    let entries: Vec<Entry> = arguments.images.iter().map(|file| entry(&reader, file)).collect();
    if json {
        document(&entries)?;
    } else {
        entries.iter().for_each(show);
    }
    let good = |entry: &Entry| !entry.codes.is_empty() && entry.codes.iter().all(|code| !code.is_refused());
    Ok(Ending::of(entries.iter().all(good)))
}

fn entry(reader: &LabelReader, path: &Path) -> Entry {
    let file = path.display().to_string();
    match reader.read_file(path) {
        Ok(Labels { codes, cause, took_us, tries, .. }) => Entry {
            file,
            codes: codes.iter().map(Code::of).collect(),
            cause: cause.map(|cause| cause.as_str()),
            detail: cause.map(|cause| cause.says().to_owned()),
            tries,
            ms: took_us as f64 / 1_000.0,
        },
        Err(error) => Entry {
            file,
            codes: Vec::new(),
            cause: Some("unreadable"),
            detail: Some(error.to_string()),
            tries: 0,
            ms: 0.0,
        },
    }
}

impl Code {
    fn of(found: &LabelCode) -> Self {
        let text = String::from_utf8_lossy(&found.bytes).into_owned();
        let Identifier { kind, valid, problems, .. } = identify(&text, found.aim);
        Self {
            text,
            symbology: found.symbology.name(),
            aim: found.aim.map(|aim| aim.to_string()),
            corners: found.corners.map(|corner| corner.map(|place| place.round() as i32)),
            kind: kind.name(),
            valid,
            problems: problems.iter().map(|problem| problem.says().to_string()).collect(),
        }
    }

    /// It looks like a number and is not one. What is no number at all (an address, a web page) is nobody's fault.
    fn is_refused(&self) -> bool {
        !self.valid && self.kind != "unknown"
    }
}

fn show(entry: &Entry) {
    match &entry.detail {
        // The reader's sentence names the file; a cause does not.
        Some(detail) if entry.cause == Some("unreadable") => say(detail),
        Some(detail) => say(format!("{}: NOTHING READ: {detail} ({:.0} ms)", entry.file, entry.ms)),
        None => say(format!("{}: {} read ({:.0} ms)", entry.file, entry.codes.len(), entry.ms)),
    }
    for code in &entry.codes {
        let verdict = match (code.valid, code.is_refused()) {
            (true, _) => format!("a valid {} identifier", code.kind),
            (_, true) => format!("looks like {}, REFUSED", code.kind),
            _ => "no identifier".to_owned(),
        };
        let [x, y] = code.corners[0];
        // Separators would vanish on a terminal.
        say(format!("  {}: {}, {verdict}, at {x},{y}", code.text.replace('\u{1d}', "<GS>"), code.symbology));
        code.problems.iter().for_each(|problem| say(format!("    {problem}")));
    }
}

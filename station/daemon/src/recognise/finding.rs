//! What was found at a port, in words and as lines to paste.
//!
//! The lines are complete but for a name and for what no wire says; what is missing is written so that the station
//! refuses it until a person has filled it in. It never chooses between two explanations that fit equally.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::candidates::Kind;
use super::score::Example;
use super::{Explanation, SURE};
use crate::config::devices::LineConfig;

/// Milliseconds between questions that suit every polled scale.
const POLL_MS: u32 = 250;

/// What results alone don't say.
const MAKES: &str = "; if the station is to make it read, take the protocol of its make (sick, cognex, keyence, ssi) from its \
                     type plate, and trigger = \"always\"";

/// One port, tried.
#[derive(Debug)]
pub struct Finding {
    pub port: PathBuf,
    pub verdict: Verdict,
}

#[derive(Debug)]
pub enum Verdict {
    /// One explanation, or several that fit equally; at this speed.
    Named {
        baud: u32,
        explanations: Vec<Explanation>,
    },
    /// Bytes that mean nothing under any setting.
    Noise {
        bytes: usize,
    },
    Silent,
    /// Another program has it open.
    Held {
        by: Option<String>,
    },
    Failed {
        why: String,
    },
}

/// A finding as `--json` gives it.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub port: String,
    /// `named`, `likely`, `ambiguous`, `noise`, `silent`, `held` or `failed`.
    pub verdict: &'static str,
    pub what: String,
    pub explanations: Vec<ShownExplanation>,
    /// What to do now.
    pub next: String,
}

#[derive(Debug, Serialize)]
pub struct ShownExplanation {
    pub name: &'static str,
    pub kind: &'static str,
    /// Of a serial port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<&'static str>,
    pub protocol: &'static str,
    /// What the device said about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    pub examples: Vec<Example>,
    /// Lines for the station's configuration.
    pub proposal: String,
}

impl Finding {
    pub fn of(port: &Path, verdict: Verdict) -> Self {
        Self { port: port.to_owned(), verdict }
    }

    /// In words.
    pub fn shown(&self) -> Shown {
        let port = self.port.display().to_string();
        let explanations = match &self.verdict {
            Verdict::Named { baud, explanations } => {
                explanations.iter().map(|one| ShownExplanation::of(&port, *baud, one)).collect()
            }
            _ => Vec::new(),
        };
        let (verdict, what, next) = self.verdict.words();
        Shown { port, verdict, what, explanations, next }
    }
}

impl Verdict {
    fn words(&self) -> (&'static str, String, String) {
        match self {
            Self::Named { baud, explanations } => named(*baud, explanations),
            Self::Noise { bytes } => (
                "noise",
                format!("{bytes} bytes that mean nothing at any speed and setting tried"),
                "a protocol that this software does not know, or noise: check the ground wire and the plug; send what \
                 `gatepost probe scanner` shows to whoever looks after this software"
                    .to_owned(),
            ),
            Self::Silent => (
                "silent",
                "nothing heard, and no answer at any speed and setting tried".to_owned(),
                "check power and cable (transmit and receive may be crossed); if it is a scanner, run this again and \
                 scan codes while it waits"
                    .to_owned(),
            ),
            Self::Held { by } => (
                "held",
                format!("another program has it open{}", by.as_ref().map(|by| format!(": {by}")).unwrap_or_default()),
                "stop that program (a running station is stopped with `systemctl stop gatepost`), then run this again"
                    .to_owned(),
            ),
            Self::Failed { why } => (
                "failed",
                format!("it cannot be used ({why})"),
                "check that it is a serial port, that it is plugged in, and that this user is in group dialout"
                    .to_owned(),
            ),
        }
    }
}

fn named(baud: u32, explanations: &[Explanation]) -> (&'static str, String, String) {
    let settings = |one: &Explanation| format!("{} at {baud} {}", one.candidate.name, one.line.name());
    let missing = explanations.iter().find_map(|one| one.candidate.missing);
    let plain = explanations.iter().any(|one| one.candidate.protocol.starts_with("plain"));
    let paste = || match missing {
        Some(missing) => format!("paste the lines below, write the device's name for NAME, and {missing}"),
        None if plain => format!("paste the lines below, and write the device's name for NAME{MAKES}"),
        None => "paste the lines below, and write the device's name for NAME".to_owned(),
    };
    match explanations {
        [one] if one.score.value() >= SURE => ("named", settings(one), paste()),
        [one] => {
            let what = format!("{}, as far as {} whole message(s) can say", settings(one), one.score.frames);
            (
                "likely",
                what,
                format!("let it say more (scan again, lay something on it) and run this again; or {}", paste()),
            )
        }
        _ => {
            let all: Vec<String> = explanations.iter().map(settings).collect();
            ("ambiguous", format!("equally well {}", all.join(", or ")), how_to_decide(explanations))
        }
    }
}

fn how_to_decide(explanations: &[Explanation]) -> String {
    let same = |of: fn(&Explanation) -> &'static str| explanations.windows(2).all(|pair| of(&pair[0]) == of(&pair[1]));
    if same(|one| one.candidate.name) && same(|one| one.line.name()) {
        "what was heard was no weight: lay something on the scale, let it come to rest and run this again".to_owned()
    } else if same(|one| one.candidate.name) {
        "what was heard has the same bytes under these settings: let it say something with other digits and run this \
         again, or look into the device's own setup; the first does no harm"
            .to_owned()
    } else {
        "look at the device's type plate or its setup menu, and paste the lines that are its own".to_owned()
    }
}

impl ShownExplanation {
    fn of(port: &str, baud: u32, one: &Explanation) -> Self {
        Self {
            name: one.candidate.name,
            kind: match one.candidate.kind {
                Kind::Scale => "scale",
                Kind::Scanner => "scanner",
            },
            baud: Some(baud),
            line: Some(one.line.name()),
            protocol: one.candidate.written(),
            identity: one.score.identity.clone(),
            examples: one.score.examples.clone(),
            proposal: proposal(port, baud, one.line, one),
        }
    }
}

/// The table of the configuration.
fn proposal(port: &str, baud: u32, line: LineConfig, one: &Explanation) -> String {
    let candidate = one.candidate;
    let kind = if candidate.kind == Kind::Scale { "scale" } else { "scanner" };
    let missing = candidate.missing.map(|missing| format!("  # {missing}")).unwrap_or_default();
    let poll = match (candidate.kind, candidate.asked) {
        (Kind::Scale, true) => format!("poll_ms = {POLL_MS}\n"),
        _ => String::new(),
    };
    format!(
        "[lane.{kind}.NAME]\nserial = {{ port = \"{}\", baud = {baud}, line = \"{}\" }}\nprotocol = {{ {} }}{missing}\n{poll}",
        port.escape_default(),
        line.name(),
        candidate.written(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::candidates::TABLE;
    use super::super::score::Score;
    use super::*;
    use crate::config::{ScaleDevice, ScannerDevice};

    #[test]
    fn every_proposal_is_what_the_configuration_takes_once_a_person_has_filled_it_in() {
        for candidate in TABLE {
            let one = Explanation { candidate, line: LineConfig::SevenEvenOne, score: Score::default() };
            let text = proposal("/dev/serial/by-id/a \"b\"", 9_600, one.line, &one);
            let table = text.lines().skip(1).collect::<Vec<_>>().join("\n");
            let filled = table.replace(candidate.written(), candidate.protocol);
            let transport = match candidate.kind {
                Kind::Scale => toml::from_str::<ScaleDevice>(&filled).expect(&filled).transport(),
                Kind::Scanner => toml::from_str::<ScannerDevice>(&filled).expect(&filled).transport(),
            };
            assert!(transport.is_ok_and(|on| on.to_string() == "/dev/serial/by-id/a \"b\""), "{text}");
            let as_it_stands = match candidate.kind {
                Kind::Scale => toml::from_str::<ScaleDevice>(&table).is_ok_and(|one| one.protocol.validate().is_ok()),
                Kind::Scanner => {
                    toml::from_str::<ScannerDevice>(&table).is_ok_and(|one| one.protocol.validate().is_ok())
                }
            };
            assert_eq!(as_it_stands, candidate.missing.is_none(), "what is missing is refused: {text}");
        }
    }
}

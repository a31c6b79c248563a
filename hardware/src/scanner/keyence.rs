//! Keyence SR readers: LON and LOFF, their answers, and results as strings.
//!
//! A command is framed like the results: a text and CR, or STX … ETX; the answer comes framed like the command, `OK,LON`
//! or `ER,LON,ee`, and before the result. Guaranteed: what [`plain`](super::plain) guarantees of its framings; an answer
//! is never data. `LOFF` after a good single read is answered by an error: the reading is over already, and a refused
//! stop means no more than that.
//!
//! It refuses answers set to texts of one's own, and the SR-600's mode without any: `OK` and `ER` are how an answer is
//! known. A label that spells an answer is taken for one, and not read.
//!
//! Source: Keyence's SR-750 manual, pages 63 to 72; N-410 manual, pages 94 to 104. `KEYENCE` is from knowledge.

use super::frame::{Buffer, Cut, ETX, STX};
use super::plain::config::{NO_READ, text};
use super::plain::{Framing, PlainConfig, Text};
use super::results::{Dialogue, Results, Said, results_table};
use super::{Ask, ScanFault};

/// The longest command, by the manual.
const COMMAND_BYTES_MAX: usize = 8;

results_table! {
    /// A Keyence SR reader.
    pub struct KeyenceConfig(framing = Framing::Terminated, terminators = "\r\n", no_read = NO_READ) {
        /// The command that starts a reading, as set at the reader.
        pub start: Text = text("LON"),
        /// The command that ends one.
        pub stop: Text = text("LOFF"),
    }
}

impl KeyenceConfig {
    /// The first thing wrong, in words for whoever wrote it.
    pub fn validate(&self) -> Result<(), &'static str> {
        let word = |text: &Text| (1..=COMMAND_BYTES_MAX).contains(&text.len()) && is_word(text.as_bytes());
        if !word(&self.start) || !word(&self.stop) {
            return Err(
                "start and stop are commands of 1 to 8 capital letters and digits, such as \"LON\" and \"LOFF\"",
            );
        }
        self.results().validate()
    }
}

/// The codec. Bytes of one reader, in order.
pub type Keyence = Results<Commands>;

impl Keyence {
    /// Expects a validated configuration; see [`KeyenceConfig::validate`].
    pub fn new(config: &KeyenceConfig) -> Self {
        let command = |text: &str| encode(config.framing, text);
        let commands = [command(&config.start), command(&config.stop), command("KEYENCE")];
        Self::with(config.results(), Commands { commands })
    }
}

/// What a Keyence reader says and hears besides results.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Start, stop and identity, framed.
    commands: [heapless::Vec<u8, 40>; 3],
}

impl Dialogue for Commands {
    fn hear(&self, _: &PlainConfig, frame: &[u8], _: &Cut, text: &mut Buffer) -> Said {
        let mut words = frame.splitn(3, |byte| *byte == b',');
        let (verdict, command, rest) = (words.next(), words.next().unwrap_or_default(), words.next());
        if !is_word(command) || command.len() > COMMAND_BYTES_MAX {
            return Said::Result(0, frame.len());
        }
        match (verdict, rest) {
            (Some(b"OK"), Some(rest)) if command == b"KEYENCE" => {
                let _ = text.extend_from_slice(rest); // never longer than a frame
                Said::Identity
            }
            (Some(b"OK"), _) => Said::Answer(true),
            (Some(b"ER"), Some([b'0'..=b'9', b'0'..=b'9'])) => Said::Answer(false),
            (Some(b"ER"), _) => Said::Fault(ScanFault::Malformed),
            _ => Said::Result(0, frame.len()),
        }
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        let [start, stop, identity] = &self.commands;
        Some(match ask {
            Ask::Start => start,
            Ask::Stop => stop,
            Ask::Identity => identity,
        })
    }
}

fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A command or an answer as either side sends it: STX … ETX where results come so, else with CR.
pub fn encode(framing: Framing, text: &str) -> heapless::Vec<u8, 40> {
    let stx_etx = framing == Framing::StxEtx;
    let (before, after) = if stx_etx { (Some(STX), ETX) } else { (None, b'\r') };
    before.into_iter().chain(text.bytes().take(38)).chain([after]).collect()
}

#[cfg(test)]
mod tests;

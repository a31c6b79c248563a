//! Cognex DataMan: result strings, and DMCC, its commands, with their answers.
//!
//! Results are strings as set up at the reader; a no-read may be empty (`no_read = [""]`). Answers are lines
//! `||checksum:id[status]text` and come only where the reader is set to *extended* responses; in *silent* mode, as
//! delivered, a trigger is not answered and the reader cannot be asked who it is. Guaranteed: what
//! [`plain`](super::plain) guarantees of its framings; an answer is never data, and one whose checksum is wrong is no
//! answer.
//!
//! It refuses results inside answers (status 1), which older readers encode in base64: set results to a string format.
//! A label that begins with `||` is no result where results are lines.
//!
//! Source: Cognex's DMCC overview and DataMan communications manual. `DEVICE.TYPE` is from knowledge.

use super::frame::{Beside, Buffer, Cut};
use super::plain::config::NO_READ;
use super::plain::{Framing, PlainConfig};
use super::results::{Dialogue, Results, Said, results_table};
use super::{Ask, ScanFault};
use serde::{Deserialize, Serialize};

/// A command with its header, checksum and footer.
type Command = heapless::Vec<u8, 48>;

/// How the reader answers commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// It does not.
    #[default]
    Silent,
    Extended,
}

results_table! {
    /// A Cognex DataMan reader.
    pub struct CognexConfig(framing = Framing::Terminated, terminators = "\r\n", no_read = NO_READ) {
        /// As set at the reader (`COM.DMCC-RESPONSE`).
        pub response: Response = Response::Silent,
        /// Send commands with a checksum and a number; the reader answers with both.
        pub checksum: bool = false,
    }
}

impl CognexConfig {
    /// The first thing wrong, in words for whoever wrote it.
    pub fn validate(&self) -> Result<(), &'static str> {
        self.results().validate()
    }
}

/// The codec. Bytes of one reader, in order.
pub type Cognex = Results<Dmcc>;

impl Cognex {
    /// Expects a validated configuration; see [`CognexConfig::validate`].
    pub fn new(config: &CognexConfig) -> Self {
        let command = |number: u8, text: &[u8]| {
            let mut command = Command::new();
            let fits = command.extend_from_slice(b"||").and_then(|()| {
                if config.checksum {
                    command.extend_from_slice(&[b'1', b':', b'0' + number])?;
                }
                command.extend_from_slice(b">")?;
                command.extend_from_slice(text)?;
                if config.checksum {
                    let checksum = checksum(&command);
                    command.extend_from_slice(&[checksum])?;
                }
                command.extend_from_slice(b"\r\n")
            });
            debug_assert!(fits.is_ok(), "commands are shorter than {} bytes", command.capacity());
            command
        };
        let dmcc = Dmcc {
            start: command(1, b"TRIGGER ON"),
            stop: command(2, b"TRIGGER OFF"),
            identity: (config.response == Response::Extended).then(|| command(3, b"GET DEVICE.TYPE")),
        };
        Self::with(config.results(), dmcc)
    }
}

/// What a DataMan says and hears besides results.
#[derive(Clone, Debug)]
pub struct Dmcc {
    start: Command,
    stop: Command,
    identity: Option<Command>,
}

impl Dialogue for Dmcc {
    const BESIDE: Beside = Beside::Lines;

    /// A checksum that is CR or LF comes before CR LF, which would be an empty result.
    fn ends_twice(&self, frame: &[u8]) -> bool {
        frame.starts_with(b"||1")
    }

    fn hear(&self, config: &PlainConfig, frame: &[u8], cut: &Cut, text: &mut Buffer) -> Said {
        let may_be_answer = cut.beside || config.framing != Framing::StxEtx;
        if !may_be_answer || !(cut.beside || frame.starts_with(b"||")) {
            return Said::Result(0, frame.len());
        }
        let answer = match Answer::parse(frame, cut.ended_by) {
            Ok(answer) => answer,
            Err(kind) => return Said::Fault(kind),
        };
        match answer.status {
            0 if answer.text.is_empty() => Said::Answer(true),
            0 => {
                unescape(answer.text, text);
                Said::Identity
            }
            // Unidentified, command, parameter, checksum, rejected, unavailable.
            100..=105 => Said::Answer(false),
            _ => Said::Fault(ScanFault::Malformed),
        }
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        match ask {
            Ask::Start => Some(&self.start),
            Ask::Stop => Some(&self.stop),
            Ask::Identity => self.identity.as_deref(),
        }
    }
}

/// One answer, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// With a checksum before its end.
    pub checksum: bool,
    /// The number of the command it answers.
    pub command: Option<u16>,
    pub status: u16,
    /// Escaped, as on the line.
    pub text: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads a line without its end. `ended_by`: the byte that ended it, which may have been its checksum.
    pub fn parse(line: &'a [u8], ended_by: Option<u8>) -> Result<Self, ScanFault> {
        let malformed = ScanFault::Malformed;
        let rest = line.strip_prefix(b"||").ok_or(malformed)?;
        let open = rest.iter().position(|byte| *byte == b'[').ok_or(malformed)?;
        let close = rest.iter().position(|byte| *byte == b']').filter(|close| *close > open).ok_or(malformed)?;
        let mut header = rest[..open].split(|byte| *byte == b':');
        let checksum = match header.next() {
            Some(b"" | b"0") => false,
            Some(b"1") => true,
            _ => return Err(malformed),
        };
        let command = header.next().map(|digits| number(digits).ok_or(malformed)).transpose()?;
        if header.next().is_some() {
            return Err(malformed);
        }
        let status = number(&rest[open + 1..close]).ok_or(malformed)?;
        let mut text = &rest[close + 1..];
        if checksum {
            text = match text.split_last() {
                Some((sent, before)) if self::checksum(&line[..line.len() - 1]) == *sent => before,
                // The checksum looked like the end of the line.
                _ if ended_by == Some(self::checksum(line)) => text,
                _ => return Err(ScanFault::Checksum),
            };
        }
        Ok(Self { checksum, command, status, text })
    }

    /// The line as a reader sends it, for virtual readers. `None` if it is too long.
    pub fn encode(&self) -> Option<Buffer> {
        let mut line = Buffer::new();
        let mut number = heapless::String::<16>::new();
        let wrote = match self.command {
            Some(command) => core::fmt::write(&mut number, format_args!("{command}[{}]", self.status)),
            None => core::fmt::write(&mut number, format_args!("[{}]", self.status)),
        };
        wrote.ok()?;
        let header: &[u8] = match (self.checksum, self.command) {
            (false, None) => b"||",
            (false, Some(_)) => b"||0:",
            (true, None) => b"||1",
            (true, Some(_)) => b"||1:",
        };
        for part in [header, number.as_bytes(), self.text] {
            line.extend_from_slice(part).ok()?;
        }
        if self.checksum {
            let checksum = checksum(&line);
            line.push(checksum).ok()?;
        }
        line.extend_from_slice(b"\r\n").ok()?;
        Some(line)
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    let digits =
        core::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    digits.parse().ok()
}

/// All bytes before it, one XOR the other.
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// Takes the backslashes off; one before any other character stays.
fn unescape(escaped: &[u8], text: &mut Buffer) {
    let mut rest = escaped;
    while let [byte, after @ ..] = rest {
        let (plain, after) = match (byte, after) {
            (b'\\', [escape @ (b'"' | b'\\' | b'|'), after @ ..]) => (*escape, after),
            (b'\\', [b't', after @ ..]) => (b'\t', after),
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            _ => (*byte, after),
        };
        let _ = text.push(plain); // never longer than a frame
        rest = after;
    }
}

/// Puts the backslashes on. `None` if it is too long.
pub fn escape(text: &[u8]) -> Option<Buffer> {
    let mut escaped = Buffer::new();
    for &byte in text {
        let one = match byte {
            b'"' | b'\\' | b'|' => byte,
            b'\t' => b't',
            b'\r' => b'r',
            b'\n' => b'n',
            _ => {
                escaped.push(byte).ok()?;
                continue;
            }
        };
        escaped.extend_from_slice(&[b'\\', one]).ok()?;
    }
    Some(escaped)
}

#[cfg(test)]
mod tests;

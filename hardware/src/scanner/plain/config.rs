//! How a plain reader is set up: everything `scanners.md` says differs from site to site.
//!
//! Apart from the codec, because it is what a technician writes, and what is refused before a byte is read.

use super::super::FRAME_BYTES_MAX;
use crate::units::Micros;
use serde::{Deserialize, Serialize};

/// A short text of the configuration; control characters as TOML escapes (`"\r"`, `"\u001D"`).
pub type Text = heapless::String<32>;

/// Where a frame begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// At a terminator. A frame that stops without one is a fault.
    #[default]
    Terminated,
    /// When the line is quiet for `idle_gap_ms`; at a terminator too, if any is configured. Some readers end frames by
    /// silence as delivered.
    IdleGap,
    /// From STX to ETX. CR and LF between frames are nothing; GS, RS and EOT inside are data.
    StxEtx,
}

/// What to do with an AIM symbology identifier at the front of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AimPolicy {
    /// The reader sends none: `]C1` at the front is data.
    Absent,
    #[default]
    Optional,
    /// Data without one is a fault: another reader, or a front lost.
    Required,
}

/// A plain reader. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlainConfig {
    pub framing: Framing,
    /// Each character ends a frame, and any run of them is one end. CR and LF unless said otherwise; TAB is usual too.
    pub terminators: Text,
    /// Quiet this long is the end of whatever was coming. At 9600 baud a character takes 1.04 ms. Left out: 50 where
    /// silence is what ends a frame; else 500, as a busy station must not cut a good frame in two.
    pub idle_gap_ms: Option<u16>,
    /// Sent by the reader before the AIM identifier and the data, as configured there; taken off.
    pub prefix: Text,
    /// Sent after the data, before the terminator or ETX; taken off.
    pub suffix: Text,
    pub aim: AimPolicy,
    /// Whole payloads that mean nothing was read, compared without case; `#` stands for any digit. The empty text
    /// means that an empty frame is a no-read: STX ETX, or a lone terminator, CR LF being one.
    pub no_read: heapless::Vec<Text, 32>,
    /// What the reader sends in place of GS (0x1D), such as `~` or `{GS}`; the longest match is mapped back.
    pub gs_substitutes: heapless::Vec<Text, 4>,
    /// Longer frames are a fault. At least 4,096 where 2D codes are read.
    pub frame_bytes_max: u16,
    /// The bytes that start and stop a reading. Left out: a wire does it, or the reader reads by itself.
    pub trigger: Option<Trigger>,
}

/// What starts and stops a reading over the serial line; Honeywell's unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trigger {
    pub start: Text,
    pub stop: Text,
}

impl Default for Trigger {
    fn default() -> Self {
        Self { start: text("\x16T\r"), stop: text("\x16U\r") }
    }
}

/// The texts of the makes in use. Makes differ and sites change them: configuration has the last word.
pub(in crate::scanner) const NO_READ: [&str; 12] =
    ["NR", "NOREAD", "NO-READ", "NO READ", "no code!", "ERROR", "ERR##", "OVER", "?", "??", "???", "**"];

impl Default for PlainConfig {
    fn default() -> Self {
        Self {
            framing: Framing::default(),
            terminators: text("\r\n"),
            idle_gap_ms: None,
            prefix: Text::new(),
            suffix: Text::new(),
            aim: AimPolicy::default(),
            no_read: NO_READ.iter().map(|no_read| text(no_read)).collect(),
            gs_substitutes: heapless::Vec::new(),
            frame_bytes_max: FRAME_BYTES_MAX as u16,
            trigger: None,
        }
    }
}

/// As much of `text` as a key holds.
pub(in crate::scanner) fn text(text: &str) -> Text {
    text.chars().collect()
}

impl PlainConfig {
    /// The first thing wrong, in words for whoever wrote it.
    pub fn validate(&self) -> Result<(), &'static str> {
        let stx_etx = self.framing == Framing::StxEtx;
        let checks = [
            (
                self.idle_gap_ms == Some(0),
                "idle_gap_ms is 0, so every byte would be a frame; give milliseconds, such as 50",
            ),
            (
                self.framing == Framing::Terminated && self.terminators.is_empty(),
                "framing \"terminated\" needs terminators; give them, or use framing = \"idle-gap\"",
            ),
            (!self.terminators.is_ascii(), "terminators must be ASCII characters, such as \"\\r\\n\""),
            (
                !(64..=FRAME_BYTES_MAX).contains(&usize::from(self.frame_bytes_max)),
                "frame_bytes_max must be 64 to 8192; 2D codes need at least 4096",
            ),
            (
                self.framing == Framing::IdleGap && self.no_read.iter().any(|text| text.is_empty()),
                "an empty no_read text needs frames with an end: framing = \"stx-etx\" or \"terminated\"",
            ),
            (self.no_read.iter().any(|text| !text.is_ascii()), "no_read texts must be ASCII"),
            (
                self.gs_substitutes.iter().any(|text| text.is_empty()),
                "an empty text in gs_substitutes matches everything",
            ),
            (
                stx_etx && [&self.prefix, &self.suffix].iter().any(|text| text.contains(['\x02', '\x03'])),
                "prefix and suffix must not hold STX or ETX under framing = \"stx-etx\"",
            ),
            (
                !stx_etx
                    && [&self.prefix, &self.suffix].iter().any(|text| text.contains(|c| self.terminators.contains(c))),
                "prefix and suffix must not hold a terminator",
            ),
            (
                self.trigger.as_ref().is_some_and(|trigger| trigger.start.is_empty() || trigger.stop.is_empty()),
                "trigger needs start and stop, such as \"\\u0016T\\r\" and \"\\u0016U\\r\"; left out, they are Honeywell's",
            ),
        ];
        checks.iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, message)| Err(*message))
    }

    /// Quiet this long is the end of whatever was coming.
    pub fn idle_gap(&self) -> Micros {
        let usual = if self.framing == Framing::IdleGap { 50 } else { 500 };
        Micros::from_ms(u64::from(self.idle_gap_ms.unwrap_or(usual)))
    }

    /// The place in `no_read` of the text that says `payload` is a no-read.
    pub(in crate::scanner) fn no_read(&self, payload: &[u8]) -> Option<usize> {
        let same = |text: &Text| {
            let texts = text.as_bytes().iter().zip(payload);
            let fits =
                |(text, byte): (&u8, &u8)| text.eq_ignore_ascii_case(byte) || *text == b'#' && byte.is_ascii_digit();
            text.len() == payload.len() && { texts }.all(fits)
        };
        self.no_read.iter().position(same)
    }

    /// The length of the longest GS substitute at the front of `data`.
    pub(in crate::scanner) fn gs_substitute(&self, data: &[u8]) -> Option<usize> {
        self.gs_substitutes.iter().filter(|text| data.starts_with(text.as_bytes())).map(|text| text.len()).max()
    }
}

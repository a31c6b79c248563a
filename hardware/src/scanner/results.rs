//! Readers that send results as text: one codec, and beside it what a make says besides results.
//!
//! Apart from the makes, because they differ in their commands and answers and not in how a label's text is framed. The
//! table of a make is [`PlainConfig`]'s with its own defaults and a few keys more.

use super::frame::{Beside, Buffer, Cut, Cutter};
use super::payload::{Found, judge};
use super::plain::PlainConfig;
use super::{Ask, Scan, ScanFault, ScannerProtocol};
use crate::units::Micros;

/// What a whole frame is to a make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A result: these bytes of it, from and to.
    Result(usize, usize),
    NoRead(&'static str),
    Answer(bool),
    /// Its text is in the buffer given.
    Identity,
    Fault(ScanFault),
    /// Understood, and of no use here.
    Nothing,
}

/// What a make says and hears besides results.
pub trait Dialogue {
    /// How answers are framed when not like results.
    const BESIDE: Beside = Beside::Nothing;

    /// Whether a frame has a last byte that may look like its end.
    fn ends_twice(&self, _frame: &[u8]) -> bool {
        false
    }

    /// What a whole frame is, of a reader whose results come as `config` says. `text` is empty.
    fn hear(&self, config: &PlainConfig, frame: &[u8], cut: &Cut, text: &mut Buffer) -> Said;

    /// The bytes that ask; see [`ScannerProtocol::request`].
    fn request(&self, ask: Ask) -> Option<&[u8]>;
}

/// The codec of a reader that sends results as text. Bytes of one reader, in order.
#[derive(Clone, Debug)]
pub struct Results<D> {
    config: PlainConfig,
    dialogue: D,
    cutter: Cutter,
    payload: Buffer,
}

impl<D: Dialogue> Results<D> {
    pub(super) fn with(config: PlainConfig, dialogue: D) -> Self {
        let cutter = Cutter::new(config.framing);
        Self { config, dialogue, cutter, payload: Buffer::new() }
    }

    /// Something came that is no byte of a result: the frame it is in will be this fault.
    pub(super) fn spoil(&mut self, time: Micros, kind: ScanFault) -> Option<Scan<'_>> {
        let cut = self.cutter.spoil(&self.config, time, kind)?;
        self.scan(cut)
    }

    fn scan(&mut self, cut: Cut) -> Option<Scan<'_>> {
        if cut.fault.is_none() && self.dialogue.ends_twice(self.cutter.raw()) {
            self.cutter.ends_again();
        }
        let frame = self.cutter.raw();
        self.payload.clear();
        let found = match cut.fault {
            Some(kind) => Found::Fault(kind),
            None => match self.dialogue.hear(&self.config, frame, &cut, &mut self.payload) {
                Said::Result(from, to) => judge(&self.config, None, frame.get(from..to)?, &mut self.payload)?,
                Said::NoRead(which) => Found::NoReadBy(which),
                Said::Answer(done) => Found::Answer(done),
                Said::Identity => Found::Identity,
                Said::Fault(kind) => Found::Fault(kind),
                Said::Nothing => return None,
            },
        };
        Some(found.scan(&self.config, cut.at, self.cutter.raw(), &self.payload))
    }
}

impl<D: Dialogue> ScannerProtocol for Results<D> {
    fn push(&mut self, time: Micros, byte: u8) -> Option<Scan<'_>> {
        let cut = self.cutter.push(&self.config, D::BESIDE, time, byte)?;
        self.scan(cut)
    }

    fn idle(&mut self, now: Micros) -> Option<Scan<'_>> {
        let cut = self.cutter.idle(&self.config, now)?;
        self.scan(cut)
    }

    fn request(&self, ask: Ask) -> Option<&[u8]> {
        self.dialogue.request(ask)
    }
}

/// The table of a make: the keys of [`PlainConfig`] with defaults of its own, then keys of its own with theirs.
macro_rules! results_table {
    (
        $(#[$about:meta])*
        pub struct $name:ident(framing = $framing:expr, terminators = $terminators:expr, no_read = $no_read:expr) {
            $($(#[$doc:meta])* pub $key:ident: $kind:ty = $usual:expr,)*
        }
    ) => {
        $(#[$about])*
        ///
        /// The keys of a plain reader stand here too, and mean the same; see `PlainConfig`. Unknown keys are refused.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            pub framing: $crate::scanner::plain::Framing,
            pub terminators: $crate::scanner::plain::Text,
            pub idle_gap_ms: Option<u16>,
            pub prefix: $crate::scanner::plain::Text,
            pub suffix: $crate::scanner::plain::Text,
            pub aim: $crate::scanner::plain::AimPolicy,
            pub no_read: heapless::Vec<$crate::scanner::plain::Text, 32>,
            pub gs_substitutes: heapless::Vec<$crate::scanner::plain::Text, 4>,
            pub frame_bytes_max: u16,
            $($(#[$doc])* pub $key: $kind,)*
        }

        impl Default for $name {
            fn default() -> Self {
                let plain = $crate::scanner::plain::PlainConfig::default();
                Self {
                    framing: $framing,
                    terminators: $crate::scanner::plain::config::text($terminators),
                    idle_gap_ms: plain.idle_gap_ms,
                    prefix: plain.prefix,
                    suffix: plain.suffix,
                    aim: plain.aim,
                    no_read: $no_read.iter().map(|text| $crate::scanner::plain::config::text(text)).collect(),
                    gs_substitutes: plain.gs_substitutes,
                    frame_bytes_max: plain.frame_bytes_max,
                    $($key: $usual,)*
                }
            }
        }

        impl $name {
            /// How the results come: the same keys as a plain reader's table.
            pub fn results(&self) -> $crate::scanner::plain::PlainConfig {
                $crate::scanner::plain::PlainConfig {
                    framing: self.framing,
                    terminators: self.terminators.clone(),
                    idle_gap_ms: self.idle_gap_ms,
                    prefix: self.prefix.clone(),
                    suffix: self.suffix.clone(),
                    aim: self.aim,
                    no_read: self.no_read.clone(),
                    gs_substitutes: self.gs_substitutes.clone(),
                    frame_bytes_max: self.frame_bytes_max,
                    trigger: None,
                }
            }
        }
    };
}
pub(super) use results_table;

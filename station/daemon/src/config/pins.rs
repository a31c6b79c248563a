//! `[lane.pins]`: the lane controller on this board's own pins, instead of a cable to a microcontroller.
//!
//! Which line is what, by role, with its polarity; and the two figures that make its limits: how late this machine's
//! scheduler may be, and how soon the external relay cuts the power when the loop stands still. Each line remembers where
//! it stands in the file, so that what is wrong can be named there. Whether the wires fit the lane is [`fit`]'s.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use gatepost_hardware::link::Input;
use gatepost_hardware::pin::Polarity;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};
use toml::Spanned;

pub mod fit;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinsConfig {
    pub driver: Driver,
    /// `gpiocdev`: the chip on which lines are found by number or name, as `/dev/gpiochip0`. Without it every line is
    /// given by its name, which must be the only one of all chips.
    pub chip: Option<PathBuf>,
    /// The latest that this machine may be when it should act, milliseconds. `gatepost doctor` measures it.
    #[serde(default = "jitter_usual")]
    pub jitter_ms: u32,
    /// The relay at `output.alive` cuts the power of belts and diverter when the line has stood still this long.
    #[serde(default = "alive_usual")]
    pub alive_ms_max: u32,
    /// By name of the eye in the lane file; active is *blocked*.
    #[serde(default, rename = "eye")]
    pub eyes: BTreeMap<String, Pin>,
    /// By name of the segment in the lane file.
    #[serde(default, rename = "encoder")]
    pub encoders: BTreeMap<String, Channels>,
    #[serde(default, rename = "input")]
    pub inputs: BTreeMap<Input, Pin>,
    /// The diverter's two end switches, each active at its side.
    pub feedback: Option<FeedbackPins>,
    #[serde(default, rename = "output")]
    pub outputs: OutputPins,
    /// The file in which all this stands.
    #[serde(skip)]
    pub origin: Origin,
}

/// A file's name and text, to say in which line something stands.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub file: String,
    pub text: String,
}

/// Who knows the pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// A Raspberry Pi; lines are BCM numbers.
    Rppal,
    /// Any board with Linux's GPIO character device.
    Gpiocdev,
}

/// The two channels of a quadrature encoder; A leads when the belt runs forward.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    pub a: Pin,
    pub b: Pin,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackPins {
    pub exam: Pin,
    pub release: Pin,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputPins {
    /// The motors may run.
    pub belt: Option<Pin>,
    /// Active is release.
    pub gate: Option<Pin>,
    /// Changes its level all the time while the loop is well: to the external retriggerable relay.
    pub alive: Option<Pin>,
    pub red: Option<Pin>,
    pub amber: Option<Pin>,
    pub green: Option<Pin>,
    pub buzzer: Option<Pin>,
}

/// One line: `5`, `"P9_12"`, or `{ line = 5, active_low = true, bias = "pull-up" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Spanned<Entry>")]
pub struct Pin {
    pub line: Line,
    pub polarity: Polarity,
    pub bias: Bias,
    /// The byte of the file at which it stands.
    pub at: usize,
}

/// What a wire is there for; shown as it is written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    Eye(String),
    EncoderA(String),
    EncoderB(String),
    Input(Input),
    FeedbackExam,
    FeedbackRelease,
    Output(OutputRole),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputRole {
    Belt,
    Gate,
    Alive,
    Red,
    Amber,
    Green,
    Buzzer,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    Number(u32),
    Name(String),
}

/// The board's own resistor at an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bias {
    /// As the board has it.
    #[default]
    Unchanged,
    Off,
    PullUp,
    PullDown,
}

const fn jitter_usual() -> u32 {
    5
}
const fn alive_usual() -> u32 {
    300
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "\"{name}\""),
        }
    }
}

/// A pin as it is written.
struct Entry {
    line: Line,
    active_low: bool,
    bias: Bias,
}

impl From<Spanned<Entry>> for Pin {
    fn from(entry: Spanned<Entry>) -> Self {
        let at = entry.span().start;
        let Entry { line, active_low, bias } = entry.into_inner();
        Self { line, polarity: if active_low { Polarity::ActiveLow } else { Polarity::ActiveHigh }, bias, at }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor).map(|entry| entry.line)
    }
}

/// By hand, because an untagged enum would lose the name of a wrong key.
struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line's number, its name, or { line = …, active_low = …, bias = … }")
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Entry, E> {
        let number = u32::try_from(number).map_err(|_| E::custom(format!("{number} is no line")))?;
        Ok(Entry { line: Line::Number(number), active_low: false, bias: Bias::Unchanged })
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Entry, E> {
        if name.is_empty() {
            return Err(E::custom("a line's name is empty"));
        }
        Ok(Entry { line: Line::Name(name.to_owned()), active_low: false, bias: Bias::Unchanged })
    }
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Entry, M::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            line: Line,
            #[serde(default)]
            active_low: bool,
            #[serde(default)]
            bias: Bias,
        }
        let Whole { line, active_low, bias } = Whole::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Entry { line, active_low, bias })
    }
}

impl PinsConfig {
    /// Every wire.
    pub fn pins(&self) -> Vec<(Role, &Pin)> {
        let mut pins = Vec::new();
        pins.extend(self.eyes.iter().map(|(name, pin)| (Role::Eye(name.clone()), pin)));
        for (name, Channels { a, b }) in &self.encoders {
            pins.extend([(Role::EncoderA(name.clone()), a), (Role::EncoderB(name.clone()), b)]);
        }
        pins.extend(self.inputs.iter().map(|(input, pin)| (Role::Input(*input), pin)));
        if let Some(FeedbackPins { exam, release }) = &self.feedback {
            pins.extend([(Role::FeedbackExam, exam), (Role::FeedbackRelease, release)]);
        }
        let OutputPins { belt, gate, alive, red, amber, green, buzzer } = &self.outputs;
        let outputs = [
            (OutputRole::Belt, belt),
            (OutputRole::Gate, gate),
            (OutputRole::Alive, alive),
            (OutputRole::Red, red),
            (OutputRole::Amber, amber),
            (OutputRole::Green, green),
            (OutputRole::Buzzer, buzzer),
        ];
        pins.extend(outputs.into_iter().filter_map(|(role, pin)| Some((Role::Output(role), pin.as_ref()?))));
        pins
    }

    /// Where a pin stands, as `file:line`.
    pub fn place(&self, pin: &Pin) -> String {
        let Origin { file, text } = &self.origin;
        format!("{file}:{}", text[..pin.at.min(text.len())].matches('\n').count() + 1)
    }
}

impl OutputRole {
    /// As in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Belt => "belt",
            Self::Gate => "gate",
            Self::Alive => "alive",
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Buzzer => "buzzer",
        }
    }
}

impl Role {
    /// Whether this board drives it.
    pub const fn is_output(&self) -> bool {
        matches!(self, Self::Output(_))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eye(name) => write!(f, "eye.{name}"),
            Self::EncoderA(name) => write!(f, "encoder.{name}.a"),
            Self::EncoderB(name) => write!(f, "encoder.{name}.b"),
            Self::Input(input) => write!(f, "input.{}", input_name(*input)),
            Self::FeedbackExam => f.write_str("feedback.exam"),
            Self::FeedbackRelease => f.write_str("feedback.release"),
            Self::Output(output) => write!(f, "output.{}", output.name()),
        }
    }
}

/// An input's name as in the file.
pub fn input_name(input: Input) -> String {
    // A unit variant is a string; nothing else can come.
    serde_json::to_value(input).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

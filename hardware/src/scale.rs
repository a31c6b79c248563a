//! Scales: bytes in, readings out. One file per protocol; this page is what they share.
//!
//! Apart from the lane, because a scale's line has its own noise and its own lies. No codec opens a port, waits, looks
//! at a clock or chooses a unit. Every reply that is not a weight *clears* the weight: a driver that skips status
//! replies keeps showing the last parcel's kilograms. [`LatestWeight`] is that rule by itself: captures and fuzzing hold
//! the codecs to it, and a test holds the station's own memory of weights to it, in every order of what a scale may say.
//!
//! Every protocol may arrive as 7 bits with even parity read as 8N1: codecs accept a frame whose bytes are all below
//! 0x80, or all of even parity, and mask. Anything else in bit 7 is damage.

mod cutter;
pub mod latest;
pub mod manner;
pub mod measure;
pub mod mt_sics;
pub mod nci;
pub mod sma;
#[cfg(test)]
mod testing;
pub mod toledo;
pub mod toledo_8217;
pub mod toledo_extended;
pub mod usb_hid;

pub use cutter::Shape;
pub use latest::LatestWeight;
pub use manner::Manner;
pub use measure::{ConversionError, Decimal, Measure, Unit};

use crate::units::{Grams, Micros};
use serde::{Deserialize, Serialize};

/// The most bytes of one reply any codec keeps; a longer one is [`ScaleFault::TooLong`].
pub const REPLY_BYTES_MAX: usize = 64;

/// The bytes of one reply as received, for the alibi memory and for `probe`.
pub type Raw = heapless::Vec<u8, REPLY_BYTES_MAX>;

/// What the scale said about itself. A flag is true only when the scale said so; false is "did not say".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub stable: bool,
    pub motion: bool,
    /// At the centre of zero.
    pub zero: bool,
    pub under: bool,
    pub over: bool,
    /// Out of range, without saying which way.
    pub out_of_range: bool,
    /// A tare is subtracted from the value.
    pub net: bool,
    /// No zero captured since power-up: whatever the value says, it is not a weight.
    pub unzeroed: bool,
    pub fault: bool,
}

/// Why there is no usable weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoWeight {
    /// Nothing heard yet.
    Nothing,
    /// The last weight is older than allowed.
    Stale,
    /// The device's line went away.
    Disconnected,
    /// The scale is busy, or found no stable value in time.
    NotReady,
    InMotion,
    OverRange,
    UnderRange,
    /// Over or under; the protocol does not say which.
    OutOfRange,
    /// The display is blank.
    Blank,
    ZeroNotCaptured,
    /// Below zero: something was lifted off, or the zero is wrong.
    Negative,
    /// A tare stands: the value is what lies there less something, and nobody here knows what that was.
    Tared,
    UnitUnknown,
    /// The number does not fit.
    TooLarge,
    /// The scale refused the command: unknown to it.
    SyntaxError,
    /// The scale heard damaged bytes.
    TransmissionError,
    /// The scale cannot carry out this command.
    LogicalError,
    /// The scale reports a fault of its own.
    ScaleFault,
    /// Zero or tare changed; what was weighed before does not count any more.
    Rezeroed,
    /// The scale restarted or named itself.
    Restarted,
    /// The last bytes received were damaged.
    Damaged,
}

/// One weighing, or one statement that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When the first byte of the reply arrived, on the clock of the caller.
    pub at: Micros,
    /// The value as shown, or why there is none. A value alone is not a weight to decide on: see
    /// [`Reading::stable_weight`].
    pub shown: Result<Measure, NoWeight>,
    /// The tare subtracted, where the protocol carries it.
    pub tare: Option<Measure>,
    pub state: State,
    pub raw: Raw,
}

impl Reading {
    /// The weight to decide on, in whole grams. Answers only if the scale said *stable* and not *motion*, is in range,
    /// has captured its zero, reports no fault, sent a unit that converts, no tare stands, and the value is not negative.
    ///
    /// A net value is no weight, nor is its sum with the tare: a tare key that was pressed and forgotten makes every parcel
    /// too light, and a tare on the wire is rounded, blank or of another display in too many scales to be added back.
    /// Zero is a weight: an empty scale is the caller's to recognise.
    pub fn stable_weight(&self) -> Result<Grams, NoWeight> {
        let measure = self.shown?;
        let state = &self.state;
        let refusals = [
            (state.fault, NoWeight::ScaleFault),
            (state.over, NoWeight::OverRange),
            (state.under, NoWeight::UnderRange),
            (state.out_of_range, NoWeight::OutOfRange),
            (state.unzeroed, NoWeight::ZeroNotCaptured),
            (state.motion || !state.stable, NoWeight::InMotion),
            (state.net, NoWeight::Tared),
            (measure.value.mantissa < 0, NoWeight::Negative),
        ];
        if let Some((_, why)) = refusals.iter().find(|(refused, _)| *refused) {
            return Err(*why);
        }
        measure.to_grams().map_err(|error| match error {
            ConversionError::UnitUnknown => NoWeight::UnitUnknown,
            ConversionError::OutOfRange => NoWeight::TooLarge,
        })
    }
}

/// What was wrong with bytes that gave no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleFault {
    /// A whole frame but for its checksum.
    Checksum,
    /// A whole line that is no reply of this protocol.
    Malformed,
    /// Bytes that cannot be part of a reply cut one short.
    Garbled,
    /// No end within the longest possible reply.
    TooLong,
    /// A reply stopped in the middle.
    Truncated,
    /// Many bytes and no frame among them: another protocol or other line settings.
    Unrecognized,
    /// A unit other than the one configured.
    UnitUnexpected,
    /// A number of another form than configured, in width or decimals: bytes were lost, added or changed.
    WidthUnexpected,
}

/// What a codec makes of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScaleReport {
    /// Replaces the current weight, value or not.
    Reading(Reading),
    /// The answer to a zero command.
    Zero {
        at: Micros,
        done: Result<(), NoWeight>,
    },
    /// The answer to a tare command, or to reading the tare: the tare now in force.
    Tare {
        at: Micros,
        done: Result<Measure, NoWeight>,
    },
    TareCleared {
        at: Micros,
        done: Result<(), NoWeight>,
    },
    /// The serial number, on request or after a reset.
    Identity {
        at: Micros,
        serial: heapless::String<REPLY_BYTES_MAX>,
    },
    /// Bytes dropped. Never silent, never a weight.
    Fault {
        at: Micros,
        kind: ScaleFault,
        raw: Raw,
    },
}

/// What the station can ask of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The next stable weight, as soon as there is one.
    StableWeight,
    /// The weight now, stable or not.
    ImmediateWeight,
    /// Weights now and on, until another request.
    RepeatedWeight,
    Zero,
    ZeroNow,
    Tare,
    TareNow,
    ReadTare,
    ClearTare,
    Reset,
}

/// What a codec has seen since it was made. Never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScaleCounters {
    /// Replies understood.
    pub replies: u64,
    /// Frames with a wrong checksum.
    pub checksum_errors: u64,
    /// Other faults reported.
    pub faults: u64,
    /// Bytes that belonged to no reply.
    pub skipped_bytes: u64,
}

/// One scale protocol. `time` is when the byte arrived and never decreases; a byte completes at most one report.
pub trait ScaleProtocol {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport>;

    /// Call when the line is quiet: a reply that stopped in the middle is given up after the configured gap.
    fn idle(&mut self, now: Micros) -> Option<ScaleReport>;

    /// The bytes that ask, or `None` where this protocol has no such command.
    fn request(&self, request: Request) -> Option<&'static [u8]>;

    fn counters(&self) -> ScaleCounters;

    /// [`push`](Self::push) for bytes that arrived together.
    fn feed(&mut self, time: Micros, bytes: &[u8], report: &mut impl FnMut(ScaleReport))
    where
        Self: Sized,
    {
        for &byte in bytes {
            if let Some(found) = self.push(time, byte) {
                report(found);
            }
        }
    }
}

/// Which protocol, and how it is set up; a table of the lane file: `mt-sics = { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleConfig {
    MtSics(mt_sics::MtSicsConfig),
    ToledoContinuous(toledo::ToledoConfig),
    #[serde(rename = "toledo-8217")]
    Toledo8217(toledo_8217::Toledo8217Config),
    ToledoExtended(toledo_extended::ToledoExtendedConfig),
    Nci(nci::NciConfig),
    Sma(sma::SmaConfig),
    UsbHid(usb_hid::UsbHidConfig),
}

impl ScaleConfig {
    /// The first thing wrong, in words for whoever wrote the configuration.
    pub fn validate(&self) -> Result<(), &'static str> {
        match self {
            Self::MtSics(config) => config.validate(),
            Self::ToledoContinuous(config) => config.validate(),
            Self::Toledo8217(config) => config.validate(),
            Self::ToledoExtended(config) => config.validate(),
            Self::Nci(config) => config.validate(),
            Self::Sma(config) => config.validate(),
            Self::UsbHid(config) => config.validate(),
        }
    }
}

/// The codec a configuration asks for.
#[derive(Clone, Debug)]
pub enum ScaleCodec {
    MtSics(mt_sics::MtSics),
    ToledoContinuous(toledo::Toledo),
    Toledo8217(toledo_8217::Toledo8217),
    ToledoExtended(toledo_extended::ToledoExtended),
    Nci(nci::Nci),
    Sma(sma::Sma),
    UsbHid(usb_hid::UsbHid),
}

impl ScaleCodec {
    pub fn new(config: &ScaleConfig) -> Result<Self, &'static str> {
        config.validate()?;
        Ok(match config {
            ScaleConfig::MtSics(config) => Self::MtSics(mt_sics::MtSics::new(config.clone())),
            ScaleConfig::ToledoContinuous(config) => Self::ToledoContinuous(toledo::Toledo::new(*config)),
            ScaleConfig::Toledo8217(config) => Self::Toledo8217(toledo_8217::Toledo8217::new(config.clone())),
            ScaleConfig::ToledoExtended(config) => Self::ToledoExtended(toledo_extended::ToledoExtended::new(*config)),
            ScaleConfig::Nci(config) => Self::Nci(nci::Nci::new(config.clone())),
            ScaleConfig::Sma(config) => Self::Sma(sma::Sma::new(config.clone())),
            ScaleConfig::UsbHid(config) => Self::UsbHid(usb_hid::UsbHid::new(*config)),
        })
    }
}

/// Calls the chosen protocol; the one place that lists them all.
macro_rules! chosen {
    ($codec:expr, $inner:ident => $call:expr) => {
        match $codec {
            ScaleCodec::MtSics($inner) => $call,
            ScaleCodec::ToledoContinuous($inner) => $call,
            ScaleCodec::Toledo8217($inner) => $call,
            ScaleCodec::ToledoExtended($inner) => $call,
            ScaleCodec::Nci($inner) => $call,
            ScaleCodec::Sma($inner) => $call,
            ScaleCodec::UsbHid($inner) => $call,
        }
    };
}

impl ScaleProtocol for ScaleCodec {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        chosen!(self, codec => codec.push(time, byte))
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        chosen!(self, codec => codec.idle(now))
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        chosen!(self, codec => codec.request(request))
    }

    fn counters(&self) -> ScaleCounters {
        chosen!(self, codec => codec.counters())
    }
}

/// Takes bit 7 off bytes that are all 7-bit, or all 7-bit with even parity. `false`: damaged, nothing to trust.
pub(crate) fn strip_parity(bytes: &mut [u8]) -> bool {
    let plain = bytes.iter().all(u8::is_ascii);
    let even = bytes.iter().all(|byte| byte.count_ones().is_multiple_of(2));
    for byte in bytes.iter_mut() {
        *byte &= 0x7F;
    }
    plain || even
}

/// `bytes` with even parity in bit 7, as an 8N1 reader sees a 7E1 line. For simulators and tests.
pub fn with_even_parity(bytes: &mut [u8]) {
    for byte in bytes.iter_mut() {
        *byte = (*byte & 0x7F) | (((*byte & 0x7F).count_ones() as u8 & 1) << 7);
    }
}

/// As many of `bytes` as a report keeps.
pub(crate) fn raw(bytes: &[u8]) -> Raw {
    bytes.iter().copied().take(REPLY_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(shown: Result<Measure, NoWeight>, state: State) -> Reading {
        Reading { at: Micros(1), shown, tare: None, state, raw: Raw::new() }
    }

    #[test]
    fn only_a_stable_weight_in_range_with_a_known_unit_answers() {
        let stable = State { stable: true, ..State::default() };
        let check = |measure, state, expected| {
            assert_eq!(reading(Ok(measure), state).stable_weight(), expected);
        };
        let kilograms = Measure::new(1_234, -2, Unit::Kilogram);
        check(kilograms, stable, Ok(Grams(12_340)));
        check(kilograms, State { net: true, ..stable }, Err(NoWeight::Tared));
        check(Measure::new(0, -3, Unit::Kilogram), stable, Ok(Grams(0)));
        check(kilograms, State::default(), Err(NoWeight::InMotion));
        check(kilograms, State { motion: true, ..stable }, Err(NoWeight::InMotion));
        check(kilograms, State { over: true, ..stable }, Err(NoWeight::OverRange));
        check(kilograms, State { under: true, ..stable }, Err(NoWeight::UnderRange));
        check(kilograms, State { out_of_range: true, ..stable }, Err(NoWeight::OutOfRange));
        check(kilograms, State { unzeroed: true, ..stable }, Err(NoWeight::ZeroNotCaptured));
        check(kilograms, State { fault: true, ..stable }, Err(NoWeight::ScaleFault));
        check(Measure::new(-1, -2, Unit::Kilogram), stable, Err(NoWeight::Negative));
        check(Measure::new(-1, -2, Unit::Kilogram), State { net: true, ..stable }, Err(NoWeight::Tared));
        check(Measure::new(0, -2, Unit::Kilogram), State { net: true, ..stable }, Err(NoWeight::Tared));
        check(kilograms, State { net: true, motion: true, ..stable }, Err(NoWeight::InMotion));
        check(Measure::new(1, 0, Unit::Other(*b"ton  ")), stable, Err(NoWeight::UnitUnknown));
        check(Measure::new(1, 0, Unit::NotSent), stable, Err(NoWeight::UnitUnknown));
        check(Measure::new(i64::MAX, 18, Unit::Tonne), stable, Err(NoWeight::TooLarge));
        assert_eq!(reading(Err(NoWeight::Blank), stable).stable_weight(), Err(NoWeight::Blank));
    }

    #[test]
    fn parity_is_all_or_nothing() {
        let mut line = *b"S S     100.00 g";
        with_even_parity(&mut line);
        assert!(!line.is_ascii() && strip_parity(&mut line) && line == *b"S S     100.00 g");
        let mut flipped = *b"S S     100.00 g";
        flipped[3] |= 0x80;
        assert!(!strip_parity(&mut flipped));
    }

    #[test]
    fn an_unknown_key_in_the_configuration_is_refused() {
        let parse = |text: &str| toml::from_str::<ScaleConfig>(text).map_err(|error| error.message().to_owned());
        assert!(matches!(parse("mt-sics = {}"), Ok(ScaleConfig::MtSics(_))));
        assert!(matches!(parse("toledo-continuous = { checksum = true }"), Ok(ScaleConfig::ToledoContinuous(_))));
        assert!(matches!(parse("toledo-8217 = { unit = \"kg\" }"), Ok(ScaleConfig::Toledo8217(_))));
        assert!(matches!(parse("toledo-extended = { checksum = true }"), Ok(ScaleConfig::ToledoExtended(_))));
        assert!(matches!(parse("nci = {}"), Ok(ScaleConfig::Nci(_))));
        assert!(matches!(parse("sma = {}"), Ok(ScaleConfig::Sma(_))));
        assert!(matches!(parse("usb-hid = {}"), Ok(ScaleConfig::UsbHid(_))));
        assert!(parse("toledo-8217 = {}").is_err_and(|message| message.contains("unit")));
        assert!(parse("mt-sics = { baud = 9600 }").is_err_and(|message| message.contains("baud")));
        assert!(parse("toledo-continuous = {}").is_err_and(|message| message.contains("checksum")));
        assert!(parse("toledo = { checksum = true }").is_err_and(|message| message.contains("toledo-continuous")));
    }
}

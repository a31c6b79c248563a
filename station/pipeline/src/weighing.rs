//! The alibi memory: what a scale said, word for word, beside every decision that used it.
//!
//! Legal metrology asks that each weight which decided something can be shown again: the value as the scale showed it, its
//! unit and state, which scale, when, and the very bytes. They stand in the decision's record and are no input of the
//! judge, who reads [`crate::judge::Weight`] alone. Nothing here converts, rounds or chooses; it keeps.

use std::collections::BTreeMap;
use std::fmt;

use gatepost_hardware::lane::Device;
use gatepost_hardware::scale::mt_sics::MtSicsConfig;
use gatepost_hardware::scale::{Decimal, Measure, NoWeight, REPLY_BYTES_MAX, Reading, ScaleConfig, State, Unit};
use gatepost_hardware::units::{Grams, Micros, WallMs};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::event::Weighed;
use crate::judge::{Few, Token};
use crate::limits::WEIGHTS_MAX;

/// What a scale stated in one reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub shown: Shown,
    /// The tare taken off, where the protocol tells it.
    pub tare: Option<Measure>,
    pub flags: Vec<Flag>,
    /// Of the scale, where it told it on this line.
    pub serial: Option<Token>,
    pub raw: RawBytes,
}

/// The value with the digits and the unit that were sent, or why there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    Measure(Measure),
    Nothing(NoWeight),
}

/// What the scale said about itself; the flags of [`State`] that were up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    Stable,
    Motion,
    Zero,
    Under,
    Over,
    OutOfRange,
    Net,
    Unzeroed,
    Fault,
}

impl Said {
    pub fn of(reading: &Reading, serial: Option<&Token>) -> Self {
        Self {
            shown: reading.shown.map_or_else(Shown::Nothing, Shown::Measure),
            tare: reading.tare,
            flags: flags(&reading.state),
            serial: serial.cloned(),
            raw: RawBytes(reading.raw.iter().copied().take(REPLY_BYTES_MAX).collect()),
        }
    }
}

fn flags(state: &State) -> Vec<Flag> {
    let State { stable, motion, zero, under, over, out_of_range, net, unzeroed, fault } = *state;
    let up = [
        (stable, Flag::Stable),
        (motion, Flag::Motion),
        (zero, Flag::Zero),
        (under, Flag::Under),
        (over, Flag::Over),
        (out_of_range, Flag::OutOfRange),
        (net, Flag::Net),
        (unzeroed, Flag::Unzeroed),
        (fault, Flag::Fault),
    ];
    up.into_iter().filter(|(is_up, _)| *is_up).map(|(_, flag)| flag).collect()
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flag::Stable => "stable",
            Flag::Motion => "in motion",
            Flag::Zero => "at zero",
            Flag::Under => "under range",
            Flag::Over => "over range",
            Flag::OutOfRange => "out of range",
            Flag::Net => "net",
            Flag::Unzeroed => "not zeroed",
            Flag::Fault => "fault",
        })
    }
}

/// The bytes of a reply as they came, at most [`REPLY_BYTES_MAX`]; written as pairs of hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawBytes(Vec<u8>);

impl RawBytes {
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for RawBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for RawBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RawBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
        let pair = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8);
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        let bytes = bytes.filter(|bytes| bytes.len() <= REPLY_BYTES_MAX);
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom("raw bytes are at most 64 pairs of lower-case hexadecimal digits"))
    }
}

/// How a scale's bytes are to be read: the codec's own configuration, as `{"mt-sics":{…}}`. Carried as it was written, so
/// that a record with a protocol of another version can still be read, and only its bytes not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol(Value);

impl Protocol {
    pub fn of(config: &ScaleConfig) -> Self {
        Self(serde_json::to_value(config).unwrap_or(Value::Null))
    }

    pub fn name(&self) -> &str {
        match &self.0 {
            Value::String(name) => name,
            Value::Object(table) => table.keys().next().map_or("?", String::as_str),
            _ => "?",
        }
    }

    /// Nothing when this software knows no such codec, or other settings of it.
    pub fn config(&self) -> Option<ScaleConfig> {
        ScaleConfig::deserialize(&self.0).ok()
    }
}

/// One weighing as it reached the lane: what it was taken for, and what the scale had said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// By index in the lane map.
    pub device: u8,
    /// Of its first byte.
    pub at: WallMs,
    pub weighed: Weighed,
    /// Nothing where no scale spoke: the line went away, or a black box of before there was an alibi memory.
    pub said: Option<Box<Said>>,
}

/// What a weighing was to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stands {
    /// Its grams are the decision's.
    Used,
    /// Stable too; with the one used, or the other one beside it, it says how far the scale agrees with itself.
    Beside,
    /// Refused: not at rest.
    Moving,
    /// Refused: over, under, or out of the scale's range.
    OutOfRange,
    /// Refused: a tare stood on the scale.
    Tared,
    /// Refused: of more than one parcel, or it cannot be told of which.
    Shared,
    /// Refused: no weight at all, by the scale's own word.
    Nothing,
}

/// One weight that a decision saw, so that it can be shown again. Stands in the decision's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alibi {
    /// The scale, as the lane file names it, and how it speaks.
    pub device: Token,
    pub protocol: Option<Protocol>,
    pub serial: Option<Token>,
    pub at: WallMs,
    pub stands: Stands,
    /// What it was taken for; nothing where it was no weight.
    pub grams: Option<Grams>,
    pub shown: Shown,
    pub tare: Option<Measure>,
    pub flags: Vec<Flag>,
    pub raw: RawBytes,
}

/// All weights that one decision saw.
pub type Alibis = Few<Alibi, WEIGHTS_MAX>;

/// Protocols of a lane's scales, by index in the lane map.
pub type Protocols = BTreeMap<u8, Protocol>;

/// The weighings that a decision saw, in the words of its record.
pub(crate) fn alibis(seen: &[(Stands, &Weighing)], devices: &[Device], protocols: &Protocols) -> Alibis {
    let alibi = |(stands, weighing): &(Stands, &Weighing)| {
        let said = weighing.said.as_deref()?;
        Some(Alibi {
            device: device_name(devices, weighing.device),
            protocol: protocols.get(&weighing.device).cloned(),
            serial: said.serial.clone(),
            at: weighing.at,
            stands: *stands,
            grams: match weighing.weighed {
                Weighed::Stable(grams) => Some(grams),
                Weighed::Empty | Weighed::Moving | Weighed::OutOfRange | Weighed::Tared | Weighed::Nothing => None,
            },
            shown: said.shown,
            tare: said.tare,
            flags: said.flags.clone(),
            raw: said.raw.clone(),
        })
    };
    Few::new(seen.iter().take(WEIGHTS_MAX).filter_map(alibi).collect()).unwrap_or_default()
}

/// One weighing of so many grams, in kilograms with three decimals by MT-SICS, as a decision that used it holds it. For
/// previews, measurements and tests.
pub fn example(device: &str, grams: Grams, at: WallMs) -> Alibis {
    let line = format!("S S {:>10} kg", Decimal::new(grams.0, -3).to_string());
    let alibi = Alibi {
        device: Token::clipped(device),
        protocol: Some(Protocol::of(&ScaleConfig::MtSics(MtSicsConfig::default()))),
        serial: None,
        at,
        stands: Stands::Used,
        grams: Some(grams),
        shown: Shown::Measure(Measure::new(grams.0, -3, Unit::Kilogram)),
        tare: None,
        flags: vec![Flag::Stable],
        raw: RawBytes(line.into_bytes()),
    };
    Few::new(vec![alibi]).unwrap_or_default()
}

/// The wall clock at `mono`, where a pulse showed `wall` at `pulse`: microseconds of the same clock before or after it.
pub(crate) fn wall_at(wall: WallMs, pulse: Micros, mono: Micros) -> WallMs {
    let since = i128::from(mono.0) - i128::from(pulse.0);
    wall + WallMs(i64::try_from(since.div_euclid(1_000)).unwrap_or(0))
}

fn device_name(devices: &[Device], index: u8) -> Token {
    Token::clipped(devices.get(usize::from(index)).map_or("?", |device| device.name.as_str()))
}

/// Body of a *device* record: a scale spoke for the first time in this life of the lane, or another one does.
#[derive(Serialize)]
pub(crate) struct ScaleBody {
    event: &'static str,
    device: Token,
    protocol: Option<Protocol>,
    serial: Option<Token>,
}

/// The scales that were heard, by index in the lane map, with the serial numbers that are on record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met(BTreeMap<u8, Option<Token>>);

impl Met {
    /// What is to be recorded of who says this, if that is new.
    pub fn meet(&mut self, device: u8, said: &Said, devices: &[Device], protocols: &Protocols) -> Option<ScaleBody> {
        let serial = &said.serial;
        let known = self.0.get(&device);
        if known.is_some_and(|known| serial.is_none() || known == serial) {
            return None;
        }
        self.0.insert(device, serial.clone());
        let (name, protocol) = (device_name(devices, device), protocols.get(&device).cloned());
        Some(ScaleBody { event: "scale", device: name, protocol, serial: serial.clone() })
    }
}

#[cfg(test)]
mod tests {
    use gatepost_hardware::scale::{ScaleCodec, ScaleProtocol, ScaleReport};
    use proptest::prelude::*;

    use super::*;

    fn said(line: &[u8]) -> Said {
        let config = ScaleConfig::MtSics(MtSicsConfig::default());
        let mut codec = ScaleCodec::new(&config).unwrap();
        let mut said = Vec::new();
        codec.feed(Micros(7), line, &mut |report| match report {
            ScaleReport::Reading(reading) => said.push(Said::of(&reading, Token::new("0123456789").as_ref())),
            other => panic!("{other:?}"),
        });
        assert_eq!(said.len(), 1);
        said.remove(0)
    }

    /// Frozen: what stands in journals is read for years.
    #[test]
    fn a_statement_is_written_with_the_digits_and_bytes_that_came() {
        let written = |line: &[u8]| serde_json::to_string(&said(line)).unwrap();
        assert_eq!(
            written(b"S S     12.340 kg\r\n"),
            r#"{"shown":{"measure":{"value":{"mantissa":12340,"exponent":-3},"unit":"kg"}},"tare":null,"flags":["stable"],"serial":"0123456789","raw":"5320532020202020"#
                .to_owned()
                + r#"31322e333430206b67"}"#
        );
        assert_eq!(
            written(b"S +\r\n"),
            r#"{"shown":{"nothing":"over-range"},"tare":null,"flags":["over"],"serial":"0123456789","raw":"53202b"}"#
        );
    }

    #[test]
    fn the_example_is_what_a_scale_would_have_said() {
        for grams in [Grams(7), Grams(1_234), Grams(29_999)] {
            let alibis = example("scale", grams, WallMs(5));
            let alibi = &alibis.as_slice()[0];
            let Said { shown, tare, flags, raw, .. } = said(&[alibi.raw.as_slice(), b"\r\n"].concat());
            assert_eq!((shown, tare, &flags, &raw), (alibi.shown, alibi.tare, &alibi.flags, &alibi.raw));
        }
    }

    #[test]
    fn a_statement_reads_back_as_it_was_written() {
        for line in
            [&b"S S     12.340 kg\r\n"[..], b"S D      -0.05 lb\r\n", b"S S 1.0 stone\r\n", b"S I\r\n", b"ES\r\n"]
        {
            let said = said(line);
            let back: Said = serde_json::from_str(&serde_json::to_string(&said).unwrap()).unwrap();
            assert_eq!(back, said);
        }
    }

    #[test]
    fn a_protocol_of_another_version_is_carried_and_not_read() {
        let config = ScaleConfig::MtSics(MtSicsConfig::default());
        let ours = Protocol::of(&config);
        assert_eq!((ours.name(), ours.config()), ("mt-sics", Some(config)));
        let theirs: Protocol = serde_json::from_str(r#"{"of-tomorrow":{"unit":"kg"}}"#).unwrap();
        assert_eq!((theirs.name(), theirs.config()), ("of-tomorrow", None));
        assert_eq!(serde_json::to_string(&theirs).unwrap(), r#"{"of-tomorrow":{"unit":"kg"}}"#);
    }

    #[test]
    fn a_scale_is_on_record_once_and_again_when_it_is_another() {
        let (mut met, devices, protocols) = (Met::default(), [], Protocols::new());
        let of = |serial: Option<&str>| Said { serial: serial.and_then(Token::new), ..said(b"S I\r\n") };
        let mut news = |serial| met.meet(1, &of(serial), &devices, &protocols).is_some();
        let told = [None, None, Some("A"), Some("A"), None, Some("A"), Some("B")].map(&mut news);
        assert_eq!(told, [true, false, true, false, false, false, true]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_kept_as_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..=REPLY_BYTES_MAX)) {
            let raw = RawBytes(bytes.clone());
            let text = serde_json::to_string(&raw).unwrap();
            let back: RawBytes = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back.as_slice(), &bytes[..]);
        }

        #[test]
        fn what_is_no_hexadecimal_is_refused(text in "[0-9a-fA-F .x]{0,140}") {
            let good = text.len() % 2 == 0
                && text.len() <= 2 * REPLY_BYTES_MAX
                && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            let quoted = format!("\"{text}\"");
            prop_assert_eq!(serde_json::from_str::<RawBytes>(&quoted).is_ok(), good);
        }
    }
}

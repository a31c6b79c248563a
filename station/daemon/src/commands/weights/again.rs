//! A recorded weighing read again: its own bytes through its own codec, beside what the record says of them.
//!
//! The record is under the hash chain, so a difference is a codec that reads otherwise than it did then, or a record that
//! was never what the scale said. Which of them, a person finds out; here nothing is explained away and nothing repaired.

use gatepost_hardware::scale::{ScaleCodec, ScaleProtocol, ScaleReport};
use gatepost_hardware::units::Micros;
use gatepost_pipeline::event::Weighed;
use gatepost_pipeline::gather::reading::weighed;
use gatepost_pipeline::weighing::{Alibi, Flag, Said, Shown};

/// What came of reading the bytes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// The same as recorded; a sentence about what the bytes alone cannot tell, where there is such a thing.
    Same(Option<&'static str>),
    /// The bytes say something else than the record.
    Differs(String),
    /// This software cannot read these bytes.
    Unread(String),
}

/// What a codec leaves off the bytes that it keeps: how a reply may end.
const ENDS: [&[u8]; 5] = [b"", b"\r\n", b"\r", b"\n", b"\x03"];

pub(super) fn read_again(alibi: &Alibi) -> Again {
    let (said, taken_for) = match decoded(alibi) {
        Ok(found) => found,
        Err(why) => return Again::Unread(why),
    };
    // A tare that was told in another reply is not in these bytes, nor is it that what they show is net and no weight.
    let elsewhere = said.tare.is_none() && alibi.tare.is_some();
    let told = |flags: &[Flag]| -> Vec<Flag> {
        flags.iter().copied().filter(|flag| !(elsewhere && *flag == Flag::Net)).collect()
    };
    let differs =
        |bytes: String, record: String| Again::Differs(format!("the bytes say {bytes}, the record says {record}"));
    if said.shown != alibi.shown {
        return differs(shown(&said.shown), shown(&alibi.shown));
    }
    if told(&said.flags) != told(&alibi.flags) {
        return differs(flags(&said.flags), flags(&alibi.flags));
    }
    if !elsewhere && said.tare != alibi.tare {
        let tare = |tare: Option<_>| tare.map_or("no tare".to_owned(), |tare| format!("tare {tare}"));
        return differs(tare(said.tare), tare(alibi.tare));
    }
    let taken_for = if elsewhere { None } else { grams_of(taken_for) };
    if taken_for != alibi.grams {
        let grams = |grams: Option<_>| grams.map_or("no weight".to_owned(), |grams| format!("{grams}"));
        return differs(grams(taken_for), grams(alibi.grams));
    }
    Again::Same(elsewhere.then_some("its tare was told in an earlier reply"))
}

fn grams_of(weighed: Weighed) -> Option<gatepost_hardware::units::Grams> {
    match weighed {
        Weighed::Stable(grams) => Some(grams),
        Weighed::Empty | Weighed::Moving | Weighed::OutOfRange | Weighed::Tared | Weighed::Nothing => None,
    }
}

/// What the codec that is named in the record makes of the bytes.
fn decoded(alibi: &Alibi) -> Result<(Said, Weighed), String> {
    let Some(protocol) = &alibi.protocol else {
        return Err("the record does not say how the scale speaks".to_owned());
    };
    let name = protocol.name();
    let unknown = || format!("this software has no codec \"{name}\" with these settings; use the one that recorded it");
    let config = protocol.config().ok_or_else(unknown)?;
    for end in ENDS {
        let mut codec = ScaleCodec::new(&config).map_err(|why| format!("{name}: {why}"))?;
        let mut found = None;
        let mut take = |report: ScaleReport| {
            if let ScaleReport::Reading(reading) = report {
                found.get_or_insert((Said::of(&reading, alibi.serial.as_ref()), weighed(&reading)));
            }
        };
        codec.feed(Micros::ZERO, alibi.raw.as_slice(), &mut take);
        codec.feed(Micros::ZERO, end, &mut take);
        // Some replies end by silence.
        codec.idle(Micros(u64::MAX / 2)).into_iter().for_each(take);
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(format!("{name} reads no weight and no state in these bytes; it did when they were recorded"))
}

/// A value as the scale showed it, or why it showed none.
pub(super) fn shown(shown: &Shown) -> String {
    match shown {
        Shown::Measure(measure) => measure.to_string().trim_end().to_owned(),
        Shown::Nothing(why) => {
            let word = serde_json::to_value(why).ok();
            let word = word.as_ref().and_then(serde_json::Value::as_str).unwrap_or("?").replace('-', " ");
            format!("no weight ({word})")
        }
    }
}

/// What the scale said about itself.
pub(super) fn flags(flags: &[Flag]) -> String {
    let words: Vec<String> = flags.iter().map(Flag::to_string).collect();
    if words.is_empty() { "no state".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use gatepost_hardware::scale::{Measure, NoWeight, ScaleConfig, Unit};
    use gatepost_hardware::units::{Grams, WallMs};
    use gatepost_pipeline::weighing::{Protocol, example};

    use super::*;

    fn alibi() -> Alibi {
        example("scale", Grams(1_234), WallMs(0)).as_slice()[0].clone()
    }

    #[test]
    fn a_true_record_reads_the_same_again() {
        assert_eq!(read_again(&alibi()), Again::Same(None));
        let tare = Measure::new(500, -3, Unit::Kilogram);
        let net = Alibi { tare: Some(tare), flags: vec![Flag::Stable, Flag::Net], ..alibi() };
        assert!(matches!(read_again(&net), Again::Differs(_)), "a net weight was used: {:?}", read_again(&net));
        let refused = Alibi { grams: None, ..net };
        assert!(matches!(read_again(&refused), Again::Same(Some(_))), "{:?}", read_again(&refused));
    }

    /// Every reading of a capture, as a decision that saw it would hold it.
    fn alibis_of(capture: &str) -> Vec<Alibi> {
        let protocol = capture.lines().find_map(|line| line.strip_prefix("protocol ")).expect("a protocol");
        let config: ScaleConfig = toml::from_str(protocol).expect("a protocol's settings");
        let fresh = ScaleCodec::new(&config).expect("a codec");
        let (mut codec, mut alibis) = (fresh.clone(), Vec::new());
        for line in capture.lines() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let mut take = |report: ScaleReport| {
                let ScaleReport::Reading(reading) = report else { return };
                let Said { shown, tare, flags, raw, .. } = Said::of(&reading, None);
                let (grams, protocol) = (grams_of(weighed(&reading)), Some(Protocol::of(&config)));
                alibis.push(Alibi { protocol, grams, shown, tare, flags, raw, ..alibi() });
            };
            match words.as_slice() {
                [_, "!", ..] => codec.clone_from(&fresh),
                [at, "<", bytes @ ..] => {
                    let at = Micros::from_ms(at.parse().expect("milliseconds"));
                    let bytes: Vec<u8> =
                        bytes.iter().map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect();
                    codec.idle(at).into_iter().for_each(&mut take);
                    codec.feed(at, &bytes, &mut take);
                }
                _ => {}
            }
        }
        alibis
    }

    /// Whatever a scale says, in every protocol: its own bytes alone say it again.
    #[test]
    fn every_reading_of_every_capture_reads_the_same_again() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/captures");
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).expect("the captures") {
            let path = entry.expect("a file").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if !name.starts_with("scale-") {
                continue;
            }
            let alibis = alibis_of(&std::fs::read_to_string(&path).expect("a text"));
            assert!(alibis.len() >= 5, "{name}: {} readings", alibis.len());
            for alibi in alibis {
                assert!(matches!(read_again(&alibi), Again::Same(_)), "{name}: {alibi:?}: {:?}", read_again(&alibi));
            }
            names.push(name);
        }
        assert!(names.len() >= 8, "{names:?}");
    }

    #[test]
    fn whatever_the_bytes_do_not_say_is_found() {
        let measure = |grams| Shown::Measure(Measure::new(grams, -3, Unit::Kilogram));
        let raw = |text: &str| serde_json::from_value(serde_json::json!(text)).expect("hexadecimal digits");
        for (lie, says) in [
            (Alibi { shown: measure(1_235), ..alibi() }, "the bytes say 1.234 kg, the record says 1.235 kg"),
            (Alibi { shown: Shown::Nothing(NoWeight::Blank), ..alibi() }, "the record says no weight (blank)"),
            (Alibi { grams: Some(Grams(1_235)), ..alibi() }, "the bytes say 1234 g, the record says 1235 g"),
            (Alibi { grams: None, ..alibi() }, "the record says no weight"),
            (Alibi { flags: vec![Flag::Motion], ..alibi() }, "the bytes say stable, the record says in motion"),
            // "S S      1.235 kg"
            (Alibi { raw: raw("5320532020202020312e323335206b67"), ..alibi() }, "the bytes say 1.235 kg"),
        ] {
            let Again::Differs(found) = read_again(&lie) else { panic!("{lie:?}: {:?}", read_again(&lie)) };
            assert!(found.contains(says), "{found}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_not_called_the_same() {
        let protocol = |text: &str| serde_json::from_str(text).expect("a protocol");
        let raw = |text: &str| serde_json::from_value(serde_json::json!(text)).expect("hexadecimal digits");
        for (unread, says) in [
            (Alibi { protocol: None, ..alibi() }, "does not say how"),
            (Alibi { protocol: protocol("{\"of-tomorrow\":{}}"), ..alibi() }, "no codec \"of-tomorrow\""),
            (Alibi { raw: raw("ffff"), ..alibi() }, "reads no weight"),
        ] {
            let Again::Unread(found) = read_again(&unread) else { panic!("{unread:?}") };
            assert!(found.contains(says), "{found}");
        }
    }
}

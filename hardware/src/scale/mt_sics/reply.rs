//! The reply lines of MT-SICS levels 0 and 1, both ways: the station reads them, the virtual scale writes them.
//!
//! Apart from the codec, because a line is whole or nothing here; cutting lines out of bytes is the codec's work.
//!
//! Source: Mettler Toledo's MT-SICS manual pages (levels 0 and 1). A weight is split on spaces, whatever the width.

use crate::scale::{Decimal, Measure, REPLY_BYTES_MAX, Raw, Unit};
use core::fmt::Write;

/// Why the scale did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `I`: busy, or no stable value in time.
    NotNow,
    /// `+`: over range.
    Over,
    /// `-`: under range.
    Under,
}

/// One reply line, without its CR LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SicsReply<'a> {
    /// `S S w u`, `S D w u`.
    Weight { stable: bool, measure: Measure },
    /// `S I`, `S +`, `S -`.
    NoWeight(Refusal),
    /// `Z A`.
    Zeroed,
    /// `ZI S`, `ZI D`.
    ZeroedNow { stable: bool },
    /// `Z I`, `ZI +`, …
    NotZeroed { now: bool, why: Refusal },
    /// `T S w u`, `TI S w u`, `TI D w u`: the tare taken.
    Tared { now: bool, stable: bool, measure: Measure },
    /// `T I`, `TI -`, …
    NotTared { now: bool, why: Refusal },
    /// `TA A w u`.
    TareIs(Measure),
    /// `TA I`.
    TareUnknown,
    /// `TAC A`.
    TareCleared,
    /// `TAC I`.
    TareNotCleared,
    /// `I4 A "serial"`; also the answer to `@`.
    Identity(&'a str),
    /// `I4 I`.
    IdentityUnknown,
    /// `ES`: command not understood.
    SyntaxError,
    /// `ET`: damaged bytes.
    TransmissionError,
    /// `EL`: parameter impossible.
    LogicalError,
}

impl<'a> SicsReply<'a> {
    /// Reads one line of printable ASCII. `None` if it is no reply of the table, to the last token.
    pub fn parse(line: &'a str) -> Option<Self> {
        if line.starts_with(' ') || line.ends_with(' ') {
            return None;
        }
        if let Some(serial) = line.strip_prefix("I4 A \"").and_then(|rest| rest.strip_suffix('"')) {
            return Some(Self::Identity(serial));
        }
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let (head, status) = (words.next()?, words.next());
        let measure = match (words.next(), words.next(), words.next()) {
            (None, ..) => None,
            (Some(number), Some(unit), None) => {
                Some(Measure { value: Decimal::parse(number.as_bytes())?, unit: Unit::parse(unit.as_bytes())? })
            }
            _ => return None,
        };
        Some(match (head, status, measure) {
            ("S", Some("S"), Some(measure)) => Self::Weight { stable: true, measure },
            ("S", Some("D"), Some(measure)) => Self::Weight { stable: false, measure },
            ("S", Some(why), None) => Self::NoWeight(refusal(why)?),
            ("Z", Some("A"), None) => Self::Zeroed,
            ("Z", Some(why), None) => Self::NotZeroed { now: false, why: refusal(why)? },
            ("ZI", Some("S"), None) => Self::ZeroedNow { stable: true },
            ("ZI", Some("D"), None) => Self::ZeroedNow { stable: false },
            ("ZI", Some(why), None) => Self::NotZeroed { now: true, why: refusal(why)? },
            ("T", Some("S"), Some(measure)) => Self::Tared { now: false, stable: true, measure },
            ("T", Some(why), None) => Self::NotTared { now: false, why: refusal(why)? },
            ("TI", Some("S"), Some(measure)) => Self::Tared { now: true, stable: true, measure },
            ("TI", Some("D"), Some(measure)) => Self::Tared { now: true, stable: false, measure },
            ("TI", Some(why), None) => Self::NotTared { now: true, why: refusal(why)? },
            ("TA", Some("A"), Some(measure)) => Self::TareIs(measure),
            ("TA", Some("I"), None) => Self::TareUnknown,
            ("TAC", Some("A"), None) => Self::TareCleared,
            ("TAC", Some("I"), None) => Self::TareNotCleared,
            ("I4", Some("I"), None) => Self::IdentityUnknown,
            ("ES", None, None) => Self::SyntaxError,
            ("ET", None, None) => Self::TransmissionError,
            ("EL", None, None) => Self::LogicalError,
            _ => return None,
        })
    }

    /// The line with CR LF, as a scale sends it: the number right-aligned in 10 characters. `None` if it would be
    /// longer than [`REPLY_BYTES_MAX`], or could not be read back (a serial with control characters, no unit).
    pub fn encode(&self) -> Option<Raw> {
        let mut line = heapless::String::<REPLY_BYTES_MAX>::new();
        let weight = |line: &mut heapless::String<REPLY_BYTES_MAX>, head: &str, measure: &Measure| {
            write!(line, "{head} {:>10} {}", measure.value, measure.unit.name())
        };
        match self {
            Self::Weight { stable, measure } => weight(&mut line, if *stable { "S S" } else { "S D" }, measure),
            Self::NoWeight(why) => write!(line, "S {}", why.letter()),
            Self::Zeroed => line.write_str("Z A"),
            Self::ZeroedNow { stable } => line.write_str(if *stable { "ZI S" } else { "ZI D" }),
            Self::NotZeroed { now, why } => write!(line, "{} {}", if *now { "ZI" } else { "Z" }, why.letter()),
            Self::Tared { now: false, measure, .. } => weight(&mut line, "T S", measure),
            Self::Tared { now: true, stable, measure } => {
                weight(&mut line, if *stable { "TI S" } else { "TI D" }, measure)
            }
            Self::NotTared { now, why } => write!(line, "{} {}", if *now { "TI" } else { "T" }, why.letter()),
            Self::TareIs(measure) => weight(&mut line, "TA A", measure),
            Self::TareUnknown => line.write_str("TA I"),
            Self::TareCleared => line.write_str("TAC A"),
            Self::TareNotCleared => line.write_str("TAC I"),
            Self::Identity(serial) => write!(line, "I4 A \"{serial}\""),
            Self::IdentityUnknown => line.write_str("I4 I"),
            Self::SyntaxError => line.write_str("ES"),
            Self::TransmissionError => line.write_str("ET"),
            Self::LogicalError => line.write_str("EL"),
        }
        .ok()?;
        let reads_back = SicsReply::parse(&line) == Some(*self);
        if !reads_back || !line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return None;
        }
        line.push_str("\r\n").ok()?;
        Raw::from_slice(line.as_bytes()).ok()
    }
}

impl Refusal {
    const fn letter(self) -> char {
        match self {
            Self::NotNow => 'I',
            Self::Over => '+',
            Self::Under => '-',
        }
    }
}

fn refusal(word: &str) -> Option<Refusal> {
    match word {
        "I" => Some(Refusal::NotNow),
        "+" => Some(Refusal::Over),
        "-" => Some(Refusal::Under),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_of_the_table_both_ways() {
        let kilograms = Measure::new(1_500, -3, Unit::Kilogram);
        for (line, expected) in [
            ("S S      1.500 kg", SicsReply::Weight { stable: true, measure: kilograms }),
            ("S D      1.500 kg", SicsReply::Weight { stable: false, measure: kilograms }),
            ("S I", SicsReply::NoWeight(Refusal::NotNow)),
            ("S +", SicsReply::NoWeight(Refusal::Over)),
            ("S -", SicsReply::NoWeight(Refusal::Under)),
            ("Z A", SicsReply::Zeroed),
            ("Z I", SicsReply::NotZeroed { now: false, why: Refusal::NotNow }),
            ("Z +", SicsReply::NotZeroed { now: false, why: Refusal::Over }),
            ("Z -", SicsReply::NotZeroed { now: false, why: Refusal::Under }),
            ("ZI D", SicsReply::ZeroedNow { stable: false }),
            ("ZI S", SicsReply::ZeroedNow { stable: true }),
            ("ZI I", SicsReply::NotZeroed { now: true, why: Refusal::NotNow }),
            ("ZI +", SicsReply::NotZeroed { now: true, why: Refusal::Over }),
            ("ZI -", SicsReply::NotZeroed { now: true, why: Refusal::Under }),
            ("T S      1.500 kg", SicsReply::Tared { now: false, stable: true, measure: kilograms }),
            ("T I", SicsReply::NotTared { now: false, why: Refusal::NotNow }),
            ("T +", SicsReply::NotTared { now: false, why: Refusal::Over }),
            ("T -", SicsReply::NotTared { now: false, why: Refusal::Under }),
            ("TI D      1.500 kg", SicsReply::Tared { now: true, stable: false, measure: kilograms }),
            ("TI S      1.500 kg", SicsReply::Tared { now: true, stable: true, measure: kilograms }),
            ("TI -", SicsReply::NotTared { now: true, why: Refusal::Under }),
            ("TA A      1.500 kg", SicsReply::TareIs(kilograms)),
            ("TA I", SicsReply::TareUnknown),
            ("TAC A", SicsReply::TareCleared),
            ("TAC I", SicsReply::TareNotCleared),
            ("I4 A \"0123 456\"", SicsReply::Identity("0123 456")),
            ("I4 I", SicsReply::IdentityUnknown),
            ("ES", SicsReply::SyntaxError),
            ("ET", SicsReply::TransmissionError),
            ("EL", SicsReply::LogicalError),
        ] {
            assert_eq!(SicsReply::parse(line), Some(expected), "{line}");
            let encoded = expected.encode().expect(line);
            assert_eq!(core::str::from_utf8(&encoded), Ok(std::format!("{line}\r\n").as_str()));
        }
    }

    #[test]
    fn what_manuals_contradict_or_loss_leaves_behind_is_no_reply() {
        // `S A`, `T A` and `@ A` are in circulation as test data and in no manual.
        for line in [
            "S A",
            "T A",
            "@ A",
            "S",
            "S S",
            "S S 100.00",
            "S S 100.00 g g",
            "S D",
            "S S 1OO g",
            "S S - 5 g",
            "SS 1 g",
            " S S 1 g",
            "S S 1 g ",
            "S I 1 g",
            "s s 1 g",
            "ES 1",
            "EE",
            "Z S",
            "T D 1 g",
            "I4 A 0123",
            "I4 A \"",
            "",
            "S S 1.00 pounds",
            "S S     1S S     100.00 g",
        ] {
            assert_eq!(SicsReply::parse(line), None, "{line}");
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let unitless = SicsReply::Weight { stable: true, measure: Measure::new(1, 0, Unit::NotSent) };
        assert_eq!(unitless.encode(), None);
        assert_eq!(SicsReply::Identity("a\rb").encode(), None);
        assert_eq!(SicsReply::Identity(&"9".repeat(60)).encode(), None);
    }
}

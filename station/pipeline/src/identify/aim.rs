//! The AIM symbology identifier: three characters in which a scanner says what kind of code it read.
//!
//! Only what identification needs of it: whether the data is a GS1 element string, and whether the code is one that
//! products carry. Without one (keyed text, a scanner not told to send it) nothing is assumed.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A symbology identifier: a letter and a modifier, written `]C1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aim {
    letter: u8,
    modifier: u8,
}

impl Aim {
    /// Reads `]C1`, or `C1` where the bracket was taken off; nothing when it is no letter and alphanumeric modifier.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.strip_prefix(']').unwrap_or(text).as_bytes();
        match *bytes {
            [letter, modifier] if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() => {
                Some(Self { letter, modifier })
            }
            _ => None,
        }
    }

    /// GS1-128, GS1 Data Matrix, QR, DataBar, Aztec or DotCode; with and without ECI.
    pub fn is_gs1(self) -> bool {
        matches!(
            (self.letter, self.modifier),
            (b'C', b'1') | (b'd', b'2' | b'5') | (b'Q', b'3' | b'4') | (b'e', b'0') | (b'z', b'1') | (b'J', b'1')
        )
    }

    /// EAN, UPC: the code of a product, never of a mail item.
    pub fn is_retail(self) -> bool {
        self.letter == b'E'
    }
}

/// Takes the identifier off the front of `text`. One given beside the text wins, and the one in front still goes.
pub(super) fn strip(text: &str, given: Option<Aim>) -> (&str, Option<Aim>) {
    let there = text.starts_with(']').then(|| text.get(..3).and_then(Aim::parse)).flatten();
    match there {
        Some(aim) => (&text[3..], Some(given.unwrap_or(aim))),
        None => (text, given),
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "]{}{}", char::from(self.letter), char::from(self.modifier))
    }
}
impl fmt::Debug for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl Serialize for Aim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Aim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a symbology identifier is written ]C1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gs1_states_are_those_of_the_table() {
        for gs1 in ["]C1", "]d2", "]Q3", "]e0", "]z1", "]J1"] {
            assert!(Aim::parse(gs1).unwrap().is_gs1(), "{gs1}");
        }
        for other in ["]C0", "]C2", "]d1", "]Q1", "]A0", "]I0", "]E0", "]L2", "]U0", "]z0", "]J0", "]G0", "]F0"] {
            assert!(!Aim::parse(other).unwrap().is_gs1(), "{other}");
        }
    }

    #[test]
    fn an_identifier_is_taken_off_once_and_the_given_one_wins() {
        let plain = Aim::parse("]C0");
        assert_eq!(strip("]C1ABC", None), ("ABC", Aim::parse("C1")));
        assert_eq!(strip("]C1ABC", plain), ("ABC", plain));
        assert_eq!(strip("ABC", plain), ("ABC", plain));
        assert_eq!(strip("]\u{e9}BC", None), ("]\u{e9}BC", None));
        assert_eq!(strip("]C", None), ("]C", None));
    }
}

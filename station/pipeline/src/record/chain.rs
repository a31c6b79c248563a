//! The hash chain: what makes a changed, dropped or inserted record visible. One definition, for who writes records and
//! for who receives them.
//!
//! `d(n) = BLAKE3(envelope)`, `head(n) = BLAKE3(head(n-1) ‖ d(n))`, `head(0)` is 32 zero bytes (DESIGN §6). Pure.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// 32 bytes of BLAKE3; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The head before the first record of a station.
    pub const ZERO: Digest = Digest([0; 32]);

    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The head after a record with digest `d`, `self` being the head before it.
    #[must_use]
    pub fn then(self, d: Self) -> Self {
        let mut both = [0; 64];
        both[..32].copy_from_slice(&self.0);
        both[32..].copy_from_slice(&d.0);
        Self::of(&both)
    }

    /// Nothing when the text is not 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let four = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = four(pair[0])? << 4 | four(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The digits into `into` without an allocation: the ledger's writer does this for every record.
    pub fn write_hex(self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.digits());
    }

    fn digits(self) -> [u8; 64] {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        digits
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().iter().try_for_each(|digit| fmt::Write::write_char(f, char::from(*digit)))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a digest is 64 lower-case hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_back_as_it_is_written_and_only_so() {
        let digest = Digest::of(b"gatepost");
        let text = digest.to_string();
        assert_eq!(text, blake3::hash(b"gatepost").to_hex().to_string());
        assert_eq!(Digest::parse(&text), Some(digest));
        assert_eq!(serde_json::from_str::<Digest>(&serde_json::to_string(&digest).unwrap()).unwrap(), digest);
        for wrong in [&text[1..], &text.to_uppercase(), &text.replace(&text[..1], "g"), &format!("{text}0"), ""] {
            assert_eq!(Digest::parse(wrong), None, "{wrong}");
        }
        let both = [[0; 32], digest.0].concat();
        assert_eq!(Digest::ZERO.then(digest), Digest::of(&both));
    }
}

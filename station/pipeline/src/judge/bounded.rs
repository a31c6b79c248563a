//! The small bounded values that inputs are made of: a token, a country, a civil date, a few of something.
//!
//! Each refuses on the way in what a record must never hold (promise 9): nothing here can grow without limit, hold a
//! control character, or name a day that does not exist.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::Overflow;

/// A short name from outside (an item id, a list's version, an authority): 1 to 64 printable ASCII characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(Box<str>);

impl Token {
    pub const LENGTH_MAX: usize = 64;

    /// Nothing when the text is empty, longer than 64 bytes, or holds anything but printable ASCII.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        fits.then(|| Self(text.into()))
    }
    /// The first 64 characters, anything unprintable written `?`; an empty text becomes `?`. For names that only inform.
    pub fn clipped(text: &str) -> Self {
        let kept: String =
            text.chars().take(Self::LENGTH_MAX).map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect();
        Self(if kept.is_empty() { "?".into() } else { kept.into() })
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an officer reads: one sentence of 1 to 240 characters, none of them a control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sentence(Box<str>);

impl Sentence {
    pub const LENGTH_MAX: usize = 240;

    /// Nothing when the text is empty, longer than 240 characters, or holds a control character.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.chars().count() <= Self::LENGTH_MAX && !text.contains(char::is_control);
        fits.then(|| Self(text.into()))
    }
    /// The first 240 characters; control characters become blanks, an empty text a dash.
    pub fn clipped(text: &str) -> Self {
        let kept: String = text.chars().take(Self::LENGTH_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self(if kept.is_empty() { "-".into() } else { kept.into() })
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two capital letters (ISO 3166-1 alpha-2, as in an S10 item id).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Nothing unless the text is exactly two capital letters.
    pub fn new(text: &str) -> Option<Self> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Some(Self([a, b])),
            _ => None,
        }
    }
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A day of the civil calendar, written as the number yyyymmdd: 20250829. Compares as days do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Date(u32);

impl Date {
    /// Nothing unless the number names a day of the Gregorian calendar from 1900 to 2999.
    pub const fn new(yyyymmdd: u32) -> Option<Self> {
        let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if year >= 1900 && year < 3000 && day >= 1 && day <= days { Some(Self(yyyymmdd)) } else { None }
    }
    /// Reads `2025-08-29`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let dashes = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (dashes && digits.len() == 8).then(|| digits.parse().ok().and_then(Self::new)).flatten()
    }
    pub const fn yyyymmdd(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("a date is a day written as a number, as 20250829"))
    }
}

macro_rules! text_value {
    ($name:ident, $wanted:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).ok_or_else(|| serde::de::Error::custom($wanted))
            }
        }
    };
}
text_value!(Token, "a token is 1 to 64 printable ASCII characters");
text_value!(Sentence, "a sentence is 1 to 240 characters on one line");
text_value!(Country, "a country is two capital letters, as CN");

/// At most `N` of something, in order. There is no way to make a longer one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Few<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const N: usize> Few<T, N> {
    /// Nothing when there are more than `N`.
    pub fn new(values: Vec<T>) -> Option<Self> {
        (values.len() <= N).then_some(Self(values))
    }
    /// The first `N`; the rest is dropped and said, so that what was cut off becomes a doubt and not a silence.
    pub fn clipped(values: impl IntoIterator<Item = T>, what: Overflow) -> (Self, Option<Overflow>) {
        let mut values = values.into_iter();
        let kept: Vec<T> = values.by_ref().take(N).collect();
        let more = values.next().map(|_| what);
        (Self(kept), more)
    }
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn iter(&self) -> core::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Few<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        Self::new(values).ok_or_else(|| serde::de::Error::custom(format!("more than {N} entries")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_that_exists() {
        for good in [20250829, 20240229, 20000229, 19000101, 29991231] {
            assert_eq!(Date::new(good).map(Date::yyyymmdd), Some(good));
        }
        for bad in [0, 20250229, 19000229, 20251301, 20250431, 20250100, 18991231, 30000101, u32::MAX] {
            assert_eq!(Date::new(bad), None, "{bad}");
        }
        assert_eq!(Date::parse("2025-08-29"), Date::new(20250829));
        assert_eq!(Date::parse("20250829"), None);
        assert_eq!(Date::parse("2025-8-029"), None);
    }

    #[test]
    fn nothing_longer_or_stranger_gets_in() {
        assert!(Token::new("RB123456785CN").is_some());
        assert_eq!(Token::new(""), None);
        assert_eq!(Token::new(&"x".repeat(65)), None);
        assert_eq!(Token::new("a\nb"), None);
        assert_eq!(Token::clipped("a\nü").as_str(), "a??");
        assert!(serde_json::from_str::<Token>("\"\\u0007\"").is_err());
        assert!(Country::new("CN").is_some() && Country::new("cn").is_none() && Country::new("CHN").is_none());
        assert!(serde_json::from_str::<Few<u8, 2>>("[1,2]").is_ok());
        assert!(serde_json::from_str::<Few<u8, 2>>("[1,2,3]").is_err());
        assert_eq!(Few::<u8, 2>::clipped([1, 2, 3], Overflow::Queue).1, Some(Overflow::Queue));
        assert_eq!(Few::<u8, 2>::clipped([1, 2], Overflow::Queue).1, None);
    }
}

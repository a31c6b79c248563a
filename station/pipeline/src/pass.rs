//! A pass: one crossing of the entry eye. Its name here; its life in [`life`].

pub mod life;

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A lane's short name, at most 15 bytes of `A-Z a-z 0-9 -`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneName {
    len: u8,
    bytes: [u8; 15],
}

impl LaneName {
    /// Nothing when the text is empty, longer than 15 bytes or holds anything but letters, digits and `-`.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| {
            let mut bytes = [0; 15];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Self { len: text.len() as u8, bytes }
        })
    }
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Debug for LaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Display for LaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names a pass within a station: lane, the controller's epoch (a new one each time it boots), the count of entry-eye
/// crossings in that epoch. Written `lane/epoch/pass`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassKey {
    pub lane: LaneName,
    pub epoch: u32,
    pub pass: u32,
}

impl PassKey {
    /// Reads `lane/epoch/pass`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let key = Self {
            lane: LaneName::new(parts.next()?)?,
            epoch: parts.next()?.parse().ok()?,
            pass: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(key)
    }
}

impl fmt::Display for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.lane, self.epoch, self.pass)
    }
}
impl fmt::Debug for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl Serialize for PassKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for PassKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a pass is written lane/epoch/pass, as A/3/17"))
    }
}

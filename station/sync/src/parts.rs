//! Large packages on their way to a station: a small signed offer, then parts that the station asks for from where it stands.
//!
//! The offer ([`crate::envelope::seal_offer`]) names the whole by its digest, and an *outline* by its own: the digests of all
//! parts, one after the other. The station first asks for the outline, then for the parts in their order, and stores a part
//! only when it is the one that the outline names. So a connection that breaks, a restart on either side, or a part that was
//! changed on its way cost one part and not the whole. What is asked for is a state ([`Want`]), said again until it changes.
//!
//! Pure: who has a disk stores what [`Fetch`] accepts and brings it back after a restart.

use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::delivery::MonoMs;
use crate::evidence::Chunk;
use crate::limits::{
    CHUNK_BYTES_MAX, IN_ONE_MESSAGE_BYTES_MAX, PACKAGE_BYTES_MAX, PARTS_ASKED, RESEND_AFTER_MS, WANT_BYTES_MAX,
};
use crate::topics::Name;

const PART_BYTES: u64 = CHUNK_BYTES_MAX as u64;
const WINDOW_BYTES: u64 = PARTS_ASKED as u64 * PART_BYTES;
const DIGEST_BYTES: usize = 32;

/// How a package goes down. The one place that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    InOneMessage,
    InParts,
}

impl Way {
    /// # Errors
    /// [`TooLarge`] for what no station takes.
    pub fn of(package: &[u8]) -> Result<Self, TooLarge> {
        match package.len() {
            small if small <= IN_ONE_MESSAGE_BYTES_MAX => Ok(Self::InOneMessage),
            large if large as u64 <= PACKAGE_BYTES_MAX => Ok(Self::InParts),
            beyond => Err(TooLarge(beyond as u64)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a package of {0} bytes is more than a station takes ({PACKAGE_BYTES_MAX}); split it, or leave out what is over"
)]
pub struct TooLarge(pub u64);

/// What a signed offer says about its package, beside what the envelope says of every document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// BLAKE3 of the whole.
    pub digest: Digest,
    pub bytes: u64,
    pub parts: u64,
    /// BLAKE3 of the outline.
    pub outline: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOffer {
    #[error("not an offer of a package: {0}; central must make it anew")]
    Unreadable(String),
    #[error("the offer is of {0} bytes; a package in parts has 1 to {PACKAGE_BYTES_MAX}: central must split it")]
    Size(u64),
    #[error(
        "the offer says {said} parts for {bytes} bytes, which are {are}: it lies about its size and is not fetched"
    )]
    Parts { said: u64, bytes: u64, are: u64 },
}

impl Offer {
    /// The offer of a package, and its outline.
    pub fn of(package: &[u8]) -> (Self, Outline) {
        let outline = Outline(package.chunks(CHUNK_BYTES_MAX).map(Digest::of).collect());
        let offer = Self {
            digest: Digest::of(package),
            bytes: package.len() as u64,
            parts: outline.0.len() as u64,
            outline: Digest::of(&outline.to_bytes()),
        };
        (offer, outline)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Serialising numbers and digests into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the payload of a signed offer.
    ///
    /// # Errors
    /// [`NotAnOffer`]: unreadable, too large, or its own figures contradict each other.
    pub fn read(payload: &[u8]) -> Result<Self, NotAnOffer> {
        let offer: Self = serde_json::from_slice(payload).map_err(|error| NotAnOffer::Unreadable(error.to_string()))?;
        if !(1..=PACKAGE_BYTES_MAX).contains(&offer.bytes) {
            return Err(NotAnOffer::Size(offer.bytes));
        }
        let are = offer.bytes.div_ceil(PART_BYTES);
        match offer.parts == are {
            true => Ok(offer),
            false => Err(NotAnOffer::Parts { said: offer.parts, bytes: offer.bytes, are }),
        }
    }

    fn outline_bytes(&self) -> u64 {
        self.parts * DIGEST_BYTES as u64
    }
}

/// The digests of all parts, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline(Vec<Digest>);

impl Outline {
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|digest| digest.0).collect()
    }

    /// Nothing when it is not the outline of that offer.
    pub fn read(bytes: &[u8], offer: &Offer) -> Option<Self> {
        let (digests, rest) = bytes.as_chunks::<DIGEST_BYTES>();
        let fits = rest.is_empty() && bytes.len() as u64 == offer.outline_bytes() && Digest::of(bytes) == offer.outline;
        fits.then(|| Self(digests.iter().copied().map(Digest).collect()))
    }
}

/// `up/want`: the bytes of one whole that a station lacks. A state: said again until it is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    pub station: Name,
    /// Of the package, or of its outline.
    pub digest: Digest,
    /// The first byte that is lacking, at the beginning of a part.
    pub from: u64,
    /// Behind the last one that is asked for now.
    pub until: u64,
}

impl Want {
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising numbers and names into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Nothing when it is too large, unreadable, asks for more than there may be under way, or speaks for another station
    /// than the topic.
    pub fn read(bytes: &[u8], station: &Name) -> Option<Self> {
        let want: Self = serde_json::from_slice(bytes.get(..bytes.len().min(WANT_BYTES_MAX))?).ok()?;
        let bounded = want.until <= PACKAGE_BYTES_MAX
            && want.from.is_multiple_of(PART_BYTES)
            && want.until.checked_sub(want.from).is_some_and(|asked| (1..=WINDOW_BYTES).contains(&asked));
        (bounded && want.station == *station).then_some(want)
    }

    /// Whether this asks for more than `before` did; a want that only moved on within what is under way does not.
    fn is_news_after(&self, before: &Self) -> bool {
        self.digest != before.digest || self.until != before.until
    }
}

/// When a connection asks: at once for what is news, and again when nothing has come of it for a while.
#[derive(Debug, Default)]
pub struct Asking {
    /// What was last asked for, and when something last came of it.
    last: Option<(Want, MonoMs)>,
}

impl Asking {
    /// What is to be asked now.
    pub fn due<'a>(&mut self, want: Option<&'a Want>, now: MonoMs) -> Option<&'a Want> {
        let due = want.filter(|want| match &mut self.last {
            Some((last, at)) if !want.is_news_after(last) => {
                if last.from != want.from {
                    // Parts come: what is under way need not be asked for again.
                    (*last, *at) = ((*want).clone(), now);
                }
                now.saturating_sub(*at) >= RESEND_AFTER_MS
            }
            _ => true,
        });
        match (want, due) {
            (None, _) => self.last = None,
            (_, Some(due)) => self.last = Some((due.clone(), now)),
            (Some(_), None) => {}
        }
        due
    }
}

/// Why a part is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("the outline is not the one that was offered: damaged on its way")]
    Outline,
    #[error("part {0} is not the one that was offered: damaged on its way")]
    Part(u64),
    #[error("every part is as offered, and the whole is not: the offer contradicts itself; central must sign it anew")]
    Whole,
}

/// What is to be stored of a piece that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Outline,
    /// Behind what is stored of the package.
    Part,
    /// Of something else, or not the next: there is nothing to store, it is asked for again.
    Nothing,
}

/// A package on its way.
#[derive(Debug)]
pub struct Fetch {
    offer: Offer,
    outline: Option<Outline>,
    have: u64,
    whole: blake3::Hasher,
}

impl Fetch {
    pub fn new(offer: Offer) -> Self {
        Self { offer, outline: None, have: 0, whole: blake3::Hasher::new() }
    }

    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Bytes stored, from the beginning.
    pub fn have(&self) -> u64 {
        self.have
    }

    /// What is asked of central now; nothing when everything is here.
    pub fn want(&self, station: &Name) -> Option<Want> {
        let station = station.clone();
        if self.outline.is_none() {
            let (digest, until) = (self.offer.outline, self.offer.outline_bytes());
            return Some(Want { station, digest, from: 0, until });
        }
        let until = self.offer.bytes.min((self.have / WINDOW_BYTES + 1) * WINDOW_BYTES);
        (self.have < until).then_some(Want { station, digest: self.offer.digest, from: self.have, until })
    }

    /// Looks at a piece that came; what it says is to be stored before the next one is looked at.
    ///
    /// # Errors
    /// [`Wrong`]: nothing of it may be stored.
    pub fn take(&mut self, piece: &Chunk) -> Result<Taken, Wrong> {
        if self.outline.is_none() {
            return match piece.digest == self.offer.outline && piece.offset == 0 {
                true => self.take_outline(&piece.bytes).map(|()| Taken::Outline),
                false => Ok(Taken::Nothing),
            };
        }
        if piece.digest != self.offer.digest || piece.offset != self.have || self.is_here() {
            return Ok(Taken::Nothing);
        }
        self.take_part(&piece.bytes).map(|()| Taken::Part)
    }

    /// # Errors
    /// [`Wrong::Outline`] when it is not the one that was offered.
    pub fn take_outline(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        self.outline = Some(Outline::read(bytes, &self.offer).ok_or(Wrong::Outline)?);
        Ok(())
    }

    /// The next part: as it comes, or as it was stored before a restart.
    ///
    /// # Errors
    /// [`Wrong::Part`] when it is not the one that was offered; [`Wrong::Whole`] when it was the last and the whole is not.
    pub fn take_part(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        let part = self.have / PART_BYTES;
        let named = usize::try_from(part).ok().and_then(|part| self.outline.as_ref()?.0.get(part));
        let length = PART_BYTES.min(self.offer.bytes - self.have);
        if bytes.len() as u64 != length || named != Some(&Digest::of(bytes)) {
            return Err(Wrong::Part(part));
        }
        self.whole.update(bytes);
        if self.have + length == self.offer.bytes && self.whole.finalize().as_bytes() != &self.offer.digest.0 {
            return Err(Wrong::Whole);
        }
        self.have += length;
        Ok(())
    }

    /// Whether the whole is stored, and its digest true.
    pub fn is_here(&self) -> bool {
        self.have == self.offer.bytes
    }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;

//! Personal text on its way to a station: closed for that station alone, for everyone who carries it.
//!
//! A declaration's names, addresses and words travel through the post's systems, central's tables and a broker that keeps
//! messages. So they leave their author sealed to the station's receiving key (HPKE, RFC 9180: X25519, HKDF-SHA256,
//! ChaCha20-Poly1305) and bound to their item. There is no open form: a list with readable personal text is refused.
//! Opened they go to the personal store and nowhere else.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::disk::{self, Cause, Disk, DiskError};
use crate::limits;

/// What the key exchange is for; part of what is sealed.
const INFO: &[u8] = b"gatepost declaration personal 1";
/// How a sealed text begins.
const PREFIX: &str = "hpke1:";
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// The station's secret half. Prints nothing of itself.
pub struct ReceivingKey(<X25519HkdfSha256 as Kem>::PrivateKey);

/// The public half, 64 hexadecimal digits in text: what whoever declares seals to.
#[derive(Clone, PartialEq, Eq)]
pub struct SealTo(<X25519HkdfSha256 as Kem>::PublicKey);

/// A sealed text, as it stands in a list: `hpke1:` and base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("personal text longer than {} bytes", limits::PERSONAL_BYTES_MAX)]
    TooLarge,
    #[error("personal text that was not sealed for this station and this item; ask its issuer to seal it again")]
    NotOurs,
}

impl ReceivingKey {
    /// The key at `path`, made there on the first start (readable by its owner only).
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn load_or_create(disk: &dyn Disk, path: &str) -> Result<Self, DiskError> {
        let failed = |what: String| DiskError::new(path, Cause::Failed(what));
        if let Some(bytes) = disk::read(disk, path, KEY_BYTES)? {
            let remedy = "a receiving key has 32 bytes; restore it from its backup (a new key means enrolling again)";
            let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes);
            return secret.map(Self).map_err(|_| failed(remedy.to_owned()));
        }
        let mut seed = [0; KEY_BYTES];
        getrandom::fill(&mut seed).map_err(|error| failed(error.to_string()))?;
        let key = Self::from_seed(&seed);
        disk::replace(disk, path, &key.0.to_bytes())?;
        Ok(key)
    }

    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(X25519HkdfSha256::derive_keypair(seed).0)
    }

    pub fn public(&self) -> SealTo {
        SealTo(X25519HkdfSha256::sk_to_pk(&self.0))
    }

    /// # Errors
    /// [`SealError::NotOurs`]: for another station, of another item, or changed.
    pub fn open(&self, item: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let bytes = decode(&sealed.0).ok_or(SealError::NotOurs)?;
        let (encapped, text) = bytes.split_at_checked(KEY_BYTES).ok_or(SealError::NotOurs)?;
        let encapped = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapped).map_err(|_| SealError::NotOurs)?;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.0,
            &encapped,
            INFO,
            text,
            item.as_bytes(),
        )
        .map_err(|_| SealError::NotOurs)
    }
}

impl SealTo {
    pub fn parse(hex: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&bytes).ok().map(Self)
    }

    /// Seals a declaration's personal text for the station and for one item.
    ///
    /// # Errors
    /// [`SealError::TooLarge`].
    pub fn seal(&self, item: &str, text: &[u8]) -> Result<Sealed, SealError> {
        if text.len() > limits::PERSONAL_BYTES_MAX {
            return Err(SealError::TooLarge);
        }
        let (encapped, sealed) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &self.0,
            INFO,
            text,
            item.as_bytes(),
        )
        .map_err(|_| SealError::NotOurs)?;
        Ok(Sealed(format!("{PREFIX}{}", BASE64.encode(&[&encapped.to_bytes()[..], &sealed].concat()))))
    }
}

impl Sealed {
    /// Nothing when the text is not in sealed form, above all when it can be read.
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).filter(|bytes| bytes.len() >= KEY_BYTES + TAG_BYTES).map(|_| Self(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.strip_prefix(PREFIX)?.as_bytes()).ok()
}

impl fmt::Display for SealTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0.to_bytes()))
    }
}
impl fmt::Debug for SealTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for ReceivingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceivingKey({})", self.public())
    }
}
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        // The text itself must not be repeated: it may be somebody's name.
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("personal text must be sealed to the station's receiving key, never written out")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;

    #[test]
    fn only_the_station_opens_what_was_sealed_and_only_for_its_item() {
        let (ours, other) = (ReceivingKey::from_seed(&[1; 32]), ReceivingKey::from_seed(&[2; 32]));
        let to = SealTo::parse(&ours.public().to_string()).expect("a key written and read");
        let sealed = to.seal("RR473124829GB", "Erika Mustermann".as_bytes()).expect("sealed");
        assert!(!sealed.as_str().contains("Erika"));
        assert_ne!(to.seal("RR473124829GB", b"Erika Mustermann").expect("sealed"), sealed, "never twice the same");
        assert_eq!(ours.open("RR473124829GB", &sealed).expect("ours"), b"Erika Mustermann");
        assert_eq!(ours.open("EE876543216CA", &sealed), Err(SealError::NotOurs), "moved to another item");
        assert_eq!(other.open("RR473124829GB", &sealed), Err(SealError::NotOurs), "another station's");
        let mut bytes = BASE64.decode(&sealed.as_str().as_bytes()[PREFIX.len()..]).expect("base64");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let changed = Sealed::parse(&format!("{PREFIX}{}", BASE64.encode(&bytes))).expect("the form is right");
            assert_eq!(ours.open("RR473124829GB", &changed), Err(SealError::NotOurs), "byte {at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn readable_text_has_no_place_in_a_list_and_an_error_does_not_repeat_it() {
        for open in ["Erika Mustermann", "", "hpke1:", "hpke1:RXJpa2E=", "hpke1:Erika"] {
            assert!(Sealed::parse(open).is_none());
            let error = serde_json::from_value::<Sealed>(open.into()).expect_err("refused");
            assert!(!error.to_string().contains("Erika"), "{error}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let disk = MemoryDisk::new();
        let first = ReceivingKey::load_or_create(&disk, "receiving.key").expect("made");
        let again = ReceivingKey::load_or_create(&disk, "receiving.key").expect("read");
        assert_eq!(first.public(), again.public());
        disk.damage("receiving.key", |bytes| bytes.truncate(31));
        assert!(ReceivingKey::load_or_create(&disk, "receiving.key").is_err());
    }
}

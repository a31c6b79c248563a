//! Ed25519 keys: the station's own, which signs checkpoints, and the ones it trusts.
//!
//! Every signature is over a purpose and the bytes, so that a checkpoint's signature can never pass for a list's.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::chain::Digest;
use crate::disk::{self, Cause, Disk, DiskError};

/// The station's secret key. Prints only its fingerprint.
pub struct StationKey(SigningKey);

/// A public key; 64 hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// What a signature is for; part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Checkpoint,
    List,
    /// What a station asks of central about itself.
    Enrolment,
}

impl Purpose {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Purpose::Checkpoint => b"gatepost checkpoint 1\0",
            Purpose::List => b"gatepost list 1\0",
            Purpose::Enrolment => b"gatepost enrolment 1\0",
        }
    }
    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix(), bytes].concat()
    }
}

impl StationKey {
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// From the operating system's randomness.
    ///
    /// # Errors
    /// When there is none.
    pub fn generate() -> Result<Self, DiskError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| DiskError::new("key", Cause::Failed(error.to_string())))?;
        Ok(Self::from_bytes(&secret))
    }

    /// The key at `path`, made there on the first start (readable by its owner only).
    ///
    /// # Errors
    /// When the file cannot be read or made, or does not hold exactly 32 bytes.
    pub fn load_or_create(disk: &dyn Disk, path: &str) -> Result<Self, DiskError> {
        if let Some(bytes) = disk::read(disk, path, 32)? {
            let secret: [u8; 32] = bytes.try_into().map_err(|_| {
                let remedy = "a station key has 32 bytes; restore it from its backup (a new key means enrolling again)";
                DiskError::new(path, Cause::Failed(remedy.to_owned()))
            })?;
            return Ok(Self::from_bytes(&secret));
        }
        let key = Self::generate()?;
        disk::replace(disk, path, &key.0.to_bytes())?;
        Ok(key)
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&purpose.message(bytes)).to_bytes()
    }
}

impl PublicKey {
    pub fn parse(hex: &str) -> Option<Self> {
        let bytes: [u8; 32] = HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The first eight bytes of the key's BLAKE3 in groups of four digits: what a person compares by eye.
    pub fn fingerprint(self) -> String {
        let hex = HEXLOWER.encode(&Digest::of(&self.to_bytes()).0[..8]);
        let groups: Vec<&str> = (0..4).map(|group| &hex[group * 4..group * 4 + 4]).collect();
        groups.join("-")
    }

    pub fn verifies(self, purpose: Purpose, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(&purpose.message(bytes), &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.to_bytes()))
    }
}
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StationKey({})", self.public().fingerprint())
    }
}

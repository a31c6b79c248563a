//! A checkpoint: the station's signature under the head of the chain.
//!
//! It is a frame of its own kind, not a record: it has no `seq` and is not in the chain, it vouches for it.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::Digest;
use crate::key::{PublicKey, Purpose, StationKey};

/// What is signed, as canonical JSON in this field order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub station: String,
    /// The last record the head covers.
    pub seq: u64,
    pub head: Digest,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The public key the signature is checked with.
    pub key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed<'a> {
    #[serde(borrow)]
    checkpoint: &'a RawValue,
    signature: std::borrow::Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("it is not a checkpoint")]
    Malformed,
    #[error("its key is not a public key")]
    Key,
    #[error("it was not signed with the station's key")]
    OtherKey,
    #[error("its signature does not fit")]
    Signature,
}

/// The payload of a checkpoint frame.
pub fn sign(key: &StationKey, station: &str, seq: u64, head: Digest, at: i64) -> Vec<u8> {
    let claim = Claim { station: station.to_owned(), seq, head, at, key: key.public().to_string() };
    // A struct of text and integers always serialises; an empty claim would fail its check when read.
    let claim = serde_json::to_string(&claim).unwrap_or_default();
    let signature = HEXLOWER.encode(&key.sign(Purpose::Checkpoint, claim.as_bytes()));
    format!("{{\"checkpoint\":{claim},\"signature\":\"{signature}\"}}").into_bytes()
}

/// Reads a checkpoint and checks its signature; with `expected`, also that it is this key's.
///
/// # Errors
/// [`CheckpointError`].
pub fn check(payload: &[u8], expected: Option<PublicKey>) -> Result<Claim, CheckpointError> {
    let signed: Signed<'_> = serde_json::from_slice(payload).map_err(|_| CheckpointError::Malformed)?;
    let claim: Claim = serde_json::from_str(signed.checkpoint.get()).map_err(|_| CheckpointError::Malformed)?;
    let key = PublicKey::parse(&claim.key).ok_or(CheckpointError::Key)?;
    if expected.is_some_and(|expected| expected != key) {
        return Err(CheckpointError::OtherKey);
    }
    let signature = HEXLOWER.decode(signed.signature.as_bytes()).ok();
    let signature: [u8; 64] = signature.and_then(|bytes| bytes.try_into().ok()).ok_or(CheckpointError::Malformed)?;
    if key.verifies(Purpose::Checkpoint, signed.checkpoint.get().as_bytes(), &signature) {
        Ok(claim)
    } else {
        Err(CheckpointError::Signature)
    }
}

//! Central's hold list: placed here, signed here, sent to every station as one package; and the key that signs.
//!
//! The package is the ledger's list format (a signed first line, then one hold a line); the station checks signature,
//! audience, version and time and takes it whole or not at all. Always a snapshot: the station needs no earlier one.
//! A hold is never changed and never deleted here; lifting it is an entry of its own, so both stay attributable.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer, SigningKey};
use gatepost_pipeline::judge::{Hold, Token};
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::{self, AddressedTo, Draft};
use gatepost_sync::parts::Offer;
use gatepost_sync::topics::{Down, Name};
use serde::{Deserialize, Serialize};

/// What a list's signature is over, before the claims.
const PURPOSE: &[u8] = b"gatepost list 1\0";
/// How long a station may go on with a list when central says nothing.
const IN_FORCE_MS: i64 = 90 * 86_400_000;
/// Room for the claims' clock to differ between central and stations.
const CLOCK_SLACK_MS: i64 = 300_000;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldLine {
    pub item: Token,
    pub hold: Hold,
    /// Milliseconds since 1970 after which it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// The signed claims, in the ledger's order of fields.
#[derive(Serialize)]
struct Claims<'a> {
    kind: &'static str,
    form: &'static str,
    issuer: &'a str,
    audience: [&'static str; 1],
    version: u64,
    not_before: i64,
    expires: i64,
    lines: u64,
    digest: Digest,
}

/// The key central signs lists with, and its name.
pub struct Signatory {
    issuer: Name,
    key: SigningKey,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key {0} cannot be read or made: {1}")]
    File(PathBuf, io::Error),
    #[error(
        "the key {0} must hold exactly 32 bytes; restore it from its backup (a new key means telling every station)"
    )]
    Size(PathBuf),
    #[error("holds.issuer = \"{0}\": use 1 to 32 letters, digits, `-` or `_`, as central")]
    Issuer(String),
}

impl Signatory {
    /// The key in `file`, made on the first start (readable by its owner only).
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be read or made.
    pub fn load_or_create(issuer: &str, file: &Path) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File(file.to_owned(), error);
        let secret: [u8; 32] = match std::fs::read(file) {
            Ok(bytes) => bytes.try_into().map_err(|_| KeyError::Size(file.to_owned()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(file).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let issuer = Name::new(issuer).ok_or_else(|| KeyError::Issuer(issuer.to_owned()))?;
        Ok(Self { issuer, key: SigningKey::from_bytes(&secret) })
    }

    /// Signs an answer to a station that renews.
    pub fn answers(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(&[gatepost_sync::enrol::BY_CENTRAL, bytes].concat()).to_bytes()
    }

    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// What stations must trust: 64 hexadecimal digits.
    pub fn public_key(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.key.verifying_key().to_bytes())
    }

    /// What a document of ours says about itself: in force from now, and for as long as a list is.
    pub fn draft(&self, document: Down, audience: AddressedTo, version: u64, now_ms: i64) -> Draft {
        let (not_before_ms, expires_ms) = (now_ms - CLOCK_SLACK_MS, now_ms + IN_FORCE_MS);
        Draft { document, issuer: self.issuer.clone(), audience, version, not_before_ms, expires_ms }
    }

    /// A document in its envelope.
    pub fn seal(&self, draft: &Draft, payload: &[u8]) -> Vec<u8> {
        envelope::seal(draft, payload, &self.key)
    }

    /// The offer of a package that goes in parts.
    pub fn offer(&self, draft: &Draft, offer: &Offer) -> Vec<u8> {
        envelope::seal_offer(draft, offer, &self.key)
    }

    /// The whole list as a package.
    pub fn package(&self, version: u64, holds: &[HoldLine], now_ms: i64) -> Vec<u8> {
        let mut body = Vec::new();
        for hold in holds {
            // A struct of text and integers always serialises; an empty line would be passed over by every reader.
            body.extend(serde_json::to_vec(hold).unwrap_or_default());
            body.push(b'\n');
        }
        let claims = Claims {
            kind: "holds",
            form: "snapshot",
            issuer: self.issuer.as_str(),
            audience: ["*"],
            version,
            not_before: now_ms - CLOCK_SLACK_MS,
            expires: now_ms + IN_FORCE_MS,
            lines: holds.len() as u64,
            digest: Digest::of(&body),
        };
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let signature = self.key.sign(&[PURPOSE, claims.as_bytes()].concat());
        let signature = data_encoding::HEXLOWER.encode(&signature.to_bytes());
        let mut package = format!("{{\"list\":{claims},\"signature\":\"{signature}\"}}\n").into_bytes();
        package.extend(body);
        package
    }
}

fn create(file: &Path) -> io::Result<[u8; 32]> {
    use std::io::Write;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let mut made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    made.write_all(&secret)?;
    made.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("central.key");
        let made = Signatory::load_or_create("central", &file).unwrap().public_key();
        assert_eq!(Signatory::load_or_create("central", &file).unwrap().public_key(), made);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "short").unwrap();
        assert!(matches!(Signatory::load_or_create("central", &file), Err(KeyError::Size(_))));
    }

    #[test]
    fn the_first_line_says_what_follows() {
        let directory = tempfile::tempdir().unwrap();
        let signatory = Signatory::load_or_create("central", &directory.path().join("key")).unwrap();
        let package = String::from_utf8(signatory.package(3, &[], 1_000_000)).unwrap();
        let empty = Digest::of(b"");
        let claims = format!(
            r#"{{"list":{{"kind":"holds","form":"snapshot","issuer":"central","audience":["*"],"version":3,"not_before":700000,"expires":7777000000,"lines":0,"digest":"{empty}"}},"signature":""#
        );
        assert!(package.starts_with(&claims), "{package}");
        assert_eq!(package.lines().count(), 1);
    }
}

//! Signed documents from central: who says what to whom, from when to when, and as which version.
//!
//! ```text
//! gatepost-envelope-1\n
//! {header, one line of JSON}\n
//! {signature, 128 hexadecimal digits}\n
//! payload, any bytes
//! ```
//!
//! The signature (ed25519) is over the first line and the header; the header holds the payload's length and BLAKE3. So a
//! large payload is hashed once and never written as text. This module keeps no file: whoever applies documents stores
//! [`Versions`] and brings it back.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::limits::ENVELOPE_HEADER_BYTES_MAX;
use crate::parts::Offer;
use crate::topics::{Address, Down, Name};

const FIRST_LINE: &[u8] = b"gatepost-envelope-1\n";
const SIGNATURE_DIGITS: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub document: Down,
    /// Who signed; must be the name under which the key is trusted.
    pub issuer: Name,
    pub audience: AddressedTo,
    /// Grows with each document of the same issuer and kind; an older one is refused.
    pub version: u64,
    /// Milliseconds since 1970; without effect before.
    pub not_before_ms: i64,
    /// Milliseconds since 1970; without effect from then on.
    pub expires_ms: i64,
    pub payload_bytes: u64,
    pub payload_blake3: Digest,
    #[serde(default, skip_serializing_if = "Form::is_whole")]
    pub form: Form,
}

/// What the payload is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The document itself.
    #[default]
    Whole,
    /// An offer of it ([`crate::parts::Offer`]): the document comes in parts.
    Offer,
}

impl Form {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// For whom a document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AddressedTo {
    Everyone,
    Facility(Name),
    Station(Address),
}

impl AddressedTo {
    pub fn includes(&self, address: &Address) -> bool {
        match self {
            Self::Everyone => true,
            Self::Facility(facility) => *facility == address.facility,
            Self::Station(station) => station == address,
        }
    }
}

/// What a document says about itself, before it is sealed.
#[derive(Clone, Debug)]
pub struct Draft {
    pub document: Down,
    pub issuer: Name,
    pub audience: AddressedTo,
    pub version: u64,
    pub not_before_ms: i64,
    pub expires_ms: i64,
}

/// Signs `payload` and puts the envelope around it.
pub fn seal(draft: &Draft, payload: &[u8], key: &SigningKey) -> Vec<u8> {
    seal_as(Form::Whole, draft, payload, key)
}

/// Signs the offer of a package.
pub fn seal_offer(draft: &Draft, offer: &Offer, key: &SigningKey) -> Vec<u8> {
    seal_as(Form::Offer, draft, &offer.to_bytes(), key)
}

/// Whether these bytes begin as a signed document does.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(FIRST_LINE)
}

fn seal_as(form: Form, draft: &Draft, payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let header = Header {
        document: draft.document,
        issuer: draft.issuer.clone(),
        audience: draft.audience.clone(),
        version: draft.version,
        not_before_ms: draft.not_before_ms,
        expires_ms: draft.expires_ms,
        payload_bytes: payload.len() as u64,
        payload_blake3: Digest::of(payload),
        form,
    };
    let mut bytes = FIRST_LINE.to_vec();
    // Serialising numbers and names into memory cannot fail.
    bytes.extend(serde_json::to_vec(&header).unwrap_or_default());
    let signature = key.sign(&bytes);
    bytes.push(b'\n');
    bytes.extend(data_encoding::HEXLOWER.encode(&signature.to_bytes()).into_bytes());
    bytes.push(b'\n');
    bytes.extend(payload);
    bytes
}

/// A key, the name it may sign for, and the documents it may sign.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    pub issuer: Name,
    pub key: VerifyingKey,
    pub documents: Vec<Down>,
}

/// The newest version taken, per issuer and kind. Part of what a station must remember.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    taken: BTreeMap<String, (u64, Digest)>,
}

/// A document whose signature, audience, time and version are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    pub header: Header,
    pub payload: &'a [u8],
    /// The very document that was taken before (a retained one comes with each connection): nothing to do.
    pub already_taken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("not a signed document: {0}")]
    Malformed(String),
    #[error("no key is trusted to sign {document} for {issuer}; add central's key to the station's configuration")]
    UnknownIssuer { issuer: Name, document: &'static str },
    #[error("the signature of {0} does not fit the document: forged or damaged")]
    BadSignature(Name),
    #[error("the payload is not the one that was signed: damaged on its way")]
    PayloadDiffers,
    #[error("meant for other stations")]
    NotForUs,
    #[error("a {is} document on the topic of {expected} documents")]
    WrongTopic { is: &'static str, expected: &'static str },
    #[error("not in force before {not_before_ms} ms; it is {now_ms} ms (check the clock)")]
    TooEarly { not_before_ms: i64, now_ms: i64 },
    #[error("expired at {expires_ms} ms; it is {now_ms} ms (check the clock)")]
    Expired { expires_ms: i64, now_ms: i64 },
    #[error("version {version} is older than version {taken}, which is in force")]
    Older { version: u64, taken: u64 },
    #[error("version {0} was taken before with other contents; central must count on")]
    VersionUsedTwice(u64),
}

/// Opens a document that came on the topic of `expected` documents. Changes nothing: call [`Versions::take`] once the
/// document is stored.
///
/// # Errors
/// [`Refused`], with the first thing that is wrong with it.
pub fn open<'a>(
    bytes: &'a [u8],
    expected: Down,
    us: &Address,
    keys: &[TrustedKey],
    versions: &Versions,
    now_ms: i64,
) -> Result<Opened<'a>, Refused> {
    let parts = split(bytes)?;
    let header: Header = serde_json::from_slice(parts.header).map_err(|error| Refused::Malformed(error.to_string()))?;
    verify_signature(&parts, &header, keys)?;
    if parts.payload.len() as u64 != header.payload_bytes || Digest::of(parts.payload) != header.payload_blake3 {
        return Err(Refused::PayloadDiffers);
    }
    if header.document != expected {
        return Err(Refused::WrongTopic { is: header.document.as_str(), expected: expected.as_str() });
    }
    if !header.audience.includes(us) {
        return Err(Refused::NotForUs);
    }
    let already_taken = versions.compare(&header)?;
    // What is in force is said again with each connection, for longer than it may be taken.
    if already_taken {
        return Ok(Opened { header, payload: parts.payload, already_taken });
    }
    if now_ms < header.not_before_ms {
        return Err(Refused::TooEarly { not_before_ms: header.not_before_ms, now_ms });
    }
    if now_ms >= header.expires_ms {
        return Err(Refused::Expired { expires_ms: header.expires_ms, now_ms });
    }
    Ok(Opened { header, payload: parts.payload, already_taken })
}

impl Versions {
    /// Whether this very document was taken before; refuses an older one.
    fn compare(&self, header: &Header) -> Result<bool, Refused> {
        match self.taken.get(&version_key(header)) {
            Some(&(taken, _)) if header.version < taken => Err(Refused::Older { version: header.version, taken }),
            Some(&(taken, digest)) if header.version == taken => match digest == header.payload_blake3 {
                true => Ok(true),
                false => Err(Refused::VersionUsedTwice(taken)),
            },
            _ => Ok(false),
        }
    }

    /// From now on nothing older of this issuer and kind is taken. Never goes back.
    pub fn take(&mut self, header: &Header) {
        let newest = self.taken.entry(version_key(header)).or_insert((header.version, header.payload_blake3));
        if header.version > newest.0 {
            *newest = (header.version, header.payload_blake3);
        }
    }
}

fn version_key(header: &Header) -> String {
    format!("{}/{}", header.issuer, header.document.as_str())
}

struct Parts<'a> {
    signed: &'a [u8],
    header: &'a [u8],
    signature: &'a [u8],
    payload: &'a [u8],
}

fn split(bytes: &[u8]) -> Result<Parts<'_>, Refused> {
    let malformed = |what: &str| Refused::Malformed(what.to_owned());
    let rest = bytes.strip_prefix(FIRST_LINE).ok_or_else(|| malformed("it does not begin with gatepost-envelope-1"))?;
    let header_end = rest
        .iter()
        .take(ENVELOPE_HEADER_BYTES_MAX + 1)
        .position(|&byte| byte == b'\n')
        .ok_or_else(|| malformed("its header has no end"))?;
    let (header, rest) = (&rest[..header_end], &rest[header_end + 1..]);
    let line = rest.get(..=SIGNATURE_DIGITS).ok_or_else(|| malformed("its signature is cut off"))?;
    let (signature, end) = line.split_at(SIGNATURE_DIGITS);
    if end != b"\n" {
        return Err(malformed("its signature has another length"));
    }
    let signed = &bytes[..FIRST_LINE.len() + header_end];
    Ok(Parts { signed, header, signature, payload: &rest[SIGNATURE_DIGITS + 1..] })
}

/// Several keys may stand for one issuer (rotation); one of them must fit.
fn verify_signature(parts: &Parts<'_>, header: &Header, keys: &[TrustedKey]) -> Result<(), Refused> {
    let bad = || Refused::BadSignature(header.issuer.clone());
    let signature: [u8; 64] =
        data_encoding::HEXLOWER.decode(parts.signature).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(bad)?;
    let signature = Signature::from_bytes(&signature);
    let mut known = keys
        .iter()
        .filter(|trusted| trusted.issuer == header.issuer && trusted.documents.contains(&header.document))
        .peekable();
    if known.peek().is_none() {
        return Err(Refused::UnknownIssuer { issuer: header.issuer.clone(), document: header.document.as_str() });
    }
    match known.any(|trusted| trusted.key.verify_strict(parts.signed, &signature).is_ok()) {
        true => Ok(()),
        false => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_790_856_000_000;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }
    fn us() -> Address {
        Address::new("JFK", "st-01").unwrap()
    }
    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }
    fn draft(version: u64) -> Draft {
        Draft {
            document: Down::Command,
            issuer: name("central"),
            audience: AddressedTo::Facility(name("JFK")),
            version,
            not_before_ms: NOW_MS - 1_000,
            expires_ms: NOW_MS + 1_000,
        }
    }
    fn trusted() -> Vec<TrustedKey> {
        let documents = vec![Down::Command, Down::Rules];
        vec![
            TrustedKey { issuer: name("central"), key: key(9).verifying_key(), documents: documents.clone() },
            TrustedKey { issuer: name("central"), key: key(1).verifying_key(), documents },
        ]
    }
    fn open_with(bytes: &[u8], versions: &Versions) -> Result<(Header, bool), Refused> {
        open(bytes, Down::Command, &us(), &trusted(), versions, NOW_MS)
            .map(|opened| (opened.header, opened.already_taken))
    }

    #[test]
    fn a_good_document_opens_and_comes_again_without_effect() {
        let bytes = seal(&draft(3), b"restart\nsoftly", &key(1));
        let mut versions = Versions::default();
        let opened = open(&bytes, Down::Command, &us(), &trusted(), &versions, NOW_MS).unwrap();
        assert_eq!((opened.payload, opened.already_taken), (&b"restart\nsoftly"[..], false));
        versions.take(&opened.header);
        assert_eq!(open_with(&bytes, &versions).map(|(_, already)| already), Ok(true));
        let kept: Versions = serde_json::from_str(&serde_json::to_string(&versions).unwrap()).unwrap();
        assert_eq!(kept, versions);
    }

    #[test]
    fn older_and_reused_versions_are_refused() {
        let mut versions = Versions::default();
        versions.take(&open_with(&seal(&draft(3), b"a", &key(1)), &versions).unwrap().0);
        assert_eq!(open_with(&seal(&draft(2), b"b", &key(1)), &versions), Err(Refused::Older { version: 2, taken: 3 }));
        assert_eq!(open_with(&seal(&draft(3), b"b", &key(1)), &versions), Err(Refused::VersionUsedTwice(3)));
        let newer = open_with(&seal(&draft(4), b"b", &key(1)), &versions).unwrap().0;
        versions.take(&newer);
        versions.take(&Header { version: 1, ..newer });
        assert!(matches!(open_with(&seal(&draft(3), b"a", &key(1)), &versions), Err(Refused::Older { taken: 4, .. })));
    }

    #[test]
    fn strangers_are_refused() {
        let none = Versions::default();
        assert_eq!(open_with(&seal(&draft(1), b"x", &key(2)), &none), Err(Refused::BadSignature(name("central"))));
        let stranger = Draft { issuer: name("mallory"), ..draft(1) };
        assert!(matches!(open_with(&seal(&stranger, b"x", &key(2)), &none), Err(Refused::UnknownIssuer { .. })));
        let not_its_business = Draft { document: Down::Model, ..draft(1) };
        assert!(matches!(
            open_with(&seal(&not_its_business, b"x", &key(1)), &none),
            Err(Refused::UnknownIssuer { .. })
        ));
        let other_topic = Draft { document: Down::Rules, ..draft(1) };
        assert!(matches!(open_with(&seal(&other_topic, b"x", &key(1)), &none), Err(Refused::WrongTopic { .. })));
    }

    #[test]
    fn other_audiences_and_times_are_refused() {
        let none = Versions::default();
        let refused = |draft: Draft| open_with(&seal(&draft, b"x", &key(1)), &none).unwrap_err();
        let other_station = AddressedTo::Station(Address::new("JFK", "st-02").unwrap());
        assert_eq!(refused(Draft { audience: other_station, ..draft(1) }), Refused::NotForUs);
        assert_eq!(refused(Draft { audience: AddressedTo::Facility(name("LAX")), ..draft(1) }), Refused::NotForUs);
        assert!(matches!(refused(Draft { not_before_ms: NOW_MS + 1, ..draft(1) }), Refused::TooEarly { .. }));
        assert!(matches!(refused(Draft { expires_ms: NOW_MS, ..draft(1) }), Refused::Expired { .. }));
        for audience in [AddressedTo::Everyone, AddressedTo::Station(us())] {
            assert!(open_with(&seal(&Draft { audience, ..draft(1) }, b"x", &key(1)), &none).is_ok());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_changed_byte_passes(at in 0_usize..600, flip in 1_u8..=255) {
            let mut bytes = seal(&draft(3), b"the payload, all of it", &key(1));
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert!(open_with(&bytes, &Versions::default()).is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), begin in any::<bool>()) {
            if begin {
                bytes.splice(..0, FIRST_LINE.iter().copied());
            }
            prop_assert!(open_with(&bytes, &Versions::default()).is_err());
        }
    }
}

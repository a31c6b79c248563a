//! How a station that central does not know yet becomes one that it does: what both sides say, and how each knows that it
//! was the other. Reads no file and opens no connection.
//!
//! The invitation's [`Code`] never travels. The station signs its request by it ([`Code::signs`]); central keeps only the public
//! half ([`Verifier`]), so that who reads its database or a backup can enrol nobody. The answer is proven by a keyed BLAKE3 whose
//! key is made from that half, which does not travel either: somebody in between can neither change a word nor learn to. A
//! station that is enrolled renews by its own key, and central answers by the key that signs its lists.

mod code;

pub use code::{Code, CodeError, Verifier};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::chain::Digest;
use crate::topics::Address;

/// Where central takes requests.
pub const ENROL_PATH: &str = "/enrol";
pub const RENEW_PATH: &str = "/renew";
/// The longest request that central reads, and the longest answer that a station reads.
pub const REQUEST_BYTES_MAX: usize = 16 << 10;
pub const ANSWER_BYTES_MAX: usize = 128 << 10;
/// Before what a station signs by its own key; the ledger's `Purpose::Enrolment` says the same.
pub const BY_STATION: &[u8] = b"gatepost enrolment 1\0";
/// Before what central signs by the key of its lists.
pub const BY_CENTRAL: &[u8] = b"gatepost renewal answer 1\0";
/// How far the clock of a request may be from central's.
pub const CLOCK_SLACK_MS: i64 = 600_000;

/// What a station asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub address: Address,
    /// Its own ed25519 key, 64 hexadecimal digits: who it is from then on.
    pub key: String,
    /// For the key of its connections, PEM. Its names are not looked at; central knows whom it certifies.
    pub csr: String,
    /// The station's clock: an older request is not taken after a newer one.
    pub at_ms: i64,
}

/// What a station is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The request that it answers.
    pub request: Digest,
    /// PEM, for the station's name.
    pub certificate: String,
    pub ends_ms: i64,
    /// PEM: who may sign the broker's certificate.
    pub authorities: String,
    /// Who signs central's lists, and by which key.
    pub issuer: String,
    pub list_key: String,
    /// Where the broker is, as central reaches it.
    pub broker: (String, u16),
}

/// A request or an answer as it travels: the bytes that were signed, as they were signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    pub body: String,
    /// By the station's own key (a request), or central's (the answer to a renewal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// By the invitation's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_code: Option<String>,
}

/// Why something that travelled is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is not signed by the key that it names")]
    OtherKey,
    #[error("it was not made by this code: another one, or changed on the way")]
    OtherCode,
    #[error("it answers another question")]
    OtherQuestion,
}

impl Sealed {
    /// A request, signed: `sign` is the station's key, which signs behind [`BY_STATION`].
    pub fn request(request: &Request, code: Option<&Code>, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        // Names, digits and text in memory cannot fail.
        let body = serde_json::to_string(request).unwrap_or_default();
        let signature = Some(HEXLOWER.encode(&sign(body.as_bytes())));
        let by_code = code.map(|code| HEXLOWER.encode(&code.signs(body.as_bytes())));
        Self { body, signature, by_code }
    }

    /// The request inside, signed by the key that it names.
    ///
    /// # Errors
    /// [`NotBelieved`].
    pub fn open_request(&self) -> Result<Request, NotBelieved> {
        let request: Request = serde_json::from_str(&self.body).map_err(|_| NotBelieved::Unreadable)?;
        let key = key(&request.key).ok_or(NotBelieved::Unreadable)?;
        match self.is_signed(&key, BY_STATION) {
            true => Ok(request),
            false => Err(NotBelieved::OtherKey),
        }
    }

    /// Whether its sender has the code.
    pub fn is_by(&self, verifier: &Verifier) -> bool {
        bytes64(self.by_code.as_ref()).is_some_and(|signature| verifier.verifies(self.body.as_bytes(), &signature))
    }

    /// What this one's answer has to name.
    pub fn digest(&self) -> Digest {
        Digest::of(self.body.as_bytes())
    }

    /// An answer proven by the invitation.
    pub fn answer(answer: &Answer, verifier: &Verifier) -> Self {
        let body = serde_json::to_string(answer).unwrap_or_default();
        let by_code = Some(verifier.proves(body.as_bytes()).to_hex().to_string());
        Self { body, signature: None, by_code }
    }

    /// An answer signed by central: `sign` signs behind [`BY_CENTRAL`].
    pub fn signed_answer(answer: &Answer, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let body = serde_json::to_string(answer).unwrap_or_default();
        let signature = Some(HEXLOWER.encode(&sign(body.as_bytes())));
        Self { body, signature, by_code: None }
    }

    /// The answer to `question`, by whoever knows the code's public half.
    ///
    /// # Errors
    /// [`NotBelieved`].
    pub fn open_answer(&self, question: &Sealed, code: &Code) -> Result<Answer, NotBelieved> {
        let proof = self.by_code.as_ref().and_then(|proof| blake3::Hash::from_hex(proof).ok());
        // `blake3::Hash` compares in constant time.
        if proof != Some(code.verifier().proves(self.body.as_bytes())) {
            return Err(NotBelieved::OtherCode);
        }
        self.answering(question)
    }

    /// The answer to `question`, signed by one of these keys (64 hexadecimal digits each).
    ///
    /// # Errors
    /// [`NotBelieved`].
    pub fn open_signed_answer(&self, question: &Sealed, trusted: &[String]) -> Result<Answer, NotBelieved> {
        if !trusted.iter().filter_map(|hex| key(hex)).any(|key| self.is_signed(&key, BY_CENTRAL)) {
            return Err(NotBelieved::OtherKey);
        }
        self.answering(question)
    }

    fn answering(&self, question: &Sealed) -> Result<Answer, NotBelieved> {
        let answer: Answer = serde_json::from_str(&self.body).map_err(|_| NotBelieved::Unreadable)?;
        match answer.request == question.digest() {
            true => Ok(answer),
            false => Err(NotBelieved::OtherQuestion),
        }
    }

    fn is_signed(&self, key: &VerifyingKey, purpose: &[u8]) -> bool {
        let message = [purpose, self.body.as_bytes()].concat();
        bytes64(self.signature.as_ref())
            .is_some_and(|signature| key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok())
    }
}

fn key(hex: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

fn bytes64(hex: Option<&String>) -> Option<[u8; 64]> {
    HEXLOWER.decode(hex?.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    fn sign(secret: u8, purpose: &'static [u8]) -> impl Fn(&[u8]) -> [u8; 64] {
        move |bytes| SigningKey::from_bytes(&[secret; 32]).sign(&[purpose, bytes].concat()).to_bytes()
    }

    fn public(secret: u8) -> String {
        HEXLOWER.encode(SigningKey::from_bytes(&[secret; 32]).verifying_key().as_bytes())
    }

    fn request() -> Request {
        let address = Address::new("JFK", "st-01").unwrap();
        Request { address, key: public(1), csr: "-----BEGIN".to_owned(), at_ms: 5 }
    }

    fn answer(question: &Sealed) -> Answer {
        let (certificate, authorities) = ("cert".to_owned(), "ca".to_owned());
        let (issuer, list_key, broker) = ("central".to_owned(), public(9), ("broker".to_owned(), 8883));
        Answer { request: question.digest(), certificate, ends_ms: 7, authorities, issuer, list_key, broker }
    }

    #[test]
    fn who_has_the_code_is_believed_and_nobody_in_between() {
        let (code, other) = (Code::make().unwrap(), Code::make().unwrap());
        let asked = Sealed::request(&request(), Some(&code), sign(1, BY_STATION));
        assert_eq!(asked.open_request(), Ok(request()));
        assert!(asked.is_by(&code.verifier()) && !asked.is_by(&other.verifier()));
        // Another key or station put in its place: nobody can sign that by the code.
        let changed = Sealed { body: asked.body.replace("st-01", "st-02"), ..asked.clone() };
        assert!(!changed.is_by(&code.verifier()) && changed.open_request() == Err(NotBelieved::OtherKey));
        let own = Request { key: public(2), ..request() };
        let taken = Sealed { by_code: asked.by_code.clone(), ..Sealed::request(&own, None, sign(2, BY_STATION)) };
        assert!(taken.open_request().is_ok() && !taken.is_by(&code.verifier()));

        let told = Sealed::answer(&answer(&asked), &code.verifier());
        assert_eq!(told.open_answer(&asked, &code), Ok(answer(&asked)));
        let changed = Sealed { body: told.body.replace("cert", "trec"), ..told.clone() };
        assert_eq!(changed.open_answer(&asked, &code), Err(NotBelieved::OtherCode));
        assert_eq!(told.open_answer(&changed, &code), Err(NotBelieved::OtherQuestion));
        let forged = Sealed::answer(&answer(&asked), &other.verifier());
        assert_eq!(forged.open_answer(&asked, &code), Err(NotBelieved::OtherCode));
        // What the station said proves no answer.
        let echo = Sealed { by_code: asked.by_code.clone(), ..told };
        assert_eq!(echo.open_answer(&asked, &code), Err(NotBelieved::OtherCode));
    }

    #[test]
    fn a_renewal_is_by_keys_that_both_know_already() {
        let asked = Sealed::request(&request(), None, sign(1, BY_STATION));
        assert!(asked.open_request().is_ok() && asked.by_code.is_none());
        let told = Sealed::signed_answer(&answer(&asked), sign(9, BY_CENTRAL));
        assert_eq!(told.open_signed_answer(&asked, &["nonsense".to_owned(), public(9)]), Ok(answer(&asked)));
        assert_eq!(told.open_signed_answer(&asked, &[public(8)]), Err(NotBelieved::OtherKey));
        // A signature for one purpose is none for another.
        let list = Sealed::signed_answer(&answer(&asked), sign(9, b"gatepost list 1\0"));
        assert_eq!(list.open_signed_answer(&asked, &[public(9)]), Err(NotBelieved::OtherKey));
    }
}

//! What makes this station one that central knows: its key, the certificate of its connections, and how it gets the next one.
//!
//! Keys are made here and never leave; what travels is signed by them and, the first time, by the code of the invitation.
//! Key and certificate of the connections are one file, so that one can never be new and the other old.

pub mod ask;

use std::path::PathBuf;

use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::disk::{self, Disk};
use gatepost_ledger::key::{PublicKey, Purpose, StationKey};
use gatepost_sync::enrol::{Answer, Code, ENROL_PATH, RENEW_PATH, Request, Sealed};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::Address;
use rcgen::{CertificateParams, KeyPair};
use serde::{Deserialize, Serialize};

use self::ask::ask;
use crate::config::Config;
use crate::run::clock::wall_now;
use crate::run::grounds::issuers;

/// In the data folder.
pub const AUTHORITY: &str = "tls/authority.pem";
pub const CERTIFICATE: &str = "tls/station.pem";
const DATES: &str = "tls/dates.json";
const DATES_BYTES_MAX: usize = 1 << 10;

/// For how long a certificate is good; milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    pub given_ms: i64,
    pub ends_ms: i64,
}

/// This station, as far as it needs no central.
pub struct Member {
    data: PathBuf,
    disk: RealDisk,
    key: StationKey,
    address: Address,
}

impl Member {
    /// # Errors
    /// A sentence, as of everything here: what is wrong, and what to do.
    pub fn open(config: &Config) -> Result<Self, String> {
        let (facility, name) = (&config.station.facility, &config.station.name);
        let address = Address::new(facility, name)
            .ok_or_else(|| format!("station {facility}/{name}: cannot stand in a topic"))?;
        let data = config.data();
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", data.display());
        let disk = RealDisk::new(&data).map_err(|error| failed(&error))?;
        let key = StationKey::load_or_create(&disk, "station.key").map_err(|error| failed(&error))?;
        Ok(Self { data, disk, key, address })
    }

    /// `FACILITY/STATION`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.address.facility, self.address.station)
    }

    pub fn key(&self) -> PublicKey {
        self.key.public()
    }

    /// The first certificate, for the code of an invitation.
    ///
    /// # Errors
    /// A sentence.
    pub fn enrol(&self, central: &str, code: &Code) -> Result<Answer, String> {
        let (pair, request) = self.request()?;
        let question = Sealed::request(&request, Some(code), |bytes| self.key.sign(Purpose::Enrolment, bytes));
        let told = ask(central, ENROL_PATH, &question)?;
        let answer = told
            .open_answer(&question, code)
            .map_err(|error| format!("{}, and have a new code made", not_believed(central, error)))?;
        self.keep(&pair, &answer)?;
        Ok(answer)
    }

    /// The next certificate, by the key that central knows; `trusted`: whose answer is believed, as `central=KEY`.
    ///
    /// # Errors
    /// A sentence.
    pub fn renew(&self, central: &str, trusted: &[String]) -> Result<Answer, String> {
        let trusted = keys(trusted)?;
        let (pair, request) = self.request()?;
        let question = Sealed::request(&request, None, |bytes| self.key.sign(Purpose::Enrolment, bytes));
        let told = ask(central, RENEW_PATH, &question)?;
        let answer = told.open_signed_answer(&question, &trusted).map_err(|error| not_believed(central, error))?;
        self.keep(&pair, &answer)?;
        Ok(answer)
    }

    /// For how long the certificate is good; nothing where nobody wrote that down.
    pub fn dates(&self) -> Option<Dates> {
        let bytes = disk::read(&self.disk, DATES, DATES_BYTES_MAX).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// A new key for connections, and the request for its certificate.
    fn request(&self) -> Result<(KeyPair, Request), String> {
        let failed = |error: rcgen::Error| format!("a key for the connection to the broker cannot be made: {error}");
        let pair = KeyPair::generate().map_err(failed)?;
        // Central looks at the key only, and writes the name itself.
        let csr = CertificateParams::default().serialize_request(&pair).and_then(|csr| csr.pem()).map_err(failed)?;
        let (address, key) = (self.address.clone(), self.key.public().to_string());
        Ok((pair, Request { address, key, csr, at_ms: wall_now().0 }))
    }

    /// Writes what was given, after it was looked at.
    fn keep(&self, pair: &KeyPair, answer: &Answer) -> Result<(), String> {
        let both = format!("{}{}", answer.certificate, pair.serialize_pem());
        Tls::new(answer.authorities.as_bytes(), Some((both.as_bytes(), both.as_bytes())))
            .map_err(|error| format!("the certificate that central gave cannot be used: {error}"))?;
        let dates = Dates { given_ms: wall_now().0, ends_ms: answer.ends_ms };
        let kept = self.disk.create_dir("tls").and_then(|()| {
            disk::replace(&self.disk, AUTHORITY, answer.authorities.as_bytes())?;
            disk::replace(&self.disk, CERTIFICATE, both.as_bytes())?;
            disk::replace(&self.disk, DATES, &serde_json::to_vec(&dates).unwrap_or_default())
        });
        let data = self.data.display();
        kept.map_err(|error| format!("{data}: {error}; free the disk, then ask again (with a new code, to enrol)"))
    }
}

/// The keys of a setting's issuers, as they sign answers.
fn keys(trusted: &[String]) -> Result<Vec<String>, String> {
    if trusted.is_empty() {
        return Err(
            "lists.trusted is empty, so nothing that central says could be believed; enrol first (gatepost enrol)"
                .to_owned(),
        );
    }
    Ok(issuers("lists.trusted", trusted)?.into_iter().map(|(_, key)| key.to_string()).collect())
}

fn not_believed(central: &str, why: impl std::fmt::Display) -> String {
    format!(
        "what came back from {central} is not believed: {why}; nothing was changed here. Somebody may stand in between: tell \
         whoever runs central"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_answer_is_believed_stands_among_those_whose_lists_are() {
        let key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(keys(&[format!("central={key}")]), Ok(vec![key.to_owned()]));
        assert!(keys(&[]).unwrap_err().contains("enrol first"));
        assert!(keys(&[key.to_owned()]).unwrap_err().contains("write issuer=key"));
    }
}

//! Stations let in by invitation, renewed by their own key, and taken out again: the decisions. What travels is
//! [`gatepost_sync::enrol`], who signs is [`crate::authority`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatepost_sync::enrol::{Answer, CLOCK_SLACK_MS, Request, Sealed};
use gatepost_sync::topics::Address;

use crate::authority::{self, Authority, AuthorityError, BadRequest, Signed};
use crate::config::{Config, ConfigError};
use crate::holds::{KeyError, Signatory};
use crate::store::enrol::{Certified, Enrolled, Invitation, TakenOut};
use crate::store::{Store, StoreError};

/// Why a station is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the request is not one that central takes: {0}; let station and central be of the same version")]
    Unreadable(String),
    #[error(
        "the code is not the one that {0} was invited with; compare both, or have a new one made with `gatepost-central station invite {0}`"
    )]
    OtherCode(String),
    #[error(
        "this code has been used already; if that was not you, tell whoever runs central now; have a new one made with `gatepost-central station invite {0}`"
    )]
    Used(String),
    #[error("the code is too old; have a new one made with `gatepost-central station invite {0}`")]
    Expired(String),
    #[error(
        "{0} is known by another key than the one that asks; a new machine is invited with `gatepost-central station invite {0}`"
    )]
    OtherKey(String),
    #[error("{0} is not enrolled here; have it invited with `gatepost-central station invite {0}`")]
    NotEnrolled(String),
    #[error("{0} was taken out of service; ask whoever runs central")]
    Revoked(String),
    #[error("the request of {0} is older than its last one, or its clock is wrong; set the clock and ask again")]
    Old(String),
}

impl Refusal {
    /// A short name, for tables and counts.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable-request",
            Self::OtherCode(_) => "other-code",
            Self::Used(_) => "used-code",
            Self::Expired(_) => "expired-code",
            Self::OtherKey(_) => "other-key",
            Self::NotEnrolled(_) => "not-enrolled",
            Self::Revoked(_) => "revoked-station",
            Self::Old(_) => "old-request",
        }
    }

    /// Who it said it was.
    pub fn who(&self) -> &str {
        match self {
            Self::Unreadable(_) => "",
            Self::OtherCode(who)
            | Self::Used(who)
            | Self::Expired(who)
            | Self::OtherKey(who)
            | Self::NotEnrolled(who)
            | Self::Revoked(who)
            | Self::Old(who) => who,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl From<BadRequest> for EnrolError {
    fn from(error: BadRequest) -> Self {
        Refusal::Unreadable(error.to_string()).into()
    }
}

/// Why enrolment cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    #[error("central enrols no stations; add a table [enrolment] to its configuration")]
    NotConfigured,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets stations in.
#[derive(Clone)]
pub struct Registrar(Arc<Inner>);

struct Inner {
    store: Store,
    authority: Authority,
    signatory: Signatory,
    broker_authorities: String,
    broker: (String, u16),
    days: u32,
    crl: PathBuf,
}

impl Registrar {
    /// Makes the authority on the first start, and the broker's list of what was taken back anew.
    ///
    /// # Errors
    /// [`RegistrarError`] names what cannot be used.
    pub async fn open(config: &Config, store: Store, now_ms: i64) -> Result<Self, RegistrarError> {
        let (Some(enrolment), Some(holds)) = (&config.enrolment, &config.holds) else {
            return Err(RegistrarError::NotConfigured);
        };
        let signatory = Signatory::load_or_create(&holds.issuer, &holds.key)?;
        let directory = &config.store.directory;
        let (certificate, key) = enrolment.authority(directory);
        let authority = Authority::load_or_create(&certificate, &key, now_ms)?;
        let broker_authorities = match &enrolment.broker_authorities {
            Some(path) => std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.clone(), error))?,
            None => authority.certificate().to_owned(),
        };
        let registrar = Self(Arc::new(Inner {
            store,
            authority,
            signatory,
            broker_authorities,
            broker: (config.broker.host.clone(), config.broker.port),
            days: enrolment.days,
            crl: enrolment.crl(directory),
        }));
        registrar.write_revocations(now_ms).await?;
        Ok(registrar)
    }

    /// A certificate for whoever shows that it has the code.
    ///
    /// # Errors
    /// [`EnrolError`]: refused, or central cannot now.
    pub async fn enrol(&self, sealed: &Sealed, now_ms: i64) -> Result<Sealed, EnrolError> {
        let inner = &*self.0;
        let request = sealed.open_request().map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let (address, who) = (&request.address, shown(&request.address));
        let invitation = inner.store.invitation(address.station.as_str()).await?;
        let invitation = invitation.filter(|found| found.facility == address.facility.as_str());
        let Some(invitation) = invitation else { return Err(Refusal::OtherCode(who).into()) };
        is_open(&invitation, sealed, &who, now_ms)?;
        // From a clock that is ahead, every renewal would be an older request than this one.
        if !is_now(request.at_ms, now_ms) {
            return Err(Refusal::Old(who).into());
        }
        let signed = self.sign(&request, now_ms)?;
        if !inner.store.enrol(certified(&request, &signed), &invitation.verifier, now_ms).await? {
            return Err(Refusal::Used(who).into());
        }
        // The station is in all the same: its code is used up. The next start, or the next revocation, writes the list again.
        if let Err(error) = self.write_revocations(now_ms).await {
            tracing::error!("enrolment: the broker's list of what was taken back is not up to date: {error}");
        }
        tracing::info!(station = %who, key = %request.key, "enrolment: a station is in");
        Ok(Sealed::answer(&self.answer(sealed, signed), &invitation.verifier))
    }

    /// A new certificate for a station that signs by its enrolled key.
    ///
    /// # Errors
    /// [`EnrolError`]: refused, or central cannot now.
    pub async fn renew(&self, sealed: &Sealed, now_ms: i64) -> Result<Sealed, EnrolError> {
        let inner = &*self.0;
        let request = sealed.open_request().map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let who = shown(&request.address);
        let enrolled = inner.store.enrolled(request.address.station.as_str()).await?;
        may_renew(enrolled.as_ref(), &request, &who, now_ms)?;
        let signed = self.sign(&request, now_ms)?;
        if !inner.store.renew(certified(&request, &signed), now_ms).await? {
            return Err(Refusal::Old(who).into());
        }
        let answer = self.answer(sealed, signed);
        Ok(Sealed::signed_answer(&answer, |bytes| inner.signatory.answers(bytes)))
    }

    /// Takes a station out, or closes the invitation of one that is not in yet; says which.
    ///
    /// # Errors
    /// [`RegistrarError`].
    pub async fn revoke(
        &self,
        address: &Address,
        by_and_why: (&str, &str),
        now_ms: i64,
    ) -> Result<TakenOut, RegistrarError> {
        let taken = self.0.store.revoke_station(address, by_and_why, now_ms).await?;
        if taken == TakenOut::Station {
            self.write_revocations(now_ms).await?;
        }
        Ok(taken)
    }

    /// Where the broker's list of what was taken back is.
    pub fn crl(&self) -> &Path {
        &self.0.crl
    }

    async fn write_revocations(&self, now_ms: i64) -> Result<(), RegistrarError> {
        let mut revoked = self.0.store.revoked_certificates(now_ms).await?;
        loop {
            let list = self.0.authority.revocations(&revoked, now_ms)?;
            // The broker reads it.
            authority::write(&self.0.crl, list.as_bytes(), 0o644)?;
            // A command and a running central may write at once, the one that read first after the other: whoever is last has
            // looked again, and wrote what stands in the database.
            let newest = self.0.store.revoked_certificates(now_ms).await?;
            if newest == revoked {
                return Ok(());
            }
            revoked = newest;
        }
    }

    fn sign(&self, request: &Request, now_ms: i64) -> Result<Signed, EnrolError> {
        let asked = Authority::read(&request.csr)?;
        Ok(self.0.authority.sign(&request.address.station, &asked, self.0.days, now_ms)?)
    }

    fn answer(&self, question: &Sealed, signed: Signed) -> Answer {
        Answer {
            request: question.digest(),
            certificate: signed.pem,
            ends_ms: signed.ends_ms,
            authorities: self.0.broker_authorities.clone(),
            issuer: self.0.signatory.issuer().to_owned(),
            list_key: self.0.signatory.public_key(),
            broker: self.0.broker.clone(),
        }
    }
}

/// Only who has the code hears what became of it. Others may ask as often as they like, and close nothing: a code is 160 random
/// bits. They are written down, and made to wait, where they ask ([`crate::pages`]).
fn is_open(invitation: &Invitation, sealed: &Sealed, who: &str, now_ms: i64) -> Result<(), Refusal> {
    let who = || who.to_owned();
    match invitation.used_ms {
        _ if !sealed.is_by(&invitation.verifier) => Err(Refusal::OtherCode(who())),
        Some(_) => Err(Refusal::Used(who())),
        None if invitation.ends_ms <= now_ms => Err(Refusal::Expired(who())),
        None => Ok(()),
    }
}

fn is_now(at_ms: i64, now_ms: i64) -> bool {
    at_ms.abs_diff(now_ms) <= CLOCK_SLACK_MS.unsigned_abs()
}

fn may_renew(enrolled: Option<&Enrolled>, request: &Request, who: &str, now_ms: i64) -> Result<(), Refusal> {
    let who = || who.to_owned();
    match enrolled {
        Some(known) if known.facility != request.address.facility.as_str() => Err(Refusal::NotEnrolled(who())),
        None => Err(Refusal::NotEnrolled(who())),
        Some(known) if known.key != request.key => Err(Refusal::OtherKey(who())),
        Some(known) if known.revoked_ms.is_some() => Err(Refusal::Revoked(who())),
        Some(known) if request.at_ms <= known.asked_ms => Err(Refusal::Old(who())),
        Some(_) if !is_now(request.at_ms, now_ms) => Err(Refusal::Old(who())),
        Some(_) => Ok(()),
    }
}

fn certified<'a>(request: &'a Request, signed: &'a Signed) -> Certified<'a> {
    Certified {
        address: &request.address,
        key: &request.key,
        asked_ms: request.at_ms,
        serial: &signed.serial,
        ends_ms: signed.ends_ms,
    }
}

/// As commands take it.
pub fn shown(address: &Address) -> String {
    format!("{}/{}", address.facility, address.station)
}

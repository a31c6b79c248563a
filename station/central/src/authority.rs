//! Who signs the certificates that stations show to the broker: an authority of central's own, made on the first start, or
//! one that is given. Names come from central, never from a request.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;
use gatepost_sync::topics::Name;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

const DAY_MS: i64 = 86_400_000;
/// Of an authority made here, and of the list of what was taken back: a broker whose list is too old lets nobody in.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// A certificate is good from a little before: the station's clock may be behind.
const BEFORE_MS: i64 = DAY_MS;
const SERIAL_BYTES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("{0}: cannot be read or written: {1}")]
    File(PathBuf, io::Error),
    #[error("{0}: {1}; give the PEM of an authority that signs for clients, and its key, or neither")]
    Unusable(PathBuf, rcgen::Error),
    #[error("a certificate could not be signed: {0}")]
    Signing(rcgen::Error),
    #[error("no random bytes from the operating system: {0}")]
    Random(getrandom::Error),
}

/// What a request asks for is not signed.
#[derive(Debug, thiserror::Error)]
#[error("the certificate request cannot be used: {0}")]
pub struct BadRequest(String);

pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate for a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub pem: String,
    pub serial: String,
    pub ends_ms: i64,
}

impl Authority {
    /// The authority in these files, made where neither is there.
    ///
    /// # Errors
    /// [`AuthorityError`] names the file.
    pub fn load_or_create(certificate: &Path, key: &Path, now_ms: i64) -> Result<Self, AuthorityError> {
        if !certificate.exists() && !key.exists() {
            make(certificate, key, now_ms)?;
        }
        let read =
            |path: &Path| std::fs::read_to_string(path).map_err(|error| AuthorityError::File(path.to_owned(), error));
        let (pem, key_pem) = (read(certificate)?, read(key)?);
        let pair = KeyPair::from_pem(&key_pem).map_err(|error| AuthorityError::Unusable(key.to_owned(), error))?;
        let issuer = Issuer::from_ca_cert_pem(&pem, pair)
            .map_err(|error| AuthorityError::Unusable(certificate.to_owned(), error))?;
        Ok(Self { certificate: pem, issuer })
    }

    /// PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Reads a request, and that its sender has the key it names.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn read(csr_pem: &str) -> Result<CertificateSigningRequestParams, BadRequest> {
        CertificateSigningRequestParams::from_pem(csr_pem).map_err(|error| BadRequest(error.to_string()))
    }

    /// A certificate for a client of that name; of the request nothing but its key is taken.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn sign(
        &self,
        name: &Name,
        request: &CertificateSigningRequestParams,
        days: u32,
        now_ms: i64,
    ) -> Result<Signed, AuthorityError> {
        let mut serial = [0; SERIAL_BYTES];
        getrandom::fill(&mut serial).map_err(AuthorityError::Random)?;
        // A positive number, and never a shorter one.
        serial[0] = (serial[0] & 0x7f) | 0x40;
        let ends_ms = now_ms + i64::from(days) * DAY_MS;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name.as_str());
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        (params.not_before, params.not_after) = (at(now_ms - BEFORE_MS), at(ends_ms));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let signed = params.signed_by(&request.public_key, &self.issuer).map_err(AuthorityError::Signing)?;
        Ok(Signed { pem: signed.pem(), serial: HEXLOWER.encode(&serial), ends_ms })
    }

    /// The list of what was taken back (serial, and when), for the broker: PEM.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn revocations(&self, revoked: &[(String, i64)], now_ms: i64) -> Result<String, AuthorityError> {
        let one = |(serial, revoked_ms): &(String, i64)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&HEXLOWER.decode(serial.as_bytes()).unwrap_or_default()),
            revocation_time: at(*revoked_ms),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: at(now_ms - BEFORE_MS),
            next_update: at(now_ms + AUTHORITY_DAYS * DAY_MS),
            crl_number: SerialNumber::from_slice(&now_ms.to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(one).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = list.signed_by(&self.issuer).map_err(AuthorityError::Signing)?;
        signed.pem().map_err(AuthorityError::Signing)
    }
}

fn make(certificate: &Path, key: &Path, now_ms: i64) -> Result<(), AuthorityError> {
    let pair = KeyPair::generate().map_err(AuthorityError::Signing)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Gatepost stations");
    (params.not_before, params.not_after) = (at(now_ms - BEFORE_MS), at(now_ms + AUTHORITY_DAYS * DAY_MS));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let own = params.self_signed(&pair).map_err(AuthorityError::Signing)?;
    write(key, pair.serialize_pem().as_bytes(), 0o600)?;
    write(certificate, own.pem().as_bytes(), 0o644)
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut named = rcgen::DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Milliseconds since 1970 as certificates say it.
fn at(at_ms: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).unwrap_or(0))
}

/// Whole or not at all, and never mixed with what another program writes there at the same time; `mode` says for whom.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
    let mut own = [0; 8];
    getrandom::fill(&mut own).map_err(AuthorityError::Random)?;
    let beside = path.with_extension(format!("{}.new", HEXLOWER.encode(&own)));
    let written = || -> io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Ok(()),
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    written().map_err(|error| {
        // Nobody writes to that name again.
        let _ = std::fs::remove_file(&beside);
        AuthorityError::File(path.to_owned(), error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_that_write_at_once_leave_one_whole_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crl.pem");
        std::thread::scope(|scope| {
            for n in 0..4_u8 {
                let path = &path;
                let bytes = vec![b'a' + n; 200_000 + usize::from(n)];
                scope.spawn(move || (0..20).for_each(|_| write(path, &bytes, 0o644).expect("written")));
            }
        });
        let left = std::fs::read(&path).unwrap();
        let n = usize::from(left[0] - b'a');
        assert!(left.len() == 200_000 + n && left.iter().all(|byte| *byte == left[0]), "one's, and all of it");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("none/crl.pem"), b"", 0o644).is_err());
    }
}

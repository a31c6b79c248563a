//! TLS to the broker: certificates from PEM bytes to a rustls configuration. Reads no file, installs nothing process-wide.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// The configuration of every connection of one station or central. Cheap to copy.
#[derive(Clone)]
pub struct Tls(pub(crate) Arc<ClientConfig>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the {0} holds no readable PEM: {1}")]
    Pem(&'static str, String),
    #[error("the {0} holds no certificate")]
    Empty(&'static str),
    #[error("the certificates cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Tls {
    /// `authorities_pem`: who may sign the broker's certificate; no other authority is trusted. `client_pem`: this
    /// station's certificate chain and private key, where the broker asks for one.
    ///
    /// # Errors
    /// [`TlsError`] names what cannot be read.
    pub fn new(authorities_pem: &[u8], client_pem: Option<(&[u8], &[u8])>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates("authority file", authorities_pem)? {
            roots.add(authority)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match client_pem {
            None => builder.with_no_client_auth(),
            Some((chain_pem, key_pem)) => {
                let chain = certificates("certificate file", chain_pem)?;
                let key = PrivateKeyDer::from_pem_slice(key_pem)
                    .map_err(|error| TlsError::Pem("key file", error.to_string()))?;
                builder.with_client_auth_cert(chain, key)?
            }
        };
        Ok(Self(Arc::new(config)))
    }
}

fn certificates(file: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Pem(file, error.to_string()))?;
    if found.is_empty() { Err(TlsError::Empty(file)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_certificates_are_named() {
        assert!(matches!(Tls::new(b"", None), Err(TlsError::Empty("authority file"))));
        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(matches!(Tls::new(cut, None), Err(TlsError::Pem("authority file", _))));
        let nonsense = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(Tls::new(nonsense, None), Err(TlsError::Unusable(_))));
    }
}

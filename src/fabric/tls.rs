//! TLS files in PEM.

use crate::secret::Secret;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tonic::transport::{Certificate, Identity};

/// The authorities of TLS certificates, in PEM. At least one.
#[derive(Clone, Debug)]
pub struct TlsRoot(String);

/// A TLS certificate with its private key, in PEM. In Fabric, a member's signing certificate is another certificate.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    certificate: String,
    key: Secret<String>,
}

/// Why a TLS file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text has no certificate, or one that is not whole.
    #[error("no certificate in PEM")]
    NoCertificate,
    /// The text has no private key, or one that is not whole.
    #[error("no private key in PEM")]
    NoKey,
}

impl TlsRoot {
    /// The certificates of the authorities in `pem`. A text without any is refused: rustls takes an empty list of roots
    /// without a word.
    ///
    /// # Errors
    /// [`TlsError::NoCertificate`].
    pub fn new(pem: String) -> Result<Self, TlsError> {
        check_certificates(&pem)?;
        Ok(Self(pem))
    }

    /// The certificates in PEM.
    pub fn pem(&self) -> &str {
        &self.0
    }

    /// The form that tonic reads.
    pub(super) fn to_tonic(&self) -> Certificate {
        Certificate::from_pem(&self.0)
    }
}

impl TlsIdentity {
    /// The certificate, followed by intermediate certificates if there are any, and the private key, both in PEM.
    ///
    /// # Errors
    /// [`TlsError`]. Whether the key belongs to the certificate is found out when a connection is made.
    pub fn new(certificate: String, key: Secret<String>) -> Result<Self, TlsError> {
        check_certificates(&certificate)?;
        match PrivateKeyDer::from_pem_slice(key.expose().as_bytes()) {
            Ok(_) => Ok(Self { certificate, key }),
            Err(_) => Err(TlsError::NoKey),
        }
    }

    /// The certificate in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The private key in PEM.
    pub const fn key(&self) -> &Secret<String> {
        &self.key
    }

    /// The form that tonic reads, with a copy of the key that is not overwritten.
    pub(super) fn to_tonic(&self) -> Identity {
        Identity::from_pem(&self.certificate, self.key.expose())
    }
}

fn check_certificates(pem: &str) -> Result<(), TlsError> {
    let mut parts = CertificateDer::pem_slice_iter(pem.as_bytes()).peekable();
    if parts.peek().is_some() && parts.all(|part| part.is_ok()) { Ok(()) } else { Err(TlsError::NoCertificate) }
}

//! TLS files in PEM.

use crate::secret::Secret;
use tonic::transport::Identity;

/// A TLS certificate with its private key, in PEM. Fabric keeps them apart from a member's signing certificate.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    certificate: String,
    key: Secret<String>,
}

/// Why a TLS file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text has no part of this kind.
    #[error("no {what} in PEM")]
    NotPem {
        /// What the text should hold.
        what: &'static str,
    },
}

impl TlsIdentity {
    /// The certificate, with those between it and its root if there are any, and the private key, both in PEM.
    ///
    /// # Errors
    /// [`TlsError::NotPem`]. Whether the key belongs to the certificate is found out when a connection is made.
    pub fn new(certificate: String, key: Secret<String>) -> Result<Self, TlsError> {
        check_pem("certificate", &certificate, CERTIFICATE)?;
        if key.expose().contains("PRIVATE KEY-----") {
            Ok(Self { certificate, key })
        } else {
            Err(TlsError::NotPem { what: "private key" })
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

/// How a certificate begins in PEM.
pub(super) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Checks that the text has a part of this kind: rustls takes an empty list of roots without a word.
pub(super) fn check_pem(what: &'static str, text: &str, begin: &str) -> Result<(), TlsError> {
    if text.contains(begin) { Ok(()) } else { Err(TlsError::NotPem { what }) }
}

//! Certificates: X.509 v3 in DER (RFC 5280). Each is parsed once.
//!
//! `from_der` checks only the form: strict DER, the profile of this crate, and a signature with a low s.
//! [`Msp`](super::Msp) checks that the issuer is trusted, that the issuer signed the certificate, and that the
//! certificate is not revoked.

use super::error::IdentityError;
use super::keys::{Signature, VerifyingKey};
use super::profile::Statement;
use super::sealed::SealingPublicKey;
use super::serial::Serial;
use super::subject::Subject;
use crate::error::DecodeError;
use crate::hash::{Digest, sha256};
use crate::time::Seconds;
use crate::wire::{Reader, Wire, Writer};
use core::fmt;
use der::{Decode, Encode};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// A certificate: an authority's statement about the holder of a public key. About 600 bytes; cloning copies a pointer.
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    /// The range of the signed part in `der`.
    signed: core::ops::Range<usize>,
    statement: Statement,
    signature: Signature,
    fingerprint: Digest,
}

impl Certificate {
    /// The longest DER in bytes that is accepted.
    pub const LIMIT: u32 = 4096;

    /// Reads a certificate from DER and checks its form.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] naming the part, [`IdentityError::BadKey`], [`IdentityError::HighS`].
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        Self::parse(der, sha256(&[der]))
    }

    /// `fingerprint` is SHA-256 of the DER.
    fn parse(der: &[u8], fingerprint: Digest) -> Result<Self, IdentityError> {
        const NOT_DER: IdentityError = IdentityError::malformed("DER");
        if der.len() > Self::LIMIT as usize {
            return Err(IdentityError::malformed("length"));
        }
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| NOT_DER)?;
        // A certificate has one encoding: encoding the parsed certificate must give the same bytes.
        if parsed.to_der().map_err(|_| NOT_DER)? != der {
            return Err(NOT_DER);
        }
        let tbs = parsed.tbs_certificate();
        if parsed.signature_algorithm() != tbs.signature() {
            return Err(IdentityError::malformed("signature algorithm"));
        }
        let signature = parsed.signature().as_bytes().ok_or(IdentityError::malformed("signature"))?;
        Ok(Self(Arc::new(Parsed {
            signed: signed_part(&parsed, der.len()).ok_or(NOT_DER)?,
            statement: Statement::read(tbs)?,
            signature: Signature::from_der(signature)?,
            fingerprint,
            der: der.to_vec(),
        })))
    }

    /// Reads a certificate from exactly the text that [`to_pem`](Self::to_pem) writes.
    ///
    /// # Errors
    /// [`IdentityError::BadPem`] for any other text; those of [`from_der`](Self::from_der).
    pub fn from_pem(pem: &str) -> Result<Self, IdentityError> {
        const NOT_PEM: IdentityError = IdentityError::BadPem { what: Certificate::NAME };
        if pem.len() > 2 * Self::LIMIT as usize {
            return Err(NOT_PEM);
        }
        let (label, der) = der::pem::decode_vec(pem.as_bytes()).map_err(|_| NOT_PEM)?;
        if label != Self::LABEL {
            return Err(NOT_PEM);
        }
        let certificate = Self::from_der(&der)?;
        if certificate.to_pem()? == pem { Ok(certificate) } else { Err(NOT_PEM) }
    }

    /// The certificate in PEM (RFC 7468), about 900 bytes: the form of Fabric's MSPs and creators.
    ///
    /// # Errors
    /// [`IdentityError::BadPem`] where the encoder fails, which no certificate is known to cause.
    pub fn to_pem(&self) -> Result<String, IdentityError> {
        let pem = der::pem::encode_string(Self::LABEL, der::pem::LineEnding::LF, self.der());
        pem.map_err(|_| IdentityError::BadPem { what: Self::NAME })
    }

    const LABEL: &'static str = "CERTIFICATE";

    /// As [`from_der`](Self::from_der), with a process-wide cache of certificates: the peers' certificates are in every
    /// transaction, and parsing one costs a fifth of verifying a signature. The cache holds at most [`Self::KNOWN`]
    /// certificates; a full cache is cleared.
    fn known(der: &[u8]) -> Result<Self, IdentityError> {
        static KNOWN: LazyLock<RwLock<HashMap<Digest, Certificate>>> = LazyLock::new(RwLock::default);
        let fingerprint = sha256(&[der]);
        // Every entry is correct even after a panic in another thread, so a poisoned lock is ignored.
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint) {
            return Ok(known.clone());
        }
        let certificate = Self::parse(der, fingerprint)?;
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::KNOWN {
            known.clear();
        }
        known.insert(fingerprint, certificate.clone());
        Ok(certificate)
    }

    /// The largest number of certificates in the cache, each of at most a few kilobytes.
    const KNOWN: usize = 1 << 10;

    /// The DER, at most 4096 bytes.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The organisation, role and identifier of the holder.
    pub fn subject(&self) -> &Subject {
        &self.0.statement.subject
    }

    /// The subject of the authority that issued the certificate.
    pub fn issuer(&self) -> &Subject {
        &self.0.statement.issuer
    }

    /// The holder's public key.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.statement.verifying_key
    }

    /// The holder's key for [`seal`](super::seal). A user has none: the same key in k certificates would link them.
    pub fn sealing_key(&self) -> Option<&SealingPublicKey> {
        self.0.statement.sealing_key.as_ref()
    }

    /// The serial number that the authority gave the certificate.
    pub fn serial(&self) -> Serial {
        self.0.statement.serial
    }

    /// The first second of validity.
    pub fn not_before(&self) -> Seconds {
        self.0.statement.not_before
    }

    /// The last second of validity.
    pub fn not_after(&self) -> Seconds {
        self.0.statement.not_after
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Digest {
        self.0.fingerprint
    }

    /// Checks that this certificate can take the place of `old`: it has the same subject and keys, and does not end earlier.
    /// Does not check who issued it.
    pub(crate) fn replaces(&self, old: &Self) -> Result<(), IdentityError> {
        match self {
            _ if self.subject() != old.subject() => Err(IdentityError::UnknownMember),
            _ if self.verifying_key() != old.verifying_key() => {
                Err(IdentityError::Inconsistent { what: "signing key" })
            }
            _ if self.sealing_key() != old.sealing_key() => Err(IdentityError::Inconsistent { what: "sealing key" }),
            _ if self.not_after() < old.not_after() => Err(IdentityError::Superseded),
            _ => Ok(()),
        }
    }

    /// Checks that `issuer` signed this certificate.
    ///
    /// # Errors
    /// [`IdentityError::BadSignature`].
    pub fn verify(&self, issuer: &VerifyingKey) -> Result<(), IdentityError> {
        issuer.verify(&self.0.der[self.0.signed.clone()], &self.0.signature)
    }
}

/// The range of tbsCertificate in a canonical certificate of `length` bytes. It is the first element of the outer
/// SEQUENCE.
fn signed_part(parsed: &x509_cert::Certificate, length: usize) -> Option<core::ops::Range<usize>> {
    let signed = usize::try_from(parsed.tbs_certificate().encoded_len().ok()?).ok()?;
    let content = [parsed.signature_algorithm().encoded_len().ok()?, parsed.signature().encoded_len().ok()?];
    let rest = content.into_iter().try_fold(0, |sum, n| usize::try_from(n).ok().map(|n| sum + n))?;
    let start = length.checked_sub(signed)?.checked_sub(rest)?;
    Some(start..start + signed)
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl core::hash::Hash for Certificate {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.fingerprint.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { organisation, role, id } = self.subject();
        write!(f, "Certificate({organisation:?}, {role}, {id})")
    }
}

/// The length, then the DER of at most [`Certificate::LIMIT`] bytes.
impl Wire for Certificate {
    const NAME: &'static str = "certificate";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.der());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let der = input.bytes(Self::NAME, Self::LIMIT)?;
        Self::known(der).map_err(|_| DecodeError::NonCanonical { what: Self::NAME })
    }
}

#[cfg(test)]
mod tests;

//! Fabric's identities: a certificate in PEM, with the name of the organisation that issued it (the MSP identifier).

use super::messages::{MessageError, SerializedIdentity, decode};
use crate::hash::sha256;
use crate::identity::{Certificate, IdentityError};
use crate::ledger::{Nonce, TxId};
use prost::Message;

/// The longest identity that is read, in bytes.
const LIMIT: usize = 2 * Certificate::LIMIT as usize;

/// A member of an organisation of a Fabric network, as stated: whether the organisation issued the certificate is not
/// checked here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The organisation's MSP identifier.
    pub mspid: String,
    /// The certificate.
    pub certificate: Certificate,
}

/// An organisation of a Fabric network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organisation {
    /// The organisation's MSP identifier.
    pub mspid: String,
    /// The root certificate of its members.
    pub root: Certificate,
}

/// Why the bytes of an identity were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityProblem {
    /// The bytes are not an identity.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The certificate is not one of this crate's.
    #[error(transparent)]
    Certificate(#[from] IdentityError),
}

impl Identity {
    /// Reads `msp.SerializedIdentity`, at most 8192 bytes.
    ///
    /// # Errors
    /// [`IdentityProblem`].
    pub fn read(bytes: &[u8]) -> Result<Self, IdentityProblem> {
        const WHAT: &str = "identity";
        let SerializedIdentity { mspid, certificate } = decode(WHAT, bytes, LIMIT)?;
        let pem = core::str::from_utf8(&certificate).map_err(|_| MessageError::Malformed { what: WHAT })?;
        Ok(Self { mspid, certificate: Certificate::from_pem(pem)? })
    }

    /// The encoding of `msp.SerializedIdentity`, which Fabric sends and hashes.
    ///
    /// # Errors
    /// [`IdentityError`] where the certificate cannot be written in PEM, which is not known to happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IdentityError> {
        let certificate = self.certificate.to_pem()?.into_bytes();
        Ok(SerializedIdentity { mspid: self.mspid.clone(), certificate }.encode_to_vec())
    }
}

/// The txid of a transaction by the creator whose identity has these bytes, with `nonce`: SHA-256(nonce || creator), as
/// Fabric computes it (protoutil/proputils.go). The embedded ledger hashes the certificate's DER in place of the
/// identity.
pub(super) fn txid(nonce: &Nonce, creator: &[u8]) -> TxId {
    TxId(sha256(&[&nonce.0, creator]))
}

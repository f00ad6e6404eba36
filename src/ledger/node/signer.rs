//! The signing identity of a node.

use crate::identity::{Certificate, IdentityError, Member, Msp, SigningKey};

/// The certificate of a peer or orderer with its private key.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The certificate.
    pub certificate: Certificate,
    /// The private key of the certificate.
    pub key: SigningKey,
}

impl Signer {
    /// The member of the certificate; an error if the key is not the certificate's.
    pub(super) fn member(&self, msp: &Msp) -> Result<Member, IdentityError> {
        let member = msp.validate(&self.certificate)?;
        if member.verifying_key != self.key.verifying_key() {
            return Err(IdentityError::Inconsistent { what: "signing key" });
        }
        Ok(member)
    }
}

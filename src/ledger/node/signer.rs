//! The signing identity of a node.

use crate::identity::{Certificate, IdentityError, Member, Msp, Renewal, SigningKey};

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

    /// The request for a new certificate.
    pub(super) fn renewal(&self) -> Renewal {
        Renewal::new(&self.certificate, &self.key)
    }

    /// Replaces the certificate by a new one of the same subject and key.
    pub(super) fn renewed(&mut self, certificate: &Certificate, msp: &Msp) -> Result<(), IdentityError> {
        certificate.replaces(&self.certificate)?;
        let new = Self { certificate: certificate.clone(), key: self.key.clone() };
        new.member(msp)?;
        *self = new;
        Ok(())
    }
}

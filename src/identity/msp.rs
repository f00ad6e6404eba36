//! The membership check: validates a certificate and returns the member that it names.
//!
//! Paper: section 3.1 (MSP). There are two checks, as in Fabric (msp/mspimpl*.go). A certificate in a block is
//! validated without a clock, so that every peer that replays the chain gets the same result. Before a proposal is
//! simulated, the certificate's period of validity is checked, too.
//!
//! ```text
//! validate(Cert):       issuer is a trusted root;  signature;  issuer may give role and organisation;  not revoked
//! validate_at(Cert, t): validate(Cert) and not_before <= t <= not_after
//! ```

use super::certificate::Certificate;
use super::error::IdentityError;
use super::keys::VerifyingKey;
use super::revocation::RevocationList;
use super::role::{ParticipantGroup, Role};
use super::sealed::SealingPublicKey;
use super::serial::Serial;
use super::subject::MemberId;
use crate::hash::Digest;
use crate::time::Seconds;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

/// A member: the content of a certificate that was validated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// The name of the group, or of one organisation in it.
    pub organisation: String,
    /// The role.
    pub role: Role,
    /// The identifier. A user's identifier is the pseudonym ID_i.
    pub id: MemberId,
    /// The public key that verifies the member's signatures.
    pub verifying_key: VerifyingKey,
    /// The public key to which messages are sealed; `None` for a user.
    pub sealing_key: Option<SealingPublicKey>,
}

impl Member {
    /// The member that a certificate names, whoever issued it.
    pub(super) fn named_in(certificate: &Certificate) -> Self {
        let subject = certificate.subject();
        Self {
            organisation: subject.organisation.clone(),
            role: subject.role,
            id: subject.id,
            verifying_key: *certificate.verifying_key(),
            sealing_key: certificate.sealing_key().copied(),
        }
    }
}

/// The trusted roots, at most one for each organisation, and the certificates that they have revoked. The users, the
/// hospitals and the clouds are one organisation each.
#[derive(Default)]
pub struct Msp {
    /// The roots, by the organisation in the root.
    roots: BTreeMap<String, Trusted>,
    /// Certificates whose form, issuer, signature, role and organisation were checked before.
    verified: RwLock<HashMap<Digest, Member>>,
}

struct Trusted {
    root: Certificate,
    revocations: u64,
    revoked: BTreeSet<Serial>,
}

impl Msp {
    /// The largest number of certificates in the cache of verified certificates, about 300 bytes each. A full cache is
    /// cleared.
    const CACHE: usize = 1 << 16;

    /// Creates an MSP without a trusted root.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts `root` for the organisation that it names, and returns the organisation's group. Repeating the call
    /// changes nothing.
    ///
    /// # Errors
    /// [`IdentityError::NotARoot`], [`IdentityError::BadSignature`], [`IdentityError::RootConflict`],
    /// [`IdentityError::SameRootIdentifier`].
    pub fn trust(&mut self, root: &Certificate) -> Result<ParticipantGroup, IdentityError> {
        let subject = root.subject();
        if subject.role != Role::Authority || root.issuer() != subject {
            return Err(IdentityError::NotARoot);
        }
        root.verify(root.verifying_key())?;
        let organisation = &subject.organisation;
        let mut others = self.roots.iter().filter(|(other, _)| *other != organisation);
        if let Some((other, _)) = others.find(|(_, trusted)| trusted.root.subject().id == subject.id) {
            return Err(IdentityError::SameRootIdentifier(other.clone(), organisation.clone()));
        }
        match self.roots.get(organisation) {
            Some(known) if known.root != *root => return Err(IdentityError::RootConflict(organisation.clone())),
            Some(_) => {}
            None => {
                let trusted = Trusted { root: root.clone(), revocations: 0, revoked: BTreeSet::new() };
                self.roots.insert(organisation.clone(), trusted);
            }
        }
        Ok(ParticipantGroup::of_root(organisation))
    }

    /// Replaces an authority's revocation list by a list that is at least as new.
    ///
    /// The result of [`validate`](Self::validate) depends on the lists: peers that must agree on old blocks must hold
    /// the same lists when they read the blocks.
    ///
    /// # Errors
    /// [`IdentityError::UnknownIssuer`], [`IdentityError::BadSignature`], [`IdentityError::StaleRevocations`].
    pub fn revoke(&mut self, list: &RevocationList) -> Result<(), IdentityError> {
        let trusted = self.roots.values_mut().find(|t| t.root.subject().id == list.authority());
        let trusted = trusted.ok_or(IdentityError::UnknownIssuer)?;
        list.verify(trusted.root.verifying_key())?;
        if list.number() < trusted.revocations {
            return Err(IdentityError::StaleRevocations { known: trusted.revocations, got: list.number() });
        }
        trusted.revocations = list.number();
        trusted.revoked = list.serials().iter().copied().collect();
        Ok(())
    }

    /// Validates a certificate without a clock, for transactions in blocks.
    ///
    /// # Errors
    /// [`IdentityError::UnknownIssuer`], [`IdentityError::BadSignature`], [`IdentityError::WrongRole`],
    /// [`IdentityError::WrongOrganisation`], [`IdentityError::Revoked`].
    pub fn validate(&self, certificate: &Certificate) -> Result<Member, IdentityError> {
        let issuer = certificate.issuer();
        let trusted = self.roots.get(&issuer.organisation).ok_or(IdentityError::UnknownIssuer)?;
        if trusted.root.subject() != issuer {
            return Err(IdentityError::UnknownIssuer);
        }
        let member = self.verified(trusted, certificate)?;
        if trusted.revoked.contains(&certificate.serial()) { Err(IdentityError::Revoked) } else { Ok(member) }
    }

    /// Validates a certificate at `now`, for incoming proposals.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate), [`IdentityError::NotYetValid`], [`IdentityError::Expired`].
    pub fn validate_at(&self, certificate: &Certificate, now: Seconds) -> Result<Member, IdentityError> {
        let member = self.validate(certificate)?;
        match now {
            _ if now < certificate.not_before() => Err(IdentityError::NotYetValid),
            _ if now > certificate.not_after() => Err(IdentityError::Expired),
            _ => Ok(member),
        }
    }

    /// Checks the properties of a certificate that never change: signature, role and organisation. The result is
    /// cached.
    fn verified(&self, trusted: &Trusted, certificate: &Certificate) -> Result<Member, IdentityError> {
        let fingerprint = certificate.fingerprint();
        // Every entry is correct even after a panic in another thread, so a poisoned lock is ignored.
        if let Some(member) = self.verified.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint) {
            return Ok(member.clone());
        }
        certificate.verify(trusted.root.verifying_key())?;
        trusted.root.subject().check_issues(certificate.subject())?;
        let member = Member::named_in(certificate);
        let mut verified = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= Self::CACHE {
            verified.clear();
        }
        verified.insert(fingerprint, member.clone());
        Ok(member)
    }
}

impl core::fmt::Debug for Msp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map().entries(self.roots.iter().map(|(organisation, t)| (organisation, &t.root))).finish()
    }
}

#[cfg(test)]
mod tests;

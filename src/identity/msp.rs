//! The membership check: which certificates count, and for what.
//!
//! Paper: section 3.1 (MSP). As in Fabric (msp/mspimpl*.go) there are two checks: a certificate inside a block is
//! validated without a clock, so that every peer that replays the chain comes to the same result; at ingress, before a
//! proposal is simulated, its time counts too.
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

/// Somebody whose certificate was validated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// The group, or one organisation of it.
    pub organisation: String,
    /// The one role.
    pub role: Role,
    /// The identifier: for a user the pseudonym ID_i.
    pub id: MemberId,
    /// The key that signs.
    pub verifying_key: VerifyingKey,
    /// The key to which messages are sealed; a user has none.
    pub sealing_key: Option<SealingPublicKey>,
}

/// The trusted roots, at most one for each group, and what they have revoked.
#[derive(Default)]
pub struct Msp {
    roots: BTreeMap<ParticipantGroup, Trusted>,
    /// Certificates whose form, issuer, signature, role and organisation were checked before.
    verified: RwLock<HashMap<Digest, Member>>,
}

struct Trusted {
    root: Certificate,
    revocations: u64,
    revoked: BTreeSet<Serial>,
}

impl Msp {
    /// Certificates that are remembered as verified, about 300 bytes each; then the memory starts afresh.
    const CACHE: usize = 1 << 16;

    /// Trusts nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts `root` for the group that it names. Trusting it twice changes nothing.
    ///
    /// # Errors
    /// [`IdentityError::NotARoot`], [`IdentityError::BadSignature`], [`IdentityError::RootConflict`].
    pub fn trust(&mut self, root: &Certificate) -> Result<ParticipantGroup, IdentityError> {
        let subject = root.subject();
        let group = ParticipantGroup::named(&subject.organisation).ok_or(IdentityError::NotARoot)?;
        if subject.role != Role::Authority || root.issuer() != subject {
            return Err(IdentityError::NotARoot);
        }
        root.verify(root.verifying_key())?;
        match self.roots.get(&group) {
            Some(known) if known.root != *root => Err(IdentityError::RootConflict(group)),
            Some(_) => Ok(group),
            None => {
                let trusted = Trusted { root: root.clone(), revocations: 0, revoked: BTreeSet::new() };
                self.roots.insert(group, trusted);
                Ok(group)
            }
        }
    }

    /// Takes over an authority's revocation list.
    ///
    /// The lists are part of what [`validate`](Self::validate) depends on: peers that must agree on old blocks must
    /// hold the same lists when they read them.
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

    /// Validates without a clock, for transactions in blocks.
    ///
    /// # Errors
    /// [`IdentityError::UnknownIssuer`], [`IdentityError::BadSignature`], [`IdentityError::WrongRole`],
    /// [`IdentityError::WrongOrganisation`], [`IdentityError::Revoked`].
    pub fn validate(&self, certificate: &Certificate) -> Result<Member, IdentityError> {
        let issuer = certificate.issuer();
        let group = ParticipantGroup::named(&issuer.organisation).ok_or(IdentityError::UnknownIssuer)?;
        let trusted = self.roots.get(&group).ok_or(IdentityError::UnknownIssuer)?;
        if trusted.root.subject() != issuer {
            return Err(IdentityError::UnknownIssuer);
        }
        let member = self.verified(group, trusted, certificate)?;
        if trusted.revoked.contains(&certificate.serial()) { Err(IdentityError::Revoked) } else { Ok(member) }
    }

    /// Validates at `now`, for incoming proposals.
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

    /// All that never changes once it was true: signature, role, organisation.
    fn verified(
        &self,
        group: ParticipantGroup,
        trusted: &Trusted,
        certificate: &Certificate,
    ) -> Result<Member, IdentityError> {
        let fingerprint = certificate.fingerprint();
        // A panic elsewhere cannot leave a wrong entry behind, so a poisoned lock is as good as a clean one.
        if let Some(member) = self.verified.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint) {
            return Ok(member.clone());
        }
        certificate.verify(trusted.root.verifying_key())?;
        let subject = certificate.subject();
        subject.check_group(group)?;
        let member = Member {
            organisation: subject.organisation.clone(),
            role: subject.role,
            id: subject.id,
            verifying_key: *certificate.verifying_key(),
            sealing_key: certificate.sealing_key().copied(),
        };
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
        f.debug_map().entries(self.roots.iter().map(|(group, t)| (group, &t.root))).finish()
    }
}

#[cfg(test)]
mod tests;

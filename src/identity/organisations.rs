//! The organisations of a Fabric network and the groups to which they belong.
//!
//! Paper: section 3.1 (MSP) and the participant groups of Figure 2.
//!
//! A Fabric network names each organisation by an MSP identifier. A transaction contains the MSP identifier of its
//! creator next to the creator's certificate. A peer checks that a root of this MSP issued the certificate, and that
//! the certificate is not revoked. The peer does not check which of the paper's roles the organisation may issue:
//! without this map, every organisation of the channel could issue certificates of hospitals. All endorsers need the
//! same map.

use super::certificate::Certificate;
use super::error::IdentityError;
use super::msp::Member;
use super::role::{ParticipantGroup, Role};
use core::str::FromStr;
use std::collections::BTreeMap;

/// The group of each organisation, by its MSP identifier.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Organisations(BTreeMap<String, ParticipantGroup>);

impl Organisations {
    /// The longest MSP identifier in bytes.
    pub const ID_LIMIT: usize = 64;

    /// Creates the map from MSP identifiers and groups.
    ///
    /// # Errors
    /// [`IdentityError::BadMspId`], [`IdentityError::SameMspId`].
    pub fn new<T: Into<String>>(pairs: impl IntoIterator<Item = (T, ParticipantGroup)>) -> Result<Self, IdentityError> {
        let mut groups = BTreeMap::new();
        for (mspid, group) in pairs {
            let mspid = mspid.into();
            if mspid.is_empty() || mspid.len() > Self::ID_LIMIT || mspid.contains(|c: char| c == '=' || c.is_control())
            {
                return Err(IdentityError::BadMspId(mspid));
            }
            if groups.insert(mspid.clone(), group).is_some() {
                return Err(IdentityError::SameMspId(mspid));
            }
        }
        Ok(Self(groups))
    }

    /// Reads one entry of the form `MSP=GROUP`, for example `UsersMSP=users`.
    ///
    /// # Errors
    /// [`IdentityError::BadOrganisation`]. [`new`](Self::new) checks the MSP identifier.
    pub fn parse(text: &str) -> Result<(String, ParticipantGroup), IdentityError> {
        let entry = text.split_once('=').and_then(|(id, group)| Some((id.to_owned(), ParticipantGroup::named(group)?)));
        entry.ok_or_else(|| IdentityError::BadOrganisation(text.to_owned()))
    }

    /// The group of an organisation.
    ///
    /// # Errors
    /// [`IdentityError::UnknownMspId`].
    pub fn group(&self, mspid: &str) -> Result<ParticipantGroup, IdentityError> {
        self.0.get(mspid).copied().ok_or_else(|| IdentityError::UnknownMspId(mspid.to_owned()))
    }

    /// The MSP identifiers, ascending, with the groups.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ParticipantGroup)> {
        self.0.iter().map(|(mspid, group)| (mspid.as_str(), *group))
    }

    /// The member whom a certificate names, where a peer has already checked that the MSP `mspid` issued the
    /// certificate. Checks that the issuer is a root of the organisation's group and may issue the role and the name in
    /// the certificate.
    ///
    /// This is no validation: neither the issuer's signature nor the time nor revocation is checked. Unless a peer has
    /// checked all three, use [`Msp::validate_at`](super::Msp::validate_at).
    ///
    /// # Errors
    /// [`IdentityError::UnknownMspId`]; [`IdentityError::NotARoot`] and [`IdentityError::WrongGroup`] for another
    /// issuer; [`IdentityError::WrongRole`]; [`IdentityError::WrongOrganisation`].
    pub fn member_proved_by_peer(&self, mspid: &str, certificate: &Certificate) -> Result<Member, IdentityError> {
        let (group, issuer) = (self.group(mspid)?, certificate.issuer());
        if issuer.role != Role::Authority {
            return Err(IdentityError::NotARoot);
        }
        if ParticipantGroup::of_root(&issuer.organisation) != group {
            return Err(IdentityError::WrongGroup { organisation: issuer.organisation.clone(), group });
        }
        issuer.check_issues(certificate.subject())?;
        Ok(Member::named_in(certificate))
    }
}

/// Entries separated by commas: `UsersMSP=users,CareMSP=hospitals`.
impl FromStr for Organisations {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        Self::new(text.split(',').map(Self::parse).collect::<Result<Vec<_>, _>>()?)
    }
}

#[cfg(test)]
mod tests;

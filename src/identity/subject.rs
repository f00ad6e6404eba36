//! The subject of a certificate: an organisation, exactly one role, and an identifier.

use super::error::IdentityError;
use super::role::{ParticipantGroup, Role};
use crate::identifier::Pseudonym;
use crate::wire::forms::wire_newtype;
use core::fmt;
use rand_core::CryptoRng;

/// The identifier in a certificate: 32 bytes, printed as 64 hex digits. For a user it is the pseudonym ID_i; any other
/// identifier is random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub [u8; 32]);

wire_newtype!(MemberId, 32, "member identifier", hex);

impl MemberId {
    /// A fresh identifier.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl From<Pseudonym> for MemberId {
    fn from(id: Pseudonym) -> Self {
        Self(id.0)
    }
}

impl From<MemberId> for Pseudonym {
    fn from(id: MemberId) -> Self {
        Self(id.0)
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberId({self})")
    }
}

/// The subject of a certificate: in X.509 the name O, OU, CN in this order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// O: the group, or an organisation of that group such as one hospital ([`role`](super::role)). 1 to 64 bytes of
    /// text without control characters (the bound of RFC 5280, appendix A.1).
    pub organisation: String,
    /// OU: exactly one role.
    pub role: Role,
    /// CN: the identifier, 64 hex digits.
    pub id: MemberId,
}

impl Subject {
    /// The bound on the organisation's name in bytes.
    pub const ORGANISATION_LIMIT: usize = 64;

    /// Checks that an authority with this subject may issue for `member`: the role is one of its group's; in the ledger
    /// group the organisation is the authority's own, and in another group it is not the name of another group.
    pub(super) fn check_issues(&self, member: &Self) -> Result<(), IdentityError> {
        let group = ParticipantGroup::of_root(&self.organisation);
        if !group.may_issue(member.role) {
            return Err(IdentityError::WrongRole { group, role: member.role });
        }
        let own = match group {
            ParticipantGroup::Ledger => member.organisation == self.organisation,
            _ => ParticipantGroup::named(&member.organisation).is_none_or(|named| named == group),
        };
        let (authority, organisation) = (&self.organisation, &member.organisation);
        let wrong =
            || IdentityError::WrongOrganisation { authority: authority.clone(), organisation: organisation.clone() };
        if own { Ok(()) } else { Err(wrong()) }
    }

    /// Creates a subject. Checks that the organisation's name can be written into a certificate.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] for an organisation outside the bounds above.
    pub fn new(organisation: &str, role: Role, id: MemberId) -> Result<Self, IdentityError> {
        let length = organisation.len();
        if length == 0 || length > Self::ORGANISATION_LIMIT || organisation.chars().any(char::is_control) {
            return Err(IdentityError::malformed("organisation"));
        }
        Ok(Self { organisation: organisation.to_owned(), role, id })
    }
}

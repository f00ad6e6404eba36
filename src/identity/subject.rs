//! Who a certificate speaks of: organisation, exactly one role, identifier.

use super::IdentityError;
use crate::identifier::Pseudonym;
use crate::wire::forms::wire_newtype;
use core::fmt;
use rand_core::CryptoRng;

/// A group of participants with a certificate authority of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// Patients.
    Users,
    /// Hospitals.
    Hospitals,
    /// The cloud operators: proxies of the re-encryption.
    Cloud,
    /// Peers and orderers.
    Ledger,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Users, Self::Hospitals, Self::Cloud, Self::Ledger];

    /// The name that stands as the organisation of the group's root.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Hospitals => "hospitals",
            Self::Cloud => "cloud",
            Self::Ledger => "ledger",
        }
    }

    /// The group of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    /// Whether the group's authority may give `role`. [`Role::Authority`] is only its own.
    pub const fn may_issue(self, role: Role) -> bool {
        matches!(
            (self, role),
            (Self::Users, Role::User)
                | (Self::Hospitals, Role::Hospital)
                | (Self::Cloud, Role::Cloud)
                | (Self::Ledger, Role::Peer | Role::Orderer)
        )
    }

    /// Checks that the group's authority may issue for `subject`: its role, and no other group's name.
    pub(super) fn admits(self, subject: &Subject) -> Result<(), IdentityError> {
        if !self.may_issue(subject.role) {
            return Err(IdentityError::WrongRole { group: self, role: subject.role });
        }
        match Self::named(&subject.organisation) {
            Some(other) if other != self => Err(IdentityError::WrongOrganisation { group: self }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the bearer of a certificate may do. Each certificate has exactly one, as with Fabric's NodeOUs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Issues certificates.
    Authority,
    /// Owns records.
    User,
    /// Writes and receives records.
    Hospital,
    /// Stores and re-encrypts.
    Cloud,
    /// Endorses and commits.
    Peer,
    /// Orders transactions into blocks.
    Orderer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [Self::Authority, Self::User, Self::Hospital, Self::Cloud, Self::Peer, Self::Orderer];

    /// The word that stands in the certificate.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::User => "user",
            Self::Hospital => "hospital",
            Self::Cloud => "cloud",
            Self::Peer => "peer",
            Self::Orderer => "orderer",
        }
    }

    /// Whether it takes part in the flow, and so proposes transactions; nodes and authorities do not.
    pub const fn proposes(self) -> bool {
        matches!(self, Self::User | Self::Hospital | Self::Cloud)
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The identifier in a certificate: 32 bytes, 64 hex digits. A user's is the pseudonym ID_i, any other is random.
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
    /// O: the group, or an organisation of that group such as one hospital. 1 to 64 bytes of text without control
    /// characters (the bound of RFC 5280, appendix A.1).
    pub organisation: String,
    /// OU: exactly one role.
    pub role: Role,
    /// CN: the identifier, 64 hex digits.
    pub id: MemberId,
}

impl Subject {
    /// The bound on the organisation's name in bytes.
    pub const ORGANISATION_LIMIT: usize = 64;

    /// A subject with a name that can stand in a certificate.
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

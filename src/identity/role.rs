//! The participant groups and the roles of their members.
//!
//! Paper: section 3.1 and Figure 2.
//!
//! ```text
//! group        organisation of its root       issues the roles             for the organisations
//! users        users                          user                         all but the names of other groups
//! hospitals    hospitals                      hospital                     all but the names of other groups
//! cloud        cloud                          cloud                        all but the names of other groups
//! ledger       any but the other groups'      peer, orderer, admin         that of the root
//! ```
//!
//! In the ledger group, each organisation has its own root, as in Fabric. No organisation can issue a certificate for a
//! peer of another one, so an endorsement policy counts independent organisations. A root names its organisation by O,
//! as a member's certificate does. The group of a root follows from this name.

use core::fmt;

/// One of the paper's participant groups (section 3.1). Each group has its own certificate authority; in the ledger
/// group, each organisation has one. An organisation, such as one hospital, belongs to one group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ParticipantGroup {
    /// Patients.
    Users,
    /// Hospitals.
    Hospitals,
    /// The cloud operators: the proxies of the re-encryption.
    Cloud,
    /// Peers, orderers and their administrators.
    Ledger,
}

impl ParticipantGroup {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Users, Self::Hospitals, Self::Cloud, Self::Ledger];

    /// The name. It is the organisation in the certificate of the group's root, except in the ledger group.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Hospitals => "hospitals",
            Self::Cloud => "cloud",
            Self::Ledger => "ledger",
        }
    }

    /// The group of a root that names this organisation.
    pub(crate) fn of_root(organisation: &str) -> Self {
        Self::named(organisation).unwrap_or(Self::Ledger)
    }

    /// Returns the group of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    /// Whether the group's authority may issue `role` to a member. [`Role::Authority`] is only in the authority's own
    /// root certificate.
    pub const fn may_issue(self, role: Role) -> bool {
        matches!(
            (self, role),
            (Self::Users, Role::User)
                | (Self::Hospitals, Role::Hospital)
                | (Self::Cloud, Role::Cloud)
                | (Self::Ledger, Role::Peer | Role::Orderer | Role::Administrator)
        )
    }
}

impl fmt::Display for ParticipantGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The role of a certificate's holder. Each certificate has exactly one role, as with Fabric's NodeOUs.
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
    /// Changes the configuration of a Fabric network: channels, and the definition of the contract. An administrator
    /// neither proposes nor endorses transactions of the contract.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] =
        [Self::Authority, Self::User, Self::Hospital, Self::Cloud, Self::Peer, Self::Orderer, Self::Administrator];

    /// The role's name in certificates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::User => "user",
            Self::Hospital => "hospital",
            Self::Cloud => "cloud",
            Self::Peer => "peer",
            Self::Orderer => "orderer",
            Self::Administrator => "admin",
        }
    }

    /// Whether a member of this role may propose transactions. Nodes, administrators and authorities may not.
    pub const fn proposes(self) -> bool {
        matches!(self, Self::User | Self::Hospital | Self::Cloud)
    }

    /// Returns the role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

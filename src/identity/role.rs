//! The participant groups and the roles of their members.
//!
//! Paper: section 3.1 and Figure 2.

use core::fmt;

/// One of the paper's participant groups (section 3.1). Each group has its own certificate authority. An organisation,
/// such as one hospital, belongs to one group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ParticipantGroup {
    /// Patients.
    Users,
    /// Hospitals.
    Hospitals,
    /// The cloud operators: the proxies of the re-encryption.
    Cloud,
    /// Peers and orderers.
    Ledger,
}

impl ParticipantGroup {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Users, Self::Hospitals, Self::Cloud, Self::Ledger];

    /// The organisation in the certificate of the group's root.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Hospitals => "hospitals",
            Self::Cloud => "cloud",
            Self::Ledger => "ledger",
        }
    }

    /// Returns the group of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    /// Whether the group's authority may issue `role` to a member. [`Role::Authority`] is only in its own root
    /// certificate.
    pub const fn may_issue(self, role: Role) -> bool {
        matches!(
            (self, role),
            (Self::Users, Role::User)
                | (Self::Hospitals, Role::Hospital)
                | (Self::Cloud, Role::Cloud)
                | (Self::Ledger, Role::Peer | Role::Orderer)
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
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [Self::Authority, Self::User, Self::Hospital, Self::Cloud, Self::Peer, Self::Orderer];

    /// The role's name in certificates.
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

    /// Whether a member of this role may propose transactions. Nodes and authorities may not.
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

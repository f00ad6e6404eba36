//! Every way in which an identity is refused.

use super::role::{ParticipantGroup, Role};
use crate::error::DecodeError;

/// Why a certificate, signature, code or sealed message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Bytes break their encoding.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A certificate, or the part of it named here, is not of the form that this crate issues.
    #[error("malformed certificate: {what}")]
    Malformed {
        /// The part that is wrong.
        what: &'static str,
    },
    /// No trusted authority has the name and key that the certificate gives as its issuer's.
    #[error("the issuer of the certificate is not trusted")]
    UnknownIssuer,
    /// A root that is not its own issuer, or not a certificate of an authority.
    #[error("not the root certificate of an authority")]
    NotARoot,
    /// Another root of this group is trusted already.
    #[error("the group {0} has another root already")]
    RootConflict(ParticipantGroup),
    /// The signature is not one of this key over this message.
    #[error("bad signature")]
    BadSignature,
    /// s > n/2: the other of the two signatures that every ECDSA signature comes with.
    #[error("signature with high s")]
    HighS,
    /// Bytes that are no private or public key on P-256.
    #[error("not a P-256 key")]
    BadKey,
    /// The authority has taken the certificate back.
    #[error("the certificate is revoked")]
    Revoked,
    /// A revocation list older than one that is known.
    #[error("revocation list {got} comes after list {known}")]
    StaleRevocations {
        /// The number of the list that is known.
        known: u64,
        /// The number of the list that was offered.
        got: u64,
    },
    /// The certificate's time is over.
    #[error("the certificate is expired")]
    Expired,
    /// The certificate's time has not begun.
    #[error("the certificate is not yet valid")]
    NotYetValid,
    /// The group's authority may not give the role.
    #[error("the authority of the group {group} may not issue the role {role}")]
    WrongRole {
        /// The issuing group.
        group: ParticipantGroup,
        /// The role in the certificate.
        role: Role,
    },
    /// The name belongs to another group.
    #[error("the authority of the group {group} may not issue for this organisation")]
    WrongOrganisation {
        /// The issuing group.
        group: ParticipantGroup,
    },
    /// A phone number that is not in the international form (ITU-T E.164).
    #[error("not a phone number in international form")]
    BadPhoneNumber,
    /// The phone has a registration under way.
    #[error("this phone has a registration under way")]
    RegistrationOpen,
    /// The identifier has a certificate already.
    #[error("the identifier has a certificate already")]
    Exists,
    /// No registration has this ticket, or it was forgotten long after its end.
    #[error("unknown registration")]
    UnknownTicket,
    /// The code is not the one that was sent.
    #[error("wrong code; {left} attempts left")]
    WrongCode {
        /// Attempts that are left.
        left: u8,
    },
    /// The code came too late.
    #[error("the code is expired")]
    CodeExpired,
    /// The code was used before.
    #[error("the code was used before")]
    CodeReused,
    /// Too many wrong codes: the registration is closed.
    #[error("too many wrong codes")]
    TooManyAttempts,
    /// A user's certificates are pseudonymous and come in sets: users do not register as institutions do.
    #[error("a user is not an institution")]
    NotAnInstitution,
    /// The authority has issued nothing under this identifier.
    #[error("unknown member")]
    UnknownMember,
    /// The number of pseudonyms is outside 1..=256.
    #[error("a person has 1 to 256 pseudonyms, not {0}")]
    PseudonymCount(usize),
    /// A sealed message did not open: wrong key, wrong context or changed bytes, which are not told apart.
    #[error("cannot open the sealed message")]
    CannotOpen,
    /// Nothing can be sealed to this public key (a point of small order).
    #[error("nothing can be sealed to this key")]
    BadSealingKey,
    /// Credentials whose keys, identifiers and certificates do not belong together.
    #[error("inconsistent credentials: {what}")]
    Inconsistent {
        /// The part that is wrong.
        what: &'static str,
    },
}

impl IdentityError {
    pub(super) const fn malformed(what: &'static str) -> Self {
        Self::Malformed { what }
    }
}

//! The errors of this module.

use super::role::{ParticipantGroup, Role};
use crate::error::DecodeError;

/// Why a certificate, signature, code or sealed message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Bytes break the rules of their encoding.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A certificate, or the named part of it, does not have the form that this crate issues.
    #[error("malformed certificate: {what}")]
    Malformed {
        /// The part that is wrong.
        what: &'static str,
    },
    /// A text is not PEM (RFC 7468) of the named content in the one form that this crate writes: lines of 64 characters that
    /// end with LF.
    #[error("not a {what} in PEM")]
    BadPem {
        /// What the text should hold.
        what: &'static str,
    },
    /// No trusted authority has the name of the certificate's issuer.
    #[error("the issuer of the certificate is not trusted")]
    UnknownIssuer,
    /// A root is not its own issuer, or is not the certificate of an authority.
    #[error("not the root certificate of an authority")]
    NotARoot,
    /// Another root of this organisation is trusted already. A group other than the ledger group is one organisation here.
    #[error("the organisation {0} has another root already")]
    RootConflict(String),
    /// The roots of two organisations have one identifier, which is all that a revocation list says of its authority.
    #[error("the organisations {0} and {1} have roots of one identifier")]
    SameRootIdentifier(String, String),
    /// This key did not make the signature over this message.
    #[error("bad signature")]
    BadSignature,
    /// s > n/2. For each valid (r, s), (r, n - s) is valid too; only the one with the lower s is accepted.
    #[error("signature with high s")]
    HighS,
    /// The bytes are not a private or public key on P-256.
    #[error("not a P-256 key")]
    BadKey,
    /// The authority has revoked the certificate.
    #[error("the certificate is revoked")]
    Revoked,
    /// The revocation list is older than the known one.
    #[error("revocation list {got} comes after list {known}")]
    StaleRevocations {
        /// The number of the list that is known.
        known: u64,
        /// The number of the list that was offered.
        got: u64,
    },
    /// The certificate's period of validity is over.
    #[error("the certificate is expired")]
    Expired,
    /// The certificate's period of validity has not begun.
    #[error("the certificate is not yet valid")]
    NotYetValid,
    /// The group's authority may not issue this role.
    #[error("the authority of the group {group} may not issue the role {role}")]
    WrongRole {
        /// The issuing group.
        group: ParticipantGroup,
        /// The role in the certificate.
        role: Role,
    },
    /// In the ledger group: the certificate names another organisation than its issuer. In another group: the certificate
    /// names another group.
    #[error("the authority of {authority} may not issue for the organisation {organisation}")]
    WrongOrganisation {
        /// The organisation of the authority's root, which in groups other than the ledger group is the group's name.
        authority: String,
        /// The organisation in the certificate.
        organisation: String,
    },
    /// A group that is an organisation of its own has one authority, whose root names the group.
    #[error("the root of the organisation {organisation} is not one of the group {group}")]
    WrongGroup {
        /// The organisation in the root.
        organisation: String,
        /// The group that it should belong to.
        group: ParticipantGroup,
    },
    /// A text is not an MSP identifier.
    #[error("{0:?} is no MSP identifier, which has 1 to 64 characters without = and without control characters")]
    BadMspId(String),
    /// A text is not of the form MSP=GROUP with the name of a group.
    #[error("{0:?} is not of the form MSP=GROUP, where GROUP is users, hospitals, cloud or ledger")]
    BadOrganisation(String),
    /// Two organisations have one MSP identifier.
    #[error("the MSP identifier {0} is given twice")]
    SameMspId(String),
    /// No organisation has this MSP identifier.
    #[error("no organisation has the MSP identifier {0}")]
    UnknownMspId(String),
    /// The phone number is not in the international form (ITU-T E.164).
    #[error("not a phone number in international form")]
    BadPhoneNumber,
    /// The phone has an open registration already.
    #[error("this phone has a registration under way")]
    RegistrationOpen,
    /// Earlier registrations of this phone were not finished, so the next code is not sent yet.
    #[error("this phone gets its next code in {wait} s")]
    BackOff {
        /// Seconds until the next registration of this phone can begin.
        wait: u64,
    },
    /// Too many wrong codes came for this phone.
    #[error("too many wrong codes came for this phone")]
    PhoneLocked,
    /// A person has registered with this phone.
    #[error("a person has registered with this phone")]
    AlreadyRegistered,
    /// The authority remembers as many registrations, or phones, as it can.
    #[error("the authority has too many registrations")]
    TooManyRegistrations,
    /// The identifier has a certificate already.
    #[error("the identifier has a certificate already")]
    Exists,
    /// No registration of this kind has this ticket, or the registration was forgotten.
    #[error("unknown registration")]
    UnknownTicket,
    /// The code is wrong.
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
    /// The registration is closed after too many wrong codes.
    #[error("too many wrong codes")]
    TooManyAttempts,
    /// A user cannot register as an institution does, since a user receives a set of pseudonymous certificates; or the
    /// ticket is that of a person.
    #[error("a user is not an institution")]
    NotAnInstitution,
    /// The authority has not issued a certificate for this identifier.
    #[error("unknown member")]
    UnknownMember,
    /// The number of pseudonyms is outside 1..=256.
    #[error("a person has 1 to 256 pseudonyms, not {0}")]
    PseudonymCount(usize),
    /// A sealed message could not be opened. The key or the context is wrong, or the bytes were changed; the error does
    /// not tell which.
    #[error("cannot open the sealed message")]
    CannotOpen,
    /// No message can be sealed to this public key, a point of small order.
    #[error("nothing can be sealed to this key")]
    BadSealingKey,
    /// The root certificate names no key to which a code can be sealed.
    #[error("the authority has no sealing key")]
    NoSealingKey,
    /// The certificate is older than the one whose place it should take.
    #[error("the certificate is older than the known one")]
    Superseded,
    /// The keys, identifiers and certificates in the credentials do not belong together.
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

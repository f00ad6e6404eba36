//! Certificates, registration and membership checks: the paper's membership service (MSP).
//!
//! Paper: section 3.1 (MSP, group CA) and section 3.2, "User registration procedure".
//!
//! ```text
//! person                         group CA                          ledger
//!   phone number  ------------->   one-time code to the phone
//!   code, pk      -- HPKE ----->   uid, v_1..v_k, and for i = 1..k:
//!                                  ID_i = HMAC-SHA256(v_i, "id" || uid), (sk_i, pk_i), Cert_i = CA(ID_i, pk_i)
//!   credentials   <-- HPKE to pk, signed by the CA
//!   Sign(sk_i, transaction under ID_i) ----------------------------> Msp: Cert_i valid? role? signature?
//! ```
//!
//! - [`keys`]: ECDSA on P-256 with SHA-256, low-S only, as in Fabric;
//! - [`certificate`]: X.509 v3 (RFC 5280), with exactly one [`Role`] in each certificate;
//! - [`authority`]: the CA of one group, with [`registration`] by phone and [`revocation`];
//! - [`enrolment`]: the credentials that a participant receives, [`sealed`] by HPKE (RFC 9180);
//! - [`msp`]: the check of every certificate, made by every participant;
//! - [`organisations`]: the groups of the organisations of a Fabric network, whose peers have made that check.
//!
//! Departure: the paper gives a person one key pair. All signatures under one certificate can be linked, so a single
//! certificate would link all pseudonyms of a person. Here the authority issues one certificate for each ID_i, and only
//! the authority can link them.

pub mod authority;
pub mod certificate;
mod crl;
pub mod enrolment;
mod error;
pub mod keys;
pub mod msp;
pub mod organisations;
mod profile;
pub mod registration;
pub mod revocation;
pub mod role;
pub mod sealed;
mod serial;
pub mod subject;

pub use authority::Authority;
pub use certificate::Certificate;
pub use enrolment::{Credentials, Institution, Renewal, SealedCode, SealedEnrolment};
pub use error::IdentityError;
pub use keys::{Signature, SigningKey, VerifyingKey};
pub use msp::{Member, Msp};
pub use organisations::Organisations;
pub use registration::{Delivery, PhoneNumber, Ticket};
pub use revocation::RevocationList;
pub use role::{ParticipantGroup, Role};
pub use sealed::{Sealed, SealingKey, SealingPublicKey, seal};
pub use serial::Serial;
pub use subject::{MemberId, Subject};

#[cfg(test)]
mod fixture;

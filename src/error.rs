//! What can be wrong with bytes that come from outside.
//!
//! Every decoder of the crate answers with a [`DecodeError`] that names the thing that was read (`what`) and the rule
//! that it broke. The errors of an operation live beside the operation; those of a decryption are deliberately opaque.

/// A rule of an encoding was broken. Decoders never panic: each failure is one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input is shorter or longer than the encoding.
    #[error("{what}: {got} bytes where {expected} are needed")]
    Length {
        /// The thing that was read.
        what: &'static str,
        /// Bytes that the encoding needs.
        expected: usize,
        /// Bytes that there are.
        got: usize,
    },
    /// Bytes are left over after the last field.
    #[error("{what}: {extra} bytes after the end")]
    Trailing {
        /// The thing that was read.
        what: &'static str,
        /// Bytes left over.
        extra: usize,
    },
    /// The encoding starts with other bytes than it must.
    #[error("{what}: does not start as one")]
    Magic {
        /// The thing that was read.
        what: &'static str,
    },
    /// A version, suite, tag or code that this crate does not know.
    #[error("{what}: unknown value {got}")]
    Unknown {
        /// The thing that was read.
        what: &'static str,
        /// The value found.
        got: u64,
    },
    /// A length or count is above its limit; nothing was allocated for it.
    #[error("{what}: {got} is above the limit of {limit}")]
    Limit {
        /// The thing that was read.
        what: &'static str,
        /// The largest value that is accepted.
        limit: u64,
        /// The value found.
        got: u64,
    },
    /// Text that is not UTF-8, or not of the form that the field needs.
    #[error("{what}: malformed text")]
    Text {
        /// The thing that was read.
        what: &'static str,
    },
    /// The flag bits of a group element's encoding are not those of its form.
    #[error("{what}: invalid flag bits")]
    Flags {
        /// The group element that was read.
        what: &'static str,
    },
    /// The value has another, shorter or smaller encoding (a coordinate not below the modulus, an unsorted list).
    #[error("{what}: not the canonical encoding")]
    NonCanonical {
        /// The thing that was read.
        what: &'static str,
    },
    /// The coordinates are not on the curve.
    #[error("{what}: not on the curve")]
    NotOnCurve {
        /// The group that was read.
        what: &'static str,
    },
    /// The element lies outside the subgroup of order q.
    #[error("{what}: not in the subgroup of order q")]
    NotInSubgroup {
        /// The group that was read.
        what: &'static str,
    },
    /// The identity (or the scalar zero) where only another element makes sense.
    #[error("{what}: the identity is refused here")]
    Identity {
        /// The thing that was read.
        what: &'static str,
    },
}

//! The errors of decoding untrusted bytes.
//!
//! Every decoder of the crate returns a [`DecodeError`], which names the value that was read (`what`) and the rule that
//! was broken. The errors of an operation are defined beside the operation; those of a decryption are deliberately
//! opaque. [`Coded`] gives the errors of the scheme and of envelopes a short code.

/// An error with a short word that programs compare, in each language that the library is bound to. Later versions change
/// the text of an error, and no code.
pub trait Coded: core::error::Error {
    /// The word: lower case, with hyphens.
    fn code(&self) -> &'static str;
}

/// The rule of an encoding that was broken. Decoders never panic: every failure is one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input is shorter or longer than the encoding.
    #[error("{what}: {got} bytes where {expected} are needed")]
    Length {
        /// The thing that was read.
        what: &'static str,
        /// The number of bytes that the encoding needs.
        expected: usize,
        /// The number of bytes that are present.
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
    /// The encoding does not start with its magic bytes.
    #[error("{what}: does not start as one")]
    Magic {
        /// The thing that was read.
        what: &'static str,
    },
    /// A version, suite, tag or code is unknown to this crate.
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
    /// The text is not UTF-8, or does not have the form of the field.
    #[error("{what}: malformed text")]
    Text {
        /// The thing that was read.
        what: &'static str,
    },
    /// The flag bits of an encoded group element are invalid.
    #[error("{what}: invalid flag bits")]
    Flags {
        /// The group element that was read.
        what: &'static str,
    },
    /// The encoding is not the canonical one, for example with a coordinate not below the modulus, or an unsorted list.
    #[error("{what}: not the canonical encoding")]
    NonCanonical {
        /// The thing that was read.
        what: &'static str,
    },
    /// The coordinates are not those of a point on the curve.
    #[error("{what}: not on the curve")]
    NotOnCurve {
        /// The group that was read.
        what: &'static str,
    },
    /// The element is not in the subgroup of order q.
    #[error("{what}: not in the subgroup of order q")]
    NotInSubgroup {
        /// The group that was read.
        what: &'static str,
    },
    /// The value is the identity (or the scalar zero), which is not allowed here.
    #[error("{what}: the identity is refused here")]
    Identity {
        /// The thing that was read.
        what: &'static str,
    },
}

impl Coded for DecodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Trailing { .. } => "trailing",
            Self::Magic { .. } => "magic",
            Self::Unknown { .. } => "unknown",
            Self::Limit { .. } => "limit",
            Self::Text { .. } => "text",
            Self::Flags { .. } => "flags",
            Self::NonCanonical { .. } => "non-canonical",
            Self::NotOnCurve { .. } => "not-on-curve",
            Self::NotInSubgroup { .. } => "not-in-subgroup",
            Self::Identity { .. } => "identity",
        }
    }
}

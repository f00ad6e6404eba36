//! The target group GT: the elements of order q of F_p¹², written multiplicatively.

use super::backend::Backend;
use super::engine::Engaged;
use super::traits::{ark_canonical, ct_eq};
use super::{encoding, scalar::Scalar, torus};
use crate::error::DecodeError;
use crate::wire::forms::{serde_forms, try_from_bytes};
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12};
use ark_ff::{AdditiveGroup, Field, One};
use core::ops::{Div, Mul};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

/// An element of GT: M, C, C' or a pad. Never built from bytes that were not checked.
///
/// An element may be the secret M: `Debug` prints nothing of it, and there is no `Display`.
/// [`Message`](crate::pre::Message) holds M and has no serde. Except by the engine `plain` and by the decoders, which read
/// public encodings, all operations are constant-time.
///
/// ```
/// use phi_pre::group::{Gt, Scalar};
///
/// let y = Gt::generator().pow(&Scalar::from(5));
/// assert_eq!(Gt::from_bytes(&y.to_bytes()), Ok(y)); // 192 bytes
/// assert_eq!(Gt::from_bytes_plain(&y.to_bytes_plain()), Ok(y)); // 576 bytes
/// assert_eq!(y / y, Gt::identity());
///
/// assert!(Gt::from_bytes(&[0; Gt::BYTES]).is_err()); // no form has these flags
/// ```
#[derive(Clone, Copy, Zeroize)]
pub struct Gt(pub(super) Fq12);

try_from_bytes!(Gt);
serde_forms!(Gt, "GT");
ark_canonical!(Gt);

impl Gt {
    /// Bytes of the canonical encoding (T6 torus).
    pub const BYTES: usize = 192;
    /// Bytes of the T2 torus encoding.
    pub const T2_BYTES: usize = 288;
    /// Bytes of the twelve coefficients.
    pub const PLAIN_BYTES: usize = 576;

    /// The identity 1.
    pub fn identity() -> Self {
        Self(Fq12::one())
    }

    /// Whether this is 1.
    pub fn is_identity(&self) -> bool {
        self.ct_eq(&Self::identity()).into()
    }

    /// The element to the power `exponent`, by the Frobenius: 63 squarings and 76 products.
    #[must_use]
    pub fn pow(&self, exponent: &Scalar) -> Self {
        Self(Engaged::current().pow_gt(&self.0, exponent.0))
    }

    /// The inverse, which in GT is the conjugate over F_p⁶.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(Engaged::current().conjugate(&self.0))
    }

    /// The canonical encoding: the T6 torus form, 192 bytes.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        Engaged::current().encode_t6(&self.0)
    }

    /// Reads the canonical encoding. The identity is accepted: a ciphertext or a message may be 1 by chance.
    ///
    /// # Errors
    /// [`DecodeError::Length`]; [`DecodeError::Flags`]; [`DecodeError::NonCanonical`] for a coefficient of p or above
    /// or a value with another encoding; [`DecodeError::NotInSubgroup`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Engaged::current().decode_t6(sized(bytes)?).map(Self)
    }

    /// The T2 torus form, 288 bytes: one F_p⁶ element. It decodes a little faster than the canonical form.
    pub fn to_bytes_t2(&self) -> [u8; Self::T2_BYTES] {
        torus::write_t2(&Engaged::current().torus(&self.0))
    }

    /// Reads the T2 torus form.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_bytes_t2(bytes: &[u8]) -> Result<Self, DecodeError> {
        let f = torus::decode_t2(sized(bytes)?, |x| Engaged::current().inverse(x))?;
        Self::checked(f, Engaged::current().in_gt(&f))
    }

    /// The twelve coefficients in tower order (1, u) × (1, v, v²) × (1, w), lowest first, 48 bytes each, big-endian.
    pub fn to_bytes_plain(&self) -> [u8; Self::PLAIN_BYTES] {
        let mut out = [0; Self::PLAIN_BYTES];
        for (chunk, x) in out.chunks_exact_mut(48).zip(self.0.to_base_prime_field_elements()) {
            chunk.copy_from_slice(&encoding::encode_fq(&x));
        }
        out
    }

    /// Reads the twelve coefficients.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_bytes_plain(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; Self::PLAIN_BYTES] = sized(bytes)?;
        let mut x = [Fq::ZERO; 12];
        for (x, chunk) in x.iter_mut().zip(bytes.as_chunks().0) {
            *x = encoding::decode_fq(chunk).ok_or(DecodeError::NonCanonical { what: "GT" })?;
        }
        let fq6 = |x: &[Fq]| Fq6::new(Fq2::new(x[0], x[1]), Fq2::new(x[2], x[3]), Fq2::new(x[4], x[5]));
        let f = Fq12::new(fq6(&x[..6]), fq6(&x[6..]));
        Self::checked(f, Engaged::current().in_gt(&f))
    }

    fn checked(f: Fq12, member: bool) -> Result<Self, DecodeError> {
        if member { Ok(Self(f)) } else { Err(DecodeError::NotInSubgroup { what: "GT" }) }
    }
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::Length { what: "GT", expected: N, got: bytes.len() })
}

impl ConstantTimeEq for Gt {
    fn ct_eq(&self, other: &Self) -> Choice {
        ct_eq(&self.0, &other.0)
    }
}

/// In constant time.
impl PartialEq for Gt {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Gt {}

impl Mul for Gt {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(Engaged::current().multiply_gt(&self.0, &other.0))
    }
}

impl Div for Gt {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self * other.inverse()
    }
}

/// Prints nothing of the value: an element of GT may be the secret M or a pad.
impl core::fmt::Debug for Gt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Gt(<redacted>)")
    }
}

#[cfg(test)]
mod tests;

//! The source groups G1 and G2, and their compressed encoding (Zcash, used by the CFRG pairing-friendly-curves draft).

use super::backend::Backend;
use super::engine::Engaged;
use super::traits::{ark_canonical, ct_eq, is_identity};
use super::{plain, scalar::Scalar};
use crate::error::DecodeError;
use crate::wire::forms::public_forms;
use core::ops::{Div, Mul};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

macro_rules! source_group {
    ($(#[$doc:meta])* $name:ident, $text:literal, $bytes:literal, $affine:ty, $decode:ident, $encode:ident, $pow:ident, $multiply:ident, $invert:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Zeroize)]
        pub struct $name(pub(super) $affine);

        public_forms!($name, $text);
        ark_canonical!($name);

        impl $name {
            /// Bytes of an encoding.
            pub const BYTES: usize = $bytes;

            /// The generator of the standard.
            pub fn generator() -> Self {
                Self(plain::generator())
            }

            /// The identity, which decoding refuses.
            pub fn identity() -> Self {
                Self(plain::identity())
            }

            /// A uniform element other than the identity: the generator to a random power.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                Self::generator().pow(&Scalar::random(rng))
            }

            /// Whether this is the identity.
            pub fn is_identity(&self) -> bool {
                is_identity(&self.0)
            }

            /// The element to the power `exponent`.
            #[must_use]
            pub fn pow(&self, exponent: &Scalar) -> Self {
                Self(Engaged::current().$pow(&self.0, exponent.0))
            }

            /// The inverse element.
            #[must_use]
            pub fn inverse(&self) -> Self {
                Self(Engaged::current().$invert(&self.0))
            }

            /// The canonical encoding: compressed, big-endian.
            pub fn to_bytes(&self) -> [u8; Self::BYTES] {
                Engaged::current().$encode(&self.0)
            }

            /// Reads the canonical encoding of an element other than the identity.
            ///
            /// # Errors
            /// [`DecodeError::Length`]; [`DecodeError::Flags`] unless compressed and finite;
            /// [`DecodeError::NonCanonical`] for a coordinate of p or above; [`DecodeError::NotOnCurve`];
            /// [`DecodeError::NotInSubgroup`]; [`DecodeError::Identity`].
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
                let what = $text;
                let bytes = bytes
                    .try_into()
                    .map_err(|_| DecodeError::Length { what, expected: Self::BYTES, got: bytes.len() })?;
                Engaged::current().$decode(bytes).map(Self)
            }
        }

        impl ConstantTimeEq for $name {
            fn ct_eq(&self, other: &Self) -> Choice {
                ct_eq(&self.0.x, &other.0.x) & ct_eq(&self.0.y, &other.0.y)
            }
        }

        /// In constant time.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.ct_eq(other).into()
            }
        }

        impl Eq for $name {}

        impl Mul for $name {
            type Output = Self;
            fn mul(self, other: Self) -> Self {
                Self(Engaged::current().$multiply(&self.0, &other.0))
            }
        }

        impl Div for $name {
            type Output = Self;
            fn div(self, other: Self) -> Self {
                self * other.inverse()
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!($text, "({})"), hex::encode(self.to_bytes()))
            }
        }
    };
}

source_group! {
    /// An element of G1: g1, or Z = g1^r. 48 bytes compressed.
    ///
    /// ```
    /// use phi_pre::error::DecodeError;
    /// use phi_pre::group::{G1, Scalar};
    ///
    /// let z = G1::generator().pow(&Scalar::from(7));
    /// assert_eq!(G1::from_bytes(&z.to_bytes()), Ok(z));
    /// assert_eq!(z.to_string().parse(), Ok(z)); // 96 hex digits
    ///
    /// let identity = G1::identity().to_bytes();
    /// assert_eq!(G1::from_bytes(&identity), Err(DecodeError::Identity { what: "G1" }));
    /// ```
    G1, "G1", 48, ark_bls12_381::G1Affine, decode_g1, encode_g1, pow_g1, multiply_g1, invert_g1
}
source_group! {
    /// An element of G2: g2, k_e, k'_e or k_re. 96 bytes compressed.
    ///
    /// `Debug` and `Display` print the element. The types that hold a secret element
    /// ([`EncryptionKey`](crate::pre::EncryptionKey), [`ReKey`](crate::pre::ReKey)) do not.
    ///
    /// ```
    /// use phi_pre::group::{G1, G2, Scalar, pairing};
    ///
    /// let (k_d, r) = (Scalar::from(5), Scalar::from(7));
    /// let (z, k_e) = (G1::generator().pow(&r), G2::generator().pow(&k_d));
    /// let shared = pairing(&z, &k_e);
    /// assert_eq!(shared, pairing(&G1::generator(), &G2::generator()).pow(&(k_d * r)));
    /// ```
    G2, "G2", 96, ark_bls12_381::G2Affine, decode_g2, encode_g2, pow_g2, multiply_g2, invert_g2
}

impl G2 {
    /// The hash of `message` to G2 by RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_: nobody knows the exponent of the
    /// result. `dst` is the domain separation tag, at least one byte; RFC 9380 recommends 16 bytes or more.
    ///
    /// ```
    /// use phi_pre::group::G2;
    ///
    /// let dst = b"EXAMPLE-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
    /// assert_ne!(G2::hash(b"one scope", dst), G2::hash(b"another scope", dst));
    /// ```
    #[must_use]
    pub fn hash(message: &[u8], dst: &[u8]) -> Self {
        Self(Engaged::current().hash_g2(message, dst))
    }
}

#[cfg(test)]
mod tests;

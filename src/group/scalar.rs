//! Exponents: the field Z_q, q the prime order of all three groups.

use crate::error::DecodeError;
use ark_bls12_381::Fr;
use ark_ff::{BigInteger256, Field, PrimeField, Zero};
use core::ops::{Add, Mul, Neg, Sub};
use rand_core::CryptoRng;
use zeroize::Zeroize;

/// An element of Z_q: k_d, r, or zero. 32 bytes, big-endian.
///
/// `Debug` prints nothing of the value, since most scalars are keys.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
pub struct Scalar(pub(super) Fr);

impl Scalar {
    /// Bytes of an encoding.
    pub const BYTES: usize = 32;

    /// A uniform element of Z_q^*.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut wide = [0; 48];
            rng.fill_bytes(&mut wide);
            let scalar = Self::from_wide(&wide);
            wide.zeroize();
            if !scalar.is_zero() {
                return scalar;
            }
        }
    }

    /// OS2IP(bytes) mod q: at most 2^-128 away from uniform for uniform bytes (RFC 9380, section 5).
    pub fn from_wide(bytes: &[u8; 48]) -> Self {
        Self(Fr::from_be_bytes_mod_order(bytes))
    }

    /// Whether this is 0, which no key and no nonce may be.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The inverse in Z_q^*; none for zero.
    pub fn inverse(&self) -> Option<Self> {
        self.0.inverse().map(Self)
    }

    /// The canonical encoding: 32 bytes, big-endian.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        for (chunk, limb) in out.rchunks_exact_mut(8).zip(self.0.into_bigint().0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        out
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    /// [`DecodeError::Length`]; [`DecodeError::NonCanonical`] for a value of q or above.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let what = "scalar";
        let bytes: &[u8; Self::BYTES] =
            bytes.try_into().map_err(|_| DecodeError::Length { what, expected: Self::BYTES, got: bytes.len() })?;
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.as_rchunks::<8>().1.iter().rev()) {
            *limb = u64::from_be_bytes(*chunk);
        }
        Fr::from_bigint(BigInteger256::new(limbs)).map(Self).ok_or(DecodeError::NonCanonical { what })
    }

    /// The bits of the exponent, most significant first.
    pub(super) fn limbs(&self) -> [u64; 4] {
        self.0.into_bigint().0
    }
}

impl core::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Scalar(<redacted>)")
    }
}

impl From<u64> for Scalar {
    fn from(value: u64) -> Self {
        Self(Fr::from(value))
    }
}

impl Add for Scalar {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Scalar {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Scalar {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Neg for Scalar {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

//! Exponents: the field Z_q, q the prime order of all three groups.

use super::traits::ark_canonical;
use crate::error::DecodeError;
use crate::wire::forms::try_from_bytes;
use ark_bls12_381::Fr;
use ark_ff::{BigInteger256, Field, PrimeField, Zero};
use core::ops::{Add, Mul, Neg, Sub};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// An element of Z_q: k_d, r, or zero. 32 bytes, big-endian.
///
/// Most scalars are secret: `Debug` prints nothing of the value, and comparison is constant-time. The arithmetic is not.
///
/// ```
/// use phi_pre::group::{G1, Scalar};
///
/// let (a, b) = (Scalar::from(3), Scalar::from(4));
/// let g1 = G1::generator();
/// assert_eq!(g1.pow(&a) * g1.pow(&b), g1.pow(&(a + b)));
/// assert_eq!(Scalar::from_bytes(&a.to_bytes()), Ok(a));
/// assert!(Scalar::from_bytes(&[0xff; 32]).is_err()); // not below q
/// ```
#[derive(Clone, Copy, Zeroize)]
pub struct Scalar(pub(super) Fr);

try_from_bytes!(Scalar);
ark_canonical!(Scalar);

impl ConstantTimeEq for Scalar {
    fn ct_eq(&self, other: &Self) -> Choice {
        (self.0.0).0.ct_eq(&(other.0.0).0)
    }
}

/// In constant time.
impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Scalar {}

impl Scalar {
    /// Bytes of an encoding.
    pub const BYTES: usize = 32;

    /// A uniform element of Z_q^*.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut wide = Zeroizing::new([0; 48]);
            rng.fill_bytes(&mut *wide);
            let scalar = Self::from_wide(&wide);
            if !scalar.is_zero() {
                return scalar;
            }
        }
    }

    /// OS2IP(bytes) mod q: at most 2^-128 away from uniform for uniform bytes (RFC 9380, section 5).
    pub fn from_wide(bytes: &[u8; 48]) -> Self {
        Self(Fr::from_be_bytes_mod_order(bytes))
    }

    /// Whether this is 0. No key and no exponent r may be 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The inverse in Z_q^*; `None` for zero.
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

    /// The value as four limbs of 64 bits, the lowest first.
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

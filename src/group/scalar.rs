//! Exponents: the field Z_q, q the prime order of all three groups.

use super::field;
use super::traits::ark_canonical;
use crate::constant_time::{Mask, all_zero, declassify, less, select};
use crate::error::DecodeError;
use crate::wire::forms::try_from_bytes;
use ark_bls12_381::Fr;
use ark_ff::PrimeField;
use core::ops::{Add, Mul, Neg, Sub};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// An element of Z_q: k_d, r, or zero. 32 bytes, big-endian.
///
/// A scalar counts as secret: `Debug` prints nothing of the value, and with the feature `blst` arithmetic, comparison,
/// decoding and encoding are constant-time. Only the answers of [`is_zero`](Self::is_zero), [`inverse`](Self::inverse) and
/// [`from_bytes`](Self::from_bytes), whether there is a value, become public.
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
        Self(field::from_wide(bytes))
    }

    /// Whether this is 0. No key and no exponent r may be 0.
    pub fn is_zero(&self) -> bool {
        declassify(self.zero())
    }

    fn zero(&self) -> Mask {
        all_zero(&(self.0.0).0)
    }

    /// The inverse in Z_q^*; `None` for zero.
    pub fn inverse(&self) -> Option<Self> {
        (!self.is_zero()).then(|| Self(field::inverse(self.0)))
    }

    /// The canonical encoding: 32 bytes, big-endian.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        for (chunk, limb) in out.rchunks_exact_mut(8).zip(field::limbs(self.0)) {
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
        // limbs < q: the highest limb that differs decides.
        let below = limbs.iter().zip(Fr::MODULUS.0).fold(0, |below, (&limb, q)| {
            let equal = !less(limb, q) & !less(q, limb);
            select(equal, below, less(limb, q))
        });
        if declassify(below) { Ok(Self(field::from_limbs(limbs))) } else { Err(DecodeError::NonCanonical { what }) }
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
        Self(field::add(self.0, other.0))
    }
}

impl Sub for Scalar {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(field::subtract(self.0, other.0))
    }
}

impl Mul for Scalar {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(field::multiply(self.0, other.0))
    }
}

impl Neg for Scalar {
    type Output = Self;
    fn neg(self) -> Self {
        Self(field::negate(self.0))
    }
}

//! Arithmetic in Z_q: by blst in constant time, or by arkworks in a build without the feature `blst`.
//!
//! Both libraries hold an element as the same Montgomery limbs (R = 2^256).
//!
//! Departure: without the feature `blst` the arithmetic is arkworks', which is not constant-time.
#![allow(unsafe_code)] // the library's C functions; each call states why it is sound

use ark_bls12_381::Fr;
use ark_ff::{BigInteger256, PrimeField};

pub(super) use library::{add, from_wide, inverse, multiply, negate, subtract};

/// The value as four limbs of 64 bits, the lowest first. The conversion has no branch in arkworks either.
pub(super) fn limbs(x: Fr) -> [u64; 4] {
    x.into_bigint().0
}

/// An element from its limbs, which are below q.
pub(super) fn from_limbs(limbs: [u64; 4]) -> Fr {
    library::times_r_squared(Fr::new_unchecked(BigInteger256::new(limbs)))
}

#[cfg(feature = "blst")]
mod library {
    use ark_bls12_381::Fr;
    use ark_ff::{BigInteger256, MontConfig};
    use blst::{
        blst_fr, blst_fr_add, blst_fr_cneg, blst_fr_eucl_inverse, blst_fr_from_scalar, blst_fr_mul, blst_fr_sub,
        blst_scalar, blst_scalar_from_be_bytes,
    };
    use zeroize::Zeroize;

    const fn to(x: Fr) -> blst_fr {
        blst_fr { l: x.0.0 }
    }

    const fn from(x: &blst_fr) -> Fr {
        Fr::new_unchecked(BigInteger256::new(x.l))
    }

    macro_rules! operations {
        ($($(#[$doc:meta])* fn $name:ident($($x:ident),*) = $function:ident$(, $flag:literal)?;)*) => { $(
            $(#[$doc])*
            pub(in crate::group) fn $name($($x: Fr),*) -> Fr {
                let mut out = blst_fr::default();
                // SAFETY: reads and writes valid elements that outlive the call.
                unsafe { $function(&raw mut out, $(&to($x)),* $(, $flag)?) };
                from(&out)
            }
        )* };
    }

    operations! {
        fn add(a, b) = blst_fr_add;
        fn subtract(a, b) = blst_fr_sub;
        fn multiply(a, b) = blst_fr_mul;
        fn negate(a) = blst_fr_cneg, true;
        /// 1/a; 0 for 0.
        fn inverse(a) = blst_fr_eucl_inverse;
    }

    /// x·R² as residues: from an integer to the Montgomery form.
    pub(super) fn times_r_squared(x: Fr) -> Fr {
        multiply(x, Fr::new_unchecked(ark_bls12_381::FrConfig::R2))
    }

    /// OS2IP(bytes) mod q.
    pub(in crate::group) fn from_wide(bytes: &[u8; 48]) -> Fr {
        let (mut scalar, mut out) = (blst_scalar::default(), blst_fr::default());
        // SAFETY: reads the 48 bytes and `scalar`, writes `scalar` and `out`.
        unsafe {
            blst_scalar_from_be_bytes(&raw mut scalar, bytes.as_ptr(), 48);
            blst_fr_from_scalar(&raw mut out, &raw const scalar);
        }
        scalar.b.zeroize();
        from(&out)
    }
}

#[cfg(not(feature = "blst"))]
mod library {
    use ark_bls12_381::Fr;
    use ark_ff::{AdditiveGroup, Field, MontConfig, PrimeField};

    pub(in crate::group) fn add(a: Fr, b: Fr) -> Fr {
        a + b
    }

    pub(in crate::group) fn subtract(a: Fr, b: Fr) -> Fr {
        a - b
    }

    pub(in crate::group) fn multiply(a: Fr, b: Fr) -> Fr {
        a * b
    }

    pub(in crate::group) fn negate(a: Fr) -> Fr {
        -a
    }

    /// 1/a; 0 for 0.
    pub(in crate::group) fn inverse(a: Fr) -> Fr {
        a.inverse().unwrap_or(Fr::ZERO)
    }

    /// x·R² as residues: from an integer to the Montgomery form.
    pub(super) fn times_r_squared(x: Fr) -> Fr {
        x * Fr::new_unchecked(ark_bls12_381::FrConfig::R2)
    }

    /// OS2IP(bytes) mod q.
    pub(in crate::group) fn from_wide(bytes: &[u8; 48]) -> Fr {
        Fr::from_be_bytes_mod_order(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_field_is_arkworks(a in any::<[u64; 6]>(), b in any::<[u64; 6]>(), edge in 0_u64..4) {
            let wide = |words: [u64; 6]| {
                let mut bytes = [0; 48];
                bytes.chunks_exact_mut(8).zip(words).for_each(|(chunk, word)| chunk.copy_from_slice(&word.to_be_bytes()));
                bytes
            };
            let a = from_wide(&wide(a));
            prop_assert_eq!(from_wide(&wide(b)), Fr::from_be_bytes_mod_order(&wide(b)));
            for b in [from_wide(&wide(b)), Fr::from(edge), -Fr::from(edge), a, -a] {
                prop_assert_eq!(add(a, b), a + b);
                prop_assert_eq!(subtract(a, b), a - b);
                prop_assert_eq!(multiply(a, b), a * b);
                prop_assert_eq!(negate(b), -b);
                prop_assert_eq!(inverse(b), b.inverse().unwrap_or(Fr::ZERO));
                prop_assert_eq!(from_limbs(limbs(b)), b);
            }
        }
    }
}

//! Exponents as windows that never stand for zero, so that every power takes the same steps.
//!
//! Recoding is one product and one sum in Z_q. With k' = (k + (2^n − 1)·S)/2 mod q and S = 1 + |x| + |x|² + |x|³:
//!
//! ```text
//! d_0..d_3    the digits of k' in base |x|, x the parameter of the curve; each has at most n bits
//! k         = 2k' − (2^n − 1)·S = Σ_i |x|^i · Σ_j 2^(wj)·(2·b_ij − (2^w − 1))     b_ij: window j of w bits of d_i
//! ```
//!
//! So a window b stands for the odd number 2b − (2^w − 1): half of them are the negatives of the other half, and a table
//! has 2^(w−1) entries. [`Digits`] has the windows for GT. [`Halves`] has those for any point of G1, by S = 1 + x² and two
//! digits in base x². [`Comb`] has those for the generator of G1, where S = 1 and k' itself is the digit.

use super::field;
use crate::constant_time::{Mask, less, mask};
use ark_bls12_381::Fr;
use ark_ff::MontFp;
use zeroize::Zeroize;

/// |x|, the absolute value of the curve parameter x = −0xd201000000010000.
pub(super) const X: u64 = 0xd201_0000_0001_0000;

/// 1/2 mod q.
const HALF: Fr = MontFp!("26217937587563095239723870254092982918845276250263818911301829349969290592257");

/// The four digits of an exponent in windows of `W` bits: 1 or 6.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Digits<const W: u32>([u64; 4]);

impl<const W: u32> Digits<W> {
    /// The number of windows of a digit.
    pub(super) const COUNT: u32 = 64_u32.div_ceil(W);
    /// The entries of a table for one window.
    pub(super) const ENTRIES: usize = 1 << (W - 1);

    /// (2^n − 1)·S/2 mod q, n = W·COUNT.
    const SHIFT: Fr = match W {
        1 => MontFp!("5742382304896635202587334079222015975021616437686671243590114677224374239231"),
        6 => MontFp!("49187466807149636055270923810091525297439629512271092420187645691789834158078"),
        _ => panic!("windows of 1 or 6 bits"),
    };

    /// Recodes k.
    pub(super) fn new(k: Fr) -> Self {
        Self(in_base_x(field::add(field::multiply(k, HALF), Self::SHIFT)))
    }

    /// Window j of digit i: the index of the entry (2·index + 1)·2^(wj), and whether the entry is to be inverted.
    #[inline]
    pub(super) fn window(&self, i: usize, j: u32) -> (u64, Mask) {
        place::<W>(self.0[i] >> (j * W))
    }
}

/// The two digits of an exponent in base x², each in 32 windows of 4 bits.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Halves([u128; 2]);

impl Halves {
    /// The number of windows of a digit.
    pub(super) const COUNT: u32 = 32;
    /// The entries of a table for all windows.
    pub(super) const ENTRIES: usize = 8;

    /// (2^128 − 1)·(1 + x²)/2 mod q.
    const SHIFT: Fr = MontFp!("12742489571013416042824916957428251468601853050386490045514909615194879557631");

    /// Recodes k.
    pub(super) fn new(k: Fr) -> Self {
        let [a, b, c, d] = in_base_x(field::add(field::multiply(k, HALF), Self::SHIFT));
        Self([(a, b), (c, d)].map(|(low, high)| u128::from(low) + u128::from(high) * u128::from(X)))
    }

    /// Window j of digit i, as [`Digits::window`].
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the lowest bits
    pub(super) fn window(&self, i: usize, j: u32) -> (u64, Mask) {
        place::<4>((self.0[i] >> (4 * j)) as u64)
    }
}

/// k in base |x|, the lowest digit first.
fn in_base_x(k: Fr) -> [u64; 4] {
    let mut rest = field::limbs(k);
    [(); 4].map(|()| {
        let mut remainder = 0;
        for limb in rest.iter_mut().rev() {
            (*limb, remainder) = divide_by_x(remainder, *limb);
        }
        remainder
    })
}

/// The index of a window of `W` bits, the lowest of `word`, and whether its entry is to be inverted.
#[inline]
fn place<const W: u32>(word: u64) -> (u64, Mask) {
    let window = word & ((1 << W) - 1);
    let negative = mask(!(window >> (W - 1)));
    ((window ^ negative) & ((1 << (W - 1)) - 1), negative)
}

/// An exponent in 52 windows of 5 bits, for a table of the multiples of one point.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Comb([u64; 4]);

impl Comb {
    /// The number of windows.
    pub(super) const COUNT: usize = 52;
    /// The entries of a table for one window.
    pub(super) const ENTRIES: usize = 16;

    /// (2^260 − 1)/2 mod q.
    const SHIFT: Fr = MontFp!("8708898333821229998232421176248860666575208565890850420096644814379866390510");

    /// Recodes k.
    pub(super) fn new(k: Fr) -> Self {
        Self(field::limbs(field::add(field::multiply(k, HALF), Self::SHIFT)))
    }

    /// Window j, as [`Digits::window`].
    #[inline]
    pub(super) fn window(&self, j: usize) -> (u64, Mask) {
        let (limb, at) = (5 * j / 64, 5 * j % 64);
        let next = self.0.get(limb + 1).map_or(0, |next| next << 1 << (63 - at));
        place::<5>(self.0[limb] >> at | next)
    }
}

/// (high·2^64 + low) divided by |x|, high < |x|: Möller and Granlund 2011, algorithm 4. Quotient and remainder.
fn divide_by_x(high: u64, low: u64) -> (u64, u64) {
    /// floor((2^128 − 1)/|x|) − 2^64.
    #[allow(clippy::cast_possible_truncation)] // the difference has 64 bits
    const RECIPROCAL: u64 = (u128::MAX / X as u128 - (1 << 64)) as u64;
    let product = u128::from(RECIPROCAL) * u128::from(high) + (u128::from(high) << 64 | u128::from(low));
    #[allow(clippy::cast_possible_truncation)] // the low half
    let (mut quotient, fraction) = (((product >> 64) as u64).wrapping_add(1), product as u64);
    let mut rest = low.wrapping_sub(quotient.wrapping_mul(X));
    let above = less(fraction, rest);
    quotient = quotient.wrapping_add(above);
    rest = rest.wrapping_add(above & X);
    let whole = !less(rest, X);
    (quotient.wrapping_sub(whole), rest.wrapping_sub(whole & X))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field};
    use proptest::prelude::*;

    fn power_of_two(n: u32) -> Fr {
        Fr::from(2).pow([n.into()])
    }

    /// The odd number that a window stands for.
    fn odd((index, negative): (u64, Mask)) -> Fr {
        let value = Fr::from(2 * index + 1);
        if negative == 0 { value } else { -value }
    }

    fn by_digits<const W: u32>(k: Fr) -> Fr {
        let digits = Digits::<W>::new(k);
        (0..4).fold(Fr::ZERO, |sum, i| {
            let digit: Fr = (0..Digits::<W>::COUNT).map(|j| power_of_two(W * j) * odd(digits.window(i, j))).sum();
            sum + digit * Fr::from(X).pow([i as u64])
        })
    }

    fn by_halves(k: Fr) -> Fr {
        let halves = Halves::new(k);
        let digit = |i| -> Fr { (0..Halves::COUNT).map(|j| power_of_two(4 * j) * odd(halves.window(i, j))).sum() };
        digit(0) + digit(1) * Fr::from(X).square()
    }

    fn by_comb(k: Fr) -> Fr {
        let comb = Comb::new(k);
        (0_u32..).zip(0..Comb::COUNT).map(|(n, j)| power_of_two(5 * n) * odd(comb.window(j))).sum()
    }

    proptest! {
        #[test]
        fn the_windows_give_the_exponent(wide in any::<[u64; 4]>(), edge in 0_u64..4) {
            let mut bytes = [0; 48];
            bytes.chunks_exact_mut(8).zip(wide).for_each(|(chunk, word)| chunk.copy_from_slice(&word.to_be_bytes()));
            let x = Fr::from(X);
            let edges = [Fr::from(edge), -Fr::from(edge), x, -x, x * x, x * x * x, x * x * x - Fr::ONE];
            for k in edges.into_iter().chain([field::from_wide(&bytes)]) {
                prop_assert_eq!(by_digits::<1>(k), k);
                prop_assert_eq!(by_digits::<6>(k), k);
                prop_assert_eq!(by_halves(k), k);
                prop_assert_eq!(by_comb(k), k);
            }
        }

        #[test]
        fn division_is_exact(high in 0..X, low: u64) {
            for (high, low) in [(high, low), (X - 1, low), (high, 0), (high, u64::MAX), (0, low)] {
                let dividend = u128::from(high) << 64 | u128::from(low);
                let (quotient, rest) = divide_by_x(high, low);
                prop_assert_eq!(u128::from(quotient) * u128::from(X) + u128::from(rest), dividend);
                prop_assert!(rest < X);
            }
        }
    }
}

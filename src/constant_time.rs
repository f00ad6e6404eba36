//! Choices that take the same instructions and addresses whatever the secret is.
//!
//! A mask is a word of 64 bits: all ones for yes, zero for no. [`black_box`] hides from the compiler that a mask has only
//! two values, so that the compiler does not turn a choice by a mask into a branch. `tests/constant_time.rs` checks the
//! compiled code.
#![allow(unsafe_code)] // the call of code for AVX2, which states why it is sound
#![allow(clippy::inline_always)] // the masks must end up inside the code for AVX2

use core::hint::black_box;
#[cfg(feature = "envelope")]
use subtle::Choice;

/// All ones, or zero.
pub(crate) type Mask = u64;

/// The mask of the lowest bit.
#[inline(always)]
pub(crate) fn mask(bit: u64) -> Mask {
    black_box((bit & 1).wrapping_neg())
}

/// Whether a = b.
#[inline(always)]
pub(crate) fn equal(a: u64, b: u64) -> Mask {
    let difference = a ^ b;
    mask(!(difference | difference.wrapping_neg()) >> 63)
}

/// Whether a < b.
#[inline(always)]
pub(crate) fn less(a: u64, b: u64) -> Mask {
    mask(((!a & b) | ((!a | b) & a.wrapping_sub(b))) >> 63)
}

/// Whether all words are zero.
#[inline(always)]
pub(crate) fn all_zero(words: &[u64]) -> Mask {
    equal(words.iter().fold(0, |any, word| any | word), 0)
}

/// `yes` where the mask is set, else `no`.
#[inline(always)]
pub(crate) const fn select(mask: Mask, yes: u64, no: u64) -> u64 {
    no ^ (mask & (yes ^ no))
}

/// The entry at `index`. Reads every entry; zero for an index beyond the table.
pub(crate) fn look_up<const N: usize>(table: &[[u64; N]], index: u64) -> [u64; N] {
    #[cfg(target_arch = "x86_64")]
    {
        /// The same with vectors of four words.
        #[target_feature(enable = "avx2")]
        fn by_fours<const N: usize>(table: &[[u64; N]], index: u64) -> [u64; N] {
            scan(table, index)
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { by_fours(table, index) };
        }
    }
    scan(table, index)
}

#[inline(always)]
fn scan<const N: usize>(table: &[[u64; N]], index: u64) -> [u64; N] {
    let mut out = [0; N];
    for (i, entry) in (0..).zip(table) {
        let here = equal(i, index);
        for (out, word) in out.iter_mut().zip(entry) {
            *out |= word & here;
        }
    }
    out
}

/// Makes a fact about secrets public, such as that a key is not zero: the one place where the program may branch on it.
///
/// The fact is read from a table of two bytes, so that a tool that follows secrets through the program sees the place
/// and no trace of the secret behind it.
#[inline(never)]
pub(crate) fn declassify(fact: Mask) -> bool {
    static ANSWERS: [bool; 2] = [false, true];
    black_box(&ANSWERS)[usize::from(fact & 1 == 1)]
}

/// As [`declassify`], for a choice of the crate `subtle`.
#[cfg(feature = "envelope")]
pub(crate) fn declassify_choice(fact: Choice) -> bool {
    declassify(mask(fact.unwrap_u8().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_are_the_comparisons(a: u64, b: u64) {
            for (a, b) in [(a, b), (a, a), (a, a.wrapping_add(1)), (a, 0), (u64::MAX, a)] {
                prop_assert_eq!(equal(a, b), if a == b { u64::MAX } else { 0 });
                prop_assert_eq!(less(a, b), if a < b { u64::MAX } else { 0 });
                prop_assert_eq!(select(less(a, b), a, b), a.min(b));
                prop_assert_eq!(declassify(less(a, b)), a < b);
                prop_assert_eq!(declassify(all_zero(&[a, b])), a == 0 && b == 0);
            }
        }

        #[test]
        fn a_look_up_finds_the_entry(table: Vec<[u64; 3]>, index in 0_usize..20) {
            let found = look_up(&table, index as u64);
            prop_assert_eq!(found, table.get(index).copied().unwrap_or_default());
        }
    }
}

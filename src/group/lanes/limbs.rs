//! The constants of the Montgomery reduction, in limbs of 52 bits.

use super::base::{LIMBS, P, split};

/// p in limbs.
pub(super) const P52: [u64; LIMBS] = split(&P);
pub(super) const LIMB_MASK: u64 = (1 << 52) - 1;
/// k = −p⁻¹ mod 2^52, by Newton's iteration.
pub(super) const K: u64 = {
    let (p, mut x, mut i) = (P[0], 1_u64, 0);
    while i < 6 {
        x = x.wrapping_mul(2_u64.wrapping_sub(p.wrapping_mul(x)));
        i += 1;
    }
    x.wrapping_neg() & LIMB_MASK
};
/// M = (k·p + 1)/2^52.
#[allow(clippy::cast_possible_truncation)] // limbs
pub(super) const M: [u64; LIMBS] = {
    let mut out = [0; LIMBS];
    let (mut carry, mut i) = (1_u128, 0);
    while i <= LIMBS {
        let p = if i < LIMBS { P52[i] } else { 0 };
        let sum = p as u128 * K as u128 + carry;
        if i == 0 {
            assert!(sum & LIMB_MASK as u128 == 0);
        } else {
            out[i - 1] = sum as u64 & LIMB_MASK;
        }
        carry = sum >> 52;
        i += 1;
    }
    assert!(carry == 0);
    out
};

/// 2^416 − p in limbs.
pub(super) const MINUS_P: [u64; LIMBS] = {
    let (mut out, mut i) = ([0; LIMBS], 0);
    while i < LIMBS {
        out[i] = LIMB_MASK - P52[i];
        i += 1;
    }
    out[0] += 1; // p is odd: no carry
    out
};
/// 2^40/(top limb of p + 1). A top limb times this, shifted right by 40, is a quotient by p that is never too large.
pub(super) const QUOTIENT: u64 = (1 << 40) / (P52[LIMBS - 1] + 1);
/// The most by which a top limb can be too small or too large as long as the limbs below it are not normalised. The limb
/// below the top one has at most 63 products of three parts of 52 bits each, and as much from the reduction as one product.
/// An error of 2·256 in the top limb, which is 106,513 in p, adds 0.005p to a weakened value.
pub(super) const CARRY: u64 = 256;

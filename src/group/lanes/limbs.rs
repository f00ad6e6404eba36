//! The numbers of the reduction, in limbs of 52 bits.

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

/// k·p in limbs; the top one takes what is over.
#[allow(clippy::cast_possible_truncation)] // limbs
pub(super) const fn multiple(k: usize) -> [u64; LIMBS] {
    let mut out = [0; LIMBS];
    let (mut carry, mut i) = (0_u128, 0);
    while i < LIMBS {
        let sum = P52[i] as u128 * k as u128 + carry;
        out[i] = if i + 1 < LIMBS { sum as u64 & LIMB_MASK } else { sum as u64 };
        carry = sum >> 52;
        i += 1;
    }
    out
}

/// Limb i of 0, p, .. 15p: `weaken` looks up its quotient's multiple.
pub(super) static MULTIPLES: [[u64; 16]; LIMBS] = {
    let mut out = [[0; 16]; LIMBS];
    let mut k = 0;
    while k < 16 {
        let (kp, mut i) = (multiple(k), 0);
        while i < LIMBS {
            out[i][k] = kp[i];
            i += 1;
        }
        k += 1;
    }
    out
};
/// 2^40/(top limb of p + 1): times a top limb, shifted right by 40, a quotient by p that is never too large.
pub(super) const QUOTIENT: u64 = (1 << 40) / (P52[LIMBS - 1] + 1);
/// What a top limb can lack of its value or have too much, as long as the limbs below are not normalised: those of
/// a reduction are below 2^58, three times that and more carry less than this. 2·256 of p's top limb of
/// 106,513 leave a weakened value below 1.01p.
pub(super) const CARRY: u64 = 256;

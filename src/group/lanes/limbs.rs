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

/// k·p in limbs; the top limb may be longer than 52 bits.
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

/// At \[i\]\[k\]: limb i of k·p. `weaken` looks up the multiple of its quotient.
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
/// 2^40/(top limb of p + 1). A top limb times this, shifted right by 40, is a quotient by p that is never too large.
pub(super) const QUOTIENT: u64 = (1 << 40) / (P52[LIMBS - 1] + 1);
/// The most by which a top limb can be too small or too large as long as the limbs below it are not normalised. The limbs
/// of a reduction are below 2^58, and more than three times as much carries less than 256. An error of 2·256 in the top
/// limb, which is 106,513 in p, keeps a weakened value below 1.01p.
pub(super) const CARRY: u64 = 256;

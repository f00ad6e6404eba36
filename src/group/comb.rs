//! Powers of the generator of G1 by a table, in constant time: 52 look-ups and 51 additions.
//!
//! The table has the odd multiples (2e + 1)·32^j·g1, j < 52, e < 16: 832 points of 96 bytes. Every look-up reads the
//! whole window, and no window stands for zero (see [`exponent`](super::exponent)).

use super::exponent::Comb;
use crate::constant_time::{Mask, look_up};
use ark_bls12_381::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use std::sync::LazyLock;

/// Words of a point: the Montgomery limbs of x and y.
pub(super) const WORDS: usize = 12;

/// The table, by window, then entry.
static ENTRIES: LazyLock<Vec<[u64; WORDS]>> = LazyLock::new(|| {
    let mut points = Vec::with_capacity(Comb::COUNT * Comb::ENTRIES);
    let mut base = G1Projective::generator();
    for _ in 0..Comb::COUNT {
        let (mut point, twice) = (base, base + base);
        for _ in 0..Comb::ENTRIES {
            points.push(point);
            point += twice;
        }
        for _ in 0..5 {
            base += base;
        }
    }
    let words = |p: &G1Affine| std::array::from_fn(|i| if i < 6 { p.x.0.0[i] } else { p.y.0.0[i - 6] });
    G1Projective::normalize_batch(&points).iter().map(words).collect()
});

/// Below this window the sum is neither an entry nor its inverse: it is s·g1 with 0 < |s| < 32^j, an entry is e·g1 with
/// 32^j ≤ |e|, and |s| + |e| < 32^(j + 1) ≤ 2^250 < q.
const UNEQUAL: usize = 50;

/// The entries of window j.
pub(super) fn window(j: usize) -> &'static [[u64; WORDS]] {
    &ENTRIES[j * Comb::ENTRIES..][..Comb::ENTRIES]
}

/// Sums of entries, by one library.
pub(super) trait Points {
    /// The entry, or its inverse where the mask is set.
    fn first(x_and_y: &[u64; WORDS], negative: Mask) -> Self;
    /// The sum with an entry or its inverse, which is neither this sum nor its inverse.
    #[must_use]
    fn add(&self, x_and_y: &[u64; WORDS], negative: Mask) -> Self;
    /// The sum with any entry or its inverse.
    #[must_use]
    fn add_any(&self, x_and_y: &[u64; WORDS], negative: Mask) -> Self;
}

/// g1^k.
pub(super) fn pow<P: Points>(k: Fr) -> P {
    let comb = Comb::new(k);
    let (index, negative) = comb.window(0);
    let mut sum = P::first(&look_up(window(0), index), negative);
    for j in 1..Comb::COUNT {
        let (index, negative) = comb.window(j);
        let entry = look_up(window(j), index);
        sum = if j < UNEQUAL { sum.add(&entry, negative) } else { sum.add_any(&entry, negative) };
    }
    sum
}

//! Powers in GT by the Frobenius, in constant time: four exponents of 64 bits in place of one of 255.
//!
//! On GT the Frobenius map is the power by x, the curve's parameter: g^p = g^x, since p ≡ x (mod q). With the exponent in
//! base |x|, k = k0 + k1·|x| + k2·|x|² + k3·|x|³, and since x is negative,
//! ```text
//! g^k = g^k0 · conj(φ(g))^k1 · φ²(g)^k2 · conj(φ³(g))^k3.
//! ```
//! The windows of [`Digits`] stand for odd numbers, so no step is skipped, and every look-up reads its whole table.
//! - [`pow`]: the eight products g0·g1^±1·g2^±1·g3^±1 of the four bases; 63 squarings and 63 products, 13 for the table.
//! - [`Table`]: the odd powers of one base in 11 windows of 6 bits, as elements c of the torus, g = (c + w)/(c − w) (see
//!   [`torus`](super::torus)). A product f·(c + w) costs two products of F_p⁶, not three. With f = Π (c + w) the power is
//!   f/conj(f), one inversion at the end. 352 entries of 288 bytes.

use super::exponent::{Digits, X};
use crate::constant_time::{Mask, look_up};
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr};
use ark_ff::{BigInteger384, CyclotomicMultSubgroup, Field, Zero};
use std::sync::OnceLock;

/// Words of an element of F_p⁶ and of F_p¹²: Montgomery limbs in tower order.
pub(super) const WORDS6: usize = 36;
const WORDS12: usize = 2 * WORDS6;

/// Arithmetic of F_p¹² = F_p⁶(w) and of its cyclotomic subgroup, by one library.
pub(super) trait Cyclotomic: Copy {
    /// F_p⁶.
    type Half: Copy;

    fn join(halves: [Self::Half; 2]) -> Self;
    fn halves(&self) -> [Self::Half; 2];
    fn times(&self, other: &Self) -> Self;
    /// The square of an element of the cyclotomic subgroup.
    fn squared(&self) -> Self;
    fn conjugate(&self) -> Self;
    /// self^(p^n), n = 1, 2, 3.
    fn frobenius(&self, n: usize) -> Self;
    /// 1/self; 0 for 0.
    fn inverse(&self) -> Self;

    fn half_one() -> Self::Half;
    fn half_times(a: &Self::Half, b: &Self::Half) -> Self::Half;
    fn half_plus(a: &Self::Half, b: &Self::Half) -> Self::Half;
    /// 1/a; 0 for 0.
    fn half_inverse(a: &Self::Half) -> Self::Half;
    /// −a where the mask is set, else a.
    fn half_negated(a: &Self::Half, negative: Mask) -> Self::Half;
    /// v.
    fn v() -> Self::Half;
    fn half_words(a: &Self::Half) -> [u64; WORDS6];
    fn half_from_words(words: &[u64; WORDS6]) -> Self::Half;
}

impl Cyclotomic for Fq12 {
    type Half = Fq6;

    fn join([c0, c1]: [Fq6; 2]) -> Self {
        Self::new(c0, c1)
    }

    fn halves(&self) -> [Fq6; 2] {
        [self.c0, self.c1]
    }

    fn times(&self, other: &Self) -> Self {
        *self * other
    }

    fn squared(&self) -> Self {
        self.cyclotomic_square()
    }

    fn conjugate(&self) -> Self {
        let mut out = *self;
        out.conjugate_in_place();
        out
    }

    fn frobenius(&self, n: usize) -> Self {
        self.frobenius_map(n)
    }

    fn inverse(&self) -> Self {
        Field::inverse(self).unwrap_or_else(Self::zero)
    }

    fn half_one() -> Fq6 {
        Fq6::ONE
    }

    fn half_times(a: &Fq6, b: &Fq6) -> Fq6 {
        *a * b
    }

    fn half_plus(a: &Fq6, b: &Fq6) -> Fq6 {
        *a + b
    }

    fn half_inverse(a: &Fq6) -> Fq6 {
        Field::inverse(a).unwrap_or_else(Fq6::zero)
    }

    fn half_negated(a: &Fq6, negative: Mask) -> Fq6 {
        if negative == 0 { *a } else { -*a }
    }

    fn v() -> Fq6 {
        Fq6::new(Fq2::zero(), Fq2::ONE, Fq2::zero())
    }

    fn half_words(a: &Fq6) -> [u64; WORDS6] {
        let mut out = [0; WORDS6];
        for (chunk, x) in out.as_chunks_mut().0.iter_mut().zip(a.to_base_prime_field_elements()) {
            *chunk = x.0.0;
        }
        out
    }

    fn half_from_words(words: &[u64; WORDS6]) -> Fq6 {
        let (limbs, _) = words.as_chunks();
        let x = |i: usize| Fq::new_unchecked(BigInteger384::new(limbs[i]));
        Fq6::new(Fq2::new(x(0), x(1)), Fq2::new(x(2), x(3)), Fq2::new(x(4), x(5)))
    }
}

/// The four bases g, g^|x|, g^|x|², g^|x|³.
fn conjugates<T: Cyclotomic>(g: &T) -> [T; 4] {
    [*g, g.frobenius(1).conjugate(), g.frobenius(2), g.frobenius(3).conjugate()]
}

fn words<T: Cyclotomic>(f: &T) -> [u64; WORDS12] {
    let [a, b] = f.halves().map(|half| T::half_words(&half));
    std::array::from_fn(|i| if i < WORDS6 { a[i] } else { b[i - WORDS6] })
}

/// The element of these words, inverted where the mask is set: in GT the inverse is the conjugate.
fn from_words<T: Cyclotomic>(words: &[u64; WORDS12], negative: Mask) -> T {
    let (halves, _) = words.as_chunks();
    T::join([T::half_from_words(&halves[0]), T::half_negated(&T::half_from_words(&halves[1]), negative)])
}

/// The products g0·g1^±1·g2^±1·g3^±1: bit i − 1 of the index says that base i has the sign of base 0.
fn signed_products<T: Cyclotomic>([b0, b1, b2, b3]: [T; 4]) -> [T; 8] {
    let (same01, other01) = (b0.times(&b1), b0.times(&b1.conjugate()));
    let (same23, other23) = (b2.times(&b3), b2.times(&b3.conjugate()));
    let (both, neither) = (same23.conjugate(), other23.conjugate());
    [
        other01.times(&both),
        same01.times(&both),
        other01.times(&other23),
        same01.times(&other23),
        other01.times(&neither),
        same01.times(&neither),
        other01.times(&same23),
        same01.times(&same23),
    ]
}

/// Bit j of the four digits: the index into the signed products, and whether the entry is to be inverted.
#[inline]
pub(super) fn column(digits: &Digits<1>, j: u32) -> (u64, Mask) {
    let [negative, n1, n2, n3] = [0, 1, 2, 3].map(|i| digits.window(i, j).1);
    // A base has the sign of base 0 where both masks are equal.
    let bit = |n: Mask| !(n ^ negative) & 1;
    (bit(n1) | bit(n2) << 1 | bit(n3) << 2, negative)
}

/// g^k for g in GT.
pub(super) fn pow<T: Cyclotomic>(g: &T, k: Fr) -> T {
    let digits = Digits::new(k);
    let table = signed_products(conjugates(g)).map(|product| words(&product));
    let entry = |j: u32| {
        let (index, negative) = column(&digits, j);
        from_words::<T>(&look_up(&table, index), negative)
    };
    let mut power = entry(63);
    for j in (0..63).rev() {
        power = power.squared().times(&entry(j));
    }
    power
}

/// Whether f^p = f^x. In the cyclotomic subgroup, in which `f` must lie, exactly the elements of GT satisfy this (Scott,
/// eprint 2021/1130). 63 squarings, 5 products.
pub(super) fn frobenius_is_x<T: Cyclotomic + PartialEq>(f: &T) -> bool {
    let mut power = *f;
    for bit in (0..63).rev() {
        power = power.squared();
        if (X >> bit) & 1 == 1 {
            power = power.times(f);
        }
    }
    f.frobenius(1) == power.conjugate() // x is negative
}

/// c = (1 + g0)/g1 of g = g0 + g1·w in GT; 0 for g = 1.
pub(super) fn torus<T: Cyclotomic>(g: &T) -> T::Half {
    let [g0, g1] = g.halves();
    T::half_times(&T::half_plus(&g0, &T::half_one()), &T::half_inverse(&g1))
}

/// The windows of a digit of a table.
pub(super) type Windows = Digits<6>;

/// The torus elements c of g^((2e + 1)·2^(6j)), by j, then e, for one base g. The bases are public, so the table is not
/// overwritten.
pub(super) struct Table {
    entries: Vec<[u64; WORDS6]>,
    /// The entries in the form of the engine `lanes`, made at its first batch.
    pub(super) in_lanes: OnceLock<Vec<[[[u64; 32]; 8]; 6]>>,
}

impl Table {
    /// The number of entries.
    pub(super) const ENTRIES: usize = Windows::COUNT as usize * Windows::ENTRIES;

    /// The table of a base. All entries of the base 1 are 0, and its powers are 1: f is then a product of an even number of
    /// factors w.
    pub(super) fn new<T: Cyclotomic>(base: &T) -> Self {
        let mut base = *base;
        let mut entries = Vec::with_capacity(Self::ENTRIES);
        for _ in 0..Windows::COUNT {
            let (mut power, square) = (base, base.squared());
            for e in 0..Windows::ENTRIES {
                if e > 0 {
                    power = power.times(&square);
                }
                entries.push(T::half_words(&torus(&power)));
            }
            for _ in 0..6 {
                base = base.squared();
            }
        }
        Self { entries, in_lanes: OnceLock::new() }
    }

    /// The entries of all windows.
    pub(super) fn entries(&self) -> &[[u64; WORDS6]] {
        &self.entries
    }

    fn window(&self, j: u32) -> &[[u64; WORDS6]] {
        &self.entries[j as usize * Windows::ENTRIES..][..Windows::ENTRIES]
    }

    /// g^k.
    pub(super) fn pow<T: Cyclotomic>(&self, k: Fr) -> T {
        let digits = Windows::new(k);
        let [d0, d1, d2, d3] = [0, 1, 2, 3].map(|i| {
            let entry = |j: u32| {
                let (index, negative) = digits.window(i, j);
                T::half_negated(&T::half_from_words(&look_up(self.window(j), index)), negative)
            };
            // Π (c + w) over the windows: one, and then five pairs.
            let first = T::join([entry(0), T::half_one()]);
            (1..Windows::COUNT).step_by(2).fold(first, |part, j| part.times(&pair::<T>(&entry(j), &entry(j + 1))))
        });
        let f = d0.times(&d1.frobenius(1).conjugate()).times(&d2.frobenius(2)).times(&d3.frobenius(3).conjugate());
        f.times(&f.conjugate().inverse())
    }
}

/// (c + w)(d + w) = (c·d + v) + (c + d)·w.
fn pair<T: Cyclotomic>(c: &T::Half, d: &T::Half) -> T {
    T::join([T::half_plus(&T::half_times(c, d), &T::v()), T::half_plus(c, d)])
}

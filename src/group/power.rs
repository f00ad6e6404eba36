//! Powers in GT by the Frobenius: four exponents of 64 bits in place of one of 255.
//!
//! On GT the Frobenius map is the power by x, the curve's parameter: g^p = g^x, since p ≡ x (mod q). With the exponent in
//! base |x|, k = k0 + k1·|x| + k2·|x|² + k3·|x|³, and since x is negative,
//! ```text
//! g^k = g^k0 · conj(φ(g))^k1 · φ²(g)^k2 · conj(φ³(g))^k3.
//! ```
//! - [`pow`]: one table of the 16 products; 64 squarings, at most 64 products, 11 for the table.
//! - [`Windows`]: a table for one base, shared by the four digits: 8 windows of 8 bits; 32 look-ups and 34 products.
//!
//! Nothing here is constant-time.

use ark_bls12_381::{Fq, Fq12};
use ark_ff::{CyclotomicMultSubgroup, Field};

/// |x|, the absolute value of the curve parameter x = −0xd201000000010000.
pub(super) const X: u64 = 0xd201_0000_0001_0000;

/// Arithmetic of the cyclotomic subgroup of F_p¹² on the values of one library.
pub(super) trait Cyclotomic: Copy {
    fn one() -> Self;
    fn times(&self, other: &Self) -> Self;
    fn squared(&self) -> Self;
    fn conjugate(&self) -> Self;
    /// self^(p^n), n = 1, 2, 3.
    fn frobenius(&self, n: usize) -> Self;
    fn load(value: &Fq12) -> Self;
}

impl Cyclotomic for Fq12 {
    fn one() -> Self {
        Self::ONE
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

    fn load(value: &Fq12) -> Self {
        *value
    }
}

/// The digits of an exponent below q in base |x|, lowest first. Four are enough, since q < |x|⁴.
pub(super) fn digits(exponent: [u64; 4]) -> [u64; 4] {
    let mut rest = exponent;
    [(); 4].map(|()| {
        let mut remainder = 0_u64;
        for limb in rest.iter_mut().rev() {
            let dividend = (u128::from(remainder) << 64) | u128::from(*limb);
            // The remainder is below |x|, so the quotient of each step fits in a limb.
            #[allow(clippy::cast_possible_truncation)]
            {
                *limb = (dividend / u128::from(X)) as u64;
                remainder = (dividend % u128::from(X)) as u64;
            }
        }
        remainder
    })
}

/// The four bases g, g^|x|, g^|x|², g^|x|³.
pub(super) fn conjugates<T: Cyclotomic>(g: &T) -> [T; 4] {
    [*g, g.frobenius(1).conjugate(), g.frobenius(2), g.frobenius(3).conjugate()]
}

/// g^(Σ dᵢ·|x|ⁱ) for g in GT.
pub(super) fn pow<T: Cyclotomic>(g: &T, digits: [u64; 4]) -> T {
    let bases = conjugates(g);
    let mut products = [T::one(); 16];
    for i in 1..16_usize {
        let (rest, lowest) = (i & (i - 1), bases[i.trailing_zeros() as usize]);
        products[i] = if rest == 0 { lowest } else { products[rest].times(&lowest) };
    }
    let mut power = T::one();
    for bit in (0..64).rev() {
        power = power.squared();
        match column(digits, bit) {
            0 => {}
            index => power = power.times(&products[index]),
        }
    }
    power
}

/// Bit `bit` of each of the four digits as one number, that of the first digit lowest.
pub(super) fn column(digits: [u64; 4], bit: u32) -> usize {
    digits.iter().rev().fold(0, |index, d| (index << 1) | usize::from((d >> bit) & 1 == 1))
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

/// The powers g^(j·2^(8i)), i < 8, j < 256, of one base g. The bases are public, so the table is not overwritten.
pub(super) struct Windows(Vec<Vec<Fq12>>);

impl Windows {
    pub(super) const BITS: usize = 8;
    pub(super) const ENTRIES: usize = 1 << Self::BITS;
    pub(super) const COUNT: usize = 64 / Self::BITS;

    /// 2040 products, by `multiply`.
    pub(super) fn new(base: &Fq12, multiply: impl Fn(&Fq12, &Fq12) -> Fq12) -> Self {
        let mut generator = *base;
        let mut windows = Vec::with_capacity(Self::COUNT);
        for _ in 0..Self::COUNT {
            let mut entries = vec![Fq12::ONE; Self::ENTRIES];
            for j in 1..Self::ENTRIES {
                entries[j] = multiply(&entries[j - 1], &generator);
            }
            generator = multiply(&entries[Self::ENTRIES - 1], &generator);
            windows.push(entries);
        }
        Self(windows)
    }

    /// The entries whose product is g^digit.
    pub(super) fn entries(&self, digit: u64) -> impl Iterator<Item = &Fq12> {
        self.0.iter().zip(digit.to_le_bytes()).map(|(window, byte)| &window[usize::from(byte)])
    }

    /// The entry of a digit in one window.
    pub(super) fn entry(&self, window: usize, digit: u64) -> &Fq12 {
        &self.0[window][usize::from(digit.to_le_bytes()[window])]
    }

    /// g^(Σ dᵢ·|x|ⁱ).
    pub(super) fn pow<T: Cyclotomic>(&self, digits: [u64; 4]) -> T {
        let [d0, d1, d2, d3] = digits.map(|d| self.entries(d).fold(T::one(), |product, e| product.times(&T::load(e))));
        d0.times(&d1.frobenius(1).conjugate()).times(&d2.frobenius(2)).times(&d3.frobenius(3).conjugate())
    }
}

/// The i-th coefficient over F_p, in tower order.
pub(super) fn coefficient(f: &Fq12, i: usize) -> &Fq {
    let six = if i < 6 { &f.c0 } else { &f.c1 };
    let two = [&six.c0, &six.c1, &six.c2][i % 6 / 2];
    if i.is_multiple_of(2) { &two.c0 } else { &two.c1 }
}

//! The cyclotomic subgroup of F_p¹²: squarings, powers by x, the final exponentiation.
//!
//! - Squaring (Granger, Scott; eprint 2009/565): three squarings in F_p⁴, of (a00, a11), (a10, a02), (a01, a12), where
//!   aij is the coefficient of w^i·v^j. 9 squares and 6 reductions of F_p²: 3492 IFMA in lanes.
//! - Compressed squaring (Karabina; eprint 2010/542): the last two pairs depend on themselves alone, so the first pair is
//!   left out and computed at the end, by one inversion for all powers that are needed. 6 squares, 4 reductions: 2328 IFMA.
//! - f^|x|, |x| = 2^16 + 2^48 + 2^57 + 2^60 + 2^62 + 2^63: 60 compressed squarings, 4 decompressions, 3 squarings and
//!   5 products.
//! - Final exponentiation (Hayashida, Hayasaka, Teruya; eprint 2020/875): easy part f^((p⁶ − 1)(p² + 1)), then
//!   (x − 1)²·(x + p)·(x² + p² − 1) + 3: five powers by x, 8 products, 1 squaring.

use super::base::{Base, Constant2, Mask, Multiple, constant2};
use super::fp2::{Fp2, Wide2};
use super::kernels::kernels;
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::constant_time::{self, declassify};
use ark_bls12_381::{Fq2, Fq6, Fq12};
use ark_ff::{AdditiveGroup, Field};
use std::sync::LazyLock;

kernels! {
    /// Squarings, powers by x and Frobenius maps in the cyclotomic subgroup, and the final exponentiation.
    trait CyclotomicKernels: TowerKernels;
    fn square4_even(aa: &Wide2<Self>, bb: &Wide2<Self>, m: &mut Fp2<Self>, k: &Multiple) = square4_even;
    fn square4_odd(aa: &Wide2<Self>, bb: &Wide2<Self>, cross: &Wide2<Self>, n: &mut Fp2<Self>) = square4_odd::<_, false>;
    fn square4_odd_xi(aa: &Wide2<Self>, bb: &Wide2<Self>, cross: &Wide2<Self>, n: &mut Fp2<Self>) = square4_odd::<_, true>;
    /// f ← f^(2^n) for f in the cyclotomic subgroup.
    fn cyclotomic_square_times(f: &mut Fp12<Self>, n: usize) = square_times;
    fn numerator(g: &Compressed<Self>, out: &mut Fp2<Self>) = numerator;
    fn decompress_a00(g: &Compressed<Self>, a11: &Fp2<Self>, out: &mut Fp2<Self>) = decompress_a00;
    fn compressed_square_times(f: &mut Compressed<Self>, n: usize) = compressed_square_times;
    /// f^|x| for f in the cyclotomic subgroup.
    fn power_x(f: &Fp12<Self>) -> Fp12<Self> = power_x;
    fn frobenius(f: &Fp12<Self>, n: usize) -> Fp12<Self> = frobenius;
    fn final_exponentiation(f: &Fp12<Self>) -> Fp12<Self> = final_exponentiation;
    /// The lanes in which f^p = f^x.
    fn frobenius_is_x(f: &Fp12<Self>) -> Mask = frobenius_is_x;
}

impl<F: CyclotomicKernels> Fp12<F> {
    /// self^(2^n) in the cyclotomic subgroup, self below 2p.
    #[inline(always)]
    pub(super) fn cyclotomic_squared(&self, n: usize) -> Self {
        let mut out = *self;
        F::cyclotomic_square_times(&mut out, n);
        out
    }
}

/// The squarings between two weakenings: each one doubles the bounds of the coefficients, which start below 2p.
const RUN: usize = 8;

/// At \[i\]: what the squaring i of a run adds before it subtracts a coefficient, so that the result is not negative.
static OFFSETS: [Multiple; RUN] = {
    let (mut out, mut bound, mut i) = ([const { Multiple::new(0) }; RUN], 2, 0);
    while i < RUN {
        out[i] = Multiple::new(bound + 1);
        bound = 2 * bound + 12;
        i += 1;
    }
    assert!(bound < 8192); // what `weaken` takes
    out
};

/// The first half of (a + b·t)², t² = ξ, from aa = a² and bb = b²: m ← 3·(aa + ξ·bb)/R − 2m.
#[inline(always)]
fn square4_even<F: Base>(aa: &Wide2<F>, bb: &Wide2<F>, m: &mut Fp2<F>, k: &Multiple) {
    let c0 = aa.plus(&bb.times_xi());
    let [x, y] = F::reduce_sums::<0, 0>(&c0.0, &c0.1);
    let (dx, dy) = (x.minus_within(&m.0, k), y.minus_within(&m.1, k));
    *m = Fp2(x.plus_sum(&dx).plus_sum(&dx).value(), y.plus_sum(&dy).plus_sum(&dy).value());
}

/// The second, with cross = (a + b)²: n ← 3·(cross − aa − bb)/R + 2n; with XI the product is also multiplied by ξ.
#[inline(always)]
fn square4_odd<F: Base, const XI: bool>(aa: &Wide2<F>, bb: &Wide2<F>, cross: &Wide2<F>, n: &mut Fp2<F>) {
    let c1 = cross.minus(aa).minus(bb);
    let c1 = if XI { c1.times_xi() } else { c1 };
    let [x, y] = F::reduce_sums::<1, 1>(&c1.0, &c1.1);
    let (sx, sy) = (x.plus(&n.0), y.plus(&n.1));
    *n = Fp2(x.plus_sum(&sx).plus_sum(&sx).value(), y.plus_sum(&sy).plus_sum(&sy).value());
}

/// The pairs (a10, a02) and (a01, a12): the new values of each pair come from the squares of the other pair.
#[inline(always)]
fn square_pairs<F: CyclotomicKernels>([a10, a02, a01, a12]: [&mut Fp2<F>; 4], k: &Multiple) {
    let (aa, bb) = (F::square2_wide(a10), F::square2_wide(a02));
    let cross = F::square_sum2_wide(a10, a02);
    let (cc, dd) = (F::square2_wide(a01), F::square2_wide(a12));
    let cross2 = F::square_sum2_wide(a01, a12);
    F::square4_even(&aa, &bb, a01, k);
    F::square4_odd(&aa, &bb, &cross, a12);
    F::square4_even(&cc, &dd, a02, k);
    F::square4_odd_xi(&cc, &dd, &cross2, a10);
}

/// f ← f^(2^n), f in the cyclotomic subgroup, coefficients below 2p.
#[inline(always)]
fn square_times<F: CyclotomicKernels>(f: &mut Fp12<F>, n: usize) {
    for done in (0..n).step_by(RUN) {
        for k in OFFSETS.iter().take(n - done) {
            let Fp12(Fp6(a00, a01, a02), Fp6(a10, a11, a12)) = f;
            let (aa, bb) = (F::square2_wide(a00), F::square2_wide(a11));
            let cross = F::square_sum2_wide(a00, a11);
            F::square4_even(&aa, &bb, a00, k);
            F::square4_odd(&aa, &bb, &cross, a11);
            square_pairs([a10, a02, a01, a12], k);
        }
        *f = f.weaken();
    }
}

/// The coefficients a10, a02, a01, a12 of an element of the cyclotomic subgroup.
#[derive(Clone, Copy)]
pub(super) struct Compressed<F>([Fp2<F>; 4]);

impl<F: CyclotomicKernels> Compressed<F> {
    #[inline(always)]
    pub(super) fn new(f: &Fp12<F>) -> Self {
        Self([f.1.0, f.0.2, f.0.1, f.1.2])
    }

    /// self^(2^n).
    #[inline(always)]
    fn squared(&self, n: usize) -> Self {
        let mut out = *self;
        F::compressed_square_times(&mut out, n);
        out
    }

    /// 4·g2.
    #[inline(always)]
    fn denominator(&self) -> Fp2<F> {
        let twice = self.0[0].plus(&self.0[0]);
        twice.plus(&twice)
    }
}

/// f ← f^(2^n).
#[inline(always)]
fn compressed_square_times<F: CyclotomicKernels>(f: &mut Compressed<F>, n: usize) {
    for done in (0..n).step_by(RUN) {
        for k in OFFSETS.iter().take(n - done) {
            square_pairs(f.0.each_mut(), k);
        }
        for coefficient in &mut f.0 {
            *coefficient = coefficient.weaken(); // in a closure the code would not have the lanes' features
        }
    }
}

/// ξ·g5² + 3·g4² − 2·g3, below 6p.
#[inline(always)]
fn numerator<F: CyclotomicKernels>(Compressed([_, g3, g4, g5]): &Compressed<F>, out: &mut Fp2<F>) {
    let (mut wide, square) = (F::square2_wide(g5), F::square2_wide(g4));
    for i in 0..F::COLUMNS {
        let square = square.column(i);
        wide.set_column(i, &wide.column(i).times_xi().plus(&square).plus(&square).plus(&square));
    }
    F::reduce2_raised(&wide.lowered(g3).lowered(g3), out);
}

/// ξ·(2·a11² + g2·g5 − 3·g3·g4) + 1, weakened.
#[inline(always)]
fn decompress_a00<F: CyclotomicKernels>(Compressed([g2, g3, g4, g5]): &Compressed<F>, a11: &Fp2<F>, out: &mut Fp2<F>) {
    let (mut wide, square) = (F::multiply2_wide(g2, g5), F::square2_wide(a11));
    let cross = F::multiply2_wide(g3, g4);
    for i in 0..F::COLUMNS {
        let (square, cross) = (square.column(i), cross.column(i));
        let sum = wide.column(i).plus(&square).plus(&square).minus(&cross).minus(&cross).minus(&cross);
        wide.set_column(i, &sum.times_xi());
    }
    F::reduce2_weak(&wide.raised(&Fp2::one()), out);
}

/// The whole elements: with g2..g5 = a10, a02, a01, a12,
/// a11 = (ξ·g5² + 3·g4² − 2·g3)/(4·g2) and a00 = ξ·(2·a11² + g2·g5 − 3·g3·g4) + 1. None where a lane has g2 = 0, as the
/// identity has: the formula does not hold there, and the caller squares without compression.
#[inline(always)]
fn decompress<F: CyclotomicKernels, const N: usize>(powers: &[Compressed<F>; N]) -> Option<[Fp12<F>; N]> {
    // One inversion of all the 4·g2: products[i] is that of the powers before i.
    let mut products = [Fp2::one(); N];
    let mut product = powers[0].denominator();
    for i in 1..N {
        products[i] = product;
        product = product.times(&powers[i].denominator());
    }
    if !declassify(constant_time::equal(product.zeros().into(), 0)) {
        return None;
    }
    let mut rest = product.inverse();
    let mut out = [Fp12::one(); N];
    for i in (0..N).rev() {
        let Compressed([g2, g3, g4, g5]) = &powers[i];
        let inverse = if i == 0 { rest } else { rest.times(&products[i]) };
        rest = rest.times(&powers[i].denominator());
        let mut a11 = Fp2::zero();
        F::numerator(&powers[i], &mut a11);
        let a11 = a11.times(&inverse).weaken();
        let mut a00 = Fp2::zero();
        F::decompress_a00(&powers[i], &a11, &mut a00);
        out[i] = Fp12(Fp6(a00, *g4, *g3), Fp6(*g2, a11, *g5));
    }
    Some(out)
}

/// f^|x| below 3.01p; f below 2p.
#[inline(always)]
fn power_x<F: CyclotomicKernels>(f: &Fp12<F>) -> Fp12<F> {
    let s16 = Compressed::new(f).squared(16);
    let s48 = s16.squared(32);
    let s57 = s48.squared(9);
    let s60 = s57.squared(3);
    let [f16, f48, f57, f60] = if let Some(powers) = decompress(&[s16, s48, s57, s60]) {
        powers
    } else {
        let f16 = f.cyclotomic_squared(16);
        let f48 = f16.cyclotomic_squared(32);
        let f57 = f48.cyclotomic_squared(9);
        [f16, f48, f57, f57.cyclotomic_squared(3)]
    };
    let f62 = f60.cyclotomic_squared(2);
    let mut power = f62.cyclotomic_squared(1);
    F::multiply12(&mut power, &f62);
    F::multiply12(&mut power, &f60);
    F::multiply12(&mut power, &f57);
    F::multiply12(&mut power, &f48);
    F::multiply12(&mut power, &f16);
    power
}

/// f^x for the negative x, below 1.01p.
#[inline(always)]
fn to_x<F: CyclotomicKernels>(f: &Fp12<F>) -> Fp12<F> {
    F::power_x(f).conjugate().weaken()
}

/// f^p = f^x: the elements of order q of the cyclotomic subgroup (Scott, eprint 2021/1130). f below 4p.
#[inline(always)]
fn frobenius_is_x<F: CyclotomicKernels>(f: &Fp12<F>) -> Mask {
    let f = f.weaken();
    F::equals12(&F::frobenius(&f, 1), &to_x(&f))
}

/// At \[n − 1\]\[i\]\[j\]: what the coefficient of w^i·v^j takes under the n-th power of the Frobenius.
static FROBENIUS: LazyLock<[[[Constant2; 3]; 2]; 3]> = LazyLock::new(|| {
    [1, 2, 3].map(|n| {
        [0, 1].map(|i| {
            [0, 1, 2].map(|j| {
                let unit = |k: usize| {
                    Fq6::new(
                        if k == 0 { Fq2::ONE } else { Fq2::ZERO },
                        if k == 1 { Fq2::ONE } else { Fq2::ZERO },
                        if k == 2 { Fq2::ONE } else { Fq2::ZERO },
                    )
                };
                let f = if i == 0 { Fq12::new(unit(j), Fq6::ZERO) } else { Fq12::new(Fq6::ZERO, unit(j)) };
                let image = f.frobenius_map(n);
                let image = if i == 0 { image.c0 } else { image.c1 };
                constant2(&[image.c0, image.c1, image.c2][j])
            })
        })
    })
});

/// f^(p^n), n = 1, 2, 3; coefficients below 8p in, below 1.01p out.
#[inline(always)]
fn frobenius<F: CyclotomicKernels>(f: &Fp12<F>, n: usize) -> Fp12<F> {
    let [[_, t01, t02], [t10, t11, t12]] = &FROBENIUS[n - 1];
    let f = if n % 2 == 1 { f.map_conjugate() } else { *f };
    Fp12(
        Fp6(f.0.0.weaken(), image(&f.0.1, t01), image(&f.0.2, t02)),
        Fp6(image(&f.1.0, t10), image(&f.1.1, t11), image(&f.1.2, t12)),
    )
}

#[inline(always)]
fn image<F: CyclotomicKernels>(x: &Fp2<F>, c: &Constant2) -> Fp2<F> {
    x.times(&Fp2::constant(c)).weaken()
}

/// f^(3·(p¹² − 1)/q), below 3.01p; the 3 is arkworks' and blst's as well. Lanes with f = 0 give 0.
#[inline(always)]
fn final_exponentiation<F: CyclotomicKernels>(f: &Fp12<F>) -> Fp12<F> {
    // Easy part. The conjugate is f^(p⁶).
    let f = Fp12(f.0, Fp6::zero().minus::<64>(&f.1)).times(&F::inverse12(f));
    let f = F::frobenius(&f, 2).times(&f).weaken();
    // (x − 1)²
    let a = to_x(&f).times(&f.conjugate()).weaken();
    let a = to_x(&a).times(&a.conjugate()).weaken();
    // x + p
    let a = to_x(&a).times(&F::frobenius(&a, 1)).weaken();
    // x² + p² − 1
    let b = to_x(&to_x(&a)).times(&F::frobenius(&a, 2)).times(&a.conjugate());
    // + 3
    b.times(&f.cyclotomic_squared(1)).times(&f)
}

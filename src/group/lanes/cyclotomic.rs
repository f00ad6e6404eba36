//! The cyclotomic subgroup of F_p¹²: squarings, powers by x, the final exponentiation.
//!
//! - Squaring (Granger, Scott; eprint 2009/565): three squarings in F_p⁴, of (a00, a11), (a10, a02), (a01, a12), where
//!   aij is the coefficient of w^i·v^j. 9 squares and 6 reductions of F_p²: 3492 IFMA in lanes.
//! - Compressed squaring (Karabina; eprint 2010/542): the last two pairs depend on themselves alone, so the first pair is
//!   left out and computed at the end, by one inversion for all powers that are needed. 6 squares, 4 reductions: 2328 IFMA.
//! - No squaring weakens its results (see [`Base::weaken`]): their bounds double, and up to eleven squarings make a run,
//!   after which the results are weakened.
//! - f^|x|, |x| = 2^16 + 2^48 + 2^57 + 2^60 + 2^62 + 2^63: 60 compressed squarings, 4 decompressions, 3 squarings and
//!   5 products. The inversion is shared with other groups of eight records.
//! - Final exponentiation (Hayashida, Hayasaka, Teruya; eprint 2020/875): easy part f^((p⁶ − 1)(p² + 1)), then
//!   (x − 1)²·(x + p)·(x² + p² − 1) + 3: five powers by x, 8 products, 1 squaring.

use super::base::{Base, Constant2, Mask, Multiple, WEAKENABLE, constant2};
use super::fp2::{Fp2, GROUPS, INVERSES, Wide2};
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
    /// The squarings of a run from `done` to `end`; f in the cyclotomic subgroup. Below 22p after the first one, 56p after
    /// the second, 124p after the third.
    fn cyclotomic_square_run(f: &mut Fp12<Self>, done: usize, end: usize) = square_run;
    /// f ← f^(2^n) for f in the cyclotomic subgroup.
    fn cyclotomic_square_times(f: &mut Fp12<Self>, n: usize) = square_times;
    /// The numerator of a11 of a decompression, and a00: see `decompressed`.
    fn numerator(g: &Compressed<Self>, out: &mut Fp2<Self>) = numerator;
    fn decompress_a00(g: &Compressed<Self>, a11: &Fp2<Self>, out: &mut Fp2<Self>) = decompress_a00;
    fn compressed_square_times(f: &mut Compressed<Self>, n: usize) = compressed_square_times;
    /// f^|x| for each f in the cyclotomic subgroup.
    fn powers_x(f: &[Fp12<Self>], out: &mut [Fp12<Self>]) = powers_x;
    fn frobenius(f: &Fp12<Self>, n: usize) -> Fp12<Self> = frobenius;
    fn final_exponentiations(f: &mut [Fp12<Self>]) = final_exponentiations;
    /// The lanes in which f^p = f^x.
    fn frobenius_is_x(f: &[Fp12<Self>]) -> [Mask; GROUPS] = frobenius_is_x;
}

/// The squarings between two weakenings: each one doubles the bounds of the coefficients, which start below [`START`].
pub(super) const RUN: usize = 11;

/// The bound of the coefficients before a run, in units of p.
const START: usize = 5;

/// At \[i\]: what the squaring i of a run adds before it subtracts a coefficient, so that the result is not negative.
pub(super) static OFFSETS: [Multiple; RUN] = {
    let (mut out, mut bound, mut i) = ([const { Multiple::new(0) }; RUN], START, 0);
    while i < RUN {
        out[i] = Multiple::new(bound + 1);
        bound = 2 * bound + 12;
        i += 1;
    }
    assert!(bound < WEAKENABLE);
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
pub(super) fn square_pairs<F: CyclotomicKernels>([a10, a02, a01, a12]: [&mut Fp2<F>; 4], k: &Multiple) {
    let (aa, bb) = (F::square2_wide(a10), F::square2_wide(a02));
    let cross = F::square_sum2_wide(a10, a02);
    let (cc, dd) = (F::square2_wide(a01), F::square2_wide(a12));
    let cross2 = F::square_sum2_wide(a01, a12);
    F::square4_even(&aa, &bb, a01, k);
    F::square4_odd(&aa, &bb, &cross, a12);
    F::square4_even(&cc, &dd, a02, k);
    F::square4_odd_xi(&cc, &dd, &cross2, a10);
}

/// f ← f², without a weakening.
#[inline(always)]
fn square_once<F: CyclotomicKernels>(f: &mut Fp12<F>, k: &Multiple) {
    let Fp12(Fp6(a00, a01, a02), Fp6(a10, a11, a12)) = f;
    let (aa, bb) = (F::square2_wide(a00), F::square2_wide(a11));
    let cross = F::square_sum2_wide(a00, a11);
    F::square4_even(&aa, &bb, a00, k);
    F::square4_odd(&aa, &bb, &cross, a11);
    square_pairs([a10, a02, a01, a12], k);
}

#[inline(always)]
fn square_run<F: CyclotomicKernels>(f: &mut Fp12<F>, done: usize, end: usize) {
    for k in &OFFSETS[done..end] {
        square_once(f, k);
    }
}

/// f ← f^(2^n), f in the cyclotomic subgroup, coefficients below 5p. Below 1.4p.
#[inline(always)]
fn square_times<F: CyclotomicKernels>(f: &mut Fp12<F>, n: usize) {
    for done in (0..n).step_by(RUN) {
        square_run(f, 0, RUN.min(n - done));
        *f = f.weaken();
    }
}

/// The coefficients a10, a02, a01, a12 of an element of the cyclotomic subgroup.
#[derive(Clone, Copy)]
pub(super) struct Compressed<F>(pub(super) [Fp2<F>; 4]);

impl<F: CyclotomicKernels> Compressed<F> {
    #[inline(always)]
    pub(super) fn new(f: &Fp12<F>) -> Self {
        Self([f.1.0, f.0.2, f.0.1, f.1.2])
    }

    /// 4·g2.
    #[inline(always)]
    fn denominator(&self) -> Fp2<F> {
        let twice = self.0[0].plus(&self.0[0]);
        twice.plus(&twice)
    }
}

/// f ← f^(2^n), coefficients below 5p. Below 1.4p.
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

/// ξ·(2·a11² + g2·g5 − 3·g3·g4) + 1, below 4.01p.
#[inline(always)]
fn decompress_a00<F: CyclotomicKernels>(Compressed([g2, g3, g4, g5]): &Compressed<F>, a11: &Fp2<F>, out: &mut Fp2<F>) {
    let (mut wide, square) = (F::multiply2_wide(g2, g5), F::square2_wide(a11));
    let cross = F::multiply2_wide(g3, g4);
    for i in 0..F::COLUMNS {
        let (square, cross) = (square.column(i), cross.column(i));
        let sum = wide.column(i).plus(&square).plus(&square).minus(&cross).minus(&cross).minus(&cross);
        wide.set_column(i, &sum.times_xi());
    }
    F::reduce2(&wide.raised(&Fp2::one()), out);
}

/// The whole element: with g2..g5 = a10, a02, a01, a12 and `inverse` = 1/(4·g2),
/// a11 = (ξ·g5² + 3·g4² − 2·g3)/(4·g2) and a00 = ξ·(2·a11² + g2·g5 − 3·g3·g4) + 1.
#[inline(always)]
fn decompressed<F: CyclotomicKernels>(g: &Compressed<F>, inverse: &Fp2<F>) -> Fp12<F> {
    let (mut a11, mut a00) = (Fp2::zero(), Fp2::zero());
    F::numerator(g, &mut a11);
    a11 = a11.times(inverse);
    F::decompress_a00(g, &a11, &mut a00);
    let Compressed([g2, g3, g4, g5]) = g;
    Fp12(Fp6(a00, *g4, *g3), Fp6(*g2, a11, *g5))
}

/// f^|x| below 3.01p; f below 5p. One inversion for all f.
///
/// In a lane with g2 = 0, as the identity has, there is no decompression, and all f are squared without compression.
#[inline(always)]
fn powers_x<F: CyclotomicKernels>(f: &[Fp12<F>], out: &mut [Fp12<F>]) {
    /// From each power of 2 to the next one.
    const SQUARINGS: [usize; 4] = [16, 32, 9, 3];
    let mut compressed = [[Compressed([Fp2::zero(); 4]); 4]; GROUPS];
    let mut inverses = [Fp2::zero(); INVERSES];
    for i in 0..f.len() {
        let mut power = Compressed::new(&f[i]);
        for j in 0..4 {
            F::compressed_square_times(&mut power, SQUARINGS[j]);
            compressed[i][j] = power;
            inverses[4 * i + j] = power.denominator();
        }
    }
    let zeros = F::inverses2(&mut inverses[..4 * f.len()]);
    let decompressible = declassify(constant_time::equal(zeros.into(), 0));
    for i in 0..f.len() {
        let mut powers = [Fp12::one(); 4];
        if decompressible {
            for j in 0..4 {
                powers[j] = decompressed(&compressed[i][j], &inverses[4 * i + j]);
            }
        } else {
            let mut power = f[i];
            for j in 0..4 {
                F::cyclotomic_square_times(&mut power, SQUARINGS[j]);
                powers[j] = power;
            }
        }
        let [f16, f48, f57, f60] = &powers;
        let mut f62 = *f60;
        F::cyclotomic_square_run(&mut f62, 0, 2);
        let power = &mut out[i];
        *power = f62;
        F::cyclotomic_square_run(power, 2, 3);
        for factor in [&f62, f60, f57, f48, f16] {
            F::multiply12(power, factor);
        }
    }
}

/// f^x for the negative x, below 4p; f below 5p.
#[inline(always)]
fn to_x<F: CyclotomicKernels>(f: &[Fp12<F>], out: &mut [Fp12<F>]) {
    F::powers_x(f, out);
    for i in 0..f.len() {
        out[i] = out[i].conjugate();
    }
}

/// f^p = f^x: the elements of order q of the cyclotomic subgroup (Scott, eprint 2021/1130). f below 4p.
#[inline(always)]
fn frobenius_is_x<F: CyclotomicKernels>(f: &[Fp12<F>]) -> [Mask; GROUPS] {
    let mut powers = [Fp12::one(); GROUPS];
    to_x(f, &mut powers);
    let mut out = [0; GROUPS];
    for i in 0..f.len() {
        out[i] = F::equals12(&F::frobenius(&f[i], 1), &powers[i]);
    }
    out
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

/// f^(p^n), n = 1, 2, 3; coefficients below 8p in, below 3.01p out.
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
    x.times(&Fp2::constant(c))
}

/// f ← f^(3·(p¹² − 1)/q), below 3.01p; the 3 is arkworks' and blst's as well. Lanes with f = 0 give 0.
#[inline(always)]
fn final_exponentiations<F: CyclotomicKernels>(f: &mut [Fp12<F>]) {
    let n = f.len();
    let (mut a, mut b) = ([Fp12::one(); GROUPS], [Fp12::one(); GROUPS]);
    // Easy part. The conjugate is f^(p⁶).
    b[..n].copy_from_slice(f);
    F::inverses12(&mut b[..n]);
    for i in 0..n {
        let power = Fp12(f[i].0, Fp6::zero().minus::<64>(&f[i].1)).times(&b[i]);
        f[i] = F::frobenius(&power, 2).times(&power);
    }
    // (x − 1)²
    to_x(f, &mut a);
    for i in 0..n {
        a[i] = a[i].times(&f[i].conjugate());
    }
    to_x(&a[..n], &mut b);
    for i in 0..n {
        b[i] = b[i].times(&a[i].conjugate());
    }
    // x + p
    to_x(&b[..n], &mut a);
    for i in 0..n {
        a[i] = a[i].times(&F::frobenius(&b[i], 1));
    }
    // x² + p² − 1, then + 3
    let mut c = [Fp12::one(); GROUPS];
    to_x(&a[..n], &mut c);
    to_x(&c[..n], &mut b);
    for i in 0..n {
        let power = b[i].times(&F::frobenius(&a[i], 2)).times(&a[i].conjugate());
        let mut square = f[i];
        F::cyclotomic_square_run(&mut square, 0, 1);
        f[i] = power.times(&square).times(&f[i]);
    }
}

//! F_p² = F_p(u), u² = −1, and sums of its products: the lowest layer of the [`tower`](super::tower).
//!
//! Written once for both base fields. A product is Karatsuba's, three products of F_p.

use super::base::{Base, Constant2, Factor, Mask, Sum};
use super::kernels::kernels;
use core::mem::MaybeUninit;

kernels! {
    /// Products, squares, reductions and inverses in F_p and F_p².
    trait Fp2Kernels: Base;
    fn multiply1(a: &Self, b: &Self) -> Self = multiply1;
    fn square1(a: &Self) -> Self = square1;
    /// a^(2^n).
    fn square1_times(a: &Self, n: usize) -> Self = square1_times;
    /// c0² + c1².
    fn norm2(a: &Fp2<Self>) -> Self = norm2;
    fn multiply2_wide(a: &Fp2<Self>, b: &Fp2<Self>) -> Wide2<Self> = multiply2_wide;
    /// (a + b)·(c + d).
    fn multiply_sums2_wide<'o>(a: &Fp2<Self>, b: &Fp2<Self>, c: &Fp2<Self>, d: &Fp2<Self>, slot: &'o mut MaybeUninit<Wide2<Self>>) -> &'o mut Wide2<Self> = multiply_sums2_wide;
    fn multiply_factors2_wide<'o>(a: &Factor2<Self>, b: &Factor2<Self>, slot: &'o mut MaybeUninit<Wide2<Self>>) -> &'o mut Wide2<Self> = multiply_factors2_wide;
    fn multiply2(a: &Fp2<Self>, b: &Fp2<Self>) -> Fp2<Self> = multiply2;
    fn square2(a: &Fp2<Self>) -> Fp2<Self> = square2;
    /// a·x for x in F_p.
    fn scale2(a: &Fp2<Self>, x: &Self) -> Fp2<Self> = scale2;
    fn square2_wide(a: &Fp2<Self>) -> Wide2<Self> = square2_wide;
    /// (a + b)².
    fn square_sum2_wide(a: &Fp2<Self>, b: &Fp2<Self>) -> Wide2<Self> = square_sum2_wide;
    /// Below 3.01p, for sums of products alone.
    fn reduce2(w: &Wide2<Self>, out: &mut Fp2<Self>) = reduce2::<_, 1>;
    /// For wide values from which at most 15p·R was subtracted.
    fn reduce2_raised(w: &Wide2<Self>, out: &mut Fp2<Self>) = reduce2::<_, 16>;
    /// Weakened, for sums of products that were raised.
    fn reduce2_weak(w: &Wide2<Self>, out: &mut Fp2<Self>) = reduce2_weak;
    /// Replaces each value by its inverse, 0 by 0, with one inversion for all; below 3p. The lanes in which each value was 0.
    fn inverses1(values: &mut [Self]) -> [Mask; INVERSES] = inverses1;
    /// The same in F_p², below 4p, for coefficients below 64p. The lanes in which any value was 0.
    fn inverses2(values: &mut [Fp2<Self>]) -> Mask = inverses2;
}

/// At most this many groups of eight records are computed together, so that they share their inversions.
pub(super) const GROUPS: usize = 4;
/// At most this many values share an inversion.
pub(super) const INVERSES: usize = 4 * GROUPS;

/// c0 + c1·u.
#[derive(Clone, Copy)]
pub(super) struct Fp2<F>(pub(super) F, pub(super) F);
/// A sum of products in F_p².
#[derive(Clone, Copy)]
pub(super) struct Wide2<F: Base>(pub(super) F::Wide, pub(super) F::Wide);
/// One column of a wide value in F_p².
pub(super) struct Column2<F: Base>(F::Column, F::Column);

/// A sum whose limbs have no carries yet.
#[derive(Clone, Copy)]
pub(super) struct Sum2<F>(Sum<F>, Sum<F>);
/// A factor: c0, c1 and the third factor of Karatsuba's product, c0 + c1.
#[derive(Clone, Copy)]
pub(super) struct Factor2<F>(Factor<F>, Factor<F>, Factor<F>);

impl<F: Base> Sum2<F> {
    #[inline(always)]
    pub(super) fn plus(&self, x: &Fp2<F>) -> Self {
        self.plus_sum(&x.sum())
    }

    #[inline(always)]
    pub(super) fn minus<const K: usize>(&self, x: &Fp2<F>) -> Self {
        self.minus_sum::<K>(&x.sum())
    }

    #[inline(always)]
    pub(super) fn plus_sum(&self, x: &Self) -> Self {
        Self(self.0.plus_sum(&x.0), self.1.plus_sum(&x.1))
    }

    #[inline(always)]
    pub(super) fn minus_sum<const K: usize>(&self, x: &Self) -> Self {
        Self(self.0.minus_sum::<K>(&x.0), self.1.minus_sum::<K>(&x.1))
    }

    /// ξ·self; the second coefficient is below K·p.
    #[inline(always)]
    pub(super) fn times_xi<const K: usize>(&self) -> Self {
        Self(self.0.minus_sum::<K>(&self.1), self.0.plus_sum(&self.1))
    }

    #[inline(always)]
    pub(super) fn value(&self) -> Fp2<F> {
        Fp2(self.0.value(), self.1.value())
    }

    #[inline(always)]
    pub(super) fn factor(&self) -> Factor2<F> {
        Factor2(self.0.factor(), self.1.factor(), F::add(&self.0, &self.1).factor())
    }
}

impl<F: Base> Fp2<F> {
    #[inline(always)]
    pub(super) const fn sum(&self) -> Sum2<F> {
        Sum2(Sum(self.0), Sum(self.1))
    }

    /// As a factor.
    #[inline(always)]
    pub(super) fn factor(&self) -> Factor2<F> {
        Factor2(Factor(self.0), Factor(self.1), F::add(&Sum(self.0), &Sum(self.1)).factor())
    }
}

impl<F: Base> Column2<F> {
    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(F::column_plus(self.0, other.0), F::column_plus(self.1, other.1))
    }

    #[inline(always)]
    pub(super) fn minus(&self, other: &Self) -> Self {
        Self(F::column_minus(self.0, other.0), F::column_minus(self.1, other.1))
    }

    #[inline(always)]
    pub(super) fn times_xi(&self) -> Self {
        Self(F::column_minus(self.0, self.1), F::column_plus(self.0, self.1))
    }
}

impl<F: Base> Wide2<F> {
    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(F::wide_plus(&self.0, &other.0), F::wide_plus(&self.1, &other.1))
    }

    #[inline(always)]
    pub(super) fn minus(&self, other: &Self) -> Self {
        Self(F::wide_minus(&self.0, &other.0), F::wide_minus(&self.1, &other.1))
    }

    #[inline(always)]
    pub(super) fn column(&self, i: usize) -> Column2<F> {
        Column2(F::column(&self.0, i), F::column(&self.1, i))
    }

    #[inline(always)]
    pub(super) fn set_column(&mut self, i: usize, column: &Column2<F>) {
        F::set_column(&mut self.0, i, column.0);
        F::set_column(&mut self.1, i, column.1);
    }

    #[inline(always)]
    pub(super) fn times_xi(&self) -> Self {
        Self(F::wide_minus(&self.0, &self.1), F::wide_plus(&self.0, &self.1))
    }

    /// self + x·R.
    #[inline(always)]
    pub(super) fn raised(&self, x: &Fp2<F>) -> Self {
        Self(x.0.raise(&self.0), x.1.raise(&self.1))
    }

    /// self − x·R.
    #[inline(always)]
    pub(super) fn lowered(&self, x: &Fp2<F>) -> Self {
        Self(x.0.lower(&self.0), x.1.lower(&self.1))
    }

    /// self + ξ·x·R.
    #[inline(always)]
    pub(super) fn raised_by_xi_times(&self, x: &Fp2<F>) -> Self {
        Self(x.1.lower(&x.0.raise(&self.0)), x.1.raise(&x.0.raise(&self.1)))
    }
}

impl<F: Fp2Kernels> Fp2<F> {
    #[inline(always)]
    pub(super) fn constant(c: &Constant2) -> Self {
        Self(F::constant(&c[0]), F::constant(&c[1]))
    }

    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(self.0.plus(&other.0), self.1.plus(&other.1))
    }

    #[inline(always)]
    pub(super) fn minus<const K: usize>(&self, other: &Self) -> Self {
        Self(self.0.minus::<K>(&other.0), self.1.minus::<K>(&other.1))
    }

    /// ξ·self; the second coefficient is below K·p.
    #[inline(always)]
    pub(super) fn times_xi<const K: usize>(&self) -> Self {
        Self(self.0.minus::<K>(&self.1), self.0.plus(&self.1))
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    pub(super) fn select(&self, mask: Mask, other: &Self) -> Self {
        Self(self.0.select(mask, &other.0), self.1.select(mask, &other.1))
    }

    /// The conjugate c0 − c1·u.
    #[inline(always)]
    pub(super) fn conjugate<const K: usize>(&self) -> Self {
        Self(self.0, F::zero().minus::<K>(&self.1))
    }

    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self(F::zero(), F::zero())
    }

    #[inline(always)]
    pub(super) fn one() -> Self {
        Self(F::one(), F::zero())
    }

    #[inline(always)]
    pub(super) fn weaken(&self) -> Self {
        Self(self.0.weaken(), self.1.weaken())
    }

    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Self {
        F::multiply2(self, other)
    }

    #[inline(always)]
    pub(super) fn squared(&self) -> Self {
        F::square2(self)
    }

    /// self·x for x in F_p.
    #[inline(always)]
    pub(super) fn scaled(&self, x: &F) -> Self {
        F::scale2(self, x)
    }

    #[inline(always)]
    pub(super) fn zeros(&self) -> Mask {
        self.0.zeros() & self.1.zeros()
    }
}

#[inline(always)]
fn multiply1<F: Base>(a: &F, b: &F) -> F {
    F::reduce::<0>(&a.times_wide(b))
}

#[inline(always)]
fn square1<F: Base>(a: &F) -> F {
    F::reduce::<0>(&a.square_wide())
}

#[inline(always)]
fn square1_times<F: Base>(a: &F, n: usize) -> F {
    let mut power = *a;
    for _ in 0..n {
        power = square1(&power);
    }
    power
}

#[inline(always)]
fn norm2<F: Base>(a: &Fp2<F>) -> F {
    F::reduce::<0>(&F::wide_plus(&a.0.square_wide(), &a.1.square_wide()))
}

/// Montgomery's trick: 3 products for each value.
#[inline(always)]
fn inverses1<F: Fp2Kernels>(values: &mut [F]) -> [Mask; INVERSES] {
    // before[i]: the product of the values before i, with 1 in the place of 0.
    let (mut before, mut zeros) = ([F::one(); INVERSES], [0; INVERSES]);
    let mut product = F::one();
    for i in 0..values.len() {
        zeros[i] = values[i].zeros();
        values[i] = F::one().select(zeros[i], &values[i]);
        before[i] = product;
        product = F::multiply1(&product, &values[i]);
    }
    let mut rest = product.inverse();
    for i in (0..values.len()).rev() {
        let inverse = F::multiply1(&rest, &before[i]);
        rest = F::multiply1(&rest, &values[i]);
        values[i] = F::zero().select(zeros[i], &inverse);
    }
    zeros
}

/// conjugate/norm.
#[inline(always)]
fn inverses2<F: Fp2Kernels>(values: &mut [Fp2<F>]) -> Mask {
    let mut norms = [F::zero(); INVERSES];
    for i in 0..values.len() {
        norms[i] = F::norm2(&values[i]);
    }
    let zeros = F::inverses1(&mut norms[..values.len()]);
    let mut any = 0;
    for i in 0..values.len() {
        values[i] = values[i].conjugate::<64>().scaled(&norms[i]);
        any |= zeros[i];
    }
    any
}

#[inline(always)]
fn multiply2<F: Base>(a: &Fp2<F>, b: &Fp2<F>) -> Fp2<F> {
    reduce_product2(&multiply2_wide(a, b))
}

#[inline(always)]
fn scale2<F: Base>(a: &Fp2<F>, x: &F) -> Fp2<F> {
    let [c0, c1] = F::products(&Factor(a.0), &Factor(*x), &Factor(a.1), &Factor(*x));
    let [c0, c1] = F::reduce_sums::<0, 0>(&c0, &c1);
    Fp2(c0.value(), c1.value())
}

#[inline(always)]
fn square2<F: Base>(a: &Fp2<F>) -> Fp2<F> {
    reduce_product2(&square2_wide(a))
}

/// (a0 + a1)(b0 + b1) − a0·b0 − a1·b1 beside a0·b0 − a1·b1: 3 products.
#[inline(always)]
fn multiply2_wide<F: Base>(a: &Fp2<F>, b: &Fp2<F>) -> Wide2<F> {
    let [low, high] = F::products(&Factor(a.0), &Factor(b.0), &Factor(a.1), &Factor(b.1));
    let (a, b) = (Sum(a.0).plus(&a.1).factor(), Sum(b.0).plus(&b.1).factor());
    joined2(&low, &high, &F::product(&a, &b))
}

#[inline(always)]
fn multiply_sums2_wide<'o, F: Base>(
    a: &Fp2<F>,
    b: &Fp2<F>,
    c: &Fp2<F>,
    d: &Fp2<F>,
    slot: &'o mut MaybeUninit<Wide2<F>>,
) -> &'o mut Wide2<F> {
    slot.write(karatsuba2(&a.sum().plus(b).factor(), &c.sum().plus(d).factor()))
}

#[inline(always)]
fn multiply_factors2_wide<'o, F: Base>(
    a: &Factor2<F>,
    b: &Factor2<F>,
    slot: &'o mut MaybeUninit<Wide2<F>>,
) -> &'o mut Wide2<F> {
    slot.write(karatsuba2(a, b))
}

#[inline(always)]
fn karatsuba2<F: Base>(a: &Factor2<F>, b: &Factor2<F>) -> Wide2<F> {
    let [low, high] = F::products(&a.0, &b.0, &a.1, &b.1);
    joined2(&low, &high, &F::product(&a.2, &b.2))
}

/// The same with a = b: 3 squares.
#[inline(always)]
fn square2_wide<F: Base>(a: &Fp2<F>) -> Wide2<F> {
    squares2(&a.factor())
}

#[inline(always)]
fn square_sum2_wide<F: Base>(a: &Fp2<F>, b: &Fp2<F>) -> Wide2<F> {
    squares2(&a.sum().plus(b).factor())
}

#[inline(always)]
fn squares2<F: Base>(a: &Factor2<F>) -> Wide2<F> {
    let [low, high] = F::squares(&a.0, &a.1);
    joined2(&low, &high, &F::square(&a.2))
}

/// low − high and cross − low − high.
#[inline(always)]
fn joined2<F: Base>(low: &F::Wide, high: &F::Wide, cross: &F::Wide) -> Wide2<F> {
    Wide2(F::wide_minus(low, high), F::mixed(cross, low, high))
}

/// Of one product, in which c1 is not negative.
#[inline(always)]
fn reduce_product2<F: Base>(w: &Wide2<F>) -> Fp2<F> {
    let [x, y] = F::reduce_sums::<1, 0>(&w.0, &w.1);
    Fp2(x.value(), y.value())
}

#[inline(always)]
fn reduce2<F: Base, const K: usize>(w: &Wide2<F>, out: &mut Fp2<F>) {
    let [x, y] = F::reduce_sums::<K, K>(&w.0, &w.1);
    *out = Fp2(x.value(), y.value());
}

#[inline(always)]
fn reduce2_weak<F: Base>(w: &Wide2<F>, out: &mut Fp2<F>) {
    let [x, y] = F::reduce_sums::<4, 4>(&w.0, &w.1);
    *out = Fp2(F::weakened(&x), F::weakened(&y));
}

//! The tower F_p² = F_p(u), F_p⁶ = F_p²(v), F_p¹² = F_p⁶(w); u² = −1, v³ = ξ = 1 + u, w² = v.
//!
//! Written once for both base fields; F_p² itself is in `fp2.rs`. Products are Karatsuba's at every level, over wide
//! values: a product in F_p¹² takes 54 products and 12 reductions of the base field, one reduction for each coefficient.
//! Products by lines are Toom's: by the values at four points.
//!
//! | operation | products of F_p² | reductions of F_p² | IFMA in lanes |
//! |---|---|---|---|
//! | F_p² product, square | 1 | 1 | 642, 474 |
//! | F_p⁶ product | 6 | 3 | 3078 |
//! | F_p¹² product | 18 | 6 | 8460 |
//! | F_p¹² square | 12 | 6 | 6156 |
//! | F_p¹² by a normalised line | 8 | 6 | 4620 |
//! | F_p¹² by a line | 11 | 6 | 5772 |
//! | F_p¹² by a torus element c + w | 12 | 6 | 6156 |

use super::base::{Base, Mask};
use super::fp2::{Factor2, Fp2, Fp2Kernels, GROUPS, Wide2};
use super::kernels::kernels;
use core::mem::MaybeUninit;

kernels! {
    /// Products, squares and inverses in F_p⁶ and F_p¹², and products by lines of the Miller loop.
    trait TowerKernels: Fp2Kernels;
    fn multiply6_wide<'o>(a: &Fp6<Self>, b: &Fp6<Self>, slots: &'o mut Slots6<Self>) -> Wide6<'o, Self> = multiply6_wide;
    fn multiply6_by_line_wide<'o>(a: &Fp6<Self>, line: &LineFactor<Self>, slots: &'o mut Slots6<Self>) -> Wide6<'o, Self> = multiply6_by_line_wide;
    /// Replaces each element by its inverse, 0 by 0, with one inversion for all. Coefficients below 16p in, 4p out.
    fn inverses6(elements: &mut [Fp6<Self>]) = inverses6;
    fn multiply12(f: &mut Fp12<Self>, g: &Fp12<Self>) = multiply12;
    fn square12(f: &mut Fp12<Self>) = square12;
    /// The same in F_p¹²; below 8p out.
    fn inverses12(elements: &mut [Fp12<Self>]) = inverses12;
    /// The lanes in which both are equal; coefficients below 6p.
    fn equals12(a: &Fp12<Self>, b: &Fp12<Self>) -> Mask = equals12;
    fn multiply_by_line(f: &mut Fp12<Self>, line: &Line<Self>) = multiply_by_line;
    fn multiply_by_torus(f: &mut Fp12<Self>, c: &Fp6<Self>) = multiply_by_torus;
    fn multiply_by_full_line(f: &mut Fp12<Self>, line: &Line<Self>, l4: &Fp2<Self>) = multiply_by_full_line;
}

/// c0 + c1·v + c2·v².
#[derive(Clone, Copy)]
pub(super) struct Fp6<F>(pub(super) Fp2<F>, pub(super) Fp2<F>, pub(super) Fp2<F>);
/// c0 + c1·w.
#[derive(Clone, Copy)]
pub(super) struct Fp12<F>(pub(super) Fp6<F>, pub(super) Fp6<F>);

/// Room for a [`Wide6`]: 6 KiB in lanes, which are neither cleared nor copied.
pub(super) struct Slots6<F: Base>([MaybeUninit<Wide2<F>>; 3]);
/// A sum of products in F_p⁶, in its slots.
pub(super) struct Wide6<'o, F: Base>(
    pub(super) &'o mut Wide2<F>,
    pub(super) &'o mut Wide2<F>,
    pub(super) &'o mut Wide2<F>,
);

impl<F: Base> Slots6<F> {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; 3])
    }
}

impl<F: TowerKernels> Fp6<F> {
    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(self.0.plus(&other.0), self.1.plus(&other.1), self.2.plus(&other.2))
    }

    #[inline(always)]
    pub(super) fn minus<const K: usize>(&self, other: &Self) -> Self {
        Self(self.0.minus::<K>(&other.0), self.1.minus::<K>(&other.1), self.2.minus::<K>(&other.2))
    }

    #[inline(always)]
    pub(super) fn weaken(&self) -> Self {
        Self(self.0.weaken(), self.1.weaken(), self.2.weaken())
    }

    #[inline(always)]
    pub(super) fn zeros(&self) -> Mask {
        self.0.zeros() & self.1.zeros() & self.2.zeros()
    }

    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self(Fp2::zero(), Fp2::zero(), Fp2::zero())
    }

    #[inline(always)]
    fn reduce_from(&mut self, w: &Wide6<F>) {
        F::reduce2(w.0, &mut self.0);
        F::reduce2(w.1, &mut self.1);
        F::reduce2(w.2, &mut self.2);
    }

    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut out = *self;
        out.reduce_from(&F::multiply6_wide(self, other, &mut Slots6::new()));
        out
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    fn select(&self, mask: Mask, other: &Self) -> Self {
        Self(self.0.select(mask, &other.0), self.1.select(mask, &other.1), self.2.select(mask, &other.2))
    }

    /// v·self; c2 below K·p.
    #[inline(always)]
    pub(super) fn times_v<const K: usize>(&self) -> Self {
        Self(self.2.times_xi::<K>(), self.0, self.1)
    }
}

/// 9 products and 3 squares for each element.
#[inline(always)]
fn inverses6<F: TowerKernels>(elements: &mut [Fp6<F>]) {
    let mut norms = [Fp2::zero(); GROUPS];
    for i in 0..elements.len() {
        let Fp6(a, b, c) = &elements[i];
        let x = a.squared().minus::<16>(&b.times(c).times_xi::<4>());
        let y = c.squared().times_xi::<4>().minus::<4>(&a.times(b));
        let z = b.squared().minus::<4>(&a.times(c));
        norms[i] = c.times(&y).plus(&b.times(&z)).times_xi::<8>().plus(&a.times(&x));
        elements[i] = Fp6(x, y, z);
    }
    F::inverses2(&mut norms[..elements.len()]);
    for i in 0..elements.len() {
        let Fp6(x, y, z) = &elements[i];
        elements[i] = Fp6(x.times(&norms[i]), y.times(&norms[i]), z.times(&norms[i]));
    }
}

/// 6 products.
#[inline(always)]
fn multiply6_wide<'o, F: TowerKernels>(a: &Fp6<F>, b: &Fp6<F>, slots: &'o mut Slots6<F>) -> Wide6<'o, F> {
    let t0 = F::multiply2_wide(&a.0, &b.0);
    let t1 = F::multiply2_wide(&a.1, &b.1);
    let t2 = F::multiply2_wide(&a.2, &b.2);
    let [s0, s1, s2] = &mut slots.0;
    let c = Wide6(
        F::multiply_sums2_wide(&a.1, &a.2, &b.1, &b.2, s0),
        F::multiply_sums2_wide(&a.0, &a.1, &b.0, &b.1, s1),
        F::multiply_sums2_wide(&a.0, &a.2, &b.0, &b.2, s2),
    );
    for i in 0..F::COLUMNS {
        let (t0, t1, t2) = (t0.column(i), t1.column(i), t2.column(i));
        let (c12, c01, c02) = (c.0.column(i), c.1.column(i), c.2.column(i));
        c.0.set_column(i, &c12.minus(&t1).minus(&t2).times_xi().plus(&t0));
        c.1.set_column(i, &c01.minus(&t0).minus(&t1).plus(&t2.times_xi()));
        c.2.set_column(i, &c02.minus(&t0).minus(&t2).plus(&t1));
    }
    c
}

/// A line of the Miller loop at P, l0 + l1·v + l4·v·w, by l0/2 and l1/2: (l0/2, l1/2).
#[derive(Clone, Copy)]
pub(super) struct Line<F>(pub(super) Fp2<F>, pub(super) Fp2<F>);

/// L = l0 + l1·v as a factor: L/2 at v = 0, ∞, 1 and −1.
pub(super) struct LineFactor<F>([Factor2<F>; 4]);

impl<F: Base> Line<F> {
    /// l0 and l1 are below K·p.
    #[inline(always)]
    pub(super) fn factor<const K: usize>(&self) -> LineFactor<F> {
        let Self(l0, l1) = self;
        LineFactor([l0.factor(), l1.factor(), l0.sum().plus(l1).factor(), l0.sum().minus::<K>(l1).factor()])
    }
}

/// a·L, a below 64p: 4 products.
///
/// The product of a0 + a1·v + a2·v² and L/2 is a polynomial in v of degree 3. Its values at 0, ∞, 1 and −1 determine twice
/// its coefficients, which are the coefficients of a·L.
#[inline(always)]
fn multiply6_by_line_wide<'o, F: TowerKernels>(
    a: &Fp6<F>,
    line: &LineFactor<F>,
    slots: &'o mut Slots6<F>,
) -> Wide6<'o, F> {
    let LineFactor([at_0, at_infinity, at_1, at_minus_1]) = line;
    let mut room = MaybeUninit::uninit();
    let [s0, s1, s2] = &mut slots.0;
    let even = a.0.sum().plus(&a.2);
    let c3 = F::multiply_factors2_wide(&a.2.factor(), at_infinity, &mut room);
    let c = Wide6(
        F::multiply_factors2_wide(&a.0.factor(), at_0, s0),
        F::multiply_factors2_wide(&even.plus(&a.1).factor(), at_1, s1),
        F::multiply_factors2_wide(&even.minus::<64>(&a.1).factor(), at_minus_1, s2),
    );
    for i in 0..F::COLUMNS {
        let (c0, c3) = (c.0.column(i), c3.column(i));
        let (plus, minus) = (c.1.column(i), c.2.column(i));
        let (c0, c3) = (c0.plus(&c0), c3.plus(&c3));
        c.0.set_column(i, &c0.plus(&c3.times_xi()));
        c.1.set_column(i, &plus.minus(&minus).minus(&c3));
        c.2.set_column(i, &plus.plus(&minus).minus(&c0));
    }
    c
}

impl<F: TowerKernels> Fp12<F> {
    #[inline(always)]
    pub(super) fn one() -> Self {
        Self(Fp6(Fp2::one(), Fp2::zero(), Fp2::zero()), Fp6::zero())
    }

    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut out = *self;
        F::multiply12(&mut out, other);
        out
    }

    /// c0 − c1·w, the inverse of a unitary element; c1 is below 4p.
    #[inline(always)]
    pub(super) fn conjugate(&self) -> Self {
        Self(self.0, Fp6::zero().minus::<4>(&self.1))
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    pub(super) fn select(&self, mask: Mask, other: &Self) -> Self {
        Self(self.0.select(mask, &other.0), self.1.select(mask, &other.1))
    }

    /// The conjugates of the coefficients, which are below 8p.
    #[inline(always)]
    pub(super) fn map_conjugate(&self) -> Self {
        let Self(Fp6(a, b, c), Fp6(d, e, f)) = self;
        Self(
            Fp6(a.conjugate::<8>(), b.conjugate::<8>(), c.conjugate::<8>()),
            Fp6(d.conjugate::<8>(), e.conjugate::<8>(), f.conjugate::<8>()),
        )
    }

    #[inline(always)]
    pub(super) fn weaken(&self) -> Self {
        Self(self.0.weaken(), self.1.weaken())
    }
}

/// conjugate/(c0² − v·c1²).
#[inline(always)]
fn inverses12<F: TowerKernels>(elements: &mut [Fp12<F>]) {
    let mut norms = [Fp6::zero(); GROUPS];
    for i in 0..elements.len() {
        let f = &elements[i];
        norms[i] = f.0.times(&f.0).minus::<16>(&f.1.times(&f.1).times_v::<4>());
    }
    F::inverses6(&mut norms[..elements.len()]);
    for i in 0..elements.len() {
        let f = &elements[i];
        elements[i] = Fp12(f.0.times(&norms[i]), Fp6::zero().minus::<4>(&f.1.times(&norms[i])));
    }
}

/// Coefficients below 6p.
#[inline(always)]
fn equals12<F: TowerKernels>(a: &Fp12<F>, b: &Fp12<F>) -> Mask {
    a.0.minus::<6>(&b.0).zeros() & a.1.minus::<6>(&b.1).zeros()
}

/// f ← f·g: 3 products of F_p⁶.
#[inline(always)]
fn multiply12<F: TowerKernels>(f: &mut Fp12<F>, g: &Fp12<F>) {
    let (mut s0, mut s1, mut s2) = (Slots6::new(), Slots6::new(), Slots6::new());
    let mut t0 = F::multiply6_wide(&f.0, &g.0, &mut s0);
    let t1 = F::multiply6_wide(&f.1, &g.1, &mut s1);
    let mut cross = F::multiply6_wide(&f.0.plus(&f.1), &g.0.plus(&g.1), &mut s2);
    karatsuba12(f, &mut t0, &t1, &mut cross);
}

/// f ← t0 + v·t1 and cross − t0 − t1, reduced.
#[inline(always)]
fn karatsuba12<F: TowerKernels>(f: &mut Fp12<F>, t0: &mut Wide6<F>, t1: &Wide6<F>, cross: &mut Wide6<F>) {
    for i in 0..F::COLUMNS {
        let (a, b, c) = (t0.0.column(i), t0.1.column(i), t0.2.column(i));
        let (x, y, z) = (t1.0.column(i), t1.1.column(i), t1.2.column(i));
        cross.0.set_column(i, &cross.0.column(i).minus(&a).minus(&x));
        cross.1.set_column(i, &cross.1.column(i).minus(&b).minus(&y));
        cross.2.set_column(i, &cross.2.column(i).minus(&c).minus(&z));
        t0.0.set_column(i, &a.plus(&z.times_xi()));
        t0.1.set_column(i, &b.plus(&x));
        t0.2.set_column(i, &c.plus(&y));
    }
    f.0.reduce_from(t0);
    f.1.reduce_from(cross);
}

/// f ← f²: c0 = (f0 + f1)(f0 + v·f1) − m − v·m and c1 = 2m, m = f0·f1: 2 products of F_p⁶. f below 32p.
#[inline(always)]
fn square12<F: TowerKernels>(f: &mut Fp12<F>) {
    let (mut s0, mut s1) = (Slots6::new(), Slots6::new());
    let m = F::multiply6_wide(&f.0, &f.1, &mut s0);
    let t = F::multiply6_wide(&f.0.plus(&f.1), &f.0.plus(&f.1.times_v::<32>()), &mut s1);
    for i in 0..F::COLUMNS {
        let (m0, m1, m2) = (m.0.column(i), m.1.column(i), m.2.column(i));
        t.0.set_column(i, &t.0.column(i).minus(&m0).minus(&m2.times_xi()));
        t.1.set_column(i, &t.1.column(i).minus(&m1).minus(&m0));
        t.2.set_column(i, &t.2.column(i).minus(&m2).minus(&m1));
        m.0.set_column(i, &m0.plus(&m0));
        m.1.set_column(i, &m1.plus(&m1));
        m.2.set_column(i, &m2.plus(&m2));
    }
    f.0.reduce_from(&t);
    f.1.reduce_from(&m);
}

/// f ← f·(l0 + l1·v + v·w), the line normalised so that its third coefficient is 1: 8 products. f below 12p.
///
/// With L = l0 + l1·v: c0 = f0·L + v²·f1 and c1 = f1·L + v·f0; the summands without a product are raised by R.
#[inline(always)]
fn multiply_by_line<F: TowerKernels>(f: &mut Fp12<F>, line: &Line<F>) {
    let (mut s0, mut s1) = (Slots6::new(), Slots6::new());
    let line = line.factor::<4>();
    let t0 = F::multiply6_by_line_wide(&f.0, &line, &mut s0);
    let t1 = F::multiply6_by_line_wide(&f.1, &line, &mut s1);
    let Fp12(Fp6(a0, a1, a2), Fp6(b0, b1, b2)) = f;
    *t0.0 = t0.0.raised_by_xi_times(b1);
    *t0.1 = t0.1.raised_by_xi_times(b2);
    *t0.2 = t0.2.raised(b0);
    *t1.0 = t1.0.raised_by_xi_times(a2);
    *t1.1 = t1.1.raised(a0);
    *t1.2 = t1.2.raised(a1);
    F::reduce2_raised(t0.0, a0);
    F::reduce2_raised(t0.1, a1);
    F::reduce2(t0.2, a2);
    F::reduce2_raised(t1.0, b0);
    F::reduce2(t1.1, b1);
    F::reduce2(t1.2, b2);
}

/// f ← f·(c + w): c0 = f0·c + v·f1 and c1 = f1·c + f0, 12 products. f and c below 2p; weakened.
#[inline(always)]
fn multiply_by_torus<F: TowerKernels>(f: &mut Fp12<F>, c: &Fp6<F>) {
    let (mut s0, mut s1) = (Slots6::new(), Slots6::new());
    let t0 = F::multiply6_wide(&f.0, c, &mut s0);
    let t1 = F::multiply6_wide(&f.1, c, &mut s1);
    let Fp12(Fp6(a0, a1, a2), Fp6(b0, b1, b2)) = f;
    *t0.0 = t0.0.raised_by_xi_times(b2);
    *t0.1 = t0.1.raised(b0);
    *t0.2 = t0.2.raised(b1);
    *t1.0 = t1.0.raised(a0);
    *t1.1 = t1.1.raised(a1);
    *t1.2 = t1.2.raised(a2);
    F::reduce2_weak(t0.0, a0);
    F::reduce2_weak(t0.1, a1);
    F::reduce2_weak(t0.2, a2);
    F::reduce2_weak(t1.0, b0);
    F::reduce2_weak(t1.1, b1);
    F::reduce2_weak(t1.2, b2);
}

/// f ← f·(l0 + l1·v + l4·v·w), for lines that are not normalised, by l0/2, l1/2 and l4/2: 11 products.
#[inline(always)]
fn multiply_by_full_line<F: TowerKernels>(f: &mut Fp12<F>, line: &Line<F>, l4: &Fp2<F>) {
    let (mut s0, mut s1, mut s2) = (Slots6::new(), Slots6::new(), Slots6::new());
    let mut t0 = F::multiply6_by_line_wide(&f.0, &line.factor::<4>(), &mut s0);
    // f1·l4·v
    let [s10, s11, s12] = &mut s1.0;
    let factor = l4.sum().plus(l4).factor();
    let t1 = Wide6(
        F::multiply_factors2_wide(&f.1.2.factor(), &factor, s10),
        F::multiply_factors2_wide(&f.1.0.factor(), &factor, s11),
        F::multiply_factors2_wide(&f.1.1.factor(), &factor, s12),
    );
    *t1.0 = t1.0.times_xi();
    let sum = Line(line.0, line.1.plus(l4));
    let mut cross = F::multiply6_by_line_wide(&f.0.plus(&f.1), &sum.factor::<64>(), &mut s2);
    karatsuba12(f, &mut t0, &t1, &mut cross);
}

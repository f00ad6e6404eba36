//! G1 from compressed bytes, the square root of x³ + 4 and the test of membership; sums of points for powers by a table.
//!
//! - y = (x³ + 4)^((p + 1)/4), p ≡ 3 mod 4: 380 squarings and 109 products by windows of four bits.
//! - Membership (Scott, eprint 2021/1130, section 6): φ(P) = −x²·P with φ(x, y) = (βx, y). Exact: φ² + φ + 1 = 0 turns
//!   it into (x⁴ − x² + 1)·P = q·P = 0. 126 doublings of 7 products and 10 additions of 15.
//!
//! The addition is not complete: P + (±P) gives Z = 0. All later results then have Z = 0 too, and the point is refused.
//! This never happens for a P of order q, since the multiples of P here are below q. A point for which it happens has
//! another order, so the refusal is right.

use super::base::{Constant, Factor, Mask, P};
use super::fp2::Fp2Kernels;
use super::kernels::kernels;
use crate::group::exponent::X;
use ark_bls12_381::{Fq, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, MontFp};
use std::sync::LazyLock;

kernels! {
    /// Decompression of points of G1, and the test of membership with its group law.
    trait CurveKernels: Fp2Kernels;
    /// a^((p + 1)/4).
    fn square_root(a: &Self) -> Self = square_root;
    fn decompress_g1(x: &Self, larger: Mask) -> (Self, Mask) = decompress;
    fn double_g1(p: &Jacobian<Self>) -> Jacobian<Self> = double;
    /// 16P.
    fn double_g1_four_times(p: &Jacobian<Self>) -> Jacobian<Self> = double_four_times;
    fn add_g1(p: &Jacobian<Self>, q: &Jacobian<Self>) -> Jacobian<Self> = add;
    fn add_affine_g1(p: &Jacobian<Self>, x: &Self, y: &Self) -> Jacobian<Self> = add_affine;
    /// P + (x, y) for all P and (x, y).
    fn add_any_affine_g1(p: &Jacobian<Self>, x: &Self, y: &Self) -> Jacobian<Self> = add_any_affine;
    fn in_g1(x: &Self, y: &Self) -> Mask = in_g1;
}

static FOUR: Constant = Constant::new(MontFp!("4"));

/// β, the cube root of 1 with (βx, y) = −x²·(x, y) on G1.
pub(super) static BETA: LazyLock<Constant> = LazyLock::new(|| {
    let g = G1Affine::generator();
    let image = g.mul_bigint([X]).into_affine().mul_bigint([X]).into_affine();
    Constant::new(image.x * g.x.inverse().unwrap_or(Fq::ZERO)) // the generator's x is not 0
});

/// A point (X/Z², Y/Z³); X below 28p, Y up to 5p, Z below 7p.
#[derive(Clone, Copy)]
pub(super) struct Jacobian<F>(pub(super) F, pub(super) F, pub(super) F);

impl<F: CurveKernels> Jacobian<F> {
    #[inline(always)]
    pub(super) fn affine(x: &F, y: &F) -> Self {
        Self(*x, *y, F::one())
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    pub(super) fn select(&self, mask: Mask, other: &Self) -> Self {
        Self(self.0.select(mask, &other.0), self.1.select(mask, &other.1), self.2.select(mask, &other.2))
    }

    /// x and y, by one inversion for all lanes; and the lanes with Z = 0, which have none.
    #[inline(always)]
    pub(super) fn normalised(&self) -> (F, F, Mask) {
        let inverse = self.2.inverse();
        let square = F::square1(&inverse);
        let x = F::multiply1(&self.0, &square);
        (x, F::multiply1(&self.1, &F::multiply1(&square, &inverse)), self.2.zeros())
    }
}

/// (p + 1)/4 in windows of four bits, from the top.
fn windows() -> impl Iterator<Item = usize> {
    // p ends in 1011, so (p + 1)/4 is p >> 2 with 1 added: …10 + 1 = …11.
    let mut e = P;
    for i in 0..6 {
        e[i] = (P[i] >> 2) | if i < 5 { P[i + 1] << 62 } else { 0 };
    }
    e[0] += 1;
    (0..95).rev().map(move |i| usize::try_from((e[i / 16] >> (4 * (i % 16))) & 15).unwrap_or(0))
}

/// a^((p + 1)/4); a below 16p.
#[inline(always)]
fn square_root<F: CurveKernels>(a: &F) -> F {
    let mut powers = [F::one(); 16];
    for i in 1..16 {
        powers[i] = F::multiply1(&powers[i - 1], a);
    }
    let mut windows = windows();
    let mut root = powers[windows.next().unwrap_or(0)];
    for window in windows {
        root = F::multiply1(&F::square1_times(&root, 4), &powers[window]);
    }
    root
}

/// y of the curve point with this x, the larger of ±y in the lanes of the mask, the smaller elsewhere; and the lanes in
/// which the curve has such a point. x below 4p, y up to 3p.
#[inline(always)]
fn decompress<F: CurveKernels>(x: &F, larger: Mask) -> (F, Mask) {
    let y2 = F::multiply1(&F::square1(x), x).plus(&F::constant(&FOUR));
    let y = F::square_root(&y2);
    let on_curve = F::square1(&y).minus::<8>(&y2).zeros();
    let y = y.select(!(y.larger_half() ^ larger), &F::zero().minus::<3>(&y));
    (y, on_curve)
}

/// 2P: 3 products, 4 squares. X below 27p, Y below 4p, Z below 5p.
#[inline(always)]
fn double<F: CurveKernels>(p: &Jacobian<F>) -> Jacobian<F> {
    let Jacobian(x, y, z) = p;
    let [xx, yy] = F::squares(&Factor(*x), &Factor(*y));
    let [e, b] = F::reduce_sums::<0, 0>(&xx, &yy);
    let (e, b) = (e.plus_sum(&e).plus_sum(&e).value(), b.value());
    let [xb, yz] = F::products(&Factor(*x), &Factor(b), &Factor(*y), &Factor(*z));
    let [d, z3] = F::reduce_sums::<0, 0>(&xb, &yz);
    let d = d.plus_sum(&d);
    let (d, z3) = (d.plus_sum(&d).value(), z3.plus_sum(&z3).value());
    let [ee, bb] = F::squares(&Factor(e), &Factor(b));
    let x3 = F::reduce::<17>(&d.lower(&d.lower(&ee)));
    let bb = F::wide_plus(&bb, &bb);
    let bb = F::wide_plus(&bb, &bb);
    let y3 = F::reduce::<1>(&F::wide_minus(&e.times_wide(&d.minus::<28>(&x3)), &F::wide_plus(&bb, &bb)));
    Jacobian(x3, y3, z3)
}

#[inline(always)]
fn double_four_times<F: CurveKernels>(p: &Jacobian<F>) -> Jacobian<F> {
    let mut out = *p;
    for _ in 0..4 {
        out = double(&out);
    }
    out
}

/// P + Q for P ≠ ±Q, else Z = 0: 11 products, 4 squares. X below 10p, Y below 4p, Z below 3p.
#[inline(always)]
fn add<F: CurveKernels>(p: &Jacobian<F>, q: &Jacobian<F>) -> Jacobian<F> {
    let (Jacobian(x1, y1, z1), Jacobian(x2, y2, z2)) = (p, q);
    let (zz1, zz2) = (F::square1(z1), F::square1(z2));
    let u1 = F::multiply1(x1, &zz2);
    let s1 = F::multiply1(y1, &F::multiply1(z2, &zz2));
    let h = F::multiply1(x2, &zz1).minus::<4>(&u1);
    let r = F::multiply1(y2, &F::multiply1(z1, &zz1)).minus::<4>(&s1);
    let r = r.plus(&r);
    let i = F::square1(&h.plus(&h));
    let j = F::multiply1(&h, &i);
    let v = F::multiply1(&u1, &i);
    let x3 = F::reduce::<7>(&j.plus(&v).plus(&v).lower(&r.square_wide()));
    let s1j = s1.times_wide(&j);
    let twice = F::wide_plus(&s1j, &s1j);
    let y3 = F::reduce::<1>(&F::wide_minus(&r.times_wide(&v.minus::<10>(&x3)), &twice));
    let z3 = F::multiply1(&F::multiply1(z1, z2), &h.plus(&h));
    Jacobian(x3, y3, z3)
}

/// P + (x, y) for P ≠ ±(x, y), else Z = 0: 8 products, 3 squares. x and y below 16p.
#[inline(always)]
fn add_affine<F: CurveKernels>(p: &Jacobian<F>, x2: &F, y2: &F) -> Jacobian<F> {
    chord(p, x2, y2).sum
}

/// The results of the addition of an affine point.
pub(super) struct Chord<F> {
    /// The sum, if the points have different x; otherwise Z = 0.
    pub(super) sum: Jacobian<F>,
    /// The Z of the sum, divided by the Z of P; 0 where both points have the same x. Below 32p.
    pub(super) run: F,
    /// 0 where both points have the same y. Below 9p.
    pub(super) rise: F,
}

#[inline(always)]
pub(super) fn chord<F: CurveKernels>(p: &Jacobian<F>, x2: &F, y2: &F) -> Chord<F> {
    let Jacobian(x1, y1, z1) = p;
    let zz = F::reduce::<0>(&z1.square_wide());
    let run = F::reduce::<0>(&x2.times_wide(&zz)).minus::<28>(x1);
    let zzz = F::reduce::<0>(&z1.times_wide(&zz));
    let rise = F::reduce::<0>(&y2.times_wide(&zzz)).minus::<5>(y1);
    let i = F::reduce::<0>(&run.square_wide());
    let j = F::reduce::<0>(&run.times_wide(&i));
    let v = F::reduce::<0>(&x1.times_wide(&i));
    let x3 = F::reduce::<10>(&v.lower(&v.lower(&j.lower(&rise.square_wide()))));
    let y3 = F::reduce::<1>(&F::wide_minus(&rise.times_wide(&v.minus::<13>(&x3)), &y1.times_wide(&j)));
    Chord { sum: Jacobian(x3, y3, F::reduce::<0>(&z1.times_wide(&run))), run, rise }
}

#[inline(always)]
fn add_any_affine<F: CurveKernels>(p: &Jacobian<F>, x2: &F, y2: &F) -> Jacobian<F> {
    let Chord { sum, run, rise } = chord(p, x2, y2);
    let affine = Jacobian::affine(x2, y2);
    let same = run.zeros() & rise.zeros();
    let sum = F::double_g1(&affine).select(same, &sum);
    affine.select(p.2.zeros(), &sum)
}

/// |x|·P.
#[inline(always)]
fn times_x<F: CurveKernels>(p: &Jacobian<F>) -> Jacobian<F> {
    let mut out = *p;
    for i in (0..63).rev() {
        out = F::double_g1(&out);
        if (X >> i) & 1 == 1 {
            out = F::add_g1(&out, p);
        }
    }
    out
}

/// The lanes whose point of the curve has order q; x, y below 4p.
#[inline(always)]
fn in_g1<F: CurveKernels>(x: &F, y: &F) -> Mask {
    let Jacobian(x2, y2, z) = times_x(&times_x(&Jacobian(*x, *y, F::one())));
    let zz = F::square1(&z);
    let difference = F::multiply1(&F::multiply1(x, &F::constant(&BETA)), &zz).minus::<28>(&x2);
    let same_y = F::multiply1(&F::multiply1(y, &z), &zz).plus(&y2).zeros();
    difference.zeros() & same_y & !z.zeros()
}

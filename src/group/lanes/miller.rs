//! The Miller loop of the optimal ate pairing: one fixed second argument Q for all lanes, or a Q for each lane.
//!
//! A line through points of the twist has at P = (x, y) the value l0 + l1·x·v + l4·y·v·w with l0, l1, l4 in F_p². The
//! final exponentiation removes factors in F_p², so for a fixed Q each line is divided by l4·y beforehand:
//! l0/l4·(1/y) + l1/l4·(x/y)·v + v·w. A product by it takes 8 products of F_p² in place of 11, by l0/2 and l1/2
//! (`tower.rs`); 1/(2y) is one inversion for all lanes of several groups.
//!
//! With a fixed Q a record costs 62 squarings, 67 products by a line and 68 lines of 4 products: 765 thousand IFMA for
//! eight records. A Q for each lane also costs 63 doublings and 5 additions on the twist, and products by whole lines.

use super::base::{Constant2, constant2};
use super::fp2::{Fp2, GROUPS, Sum2};
use super::kernels::kernels;
use super::single::constant;
use super::tower::{Fp6, Fp12, Line, TowerKernels};
use crate::group::exponent::X;
use ark_bls12_381::Fq2;
use ark_ff::AdditiveGroup;
use zeroize::Zeroize;

kernels! {
    /// The steps of the Miller loop, and the whole loop.
    trait MillerKernels: TowerKernels;
    fn line(a: &Constant2, b: &Constant2, p: &PointG1<Self>) -> Line<Self> = line;
    fn double_step(r: &Homogeneous<Self>, p: &PointG1<Self>) -> (Homogeneous<Self>, Line<Self>, Fp2<Self>) = double_step;
    fn add_step(r: &Homogeneous<Self>, q: &PointG2<Self>, p: &PointG1<Self>) -> (Homogeneous<Self>, Line<Self>, Fp2<Self>) = add_step;
    fn miller_loop(p: &PointG1<Self>, lines: &Lines) -> Fp12<Self> = miller_loop;
    fn miller_loop_each(p: &PointG1<Self>, q: &PointG2<Self>) -> Fp12<Self> = miller_loop_each;
}

/// What the lines need of P = (x, y): x/(2y) and 1/(2y), both below 4p.
#[derive(Clone, Copy)]
pub(super) struct PointG1<F> {
    pub(super) x_over_2y: F,
    pub(super) inverse_of_2y: F,
}

impl<F: MillerKernels> PointG1<F> {
    /// From each (x, y), by one inversion for all; y is not 0: the curve has no point of order 2.
    #[inline(always)]
    pub(super) fn all(points: &[(F, F)]) -> [Self; GROUPS] {
        let mut inverses = [F::one(); GROUPS];
        for i in 0..points.len() {
            inverses[i] = points[i].1.plus(&points[i].1);
        }
        F::inverses1(&mut inverses[..points.len()]);
        let mut out = [Self { x_over_2y: F::zero(), inverse_of_2y: F::zero() }; GROUPS];
        for i in 0..points.len() {
            out[i] = Self { x_over_2y: F::multiply1(&points[i].0, &inverses[i]), inverse_of_2y: inverses[i] };
        }
        out
    }
}

/// A point of the twist in each lane, affine, below p.
#[derive(Clone, Copy)]
pub(super) struct PointG2<F> {
    pub(super) x: Fp2<F>,
    pub(super) y: Fp2<F>,
}

/// The lines of a fixed Q, divided by their third coefficients: l0/l4, l1/l4 (17,408 bytes). Overwritten when dropped.
#[derive(Clone)]
pub(super) struct Lines(pub(super) Box<[[Constant2; 2]]>);

impl Drop for Lines {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Lines {
    /// From l0/l4 and l1/l4 of each line.
    pub(super) fn new(quotients: &[[Fq2; 2]]) -> Self {
        Self(quotients.iter().map(|line| line.map(|x| [constant(x.c0), constant(x.c1)])).collect())
    }
}

#[inline(always)]
fn line<F: MillerKernels>(a: &Constant2, b: &Constant2, p: &PointG1<F>) -> Line<F> {
    Line(Fp2::constant(a).scaled(&p.inverse_of_2y), Fp2::constant(b).scaled(&p.x_over_2y))
}

static NO_LINE: [Constant2; 2] = [constant2(&Fq2::ZERO); 2];

/// Bits of |x| below the leading one, from the top.
#[inline(always)]
fn bits() -> impl Iterator<Item = bool> {
    (0..63).rev().map(|i| (X >> i) & 1 == 1)
}

/// f_{x,Q}(P) up to factors in F_p⁶.
#[inline(always)]
fn miller_loop<F: MillerKernels>(p: &PointG1<F>, lines: &Lines) -> Fp12<F> {
    let mut lines = lines.0.iter();
    let [a, b] = lines.next().unwrap_or(&NO_LINE); // there are 68, as many as are asked for
    let Line(l0, l1) = F::line(a, b, p);
    let mut f = Fp12(Fp6(l0.plus(&l0), l1.plus(&l1), Fp2::zero()), Fp6(Fp2::zero(), Fp2::one(), Fp2::zero()));
    for (i, bit) in bits().enumerate() {
        if i > 0 {
            F::square12(&mut f);
        }
        let steps = usize::from(i > 0) + usize::from(bit);
        for [a, b] in lines.by_ref().take(steps) {
            F::multiply_by_line(&mut f, &F::line(a, b, p));
        }
    }
    conjugate(&f)
}

/// x is negative.
#[inline(always)]
fn conjugate<F: MillerKernels>(f: &Fp12<F>) -> Fp12<F> {
    Fp12(f.0, Fp6::zero().minus::<32>(&f.1))
}

/// A point in homogeneous coordinates (X : Y : Z); X and Z below 4p, Y below 68p.
#[derive(Clone, Copy)]
pub(super) struct Homogeneous<F>(pub(super) Fp2<F>, pub(super) Fp2<F>, pub(super) Fp2<F>);

/// 2R and half of the tangent at R (Costello, Lange, Naehrig; eprint 2009/615, section 5, coordinates times 4 to save halvings).
#[inline(always)]
fn double_step<F: MillerKernels>(r: &Homogeneous<F>, p: &PointG1<F>) -> (Homogeneous<F>, Line<F>, Fp2<F>) {
    let Homogeneous(x, y, z) = r;
    let xy = x.times(y);
    let b = y.squared();
    let c = z.squared();
    // e = 3·b'·Z², b' = 4·ξ
    let e = twelve_times(&c).times_xi::<64>().value();
    let f = e.sum().plus(&e).plus(&e);
    let yz = y.times(z);
    let h2 = yz.sum().plus(&yz);
    let h4 = h2.plus_sum(&h2);
    let double = Homogeneous(
        xy.plus(&xy).times(&b.sum().minus_sum::<512>(&f).value()),
        f.plus(&b).value().squared().sum().minus_sum::<64>(&twelve_times(&e.squared())).value(),
        b.times(&h4.plus_sum(&h4).value()),
    );
    let j = x.squared();
    let j3 = j.sum().plus(&j).plus(&j).value();
    let line = Line(e.minus::<4>(&b).scaled(&p.inverse_of_2y), j3.scaled(&p.x_over_2y));
    (double, line, Fp2::zero().minus::<4>(&yz))
}

#[inline(always)]
fn twelve_times<F: MillerKernels>(x: &Fp2<F>) -> Sum2<F> {
    let three = x.sum().plus(x).plus(x);
    let six = three.plus_sum(&three);
    six.plus_sum(&six)
}

/// R + Q and the line through them.
#[inline(always)]
fn add_step<F: MillerKernels>(r: &Homogeneous<F>, q: &PointG2<F>, p: &PointG1<F>) -> (Homogeneous<F>, Line<F>, Fp2<F>) {
    let Homogeneous(x, y, z) = r;
    let theta = y.minus::<4>(&q.y.times(z));
    let lambda = x.minus::<4>(&q.x.times(z));
    let d = lambda.squared();
    let e = lambda.times(&d);
    let f = z.times(&theta.squared());
    let g = x.times(&d);
    let h = e.sum().plus(&f).minus_sum::<8>(&g.sum().plus(&g)).value();
    let sum = Homogeneous(lambda.times(&h), theta.times(&g.minus::<16>(&h)).minus::<4>(&e.times(y)), z.times(&e));
    let j = theta.times(&q.x).sum().minus::<4>(&lambda.times(&q.y));
    let minus_theta = Fp2::zero().sum().minus::<72>(&theta);
    // Twice the line, so that λ is the half of its third coefficient.
    let line = Line(
        j.plus_sum(&j).value().scaled(&p.inverse_of_2y),
        minus_theta.plus_sum(&minus_theta).value().scaled(&p.x_over_2y),
    );
    (sum, line, lambda)
}

/// f_{x,Q}(P) up to factors in F_p⁶, for a Q in each lane.
#[inline(always)]
fn miller_loop_each<F: MillerKernels>(p: &PointG1<F>, q: &PointG2<F>) -> Fp12<F> {
    let mut r = Homogeneous(q.x, q.y, Fp2::one());
    let mut f = Fp12::one();
    for bit in bits() {
        let (double, line, l4) = F::double_step(&r, p);
        r = double;
        F::square12(&mut f);
        F::multiply_by_full_line(&mut f, &line, &l4);
        if bit {
            let (sum, line, l4) = F::add_step(&r, q, p);
            r = sum;
            F::multiply_by_full_line(&mut f, &line, &l4);
        }
    }
    conjugate(&f)
}

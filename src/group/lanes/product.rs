//! Products of many powers in G1 and GT: the buckets of [`buckets`](crate::group::buckets), with a window of the exponents
//! in each lane.
//!
//! An element in memory is broadcast to all lanes; a bucket is read and written by a transposition of eight rows. For
//! eight windows of an element: 8 products and 3 squares of F_p in G1, one product of F_p¹² in GT.
//!
//! The addition in G1 is incomplete: where it meets P + (±P), the coordinate Z of that lane is 0 from there on, and the
//! lane has no result.

use super::base::{Base, LIMBS, Mask};
use super::curve::{CurveKernels, Jacobian};
use super::eight::Eight;
use super::fp2::Fp2;
use super::tower::{Fp6, Fp12};
use crate::group::buckets::{Group, Lanes};

/// A value of F_p in memory.
type Row = [u64; LIMBS];
/// An element of G1 other than 1, by x and y, below 1.1p.
pub(super) type PointRows = [Row; 2];
/// An element of GT by its coefficients, below 4p.
pub(super) type GtRows = [Row; 12];

#[inline(always)]
fn gather<const C: usize>(stored: &[[Row; C]], places: &[usize; 8], c: usize) -> Eight {
    Eight::from_rows(&[
        &stored[places[0]][c],
        &stored[places[1]][c],
        &stored[places[2]][c],
        &stored[places[3]][c],
        &stored[places[4]][c],
        &stored[places[5]][c],
        &stored[places[6]][c],
        &stored[places[7]][c],
    ])
}

#[inline(always)]
fn scatter<const C: usize>(x: &Eight, stored: &mut [[Row; C]], places: &[usize; 8], c: usize) {
    let rows = x.to_rows();
    for lane in 0..8 {
        stored[places[lane]][c] = rows[lane];
    }
}

/// The rows of eight points, coordinates below 4p.
#[inline(always)]
pub(super) fn point_rows(x: &Eight, y: &Eight) -> [PointRows; 8] {
    let mut out = [[[0; LIMBS]; 2]; 8];
    let places = [0, 1, 2, 3, 4, 5, 6, 7];
    scatter(x, &mut out, &places, 0);
    scatter(y, &mut out, &places, 1);
    out
}

/// The rows of eight elements of GT below 4p.
#[inline(always)]
pub(super) fn gt_rows(g: &Fp12<Eight>) -> [GtRows; 8] {
    let mut out = [[[0; LIMBS]; 12]; 8];
    scatter12(g, &mut out, &[0, 1, 2, 3, 4, 5, 6, 7]);
    out
}

#[inline(always)]
fn scatter12(g: &Fp12<Eight>, stored: &mut [GtRows], places: &[usize; 8]) {
    let Fp12(Fp6(a, b, c), Fp6(d, e, f)) = g;
    let coefficients = [&a.0, &a.1, &b.0, &b.1, &c.0, &c.1, &d.0, &d.1, &e.0, &e.1, &f.0, &f.1];
    for i in 0..12 {
        scatter(coefficients[i], stored, places, i);
    }
}

#[inline(always)]
fn fp12(x: &[Eight; 12]) -> Fp12<Eight> {
    Fp12(
        Fp6(Fp2(x[0], x[1]), Fp2(x[2], x[3]), Fp2(x[4], x[5])),
        Fp6(Fp2(x[6], x[7]), Fp2(x[8], x[9]), Fp2(x[10], x[11])),
    )
}

/// G1 in Jacobian coordinates; the products start at a given point.
pub(super) struct G1<'a>(pub(super) &'a PointRows);

impl Group for G1<'_> {
    const LANES: usize = 8;
    type Element = PointRows;
    type Factor = (Eight, Eight);
    type Product = Jacobian<Eight>;
    type Stored = [Row; 3];

    #[inline(always)]
    fn factor(&self, [x, y]: &PointRows, inverted: Lanes) -> (Eight, Eight) {
        let y = Eight::broadcast(y);
        (Eight::broadcast(x), Eight::zero().minus::<4>(&y).select(inverted, &y))
    }

    #[inline(always)]
    fn lift(&self, (x, y): &(Eight, Eight)) -> Jacobian<Eight> {
        Jacobian::affine(x, y)
    }

    #[inline(always)]
    fn times_factor(&self, product: &Jacobian<Eight>, (x, y): &(Eight, Eight)) -> Jacobian<Eight> {
        Eight::add_affine_g1(product, x, y)
    }

    #[inline(always)]
    fn times(&self, a: &Jacobian<Eight>, b: &Jacobian<Eight>) -> Jacobian<Eight> {
        Eight::add_g1(a, b)
    }

    #[inline(always)]
    fn select(&self, lanes: Lanes, yes: &Jacobian<Eight>, no: &Jacobian<Eight>) -> Jacobian<Eight> {
        yes.select(lanes, no)
    }

    #[inline(always)]
    fn empty(&self) -> [Row; 3] {
        [[0; LIMBS]; 3]
    }

    #[inline(always)]
    fn gather(&self, stored: &[[Row; 3]], places: &[usize; 8]) -> Jacobian<Eight> {
        Jacobian(gather(stored, places, 0), gather(stored, places, 1), gather(stored, places, 2))
    }

    #[inline(always)]
    fn scatter(&self, product: &Jacobian<Eight>, stored: &mut [[Row; 3]], places: &[usize; 8]) {
        scatter(&product.0, stored, places, 0);
        scatter(&product.1, stored, places, 1);
        scatter(&product.2, stored, places, 2);
    }

    #[inline(always)]
    fn start(&self) -> Jacobian<Eight> {
        Jacobian::affine(&Eight::broadcast(&self.0[0]), &Eight::broadcast(&self.0[1]))
    }
}

/// GT.
pub(super) struct Gt;

impl Group for Gt {
    const LANES: usize = 8;
    type Element = GtRows;
    type Factor = Fp12<Eight>;
    type Product = Fp12<Eight>;
    type Stored = GtRows;

    #[inline(always)]
    fn factor(&self, element: &GtRows, inverted: Lanes) -> Fp12<Eight> {
        let mut x = [Eight::zero(); 12];
        for i in 0..12 {
            x[i] = Eight::broadcast(&element[i]);
        }
        for i in 6..12 {
            x[i] = Eight::zero().minus::<4>(&x[i]).select(inverted, &x[i]);
        }
        fp12(&x)
    }

    #[inline(always)]
    fn lift(&self, factor: &Fp12<Eight>) -> Fp12<Eight> {
        *factor
    }

    #[inline(always)]
    fn times_factor(&self, product: &Fp12<Eight>, factor: &Fp12<Eight>) -> Fp12<Eight> {
        product.times(factor)
    }

    #[inline(always)]
    fn times(&self, a: &Fp12<Eight>, b: &Fp12<Eight>) -> Fp12<Eight> {
        a.times(b)
    }

    #[inline(always)]
    fn select(&self, lanes: Lanes, yes: &Fp12<Eight>, no: &Fp12<Eight>) -> Fp12<Eight> {
        yes.select(lanes, no)
    }

    #[inline(always)]
    fn empty(&self) -> GtRows {
        [[0; LIMBS]; 12]
    }

    #[inline(always)]
    fn gather(&self, stored: &[GtRows], places: &[usize; 8]) -> Fp12<Eight> {
        let mut x = [Eight::zero(); 12];
        for i in 0..12 {
            x[i] = gather(stored, places, i);
        }
        fp12(&x)
    }

    #[inline(always)]
    fn scatter(&self, product: &Fp12<Eight>, stored: &mut [GtRows], places: &[usize; 8]) {
        scatter12(product, stored, places);
    }

    #[inline(always)]
    fn start(&self) -> Fp12<Eight> {
        Fp12::one()
    }
}

/// The lanes in which the addition met an exception.
#[inline(always)]
pub(super) fn exceptions(product: &Jacobian<Eight>) -> Mask {
    product.2.zeros()
}

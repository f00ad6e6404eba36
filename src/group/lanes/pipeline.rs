//! Whole operations on eight records, from and to the values of arkworks.
#![allow(unsafe_code)] // the entry to the lanes: the one call in the macro below
#![cfg_attr(any(not(target_arch = "x86_64"), feature = "portable-lanes"), allow(unused_unsafe))]

use super::base::{Base, Mask};
use super::curve::{CurveKernels, Jacobian};
use super::cyclotomic::CyclotomicKernels;
use super::eight::Eight;
use super::fp2::{Fp2, Fp2Kernels};
use super::glv::GlvKernels;
use super::ifma::Ifma;
use super::miller::{Lines, MillerKernels, PointG1, PointG2};
use super::product::{self, GtRows, PointRows};
use super::table::{self, TorusWindow};
use super::torus::TorusKernels;
use super::tower::{Fp6, Fp12};
use crate::group::buckets;
use crate::group::exponent::{Comb, Digits, Halves};
use crate::group::power::Windows;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, G1Affine, G2Affine};

/// Eight values, one for each lane.
type ByLane<T> = [T; 8];

/// Declares the entries into the lanes: each takes the proof that the processor has the lanes, and its body is compiled
/// with their features.
macro_rules! entries {
    ($($(#[$doc:meta])* fn $name:ident($($a:ident: $t:ty),*) -> $r:ty $body:block)*) => { $(
        $(#[$doc])*
        pub(super) fn $name(_: Ifma, $($a: $t),*) -> $r {
            #[cfg_attr(
                    all(target_arch = "x86_64", not(feature = "portable-lanes")),
                    target_feature(enable = "avx512f,avx512dq,avx512ifma")
                )]
            fn with_features($($a: $t),*) -> $r $body
            // SAFETY: the `Ifma` proves that the processor has these features.
            unsafe { with_features($($a),*) }
        }
    )* };
}

entries! {
    /// C·e(P, Q) for a fixed Q; the points are finite.
    fn pair_and_multiply(p: &ByLane<G1Affine>, c: &ByLane<Fq12>, lines: &Lines) -> ByLane<Fq12> {
        let e = Eight::final_exponentiation(&Eight::miller_loop(&point1(p), lines));
        store12(&e.times(&load12(c)))
    }

    /// e(P, Q) for a Q in each lane; the points are finite.
    fn pairing_each(p: &ByLane<G1Affine>, q: &ByLane<G2Affine>) -> ByLane<Fq12> {
        store12(&Eight::final_exponentiation(&Eight::miller_loop_each(&point1(p), &point2(q))))
    }

    fn multiply_gt(a: &ByLane<Fq12>, b: &ByLane<Fq12>) -> ByLane<Fq12> {
        store12(&load12(a).times(&load12(b)))
    }

    /// The Miller loop alone, for measurements.
    fn miller_loop_alone(p: &ByLane<G1Affine>, lines: &Lines) -> Mask {
        Eight::miller_loop(&point1(p), lines).0.0.0.zeros()
    }

    /// The final exponentiation alone, for measurements.
    fn final_exponentiation_alone(f: &ByLane<Fq12>) -> ByLane<Fq12> {
        store12(&Eight::final_exponentiation(&load12(f)))
    }

    /// a^k in each lane; a in GT.
    fn pow_gt(a: &ByLane<Fq12>, k: &ByLane<Digits<1>>) -> ByLane<Fq12> {
        store12(&table::power(&load12(a).weaken(), k))
    }

    /// b^k in each lane for the base b of the table.
    fn pow_table(windows: &[TorusWindow], k: &ByLane<Windows>) -> ByLane<Fq12> {
        store12(&table::power_table(windows, k))
    }

    /// g1^k in each lane, and the lanes that have no result.
    fn pow_generator(k: &ByLane<Comb>) -> (ByLane<G1Affine>, Mask) {
        let (x, y, exceptions) = table::power_generator(k);
        let (x, y) = (x.store(), y.store());
        (std::array::from_fn(|i| G1Affine::new_unchecked(x[i], y[i])), exceptions)
    }

    /// P^k in each lane of up to [`TOGETHER`] groups, by one inversion for all groups. For each group, the mask marks
    /// the lanes whose power is 1, which has no coordinates. The points are finite.
    fn pow_g1(groups: &[(ByLane<G1Affine>, ByLane<Halves>)]) -> [(ByLane<G1Affine>, Mask); TOGETHER] {
        let mut powers = [Jacobian(Eight::one(), Eight::one(), Eight::one()); TOGETHER];
        for i in 0..groups.len() {
            let (p, k) = &groups[i];
            powers[i] = Eight::power_g1(&load1(&p.map(|p| p.x)), &load1(&p.map(|p| p.y)), &table::choices(k));
        }
        normalised(&powers, groups.len())
    }

    /// The form of finite points for [`product_g1`].
    fn point_rows(p: &ByLane<G1Affine>) -> ByLane<PointRows> {
        product::point_rows(&load1(&p.map(|p| p.x)), &load1(&p.map(|p| p.y)))
    }

    /// The form of b/a for [`product_gt`]; a and b in GT.
    fn quotient_rows(a: &ByLane<Fq12>, b: &ByLane<Fq12>) -> ByLane<GtRows> {
        product::gt_rows(&load12(b).times(&load12(a).conjugate()))
    }

    /// The product of the powers in each window of the exponents, times `start`: X, Y, Z in Jacobian coordinates, for
    /// eight windows in turn. No result where the addition met an exception.
    fn product_g1(points: &[PointRows], exponents: &[i128], width: u32, start: &PointRows) -> Option<Vec<ByLane<[Fq; 3]>>> {
        let windows = buckets::windows(&product::G1(start), points, exponents, width);
        let mut out = Vec::with_capacity(windows.len());
        for product in &windows {
            if product::exceptions(product) != 0 {
                return None;
            }
            let (x, y, z) = (product.0.store(), product.1.store(), product.2.store());
            out.push(std::array::from_fn(|i| [x[i], y[i], z[i]]));
        }
        Some(out)
    }

    /// The product of the powers in each window of the exponents, for eight windows in turn.
    fn product_gt(elements: &[GtRows], exponents: &[i128], width: u32) -> Vec<ByLane<Fq12>> {
        let windows = buckets::windows(&product::Gt, elements, exponents, width);
        let mut out = Vec::with_capacity(windows.len());
        for product in &windows {
            out.push(store12(product));
        }
        out
    }

    /// Decodes (Z, C) from its coordinates, with every check.
    fn decode(coordinates: &ByLane<Coordinates>) -> (ByLane<(G1Affine, Fq12)>, Verdict) {
        let (record, verdict) = decoded(coordinates);
        let (x, y, c) = (record.x.store(), record.y.store(), store12(&record.c));
        (std::array::from_fn(|i| (G1Affine::new_unchecked(x[i], y[i]), c[i])), verdict)
    }

    /// From the coordinates of (Z, C) to those of C·e(Z, Q), with every check. The mask names the lanes whose result
    /// has no regular form.
    fn reencrypt(coordinates: &ByLane<Coordinates>, lines: &Lines) -> (ByLane<[[u64; 6]; 4]>, Mask, Verdict) {
        let (record, verdict) = decoded(coordinates);
        let p = PointG1::new(&record.x, &record.y);
        let e = Eight::final_exponentiation(&Eight::miller_loop(&p, lines));
        let (out, special) = encoded(&e.times(&record.c));
        (out, special, verdict)
    }

    /// The coordinates (a0, a2) of elements of GT, and the lanes that have no regular form.
    fn encode_gt(g: &ByLane<Fq12>) -> (ByLane<[[u64; 6]; 4]>, Mask) {
        encoded(&load12(g))
    }
}

/// The number of groups of eight powers that share one inversion.
pub(super) const TOGETHER: usize = 8;

/// The first `n` groups of points as x and y, by one inversion. For each group, the mask marks the lanes with Z = 0,
/// which have no x and y.
#[inline(always)]
fn normalised(points: &[Jacobian<Eight>; TOGETHER], n: usize) -> [(ByLane<G1Affine>, Mask); TOGETHER] {
    let mut out = [([G1Affine::identity(); 8], 0); TOGETHER];
    // before[i]: the product of the Z before group i, with 1 in the place of 0.
    let (mut before, mut product) = ([Eight::one(); TOGETHER], Eight::one());
    for i in 0..n {
        before[i] = product;
        out[i].1 = points[i].2.zeros();
        product = Eight::multiply1(&product, &Eight::one().select(out[i].1, &points[i].2));
    }
    let mut rest = product.inverse();
    for i in (0..n).rev() {
        let Jacobian(x, y, z) = &points[i];
        let inverse = Eight::multiply1(&rest, &before[i]);
        rest = Eight::multiply1(&rest, &Eight::one().select(out[i].1, z));
        let square = Eight::square1(&inverse);
        let (x, y) = (Eight::multiply1(x, &square), Eight::multiply1(y, &Eight::multiply1(&square, &inverse)));
        let (x, y) = (x.store(), y.store());
        for lane in 0..8 {
            out[i].0[lane] = G1Affine::new_unchecked(x[lane], y[lane]);
        }
    }
    out
}

/// The coordinates of a record (Z, C) of the regular form, all below p.
#[derive(Clone, Copy)]
pub(super) struct Coordinates {
    pub(super) x: [u64; 6],
    /// The sign of Z's y.
    pub(super) larger: bool,
    /// a0 and a2 of C, each c0 before c1.
    pub(super) c: [[u64; 6]; 4],
}

/// The lanes that pass each check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) on_curve: Mask,
    pub(super) in_g1: Mask,
    pub(super) a0_not_zero: Mask,
    pub(super) in_gt: Mask,
}

/// (Z, C) in the lanes. In lanes that fail a check the values are meaningless but within the bounds.
struct Record {
    x: Eight,
    y: Eight,
    c: Fp12<Eight>,
}

#[inline(always)]
fn decoded(coordinates: &ByLane<Coordinates>) -> (Record, Verdict) {
    let larger = coordinates.iter().rev().fold(0, |mask, r| (mask << 1) | Mask::from(r.larger));
    let x = Eight::from_integers(&coordinates.map(|r| r.x)).weaken();
    let (y, on_curve) = Eight::decompress_g1(&x, larger);
    let in_g1 = Eight::in_g1(&x, &y);
    let a = |i: usize| Eight::from_integers(&coordinates.map(|r| r.c[i]));
    let (a0, a2) = (Fp2(a(0), a(1)), Fp2(a(2), a(3)));
    let c = Eight::decompress_gt(&a0, &a2);
    let verdict = Verdict { on_curve, in_g1, a0_not_zero: !a0.zeros(), in_gt: Eight::frobenius_is_x(&c) };
    (Record { x, y, c }, verdict)
}

#[inline(always)]
fn encoded(g: &Fp12<Eight>) -> (ByLane<[[u64; 6]; 4]>, Mask) {
    let (a0, a2, special) = Eight::compress_gt(g);
    let c = [a0.0.to_integers(), a0.1.to_integers(), a2.0.to_integers(), a2.1.to_integers()];
    (std::array::from_fn(|lane| c.map(|c| c[lane])), special)
}

#[inline(always)]
fn load1(values: &ByLane<Fq>) -> Eight {
    Eight::load(values)
}

#[inline(always)]
fn load2(values: &ByLane<Fq2>) -> Fp2<Eight> {
    Fp2(load1(&values.map(|x| x.c0)), load1(&values.map(|x| x.c1)))
}

#[inline(always)]
fn load6(values: &ByLane<Fq6>) -> Fp6<Eight> {
    Fp6(load2(&values.map(|x| x.c0)), load2(&values.map(|x| x.c1)), load2(&values.map(|x| x.c2)))
}

#[inline(always)]
pub(super) fn load12(values: &ByLane<Fq12>) -> Fp12<Eight> {
    Fp12(load6(&values.map(|x| x.c0)), load6(&values.map(|x| x.c1)))
}

#[inline(always)]
fn store2(x: &Fp2<Eight>) -> ByLane<Fq2> {
    let (c0, c1) = (x.0.store(), x.1.store());
    std::array::from_fn(|i| Fq2::new(c0[i], c1[i]))
}

#[inline(always)]
fn store6(x: &Fp6<Eight>) -> ByLane<Fq6> {
    let (c0, c1, c2) = (store2(&x.0), store2(&x.1), store2(&x.2));
    std::array::from_fn(|i| Fq6::new(c0[i], c1[i], c2[i]))
}

#[inline(always)]
fn store12(x: &Fp12<Eight>) -> ByLane<Fq12> {
    let (c0, c1) = (store6(&x.0), store6(&x.1));
    std::array::from_fn(|i| Fq12::new(c0[i], c1[i]))
}

#[inline(always)]
fn point1(p: &ByLane<G1Affine>) -> PointG1<Eight> {
    PointG1::new(&load1(&p.map(|p| p.x)), &load1(&p.map(|p| p.y)))
}

#[inline(always)]
fn point2(q: &ByLane<G2Affine>) -> PointG2<Eight> {
    PointG2 { x: load2(&q.map(|q| q.x)), y: load2(&q.map(|q| q.y)) }
}

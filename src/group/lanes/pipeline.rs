//! Whole operations on eight records, from and to the values of arkworks.
#![allow(unsafe_code)] // the entry to the lanes: the one call in the macro below
#![cfg_attr(any(not(target_arch = "x86_64"), feature = "portable-lanes"), allow(unused_unsafe))]

use super::base::{Base, Mask};
use super::curve::{CurveKernels, Jacobian};
use super::cyclotomic::CyclotomicKernels;
use super::eight::Eight;
pub(super) use super::fp2::GROUPS;
use super::fp2::{Fp2, Fp2Kernels};
use super::glv::GlvKernels;
use super::ifma::Ifma;
use super::miller::{Lines, MillerKernels, PointG1, PointG2};
use super::product::{self, GtRows, PointRows};
use super::table::{self, TorusWindow};
use super::torus::TorusKernels;
use super::tower::{Fp6, Fp12};
use super::vector::V;
use crate::group::buckets;
use crate::group::exponent::{Comb, Digits, Halves};
use crate::group::power::Windows;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, G1Affine, G2Affine};
use ark_ff::AdditiveGroup;

/// Eight values, one for each lane.
type ByLane<T> = [T; 8];
/// Values for each group of eight records.
type Groups<T> = [T; GROUPS];

/// Declares the entries into the lanes: each takes the proof that the processor has the lanes, and its body is compiled
/// with their features.
macro_rules! entries {
    ($($(#[$doc:meta])* fn $name:ident($($a:ident: $t:ty),*) -> $r:ty $body:block)*) => { $(
        $(#[$doc])*
        pub(super) fn $name(_: Ifma, $($a: $t),*) -> $r {
            super::vector::with_features! {
                fn with_features($($a: $t),*) -> $r $body
            }
            // SAFETY: the `Ifma` proves that the processor has these features.
            unsafe { with_features($($a),*) }
        }
    )* };
}

entries! {
    /// C·e(P, Q) for a fixed Q, of up to [`GROUPS`] groups; the points are finite.
    fn pair_and_multiply(p: &[ByLane<G1Affine>], c: &[ByLane<Fq12>], lines: &Lines) -> Groups<ByLane<Fq12>> {
        let mut f = [Fp12::one(); GROUPS];
        let points = points1(p);
        for i in 0..p.len() {
            f[i] = Eight::miller_loop(&points[i], lines);
        }
        exponentiated(&mut f[..p.len()], c)
    }

    /// C·e(P, Q) for a Q in each lane, of up to [`GROUPS`] groups; the points are finite.
    fn pair_each_and_multiply(
        p: &[ByLane<G1Affine>],
        q: &[ByLane<G2Affine>],
        c: &[ByLane<Fq12>]
    ) -> Groups<ByLane<Fq12>> {
        let mut f = [Fp12::one(); GROUPS];
        let points = points1(p);
        for i in 0..p.len() {
            f[i] = Eight::miller_loop_each(&points[i], &point2(&q[i]));
        }
        exponentiated(&mut f[..p.len()], c)
    }

    fn multiply_gt(a: &ByLane<Fq12>, b: &ByLane<Fq12>) -> ByLane<Fq12> {
        store12(&load12(a).times(&load12(b)))
    }

    /// The Miller loop alone, for measurements.
    fn miller_loop_alone(p: &ByLane<G1Affine>, lines: &Lines) -> Mask {
        Eight::miller_loop(&points1(std::slice::from_ref(p))[0], lines).0.0.0.zeros()
    }

    /// The final exponentiation alone, for measurements.
    fn final_exponentiation_alone(f: &ByLane<Fq12>) -> ByLane<Fq12> {
        let mut f = load12(f);
        Eight::final_exponentiations(std::slice::from_mut(&mut f));
        store12(&f)
    }

    /// a^k in each lane; a in GT.
    fn pow_gt(a: &ByLane<Fq12>, k: &ByLane<Digits<1>>) -> ByLane<Fq12> {
        store12(&table::power(&load12(a), k))
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
    fn decode(coordinates: &[ByLane<Coordinates>]) -> (Groups<ByLane<(G1Affine, Fq12)>>, Groups<Verdict>) {
        let (records, verdicts) = decoded(coordinates);
        let mut out = [[(G1Affine::identity(), Fq12::ZERO); 8]; GROUPS];
        for i in 0..coordinates.len() {
            let (x, y, c) = (records.points[i].0.store(), records.points[i].1.store(), store12(&records.c[i]));
            for lane in 0..8 {
                out[i][lane] = (G1Affine::new_unchecked(x[lane], y[lane]), c[lane]);
            }
        }
        (out, verdicts)
    }

    /// From the coordinates of (Z, C) to those of C·e(Z, Q), with every check.
    fn reencrypt(coordinates: &[ByLane<Coordinates>], lines: &Lines) -> (Groups<Encoded>, Groups<Verdict>) {
        let n = coordinates.len();
        let (records, verdicts) = decoded(coordinates);
        let mut f = [Fp12::one(); GROUPS];
        let points = PointG1::all(&records.points[..n]);
        for i in 0..n {
            f[i] = Eight::miller_loop(&points[i], lines);
        }
        Eight::final_exponentiations(&mut f[..n]);
        for i in 0..n {
            f[i] = f[i].times(&records.c[i]);
        }
        (encoded(&f[..n]), verdicts)
    }

    /// 12·n IFMA instructions in 12 chains, with an addition after each or alone; for measurements.
    fn issue(n: u32, additions: bool) -> ByLane<u64> {
        let x = V::splat(3);
        let (mut products, mut sums) = ([x; 12], [x; 12]);
        for _ in 0..n {
            for i in 0..12 {
                products[i] = products[i].plus_low(x, x);
                if additions {
                    sums[i] = sums[i].plus(products[i]);
                }
            }
        }
        let mut sum = x;
        for i in 0..12 {
            sum = sum.plus(products[i]).plus(sums[i]);
        }
        sum.store()
    }

    /// The coordinates of elements of GT.
    fn encode_gt(g: &[ByLane<Fq12>]) -> Groups<Encoded> {
        let mut f = [Fp12::one(); GROUPS];
        for i in 0..g.len() {
            f[i] = load12(&g[i]);
        }
        encoded(&f[..g.len()])
    }
}

/// The coordinates (a0, a2) of elements of GT, and the lanes that have no regular form.
pub(super) type Encoded = (ByLane<[[u64; 6]; 4]>, Mask);

/// The number of groups of eight powers that share one inversion.
pub(super) const TOGETHER: usize = 8;

/// The first `n` groups of points as x and y, by one inversion. For each group, the mask marks the lanes with Z = 0,
/// which have no x and y.
#[inline(always)]
fn normalised(points: &[Jacobian<Eight>; TOGETHER], n: usize) -> [(ByLane<G1Affine>, Mask); TOGETHER] {
    let mut out = [([G1Affine::identity(); 8], 0); TOGETHER];
    let mut inverses = [Eight::one(); TOGETHER];
    for i in 0..n {
        inverses[i] = points[i].2;
    }
    let zeros = Eight::inverses1(&mut inverses[..n]);
    for i in 0..n {
        let (Jacobian(x, y, _), inverse) = (&points[i], &inverses[i]);
        let square = Eight::square1(inverse);
        let (x, y) = (Eight::multiply1(x, &square), Eight::multiply1(y, &Eight::multiply1(&square, inverse)));
        let (x, y) = (x.store(), y.store());
        for lane in 0..8 {
            out[i].0[lane] = G1Affine::new_unchecked(x[lane], y[lane]);
        }
        out[i].1 = zeros[i];
    }
    out
}

/// C·f^(3·(p¹² − 1)/q) for the values f of Miller loops.
#[inline(always)]
fn exponentiated(f: &mut [Fp12<Eight>], c: &[ByLane<Fq12>]) -> Groups<ByLane<Fq12>> {
    Eight::final_exponentiations(f);
    let mut out = [[Fq12::ZERO; 8]; GROUPS];
    for i in 0..f.len() {
        out[i] = store12(&f[i].times(&load12(&c[i])));
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
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdict {
    pub(super) on_curve: Mask,
    pub(super) in_g1: Mask,
    pub(super) a0_not_zero: Mask,
    pub(super) in_gt: Mask,
}

/// (x, y) of Z and C in the lanes. In lanes that fail a check the values are meaningless but within the bounds.
struct Records {
    points: Groups<(Eight, Eight)>,
    c: Groups<Fp12<Eight>>,
}

#[inline(always)]
fn decoded(coordinates: &[ByLane<Coordinates>]) -> (Records, Groups<Verdict>) {
    let n = coordinates.len();
    let mut records = Records { points: [(Eight::zero(), Eight::zero()); GROUPS], c: [Fp12::one(); GROUPS] };
    let mut compressed = [(Fp2::zero(), Fp2::zero()); GROUPS];
    let mut verdicts = [Verdict::default(); GROUPS];
    for i in 0..n {
        let mut larger = 0;
        for lane in 0..8 {
            larger |= Mask::from(coordinates[i][lane].larger) << lane;
        }
        let x = Eight::from_integers(&coordinates[i].map(|r| r.x));
        let (y, on_curve) = Eight::decompress_g1(&x, larger);
        records.points[i] = (x, y);
        compressed[i] = (c_of(&coordinates[i], 0), c_of(&coordinates[i], 2));
        verdicts[i].on_curve = on_curve;
        verdicts[i].in_g1 = Eight::in_g1(&x, &y);
        verdicts[i].a0_not_zero = !compressed[i].0.zeros();
    }
    Eight::decompress_gt(&compressed[..n], &mut records.c);
    let in_gt = Eight::frobenius_is_x(&records.c[..n]);
    for i in 0..n {
        verdicts[i].in_gt = in_gt[i];
    }
    (records, verdicts)
}

/// a0 or a2 of C, whose coefficients begin at `i`.
#[inline(always)]
fn c_of(coordinates: &ByLane<Coordinates>, i: usize) -> Fp2<Eight> {
    Fp2(Eight::from_integers(&coordinates.map(|r| r.c[i])), Eight::from_integers(&coordinates.map(|r| r.c[i + 1])))
}

#[inline(always)]
fn encoded(g: &[Fp12<Eight>]) -> Groups<Encoded> {
    let mut compressed = [(Fp2::zero(), Fp2::zero()); GROUPS];
    Eight::compress_gt(g, &mut compressed);
    let mut out = [([[[0; 6]; 4]; 8], 0); GROUPS];
    for i in 0..g.len() {
        let (a0, a2) = &compressed[i];
        let c = [a0.0.to_integers(), a0.1.to_integers(), a2.0.to_integers(), a2.1.to_integers()];
        for lane in 0..8 {
            out[i].0[lane] = c.map(|c| c[lane]);
        }
        out[i].1 = a0.zeros();
    }
    out
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
fn points1(p: &[ByLane<G1Affine>]) -> Groups<PointG1<Eight>> {
    let mut points = [(Eight::zero(), Eight::zero()); GROUPS];
    for i in 0..p.len() {
        points[i] = (load1(&p[i].map(|p| p.x)), load1(&p[i].map(|p| p.y)));
    }
    PointG1::all(&points[..p.len()])
}

#[inline(always)]
fn point2(q: &ByLane<G2Affine>) -> PointG2<Eight> {
    PointG2 { x: load2(&q.map(|q| q.x)), y: load2(&q.map(|q| q.y)) }
}

//! GT to and from two elements of F_p² (T6; see [`torus`](crate::group::torus)), eight at once.
//!
//! With t = ξ·a2² + 1/3 = a0·a1 and c' = a0·c = (a0², t, a0·a2), decompression needs one inversion for both steps:
//! g = (c'² + v·a0² + 2·a0·c'·w)/(c'² − v·a0²).
//! Decompression: 24 products of F_p² and an inversion of F_p⁶. Compression: 6 and one.

use super::base::{Constant2, Mask, constant2};
use super::fp2::Fp2;
use super::kernels::kernels;
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::group::torus::THIRD as THIRD_FQ2;

kernels! {
    /// Decompression and compression of elements of GT.
    trait TorusKernels: TowerKernels;
    fn decompress_gt(a0: &Fp2<Self>, a2: &Fp2<Self>) -> Fp12<Self> = decompress;
    fn compress_gt(g: &Fp12<Self>) -> (Fp2<Self>, Fp2<Self>, Mask) = compress;
}

static THIRD: Constant2 = constant2(&THIRD_FQ2);

/// The element, below 4p, in the cyclotomic subgroup wherever a0 is not 0; a0, a2 below 4p.
#[inline(always)]
fn decompress<F: TorusKernels>(a0: &Fp2<F>, a2: &Fp2<F>) -> Fp12<F> {
    let t = a2.squared().times_xi::<4>().plus(&Fp2::constant(&THIRD));
    let aa = a0.squared();
    let c = Fp6(aa, t, a0.times(a2));
    let square = c.times(&c);
    let inverse = F::inverse6(&Fp6(square.0, square.1.minus::<4>(&aa), square.2));
    let g0 = Fp6(square.0, square.1.plus(&aa), square.2).times(&inverse);
    let twice = a0.plus(a0);
    let g1 = Fp6(c.0.times(&twice), c.1.times(&twice), c.2.times(&twice)).times(&inverse);
    Fp12(g0, g1)
}

/// (a0, a2) of c = (1 + g0)/g1, and the lanes where these do not determine the element: g1 = 0 or a0 = 0. g below 4p.
#[inline(always)]
fn compress<F: TorusKernels>(g: &Fp12<F>) -> (Fp2<F>, Fp2<F>, Mask) {
    let g0 = Fp6(g.0.0.plus(&Fp2::one()), g.0.1, g.0.2);
    let c = g0.times(&F::inverse6(&g.1));
    // 1/0 = 0 makes c = 0 where g1 = 0.
    (c.0, c.2, c.0.zeros())
}

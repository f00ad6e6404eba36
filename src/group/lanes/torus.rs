//! GT to and from two elements of F_p² (T6; see [`torus`](crate::group::torus)), eight at once, with one inversion for several groups.
//!
//! With t = ξ·a2² + 1/3 = a0·a1 and c' = a0·c = (a0², t, a0·a2), decompression needs one inversion for both steps:
//! g = (c'² + v·a0² + 2·a0·c'·w)/(c'² − v·a0²).
//! Decompression: 24 products of F_p² and an inversion of F_p⁶. Compression: 6 and one.

use super::base::{Constant2, constant2};
use super::fp2::{Fp2, GROUPS};
use super::kernels::kernels;
use super::tower::{Fp6, Fp12, TowerKernels};
use crate::group::torus::THIRD as THIRD_FQ2;

kernels! {
    /// Decompression and compression of elements of GT.
    trait TorusKernels: TowerKernels;
    fn decompress_gt(compressed: &[Compressed<Self>], out: &mut [Fp12<Self>]) = decompress;
    fn compress_gt(g: &[Fp12<Self>], out: &mut [Compressed<Self>]) = compress;
}

static THIRD: Constant2 = constant2(&THIRD_FQ2);

/// (a0, a2) of an element of GT.
pub(super) type Compressed<F> = (Fp2<F>, Fp2<F>);

/// The elements, below 4p, in the cyclotomic subgroup wherever a0 is not 0; a0, a2 below 4p.
#[inline(always)]
fn decompress<F: TorusKernels>(compressed: &[Compressed<F>], out: &mut [Fp12<F>]) {
    let mut inverses = [Fp6::zero(); GROUPS];
    for i in 0..compressed.len() {
        let (a0, a2) = &compressed[i];
        let t = a2.squared().times_xi::<4>().plus(&Fp2::constant(&THIRD));
        let aa = a0.squared();
        let c = Fp6(aa, t, a0.times(a2));
        let square = c.times(&c);
        inverses[i] = Fp6(square.0, square.1.minus::<4>(&aa), square.2);
        let twice = a0.plus(a0);
        let g0 = Fp6(square.0, square.1.plus(&aa), square.2);
        out[i] = Fp12(g0, Fp6(c.0.times(&twice), c.1.times(&twice), c.2.times(&twice)));
    }
    F::inverses6(&mut inverses[..compressed.len()]);
    for i in 0..compressed.len() {
        out[i] = Fp12(out[i].0.times(&inverses[i]), out[i].1.times(&inverses[i]));
    }
}

/// (a0, a2) of c = (1 + g0)/g1, where a0 is 0 if these do not determine the element: for g1 = 0 or a0 = 0. g below 4p.
#[inline(always)]
fn compress<F: TorusKernels>(g: &[Fp12<F>], out: &mut [Compressed<F>]) {
    let mut inverses = [Fp6::zero(); GROUPS];
    for i in 0..g.len() {
        inverses[i] = g[i].1;
    }
    F::inverses6(&mut inverses[..g.len()]);
    for i in 0..g.len() {
        let g0 = &g[i].0;
        let c = Fp6(g0.0.plus(&Fp2::one()), g0.1, g0.2).times(&inverses[i]);
        out[i] = (c.0, c.2); // 1/0 = 0 makes c = 0 where g1 = 0
    }
}

//! The operations that are compiled once each, as functions of their own, and where the lanes are entered.
//!
//! All other generic code is inlined into these; what a kernel calls of this list is a call. For `One` that is all
//! there is to it. For [`Eight`] each kernel is a function with the target features of the lanes, so that the crate
//! builds for any x86-64 and these functions alone use AVX-512.
#![allow(unsafe_code)] // the entry to the lanes: the one call in the macro below
#![cfg_attr(not(target_arch = "x86_64"), allow(unused_unsafe))]

use super::base::{Base, Constant, Constant2, Mask};
use super::curve::{self, Jacobian};
use super::cyclotomic::{self, Compressed};
use super::eight::Eight;
use super::miller::{self, Homogeneous, Lines, PointG1, PointG2};
#[cfg(test)]
use super::one::One;
use super::torus;
use super::tower::{self, Fp2, Fp6, Fp12, Line, Slots6, Wide2, Wide6};
use ark_bls12_381::Fq;
use ark_ff::{AdditiveGroup, Field};
use core::mem::MaybeUninit;

static ZERO: Constant = Constant::new(Fq::ZERO);
static ONE: Constant = Constant::new(Fq::ONE);

/// Declares the kernels: the generic body of each, and for the lanes the same behind the features.
macro_rules! kernels {
    ($($(#[$doc:meta])* fn $name:ident$(<$o:lifetime>)?($($a:ident: $t:ty),* $(,)?) $(-> $r:ty)? = $body:expr;)*) => {
        pub(super) trait Kernels: Base {
            $($(#[$doc])* fn $name$(<$o>)?($($a: $t),*) $(-> $r)?;)*

            #[inline(always)]
            fn zero() -> Self {
                Self::constant(&ZERO)
            }

            #[inline(always)]
            fn one() -> Self {
                Self::constant(&ONE)
            }
        }

        #[cfg(test)]
        impl Kernels for One {
            $(fn $name$(<$o>)?($($a: $t),*) $(-> $r)? { $body($($a),*) })*
        }

        /// The kernels of the lanes.
        impl Eight {
            $(
                #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx512f,avx512dq,avx512ifma"))]
                #[inline(never)]
                fn $name$(<$o>)?($($a: $t),*) $(-> $r)? { $body($($a),*) }
            )*
        }

        impl Kernels for Eight {
            $(
                #[inline(always)]
                fn $name$(<$o>)?($($a: $t),*) $(-> $r)? {
                    // SAFETY: the processor has these features: a kernel of the lanes is called by another one, or by
                    // a function of the lanes that was given an `Ifma`.
                    unsafe { Self::$name($($a),*) }
                }
            )*
        }
    };
}

kernels! {
    fn multiply1(a: &Self, b: &Self) -> Self = tower::multiply1;
    fn square1(a: &Self) -> Self = tower::square1;
    /// a^(2^n).
    fn square1_times(a: &Self, n: usize) -> Self = tower::square1_times;
    /// c0² + c1².
    fn norm2(a: &Fp2<Self>) -> Self = tower::norm2;
    fn multiply2_wide(a: &Fp2<Self>, b: &Fp2<Self>) -> Wide2<Self> = tower::multiply2_wide;
    fn multiply2_wide_into<'o>(a: &Fp2<Self>, b: &Fp2<Self>, slot: &'o mut MaybeUninit<Wide2<Self>>) -> &'o mut Wide2<Self> = tower::multiply2_wide_into;
    fn multiply2(a: &Fp2<Self>, b: &Fp2<Self>) -> Fp2<Self> = tower::multiply2;
    fn square2(a: &Fp2<Self>) -> Fp2<Self> = tower::square2;
    fn square2_wide(a: &Fp2<Self>) -> Wide2<Self> = tower::square2_wide;
    fn square4_even(aa: &Wide2<Self>, bb: &Wide2<Self>, m: &mut Fp2<Self>) = cyclotomic::square4_even;
    fn square4_odd(aa: &Wide2<Self>, bb: &Wide2<Self>, cross: &Wide2<Self>, n: &mut Fp2<Self>) = cyclotomic::square4_odd::<_, false>;
    fn square4_odd_xi(aa: &Wide2<Self>, bb: &Wide2<Self>, cross: &Wide2<Self>, n: &mut Fp2<Self>) = cyclotomic::square4_odd::<_, true>;
    /// Below 3.01p, for sums of products alone.
    fn reduce2(w: &Wide2<Self>, out: &mut Fp2<Self>) = tower::reduce2_into::<_, 1>;
    /// For wide values from which at most 15p·R was subtracted.
    fn reduce2_raised(w: &Wide2<Self>, out: &mut Fp2<Self>) = tower::reduce2_into::<_, 16>;
    fn inverse2(a: &Fp2<Self>) -> Fp2<Self> = tower::inverse2;
    fn multiply6_wide<'o>(a: &Fp6<Self>, b: &Fp6<Self>, slots: &'o mut Slots6<Self>) -> Wide6<'o, Self> = tower::multiply6_wide;
    fn multiply6_by_01_wide<'o>(a: &Fp6<Self>, b0: &Fp2<Self>, b1: &Fp2<Self>, slots: &'o mut Slots6<Self>) -> Wide6<'o, Self> = tower::multiply6_by_01_wide;
    fn inverse6(a: &Fp6<Self>) -> Fp6<Self> = tower::inverse6;
    fn multiply12(f: &mut Fp12<Self>, g: &Fp12<Self>) = tower::multiply12;
    fn square12(f: &mut Fp12<Self>) = tower::square12;
    fn inverse12(a: &Fp12<Self>) -> Fp12<Self> = tower::inverse12;
    /// The lanes in which both are equal; coefficients below 6p.
    fn equals12(a: &Fp12<Self>, b: &Fp12<Self>) -> Mask = tower::equals12;
    fn multiply_by_line(f: &mut Fp12<Self>, line: &Line<Self>) = tower::multiply_by_line;
    fn multiply_by_full_line(f: &mut Fp12<Self>, line: &Line<Self>, l4: &Fp2<Self>) = tower::multiply_by_full_line;
    fn line(a: &Constant2, b: &Constant2, p: &PointG1<Self>) -> Line<Self> = miller::line;
    fn double_step(r: &Homogeneous<Self>, p: &PointG1<Self>) -> (Homogeneous<Self>, Line<Self>, Fp2<Self>) = miller::double_step;
    fn add_step(r: &Homogeneous<Self>, q: &PointG2<Self>, p: &PointG1<Self>) -> (Homogeneous<Self>, Line<Self>, Fp2<Self>) = miller::add_step;
    /// f ← f^(2^n) for f in the cyclotomic subgroup.
    fn cyclotomic_square_times(f: &mut Fp12<Self>, n: usize) = cyclotomic::square_times;
    fn compressed_square_times(f: &mut Compressed<Self>, n: usize) = cyclotomic::compressed_square_times;
    /// f^|x| for f in the cyclotomic subgroup.
    fn power_x(f: &Fp12<Self>) -> Fp12<Self> = cyclotomic::power_x;
    fn frobenius(f: &Fp12<Self>, n: usize) -> Fp12<Self> = cyclotomic::frobenius;
    fn final_exponentiation(f: &Fp12<Self>) -> Fp12<Self> = cyclotomic::final_exponentiation;
    /// a^((p + 1)/4).
    fn square_root(a: &Self) -> Self = curve::square_root;
    fn decompress_g1(x: &Self, larger: Mask) -> (Self, Mask) = curve::decompress;
    fn double_g1(p: &Jacobian<Self>) -> Jacobian<Self> = curve::double;
    fn add_g1(p: &Jacobian<Self>, q: &Jacobian<Self>) -> Jacobian<Self> = curve::add;
    fn in_g1(x: &Self, y: &Self) -> Mask = curve::in_g1;
    fn decompress_gt(a0: &Fp2<Self>, a2: &Fp2<Self>) -> Fp12<Self> = torus::decompress;
    fn compress_gt(g: &Fp12<Self>) -> (Fp2<Self>, Fp2<Self>, Mask) = torus::compress;
    /// The lanes in which f^p = f^x.
    fn frobenius_is_x(f: &Fp12<Self>) -> Mask = cyclotomic::frobenius_is_x;
    fn miller_loop(p: &PointG1<Self>, lines: &Lines) -> Fp12<Self> = miller::miller_loop;
    fn miller_loop_each(p: &PointG1<Self>, q: &PointG2<Self>) -> Fp12<Self> = miller::miller_loop_each;
}

//! The base field as one element of arkworks' F_p: the readable form of the lanes, and their test.
//!
//! A debug build carries the bounds that [`Base`] states and asserts them at each step.
#![allow(clippy::cast_precision_loss)] // the bounds are small

use super::base::{Base, Constant, Mask};
use ark_bls12_381::Fq;
use ark_ff::{AdditiveGroup, Field};

/// p/R: a product of values below a·p and b·p is below a·b·p·(p/R) after the division by R.
const P_OVER_R: f64 = 2.3e-11;
/// A wide value sums at most this many products, so that its columns fit in signed words (2^63/2^56, less the
/// reduction's own).
const PRODUCTS: f64 = 63.0;

/// A value and its bound in units of p.
#[derive(Clone, Copy, Debug)]
pub(super) struct One {
    pub(super) value: Fq,
    bound: f64,
}

/// A wide value: here already divided by R, with bounds of T/R in units of p and the number of products in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct WideOne {
    value: Fq,
    low: f64,
    high: f64,
    products: f64,
}

impl One {
    /// A value below p.
    pub(super) const fn new(value: Fq) -> Self {
        Self { value, bound: 1.0 }
    }

    #[track_caller]
    fn bounded(value: Fq, bound: f64) -> Self {
        // A factor has eight limbs of 52 bits; 2^34·p is below 2^416.
        debug_assert!(bound < 1.7e10, "a normal value below {bound}p");
        Self { value, bound }
    }
}

impl Base for One {
    type Wide = WideOne;
    type Column = WideOne;
    const COLUMNS: usize = 1;

    fn constant(constant: &Constant) -> Self {
        Self::new(constant.value)
    }

    fn plus(&self, other: &Self) -> Self {
        Self::bounded(self.value + other.value, self.bound + other.bound)
    }

    fn minus<const K: usize>(&self, other: &Self) -> Self {
        debug_assert!(other.bound <= K as f64, "{}p subtracted from {K}p", other.bound);
        Self::bounded(self.value - other.value, self.bound + K as f64)
    }

    fn weaken(&self) -> Self {
        debug_assert!(self.bound <= 16.0, "{}p weakened", self.bound);
        Self::bounded(self.value, 1.01)
    }

    fn reduce_times<const K: usize, const N: usize>(wide: &WideOne) -> Self {
        debug_assert!(N <= 4, "{N} times unnormalised limbs");
        let reduced = Self::reduce::<K>(wide);
        Self::bounded(reduced.value * Fq::from(N as u64), reduced.bound * N as f64)
    }

    fn reduce_weak<const K: usize>(wide: &WideOne) -> Self {
        Self::reduce::<K>(wide).weaken()
    }

    fn thrice_and_twice(&self, wide: &WideOne) -> Self {
        let reduced = Self::reduce::<1>(wide);
        debug_assert!(reduced.bound <= 3.1 && self.bound <= 2.0, "3·{}p + 2·{}p", reduced.bound, self.bound);
        Self::bounded(reduced.value * Fq::from(3) + self.value.double(), 1.01)
    }

    fn thrice_less_twice(&self, wide: &WideOne) -> Self {
        let reduced = Self::reduce::<1>(wide);
        debug_assert!(reduced.bound <= 3.1 && self.bound <= 2.0, "3·{}p − 2·{}p", reduced.bound, self.bound);
        Self::bounded(reduced.value * Fq::from(3) - self.value.double(), 1.01)
    }

    fn times_wide(&self, other: &Self) -> WideOne {
        WideOne { value: self.value * other.value, low: 0.0, high: self.bound * other.bound * P_OVER_R, products: 1.0 }
    }

    fn square_wide(&self) -> WideOne {
        self.times_wide(self)
    }

    fn wide_plus(a: &WideOne, b: &WideOne) -> WideOne {
        WideOne {
            value: a.value + b.value,
            low: a.low + b.low,
            high: a.high + b.high,
            products: a.products + b.products,
        }
    }

    fn wide_minus(a: &WideOne, b: &WideOne) -> WideOne {
        WideOne {
            value: a.value - b.value,
            low: a.low - b.high,
            high: a.high - b.low,
            products: a.products + b.products,
        }
    }

    fn column(wide: &WideOne, _: usize) -> WideOne {
        *wide
    }

    fn set_column(wide: &mut WideOne, _: usize, column: WideOne) {
        *wide = column;
    }

    fn column_plus(a: WideOne, b: WideOne) -> WideOne {
        Self::wide_plus(&a, &b)
    }

    fn column_minus(a: WideOne, b: WideOne) -> WideOne {
        Self::wide_minus(&a, &b)
    }

    fn raise(&self, wide: &WideOne) -> WideOne {
        WideOne { value: wide.value + self.value, high: wide.high + self.bound, ..*wide }
    }

    fn lower(&self, wide: &WideOne) -> WideOne {
        WideOne { value: wide.value - self.value, low: wide.low - self.bound, ..*wide }
    }

    fn reduce<const K: usize>(wide: &WideOne) -> Self {
        debug_assert!(wide.products <= PRODUCTS, "{} products in a column", wide.products);
        debug_assert!(wide.low + K as f64 >= 0.0, "{}p + {K}p is negative", wide.low);
        Self::bounded(wide.value, wide.high + K as f64 + 2.0)
    }

    fn inverse(&self) -> Self {
        Self::bounded(self.value.inverse().unwrap_or(Fq::ZERO), 1.01)
    }

    fn zeros(&self) -> Mask {
        debug_assert!(self.bound <= 16.0, "{}p made canonical", self.bound);
        Mask::from(self.value == Fq::ZERO)
    }

    fn larger_half(&self) -> Mask {
        Mask::from(self.value > -self.value)
    }

    fn select(&self, mask: Mask, other: &Self) -> Self {
        let bound = self.bound.max(other.bound);
        Self { value: if mask & 1 == 1 { self.value } else { other.value }, bound }
    }
}

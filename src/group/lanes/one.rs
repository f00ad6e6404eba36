//! The base field as one element of arkworks' F_p: the readable form of the lanes, and their test.
//!
//! It carries the bounds that [`Base`] states and asserts them at each step.
#![allow(clippy::cast_precision_loss)] // the bounds are small

use super::base::{Base, Constant, Factor, Mask, Multiple, Sum, WEAKENABLE};
use ark_bls12_381::Fq;
use ark_ff::{AdditiveGroup, Field};

/// p/R: a product of values below a·p and b·p is below a·b·p·(p/R) after the division by R.
const P_OVER_R: f64 = 2.3e-11;
/// A wide value sums at most this many products, so that its columns fit in signed words (2^63/2^56, less the
/// reduction's own).
const PRODUCTS: f64 = 63.0;

/// A value and its bounds in units of p. A sum on the way to a value may be below 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct One {
    pub(super) value: Fq,
    low: f64,
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

/// Calls a kernel by its name.
pub(super) fn called<R>(_: &str, kernel: impl FnOnce() -> R) -> R {
    kernel()
}

impl One {
    /// A value below p.
    pub(super) const fn new(value: Fq) -> Self {
        Self { value, low: 0.0, bound: 1.0 }
    }

    #[track_caller]
    fn bounded(value: Fq, bound: f64) -> Self {
        // A factor has eight limbs of 52 bits; 2^34·p is below 2^416.
        assert!(bound < 1.7e10, "a normal value below {bound}p");
        Self { value, low: 0.0, bound }
    }

    #[track_caller]
    fn not_negative(self) -> Self {
        assert!(self.low >= 0.0, "a value above {}p is a factor or normal", self.low);
        Self::bounded(self.value, self.bound)
    }
}

impl Base for One {
    type Wide = WideOne;
    type Column = WideOne;
    const COLUMNS: usize = 1;

    fn constant(constant: &Constant) -> Self {
        Self::new(constant.value)
    }

    fn add(Sum(a): &Sum<Self>, Sum(b): &Sum<Self>) -> Sum<Self> {
        Sum(Self { value: a.value + b.value, low: a.low + b.low, bound: a.bound + b.bound })
    }

    fn subtract(Sum(a): &Sum<Self>, Sum(b): &Sum<Self>, k: &Multiple) -> Sum<Self> {
        let k = k.k as f64;
        Sum(Self { value: a.value - b.value, low: a.low - b.bound + k, bound: a.bound - b.low + k })
    }

    fn value(sum: &Sum<Self>) -> Self {
        sum.0.not_negative()
    }

    fn factor(sum: &Sum<Self>) -> Factor<Self> {
        Factor(sum.0.not_negative())
    }

    fn weakened(sum: &Sum<Self>) -> Self {
        let One { value, bound, .. } = sum.0.not_negative();
        assert!(bound <= WEAKENABLE as f64, "{bound}p weakened");
        Self::bounded(value, 1.006 + bound / 106_000.0)
    }

    fn product(Factor(a): &Factor<Self>, Factor(b): &Factor<Self>) -> WideOne {
        WideOne { value: a.value * b.value, low: 0.0, high: a.bound * b.bound * P_OVER_R, products: 1.0 }
    }

    fn products(a: &Factor<Self>, b: &Factor<Self>, c: &Factor<Self>, d: &Factor<Self>) -> [WideOne; 2] {
        [Self::product(a, b), Self::product(c, d)]
    }

    fn square(a: &Factor<Self>) -> WideOne {
        Self::product(a, a)
    }

    fn squares(a: &Factor<Self>, b: &Factor<Self>) -> [WideOne; 2] {
        [Self::square(a), Self::square(b)]
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

    fn mixed(cross: &WideOne, low: &WideOne, high: &WideOne) -> WideOne {
        WideOne { low: 0.0, high: cross.high, ..Self::wide_minus(&Self::wide_minus(cross, low), high) }
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

    fn reduce_sum<const K: usize>(wide: &WideOne) -> Sum<Self> {
        assert!(wide.products <= PRODUCTS, "{} products in a column", wide.products);
        let k = K as f64;
        Sum(Self { value: wide.value, low: wide.low + k, bound: wide.high + k + 2.0 })
    }

    fn reduce_sums<const K: usize, const L: usize>(a: &WideOne, b: &WideOne) -> [Sum<Self>; 2] {
        [Self::reduce_sum::<K>(a), Self::reduce_sum::<L>(b)]
    }

    fn inverse(&self) -> Self {
        Self::bounded(self.value.inverse().unwrap_or(Fq::ZERO), 1.01)
    }

    fn zeros(&self) -> Mask {
        assert!(self.bound <= 8192.0, "{}p made canonical", self.bound);
        Mask::from(self.value == Fq::ZERO)
    }

    fn larger_half(&self) -> Mask {
        Mask::from(self.value > -self.value)
    }

    fn select(&self, mask: Mask, other: &Self) -> Self {
        let bound = self.bound.max(other.bound);
        Self::bounded(if mask & 1 == 1 { self.value } else { other.value }, bound)
    }
}

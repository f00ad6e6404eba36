//! The vectors and instructions of `vector.rs` in portable words, without a branch that depends on a word.
//!
//! Other architectures build with this file and never call it, since no [`Ifma`](super::ifma::Ifma) can be made there.
//! With the feature `portable-lanes` the lanes run on it, many times slower, so that tools which do not know AVX-512 can
//! follow every word: `tests/constant_time.rs` does so. The methods are not inlined, which keeps the kernels small.
#![cfg_attr(not(feature = "portable-lanes"), allow(dead_code, unused_imports, unused_macros))]

#[cfg(test)]
use super::count::Instructions;
use crate::constant_time::{equal, look_up, mask, select};
#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static COUNTS: Cell<Instructions> = const { Cell::new(Instructions::new([0; 5])) };
}

/// Adds to the count of a class. Tests compare the counts with those in `count.rs`.
macro_rules! count {
    ($class:ident, $n:expr) => {
        #[cfg(test)]
        COUNTS.with(|counts| counts.set(Instructions { $class: counts.get().$class + $n, ..counts.get() }));
    };
}

/// Words at the limits of 32, 52 and 64 bits.
#[cfg(test)]
pub(super) const EDGES: [u64; 18] = [
    0,
    1,
    2,
    0xffff_ffff,
    0x1_0000_0000,
    (1 << 51) - 1,
    1 << 51,
    (1 << 52) - 2,
    (1 << 52) - 1,
    1 << 52,
    (1 << 52) + 1,
    (1 << 58) + 12_345,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - (1 << 52),
    u64::MAX - 1,
    u64::MAX,
];

/// The instructions that `f` executes.
#[cfg(test)]
pub(super) fn counted(f: impl FnOnce()) -> Instructions {
    COUNTS.set(Instructions::default());
    f();
    COUNTS.get()
}

/// Compiles a function as it is.
macro_rules! with_features {
    ($($function:tt)*) => { $($function)* };
}
pub(super) use with_features;

/// Eight words.
#[derive(Clone, Copy)]
pub(super) struct V([u64; 8]);

const LOW: u64 = (1 << 52) - 1;

impl V {
    fn map(self, f: impl Fn(u64) -> u64) -> Self {
        Self(self.0.map(f))
    }

    fn with(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    /// One bit for each lane: the lowest bit of f.
    fn bits(self, f: impl Fn(u64) -> u64) -> u8 {
        self.0.iter().rev().fold(0, |bits, x| bits << 1 | (f(*x) & 1).to_le_bytes()[0])
    }

    #[inline(never)]
    pub(super) fn plus(self, other: Self) -> Self {
        count!(add, 1);
        self.with(other, u64::wrapping_add)
    }

    #[inline(never)]
    pub(super) fn minus(self, other: Self) -> Self {
        count!(add, 1);
        self.with(other, u64::wrapping_sub)
    }

    #[inline(never)]
    pub(super) fn and(self, other: Self) -> Self {
        count!(logic, 1);
        self.with(other, |x, y| x & y)
    }

    #[inline(never)]
    pub(super) fn or(self, other: Self) -> Self {
        count!(logic, 1);
        self.with(other, |x, y| x | y)
    }

    #[inline(never)]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) fn plus_low(self, a: Self, b: Self) -> Self {
        count!(ifma, 1);
        let product = a.with(b, |x, y| (u128::from(x & LOW) * u128::from(y & LOW)) as u64 & LOW);
        self.with(product, u64::wrapping_add)
    }

    #[inline(never)]
    #[allow(clippy::cast_possible_truncation)] // below 2^52
    pub(super) fn plus_high(self, a: Self, b: Self) -> Self {
        count!(ifma, 1);
        let product = a.with(b, |x, y| ((u128::from(x & LOW) * u128::from(y & LOW)) >> 52) as u64);
        self.with(product, u64::wrapping_add)
    }

    /// The even words of both, in turn.
    #[cfg(test)]
    pub(super) fn low_words(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if i % 2 == 0 { self.0[i] } else { other.0[i - 1] }))
    }

    /// The odd words of both, in turn.
    #[cfg(test)]
    pub(super) fn high_words(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if i % 2 == 0 { self.0[i + 1] } else { other.0[i] }))
    }

    #[inline(never)]
    pub(super) fn times_32(self, other: Self) -> Self {
        count!(shift, 1);
        self.with(other, |x, y| (x & 0xffff_ffff) * (y & 0xffff_ffff))
    }

    #[inline(never)]
    pub(super) fn shift_right<const N: u32>(self) -> Self {
        count!(shift, 1);
        self.map(|x| x >> N)
    }

    #[inline(never)]
    pub(super) fn signed_shift<const N: u32>(self) -> Self {
        count!(shift, 1);
        self.map(|x| (x.cast_signed() >> N).cast_unsigned())
    }

    #[inline(never)]
    pub(super) fn shift_left<const N: u32>(self) -> Self {
        count!(shift, 1);
        self.map(|x| x << N)
    }

    #[inline(never)]
    pub(super) fn rotate<const N: i32>(self) -> Self {
        count!(shuffle, 1);
        let mut words = self.0;
        words.rotate_left(N.unsigned_abs() as usize);
        Self(words)
    }

    #[inline(never)]
    pub(super) fn splat(word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(never)]
    pub(super) fn load(words: &[u64; 8]) -> Self {
        Self(*words)
    }

    #[inline(never)]
    pub(super) fn load_six(words: &[u64; 6]) -> Self {
        let [a, b, c, d, e, f] = *words;
        Self([a, b, c, d, e, f, 0, 0])
    }

    #[inline(never)]
    pub(super) fn store(self) -> [u64; 8] {
        self.0
    }

    #[inline(never)]
    pub(super) fn less_at_least_zero(self, n: u64) -> Self {
        count!(add, 2);
        self.map(|x| x.wrapping_sub(n)).map(|x| x & !(x.cast_signed() >> 63).cast_unsigned())
    }

    #[inline(never)]
    pub(super) fn look_up(table: &[u64; 16], index: Self) -> Self {
        count!(shuffle, 1);
        index.map(|i| look_up(&table.map(|entry| [entry]), i & 15)[0])
    }

    #[inline(never)]
    pub(super) fn select(self, lanes: u8, other: Self) -> Self {
        count!(shuffle, 1);
        Self(std::array::from_fn(|i| select(mask(u64::from(lanes >> i)), self.0[i], other.0[i])))
    }

    #[inline(never)]
    pub(super) fn negatives(self) -> u8 {
        count!(logic, 1);
        self.bits(|x| x >> 63)
    }

    #[inline(never)]
    pub(super) fn zeros(self) -> u8 {
        count!(logic, 1);
        self.bits(|x| equal(x, 0))
    }

    #[inline(never)]
    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        count!(shuffle, 24);
        std::array::from_fn(|i| Self(rows.map(|row| row.0[i])))
    }
}

//! ∏ a_i^{w_i} for public elements and public exponents of 128 bits, by the bucket method (Pippenger, 1976), in variable time.
//!
//! A window is `width` bits of every exponent, as a signed digit d with |d| at most 2^(width − 1) = h. For each window,
//! a_i or its inverse is multiplied into the bucket |d_i|. Then ∏_b bucket_b^b follows from h running products, and the
//! windows are joined by squarings:
//!
//! ```text
//! w = Σ_j d_j·2^(width·j)
//! ∏ a_i^{w_i} = ∏_j (∏_b bucket_{j,b}^b)^(2^(width·j))
//! ```
//!
//! The algorithm is written once for groups that compute one product at a time and for those with a product in each of
//! eight lanes. Each lane then has its own window, and an element is the same in all lanes.

#![allow(clippy::inline_always)] // the generic code must end up inside the functions that have the lanes' features

/// One bit for each lane, the lowest bit for the first lane.
pub(super) type Lanes = u8;

/// The bits of an exponent.
const BITS: u32 = i128::BITS;

/// A group in which products are computed, in one lane or eight.
///
/// The methods are inlined, so that code for the lanes lies in a function that has their instructions.
pub(super) trait Group {
    /// The lanes.
    const LANES: usize;
    /// An element in memory.
    type Element;
    /// An element in all lanes, inverted in some.
    type Factor;
    /// A product in each lane.
    type Product: Copy;
    /// The product of one lane in memory.
    type Stored: Clone;

    /// The element, inverted in the lanes of the mask.
    fn factor(&self, element: &Self::Element, inverted: Lanes) -> Self::Factor;
    /// The factor as a product.
    fn lift(&self, factor: &Self::Factor) -> Self::Product;
    fn times_factor(&self, product: &Self::Product, factor: &Self::Factor) -> Self::Product;
    fn times(&self, a: &Self::Product, b: &Self::Product) -> Self::Product;
    /// `yes` in the lanes of the mask, `no` elsewhere.
    fn select(&self, lanes: Lanes, yes: &Self::Product, no: &Self::Product) -> Self::Product;
    /// Any product, which is not used.
    fn empty(&self) -> Self::Stored;
    /// In each lane the product at the lane's place.
    fn gather(&self, stored: &[Self::Stored], places: &[usize; 8]) -> Self::Product;
    fn scatter(&self, product: &Self::Product, stored: &mut [Self::Stored], places: &[usize; 8]);
    /// The product to which the running products are multiplied.
    fn start(&self) -> Self::Product;
}

/// The width of the windows that takes the fewest steps for `n` elements in this many lanes.
pub(super) fn width(n: usize, lanes: usize) -> u32 {
    let steps = |width: u32| (BITS.div_ceil(width) as usize).div_ceil(lanes) * (n + (1 << width));
    (2..=8).min_by_key(|width| steps(*width)).unwrap_or(2)
}

/// The digits of an exponent, the lowest first.
fn digits(exponent: i128, width: u32) -> impl Iterator<Item = i16> {
    let (count, modulus) = (BITS.div_ceil(width), 1_i128 << width);
    let mut rest = exponent;
    (0..count).map(move |j| {
        let low = rest & (modulus - 1);
        let above = 2 * low >= modulus;
        // The last digit takes what is left, which is at most half of the modulus.
        let digit = if j + 1 == count { rest } else { low - if above { modulus } else { 0 } };
        rest = (rest >> width) + i128::from(above);
        i16::try_from(digit).unwrap_or_default() // a digit has at most 9 bits
    })
}

/// The product of each window, the lowest first, times [`Group::start`]; in groups of `G::LANES` windows.
#[inline(always)]
pub(super) fn windows<G: Group>(group: &G, elements: &[G::Element], exponents: &[i128], width: u32) -> Vec<G::Product> {
    let half = 1_usize << (width - 1);
    let stride = half + 1; // the bucket of the digit 0 is not used
    let count = (BITS.div_ceil(width) as usize).div_ceil(G::LANES);
    let mut all = vec![0_i16; count * G::LANES * elements.len()];
    for (i, exponent) in exponents.iter().enumerate() {
        for (j, digit) in digits(*exponent, width).enumerate() {
            all[(j / G::LANES * elements.len() + i) * G::LANES + j % G::LANES] = digit;
        }
    }
    let mut out = Vec::with_capacity(count);
    for digits in all.chunks((G::LANES * elements.len()).max(1)) {
        let mut buckets = vec![group.empty(); G::LANES * stride];
        let mut filled = vec![false; G::LANES * stride];
        for (element, digits) in elements.iter().zip(digits.chunks_exact(G::LANES)) {
            let (mut places, mut inverted, mut has) = ([0; 8], 0, 0);
            for lane in 0..G::LANES {
                let place = lane * stride + usize::from(digits[lane].unsigned_abs());
                places[lane] = place;
                inverted |= Lanes::from(digits[lane] < 0) << lane;
                has |= Lanes::from(filled[place]) << lane;
                filled[place] = true;
            }
            let factor = group.factor(element, inverted);
            let product = group.times_factor(&group.gather(&buckets, &places), &factor);
            group.scatter(&group.select(has, &product, &group.lift(&factor)), &mut buckets, &places);
        }
        out.push(weighted(group, &buckets, &filled, half));
    }
    out
}

/// ∏_b bucket_b^b in each lane, by running products from the top.
#[inline(always)]
fn weighted<G: Group>(group: &G, buckets: &[G::Stored], filled: &[bool], half: usize) -> G::Product {
    let mut product = group.start();
    let (mut running, mut any) = (product, 0);
    for bucket in (1..=half).rev() {
        let (mut places, mut has) = ([0; 8], 0);
        for lane in 0..G::LANES {
            places[lane] = lane * (half + 1) + bucket;
            has |= Lanes::from(filled[places[lane]]) << lane;
        }
        let factor = group.gather(buckets, &places);
        let longer = group.select(any, &group.times(&running, &factor), &factor);
        running = group.select(has, &longer, &running);
        any |= has;
        product = group.select(any, &group.times(&product, &running), &product);
    }
    product
}

/// A group that computes one product at a time, by its product and its inverse.
pub(super) struct Single<T, M, I> {
    pub(super) one: T,
    pub(super) times: M,
    pub(super) inverse: I,
}

impl<T: Copy, M: Fn(&T, &T) -> T, I: Fn(&T) -> T> Single<T, M, I> {
    /// ∏ a_i^{w_i}.
    pub(super) fn product(&self, elements: &[T], exponents: &[i128]) -> T {
        let width = width(elements.len(), 1);
        let windows = windows(self, elements, exponents, width);
        join(&windows, width, self.one, |x| (self.times)(x, x), &self.times)
    }
}

impl<T: Copy, M: Fn(&T, &T) -> T, I: Fn(&T) -> T> Group for Single<T, M, I> {
    const LANES: usize = 1;
    type Element = T;
    type Factor = T;
    type Product = T;
    type Stored = T;

    fn factor(&self, element: &T, inverted: Lanes) -> T {
        if inverted == 0 { *element } else { (self.inverse)(element) }
    }

    fn lift(&self, factor: &T) -> T {
        *factor
    }

    fn times_factor(&self, product: &T, factor: &T) -> T {
        (self.times)(product, factor)
    }

    fn times(&self, a: &T, b: &T) -> T {
        (self.times)(a, b)
    }

    fn select(&self, lanes: Lanes, yes: &T, no: &T) -> T {
        if lanes == 0 { *no } else { *yes }
    }

    fn empty(&self) -> T {
        self.one
    }

    fn gather(&self, stored: &[T], places: &[usize; 8]) -> T {
        stored[places[0]]
    }

    fn scatter(&self, product: &T, stored: &mut [T], places: &[usize; 8]) {
        stored[places[0]] = *product;
    }

    fn start(&self) -> T {
        self.one
    }
}

/// ∏_j p_j^(2^(width·j)).
pub(super) fn join<T>(windows: &[T], width: u32, one: T, square: impl Fn(&T) -> T, times: impl Fn(&T, &T) -> T) -> T {
    windows.iter().rev().fold(one, |product, window| times(&(0..width).fold(product, |p, _| square(&p)), window))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_add_up(exponent: i128, width in 2_u32..9) {
            for exponent in [exponent, i128::MIN, i128::MAX, 0, -1, 1, exponent >> 100] {
                let mut sum = 0_i128;
                for (j, digit) in (0_u32..).zip(digits(exponent, width)) {
                    prop_assert!(digit.unsigned_abs() <= 1 << (width - 1));
                    sum = sum.wrapping_add(i128::from(digit).wrapping_shl(width * j));
                }
                prop_assert_eq!(sum, exponent);
            }
        }

        #[test]
        fn buckets_give_the_sum(terms in prop::collection::vec(any::<(u64, i128)>(), 0..300)) {
            let (elements, exponents): (Vec<_>, Vec<_>) = terms.iter().copied().unzip();
            let integers = Single {
                one: 0_u64,
                times: |a: &u64, b: &u64| a.wrapping_add(*b),
                inverse: |a: &u64| a.wrapping_neg(),
            };
            let sum = integers.product(&elements, &exponents);
            let low = |w: i128| u64::try_from(w & i128::from(u64::MAX)).unwrap();
            let expected = terms.iter().fold(0_u64, |sum, (a, w)| sum.wrapping_add(a.wrapping_mul(low(*w))));
            prop_assert_eq!(sum, expected);
        }
    }
}

//! What the tower needs of a base field: F_p once (`One`) or eight times side by side
//! ([`Eight`](super::eight::Eight)).
//!
//! A normal value is a Montgomery residue x·R, R = 2^416, kept as a non-negative integer below some multiple of p rather
//! than below p. A product is a *wide* value: an integer of twice the length, not yet reduced. Wide values are added
//! first and their sum is reduced once (lazy reduction). Bounds:
//! - a normal value is below `bound`·p; both factors of [`Base::times_wide`] must be below 2^416 ≈ 2^35.3·p;
//! - a wide value T has |T| < R·p before [`Base::reduce`], which returns T/R + K·p plus a number between 0 and 2p, so
//!   T/R + K·p must not be negative, unless more is added before the carries are taken;
//! - a column of T is a signed word of 64 bits, and one product adds at most 2^56 to it, so a sum has at most 63 products.
//!
//! The steps do not depend on the data, so the bounds are the same for all inputs. `One` carries the bounds beside the
//! value and asserts each of them; its tests thereby prove the bounds for `Eight` too.

use ark_bls12_381::{Fq, Fq2};
use ark_ff::{AdditiveGroup, Field};
use zeroize::Zeroize;

/// Bits of a limb: AVX-512 IFMA multiplies numbers of 52 bits.
pub(super) const LIMB_BITS: u32 = 52;
/// The limbs of a normal value; R = 2^(8·52).
pub(super) const LIMBS: usize = 8;
/// One bit for each lane, the lowest bit for the first lane; `One` has the lowest bit alone.
pub(super) type Mask = u8;

/// The bound of what [`Base::weaken`] takes, in units of p.
pub(super) const WEAKENABLE: usize = 40_000;

pub(super) trait Base: Copy + 'static {
    /// A sum of products.
    type Wide: Copy;
    /// One column of a wide value. Sums of many wide values are computed column by column, in registers.
    type Column: Copy;
    /// The columns of a wide value.
    const COLUMNS: usize;

    fn constant(value: &Constant) -> Self;

    #[inline(always)]
    fn zero() -> Self {
        Self::constant(&ZERO)
    }

    #[inline(always)]
    fn one() -> Self {
        Self::constant(&ONE)
    }

    /// a + b, without carries.
    fn add(a: &Sum<Self>, b: &Sum<Self>) -> Sum<Self>;
    /// a − b + k, without carries. A sum may be negative; a value and a factor may not.
    fn subtract(a: &Sum<Self>, b: &Sum<Self>, k: &Multiple) -> Sum<Self>;
    fn value(sum: &Sum<Self>) -> Self;
    fn factor(sum: &Sum<Self>) -> Factor<Self>;
    /// From below [`WEAKENABLE`]·p, to below 1.1p from below 8192p and to below 1.4p otherwise; at most one result of a
    /// reduction is in the sum.
    fn weakened(sum: &Sum<Self>) -> Self;

    #[inline(always)]
    fn weaken(&self) -> Self {
        Self::weakened(&Sum(*self))
    }

    /// self + other; the bounds add.
    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        Sum(*self).plus(other).value()
    }

    /// self − other + K·p for other below K·p.
    #[inline(always)]
    fn minus<const K: usize>(&self, other: &Self) -> Self {
        Sum(*self).minus::<K>(other).value()
    }

    /// self·other.
    #[inline(always)]
    fn times_wide(&self, other: &Self) -> Self::Wide {
        Self::product(&Factor(*self), &Factor(*other))
    }

    /// a·b.
    fn product(a: &Factor<Self>, b: &Factor<Self>) -> Self::Wide;
    /// a·b and c·d, side by side: each IFMA instruction waits for the one before it in its column, and the other product
    /// fills the wait.
    fn products(a: &Factor<Self>, b: &Factor<Self>, c: &Factor<Self>, d: &Factor<Self>) -> [Self::Wide; 2];
    /// self².
    #[inline(always)]
    fn square_wide(&self) -> Self::Wide {
        Self::square(&Factor(*self))
    }

    /// a².
    fn square(a: &Factor<Self>) -> Self::Wide;
    /// a² and b², side by side.
    fn squares(a: &Factor<Self>, b: &Factor<Self>) -> [Self::Wide; 2];
    fn wide_plus(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
    fn wide_minus(a: &Self::Wide, b: &Self::Wide) -> Self::Wide;
    /// cross − low − high for low = a·b, high = c·d and cross = (a + c)·(b + d): a·d + c·b, which is not negative.
    fn mixed(cross: &Self::Wide, low: &Self::Wide, high: &Self::Wide) -> Self::Wide;
    fn column(wide: &Self::Wide, i: usize) -> Self::Column;
    fn set_column(wide: &mut Self::Wide, i: usize, column: Self::Column);
    fn column_plus(a: Self::Column, b: Self::Column) -> Self::Column;
    fn column_minus(a: Self::Column, b: Self::Column) -> Self::Column;
    /// wide + self·R: the reduction then returns a result that is larger by self.
    fn raise(&self, wide: &Self::Wide) -> Self::Wide;
    /// wide − self·R.
    fn lower(&self, wide: &Self::Wide) -> Self::Wide;
    /// wide/R mod p, without carries, below (bound of wide/R + K + 2)·p.
    fn reduce_sum<const K: usize>(wide: &Self::Wide) -> Sum<Self>;
    /// The same of two values, side by side: each step of a reduction waits for the one before it.
    fn reduce_sums<const K: usize, const L: usize>(a: &Self::Wide, b: &Self::Wide) -> [Sum<Self>; 2];
    /// wide/R mod p, below (bound of wide/R + K + 2)·p.
    #[inline(always)]
    fn reduce<const K: usize>(wide: &Self::Wide) -> Self {
        Self::reduce_sum::<K>(wide).value()
    }

    /// 1/self in each lane, 0 for 0; below 1.1p. One inversion serves all lanes.
    fn inverse(&self) -> Self;
    /// The lanes whose value is 0 mod p.
    fn zeros(&self) -> Mask;
    /// The lanes whose value, as an integer below p, is above p/2.
    fn larger_half(&self) -> Mask;
    /// `self` in the lanes of the mask, `other` elsewhere.
    fn select(&self, mask: Mask, other: &Self) -> Self;
}

/// A sum whose limbs have no carries yet.
#[derive(Clone, Copy)]
pub(super) struct Sum<F>(pub(super) F);

/// A factor. In lanes its limbs have their carries, but their bits from 52 on have no meaning: IFMA does not read them.
#[derive(Clone, Copy)]
pub(super) struct Factor<F>(pub(super) F);

impl<F: Base> Sum<F> {
    #[inline(always)]
    pub(super) fn plus(&self, other: &F) -> Self {
        F::add(self, &Sum(*other))
    }

    #[inline(always)]
    pub(super) fn plus_sum(&self, other: &Self) -> Self {
        F::add(self, other)
    }

    /// self − other + K·p.
    #[inline(always)]
    pub(super) fn minus<const K: usize>(&self, other: &F) -> Self {
        self.minus_sum::<K>(&Sum(*other))
    }

    /// self − other + K·p.
    #[inline(always)]
    pub(super) fn minus_sum<const K: usize>(&self, other: &Self) -> Self {
        F::subtract(self, other, const { &Multiple::new(K) })
    }

    /// self − other + k.
    #[inline(always)]
    pub(super) fn minus_within(&self, other: &F, k: &Multiple) -> Self {
        F::subtract(self, &Sum(*other), k)
    }

    #[inline(always)]
    pub(super) fn value(&self) -> F {
        F::value(self)
    }

    #[inline(always)]
    pub(super) fn factor(&self) -> Factor<F> {
        F::factor(self)
    }
}

/// A constant of F_p.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Constant {
    #[cfg(test)]
    pub(super) value: Fq,
    /// The Montgomery residue to R = 2^416, in limbs of 52 bits.
    pub(super) limbs: [u64; LIMBS],
}

impl Constant {
    /// arkworks holds x·2^384; 32 doublings mod p make it x·2^416.
    pub(super) const fn new(value: Fq) -> Self {
        Self {
            #[cfg(test)]
            value,
            limbs: split(&doubled(value.0.0, 32)),
        }
    }

    /// The same at run time: `scaled` is value·2^32.
    pub(super) const fn computed(value: Fq, scaled: Fq) -> Self {
        _ = value;
        Self {
            #[cfg(test)]
            value,
            limbs: split(&scaled.0.0),
        }
    }
}

static ZERO: Constant = Constant::new(Fq::ZERO);
static ONE: Constant = Constant::new(Fq::ONE);

/// A multiple of p, whose top limb may be longer than 52 bits.
pub(super) struct Multiple {
    #[cfg(test)]
    pub(super) k: usize,
    pub(super) limbs: [u64; LIMBS],
}

impl Multiple {
    /// k·p.
    #[allow(clippy::cast_possible_truncation)] // limbs
    pub(super) const fn new(k: usize) -> Self {
        let p = split(&P);
        let mut limbs = [0; LIMBS];
        let (mut carry, mut i) = (0_u128, 0);
        while i < LIMBS {
            let sum = p[i] as u128 * k as u128 + carry;
            limbs[i] = if i + 1 < LIMBS { sum as u64 & ((1 << LIMB_BITS) - 1) } else { sum as u64 };
            carry = sum >> LIMB_BITS;
            i += 1;
        }
        Self {
            #[cfg(test)]
            k,
            limbs,
        }
    }
}

/// A constant of F_p².
pub(super) type Constant2 = [Constant; 2];

pub(super) const fn constant2(x: &Fq2) -> Constant2 {
    [Constant::new(x.c0), Constant::new(x.c1)]
}

/// p.
pub(super) const P: [u64; 6] = <Fq as ark_ff::PrimeField>::MODULUS.0;

/// Six limbs of 64 bits as eight of 52.
pub(super) const fn split(words: &[u64; 6]) -> [u64; LIMBS] {
    let mut out = [0; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        let (word, shift) = (i * 52 / 64, i * 52 % 64);
        out[i] = words[word] >> shift;
        if shift > 12 && word + 1 < 6 {
            out[i] |= words[word + 1] << (64 - shift);
        }
        out[i] &= (1 << LIMB_BITS) - 1;
        i += 1;
    }
    out
}

/// x·2^n mod p for x below p.
pub(super) const fn doubled(mut x: [u64; 6], n: usize) -> [u64; 6] {
    let mut step = 0;
    while step < n {
        let (mut carry, mut i) = (0, 0);
        while i < 6 {
            (x[i], carry) = ((x[i] << 1) | carry, x[i] >> 63); // 2p < 2^384: nothing is lost at the top
            i += 1;
        }
        if !less_than_p(&x) {
            let mut borrow = false;
            i = 0;
            while i < 6 {
                let (d, b) = x[i].overflowing_sub(P[i]);
                let (d, c) = d.overflowing_sub(borrow as u64);
                (x[i], borrow) = (d, b | c);
                i += 1;
            }
        }
        step += 1;
    }
    x
}

/// Whether an integer of six limbs is below p.
pub(super) const fn less_than_p(x: &[u64; 6]) -> bool {
    let mut i = 6;
    while i > 0 {
        i -= 1;
        if x[i] != P[i] {
            return x[i] < P[i];
        }
    }
    false
}

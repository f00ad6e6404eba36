//! The base field eight times, one record in each lane of a 512-bit register (AVX-512 IFMA).
//!
//! A value has eight limbs of 52 bits. Register i holds limb i of all eight values, one in each lane. In IFMA
//! instructions, a product costs 128, a square 72 and a reduction 129. A processor with two ports for them executes two
//! in a cycle.
//!
//! The reduction is Montgomery's, limb by limb. For the first seven limbs it adds multiples of k·p ≡ −1 (mod 2^52)
//! rather than of p: the quotient of a limb is then the limb itself, M = (k·p + 1)/2^52 is added one limb higher, and
//! each limb waits for one multiplication of the limb before. The last limb uses p and needs a product by −p⁻¹: k·p is
//! 52 bits longer than p, so the result would be too large.
//!
//! Debug builds do not inline the methods. Without the optimizer, which lets variables share stack slots, the frames of
//! whole kernels would exceed the stack of a thread.

use super::base::{Base, Constant, Factor, LIMBS, Mask, Multiple, Sum, doubled, split};
use super::limbs::{CARRY, K, LIMB_MASK, M, MINUS_P, P52, QUOTIENT};
use super::single::Single;
use super::vector::V;
use crate::group::backend::Backend;
use ark_bls12_381::Fq;
use ark_ff::BigInteger384;

/// An array of eight vectors, computed index by index. It is a loop rather than a closure, so that all code around the
/// intrinsics lies in the function with the features of the lanes.
macro_rules! each {
    ($i:ident => $value:expr) => {{
        let mut out = [V::splat(0); LIMBS];
        for $i in 0..LIMBS {
            out[$i] = $value;
        }
        out
    }};
}

/// The body for each row of a product. Of a loop over rows that are not constant the compiler would keep the columns in memory.
#[cfg(not(feature = "portable-lanes"))]
macro_rules! rows {
    ($j:ident => $body:expr) => {
        rows!($j => $body; 0, 1, 2, 3, 4, 5, 6, 7)
    };
    ($j:ident => $body:expr; $($row:literal),*) => { $({
        let $j: usize = $row;
        $body
    })* };
}
/// Portable words are in memory anyway, and the loop takes a tenth of the time to compile.
#[cfg(feature = "portable-lanes")]
macro_rules! rows {
    ($j:ident => $body:expr) => {
        for $j in 0..LIMBS {
            $body
        }
    };
}

/// Eight values.
#[derive(Clone, Copy)]
pub(super) struct Eight(pub(super) [V; LIMBS]);

/// Eight wide values: sixteen columns of weight 2^(52·i), signed, not normalised.
#[derive(Clone, Copy)]
pub(super) struct WideEight(pub(super) [V; 2 * LIMBS]);

impl Eight {
    /// Carries from limb to limb, signed: afterwards all limbs but the top one are in [0, 2^52).
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn normalised(mut limbs: [V; LIMBS]) -> Self {
        for i in 0..LIMBS - 1 {
            limbs[i + 1] = limbs[i + 1].plus(limbs[i].signed_shift::<52>());
            limbs[i] = limbs[i].and(V::splat(LIMB_MASK));
        }
        Self(limbs)
    }

    /// Subtracts a multiple of p that is close to the value and never above it: adds q·(2^416 − p), and drops q·2^416. The
    /// limbs need not be normalised.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn less_quotient(mut limbs: [V; LIMBS]) -> Self {
        let q = limbs[LIMBS - 1].less_at_least_zero(CARRY).times_32(V::splat(QUOTIENT)).shift_right::<40>();
        for i in 0..LIMBS {
            limbs[i] = limbs[i].plus_low(q, V::splat(MINUS_P[i]));
        }
        for i in 0..LIMBS - 1 {
            limbs[i + 1] = limbs[i + 1].plus_high(q, V::splat(MINUS_P[i]));
        }
        let mut out = Self::normalised(limbs);
        out.0[LIMBS - 1] = out.0[LIMBS - 1].and(V::splat(LIMB_MASK));
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn broadcast(limbs: &[u64; LIMBS]) -> Self {
        Self(each!(i => V::splat(limbs[i])))
    }

    /// The limbs of each lane's value, below 16p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn from_rows(rows: &[&[u64; LIMBS]; 8]) -> Self {
        Self(V::transpose(each!(lane => V::load(rows[lane]))))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn to_rows(self) -> [[u64; LIMBS]; 8] {
        let rows = V::transpose(self.0);
        let mut out = [[0; LIMBS]; 8];
        for lane in 0..8 {
            out[lane] = rows[lane].store();
        }
        out
    }

    /// In each lane the element at the lane's index, of 16 or 32 elements by limb. The table is read as a whole, and the
    /// choice is made within registers.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn look_up<const E: usize>(table: &[[u64; E]; LIMBS], index: &[u64; 8]) -> Self {
        let (index, upper) = (V::load(index), V::load(index).shift_left::<59>().negatives());
        let mut out = [V::splat(0); LIMBS];
        for i in 0..LIMBS {
            let (halves, _) = table[i].as_chunks();
            out[i] = V::look_up(&halves[0], index);
            if E == 32 {
                out[i] = V::look_up(&halves[1], index).select(upper, out[i]);
            }
        }
        Self(out)
    }

    /// The lanes whose word is `word`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn equals(words: &[u64; 8], word: u64) -> Mask {
        V::load(words).minus(V::splat(word)).zeros()
    }

    /// The lanes whose word has its top bit set.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn negatives(words: &[u64; 8]) -> Mask {
        V::load(words).negatives()
    }

    /// The product mod p, below 3.01p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn times(&self, other: &Self) -> Self {
        Self::reduce::<1>(&self.times_wide(other))
    }

    /// Eight integers of six words below 2^384, times `factor`/R.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn from_words(words: &[[u64; 6]; 8], factor: &[u64; LIMBS]) -> Self {
        let w = V::transpose(each!(lane => V::load_six(&words[lane])));
        let mask = V::splat(LIMB_MASK);
        let limbs = Self([
            w[0].and(mask),
            w[0].shift_right::<52>().or(w[1].shift_left::<12>()).and(mask),
            w[1].shift_right::<40>().or(w[2].shift_left::<24>()).and(mask),
            w[2].shift_right::<28>().or(w[3].shift_left::<36>()).and(mask),
            w[3].shift_right::<16>().or(w[4].shift_left::<48>()).and(mask),
            w[4].shift_right::<4>().and(mask),
            w[4].shift_right::<56>().or(w[5].shift_left::<8>()).and(mask),
            w[5].shift_right::<44>(),
        ]);
        limbs.times(&Self::broadcast(factor))
    }

    /// Lane i + N in lane i.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rotated<const N: i32>(&self) -> Self {
        Self(each!(i => self.0[i].rotate::<N>()))
    }

    /// self·`factor`/R as eight integers below p, of six words.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn to_words(self, factor: &[u64; LIMBS]) -> [[u64; 6]; 8] {
        let t = self.times(&Self::broadcast(factor)).canonical().0;
        let words = [
            t[0].or(t[1].shift_left::<52>()),
            t[1].shift_right::<12>().or(t[2].shift_left::<40>()),
            t[2].shift_right::<24>().or(t[3].shift_left::<28>()),
            t[3].shift_right::<36>().or(t[4].shift_left::<16>()),
            t[4].shift_right::<48>().or(t[5].shift_left::<4>()).or(t[6].shift_left::<56>()),
            t[6].shift_right::<8>().or(t[7].shift_left::<44>()),
            V::splat(0),
            V::splat(0),
        ];
        let rows = V::transpose(words);
        let mut out = [[0; 6]; 8];
        for lane in 0..8 {
            let [a, b, c, d, e, f, ..] = rows[lane].store();
            out[lane] = [a, b, c, d, e, f];
        }
        out
    }

    /// From below 8192p to below p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn canonical(&self) -> Self {
        let weak = self.weaken();
        let less = Self::normalised(each!(i => weak.0[i].minus(V::splat(P52[i]))));
        let negative = less.0[LIMBS - 1].negatives();
        weak.select(negative, &less)
    }

    /// Eight elements of arkworks' field, which are residues to 2^384: times 2^448/2^416. Below 3.01p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn load(values: &[Fq; 8]) -> Self {
        const FACTOR: [u64; LIMBS] = split(&doubled([1, 0, 0, 0, 0, 0], 448));
        Self::from_words(&values.map(|x| x.0.0), &FACTOR)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn store(&self) -> [Fq; 8] {
        const FACTOR: [u64; LIMBS] = split(&doubled([1, 0, 0, 0, 0, 0], 384));
        self.to_words(&FACTOR).map(|words| Fq::new_unchecked(BigInteger384::new(words)))
    }

    /// Eight integers below p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn from_integers(words: &[[u64; 6]; 8]) -> Self {
        const FACTOR: [u64; LIMBS] = split(&doubled([1, 0, 0, 0, 0, 0], 832));
        Self::from_words(words, &FACTOR)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn to_integers(self) -> [[u64; 6]; 8] {
        self.to_words(&[1, 0, 0, 0, 0, 0, 0, 0])
    }
}

impl WideEight {
    #[inline(always)]
    fn zero() -> Self {
        Self([V::splat(0); 2 * LIMBS])
    }

    /// Adds a·(limb j of b).
    #[inline(always)]
    fn add_row(&mut self, j: usize, a: &Factor<Eight>, b: &Factor<Eight>) {
        for i in 0..LIMBS {
            self.0[i + j] = self.0[i + j].plus_low(a.0.0[i], b.0.0[j]);
        }
        for i in 0..LIMBS {
            self.0[i + j + 1] = self.0[i + j + 1].plus_high(a.0.0[i], b.0.0[j]);
        }
    }

    /// Adds the products of limb j with the limbs above.
    #[inline(always)]
    fn add_mixed(&mut self, j: usize, a: &Factor<Eight>) {
        for i in j + 1..LIMBS {
            self.0[i + j] = self.0[i + j].plus_low(a.0.0[i], a.0.0[j]);
        }
        for i in j + 1..LIMBS {
            self.0[i + j + 1] = self.0[i + j + 1].plus_high(a.0.0[i], a.0.0[j]);
        }
    }

    #[inline(always)]
    fn double(&mut self) {
        for i in 1..2 * LIMBS - 1 {
            self.0[i] = self.0[i].plus(self.0[i]);
        }
    }

    /// Adds the squares of the limbs.
    #[inline(always)]
    fn add_squares(&mut self, a: &Factor<Eight>) {
        for i in 0..LIMBS {
            self.0[2 * i] = self.0[2 * i].plus_low(a.0.0[i], a.0.0[i]);
            self.0[2 * i + 1] = self.0[2 * i + 1].plus_high(a.0.0[i], a.0.0[i]);
        }
    }

    /// self + N·p·R.
    #[inline(always)]
    fn raised_by<const N: usize>(&self) -> Self {
        let offset = const { Multiple::new(N).limbs };
        let mut t = *self;
        if N > 0 {
            for i in 0..LIMBS {
                t.0[LIMBS + i] = t.0[LIMBS + i].plus(V::splat(offset[i]));
            }
        }
        t
    }

    /// The step i of the reduction: adds the multiple of p that makes column i zero, and its carry. 16 IFMA, 17 in the
    /// last step.
    ///
    /// t_i − q + q·k·p: the limb becomes 0; its carry and q·M are added one limb higher. IFMA reads the low 52 bits of its
    /// operand, which are q.
    #[inline(always)]
    fn clear(&mut self, i: usize) {
        let t = &mut self.0;
        if i < LIMBS - 1 {
            let q = t[i];
            for j in 0..LIMBS {
                t[i + 1 + j] = t[i + 1 + j].plus_low(q, V::splat(M[j]));
            }
            for j in 0..LIMBS {
                t[i + 2 + j] = t[i + 2 + j].plus_high(q, V::splat(M[j]));
            }
        } else {
            let q = V::splat(0).plus_low(t[i], V::splat(K));
            for j in 0..LIMBS {
                t[i + j] = t[i + j].plus_low(q, V::splat(P52[j]));
            }
            for j in 0..LIMBS {
                t[i + 1 + j] = t[i + 1 + j].plus_high(q, V::splat(P52[j]));
            }
        }
        t[i + 1] = t[i + 1].plus(t[i].signed_shift::<52>());
    }

    /// The upper columns, which are below 2^58.
    #[inline(always)]
    fn upper(&self) -> Sum<Eight> {
        Sum(Eight(each!(i => self.0[LIMBS + i])))
    }
}

impl Base for Eight {
    type Wide = WideEight;
    type Column = V;
    const COLUMNS: usize = 2 * LIMBS;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn constant(value: &Constant) -> Self {
        Self::broadcast(&value.limbs)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn add(a: &Sum<Self>, b: &Sum<Self>) -> Sum<Self> {
        Sum(Self(each!(i => a.0.0[i].plus(b.0.0[i]))))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn subtract(a: &Sum<Self>, b: &Sum<Self>, k: &Multiple) -> Sum<Self> {
        Sum(Self(each!(i => a.0.0[i].plus(V::splat(k.limbs[i])).minus(b.0.0[i]))))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn value(sum: &Sum<Self>) -> Self {
        Self::normalised(sum.0.0)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor(sum: &Sum<Self>) -> Factor<Self> {
        let mut limbs = sum.0.0;
        for i in 0..LIMBS - 1 {
            limbs[i + 1] = limbs[i + 1].plus(limbs[i].signed_shift::<52>());
        }
        Factor(Self(limbs))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn weakened(sum: &Sum<Self>) -> Self {
        Self::less_quotient(sum.0.0)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn product(a: &Factor<Self>, b: &Factor<Self>) -> WideEight {
        let mut out = WideEight::zero();
        rows!(j => out.add_row(j, a, b));
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn products(a: &Factor<Self>, b: &Factor<Self>, c: &Factor<Self>, d: &Factor<Self>) -> [WideEight; 2] {
        let (mut ab, mut cd) = (WideEight::zero(), WideEight::zero());
        rows!(j => {
            ab.add_row(j, a, b);
            cd.add_row(j, c, d);
        });
        [ab, cd]
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn square(a: &Factor<Self>) -> WideEight {
        let mut out = WideEight::zero();
        rows!(j => out.add_mixed(j, a));
        out.double();
        out.add_squares(a);
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn squares(a: &Factor<Self>, b: &Factor<Self>) -> [WideEight; 2] {
        let (mut aa, mut bb) = (WideEight::zero(), WideEight::zero());
        rows!(j => {
            aa.add_mixed(j, a);
            bb.add_mixed(j, b);
        });
        aa.double();
        bb.double();
        aa.add_squares(a);
        bb.add_squares(b);
        [aa, bb]
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn wide_plus(a: &WideEight, b: &WideEight) -> WideEight {
        let mut out = *a;
        for i in 0..2 * LIMBS {
            out.0[i] = a.0[i].plus(b.0[i]);
        }
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn wide_minus(a: &WideEight, b: &WideEight) -> WideEight {
        let mut out = *a;
        for i in 0..2 * LIMBS {
            out.0[i] = a.0[i].minus(b.0[i]);
        }
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mixed(cross: &WideEight, low: &WideEight, high: &WideEight) -> WideEight {
        Self::wide_minus(&Self::wide_minus(cross, low), high)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn column(wide: &WideEight, i: usize) -> V {
        wide.0[i]
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn set_column(wide: &mut WideEight, i: usize, column: V) {
        wide.0[i] = column;
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn column_plus(a: V, b: V) -> V {
        a.plus(b)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn column_minus(a: V, b: V) -> V {
        a.minus(b)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn raise(&self, wide: &WideEight) -> WideEight {
        let mut out = *wide;
        for i in 0..LIMBS {
            out.0[LIMBS + i] = wide.0[LIMBS + i].plus(self.0[i]);
        }
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn lower(&self, wide: &WideEight) -> WideEight {
        let mut out = *wide;
        for i in 0..LIMBS {
            out.0[LIMBS + i] = wide.0[LIMBS + i].minus(self.0[i]);
        }
        out
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn reduce_sum<const K: usize>(wide: &WideEight) -> Sum<Self> {
        let mut t = wide.raised_by::<K>();
        rows!(i => t.clear(i));
        t.upper()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn reduce_sums<const K: usize, const L: usize>(a: &WideEight, b: &WideEight) -> [Sum<Self>; 2] {
        let (mut t, mut u) = (a.raised_by::<K>(), b.raised_by::<L>());
        rows!(i => {
            t.clear(i);
            u.clear(i);
        });
        [t.upper(), u.upper()]
    }

    /// Montgomery's trick as a tree over the lanes: 6 products in all lanes, and one inversion.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse(&self) -> Self {
        let zeros = self.zeros();
        let x = Self::one().select(zeros, self);
        // In turn for pairs, fours and all eight lanes: `others` is the product of the other lanes, `all` of all lanes.
        let others = x.rotated::<4>();
        let all = x.times(&others);
        let next = all.rotated::<2>();
        let (others, all) = (others.times(&next), all.times(&next));
        let next = all.rotated::<1>();
        let (others, all) = (others.times(&next), all.times(&next));
        let inverse = Self::load(&[Single.inverse(&all.store()[0]); 8]).times(&others).weaken();
        Self::zero().select(zeros, &inverse)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn zeros(&self) -> Mask {
        let [a, b, c, d, e, f, g, h] = self.canonical().0;
        a.or(b).or(c.or(d)).or(e.or(f)).or(g.or(h)).zeros()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn larger_half(&self) -> Mask {
        let integer = self.times(&Self::broadcast(&[1, 0, 0, 0, 0, 0, 0, 0])).canonical();
        let difference = Self::normalised(each!(i => V::splat(P52[i]).minus(integer.0[i]).minus(integer.0[i])));
        difference.0[LIMBS - 1].negatives()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn select(&self, mask: Mask, other: &Self) -> Self {
        Self(each!(i => self.0[i].select(mask, other.0[i])))
    }
}

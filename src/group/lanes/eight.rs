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

use super::base::{Base, Constant, LIMBS, Mask, doubled, split};
use super::limbs::{CARRY, K, LIMB_MASK, M, MULTIPLES, P52, QUOTIENT, multiple};
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

/// Eight values.
#[derive(Clone, Copy)]
pub(super) struct Eight([V; LIMBS]);

/// Eight wide values: sixteen columns of weight 2^(52·i), signed, not normalised.
#[derive(Clone, Copy)]
pub(super) struct WideEight([V; 2 * LIMBS]);

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

    /// Subtracts a multiple of p that is close to the value and never above it; the limbs need not be normalised.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn weakened(limbs: [V; LIMBS]) -> Self {
        let quotient = limbs[LIMBS - 1].less_at_least_zero(CARRY).times_32(V::splat(QUOTIENT)).shift_right::<40>();
        Self::normalised(each!(i => limbs[i].minus(V::look_up(&MULTIPLES[i], quotient))))
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

    /// From below 16p to below p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn canonical(&self) -> Self {
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
    /// self/R + N·p + (0, 2p), its limbs below 2^58 and not normalised: 7·16 + 17 = 129 IFMA.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn reduced<const N: usize>(&self) -> [V; LIMBS] {
        let offset = const { multiple(N) };
        let mut t = self.0;
        for i in 0..LIMBS {
            t[LIMBS + i] = t[LIMBS + i].plus(V::splat(offset[i]));
        }
        // t_i − q + q·k·p: the limb becomes 0; its carry and q·M are added one limb higher. IFMA reads the low 52 bits of
        // its operand, which are q.
        for i in 0..LIMBS - 1 {
            let q = t[i];
            for j in 0..LIMBS {
                t[i + 1 + j] = t[i + 1 + j].plus_low(q, V::splat(M[j]));
            }
            for j in 0..LIMBS {
                t[i + 2 + j] = t[i + 2 + j].plus_high(q, V::splat(M[j]));
            }
            t[i + 1] = t[i + 1].plus(q.signed_shift::<52>());
        }
        let last = LIMBS - 1;
        let q = V::splat(0).plus_low(t[last], V::splat(K));
        for j in 0..LIMBS {
            t[last + j] = t[last + j].plus_low(q, V::splat(P52[j]));
        }
        for j in 0..LIMBS {
            t[last + 1 + j] = t[last + 1 + j].plus_high(q, V::splat(P52[j]));
        }
        t[last + 1] = t[last + 1].plus(t[last].signed_shift::<52>());
        each!(i => t[LIMBS + i])
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
    fn plus(&self, other: &Self) -> Self {
        Self::normalised(each!(i => self.0[i].plus(other.0[i])))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn minus<const K: usize>(&self, other: &Self) -> Self {
        let offset = const { multiple(K) };
        Self::normalised(each!(i => self.0[i].plus(V::splat(offset[i])).minus(other.0[i])))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn weaken(&self) -> Self {
        Self::weakened(self.0)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn times_wide(&self, other: &Self) -> WideEight {
        let mut columns = [V::splat(0); 2 * LIMBS];
        for j in 0..LIMBS {
            for i in 0..LIMBS {
                columns[i + j] = columns[i + j].plus_low(self.0[i], other.0[j]);
            }
            for i in 0..LIMBS {
                columns[i + j + 1] = columns[i + j + 1].plus_high(self.0[i], other.0[j]);
            }
        }
        WideEight(columns)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn square_wide(&self) -> WideEight {
        let mut columns = [V::splat(0); 2 * LIMBS];
        for j in 0..LIMBS {
            for i in j + 1..LIMBS {
                columns[i + j] = columns[i + j].plus_low(self.0[i], self.0[j]);
            }
            for i in j + 1..LIMBS {
                columns[i + j + 1] = columns[i + j + 1].plus_high(self.0[i], self.0[j]);
            }
        }
        for i in 1..2 * LIMBS - 1 {
            columns[i] = columns[i].plus(columns[i]);
        }
        for i in 0..LIMBS {
            columns[2 * i] = columns[2 * i].plus_low(self.0[i], self.0[i]);
            columns[2 * i + 1] = columns[2 * i + 1].plus_high(self.0[i], self.0[i]);
        }
        WideEight(columns)
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
    fn reduce<const N: usize>(wide: &WideEight) -> Self {
        Self::normalised(wide.reduced::<N>())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn reduce_times<const K: usize, const N: usize>(wide: &WideEight) -> Self {
        let t = wide.reduced::<K>();
        Self::normalised(each!(i => {
            let mut sum = t[i];
            for _ in 1..N {
                sum = sum.plus(t[i]);
            }
            sum
        }))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn reduce_weak<const N: usize>(wide: &WideEight) -> Self {
        Self::weakened(wide.reduced::<N>())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn thrice_and_twice(&self, wide: &WideEight) -> Self {
        let t = wide.reduced::<1>();
        Self::weakened(each!(i => {
            let sum = t[i].plus(self.0[i]);
            t[i].plus(sum).plus(sum)
        }))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn thrice_less_twice(&self, wide: &WideEight) -> Self {
        let offset = const { multiple(4) };
        let t = wide.reduced::<1>();
        Self::weakened(each!(i => {
            let difference = t[i].minus(self.0[i]);
            t[i].plus(V::splat(offset[i])).plus(difference).plus(difference)
        }))
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

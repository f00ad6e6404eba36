//! The vectors and instructions of `vector.rs` in pairs of 256-bit registers: for processors with AVX-IFMA and without
//! AVX-512.
//!
//! AVX2 has no signed shift of 64-bit words and no look-up in 16 words; both take several instructions here. With the
//! feature `evex-lanes256` the instructions of AVX-512 VL and IFMA take the place of AVX-IFMA, so that the engine can be
//! tested and measured on processors that have AVX-512.
//!
//! Soundness: as in `vector.rs`.
#![allow(unsafe_code)] // each intrinsic below needs the processor's feature: see above
#![allow(clippy::cast_ptr_alignment)] // the loads and stores take any alignment

use core::arch::x86_64 as x86;

/// Compiles a function with the features of the lanes.
#[cfg(not(feature = "evex-lanes256"))]
macro_rules! with_features {
    ($($function:tt)*) => {
        #[target_feature(enable = "avx2,avxifma")]
        $($function)*
    };
}
#[cfg(feature = "evex-lanes256")]
macro_rules! with_features {
    ($($function:tt)*) => {
        #[target_feature(enable = "avx2,avx512vl,avx512ifma")]
        $($function)*
    };
}
pub(super) use with_features;

#[cfg(not(feature = "evex-lanes256"))]
use x86::{_mm256_madd52hi_avx_epu64 as plus_high, _mm256_madd52lo_avx_epu64 as plus_low};
#[cfg(feature = "evex-lanes256")]
use x86::{_mm256_madd52hi_epu64 as plus_high, _mm256_madd52lo_epu64 as plus_low};

type Four = x86::__m256i;

/// Eight words: lanes 0 to 3, and lanes 4 to 7.
#[derive(Clone, Copy)]
pub(super) struct V(Four, Four);

/// Instructions on vectors: the name here, and the intrinsic on each half.
macro_rules! instructions {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident),*) = $intrinsic:expr;)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(self, $($argument: Self),*) -> Self {
            // SAFETY: the processor has AVX2 and IFMA on 256 bits (module documentation).
            unsafe { Self($intrinsic(self.0, $($argument.0),*), $intrinsic(self.1, $($argument.1),*)) }
        }
    )* };
}

/// Shifts by a constant.
macro_rules! shifts {
    ($(fn $name:ident = $intrinsic:ident;)*) => { $(
        #[inline(always)]
        pub(super) fn $name<const N: u32>(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let count = x86::_mm_cvtsi32_si128(N.cast_signed());
                Self(x86::$intrinsic(self.0, count), x86::$intrinsic(self.1, count))
            }
        }
    )* };
}

impl V {
    instructions! {
        fn plus(other) = x86::_mm256_add_epi64;
        fn minus(other) = x86::_mm256_sub_epi64;
        fn and(other) = x86::_mm256_and_si256;
        fn or(other) = x86::_mm256_or_si256;
        /// self + the low 52 bits of the product of the low 52 bits of a and b.
        fn plus_low(a, b) = plus_low;
        /// self + the bits from 52 on of the product of the low 52 bits of a and b.
        fn plus_high(a, b) = plus_high;
        /// The product of the low 32 bits.
        fn times_32(other) = x86::_mm256_mul_epu32;
        /// All ones in the lanes with equal words.
        fn equal(other) = x86::_mm256_cmpeq_epi64;
        /// All ones in the lanes where self is larger, signed.
        fn larger(other) = x86::_mm256_cmpgt_epi64;
        /// `self` where the mask has ones, `other` elsewhere.
        fn blend(mask, other) = |yes, mask, no| x86::_mm256_blendv_epi8(no, yes, mask);
    }
    shifts! {
        fn shift_right = _mm256_srl_epi64;
        fn shift_left = _mm256_sll_epi64;
    }

    /// By 2^63 up, shifted, and by as much down.
    #[inline(always)]
    pub(super) fn signed_shift<const N: u32>(self) -> Self {
        self.plus(Self::splat(1 << 63)).shift_right::<N>().minus(Self::splat(1 << (63 - N)))
    }

    /// Lane i + N in lane i.
    #[inline(always)]
    pub(super) fn rotate<const N: i32>(self) -> Self {
        let mut words = self.store();
        words.rotate_left(N.unsigned_abs() as usize);
        Self::load(&words)
    }

    /// The word in every lane.
    #[inline(always)]
    pub(super) fn splat(word: u64) -> Self {
        // SAFETY: as above.
        let four = unsafe { x86::_mm256_set1_epi64x(word.cast_signed()) };
        Self(four, four)
    }

    #[inline(always)]
    pub(super) fn load(words: &[u64; 8]) -> Self {
        let words = words.as_ptr().cast::<Four>();
        // SAFETY: as above; the 64 bytes read are those of `words`.
        unsafe { Self(x86::_mm256_loadu_si256(words), x86::_mm256_loadu_si256(words.add(1))) }
    }

    /// Six words, and zero in the last two lanes.
    #[inline(always)]
    pub(super) fn load_six([a, b, c, d, e, f]: &[u64; 6]) -> Self {
        Self::load(&[*a, *b, *c, *d, *e, *f, 0, 0])
    }

    #[inline(always)]
    pub(super) fn store(self) -> [u64; 8] {
        let mut words = [0; 8];
        let out = words.as_mut_ptr().cast::<Four>();
        // SAFETY: as above; the 64 bytes written are those of `words`.
        unsafe {
            x86::_mm256_storeu_si256(out, self.0);
            x86::_mm256_storeu_si256(out.add(1), self.1);
        }
        words
    }

    /// max(self − n, 0), signed.
    #[inline(always)]
    pub(super) fn less_at_least_zero(self, n: u64) -> Self {
        let less = self.minus(Self::splat(n));
        less.and(less.larger(Self::splat(0)))
    }

    /// In each lane the entry of `table` that the low four bits of `index` name. Compares the index with each place.
    #[inline(always)]
    pub(super) fn look_up(table: &[u64; 16], index: Self) -> Self {
        let index = index.and(Self::splat(15));
        let mut out = Self::splat(0);
        for place in 0..16 {
            out = out.or(Self::splat(table[place]).and(index.equal(Self::splat(place as u64))));
        }
        out
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    pub(super) fn select(self, mask: u8, other: Self) -> Self {
        let bits = Self::load(&[1, 2, 4, 8, 16, 32, 64, 128]);
        self.blend(Self::splat(mask.into()).and(bits).equal(bits), other)
    }

    /// The lanes that are negative as signed words.
    #[inline(always)]
    pub(super) fn negatives(self) -> u8 {
        // SAFETY: as above.
        let signs = |four| unsafe { x86::_mm256_movemask_pd(x86::_mm256_castsi256_pd(four)) };
        let [low, ..] = (signs(self.0) | signs(self.1) << 4).to_le_bytes();
        low
    }

    /// The lanes that are zero.
    #[inline(always)]
    pub(super) fn zeros(self) -> u8 {
        self.equal(Self::splat(0)).negatives()
    }

    /// Rows to columns: word i of row j becomes word j of row i.
    #[inline(always)]
    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let [a, b, c, d, e, f, g, h] = rows;
        let (low, high) = (columns(a.0, b.0, c.0, d.0), columns(e.0, f.0, g.0, h.0));
        let (low1, high1) = (columns(a.1, b.1, c.1, d.1), columns(e.1, f.1, g.1, h.1));
        let mut out = [a; 8];
        for i in 0..4 {
            out[i] = Self(low[i], high[i]);
            out[4 + i] = Self(low1[i], high1[i]);
        }
        out
    }
}

/// Word i of each of the four, for i = 0 to 3.
#[inline(always)]
fn columns(a: Four, b: Four, c: Four, d: Four) -> [Four; 4] {
    // SAFETY: as above.
    unsafe {
        let (ab0, ab1) = (x86::_mm256_unpacklo_epi64(a, b), x86::_mm256_unpackhi_epi64(a, b));
        let (cd0, cd1) = (x86::_mm256_unpacklo_epi64(c, d), x86::_mm256_unpackhi_epi64(c, d));
        [
            x86::_mm256_permute2x128_si256::<0x20>(ab0, cd0),
            x86::_mm256_permute2x128_si256::<0x20>(ab1, cd1),
            x86::_mm256_permute2x128_si256::<0x31>(ab0, cd0),
            x86::_mm256_permute2x128_si256::<0x31>(ab1, cd1),
        ]
    }
}

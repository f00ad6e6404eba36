//! Eight words of 64 bits, the lanes of one 512-bit register, and the instructions on them that the engine uses.
//!
//! Soundness: every method here executes AVX-512 instructions, and all are inlined into the functions of
//! [`kernels`](super::kernels), which are reached only with an [`Ifma`](super::ifma::Ifma), the proof that the processor has
//! them. The type is private to the lanes.
#![allow(unsafe_code)] // each intrinsic below needs the processor's feature: see above

use core::arch::x86_64 as x86;

/// Compiles a function with the features of the lanes.
macro_rules! with_features {
    ($($function:tt)*) => {
        #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
        $($function)*
    };
}
pub(super) use with_features;

/// Eight words.
#[derive(Clone, Copy)]
pub(super) struct V(x86::__m512i);

/// Instructions on vectors: the name here, and the intrinsic.
macro_rules! instructions {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident),*) = $intrinsic:ident;)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(self, $($argument: Self),*) -> Self {
            // SAFETY: the processor has AVX-512 F, DQ and IFMA (module documentation).
            Self(unsafe { x86::$intrinsic(self.0, $($argument.0),*) })
        }
    )* };
}

/// Shifts by a constant.
macro_rules! shifts {
    ($(fn $name:ident = $intrinsic:ident;)*) => { $(
        #[inline(always)]
        pub(super) fn $name<const N: u32>(self) -> Self {
            // SAFETY: as above.
            Self(unsafe { x86::$intrinsic::<N>(self.0) })
        }
    )* };
}

impl V {
    instructions! {
        fn plus(other) = _mm512_add_epi64;
        fn minus(other) = _mm512_sub_epi64;
        fn and(other) = _mm512_and_si512;
        fn or(other) = _mm512_or_si512;
        /// self + the low 52 bits of the product of the low 52 bits of a and b.
        fn plus_low(a, b) = _mm512_madd52lo_epu64;
        /// self + the bits from 52 on of the product of the low 52 bits of a and b.
        fn plus_high(a, b) = _mm512_madd52hi_epu64;
        /// The even words of both, in turn.
        fn low_words(other) = _mm512_unpacklo_epi64;
        /// The odd words of both, in turn.
        fn high_words(other) = _mm512_unpackhi_epi64;
        /// The product of the low 32 bits.
        fn times_32(other) = _mm512_mul_epu32;
    }
    shifts! {
        fn shift_right = _mm512_srli_epi64;
        fn signed_shift = _mm512_srai_epi64;
        fn shift_left = _mm512_slli_epi64;
    }

    /// Lane i + N in lane i.
    #[inline(always)]
    pub(super) fn rotate<const N: i32>(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_alignr_epi64::<N>(self.0, self.0) })
    }

    /// The word in every lane.
    #[inline(always)]
    pub(super) fn splat(word: u64) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_set1_epi64(word.cast_signed()) })
    }

    #[inline(always)]
    pub(super) fn load(words: &[u64; 8]) -> Self {
        // SAFETY: as above; the 64 bytes read are those of `words`.
        Self(unsafe { x86::_mm512_loadu_epi64(words.as_ptr().cast()) })
    }

    /// Six words, and zero in the last two lanes.
    #[inline(always)]
    pub(super) fn load_six(words: &[u64; 6]) -> Self {
        // SAFETY: as above; the mask lets 48 bytes be read, those of `words`.
        Self(unsafe { x86::_mm512_maskz_loadu_epi64(0b11_1111, words.as_ptr().cast()) })
    }

    #[inline(always)]
    pub(super) fn store(self) -> [u64; 8] {
        let mut words = [0; 8];
        // SAFETY: as above; the 64 bytes written are those of `words`.
        unsafe { x86::_mm512_storeu_epi64(words.as_mut_ptr().cast(), self.0) };
        words
    }

    /// max(self − n, 0), signed.
    #[inline(always)]
    pub(super) fn less_at_least_zero(self, n: u64) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_max_epi64(self.minus(Self::splat(n)).0, x86::_mm512_setzero_si512()) })
    }

    /// In each lane the entry of `table` that the low four bits of `index` name.
    #[inline(always)]
    pub(super) fn look_up(table: &[u64; 16], index: Self) -> Self {
        let ([low, high], _) = table.as_chunks::<8>() else { unreachable!("16 = 2·8") };
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_permutex2var_epi64(Self::load(low).0, index.0, Self::load(high).0) })
    }

    /// `self` in the lanes of the mask, `other` elsewhere.
    #[inline(always)]
    pub(super) fn select(self, mask: u8, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_mask_blend_epi64(mask, other.0, self.0) })
    }

    /// The lanes that are negative as signed words.
    #[inline(always)]
    pub(super) fn negatives(self) -> u8 {
        // SAFETY: as above.
        unsafe { x86::_mm512_movepi64_mask(self.0) }
    }

    /// The lanes that are zero.
    #[inline(always)]
    pub(super) fn zeros(self) -> u8 {
        // SAFETY: as above.
        unsafe { x86::_mm512_testn_epi64_mask(self.0, self.0) }
    }

    /// Parts 0 and 2 (of 128 bits) of self, then of other.
    #[inline(always)]
    fn even_parts(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_shuffle_i64x2::<0x88>(self.0, other.0) })
    }

    /// Parts 1 and 3 of self, then of other.
    #[inline(always)]
    fn odd_parts(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { x86::_mm512_shuffle_i64x2::<0xdd>(self.0, other.0) })
    }

    /// Rows to columns: word i of row j becomes word j of row i. Three rounds of 8 shuffles.
    #[inline(always)]
    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let [a, b, c, d, e, f, g, h] = rows;
        let [x0, x2, x4, x6] = Self::columns(a.low_words(b), c.low_words(d), e.low_words(f), g.low_words(h));
        let [x1, x3, x5, x7] = Self::columns(a.high_words(b), c.high_words(d), e.high_words(f), g.high_words(h));
        [x0, x1, x2, x3, x4, x5, x6, x7]
    }

    /// Part k of each of the four, for k = 0 to 3.
    #[inline(always)]
    fn columns(a: Self, b: Self, c: Self, d: Self) -> [Self; 4] {
        let (even, odd) = ((a.even_parts(b), c.even_parts(d)), (a.odd_parts(b), c.odd_parts(d)));
        [even.0.even_parts(even.1), odd.0.even_parts(odd.1), even.0.odd_parts(even.1), odd.0.odd_parts(odd.1)]
    }
}

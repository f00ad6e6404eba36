//! Eight words of 64 bits in one register, and the instructions on them that the lanes use.
//!
//! Soundness: every method here executes AVX-512 instructions, and all are inlined into the functions of
//! [`kernels`](super::kernels), which are reached only with an [`Ifma`](super::Ifma), the proof that the processor has
//! them. The type is private to the lanes.
#![allow(unsafe_code)] // each intrinsic below needs the processor's feature: see above

use core::arch::x86_64 as x86;

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
        /// The product of the low 32 bits.
        fn times_32(other) = _mm512_mul_epu32;
    }
    shifts! {
        fn shift_right = _mm512_srli_epi64;
        fn signed_shift = _mm512_srai_epi64;
        fn shift_left = _mm512_slli_epi64;
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

    /// Rows to columns: word i of row j becomes word j of row i. Three rounds of 8 shuffles.
    #[inline(always)]
    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let r = rows.map(|row| row.0);
        // SAFETY: as above.
        unsafe {
            let pairs = [0, 2, 4, 6]
                .map(|i| (x86::_mm512_unpacklo_epi64(r[i], r[i + 1]), x86::_mm512_unpackhi_epi64(r[i], r[i + 1])));
            // Pairs of rows (0,1), (2,3), (4,5), (6,7): each 128-bit part k holds column 2k (low) or 2k + 1 (high).
            let quads = |i: [x86::__m512i; 4]| {
                let low =
                    (x86::_mm512_shuffle_i64x2::<0x88>(i[0], i[1]), x86::_mm512_shuffle_i64x2::<0x88>(i[2], i[3]));
                let high =
                    (x86::_mm512_shuffle_i64x2::<0xdd>(i[0], i[1]), x86::_mm512_shuffle_i64x2::<0xdd>(i[2], i[3]));
                // low: parts 0, 2 of each pair; high: parts 1, 3.
                [
                    x86::_mm512_shuffle_i64x2::<0x88>(low.0, low.1),
                    x86::_mm512_shuffle_i64x2::<0x88>(high.0, high.1),
                    x86::_mm512_shuffle_i64x2::<0xdd>(low.0, low.1),
                    x86::_mm512_shuffle_i64x2::<0xdd>(high.0, high.1),
                ]
            };
            let even = quads(pairs.map(|p| p.0));
            let odd = quads(pairs.map(|p| p.1));
            [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]].map(Self)
        }
    }
}

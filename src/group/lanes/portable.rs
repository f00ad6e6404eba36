//! The vectors and instructions of `vector.rs` for other architectures, so that the crate builds there. An
//! [`Ifma`](super::ifma::Ifma) cannot be made on them, so nothing in this file is ever called.

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

    fn mask(self, f: impl Fn(u64) -> bool) -> u8 {
        self.0.iter().rev().fold(0, |mask, x| (mask << 1) | u8::from(f(*x)))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, u64::wrapping_add)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.with(other, u64::wrapping_sub)
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.with(other, |x, y| x & y)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.with(other, |x, y| x | y)
    }

    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) fn plus_low(self, a: Self, b: Self) -> Self {
        self.plus(a.with(b, |x, y| (u128::from(x & LOW) * u128::from(y & LOW)) as u64 & LOW))
    }

    #[allow(clippy::cast_possible_truncation)] // below 2^52
    pub(super) fn plus_high(self, a: Self, b: Self) -> Self {
        self.plus(a.with(b, |x, y| ((u128::from(x & LOW) * u128::from(y & LOW)) >> 52) as u64))
    }

    pub(super) fn times_32(self, other: Self) -> Self {
        self.with(other, |x, y| (x & 0xffff_ffff) * (y & 0xffff_ffff))
    }

    pub(super) fn shift_right<const N: u32>(self) -> Self {
        self.map(|x| x >> N)
    }

    pub(super) fn signed_shift<const N: u32>(self) -> Self {
        self.map(|x| (x.cast_signed() >> N).cast_unsigned())
    }

    pub(super) fn shift_left<const N: u32>(self) -> Self {
        self.map(|x| x << N)
    }

    pub(super) fn rotate<const N: i32>(self) -> Self {
        let mut words = self.0;
        words.rotate_left(N.unsigned_abs() as usize);
        Self(words)
    }

    pub(super) fn splat(word: u64) -> Self {
        Self([word; 8])
    }

    pub(super) fn load(words: &[u64; 8]) -> Self {
        Self(*words)
    }

    pub(super) fn load_six(words: &[u64; 6]) -> Self {
        let [a, b, c, d, e, f] = *words;
        Self([a, b, c, d, e, f, 0, 0])
    }

    pub(super) fn store(self) -> [u64; 8] {
        self.0
    }

    pub(super) fn less_at_least_zero(self, n: u64) -> Self {
        self.map(|x| x.wrapping_sub(n).cast_signed().max(0).cast_unsigned())
    }

    pub(super) fn look_up(table: &[u64; 16], index: Self) -> Self {
        index.map(|i| table[usize::from(i.to_le_bytes()[0] & 15)])
    }

    pub(super) fn select(self, mask: u8, other: Self) -> Self {
        Self(std::array::from_fn(|i| if mask >> i & 1 == 1 { self.0[i] } else { other.0[i] }))
    }

    pub(super) fn negatives(self) -> u8 {
        self.mask(|x| x.cast_signed() < 0)
    }

    pub(super) fn zeros(self) -> u8 {
        self.mask(|x| x == 0)
    }

    pub(super) fn transpose(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|i| Self(rows.map(|row| row.0[i])))
    }
}

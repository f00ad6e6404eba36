//! The vector instructions that the lanes execute, by class, and the time that a processor needs at least for them.
//!
//! The counts are those of the source: `portable.rs` counts each method of `V`, and a test compares. They hold for every
//! input, since no step depends on the data. The compiler adds loads, stores and moves between registers, which take other
//! ports.

/// Instructions on vectors of 512 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instructions {
    /// Products of 52 bits, added to a vector.
    pub ifma: u32,
    /// Additions, subtractions, maxima.
    pub add: u32,
    /// Shifts, and products of 32 bits.
    pub shift: u32,
    /// Bitwise operations and comparisons.
    pub logic: u32,
    /// Blends, permutations, shuffles.
    pub shuffle: u32,
}

impl Instructions {
    pub(super) const fn new([ifma, add, shift, logic, shuffle]: [u32; 5]) -> Self {
        Self { ifma, add, shift, logic, shuffle }
    }

    /// All of them.
    pub const fn total(&self) -> u32 {
        self.ifma + self.add + self.shift + self.logic + self.shuffle
    }

    /// The nanoseconds that the ports need at least.
    pub fn limit(&self, rates: Rates) -> f64 {
        (f64::from(self.ifma) / rates.ifma).max(f64::from(self.total()) / rates.mixed)
    }
}

/// Instructions in a nanosecond.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// IFMA alone.
    pub ifma: f64,
    /// IFMA and additions in turn, both counted: no more than IFMA alone where they share their ports.
    pub mixed: f64,
}

/// What `phi-pre bench` measures, under its name there: the number of records, and the instructions for all of them.
pub const OPERATIONS: [(&str, u32, Instructions); 5] = [
    ("phase: Miller loop", 8, Instructions::new([764_789, 296_808, 65_872, 19_130, 184])),
    ("phase: final exponentiation", 8, Instructions::new([1_178_811, 607_396, 101_018, 31_579, 1_800])),
    ("re-encrypt, prepared k_re", 32, Instructions::new([7_764_059, 3_626_763, 666_683, 200_829, 5_720])),
    (
        "re-encrypt from bytes to bytes, every check",
        32,
        Instructions::new([10_041_738, 4_341_150, 840_214, 273_750, 5_424]),
    ),
    ("re-encrypt, a k_re for each record", 32, Instructions::new([9_529_195, 4_309_695, 848_583, 286_421, 6_104])),
];

/// The kernels for eight records.
#[cfg(all(test, feature = "portable-lanes"))]
const KERNELS: [(&str, Instructions); 17] = [
    ("multiply1", Instructions::new([257, 15, 15, 7, 0])),
    ("square1", Instructions::new([201, 29, 15, 7, 0])),
    ("multiply2", Instructions::new([642, 116, 44, 14, 0])),
    ("square2", Instructions::new([474, 143, 37, 14, 0])),
    ("multiply2_wide", Instructions::new([384, 78, 14, 0, 0])),
    ("multiply_sums2_wide", Instructions::new([384, 138, 42, 0, 0])),
    ("square2_wide", Instructions::new([216, 105, 7, 0, 0])),
    ("square_sum2_wide", Instructions::new([216, 135, 21, 0, 0])),
    ("reduce2", Instructions::new([258, 46, 30, 14, 0])),
    ("multiply6_wide", Instructions::new([2_304, 1_000, 168, 0, 0])),
    ("multiply12", Instructions::new([8_460, 3_776, 768, 168, 0])),
    ("square12", Instructions::new([6_156, 2_814, 614, 182, 0])),
    ("multiply_by_line", Instructions::new([4_620, 1_756, 348, 84, 0])),
    ("line", Instructions::new([1_028, 60, 60, 28, 0])),
    ("cyclotomic_square_times, 8", Instructions::new([28_116, 16_228, 2_388, 768, 0])),
    ("compressed_square_times, 8", Instructions::new([18_744, 10_904, 1_592, 512, 0])),
    ("inverses12, 1", Instructions::new([23_186, 7_073, 2_047, 742, 128])),
];

#[cfg(all(test, feature = "portable-lanes"))]
mod tests;

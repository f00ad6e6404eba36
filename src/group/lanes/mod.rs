//! The engine of eight records at once: one record in each lane of AVX-512 IFMA registers.
//!
//! | file | what |
//! |---|---|
//! | [`base`] | what the tower needs of a base field, with the bounds |
//! | `one`, [`eight`] | that field once (arkworks, the readable form and the test) and eight times |
//! | [`limbs`] | the numbers of the reduction |
//! | [`vector`] | the instructions; `portable.rs` in its place on other architectures |
//! | [`fp2`], [`tower`] | F_p²; F_p⁶ and F_p¹² |
//! | [`miller`], [`cyclotomic`] | the Miller loop; the final exponentiation |
//! | [`curve`], [`torus`] | decoding of G1; GT to and from its short form |
//! | [`table`] | powers in GT, by tables that each lane looks up at its own place |
//! | [`pipeline`] | whole operations on eight records, for the rest of the group |
//! | [`kernels`] | what is compiled once each, and the way into the lanes |
//!
//! # Cost
//! Counted in IFMA instructions for eight records; an AMD Zen 5 has two such ports (measured: 2.0 a cycle), the limit
//! below is therefore half as many cycles, at 3.53 GHz, for one record. Measured on one thread, the two cores shared.
//!
//! | phase | IFMA | limit | measured | reached |
//! |---|---|---|---|---|
//! | Miller loop with lines | 813 thousand | 14.4 µs | 21.2 µs | 0.68 |
//! | final exponentiation | 1203 thousand | 21.3 µs | 37.2 µs | 0.57 |
//! | C·e(Z, Q) | 2.05 million | 36.3 µs | 58.2 µs | 0.62 |
//!
//! blst with prepared lines takes 480 µs in the same run, 8.2 times as long. What keeps the lanes from the limit: the
//! additions around each product of F_p² (1.6 IFMA a cycle within the product, 1.3 within products of F_p¹²), wide
//! values that pass through memory, and seven inversions that one lane computes for all (2.1 µs each).

#![allow(clippy::inline_always)] // the generic code must end up inside the functions that have the lanes' features
#![allow(clippy::needless_range_loop)] // limbs and columns are numbered

mod base;
mod curve;
mod cyclotomic;
mod eight;
mod fp2;
mod kernels;
mod limbs;
pub(super) mod miller;
#[cfg(test)]
mod one;
pub(super) mod pipeline;
mod table;
mod torus;
mod tower;
#[cfg_attr(not(target_arch = "x86_64"), path = "portable.rs")]
mod vector;

#[cfg(not(feature = "blst"))]
use super::plain;
use ark_bls12_381::Fq;
use ark_ff::AdditiveGroup;

/// The proof that this processor executes AVX-512 F, DQ and IFMA; whoever holds one may call the lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ifma(());

impl Ifma {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
        #[cfg(not(target_arch = "x86_64"))]
        let has = false;
        has.then_some(Self(()))
    }
}

/// Whether this machine has what the lanes need.
pub(super) fn detected() -> bool {
    Ifma::detect().is_some()
}

/// 1/x, by the fastest that the build has; 0 for 0.
fn inverse(x: &Fq) -> Fq {
    #[cfg(feature = "blst")]
    let inverse = super::blst::inverse(x);
    #[cfg(not(feature = "blst"))]
    let inverse = plain::inverse(x);
    inverse.unwrap_or(Fq::ZERO)
}

#[cfg(test)]
mod tests;

//! The engine of eight records at once: one record in each lane of AVX-512 IFMA registers.
//!
//! | file | what |
//! |---|---|
//! | [`base`] | what the tower needs of a base field, with the bounds |
//! | [`one`], [`eight`] | that field once (arkworks, the readable form and the test) and eight times |
//! | [`vector`] | the instructions |
//! | [`tower`] | F_p², F_p⁶, F_p¹² |
//! | [`miller`], [`cyclotomic`] | the Miller loop; the final exponentiation |
//! | [`curve`], [`torus`] | decoding of G1; GT to and from its short form |
//! | [`table`] | powers in GT, by tables that each lane looks up at its own place |
//! | [`pipeline`] | whole operations on eight records, for the rest of the group |
//! | [`kernels`] | what is compiled once each, and the way into the lanes |
#![allow(clippy::inline_always)] // the generic code must end up inside the functions that have the lanes' features
#![allow(clippy::needless_range_loop)] // limbs and columns are numbered

mod base;
mod curve;
mod cyclotomic;
mod eight;
mod kernels;
pub(super) mod miller;
#[cfg(test)]
mod one;
pub(super) mod pipeline;
mod table;
mod torus;
mod tower;
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
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
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

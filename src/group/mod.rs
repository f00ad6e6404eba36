//! The groups of the scheme over BLS12-381: [`G1`], [`G2`], [`Gt`], their exponents [`Scalar`] and the pairing e.
//!
//! Paper: section 3.2, "g1, g2" and e of Equations 2 and 3, on a Type-3 pairing of prime order q (255 bits).
//! All three groups are written multiplicatively, as the paper writes them: `a * b`, `a / b`, [`pow`](Gt::pow).
//! Every value of these types lies in its group of order q. Values come from bytes by decoding alone, which checks length,
//! flags, canonical form, curve and subgroup, each with its own [`DecodeError`](crate::error::DecodeError).
//!
//! This is the only place, beside the executable specification in [`paper`](crate::paper), that names a curve library.
//! The four types have arkworks' `CanonicalSerialize` and `CanonicalDeserialize` for the bytes of `to_bytes` and nothing
//! else: an uncompressed form is refused (`SerializationError::InvalidData`), and reading checks everything, also where
//! the caller asks for no validation, as arkworks itself does inside `Vec`.
//!
//! | type | group | bytes |
//! |---|---|---|
//! | [`Scalar`] | Z_q | 32, big-endian |
//! | [`G1`] | points of E(F_p) of order q | 48, compressed, big-endian (the Zcash encoding) |
//! | [`G2`] | points of E'(F_p²) of order q | 96, compressed, big-endian (the Zcash encoding) |
//! | [`Gt`] | order-q subgroup of F_p¹² | 192 (T6 torus); 288 (T2 torus); 576 (twelve coefficients) |

mod backend;
mod batch;
#[cfg(feature = "blst")]
mod blst;
mod buckets;
mod comb;
mod encoding;
mod engine;
mod exponent;
mod field;
mod gt;
mod lanes;
#[cfg(all(target_arch = "x86_64", not(feature = "portable-lanes")))]
mod lanes256;
mod pairing;
#[doc(hidden)]
pub mod phase;
#[cfg_attr(all(target_family = "wasm", feature = "blst"), allow(dead_code))] // see `engine`
mod plain;
mod point;
mod power;
#[cfg(all(test, feature = "record-lanes"))]
mod recorded;
mod scalar;
mod table;
mod torus;
pub(crate) mod traits;

pub use batch::{
    decode_records, encode_gt, multiexp_g1_vartime, multiexp_gt_quotients_vartime, pair_and_multiply,
    pair_and_multiply_bytes, pair_each_and_multiply, pairing_batch, pow_g1_batch, pow_generator_batch, pow_gt_batch,
    pow_table_batch,
};
pub use encoding::RECORD_BYTES;
pub use engine::{Engaged, Engine, EngineError};
pub use gt::Gt;
pub use pairing::{G2Prepared, pairing};
pub use point::{G1, G2};
pub use scalar::Scalar;
pub use table::GtTable;

#[cfg(test)]
mod tests;

/// The values underneath, for the tests that hold the typed scheme equal to the specification.
#[cfg(test)]
pub(crate) mod reference {
    use super::{G1, G2, Gt, Scalar};
    use ark_bls12_381::{Bls12_381, Fr, G1Affine, G2Affine};
    use ark_ec::pairing::PairingOutput;

    pub(crate) fn scalar(x: &Scalar) -> Fr {
        x.0
    }
    pub(crate) fn g1(x: &G1) -> G1Affine {
        x.0
    }
    pub(crate) fn g2(x: &G2) -> G2Affine {
        x.0
    }
    pub(crate) fn gt(x: &Gt) -> PairingOutput<Bls12_381> {
        PairingOutput(x.0)
    }
}

//! The engine that the lanes use for a single operation: the fastest that the build has.

#[cfg(feature = "blst")]
pub(super) use crate::group::blst::Blst as Single;
#[cfg(not(feature = "blst"))]
pub(super) use crate::group::plain::Plain as Single;

use super::base::Constant;
use crate::group::backend::Backend;
use ark_bls12_381::Fq;
use ark_ff::MontFp;

/// A constant of the lanes from a value, which may be secret.
pub(super) fn constant(value: Fq) -> Constant {
    const TWO_TO_32: Fq = MontFp!("4294967296");
    Constant::computed(value, Single.multiply(&value, &TWO_TO_32))
}

//! The reference engine: arkworks, one operation at a time. Every other engine equals this one, bit for bit.

use super::backend::Backend;
use super::encoding::{FQ_BYTES, decode_fq, flags};
use super::power::{self, Windows};
use crate::error::DecodeError;
use ark_bls12_381::{Bls12_381, Fq, Fq2, Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, Field, One};
use std::sync::LazyLock;
use zeroize::Zeroize;

pub(super) fn generator<P: SWCurveConfig>() -> Affine<P> {
    Affine::generator()
}

pub(super) fn identity<P: SWCurveConfig>() -> Affine<P> {
    Affine::identity()
}

pub(super) fn is_identity<P: SWCurveConfig>(point: &Affine<P>) -> bool {
    point.is_zero()
}

/// The multiples of the generator of G1: 32 windows of 8 bits, 851,968 bytes.
static GENERATOR: LazyLock<BatchMulPreprocessing<G1Projective>> =
    LazyLock::new(|| BatchMulPreprocessing::new(G1Projective::generator(), 1 << 12));

/// Powers of the generator of G1: 32 additions each, and one inversion for all.
pub(super) fn pow_generator_batch(exponents: &[Fr]) -> Vec<G1Affine> {
    GENERATOR.batch_mul(exponents)
}

/// The reference engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain;

/// The lines of a fixed second argument, 68 of three coefficients in F_p²: 19,584 bytes. Overwritten when dropped. The
/// copies that arkworks makes while it computes the lines and in each Miller loop are not.
#[derive(Clone)]
pub(super) struct Lines(<Bls12_381 as Pairing>::G2Prepared);

impl Lines {
    /// The three coefficients of each line; none for the identity.
    pub(super) fn coefficients(&self) -> Option<&[(Fq2, Fq2, Fq2)]> {
        (!self.0.infinity).then_some(&self.0.ell_coeffs)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.0.ell_coeffs.zeroize();
    }
}

impl Backend for Plain {
    type Lines = Lines;

    fn pairing(self, p: &G1Affine, q: &G2Affine) -> Fq12 {
        Bls12_381::pairing(p, q).0
    }

    fn prepare(self, q: &G2Affine) -> Lines {
        Lines(q.into())
    }

    fn miller_loop(self, p: &G1Affine, lines: &Lines) -> Fq12 {
        Bls12_381::multi_miller_loop([p], [lines.0.clone()]).0
    }

    fn final_exponentiation(self, f: &Fq12) -> Fq12 {
        // Absent only for f = 0, which no Miller loop of points of the curve returns.
        Bls12_381::final_exponentiation(MillerLoopOutput(*f)).map_or_else(Fq12::one, |e| e.0)
    }

    fn pow_g1(self, p: &G1Affine, k: Fr) -> G1Affine {
        (*p * k).into_affine()
    }

    fn pow_g2(self, q: &G2Affine, k: Fr) -> G2Affine {
        (*q * k).into_affine()
    }

    fn decode_g1(self, bytes: &[u8; 48]) -> Result<G1Affine, DecodeError> {
        let what = "G1";
        let (larger, stripped) = flags(what, bytes)?;
        let x = decode_fq(&stripped).ok_or(DecodeError::NonCanonical { what })?;
        let point = G1Affine::get_point_from_x_unchecked(x, larger).ok_or(DecodeError::NotOnCurve { what })?;
        in_subgroup(what, point)
    }

    fn decode_g2(self, bytes: &[u8; 96]) -> Result<G2Affine, DecodeError> {
        let what = "G2";
        let (larger, stripped) = flags(what, bytes)?;
        let ([c1, c0], []) = stripped.as_chunks::<FQ_BYTES>() else { unreachable!("96 = 2·48") };
        let c1 = decode_fq(c1).ok_or(DecodeError::NonCanonical { what })?;
        let c0 = decode_fq(c0).ok_or(DecodeError::NonCanonical { what })?;
        let point =
            G2Affine::get_point_from_x_unchecked(Fq2::new(c0, c1), larger).ok_or(DecodeError::NotOnCurve { what })?;
        in_subgroup(what, point)
    }

    fn multiply_gt(self, a: &Fq12, b: &Fq12) -> Fq12 {
        *a * b
    }

    fn pow_gt(self, a: &Fq12, digits: [u64; 4]) -> Fq12 {
        power::pow(a, digits)
    }

    fn pow_fixed(self, table: &Windows, digits: [u64; 4]) -> Fq12 {
        table.pow(digits)
    }

    fn in_gt(self, f: &Fq12) -> bool {
        in_cyclotomic_subgroup(f) && self.frobenius_is_x(f)
    }

    fn frobenius_is_x(self, f: &Fq12) -> bool {
        power::frobenius_is_x(f)
    }

    fn inverse(self, x: &Fq) -> Option<Fq> {
        x.inverse()
    }
}

fn in_subgroup<P: SWCurveConfig>(what: &'static str, point: Affine<P>) -> Result<Affine<P>, DecodeError> {
    if point.is_in_correct_subgroup_assuming_on_curve() { Ok(point) } else { Err(DecodeError::NotInSubgroup { what }) }
}

/// f ≠ 0 and f^(p^4)·f = f^(p^2): f lies in the cyclotomic subgroup, of order Φ12(p).
fn in_cyclotomic_subgroup(f: &Fq12) -> bool {
    *f != Fq12::ZERO && f.frobenius_map(4) * f == f.frobenius_map(2)
}

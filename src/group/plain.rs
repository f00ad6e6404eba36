//! The reference engine: arkworks, one operation at a time. Every other engine is held equal to it, bit for bit.

use super::power;
use crate::error::DecodeError;
use ark_bls12_381::{Bls12_381, Fq, Fq2, Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, BigInteger384, Field, One, PrimeField};
use std::sync::LazyLock;

/// Bytes of a coefficient in F_p, big-endian.
pub(super) const FQ_BYTES: usize = 48;

/// Flag bits of the first byte of an encoding (the Zcash convention; p leaves the top three bits free).
mod flag {
    pub(super) const COMPRESSED: u8 = 0x80;
    pub(super) const INFINITY: u8 = 0x40;
    pub(super) const LARGER_Y: u8 = 0x20;
    pub(super) const ALL: u8 = COMPRESSED | INFINITY | LARGER_Y;
}

pub(super) fn generator<P: SWCurveConfig>() -> Affine<P> {
    Affine::generator()
}

pub(super) fn identity<P: SWCurveConfig>() -> Affine<P> {
    Affine::identity()
}

pub(super) fn is_identity<P: SWCurveConfig>(point: &Affine<P>) -> bool {
    point.is_zero()
}

pub(super) fn pow_g1(point: &G1Affine, exponent: Fr) -> G1Affine {
    (*point * exponent).into_affine()
}

/// The multiples of the generator of G1: 32 windows of 8 bits, 851,968 bytes.
static GENERATOR: LazyLock<BatchMulPreprocessing<G1Projective>> =
    LazyLock::new(|| BatchMulPreprocessing::new(G1Projective::generator(), 1 << 12));

/// Powers of the generator of G1: 32 additions each, and one inversion for all.
pub(super) fn pow_generator_batch(exponents: &[Fr]) -> Vec<G1Affine> {
    GENERATOR.batch_mul(exponents)
}

pub(super) fn pow_g2(point: &G2Affine, exponent: Fr) -> G2Affine {
    (*point * exponent).into_affine()
}

/// e(P, Q), the final exponentiation included.
pub(super) fn pairing(p: &G1Affine, q: &G2Affine) -> Fq12 {
    Bls12_381::pairing(p, q).0
}

/// The line coefficients of a fixed second argument.
pub(super) type Lines = <Bls12_381 as Pairing>::G2Prepared;

pub(super) fn prepare(q: &G2Affine) -> Lines {
    q.into()
}

/// e(P, Q) with the lines of Q at hand.
pub(super) fn pairing_prepared(p: &G1Affine, q: &Lines) -> Fq12 {
    final_exponentiation(&miller_loop(p, q))
}

pub(super) fn miller_loop(p: &G1Affine, q: &Lines) -> Fq12 {
    Bls12_381::multi_miller_loop([p], [q.clone()]).0
}

pub(super) fn final_exponentiation(f: &Fq12) -> Fq12 {
    // Absent only for f = 0, which no Miller loop of points of the curve returns.
    Bls12_381::final_exponentiation(MillerLoopOutput(*f)).map_or_else(Fq12::one, |e| e.0)
}

pub(super) fn encode_g1(point: &G1Affine) -> [u8; 48] {
    let mut out = [0; 48];
    match point.xy() {
        None => out[0] = flag::COMPRESSED | flag::INFINITY,
        Some((x, y)) => {
            out = encode_fq(&x);
            out[0] |= flag::COMPRESSED | if y > -y { flag::LARGER_Y } else { 0 };
        }
    }
    out
}

pub(super) fn encode_g2(point: &G2Affine) -> [u8; 96] {
    let mut out = [0; 96];
    match point.xy() {
        None => out[0] = flag::COMPRESSED | flag::INFINITY,
        Some((x, y)) => {
            // The high coefficient stands first.
            out[..48].copy_from_slice(&encode_fq(&x.c1));
            out[48..].copy_from_slice(&encode_fq(&x.c0));
            out[0] |= flag::COMPRESSED | if y > -y { flag::LARGER_Y } else { 0 };
        }
    }
    out
}

pub(super) fn decode_g1(bytes: &[u8; 48]) -> Result<G1Affine, DecodeError> {
    let what = "G1";
    let (larger, stripped) = flags(what, bytes)?;
    let x = decode_fq(&stripped).ok_or(DecodeError::NonCanonical { what })?;
    let point = G1Affine::get_point_from_x_unchecked(x, larger).ok_or(DecodeError::NotOnCurve { what })?;
    in_subgroup(what, point)
}

pub(super) fn decode_g2(bytes: &[u8; 96]) -> Result<G2Affine, DecodeError> {
    let what = "G2";
    let (larger, stripped) = flags(what, bytes)?;
    let ([c1, c0], []) = stripped.as_chunks::<FQ_BYTES>() else { unreachable!("96 = 2·48") };
    let c1 = decode_fq(c1).ok_or(DecodeError::NonCanonical { what })?;
    let c0 = decode_fq(c0).ok_or(DecodeError::NonCanonical { what })?;
    let point =
        G2Affine::get_point_from_x_unchecked(Fq2::new(c0, c1), larger).ok_or(DecodeError::NotOnCurve { what })?;
    in_subgroup(what, point)
}

/// Checks the flags of a compressed, finite point; returns the sign bit and the bytes without flags.
pub(super) fn flags<const N: usize>(what: &'static str, bytes: &[u8; N]) -> Result<(bool, [u8; N]), DecodeError> {
    let mut stripped = *bytes;
    stripped[0] &= !flag::ALL;
    match bytes[0] & flag::ALL {
        flag::COMPRESSED => Ok((false, stripped)),
        f if f == flag::COMPRESSED | flag::LARGER_Y => Ok((true, stripped)),
        f if f == flag::COMPRESSED | flag::INFINITY && stripped == [0; N] => Err(DecodeError::Identity { what }),
        f if f == flag::COMPRESSED | flag::INFINITY => Err(DecodeError::NonCanonical { what }),
        _ => Err(DecodeError::Flags { what }),
    }
}

fn in_subgroup<P: SWCurveConfig>(what: &'static str, point: Affine<P>) -> Result<Affine<P>, DecodeError> {
    if point.is_in_correct_subgroup_assuming_on_curve() { Ok(point) } else { Err(DecodeError::NotInSubgroup { what }) }
}

pub(super) fn encode_fq(x: &Fq) -> [u8; FQ_BYTES] {
    write_integer(&x.into_bigint().0)
}

/// None for a value of p or above.
pub(super) fn decode_fq(bytes: &[u8; FQ_BYTES]) -> Option<Fq> {
    integer(bytes).and_then(|limbs| Fq::from_bigint(BigInteger384::new(limbs)))
}

pub(super) fn write_integer(limbs: &[u64; 6]) -> [u8; FQ_BYTES] {
    let mut out = [0; FQ_BYTES];
    for (chunk, limb) in out.rchunks_exact_mut(8).zip(limbs) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    out
}

/// The integer, lowest limb first; none for a value of p or above.
pub(super) fn integer(bytes: &[u8; FQ_BYTES]) -> Option<[u64; 6]> {
    let mut limbs = [0; 6];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_rchunks::<8>().1.iter().rev()) {
        *limb = u64::from_be_bytes(*chunk);
    }
    (BigInteger384::new(limbs) < Fq::MODULUS).then_some(limbs)
}

pub(super) fn multiply_gt(a: &Fq12, b: &Fq12) -> Fq12 {
    *a * b
}

pub(super) fn pow_gt(base: &Fq12, digits: [u64; 4]) -> Fq12 {
    power::pow(base, digits)
}

pub(super) fn pow_fixed(table: &power::Windows, digits: [u64; 4]) -> Fq12 {
    table.pow(digits)
}

/// 1/x; none for 0.
pub(super) fn inverse(x: &Fq) -> Option<Fq> {
    x.inverse()
}

/// f lies in the subgroup of order q; `f` is any element of F_p¹².
pub(super) fn in_gt(f: &Fq12) -> bool {
    in_cyclotomic_subgroup(f) && frobenius_is_x(f)
}

/// As [`in_gt`], for an element that is known to lie in the cyclotomic subgroup.
pub(super) fn frobenius_is_x(f: &Fq12) -> bool {
    power::frobenius_is_x(f)
}

/// f ≠ 0 and f^(p^4)·f = f^(p^2): f lies in the cyclotomic subgroup, of order Φ12(p).
fn in_cyclotomic_subgroup(f: &Fq12) -> bool {
    *f != Fq12::ZERO && f.frobenius_map(4) * f == f.frobenius_map(2)
}

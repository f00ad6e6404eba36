//! The reference engine: arkworks, one operation at a time. Every other engine equals this one, bit for bit.
//!
//! This engine is not constant-time: arkworks branches on the values of field elements and on the bits of exponents.

use super::backend::Backend;
use super::comb::{self, Points};
use super::encoding::{FQ_BYTES, decode_fq, flags};
use super::power::{self, Cyclotomic, Table};
use crate::constant_time::Mask;
use crate::error::DecodeError;
use crate::hash::sha256;
use ark_bls12_381::{Bls12_381, Fq, Fq2, Fq12, Fr, G1Affine, G1Projective, G2Affine, g2};
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurve;
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, BigInteger384, Field, PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

pub(super) fn generator<P: SWCurveConfig>() -> Affine<P> {
    Affine::generator()
}

pub(super) fn identity<P: SWCurveConfig>() -> Affine<P> {
    Affine::identity()
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
    fn coefficients(&self) -> Option<&[(Fq2, Fq2, Fq2)]> {
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
        Bls12_381::final_exponentiation(MillerLoopOutput(*f)).map_or(Fq12::ONE, |e| e.0)
    }

    fn pow_g1(self, p: &G1Affine, k: Fr) -> G1Affine {
        (*p * k).into_affine()
    }

    fn pow_g2(self, q: &G2Affine, k: Fr) -> G2Affine {
        (*q * k).into_affine()
    }

    fn multiply_g1(self, a: &G1Affine, b: &G1Affine) -> G1Affine {
        (*a + b).into_affine()
    }

    fn multiply_g2(self, a: &G2Affine, b: &G2Affine) -> G2Affine {
        (*a + b).into_affine()
    }

    fn invert_g1(self, p: &G1Affine) -> G1Affine {
        -*p
    }

    fn invert_g2(self, q: &G2Affine) -> G2Affine {
        -*q
    }

    /// The map, the isogeny and the cofactor are those of arkworks. The hash to the field is implemented here, since
    /// the one of arkworks takes hash functions of another version of `digest`.
    fn hash_g2(self, message: &[u8], dst: &[u8]) -> G2Affine {
        const BYTES: usize = 64; // L of the suite, for each of four coefficients
        let uniform = Zeroizing::new(expand_message_xmd(message, dst));
        let coefficient = |i: usize| Fq::from_be_bytes_mod_order(&uniform[BYTES * i..][..BYTES]);
        let map = |i| {
            let mapped = WBMap::<g2::Config>::map_to_curve(Fq2::new(coefficient(i), coefficient(i + 1)));
            // The map is total; it fails for parameters of a curve that do not suit the map.
            mapped.unwrap_or_else(|_| unreachable!("the parameters of the standard"))
        };
        (map(0) + map(2)).into_affine().clear_cofactor()
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

    fn conjugate(self, a: &Fq12) -> Fq12 {
        Cyclotomic::conjugate(a)
    }

    fn pow_gt(self, a: &Fq12, k: Fr) -> Fq12 {
        power::pow(a, k)
    }

    fn table(self, base: &Fq12) -> Table {
        Table::new(base)
    }

    fn pow_table(self, table: &Table, k: Fr) -> Fq12 {
        table.pow(k)
    }

    fn in_gt(self, f: &Fq12) -> bool {
        in_cyclotomic_subgroup(f) && self.frobenius_is_x(f)
    }

    fn frobenius_is_x(self, f: &Fq12) -> bool {
        power::frobenius_is_x(f)
    }

    fn line_quotients(self, lines: &Lines) -> Option<Vec<[Fq2; 2]>> {
        let lines = lines.coefficients()?;
        let mut inverses = Zeroizing::new(lines.iter().map(|line| line.2).collect::<Vec<_>>());
        ark_ff::batch_inversion(&mut inverses); // l4 is never 0 for a point of order q
        Some(lines.iter().zip(inverses.iter()).map(|(line, inverse)| [line.0 * inverse, line.1 * inverse]).collect())
    }

    fn multiply(self, x: &Fq, y: &Fq) -> Fq {
        *x * y
    }

    fn inverse(self, x: &Fq) -> Fq {
        x.inverse().unwrap_or(Fq::ZERO)
    }

    fn multiexp_g1_vartime(self, powers: &[(&G1Affine, i128)]) -> G1Affine {
        let (points, exponents): (Vec<G1Affine>, Vec<Fr>) = powers.iter().map(|(p, w)| (**p, Fr::from(*w))).unzip();
        G1Projective::msm_unchecked(&points, &exponents).into_affine()
    }

    fn pow_generator_all(self, exponents: &[Fr]) -> Vec<G1Affine> {
        let powers: Vec<G1Projective> = exponents.iter().map(|k| comb::pow(*k)).collect();
        G1Projective::normalize_batch(&powers)
    }
}

impl Points for G1Projective {
    fn first(x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        Self::zero().add(x_and_y, negative)
    }

    fn add(&self, x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        let (limbs, _) = x_and_y.as_chunks();
        let [x, y] = [limbs[0], limbs[1]].map(|limbs| Fq::new_unchecked(BigInteger384::new(limbs)));
        *self + G1Affine::new_unchecked(x, if negative == 0 { y } else { -y })
    }

    fn add_any(&self, x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        self.add(x_and_y, negative)
    }
}

/// expand_message_xmd of RFC 9380, section 5.3.1, with SHA-256 and 256 bytes of output: eight blocks.
fn expand_message_xmd(message: &[u8], dst: &[u8]) -> Vec<u8> {
    let short; // section 5.3.3
    let dst = if dst.len() > 255 {
        short = sha256(&[b"H2C-OVERSIZE-DST-", dst]).0;
        &short
    } else {
        dst
    };
    let length = [u8::try_from(dst.len()).unwrap_or(u8::MAX)];
    let first = sha256(&[&[0; 64], message, &[1, 0], &[0], dst, &length]).0; // 0x0100 bytes
    let mut block = [0; 32];
    let blocks = (1..=8_u8).flat_map(|i| {
        let mixed: [u8; 32] = core::array::from_fn(|j| first[j] ^ block[j]);
        block = sha256(&[&mixed, &[i], dst, &length]).0;
        block
    });
    blocks.collect()
}

fn in_subgroup<P: SWCurveConfig>(what: &'static str, point: Affine<P>) -> Result<Affine<P>, DecodeError> {
    if point.is_in_correct_subgroup_assuming_on_curve() { Ok(point) } else { Err(DecodeError::NotInSubgroup { what }) }
}

/// f ≠ 0 and f^(p^4)·f = f^(p^2): f lies in the cyclotomic subgroup, of order Φ12(p).
fn in_cyclotomic_subgroup(f: &Fq12) -> bool {
    *f != Fq12::ZERO && f.frobenius_map(4) * f == f.frobenius_map(2)
}

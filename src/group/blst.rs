//! The engine blst: one operation at a time, by the assembly of the blst library.
//!
//! arkworks and blst hold a value as the same Montgomery limbs (R = 2^384) in the same tower, so a conversion copies
//! limbs.
#![allow(unsafe_code)] // the library's C functions; each call states why it is sound

use super::backend::Backend;
use super::encoding::flags;
use super::power::{self, Cyclotomic, Windows};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInteger384, Field, PrimeField};
use blst::{
    BLST_ERROR, blst_fp, blst_fp_inverse, blst_fp2, blst_fp6, blst_fp12, blst_fp12_conjugate, blst_fp12_cyclotomic_sqr,
    blst_fp12_frobenius_map, blst_miller_loop_lines, blst_p1, blst_p1_affine, blst_p1_affine_in_g1,
    blst_p1_from_affine, blst_p1_mult, blst_p1_to_affine, blst_p1_uncompress, blst_p2, blst_p2_affine,
    blst_p2_affine_in_g2, blst_p2_from_affine, blst_p2_mult, blst_p2_to_affine, blst_p2_uncompress,
    blst_precompute_lines,
};
use zeroize::Zeroize;

/// Lines of the Miller loop with a fixed second argument: 63 doublings and 5 additions.
const LINES: usize = 68;

/// The engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blst;

/// The lines of a fixed second argument, 19,584 bytes; none for the identity. Overwritten when dropped.
#[derive(Clone)]
pub(super) struct Lines(Option<Box<[blst_fp6]>>);

impl Zeroize for Lines {
    fn zeroize(&mut self) {
        let elements = self.0.iter_mut().flatten().flat_map(|line| &mut line.fp2).flat_map(|x| &mut x.fp);
        elements.for_each(|x| x.l.zeroize());
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl Backend for Blst {
    type Lines = Lines;

    fn pairing(self, p: &G1Affine, q: &G2Affine) -> Fq12 {
        if p.is_zero() || q.is_zero() {
            return Fq12::ONE;
        }
        from_fp12(&blst_fp12::miller_loop(&to_p2(q), &to_p1(p)).final_exp())
    }

    fn prepare(self, q: &G2Affine) -> Lines {
        if q.is_zero() {
            return Lines(None);
        }
        let mut lines = vec![blst_fp6::default(); LINES].into_boxed_slice();
        // SAFETY: the function writes exactly 68 elements: 63 doublings and the 5 additions of |x|.
        unsafe { blst_precompute_lines(lines.as_mut_ptr(), &to_p2(q)) };
        Lines(Some(lines))
    }

    fn miller_loop(self, p: &G1Affine, lines: &Lines) -> Fq12 {
        let Some(lines) = lines.0.as_ref().filter(|_| !p.is_zero()) else {
            return Fq12::ONE;
        };
        let mut f = blst_fp12::default();
        // SAFETY: reads the 68 elements of `lines`; `f` and the point are valid for the call.
        unsafe { blst_miller_loop_lines(&raw mut f, lines.as_ptr(), &to_p1(p)) };
        from_fp12(&f)
    }

    fn final_exponentiation(self, f: &Fq12) -> Fq12 {
        from_fp12(&to_fp12(f).final_exp())
    }

    fn pow_g1(self, point: &G1Affine, exponent: Fr) -> G1Affine {
        if point.is_zero() {
            return *point;
        }
        let scalar = little_endian(exponent);
        let (mut p, mut affine) = (blst_p1::default(), blst_p1_affine::default());
        // SAFETY: all pointers are to locals that outlive the calls; the 255 bits lie in the 32 bytes of `scalar`; blst
        // allows the result in the place of the argument.
        unsafe {
            blst_p1_from_affine(&raw mut p, &to_p1(point));
            blst_p1_mult(&raw mut p, &raw const p, scalar.as_ptr(), 255);
            blst_p1_to_affine(&raw mut affine, &raw const p);
        }
        from_p1(&affine)
    }

    fn pow_g2(self, point: &G2Affine, exponent: Fr) -> G2Affine {
        if point.is_zero() {
            return *point;
        }
        let scalar = little_endian(exponent);
        let (mut p, mut affine) = (blst_p2::default(), blst_p2_affine::default());
        // SAFETY: as in `pow_g1`.
        unsafe {
            blst_p2_from_affine(&raw mut p, &to_p2(point));
            blst_p2_mult(&raw mut p, &raw const p, scalar.as_ptr(), 255);
            blst_p2_to_affine(&raw mut affine, &raw const p);
        }
        from_p2(&affine)
    }

    fn decode_g1(self, bytes: &[u8; 48]) -> Result<G1Affine, DecodeError> {
        let what = "G1";
        flags(what, bytes)?;
        let mut point = blst_p1_affine::default();
        // SAFETY: reads the 48 bytes of a compressed point (the flag was checked), writes `point`.
        curve(what, unsafe { blst_p1_uncompress(&raw mut point, bytes.as_ptr()) })?;
        // SAFETY: reads `point`, which was written above.
        if unsafe { blst_p1_affine_in_g1(&raw const point) } {
            Ok(from_p1(&point))
        } else {
            Err(DecodeError::NotInSubgroup { what })
        }
    }

    fn decode_g2(self, bytes: &[u8; 96]) -> Result<G2Affine, DecodeError> {
        let what = "G2";
        flags(what, bytes)?;
        let mut point = blst_p2_affine::default();
        // SAFETY: reads the 96 bytes of a compressed point (the flag was checked), writes `point`.
        curve(what, unsafe { blst_p2_uncompress(&raw mut point, bytes.as_ptr()) })?;
        // SAFETY: reads `point`, which was written above.
        if unsafe { blst_p2_affine_in_g2(&raw const point) } {
            Ok(from_p2(&point))
        } else {
            Err(DecodeError::NotInSubgroup { what })
        }
    }

    fn multiply_gt(self, a: &Fq12, b: &Fq12) -> Fq12 {
        from_fp12(&(to_fp12(a) * to_fp12(b)))
    }

    fn pow_gt(self, a: &Fq12, digits: [u64; 4]) -> Fq12 {
        from_fp12(&power::pow(&to_fp12(a), digits))
    }

    fn pow_fixed(self, table: &Windows, digits: [u64; 4]) -> Fq12 {
        from_fp12(&table.pow::<blst_fp12>(digits))
    }

    fn in_gt(self, f: &Fq12) -> bool {
        to_fp12(f).in_group()
    }

    fn frobenius_is_x(self, f: &Fq12) -> bool {
        power::frobenius_is_x(&to_fp12(f))
    }

    fn inverse(self, x: &Fq) -> Option<Fq> {
        let mut out = blst_fp::default();
        // SAFETY: reads and writes locals.
        unsafe { blst_fp_inverse(&raw mut out, &to_fp(x)) };
        (*x != Fq::ZERO).then(|| from_fp(&out))
    }
}

/// blst's answer as the error of the reference engine. (0, ±2) lies on the curve and has order 3; blst reports it as
/// outside the group while it decompresses.
const fn curve(what: &'static str, answer: BLST_ERROR) -> Result<(), DecodeError> {
    match answer {
        BLST_ERROR::BLST_SUCCESS => Ok(()),
        BLST_ERROR::BLST_POINT_NOT_ON_CURVE => Err(DecodeError::NotOnCurve { what }),
        BLST_ERROR::BLST_POINT_NOT_IN_GROUP => Err(DecodeError::NotInSubgroup { what }),
        _ => Err(DecodeError::NonCanonical { what }),
    }
}

impl Cyclotomic for blst_fp12 {
    fn one() -> Self {
        Self::default()
    }

    fn times(&self, other: &Self) -> Self {
        *self * *other
    }

    fn squared(&self) -> Self {
        let mut out = Self::default();
        // SAFETY: reads and writes valid elements.
        unsafe { blst_fp12_cyclotomic_sqr(&raw mut out, self) };
        out
    }

    fn conjugate(&self) -> Self {
        let mut out = *self;
        // SAFETY: works in place on a valid element.
        unsafe { blst_fp12_conjugate(&raw mut out) };
        out
    }

    fn frobenius(&self, n: usize) -> Self {
        let mut out = Self::default();
        // SAFETY: reads and writes valid elements; n is 1, 2 or 3 (a debug build asserts it).
        debug_assert!((1..4).contains(&n));
        unsafe { blst_fp12_frobenius_map(&raw mut out, self, n) };
        out
    }

    fn load(value: &Fq12) -> Self {
        to_fp12(value)
    }
}

fn little_endian(exponent: Fr) -> [u8; 32] {
    let mut out = [0; 32];
    for (chunk, limb) in out.chunks_exact_mut(8).zip(exponent.into_bigint().0) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    out
}

const fn to_fp(x: &Fq) -> blst_fp {
    blst_fp { l: x.0.0 }
}

const fn from_fp(x: &blst_fp) -> Fq {
    Fq::new_unchecked(BigInteger384::new(x.l))
}

const fn to_fp2(x: &Fq2) -> blst_fp2 {
    blst_fp2 { fp: [to_fp(&x.c0), to_fp(&x.c1)] }
}

const fn from_fp2(x: &blst_fp2) -> Fq2 {
    Fq2::new(from_fp(&x.fp[0]), from_fp(&x.fp[1]))
}

const fn to_fp6(x: &Fq6) -> blst_fp6 {
    blst_fp6 { fp2: [to_fp2(&x.c0), to_fp2(&x.c1), to_fp2(&x.c2)] }
}

const fn from_fp6(x: &blst_fp6) -> Fq6 {
    Fq6::new(from_fp2(&x.fp2[0]), from_fp2(&x.fp2[1]), from_fp2(&x.fp2[2]))
}

const fn to_fp12(x: &Fq12) -> blst_fp12 {
    blst_fp12 { fp6: [to_fp6(&x.c0), to_fp6(&x.c1)] }
}

const fn from_fp12(x: &blst_fp12) -> Fq12 {
    Fq12::new(from_fp6(&x.fp6[0]), from_fp6(&x.fp6[1]))
}

/// A finite point.
const fn to_p1(p: &G1Affine) -> blst_p1_affine {
    blst_p1_affine { x: to_fp(&p.x), y: to_fp(&p.y) }
}

/// blst marks the identity by x = y = 0, which is on neither curve.
fn from_p1(p: &blst_p1_affine) -> G1Affine {
    if *p == blst_p1_affine::default() {
        return G1Affine::identity();
    }
    G1Affine::new_unchecked(from_fp(&p.x), from_fp(&p.y))
}

/// A finite point.
const fn to_p2(q: &G2Affine) -> blst_p2_affine {
    blst_p2_affine { x: to_fp2(&q.x), y: to_fp2(&q.y) }
}

fn from_p2(q: &blst_p2_affine) -> G2Affine {
    if *q == blst_p2_affine::default() {
        return G2Affine::identity();
    }
    G2Affine::new_unchecked(from_fp2(&q.x), from_fp2(&q.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overwritten_lines_are_zero() {
        let mut lines = Blst.prepare(&G2Affine::generator());
        assert!(lines.0.iter().flatten().all(|line| *line != blst_fp6::default()));
        lines.zeroize();
        assert!(lines.0.iter().flatten().all(|line| *line == blst_fp6::default()));
    }
}

//! Torus compression of GT: a third of the bytes of the coefficients, and exactly one encoding for each element.
//!
//! With F_p¹² = F_p⁶(w), w² = v, F_p⁶ = F_p²(v), v³ = ξ = 1 + u, an element g = g0 + g1·w of GT has g0² − v·g1² = 1.
//! - T2 (Granger, Page, Stam; eprint 2007/429): c = (1 + g0)/g1 in F_p⁶ and back g = (c + w)/(c − w)
//!   = ((c² + v) + 2c·w)/(c² − v). Only g = 1 has no c (g = −1 is not of order q).
//! - T6: membership of the cyclotomic subgroup ties the coefficients of c = a0 + a1·v + a2·v² by
//!   a0·a1 = ξ·a2² + 1/3, so (a0, a2) determines c. a0 is never 0: −1/(3ξ) is no square in F_p².
//!
//! Layout: T6 is two elements of F_p² and T2 three, the coefficient of 1 before that of u, 48 bytes each, big-endian.
//! The encoder and the decoders take the engine's inversion in F_p, which gives 0 for 0. The encoder takes the same steps
//! for every element; the decoders read public elements alone and have branches.
//!
//! The three top bits of the first byte are the form's flag: [`REGULAR`], [`ONE`] (all other bits zero) or, T6 alone,
//! [`A0_IS_ZERO`].

use super::encoding::{FQ_BYTES, decode_fq, encode_fq, integer, write_integer};
use crate::constant_time::{Mask, all_zero, select};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12};
use ark_ff::{AdditiveGroup, Field, MontFp, One, Zero};

const REGULAR: u8 = 0b100 << 5;
const ONE: u8 = 0b110 << 5;
const A0_IS_ZERO: u8 = 0b101 << 5;
const FLAGS: u8 = 0b111 << 5;

const WHAT: &str = "GT";
/// 1/3.
pub(super) const THIRD: Fq2 = Fq2::new(
    MontFp!(
        "2668273036814444928945193217157269437704588546626005256888038757416021100327225242961791752752677109358596181706525"
    ),
    Fq::ZERO,
);

/// The T2 form of c; the form of 1 for 0.
pub(super) fn write_t2(c: &Fq6) -> [u8; 288] {
    write(&[c.c0, c.c1, c.c2])
}

/// The result is unitary (g·ḡ = 1), not yet known to lie in the cyclotomic subgroup.
pub(super) fn decode_t2(bytes: &[u8; 288], inverse: impl Fn(&Fq) -> Fq) -> Result<Fq12, DecodeError> {
    let (flag, [c0, c1, c2]) = take(bytes)?;
    match flag {
        ONE if [c0, c1, c2].iter().all(Zero::is_zero) => Ok(Fq12::one()),
        ONE => Err(DecodeError::NonCanonical { what: WHAT }),
        REGULAR => Ok(decompress_t2(&Fq6::new(c0, c1, c2), &Fq2::ONE, inverse)),
        _ => Err(DecodeError::Flags { what: WHAT }),
    }
}

/// The T6 form of c; the form of 1 for 0.
pub(super) fn write_t6(c: &Fq6) -> [u8; 192] {
    write(&[c.c0, c.c2])
}

/// The result lies in the cyclotomic subgroup: each (a0, a2) with a0 ≠ 0 is a point of the torus T6. One inversion:
/// with t = ξ·a2² + 1/3 = a0·a1, c = (a0² + t·v + a0·a2·v²)/a0.
pub(super) fn decode_t6(bytes: &[u8; 192], inverse: impl Fn(&Fq) -> Fq) -> Result<Fq12, DecodeError> {
    let (flag, [first, a2]) = take(bytes)?;
    let xi_a2_squared_plus_third = times_xi(a2.square()) + THIRD;
    match flag {
        ONE if first.is_zero() && a2.is_zero() => Ok(Fq12::one()),
        ONE => Err(DecodeError::NonCanonical { what: WHAT }),
        REGULAR if first.is_zero() => Err(DecodeError::NonCanonical { what: WHAT }),
        REGULAR => {
            let cd = Fq6::new(first.square(), xi_a2_squared_plus_third, first * a2);
            Ok(decompress_t2(&cd, &first, inverse))
        }
        A0_IS_ZERO => Err(DecodeError::NotInSubgroup { what: WHAT }),
        _ => Err(DecodeError::Flags { what: WHAT }),
    }
}

/// a0 and a2 of the regular form as integers below p; none for the other forms and for bytes that are no encoding.
pub(super) fn read_regular(bytes: &[u8; 192]) -> Option<[[u64; 6]; 4]> {
    let mut stripped = *bytes;
    stripped[0] &= !FLAGS;
    let (chunks, _) = stripped.as_chunks();
    let [a, b, c, d] = chunks else { return None };
    if bytes[0] & FLAGS != REGULAR {
        return None;
    }
    Some([integer(a)?, integer(b)?, integer(c)?, integer(d)?])
}

/// The regular form of (a0, a2), a0 ≠ 0.
pub(super) fn write_regular(coordinates: &[[u64; 6]; 4]) -> [u8; 192] {
    let mut out = [0; 192];
    for (chunk, x) in out.as_chunks_mut().0.iter_mut().zip(coordinates) {
        *chunk = write_integer(x);
    }
    out[0] |= REGULAR;
    out
}

/// c = (1 + g0)/g1; 0 where g1 = 0, in GT the identity alone.
pub(super) fn compress_t2(g: &Fq12, inverse: impl Fn(&Fq) -> Fq) -> Fq6 {
    (g.c0 + Fq6::one()) * inverse6(&g.c1, inverse)
}

/// From c·d and d ≠ 0: g = ((c² + v) + 2c·w)/(c² − v). The denominator is never zero: v is no square in F_p⁶.
fn decompress_t2(cd: &Fq6, d: &Fq2, inverse: impl Fn(&Fq) -> Fq) -> Fq12 {
    let vdd = Fq6::new(Fq2::ZERO, d.square(), Fq2::ZERO);
    let square = cd.square();
    let inverse = inverse6(&(square - vdd), inverse);
    let mut twice = cd.double();
    twice.mul_by_fp2(d);
    Fq12::new((square + vdd) * inverse, twice * inverse)
}

/// 1/x by one inversion in F_p; 0 for 0.
fn inverse6(x: &Fq6, inverse: impl Fn(&Fq) -> Fq) -> Fq6 {
    let (a, b, c) = (x.c0, x.c1, x.c2);
    let cofactors = [a.square() - times_xi(b * c), times_xi(c.square()) - a * b, b.square() - a * c];
    let norm = times_xi(c * cofactors[1] + b * cofactors[2]) + a * cofactors[0];
    let scale = inverse(&(norm.c0.square() + norm.c1.square()));
    let inverse = Fq2::new(norm.c0 * scale, -norm.c1 * scale);
    let [x, y, z] = cofactors.map(|x| x * inverse);
    Fq6::new(x, y, z)
}

/// (1 + u)·x.
fn times_xi(x: Fq2) -> Fq2 {
    Fq2::new(x.c0 - x.c1, x.c0 + x.c1)
}

/// The coefficients with the flag: [`ONE`] where all are zero, else [`REGULAR`].
fn write<const N: usize>(elements: &[Fq2]) -> [u8; N] {
    let mut out = [0; N];
    let coefficients = || elements.iter().flat_map(|e| [e.c0, e.c1]);
    for (chunk, x) in out.chunks_exact_mut(FQ_BYTES).zip(coefficients()) {
        chunk.copy_from_slice(&encode_fq(&x));
    }
    let one = coefficients().fold(Mask::MAX, |zero, x| zero & all_zero(&x.0.0));
    out[0] |= select(one, ONE.into(), REGULAR.into()).to_le_bytes()[0];
    out
}

/// Splits off the flag and reads `N` elements of F_p².
fn take<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> Result<(u8, [Fq2; N]), DecodeError> {
    const { assert!(BYTES == 2 * N * FQ_BYTES) };
    let mut stripped = *bytes;
    stripped[0] &= !FLAGS;
    let mut elements = [Fq2::ZERO; N];
    let (pairs, _) = stripped.as_chunks::<{ 2 * FQ_BYTES }>();
    for (element, pair) in elements.iter_mut().zip(pairs) {
        let (halves, _) = pair.as_chunks::<FQ_BYTES>();
        let read = |half| decode_fq(half).ok_or(DecodeError::NonCanonical { what: WHAT });
        *element = Fq2::new(read(&halves[0])?, read(&halves[1])?);
    }
    Ok((bytes[0] & FLAGS, elements))
}

#[cfg(test)]
mod tests;

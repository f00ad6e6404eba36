//! The engine blst: one operation at a time, by the assembly of the blst library.
//!
//! arkworks and blst hold a value as the same Montgomery limbs (R = 2^384) in the same tower, so a conversion copies
//! limbs.
#![allow(unsafe_code)] // the library's C functions; each call states why it is sound

use super::backend::Backend;
use super::comb::{self, Points};
use super::encoding::flags;
use super::power::{self, Cyclotomic, Table, WORDS6};
use super::traits::is_identity;
use super::{encoding, field};
use crate::constant_time::{Mask, all_zero, declassify, equal, mask, select};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G2Affine};
use ark_ff::{BigInteger384, Field, MontFp};
use blst::{
    BLST_ERROR, blst_fp, blst_fp_add, blst_fp_cneg, blst_fp_inverse, blst_fp_mul, blst_fp_sqr, blst_fp_sub, blst_fp2,
    blst_fp2_add, blst_fp2_cneg, blst_fp2_inverse, blst_fp2_mul, blst_fp2_sqr, blst_fp2_sub, blst_fp6, blst_fp12,
    blst_fp12_conjugate, blst_fp12_cyclotomic_sqr, blst_fp12_frobenius_map, blst_fp12_inverse, blst_hash_to_g2,
    blst_miller_loop_lines, blst_p1, blst_p1_add_affine, blst_p1_add_or_double_affine, blst_p1_affine,
    blst_p1_affine_compress, blst_p1_affine_in_g1, blst_p1_from_affine, blst_p1_uncompress, blst_p1s_mult_pippenger,
    blst_p1s_mult_pippenger_scratch_sizeof, blst_p2, blst_p2_affine, blst_p2_affine_compress, blst_p2_affine_in_g2,
    blst_p2_from_affine, blst_p2_to_affine, blst_p2_uncompress, blst_precompute_lines, blst_scalar, blst_sign_pk_in_g1,
    blst_sign_pk_in_g2,
};
use std::ptr::null;
use zeroize::Zeroize;

/// Lines of the Miller loop with a fixed second argument: 63 doublings and 5 additions.
const LINES: usize = 68;

/// 1/2.
const HALF: Fq = MontFp!(
    "2001204777610833696708894912867952078278441409969503942666029068062015825245418932221343814564507832018947136279894"
);

/// The engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blst;

/// The lines of a fixed second argument, 19,584 bytes; none for the identity. Overwritten when dropped.
#[derive(Clone)]
pub(super) struct Lines(Option<Box<[blst_fp6]>>);

impl Zeroize for Lines {
    fn zeroize(&mut self) {
        overwrite(self.0.iter_mut().flatten().flat_map(|line| &mut line.fp2).flat_map(|x| &mut x.fp));
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
        if is_identity(p) || is_identity(q) {
            return Fq12::ONE;
        }
        from_fp12(&blst_fp12::miller_loop(&to_p2(q), &to_p1(p)).final_exp())
    }

    fn prepare(self, q: &G2Affine) -> Lines {
        if is_identity(q) {
            return Lines(None);
        }
        let mut lines = vec![blst_fp6::default(); LINES].into_boxed_slice();
        // SAFETY: the function writes exactly 68 elements: 63 doublings and the 5 additions of |x|.
        unsafe { blst_precompute_lines(lines.as_mut_ptr(), &to_p2(q)) };
        Lines(Some(lines))
    }

    fn miller_loop(self, p: &G1Affine, lines: &Lines) -> Fq12 {
        let Some(lines) = lines.0.as_ref().filter(|_| !is_identity(p)) else {
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
        if is_identity(point) {
            return *point;
        }
        let (mut p, mut power, mut k) = (blst_p1::default(), blst_p1::default(), scalar(exponent));
        // SAFETY: reads and writes locals. The signature of a point with a secret key is its power, affine.
        unsafe {
            blst_p1_from_affine(&raw mut p, &to_p1(point));
            blst_sign_pk_in_g2(&raw mut power, &raw const p, &raw const k);
        }
        k.b.zeroize();
        signature1(&power)
    }

    fn pow_g2(self, point: &G2Affine, exponent: Fr) -> G2Affine {
        if is_identity(point) {
            return *point;
        }
        let (mut p, mut power, mut k) = (blst_p2::default(), blst_p2::default(), scalar(exponent));
        // SAFETY: as in `pow_g1`.
        unsafe {
            blst_p2_from_affine(&raw mut p, &to_p2(point));
            blst_sign_pk_in_g1(&raw mut power, &raw const p, &raw const k);
        }
        k.b.zeroize();
        signature2(&power)
    }

    fn pow_generator_all(self, exponents: &[Fr]) -> Vec<G1Affine> {
        let mut powers: Vec<blst_p1> = exponents.iter().map(|k| comb::pow(*k)).collect();
        // The identity has 1 in place of Z = 0, and gets back its 0 as the inverse.
        let one = blst_fp12::half_one().fp2[0].fp[0];
        let mut z: Vec<blst_fp> = powers.iter().map(|p| selected1(all_zero(&p.z.l), &one, &p.z)).collect();
        let mut inverses = inverses(&z, one, times1, inverse1);
        let affine =
            |(p, inverse): (&blst_p1, _)| affine1(p, &selected1(all_zero(&p.z.l), &blst_fp::default(), inverse));
        let points = powers.iter().zip(&inverses).map(affine).collect();
        // X, Y and Z depend on more of the exponent than the point.
        overwrite(powers.iter_mut().flat_map(|p| [&mut p.x, &mut p.y, &mut p.z]).chain(&mut z).chain(&mut inverses));
        points
    }

    fn multiexp_g1_vartime(self, powers: &[(&G1Affine, i128)]) -> G1Affine {
        const BITS: usize = 128;
        let powers = powers.iter().filter(|(p, _)| !is_identity(p));
        let signed = powers.map(|(p, w)| (to_p1(&if *w < 0 { self.invert_g1(p) } else { **p }), w.unsigned_abs()));
        let (points, exponents): (Vec<_>, Vec<_>) = signed.map(|(p, w)| (p, w.to_le_bytes())).unzip();
        if points.is_empty() {
            return G1Affine::identity();
        }
        let mut sum = blst_p1::default();
        // A list that ends in a null pointer tells blst that the items follow one another in memory.
        let (points_at, exponents_at) = ([points.as_ptr(), null()], [exponents.as_ptr().cast(), null()]);
        // SAFETY: reads the points and the 16 bytes of each exponent; writes `sum` and the scratch of the size that blst asks for.
        unsafe {
            let mut scratch = vec![0_u64; blst_p1s_mult_pippenger_scratch_sizeof(points.len()).div_ceil(8)];
            blst_p1s_mult_pippenger(
                &raw mut sum,
                points_at.as_ptr(),
                points.len(),
                exponents_at.as_ptr(),
                BITS,
                scratch.as_mut_ptr(),
            );
        }
        normalised1(&sum)
    }

    fn multiply_g1(self, a: &G1Affine, b: &G1Affine) -> G1Affine {
        if is_identity(a) || is_identity(b) {
            return if is_identity(a) { *b } else { *a };
        }
        let mut sum = blst_p1::default();
        // SAFETY: reads and writes locals; blst allows the result in the place of the argument.
        unsafe {
            blst_p1_from_affine(&raw mut sum, &to_p1(a));
            blst_p1_add_or_double_affine(&raw mut sum, &raw const sum, &to_p1(b));
        }
        normalised1(&sum)
    }

    fn multiply_g2(self, a: &G2Affine, b: &G2Affine) -> G2Affine {
        if is_identity(a) || is_identity(b) {
            return if is_identity(a) { *b } else { *a };
        }
        sum2(&to_p2(a), &to_p2(b))
    }

    fn invert_g1(self, p: &G1Affine) -> G1Affine {
        let mut inverse = *p;
        inverse.y = from_fp(&negated1(&to_fp(&p.y), Mask::MAX));
        inverse
    }

    fn invert_g2(self, q: &G2Affine) -> G2Affine {
        let mut inverse = *q;
        inverse.y = from_fp2(&negated2(&to_fp2(&q.y), Mask::MAX));
        inverse
    }

    fn hash_g2(self, message: &[u8], dst: &[u8]) -> G2Affine {
        let (mut q, mut affine) = (blst_p2::default(), blst_p2_affine::default());
        // SAFETY: reads the two slices, writes locals; no augmentation, which is 0 bytes.
        unsafe {
            blst_hash_to_g2(&raw mut q, message.as_ptr(), message.len(), dst.as_ptr(), dst.len(), null(), 0);
            blst_p2_to_affine(&raw mut affine, &raw const q);
        }
        from_p2(&affine)
    }

    fn encode_g1(self, p: &G1Affine) -> [u8; 48] {
        if is_identity(p) {
            return encoding::encode_g1(p);
        }
        let mut out = [0; 48];
        // SAFETY: writes the 48 bytes of `out`.
        unsafe { blst_p1_affine_compress(out.as_mut_ptr(), &to_p1(p)) };
        out
    }

    fn encode_g2(self, q: &G2Affine) -> [u8; 96] {
        if is_identity(q) {
            return encoding::encode_g2(q);
        }
        let mut out = [0; 96];
        // SAFETY: writes the 96 bytes of `out`.
        unsafe { blst_p2_affine_compress(out.as_mut_ptr(), &to_p2(q)) };
        out
    }

    fn decode_g1(self, bytes: &[u8; 48]) -> Result<G1Affine, DecodeError> {
        let what = "G1";
        flags(what, bytes)?;
        let mut point = blst_p1_affine::default();
        // SAFETY: reads the 48 bytes of a compressed point (the flag was checked), writes `point`.
        curve(what, unsafe { blst_p1_uncompress(&raw mut point, bytes.as_ptr()) })?;
        // SAFETY: reads `point`, which was written above.
        let member = unsafe { blst_p1_affine_in_g1(&raw const point) };
        if declassify(mask(member.into())) { Ok(from_p1(&point)) } else { Err(DecodeError::NotInSubgroup { what }) }
    }

    fn decode_g2(self, bytes: &[u8; 96]) -> Result<G2Affine, DecodeError> {
        let what = "G2";
        flags(what, bytes)?;
        let mut point = blst_p2_affine::default();
        // SAFETY: reads the 96 bytes of a compressed point (the flag was checked), writes `point`.
        curve(what, unsafe { blst_p2_uncompress(&raw mut point, bytes.as_ptr()) })?;
        // SAFETY: reads `point`, which was written above.
        let member = unsafe { blst_p2_affine_in_g2(&raw const point) };
        if declassify(mask(member.into())) { Ok(from_p2(&point)) } else { Err(DecodeError::NotInSubgroup { what }) }
    }

    fn multiply_gt(self, a: &Fq12, b: &Fq12) -> Fq12 {
        from_fp12(&(to_fp12(a) * to_fp12(b)))
    }

    fn conjugate(self, a: &Fq12) -> Fq12 {
        from_fp12(&to_fp12(a).conjugate())
    }

    fn pow_gt(self, a: &Fq12, k: Fr) -> Fq12 {
        from_fp12(&power::pow(&to_fp12(a), k))
    }

    fn table(self, base: &Fq12) -> Table {
        Table::new(&to_fp12(base))
    }

    fn pow_table(self, table: &Table, k: Fr) -> Fq12 {
        from_fp12(&table.pow::<blst_fp12>(k))
    }

    fn in_gt(self, f: &Fq12) -> bool {
        to_fp12(f).in_group()
    }

    fn frobenius_is_x(self, f: &Fq12) -> bool {
        power::frobenius_is_x(&to_fp12(f))
    }

    /// blst's lines are those of the trait times 2 in the first coefficient and times −1 in the second.
    fn line_quotients(self, lines: &Lines) -> Option<Vec<[Fq2; 2]>> {
        let lines = lines.0.as_deref()?;
        let mut last: Vec<blst_fp2> = lines.iter().map(|line| line.fp2[2]).collect();
        let mut inverses = inverses(&last, blst_fp12::half_one().fp2[0], times2, inverse2);
        let quotients = |(line, inverse): (&blst_fp6, &blst_fp2)| {
            let [mut l0, l1] = [times2(&line.fp2[0], inverse), times2(&line.fp2[1], inverse)];
            l0.fp = l0.fp.map(|x| times1(&x, &to_fp(&HALF)));
            [from_fp2(&l0), from_fp2(&negated2(&l1, Mask::MAX))]
        };
        let quotients = lines.iter().zip(&inverses).map(quotients).collect();
        overwrite(last.iter_mut().chain(&mut inverses).flat_map(|x| &mut x.fp));
        Some(quotients)
    }

    fn multiply(self, x: &Fq, y: &Fq) -> Fq {
        from_fp(&times1(&to_fp(x), &to_fp(y)))
    }

    fn inverse(self, x: &Fq) -> Fq {
        from_fp(&inverse1(&to_fp(x)))
    }

    fn torus(self, g: &Fq12) -> Fq6 {
        from_fp6(&power::torus(&to_fp12(g)))
    }
}

/// blst's answer as the error of the reference engine. (0, ±2) lies on the curve and has order 3; blst reports it as
/// outside the group while it decompresses.
fn curve(what: &'static str, answer: BLST_ERROR) -> Result<(), DecodeError> {
    if declassify(equal(answer as u64, BLST_ERROR::BLST_SUCCESS as u64)) {
        return Ok(());
    }
    Err(match answer {
        BLST_ERROR::BLST_POINT_NOT_ON_CURVE => DecodeError::NotOnCurve { what },
        BLST_ERROR::BLST_POINT_NOT_IN_GROUP => DecodeError::NotInSubgroup { what },
        _ => DecodeError::NonCanonical { what },
    })
}

impl Cyclotomic for blst_fp12 {
    type Half = blst_fp6;

    fn join(halves: [blst_fp6; 2]) -> Self {
        Self { fp6: halves }
    }

    fn halves(&self) -> [blst_fp6; 2] {
        self.fp6
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

    fn inverse(&self) -> Self {
        let mut out = Self::default();
        // SAFETY: reads and writes valid elements.
        unsafe { blst_fp12_inverse(&raw mut out, self) };
        out
    }

    fn half_one() -> blst_fp6 {
        Self::default().fp6[0]
    }

    fn v() -> blst_fp6 {
        let [one, zero, _] = Self::half_one().fp2;
        blst_fp6 { fp2: [zero, one, zero] }
    }

    /// Karatsuba: six products of F_p².
    fn half_times(a: &blst_fp6, b: &blst_fp6) -> blst_fp6 {
        let ([a0, a1, a2], [b0, b1, b2]) = (&a.fp2, &b.fp2);
        let (t0, t1, t2) = (times2(a0, b0), times2(a1, b1), times2(a2, b2));
        let cross = |a: &blst_fp2, b: &blst_fp2, c: &blst_fp2, d: &blst_fp2, t: &blst_fp2, u: &blst_fp2| {
            minus2(&minus2(&times2(&plus2(a, b), &plus2(c, d)), t), u)
        };
        let c12 = cross(a1, a2, b1, b2, &t1, &t2);
        let c01 = cross(a0, a1, b0, b1, &t0, &t1);
        let c02 = cross(a0, a2, b0, b2, &t0, &t2);
        blst_fp6 { fp2: [plus2(&t0, &times_xi(&c12)), plus2(&c01, &times_xi(&t2)), plus2(&c02, &t1)] }
    }

    fn half_plus(a: &blst_fp6, b: &blst_fp6) -> blst_fp6 {
        blst_fp6 { fp2: std::array::from_fn(|i| plus2(&a.fp2[i], &b.fp2[i])) }
    }

    /// As in the tower of the lanes: one inversion of F_p².
    fn half_inverse(a: &blst_fp6) -> blst_fp6 {
        let [a, b, c] = &a.fp2;
        let x = minus2(&squared2(a), &times_xi(&times2(b, c)));
        let y = minus2(&times_xi(&squared2(c)), &times2(a, b));
        let z = minus2(&squared2(b), &times2(a, c));
        let norm = plus2(&times_xi(&plus2(&times2(c, &y), &times2(b, &z))), &times2(a, &x));
        let inverse = inverse2(&norm);
        blst_fp6 { fp2: [x, y, z].map(|x| times2(&x, &inverse)) }
    }

    fn half_negated(a: &blst_fp6, negative: Mask) -> blst_fp6 {
        blst_fp6 { fp2: std::array::from_fn(|i| negated2(&a.fp2[i], negative)) }
    }

    fn half_words(a: &blst_fp6) -> [u64; WORDS6] {
        let mut out = [0; WORDS6];
        for (chunk, x) in out.as_chunks_mut().0.iter_mut().zip(a.fp2.iter().flat_map(|x| &x.fp)) {
            *chunk = x.l;
        }
        out
    }

    fn half_from_words(words: &[u64; WORDS6]) -> blst_fp6 {
        let (limbs, _) = words.as_chunks();
        let fp2 = |i: usize| blst_fp2 { fp: [blst_fp { l: limbs[2 * i] }, blst_fp { l: limbs[2 * i + 1] }] };
        blst_fp6 { fp2: std::array::from_fn(fp2) }
    }
}

fn overwrite<'a>(elements: impl Iterator<Item = &'a mut blst_fp>) {
    elements.for_each(|x| x.l.zeroize());
}

/// Operations on elements of F_p or F_p² by one of blst's functions.
macro_rules! functions {
    ($($(#[$doc:meta])* fn $name:ident($($x:ident),*) -> $t:ident = $function:ident;)*) => { $(
        $(#[$doc])*
        fn $name($($x: &$t),*) -> $t {
            let mut out = $t::default();
            // SAFETY: reads and writes valid elements.
            unsafe { $function(&raw mut out, $($x),*) };
            out
        }
    )* };
}

functions! {
    fn times1(a, b) -> blst_fp = blst_fp_mul;
    fn squared1(a) -> blst_fp = blst_fp_sqr;
    fn inverse1(a) -> blst_fp = blst_fp_inverse;
    fn times2(a, b) -> blst_fp2 = blst_fp2_mul;
    fn squared2(a) -> blst_fp2 = blst_fp2_sqr;
    fn plus2(a, b) -> blst_fp2 = blst_fp2_add;
    fn minus2(a, b) -> blst_fp2 = blst_fp2_sub;
    fn inverse2(a) -> blst_fp2 = blst_fp2_inverse;
}

/// The inverses of elements other than 0, by one inversion for all.
fn inverses<T: Copy>(elements: &[T], one: T, times: fn(&T, &T) -> T, inverse: fn(&T) -> T) -> Vec<T> {
    // out[i] is first the product of the elements before i.
    let (mut product, mut out) = (one, Vec::with_capacity(elements.len()));
    for x in elements {
        out.push(product);
        product = times(&product, x);
    }
    let mut rest = inverse(&product);
    for (x, out) in elements.iter().zip(&mut out).rev() {
        *out = times(&rest, out);
        rest = times(&rest, x);
    }
    out
}

/// (1 + u)·x.
fn times_xi(x: &blst_fp2) -> blst_fp2 {
    let mut out = blst_fp2::default();
    // SAFETY: reads and writes valid elements.
    unsafe {
        blst_fp_sub(&raw mut out.fp[0], &raw const x.fp[0], &raw const x.fp[1]);
        blst_fp_add(&raw mut out.fp[1], &raw const x.fp[0], &raw const x.fp[1]);
    }
    out
}

/// −x where the mask is set, else x.
fn negated2(x: &blst_fp2, negative: Mask) -> blst_fp2 {
    let mut out = blst_fp2::default();
    // SAFETY: reads and writes valid elements. blst selects by a mask.
    unsafe { blst_fp2_cneg(&raw mut out, x, negative & 1 == 1) };
    out
}

/// As [`negated2`].
fn negated1(x: &blst_fp, negative: Mask) -> blst_fp {
    let mut out = blst_fp::default();
    // SAFETY: as above.
    unsafe { blst_fp_cneg(&raw mut out, x, negative & 1 == 1) };
    out
}

impl Points for blst_p1 {
    fn first(x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        let mut point = Self::default();
        // SAFETY: reads and writes locals.
        unsafe { blst_p1_from_affine(&raw mut point, &entry(x_and_y, negative)) };
        point
    }

    fn add(&self, x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        let mut sum = Self::default();
        // SAFETY: reads and writes locals.
        unsafe { blst_p1_add_affine(&raw mut sum, self, &entry(x_and_y, negative)) };
        sum
    }

    fn add_any(&self, x_and_y: &[u64; comb::WORDS], negative: Mask) -> Self {
        let mut sum = Self::default();
        // SAFETY: as above.
        unsafe { blst_p1_add_or_double_affine(&raw mut sum, self, &entry(x_and_y, negative)) };
        sum
    }
}

/// An entry of the comb, inverted where the mask is set.
fn entry(x_and_y: &[u64; comb::WORDS], negative: Mask) -> blst_p1_affine {
    let (limbs, _) = x_and_y.as_chunks();
    blst_p1_affine { x: blst_fp { l: limbs[0] }, y: negated1(&blst_fp { l: limbs[1] }, negative) }
}

/// The exponent as blst's secret key: 32 bytes, little-endian.
fn scalar(exponent: Fr) -> blst_scalar {
    let mut out = blst_scalar::default();
    for (chunk, limb) in out.b.chunks_exact_mut(8).zip(field::limbs(exponent)) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    out
}

/// The affine point of (X/Z², Y/Z³); the identity for Z = 0.
fn normalised1(p: &blst_p1) -> G1Affine {
    affine1(p, &inverse1(&p.z))
}

/// As [`normalised1`], by 1/Z.
fn affine1(p: &blst_p1, inverse: &blst_fp) -> G1Affine {
    let square = squared1(inverse);
    let (x, y) = (times1(&p.x, &square), times1(&p.y, &times1(&square, inverse)));
    from_p1(&blst_p1_affine { x, y })
}

/// `yes` where the mask is set, else `no`.
fn selected1(mask: Mask, yes: &blst_fp, no: &blst_fp) -> blst_fp {
    blst_fp { l: std::array::from_fn(|i| select(mask, yes.l[i], no.l[i])) }
}

/// The product of two points in affine coordinates, by one inversion: the chord, or the tangent where the points are equal.
fn sum2(a: &blst_p2_affine, b: &blst_p2_affine) -> G2Affine {
    let (run, rise, sum) = (minus2(&b.x, &a.x), minus2(&b.y, &a.y), plus2(&a.y, &b.y));
    let (same_x, opposite) = (zero2(&run), zero2(&sum));
    let square = squared2(&a.x);
    let tangent = plus2(&plus2(&square, &square), &square);
    // Where the points are opposite, the slope is of no use and 1/0 = 0.
    let slope = times2(&selected2(same_x, &tangent, &rise), &inverse2(&selected2(same_x, &sum, &run)));
    let x = minus2(&minus2(&squared2(&slope), &a.x), &b.x);
    let y = minus2(&times2(&slope, &minus2(&a.x, &x)), &a.y);
    if declassify(same_x & opposite) { G2Affine::identity() } else { from_p2(&blst_p2_affine { x, y }) }
}

/// Whether x = 0.
fn zero2(x: &blst_fp2) -> Mask {
    all_zero(&x.fp[0].l) & all_zero(&x.fp[1].l)
}

/// `yes` where the mask is set, else `no`.
fn selected2(mask: Mask, yes: &blst_fp2, no: &blst_fp2) -> blst_fp2 {
    blst_fp2 { fp: std::array::from_fn(|i| selected1(mask, &yes.fp[i], &no.fp[i])) }
}

/// The point, which is affine (Z = 1) or the identity (Z = 0).
fn signature1(p: &blst_p1) -> G1Affine {
    if declassify(all_zero(&p.z.l)) { G1Affine::identity() } else { from_p1(&blst_p1_affine { x: p.x, y: p.y }) }
}

/// As [`signature1`].
fn signature2(q: &blst_p2) -> G2Affine {
    if declassify(zero2(&q.z)) { G2Affine::identity() } else { from_p2(&blst_p2_affine { x: q.x, y: q.y }) }
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

/// blst marks the identity by x = y = 0, which is on neither curve. Whether a result is the identity is public.
fn from_p1(p: &blst_p1_affine) -> G1Affine {
    if declassify(all_zero(&p.x.l) & all_zero(&p.y.l)) {
        return G1Affine::identity();
    }
    G1Affine::new_unchecked(from_fp(&p.x), from_fp(&p.y))
}

/// A finite point.
const fn to_p2(q: &G2Affine) -> blst_p2_affine {
    blst_p2_affine { x: to_fp2(&q.x), y: to_fp2(&q.y) }
}

fn from_p2(q: &blst_p2_affine) -> G2Affine {
    if declassify(zero2(&q.x) & zero2(&q.y)) {
        return G2Affine::identity();
    }
    G2Affine::new_unchecked(from_fp2(&q.x), from_fp2(&q.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;

    #[test]
    fn overwritten_lines_are_zero() {
        let mut lines = Blst.prepare(&G2Affine::generator());
        assert!(lines.0.iter().flatten().all(|line| *line != blst_fp6::default()));
        lines.zeroize();
        assert!(lines.0.iter().flatten().all(|line| *line == blst_fp6::default()));
    }
}

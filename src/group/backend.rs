//! What an engine provides: the trait [`Backend`].
//!
//! An engine computes on arkworks' values. A new engine implements the required operations; the provided ones follow
//! from them, and an engine that is faster on several records at once overrides those that end in `_all`.

use super::encoding::{RECORD_BYTES, T6_BYTES, replace_c, split_record};
use super::power::Table;
use super::{buckets, encoding, torus};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12, Fr, G1Affine, G2Affine};
use ark_ff::Field;
use std::hint::black_box;

/// The result of decoding a record (Z, C).
pub(super) type Decoded = Result<(G1Affine, Fq12), DecodeError>;

/// An engine: the arithmetic of G1, G2, GT and the pairing.
///
/// Every implementation keeps these rules; the tests of `group` hold each engine to them:
/// - **Inputs** are valid: points lie in G1 or G2 and may be the identity, elements called `a`, `c` or `g` lie in GT,
///   unless the operation says otherwise. An engine need not check them.
/// - **Outputs** equal those of the engine [`Plain`](super::plain::Plain) bit for bit, also where the input is an
///   element of F_p¹² outside GT and the operation is a product, an inverse or an encoding.
/// - **Identity**: e(1, Q) = e(P, 1) = 1, also with prepared lines. The decoders of points refuse the identity.
/// - **Errors** of the decoders are those of `Plain`. The checks are made in this order: flags (with the identity),
///   canonical coordinates, curve, subgroup; Z of a record before C.
/// - **Constant time**: except by `Plain`, the instructions and addresses of an operation do not depend on exponents,
///   points of G2, elements called `a`, `c`, `f` or `g`, or results. Whether a point or a result is the identity, and
///   whether an encoding is valid, is public. P, encodings of G1 and GT, and the bases of tables are public.
pub(super) trait Backend: Copy + Send + Sync {
    /// The line coefficients of the Miller loop for a fixed second argument Q, in the form of this engine. Q may be a
    /// key, so the lines are overwritten when they are dropped.
    type Lines: Send + Sync;

    /// e(P, Q).
    fn pairing(self, p: &G1Affine, q: &G2Affine) -> Fq12;
    /// The lines of Q.
    fn prepare(self, q: &G2Affine) -> Self::Lines;
    /// The Miller loop of P with the lines of Q, up to factors that the final exponentiation removes.
    fn miller_loop(self, p: &G1Affine, lines: &Self::Lines) -> Fq12;
    /// f^(3·(p¹² − 1)/q) for any f but 0.
    fn final_exponentiation(self, f: &Fq12) -> Fq12;

    /// P^k.
    fn pow_g1(self, p: &G1Affine, k: Fr) -> G1Affine;
    /// Q^k.
    fn pow_g2(self, q: &G2Affine, k: Fr) -> G2Affine;
    /// P·P'.
    fn multiply_g1(self, a: &G1Affine, b: &G1Affine) -> G1Affine;
    /// Q·Q'.
    fn multiply_g2(self, a: &G2Affine, b: &G2Affine) -> G2Affine;
    /// 1/P.
    fn invert_g1(self, p: &G1Affine) -> G1Affine;
    /// 1/Q.
    fn invert_g2(self, q: &G2Affine) -> G2Affine;
    /// The hash of a message to G2 by RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, under this tag. The message may be
    /// secret.
    fn hash_g2(self, message: &[u8], dst: &[u8]) -> G2Affine;
    /// A compressed point of G1 other than the identity, with every check.
    fn decode_g1(self, bytes: &[u8; 48]) -> Result<G1Affine, DecodeError>;
    /// A compressed point of G2 other than the identity, with every check.
    fn decode_g2(self, bytes: &[u8; 96]) -> Result<G2Affine, DecodeError>;

    /// a·b for any elements of F_p¹².
    fn multiply_gt(self, a: &Fq12, b: &Fq12) -> Fq12;
    /// 1/a, which in GT is the conjugate over F_p⁶.
    fn conjugate(self, a: &Fq12) -> Fq12;
    /// a^k.
    fn pow_gt(self, a: &Fq12, k: Fr) -> Fq12;
    /// The table of a public base.
    fn table(self, base: &Fq12) -> Table;
    /// b^k for the base b of the table.
    fn pow_table(self, table: &Table, k: Fr) -> Fq12;
    /// Whether f, any element of F_p¹², lies in GT.
    fn in_gt(self, f: &Fq12) -> bool;
    /// Whether f, an element of the cyclotomic subgroup, lies in GT: f^p = f^x.
    fn frobenius_is_x(self, f: &Fq12) -> bool;
    /// l0/l4 and l1/l4 of the 68 lines, each l0 + l1·x·v + l4·y·v·w at (x, y); none for the identity.
    fn line_quotients(self, lines: &Self::Lines) -> Option<Vec<[Fq2; 2]>>;
    /// x·y.
    fn multiply(self, x: &Fq, y: &Fq) -> Fq;
    /// 1/x; 0 for 0.
    fn inverse(self, x: &Fq) -> Fq;

    /// Powers of the generator of G1.
    fn pow_generator_all(self, exponents: &[Fr]) -> Vec<G1Affine>;

    /// The compressed point, also of the identity.
    fn encode_g1(self, p: &G1Affine) -> [u8; 48] {
        encoding::encode_g1(p)
    }

    /// The compressed point, also of the identity.
    fn encode_g2(self, q: &G2Affine) -> [u8; 96] {
        encoding::encode_g2(q)
    }

    /// e(P, Q) by the lines of Q.
    fn pairing_prepared(self, p: &G1Affine, lines: &Self::Lines) -> Fq12 {
        self.final_exponentiation(&self.miller_loop(p, lines))
    }

    /// C·e(P, Q) by the lines of Q: Equation 2.
    fn multiply_by_pairing(self, p: &G1Affine, c: &Fq12, lines: &Self::Lines) -> Fq12 {
        self.multiply_gt(c, &self.pairing_prepared(p, lines))
    }

    /// c of g = (c + w)/(c − w), an element of the cyclotomic subgroup; 0 for 1.
    fn torus(self, g: &Fq12) -> Fq6 {
        torus::compress_t2(g, |x| self.inverse(x))
    }

    /// The T6 torus form of an element of the cyclotomic subgroup.
    fn encode_t6(self, g: &Fq12) -> [u8; T6_BYTES] {
        torus::write_t6(&self.torus(g))
    }

    /// An element of GT from its T6 torus form, with every check.
    fn decode_t6(self, bytes: &[u8; T6_BYTES]) -> Result<Fq12, DecodeError> {
        let g = torus::decode_t6(bytes, |x| self.inverse(x))?;
        if self.frobenius_is_x(&g) { Ok(g) } else { Err(DecodeError::NotInSubgroup { what: "GT" }) }
    }

    /// (Z, C) from the bytes of a record, with every check.
    fn decode_record(self, record: &[u8; RECORD_BYTES]) -> Decoded {
        let (z, c) = split_record(record);
        Ok((self.decode_g1(z)?, self.decode_t6(c)?))
    }

    /// From the bytes of (Z, C) to those of (Z, C·e(Z, Q)), with every check.
    fn reencrypt_record(
        self,
        record: &[u8; RECORD_BYTES],
        lines: &Self::Lines,
    ) -> Result<[u8; RECORD_BYTES], DecodeError> {
        let (z, c) = self.decode_record(record)?;
        Ok(replace_c(record, &self.encode_t6(&self.multiply_by_pairing(&z, &c, lines))))
    }

    /// ∏ P^w for each pair of a point and an exponent, all public; in variable time.
    fn multiexp_g1_vartime(self, powers: &[(&G1Affine, i128)]) -> G1Affine;

    /// ∏ (b/a)^w for each a, b and w, all public; in variable time.
    fn multiexp_gt_quotients_vartime(self, powers: &[(&Fq12, &Fq12, i128)]) -> Fq12 {
        let quotients: Vec<_> = powers.iter().map(|(a, b, _)| self.multiply_gt(b, &self.conjugate(a))).collect();
        let exponents: Vec<_> = powers.iter().map(|power| power.2).collect();
        let gt = buckets::Single {
            one: Fq12::ONE,
            times: |a: &Fq12, b: &Fq12| self.multiply_gt(a, b),
            inverse: |a: &Fq12| self.conjugate(a),
        };
        gt.product(&quotients, &exponents)
    }

    /// How many records of a batch of `len` to give to one call of an operation `_all`, so that the calls can be
    /// spread over the cores.
    fn group_size(self, _len: usize) -> usize {
        1
    }

    /// C·e(P, Q) for each.
    fn pair_each_and_multiply_all(self, items: &[(&G1Affine, &G2Affine, &Fq12)]) -> Vec<Fq12> {
        items.iter().map(|(p, q, c)| self.multiply_gt(c, &self.pairing(p, q))).collect()
    }

    /// [`Self::multiply_by_pairing`] of each pair (P, C).
    fn multiply_by_pairing_all(self, pairs: &[(&G1Affine, &Fq12)], lines: &Self::Lines) -> Vec<Fq12> {
        pairs.iter().map(|(p, c)| self.multiply_by_pairing(p, c, lines)).collect()
    }

    /// [`Self::pow_g1`] of each pair of a point and an exponent.
    fn pow_g1_all(self, powers: &[(&G1Affine, &Fr)]) -> Vec<G1Affine> {
        powers.iter().map(|(p, k)| self.pow_g1(p, **k)).collect()
    }

    /// [`Self::pow_gt`] of each pair of an element and an exponent.
    fn pow_gt_all(self, powers: &[(&Fq12, &Fr)]) -> Vec<Fq12> {
        powers.iter().map(|(a, k)| self.pow_gt(a, **k)).collect()
    }

    /// [`Self::pow_table`] of each exponent.
    fn pow_table_all(self, table: &Table, exponents: &[Fr]) -> Vec<Fq12> {
        exponents.iter().map(|k| self.pow_table(table, *k)).collect()
    }

    /// [`Self::encode_t6`] of each element.
    fn encode_t6_all(self, elements: &[&Fq12]) -> Vec<[u8; T6_BYTES]> {
        elements.iter().map(|g| self.encode_t6(g)).collect()
    }

    /// [`Self::decode_record`] of each record. A record that fails leaves the results of the others as they are.
    fn decode_record_all(self, records: &[[u8; RECORD_BYTES]]) -> Vec<Decoded> {
        records.iter().map(|record| self.decode_record(record)).collect()
    }

    /// [`Self::reencrypt_record`] of each record. A record that fails leaves the results of the others as they are.
    fn reencrypt_record_all(
        self,
        records: &[[u8; RECORD_BYTES]],
        lines: &Self::Lines,
    ) -> Vec<Result<[u8; RECORD_BYTES], DecodeError>> {
        records.iter().map(|record| self.reencrypt_record(record, lines)).collect()
    }

    /// Eight Miller loops, for measurements: the result is not used.
    fn measure_miller_loops(self, p: &[G1Affine; 8], lines: &Self::Lines) {
        for p in p {
            black_box(self.miller_loop(p, lines));
        }
    }

    /// Eight final exponentiations, for measurements: the result is not used.
    fn measure_final_exponentiations(self, f: &[Fq12; 8]) {
        for f in f {
            black_box(self.final_exponentiation(f));
        }
    }

    /// The squares of eight elements by [`Self::multiply_gt`], for measurements.
    fn measure_products(self, a: &[Fq12; 8]) -> [Fq12; 8] {
        std::array::from_fn(|i| self.multiply_gt(&a[i], &a[i]))
    }
}

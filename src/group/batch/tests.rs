//! Batches of every size and kind, by every engine: the bytes and the errors of the reference.

use super::*;
use crate::group::plain::Plain;
use crate::group::tests::{config, cyclotomic, of_order_4513, rng, zero_x};
use crate::group::{Engine, encoding, exponent};
use ark_ff::{Field, PrimeField};
use proptest::prelude::*;
use rand_core::Rng;

fn engines() -> Vec<Engaged> {
    if Engine::Lanes.engage().is_err() {
        eprintln!("lanes skipped: this processor lacks AVX-512 IFMA");
    }
    Engine::available().collect()
}

fn reference() -> Engaged {
    Engine::Plain.engage().unwrap()
}

fn record(z: &[u8], c: &[u8]) -> [u8; RECORD_BYTES] {
    [z, c].concat().try_into().unwrap()
}

/// Records that each break one rule, and some that break none.
fn records(seed: u64) -> Vec<[u8; RECORD_BYTES]> {
    let mut rng = rng(seed);
    let z = G1::random(&mut rng).to_bytes();
    let c = Gt::random(&mut rng).to_bytes();
    let mut out = vec![record(&z, &c), record(&z, &Gt::identity().to_bytes())];
    let mut off_curve = z;
    while !matches!(Plain.decode_g1(&off_curve), Err(DecodeError::NotOnCurve { .. })) {
        off_curve[47] = off_curve[47].wrapping_add(1);
    }
    let mut off_group = z;
    while !matches!(Plain.decode_g1(&off_group), Err(DecodeError::NotInSubgroup { .. })) {
        off_group[47] = off_group[47].wrapping_add(1);
    }
    let p = encoding::write_integer(&ark_bls12_381::Fq::MODULUS.0);
    let p_less_1 = encoding::encode_fq(&-ark_bls12_381::Fq::ONE);
    let flagged = |mut bytes: [u8; 48]| {
        bytes[0] |= 0x80;
        bytes
    };
    let no_flag = {
        let mut bytes = z;
        bytes[0] &= 0x1f;
        bytes
    };
    for z in [off_curve, off_group, zero_x(), flagged(p), flagged(p_less_1), no_flag, G1::identity().to_bytes()] {
        out.push(record(&z, &c));
        out.push(record(&z, &[0xff; 192]));
    }
    let mut a0_zero = [0; 192];
    a0_zero[0] = 0x80;
    let mut flipped = c;
    flipped[191] ^= 1;
    let mut above = c;
    above[48..96].copy_from_slice(&p);
    let mut all_p_less_1 = [flagged(p_less_1), p_less_1, p_less_1, p_less_1].concat();
    all_p_less_1[0] &= 0x9f;
    for c in [
        a0_zero.to_vec(),
        flipped.to_vec(),
        above.to_vec(),
        all_p_less_1,
        vec![0xa0; 192],
        Gt(of_order_4513()).to_bytes().to_vec(),
        Gt(cyclotomic(seed)).to_bytes().to_vec(),
    ] {
        out.push(record(&z, &c));
    }
    out
}

#[test]
fn every_fault_is_named_alike() {
    let records = records(3);
    let expected = reference().decode_records(&records);
    for fault in [
        DecodeError::NotOnCurve { what: "G1" },
        DecodeError::NotInSubgroup { what: "G1" },
        DecodeError::NonCanonical { what: "G1" },
        DecodeError::Flags { what: "G1" },
        DecodeError::Identity { what: "G1" },
        DecodeError::NonCanonical { what: "GT" },
        DecodeError::NotInSubgroup { what: "GT" },
    ] {
        assert!(expected.contains(&Err(fault.clone())), "no record with {fault}");
    }
    assert!(expected[0].is_ok() && expected[1].is_ok());
    let q = G2Prepared::new(&G2::random(&mut rng(4)));
    for engaged in engines() {
        assert_eq!(engaged.decode_records(&records), expected);
        assert_eq!(engaged.pair_and_multiply_bytes(&records, &q), reference().pair_and_multiply_bytes(&records, &q));
    }
}

#[test]
fn batches_of_each_length_agree() {
    let mut rng = rng(9);
    let q = G2Prepared::new(&G2::random(&mut rng));
    let mut batch: Vec<(G1, Gt)> = (0..17).map(|_| (G1::random(&mut rng), Gt::random(&mut rng))).collect();
    batch[5].0 = G1::identity();
    batch[6] = (G1::generator(), Gt::identity());
    batch[7].1 = Gt(-Fq12::ONE); // not of GT, but every engine multiplies alike
    let expected: Vec<Gt> =
        batch.iter().map(|(z, c)| Gt(Plain.multiply_gt(&c.0, &q.pairing_with(reference(), z).0))).collect();
    for engaged in engines() {
        for n in 0..=17 {
            assert_eq!(engaged.pair_and_multiply(&batch[..n], &q), expected[..n]);
        }
        let none = G2Prepared::new(&G2::identity());
        assert_eq!(engaged.pair_and_multiply(&batch, &none), batch.iter().map(|(_, c)| *c).collect::<Vec<_>>());
    }
}

/// All exponents u + v·x² with small u and v. For some of them, the sum equals an entry of the table of the lanes, or
/// its inverse, or 1 (see `lanes/glv.rs`).
#[test]
fn powers_of_points_have_no_exceptions() {
    const MOST: u64 = 31;
    let p = G1::random(&mut rng(12));
    let (one, x2) = (Scalar::from(1), Scalar::from(exponent::X) * Scalar::from(exponent::X));
    let step = p.pow(&x2);
    let mut pairs = Vec::new();
    let mut expected = Vec::new();
    let start = -Scalar::from(MOST);
    let (mut row, mut row_power) = (start * x2 + start, p.pow(&(start * x2 + start)));
    for _ in 0..=2 * MOST {
        let (mut k, mut power) = (row, row_power);
        for _ in 0..=2 * MOST {
            pairs.push((p, k));
            expected.push(power);
            (k, power) = (k + one, G1(Plain.multiply_g1(&power.0, &p.0)));
        }
        (row, row_power) = (row + x2, G1(Plain.multiply_g1(&row_power.0, &step.0)));
    }
    assert!(expected.contains(&G1::identity()));
    for engaged in engines().into_iter().filter(|e| [Engine::Lanes256, Engine::Lanes].contains(&e.engine())) {
        assert_eq!(engaged.pow_g1_batch(&pairs), expected);
    }
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn powers_of_points_agree(seed: u64, n in 0..18_usize, more in 18..140_usize) {
        let mut rng = rng(seed);
        let (p, q) = (G1::random(&mut rng), G1::random(&mut rng));
        let points = [p, q, p.inverse(), p, G1::generator(), G1::identity(), p * q, G1::generator().inverse()];
        let x2 = Scalar::from(exponent::X) * Scalar::from(exponent::X);
        let lambda = x2 - Scalar::from(1);
        let exponents: Vec<_> = [0, 1, 2, 15, 16, exponent::X]
            .map(Scalar::from)
            .into_iter()
            .chain([x2, lambda, Scalar::random(&mut rng)])
            .flat_map(|k| [k, -k])
            .collect();
        // 8 and 18 are not coprime, so the exponents shift by one in each round of points.
        let pair = |i: usize| (points[i % 8], exponents[(i + i / 72) % 18]);
        let pairs: Vec<_> = (0..more).map(pair).collect();
        let expected: Vec<_> = pairs.iter().map(|(p, k)| G1(Plain.pow_g1(&p.0, k.0))).collect();
        for engaged in engines() {
            for n in [n, more] {
                prop_assert_eq!(&engaged.pow_g1_batch(&pairs[..n]), &expected[..n]);
            }
        }
    }

    #[test]
    fn batches_agree(seed: u64, n in 1..18_usize) {
        let mut rng = rng(seed);
        let points: Vec<G1> = (0..n).map(|_| G1::random(&mut rng)).collect();
        let elements: Vec<Gt> = (0..n).map(|i| if i == 3 { Gt::identity() } else { Gt::random(&mut rng) }).collect();
        let mut keys: Vec<G2> = (0..n).map(|_| G2::random(&mut rng)).collect();
        let edges = [0, 1, 2, exponent::X].map(Scalar::from);
        let mut exponents: Vec<Scalar> = (0..n).map(|_| Scalar::random(&mut rng)).collect();
        exponents.iter_mut().zip(edges).for_each(|(k, edge)| *k = edge - Scalar::from(1));
        keys[n / 2] = G2::identity();
        let table = GtTable::new(&elements[0]);
        let pairs: Vec<_> = points.iter().copied().zip(keys).collect();
        let powers: Vec<_> = elements.iter().copied().zip(exponents.iter().copied()).collect();
        let records: Vec<_> = points.iter().zip(&elements).map(|(z, c)| record(&z.to_bytes(), &c.to_bytes())).collect();
        let q = G2Prepared::new(&G2::random(&mut rng));
        let r = reference();
        let generator: Vec<_> = exponents.iter().map(|k| G1(Plain.pow_g1(&G1::generator().0, k.0))).collect();
        for engaged in engines() {
            prop_assert_eq!(engaged.pairing_batch(&pairs), r.pairing_batch(&pairs));
            prop_assert_eq!(engaged.pow_gt_batch(&powers), r.pow_gt_batch(&powers));
            prop_assert_eq!(engaged.pow_table_batch(&table, &exponents), r.pow_table_batch(&table, &exponents));
            prop_assert_eq!(engaged.pow_generator_batch(&exponents), generator.clone());
            prop_assert_eq!(engaged.encode_gt(&elements), r.encode_gt(&elements));
            prop_assert_eq!(engaged.decode_records(&records), r.decode_records(&records));
            prop_assert_eq!(engaged.pair_and_multiply_bytes(&records, &q), r.pair_and_multiply_bytes(&records, &q));
        }
    }
}

/// Products of powers are the products of single powers, with equal and opposite points, identities and edge exponents.
#[test]
fn products_of_powers_are_those_of_single_powers() {
    let mut rng = rng(11);
    for n in [0, 1, 2, 15, 16, 40, 300] {
        let mut points: Vec<G1> = (0..n).map(|_| G1::random(&mut rng)).collect();
        let elements: Vec<(Gt, Gt)> = (0..n).map(|_| (Gt::random(&mut rng), Gt::random(&mut rng))).collect();
        let mut exponents: Vec<i128> =
            (0..n).map(|_| (i128::from(rng.next_u64()) << 64) | i128::from(rng.next_u64())).collect();
        for (exponent, edge) in exponents.iter_mut().zip([1, 0, -1, i128::MIN, i128::MAX, 1 << 64]) {
            *exponent = edge;
        }
        let check = |points: &[G1], exponents: &[i128]| {
            let scalar = |w: &i128| {
                let k = Scalar(ark_bls12_381::Fr::from(w.unsigned_abs()));
                if *w < 0 { -k } else { k }
            };
            let g1 = points.iter().zip(exponents).fold(G1::identity(), |product, (p, w)| product * p.pow(&scalar(w)));
            let quotients = elements.iter().zip(exponents);
            let gt = quotients.fold(Gt::identity(), |product, ((a, b), w)| product * (*b / *a).pow(&scalar(w)));
            let in_g1: Vec<_> = points.iter().zip(exponents).map(|(p, w)| (p, *w)).collect();
            let in_gt: Vec<_> = elements.iter().zip(exponents).map(|((a, b), w)| (a, b, *w)).collect();
            for engaged in Engine::available() {
                assert_eq!(engaged.multiexp_g1_vartime(&in_g1), g1, "{n} {}", engaged.engine());
                assert_eq!(engaged.multiexp_gt_quotients_vartime(&in_gt), gt, "{n} {}", engaged.engine());
            }
        };
        check(&points, &exponents);
        if n > 20 {
            // Exceptions of the incomplete addition: equal and opposite points in the same bucket; the identity.
            for i in 8..14 {
                exponents[i] = 0x1234_5678_9abc;
                points[i] = if i % 2 == 0 { points[7] } else { points[7].inverse() };
            }
            points[15] = G1::identity();
            check(&points, &exponents);
        }
    }
}

//! Every engine gives the bytes of the reference, and refuses what the reference refuses, for the same reason.

use super::backend::Backend;
use super::engine::{Engaged, Engine};
use super::plain::Plain;
use super::{G1, G2, G2Prepared, Gt, Scalar, exponent, field, pairing};
use crate::error::DecodeError;
use ark_bls12_381::{Fq, Fq2, Fq6, Fq12};
use ark_ff::{CyclotomicMultSubgroup, Field, One, PrimeField, UniformRand};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// limbs / divisor, exactly.
fn divided(mut limbs: Vec<u64>, divisor: u64) -> Vec<u64> {
    let mut remainder = 0_u128;
    for limb in limbs.iter_mut().rev() {
        let dividend = (remainder << 64) | u128::from(*limb);
        *limb = u64::try_from(dividend / u128::from(divisor)).unwrap();
        remainder = dividend % u128::from(divisor);
    }
    assert_eq!(remainder, 0);
    limbs
}

/// An element of F_p of an order that divides 1 − x: f^p = f^x, yet not in the cyclotomic subgroup.
pub(super) fn of_order_one_minus_x() -> Fq12 {
    let p_minus_1 = (-Fq::one()).into_bigint().0.to_vec();
    let f = Fq::from(7).pow(divided(p_minus_1, exponent::X + 1));
    assert!(!f.is_one());
    Fq12::new(Fq6::new(Fq2::new(f, Fq::from(0)), Fq2::from(0), Fq2::from(0)), Fq6::from(0))
}

/// A random element of the cyclotomic subgroup.
pub(super) fn cyclotomic(seed: u64) -> Fq12 {
    use ark_std::rand::SeedableRng as _;
    let f = Fq12::rand(&mut ark_std::rand::rngs::StdRng::seed_from_u64(seed));
    let mut conjugate = f;
    conjugate.conjugate_in_place();
    let unitary = conjugate * f.inverse().unwrap();
    unitary.frobenius_map(2) * unitary
}

/// An element of order 4513, the least prime of Φ12(p)/q: f^(Φ12(p)/4513).
pub(super) fn of_order_4513() -> Fq12 {
    let p = Fq::MODULUS.0;
    #[allow(clippy::cast_possible_truncation)] // low limbs
    let product = |a: &[u64], b: &[u64]| {
        let mut out = vec![0_u64; a.len() + b.len()];
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0_u128;
            for (j, y) in b.iter().enumerate() {
                carry += u128::from(*x) * u128::from(*y) + u128::from(out[i + j]);
                out[i + j] = carry as u64;
                carry >>= 64;
            }
            out[i + b.len()] = carry as u64;
        }
        out
    };
    // p⁴ − p² + 1 = p²·(p² − 1) + 1
    let square = product(&p, &p);
    let mut less_one = square.clone();
    less_one[0] -= 1;
    let mut order = product(&square, &less_one);
    order[0] += 1;
    let f = cyclotomic(5).cyclotomic_exp(divided(order, 4513));
    assert!(!f.is_one() && f.cyclotomic_exp([4513]).is_one());
    f
}

fn engines() -> impl Iterator<Item = Engaged> {
    Engine::available()
}

#[test]
fn elements_off_the_group_are_refused() {
    for f in [of_order_4513(), of_order_one_minus_x(), cyclotomic(1), Fq12::from(0), -Fq12::one()] {
        let bytes = Gt(f).to_bytes_plain();
        for engaged in engines() {
            assert!(!engaged.in_gt(&f));
        }
        assert_eq!(Gt::from_bytes_plain(&bytes), Err(DecodeError::NotInSubgroup { what: "GT" }));
    }
    for f in [of_order_4513(), cyclotomic(1)] {
        for engaged in engines() {
            assert!(!engaged.frobenius_is_x(&f));
        }
        assert_eq!(Gt::from_bytes(&Gt(f).to_bytes()), Err(DecodeError::NotInSubgroup { what: "GT" }));
        assert_eq!(Gt::from_bytes_t2(&Gt(f).to_bytes_t2()), Err(DecodeError::NotInSubgroup { what: "GT" }));
    }
}

#[test]
fn the_order_one_minus_x_passes_the_second_condition_alone() {
    let f = of_order_one_minus_x();
    assert!((f.frobenius_map(1) * f.pow([exponent::X])).is_one());
}

#[test]
fn identities_pair_to_one() {
    let (g1, g2) = (G1::generator(), G2::generator());
    for engaged in engines() {
        for (p, q) in [(G1::identity(), g2), (g1, G2::identity()), (G1::identity(), G2::identity())] {
            assert!(engaged.pairing(&p.0, &q.0).is_one());
            assert!(G2Prepared::new(&q).pairing_with(engaged, &p).is_identity());
        }
    }
}

#[test]
fn a_table_has_the_documented_size() {
    assert_eq!(super::GtTable::BYTES, 101_376);
}

#[test]
fn scalars_are_a_field() {
    let k = Scalar::random(&mut rng(4));
    assert_eq!(k * k.inverse().unwrap(), Scalar::from(1));
    assert_eq!(Scalar::from(0).inverse(), None);
    assert_eq!((k + Scalar::from(5)) - k, Scalar::from(5));
    assert!((k + -k).is_zero());
    // q − 1, as it is printed everywhere.
    let last = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000";
    assert_eq!(hex::encode((-Scalar::from(1)).to_bytes()), last);
}

/// A point of E(F_p), mostly outside G1, compressed.
fn any_g1(seed: u64) -> [u8; 48] {
    (0..)
        .find_map(|i| {
            let point = ark_bls12_381::G1Affine::get_point_from_x_unchecked(Fq::from(seed) + Fq::from(i), i % 2 == 0)?;
            Some(super::encoding::encode_g1(&point))
        })
        .unwrap()
}

fn any_g2(seed: u64) -> [u8; 96] {
    (0..)
        .find_map(|i| {
            let x = Fq2::new(Fq::from(seed) + Fq::from(i), Fq::from(1));
            let point = ark_bls12_381::G2Affine::get_point_from_x_unchecked(x, i % 2 == 0)?;
            Some(super::encoding::encode_g2(&point))
        })
        .unwrap()
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn single_operations_agree(seed: u64) {
        let mut rng = rng(seed);
        let (p, q) = (G1::random(&mut rng), G2::random(&mut rng));
        let (k, l) = (Scalar::random(&mut rng), Scalar::random(&mut rng));
        let e = Plain.pairing(&p.0, &q.0);
        let edges = [k, l, Scalar::from(0), Scalar::from(1), -Scalar::from(1), Scalar::from(exponent::X)];
        let table = super::GtTable::new(&Gt(e));
        let of_one = super::GtTable::new(&Gt::identity());
        let (p2, q2) = (G1::random(&mut rng), G2::random(&mut rng));
        for engaged in engines() {
            for (a, b) in [(p, p2), (p, p), (p, G1(Plain.invert_g1(&p.0))), (p, G1::identity()), (G1::identity(), p)] {
                prop_assert_eq!(engaged.multiply_g1(&a.0, &b.0), Plain.multiply_g1(&a.0, &b.0));
                prop_assert_eq!(engaged.invert_g1(&b.0), Plain.invert_g1(&b.0));
                prop_assert_eq!(engaged.encode_g1(&b.0), Plain.encode_g1(&b.0));
            }
            for (a, b) in [(q, q2), (q, q), (q, G2(Plain.invert_g2(&q.0))), (q, G2::identity()), (G2::identity(), q)] {
                prop_assert_eq!(engaged.multiply_g2(&a.0, &b.0), Plain.multiply_g2(&a.0, &b.0));
                prop_assert_eq!(engaged.invert_g2(&b.0), Plain.invert_g2(&b.0));
                prop_assert_eq!(engaged.encode_g2(&b.0), Plain.encode_g2(&b.0));
                let lines = engaged.line_quotients(&engaged.prepare(&b.0));
                prop_assert_eq!(lines, Plain.line_quotients(&Plain.prepare(&b.0)));
            }
            for g in [e, Gt::identity().0] {
                prop_assert_eq!(engaged.torus(&g), Plain.torus(&g));
                prop_assert_eq!(engaged.conjugate(&g), Plain.conjugate(&g));
            }
            prop_assert_eq!(engaged.multiply(&p.0.x, &p.0.y), p.0.x * p.0.y);
            prop_assert_eq!(engaged.inverse(&p.0.x), Plain.inverse(&p.0.x));
            prop_assert_eq!(engaged.inverse(&Fq::from(0)), Fq::from(0));
            prop_assert_eq!(engaged.pairing(&p.0, &q.0), e);
            prop_assert_eq!(G2Prepared::new(&q).pairing_with(engaged, &p), Gt(e));
            prop_assert!(engaged.in_gt(&e));
            for k in edges {
                let power = e.cyclotomic_exp(field::limbs(k.0));
                prop_assert_eq!(engaged.pow_gt(&e, k.0), power);
                prop_assert_eq!(table.pow_with(engaged, &k), Gt(power));
                prop_assert_eq!(of_one.pow_with(engaged, &k), Gt::identity());
                prop_assert_eq!(engaged.pow_generator_all(&[k.0]), [Plain.pow_g1(&G1::generator().0, k.0)]);
                prop_assert_eq!(engaged.pow_g1(&p.0, k.0), Plain.pow_g1(&p.0, k.0));
                prop_assert_eq!(engaged.pow_g2(&q.0, k.0), Plain.pow_g2(&q.0, k.0));
            }
        }
        prop_assert_eq!(pairing(&p.pow(&k), &q.pow(&l)), Gt(e).pow(&(k * l)));
    }

    #[test]
    fn decoders_agree(seed: u64, flip in 0..768_usize) {
        let mut rng = rng(seed);
        let (mut g1, mut g2) = (G1::random(&mut rng).to_bytes(), G2::random(&mut rng).to_bytes());
        g1[flip % 384 / 8] ^= 1 << (flip % 8);
        g2[flip / 8] ^= 1 << (flip % 8);
        for bytes in [g1, any_g1(seed), G1::generator().to_bytes(), G1::identity().to_bytes(), [0xff; 48], [0x9f; 48], zero_x()] {
            for engaged in engines() {
                prop_assert_eq!(engaged.decode_g1(&bytes), Plain.decode_g1(&bytes));
            }
        }
        for bytes in [g2, any_g2(seed), G2::generator().to_bytes(), G2::identity().to_bytes(), [0xff; 96], [0x9f; 96]] {
            for engaged in engines() {
                prop_assert_eq!(engaged.decode_g2(&bytes), Plain.decode_g2(&bytes));
            }
        }
    }

    #[test]
    fn torus_forms_read_back(seed: u64) {
        let g = Gt::random(&mut rng(seed));
        prop_assert_eq!(Gt::from_bytes(&g.to_bytes()), Ok(g));
        prop_assert_eq!(Gt::from_bytes_t2(&g.to_bytes_t2()), Ok(g));
        prop_assert_eq!(Gt::from_bytes_plain(&g.to_bytes_plain()), Ok(g));
    }
}

/// x = 0: the point (0, 2) of order 3.
pub(super) fn zero_x() -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[0] = 0x80;
    bytes
}
